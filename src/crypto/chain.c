/* A chain, leaf first, root last (RFC 5280 6.1, without time, names and policies). What is free is looked at
 * first: a chain that a stranger made up is refused before any signature is computed. */
#include "crypto/x509_core.h"

enum { CHAIN_MAX = 10 };

static bool is_understood(struct att_span oid, const char *const *known)
{
    if (att_oid_is(oid, "2.5.29.19") || att_oid_is(oid, "2.5.29.15"))
        return true;
    for (; known && *known; known++) {
        if (att_oid_is(oid, *known))
            return true;
    }
    return false;
}

static bool criticals_understood(const struct att_cert *cert, const char *const *known)
{
    for (size_t i = 0; i < cert->extension_count; i++) {
        if (cert->extensions[i].critical && !is_understood(cert->extensions[i].oid, known))
            return false;
    }
    return true;
}

/* `below` counts the intermediates under this issuer that are not self-issued (RFC 5280 4.2.1.9); the leaf is
 * none. */
static bool may_issue(const struct att_cert *cert, size_t below)
{
    if (!att_cert_is_ca(cert))
        return false;
    return !cert->has_path_len || below <= cert->path_len;
}

/* Who issued certificate `i`: the next one; a chain that ends in its root, the last itself; else it is not asked. */
static const struct att_cert *issuer_of(struct att_cert *const *chain, size_t count, size_t i, bool rooted)
{
    if (i + 1 < count)
        return chain[i + 1];
    return rooted ? chain[i] : NULL;
}

static enum att_chain_fault structure(struct att_cert *const *chain, size_t count, bool rooted,
                                      const char *const *known, size_t *ret_at)
{
    size_t below = 0;

    for (size_t i = 0; i < count; i++) {
        const struct att_cert *issuer = issuer_of(chain, count, i, rooted);
        *ret_at = i;
        if (!criticals_understood(chain[i], known))
            return ATT_CHAIN_CRITICAL;
        if (i > 0 && !may_issue(chain[i], below))
            return ATT_CHAIN_NOT_CA;
        if (i > 0 && !att_cert_is_self_issued(chain[i]))
            below++;
        if (chain[i]->serial.len == 0 || (issuer && !att_span_eq(chain[i]->issuer, issuer->subject)))
            return ATT_CHAIN_LINK;
    }
    return ATT_CHAIN_OK;
}

static enum att_chain_fault pinned(const struct att_crypto *c, const struct att_cert *root,
                                   const struct att_pinned_key *roots, size_t root_count, bool *ret_test_root)
{
    enum att_chain_fault fault = ATT_CHAIN_ROOT;
    uint8_t digest[32];

    if (!att_cert_spki_sha256(c, root, digest))
        return ATT_CHAIN_CRYPTO;
    for (size_t i = 0; i < root_count; i++) {
        if (!att_span_eq(roots[i].spki_sha256, att_span_of(digest, sizeof digest)))
            continue;
        fault = ATT_CHAIN_OK;
        *ret_test_root = *ret_test_root || roots[i].test_root;
    }
    return fault;
}

static enum att_chain_fault signatures(const struct att_crypto *c, struct att_cert *const *chain,
                                       size_t count, bool rooted, size_t *ret_at)
{
    for (size_t i = 0; i < count; i++) {
        const struct att_cert *issuer = issuer_of(chain, count, i, rooted);
        if (!issuer)
            break;
        *ret_at = i;
        switch (att_cert_signed_by(c, chain[i], issuer)) {
        case ATT_SIG_VALID:
            continue;
        case ATT_SIG_FAILED:
            return ATT_CHAIN_CRYPTO;
        case ATT_SIG_INVALID:
        case ATT_SIG_BAD_KEY:
            return ATT_CHAIN_LINK;
        }
        return ATT_CHAIN_CRYPTO; /* an answer that is none of the four */
    }
    return ATT_CHAIN_OK;
}

enum att_chain_fault att_chain_check(const struct att_crypto *c, struct att_cert *const *chain, size_t count,
                                     const struct att_pinned_key *roots, size_t root_count,
                                     const char *const *known_critical, size_t *ret_at, bool *ret_test_root)
{
    bool test_root = false;
    size_t at = 0;

    if (count == 0 || count > CHAIN_MAX) {
        *ret_at = count == 0 ? 0 : CHAIN_MAX;
        return ATT_CHAIN_LINK;
    }
    enum att_chain_fault fault = structure(chain, count, true, known_critical, &at);
    if (fault == ATT_CHAIN_OK) {
        at = count - 1;
        fault = pinned(c, chain[count - 1], roots, root_count, &test_root);
    }
    if (fault == ATT_CHAIN_OK)
        fault = signatures(c, chain, count, true, &at);
    if (fault != ATT_CHAIN_OK) {
        *ret_at = at;
        return fault;
    }
    *ret_test_root = test_root;
    return ATT_CHAIN_OK;
}

enum att_chain_fault att_chain_links(const struct att_crypto *c, struct att_cert *const *chain, size_t count,
                                     const char *const *known_critical, size_t *ret_at)
{
    size_t at = 0;

    if (count == 0 || count > CHAIN_MAX) {
        *ret_at = count == 0 ? 0 : CHAIN_MAX;
        return ATT_CHAIN_LINK;
    }
    enum att_chain_fault fault = structure(chain, count, false, known_critical, &at);
    if (fault == ATT_CHAIN_OK)
        fault = signatures(c, chain, count, false, &at);
    if (fault != ATT_CHAIN_OK)
        *ret_at = at;
    return fault;
}
