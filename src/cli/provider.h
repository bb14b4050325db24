/* cli/provider.h - attestctl provider and group. */
#ifndef CLI_PROVIDER_H
#define CLI_PROVIDER_H

#include "cli/remote.h"

extern const struct cli_command cli_provider_create;
extern const struct cli_command cli_provider_show;
extern const struct cli_command cli_provider_list;
extern const struct cli_command cli_provider_update;
extern const struct cli_command cli_provider_delete;
extern const struct cli_command cli_provider_default;
extern const struct cli_command cli_provider_register;
extern const struct cli_command cli_group_create;
extern const struct cli_command cli_group_list;
extern const struct cli_command cli_group_delete;

/* The answer of a change: as it came with --json, else one sentence. */
enum cli_exit answer_change(struct cli *c, const struct remote_answer *a, const char *verb, const char *what);
/* DELETE path; 204 is "was not there". */
enum cli_exit run_remove(struct remote *r, const char *path, const char *if_match, const char *what);

#endif
