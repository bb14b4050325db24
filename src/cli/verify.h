/* cli/verify.h - attestctl verify: judge evidence with the library alone. */
#ifndef CLI_VERIFY_H
#define CLI_VERIFY_H

#include <attest/attest.h>

#include "cli/command.h"

extern const struct cli_command cli_verify;

/* What the answer is written from. */
struct cli_judgement {
    const char *evidence_type;
    struct att_verdict verdict;
    int64_t now_unix_s;
    const struct att_policy *policy; /* NULL: none was given */
    struct att_span policy_text;
    struct att_span claims; /* JSON object that a token would carry; empty when refused */
    bool explain;
};

/* Fills j->claims of an accepted verdict. */
ATT_CHECK bool cli_verdict_claims(struct cli *c, struct cli_judgement *j, struct att_err *err);
void cli_verdict_json(struct cli *c, const struct cli_judgement *j);
void cli_verdict_text(struct cli *c, const struct cli_judgement *j);

#endif
