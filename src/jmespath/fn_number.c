/* Functions that compute. Sums are made with doubles. */
#include "jmespath/functions.h"
#include "jmespath/number.h"

#include <math.h>

enum { FRACTION_STEPS = 100 }; /* finding the shortest text of a double */

static bool read_number(struct jmes_search *s, const struct jmes_call *call, const struct jmes_value *v,
                        double *ret)
{
    if (!jmes_spend(s, v->u.text.len)) /* a long one is dear */
        return false;
    return jmes_number_read(v->u.text, ret) ||
           jmes_call_value(s, call, "a number within the range of doubles", "a larger number");
}

static bool whole(struct att_span text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] == '.' || text.ptr[i] == 'e' || text.ptr[i] == 'E')
            return false;
    return true;
}

static bool give_number(struct jmes_search *s, const struct jmes_call *call, double value,
                        struct jmes_value *ret)
{
    struct jmes_number_text room;

    if (!isfinite(value))
        return jmes_call_value(s, call, "a result within the range of doubles", "a larger one");
    struct att_span text = jmes_number_write(&room, value);
    if (!whole(text) && !jmes_spend(s, FRACTION_STEPS))
        return false;
    uint8_t *copy = jmes_alloc(s, text.len, 1);
    if (!copy)
        return false;
    memcpy(copy, text.ptr, text.len);
    *ret = jmes_number(att_span_of(copy, text.len));
    return true;
}

JMES_FUNCTION(jmes_fn_abs)
{
    struct att_span text = call->args[0].u.text;

    (void)s;
    if (text.ptr[0] == '-')
        text = att_span_of(text.ptr + 1, text.len - 1);
    *ret = jmes_number(text);
    return true;
}

/* Beyond 2^53 every double is whole. (By hand: all that the library would need libm for.) */
static double round_down(double value)
{
    const double exact_below = 9007199254740992.0;

    if (value <= -exact_below || value >= exact_below)
        return value;
    double towards_zero = (double)(int64_t)value;
    return towards_zero > value ? towards_zero - 1 : towards_zero;
}

static double round_up(double value)
{
    return -round_down(-value);
}

static bool rounded(struct jmes_search *s, const struct jmes_call *call, double (*rounds)(double),
                    struct jmes_value *ret)
{
    double value = 0;

    if (!jmes_spend_text(s, call->args[0].u.text.len))
        return false;
    if (whole(call->args[0].u.text)) {
        *ret = call->args[0];
        return true;
    }
    return read_number(s, call, &call->args[0], &value) && give_number(s, call, rounds(value), ret);
}

JMES_FUNCTION(jmes_fn_ceil)
{
    return rounded(s, call, round_up, ret);
}

JMES_FUNCTION(jmes_fn_floor)
{
    return rounded(s, call, round_down, ret);
}

static bool sum_of(struct jmes_search *s, const struct jmes_call *call, double *ret)
{
    struct jmes_iter i = jmes_iter(&call->args[0]);
    struct jmes_value element;
    double sum = 0;
    bool ok = true;

    while (jmes_next(s, &i, &element, &ok)) {
        double value = 0;
        if (!read_number(s, call, &element, &value))
            return false;
        sum += value;
    }
    *ret = sum;
    return ok;
}

JMES_FUNCTION(jmes_fn_sum)
{
    double sum = 0;

    return sum_of(s, call, &sum) && give_number(s, call, sum, ret);
}

JMES_FUNCTION(jmes_fn_avg)
{
    double sum = 0;

    if (call->args[0].count == 0) {
        *ret = jmes_null();
        return true;
    }
    return sum_of(s, call, &sum) && give_number(s, call, sum / call->args[0].count, ret);
}

JMES_FUNCTION(jmes_fn_length)
{
    const struct jmes_value *v = &call->args[0];
    struct att_span text;
    size_t count = v->count;

    if (v->type == ATT_JSON_STRING) {
        if (!jmes_text(s, v, &text) || !jmes_spend_text(s, text.len))
            return false;
        count = 0;
        for (size_t i = 0; i < text.len; i++)
            count += (text.ptr[i] & 0xc0) != 0x80;
    }
    return give_number(s, call, (double)count, ret); /* below 2^53: exact */
}

JMES_FUNCTION(jmes_fn_to_number)
{
    const struct jmes_value *v = &call->args[0];
    struct att_span text;

    if (v->type == ATT_JSON_NUMBER) {
        *ret = *v;
        return true;
    }
    if (v->type != ATT_JSON_STRING) {
        *ret = jmes_null();
        return true;
    }
    if (!jmes_text(s, v, &text) || !jmes_spend_text(s, text.len))
        return false;
    *ret = jmes_number_is(text) ? jmes_number(text) : jmes_null();
    return true;
}
