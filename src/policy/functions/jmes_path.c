/* JmesPath(json, query): the query is part of the policy (then it was compiled with it), or made by the policy (then it is
 * compiled once for each text). */
#include <attest/jmespath.h>

#include "jmespath/search.h"
#include "policy/functions/document.h"
#include "policy/functions/implementations.h"
#include "policy/values.h"

/* What the engine's work costs in our steps, measured: see policy_steps_max in base/limits.c. */
enum { COMPILED_BYTES_STEPS = 40, SEARCH_STEP_STEPS = 4 };

enum { JSON, QUERY }; /* the arguments */

/* The column stands behind the colon of err.where, "jmespath:12"; a limit may have none. */
static const char *column_of(const struct att_err *why)
{
    const char *colon = strchr(why->where, ':');

    return colon ? colon + 1 : "";
}

static bool fail_query(const struct policy_call *call, const struct att_arena *arena,
                       const struct att_err *why)
{
    const char *column = column_of(why);

    if (why->code == ATT_OUT_OF_MEMORY)
        return policy_run_no_memory(call->run, arena);
    return policy_call_fail(call, QUERY, why->expected, "%s%s%s: found %s", att_code_name(why->code),
                            column[0] ? " at column " : "", column, why->found);
}

static const struct att_jmespath *find_made(const struct policy_call *call, struct att_span text)
{
    struct policy_work *w = &call->run->work;

    for (unsigned i = 0; i < w->query_count; i++)
        if (att_span_eq(w->queries[i].text, text))
            return w->queries[i].query;
    return NULL;
}

static bool make(const struct policy_call *call, struct att_span text, const struct att_jmespath **ret)
{
    struct policy_run *run = call->run;
    struct policy_work *w = &run->work;
    struct att_jmespath *query = NULL;
    struct att_err why = { 0 };

    if (!policy_run_charge(run, text.len * COMPILED_BYTES_STEPS))
        return false;
    struct att_arena *room = policy_work_query_room(w);
    const char *copy = room ? att_arena_dup(room, text) : NULL;
    if (!copy)
        return policy_run_no_memory(run, room);
    if (!att_jmespath_compile(text, run->limits, &query, NULL, &why))
        return fail_query(call, NULL, &why);
    w->queries[w->query_count++] = (struct policy_made_query){ att_span_of(copy, text.len), query };
    *ret = query;
    return true;
}

static bool query_of(const struct policy_call *call, const struct att_jmespath **ret)
{
    struct att_span text = policy_call_value(call, QUERY)->text;
    const struct att_jmespath *query = call->expr->arguments->next->query;

    if (!query && !policy_run_charge(call->run, POLICY_QUERIES + text.len / POLICY_BYTES_PER_STEP))
        return false;
    if (!query)
        query = find_made(call, text);
    if (!query)
        return make(call, text, ret);
    *ret = query;
    return true;
}

/* The engine counts in its own steps and gets as many as ours pay for. */
static bool search(const struct policy_call *call, const struct att_jmespath *query,
                   const struct att_json *doc, struct att_span *ret)
{
    struct policy_run *run = call->run;
    struct att_arena *passing = policy_work_passing(&run->work);
    size_t granted = run->steps_left / SEARCH_STEP_STEPS;
    size_t left = granted;
    struct att_err why = { 0 };

    if (!passing)
        return policy_run_no_memory(run, NULL);
    bool found = jmespath_search_doc(query, passing, doc, run->limits, &left, ret, &why);
    if (!found && why.code == ATT_JMESPATH_LIMIT && left == 0)
        return policy_run_charge(run, SIZE_MAX); /* the steps are used up, and that is how it is said */
    return policy_run_charge(run, (granted - left) * SEARCH_STEP_STEPS) &&
           (found || fail_query(call, passing, &why));
}

bool policy_function_jmes_path(const struct policy_call *call, struct policy_values *ret)
{
    struct att_json doc;
    const struct att_jmespath *query = NULL;
    struct att_span found = { 0 };
    struct policy_member *m = NULL;

    if (!query_of(call, &query) || !policy_document_of(call, JSON, &doc) ||
        !search(call, query, &doc, &found) || !(m = policy_values_room(call->run, 1)))
        return false;
    m->value = (struct att_value){ .kind = ATT_CLAIM_STRING, .text = found };
    m->passing = true;
    m->read_only = policy_call_read_only(call);
    *ret = (struct policy_values){ m, 1 };
    return true;
}
