/* cli/attest_snp.h - SEV-SNP evidence in the form that POST /attest/SevSnpVm takes it. */
#ifndef CLI_ATTEST_SNP_H
#define CLI_ATTEST_SNP_H

#include "base/buf.h"
#include "cli/command.h"

/* Appends the JSON around report, certificate chain (--chain, or the certificate table behind the report) and --endorsements. */
ATT_CHECK bool attest_snp_put(struct cli *c, struct att_span evidence, struct att_buf *out,
                              struct att_err *err);

#endif
