/* The fields and their order are those of docs/operations.md, "Records". */
#include "records/text.h"

#include "base/cidr.h"
#include "base/timetext.h"
#include "codec/json.h"

#include <stddef.h>
#include <stdio.h>

enum { OK_BELOW = 400 };

static const char *const category_names[RECORD_CATEGORIES] = {
    [RECORD_OPERATIONAL] = "Operational",
    [RECORD_AUDIT] = "AuditEvent",
    [RECORD_NOT_PROCESSED] = "NotProcessed",
};

/* Texts that are not known are "": readers of these logs know the columns as strings. */
static void put(struct record_writer *w, struct att_json_writer *to, const char *name, const char *text)
{
    att_buf_clear(&w->clean);
    record_clean(&w->clean, text);
    att_jw_key(to, name);
    att_jw_string(to, att_buf_span(&w->clean));
}

static void put_number(struct att_json_writer *to, const char *name, int64_t value)
{
    att_jw_key(to, name);
    att_jw_int(to, value);
}

/* Seven digits behind the point, as the original's; ours are microseconds. */
static void put_time(struct record_writer *w, struct att_json_writer *to, int64_t at_unix_us)
{
    struct att_time_text seconds;
    char text[40];
    int64_t us = at_unix_us >= 0 ? at_unix_us : 0;

    (void)snprintf(text, sizeof text, "%.19s.%06d0Z", att_time_text(&seconds, us / 1000000),
                   (int)(us % 1000000));
    put(w, to, "Time", text);
}

/* An IPv4 address as IPv6 writes it. */
static void put_client(struct record_writer *w, struct att_json_writer *to, const char *client)
{
    struct att_ip ip;
    char text[sizeof "::ffff:" + ATT_IP_TEXT_SIZE], room[ATT_IP_TEXT_SIZE];
    bool known = client && att_ip_parse(att_str(client), &ip);

    (void)snprintf(text, sizeof text, "%s%s", known && !ip.v6 ? "::ffff:" : "",
                   known ? att_ip_text(&ip, room) : "");
    put(w, to, "callerIpAddress", text);
}

/* traceContext and identity are strings that hold JSON. */
static void put_inner(struct record_writer *w, struct att_json_writer *to, const char *name)
{
    att_jw_key(to, name);
    att_jw_string(to, att_buf_span(&w->inner));
    w->out.failed = w->out.failed || w->inner.failed;
}

static void put_trace(struct record_writer *w, struct att_json_writer *to, const char *traceparent)
{
    char trace[RECORD_TRACE_ID_CHARS + 1] = "", span[RECORD_SPAN_ID_CHARS + 1] = "";
    struct att_json_writer inner = { .out = &w->inner };
    bool known = record_trace(traceparent, trace, span);

    att_buf_clear(&w->inner);
    att_jw_object(&inner);
    put(w, &inner, "traceId", known ? trace : "");
    put(w, &inner, "parentId", known ? span : "");
    att_jw_end_object(&inner);
    put_inner(w, to, "traceContext");
}

static void put_identity(struct record_writer *w, struct att_json_writer *to, const struct record *r)
{
    struct att_json_writer inner = { .out = &w->inner };

    att_buf_clear(&w->inner);
    att_jw_object(&inner);
    put(w, &inner, "callerAadUPN", r->name);
    put(w, &inner, "callerAadObjectId", r->principal);
    put(w, &inner, "callerId", r->client_id);
    att_jw_end_object(&inner);
    put_inner(w, to, "identity");
}

static const char *failure_category(const struct record *r)
{
    if (r->status < OK_BELOW)
        return "None";
    if (r->status == 401 || r->status == 403)
        return "AzureAuthorization";
    return r->status >= 500 ? "Service" : "Request";
}

/* "POLICY_DENIED: expected ..., found ...". */
static void put_details(struct record_writer *w, struct att_json_writer *to, const struct record *r)
{
    static const struct {
        const char *before;
        size_t at;
    } parts[] = {
        { "expected ", offsetof(struct record, expected) },
        { "found ", offsetof(struct record, found) },
    };
    char between[] = ": ";

    att_buf_clear(&w->clean);
    if (r->status >= OK_BELOW && r->code != ATT_OK) {
        att_buf_puts(&w->clean, att_code_name(r->code));
        for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
            const char *text = *(const char *const *)(const void *)((const char *)r + parts[i].at);
            if (!text || !text[0])
                continue;
            att_buf_puts(&w->clean, between);
            att_buf_puts(&w->clean, parts[i].before);
            record_clean(&w->clean, text);
            between[0] = ',';
        }
    }
    att_jw_key(to, "failureDetails");
    att_jw_string(to, att_buf_span(&w->clean));
}

static void put_received(struct record_writer *w, struct att_json_writer *to, const struct record *r)
{
    att_jw_key(to, "infoDataReceived");
    att_jw_object(to);
    att_jw_key(to, "Headers");
    att_jw_object(to);
    put(w, to, "User-Agent", r->user_agent);
    att_jw_end_object(to);
    put_number(to, "HeaderCount", r->header_count);
    put(w, to, "ContentType", r->content_type);
    put_number(to, "ContentLength", r->content_length < INT64_MAX ? (int64_t)r->content_length : INT64_MAX);
    put_number(to, "CookieCount", r->cookie_count);
    put(w, to, "TraceParent", r->traceparent);
    att_jw_end_object(to);
}

static void put_properties(struct record_writer *w, struct att_json_writer *to, const struct record *r)
{
    att_jw_key(to, "properties");
    att_jw_object(to);
    put(w, to, "failureResourceId", r->status < OK_BELOW ? NULL : r->resource_id);
    put(w, to, "failureCategory", failure_category(r));
    put_details(w, to, r);
    put_received(w, to, r);
    put(w, to, "verdictCode", att_code_name(r->code));
    put(w, to, "verdictWhere", r->where);
    put(w, to, "method", r->method);
    put(w, to, "issuer", r->issuer);
    put(w, to, "tenantId", r->tenant);
    put(w, to, "requestId", r->request_id);
    put(w, to, "instance", w->instance);
    att_jw_end_object(to);
}

struct att_span record_text(struct record_writer *w, const struct record *r)
{
    struct att_json_writer to = { .out = &w->out };
    bool known = (unsigned)r->category < RECORD_CATEGORIES;
    char status[16];

    (void)snprintf(status, sizeof status, "%d", r->status);
    att_buf_clear(&w->out);
    att_jw_object(&to);
    put_time(w, &to, r->at_unix_us);
    put(w, &to, "resourceId", r->resource_id);
    put(w, &to, "region", r->region);
    put(w, &to, "location", w->location);
    put(w, &to, "operationName", r->operation);
    put(w, &to, "category", known ? category_names[r->category] : NULL);
    put(w, &to, "resultType", r->status < OK_BELOW ? "Succeeded" : "Failed");
    put(w, &to, "resultSignature", status);
    put_number(&to, "durationMs", r->duration_us / 1000);
    put_client(w, &to, r->client);
    put_trace(w, &to, r->traceparent);
    put_identity(w, &to, r);
    put(w, &to, "uri", r->uri);
    put(w, &to, "level", r->status < OK_BELOW ? "Informational" : "Error");
    put_properties(w, &to, r);
    att_jw_end_object(&to);
    return w->out.failed || w->clean.failed ? (struct att_span){ 0 } : att_buf_span(&w->out);
}

void record_writer_free(struct record_writer *w)
{
    att_buf_free(&w->out);
    att_buf_free(&w->inner);
    att_buf_free(&w->clean);
}
