/* makers/request_parts.h - one request of the TPM protocol while it is made. Private to makers.
 *
 * What a row of tpm_breaks.def spoils stands where that part is written: a fault and what it is a fault of are read together.
 */
#ifndef MAKERS_REQUEST_PARTS_H
#define MAKERS_REQUEST_PARTS_H

#include "makers/tpm_parts.h"
#include "makers/tpm_request.h"

/* One attestation: of now, or of the boot before a hibernation. */
struct mk_half {
    bool boot;
    enum mk_tpm_key aik;
    struct mk_boot_logs logs;
    struct att_buf quote, signature, cert;
    struct mk_tpm_selection selection[MK_HASH_COUNT];
    size_t selection_count;
    uint8_t pcr[MK_HASH_COUNT][MK_PCRS][MK_DIGEST_MAX];
};
struct mk_made {
    struct mk_tpm *tpm;
    const struct mk_request_options *o;
    enum mk_tpm_break broken;
    struct att_span challenge; /* as the request has it, right or wrong */
    struct att_buf jwk;        /* of the request's key, as it stands in the payload */
    struct mk_half now, before;
    struct att_buf report; /* of the enclave */
};

/* The quoted attestation, and its members as JSON (form 2). */
ATT_CHECK bool mk_half_make(struct mk_made *m, struct mk_half *h, struct att_err *err);
ATT_CHECK bool mk_half_json(struct mk_made *m, const struct mk_half *h, struct att_buf *out,
                            struct att_err *err);
/* NCRYPT_CLAIM_PLATFORM (form 1). */
ATT_CHECK bool mk_half_claim(const struct mk_made *m, const struct mk_half *h, struct att_buf *out,
                             struct att_err *err);
void mk_half_free(struct mk_half *h);
/* {"jwk":...,"info":...}. `other` 0: the request's key; else the nth of the others. */
ATT_CHECK bool mk_request_key_json(struct mk_made *m, struct att_buf *out, struct att_err *err);
ATT_CHECK bool mk_other_key_json(struct mk_made *m, size_t n, struct att_buf *out, struct att_err *err);
/* JWK of the request's key into m->jwk. */
ATT_CHECK bool mk_request_jwk(struct mk_made *m, struct att_err *err);
/* Extra data of the quote of now. */
ATT_CHECK bool mk_request_extra(struct mk_made *m, struct att_buf *out, struct att_err *err);
/* The enclave's report over this text of report_signed. */
ATT_CHECK bool mk_vbs_report(struct mk_made *m, struct att_span report_signed, struct att_err *err);

/* "name":"base64url", without a comma. */
void mk_json_bytes(struct att_buf *out, const char *name, struct att_span bytes);
/* "name":"text", escaped. */
void mk_json_text(struct att_buf *out, const char *name, const char *text);

#endif
