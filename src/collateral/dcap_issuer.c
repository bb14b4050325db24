#include "collateral/dcap_issuer.h"

#include "base/auto.h"
#include "base/err.h"
#include "collateral/dcap_cert.h"

void dcap_issuer_clear(struct dcap_issuer *i)
{
    att_cert_free(i->leaf);
    att_cert_free(i->root);
    *i = (struct dcap_issuer){ 0 };
}

static bool chain_holds(const struct att_lib *lib, const struct dcap_issuer_kind *kind, struct dcap_issuer *i,
                        struct att_err *err)
{
    struct att_cert *const chain[] = { i->leaf, i->root };
    size_t at = 0;

    switch (att_chain_check(lib->crypto, chain, 2, lib->roots, lib->root_count, NULL, &at, &i->test_root)) {
    case ATT_CHAIN_OK:
        return true;
    case ATT_CHAIN_LINK:
        return att_fail(err, kind->invalid, kind->where, "each certificate signed by the next",
                        "certificate %zu is not", at);
    case ATT_CHAIN_NOT_CA:
        return att_fail(err, kind->invalid, kind->where, "issuers that are CAs", "certificate %zu is none",
                        at);
    case ATT_CHAIN_CRITICAL:
        return att_fail(err, kind->invalid, kind->where, "known critical extensions only",
                        "certificate %zu has another", at);
    case ATT_CHAIN_ROOT:
        return att_fail(err, kind->invalid, kind->where, "a root whose key is trusted", "another root");
    case ATT_CHAIN_CRYPTO:
        break;
    }
    return att_fail(err, ATT_CRYPTO_FAILED, kind->where, "an answer", "none");
}

bool dcap_issuer_read(const struct att_lib *lib, const struct dcap_issuer_kind *kind, struct att_span pem,
                      struct dcap_issuer *ret, struct att_err *err)
{
    ATT_AUTO(dcap_issuer_clear) struct dcap_issuer i = { 0 };
    struct att_cert *certs[2] = { NULL, NULL };
    size_t count = 0;

    if (!att_certs_from_pem(lib->crypto, pem, &lib->limits, certs, 2, &count, err))
        return att_fail_as(err, kind->invalid, kind->where);
    i.leaf = certs[0];
    i.root = count > 1 ? certs[1] : NULL;
    if (!i.root)
        return att_fail(err, kind->invalid, kind->where, "two certificates: issuer, root", "%zu", count);
    if (!dcap_cert_form(i.leaf, kind->cn, kind->invalid, kind->where, err) ||
        !dcap_cert_form(i.root, DCAP_CN_ROOT, kind->invalid, kind->where, err) ||
        !chain_holds(lib, kind, &i, err))
        return false;
    *ret = i;
    i = (struct dcap_issuer){ 0 };
    return true;
}
