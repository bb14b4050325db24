/* cli/arguments.h - from argv to a command and its options. */
#ifndef CLI_ARGUMENTS_H
#define CLI_ARGUMENTS_H

#include "cli/command.h"

/* The command whose one or two words begin `words`; NULL when there is none. */
const struct cli_command *cli_find(const char *const *words, size_t count, size_t *ret_used);
/* True when some command's name begins with this word and goes on: "policy". */
bool cli_is_group(const char *word);
/* Fills command, given, operands, json, help. USAGE with a hint when something does not fit; json is then still
 * right, so that the refusal is written in the form that was asked for. */
ATT_CHECK bool cli_arguments_read(struct cli *c, int argc, char **argv, struct att_err *err);

#endif
