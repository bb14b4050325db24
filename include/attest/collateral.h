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
 *     if (!att_lib_new(NULL, &lib, &err) ||
 *         !att_collateral_new(lib, &b, 1, ATT_COLLATERAL_INDEXED, &snapshot, &err))
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
 * Spec: Intel PCS API v3 and v4 (TCB info v2 and v3, QE identity v2), RFC 5280 for revocation lists.
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
 * its users, shared by all threads. Intel's SGX root key is built in. */
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
    size_t chain_cache_entries; /* verified PCK chains kept; 0: 4096 */
};

/* options may be NULL. Caller frees with att_lib_free, after every snapshot made with it. CERT_MALFORMED: a given
 * root; CRYPTO_FAILED: OpenSSL lacks an algorithm. */
ATT_API ATT_CHECK bool att_lib_new(const struct att_lib_options *options, struct att_lib **ret,
                                   struct att_err *err);
/* NULL is fine. */
ATT_API void att_lib_free(struct att_lib *lib);
/* The limits it was made with; they live as long as the library. */
ATT_API const struct att_limits *att_lib_limits(const struct att_lib *lib);

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
};

enum att_collateral_use {
    ATT_COLLATERAL_INDEXED, /* pick by TEE, FMSPC and issuing CA; nothing fits: COLLATERAL_MISSING */
    ATT_COLLATERAL_SOLE,    /* exactly one bundle: judge with it, and say in which way it does not fit */
};

struct att_collateral;

/* Reads and verifies every item. Fails for want of memory only, or when SOLE is not exactly one bundle. */
ATT_API ATT_CHECK bool att_collateral_new(const struct att_lib *lib, const struct att_dcap_bundle *bundles,
                                          size_t count, enum att_collateral_use use,
                                          struct att_collateral **ret, struct att_err *err);
/* One more reference, returned for convenience. */
ATT_API struct att_collateral *att_collateral_ref(struct att_collateral *c);
/* Gives one reference back; the last one frees the snapshot. NULL is fine. */
ATT_API void att_collateral_free(struct att_collateral *c);

/* What became of the items, for logs and `attestctl collateral show`: one row each. */
struct att_collateral_row {
    const char *bundle;
    const char *item;       /* "tcb_info", "qe_identity", "pck_crl", "root_ca_crl" */
    char subject[48];       /* "SGX 00606a000000", "QE", CN of the CRL's issuer */
    int64_t issued_unix_s;  /* issueDate, thisUpdate; 0 when it could not be read */
    int64_t next_unix_s;    /* nextUpdate */
    struct att_err refusal; /* ATT_OK when the item is usable */
};
/* Fills at most `max` rows and returns how many there are; the names in them live as long as the snapshot. */
ATT_API size_t att_collateral_rows(const struct att_collateral *c, struct att_collateral_row *ret,
                                   size_t max);

#ifdef __cplusplus
}
#endif
#endif
