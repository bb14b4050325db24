/* Making the service, its threads, and what it is asked from outside. */
#include "supply/internal.h"

#include "base/base64.h"
#include "base/buf.h"
#include "base/err.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { SOURCES_MAX = 8, URL_BYTES_MAX = 256, ITEM_ARENA_BYTES = 4 << 20 };

void supply_event(struct supply *s, const char *event, const char *item, const char *source,
                  const struct att_err *why)
{
    if (s->options.event)
        s->options.event(s->options.ctx, event, item, source, why);
}

/* -- sources -------------------------------------------------------------------------------------------------- */

static bool copy_text(struct att_arena *a, const char **text)
{
    if (!*text)
        return true;
    *text = att_arena_dup(a, att_str(*text));
    return *text;
}

/* Intel's service names a host of its own for the root list; a mirror of the service, a PCCS, has it itself. */
static bool is_intel(const struct supply_source *source)
{
    static const char end[] = ".trustedservices.intel.com";
    size_t len = strlen(source->url);

    return source->kind == SUPPLY_PCS && len > sizeof end - 1 &&
           strcmp(source->url + len - (sizeof end - 1), end) == 0;
}

static bool add_source(struct supply *s, const struct supply_source *from, struct att_err *err)
{
    struct supply_source is = *from;

    if (!from->url || strlen(from->url) > URL_BYTES_MAX)
        return att_fail(err, ATT_CONFIG_INVALID, "collateral.source", "a URL of at most 256 bytes", "%s",
                        from->url ? "a longer one" : "none");
    if (!copy_text(s->arena, &is.url) || !copy_text(s->arena, &is.ca_file) ||
        !copy_text(s->arena, &is.api_key))
        return att_fail_memory(err, "collateral.source");
    struct supply_host *h = &s->hosts[s->host_count++];
    supply_host_init(h, &is, supply_now_ms(s));
    if (!is_intel(&is))
        return true;
    h->elsewhere_root_crl = true;
    is.url = "https://certificates.trustedservices.intel.com";
    is.api_key = NULL;
    h = &s->hosts[s->host_count++];
    supply_host_init(h, &is, supply_now_ms(s));
    h->root_crl_only = true;
    return true;
}

static bool add_sources(struct supply *s, const struct supply_options *options, struct att_err *err)
{
    if (options->source_count > SOURCES_MAX)
        return att_fail(err, ATT_CONFIG_INVALID, "collateral.source", "at most 8 sources", "%zu",
                        options->source_count);
    s->hosts = calloc(2 * options->source_count + 1, sizeof *s->hosts);
    if (!s->hosts)
        return att_fail_memory(err, "collateral.source");
    for (size_t i = 0; i < options->source_count; i++) {
        if (!add_source(s, &options->sources[i], err))
            return false;
    }
    return true;
}

/* -- making and ending ---------------------------------------------------------------------------------------- */

static bool locks_init(struct supply *s)
{
    pthread_condattr_t monotonic;

    if (pthread_condattr_init(&monotonic) != 0)
        return false;
    bool ok = pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC) == 0 &&
              pthread_mutex_init(&s->work, NULL) == 0 && pthread_mutex_init(&s->lock, NULL) == 0 &&
              pthread_cond_init(&s->wake, &monotonic) == 0 &&
              pthread_cond_init(&s->deadline, &monotonic) == 0;
    (void)pthread_condattr_destroy(&monotonic);
    return ok;
}

bool supply_new(const struct supply_options *options, struct supply **ret, struct att_err *err)
{
    struct supply *s = calloc(1, sizeof *s);

    if (!s)
        return att_fail_memory(err, "collateral");
    if (!locks_init(s)) {
        free(s);
        return att_fail_memory(err, "collateral");
    }
    s->options = *options;
    s->options.sources = NULL;
    s->options.dcap = NULL;
    s->options.amd = NULL;
    s->options.items = NULL;
    s->options.floors = NULL;
    s->random = (uint64_t)supply_now_s(s) * UINT64_C(0x9e3779b97f4a7c15) ^ (uint64_t)supply_now_ms(s);
    s->arena = att_arena_new(64 * 1024);
    if (!s->arena) {
        supply_free(s);
        return att_fail_memory(err, "collateral");
    }
    if (!add_sources(s, options, err) || !supply_files_take(s, options, err)) {
        supply_free(s);
        return false;
    }
    *ret = s;
    return true;
}

static void stop_threads(struct supply *s)
{
    supply_lock(s);
    s->stopping = true;
    (void)pthread_cond_broadcast(&s->wake);
    (void)pthread_cond_broadcast(&s->deadline);
    supply_unlock(s);
    for (size_t i = 0; i < s->thread_count; i++)
        (void)pthread_join(s->threads[i], NULL);
    s->thread_count = 0;
    free(s->threads);
    s->threads = NULL;
}

void supply_stop(struct supply *s)
{
    if (!s)
        return;
    stop_threads(s);
    supply_lock(s);
    struct supply_wait *over = supply_waits_over(s, true);
    supply_unlock(s);
    supply_waits_answer(s, over);
}

void supply_free(struct supply *s)
{
    if (!s)
        return;
    supply_stop(s);
    supply_table_free(s);
    supply_files_free(&s->files);
    free(s->hosts);
    att_arena_free(s->arena);
    (void)pthread_cond_destroy(&s->deadline);
    (void)pthread_cond_destroy(&s->wake);
    (void)pthread_mutex_destroy(&s->lock);
    (void)pthread_mutex_destroy(&s->work);
    free(s);
}

/* -- threads -------------------------------------------------------------------------------------------------- */

static void wait_ms(struct supply *s, pthread_cond_t *cond, int64_t ms)
{
    struct timespec at;

    if (ms == SUPPLY_NEVER) {
        (void)pthread_cond_wait(cond, &s->lock);
        return;
    }
    (void)clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_sec += (time_t)(ms / 1000);
    at.tv_nsec += (long)(ms % 1000) * 1000 * 1000;
    if (at.tv_nsec >= 1000 * 1000 * 1000) {
        at.tv_sec++;
        at.tv_nsec -= 1000 * 1000 * 1000;
    }
    (void)pthread_cond_timedwait(cond, &s->lock, &at);
}

/* One for each source: one that stalls keeps no other from being asked. */
static void *work_thread(void *arg)
{
    struct supply *s = arg;

    supply_lock(s);
    while (!s->stopping) {
        uint64_t before = s->woken;
        supply_unlock(s);
        int64_t idle_ms = supply_step(s);
        supply_lock(s);
        if (!s->stopping && s->woken == before)
            wait_ms(s, &s->wake, idle_ms);
    }
    supply_unlock(s);
    return NULL;
}

/* Those who wait get their answer in time, even while every other thread is at a source or at the store. */
static void *deadline_thread(void *arg)
{
    struct supply *s = arg;

    supply_lock(s);
    while (!s->stopping) {
        struct supply_wait *over = supply_waits_over(s, false);
        if (over) {
            supply_unlock(s);
            supply_waits_answer(s, over);
            supply_lock(s);
            continue;
        }
        int64_t at = supply_waits_deadline_ms(s), now = supply_now_ms(s);
        wait_ms(s, &s->deadline, at == SUPPLY_NEVER ? at : at > now ? at - now : 0);
    }
    supply_unlock(s);
    return NULL;
}

static bool start_threads(struct supply *s, struct att_err *err)
{
    size_t workers = s->host_count > 0 ? s->host_count : 1;

    s->threads = calloc(workers + 1, sizeof *s->threads);
    if (!s->threads)
        return att_fail_memory(err, "collateral");
    for (size_t i = 0; i <= workers; i++) {
        int failed =
            pthread_create(&s->threads[s->thread_count], NULL, i == 0 ? deadline_thread : work_thread, s);
        if (failed)
            return att_fail(err, ATT_INTERNAL, "collateral", "one more thread", "%s", strerror(failed));
        s->thread_count++;
    }
    return true;
}

bool supply_start(struct supply *s, struct att_err *err)
{
    (void)pthread_mutex_lock(&s->work);
    supply_rows_load(s);
    bool ok = supply_build(s, err);
    (void)pthread_mutex_unlock(&s->work);
    if (!ok || (s->host_count == 0 && !s->options.store))
        return ok;
    return start_threads(s, err);
}

bool supply_files(struct supply *s, const struct supply_options *files, struct att_err *err)
{
    (void)pthread_mutex_lock(&s->work);
    bool ok = supply_files_take(s, files, err) && supply_build(s, err);
    (void)pthread_mutex_unlock(&s->work);
    supply_lock(s);
    supply_wake(s);
    supply_unlock(s);
    return ok;
}

/* -- looking -------------------------------------------------------------------------------------------------- */

static void put_pem(struct att_buf *out, struct att_span der)
{
    ATT_AUTO(att_buf_free) struct att_buf text = { 0 };

    att_base64_put(&text, der);
    out->failed = out->failed || text.failed;
    att_buf_puts(out, "-----BEGIN CERTIFICATE-----\n");
    for (size_t at = 0; at < text.len; at += 64) {
        att_buf_put(out, att_span_of(text.ptr + at, text.len - at < 64 ? text.len - at : 64));
        att_buf_putc(out, '\n');
    }
    att_buf_puts(out, "-----END CERTIFICATE-----\n");
}

static void put_chain(struct att_buf *out, const struct supply_bytes *b)
{
    struct att_span leaf = supply_blob_span(b->body);

    if (leaf.len > 0 && leaf.ptr[0] == 0x30) {
        put_pem(out, leaf);
    } else {
        att_buf_put(out, leaf);
        if (leaf.len > 0 && leaf.ptr[leaf.len - 1] != '\n')
            att_buf_putc(out, '\n');
    }
    att_buf_put(out, supply_blob_span(b->chain));
}

bool supply_vcek(struct supply *s, const struct att_collateral_want *what, struct att_arena *arena,
                 struct att_span *ret_pem)
{
    ATT_AUTO(att_buf_free) struct att_buf pem = { 0 };
    char id[ATT_ITEM_ID_SIZE];

    supply_lock(s);
    struct supply_entry *e = supply_find(s, att_item_id(what, id));
    const struct supply_bytes *b = e && e->got.body ? &e->got : e && e->file.body ? &e->file : NULL;
    if (b && what->kind == ATT_ITEM_VCEK) {
        e->used_ms = supply_now_ms(s);
        put_chain(&pem, b);
    }
    supply_unlock(s);
    char *copy = pem.len > 0 && !pem.failed ? att_arena_dup(arena, att_buf_span(&pem)) : NULL;
    if (copy)
        *ret_pem = att_span_of(copy, pem.len);
    return copy;
}

static int64_t unix_of(const struct supply *s, int64_t ms)
{
    return ms == SUPPLY_NEVER ? 0 : supply_now_s(s) + (ms - supply_now_ms(s)) / 1000;
}

/* Of bytes from a source and from a file the newer ones are shown; both are in the snapshot. */
static void show(const struct supply *s, const struct supply_entry *e, struct supply_item *ret)
{
    bool file = e->file.body && (!e->got.body || e->file.facts.issued_unix_s > e->got.facts.issued_unix_s);
    const struct supply_bytes *b = file ? &e->file : &e->got;
    int64_t issued = b->facts.issued_unix_s, next = b->facts.next_unix_s;

    *ret = (struct supply_item){
        .source = file        ? "file"
                  : b->source ? (const char *)b->source->bytes
                              : "",
        .facts = b->facts,
        .fetched_unix_s = b->fetched_unix_s,
        .next_try_unix_s = unix_of(s, e->next_ms),
        .held = b->body,
        .aging = b->body && supply_now_s(s) - issued > (next - issued) / 5 * 4,
        .last = e->last,
        .last_status = e->last_status,
        .body = supply_blob_span(b->body),
        .chain = supply_blob_span(b->chain),
    };
    memcpy(ret->id, e->id, sizeof ret->id);
    if (!b->body)
        ret->facts.is = e->what;
}

void supply_each(struct supply *s, void (*each)(void *ctx, const struct supply_item *item), void *ctx)
{
    struct supply_item item;

    supply_lock(s);
    for (size_t i = 0; i < s->entry_count; i++) {
        show(s, s->entries[i], &item);
        each(ctx, &item);
    }
    supply_unlock(s);
}

size_t supply_floors(struct supply *s, struct att_tcb_floor *ret, size_t max)
{
    supply_lock(s);
    size_t count = s->floor_count;
    for (size_t i = 0; i < count && i < max; i++)
        ret[i] = s->floors[i];
    supply_unlock(s);
    return count;
}

void supply_counters(const struct supply *s, struct supply_counters *ret)
{
    *ret = (struct supply_counters){
        .fetched = atomic_load(&s->fetched),
        .refused = atomic_load(&s->refused),
        .failed = atomic_load(&s->failed),
        .throttled = atomic_load(&s->throttled),
        .waited = atomic_load(&s->waited),
        .missing = atomic_load(&s->missing),
        .snapshots = atomic_load(&s->snapshots),
    };
}
