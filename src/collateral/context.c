#include "collateral/context.h"

#include "base/auto.h"
#include "base/err.h"

#include <stdio.h>
#include <stdlib.h>

enum { CHAIN_CACHE_ENTRIES_DEFAULT = 4096, SPKI_PREFIX_BYTES = 26, POINT_BYTES = 65 };

/* DER in front of an uncompressed P-256 point in a SubjectPublicKeyInfo (RFC 5480). */
static const uint8_t p256_spki_prefix[SPKI_PREFIX_BYTES] = {
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01,
    0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
};

/* Intel SGX Root CA. The key is pinned, not the certificate: two certificates exist for it. */
static const uint8_t intel_sgx_root_point[POINT_BYTES] = {
    0x04, 0x0b, 0xa9, 0xc4, 0xc0, 0xc0, 0xc8, 0x61, 0x93, 0xa3, 0xfe, 0x23, 0xd6, 0xb0, 0x2c, 0xda, 0x10,
    0xa8, 0xbb, 0xd4, 0xe8, 0x8e, 0x48, 0xb4, 0x45, 0x85, 0x61, 0xa3, 0x6e, 0x70, 0x55, 0x25, 0xf5, 0x67,
    0x91, 0x8e, 0x2e, 0xdc, 0x88, 0xe4, 0x0d, 0x86, 0x0b, 0xd0, 0xcc, 0x4e, 0xe2, 0x6a, 0xac, 0xc9, 0x88,
    0xe5, 0x05, 0xa9, 0x53, 0x55, 0x8c, 0x45, 0x3f, 0x6b, 0x09, 0x04, 0xae, 0x73, 0x94,
};

/* AMD's root keys, by the SHA-256 of their SubjectPublicKeyInfo: ARK-Milan, ARK-Genoa, ARK-Turin. */
static const uint8_t amd_root_hashes[][32] = {
    { 0x9f, 0x05, 0x6b, 0xee, 0x44, 0x37, 0x7e, 0x29, 0x30, 0x8c, 0xb5, 0xff, 0xa8, 0x95, 0xbd, 0xfb,
      0x62, 0xd1, 0x88, 0x81, 0xfa, 0x6b, 0xed, 0x8d, 0x6f, 0x07, 0x5b, 0x02, 0x04, 0x08, 0x9c, 0xb9 },
    { 0x42, 0x9a, 0x69, 0xc9, 0x42, 0x2a, 0xa2, 0x58, 0xee, 0x4d, 0x8d, 0xb5, 0xfc, 0xda, 0x9c, 0x64,
      0x70, 0xef, 0x15, 0xf8, 0xcd, 0x5a, 0x9c, 0xeb, 0xd6, 0xcb, 0xc7, 0xd9, 0x0b, 0x86, 0x38, 0x31 },
    { 0x4f, 0x12, 0x54, 0x10, 0x56, 0x3a, 0x2a, 0xb9, 0xa5, 0x03, 0x56, 0xf9, 0x24, 0x3f, 0x6f, 0xe0,
      0xb6, 0xf7, 0x3d, 0xe9, 0x86, 0x03, 0xf5, 0x3f, 0x90, 0x33, 0x9c, 0x70, 0xe9, 0xd7, 0xad, 0x08 },
};
enum { AMD_ROOTS = sizeof amd_root_hashes / sizeof amd_root_hashes[0], BUILT_IN = 1 + AMD_ROOTS };

ATT_AUTO_PTR(lib_auto, struct att_lib, att_lib_free)
ATT_AUTO_PTR(cert_auto, struct att_cert, att_cert_free)

static bool pin_intel(struct att_lib *lib, struct att_err *err)
{
    const struct att_span parts[] = {
        { p256_spki_prefix, sizeof p256_spki_prefix },
        { intel_sgx_root_point, sizeof intel_sgx_root_point },
    };

    if (!att_digest_parts(lib->crypto, ATT_SHA256, parts, 2, lib->root_hashes[0]))
        return att_fail(err, ATT_CRYPTO_FAILED, "lib.roots", "a digest", "none");
    return true;
}

static bool pin_given(struct att_lib *lib, const struct att_root *root, size_t at, struct att_err *err)
{
    ATT_AUTO(cert_auto) struct att_cert *cert = NULL;
    size_t count = 0;

    if (!att_certs_from_pem(lib->crypto, root->pem, &lib->limits, &cert, 1, &count, err)) {
        char where[32];
        (void)snprintf(where, sizeof where, "lib.roots[%zu]", at - BUILT_IN);
        return att_fail_as(err, ATT_CERT_MALFORMED, where);
    }
    if (!att_cert_spki_sha256(lib->crypto, cert, lib->root_hashes[at]))
        return att_fail(err, ATT_CRYPTO_FAILED, "lib.roots", "a digest", "none");
    return true;
}

static bool pin(struct att_lib *lib, const struct att_lib_options *o, size_t at, struct att_err *err)
{
    if (at == 0)
        return pin_intel(lib, err);
    if (at >= BUILT_IN)
        return pin_given(lib, &o->roots[at - BUILT_IN], at, err);
    memcpy(lib->root_hashes[at], amd_root_hashes[at - 1], 32);
    return true;
}

static bool pin_all(struct att_lib *lib, const struct att_lib_options *o, struct att_err *err)
{
    size_t count = BUILT_IN + (o ? o->root_count : 0);

    lib->roots = calloc(count, sizeof *lib->roots);
    lib->root_hashes = calloc(count, sizeof *lib->root_hashes);
    if (!lib->roots || !lib->root_hashes)
        return att_fail_memory(err, "lib.roots");
    for (size_t i = 0; i < count; i++) {
        if (!pin(lib, o, i, err))
            return false;
        lib->roots[i].spki_sha256 = att_span_of(lib->root_hashes[i], 32);
        lib->roots[i].test_root = i >= BUILT_IN && o->roots[i - BUILT_IN].test_root;
        lib->root_count = i + 1;
    }
    return true;
}

bool att_lib_new(const struct att_lib_options *options, struct att_lib **ret, struct att_err *err)
{
    if (options && options->size != sizeof *options)
        return att_fail(err, ATT_PARAMETER_INVALID, "options.size", "sizeof(struct att_lib_options)", "%zu",
                        options->size);

    ATT_AUTO(lib_auto) struct att_lib *lib = calloc(1, sizeof *lib);
    if (!lib)
        return att_fail_memory(err, "lib");
    lib->limits = options && options->limits ? *options->limits : att_limits_default;
    lib->crypto = att_crypto_new();
    if (!lib->crypto)
        return att_fail(err, ATT_CRYPTO_FAILED, "lib.crypto", "OpenSSL with its default provider",
                        "an algorithm that cannot be fetched");
    size_t entries = options ? options->chain_cache_entries : 0;
    lib->chains = att_chain_cache_new(entries ? entries : CHAIN_CACHE_ENTRIES_DEFAULT);
    if (!lib->chains)
        return att_fail_memory(err, "lib.chains");
    struct att_fast_options fast = { 0 };
    if (options)
        fast = (struct att_fast_options){ options->key_table_bytes_max, options->work_wanted,
                                          options->work_ctx };
    lib->fast_keys = att_fast_keys_new(lib->crypto, &fast);
    if (!lib->fast_keys)
        return att_fail_memory(err, "lib.key_tables");
    if (!pin_all(lib, options, err))
        return false;
    *ret = ATT_MOVE(lib);
    return true;
}

void att_lib_free(struct att_lib *lib)
{
    if (!lib)
        return;
    att_chain_cache_free(lib->chains);
    att_fast_keys_free(lib->fast_keys);
    free(lib->roots);
    free(lib->root_hashes);
    att_crypto_free(lib->crypto);
    free(lib);
}

const struct att_limits *att_lib_limits(const struct att_lib *lib)
{
    return &lib->limits;
}

bool att_lib_work(struct att_lib *lib)
{
    return att_fast_work(lib->fast_keys);
}

void att_lib_key_tables(const struct att_lib *lib, size_t *ret_count, size_t *ret_bytes)
{
    struct att_fast_stats s;

    att_fast_keys_stats(lib->fast_keys, &s);
    *ret_count = s.tables;
    *ret_bytes = s.bytes;
}
