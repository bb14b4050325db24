#include "evidence/common/dcap_verify.h"

#include "base/err.h"
#include "base/hex.h"
#include "base/timetext.h"
#include "collateral/dcap_cert.h"
#include "evidence/common/dcap_qe.h"

#include <stdio.h>

struct window {
    const char *from_name; /* "issueDate" */
    const char *to_name;   /* "nextUpdate" */
    int64_t from;
    int64_t to;
    enum att_code early;
    enum att_code late;
};

/* From the first second to the last, both included, and past the last as long as `grace_s` allows. */
static bool inside(const struct window *w, const char *where, int64_t now, uint32_t grace_s, uint32_t *age_s,
                   struct att_err *err)
{
    struct att_time_text from, to, at;
    char place[96];
    bool early = now < w->from;

    if (!early && att_collateral_fresh(w->to, now, grace_s, age_s))
        return true;
    (void)snprintf(place, sizeof place, "%s.%s", where, early ? w->from_name : w->to_name);
    (void)att_time_text(&from, w->from);
    (void)att_time_text(&to, w->to);
    return att_fail(err, early ? w->early : w->late, place,
                    early ? "a time not after the judgement" : "a time not before the judgement",
                    "%s (%s %s), judged at %s", early ? from.text : to.text,
                    early ? w->to_name : w->from_name, early ? to.text : from.text, att_time_text(&at, now));
}

static bool cert_inside(const struct att_cert *cert, const char *where, int64_t now, enum att_code early,
                        enum att_code late, struct att_err *err)
{
    const struct window w = { "notBefore", "notAfter", att_cert_not_before(cert), att_cert_not_after(cert),
                              early,       late };

    return inside(&w, where, now, 0, &(uint32_t){ 0 }, err);
}

/* Grace is for items of collateral alone: a certificate that has expired has expired. */
static bool item_inside(const struct att_ctx *ctx, struct dcap_verification *v, const struct window *w,
                        const char *where, struct att_err *err)
{
    return inside(w, where, ctx->now_unix_s, ctx->in->collateral_grace_s, &v->collateral_age_s, err);
}

/* An item of collateral keeps the refusal that it got when it was read. */
static bool usable(const struct att_err *refusal, struct att_err *err)
{
    if (refusal->code == ATT_OK)
        return true;
    if (err && err->code == ATT_OK)
        *err = *refusal;
    return false;
}

static bool pck_times(const struct att_ctx *ctx, const struct dcap_quote *q, const struct dcap_pck *p,
                      struct att_err *err)
{
    static const char *const tails[DCAP_PCK_CERTS] = { "quote.pck_chain[0]", "quote.pck_chain[1]",
                                                       "quote.pck_chain[2]" };

    for (size_t i = 0; i < DCAP_PCK_CERTS; i++)
        if (!cert_inside(p->certs[i], DCAP_AT(q, tails[i]), ctx->now_unix_s, ATT_PCK_CERT_NOT_YET_VALID,
                         ATT_PCK_CERT_EXPIRED, err))
            return false;
    return true;
}

/* A list that cannot be used, or is another authority's, never counts as "not revoked". */
static bool crl_usable(const struct att_ctx *ctx, struct dcap_verification *v, const struct dcap_crl *list,
                       const struct att_cert *authority, const char *where, struct att_err *err)
{
    if (!usable(&list->refusal, err))
        return false;
    if (!dcap_same_authority(list->issuer, authority))
        return att_fail(err, ATT_CRL_ISSUER_MISMATCH, where,
                        "the list of the authority that issued the certificate",
                        "issued by \"%s\", another name or key than \"%s\" has",
                        att_shown(&(struct att_shown){ 0 }, att_str(att_cert_subject_cn(list->issuer))),
                        att_shown(&(struct att_shown){ 0 }, att_str(att_cert_subject_cn(authority))));
    const struct window w = {
        "thisUpdate",          "nextUpdate",   att_crl_this_update(list->crl), att_crl_next_update(list->crl),
        ATT_CRL_NOT_YET_VALID, ATT_CRL_EXPIRED
    };
    return item_inside(ctx, v, &w, where, err);
}

static bool not_listed(const struct dcap_crl *list, const struct att_cert *cert, enum att_code code,
                       const char *where, struct att_err *err)
{
    struct att_span serial = att_cert_serial(cert);
    char text[65] = "";

    if (!att_crl_revokes(list->crl, serial))
        return true;
    if (serial.len <= 32)
        att_hex_text(text, serial);
    return att_fail(err, code, where, "a serial that its issuer's revocation list does not name", "serial %s",
                    text);
}

static bool revocation(const struct att_ctx *ctx, const struct dcap_quote *q, struct dcap_verification *v,
                       struct att_err *err)
{
    struct att_cert *const *certs = v->pck->certs;
    const struct dcap_crl *root_crl = &v->picked.bundle->root_crl;

    return crl_usable(ctx, v, root_crl, certs[DCAP_PCK_ROOT], "collateral.root_ca_crl", err) &&
           crl_usable(ctx, v, v->picked.pck_crl, certs[DCAP_PCK_CA], "collateral.pck_crl", err) &&
           not_listed(root_crl, certs[DCAP_PCK_CA], ATT_INTERMEDIATE_CA_REVOKED,
                      DCAP_AT(q, "quote.pck_chain[1]"), err) &&
           not_listed(v->picked.pck_crl, certs[DCAP_PCK_LEAF], ATT_PCK_REVOKED,
                      DCAP_AT(q, "quote.pck_chain[0]"), err);
}

/* Signer of a document: its chain's times, and that the root has not taken it back. */
static bool signer_good(const struct att_ctx *ctx, const struct dcap_verification *v,
                        const struct dcap_issuer *issuer, const char *where, struct att_err *err)
{
    const struct dcap_crl *root_crl = &v->picked.bundle->root_crl;

    if (!cert_inside(issuer->leaf, where, ctx->now_unix_s, ATT_TCB_SIGNING_CERT_NOT_YET_VALID,
                     ATT_TCB_SIGNING_CERT_EXPIRED, err) ||
        !cert_inside(issuer->root, where, ctx->now_unix_s, ATT_TCB_SIGNING_CERT_NOT_YET_VALID,
                     ATT_TCB_SIGNING_CERT_EXPIRED, err))
        return false;
    if (!dcap_same_authority(root_crl->issuer, issuer->root))
        return att_fail(err, ATT_CRL_ISSUER_MISMATCH, "collateral.root_ca_crl",
                        "the list of the root that issued the TCB signing certificate",
                        "the list of another root");
    return not_listed(root_crl, issuer->leaf, ATT_TCB_SIGNING_CERT_REVOKED, where, err);
}

static bool tcb_info_fits(const struct dcap_quote *q, const struct dcap_pck *pck,
                          const struct dcap_tcb_info *info, struct att_err *err)
{
    char have[16], need[16];

    if (info->tee != q->tee)
        return att_fail(err, ATT_TCB_INFO_MISMATCH, "collateral.tcb_info.id",
                        q->tee == DCAP_SGX ? "SGX" : "TDX", "%s", info->tee == DCAP_SGX ? "SGX" : "TDX");
    att_hex_text(have, att_span_of(info->fmspc, 6));
    att_hex_text(need, att_span_of(pck->ext.fmspc, 6));
    if (strcmp(have, need) != 0)
        return att_fail(err, ATT_TCB_INFO_MISMATCH, "collateral.tcb_info.fmspc", need, "%s", have);
    att_hex_text(have, att_span_of(info->pceid, 2));
    att_hex_text(need, att_span_of(pck->ext.pceid, 2));
    if (strcmp(have, need) != 0)
        return att_fail(err, ATT_TCB_INFO_MISMATCH, "collateral.tcb_info.pceId", need, "%s", have);
    return true;
}

static bool tcb_info_good(const struct att_ctx *ctx, const struct dcap_quote *q, struct dcap_verification *v,
                          struct att_err *err)
{
    const struct dcap_bundle *b = v->picked.bundle;
    const struct window w = { "issueDate",
                              "nextUpdate",
                              b->tcb_info.issued_unix_s,
                              b->tcb_info.next_unix_s,
                              ATT_TCB_INFO_NOT_YET_VALID,
                              ATT_TCB_INFO_EXPIRED };

    return usable(&b->tcb_info_doc.refusal, err) &&
           signer_good(ctx, v, &b->tcb_info_doc.issuer, "collateral.tcb_info_issuer_chain", err) &&
           item_inside(ctx, v, &w, "collateral.tcb_info", err) && tcb_info_fits(q, v->pck, &b->tcb_info, err);
}

static bool qe_identity_good(const struct att_ctx *ctx, const struct dcap_quote *q,
                             struct dcap_verification *v, struct att_err *err)
{
    const struct dcap_bundle *b = v->picked.bundle;
    enum dcap_qe_id wanted = q->tee == DCAP_SGX ? DCAP_QE : DCAP_TD_QE;
    const struct window w = { "issueDate",
                              "nextUpdate",
                              b->qe.issued_unix_s,
                              b->qe.next_unix_s,
                              ATT_QE_IDENTITY_NOT_YET_VALID,
                              ATT_QE_IDENTITY_EXPIRED };

    if (!usable(&b->qe_doc.refusal, err) ||
        !signer_good(ctx, v, &b->qe_doc.issuer, "collateral.qe_identity_issuer_chain", err) ||
        !item_inside(ctx, v, &w, "collateral.qe_identity", err))
        return false;
    if (b->qe.id != wanted)
        return att_fail(err, ATT_QE_IDENTITY_MISMATCH, "collateral.qe_identity.id", dcap_qe_id_name(wanted),
                        "%s", dcap_qe_id_name(b->qe.id));
    return true;
}

static void note_evaluation_number(struct dcap_verification *v)
{
    uint32_t a = v->picked.bundle->tcb_info.evaluation_number;
    uint32_t b = v->picked.bundle->qe.evaluation_number;

    v->tcb.evaluation_number = a < b ? a : b;
}

static bool collateral_good(const struct att_ctx *ctx, const struct dcap_quote *q,
                            struct dcap_verification *v, struct att_err *err)
{
    return revocation(ctx, q, v, err) && tcb_info_good(ctx, q, v, err) && qe_identity_good(ctx, q, v, err);
}

static bool chain_and_collateral(const struct att_ctx *ctx, const struct dcap_quote *q,
                                 const struct att_collateral *c, struct dcap_verification *v,
                                 struct att_err *err)
{
    if (!dcap_pck_verified(ctx->lib, q, &v->pck, err))
        return false;
    v->test_root = v->pck->test_root;
    v->wanted = (struct dcap_wanted){ .tee = q->tee,
                                      .fmspc = v->pck->ext.fmspc,
                                      .pck_issuer = v->pck->certs[DCAP_PCK_CA],
                                      .now_unix_s = ctx->now_unix_s,
                                      .evaluation_number = ctx->evaluation_number_pinned };
    if (!pck_times(ctx, q, v->pck, err) || !att_collateral_pick(c, &v->wanted, &v->picked, &v->missing, err))
        return false;
    v->test_root = v->test_root || v->picked.bundle->tcb_info_doc.issuer.test_root ||
                   v->picked.bundle->qe_doc.issuer.test_root;
    v->missing = att_collateral_absent(&v->wanted, &v->picked);
    if (!collateral_good(ctx, q, v, err))
        return false;
    note_evaluation_number(v);
    return true;
}

static struct dcap_measured measured_of(const struct dcap_quote *q, const struct dcap_measured_td *td,
                                        const struct dcap_verification *v)
{
    struct dcap_measured m = { .tee = q->tee,
                               .components = v->pck->ext.components,
                               .pcesvn = v->pck->ext.pcesvn,
                               .qe_isvsvn = v->qe_report.svn };

    if (td)
        m.td = *td;
    return m;
}

bool dcap_verify(const struct att_ctx *ctx, const struct dcap_quote *q, const struct dcap_measured_td *td,
                 const struct att_collateral *c, struct dcap_verification *ret, struct att_err *err)
{
    const struct att_crypto *crypto = ctx->lib->crypto;

    *ret = (struct dcap_verification){ .qe_report = dcap_enclave_read(q->qe_report) };
    if (!chain_and_collateral(ctx, q, c, ret, err))
        return false;
    ret->measured = measured_of(q, td, ret);
    return dcap_qe_signature(crypto, q, att_cert_key(ret->pck->certs[DCAP_PCK_LEAF]), err) &&
           dcap_qe_report_data(crypto, q, &ret->qe_report, err) &&
           dcap_qe_identity_fits(q, &ret->qe_report, &ret->picked.bundle->qe, err) &&
           dcap_quote_signature(crypto, q, err);
}

/* Which of the parts is below every level, when one is. */
static bool supported(const struct dcap_quote *q, const struct att_tcb *t, const char *shortfall,
                      struct att_err *err)
{
    if (t->qe == ATT_STATUS_UNKNOWN)
        return att_fail(err, ATT_QE_SVN_NOT_SUPPORTED, DCAP_AT(q, "quote.qe_report.isvsvn"),
                        "a quoting enclave of some level of its identity", "%s", shortfall);
    if (q->tee == DCAP_TDX && t->module == ATT_STATUS_UNKNOWN)
        return att_fail(err, ATT_TCB_NOT_SUPPORTED, DCAP_AT(q, "quote.body.tee_tcb_svn[0]"),
                        "a TDX module of some level of its identity", "%s", shortfall);
    if (t->status == ATT_STATUS_UNKNOWN)
        return att_fail(err, ATT_TCB_NOT_SUPPORTED, DCAP_AT(q, "tcb.status"),
                        "a platform of some level of its TCB info", "%s", shortfall);
    return true;
}

static bool level_good(const struct att_ctx *ctx, const struct dcap_quote *q, struct dcap_verification *v,
                       struct att_err *err)
{
    const struct dcap_bundle *b = v->picked.bundle;
    const struct att_tcb *t = &v->tcb;
    bool tdx = q->tee == DCAP_TDX;
    char shortfall[176];

    if (!dcap_tcb_evaluate(ctx->arena, &b->tcb_info, &b->qe, &v->measured, &v->tcb, err))
        return false;
    if (tdx && !dcap_tdx_module_fits(&b->tcb_info, &v->measured.td, q->place, err))
        return false;
    dcap_shortfall_text(t, shortfall, sizeof shortfall);
    if (!supported(q, t, shortfall, err))
        return false;
    if (t->status == ATT_STATUS_REVOKED)
        return att_fail(err, ATT_TCB_REVOKED, DCAP_AT(q, "tcb.status"), "a level that is not revoked",
                        "platform %s%s%s, quoting enclave %s%s%s", att_tcb_status_name(t->platform),
                        tdx ? ", TDX module " : "", tdx ? att_tcb_status_name(t->module) : "",
                        att_tcb_status_name(t->qe), shortfall[0] ? "; " : "", shortfall);
    return true;
}

/* May the early set be believed? By the same checks; what it fails at interests nobody, but for our own trouble. */
static bool early_good(const struct att_ctx *ctx, const struct dcap_quote *q,
                       const struct dcap_verification *v, const struct dcap_bundle *early,
                       struct att_err *err)
{
    struct dcap_verification ahead = *v;

    ahead.picked.bundle = early;
    return collateral_good(ctx, q, &ahead, err) &&
           dcap_qe_identity_fits(q, &ahead.qe_report, &early->qe, err);
}

/* What the platform will be once the next evaluation set counts. It changes nothing of the verdict. */
static bool foresight(const struct att_ctx *ctx, const struct dcap_quote *q, const struct att_collateral *c,
                      struct dcap_verification *v, struct att_err *err)
{
    const struct dcap_bundle *early = att_collateral_early(c, &v->wanted, v->tcb.evaluation_number);
    struct att_err why = { 0 };
    struct att_tcb t = { 0 };

    if (!early)
        return true;
    if (!early_good(ctx, q, v, early, &why)) {
        if (att_code_class(why.code) != ATT_CLASS_INTERNAL)
            return true;
        if (err->code == ATT_OK)
            *err = why;
        return false;
    }
    uint32_t number = early->tcb_info.evaluation_number < early->qe.evaluation_number
                          ? early->tcb_info.evaluation_number
                          : early->qe.evaluation_number;
    if (number <= v->tcb.evaluation_number)
        return true;
    if (!dcap_tcb_evaluate(ctx->arena, &early->tcb_info, &early->qe, &v->measured, &t, err))
        return false;
    v->tcb.early = (struct att_tcb_early){ .known = true,
                                           .evaluation_number = number,
                                           .status = t.status,
                                           .advisories = t.advisories,
                                           .advisory_count = t.advisory_count,
                                           .shortfall = t.shortfall,
                                           .shortfall_count = t.shortfall_count,
                                           .next = t.next };
    return true;
}

bool dcap_verify_tcb(const struct att_ctx *ctx, const struct dcap_quote *q, const struct att_collateral *c,
                     struct dcap_verification *v, struct att_err *err)
{
    bool good = level_good(ctx, q, v, err);

    return foresight(ctx, q, c, v, err) && good;
}

void dcap_verification_told(const struct dcap_verification *v, const struct att_err *err,
                            struct att_evidence *ret)
{
    ret->tcb = v->tcb; /* also when refused: it says how far behind the platform is */
    ret->test_root = v->test_root;
    ret->collateral_age_s = v->collateral_age_s;
    ret->missing = err->code == ATT_COLLATERAL_MISSING
                       ? v->missing
                       : (struct att_collateral_want){ .kind = ATT_ITEM_NONE };
}
