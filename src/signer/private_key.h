/* signer/private_key.h - reading private keys, and telling a bad key from our own trouble. Private to signer. */
#ifndef SIGNER_PRIVATE_KEY_H
#define SIGNER_PRIVATE_KEY_H

#include <attest/error.h>
#include <openssl/evp.h>

/* One PKCS#8 private key and nothing behind it; the caller frees. KEY_INVALID when it has not that form,
 * CRYPTO_FAILED when the form is right and OpenSSL makes no key of it, OUT_OF_MEMORY. */
ATT_CHECK bool signer_private_key(struct att_span pkcs8, EVP_PKEY **ret, struct att_err *err);
/* Empties this thread's OpenSSL error queue: did memory run out since it was last empty? */
bool signer_out_of_memory(void);

#endif
