/* attest/policy.h - the attestation policy language, versions 1.0, 1.1 and 1.2.
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
 * Work is counted in steps with a limit, never in wall time: the same input always gets the same verdict. Version 1.2
 * has functions; what they work in lies beside the caller's arena, has a limit (policy_work_bytes_max), and is gone when the
 * evaluation ends. A claim with ATT_CLAIM_READ_ONLY may be tested, and added, but neither issued nor carried into the token
 * by a function that repeats it.
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

/* POLICY_SYNTAX, POLICY_VERSION, POLICY_RULE, POLICY_LIMIT, OUT_OF_MEMORY. A JMESPath query that is a literal is compiled
 * here, but one that is wrong is refused only when an evaluation reaches it. err.text is what clients of this protocol know: four
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
/* May some condition look at claims of this type? True also where a condition names no type, or makes it: who makes a costly
 * claim for the policy alone may leave it out only when this says false. */
ATT_API bool att_policy_reads(const struct att_policy *policy, const char *claim_type);
/* "1.0", "1.1", "1.2" */
ATT_API const char *att_policy_version(const struct att_policy *policy);

/* x-ms-policy-hash: BASE64URL(SHA256(BASE64URL(text))), 43 characters and a NUL. */
ATT_API ATT_CHECK bool att_policy_hash(struct att_span text, char ret[44], struct att_err *err);

enum att_trace_kind {
    ATT_TRACE_FIRED,     /* all conditions held, the action ran */
    ATT_TRACE_NOT_FIRED, /* `condition` (from 1) is the first one that does not hold */
    ATT_TRACE_SKIPPED,   /* never reached */
    ATT_TRACE_FAILED,    /* the evaluation ended here: this rule cannot be evaluated */
};
enum { ATT_TRACE_CLAIMS_MAX = 8 };
/* Spans of reason and sentence are printable ASCII: what came from claims is escaped, and cut when it is long. Texts
 * and claims below them are as they are: never write those to a terminal raw. */
struct att_trace_row {
    const char *section; /* "configurationrules", "authorizationrules", "issuancerules" */
    unsigned line;       /* of the rule's first token, from 1 */
    enum att_trace_kind kind;
    const char *action; /* "permit", "deny", "add", "issue", "issueproperty" */
    unsigned condition;
    struct att_span text; /* the rule as written, borrowed from the policy */
    struct att_span
        reason; /* for people: which test of which condition met which claims; what the action did */
    /* NOT_FIRED: the test that the nearest claims did not meet ("value == true" as written; empty when no claim came so
     * far or the condition is negated), and those claims: the ones that met most of the condition's tests, at most
     * ATT_TRACE_CLAIMS_MAX of them. Of a negated condition: the claims that were not to be there. A claim comes nowhere
     * near a condition that asks for another type. None also when the explanation's own limit of work was reached: the
     * reason says so then. */
    struct att_span failed_test;
    const struct att_claim *nearest;
    size_t nearest_count;
    /* FIRED: what the action made, in order, the first ATT_TRACE_CLAIMS_MAX of it (the reason counts the rest); claims
     * that were there already, and those of reserved types that stay out of the token, stand here too. */
    const struct att_claim *made;
    size_t made_count;
};

struct att_policy_result {
    bool authorized;                   /* starts false; true only when permitted and not denied */
    struct att_claims issued;          /* outgoing set: these become token claims */
    struct att_claims properties;      /* configuration and token properties */
    const struct att_trace_row *trace; /* NULL unless asked for */
    size_t trace_count;
    struct att_span sentence; /* with the trace: the verdict in one sentence for people */
};

/* The result with its trace as one JSON object, the same for attestctl and REST:
 * {"authorized","sentence","rules":[{"section","line","action","outcome":"fired"|"not-fired"|"not-reached"|"failed","text",
 *  "reason","condition","failed_test","nearest":[{"type","value","issuer"}],"made":[...]}]}; members that say nothing are
 * left out, long texts are cut and end in "... (N bytes)". Every rule is there; beyond 4 MiB a rule has section, line, action
 * and outcome only. The result must have been made with a trace (else INTERNAL). In the arena. */
ATT_API ATT_CHECK bool att_policy_explain_json(const struct att_policy_result *result,
                                               struct att_arena *arena, struct att_span *ret_json,
                                               struct att_err *err);

struct att_policy_options {
    const struct att_limits *limits; /* NULL: defaults */
    bool trace;
};

/* Runs all sections over `incoming`, which receives what rules add. False with err when denied, not permitted
 * or not evaluable (POLICY_EVALUATION: err.where is "policy:LINE:COLUMN" of the rule, or of the argument that a function
 * could not take); configuration rules do not see claims of the service; `ret` is filled in every case (authorized is then false). */
ATT_API ATT_CHECK bool att_policy_eval(const struct att_policy *policy, struct att_arena *arena,
                                       struct att_claims *incoming, const struct att_policy_options *options,
                                       struct att_policy_result *ret, struct att_err *err);
/* Configuration section only: it acts before evidence is judged. `ret` receives the properties. NULL limits: defaults. */
ATT_API ATT_CHECK bool att_policy_configure(const struct att_policy *policy, struct att_arena *arena,
                                            struct att_claims *incoming, const struct att_limits *limits,
                                            struct att_claims *ret_properties, struct att_err *err);

/* Default policy text of a type ("sgx", "open-enclave", "sev-snp", "tdx", "azure-guest"); an empty span when it has none
 * ("tpm", "vbs", unknown ones). */
ATT_API struct att_span att_policy_default(const char *evidence_type);

/* -- policies as code ------------------------------------------------------------------------------------- */

/* Something that compiles and is probably not what was meant. */
struct att_policy_finding {
    const char *rule; /* stable name: "permits-everything"; all of them stand in docs/policies-as-code.md */
    unsigned line, column;
    struct att_span message; /* for people, in the arena */
};
/* Looks for what no evidence can change: rules that never fire, conditions that always hold, a permit without a
 * condition, debug evidence let through, claims that no evidence of this type has, literal queries that do not compile,
 * reserved names. `evidence_type` as for att_policy_default; NULL: what depends on the type is not looked at. In order of
 * lines; none at all: *ret_count is 0. */
ATT_API ATT_CHECK bool att_policy_lint(const struct att_policy *policy, const char *evidence_type,
                                       struct att_arena *arena, const struct att_policy_finding **ret,
                                       size_t *ret_count, struct att_err *err);
/* The text in the one usual form: same tokens, same comments, other white space. What does not compile is refused as by
 * att_policy_compile. Formatting twice changes nothing more. The result has another hash. */
ATT_API ATT_CHECK bool att_policy_format(struct att_span text, const struct att_limits *limits,
                                         struct att_arena *arena, struct att_span *ret, struct att_err *err);

#ifdef __cplusplus
}
#endif
#endif
