/* Making, sharing and listing a snapshot. */
#include "base/auto.h"
#include "base/err.h"
#include "base/hex.h"
#include "collateral/snapshot_core.h"

#include <stdio.h>
#include <stdlib.h>

ATT_AUTO_PTR(collateral_auto, struct att_collateral, att_collateral_free)

/* Nothing of size zero: whether malloc gives NULL for it is not told. */
static void *room(size_t count, size_t size)
{
    return calloc(count ? count : 1, size);
}

static bool rooms(const struct att_collateral_in *in, struct att_collateral *c, struct att_err *err)
{
    size_t bundles = 0;

    if (__builtin_mul_overflow(in->item_count, 2, &bundles) ||
        __builtin_add_overflow(bundles, in->dcap_count, &bundles))
        return att_fail_memory(err, "collateral");
    c->bundles = room(bundles, sizeof(struct dcap_bundle *));
    c->parts = room(in->item_count, sizeof *c->parts);
    c->amd = in->amd_count <= SIZE_MAX / 2 ? room(2 * in->amd_count, sizeof *c->amd) : NULL;
    c->floors = room(in->floor_count, sizeof *c->floors);
    return (c->bundles && c->parts && c->amd && c->floors) || att_fail_memory(err, "collateral");
}

static bool read_bundles(const struct att_lib *lib, const struct att_collateral_in *in,
                         struct att_collateral *c, struct att_err *err)
{
    for (; c->count < in->dcap_count; c->count++)
        if (!dcap_bundle_read(lib, &in->dcap[c->count], &c->bundles[c->count], err))
            return false;
    c->given = c->count;
    return true;
}

static bool read_items(const struct att_lib *lib, const struct att_collateral_in *in,
                       struct att_collateral *c, struct att_err *err)
{
    for (size_t i = 0; i < in->item_count; i++) {
        enum att_item_kind kind = in->items[i].what.kind;
        if (kind == ATT_ITEM_NONE || kind == ATT_ITEM_VCEK || kind == ATT_ITEM_TCB_NUMBERS)
            continue; /* nothing is judged by them here */
        if (!item_part_read(lib, &in->items[i], &c->parts[c->part_count], err))
            return false;
        c->part_count++;
    }
    return snapshot_compose(c, err);
}

static bool amd_put(const struct att_lib *lib, const char *name, enum att_amd_signer signer,
                    struct att_span list, struct att_span chain, struct att_collateral *c,
                    struct att_err *err)
{
    if (list.len == 0)
        return true;
    struct amd_crl *l = &c->amd[c->amd_count++];
    amd_crl_read(lib, name, signer, list, chain, l);
    if (l->refusal.code == ATT_OK || att_code_class(l->refusal.code) != ATT_CLASS_INTERNAL)
        return true;
    if (err && err->code == ATT_OK)
        *err = l->refusal;
    return false;
}

static bool read_amd(const struct att_lib *lib, const struct att_collateral_in *in, struct att_collateral *c,
                     struct att_err *err)
{
    for (size_t i = 0; i < in->amd_count; i++) {
        const struct att_amd_bundle *b = &in->amd[i];
        if (!amd_put(lib, b->name, ATT_AMD_VCEK, b->vcek_crl, b->vcek_chain, c, err) ||
            !amd_put(lib, b->name, ATT_AMD_VLEK, b->vlek_crl, b->vlek_chain, c, err))
            return false;
    }
    return true;
}

bool att_collateral_new(const struct att_lib *lib, const struct att_collateral_in *in,
                        struct att_collateral **ret, struct att_err *err)
{
    if (in->size != sizeof *in)
        return att_fail(err, ATT_PARAMETER_INVALID, "in.size", "sizeof(struct att_collateral_in)", "%zu",
                        in->size);
    if (in->use == ATT_COLLATERAL_SOLE && (in->dcap_count != 1 || in->item_count > 0))
        return att_fail(err, ATT_PARAMETER_INVALID, "collateral", "exactly one bundle", "%zu, and %zu items",
                        in->dcap_count, in->item_count);

    ATT_AUTO(collateral_auto) struct att_collateral *c = calloc(1, sizeof *c);
    if (!c)
        return att_fail_memory(err, "collateral");
    atomic_init(&c->references, 1);
    c->use = in->use;
    if (!rooms(in, c, err) || !read_bundles(lib, in, c, err) || !read_items(lib, in, c, err) ||
        !read_amd(lib, in, c, err))
        return false;
    if (in->floor_count > 0)
        memcpy(c->floors, in->floors, in->floor_count * sizeof *c->floors);
    c->floor_count = in->floor_count;
    for (size_t i = 0; i < c->count; i++)
        c->has_early = c->has_early || c->bundles[i]->set == ATT_SET_EARLY;
    *ret = ATT_MOVE(c);
    return true;
}

struct att_collateral *att_collateral_ref(struct att_collateral *c)
{
    (void)atomic_fetch_add_explicit(&c->references, 1, memory_order_relaxed);
    return c;
}

void att_collateral_free(struct att_collateral *c)
{
    if (!c || atomic_fetch_sub_explicit(&c->references, 1, memory_order_acq_rel) != 1)
        return;
    for (size_t i = 0; i < c->count; i++)
        dcap_bundle_free(c->bundles[i]);
    for (size_t i = 0; i < c->part_count; i++)
        item_part_clear(&c->parts[i]);
    for (size_t i = 0; i < c->amd_count; i++)
        amd_crl_clear(&c->amd[i]);
    free(c->bundles);
    free(c->parts);
    free(c->amd);
    free(c->floors);
    free(c);
}

/* Listing
 * ---------------------------------------------------------------------------------------------------- */

struct listing {
    struct att_collateral_row *rows;
    size_t max;
    size_t at;
};

static void row_put(struct listing *l, const struct att_collateral_row *row)
{
    if (l->at < l->max)
        l->rows[l->at] = *row;
    l->at++;
}

static void tcb_info_row(struct listing *l, const struct dcap_bundle *b)
{
    const struct dcap_tcb_info *info = &b->tcb_info;
    struct att_collateral_row row = { .bundle = b->name,
                                      .item = "tcb_info",
                                      .set = b->set,
                                      .evaluation_number = info->evaluation_number,
                                      .issued_unix_s = info->issued_unix_s,
                                      .next_unix_s = info->next_unix_s,
                                      .refusal = b->tcb_info_doc.refusal };
    char fmspc[13];

    if (row.refusal.code == ATT_OK) {
        att_hex_text(fmspc, att_span_of(info->fmspc, 6));
        (void)snprintf(row.subject, sizeof row.subject, "%s %s", info->tee == DCAP_SGX ? "SGX" : "TDX",
                       fmspc);
    }
    row_put(l, &row);
}

static void qe_row(struct listing *l, const struct dcap_bundle *b)
{
    struct att_collateral_row row = { .bundle = b->name,
                                      .item = "qe_identity",
                                      .set = b->set,
                                      .evaluation_number = b->qe.evaluation_number,
                                      .issued_unix_s = b->qe.issued_unix_s,
                                      .next_unix_s = b->qe.next_unix_s,
                                      .refusal = b->qe_doc.refusal };

    if (row.refusal.code == ATT_OK)
        (void)snprintf(row.subject, sizeof row.subject, "%s", dcap_qe_id_name(b->qe.id));
    row_put(l, &row);
}

static void crl_row(struct listing *l, const char *name, const char *item, const struct att_crl *crl,
                    const struct att_cert *issuer, const struct att_err *refusal)
{
    struct att_collateral_row row = { .bundle = name, .item = item, .refusal = *refusal };

    if (issuer)
        (void)snprintf(row.subject, sizeof row.subject, "%s", att_cert_subject_cn(issuer));
    if (crl) {
        row.issued_unix_s = att_crl_this_update(crl);
        row.next_unix_s = att_crl_next_update(crl);
    }
    row_put(l, &row);
}

static void pck_crl_row(struct listing *l, const struct dcap_bundle *b)
{
    crl_row(l, b->name, "pck_crl", b->pck_crl.crl, b->pck_crl.issuer, &b->pck_crl.refusal);
}

static void root_crl_row(struct listing *l, const struct dcap_bundle *b)
{
    crl_row(l, b->name, "root_ca_crl", b->root_crl.crl, b->root_crl.issuer, &b->root_crl.refusal);
}

static void amd_row(struct listing *l, const struct amd_crl *a)
{
    crl_row(l, a->name, a->signer == ATT_AMD_VLEK ? "vlek_crl" : "vcek_crl", a->crl, a->issuer, &a->refusal);
}

static void part_row(struct listing *l, const struct item_part *p)
{
    switch (p->kind) {
    case ATT_ITEM_TCB_INFO:
        tcb_info_row(l, p->dcap);
        return;
    case ATT_ITEM_QE_IDENTITY:
        qe_row(l, p->dcap);
        return;
    case ATT_ITEM_PCK_CRL:
        pck_crl_row(l, p->dcap);
        return;
    case ATT_ITEM_ROOT_CA_CRL:
        root_crl_row(l, p->dcap);
        return;
    default:
        amd_row(l, &p->amd);
    }
}

size_t att_collateral_rows(const struct att_collateral *c, struct att_collateral_row *ret, size_t max)
{
    struct listing l = { ret, max, 0 };

    for (size_t i = 0; i < c->given; i++) {
        tcb_info_row(&l, c->bundles[i]);
        qe_row(&l, c->bundles[i]);
        pck_crl_row(&l, c->bundles[i]);
        root_crl_row(&l, c->bundles[i]);
    }
    for (size_t i = 0; i < c->part_count; i++)
        part_row(&l, &c->parts[i]);
    for (size_t i = 0; i < c->amd_count; i++)
        amd_row(&l, &c->amd[i]);
    return l.at;
}
