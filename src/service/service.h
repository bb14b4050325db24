/* service/service.h - what attestd does, for one provider, without HTTP.
 *
 * A struct service is shared by all loop threads. It borrows the library, the signer and the strings of its
 * options; they outlive it.
 */
#ifndef SERVICE_SERVICE_H
#define SERVICE_SERVICE_H

#include <attest/attest.h>

struct service;
struct signer;
struct store;

struct service_options {
    const struct att_lib *lib;
    struct signer *signer;  /* signer_local_*: keys are added to it */
    struct store *store;    /* used here, at start, only */
    const uint8_t *kek;     /* ATT_SEAL_KEY_BYTES: opens sealed keys */
    const char *provider;   /* name of the row: "default" */
    const char *attest_uri; /* issuer, no trailing slash */
    const char *alg;        /* "RS256" */
    unsigned accepted_tcb;  /* ATT_TCB_BIT of each */
    bool evidence_time_set; /* --dev: judge evidence at evidence_time_unix_s; never iat, nbf, exp */
    int64_t evidence_time_unix_s;
    int64_t (*now_unix_s)(void *ctx);
    void *now_ctx;
};

ATT_CHECK bool service_new(const struct service_options *options, struct service **ret, struct att_err *err);
void service_free(struct service *s); /* NULL is fine */

/* Takes the place of the collateral in use, whole; running attestations end with what they began with. The
 * service takes its own reference. */
void service_collateral_set(struct service *s, struct att_collateral *c);
/* One reference, for reading; NULL before the first set. */
struct att_collateral *service_collateral_ref(struct service *s);

struct service_attest_in {
    const char *evidence_type; /* "sgx", "open-enclave" */
    struct att_span evidence;
    struct att_bound_data runtime;
    struct att_bound_data init_time;
    bool has_draft_policy; /* then the token is unsecured (alg none) */
    struct att_span draft_policy;
    bool has_nonce;
    struct att_span nonce;
};
/* A compact JWS in the arena; false with `err`: the reason. */
ATT_CHECK bool service_attest(struct service *s, struct att_arena *arena, const struct service_attest_in *in,
                              struct att_span *ret_token, struct att_err *err);
/* Which TCB statuses are accepted from now on; ATT_TCB_BIT of each. */
void service_accept_tcb(struct service *s, unsigned accepted_tcb);

/* JSON texts, composed at start; they live as long as the service. */
struct att_span service_certs_json(const struct service *s);
struct att_span service_openid_json(const struct service *s);
const char *service_attest_uri(const struct service *s);
const struct att_limits *service_limits(const struct service *s);
int64_t service_now_unix_s(const struct service *s);

/* Verdicts so far, for metrics: calls `each` for every pair that occurred. ATT_OK counts tokens issued. */
void service_verdicts(const struct service *s,
                      void (*each)(void *ctx, const char *evidence_type, enum att_code code,
                                   unsigned long count),
                      void *ctx);

#endif
