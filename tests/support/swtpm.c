#include "support/swtpm.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { TRIES = 500 };

static void child(const char *dir)
{
    char state[96], server[160], control[160];
    int quiet = open("/dev/null", O_WRONLY);

    (void)snprintf(state, sizeof state, "dir=%s", dir);
    (void)snprintf(server, sizeof server, "type=unixio,path=%s/s", dir);
    (void)snprintf(control, sizeof control, "type=unixio,path=%s/s.ctrl", dir);
    if (quiet < 0 || dup2(quiet, STDOUT_FILENO) < 0 || dup2(quiet, STDERR_FILENO) < 0)
        _exit(126);
    execlp("swtpm", "swtpm", "socket", "--tpm2", "--tpmstate", state, "--server", server, "--ctrl", control,
           "--flags", "not-need-init,startup-clear", (char *)NULL);
    _exit(127);
}

bool swtpm_start(struct swtpm *ret)
{
    static const struct timespec pause = { .tv_nsec = 10 * 1000 * 1000 };
    struct swtpm t = { .dir = "/tmp/attestd-swtpm-XXXXXX" };
    char control[96];
    int status = 0;

    if (!mkdtemp(t.dir))
        abort();
    (void)snprintf(t.tcti, sizeof t.tcti, "swtpm:path=%s/s", t.dir);
    (void)snprintf(control, sizeof control, "%s/s.ctrl", t.dir);
    t.pid = fork();
    if (t.pid < 0)
        abort();
    if (t.pid == 0)
        child(t.dir);
    for (int i = 0; i < TRIES && access(control, F_OK) != 0; i++) {
        if (waitpid(t.pid, &status, WNOHANG) == t.pid) {
            (void)rmdir(t.dir);
            if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
                return false;
            (void)fprintf(stderr, "swtpm ended with %d\n", status);
            abort();
        }
        (void)nanosleep(&pause, NULL);
    }
    *ret = t;
    return true;
}

void swtpm_stop(struct swtpm *t)
{
    static const char *const files[] = { "s", "s.ctrl", "tpm2-00.permall", "tpm2-00.volatilestate", ".lock" };
    char path[128];

    (void)kill(t->pid, SIGTERM);
    (void)waitpid(t->pid, NULL, 0);
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", t->dir, files[i]);
        (void)unlink(path);
    }
    if (rmdir(t->dir) != 0)
        perror(t->dir);
}
