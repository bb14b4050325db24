/* The settings of records as what records/ takes. */
#include "records/records.h"

#include "base/err.h"
#include "fetch/fetch.h"
#include "files/files.h"
#include "server/log.h"
#include "server/server.h"

#include <stdio.h>
#include <unistd.h>

enum { FOLDERS_MAX = 16, CHECK_ARENA_BYTES = 4 << 20 };

static const struct {
    const char *name;
    enum record_sink_kind kind;
    bool fetches;
} kinds[] = {
    { "file", RECORD_SINK_FILE, false },       { "syslog", RECORD_SINK_SYSLOG, false },
    { "journal", RECORD_SINK_JOURNAL, false }, { "otlp", RECORD_SINK_OTLP, true },
    { "webhook", RECORD_SINK_WEBHOOK, true },
};

static void tell(void *ctx, const char *sink, const struct att_err *err)
{
    (void)ctx;
    log_event(LOG_LEVEL_WARN, "records.trouble", "sink", sink, "code", att_code_name(err->code), "where",
              err->where, "found", err->found, (const char *)NULL);
}

static const char *given(const char *text)
{
    return text[0] ? text : NULL;
}

static bool sinks_of(struct server *s, struct records_options *o, struct att_err *err)
{
    const struct config *c = &s->options->config;
    struct record_sink *sinks = att_arena_alloc(s->arena, c->sink_count + 1, sizeof *sinks);
    bool fetches = false;

    if (!sinks)
        return att_fail_memory(err, "sink");
    for (size_t i = 0; i < c->sink_count; i++) {
        const struct config_sink *from = &c->sinks[i];
        sinks[i] = (struct record_sink){
            .name = from->section,
            .path = given(from->path),
            .url = given(from->url),
            .ca = given(from->ca),
            .header_file = given(from->header_file),
            .rotate_bytes = from->rotate_bytes,
            .keep_files = (unsigned)from->keep_files,
        };
        for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
            if (strcmp(kinds[k].name, from->kind) != 0)
                continue;
            sinks[i].kind = kinds[k].kind;
            fetches = fetches || kinds[k].fetches;
        }
    }
    o->sinks = sinks;
    o->sink_count = c->sink_count;
    if (fetches && !fetch_open(&s->records_fetch, err)) /* libcurl is in the process only when it is needed */
        return false;
    o->fetch = s->records_fetch;
    return true;
}

/* A folder of the settings is this server's alone. Below data_dir, where another server may be at work on the same store, it is the
 * first one that nobody writes: records, records-2, ... */
static bool open_below_data(struct server *s, struct records_options *o, struct att_err *err)
{
    for (int n = 1; n <= FOLDERS_MAX; n++) {
        struct att_err why = { 0 };
        char name[32];
        (void)snprintf(name, sizeof name, n == 1 ? "records" : "records-%d", n);
        o->dir = file_path(s->arena, s->options->config.data_dir, name);
        if (!o->dir)
            return att_fail_memory(err, "records_dir");
        if (records_open(o, &s->records, &why))
            return true;
        if (why.code != ATT_CONFIG_INVALID || strcmp(why.where, "records_dir") != 0) {
            if (err)
                *err = why;
            return false;
        }
    }
    return att_fail(err, ATT_CONFIG_INVALID, "records_dir", "a folder that no other server writes",
                    "16 that are in use");
}

bool journal_start(struct server *s, struct att_err *err)
{
    const struct config *c = &s->options->config;
    char host[256] = "", instance[300];

    if (gethostname(host, sizeof host - 1) != 0)
        host[0] = '\0';
    (void)snprintf(instance, sizeof instance, "%s:%ld", host, (long)getpid());
    struct records_options o = {
        .dir = given(c->records_dir),
        .retention_days = (uint32_t)c->records_retention_days,
        .fail_closed = c->records_fail_closed,
        .queue_max = c->records_queue_max,
        .location = c->location,
        .instance = instance,
        .now_unix_s = server_clock,
        .on_trouble = tell,
    };
    if (!sinks_of(s, &o, err))
        return false;
    if (!o.dir && c->data_dir[0])
        return open_below_data(s, &o, err);
    if (!o.dir && o.sink_count == 0)
        return true; /* nowhere to write to */
    return records_open(&o, &s->records, err);
}

static bool readable(const char *path, const char *section, const char *name, struct att_err *err)
{
    struct att_arena *arena = path[0] ? att_arena_new(CHECK_ARENA_BYTES) : NULL;
    struct att_span text;
    char where[96];

    if (path[0] == '\0')
        return true;
    if (!arena)
        return att_fail_memory(err, "sink");
    bool ok = file_load(arena, path, &text, err);
    att_arena_free(arena);
    (void)snprintf(where, sizeof where, "sink.%s.%s", section, name);
    return ok || att_fail_as(err, ATT_CONFIG_INVALID, where);
}

bool sinks_check(struct server *s, struct att_err *err)
{
    const struct config *c = &s->options->config;

    for (size_t i = 0; i < c->sink_count; i++) {
        const struct config_sink *sink = &c->sinks[i];
        if (!readable(sink->ca, sink->section, "ca", err) ||
            !readable(sink->header_file, sink->section, "header_file", err))
            return false;
    }
    return true;
}

bool sinks_reload(struct server *s, struct att_err *err)
{
    (void)err;
    records_reopen(s->records);
    return true;
}
