/* TDX modules and relaunching: what a verifier must say, and the rows of breaks.def that only move SVNs and levels. */
#include "base/err.h"
#include "makers/plan.h"

static int module_at(const struct mk_tdx_tcb *t, uint8_t version)
{
    for (size_t i = 0; i < t->module_count; i++)
        if (t->modules[i].version == version)
            return (int)i;
    return -1;
}

static int module_level(const struct mk_tdx_module *m, uint8_t svn)
{
    for (size_t i = 0; i < m->level_count; i++)
        if (svn >= m->levels[i].isv_svn)
            return (int)i;
    return -1;
}

/* Is it the module that was measured? SEAMATTRIBUTES must be zero, whatever the TCB info says. */
static bool module_fits(const struct mk_td *td, const struct mk_tdx_module *m)
{
    static const uint8_t zero[8];

    return memcmp(td->mrsignerseam, m->mrsigner, sizeof m->mrsigner) == 0 &&
           memcmp(td->seam_attributes, m->attributes, sizeof m->attributes) == 0 &&
           memcmp(td->seam_attributes, zero, sizeof zero) == 0;
}

/* Version 0 has no levels and counts as up to date. */
static const char *module_status(const struct mk_request *o, enum att_code *ret_code)
{
    uint8_t svn = o->td.tee_tcb_svn[0], version = o->td.tee_tcb_svn[1];
    int at = version > 0 ? module_at(&o->tdx, version) : 0;

    *ret_code = ATT_TDX_MODULE_MISMATCH;
    if (at < 0 || !module_fits(&o->td, version > 0 ? &o->tdx.modules[at] : &o->tdx.module_0))
        return NULL;
    if (version == 0)
        return "UpToDate";
    int level = module_level(&o->tdx.modules[at], svn);
    *ret_code = ATT_TCB_NOT_SUPPORTED;
    return level < 0 ? NULL : o->tdx.modules[at].levels[level].status;
}

static bool is_one_of(const char *text, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(text, list[i]) == 0)
            return true;
    return false;
}

/* Would what runs now, TEE_TCB_SVN2, be up to date? Judged by the first level of platform and module. */
static bool runs_newest(const struct mk_request *o)
{
    const uint8_t *now = o->td.tee_tcb_svn2, *least = o->levels[0].tdx_components;
    int at = module_at(&o->tdx, now[1]);

    if (now[2] < least[2])
        return false;
    if (now[1] == 0)
        return now[0] >= least[0];
    return at >= 0 && o->tdx.modules[at].level_count > 0 && now[0] >= o->tdx.modules[at].levels[0].isv_svn;
}

const char *mk_tdx_status(const struct mk_request *o, int sgx_level, int tdx_level, const char *qe_status,
                          enum att_code *ret_code)
{
    static const char *const healthy[] = { "UpToDate", "SWHardeningNeeded", "ConfigurationNeeded",
                                           "ConfigurationAndSWHardeningNeeded" };
    static const char *const aged[] = { "OutOfDate", "OutOfDateConfigurationNeeded" };
    const char *module = module_status(o, ret_code);

    if (!module)
        return NULL;
    *ret_code = ATT_TCB_NOT_SUPPORTED;
    if (sgx_level < 0 || tdx_level < 0)
        return NULL;
    const char *platform = o->levels[sgx_level].status;
    const char *both = mk_status_combined(o->levels[tdx_level].status, module);
    if (!o->td.report_15 || strcmp(module, "OutOfDate") != 0 || !is_one_of(platform, healthy, 4) ||
        !is_one_of(both, aged, 2) || strcmp(qe_status, "UpToDate") != 0 || !runs_newest(o))
        return both;
    return strstr(platform, "Configuration") || strstr(both, "Configuration")
               ? "TDRelaunchAdvisedConfigurationNeeded"
               : "TDRelaunchAdvised";
}

/* -- breaks --------------------------------------------------------------------------------------------------- */

static bool needs(struct att_err *err, const char *where, const char *expected)
{
    return att_fail(err, ATT_PARAMETER_INVALID, where, expected, "options that leave no room for this break");
}

static struct mk_tdx_module *module_in_use(struct mk_request *o)
{
    int at = o->td.tee_tcb_svn[1] > 0 ? module_at(&o->tdx, o->td.tee_tcb_svn[1]) : -1;

    return at < 0 ? NULL : &o->tdx.modules[at];
}

static bool module_unknown(struct mk_request *o)
{
    uint8_t version = 9;

    while (module_at(&o->tdx, version) >= 0)
        version++;
    o->td.tee_tcb_svn[1] = version;
    return true;
}

static bool module_zero(struct mk_request *o, struct att_err *err)
{
    if (o->td.tee_tcb_svn[1] == 0)
        return needs(err, "td.tee_tcb_svn", "a module version above 0");
    o->td.tee_tcb_svn[1] = 0;
    return true;
}

static bool module_set_status(struct mk_request *o, const char *status, struct att_err *err)
{
    struct mk_tdx_module *m = module_in_use(o);
    int level = m ? module_level(m, o->td.tee_tcb_svn[0]) : -1;

    if (level < 0)
        return needs(err, "td.tee_tcb_svn", "a module at one of its levels");
    m->levels[level].status = status;
    return true;
}

/* From the first level to the second, which must be OutOfDate. */
static bool module_lower(struct mk_request *o, struct att_err *err)
{
    struct mk_tdx_module *m = module_in_use(o);

    if (!m || module_level(m, o->td.tee_tcb_svn[0]) != 0 || m->levels[0].isv_svn == 0 ||
        module_level(m, (uint8_t)(m->levels[0].isv_svn - 1)) != 1 ||
        strcmp(m->levels[1].status, "OutOfDate") != 0)
        return needs(err, "tdx.modules", "a module at its first level, and a second that is OutOfDate");
    o->td.tee_tcb_svn[0] = (uint8_t)(m->levels[0].isv_svn - 1);
    return true;
}

static bool module_below(struct mk_request *o, struct att_err *err)
{
    struct mk_tdx_module *m = module_in_use(o);
    uint16_t least = UINT16_MAX;

    for (size_t i = 0; m && i < m->level_count; i++)
        least = m->levels[i].isv_svn < least ? m->levels[i].isv_svn : least;
    if (!m || least == 0 || least > UINT8_MAX)
        return needs(err, "tdx.modules", "a module without a level of isvsvn 0");
    o->td.tee_tcb_svn[0] = (uint8_t)(least - 1);
    return true;
}

static bool component_above(struct mk_request *o, size_t component, struct att_err *err)
{
    if (mk_level_matching(o) != 0 || o->td.tee_tcb_svn[component] == UINT8_MAX)
        return needs(err, "levels", "a domain that reaches the first level");
    o->levels[0].tdx_components[component] = (uint8_t)(o->td.tee_tcb_svn[component] + 1);
    return mk_level_matching(o) == 1 || needs(err, "levels", "a second level that the domain reaches");
}

static bool component_ignored(struct mk_request *o, struct att_err *err)
{
    if (o->td.tee_tcb_svn[1] == 0)
        return needs(err, "td.tee_tcb_svn", "a module version above 0");
    o->levels[0].tdx_components[1] = UINT8_MAX;
    return true;
}

static bool domain_below(struct mk_request *o, struct att_err *err)
{
    if (o->td.tee_tcb_svn[2] == UINT8_MAX)
        return needs(err, "td.tee_tcb_svn", "component 2 below 255");
    for (size_t i = 0; i < o->level_count; i++)
        o->levels[i].tdx_components[2] = (uint8_t)(o->td.tee_tcb_svn[2] + 1);
    return true;
}

static bool set_first_status(struct mk_request *o, const char *status, struct att_err *err)
{
    if (mk_level_matching(o) != 0)
        return needs(err, "levels", "a domain that reaches the first level");
    o->levels[0].status = status;
    return true;
}

/* The module was out of date when the domain was launched; what differs is what runs now, or what else is old. */
static bool relaunch(struct mk_request *o, struct att_err *err)
{
    uint8_t *now = o->td.tee_tcb_svn2;

    if (!module_lower(o, err) || !runs_newest(o))
        return needs(err, "td.tee_tcb_svn2", "an up-to-date module, now and at the launch");
    switch (o->broken) {
    case MK_BREAK_RELAUNCH_CONFIGURATION:
        return set_first_status(o, "ConfigurationNeeded", err);
    case MK_BREAK_RELAUNCH_MODULE_0:
        now[1] = 0;
        return true;
    case MK_BREAK_RELAUNCH_NOT_NEWER:
        now[0] = o->td.tee_tcb_svn[0];
        return true;
    case MK_BREAK_RELAUNCH_MODULE_UNKNOWN:
        while (module_at(&o->tdx, now[1]) >= 0 || now[1] == 0)
            now[1]++;
        return true;
    case MK_BREAK_RELAUNCH_COMPONENT_LOW:
        if (o->levels[0].tdx_components[2] == 0)
            return needs(err, "levels", "a first level whose TDX component 2 is above 0");
        now[2] = (uint8_t)(o->levels[0].tdx_components[2] - 1);
        return true;
    case MK_BREAK_RELAUNCH_BLOCKED_BY_QE:
        o->qe_levels[mk_qe_level_matching(o)].status = "OutOfDate";
        return true;
    case MK_BREAK_RELAUNCH_BLOCKED_BY_PLATFORM:
        return set_first_status(o, "OutOfDate", err);
    default:
        return true;
    }
}

static bool break_domain(struct mk_request *o, struct att_err *err)
{
    switch (o->broken) {
    case MK_BREAK_TDX_COMPONENT_LOW:
        return component_above(o, 2, err);
    case MK_BREAK_TDX_COMPONENT_LAST_LOW:
        return component_above(o, 15, err);
    case MK_BREAK_TDX_COMPONENT_IGNORED:
        return component_ignored(o, err);
    case MK_BREAK_TDX_BELOW_ALL:
        return domain_below(o, err);
    default:
        return mk_breaks[o->broken].td_15 && mk_breaks[o->broken].scope == MK_IN_TCB ? relaunch(o, err)
                                                                                     : true;
    }
}

bool mk_break_tdx_levels(struct mk_request *o, struct att_err *err)
{
    switch (o->broken) {
    case MK_BREAK_MODULE_UNKNOWN:
        return module_unknown(o);
    case MK_BREAK_MODULE_SIGNER:
        o->td.mrsignerseam[0] ^= 0x01;
        return true;
    case MK_BREAK_SEAM_ATTRIBUTES:
        o->td.seam_attributes[0] ^= 0x01;
        return true;
    case MK_BREAK_MODULE_ZERO:
        return module_zero(o, err);
    case MK_BREAK_MODULE_OUT_OF_DATE:
        return module_set_status(o, "OutOfDate", err);
    case MK_BREAK_MODULE_REVOKED:
        return module_set_status(o, "Revoked", err);
    case MK_BREAK_MODULE_SVN_LOW:
        return module_lower(o, err);
    case MK_BREAK_MODULE_BELOW_ALL:
        return module_below(o, err);
    default:
        return break_domain(o, err);
    }
}
