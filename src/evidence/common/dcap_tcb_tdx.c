#include "evidence/common/dcap_tcb_tdx.h"

#include "base/err.h"
#include "base/hex.h"

#include <stdio.h>

/* Bytes of TEE_TCB_SVN. */
enum { MODULE_SVN, MODULE_VERSION, LOADER_SVN };

size_t dcap_tdx_components_from(const struct dcap_measured_td *td)
{
    return td->tee_tcb_svn.ptr[MODULE_VERSION] > 0 ? LOADER_SVN : 0;
}

/* The entry that speaks of this version; NULL when there is none. Version 0 has no identity of its own. */
static const struct dcap_tdx_module *expected_module(const struct dcap_tcb_info *info, uint8_t version)
{
    if (version == 0)
        return &info->tdx_module;
    const struct dcap_tdx_module_identity *id = dcap_tdx_module_of(info, version);
    return id ? &id->module : NULL;
}

static bool all_zero(struct att_span bytes)
{
    for (size_t i = 0; i < bytes.len; i++)
        if (bytes.ptr[i] != 0)
            return false;
    return true;
}

bool dcap_tdx_module_fits(const struct dcap_tcb_info *info, const struct dcap_measured_td *td,
                          const char *place, struct att_err *err)
{
    uint8_t version = td->tee_tcb_svn.ptr[MODULE_VERSION];
    const struct dcap_tdx_module *module = expected_module(info, version);
    char where[80], have[97], need[97];

    if (!module) {
        (void)snprintf(where, sizeof where, "%s.quote.body.tee_tcb_svn[1]", place);
        return att_fail(err, ATT_TDX_MODULE_MISMATCH, where,
                        "a module version that the TCB info has an identity for", "TDX_%02x", version);
    }
    if (!att_span_eq(td->mrsignerseam, att_span_of(module->mrsigner, sizeof module->mrsigner))) {
        (void)snprintf(where, sizeof where, "%s.quote.body.mrsignerseam", place);
        att_hex_text(have, td->mrsignerseam);
        att_hex_text(need, att_span_of(module->mrsigner, sizeof module->mrsigner));
        return att_fail(err, ATT_TDX_MODULE_MISMATCH, where, need, "%s", have);
    }
    if (!all_zero(td->seam_attributes) ||
        !att_span_eq(td->seam_attributes, att_span_of(module->attributes, sizeof module->attributes))) {
        (void)snprintf(where, sizeof where, "%s.quote.body.seamattributes", place);
        att_hex_text(have, td->seam_attributes);
        att_hex_text(need, att_span_of(module->attributes, sizeof module->attributes));
        return att_fail(err, ATT_TDX_MODULE_MISMATCH, where, "zeros, as in the TCB info", "%s, TCB info %s",
                        have, need);
    }
    return true;
}

struct dcap_module dcap_module_of(const struct dcap_tcb_info *info, const struct dcap_measured_td *td)
{
    uint8_t version = td->tee_tcb_svn.ptr[MODULE_VERSION];
    struct dcap_module m = { 0 };

    if (!dcap_tdx_module_fits(info, td, "tdx", NULL))
        return m;
    if (version == 0) {
        m.status = ATT_STATUS_UP_TO_DATE; /* its SVN is one of the TDX components */
        return m;
    }
    m.identity = dcap_tdx_module_of(info, version);
    m.level = dcap_svn_level_of(m.identity->levels, m.identity->level_count, td->tee_tcb_svn.ptr[MODULE_SVN]);
    m.status = m.level ? m.level->verdict.status : ATT_STATUS_UNKNOWN;
    return m;
}

/* Is the module that runs now as good as the best level asks for? */
static bool running_is_latest(const struct dcap_tcb_info *info, const uint8_t *running)
{
    const struct dcap_tcb_level *best = &info->levels[0];
    uint8_t svn_needed = best->tdx_components[MODULE_SVN];

    if (running[MODULE_VERSION] > 0) {
        const struct dcap_tdx_module_identity *id = dcap_tdx_module_of(info, running[MODULE_VERSION]);
        if (!id || id->levels[0].isvsvn > UINT8_MAX)
            return false;
        svn_needed = (uint8_t)id->levels[0].isvsvn;
    }
    return running[MODULE_SVN] >= svn_needed && running[LOADER_SVN] >= best->tdx_components[LOADER_SVN];
}

enum att_tcb_status dcap_relaunch(const struct dcap_tcb_info *info, const struct dcap_measured_td *td,
                                  enum att_tcb_status sgx, enum att_tcb_status module,
                                  enum att_tcb_status combined)
{
    bool configuration = combined == ATT_STATUS_OUT_OF_DATE_CONFIGURATION_NEEDED;

    if (td->tee_tcb_svn2.len == 0 || module != ATT_STATUS_OUT_OF_DATE ||
        (combined != ATT_STATUS_OUT_OF_DATE && !configuration))
        return combined;
    switch (sgx) {
    case ATT_STATUS_UP_TO_DATE:
    case ATT_STATUS_SW_HARDENING_NEEDED:
        break;
    case ATT_STATUS_CONFIGURATION_NEEDED:
    case ATT_STATUS_CONFIGURATION_AND_SW_HARDENING_NEEDED:
        configuration = true;
        break;
    default:
        return combined; /* what is below the module is out of date as well: a relaunch would not help */
    }
    if (!running_is_latest(info, td->tee_tcb_svn2.ptr))
        return combined;
    return configuration ? ATT_STATUS_TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED
                         : ATT_STATUS_TD_RELAUNCH_ADVISED;
}
