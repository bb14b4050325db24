#include "policy/functions/document.h"

#include "policy/values.h"

#include <stdio.h>

/* What reading costs, measured: see policy_steps_max in base/limits.c. Bytes are paid before they are read, values and
 * the search for names that stand twice afterwards: the number of values has a limit of its own. */
enum {
    JSON_BYTES_PER_STEP = 4,
    STEPS_PER_NODE = 8,
    STEPS_PER_COMPARISON = 8,
    NAMES_COMPARED_FOR_NOTHING = 16
};

/* The names of an object with many members are sorted. */
static size_t nodes_cost(const struct att_json *doc)
{
    size_t cost = (size_t)doc->count * STEPS_PER_NODE;

    for (uint32_t i = 0; i < doc->count; i++) {
        uint32_t members = doc->nodes[i].type == ATT_JSON_OBJECT ? doc->nodes[i].count : 0;
        for (uint32_t left = members; members > NAMES_COMPARED_FOR_NOTHING && left > 1; left /= 2)
            cost += (size_t)members * STEPS_PER_COMPARISON;
    }
    return cost;
}

static bool fail_parse(const struct policy_call *call, unsigned argument, const struct att_arena *arena,
                       const struct att_err *why)
{
    if (why->code == ATT_OUT_OF_MEMORY)
        return policy_run_no_memory(call->run, arena);
    return policy_call_fail(call, argument, "JSON text", "%s: found %s, expected %s",
                            att_code_name(why->code), why->found, why->expected);
}

static bool parse(const struct policy_call *call, unsigned argument, struct att_arena *arena,
                  struct att_json *ret)
{
    struct att_span text = policy_call_value(call, argument)->text;
    const struct att_limits *l = call->run->limits;
    struct att_limits limits = *l;
    struct att_err why = { 0 };
    char expected[64];

    limits.json_nodes_max = l->policy_json_nodes_max;
    limits.json_depth_max = l->jmespath_depth_max;
    if (text.len > l->policy_json_bytes_max) {
        (void)snprintf(expected, sizeof expected, "at most %zu bytes of JSON", l->policy_json_bytes_max);
        return policy_call_fail(call, argument, expected, "found %zu bytes", text.len);
    }
    if (!policy_run_charge(call->run, text.len / JSON_BYTES_PER_STEP))
        return false;
    if (!att_json_parse(arena, text, &(struct att_json_options){ .limits = &limits }, ret, &why))
        return fail_parse(call, argument, arena, &why);
    return policy_run_charge(call->run, nodes_cost(ret));
}

static bool parse_lasting(const struct policy_call *call, unsigned argument, struct att_json *ret)
{
    struct policy_work *w = &call->run->work;
    struct att_arena *room = policy_work_document_room(w);

    if (!room)
        return policy_run_no_memory(call->run, NULL);
    if (!parse(call, argument, room, ret))
        return false;
    w->documents[w->document_count++] =
        (struct policy_document){ policy_call_value(call, argument)->text, *ret };
    return true;
}

bool policy_document_of(const struct policy_call *call, unsigned argument, struct att_json *ret)
{
    const struct policy_member *m = &call->arguments[argument].items[0];
    const struct policy_work *w = &call->run->work;

    for (unsigned i = 0; !m->passing && i < w->document_count; i++) {
        if (w->documents[i].text.ptr == m->value.text.ptr && w->documents[i].text.len == m->value.text.len) {
            *ret = w->documents[i].json;
            return true;
        }
    }
    if (!m->passing)
        return parse_lasting(call, argument, ret);
    struct att_arena *passing = policy_work_passing(&call->run->work);
    return passing ? parse(call, argument, passing, ret) : policy_run_no_memory(call->run, NULL);
}
