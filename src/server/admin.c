#include "server/admin.h"

#include "base/err.h"
#include "base/timetext.h"
#include "server/admin_collateral.h"
#include "server/metrics.h"

static bool ready(struct admin *a)
{
    return atomic_load(&a->service) && !atomic_load(&a->draining);
}

static const struct store_health *health_of(struct admin *a)
{
    return atomic_load(&a->store_health);
}

/* Ready, as far as the store goes: without it until the bound. */
static bool fresh_enough(struct admin *a)
{
    struct att_err err = { 0 };

    return store_health_fresh_enough(health_of(a), &err);
}

static void answer(struct http_response *ret, int status, const char *type, struct att_span body)
{
    *ret = (struct http_response){ .status = status, .content_type = type, .body = body };
}

static void answer_ready(struct admin *a, const struct http_request *http, struct http_response *ret)
{
    static const char type[] = "application/json";
    const struct store_health *health = health_of(a);
    struct att_buf text = { 0 };
    struct att_time_text since;

    if (!ready(a)) {
        answer(ret, 503, type, att_str("{\"status\":\"not ready\"}"));
        return;
    }
    bool fresh = fresh_enough(a);
    if (fresh && !store_health_out(health)) {
        answer(ret, 200, type, att_str("{\"status\":\"ready\"}"));
        return;
    }
    att_buf_printf(&text, "{\"status\":\"%s\",\"store\":\"unreachable\",\"since\":\"%s\"}",
                   fresh ? "ready" : "stale", att_time_text(&since, atomic_load(&health->fresh_unix_s)));
    char *copy = text.failed ? NULL : att_arena_dup(http->arena, att_buf_span(&text));
    answer(ret, fresh ? 200 : 503, type, copy ? att_span_of(copy, text.len) : att_str("{}"));
    att_buf_free(&text);
}

static void answer_metrics(struct admin *a, const struct http_request *http, struct http_response *ret)
{
    struct att_buf text = { 0 };

    metrics_write(a, ready(a) && fresh_enough(a), &text);
    char *copy = text.failed ? NULL : att_arena_dup(http->arena, att_buf_span(&text));
    size_t len = text.len;
    att_buf_free(&text);
    if (copy)
        answer(ret, 200, "text/plain; version=0.0.4; charset=utf-8", att_span_of(copy, len));
    else
        answer(ret, 500, "text/plain", att_str("out of memory\n"));
}

/* Everything that is here may be a few megabytes. */
static void answer_collateral(struct admin *a, const struct http_request *http, bool bytes,
                              struct http_response *ret)
{
    struct supply *supply = atomic_load(&a->supply);
    struct service *service = atomic_load(&a->service);
    struct att_buf text = { 0 };

    if (!supply || !service) {
        answer(ret, 503, "application/json", att_str("{\"status\":\"not ready\"}"));
        return;
    }
    admin_collateral_write(supply, bytes, service_now_unix_s(service), &text);
    char *copy = text.failed ? NULL : att_arena_dup(http->arena, att_buf_span(&text));
    size_t len = text.len;
    att_buf_free(&text);
    if (copy)
        answer(ret, 200, "application/json", att_span_of(copy, len));
    else
        answer(ret, 500, "text/plain", att_str("out of memory\n"));
}

static void on_request(void *ctx, const struct http_request *http, struct http_response *ret)
{
    struct admin *a = ctx;

    if (!att_span_is(http->method, "GET") && !att_span_is(http->method, "HEAD")) {
        answer(ret, 405, "text/plain", att_str("only GET\n"));
        ret->extra[ret->extra_count++] = (struct http_header){ att_str("Allow"), att_str("GET, HEAD") };
    } else if (att_span_is(http->path, "/healthz"))
        answer(ret, 200, "application/json", att_str("{\"status\":\"ok\"}"));
    else if (att_span_is(http->path, "/readyz"))
        answer_ready(a, http, ret);
    else if (att_span_is(http->path, "/metrics"))
        answer_metrics(a, http, ret);
    else if (att_span_is(http->path, "/collateral"))
        answer_collateral(a, http, false, ret);
    else if (att_span_is(http->path, "/collateral/items"))
        answer_collateral(a, http, true, ret);
    else
        answer(ret, 404, "text/plain",
               att_str("/healthz, /readyz, /metrics, /collateral or /collateral/items\n"));
}

static bool on_head(void *ctx, const struct http_request *head, size_t *ret_body_max,
                    struct http_response *refusal)
{
    (void)ctx;
    (void)head;
    (void)refusal;
    *ret_body_max = 0;
    return true;
}

static void on_bad(void *ctx, struct att_arena *arena, int status, const struct att_err *err,
                   struct http_response *ret)
{
    (void)ctx;
    (void)arena;
    (void)err;
    answer(ret, status, "text/plain", att_str("bad request\n"));
}

struct http_app admin_app(struct admin *a)
{
    return (struct http_app){ .ctx = a, .on_head = on_head, .on_request = on_request, .on_bad = on_bad };
}
