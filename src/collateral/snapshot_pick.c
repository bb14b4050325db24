/* What of a snapshot belongs to a platform: which evaluation set, which list. */
#include "base/err.h"
#include "base/hex.h"
#include "collateral/dcap_cert.h"
#include "collateral/snapshot_core.h"

#include <stdio.h>

static enum att_tee tee_of(enum dcap_tee tee)
{
    return tee == DCAP_TDX ? ATT_TEE_TDX : ATT_TEE_SGX;
}

/* Is `a` a better choice than `b`, both issued for the same thing? What is not yet valid comes last; then the
 * newest, so that an older signed copy lying beside it is never used (replay of old TCB info). */
static bool newer(int64_t a, int64_t b, int64_t now)
{
    if ((a <= now) != (b <= now))
        return a <= now;
    return a > b;
}

/* Issued in the same second, as files of one fetch are: the higher number. */
static bool bundle_newer(const struct dcap_bundle *a, const struct dcap_bundle *b,
                         const struct dcap_wanted *w)
{
    const struct dcap_tcb_info *x = &a->tcb_info, *y = &b->tcb_info;

    if (x->issued_unix_s == y->issued_unix_s)
        return x->evaluation_number > y->evaluation_number;
    return newer(x->issued_unix_s, y->issued_unix_s, w->now_unix_s);
}

static bool is_for(const struct dcap_bundle *b, const struct dcap_wanted *w)
{
    return b->tcb_info_doc.refusal.code == ATT_OK && b->tcb_info.tee == w->tee &&
           memcmp(b->tcb_info.fmspc, w->fmspc, 6) == 0;
}

/* The floor is one of TCB infos: it is they that are of a platform family. A QE identity is fetched on its own, and may lag
 * behind for a while; what it says is bounded by its own window. */
static uint32_t floor_of(const struct att_collateral *c, const struct dcap_wanted *w)
{
    uint32_t floor = 0;

    for (size_t i = 0; i < c->floor_count; i++) {
        const struct att_tcb_floor *f = &c->floors[i];
        if (f->tee == tee_of(w->tee) && memcmp(f->fmspc, w->fmspc, 6) == 0 && f->evaluation_number > floor)
            floor = f->evaluation_number;
    }
    return floor;
}

/* How well a set with the wanted number fits: its QE identity has that number; a later one; neither. */
static unsigned exactness(const struct dcap_bundle *b, uint32_t number)
{
    if (b->qe_doc.refusal.code != ATT_OK || b->qe.evaluation_number < number)
        return 0;
    return b->qe.evaluation_number == number ? 2 : 1;
}

static bool better_pinned(const struct dcap_bundle *a, const struct dcap_bundle *b,
                          const struct dcap_wanted *w)
{
    unsigned x = exactness(a, w->evaluation_number), y = exactness(b, w->evaluation_number);

    return x != y ? x > y : bundle_newer(a, b, w);
}

/* Early sets are for foresight: they never give a verdict, not even to those who ask for their number. */
static const struct dcap_bundle *pick_bundle(const struct att_collateral *c, const struct dcap_wanted *w)
{
    const struct dcap_bundle *best = NULL;
    const uint32_t floor = w->evaluation_number ? 0 : floor_of(c, w);

    for (size_t i = 0; i < c->count; i++) {
        const struct dcap_bundle *b = c->bundles[i];
        const uint32_t number = b->tcb_info.evaluation_number;
        if (!is_for(b, w) || b->set == ATT_SET_EARLY)
            continue;
        if (w->evaluation_number) {
            if (number == w->evaluation_number && (!best || better_pinned(b, best, w)))
                best = b;
        } else if (b->set == ATT_SET_CURRENT && number >= floor && (!best || bundle_newer(b, best, w))) {
            best = b;
        }
    }
    return best;
}

static bool crl_fits(const struct dcap_crl *l, const struct dcap_wanted *w)
{
    return l->refusal.code == ATT_OK && dcap_same_authority(l->issuer, w->pck_issuer);
}

static const struct dcap_crl *crl_better(const struct dcap_crl *l, const struct dcap_crl *best,
                                         const struct dcap_wanted *w)
{
    if (!crl_fits(l, w) ||
        (best && !newer(att_crl_this_update(l->crl), att_crl_this_update(best->crl), w->now_unix_s)))
        return best;
    return l;
}

static const struct dcap_crl *pick_crl(const struct att_collateral *c, const struct dcap_bundle *own,
                                       const struct dcap_wanted *w)
{
    const struct dcap_crl *best = crl_better(&own->pck_crl, NULL, w);

    for (size_t i = 0; i < c->given; i++)
        best = crl_better(&c->bundles[i]->pck_crl, best, w);
    for (size_t i = 0; i < c->part_count; i++)
        if (c->parts[i].kind == ATT_ITEM_PCK_CRL)
            best = crl_better(&c->parts[i].dcap->pck_crl, best, w);
    if (best)
        return best;
    /* An own list that was refused says itself why; a good one of another authority is no list for this CA. */
    return own->pck_crl.refusal.code != ATT_OK ? &own->pck_crl : NULL;
}

static struct att_collateral_want want_of(const struct dcap_wanted *w, enum att_item_kind kind)
{
    struct att_collateral_want want = { .kind = kind };

    if (kind == ATT_ITEM_PCK_CRL)
        want.platform_ca = dcap_is_platform_ca(w->pck_issuer);
    if (kind != ATT_ITEM_TCB_INFO && kind != ATT_ITEM_QE_IDENTITY)
        return want;
    want.tee = tee_of(w->tee);
    want.set = w->evaluation_number ? ATT_SET_PINNED : ATT_SET_CURRENT;
    want.evaluation_number = w->evaluation_number;
    if (kind == ATT_ITEM_TCB_INFO)
        memcpy(want.fmspc, w->fmspc, sizeof want.fmspc);
    return want;
}

/* What is there for a platform when nothing can be picked. */
struct census {
    size_t early, other;      /* usable sets; `other`: not early */
    uint32_t lowest, highest; /* numbers of the other ones */
    size_t refused;
    const struct dcap_bundle *first_refused;
};

static struct census count_all(const struct att_collateral *c, const struct dcap_wanted *w)
{
    struct census n = { .lowest = UINT32_MAX };

    for (size_t i = 0; c && i < c->count; i++) {
        const struct dcap_bundle *b = c->bundles[i];
        const uint32_t number = b->tcb_info.evaluation_number;
        if (b->tcb_info_doc.refusal.code != ATT_OK)
            n.first_refused = n.refused++ ? n.first_refused : b;
        if (!is_for(b, w))
            continue;
        if (b->set == ATT_SET_EARLY) {
            n.early++;
            continue;
        }
        n.other++;
        n.lowest = number < n.lowest ? number : n.lowest;
        n.highest = number > n.highest ? number : n.highest;
    }
    return n;
}

static bool too_low(uint32_t wanted, bool exactly, const char *where, uint32_t found, struct att_err *err)
{
    char expected[64];

    (void)snprintf(
        expected, sizeof expected,
        exactly ? "evaluation number %u" : "evaluation number %u or more, which was current before", wanted);
    return att_fail(err, ATT_TCB_EVAL_NUMBER_TOO_LOW, where, expected, "%u", found);
}

static bool missing(const struct att_collateral *c, const struct dcap_wanted *w, const struct census *n,
                    struct att_err *err)
{
    char fmspc[13], expected[96], sets[96] = "none for it";

    att_hex_text(fmspc, att_span_of(w->fmspc, 6));
    int len = snprintf(expected, sizeof expected, "TCB info %s for FMSPC %s",
                       w->tee == DCAP_SGX ? "SGX" : "TDX", fmspc);
    if (w->evaluation_number && len > 0)
        (void)snprintf(expected + len, sizeof expected - (size_t)len, ", evaluation number %u",
                       w->evaluation_number);
    if (n->other > 0 && n->lowest == n->highest)
        (void)snprintf(sets, sizeof sets, "of it one of number %u", n->lowest);
    else if (n->other > 0)
        (void)snprintf(sets, sizeof sets, "of it those of numbers %u to %u", n->lowest, n->highest);
    else if (n->early > 0)
        (void)snprintf(sets, sizeof sets, "of it early ones alone");
    if (!n->first_refused)
        return att_fail(err, ATT_COLLATERAL_MISSING, "collateral.tcb_info", expected, "%zu bundles, %s",
                        c ? c->count : 0, sets);
    return att_fail(err, ATT_COLLATERAL_MISSING, "collateral.tcb_info", expected,
                    "%zu bundles, %s; %zu cannot be used (\"%s\": %s)", c->count, sets, n->refused,
                    att_shown(&(struct att_shown){ 0 }, att_str(n->first_refused->name)),
                    att_code_name(n->first_refused->tcb_info_doc.refusal.code));
}

/* Only lower sets are there: then they are too low, and nothing is missing. */
static bool nothing_fits(const struct att_collateral *c, const struct dcap_wanted *w,
                         struct att_collateral_want *ret_missing, struct att_err *err)
{
    static const char where[] = "collateral.tcb_info.tcbEvaluationDataNumber";
    const struct census n = count_all(c, w);

    if (n.other > 0 && w->evaluation_number && n.highest < w->evaluation_number)
        return too_low(w->evaluation_number, true, where, n.highest, err);
    if (!w->evaluation_number)
        for (size_t i = 0; c && i < c->count; i++) {
            const struct dcap_bundle *b = c->bundles[i];
            if (is_for(b, w) && b->set == ATT_SET_CURRENT)
                return too_low(floor_of(c, w), false, where, b->tcb_info.evaluation_number, err);
        }
    *ret_missing = want_of(w, ATT_ITEM_TCB_INFO);
    return missing(c, w, &n, err);
}

/* A pinned number is one of both documents. A QE identity that lags behind would make the answer milder than asked for. */
static bool qe_of_number(const struct att_collateral *c, const struct dcap_bundle *b,
                         const struct dcap_wanted *w, struct att_collateral_want *ret_missing,
                         struct att_err *err)
{
    char expected[48];

    if (!w->evaluation_number || b->qe_doc.refusal.code != ATT_OK ||
        b->qe.evaluation_number >= w->evaluation_number)
        return true;
    if (c->use == ATT_COLLATERAL_SOLE)
        return too_low(w->evaluation_number, true, "collateral.qe_identity.tcbEvaluationDataNumber",
                       b->qe.evaluation_number, err);
    *ret_missing = want_of(w, ATT_ITEM_QE_IDENTITY);
    (void)snprintf(expected, sizeof expected, "a QE identity of evaluation number %u", w->evaluation_number);
    return att_fail(err, ATT_COLLATERAL_MISSING, "collateral.qe_identity", expected, "%u at most",
                    b->qe.evaluation_number);
}

/* The one bundle says itself what is wrong with it, but for its evaluation set: which one counts is the caller's word. */
static bool pick_sole(const struct att_collateral *c, const struct dcap_wanted *w, struct dcap_picked *ret,
                      struct att_collateral_want *ret_missing, struct att_err *err)
{
    const struct dcap_bundle *b = c->bundles[0];

    if (is_for(b, w) && !pick_bundle(c, w))
        return nothing_fits(c, w, ret_missing, err);
    if (is_for(b, w) && !qe_of_number(c, b, w, ret_missing, err))
        return false;
    *ret = (struct dcap_picked){ b, &b->pck_crl };
    return true;
}

bool att_collateral_pick(const struct att_collateral *c, const struct dcap_wanted *wanted,
                         struct dcap_picked *ret, struct att_collateral_want *ret_missing,
                         struct att_err *err)
{
    if (c && c->use == ATT_COLLATERAL_SOLE)
        return pick_sole(c, wanted, ret, ret_missing, err);
    const struct dcap_bundle *b = c ? pick_bundle(c, wanted) : NULL;
    if (!b)
        return nothing_fits(c, wanted, ret_missing, err);
    if (!qe_of_number(c, b, wanted, ret_missing, err))
        return false;
    const struct dcap_crl *crl = pick_crl(c, b, wanted);
    if (!crl) {
        *ret_missing = want_of(wanted, ATT_ITEM_PCK_CRL);
        return att_fail(
            err, ATT_COLLATERAL_MISSING, "collateral.pck_crl",
            "the revocation list of the CA that issued the PCK certificate",
            "%zu bundles, none with a list of \"%s\"", c->count,
            att_shown(&(struct att_shown){ 0 }, att_str(att_cert_subject_cn(wanted->pck_issuer))));
    }
    *ret = (struct dcap_picked){ b, crl };
    return true;
}

struct att_collateral_want att_collateral_absent(const struct dcap_wanted *wanted,
                                                 const struct dcap_picked *picked)
{
    const struct {
        const struct att_err *refusal;
        enum att_item_kind kind;
    } parts[] = {
        { &picked->bundle->root_crl.refusal, ATT_ITEM_ROOT_CA_CRL },
        { &picked->pck_crl->refusal, ATT_ITEM_PCK_CRL },
        { &picked->bundle->tcb_info_doc.refusal, ATT_ITEM_TCB_INFO },
        { &picked->bundle->qe_doc.refusal, ATT_ITEM_QE_IDENTITY },
    };

    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        if (parts[i].refusal->code == ATT_COLLATERAL_MISSING)
            return want_of(wanted, parts[i].kind);
    return (struct att_collateral_want){ .kind = ATT_ITEM_NONE };
}

const struct dcap_bundle *att_collateral_early(const struct att_collateral *c,
                                               const struct dcap_wanted *wanted, uint32_t above)
{
    const struct dcap_bundle *best = NULL;

    for (size_t i = 0; c && c->has_early && i < c->count; i++) {
        const struct dcap_bundle *b = c->bundles[i];
        if (b->set == ATT_SET_EARLY && is_for(b, wanted) && b->tcb_info.evaluation_number > above &&
            (!best || bundle_newer(b, best, wanted)))
            best = b;
    }
    return best;
}

/* Could this list be the authority's? One that was refused counts for those whose list was asked for, too: another one in
 * its place is not "no list". When nobody knows whose it is and for whom it was asked, it counts for everybody. */
static bool may_be_of(const struct amd_crl *l, const struct att_cert *ark)
{
    char product[8];

    if (l->issuer && amd_same_authority(l->issuer, ark))
        return true;
    if (l->refusal.code == ATT_OK)
        return false;
    if (!l->taken_for[0])
        return !l->issuer;
    return !amd_product_of(ark, product) || strcmp(product, l->taken_for) == 0;
}

static const struct amd_crl *amd_better(const struct amd_crl *l, const struct amd_crl *best,
                                        const struct att_cert *ark, enum att_amd_signer signer)
{
    bool good = l->refusal.code == ATT_OK;

    if (l->signer != signer || !may_be_of(l, ark))
        return best;
    if (!best)
        return l;
    if (good != (best->refusal.code == ATT_OK))
        return good ? l : best;
    return good && att_crl_this_update(l->crl) > att_crl_this_update(best->crl) ? l : best;
}

const struct amd_crl *att_collateral_amd_crl(const struct att_collateral *c, const struct att_cert *ark,
                                             enum att_amd_signer signer)
{
    const struct amd_crl *best = NULL;

    for (size_t i = 0; c && i < c->amd_count; i++)
        best = amd_better(&c->amd[i], best, ark, signer);
    for (size_t i = 0; c && i < c->part_count; i++)
        if (c->parts[i].kind == ATT_ITEM_AMD_CRL)
            best = amd_better(&c->parts[i].amd, best, ark, signer);
    return best;
}
