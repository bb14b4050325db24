/* A value as compact JSON text. */
#include "jmespath/value.h"

#include "base/auto.h"
#include "base/buf.h"
#include "base/err.h"

static bool write_at(struct jmes_search *s, const struct jmes_value *v, size_t depth, struct att_buf *out);

static bool write_string(struct jmes_search *s, struct att_span text, struct att_buf *out)
{
    /* The buffer, and the copy of it in the arena. */
    if (!jmes_spend(s, 1 + text.len / JMES_MEMORY_PER_STEP))
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
    bool first = true;
    bool ok = true;

    if (depth > s->limits->jmespath_depth_max)
        return jmes_too_deep(s);
    att_buf_putc(out, object ? '{' : '[');
    while (jmes_next(s, &i, &inner, &ok)) {
        if (!first)
            att_buf_putc(out, ',');
        first = false;
        if (object) {
            if (!jmes_name(s, &i, &name) || !write_string(s, name, out))
                return false;
            att_buf_putc(out, ':');
        }
        if (!write_at(s, &inner, depth, out))
            return false;
    }
    att_buf_putc(out, object ? '}' : ']');
    return ok;
}

static bool write_at(struct jmes_search *s, const struct jmes_value *v, size_t depth, struct att_buf *out)
{
    struct att_span text;

    switch ((enum att_json_type)v->type) {
    case ATT_JSON_NULL:
        att_buf_puts(out, "null");
        return true;
    case ATT_JSON_BOOL:
        att_buf_puts(out, v->truth ? "true" : "false");
        return true;
    case ATT_JSON_NUMBER:
        att_buf_put(out, v->u.text);
        return jmes_spend(s, v->u.text.len / JMES_MEMORY_PER_STEP);
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

    if (v->type == ATT_JSON_NUMBER) {
        *ret = v->u.text;
        return true;
    }
    if (!write_at(s, v, 0, &out))
        return false;
    if (out.failed && out.len + 1 >= out.max / 2)
        return att_fail(s->err, ATT_JMESPATH_LIMIT, "jmespath", "a result within policy_json_bytes_max",
                        "more than %zu bytes", out.max);
    const char *copy = out.failed ? NULL : att_arena_dup(s->arena, att_buf_span(&out));
    if (!copy)
        return att_fail_memory(s->err, "jmespath");
    *ret = att_span_of(copy, out.len);
    return true;
}
