/* A set of policy signers: each key checked, then written in the one form that is kept. */
#include <attest/signers.h>

#include "base/auto.h"
#include "base/base64.h"
#include "base/buf.h"
#include "base/err.h"
#include "codec/json.h"
#include "crypto/x509.h"
#include "jose/jwk.h"

#include <stdio.h>
#include <stdlib.h>

enum { CERTS_MAX = 10, WHERE_BYTES = 64, RSA_BITS_LEAST = 1024 };

ATT_AUTO_PTR(crypto_auto, struct att_crypto, att_crypto_free)

struct signer {
    const struct att_crypto *c;
    struct att_arena *arena;
    const struct att_limits *limits;
    unsigned rsa_bits_min;
    const struct att_json *doc;
    att_json_id id;
    char where[WHERE_BYTES]; /* "keys[3]" */
    struct att_cert *chain[CERTS_MAX];
    size_t count;
};

static void signer_end(struct signer *s)
{
    for (size_t i = 0; i < s->count; i++)
        att_cert_free(s->chain[i]);
    s->count = 0;
}

static const char *where_cert(const struct signer *s, size_t at, char room[WHERE_BYTES + 32])
{
    (void)snprintf(room, WHERE_BYTES + 32, "%s.x5c[%zu]", s->where, at);
    return room;
}

static bool read_cert(struct signer *s, att_json_id at, struct att_err *err)
{
    char where[WHERE_BYTES + 32];
    struct att_span text = { 0 }, der = { 0 };

    where_cert(s, s->count, where);
    if (s->count == CERTS_MAX)
        return att_fail(err, ATT_LIMIT_EXCEEDED, where, "at most 10 certificates", "more");
    if (att_json_type(s->doc, at) != ATT_JSON_STRING)
        return att_fail(err, ATT_JSON_TYPE, where, "a string", "something else");
    if (!att_json_string(s->doc, s->arena, at, &text))
        return att_fail_memory(err, where);
    if (text.len > (s->limits->cert_bytes_max + 2) / 3 * 4)
        return att_fail(err, ATT_LIMIT_EXCEEDED, where, "a certificate within the size limit",
                        "%zu characters of base64", text.len);
    if (!att_base64_decode(s->arena, ATT_BASE64_STANDARD, text, where, &der, err))
        return false;
    if (!att_cert_from_der(s->c, der, s->limits, &s->chain[s->count], err))
        return att_fail_as(err, ATT_CERT_MALFORMED, where);
    s->count++;
    return true;
}

static bool read_chain(struct signer *s, struct att_err *err)
{
    att_json_id x5c = ATT_JSON_NONE;

    if (!att_json_want(s->doc, s->id, s->where, "x5c", ATT_JSON_ARRAY, &x5c, err))
        return false;
    for (att_json_id at = att_json_first(s->doc, x5c); at != ATT_JSON_NONE; at = att_json_next(s->doc, at)) {
        if (!read_cert(s, at, err))
            return false;
    }
    char where[WHERE_BYTES + 32];
    return s->count > 0 || att_fail(err, ATT_JSON_MISSING, where_cert(s, 0, where), "a certificate", "none");
}

/* The text that clients and their manuals know for a chain that does not hold. */
static bool no_issuer(const struct signer *s, size_t at, const char *expected, const char *found,
                      struct att_err *err)
{
    char where[WHERE_BYTES + 32];
    struct att_shown shown;

    if (!err || err->code != ATT_OK)
        return false;
    att_fail(err, ATT_CERT_CHAIN_INVALID, where_cert(s, at, where), expected, "%s", found);
    att_err_text(
        err,
        "The requested item is not found    Msg:[Unable to find issuer certificate CN=%s]: %s is %s, "
        "expected %s",
        att_shown(&shown, att_str(att_cert_subject_cn(s->chain[at]))), where, found, expected);
    return false;
}

static bool chain_holds(const struct signer *s, struct att_err *err)
{
    char where[WHERE_BYTES + 32];

    for (size_t i = 0; i + 1 < s->count; i++) {
        switch (att_cert_signed_by(s->c, s->chain[i], s->chain[i + 1])) {
        case ATT_SIG_VALID:
            break;
        case ATT_SIG_INVALID:
        case ATT_SIG_BAD_KEY:
            return no_issuer(s, i, "a certificate issued and signed by the next one", "another's", err);
        case ATT_SIG_FAILED:
            return att_fail(err, ATT_CRYPTO_FAILED, where_cert(s, i, where), "a verdict", "a failure");
        }
    }
    for (size_t i = s->count > 1 ? 1 : 0; i < s->count; i++) {
        if (!att_cert_is_ca(s->chain[i]))
            return no_issuer(s, i, "a certificate with basic constraints CA:TRUE that may sign certificates",
                             "none", err);
    }
    return true;
}

static bool key_fits(const struct signer *s, const struct att_key *key, struct att_err *err)
{
    char where[WHERE_BYTES + 32], expected[48];

    if (att_key_type(key) != ATT_KEY_RSA || att_key_bits(key) >= s->rsa_bits_min)
        return true;
    (void)snprintf(expected, sizeof expected, "an RSA key of at least %u bits", s->rsa_bits_min);
    return att_fail(err, ATT_KEY_INVALID, where_cert(s, 0, where), expected, "one of %u bits",
                    att_key_bits(key));
}

static void write_kept(const struct signer *s, const struct att_jwk *jwk, struct att_buf *out)
{
    static const enum att_sig_alg usual[] = {
        [ATT_KEY_P256] = ATT_ES256,
        [ATT_KEY_P384] = ATT_ES384,
        [ATT_KEY_P521] = ATT_ES512,
        [ATT_KEY_RSA] = ATT_RS256,
    };
    const enum att_key_type type = att_key_type(jwk->key);
    struct att_json_writer w = { .out = out };

    att_jw_object(&w);
    att_jw_key(&w, "alg");
    att_jw_str(&w, att_alg_name(jwk->has_alg ? jwk->alg : usual[type]));
    att_jw_key(&w, "kty");
    att_jw_str(&w, type == ATT_KEY_RSA ? "RSA" : "EC");
    att_jw_key(&w, "use");
    att_jw_str(&w, "sig");
    att_jw_key(&w, "x5c");
    att_jw_array(&w);
    for (size_t i = 0; i < s->count; i++) {
        ATT_AUTO(att_buf_free) struct att_buf text = { 0 };
        att_base64_put(&text, att_cert_der(s->chain[i]));
        att_jw_string(&w, att_buf_span(&text));
        out->failed = out->failed || text.failed;
    }
    att_jw_end_array(&w);
    att_jw_end_object(&w);
}

static bool signer_check(struct signer *s, const struct att_jwk *jwk, struct att_span *ret,
                         struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf out = { 0 };

    if (!key_fits(s, jwk->key, err) || !chain_holds(s, err))
        return false;
    write_kept(s, jwk, &out);
    char *copy = out.failed ? NULL : att_arena_dup(s->arena, att_buf_span(&out));
    if (!copy)
        return att_fail_memory(err, s->where);
    *ret = att_span_of(copy, out.len);
    return true;
}

static bool signer_read(struct signer *s, struct att_span *ret, struct att_err *err)
{
    ATT_AUTO(att_jwk_free) struct att_jwk jwk = { 0 };

    /* The chain first: what it says of a broken certificate is more than the JWK reader would. */
    if (!read_chain(s, err))
        return false;
    if (!att_jwk_read(s->c, s->arena, s->limits, s->doc, s->id, s->where, &jwk, err))
        return att_fail_as(err, ATT_KEY_INVALID, "");
    return signer_check(s, &jwk, ret, err);
}

static int by_bytes(const void *a, const void *b)
{
    const struct att_span *x = a, *y = b;
    int order = memcmp(x->ptr, y->ptr, x->len < y->len ? x->len : y->len);

    if (order != 0)
        return order;
    return x->len < y->len ? -1 : x->len > y->len;
}

/* Sorted, and what stands there twice once. */
static bool write_set(struct att_arena *arena, struct att_span *keys, size_t count, struct att_span *ret_json,
                      size_t *ret_count, struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf out = { 0 };
    size_t written = 0;

    qsort(keys, count, sizeof *keys, by_bytes);
    att_buf_puts(&out, "{\"keys\":[");
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && att_span_eq(keys[i], keys[i - 1]))
            continue;
        if (written++ > 0)
            att_buf_putc(&out, ',');
        att_buf_put(&out, keys[i]);
    }
    att_buf_puts(&out, "]}");
    char *copy = out.failed ? NULL : att_arena_dup(arena, att_buf_span(&out));
    if (!copy)
        return att_fail_memory(err, "keys");
    *ret_json = att_span_of(copy, out.len);
    *ret_count = written;
    return true;
}

static bool read_keys(const struct signer *model, att_json_id set, struct att_span *keys, size_t *ret_count,
                      struct att_err *err)
{
    size_t count = 0;

    for (att_json_id at = att_json_first(model->doc, set); at != ATT_JSON_NONE;
         at = att_json_next(model->doc, at)) {
        ATT_AUTO(signer_end) struct signer s = *model;
        if (count == ATT_SIGNERS_MAX)
            return att_fail(err, ATT_LIMIT_EXCEEDED, "keys", "at most 32 keys", "more");
        s.id = at;
        (void)snprintf(s.where, sizeof s.where, "keys[%zu]", count);
        if (!signer_read(&s, &keys[count], err))
            return false;
        count++;
    }
    *ret_count = count;
    return true;
}

bool att_signers_read(struct att_arena *arena, struct att_span json,
                      const struct att_signers_options *options, struct att_span *ret_json, size_t *ret_count,
                      struct att_err *err)
{
    ATT_AUTO(crypto_auto) struct att_crypto *c = NULL;
    struct att_span keys[ATT_SIGNERS_MAX];
    struct att_json doc;
    att_json_id set = ATT_JSON_NONE;
    size_t count = 0;

    if (options && options->size != sizeof *options)
        return att_fail(err, ATT_INTERNAL, "options.size", "sizeof(struct att_signers_options)",
                        "another size");
    const struct att_limits *limits = options && options->limits ? options->limits : &att_limits_default;
    const struct att_json_options json_options = { .limits = limits };
    if (!att_json_parse(arena, json, &json_options, &doc, err) ||
        !att_json_want(&doc, ATT_JSON_ROOT, "", "keys", ATT_JSON_ARRAY, &set, err))
        return false;
    c = att_crypto_new();
    if (!c)
        return att_fail(err, ATT_CRYPTO_FAILED, "keys", "a working crypto library", "none");
    struct signer model = { .c = c, .arena = arena, .limits = limits, .doc = &doc };
    model.rsa_bits_min = options && options->rsa_bits_min ? options->rsa_bits_min : ATT_SIGNER_RSA_BITS;
    if (model.rsa_bits_min < RSA_BITS_LEAST)
        model.rsa_bits_min = RSA_BITS_LEAST;
    return read_keys(&model, set, keys, &count, err) &&
           write_set(arena, keys, count, ret_json, ret_count, err);
}
