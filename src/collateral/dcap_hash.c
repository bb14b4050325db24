#include "collateral/dcap_hash.h"

#include "base/auto.h"
#include "base/base64.h"
#include "base/buf.h"

enum { PEM_LINE_BYTES = 48 }; /* give 64 characters (RFC 7468) */

bool dcap_hash_text(const struct att_crypto *c, struct att_span text, uint8_t ret[32])
{
    const struct att_span parts[] = { text, { (const uint8_t *)"", 1 } };

    return att_digest_parts(c, ATT_SHA256, parts, 2, ret);
}

static void pem_put(struct att_buf *b, const char *label, struct att_span der)
{
    att_buf_puts(b, "-----BEGIN ");
    att_buf_puts(b, label);
    att_buf_puts(b, "-----\n");
    for (size_t at = 0; at < der.len; at += PEM_LINE_BYTES) {
        size_t n = der.len - at < PEM_LINE_BYTES ? der.len - at : PEM_LINE_BYTES;
        att_base64_put(b, att_span_of(der.ptr + at, n));
        att_buf_putc(b, '\n');
    }
    att_buf_puts(b, "-----END ");
    att_buf_puts(b, label);
    att_buf_puts(b, "-----\n");
}

bool dcap_hash_chain(const struct att_crypto *c, const struct att_cert *leaf, const struct att_cert *root,
                     uint8_t ret[32])
{
    ATT_AUTO(att_buf_free) struct att_buf b = { 0 };

    pem_put(&b, "CERTIFICATE", att_cert_der(leaf));
    pem_put(&b, "CERTIFICATE", att_cert_der(root));
    return !b.failed && dcap_hash_text(c, att_buf_span(&b), ret);
}

bool dcap_hash_crl(const struct att_crypto *c, const struct att_crl *crl, uint8_t ret[32])
{
    ATT_AUTO(att_buf_free) struct att_buf b = { 0 };

    pem_put(&b, "X509 CRL", att_crl_der(crl));
    return !b.failed && dcap_hash_text(c, att_buf_span(&b), ret);
}
