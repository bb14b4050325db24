#include "files/files.h"

#include "base/err.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

const char *file_last_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

char *file_path(struct att_arena *arena, const char *dir, const char *name)
{
    size_t size = strlen(dir) + strlen(name) + 2;
    char *path = att_arena_alloc(arena, size, 1);

    if (path)
        (void)snprintf(path, size, "%s/%s", dir, name);
    return path;
}

static bool load_fd(struct att_arena *arena, int fd, const char *name, struct att_span *ret,
                    struct att_err *err)
{
    struct stat st;

    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        return att_fail(err, ATT_IO_FAILED, name, "a regular file", "something else");
    if (st.st_size > FILE_BYTES_MAX)
        return att_fail(err, ATT_LIMIT_EXCEEDED, name, "at most 64 MiB", "%lld bytes", (long long)st.st_size);
    size_t size = (size_t)st.st_size, len = 0;
    uint8_t *bytes = att_arena_alloc(arena, size + 1, 1); /* + 1: a NUL for those who want text */
    if (!bytes)
        return att_fail_memory(err, name);
    while (len < size) {
        ssize_t got = read(fd, bytes + len, size - len);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return att_fail(err, ATT_IO_FAILED, name, "bytes", "%m");
        if (got == 0)
            break; /* it was cut while we read: what is there is judged as it is */
        len += (size_t)got;
    }
    *ret = att_span_of(bytes, len);
    return true;
}

static bool load(struct att_arena *arena, const char *path, bool optional, struct att_span *ret,
                 struct att_err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0 && optional && errno == ENOENT) {
        *ret = (struct att_span){ 0 };
        return true;
    }
    if (fd < 0)
        return att_fail(err, ATT_IO_FAILED, file_last_name(path), "a file that can be read", "%m");
    bool ok = load_fd(arena, fd, file_last_name(path), ret, err);
    (void)close(fd); /* opened for reading: nothing can be lost */
    return ok;
}

bool file_load(struct att_arena *arena, const char *path, struct att_span *ret, struct att_err *err)
{
    return load(arena, path, false, ret, err);
}

bool file_load_optional(struct att_arena *arena, const char *path, struct att_span *ret, struct att_err *err)
{
    return load(arena, path, true, ret, err);
}

static bool write_all(int fd, struct att_span bytes)
{
    for (size_t done = 0; done < bytes.len;) {
        ssize_t n = write(fd, bytes.ptr + done, bytes.len - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        done += (size_t)n;
    }
    return fsync(fd) == 0;
}

bool file_store(const char *path, struct att_span bytes, unsigned mode, struct att_err *err)
{
    char beside[4096];

    /* A name of its own: two processes may write the same file at once, and each must rename what it wrote itself. */
    if (snprintf(beside, sizeof beside, "%s.%ld.new", path, (long)getpid()) >= (int)sizeof beside)
        return att_fail(err, ATT_IO_FAILED, file_last_name(path), "a shorter path", "over 4 kB");
    (void)unlink(beside); /* left by a crash; O_EXCL below refuses anything that stays */
    int fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
    if (fd < 0)
        return att_fail(err, ATT_IO_FAILED, file_last_name(path), "a file that can be written", "%m");
    bool ok = write_all(fd, bytes);
    ok = close(fd) == 0 && ok;
    if (!ok || rename(beside, path) != 0) {
        (void)unlink(beside);
        return att_fail(err, ATT_IO_FAILED, file_last_name(path), "all bytes written", "%m");
    }
    return true;
}

bool folder_make(const char *path, unsigned mode, struct att_err *err)
{
    char part[4096];
    size_t len = strlen(path);

    if (len == 0 || len >= sizeof part)
        return att_fail(err, ATT_IO_FAILED, "folder", "a path of 1 to 4095 bytes", "%zu bytes", len);
    memcpy(part, path, len + 1);
    for (size_t i = 1; i < len; i++) {
        if (part[i] != '/')
            continue;
        part[i] = '\0';
        if (mkdir(part, 0755) != 0 && errno != EEXIST)
            return att_fail(err, ATT_IO_FAILED, file_last_name(part), "a folder", "%m");
        part[i] = '/';
    }
    if (mkdir(path, mode) != 0 && errno != EEXIST)
        return att_fail(err, ATT_IO_FAILED, file_last_name(path), "a folder", "%m");
    return true;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool list_into(DIR *dir, struct att_arena *arena, const char *ending, const char **names,
                      size_t *count, struct att_err *err)
{
    size_t tail = strlen(ending);

    for (const struct dirent *e; (e = readdir(dir)) != NULL;) {
        size_t len = strlen(e->d_name);
        if (len <= tail || strcmp(e->d_name + len - tail, ending) != 0)
            continue;
        if (*count == FOLDER_FILES_MAX)
            return att_fail(err, ATT_IO_FAILED, "folder", "at most 256 such files", "more");
        names[*count] = att_arena_dup(arena, att_str(e->d_name));
        if (!names[(*count)++])
            return att_fail_memory(err, "folder");
    }
    return true;
}

bool folder_list(struct att_arena *arena, const char *path, const char *ending, const char ***ret,
                 size_t *ret_count, struct att_err *err)
{
    const char **names = att_arena_alloc(arena, FOLDER_FILES_MAX, sizeof *names);
    size_t count = 0;

    if (!names)
        return att_fail_memory(err, "folder");
    DIR *dir = opendir(path);
    if (!dir && errno != ENOENT)
        return att_fail(err, ATT_IO_FAILED, file_last_name(path), "a folder that can be read", "%m");
    bool ok = !dir || list_into(dir, arena, ending, names, &count, err);
    if (dir)
        (void)closedir(dir); /* only read */
    if (!ok)
        return false;
    qsort(names, count, sizeof *names, by_name);
    *ret = names;
    *ret_count = count;
    return true;
}
