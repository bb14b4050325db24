/* makers/pki.h - certificates and revocation lists from plain descriptions. Private to makers.
 *
 * A description says everything that matters, wrong things too: who is named as issuer, whose key identifier is
 * written and whose key signs are three fields, so that each can be broken alone.
 */
#ifndef MAKERS_PKI_H
#define MAKERS_PKI_H

#include "makers/keys.h"
#include "makers/pck_extension.h"

enum { MK_SERIAL_BYTES = 20 };

struct mk_cert_spec {
    X509 *ready; /* borrowed: take this certificate and read no further */
    const char *subject_cn;
    const char *issuer_cn;
    EVP_PKEY *subject_key; /* all keys borrowed */
    EVP_PKEY *issuer_key;  /* for the authority key identifier */
    EVP_PKEY *signer;
    int64_t not_before, not_after;
    uint8_t serial[MK_SERIAL_BYTES];
    bool ca;       /* basic constraints */
    bool may_sign; /* key usage of a CA, else of a leaf */
    unsigned path_len;
    struct mk_pck_extension ext;
    unsigned ext_copies;
};
/* "TEST" and 16 random bytes. */
ATT_CHECK bool mk_serial_new(uint8_t ret[MK_SERIAL_BYTES], struct att_err *err);
ATT_CHECK bool mk_cert_make(const struct mk_cert_spec *spec, X509 **ret, struct att_err *err);
ATT_CHECK bool mk_cert_pem(X509 *cert, struct att_buf *out, struct att_err *err);
ATT_CHECK bool mk_cert_der(X509 *cert, struct att_buf *out, struct att_err *err);
ATT_CHECK bool mk_cert_from_pem(struct att_span pem, X509 **ret, struct att_err *err);
/* PEM around any bytes, as a certificate. */
void mk_pem_put(struct att_buf *out, struct att_span der);

struct mk_crl_spec {
    const char *issuer_cn;
    EVP_PKEY *issuer_key; /* for the authority key identifier */
    EVP_PKEY *signer;
    int64_t this_update, next_update;
    const uint8_t *revoked; /* one serial of MK_SERIAL_BYTES; NULL: the list is empty */
    bool no_number, no_key_id;
    size_t drop_tail, extra_tail; /* bytes cut off, zero bytes added */
    bool absent;
};
/* Appends DER. */
ATT_CHECK bool mk_crl_make(const struct mk_crl_spec *spec, struct att_buf *out, struct att_err *err);

/* Used by both. */
ATT_CHECK bool mk_name_new(const char *cn, X509_NAME **ret, struct att_err *err);
ATT_CHECK bool mk_key_id_der(const EVP_PKEY *key, struct att_buf *out, struct att_err *err);

#endif
