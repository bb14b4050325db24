/* evidence/snp/report.h - the attestation report of SEV-SNP: 1184 bytes, little-endian, versions 2 to 5.
 *
 * Bytes 0x000 to 0x29F are signed; the signature is in what follows. Spans are borrowed from the report.
 * Spec: AMD 56860 (SEV-SNP firmware ABI), "ATTESTATION_REPORT", "Guest policy", "TCB_VERSION".
 */
#ifndef EVIDENCE_SNP_REPORT_H
#define EVIDENCE_SNP_REPORT_H

#include <attest/error.h>

enum {
    SNP_REPORT_BYTES = 1184,
    SNP_SIGNED_BYTES = 672,
    SNP_SIGNATURE_BYTES = 96,
    SNP_TCB_BYTES = 8,
    SNP_CHIP_ID_BYTES = 64,
    SNP_CHIP_ID_TURIN_BYTES = 8, /* the rest of the field is zero there */
    SNP_MEASUREMENT_BYTES = 48,
    SNP_HASH_BYTES = 32, /* HOST_DATA, and the half of REPORT_DATA that holds the hash of the runtime data */
    SNP_VERSION_CPUID = 3,
    SNP_VERSION_MITIGATION = 5,
};
_Static_assert(SNP_SIGNED_BYTES + 512 == SNP_REPORT_BYTES, "the signature's field is 512 bytes");

enum snp_product { SNP_PRODUCT_UNKNOWN, SNP_MILAN, SNP_GENOA, SNP_TURIN, SNP_PRODUCT_COUNT };
enum snp_signing_key { SNP_KEY_VCEK = 0, SNP_KEY_VLEK = 1, SNP_KEY_NONE = 7 };

/* "Milan"; "" for UNKNOWN. Bergamo and Siena have no certificates of their own: theirs are Genoa's. */
const char *snp_product_name(enum snp_product p);
enum snp_product snp_product_of(struct att_span name);

/* TCB_VERSION. Where a component lies depends on the product family; compare components, never the whole as a number. */
struct snp_tcb {
    struct att_span raw; /* 8 */
    bool has_fmc;        /* Turin */
    uint8_t fmc;
    uint8_t bootloader;
    uint8_t tee;
    uint8_t snp;
    uint8_t microcode;
};
/* Is every component of `a` at most that of `b`? Both are of one layout. `ret_which` names the first that is not. */
bool snp_tcb_at_most(const struct snp_tcb *a, const struct snp_tcb *b, const char **ret_which);

struct snp_policy {
    uint64_t bits;
    uint8_t abi_minor;
    uint8_t abi_major;
    bool smt;
    bool migrate_ma;
    bool debug;
    bool single_socket;
    bool cxl_allow;
    bool mem_aes_256_xts;
    bool rapl_dis;
    bool ciphertext_hiding_dram;
    bool page_swap_disable;
};

struct snp_fw_version {
    uint8_t build;
    uint8_t minor;
    uint8_t major;
};

struct snp_report {
    struct att_span whole;        /* 1184 */
    struct att_span signed_bytes; /* 672 */
    uint32_t version;
    uint32_t guest_svn;
    struct snp_policy policy;
    struct att_span family_id; /* 16 */
    struct att_span image_id;  /* 16 */
    uint32_t vmpl;             /* 0 to 3; 0xFFFFFFFF: the host asked for the report */
    uint32_t signature_algo;
    uint64_t platform_info;
    bool author_key_en;
    bool mask_chip_key;
    enum snp_signing_key signing_key;
    struct att_span report_data;       /* 64 */
    struct att_span measurement;       /* 48 */
    struct att_span host_data;         /* 32 */
    struct att_span id_key_digest;     /* 48 */
    struct att_span author_key_digest; /* 48 */
    struct att_span report_id;         /* 32 */
    struct att_span report_id_ma;      /* 32 */
    struct att_span chip_id;           /* 64 */
    bool has_cpuid;                    /* version 3 and later */
    uint8_t cpuid_family;
    uint8_t cpuid_model;
    uint8_t cpuid_stepping;
    enum snp_product product; /* by CPUID; UNKNOWN in version 2 and for processors not known here */
    struct snp_tcb current;
    struct snp_tcb reported; /* what the signing key was derived from: this one counts */
    struct snp_tcb committed;
    struct snp_tcb launch;
    struct snp_fw_version current_version;
    struct snp_fw_version committed_version;
    bool has_mitigation; /* version 5 and later */
    uint64_t launch_mit_vector;
    uint64_t current_mit_vector;
    uint8_t signature[SNP_SIGNATURE_BYTES]; /* r||s, big-endian. Malleable: never part of an identity */
};

/* SNP_LENGTH (not exactly 1184 bytes), SNP_VERSION, SNP_SIGNATURE_ALGO, SNP_SIGNING_KEY, SNP_POLICY, SNP_RESERVED,
 * SNP_SIGNATURE_RANGE. */
ATT_CHECK bool snp_report_parse(struct att_span raw, struct snp_report *ret, struct att_err *err);

/* People send evidence in every wrapping there is: says which one this is, or NULL. */
const char *snp_recognised(struct att_span raw);

#endif
