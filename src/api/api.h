/* api/api.h - the REST face of the service: data plane, control plane (ARM), authority.
 *
 *     struct api *api = NULL;
 *     if (!api_new(&options, &api, &err)) ...
 *     http.app = api_app(api);
 *     ... http_server_start ... the service is made ...
 *     api_serve(api, &parts);
 *     ... http_server_drain, http_server_stop ...
 *     api_free(api);
 */
#ifndef API_API_H
#define API_API_H

#include "access/access.h"
#include "base/histogram.h"
#include "http/http.h"
#include "service/service.h"

struct api;
struct api_route;
struct authority;
struct records;

/* It was as it is, has been read again, or could not be. */
enum api_refresh { API_REFRESH_SAME, API_REFRESH_READ, API_REFRESH_FAILED };

struct api_options {
    size_t attest_body_bytes_max;
    size_t tpm_body_bytes_max; /* of /attest/Tpm: logs; 0: 4 MiB */
    size_t tpm_threads;        /* that judge TPM evidence; 0: 2 */
    const char *version;       /* of the server, for x-ms-maa-service-version */
    /* Tables of routes, NULL-terminated: api_data_routes, api_arm_routes, ... */
    const struct api_route *const *tables;
    unsigned keys_max_age_s;      /* that clients may keep public documents: max-age; 0: 3600 */
    size_t changes_waiting_max;   /* requests that wait for the thread of changes; 0: 256. Beyond: 429 */
    size_t changes_of_tenant_max; /* of these, those of one tenant; 0: 64 */
    unsigned writes_per_minute;   /* of one subscription; 0: 6000 */
    /* Requests of one client, and of all clients of one provider: 0: no such limit. Beyond: 429. */
    unsigned client_per_s, client_burst, provider_per_s, provider_burst;
    /* An attestation that has waited longer in a busy loop is refused (503), so that what is answered is answered soon, and
     * management keeps its share. 0: never. */
    unsigned overload_ms;
    /* Clients inside may reach providers whose public network access is disabled; NULL-terminated, as trusted_proxies
     * of http.h. NULL: nobody. */
    const char *const *private_networks;
    /* Each answered request leaves a record here; with fail_closed, answers that cannot be recorded are not given. NULL: none. */
    struct records *records;
    /* Each refusal that is not the client's framing: for the operator's log. Never holds evidence or tokens. */
    void (*on_refusal)(void *ctx, const char *request_id, const char *operation, const struct att_err *err);
    void *on_refusal_ctx;
    /* The authority has given a token: for the log. May be NULL. */
    void (*on_token)(void *ctx, const char *request_id, const char *client_id, const char *resource,
                     const char *client);
    /* A change is over. May be NULL. */
    void (*on_change)(void *ctx, bool done);
    /* The memory was held against the store, on the thread of changes. May be NULL. */
    void (*on_refresh)(void *ctx, enum api_refresh outcome, uint64_t generation);
};

/* What requests reach once the service is up. All outlive the api. */
struct api_parts {
    struct service *service;
    struct access *access;
    struct authority *authority; /* NULL: there is none, its paths are 404 */
    const char *data_audience;   /* "https://attest.azure.net": for the challenge */
    /* The sign-in page of a tenant, for the challenge: "https://login.example/TENANT". Text in the arena. */
    bool (*authorization_uri)(void *ctx, struct att_arena *arena, const char *tenant, const char **ret);
    void *authorization_ctx;
    /* On the thread of changes, about once a second, behind the look at what other replicas have changed. May be NULL. */
    void (*tick)(void *ctx);
    void *tick_ctx;
};

/* Checks the tables of routes: a row without a permission is refused. Until api_serve every request is answered
 * 503: the port is open before the service knows its own address. */
ATT_CHECK bool api_new(const struct api_options *options, struct api **ret, struct att_err *err);
struct http_app api_app(struct api *api);
/* The same for the managed identity socket: only that one route answers there. */
struct http_app api_machine_app(struct api *api);
/* Starts the threads; from now on requests reach the service. */
ATT_CHECK bool api_serve(struct api *api, const struct api_parts *parts, struct att_err *err);
/* Somebody else may have committed: what is in memory is held against the store soon, without waiting for the second to be
 * over. From any thread, after api_serve; never blocks for long. */
void api_look_soon(struct api *api);

/* -- for metrics: any thread, at any time ------------------------------------------------------------------ */

/* The planes of routes, and what had no route. */
enum api_meter_plane {
    API_METER_DATA,
    API_METER_CONTROL,
    API_METER_AUTHORITY,
    API_METER_NONE,
    API_METER_PLANES
};
enum api_limit {
    API_LIMIT_CLIENT,     /* requests of one client */
    API_LIMIT_PROVIDER,   /* attestations of one provider */
    API_LIMIT_OVERLOAD,   /* a loop that is behind */
    API_LIMIT_WRITES,     /* changes of one subscription */
    API_LIMIT_COLLATERAL, /* attestations that wait for an item */
    API_LIMIT_COUNT
};
struct api_meters {
    struct att_histogram
        took[API_METER_PLANES]; /* from complete request to answer, the wait for the loop with it */
    atomic_ulong answers[API_METER_PLANES][6]; /* by the first digit of the status */
    atomic_ulong limits[API_LIMIT_COUNT];
};
enum { API_LANES = 4 };
struct api_lane_state {
    const char *name;
    size_t waiting;
    unsigned long refused; /* no room, for anybody or for that tenant */
};
const struct api_meters *api_meters(const struct api *api);
void api_lanes(const struct api *api, struct api_lane_state ret[API_LANES]);

/* After the http servers have stopped. */
void api_free(struct api *api); /* NULL is fine */

#endif
