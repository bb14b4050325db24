/* Functions that put values into an order: sort, min, max and their _by forms. Numbers by value, strings by code
 * point, never both. Merge sort: stable, and n log n whatever the document holds. */
#include "jmespath/functions.h"

struct keyed {
    struct jmes_value key;
    struct jmes_value value;
};

static const struct jmes_value *key_type_is_wrong(const struct keyed *rows, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        uint8_t type = rows[i].key.type;
        if ((type != ATT_JSON_NUMBER && type != ATT_JSON_STRING) || type != rows[0].key.type)
            return &rows[i].key;
    }
    return NULL;
}

/* Elements with their keys: themselves, or what the expression gives. Strings are read once, here. */
static bool keyed_rows(struct jmes_search *s, const struct jmes_call *call, bool by, struct keyed **ret)
{
    const struct jmes_value *array = &call->args[0];
    struct jmes_iter i = jmes_iter(array);
    struct keyed *rows = jmes_alloc(s, array->count, sizeof *rows);
    struct jmes_value element;
    struct att_span text;
    bool ok = true;

    if (!rows)
        return false;
    while (jmes_next(s, &i, &element, &ok)) {
        struct keyed *row = &rows[i.at - 1];
        row->value = element;
        row->key = element;
        if (by && !jmes_call_expr(s, call, 1, &element, &row->key))
            return false;
        if (row->key.type == ATT_JSON_STRING) {
            if (!jmes_text(s, &row->key, &text))
                return false;
            row->key = jmes_string(text);
        }
    }
    if (!ok)
        return false;
    const struct jmes_value *wrong = key_type_is_wrong(rows, array->count);
    if (wrong)
        return jmes_call_type(s, call, by, "keys that are all numbers or all strings", jmes_type_name(wrong));
    *ret = rows;
    return true;
}

static bool merge_runs(struct jmes_search *s, const struct keyed *from, struct keyed *to, size_t left,
                       size_t middle, size_t right)
{
    size_t i = left;
    size_t k = middle;

    for (size_t at = left; at < right; at++) {
        int order = i == middle ? 1 : -1;
        if (i < middle && k < right && !jmes_order(s, &from[i].key, &from[k].key, &order))
            return false;
        to[at] = order <= 0 ? from[i++] : from[k++];
    }
    return true;
}

static bool sorted(struct jmes_search *s, const struct jmes_call *call, bool by, struct jmes_value *ret)
{
    size_t count = call->args[0].count;
    struct keyed *rows = NULL;

    if (!keyed_rows(s, call, by, &rows))
        return false;
    struct keyed *spare = jmes_alloc(s, count, sizeof *spare);
    struct jmes_value *items = jmes_alloc(s, count, sizeof *items);
    if (!spare || !items)
        return false;
    for (size_t width = 1; width < count; width *= 2) {
        for (size_t left = 0; left < count; left += 2 * width) {
            size_t middle = left + width < count ? left + width : count;
            size_t right = left + 2 * width < count ? left + 2 * width : count;
            if (!jmes_spend(s, right - left) || !merge_runs(s, rows, spare, left, middle, right))
                return false;
        }
        struct keyed *swap = rows;
        rows = spare;
        spare = swap;
    }
    for (size_t i = 0; i < count; i++)
        items[i] = rows[i].value;
    *ret = jmes_array(items, (uint32_t)count);
    return true;
}

/* The first of the extreme ones; sign 1 for the greatest, -1 for the least. */
static bool extreme(struct jmes_search *s, const struct jmes_call *call, bool by, int sign,
                    struct jmes_value *ret)
{
    uint32_t count = call->args[0].count;
    struct keyed *rows = NULL;
    uint32_t best = 0;

    if (!keyed_rows(s, call, by, &rows))
        return false;
    for (uint32_t i = 1; i < count; i++) {
        int order = 0;
        if (!jmes_order(s, &rows[i].key, &rows[best].key, &order))
            return false;
        if (order * sign > 0)
            best = i;
    }
    *ret = count > 0 ? rows[best].value : jmes_null();
    return true;
}

JMES_FUNCTION(jmes_fn_sort)
{
    return sorted(s, call, false, ret);
}
JMES_FUNCTION(jmes_fn_sort_by)
{
    return sorted(s, call, true, ret);
}
JMES_FUNCTION(jmes_fn_max)
{
    return extreme(s, call, false, 1, ret);
}
JMES_FUNCTION(jmes_fn_max_by)
{
    return extreme(s, call, true, 1, ret);
}
JMES_FUNCTION(jmes_fn_min)
{
    return extreme(s, call, false, -1, ret);
}
JMES_FUNCTION(jmes_fn_min_by)
{
    return extreme(s, call, true, -1, ret);
}
