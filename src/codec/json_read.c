/* Looking into a parsed document. Every function takes ATT_JSON_NONE, so that a chain of att_json_get needs
 * one check at its end. */
#include "codec/json_text.h"
#include "codec/utf8.h"

static const struct att_json_node *node_of(const struct att_json *j, att_json_id id)
{
    return id < j->count ? &j->nodes[id] : NULL;
}

static uint8_t folded(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
}

static bool plain_name_is(const struct json_name *have, struct att_span name, bool fold)
{
    if (have->text.len != name.len)
        return false;
    if (!fold)
        return att_span_eq(have->text, name);
    for (size_t i = 0; i < name.len; i++) {
        if (folded(have->text.ptr[i]) != folded(name.ptr[i]))
            return false;
    }
    return true;
}

/* `name` is the caller's plain text: a backslash in it is no escape. */
static bool escaped_name_is(const struct json_name *have, struct att_span name, bool fold)
{
    struct json_chars have_chars = { have->text.ptr, have->text.ptr + have->text.len };
    uint32_t c = 0;
    size_t at = 0;

    while (json_chars_next(&have_chars, &c)) {
        uint8_t bytes[4];
        size_t n = att_utf8_put(bytes, c);
        if (n > name.len - at)
            return false;
        for (size_t i = 0; i < n; i++) {
            uint8_t want = name.ptr[at + i];
            if (fold ? folded(bytes[i]) != folded(want) : bytes[i] != want)
                return false;
        }
        at += n;
    }
    return at == name.len;
}

att_json_id att_json_get(const struct att_json *j, att_json_id obj, const char *name)
{
    const struct att_json_node *n = node_of(j, obj);
    struct att_span wanted = att_str(name);

    if (!n || n->type != ATT_JSON_OBJECT)
        return ATT_JSON_NONE;
    for (att_json_id id = att_json_first(j, obj); id != ATT_JSON_NONE; id = j->nodes[id].next) {
        struct json_name have = json_name_of(j->source, &j->nodes[id]);
        if (have.escaped ? escaped_name_is(&have, wanted, j->fold_case)
                         : plain_name_is(&have, wanted, j->fold_case))
            return id;
    }
    return ATT_JSON_NONE;
}

att_json_id att_json_first(const struct att_json *j, att_json_id id)
{
    const struct att_json_node *n = node_of(j, id);

    /* Document order: a container's first child is the node behind it. */
    return n && n->count > 0 ? id + 1 : ATT_JSON_NONE;
}

struct att_span att_json_source(const struct att_json *j, att_json_id id)
{
    const struct att_json_node *n = node_of(j, id);

    return n ? att_span_of(j->source.ptr + n->start, n->end - n->start) : (struct att_span){ 0 };
}

bool att_json_key(const struct att_json *j, struct att_arena *a, att_json_id id, struct att_span *ret)
{
    const struct att_json_node *n = node_of(j, id);

    if (!n || n->key == 0)
        return false;
    struct json_name name = json_name_of(j->source, n);
    if (name.escaped)
        return json_unescape(a, name.text, ret);
    *ret = name.text;
    return true;
}

bool att_json_key_is(const struct att_json *j, att_json_id id, struct att_span name)
{
    const struct att_json_node *n = node_of(j, id);

    if (!n || n->key == 0)
        return false;
    struct json_name have = json_name_of(j->source, n);
    return have.escaped ? escaped_name_is(&have, name, false) : att_span_eq(have.text, name);
}

bool att_json_string(const struct att_json *j, struct att_arena *a, att_json_id id, struct att_span *ret)
{
    const struct att_json_node *n = node_of(j, id);

    if (!n || n->type != ATT_JSON_STRING)
        return false;
    struct att_span inside = att_span_of(j->source.ptr + n->start + 1, n->end - n->start - 2);
    if (n->escaped)
        return json_unescape(a, inside, ret);
    *ret = inside;
    return true;
}

bool att_json_true(const struct att_json *j, att_json_id id)
{
    const struct att_json_node *n = node_of(j, id);

    return n && n->type == ATT_JSON_BOOL && j->source.ptr[n->start] == 't';
}

bool att_json_i64(const struct att_json *j, att_json_id id, int64_t *ret)
{
    const struct att_json_node *n = node_of(j, id);

    if (!n || n->type != ATT_JSON_NUMBER)
        return false;
    struct att_span digits = att_json_source(j, id);
    bool negative = digits.ptr[0] == '-';
    int64_t value = 0;
    for (size_t i = negative; i < digits.len; i++) {
        uint8_t c = digits.ptr[i];
        if (c < '0' || c > '9')
            return false;                                        /* a fraction or an exponent */
        int64_t step = negative ? -(int64_t)(c - '0') : c - '0'; /* downwards, so that INT64_MIN is reached */
        if (__builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, step, &value))
            return false;
    }
    *ret = value;
    return true;
}
