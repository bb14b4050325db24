/* Compiling and searching: the public face. */
#include "jmespath/search.h"

#include "base/err.h"
#include "jmespath/token.h"
#include "jmespath/tree.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    /* What the smallest tokens can need: "`1`" is a node, a parsed document and its table of values. */
    ARENA_BYTES_PER_BYTE = 384,
    ARENA_BYTES_LEAST = 64 * 1024,
};

struct att_jmespath {
    struct att_arena *arena; /* of the text, the tree and its literals */
    const struct jmes_node *tree;
};

static bool compile_text(struct att_jmespath *query, struct att_arena *scratch, struct att_span text,
                         const struct att_limits *limits, const struct jmes_complaint *complaint)
{
    struct jmes_token *tokens = NULL;
    const char *copy = att_arena_dup(query->arena, text);

    if (!copy)
        return att_fail_memory(complaint->err, "jmespath");
    return jmes_lex(scratch, att_span_of(copy, text.len), complaint, &tokens) &&
           jmes_parse(query->arena, tokens, limits, complaint, &query->tree);
}

bool att_jmespath_compile(struct att_span text, const struct att_limits *limits, struct att_jmespath **ret,
                          unsigned *ret_column, struct att_err *err)
{
    const struct jmes_complaint complaint = { err, ret_column };
    char expected[64];

    limits = limits ? limits : &att_limits_default;
    if (text.len > limits->jmespath_bytes_max) {
        (void)snprintf(expected, sizeof expected, "at most %zu bytes", limits->jmespath_bytes_max);
        return jmes_complain(&complaint, ATT_JMESPATH_LIMIT, 1, expected, "a query of %zu bytes", text.len);
    }
    size_t ceiling = text.len * ARENA_BYTES_PER_BYTE + ARENA_BYTES_LEAST;
    struct att_jmespath *query = calloc(1, sizeof *query);
    struct att_arena *scratch = att_arena_new(ceiling);
    if (query)
        query->arena = att_arena_new(ceiling);
    bool ok = query && scratch && query->arena ? compile_text(query, scratch, text, limits, &complaint)
                                               : att_fail_memory(err, "jmespath");
    att_arena_free(scratch);
    if (!ok) {
        att_jmespath_free(query);
        return false;
    }
    *ret = query;
    return true;
}

void att_jmespath_free(struct att_jmespath *query)
{
    if (!query)
        return;
    att_arena_free(query->arena);
    free(query);
}

bool jmespath_search_doc(const struct att_jmespath *query, struct att_arena *arena,
                         const struct att_json *doc, const struct att_limits *limits, size_t *steps_left,
                         struct att_span *ret_json, struct att_err *err)
{
    struct jmes_search s = {
        .arena = arena,
        .limits = limits ? limits : &att_limits_default,
        .steps_left = *steps_left,
        .complaint = { .err = err },
    };
    const struct jmes_value root = jmes_of_node(doc, ATT_JSON_ROOT);
    struct jmes_value found;

    bool ok = jmes_eval(&s, query->tree, &root, &found) && jmes_write(&s, &found, ret_json);
    *steps_left = s.steps_left;
    return ok;
}

bool att_jmespath_search(const struct att_jmespath *query, struct att_arena *arena, struct att_span json,
                         const struct att_limits *limits, struct att_span *ret_json, struct att_err *err)
{
    struct att_limits inner = limits ? *limits : att_limits_default;
    const struct att_json_options options = { .limits = &inner };
    size_t steps_left = inner.jmespath_steps_max;
    struct att_json doc;

    inner.json_depth_max = inner.jmespath_depth_max;
    inner.json_nodes_max = inner.policy_json_nodes_max;
    if (json.len > inner.policy_json_bytes_max) {
        char expected[64];
        (void)snprintf(expected, sizeof expected, "at most %zu bytes", inner.policy_json_bytes_max);
        return att_fail(err, ATT_JSON_LIMIT, "json", expected, "%zu bytes", json.len);
    }
    return att_json_parse(arena, json, &options, &doc, err) &&
           jmespath_search_doc(query, arena, &doc, &inner, &steps_left, ret_json, err);
}
