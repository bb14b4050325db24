/* tpm/tpm.h - what a TPM 2.0 says: attestation structures, signatures, public areas, registers, credentials.
 *
 * Readers are pure functions over bytes: big-endian, every length bounded by what is left, nothing behind the last field. What is
 * read points into the bytes. Nothing here knows a policy, a log or a protocol.
 *
 * Errors: the caller says in `where` what the bytes are ("tpm.quote"); the code is TPM_QUOTE_MALFORMED unless a function says
 * otherwise. Spec: TCG TPM 2.0 Library Part 2 (structures, named as there), Part 1 clause 24 (credentials).
 */
#ifndef TPM_TPM_H
#define TPM_TPM_H

#include <attest/arena.h>

#include "crypto/crypto.h"

enum { TPM_PCRS = 24, TPM_SELECTIONS_MAX = 8, TPM_DIGEST_BYTES_MAX = 64, TPM_NAME_BYTES_MAX = 66 };

/* -- algorithm names -------------------------------------------------------------------------------------- */

/* TPM_ALG_ID of a hash: 0x0004, 0x000b, 0x000c, 0x000d. False: none that is known here. */
bool tpm_hash_of(uint32_t alg, enum att_hash *ret);
uint16_t tpm_alg_of(enum att_hash h);
const char *tpm_hash_name(enum att_hash h); /* "SHA1", "SHA256", "SHA384", "SHA512": as policies name banks */

/* -- TPMS_ATTEST ------------------------------------------------------------------------------------------ */

enum tpm_attest_kind { TPM_QUOTE, TPM_CERTIFY };

struct tpm_selection {
    enum att_hash bank;
    uint32_t pcrs; /* bit n: PCR n */
};
struct tpm_attest {
    enum tpm_attest_kind kind;
    struct att_span whole; /* what is signed */
    struct att_span qualified_signer;
    struct att_span extra_data;
    uint64_t clock_ms;
    uint32_t reset_count, restart_count;
    bool safe;
    uint64_t firmware_version;
    struct tpm_selection selections[TPM_SELECTIONS_MAX]; /* QUOTE; in the order of the digest */
    size_t selection_count;
    struct att_span pcr_digest;           /* QUOTE */
    struct att_span name, qualified_name; /* CERTIFY: of the certified key */
};
/* Refuses a magic other than TPM_GENERATED_VALUE (such a structure was not made inside a TPM), another kind than asked for,
 * the same bank twice, a bank that is not known. CERTIFY: KEY_CERTIFY_INVALID. */
ATT_CHECK bool tpm_attest_read(struct att_span bytes, enum tpm_attest_kind kind, const char *where,
                               struct tpm_attest *ret, struct att_err *err);

/* -- TPMT_SIGNATURE --------------------------------------------------------------------------------------- */

struct tpm_signature_rules {
    const char *where;       /* "tpm.quote.signature" */
    enum att_code malformed; /* the structure cannot be read */
    enum att_code invalid;   /* it is not this key's signature over this message */
    bool sha1_allowed;
};
/* RSASSA, RSAPSS (any length of salt: TPMs differ) and ECDSA; SHA-256, -384, -512, and SHA-1 where allowed. `ret_hash` may be
 * NULL: the hash of the scheme, which is also that of a quote's pcrDigest. */
ATT_CHECK bool tpm_signature_verify(const struct att_crypto *c, const struct att_key *key,
                                    struct att_span signature, struct att_span message,
                                    const struct tpm_signature_rules *rules, enum att_hash *ret_hash,
                                    struct att_err *err);

/* -- TPMT_PUBLIC ------------------------------------------------------------------------------------------ */

enum tpm_object_bit {
    TPM_FIXED_TPM = 1 << 1,
    TPM_ST_CLEAR = 1 << 2,
    TPM_FIXED_PARENT = 1 << 4,
    TPM_SENSITIVE_DATA_ORIGIN = 1 << 5,
    TPM_USER_WITH_AUTH = 1 << 6,
    TPM_ADMIN_WITH_POLICY = 1 << 7,
    TPM_NO_DA = 1 << 10,
    TPM_ENCRYPTED_DUPLICATION = 1 << 11,
    TPM_RESTRICTED = 1 << 16,
    TPM_DECRYPT = 1 << 17,
    TPM_SIGN = 1 << 18,
    TPM_X509_SIGN = 1 << 19,
};
struct tpm_public {
    struct att_span whole; /* the TPMT_PUBLIC */
    bool ecc;              /* else RSA */
    enum att_hash name_hash;
    uint32_t attributes; /* TPMA_OBJECT */
    struct att_span auth_policy;
    uint16_t symmetric, symmetric_bits, symmetric_mode; /* TPMT_SYM_DEF_OBJECT; 0x0010 (NULL) has neither */
    uint16_t scheme, scheme_hash;                       /* as numbers; 0x0010: none */
    uint16_t key_bits;                                  /* RSA */
    uint32_t exponent;                                  /* RSA; 65537 where the structure has 0 */
    struct att_span modulus;                            /* RSA; big-endian */
    uint16_t curve;                                     /* ECC: 3 P-256, 4 P-384, 5 P-521 */
    struct att_span x, y;                               /* ECC; may be shorter than the field */
};
/* `code`: what a structure that cannot be read is refused with. */
ATT_CHECK bool tpm_public_read(struct att_span bytes, const char *where, enum att_code code,
                               struct tpm_public *ret, struct att_err *err);
/* The same behind a TPM2B_PUBLIC's length. */
ATT_CHECK bool tpm_public_read_sized(struct att_span bytes, const char *where, enum att_code code,
                                     struct tpm_public *ret, struct att_err *err);
/* TPM2B_NAME's content: nameAlg and digest of the public area. */
ATT_CHECK bool tpm_public_name(const struct att_crypto *c, const struct tpm_public *pub,
                               uint8_t ret[TPM_NAME_BYTES_MAX], size_t *ret_len);
/* The key itself; one reference. KEY_INVALID. */
ATT_CHECK bool tpm_public_key(const struct att_crypto *c, const struct tpm_public *pub, struct att_key **ret,
                              struct att_err *err);

/* -- registers -------------------------------------------------------------------------------------------- */

struct tpm_bank {
    uint32_t pcrs;                                 /* bit n: value[n] is there */
    uint8_t value[TPM_PCRS][TPM_DIGEST_BYTES_MAX]; /* the bank's size counts */
};
struct tpm_pcrs {
    struct tpm_bank bank[ATT_HASH_COUNT];
};
/* Are these the quoted values: a value for each selected register, none besides, and together the quoted digest (of the hash of
 * the signature's scheme)? PCR_SELECTION, PCR_DIGEST_MISMATCH. */
ATT_CHECK bool tpm_pcrs_quoted(const struct att_crypto *c, const struct tpm_attest *quote,
                               enum att_hash digest_hash, const struct tpm_pcrs *values, const char *where,
                               struct att_err *err);
/* Which banks count beside that of SHA-256. */
struct tpm_bank_rules {
    bool others_allowed; /* SHA-384 and SHA-512 without SHA-256 */
    bool sha1_allowed;   /* SHA-1, where there is nothing better */
};
/* The bank to judge by: that of SHA-256 when it has every register of the mask; else another that does and is allowed. PCR_SELECTION. */
ATT_CHECK bool tpm_pcrs_bank(const struct tpm_attest *quote, uint32_t mask,
                             const struct tpm_bank_rules *rules, const char *where, enum att_hash *ret,
                             struct att_err *err);

/* -- NCRYPT platform claims: the older form in which Windows sends a quote ---------------------------------- */

struct tpm_platform_claim {
    enum att_hash bank;
    struct att_span signature; /* TPMT_SIGNATURE */
    struct att_span quote;     /* TPMS_ATTEST */
    struct tpm_pcrs *pcrs;     /* all 24 registers of the bank; in the arena */
};
ATT_CHECK bool tpm_platform_claim_read(struct att_arena *arena, struct att_span bytes, const char *where,
                                       struct tpm_platform_claim *ret, struct att_err *err);

/* -- credentials: proof that a key lives in the TPM of an endorsement key ----------------------------------- */

/* TPM2_MakeCredential in software: only the TPM that holds `ek` opens it, and only for the object called `name`. `ek` RSA or
 * ECC with a restricted decryption template; its symmetric cipher must be AES in CFB mode. Results in the arena:
 * TPM2B_ID_OBJECT and TPM2B_ENCRYPTED_SECRET, each with its length in front. KEY_INVALID for an EK that cannot be used. */
ATT_CHECK bool tpm_credential_make(struct att_arena *arena, const struct att_crypto *c,
                                   const struct tpm_public *ek, struct att_span name, struct att_span secret,
                                   struct att_span *ret_id_object, struct att_span *ret_encrypted_secret,
                                   struct att_err *err);

#endif
