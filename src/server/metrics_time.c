/* How long things took, and what came of requests. */
#include "server/metrics_parts.h"

#include <inttypes.h>

/* Counts up to and with each step. The count is the last of them and no number of its own, so that a scrape between two
 * additions is consistent. */
static void histogram(struct att_buf *b, const char *name, const char *labels, const struct att_histogram *h)
{
    unsigned long count = 0;
    uint64_t sum_ns = atomic_load_explicit(&h->sum_ns, memory_order_relaxed);

    for (size_t i = 0; i < ATT_HISTOGRAM_STEPS; i++) {
        count += atomic_load_explicit(&h->counts[i], memory_order_relaxed);
        att_buf_printf(b, "%s_bucket{%s,le=\"%g\"} %lu\n", name, labels, att_histogram_steps_us[i] / 1e6,
                       count);
    }
    count += atomic_load_explicit(&h->counts[ATT_HISTOGRAM_STEPS], memory_order_relaxed);
    att_buf_printf(b, "%s_bucket{%s,le=\"+Inf\"} %lu\n", name, labels, count);
    att_buf_printf(b, "%s_sum{%s} %" PRIu64 ".%09" PRIu64 "\n", name, labels, sum_ns / 1000000000,
                   sum_ns % 1000000000);
    att_buf_printf(b, "%s_count{%s} %lu\n", name, labels, count);
}

static void duration(void *ctx, const char *type, enum service_outcome outcome,
                     const struct att_histogram *took)
{
    static const char *const outcomes[SERVICE_OUTCOMES] = { "token", "refused", "fault" };
    struct att_buf labels = { 0 };

    att_buf_printf(&labels, "type=\"%s\",outcome=\"%s\"", type, outcomes[outcome]);
    att_buf_putc(&labels, '\0');
    if (!labels.failed)
        histogram(ctx, "attestd_attestation_duration_seconds", (const char *)labels.ptr, took);
    att_buf_free(&labels);
}

void metrics_durations(struct att_buf *b, const struct service *service)
{
    metrics_head(b, METRIC_attestd_attestation_duration_seconds);
    service_durations(service, duration, b);
}

static const char *const planes[API_METER_PLANES] = { "data", "control", "authority", "none" };
static const char *const plane_labels[API_METER_PLANES] = { "plane=\"data\"", "plane=\"control\"",
                                                            "plane=\"authority\"", "plane=\"none\"" };
static const char *const limits[API_LIMIT_COUNT] = { "client", "provider", "overload", "writes",
                                                     "collateral" };

static unsigned long of(const atomic_ulong *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

static void answers(struct att_buf *b, const struct api_meters *m)
{
    metrics_head(b, METRIC_attestd_http_responses_total);
    for (size_t p = 0; p < API_METER_PLANES; p++) {
        for (size_t digit = 2; digit < 6; digit++)
            att_buf_printf(b, "attestd_http_responses_total{plane=\"%s\",status=\"%zuxx\"} %lu\n", planes[p],
                           digit, of(&m->answers[p][digit]));
    }
}

static void lanes(struct att_buf *b, const struct api *api)
{
    struct api_lane_state states[API_LANES];

    api_lanes(api, states);
    metrics_head(b, METRIC_attestd_lane_waiting);
    for (size_t i = 0; i < API_LANES; i++)
        att_buf_printf(b, "attestd_lane_waiting{lane=\"%s\"} %zu\n", states[i].name, states[i].waiting);
    metrics_head(b, METRIC_attestd_lane_refused_total);
    for (size_t i = 0; i < API_LANES; i++)
        att_buf_printf(b, "attestd_lane_refused_total{lane=\"%s\"} %lu\n", states[i].name, states[i].refused);
}

void metrics_requests(struct att_buf *b, const struct api *api)
{
    if (!api)
        return;
    const struct api_meters *m = api_meters(api);

    metrics_head(b, METRIC_attestd_http_request_duration_seconds);
    for (size_t p = 0; p < API_METER_PLANES; p++)
        histogram(b, "attestd_http_request_duration_seconds", plane_labels[p], &m->took[p]);
    answers(b, m);
    lanes(b, api);
    metrics_head(b, METRIC_attestd_limits_hit_total);
    for (size_t i = 0; i < API_LIMIT_COUNT; i++)
        att_buf_printf(b, "attestd_limits_hit_total{limit=\"%s\"} %lu\n", limits[i], of(&m->limits[i]));
}
