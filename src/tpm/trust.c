/* The set of certificates, and the way from a leaf to one whose key is trusted.
 *
 * Names lead the search, signatures decide it: several authorities may have one name, and one authority several certificates.
 * Structure is judged by att_chain_links once a chain is whole; what can be seen in one certificate is judged before its signature
 * is asked for. */
#include "tpm/trust.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/auto.h"
#include "base/err.h"
#include "codec/der.h"

enum {
    PEM_BYTES_MAX =
        2 << 20,         /* 512 certificates of 4 KiB: this is an operator's file, not a chain in a quote */
    SIGNATURES_MAX = 64, /* of one search, however many authorities share a name */
    RSA_BITS_MIN = 2048,
};

struct node {
    struct att_cert *cert;
    bool root, test_root;
};

struct att_tpm_trust {
    atomic_uint refs;
    size_t count;
    struct node nodes[TPM_TRUST_CERTS_MAX];
};

ATT_AUTO_PTR(trust_auto, struct att_tpm_trust, att_tpm_trust_free)
ATT_AUTO_PTR(cert_auto, struct att_cert, att_cert_free)

/* -- the set -------------------------------------------------------------------------------------------------- */

static bool add_pem(struct att_tpm_trust *t, const struct att_crypto *c, const struct att_limits *limits,
                    struct att_span pem, struct node kind, const char *where, struct att_err *err)
{
    struct att_cert *certs[TPM_TRUST_CERTS_MAX];
    struct att_limits of_set = limits ? *limits : att_limits_default;
    size_t room = TPM_TRUST_CERTS_MAX - t->count;
    size_t count = 0;

    of_set.cert_chain_bytes_max = PEM_BYTES_MAX;
    if (room == 0)
        return att_fail(err, ATT_LIMIT_EXCEEDED, where, "at most 512 certificates in all", "more");
    if (!att_certs_from_pem(c, pem, &of_set, certs, room, &count, err))
        return att_fail_as(err, ATT_CERT_MALFORMED, where);
    for (size_t i = 0; i < count; i++) {
        kind.cert = certs[i];
        t->nodes[t->count++] = kind;
    }
    return true;
}

bool tpm_trust_new(const struct att_crypto *c, const struct att_limits *limits, const struct att_root *roots,
                   size_t root_count, struct att_span intermediates_pem, struct att_tpm_trust **ret,
                   struct att_err *err)
{
    ATT_AUTO(trust_auto) struct att_tpm_trust *t = calloc(1, sizeof *t);

    if (!t)
        return att_fail_memory(err, "trust");
    atomic_init(&t->refs, 1);
    for (size_t i = 0; i < root_count; i++) {
        char where[48];
        (void)snprintf(where, sizeof where, "trust.roots[%zu]", i);
        if (!add_pem(t, c, limits, roots[i].pem, (struct node){ NULL, true, roots[i].test_root }, where, err))
            return false;
    }
    if (intermediates_pem.len > 0 &&
        !add_pem(t, c, limits, intermediates_pem, (struct node){ NULL, false, false }, "trust.intermediates",
                 err))
        return false;
    *ret = ATT_MOVE(t);
    return true;
}

struct att_tpm_trust *att_tpm_trust_ref(struct att_tpm_trust *t)
{
    atomic_fetch_add_explicit(&t->refs, 1, memory_order_relaxed);
    return t;
}

void att_tpm_trust_free(struct att_tpm_trust *t)
{
    if (!t || atomic_fetch_sub_explicit(&t->refs, 1, memory_order_acq_rel) != 1)
        return;
    for (size_t i = 0; i < t->count; i++)
        att_cert_free(t->nodes[i].cert);
    free(t);
}

/* -- one certificate ------------------------------------------------------------------------------------------ */

static const struct {
    const char *usage;
    enum att_code code;
    const char *expected;
} kinds[] = {
    [TPM_CERT_AIK] = { "2.23.133.8.3", ATT_AIK_UNTRUSTED,
                       "extended key usage 2.23.133.8.3, of attestation keys" },
    [TPM_CERT_EK] = { "2.23.133.8.1", ATT_EK_UNTRUSTED,
                      "extended key usage 2.23.133.8.1, of endorsement keys" },
};

/* Alternative names (an EK's certificate names its TPM there), policies, extended usages. */
static const char *const known_critical[] = { "2.5.29.17", "2.5.29.32", "2.5.29.37", NULL };

struct search {
    const struct att_tpm_trust *trust;
    const struct att_crypto *crypto;
    int64_t now;
    struct att_cert *chain[TPM_TRUST_DEPTH_MAX];
    size_t depth; /* certificates in it, leaf first */
    size_t signatures;
    /* Why the last way that was tried ended; what is said when none is left. */
    const char *expected, *found;
    bool failed; /* the library could not answer */
};

static bool dead_end(struct search *s, const char *expected, const char *found)
{
    s->expected = expected;
    s->found = found;
    return false;
}

/* What every certificate of a chain must be. */
static bool fresh_and_strong(struct search *s, const struct att_cert *cert)
{
    const struct att_key *key = att_cert_key(cert);

    if (s->now < att_cert_not_before(cert))
        return dead_end(s, "certificates inside their dates", "one that is not yet valid");
    if (s->now > att_cert_not_after(cert))
        return dead_end(s, "certificates inside their dates", "one that has expired");
    if (att_key_type(key) == ATT_KEY_RSA && att_key_bits(key) < RSA_BITS_MIN)
        return dead_end(s, "RSA keys of 2048 bits or more", "a shorter one");
    return true;
}

/* Basic constraints that say CA at all, whatever the key usage says beside. */
static bool claims_ca(const struct att_cert *cert)
{
    struct att_span value, content;
    bool ca = false;

    if (!att_cert_extension(cert, "2.5.29.19", &value))
        return false;
    struct att_reader r = att_reader_of(value);
    if (!att_der_take(&r, ATT_DER_SEQUENCE, &content))
        return true;
    r = att_reader_of(content);
    return r.left > 0 && (!att_der_take_bool(&r, &ca) || ca);
}

static bool leaf_fits(struct search *s, const struct att_cert *leaf, enum tpm_cert_kind kind)
{
    if (!fresh_and_strong(s, leaf))
        return false;
    if (!att_cert_has_usage(leaf, kinds[kind].usage))
        return dead_end(s, kinds[kind].expected, "a certificate without it");
    if (claims_ca(leaf))
        return dead_end(s, "a certificate of a TPM's key", "one of an authority");
    if (kind == TPM_CERT_AIK && !att_cert_may_sign(leaf))
        return dead_end(s, "a key that may sign", "a key usage without digitalSignature");
    return true;
}

/* -- the search ----------------------------------------------------------------------------------------------- */

static bool on_the_way(const struct search *s, const struct att_cert *cert)
{
    for (size_t i = 0; i < s->depth; i++) {
        if (att_span_eq(att_cert_der(s->chain[i]), att_cert_der(cert)))
            return true;
    }
    return false;
}

/* May `n` have issued the certificate at the end of the chain? Dear questions last. */
static bool issued_by(struct search *s, const struct node *n)
{
    if (!att_cert_is_ca(n->cert))
        return dead_end(s, "issuers that are authorities", "one that is not");
    if (!fresh_and_strong(s, n->cert))
        return false;
    if (s->signatures == SIGNATURES_MAX)
        return dead_end(s, "a chain that is found after 64 signatures", "too many authorities of one name");
    s->signatures++;
    switch (att_cert_signed_by(s->crypto, s->chain[s->depth - 1], n->cert)) {
    case ATT_SIG_VALID:
        return true;
    case ATT_SIG_FAILED:
        s->failed = true;
        return false;
    case ATT_SIG_INVALID:
    case ATT_SIG_BAD_KEY:
        break;
    }
    return dead_end(s, "certificates signed by their issuers",
                    "one that is not, or by an algorithm not taken");
}

/* Path lengths, critical extensions, serial numbers: of the whole. */
static bool holds_together(struct search *s)
{
    size_t at = 0;

    switch (att_chain_links(s->crypto, s->chain, s->depth, known_critical, &at)) {
    case ATT_CHAIN_OK:
        return true;
    case ATT_CHAIN_NOT_CA:
        return dead_end(s, "authorities whose path length allows this chain", "one whose does not");
    case ATT_CHAIN_CRITICAL:
        return dead_end(s, "known critical extensions only", "another");
    case ATT_CHAIN_CRYPTO:
        s->failed = true;
        return false;
    case ATT_CHAIN_LINK:
    case ATT_CHAIN_ROOT:
        break;
    }
    return dead_end(s, "each certificate issued by the next, with a serial number", "one that is not");
}

/* The next of the same name that leads on, depth first; at most TPM_TRUST_DEPTH_MAX deep. */
static const struct node *climb(struct search *s)
{
    struct att_span issuer = att_cert_issuer(s->chain[s->depth - 1]);

    if (s->depth == TPM_TRUST_DEPTH_MAX) {
        (void)dead_end(s, "a chain of at most 6 certificates", "a longer one");
        return NULL;
    }
    for (size_t i = 0; i < s->trust->count && !s->failed; i++) {
        const struct node *n = &s->trust->nodes[i];
        if (!att_span_eq(att_cert_subject(n->cert), issuer) || on_the_way(s, n->cert) || !issued_by(s, n))
            continue;
        s->chain[s->depth++] = n->cert;
        const struct node *root = n->root ? (holds_together(s) ? n : NULL) : climb(s);
        if (root)
            return root;
        s->depth--;
    }
    return NULL;
}

static bool find(struct search *s, enum tpm_cert_kind kind, const char *where, struct tpm_cert_facts *facts,
                 struct att_err *err)
{
    const struct node *root = NULL;

    if (leaf_fits(s, s->chain[0], kind)) {
        (void)dead_end(s, "a chain to a trusted authority", "an issuer that is not known");
        root = climb(s);
    }
    if (s->failed)
        return att_fail(err, ATT_CRYPTO_FAILED, where, "an answer", "none");
    if (!root)
        return att_fail(err, kinds[kind].code, where, s->expected, "%s", s->found);
    facts->test_root = root->test_root;
    (void)snprintf(facts->issuer, sizeof facts->issuer, "%s", att_cert_subject_cn(root->cert));
    return true;
}

bool tpm_trust_check(const struct att_tpm_trust *trust, const struct att_crypto *c,
                     const struct att_limits *limits, struct att_span der, enum tpm_cert_kind kind,
                     const char *where, int64_t now_unix_s, struct tpm_cert_facts *ret, struct att_err *err)
{
    static const struct att_tpm_trust nobody = { .count = 0 };
    ATT_AUTO(cert_auto) struct att_cert *leaf = NULL;
    struct search s = { .trust = trust ? trust : &nobody, .crypto = c, .now = now_unix_s };

    *ret = (struct tpm_cert_facts){ .test_root = false };
    if (!att_cert_from_der(c, der, limits, &leaf, err))
        return att_fail_as(err, kinds[kind].code, where);
    s.chain[s.depth++] = leaf;
    bool trusted = find(&s, kind, where, ret, err);
    if (!s.failed)
        ret->key = att_key_ref((struct att_key *)(uintptr_t)att_cert_key(leaf));
    return trusted;
}

void tpm_cert_facts_clear(struct tpm_cert_facts *f)
{
    att_key_free(f->key);
    *f = (struct tpm_cert_facts){ .test_root = false };
}
