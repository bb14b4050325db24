/* tpm/read.h - what the readers of this folder share. */
#ifndef TPM_READ_H
#define TPM_READ_H

#include "base/err.h"
#include "base/reader.h"
#include "tpm/tpm.h"

/* TPM_ALG_ID */
enum {
    TPM_ALG_RSA = 0x0001,
    TPM_ALG_SHA1 = 0x0004,
    TPM_ALG_AES = 0x0006,
    TPM_ALG_KEYEDHASH = 0x0008,
    TPM_ALG_SHA256 = 0x000b,
    TPM_ALG_SHA384 = 0x000c,
    TPM_ALG_SHA512 = 0x000d,
    TPM_ALG_NULL = 0x0010,
    TPM_ALG_SM4 = 0x0013,
    TPM_ALG_RSASSA = 0x0014,
    TPM_ALG_RSAES = 0x0015,
    TPM_ALG_RSAPSS = 0x0016,
    TPM_ALG_OAEP = 0x0017,
    TPM_ALG_ECDSA = 0x0018,
    TPM_ALG_ECDH = 0x0019,
    TPM_ALG_ECDAA = 0x001a,
    TPM_ALG_SM2 = 0x001b,
    TPM_ALG_ECSCHNORR = 0x001c,
    TPM_ALG_ECMQV = 0x001d,
    TPM_ALG_KDF1_SP800_56A = 0x0020,
    TPM_ALG_KDF2 = 0x0021,
    TPM_ALG_KDF1_SP800_108 = 0x0022,
    TPM_ALG_MGF1 = 0x0007,
    TPM_ALG_ECC = 0x0023,
    TPM_ALG_SYMCIPHER = 0x0025,
    TPM_ALG_CAMELLIA = 0x0026,
    TPM_ALG_CFB = 0x0043,
};

enum {
    TPM_RSA_BYTES_MAX = 512, /* 4096 bits: no TPM has more */
    TPM_RSA_BITS_MIN =
        2048, /* of keys that sign quotes; 1024 is what TPM 2.0 allows and nobody should trust */
};

static inline uint64_t tpm_take_u64(struct att_reader *r)
{
    struct att_reader eight = att_reader_of(att_take(r, 8)); /* whole or not at all */
    uint64_t hi = att_take_u32be(&eight);
    return hi << 32 | att_take_u32be(&eight);
}

/* A TPM2B of at most `max` bytes; more, and the reader has failed. */
static inline struct att_span tpm_take_sized(struct att_reader *r, size_t max)
{
    uint16_t len = att_take_u16be(r);

    if (len > max)
        r->failed = true;
    return att_take(r, len);
}

/* Everything read, nothing failed? */
static inline bool tpm_read_whole(const struct att_reader *r, enum att_code code, const char *where,
                                  const char *expected, struct att_err *err)
{
    if (r->failed)
        return att_fail(err, code, where, expected,
                        "one that ends early or has a field longer than it may be");
    if (r->left > 0)
        return att_fail(err, code, where, expected, "%zu bytes more", r->left);
    return true;
}

#endif
