#include "collateral/amd_crl.h"

#include "base/auto.h"
#include "base/err.h"

#include <stdio.h>

static const char where_list[] = "collateral.amd_crl";
/* A list whose issuer leads to no trusted root is a list from somebody else. */
static const struct amd_chain_kind issuer_kind = { "collateral.amd_crl_chain", ATT_CRL_ISSUER_MISMATCH,
                                                   ATT_CRL_ISSUER_MISMATCH, ATT_CRL_ISSUER_MISMATCH };

void amd_crl_clear(struct amd_crl *l)
{
    att_crl_free(l->crl);
    att_cert_free(l->issuer);
    *l = (struct amd_crl){ 0 };
}

static bool present(struct att_span item, enum att_code code, const char *where, struct amd_crl *l)
{
    if (item.len > 0)
        return true;
    return att_fail(&l->refusal, code, where, "a list and the chain of its issuer", "nothing in \"%s\"",
                    att_shown(&(struct att_shown){ 0 }, att_str(l->name)));
}

static bool issuer_read(const struct att_lib *lib, struct att_span chain_pem, struct amd_crl *l)
{
    ATT_AUTO(amd_chain_clear) struct amd_chain chain = { 0 };

    if (!amd_chain_read(lib, &issuer_kind, chain_pem, &chain, &l->refusal))
        return false;
    l->issuer = ATT_MOVE(chain.ark);
    l->test_root = chain.test_root;
    memcpy(l->product, chain.product, sizeof l->product);
    return true;
}

/* AMD's lists need no number and no authority key id: the ARK that signed is known by its key. */
static void list_read(const struct att_lib *lib, struct att_span list, struct amd_crl *l)
{
    if (!att_crl_parse(lib->crypto, list, &lib->limits, &l->crl, &l->refusal)) {
        (void)att_fail_as(&l->refusal, ATT_CRL_MALFORMED, where_list);
        return;
    }
    if (!att_span_eq(att_crl_issuer(l->crl), att_cert_subject(l->issuer))) {
        (void)att_fail(&l->refusal, ATT_CRL_ISSUER_MISMATCH, where_list, att_cert_subject_cn(l->issuer),
                       "a list of another issuer");
        return;
    }
    switch (att_crl_signed_by(lib->crypto, l->crl, l->issuer)) {
    case ATT_SIG_VALID:
        return;
    case ATT_SIG_FAILED:
        (void)att_fail(&l->refusal, ATT_CRYPTO_FAILED, where_list, "an answer", "none");
        return;
    default:
        (void)att_fail(&l->refusal, ATT_CRL_SIGNATURE_INVALID, where_list, "the ARK's signature",
                       "another signature");
    }
}

void amd_crl_read(const struct att_lib *lib, const char *name, enum att_amd_signer signer,
                  struct att_span list, struct att_span chain_pem, struct amd_crl *ret)
{
    *ret = (struct amd_crl){ .signer = signer };
    (void)snprintf(ret->name, sizeof ret->name, "%s", name ? name : "");
    if (present(list, ATT_CRL_MALFORMED, where_list, ret) &&
        present(chain_pem, ATT_CRL_ISSUER_MISMATCH, issuer_kind.where, ret) &&
        issuer_read(lib, chain_pem, ret))
        list_read(lib, list, ret);
}
