/* Hashes by the numbers and names that TPMs and policies use. */
#include "tpm/read.h"

static const struct {
    uint16_t alg;
    const char *name;
} hashes[ATT_HASH_COUNT] = {
    [ATT_SHA1] = { TPM_ALG_SHA1, "SHA1" },
    [ATT_SHA256] = { TPM_ALG_SHA256, "SHA256" },
    [ATT_SHA384] = { TPM_ALG_SHA384, "SHA384" },
    [ATT_SHA512] = { TPM_ALG_SHA512, "SHA512" },
};

bool tpm_hash_of(uint32_t alg, enum att_hash *ret)
{
    for (unsigned h = 0; h < ATT_HASH_COUNT; h++) {
        if (hashes[h].alg == alg) {
            *ret = (enum att_hash)h;
            return true;
        }
    }
    return false;
}

uint16_t tpm_alg_of(enum att_hash h)
{
    return hashes[h].alg;
}

const char *tpm_hash_name(enum att_hash h)
{
    return hashes[h].name;
}
