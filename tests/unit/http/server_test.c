/* The server over plain sockets: framing on the wire, deadlines, limits of connections, draining. */
#include "unit/http/app.h"
#include "unit/http/client.h"

#include "support/cases.h"

#include <errno.h>
#include <pthread.h>

#define HOST "Host: localhost\r\n"
#define END  "\r\n"

static struct answer a; /* too large for the stack of a sanitizer build */

static struct http_counters counters_of(const struct http_server *s)
{
    struct http_counters n;
    http_server_counters(s, &n);
    return n;
}

static bool answers_next_client(struct http_server *s)
{
    struct client *c = client_open(http_server_port(s));
    bool ok =
        client_ask(c, "GET / HTTP/1.1\r\n" HOST END, &a) == 200 && strcmp(a.body, "hello") == 0 && !a.close;
    client_close(c);
    return ok;
}

static void check_keep_alive(struct cases *t, struct http_server *s)
{
    struct client *c = client_open(http_server_port(s));

    for (int i = 0; i < 50; i++) {
        int status = client_ask(c, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 3\r\n" END "abc", &a);
        cases_check(t, status == 200 && strcmp(a.body, "abc") == 0 && !a.close, "keep-alive, request %d", i);
    }
    cases_check(t,
                client_ask(c, "GET / HTTP/1.1\r\n" HOST "Connection: close\r\n" END, &a) == 200 && a.close &&
                    client_at_end(c),
                "Connection: close is answered and done");
    client_close(c);
    c = client_open(http_server_port(s));
    cases_check(t, client_ask(c, "GET / HTTP/1.0\r\n" END, &a) == 200 && a.close && client_at_end(c),
                "HTTP/1.0 is answered and closed");
    client_close(c);
    c = client_open(http_server_port(s));
    cases_check(t,
                client_ask(c, "GET /close HTTP/1.1\r\n" HOST END, &a) == 200 && a.close && client_at_end(c),
                "the application closes");
    client_close(c);
}

static void check_request(struct cases *t, struct http_server *s)
{
    struct client *c = client_open(http_server_port(s));

    (void)client_ask(c, "GET /info?a=%31&b HTTP/1.1\r\nX-Note:  n \r\n" HOST END, &a);
    cases_check(t, strcmp(a.body, "GET\n/info\na=%31&b\nlocalhost\n127.0.0.1\nplain\nnone\nn\n") == 0,
                "what the application sees: %s", a.body);
    cases_check(t, strstr(a.head, "\r\nContent-Type: text/plain\r\n") && strstr(a.head, "\r\nDate: "),
                "headers of an answer: %s", a.head);
    (void)client_say(c, "HEAD / HTTP/1.1\r\n" HOST END "GET /info HTTP/1.1\r\n" HOST END);
    cases_check(t, client_answer(c, &a, true) == 200 && strstr(a.head, "\r\nContent-Length: 5\r\n"), "HEAD");
    cases_check(t, client_answer(c, &a, false) == 200 && strncmp(a.body, "GET\n", 4) == 0,
                "nothing behind HEAD");
    client_close(c);
}

static void check_pipelining(struct cases *t, struct http_server *s)
{
    enum { COUNT = 300 };
    struct client *c = client_open(http_server_port(s));
    char text[128];

    for (int i = 0; i < COUNT; i++) {
        (void)snprintf(text, sizeof text, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 6\r\n" END "%06d",
                       i);
        cases_check(t, client_say(c, text), "pipelined request %d is sent", i);
    }
    for (int i = 0; i < COUNT; i++) {
        int status = client_answer(c, &a, false);
        cases_check(t, status == 200 && atoi(a.body) == i, "pipelined answer %d: %d %s", i, status, a.body);
    }
    client_close(c);

    c = client_open(http_server_port(s));
    (void)client_say(
        c, "GET / HTTP/1.1\r\n" HOST END "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n" END
           "2\r\nab\r\n0\r\n\r\nGET /close HTTP/1.1\r\n" HOST END "GET /never HTTP/1.1\r\n" HOST END);
    cases_check(t, client_answer(c, &a, false) == 200, "pipelined GET");
    cases_check(t, client_answer(c, &a, false) == 200 && strcmp(a.body, "ab") == 0, "pipelined chunks");
    cases_check(t, client_answer(c, &a, false) == 200 && a.close && client_at_end(c),
                "nothing is answered behind close");
    client_close(c);
}

static void check_bodies(struct cases *t, struct http_server *s)
{
    static char body[200000], text[210000];
    struct client *c = client_open(http_server_port(s));

    for (size_t size = 1; size < 60000; size = size * 3 + 1) {
        for (size_t i = 0; i < size; i++)
            body[i] = (char)('a' + (i * 7 + size) % 26);
        int head =
            snprintf(text, sizeof text, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: %zu\r\n" END, size);
        memcpy(text + head, body, size);
        bool ok = client_send(c, text, (size_t)head + size) && client_answer(c, &a, false) == 200 &&
                  a.body_bytes == size && memcmp(a.body, body, size) == 0;
        cases_check(t, ok, "body of %zu bytes", size);

        int at =
            snprintf(text, sizeof text, "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n" END);
        for (size_t from = 0; from < size; from += 1000) {
            size_t n = size - from < 1000 ? size - from : 1000;
            at += snprintf(text + at, sizeof text - (size_t)at, "%zx\r\n", n);
            memcpy(text + at, body + from, n);
            at += (int)n;
            at += snprintf(text + at, sizeof text - (size_t)at, "\r\n");
        }
        at += snprintf(text + at, sizeof text - (size_t)at, "0\r\n\r\n");
        ok = client_send(c, text, (size_t)at) && client_answer(c, &a, false) == 200 && a.body_bytes == size &&
             memcmp(a.body, body, size) == 0;
        cases_check(t, ok, "chunked body of %zu bytes", size);
    }
    client_close(c);
}

static void check_byte_by_byte(struct cases *t, struct http_server *s)
{
    static const char text[] = "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n" END
                               "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
    struct client *c = client_open(http_server_port(s));

    for (size_t i = 0; i < sizeof text - 1; i++) {
        (void)client_send(c, text + i, 1);
        if (i % 8 == 0)
            sleep_ms(1);
    }
    cases_check(t, client_answer(c, &a, false) == 200 && strcmp(a.body, "abcde") == 0,
                "a request byte by byte");
    client_close(c);
}

static void check_expect(struct cases *t, struct http_server *s)
{
    struct client *c = client_open(http_server_port(s));

    (void)client_say(c, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 3\r\nExpect: 100-continue\r\n" END);
    cases_check(t, client_answer(c, &a, true) == 100, "100 Continue");
    cases_check(t, client_ask(c, "abc", &a) == 200 && strcmp(a.body, "abc") == 0, "the answer behind 100");
    (void)client_say(c, "POST /small HTTP/1.1\r\n" HOST "Content-Length: 17\r\nExpect: 100-continue\r\n" END);
    cases_check(t, client_answer(c, &a, false) == 413 && a.close && client_at_end(c), "413 instead of 100");
    client_close(c);

    c = client_open(http_server_port(s));
    (void)client_say(c, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 3\r\nExpect: 100-continue\r\n" END
                        "abc");
    cases_check(t, client_answer(c, &a, false) == 200 && strcmp(a.body, "abc") == 0,
                "no 100 when the body is here");
    client_close(c);
    c = client_open(http_server_port(s));
    cases_check(t, client_ask(c, "GET / HTTP/1.1\r\n" HOST "Expect: x\r\n" END, &a) == 417 && a.close, "417");
    client_close(c);
}

/* Each of these ends the connection; whoever comes next is served. The codec's own test has many more. */
static const struct {
    const char *name, *text;
    int status;
    const char *where;
} refused[] = {
    { "length and coding",
      "POST / HTTP/1.1\r\n" HOST "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n" END "0\r\n\r\n", 400,
      "http.header.transfer-encoding" },
    { "two lengths", "POST / HTTP/1.1\r\n" HOST "Content-Length: 1\r\nContent-Length: 1\r\n" END "a", 400,
      "http.header.content-length" },
    { "length with a sign", "POST / HTTP/1.1\r\n" HOST "Content-Length: +1\r\n" END "a", 400,
      "http.header.content-length" },
    { "length with a space", "POST / HTTP/1.1\r\n" HOST "Content-Length: 1 0\r\n" END "a", 400,
      "http.header.content-length" },
    { "length in hex", "POST / HTTP/1.1\r\n" HOST "Content-Length: 0xa\r\n" END "a", 400,
      "http.header.content-length" },
    { "length that overflows", "POST / HTTP/1.1\r\n" HOST "Content-Length: 18446744073709551617\r\n" END "a",
      400, "http.header.content-length" },
    { "Host missing", "GET / HTTP/1.1\r\n" END, 400, "http.header.host" },
    { "Host twice", "GET / HTTP/1.1\r\n" HOST HOST END, 400, "http.header.host" },
    { "bare LF", "GET / HTTP/1.1\nHost: a\n\n", 400, "http.line" },
    { "bare CR", "GET / HTTP/1.1\r\n" HOST "A: b\rC: d\r\n" END, 400, "http.line" },
    { "space before the colon", "GET / HTTP/1.1\r\n" HOST "A : b\r\n" END, 400, "http.header" },
    { "empty name", "GET / HTTP/1.1\r\n" HOST ": b\r\n" END, 400, "http.header" },
    { "folded header", "GET / HTTP/1.1\r\n" HOST "A: b\r\n c\r\n" END, 400, "http.header" },
    { "unknown coding", "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip\r\n" END, 400,
      "http.header.transfer-encoding" },
    { "coding twice", "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked, chunked\r\n" END, 400,
      "http.header.transfer-encoding" },
    { "chunk extension",
      "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n" END "1;a\r\nb\r\n0\r\n\r\n", 400,
      "http.chunk.size" },
    { "chunk size too large", "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n" END "123456789\r\n",
      400, "http.chunk.size" },
    { "trailer", "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n" END "0\r\nA: b\r\n\r\n", 400,
      "http.chunk.trailer" },
    { "absolute-form", "GET http://other/ HTTP/1.1\r\n" HOST END, 400, "http.target" },
    { "fragment", "GET /a#b HTTP/1.1\r\n" HOST END, 400, "http.target" },
    { "HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, "http.version" },
    { "HTTP/3.0", "GET / HTTP/3.0\r\n" HOST END, 505, "http.version" },
    { "lower-case method", "get / HTTP/1.1\r\n" HOST END, 400, "http.method" },
    { "TLS on a plain port", "\x16\x03\x01\x02\x01\x01\r\n", 400, "http.line" },
    { "request behind an accepted one", "GET / HTTP/1.1\r\n" END, 400, "http.header.host" },
};

static void check_refused(struct cases *t, struct http_server *s)
{
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        struct client *c = client_open(http_server_port(s));
        /* What is pipelined behind must never be taken for a request. */
        (void)client_say(c, refused[i].text);
        (void)client_say(c, "GET /info HTTP/1.1\r\n" HOST END);
        int status = client_answer(c, &a, false);
        cases_check(t, status == refused[i].status && strcmp(a.body, refused[i].where) == 0 && a.close,
                    "%s: %d at %s", refused[i].name, status, a.body);
        cases_check(t, strstr(a.head, "Content-Type: application/json\r\n"), "%s: %s", refused[i].name,
                    a.head);
        cases_check(t, client_at_end(c), "%s: the connection goes on", refused[i].name);
        client_close(c);
        cases_check(t, answers_next_client(s), "%s: the next client is not served", refused[i].name);
    }
}

static void check_nul(struct cases *t, struct http_server *s)
{
    static const char text[] = "GET / HTTP/1.1\r\n" HOST "A: \0\r\n" END;
    struct client *c = client_open(http_server_port(s));

    (void)client_send(c, text, sizeof text - 1);
    cases_check(t, client_answer(c, &a, false) == 400 && client_at_end(c), "NUL in a value");
    client_close(c);
}

static void check_sizes(struct cases *t, struct http_server *s)
{
    static char text[70000];
    struct client *c = client_open(http_server_port(s));

    int at = snprintf(text, sizeof text, "GET /");
    memset(text + at, 'a', 9000);
    (void)snprintf(text + at + 9000, 100, " HTTP/1.1\r\n" HOST END);
    cases_check(t, client_ask(c, text, &a) == 414 && client_at_end(c), "414: %s", a.body);
    client_close(c);

    c = client_open(http_server_port(s));
    at = snprintf(text, sizeof text, "GET / HTTP/1.1\r\n" HOST "A: ");
    memset(text + at, 'a', 40000);
    (void)snprintf(text + at + 40000, 100, "\r\n" END);
    cases_check(t, client_ask(c, text, &a) == 431 && client_at_end(c), "431, bytes: %s", a.body);
    client_close(c);

    c = client_open(http_server_port(s));
    at = snprintf(text, sizeof text, "GET / HTTP/1.1\r\n" HOST);
    for (int i = 0; i < 100; i++)
        at += snprintf(text + at, 100, "A%d: b\r\n", i);
    (void)snprintf(text + at, 100, END);
    cases_check(t, client_ask(c, text, &a) == 431 && client_at_end(c), "431, count: %s", a.body);
    client_close(c);

    /* A head near the limit passes, also through a buffer that must grow several times. */
    c = client_open(http_server_port(s));
    at = snprintf(text, sizeof text, "GET /info HTTP/1.1\r\n" HOST "X-Note: n\r\nA: ");
    memset(text + at, 'a', 32000);
    (void)snprintf(text + at + 32000, 100, "\r\n" END);
    cases_check(t, client_ask(c, text, &a) == 200 && strstr(a.body, "\nn\n"), "a head of 32000 bytes");
    client_close(c);
}

static void check_413(struct cases *t, struct http_server *s)
{
    static char much[100000];
    struct client *c = client_open(http_server_port(s));

    /* No byte of the body is sent: the head alone decides. */
    (void)client_say(c, "POST / HTTP/1.1\r\n" HOST "Content-Length: 1048577\r\n" END);
    cases_check(t, client_answer(c, &a, false) == 413 && a.close && client_at_end(c),
                "413 from the head alone");
    client_close(c);

    /* The client sends all the same: it gets the answer, not a reset. */
    c = client_open(http_server_port(s));
    (void)client_say(c, "POST /small HTTP/1.1\r\n" HOST "Content-Length: 1000000\r\n" END);
    bool taken = true;
    for (int i = 0; i < 10; i++) { /* with pauses: a reset must have its chance to arrive */
        taken = taken && client_send(c, much, 100000);
        sleep_ms(5);
    }
    cases_check(t, taken, "413: the body is still taken off the client");
    cases_check(t, client_answer(c, &a, false) == 413 && client_at_end(c), "413 in spite of the body");
    client_close(c);

    c = client_open(http_server_port(s));
    (void)client_say(c, "POST /small HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n" END
                        "10\r\n0123456789abcdef\r\n"
                        "1\r\n");
    cases_check(t, client_answer(c, &a, false) == 413 && client_at_end(c), "413 in the middle of chunks");
    client_close(c);

    c = client_open(http_server_port(s));
    cases_check(t,
                client_ask(c, "POST /small HTTP/1.1\r\n" HOST "Content-Length: 16\r\n" END "0123456789abcdef",
                           &a) == 200 &&
                    a.body_bytes == 16 && !a.close,
                "a body of exactly the limit");
    client_close(c);
}

static void check_application(struct cases *t, struct http_server *s)
{
    struct client *c = client_open(http_server_port(s));

    cases_check(t, client_ask(c, "GET /refuse HTTP/1.1\r\n" HOST END, &a) == 405 && !a.close,
                "refused without a body");
    cases_check(t, client_ask(c, "GET / HTTP/1.1\r\n" HOST END, &a) == 200, "the connection goes on");
    (void)client_say(c, "POST /refuse HTTP/1.1\r\n" HOST "Content-Length: 5\r\n" END);
    cases_check(t, client_answer(c, &a, false) == 405 && a.close && client_at_end(c),
                "refused before the body comes");
    client_close(c);

    c = client_open(http_server_port(s));
    cases_check(t,
                client_ask(c, "GET /broken HTTP/1.1\r\n" HOST END, &a) == 500 && a.close &&
                    client_at_end(c) && !strstr(a.head, "c: d"),
                "an answer that cannot be sent is 500");
    client_close(c);
}

static void check_half_closed(struct cases *t, struct http_server *s)
{
    struct client *c = client_open(http_server_port(s));

    (void)client_say(c, "GET / HTTP/1.1\r\n" HOST END);
    (void)shutdown(c->fd, SHUT_WR);
    cases_check(t, client_answer(c, &a, false) == 200 && client_at_end(c),
                "a client that sends no more is answered");
    client_close(c);

    c = client_open(http_server_port(s));
    (void)client_say(c, "POST / HTTP/1.1\r\n" HOST "Content-Length: 5\r\n" END "abc");
    (void)shutdown(c->fd, SHUT_WR);
    cases_check(t, client_at_end(c), "a body that ends early is not answered");
    client_close(c);
}

static void check_many_idle(struct cases *t, struct http_server *s)
{
    enum { COUNT = 200 };
    static struct client *c[COUNT];

    for (int i = 0; i < COUNT; i++)
        c[i] = client_open(http_server_port(s));
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < COUNT; i++)
            cases_check(t, client_ask(c[i], "GET / HTTP/1.1\r\n" HOST END, &a) == 200, "idle connection %d",
                        i);
    cases_check(t, counters_of(s).connections_open >= COUNT, "%lu open",
                (unsigned long)counters_of(s).connections_open);
    for (int i = 0; i < COUNT; i++)
        client_close(c[i]);
}

static void check_gone_clients(struct cases *t, struct http_server *s)
{
    for (int i = 0; i < 20; i++) {
        struct client *c = client_open(http_server_port(s));
        for (int k = 0; k < 20; k++)
            (void)client_say(c, "GET /big HTTP/1.1\r\n" HOST END);
        client_reset(c);
    }
    WAIT_UNTIL(counters_of(s).connections_open == 0);
    cases_check(t, counters_of(s).connections_open == 0, "reset connections are forgotten");
    cases_check(t, answers_next_client(s), "writing to a client that has gone");
}

static void check_strict(struct cases *t)
{
    struct http_server *s = app_start((struct http_server_options){ .threads = 2 });

    check_keep_alive(t, s);
    check_request(t, s);
    check_pipelining(t, s);
    check_bodies(t, s);
    check_byte_by_byte(t, s);
    check_expect(t, s);
    check_refused(t, s);
    check_nul(t, s);
    check_sizes(t, s);
    check_413(t, s);
    check_application(t, s);
    check_half_closed(t, s);
    check_many_idle(t, s);
    check_gone_clients(t, s);
    struct http_counters n = counters_of(s);
    cases_check(t,
                n.requests > 800 && n.bad_requests > 25 && n.internal_errors == 1 && n.timeouts == 0 &&
                    n.connections_total > 250 && n.connections_refused == 0,
                "counters: %lu requests, %lu bad, %lu internal, %lu late", (unsigned long)n.requests,
                (unsigned long)n.bad_requests, (unsigned long)n.internal_errors, (unsigned long)n.timeouts);
    http_server_stop(s);
}

/* -- deadlines ------------------------------------------------------------------------------------------------ */

/* Sends one byte again and again until the server answers or hangs up; true when it did before the bytes ran out. */
static bool dropped_while_dripping(struct client *c, const char *first, char drip, int status)
{
    struct timeval moment = { .tv_usec = 20000 }, limit = { .tv_sec = CLIENT_TIMEOUT_S };
    char peek;

    (void)client_say(c, first);
    (void)setsockopt(c->fd, SOL_SOCKET, SO_RCVTIMEO, &moment, sizeof moment);
    for (int i = 0; i < 400; i++) { /* 8 s, far beyond the deadline */
        ssize_t n = recv(c->fd, &peek, 1, MSG_PEEK);
        if (n >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK)) {
            (void)setsockopt(c->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
            return client_answer(c, &a, false) == status && a.close && client_at_end(c);
        }
        (void)client_send(c, &drip, 1);
    }
    return false;
}

static void check_dripping(struct cases *t)
{
    struct http_server *s = app_start(
        (struct http_server_options){ .head_ms = 300, .body_ms = 300, .rate_bytes_per_s = 1000000 });
    static const struct {
        const char *name, *first;
        char drip;
    } rows[] = {
        { "request line", "GET /", 'a' },
        { "header", "GET / HTTP/1.1\r\n" HOST "A: ", 'b' },
        { "body", "POST / HTTP/1.1\r\n" HOST "Content-Length: 100000\r\n" END, 'c' },
        { "chunk size", "POST / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n" END "ff\r\n", 'd' },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct client *c = client_open(http_server_port(s));
        cases_check(t, dropped_while_dripping(c, rows[i].first, rows[i].drip, 408), "dripping %s",
                    rows[i].name);
        client_close(c);
        cases_check(t, answers_next_client(s), "dripping %s: the next client is not served", rows[i].name);
    }
    /* Nothing more at all is the same as dripping. */
    struct client *c = client_open(http_server_port(s));
    (void)client_say(c, "POST / HTTP/1.1\r\n" HOST "Content-Length: 2\r\n" END "a");
    cases_check(t, client_answer(c, &a, false) == 408 && strcmp(a.body, "http.body") == 0,
                "silent in the body");
    client_close(c);
    cases_check(t, counters_of(s).timeouts == 5, "%lu timeouts", (unsigned long)counters_of(s).timeouts);
    http_server_stop(s);
}

/* Bytes buy time at the least rate: what comes faster than that is not cut. */
static void check_least_rate(struct cases *t)
{
    struct http_server *s =
        app_start((struct http_server_options){ .body_ms = 200, .rate_bytes_per_s = 100 });
    struct client *c = client_open(http_server_port(s));
    char block[50];

    memset(block, 'x', sizeof block);
    (void)client_say(c, "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 1000\r\n" END);
    for (int i = 0; i < 20; i++) { /* 50 bytes are worth 500 ms and come every 30 ms: 600 ms in all */
        (void)client_send(c, block, sizeof block);
        sleep_ms(30);
    }
    cases_check(t, client_answer(c, &a, false) == 200 && a.body_bytes == 1000, "a body above the least rate");
    client_close(c);
    http_server_stop(s);
}

static void check_idle(struct cases *t)
{
    struct http_server *s = app_start((struct http_server_options){ .idle_ms = 300 });
    struct client *c = client_open(http_server_port(s));
    struct client *silent = client_open(http_server_port(s));

    cases_check(t, client_ask(c, "GET / HTTP/1.1\r\n" HOST END, &a) == 200, "before it is idle");
    cases_check(t, client_at_end(c), "an idle connection is closed, without an answer");
    cases_check(t, client_at_end(silent), "a connection that says nothing is closed");
    cases_check(t, counters_of(s).timeouts == 0, "being idle is not counted as a timeout");
    client_close(c);
    client_close(silent);
    http_server_stop(s);
}

static void check_slow_reader(struct cases *t)
{
    struct http_server *s =
        app_start((struct http_server_options){ .write_ms = 300, .rate_bytes_per_s = 1u << 30 });
    struct client *c = client_open(http_server_port(s));

    (void)client_say(c, "GET /big HTTP/1.1\r\n" HOST END);
    WAIT_UNTIL(counters_of(s).timeouts == 1 && counters_of(s).connections_open == 0);
    cases_check(t, counters_of(s).timeouts == 1 && counters_of(s).connections_open == 0,
                "a client that does not read is dropped");
    cases_check(t, answers_next_client(s), "next client");
    client_close(c);
    http_server_stop(s);
}

static void check_most_connections(struct cases *t)
{
    enum { MOST = 4 };
    struct http_server *s = app_start((struct http_server_options){ .connections_max = MOST });
    struct client *c[MOST + 2];

    for (int i = 0; i < MOST; i++) {
        c[i] = client_open(http_server_port(s));
        cases_check(t, client_ask(c[i], "GET / HTTP/1.1\r\n" HOST END, &a) == 200, "connection %d", i);
    }
    c[MOST] = client_open(http_server_port(s));
    cases_check(t, client_ask(c[MOST], "GET / HTTP/1.1\r\n" HOST END, &a) == 200, "one more is served");
    cases_check(t, client_at_end(c[0]), "the longest idle one made room");
    for (int i = 1; i <= MOST; i++) /* all busy now */
        (void)client_say(c[i], "GET / HTTP/1.1\r\n");
    sleep_ms(100);
    c[MOST + 1] = client_open(http_server_port(s));
    WAIT_UNTIL(counters_of(s).connections_refused == 1);
    cases_check(t, counters_of(s).connections_refused == 1 && !client_receive(c[MOST + 1]),
                "nobody is idle: the newest is refused");
    for (int i = 1; i <= MOST; i++)
        cases_check(t, client_ask(c[i], HOST END, &a) == 200, "busy connection %d is kept", i);
    for (int i = 0; i < MOST + 2; i++)
        client_close(c[i]);
    http_server_stop(s);
}

/* -- draining ------------------------------------------------------------------------------------------------- */

struct drain {
    struct http_server *server;
    unsigned deadline_ms;
    bool whole;
    pthread_t thread;
};

static void *drain_main(void *arg)
{
    struct drain *d = arg;
    d->whole = http_server_drain(d->server, d->deadline_ms);
    return NULL;
}

/* One thread: with two, the other one may not have heard of the drain when the first closes its connection. */
static void check_drain(struct cases *t)
{
    struct drain d = { .server = app_start((struct http_server_options){ .threads = 1 }),
                       .deadline_ms = 20000 };
    uint16_t port = http_server_port(d.server);
    struct client *idle = client_open(port), *head = client_open(port), *body = client_open(port);

    (void)client_ask(idle, "GET / HTTP/1.1\r\n" HOST END, &a);
    (void)client_say(head, "GET / HTTP/1.1\r\nHo");
    (void)client_say(body,
                     "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 4\r\nExpect: 100-continue\r\n" END);
    (void)client_answer(body, &a, true);
    sleep_ms(100);
    if (pthread_create(&d.thread, NULL, drain_main, &d) != 0)
        abort();
    cases_check(t, client_at_end(idle), "drain: the idle connection is closed");
    cases_check(t, client_ask(head, "st: a\r\n\r\n", &a) == 200 && a.close && client_at_end(head),
                "drain: a head in flight is answered, with close");
    cases_check(t,
                client_ask(body, "abcd", &a) == 200 && a.close && strcmp(a.body, "abcd") == 0 &&
                    client_at_end(body),
                "drain: a body in flight is answered, with close");
    client_close(idle);
    client_close(head);
    client_close(body);
    (void)pthread_join(d.thread, NULL);
    cases_check(t, d.whole, "drain: everything ended by itself");

    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port) };
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cases_check(t, connect(fd, (struct sockaddr *)&to, sizeof to) != 0, "drain: nobody listens any more");
    (void)close(fd);
    http_server_stop(d.server);
}

static void check_drain_deadline(struct cases *t)
{
    struct http_server *s = app_start((struct http_server_options){ .threads = 2 });
    struct client *c = client_open(http_server_port(s));

    (void)client_say(c, "GET / HTTP/1.1\r\n");
    sleep_ms(100);
    cases_check(t, !http_server_drain(s, 300), "drain: the deadline cuts what is left, and says so");
    http_server_stop(s);
    cases_check(t, !client_receive(c), "drain: the connection is gone");
    client_close(c);

    s = app_start((struct http_server_options){ .threads = 3 });
    cases_check(t, http_server_drain(s, 5000), "drain: nothing to do");
    http_server_stop(s);
}

static void check_start(struct cases *t)
{
    struct http_app app = { .on_head = app_head, .on_request = app_request, .on_bad = app_bad };
    struct http_app half = { .on_head = app_head, .on_request = app_request };
    const struct {
        const char *name;
        struct http_server_options options;
    } rows[] = {
        { "a callback is missing", { .app = half } },
        { "host that is none", { .app = app, .host = "256.256.256.256" } },
        { "too many threads", { .app = app, .threads = 65 } },
        { "too many headers", { .app = app, .header_count_max = 101 } },
        { "certificate without key", { .app = app, .cert_path = "/nowhere" } },
        { "certificate that is not there", { .app = app, .cert_path = "/nowhere", .key_path = "/nowhere" } },
        { "address of another machine", { .app = app, .host = "192.0.2.1" } },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct http_server *s = NULL;
        struct att_err err = { 0 };
        bool ok = http_server_start(&rows[i].options, &s, &err);
        cases_check(t, !ok && !s && err.code != ATT_OK && err.text[0], "start: %s", rows[i].name);
    }
    http_server_stop(NULL);
}

int main(void)
{
    struct cases t = { .name = "http.server" };

    check_strict(&t);
    check_dripping(&t);
    check_least_rate(&t);
    check_idle(&t);
    check_slow_reader(&t);
    check_most_connections(&t);
    check_drain(&t);
    check_drain_deadline(&t);
    check_start(&t);
    return cases_report(&t);
}
