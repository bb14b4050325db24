/* evidence/tpm/request.h - a whole request, read: everything typed and bounded, nothing verified. Private to this folder. */
#ifndef EVIDENCE_TPM_REQUEST_H
#define EVIDENCE_TPM_REQUEST_H

#include "eventlog/log.h"
#include <attest/claims.h>

#include "evidence/tpm/envelope.h"
#include "evidence/tpm/members.h"
#include "evidence/tpm/vbs_report.h"
#include "tpm/tpm.h"

enum {
    TPM_LOGS_MAX = 8, /* clients send two */
    TPM_OTHER_KEYS_MAX = 2,
    TPM_CUSTOM_MAX = 64,
    TPM_CUSTOM_NAME_BYTES_MAX = 256,
    TPM_CUSTOM_VALUE_BYTES_MAX = 8192,
    TPM_STRUCTURE_BYTES_MAX = 4096, /* a quote, a signature, a public area: real ones have under 600 bytes */
    TPM_TEXT_BYTES_MAX = 4096,      /* rp_id, rp_data */
};

struct tpm_log {
    enum log_form form;
    struct att_span bytes;
};
/* What a TPM said at one moment: now, or before hibernation. */
struct tpm_attestation {
    bool present;
    const char *where; /* "tpm.current", "tpm.boot" */
    struct tpm_log logs[TPM_LOGS_MAX];
    size_t log_count;
    struct att_span aik_cert; /* DER; empty: none */
    att_json_id aik_pub;
    struct att_span quote, signature;
    struct tpm_pcrs *pcrs;
    bool pcrs_whole_bank; /* the form sends all registers of a bank, also those that are not quoted */
};

enum tpm_binding { TPM_UNBOUND, TPM_BOUND_BY_QUOTE, TPM_CERTIFIED };
struct tpm_key {
    char where[24]; /* "tpm.request_key", "tpm.other_keys[0]", "tpm.attest_key" */
    att_json_id jwk;
    enum tpm_binding binding;
    enum att_hash quote_hash;                              /* BOUND_BY_QUOTE */
    struct att_span public_area, certification, signature; /* CERTIFIED */
    struct tpm_public pub;                                 /* CERTIFIED: read */
};

struct tpm_custom {
    struct att_span name;
    struct att_value value;
};

struct tpm_request {
    struct tpm_envelope outside;
    bool has_rp_data;
    struct att_span rp_id, rp_data; /* texts as sent */
    struct tpm_attestation current, boot;
    struct tpm_key key; /* that signs the request */
    struct tpm_key other_keys[TPM_OTHER_KEYS_MAX];
    size_t other_key_count;
    struct tpm_custom custom[TPM_CUSTOM_MAX];
    size_t custom_count;
    struct vbs_report report; /* when outside.vbs */
};

/* As tpm_envelope_read, and TPM_QUOTE_MALFORMED, KEY_CERTIFY_INVALID, VBS_REPORT_MALFORMED for what is inside. */
ATT_CHECK bool tpm_request_read(struct att_arena *arena, const struct att_limits *limits, struct att_span jws,
                                struct tpm_request *ret, struct att_err *err);

/* Parts of it, a file each. `r->doc` is the payload. */
ATT_CHECK bool tpm_v1_read(const struct tpm_reading *r, const struct att_limits *limits,
                           struct tpm_request *q);
ATT_CHECK bool tpm_v2_read(const struct tpm_reading *r, const struct att_limits *limits,
                           struct tpm_request *q);
/* A key object, or with `bare` a JWK alone. */
ATT_CHECK bool tpm_key_read(const struct tpm_reading *r, att_json_id id, const char *where,
                            struct tpm_key *ret);
ATT_CHECK bool tpm_custom_read(const struct tpm_reading *r, struct tpm_request *q);

/* May the attester not use this name for a claim of its own? Names of claims that this service makes from evidence, and of what
 * a token says of itself: most published policies test names without asking who says so. */
bool tpm_claim_name_taken(struct att_span name);

#endif
