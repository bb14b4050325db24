/* layers: policy claims codec base */
/* Any bytes as a policy text. A refusal has one of the policy's codes, a place inside the text and printable
 * reasons; what compiles is kept byte for byte, compiles again, and gives a verdict that agrees with itself. */
#include <attest/policy.h>

#include "base/buf.h"

#include <stdlib.h>

static void require(bool ok)
{
    if (!ok)
        __builtin_trap();
}

static void printable(const char *s)
{
    require(s[0] != '\0');
    for (; *s; s++)
        require((*s >= 0x20 && *s < 0x7f) || *s == '\n');
}

static void check_refusal(struct att_span text, const struct att_err *err, struct att_policy_place place)
{
    unsigned line = 1;
    size_t column = 1;
    bool found = false;

    require(err->code == ATT_POLICY_SYNTAX || err->code == ATT_POLICY_VERSION ||
            err->code == ATT_POLICY_RULE || err->code == ATT_POLICY_LIMIT);
    printable(err->text);
    printable(err->expected);
    printable(err->found);
    /* The place is that of some byte, or of the end. Columns are at most the bytes of the line. */
    for (size_t i = 0; i <= text.len && !found; i++) {
        found = place.line == line && place.column == column;
        if (i < text.len && text.ptr[i] == '\n') {
            line++;
            column = 1;
        } else {
            column++;
        }
    }
    require(found);
}

static void check_policy(const struct att_policy *policy, struct att_span text)
{
    struct att_arena *arena = att_arena_new((size_t)4 << 20);
    struct att_claims incoming;
    struct att_policy_result result;
    struct att_err err = { 0 };
    char hash[44];

    require(att_span_eq(att_policy_text(policy), text));
    require(att_policy_version(policy)[0] == '1');
    require(att_policy_hash(text, hash, &err) && strlen(hash) == 43);
    att_claims_init(&incoming, arena, NULL);
    require(att_claims_add_int(&incoming, "a", 1, 0, &err) &&
            att_claims_add_text(&incoming, "b", att_str("x"), ATT_CLAIM_READ_ONLY, &err));
    bool yes = att_policy_eval(policy, arena, &incoming, NULL, &result, &err);
    require(yes == result.authorized && yes == (err.code == ATT_OK));
    require(yes || result.issued.count == 0);
    att_arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct att_span text = att_span_of(data, size);
    struct att_policy *policy = NULL;
    struct att_policy_place place = { 0 };
    struct att_err err = { 0 };

    if (!att_policy_compile(text, NULL, &policy, &place, &err)) {
        require(policy == NULL);
        check_refusal(text, &err, place);
        return 0;
    }
    require(err.code == ATT_OK && place.line == 0);
    check_policy(policy, text);

    struct att_policy *again = NULL;
    require(att_policy_compile(att_policy_text(policy), NULL, &again, NULL, &err));
    att_policy_free(again);

    /* A policy with one more byte behind it that is no white space is no policy. */
    struct att_buf longer = { 0 };
    struct att_policy *wrong = NULL;
    att_buf_put(&longer, text);
    att_buf_puts(&longer, "\n;");
    require(size + 2 > att_limits_default.policy_bytes_max ||
            !att_policy_compile(att_buf_span(&longer), NULL, &wrong, NULL, NULL));
    att_buf_free(&longer);
    att_policy_free(policy);
    return 0;
}
