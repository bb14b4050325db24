#include "evidence/common/dcap_pck.h"

#include "base/auto.h"
#include "base/err.h"
#include "collateral/dcap_cert.h"

#include <stdio.h>
#include <stdlib.h>

static const char *const cn_parts[DCAP_PCK_CERTS] = { DCAP_CN_PCK, DCAP_CN_CA, DCAP_CN_ROOT };

ATT_AUTO_PTR(pck_auto, struct dcap_pck, dcap_pck_drop)

static void pck_destroy(struct att_cached *e)
{
    struct dcap_pck *p = (struct dcap_pck *)e; /* first member */

    for (size_t i = 0; i < DCAP_PCK_CERTS; i++)
        att_cert_free(p->certs[i]);
    free(p);
}

void dcap_pck_drop(struct dcap_pck *p)
{
    if (p)
        att_cached_drop(&p->cached);
}

static const char *place_of(struct dcap_place *room, const struct dcap_quote *q, size_t at)
{
    (void)snprintf(room->text, sizeof room->text, "%s.quote.pck_chain[%zu]", q->place, at);
    return room->text;
}

static bool certificates_read(const struct att_lib *lib, const struct dcap_quote *q, struct dcap_pck *p,
                              struct att_err *err)
{
    struct dcap_place place;
    size_t count = 0;

    if (q->pck_chain.len > lib->limits.cert_chain_bytes_max)
        return att_fail(err, ATT_PCK_CHAIN_MALFORMED, DCAP_AT(q, "quote.pck_chain"),
                        "a chain within cert_chain_bytes_max", "%zu bytes", q->pck_chain.len);
    if (!att_certs_from_pem(lib->crypto, q->pck_chain, &lib->limits, p->certs, DCAP_PCK_CERTS, &count, err))
        return att_fail_as(err, ATT_PCK_CHAIN_MALFORMED, DCAP_AT(q, "quote.pck_chain"));
    if (count != DCAP_PCK_CERTS)
        return att_fail(err, ATT_PCK_CHAIN_MALFORMED, DCAP_AT(q, "quote.pck_chain"),
                        "3 certificates: PCK, its CA, root", "%zu", count);
    for (size_t i = 0; i < DCAP_PCK_CERTS; i++)
        if (!dcap_cert_form(p->certs[i], cn_parts[i], ATT_PCK_CHAIN_MALFORMED, place_of(&place, q, i), err))
            return false;
    return true;
}

bool dcap_pck_read(const struct att_lib *lib, const struct dcap_quote *q, struct dcap_pck **ret,
                   struct att_err *err)
{
    ATT_AUTO(pck_auto) struct dcap_pck *p = calloc(1, sizeof *p);
    struct att_span content;

    if (!p)
        return att_fail_memory(err, DCAP_AT(q, "quote.pck_chain"));
    att_cached_init(&p->cached, pck_destroy);
    if (!certificates_read(lib, q, p, err))
        return false;
    if (!att_cert_extension(p->certs[DCAP_PCK_LEAF], DCAP_PCK_EXTENSION_OID, &content))
        return att_fail(err, ATT_PCK_EXTENSION_MALFORMED, DCAP_AT(q, "quote.pck_chain[0].sgx_extension"),
                        "the extension " DCAP_PCK_EXTENSION_OID, "absent");
    if (!dcap_pck_extension_read(content, DCAP_AT(q, "quote.pck_chain[0].sgx_extension"), &p->ext, err))
        return false;
    *ret = ATT_MOVE(p);
    return true;
}

static bool chain_holds(const struct att_lib *lib, const struct dcap_quote *q, struct dcap_pck *p,
                        struct att_err *err)
{
    struct dcap_place place;
    size_t at = 0;
    enum att_chain_fault fault = att_chain_check(lib->crypto, p->certs, DCAP_PCK_CERTS, lib->roots,
                                                 lib->root_count, NULL, &at, &p->test_root);

    switch (fault) {
    case ATT_CHAIN_OK:
        return true;
    case ATT_CHAIN_LINK:
        return att_fail(err, ATT_PCK_CHAIN_SIGNATURE_INVALID, place_of(&place, q, at),
                        at == DCAP_PCK_ROOT ? "signed by its own key"
                                            : "named and signed by the next certificate",
                        "another name or signature");
    case ATT_CHAIN_NOT_CA:
        return att_fail(err, ATT_PCK_CHAIN_SIGNATURE_INVALID, place_of(&place, q, at),
                        "a CA that may issue this chain", "a certificate that may not");
    case ATT_CHAIN_CRITICAL:
        return att_fail(err, ATT_PCK_CHAIN_MALFORMED, place_of(&place, q, at),
                        "known critical extensions only", "another one");
    case ATT_CHAIN_ROOT:
        return att_fail(err, ATT_ROOT_UNTRUSTED, place_of(&place, q, at),
                        "a root whose key is trusted (Intel's SGX root is; others must be configured)",
                        "another root key");
    case ATT_CHAIN_CRYPTO:
        break;
    }
    return att_fail(err, ATT_CRYPTO_FAILED, DCAP_AT(q, "quote.pck_chain"), "an answer", "none");
}

bool dcap_pck_verified(const struct att_lib *lib, const struct dcap_quote *q, struct dcap_pck **ret,
                       struct att_err *err)
{
    uint8_t key[32];

    if (!att_digest(lib->crypto, ATT_SHA256, q->pck_chain, key))
        return att_fail(err, ATT_CRYPTO_FAILED, DCAP_AT(q, "quote.pck_chain"), "a digest", "none");
    struct att_cached *known = att_chain_cache_get(lib->chains, key);
    if (known && known->destroy == pck_destroy) {
        *ret = (struct dcap_pck *)known; /* first member */
        return true;
    }
    att_cached_drop(
        known); /* of another kind: somebody has sent as a chain what that one's key was made from */
    ATT_AUTO(pck_auto) struct dcap_pck *p = NULL;
    if (!dcap_pck_read(lib, q, &p, err) || !chain_holds(lib, q, p, err))
        return false;
    att_chain_cache_put(lib->chains, key, &p->cached);
    *ret = ATT_MOVE(p);
    return true;
}
