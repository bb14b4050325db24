/* Listening at a path. The socket takes its mode before anybody can connect to it: until listen() the kernel refuses. */
#include "http/listener.h"

#include "base/err.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BACKLOG = 4096, MODE_MAX = 0777 };

static bool io_failed(struct att_err *err, const char *expected, const char *path)
{
    return att_fail(err, ATT_IO_FAILED, "http.unix_path", expected, "%s (%s)", path, strerror(errno));
}

static int unix_socket(void)
{
    return socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

/* Only a refusal says so for certain: a full queue or a missing right is somebody's socket. */
static bool nobody_listens(const struct sockaddr_un *at)
{
    int fd = unix_socket();
    if (fd < 0)
        return false;
    bool refused = connect(fd, (const struct sockaddr *)at, sizeof *at) != 0 && errno == ECONNREFUSED;
    (void)close(fd);
    return refused;
}

/* A file that is no socket was put there by someone who wants to keep it. */
static bool make_way(const struct sockaddr_un *at, struct att_err *err)
{
    struct stat there;

    if (lstat(at->sun_path, &there) != 0)
        return errno == ENOENT || io_failed(err, "a folder that can be read", at->sun_path);
    if (!S_ISSOCK(there.st_mode))
        return att_fail(err, ATT_CONFIG_INVALID, "http.unix_path", "a free path, or that of an old socket",
                        "%s, which is something else", at->sun_path);
    if (!nobody_listens(at))
        return att_fail(err, ATT_IO_FAILED, "http.unix_path", "a socket that nobody listens at", "%s, in use",
                        at->sun_path);
    return unlink(at->sun_path) == 0 || io_failed(err, "an old socket that can be removed", at->sun_path);
}

/* The socket is bound; takes note of the file. */
static bool finish(int fd, const struct sockaddr_un *at, unsigned mode, struct listener_file *ret)
{
    struct stat made;

    if (chmod(at->sun_path, (mode_t)mode) != 0 || lstat(at->sun_path, &made) != 0 || listen(fd, BACKLOG) != 0)
        return false;
    *ret = (struct listener_file){ .dev = made.st_dev, .ino = made.st_ino };
    memcpy(ret->path, at->sun_path, sizeof ret->path);
    return true;
}

bool listener_open_unix(const char *path, unsigned mode, struct listener_file *ret_file, int *ret_fd,
                        struct att_err *err)
{
    struct sockaddr_un at = { .sun_family = AF_UNIX };
    size_t len = strlen(path);

    if (len == 0 || len >= sizeof at.sun_path)
        return att_fail(err, ATT_CONFIG_INVALID, "http.unix_path", "a path of 1 to 107 bytes", "%zu bytes",
                        len);
    if (mode > MODE_MAX)
        return att_fail(err, ATT_CONFIG_INVALID, "http.unix_mode", "permissions, at most 0777", "%o", mode);
    memcpy(at.sun_path, path, len);
    if (!make_way(&at, err))
        return false;
    int fd = unix_socket();
    if (fd < 0 || bind(fd, (const struct sockaddr *)&at, sizeof at) != 0) {
        (void)io_failed(err, "a path where a socket can be made", path);
        if (fd >= 0)
            (void)close(fd);
        return false;
    }
    if (!finish(fd, &at, mode, ret_file)) {
        (void)io_failed(err, "a socket to listen at", path);
        (void)unlink(path);
        (void)close(fd);
        return false;
    }
    *ret_fd = fd;
    return true;
}

bool listener_share(int fd, int *ret_fd, struct att_err *err)
{
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (copy < 0)
        return att_fail(err, ATT_IO_FAILED, "http.listen", "a descriptor for each thread", "%s",
                        strerror(errno));
    *ret_fd = copy;
    return true;
}

void listener_remove(struct listener_file *file)
{
    struct stat there;

    if (file->path[0] && lstat(file->path, &there) == 0 && there.st_dev == file->dev &&
        there.st_ino == file->ino)
        (void)unlink(file->path); /* nothing can be done about it, and the next start replaces it */
    file->path[0] = '\0';
}
