/* makers/keys.h - P-256 keys, raw signatures and digests for everything that is made here. Private to makers.
 *
 * Keys are OpenSSL's; whoever gets one from mk_key_new frees it. Keys made here sign test evidence only.
 */
#ifndef MAKERS_KEYS_H
#define MAKERS_KEYS_H

#include <attest/error.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/auto.h"
#include "makers/dcap.h"

struct att_buf;

ATT_AUTO_PTR(mk_pkey_auto, EVP_PKEY, EVP_PKEY_free)
ATT_AUTO_PTR(mk_x509_auto, X509, X509_free)
ATT_AUTO_PTR(mk_crl_auto, X509_CRL, X509_CRL_free)
ATT_AUTO_PTR(mk_bio_auto, BIO, BIO_free_all)

ATT_CHECK bool mk_key_new(EVP_PKEY **ret, struct att_err *err);
/* x||y of a P-256 key. */
ATT_CHECK bool mk_key_point(const EVP_PKEY *key, uint8_t ret[64], struct att_err *err);
/* r||s, each left-padded to 32 bytes, over SHA-256 of the message. Repeats until `shape` holds; gives up after about
 * a million tries (all shapes are met long before, save with a chance of one in a million). */
ATT_CHECK bool mk_sign_raw(EVP_PKEY *key, struct att_span message, enum mk_signature_shape shape,
                           uint8_t ret[64], struct att_err *err);
ATT_CHECK bool mk_sha256(struct att_span data, uint8_t ret[32], struct att_err *err);
/* SHA-1 of the public point, as key identifiers are made (RFC 5280 4.2.1.2, method 1). */
ATT_CHECK bool mk_key_id(const EVP_PKEY *key, uint8_t ret[20], struct att_err *err);
/* Appends PKCS#8 PEM. The buffer then holds a private key. */
ATT_CHECK bool mk_key_pem(EVP_PKEY *key, struct att_buf *out, struct att_err *err);
ATT_CHECK bool mk_key_from_pem(struct att_span pem, EVP_PKEY **ret, struct att_err *err);
/* Moves what a memory BIO holds behind `out`. */
ATT_CHECK bool mk_bio_drain(BIO *bio, struct att_buf *out, struct att_err *err);

#endif
