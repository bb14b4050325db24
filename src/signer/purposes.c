#include "signer/purposes.h"

static const struct purpose purposes[] = {
    { .name = "attestation", .jws = true, .certify = { [SIGNER_CERTIFY_ENDPOINT] = true } },
    { .name = "authority", .jws = true, .certify = { [SIGNER_CERTIFY_ENDPOINT] = true } },
    { .name = "aik-authority", .certify = { [SIGNER_CERTIFY_AIK_CA] = true, [SIGNER_CERTIFY_AIK] = true } },
    { .name = "aik-authority-test",
      .certify = { [SIGNER_CERTIFY_AIK_CA] = true, [SIGNER_CERTIFY_AIK] = true },
      .test = true },
};

const struct purpose *purpose_of(const char *name)
{
    for (size_t i = 0; i < sizeof purposes / sizeof purposes[0]; i++) {
        if (strcmp(purposes[i].name, name) == 0)
            return &purposes[i];
    }
    return NULL;
}
