/* layers: attest makers base codec */
/* Attestation: from a fresh library to a verdict, and with a library and snapshot that live on, chain known or not. */
#include "torture/torture.h"

#include "base/buf.h"
#include "unit/attest/fixture.h"

static struct cases cases = { .name = "torture.evidence" };

/* Every action, a bound name, an ordered value, and a rule that does not fire. */
static const char policy_text[] =
    "version= 1.1;\n"
    "configurationrules{ => issueproperty(type=\"x-ms-sgx-tcbidentifier\", value=\"17\"); };\n"
    "authorizationrules{\n"
    " c:[type==\"x-ms-sgx-svn\", value>=1] => add(type=\"new enough\", value=c.value);\n"
    " [type==\"x-ms-sgx-is-debuggable\", value==true] => deny();\n"
    " [type==\"new enough\", issuer==\"AttestationPolicy\"] => permit();\n"
    "};\n"
    "issuancerules{ c:[type==\"x-ms-sgx-mrsigner\"] => issue(type=\"signer \\\"of it\\\"\", value=c.value); "
    "};\n";

struct scene {
    const char *type;
    struct mk_evidence ev;
    enum att_code expected; /* ATT_OK: accepted */
    bool full;              /* policy, trace, description, JSON data */
    const struct att_policy *policy;
    /* keeps */
    struct att_lib *lib;
    struct att_collateral *collateral;
    struct att_arena *arena;
    const struct mk_evidence *evict; /* other evidence, to push the chain out of a cache of one */
    struct att_buf right;            /* the verdict of peace */
};

static void put_claims(struct att_buf *b, const char *name, const struct att_claims *set)
{
    att_buf_printf(b, "%s %zu\n", name, set->count);
    for (size_t i = 0; i < set->count; i++) {
        const struct att_claim *c = &set->items[i];
        att_buf_put(b, c->type);
        att_buf_printf(b, " %d %u %d %d %lld ", (int)c->issuer, c->flags, (int)c->value.kind,
                       c->value.boolean, (long long)c->value.integer);
        att_buf_put(b, c->value.text);
        att_buf_putc(b, '\n');
    }
}

/* Everything that a caller would use, as text, to compare. */
static void put_verdict(struct att_buf *b, const struct att_verdict *v)
{
    att_buf_printf(b, "%d %s %d %d %d %d %u %zu %zu\n", v->accepted, v->attestation_type, v->test_root,
                   (int)v->tcb.status, (int)v->tcb.platform, (int)v->tcb.qe, v->tcb.evaluation_number,
                   v->tcb.advisory_count, v->tcb.shortfall_count);
    put_claims(b, "claims", &v->claims);
    put_claims(b, "issued", &v->policy.issued);
    put_claims(b, "properties", &v->policy.properties);
    for (size_t i = 0; i < v->policy.trace_count; i++) {
        att_buf_printf(b, "%d %u ", (int)v->policy.trace[i].kind, v->policy.trace[i].condition);
        att_buf_put(b, v->policy.trace[i].reason);
        att_buf_putc(b, '\n');
    }
    att_buf_put(b, v->evidence_json);
}

static enum torture_answer accepted(struct scene *s, const struct att_verdict *v)
{
    struct att_buf now = { 0 };

    put_verdict(&now, v);
    if (s->right.len == 0)
        att_buf_put(&s->right, att_buf_span(&now));
    bool same = !now.failed && att_span_eq(att_buf_span(&now), att_buf_span(&s->right));
    size_t len = now.len;
    att_buf_free(&now);
    if (!same)
        return torture_wrong("accepted with another content: %zu bytes, not %zu", len, s->right.len);
    return TORTURE_RIGHT;
}

static enum torture_answer judged(struct scene *s, bool ok, const struct att_verdict *v, struct att_err *err)
{
    torture_rest();
    *err = v->err;
    if (ok != v->accepted || ok != (v->err.code == ATT_OK))
        return torture_wrong("answer, verdict and reason differ");
    if (!ok && (v->policy.authorized || v->policy.issued.count > 0))
        return torture_wrong("refused, and authorized or issued all the same");
    if (ok)
        return s->expected == ATT_OK ? accepted(s, v) : torture_wrong("bad evidence is accepted");
    if (s->expected != ATT_OK && v->err.code == s->expected)
        return TORTURE_RIGHT;
    return TORTURE_REFUSED;
}

static struct att_attest_in input(const struct scene *s, const struct att_collateral *c)
{
    struct att_attest_in in = in_of(&s->ev, c);

    in.evidence_type = s->type;
    if (strcmp(s->type, "open-enclave") == 0)
        in.evidence = mk_item(&s->ev, MK_REPORT);
    in.runtime.json = s->full;
    in.policy = s->full ? s->policy : NULL;
    in.trace = s->full;
    in.describe = s->full;
    return in;
}

/* A snapshot that is made although something failed must be whole. */
static bool all_usable(const struct att_collateral *c)
{
    struct att_collateral_row rows[4];

    size_t count = att_collateral_rows(c, rows, 4);
    for (size_t i = 0; i < count; i++)
        if (rows[i].refusal.code != ATT_OK) {
            (void)torture_wrong("kept a refused %s: %s", rows[i].item, rows[i].refusal.text);
            return false;
        }
    return true;
}

static enum torture_answer from_nothing(void *state, struct att_err *err)
{
    struct scene *s = state;
    struct att_root root = { .pem = mk_item(&s->ev, MK_ROOT_CA), .test_root = true };
    struct att_lib_options options = {
        .size = sizeof options, .roots = &root, .root_count = 1, .chain_cache_entries = 8
    };
    struct att_dcap_bundle bundle = bundle_of(&s->ev);
    struct att_lib *lib = NULL;
    struct att_collateral *c = NULL;
    struct att_verdict v;
    enum torture_answer answer = TORTURE_REFUSED;

    struct att_arena *arena = att_arena_new(att_limits_default.arena_bytes_max);
    if (!arena) {
        (void)snprintf(err->where, sizeof err->where, "arena");
        (void)snprintf(err->text, sizeof err->text, "no arena");
        err->code = ATT_OUT_OF_MEMORY;
    } else if (att_lib_new(&options, &lib, err) &&
               att_collateral_new(lib,
                                  &(struct att_collateral_in){ .size = sizeof(struct att_collateral_in),
                                                               .dcap = &bundle,
                                                               .dcap_count = 1 },
                                  &c, err)) {
        struct att_attest_in in = input(s, c);
        bool ok = att_attest(lib, arena, &in, &v);
        answer = judged(s, ok, &v, err);
        if (!all_usable(c))
            answer = TORTURE_WRONG;
    }
    torture_rest();
    if ((!lib || !c) && err->code == ATT_OK)
        answer = torture_wrong("refused without a code");
    att_collateral_free(c);
    att_lib_free(lib);
    att_arena_free(arena);
    return answer;
}

static enum torture_answer again(void *state, struct att_err *err)
{
    struct scene *s = state;
    struct att_attest_in in = input(s, s->collateral);
    struct att_verdict v;

    bool ok = att_attest(s->lib, s->arena, &in, &v);
    enum torture_answer answer = judged(s, ok, &v, err);
    att_arena_free(s->arena);
    s->arena = NULL;
    return answer;
}

static enum torture_answer described(void *state, struct att_err *err)
{
    struct scene *s = state;
    struct att_span json = { 0 };
    enum torture_answer answer = TORTURE_REFUSED;

    bool ok = att_describe(s->lib, s->arena, s->type,
                           mk_item(&s->ev, strcmp(s->type, "sgx") == 0 ? MK_QUOTE : MK_REPORT), &json, err);
    torture_rest();
    if (ok && s->right.len == 0)
        att_buf_put(&s->right, json);
    if (ok)
        answer = att_span_eq(json, att_buf_span(&s->right))
                     ? TORTURE_RIGHT
                     : torture_wrong("described as %.*s", (int)json.len, (const char *)json.ptr);
    att_arena_free(s->arena);
    s->arena = NULL;
    return answer;
}

static void warm(void *state)
{
    struct scene *s = state;

    s->arena = arena_new();
}

static void cold(void *state)
{
    struct scene *s = state;
    struct att_attest_in in = in_of(s->evict, s->collateral);
    struct att_verdict v;

    s->arena = arena_new();
    /* Another machine's collateral: refused behind the chain, which now is the one in the cache. */
    need(!att_attest(s->lib, s->arena, &in, &v) && v.err.code == ATT_CRL_ISSUER_MISMATCH, "evict", &v.err);
    att_arena_reset(s->arena);
}

static struct att_policy *policy_of(const char *text)
{
    struct att_policy *p = NULL;
    struct att_err err = { 0 };

    need(att_policy_compile(att_str(text), NULL, &p, NULL, &err), "att_policy_compile", &err);
    return p;
}

int main(void)
{
    enum { NOTHING = 1, KNOWN = 2, NEW = 4, DESCRIBED = 8 };
    static const struct {
        const char *name, *type;
        enum mk_break broken;
        bool full;
        unsigned kinds;
    } rows[] = {
        { "sgx, good", "sgx", MK_BREAK_NONE, false, NOTHING | KNOWN | NEW | DESCRIBED },
        { "sgx, good, policy", "sgx", MK_BREAK_NONE, true, KNOWN | NEW },
        { "sgx, broken signature", "sgx", MK_BREAK_QUOTE_SIGNATURE, false, KNOWN | NEW },
        { "sgx, broken signature, policy", "sgx", MK_BREAK_QUOTE_SIGNATURE, true, KNOWN },
        { "sgx, other runtime data", "sgx", MK_BREAK_RUNTIME_DATA, false, KNOWN },
        { "sgx, other runtime data, policy", "sgx", MK_BREAK_RUNTIME_DATA, true, NEW },
        { "sgx, revoked", "sgx", MK_BREAK_PCK_IS_REVOKED, false, NEW },
        { "sgx, bad chain, policy", "sgx", MK_BREAK_CHAIN_DER, true, KNOWN | DESCRIBED },
        { "sgx, leaf signed by a stranger", "sgx", MK_BREAK_PCK_SIGNATURE, false, NOTHING | KNOWN },
        { "sgx, level too low", "sgx", MK_BREAK_TCB_BELOW_ALL, false, KNOWN },
        { "open-enclave, good", "open-enclave", MK_BREAK_NONE, false, KNOWN | DESCRIBED },
        { "open-enclave, good, policy", "open-enclave", MK_BREAK_NONE, true, NOTHING | KNOWN },
        { "open-enclave, broken signature", "open-enclave", MK_BREAK_QUOTE_SIGNATURE, false, KNOWN },
        { "open-enclave, broken signature, policy", "open-enclave", MK_BREAK_QUOTE_SIGNATURE, true, KNOWN },
    };

    torture_start();
    struct mk_hardware *hw[2] = { hardware_new(), hardware_new() };
    struct att_policy *policy = policy_of(policy_text);
    struct mk_sgx_options options;
    struct mk_evidence other;

    mk_sgx_defaults(&options, FIXTURE_NOW);
    evidence_new(hw[1], &options, &other);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct scene s = { .type = rows[i].type, .full = rows[i].full, .policy = policy, .evict = &other };
        char name[4][96];
        mk_sgx_defaults(&options, FIXTURE_NOW);
        options.broken = rows[i].broken;
        options.runtime_data = att_str("{\"b\":[1,\"\\u0041\"],\"a\":{\"z\":null}}");
        evidence_new(hw[0], &options, &s.ev);
        s.expected = s.ev.expected_code;
        s.lib = lib_new(hw, 2, 1);
        s.collateral = collateral_of(s.lib, &s.ev);
        const struct torture_flow flows[] = {
            { name[0], from_nothing, NULL, &s, false },
            { name[1], again, warm, &s, true },
            { name[2], again, cold, &s, true },
            { name[3], described, warm, &s, true },
        };
        static const char *const kinds[] = { "from nothing", "chain known", "chain new", "described" };
        for (size_t k = 0; k < sizeof flows / sizeof flows[0]; k++) {
            if (!(rows[i].kinds >> k & 1))
                continue;
            (void)snprintf(name[k], sizeof name[k], "%s, %s", rows[i].name, kinds[k]);
            torture_flow(&cases, &flows[k]);
            att_buf_free(&s.right);
        }
        att_collateral_free(s.collateral);
        att_lib_free(s.lib);
        mk_evidence_free(&s.ev);
    }
    mk_evidence_free(&other);
    att_policy_free(policy);
    mk_hardware_free(hw[0]);
    mk_hardware_free(hw[1]);
    return cases_report(&cases);
}
