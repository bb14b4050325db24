/* makers/snp_plan.h - everything that goes into one piece of SEV-SNP evidence, as plain fields. Private to makers.
 *
 * mk_snp_plan_fill turns options into a plan that verifies; mk_snp_plan_break changes one thing of it; the builders then
 * write what the plan says and know nothing about faults. What can only be done to finished bytes (flipping, cutting) is
 * in the plan too. Pointers are borrowed from the vendor and the options, or static, but for `odd_key`.
 */
#ifndef MAKERS_SNP_PLAN_H
#define MAKERS_SNP_PLAN_H

#include "makers/amd_parts.h"
#include "makers/snp.h"

/* Offsets in the report: AMD 56860, "ATTESTATION_REPORT". */
enum {
    MK_SNP_SIGNED_BYTES = 0x2a0,
    MK_SNP_HALF_BYTES = 72, /* R and S, of which 48 count */
    MK_SNP_REPORT_BYTES = 0x4a0,

    MK_SNP_AT_VERSION = 0x000,
    MK_SNP_AT_GUEST_SVN = 0x004,
    MK_SNP_AT_POLICY = 0x008,
    MK_SNP_AT_FAMILY_ID = 0x010,
    MK_SNP_AT_IMAGE_ID = 0x020,
    MK_SNP_AT_VMPL = 0x030,
    MK_SNP_AT_SIGNATURE_ALGO = 0x034,
    MK_SNP_AT_CURRENT_TCB = 0x038,
    MK_SNP_AT_PLATFORM_INFO = 0x040,
    MK_SNP_AT_KEY_INFO = 0x048,
    MK_SNP_AT_RESERVED = 0x04c,
    MK_SNP_AT_REPORT_DATA = 0x050,
    MK_SNP_AT_MEASUREMENT = 0x090,
    MK_SNP_AT_HOST_DATA = 0x0c0,
    MK_SNP_AT_ID_KEY_DIGEST = 0x0e0,
    MK_SNP_AT_AUTHOR_KEY_DIGEST = 0x110,
    MK_SNP_AT_REPORT_ID = 0x140,
    MK_SNP_AT_REPORT_ID_MA = 0x160,
    MK_SNP_AT_REPORTED_TCB = 0x180,
    MK_SNP_AT_CPUID = 0x188,
    MK_SNP_AT_CHIP_ID = 0x1a0,
    MK_SNP_AT_COMMITTED_TCB = 0x1e0,
    MK_SNP_AT_CURRENT_VERSION = 0x1e8,
    MK_SNP_AT_COMMITTED_VERSION = 0x1ec,
    MK_SNP_AT_LAUNCH_TCB = 0x1f0,
    MK_SNP_AT_LAUNCH_MIT = 0x1f8,
    MK_SNP_AT_CURRENT_MIT = 0x200,
    MK_SNP_AT_R = MK_SNP_SIGNED_BYTES,
    MK_SNP_AT_S = MK_SNP_AT_R + MK_SNP_HALF_BYTES,
    MK_SNP_AT_TAIL = MK_SNP_AT_S + MK_SNP_HALF_BYTES,
};

/* A half of the signature: as it came out, or another number. */
enum mk_snp_half { MK_SNP_HALF_RIGHT, MK_SNP_HALF_ZERO, MK_SNP_HALF_ORDER, MK_SNP_HALF_ONES };

enum mk_snp_chain_form {
    MK_SNP_CHAIN_WHOLE,
    MK_SNP_CHAIN_ABSENT,
    MK_SNP_CHAIN_GARBAGE,
    MK_SNP_CHAIN_BAD_BASE64,
    MK_SNP_CHAIN_BAD_DER_LENGTH,
    MK_SNP_CHAIN_DER_TRAILING,
    MK_SNP_CHAIN_CRLF,
    MK_SNP_CHAIN_TRAILING_NUL,
};

struct mk_snp_plan {
    const struct mk_amd *amd;
    struct mk_snp_options o;

    uint8_t body[MK_SNP_SIGNED_BYTES];
    EVP_PKEY *signer;
    enum mk_snp_half r, s;
    bool big_endian;
    bool upper_half;   /* the larger of S and n - S, which both verify */
    size_t flip_at;    /* after signing; */
    uint8_t flip_bits; /* 0: nothing */
    size_t cut_to;     /* keep this many bytes, at most */
    size_t trailing;   /* zero bytes behind the report */
    bool runtime_longer, init_time_longer;

    struct mk_amd_cert_spec leaf, ca, ark;
    struct mk_amd_cert_spec extra;           /* the CA of the other signer: behind the chain, if at all */
    const struct mk_amd_cert_spec *chain[4]; /* what chain.pem holds, in its order */
    size_t chain_count;
    enum mk_snp_chain_form chain_form;
    EVP_PKEY *odd_key; /* made for this plan, freed with it */

    struct mk_amd_crl_spec crl[2]; /* by enum mk_snp_signer */
};

/* For a break that is one of the options: TCB versions, CPUID. Before the plan is filled. False: no room for it. */
bool mk_snp_break_options(struct mk_snp_options *o, enum mk_amd_product product);
ATT_CHECK bool mk_snp_plan_fill(const struct mk_amd *amd, const struct mk_snp_options *o,
                                struct mk_snp_plan *ret, struct att_err *err);
/* Applies o.broken, which is in the plan. */
ATT_CHECK bool mk_snp_plan_break(struct mk_snp_plan *p, struct att_err *err);
void mk_snp_plan_forget(struct mk_snp_plan *p);
/* One each for what can be broken; false when the break is not theirs. */
bool mk_snp_break_report(struct mk_snp_plan *p);
bool mk_snp_break_binding(struct mk_snp_plan *p);
bool mk_snp_break_chain(struct mk_snp_plan *p);
bool mk_snp_break_issuers(struct mk_snp_plan *p);
bool mk_snp_break_dates(struct mk_snp_plan *p);
bool mk_snp_break_extensions(struct mk_snp_plan *p);
bool mk_snp_break_crl(struct mk_snp_plan *p);

/* The key that has no business there: of the other signer. */
EVP_PKEY *mk_snp_stranger(const struct mk_snp_plan *p);
enum mk_amd_product mk_snp_other_product(const struct mk_snp_plan *p);
/* The certificate is to be made anew, not taken as it is. */
static inline struct mk_amd_cert_spec *mk_amd_reissue(struct mk_amd_cert_spec *c)
{
    c->ready = NULL;
    return c;
}

/* Builders. Each appends. */
ATT_CHECK bool mk_snp_report_put(const struct mk_snp_plan *p, struct att_buf *out, struct att_err *err);
ATT_CHECK bool mk_snp_chain_put(const struct mk_snp_plan *p, struct att_buf *out, struct att_err *err);
ATT_CHECK bool mk_snp_table_put(const struct mk_snp_plan *p, struct att_buf *out, struct att_err *err);

#endif
