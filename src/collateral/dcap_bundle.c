#include "collateral/dcap_bundle.h"

#include "base/auto.h"
#include "base/err.h"
#include "collateral/dcap_cert.h"
#include "collateral/dcap_hash.h"
#include "collateral/dcap_signed.h"

#include <stdlib.h>

ATT_AUTO_PTR(arena_auto, struct att_arena, att_arena_free)
ATT_AUTO_PTR(bundle_auto, struct dcap_bundle, dcap_bundle_free)

static const struct dcap_signed_kind tcb_info_kind = { "tcbInfo", "collateral.tcb_info",
                                                       ATT_TCB_INFO_MALFORMED,
                                                       ATT_TCB_INFO_SIGNATURE_INVALID };
static const struct dcap_signed_kind qe_kind = { "enclaveIdentity", "collateral.qe_identity",
                                                 ATT_QE_IDENTITY_MALFORMED,
                                                 ATT_QE_IDENTITY_SIGNATURE_INVALID };
static const struct dcap_issuer_kind tcb_info_issuer = { DCAP_CN_TCB_SIGNING,
                                                         "collateral.tcb_info_issuer_chain",
                                                         ATT_TCB_SIGNING_CHAIN_INVALID };
static const struct dcap_issuer_kind qe_issuer = { DCAP_CN_TCB_SIGNING, "collateral.qe_identity_issuer_chain",
                                                   ATT_TCB_SIGNING_CHAIN_INVALID };
/* A list whose issuer leads to no trusted root is a list from somebody else. */
static const struct dcap_issuer_kind pck_crl_issuer = { DCAP_CN_CA, "collateral.pck_crl_issuer_chain",
                                                        ATT_CRL_ISSUER_MISMATCH };

/* One bundle in the making. */
struct making {
    const struct att_lib *lib;
    struct att_arena *scratch;
    struct dcap_bundle *b;
};

static bool ours(enum att_code code)
{
    return att_code_class(code) == ATT_CLASS_INTERNAL;
}

static bool present(const struct making *m, struct att_span item, const char *where, struct att_err *err)
{
    if (item.len > 0)
        return true;
    return att_fail(err, ATT_COLLATERAL_MISSING, where, "the item in the bundle", "absent from bundle \"%s\"",
                    att_shown(&(struct att_shown){ 0 }, att_str(m->b->name)));
}

/* Buffers of quote providers are C strings, NUL included. */
static struct att_span without_nul(struct att_span text)
{
    while (text.len > 0 && text.ptr[text.len - 1] == 0)
        text.len--;
    return text;
}

/* Everything about a signed document but its content. `ret` lives in the scratch arena. */
static bool document_read(const struct making *m, const struct dcap_signed_kind *kind,
                          const struct dcap_issuer_kind *issuer, struct att_span text, struct att_span chain,
                          struct dcap_document *doc, struct dcap_signed *ret)
{
    const struct att_crypto *c = m->lib->crypto;
    struct att_err *err = &doc->refusal;

    text = without_nul(text);
    if (!present(m, text, kind->where, err) || !present(m, chain, issuer->where, err))
        return false;
    if (!dcap_signed_read(kind, m->scratch, text, &m->lib->limits, ret, err))
        return false;
    if (!dcap_issuer_read(m->lib, issuer, chain, &doc->issuer, err))
        return false;
    if (!dcap_signed_check(kind, c, att_cert_key(doc->issuer.leaf), ret, err))
        return false;
    if (!dcap_hash_text(c, text, doc->text_sha256) ||
        !dcap_hash_chain(c, doc->issuer.leaf, doc->issuer.root, doc->chain_sha256))
        return att_fail(err, ATT_CRYPTO_FAILED, kind->where, "a digest", "none");
    return true;
}

/* False: the refusal stays with the item. */
static bool tcb_info_make(const struct making *m, const struct att_dcap_bundle *in)
{
    struct dcap_document *doc = &m->b->tcb_info_doc;
    struct dcap_signed d;
    bool ok = document_read(m, &tcb_info_kind, &tcb_info_issuer, in->tcb_info, in->tcb_info_issuer_chain, doc,
                            &d) &&
              dcap_tcb_info_read(&d.json, d.body, m->scratch, m->b->arena, &m->b->tcb_info, &doc->refusal);

    att_arena_reset(m->scratch);
    return ok;
}

static bool qe_make(const struct making *m, const struct att_dcap_bundle *in)
{
    struct dcap_document *doc = &m->b->qe_doc;
    struct dcap_signed d;
    bool ok =
        document_read(m, &qe_kind, &qe_issuer, in->qe_identity, in->qe_identity_issuer_chain, doc, &d) &&
        dcap_qe_identity_read(&d.json, d.body, m->scratch, m->b->arena, &m->b->qe, &doc->refusal);

    att_arena_reset(m->scratch);
    return ok;
}

static bool crl_read(const struct making *m, struct att_span bytes, const char *where, struct dcap_crl *list)
{
    if (!att_crl_parse(m->lib->crypto, bytes, &m->lib->limits, &list->crl, &list->refusal))
        return att_fail_as(&list->refusal, ATT_CRL_MALFORMED, where);
    if (!att_crl_has_number_and_aki(list->crl))
        return att_fail(&list->refusal, ATT_CRL_MALFORMED, where,
                        "the extensions CRL number and authority key id", "a list without one of them");
    return true;
}

static bool crl_signed_by(const struct making *m, const char *where, struct dcap_crl *list,
                          struct att_cert *issuer)
{
    switch (att_crl_signed_by(m->lib->crypto, list->crl, issuer)) {
    case ATT_SIG_VALID:
        list->issuer = att_cert_ref(issuer);
        return true;
    case ATT_SIG_FAILED:
        return att_fail(&list->refusal, ATT_CRYPTO_FAILED, where, "an answer", "none");
    default:
        return att_fail(&list->refusal, ATT_CRL_SIGNATURE_INVALID, where, "the issuer's signature",
                        "another signature");
    }
}

static void pck_crl_make(const struct making *m, const struct att_dcap_bundle *in,
                         struct dcap_issuer *ret_issuer)
{
    static const char where[] = "collateral.pck_crl";
    struct dcap_crl *list = &m->b->pck_crl;

    if (!present(m, in->pck_crl, where, &list->refusal) ||
        !present(m, in->pck_crl_issuer_chain, pck_crl_issuer.where, &list->refusal) ||
        !crl_read(m, in->pck_crl, where, list) ||
        !dcap_issuer_read(m->lib, &pck_crl_issuer, in->pck_crl_issuer_chain, ret_issuer, &list->refusal))
        return;
    if (!att_span_eq(att_crl_issuer(list->crl), att_cert_subject(ret_issuer->leaf))) {
        (void)att_fail(&list->refusal, ATT_CRL_ISSUER_MISMATCH, where, att_cert_subject_cn(ret_issuer->leaf),
                       "a list of another issuer");
        return;
    }
    (void)crl_signed_by(m, where, list, ret_issuer->leaf);
}

/* The root CRL comes without a chain: its issuer is the root of the others, which are checked by now. */
static void root_crl_make(const struct making *m, const struct att_dcap_bundle *in,
                          const struct dcap_issuer *pck)
{
    static const char where[] = "collateral.root_ca_crl";
    struct dcap_crl *list = &m->b->root_crl;
    struct att_cert *const roots[] = { m->b->tcb_info_doc.issuer.root, m->b->qe_doc.issuer.root, pck->root };

    if (!present(m, in->root_ca_crl, where, &list->refusal) || !crl_read(m, in->root_ca_crl, where, list))
        return;
    if (!dcap_hash_crl(m->lib->crypto, list->crl, list->pem_sha256)) {
        (void)att_fail(&list->refusal, ATT_CRYPTO_FAILED, where, "a digest", "none");
        return;
    }
    for (size_t i = 0; i < sizeof roots / sizeof roots[0]; i++)
        if (roots[i] && att_span_eq(att_crl_issuer(list->crl), att_cert_subject(roots[i]))) {
            (void)crl_signed_by(m, where, list, roots[i]);
            return;
        }
    (void)att_fail(&list->refusal, ATT_CRL_ISSUER_MISMATCH, where, "a list of the root of the issuer chains",
                   "a list of another issuer");
}

static bool internal_failure(const struct dcap_bundle *b, struct att_err *err)
{
    const struct att_err *const all[] = { &b->tcb_info_doc.refusal, &b->qe_doc.refusal, &b->pck_crl.refusal,
                                          &b->root_crl.refusal };

    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        if (all[i]->code != ATT_OK && ours(all[i]->code)) {
            if (err && err->code == ATT_OK)
                *err = *all[i];
            return true;
        }
    return false;
}

bool dcap_bundle_read(const struct att_lib *lib, const struct att_dcap_bundle *in, struct dcap_bundle **ret,
                      struct att_err *err)
{
    ATT_AUTO(arena_auto) struct att_arena *scratch = att_arena_new(lib->limits.arena_bytes_max);
    ATT_AUTO(bundle_auto) struct dcap_bundle *b = calloc(1, sizeof *b);
    ATT_AUTO(dcap_issuer_clear) struct dcap_issuer pck = { 0 };

    if (!b || !scratch)
        return att_fail_memory(err, "collateral");
    b->arena = att_arena_new(lib->limits.arena_bytes_max);
    if (b->arena)
        b->name = att_arena_dup(b->arena, att_str(in->name ? in->name : ""));
    if (!b->name)
        return att_fail_memory(err, "collateral");

    const struct making m = { lib, scratch, b };
    (void)tcb_info_make(&m, in); /* a bad item does not spoil the others: it keeps its refusal */
    (void)qe_make(&m, in);
    pck_crl_make(&m, in, &pck);
    root_crl_make(&m, in, &pck);
    if (internal_failure(b, err))
        return false;
    *ret = ATT_MOVE(b);
    return true;
}

void dcap_bundle_free(struct dcap_bundle *b)
{
    if (!b)
        return;
    dcap_issuer_clear(&b->tcb_info_doc.issuer);
    dcap_issuer_clear(&b->qe_doc.issuer);
    att_crl_free(b->pck_crl.crl);
    att_cert_free(b->pck_crl.issuer);
    att_crl_free(b->root_crl.crl);
    att_cert_free(b->root_crl.issuer);
    att_arena_free(b->arena);
    free(b);
}
