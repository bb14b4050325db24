/* A policy as clients send it. They disagree: the text alone, the text in a token, the token in JSON quotes,
 * and in the token the text in base64url, in JSON quotes inside base64url, or plain (the oldest tools). All
 * of these are taken; whatever is neither is refused with the reason, never guessed at. */
#include "attest/policy_parts.h"

#include "base/base64.h"
#include "base/err.h"

static const char version_word[] = "version";
static const char where_value[] = "policy.AttestationPolicy";

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

struct att_span att_policy_bare(struct att_span s)
{
    while (s.len > 0 && is_space(s.ptr[0]))
        s = att_span_of(s.ptr + 1, s.len - 1);
    while (s.len > 0 && is_space(s.ptr[s.len - 1]))
        s.len--;
    if (s.len >= 2 && s.ptr[0] == '"' && s.ptr[s.len - 1] == '"')
        s = att_span_of(s.ptr + 1, s.len - 2);
    return s;
}

/* Base64url of "{" and a quote, a space or a line end: a header, whatever stands behind it. */
static bool begins_like_header(struct att_span text)
{
    return text.len >= 2 && text.ptr[0] == 'e' && (text.ptr[1] == 'y' || text.ptr[1] == 'w');
}

/* Text of the language holds braces, spaces or semicolons and begins with "version"; a token does neither. A
 * JSON object is neither, but meant as a token (JWS JSON serialisation), and refused as one. A token with a character
 * that does not belong there is one still, so that its sender is told of the character and not of a policy's grammar. */
bool att_policy_is_token(struct att_span bare)
{
    bool dotted = false;

    if ((bare.len > 0 && bare.ptr[0] == '{') || begins_like_header(bare))
        return true;
    if (begins_with_version(bare))
        return false;
    for (size_t i = 0; i < bare.len; i++) {
        if (!is_token_byte(bare.ptr[i]))
            return false;
        dotted = dotted || bare.ptr[i] == '.';
    }
    return dotted;
}

/* The text in JSON quotes: a published signing tool wraps twice. */
static bool unquote(struct att_arena *a, const struct att_limits *limits, struct att_span json,
                    struct att_span *ret, struct att_err *err)
{
    const struct att_json_options options = { .limits = limits };
    struct att_json doc;

    if (!att_json_parse(a, json, &options, &doc, err))
        return att_fail_as(err, ATT_POLICY_TOKEN_INVALID, where_value);
    if (att_json_type(&doc, ATT_JSON_ROOT) != ATT_JSON_STRING)
        return att_fail(err, ATT_POLICY_TOKEN_INVALID, where_value, "one JSON string", "another value");
    return att_json_string(&doc, a, ATT_JSON_ROOT, ret) ? true : att_fail_memory(err, where_value);
}

static bool text_of_value(struct att_arena *a, const struct att_limits *limits, struct att_span value,
                          struct att_span *ret, struct att_err *err)
{
    struct att_err inner = { 0 };
    struct att_span text = { 0 };

    if (!att_base64_decode(a, ATT_BASE64_LENIENT, value, where_value, &text, &inner)) {
        if (inner.code != ATT_BASE64_INVALID || !begins_with_version(value)) {
            if (err && err->code == ATT_OK)
                *err = inner;
            return false;
        }
        text = value;
    }
    if (text.len > 0 && text.ptr[0] == '"' && !unquote(a, limits, text, &text, err))
        return false;
    if (text.len == 0)
        return att_fail(err, ATT_POLICY_TOKEN_INVALID, where_value, "a policy", "an empty text");
    *ret = text;
    return true;
}

bool att_policy_payload_text(struct att_arena *arena, const struct att_limits *limits,
                             struct att_span payload, struct att_span *ret, struct att_err *err)
{
    const struct att_json_options options = { .limits = limits };
    struct att_span value = { 0 };
    struct att_json doc;

    if (payload.len == 0)
        return att_fail(err, ATT_POLICY_TOKEN_INVALID, "policy.payload", "the member AttestationPolicy",
                        "an empty payload, which is a reset");
    if (!att_json_parse(arena, payload, &options, &doc, err))
        return att_fail_as(err, ATT_POLICY_TOKEN_INVALID, "policy.payload");
    if (!att_json_want_string(&doc, arena, ATT_JSON_ROOT, "policy.payload", "AttestationPolicy", &value, err))
        return att_fail_as(err, ATT_POLICY_TOKEN_INVALID, "");
    return text_of_value(arena, limits, value, ret, err);
}
