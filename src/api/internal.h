/* api/internal.h - what the pipeline's own files share; handlers need only call.h. */
#ifndef API_INTERNAL_H
#define API_INTERNAL_H

#include "api/call.h"
#include "base/cidr.h"

#include <pthread.h>
#include <stdatomic.h>

struct lane;
struct rate;
struct throttle;

/* Calls that wait for collateral at the same time; more answer at once that it is missing. */
enum { API_WAITING_FOR_COLLATERAL_MAX = 1024 };

struct api {
    struct api_options options;
    struct api_parts parts;
    atomic_bool serving; /* parts and lanes are set */
    struct lane *changes;
    struct lane *identity;
    struct lane *tpm;        /* judges TPM evidence */
    struct lane *collateral; /* goes on with calls that waited for an item */
    atomic_uint waiting;     /* how many wait, or are being gone on with */
    struct att_cidr_list private_networks;
    struct rate *clients, *providers; /* NULL: no limit */
    struct throttle *throttle;        /* on the thread of changes only */
    struct api_meters meters;
    struct throttle *refusals; /* likewise: how many a tenant's callers (or strangers) may leave records of */
};

/* -- match.c ---------------------------------------------------------------------------------------------- */

/* Where a request goes: which endpoint it speaks to, and what is asked there. */
struct api_place {
    struct http_path path;
    const char *provider_name; /* path style: /p/NAME; NULL: by host, or the default one */
    size_t skip;               /* leading segments that name the endpoint */
    bool doubled_slash;        /* one slash of the path was two: good for the control plane alone */
};
ATT_CHECK bool api_place_of(const struct http_request *http, struct api_place *ret, struct att_err *err);
/* Which tables are looked at: an endpoint of a provider has the data plane only. */
struct api_where {
    bool data_only;
    bool machine;
};
enum { API_ALLOW_SIZE = 96 };
/* The row with most literal segments. NULL with *ret_allow empty: nothing at this path; else the methods it takes.
 * Fills the call's params when it is given. */
const struct api_route *api_match(const struct api *api, const struct api_place *place,
                                  const struct api_where *where, struct att_span method,
                                  struct api_call *call, char ret_allow[API_ALLOW_SIZE]);

/* -- version.c -------------------------------------------------------------------------------------------- */

/* API_VERSION_MISSING or API_VERSION_UNKNOWN, naming the known ones. `ret_text` for the control plane. */
ATT_CHECK bool api_version_of(const struct api_route *route, struct att_arena *arena, struct att_span query,
                              enum api_version *ret, const char **ret_text, struct att_err *err);

/* -- caller.c --------------------------------------------------------------------------------------------- */

bool api_needs_caller(const struct api_call *call);
bool api_needs_action(const struct api_call *call);
/* Fills call->who. `ret_refresh` as access_token_check. */
ATT_CHECK bool api_caller_check(struct api_call *call, size_t *ret_refresh, struct att_err *err);
/* WWW-Authenticate of a 401. */
void api_challenge(struct api_call *call, const struct att_err *err);

/* -- explain.c -------------------------------------------------------------------------------------------- */

/* The route has explanations and the request asks for one. */
bool api_wants_explanation(const struct api_call *call);
/* Sets call->explain for a caller who is known by now. */
void api_explain_allow(struct api_call *call);
/* On a route that asks nobody who they are: looks at the bearer token for this alone. `ret_refresh` as api_caller_check. */
bool api_explain_check(struct api_call *call, size_t *ret_refresh);

/* -- dispatch.c ------------------------------------------------------------------------------------------- */

/* From a matched route to its answer; may put the request on a lane. */
void api_dispatch(struct api_call *call);
/* Answers with the error, tells the operator. */
void api_refuse(struct api_call *call, const struct att_err *err, bool tell);
/* The same for a caller who may not know: reads `told`, and the operator `err`. */
void api_refuse_telling(struct api_call *call, const struct att_err *err, const struct att_err *told);

/* -- record.c: what is left of each request ------------------------------------------------------------------ */

/* May this request be answered, as far as records are concerned? RECORDS_FULL, with fail_closed alone. Public documents are answered
 * always: they decide nothing. */
ATT_CHECK bool api_record_ready(const struct api_call *call, struct att_err *err);
/* Before a change that may take the settings, or the provider, away. */
void api_record_before(struct api_call *call);
/* What was refused, and why; copied. */
void api_record_outcome(struct api_call *call, const struct att_err *err);
/* The answer is filled, and is not sent yet. False: it must not be (RECORDS_FULL); never for a refusal. */
bool api_record(struct api_call *call, struct att_err *err);
/* What could not be read as a request. */
void api_record_unread(const struct api *api, int status, const struct att_err *why, const char *request_id);

/* -- lanes.c: threads and their queue --------------------------------------------------------------------- */

struct lane_options {
    const char *name;
    size_t threads; /* 0: 1 */
    size_t waiting_max;
    size_t of_tenant_max;
    /* Called on the lane's thread about every second, between jobs; may be NULL. For a lane of one thread. */
    void (*tick)(void *ctx);
    void *tick_ctx;
};
ATT_CHECK bool lane_new(const struct lane_options *options, struct lane **ret, struct att_err *err);
/* Runs `work` on a thread of the lane; with one thread, in order. False: no room, for anybody or for this tenant (NULL: callers that
 * nobody knows share one place). */
bool lane_push(struct lane *l, struct api_call *call, const char *tenant, void (*work)(struct api_call *));
/* The tick need not wait for its second; ticks are at least a tenth of one apart. From any thread. */
void lane_tick_soon(struct lane *l);
/* Ends the thread after what waits is done. NULL is fine. */
void lane_free(struct lane *l);

/* How full it is; the name is left alone. */
void lane_state(struct lane *l, struct api_lane_state *ret);

/* -- meters.c --------------------------------------------------------------------------------------------- */

/* Once for each request, when its answer is complete. */
void api_measure(struct api_call *call);
void api_limit_hit(struct api *api, enum api_limit limit);

/* -- limits.c ---------------------------------------------------------------------------------------------- */

ATT_CHECK bool api_limits_new(struct api *api, struct att_err *err);
void api_limits_free(struct api *api);
/* Before anything is done for a request that has a route: THROTTLED, OVERLOADED; call->retry_after_s is set. */
ATT_CHECK bool api_limits_pass(struct api_call *call, struct att_err *err);
/* Before the body is read, of the requests whose caller is looked at by then. */
ATT_CHECK bool api_limits_pass_head(struct api_call *call, struct att_err *err);

/* -- throttle.c ------------------------------------------------------------------------------------------- */

ATT_CHECK bool throttle_new(unsigned writes_per_minute, struct throttle **ret, struct att_err *err);
/* Takes one write of this subscription; *ret_left is what remains. False: none was left. */
bool throttle_take(struct throttle *t, const char *subscription, int64_t now_unix_s, unsigned *ret_left);
void throttle_free(struct throttle *t); /* NULL is fine */

/* -- answer.c --------------------------------------------------------------------------------------------- */

/* Headers that every answer has; `http` is NULL when the request could not be read. */
void api_answer_headers(const struct api *api, struct att_arena *arena, const char *request_id,
                        const struct http_request *http, struct http_response *ret);
void api_answer_control_headers(struct api_call *call);
/* A shaped error without a call: framing errors. */
void api_answer_framing(struct att_arena *arena, int status, const struct att_err *err,
                        const char *request_id, struct http_response *ret);

/* -- the handlers of the data plane ----------------------------------------------------------------------- */

/* The body of an attestation request. `evidence_name` is "quote", "report" or "attestationInfo". What `ret` gets lives in the arena
 * or in the body; its evidence_type is kept. */
struct api_envelope {
    struct att_arena *arena;
    struct att_span body;
    const struct att_limits *limits;
    enum api_version version;
    const char *evidence_name;
};
ATT_CHECK bool api_envelope_read(const struct api_envelope *from, struct service_attest_in *ret,
                                 struct att_err *err);
/* What stands in `report` of SEV-SNP evidence, decoded once: JSON {"SnpReport","VcekCertChain","Endorsements"}, each
 * base64url; the last one again JSON, {"Uvm":[base64url COSE_Sign1, ...]}. Names in any case. */
ATT_CHECK bool api_snp_read(struct att_arena *arena, const struct att_limits *limits, struct att_span text,
                            struct service_attest_in *ret, struct att_err *err);

/* {"token":"..."}; the 2018 version answers the bare JSON string. */
ATT_CHECK bool api_answer_token(struct api_call *call, struct att_span token, struct att_err *err);

bool api_attest_sgx(struct api_call *call, struct att_err *err);
bool api_attest_open_enclave(struct api_call *call, struct att_err *err);
bool api_attest_tdx(struct api_call *call, struct att_err *err);
bool api_attest_sev_snp(struct api_call *call, struct att_err *err);
bool api_attest_tpm(struct api_call *call, struct att_err *err);
bool api_tpm_credential(struct api_call *call, struct att_err *err);
bool api_tpm_certificate_take(struct api_call *call, struct att_err *err);
bool api_tpm_certificate(struct api_call *call, struct att_err *err);
bool api_tpm_authority(struct api_call *call, struct att_err *err);
bool api_attest_azure_guest(struct api_call *call, struct att_err *err);
bool api_tcb_baselines(struct api_call *call, struct att_err *err);
bool api_certs(struct api_call *call, struct att_err *err);
bool api_openid(struct api_call *call, struct att_err *err);
bool api_policy_get(struct api_call *call, struct att_err *err);
bool api_policy_put(struct api_call *call, struct att_err *err);
bool api_policy_reset(struct api_call *call, struct att_err *err);
bool api_policy_history(struct api_call *call, struct att_err *err);
bool api_signers_get(struct api_call *call, struct att_err *err);
bool api_signers_add(struct api_call *call, struct att_err *err);
bool api_signers_remove(struct api_call *call, struct att_err *err);

#endif
