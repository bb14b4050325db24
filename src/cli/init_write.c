#include "cli/init.h"

#include "base/err.h"
#include "cli/files.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
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

/* The service reads its configuration as a user who must not be able to change it. */
static bool give_to_group(int fd, const char *group, struct att_err *err)
{
    const struct group *g = getgrnam(group);

    if (!g)
        return att_fail(err, ATT_IO_FAILED, "system", "the service's group, which the package makes",
                        "no group %s", group);
    return (fchown(fd, (uid_t)-1, g->gr_gid) == 0 && fchmod(fd, 0640) == 0) ||
           att_fail(err, ATT_IO_FAILED, "system", "a file that its group can read", "%m");
}

static bool write_file(const char *path, struct att_span bytes, const char *group, struct att_err *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (fd < 0)
        return fail(err, path, "a file that can be made");
    if (group && !give_to_group(fd, group, err)) {
        (void)close(fd);
        (void)unlink(path); /* the failure that counts is known */
        return false;
    }
    bool ok = cli_write_all(fd, bytes) && fsync(fd) == 0;
    ok = close(fd) == 0 && ok;
    if (!ok) {
        fail(err, path, "all bytes written");
        (void)unlink(path); /* likewise */
    }
    return ok;
}

bool init_write(const struct init_plan *plan, struct att_err *err)
{
    bool made_dir = mkdir(plan->dir, plan->group ? 0755 : 0700) == 0;
    bool made_kek_dir = false, made_data = false, made_kek = false;

    if (!made_dir && errno != EEXIST)
        return fail(err, plan->dir, "a folder that can be made");
    if (plan->kek_dir) {
        made_kek_dir = mkdir(plan->kek_dir, 0700) == 0;
        if (!made_kek_dir && errno != EEXIST) {
            fail(err, plan->kek_dir, "a folder that can be made");
            goto undo;
        }
    }
    if (!plan->data_made_elsewhere) {
        made_data = mkdir(plan->data_path, 0700) == 0;
        if (!made_data) {
            fail(err, plan->data_path, "a folder that can be made");
            goto undo;
        }
    }
    made_kek = write_file(plan->kek_path, plan->kek, NULL, err);
    /* Last: who finds a configuration finds all that it names. */
    if (made_kek && write_file(plan->conf_path, plan->conf, plan->group, err))
        return true;
undo: /* what was made above, by us; the failure that counts is known */
    if (made_kek)
        (void)unlink(plan->kek_path);
    if (made_data)
        (void)rmdir(plan->data_path);
    if (made_kek_dir)
        (void)rmdir(plan->kek_dir);
    if (made_dir)
        (void)rmdir(plan->dir);
    return false;
}
