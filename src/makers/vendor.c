#include "makers/vendor.h"

#include "base/err.h"
#include "base/timetext.h"
#include "makers/plan.h"

#include <stdio.h>
#include <stdlib.h>

#define DAY_S ((int64_t)86400)

enum item { TCB_INFO, QE_IDENTITY, TCB_NUMBERS, PCK_CRL, ROOT_CRL };

void mk_vendor_defaults(struct mk_vendor_options *ret, enum att_tee tee, int64_t at_unix_s)
{
    struct mk_tdx_options tdx;

    mk_tdx_defaults(&tdx, at_unix_s);
    *ret = (struct mk_vendor_options){
        .tee = tee,
        .dcap = tdx.dcap,
        .tdx = tdx.tdx,
        .issued_unix_s = at_unix_s - DAY_S,
        .next_unix_s = at_unix_s + 29 * DAY_S,
        .numbers = { { 17, "2024-11-12T00:00:00Z", "2024-11-13T00:00:00Z" },
                     { 16, "2024-03-12T00:00:00Z", "2024-03-13T00:00:00Z" } },
        .number_count = 2,
    };
}

void mk_published_free(struct mk_published *item)
{
    att_buf_free(&item->body);
    att_buf_free(&item->chain);
}

static bool refuse(struct att_err *err, const char *where, const char *expected)
{
    return att_fail(err, ATT_PARAMETER_INVALID, where, expected, "another value");
}

static bool check_own(const struct mk_vendor_options *o, struct att_err *err)
{
    int64_t first, last, when;

    if (!att_time_from_civil(1971, 1, 1, 0, 0, 0, &first) ||
        !att_time_from_civil(9999, 1, 1, 0, 0, 0, &last) || o->issued_unix_s < first ||
        o->next_unix_s > last || o->issued_unix_s > o->next_unix_s)
        return refuse(err, "issued_unix_s", "a time not behind next_unix_s, both in the years 1971 to 9998");
    if (o->number_count < 1 || o->number_count > MK_NUMBERS_MAX)
        return refuse(err, "numbers", "1 to 8 numbers");
    for (size_t i = 0; i < o->number_count; i++)
        if (!o->numbers[i].recovery_event_date || !o->numbers[i].tcb_date ||
            !att_time_read(att_str(o->numbers[i].recovery_event_date), &when) ||
            !att_time_read(att_str(o->numbers[i].tcb_date), &when))
            return refuse(err, "numbers", "dates of the form YYYY-MM-DDThh:mm:ssZ");
    return true;
}

/* The texts and lists of a plan, with the dates and the signer of the options. */
static void date_plan(struct mk_plan *p, const struct mk_vendor_options *o)
{
    struct att_time_text issued, next;
    EVP_PKEY *stranger = p->hw->stranger;

    (void)att_time_text(&issued, o->issued_unix_s);
    (void)att_time_text(&next, o->next_unix_s);
    memcpy(p->tcb_info.issued, issued.text, sizeof issued.text);
    memcpy(p->tcb_info.next, next.text, sizeof next.text);
    memcpy(p->qe_identity.issued, issued.text, sizeof issued.text);
    memcpy(p->qe_identity.next, next.text, sizeof next.text);
    p->pck_crl.this_update = p->root_crl.this_update = o->issued_unix_s;
    p->pck_crl.next_update = p->root_crl.next_update = o->next_unix_s;
    p->pck_crl.revoked = p->root_crl.revoked = o->revoked;
    if (o->other_key)
        p->tcb_info.envelope.signer = p->qe_identity.envelope.signer = p->pck_crl.signer =
            p->root_crl.signer = stranger;
}

static bool put_numbers(const struct mk_plan *p, const struct mk_vendor_options *o, struct att_buf *out,
                        struct att_err *err)
{
    struct mk_envelope_plan envelope = { .name = "tcbEvaluationDataNumbers",
                                         .signer = p->tcb_info.envelope.signer };
    ATT_AUTO(att_buf_free) struct att_buf body = { 0 };

    att_buf_printf(
        &body, "{\"id\":\"%s\",\"version\":1,\"issueDate\":\"%s\",\"nextUpdate\":\"%s\",\"tcbEvalNumbers\":[",
        p->tcb_info.id, p->tcb_info.issued, p->tcb_info.next);
    for (size_t i = 0; i < o->number_count; i++)
        att_buf_printf(
            &body, "%s{\"tcbEvaluationDataNumber\":%u,\"tcbRecoveryEventDate\":\"%s\",\"tcbDate\":\"%s\"}",
            i ? "," : "", o->numbers[i].number, o->numbers[i].recovery_event_date, o->numbers[i].tcb_date);
    att_buf_puts(&body, "]}");
    return mk_envelope_seal(&envelope, &body, out, err);
}

static bool put_item(struct mk_plan *p, const struct mk_vendor_options *o, enum item item,
                     struct mk_published *out, struct att_err *err)
{
    const struct mk_issuer_chain_plan ca = { .signer = p->true_ca, .root = p->true_root };
    const struct mk_issuer_chain_plan root = { .signer = p->true_root, .no_root = true };

    switch (item) {
    case TCB_INFO:
        return mk_tcb_info_put(p, &out->body, err) && mk_issuer_chain_put(&p->tcb_chain, &out->chain, err);
    case QE_IDENTITY:
        return mk_qe_identity_put(p, &out->body, err) && mk_issuer_chain_put(&p->qe_chain, &out->chain, err);
    case TCB_NUMBERS:
        return put_numbers(p, o, &out->body, err) && mk_issuer_chain_put(&p->tcb_chain, &out->chain, err);
    case PCK_CRL:
        return mk_crl_make(&p->pck_crl, &out->body, err) && mk_issuer_chain_put(&ca, &out->chain, err);
    case ROOT_CRL:
        return mk_crl_make(&p->root_crl, &out->body, err) && mk_issuer_chain_put(&root, &out->chain, err);
    }
    return false;
}

static bool publish(const struct mk_hardware *hw, const struct mk_vendor_options *o, enum item item,
                    struct mk_published *ret, struct att_err *err)
{
    struct mk_request request = { .tee = o->tee, .dcap = o->dcap, .tdx = o->tdx };
    struct mk_published made = { 0 };

    request.quote_version = 4; /* none is made */
    request.broken = MK_BREAK_NONE;
    if (!check_own(o, err) || !mk_dcap_check(hw, &request, err))
        return false;
    struct mk_plan *p = calloc(1, sizeof *p);
    if (!p)
        return att_fail_memory(err, "makers.vendor");
    bool ok = mk_plan_fill(hw, &request, p, err);
    if (ok) {
        date_plan(p, o);
        ok = put_item(p, o, item, &made, err);
    }
    free(p);
    if (!ok) {
        mk_published_free(&made);
        return false;
    }
    *ret = made;
    return true;
}

bool mk_vendor_tcb_info(const struct mk_hardware *hw, const struct mk_vendor_options *o,
                        struct mk_published *ret, struct att_err *err)
{
    return publish(hw, o, TCB_INFO, ret, err);
}

bool mk_vendor_qe_identity(const struct mk_hardware *hw, const struct mk_vendor_options *o,
                           struct mk_published *ret, struct att_err *err)
{
    return publish(hw, o, QE_IDENTITY, ret, err);
}

bool mk_vendor_tcb_numbers(const struct mk_hardware *hw, const struct mk_vendor_options *o,
                           struct mk_published *ret, struct att_err *err)
{
    return publish(hw, o, TCB_NUMBERS, ret, err);
}

bool mk_vendor_pck_crl(const struct mk_hardware *hw, const struct mk_vendor_options *o,
                       struct mk_published *ret, struct att_err *err)
{
    return publish(hw, o, PCK_CRL, ret, err);
}

bool mk_vendor_root_crl(const struct mk_hardware *hw, const struct mk_vendor_options *o,
                        struct mk_published *ret, struct att_err *err)
{
    return publish(hw, o, ROOT_CRL, ret, err);
}
