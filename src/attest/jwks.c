#include <attest/jwks.h>

#include "base/auto.h"
#include "base/base64.h"
#include "base/buf.h"
#include "base/err.h"
#include "codec/json.h"
#include "crypto/pem.h"
#include "crypto/x509.h"
#include "jose/jwk.h"

#include <stdlib.h>

ATT_AUTO_PTR(crypto_auto, struct att_crypto, att_crypto_free)
ATT_AUTO_PTR(cert_auto, struct att_cert, att_cert_free)
ATT_AUTO_PTR(key_auto, struct att_key, att_key_free)
ATT_AUTO_PTR(bytes_auto, uint8_t, free)

enum { PEM_LINE = 64, SPKI_BYTES_MAX = 2048 };

static const char pem_begin[] = "-----BEGIN PUBLIC KEY-----\n";
static const char pem_end[] = "-----END PUBLIC KEY-----\n";

/* DER of a PEM text, malloc'd. The bytes of the first block count; it must be a public key. */
static bool der_of_pem(struct att_span pem, uint8_t **ret, size_t *ret_len, struct att_err *err)
{
    struct att_reader text = att_reader_of(att_pem_trim(pem));

    switch (att_pem_next(&text, "PUBLIC KEY", ret, ret_len)) {
    case ATT_PEM_BLOCK:
        return true;
    case ATT_PEM_NO_MEMORY:
        return att_fail_memory(err, "spki");
    case ATT_PEM_END:
    case ATT_PEM_MALFORMED:
        break;
    }
    return att_fail(err, ATT_KEY_INVALID, "spki", "one PEM block PUBLIC KEY", "something else");
}

static void put_pem(struct att_buf *b, struct att_span der)
{
    ATT_AUTO(att_buf_free) struct att_buf text = { 0 };

    att_base64_put(&text, der);
    att_buf_puts(b, pem_begin);
    for (size_t at = 0; at < text.len; at += PEM_LINE) {
        size_t len = text.len - at < PEM_LINE ? text.len - at : PEM_LINE;
        att_buf_put(b, att_span_of(text.ptr + at, len));
        att_buf_putc(b, '\n');
    }
    att_buf_puts(b, pem_end);
    b->failed = b->failed || text.failed;
}

/* Is it a public key at all? A name for other bytes would be a name for nothing. */
static bool is_key(const struct att_crypto *c, struct att_span der, struct att_err *err)
{
    ATT_AUTO(key_auto) struct att_key *key = NULL;

    return att_key_from_spki(c, der, &key, err);
}

bool att_kid_of_spki(struct att_span spki, char ret[ATT_KID_SIZE], struct att_err *err)
{
    ATT_AUTO(crypto_auto) struct att_crypto *c = att_crypto_new();
    ATT_AUTO(att_buf_free) struct att_buf pem = { 0 };
    ATT_AUTO(att_buf_free) struct att_buf text = { 0 };
    ATT_AUTO(bytes_auto) uint8_t *der = NULL;
    uint8_t digest[32];
    size_t len = 0;

    if (!c)
        return att_fail(err, ATT_CRYPTO_FAILED, "spki", "a working crypto library", "none");
    if (spki.len == 0 || spki.len > 2 * (size_t)SPKI_BYTES_MAX)
        return att_fail(err, ATT_KEY_INVALID, "spki", "at most 4096 bytes, DER or PEM", "%zu bytes",
                        spki.len);
    if (spki.ptr[0] != 0x30) {
        if (!der_of_pem(spki, &der, &len, err))
            return false;
        spki = att_span_of(der, len);
    }
    if (!is_key(c, spki, err))
        return false;
    put_pem(&pem, spki);
    att_buf_putc(&pem, '\0');
    if (pem.failed)
        return att_fail_memory(err, "spki");
    if (!att_digest(c, ATT_SHA256, att_buf_span(&pem), digest))
        return att_fail(err, ATT_CRYPTO_FAILED, "spki", "a digest", "a failure");
    att_base64_put(&text, att_span_of(digest, sizeof digest));
    if (text.failed || text.len != ATT_KID_SIZE - 1)
        return att_fail_memory(err, "spki");
    memcpy(ret, text.ptr, text.len);
    ret[text.len] = '\0';
    return true;
}

static void put_bytes(struct att_json_writer *w, const char *name, struct att_span bytes)
{
    ATT_AUTO(att_buf_free) struct att_buf text = { 0 };

    att_base64url_put(&text, bytes);
    att_jw_key(w, name);
    att_jw_string(w, att_buf_span(&text));
    w->out->failed = w->out->failed || text.failed;
}

static void put_x5c(struct att_json_writer *w, struct att_span certificate)
{
    ATT_AUTO(att_buf_free) struct att_buf text = { 0 };

    att_base64_put(&text, certificate);
    att_jw_key(w, "x5c");
    att_jw_array(w);
    att_jw_string(w, att_buf_span(&text));
    att_jw_end_array(w);
    w->out->failed = w->out->failed || text.failed;
}

static void put_text(struct att_json_writer *w, const char *name, struct att_span text)
{
    att_jw_key(w, name);
    att_jw_string(w, text);
}

static void put_rsa(struct att_json_writer *w, const struct att_key *key, struct att_span kid,
                    struct att_span der)
{
    put_bytes(w, "e", att_key_rsa_e(key));
    put_text(w, "kid", kid);
    put_text(w, "kty", att_str("RSA"));
    put_bytes(w, "n", att_key_rsa_n(key));
    put_text(w, "use", att_str("sig"));
    put_x5c(w, der);
}

static void put_ec(struct att_json_writer *w, const struct att_key *key, struct att_span kid,
                   struct att_span der)
{
    static const char *const curves[] = {
        [ATT_KEY_P256] = "P-256", [ATT_KEY_P384] = "P-384", [ATT_KEY_P521] = "P-521"
    };
    struct att_span xy = att_key_point(key);

    put_text(w, "crv", att_str(curves[att_key_type(key)]));
    put_text(w, "kid", kid);
    put_text(w, "kty", att_str("EC"));
    put_text(w, "use", att_str("sig"));
    put_bytes(w, "x", att_span_of(xy.ptr, xy.len / 2));
    put_x5c(w, der);
    put_bytes(w, "y", att_span_of(xy.ptr + xy.len / 2, xy.len / 2));
}

bool att_jwk_of_certificate(struct att_arena *arena, struct att_span certificate, const char *alg,
                            struct att_span kid, struct att_span *ret_json, struct att_err *err)
{
    ATT_AUTO(crypto_auto) struct att_crypto *c = att_crypto_new();
    ATT_AUTO(cert_auto) struct att_cert *cert = NULL;
    ATT_AUTO(att_buf_free) struct att_buf json = { 0 };
    struct att_json_writer w = { .out = &json };
    enum att_sig_alg known = ATT_RS256;

    if (!c)
        return att_fail(err, ATT_CRYPTO_FAILED, "certificate", "a working crypto library", "none");
    if (!att_cert_from_der(c, certificate, &att_limits_default, &cert, err))
        return false;
    const struct att_key *key = att_cert_key(cert);
    if (!key || !att_alg_of(att_str(alg), &known) || !att_alg_fits(known, att_key_type(key)))
        return att_fail(err, ATT_KEY_INVALID, "certificate.key", "a key that fits the algorithm", "another");
    att_jw_object(&w);
    put_text(&w, "alg", att_str(alg));
    if (att_key_type(key) == ATT_KEY_RSA)
        put_rsa(&w, key, kid, certificate);
    else
        put_ec(&w, key, kid, certificate);
    att_jw_end_object(&w);
    char *copy = json.failed ? NULL : att_arena_dup(arena, att_buf_span(&json));
    if (!copy)
        return att_fail_memory(err, "certificate");
    *ret_json = att_span_of(copy, json.len);
    return true;
}
