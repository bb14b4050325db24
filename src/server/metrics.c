#include "server/metrics_parts.h"

#include "records/records.h"
#include "supply/supply.h"

#include <inttypes.h>
#include <string.h>

static const struct {
    const char *name;
    const char *type;
    const char *help;
} table[METRIC_COUNT] = {
#define M(name, type, help) [METRIC_##name] = { #name, #type, help },
#include "server/metrics.def"
#undef M
};

enum { COLLATERAL_ROWS_MAX = 256 };

static void head(struct att_buf *b, enum metric m)
{
    att_buf_printf(b, "# HELP %s %s\n# TYPE %s %s\n", table[m].name, table[m].help, table[m].name,
                   table[m].type);
}

void metrics_head(struct att_buf *b, enum metric m)
{
    head(b, m);
}

static void plain(struct att_buf *b, enum metric m, uint64_t value)
{
    head(b, m);
    att_buf_printf(b, "%s %" PRIu64 "\n", table[m].name, value);
}

/* Label values come from folders and certificates: quotes, backslashes and line ends are escaped, the rest of
 * what is not printable is left out. */
static void label(struct att_buf *b, const char *text)
{
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            att_buf_putc(b, '\\');
        if ((unsigned char)*text >= 0x20 && (unsigned char)*text < 0x7f)
            att_buf_putc(b, *text);
    }
}

static void verdict_row(void *ctx, const char *type, enum att_code code, unsigned long count)
{
    att_buf_printf(ctx, "attestd_attestations_total{type=\"%s\",code=\"%s\"} %lu\n", type,
                   att_code_name(code), count);
}

static void collateral_label(struct att_buf *b, enum metric m, const struct att_collateral_row *row)
{
    att_buf_printf(b, "%s{bundle=\"", table[m].name);
    label(b, row->bundle);
    att_buf_printf(b, "\",item=\"%s\",subject=\"", row->item);
    label(b, row->subject);
    /* The current set and the early one are of the same subject, and two rows with the same labels are no metrics. */
    if (row->set == ATT_SET_PINNED)
        att_buf_printf(b, "\",set=\"%u\"} ", row->evaluation_number);
    else
        att_buf_puts(b, row->set == ATT_SET_EARLY ? "\",set=\"early\"} " : "\",set=\"current\"} ");
}

static void collateral(struct att_buf *b, struct service *service)
{
    struct att_collateral *c = service_collateral_ref(service);
    static const size_t max = COLLATERAL_ROWS_MAX;
    struct att_arena *work = att_arena_new(max * sizeof(struct att_collateral_row));
    struct att_collateral_row *rows = work ? att_arena_alloc(work, max, sizeof *rows) : NULL;
    size_t count = c && rows ? att_collateral_rows(c, rows, max) : 0;

    count = count < max ? count : max;
    head(b, METRIC_attestd_collateral_next_update_unix_seconds);
    for (size_t i = 0; i < count; i++) {
        collateral_label(b, METRIC_attestd_collateral_next_update_unix_seconds, &rows[i]);
        att_buf_printf(b, "%" PRId64 "\n", rows[i].next_unix_s);
    }
    head(b, METRIC_attestd_collateral_usable);
    for (size_t i = 0; i < count; i++) {
        collateral_label(b, METRIC_attestd_collateral_usable, &rows[i]);
        att_buf_puts(b, rows[i].refusal.code == ATT_OK ? "1\n" : "0\n");
    }
    att_arena_free(work);
    att_collateral_free(c);
}

struct writing {
    struct att_buf *b;
    enum metric metric;
    int64_t now_unix_s;
};

static void supply_row(void *ctx, const struct supply_item *item)
{
    const struct writing *to = ctx;

    /* A VCEK for each chip would be thousands of rows, and none that anybody must look at: they do not age in months. */
    if (!item->held || item->facts.is.kind == ATT_ITEM_VCEK)
        return;
    att_buf_printf(to->b, "%s{item=\"", table[to->metric].name);
    label(to->b, item->id);
    att_buf_puts(to->b, "\",source=\"");
    label(to->b, item->source);
    att_buf_puts(to->b, "\"} ");
    if (to->metric == METRIC_attestd_collateral_aging)
        att_buf_puts(to->b, item->aging ? "1\n" : "0\n");
    else
        att_buf_printf(to->b, "%" PRId64 "\n", to->now_unix_s - item->facts.issued_unix_s);
}

static void outcome(struct att_buf *b, enum metric m, const char *name, unsigned long count)
{
    att_buf_printf(b, "%s{outcome=\"%s\"} %lu\n", table[m].name, name, count);
}

static void supply(struct att_buf *b, struct supply *s, int64_t now_unix_s)
{
    static const enum metric of_items[] = { METRIC_attestd_collateral_age_seconds,
                                            METRIC_attestd_collateral_aging };
    struct supply_counters n = { 0 };

    for (size_t i = 0; i < sizeof of_items / sizeof of_items[0]; i++) {
        struct writing to = { b, of_items[i], now_unix_s };
        head(b, of_items[i]);
        supply_each(s, supply_row, &to);
    }
    supply_counters(s, &n);
    head(b, METRIC_attestd_collateral_fetches_total);
    outcome(b, METRIC_attestd_collateral_fetches_total, "taken", n.fetched);
    outcome(b, METRIC_attestd_collateral_fetches_total, "refused", n.refused);
    outcome(b, METRIC_attestd_collateral_fetches_total, "failed", n.failed);
    outcome(b, METRIC_attestd_collateral_fetches_total, "throttled", n.throttled);
    head(b, METRIC_attestd_collateral_waits_total);
    outcome(b, METRIC_attestd_collateral_waits_total, "came", n.waited - n.missing);
    outcome(b, METRIC_attestd_collateral_waits_total, "missing", n.missing);
    plain(b, METRIC_attestd_collateral_snapshots_total, n.snapshots);
}

static void early_row(void *ctx, const char *type, enum att_tcb_status status, enum att_tcb_status early,
                      unsigned long count)
{
    att_buf_printf(ctx, "attestd_early_verdicts_total{type=\"%s\",status=\"%s\",early=\"%s\"} %lu\n", type,
                   att_tcb_status_name(status), early ? att_tcb_status_name(early) : "none", count);
}

static void library(struct att_buf *b, const struct service *service)
{
    size_t count = 0, bytes = 0;

    service_key_tables(service, &count, &bytes);
    plain(b, METRIC_attestd_key_tables, count);
    plain(b, METRIC_attestd_key_table_bytes, bytes);
}

static void listener(struct att_buf *b, const struct http_server *server)
{
    struct http_counters n = { 0 };

    if (server)
        http_server_counters(server, &n);
    plain(b, METRIC_attestd_connections_open, n.connections_open);
    plain(b, METRIC_attestd_connections_total, n.connections_total);
    plain(b, METRIC_attestd_connections_refused_total, n.connections_refused);
    plain(b, METRIC_attestd_http_requests_total, n.requests);
    plain(b, METRIC_attestd_http_bad_requests_total, n.bad_requests);
    plain(b, METRIC_attestd_http_timeouts_total, n.timeouts);
    plain(b, METRIC_attestd_tls_failures_total, n.tls_failures);
    plain(b, METRIC_attestd_http_internal_errors_total, n.internal_errors);
    if (n.tls_not_after_unix_s > 0)
        plain(b, METRIC_attestd_tls_certificate_not_after_unix_seconds, (uint64_t)n.tls_not_after_unix_s);
}

/* Who asked, or how often: the codes of callers, their tokens and secrets. What is wrong with evidence or a body is
 * counted with the attestations, or not at all. */
static bool about_the_caller(enum att_code code)
{
    static const enum att_code others[] = { ATT_SECRET_INVALID, ATT_SECRET_EXPIRED, ATT_ASSERTION_REPLAYED,
                                            ATT_THROTTLED };

    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (others[i] == code)
            return true;
    }
    return att_code_class(code) == ATT_CLASS_TOKEN || strncmp(att_code_name(code), "ACCESS_", 7) == 0;
}

static void callers(struct att_buf *b, struct counters *n)
{
    head(b, METRIC_attestd_requests_refused_total);
    for (unsigned code = 0; code < ATT_CODE_COUNT; code++) {
        unsigned long count = atomic_load_explicit(&n->refused[code], memory_order_relaxed);
        if (count > 0 && about_the_caller((enum att_code)code))
            att_buf_printf(b, "attestd_requests_refused_total{code=\"%s\"} %lu\n",
                           att_code_name((enum att_code)code), count);
    }
    head(b, METRIC_attestd_changes_total);
    att_buf_printf(b, "attestd_changes_total{outcome=\"done\"} %lu\n",
                   atomic_load_explicit(&n->changes_done, memory_order_relaxed));
    att_buf_printf(b, "attestd_changes_total{outcome=\"refused\"} %lu\n",
                   atomic_load_explicit(&n->changes_refused, memory_order_relaxed));
    head(b, METRIC_attestd_issuer_fetches_total);
    att_buf_printf(b, "attestd_issuer_fetches_total{outcome=\"ok\"} %lu\n",
                   atomic_load_explicit(&n->fetched, memory_order_relaxed));
    att_buf_printf(b, "attestd_issuer_fetches_total{outcome=\"failed\"} %lu\n",
                   atomic_load_explicit(&n->fetch_failed, memory_order_relaxed));
}

static void store(struct att_buf *b, const struct store_health *h)
{
    static const enum metric m = METRIC_attestd_site_refreshes_total;

    if (!h)
        return;
    plain(b, METRIC_attestd_store_up, !store_health_out(h));
    plain(b, METRIC_attestd_store_outage_seconds, store_health_outage_s(h));
    plain(b, METRIC_attestd_store_generation, atomic_load(&h->generation));
    plain(b, METRIC_attestd_store_reconnects_total, atomic_load(&h->reconnects));
    head(b, m);
    outcome(b, m, "same", atomic_load(&h->refreshes_same));
    outcome(b, m, "read", atomic_load(&h->refreshes_read));
    outcome(b, m, "failed", atomic_load(&h->refreshes_failed));
}

struct ring_row {
    const char *purpose;
    struct keyring_status is;
};

static void keys_of(struct att_buf *b, const struct ring_row *r)
{
    const struct {
        const char *state;
        size_t count;
    } rows[] = { { "waiting", r->is.waiting },
                 { "signing", r->is.signing },
                 { "leaving", r->is.leaving },
                 { "refused", r->is.refused } };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        att_buf_printf(b, "attestd_signing_keys{purpose=\"%s\",state=\"%s\"} %zu\n", r->purpose,
                       rows[i].state, rows[i].count);
}

static void of_purpose(struct att_buf *b, enum metric m, const char *purpose, int64_t value)
{
    att_buf_printf(b, "%s{purpose=\"%s\"} %" PRId64 "\n", table[m].name, purpose, value);
}

static void keys(struct att_buf *b, struct admin *admin, int64_t now_unix_s)
{
    struct keyring *rings[] = { atomic_load(&admin->keys), atomic_load(&admin->authority_keys) };
    struct ring_row rows[2] = { { .purpose = "attestation" }, { .purpose = "authority" } };
    size_t count = rings[1] ? 2 : 1;

    if (!rings[0])
        return;
    for (size_t i = 0; i < count; i++)
        keyring_status(rings[i], now_unix_s, &rows[i].is);
    head(b, METRIC_attestd_signing_key_age_seconds);
    for (size_t i = 0; i < count; i++)
        of_purpose(b, METRIC_attestd_signing_key_age_seconds, rows[i].purpose,
                   now_unix_s - rows[i].is.signing_since_unix_s);
    head(b, METRIC_attestd_signing_keys);
    for (size_t i = 0; i < count; i++)
        keys_of(b, &rows[i]);
    head(b, METRIC_attestd_signing_key_next_activation_unix_seconds);
    for (size_t i = 0; i < count; i++) {
        int64_t next = rows[i].is.next_activate_unix_s;
        of_purpose(b, METRIC_attestd_signing_key_next_activation_unix_seconds, rows[i].purpose,
                   next == KEYSET_NEVER ? 0 : next);
    }
}

static void sink_row(struct att_buf *b, const struct record_sink_stats *s)
{
    static const char *const outcomes[] = { "written", "lost" };
    const uint64_t counts[] = { s->written, s->lost };

    for (size_t i = 0; i < sizeof outcomes / sizeof outcomes[0]; i++)
        att_buf_printf(b, "attestd_sink_records_total{sink=\"%s\",outcome=\"%s\"} %" PRIu64 "\n", s->name,
                       outcomes[i], counts[i]);
}

/* `failed` of the journal is attempts, not records: what was not written waits and is tried again. */
static void records(struct att_buf *b, struct records *r)
{
    struct records_stats n;

    records_stats(r, &n);
    head(b, METRIC_attestd_records_total);
    outcome(b, METRIC_attestd_records_total, "written", (unsigned long)n.journal_written);
    outcome(b, METRIC_attestd_records_total, "lost", (unsigned long)n.journal_lost);
    plain(b, METRIC_attestd_records_waiting, n.waiting);
    head(b, METRIC_attestd_sink_records_total);
    for (size_t i = 0; i < n.sink_count; i++)
        sink_row(b, &n.sinks[i]);
    head(b, METRIC_attestd_sink_failures_total);
    att_buf_printf(b, "attestd_sink_failures_total{sink=\"(journal)\"} %" PRIu64 "\n", n.journal_failed);
    for (size_t i = 0; i < n.sink_count; i++)
        att_buf_printf(b, "attestd_sink_failures_total{sink=\"%s\"} %" PRIu64 "\n", n.sinks[i].name,
                       n.sinks[i].failed);
}

void metrics_write(struct admin *admin, bool ready, struct att_buf *out)
{
    struct service *service = atomic_load(&admin->service);

    head(out, METRIC_attestd_build_info);
    att_buf_printf(out, "attestd_build_info{version=\"%s\"} 1\n", admin->version);
    plain(out, METRIC_attestd_ready, ready);
    store(out, atomic_load(&admin->store_health));
    listener(out, atomic_load(&admin->server));
    callers(out, &admin->counters);
    metrics_process(out);
    metrics_requests(out, atomic_load(&admin->api));
    if (!service)
        return;
    head(out, METRIC_attestd_attestations_total);
    service_verdicts(service, verdict_row, out);
    head(out, METRIC_attestd_early_verdicts_total);
    service_early_verdicts(service, early_row, out);
    metrics_durations(out, service);
    library(out, service);
    keys(out, admin, service_now_unix_s(service));
    collateral(out, service);
    records(out, atomic_load(&admin->records));
    if (atomic_load(&admin->supply))
        supply(out, atomic_load(&admin->supply), service_now_unix_s(service));
}
