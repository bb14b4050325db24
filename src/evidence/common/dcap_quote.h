/* evidence/common/dcap_quote.h - Intel ECDSA quotes, versions 3, 4 and 5: header, body, signature section.
 *
 * What SGX and TDX share. The body stays bytes here: its type reads it. All spans are borrowed from the quote.
 * Spec: Intel SGX ECDSA quote library API, "Quote format"; Intel TDX DCAP quoting library API, "Quote structure".
 */
#ifndef EVIDENCE_COMMON_DCAP_QUOTE_H
#define EVIDENCE_COMMON_DCAP_QUOTE_H

#include <attest/error.h>

#include "collateral/dcap_tcb_info.h"

enum {
    DCAP_HEADER_BYTES = 48,
    DCAP_ENCLAVE_BODY_BYTES = 384,
    DCAP_TD10_BODY_BYTES = 584,
    DCAP_TD15_BODY_BYTES = 648,
    DCAP_CERT_PCK_CHAIN = 5, /* certification data types */
    DCAP_CERT_QE_REPORT = 6,
};

struct dcap_quote {
    const char *place; /* "sgx": what dotted paths of refusals begin with */
    uint16_t version;
    uint16_t key_type;
    enum dcap_tee tee;
    uint16_t qe_svn;
    uint16_t pce_svn;
    struct att_span user_data;    /* 20 */
    struct att_span body;         /* 384, 584 or 648 */
    struct att_span signed_bytes; /* from the header to the end of the body */
    struct att_span signature;    /* 64, r||s by the attestation key over signed_bytes */
    struct att_span att_key;      /* 64, x||y */
    struct att_span qe_report;    /* 384 */
    struct att_span qe_signature; /* 64, r||s by the PCK key over qe_report */
    struct att_span qe_auth;
    struct att_span pck_chain; /* certification data of type 5 */
    struct att_span whole;     /* the quote as received, with what trails it */
    size_t trailing_bytes;     /* behind the signature section: signed by nobody, never read */
};

struct dcap_quote_wanted {
    enum dcap_tee tee;
    const char *place;
    size_t bytes_max;
};

/* QUOTE_LENGTH, QUOTE_VERSION, ATTESTATION_KEY_TYPE, TEE_TYPE, TEE_MISMATCH, QE_VENDOR_ID, BODY_TYPE, BODY_SIZE,
 * TEE_BODY_MISMATCH, CERT_DATA_TYPE, CERT_DATA_TYPE_UNSUPPORTED, LIMIT_EXCEEDED. */
ATT_CHECK bool dcap_quote_parse(struct att_span raw, const struct dcap_quote_wanted *wanted,
                                struct dcap_quote *ret, struct att_err *err);

/* People send evidence in every wrapping there is: says which one this is, or NULL. */
const char *dcap_recognised(struct att_span raw);

/* Dotted place of a refusal: DCAP_AT(q, "quote.signature") is "sgx.quote.signature". Good until the statement ends. */
struct dcap_place {
    char text[80];
};
const char *dcap_place(struct dcap_place *room, const char *place, const char *tail);
#define DCAP_AT(q, tail) dcap_place(&(struct dcap_place){ { 0 } }, (q)->place, (tail))

#endif
