/* jmespath/functions.h - the table of functions. A function is a row: name, arguments, implementation. */
#ifndef JMESPATH_FUNCTIONS_H
#define JMESPATH_FUNCTIONS_H

#include "jmespath/value.h"

/* What an argument may be: bits of these. */
enum {
    JMES_ARG_NULL = 1,
    JMES_ARG_BOOL = 2,
    JMES_ARG_NUMBER = 4,
    JMES_ARG_STRING = 8,
    JMES_ARG_ARRAY = 16,
    JMES_ARG_OBJECT = 32,
    JMES_ARG_EXPR = 64,
    JMES_ARG_ANY = 63,      /* any value: an expression is none */
    JMES_ARG_NUMBERS = 128, /* an array of numbers */
    JMES_ARG_STRINGS = 256, /* an array of strings */
    JMES_ARGS_MAX = 3,      /* kinds of arguments of one function */
};

/* A call: its arguments have the types of the row. */
struct jmes_call {
    const struct jmes_function *function;
    const struct jmes_value *args;
    size_t count;
    const struct jmes_node *node; /* where it stands */
};

struct jmes_function {
    const char *name;
    size_t args_min;
    bool variadic; /* the last type is that of all further arguments */
    uint16_t types[JMES_ARGS_MAX];
    bool (*run)(struct jmes_search *s, const struct jmes_call *call, struct jmes_value *ret);
};

/* NULL when there is none of this name. */
const struct jmes_function *jmes_function_find(struct att_span name);
/* Do the arguments have the types of the row? JMESPATH_TYPE otherwise. */
ATT_CHECK bool jmes_function_types(struct jmes_search *s, const struct jmes_call *call);
/* JMESPATH_TYPE at the call's argument; always false. */
bool jmes_call_type(struct jmes_search *s, const struct jmes_call *call, size_t arg, const char *expected,
                    const char *found);
/* JMESPATH_VALUE; always false. */
bool jmes_call_value(struct jmes_search *s, const struct jmes_call *call, const char *expected,
                     const char *found);
/* The &expression of argument `arg`, applied to a value. */
ATT_CHECK bool jmes_call_expr(struct jmes_search *s, const struct jmes_call *call, size_t arg,
                              const struct jmes_value *current, struct jmes_value *ret);

#define JMES_FUNCTION(name)                                                                                  \
    bool name(struct jmes_search *s, const struct jmes_call *call, struct jmes_value *ret)

JMES_FUNCTION(jmes_fn_abs);
JMES_FUNCTION(jmes_fn_avg);
JMES_FUNCTION(jmes_fn_ceil);
JMES_FUNCTION(jmes_fn_contains);
JMES_FUNCTION(jmes_fn_ends_with);
JMES_FUNCTION(jmes_fn_equals_ignore_case);
JMES_FUNCTION(jmes_fn_floor);
JMES_FUNCTION(jmes_fn_join);
JMES_FUNCTION(jmes_fn_keys);
JMES_FUNCTION(jmes_fn_length);
JMES_FUNCTION(jmes_fn_map);
JMES_FUNCTION(jmes_fn_max);
JMES_FUNCTION(jmes_fn_max_by);
JMES_FUNCTION(jmes_fn_merge);
JMES_FUNCTION(jmes_fn_min);
JMES_FUNCTION(jmes_fn_min_by);
JMES_FUNCTION(jmes_fn_not_null);
JMES_FUNCTION(jmes_fn_reverse);
JMES_FUNCTION(jmes_fn_sort);
JMES_FUNCTION(jmes_fn_sort_by);
JMES_FUNCTION(jmes_fn_starts_with);
JMES_FUNCTION(jmes_fn_sum);
JMES_FUNCTION(jmes_fn_to_array);
JMES_FUNCTION(jmes_fn_to_number);
JMES_FUNCTION(jmes_fn_to_string);
JMES_FUNCTION(jmes_fn_type);
JMES_FUNCTION(jmes_fn_values);

#endif
