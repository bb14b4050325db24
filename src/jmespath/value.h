/* jmespath/value.h - what a search works on.
 *
 * A value of the document is a node of it, never a copy: member names are compared where they stand. Values that the
 * search makes (lists, objects, strings, numbers) live in the caller's arena. A number is its decimal text, whoever
 * made it: so what passes through keeps its spelling, and comparing is exact (see number.h).
 */
#ifndef JMESPATH_VALUE_H
#define JMESPATH_VALUE_H

#include <attest/arena.h>
#include <attest/error.h>
#include <attest/limits.h>

#include "codec/json.h"
#include "jmespath/complain.h"

struct jmes_node;

/* Where the contents are. */
enum jmes_form {
    JMES_PLAIN,   /* null and booleans: nowhere else */
    JMES_TEXT,    /* text: a number as written, a string without its quotes and without escapes */
    JMES_DOC,     /* a node of a document: an array, an object, a string that holds escapes */
    JMES_ITEMS,   /* an array made by the search */
    JMES_MEMBERS, /* an object made by the search */
    JMES_EXPR,    /* &expression, an argument of a function only */
};

struct jmes_value {
    uint8_t type; /* enum att_json_type; of no meaning for JMES_EXPR */
    uint8_t form; /* enum jmes_form */
    bool truth;
    uint32_t count; /* elements or members */
    union {
        struct {
            const struct att_json *doc;
            att_json_id id;
        } node;
        struct att_span text;
        const struct jmes_value *items;
        const struct jmes_member *members;
        const struct jmes_node *expr;
    } u;
};

struct jmes_member {
    struct att_span name;
    struct jmes_value value;
};

/* One search: its memory, what it may still do, and where a refusal goes. */
struct jmes_search {
    struct att_arena *arena;
    const struct att_limits *limits;
    size_t steps_left;
    size_t projections; /* that are open, one inside the other */
    struct jmes_complaint complaint;
};

/* Work
 * ------------------------------------------------------------------------------------------------------- */

/* One step is one value looked at, 64 bytes of text compared, or 8 bytes of memory or of result made: so that a policy's
 * steps end before its arena does. What is dearer costs more: see order_numbers and fn_number.c. */
enum { JMES_TEXT_PER_STEP = 64, JMES_MEMORY_PER_STEP = 8 };

bool jmes_steps_gone(struct jmes_search *s);
static inline bool jmes_spend(struct jmes_search *s, size_t steps)
{
    if (steps > s->steps_left)
        return jmes_steps_gone(s);
    s->steps_left -= steps;
    return true;
}
static inline bool jmes_spend_text(struct jmes_search *s, size_t bytes)
{
    return jmes_spend(s, 1 + bytes / JMES_TEXT_PER_STEP);
}
bool jmes_too_deep(struct jmes_search *s);
bool jmes_no_memory(struct jmes_search *s);
/* Zeroed memory of the arena, paid for in steps; NULL and a refusal otherwise. */
ATT_CHECK void *jmes_alloc(struct jmes_search *s, size_t count, size_t size);

/* Making values
 * ---------------------------------------------------------------------------------------------- */

static inline struct jmes_value jmes_null(void)
{
    return (struct jmes_value){ .type = ATT_JSON_NULL, .form = JMES_PLAIN };
}
static inline struct jmes_value jmes_bool(bool truth)
{
    return (struct jmes_value){ .type = ATT_JSON_BOOL, .form = JMES_PLAIN, .truth = truth };
}
static inline struct jmes_value jmes_string(struct att_span text)
{
    return (struct jmes_value){ .type = ATT_JSON_STRING, .form = JMES_TEXT, .u.text = text };
}
static inline struct jmes_value jmes_number(struct att_span text)
{
    return (struct jmes_value){ .type = ATT_JSON_NUMBER, .form = JMES_TEXT, .u.text = text };
}
static inline struct jmes_value jmes_array(const struct jmes_value *items, uint32_t count)
{
    return (
        struct jmes_value){ .type = ATT_JSON_ARRAY, .form = JMES_ITEMS, .count = count, .u.items = items };
}
static inline struct jmes_value jmes_object(const struct jmes_member *members, uint32_t count)
{
    return (struct jmes_value){
        .type = ATT_JSON_OBJECT, .form = JMES_MEMBERS, .count = count, .u.members = members
    };
}
struct jmes_value jmes_of_node(const struct att_json *doc, att_json_id id);

/* An array that grows. */
struct jmes_list {
    struct jmes_value *items;
    uint32_t count;
    uint32_t capacity;
};
ATT_CHECK bool jmes_list_add(struct jmes_search *s, struct jmes_list *list, const struct jmes_value *item);
static inline struct jmes_value jmes_list_value(const struct jmes_list *list)
{
    return jmes_array(list->items, list->count);
}

/* Looking into them
 * ------------------------------------------------------------------------------------------ */

/* False for null, false, "", [] and {}. */
bool jmes_truthy(const struct jmes_value *v);
/* "null", "boolean", "number", "string", "array", "object", as type() says; "expression". */
const char *jmes_type_name(const struct jmes_value *v);
/* The text of a number or string; one with escapes is read into the arena. */
ATT_CHECK bool jmes_text(struct jmes_search *s, const struct jmes_value *v, struct att_span *ret);
/* The member of an object; null when there is none. */
ATT_CHECK bool jmes_member(struct jmes_search *s, const struct jmes_value *object, struct att_span name,
                           struct jmes_value *ret);
/* The element of an array; null when there is none. */
ATT_CHECK bool jmes_element(struct jmes_search *s, const struct jmes_value *array, uint32_t index,
                            struct jmes_value *ret);

/* Elements of an array, values of an object. */
struct jmes_iter {
    struct jmes_value of;
    uint32_t at;
    att_json_id id;      /* the next node of a document */
    att_json_id current; /* the one that was given last */
};
struct jmes_iter jmes_iter(const struct jmes_value *container);
/* False at the end, or when the steps are used up: then *ok is false. Costs a step. */
bool jmes_next(struct jmes_search *s, struct jmes_iter *i, struct jmes_value *ret, bool *ok);
/* The name of the member that jmes_next gave last. */
ATT_CHECK bool jmes_name(struct jmes_search *s, const struct jmes_iter *i, struct att_span *ret);

/* Comparing and writing
 * -------------------------------------------------------------------------------------- */

ATT_CHECK bool jmes_equal(struct jmes_search *s, const struct jmes_value *a, const struct jmes_value *b,
                          bool *ret);
/* -1, 0, 1; both are numbers or both are strings (by code point). */
ATT_CHECK bool jmes_order(struct jmes_search *s, const struct jmes_value *a, const struct jmes_value *b,
                          int *ret);
/* Compact JSON, in the arena. */
ATT_CHECK bool jmes_write(struct jmes_search *s, const struct jmes_value *v, struct att_span *ret);

#endif
