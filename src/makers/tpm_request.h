/* makers/tpm_request.h - requests of the TPM protocol by a made-up machine, whole or with exactly one thing broken.
 *
 * Example: a Windows machine with an enclave, in a request whose quote was made for another challenge
 *
 *     struct mk_request_options o;
 *     struct mk_request_evidence ev = { 0 };
 *
 *     mk_request_defaults(&o, MK_OS_WINDOWS, now_unix_s);
 *     o.challenge = challenge;                       // as decoded
 *     o.service_context = context;                   // as the service sent it
 *     o.vbs = true;
 *     o.broken = MK_TPM_BREAK_EXTRA_CHALLENGE;
 *     if (!mk_request_make(tpm, &o, &ev, &err))
 *         return false;
 *     struct att_span jws = mk_request_item(&ev, MK_REQUEST_JWS);
 *     enum att_code want = ev.expected_code;         // TPM_EXTRA_DATA_MISMATCH
 *     mk_request_evidence_free(&ev);
 *
 * The TPM is started anew, with the banks that the options name, and its keys stay: requests after the first cost a few
 * milliseconds. Ownership: spans in the options are borrowed for the call; the evidence owns its bytes. No clock.
 * Errors: PARAMETER_INVALID names the option; CRYPTO_FAILED, OUT_OF_MEMORY.
 * Spec: the TPM and VBS attestation protocol of Microsoft Azure Attestation, forms 1 and 2.
 */
#ifndef MAKERS_TPM_REQUEST_H
#define MAKERS_TPM_REQUEST_H

#include "makers/eventlog.h"

enum mk_tpm_break {
    MK_TPM_BREAK_NONE = 0,
#define X(id, name, needs, code, also, words) MK_TPM_BREAK_##id,
#include "makers/tpm_breaks.def"
#undef X
    MK_TPM_BREAK_COUNT
};
enum mk_tpm_needs {
    MK_TPM_NEEDS_ANY,
    MK_TPM_NEEDS_V2,
    MK_TPM_NEEDS_CERTIFY,
    MK_TPM_NEEDS_OTHER,
    MK_TPM_NEEDS_BOOT,
    MK_TPM_NEEDS_VBS,
    MK_TPM_NEEDS_LINUX,
    MK_TPM_NEEDS_WINDOWS,
};
struct mk_tpm_break_row {
    enum mk_tpm_break id;
    const char *name, *words;
    enum mk_tpm_needs needs;
    enum att_code expected_code, also_code;
};
/* Indexed by enum mk_tpm_break; row 0 is "none". */
extern const struct mk_tpm_break_row mk_tpm_breaks[MK_TPM_BREAK_COUNT];
const struct mk_tpm_break_row *mk_tpm_break_by_name(const char *name); /* NULL: no such name */
const char *mk_tpm_needs_name(enum mk_tpm_needs needs);

enum mk_binding { MK_BOUND_BY_QUOTE, MK_BOUND_BY_CERTIFY };
enum { MK_OTHER_KEYS_MAX = 3, MK_CUSTOM_MAX = 8 };

struct mk_custom_claim {
    const char *name, *value, *type; /* "string", "integer", "boolean" */
};
struct mk_vbs_module {
    const char *name;
    uint32_t svn;
};
struct mk_vbs_enclave {
    uint8_t owner_id[32], unique_id[32], author_id[32], family_id[16], image_id[16];
    uint32_t svn, secure_kernel_svn, platform_svn, flags, signing_level;
    struct mk_vbs_module modules[2];
    size_t module_count;
};
struct mk_request_options {
    int64_t at_unix_s; /* the time of judgement */
    enum mk_tpm_break broken;
    unsigned version; /* 1: attReq, 2: attReqV2 */
    struct att_span challenge;
    const char *service_context; /* as sent */
    const char *rp_id;           /* NULL: not there; so the next */
    const char *rp_data;         /* base64url */

    struct mk_boot boot;
    unsigned banks;        /* of the TPM and its log */
    unsigned quoted_banks; /* 0: the strongest one */
    uint32_t pcr_mask;     /* quoted registers */
    enum mk_tpm_key aik;
    bool no_aik_cert;
    bool boot_attestation; /* the machine woke from hibernation */

    enum mk_tpm_key request_key; /* also form 1's attest_key */
    enum mk_binding binding;     /* form 2; CERTIFY: request_key is an object of the TPM */
    enum mk_hash binding_hash;
    enum mk_tpm_key other_keys[MK_OTHER_KEYS_MAX]; /* objects of the TPM are certified, others are not */
    size_t other_key_count;
    struct mk_custom_claim custom[MK_CUSTOM_MAX];
    size_t custom_count;

    bool vbs;
    struct mk_vbs_enclave enclave;
};
/* Form 2, all registers of SHA-256, a key in software bound by the quote, a challenge of 32 bytes that is always the same,
 * "@SERVICE_CONTEXT@" where the context goes. */
void mk_request_defaults(struct mk_request_options *ret, enum mk_os os, int64_t at_unix_s);

enum mk_request_item {
    MK_REQUEST_JWS,        /* request.jws */
    MK_REQUEST_PAYLOAD,    /* payload.json */
    MK_REQUEST_BODY,       /* attest-tpm-body.json: the second POST */
    MK_REQUEST_INIT_BODY,  /* attest-tpm-init.json: the first one */
    MK_REQUEST_CHALLENGE,  /* challenge.txt: base64url of what the verifier asked */
    MK_REQUEST_AIK_CA,     /* aik_ca.pem: whom to trust */
    MK_REQUEST_LOG,        /* eventlog.bin */
    MK_REQUEST_IMA,        /* ima.bin */
    MK_REQUEST_VBS_REPORT, /* vbs_report.bin */
    MK_REQUEST_ITEM_COUNT
};
struct mk_request_evidence {
    struct att_buf items[MK_REQUEST_ITEM_COUNT];
    struct mk_request_options
        options;       /* as made, overrides applied; its spans and texts are no longer valid */
    uint32_t pcr_mask; /* to ask for */
    const struct mk_tpm_break_row *broken;
    enum att_code expected_code, also_code;
    bool secure_boot; /* what the claim must say, where it is accepted */
};
ATT_CHECK bool mk_request_make(struct mk_tpm *tpm, const struct mk_request_options *options,
                               struct mk_request_evidence *ret, struct att_err *err);
void mk_request_evidence_free(struct mk_request_evidence *ev); /* also for { 0 } */
static inline struct att_span mk_request_item(const struct mk_request_evidence *ev, enum mk_request_item i)
{
    return att_buf_span(&ev->items[i]); /* empty: not there */
}
const char *mk_request_item_file(enum mk_request_item item);
ATT_CHECK bool mk_request_expected_json(const struct mk_request_evidence *ev, const char *name,
                                        struct att_buf *out, struct att_err *err);
/* Every item and expected.json; a file of an item that is not there is removed. */
ATT_CHECK bool mk_request_write(const struct mk_request_evidence *ev, const char *dir, const char *name,
                                struct att_err *err);

#endif
