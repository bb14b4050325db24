#include "collateral/amd_chain.h"

#include "base/auto.h"
#include "base/err.h"

#include <stdio.h>

enum { CHAIN_MAX = 2 };

void amd_chain_clear(struct amd_chain *c)
{
    att_cert_free(c->ask);
    att_cert_free(c->ark);
    *c = (struct amd_chain){ 0 };
}

bool amd_product_of(const struct att_cert *ark, char ret[8])
{
    static const char prefix[] = "ARK-";
    const char *cn = att_cert_subject_cn(ark);
    size_t len = strlen(cn);

    if (strncmp(cn, prefix, sizeof prefix - 1) != 0 || len == sizeof prefix - 1 ||
        len - (sizeof prefix - 1) > 7)
        return false;
    for (size_t i = sizeof prefix - 1; i < len; i++) /* it becomes part of an item's name */
        if (!((cn[i] >= 'A' && cn[i] <= 'Z') || (cn[i] >= 'a' && cn[i] <= 'z') ||
              (cn[i] >= '0' && cn[i] <= '9')))
            return false;
    memset(ret, 0, 8);
    memcpy(ret, cn + sizeof prefix - 1, len - (sizeof prefix - 1));
    return true;
}

static bool same_bytes(struct att_span a, struct att_span b)
{
    return a.len > 0 && att_span_eq(a, b); /* what a key does not have is like nothing */
}

bool amd_same_authority(const struct att_cert *a, const struct att_cert *b)
{
    const struct att_key *x = att_cert_key(a), *y = att_cert_key(b);

    if (!att_span_eq(att_cert_subject(a), att_cert_subject(b)) || att_key_type(x) != att_key_type(y))
        return false;
    if (att_key_type(x) != ATT_KEY_RSA)
        return same_bytes(att_key_point(x), att_key_point(y));
    return same_bytes(att_key_rsa_n(x), att_key_rsa_n(y)) && same_bytes(att_key_rsa_e(x), att_key_rsa_e(y));
}

/* The names say which product and which kind of leaf: "ARK-Milan" with "SEV-Milan" or "SEV-VLEK-Milan". */
static bool names_fit(const struct amd_chain_kind *kind, struct amd_chain *c, struct att_err *err)
{
    char ask[16], asvk[24];

    if (!amd_product_of(c->ark, c->product))
        return att_fail(err, kind->malformed, kind->where, "an ARK at its end", "\"%s\"",
                        att_shown(&(struct att_shown){ 0 }, att_str(att_cert_subject_cn(c->ark))));
    if (!c->ask)
        return true;
    (void)snprintf(ask, sizeof ask, "SEV-%s", c->product);
    (void)snprintf(asvk, sizeof asvk, "SEV-VLEK-%s", c->product);
    struct att_span cn = att_str(att_cert_subject_cn(c->ask));
    if (!att_span_is(cn, ask) && !att_span_is(cn, asvk))
        return att_fail(err, kind->malformed, kind->where, ask, "\"%s\"",
                        att_shown(&(struct att_shown){ 0 }, cn));
    c->signer = att_span_is(cn, asvk) ? ATT_AMD_VLEK : ATT_AMD_VCEK;
    return true;
}

static bool chain_holds(const struct att_lib *lib, const struct amd_chain_kind *kind, struct amd_chain *c,
                        struct att_err *err)
{
    struct att_cert *const certs[CHAIN_MAX] = { c->ask ? c->ask : c->ark, c->ark };
    size_t at = 0;

    switch (att_chain_check(lib->crypto, certs, c->ask ? 2 : 1, lib->roots, lib->root_count, NULL, &at,
                            &c->test_root)) {
    case ATT_CHAIN_OK:
        break;
    case ATT_CHAIN_LINK:
        return att_fail(err, kind->broken, kind->where, "each certificate signed by the next",
                        "certificate %zu is not", at);
    case ATT_CHAIN_NOT_CA:
        return att_fail(err, kind->broken, kind->where, "issuers that are CAs", "certificate %zu is none",
                        at);
    case ATT_CHAIN_CRITICAL:
        return att_fail(err, kind->broken, kind->where, "known critical extensions only",
                        "certificate %zu has another", at);
    case ATT_CHAIN_ROOT:
        return att_fail(err, kind->untrusted, kind->where, "an ARK whose key is trusted", "another root");
    case ATT_CHAIN_CRYPTO:
        return att_fail(err, ATT_CRYPTO_FAILED, kind->where, "an answer", "none");
    }
    if (c->ask && !att_cert_is_ca(c->ask)) /* the first of a chain need not be one for att_chain_check */
        return att_fail(err, kind->broken, kind->where, "issuers that are CAs", "certificate 0 is none");
    return true;
}

bool amd_chain_read(const struct att_lib *lib, const struct amd_chain_kind *kind, struct att_span pem,
                    struct amd_chain *ret, struct att_err *err)
{
    ATT_AUTO(amd_chain_clear) struct amd_chain c = { 0 };
    struct att_cert *certs[CHAIN_MAX] = { NULL, NULL };
    size_t count = 0;

    if (!att_certs_from_pem(lib->crypto, pem, &lib->limits, certs, CHAIN_MAX, &count, err))
        return att_fail_as(err, kind->malformed, kind->where);
    c.ask = count == CHAIN_MAX ? certs[0] : NULL;
    c.ark = certs[count - 1];
    if (!names_fit(kind, &c, err) || !chain_holds(lib, kind, &c, err))
        return false;
    *ret = c;
    c = (struct amd_chain){ 0 };
    return true;
}
