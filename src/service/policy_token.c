#include "service/policy_token.h"

#include "base/auto.h"
#include "base/base64.h"
#include "base/buf.h"
#include "base/err.h"
#include "codec/json.h"

static const char where_token[] = "policy";

/* base64url of {"alg":"none"}: as clients of this protocol write and compare it. */
static const char unsecured_header[] = "eyJhbGciOiJub25lIn0";

static bool keep(struct att_arena *arena, const struct att_buf *text, struct att_span *ret,
                 struct att_err *err)
{
    char *copy = text->failed ? NULL : att_arena_dup(arena, att_buf_span(text));

    if (!copy)
        return att_fail_memory(err, where_token);
    *ret = att_span_of(copy, text->len);
    return true;
}

bool policy_token_wrap(struct att_arena *arena, struct att_span text, struct att_span *ret,
                       struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf payload = { 0 };
    ATT_AUTO(att_buf_free) struct att_buf token = { 0 };

    if (text.len > 0) {
        att_buf_puts(&payload, "{\"AttestationPolicy\":\"");
        att_base64url_put(&payload, text);
        att_buf_puts(&payload, "\"}");
    }
    att_buf_puts(&token, unsecured_header);
    att_buf_putc(&token, '.');
    att_base64url_put(&token, att_buf_span(&payload));
    att_buf_putc(&token, '.');
    token.failed = token.failed || payload.failed;
    return keep(arena, &token, ret, err);
}

static bool is_space(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct att_span policy_token_bare(struct att_span s)
{
    while (s.len > 0 && is_space(s.ptr[0]))
        s = att_span_of(s.ptr + 1, s.len - 1);
    while (s.len > 0 && is_space(s.ptr[s.len - 1]))
        s.len--;
    if (s.len >= 2 && s.ptr[0] == '"' && s.ptr[s.len - 1] == '"')
        s = att_span_of(s.ptr + 1, s.len - 2);
    return s;
}

/* -- the header ------------------------------------------------------------------------------------------- */

static bool read_header(struct att_arena *arena, struct att_span token, const struct att_limits *limits,
                        struct att_json *ret, struct att_err *err)
{
    const struct att_json_options options = { .limits = limits };
    const uint8_t *dot = token.len > 0 ? memchr(token.ptr, '.', token.len) : NULL;
    struct att_span header = { 0 };

    if (!dot)
        return att_fail(err, ATT_POLICY_TOKEN_INVALID, where_token, "a compact JWS", "no dot");
    return (att_base64_decode(arena, ATT_BASE64_STRICT, att_span_of(token.ptr, (size_t)(dot - token.ptr)),
                              where_token, &header, err) &&
            att_json_parse(arena, header, &options, ret, err)) ||
           att_fail_as(err, ATT_POLICY_TOKEN_INVALID, "");
}

/* DER of the first certificate of `x5c`; ret_der empty when there is no such member. */
static bool leaf_of(struct att_arena *arena, const struct att_json *j, att_json_id owner,
                    struct att_span *ret_der, struct att_err *err)
{
    att_json_id first = att_json_first(j, att_json_get(j, owner, "x5c"));
    struct att_span text = { 0 };

    *ret_der = (struct att_span){ 0 };
    if (att_json_type(j, first) != ATT_JSON_STRING)
        return true;
    if (!att_json_string(j, arena, first, &text))
        return att_fail_memory(err, where_token);
    return att_base64_decode(arena, ATT_BASE64_STANDARD, text, "x5c[0]", ret_der, err);
}

/* What the header says of its key, as a JWK: the one that it carries, or kty, alg and x5c. */
static bool jwk_of(struct att_arena *arena, const struct att_json *j, struct att_span alg,
                   struct att_span *ret, struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf text = { 0 };
    ATT_AUTO(att_buf_free) struct att_buf part = { 0 };
    struct att_json_writer w = { .out = &text };
    att_json_id x5c = att_json_get(j, ATT_JSON_ROOT, "x5c"), jwk = att_json_get(j, ATT_JSON_ROOT, "jwk");
    bool certified = x5c != ATT_JSON_NONE;

    if (!att_json_put_sorted(j, arena, certified ? x5c : jwk, &part)) /* also takes out white space */
        return att_fail_memory(err, where_token);
    if (!certified)
        return keep(arena, &part, ret, err);
    att_jw_object(&w);
    att_jw_key(&w, "alg");
    att_jw_string(&w, alg);
    att_jw_key(&w, "kty"); /* the signature was verified under alg, so the key is of its kind */
    att_jw_str(&w, alg.ptr[0] == 'E' ? "EC" : "RSA");
    att_jw_key(&w, "x5c");
    att_jw_raw(&w, att_buf_span(&part));
    att_jw_end_object(&w);
    return keep(arena, &text, ret, err);
}

bool policy_token_signer(struct att_arena *arena, struct att_span token, const struct att_limits *limits,
                         struct policy_signer *ret, struct att_err *err)
{
    struct policy_signer signer = { 0 };
    struct att_span alg = { 0 };
    struct att_json j;

    if (!read_header(arena, token, limits, &j, err) ||
        !att_json_want_string(&j, arena, ATT_JSON_ROOT, "policy.header", "alg", &alg, err))
        return att_fail_as(err, ATT_POLICY_TOKEN_INVALID, "");
    signer.is_signed = !att_span_is(alg, "none");
    if (signer.is_signed && (alg.len == 0 || !jwk_of(arena, &j, alg, &signer.jwk, err) ||
                             !leaf_of(arena, &j, ATT_JSON_ROOT, &signer.certificate, err)))
        return att_fail_as(err, ATT_POLICY_TOKEN_INVALID, "policy.header");
    *ret = signer;
    return true;
}

bool policy_signer_is_listed(struct att_arena *arena, struct att_span certificate,
                             struct att_span signers_json, const struct att_limits *limits, bool *ret,
                             struct att_err *err)
{
    const struct att_json_options options = { .limits = limits };
    struct att_json j;

    *ret = false;
    if (certificate.len == 0)
        return true;
    if (!att_json_parse(arena, signers_json, &options, &j, err))
        return att_fail_as(err, ATT_STORE_FAILED, "provider.signers");
    att_json_id key = att_json_first(&j, att_json_get(&j, ATT_JSON_ROOT, "keys"));
    for (; key != ATT_JSON_NONE && !*ret; key = att_json_next(&j, key)) {
        struct att_span listed = { 0 };
        if (!leaf_of(arena, &j, key, &listed, err))
            return att_fail_as(err, ATT_STORE_FAILED, "provider.signers");
        *ret = att_span_eq(listed, certificate);
    }
    return true;
}
