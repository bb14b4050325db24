/* api/call.h - what a route is, and what its handler gets. For the files of src/api and src/api/arm.
 *
 * A request goes: path -> route -> api-version -> caller (bearer token) -> permission -> handler. Each route declares what
 * a caller must be allowed; a table with a row that does not is not served. Where a request waits for the disk or is
 * costly it is answered on another thread (its lane), never on the loop.
 *
 * A change (route->change) runs inside a struct site_change: the permission is checked after the change has begun, the
 * handler puts and deletes, and only when it has returned true are rows and audit record committed and the answer sent.
 * A refusal of a change leaves its own record.
 */
#ifndef API_CALL_H
#define API_CALL_H

#include "access/access.h"
#include "api/api.h"
#include "site/site.h"

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

enum api_plane { API_DATA, API_CONTROL, API_AUTHORITY };

/* NOT_DECLARED is what an unfilled row has: such a table does not start. */
enum api_access {
    API_ACCESS_NOT_DECLARED,
    API_ANYONE,     /* tokens are ignored, good or bad */
    API_ANY_CALLER, /* a good token; the handler shows only what the caller may read */
    API_ACTION,     /* a role that allows route->action on the resource */
    /* Data plane: API_ACTION, but API_ANYONE from the 2020 version on (attest). */
    API_ACTION_2018,
    /* Data plane: API_ACTION, unless the provider has turned it off for its TPMs: then API_ANYONE. */
    API_ACTION_TPM,
};

enum api_lane {
    API_LANE_LOOP,     /* answered at once */
    API_LANE_CHANGES,  /* the one thread that may use the store and make changes */
    API_LANE_IDENTITY, /* may take tens of milliseconds or ask an issuer */
    API_LANE_TPM,      /* several threads: judges long logs, and asks the store once */
};

struct att_buf;
struct att_json;

enum { API_REQUEST_ID_SIZE = 56 }; /* "00-", 32 digits, "-0000000000000000-00" and a NUL */
enum { API_PARAMS_MAX = 8 };

struct api_call;

struct api_route {
    const char *operation; /* for logs, metrics and the audit trail: "provider.put" */
    const char *
        record; /* operationName of its records, as log queries know it; NULL: the action, or else the operation */
    const char *method;
    /* Segments are matched without case. "{name}" takes one segment, "{name}:word" one that ends so; "{scope*}" at the
     * beginning takes one or more. */
    const char *path;
    enum api_plane plane;
    enum api_access access;
    const char *action; /* "Microsoft.Attestation/attestationProviders/write" */
    /* Callers who send x-attestd-explain: 1 and may do this get an explanation; of others the header is ignored. */
    const char *explain_action;
    enum api_lane lane;
    bool change;
    /* Control plane: known api-versions, separated by spaces; NULL: the data plane's, or none is asked for. */
    const char *versions;
    bool version_optional;
    bool only_2018;
    bool machine_only;     /* answered on the managed identity socket, and nowhere else */
    size_t body_bytes_max; /* 0: no body is taken; API_BODY_ATTEST, API_BODY_TPM: the settings */
    /* Of a change: runs before it begins, when the caller may make it; may use what the change's own transaction would be in
     * the way of. Leaves in call->prepared what the handler wants of it. */
    bool (*before)(struct api_call *call, struct att_err *err);
    /* True: call->answer is filled. False: `err` says why not. */
    bool (*handle)(struct api_call *call, struct att_err *err);
};
#define API_BODY_ATTEST SIZE_MAX
#define API_BODY_TPM    (SIZE_MAX - 1)

struct api_record_of;

struct api_call {
    struct api *api;
    const struct api_options *options;
    struct service *service; /* never NULL in a handler */
    struct site *site;
    struct authority *authority; /* NULL: none is configured */
    const struct api_route *route;
    const struct http_request *http;
    struct att_arena *arena; /* the request's */
    struct http_response *answer;
    enum api_version version;    /* data plane */
    const char *version_text;    /* control plane */
    struct access_identity who;  /* tenant NULL: nobody was asked for */
    bool explain;                /* the caller asked why, and the role may know */
    struct att_span explanation; /* JSON that goes with a refusal; or empty */
    struct att_span tcb;         /* likewise: how good the platform is */
    bool
        endpoint_named; /* the pipeline's: the host or the path names the provider; else it is the default one */
    const struct site_provider *provider; /* data plane: whose endpoint this is; borrowed for the call */
    const char
        *resource; /* lower-case id that the permission is about: the path; data plane: the provider's key */
    struct site_change *change; /* in the handler of a change */
    const void *prepared;       /* what route->before left */
    const char *
        subject; /* for the change's record: what it was about, where the resource does not say it; or NULL */
    const char *changed_by; /* who.principal */
    int64_t now_unix_s;
    bool later;                    /* the pipeline's: the answer comes from a lane */
    size_t refresh;                /* the pipeline's: an issuer whose keys are to be fetched */
    const struct att_err *refusal; /* the pipeline's: why the caller was refused */
    /* A handler that lacks an item of collateral sets `want` and returns true: the call is put off until the item is
     * there or known not to come, and the handler runs once more, with `waited`. */
    struct att_collateral_want *want;
    bool waited;
    struct att_err *missing_why;        /* then: why it did not come */
    unsigned retry_after_s;             /* of a refusal; 0: the usual time */
    bool caller_refused;                /* the bearer token is what is wrong: 401 with a challenge */
    int64_t begun_us;                   /* the pipeline's: monotonic */
    const struct att_err *outcome;      /* the pipeline's: what was refused, for the record */
    const struct api_record_of *before; /* the pipeline's: whose the record is, as it was before a change */
    char request_id[API_REQUEST_ID_SIZE];
    struct {
        const char *name; /* borrowed from the pattern, with name_len */
        size_t name_len;
        const char *value; /* decoded, as sent; for {scope*}: "/a/b/c" */
    } params[API_PARAMS_MAX];
    size_t param_count;
};

/* The value of a pattern's {name}; never NULL for a name of the route's pattern. */
const char *api_param(const struct api_call *call, const char *name);
/* Lower-case copy in the arena; NULL when memory is out. */
char *api_lower(struct att_arena *arena, const char *text);
static inline struct authority *api_authority(const struct api_call *call)
{
    return call->authority;
}
/* May the caller do this, too? For lists that show only what may be read. */
bool api_may(const struct api_call *call, const char *resource, const char *action);

/* -- answering -------------------------------------------------------------------------------------------- */

/* JSON that is static or in the request's arena. */
void api_answer_json(struct api_call *call, int status, struct att_span json);
/* 204, or 200 without a body. */
/* 200 with how long it may be kept and a tag, or 304 when the client has it. */
ATT_CHECK bool api_answer_cached(struct api_call *call, struct att_span json, struct att_err *err);
void api_answer_empty(struct api_call *call, int status);
/* Name and value static or in the arena; beyond HTTP_RESPONSE_HEADERS_MAX it is left out. */
void api_answer_header(struct api_call *call, const char *name, struct att_span value);
/* What an att_buf holds, copied into the arena; frees the buffer. OUT_OF_MEMORY. */
ATT_CHECK bool api_answer_buf(struct api_call *call, int status, struct att_buf *text, struct att_err *err);
/* The one error shape. `tell` false leaves what was found and expected out (for callers without the right). */
void api_answer_error(struct api_call *call, const struct att_err *err, bool tell);

/* ETag of a row's version; If-Match and If-None-Match of the request against it: PRECONDITION_FAILED. version 0: there
 * is no such resource. */
void api_answer_etag(struct api_call *call, uint64_t version);
ATT_CHECK bool api_precondition(const struct api_call *call, uint64_t version, struct att_err *err);

/* A decimal number in the query; *ret stays when it is not there. PARAMETER_INVALID. */
ATT_CHECK bool api_query_number(struct api_call *call, const char *name, uint64_t least, uint64_t most,
                                uint64_t *ret, struct att_err *err);

/* The request's body as JSON, names in any case, no member twice. */
ATT_CHECK bool api_body_json(struct api_call *call, struct att_json *ret, struct att_err *err);

/* -- tables ----------------------------------------------------------------------------------------------- */

/* Each ends with an empty row. */
extern const struct api_route api_data_routes[];      /* api/routes.c */
extern const struct api_route api_authority_routes[]; /* api/authority.c */
/* A table that may be served: each row declares its permission, has a handler and a path that no other row takes
 * with the same method. */
ATT_CHECK bool api_routes_check(const struct api_route *const *tables, struct att_err *err);

#endif
