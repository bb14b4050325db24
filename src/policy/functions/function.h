/* policy/functions/function.h - what a function of the policy language is: a row of functions.def and one C function.
 *
 * A function gets its arguments evaluated and of the kinds that its row promises; it gives a set of values. What it
 * makes lives in the working memory of the evaluation (run->work.passing), which is emptied between rules: the evaluator
 * copies what becomes a claim. It charges its work in steps, and refuses through policy_call_fail.
 *
 * To add one: a row, a file here, a line in docs/policy-language.md, cases in tests/policies/functions.txt.
 */
#ifndef POLICY_FUNCTIONS_FUNCTION_H
#define POLICY_FUNCTIONS_FUNCTION_H

#include "policy/run.h"

enum { POLICY_ARGUMENTS_MAX = 2 };

enum policy_argument_kind {
    ARGUMENT_NONE,
    ARGUMENT_STRING, /* one string, perhaps empty */
    ARGUMENT_TEXT,   /* one string, not empty */
    ARGUMENT_QUERY,  /* the same, a JMESPath query */
    ARGUMENT_BOOL,   /* one Boolean */
    ARGUMENT_ONE,    /* one value of any kind */
    ARGUMENT_SET,    /* any number of values */
};

enum {
    KIND_BOOL = 1u << ATT_CLAIM_BOOL,
    KIND_INT = 1u << ATT_CLAIM_INT,
    KIND_STRING = 1u << ATT_CLAIM_STRING,
    KIND_ANY = KIND_BOOL | KIND_INT | KIND_STRING,
};

struct policy_call {
    struct policy_run *run;
    const struct policy_expr *expr;
    const struct policy_values *arguments; /* as many as its function has parameters */
};

struct policy_function {
    const char *name;
    unsigned since; /* minor version */
    struct {
        const char *name;
        enum policy_argument_kind kind;
    } parameters[POLICY_ARGUMENTS_MAX];
    unsigned result_kinds; /* KIND_ values */
    const char *cost;
    const char *doc;
    bool (*call)(const struct policy_call *call, struct policy_values *ret);
};

unsigned policy_function_arity(const struct policy_function *f);
/* NULL when no function has this name; names are case-sensitive. */
const struct policy_function *policy_function_find(struct att_span name);
/* The function whose name is nearest to a misspelt one, or NULL when none is near. */
const struct policy_function *policy_function_near(struct att_span name);
/* Row `i` of the table, NULL behind the last. */
const struct policy_function *policy_function_at(size_t i);

/* Evaluates a call, its arguments first, from left to right. False when the run stopped: see policy_run_stopped. */
ATT_CHECK bool policy_call_run(struct policy_run *run, const struct policy_expr *e,
                               struct policy_values *ret);

/* The evaluation ends here with POLICY_EVALUATION; always false. `argument` from 0. The place is that of the argument, the
 * sentence names rule line, function and argument. */
bool policy_call_fail(const struct policy_call *call, unsigned argument, const char *expected,
                      const char *found, ...) __attribute__((format(printf, 4, 5)));

/* The only member of an argument that is one value. */
static inline const struct att_value *policy_call_value(const struct policy_call *call, unsigned argument)
{
    return &call->arguments[argument].items[0].value;
}
/* Does the result inherit that a value may not be issued? */
bool policy_call_read_only(const struct policy_call *call);

#endif
