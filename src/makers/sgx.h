/* makers/sgx.h - evidence of a made-up SGX machine, whole or with exactly one thing broken.
 *
 * For tests, for `attestctl evidence make` and for `attestd --dev`; never linked into the verifier. What is made here
 * verifies under the root of its mk_hardware and under no other.
 *
 * Example: evidence whose quote signature has one wrong bit
 *
 *     struct mk_hardware *hw;
 *     struct mk_sgx_options o;
 *     struct mk_evidence ev = { 0 };
 *
 *     if (!mk_hardware_new(now_unix_s, &hw, &err))
 *         return false;
 *     mk_sgx_defaults(&o, now_unix_s);
 *     o.broken = MK_BREAK_QUOTE_SIGNATURE;
 *     if (!mk_sgx_make(hw, &o, &ev, &err))
 *         return false;
 *     struct att_span quote = mk_item(&ev, MK_QUOTE);   // what to send
 *     enum att_code want = ev.expected_code;            // what a verifier must answer: QUOTE_SIGNATURE_INVALID
 *     mk_evidence_free(&ev);
 *     mk_hardware_free(hw);
 *
 * Ownership: spans and strings in the options are borrowed for the call; the evidence owns its bytes. Keys, serials
 * and signatures are random, so two calls differ there and nowhere else. No clock: every time is an argument.
 * Errors: PARAMETER_INVALID names the option; CRYPTO_FAILED, OUT_OF_MEMORY.
 */
#ifndef MAKERS_SGX_H
#define MAKERS_SGX_H

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
#include "makers/breaks.def"
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
    unsigned quote_version; /* needed by this row; 0: any */
    enum att_code
        expected_code; /* what a verifier answers; ATT_OK when the evidence is good at another TCB level */
    enum att_code also_code; /* right too; equal to expected_code where there is only one */
};
/* Indexed by enum mk_break; row 0 is "none". */
extern const struct mk_break_row mk_breaks[MK_BREAK_COUNT];
/* NULL when there is no such name. */
const struct mk_break_row *mk_break_by_name(const char *name);
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

/* The report body of the enclave that is attested. */
struct mk_enclave {
    uint8_t mrenclave[32];
    uint8_t mrsigner[32];
    uint16_t product_id;
    uint16_t svn;
    bool debug;
    bool kss; /* the four fields below mean something; set by itself when init-time data is given */
    uint8_t config_id[64];
    uint16_t config_svn;
    uint8_t ext_product_id[16];
    uint8_t family_id[16];
    uint32_t misc_select;
    uint64_t xfrm;
    uint8_t report_data[64]; /* bytes 0..31 are replaced by the hash when runtime data is given */
};

#define MK_LEVELS_MAX 4
struct mk_tcb_level {
    uint8_t components[16];
    uint16_t pce_svn;
    const char *status; /* one of the seven of TCB info: "UpToDate", "OutOfDateConfigurationNeeded", ... */
    const char *date;   /* YYYY-MM-DDThh:mm:ssZ */
    const char *advisories; /* "INTEL-SA-00001,INTEL-SA-00002"; NULL: none */
};
struct mk_qe_level {
    uint16_t isv_svn;
    const char *status; /* "UpToDate", "OutOfDate", "Revoked" */
    const char *date;
    const char *advisories;
};

struct mk_sgx_options {
    int64_t at_unix_s; /* the time of judgement: collateral is issued a day before it */
    enum mk_break broken;
    unsigned quote_version; /* 3, 4, 5 (SGX body in each); a break that needs another one overrides it */
    enum mk_ca ca;
    struct mk_enclave enclave;
    struct mk_platform platform;

    bool has_runtime_data; /* SHA-256 goes into REPORTDATA[0..31] */
    struct att_span runtime_data;
    bool has_init_time_data; /* SHA-256 goes into CONFIGID[0..31], the rest of CONFIGID stays as given */
    struct att_span init_time_data;

    unsigned tcb_info_version;                 /* 2 or 3 */
    uint32_t evaluation_number;                /* tcbEvaluationDataNumber of TCB info and QE identity */
    struct mk_tcb_level levels[MK_LEVELS_MAX]; /* highest first */
    size_t level_count;

    uint16_t qe_isv_svn;
    struct mk_qe_level qe_levels[MK_LEVELS_MAX];
    size_t qe_level_count;
    uint16_t qe_auth_bytes; /* 00 01 02 ...; Intel's has 32 */

    enum mk_signature_shape signatures; /* of quote, QE report, TCB info, QE identity */
    size_t trailing_zeros; /* behind the quote, outside everything signed; real quotes have them */
};
/* A machine at UpToDate under the processor CA, a quote of version 3, an enclave in release mode with runtime data. */
void mk_sgx_defaults(struct mk_sgx_options *ret, int64_t at_unix_s);

enum mk_item {
    MK_QUOTE,  /* quote.bin */
    MK_REPORT, /* report.bin: the quote behind an Open Enclave header */
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
    int64_t at_unix_s;
    const struct mk_break_row *broken;
    enum att_code expected_code; /* ATT_OK: every check passes */
    enum att_code also_code;
    const char *expected_tcb_status; /* NULL when a verifier gets to no status; static */
};

ATT_CHECK bool mk_sgx_make(const struct mk_hardware *hw, const struct mk_sgx_options *options,
                           struct mk_evidence *ret, struct att_err *err);
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
