#include "collateral/amd_vcek.h"

#include "base/auto.h"
#include "base/err.h"
#include "codec/der.h"
#include "collateral/amd_chain.h"
#include "collateral/amd_leaf.h"

ATT_AUTO_PTR(cert_auto, struct att_cert, att_cert_free)

static const char where[] = "collateral.vcek";
static const struct amd_chain_kind issuers = { "collateral.vcek_chain", ATT_VCEK_CHAIN_MALFORMED,
                                               ATT_VCEK_CHAIN_SIGNATURE_INVALID, ATT_ROOT_UNTRUSTED };

/* DER begins with a SEQUENCE; PEM is text. */
static bool leaf_parse(const struct att_lib *lib, struct att_span body, struct att_cert **ret,
                       struct att_err *err)
{
    size_t count = 0;
    bool ok = body.len > 0 && body.ptr[0] == ATT_DER_SEQUENCE
                  ? att_cert_from_der(lib->crypto, body, &lib->limits, ret, err)
                  : att_certs_from_pem(lib->crypto, body, &lib->limits, ret, 1, &count, err);

    return ok || att_fail_as(err, ATT_VCEK_CHAIN_MALFORMED, where);
}

static bool issued_by(const struct att_lib *lib, const struct att_cert *leaf, const struct amd_chain *chain,
                      struct att_err *err)
{
    if (!chain->ask || chain->signer != ATT_AMD_VCEK)
        return att_fail(err, ATT_VCEK_CHAIN_MALFORMED, issuers.where, "ASK and ARK",
                        chain->ask ? "ASVK and ARK" : "an ARK alone");
    if (att_key_type(att_cert_key(leaf)) != ATT_KEY_P384)
        return att_fail(err, ATT_VCEK_CHAIN_MALFORMED, where, "a P-384 key", "another kind of key");
    switch (att_cert_signed_by(lib->crypto, leaf, chain->ask)) {
    case ATT_SIG_VALID:
        return true;
    case ATT_SIG_FAILED:
        return att_fail(err, ATT_CRYPTO_FAILED, where, "an answer", "none");
    default:
        return att_fail(err, ATT_VCEK_CHAIN_SIGNATURE_INVALID, where, "the ASK's signature",
                        "another signature");
    }
}

static bool product_fits(const struct amd_leaf *leaf, const struct amd_chain *chain, struct att_err *err)
{
    if (leaf->kind != ATT_AMD_VCEK)
        return att_fail(err, ATT_VCEK_CHAIN_MALFORMED, where, "a VCEK", "a VLEK");
    if (strcmp(leaf->product, chain->product) != 0)
        return att_fail(err, ATT_PRODUCT_MISMATCH, where, chain->product, "%s", leaf->product);
    return true;
}

static void facts_of(const struct att_cert *cert, const struct amd_leaf *leaf, bool test_root,
                     struct att_item_facts *ret)
{
    struct att_item_facts f = { .is = { .kind = ATT_ITEM_VCEK } };

    memcpy(f.is.product, leaf->product, sizeof f.is.product);
    memcpy(f.is.chip_id, leaf->hwid.ptr, leaf->hwid.len);
    f.is.chip_id_bytes = (uint8_t)leaf->hwid.len;
    amd_leaf_tcb(leaf, f.is.tcb);
    f.issued_unix_s = att_cert_not_before(cert);
    f.next_unix_s = att_cert_not_after(cert);
    f.test_root = test_root;
    *ret = f;
}

bool amd_vcek_check(const struct att_lib *lib, const struct att_collateral_item *item,
                    struct att_item_facts *ret, struct att_err *err)
{
    ATT_AUTO(cert_auto) struct att_cert *cert = NULL;
    ATT_AUTO(amd_chain_clear) struct amd_chain chain = { 0 };
    struct amd_leaf leaf;

    if (!leaf_parse(lib, item->body, &cert, err) || !amd_leaf_read(cert, &leaf, err) ||
        !amd_chain_read(lib, &issuers, item->chain, &chain, err) || !product_fits(&leaf, &chain, err) ||
        !issued_by(lib, cert, &chain, err))
        return false;
    facts_of(cert, &leaf, chain.test_root, ret);
    return true;
}
