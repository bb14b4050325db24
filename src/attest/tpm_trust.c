/* The public face of a trust set. */
#include <attest/tpm.h>

#include "base/err.h"
#include "collateral/context.h"
#include "tpm/trust.h"

bool att_tpm_trust_new(const struct att_lib *lib, const struct att_tpm_trust_in *in,
                       struct att_tpm_trust **ret, struct att_err *err)
{
    if (in->size != sizeof *in)
        return att_fail(err, ATT_PARAMETER_INVALID, "trust.size", "sizeof(struct att_tpm_trust_in)", "%zu",
                        in->size);
    return tpm_trust_new(lib->crypto, &lib->limits, in->roots, in->root_count, in->intermediates, ret, err);
}
