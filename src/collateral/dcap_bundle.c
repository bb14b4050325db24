#include "collateral/dcap_bundle.h"

#include "base/auto.h"
#include "base/err.h"
#include "collateral/dcap_cert.h"

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

/* One bundle in the making. */
struct making {
    struct dcap_source source;
    struct dcap_bundle *b;
};

static bool ours(enum att_code code)
{
    return att_code_class(code) == ATT_CLASS_INTERNAL;
}

/* False: the refusal stays with the item. */
static bool tcb_info_make(const struct making *m, struct att_span text, struct att_span chain)
{
    struct dcap_document *doc = &m->b->tcb_info_doc;
    struct dcap_signed d;
    bool ok =
        dcap_document_read(&m->source, &tcb_info_kind, &tcb_info_issuer, text, chain, doc, &d) &&
        dcap_tcb_info_read(&d.json, d.body, m->source.scratch, m->b->arena, &m->b->tcb_info, &doc->refusal);

    att_arena_reset(m->source.scratch);
    return ok;
}

static bool qe_make(const struct making *m, struct att_span text, struct att_span chain)
{
    struct dcap_document *doc = &m->b->qe_doc;
    struct dcap_signed d;
    bool ok =
        dcap_document_read(&m->source, &qe_kind, &qe_issuer, text, chain, doc, &d) &&
        dcap_qe_identity_read(&d.json, d.body, m->source.scratch, m->b->arena, &m->b->qe, &doc->refusal);

    att_arena_reset(m->source.scratch);
    return ok;
}

static void make_all(const struct making *m, const struct att_dcap_bundle *in)
{
    ATT_AUTO(dcap_issuer_clear) struct dcap_issuer pck = { 0 };
    struct dcap_bundle *b = m->b;

    (void)tcb_info_make(m, in->tcb_info,
                        in->tcb_info_issuer_chain); /* a bad item does not spoil the others */
    (void)qe_make(m, in->qe_identity, in->qe_identity_issuer_chain);
    dcap_pck_crl_read(&m->source, in->pck_crl, in->pck_crl_issuer_chain, &b->pck_crl, &pck);
    /* The root CRL comes without a chain: its issuer is the root of the others, which are checked by now. */
    struct att_cert *const roots[] = { b->tcb_info_doc.issuer.root, b->qe_doc.issuer.root, pck.root };
    dcap_root_crl_read(&m->source, in->root_ca_crl, roots, sizeof roots / sizeof roots[0], &b->root_crl);
}

/* What a single item does not bring is absent from it. */
static void make_one(const struct making *m, const struct att_collateral_item *item)
{
    static const struct att_span nothing;
    ATT_AUTO(dcap_issuer_clear) struct dcap_issuer pck = { 0 };
    const enum att_item_kind kind = item->what.kind;
    struct dcap_bundle *b = m->b;

    (void)tcb_info_make(m, kind == ATT_ITEM_TCB_INFO ? item->body : nothing, item->chain);
    (void)qe_make(m, kind == ATT_ITEM_QE_IDENTITY ? item->body : nothing, item->chain);
    dcap_pck_crl_read(&m->source, kind == ATT_ITEM_PCK_CRL ? item->body : nothing, item->chain, &b->pck_crl,
                      &pck);
    dcap_root_crl_read_chain(&m->source, kind == ATT_ITEM_ROOT_CA_CRL ? item->body : nothing, item->chain,
                             &b->root_crl);
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

/* Of a whole bundle, or of one item. */
static bool bundle_read(const struct att_lib *lib, const char *name, const struct att_dcap_bundle *all,
                        const struct att_collateral_item *one, struct dcap_bundle **ret, struct att_err *err)
{
    ATT_AUTO(arena_auto) struct att_arena *scratch = att_arena_new(lib->limits.arena_bytes_max);
    ATT_AUTO(bundle_auto) struct dcap_bundle *b = calloc(1, sizeof *b);

    if (!b || !scratch)
        return att_fail_memory(err, "collateral");
    b->arena = att_arena_new(lib->limits.arena_bytes_max);
    if (b->arena)
        b->name = att_arena_dup(b->arena, att_str(name ? name : ""));
    if (!b->name)
        return att_fail_memory(err, "collateral");
    b->set = all ? all->set : one->what.set;

    const struct making m = { { lib, scratch, b->name }, b };
    if (all)
        make_all(&m, all);
    else
        make_one(&m, one);
    if (internal_failure(b, err))
        return false;
    *ret = ATT_MOVE(b);
    return true;
}

bool dcap_bundle_read(const struct att_lib *lib, const struct att_dcap_bundle *in, struct dcap_bundle **ret,
                      struct att_err *err)
{
    return bundle_read(lib, in->name, in, NULL, ret, err);
}

bool dcap_bundle_read_item(const struct att_lib *lib, const struct att_collateral_item *item,
                           struct dcap_bundle **ret, struct att_err *err)
{
    char id[ATT_ITEM_ID_SIZE];

    return bundle_read(lib, item->name ? item->name : att_item_id(&item->what, id), NULL, item, ret, err);
}

void dcap_bundle_free(struct dcap_bundle *b)
{
    if (!b)
        return;
    if (!b->borrowed) {
        dcap_document_clear(&b->tcb_info_doc);
        dcap_document_clear(&b->qe_doc);
        dcap_crl_clear(&b->pck_crl);
        dcap_crl_clear(&b->root_crl);
        att_arena_free(b->arena);
    }
    free(b);
}
