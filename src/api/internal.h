/* api/internal.h - what the files of this folder share; nobody else includes it. */
#ifndef API_INTERNAL_H
#define API_INTERNAL_H

#include "api/api.h"

/* Known data-plane versions; ranks are for "from this version on". */
enum api_version {
    API_VERSION_NONE,
    API_2018_09_01_PREVIEW,
    API_2020_10_01,
    API_2022_08_01,
    API_2022_09_01_PREVIEW,
    API_2022_09_01,
    API_2023_04_01_PREVIEW,
    API_2025_06_01,
};

/* What a caller must be allowed. NOT_DECLARED is what an unfilled row has: such a table does not start. */
enum api_permission { API_PERMISSION_NOT_DECLARED, API_ANONYMOUS };

enum { API_REQUEST_ID_SIZE = 56 }; /* "00-", 32 digits, "-0000000000000000-00" and a NUL */

struct api_call {
    struct api *api;
    struct service *service; /* never NULL in a handler */
    const struct http_request *http;
    struct http_response *answer;
    enum api_version version;
    char request_id[API_REQUEST_ID_SIZE];
};

struct api_route {
    const char *operation; /* for logs and metrics */
    const char *method;
    const char *path; /* segments are matched without case */
    enum api_permission permission;
    bool version_optional;
    bool only_2018;
    bool attest_body; /* body limit is attest_body_bytes_max; else no body is taken */
    void (*handle)(struct api_call *call);
};

struct api {
    struct api_options options;
    _Atomic(struct service *) service; /* NULL until api_serve */
};

extern const struct api_route api_routes[]; /* ends with an empty row */

/* The route of this path and method. NULL with *ret_allow empty: nothing at this path; else the methods it
 * takes. */
const struct api_route *api_route_of(const struct http_path *path, struct att_span method,
                                     char ret_allow[64]);
/* A table that may be served: each row declares its permission, has a handler and a path that no other row takes
 * with the same method. */
ATT_CHECK bool api_routes_check(const struct api_route *table, struct att_err *err);
/* API_VERSION_MISSING or API_VERSION_UNKNOWN, naming the known ones. */
ATT_CHECK bool api_version_of(const struct api_route *route, struct att_arena *arena, struct att_span query,
                              enum api_version *ret, struct att_err *err);

/* Fills a response: JSON that is static or in the request's arena. */
void api_answer_json(struct api_call *call, int status, struct att_span json);
/* The one error shape. `tell` false leaves what was found and expected out (for callers without the right).
 */
void api_answer_error(struct api_call *call, const struct att_err *err, bool tell);
/* Headers that every answer has; `http` is NULL when the request could not be read. */
void api_answer_headers(const struct api *api, struct att_arena *arena, const char *request_id,
                        const struct http_request *http, struct http_response *ret);
/* A shaped error without a call: framing errors. */
void api_answer_framing(struct att_arena *arena, int status, const struct att_err *err,
                        const char *request_id, struct http_response *ret);

/* The body of an attestation request. `evidence_name` is "quote" or "report". What `ret` gets lives in the arena
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

void api_attest_sgx(struct api_call *call);
void api_attest_open_enclave(struct api_call *call);
void api_certs(struct api_call *call);
void api_openid(struct api_call *call);

#endif
