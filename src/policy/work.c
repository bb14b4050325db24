#include "policy/work.h"

#include <attest/jmespath.h>

struct policy_work policy_work_of(const struct att_limits *limits)
{
    return (struct policy_work){ .half_bytes = limits->policy_work_bytes_max / 2 };
}

static struct att_arena *arena_of(const struct policy_work *w, struct att_arena **arena)
{
    if (!*arena)
        *arena = att_arena_new(w->half_bytes);
    return *arena;
}

struct att_arena *policy_work_passing(struct policy_work *w)
{
    return arena_of(w, &w->passing);
}

struct att_arena *policy_work_document_room(struct policy_work *w)
{
    if (w->document_count == POLICY_DOCUMENTS) {
        w->document_count = 0;
        att_arena_reset(w->document_nodes);
    }
    return arena_of(w, &w->document_nodes);
}

static void free_queries(struct policy_work *w)
{
    for (unsigned i = 0; i < w->query_count; i++)
        att_jmespath_free(w->queries[i].query);
    w->query_count = 0;
}

struct att_arena *policy_work_query_room(struct policy_work *w)
{
    if (w->query_count == POLICY_QUERIES) {
        free_queries(w);
        att_arena_reset(w->query_texts);
    }
    return arena_of(w, &w->query_texts);
}

void policy_work_next_rule(struct policy_work *w)
{
    if (w->passing)
        att_arena_reset(w->passing);
}

void policy_work_end(struct policy_work *w)
{
    free_queries(w);
    att_arena_free(w->passing);
    att_arena_free(w->document_nodes);
    att_arena_free(w->query_texts);
    *w = (struct policy_work){ .half_bytes = w->half_bytes };
}
