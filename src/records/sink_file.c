/* A file of JSON lines, for whoever reads files. The old ones are NAME.1, NAME.2, ...; who turns files over by himself says
 * records_reopen. Not synced: that is the journal's promise. */
#include "records/outlet.h"

#include "base/err.h"
#include "files/files.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_MODE = 0640, ROTATE_BYTES_DEFAULT = 64 << 20, KEEP_DEFAULT = 10 };

struct file_sink {
    char *path;
    uint64_t rotate_bytes, size;
    unsigned keep;
    int fd;
    struct att_buf batch;
};

static bool open_file(struct file_sink *f, struct att_err *err)
{
    struct stat st;

    int fd = open(f->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, FILE_MODE);
    if (fd < 0)
        return att_fail(err, ATT_IO_FAILED, file_last_name(f->path), "a file that can be written", "%m");
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        (void)close(fd); /* nothing was written */
        return att_fail(err, ATT_IO_FAILED, file_last_name(f->path), "a regular file", "something else");
    }
    f->size = (uint64_t)st.st_size;
    f->fd = fd;
    return true;
}

static void close_file(struct file_sink *f)
{
    if (f->fd >= 0)
        (void)close(f->fd); /* a failed write has been seen before */
    f->fd = -1;
}

/* NAME.9 becomes NAME.10 ... NAME becomes NAME.1; the last one is overwritten. */
static void rotate(struct file_sink *f)
{
    char from[PATH_MAX], to[PATH_MAX];

    close_file(f);
    for (unsigned i = f->keep; i > 0; i--) {
        (void)snprintf(to, sizeof to, "%s.%u", f->path, i);
        if (i > 1)
            (void)snprintf(from, sizeof from, "%s.%u", f->path, i - 1);
        else
            (void)snprintf(from, sizeof from, "%s", f->path);
        (void)rename(from, to); /* one that is not there is no loss */
    }
}

static bool file_ready(struct outlet *o, struct file_sink *f, struct att_err *err)
{
    if (atomic_exchange(&o->reopen, false))
        close_file(f);
    if (f->fd >= 0 && f->size >= f->rotate_bytes)
        rotate(f);
    return f->fd >= 0 || open_file(f, err);
}

static bool file_write(struct outlet *o, struct record_line *const *lines, size_t count,
                       struct outlet_result *result, struct att_err *err)
{
    struct file_sink *f = o->state;

    (void)result; /* all or nothing */
    if (!file_ready(o, f, err))
        return false;
    att_buf_clear(&f->batch);
    for (size_t i = 0; i < count; i++) {
        att_buf_put(&f->batch, att_span_of(lines[i]->text, lines[i]->len));
        att_buf_putc(&f->batch, '\n');
    }
    if (f->batch.failed)
        return att_fail_memory(err, "records.sink");
    size_t done = 0;
    while (done < f->batch.len) {
        ssize_t n = write(f->fd, f->batch.ptr + done, f->batch.len - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        done += (size_t)n;
    }
    if (done == f->batch.len) {
        f->size += done;
        return true;
    }
    (void)att_fail(err, ATT_IO_FAILED, file_last_name(f->path), "room", "%m");
    if (ftruncate(f->fd, (off_t)f->size) != 0) /* half a line would spoil the next */
        close_file(f);
    return false;
}

static void file_free(struct file_sink *f)
{
    close_file(f);
    att_buf_free(&f->batch);
    free(f->path);
    free(f);
}

static void file_close(struct outlet *o)
{
    file_free(o->state);
    o->state = NULL;
}

static const struct outlet_ops file_ops = { .write = file_write, .close = file_close };

bool sink_file_open(struct outlet *o, const struct record_sink *sink, struct att_err *err)
{
    struct file_sink *f = calloc(1, sizeof *f);

    if (!f)
        return att_fail_memory(err, "records.sink");
    f->fd = -1;
    f->path = strdup(sink->path ? sink->path : "");
    f->rotate_bytes = sink->rotate_bytes ? sink->rotate_bytes : ROTATE_BYTES_DEFAULT;
    f->keep = sink->keep_files ? sink->keep_files : KEEP_DEFAULT;
    bool ok = f->path || att_fail_memory(err, "records.sink");
    ok = ok && ((f->path[0] == '/' && strlen(f->path) < PATH_MAX - 16) ||
                att_fail(err, ATT_CONFIG_INVALID, "sink.path", "an absolute path", "another"));
    if (!ok || !open_file(f, err)) { /* found now, not with the first record */
        file_free(f);
        return false;
    }
    o->ops = &file_ops;
    o->state = f;
    return true;
}
