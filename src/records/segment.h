/* records/segment.h - the files of a journal, and the chain through their lines.
 *
 * A line is {"seq":N,"prev":"HASH",...}: its number, and the SHA-256 of the bytes of the line before it, without the end of the
 * line. The first line of all has number 1 and 64 zeros. A file is records-YYYYMMDD-NNNN.jsonl, the day in UTC; the order of
 * names is the order of lines. */
#ifndef RECORDS_SEGMENT_H
#define RECORDS_SEGMENT_H

#include "base/buf.h"

#include <attest/error.h>

#include <openssl/types.h>

enum {
    SEGMENT_NAME_SIZE = sizeof "records-20260101-0001.jsonl",
    SEGMENT_NUMBER_MAX = 9999,
    SEGMENT_LINE_BYTES_MAX = 1 << 20, /* a record has 18 texts of 1 KiB, escaped twice at most */
    CHAIN_HASH_SIZE = 65
};

struct segment {
    char name[SEGMENT_NAME_SIZE];
    unsigned day; /* 20261122 */
    unsigned number;
};
void segment_name(struct segment *s); /* from day and number */
ATT_CHECK bool segment_read_name(const char *name, struct segment *ret);
unsigned segment_day(int64_t unix_s);
/* Days from 1970-01-01, to count with; false: no such day. */
ATT_CHECK bool segment_day_number(unsigned day, int64_t *ret);

struct segments {
    struct segment *all; /* in order; free() */
    size_t count;
};
/* A folder that is not there has none. */
ATT_CHECK bool segments_list(const char *dir, struct segments *ret, struct att_err *err);

/* Where a chain stands: its last line. */
struct chain_end {
    uint64_t seq;
    char hash[CHAIN_HASH_SIZE];
};
void chain_start(struct chain_end *end); /* before the first line of all */

/* Hashes lines; for one thread. */
struct chain_hasher {
    EVP_MD *md;
    EVP_MD_CTX *ctx;
};
ATT_CHECK bool chain_hasher_open(struct chain_hasher *h, struct att_err *err);
void chain_hasher_close(struct chain_hasher *h);
/* {"seq":N,"prev":"HASH", of the line behind `end`. */
void chain_put_head(struct att_buf *out, const struct chain_end *end);
/* The line is the last one now. */
ATT_CHECK bool chain_take(struct chain_hasher *h, struct chain_end *end, struct att_span line);
/* Number and hash in a line's head; false when it has no such head. */
ATT_CHECK bool chain_read_head(struct att_span line, struct chain_end *ret_before);

/* A segment from its first byte, line by line. */
struct segment_scan {
    struct chain_hasher *hasher;
    bool any_start;         /* the first line is believed about what was before it */
    struct chain_end end;   /* in: what is before the first line; out: the last good line */
    struct chain_end begin; /* out, with any_start: what the first line says was before it */
    uint64_t good_bytes, bytes, lines, bad_lines; /* bad_lines: whole lines behind the good ones */
    /* For each good line; may be NULL. */
    bool (*each)(void *ctx, uint64_t seq, struct att_span line, struct att_err *err);
    void *ctx;
};
/* True although lines are bad: good_bytes < bytes then. IO_FAILED, and what `each` says. */
ATT_CHECK bool segment_scan(struct segment_scan *scan, int dir_fd, const char *name, struct att_err *err);

/* The last line of what retention has removed; anchor.json in the folder. ret_found false: nothing was removed yet. */
ATT_CHECK bool anchor_read(const char *dir, struct chain_end *ret, bool *ret_found, struct att_err *err);
ATT_CHECK bool anchor_write(const char *dir, const struct chain_end *end, const char *segment,
                            struct att_err *err);

#endif
