/* evidence/tpm/tpm.h - evidence of type "tpm": a request, and what became known of it. Private to this folder. */
#ifndef EVIDENCE_TPM_TPM_H
#define EVIDENCE_TPM_TPM_H

#include "eventlog/body.h"
#include "evidence/common/verifier.h"
#include "evidence/tpm/request.h"

#define TPM_ATTESTATION_TYPE "tpm"
#define VBS_ATTESTATION_TYPE "vbs"

/* One attestation, once it is verified. */
struct tpm_state {
    struct tpm_attest quote;
    struct log_events events;
    struct log_proven proven; /* bank that counts, registers that the logs explain */
    struct log_facts facts;
};
struct tpm_evidence {
    struct att_evidence base; /* first */
    struct tpm_request request;
    struct att_jwk signer; /* the key of the request; owned */
    struct att_jwk aik;    /* owned */
    bool aik_validated;
    struct tpm_state current, boot;
    bool enclave_verified;
};

ATT_CHECK bool tpm_parse(struct att_ctx *ctx, struct att_span raw, struct att_evidence **ret,
                         struct att_err *err);
ATT_CHECK bool tpm_verify(struct att_ctx *ctx, struct att_evidence *ev, const struct att_collateral *c,
                          struct att_err *err);
ATT_CHECK bool tpm_claims(struct att_ctx *ctx, const struct att_evidence *ev, struct att_claims *set,
                          struct att_err *err);
void tpm_describe(struct att_ctx *ctx, const struct att_evidence *ev, struct att_json_writer *w);
void tpm_destroy(struct att_evidence *ev);

/* Steps of verify, a file each. */

/* Is the certificate, if there is one, for this key, and does it lead to a trusted authority? AIK_MISMATCH whatever the policy
 * says; AIK_UNTRUSTED unless the policy does without (*ret_valid is false then). */
ATT_CHECK bool tpm_aik_check(const struct att_ctx *ctx, const struct tpm_attestation *a,
                             const struct att_key *aik, bool *ret_valid, bool *ret_test_root,
                             struct att_err *err);
/* Signature, selection and values of the quote, then the logs. `extra_data` NULL: the quote is older than the challenge. */
ATT_CHECK bool tpm_attestation_verify(const struct att_ctx *ctx, const struct tpm_attestation *a,
                                      const struct att_key *aik, const struct att_span *extra_data,
                                      struct tpm_state *ret, struct att_err *err);
/* Can the first have been made before the second, in the same boot cycle? TPM_BOOT_ORDER. */
ATT_CHECK bool tpm_boot_before(const struct tpm_attest *boot, const struct tpm_attest *now,
                               struct att_err *err);
/* What the quote's extraData must be for this request: `room` holds a digest. */
ATT_CHECK bool tpm_binding_expected(const struct att_ctx *ctx, const struct tpm_request *q,
                                    uint8_t room[TPM_DIGEST_BYTES_MAX], struct att_span *ret,
                                    struct att_err *err);
/* Does the TPM of `aik` vouch for this key, now? KEY_CERTIFY_INVALID. Nothing to do unless it is certified. */
ATT_CHECK bool tpm_key_certified(const struct att_ctx *ctx, const struct tpm_request *q,
                                 const struct tpm_key *k, const struct att_key *aik, struct att_err *err);
/* The enclave's signature, with the key that the verified log names. */
ATT_CHECK bool tpm_enclave_signed(const struct att_ctx *ctx, const struct vbs_report *report,
                                  const struct log_facts *facts, struct att_err *err);
/* Does the enclave vouch for exactly this text? ENCLAVE_DATA_MISMATCH. */
ATT_CHECK bool tpm_enclave_data(const struct att_ctx *ctx, const struct tpm_request *q, struct att_err *err);

/* Texts for policies and tokens, in the arena. */
ATT_CHECK bool tpm_pcrs_json(struct att_arena *arena, const struct tpm_pcrs *pcrs, struct att_span *ret,
                             struct att_err *err);
/* {"info":{...},"jwk":{...}}, sorted. */
ATT_CHECK bool tpm_key_json(struct att_arena *arena, const struct att_json *doc, const struct tpm_key *k,
                            struct att_span *ret, struct att_err *err);
ATT_CHECK bool tpm_other_keys_json(struct att_arena *arena, const struct tpm_request *q, struct att_span *ret,
                                   struct att_err *err);
/* {"jwk":{...}} with the members that make the key, and its kid. */
ATT_CHECK bool tpm_cnf_json(struct att_arena *arena, const struct att_jwk *jwk, struct att_span *ret,
                            struct att_err *err);

#endif
