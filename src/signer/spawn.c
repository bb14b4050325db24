#include "signer/child.h"

#include "base/err.h"
#include "signer/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ENVIRONMENT_MAX = 256 };

static const char role_name[] = "attestd-signer";

/* What the child is told of the environment: the folder of credentials. A library of PKCS#11 finds its own settings there
 * (SOFTHSM2_CONF), and nobody knows the names that others have: with one, all of it. Sanitizers read theirs. */
static const char *const kept[] = {
    "CREDENTIALS_DIRECTORY=",
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    "ASAN_OPTIONS=",
    "UBSAN_OPTIONS=",
    "TSAN_OPTIONS=",
#endif
};

static bool keeps(const char *entry, bool token)
{
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
        if (strncmp(entry, kept[i], strlen(kept[i])) == 0)
            return true;
    }
    return token;
}

static void environment(bool token, char *ret[ENVIRONMENT_MAX + 1])
{
    size_t count = 0;

    for (char **e = environ; e && *e && count < ENVIRONMENT_MAX; e++) {
        if (keeps(*e, token))
            ret[count++] = *e;
    }
    ret[count] = NULL;
}

bool child_role(int argc, char **argv, size_t *ret_channels)
{
    char *end = NULL;

    if (argc != 2 || strcmp(argv[0], role_name) != 0)
        return false;
    unsigned long count = strtoul(argv[1], &end, 10);
    *ret_channels = *end == '\0' && count >= 2 && count <= WIRE_CHANNELS_MAX ? (size_t)count : 0;
    return true;
}

/* Between fork and exec: only what may be called there. Descriptors go up first, so that none is closed under another. */
static void become(size_t count, const int *theirs, char *const argv[], char *const envp[])
{
    int null = open("/dev/null", O_RDWR);
    int up[WIRE_CHANNELS_MAX];

    for (size_t i = 0; i < count; i++) {
        up[i] = fcntl(theirs[i], F_DUPFD, CHILD_FIRST_FD + WIRE_CHANNELS_MAX);
        if (up[i] < 0)
            return;
    }
    if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0)
        return;
    for (size_t i = 0; i < count; i++) {
        if (dup2(up[i], CHILD_FIRST_FD + (int)i) < 0)
            return;
    }
    if (close_range((unsigned)(CHILD_FIRST_FD + (int)count), ~0U, 0) == 0)
        (void)execve("/proc/self/exe", argv,
                     envp); /* its own layout of addresses; returns only when it failed */
}

static void close_all(const int *fds, size_t count)
{
    for (size_t i = 0; i < count; i++)
        (void)close(fds[i]); /* nothing is lost */
}

static bool pairs(size_t count, int *ours, int *theirs, struct att_err *err)
{
    for (size_t i = 0; i < count; i++) {
        int pair[2];
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
            att_fail(err, ATT_SIGNER_FAILED, "signer.channel", "a pair of sockets", "%m");
            close_all(ours, i);
            close_all(theirs, i);
            return false;
        }
        ours[i] = pair[0];
        theirs[i] = pair[1];
    }
    return true;
}

bool child_spawn(const struct signer_options *options, size_t count, int *ret_fds, pid_t *ret_pid,
                 struct att_err *err)
{
    int ours[WIRE_CHANNELS_MAX], theirs[WIRE_CHANNELS_MAX];
    char number[24], role[] = "attestd-signer";
    char *argv[] = { role, number, NULL };
    char *envp[ENVIRONMENT_MAX + 1];

    (void)snprintf(number, sizeof number, "%zu", count);
    environment(options->pkcs11_module, envp);
    if (!pairs(count, ours, theirs, err))
        return false;
    pid_t pid = fork();
    if (pid == 0) {
        become(count, theirs, argv, envp);
        _exit(127);
    }
    close_all(theirs, count);
    if (pid < 0) {
        close_all(ours, count);
        return att_fail(err, ATT_SIGNER_FAILED, "signer.process", "a process of its own", "%m");
    }
    memcpy(ret_fds, ours, count * sizeof *ours);
    *ret_pid = pid;
    return true;
}
