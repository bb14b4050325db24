/* An entry of configfs-tsm, or of any folder that looks like it. */
#include "base/err.h"
#include "cli/tsm.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static int open_attribute(const struct tsm_folder *f, const char *attribute, int flags)
{
    char path[4200];

    (void)snprintf(path, sizeof path, "%s/%s", f->path, attribute);
    return open(path, flags | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW);
}

/* The kernel takes a value in one write: half of it would be another request. */
static int folder_put(void *ctx, const char *attribute, struct att_span value)
{
    int fd = open_attribute(ctx, attribute, O_WRONLY);
    if (fd < 0)
        return errno;
    ssize_t n = write(fd, value.ptr, value.len);
    int reason = n < 0 ? errno : (size_t)n == value.len ? 0 : EIO;
    if (close(fd) != 0 && reason == 0)
        reason = errno; /* binary attributes are handed over when they are closed */
    return reason;
}

static int read_all(int fd, struct att_buf *out)
{
    for (;;) {
        uint8_t *to = att_buf_room(out, 4096);
        if (!to)
            return ENOMEM;
        ssize_t n = read(fd, to, 4096);
        if (n <= 0)
            return n < 0 ? errno : 0;
        out->len += (size_t)n;
        if (out->len > TSM_BLOB_BYTES_MAX)
            return EFBIG;
    }
}

static int folder_get(void *ctx, const char *attribute, struct att_buf *out)
{
    int fd = open_attribute(ctx, attribute, O_RDONLY);
    if (fd < 0)
        return errno;
    int reason = read_all(fd, out);
    (void)close(fd); /* nothing was written */
    return reason;
}

static void folder_pause(void *ctx)
{
    const struct timespec tenth = { .tv_nsec = 100 * 1000 * 1000 };

    (void)ctx;
    (void)nanosleep(&tenth, NULL); /* a signal only makes the next try come sooner */
}

static bool make_entry(const char *folder, struct tsm_folder *f, struct att_err *err)
{
    struct att_shown shown;

    for (unsigned i = 0; i < 16; i++) {
        int n = snprintf(f->path, sizeof f->path, "%s/attestctl-%ld-%u", folder, (long)getpid(), i);
        if (n < 0 || (size_t)n >= sizeof f->path)
            return att_fail(err, ATT_USAGE, "tsm", "a path of at most 4000 bytes", "a longer one");
        f->made = mkdir(f->path, 0700) == 0;
        if (f->made)
            return true;
        if (errno != EEXIST)
            break;
    }
    const char *expected =
        errno == ENOENT ? "configfs-tsm: a guest with Linux 6.7 or later and configfs mounted"
        : errno == EACCES || errno == EPERM || errno == EROFS
            ? "permission: run as root, or use --entry for one made for you"
        : errno == ENXIO || errno == EBUSY ? "a provider: load the module tdx_guest or sev-guest"
                                           : "an entry that can be made";
    const char *name = strerrorname_np(errno);
    return att_fail(err, ATT_IO_FAILED, "tsm", expected, "%s: %s", att_shown(&shown, att_str(folder)),
                    name ? name : "an unknown reason");
}

static bool use_entry(const char *folder, const char *name, struct tsm_folder *f, struct att_err *err)
{
    struct att_shown shown;
    struct stat st;
    int n = snprintf(f->path, sizeof f->path, "%s/%s", folder, name);

    if (n < 0 || (size_t)n >= sizeof f->path || name[0] == '\0' || strchr(name, '/') || name[0] == '.')
        return att_fail(err, ATT_USAGE, "entry", "the name of a folder", "%s",
                        att_shown(&shown, att_str(name)));
    if (stat(f->path, &st) == 0 && S_ISDIR(st.st_mode))
        return true;
    return att_fail(err, ATT_IO_FAILED, "entry", "an entry that is there", "%s: no folder",
                    att_shown(&shown, att_str(f->path)));
}

bool tsm_open(const char *folder, const char *name, struct tsm_folder *ret, struct att_err *err)
{
    *ret = (struct tsm_folder){ 0 };
    if (!(name ? use_entry(folder, name, ret, err) : make_entry(folder, ret, err)))
        return false;
    ret->entry =
        (struct tsm_entry){ .ctx = ret, .put = folder_put, .get = folder_get, .pause = folder_pause };
    return true;
}

void tsm_close(struct tsm_folder *f)
{
    if (f->made)
        (void)rmdir(f->path); /* in configfs the attributes go with it */
    f->made = false;
}
