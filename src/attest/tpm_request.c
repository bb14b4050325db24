/* What a request of the TPM protocol names, before it is judged. */
#include <attest/tpm.h>

#include "collateral/context.h"
#include "evidence/tpm/envelope.h"

bool att_tpm_request_peek(const struct att_lib *lib, struct att_arena *arena, struct att_span jws,
                          struct att_tpm_request *ret, struct att_err *err)
{
    struct tpm_envelope e = { 0 };

    if (!tpm_envelope_read(arena, &lib->limits, jws, &e, err))
        return false;
    *ret = (struct att_tpm_request){
        .version = e.version, .challenge = e.challenge, .service_context = e.service_context, .vbs = e.vbs
    };
    return true;
}
