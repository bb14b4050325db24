#include "policy/queries.h"

#include <attest/jmespath.h>

#include "base/err.h"
#include "policy/functions/function.h"

static bool compile_literal(struct att_arena *arena, struct policy_ast *ast, struct policy_expr *e,
                            const struct att_limits *limits, struct att_err *err)
{
    struct att_err why = { 0 };
    struct att_jmespath *query = NULL;

    if (!att_jmespath_compile(e->literal.text, limits, &query, NULL, &why))
        return why.code != ATT_OUT_OF_MEMORY || att_fail_memory(err, "policy");
    struct policy_query *owned = att_arena_alloc(arena, 1, sizeof *owned);
    if (!owned) {
        att_jmespath_free(query);
        return att_fail_memory(err, "policy");
    }
    *owned = (struct policy_query){ query, ast->queries };
    ast->queries = owned;
    e->query = query;
    return true;
}

bool policy_queries_compile(struct att_arena *arena, struct policy_ast *ast, struct policy_expr *call,
                            const struct att_limits *limits, struct att_err *err)
{
    unsigned i = 0;

    for (struct policy_expr *e = call->arguments; e; e = e->next, i++)
        if (call->function->parameters[i].kind == ARGUMENT_QUERY && e->kind == EXPR_LITERAL &&
            e->literal.kind == ATT_CLAIM_STRING && !compile_literal(arena, ast, e, limits, err))
            return false;
    return true;
}

void policy_queries_free(struct policy_ast *ast)
{
    for (struct policy_query *q = ast->queries; q; q = q->next)
        att_jmespath_free(q->query);
    ast->queries = NULL;
}
