/* makers/tpm_parts.h - the inside of struct mk_tpm_vendor and struct mk_tpm. Private to makers. */
#ifndef MAKERS_TPM_PARTS_H
#define MAKERS_TPM_PARTS_H

#include "makers/keys.h"
#include "makers/tpm.h"

ATT_AUTO_PTR(mk_md_ctx_tpm_auto, EVP_MD_CTX, EVP_MD_CTX_free)

enum mk_tpm_ca { MK_TPM_CA_EK_ROOT, MK_TPM_CA_EK, MK_TPM_CA_AIK, MK_TPM_CA_COUNT };

#define MK_CN_TPM_EK_ROOT "TEST TPM Manufacturer Root CA"
#define MK_CN_TPM_EK_CA   "TEST TPM EK CA"
#define MK_CN_TPM_AIK_CA  "TEST AIK CA"

struct mk_tpm_vendor {
    EVP_PKEY *key[MK_TPM_CA_COUNT]; /* P-256, so that a first start waits for none of them */
    X509 *cert[MK_TPM_CA_COUNT];
    EVP_PKEY *stranger; /* signs where the right key should have; never saved */
    int64_t not_before, not_after;
};
/* Names of files without their endings: "ek_root", ... */
const char *mk_tpm_ca_file(enum mk_tpm_ca which);
const char *mk_tpm_ca_cn(enum mk_tpm_ca which);
/* From loaded parts: checks that they belong together, reads the dates, makes the stranger. */
ATT_CHECK bool mk_tpm_vendor_adopt(struct mk_tpm_vendor *v, struct att_err *err);

struct mk_tpm {
    const struct mk_tpm_vendor *vendor;
    unsigned banks;
    EVP_PKEY *key[MK_TPM_KEY_COUNT];
    uint8_t pcr[MK_HASH_COUNT][MK_PCRS][MK_DIGEST_MAX];
    uint64_t clock_ms;
    uint32_t reset_count, restart_count;
};

/* What is special about each key. */
struct mk_tpm_key_row {
    bool ec;
    bool policy_pcr, policy_ek;
    uint32_t attributes; /* 0: no object of a TPM */
    uint16_t scheme;     /* TPM_ALG_ID; 0x0010: none */
    enum mk_hash hash;   /* of the scheme */
    uint16_t symmetric;  /* 0x0006 AES 128 CFB, or 0x0010 */
};
extern const struct mk_tpm_key_row mk_tpm_keys[MK_TPM_KEY_COUNT];

enum {
    MK_ALG_RSA = 0x0001,
    MK_ALG_AES = 0x0006,
    MK_ALG_NULL = 0x0010,
    MK_ALG_RSASSA = 0x0014,
    MK_ALG_RSAPSS = 0x0016,
    MK_ALG_ECDSA = 0x0018,
    MK_ALG_ECC = 0x0023,
    MK_ALG_CFB = 0x0043,
    MK_CURVE_P256 = 0x0003,
};

bool mk_tpm_failed(struct att_err *err, const char *where);
/* Failed buffers are memory that ran out. */
ATT_CHECK bool mk_tpm_written(const struct att_buf *out, struct att_err *err);
/* n of an RSA key; x and y of a P-256 key, 64 bytes. */
ATT_CHECK bool mk_tpm_modulus(const EVP_PKEY *key, struct att_buf *out, struct att_err *err);

#endif
