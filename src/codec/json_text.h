/* codec/json_text.h - the inside of JSON strings, shared by the reader, the accessors and the writers.
 * Internal to src/codec. */
#ifndef CODEC_JSON_TEXT_H
#define CODEC_JSON_TEXT_H

#include <attest/arena.h>

#include "codec/json.h"

/* True for '"', '\', control characters and bytes above ASCII. */
extern const bool json_special[256];

/* Bytes at the start that are ASCII and neither '"', '\' nor a control character: they need no further look,
 * when reading and when writing. Eight at a time, because an attest body is two strings of many kilobytes. */
static inline size_t json_plain_run(const uint8_t *text, size_t len)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    const uint64_t tops = ones * 0x80;
    size_t i = 0;

    for (; len - i >= 8; i += 8) {
        uint64_t x = 0;
        memcpy(&x, text + i, 8);
        uint64_t quote = x ^ ones * '"';
        uint64_t slash = x ^ ones * '\\';
        /* "Some byte is below n" is (x - n) & ~x & 0x80 in that byte, for n up to 0x80. A borrow may also
         * mark bytes above a marked one: harmless, the bytes are looked at one by one then. */
        uint64_t found = ((x - ones * 0x20) & ~x) | ((quote - ones) & ~quote) | ((slash - ones) & ~slash) | x;
        if (found & tops)
            break;
    }
    while (i < len && !json_special[text[i]])
        i++;
    return i;
}

/* Four hexadecimal digits; false on anything else. */
ATT_CHECK bool json_hex4(const uint8_t *text, size_t len, uint32_t *ret);

/* The characters of a string that the parser has accepted, escapes resolved. */
struct json_chars {
    const uint8_t *at;
    const uint8_t *end;
};
/* False at the end. */
bool json_chars_next(struct json_chars *c, uint32_t *ret);

/* The text without escapes, in the arena; false when memory runs out. */
ATT_CHECK bool json_unescape(struct att_arena *a, struct att_span inside, struct att_span *ret);

/* A member's name as written between its quotes. */
struct json_name {
    struct att_span text;
    bool escaped;
};
struct json_name json_name_of(struct att_span source, const struct att_json_node *node);
bool json_name_equal(struct json_name a, struct json_name b, bool fold);
/* memcmp order of the unescaped UTF-8 names; `fold` ignores ASCII case. */
int json_name_compare(struct json_name a, struct json_name b, bool fold);
/* Sorts `count` ids of members by name. Merge sort: n log n whatever the sender does. `spare` is as large as
 * `ids`; gives whichever of the two holds the result. */
att_json_id *json_names_sort(struct att_span source, const struct att_json_node *nodes, att_json_id *ids,
                             att_json_id *spare, size_t count, bool fold);

#endif
