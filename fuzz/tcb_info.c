/* layers: collateral crypto codec base */
/* Intel TCB info in its envelope: what is read is sorted, inside its ranges, and its signed bytes are one object of the
 * input. */
#include <stdlib.h>

#include "collateral/dcap_signed.h"
#include "collateral/dcap_tcb_info.h"

static const struct dcap_signed_kind kind = { "tcbInfo", "collateral.tcb_info", ATT_TCB_INFO_MALFORMED,
                                              ATT_TCB_INFO_SIGNATURE_INVALID };

static void check_svn_levels(const struct dcap_svn_level *levels, size_t count)
{
    if (count < 1 || count > DCAP_LEVELS_MAX)
        __builtin_trap();
    for (size_t i = 0; i < count; i++) {
        enum att_tcb_status s = levels[i].verdict.status;
        if (s != ATT_STATUS_UP_TO_DATE && s != ATT_STATUS_OUT_OF_DATE && s != ATT_STATUS_REVOKED)
            __builtin_trap();
        if (i > 0 && levels[i - 1].isvsvn <= levels[i].isvsvn)
            __builtin_trap();
    }
}

static void check_modules(const struct dcap_tcb_info *info)
{
    if (info->module_count > DCAP_TDX_MODULES_MAX || (info->tee == DCAP_SGX && info->module_count > 0))
        __builtin_trap();
    for (size_t i = 0; i < info->module_count; i++) {
        const struct dcap_tdx_module_identity *m = &info->modules[i];
        check_svn_levels(m->levels, m->level_count);
        if (dcap_tdx_module_of(info, m->version) != m) /* each version once */
            __builtin_trap();
    }
}

static int level_order(const struct dcap_tcb_level *a, const struct dcap_tcb_level *b)
{
    int order = memcmp(a->components, b->components, 16);

    if (order == 0)
        order = (int)a->pcesvn - (int)b->pcesvn;
    return order ? order : memcmp(a->tdx_components, b->tdx_components, 16);
}

static void check(const struct dcap_tcb_info *info)
{
    static const uint8_t none[16] = { 0 };

    if (info->level_count < 1 || info->level_count > DCAP_LEVELS_MAX ||
        info->next_unix_s < info->issued_unix_s)
        __builtin_trap();
    for (size_t i = 0; i < info->level_count; i++) {
        const struct dcap_tcb_level *l = &info->levels[i];
        enum att_tcb_status s = l->verdict.status;
        if (s == ATT_STATUS_UNKNOWN || s >= ATT_STATUS_COUNT || s == ATT_STATUS_TD_RELAUNCH_ADVISED ||
            s == ATT_STATUS_TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED)
            __builtin_trap();
        if (info->tee == DCAP_SGX && memcmp(l->tdx_components, none, 16) != 0)
            __builtin_trap();
        if (i > 0 && level_order(&l[-1], l) <= 0)
            __builtin_trap();
    }
    check_modules(info);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct att_arena *scratch = att_arena_new((size_t)8 << 20), *keep = att_arena_new((size_t)8 << 20);
    struct dcap_signed d;
    struct dcap_tcb_info info = { .version = 77 };
    struct att_err err = { 0 };

    if (!scratch || !keep)
        abort();
    if (dcap_signed_read(&kind, scratch, att_span_of(data, size), &att_limits_default, &d, &err)) {
        const uint8_t *s = d.signed_bytes.ptr;
        if (d.signed_bytes.len < 2 || s < data || s + d.signed_bytes.len > data + size || s[0] != '{' ||
            s[d.signed_bytes.len - 1] != '}')
            __builtin_trap();
        if (dcap_tcb_info_read(&d.json, d.body, scratch, keep, &info, &err))
            check(&info);
    }
    if (info.version == 77 ? err.code == ATT_OK || !err.where[0] || !err.text[0] : err.code != ATT_OK)
        __builtin_trap();
    att_arena_free(scratch);
    att_arena_free(keep);
    return 0;
}
