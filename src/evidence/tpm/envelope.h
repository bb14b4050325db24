/* evidence/tpm/envelope.h - the outside of a request: a compact JWS, whose payload says what kind of attestation it is and which
 * challenge it answers. All that is known before anything is verified.
 *
 * The JSON keeps its source: report_signed and the keys are hashed as they were sent.
 */
#ifndef EVIDENCE_TPM_ENVELOPE_H
#define EVIDENCE_TPM_ENVELOPE_H

#include "jose/jws.h"

enum { TPM_CHALLENGE_BYTES_MAX = 64 }; /* it must fit into a quote's extraData */

struct tpm_envelope {
    unsigned version; /* 1: attReq, 2: attReqV2 */
    struct att_jws jws;
    struct att_json doc; /* the payload */
    bool vbs;            /* an enclave vouches for the members */
    att_json_id members; /* att_data, or its report_signed */
    att_json_id vsm_report;
    struct att_span report_signed; /* as sent, braces included; empty unless vbs */
    struct att_span challenge;
    struct att_span service_context; /* text as sent; empty when there is none */
};

/* TPM_REQUEST_MALFORMED, TOKEN_MALFORMED, TOKEN_CRITICAL, LIMIT_EXCEEDED. `jws` must outlive the result. */
ATT_CHECK bool tpm_envelope_read(struct att_arena *arena, const struct att_limits *limits,
                                 struct att_span jws, struct tpm_envelope *ret, struct att_err *err);

#endif
