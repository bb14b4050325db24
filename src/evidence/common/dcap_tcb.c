#include "evidence/common/dcap_tcb.h"

#include "base/err.h"

#include <stdio.h>

enum { SHORTFALL_MAX = 16 + 1 + 1 }; /* components, pcesvn, qe.isvsvn */

static const char *const component_names[16] = {
    "sgxtcbcomp01", "sgxtcbcomp02", "sgxtcbcomp03", "sgxtcbcomp04", "sgxtcbcomp05", "sgxtcbcomp06",
    "sgxtcbcomp07", "sgxtcbcomp08", "sgxtcbcomp09", "sgxtcbcomp10", "sgxtcbcomp11", "sgxtcbcomp12",
    "sgxtcbcomp13", "sgxtcbcomp14", "sgxtcbcomp15", "sgxtcbcomp16",
};

static bool reaches(const struct dcap_platform *p, const struct dcap_tcb_level *level)
{
    for (size_t i = 0; i < 16; i++)
        if (p->components[i] < level->components[i])
            return false;
    return p->pcesvn >= level->pcesvn;
}

const struct dcap_tcb_level *dcap_tcb_level_of(const struct dcap_tcb_info *info,
                                               const struct dcap_platform *p)
{
    for (size_t i = 0; i < info->level_count; i++)
        if (reaches(p, &info->levels[i]))
            return &info->levels[i];
    return NULL;
}

const struct dcap_qe_level *dcap_qe_level_of(const struct dcap_qe_identity *qe, uint16_t isvsvn)
{
    for (size_t i = 0; i < qe->level_count; i++)
        if (isvsvn >= qe->levels[i].isvsvn)
            return &qe->levels[i];
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

static const struct dcap_qe_level *next_qe(const struct dcap_qe_identity *qe, const struct dcap_qe_level *own)
{
    if (!own)
        return &qe->levels[qe->level_count - 1];
    for (const struct dcap_qe_level *l = own; l-- != qe->levels;)
        if (l->verdict.status < own->verdict.status)
            return l;
    return NULL;
}

static void note(struct att_tcb_shortfall *list, size_t *count, const char *name, uint32_t has,
                 uint32_t needs)
{
    if (has < needs)
        list[(*count)++] = (struct att_tcb_shortfall){ name, has, needs };
}

static bool shortfall_fill(struct att_arena *arena, const struct dcap_platform *p, uint16_t qe_isvsvn,
                           const struct dcap_tcb_level *platform, const struct dcap_qe_level *qe,
                           struct att_tcb *ret, struct att_err *err)
{
    size_t count = 0;

    if (!platform && !qe)
        return true;
    struct att_tcb_shortfall *list = att_arena_alloc(arena, SHORTFALL_MAX, sizeof *list);
    if (!list)
        return att_fail_memory(err, "tcb");
    for (size_t i = 0; platform && i < 16; i++)
        note(list, &count, component_names[i], p->components[i], platform->components[i]);
    if (platform)
        note(list, &count, "pcesvn", p->pcesvn, platform->pcesvn);
    if (qe)
        note(list, &count, "qe.isvsvn", qe_isvsvn, qe->isvsvn);
    ret->shortfall = list;
    ret->shortfall_count = count;
    ret->next = platform ? platform->verdict.status : qe->verdict.status;
    return true;
}

static bool among(const struct att_span *list, size_t count, struct att_span id)
{
    for (size_t i = 0; i < count; i++)
        if (att_span_eq(list[i], id))
            return true;
    return false;
}

static bool advisories_join(struct att_arena *arena, const struct dcap_verdict_of_level *a,
                            const struct dcap_verdict_of_level *b, struct att_tcb *ret, struct att_err *err)
{
    const struct dcap_verdict_of_level *const both[] = { a, b };
    size_t max = a->advisory_count + b->advisory_count;
    size_t count = 0;

    if (max == 0)
        return true;
    struct att_span *list = att_arena_alloc(arena, max, sizeof *list);
    if (!list)
        return att_fail_memory(err, "tcb");
    for (size_t n = 0; n < 2; n++)
        for (size_t i = 0; i < both[n]->advisory_count; i++)
            if (!among(list, count, both[n]->advisories[i]))
                list[count++] = both[n]->advisories[i];
    ret->advisories = list;
    ret->advisory_count = count;
    return true;
}

bool dcap_tcb_fill(struct att_arena *arena, const struct dcap_tcb_info *info, const struct dcap_platform *p,
                   const struct dcap_qe_identity *qe, uint16_t qe_isvsvn, struct att_tcb *ret,
                   struct att_err *err)
{
    static const struct dcap_verdict_of_level none = { 0 };
    const struct dcap_tcb_level *level = dcap_tcb_level_of(info, p);
    const struct dcap_qe_level *qe_level = dcap_qe_level_of(qe, qe_isvsvn);
    const struct dcap_verdict_of_level *v = level ? &level->verdict : &none;
    const struct dcap_verdict_of_level *qv = qe_level ? &qe_level->verdict : &none;

    ret->platform = v->status;
    ret->qe = qv->status;
    ret->status = dcap_status_join(v->status, qv->status);
    ret->date_unix_s = v->date_unix_s;
    return advisories_join(arena, v, qv, ret, err) &&
           shortfall_fill(arena, p, qe_isvsvn, next_platform(info, level), next_qe(qe, qe_level), ret, err);
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
