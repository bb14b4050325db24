/* layers: attest policy claims base codec */
/* Policies: compiling, evaluating, hashing; and the claims they are tried on. The steps count as in peace. */
#include "torture/torture.h"

#include <attest/policy.h>

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"

static struct cases cases = { .name = "torture.policy" };

/* Every action, section, comparison, literal and way of taking a value. */
static const char whole_text[] =
    "version= 1.1;\n"
    "configurationrules{\n"
    " => issueproperty(type=\"required_pcr_mask\", value=15);\n"
    " c:[type==\"free\"] => issueproperty(type=\"of my own\", value=c.type);\n"
    "};\n"
    "authorizationrules{\n"
    " a:[type==\"svn\", value>=1] && b:[type!=\"svn\", value==a.value] => add(type=\"both\", "
    "value=b.value);\n"
    " c:[valueType==\"Integer\", value<100, value<=99, value>-1] => add(claim=c);\n"
    " [type==\"debug\", value==true] => deny();\n"
    " [issuer==\"AttestationPolicy\"] && [] => permit();\n"
    " c:[type==\"name\"] => issue(type=\"quoted \\\"\\\\\", value=c.value, valueType=\"String\");\n"
    "};\n"
    "issuancerules{\n"
    " c:[type==\"name\"] => issue(type=\"who\", value=c.value);\n"
    " c:[type==\"svn\"] => issue(type=\"from\", value=c.issuer);\n"
    " => issue(type=\"fixed\", value=-7);\n"
    " => issueproperty(type=\"omit_x5c\", value=false);\n"
    " c:[issuer==\"CustomClaim\"] => issue(claim=c);\n"
    "};\n";

static const char denying_text[] =
    "version= 1.0;authorizationrules{ [type==\"svn\"] => add(type=\"x\", value=1);"
    " [type==\"x\"] => deny(); => permit(); };";
static const char idle_text[] = "version= 1.0;authorizationrules{ c:[type==\"absent\"] => permit(); };";
static const char broken_text[] = "version= 1.0;authorizationrules{ c:[type==\"\\\"\"] => permit() };";
static const char wrong_text[] = "version= 1.0;authorizationrules{ => add(type=\"a\", value=c.value); };";

static const char claims_text[] =
    "[{\"type\":\"svn\",\"value\":3,\"issuer\":\"AttestationService\"},{\"type\":\"d\\u0065bug\",\"value\":"
    "false},"
    "{\"type\":\"name\",\"value\":[\"a\\u006ena\",\"otto\"],\"valueType\":\"Str\\u0069ng\"},"
    "{\"type\":\"level\",\"value\":3,\"issuer\":\"Custom\\u0043laim\"},{\"typ\\u0065\":\"iss\",\"value\":"
    "\"x\"}]";
static const char object_text[] = "{\"sv\\u006e\":[1,2,3],\"name\":\"a\",\"debug\":true}";

struct scene {
    const char *text;
    enum att_code expected;
    bool trace;
    const struct att_policy *policy;
    const char *claims;
    struct att_buf right;
};

static enum torture_answer compared(struct scene *s, const struct att_buf *now)
{
    if (s->right.len == 0)
        att_buf_put(&s->right, att_buf_span(now));
    if (!now->failed && att_span_eq(att_buf_span(now), att_buf_span(&s->right)))
        return TORTURE_RIGHT;
    return torture_wrong("%.*s instead of %.*s", (int)now->len, (const char *)now->ptr, (int)s->right.len,
                         (const char *)s->right.ptr);
}

static void put_claims(struct att_buf *b, const struct att_claims *set)
{
    for (size_t i = 0; i < set->count; i++) {
        const struct att_claim *c = &set->items[i];
        att_buf_put(b, c->type);
        att_buf_printf(b, "/%d/%d/%lld/%d/", (int)c->issuer, (int)c->value.kind, (long long)c->value.integer,
                       c->value.boolean);
        att_buf_put(b, c->value.text);
        att_buf_putc(b, ' ');
    }
    att_buf_putc(b, ';');
}

/* A refusal that peace gives too is the right answer. */
static enum torture_answer refused(const struct scene *s, const struct att_err *err)
{
    return s->expected != ATT_OK && err->code == s->expected ? TORTURE_RIGHT : TORTURE_REFUSED;
}

static enum torture_answer compile(void *state, struct att_err *err)
{
    struct scene *s = state;
    struct att_policy *p = NULL;
    struct att_policy_place place;
    enum torture_answer answer = TORTURE_RIGHT;

    bool ok = att_policy_compile(att_str(s->text), NULL, &p, &place, err);
    torture_rest();
    if (!ok)
        answer = refused(s, err);
    else if (s->expected != ATT_OK || !att_span_is(att_policy_text(p), s->text))
        answer = torture_wrong("compiled what is no policy, or another text");
    att_policy_free(p);
    return answer;
}

static enum torture_answer no_arena(struct att_err *err)
{
    torture_rest();
    *err = (struct att_err){ .code = ATT_OUT_OF_MEMORY, .where = "arena", .text = "no arena" };
    return TORTURE_REFUSED;
}

static enum torture_answer evaluated(struct scene *s, const struct att_claims *in,
                                     const struct att_policy_result *r)
{
    struct att_buf now = { 0 };

    if (s->expected != ATT_OK)
        return torture_wrong("authorized");
    put_claims(&now, in);
    put_claims(&now, &r->issued);
    put_claims(&now, &r->properties);
    for (size_t i = 0; i < r->trace_count; i++)
        att_buf_put(&now, r->trace[i].reason);
    enum torture_answer answer = compared(s, &now);
    att_buf_free(&now);
    return answer;
}

static enum torture_answer evaluate(void *state, struct att_err *err)
{
    struct scene *s = state;
    const struct att_policy_options o = { .trace = s->trace };
    struct att_policy_result r = { 0 };
    struct att_claims in;
    enum torture_answer answer = TORTURE_REFUSED;
    struct att_arena *a = att_arena_new((size_t)1 << 20);

    if (!a)
        return no_arena(err);
    att_claims_init(&in, a, &att_limits_default);
    if (att_claims_read_json(&in, att_str(s->claims), err)) {
        bool ok = att_policy_eval(s->policy, a, &in, &o, &r, err);
        torture_rest();
        if (ok != r.authorized)
            answer = torture_wrong("answer and result differ");
        else if (!ok && r.issued.count > 0)
            answer = torture_wrong("issued on the way to a no");
        else
            answer = ok ? evaluated(s, &in, &r) : refused(s, err);
    }
    torture_rest();
    att_arena_free(a);
    return answer;
}

static enum torture_answer configure(void *state, struct att_err *err)
{
    struct scene *s = state;
    struct att_claims in, properties;
    enum torture_answer answer = TORTURE_REFUSED;
    struct att_arena *a = att_arena_new((size_t)1 << 20);

    if (!a)
        return no_arena(err);
    att_claims_init(&in, a, &att_limits_default);
    if (att_policy_configure(s->policy, a, &in, NULL, &properties, err)) {
        struct att_buf now = { 0 };
        torture_rest();
        put_claims(&now, &properties);
        answer = compared(s, &now);
        att_buf_free(&now);
    }
    torture_rest();
    att_arena_free(a);
    return answer;
}

static enum torture_answer claims(void *state, struct att_err *err)
{
    struct scene *s = state;
    struct att_claims set;
    struct att_arena *a = att_arena_new((size_t)1 << 20);
    enum torture_answer answer = TORTURE_REFUSED;

    if (!a)
        return no_arena(err);
    att_claims_init(&set, a, &att_limits_default);
    bool ok = att_claims_read_json(&set, att_str(s->claims), err);
    torture_rest();
    struct att_buf now = { 0 };
    put_claims(&now, &set);
    if (ok)
        answer = compared(s, &now);
    else if (set.count > 0)
        answer = torture_wrong("kept %zu claims of a text that was refused", set.count);
    att_buf_free(&now);
    att_arena_free(a);
    return answer;
}

static enum torture_answer hash(void *state, struct att_err *err)
{
    struct scene *s = state;
    char text[44] = "untouched";

    bool ok = att_policy_hash(att_policy_default("sgx"), text, err);
    torture_rest();
    if (!ok)
        return strcmp(text, "untouched") == 0 ? refused(s, err) : torture_wrong("changed the output");
    /* As published for this policy. */
    return strcmp(text, "bROrN897ZfWmWY2V0FLUlu3uwk5xatGnKYHn3zBbSlw") == 0 ? TORTURE_RIGHT
                                                                            : torture_wrong("%s", text);
}

static struct att_policy *policy_of(const char *text)
{
    struct att_policy *p = NULL;
    struct att_err err = { 0 };

    if (att_policy_compile(att_str(text), NULL, &p, NULL, &err))
        return p;
    printf("%s\n", err.text);
    exit(1);
}

int main(void)
{
    torture_start();
    const char *default_text = (const char *)att_policy_default("sgx").ptr;
    struct att_policy *by_default = policy_of(default_text), *whole = policy_of(whole_text),
                      *denying = policy_of(denying_text), *idle = policy_of(idle_text);
    struct scene scenes[] = {
        { .text = default_text },
        { .text = whole_text },
        { .text = broken_text, .expected = ATT_POLICY_SYNTAX },
        { .text = wrong_text, .expected = ATT_POLICY_RULE },
        { .policy = by_default, .claims = claims_text },
        { .policy = whole, .claims = claims_text },
        { .policy = whole, .claims = claims_text, .trace = true },
        { .policy = denying, .claims = claims_text, .trace = true, .expected = ATT_POLICY_DENIED },
        { .policy = idle, .claims = claims_text, .trace = true, .expected = ATT_POLICY_NO_PERMIT },
        { .policy = whole },
        { .claims = claims_text },
        { .claims = object_text },
        { .text = NULL },
    };
    const struct torture_flow flows[] = {
        { "compile the default", compile, NULL, &scenes[0], false },
        { "compile every construct", compile, NULL, &scenes[1], false },
        { "compile a syntax error", compile, NULL, &scenes[2], false },
        { "compile a broken rule", compile, NULL, &scenes[3], false },
        { "evaluate the default", evaluate, NULL, &scenes[4], true },
        { "evaluate every construct", evaluate, NULL, &scenes[5], true },
        { "evaluate every construct, traced", evaluate, NULL, &scenes[6], true },
        { "deny, traced", evaluate, NULL, &scenes[7], true },
        { "no permit, traced", evaluate, NULL, &scenes[8], true },
        { "configure", configure, NULL, &scenes[9], true },
        { "claims from an array", claims, NULL, &scenes[10], false },
        { "claims from an object", claims, NULL, &scenes[11], false },
        { "hash", hash, NULL, &scenes[12], false },
    };
    for (size_t i = 0; i < sizeof flows / sizeof flows[0]; i++) {
        torture_flow(&cases, &flows[i]);
        att_buf_free(&scenes[i].right);
    }
    att_policy_free(by_default);
    att_policy_free(whole);
    att_policy_free(denying);
    att_policy_free(idle);
    return cases_report(&cases);
}
