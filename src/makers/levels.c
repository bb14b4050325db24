/* TCB levels: which one counts, what a verifier must say, and the rows of breaks.def that only move levels. */
#include "base/err.h"
#include "makers/plan.h"

static bool reaches(const struct mk_platform *m, const struct mk_tcb_level *l)
{
    for (size_t i = 0; i < sizeof m->components; i++)
        if (m->components[i] < l->components[i])
            return false;
    return m->pce_svn >= l->pce_svn;
}

/* Components 0 and 1 are the module's own; from version 1 on its identity judges them. */
static bool domain_reaches(const struct mk_td *td, const struct mk_tcb_level *l)
{
    for (size_t i = td->tee_tcb_svn[1] > 0 ? 2 : 0; i < sizeof td->tee_tcb_svn; i++)
        if (td->tee_tcb_svn[i] < l->tdx_components[i])
            return false;
    return true;
}

static int platform_level(const struct mk_request *o)
{
    for (size_t i = 0; i < o->level_count; i++)
        if (reaches(&o->platform, &o->levels[i]))
            return (int)i;
    return -1;
}

int mk_level_matching(const struct mk_request *o)
{
    for (size_t i = 0; i < o->level_count; i++)
        if (reaches(&o->platform, &o->levels[i]) &&
            (o->tee == ATT_TEE_SGX || domain_reaches(&o->td, &o->levels[i])))
            return (int)i;
    return -1;
}

int mk_qe_level_matching(const struct mk_request *o)
{
    for (size_t i = 0; i < o->qe_level_count; i++)
        if (o->qe_isv_svn >= o->qe_levels[i].isv_svn)
            return (int)i;
    return -1;
}

/* A quoting enclave that is out of date makes the platform out of date; configuration advice survives. */
static const char *lowered(const char *status)
{
    if (strcmp(status, "UpToDate") == 0 || strcmp(status, "SWHardeningNeeded") == 0)
        return "OutOfDate";
    if (strcmp(status, "ConfigurationNeeded") == 0 ||
        strcmp(status, "ConfigurationAndSWHardeningNeeded") == 0)
        return "OutOfDateConfigurationNeeded";
    return status;
}

const char *mk_status_combined(const char *platform, const char *other)
{
    if (strcmp(platform, "Revoked") == 0 || strcmp(other, "Revoked") == 0)
        return "Revoked";
    return strcmp(other, "OutOfDate") == 0 ? lowered(platform) : platform;
}

/* Status of platform and, for TDX, module; before the quoting enclave's. NULL with a code: refused. */
static const char *platform_status(const struct mk_request *o, const char *qe, enum att_code *ret_code)
{
    int level = mk_level_matching(o);

    *ret_code = ATT_TCB_NOT_SUPPORTED;
    if (o->tee == ATT_TEE_SGX)
        return level < 0 ? NULL : o->levels[level].status;
    return mk_tdx_status(o, platform_level(o), level, qe, ret_code);
}

void mk_expect(const struct mk_request *o, enum att_code *ret_code, const char **ret_status)
{
    int qe = mk_qe_level_matching(o);

    *ret_status = NULL;
    *ret_code = ATT_QE_SVN_NOT_SUPPORTED;
    if (qe < 0)
        return;
    const char *enclave = o->qe_levels[qe].status;
    const char *platform = platform_status(o, enclave, ret_code);
    if (!platform)
        return;
    *ret_status = mk_status_combined(platform, enclave);
    *ret_code = strcmp(*ret_status, "Revoked") == 0 ? ATT_TCB_REVOKED : ATT_OK;
}

static bool needs(struct att_err *err, const char *where, const char *expected)
{
    return att_fail(err, ATT_PARAMETER_INVALID, where, expected, "options that leave no room for this break");
}

static bool set_status(struct mk_request *o, const char *status, struct att_err *err)
{
    int level = mk_level_matching(o);
    if (level < 0)
        return needs(err, "levels", "a level that the platform reaches");
    o->levels[level].status = status;
    return true;
}

static bool set_qe_status(struct mk_request *o, const char *status, struct att_err *err)
{
    int level = mk_qe_level_matching(o);
    if (level < 0)
        return needs(err, "qe_levels", "a level that the quoting enclave reaches");
    o->qe_levels[level].status = status;
    return true;
}

static bool all_above(struct mk_request *o, struct att_err *err)
{
    if (o->platform.pce_svn == UINT16_MAX)
        return needs(err, "platform.pce_svn", "less than 65535");
    for (size_t i = 0; i < o->level_count; i++)
        o->levels[i].pce_svn = (uint16_t)(o->platform.pce_svn + 1);
    return true;
}

static bool qe_below(struct mk_request *o, struct att_err *err)
{
    uint16_t least = UINT16_MAX;
    for (size_t i = 0; i < o->qe_level_count; i++)
        least = o->qe_levels[i].isv_svn < least ? o->qe_levels[i].isv_svn : least;
    if (least == 0)
        return needs(err, "qe_levels", "no level of isvsvn 0");
    o->qe_isv_svn = (uint16_t)(least - 1);
    return true;
}

static bool first_level_above(struct mk_request *o, struct att_err *err)
{
    if (mk_level_matching(o) != 0)
        return needs(err, "levels", "a platform that reaches the first level");
    if (o->broken == MK_BREAK_TCB_COMPONENT_LOW && o->platform.components[0] < UINT8_MAX)
        o->levels[0].components[0] = (uint8_t)(o->platform.components[0] + 1);
    else if (o->broken == MK_BREAK_TCB_PCESVN_LOW && o->platform.pce_svn < UINT16_MAX)
        o->levels[0].pce_svn = (uint16_t)(o->platform.pce_svn + 1);
    return mk_level_matching(o) == 1 || needs(err, "levels", "a second level that the platform reaches");
}

bool mk_break_levels(struct mk_request *o, struct att_err *err)
{
    switch (o->broken) {
    case MK_BREAK_TCB_SW_HARDENING:
        return set_status(o, "SWHardeningNeeded", err);
    case MK_BREAK_TCB_CONFIGURATION:
        return set_status(o, "ConfigurationNeeded", err);
    case MK_BREAK_TCB_CONFIGURATION_SW_HARDENING:
        return set_status(o, "ConfigurationAndSWHardeningNeeded", err);
    case MK_BREAK_TCB_OUT_OF_DATE:
        return set_status(o, "OutOfDate", err);
    case MK_BREAK_TCB_OUT_OF_DATE_CONFIGURATION:
        return set_status(o, "OutOfDateConfigurationNeeded", err);
    case MK_BREAK_TCB_LEVEL_REVOKED:
        return set_status(o, "Revoked", err);
    case MK_BREAK_QE_OUT_OF_DATE:
        return set_qe_status(o, "OutOfDate", err);
    case MK_BREAK_QE_LEVEL_REVOKED:
        return set_qe_status(o, "Revoked", err);
    case MK_BREAK_TCB_BELOW_ALL:
        return all_above(o, err);
    case MK_BREAK_QE_BELOW_ALL:
        return qe_below(o, err);
    case MK_BREAK_TCB_COMPONENT_LOW:
    case MK_BREAK_TCB_PCESVN_LOW:
        return first_level_above(o, err);
    default:
        return o->tee == ATT_TEE_SGX || mk_break_tdx_levels(o, err);
    }
}
