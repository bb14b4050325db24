/* A policy as clients send it. They disagree: the text alone, the text in a token, the token in JSON quotes,
 * and in the token the text in base64url, in JSON quotes inside base64url, or plain (the oldest tools). All
 * of these are taken; whatever is neither is refused with the reason, never guessed at. */
#include <attest/token.h>

#include "base/auto.h"
#include "base/base64.h"
#include "base/err.h"
#include "jose/jws.h"

ATT_AUTO_PTR(crypto_auto, struct att_crypto, att_crypto_free)

static const char version_word[] = "version";
static const char algs[] = "RS256 RS384 RS512 PS256 ES256 ES384";

static bool refuse(struct att_err *err)
{
    return att_fail_as(err, ATT_POLICY_TOKEN_INVALID, "policy");
}

static bool is_space(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_token_byte(uint8_t c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.' || c == '+' || c == '/' || c == '=';
}

static bool begins_with_version(struct att_span text)
{
    return text.len >= sizeof version_word - 1 &&
           memcmp(text.ptr, version_word, sizeof version_word - 1) == 0;
}

/* What stands between white space and one pair of quotes. */
static struct att_span bare(struct att_span s)
{
    while (s.len > 0 && is_space(s.ptr[0]))
        s = att_span_of(s.ptr + 1, s.len - 1);
    while (s.len > 0 && is_space(s.ptr[s.len - 1]))
        s.len--;
    if (s.len >= 2 && s.ptr[0] == '"' && s.ptr[s.len - 1] == '"')
        s = att_span_of(s.ptr + 1, s.len - 2);
    return s;
}

/* Text of the language holds braces, spaces or semicolons and begins with "version"; a token does neither. A
 * JSON object is neither, but meant as a token (JWS JSON serialisation), and refused as one. */
static bool meant_as_token(struct att_span s)
{
    bool dotted = false;

    if (s.len > 0 && s.ptr[0] == '{')
        return true;
    if (begins_with_version(s))
        return false;
    for (size_t i = 0; i < s.len; i++) {
        if (!is_token_byte(s.ptr[i]))
            return false;
        dotted = dotted || s.ptr[i] == '.';
    }
    return dotted;
}

/* The key that the header brings along, in x5c, in jwk, or - the same one - in both. */
static bool header_key(const struct att_crypto *c, struct att_arena *a, const struct att_limits *limits,
                       const struct att_jws *jws, struct att_jwk *ret, struct att_err *err)
{
    const struct att_json *m = &jws->members;
    att_json_id jwk_id = att_json_get(m, ATT_JSON_ROOT, "jwk");
    att_json_id x5c_id = att_json_get(m, ATT_JSON_ROOT, "x5c");
    struct att_jwk jwk = { 0 };
    struct att_key *certified = NULL;

    if (jwk_id == ATT_JSON_NONE && x5c_id == ATT_JSON_NONE)
        return att_fail(err, ATT_TOKEN_KEY_UNKNOWN, "token.header", "the signer's key in x5c or jwk",
                        "neither");
    if (jwk_id != ATT_JSON_NONE && !att_jwk_read(c, a, limits, m, jwk_id, "token.header.jwk", &jwk, err))
        return false;
    if (x5c_id != ATT_JSON_NONE &&
        !att_jwk_x5c_key(c, a, limits, m, x5c_id, "token.header", &certified, err)) {
        att_jwk_free(&jwk);
        return false;
    }
    if (jwk.key && certified && !att_jwk_same_key(jwk.key, certified)) {
        att_jwk_free(&jwk);
        att_key_free(certified);
        return att_fail(err, ATT_TOKEN_KEY_INVALID, "token.header.x5c[0]", "the key of jwk", "another");
    }
    if (jwk.key)
        att_key_free(certified);
    else
        jwk.key = certified;
    *ret = jwk;
    return true;
}

static bool signed_by_its_key(struct att_arena *a, const struct att_limits *limits, const struct att_jws *jws,
                              struct att_err *err)
{
    ATT_AUTO(crypto_auto) struct att_crypto *c = NULL;
    ATT_AUTO(att_jwk_free) struct att_jwk jwk = { 0 };
    struct att_jws_rules rules = { 0 };

    /* Before any key is read: an algorithm that is not taken costs no certificate parsing. */
    if (!att_alg_set(algs, &rules.algs, err) || !att_jws_alg_allowed(jws, &rules, err))
        return false;
    c = att_crypto_new();
    if (!c)
        return att_fail(err, ATT_CRYPTO_FAILED, "policy", "a working crypto library", "none");
    return header_key(c, a, limits, jws, &jwk, err) && att_jws_verify(c, jws, &jwk, &rules, err);
}

/* The text in JSON quotes: a published signing tool wraps twice. */
static bool unquote(struct att_arena *a, const struct att_limits *limits, struct att_span json,
                    struct att_span *ret, struct att_err *err)
{
    const struct att_json_options options = { .limits = limits };
    struct att_json doc;

    if (!att_json_parse(a, json, &options, &doc, err))
        return att_fail_as(err, ATT_POLICY_TOKEN_INVALID, "policy.AttestationPolicy");
    if (att_json_type(&doc, ATT_JSON_ROOT) != ATT_JSON_STRING)
        return att_fail(err, ATT_POLICY_TOKEN_INVALID, "policy.AttestationPolicy", "one JSON string",
                        "another value");
    return att_json_string(&doc, a, ATT_JSON_ROOT, ret) ? true
                                                        : att_fail_memory(err, "policy.AttestationPolicy");
}

static bool text_of_value(struct att_arena *a, const struct att_limits *limits, struct att_span value,
                          struct att_span *ret, struct att_err *err)
{
    struct att_err inner = { 0 };
    struct att_span text = { 0 };

    if (!att_base64_decode(a, ATT_BASE64_LENIENT, value, "policy.AttestationPolicy", &text, &inner)) {
        if (inner.code == ATT_BASE64_INVALID && begins_with_version(value)) {
            text = value;
        } else {
            if (err && err->code == ATT_OK)
                *err = inner;
            return att_fail_as(err, ATT_POLICY_TOKEN_INVALID, "");
        }
    }
    if (text.len > 0 && text.ptr[0] == '"' && !unquote(a, limits, text, &text, err))
        return false;
    if (text.len == 0)
        return att_fail(err, ATT_POLICY_TOKEN_INVALID, "policy.AttestationPolicy", "a policy",
                        "an empty text");
    *ret = text;
    return true;
}

static bool text_of_payload(struct att_arena *a, const struct att_limits *limits, const struct att_jws *jws,
                            struct att_span *ret, struct att_err *err)
{
    const struct att_json_options options = { .limits = limits };
    struct att_span value = { 0 };
    struct att_json doc;

    if (jws->payload.len == 0)
        return att_fail(err, ATT_POLICY_TOKEN_INVALID, "policy.payload", "the member AttestationPolicy",
                        "an empty payload, which is a reset");
    if (!att_json_parse(a, jws->payload, &options, &doc, err))
        return att_fail_as(err, ATT_POLICY_TOKEN_INVALID, "policy.payload");
    if (!att_json_want_string(&doc, a, ATT_JSON_ROOT, "policy.payload", "AttestationPolicy", &value, err))
        return att_fail_as(err, ATT_POLICY_TOKEN_INVALID, "");
    return text_of_value(a, limits, value, ret, err);
}

bool att_policy_from_client(struct att_arena *arena, struct att_span text_or_token,
                            const struct att_limits *limits, struct att_span *ret_text, struct att_err *err)
{
    struct att_span token = bare(text_or_token);
    struct att_jws jws;

    if (!meant_as_token(token)) {
        *ret_text = text_or_token;
        return true;
    }
    if (!att_jws_split(arena, token, limits, &jws, err))
        return refuse(err);
    if (!jws.unsecured && !signed_by_its_key(arena, limits, &jws, err))
        return refuse(err);
    return text_of_payload(arena, limits, &jws, ret_text, err);
}
