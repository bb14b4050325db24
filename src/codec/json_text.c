#include "codec/json_text.h"

#include "codec/utf8.h"

const bool json_special[256] = { [0 ... 0x1f] = true, ['"'] = true, ['\\'] = true, [0x80 ... 0xff] = true };

bool json_hex4(const uint8_t *text, size_t len, uint32_t *ret)
{
    uint32_t value = 0;

    if (len < 4)
        return false;
    for (size_t i = 0; i < 4; i++) {
        uint8_t c = text[i];
        uint8_t lower = c | 0x20;
        if (c >= '0' && c <= '9')
            value = value << 4 | (uint32_t)(c - '0');
        else if (lower >= 'a' && lower <= 'f')
            value = value << 4 | (uint32_t)(lower - 'a' + 10);
        else
            return false;
    }
    *ret = value;
    return true;
}

static uint32_t escaped_unit(struct json_chars *c)
{
    uint32_t unit = 0;

    if (!json_hex4(c->at, (size_t)(c->end - c->at), &unit)) {
        c->at = c->end; /* not reached: the parser has seen the digits */
        return 0xfffd;
    }
    c->at += 4;
    return unit;
}

static uint32_t escaped_char(struct json_chars *c)
{
    if (c->at == c->end)
        return 0xfffd; /* not reached: the parser has seen what follows the backslash */
    uint8_t kind = *c->at++;

    switch (kind) {
    case 'b':
        return '\b';
    case 'f':
        return '\f';
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    case 'u':
        break;
    default:
        return kind; /* '"', '\' and '/' stand for themselves */
    }
    uint32_t high = escaped_unit(c);
    if (high < 0xd800 || high > 0xdbff || c->end - c->at < 2)
        return high;
    c->at += 2; /* the parser has seen that \u and a low surrogate follow */
    return 0x10000 + ((high - 0xd800) << 10) + (escaped_unit(c) - 0xdc00);
}

bool json_chars_next(struct json_chars *c, uint32_t *ret)
{
    static const uint8_t first_bits[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };

    if (c->at == c->end)
        return false;
    if (*c->at == '\\') {
        c->at++;
        *ret = escaped_char(c);
        return true;
    }
    size_t n = att_utf8_length(att_span_of(c->at, (size_t)(c->end - c->at)));
    uint32_t value = *c->at & first_bits[n];
    for (size_t i = 1; i < n; i++)
        value = value << 6 | (c->at[i] & 0x3fu);
    c->at += n > 0 ? n : 1;
    *ret = value;
    return true;
}

bool json_unescape(struct att_arena *a, struct att_span inside, struct att_span *ret)
{
    /* Never longer than what is written: \uXXXX gives at most three bytes, a pair of them four. */
    uint8_t *out = att_arena_alloc(a, inside.len + 1, 1);
    if (!out)
        return false;
    struct json_chars c = { inside.ptr, inside.ptr + inside.len };
    size_t len = 0;
    while (c.at < c.end) {
        size_t run = json_plain_run(c.at, (size_t)(c.end - c.at));
        memcpy(out + len, c.at, run);
        len += run;
        c.at += run;
        uint32_t character = 0;
        if (json_chars_next(&c, &character)) {
            uint8_t bytes[4];
            size_t n = att_utf8_put(bytes, character);
            memcpy(out + len, bytes, n);
            len += n;
        }
    }
    *ret = att_span_of(out, len);
    return true;
}

struct json_name json_name_of(struct att_span source, const struct att_json_node *node)
{
    return (struct json_name){ att_span_of(source.ptr + node->key, node->keylen), node->key_escaped };
}

static uint32_t folded(uint32_t c)
{
    return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c;
}

bool json_name_equal(struct json_name a, struct json_name b, bool fold)
{
    if (!fold && !a.escaped && !b.escaped)
        return att_span_eq(a.text, b.text);
    return json_name_compare(a, b, fold) == 0;
}

int json_name_compare(struct json_name a, struct json_name b, bool fold)
{
    if (!fold && !a.escaped && !b.escaped) {
        size_t common = a.text.len < b.text.len ? a.text.len : b.text.len;
        int order = common > 0 ? memcmp(a.text.ptr, b.text.ptr, common) : 0;
        return order ? order : (a.text.len > b.text.len) - (a.text.len < b.text.len);
    }
    /* By character; UTF-8 keeps that order in its bytes. */
    struct json_chars ca = { a.text.ptr, a.text.ptr + a.text.len };
    struct json_chars cb = { b.text.ptr, b.text.ptr + b.text.len };
    for (;;) {
        uint32_t va = 0;
        uint32_t vb = 0;
        bool more_a = json_chars_next(&ca, &va);
        bool more_b = json_chars_next(&cb, &vb);
        if (!more_a || !more_b)
            return (int)more_a - (int)more_b;
        if (fold) {
            va = folded(va);
            vb = folded(vb);
        }
        if (va != vb)
            return va < vb ? -1 : 1;
    }
}

att_json_id *json_names_sort(struct att_span source, const struct att_json_node *nodes, att_json_id *ids,
                             att_json_id *spare, size_t count, bool fold)
{
    for (size_t width = 1; width < count; width *= 2) {
        for (size_t left = 0; left < count; left += 2 * width) {
            size_t middle = left + width < count ? left + width : count;
            size_t right = left + 2 * width < count ? left + 2 * width : count;
            size_t i = left;
            size_t k = middle;
            for (size_t to = left; to < right; to++) {
                bool from_left = k == right;
                if (!from_left && i < middle)
                    from_left = json_name_compare(json_name_of(source, &nodes[ids[i]]),
                                                  json_name_of(source, &nodes[ids[k]]), fold) <= 0;
                spare[to] = from_left ? ids[i++] : ids[k++];
            }
        }
        att_json_id *swap = ids;
        ids = spare;
        spare = swap;
    }
    return ids;
}
