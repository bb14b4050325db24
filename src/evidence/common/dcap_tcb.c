#include "evidence/common/dcap_tcb.h"

#include "base/err.h"
#include "evidence/common/dcap_tcb_tdx.h"

#include <stdio.h>

enum {
    SHORTFALL_MAX = 16 + 16 + 1 + 1 + 1
}; /* SGX and TDX components, pcesvn, tdxmodule.isvsvn, qe.isvsvn */

static const char *const sgx_names[16] = {
    "sgxtcbcomp01", "sgxtcbcomp02", "sgxtcbcomp03", "sgxtcbcomp04", "sgxtcbcomp05", "sgxtcbcomp06",
    "sgxtcbcomp07", "sgxtcbcomp08", "sgxtcbcomp09", "sgxtcbcomp10", "sgxtcbcomp11", "sgxtcbcomp12",
    "sgxtcbcomp13", "sgxtcbcomp14", "sgxtcbcomp15", "sgxtcbcomp16",
};
static const char *const tdx_names[16] = {
    "tdxtcbcomp01", "tdxtcbcomp02", "tdxtcbcomp03", "tdxtcbcomp04", "tdxtcbcomp05", "tdxtcbcomp06",
    "tdxtcbcomp07", "tdxtcbcomp08", "tdxtcbcomp09", "tdxtcbcomp10", "tdxtcbcomp11", "tdxtcbcomp12",
    "tdxtcbcomp13", "tdxtcbcomp14", "tdxtcbcomp15", "tdxtcbcomp16",
};

/* Levels that a platform reaches. */
struct reached {
    const struct dcap_tcb_level *sgx; /* in SGX components and PCESVN */
    const struct dcap_tcb_level *own; /* in all that its TEE is measured by: this one's status counts */
    struct dcap_module module;        /* TDX */
    const struct dcap_svn_level *qe;
};

static bool reaches_sgx(const struct dcap_measured *m, const struct dcap_tcb_level *level)
{
    for (size_t i = 0; i < 16; i++)
        if (m->components[i] < level->components[i])
            return false;
    return m->pcesvn >= level->pcesvn;
}

static bool reaches_tdx(const struct dcap_measured *m, const struct dcap_tcb_level *level)
{
    for (size_t i = dcap_tdx_components_from(&m->td); i < 16; i++)
        if (m->td.tee_tcb_svn.ptr[i] < level->tdx_components[i])
            return false;
    return true;
}

/* TCB info of another TEE says nothing about this one. */
static const struct dcap_tcb_level *first_of(const struct dcap_tcb_info *info, const struct dcap_measured *m,
                                             bool with_tdx)
{
    for (size_t i = 0; info->tee == m->tee && i < info->level_count; i++)
        if (reaches_sgx(m, &info->levels[i]) && (!with_tdx || reaches_tdx(m, &info->levels[i])))
            return &info->levels[i];
    return NULL;
}

const struct dcap_tcb_level *dcap_tcb_level_of(const struct dcap_tcb_info *info,
                                               const struct dcap_measured *m)
{
    return first_of(info, m, m->tee == DCAP_TDX);
}

const struct dcap_svn_level *dcap_svn_level_of(const struct dcap_svn_level *levels, size_t count,
                                               uint16_t isvsvn)
{
    for (size_t i = 0; i < count; i++)
        if (isvsvn >= levels[i].isvsvn)
            return &levels[i];
    return NULL;
}

enum att_tcb_status dcap_status_join(enum att_tcb_status platform, enum att_tcb_status part)
{
    if (platform == ATT_STATUS_UNKNOWN || part == ATT_STATUS_UNKNOWN)
        return ATT_STATUS_UNKNOWN;
    if (part == ATT_STATUS_REVOKED)
        return ATT_STATUS_REVOKED;
    if (part == ATT_STATUS_UP_TO_DATE)
        return platform;
    switch (platform) { /* the part is out of date */
    case ATT_STATUS_UP_TO_DATE:
    case ATT_STATUS_SW_HARDENING_NEEDED:
        return ATT_STATUS_OUT_OF_DATE;
    case ATT_STATUS_CONFIGURATION_NEEDED:
    case ATT_STATUS_CONFIGURATION_AND_SW_HARDENING_NEEDED:
        return ATT_STATUS_OUT_OF_DATE_CONFIGURATION_NEEDED;
    default:
        return platform;
    }
}

/* Going up from the platform's own level, the first with a better status; the lowest of all for a platform that reaches
 * none; NULL at the top. The enum is in order of goodness. */
static const struct dcap_tcb_level *next_platform(const struct dcap_tcb_info *info,
                                                  const struct dcap_tcb_level *own)
{
    if (!own)
        return &info->levels[info->level_count - 1];
    for (const struct dcap_tcb_level *l = own; l-- != info->levels;)
        if (l->verdict.status < own->verdict.status)
            return l;
    return NULL;
}

static const struct dcap_svn_level *next_svn(const struct dcap_svn_level *levels, size_t count,
                                             const struct dcap_svn_level *own)
{
    if (!own)
        return &levels[count - 1];
    for (const struct dcap_svn_level *l = own; l-- != levels;)
        if (l->verdict.status < own->verdict.status)
            return l;
    return NULL;
}

struct shortfall {
    struct att_tcb_shortfall *list;
    size_t count;
};

static void note(struct shortfall *s, const char *name, uint32_t has, uint32_t needs)
{
    if (has < needs)
        s->list[s->count++] = (struct att_tcb_shortfall){ name, has, needs };
}

static void note_platform(struct shortfall *s, const struct dcap_measured *m,
                          const struct dcap_tcb_level *next)
{
    for (size_t i = 0; i < 16; i++)
        note(s, sgx_names[i], m->components[i], next->components[i]);
    note(s, "pcesvn", m->pcesvn, next->pcesvn);
    if (m->tee != DCAP_TDX)
        return;
    for (size_t i = dcap_tdx_components_from(&m->td); i < 16; i++)
        note(s, tdx_names[i], m->td.tee_tcb_svn.ptr[i], next->tdx_components[i]);
}

static bool shortfall_fill(struct att_arena *arena, const struct dcap_tcb_info *info,
                           const struct dcap_qe_identity *q, const struct dcap_measured *m,
                           const struct reached *at, struct att_tcb *ret, struct att_err *err)
{
    const struct dcap_tcb_level *platform = next_platform(info, at->own);
    const struct dcap_tdx_module_identity *id = at->module.identity;
    const struct dcap_svn_level *module = id ? next_svn(id->levels, id->level_count, at->module.level) : NULL;
    const struct dcap_svn_level *qe = next_svn(q->levels, q->level_count, at->qe);
    struct shortfall s = { 0 };

    if (!platform && !module && !qe)
        return true;
    s.list = att_arena_alloc(arena, SHORTFALL_MAX, sizeof *s.list);
    if (!s.list)
        return att_fail_memory(err, "tcb");
    if (platform)
        note_platform(&s, m, platform);
    if (module)
        note(&s, "tdxmodule.isvsvn", m->td.tee_tcb_svn.ptr[0], module->isvsvn);
    if (qe)
        note(&s, "qe.isvsvn", m->qe_isvsvn, qe->isvsvn);
    ret->shortfall = s.list;
    ret->shortfall_count = s.count;
    ret->next = platform ? platform->verdict.status : module ? module->verdict.status : qe->verdict.status;
    return true;
}

static bool among(const struct att_span *list, size_t count, struct att_span id)
{
    for (size_t i = 0; i < count; i++)
        if (att_span_eq(list[i], id))
            return true;
    return false;
}

static bool advisories_join(struct att_arena *arena, const struct reached *at, struct att_tcb *ret,
                            struct att_err *err)
{
    const struct dcap_verdict_of_level *const lists[] = { at->own ? &at->own->verdict : NULL,
                                                          at->module.level ? &at->module.level->verdict
                                                                           : NULL,
                                                          at->qe ? &at->qe->verdict : NULL };
    size_t max = 0, count = 0;

    for (size_t n = 0; n < sizeof lists / sizeof lists[0]; n++)
        max += lists[n] ? lists[n]->advisory_count : 0;
    if (max == 0)
        return true;
    struct att_span *all = att_arena_alloc(arena, max, sizeof *all);
    if (!all)
        return att_fail_memory(err, "tcb");
    for (size_t n = 0; n < sizeof lists / sizeof lists[0]; n++)
        for (size_t i = 0; lists[n] && i < lists[n]->advisory_count; i++)
            if (!among(all, count, lists[n]->advisories[i]))
                all[count++] = lists[n]->advisories[i];
    ret->advisories = all;
    ret->advisory_count = count;
    return true;
}

static enum att_tcb_status combined(const struct dcap_tcb_info *info, const struct dcap_measured *m,
                                    const struct reached *at, const struct att_tcb *t)
{
    enum att_tcb_status status = t->platform;

    if (m->tee == DCAP_TDX) {
        status = dcap_status_join(status, t->module);
        if (at->sgx && t->qe == ATT_STATUS_UP_TO_DATE)
            status = dcap_relaunch(info, &m->td, at->sgx->verdict.status, t->module, status);
    }
    return dcap_status_join(status, t->qe);
}

bool dcap_tcb_evaluate(struct att_arena *arena, const struct dcap_tcb_info *info,
                       const struct dcap_qe_identity *qe, const struct dcap_measured *m, struct att_tcb *ret,
                       struct att_err *err)
{
    const struct reached at = {
        .sgx = first_of(info, m, false),
        .own = dcap_tcb_level_of(info, m),
        .module = m->tee == DCAP_TDX ? dcap_module_of(info, &m->td) : (struct dcap_module){ 0 },
        .qe = dcap_svn_level_of(qe->levels, qe->level_count, m->qe_isvsvn),
    };
    struct att_tcb t = *ret;

    t.platform = at.own ? at.own->verdict.status : ATT_STATUS_UNKNOWN;
    t.module = at.module.status;
    t.qe = at.qe ? at.qe->verdict.status : ATT_STATUS_UNKNOWN;
    t.status = combined(info, m, &at, &t);
    t.date_unix_s = at.own ? at.own->verdict.date_unix_s : 0;
    if (!advisories_join(arena, &at, &t, err) || !shortfall_fill(arena, info, qe, m, &at, &t, err))
        return false;
    *ret = t;
    return true;
}

void dcap_shortfall_text(const struct att_tcb *tcb, char *ret, size_t size)
{
    size_t at = 0;

    ret[0] = '\0';
    for (size_t i = 0; i < tcb->shortfall_count; i++) {
        const struct att_tcb_shortfall *s = &tcb->shortfall[i];
        int n = snprintf(ret + at, size - at, "%s%s is %u, needs %u", i ? "; " : "", s->component, s->has,
                         s->needs);
        if (n < 0 || (size_t)n >= size - at) {
            ret[at] = '\0'; /* whole items only */
            return;
        }
        at += (size_t)n;
    }
}
