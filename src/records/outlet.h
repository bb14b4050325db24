/* records/outlet.h - one place that records go to: a bounded queue, a thread, and the functions that write there. The journal is
 * one, and each sink. None waits for another. */
#ifndef RECORDS_OUTLET_H
#define RECORDS_OUTLET_H

#include "base/buf.h"
#include "records/records.h"
#include "records/text.h"

#include <pthread.h>
#include <stdatomic.h>

/* A record as text, shared by the outlets that have it. */
struct record_line {
    atomic_uint refs;
    int64_t at_unix_us;
    bool failed;                                                           /* the request was */
    char trace[RECORD_TRACE_ID_CHARS + 1], span[RECORD_SPAN_ID_CHARS + 1]; /* "" when there is none */
    size_t len;
    char text[]; /* with a NUL behind it */
};
struct record_line *record_line_new(const struct record *r,
                                    struct att_span text); /* one reference; NULL: no memory */
void record_line_free(struct record_line *line);

enum { OUTLET_BATCH_MAX = 256, OUTLET_BATCH_BYTES_MAX = 512 << 10 };

/* How an attempt to write a batch ended. */
struct outlet_result {
    size_t done;     /* lines of it, from the first */
    bool give_up;    /* the next attempt would not fare better: what was not done is lost */
    unsigned wait_s; /* as the receiver asked; 0: as we think */
};

struct outlet;
struct outlet_ops {
    /* All of the batch, or false with a reason; never waits longer than some seconds. */
    bool (*write)(struct outlet *o, struct record_line *const *lines, size_t count,
                  struct outlet_result *result, struct att_err *err);
    void (*close)(struct outlet *o); /* may be NULL */
};

struct outlet {
    const struct outlet_ops *ops;
    char name[40];
    void *state;           /* of the ops */
    unsigned attempts_max; /* for a batch; 0: for ever */
    unsigned
        end_ms; /* for what still waits at the end; 0: the usual. Without attempts_max there is no bound */
    void (*on_trouble)(void *ctx, const char *sink, const struct att_err *err);
    void *on_trouble_ctx;
    atomic_bool reopen;  /* taken by the ops */
    atomic_bool failing; /* the last attempt failed */

    pthread_mutex_t lock;
    pthread_cond_t wake;
    pthread_t thread;
    bool open, started, sleeping, ending;
    int64_t give_up_at_ms; /* once it is ending */
    struct record_line **ring;
    size_t size, head, count;
    uint64_t written, lost, failed;
};

/* `o` is filled with ops, name, state and on_trouble; it owns the state from here on, also when this fails. */
ATT_CHECK bool outlet_start(struct outlet *o, size_t queue_max, struct att_err *err);
/* Never waits; what does not fit is counted as lost. Takes a reference of its own. */
void outlet_put(struct outlet *o, struct record_line *line);
/* No more records; the thread writes what it has and ends. Once something fails - for a sink also once some seconds have passed -
 * it counts the rest as lost. */
void outlet_end(struct outlet *o);
void outlet_stop(struct outlet *o); /* after outlet_end; also one that was never started */
void outlet_stats(struct outlet *o, struct record_sink_stats *ret);

/* -- kinds; each fills ops and state ----------------------------------------------------------------------- */

ATT_CHECK bool sink_file_open(struct outlet *o, const struct record_sink *sink, struct att_err *err);
ATT_CHECK bool sink_syslog_open(struct outlet *o, const struct record_sink *sink, struct att_err *err);
ATT_CHECK bool sink_systemd_open(struct outlet *o, const struct record_sink *sink, struct att_err *err);
ATT_CHECK bool sink_otlp_open(struct outlet *o, const struct record_sink *sink,
                              const struct records_options *options, struct att_err *err);
ATT_CHECK bool sink_webhook_open(struct outlet *o, const struct record_sink *sink,
                                 const struct records_options *options, struct att_err *err);

#endif
