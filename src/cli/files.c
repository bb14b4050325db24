#include "cli/files.h"

#include "base/auto.h"
#include "base/err.h"
#include "base/timetext.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static bool fail_io(struct att_err *err, const char *where, const char *path, const char *doing, int number)
{
    struct att_shown shown;
    char reason[80];

    /* strerror_r of glibc may use its own text instead of the room given. */
    const char *text = strerror_r(number, reason, sizeof reason);
    att_fail(err, ATT_IO_FAILED, where, "a readable file", "%s: %s", att_shown(&shown, att_str(path)), text);
    att_err_text(err, "cannot %s %s (%s): %s", doing, shown.text, where, text);
    return false;
}

static bool read_all(int fd, const char *where, const char *path, struct att_buf *b, struct att_err *err)
{
    for (;;) {
        size_t step = b->cap - b->len;
        if (step < 4096)
            step = b->len < 65536 ? 65536 : b->len;
        if (step > CLI_FILE_BYTES_MAX + 1 - b->len)
            step = CLI_FILE_BYTES_MAX + 1 - b->len;
        if (step == 0)
            return att_fail(err, ATT_LIMIT_EXCEEDED, where, "at most 64 MiB", "a larger file");
        uint8_t *room = att_buf_room(b, step);
        if (!room)
            return att_fail_memory(err, where);
        ssize_t got = read(fd, room, step);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fail_io(err, where, path, "read", errno);
        if (got == 0)
            return true;
        b->len += (size_t)got;
    }
}

static void close_fd(int *fd)
{
    if (*fd > STDERR_FILENO)
        (void)close(*fd); /* opened for reading: nothing can be lost */
}

static bool read_fd(struct cli *c, int fd, const char *where, const char *path, struct att_span *ret,
                    struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf b = { .max = CLI_FILE_BYTES_MAX + 1 };
    struct stat st;

    if (fstat(fd, &st) != 0)
        return fail_io(err, where, path, "read", errno);
    if (S_ISDIR(st.st_mode))
        return fail_io(err, where, path, "read", EISDIR);
    if (S_ISREG(st.st_mode) && st.st_size > (off_t)CLI_FILE_BYTES_MAX)
        return att_fail(err, ATT_LIMIT_EXCEEDED, where, "at most 64 MiB", "%jd bytes", (intmax_t)st.st_size);
    if (!read_all(fd, where, path, &b, err))
        return false;
    char *copy = att_arena_dup(c->arena, att_buf_span(&b));
    if (!copy)
        return att_fail_memory(err, where);
    *ret = att_span_of(copy, b.len);
    return true;
}

bool cli_read(struct cli *c, const char *where, const char *path, struct att_span *ret, struct att_err *err)
{
    ATT_AUTO(close_fd) int fd = STDIN_FILENO;

    if (strcmp(path, "-") == 0) {
        if (c->stdin_taken)
            return att_fail(err, ATT_USAGE, where, "one \"-\" only", "standard input is already taken");
        c->stdin_taken = true;
        return read_fd(c, STDIN_FILENO, where, "standard input", ret, err);
    }
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return fail_io(err, where, path, "open", errno);
    return read_fd(c, fd, where, path, ret, err);
}

bool cli_read_optional(struct cli *c, const char *where, const char *dir, const char *name,
                       struct att_span *ret, struct att_err *err)
{
    char path[4096];
    int n = snprintf(path, sizeof path, "%s/%s", dir, name);

    if (n < 0 || (size_t)n >= sizeof path)
        return att_fail(err, ATT_IO_FAILED, where, "a path of at most 4095 bytes", "a longer one");
    if (access(path, F_OK) != 0 && errno == ENOENT) {
        *ret = (struct att_span){ 0 };
        return true;
    }
    return cli_read(c, where, path, ret, err);
}

bool cli_read_option(struct cli *c, const char *option, bool *ret_given, struct att_span *ret,
                     struct att_err *err)
{
    const char *path = cli_value(c, option);

    if (path && !cli_read(c, option, path, ret, err))
        return false;
    *ret_given = path != NULL;
    return true;
}

bool cli_map(const char *where, const char *path, struct att_span *ret, struct att_err *err)
{
    ATT_AUTO(close_fd) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    struct stat st;

    if (fd < 0 || fstat(fd, &st) != 0)
        return fail_io(err, where, path, "open", errno);
    if (!S_ISREG(st.st_mode))
        return fail_io(err, where, path, "read", S_ISDIR(st.st_mode) ? EISDIR : EINVAL);
    *ret = (struct att_span){ 0 };
    if (st.st_size == 0) /* nothing cannot be mapped */
        return true;
    void *at = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (at == MAP_FAILED)
        return fail_io(err, where, path, "read", errno);
    *ret = att_span_of(at, (size_t)st.st_size);
    return true;
}

bool cli_is_folder(const char *where, const char *path, struct att_err *err)
{
    struct stat st;

    if (stat(path, &st) != 0)
        return fail_io(err, where, path, "open", errno);
    return S_ISDIR(st.st_mode) || fail_io(err, where, path, "open", ENOTDIR);
}

bool cli_is_readable(const struct cli *c, const char *option, struct att_err *err)
{
    const char *path = cli_value(c, option);

    return !path || access(path, R_OK) == 0 || fail_io(err, option, path, "open", errno);
}

bool cli_file_new(const char *where, const char *path, int *ret, struct att_err *err)
{
    struct att_shown shown;
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

    if (fd < 0)
        return att_fail(err, errno == EEXIST ? ATT_USAGE : ATT_IO_FAILED, where,
                        "a file that can be made and is not there yet", "%s: %m",
                        att_shown(&shown, att_str(path)));
    *ret = fd;
    return true;
}

bool cli_write_all(int fd, struct att_span bytes)
{
    while (bytes.len > 0) {
        ssize_t n = write(fd, bytes.ptr, bytes.len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        bytes.ptr += n;
        bytes.len -= (size_t)n;
    }
    return true;
}

bool cli_file_put(const char *where, int fd, const char *text, struct att_err *err)
{
    if (cli_write_all(fd, att_str(text)) && cli_write_all(fd, att_str("\n")) && fsync(fd) == 0)
        return true;
    return att_fail(err, ATT_IO_FAILED, where, "all bytes written", "%m");
}

/* "+02:00" behind a local time; false when it is no offset. */
static bool offset_read(struct att_span text, int64_t *ret_s)
{
    const uint8_t *p = text.ptr;

    if (text.len != 6 || (p[0] != '+' && p[0] != '-') || p[3] != ':')
        return false;
    for (size_t i = 1; i < 6; i++)
        if (i != 3 && (p[i] < '0' || p[i] > '9'))
            return false;
    int64_t s = ((p[1] - '0') * 10 + (p[2] - '0')) * 3600 + ((p[4] - '0') * 10 + (p[5] - '0')) * 60;
    if (s >= 86400 || p[4] > '5')
        return false;
    *ret_s = p[0] == '-' ? -s : s;
    return true;
}

bool cli_time(const struct cli *c, int64_t *ret_unix_s, struct att_err *err)
{
    const char *text = cli_value(c, "at");
    struct att_shown shown;
    char utc[21];
    int64_t offset_s = 0;

    if (!text) {
        *ret_unix_s = (int64_t)time(NULL);
        return true;
    }
    if (att_time_read(att_str(text), ret_unix_s))
        return true;
    if (strlen(text) == 25 && offset_read(att_str(text + 19), &offset_s)) {
        (void)snprintf(utc, sizeof utc, "%.19sZ", text);
        if (att_time_read(att_str(utc), ret_unix_s)) {
            *ret_unix_s -= offset_s;
            return true;
        }
    }
    return att_fail(err, ATT_TIME_INVALID, "at", "2026-06-15T12:00:00Z, for example", "%s",
                    att_shown(&shown, att_str(text)));
}
