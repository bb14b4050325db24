/* The header decides what a verifier does with the rest, so it is read to the last byte. The payload is whatever the caller may
 * say in tokens anyway; that it is an object keeps everything that is no JWT out. Reading all of it would be more code between
 * hostile bytes and the keys, and time on the way of every attestation, for nothing. */
#include "signer/template.h"

#include "base/base64.h"
#include "base/err.h"
#include "codec/json.h"
#include "signer/signer.h"

enum { HEADER_BYTES_MAX = 64 << 10 }; /* in base64; x5c is in it */

static const char where[] = "signer.input";

static bool refuse(struct att_err *err, const char *expected, const char *found)
{
    return att_fail(err, ATT_SIGNER_REFUSED, where, expected, "%s", found);
}

static bool split(struct att_span input, struct att_span *ret_header, struct att_span *ret_payload,
                  struct att_err *err)
{
    const uint8_t *dot = input.len > 0 ? memchr(input.ptr, '.', input.len) : NULL;

    if (!dot)
        return refuse(err, "HEADER.PAYLOAD", "no dot");
    *ret_header = att_span_of(input.ptr, (size_t)(dot - input.ptr));
    *ret_payload = att_span_of(dot + 1, input.len - ret_header->len - 1);
    if (ret_header->len > HEADER_BYTES_MAX)
        return refuse(err, "a header of at most 64 KiB", "a longer one");
    return true;
}

static bool text_is(const struct att_json *j, struct att_arena *work, const char *name, const char *want)
{
    struct att_span text = { 0 };

    return att_json_string(j, work, att_json_get(j, ATT_JSON_ROOT, name), &text) && att_span_is(text, want);
}

/* What else a header says must change nothing about how the token is checked: no crit, no b64. */
static bool members_known(const struct att_json *j)
{
    static const char *const known[] = { "alg", "jku", "kid", "typ", "x5c", "x5t" };

    for (att_json_id m = att_json_first(j, ATT_JSON_ROOT); m != ATT_JSON_NONE; m = att_json_next(j, m)) {
        bool found = false;
        for (size_t i = 0; !found && i < sizeof known / sizeof known[0]; i++)
            found = att_json_key_is(j, m, att_str(known[i]));
        if (!found)
            return false;
    }
    return true;
}

static bool header_check(struct att_span header, const char *alg, const char *kid, struct att_arena *work,
                         struct att_err *err)
{
    struct att_err why = { 0 };
    struct att_span text = { 0 };
    struct att_json j;

    if (!att_base64_decode(work, ATT_BASE64_STRICT, header, where, &text, &why) ||
        !att_json_parse(work, text, NULL, &j, &why))
        return why.code == ATT_OUT_OF_MEMORY ? att_fail_memory(err, where)
                                             : refuse(err, "a header of JSON in base64url", "another form");
    if (att_json_type(&j, ATT_JSON_ROOT) != ATT_JSON_OBJECT || !members_known(&j))
        return refuse(err, "a header of alg, kid, typ, jku, x5c, x5t", "other members, or no object");
    if (!text_is(&j, work, "alg", alg))
        return refuse(err, "the algorithm of the key", "another");
    if (!text_is(&j, work, "kid", kid))
        return refuse(err, "the name of the key", "another");
    return text_is(&j, work, "typ", "JWT") || refuse(err, "typ JWT", "another");
}

/* -- the payload ------------------------------------------------------------------------------------------ */

/* The alphabet of RFC 4648 5. One bit is gathered over all bytes: no branch for each. */
static const uint8_t inside[256] = {
    ['A' ... 'Z'] = 1, ['a' ... 'z'] = 1, ['0' ... '9'] = 1, ['-'] = 1, ['_'] = 1,
};

static bool in_alphabet(struct att_span text)
{
    uint8_t good = 1;

    for (size_t i = 0; i < text.len; i++)
        good &= inside[text.ptr[i]];
    return good == 1;
}

/* Decodes the last group alone; the ones before it are whole groups of four. */
static bool ends_object(struct att_span payload, struct att_arena *work)
{
    size_t rest = payload.len % 4;
    size_t tail = rest > 0 ? rest : 4;
    struct att_span bytes = { 0 };

    return att_base64_decode(work, ATT_BASE64_STRICT, att_span_of(payload.ptr + payload.len - tail, tail),
                             where, &bytes, NULL) &&
           bytes.len > 0 && bytes.ptr[bytes.len - 1] == '}';
}

static bool begins_object(struct att_span payload, struct att_arena *work)
{
    struct att_span bytes = { 0 };

    return att_base64_decode(work, ATT_BASE64_STRICT,
                             att_span_of(payload.ptr, payload.len < 4 ? payload.len : 4), where, &bytes,
                             NULL) &&
           bytes.len >= 2 && bytes.ptr[0] == '{' && (bytes.ptr[1] == '"' || bytes.ptr[1] == '}');
}

bool template_check(struct att_span input, const char *alg, const char *kid, struct att_arena *work,
                    struct att_err *err)
{
    struct att_span header = { 0 }, payload = { 0 };

    if (input.len > SIGNER_INPUT_BYTES_MAX)
        return refuse(err, "at most 4 MiB", "more");
    if (!split(input, &header, &payload, err) || !header_check(header, alg, kid, work, err))
        return false;
    if (!in_alphabet(payload))
        return refuse(err, "a payload in base64url", "another byte");
    return (begins_object(payload, work) && ends_object(payload, work)) ||
           refuse(err, "a payload that is a JSON object", "something else");
}
