/* The way of a record: records_push copies it into the queue; one thread makes its text once and hands it to the journal and to
 * the sinks of its mask; each of these has a thread of its own. */
#include "records/records.h"

#include "base/err.h"
#include "records/journal.h"
#include "records/outlet.h"
#include "records/queue.h"

#include <stdio.h>
#include <stdlib.h>

enum { QUEUE_MAX_DEFAULT = 10000, QUEUE_MAX = 1000000, SINK_ATTEMPTS_MAX = 8 };

struct records {
    bool fail_closed, has_journal, started;
    size_t queue_max;
    char *location, *instance;
    struct record_queue queue;
    atomic_ullong lost; /* before there was a text */
    pthread_t thread;
    struct record_writer writer;
    struct outlet journal;
    struct outlet sinks[RECORDS_SINKS_MAX];
    size_t sink_count;
};

/* -- the thread that makes texts ------------------------------------------------------------------------- */

static void hand_out(struct records *r, const struct record *record)
{
    struct att_span text = record_text(&r->writer, record);
    struct record_line *line = text.len ? record_line_new(record, text) : NULL;

    if (!line) {
        atomic_fetch_add(&r->lost, 1);
        return;
    }
    if (r->has_journal)
        outlet_put(&r->journal, line);
    for (size_t i = 0; i < r->sink_count; i++) {
        if (record->sinks >> i & 1)
            outlet_put(&r->sinks[i], line);
    }
    record_line_free(line);
}

static void *run(void *arg)
{
    struct records *r = arg;
    struct record record;

    while (record_queue_first(&r->queue, &record)) {
        hand_out(r, &record);
        record_queue_drop(&r->queue);
    }
    return NULL;
}

/* -- opening ---------------------------------------------------------------------------------------------- */

static bool name_plain(const char *name)
{
    size_t len = strnlen(name, 33);

    return len >= 1 && len <= 32 && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == len;
}

static bool sink_usable(const struct records_options *o, size_t i, struct att_err *err)
{
    const struct record_sink *s = &o->sinks[i];
    struct att_shown shown;

    if (!name_plain(s->name))
        return att_fail(err, ATT_CONFIG_INVALID, "sink", "a name of 1 to 32 of a-z, 0-9 and -", "'%s'",
                        att_shown(&shown, att_str(s->name)));
    for (size_t j = 0; j < i; j++) {
        if (strcmp(s->name, o->sinks[j].name) == 0)
            return att_fail(err, ATT_CONFIG_INVALID, "sink", "names that differ", "%s twice", s->name);
    }
    return true;
}

static bool open_kind(struct outlet *o, const struct record_sink *sink, const struct records_options *options,
                      struct att_err *err)
{
    switch (sink->kind) {
    case RECORD_SINK_FILE:
        return sink_file_open(o, sink, err);
    case RECORD_SINK_SYSLOG:
        return sink_syslog_open(o, sink, err);
    case RECORD_SINK_JOURNAL:
        return sink_systemd_open(o, sink, err);
    case RECORD_SINK_OTLP:
        return sink_otlp_open(o, sink, options, err);
    case RECORD_SINK_WEBHOOK:
        return sink_webhook_open(o, sink, options, err);
    }
    return att_fail(err, ATT_CONFIG_INVALID, "sink.kind", "file, syslog, journal, otlp or webhook", "%d",
                    (int)sink->kind);
}

static void name_outlet(struct outlet *o, const struct records_options *options, const char *name)
{
    (void)snprintf(o->name, sizeof o->name, "%s", name);
    o->on_trouble = options->on_trouble;
    o->on_trouble_ctx = options->on_trouble_ctx;
}

static bool open_sinks(struct records *r, const struct records_options *o, struct att_err *err)
{
    if (o->sink_count > RECORDS_SINKS_MAX)
        return att_fail(err, ATT_CONFIG_INVALID, "sink", "at most 32", "%zu", o->sink_count);
    for (size_t i = 0; i < o->sink_count; i++) {
        struct outlet *sink = &r->sinks[i];
        if (!sink_usable(o, i, err))
            return false;
        name_outlet(sink, o, o->sinks[i].name);
        sink->attempts_max = SINK_ATTEMPTS_MAX;
        r->sink_count = i + 1; /* from here on it is stopped */
        if (!open_kind(sink, &o->sinks[i], o, err) || !outlet_start(sink, r->queue_max, err))
            return false;
    }
    return true;
}

/* Its queue is larger than what may wait in all: with fail_closed nothing that was promised is lost in it. */
static bool open_journal(struct records *r, const struct records_options *o, struct att_err *err)
{
    if (o->fail_closed && !o->dir)
        return att_fail(err, ATT_CONFIG_INVALID, "records_fail_closed", "records_dir beside it", "none");
    if (!o->dir)
        return true;
    name_outlet(&r->journal, o, "journal");
    r->has_journal = true;
    return journal_open(&r->journal, o, &r->lost, err) && outlet_start(&r->journal, 2 * r->queue_max, err);
}

static bool copy_texts(struct records *r, const struct records_options *o, struct att_err *err)
{
    r->location = strdup(o->location ? o->location : "");
    r->instance = strdup(o->instance ? o->instance : "");
    r->writer.location = r->location;
    r->writer.instance = r->instance;
    return (r->location && r->instance) || att_fail_memory(err, "records");
}

static bool start(struct records *r, const struct records_options *o, struct att_err *err)
{
    if (r->queue_max > QUEUE_MAX)
        return att_fail(err, ATT_CONFIG_INVALID, "records_queue_max", "at most 1000000", "%zu", r->queue_max);
    if (!copy_texts(r, o, err) || !record_queue_open(&r->queue, r->queue_max, err))
        return false;
    if (!open_journal(r, o, err) || !open_sinks(r, o, err))
        return false;
    if (pthread_create(&r->thread, NULL, run, r) != 0)
        return att_fail(err, ATT_INTERNAL, "records.thread", "a thread", "none to be had");
    r->started = true;
    return true;
}

bool records_open(const struct records_options *options, struct records **ret, struct att_err *err)
{
    struct records *r = calloc(1, sizeof *r);

    if (!r)
        return att_fail_memory(err, "records");
    r->fail_closed = options->fail_closed;
    r->queue_max = options->queue_max ? options->queue_max : QUEUE_MAX_DEFAULT;
    if (!start(r, options, err)) {
        records_close(r);
        return false;
    }
    *ret = r;
    return true;
}

/* All outlets are told to end before the first is waited for. */
void records_close(struct records *r)
{
    if (!r)
        return;
    if (r->started) {
        record_queue_end(&r->queue);
        pthread_join(r->thread, NULL);
    }
    outlet_end(&r->journal);
    for (size_t i = 0; i < r->sink_count; i++)
        outlet_end(&r->sinks[i]);
    outlet_stop(&r->journal);
    for (size_t i = 0; i < r->sink_count; i++)
        outlet_stop(&r->sinks[i]);
    record_queue_free(&r->queue);
    record_writer_free(&r->writer);
    free(r->location);
    free(r->instance);
    free(r);
}

/* -- for everybody ----------------------------------------------------------------------------------------- */

static size_t journal_waiting(struct records *r)
{
    struct record_sink_stats s = { 0 };

    if (r->has_journal)
        outlet_stats(&r->journal, &s);
    return s.waiting;
}

bool records_usable(struct records *r)
{
    if (!r || !r->fail_closed)
        return true;
    return !atomic_load(&r->journal.failing) &&
           record_queue_count(&r->queue) + journal_waiting(r) < r->queue_max;
}

bool records_push(struct records *r, const struct record *record, struct att_err *err)
{
    if (!r || (!r->has_journal && record->sinks == 0))
        return true;
    if (!records_usable(r))
        return att_fail(err, ATT_RECORDS_FULL, "records", "a journal that can be written, with room",
                        "it failed, or too much waits");
    if (record_queue_put(&r->queue, record))
        return true;
    if (r->fail_closed)
        return att_fail(err, ATT_RECORDS_FULL, "records.queue", "room for a record", "none");
    atomic_fetch_add(&r->lost, 1);
    return true;
}

void records_reopen(struct records *r)
{
    for (size_t i = 0; r && i < r->sink_count; i++)
        atomic_store(&r->sinks[i].reopen, true);
}

int records_sink(const struct records *r, const char *name)
{
    for (size_t i = 0; r && name && i < r->sink_count; i++) {
        if (strcmp(r->sinks[i].name, name) == 0)
            return (int)i;
    }
    return -1;
}

void records_stats(struct records *r, struct records_stats *ret)
{
    struct record_sink_stats journal = { 0 };

    *ret = (struct records_stats){ 0 };
    if (!r)
        return;
    if (r->has_journal)
        outlet_stats(&r->journal, &journal);
    ret->journal_written = journal.written;
    ret->journal_lost = journal.lost + atomic_load(&r->lost);
    ret->journal_failed = journal.failed;
    ret->waiting = record_queue_count(&r->queue) + journal.waiting;
    ret->waiting_max = r->queue_max;
    ret->sink_count = r->sink_count;
    for (size_t i = 0; i < r->sink_count; i++)
        outlet_stats(&r->sinks[i], &ret->sinks[i]);
}
