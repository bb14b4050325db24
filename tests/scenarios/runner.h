/* tests/scenarios/runner.h - what the files of the scenario runner share. README.md explains the language.
 *
 * A verb returns false with `problem` filled: the case has failed, the rest of it is left out. Everything that a
 * story makes lives in its arena and its folder.
 */
#ifndef SCENARIOS_RUNNER_H
#define SCENARIOS_RUNNER_H

#include <attest/arena.h>
#include <attest/error.h>

#include <openssl/ssl.h>
#include <sys/types.h>

struct att_buf;

enum { VARS_MAX = 64, SERVERS_MAX = 4, UNTOLD_MAX = 4096, ANSWER_BYTES_MAX = 1 << 20 };

struct var {
    const char *name;
    struct att_span value;
};

struct server {
    const char *name;
    const char *log; /* its standard error */
    pid_t pid;       /* 0 when it does not run */
    uint16_t port, admin_port;
};

struct reply {
    int status; /* 0: nothing has been answered yet */
    struct att_span head, body;
};

struct story {
    struct att_arena *arena;
    const char *folder;                        /* the current folder while it runs */
    const char *attestd, *attestctl, *stories; /* programs, and where the stories lie */
    struct var vars[VARS_MAX];
    struct server servers[SERVERS_MAX];
    struct server *server; /* the one that is talked to */
    struct server vendor;  /* who plays the vendors' services */
    const char *ca;
    int fd; /* -1 when not connected */
    SSL *ssl;
    struct reply reply;
    bool head_only;                     /* the request was a HEAD */
    struct att_span extra;              /* header lines for the next request */
    struct att_span untold[UNTOLD_MAX]; /* pieces of tokens and evidence that no log may hold */
    size_t untold_count;
    char problem[1200];
};

bool fault(struct story *s, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* runner_text.c */
struct att_span var_get(const struct story *s, const char *name, bool *ret_found);
bool var_set(struct story *s, const char *name, struct att_span value);
void var_number(struct story *s, const char *name, long long value);
/* ${...} replaced; with `escapes` also \r \n \t \\ and \xHH. */
ATT_CHECK bool expand(struct story *s, struct att_span text, bool escapes, struct att_span *ret);
/* The first word of *at, which moves behind it and its spaces; "" at the end. */
char *word(char **at);
struct att_span file_span(struct story *s, const char *path, bool *ret_found);
/* A piece from the middle must never be in a log. */
void keep_untold(struct story *s, struct att_span secret);

/* runner_server.c */
bool verb_start(struct story *s, char *args);
bool verb_stop(struct story *s, char *args);
bool verb_use(struct story *s, char *args);
bool verb_signal(struct story *s, char *args);
bool verb_run(struct story *s, char *args);
bool verb_fails(struct story *s, char *args);
bool verb_log(struct story *s, char *args);
bool verb_await(struct story *s, char *args);
bool verb_reload(struct story *s, char *args);
bool verb_vendor(struct story *s, char *args);
void servers_kill(struct story *s);

/* runner_net.c */
bool verb_request(struct story *s, char *args);
bool verb_admin(struct story *s, char *args);
bool verb_with(struct story *s, char *args);
/* One GET to another server of this machine; its answer is looked at as the server's own are. */
ATT_CHECK bool get_elsewhere(struct story *s, uint16_t port, const char *ca, const char *path);
bool verb_open(struct story *s, char *args);
bool verb_send(struct story *s, char *args);
bool verb_receive(struct story *s, char *args);
bool verb_raw(struct story *s, char *args);
bool verb_drip(struct story *s, char *args);
bool verb_closed(struct story *s, char *args);
bool verb_alive(struct story *s, char *args);
bool verb_untrusted(struct story *s, char *args);
void hang_up(struct story *s);

/* runner_expect.c */
bool verb_status(struct story *s, char *args);
bool verb_header(struct story *s, char *args);
bool verb_body(struct story *s, char *args);
bool verb_json(struct story *s, char *args);
bool verb_token(struct story *s, char *args);
bool verb_sorted(struct story *s, char *args);
bool verb_refusal(struct story *s, char *args);
bool verb_keep(struct story *s, char *args);
bool verb_save(struct story *s, char *args);
/* "==", "!=", "~", "!~", "has", "!has", "absent", "present" */
bool compare(struct story *s, const char *what, bool there, struct att_span value, char *args);

/* runner_login.c */
bool verb_login(struct story *s, char *args);

/* runner_metrics.c */
bool verb_prometheus(struct story *s, char *args);

#endif
