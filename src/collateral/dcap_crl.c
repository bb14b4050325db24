#include "collateral/dcap_crl.h"

#include "base/err.h"
#include "collateral/dcap_cert.h"
#include "collateral/dcap_hash.h"

enum { CHAIN_MAX = 3 };

static const char where_pck[] = "collateral.pck_crl", where_root[] = "collateral.root_ca_crl";
static const char where_root_chain[] = "collateral.root_ca_crl_chain";
/* A list whose issuer leads to no trusted root is a list from somebody else. */
static const struct dcap_issuer_kind pck_crl_issuer = { DCAP_CN_CA, "collateral.pck_crl_issuer_chain",
                                                        ATT_CRL_ISSUER_MISMATCH };

void dcap_crl_clear(struct dcap_crl *l)
{
    att_crl_free(l->crl);
    att_cert_free(l->issuer);
}

static bool list_read(const struct dcap_source *s, struct att_span bytes, const char *where,
                      struct dcap_crl *l)
{
    if (!att_crl_parse(s->lib->crypto, bytes, &s->lib->limits, &l->crl, &l->refusal))
        return att_fail_as(&l->refusal, ATT_CRL_MALFORMED, where);
    if (!att_crl_has_number_and_aki(l->crl))
        return att_fail(&l->refusal, ATT_CRL_MALFORMED, where,
                        "the extensions CRL number and authority key id", "a list without one of them");
    return true;
}

static void signed_by(const struct dcap_source *s, const char *where, struct att_cert *issuer,
                      struct dcap_crl *l)
{
    switch (att_crl_signed_by(s->lib->crypto, l->crl, issuer)) {
    case ATT_SIG_VALID:
        l->issuer = att_cert_ref(issuer);
        return;
    case ATT_SIG_FAILED:
        (void)att_fail(&l->refusal, ATT_CRYPTO_FAILED, where, "an answer", "none");
        return;
    default:
        (void)att_fail(&l->refusal, ATT_CRL_SIGNATURE_INVALID, where, "the issuer's signature",
                       "another signature");
    }
}

void dcap_pck_crl_read(const struct dcap_source *s, struct att_span list, struct att_span chain,
                       struct dcap_crl *ret, struct dcap_issuer *ret_issuer)
{
    if (!dcap_present(s, list, where_pck, &ret->refusal) ||
        !dcap_present(s, chain, pck_crl_issuer.where, &ret->refusal) || !list_read(s, list, where_pck, ret) ||
        !dcap_issuer_read(s->lib, &pck_crl_issuer, chain, ret_issuer, &ret->refusal))
        return;
    ret->test_root = ret_issuer->test_root;
    if (!att_span_eq(att_crl_issuer(ret->crl), att_cert_subject(ret_issuer->leaf))) {
        (void)att_fail(&ret->refusal, ATT_CRL_ISSUER_MISMATCH, where_pck,
                       att_cert_subject_cn(ret_issuer->leaf), "a list of another issuer");
        return;
    }
    signed_by(s, where_pck, ret_issuer->leaf, ret);
}

static bool root_list_read(const struct dcap_source *s, struct att_span list, struct dcap_crl *ret)
{
    if (!dcap_present(s, list, where_root, &ret->refusal) || !list_read(s, list, where_root, ret))
        return false;
    if (!dcap_hash_crl(s->lib->crypto, ret->crl, ret->pem_sha256))
        return att_fail(&ret->refusal, ATT_CRYPTO_FAILED, where_root, "a digest", "none");
    return true;
}

void dcap_root_crl_read(const struct dcap_source *s, struct att_span list, struct att_cert *const *roots,
                        size_t root_count, struct dcap_crl *ret)
{
    if (!root_list_read(s, list, ret))
        return;
    for (size_t i = 0; i < root_count; i++)
        if (roots[i] && att_span_eq(att_crl_issuer(ret->crl), att_cert_subject(roots[i]))) {
            signed_by(s, where_root, roots[i], ret);
            return;
        }
    (void)att_fail(&ret->refusal, ATT_CRL_ISSUER_MISMATCH, where_root,
                   "a list of the root of the issuer chains", "a list of another issuer");
}

static bool chain_ends_in_root(const struct dcap_source *s, struct att_cert *const *certs, size_t count,
                               struct dcap_crl *ret)
{
    const struct att_lib *lib = s->lib;
    size_t at = 0;

    if (!dcap_cert_form(certs[count - 1], DCAP_CN_ROOT, ATT_CRL_ISSUER_MISMATCH, where_root_chain,
                        &ret->refusal))
        return false;
    switch (
        att_chain_check(lib->crypto, certs, count, lib->roots, lib->root_count, NULL, &at, &ret->test_root)) {
    case ATT_CHAIN_OK:
        return true;
    case ATT_CHAIN_CRYPTO:
        return att_fail(&ret->refusal, ATT_CRYPTO_FAILED, where_root_chain, "an answer", "none");
    default:
        return att_fail(&ret->refusal, ATT_CRL_ISSUER_MISMATCH, where_root_chain,
                        "a chain that ends in a root whose key is trusted", "another; see certificate %zu",
                        at);
    }
}

void dcap_root_crl_read_chain(const struct dcap_source *s, struct att_span list, struct att_span chain,
                              struct dcap_crl *ret)
{
    struct att_cert *certs[CHAIN_MAX] = { NULL };
    size_t count = 0;

    if (!dcap_present(s, list, where_root, &ret->refusal) ||
        !dcap_present(s, chain, where_root_chain, &ret->refusal))
        return;
    if (!att_certs_from_pem(s->lib->crypto, chain, &s->lib->limits, certs, CHAIN_MAX, &count,
                            &ret->refusal)) {
        (void)att_fail_as(&ret->refusal, ATT_CRL_ISSUER_MISMATCH, where_root_chain);
        return;
    }
    if (chain_ends_in_root(s, certs, count, ret))
        dcap_root_crl_read(s, list, &certs[count - 1], 1, ret);
    for (size_t i = 0; i < count; i++)
        att_cert_free(certs[i]);
}
