/* records/records.h - one record for each request that was judged, and where records go.
 *
 * A record says who asked what of which provider, what came of it, and how long it took: the fields of the resource logs of the
 * original service, and our code of the verdict. Never evidence, tokens, keys, or anything a client chose freely beyond what is
 * named here (all texts are cut at RECORD_TEXT_BYTES and shown as att_shown shows them).
 *
 * records_push copies and returns: one thread writes. Every record goes into the journal of this server - files of JSON lines in
 * `records_dir`, each line with the SHA-256 of the line before it - and to the sinks of its mask. A sink that is slow or gone has
 * a bounded queue of its own; what does not fit is counted as lost, and the others do not wait for it. The journal is what
 * `fail_closed` is about: with it, an answer whose record cannot be kept is not given.
 *
 *     struct record r = { .category = RECORD_OPERATIONAL, .operation = "AttestSgxEnclave", .status = 200, ... };
 *     if (!records_push(records, &r, &err))         only with fail_closed: RECORDS_FULL
 *
 * Threads: records_push and records_stats from any thread. Ownership: strings are borrowed for the call.
 * Errors: RECORDS_FULL, IO_FAILED, CONFIG_INVALID, OUT_OF_MEMORY.
 */
#ifndef RECORDS_RECORDS_H
#define RECORDS_RECORDS_H

#include <attest/error.h>

struct records;
struct fetch;

enum { RECORDS_SINKS_MAX = 32, RECORD_TEXT_BYTES = 1024 };

enum record_category {
    RECORD_OPERATIONAL,   /* "Operational": attestations, reads, refused callers */
    RECORD_AUDIT,         /* "AuditEvent": changes, of policies, signers, providers, roles */
    RECORD_NOT_PROCESSED, /* "NotProcessed": what could not be read as a request */
    RECORD_CATEGORIES
};

/* Texts that are not known are NULL. */
struct record {
    enum record_category category;
    const char *operation;   /* "AttestSgxEnclave", "SetCurrentPolicy" */
    const char *resource_id; /* of the provider, as it was first written */
    const char *region;      /* its location; `location` of the record is that of the serving instance */
    int64_t at_unix_us;      /* when the request was complete */
    uint32_t duration_us;
    int status; /* HTTP */
    enum att_code code;
    const char *where, *found, *expected; /* of a refusal */
    const char *client;                   /* numeric address */
    const char *principal, *name, *client_id, *issuer;
    const char *method, *uri; /* whole URL */
    const char *user_agent, *content_type, *traceparent;
    uint64_t content_length;
    unsigned header_count, cookie_count;
    const char *request_id;
    const char *tenant;
    uint32_t sinks; /* bit N: the Nth sink of the options; the journal has them all */
};

enum record_sink_kind {
    RECORD_SINK_FILE,
    RECORD_SINK_SYSLOG,
    RECORD_SINK_JOURNAL,
    RECORD_SINK_OTLP,
    RECORD_SINK_WEBHOOK
};

/* A [sink NAME] of the configuration. */
struct record_sink {
    const char *name; /* 1 to 32 of a-z 0-9 - */
    enum record_sink_kind kind;
    const char *path;        /* FILE: of the file; SYSLOG: of the socket, NULL: /dev/log */
    const char *url;         /* OTLP, WEBHOOK */
    const char *ca;          /* PEM file; NULL: the system's */
    const char *header_file; /* one "Name: value" line, for a token of the receiver; NULL: none */
    uint64_t rotate_bytes;   /* FILE: 0: 64 MiB */
    unsigned keep_files;     /* FILE: 0: 10 */
};

struct records_options {
    const char *dir;         /* of the journal; NULL: none */
    uint64_t segment_bytes;  /* 0: 64 MiB */
    uint32_t retention_days; /* of segments; 0: for ever */
    bool fail_closed;
    size_t queue_max; /* records that may wait; 0: 10000 */
    const struct record_sink *sinks;
    size_t sink_count;
    const char *location; /* of this instance */
    const char *instance; /* its name: host and process */
    struct fetch *fetch;  /* for OTLP and webhooks; NULL: no such sink may be named */
    int64_t (*now_unix_s)(void *ctx);
    void *now_ctx;
    void (*on_trouble)(void *ctx, const char *sink, const struct att_err *err); /* for the log; may be NULL */
    void *on_trouble_ctx;
};
ATT_CHECK bool records_open(const struct records_options *options, struct records **ret, struct att_err *err);
/* Writes out what waits, a bounded time. */
void records_close(struct records *r); /* NULL is fine */

/* False only with fail_closed: no room, or the journal could not be written when it was last tried. True says that the record
 * waits for the journal, not that it is on the disk: a crash loses what the last milliseconds brought. NULL `r`: nothing is
 * kept, true. */
ATT_CHECK bool records_push(struct records *r, const struct record *record, struct att_err *err);
/* With fail_closed: would a push be refused now? Asked before work is done. */
bool records_usable(struct records *r);
/* Files of sinks are opened anew before their next record: for whoever has renamed them. NULL is fine. */
void records_reopen(struct records *r);
/* The number of a sink, or -1; -1 for NULL. */
int records_sink(const struct records *r, const char *name);

struct record_sink_stats {
    const char *name;
    uint64_t written, lost, failed; /* records; deliveries that failed */
    size_t waiting;
};
struct records_stats {
    uint64_t journal_written, journal_lost, journal_failed;
    size_t waiting, waiting_max;
    struct record_sink_stats sinks[RECORDS_SINKS_MAX];
    size_t sink_count;
};
void records_stats(struct records *r, struct records_stats *ret);

#endif
