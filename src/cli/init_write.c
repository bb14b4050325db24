#include "cli/init.h"

#include "base/err.h"
#include "cli/files.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool fail(struct att_err *err, const char *path, const char *wanted)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    struct att_shown shown;

    if (errno == EEXIST)
        return att_fail(err, ATT_USAGE, "dir", "a place where nothing is: init overwrites nothing",
                        "%s is there", att_shown(&shown, att_str(name)));
    return att_fail(err, ATT_IO_FAILED, "dir", wanted, "%s: %m", att_shown(&shown, att_str(name)));
}

static bool write_file(const char *path, struct att_span bytes, struct att_err *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (fd < 0)
        return fail(err, path, "a file that can be made");
    bool ok = cli_write_all(fd, bytes) && fsync(fd) == 0;
    ok = close(fd) == 0 && ok;
    if (!ok) {
        fail(err, path, "all bytes written");
        (void)unlink(path); /* the failure that counts is known */
    }
    return ok;
}

bool init_write(const struct init_plan *plan, struct att_err *err)
{
    bool made_dir = mkdir(plan->dir, 0700) == 0;

    if (!made_dir && errno != EEXIST)
        return fail(err, plan->dir, "a folder that can be made");
    if (mkdir(plan->data_path, 0700) != 0) {
        fail(err, plan->data_path, "a folder that can be made");
        goto no_data;
    }
    if (!write_file(plan->kek_path, plan->kek, err))
        goto no_kek;
    /* Last: who finds a configuration finds all that it names. */
    if (write_file(plan->conf_path, plan->conf, err))
        return true;
    (void)unlink(plan->kek_path); /* made above, by us; the failure that counts is known */
no_kek:
    (void)rmdir(plan->data_path); /* likewise */
no_data:
    if (made_dir)
        (void)rmdir(plan->dir); /* likewise */
    return false;
}
