/* makers/tpm.h - a made-up TPM 2.0 and those who vouch for it: a manufacturer with its CA of endorsement keys (EK), and an
 * authority that certifies attestation keys (AIK).
 *
 * For tests, for `attestctl evidence make` and for `attestd --dev`; never linked into the verifier. The structures are written here
 * from their specification alone, by other code than that which reads them.
 *
 * Example: a quote of PCR 0 to 7
 *
 *     struct mk_tpm_vendor *vendor;
 *     struct mk_tpm *tpm;
 *     struct att_buf quote = { 0 }, signature = { 0 };
 *
 *     if (!mk_tpm_vendor_new(now_unix_s, &vendor, &err) || !mk_tpm_new(vendor, MK_BANK(MK_SHA256), &tpm, &err))
 *         return false;
 *     const struct mk_tpm_selection all = { MK_SHA256, 0xff };
 *     if (!mk_tpm_extend_data(tpm, 0, att_str("firmware"), &err) ||
 *         !mk_tpm_quote(tpm, MK_TPM_AIK, nonce, &all, 1, &quote, &signature, &err))
 *         return false;
 *
 * Ownership: a vendor outlives its TPMs; buffers are the caller's and appended to. Keys are random. RSA keys are made when they are
 * first asked for and then kept: each takes some 50 ms, so tests share one TPM and start it anew (mk_tpm_restart).
 * Threads: a vendor never changes; a TPM is for one thread.
 * Errors: CRYPTO_FAILED, OUT_OF_MEMORY; PARAMETER_INVALID names what cannot be made.
 * Spec: TCG TPM 2.0 Library, Parts 1 and 2; TCG EK Credential Profile 2.5 (template L-1).
 */
#ifndef MAKERS_TPM_H
#define MAKERS_TPM_H

#include <attest/error.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/buf.h"

/* -- hashes ------------------------------------------------------------------------------------------------- */

enum mk_hash { MK_SHA1, MK_SHA256, MK_SHA384, MK_SHA512, MK_HASH_COUNT };
#define MK_BANK(hash) (1u << (hash)) /* sets of banks are masks of these */

enum { MK_PCRS = 24, MK_DIGEST_MAX = 64 };

uint16_t mk_hash_alg(enum mk_hash h); /* TPM_ALG_ID */
size_t mk_hash_size(enum mk_hash h);
const EVP_MD *mk_hash_md(enum mk_hash h);
ATT_CHECK bool mk_hash(enum mk_hash h, struct att_span data, uint8_t ret[MK_DIGEST_MAX], struct att_err *err);

/* Big-endian numbers, and bytes behind their 16-bit length. */
void mk_u16be(struct att_buf *out, uint16_t v);
void mk_u32be(struct att_buf *out, uint32_t v);
void mk_u64be(struct att_buf *out, uint64_t v);
void mk_tpm2b(struct att_buf *out, struct att_span bytes);

/* -- who vouches --------------------------------------------------------------------------------------------- */

struct mk_tpm_vendor;

/* Certificates are valid from long before `at_unix_s` (a year of 1971 to 9969) until long after. */
ATT_CHECK bool mk_tpm_vendor_new(int64_t at_unix_s, struct mk_tpm_vendor **ret, struct att_err *err);
void mk_tpm_vendor_free(struct mk_tpm_vendor *v); /* NULL is fine */
bool mk_tpm_vendor_covers(const struct mk_tpm_vendor *v, int64_t at_unix_s);
/* Append PEM. What must be trusted: of EK certificates the manufacturer's root and, as intermediate, its CA; of AIK
 * certificates the authority, which issues them itself. */
ATT_CHECK bool mk_tpm_ek_root_pem(const struct mk_tpm_vendor *v, struct att_buf *out, struct att_err *err);
ATT_CHECK bool mk_tpm_ek_ca_pem(const struct mk_tpm_vendor *v, struct att_buf *out, struct att_err *err);
ATT_CHECK bool mk_tpm_aik_ca_pem(const struct mk_tpm_vendor *v, struct att_buf *out, struct att_err *err);

/* On disk (DATA/dev/hardware/tpm): ek_root.pem, ek_ca.pem, aik_ca.pem, and a *.TEST-KEY.pem, mode 0600, for each of them. As
 * mk_hardware_save, _load and _open (makers/folder.h). */
ATT_CHECK bool mk_tpm_vendor_save(const struct mk_tpm_vendor *v, const char *dir, struct att_err *err);
ATT_CHECK bool mk_tpm_vendor_load(const char *dir, struct mk_tpm_vendor **ret, struct att_err *err);
ATT_CHECK bool mk_tpm_vendor_open(const char *dir, int64_t at_unix_s, struct mk_tpm_vendor **ret,
                                  struct att_err *err);

/* A certificate of an EK or AIK; every member can be wrong alone. */
struct mk_tpm_cert_spec {
    EVP_PKEY *key; /* whose certificate; borrowed */
    bool ek;       /* EKU and subject alternative name of an EK; else those of an AIK */
    bool stranger; /* issued by an authority of the same name that nobody trusts */
    bool no_usage; /* no extended key usage */
    int64_t not_before, not_after;
    const char *cn; /* NULL: an empty subject */
};
ATT_CHECK bool mk_tpm_cert_der(const struct mk_tpm_vendor *v, const struct mk_tpm_cert_spec *spec,
                               struct att_buf *out, struct att_err *err);

/* -- the TPM -------------------------------------------------------------------------------------------------- */

struct mk_tpm;

enum mk_tpm_key {
    MK_TPM_EK,       /* RSA 2048, template L-1 */
    MK_TPM_AIK,      /* RSA 2048, RSASSA with SHA-256; restricted, as all AIKs */
    MK_TPM_AIK_PSS,  /* the same with RSAPSS */
    MK_TPM_AIK_SHA1, /* RSASSA with SHA-1, as old Windows has */
    MK_TPM_AIK_EC,   /* P-256, ECDSA with SHA-256 */
    MK_TPM_AIK_2,    /* a second AIK, RSASSA with SHA-256 */
    MK_TPM_APP,      /* a signing key without restriction, RSA 2048 */
    MK_TPM_APP_2,
    MK_TPM_APP_EC,  /* P-256 */
    MK_TPM_ENC,     /* a decryption key under PolicyPCR, RSA 2048: what Azure guests send */
    MK_TPM_OUTSIDE, /* no object of this TPM: a key in software, RSA 2048 */
    MK_TPM_OUTSIDE_EC,
    MK_TPM_IDKS,     /* not of the TPM either: the secure kernel's signing key */
    MK_TPM_STRANGER, /* of nobody */
    MK_TPM_KEY_COUNT
};

ATT_CHECK bool mk_tpm_new(const struct mk_tpm_vendor *v, unsigned banks, struct mk_tpm **ret,
                          struct att_err *err);
void mk_tpm_free(struct mk_tpm *t); /* NULL is fine */
const struct mk_tpm_vendor *mk_tpm_vendor_of(const struct mk_tpm *t);
/* Borrowed; made at the first call. */
ATT_CHECK bool mk_tpm_key(struct mk_tpm *t, enum mk_tpm_key key, EVP_PKEY **ret, struct att_err *err);
/* TPM Reset: registers at their start values, resetCount one more. Keys stay. `banks` 0: as they were. */
void mk_tpm_restart(struct mk_tpm *t, unsigned banks);
/* TPM Resume of a hibernation that ends in a new boot of firmware: registers start again, and so does restartCount. */
void mk_tpm_counts(struct mk_tpm *t, uint32_t reset_count, uint32_t restart_count);
/* _TPM_Hash_Start: PCR 17 to 22 from ones to zeros. */
void mk_tpm_drtm(struct mk_tpm *t);
/* Firmware that started at this locality leaves it in PCR 0. Before the first extension. */
void mk_tpm_locality(struct mk_tpm *t, uint8_t locality);
unsigned mk_tpm_banks(const struct mk_tpm *t);

/* TPM2_PCR_Extend of one bank, and of all banks with the hash of data. */
ATT_CHECK bool mk_tpm_extend(struct mk_tpm *t, enum mk_hash bank, uint32_t pcr, const uint8_t *digest,
                             struct att_err *err);
ATT_CHECK bool mk_tpm_extend_data(struct mk_tpm *t, uint32_t pcr, struct att_span data, struct att_err *err);
const uint8_t *mk_tpm_pcr(const struct mk_tpm *t, enum mk_hash bank, uint32_t pcr);

struct mk_tpm_selection {
    enum mk_hash bank;
    uint32_t pcrs; /* bit n: PCR n */
};
/* TPMS_ATTEST of TPM2_Quote and its TPMT_SIGNATURE; either may be NULL. */
ATT_CHECK bool mk_tpm_quote(struct mk_tpm *t, enum mk_tpm_key aik, struct att_span extra,
                            const struct mk_tpm_selection *selections, size_t count, struct att_buf *attest,
                            struct att_buf *signature, struct att_err *err);
/* The same of TPM2_Certify. */
ATT_CHECK bool mk_tpm_certify(struct mk_tpm *t, enum mk_tpm_key aik, enum mk_tpm_key object,
                              struct att_span extra, struct att_buf *attest, struct att_buf *signature,
                              struct att_err *err);
/* TPMT_PUBLIC, without a length in front. MK_TPM_ENC: its policy is of the registers as they are now. */
ATT_CHECK bool mk_tpm_public(struct mk_tpm *t, enum mk_tpm_key object, struct att_buf *out,
                             struct att_err *err);
/* nameAlg and digest. */
ATT_CHECK bool mk_tpm_name(struct mk_tpm *t, enum mk_tpm_key object, struct att_buf *out,
                           struct att_err *err);
/* TPM2_ActivateCredential: opens what was wrapped for this EK and the object called `name`. Both inputs with their lengths in
 * front. TPM_CREDENTIAL_INVALID: for another EK, another name, or changed. */
ATT_CHECK bool mk_tpm_activate(struct mk_tpm *t, struct att_span name, struct att_span id_object,
                               struct att_span encrypted_secret, struct att_buf *ret_secret,
                               struct att_err *err);
/* {"kty","n","e"} or {"kty","crv","x","y"}, compact. */
ATT_CHECK bool mk_tpm_jwk(struct mk_tpm *t, enum mk_tpm_key key, struct att_buf *out, struct att_err *err);
/* Certificate of the EK or an AIK as its authority issues it, for a year around `at_unix_s`. DER. */
ATT_CHECK bool mk_tpm_cert(struct mk_tpm *t, enum mk_tpm_key key, int64_t at_unix_s, struct att_buf *out,
                           struct att_err *err);

/* -- structures whose members can be wrong ---------------------------------------------------------------------- */

/* TPMS_ATTEST. */
struct mk_tpm_attest {
    uint32_t magic; /* 0: TPM_GENERATED_VALUE */
    uint16_t type;  /* 0: as `certify` says */
    bool certify;
    struct att_span qualified_signer, extra;
    uint64_t clock_ms;
    uint32_t reset_count, restart_count;
    bool unsafe;
    uint64_t firmware_version;
    const struct mk_tpm_selection *selections; /* quote */
    size_t selection_count;
    struct att_span pcr_digest;
    struct att_span name, qualified_name; /* certify */
};
/* Members as this TPM would fill them; spans are borrowed from the arguments and from `scratch`. */
ATT_CHECK bool mk_tpm_attest_quote(struct mk_tpm *t, enum mk_tpm_key aik, struct att_span extra,
                                   const struct mk_tpm_selection *selections, size_t count,
                                   struct att_buf scratch[2], struct mk_tpm_attest *ret, struct att_err *err);
ATT_CHECK bool mk_tpm_attest_certify(struct mk_tpm *t, enum mk_tpm_key aik, enum mk_tpm_key object,
                                     struct att_span extra, struct att_buf scratch[2],
                                     struct mk_tpm_attest *ret, struct att_err *err);
void mk_tpm_attest_put(const struct mk_tpm_attest *a, struct att_buf *out);
/* TPMT_SIGNATURE by this key's scheme. */
ATT_CHECK bool mk_tpm_sign(struct mk_tpm *t, enum mk_tpm_key key, struct att_span message,
                           struct att_buf *out, struct att_err *err);
/* The signature of a scheme without the structure around it: RSASSA or RSAPSS alone. */
ATT_CHECK bool mk_tpm_sign_bare(struct mk_tpm *t, enum mk_tpm_key key, struct att_span message,
                                struct att_buf *out, struct att_err *err);
/* What a restricted key never signs, a TPM's enemy signs with a key of his: PS256 with a salt of 32, or ES256 as r||s. */
ATT_CHECK bool mk_tpm_sign_jose(struct mk_tpm *t, enum mk_tpm_key key, struct att_span message,
                                struct att_buf *out, struct att_err *err);
/* "PS256" or "ES256". */
const char *mk_tpm_jose_alg(enum mk_tpm_key key);
enum mk_hash mk_tpm_scheme_hash(enum mk_tpm_key key);

#endif
