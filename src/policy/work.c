#include "policy/work.h"

#include <attest/jmespath.h>

struct policy_work policy_work_of(const struct att_limits *limits)
{
    return (struct policy_work){ .half_bytes = limits->policy_work_bytes_max / 2 };
}

static struct att_arena *arena_of(struct att_arena **arena, size_t bytes)
{
    if (!*arena)
        *arena = att_arena_new(bytes);
    return *arena;
}

struct att_arena *policy_work_passing(struct policy_work *w)
{
    return arena_of(&w->passing, w->half_bytes);
}

struct att_arena *policy_work_lasting(struct policy_work *w)
{
    return arena_of(&w->lasting, w->half_bytes);
}

void policy_work_next_rule(struct policy_work *w)
{
    if (w->passing)
        att_arena_reset(w->passing);
}

void policy_work_forget(struct policy_work *w)
{
    for (unsigned i = 0; i < w->query_count; i++)
        att_jmespath_free(w->queries[i].query);
    w->query_count = 0;
    w->document_count = 0;
    if (w->lasting)
        att_arena_reset(w->lasting);
}

void policy_work_end(struct policy_work *w)
{
    policy_work_forget(w);
    att_arena_free(w->passing);
    att_arena_free(w->lasting);
    w->passing = NULL;
    w->lasting = NULL;
}
