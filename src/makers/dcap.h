/* makers/dcap.h - what evidence of a made-up SGX enclave and of a made-up TDX domain share: machine, collateral, breaks.
 *
 * Start at sgx.h or tdx.h. Ownership, randomness, time and errors are described there and are the same for both.
 */
#ifndef MAKERS_DCAP_H
#define MAKERS_DCAP_H

#include <attest/collateral.h>
#include <attest/error.h>

#include "base/buf.h"

struct mk_hardware;

enum mk_ca { MK_CA_PROCESSOR, MK_CA_PLATFORM };

/* Signatures r||s whose halves begin with a zero byte show padding faults. SHORT_R and SHORT_S cost about 256
 * signatures for each one made (milliseconds), SHORT_BOTH about 65 536 (a second or two). */
enum mk_signature_shape {
    MK_SIGNATURE_ANY,
    MK_SIGNATURE_SHORT_R,
    MK_SIGNATURE_SHORT_S,
    MK_SIGNATURE_SHORT_BOTH,
};

enum mk_break {
    MK_BREAK_NONE = 0,
#define X(id, name, scope, version, code, also, words) MK_BREAK_##id,
#define S(...)                                         X(__VA_ARGS__)
#define T(...)                                         X(__VA_ARGS__)
#define R(...)                                         X(__VA_ARGS__)
#include "makers/breaks.def"
#undef R
#undef T
#undef S
#undef X
    MK_BREAK_COUNT
};

/* Where the fault sits; see breaks.def. */
enum mk_scope { MK_IN_QUOTE, MK_IN_REPORT, MK_IN_DATA, MK_IN_CHAIN, MK_IN_COLLATERAL, MK_IN_TCB, MK_IN_TIME };

struct mk_break_row {
    enum mk_break id;
    const char *name;  /* "quote-signature" */
    const char *words; /* what is wrong, for people */
    enum mk_scope scope;
    bool sgx, tdx;          /* which evidence can be broken so */
    bool td_15;             /* TDX: needs a TD report 1.5 */
    unsigned quote_version; /* needed by this row; 0: any. TDX: 3 is as good as 4 */
    enum att_code
        expected_code; /* what a verifier answers; ATT_OK when the evidence is good at another TCB level */
    enum att_code also_code; /* right too; equal to expected_code where there is only one */
};
/* Indexed by enum mk_break; row 0 is "none". */
extern const struct mk_break_row mk_breaks[MK_BREAK_COUNT];
/* NULL when there is no such name. */
const struct mk_break_row *mk_break_by_name(const char *name);
/* Can evidence of this kind be broken so? */
static inline bool mk_break_is_for(const struct mk_break_row *row, enum att_tee tee)
{
    return tee == ATT_TEE_SGX ? row->sgx : row->tdx;
}
const char *mk_scope_name(enum mk_scope scope);

/* What the PCK certificate says about the machine. */
struct mk_platform {
    uint8_t components[16];
    uint16_t pce_svn;
    uint8_t cpu_svn[16];
    uint8_t ppid[16];
    uint8_t pce_id[2];
    uint8_t fmspc[6];
    uint8_t sgx_type;        /* 0 standard, 1 scalable, 2 scalable with integrity */
    uint8_t instance_id[16]; /* platform CA only */
};

#define MK_LEVELS_MAX 4
struct mk_tcb_level {
    uint8_t components[16];
    uint16_t pce_svn;
    const char *status; /* one of the seven of TCB info: "UpToDate", "OutOfDateConfigurationNeeded", ... */
    const char *date;   /* YYYY-MM-DDThh:mm:ssZ */
    const char *advisories;     /* "INTEL-SA-00001,INTEL-SA-00002"; NULL: none */
    uint8_t tdx_components[16]; /* TDX */
};
/* Of a quoting enclave or of a TDX module. */
struct mk_svn_level {
    uint16_t isv_svn;
    const char *status; /* "UpToDate", "OutOfDate", "Revoked" */
    const char *date;
    const char *advisories;
};

struct mk_dcap_options {
#include "makers/dcap_options.def"
};

enum mk_item {
    MK_QUOTE,  /* quote.bin */
    MK_REPORT, /* report.bin: the quote behind an Open Enclave header; SGX */
    MK_RUNTIME_DATA,
    MK_INIT_TIME_DATA,
    MK_PCK_CHAIN, /* pck_chain.pem, as inside the quote but without the NUL */
    MK_TCB_INFO,
    MK_TCB_INFO_ISSUER_CHAIN,
    MK_QE_IDENTITY,
    MK_QE_IDENTITY_ISSUER_CHAIN,
    MK_PCK_CRL,
    MK_PCK_CRL_ISSUER_CHAIN,
    MK_ROOT_CA_CRL,
    MK_ROOT_CA, /* PEM of the root to trust */
    MK_ITEM_COUNT
};

struct mk_evidence {
    struct att_buf items[MK_ITEM_COUNT];
    bool present[MK_ITEM_COUNT]; /* an item may be there and empty, or not be there at all */
    enum att_tee tee;
    int64_t at_unix_s;
    const struct mk_break_row *broken;
    enum att_code expected_code; /* ATT_OK: every check passes */
    enum att_code also_code;
    const char *expected_tcb_status; /* NULL when a verifier gets to no status; static */
};

/* Also for { 0 }. */
void mk_evidence_free(struct mk_evidence *ev);
/* Borrowed; empty when the item is absent. */
static inline struct att_span mk_item(const struct mk_evidence *ev, enum mk_item item)
{
    return att_buf_span(&ev->items[item]);
}
/* "quote.bin", ... */
const char *mk_item_file(enum mk_item item);
/* Is it part of a collateral folder (not evidence, and not the root)? */
bool mk_item_is_collateral(enum mk_item item);

/* {"name","at","at_unix","expected_verdict","expected_error","also_acceptable_errors","expected_tcb_status",
 *  "trust_root"}; the verdict is accept_crypto or reject. */
ATT_CHECK bool mk_expected_json(const struct mk_evidence *ev, const char *name, struct att_buf *out,
                                struct att_err *err);

#endif
