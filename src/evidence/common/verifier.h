/* evidence/common/verifier.h - what an evidence type is: a row of functions. Whoever has read one has read all.
 *
 *   parse    bytes -> struct. Pure: no crypto, no collateral, no policy.
 *   verify   struct + collateral + time -> trusted, or a reason. Fills att_evidence.tcb as far as it gets, also when
 *            it says no.
 *   claims   verified struct -> claims. Cannot fail on hostile input: that was decided before.
 *   describe parsed struct -> members of a JSON object, for people. Says nothing about trust.
 *   destroy  drops what the arena does not own; NULL is fine.
 */
#ifndef EVIDENCE_COMMON_VERIFIER_H
#define EVIDENCE_COMMON_VERIFIER_H

#include <attest/attest.h>

#include "codec/json.h"
#include "collateral/context.h"

struct att_verifier;

/* One attestation. Everything that it makes lives in its arena. */
struct att_ctx {
    const struct att_lib *lib;
    struct att_arena *arena;
    const struct att_attest_in *in;    /* all that was given; an empty one when evidence is only described */
    uint32_t evaluation_number_pinned; /* by the caller or by the policy; 0: the current set */
    int64_t now_unix_s;
    const struct att_bound_data *runtime;   /* never NULL; absent when not given */
    const struct att_bound_data *init_time; /* as above */
    /* tpm: what the policy's configuration says; defaults when it says nothing */
    uint32_t required_pcr_mask; /* 0xFFFFFF */
    bool require_valid_aik;     /* true */
    unsigned wanted;            /* ATT_WANT_ bits: claims that are costly, and that the policy may look at */
    /* For evidence inside evidence: the row of another type, NULL when there is none. */
    const struct att_verifier *(*verifier)(const char *name);
    bool diagnose; /* evidence refused for its bound data is still measured: for people, not for servers */
};

enum { ATT_WANT_EVENTS = 1, ATT_WANT_BOOT_EVENTS = 2, ATT_WANT_PCRS = 4 };

/* First member of every type's own struct. */
struct att_evidence {
    struct att_tcb tcb;
    bool test_root;
    struct att_collateral_want missing; /* with COLLATERAL_MISSING */
    uint32_t collateral_age_s;          /* past nextUpdate, under grace */
    const char *attestation_type;       /* NULL: that of the row */
    struct att_span seal_to;            /* azure-guest: whom the answer is for */
};

struct att_verifier {
    const char *name;             /* "open-enclave": evidence type as callers name it */
    const char *attestation_type; /* "sgx": value of the claim */
    bool (*parse)(struct att_ctx *, struct att_span raw, struct att_evidence **ret, struct att_err *);
    bool (*verify)(struct att_ctx *, struct att_evidence *, const struct att_collateral *, struct att_err *);
    bool (*claims)(struct att_ctx *, const struct att_evidence *, struct att_claims *, struct att_err *);
    void (*describe)(struct att_ctx *, const struct att_evidence *, struct att_json_writer *);
    void (*destroy)(struct att_evidence *);
};

#endif
