#include "signer/p11_internal.h"

#include "base/err.h"
#include "base/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char where[] = "pkcs11_pin_file";

/* As much as there is, at most `room`. */
static bool read_all(int fd, uint8_t *to, size_t room, size_t *ret)
{
    size_t len = 0;

    while (len < room) {
        ssize_t n = read(fd, to + len, room - len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        if (n == 0)
            break;
        len += (size_t)n;
    }
    *ret = len;
    return true;
}

/* Its group may read it: a file of root that the service's group sees, a credential of systemd. */
static bool guarded(int fd, struct att_err *err)
{
    struct stat st;

    if (fstat(fd, &st) != 0)
        return att_fail(err, ATT_IO_FAILED, where, "a file", "%s", strerror(errno));
    if (!S_ISREG(st.st_mode))
        return att_fail(err, ATT_CONFIG_INVALID, where, "a file", "something else");
    if (st.st_mode & (S_IWGRP | S_IRWXO))
        return att_fail(err, ATT_CONFIG_INVALID, where, "mode 0600 or 0640: a secret", "mode %04o",
                        st.st_mode & 07777u);
    return true;
}

bool p11_pin_read(const char *path, struct p11_pin *ret, struct att_err *err)
{
    uint8_t room[P11_PIN_BYTES_MAX + 2];
    size_t len = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return att_fail(err, ATT_IO_FAILED, where, "a file", "%s", strerror(errno));
    bool fine = guarded(fd, err);
    if (fine && !read_all(fd, room, sizeof room, &len))
        fine = att_fail(err, ATT_IO_FAILED, where, "a file", "%s", strerror(errno));
    (void)close(fd);
    while (len > 0 && (room[len - 1] == '\n' || room[len - 1] == '\r'))
        len--;
    if (fine && (len == 0 || len > P11_PIN_BYTES_MAX || memchr(room, '\n', len) || memchr(room, '\0', len)))
        fine = att_fail(err, ATT_CONFIG_INVALID, where, "one line of 1 to 256 bytes", "another form");
    if (fine) {
        memcpy(ret->text, room, len);
        ret->len = len;
    }
    att_wipe(room, sizeof room);
    return fine;
}
