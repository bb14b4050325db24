/* Functions on text. It is UTF-8 throughout, and whole: so bytes may be compared, and are. */
#include "jmespath/functions.h"

#include "codec/utf8.h"

static bool two_texts(struct jmes_search *s, const struct jmes_call *call, struct att_span *ret_a,
                      struct att_span *ret_b)
{
    return jmes_text(s, &call->args[0], ret_a) && jmes_text(s, &call->args[1], ret_b) &&
           jmes_spend_text(s, ret_b->len);
}

JMES_FUNCTION(jmes_fn_starts_with)
{
    struct att_span text;
    struct att_span part;

    if (!two_texts(s, call, &text, &part))
        return false;
    *ret = jmes_bool(part.len <= text.len && att_span_eq(att_span_of(text.ptr, part.len), part));
    return true;
}

JMES_FUNCTION(jmes_fn_ends_with)
{
    struct att_span text;
    struct att_span part;

    if (!two_texts(s, call, &text, &part))
        return false;
    *ret = jmes_bool(part.len <= text.len &&
                     att_span_eq(att_span_of(text.ptr + (text.len - part.len), part.len), part));
    return true;
}

static uint8_t folded(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
}

/* Letters of ASCII only: two names that differ anywhere else are two names. */
JMES_FUNCTION(jmes_fn_equals_ignore_case)
{
    struct att_span a;
    struct att_span b;

    *ret = jmes_bool(false);
    if (call->args[0].type == ATT_JSON_NULL || call->args[1].type == ATT_JSON_NULL)
        return true;
    if (!two_texts(s, call, &a, &b))
        return false;
    if (a.len != b.len)
        return true;
    for (size_t i = 0; i < a.len; i++)
        if (folded(a.ptr[i]) != folded(b.ptr[i]))
            return true;
    *ret = jmes_bool(true);
    return true;
}

static bool text_contains(struct jmes_search *s, const struct jmes_call *call, bool *ret)
{
    struct att_span text;
    struct att_span part;

    *ret = false;
    if (call->args[1].type != ATT_JSON_STRING)
        return true;
    if (!two_texts(s, call, &text, &part) || !jmes_spend(s, text.len / JMES_MEMORY_PER_STEP))
        return false;
    *ret = part.len == 0 || (text.len > 0 && memmem(text.ptr, text.len, part.ptr, part.len));
    return true;
}

static bool array_contains(struct jmes_search *s, const struct jmes_call *call, bool *ret)
{
    struct jmes_iter i = jmes_iter(&call->args[0]);
    struct jmes_value element;
    bool ok = true;

    *ret = false;
    while (!*ret && jmes_next(s, &i, &element, &ok))
        if (!jmes_equal(s, &element, &call->args[1], ret))
            return false;
    return ok;
}

JMES_FUNCTION(jmes_fn_contains)
{
    bool found = false;
    bool text = call->args[0].type == ATT_JSON_STRING;

    if (text ? !text_contains(s, call, &found) : !array_contains(s, call, &found))
        return false;
    *ret = jmes_bool(found);
    return true;
}

/* Measured first, so that what will not fit is refused before it is made. */
static bool joined_length(struct jmes_search *s, const struct jmes_value *array, size_t glue_len, size_t *ret)
{
    struct jmes_iter i = jmes_iter(array);
    struct jmes_value element;
    struct att_span text;
    size_t len = 0;
    bool ok = true;

    while (jmes_next(s, &i, &element, &ok)) {
        if (!jmes_text(s, &element, &text))
            return false;
        if (__builtin_add_overflow(len, text.len + (i.at > 1 ? glue_len : 0), &len))
            return jmes_no_memory(s);
    }
    *ret = len;
    return ok;
}

static size_t put(uint8_t *out, size_t at, struct att_span text)
{
    if (text.len > 0)
        memcpy(out + at, text.ptr, text.len);
    return at + text.len;
}

JMES_FUNCTION(jmes_fn_join)
{
    struct jmes_iter i = jmes_iter(&call->args[1]);
    struct jmes_value element;
    struct att_span glue;
    struct att_span text;
    size_t len = 0;
    size_t at = 0;
    bool ok = true;

    if (!jmes_text(s, &call->args[0], &glue) || !joined_length(s, &call->args[1], glue.len, &len))
        return false;
    uint8_t *out = jmes_alloc(s, len + 1, 1);
    if (!out)
        return false;
    while (jmes_next(s, &i, &element, &ok)) {
        if (!jmes_text(s, &element, &text))
            return false;
        if (i.at > 1)
            at = put(out, at, glue);
        at = put(out, at, text);
    }
    *ret = jmes_string(att_span_of(out, at));
    return ok;
}

static bool reverse_text(struct jmes_search *s, struct att_span text, struct jmes_value *ret)
{
    uint8_t *out = jmes_alloc(s, text.len + 1, 1);

    if (!out)
        return false;
    for (size_t at = 0; at < text.len;) {
        size_t n = att_utf8_length(att_span_of(text.ptr + at, text.len - at));
        n = n > 0 ? n : 1;
        memcpy(out + (text.len - at - n), text.ptr + at, n);
        at += n;
    }
    *ret = jmes_string(att_span_of(out, text.len));
    return true;
}

static bool reverse_array(struct jmes_search *s, const struct jmes_value *array, struct jmes_value *ret)
{
    struct jmes_iter i = jmes_iter(array);
    struct jmes_value element;
    struct jmes_value *items = jmes_alloc(s, array->count, sizeof *items);
    bool ok = true;

    if (!items)
        return false;
    while (jmes_next(s, &i, &element, &ok))
        items[array->count - i.at] = element;
    *ret = jmes_array(items, array->count);
    return ok;
}

JMES_FUNCTION(jmes_fn_reverse)
{
    struct att_span text;

    if (call->args[0].type == ATT_JSON_ARRAY)
        return reverse_array(s, &call->args[0], ret);
    return jmes_text(s, &call->args[0], &text) && reverse_text(s, text, ret);
}

JMES_FUNCTION(jmes_fn_to_string)
{
    struct att_span text;

    if (call->args[0].type == ATT_JSON_STRING) {
        *ret = call->args[0];
        return true;
    }
    if (!jmes_write(s, &call->args[0], &text))
        return false;
    *ret = jmes_string(text);
    return true;
}

JMES_FUNCTION(jmes_fn_type)
{
    (void)s;
    *ret = jmes_string(att_str(jmes_type_name(&call->args[0])));
    return true;
}
