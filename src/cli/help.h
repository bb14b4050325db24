/* cli/help.h - help text, manual pages and shell completion, all made from the rows of commands. */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include "cli/command.h"

/* `attestctl --help`; with `group` only the commands whose name begins with this word. */
void cli_help_all(struct att_buf *b, const char *group);
void cli_help_command(struct att_buf *b, const struct cli_command *command);
/* "attestctl policy check FILE [OPTION...]" */
void cli_synopsis(struct att_buf *b, const struct cli_command *command);
/* The command that the operands of `help` and `man` name; USAGE when they name none. */
ATT_CHECK bool cli_named(const struct cli *c, const struct cli_command **ret, struct att_err *err);

extern const struct cli_command cli_help;
extern const struct cli_command cli_man;
extern const struct cli_command cli_completion;

#endif
