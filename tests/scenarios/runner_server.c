/* Programs: attestd in the background, others to their end. A server's standard output and error are files of the
 * story's folder. */
#include "runner.h"

#include "base/buf.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { START_MS = 60000, END_MS = 40000, STEP_MS = 5 };

static void pause_step(void)
{
    (void)nanosleep(&(struct timespec){ .tv_nsec = STEP_MS * 1000000L }, NULL);
}

static void redirect(const char *path, int to)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (fd < 0 || dup2(fd, to) < 0)
        _exit(126);
}

static pid_t spawn(struct story *s, const char *command, const char *out, const char *err)
{
    pid_t pid = fork();

    if (pid != 0)
        return pid;
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* nothing outlives the runner */
    (void)setpgid(0, 0);                    /* what a shell starts ends with it */
    (void)setenv("attestd", s->attestd, 1);
    (void)setenv("attestctl", s->attestctl, 1);
    (void)setenv("stories", s->stories, 1);
    redirect(out, STDOUT_FILENO);
    redirect(err, STDERR_FILENO);
    execl("/bin/sh", "sh", "-e", "-c", command, (char *)NULL);
    _exit(127);
}

static const char *joined(struct story *s, const char *a, const char *b, const char *c)
{
    struct att_buf text = { 0 };

    att_buf_printf(&text, "%s%s%s", a, b, c);
    char *copy = text.failed ? NULL : att_arena_dup(s->arena, att_buf_span(&text));
    att_buf_free(&text);
    return copy ? copy : "";
}

static const char *text_of(struct story *s, const char *path)
{
    bool found = false;
    struct att_span text = file_span(s, path, &found);
    return found ? (const char *)text.ptr : "";
}

/* The port behind `mark` in the log; 0 when it is not there. */
static uint16_t port_of(const char *log, const char *mark)
{
    const char *line = strstr(log, mark);
    const char *url = line ? strstr(line, "\"url\":\"") : NULL;
    const char *colon = url ? strchr(strstr(url, "://") + 3, ':') : NULL;
    return colon ? (uint16_t)strtoul(colon + 1, NULL, 10) : 0;
}

static struct server *slot(struct story *s, const char *name)
{
    for (size_t i = 0; i < SERVERS_MAX; i++) {
        if (!s->servers[i].name || strcmp(s->servers[i].name, name) == 0)
            return &s->servers[i];
    }
    return NULL;
}

static bool wait_ready(struct story *s, struct server *server, const char *out)
{
    for (int waited = 0; waited < START_MS; waited += STEP_MS) {
        int status = 0;
        const char *ready = strstr(text_of(s, out), "attestd ready ");
        if (ready && strchr(ready, '\n')) {
            const char *url = ready + strlen("attestd ready ");
            return var_set(s, "url", att_span_of(url, strcspn(url, "\n")));
        }
        if (waitpid(server->pid, &status, WNOHANG) == server->pid) {
            server->pid = 0;
            return fault(s, "attestd ended with %d: %.600s", WEXITSTATUS(status), text_of(s, server->log));
        }
        pause_step();
    }
    return fault(s, "attestd did not become ready: %.600s", text_of(s, server->log));
}

static bool point_to(struct story *s, struct server *server)
{
    s->server = server;
    var_number(s, "port", server->port);
    var_number(s, "admin_port", server->admin_port);
    return true;
}

/* start NAME OPTIONS... : on free ports unless the options say otherwise */
bool verb_start(struct story *s, char *args)
{
    static unsigned number;
    const char *name = word(&args);
    struct server *server = slot(s, name);
    char count[16];

    if (!server || server->pid > 0)
        return fault(s, "no free server %s", name);
    (void)snprintf(count, sizeof count, ".%u", ++number);
    const char *out = joined(s, name, count, ".out");
    *server = (struct server){ .name = joined(s, name, "", ""), .log = joined(s, name, count, ".log") };
    server->pid =
        spawn(s, joined(s, "exec \"$attestd\" --listen 127.0.0.1:0 --admin-listen 127.0.0.1:0 ", args, ""),
              out, server->log);
    if (server->pid < 0 || !wait_ready(s, server, out))
        return server->pid >= 0 ? false : fault(s, "fork: %m");
    const char *log = text_of(s, server->log);
    server->port = port_of(log, "\"service.listening\"");
    server->admin_port = port_of(log, "\"admin.listening\"");
    if (server->port == 0 || server->admin_port == 0)
        return fault(s, "the log names no ports");
    return point_to(s, server);
}

bool verb_use(struct story *s, char *args)
{
    struct server *server = slot(s, args);
    return server && server->pid > 0 ? point_to(s, server) : fault(s, "no server %s", args);
}

bool verb_signal(struct story *s, char *args)
{
    int signal = strcmp(args, "HUP") == 0 ? SIGHUP : strcmp(args, "TERM") == 0 ? SIGTERM : SIGKILL;

    if (!s->server || s->server->pid <= 0)
        return fault(s, "no server runs");
    if (kill(s->server->pid, signal) != 0)
        return fault(s, "kill: %m");
    if (signal == SIGKILL) {
        (void)waitpid(s->server->pid, NULL, 0);
        s->server->pid = 0;
    }
    return true;
}

static bool ended(struct story *s, pid_t pid, int *ret_status)
{
    for (int waited = 0; waited < END_MS; waited += STEP_MS) {
        if (waitpid(pid, ret_status, WNOHANG) == pid)
            return true;
        pause_step();
    }
    return fault(s, "it does not end");
}

/* What every log must be: without secrets, without sanitizer reports, one JSON object a line. */
static bool log_clean(struct story *s, const struct server *server)
{
    const char *log = text_of(s, server->log);
    size_t len = strlen(log);

    for (size_t i = 0; i < s->untold_count; i++) {
        if (memmem(log, len, s->untold[i].ptr, s->untold[i].len))
            return fault(s, "the log holds a piece of evidence or of a token: %.40s",
                         (const char *)s->untold[i].ptr);
    }
    for (const char *line = log; *line; line += strcspn(line, "\n") + 1) {
        size_t n = strcspn(line, "\n");
        if (line[n] == '\0' || line[0] != '{' || line[n - 1] != '}')
            return fault(s, "a line of the log is no JSON object: %.*s", (int)n, line);
    }
    return true;
}

static bool stop(struct story *s, struct server *server)
{
    int status = 0;
    pid_t pid = server->pid;

    if (kill(pid, SIGTERM) != 0 || !ended(s, pid, &status))
        return fault(s, "attestd does not end after SIGTERM");
    server->pid = 0;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        return fault(s, "attestd ended with status %x: %.700s", (unsigned)status, text_of(s, server->log));
    return log_clean(s, server);
}

/* stop [NAME] : SIGTERM, which must end it with 0 */
bool verb_stop(struct story *s, char *args)
{
    struct server *server = *args ? slot(s, args) : s->server;

    if (!server || server->pid <= 0)
        return fault(s, "no server to stop");
    hang_up(s);
    return stop(s, server);
}

/* -- the vendors' services ------------------------------------------------------------------------------------ */

static bool vendor_ready(struct story *s, const char *out)
{
    for (int waited = 0; waited < START_MS; waited += STEP_MS) {
        const char *ready = strstr(text_of(s, out), "fake_vendor ready ");
        if (ready && strchr(ready, '\n')) {
            const char *url = ready + strlen("fake_vendor ready ");
            const char *colon = strrchr(url, ':');
            s->vendor.port = colon ? (uint16_t)strtoul(colon + 1, NULL, 10) : 0;
            return var_set(s, "vendor", att_span_of(url, strcspn(url, "\n")));
        }
        if (waitpid(s->vendor.pid, NULL, WNOHANG) == s->vendor.pid) {
            s->vendor.pid = 0;
            break;
        }
        pause_step();
    }
    return fault(s, "fake_vendor did not become ready: %.600s", text_of(s, s->vendor.log));
}

static bool vendor_start(struct story *s, const char *args)
{
    if (s->vendor.pid > 0)
        return fault(s, "it runs already");
    (void)unlink("vendor.out");
    s->vendor = (struct server){ .name = "vendor", .log = "vendor.err" };
    s->vendor.pid = spawn(s, joined(s, "exec \"$fake_vendor\" --ca vendor.pem --log vendor.log ", args, ""),
                          "vendor.out", s->vendor.log);
    return s->vendor.pid > 0 ? vendor_ready(s, "vendor.out") : fault(s, "fork: %m");
}

static bool vendor_stop(struct story *s)
{
    if (s->vendor.pid <= 0 || kill(s->vendor.pid, SIGKILL) != 0)
        return fault(s, "it does not run");
    (void)waitpid(s->vendor.pid, NULL, 0);
    s->vendor.pid = 0;
    return true;
}

/* vendor start OPTIONS, vendor stop, vendor QUERY : tests/support/fake_vendor.c */
bool verb_vendor(struct story *s, char *args)
{
    if (strcmp(args, "stop") == 0)
        return vendor_stop(s);
    if (strncmp(args, "start", 5) == 0)
        return vendor_start(s, args + 5);
    if (s->vendor.pid <= 0)
        return fault(s, "no vendor runs");
    return get_elsewhere(s, s->vendor.port, "vendor.pem", joined(s, "/control?", args, "")) &&
           (s->reply.status == 200 || fault(s, "it answers %d", s->reply.status));
}

void servers_kill(struct story *s)
{
    if (s->vendor.pid > 0)
        (void)vendor_stop(s);
    for (size_t i = 0; i < SERVERS_MAX; i++) {
        if (s->servers[i].pid <= 0)
            continue;
        (void)kill(s->servers[i].pid, SIGKILL);
        (void)waitpid(s->servers[i].pid, NULL, 0);
    }
}

static bool run(struct story *s, const char *command, int wanted)
{
    int status = 0;

    (void)unlink("out");
    (void)unlink("err");
    pid_t pid = spawn(s, command, "out", "err");
    if (pid < 0 || !ended(s, pid, &status)) {
        if (pid > 0 && kill(-pid, SIGKILL) == 0)
            (void)waitpid(pid, NULL, 0);
        return fault(s, "it cannot be run, or does not end");
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != wanted)
        return fault(s, "status %d, wanted %d: %.400s%.600s", WIFEXITED(status) ? WEXITSTATUS(status) : -1,
                     wanted, text_of(s, "out"), text_of(s, "err"));
    return true;
}

bool verb_run(struct story *s, char *args)
{
    return run(s, args, 0);
}

/* fails STATUS COMMAND */
bool verb_fails(struct story *s, char *args)
{
    int wanted = (int)strtol(word(&args), NULL, 10);
    return run(s, args, wanted);
}

/* log OP VALUE : of the server that is talked to */
bool verb_log(struct story *s, char *args)
{
    return s->server ? compare(s, "log", true, att_str(text_of(s, s->server->log)), args)
                     : fault(s, "no server");
}

static unsigned times_in(const char *text, const char *what)
{
    unsigned n = 0;

    for (const char *at = text; (at = strstr(at, what)); at++)
        n++;
    return n;
}

static bool await_times(struct story *s, const char *a, unsigned wanted)
{
    for (int waited = 0; waited < END_MS; waited += STEP_MS) {
        const char *log = text_of(s, s->server->log);
        if (times_in(log, a) >= wanted)
            return true;
        pause_step();
    }
    return fault(s, "the log has no further %s", a);
}

/* await TEXT : until it has been logged */
bool verb_await(struct story *s, char *args)
{
    return s->server ? await_times(s, args, 1) : fault(s, "no server");
}

/* reload : SIGHUP, and wait for what comes of it */
bool verb_reload(struct story *s, char *args)
{
    static const char done[] = "\"event\":\"reload.done\"";
    char hup[] = "HUP";

    (void)args;
    if (!s->server)
        return fault(s, "no server");
    const char *log = text_of(s, s->server->log);
    unsigned before = times_in(log, done);
    return verb_signal(s, hup) && await_times(s, done, before + 1);
}
