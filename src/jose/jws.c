#include "jose/jws.h"

#include "base/base64.h"
#include "base/err.h"

#include <stdio.h>

enum { KID_BYTES_MAX = 512, RSA_BITS_MIN_DEFAULT = 2048 };

/* Cuts `rest` at its first dot. */
static bool next_segment(struct att_span *rest, struct att_span *ret)
{
    const uint8_t *dot = rest->len > 0 ? memchr(rest->ptr, '.', rest->len) : NULL;
    if (!dot)
        return false;
    size_t len = (size_t)(dot - rest->ptr);
    *ret = att_span_of(rest->ptr, len);
    *rest = att_span_of(dot + 1, rest->len - len - 1);
    return true;
}

static bool decode(struct att_arena *a, struct att_span segment, const char *where, struct att_span *ret,
                   struct att_err *err)
{
    if (!att_base64_decode(a, ATT_BASE64_STRICT, segment, where, ret, err))
        return att_fail_as(err, ATT_TOKEN_MALFORMED, "");
    return true;
}

static bool no_extensions(const struct att_jws *jws, struct att_err *err)
{
    const struct att_json *m = &jws->members;

    /* RFC 7515 4.1.11: what is listed must be understood, and no extension is. An empty list is forbidden
     * too. */
    if (att_json_get(m, ATT_JSON_ROOT, "crit") != ATT_JSON_NONE)
        return att_fail(err, ATT_TOKEN_CRITICAL, "token.header.crit", "no such member", "present");
    att_json_id b64 = att_json_get(m, ATT_JSON_ROOT, "b64");
    if (b64 != ATT_JSON_NONE && !att_json_true(m, b64))
        return att_fail(err, ATT_TOKEN_CRITICAL, "token.header.b64", "true or absent (RFC 7797 is not taken)",
                        "something else");
    return true;
}

static bool read_alg(struct att_arena *a, struct att_jws *jws, struct att_err *err)
{
    if (!att_json_want_string(&jws->members, a, ATT_JSON_ROOT, "token.header", "alg", &jws->alg_name, err))
        return att_fail_as(err, ATT_TOKEN_MALFORMED, "");
    jws->unsecured = att_span_is(jws->alg_name, "none");
    jws->alg_known = att_alg_of(jws->alg_name, &jws->alg);
    /* RFC 7518 3.6: the signature of an unsecured JWS must be empty, and the reader must look. */
    if (jws->unsecured && jws->signature.len > 0)
        return att_fail(err, ATT_TOKEN_MALFORMED, "token.signature", "empty, since alg is none", "%zu bytes",
                        jws->signature.len);
    return true;
}

static bool read_kid(struct att_arena *a, struct att_jws *jws, struct att_err *err)
{
    if (att_json_get(&jws->members, ATT_JSON_ROOT, "kid") == ATT_JSON_NONE)
        return true;
    if (!att_json_want_string(&jws->members, a, ATT_JSON_ROOT, "token.header", "kid", &jws->kid, err))
        return att_fail_as(err, ATT_TOKEN_MALFORMED, "");
    if (jws->kid.len > KID_BYTES_MAX)
        return att_fail(err, ATT_TOKEN_MALFORMED, "token.header.kid", "at most 512 bytes", "%zu bytes",
                        jws->kid.len);
    jws->has_kid = true;
    return true;
}

static bool read_header(struct att_arena *a, const struct att_limits *limits, struct att_jws *jws,
                        struct att_err *err)
{
    const struct att_json_options options = { .limits = limits };

    if (!att_json_parse(a, jws->header, &options, &jws->members, err))
        return att_fail_as(err, ATT_TOKEN_MALFORMED, "token.header");
    if (att_json_type(&jws->members, ATT_JSON_ROOT) != ATT_JSON_OBJECT)
        return att_fail(err, ATT_TOKEN_MALFORMED, "token.header", "a JSON object", "another JSON value");
    return no_extensions(jws, err) && read_alg(a, jws, err) && read_kid(a, jws, err);
}

bool att_jws_split(struct att_arena *a, struct att_span text, const struct att_limits *limits,
                   struct att_jws *ret, struct att_err *err)
{
    struct att_jws jws = { 0 };
    struct att_span header = { 0 }, payload = { 0 };
    struct att_span rest = text;

    limits = limits ? limits : &att_limits_default;
    if (text.len > limits->token_bytes_max)
        return att_fail(err, ATT_TOKEN_MALFORMED, "token", "a token within the size limit", "%zu bytes",
                        text.len);
    if (!next_segment(&rest, &header) || !next_segment(&rest, &payload) ||
        (rest.len > 0 && memchr(rest.ptr, '.', rest.len)))
        return att_fail(err, ATT_TOKEN_MALFORMED, "token", "three segments with a dot between",
                        "another form");
    jws.signed_bytes = att_span_of(text.ptr, header.len + 1 + payload.len);
    if (!decode(a, header, "token.header", &jws.header, err) ||
        !decode(a, payload, "token.payload", &jws.payload, err) ||
        !decode(a, rest, "token.signature", &jws.signature, err) || !read_header(a, limits, &jws, err))
        return false;
    *ret = jws;
    return true;
}

bool att_jws_alg_allowed(const struct att_jws *jws, const struct att_jws_rules *rules, struct att_err *err)
{
    struct att_shown shown;

    if (jws->unsecured)
        return att_fail(err, ATT_TOKEN_UNSECURED, "token.header.alg", "a signature algorithm", "none");
    if (!jws->alg_known || !(rules->algs & att_alg_bit(jws->alg)))
        return att_fail(err, ATT_TOKEN_ALGORITHM, "token.header.alg", "an algorithm of the caller's list",
                        "'%s'", att_shown(&shown, jws->alg_name));
    return true;
}

static bool key_fits(const struct att_jws *jws, const struct att_jwk *jwk, const struct att_jws_rules *rules,
                     struct att_err *err)
{
    unsigned bits_min = rules->rsa_bits_min ? rules->rsa_bits_min : RSA_BITS_MIN_DEFAULT;
    char expected[48];

    if (jwk->has_alg && jwk->alg != jws->alg)
        return att_fail(err, ATT_TOKEN_ALGORITHM, "token.header.alg", att_alg_name(jwk->alg),
                        "%s, which is not the key's", att_alg_name(jws->alg));
    if (!att_alg_fits(jws->alg, att_key_type(jwk->key)))
        return att_fail(err, ATT_TOKEN_ALGORITHM, "token.header.alg",
                        "an algorithm for the key's type and curve", "%s", att_alg_name(jws->alg));
    if (att_key_type(jwk->key) == ATT_KEY_RSA && att_key_bits(jwk->key) < bits_min) {
        (void)snprintf(expected, sizeof expected, "at least %u bits", bits_min);
        return att_fail(err, ATT_TOKEN_KEY_INVALID, "token.key", expected, "%u bits", att_key_bits(jwk->key));
    }
    return true;
}

bool att_jws_verify(const struct att_crypto *c, const struct att_jws *jws, const struct att_jwk *jwk,
                    const struct att_jws_rules *rules, struct att_err *err)
{
    if (!att_jws_alg_allowed(jws, rules, err))
        return false;
    if (!jwk->key)
        return att_fail(err, ATT_TOKEN_KEY_INVALID, "token.key", "a usable public key", "none");
    if (!key_fits(jws, jwk, rules, err))
        return false;
    switch (att_verify(c, jwk->key, jws->alg, jws->signed_bytes, jws->signature)) {
    case ATT_SIG_VALID:
        return true;
    case ATT_SIG_INVALID:
        return att_fail(err, ATT_TOKEN_SIGNATURE_INVALID, "token.signature",
                        "a signature by the key over this token", "another %zu bytes", jws->signature.len);
    case ATT_SIG_BAD_KEY:
        return att_fail(err, ATT_TOKEN_KEY_INVALID, "token.key", "a key that works with the algorithm",
                        "another");
    case ATT_SIG_FAILED:
        break;
    }
    return att_fail(err, ATT_CRYPTO_FAILED, "token.signature", "an answer of the crypto library",
                    "a failure");
}
