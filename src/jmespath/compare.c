/* Equality of any two values, and the order of numbers and strings. */
#include "jmespath/number.h"
#include "jmespath/value.h"

static bool equal_at(struct jmes_search *s, const struct jmes_value *a, const struct jmes_value *b,
                     size_t depth, bool *ret);

static bool order_numbers(struct jmes_search *s, struct att_span a, struct att_span b, int *ret)
{
    if (!jmes_spend(s, 1 + (a.len + b.len) / 4)) /* digit by digit, unless both are small integers */
        return false;
    if (jmes_number_order(a, b, ret))
        return true;
    return jmes_complain(&s->complaint, ATT_JMESPATH_VALUE, 0, "an exponent of at most fifteen digits",
                         "a number with a longer one");
}

static bool equal_strings(struct jmes_search *s, const struct jmes_value *a, const struct jmes_value *b,
                          bool *ret)
{
    struct att_span text_a;
    struct att_span text_b;

    if (a->form == JMES_TEXT && b->form == JMES_TEXT && a->u.text.len != b->u.text.len) {
        *ret = false;
        return true;
    }
    if (!jmes_text(s, a, &text_a) || !jmes_text(s, b, &text_b) ||
        !jmes_spend(s, text_a.len / JMES_TEXT_PER_STEP))
        return false;
    *ret = att_span_eq(text_a, text_b);
    return true;
}

static bool equal_arrays(struct jmes_search *s, const struct jmes_value *a, const struct jmes_value *b,
                         size_t depth, bool *ret)
{
    struct jmes_iter ia = jmes_iter(a);
    struct jmes_iter ib = jmes_iter(b);
    struct jmes_value va;
    struct jmes_value vb;
    bool ok = true;

    *ret = a->count == b->count;
    while (*ret && jmes_next(s, &ia, &va, &ok) && jmes_next(s, &ib, &vb, &ok))
        if (!equal_at(s, &va, &vb, depth, ret))
            return false;
    return ok;
}

/* Names stand once in an object: with as many members in both, one direction is enough. A missing member would be
 * read as null, so null is looked at twice. */
static bool has_member(struct jmes_search *s, const struct jmes_value *object, struct att_span name,
                       bool *ret)
{
    struct jmes_iter i = jmes_iter(object);
    struct jmes_value v;
    struct att_span have;
    bool ok = true;

    *ret = false;
    while (!*ret && jmes_next(s, &i, &v, &ok)) {
        if (!jmes_name(s, &i, &have) || !jmes_spend(s, have.len / JMES_TEXT_PER_STEP))
            return false;
        *ret = att_span_eq(have, name);
    }
    return ok;
}

static bool equal_objects(struct jmes_search *s, const struct jmes_value *a, const struct jmes_value *b,
                          size_t depth, bool *ret)
{
    struct jmes_iter i = jmes_iter(a);
    struct jmes_value va;
    struct jmes_value vb;
    struct att_span name;
    bool ok = true;

    *ret = a->count == b->count;
    while (*ret && jmes_next(s, &i, &va, &ok)) {
        if (!jmes_name(s, &i, &name) || !jmes_member(s, b, name, &vb) || !equal_at(s, &va, &vb, depth, ret))
            return false;
        if (*ret && va.type == ATT_JSON_NULL && !has_member(s, b, name, ret))
            return false;
    }
    return ok;
}

static bool equal_at(struct jmes_search *s, const struct jmes_value *a, const struct jmes_value *b,
                     size_t depth, bool *ret)
{
    int order = 0;

    if (!jmes_spend(s, 1))
        return false;
    if (a->type != b->type) {
        *ret = false;
        return true;
    }
    if (depth > s->limits->jmespath_depth_max)
        return jmes_too_deep(s);
    switch ((enum att_json_type)a->type) {
    case ATT_JSON_NULL:
        *ret = true;
        return true;
    case ATT_JSON_BOOL:
        *ret = a->truth == b->truth;
        return true;
    case ATT_JSON_NUMBER:
        if (!order_numbers(s, a->u.text, b->u.text, &order))
            return false;
        *ret = order == 0;
        return true;
    case ATT_JSON_STRING:
        return equal_strings(s, a, b, ret);
    case ATT_JSON_ARRAY:
        return equal_arrays(s, a, b, depth + 1, ret);
    case ATT_JSON_OBJECT:
        break;
    }
    return equal_objects(s, a, b, depth + 1, ret);
}

bool jmes_equal(struct jmes_search *s, const struct jmes_value *a, const struct jmes_value *b, bool *ret)
{
    return equal_at(s, a, b, 0, ret);
}

bool jmes_order(struct jmes_search *s, const struct jmes_value *a, const struct jmes_value *b, int *ret)
{
    struct att_span ta;
    struct att_span tb;

    if (!jmes_text(s, a, &ta) || !jmes_text(s, b, &tb))
        return false;
    if (a->type == ATT_JSON_NUMBER)
        return order_numbers(s, ta, tb, ret);
    size_t common = ta.len < tb.len ? ta.len : tb.len;
    if (!jmes_spend_text(s, common))
        return false;
    /* UTF-8 keeps the order of code points in its bytes. */
    int order = common > 0 ? memcmp(ta.ptr, tb.ptr, common) : 0;
    if (order == 0)
        order = (ta.len > tb.len) - (ta.len < tb.len);
    *ret = (order > 0) - (order < 0);
    return true;
}
