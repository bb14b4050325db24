/* The server at a path: who the peer is, the file's mode, what is replaced and what is not, what is left behind. */
#include "unit/http/app.h"
#include "unit/http/client.h"

#include "support/cases.h"

#include <errno.h>
#include <sys/stat.h>

#define GET "GET /client HTTP/1.1\r\nHost: localhost\r\n\r\n"

static struct answer a; /* too large for the stack of a sanitizer build */
static char dir[] = "/tmp/attestd-unix-test-XXXXXX";

struct place {
    char path[256];
};

static struct place in_dir(const char *name)
{
    struct place p;
    (void)snprintf(p.path, sizeof p.path, "%s/%s", dir, name);
    return p;
}

static bool exists(const char *path)
{
    struct stat s;
    return lstat(path, &s) == 0;
}

static unsigned mode_of(const char *path)
{
    struct stat s;
    return lstat(path, &s) == 0 && S_ISSOCK(s.st_mode) ? s.st_mode & 07777 : 0xffff;
}

static struct http_server *start_with(struct http_server_options options, struct att_err *err)
{
    struct http_server *s = NULL;

    options.app = (struct http_app){ .on_head = app_head, .on_request = app_request, .on_bad = app_bad };
    return http_server_start(&options, &s, err) ? s : NULL;
}

/* Trusts every address there is: a unix peer has none. */
static struct http_server *start_at(const char *path, struct att_err *err)
{
    static const char *const everybody[] = { "0.0.0.0/0", "::/0", NULL };
    return start_with(
        (struct http_server_options){ .unix_path = path, .threads = 2, .trusted_proxies = everybody }, err);
}

static bool serves(const char *path)
{
    struct client *c = client_open_unix(path);
    bool ok = client_ask(c, GET, &a) == 200;
    client_close(c);
    return ok;
}

/* A socket file that nobody listens at, as a killed process leaves it. */
static void leave_socket(const char *path)
{
    struct sockaddr_un at = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    (void)snprintf(at.sun_path, sizeof at.sun_path, "%s", path);
    if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof at) != 0)
        abort();
    (void)close(fd);
}

static void check_peer(struct cases *t)
{
    struct place p = in_dir("peer");
    struct att_err err = { 0 };
    struct http_server *s = start_at(p.path, &err);
    char want[128];

    cases_check(t, s != NULL, "starts: %s", err.text);
    if (!s)
        return;
    (void)snprintf(want, sizeof want, "unix 0\nunix\n%u %u %u\n", getuid(), getgid(), (unsigned)getpid());
    for (int i = 0; i < 8; i++) { /* both threads get some */
        struct client *c = client_open_unix(p.path);
        for (int k = 0; k < 3; k++)
            cases_check(t, client_ask(c, GET, &a) == 200 && strcmp(a.body, want) == 0, "who is there: %s",
                        a.body);
        cases_check(
            t,
            client_ask(c, "GET /client HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n",
                       &a) == 200 &&
                strcmp(a.body, want) == 0,
            "A12: nobody there is a trusted proxy: %s", a.body);
        client_close(c);
    }
    cases_check(t, http_server_port(s) == 0, "no port");
    struct client *c = client_open_unix(p.path);
    cases_check(t, client_ask(c, "GET /later HTTP/1.1\r\nHost: localhost\r\n\r\n", &a) == 200,
                "an answer that comes later");
    cases_check(t, client_ask(c, "GET / HTTP/1.1\r\n\r\n", &a) == 400 && a.close, "Host as usual");
    client_close(c);
    cases_check(t, http_server_drain(s, 5000), "drained");
    http_server_stop(s);
    cases_check(t, !exists(p.path), "the file is removed");
}

/* The mode is the one asked for, whatever the umask. */
static void check_mode(struct cases *t)
{
    static const struct {
        unsigned umask, asked, want;
    } rows[] = {
        { 022, 0, 0660 },  { 077, 0, 0660 },    { 0, 0, 0660 },      { 0777, 0666, 0666 },
        { 0, 0600, 0600 }, { 077, 0777, 0777 }, { 022, 0622, 0622 },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct place p = in_dir("mode");
        struct att_err err = { 0 };
        mode_t before = umask((mode_t)rows[i].umask);
        struct http_server *s =
            start_with((struct http_server_options){ .unix_path = p.path, .unix_mode = rows[i].asked }, &err);
        (void)umask(before);
        cases_check(t, s && mode_of(p.path) == rows[i].want, "mode %o under umask %o: %o %s", rows[i].asked,
                    rows[i].umask, mode_of(p.path), err.text);
        http_server_stop(s);
    }
}

static void check_old_socket(struct cases *t)
{
    struct place p = in_dir("old");
    struct att_err err = { 0 };

    leave_socket(p.path);
    struct http_server *s = start_at(p.path, &err);
    cases_check(t, s && serves(p.path), "an old socket is replaced: %s", err.text);

    /* A second one at the same path would take the first one's clients away. */
    struct att_err again = { 0 };
    struct http_server *second = start_at(p.path, &again);
    cases_check(t, !second && again.code == ATT_IO_FAILED && strcmp(again.where, "http.unix_path") == 0,
                "a socket in use is not replaced: %s", again.text);
    http_server_stop(second);
    cases_check(t, exists(p.path) && serves(p.path), "and the first goes on");

    /* Somebody else's file by now: stopping must not remove it. */
    (void)unlink(p.path);
    leave_socket(p.path);
    http_server_stop(s);
    cases_check(t, exists(p.path), "another socket at the path is left alone");
    (void)unlink(p.path);
}

static bool is_refused(const char *path, enum att_code code, struct att_err *err)
{
    struct http_server *s = start_at(path, err);
    http_server_stop(s);
    return !s && err->code == code && strcmp(err->where, "http.unix_path") == 0 && err->expected[0];
}

/* What is at the path and is no socket is never touched. */
static void check_other_files(struct cases *t)
{
    struct place file = in_dir("file"), folder = in_dir("folder"), link = in_dir("link"),
                 target = in_dir("target"), none = in_dir("none/socket"), below = in_dir("file/socket");
    struct att_err err[7] = { { 0 } };
    FILE *f = fopen(file.path, "w");

    if (!f || fputs("kept", f) < 0 || fclose(f) != 0 || mkdir(folder.path, 0700) != 0)
        abort();
    leave_socket(target.path);
    if (symlink(target.path, link.path) != 0)
        abort();
    cases_check(t, is_refused(file.path, ATT_CONFIG_INVALID, &err[0]), "a file: %s", err[0].text);
    cases_check(t, is_refused(folder.path, ATT_CONFIG_INVALID, &err[1]), "a folder: %s", err[1].text);
    cases_check(t, is_refused(link.path, ATT_CONFIG_INVALID, &err[2]), "a link to a socket: %s", err[2].text);
    cases_check(t, is_refused(none.path, ATT_IO_FAILED, &err[3]), "a folder that is not there: %s",
                err[3].text);
    cases_check(t, is_refused(below.path, ATT_IO_FAILED, &err[4]), "a file in place of a folder: %s",
                err[4].text);
    cases_check(t, exists(file.path) && exists(folder.path) && exists(link.path) && exists(target.path),
                "all of them are still there");
    (void)unlink(link.path);
    (void)unlink(target.path);
    (void)unlink(file.path);
    (void)rmdir(folder.path);
}

static void check_length(struct cases *t)
{
    size_t most = sizeof((struct sockaddr_un){ 0 }.sun_path) - 1, base = strlen(dir) + 1;
    char path[256];
    struct att_err err[3] = { { 0 } };

    (void)snprintf(path, sizeof path, "%s/", dir);
    memset(path + base, 'x', most + 1 - base);
    path[most + 1] = '\0';
    cases_check(t, is_refused(path, ATT_CONFIG_INVALID, &err[0]), "a path of 108 bytes: %s", err[0].text);
    path[most] = '\0';
    struct http_server *s = start_at(path, &err[1]);
    cases_check(t, s && serves(path), "a path of 107 bytes: %s", err[1].text);
    http_server_stop(s);
    cases_check(t, !exists(path), "is removed");
    cases_check(t, is_refused("", ATT_CONFIG_INVALID, &err[2]), "an empty path: %s", err[2].text);
}

static void check_options(struct cases *t)
{
    static const char *const proxies[] = { "127.0.0.1", NULL };
    struct place p = in_dir("options");
    const struct {
        const char *name;
        struct http_server_options options;
    } rows[] = {
        { "with TLS", { .unix_path = p.path, .cert_path = "/nowhere", .key_path = "/nowhere" } },
        { "with PROXY headers", { .unix_path = p.path, .trusted_proxies = proxies, .proxy_protocol = true } },
        { "set-user-id mode", { .unix_path = p.path, .unix_mode = 04660 } },
        { "a mode that is none", { .unix_path = p.path, .unix_mode = 0x10000 } },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct att_err err = { 0 };
        struct http_server *s = start_with(rows[i].options, &err);
        cases_check(t, !s && err.code == ATT_CONFIG_INVALID && err.where[0], "%s: %s", rows[i].name,
                    err.text);
        cases_check(t, !exists(p.path), "%s: leaves nothing behind", rows[i].name);
        http_server_stop(s);
    }
    /* The path is made and then something else fails. */
    static const char *const bad[] = { "10.0.0.1/8", NULL };
    struct att_err err = { 0 };
    struct http_server *s =
        start_with((struct http_server_options){ .unix_path = p.path, .trusted_proxies = bad }, &err);
    cases_check(t, !s && strcmp(err.where, "http.trusted_proxies[0]") == 0 && !exists(p.path),
                "bad networks: %s", err.text);
}

int main(void)
{
    struct cases t = { .name = "http.unix" };

    if (!mkdtemp(dir))
        abort();
    check_peer(&t);
    check_mode(&t);
    check_old_socket(&t);
    check_other_files(&t);
    check_length(&t);
    check_options(&t);
    cases_check(&t, rmdir(dir) == 0, "the folder is empty again: %s", strerror(errno));
    return cases_report(&t);
}
