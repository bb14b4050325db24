/* A new sub-command is a new row here. */
#include "cli/attest.h"
#include "cli/evidence.h"
#include "cli/help.h"
#include "cli/init.h"
#include "cli/policy.h"
#include "cli/token.h"
#include "cli/verify.h"

const struct cli_command *const cli_commands[] = {
    &cli_verify,
    &cli_evidence_make,
    &cli_evidence_show,
    &cli_policy_check,
    &cli_policy_eval,
    &cli_policy_hash,
    &cli_token_decode,
    &cli_token_verify,
    &cli_attest,
    &cli_init,
    &cli_help,
    &cli_man,
    &cli_completion,
    NULL,
};
