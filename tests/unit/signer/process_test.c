/* layers: signer base codec */
/* What only the form with a process has: its messages, its end, and that nobody but itself can see a key. */
#include "base/base64.h"
#include "base/buf.h"
#include "base/hex.h"
#include "base/secret.h"
#include "signer/child.h"
#include "signer/keypair.h"
#include "signer/signer.h"
#include "signer/wire.h"

#include <attest/seal.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { CHANNELS = 3, NOBODY = 65534, WAIT_MS = 10000 };

static char dir[64], kek_path[96];
static struct att_arena *arena;

/* Random: it must stand nowhere in the program, or it would be found there. */
static int set_up(void **state)
{
    uint8_t kek[32];
    char text[65];
    (void)state;

    (void)snprintf(dir, sizeof dir, "/tmp/attestd-signer-XXXXXX");
    assert_non_null(mkdtemp(dir));
    assert_int_equal(chmod(dir, 0755), 0);
    (void)snprintf(kek_path, sizeof kek_path, "%s/kek", dir);
    assert_int_equal(RAND_bytes(kek, sizeof kek), 1);
    att_hex_text(text, att_span_of(kek, sizeof kek));
    int fd = open(kek_path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    assert_true(fd >= 0 && fchmod(fd, 0644) == 0);
    assert_int_equal(write(fd, text, 64), 64);
    assert_int_equal(close(fd), 0);
    att_wipe(text, sizeof text); /* the process that is looked into is forked from this one */
    att_wipe(kek, sizeof kek);
    arena = att_arena_new(64 << 20);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    att_arena_free(arena);
    (void)unlink(kek_path);
    (void)rmdir(dir);
    return 0;
}

static struct signer *open_signer(void)
{
    const struct signer_options options = { .kek = kek_path, .channels = CHANNELS - 1 };
    struct signer *s = NULL;
    struct att_err err = { 0 };

    if (!signer_open(&options, &s, &err))
        fail_msg("%s", err.text);
    return s;
}

/* Of a process that has begun to end; -1: it has not. */
static int wait_status(pid_t pid)
{
    const struct timespec nap = { .tv_nsec = 2 * 1000 * 1000 };
    int status = 0;

    for (int i = 0; i < WAIT_MS / 2; i++) {
        if (waitpid(pid, &status, WNOHANG) == pid)
            return status;
        (void)nanosleep(&nap, NULL);
    }
    (void)kill(pid, SIGKILL);
    (void)waitpid(pid, NULL, 0);
    return -1;
}

/* The one child of this process. */
static pid_t only_child(void)
{
    char path[64], text[64] = "";

    (void)snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_non_null(fgets(text, sizeof text, file));
    (void)fclose(file);
    return (pid_t)strtol(text, NULL, 10);
}

static struct att_span jws_of(const struct signer_key *key)
{
    char header[256];
    struct att_buf b = { 0 };

    (void)snprintf(header, sizeof header, "{\"alg\":\"%s\",\"kid\":\"%s\",\"typ\":\"JWT\"}", key->alg,
                   key->kid);
    att_base64url_put(&b, att_str(header));
    att_buf_puts(&b, ".e30");
    char *copy = att_arena_dup(arena, att_buf_span(&b));
    struct att_span s = att_span_of(copy, b.len);
    att_buf_free(&b);
    return s;
}

/* -- messages --------------------------------------------------------------------------------------------- */

struct raw {
    pid_t pid;
    int fds[CHANNELS];
};

static struct raw raw_start(void)
{
    const struct signer_options options = { .kek = kek_path };
    struct raw r = { 0 };
    struct att_err err = { 0 };

    assert_true(child_spawn(&options, CHANNELS, r.fds, &r.pid, &err));
    return r;
}

static int raw_end(struct raw *r)
{
    for (size_t i = 0; i < CHANNELS; i++)
        (void)shutdown(r->fds[i], SHUT_WR);
    int status = wait_status(r->pid);
    for (size_t i = 0; i < CHANNELS; i++)
        (void)close(r->fds[i]);
    return status;
}

static void frame(struct att_buf *b, unsigned type, const char *body, size_t len)
{
    att_buf_u32le(b, (uint32_t)len);
    att_buf_putc(b, (char)type);
    att_buf_putc(b, 0);
    att_buf_u16le(b, 0x5347);
    att_buf_put(b, att_span_of(body, len));
}

static void hello_frame(struct att_buf *b)
{
    const struct signer_options options = { .kek = kek_path };
    const struct wire_head head = { .type = WIRE_HELLO };

    wire_begin(b);
    wire_put_options(b, &options);
    assert_true(wire_end(b, &head, false));
}

static void greet(struct raw *r)
{
    struct att_buf b = { 0 };
    uint8_t head[WIRE_HEAD_BYTES];

    hello_frame(&b);
    assert_true(wire_send(r->fds[0], att_buf_span(&b)));
    assert_int_equal(wire_receive(r->fds[0], head, sizeof head), WIRE_WHOLE);
    assert_int_equal(head[5], 0);
    att_buf_free(&b);
}

struct bad {
    const char *name;
    bool greeted;
    size_t channel;
    struct att_span bytes;
};

static void must_end(const struct bad *row)
{
    struct raw r = raw_start();

    if (row->greeted)
        greet(&r);
    assert_true(wire_send(r.fds[row->channel], row->bytes));
    if (strncmp(row->name, "half", 4) == 0) /* the rest never comes; all others end it by what is there */
        (void)shutdown(r.fds[row->channel], SHUT_WR);
    int status = wait_status(r.pid);
    for (size_t i = 0; i < CHANNELS; i++)
        (void)close(r.fds[i]);
    if (status < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != CHILD_MALFORMED)
        fail_msg("%s: status 0x%x", row->name, (unsigned)status);
}

#define BYTES(text)                                                                                          \
    {                                                                                                        \
        (const uint8_t *)(text), sizeof(text) - 1                                                            \
    }

static void messages_out_of_form_end_it(void **state)
{
    static const struct bad rows[] = {
        { "zeros first", false, 0, BYTES("\0\0\0\0\0\0\0\0") },
        { "garbage first", false, 0, BYTES("GET / HTTP/1.1\r\n\r\n") },
        { "half a head first", false, 0, BYTES("\0\0\0\0\1") },
        { "empty hello", false, 0, BYTES("\0\0\0\0\1\0GS") },
        { "hello on another channel, as nobody listens there, then on none", false, 0,
          BYTES("\0\0\0\0\2\0GS") },
        { "a key before hello", false, 0, BYTES("\0\0\0\0\3\0GS") },
        { "sign before hello", false, 0, BYTES("\0\0\0\0\x08\0GS") },
        { "hello with a list without end", false, 0, BYTES("\x08\0\0\0\1\0GS\0\0\0\0\xff\xff\xff\xff") },
        { "hello again", true, 0, BYTES("\0\0\0\0\1\0GS") },
        { "hello where one signs", true, 1, BYTES("\0\0\0\0\1\0GS") },
        { "make where one signs", true, 1, BYTES("\0\0\0\0\2\0GS") },
        { "share where one signs", true, 2, BYTES("\0\0\0\0\7\0GS") },
        { "sign where one does not", true, 0, BYTES("\0\0\0\0\x08\0GS") },
        { "type 0", true, 0, BYTES("\0\0\0\0\0\0GS") },
        { "type 9", true, 0, BYTES("\0\0\0\0\x09\0GS") },
        { "type 255", true, 0, BYTES("\0\0\0\0\xff\0GS") },
        { "an answer", true, 0, BYTES("\7\0\0\0\4\1GS\3\0\0\0kid") },
        { "another mark", true, 0, BYTES("\0\0\0\0\2\0GT") },
        { "large", true, 0, BYTES("\1\4\0\0\2\0GS") },
        { "larger", true, 1, BYTES("\1\4\x40\0\x08\0GS") },
        { "largest", true, 1, BYTES("\xff\xff\xff\xff\x08\0GS") },
        { "half a head", true, 1, BYTES("\0\0\0") },
        { "half a body", true, 1, BYTES("\x0a\0\0\0\x08\0GSabc") },
        { "no body", true, 1, BYTES("\0\0\0\0\x08\0GS") },
        { "a text longer than its body", true, 1, BYTES("\x05\0\0\0\x08\0GS\xff\0\0\0a") },
        { "a text of 4 GiB", true, 0,
          BYTES("\x05\0\0\0\4\0GS\xff\xff\xff\xff"
                "a") },
        { "a NUL in a text", true, 0, BYTES("\x06\0\0\0\4\0GS\2\0\0\0a\0") },
        { "more behind it", true, 0, BYTES("\x06\0\0\0\4\0GS\1\0\0\0ab") },
        { "a secret with more behind it", true, 0, BYTES("\x09\0\0\0\7\0GS\0\0\0\0\0\0\0\0x") },
    };
    (void)state;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        must_end(&rows[i]);
}

static void closed_channels_end_it_quietly(void **state)
{
    (void)state;
    for (int greeted = 0; greeted < 2; greeted++) {
        struct raw r = raw_start();
        if (greeted)
            greet(&r);
        int status = raw_end(&r);
        assert_true(status >= 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
}

/* What is well formed and wrong is answered, and the next one is, too. */
static void wrong_wishes_are_answered(void **state)
{
    static const struct {
        unsigned type;
        struct att_span body;
        unsigned status;
    } rows[] = {
        { WIRE_MAKE, BYTES("\0\0\0\0\0\0\0\0"), 1 },  { WIRE_MAKE, BYTES("\1\0\0\0a\5\0\0\0ES256"), 1 },
        { WIRE_FORGET, BYTES("\3\0\0\0kid"), 0 },     { WIRE_SHARE, BYTES("\x63\0\0\0\0\0\0\0"), 1 },
        { WIRE_SHARE, BYTES("\0\0\0\0\0\0\0\0"), 0 },
    };
    struct raw r = raw_start();
    (void)state;

    greet(&r);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct att_buf b = { 0 };
        uint8_t head[WIRE_HEAD_BYTES], body[4096];
        struct wire_head got;
        frame(&b, rows[i].type, (const char *)rows[i].body.ptr, rows[i].body.len);
        assert_true(wire_send(r.fds[0], att_buf_span(&b)));
        assert_int_equal(wire_receive(r.fds[0], head, sizeof head), WIRE_WHOLE);
        assert_true(wire_head_read(head, true, &got));
        assert_int_equal(got.failed, rows[i].status);
        assert_true(got.body_bytes <= sizeof body);
        assert_int_equal(wire_receive(r.fds[0], body, got.body_bytes), WIRE_WHOLE);
        att_buf_free(&b);
    }
    int status = raw_end(&r);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void the_end_is_noticed(void **state)
{
    struct signer *s = open_signer();
    struct signer_key key = { 0 };
    struct att_span sig = { 0 };
    struct att_err err = { 0 }, dead = { 0 }, again = { 0 };
    (void)state;

    assert_true(signer_make(s, "attestation", "ES256", arena, &key, &err));
    assert_true(signer_alive(s));
    assert_int_equal(kill(only_child(), SIGKILL), 0);
    assert_false(signer_sign(s, key.kid, jws_of(&key), arena, &sig, &dead));
    assert_int_equal(dead.code, ATT_SIGNER_FAILED);
    assert_false(signer_load(s, &key, &again));
    assert_int_equal(again.code, ATT_SIGNER_FAILED);
    signer_forget(s, key.kid);
    assert_false(signer_alive(s));
    signer_close(s);
}

/* As if the time for an answer were over, on every channel of this process. */
static void stop_hearing(void)
{
    for (int fd = 0; fd < 1024; fd++) {
        struct stat st;
        if (fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode))
            (void)shutdown(fd, SHUT_RD); /* who runs the tests may have given us others */
    }
}

/* A child that hangs says nothing by itself: whoever notices first ends it, and its end is a signal to the server. */
static void one_that_hangs_is_ended(void **state)
{
    struct signer *s = open_signer();
    struct signer_key key = { 0 };
    struct att_span sig = { 0 };
    struct att_err err = { 0 }, late = { 0 };
    siginfo_t end = { 0 };
    const struct timespec nap = { .tv_nsec = 2 * 1000 * 1000 };
    (void)state;

    assert_true(signer_make(s, "attestation", "ES256", arena, &key, &err));
    pid_t pid = only_child();
    assert_int_equal(kill(pid, SIGSTOP), 0);
    stop_hearing();
    assert_false(signer_sign(s, key.kid, jws_of(&key), arena, &sig, &late));
    assert_int_equal(late.code, ATT_SIGNER_FAILED);
    for (int i = 0; i < WAIT_MS / 2 && end.si_pid == 0; i++) {
        assert_int_equal(waitid(P_PID, (id_t)pid, &end, WEXITED | WNOHANG | WNOWAIT), 0);
        (void)nanosleep(&nap, NULL);
    }
    assert_int_equal(end.si_code, CLD_KILLED);
    assert_false(signer_alive(s));
    signer_close(s);
}

/* -- shut in ---------------------------------------------------------------------------------------------- */

static bool try_socket(void)
{
    return socket(AF_UNIX, SOCK_STREAM, 0) >= 0;
}
static bool try_connect(void)
{
    return connect(0, NULL, 0) == 0;
}
static bool try_exec(void)
{
    return execl("/bin/true", "true", (char *)NULL) == 0;
}
static bool try_ptrace(void)
{
    return ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0;
}
static bool try_fork(void)
{
    return fork() >= 0;
}
static bool try_look(void)
{
    char c;
    struct iovec v = { &c, 1 };
    return process_vm_readv(getppid(), &v, 1, &v, 1, 0) >= 0;
}
static bool try_code(void)
{
    return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED;
}
static bool try_open(void)
{
    return open("/etc/passwd", O_RDONLY | O_CLOEXEC) >= 0;
}
static bool try_kill(void)
{
    return kill(getppid(), 0) == 0;
}
static bool try_memory(void)
{
    return mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED;
}

/* 0: it worked; 1: refused; SIGSYS + 128: the kernel ended it. */
static int tried(bool (*what)(void), bool token)
{
    pid_t pid = fork();

    if (pid == 0) {
        if (!confine_early() || !confine_calls(token))
            _exit(99);
        _exit(what() ? 0 : 1);
    }
    int status = wait_status(pid);
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static void calls_are_taken_away(void **state)
{
    static const struct {
        const char *name;
        bool (*what)(void);
        int plain, token;
    } rows[] = {
        { "memory", try_memory, 0, 0 },
        { "code", try_code, 128 + SIGSYS, 0 },
        { "open", try_open, 1, 0 },
        { "socket", try_socket, 128 + SIGSYS, 0 },
        { "connect", try_connect, 128 + SIGSYS, 1 },
        { "exec", try_exec, 128 + SIGSYS, 1 },
        { "ptrace", try_ptrace, 128 + SIGSYS, 1 },
        { "process_vm_readv", try_look, 128 + SIGSYS, 1 },
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
        { "fork", try_fork, 128 + SIGSYS, 0 },
#endif
        { "kill", try_kill, 128 + SIGSYS, 0 },
    };
    (void)state;

    (void)try_fork;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (int token = 0; token < 2; token++) {
            int want = token ? rows[i].token : rows[i].plain, got = tried(rows[i].what, token);
            if (got != want)
                fail_msg("%s, %s: wanted %d, got %d", rows[i].name, token ? "token" : "plain", want, got);
        }
    }
}

static bool status_says(pid_t pid, const char *line)
{
    char path[64], text[4096];

    (void)snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    size_t len = fread(text, 1, sizeof text - 1, file);
    (void)fclose(file);
    text[len] = '\0';
    return strstr(text, line);
}

static void the_child_has_nothing_else(void **state)
{
    char path[64], text[4096];
    size_t fds = 0;
    (void)state;

    if (geteuid() != 0)
        skip();                               /* the_child_has_nothing_else: only root may look */
    int leaked = open("/dev/null", O_RDONLY); /* not closed on exec */
    assert_int_equal(setenv("SECRET_OF_THE_SERVER", "1", 1), 0);
    struct signer *s = open_signer();
    (void)unsetenv("SECRET_OF_THE_SERVER");
    pid_t pid = only_child();
    assert_true(status_says(pid, "Seccomp:\t2"));
    assert_true(status_says(pid, "NoNewPrivs:\t1"));
    (void)snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
    DIR *d = opendir(path);
    assert_non_null(d);
    for (struct dirent *e = readdir(d); e; e = readdir(d))
        fds += e->d_name[0] != '.';
    (void)closedir(d);
    assert_int_equal(fds, 3 + CHANNELS);
    (void)snprintf(path, sizeof path, "/proc/%d/environ", (int)pid);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    size_t len = fread(text, 1, sizeof text, file);
    (void)fclose(file);
    assert_null(memmem(text, len, "SECRET_OF", 9));
    signer_close(s);
    (void)close(leaked);
}

/* -- who sees a key --------------------------------------------------------------------------------------- */

/* A process that serves, forked before any key is there: what it has seen of them is what it got from the signer. */
struct server {
    pid_t pid, signer;
    int ask[2];
    struct signer_key rsa, ec;
};

static void put(int fd, struct att_span s)
{
    uint32_t len = (uint32_t)s.len;

    assert_int_equal(write(fd, &len, sizeof len), sizeof len);
    assert_int_equal(write(fd, s.ptr, s.len), (ssize_t)s.len);
}

static struct att_span get(int fd)
{
    uint32_t len = 0;

    assert_int_equal(recv(fd, &len, sizeof len, MSG_WAITALL), sizeof len);
    uint8_t *to = att_arena_alloc(arena, len + 1U, 1);
    assert_non_null(to);
    assert_int_equal(recv(fd, to, len, MSG_WAITALL), (ssize_t)len);
    return att_span_of(to, len);
}

static void tell_key(int fd, const struct signer_key *key)
{
    put(fd, att_str(key->kid));
    put(fd, key->spki);
    put(fd, key->sealed);
}

static _Noreturn void be_server(int fd)
{
    struct signer *s = open_signer();
    struct signer_key keys[2] = { 0 };
    static const char *const algs[] = { "RS256", "ES256" };
    struct att_err err = { 0 };
    struct att_span out = { 0 };
    char c;

    for (size_t i = 0; i < 2; i++) {
        const struct signer_certify want = { .kind = SIGNER_CERTIFY_ENDPOINT,
                                             .name = "p",
                                             .uri = "https://a" };
        bool changed = false;
        if (!signer_make(s, "attestation", algs[i], arena, &keys[i], &err) ||
            !signer_load(s, &keys[i], &err) || !signer_certify(s, keys[i].kid, &want, arena, &out, &err) ||
            !signer_reseal(s, &keys[i], arena, &out, &changed, &err))
            _exit(1);
        for (int n = 0; n < 5; n++) {
            if (!signer_sign(s, keys[i].kid, jws_of(&keys[i]), arena, &out, &err))
                _exit(1);
        }
    }
    pid_t child = only_child();
    put(fd, att_span_of(&child, sizeof child));
    tell_key(fd, &keys[0]);
    tell_key(fd, &keys[1]);
    if (read(fd, &c, 1) < 0)
        _exit(1);
    signer_close(s);
    _exit(0);
}

static struct signer_key hear_key(int fd, const char *alg)
{
    struct att_span kid = get(fd), spki = get(fd), sealed = get(fd);

    return (struct signer_key){
        .purpose = "attestation", .kid = (const char *)kid.ptr, .alg = alg, .spki = spki, .sealed = sealed
    };
}

static struct server server_start(void)
{
    struct server s = { 0 };

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, s.ask), 0);
    s.pid = fork();
    if (s.pid == 0) {
        (void)close(s.ask[0]);
        be_server(s.ask[1]);
    }
    (void)close(s.ask[1]);
    struct att_span pid = get(s.ask[0]);
    memcpy(&s.signer, pid.ptr, sizeof s.signer);
    s.rsa = hear_key(s.ask[0], "RS256");
    s.ec = hear_key(s.ask[0], "ES256");
    return s;
}

static void server_end(struct server *s)
{
    (void)close(s->ask[0]);
    int status = wait_status(s->pid);
    assert_true(status >= 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

enum { NEEDLES_MAX = 64, CHUNK = 1 << 20, MAPPING_MAX = 1 << 28 };

struct needle {
    const char *name;
    struct att_span bytes;
    bool found;
};

struct needles {
    struct needle of[NEEDLES_MAX];
    size_t count;
};

static void want_bytes(struct needles *n, const char *name, struct att_span bytes)
{
    assert_true(n->count < NEEDLES_MAX);
    n->of[n->count++] = (struct needle){ .name = name, .bytes = bytes };
}

/* As numbers lie in memory of this machine, and as they are written. 24 bytes of the middle do: whatever moves them moves these. */
static void want_number(struct needles *n, const char *name, EVP_PKEY *key, const char *param)
{
    BIGNUM *bn = NULL;

    assert_int_equal(EVP_PKEY_get_bn_param(key, param, &bn), 1);
    size_t len = (size_t)BN_num_bytes(bn);
    uint8_t *be = att_arena_alloc(arena, len, 1), *le = att_arena_alloc(arena, len, 1);
    assert_true(be && le && len >= 30);
    BN_bn2bin(bn, be);
    for (size_t i = 0; i < len; i++)
        le[i] = be[len - 1 - i];
    want_bytes(n, name, att_span_of(be + 3, 24));
    want_bytes(n, name, att_span_of(le + 3, 24));
    BN_clear_free(bn);
}

static void want_key(struct needles *n, const uint8_t kek[32], const struct signer_key *key)
{
    static const char *const rsa[] = { OSSL_PKEY_PARAM_RSA_D,         OSSL_PKEY_PARAM_RSA_FACTOR1,
                                       OSSL_PKEY_PARAM_RSA_FACTOR2,   OSSL_PKEY_PARAM_RSA_EXPONENT1,
                                       OSSL_PKEY_PARAM_RSA_EXPONENT2, OSSL_PKEY_PARAM_RSA_COEFFICIENT1 };
    static const char *const names[] = { "RSA d", "RSA p", "RSA q", "RSA dp", "RSA dq", "RSA qi" };
    char label[128];
    struct att_span pkcs8 = { 0 };
    struct att_err err = { 0 };

    (void)snprintf(label, sizeof label, "signing-key:attestation:%s", key->kid);
    assert_true(att_unseal(arena, kek, att_str(label), key->sealed, &pkcs8, &err));
    const uint8_t *p = pkcs8.ptr;
    EVP_PKEY *pkey = d2i_AutoPrivateKey(NULL, &p, (long)pkcs8.len);
    assert_non_null(pkey);
    if (strcmp(key->alg, "RS256") == 0) {
        for (size_t i = 0; i < 6; i++)
            want_number(n, names[i], pkey, rsa[i]);
        want_bytes(n, "PKCS#8 of RSA", att_span_of(pkcs8.ptr + pkcs8.len / 2, 64));
    } else {
        want_number(n, "EC d", pkey, OSSL_PKEY_PARAM_PRIV_KEY);
    }
    EVP_PKEY_free(pkey);
}

/* Every readable mapping. Shadows of sanitizers are left out by their size. */
static size_t look(pid_t pid, struct needles *n)
{
    char path[64], line[512];
    static uint8_t chunk[CHUNK + 64];
    size_t seen = 0;

    for (size_t i = 0; i < n->count; i++)
        n->of[i].found = false;
    (void)snprintf(path, sizeof path, "/proc/%d/mem", (int)pid);
    int mem = open(path, O_RDONLY | O_CLOEXEC);
    (void)snprintf(path, sizeof path, "/proc/%d/maps", (int)pid);
    FILE *maps = fopen(path, "r");
    if (mem < 0 || !maps)
        fail_msg("process %d cannot be looked into: %s", (int)pid, strerror(errno));
    while (fgets(line, sizeof line, maps)) {
        unsigned long from = 0, to = 0;
        char mode[8] = "";
        if (sscanf(line, "%lx-%lx %7s", &from, &to, mode) != 3 || mode[0] != 'r' || to - from > MAPPING_MAX ||
            strstr(line, "[v"))
            continue;
        for (unsigned long at = from; at < to; at += CHUNK) {
            ssize_t got = pread(mem, chunk, CHUNK + 64, (off_t)at);
            seen += got > 0 ? (size_t)got : 0;
            for (size_t i = 0; got > 0 && i < n->count; i++)
                n->of[i].found =
                    n->of[i].found || memmem(chunk, (size_t)got, n->of[i].bytes.ptr, n->of[i].bytes.len);
        }
    }
    (void)fclose(maps);
    (void)close(mem);
    return seen;
}

static bool found(const struct needles *n, const char *name)
{
    bool any = false;

    for (size_t i = 0; i < n->count; i++)
        any = any || (n->of[i].found && strcmp(n->of[i].name, name) == 0);
    return any;
}

static void keys_are_in_the_signer_alone(void **state)
{
    struct needles n = { 0 };
    uint8_t kek[32];
    char text[65] = "";
    (void)state;

    if (geteuid() != 0)
        skip(); /* keys_are_in_the_signer_alone: only root may look into the signer */
    struct server s = server_start();
    FILE *file = fopen(kek_path, "r");
    assert_non_null(file);
    assert_int_equal(fread(text, 1, 64, file), 64);
    (void)fclose(file);
    assert_true(att_hex_read(att_str(text), kek, sizeof kek));
    want_bytes(&n, "name of a key", att_str(s.rsa.kid));
    want_bytes(&n, "KEK", att_span_of(kek, sizeof kek));
    want_bytes(&n, "KEK as text", att_str(text));
    want_key(&n, kek, &s.rsa);
    want_key(&n, kek, &s.ec);

    size_t seen = look(s.pid, &n);
    if (!found(&n, "name of a key") || seen < 1 << 20)
        fail_msg("the process that serves: %zu bytes seen, and no name of a key", seen);
    for (size_t i = 1; i < n.count; i++) {
        if (n.of[i].found)
            fail_msg("in the process that serves: %s", n.of[i].name);
    }
    (void)look(s.signer, &n);
    static const char *const there[] = { "KEK", "RSA d", "RSA p", "RSA q", "EC d" };
    for (size_t i = 0; i < sizeof there / sizeof there[0]; i++) {
        if (!found(&n, there[i]))
            fail_msg("not in the signer, so this test cannot see: %s", there[i]);
    }
    server_end(&s);
}

static bool opens(pid_t pid, const char *name)
{
    char path[64], c;

    (void)snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool ok = fd >= 0 && (strcmp(name, "mem") == 0 || read(fd, &c, 1) == 1);
    if (fd >= 0)
        (void)close(fd);
    return ok;
}

static bool traces(pid_t pid)
{
    if (ptrace(PTRACE_ATTACH, pid, NULL, NULL) != 0)
        return false;
    (void)waitpid(pid, NULL, 0);
    (void)ptrace(PTRACE_DETACH, pid, NULL, NULL);
    return true;
}

/* What a process that serves, of another user than root, can see of the signer: 0, or the number of the first way in. */
static int look_as_nobody(void)
{
    static const char *const files[] = { "maps", "mem", "environ", "auxv", "smaps" };
    const struct signer_options options = { .kek = kek_path, .channels = 1 };
    struct signer *s = NULL;
    struct att_err err = { 0 };

    if (setgid(NOBODY) != 0 || setuid(NOBODY) != 0 || prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) != 0)
        return 90;
    pid_t other = fork(); /* to see that these ways lead in where nothing is done about it */
    if (other == 0) {
        (void)prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
        (void)pause();
        _exit(0);
    }
    bool control = opens(other, "maps") && opens(other, "environ") && traces(other);
    (void)kill(other, SIGKILL);
    (void)waitpid(other, NULL, 0);
    if (!control)
        return 91;
    if (!signer_open(&options, &s, &err))
        return 92;
    pid_t pid = only_child();
    for (int i = 0; i < 5; i++) {
        if (opens(pid, files[i]))
            return 1 + i;
    }
    char c;
    struct iovec here = { &c, 1 }, there = { &c, 1 };
    if (traces(pid))
        return 10;
    if (process_vm_readv(pid, &here, 1, &there, 1, 0) >= 0 || errno != EPERM)
        return 11;
    signer_close(s);
    return 0;
}

static void the_same_user_sees_nothing(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip(); /* the_same_user_sees_nothing: only root can become another user */
    pid_t pid = fork();
    if (pid == 0)
        _exit(look_as_nobody());
    int status = wait_status(pid);
    assert_true(status >= 0 && WIFEXITED(status));
    if (WEXITSTATUS(status) == 91)
        skip(); /* the_same_user_sees_nothing: here nobody may look into anybody */
    assert_int_equal(WEXITSTATUS(status), 0);
}

int main(int argc, char **argv)
{
    signer_role(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_out_of_form_end_it), cmocka_unit_test(closed_channels_end_it_quietly),
        cmocka_unit_test(wrong_wishes_are_answered),   cmocka_unit_test(the_end_is_noticed),
        cmocka_unit_test(one_that_hangs_is_ended),     cmocka_unit_test(calls_are_taken_away),
        cmocka_unit_test(the_child_has_nothing_else),  cmocka_unit_test(keys_are_in_the_signer_alone),
        cmocka_unit_test(the_same_user_sees_nothing),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
