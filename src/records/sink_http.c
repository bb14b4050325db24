/* POSTs over HTTPS: OTLP/HTTP with JSON (OpenTelemetry protocol 1.x, logs), and a plain array of records for any receiver. A 2xx
 * takes the batch; 408, 429, 5xx and no answer are tried again, later each time; any other status would come again, so the batch
 * is lost. A receiver that took a batch and could not say so gets it twice: that is what at least once means. */
#include "records/outlet.h"

#include "base/err.h"
#include "codec/json.h"
#include "fetch/fetch.h"
#include "files/files.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { ARENA_BYTES = 8 << 20, TOTAL_MS = 5000, SEVERITY_INFO = 9, SEVERITY_ERROR = 17 };

struct http_sink {
    char *url, *ca, *header_file, *instance;
    struct fetch *fetch;
    struct att_arena *arena; /* of one attempt */
    struct att_buf body;
    void (*put)(struct http_sink *s, struct record_line *const *lines, size_t count);
};

/* -- a webhook's body ---------------------------------------------------------------------------------------- */

static void put_array(struct http_sink *s, struct record_line *const *lines, size_t count)
{
    att_buf_putc(&s->body, '[');
    for (size_t i = 0; i < count; i++) {
        att_buf_puts(&s->body, i ? "," : "");
        att_buf_put(&s->body, att_span_of(lines[i]->text, lines[i]->len));
    }
    att_buf_putc(&s->body, ']');
}

/* -- OTLP ---------------------------------------------------------------------------------------------------- */

static void put_attribute(struct att_json_writer *w, const char *key, const char *type, struct att_span value)
{
    att_jw_object(w);
    att_jw_key(w, "key");
    att_jw_str(w, key);
    att_jw_key(w, "value");
    att_jw_object(w);
    att_jw_key(w, type);
    att_jw_string(w, value);
    att_jw_end_object(w);
    att_jw_end_object(w);
}

/* 64-bit numbers are strings in the JSON of protobuf. */
static void put_u64(struct att_json_writer *w, const char *name, uint64_t value)
{
    char text[24];

    (void)snprintf(text, sizeof text, "%" PRIu64, value);
    att_jw_key(w, name);
    att_jw_str(w, text);
}

static void put_attributes(struct http_sink *s, struct att_json_writer *w, const struct record_line *line)
{
    static const struct {
        const char *key, *member, *type;
        bool in_properties;
    } rows[] = {
        { "azure.operation_name", "operationName", "stringValue", false },
        { "azure.category", "category", "stringValue", false },
        { "azure.resource_id", "resourceId", "stringValue", false },
        { "azure.result_type", "resultType", "stringValue", false },
        { "http.response.status_code", "resultSignature", "intValue", false },
        { "client.address", "callerIpAddress", "stringValue", false },
        { "url.full", "uri", "stringValue", false },
        { "attestd.verdict.code", "verdictCode", "stringValue", true },
        { "attestd.verdict.where", "verdictWhere", "stringValue", true },
        { "attestd.request_id", "requestId", "stringValue", true },
    };
    struct att_json doc;

    att_jw_key(w, "attributes");
    att_jw_array(w);
    if (att_json_parse(s->arena, att_span_of(line->text, line->len), NULL, &doc, NULL)) {
        att_json_id properties = att_json_get(&doc, ATT_JSON_ROOT, "properties");
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
            struct att_span value = { 0 };
            att_json_id of = rows[i].in_properties ? properties : ATT_JSON_ROOT;
            if (att_json_want_string(&doc, s->arena, of, "record", rows[i].member, &value, NULL))
                put_attribute(w, rows[i].key, rows[i].type, value);
        }
    }
    att_jw_end_array(w);
}

static void put_log_record(struct http_sink *s, struct att_json_writer *w, const struct record_line *line)
{
    uint64_t at_ns = line->at_unix_us > 0 ? (uint64_t)line->at_unix_us * 1000 : 0;

    att_jw_object(w);
    put_u64(w, "timeUnixNano", at_ns);
    put_u64(w, "observedTimeUnixNano", at_ns);
    att_jw_key(w, "severityNumber");
    att_jw_int(w, line->failed ? SEVERITY_ERROR : SEVERITY_INFO);
    att_jw_key(w, "severityText");
    att_jw_str(w, line->failed ? "Error" : "Informational");
    att_jw_key(w, "body");
    att_jw_object(w);
    att_jw_key(w, "stringValue");
    att_jw_string(w, att_span_of(line->text, line->len));
    att_jw_end_object(w);
    put_attributes(s, w, line);
    if (line->trace[0]) {
        att_jw_key(w, "traceId");
        att_jw_str(w, line->trace);
        att_jw_key(w, "spanId");
        att_jw_str(w, line->span);
    }
    att_jw_end_object(w);
}

static void put_resource(struct http_sink *s, struct att_json_writer *w)
{
    att_jw_key(w, "resource");
    att_jw_object(w);
    att_jw_key(w, "attributes");
    att_jw_array(w);
    put_attribute(w, "service.name", "stringValue", att_str("attestd"));
    put_attribute(w, "service.instance.id", "stringValue", att_str(s->instance));
    att_jw_end_array(w);
    att_jw_end_object(w);
}

static void put_otlp(struct http_sink *s, struct record_line *const *lines, size_t count)
{
    struct att_json_writer w = { .out = &s->body };

    att_jw_object(&w);
    att_jw_key(&w, "resourceLogs");
    att_jw_array(&w);
    att_jw_object(&w);
    put_resource(s, &w);
    att_jw_key(&w, "scopeLogs");
    att_jw_array(&w);
    att_jw_object(&w);
    att_jw_key(&w, "scope");
    att_jw_object(&w);
    att_jw_key(&w, "name");
    att_jw_str(&w, "attestd.records");
    att_jw_end_object(&w);
    att_jw_key(&w, "logRecords");
    att_jw_array(&w);
    for (size_t i = 0; i < count; i++)
        put_log_record(s, &w, lines[i]);
    att_jw_end_array(&w);
    att_jw_end_object(&w);
    att_jw_end_array(&w);
    att_jw_end_object(&w);
    att_jw_end_array(&w);
    att_jw_end_object(&w);
}

/* -- sending ------------------------------------------------------------------------------------------------- */

/* The first line of the file, read with each attempt: a token that is renewed counts from the next batch on. */
static bool own_header(struct http_sink *s, const char **ret, struct att_err *err)
{
    struct att_span text = { 0 };

    if (!s->header_file)
        return true;
    if (!file_load(s->arena, s->header_file, &text, err))
        return false;
    const uint8_t *end = text.len ? memchr(text.ptr, '\n', text.len) : NULL;
    size_t len = end ? (size_t)(end - text.ptr) : text.len;
    while (len > 0 && (text.ptr[len - 1] == '\r' || text.ptr[len - 1] == ' '))
        len--;
    *ret = att_arena_dup(s->arena, att_span_of(text.ptr, len));
    return *ret || att_fail_memory(err, "records.sink");
}

static bool judge(const struct fetch_answer *answer, struct outlet_result *result, struct att_err *err)
{
    unsigned status = answer->status;

    if (status >= 200 && status < 300)
        return true;
    /* 401 and 403: somebody renews the token. */
    result->give_up = status < 500 && status != 401 && status != 403 && status != 408 && status != 429;
    result->wait_s = answer->retry_after_s;
    return att_fail(err, ATT_FETCH_FAILED, "sink.status", "2xx", "%u", status);
}

static bool http_write(struct outlet *o, struct record_line *const *lines, size_t count,
                       struct outlet_result *result, struct att_err *err)
{
    struct http_sink *s = o->state;
    const char *own = NULL;
    struct fetch_answer answer = { 0 };

    att_arena_reset(s->arena);
    att_buf_clear(&s->body);
    if (!own_header(s, &own, err))
        return false;
    s->put(s, lines, count);
    if (s->body.failed)
        return att_fail_memory(err, "records.sink");
    const char *headers[] = { "Content-Type: application/json", own, NULL };
    struct fetch_request request = { .url = s->url,
                                     .ca_file = s->ca,
                                     .headers = headers,
                                     .total_ms = TOTAL_MS,
                                     .post = att_buf_span(&s->body) };
    return fetch_post(s->fetch, &request, s->arena, &answer, err) && judge(&answer, result, err);
}

static void http_free(struct http_sink *s)
{
    att_buf_free(&s->body);
    att_arena_free(s->arena);
    free(s->url);
    free(s->ca);
    free(s->header_file);
    free(s->instance);
    free(s);
}

static void http_close(struct outlet *o)
{
    http_free(o->state);
    o->state = NULL;
}

static const struct outlet_ops http_ops = { .write = http_write, .close = http_close };

/* NULL stays NULL; "" too, as a setting that was not given. */
static bool keep(char **ret, const char *text)
{
    *ret = text && text[0] ? strdup(text) : NULL;
    return *ret || !text || !text[0];
}

static bool open_http(struct outlet *o, const struct record_sink *sink, const struct records_options *options,
                      void (*put)(struct http_sink *, struct record_line *const *, size_t),
                      struct att_err *err)
{
    struct http_sink *s = calloc(1, sizeof *s);

    if (!s)
        return att_fail_memory(err, "records.sink");
    s->put = put;
    s->fetch = options->fetch;
    s->arena = att_arena_new(ARENA_BYTES);
    bool ok = (s->arena && keep(&s->url, sink->url) && keep(&s->ca, sink->ca) &&
               keep(&s->header_file, sink->header_file) &&
               (s->instance = strdup(options->instance ? options->instance : ""))) ||
              att_fail_memory(err, "records.sink");
    ok = ok &&
         (s->fetch || att_fail(err, ATT_CONFIG_INVALID, "sink.kind", "a program that can fetch", "none"));
    ok = ok && ((s->url && strncmp(s->url, "https://", 8) == 0) ||
                att_fail(err, ATT_CONFIG_INVALID, "sink.url", "https://HOST[:PORT]/...", "another"));
    if (!ok) {
        http_free(s);
        return false;
    }
    o->ops = &http_ops;
    o->state = s;
    return true;
}

bool sink_otlp_open(struct outlet *o, const struct record_sink *sink, const struct records_options *options,
                    struct att_err *err)
{
    return open_http(o, sink, options, put_otlp, err);
}

bool sink_webhook_open(struct outlet *o, const struct record_sink *sink,
                       const struct records_options *options, struct att_err *err)
{
    return open_http(o, sink, options, put_array, err);
}
