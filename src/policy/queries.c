#include "policy/queries.h"

#include <attest/jmespath.h>

#include "base/err.h"
#include "policy/functions/function.h"

/* A compiled query takes 16 KiB and up to 400 times its text, for as long as the policy is kept: what is beyond this is
 * compiled when it is reached, as queries are that the policy makes. Published samples have up to 1 KiB of queries. */
enum { QUERIES_KEPT = 256, QUERY_BYTES_KEPT = 32 * 1024 };

static bool room_for(const struct policy_ast *ast, struct att_span text)
{
    return ast->query_count < QUERIES_KEPT && text.len <= QUERY_BYTES_KEPT - ast->query_bytes;
}

static bool compile_literal(struct att_arena *arena, struct policy_ast *ast, struct policy_expr *e,
                            const struct att_limits *limits, struct att_err *err)
{
    struct att_err why = { 0 };
    struct att_jmespath *query = NULL;

    if (!room_for(ast, e->literal.text))
        return true;
    if (!att_jmespath_compile(e->literal.text, limits, &query, NULL, &why))
        return why.code != ATT_OUT_OF_MEMORY || att_fail_memory(err, "policy");
    struct policy_query *owned = att_arena_alloc(arena, 1, sizeof *owned);
    if (!owned) {
        att_jmespath_free(query);
        return att_fail_memory(err, "policy");
    }
    *owned = (struct policy_query){ query, ast->queries };
    ast->queries = owned;
    ast->query_count++;
    ast->query_bytes += e->literal.text.len;
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
