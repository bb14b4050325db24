/* layers: crypto codec base */
/* One revocation list in any of its forms, Intel's and AMD's. Entries must be those that OpenSSL finds in the same DER;
 * as hexadecimal text it is the same list. */
#include "crypto/x509.h"

#include <openssl/x509.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/hex.h"

static void must(bool ok)
{
    if (!ok)
        __builtin_trap();
}

static void same_time(const ASN1_TIME *theirs, int64_t ours)
{
    struct tm tm;

    must(theirs && ASN1_TIME_to_tm(theirs, &tm) == 1 && (int64_t)timegm(&tm) == ours);
}

static void compare(const struct att_crl *crl)
{
    struct att_span der = att_crl_der(crl);
    const uint8_t *p = der.ptr;
    X509_CRL *x = d2i_X509_CRL(NULL, &p, (long)der.len);
    const unsigned char *issuer = NULL;
    size_t len = 0;

    must(x && p == der.ptr + der.len && X509_CRL_get_version(x) == X509_CRL_VERSION_2);
    must(X509_NAME_get0_der(X509_CRL_get_issuer(x), &issuer, &len) == 1);
    must(att_span_eq(att_span_of(issuer, len), att_crl_issuer(crl)));
    same_time(X509_CRL_get0_lastUpdate(x), att_crl_this_update(crl));
    same_time(X509_CRL_get0_nextUpdate(x), att_crl_next_update(crl));
    STACK_OF(X509_REVOKED) *entries = X509_CRL_get_REVOKED(x);
    int count = entries ? sk_X509_REVOKED_num(entries) : 0;
    must((size_t)count == att_crl_entries(crl));
    for (int i = 0; i < count; i++) {
        BIGNUM *n =
            ASN1_INTEGER_to_BN(X509_REVOKED_get0_serialNumber(sk_X509_REVOKED_value(entries, i)), NULL);
        must(n != NULL);
        size_t bytes = (size_t)BN_num_bytes(n);
        uint8_t *serial = malloc(bytes + 1);
        must(serial && BN_bn2bin(n, serial) == (int)bytes);
        must(att_crl_revokes(crl, att_span_of(serial, bytes)));
        free(serial);
        BN_free(n);
    }
    X509_CRL_free(x);
}

static void as_hex(const struct att_crypto *c, const struct att_crl *crl)
{
    struct att_span der = att_crl_der(crl);
    char *text = malloc(2 * der.len + 1);
    struct att_crl *again = NULL;
    struct att_err err = { .code = ATT_OK };

    must(text != NULL);
    att_hex_text(text, der);
    must(att_crl_parse(c, att_span_of(text, 2 * der.len), NULL, &again, &err));
    must(att_span_eq(att_crl_der(again), der) && att_crl_entries(again) == att_crl_entries(crl));
    att_crl_free(again);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct att_crypto *c;
    struct att_crl *crl = NULL;
    struct att_err err = { .code = ATT_OK };

    if (!c)
        c = att_crypto_new();
    must(c != NULL);
    if (!att_crl_parse(c, att_span_of(data, size), NULL, &crl, &err)) {
        must(!crl && err.code == ATT_CRL_MALFORMED && err.text[0] && err.where[0]);
        return 0;
    }
    must(err.code == ATT_OK);
    compare(crl);
    if (size < 4096) /* twice that is still within the limit */
        as_hex(c, crl);
    att_crl_free(crl);
    return 0;
}
