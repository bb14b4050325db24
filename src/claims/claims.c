#include <attest/claims.h>

#include "base/err.h"
#include "base/hex.h"

enum { FIRST_CAPACITY = 16 };

void att_claims_init(struct att_claims *set, struct att_arena *arena, const struct att_limits *limits)
{
    const struct att_limits *l = limits ? limits : &att_limits_default;

    *set = (struct att_claims){ .arena = arena, .max = l->policy_claims_max };
}

bool att_value_eq(const struct att_value *a, const struct att_value *b)
{
    if (a->kind != b->kind)
        return false;
    switch (a->kind) {
    case ATT_CLAIM_BOOL:
        return a->boolean == b->boolean;
    case ATT_CLAIM_INT:
        return a->integer == b->integer;
    case ATT_CLAIM_STRING:
    case ATT_CLAIM_JSON:
        return att_span_eq(a->text, b->text);
    }
    return false;
}

/* The old array stays in the arena until it dies: with doubling that is at most as much again. */
static bool grow(struct att_claims *set, struct att_err *err)
{
    size_t capacity = set->capacity ? set->capacity * 2 : FIRST_CAPACITY;

    if (capacity > set->max)
        capacity = set->max;
    struct att_claim *items = att_arena_alloc(set->arena, capacity, sizeof *items);
    if (!items)
        return att_fail_memory(err, "claims");
    if (set->count > 0)
        memcpy(items, set->items, set->count * sizeof *items);
    set->items = items;
    set->capacity = capacity;
    return true;
}

bool att_claims_add(struct att_claims *set, const struct att_claim *claim, struct att_err *err)
{
    for (size_t i = 0; i < set->count; i++) {
        struct att_claim *there = &set->items[i];
        if (there->type.len != claim->type.len || there->issuer != claim->issuer ||
            !att_span_eq(there->type, claim->type) || !att_value_eq(&there->value, &claim->value))
            continue;
        there->flags |= claim->flags;
        return true;
    }
    if (set->count >= set->max)
        return att_fail(err, ATT_LIMIT_EXCEEDED, "claims", "fewer claims", "more than %zu claims", set->max);
    if (set->count == set->capacity && !grow(set, err))
        return false;
    set->items[set->count++] = *claim;
    return true;
}

static bool add_value(struct att_claims *set, const char *type, struct att_value value, unsigned flags,
                      struct att_err *err)
{
    struct att_claim claim = {
        .type = att_str(type), .value = value, .issuer = ATT_ISSUER_SERVICE, .flags = flags
    };

    return att_claims_add(set, &claim, err);
}

bool att_claims_add_bool(struct att_claims *set, const char *type, bool v, unsigned flags,
                         struct att_err *err)
{
    return add_value(set, type, (struct att_value){ .kind = ATT_CLAIM_BOOL, .boolean = v }, flags, err);
}

bool att_claims_add_int(struct att_claims *set, const char *type, int64_t v, unsigned flags,
                        struct att_err *err)
{
    return add_value(set, type, (struct att_value){ .kind = ATT_CLAIM_INT, .integer = v }, flags, err);
}

bool att_claims_add_text(struct att_claims *set, const char *type, struct att_span v, unsigned flags,
                         struct att_err *err)
{
    return add_value(set, type, (struct att_value){ .kind = ATT_CLAIM_STRING, .text = v }, flags, err);
}

bool att_claims_add_hex(struct att_claims *set, const char *type, struct att_span bytes, unsigned flags,
                        struct att_err *err)
{
    if (bytes.len > (SIZE_MAX - 1) / 2)
        return att_fail_memory(err, "claims");
    char *text = att_arena_alloc(set->arena, bytes.len * 2 + 1, 1);
    if (!text)
        return att_fail_memory(err, "claims");
    att_hex_text(text, bytes);
    return att_claims_add_text(set, type, att_span_of(text, bytes.len * 2), flags, err);
}

bool att_claims_add_json(struct att_claims *set, const char *type, struct att_span json, unsigned flags,
                         struct att_err *err)
{
    return add_value(set, type, (struct att_value){ .kind = ATT_CLAIM_JSON, .text = json }, flags, err);
}

const struct att_claim *att_claims_find(const struct att_claims *set, const char *type,
                                        enum att_claim_issuer issuer)
{
    struct att_span name = att_str(type);

    for (size_t i = 0; i < set->count; i++)
        if (set->items[i].issuer == issuer && att_span_eq(set->items[i].type, name))
            return &set->items[i];
    return NULL;
}

const char *att_issuer_name(enum att_claim_issuer issuer)
{
    static const char *const names[] = {
        [ATT_ISSUER_SERVICE] = "AttestationService",
        [ATT_ISSUER_POLICY] = "AttestationPolicy",
        [ATT_ISSUER_CUSTOM] = "CustomClaim",
    };

    /* An issuer from nowhere has the rights of a client, the least there are. */
    return (size_t)issuer < sizeof names / sizeof names[0] ? names[issuer] : names[ATT_ISSUER_CUSTOM];
}
