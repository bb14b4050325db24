/* A call: its arguments from left to right, what its row wants of them, then the function itself. */
#include "policy/functions/function.h"

#include "base/err.h"
#include "policy/complain.h"
#include "policy/language.h"
#include "policy/values.h"

#include <stdarg.h>
#include <stdio.h>

static const struct {
    const char *expected;
    bool one;
    unsigned kinds;
} wants[] = {
    [ARGUMENT_NONE] = { "nothing", false, 0 },
    [ARGUMENT_STRING] = { "one String", true, KIND_STRING },
    [ARGUMENT_TEXT] = { "one String that is not empty", true, KIND_STRING },
    [ARGUMENT_QUERY] = { "one String that is not empty", true, KIND_STRING },
    [ARGUMENT_BOOL] = { "one Boolean", true, KIND_BOOL },
    [ARGUMENT_ONE] = { "one value", true, KIND_ANY },
    [ARGUMENT_SET] = { "any number of values", false, KIND_ANY },
};

static const struct policy_expr *argument_of(const struct policy_call *call, unsigned argument)
{
    const struct policy_expr *e = call->expr->arguments;

    while (e && argument-- > 0)
        e = e->next;
    return e ? e : call->expr;
}

bool policy_call_fail(const struct policy_call *call, unsigned argument, const char *expected,
                      const char *found, ...)
{
    const struct policy_function *f = call->expr->function;
    char seen[320];
    va_list args;

    va_start(args, found);
    (void)vsnprintf(seen, sizeof seen, found, args);
    va_end(args);
    return policy_run_fail(call->run, &argument_of(call, argument)->at, expected,
                           "%s, argument %s: %s, expected %s", f->name, f->parameters[argument].name, seen,
                           expected);
}

bool policy_call_read_only(const struct policy_call *call)
{
    for (unsigned i = 0; i < policy_function_arity(call->expr->function); i++)
        for (size_t k = 0; k < call->arguments[i].count; k++)
            if (call->arguments[i].items[k].read_only)
                return true;
    return false;
}

/* "no value", "2 different values", "the Integer 5", "the String 'abc'" */
struct shown_values {
    char text[128];
};

static const char *show(struct shown_values *room, const struct policy_values *set)
{
    const struct att_value *v = set->count ? &set->items[0].value : NULL;
    struct att_shown shown;

    if (!v)
        (void)snprintf(room->text, sizeof room->text, "no value");
    else if (v->kind == ATT_CLAIM_INT)
        (void)snprintf(room->text, sizeof room->text, "the Integer %lld", (long long)v->integer);
    else if (v->kind == ATT_CLAIM_BOOL)
        (void)snprintf(room->text, sizeof room->text, "the Boolean %s", v->boolean ? "true" : "false");
    else
        (void)snprintf(room->text, sizeof room->text, "the String '%s'", att_shown(&shown, v->text));
    return room->text;
}

/* A set is one value when all of its members are equal (A9 of the reference). */
static bool is_one(struct policy_run *run, const struct policy_values *set)
{
    for (size_t i = 1; i < set->count; i++)
        if (!policy_run_charge(run, 1) || !policy_run_equal(run, &set->items[0].value, &set->items[i].value))
            return false;
    return set->count > 0;
}

static bool check_argument(const struct policy_call *call, unsigned i)
{
    enum policy_argument_kind kind = call->expr->function->parameters[i].kind;
    const struct policy_values *set = &call->arguments[i];
    struct shown_values room;

    if (!wants[kind].one)
        return true;
    bool one = is_one(call->run, set);
    if (policy_run_stopped(call->run))
        return false;
    if (!one && set->count > 0)
        return policy_call_fail(call, i, wants[kind].expected, "found several values, %s the first of them",
                                show(&room, set));
    if (!one || !(wants[kind].kinds >> set->items[0].value.kind & 1))
        return policy_call_fail(call, i, wants[kind].expected, "found %s", show(&room, set));
    if ((kind == ARGUMENT_TEXT || kind == ARGUMENT_QUERY) && set->items[0].value.text.len == 0)
        return policy_call_fail(call, i, wants[kind].expected, "found the empty String");
    return true;
}

bool policy_call_run(struct policy_run *run, const struct policy_expr *e, struct policy_values *ret)
{
    struct policy_values arguments[POLICY_ARGUMENTS_MAX] = { 0 };
    const struct policy_call call = { run, e, arguments };
    unsigned count = 0;

    for (const struct policy_expr *a = e->arguments; a; a = a->next)
        if (!policy_values_of(run, a, &arguments[count++]))
            return false;
    for (unsigned i = 0; i < count; i++)
        if (!check_argument(&call, i))
            return false;
    return policy_run_charge(run, 1) && e->function->call(&call, ret);
}
