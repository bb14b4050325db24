/* cli/token.h - attestctl token decode, verify. */
#ifndef CLI_TOKEN_H
#define CLI_TOKEN_H

#include "cli/command.h"

extern const struct cli_command cli_token_decode;
extern const struct cli_command cli_token_verify;

/* The token of the first operand: a compact JWS, white space around it ignored, or a service's answer
 * {"token":"..."}. */
ATT_CHECK bool cli_token_read(struct cli *c, struct att_span *ret, struct att_err *err);

#endif
