/* evidence/guest/guest.h - the parsed form of an Azure guest's evidence. Private to this folder.
 *
 * Two forms: the attestation information that clients post (JSON), and for attestctl a report of the paravisor, alone or in JSON
 * with what belongs to it. Only the first names a key to seal the answer to.
 */
#ifndef EVIDENCE_GUEST_GUEST_H
#define EVIDENCE_GUEST_GUEST_H

#include "eventlog/body.h"
#include "evidence/common/verifier.h"
#include "evidence/guest/hcl.h"
#include "tpm/tpm.h"
#include "tpm/trust.h"

#define GUEST_EVIDENCE_TYPE    "azure-guest"
#define GUEST_ATTESTATION_TYPE "azurevm"

/* What holds the machine apart from its host: whose report is inside. */
enum guest_isolation { GUEST_TRUSTED_LAUNCH, GUEST_SNP, GUEST_TDX };

/* What the guest says of itself, and nothing proves. Empty or absent where it says nothing. */
struct guest_words {
    struct att_span protocol_version; /* "2.0" */
    struct att_span os_type, os_distro, os_build;
    bool has_major, has_minor;
    int64_t os_major, os_minor;
    struct att_span client_payload; /* JSON object, compact and sorted; values still in base64 */
};

struct guest_tpm {
    struct att_span aik_cert; /* DER; may be empty */
    struct att_span aik_pub;  /* TPM2B_PUBLIC; empty: the key is the one of the runtime claims (HCL form) */
    struct att_span quote;    /* TPMS_ATTEST; empty: no quote (HCL form) */
    struct att_span quote_signature;
    struct tpm_pcrs *pcrs;                                       /* bank of SHA-256; NULL with no quote */
    struct att_span enc_pub, enc_certify, enc_certify_signature; /* TPM2B_PUBLIC, TPMS_ATTEST, signature */
};

/* Runtime claims, once their hash is found in the hardware's report. */
struct guest_runtime {
    struct att_span json;  /* sorted */
    struct att_key *ak;    /* HCLAkPub; one reference */
    struct att_span vm_id; /* upper case; empty: not there */
};

struct guest_evidence {
    struct att_evidence base; /* first */
    bool hcl_form;
    struct hcl_report hcl; /* HCL form */
    enum guest_isolation isolation;
    struct guest_words words;
    struct guest_tpm tpm;
    struct att_span logs;         /* TcgLogs; may be empty */
    struct att_span runtime_data; /* as it was hashed */
    /* Evidence inside: the row of its type (NULL: none), what it is judged from, and it itself. */
    const struct att_verifier *inner_type;
    struct att_span inner_raw, inner_chain;
    struct att_attest_in inner_in;
    struct att_ctx inner_ctx;
    struct att_evidence *inner;
    /* Verified: */
    struct guest_runtime runtime;
    struct att_key *ak;      /* the attestation key; one reference */
    struct tpm_attest quote; /* selection_count 0: none */
    uint32_t quoted;         /* registers of SHA-256 that are quoted */
    bool measured;           /* the log leads to the quoted registers */
    bool all_explained;      /* also to those of them that are for boot loader and system, 8 to 15 */
    struct log_facts facts;  /* all unsafe when there is no log */
    struct tpm_public enc_key;
    bool has_enc_key;
    struct att_span vm_id; /* upper case; empty: not known */
};

/* -- reading: forms, not trust ------------------------------------------------------------------------------ */

ATT_CHECK bool guest_parse(struct att_ctx *ctx, struct att_span raw, struct att_evidence **ret,
                           struct att_err *err);
/* GUEST_REQUEST_MALFORMED names the member. */
ATT_CHECK bool guest_request_read(struct att_ctx *ctx, const struct att_json *doc, struct guest_evidence *ev,
                                  struct att_err *err);
/* {"HclReport",...}: attestctl's own form. */
ATT_CHECK bool guest_bundle_read(struct att_ctx *ctx, const struct att_json *doc, struct guest_evidence *ev,
                                 struct att_err *err);
/* A bare report; its certificates come from in->cert_chain. */
ATT_CHECK bool guest_hcl_read(struct att_ctx *ctx, struct att_span raw, struct guest_evidence *ev,
                              struct att_err *err);

/* -- judging, in this order --------------------------------------------------------------------------------- */

ATT_CHECK bool guest_verify(struct att_ctx *ctx, struct att_evidence *ev, const struct att_collateral *c,
                            struct att_err *err);
/* Runtime claims against the report data, then read. HCL_RUNTIME_HASH_MISMATCH, HCL_MALFORMED. */
ATT_CHECK bool guest_runtime_bind(struct att_ctx *ctx, struct guest_evidence *ev, struct att_err *err);
ATT_CHECK bool guest_runtime_read(const struct att_ctx *ctx, struct att_span text, struct guest_runtime *ret,
                                  struct att_err *err);
void guest_runtime_clear(struct guest_runtime *r);
/* One key in three places. AK_MISMATCH, AIK_MISMATCH, AIK_UNTRUSTED, KEY_INVALID. */
ATT_CHECK bool guest_ak_bind(struct att_ctx *ctx, struct guest_evidence *ev, struct att_err *err);
/* Quote, registers and log; signatures come after it. PCR_SELECTION, PCR_DIGEST_MISMATCH, EVENT_LOG_... */
ATT_CHECK bool guest_boot_read(struct att_ctx *ctx, struct guest_evidence *ev, struct att_err *err);
ATT_CHECK bool guest_enc_key_read(struct att_ctx *ctx, struct guest_evidence *ev, struct att_err *err);
/* TPM_QUOTE_SIGNATURE_INVALID, KEY_CERTIFY_INVALID. */
ATT_CHECK bool guest_signatures(struct att_ctx *ctx, const struct guest_evidence *ev, struct att_err *err);
ATT_CHECK bool guest_inner_parse(struct att_ctx *ctx, struct guest_evidence *ev, struct att_err *err);
ATT_CHECK bool guest_inner_verify(struct guest_evidence *ev, const struct att_collateral *c,
                                  struct att_err *err);

/* -- saying ------------------------------------------------------------------------------------------------- */

ATT_CHECK bool guest_claims(struct att_ctx *ctx, const struct att_evidence *ev, struct att_claims *set,
                            struct att_err *err);
void guest_describe(struct att_ctx *ctx, const struct att_evidence *ev, struct att_json_writer *w);
void guest_destroy(struct att_evidence *ev);

#endif
