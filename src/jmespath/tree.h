/* jmespath/tree.h - a query as a tree that has been checked: functions known, arguments counted.
 *
 * Every node is a function of the current value. What is written behind one another hangs in a list, not in a tower:
 * "a.b[0].c" is one CHAIN, "a && b && c" one AND. So the tree is not higher than a few times what a reader sees as
 * nesting, and that is what the limit counts. */
#ifndef JMESPATH_TREE_H
#define JMESPATH_TREE_H

#include "jmespath/functions.h"
#include "jmespath/value.h"

enum jmes_node_kind {
    JMES_CURRENT, /* @ */
    JMES_LITERAL, /* value */
    JMES_CHAIN,   /* first: where it begins; the others are applied to what came before */
    JMES_FIELD,   /* .name */
    JMES_INDEX,   /* [index] */
    JMES_SLICE,   /* [start:stop:step]; an EACH follows it */
    JMES_FLATTEN, /* []: of all that the chain has gathered so far; an EACH follows it */
    /* Projections: the rest of the chain is applied to each element. */
    JMES_EACH,        /* [*] */
    JMES_EACH_MEMBER, /* .* */
    JMES_FILTER,      /* [?first] */
    JMES_SELECT_LIST, /* [a, b] */
    JMES_SELECT_HASH, /* {name: a}: children are PAIR */
    JMES_PAIR,        /* name: first */
    JMES_CALL,        /* function(children) */
    JMES_EXPREF,      /* &first */
    JMES_NOT,
    JMES_AND,
    JMES_OR,
    JMES_PIPE,
    JMES_COMPARE, /* first, then each further child with its `op` */
};

enum jmes_compare { JMES_EQ, JMES_NE, JMES_LT, JMES_LE, JMES_GT, JMES_GE };

struct jmes_slice {
    int64_t start;
    int64_t stop;
    int64_t step;
    bool has_start;
    bool has_stop;
};

struct jmes_node {
    uint8_t kind; /* enum jmes_node_kind */
    uint8_t op;   /* enum jmes_compare: of a child of COMPARE, what stands before it */
    uint32_t children;
    unsigned column;
    const struct jmes_node *first;
    const struct jmes_node *next;
    struct att_span name; /* FIELD, PAIR */
    union {
        struct jmes_value literal;
        struct jmes_slice slice;
        int64_t index;
        const struct jmes_function *function;
    } u;
};

struct jmes_token;
struct jmes_complaint;

/* From tokens, which end in JTOK_END. Nodes and literals live in the arena, names may be spans of the tokens' text. */
ATT_CHECK bool jmes_parse(struct att_arena *arena, const struct jmes_token *tokens,
                          const struct att_limits *limits, const struct jmes_complaint *complaint,
                          const struct jmes_node **ret);

/* The tree applied to a value. */
ATT_CHECK bool jmes_eval(struct jmes_search *s, const struct jmes_node *tree,
                         const struct jmes_value *current, struct jmes_value *ret);

#endif
