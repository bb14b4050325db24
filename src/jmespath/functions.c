#include "jmespath/functions.h"

#include "jmespath/tree.h"

#include <stdio.h>

enum {
    ANY = JMES_ARG_ANY,
    NUMBER = JMES_ARG_NUMBER,
    STRING = JMES_ARG_STRING,
    ARRAY = JMES_ARG_ARRAY,
    OBJECT = JMES_ARG_OBJECT,
    EXPR = JMES_ARG_EXPR,
    NUMBERS = JMES_ARG_NUMBERS,
    STRINGS = JMES_ARG_STRINGS,
    MAYBE_STRING = JMES_ARG_STRING | JMES_ARG_NULL,
};

/* Specification, "Built-in Functions"; equals_ignore_case is ours (docs/decisions/0017). Sorted by name. */
static const struct jmes_function rows[] = {
    { "abs", 1, false, { NUMBER }, jmes_fn_abs },
    { "avg", 1, false, { NUMBERS }, jmes_fn_avg },
    { "ceil", 1, false, { NUMBER }, jmes_fn_ceil },
    { "contains", 2, false, { ARRAY | STRING, ANY }, jmes_fn_contains },
    { "ends_with", 2, false, { STRING, STRING }, jmes_fn_ends_with },
    { "equals_ignore_case", 2, false, { MAYBE_STRING, MAYBE_STRING }, jmes_fn_equals_ignore_case },
    { "floor", 1, false, { NUMBER }, jmes_fn_floor },
    { "join", 2, false, { STRING, STRINGS }, jmes_fn_join },
    { "keys", 1, false, { OBJECT }, jmes_fn_keys },
    { "length", 1, false, { STRING | ARRAY | OBJECT }, jmes_fn_length },
    { "map", 2, false, { EXPR, ARRAY }, jmes_fn_map },
    { "max", 1, false, { NUMBERS | STRINGS }, jmes_fn_max },
    { "max_by", 2, false, { ARRAY, EXPR }, jmes_fn_max_by },
    { "merge", 1, true, { OBJECT }, jmes_fn_merge },
    { "min", 1, false, { NUMBERS | STRINGS }, jmes_fn_min },
    { "min_by", 2, false, { ARRAY, EXPR }, jmes_fn_min_by },
    { "not_null", 1, true, { ANY }, jmes_fn_not_null },
    { "reverse", 1, false, { STRING | ARRAY }, jmes_fn_reverse },
    { "sort", 1, false, { NUMBERS | STRINGS }, jmes_fn_sort },
    { "sort_by", 2, false, { ARRAY, EXPR }, jmes_fn_sort_by },
    { "starts_with", 2, false, { STRING, STRING }, jmes_fn_starts_with },
    { "sum", 1, false, { NUMBERS }, jmes_fn_sum },
    { "to_array", 1, false, { ANY }, jmes_fn_to_array },
    { "to_number", 1, false, { ANY }, jmes_fn_to_number },
    { "to_string", 1, false, { ANY }, jmes_fn_to_string },
    { "type", 1, false, { ANY }, jmes_fn_type },
    { "values", 1, false, { OBJECT }, jmes_fn_values },
};

const struct jmes_function *jmes_function_find(struct att_span name)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (att_span_is(name, rows[i].name))
            return &rows[i];
    return NULL;
}

/* Types
 * ------------------------------------------------------------------------------------------------------ */

static const char *expected_of(unsigned types)
{
    static const struct {
        unsigned types;
        const char *text;
    } texts[] = {
        { ANY, "a value" },
        { NUMBER, "a number" },
        { STRING, "a string" },
        { ARRAY, "an array" },
        { OBJECT, "an object" },
        { EXPR, "an &expression" },
        { NUMBERS, "an array of numbers" },
        { STRINGS, "an array of strings" },
        { NUMBERS | STRINGS, "an array of numbers, or one of strings" },
        { ARRAY | STRING, "an array or a string" },
        { STRING | ARRAY | OBJECT, "a string, an array or an object" },
        { MAYBE_STRING, "a string or null" },
    };

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (texts[i].types == types)
            return texts[i].text;
    return "another type";
}

static const struct jmes_node *argument_of(const struct jmes_call *call, size_t arg)
{
    const struct jmes_node *n = call->node->first;

    while (arg-- > 0)
        n = n->next;
    return n;
}

bool jmes_call_type(struct jmes_search *s, const struct jmes_call *call, size_t arg, const char *expected,
                    const char *found)
{
    char whole[96];

    (void)snprintf(whole, sizeof whole, "%s for %s()", expected, call->function->name);
    return jmes_complain(&s->complaint, ATT_JMESPATH_TYPE, argument_of(call, arg)->column, whole, "%s",
                         found);
}

bool jmes_call_value(struct jmes_search *s, const struct jmes_call *call, const char *expected,
                     const char *found)
{
    char whole[96];

    (void)snprintf(whole, sizeof whole, "%s for %s()", expected, call->function->name);
    return jmes_complain(&s->complaint, ATT_JMESPATH_VALUE, call->node->column, whole, "%s", found);
}

/* Bits of the types that this value has: an array without elements is one of numbers and one of strings. */
static bool types_of(struct jmes_search *s, const struct jmes_value *v, unsigned wanted, unsigned *ret)
{
    static const uint16_t bits[] = {
        [ATT_JSON_NULL] = JMES_ARG_NULL, [ATT_JSON_BOOL] = JMES_ARG_BOOL, [ATT_JSON_NUMBER] = NUMBER,
        [ATT_JSON_STRING] = STRING,      [ATT_JSON_ARRAY] = ARRAY,        [ATT_JSON_OBJECT] = OBJECT,
    };
    struct jmes_iter i;
    struct jmes_value element;
    unsigned elements = NUMBERS | STRINGS;
    bool ok = true;

    if (v->form == JMES_EXPR) {
        *ret = EXPR;
        return true;
    }
    *ret = bits[v->type];
    if (v->type != ATT_JSON_ARRAY || !(wanted & (NUMBERS | STRINGS)))
        return true;
    i = jmes_iter(v);
    while (jmes_next(s, &i, &element, &ok))
        elements &= element.type == ATT_JSON_NUMBER   ? NUMBERS
                    : element.type == ATT_JSON_STRING ? STRINGS
                                                      : 0u;
    *ret |= elements;
    return ok;
}

bool jmes_function_types(struct jmes_search *s, const struct jmes_call *call)
{
    const struct jmes_function *f = call->function;

    for (size_t i = 0; i < call->count; i++) {
        unsigned wanted = f->types[i < f->args_min ? i : f->args_min - 1];
        unsigned have = 0;
        if (!types_of(s, &call->args[i], wanted, &have))
            return false;
        if (have & wanted)
            continue;
        bool mixed = have & ARRAY && wanted & (NUMBERS | STRINGS);
        return jmes_call_type(s, call, i, expected_of(wanted),
                              mixed ? "an array with other elements" : jmes_type_name(&call->args[i]));
    }
    return true;
}

bool jmes_call_expr(struct jmes_search *s, const struct jmes_call *call, size_t arg,
                    const struct jmes_value *current, struct jmes_value *ret)
{
    return jmes_eval(s, call->args[arg].u.expr, current, ret);
}
