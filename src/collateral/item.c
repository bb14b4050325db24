#include "collateral/item.h"

#include "base/auto.h"
#include "base/err.h"
#include "collateral/amd_vcek.h"
#include "collateral/dcap_cert.h"
#include "collateral/tcb_numbers.h"

#include <stdio.h>

ATT_AUTO_PTR(arena_auto, struct att_arena, att_arena_free)

static enum att_tee tee_of(enum dcap_tee tee)
{
    return tee == DCAP_TDX ? ATT_TEE_TDX : ATT_TEE_SGX;
}

/* The set is not written in an item, so it is believed; the number of a pinned one is. */
static void set_facts(const struct att_collateral_item *item, uint32_t number, struct att_item_facts *f)
{
    f->is.set = item->what.set;
    f->is.evaluation_number = f->is.set == ATT_SET_PINNED ? number : 0;
    f->evaluation_number = number;
}

static bool tcb_info_part(const struct att_lib *lib, const struct att_collateral_item *item,
                          struct item_part *p, struct att_err *err)
{
    struct att_item_facts *f = &p->facts;

    if (!dcap_bundle_read_item(lib, item, &p->dcap, err))
        return false;
    const struct dcap_tcb_info *info = &p->dcap->tcb_info;
    p->refusal = p->dcap->tcb_info_doc.refusal;
    f->is.tee = tee_of(info->tee);
    memcpy(f->is.fmspc, info->fmspc, sizeof f->is.fmspc);
    set_facts(item, info->evaluation_number, f);
    f->issued_unix_s = info->issued_unix_s;
    f->next_unix_s = info->next_unix_s;
    f->test_root = p->dcap->tcb_info_doc.issuer.test_root;
    return true;
}

static bool qe_part(const struct att_lib *lib, const struct att_collateral_item *item, struct item_part *p,
                    struct att_err *err)
{
    struct att_item_facts *f = &p->facts;

    if (!dcap_bundle_read_item(lib, item, &p->dcap, err))
        return false;
    const struct dcap_qe_identity *qe = &p->dcap->qe;
    p->refusal = p->dcap->qe_doc.refusal;
    if (p->refusal.code == ATT_OK && qe->id != DCAP_QE && qe->id != DCAP_TD_QE)
        (void)att_fail(&p->refusal, ATT_COLLATERAL_MISMATCH, "collateral.qe_identity.id", "QE or TD_QE", "%s",
                       dcap_qe_id_name(qe->id));
    f->is.tee = qe->id == DCAP_TD_QE ? ATT_TEE_TDX : ATT_TEE_SGX;
    set_facts(item, qe->evaluation_number, f);
    f->issued_unix_s = qe->issued_unix_s;
    f->next_unix_s = qe->next_unix_s;
    f->test_root = p->dcap->qe_doc.issuer.test_root;
    return true;
}

static bool numbers_part(const struct att_lib *lib, const struct att_collateral_item *item,
                         struct item_part *p, struct att_err *err)
{
    static const struct dcap_issuer_kind issuer = { DCAP_CN_TCB_SIGNING,
                                                    "collateral.tcb_numbers_issuer_chain",
                                                    ATT_TCB_SIGNING_CHAIN_INVALID };
    ATT_AUTO(arena_auto) struct att_arena *scratch = att_arena_new(lib->limits.arena_bytes_max);
    ATT_AUTO(dcap_document_clear) struct dcap_document doc = { 0 };
    struct dcap_source source = { lib, scratch, item->name ? item->name : "" };
    struct tcb_numbers n = { 0 };
    struct dcap_signed d;

    if (!scratch)
        return att_fail_memory(err, "collateral");
    if (dcap_document_read(&source, &tcb_numbers_kind, &issuer, item->body, item->chain, &doc, &d) &&
        tcb_numbers_content(&d.json, d.body, scratch, scratch, &n, &doc.refusal))
        p->facts = (struct att_item_facts){ .is = { .kind = p->kind, .tee = n.tee },
                                            .evaluation_number = n.numbers[0].number,
                                            .issued_unix_s = n.issued_unix_s,
                                            .next_unix_s = n.next_unix_s,
                                            .test_root = doc.issuer.test_root };
    p->refusal = doc.refusal;
    return true;
}

static void crl_facts(const struct att_crl *crl, struct att_item_facts *f)
{
    if (!crl)
        return;
    f->issued_unix_s = att_crl_this_update(crl);
    f->next_unix_s = att_crl_next_update(crl);
}

static bool intel_crl_part(const struct att_lib *lib, const struct att_collateral_item *item,
                           struct item_part *p, struct att_err *err)
{
    if (!dcap_bundle_read_item(lib, item, &p->dcap, err))
        return false;
    const struct dcap_crl *l = p->kind == ATT_ITEM_PCK_CRL ? &p->dcap->pck_crl : &p->dcap->root_crl;
    p->refusal = l->refusal;
    p->facts.is.platform_ca = p->kind == ATT_ITEM_PCK_CRL && l->issuer && dcap_is_platform_ca(l->issuer);
    p->facts.test_root = l->test_root;
    crl_facts(l->crl, &p->facts);
    return true;
}

/* A list does not say whether it is about VCEKs or VLEKs: that is believed, as the set is. */
static bool amd_crl_part(const struct att_lib *lib, const struct att_collateral_item *item,
                         struct item_part *p, struct att_err *err)
{
    char id[ATT_ITEM_ID_SIZE];

    (void)err;
    amd_crl_read(lib, item->name ? item->name : att_item_id(&item->what, id), item->what.signer, item->body,
                 item->chain, &p->amd);
    (void)snprintf(p->amd.taken_for, sizeof p->amd.taken_for, "%.7s", item->what.product);
    p->refusal = p->amd.refusal;
    p->facts.is.signer = item->what.signer;
    memcpy(p->facts.is.product, p->amd.product, sizeof p->amd.product);
    p->facts.test_root = p->amd.test_root;
    crl_facts(p->amd.crl, &p->facts);
    return true;
}

static bool vcek_part(const struct att_lib *lib, const struct att_collateral_item *item, struct item_part *p,
                      struct att_err *err)
{
    struct att_item_facts facts;

    (void)err;
    if (amd_vcek_check(lib, item, &facts, &p->refusal))
        p->facts = facts;
    return true; /* what is wrong is the refusal */
}

static bool (*const readers[ATT_ITEM_KIND_COUNT])(const struct att_lib *, const struct att_collateral_item *,
                                                  struct item_part *, struct att_err *) = {
    [ATT_ITEM_TCB_INFO] = tcb_info_part,
    [ATT_ITEM_QE_IDENTITY] = qe_part,
    [ATT_ITEM_TCB_NUMBERS] = numbers_part,
    [ATT_ITEM_PCK_CRL] = intel_crl_part,
    [ATT_ITEM_ROOT_CA_CRL] = intel_crl_part,
    [ATT_ITEM_AMD_CRL] = amd_crl_part,
    [ATT_ITEM_VCEK] = vcek_part,
};

/* Whatever it was taken for, its own content decides. */
static void compare(const struct att_collateral_item *item, struct item_part *p)
{
    char taken[ATT_ITEM_ID_SIZE], is[ATT_ITEM_ID_SIZE];

    if (p->refusal.code != ATT_OK ||
        strcmp(att_item_id(&item->what, taken), att_item_id(&p->facts.is, is)) == 0)
        return;
    (void)att_fail(&p->refusal, ATT_COLLATERAL_MISMATCH, "collateral.item", taken, "%s", is);
}

/* The verifiers look at the part, so it carries the refusal. */
static void spread(struct item_part *p)
{
    p->amd.refusal = p->refusal;
    if (!p->dcap)
        return;
    if (p->kind == ATT_ITEM_TCB_INFO)
        p->dcap->tcb_info_doc.refusal = p->refusal;
    if (p->kind == ATT_ITEM_QE_IDENTITY)
        p->dcap->qe_doc.refusal = p->refusal;
    if (p->kind == ATT_ITEM_PCK_CRL)
        p->dcap->pck_crl.refusal = p->refusal;
    if (p->kind == ATT_ITEM_ROOT_CA_CRL)
        p->dcap->root_crl.refusal = p->refusal;
}

bool item_part_read(const struct att_lib *lib, const struct att_collateral_item *item, struct item_part *ret,
                    struct att_err *err)
{
    ATT_AUTO(item_part_clear) struct item_part p = { .kind = item->what.kind };
    unsigned kind = (unsigned)item->what.kind;

    if (kind >= ATT_ITEM_KIND_COUNT || !readers[kind])
        return att_fail(err, ATT_PARAMETER_INVALID, "item.what.kind", "a kind of item", "%u", kind);
    p.facts.is.kind = item->what.kind;
    if (!readers[kind](lib, item, &p, err))
        return false;
    if (p.refusal.code != ATT_OK && att_code_class(p.refusal.code) == ATT_CLASS_INTERNAL) {
        if (err && err->code == ATT_OK)
            *err = p.refusal;
        return false;
    }
    compare(item, &p);
    spread(&p);
    *ret = p;
    p = (struct item_part){ 0 };
    return true;
}

void item_part_clear(struct item_part *p)
{
    dcap_bundle_free(p->dcap);
    amd_crl_clear(&p->amd);
    *p = (struct item_part){ 0 };
}

bool att_item_check(const struct att_lib *lib, const struct att_collateral_item *item,
                    struct att_item_facts *ret, struct att_err *err)
{
    ATT_AUTO(item_part_clear) struct item_part p = { 0 };

    if (!item_part_read(lib, item, &p, err))
        return false;
    if (p.refusal.code != ATT_OK) {
        if (err && err->code == ATT_OK)
            *err = p.refusal;
        return false;
    }
    *ret = p.facts;
    return true;
}
