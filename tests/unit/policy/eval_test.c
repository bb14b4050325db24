/* What the text cases cannot say: flags of claims, memory that runs out, work that is counted, outputs that stay,
 * many threads on one policy. */
#include <attest/policy.h>

#include "support/cases.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct cases cases = { .name = "policy/eval" };

#define CHECK(ok, ...) cases_check(&cases, ok, __VA_ARGS__)

static struct att_policy *compiled(const char *text)
{
    struct att_policy *policy = NULL;
    struct att_err err = { 0 };

    if (!att_policy_compile(att_str(text), NULL, &policy, NULL, &err)) {
        printf("%s\n", err.text);
        abort();
    }
    return policy;
}

/* About what an SGX quote gives, old names included. */
static bool add_sgx_claims(struct att_claims *set, struct att_err *err)
{
    static const char *const texts[] = { "x-ms-sgx-mrsigner",
                                         "x-ms-sgx-mrenclave",
                                         "$sgx-mrsigner",
                                         "$sgx-mrenclave",
                                         "x-ms-ver",
                                         "x-ms-policy-hash",
                                         "tcb-date",
                                         "tcb-status",
                                         "maa-ehd",
                                         "x-ms-sgx-config-id",
                                         "x-ms-sgx-isv-extended-product-id",
                                         "x-ms-sgx-isv-family-id",
                                         "qeid-hash",
                                         "tcb-hash",
                                         "crl-hash",
                                         "quote-hash" };
    static const char *const numbers[] = { "x-ms-sgx-product-id", "x-ms-sgx-svn",
                                           "$product-id",         "$svn",
                                           "x-ms-sgx-config-svn", "x-ms-sgx-tcbevaluationnumber" };
    bool ok = att_claims_add_bool(set, "x-ms-sgx-is-debuggable", false, ATT_CLAIM_IN_TOKEN, err) &&
              att_claims_add_bool(set, "$is-debuggable", false, 0, err) &&
              att_claims_add_text(set, "x-ms-attestation-type", att_str("sgx"), ATT_CLAIM_IN_TOKEN, err) &&
              att_claims_add_text(set, "$tee", att_str("sgx"), 0, err) &&
              att_claims_add_json(set, "x-ms-sgx-collateral", att_str("{}"), ATT_CLAIM_IN_TOKEN, err) &&
              att_claims_add_bool(set, "x-ms-compliance", true, ATT_CLAIM_IN_TOKEN, err);

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        ok = ok && att_claims_add_text(set, texts[i], att_str(texts[i]), ATT_CLAIM_IN_TOKEN, err);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        ok = ok && att_claims_add_int(set, numbers[i], (int64_t)i, ATT_CLAIM_IN_TOKEN, err);
    return ok;
}

struct answer {
    bool yes;
    struct att_err err;
    struct att_policy_result result;
    size_t incoming_count;
};

/* Evaluates over the SGX claims in an arena of this size; the caller frees the arena. */
static struct answer ask(const struct att_policy *policy, struct att_arena *arena,
                         const struct att_policy_options *options)
{
    struct answer a = { 0 };
    struct att_claims incoming;

    att_claims_init(&incoming, arena, NULL);
    if (add_sgx_claims(&incoming, &a.err))
        a.yes = att_policy_eval(policy, arena, &incoming, options, &a.result, &a.err);
    a.incoming_count = incoming.count;
    return a;
}

/* -- claims that a policy does not see, or may not issue --------------------------------------------- */

static const struct {
    const char *name;
    const char *policy;
    enum att_code want;
    size_t issued;
} flag_rows[] = {
    { "a JSON claim meets no condition", "version=1.0;authorizationrules{[type==\"json\"]=>permit();};",
      ATT_POLICY_NO_PERMIT, 0 },
    { "not even a != one", "version=1.0;authorizationrules{[type!=\"pcrs\",type!=\"plain\"]=>permit();};",
      ATT_POLICY_NO_PERMIT, 0 },
    { "a read-only claim can be tested",
      "version=1.0;authorizationrules{[type==\"pcrs\",value==\"x\"]=>permit();};", ATT_OK, 0 },
    { "its value cannot be issued",
      "version=1.0;authorizationrules{=>permit();};issuancerules{c:[type==\"pcrs\"]=>issue(type=\"a\",value="
      "c.value);};",
      ATT_POLICY_EVALUATION, 0 },
    { "nor can it be copied",
      "version=1.0;authorizationrules{=>permit();};issuancerules{c:[type==\"pcrs\"]=>issue(claim=c);};",
      ATT_POLICY_EVALUATION, 0 },
    { "it can be added",
      "version=1.0;authorizationrules{c:[type==\"pcrs\"]=>add(type=\"a\",value=c.value);[type==\"a\",value=="
      "\"x\"]"
      "=>permit();};",
      ATT_OK, 0 },
    { "but stays read-only",
      "version=1.0;authorizationrules{=>permit();c:[type==\"pcrs\"]=>add(type=\"a\",value=c.value);};"
      "issuancerules{c:[type==\"a\"]=>issue(type=\"b\",value=c.value);};",
      ATT_POLICY_EVALUATION, 0 },
    { "an equal claim that may be issued does not wash it",
      "version=1.0;authorizationrules{=>permit();=>add(type=\"a\",value=\"x\");"
      "c:[type==\"pcrs\"]=>add(type=\"a\",value=c.value);};"
      "issuancerules{c:[type==\"a\"]=>issue(type=\"b\",value=c.value);};",
      ATT_POLICY_EVALUATION, 0 },
    { "one among several stops it",
      "version=1.0;authorizationrules{=>permit();};issuancerules{c:[]=>issue(type=\"b\",value=c.value);};",
      ATT_POLICY_EVALUATION, 0 },
    { "its type is not read-only",
      "version=1.0;authorizationrules{=>permit();};issuancerules{c:[type==\"pcrs\"]=>issue(type=\"b\",value="
      "c.type);};",
      ATT_OK, 1 },
    { "issue in authorizationrules adds, which it may",
      "version=1.0;authorizationrules{c:[type==\"pcrs\"]=>issue(type=\"a\",value=c.value);[type==\"a\"]=>"
      "permit();};",
      ATT_OK, 0 },
};

static void flags(void)
{
    for (size_t i = 0; i < sizeof flag_rows / sizeof flag_rows[0]; i++) {
        struct att_policy *policy = compiled(flag_rows[i].policy);
        struct att_arena *arena = att_arena_new(1 << 20);
        struct att_claims incoming;
        struct att_policy_result result;
        struct att_err err = { 0 };

        att_claims_init(&incoming, arena, NULL);
        bool ready = att_claims_add_json(&incoming, "json", att_str("{}"), ATT_CLAIM_IN_TOKEN, &err) &&
                     att_claims_add_text(&incoming, "plain", att_str("y"), ATT_CLAIM_IN_TOKEN, &err) &&
                     att_claims_add_text(&incoming, "pcrs", att_str("x"), ATT_CLAIM_READ_ONLY, &err);
        bool yes = att_policy_eval(policy, arena, &incoming, NULL, &result, &err);
        CHECK(ready && err.code == flag_rows[i].want && yes == (err.code == ATT_OK) &&
                  result.authorized == yes && result.issued.count == flag_rows[i].issued,
              "%s: %s", flag_rows[i].name, err.text);
        for (size_t k = 0; k < result.issued.count; k++)
            CHECK(result.issued.items[k].flags == 0 && result.issued.items[k].issuer == ATT_ISSUER_POLICY,
                  "%s: an issued claim is the policy's", flag_rows[i].name);
        att_arena_free(arena);
        att_policy_free(policy);
    }
}

/* -- work and memory --------------------------------------------------------------------------------- */

/* With every step limit from none to enough: a limit turns the verdict into POLICY_EVALUATION, never into another. */
static void steps(const char *name, const char *text)
{
    struct att_policy *policy = compiled(text);
    struct att_limits limits = att_limits_default;
    struct att_arena *arena = att_arena_new(1 << 20);
    struct answer whole = ask(policy, arena, NULL);
    size_t needed = 0;

    for (size_t max = 0; max < 3000; max++) {
        struct att_arena *small = att_arena_new(1 << 20);
        limits.policy_steps_max = max;
        for (int trace = 0; trace < 2; trace++) {
            struct answer a = ask(policy, small, &(struct att_policy_options){ &limits, trace == 1 });
            bool same = a.yes == whole.yes && a.err.code == whole.err.code;
            CHECK(same || a.err.code == ATT_POLICY_EVALUATION, "%s: %zu steps: %s", name, max, a.err.text);
            CHECK(!needed || same, "%s: %zu steps are enough, %zu are not", name, needed, max);
            if (same && !trace && !needed)
                needed = max;
            CHECK(same == (needed > 0), "%s: %zu steps: the trace changes the verdict", name, max);
        }
        att_arena_free(small);
    }
    CHECK(needed > 0, "%s: needs more than 3000 steps", name);
    att_arena_free(arena);
    att_policy_free(policy);
}

/* With every arena from nothing to enough. */
static void memory(const char *name, const char *text, bool trace)
{
    struct att_policy *policy = compiled(text);
    struct att_arena *arena = att_arena_new(1 << 20);
    struct answer whole = ask(policy, arena, NULL);
    size_t refused = 0;

    for (size_t ceiling = 0; ceiling < 40000; ceiling += 16) {
        struct att_arena *small = att_arena_new(ceiling);
        struct answer a = ask(policy, small, &(struct att_policy_options){ NULL, trace });
        bool same = a.yes == whole.yes && a.err.code == whole.err.code;
        CHECK(same || (!a.yes && a.err.code == ATT_OUT_OF_MEMORY && !a.result.authorized),
              "%s: %zu bytes: %s", name, ceiling, a.err.text);
        refused += !same;
        att_arena_free(small);
    }
    CHECK(refused > 0 && refused < 40000 / 16, "%s: %zu arenas were too small", name, refused);
    att_arena_free(arena);
    att_policy_free(policy);
}

/* With every amount of working memory, and of text that claims may keep. */
static void function_memory(const char *name, const char *text)
{
    struct att_policy *policy = compiled(text);
    struct att_arena *arena = att_arena_new(1 << 20);
    struct answer whole = ask(policy, arena, NULL);

    for (int which = 0; which < 2; which++) {
        struct att_limits limits = att_limits_default;
        size_t refused = 0;
        bool enough = false;
        for (size_t max = 0; max < 16384; max += which ? 1 : 16) {
            struct att_arena *small = att_arena_new(1 << 20);
            *(which ? &limits.policy_text_bytes_max : &limits.policy_work_bytes_max) = max;
            struct answer a = ask(policy, small, &(struct att_policy_options){ &limits, false });
            bool same = a.yes == whole.yes && a.err.code == whole.err.code;
            CHECK(same || (a.err.code == ATT_POLICY_EVALUATION && !a.result.authorized),
                  "%s: limit %d of %zu bytes: %s", name, which, max, a.err.text);
            CHECK(same || !enough, "%s: limit %d: less was enough than %zu", name, which, max);
            refused += !same;
            enough = enough || same;
            att_arena_free(small);
        }
        CHECK(refused > 0 && enough, "%s: limit %d refused %zu times", name, which, refused);
    }
    att_arena_free(arena);
    att_policy_free(policy);
}

/* The default policy is run for every quote: over some 30 claims it makes no more than a few small arrays. */
static void frugal(void)
{
    struct att_span text = att_policy_default("sgx");
    struct att_policy *policy = NULL;
    struct att_err err = { 0 };
    struct att_limits limits = att_limits_default;
    struct att_arena *arena = att_arena_new(16 * 1024);

    CHECK(att_policy_compile(text, NULL, &policy, NULL, &err), "the default policy compiles: %s", err.text);
    limits.policy_steps_max = 500;
    struct answer a = ask(policy, arena, &(struct att_policy_options){ .limits = &limits });
    CHECK(a.yes && a.result.issued.count == 6, "500 steps and 16 kB are enough: %s", a.err.text);
    att_arena_free(arena);
    att_policy_free(policy);
}

/* Selections of one rule do not outlive it: 900 rules that bind 28 claims each need no more than one. */
static void many_rules(void)
{
    enum { RULES = 900 };
    static const char head[] = "version=1.0;authorizationrules{=>permit();";
    static const char rule[] = "c:[]&&[type==c.type]=>permit();";
    static char text[sizeof head + RULES * sizeof rule + 8];
    struct att_arena *arena = att_arena_new(16 * 1024);
    size_t at = (size_t)snprintf(text, sizeof text, "%s", head);

    for (int i = 0; i < RULES; i++)
        at += (size_t)snprintf(text + at, sizeof text - at, "%s", rule);
    (void)snprintf(text + at, sizeof text - at, "};");
    struct att_policy *policy = compiled(text);
    struct answer a = ask(policy, arena, NULL);
    CHECK(a.yes, "16 kB are enough for %d rules: %s", RULES, a.err.text);
    att_arena_free(arena);
    att_policy_free(policy);
}

/* -- outputs ----------------------------------------------------------------------------------------- */

static void outputs(void)
{
    struct att_policy *marker = compiled("version=1.0;authorizationrules{};");
    struct att_policy *policy = marker;
    struct att_policy_place place = { 77, 78 };
    struct att_err err = { 0 };
    struct att_err earlier = { .code = ATT_QUOTE_LENGTH, .text = "earlier" };
    struct att_arena *arena = att_arena_new(1 << 20);

    CHECK(!att_policy_compile(att_str("version=1.0"), NULL, &policy, NULL, NULL) && policy == marker,
          "a refusal leaves the policy alone, and needs neither place nor error");
    CHECK(!att_policy_compile(att_str("x"), NULL, &policy, NULL, &earlier) &&
              earlier.code == ATT_QUOTE_LENGTH && strcmp(earlier.text, "earlier") == 0,
          "the first failure wins");
    struct att_policy *good = NULL;
    CHECK(att_policy_compile(att_str("version=1.0;authorizationrules{};"), NULL, &good, &place, &err) &&
              place.line == 77 && place.column == 78 && err.code == ATT_OK,
          "success leaves place and error alone");
    CHECK(strcmp(att_policy_version(good), "1.0") == 0, "version");
    att_policy_free(good);
    att_policy_free(NULL);

    earlier = (struct att_err){ .code = ATT_QUOTE_LENGTH, .text = "earlier" };
    struct att_claims incoming;
    struct att_policy_result result;
    att_claims_init(&incoming, arena, NULL);
    CHECK(!att_policy_eval(marker, arena, &incoming, NULL, &result, &earlier) &&
              strcmp(earlier.text, "earlier") == 0,
          "a denial does not hide an earlier failure");
    CHECK(!att_policy_eval(marker, arena, &incoming, NULL, &result, NULL) && !result.authorized &&
              !result.trace,
          "no error wanted");
    att_arena_free(arena);
    att_policy_free(marker);
}

static void configure(void)
{
    struct att_policy *policy = compiled(
        "version=1.1;configurationrules{=>issueproperty(type=\"required_pcr_mask\",value=15);};"
        "authorizationrules{=>deny();};issuancerules{=>issueproperty(type=\"omit_x5c\",value=true);};");
    struct att_policy *broken = compiled(
        "version=1.1;configurationrules{c:[]=>issueproperty(type=\"required_pcr_mask\",value=c.type);};"
        "authorizationrules{};");
    struct att_policy *plain = compiled("version=1.0;authorizationrules{=>deny();};");
    struct att_arena *arena = att_arena_new(1 << 20);
    struct att_claims incoming, properties, before;
    struct att_err err = { 0 };

    att_claims_init(&incoming, arena, NULL);
    att_claims_init(&properties, arena, NULL);
    CHECK(att_policy_configure(policy, arena, &incoming, NULL, &properties, &err) && properties.count == 1 &&
              properties.items[0].value.integer == 15,
          "only the configuration section runs");
    CHECK(att_claims_find(&incoming, "required_pcr_mask", ATT_ISSUER_POLICY) != NULL,
          "later rules see the property");
    before = properties;
    CHECK(!att_policy_configure(broken, arena, &incoming, NULL, &properties, &err) &&
              err.code == ATT_POLICY_EVALUATION && memcmp(&before, &properties, sizeof before) == 0,
          "a failure leaves the properties alone: %s", err.text);
    err = (struct att_err){ 0 };
    CHECK(att_policy_configure(plain, arena, &incoming, NULL, &properties, &err) && properties.count == 0,
          "a policy without the section sets nothing");
    att_arena_free(arena);
    att_policy_free(policy);
    att_policy_free(broken);
    att_policy_free(plain);
}

/* -- threads ----------------------------------------------------------------------------------------- */

static void *evaluate_often(void *arg)
{
    const struct att_policy *policy = arg;
    uintptr_t wrong = 0;

    for (int i = 0; i < 200; i++) {
        struct att_arena *arena = att_arena_new(1 << 20);
        struct answer a = ask(policy, arena, &(struct att_policy_options){ .trace = i % 2 == 1 });
        wrong += !a.yes || a.result.issued.count != 6;
        att_arena_free(arena);
    }
    return (void *)wrong;
}

/* Six claims come of it. */
static const char functions[] =
    "version=1.2;configurationrules{![type==\"x-ms-sgx-svn\"]=>issueproperty(type=\"p\",value=NegateBool("
    "false));};"
    "authorizationrules{[type==AppendString(\"x-ms-\",\"ver\")] && "
    "![type==\"none\",value==NegateBool(true)]=>permit();};"
    "issuancerules{"
    "=>issue(type=\"a\",value=JsonToClaimValue(JmesPath(\"{\\\"a\\\":[1,null,\\\"x\\u00e9\\\"]}\",\"a\")));"
    "c:[type==\"a\"]=>issue(type=\"b\",value=IsSubsetOf(c.value,JsonToClaimValue(\"[true,1,\\\"xé\\\"]\")));"
    "c:[type==\"a\"]=>issue(type=\"c\",value=ContainsOnlyValue(c.value,1));"
    "=>issue(type=\"d\",value=AppendString(AppendString(\"1123456789\",\"\"),JmesPath(\"[7]\",AppendString("
    "\"[0\",\"]\"))));"
    "c:[type==\"d\"]=>issue(type=\"e\",value=JmesPath(c.value,\"@\"));};";

static void threads(const char *text)
{
    struct att_policy *policy = compiled(text);
    pthread_t ids[4];

    for (size_t i = 0; i < 4; i++)
        CHECK(pthread_create(&ids[i], NULL, evaluate_often, policy) == 0, "a thread starts");
    for (size_t i = 0; i < 4; i++) {
        void *wrong = NULL;
        CHECK(pthread_join(ids[i], &wrong) == 0 && wrong == NULL, "a thread saw another verdict");
    }
    att_policy_free(policy);
}

static const char *text_of_default(void)
{
    return (const char *)att_policy_default("sgx").ptr;
}

/* Calls as deep as the limit are evaluated as any other. */
static void deep_calls(void)
{
    char text[2048];
    size_t at = (size_t)snprintf(text, sizeof text,
                                 "version=1.2;authorizationrules{=>permit();};issuancerules{=>issue("
                                 "type=\"a\",value=");

    for (size_t i = 0; i < att_limits_default.policy_depth_max; i++)
        at += (size_t)snprintf(text + at, sizeof text - at, "NegateBool(");
    at += (size_t)snprintf(text + at, sizeof text - at, "true");
    for (size_t i = 0; i < att_limits_default.policy_depth_max; i++)
        at += (size_t)snprintf(text + at, sizeof text - at, ")");
    (void)snprintf(text + at, sizeof text - at, ");};");
    struct att_policy *policy = compiled(text);
    struct att_arena *arena = att_arena_new(16 * 1024);
    struct answer a = ask(policy, arena, NULL);
    CHECK(a.yes && a.result.issued.count == 1 && a.result.issued.items[0].value.boolean,
          "64 times not true: %s", a.err.text);
    att_arena_free(arena);
    att_policy_free(policy);
}

/* More queries than are kept compiled, of a policy and of an evaluation: all give what they should. */
static void many_queries(void)
{
    enum { RULES = 400 };
    static char text[RULES * 200];
    size_t at =
        (size_t)snprintf(text, sizeof text, "version=1.2;authorizationrules{=>permit();};issuancerules{");
    struct att_arena *arena = att_arena_new(1 << 20);

    for (int i = 0; i < RULES; i++)
        at += (size_t)snprintf(
            text + at, sizeof text - at,
            "=>issue(type=\"a%d\",value=AppendString(JmesPath(\"1\",\"`%d`\"),JmesPath(\"1\","
            "AppendString(\"`%d\",\"`\"))));",
            i, i, i + 1000);
    (void)snprintf(text + at, sizeof text - at, "};");
    struct att_policy *policy = compiled(text);
    struct answer a = ask(policy, arena, NULL);
    CHECK(a.yes && a.result.issued.count == RULES, "%d rules: %s", RULES, a.err.text);
    for (size_t i = 0; i < a.result.issued.count; i++) {
        char want[32];
        (void)snprintf(want, sizeof want, "%zu%zu", i, i + 1000);
        CHECK(att_span_is(a.result.issued.items[i].value.text, want), "rule %zu: %.*s", i,
              (int)a.result.issued.items[i].value.text.len,
              (const char *)a.result.issued.items[i].value.text.ptr);
    }
    att_arena_free(arena);
    att_policy_free(policy);
}

/* Texts that functions make come to stand where earlier ones stood, here as long as those and with other values at other
 * places: none is taken for another. */
static long long wanted_of(int i)
{
    return i % 2 ? 1000 + i : 100 + i;
}

static void many_texts(void)
{
    enum { RULES = 800 };
    static char text[RULES * 120];
    size_t at =
        (size_t)snprintf(text, sizeof text, "version=1.2;authorizationrules{=>permit();};issuancerules{");
    struct att_arena *arena = att_arena_new(1 << 20);

    for (int i = 0; i < RULES; i++)
        at += (size_t)snprintf(
            text + at, sizeof text - at,
            "=>issue(type=\"a\",value=JsonToClaimValue(JmesPath(AppendString(\"[%lld,%s\",\"]\"),"
            "\"[0]\")));",
            wanted_of(i), i % 2 ? "1" : "22");
    (void)snprintf(text + at, sizeof text - at, "};");
    struct att_policy *policy = compiled(text);
    struct answer a = ask(policy, arena, NULL);
    CHECK(a.yes && a.result.issued.count == RULES, "%zu different values: %s", a.result.issued.count,
          a.err.text);
    for (size_t i = 0; i < a.result.issued.count; i++)
        CHECK(a.result.issued.items[i].value.integer == wanted_of((int)i), "value %zu is %lld", i,
              (long long)a.result.issued.items[i].value.integer);
    att_arena_free(arena);
    att_policy_free(policy);
}

int main(void)
{
    static const char sets[] =
        "version=1.0;authorizationrules{a:[type==\"x-ms-sgx-svn\"] && b:[value!=a.value] => "
        "add(type=\"seen\",value=b.value);[type==\"seen\",value==false]=>permit();};"
        "issuancerules{c:[type==\"seen\"]=>issue(claim=c);};";
    static const char denies[] =
        "version=1.0;authorizationrules{=>permit();[type==\"x-ms-sgx-svn\",value==1]=>deny();};";

    static const char misses[] =
        "version=1.0;authorizationrules{[type==\"a\"]=>deny();a:[type==\"x-ms-sgx-svn\"] && "
        "[value==a.value,type==\"none\"]=>deny();[type==\"x-ms-ver\"]=>permit();"
        "[type==\"b\"]=>deny();};";

    flags();
    steps("permit with sets", sets);
    steps("deny", denies);
    steps("rules that do not fire", misses);
    memory("permit with sets", sets, false);
    memory("permit with sets, traced", sets, true);
    memory("deny", denies, false);
    frugal();
    many_rules();
    outputs();
    configure();
    steps("functions", functions);
    memory("functions", functions, false);
    memory("functions, traced", functions, true);
    function_memory("functions", functions);
    deep_calls();
    many_queries();
    many_texts();
    threads(text_of_default());
    threads(functions);
    return cases_report(&cases);
}
