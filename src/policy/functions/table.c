/* The table of functions, made from functions.def. */
#include "policy/functions/function.h"
#include "policy/functions/implementations.h"

#define ARGUMENT(name_, kind_)                                                                               \
    {                                                                                                        \
#name_, ARGUMENT_##kind_                                                                             \
    }
#define NOTHING                                                                                              \
    {                                                                                                        \
        NULL, ARGUMENT_NONE                                                                                  \
    }
#define X(name_, implementation, since_, first, second, result, cost_, doc_)                                 \
    { .name = #name_,                                                                                        \
      .since = since_,                                                                                       \
      .parameters = { first, second },                                                                       \
      .result_kinds = result,                                                                                \
      .cost = cost_,                                                                                         \
      .doc = doc_,                                                                                           \
      .call = policy_function_##implementation },
static const struct policy_function rows[] = {
#include "policy/functions/functions.def"
};
#undef X
#undef ARGUMENT
#undef NOTHING

enum { ROWS = sizeof rows / sizeof rows[0], NAME_MAX_BYTES = 24, NEAR = 3 };

const struct policy_function *policy_function_at(size_t i)
{
    return i < ROWS ? &rows[i] : NULL;
}

const struct policy_function *policy_function_find(struct att_span name)
{
    for (size_t i = 0; i < ROWS; i++)
        if (att_span_is(name, rows[i].name))
            return &rows[i];
    return NULL;
}

unsigned policy_function_arity(const struct policy_function *f)
{
    unsigned n = 0;

    while (n < POLICY_ARGUMENTS_MAX && f->parameters[n].kind != ARGUMENT_NONE)
        n++;
    return n;
}

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

static unsigned least(unsigned a, unsigned b, unsigned c)
{
    unsigned ab = a < b ? a : b;

    return ab < c ? ab : c;
}

/* Letters to insert, delete or replace (Levenshtein), cases apart. */
static unsigned distance(struct att_span a, const char *b)
{
    unsigned row[NAME_MAX_BYTES + 1];
    unsigned n = (unsigned)strlen(b);

    for (unsigned k = 0; k <= n; k++)
        row[k] = k;
    for (size_t i = 0; i < a.len; i++) {
        unsigned diagonal = row[0];
        row[0] = (unsigned)i + 1;
        for (unsigned k = 1; k <= n; k++) {
            unsigned above = row[k];
            unsigned replaced = diagonal + (lower(a.ptr[i]) != lower((uint8_t)b[k - 1]));
            row[k] = least(row[k - 1] + 1, above + 1, replaced);
            diagonal = above;
        }
    }
    return row[n];
}

const struct policy_function *policy_function_near(struct att_span name)
{
    const struct policy_function *best = NULL;
    unsigned nearest = NEAR + 1;

    for (size_t i = 0; name.len <= NAME_MAX_BYTES && i < ROWS; i++) {
        unsigned d = distance(name, rows[i].name);
        if (d < nearest) {
            nearest = d;
            best = &rows[i];
        }
    }
    return best;
}
