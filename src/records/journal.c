/* A batch is one write and one fdatasync. What fails is undone: the file is cut to where it was, and the same lines come again. */
#include "records/journal.h"

#include "base/err.h"
#include "base/timetext.h"
#include "codec/json.h"
#include "files/files.h"
#include "records/segment.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_MODE = 0640, FOLDER_MODE = 0750, SEGMENT_BYTES_DEFAULT = 64 << 20 };

struct journal {
    char *dir, *instance;
    int dir_fd, lock_fd, fd;
    struct segment current; /* day 0: there is none */
    char before[SEGMENT_NAME_SIZE];
    uint64_t size; /* of the current one, as far as it is good */
    uint64_t segment_bytes;
    uint32_t retention_days;
    struct chain_hasher hasher;
    struct chain_end end;
    struct att_buf batch;
    bool opened_said;
    uint64_t cut_bytes, cut_lines; /* not said yet */
    atomic_ullong *lost;
    uint64_t lost_said;
    int64_t (*now_unix_s)(void *ctx);
    void *now_ctx;
};

static int64_t now_of(const struct journal *j)
{
    return j->now_unix_s(j->now_ctx);
}

static void close_fd(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd); /* what counts has been synced */
    *fd = -1;
}

/* -- what is there at the start ----------------------------------------------------------------------------- */

static bool lock_folder(struct journal *j, struct att_err *err)
{
    j->dir_fd = open(j->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    j->lock_fd =
        j->dir_fd < 0 ? -1 : openat(j->dir_fd, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, FILE_MODE);
    if (j->lock_fd < 0)
        return att_fail(err, ATT_IO_FAILED, "records_dir", "a folder that can be written", "%m");
    if (flock(j->lock_fd, LOCK_EX | LOCK_NB) != 0)
        return att_fail(err, ATT_CONFIG_INVALID, "records_dir", "a folder that no other server writes",
                        "one that is in use");
    return true;
}

/* Bytes that do not belong to the chain are kept beside it: a crash leaves half a line, and whoever has changed more than that
 * shall not have it thrown away by us. */
static bool keep_torn(struct journal *j, int fd, uint64_t from, struct att_err *err)
{
    char name[SEGMENT_NAME_SIZE + 8];
    uint8_t bytes[65536];
    ssize_t got = 0;

    (void)snprintf(name, sizeof name, "%s.torn", j->current.name);
    int out = openat(j->dir_fd, name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, FILE_MODE);
    if (out < 0)
        return att_fail(err, ATT_IO_FAILED, "records_dir", "a file that can be made", "%m");
    bool ok = true;
    while (ok && (got = pread(fd, bytes, sizeof bytes, (off_t)from)) > 0) {
        ok = write(out, bytes, (size_t)got) == got;
        from += (uint64_t)got;
    }
    ok = ok && got == 0 && fsync(out) == 0;
    if (!ok)
        (void)att_fail(err, ATT_IO_FAILED, "records_dir", "room for what a crash has left", "%m");
    close_fd(&out);
    return ok;
}

static bool open_current(struct journal *j, uint64_t good, const struct segment_scan *scan,
                         struct att_err *err)
{
    j->fd = openat(j->dir_fd, j->current.name, O_RDWR | O_APPEND | O_CLOEXEC | O_NOFOLLOW);
    if (j->fd < 0)
        return att_fail(err, ATT_IO_FAILED, j->current.name, "a file that can be written", "%m");
    if (scan->bytes > good) {
        if (!keep_torn(j, j->fd, good, err))
            return false;
        if (ftruncate(j->fd, (off_t)good) != 0 || fsync(j->fd) != 0)
            return att_fail(err, ATT_IO_FAILED, j->current.name, "a file that can be cut", "%m");
        j->cut_bytes += scan->bytes - good;
        j->cut_lines += scan->bad_lines;
    }
    j->size = good;
    return true;
}

/* The chain goes on behind the last good line: of the last segment, or, when that one has none, of an earlier one. */
static bool find_end(struct journal *j, const struct segments *list, struct att_err *err)
{
    bool found = false;

    chain_start(&j->end);
    for (size_t i = list->count; i > 0 && !found; i--) {
        struct segment_scan scan = { .hasher = &j->hasher, .any_start = true };
        if (!segment_scan(&scan, j->dir_fd, list->all[i - 1].name, err))
            return false;
        if (i == list->count) {
            j->current = list->all[i - 1];
            if (!open_current(j, scan.good_bytes, &scan, err))
                return false;
        }
        found = scan.lines > 0;
        if (found)
            j->end = scan.end;
    }
    if (list->count > 1)
        memcpy(j->before, list->all[list->count - 2].name, sizeof j->before);
    return found || anchor_read(j->dir, &j->end, &found, err);
}

static bool resume(struct journal *j, struct att_err *err)
{
    struct segments list = { 0 };

    j->current = (struct segment){ 0 };
    if (!segments_list(j->dir, &list, err))
        return false;
    bool ok = find_end(j, &list, err);
    free(list.all);
    if (ok && j->end.seq == 0)
        chain_start(&j->end);
    return ok;
}

/* -- retention ----------------------------------------------------------------------------------------------- */

static bool expired(const struct journal *j, const struct segment *s)
{
    int64_t then = 0;
    int64_t today = now_of(j) / 86400;

    return j->retention_days > 0 && strcmp(s->name, j->current.name) != 0 &&
           segment_day_number(s->day, &then) && then + (int64_t)j->retention_days < today;
}

/* The anchor first: if the two are torn apart, a segment stays that nobody misses. */
static bool remove_segment(struct journal *j, const struct segment *s, struct att_err *err)
{
    struct segment_scan scan = { .hasher = &j->hasher, .any_start = true };

    if (!segment_scan(&scan, j->dir_fd, s->name, err))
        return false;
    if (scan.good_bytes != scan.bytes)
        return att_fail(err, ATT_IO_FAILED, s->name, "a segment whose chain holds: others are not removed",
                        "a broken line");
    if (scan.lines > 0 && !anchor_write(j->dir, &scan.end, s->name, err))
        return false;
    if (unlinkat(j->dir_fd, s->name, 0) != 0)
        return att_fail(err, ATT_IO_FAILED, s->name, "a file that can be removed", "%m");
    return true;
}

static void retain(struct journal *j, struct outlet *o)
{
    struct segments list = { 0 };
    struct att_err err = { 0 };
    bool ok = segments_list(j->dir, &list, &err);

    for (size_t i = 0; ok && i < list.count && expired(j, &list.all[i]); i++)
        ok = remove_segment(j, &list.all[i], &err);
    if (!ok && o->on_trouble)
        o->on_trouble(o->on_trouble_ctx, o->name, &err);
    free(list.all);
}

/* -- segments ------------------------------------------------------------------------------------------------ */

/* A clock that goes back does not bring back a day: the order of names is the order of lines. */
static unsigned today(const struct journal *j)
{
    unsigned day = segment_day(now_of(j));

    return day > j->current.day ? day : j->current.day;
}

static bool begin_segment(struct journal *j, struct outlet *o, struct att_err *err)
{
    unsigned day = today(j);
    struct segment next = { .day = day, .number = day == j->current.day ? j->current.number + 1 : 1 };

    if (next.number > SEGMENT_NUMBER_MAX)
        return att_fail(err, ATT_IO_FAILED, "records_dir", "at most 9999 segments in a day", "more");
    segment_name(&next);
    int fd = openat(j->dir_fd, next.name, O_RDWR | O_APPEND | O_CREAT | O_EXCL | O_CLOEXEC, FILE_MODE);
    if (fd < 0)
        return att_fail(err, ATT_IO_FAILED, next.name, "a file that can be made", "%m");
    if (fsync(j->dir_fd) != 0) {
        (void)att_fail(err, ATT_IO_FAILED, "records_dir", "a folder that can be synced", "%m");
        close_fd(&fd);
        (void)unlinkat(j->dir_fd, next.name, 0); /* the next attempt makes it anew */
        return false;
    }
    close_fd(&j->fd);
    j->fd = fd;
    memcpy(j->before, j->current.name, sizeof j->before);
    j->current = next;
    j->size = 0;
    retain(j, o);
    return true;
}

static bool segment_ready(struct journal *j, struct outlet *o, struct att_err *err)
{
    if (j->fd < 0 && !resume(j, err)) /* an earlier failure could not be undone */
        return false;
    bool full = j->size >= j->segment_bytes || (j->size > 0 && today(j) != j->current.day);
    return (j->fd >= 0 && !full) || begin_segment(j, o, err);
}

/* -- writing ------------------------------------------------------------------------------------------------- */

/* Lines of a batch in the making: the chain as it will be. */
struct making {
    struct journal *j;
    struct chain_end end;
    bool good;
};

static void end_line(struct making *m, size_t start)
{
    struct att_buf *b = &m->j->batch;

    m->good = m->good && !b->failed &&
              chain_take(&m->j->hasher, &m->end, att_span_of(b->ptr + start, b->len - start));
    att_buf_putc(b, '\n');
}

static void put_record(struct making *m, const struct record_line *line)
{
    size_t start = m->j->batch.len;

    chain_put_head(&m->j->batch, &m->end);
    att_buf_put(&m->j->batch, att_span_of(line->text + 1, line->len - 1)); /* without its "{" */
    end_line(m, start);
}

/* A line of the journal about itself. `more` is JSON from code, or "". */
static void put_mark(struct making *m, const char *what, const char *more)
{
    size_t start = m->j->batch.len;
    struct att_time_text at;

    chain_put_head(&m->j->batch, &m->end);
    att_buf_printf(&m->j->batch, "\"journal\":\"%s\",\"Time\":\"%.19s.0000000Z\"%s}", what,
                   att_time_text(&at, now_of(m->j)), more);
    end_line(m, start);
}

static void put_begin(struct making *m)
{
    struct att_buf *b = &m->j->batch;
    struct att_time_text at;
    size_t start = b->len;

    chain_put_head(b, &m->end);
    att_buf_printf(b,
                   "\"journal\":\"begin\",\"Time\":\"%.19s.0000000Z\",\"segment\":\"%s\",\"before\":\"%s\","
                   "\"instance\":",
                   att_time_text(&at, now_of(m->j)), m->j->current.name, m->j->before);
    att_json_put_string(b, att_str(m->j->instance));
    att_buf_putc(b, '}');
    end_line(m, start);
}

static void put_marks(struct making *m, uint64_t lost)
{
    struct journal *j = m->j;
    char more[96];

    if (j->size == 0)
        put_begin(m);
    else if (!j->opened_said)
        put_mark(m, "opened", "");
    if (j->cut_bytes > 0) {
        (void)snprintf(more, sizeof more, ",\"cutBytes\":%" PRIu64 ",\"cutLines\":%" PRIu64, j->cut_bytes,
                       j->cut_lines);
        put_mark(m, "repaired", more);
    }
    if (lost > j->lost_said) {
        (void)snprintf(more, sizeof more, ",\"records\":%" PRIu64, lost - j->lost_said);
        put_mark(m, "lost", more);
    }
}

static bool write_all(int fd, struct att_span bytes)
{
    while (bytes.len > 0) {
        ssize_t n = write(fd, bytes.ptr, bytes.len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        bytes = att_span_of(bytes.ptr + n, bytes.len - (size_t)n);
    }
    return true;
}

static bool put_on_disk(struct journal *j, struct att_err *err)
{
    if (write_all(j->fd, att_buf_span(&j->batch)) && fdatasync(j->fd) == 0)
        return true;
    (void)att_fail(err, ATT_IO_FAILED, j->current.name, "room, and a disk that takes it", "%m");
    if (ftruncate(j->fd, (off_t)j->size) != 0)
        close_fd(&j->fd); /* what is in it now is looked at before the next attempt */
    return false;
}

/* Counted by the outlet and before it. The outlet's lock is not held here. */
static uint64_t lost_now(struct journal *j, struct outlet *o)
{
    struct record_sink_stats s;

    outlet_stats(o, &s);
    return s.lost + atomic_load(j->lost);
}

static bool journal_write(struct outlet *o, struct record_line *const *lines, size_t count,
                          struct outlet_result *result, struct att_err *err)
{
    struct journal *j = o->state;
    uint64_t lost = lost_now(j, o);

    (void)result; /* all or nothing */
    if (!segment_ready(j, o, err))
        return false;
    struct making m = { .j = j, .end = j->end, .good = true };
    att_buf_clear(&j->batch);
    put_marks(&m, lost);
    for (size_t i = 0; i < count; i++)
        put_record(&m, lines[i]);
    if (!m.good || j->batch.failed)
        return att_fail_memory(err, "records.journal");
    if (!put_on_disk(j, err))
        return false;
    j->end = m.end;
    j->size += j->batch.len;
    j->opened_said = true;
    j->cut_bytes = j->cut_lines = 0;
    j->lost_said = lost;
    return true;
}

static void journal_free(struct journal *j)
{
    close_fd(&j->fd);
    close_fd(&j->lock_fd);
    close_fd(&j->dir_fd);
    chain_hasher_close(&j->hasher);
    att_buf_free(&j->batch);
    free(j->dir);
    free(j->instance);
    free(j);
}

static void journal_close(struct outlet *o)
{
    journal_free(o->state);
    o->state = NULL;
}

static const struct outlet_ops journal_ops = { .write = journal_write, .close = journal_close };

bool journal_open(struct outlet *o, const struct records_options *options, atomic_ullong *lost,
                  struct att_err *err)
{
    struct journal *j = malloc(sizeof *j);

    if (!j)
        return att_fail_memory(err, "records.journal");
    *j = (struct journal){
        .dir = strdup(options->dir),
        .instance = strdup(options->instance ? options->instance : ""),
        .dir_fd = -1,
        .lock_fd = -1,
        .fd = -1,
        .segment_bytes = options->segment_bytes ? options->segment_bytes : SEGMENT_BYTES_DEFAULT,
        .retention_days = options->retention_days,
        .lost = lost,
        .now_unix_s = options->now_unix_s,
        .now_ctx = options->now_ctx,
    };
    bool ok = ((j->dir && j->instance) || att_fail_memory(err, "records.journal")) &&
              chain_hasher_open(&j->hasher, err) && folder_make(options->dir, FOLDER_MODE, err) &&
              lock_folder(j, err) && resume(j, err);
    if (!ok) {
        journal_free(j);
        return false;
    }
    retain(j, o);
    if (j->cut_bytes > 0 && o->on_trouble) {
        struct att_err cut = { 0 };
        (void)att_fail(&cut, ATT_IO_FAILED, "records.journal", "a last line that is whole",
                       "%" PRIu64 " bytes behind it, moved to a .torn file", j->cut_bytes);
        o->on_trouble(o->on_trouble_ctx, o->name, &cut);
    }
    o->ops = &journal_ops;
    o->state = j;
    return true;
}
