/* Placeholder until evidence/tpm reads requests. */
#include <attest/tpm.h>

#include "base/err.h"

bool att_tpm_request_peek(const struct att_lib *lib, struct att_arena *arena, struct att_span jws,
                          struct att_tpm_request *ret, struct att_err *err)
{
    (void)lib, (void)arena, (void)jws, (void)ret;
    return att_fail(err, ATT_TPM_REQUEST_MALFORMED, "request", "a request that can be read", "none yet");
}
