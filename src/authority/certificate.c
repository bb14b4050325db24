/* Certificates of clients: read by the library's strict reader (through a JWK), dated and named by OpenSSL. */
#include "authority/authority.h"

#include "base/auto.h"
#include "base/err.h"
#include "base/hex.h"
#include "base/timetext.h"

#include <attest/jwks.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

enum { RSA_BITS_MIN = 2048, CERTIFICATE_BYTES_MAX = 16 * 1024 };

ATT_AUTO_PTR(x509_auto, X509, X509_free)

static bool unix_of(const ASN1_TIME *t, int64_t *ret)
{
    struct tm tm;

    return ASN1_TIME_to_tm(t, &tm) == 1 && att_time_from_civil(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
                                                               tm.tm_hour, tm.tm_min, tm.tm_sec, ret);
}

static bool key_check(struct att_arena *arena, struct att_span der, const EVP_PKEY *key, struct att_err *err)
{
    bool rsa = key && EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA;
    struct att_span jwk = { 0 };

    if (!att_jwk_of_certificate(arena, der, rsa ? "RS256" : "ES256", att_str("listed"), &jwk, err))
        return false;
    if (rsa && EVP_PKEY_get_bits(key) < RSA_BITS_MIN)
        return att_fail(err, ATT_KEY_INVALID, "certificate.key", "at least 2048 bits", "%d",
                        EVP_PKEY_get_bits(key));
    return true;
}

bool authority_certificate_read(struct att_arena *arena, struct att_span der,
                                struct authority_certificate *ret, struct att_err *err)
{
    struct authority_certificate found = { 0 };
    const uint8_t *at = der.ptr;
    uint8_t digest[32];
    unsigned len = 0;

    if (der.len == 0 || der.len > CERTIFICATE_BYTES_MAX)
        return att_fail(err, ATT_CERT_MALFORMED, "certificate", "1 to 16384 bytes", "%zu", der.len);
    ATT_AUTO(x509_auto) X509 *x509 = d2i_X509(NULL, &at, (long)der.len);
    if (!x509 || at != der.ptr + der.len)
        return att_fail(err, ATT_CERT_MALFORMED, "certificate", "one certificate in DER", "something else");
    if (!key_check(arena, der, X509_get0_pubkey(x509), err))
        return false;
    if (!unix_of(X509_get0_notBefore(x509), &found.not_before_unix_s) ||
        !unix_of(X509_get0_notAfter(x509), &found.not_after_unix_s))
        return att_fail(err, ATT_CERT_MALFORMED, "certificate.validity", "two times", "something else");
    if (EVP_Digest(der.ptr, der.len, digest, &len, EVP_sha256(), NULL) != 1)
        return att_fail(err, ATT_CRYPTO_FAILED, "certificate", "a digest", "a failure");
    att_hex_text(found.thumbprint, att_span_of(digest, sizeof digest));
    *ret = found;
    return true;
}
