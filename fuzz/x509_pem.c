/* layers: crypto codec base */
/* PEM texts. The certificates found are those that OpenSSL's own PEM reader finds, in the same order. */
#include "crypto/x509.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdint.h>
#include <stdlib.h>

enum { MAX = 4 };

static void must(bool ok)
{
    if (!ok)
        __builtin_trap();
}

static void compare(struct att_cert *const *certs, size_t count, struct att_span text)
{
    BIO *bio = BIO_new_mem_buf(text.ptr, (int)text.len);

    must(bio != NULL);
    for (size_t i = 0; i < count; i++) {
        uint8_t *der = NULL;
        long len = 0;
        must(PEM_bytes_read_bio(&der, &len, NULL, PEM_STRING_X509, bio, NULL, NULL) == 1);
        must(att_span_eq(att_cert_der(certs[i]), att_span_of(der, (size_t)len)));
        OPENSSL_free(der);
    }
    BIO_free(bio);
    ERR_clear_error();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct att_crypto *c;
    struct att_cert *certs[MAX] = { NULL };
    size_t count = 77;
    struct att_err err = { .code = ATT_OK };

    if (!c)
        c = att_crypto_new();
    must(c != NULL);
    if (!att_certs_from_pem(c, att_span_of(data, size), NULL, certs, MAX, &count, &err)) {
        must(count == 77 && !certs[0] && err.code == ATT_CERT_MALFORMED && err.text[0] && err.where[0]);
        return 0;
    }
    must(err.code == ATT_OK && count > 0 && count <= MAX);
    compare(certs, count, att_span_of(data, size));
    for (size_t i = 0; i < count; i++)
        att_cert_free(certs[i]);
    return 0;
}
