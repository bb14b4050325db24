/* policy_try - what does this policy say to these claims, and why?
 *
 *     policy_try POLICY CLAIMS.json
 *
 * CLAIMS.json is {"name": value, ...} or [{"type","value","issuer"}, ...]; a claim without an issuer is the
 * client's (CustomClaim). Exit status 0 permitted, 1 not, 2 usage, 3 could not tell. */
#include <attest/policy.h>

#include "files.h"

/* One claim in the way a token would show it. */
static void print_claim(const struct att_claim *c)
{
    printf("issued  %.*s = ", (int)c->type.len, (const char *)c->type.ptr);
    switch (c->value.kind) {
    case ATT_CLAIM_BOOL:
        puts(c->value.boolean ? "true" : "false");
        return;
    case ATT_CLAIM_INT:
        printf("%lld\n", (long long)c->value.integer);
        return;
    case ATT_CLAIM_STRING:
    case ATT_CLAIM_JSON:
        printf("%.*s\n", (int)c->value.text.len, (const char *)c->value.text.ptr);
        return;
    }
}

/* Sentence and reasons are printable whatever the claims hold: the library escapes and cuts them. */
static void print_explanation(const struct att_policy_result *result)
{
    static const char *const words[] = { [ATT_TRACE_FIRED] = "fired",
                                         [ATT_TRACE_NOT_FIRED] = "did not fire",
                                         [ATT_TRACE_SKIPPED] = "was not reached",
                                         [ATT_TRACE_FAILED] = "could not be evaluated" };

    for (size_t i = 0; i < result->trace_count; i++) {
        const struct att_trace_row *row = &result->trace[i];
        printf("rule    line %u, %s, %s: %.*s\n", row->line, row->action, words[row->kind],
               (int)row->reason.len, (const char *)row->reason.ptr);
    }
    printf("why     %.*s\n", (int)result->sentence.len, (const char *)result->sentence.ptr);
}

int main(int argc, char **argv)
{
    struct att_err err = { .code = ATT_OK };
    struct att_policy *policy = NULL;
    struct att_policy_result result;
    struct att_claims incoming;

    if (argc != 3) {
        (void)fprintf(stderr, "usage: policy_try POLICY CLAIMS.json\n");
        return EXIT_USAGE;
    }
    struct att_span text = file_read(argv[1]);
    struct att_span json = file_read(argv[2]);
    struct att_arena *arena = att_arena_new(att_limits_default.arena_bytes_max);
    int status = EXIT_TROUBLE;

    if (!arena)
        return EXIT_TROUBLE;
    att_claims_init(&incoming, arena, &att_limits_default);
    /* Compiled once, a policy may be evaluated by any thread as often as wanted. */
    if (!att_policy_compile(text, NULL, &policy, NULL, &err) ||
        !att_claims_read_json(&incoming, json, &err)) {
        (void)fprintf(stderr, "could not tell: %s at %s: %s\n", att_code_name(err.code), err.where, err.text);
    } else {
        struct att_policy_options options = { .trace = true };
        bool yes = att_policy_eval(policy, arena, &incoming, &options, &result, &err);
        print_explanation(&result);
        if (yes)
            puts("yes: permitted");
        else
            printf("no: %s: %s\n", att_code_name(err.code), err.text);
        for (size_t i = 0; yes && i < result.issued.count; i++)
            print_claim(&result.issued.items[i]);
        status = yes ? EXIT_SUCCESS : EXIT_NO;
    }
    att_policy_free(policy);
    att_arena_free(arena);
    file_free(json);
    file_free(text);
    return status;
}
