#include "jmespath/literal.h"

#include "base/err.h"

static struct att_span inside_of(const struct jmes_token *token)
{
    return att_span_of(token->text.ptr + 1, token->text.len - 2);
}

/* "\c" becomes "c" for the one character `c`; a backslash before any other stays, with what follows it. */
static bool without_escapes(struct att_arena *arena, struct att_span text, uint8_t c, struct att_span *ret)
{
    size_t n = 0;

    if (text.len == 0 || !memchr(text.ptr, '\\', text.len)) {
        *ret = text;
        return true;
    }
    uint8_t *out = att_arena_alloc(arena, text.len, 1);
    if (!out)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '\\' && i + 1 < text.len) {
            if (text.ptr[i + 1] != c)
                out[n++] = '\\';
            i++;
        }
        out[n++] = text.ptr[i];
    }
    *ret = att_span_of(out, n);
    return true;
}

bool jmes_quoted_name(struct att_arena *arena, const struct jmes_token *token,
                      const struct jmes_complaint *complaint, struct att_span *ret)
{
    struct att_err inner = { 0 };
    struct att_json doc;
    struct att_shown shown;

    if (!att_json_parse(arena, token->text, NULL, &doc, &inner)) {
        if (inner.code == ATT_OUT_OF_MEMORY)
            return att_fail_memory(complaint->err, "jmespath");
        return jmes_complain(complaint, ATT_JMESPATH_SYNTAX, token->column,
                             "a name with the escapes of JSON, such as \\\" \\\\ \\n \\u00e9", "%s",
                             att_shown(&shown, token->text));
    }
    return att_json_string(&doc, arena, ATT_JSON_ROOT, ret) || att_fail_memory(complaint->err, "jmespath");
}

bool jmes_raw_string(struct att_arena *arena, const struct jmes_token *token,
                     const struct jmes_complaint *complaint, struct jmes_value *ret)
{
    struct att_span text;

    if (!without_escapes(arena, inside_of(token), '\'', &text))
        return att_fail_memory(complaint->err, "jmespath");
    *ret = jmes_string(text);
    return true;
}

static bool refuse_literal(const struct jmes_token *token, const struct jmes_complaint *complaint,
                           const struct att_err *inner)
{
    struct att_shown shown;

    if (inner->code == ATT_OUT_OF_MEMORY)
        return att_fail_memory(complaint->err, "jmespath");
    if (inner->code == ATT_JSON_DEPTH || inner->code == ATT_JSON_LIMIT)
        return jmes_complain(complaint, ATT_JMESPATH_LIMIT, token->column, inner->expected,
                             "a literal with more");
    return jmes_complain(complaint, ATT_JMESPATH_SYNTAX, token->column,
                         "JSON between backticks (text stands in 'quotes', or in `\"both\"`)", "%s",
                         att_shown(&shown, token->text));
}

bool jmes_json_literal(struct att_arena *arena, const struct jmes_token *token,
                       const struct att_limits *limits, const struct jmes_complaint *complaint,
                       struct jmes_value *ret)
{
    struct att_limits inner_limits = *limits;
    struct att_err inner = { 0 };
    struct att_span text;

    inner_limits.json_depth_max = limits->jmespath_depth_max;
    struct att_json *doc = att_arena_alloc(arena, 1, sizeof *doc);
    if (!doc || !without_escapes(arena, inside_of(token), '`', &text))
        return att_fail_memory(complaint->err, "jmespath");
    const struct att_json_options options = { .limits = &inner_limits };
    if (!att_json_parse(arena, text, &options, doc, &inner))
        return refuse_literal(token, complaint, &inner);
    *ret = jmes_of_node(doc, ATT_JSON_ROOT);
    return true;
}
