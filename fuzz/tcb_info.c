/* layers: collateral crypto codec base */
/* Intel TCB info in its envelope: what is read is sorted, inside its ranges, and its signed bytes are one object of the
 * input. */
#include <stdlib.h>

#include "collateral/dcap_signed.h"
#include "collateral/dcap_tcb_info.h"

static const struct dcap_signed_kind kind = { "tcbInfo", "collateral.tcb_info", ATT_TCB_INFO_MALFORMED,
                                              ATT_TCB_INFO_SIGNATURE_INVALID };

static void check(const struct dcap_tcb_info *info)
{
    if (info->level_count < 1 || info->level_count > DCAP_LEVELS_MAX ||
        info->next_unix_s < info->issued_unix_s)
        __builtin_trap();
    for (size_t i = 0; i < info->level_count; i++) {
        const struct dcap_tcb_level *l = &info->levels[i];
        if (l->verdict.status == ATT_STATUS_UNKNOWN || l->verdict.status >= ATT_STATUS_COUNT)
            __builtin_trap();
        int order = i > 0 ? memcmp(l[-1].components, l->components, 16) : 1;
        if (order < 0 || (order == 0 &&
                          (l[-1].pcesvn < l->pcesvn || (info->tee == DCAP_SGX && l[-1].pcesvn == l->pcesvn))))
            __builtin_trap();
    }
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
