/* attest/policy.h - the attestation policy language, versions 1.0 and 1.1.
 *
 * A policy is text, stored and hashed byte for byte. It is compiled once (every error of syntax and of static
 * rules is found here) and then evaluated many times, by any thread.
 *
 * Example (examples/policy_try.c is a whole program):
 *     struct att_policy *policy = NULL;
 *     struct att_policy_result result;
 *     struct att_span text = att_str("version=1.0; authorizationrules{ => permit(); };");
 *     if (!att_policy_compile(text, NULL, &policy, NULL, &err))
 *         return false;                               err.where is "policy:LINE:COLUMN"
 *     if (!att_policy_eval(policy, arena, &incoming, NULL, &result, &err))
 *         report(&err);                               POLICY_DENIED, POLICY_NO_PERMIT or POLICY_EVALUATION
 *     att_policy_free(policy);
 *
 * Work is counted in steps with a limit, never in wall time: the same input always gets the same verdict.
 *
 * Ownership: a policy keeps its own copy of the text. What an evaluation gives is in the arena or points into the
 * policy: keep both as long as the result is read.
 * Errors: class POLICY. Threads: a compiled policy never changes and is shared; each evaluation has its own arena
 * and claims. Spec: docs/policy-language.md.
 */
#ifndef ATTEST_POLICY_H
#define ATTEST_POLICY_H

#include <attest/claims.h>

#ifdef __cplusplus
extern "C" {
#endif

struct att_policy;

/* Where a compile error stands; for drawing a caret. Lines and columns count from 1, columns in code points. */
struct att_policy_place {
    unsigned line;
    unsigned column;
};

/* POLICY_SYNTAX, POLICY_VERSION, POLICY_RULE, POLICY_LIMIT. err.text is what clients of this protocol know: four
 * lines that begin "Policy Parser Exception Thrown: Offending symbol: '['", "Line: '2', Column: '1'", "Failure
 * message: '...'", "Failing rule: 'policy > versionInfo'". err.found is the symbol, err.expected what would have
 * been right, with a hint where a construct comes from AD FS. ret_place may be NULL. Caller frees. */
ATT_API ATT_CHECK bool att_policy_compile(struct att_span text, const struct att_limits *limits,
                                          struct att_policy **ret, struct att_policy_place *ret_place,
                                          struct att_err *err);
/* NULL is fine. */
ATT_API void att_policy_free(struct att_policy *policy);
/* The text it was compiled from; borrowed from the policy. */
ATT_API struct att_span att_policy_text(const struct att_policy *policy);
/* "1.0", "1.1" */
ATT_API const char *att_policy_version(const struct att_policy *policy);

/* x-ms-policy-hash: BASE64URL(SHA256(BASE64URL(text))), 43 characters and a NUL. */
ATT_API ATT_CHECK bool att_policy_hash(struct att_span text, char ret[44], struct att_err *err);

enum att_trace_kind {
    ATT_TRACE_FIRED,     /* all conditions held, the action ran */
    ATT_TRACE_NOT_FIRED, /* `condition` (from 1) is the first one that selected no claim */
    ATT_TRACE_SKIPPED,   /* never reached */
};
struct att_trace_row {
    const char *section; /* "configurationrules", "authorizationrules", "issuancerules" */
    unsigned line;       /* of the rule's first token, from 1 */
    enum att_trace_kind kind;
    unsigned condition;
    struct att_span text;   /* the rule as written, borrowed from the policy */
    struct att_span reason; /* for people: which test of which condition met which claims */
};

struct att_policy_result {
    bool authorized;                   /* starts false; true only when permitted and not denied */
    struct att_claims issued;          /* outgoing set: these become token claims */
    struct att_claims properties;      /* configuration and token properties */
    const struct att_trace_row *trace; /* NULL unless asked for */
    size_t trace_count;
};

struct att_policy_options {
    const struct att_limits *limits; /* NULL: defaults */
    bool trace;
};

/* Runs all sections over `incoming`, which receives what rules add. False with err when denied, not permitted
 * or not evaluable; `ret` is filled in every case (authorized is then false). */
ATT_API ATT_CHECK bool att_policy_eval(const struct att_policy *policy, struct att_arena *arena,
                                       struct att_claims *incoming, const struct att_policy_options *options,
                                       struct att_policy_result *ret, struct att_err *err);
/* Configuration section only: it acts before evidence is judged. `ret` receives the properties. */
ATT_API ATT_CHECK bool att_policy_configure(const struct att_policy *policy, struct att_arena *arena,
                                            struct att_claims *incoming, struct att_claims *ret_properties,
                                            struct att_err *err);

/* Default policy text of an attestation type ("sgx", "open-enclave"); an empty span when it has none. */
ATT_API struct att_span att_policy_default(const char *evidence_type);

#ifdef __cplusplus
}
#endif
#endif
