/* Public documents that clients may keep: how long, and whether theirs is still the same (RFC 9110 8.8.3, 13.1.2). */
#include "api/call.h"

#include "base/err.h"
#include "base/hex.h"

#include <openssl/evp.h>
#include <stdio.h>

enum { MAX_AGE_S = 3600, TAG_BYTES = 16, TAG_SIZE = 2 * TAG_BYTES + 3 };

/* Strong, and the same in all replicas: made of the bytes. */
static bool tag_of(struct att_span body, char ret[TAG_SIZE], struct att_err *err)
{
    uint8_t digest[32];
    char hex[2 * TAG_BYTES + 1];

    if (EVP_Digest(body.ptr, body.len, digest, NULL, EVP_sha256(), NULL) != 1)
        return att_fail(err, ATT_CRYPTO_FAILED, "etag", "a digest", "none");
    att_hex_text(hex, att_span_of(digest, TAG_BYTES));
    (void)snprintf(ret, TAG_SIZE, "\"%s\"", hex);
    return true;
}

/* A list of tags, or "*". The comparison is weak: a proxy that compresses may have put W/ before ours. Ours has no comma in it, so
 * a part that is cut at one inside of a foreign tag matches nothing. */
static bool held(struct att_span list, const char *tag)
{
    size_t at = 0;

    while (at < list.len) {
        const uint8_t *part = list.ptr + at;
        const uint8_t *comma = memchr(part, ',', list.len - at);
        size_t len = comma ? (size_t)(comma - part) : list.len - at;
        at += len + 1;
        while (len > 0 && (*part == ' ' || *part == '\t'))
            part++, len--;
        while (len > 0 && (part[len - 1] == ' ' || part[len - 1] == '\t'))
            len--;
        if (len > 2 && memcmp(part, "W/", 2) == 0)
            part += 2, len -= 2;
        struct att_span one = att_span_of(part, len);
        if (att_span_is(one, tag) || att_span_is(one, "*"))
            return true;
    }
    return false;
}

static bool put_headers(struct api_call *call, const char *tag, struct att_err *err)
{
    unsigned max_age = call->options->keys_max_age_s ? call->options->keys_max_age_s : MAX_AGE_S;
    char text[48];

    (void)snprintf(text, sizeof text, "public, max-age=%u", max_age);
    char *age = att_arena_dup(call->arena, att_str(text));
    char *etag = att_arena_dup(call->arena, att_str(tag));
    if (!age || !etag)
        return att_fail_memory(err, "answer");
    api_answer_header(call, "Cache-Control", att_str(age));
    api_answer_header(call, "ETag", att_str(etag));
    return true;
}

bool api_answer_cached(struct api_call *call, struct att_span json, struct att_err *err)
{
    const struct http_header *has = http_header_find(call->http, "If-None-Match");
    char tag[TAG_SIZE];

    if (!tag_of(json, tag, err) || !put_headers(call, tag, err))
        return false;
    if (has && held(has->value, tag)) {
        api_answer_empty(call, 304);
        return true;
    }
    api_answer_json(call, 200, json);
    return true;
}
