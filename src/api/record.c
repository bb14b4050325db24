/* One record for each answered request: who asked what of which provider, and what came of it. Nothing of bodies, tokens or the
 * values of headers goes in, but for the three that the schema of resource logs has. */
#include "api/internal.h"

#include "base/err.h"
#include "records/records.h"

#include <stdio.h>
#include <time.h>

_Static_assert((int)RECORD_OPERATIONAL == (int)SERVICE_LOG_OPERATIONAL &&
                   (int)RECORD_AUDIT == (int)SERVICE_LOG_AUDIT &&
                   (int)RECORD_NOT_PROCESSED == (int)SERVICE_LOG_NOT_PROCESSED &&
                   (int)RECORD_CATEGORIES == (int)SERVICE_LOGS,
               "categories of records and of settings are one list");

enum { PROVIDER_SEGMENTS = 8, RESOURCE_ID_BYTES_MAX = 512, CONTENT_LENGTH_DIGITS_MAX = 18 };

/* Whose a record is, and where it goes. */
struct api_record_of {
    const char *resource_id, *region, *tenant;
    uint32_t sinks[SERVICE_LOGS];
};

static int64_t clock_us(clockid_t clock)
{
    struct timespec t;

    (void)clock_gettime(clock, &t); /* cannot fail for a clock that is there */
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* -- of whom -------------------------------------------------------------------------------------------------- */

static const char *resource_id_of(struct att_arena *arena, const struct site_provider *p)
{
    char text[RESOURCE_ID_BYTES_MAX];

    (void)snprintf(
        text, sizeof text,
        "/subscriptions/%s/resourceGroups/%s/providers/Microsoft.Attestation/attestationProviders/%s",
        p->subscription, p->group, p->name);
    return att_arena_dup(arena, att_str(text));
}

static void of_endpoint(const struct api_call *call, struct api_record_of *of)
{
    const struct service_record_facts *facts = NULL;
    struct att_err ignored = { 0 };

    of->region = call->provider->location;
    of->tenant = call->provider->o.tenant;
    if (service_record_facts(call->service, call->provider, &facts, &ignored)) {
        of->resource_id = facts->resource_id;
        memcpy(of->sinks, facts->sinks, sizeof of->sinks);
        return;
    }
    of->resource_id = resource_id_of(call->arena, call->provider);
    service_sinks(call->service, call->provider->o.key, of->sinks);
}

/* The key of the provider that a path of the control plane names or lies in; NULL: none. Whether it is there is not asked. */
static const char *provider_key_in(const struct api_call *call)
{
    static const char type[] = "/providers/microsoft.attestation/attestationproviders/";
    const char *at = call->resource ? strstr(call->resource, type) : NULL;
    size_t segments = 0;

    if (!at || strncmp(call->resource, "/subscriptions/", 15) != 0)
        return NULL;
    const char *end = at + sizeof type - 1 + strcspn(at + sizeof type - 1, "/");
    for (const char *c = call->resource; c < end; c++)
        segments += *c == '/';
    return segments == PROVIDER_SEGMENTS
               ? att_arena_dup(call->arena, att_span_of(call->resource, (size_t)(end - call->resource)))
               : NULL;
}

static void of_resource(const struct api_call *call, struct api_record_of *of)
{
    const char *key = provider_key_in(call);
    const struct site_provider *p = key ? site_get(call->site, SITE_PROVIDER, key) : NULL;

    of->resource_id = call->resource;
    if (!p)
        return;
    of->resource_id = resource_id_of(call->arena, p);
    of->region = att_arena_dup(call->arena, att_str(p->location));
    of->tenant = att_arena_dup(call->arena, att_str(p->o.tenant));
    service_sinks(call->service, key, of->sinks);
    site_unref(p);
}

/* At the address that all share, what is no request of anybody's is not the default provider's either: the path may name what
 * belongs to others (A23). */
static void of_whom(const struct api_call *call, struct api_record_of *of)
{
    if (call->provider && (call->route || call->endpoint_named))
        of_endpoint(call, of);
    else if (call->site && call->route && call->route->plane == API_CONTROL)
        of_resource(call, of);
}

void api_record_before(struct api_call *call)
{
    struct api_record_of *of = NULL;

    if (!call->options->records || call->route->plane != API_CONTROL)
        return;
    of = att_arena_alloc(call->arena, 1, sizeof *of);
    if (of)
        of_whom(call, of);
    call->before = of;
}

/* A setting or a provider that goes takes its last record to where it went before; one that comes is there for its first. */
static void join(struct api_record_of *of, const struct api_record_of *before)
{
    if (!before)
        return;
    if (!of->region)
        *of = (struct api_record_of){ .resource_id = before->resource_id,
                                      .region = before->region,
                                      .tenant = before->tenant };
    for (unsigned i = 0; i < SERVICE_LOGS; i++)
        of->sinks[i] |= before->sinks[i];
}

/* -- of the request ------------------------------------------------------------------------------------------- */

static const char *text_of(struct att_arena *arena, struct att_span s)
{
    return s.len > 0 ? att_arena_dup(arena, s) : NULL;
}

static uint64_t number_of(struct att_span digits)
{
    uint64_t n = 0;

    for (size_t i = 0; i < digits.len && i < CONTENT_LENGTH_DIGITS_MAX; i++) {
        if (digits.ptr[i] < '0' || digits.ptr[i] > '9')
            return 0;
        n = 10 * n + (uint64_t)(digits.ptr[i] - '0');
    }
    return n;
}

static unsigned cookies_in(struct att_span value)
{
    unsigned n = value.len > 0;

    for (size_t i = 0; i < value.len; i++)
        n += value.ptr[i] == ';';
    return n;
}

static void take_headers(const struct api_call *call, struct record *r)
{
    for (size_t i = 0; i < call->http->header_count; i++) {
        const struct http_header *h = &call->http->headers[i];
        switch (h->name.len) { /* most names need no comparison */
        case 6:
            if (http_text_is(h->name, "Cookie"))
                r->cookie_count += cookies_in(h->value);
            break;
        case 10:
            if (http_text_is(h->name, "User-Agent"))
                r->user_agent = text_of(call->arena, h->value);
            break;
        case 11:
            if (http_text_is(h->name, "traceparent"))
                r->traceparent = text_of(call->arena, h->value);
            break;
        case 12:
            if (http_text_is(h->name, "Content-Type"))
                r->content_type = text_of(call->arena, h->value);
            break;
        case 14:
            if (http_text_is(h->name, "Content-Length"))
                r->content_length = number_of(h->value);
            break;
        default:
            break;
        }
    }
    r->header_count = (unsigned)call->http->header_count;
}

/* Parameters whose values are shown. Another one's may be anything: a token that somebody has put into the address. */
static bool is_shown(struct att_span name)
{
    static const char *const names[] = { "api-version", "$filter", "%24filter", "$top", "%24top",
                                         "resource",    "before",  "after",     "count" };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (http_text_is(name, names[i]))
            return true;
    return false;
}

struct writer {
    char *to;
    size_t len, room;
};

static void put(struct writer *w, struct att_span s)
{
    size_t n = s.len < w->room - w->len ? s.len : w->room - w->len;

    if (n > 0)
        memcpy(w->to + w->len, s.ptr, n);
    w->len += n;
}

static void put_query(struct writer *w, struct att_span query)
{
    while (query.len > 0) {
        const uint8_t *end = memchr(query.ptr, '&', query.len);
        size_t len = end ? (size_t)(end - query.ptr) : query.len;
        const uint8_t *equals = memchr(query.ptr, '=', len);
        size_t name_len = equals ? (size_t)(equals - query.ptr) : len;
        bool shown = equals && is_shown(att_span_of(query.ptr, name_len));
        put(w, shown    ? att_span_of(query.ptr, len)
               : equals ? att_span_of(query.ptr, name_len + 1)
                        : att_str("..."));
        if (equals && !shown)
            put(w, att_str("..."));
        put(w, att_str(end ? "&" : ""));
        query = att_span_of(query.ptr + len + (end != NULL), query.len - len - (end != NULL));
    }
}

/* As the client has asked for it. Longer ones are cut where records are. */
static const char *uri_of(const struct api_call *call)
{
    const struct http_request *http = call->http;
    /* Each byte of a query may become four: "&" is a parameter without a name. */
    size_t whole = http->host.len + http->path.len + 4 * http->query.len + 16;
    struct writer w = { .room = whole < RECORD_TEXT_BYTES ? whole : RECORD_TEXT_BYTES };

    w.to = att_arena_alloc(call->arena, w.room + 1, 1);
    if (!w.to)
        return NULL;
    put(&w, att_str(http->local ? "http://" : "https://"));
    put(&w, http->host);
    put(&w, http->path);
    if (http->query.len > 0) {
        put(&w, att_str("?"));
        put_query(&w, http->query);
    }
    w.to[w.len] = '\0';
    return w.to;
}

/* -- the record ----------------------------------------------------------------------------------------------- */

static enum record_category category_of(const struct api_call *call)
{
    if (!call->route)
        return RECORD_NOT_PROCESSED;
    return call->route->change ? RECORD_AUDIT : RECORD_OPERATIONAL;
}

/* Changes and reads of the control plane have the names that roles know them under, as in the activity log of the original. */
static const char *operation_of(const struct api_route *route)
{
    if (!route)
        return "Unknown";
    if (route->record)
        return route->record;
    return route->action ? route->action : route->operation;
}

static void take_call(const struct api_call *call, struct record *r)
{
    const struct att_err *why = call->outcome;

    r->category = category_of(call);
    r->operation = operation_of(call->route);
    r->at_unix_us = clock_us(CLOCK_REALTIME);
    r->duration_us = (uint32_t)(clock_us(CLOCK_MONOTONIC) - call->begun_us);
    r->status = call->answer->status;
    r->code = why ? why->code : ATT_OK;
    r->where = why ? why->where : NULL;
    r->found = why ? why->found : NULL;
    r->expected = why ? why->expected : NULL;
    r->client = call->http->client;
    r->principal = call->who.principal;
    r->name = call->who.name;
    r->client_id = call->who.application;
    r->issuer = call->who.issuer_name;
    r->method = text_of(call->arena, call->http->method);
    r->uri = uri_of(call);
    r->request_id = call->request_id;
}

/* An answer that somebody acts upon: not a refusal, and not one of the public documents. */
static bool is_given(const struct api_call *call)
{
    return call->answer->status < 400 && call->route &&
           !(call->route->access == API_ANYONE && strcmp(call->route->method, "GET") == 0);
}

bool api_record(struct api_call *call, struct att_err *err)
{
    struct api_record_of of = { 0 };
    struct record r = { 0 };
    struct att_err full = { 0 };

    if (!call->options->records)
        return true;
    of_whom(call, &of);
    join(&of, call->before);
    take_call(call, &r);
    take_headers(call, &r);
    r.resource_id = of.resource_id;
    r.region = of.region;
    r.tenant = of.tenant ? of.tenant : call->who.tenant;
    r.sinks = of.sinks[r.category];
    if (records_push(call->options->records, &r, &full) || !is_given(call))
        return true;
    *err = full;
    return false;
}

bool api_record_ready(const struct api_call *call, struct att_err *err)
{
    bool public = call->route->access == API_ANYONE && strcmp(call->route->method, "GET") == 0;

    if (!call->options->records || public || records_usable(call->options->records))
        return true;
    return att_fail(err, ATT_RECORDS_FULL, "records", "room for the record of this request", "none");
}

void api_record_outcome(struct api_call *call, const struct att_err *err)
{
    struct att_err *copy = call->options->records ? att_arena_alloc(call->arena, 1, sizeof *copy) : NULL;

    if (copy)
        *copy = *err;
    call->outcome = copy;
}

void api_record_unread(const struct api *api, int status, const struct att_err *why, const char *request_id)
{
    const struct record r = {
        .category = RECORD_NOT_PROCESSED,
        .operation = "Unknown",
        .at_unix_us = clock_us(CLOCK_REALTIME),
        .status = status,
        .code = why->code,
        .where = why->where,
        .found = why->found,
        .expected = why->expected,
        .request_id = request_id,
    };

    if (api->options.records && !records_push(api->options.records, &r, &(struct att_err){ 0 }))
        return; /* counted there */
}
