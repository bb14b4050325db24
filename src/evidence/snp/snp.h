/* evidence/snp/snp.h - the parsed form of SEV-SNP evidence. Private to this folder. */
#ifndef EVIDENCE_SNP_SNP_H
#define EVIDENCE_SNP_SNP_H

#include "evidence/common/compliance.h"
#include "evidence/common/verifier.h"
#include "evidence/snp/cert_table.h"
#include "evidence/snp/chain.h"
#include "evidence/snp/report.h"

#define SNP_EVIDENCE_TYPE    "sev-snp"
#define SNP_ATTESTATION_TYPE "sevsnpvm"

enum { SNP_UVM_MAX = 8 }; /* endorsements with one report; real clients send one */

struct snp_evidence {
    struct att_evidence base; /* first */
    struct snp_report report;
    bool has_table;
    struct snp_cert_table table;
    struct snp_chain *chain;              /* once verified */
    struct att_span runtime_json;         /* sorted; empty unless JSON was given */
    struct att_span init_time_json;       /* as above */
    const struct att_compliance_uvm *uvm; /* verified */
    size_t uvm_count;
};

ATT_CHECK bool snp_parse(struct att_ctx *ctx, struct att_span raw, struct att_evidence **ret,
                         struct att_err *err);
/* Where the chain is to be had: the caller's PEM, else the table, which must then hold all three. False: nowhere. */
bool snp_chain_find(const struct att_ctx *ctx, const struct snp_evidence *ev, struct snp_chain_in *ret);
ATT_CHECK bool snp_verify(struct att_ctx *ctx, struct att_evidence *ev, const struct att_collateral *c,
                          struct att_err *err);
/* Is the leaf the certificate of the key that this report names: kind, product, chip, reported TCB? SNP_SIGNING_KEY,
 * PRODUCT_MISMATCH, CHIP_ID_MISMATCH, TCB_MISMATCH. */
ATT_CHECK bool snp_leaf_fits(const struct snp_report *r, const struct snp_chain *chain, struct att_err *err);
ATT_CHECK bool snp_claims(struct att_ctx *ctx, const struct att_evidence *ev, struct att_claims *set,
                          struct att_err *err);
void snp_describe(struct att_ctx *ctx, const struct att_evidence *ev, struct att_json_writer *w);
void snp_destroy(struct att_evidence *ev);

#endif
