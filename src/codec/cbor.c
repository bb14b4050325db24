#include "codec/cbor.h"

#include "base/err.h"
#include "codec/utf8.h"

const struct att_cbor_limits att_cbor_limits_default = {
    .bytes_max = (size_t)1 << 20, /* real endorsements: 11 kB */
    .items_max = 10000,
    .depth_max = ATT_CBOR_DEPTH_MAX,
};

enum {
    MAJOR_SIMPLE = 7,
    INFO_DIRECT = 24,
    INFO_RESERVED = 28,
    SIMPLE_FALSE = 20,
    SIMPLE_UNDEFINED = 23,
    SIMPLE_FLOAT_FIRST = 25,
    SIMPLE_FLOAT_LAST = 27
};

/* An item without what is in it. */
struct head {
    enum att_cbor_type type;
    uint64_t value; /* number, length, count, tag */
};

static const char *const type_names[] = {
    [ATT_CBOR_UINT] = "an unsigned integer",
    [ATT_CBOR_NEGATIVE] = "a negative integer",
    [ATT_CBOR_BYTES] = "a byte string",
    [ATT_CBOR_TEXT] = "a text string",
    [ATT_CBOR_ARRAY] = "an array",
    [ATT_CBOR_MAP] = "a map",
    [ATT_CBOR_TAG] = "a tag",
    [ATT_CBOR_SIMPLE] = "a simple value",
    [ATT_CBOR_FLOAT] = "a floating-point number",
    [ATT_CBOR_END] = "the end",
};

/* Initial byte and argument (RFC 8949 3). NULL, or what should have been there. */
static const char *take_head(struct att_reader *r, struct head *ret)
{
    uint8_t first = att_take_u8(r);
    unsigned major = first >> 5;
    unsigned info = first & 0x1f;
    uint64_t value = info;

    if (r->failed)
        return "one more item";
    if (info >= INFO_RESERVED) /* 28 to 30 mean nothing; 31 is an indefinite length, or its end */
        return "a definite length or value";
    if (info >= INFO_DIRECT) {
        size_t bytes = (size_t)1 << (info - INFO_DIRECT);
        struct att_span argument = att_take(r, bytes);
        if (r->failed)
            return "all bytes of the argument";
        value = 0;
        for (size_t i = 0; i < bytes; i++)
            value = value << 8 | argument.ptr[i];
    }
    ret->type = (enum att_cbor_type)major;
    ret->value = value;
    if (major == MAJOR_SIMPLE) {
        if (info >= SIMPLE_FLOAT_FIRST && info <= SIMPLE_FLOAT_LAST)
            ret->type = ATT_CBOR_FLOAT;
        else if (info < SIMPLE_FALSE || info > SIMPLE_UNDEFINED)
            return "false, true, null or undefined";
        return NULL;
    }
    if (info == INFO_DIRECT && value < INFO_DIRECT)
        return "the shortest form of the argument";
    if (info > INFO_DIRECT && value >> (8u * (1u << (info - INFO_DIRECT - 1))) == 0)
        return "the shortest form of the argument";
    return NULL;
}

static size_t offset_of(const struct att_cbor *c, const struct att_reader *r)
{
    return c->total - r->left;
}

static bool refuse_at(struct att_err *err, const char *where, const char *expected, size_t offset)
{
    return att_fail(err, ATT_CBOR_MALFORMED, where, expected, "other at byte %zu", offset);
}

/* The content of strings; a count that cannot be true ends here and not in a loop. `ret_inside`: items that follow as part
 * of this one. */
static const char *take_content(struct att_reader *r, const struct head *h, uint64_t *ret_inside)
{
    struct att_span text;

    *ret_inside = 0;
    switch (h->type) {
    case ATT_CBOR_BYTES:
    case ATT_CBOR_TEXT:
        if (h->value > r->left)
            return "as many bytes as the length says";
        text = att_take(r, (size_t)h->value);
        return h->type == ATT_CBOR_TEXT && !att_utf8_valid(text) ? "text in UTF-8" : NULL;
    case ATT_CBOR_ARRAY:
        *ret_inside = h->value;
        return h->value > r->left ? "as many items as the count says" : NULL;
    case ATT_CBOR_MAP:
        if (h->value > r->left / 2)
            return "as many pairs as the count says";
        *ret_inside = 2 * h->value;
        return NULL;
    case ATT_CBOR_TAG:
        *ret_inside = 1;
        return NULL;
    case ATT_CBOR_UINT:
    case ATT_CBOR_NEGATIVE:
    case ATT_CBOR_SIMPLE:
    case ATT_CBOR_FLOAT:
    case ATT_CBOR_END:
        break;
    }
    return NULL;
}

static bool nests(enum att_cbor_type t)
{
    return t == ATT_CBOR_ARRAY || t == ATT_CBOR_MAP || t == ATT_CBOR_TAG;
}

/* One item with all that is in it. The stack counts what is still to come on each level; its size is fixed. */
static const char *walk(struct att_reader *r, const struct att_cbor_limits *limits, size_t *ret_bad_left)
{
    uint64_t missing[ATT_CBOR_DEPTH_MAX];
    size_t depth_max = limits->depth_max < ATT_CBOR_DEPTH_MAX ? limits->depth_max : ATT_CBOR_DEPTH_MAX;
    size_t depth = 0;
    size_t items = 0;

    for (;;) {
        struct head h = { 0 };
        uint64_t inside = 0;
        *ret_bad_left = r->left;
        if (++items > limits->items_max)
            return "no more items than the limit";
        const char *wrong = take_head(r, &h);
        if (!wrong)
            wrong = take_content(r, &h, &inside);
        if (!wrong && nests(h.type) && depth == depth_max)
            wrong = "no deeper nesting than the limit";
        if (wrong)
            return wrong;
        if (inside > 0) {
            missing[depth++] = inside;
            continue;
        }
        while (depth > 0 && --missing[depth - 1] == 0)
            depth--;
        if (depth == 0)
            return NULL;
    }
}

bool att_cbor_open(struct att_span document, const struct att_cbor_limits *limits, const char *where,
                   struct att_cbor *ret, struct att_err *err)
{
    struct att_cbor c = { att_reader_of(document), document.len };
    struct att_reader r = c.r;
    size_t bad_left = 0;

    if (!limits)
        limits = &att_cbor_limits_default;
    if (document.len > limits->bytes_max)
        return att_fail(err, ATT_CBOR_MALFORMED, where, "no more bytes than the limit", "%zu bytes",
                        document.len);
    const char *wrong = walk(&r, limits, &bad_left);
    if (wrong)
        return refuse_at(err, where, wrong, document.len - bad_left);
    if (!att_all_read(&r))
        return refuse_at(err, where, "nothing behind the item", offset_of(&c, &r));
    *ret = c;
    return true;
}

enum att_cbor_type att_cbor_peek(const struct att_cbor *c)
{
    struct att_reader r = c->r;
    struct head h = { 0 };

    return take_head(&r, &h) ? ATT_CBOR_END : h.type;
}

static bool wrong_type(const struct att_cbor *c, const char *where, const char *expected, struct att_err *err)
{
    return att_fail(err, ATT_CBOR_MALFORMED, where, expected, "%s at byte %zu", type_names[att_cbor_peek(c)],
                    offset_of(c, &c->r));
}

/* The head of the next item, when it has this type. `r` is a copy of the reader that the caller puts back. */
static bool head_of(const struct att_cbor *c, enum att_cbor_type type, const char *where,
                    struct att_reader *r, struct head *ret, struct att_err *err)
{
    *r = c->r;
    if (take_head(r, ret) || ret->type != type)
        return wrong_type(c, where, type_names[type], err);
    return true;
}

bool att_cbor_take_uint(struct att_cbor *c, const char *where, uint64_t *ret, struct att_err *err)
{
    struct att_reader r;
    struct head h;

    if (!head_of(c, ATT_CBOR_UINT, where, &r, &h, err))
        return false;
    c->r = r;
    *ret = h.value;
    return true;
}

bool att_cbor_take_int(struct att_cbor *c, const char *where, int64_t *ret, struct att_err *err)
{
    struct att_reader r = c->r;
    struct head h = { 0 };

    if (take_head(&r, &h) || (h.type != ATT_CBOR_UINT && h.type != ATT_CBOR_NEGATIVE))
        return wrong_type(c, where, "an integer", err);
    if (h.value > INT64_MAX)
        return refuse_at(err, where, "an integer of 64 bits", offset_of(c, &c->r));
    c->r = r;
    *ret = h.type == ATT_CBOR_UINT ? (int64_t)h.value : -1 - (int64_t)h.value;
    return true;
}

static bool take_string(struct att_cbor *c, enum att_cbor_type type, const char *where, struct att_span *ret,
                        struct att_err *err)
{
    struct att_reader r;
    struct head h;

    if (!head_of(c, type, where, &r, &h, err))
        return false;
    if (h.value > r.left)
        return refuse_at(err, where, "as many bytes as the length says", offset_of(c, &c->r));
    *ret = att_take(&r, (size_t)h.value);
    c->r = r;
    return true;
}

bool att_cbor_take_bytes(struct att_cbor *c, const char *where, struct att_span *ret, struct att_err *err)
{
    return take_string(c, ATT_CBOR_BYTES, where, ret, err);
}

bool att_cbor_take_text(struct att_cbor *c, const char *where, struct att_span *ret, struct att_err *err)
{
    return take_string(c, ATT_CBOR_TEXT, where, ret, err);
}

static bool take_count(struct att_cbor *c, enum att_cbor_type type, size_t most, const char *where,
                       size_t *ret, struct att_err *err)
{
    struct att_reader r;
    struct head h;

    if (!head_of(c, type, where, &r, &h, err))
        return false;
    if (h.value > most)
        return refuse_at(err, where, "as many items as the count says", offset_of(c, &c->r));
    c->r = r;
    *ret = (size_t)h.value;
    return true;
}

bool att_cbor_take_array(struct att_cbor *c, const char *where, size_t *ret_items, struct att_err *err)
{
    return take_count(c, ATT_CBOR_ARRAY, c->r.left, where, ret_items, err);
}

bool att_cbor_take_map(struct att_cbor *c, const char *where, size_t *ret_pairs, struct att_err *err)
{
    return take_count(c, ATT_CBOR_MAP, c->r.left / 2, where, ret_pairs, err);
}

bool att_cbor_take_tag(struct att_cbor *c, const char *where, uint64_t *ret, struct att_err *err)
{
    struct att_reader r;
    struct head h;

    if (!head_of(c, ATT_CBOR_TAG, where, &r, &h, err))
        return false;
    c->r = r;
    *ret = h.value;
    return true;
}

bool att_cbor_take_simple(struct att_cbor *c, const char *where, uint8_t *ret, struct att_err *err)
{
    struct att_reader r;
    struct head h;

    if (!head_of(c, ATT_CBOR_SIMPLE, where, &r, &h, err))
        return false;
    c->r = r;
    *ret = (uint8_t)h.value;
    return true;
}

bool att_cbor_skip(struct att_cbor *c, const char *where, struct att_span *ret, struct att_err *err)
{
    struct att_reader r = c->r;
    size_t bad_left = 0;

    const char *wrong = walk(&r, &att_cbor_limits_default, &bad_left);
    if (wrong)
        return refuse_at(err, where, wrong, c->total - bad_left);
    if (ret)
        *ret = att_span_of(c->r.cur, c->r.left - r.left);
    c->r = r;
    return true;
}

bool att_cbor_keys(const struct att_cbor *c, const char *where, struct att_span ret_keys[ATT_CBOR_KEYS_MAX],
                   size_t *ret_count, struct att_err *err)
{
    struct att_cbor look = *c;
    size_t pairs = 0;

    if (!att_cbor_take_map(&look, where, &pairs, err))
        return false;
    if (pairs > ATT_CBOR_KEYS_MAX)
        return att_fail(err, ATT_CBOR_MALFORMED, where, "a map of at most 64 keys", "%zu keys", pairs);
    for (size_t i = 0; i < pairs; i++) {
        size_t at = offset_of(&look, &look.r);
        if (!att_cbor_skip(&look, where, &ret_keys[i], err) || !att_cbor_skip(&look, where, NULL, err))
            return false;
        for (size_t k = 0; k < i; k++)
            if (att_span_eq(ret_keys[k], ret_keys[i]))
                return att_fail(err, ATT_CBOR_MALFORMED, where, "each key once", "one again at byte %zu", at);
    }
    *ret_count = pairs;
    return true;
}

bool att_cbor_done(const struct att_cbor *c, const char *where, struct att_err *err)
{
    if (!att_all_read(&c->r))
        return wrong_type(c, where, "nothing more", err);
    return true;
}
