/* makers/snp.h - evidence of a made-up SEV-SNP guest, whole or with exactly one thing broken.
 *
 * For tests, for `attestctl evidence make` and for `attestd --dev`; never linked into the verifier. What is made here
 * verifies under the ARK of its mk_amd and under no other.
 *
 * Example: a report of a Genoa guest whose MEASUREMENT has one wrong bit
 *
 *     struct mk_amd *amd;
 *     struct mk_snp_options o;
 *     struct mk_snp_evidence ev = { 0 };
 *
 *     if (!mk_amd_new(MK_AMD_GENOA, MK_AMD_BITS_QUICK, now_unix_s, &amd, &err))
 *         return false;
 *     mk_snp_defaults(&o, MK_AMD_GENOA, now_unix_s);
 *     o.broken = MK_SNP_BREAK_MEASUREMENT_FLIP;
 *     if (!mk_snp_make(amd, &o, &ev, &err))
 *         return false;
 *     struct att_span report = mk_snp_item(&ev, MK_SNP_REPORT), chain = mk_snp_item(&ev, MK_SNP_CHAIN);
 *     enum att_code want = ev.expected_code;            // what a verifier must answer: SNP_SIGNATURE_INVALID
 *     mk_snp_evidence_free(&ev);
 *     mk_amd_free(amd);
 *
 * Ownership: spans in the options are borrowed for the call; the evidence owns its bytes. Keys and signatures are random,
 * so two calls differ there and nowhere else. No clock: every time is an argument.
 * Errors: PARAMETER_INVALID names the option; CRYPTO_FAILED, OUT_OF_MEMORY.
 * Spec: AMD 56860 (report, certificate table), AMD 57230 (certificates).
 */
#ifndef MAKERS_SNP_H
#define MAKERS_SNP_H

#include <attest/error.h>

#include "base/buf.h"
#include "makers/amd.h"

enum mk_snp_signer { MK_SNP_VCEK, MK_SNP_VLEK };

enum mk_snp_break {
    MK_SNP_BREAK_NONE = 0,
#define X(id, name, scope, needs, code, also, words) MK_SNP_BREAK_##id,
#include "makers/snp_breaks.def"
#undef X
    MK_SNP_BREAK_COUNT
};

/* Where the fault sits, and so what must be given to a verifier; see snp_breaks.def. */
enum mk_snp_scope {
    MK_SNP_IN_REPORT,
    MK_SNP_IN_CHAIN,
    MK_SNP_IN_TABLE, /* send ext_report.bin and no chain; everywhere else report.bin and chain.pem */
    MK_SNP_IN_CRL,   /* give the lists */
    MK_SNP_IN_DATA,  /* give runtime data and init-time data */
    MK_SNP_IN_TIME,
};

/* What a row needs of the options. Signer and report version are overridden by it, and runtime and init-time data given
 * where a row breaks what there is none of; never the product. */
enum mk_snp_needs {
    MK_SNP_NEEDS_ANY,
    MK_SNP_NEEDS_VCEK,
    MK_SNP_NEEDS_VLEK,
    MK_SNP_NEEDS_CPUID, /* report version 3 or above */
    MK_SNP_NEEDS_TURIN, /* product Turin */
};

struct mk_snp_break_row {
    enum mk_snp_break id;
    const char *name;  /* "measurement-flip" */
    const char *words; /* what is wrong, for people */
    enum mk_snp_scope scope;
    enum mk_snp_needs needs;
    enum att_code expected_code; /* what a verifier answers; ATT_OK: it is good all the same */
    enum att_code also_code;     /* right too; equal to expected_code where there is only one */
};
/* Indexed by enum mk_snp_break; row 0 is "none". */
extern const struct mk_snp_break_row mk_snp_breaks[MK_SNP_BREAK_COUNT];
/* NULL when there is no such name. */
const struct mk_snp_break_row *mk_snp_break_by_name(const char *name);
const char *mk_snp_scope_name(enum mk_snp_scope scope);
/* Can this break be made under hardware of this product? */
bool mk_snp_break_fits(enum mk_snp_break broken, enum mk_amd_product product);

/* TCB_VERSION in its parts; where they stand in the eight bytes depends on the product. `fmc` is Turin's alone. */
struct mk_snp_tcb {
    uint8_t fmc, bootloader, tee, snp, microcode;
};

/* POLICY; bits 0..7 and 8..15 are the ABI's version. */
#define MK_SNP_POLICY_SMT                    ((uint64_t)1 << 16)
#define MK_SNP_POLICY_RESERVED_ONE           ((uint64_t)1 << 17)
#define MK_SNP_POLICY_MIGRATE_MA             ((uint64_t)1 << 18)
#define MK_SNP_POLICY_DEBUG                  ((uint64_t)1 << 19)
#define MK_SNP_POLICY_SINGLE_SOCKET          ((uint64_t)1 << 20)
#define MK_SNP_POLICY_CXL_ALLOW              ((uint64_t)1 << 21)
#define MK_SNP_POLICY_MEM_AES_256_XTS        ((uint64_t)1 << 22)
#define MK_SNP_POLICY_RAPL_DIS               ((uint64_t)1 << 23)
#define MK_SNP_POLICY_CIPHERTEXT_HIDING_DRAM ((uint64_t)1 << 24)
#define MK_SNP_POLICY_PAGE_SWAP_DISABLE      ((uint64_t)1 << 25)

struct mk_snp_version {
    uint8_t build, minor, major;
};

struct mk_snp_options {
    int64_t at_unix_s; /* the time of judgement: lists are issued a day before it */
    enum mk_snp_break broken;
    enum mk_snp_signer signer;
    unsigned version; /* of the report: 2 (not Turin), 3, 4, 5 */

    uint32_t guest_svn;
    uint64_t policy;
    uint8_t family_id[16];
    uint8_t image_id[16];
    uint32_t vmpl; /* 0..3, or 0xFFFFFFFF */
    uint64_t platform_info;
    bool author_key_enabled; /* AUTHOR_KEY_EN */
    uint8_t measurement[48];
    uint8_t report_data[64]; /* replaced as a whole when runtime data is given */
    uint8_t host_data[32];   /* replaced when init-time data is given */
    uint8_t id_key_digest[48];
    uint8_t author_key_digest[48];
    uint8_t report_id[32];
    uint8_t report_id_ma[32];
    uint8_t cpuid[3]; /* family, model, stepping; written in version 3 and above */
    uint8_t chip_id
        [64]; /* CHIP_ID and hwID: Turin has 8 bytes; under a VLEK neither is written. Zeros are as good */
    struct mk_snp_tcb current, reported, committed, launch;
    struct mk_snp_version current_version, committed_version;
    uint64_t launch_mit_vector, current_mit_vector; /* written in version 5 and above */

    bool has_runtime_data; /* SHA-256 and 32 zero bytes go into REPORT_DATA */
    struct att_span runtime_data;
    bool has_init_time_data; /* SHA-256 goes into HOST_DATA */
    struct att_span init_time_data;

    /* The leaf says REPORTED_TCB. */
    const char *product_name; /* NULL: as AMD writes it, "Milan-B0" in a VCEK and "Milan" in a VLEK */
    const char *csp_id;       /* VLEK only */
    bool hwid_wrapped;        /* as OCTET STRING inside the extension, which some old tools write */
    bool trailer_field; /* leaf's AlgorithmIdentifier names trailerField, as leafs before November 2024 do */
};
/* A guest at VMPL 0 under a VCEK, its report in version 3 (Turin: 5), without debug, with runtime data. */
void mk_snp_defaults(struct mk_snp_options *ret, enum mk_amd_product product, int64_t at_unix_s);

enum mk_snp_item {
    MK_SNP_REPORT, /* report.bin */
    MK_SNP_CHAIN,  /* chain.pem: VCEK, ASK, ARK or VLEK, ASVK, ARK */
    /* ext_report.bin: the report and the certificate table (SNP_GET_EXT_REPORT) behind it */
    MK_SNP_EXT_REPORT,
    MK_SNP_RUNTIME_DATA,
    MK_SNP_INIT_TIME_DATA,
    MK_SNP_VCEK_CRL, /* vcek_crl.der */
    MK_SNP_VLEK_CRL,
    MK_SNP_ARK,     /* ark.pem: the root to trust, and the issuer of the lists */
    MK_SNP_REQUEST, /* maa-request.json: the body of POST /attest/SevSnpVm */
    MK_SNP_ITEM_COUNT
};

struct mk_snp_evidence {
    struct att_buf items[MK_SNP_ITEM_COUNT];
    bool present[MK_SNP_ITEM_COUNT]; /* an item may be there and empty, or not be there at all */
    struct mk_snp_options options; /* as made, overrides applied; its spans and strings are no longer valid */
    enum mk_amd_product product;
    const struct mk_snp_break_row *broken;
    enum att_code expected_code; /* ATT_OK: every check passes */
    enum att_code also_code;
};

ATT_CHECK bool mk_snp_make(const struct mk_amd *amd, const struct mk_snp_options *options,
                           struct mk_snp_evidence *ret, struct att_err *err);
/* Also for { 0 }. */
void mk_snp_evidence_free(struct mk_snp_evidence *ev);
/* Borrowed; empty when the item is absent. */
static inline struct att_span mk_snp_item(const struct mk_snp_evidence *ev, enum mk_snp_item item)
{
    return att_buf_span(&ev->items[item]);
}
/* "report.bin", ... */
const char *mk_snp_item_file(enum mk_snp_item item);

/* {"name","tee","product","at","at_unix","trust_root","evidence","expected_verdict","expected_error",
 *  "also_acceptable_errors","expected_claims","note"}: the claims are those that follow from the report alone. */
ATT_CHECK bool mk_snp_expected_json(const struct mk_snp_evidence *ev, const char *name, struct att_buf *out,
                                    struct att_err *err);
/* Every item and expected.json; a file of an absent item is removed, as mk_evidence_write does. */
ATT_CHECK bool mk_snp_evidence_write(const struct mk_snp_evidence *ev, const char *dir, const char *name,
                                     struct att_err *err);

#endif
