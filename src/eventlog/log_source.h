/* eventlog/log_source.h - what the readers of one form of log share; for the files of this folder only.
 *
 * A source is one log that is being read. It is read twice: the first time counts, so that the list is allocated once and a log of
 * too many events is refused before it costs memory; the second time keeps. Both go through the same reader.
 */
#ifndef EVENTLOG_LOG_SOURCE_H
#define EVENTLOG_LOG_SOURCE_H

#include "base/reader.h"
#include "eventlog/log.h"

enum { LOG_ALGORITHMS_MAX = 8, LOG_IMA_DIGEST_BYTES = 20 };

/* One algorithm of the header of a crypto agile log. */
struct log_algorithm {
    uint32_t id;
    uint32_t size;
    bool known; /* else its digests are stepped over */
    enum att_hash bank;
};

struct log_source {
    const struct log_env *env;
    const char *where;
    struct att_span bytes;
    struct att_reader r;
    size_t record; /* the one that is being read, from 0 */
    size_t offset; /* where it begins */
    bool keeping;  /* the second time */
    struct att_err *err;

    /* TCG */
    bool agile;
    struct log_algorithm algorithms[LOG_ALGORITHMS_MAX];
    size_t algorithm_count;
    size_t padding_from; /* bytes from here to the end are all 00 or all ff */
    unsigned banks;      /* those that every event so far extends */
    uint8_t locality;
    bool locality_given; /* by an event of this log */
    bool pcr0_extended;  /* by this log or one before it */
};

/* Reads the next record. *ret_more is false at the end of the log. */
typedef bool log_next_fn(struct log_source *s, struct log_event *ret, bool *ret_more);

bool tcg_open(struct log_source *s);
bool tcg_next(struct log_source *s, struct log_event *ret, bool *ret_more);

/* EVENT_LOG_MALFORMED at the record that is being read; the offset of its first byte is added to `found`. */
bool log_malformed(const struct log_source *s, const char *expected, const char *found_format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
