/* AMD's leaf certificates have serial 0 and no standard extension at all: a general chain check refuses them. ASK and
 * ARK go through one; the leaf is held to names, key, extensions and signature here. */
#include "evidence/snp/chain.h"

#include "base/auto.h"
#include "base/err.h"

#include <stdlib.h>

/* A verified pair of ASK and ARK: there are a handful in the world, and each new leaf needs one. */
struct issuer {
    struct att_cached cached; /* first */
    struct att_cert *ask;
    struct att_cert *ark;
    bool test_root;
};

/* The library's memory holds chains of several kinds, by SHA-256 of what was read. Who could make the bytes of one kind
 * hash to the key of another would have one object taken for another; so each kind changes its hashes in its own
 * way, and no bytes fit two kinds, whatever they are. */
enum key_kind { KEY_CHAIN = 0x55, KEY_ISSUER = 0xAA };

static const char *const places[SNP_CHAIN_CERTS] = { "sevsnp.chain[0]", "sevsnp.chain[1]",
                                                     "sevsnp.chain[2]" };

ATT_AUTO_PTR(chain_auto, struct snp_chain, snp_chain_drop)

static void certs_free(struct att_cert **certs, size_t count)
{
    for (size_t i = 0; i < count; i++)
        att_cert_free(certs[i]);
}

static void chain_destroy(struct att_cached *e)
{
    struct snp_chain *p = (struct snp_chain *)e; /* first member */

    certs_free(p->certs, SNP_CHAIN_CERTS);
    free(p);
}

void snp_chain_drop(struct snp_chain *p)
{
    if (p)
        att_cached_drop(&p->cached);
}

static void issuer_destroy(struct att_cached *e)
{
    struct issuer *i = (struct issuer *)e; /* first member */

    att_cert_free(i->ask);
    att_cert_free(i->ark);
    free(i);
}

/* The lengths go in as well: cut elsewhere, the same bytes are other certificates, or none. */
static bool key_make(const struct att_lib *lib, enum key_kind kind, const struct att_span *parts,
                     size_t count, uint8_t ret[32], struct att_err *err)
{
    uint8_t lengths[SNP_CHAIN_CERTS * 8];
    struct att_span all[SNP_CHAIN_CERTS + 1] = { { lengths, count * 8 } };

    for (size_t i = 0; i < count; i++) {
        for (size_t b = 0; b < 8; b++)
            lengths[i * 8 + b] = (uint8_t)((uint64_t)parts[i].len >> 8 * b);
        all[i + 1] = parts[i];
    }
    if (!att_digest_parts(lib->crypto, ATT_SHA256, all, count + 1, ret))
        return att_fail(err, ATT_CRYPTO_FAILED, "sevsnp.chain", "a digest", "none");
    for (size_t i = 0; i < 32; i++)
        ret[i] ^= (uint8_t)kind;
    return true;
}

/* -- form ------------------------------------------------------------------------------------------------------- */

static bool pem_read(const struct att_lib *lib, struct att_span pem, struct snp_chain *p, struct att_err *err)
{
    struct att_cert *all[SNP_CHAIN_PEM_MAX] = { NULL };
    size_t count = 0;

    if (pem.len > lib->limits.cert_chain_bytes_max)
        return att_fail(err, ATT_VCEK_CHAIN_MALFORMED, "sevsnp.chain", "a chain within cert_chain_bytes_max",
                        "%zu bytes", pem.len);
    if (!att_certs_from_pem(lib->crypto, pem, &lib->limits, all, SNP_CHAIN_PEM_MAX, &count, err))
        return att_fail_as(err, ATT_VCEK_CHAIN_MALFORMED, "sevsnp.chain");
    if (count < SNP_CHAIN_CERTS) {
        certs_free(all, count);
        return att_fail(err, ATT_VCEK_CHAIN_MALFORMED, "sevsnp.chain",
                        "3 certificates: VCEK or VLEK, its ASK or ASVK, ARK", "%zu", count);
    }
    memcpy(p->certs, all, sizeof p->certs);
    certs_free(all + SNP_CHAIN_CERTS, count - SNP_CHAIN_CERTS);
    return true;
}

static bool der_read(const struct att_lib *lib, const struct att_span *der, struct snp_chain *p,
                     struct att_err *err)
{
    for (size_t i = 0; i < SNP_CHAIN_CERTS; i++)
        if (!att_cert_from_der(lib->crypto, der[i], &lib->limits, &p->certs[i], err))
            return att_fail_as(err, ATT_VCEK_CHAIN_MALFORMED, places[i]);
    return true;
}

static bool named(const struct att_cert *cert, const char *start, const char *expected, const char *where,
                  enum snp_product *ret, struct att_err *err)
{
    const char *cn = att_cert_subject_cn(cert);
    size_t n = strlen(start);

    *ret = strncmp(cn, start, n) == 0 ? snp_product_of(att_str(cn + n)) : SNP_PRODUCT_UNKNOWN;
    if (*ret != SNP_PRODUCT_UNKNOWN)
        return true;
    return att_fail(err, ATT_VCEK_CHAIN_MALFORMED, where, expected, "\"%s\"",
                    att_shown(&(struct att_shown){ 0 }, att_str(cn)));
}

static bool leaf_form(const struct att_cert *cert, struct amd_leaf *ret, struct att_err *err)
{
    const char *cn = att_cert_subject_cn(cert);

    if (strcmp(cn, "SEV-VCEK") != 0 && strcmp(cn, "SEV-VLEK") != 0)
        return att_fail(err, ATT_VCEK_CHAIN_MALFORMED, places[SNP_CHAIN_LEAF],
                        "the leaf first: a certificate of SEV-VCEK or SEV-VLEK", "\"%s\"",
                        att_shown(&(struct att_shown){ 0 }, att_str(cn)));
    if (att_key_type(att_cert_key(cert)) != ATT_KEY_P384)
        return att_fail(err, ATT_VCEK_CHAIN_MALFORMED, places[SNP_CHAIN_LEAF], "a P-384 key",
                        "another kind of key");
    return amd_leaf_read(cert, ret, err) ||
           att_fail_as(err, ATT_VCEK_EXTENSION_MALFORMED, places[SNP_CHAIN_LEAF]);
}

/* All that AMD signs is signed so. What else a key of theirs may be made to sign is nothing that they said of a chip. */
static bool signed_as_amd_does(const struct snp_chain *p, struct att_err *err)
{
    for (size_t i = 0; i < SNP_CHAIN_CERTS; i++)
        if (!att_cert_signed_with_pss(p->certs[i], ATT_SHA384))
            return att_fail(err, ATT_VCEK_CHAIN_SIGNATURE_INVALID, places[i],
                            "a signature of RSASSA-PSS with SHA-384", "another algorithm");
    return true;
}

static bool links_by_name(const struct snp_chain *p, struct att_err *err)
{
    for (size_t i = 0; i + 1 < SNP_CHAIN_CERTS; i++)
        if (!att_span_eq(att_cert_issuer(p->certs[i]), att_cert_subject(p->certs[i + 1])))
            return att_fail(
                err, ATT_VCEK_CHAIN_SIGNATURE_INVALID, places[i], "named and signed by the next certificate",
                "issued by another name than \"%s\"",
                att_shown(&(struct att_shown){ 0 }, att_str(att_cert_subject_cn(p->certs[i + 1]))));
    return true;
}

static bool one_product(struct snp_chain *p, enum snp_product ask, enum snp_product ark, struct att_err *err)
{
    enum snp_product leaf = snp_product_of(att_str(p->leaf.product));

    if (leaf == SNP_PRODUCT_UNKNOWN || leaf != ask)
        return att_fail(err, ATT_PRODUCT_MISMATCH, "sevsnp.chain[0].product_name", snp_product_name(ask),
                        "\"%s\"", att_shown(&(struct att_shown){ 0 }, p->leaf.product_name));
    if (ask != ark)
        return att_fail(err, ATT_PRODUCT_MISMATCH, places[SNP_CHAIN_ARK], snp_product_name(ask), "%s",
                        snp_product_name(ark));
    p->product = leaf;
    return true;
}

bool snp_chain_read(const struct att_lib *lib, const struct snp_chain_in *in, struct snp_chain **ret,
                    struct att_err *err)
{
    ATT_AUTO(chain_auto) struct snp_chain *p = calloc(1, sizeof *p);
    enum snp_product ask, ark;

    if (!p)
        return att_fail_memory(err, "sevsnp.chain");
    att_cached_init(&p->cached, chain_destroy);
    if (!(in->pem.len > 0 ? pem_read(lib, in->pem, p, err) : der_read(lib, in->der, p, err)) ||
        !leaf_form(p->certs[SNP_CHAIN_LEAF], &p->leaf, err))
        return false;
    bool vlek = p->leaf.kind == ATT_AMD_VLEK;
    if (!named(p->certs[SNP_CHAIN_ASK], vlek ? "SEV-VLEK-" : "SEV-",
               vlek ? "an ASVK: SEV-VLEK-Milan, ..." : "an ASK: SEV-Milan, SEV-Genoa or SEV-Turin",
               places[SNP_CHAIN_ASK], &ask, err) ||
        !named(p->certs[SNP_CHAIN_ARK], "ARK-", "an ARK: ARK-Milan, ARK-Genoa or ARK-Turin",
               places[SNP_CHAIN_ARK], &ark, err) ||
        !links_by_name(p, err) || !one_product(p, ask, ark, err) || !signed_as_amd_does(p, err))
        return false;
    *ret = ATT_MOVE(p);
    return true;
}

/* -- signatures ------------------------------------------------------------------------------------------------- */

static bool pair_fails(enum att_chain_fault fault, size_t at, struct att_err *err)
{
    const char *where = places[SNP_CHAIN_ASK + at]; /* `at` counts from the ASK on */

    switch (fault) {
    case ATT_CHAIN_OK:
    case ATT_CHAIN_CRYPTO:
        break;
    case ATT_CHAIN_LINK:
        return att_fail(err, ATT_VCEK_CHAIN_SIGNATURE_INVALID, where,
                        at == 0 ? "named and signed by the next certificate" : "signed by its own key",
                        "another name or signature");
    case ATT_CHAIN_NOT_CA:
        return att_fail(err, ATT_VCEK_CHAIN_SIGNATURE_INVALID, where, "a CA that may issue this chain",
                        "a certificate that may not");
    case ATT_CHAIN_CRITICAL:
        return att_fail(err, ATT_VCEK_CHAIN_MALFORMED, where, "known critical extensions only",
                        "another one");
    case ATT_CHAIN_ROOT:
        return att_fail(err, ATT_ROOT_UNTRUSTED, where,
                        "a root whose key is trusted (AMD's ARKs are; others must be configured)",
                        "another root key");
    }
    return att_fail(err, ATT_CRYPTO_FAILED, where, "an answer", "none");
}

static bool pair_verify(const struct att_lib *lib, const struct snp_chain *p, bool *ret_test_root,
                        struct att_err *err)
{
    struct att_cert *const pair[] = { p->certs[SNP_CHAIN_ASK], p->certs[SNP_CHAIN_ARK] };
    size_t at = 0;

    /* A chain of two: to that check the ASK is the leaf, which need not be a CA. Here it must. */
    if (!att_cert_is_ca(pair[0]))
        return pair_fails(ATT_CHAIN_NOT_CA, 0, err);
    enum att_chain_fault fault =
        att_chain_check(lib->crypto, pair, 2, lib->roots, lib->root_count, NULL, &at, ret_test_root);
    return fault == ATT_CHAIN_OK || pair_fails(fault, at, err);
}

static void cert_share(struct att_cert **own, struct att_cert *known)
{
    struct att_cert *old = *own;

    *own = att_cert_ref(known);
    att_cert_free(old);
}

/* For want of memory it is not remembered, and that is all. */
static void issuer_remember(const struct att_lib *lib, const uint8_t key[32], const struct snp_chain *p)
{
    struct issuer *i = calloc(1, sizeof *i);

    if (!i)
        return;
    att_cached_init(&i->cached, issuer_destroy);
    i->ask = att_cert_ref(p->certs[SNP_CHAIN_ASK]);
    i->ark = att_cert_ref(p->certs[SNP_CHAIN_ARK]);
    i->test_root = p->test_root;
    att_chain_cache_put(lib->chains, key, &i->cached);
    att_cached_drop(&i->cached);
}

/* ASK and ARK: from memory when these very certificates held before, which spares two RSA checks. */
static bool issuer_verified(const struct att_lib *lib, struct snp_chain *p, struct att_err *err)
{
    const struct att_span parts[] = { att_cert_der(p->certs[SNP_CHAIN_ASK]),
                                      att_cert_der(p->certs[SNP_CHAIN_ARK]) };
    uint8_t key[32];

    if (!key_make(lib, KEY_ISSUER, parts, 2, key, err))
        return false;
    struct att_cached *known = att_chain_cache_get(lib->chains, key);
    if (known && known->destroy == issuer_destroy) {
        struct issuer *i = (struct issuer *)known; /* first member */
        cert_share(&p->certs[SNP_CHAIN_ASK], i->ask);
        cert_share(&p->certs[SNP_CHAIN_ARK], i->ark);
        p->test_root = i->test_root;
        att_cached_drop(known);
        return true;
    }
    att_cached_drop(known);
    if (!pair_verify(lib, p, &p->test_root, err))
        return false;
    issuer_remember(lib, key, p);
    return true;
}

static bool leaf_verify(const struct att_lib *lib, const struct snp_chain *p, struct att_err *err)
{
    switch (att_cert_signed_by(lib->crypto, p->certs[SNP_CHAIN_LEAF], p->certs[SNP_CHAIN_ASK])) {
    case ATT_SIG_VALID:
        return true;
    case ATT_SIG_INVALID:
    case ATT_SIG_BAD_KEY:
        return att_fail(err, ATT_VCEK_CHAIN_SIGNATURE_INVALID, places[SNP_CHAIN_LEAF],
                        "named and signed by the next certificate", "another signature");
    case ATT_SIG_FAILED:
        break;
    }
    return att_fail(err, ATT_CRYPTO_FAILED, places[SNP_CHAIN_LEAF], "an answer", "none");
}

bool snp_chain_verified(const struct att_lib *lib, const struct snp_chain_in *in, struct snp_chain **ret,
                        struct att_err *err)
{
    const struct att_span *parts = in->pem.len > 0 ? &in->pem : in->der;
    uint8_t key[32];

    if (!key_make(lib, KEY_CHAIN, parts, in->pem.len > 0 ? 1 : SNP_CHAIN_CERTS, key, err))
        return false;
    struct att_cached *known = att_chain_cache_get(lib->chains, key);
    if (known && known->destroy == chain_destroy) {
        *ret = (struct snp_chain *)known; /* first member */
        return true;
    }
    att_cached_drop(known);
    ATT_AUTO(chain_auto) struct snp_chain *p = NULL;
    if (!snp_chain_read(lib, in, &p, err) || !issuer_verified(lib, p, err) || !leaf_verify(lib, p, err))
        return false;
    att_chain_cache_put(lib->chains, key, &p->cached);
    *ret = ATT_MOVE(p);
    return true;
}
