/* cli/attest_guest.h - answers to Azure guests. */
#ifndef CLI_ATTEST_GUEST_H
#define CLI_ATTEST_GUEST_H

#include "cli/command.h"

/* With --answer-key: what a service sealed is opened, and `token` is the token. Without: it stays as it is. SEAL_INVALID, USAGE. */
ATT_CHECK bool cli_guest_answer(struct cli *c, struct att_span *token, struct att_err *err);

#endif
