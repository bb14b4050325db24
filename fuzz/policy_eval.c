/* layers: policy claims codec base */
/* A policy and claims, with a NUL byte between, and a read-only claim `pcrs` with a secret word in it. The verdict is the
 * same twice, with and without a trace; a smaller step limit can only turn it into "could not be evaluated"; nothing
 * reserved is issued, and nothing that the secret word can be read from, whatever functions it went through. */
#include <attest/policy.h>

#include "base/buf.h"
#include "codec/json.h"

#define SECRET   "w7Kq2zVbX9pL"
#define BACKWARD "Lp9XbVz2qK7w"
static const char pcrs[] =
    "{\"PCRs\":[{\"Index\":0,\"Digests\":{\"SHA256\":\"" SECRET "\"}},{\"Index\":7317317317317317}]}";
static const int64_t secret_number = 7317317317317317;

static void require(bool ok)
{
    if (!ok)
        __builtin_trap();
}

struct verdict {
    bool yes;
    enum att_code code;
    size_t issued;
    size_t properties;
};

static bool starts_with(struct att_span s, const char *prefix)
{
    return s.len >= strlen(prefix) && memcmp(s.ptr, prefix, strlen(prefix)) == 0;
}

static bool holds(struct att_span s, const char *word)
{
    return s.len > 0 && memmem(s.ptr, s.len, word, strlen(word)) != NULL;
}

static bool holds_secret(struct att_span s)
{
    return holds(s, SECRET) || holds(s, BACKWARD) || holds(s, "7317317317317317") ||
           holds(s, "7137137137137137");
}

static void check_issued(const struct att_claims *issued, const struct att_claims *incoming)
{
    for (size_t i = 0; i < issued->count; i++) {
        const struct att_claim *c = &issued->items[i];
        require(c->issuer == ATT_ISSUER_POLICY && c->value.kind != ATT_CLAIM_JSON && c->flags == 0);
        require(!starts_with(c->type, "x-ms-") && !att_span_is(c->type, "iss") &&
                !att_span_is(c->type, "exp") && !att_span_is(c->type, "nonce") &&
                !att_span_is(c->type, "cnf"));
        require(c->value.kind == ATT_CLAIM_INT ? c->value.integer != secret_number
                                               : !holds_secret(c->value.text));
        for (size_t k = i + 1; k < issued->count; k++)
            require(!att_span_eq(c->type, issued->items[k].type) ||
                    !att_value_eq(&c->value, &issued->items[k].value));
        bool there = false; /* whatever is issued is also incoming */
        for (size_t k = 0; k < incoming->count && !there; k++)
            there = att_span_eq(c->type, incoming->items[k].type) &&
                    att_value_eq(&c->value, &incoming->items[k].value) &&
                    incoming->items[k].issuer == ATT_ISSUER_POLICY;
        require(there);
    }
}

static bool within(struct att_span part, struct att_span whole)
{
    return part.ptr >= whole.ptr && part.ptr + part.len <= whole.ptr + whole.len;
}

static bool is_printable(struct att_span text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] < 0x20 || text.ptr[i] > 0x7e)
            return false;
    return text.len > 0;
}

/* What an explanation shows is among the claims, byte for byte where they stand. */
static void check_shown(const struct att_claim *claims, size_t count, const struct att_claims *incoming,
                        bool made)
{
    require((count == 0 || claims) && count <= ATT_TRACE_CLAIMS_MAX);
    for (size_t i = 0; i < count; i++) {
        bool there = false;
        for (size_t k = 0; k < incoming->count && !there; k++)
            there = att_span_eq(claims[i].type, incoming->items[k].type) &&
                    att_value_eq(&claims[i].value, &incoming->items[k].value) &&
                    claims[i].issuer == incoming->items[k].issuer;
        require(there && claims[i].value.kind != ATT_CLAIM_JSON);
        require(!made || claims[i].issuer == ATT_ISSUER_POLICY);
    }
}

static void check_row(const struct att_trace_row *row, const struct att_claims *incoming,
                      struct att_span text)
{
    require(row->section && row->action && row->line > 0 && row->text.len > 0);
    require(is_printable(row->reason) && row->reason.len <= 2048 && within(row->text, text));
    require((row->kind == ATT_TRACE_NOT_FIRED) == (row->condition > 0));
    require(row->kind == ATT_TRACE_NOT_FIRED || (row->nearest_count == 0 && row->failed_test.len == 0));
    require(row->kind == ATT_TRACE_FIRED || row->made_count == 0);
    require(row->failed_test.len == 0 || (within(row->failed_test, row->text) && row->nearest_count > 0));
    check_shown(row->nearest, row->nearest_count, incoming, false);
    check_shown(row->made, row->made_count, incoming, true);
}

static void check_json(const struct att_policy_result *r, struct att_arena *arena)
{
    struct att_span json;
    struct att_span sentence;
    struct att_json doc;

    require(att_policy_explain_json(r, arena, &json, NULL) && att_json_parse(arena, json, NULL, &doc, NULL));
    att_json_id rules = att_json_get(&doc, ATT_JSON_ROOT, "rules");
    bool truth = att_json_true(&doc, att_json_get(&doc, ATT_JSON_ROOT, "authorized"));
    require(truth == r->authorized && doc.nodes[rules].count == r->trace_count);
    require(att_json_string(&doc, arena, att_json_get(&doc, ATT_JSON_ROOT, "sentence"), &sentence) &&
            att_span_eq(sentence, r->sentence));
}

static void check_trace(const struct att_policy_result *r, bool wanted, const struct att_claims *incoming,
                        struct att_span text, struct att_arena *arena)
{
    struct att_span json;

    if (!wanted) {
        require(!r->trace && r->trace_count == 0 && r->sentence.len == 0);
        require(!att_policy_explain_json(r, arena, &json, NULL));
        return;
    }
    require(r->trace || r->trace_count == 0);
    require(is_printable(r->sentence));
    size_t failed = 0;
    for (size_t i = 0; i < r->trace_count; i++) {
        check_row(&r->trace[i], incoming, text);
        failed += r->trace[i].kind == ATT_TRACE_FAILED;
        require(!r->authorized || r->trace[i].kind == ATT_TRACE_FIRED ||
                r->trace[i].kind == ATT_TRACE_NOT_FIRED);
    }
    require(failed <= 1);
    check_json(r, arena);
}

/* False when the claims cannot be read. */
static bool evaluate(const struct att_policy *policy, struct att_span json, size_t steps, bool trace,
                     struct verdict *ret)
{
    struct att_limits limits = att_limits_default;
    struct att_arena *arena = att_arena_new(limits.arena_bytes_max);
    struct att_claims incoming;
    struct att_policy_result result;
    struct att_err err = { 0 };

    limits.policy_steps_max = steps;
    att_claims_init(&incoming, arena, NULL);
    bool readable = att_claims_read_json(&incoming, json, &err) &&
                    att_claims_add_text(&incoming, "pcrs", att_str(pcrs), ATT_CLAIM_READ_ONLY, &err);
    if (readable) {
        bool yes = att_policy_eval(policy, arena, &incoming, &(struct att_policy_options){ &limits, trace },
                                   &result, &err);
        require(yes == result.authorized && yes == (err.code == ATT_OK));
        require(yes || (err.text[0] && result.issued.count == 0));
        check_issued(&result.issued, &incoming);
        check_trace(&result, trace, &incoming, att_policy_text(policy), arena);
        *ret = (struct verdict){ yes, err.code, result.issued.count, result.properties.count };
    }
    att_arena_free(arena);
    return readable;
}

static bool same(const struct verdict *a, const struct verdict *b)
{
    return a->yes == b->yes && a->code == b->code && a->issued == b->issued && a->properties == b->properties;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *nul = size ? memchr(data, 0, size) : NULL;
    struct att_policy *policy = NULL;
    struct verdict first, again, traced, few;

    if (!nul || holds_secret(att_span_of(data, size)))
        return 0;
    struct att_span text = att_span_of(data, (size_t)(nul - data));
    struct att_span json = att_span_of(nul + 1, size - text.len - 1);
    if (!att_policy_compile(text, NULL, &policy, NULL, NULL))
        return 0;
    const size_t steps = 20000; /* keeps one run short */
    if (evaluate(policy, json, steps, false, &first)) {
        require(evaluate(policy, json, steps, false, &again) && same(&first, &again));
        require(evaluate(policy, json, steps, true, &traced) && same(&first, &traced));
        for (size_t less = 1; less < 1000; less *= 3) {
            require(evaluate(policy, json, less, false, &few) &&
                    (same(&first, &few) || few.code == ATT_POLICY_EVALUATION));
            require(evaluate(policy, json, less, true, &traced) && same(&few, &traced));
        }
    }
    att_policy_free(policy);
    return 0;
}
