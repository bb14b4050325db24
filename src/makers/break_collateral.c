/* Breaks of revocation lists, TCB info and QE identity. */
#include "base/timetext.h"
#include "makers/plan.h"

#include <stdio.h>

/* Too long for the room would cut a pattern, which then is not found: an error, not a silent pass. */
static void set_edit(struct mk_edit *e, const char *find, const char *put)
{
    (void)snprintf(e->find, sizeof e->find, "%s", find);
    (void)snprintf(e->put, sizeof e->put, "%s", put);
}

/* In the levels of the platform, behind those of TDX modules. */
static void set_level_edit(struct mk_edit *e, const char *find, const char *put)
{
    set_edit(e, find, put);
    e->from = "{\"tcb\":{\"sgxtcbcomp";
}

static void set_time(char text[32], int64_t unix_s)
{
    struct att_time_text t;

    (void)snprintf(text, 32, "%s", att_time_text(&t, unix_s));
}

static void issued_by_other_ca(struct mk_crl_spec *crl, const struct mk_hardware *hw, enum mk_key ca,
                               const char *cn)
{
    crl->issuer_cn = cn;
    crl->issuer_key = hw->key[ca];
    crl->signer = hw->key[ca];
}

static bool break_root_crl(struct mk_plan *p)
{
    struct mk_crl_spec *crl = &p->root_crl;
    int64_t at = p->o.at_unix_s;

    switch (p->o.broken) {
    case MK_BREAK_CA_IS_REVOKED:
        crl->revoked = p->ca.serial;
        return true;
    case MK_BREAK_TCB_SIGNER_IS_REVOKED:
        crl->revoked = p->tcb_chain.signer.serial;
        return true;
    case MK_BREAK_ROOT_CRL_ABSENT:
        crl->absent = true;
        return true;
    case MK_BREAK_ROOT_CRL_EXPIRED:
        crl->next_update = at - 1;
        return true;
    case MK_BREAK_ROOT_CRL_NOT_YET:
        crl->this_update = at + 1;
        return true;
    case MK_BREAK_ROOT_CRL_OTHER_CA:
        issued_by_other_ca(crl, p->hw, p->o.ca == MK_CA_PLATFORM ? MK_KEY_PLATFORM_CA : MK_KEY_PROCESSOR_CA,
                           p->ca.subject_cn);
        return true;
    case MK_BREAK_ROOT_CRL_SIGNATURE:
        crl->signer = p->hw->stranger;
        return true;
    case MK_BREAK_ROOT_CRL_CUT:
        crl->drop_tail = 1;
        return true;
    default:
        return false;
    }
}

bool mk_break_crl(struct mk_plan *p)
{
    bool platform = p->o.ca == MK_CA_PLATFORM;
    struct mk_crl_spec *crl = &p->pck_crl;

    switch (p->o.broken) {
    case MK_BREAK_PCK_IS_REVOKED:
        crl->revoked = p->pck.serial;
        return true;
    case MK_BREAK_PCK_CRL_ABSENT:
        crl->absent = true;
        return true;
    case MK_BREAK_PCK_CRL_EXPIRED:
        crl->next_update = p->o.at_unix_s - 1;
        return true;
    case MK_BREAK_PCK_CRL_NOT_YET:
        crl->this_update = p->o.at_unix_s + 1;
        return true;
    case MK_BREAK_PCK_CRL_OTHER_CA:
        issued_by_other_ca(crl, p->hw, platform ? MK_KEY_PROCESSOR_CA : MK_KEY_PLATFORM_CA,
                           platform ? MK_CN_PROCESSOR_CA : MK_CN_PLATFORM_CA);
        return true;
    case MK_BREAK_PCK_CRL_SIGNATURE:
        crl->signer = p->hw->stranger;
        return true;
    case MK_BREAK_PCK_CRL_CUT:
        crl->drop_tail = 1;
        return true;
    case MK_BREAK_PCK_CRL_TRAILING:
        crl->extra_tail = 1;
        return true;
    case MK_BREAK_PCK_CRL_NO_NUMBER:
        crl->no_number = true;
        return true;
    case MK_BREAK_PCK_CRL_NO_AKI:
        crl->no_key_id = true;
        return true;
    default:
        return break_root_crl(p);
    }
}

/* The two members in the other order, as text: their values are known. */
static void exchange_fmspc_and_pceid(struct mk_tcb_info_plan *t)
{
    const uint8_t *f = t->fmspc, *c = t->pce_id;

    (void)snprintf(t->envelope.after.find, sizeof t->envelope.after.find,
                   "\"fmspc\":\"%02x%02x%02x%02x%02x%02x\",\"pceId\":\"%02x%02x\"", f[0], f[1], f[2], f[3],
                   f[4], f[5], c[0], c[1]);
    (void)snprintf(t->envelope.after.put, sizeof t->envelope.after.put,
                   "\"pceId\":\"%02x%02x\",\"fmspc\":\"%02x%02x%02x%02x%02x%02x\"", c[0], c[1], f[0], f[1],
                   f[2], f[3], f[4], f[5]);
}

static void empty_levels(struct mk_plan *p)
{
    p->o.level_count = 0;
}

static bool break_tcb_info_signing(struct mk_plan *p)
{
    struct mk_envelope_plan *e = &p->tcb_info.envelope;

    switch (p->o.broken) {
    case MK_BREAK_TCB_INFO_ABSENT:
        e->absent = true;
        return true;
    case MK_BREAK_TCB_INFO_SIGNATURE:
        e->flip_signature = true;
        return true;
    case MK_BREAK_TCB_INFO_OTHER_KEY:
        e->signer = p->hw->stranger;
        return true;
    case MK_BREAK_TCB_INFO_EDIT:
        set_level_edit(&e->after, ":00Z\",\"tcbStatus\"", ":01Z\",\"tcbStatus\"");
        return true;
    case MK_BREAK_TCB_INFO_WHITESPACE:
        set_edit(&e->after, "\"tcbType\":0", "\"tcbType\": 0");
        return true;
    case MK_BREAK_TCB_INFO_ORDER:
        exchange_fmspc_and_pceid(&p->tcb_info);
        return true;
    case MK_BREAK_TCB_INFO_CUT:
        e->cut_last = true;
        return true;
    case MK_BREAK_TCB_INFO_TRAILING:
        e->tail = "x";
        return true;
    case MK_BREAK_TCB_INFO_TWICE:
        set_edit(&e->after, "\"signature\":", "\"tcbInfo\":{},\"signature\":");
        return true;
    case MK_BREAK_TCB_INFO_SIGNATURE_SHORT:
        e->short_signature = true;
        return true;
    default:
        return false;
    }
}

static bool break_tcb_info_text(struct mk_plan *p)
{
    struct mk_tcb_info_plan *t = &p->tcb_info;
    struct mk_edit *e = &t->envelope.before;

    switch (p->o.broken) {
    case MK_BREAK_TCB_INFO_DUPLICATE:
        set_edit(e, "\"fmspc\":", "\"fmspc\":\"000000000000\",\"fmspc\":");
        return true;
    case MK_BREAK_TCB_INFO_15:
        t->first_level_components = 15;
        return true;
    case MK_BREAK_TCB_INFO_NO_LEVELS:
        empty_levels(p);
        return true;
    case MK_BREAK_TCB_INFO_NO_DATE:
        (void)snprintf(e->find, sizeof e->find, ",\"nextUpdate\":\"%.24s\"", t->next);
        return true;
    case MK_BREAK_TCB_INFO_BAD_DATE:
        (void)snprintf(t->issued, sizeof t->issued, "%s", "2018-16-06T00:00:00Z");
        return true;
    case MK_BREAK_TCB_INFO_BAD_HEX:
        (void)snprintf(e->find, sizeof e->find, "\"fmspc\":\"%02x", t->fmspc[0]);
        (void)snprintf(e->put, sizeof e->put, "\"fmspc\":\"%x", t->fmspc[0] & 15);
        return true;
    case MK_BREAK_TCB_INFO_FRACTION:
        set_level_edit(e, "\"pcesvn\":", "\"pcesvn\":0.5");
        return true;
    case MK_BREAK_TCB_INFO_NEGATIVE:
        set_edit(e, "\"pcesvn\":", "\"pcesvn\":-");
        return true;
    case MK_BREAK_TCB_INFO_STATUS:
        set_level_edit(e, "\"tcbStatus\":\"", "\"tcbStatus\":\"Almost");
        return true;
    default:
        return false;
    }
}

static bool repeat_level(struct mk_plan *p)
{
    if (p->o.level_count >= MK_LEVELS_MAX)
        return false;
    p->o.levels[p->o.level_count++] = p->o.levels[0];
    return true;
}

bool mk_break_tcb_info(struct mk_plan *p)
{
    struct mk_tcb_info_plan *t = &p->tcb_info;

    switch (p->o.broken) {
    case MK_BREAK_TCB_INFO_PAST:
        set_time(t->next, p->o.at_unix_s - 1);
        return true;
    case MK_BREAK_TCB_INFO_FUTURE:
        set_time(t->issued, p->o.at_unix_s + 1);
        return true;
    case MK_BREAK_TCB_INFO_FMSPC:
        t->fmspc[5] ^= 0x01;
        return true;
    case MK_BREAK_TCB_INFO_PCEID:
        t->pce_id[0] ^= 0x01;
        return true;
    case MK_BREAK_TCB_INFO_TDX:
        t->id = "TDX";
        return true;
    case MK_BREAK_TCB_INFO_SGX:
        t->id = "SGX";
        return true;
    case MK_BREAK_TCB_INFO_UNSORTED:
        return t->lowest_first = true;
    case MK_BREAK_TCB_INFO_LEVEL_TWICE:
        return repeat_level(p);
    case MK_BREAK_TCB_INFO_VERSION:
        t->version_named = 4;
        return true;
    default:
        return break_tcb_info_signing(p) || break_tcb_info_text(p);
    }
}

static bool break_qe_identity_text(struct mk_plan *p)
{
    struct mk_envelope_plan *e = &p->qe_identity.envelope;

    switch (p->o.broken) {
    case MK_BREAK_QE_IDENTITY_ABSENT:
        e->absent = true;
        return true;
    case MK_BREAK_QE_IDENTITY_SIGNATURE:
        e->flip_signature = true;
        return true;
    case MK_BREAK_QE_IDENTITY_OTHER_KEY:
        e->signer = p->hw->stranger;
        return true;
    case MK_BREAK_QE_IDENTITY_EDIT:
        set_edit(&e->after, ":00Z\",\"tcbStatus\"", ":01Z\",\"tcbStatus\"");
        return true;
    case MK_BREAK_QE_IDENTITY_WHITESPACE:
        set_edit(&e->after, "\"version\":2", "\"version\": 2");
        return true;
    case MK_BREAK_QE_IDENTITY_CUT:
        e->cut_last = true;
        return true;
    case MK_BREAK_QE_IDENTITY_TRAILING:
        e->tail = "x";
        return true;
    case MK_BREAK_QE_IDENTITY_DUPLICATE:
        set_edit(&e->before, "\"mrsigner\":", "\"mrsigner\":\"00\",\"mrsigner\":");
        return true;
    case MK_BREAK_QE_IDENTITY_NO_MEMBER:
        set_edit(&e->before, "\"mrsigner\":", "\"mrsignerWas\":");
        return true;
    default:
        return false;
    }
}

bool mk_break_qe_identity(struct mk_plan *p)
{
    struct mk_qe_identity_plan *q = &p->qe_identity;

    switch (p->o.broken) {
    case MK_BREAK_QE_IDENTITY_PAST:
        set_time(q->next, p->o.at_unix_s - 1);
        return true;
    case MK_BREAK_QE_IDENTITY_FUTURE:
        set_time(q->issued, p->o.at_unix_s + 1);
        return true;
    case MK_BREAK_QE_IDENTITY_MRSIGNER:
        q->mrsigner[31] ^= 0x01;
        return true;
    case MK_BREAK_QE_IDENTITY_PRODUCT:
        q->product_id ^= 3;
        return true;
    case MK_BREAK_QE_IDENTITY_MISCSELECT:
        q->misc_select[3] ^= 0x01;
        return true;
    case MK_BREAK_QE_IDENTITY_ATTRIBUTES:
        q->attributes[0] ^= 0x80;
        return true;
    case MK_BREAK_QE_IDENTITY_TD:
        q->id = "TD_QE";
        return true;
    case MK_BREAK_QE_IDENTITY_SGX:
        q->id = "QE";
        return true;
    case MK_BREAK_QE_IDENTITY_NO_LEVELS:
        p->o.qe_level_count = 0;
        return true;
    case MK_BREAK_QE_IDENTITY_BAD_DATE:
        (void)snprintf(q->issued, sizeof q->issued, "%s", "2018-16-06T00:00:00Z");
        return true;
    default:
        return break_qe_identity_text(p);
    }
}

static void all_begin(struct mk_plan *p, int64_t at)
{
    mk_reissue(&p->pck)->not_before = at;
    mk_reissue(&p->ca)->not_before = at;
    mk_reissue(&p->root)->not_before = at;
    mk_reissue(&p->tcb_chain.signer)->not_before = at;
    mk_reissue(&p->tcb_chain.root)->not_before = at;
    mk_reissue(&p->qe_chain.signer)->not_before = at;
    mk_reissue(&p->qe_chain.root)->not_before = at;
    p->pck_crl.this_update = at;
    p->root_crl.this_update = at;
    set_time(p->tcb_info.issued, at);
    set_time(p->qe_identity.issued, at);
}

static void all_end(struct mk_plan *p, int64_t at)
{
    mk_reissue(&p->pck)->not_after = at;
    mk_reissue(&p->ca)->not_after = at;
    mk_reissue(&p->root)->not_after = at;
    mk_reissue(&p->tcb_chain.signer)->not_after = at;
    mk_reissue(&p->tcb_chain.root)->not_after = at;
    mk_reissue(&p->qe_chain.signer)->not_after = at;
    mk_reissue(&p->qe_chain.root)->not_after = at;
    p->pck_crl.next_update = at;
    p->root_crl.next_update = at;
    set_time(p->tcb_info.next, at);
    set_time(p->qe_identity.next, at);
}

bool mk_break_edges(struct mk_plan *p)
{
    if (p->o.broken == MK_BREAK_FIRST_SECOND)
        all_begin(p, p->o.at_unix_s);
    else if (p->o.broken == MK_BREAK_LAST_SECOND)
        all_end(p, p->o.at_unix_s);
    else
        return false;
    return true;
}
