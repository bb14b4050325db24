/* layers: policy claims codec base */
/* Any bytes through the formatter. What compiles is formatted unless it would grow over the limit: to the same tokens, the
 * same comments and the same verdict, and no further the second time; what does not compile is refused in the same way. */
#include <attest/policy.h>

#include "policy/lexer.h"

static void require(bool ok)
{
    if (!ok)
        __builtin_trap();
}

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The next comment between here and `end`, without what is blank at its end; empty text when there is none. */
static struct att_span next_comment(const uint8_t **at, const uint8_t *end)
{
    const uint8_t *start;

    while (*at < end && is_blank(**at))
        (*at)++;
    start = *at;
    while (*at < end && **at != '\n')
        (*at)++;
    const uint8_t *stop = *at;
    while (stop > start && is_blank(stop[-1]))
        stop--;
    return att_span_of(start, (size_t)(stop - start));
}

static void check_comments(const uint8_t **a, const uint8_t *a_end, const uint8_t **b, const uint8_t *b_end)
{
    for (;;) {
        struct att_span one = next_comment(a, a_end);
        struct att_span other = next_comment(b, b_end);
        require(att_span_eq(one, other));
        if (one.len == 0)
            return;
    }
}

static void check_same(struct att_span text, struct att_span made)
{
    struct policy_lexer a = policy_lexer_of(text);
    struct policy_lexer b = policy_lexer_of(made);
    const uint8_t *a_at = text.ptr;
    const uint8_t *b_at = made.ptr;
    struct policy_token t;

    do {
        t = policy_lexer_next(&a);
        struct policy_token u = policy_lexer_next(&b);
        require(t.kind == u.kind && att_span_eq(t.at.text, u.at.text));
        check_comments(&a_at, t.at.text.ptr, &b_at, u.at.text.ptr);
        a_at = t.at.text.ptr + t.at.text.len;
        b_at = u.at.text.ptr + u.at.text.len;
    } while (t.kind != TOK_EOF);
}

static void verdict_of(const struct att_policy *policy, struct att_arena *arena,
                       struct att_policy_result *result, struct att_err *err)
{
    struct att_claims incoming;

    att_claims_init(&incoming, arena, &att_limits_default);
    require(att_claims_add_int(&incoming, "a", 1, 0, err) &&
            att_claims_add_text(&incoming, "b", att_str("{\"c\":[1]}"), ATT_CLAIM_READ_ONLY, err));
    if (!att_policy_eval(policy, arena, &incoming, NULL, result, err))
        require(!result->authorized);
}

static void check_verdict(const struct att_policy *policy, struct att_span made)
{
    struct att_arena *arena = att_arena_new((size_t)32 << 20);
    struct att_policy *other = NULL;
    struct att_policy_result one;
    struct att_policy_result two;
    struct att_err why_one = { 0 };
    struct att_err why_two = { 0 };

    require(att_policy_compile(made, NULL, &other, NULL, &why_two));
    verdict_of(policy, arena, &one, &why_one);
    verdict_of(other, arena, &two, &why_two);
    require(one.authorized == two.authorized && why_one.code == why_two.code);
    require(one.issued.count == two.issued.count && one.properties.count == two.properties.count);
    for (size_t i = 0; i < one.issued.count; i++)
        require(att_span_eq(one.issued.items[i].type, two.issued.items[i].type) &&
                att_value_eq(&one.issued.items[i].value, &two.issued.items[i].value));
    att_policy_free(other);
    att_arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct att_span text = att_span_of(data, size);
    struct att_arena *arena = att_arena_new((size_t)1 << 20);
    struct att_policy *policy = NULL;
    struct att_err compiling = { 0 };
    struct att_err err = { 0 };
    struct att_span made = { 0 };
    struct att_span again = { 0 };

    bool compiles = att_policy_compile(text, NULL, &policy, NULL, &compiling);
    if (!att_policy_format(text, NULL, arena, &made, &err)) {
        require(made.ptr == NULL && err.code == (compiles ? ATT_POLICY_LIMIT : compiling.code));
    } else {
        require(compiles);
        check_same(text, made);
        require(att_policy_format(made, NULL, arena, &again, &err) && att_span_eq(made, again));
        check_verdict(policy, made);
    }
    att_policy_free(policy);
    att_arena_free(arena);
    return 0;
}
