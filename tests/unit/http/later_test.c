/* Answers that come from other threads: in order, whole, on the right connection; nothing is read, polled or timed
 * meanwhile; clients that go away, draining and stopping with requests in somebody's hands. */
#include "unit/http/client.h"
#include "unit/http/later_app.h"

#include "support/cases.h"

#include <errno.h>
#include <fcntl.h>
#include <time.h>

#define HOST "Host: localhost\r\n"
#define END  "\r\n"

static struct answer a; /* too large for the stack of a sanitizer build */

static int64_t now_ms(clockid_t clock)
{
    struct timespec t;
    (void)clock_gettime(clock, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static struct http_counters counters_of(const struct http_server *s)
{
    struct http_counters n;
    http_server_counters(s, &n);
    return n;
}

/* -- one connection ------------------------------------------------------------------------------------------- */

static void check_forms(struct cases *t, struct http_server *s)
{
    static const char *const paths[] = { "/later", "/later?5", "/faster", "/inline", "/now" };
    struct client *c = client_open(http_server_port(s));
    char text[256], body[32];

    for (int round = 0; round < 40; round++)
        for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
            int len = snprintf(body, sizeof body, "body %d of %zu", round, i);
            (void)snprintf(text, sizeof text, "POST %s HTTP/1.1\r\n" HOST "Content-Length: %d\r\n" END "%s",
                           paths[i], len, body);
            int status = client_ask(c, text, &a);
            cases_check(t, status == 200 && !a.close && strcmp(a.body, i == 4 ? "now" : body) == 0,
                        "%s, round %d: %d %s", paths[i], round, status, a.body);
        }
    (void)client_say(c, "HEAD /later HTTP/1.1\r\n" HOST "Content-Length: 3\r\n" END "abc");
    cases_check(t, client_answer(c, &a, true) == 200 && strstr(a.head, "\r\nContent-Length: 3\r\n"), "HEAD");
    cases_check(t, client_ask(c, "GET /now HTTP/1.1\r\n" HOST END, &a) == 200 && strcmp(a.body, "now") == 0,
                "nothing behind HEAD");
    (void)client_say(c, "POST /later HTTP/1.1\r\n" HOST "Content-Length: 3\r\nExpect: 100-continue\r\n" END);
    cases_check(t, client_answer(c, &a, true) == 100, "100 Continue");
    cases_check(t, client_ask(c, "abc", &a) == 200 && strcmp(a.body, "abc") == 0, "the answer behind 100");
    cases_check(t,
                client_ask(c,
                           "POST /later HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n" END
                           "2\r\nab\r\n1\r\nc\r\n0\r\n\r\n",
                           &a) == 200 &&
                    strcmp(a.body, "abc") == 0,
                "chunks");
    client_close(c);
}

static const struct {
    const char *name, *text;
    int status;
} closing[] = {
    { "the client asks for it", "GET /later?5 HTTP/1.1\r\n" HOST "Connection: close\r\n" END, 200 },
    { "HTTP/1.0", "GET /later?5 HTTP/1.0\r\n" END, 200 },
    { "the application asks for it", "GET /close HTTP/1.1\r\n" HOST END, 200 },
    { "an answer that cannot be sent", "GET /broken HTTP/1.1\r\n" HOST END, 500 },
};

static void check_closing(struct cases *t, struct http_server *s)
{
    for (size_t i = 0; i < sizeof closing / sizeof closing[0]; i++) {
        struct client *c = client_open(http_server_port(s));
        (void)client_say(c, closing[i].text);
        (void)client_say(c, "GET /now HTTP/1.1\r\n" HOST END);
        int status = client_answer(c, &a, false);
        cases_check(t, status == closing[i].status && a.close && !strstr(a.head, "c: d"), "close, %s: %d",
                    closing[i].name, status);
        cases_check(t, client_at_end(c), "close, %s: the connection goes on", closing[i].name);
        client_close(c);
    }
}

static void check_pipelining(struct cases *t, struct http_server *s)
{
    enum { COUNT = 300 };
    static const char *const paths[] = { "/later", "/now", "/later?1", "/faster", "/inline" };
    static char text[COUNT * 128];
    struct client *c = client_open(http_server_port(s));
    size_t at = 0;

    for (int i = 0; i < COUNT; i++)
        at +=
            (size_t)snprintf(text + at, sizeof text - at,
                             "POST %s HTTP/1.1\r\n" HOST "Content-Length: 6\r\n" END "%06d", paths[i % 5], i);
    cases_check(t, client_send(c, text, at), "pipelined requests are sent");
    for (int i = 0; i < COUNT; i++) {
        int status = client_answer(c, &a, false);
        cases_check(t, status == 200 && (i % 5 == 1 ? strcmp(a.body, "now") == 0 : atoi(a.body) == i),
                    "pipelined answer %d: %d %s", i, status, a.body);
    }
    (void)client_say(c, "GET /later HTTP/1.1\r\n" HOST END "GET /close HTTP/1.1\r\n" HOST END
                        "GET /never HTTP/1.1\r\n" HOST END);
    cases_check(t, client_answer(c, &a, false) == 200 && !a.close, "before close");
    cases_check(t, client_answer(c, &a, false) == 200 && a.close && client_at_end(c), "nothing behind close");
    client_close(c);
}

/* A client that sends no more is still there, and gets what it has asked for. */
static void check_half_closed(struct cases *t, struct http_server *s)
{
    struct client *c = client_open(http_server_port(s));

    (void)client_say(c, "POST /later?50 HTTP/1.1\r\n" HOST "Content-Length: 3\r\n" END "abc");
    (void)shutdown(c->fd, SHUT_WR);
    cases_check(t, client_answer(c, &a, false) == 200 && strcmp(a.body, "abc") == 0 && client_at_end(c),
                "a client that sends no more is answered");
    client_close(c);
}

/* -- while it waits ------------------------------------------------------------------------------------------- */

/* One request waits: the next is not looked at, what is sent behind it stays in the sockets, and nothing spins, neither
 * for a client that sends nor for one that has half closed nor for one that has reset. */
static void check_waiting(struct cases *t)
{
    static char much[1 << 20];
    struct later_app *app = later_app_new();
    struct http_server *s = later_start(app, (struct http_server_options){ .threads = 1 });
    struct client *c = client_open(http_server_port(s)), *half = client_open(http_server_port(s)),
                  *reset = client_open(http_server_port(s));

    (void)client_say(half, "GET /held HTTP/1.1\r\n" HOST END);
    (void)client_say(reset, "GET /held HTTP/1.1\r\n" HOST END);
    (void)client_say(c, "GET /held HTTP/1.1\r\n" HOST END "GET /now HTTP/1.1\r\n" HOST END);
    WAIT_UNTIL(app->outstanding == 3);
    cases_check(t, app->outstanding == 3, "three requests are held");
    (void)shutdown(half->fd, SHUT_WR);
    client_reset(reset);
    memset(much, 'x', sizeof much);
    (void)client_say(c, "POST /later HTTP/1.1\r\n" HOST "Content-Length: 1048576\r\n" END);
    (void)fcntl(c->fd, F_SETFL, O_NONBLOCK);
    size_t taken = 0;
    for (int quiet = 0; taken < (size_t)256 << 20 && quiet < 10;) {
        ssize_t n = send(c->fd, much, sizeof much, MSG_NOSIGNAL);
        taken += n > 0 ? (size_t)n : 0;
        quiet = n > 0 ? 0 : quiet + 1;
        if (n <= 0)
            sleep_ms(20);
    }
    cases_check(t, taken < (size_t)64 << 20, "the connection reads nothing: %zu bytes were taken", taken);
    int64_t before = now_ms(CLOCK_PROCESS_CPUTIME_ID);
    sleep_ms(500);
    int64_t used = now_ms(CLOCK_PROCESS_CPUTIME_ID) - before;
    cases_check(t, used < 100, "nothing spins: %d ms of processor in 500", (int)used);
    cases_check(t, app->seen == 3, "the request behind is not handed over: %u seen", app->seen);
    cases_check(t, later_release(app) == 3, "released");
    (void)fcntl(c->fd, F_SETFL, 0);
    cases_check(t, client_answer(c, &a, false) == 200, "the answer");
    cases_check(t, client_answer(c, &a, false) == 200 && strcmp(a.body, "now") == 0, "the one behind it");
    cases_check(t, client_answer(half, &a, false) == 200 && client_at_end(half), "the half closed one");
    client_close(half);
    client_reset(c);
    WAIT_UNTIL(counters_of(s).connections_open == 0);
    cases_check(t, counters_of(s).connections_open == 0, "all are gone");
    http_server_stop(s);
    later_app_free(app);
}

/* All deadlines are shorter than the wait; they count again for the next request. */
static void check_deadlines(struct cases *t)
{
    struct later_app *app = later_app_new();
    struct http_server *s = later_start(app, (struct http_server_options){ .head_ms = 150,
                                                                           .body_ms = 150,
                                                                           .write_ms = 150,
                                                                           .idle_ms = 150,
                                                                           .handshake_ms = 150,
                                                                           .linger_ms = 150 });
    struct client *c = client_open(http_server_port(s));

    int status = client_ask(c, "POST /later?700 HTTP/1.1\r\n" HOST "Content-Length: 3\r\n" END "abc", &a);
    cases_check(t, status == 200 && strcmp(a.body, "abc") == 0, "no deadline while it waits: %d", status);
    (void)client_say(c, "GET /later?700 HTTP/1.1\r\n" HOST END "GET /");
    cases_check(t, client_answer(c, &a, false) == 200, "nor with half a request behind it");
    cases_check(t, client_answer(c, &a, false) == 408 && client_at_end(c), "whose own deadline then counts");
    client_close(c);
    c = client_open(http_server_port(s));
    cases_check(t, client_ask(c, "GET /later HTTP/1.1\r\n" HOST END, &a) == 200 && client_at_end(c),
                "and afterwards it is idle");
    client_close(c);
    cases_check(t, counters_of(s).timeouts == 1, "%lu timeouts", (unsigned long)counters_of(s).timeouts);
    http_server_stop(s);
    later_app_free(app);
}

/* Whoever waits for an answer is not idle: room is made by others. */
static void check_no_eviction(struct cases *t)
{
    struct later_app *app = later_app_new();
    struct http_server *s = later_start(app, (struct http_server_options){ .connections_max = 2 });
    struct client *waits = client_open(http_server_port(s)), *idle = client_open(http_server_port(s));

    (void)client_say(waits, "POST /held HTTP/1.1\r\n" HOST "Content-Length: 3\r\n" END "abc");
    cases_check(t, client_ask(idle, "GET /now HTTP/1.1\r\n" HOST END, &a) == 200, "idle");
    WAIT_UNTIL(app->outstanding == 1);
    struct client *next = client_open(http_server_port(s));
    cases_check(t, client_ask(next, "GET /now HTTP/1.1\r\n" HOST END, &a) == 200, "one more is served");
    cases_check(t, client_at_end(idle), "the idle one made room");
    (void)later_release(app);
    cases_check(t, client_answer(waits, &a, false) == 200 && strcmp(a.body, "abc") == 0,
                "the waiting one did not");
    client_close(waits);
    client_close(idle);
    client_close(next);
    http_server_stop(s);
    later_app_free(app);
}

/* -- many ----------------------------------------------------------------------------------------------------- */

struct crowd {
    uint16_t port;
    unsigned number, asked, right;
    pthread_t thread;
};

enum { CROWD_CLIENTS = 8, CROWD_REQUESTS = 600 };

/* Keeps four requests in the pipe; each answer must be the body of its own request. */
static void *crowd_main(void *arg)
{
    static const char *const paths[] = { "/later", "/later", "/now", "/faster", "/later?1", "/inline" };
    struct crowd *me = arg;
    struct client *c = client_open(me->port);
    struct answer *got = malloc(sizeof *got);
    unsigned answered = 0;

    for (; got && answered < CROWD_REQUESTS; answered++) {
        char text[256], want[32];
        for (; me->asked < CROWD_REQUESTS && me->asked < answered + 4; me->asked++) {
            (void)snprintf(text, sizeof text,
                           "POST %s HTTP/1.1\r\n" HOST "Content-Length: 12\r\n" END "%03u-%08u",
                           paths[me->asked % 6], me->number, me->asked);
            if (!client_say(c, text))
                break;
        }
        if (client_answer(c, got, false) != 200)
            break;
        (void)snprintf(want, sizeof want, "%03u-%08u", me->number, answered);
        me->right += strcmp(got->body, answered % 6 == 2 ? "now" : want) == 0;
    }
    free(got);
    client_close(c);
    return NULL;
}

static void check_crowd(struct cases *t)
{
    static struct crowd crowd[CROWD_CLIENTS];
    struct later_app *app = later_app_new();
    struct http_server *s = later_start(app, (struct http_server_options){ .threads = 3 });

    for (unsigned i = 0; i < CROWD_CLIENTS; i++) {
        crowd[i] = (struct crowd){ .port = http_server_port(s), .number = i };
        if (pthread_create(&crowd[i].thread, NULL, crowd_main, &crowd[i]) != 0)
            abort();
    }
    for (unsigned i = 0; i < CROWD_CLIENTS; i++) {
        (void)pthread_join(crowd[i].thread, NULL);
        cases_check(t, crowd[i].right == CROWD_REQUESTS, "client %u: %u of %d answers are right", i,
                    crowd[i].right, CROWD_REQUESTS);
    }
    cases_check(
        t, counters_of(s).requests == CROWD_CLIENTS * CROWD_REQUESTS && counters_of(s).internal_errors == 0,
        "%lu requests", (unsigned long)counters_of(s).requests);
    cases_check(t, http_server_drain(s, 5000), "drained");
    http_server_stop(s);
    later_app_free(app);
}

/* Clients that go away before, while and after they are answered, in each of the ways there are. */
static void check_vanishing(struct cases *t)
{
    enum { ROUNDS = 1500 };
    static const char *const paths[] = { "/later", "/later?1", "/later?3", "/faster", "/inline", "/now" };
    struct later_app *app = later_app_new();
    struct http_server *s = later_start(app, (struct http_server_options){ .threads = 2 });
    uint64_t random = 0x9e3779b97f4a7c15u;

    for (int i = 0; i < ROUNDS; i++) {
        struct client *c = client_open(http_server_port(s));
        random = random * 6364136223846793005u + 1442695040888963407u;
        unsigned dice = (unsigned)(random >> 33);
        size_t missing = (dice >> 8) % 16 == 0 ? 3 : 0; /* a body that does not come whole is not answered */
        for (unsigned k = 0; k < 1 + dice % 3; k++) {
            char text[160];
            (void)snprintf(text, sizeof text,
                           "POST %s HTTP/1.1\r\n" HOST "Content-Length: 6\r\n" END "abcdef",
                           paths[(dice >> 4) % 6]);
            (void)client_send(c, text, strlen(text) - missing);
        }
        struct timespec moment = { .tv_nsec = (long)((dice >> 12) % 8) * 400000 };
        if (moment.tv_nsec > 0)
            (void)nanosleep(&moment, NULL);
        if ((dice >> 16) % 4 == 0 && missing == 0)
            (void)client_receive(c);
        if ((dice >> 18) % 2)
            client_reset(c);
        else
            client_close(c);
    }
    WAIT_UNTIL(app->outstanding == 0 && counters_of(s).connections_open == 0);
    cases_check(t, app->outstanding == 0 && counters_of(s).connections_open == 0,
                "%u held, %lu open after all went", app->outstanding,
                (unsigned long)counters_of(s).connections_open);
    cases_check(t, app->seen > ROUNDS / 2, "%u requests were seen", app->seen);
    struct client *c = client_open(http_server_port(s));
    cases_check(t, client_ask(c, "GET /later HTTP/1.1\r\n" HOST END, &a) == 200, "the next client is served");
    client_close(c);
    http_server_stop(s);
    later_app_free(app);
}

/* -- the end -------------------------------------------------------------------------------------------------- */

struct ending {
    struct http_server *server;
    unsigned drain_ms; /* 0: stop */
    bool whole;
    _Atomic bool ended;
    pthread_t thread;
};

static void *ending_main(void *arg)
{
    struct ending *e = arg;

    if (e->drain_ms > 0)
        e->whole = http_server_drain(e->server, e->drain_ms);
    else
        http_server_stop(e->server);
    e->ended = true;
    return NULL;
}

static void begin(struct ending *e)
{
    if (pthread_create(&e->thread, NULL, ending_main, e) != 0)
        abort();
}

static void check_drain(struct cases *t)
{
    struct later_app *app = later_app_new();
    struct ending e = { .server = later_start(app, (struct http_server_options){ .threads = 1 }),
                        .drain_ms = 20000 };
    struct client *c = client_open(http_server_port(e.server)),
                  *gone = client_open(http_server_port(e.server));

    (void)client_say(c, "POST /held HTTP/1.1\r\n" HOST "Content-Length: 3\r\n" END
                        "abcGET /now HTTP/1.1\r\n" HOST END);
    (void)client_say(gone, "GET /held HTTP/1.1\r\n" HOST END);
    WAIT_UNTIL(app->outstanding == 2);
    client_reset(gone);
    begin(&e);
    sleep_ms(300);
    cases_check(t, !e.ended, "drain waits for the answer");
    (void)later_release(app);
    cases_check(
        t, client_answer(c, &a, false) == 200 && a.close && strcmp(a.body, "abc") == 0 && client_at_end(c),
        "drain: answered, with close, and nothing behind it");
    client_close(c);
    (void)pthread_join(e.thread, NULL);
    cases_check(t, e.whole, "drain: everything ended by itself");
    http_server_stop(e.server);
    later_app_free(app);
}

/* The deadline passes and somebody still holds a request: stop waits for him, and the client gets nothing. */
static void check_drain_deadline(struct cases *t)
{
    struct later_app *app = later_app_new();
    struct ending e = { .server = later_start(app, (struct http_server_options){ .threads = 2 }) };
    struct client *c = client_open(http_server_port(e.server)),
                  *other = client_open(http_server_port(e.server));

    (void)client_say(c, "POST /held HTTP/1.1\r\n" HOST "Content-Length: 3\r\n" END "abc");
    (void)client_say(other, "GET /held HTTP/1.1\r\n" HOST END);
    WAIT_UNTIL(app->outstanding == 2);
    int64_t before = now_ms(CLOCK_MONOTONIC);
    cases_check(t, !http_server_drain(e.server, 200), "the deadline cuts what is left, and says so");
    cases_check(t, now_ms(CLOCK_MONOTONIC) - before < 5000, "in time");
    begin(&e);
    sleep_ms(300);
    cases_check(t, !e.ended, "stop waits for who holds a request");
    (void)later_release(app);
    (void)pthread_join(e.thread, NULL);
    cases_check(t, !client_receive(c) && !client_receive(other), "what comes after the deadline is not sent");
    client_close(c);
    client_close(other);
    later_app_free(app);
}

/* Stopping in the middle of everything, again and again, at another moment each time. */
static void check_stop(struct cases *t)
{
    enum { ROUNDS = 40, CLIENTS = 12 };
    unsigned late = 0;

    for (unsigned round = 0; round < ROUNDS; round++) {
        struct later_app *app = later_app_new();
        struct http_server *s = later_start(app, (struct http_server_options){ .threads = 1 + round % 3 });
        struct client *c[CLIENTS];
        for (unsigned i = 0; i < CLIENTS; i++) {
            char text[256];
            c[i] = client_open(http_server_port(s));
            (void)snprintf(text, sizeof text,
                           "GET /later?%u HTTP/1.1\r\n" HOST END "GET /%s HTTP/1.1\r\n" HOST END,
                           (i + round) % 7, i % 2 ? "later" : "faster");
            (void)client_say(c[i], text);
        }
        struct timespec moment = { .tv_nsec = (long)(round % 10) * 700000 };
        (void)nanosleep(&moment, NULL);
        int64_t before = now_ms(CLOCK_MONOTONIC);
        if (round % 4 == 0)
            (void)http_server_drain(s, round % 8);
        http_server_stop(s);
        late += now_ms(CLOCK_MONOTONIC) - before > 5000;
        cases_check(t, app->outstanding == 0, "stop: round %u leaves %u", round, app->outstanding);
        for (unsigned i = 0; i < CLIENTS; i++)
            client_close(c[i]);
        later_app_free(app);
    }
    cases_check(t, late == 0, "stop: %u took more than five seconds", late);
}

int main(void)
{
    struct cases t = { .name = "http.later" };
    struct later_app *app = later_app_new();
    struct http_server *s = later_start(app, (struct http_server_options){ .threads = 2 });

    check_forms(&t, s);
    check_closing(&t, s);
    check_pipelining(&t, s);
    check_half_closed(&t, s);
    http_server_stop(s);
    later_app_free(app);
    check_waiting(&t);
    check_deadlines(&t);
    check_no_eviction(&t);
    check_crowd(&t);
    check_vanishing(&t);
    check_drain(&t);
    check_drain_deadline(&t);
    check_stop(&t);
    return cases_report(&t);
}
