#include "records/segment.h"

#include "base/auto.h"
#include "base/err.h"
#include "base/timetext.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { DAY_S = 86400 };

void segment_name(struct segment *s)
{
    (void)snprintf(s->name, sizeof s->name, "records-%08u-%04u.jsonl", s->day % 100000000,
                   s->number % (SEGMENT_NUMBER_MAX + 1));
}

static bool number_at(const char *text, size_t digits, unsigned *ret)
{
    unsigned n = 0;

    for (size_t i = 0; i < digits; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        n = n * 10 + (unsigned)(text[i] - '0');
    }
    *ret = n;
    return true;
}

bool segment_day_number(unsigned day, int64_t *ret)
{
    int64_t unix_s = 0;

    if (!att_time_from_civil((int)(day / 10000), (int)(day / 100 % 100), (int)(day % 100), 0, 0, 0, &unix_s))
        return false;
    *ret = unix_s / DAY_S;
    return true;
}

bool segment_read_name(const char *name, struct segment *ret)
{
    static const char form[] = "records-20260101-0001.jsonl";
    struct segment s = { 0 };
    int64_t unused = 0;

    if (strlen(name) != sizeof form - 1 || !number_at(name + 8, 8, &s.day) ||
        !number_at(name + 17, 4, &s.number) || s.number == 0 || !segment_day_number(s.day, &unused))
        return false;
    segment_name(&s);
    if (strcmp(s.name, name) != 0)
        return false;
    *ret = s;
    return true;
}

unsigned segment_day(int64_t unix_s)
{
    time_t t = (time_t)unix_s;
    struct tm tm = { 0 };

    if (!gmtime_r(&t, &tm))
        return 19700101;
    return (unsigned)((tm.tm_year + 1900) * 10000 + (tm.tm_mon + 1) * 100 + tm.tm_mday);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct segment *)a)->name, ((const struct segment *)b)->name);
}

static bool add(struct segments *list, size_t *room, const struct segment *s)
{
    if (list->count == *room) {
        size_t more = *room ? 2 * *room : 64;
        struct segment *all = reallocarray(list->all, more, sizeof *all);
        if (!all)
            return false;
        list->all = all;
        *room = more;
    }
    list->all[list->count++] = *s;
    return true;
}

bool segments_list(const char *dir, struct segments *ret, struct att_err *err)
{
    struct segments list = { 0 };
    size_t room = 0;
    bool ok = true;
    DIR *d = opendir(dir);

    if (!d && errno != ENOENT)
        return att_fail(err, ATT_IO_FAILED, "records", "a folder that can be read", "%m");
    for (const struct dirent *e = d ? readdir(d) : NULL; ok && e; e = readdir(d)) {
        struct segment s;
        ok = !segment_read_name(e->d_name, &s) || add(&list, &room, &s);
    }
    if (d)
        (void)closedir(d); /* opened for reading: nothing can be lost */
    if (!ok) {
        free(list.all);
        return att_fail_memory(err, "records");
    }
    if (list.count > 0)
        qsort(list.all, list.count, sizeof *list.all, by_name);
    *ret = list;
    return true;
}

/* -- reading a segment ------------------------------------------------------------------------------------ */

static bool follows(struct segment_scan *scan, struct att_span line)
{
    struct chain_end before;

    if (!chain_read_head(line, &before))
        return false;
    if (scan->any_start && scan->lines == 0)
        scan->begin = scan->end = before;
    return before.seq == scan->end.seq && strcmp(before.hash, scan->end.hash) == 0;
}

/* One whole line. Behind a bad one no line is good. */
static bool take_line(struct segment_scan *scan, struct att_span line, struct att_err *err)
{
    if (scan->bad_lines > 0 || !follows(scan, line)) {
        scan->bad_lines++;
        return true;
    }
    if (!chain_take(scan->hasher, &scan->end, line))
        return att_fail(err, ATT_INTERNAL, "records.hash", "SHA-256", "none");
    scan->lines++;
    scan->good_bytes += line.len + 1;
    return !scan->each || scan->each(scan->ctx, scan->end.seq, line, err);
}

/* The whole lines of a buffer; what is left of it is moved to its start. */
static bool take_lines(struct segment_scan *scan, uint8_t *bytes, size_t *len, struct att_err *err)
{
    size_t at = 0;

    for (;;) {
        const uint8_t *end = memchr(bytes + at, '\n', *len - at);
        if (!end)
            break;
        size_t n = (size_t)(end - (bytes + at));
        if (!take_line(scan, att_span_of(bytes + at, n), err))
            return false;
        at += n + 1;
    }
    if (at == 0 && *len == SEGMENT_LINE_BYTES_MAX) { /* longer than any of ours: no end is looked for */
        scan->bad_lines++;
        *len = 0;
        return true;
    }
    memmove(bytes, bytes + at, *len - at);
    *len -= at;
    return true;
}

bool segment_scan(struct segment_scan *scan, int dir_fd, const char *name, struct att_err *err)
{
    int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    uint8_t *bytes = fd >= 0 ? malloc(SEGMENT_LINE_BYTES_MAX) : NULL;
    size_t len = 0;
    ssize_t got = 1;
    bool ok = true;

    scan->good_bytes = scan->bytes = scan->lines = scan->bad_lines = 0;
    if (fd < 0)
        return att_fail(err, ATT_IO_FAILED, name, "a file that can be read", "%m");
    while (ok && bytes && got != 0) {
        got = read(fd, bytes + len, SEGMENT_LINE_BYTES_MAX - len);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            ok = att_fail(err, ATT_IO_FAILED, name, "bytes", "%m");
        if (got <= 0)
            break;
        len += (size_t)got;
        scan->bytes += (uint64_t)got;
        ok = take_lines(scan, bytes, &len, err);
    }
    ok = ok && (bytes || att_fail_memory(err, "records"));
    free(bytes);
    (void)close(fd); /* opened for reading: nothing can be lost */
    return ok;
}
