#include "signer/private_key.h"

#include "base/err.h"

#include <openssl/err.h>
#include <openssl/x509.h>

bool signer_out_of_memory(void)
{
    bool memory = false;

    for (unsigned long e = ERR_get_error(); e != 0; e = ERR_get_error())
        memory = memory || ERR_GET_REASON(e) == ERR_R_MALLOC_FAILURE;
    return memory;
}

bool signer_private_key(struct att_span pkcs8, EVP_PKEY **ret, struct att_err *err)
{
    const uint8_t *p = pkcs8.ptr;

    ERR_clear_error();
    PKCS8_PRIV_KEY_INFO *info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &p, (long)pkcs8.len);
    bool formed = info && p == pkcs8.ptr + pkcs8.len;
    EVP_PKEY *key = formed ? EVP_PKCS82PKEY(info) : NULL;
    PKCS8_PRIV_KEY_INFO_free(info);
    /* Without memory OpenSSL also makes keys that do not know their own type or size: they would look unfit. */
    bool whole = key && EVP_PKEY_get_id(key) > 0 && EVP_PKEY_get_bits(key) > 0;
    bool memory = signer_out_of_memory();

    if (whole) {
        *ret = key;
        return true;
    }
    EVP_PKEY_free(key);
    if (memory)
        return att_fail_memory(err, "signer.key");
    if (!formed)
        return att_fail(err, ATT_KEY_INVALID, "signer.key", "one PKCS#8 private key", "something else");
    return att_fail(err, ATT_CRYPTO_FAILED, "signer.key", "a private key that OpenSSL takes", "none");
}
