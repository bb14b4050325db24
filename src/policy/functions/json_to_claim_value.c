/* JSON text to values: what a claim can hold, or an array of that. */
#include "policy/functions/document.h"
#include "policy/functions/implementations.h"
#include "policy/values.h"

#include "base/err.h"

static const char claim_values[] = "null, an integer of 64 bits, true, false, a string, or an array of these";

/* A value that no claim can hold, told apart for people. */
static bool fail_value(const struct policy_call *call, const struct att_json *doc, att_json_id id,
                       bool element)
{
    const char *what = "an object";
    struct att_shown shown;

    if (att_json_type(doc, id) == ATT_JSON_ARRAY)
        what = "an array";
    else if (att_json_type(doc, id) == ATT_JSON_NUMBER)
        what = "a number that is no such integer";
    return policy_call_fail(call, 0, claim_values, "found %s%s: %s", what, element ? " inside an array" : "",
                            att_shown(&shown, att_json_source(doc, id)));
}

enum { UNESCAPED_PER_STEP = 4 }; /* bytes, one by one */

/* Adds the value, none for null. */
static bool add(const struct policy_call *call, const struct att_json *doc, att_json_id id, bool element,
                struct policy_member *items, size_t *count)
{
    struct policy_run *run = call->run;
    struct att_value v = { 0 };

    if (!policy_run_charge(run, 1))
        return false;
    switch (att_json_type(doc, id)) {
    case ATT_JSON_NULL:
        return true;
    case ATT_JSON_BOOL:
        v = (struct att_value){ .kind = ATT_CLAIM_BOOL, .boolean = att_json_true(doc, id) };
        break;
    case ATT_JSON_NUMBER:
        v.kind = ATT_CLAIM_INT;
        if (!att_json_i64(doc, id, &v.integer))
            return fail_value(call, doc, id, element);
        break;
    case ATT_JSON_STRING:
        v.kind = ATT_CLAIM_STRING;
        if (doc->nodes[id].escaped &&
            !policy_run_charge(run, att_json_source(doc, id).len / UNESCAPED_PER_STEP))
            return false;
        if (!att_json_string(doc, run->work.passing, id, &v.text))
            return policy_run_no_memory(run, run->work.passing);
        break;
    case ATT_JSON_ARRAY:
    case ATT_JSON_OBJECT:
        return fail_value(call, doc, id, element);
    }
    items[(*count)++] = (struct policy_member){ .value = v, .passing = true };
    return true;
}

bool policy_function_json_to_claim_value(const struct policy_call *call, struct policy_values *ret)
{
    struct att_json doc;
    size_t count = 0;

    if (!policy_document_of(call, 0, &doc))
        return false;
    bool array = att_json_type(&doc, ATT_JSON_ROOT) == ATT_JSON_ARRAY;
    struct policy_member *items = policy_values_room(call->run, array ? doc.nodes[ATT_JSON_ROOT].count : 1);
    if (!items)
        return false;
    att_json_id id = array ? att_json_first(&doc, ATT_JSON_ROOT) : ATT_JSON_ROOT;
    for (; id != ATT_JSON_NONE; id = array ? att_json_next(&doc, id) : ATT_JSON_NONE)
        if (!add(call, &doc, id, array, items, &count))
            return false;
    bool read_only = policy_call_read_only(call);
    for (size_t i = 0; i < count; i++)
        items[i].read_only = read_only;
    *ret = (struct policy_values){ items, count };
    return true;
}
