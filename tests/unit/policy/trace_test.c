/* layers: policy claims codec base */
/* The fields of a trace, the explanation as JSON, and that neither grows without bound nor changes a verdict. The
 * sentences are in tests/policies/trace.txt. */
#include <attest/policy.h>

#include "base/buf.h"
#include "codec/json.h"
#include "support/cases.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct cases cases = { .name = "policy/trace" };
#define CHECK(ok, ...) cases_check(&cases, ok, __VA_ARGS__)

enum { ARENA_BYTES = 64 << 20 };

struct asked {
    struct att_policy *policy;
    struct att_arena *arena;
    struct att_claims incoming;
    struct att_policy_result result;
    struct att_err err;
    bool yes;
};

static void ask(struct asked *a, const char *policy, const struct att_limits *limits, bool trace)
{
    struct att_policy_options options = { .limits = limits, .trace = trace };

    if (!att_policy_compile(att_str(policy), NULL, &a->policy, NULL, &a->err)) {
        CHECK(false, "does not compile: %s", a->err.text);
        exit(cases_report(&cases));
    }
    a->yes = att_policy_eval(a->policy, a->arena, &a->incoming, &options, &a->result, &a->err);
}

static struct asked begin(const char *claims)
{
    struct asked a = { .arena = att_arena_new(ARENA_BYTES) };
    struct att_err err = { 0 };

    att_claims_init(&a.incoming, a.arena, NULL);
    if (claims && !att_claims_read_json(&a.incoming, att_str(claims), &err))
        CHECK(false, "claims: %s", err.text);
    return a;
}

static void end(struct asked *a)
{
    att_policy_free(a->policy);
    att_arena_free(a->arena);
}

/* "a=1 b=x" */
static const char *listed(struct att_buf *b, const struct att_claim *claims, size_t count)
{
    att_buf_clear(b);
    for (size_t i = 0; i < count; i++) {
        att_buf_puts(b, i ? " " : "");
        att_buf_put(b, claims[i].type);
        att_buf_putc(b, '=');
        if (claims[i].value.kind == ATT_CLAIM_INT)
            att_buf_printf(b, "%lld", (long long)claims[i].value.integer);
        else if (claims[i].value.kind == ATT_CLAIM_BOOL)
            att_buf_puts(b, claims[i].value.boolean ? "true" : "false");
        else
            att_buf_put(b, claims[i].value.text);
    }
    att_buf_putc(b, '\0');
    return (const char *)b->ptr;
}

/* -- fields -------------------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    const char *rule; /* in authorizationrules of version 1.2 */
    const char *claims;
    enum att_trace_kind kind;
    const char *action;
    unsigned condition;
    const char *failed_test;
    const char *nearest;
    const char *made;
} fields[] = {
    { "as written, with its spaces", "[ type == \"a\" , value  ==  2 ]=>permit();", "{\"a\":1,\"b\":2}",
      ATT_TRACE_NOT_FIRED, "permit", 1, "value  ==  2", "a=1", "" },
    { "all claims that fail the same test", "[type==\"a\",value==9]=>permit();", "{\"a\":[1,2,3]}",
      ATT_TRACE_NOT_FIRED, "permit", 1, "value==9", "a=1 a=2 a=3", "" },
    { "not more than eight", "[type==\"a\",value==99]=>permit();", "{\"a\":[1,2,3,4,5,6,7,8,9,10]}",
      ATT_TRACE_NOT_FIRED, "permit", 1, "value==99", "a=1 a=2 a=3 a=4 a=5 a=6 a=7 a=8", "" },
    { "those that meet most", "[issuer==\"CustomClaim\",valueType==\"Integer\",value==9]=>deny();",
      "[{\"type\":\"a\",\"value\":1,\"issuer\":\"AttestationService\"},{\"type\":\"b\",\"value\":2},"
      "{\"type\":\"c\",\"value\":\"x\"},{\"type\":\"d\",\"value\":3}]",
      ATT_TRACE_NOT_FIRED, "deny", 1, "value==9", "b=2 d=3", "" },
    { "only those that fail the test that is named",
      "[type==\"a\",issuer==\"AttestationService\",value==9]=>deny();",
      "[{\"type\":\"a\",\"value\":1,\"issuer\":\"AttestationService\"},{\"type\":\"a\",\"value\":9}]",
      ATT_TRACE_NOT_FIRED, "deny", 1, "value==9", "a=1", "" },
    { "another type comes nowhere near", "[type==\"x\",value==1]=>permit();", "{\"a\":1}",
      ATT_TRACE_NOT_FIRED, "permit", 1, "", "", "" },
    { "nor does a claim that meets nothing", "[value==1,issuer==\"AttestationService\"]=>permit();",
      "{\"a\":2}", ATT_TRACE_NOT_FIRED, "permit", 1, "", "", "" },
    { "no claims", "[type==\"x\",value==1]=>permit();", "{}", ATT_TRACE_NOT_FIRED, "permit", 1, "", "", "" },
    { "the second condition", "[type==\"a\"] && c:[type==\"b\",value>5]=>add(claim=c);", "{\"a\":1,\"b\":5}",
      ATT_TRACE_NOT_FIRED, "add", 2, "value>5", "b=5", "" },
    { "negated: what is there", "![value==1]=>permit();", "{\"a\":1,\"b\":2,\"c\":1}", ATT_TRACE_NOT_FIRED,
      "permit", 1, "", "a=1 c=1", "" },
    { "a call", "[type==\"a\",value==AppendString(\"x\",\"y\")]=>permit();", "{\"a\":\"x\"}",
      ATT_TRACE_NOT_FIRED, "permit", 1, "value==AppendString(\"x\",\"y\")", "a=x", "" },
    { "permit makes nothing", "[type==\"a\"]=>permit();", "{\"a\":1}", ATT_TRACE_FIRED, "permit", 0, "", "",
      "" },
    { "one for each value, in order", "c:[type==\"a\"]=>add(type=\"b\",value=c.value);", "{\"a\":[3,1,2]}",
      ATT_TRACE_FIRED, "add", 0, "", "", "b=3 b=1 b=2" },
    { "those that were there, too", "=>add(type=\"a\",value=1);",
      "[{\"type\":\"a\",\"value\":1,\"issuer\":\"AttestationPolicy\"}]", ATT_TRACE_FIRED, "add", 0, "", "",
      "a=1" },
    { "the first eight", "c:[type==\"a\"]=>issue(type=\"b\",value=c.value);", "{\"a\":[1,2,3,4,5,6,7,8,9]}",
      ATT_TRACE_FIRED, "issue", 0, "", "", "b=1 b=2 b=3 b=4 b=5 b=6 b=7 b=8" },
    { "failed", "c:[type==\"a\"]=>add(type=\"b\",value=NegateBool(c.value));", "{\"a\":1}", ATT_TRACE_FAILED,
      "add", 0, "", "", "" },
};

static void check_fields(void)
{
    struct att_buf b = { 0 };
    char policy[512];

    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        struct asked a = begin(fields[i].claims);
        (void)snprintf(policy, sizeof policy, "version=1.2;authorizationrules{\n%s};", fields[i].rule);
        ask(&a, policy, NULL, true);
        const struct att_trace_row *row = &a.result.trace[0];
        CHECK(a.result.trace_count == 1 && row->kind == fields[i].kind && row->line == 2 &&
                  strcmp(row->section, "authorizationrules") == 0 &&
                  strcmp(row->action, fields[i].action) == 0 && row->condition == fields[i].condition &&
                  att_span_is(row->text, fields[i].rule),
              "%s: kind %d, condition %u, action %s", fields[i].name, (int)row->kind, row->condition,
              row->action);
        CHECK(att_span_is(row->failed_test, fields[i].failed_test), "%s: failed test %.*s", fields[i].name,
              (int)row->failed_test.len, (const char *)row->failed_test.ptr);
        CHECK(strcmp(listed(&b, row->nearest, row->nearest_count), fields[i].nearest) == 0, "%s: nearest %s",
              fields[i].name, (char *)b.ptr);
        CHECK(strcmp(listed(&b, row->made, row->made_count), fields[i].made) == 0, "%s: made %s",
              fields[i].name, (char *)b.ptr);
        end(&a);
    }
    att_buf_free(&b);
}

/* -- JSON ---------------------------------------------------------------------------------------------- */

static void check_whole_json(void)
{
    static const char policy[] =
        "version=1.2;\nauthorizationrules {\n  [type==\"a\", value==2] => permit();\n"
        "  => add(type=\"b\", value=true);\n};\nissuancerules { => issue(type=\"c\", value=1); };";
    static const char want[] =
        "{\"authorized\":false,\"sentence\":\"Not permitted: the only rule that could permit is at line 3, "
        "but a is 1 and "
        "not 2.\",\"rules\":["
        "{\"section\":\"authorizationrules\",\"line\":3,\"action\":\"permit\",\"outcome\":\"not-fired\","
        "\"text\":\"[type==\\\""
        "a\\\", value==2] => permit();\",\"reason\":\"condition 1 wants value==2; a is 1 "
        "(CustomClaim)\",\"condition\":1,"
        "\"failed_test\":\"value==2\",\"nearest\":[{\"type\":\"a\",\"value\":1,\"issuer\":\"CustomClaim\"}]},"
        "{\"section\":\"authorizationrules\",\"line\":4,\"action\":\"add\",\"outcome\":\"fired\",\"text\":\"="
        "> add(type=\\\"b\\"
        "\", value=true);\",\"reason\":\"no conditions; adds b = "
        "true\",\"made\":[{\"type\":\"b\",\"value\":true,\"issuer\":"
        "\"AttestationPolicy\"}]},"
        "{\"section\":\"issuancerules\",\"line\":6,\"action\":\"issue\",\"outcome\":\"not-reached\",\"text\":"
        "\"=> issue(type="
        "\\\"c\\\", value=1);\",\"reason\":\"the evaluation had ended before this rule\"}]}";
    struct asked a = begin("{\"a\":1}");
    struct att_span json = { 0 };

    ask(&a, policy, NULL, true);
    CHECK(att_policy_explain_json(&a.result, a.arena, &json, &a.err) && att_span_is(json, want),
          "the whole: %.*s", (int)json.len, (const char *)json.ptr);
    end(&a);
}

/* Without a trace, without memory: refused, and the output stays. */
static void check_refusals(void)
{
    struct asked a = begin("{\"a\":1}");
    struct asked traced = begin("{\"a\":1}");
    struct att_err err = { 0 };
    struct att_span json = att_str("as it was");
    size_t refused = 0;

    ask(&a, "version=1.0;authorizationrules{=>permit();};", NULL, false);
    CHECK(a.yes && a.result.trace == NULL && a.result.trace_count == 0 && a.result.sentence.len == 0,
          "nobody asked for a trace");
    CHECK(!att_policy_explain_json(&a.result, a.arena, &json, &err) && err.code == ATT_INTERNAL &&
              att_span_is(json, "as it was"),
          "no trace, no explanation");
    ask(&traced, "version=1.0;authorizationrules{=>permit();};", NULL, true);
    for (size_t bytes = 0; bytes < 1024; bytes += 16) {
        struct att_arena *small = att_arena_new(bytes);
        err = (struct att_err){ 0 };
        json = att_str("as it was");
        bool ok = att_policy_explain_json(&traced.result, small, &json, &err);
        CHECK(ok ? json.len > 100 : err.code == ATT_OUT_OF_MEMORY && att_span_is(json, "as it was"),
              "%zu bytes", bytes);
        refused += !ok;
        att_arena_free(small);
    }
    CHECK(refused > 0 && refused < 64, "%zu arenas were too small", refused);
    end(&a);
    end(&traced);
}

static void check_empty(void)
{
    struct asked a = begin(NULL);
    struct att_span json = { 0 };

    ask(&a, "version=1.0;authorizationrules{};", NULL, true);
    CHECK(att_policy_explain_json(&a.result, a.arena, &json, &a.err) &&
              att_span_is(json,
                          "{\"authorized\":false,\"sentence\":\"Not permitted: the policy has no rule that "
                          "permits.\",\"rules\":[]}"),
          "no rules: %.*s", (int)json.len, (const char *)json.ptr);
    end(&a);
}

/* What the caller of an evaluation does with its error does not reach the sentence. */
static void check_errors(void)
{
    struct asked a = begin("{\"a\":1}");
    struct att_err earlier = { .code = ATT_QUOTE_LENGTH, .text = "earlier" };
    struct att_policy_options options = { .trace = true };

    ask(&a, "version=1.0;authorizationrules{[type==\"a\"]=>deny();};", NULL, true);
    CHECK(a.err.code == ATT_POLICY_DENIED, "denied: %s", a.err.text);
    CHECK(!att_policy_eval(a.policy, a.arena, &a.incoming, &options, &a.result, NULL) &&
              att_span_is(a.result.sentence,
                          "Denied: the rule at line 1 denies because a is 1 (sent by the caller)."),
          "nobody wants the error: %.*s", (int)a.result.sentence.len, (const char *)a.result.sentence.ptr);
    CHECK(!att_policy_eval(a.policy, a.arena, &a.incoming, &options, &a.result, &earlier) &&
              strcmp(earlier.text, "earlier") == 0 && a.result.sentence.ptr[0] == 'D',
          "an earlier error stays, the sentence is of this evaluation");
    end(&a);
}

/* -- hostile claims ------------------------------------------------------------------------------------ */

static bool is_printable(struct att_span text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] < 0x20 || text.ptr[i] > 0x7e)
            return false;
    return text.len > 0;
}

/* Every byte, in the name and in the value of a claim: nothing of it raw in what people read, and what programs read is
 * JSON. The claims are made here because JSON could not hold them all. */
static void check_bytes(void)
{
    static const char policy[] = "version=1.0;authorizationrules{[type!=\"x\",value==1]=>permit();"
                                 "c:[value!=1]=>add(type=\"copy\",value=c.value);c:[value!=1]=>add(claim=c);"
                                 "[issuer==\"AttestationService\"]=>deny();};";

    for (unsigned byte = 0; byte < 256; byte++) {
        struct asked a = begin(NULL);
        char text[6] = { 'n', (char)byte, (char)byte, 'm', (char)byte, 'o' };
        struct att_claim claim = { .type = att_span_of(text, 5),
                                   .value = { .kind = ATT_CLAIM_STRING, .text = att_span_of(text, 6) },
                                   .issuer = ATT_ISSUER_SERVICE };
        struct att_span json;
        struct att_json doc;
        bool printable = att_claims_add(&a.incoming, &claim, &a.err);
        ask(&a, policy, NULL, true);
        for (size_t i = 0; i < a.result.trace_count; i++)
            printable = printable && is_printable(a.result.trace[i].reason);
        CHECK(printable && is_printable(a.result.sentence), "byte %02x reaches people raw", byte);
        CHECK(att_policy_explain_json(&a.result, a.arena, &json, &a.err) ||
                  att_policy_explain_json(&a.result, a.arena, &json, NULL),
              "byte %02x: no explanation", byte);
        CHECK(att_json_parse(a.arena, json, NULL, &doc, NULL), "byte %02x: no JSON", byte);
        for (size_t i = 0; i < json.len; i++)
            printable = printable && json.ptr[i] >= 0x20;
        CHECK(printable, "byte %02x: a control character in the JSON", byte);
        end(&a);
    }
}

/* Long texts are cut at whole characters, and their length is said. */
static void check_cuts(void)
{
    static const char policy[] = "version=1.0;authorizationrules{[type==\"log\",value==\"x\"]=>permit();};";

    for (size_t lead = 0; lead < 4; lead++) {
        struct asked a = begin(NULL);
        struct att_buf text = { 0 };
        struct att_span json = { 0 };
        struct att_json doc;
        struct att_span shown = { 0 };
        char length[32];

        att_buf_fill(&text, 'a', lead);
        for (int i = 0; i < 1000000; i++)
            att_buf_puts(&text, "\xe2\x82\xac"); /* a sign of three bytes */
        (void)snprintf(length, sizeof length, "... (%zu bytes)", text.len);
        bool ok = att_claims_add_text(&a.incoming, "log", att_buf_span(&text), 0, &a.err);
        ask(&a, policy, NULL, true);
        ok = ok && att_policy_explain_json(&a.result, a.arena, &json, NULL) &&
             att_json_parse(a.arena, json, NULL, &doc, NULL);
        att_json_id row = att_json_first(&doc, att_json_get(&doc, ATT_JSON_ROOT, "rules"));
        att_json_id near = att_json_first(&doc, att_json_get(&doc, row, "nearest"));
        ok = ok && att_json_string(&doc, a.arena, att_json_get(&doc, near, "value"), &shown);
        CHECK(ok && json.len < 1500 && a.result.sentence.len < 400, "%zu bytes of JSON", json.len);
        CHECK(shown.len > strlen(length) && shown.len < 80 + strlen(length) + 1 &&
                  memcmp(shown.ptr + shown.len - strlen(length), length, strlen(length)) == 0 &&
                  memmem(shown.ptr, shown.len, "\xef\xbf\xbd", 3) == NULL,
              "cut to %.*s", (int)shown.len, (const char *)shown.ptr);
        att_buf_free(&text);
        end(&a);
    }
}

/* -- bounds -------------------------------------------------------------------------------------------- */

/* `rules` rules, each with a condition of its own that is met by nothing, then a deny. */
static char *long_policy(size_t rules, const char *rule, const char *last)
{
    struct att_buf b = { 0 };

    att_buf_puts(&b, "version=1.0;authorizationrules{\n");
    for (size_t i = 0; i < rules; i++)
        att_buf_printf(&b, "%s\n", rule);
    att_buf_puts(&b, last);
    att_buf_puts(&b, "};");
    att_buf_putc(&b, '\0');
    return (char *)b.ptr;
}

static void many_claims(struct asked *a, size_t count)
{
    bool ok = true;

    for (size_t i = 0; i < count; i++) {
        struct att_claim claim = { .type = att_str("c"),
                                   .value = { .kind = ATT_CLAIM_INT, .integer = (int64_t)i },
                                   .issuer = ATT_ISSUER_CUSTOM };
        /* att_claims_add compares with all: ten thousand of them would take longer than all else here. */
        if (i < 100) {
            ok = ok && att_claims_add(&a->incoming, &claim, &a->err);
            continue;
        }
        if (i == 100) {
            struct att_claim *items = att_arena_alloc(a->arena, count, sizeof *items);
            memcpy(items, a->incoming.items, a->incoming.count * sizeof *items);
            a->incoming.items = items;
            a->incoming.capacity = count;
        }
        a->incoming.items[a->incoming.count++] = claim;
    }
    CHECK(ok && a->incoming.count == count, "%zu claims", count);
}

/* The least power of two that lets the policy itself do all of its work. */
static size_t steps_enough(const char *policy)
{
    struct att_limits limits = att_limits_default;

    for (limits.policy_steps_max = (size_t)1 << 20; limits.policy_steps_max < (size_t)1 << 30;
         limits.policy_steps_max *= 2) {
        struct asked a = begin(NULL);
        many_claims(&a, 10000);
        ask(&a, policy, &limits, false);
        bool enough = a.err.code == ATT_POLICY_DENIED;
        end(&a);
        if (enough)
            break;
    }
    return limits.policy_steps_max;
}

/* The most rules over the most claims. Explaining looks at all tests of a condition, evaluating only at the first that is
 * not met; but it may take as many steps and no more, so rows say that nothing was looked at. */
static void check_thousand_rules(void)
{
    char *policy =
        long_policy(999, "[type==\"c\",value==-1,value==-2,value==-3,value==-4]=>permit();", "=>deny();");
    struct att_limits limits = att_limits_default;
    struct asked traced = begin(NULL);
    struct att_span json = { 0 };
    size_t looked = 0;
    size_t blind = 0;

    limits.policy_steps_max = steps_enough(policy);
    many_claims(&traced, 10000);
    ask(&traced, policy, &limits, true);
    CHECK(traced.err.code == ATT_POLICY_DENIED, "verdict: %s", traced.err.text);
    for (size_t i = 0; i < traced.result.trace_count; i++) {
        looked += traced.result.trace[i].nearest_count == ATT_TRACE_CLAIMS_MAX;
        blind += memmem(traced.result.trace[i].reason.ptr, traced.result.trace[i].reason.len,
                        "was not looked at", 17) != NULL;
    }
    CHECK(looked > 100 && blind > 100 && looked + blind == 999, "%zu rows looked, %zu did not", looked,
          blind);
    CHECK(att_policy_explain_json(&traced.result, traced.arena, &json, NULL) && json.len < 1500000,
          "%zu bytes of JSON", json.len);
    end(&traced);
    free(policy);
}

/* Rows at their largest: the JSON stays bounded, and no rule is left out. */
static void check_widest_rows(void)
{
    char rule[] = "c:[type!=\"\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7f\"]&&[type==c.type]=>add(type=\"y\","
                  "value=c.type);";
    char *policy = long_policy(999, rule, "=>permit();");
    struct att_limits limits = att_limits_default;
    struct asked a = begin(NULL);
    struct att_span json = { 0 };
    struct att_json_options options = { .limits = &limits };
    struct att_json doc = { 0 };
    char names[8][200];
    bool ok = true;

    limits.policy_steps_max = (size_t)100 * 1000 * 1000;
    limits.json_nodes_max = limits.policy_json_nodes_max;
    for (size_t i = 0; i < 8; i++) {
        memset(names[i], 1, sizeof names[i]); /* six bytes each as JSON */
        names[i][0] = (char)('a' + i);
        struct att_claim claim = { .type = att_span_of(names[i], sizeof names[i]),
                                   .value = { .kind = ATT_CLAIM_STRING,
                                              .text = att_span_of(names[i], sizeof names[i]) } };
        ok = ok && att_claims_add(&a.incoming, &claim, &a.err);
    }
    ask(&a, policy, &limits, true);
    CHECK(ok && a.yes && a.result.trace_count == 1000, "%zu rows: %s", a.result.trace_count, a.err.text);
    ok = att_policy_explain_json(&a.result, a.arena, &json, &a.err) &&
         att_json_parse(a.arena, json, &options, &doc, &a.err);
    CHECK(ok && json.len < (5 << 20) && json.len > (4 << 20), "%zu bytes of JSON: %s", json.len, a.err.text);
    att_json_id rules = att_json_get(&doc, ATT_JSON_ROOT, "rules");
    CHECK(ok && doc.nodes[rules].count == 1000, "every rule is there");
    att_json_id last = att_json_first(&doc, rules);
    for (att_json_id id = last; id != ATT_JSON_NONE; id = att_json_next(&doc, id))
        last = id;
    CHECK(att_json_get(&doc, last, "outcome") != ATT_JSON_NONE &&
              att_json_get(&doc, last, "text") == ATT_JSON_NONE,
          "the last ones without their texts");
    end(&a);
    free(policy);
}

/* With every limit of steps: the verdict with a trace is that without one, and there is a sentence. */
static void check_every_limit(void)
{
    static const char policy[] =
        "version=1.2;authorizationrules{[type==\"a\",value==AppendString(\"x\",\"y\")]=>deny();"
        "b:[type==\"b\"] && ![type==\"c\",value==b.value] && [value==AppendString(b.value,\"z\")]=>permit();"
        "[type==\"bb\"] && [type==\"b\"]=>permit();};issuancerules{b:[type==\"b\"]=>issue(claim=b);"
        "=>issue(type=\"t\",value=JsonToClaimValue(\"[1,2,3]\"));};";
    static const char claims[] = "{\"a\":\"x\",\"b\":\"y\",\"d\":\"yz\",\"e\":[1,2,3]}";
    size_t enough = 0;

    for (size_t steps = 0; steps < 400; steps++) {
        struct att_limits limits = att_limits_default;
        struct asked plain = begin(claims);
        struct asked traced = begin(claims);
        limits.policy_steps_max = steps;
        ask(&plain, policy, &limits, false);
        ask(&traced, policy, &limits, true);
        CHECK(plain.yes == traced.yes && plain.err.code == traced.err.code &&
                  strcmp(plain.err.text, traced.err.text) == 0 &&
                  plain.result.issued.count == traced.result.issued.count,
              "%zu steps: %s and %s", steps, plain.err.text, traced.err.text);
        CHECK(is_printable(traced.result.sentence) &&
                  (traced.result.sentence.ptr[0] == 'P') == traced.result.authorized,
              "%zu steps: %.*s", steps, (int)traced.result.sentence.len,
              (const char *)traced.result.sentence.ptr);
        enough += plain.yes;
        end(&plain);
        end(&traced);
    }
    CHECK(enough > 0 && enough < 400, "%zu limits were enough", enough);
}

/* With every arena: memory may end the evaluation, but words for which there is none do not make a failure of a permit. */
static void check_every_arena(void)
{
    size_t without_words = 0;

    for (size_t bytes = 0; bytes < 30000; bytes += 16) {
        struct asked a = { .arena = att_arena_new(bytes) };
        att_claims_init(&a.incoming, a.arena, NULL);
        ask(&a, "version=1.0;authorizationrules{=>permit();};", NULL, true);
        CHECK(a.yes == (a.err.code == ATT_OK) && a.yes == a.result.authorized, "%zu bytes: %s", bytes,
              a.err.text);
        CHECK(a.yes ? a.result.sentence.ptr[0] == 'P' : a.err.code == ATT_OUT_OF_MEMORY, "%zu bytes: %s",
              bytes, a.err.text);
        without_words += a.yes && att_span_is(a.result.sentence, "Permitted.");
        end(&a);
    }
    CHECK(without_words > 0, "no arena was too small for the sentence only");
}

int main(void)
{
    check_every_arena();
    check_fields();
    check_whole_json();
    check_refusals();
    check_empty();
    check_errors();
    check_bytes();
    check_cuts();
    check_thousand_rules();
    check_widest_rows();
    check_every_limit();
    return cases_report(&cases);
}
