/* Functions on objects, and the ones that take any value. */
#include "jmespath/functions.h"

JMES_FUNCTION(jmes_fn_keys)
{
    const struct jmes_value *object = &call->args[0];
    struct jmes_iter i = jmes_iter(object);
    struct jmes_value value;
    struct att_span name;
    struct jmes_value *items = jmes_alloc(s, object->count, sizeof *items);
    bool ok = true;

    if (!items)
        return false;
    while (jmes_next(s, &i, &value, &ok)) {
        if (!jmes_name(s, &i, &name))
            return false;
        items[i.at - 1] = jmes_string(name);
    }
    *ret = jmes_array(items, object->count);
    return ok;
}

JMES_FUNCTION(jmes_fn_values)
{
    const struct jmes_value *object = &call->args[0];
    struct jmes_iter i = jmes_iter(object);
    struct jmes_value value;
    struct jmes_value *items = jmes_alloc(s, object->count, sizeof *items);
    bool ok = true;

    if (!items)
        return false;
    while (jmes_next(s, &i, &value, &ok))
        items[i.at - 1] = value;
    *ret = jmes_array(items, object->count);
    return ok;
}

/* Puts the member in the place of one with this name, or behind all. */
static bool merge_member(struct jmes_search *s, struct jmes_member *members, uint32_t *count,
                         struct att_span name, const struct jmes_value *value)
{
    for (uint32_t i = 0; i < *count; i++) {
        if (!jmes_spend_text(s, name.len))
            return false;
        if (att_span_eq(members[i].name, name)) {
            members[i].value = *value;
            return true;
        }
    }
    members[(*count)++] = (struct jmes_member){ name, *value };
    return true;
}

JMES_FUNCTION(jmes_fn_merge)
{
    size_t most = 0;
    uint32_t count = 0;

    for (size_t a = 0; a < call->count; a++)
        most += call->args[a].count;
    struct jmes_member *members = jmes_alloc(s, most, sizeof *members);
    if (!members)
        return false;
    for (size_t a = 0; a < call->count; a++) {
        struct jmes_iter i = jmes_iter(&call->args[a]);
        struct jmes_value value;
        struct att_span name;
        bool ok = true;
        while (jmes_next(s, &i, &value, &ok))
            if (!jmes_name(s, &i, &name) || !merge_member(s, members, &count, name, &value))
                return false;
        if (!ok)
            return false;
    }
    *ret = jmes_object(members, count);
    return true;
}

JMES_FUNCTION(jmes_fn_not_null)
{
    (void)s;
    *ret = jmes_null();
    for (size_t i = 0; i < call->count && ret->type == ATT_JSON_NULL; i++)
        *ret = call->args[i];
    return true;
}

JMES_FUNCTION(jmes_fn_to_array)
{
    if (call->args[0].type == ATT_JSON_ARRAY) {
        *ret = call->args[0];
        return true;
    }
    struct jmes_value *item = jmes_alloc(s, 1, sizeof *item);
    if (!item)
        return false;
    *item = call->args[0];
    *ret = jmes_array(item, 1);
    return true;
}

JMES_FUNCTION(jmes_fn_map)
{
    const struct jmes_value *array = &call->args[1];
    struct jmes_iter i = jmes_iter(array);
    struct jmes_value element;
    struct jmes_value *items = jmes_alloc(s, array->count, sizeof *items);
    bool ok = true;

    if (!items)
        return false;
    while (jmes_next(s, &i, &element, &ok))
        if (!jmes_call_expr(s, call, 0, &element, &items[i.at - 1]))
            return false;
    *ret = jmes_array(items, array->count);
    return ok;
}
