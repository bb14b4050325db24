/* cli/principal.h - attestctl principal: who may log in at the built-in authority. */
#ifndef CLI_PRINCIPAL_H
#define CLI_PRINCIPAL_H

#include "cli/command.h"

extern const struct cli_command cli_principal_create;
extern const struct cli_command cli_principal_list;
extern const struct cli_command cli_principal_show;
extern const struct cli_command cli_principal_delete;
extern const struct cli_command cli_principal_add_secret;
extern const struct cli_command cli_principal_add_certificate;
extern const struct cli_command cli_principal_add_unix_user;
extern const struct cli_command cli_principal_remove_credential;

#endif
