/* attest/collateral.h - what surrounds evidence: revocation lists, TCB info, identities, issuer chains.
 *
 * Items are given as bytes (libattest never fetches), read and checked once - signatures, chains to the
 * trusted roots, form - and kept verified in an immutable snapshot. What depends on the time of judgement
 * (validity, revocation) is judged with each attestation. A bad item does not spoil the snapshot: it keeps
 * its refusal, and evidence that needs it is refused with it.
 *
 * Example (examples/verify_quote.c is a whole program):
 *     struct att_lib *lib = NULL;
 *     struct att_collateral *snapshot = NULL;
 *     struct att_dcap_bundle b = { .name = "lab-1", .tcb_info = tcb_info_json, .pck_crl = crl_der, ... };
 *     struct att_collateral_in in = { .size = sizeof in, .dcap = &b, .dcap_count = 1 };
 *     if (!att_lib_new(NULL, &lib, &err) || !att_collateral_new(lib, &in, &snapshot, &err))
 *         return false;
 *     ... any number of att_attest with lib and snapshot ...
 *     att_collateral_free(snapshot);
 *     att_lib_free(lib);
 *
 * Units: times are seconds since 1970-01-01T00:00:00Z.
 * Ownership: bundles are borrowed for the call that reads them. A snapshot counts its references: the maker has
 * one, att_collateral_ref takes another, each is given back with att_collateral_free. The library outlives them.
 * Errors: making a snapshot fails for want of memory only; what is wrong with an item is in its row
 * (att_collateral_rows) and in the refusal of evidence that needs it.
 * Threads: library and snapshot never change for their users and are shared by all threads. To replace a snapshot,
 * make a new one, swap the pointer under your own lock, and free the old one.
 * Spec: Intel PCS API v3 and v4 (TCB info v2 and v3, QE identity v2), AMD 57230 (VCEK and KDS), RFC 5280 for revocation
 * lists.
 */
#ifndef ATTEST_COLLATERAL_H
#define ATTEST_COLLATERAL_H

#include <attest/arena.h>
#include <attest/error.h>
#include <attest/limits.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The library: fetched algorithms, trusted root keys, the cache of verified certificate chains. Immutable to
 * its users, shared by all threads. The keys of Intel's SGX root and of AMD's ARK-Milan, ARK-Genoa and ARK-Turin are
 * built in. */
struct att_lib;

struct att_root {
    struct att_span pem; /* certificate whose KEY is trusted */
    bool test_root;      /* evidence that chains to it is marked: token claim x-attestd-unsafe "test-roots" */
};

struct att_lib_options {
    size_t size;                     /* sizeof(struct att_lib_options) */
    const struct att_limits *limits; /* NULL: defaults; copied */
    const struct att_root *roots;    /* besides the built-in ones; copied */
    size_t root_count;
    size_t chain_cache_entries; /* verified PCK and VCEK chains kept; 0: 4096 */
    /* Memory for precomputed tables of VCEK and VLEK keys that come again (about 142 KiB each): 0: 64 MiB;
     * SIZE_MAX: none. */
    size_t key_table_bytes_max;
    /* Making such a table takes milliseconds. NULL: made in line, when a key is used for the third time. Else called, on
     * any thread and never blocking, when att_lib_work has something to do. */
    void (*work_wanted)(void *ctx);
    void *work_ctx;
};

/* options may be NULL. Caller frees with att_lib_free, after every snapshot made with it. CERT_MALFORMED: a given
 * root; CRYPTO_FAILED: OpenSSL lacks an algorithm. */
ATT_API ATT_CHECK bool att_lib_new(const struct att_lib_options *options, struct att_lib **ret,
                                   struct att_err *err);
/* NULL is fine. */
ATT_API void att_lib_free(struct att_lib *lib);
/* The limits it was made with; they live as long as the library. */
ATT_API const struct att_limits *att_lib_limits(const struct att_lib *lib);

/* Does one piece of the work that was put off; false: there is none. Any thread, beside everything else. */
ATT_API bool att_lib_work(struct att_lib *lib);
/* For metrics: tables now kept, and their bytes. */
ATT_API void att_lib_key_tables(const struct att_lib *lib, size_t *ret_count, size_t *ret_bytes);

/* -- items: what vendors publish, one by one ------------------------------------------------------------------ */

enum att_tee { ATT_TEE_SGX, ATT_TEE_TDX };
enum att_amd_signer { ATT_AMD_VCEK, ATT_AMD_VLEK };

/* Which evaluation set a TCB info or QE identity is from. */
enum att_tcb_set {
    ATT_SET_CURRENT, /* what counts today ("standard") */
    ATT_SET_EARLY,   /* what will count next: for foresight alone, never for a verdict */
    ATT_SET_PINNED,  /* kept for those who ask for its number, and for no one else */
};

enum att_item_kind {
    ATT_ITEM_NONE,
    ATT_ITEM_TCB_INFO,    /* chain: TCB signing certificate, root */
    ATT_ITEM_QE_IDENTITY, /* the same */
    ATT_ITEM_TCB_NUMBERS, /* which evaluation sets there are; the same */
    ATT_ITEM_PCK_CRL,     /* chain: PCK CA, root */
    ATT_ITEM_ROOT_CA_CRL, /* chain: any that ends in the root */
    ATT_ITEM_AMD_CRL,     /* chain: ASK or ASVK, ARK (PEM), or ARK alone */
    ATT_ITEM_VCEK,        /* body: DER or PEM of the leaf; chain: ASK, ARK */
    ATT_ITEM_KIND_COUNT
};

/* Names one item, and says what is missing. Fields that a kind does not have are zero. */
struct att_collateral_want {
    enum att_item_kind kind;
    enum att_tee tee;           /* TCB_INFO, QE_IDENTITY, TCB_NUMBERS */
    uint8_t fmspc[6];           /* TCB_INFO */
    enum att_tcb_set set;       /* TCB_INFO, QE_IDENTITY */
    uint32_t evaluation_number; /* TCB_INFO, QE_IDENTITY of a PINNED set */
    bool platform_ca;           /* PCK_CRL: of the Platform CA; else of the Processor CA */
    enum att_amd_signer signer; /* AMD_CRL */
    char product[8];            /* AMD_CRL, VCEK: "Milan", "Genoa", "Turin" */
    uint8_t chip_id[64];        /* VCEK */
    uint8_t chip_id_bytes;      /* 64; Turin: 8 */
    uint8_t tcb[8];             /* VCEK: REPORTED_TCB */
};

enum { ATT_ITEM_ID_SIZE = 256 };
/* "dcap/tcb-info/sgx/00606a000000/current", ".../early", ".../17", "dcap/qe-identity/tdx/current",
 * "dcap/tcb-numbers/sgx", "dcap/pck-crl/platform", "dcap/root-ca-crl", "amd/crl/vcek/Milan",
 * "amd/vcek/Milan/<chip id in hex>/<TCB in hex>". Read back by att_item_of_id. */
ATT_API const char *att_item_id(const struct att_collateral_want *item, char ret[ATT_ITEM_ID_SIZE]);
ATT_API ATT_CHECK bool att_item_of_id(const char *id, struct att_collateral_want *ret, struct att_err *err);

struct att_collateral_item {
    struct att_collateral_want what; /* what it is taken for */
    struct att_span body;            /* as it was received */
    struct att_span chain;           /* PEM, issuer first */
    const char *name;                /* where it is from, for refusals; may be NULL */
};

/* What an item says about itself, once its signature and its chain have been checked. */
struct att_item_facts {
    struct att_collateral_want is; /* what it turned out to be, `set` as it was asked for */
    uint32_t evaluation_number;    /* TCB_INFO, QE_IDENTITY; TCB_NUMBERS: the highest */
    int64_t issued_unix_s;         /* issueDate, thisUpdate, notBefore */
    int64_t next_unix_s;           /* nextUpdate, notAfter */
    bool test_root;
};
/* Is this an item that a snapshot could use? Form, chain to a trusted root, signature, and that it is what it is taken
 * for (COLLATERAL_MISMATCH); of times only that it has a window. The refusals of the items themselves: TCB_INFO_*,
 * QE_IDENTITY_*, CRL_*, TCB_SIGNING_CHAIN_INVALID, VCEK_*, COLLATERAL_MALFORMED. */
ATT_API ATT_CHECK bool att_item_check(const struct att_lib *lib, const struct att_collateral_item *item,
                                      struct att_item_facts *ret, struct att_err *err);

/* One row of a TCB_NUMBERS item. */
struct att_tcb_number {
    uint32_t number;
    int64_t recovery_event_unix_s; /* tcbRecoveryEventDate */
    int64_t tcb_date_unix_s;       /* tcbDate */
};
/* Of an item that att_item_check has passed; highest number first, in the arena. */
ATT_API ATT_CHECK bool att_tcb_numbers_read(struct att_arena *arena, struct att_span body,
                                            const struct att_tcb_number **ret, size_t *ret_count,
                                            struct att_err *err);

/* -- snapshots ------------------------------------------------------------------------------------------------ */

enum att_collateral_use {
    ATT_COLLATERAL_INDEXED, /* pick by TEE, FMSPC and issuing CA; nothing fits: COLLATERAL_MISSING */
    ATT_COLLATERAL_SOLE,    /* exactly one bundle: judge with it, and say in which way it does not fit */
};

/* One platform's DCAP collateral, in the forms of Intel's PCS: JSON envelopes, PEM chains leaf first, CRLs as
 * DER, hex of DER or PEM. Borrowed for the call. An empty span is an item that is not there. */
struct att_dcap_bundle {
    const char *name; /* shown in refusals; a folder or platform name */
    struct att_span tcb_info;
    struct att_span tcb_info_issuer_chain;
    struct att_span qe_identity;
    struct att_span qe_identity_issuer_chain;
    struct att_span pck_crl;
    struct att_span pck_crl_issuer_chain;
    struct att_span root_ca_crl;
    enum att_tcb_set set; /* of TCB info and QE identity */
};

/* AMD's lists for one product. A list that is there is used, and must be usable; without one, revocation is not looked
 * at. `chain`: ASK or ASVK and ARK, or the ARK alone, as PEM. */
struct att_amd_bundle {
    const char *name;
    struct att_span vcek_crl;
    struct att_span vcek_chain;
    struct att_span vlek_crl;
    struct att_span vlek_chain;
};

/* Highest evaluation number that was ever current for a platform family: collateral below it is refused
 * (TCB_EVAL_NUMBER_TOO_LOW), unless its very number is pinned. */
struct att_tcb_floor {
    enum att_tee tee;
    uint8_t fmspc[6];
    uint32_t evaluation_number;
};

struct att_collateral_in {
    size_t size; /* sizeof(struct att_collateral_in) */
    const struct att_dcap_bundle *dcap;
    size_t dcap_count;
    const struct att_amd_bundle *amd;
    size_t amd_count;
    /* Single items: TCB infos, QE identities and lists find each other. VCEK and TCB_NUMBERS are passed over. */
    const struct att_collateral_item *items;
    size_t item_count;
    const struct att_tcb_floor *floors;
    size_t floor_count;
    enum att_collateral_use use; /* SOLE: exactly one of `dcap`, no items */
};

struct att_collateral;

/* Reads and verifies every item. Fails for want of memory only, or when SOLE is not exactly one bundle. */
ATT_API ATT_CHECK bool att_collateral_new(const struct att_lib *lib, const struct att_collateral_in *in,
                                          struct att_collateral **ret, struct att_err *err);
/* One more reference, returned for convenience. */
ATT_API struct att_collateral *att_collateral_ref(struct att_collateral *c);
/* Gives one reference back; the last one frees the snapshot. NULL is fine. */
ATT_API void att_collateral_free(struct att_collateral *c);

/* What became of the items, for logs and `attestctl collateral show`: one row each. */
struct att_collateral_row {
    const char *bundle;
    const char *item; /* "tcb_info", "qe_identity", "pck_crl", "root_ca_crl", "vcek_crl", "vlek_crl" */
    enum att_tcb_set set;
    uint32_t evaluation_number; /* 0 when it has none */
    char subject[48];           /* "SGX 00606a000000", "QE", CN of the CRL's issuer */
    int64_t issued_unix_s;      /* issueDate, thisUpdate; 0 when it could not be read */
    int64_t next_unix_s;        /* nextUpdate */
    struct att_err refusal;     /* ATT_OK when the item is usable */
};
/* Fills at most `max` rows and returns how many there are; the names in them live as long as the snapshot. */
ATT_API size_t att_collateral_rows(const struct att_collateral *c, struct att_collateral_row *ret,
                                   size_t max);

#ifdef __cplusplus
}
#endif
#endif
