/* layers: collateral crypto codec base */
/* Intel QE identity in its envelope: levels in order, each once; a refusal says why and changes nothing. */
#include <stdlib.h>

#include "collateral/dcap_qe_identity.h"
#include "collateral/dcap_signed.h"

static const struct dcap_signed_kind kind = { "enclaveIdentity", "collateral.qe_identity",
                                              ATT_QE_IDENTITY_MALFORMED, ATT_QE_IDENTITY_SIGNATURE_INVALID };

static void check(const struct dcap_qe_identity *q)
{
    if (q->level_count < 1 || q->level_count > DCAP_LEVELS_MAX || q->next_unix_s < q->issued_unix_s ||
        q->id > DCAP_QE_OTHER)
        __builtin_trap();
    for (size_t i = 0; i < q->level_count; i++) {
        enum att_tcb_status s = q->levels[i].verdict.status;
        if (s != ATT_STATUS_UP_TO_DATE && s != ATT_STATUS_OUT_OF_DATE && s != ATT_STATUS_REVOKED)
            __builtin_trap();
        if (i > 0 && q->levels[i - 1].isvsvn <= q->levels[i].isvsvn)
            __builtin_trap();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct att_arena *scratch = att_arena_new((size_t)8 << 20), *keep = att_arena_new((size_t)8 << 20);
    struct dcap_signed d;
    struct dcap_qe_identity q = { .level_count = 4711 };
    struct att_err err = { 0 };

    if (!scratch || !keep)
        abort();
    bool ok = dcap_signed_read(&kind, scratch, att_span_of(data, size), &att_limits_default, &d, &err) &&
              dcap_qe_identity_read(&d.json, d.body, scratch, keep, &q, &err);
    if (ok)
        check(&q);
    if (ok ? err.code != ATT_OK
           : err.code == ATT_OK || !err.where[0] || !err.text[0] || q.level_count != 4711)
        __builtin_trap();
    att_arena_free(scratch);
    att_arena_free(keep);
    return 0;
}
