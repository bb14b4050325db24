/* Single items find each other: around each TCB info a bundle is put together from the QE identity of the same evaluation
 * set, and the root's list. Lists of the PCK CAs are looked for with each attestation (snapshot_pick.c): which CA it is
 * stands in the quote. What is put together borrows everything from the parts. */
#include "collateral/snapshot_core.h"

#include "base/err.h"
#include "collateral/dcap_cert.h"

#include <stdlib.h>

static bool usable(const struct item_part *p, enum att_item_kind kind)
{
    return p->kind == kind && p->refusal.code == ATT_OK;
}

static bool same_root(const struct item_part *a, const struct item_part *b)
{
    const struct att_cert *x = a->dcap->tcb_info_doc.issuer.root, *y = b->dcap->qe_doc.issuer.root;

    return x && y && dcap_same_authority(x, y);
}

/* The QE identity for a TCB info, as part of `set`: of a pinned set it has the very number, else it is the newest of the
 * set. Of the same root: another one's would be refused, and a good one beside it would not be seen. */
static const struct item_part *qe_for(const struct att_collateral *c, const struct item_part *tcb,
                                      enum att_tcb_set set)
{
    const struct item_part *best = NULL;

    for (size_t i = 0; i < c->part_count; i++) {
        const struct item_part *p = &c->parts[i];
        if (!usable(p, ATT_ITEM_QE_IDENTITY) || p->facts.is.tee != tcb->facts.is.tee ||
            p->facts.is.set != set || !same_root(tcb, p))
            continue;
        if (set == ATT_SET_PINNED && p->facts.evaluation_number != tcb->facts.evaluation_number)
            continue;
        if (!best || p->facts.issued_unix_s > best->facts.issued_unix_s ||
            (p->facts.issued_unix_s == best->facts.issued_unix_s &&
             p->facts.evaluation_number > best->facts.evaluation_number))
            best = p;
    }
    return best;
}

static const struct item_part *root_crl_for(const struct att_collateral *c, const struct att_cert *root)
{
    const struct item_part *best = NULL;

    for (size_t i = 0; root && i < c->part_count; i++) {
        const struct item_part *p = &c->parts[i];
        if (usable(p, ATT_ITEM_ROOT_CA_CRL) && dcap_same_authority(p->dcap->root_crl.issuer, root) &&
            (!best || p->facts.issued_unix_s > best->facts.issued_unix_s))
            best = p;
    }
    return best;
}

static void absent(struct att_err *refusal, const char *where, const char *name)
{
    *refusal = (struct att_err){ 0 };
    (void)att_fail(refusal, ATT_COLLATERAL_MISSING, where, "the item that belongs to the TCB info",
                   "none for \"%s\"", att_shown(&(struct att_shown){ 0 }, att_str(name)));
}

static bool compose_one(struct att_collateral *c, const struct item_part *tcb, const struct item_part *qe,
                        enum att_tcb_set set, struct att_err *err)
{
    struct dcap_bundle *b = calloc(1, sizeof *b);

    if (!b)
        return att_fail_memory(err, "collateral");
    *b = *tcb->dcap; /* TCB info; what it has none of is replaced below */
    b->borrowed = true;
    b->set = set;
    absent(&b->qe_doc.refusal, "collateral.qe_identity", b->name);
    absent(&b->root_crl.refusal, "collateral.root_ca_crl", b->name);
    absent(&b->pck_crl.refusal, "collateral.pck_crl", b->name);
    if (qe) {
        b->qe_doc = qe->dcap->qe_doc;
        b->qe = qe->dcap->qe;
    }
    const struct item_part *root = root_crl_for(c, b->tcb_info_doc.issuer.root);
    if (root)
        b->root_crl = root->dcap->root_crl;
    c->bundles[c->count++] = b;
    return true;
}

/* A current TCB info is what somebody asks for who pins its number, too; then the QE identity must have that number. When
 * the current one has another, a bundle with the pinned one stands beside. */
static bool compose_for(struct att_collateral *c, const struct item_part *tcb, struct att_err *err)
{
    enum att_tcb_set set = tcb->dcap->set;
    const struct item_part *qe = qe_for(c, tcb, set);

    if (!compose_one(c, tcb, qe, set, err))
        return false;
    if (set != ATT_SET_CURRENT || tcb->refusal.code != ATT_OK ||
        (qe && qe->facts.evaluation_number == tcb->facts.evaluation_number))
        return true;
    const struct item_part *pinned = qe_for(c, tcb, ATT_SET_PINNED);
    return !pinned || compose_one(c, tcb, pinned, ATT_SET_PINNED, err);
}

bool snapshot_compose(struct att_collateral *c, struct att_err *err)
{
    for (size_t i = 0; i < c->part_count; i++)
        if (c->parts[i].kind == ATT_ITEM_TCB_INFO && !compose_for(c, &c->parts[i], err))
            return false;
    return true;
}
