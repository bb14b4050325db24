#include "policy/lint_claims.h"

/* -- values that make a difference ------------------------------------------------------------------------ */

/* A string that no policy spells: its text has no NUL. */
static const uint8_t fresh_bytes[] = { 0 };

static bool is_open(const struct policy_test *t)
{
    return t->right.kind != EXPR_LITERAL;
}

static bool compare_ints(enum policy_compare op, int64_t a, int64_t b)
{
    switch (op) {
    case COMPARE_LT:
        return a < b;
    case COMPARE_LE:
        return a <= b;
    case COMPARE_GT:
        return a > b;
    case COMPARE_GE:
        return a >= b;
    case COMPARE_EQ:
    case COMPARE_NE:
        break;
    }
    return false;
}

static bool holds(const struct policy_test *t, const struct att_value *v)
{
    const struct att_value *right = &t->right.literal;

    if (t->op == COMPARE_EQ || t->op == COMPARE_NE)
        return att_value_eq(v, right) == (t->op == COMPARE_EQ);
    return v->kind == ATT_CLAIM_INT && right->kind == ATT_CLAIM_INT &&
           compare_ints(t->op, v->integer, right->integer);
}

static struct att_value text_value(struct att_span text)
{
    return (struct att_value){ .kind = ATT_CLAIM_STRING, .text = text };
}

/* All tests of this property with a literal, on one value. */
static bool all_hold(struct lint_work *work, const struct policy_condition *c, enum policy_property property,
                     const struct att_value *v)
{
    for (const struct policy_test *t = c->tests; t; t = t->next) {
        if (work->steps_left == 0)
            return true;
        work->steps_left--;
        if (t->property == property && !is_open(t) && !holds(t, v))
            return false;
    }
    return true;
}

static const char *const kind_names[] = {
    [ATT_CLAIM_BOOL] = "Boolean",
    [ATT_CLAIM_INT] = "Integer",
    [ATT_CLAIM_STRING] = "String",
};

static void try_value(struct lint_work *work, const struct policy_condition *c, struct att_value v,
                      struct lint_meeting *m)
{
    struct att_value kind = text_value(att_str(kind_names[v.kind]));
    bool ok = all_hold(work, c, PROPERTY_VALUE, &v) && all_hold(work, c, PROPERTY_VALUE_TYPE, &kind);

    m->may = m->may || ok;
    m->must = m->must && ok;
}

/* Integers on both sides of each literal: between two literals all integers behave alike. */
static void try_integers(struct lint_work *work, const struct policy_condition *c, struct lint_meeting *m)
{
    struct att_value v = { .kind = ATT_CLAIM_INT };

    try_value(work, c, v, m);
    for (const struct policy_test *t = c->tests; t; t = t->next) {
        if (t->property != PROPERTY_VALUE || is_open(t) || t->right.literal.kind != ATT_CLAIM_INT)
            continue;
        int64_t n = t->right.literal.integer;
        v.integer = n;
        try_value(work, c, v, m);
        v.integer = n > INT64_MIN ? n - 1 : n;
        try_value(work, c, v, m);
        v.integer = n < INT64_MAX ? n + 1 : n;
        try_value(work, c, v, m);
    }
}

/* Every string literal that this property is compared with, and one that is none of them. */
static void try_strings(struct lint_work *work, const struct policy_condition *c, struct lint_meeting *m)
{
    try_value(work, c, text_value(att_span_of(fresh_bytes, 1)), m);
    for (const struct policy_test *t = c->tests; t; t = t->next)
        if (t->property == PROPERTY_VALUE && !is_open(t) && t->right.literal.kind == ATT_CLAIM_STRING)
            try_value(work, c, t->right.literal, m);
}

static struct lint_meeting meet_value(struct lint_work *work, const struct policy_condition *c,
                                      const struct lint_source *s)
{
    struct lint_meeting m = { .may = false, .must = true };
    struct att_value v = { .kind = ATT_CLAIM_BOOL };

    if (s->has_value) {
        try_value(work, c, s->value, &m);
        return m;
    }
    if (s->kinds & LINT_BOOL) {
        try_value(work, c, v, &m);
        v.boolean = true;
        try_value(work, c, v, &m);
    }
    if (s->kinds & LINT_INT)
        try_integers(work, c, &m);
    if (s->kinds & LINT_STRING)
        try_strings(work, c, &m);
    return m;
}

static struct lint_meeting meet_type(struct lint_work *work, const struct policy_condition *c,
                                     const struct lint_source *s)
{
    struct att_value v = text_value(s->any_type ? att_span_of(fresh_bytes, 1) : s->type);
    bool fresh = all_hold(work, c, PROPERTY_TYPE, &v);
    struct lint_meeting m = { .may = fresh, .must = fresh && !s->any_type };

    for (const struct policy_test *t = c->tests; t && s->any_type && !m.may; t = t->next)
        if (t->property == PROPERTY_TYPE && !is_open(t))
            m.may = all_hold(work, c, PROPERTY_TYPE, &t->right.literal);
    return m;
}

static bool has_open_test(const struct policy_condition *c)
{
    for (const struct policy_test *t = c->tests; t; t = t->next)
        if (is_open(t))
            return true;
    return false;
}

const struct att_span *lint_type_of(const struct policy_condition *c)
{
    const struct policy_test *t = c->type_test;

    return t && t->right.kind == EXPR_LITERAL ? &t->right.literal.text : NULL;
}

struct lint_meeting lint_meet(struct lint_work *work, const struct policy_condition *c,
                              const struct lint_source *s)
{
    static const struct lint_meeting never = { false, false };

    if (work->steps_left == 0)
        return (struct lint_meeting){ .may = true };
    work->steps_left--;
    const struct att_span *wanted = lint_type_of(c);
    if (wanted && !s->any_type && !att_span_eq(*wanted, s->type))
        return never;
    struct att_value issuer = text_value(att_str(att_issuer_name(s->issuer)));
    struct lint_meeting type = meet_type(work, c, s);
    if (!type.may || !all_hold(work, c, PROPERTY_ISSUER, &issuer))
        return never;
    struct lint_meeting value = meet_value(work, c, s);
    if (work->steps_left == 0)
        return (struct lint_meeting){ .may = true };
    return (struct lint_meeting){ value.may, value.may && value.must && type.must && !has_open_test(c) };
}

/* -- claims of evidence ----------------------------------------------------------------------------------- */

enum { SGX = 1, TDX = 2, SNP = 4, TPM = 8, VBS = 16, GUEST = 32, ANY = 63 };
enum { ALWAYS = 1, TOKEN = 2, READ_ONLY = 4 };
enum { KINDS_BOOL = LINT_BOOL, KINDS_INT = LINT_INT, KINDS_STRING = LINT_STRING, KINDS_JSON = LINT_NO_KIND };

static const struct known_claim {
    unsigned evidence;
    const char *name;
    unsigned kinds;
    unsigned flags;
    const char *good;
    const char *bad;
} known[] = {
#define X(types_, name_, kind_, flags_, good_, bad_) { types_, name_, KINDS_##kind_, flags_, good_, bad_ },
#include "policy/known_claims.def"
#undef X
};

unsigned lint_evidence_of(const char *evidence_type)
{
    static const struct {
        const char *name;
        unsigned evidence;
    } rows[] = {
        { "sgx", SGX }, { "open-enclave", SGX }, { "tdx", TDX },           { "sev-snp", SNP },
        { "tpm", TPM }, { "vbs", VBS },          { "azure-guest", GUEST },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (strcmp(evidence_type, rows[i].name) == 0)
            return rows[i].evidence;
    return 0;
}

bool lint_has_custom_claims(unsigned evidence)
{
    return evidence & (TPM | VBS);
}

static void set_debug(struct lint_source *s, const char *text, enum lint_debug debug)
{
    s->debug = debug;
    s->has_value = true;
    s->value = text_value(att_str(text));
    if (s->kinds == LINT_BOOL)
        s->value = (struct att_value){ .kind = ATT_CLAIM_BOOL, .boolean = strcmp(text, "true") == 0 };
}

/* A guest's policy sees what the hardware under the guest says, if there is such hardware; tokens have it in an object. */
static bool is_of_hardware(const struct known_claim *k, unsigned evidence)
{
    return evidence & GUEST && !(k->evidence & GUEST) && k->evidence & (SNP | TDX) && k->kinds != KINDS_JSON;
}

bool lint_known_claim(unsigned evidence, size_t n, struct lint_source *ret)
{
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        const struct known_claim *k = &known[i];
        size_t count = k->good ? 2 : 1;
        bool inside = is_of_hardware(k, evidence);
        if (!(k->evidence & evidence) && !inside)
            continue;
        if (n >= count) {
            n -= count;
            continue;
        }
        *ret = (struct lint_source){ .type = att_str(k->name),
                                     .kinds = k->kinds,
                                     .issuer = ATT_ISSUER_SERVICE,
                                     .always = k->flags & ALWAYS && !inside,
                                     .in_token = k->flags & TOKEN && !inside,
                                     .read_only = k->flags & READ_ONLY };
        if (k->good)
            set_debug(ret, n == 0 ? k->good : k->bad, n == 0 ? LINT_DEBUG_OFF : LINT_DEBUG_ON);
        return true;
    }
    return false;
}
