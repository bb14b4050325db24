/* cli/verify_inputs.h - what surrounds evidence, from folders and files of the command line: for `verify` and
 * `evidence collect`'s advice. */
#ifndef CLI_VERIFY_INPUTS_H
#define CLI_VERIFY_INPUTS_H

#include <attest/tpm.h>

#include "cli/command.h"

/* The folders of --collateral and --early-collateral as a snapshot. --collateral may be absent for SEV-SNP and guests. */
ATT_CHECK bool cli_collateral_read(struct cli *c, const struct att_lib *lib, struct att_collateral **ret,
                                   struct att_err *err);
/* The file of --compliance: [{"status":"...","type":"sev-snp","id_key_digest":"<hex>",...},...], the settings of
 * a [compliance NAME] section of attestd.conf as members. */
ATT_CHECK bool cli_compliance_read(struct cli *c, const struct att_compliance_row **ret, size_t *ret_count,
                                   struct att_err *err);
/* The certificates of --aik-root and --aik-intermediates, as often as they were given; nobody is trusted when they were not. The
 * caller frees. */
ATT_CHECK bool cli_tpm_trust_read(struct cli *c, const struct att_lib *lib, struct att_tpm_trust **ret,
                                  struct att_err *err);
/* azure-guest: the report of a paravisor in `evidence` together with --quote, --quote-signature, --pcrs, --event-log and --td-quote.
 * As it was when none of them was given. */
ATT_CHECK bool cli_guest_read(struct cli *c, struct att_span *evidence, struct att_err *err);
/* --expect-challenge; both stay when it was not given. */
ATT_CHECK bool cli_challenge_read(struct cli *c, bool *ret_given, struct att_span *ret, struct att_err *err);

#endif
