/* A value as compact JSON text. */
#include "jmespath/value.h"

#include "base/auto.h"
#include "base/buf.h"

#include <stdio.h>

static bool write_at(struct jmes_search *s, const struct jmes_value *v, size_t depth, struct att_buf *out);

static bool room_for(struct jmes_search *s, const struct att_buf *out, size_t bytes)
{
    char expected[64];

    if (bytes <= out->max - out->len)
        return true;
    (void)snprintf(expected, sizeof expected, "a result of at most %zu bytes", out->max);
    return jmes_complain(&s->complaint, ATT_JMESPATH_LIMIT, 0, expected, "a longer one");
}

static bool write_bytes(struct jmes_search *s, struct att_span text, struct att_buf *out)
{
    if (!room_for(s, out, text.len) || !jmes_spend(s, text.len / JMES_MEMORY_PER_STEP))
        return false;
    att_buf_put(out, text);
    return true;
}

static size_t escaped_length(struct att_span text)
{
    size_t n = 2;

    for (size_t i = 0; i < text.len; i++)
        n += text.ptr[i] < 0x20 ? 6 : text.ptr[i] == '"' || text.ptr[i] == '\\' ? 2 : 1;
    return n;
}

static bool write_string(struct jmes_search *s, struct att_span text, struct att_buf *out)
{
    const size_t longest = 6; /* \u0000 */

    if (!jmes_spend(s, 1 + text.len / JMES_MEMORY_PER_STEP))
        return false;
    if (text.len >= (out->max - out->len) / longest && !room_for(s, out, escaped_length(text)))
        return false;
    att_json_put_string(out, text);
    return true;
}

static bool write_container(struct jmes_search *s, const struct jmes_value *v, size_t depth,
                            struct att_buf *out)
{
    bool object = v->type == ATT_JSON_OBJECT;
    struct jmes_iter i = jmes_iter(v);
    struct jmes_value inner;
    struct att_span name;
    bool ok = true;

    if (depth > s->limits->jmespath_depth_max)
        return jmes_too_deep(s);
    if (!write_bytes(s, att_str(object ? "{" : "["), out))
        return false;
    while (jmes_next(s, &i, &inner, &ok)) {
        if (i.at > 1 && !write_bytes(s, att_str(","), out))
            return false;
        if (object) {
            if (!jmes_name(s, &i, &name) || !write_string(s, name, out) || !write_bytes(s, att_str(":"), out))
                return false;
        }
        if (!write_at(s, &inner, depth, out))
            return false;
    }
    return ok && write_bytes(s, att_str(object ? "}" : "]"), out);
}

static bool write_at(struct jmes_search *s, const struct jmes_value *v, size_t depth, struct att_buf *out)
{
    struct att_span text;

    switch ((enum att_json_type)v->type) {
    case ATT_JSON_NULL:
        return write_bytes(s, att_str("null"), out);
    case ATT_JSON_BOOL:
        return write_bytes(s, att_str(v->truth ? "true" : "false"), out);
    case ATT_JSON_NUMBER:
        return write_bytes(s, v->u.text, out);
    case ATT_JSON_STRING:
        return jmes_text(s, v, &text) && write_string(s, text, out);
    case ATT_JSON_ARRAY:
    case ATT_JSON_OBJECT:
        break;
    }
    return write_container(s, v, depth + 1, out);
}

bool jmes_write(struct jmes_search *s, const struct jmes_value *v, struct att_span *ret)
{
    ATT_AUTO(att_buf_free) struct att_buf out = { .max = s->limits->policy_json_bytes_max };

    if (!write_at(s, v, 0, &out))
        return false;
    const char *copy = out.failed ? NULL : att_arena_dup(s->arena, att_buf_span(&out));
    if (!copy)
        return jmes_no_memory(s);
    *ret = att_span_of(copy, out.len);
    return true;
}
