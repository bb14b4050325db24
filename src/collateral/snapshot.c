#include "collateral/snapshot.h"

#include "base/auto.h"
#include "base/err.h"
#include "base/hex.h"
#include "collateral/dcap_cert.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

struct att_collateral {
    atomic_uint references;
    enum att_collateral_use use;
    struct dcap_bundle **bundles;
    size_t count;
};

ATT_AUTO_PTR(collateral_auto, struct att_collateral, att_collateral_free)

bool att_collateral_new(const struct att_lib *lib, const struct att_collateral_in *in,
                        struct att_collateral **ret, struct att_err *err)
{
    if (in->size != sizeof *in)
        return att_fail(err, ATT_PARAMETER_INVALID, "in.size", "sizeof(struct att_collateral_in)", "%zu",
                        in->size);
    const size_t count = in->dcap_count;
    if (in->use == ATT_COLLATERAL_SOLE && count != 1)
        return att_fail(err, ATT_PARAMETER_INVALID, "collateral", "exactly one bundle", "%zu", count);

    ATT_AUTO(collateral_auto) struct att_collateral *c = calloc(1, sizeof *c);
    if (!c)
        return att_fail_memory(err, "collateral");
    atomic_init(&c->references, 1);
    c->use = in->use;
    c->bundles = calloc(count ? count : 1, sizeof(struct dcap_bundle *));
    if (!c->bundles)
        return att_fail_memory(err, "collateral");
    for (; c->count < count; c->count++)
        if (!dcap_bundle_read(lib, &in->dcap[c->count], &c->bundles[c->count], err))
            return false;
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
    free(c->bundles);
    free(c);
}

/* Is `a` a better choice than `b`, both issued for the same thing? What is not yet valid comes last; then the
 * newest, so that an older signed copy lying beside it is never used (replay of old TCB info). */
static bool newer(int64_t a, int64_t b, int64_t now)
{
    if ((a <= now) != (b <= now))
        return a <= now;
    return a > b;
}

static const struct dcap_bundle *pick_bundle(const struct att_collateral *c, const struct dcap_wanted *w)
{
    const struct dcap_bundle *best = NULL;

    for (size_t i = 0; i < c->count; i++) {
        const struct dcap_bundle *b = c->bundles[i];
        if (b->tcb_info_doc.refusal.code != ATT_OK || b->tcb_info.tee != w->tee ||
            memcmp(b->tcb_info.fmspc, w->fmspc, 6) != 0)
            continue;
        if (!best || newer(b->tcb_info.issued_unix_s, best->tcb_info.issued_unix_s, w->now_unix_s))
            best = b;
    }
    return best;
}

static bool crl_fits(const struct dcap_crl *l, const struct dcap_wanted *w)
{
    return l->refusal.code == ATT_OK && dcap_same_authority(l->issuer, w->pck_issuer);
}

static const struct dcap_crl *pick_crl(const struct att_collateral *c, const struct dcap_bundle *own,
                                       const struct dcap_wanted *w)
{
    const struct dcap_crl *best = crl_fits(&own->pck_crl, w) ? &own->pck_crl : NULL;

    for (size_t i = 0; i < c->count; i++) {
        const struct dcap_crl *l = &c->bundles[i]->pck_crl;
        if (crl_fits(l, w) &&
            (!best || newer(att_crl_this_update(l->crl), att_crl_this_update(best->crl), w->now_unix_s)))
            best = l;
    }
    if (best)
        return best;
    /* An own list that was refused says itself why; a good one of another authority is no list for this CA. */
    return own->pck_crl.refusal.code != ATT_OK ? &own->pck_crl : NULL;
}

static bool nothing_fits(const struct att_collateral *c, const struct dcap_wanted *w, struct att_err *err)
{
    char fmspc[13], expected[64];
    size_t refused = 0;
    const struct dcap_bundle *first = NULL;

    att_hex_text(fmspc, att_span_of(w->fmspc, 6));
    (void)snprintf(expected, sizeof expected, "TCB info %s for FMSPC %s", w->tee == DCAP_SGX ? "SGX" : "TDX",
                   fmspc);
    for (size_t i = 0; c && i < c->count; i++) {
        if (c->bundles[i]->tcb_info_doc.refusal.code == ATT_OK)
            continue;
        first = refused++ ? first : c->bundles[i];
    }
    if (!first)
        return att_fail(err, ATT_COLLATERAL_MISSING, "collateral.tcb_info", expected,
                        "%zu bundles, none for it", c ? c->count : 0);
    return att_fail(err, ATT_COLLATERAL_MISSING, "collateral.tcb_info", expected,
                    "%zu bundles, none for it; %zu cannot be used (\"%s\": %s)", c->count, refused,
                    att_shown(&(struct att_shown){ 0 }, att_str(first->name)),
                    att_code_name(first->tcb_info_doc.refusal.code));
}

bool att_collateral_pick(const struct att_collateral *c, const struct dcap_wanted *wanted,
                         struct dcap_picked *ret, struct att_err *err)
{
    if (c && c->use == ATT_COLLATERAL_SOLE) {
        *ret = (struct dcap_picked){ c->bundles[0], &c->bundles[0]->pck_crl };
        return true;
    }
    const struct dcap_bundle *b = c ? pick_bundle(c, wanted) : NULL;
    if (!b)
        return nothing_fits(c, wanted, err);
    const struct dcap_crl *crl = pick_crl(c, b, wanted);
    if (!crl)
        return att_fail(
            err, ATT_COLLATERAL_MISSING, "collateral.pck_crl",
            "the revocation list of the CA that issued the PCK certificate",
            "%zu bundles, none with a list of \"%s\"", c->count,
            att_shown(&(struct att_shown){ 0 }, att_str(att_cert_subject_cn(wanted->pck_issuer))));
    *ret = (struct dcap_picked){ b, crl };
    return true;
}

static void row_put(struct att_collateral_row *ret, size_t max, size_t *at,
                    const struct att_collateral_row *row)
{
    if (*at < max)
        ret[*at] = *row;
    (*at)++;
}

static struct att_collateral_row document_row(const struct dcap_bundle *b, const char *item,
                                              const struct dcap_document *doc, int64_t issued, int64_t next)
{
    return (struct att_collateral_row){
        .bundle = b->name, .item = item, .issued_unix_s = issued, .next_unix_s = next, .refusal = doc->refusal
    };
}

static struct att_collateral_row crl_row(const struct dcap_bundle *b, const char *item,
                                         const struct dcap_crl *l)
{
    struct att_collateral_row row = { .bundle = b->name, .item = item, .refusal = l->refusal };

    if (l->issuer)
        (void)snprintf(row.subject, sizeof row.subject, "%s", att_cert_subject_cn(l->issuer));
    if (l->crl) {
        row.issued_unix_s = att_crl_this_update(l->crl);
        row.next_unix_s = att_crl_next_update(l->crl);
    }
    return row;
}

static void bundle_rows(const struct dcap_bundle *b, struct att_collateral_row *ret, size_t max, size_t *at)
{
    struct att_collateral_row row;
    char fmspc[13];

    row = document_row(b, "tcb_info", &b->tcb_info_doc, b->tcb_info.issued_unix_s, b->tcb_info.next_unix_s);
    if (row.refusal.code == ATT_OK) {
        att_hex_text(fmspc, att_span_of(b->tcb_info.fmspc, 6));
        (void)snprintf(row.subject, sizeof row.subject, "%s %s", b->tcb_info.tee == DCAP_SGX ? "SGX" : "TDX",
                       fmspc);
    }
    row_put(ret, max, at, &row);

    row = document_row(b, "qe_identity", &b->qe_doc, b->qe.issued_unix_s, b->qe.next_unix_s);
    if (row.refusal.code == ATT_OK)
        (void)snprintf(row.subject, sizeof row.subject, "%s", dcap_qe_id_name(b->qe.id));
    row_put(ret, max, at, &row);

    row = crl_row(b, "pck_crl", &b->pck_crl);
    row_put(ret, max, at, &row);
    row = crl_row(b, "root_ca_crl", &b->root_crl);
    row_put(ret, max, at, &row);
}

size_t att_collateral_rows(const struct att_collateral *c, struct att_collateral_row *ret, size_t max)
{
    size_t at = 0;

    for (size_t i = 0; i < c->count; i++)
        bundle_rows(c->bundles[i], ret, max, &at);
    return at;
}
