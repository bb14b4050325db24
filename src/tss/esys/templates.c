/* Public areas that keys are made from. Those of EKs and of the root are not ours to choose: another bit makes another key.
 * Spec: TCG EK Credential Profile 2.5, B.3.3 (L-1) and B.3.4 (L-2); TCG TPM v2.0 Provisioning Guidance, 7.5.1. */
#include "tss/esys/esys.h"

/* PolicySecret(TPM_RH_ENDORSEMENT), SHA-256: "PolicyA" of the profile. */
#define POLICY_A                                                                                             \
    {                                                                                                        \
        .size = 32, .buffer = {                                                                              \
            0x83,                                                                                            \
            0x71,                                                                                            \
            0x97,                                                                                            \
            0x67,                                                                                            \
            0x44,                                                                                            \
            0x84,                                                                                            \
            0xb3,                                                                                            \
            0xf8,                                                                                            \
            0x1a,                                                                                            \
            0x90,                                                                                            \
            0xcc,                                                                                            \
            0x8d,                                                                                            \
            0x46,                                                                                            \
            0xa5,                                                                                            \
            0xd7,                                                                                            \
            0x24,                                                                                            \
            0xfd,                                                                                            \
            0x52,                                                                                            \
            0xd7,                                                                                            \
            0x6e,                                                                                            \
            0x06,                                                                                            \
            0x52,                                                                                            \
            0x0b,                                                                                            \
            0x64,                                                                                            \
            0xf2,                                                                                            \
            0xa1,                                                                                            \
            0xda,                                                                                            \
            0x1b,                                                                                            \
            0x33,                                                                                            \
            0x14,                                                                                            \
            0x69,                                                                                            \
            0xaa                                                                                             \
        }                                                                                                    \
    }
#define AES_128_CFB                                                                                          \
    {                                                                                                        \
        .algorithm = TPM2_ALG_AES, .keyBits.aes = 128, .mode.aes = TPM2_ALG_CFB                              \
    }
#define NO_SYMMETRIC                                                                                         \
    {                                                                                                        \
        .algorithm = TPM2_ALG_NULL                                                                           \
    }
enum {
    FIXED = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_SENSITIVEDATAORIGIN,
    STORAGE = FIXED | TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT,
    /* No lockout protects an empty authorisation. */
    SIGNING = FIXED | TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_NODA | TPMA_OBJECT_SIGN_ENCRYPT,
};

const TPM2B_PUBLIC esys_root_template = {
    .publicArea = {
        .type = TPM2_ALG_ECC,
        .nameAlg = TPM2_ALG_SHA256,
        .objectAttributes = STORAGE | TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_NODA,
        .parameters.eccDetail = { .symmetric = AES_128_CFB,
                                  .scheme.scheme = TPM2_ALG_NULL,
                                  .curveID = TPM2_ECC_NIST_P256,
                                  .kdf.scheme = TPM2_ALG_NULL },
        .unique.ecc = { .x.size = 32, .y.size = 32 },
    },
};

const TPM2B_PUBLIC esys_ek_templates[2] = {
    [TSS_RSA_2048] = { .publicArea = {
                           .type = TPM2_ALG_RSA,
                           .nameAlg = TPM2_ALG_SHA256,
                           .objectAttributes = STORAGE | TPMA_OBJECT_ADMINWITHPOLICY,
                           .authPolicy = POLICY_A,
                           .parameters.rsaDetail = { .symmetric = AES_128_CFB,
                                                     .scheme.scheme = TPM2_ALG_NULL,
                                                     .keyBits = 2048 },
                           .unique.rsa.size = 256,
                       } },
    [TSS_ECC_P256] = { .publicArea = {
                           .type = TPM2_ALG_ECC,
                           .nameAlg = TPM2_ALG_SHA256,
                           .objectAttributes = STORAGE | TPMA_OBJECT_ADMINWITHPOLICY,
                           .authPolicy = POLICY_A,
                           .parameters.eccDetail = { .symmetric = AES_128_CFB,
                                                     .scheme.scheme = TPM2_ALG_NULL,
                                                     .curveID = TPM2_ECC_NIST_P256,
                                                     .kdf.scheme = TPM2_ALG_NULL },
                           .unique.ecc = { .x.size = 32, .y.size = 32 },
                       } },
};

/* The scheme of an AIK is part of it: a restricted key has one, and the verifier can count on SHA-256. */
const TPM2B_PUBLIC esys_aik_templates[2] = {
    [TSS_RSA_2048] = { .publicArea = {
                           .type = TPM2_ALG_RSA,
                           .nameAlg = TPM2_ALG_SHA256,
                           .objectAttributes = SIGNING | TPMA_OBJECT_RESTRICTED,
                           .parameters.rsaDetail = { .symmetric = NO_SYMMETRIC,
                                                     .scheme = { .scheme = TPM2_ALG_RSASSA,
                                                                 .details.rsassa.hashAlg = TPM2_ALG_SHA256 },
                                                     .keyBits = 2048 },
                       } },
    [TSS_ECC_P256] = { .publicArea = {
                           .type = TPM2_ALG_ECC,
                           .nameAlg = TPM2_ALG_SHA256,
                           .objectAttributes = SIGNING | TPMA_OBJECT_RESTRICTED,
                           .parameters.eccDetail = { .symmetric = NO_SYMMETRIC,
                                                     .scheme = { .scheme = TPM2_ALG_ECDSA,
                                                                 .details.ecdsa.hashAlg = TPM2_ALG_SHA256 },
                                                     .curveID = TPM2_ECC_NIST_P256,
                                                     .kdf.scheme = TPM2_ALG_NULL },
                       } },
};

const TPM2B_PUBLIC esys_request_templates[2] = {
    [TSS_RSA_2048] = { .publicArea = {
                           .type = TPM2_ALG_RSA,
                           .nameAlg = TPM2_ALG_SHA256,
                           .objectAttributes = SIGNING,
                           .parameters.rsaDetail = { .symmetric = NO_SYMMETRIC,
                                                     .scheme = { .scheme = TPM2_ALG_RSAPSS,
                                                                 .details.rsapss.hashAlg = TPM2_ALG_SHA256 },
                                                     .keyBits = 2048 },
                       } },
    [TSS_ECC_P256] = { .publicArea = {
                           .type = TPM2_ALG_ECC,
                           .nameAlg = TPM2_ALG_SHA256,
                           .objectAttributes = SIGNING,
                           .parameters.eccDetail = { .symmetric = NO_SYMMETRIC,
                                                     .scheme = { .scheme = TPM2_ALG_ECDSA,
                                                                 .details.ecdsa.hashAlg = TPM2_ALG_SHA256 },
                                                     .curveID = TPM2_ECC_NIST_P256,
                                                     .kdf.scheme = TPM2_ALG_NULL },
                       } },
};
