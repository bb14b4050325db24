/* attest/tpm.h - what surrounds evidence of TPMs: whose certificates count, what a request names, enrolment, sealed answers.
 *
 * Judging itself is att_attest with the types "tpm" (a request of the TPM protocol: a JWS) and "azure-guest".
 *
 * Example: a request, judged offline
 *     struct att_root ca = { .pem = aik_ca_pem };
 *     struct att_tpm_trust_in trust_in = { .size = sizeof trust_in, .roots = &ca, .root_count = 1 };
 *     struct att_tpm_trust *trust = NULL;
 *     if (!att_tpm_trust_new(lib, &trust_in, &trust, &err))
 *         return false;
 *     struct att_attest_in in = { .size = sizeof in, .evidence_type = "tpm", .evidence = jws, .aik_trust = trust,
 *                                 .challenge = what_we_asked, .challenge_given = true, .now_unix_s = now,
 *                                 .accepted_tcb = ATT_TCB_DEFAULT };
 *     ... att_attest, att_tpm_trust_free ...
 *
 * Example: an authority for attestation keys, in two steps with the machine's owner in between
 *     att_tpm_enroll_check(lib, arena, &enroll_in, &facts, &err)           EK certificate, AIK's attributes
 *     att_tpm_credential(lib, arena, &enroll_in, secret, &cred, &err)      only that TPM opens it
 *     ... the client answers with the secret: now its AIK may have a certificate ...
 *
 * Units: times are seconds since 1970-01-01T00:00:00Z. Ownership: a trust set is reference counted; results are in the arena.
 * Errors: AIK_UNTRUSTED, EK_UNTRUSTED, and those that docs/errors.md lists under TPM.
 * Threads: a trust set never changes and is shared; all else is per call.
 * Spec: TCG TPM 2.0 Library; TCG EK Credential Profile 2.5; docs/tpm.md.
 */
#ifndef ATTEST_TPM_H
#define ATTEST_TPM_H

#include <attest/attest.h>

#ifdef __cplusplus
extern "C" {
#endif

struct att_tpm_trust_in {
    size_t size;                  /* sizeof(struct att_tpm_trust_in) */
    const struct att_root *roots; /* each PEM may hold several certificates: all of them are trusted */
    size_t root_count;
    struct att_span intermediates; /* PEM; certificates of authorities that only lead to a root */
};
/* CERT_MALFORMED, LIMIT_EXCEEDED. Caller frees with att_tpm_trust_free. */
ATT_API ATT_CHECK bool att_tpm_trust_new(const struct att_lib *lib, const struct att_tpm_trust_in *in,
                                         struct att_tpm_trust **ret, struct att_err *err);
ATT_API struct att_tpm_trust *att_tpm_trust_ref(struct att_tpm_trust *t);
ATT_API void att_tpm_trust_free(struct att_tpm_trust *t); /* NULL is fine */

/* -- the request, before it is judged ------------------------------------------------------------------------ */

/* What a server must know first: which of its own challenges this answers. Nothing here is verified. */
struct att_tpm_request {
    unsigned version;                /* 1: attReq, 2: attReqV2 */
    struct att_span challenge;       /* decoded */
    struct att_span service_context; /* text as sent, base64url */
    bool vbs;                        /* att_type "vbs" */
};
/* TPM_REQUEST_MALFORMED, TOKEN_MALFORMED, LIMIT_EXCEEDED. */
ATT_API ATT_CHECK bool att_tpm_request_peek(const struct att_lib *lib, struct att_arena *arena,
                                            struct att_span jws, struct att_tpm_request *ret,
                                            struct att_err *err);

/* -- enrolment of attestation keys ---------------------------------------------------------------------------- */

struct att_tpm_enroll_in {
    size_t size;             /* sizeof(struct att_tpm_enroll_in) */
    struct att_span ek_cert; /* DER */
    struct att_span
        ek_public; /* TPM2B_PUBLIC of the EK as its TPM made it: its key must be the certificate's */
    struct att_span aik_public; /* TPM2B_PUBLIC */
    const struct att_tpm_trust *ek_trust;
    int64_t now_unix_s;
    unsigned rsa_bits_min; /* of the AIK; 0: 2048 */
};
struct att_tpm_enroll_facts {
    uint8_t ek_sha256[32];    /* of the EK certificate's SubjectPublicKeyInfo: which machine this is */
    struct att_span aik_name; /* TPM2B_NAME's content */
    struct att_span aik_spki; /* DER, for the certificate */
    bool test_root;
    char manufacturer[64]; /* from the EK certificate's subjectAltName ("id:53575450"); "" */
};
/* Is this an EK of a trusted manufacturer, and an AIK that a certificate may call one: restricted, signing, not decrypting,
 * fixedTPM, fixedParent, sensitiveDataOrigin, with a fixed scheme of SHA-256 or stronger? EK_UNTRUSTED, EK_MISMATCH, AIK_UNFIT. */
ATT_API ATT_CHECK bool att_tpm_enroll_check(const struct att_lib *lib, struct att_arena *arena,
                                            const struct att_tpm_enroll_in *in,
                                            struct att_tpm_enroll_facts *ret, struct att_err *err);
struct att_tpm_credential {
    struct att_span id_object;        /* TPM2B_ID_OBJECT */
    struct att_span encrypted_secret; /* TPM2B_ENCRYPTED_SECRET */
};
/* Wraps `secret` (16 to 32 bytes, random) so that only the EK's TPM opens it, and only while it holds the AIK. After
 * att_tpm_enroll_check. */
ATT_API ATT_CHECK bool att_tpm_credential(const struct att_lib *lib, struct att_arena *arena,
                                          const struct att_tpm_enroll_in *in,
                                          const struct att_tpm_enroll_facts *facts, struct att_span secret,
                                          struct att_tpm_credential *ret, struct att_err *err);

/* -- Azure guests ------------------------------------------------------------------------------------------- */

/* The answer to a guest: the token under a fresh AES key, that under the guest's TPM key (verdict.seal_to), as JSON in the arena:
 * {"AuthenticationData","EncryptedInnerKey","EncryptionParams":{"Iv",...},"Jwt"}. */
ATT_API ATT_CHECK bool att_guest_seal(const struct att_lib *lib, struct att_arena *arena,
                                      struct att_span seal_to, struct att_span token,
                                      struct att_span *ret_json, struct att_err *err);

/* The other end, in two steps with the TPM in between: it decrypts `encrypted_key` (RSAES), which gives `inner_key`. */
struct att_guest_sealed {
    struct att_span encrypted_key;
    struct att_span iv, tag, ciphertext;
};
/* SEAL_INVALID: no such answer. */
ATT_API ATT_CHECK bool att_guest_sealed_read(const struct att_lib *lib, struct att_arena *arena,
                                             struct att_span json, struct att_guest_sealed *ret,
                                             struct att_err *err);
/* The token. SEAL_INVALID: another key, or the answer was changed. */
ATT_API ATT_CHECK bool att_guest_open(struct att_arena *arena, const struct att_guest_sealed *sealed,
                                      struct att_span inner_key, struct att_span *ret_token,
                                      struct att_err *err);

/* -- logs, for people ----------------------------------------------------------------------------------------- */

/* A log as the JSON that policies see in the claim `events`, without any register to prove it: bodies are decoded where their
 * digest covers them. `form`: "tcg", or "ima" (binary or in text). EVIDENCE_TYPE_UNKNOWN, EVENT_LOG_MALFORMED, EVENT_LOG_LIMIT,
 * IMA_LOG_MISMATCH. */
ATT_API ATT_CHECK bool att_event_log_json(const struct att_lib *lib, struct att_arena *arena,
                                          const char *form, struct att_span log, struct att_span *ret_json,
                                          struct att_err *err);

#ifdef __cplusplus
}
#endif
#endif
