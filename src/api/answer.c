/* Answers: JSON always, one error shape made from the error table. */
#include "api/internal.h"

#include "base/buf.h"
#include "base/err.h"
#include "codec/json.h"

#include <stdio.h>

static const char json_type[] = "application/json; charset=utf-8";

enum { RETRY_AFTER_S = 30, RETRY_STORE_S = 5, RETRY_THROTTLED_S = 5, CLIENT_ID_BYTES_MAX = 128 };

/* How a refusal looks on the wire. Codes that are not listed follow their class. */
struct wire {
    int status;
    const char *code;
    const char *known_text; /* what clients and people recognise; our own words follow it */
};

static const char text_collateral[] =
    "The specified quote was invalid due to an error in the quote collateral";
static const char text_baseline[] =
    "The specified quote was invalid because the device on which the quote was generated "
    "does not meet the Azure baseline requirements";
static const char text_pck_cache[] =
    "The specified quote was invalid because the TCBInfo or QEID provided by the PCK "
    "Cache Service was invalid";

static const char text_no_policy[] = "A VBS attestation policy has not been set on the attestation provider";

static struct wire wire_of_class(enum att_code code)
{
    switch (att_code_class(code)) {
    case ATT_CLASS_EVIDENCE:
    case ATT_CLASS_REQUEST:
    case ATT_CLASS_TOKEN:
        return (struct wire){ 400, "InvalidParameter", NULL };
    case ATT_CLASS_COLLATERAL:
        return (struct wire){ 400, "InvalidParameter", text_collateral };
    case ATT_CLASS_POLICY:
        return (struct wire){ 400, "PolicyEvaluationError", NULL };
    case ATT_CLASS_NONE:
    case ATT_CLASS_INTERNAL:
        break;
    }
    return (struct wire){ 500, "InternalError", NULL };
}

/* What the pipeline, the roles and the resources say no with. ARM's words on the control plane, the data plane's there. */
static const struct {
    enum att_code code;
    struct wire control, data;
} plane_rows[] = {
    { ATT_ACCESS_DENIED, { 403, "AuthorizationFailed", NULL }, { 401, "Unauthorized", NULL } },
    { ATT_ACCESS_NETWORK, { 403, "Forbidden", NULL }, { 403, "Forbidden", NULL } },
    { ATT_THROTTLED, { 429, "TooManyRequests", NULL }, { 429, "TooManyRequests", NULL } },
    { ATT_STORE_FAILED, { 503, "ServiceUnavailable", NULL }, { 503, "ServiceUnavailable", NULL } },
    { ATT_STORE_STALE, { 503, "ServiceUnavailable", NULL }, { 503, "ServiceUnavailable", NULL } },
    { ATT_RECORDS_FULL, { 503, "ServiceUnavailable", NULL }, { 503, "ServiceUnavailable", NULL } },
    { ATT_OVERLOADED, { 503, "ServiceUnavailable", NULL }, { 503, "ServiceUnavailable", NULL } },
    { ATT_SIGNER_FAILED, { 503, "ServiceUnavailable", NULL }, { 503, "ServiceUnavailable", NULL } },
    { ATT_STORE_CONFLICT, { 409, "Conflict", NULL }, { 409, "Conflict", NULL } },
    { ATT_NAME_TAKEN, { 409, "NameNotAvailable", NULL }, { 409, "Conflict", NULL } },
    { ATT_NAME_INVALID, { 400, "InvalidParameter", NULL }, { 400, "InvalidParameter", NULL } },
    { ATT_RESOURCE_NOT_FOUND, { 404, "ResourceNotFound", NULL }, { 404, "NotFound", NULL } },
    { ATT_GROUP_NOT_FOUND, { 404, "ResourceGroupNotFound", NULL }, { 404, "NotFound", NULL } },
    { ATT_SUBSCRIPTION_NOT_FOUND, { 404, "SubscriptionNotFound", NULL }, { 404, "NotFound", NULL } },
    { ATT_SUBSCRIPTION_NOT_REGISTERED,
      { 409, "MissingSubscriptionRegistration", NULL },
      { 409, "Conflict", NULL } },
    { ATT_IMMUTABLE_PROPERTY, { 409, "PropertyChangeNotAllowed", NULL }, { 409, "Conflict", NULL } },
    { ATT_ROLE_UNKNOWN, { 404, "RoleDefinitionDoesNotExist", NULL }, { 404, "NotFound", NULL } },
    { ATT_ROLE_ASSIGNMENT_EXISTS, { 409, "RoleAssignmentExists", NULL }, { 409, "Conflict", NULL } },
    { ATT_ROLE_ASSIGNMENT_CHANGED,
      { 409, "RoleAssignmentUpdateNotPermitted", NULL },
      { 409, "Conflict", NULL } },
    { ATT_LAST_OWNER, { 409, "Conflict", NULL }, { 409, "Conflict", NULL } },
    { ATT_RESOURCE_IN_USE, { 409, "Conflict", NULL }, { 409, "Conflict", NULL } },
    { ATT_PRECONDITION_FAILED, { 412, "PreconditionFailed", NULL }, { 412, "PreconditionFailed", NULL } },
    { ATT_QUOTA_EXCEEDED, { 409, "QuotaExceeded", NULL }, { 409, "QuotaExceeded", NULL } },
    { ATT_API_VERSION_UNKNOWN,
      { 400, "InvalidApiVersionParameter", NULL },
      { 400, "UnsupportedApiVersion", NULL } },
};

/* What is wrong is the bearer token, or that there is none. */
static struct wire wire_of_caller(const struct api_call *call, enum att_code code)
{
    bool missing = code == ATT_ACCESS_TOKEN_MISSING;

    if (call->route->plane == API_DATA)
        return (struct wire){ 401, "Unauthorized", NULL };
    return (struct wire){ 401, missing ? "AuthenticationFailed" : "InvalidAuthenticationToken", NULL };
}

static struct wire wire_of_code(enum att_code code);

/* A token that cannot be read: what the guides of this protocol call a bad message when a policy or a signer comes in it,
 * and a bad parameter everywhere else. */
static bool is_bad_message(enum att_code code)
{
    return att_code_class(code) == ATT_CLASS_TOKEN || code == ATT_BASE64_INVALID || code == ATT_JSON_SYNTAX ||
           code == ATT_JSON_DUPLICATE || code == ATT_JSON_DEPTH || code == ATT_JSON_TYPE ||
           code == ATT_JSON_MISSING || code == ATT_JSON_RANGE || code == ATT_JSON_LIMIT;
}

static struct wire wire_of(const struct api_call *call, enum att_code code)
{
    bool control = call->route && call->route->plane == API_CONTROL;

    if (call->caller_refused && call->route)
        return wire_of_caller(call, code);
    for (size_t i = 0; i < sizeof plane_rows / sizeof plane_rows[0]; i++) {
        if (plane_rows[i].code == code)
            return control ? plane_rows[i].control : plane_rows[i].data;
    }
    if (call->route && !control && call->route->change && is_bad_message(code))
        return (struct wire){ 400, "InvalidOperation", NULL };
    return wire_of_code(code);
}

static struct wire wire_of_code(enum att_code code)
{
    switch (code) {
    case ATT_REQUEST_MISDIRECTED:
        return (struct wire){ 421, "MisdirectedRequest", NULL };
    case ATT_POLICY_SIGNATURE_REQUIRED:
    case ATT_POLICY_TOKEN_INVALID:
    case ATT_POLICY_TOKEN_STALE:
    case ATT_POLICY_TOKEN_AUDIENCE:
    case ATT_POLICY_TOKEN_USED:
    case ATT_POLICY_SIGNER_UNKNOWN:
    case ATT_POLICY_SIGNER_MISSING:
    case ATT_POLICY_SIGNER_LAST:
    case ATT_POLICY_NOT_ISOLATED:
        return (struct wire){ 400, "InvalidOperation", NULL };
    case ATT_NOT_FOUND:
        return (struct wire){ 404, "NotFound", NULL };
    case ATT_METHOD_NOT_ALLOWED:
        return (struct wire){ 405, "MethodNotAllowed", NULL };
    case ATT_REQUEST_TOO_LARGE:
        return (struct wire){ 413, "RequestTooLarge", NULL };
    case ATT_API_VERSION_MISSING:
        return (struct wire){ 400, "MissingApiVersionParameter", NULL };
    case ATT_COLLATERAL_MISSING:
        return (struct wire){ 503, "ServiceUnavailable", text_collateral };
    case ATT_POLICY_MISSING: /* with the space, as the original answers */
        return (struct wire){ 400, "Bad request", text_no_policy };
    case ATT_EVENT_LOG_LIMIT:
        return (struct wire){ 413, "RequestTooLarge", NULL };
    case ATT_SERVICE_UNAVAILABLE:
        return (struct wire){ 503, "ServiceUnavailable", NULL };
    case ATT_POLICY_SYNTAX:
    case ATT_POLICY_VERSION:
    case ATT_POLICY_RULE:
    case ATT_POLICY_LIMIT:
        return (struct wire){ 400, "PolicyParsingError", NULL };
    case ATT_VCEK_CHAIN_SIGNATURE_INVALID:
    case ATT_VCEK_CERT_EXPIRED:
    case ATT_VCEK_CERT_NOT_YET_VALID:
    case ATT_VCEK_REVOKED:
    case ATT_PCK_CHAIN_SIGNATURE_INVALID:
    case ATT_ROOT_UNTRUSTED:
    case ATT_PCK_CERT_EXPIRED:
    case ATT_PCK_CERT_NOT_YET_VALID:
    case ATT_PCK_REVOKED:
    case ATT_INTERMEDIATE_CA_REVOKED:
        return (struct wire){ 400, "InvalidParameter", text_collateral };
    case ATT_TDX_MODULE_MISMATCH:
    case ATT_TCB_NOT_SUPPORTED:
    case ATT_TCB_REVOKED:
    case ATT_TCB_STATUS_NOT_ACCEPTED:
    case ATT_QE_SVN_NOT_SUPPORTED:
        return (struct wire){ 400, "InvalidParameter", text_baseline };
    case ATT_TCB_INFO_MALFORMED:
    case ATT_TCB_INFO_SIGNATURE_INVALID:
    case ATT_TCB_INFO_EXPIRED:
    case ATT_TCB_INFO_NOT_YET_VALID:
    case ATT_TCB_INFO_MISMATCH:
    case ATT_TCB_EVAL_NUMBER_TOO_LOW:
    case ATT_QE_IDENTITY_MALFORMED:
    case ATT_QE_IDENTITY_SIGNATURE_INVALID:
    case ATT_QE_IDENTITY_EXPIRED:
    case ATT_QE_IDENTITY_NOT_YET_VALID:
        return (struct wire){ 400, "InvalidParameter", text_pck_cache };
    default:
        return wire_of_class(code);
    }
}

static void put_pair(struct att_json_writer *w, const char *name, const char *value)
{
    att_jw_key(w, name);
    att_jw_str(w, value);
}

/* What the caller reads: the recognisable text, then ours. An internal failure says only where to ask. */
static void message_of(const struct wire *wire, const struct att_err *err, const char *request_id, char *ret,
                       size_t size)
{
    if (wire->status == 500 || err->code == ATT_STORE_FAILED)
        (void)snprintf(ret, size, "The service failed; the operator finds it under request id %s",
                       request_id);
    else if (wire->known_text)
        (void)snprintf(ret, size, "%s: %s", wire->known_text, err->text);
    else
        (void)snprintf(ret, size, "%s", err->text);
}

static void put_detail(struct att_json_writer *w, const struct att_err *err, bool tell)
{
    att_jw_key(w, "details");
    att_jw_array(w);
    att_jw_object(w);
    put_pair(w, "code", att_code_name(err->code));
    if (tell)
        put_pair(w, "target", err->where);
    put_pair(w, "message", err->text);
    if (tell && err->found[0])
        put_pair(w, "found", err->found);
    if (tell && err->expected[0])
        put_pair(w, "expected", err->expected);
    att_jw_end_object(w);
    att_jw_end_array(w);
}

static struct att_span compose(struct att_arena *arena, const struct wire *wire, const struct att_err *err,
                               bool tell, const char *request_id, struct att_span explanation,
                               struct att_span tcb)
{
    static const char last_resort[] =
        "{\"error\":{\"code\":\"InternalError\",\"message\":\"out of memory\"}}";
    struct att_buf text = { 0 };
    struct att_json_writer w = { .out = &text };
    char message[1024];

    message_of(wire, err, request_id, message, sizeof message);
    att_jw_object(&w);
    att_jw_key(&w, "error");
    att_jw_object(&w);
    put_pair(&w, "code", wire->code);
    put_pair(&w, "message", message);
    att_jw_key(&w, "innererror");
    att_jw_object(&w);
    put_pair(&w, "code", wire->code);
    put_pair(&w, "message", message);
    att_jw_end_object(&w);
    if (wire->status != 500 && err->code != ATT_STORE_FAILED)
        put_detail(&w, err, tell);
    att_jw_end_object(&w);
    if (explanation.len > 0) {
        att_jw_key(&w, "x-attestd-explanation");
        att_jw_raw(&w, explanation);
    }
    if (tcb.len > 0) {
        att_jw_key(&w, "x-attestd-tcb");
        att_jw_raw(&w, tcb);
    }
    att_jw_end_object(&w);
    char *copy = text.failed ? NULL : att_arena_dup(arena, att_buf_span(&text));
    struct att_span out = copy ? att_span_of(copy, text.len) : att_str(last_resort);
    att_buf_free(&text);
    return out;
}

static void add_header(struct http_response *r, const char *name, struct att_span value)
{
    if (r->extra_count < HTTP_RESPONSE_HEADERS_MAX)
        r->extra[r->extra_count++] = (struct http_header){ att_str(name), value };
}

void api_answer_headers(const struct api *api, struct att_arena *arena, const char *request_id,
                        const struct http_request *http, struct http_response *ret)
{
    char *id_copy = att_arena_dup(arena, att_str(request_id));

    if (id_copy)
        add_header(ret, "x-ms-request-id", att_str(id_copy));
    add_header(ret, "x-ms-maa-service-version", att_str(api->options.version));
    add_header(ret, "Server", att_str("attestd"));
    if (!http)
        return;
    const struct http_header *echo = http_header_find(http, "x-ms-return-client-request-id");
    const struct http_header *id = http_header_find(http, "x-ms-client-request-id");
    if (echo && id && http_text_is(echo->value, "true") && id->value.len <= CLIENT_ID_BYTES_MAX)
        add_header(ret, "x-ms-client-request-id", id->value);
}

void api_answer_header(struct api_call *call, const char *name, struct att_span value)
{
    add_header(call->answer, name, value);
}

void api_answer_control_headers(struct api_call *call)
{
    add_header(call->answer, "Cache-Control", att_str("no-cache"));
    add_header(call->answer, "X-Content-Type-Options", att_str("nosniff"));
    add_header(call->answer, "Strict-Transport-Security", att_str("max-age=31536000; includeSubDomains"));
    char *copy = att_arena_dup(call->arena, att_str(call->request_id));
    if (copy)
        add_header(call->answer, "x-ms-correlation-request-id", att_str(copy));
}

void api_answer_json(struct api_call *call, int status, struct att_span json)
{
    call->answer->status = status;
    call->answer->content_type = json_type;
    call->answer->body = json;
}

void api_answer_empty(struct api_call *call, int status)
{
    call->answer->status = status;
    call->answer->content_type = status == 204 ? NULL : json_type;
    call->answer->body = (struct att_span){ 0 };
}

bool api_answer_buf(struct api_call *call, int status, struct att_buf *text, struct att_err *err)
{
    char *copy = text->failed ? NULL : att_arena_dup(call->arena, att_buf_span(text));
    struct att_span body = att_span_of(copy, copy ? text->len : 0);

    att_buf_free(text);
    if (!copy)
        return att_fail_memory(err, "answer");
    api_answer_json(call, status, body);
    return true;
}

static void retry_after(struct api_call *call, unsigned seconds)
{
    char text[16];

    (void)snprintf(text, sizeof text, "%u", seconds);
    char *copy = att_arena_dup(call->arena, att_str(text));
    if (copy)
        add_header(call->answer, "Retry-After", att_str(copy));
}

/* Another server takes over in seconds; most else takes longer. */
static unsigned retry_after_s(int status, enum att_code code)
{
    if (status == 429)
        return RETRY_THROTTLED_S;
    return code == ATT_STORE_FAILED ? RETRY_STORE_S : RETRY_AFTER_S;
}

void api_answer_error(struct api_call *call, const struct att_err *err, bool tell)
{
    struct wire wire = wire_of(call, err->code);

    api_answer_json(call, wire.status,
                    compose(call->arena, &wire, err, tell, call->request_id, call->explanation, call->tcb));
    add_header(call->answer, "x-ms-error-code", att_str(wire.code));
    if (wire.status == 503 || wire.status == 429)
        retry_after(call, call->retry_after_s ? call->retry_after_s : retry_after_s(wire.status, err->code));
    if (wire.status != 401)
        return;
    if (call->version == API_2018_09_01_PREVIEW)
        call->answer->body = (struct att_span){ 0 }; /* as that version's description has it */
    if (call->caller_refused)
        api_challenge(call, err);
}

void api_answer_framing(struct att_arena *arena, int status, const struct att_err *err,
                        const char *request_id, struct http_response *ret)
{
    struct wire wire = { status, "BadRequest", NULL };

    if (status == 408)
        wire.code = "RequestTimeout";
    else if (status == 413)
        wire.code = "RequestTooLarge";
    else if (status >= 500)
        wire.code = status == 505 ? "HttpVersionNotSupported" : "InternalError";
    ret->content_type = json_type;
    ret->body = compose(arena, &wire, err, true, request_id, (struct att_span){ 0 }, (struct att_span){ 0 });
    add_header(ret, "x-ms-error-code", att_str(wire.code));
}
