#include "makers/disk.h"

#include "base/buf.h"
#include "base/err.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

bool mk_io_failed(struct att_err *err, const char *path, const char *doing)
{
    return att_fail(err, ATT_IO_FAILED, path, doing, "%s", strerror(errno));
}

bool mk_path_join(struct mk_path *ret, const char *dir, const char *name, const char *ending,
                  struct att_err *err)
{
    int len = snprintf(ret->text, sizeof ret->text, "%s/%s%s", dir, name, ending);

    if (len > 0 && (size_t)len < sizeof ret->text)
        return true;
    return att_fail(err, ATT_IO_FAILED, name, "a path under 4096 bytes", "a longer one");
}

bool mk_folder_make(const char *dir, mode_t mode, struct att_err *err)
{
    struct mk_path p;

    if (!mk_path_join(&p, dir, "", "", err))
        return false;
    for (char *c = p.text + 1; *c; c++) {
        if (*c != '/')
            continue;
        *c = '\0';
        if (mkdir(p.text, mode) != 0 && errno != EEXIST)
            return mk_io_failed(err, dir, "a folder");
        *c = '/';
    }
    return true;
}

static bool write_all(int fd, struct att_span bytes)
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

bool mk_file_write(const char *dir, const char *name, const char *ending, struct att_span bytes, mode_t mode,
                   struct att_err *err)
{
    struct mk_path to, beside;

    if (!mk_path_join(&to, dir, name, ending, err) || !mk_path_join(&beside, dir, name, ".new-XXXXXX", err))
        return false;
    int fd = mkostemp(beside.text, O_CLOEXEC); /* 0600 until the mode is set */
    if (fd < 0)
        return mk_io_failed(err, to.text, "a new file");
    bool ok = write_all(fd, bytes) && fchmod(fd, mode) == 0 && fsync(fd) == 0;
    ok = close(fd) == 0 && ok;
    if (ok && rename(beside.text, to.text) == 0)
        return true;
    (void)mk_io_failed(err, to.text, "writing");
    (void)unlink(beside.text); /* the first failure is the one to tell */
    return false;
}

bool mk_file_read(const char *path, struct att_buf *out, struct att_err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return mk_io_failed(err, path, "a file");
    uint8_t *to = att_buf_room(out, MK_FILE_BYTES_MAX + 1);
    ssize_t n = -1;
    while (to && (n = read(fd, to + out->len, MK_FILE_BYTES_MAX + 1 - out->len)) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            break;
        out->len += (size_t)n;
        if (out->len > MK_FILE_BYTES_MAX)
            break;
    }
    int saved = errno;
    (void)close(fd); /* nothing was written */
    errno = saved;
    if (!to)
        return att_fail_memory(err, path);
    if (out->len > MK_FILE_BYTES_MAX)
        return att_fail(err, ATT_IO_FAILED, path, "at most 65536 bytes", "more");
    return n == 0 || mk_io_failed(err, path, "reading");
}

bool mk_file_remove(const char *dir, const char *name, struct att_err *err)
{
    struct mk_path p;

    return mk_path_join(&p, dir, name, "", err) &&
           (unlink(p.text) == 0 || errno == ENOENT || mk_io_failed(err, p.text, "removing"));
}
