#include "base/base64.h"

#include <attest/arena.h>

#include "base/buf.h"
#include "base/err.h"

static const char url_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
static const char std_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

#define ROW26(c, v)                                                                                          \
    [(c) + 0] = (v) + 0, [(c) + 1] = (v) + 1, [(c) + 2] = (v) + 2, [(c) + 3] = (v) + 3, [(c) + 4] = (v) + 4, \
           [(c) + 5] = (v) + 5, [(c) + 6] = (v) + 6, [(c) + 7] = (v) + 7, [(c) + 8] = (v) + 8,               \
           [(c) + 9] = (v) + 9, [(c) + 10] = (v) + 10, [(c) + 11] = (v) + 11, [(c) + 12] = (v) + 12,         \
           [(c) + 13] = (v) + 13, [(c) + 14] = (v) + 14, [(c) + 15] = (v) + 15, [(c) + 16] = (v) + 16,       \
           [(c) + 17] = (v) + 17, [(c) + 18] = (v) + 18, [(c) + 19] = (v) + 19, [(c) + 20] = (v) + 20,       \
           [(c) + 21] = (v) + 21, [(c) + 22] = (v) + 22, [(c) + 23] = (v) + 23, [(c) + 24] = (v) + 24,       \
           [(c) + 25] = (v) + 25
#define ROW10(c, v)                                                                                          \
    [(c) + 0] = (v) + 0, [(c) + 1] = (v) + 1, [(c) + 2] = (v) + 2, [(c) + 3] = (v) + 3, [(c) + 4] = (v) + 4, \
           [(c) + 5] = (v) + 5, [(c) + 6] = (v) + 6, [(c) + 7] = (v) + 7, [(c) + 8] = (v) + 8,               \
           [(c) + 9] = (v) + 9

/* Value + 1 so that 0 means "no digit" without spelling out 192 entries. */
static const uint8_t url_values[256] = { ROW26('A', 1), ROW26('a', 27),
                                         ROW10('0', 53), ['-'] = 63, ['_'] = 64 };
static const uint8_t std_values[256] = { ROW26('A', 1), ROW26('a', 27),
                                         ROW10('0', 53), ['+'] = 63, ['/'] = 64 };
static const uint8_t any_values[256] = {
    ROW26('A', 1), ROW26('a', 27), ROW10('0', 53), ['-'] = 63, ['_'] = 64, ['+'] = 63, ['/'] = 64
};

/* The documented text of the service, so that people and tools recognise it; the offset is ours. */
static bool bad_character(struct att_span text, size_t at, const char *where, struct att_err *err)
{
    struct att_shown shown;
    uint8_t c = text.ptr[at];

    if (err && err->code != ATT_OK)
        return false; /* the first failure wins, with its sentence */
    att_fail(err, ATT_BASE64_INVALID, where, "base64url (A-Z a-z 0-9 - _)",
             "character %u ('%s') at offset %zu", c, att_shown(&shown, att_span_of(&c, 1)), at);
    att_err_text(err, "Unknown base64 character: %u ('%s') in %s at offset %zu", c,
                 att_shown(&shown, att_span_of(&c, 1)), where, at);
    return false;
}

static const uint8_t *values_of(enum att_base64 kind)
{
    switch (kind) {
    case ATT_BASE64_STRICT:
        return url_values;
    case ATT_BASE64_LENIENT:
        return any_values;
    case ATT_BASE64_STANDARD:
        break;
    }
    return std_values;
}

/* Cuts '=' off the end. STRICT allows none, STANDARD exactly what is needed, LENIENT right or none. */
static bool strip_padding(enum att_base64 kind, struct att_span *text, const char *where, struct att_err *err)
{
    size_t pads = 0;

    while (pads < 2 && pads < text->len && text->ptr[text->len - 1 - pads] == '=')
        pads++;
    if (kind == ATT_BASE64_STRICT)
        return true; /* a '=' is then an unknown character like any other */
    bool complete = text->len % 4 == 0;
    if ((kind == ATT_BASE64_STANDARD && !complete) || (pads > 0 && !complete))
        return att_fail(err, ATT_BASE64_INVALID, where, "padding to a multiple of four characters",
                        "%zu characters, %zu of them padding", text->len, pads);
    text->len -= pads;
    return true;
}

bool att_base64_decode(struct att_arena *a, enum att_base64 kind, struct att_span text, const char *where,
                       struct att_span *ret, struct att_err *err)
{
    const uint8_t *values = values_of(kind);

    if (!strip_padding(kind, &text, where, err))
        return false;
    if (text.len % 4 == 1) {
        for (size_t i = 0; i < text.len; i++) {
            if (values[text.ptr[i]] == 0)
                return bad_character(text, i, where, err);
        }
        return att_fail(err, ATT_BASE64_INVALID, where, "a length that is not 1 modulo 4", "%zu characters",
                        text.len);
    }
    size_t full = text.len / 4;
    size_t tail = text.len % 4;
    size_t bytes = full * 3 + (tail ? tail - 1 : 0);
    uint8_t *out = att_arena_alloc(a, bytes + 1, 1); /* + 1: never ask for nothing */
    if (!out)
        return att_fail_memory(err, where);

    uint8_t *to = out;
    for (size_t i = 0; i < full; i++) {
        const uint8_t *c = text.ptr + 4 * i;
        uint32_t v0 = values[c[0]], v1 = values[c[1]], v2 = values[c[2]], v3 = values[c[3]];
        if (!v0 || !v1 || !v2 || !v3) {
            size_t at = 4 * i + (!v0 ? 0u : !v1 ? 1u : !v2 ? 2u : 3u);
            return bad_character(text, at, where, err);
        }
        uint32_t bits = (v0 - 1) << 18 | (v1 - 1) << 12 | (v2 - 1) << 6 | (v3 - 1);
        to[0] = (uint8_t)(bits >> 16);
        to[1] = (uint8_t)(bits >> 8);
        to[2] = (uint8_t)bits;
        to += 3;
    }
    uint32_t bits = 0;
    for (size_t i = 0; i < tail; i++) {
        uint32_t v = values[text.ptr[4 * full + i]];
        if (!v)
            return bad_character(text, 4 * full + i, where, err);
        bits |= (v - 1) << (18 - 6 * i);
    }
    if (tail > 1)
        *to++ = (uint8_t)(bits >> 16);
    if (tail > 2)
        *to++ = (uint8_t)(bits >> 8);
    uint32_t unused = tail == 2 ? bits & 0xffff : tail == 3 ? bits & 0xff : 0;
    if (unused != 0 && kind != ATT_BASE64_LENIENT)
        return att_fail(err, ATT_BASE64_INVALID, where, "zero in the unused bits of the last character",
                        "other bits set at offset %zu", text.len - 1);
    *ret = att_span_of(out, bytes);
    return true;
}

static void encode(struct att_buf *b, struct att_span bytes, const char *digits, bool pad)
{
    if (bytes.len > SIZE_MAX / 2) {
        b->failed = true;
        return;
    }
    size_t size = pad ? (bytes.len + 2) / 3 * 4 : att_base64url_size(bytes.len);
    uint8_t *to = att_buf_room(b, size);
    if (!to)
        return;
    size_t i = 0;
    for (; i + 3 <= bytes.len; i += 3) {
        uint32_t v = (uint32_t)bytes.ptr[i] << 16 | (uint32_t)bytes.ptr[i + 1] << 8 | bytes.ptr[i + 2];
        *to++ = (uint8_t)digits[v >> 18];
        *to++ = (uint8_t)digits[v >> 12 & 63];
        *to++ = (uint8_t)digits[v >> 6 & 63];
        *to++ = (uint8_t)digits[v & 63];
    }
    size_t rest = bytes.len - i;
    if (rest > 0) {
        uint32_t v = (uint32_t)bytes.ptr[i] << 16 | (rest > 1 ? (uint32_t)bytes.ptr[i + 1] << 8 : 0);
        *to++ = (uint8_t)digits[v >> 18];
        *to++ = (uint8_t)digits[v >> 12 & 63];
        if (rest > 1)
            *to++ = (uint8_t)digits[v >> 6 & 63];
        for (size_t p = rest; pad && p < 3; p++)
            *to++ = '=';
    }
    b->len += size;
}

void att_base64url_put(struct att_buf *b, struct att_span bytes)
{
    encode(b, bytes, url_digits, false);
}

void att_base64_put(struct att_buf *b, struct att_span bytes)
{
    encode(b, bytes, std_digits, true);
}
