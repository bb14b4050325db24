/* makers/plan.h - everything that goes into one piece of evidence, as plain fields. Private to makers.
 *
 * mk_plan_fill turns options into a plan that verifies; mk_plan_break changes one field of it; the makers then build
 * what the plan says and know nothing about faults. What can only be done to finished bytes (cutting, flipping) is
 * written in the plan too. All pointers are borrowed from the hardware and the options, or static.
 */
#ifndef MAKERS_PLAN_H
#define MAKERS_PLAN_H

#include "makers/hardware_parts.h"
#include "makers/sgx.h"
#include "makers/tdx.h"

enum {
    MK_BODY_BYTES = 384, /* SGX, and the QE report */
    MK_TD_BODY_BYTES = 584,
    MK_TD_15_BODY_BYTES = 648,
    MK_HEADER_BYTES = 48
};
/* Of the descriptor in front of a version 5 body. */
enum mk_body_type { MK_BODY_SGX = 1, MK_BODY_TD_10 = 2, MK_BODY_TD_15 = 3 };
enum { MK_TEE_SGX = 0x00, MK_TEE_TDX = 0x81 };

/* The options of either kind. */
struct mk_request {
    enum att_tee tee;
    union {
        struct {
#include "makers/dcap_options.def"
        };
        struct mk_dcap_options dcap;
    };
    struct mk_enclave enclave; /* SGX */
    struct mk_td td;           /* TDX */
    struct mk_tdx_tcb tdx;     /* TDX */
};

/* A length field: as it is, with something added, or another number altogether. */
struct mk_length {
    enum { MK_LENGTH_RIGHT, MK_LENGTH_ADD, MK_LENGTH_SET } how;
    int64_t value;
};

struct mk_header {
    uint16_t version, key_type;
    uint32_t tee_type;
    uint16_t qe_svn, pce_svn;
    uint8_t vendor_id[16];
    uint8_t user_data[20];
};

/* Certification data of the quote. */
enum mk_chain_form {
    MK_CHAIN_GOOD,
    MK_CHAIN_GARBAGE,
    MK_CHAIN_EMPTY,
    MK_CHAIN_BAD_BASE64,
    MK_CHAIN_BAD_DER_LENGTH,
    MK_CHAIN_DER_TRAILING,
    MK_CHAIN_LEAF_ONLY, /* no root, no CA, one PEM block: certification data type 4 */
    MK_CHAIN_FILLER,    /* `filler_bytes` of 0xA5: the encrypted identifiers of types 1 to 3 */
};

struct mk_quote_plan {
    struct mk_header header;
    uint16_t body_type; /* version 5 */
    struct mk_length body_size;
    uint8_t body[MK_TD_15_BODY_BYTES];
    size_t body_len;
    uint8_t qe_report[MK_BODY_BYTES]; /* REPORTDATA is filled in when the quote is made ... */
    uint8_t qe_data_xor[64];          /* ... and changed by this */
    uint8_t key_point[64];            /* what the quote names as attestation key */
    EVP_PKEY *signer, *qe_signer;
    enum mk_signature_shape shape;
    size_t auth_bytes;
    struct mk_length sig_length, outer_length, auth_length, cert_length;
    uint16_t outer_type, cert_type;
    enum mk_chain_form chain_form;
    size_t filler_bytes;
    size_t trailing_zeros;
    bool zero_signature;
};

/* What is done to finished bytes. */
struct mk_flip {
    bool used;
    size_t at;
    uint8_t bits;
};
struct mk_cut {
    bool used;
    size_t len;    /* keep this many bytes, */
    bool from_end; /* or drop this many */
};

struct mk_oe_plan {
    uint32_t version, type;
    struct mk_length size;
    struct mk_cut cut;
    bool trailing;
};

/* Find and replace in a JSON text, at the first place; not finding it is an error. */
struct mk_edit {
    const char *from; /* look from the first place of this on; NULL: from the start */
    char find[128];
    char put[192];
};
/* An envelope {"name":body,"signature":"hex"}. */
struct mk_envelope_plan {
    const char *name;
    EVP_PKEY *signer;
    enum mk_signature_shape shape;
    struct mk_edit before, after; /* signing */
    bool flip_signature;
    bool short_signature;
    bool cut_last;
    const char *tail; /* behind the envelope, NULL: nothing */
    bool absent;
};
struct mk_tcb_info_plan {
    struct mk_envelope_plan envelope;
    const char *id;
    unsigned version;       /* 2 and 3 choose the form */
    unsigned version_named; /* the number that is written */
    char issued[32], next[32];
    uint8_t fmspc[6], pce_id[2];
    size_t first_level_components;
    size_t first_level_tdx_components; /* TDX */
    bool no_tdx_components;            /* in the second level */
    bool lowest_first;
    bool module_levels_lowest_first;
};
struct mk_qe_identity_plan {
    struct mk_envelope_plan envelope;
    const char *id;
    char issued[32], next[32];
    uint8_t misc_select[4], attributes[16], mrsigner[32];
    unsigned product_id;
};

struct mk_issuer_chain_plan {
    struct mk_cert_spec signer, root;
    bool garbage, no_root;
};

struct mk_plan {
    const struct mk_hardware *hw;
    struct mk_request o; /* a copy: levels and SVNs may be changed in it */
    struct mk_quote_plan quote;
    struct mk_flip flip; /* in the quote */
    struct mk_cut cut;   /* of the quote */
    struct mk_oe_plan oe;
    bool runtime_data_longer, init_time_data_longer;

    struct mk_cert_spec pck, ca, root;   /* the chain inside the quote */
    const struct mk_cert_spec *chain[4]; /* its order */
    size_t chain_count;
    struct mk_issuer_chain_plan tcb_chain, qe_chain;
    struct mk_cert_spec true_ca, true_root; /* for pck_crl_issuer_chain and root_ca.pem: never broken */
    struct mk_crl_spec pck_crl, root_crl;
    struct mk_tcb_info_plan tcb_info;
    struct mk_qe_identity_plan qe_identity;
};

/* Checks the options, makes and breaks a plan, and builds everything in it. */
ATT_CHECK bool mk_dcap_make(const struct mk_hardware *hw, const struct mk_request *request,
                            struct mk_evidence *ret, struct att_err *err);
/* The first step of it alone. */
ATT_CHECK bool mk_dcap_check(const struct mk_hardware *hw, const struct mk_request *o, struct att_err *err);
/* What both kinds have by default. */
void mk_dcap_defaults(struct mk_dcap_options *ret, int64_t at_unix_s);

/* The report body and what its descriptor says about it. */
ATT_CHECK bool mk_body_fill(const struct mk_request *o, struct mk_quote_plan *q, struct att_err *err);
/* Offsets in the body: what measures the code (MRENCLAVE, MRTD). */
size_t mk_body_measurement_at(const struct mk_request *o);
ATT_CHECK bool mk_plan_fill(const struct mk_hardware *hw, const struct mk_request *o, struct mk_plan *ret,
                            struct att_err *err);
/* Applies o.broken, which is in the plan. */
ATT_CHECK bool mk_plan_break(struct mk_plan *p, struct att_err *err);
/* One each for what can be broken; false when the break is not theirs. */
bool mk_break_quote(struct mk_plan *p);
bool mk_break_lengths(struct mk_plan *p);
bool mk_break_oe(struct mk_plan *p);
bool mk_break_chain(struct mk_plan *p);
bool mk_break_extension(struct mk_plan *p);
bool mk_break_crl(struct mk_plan *p);
bool mk_break_issuer_chain(struct mk_plan *p);
bool mk_break_td(struct mk_plan *p);
bool mk_break_tcb_info(struct mk_plan *p);
bool mk_break_modules(struct mk_plan *p);
bool mk_break_qe_identity(struct mk_plan *p);
bool mk_break_edges(struct mk_plan *p);
/* Applied to the options before the plan is made. */
ATT_CHECK bool mk_break_levels(struct mk_request *o, struct att_err *err);
ATT_CHECK bool mk_break_tdx_levels(struct mk_request *o, struct att_err *err);

/* The certificate is to be made anew, not taken as it is. */
static inline struct mk_cert_spec *mk_reissue(struct mk_cert_spec *c)
{
    c->ready = NULL;
    return c;
}
/* Offsets inside the quote of this plan. */
size_t mk_quote_section_at(const struct mk_plan *p); /* the u32 section length */
size_t mk_quote_qe_at(const struct mk_plan *p);      /* the QE report */

/* What a verifier must say, from the levels alone: an evaluation of its own, not the verifier's. */
void mk_expect(const struct mk_request *o, enum att_code *ret_code, const char **ret_status);
/* Of a platform with a module or a quoting enclave. */
const char *mk_status_combined(const char *platform, const char *other);
/* TDX: of platform and module, with the advice to relaunch, which the quoting enclave's status can forbid.
 * `sgx_level` and `tdx_level` may be -1: none. NULL with a code: refused. */
const char *mk_tdx_status(const struct mk_request *o, int sgx_level, int tdx_level, const char *qe_status,
                          enum att_code *ret_code);
/* The level that counts; -1: none. TDX: the one that the domain reaches, too. */
int mk_level_matching(const struct mk_request *o);
int mk_qe_level_matching(const struct mk_request *o);

/* Builders. Each appends. A chain is made once and given to the quote: its signatures differ each time. */
ATT_CHECK bool mk_quote_put(const struct mk_plan *p, struct att_span chain, struct att_buf *out,
                            struct att_err *err);
void mk_oe_put(const struct mk_oe_plan *oe, struct att_span quote, struct att_buf *out);
ATT_CHECK bool mk_chain_put(const struct mk_plan *p, struct att_buf *out, struct att_err *err);
ATT_CHECK bool mk_issuer_chain_put(const struct mk_issuer_chain_plan *c, struct att_buf *out,
                                   struct att_err *err);
/* Edits the text, signs exactly that, wraps and edits again. */
ATT_CHECK bool mk_envelope_seal(const struct mk_envelope_plan *e, struct att_buf *body, struct att_buf *out,
                                struct att_err *err);
ATT_CHECK bool mk_tcb_info_put(const struct mk_plan *p, struct att_buf *out, struct att_err *err);
ATT_CHECK bool mk_qe_identity_put(const struct mk_plan *p, struct att_buf *out, struct att_err *err);

#endif
