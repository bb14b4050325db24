/* layers: fetch base */
/* Outbound HTTPS against a server on the loopback that behaves in every wrong way we could think of. */
#include "fetch/fetch.h"

#include "support/cases.h"
#include "support/tls_peer.h"
#include "support/tokens.h"

#include <openssl/ssl.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static struct cases cases = { .name = "fetch" };
static struct fetch *door;

#define OK_HEAD "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
#define OK_BODY OK_HEAD "Content-Length: 2\r\n\r\n{}"
#define LOCAL_S "https://localhost:%u/keys"

static long now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* One GET; `want` is the place of the refusal, NULL for an answer, which must be `body`. */
static void get(const char *name, const struct fetch_request *request, const char *want, const char *body)
{
    struct att_arena *arena = att_arena_new((size_t)4 << 20);
    struct att_span got = att_str("untouched");
    struct att_err err = { 0 };

    bool ok = fetch_get(door, request, arena, &got, &err);
    cases_check(&cases, ok == !want, "%s: %s", name, ok ? "answered" : err.text);
    if (!ok) {
        cases_check(&cases, err.code == ATT_FETCH_FAILED, "%s: code %s", name, att_code_name(err.code));
        cases_check(&cases, want && strcmp(err.where, want) == 0, "%s: at %s (%s)", name, err.where,
                    err.text);
        cases_check(&cases, err.expected[0] && err.found[0] && err.text[0], "%s: says what and why", name);
        cases_check(&cases, att_span_is(got, "untouched"), "%s: the output changes only on success", name);
    } else {
        cases_check(&cases, body && att_span_is(got, body), "%s: the body, %zu bytes", name, got.len);
    }
    att_arena_free(arena);
}

static void against_as(const char *name, const struct tls_peer_behaviour *how, struct fetch_request request,
                       const char *url, bool own_ca, const char *want, const char *body)
{
    struct tls_peer *peer = tls_peer_start(how);

    request.url = test_text("%s:%u/keys", url, tls_peer_port(peer));
    request.ca_file = own_ca ? tls_peer_ca(peer) : request.ca_file;
    get(name, &request, want, body);
    tls_peer_stop(peer);
}

static void against(const char *name, struct tls_peer_behaviour how, const char *want, const char *body)
{
    against_as(name, &how, (struct fetch_request){ 0 }, "https://localhost", true, want, body);
}

static void answers(void)
{
    against("an answer", (struct tls_peer_behaviour){ .answer = OK_BODY }, NULL, "{}");
    against("an empty body", (struct tls_peer_behaviour){ .answer = OK_HEAD "Content-Length: 0\r\n\r\n" },
            NULL, "");
    against("in chunks",
            (struct tls_peer_behaviour){ .answer = OK_HEAD
                                         "Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n" },
            NULL, "{}");
    against("after 100 Continue",
            (struct tls_peer_behaviour){ .answer = "HTTP/1.1 100 Continue\r\n\r\n" OK_BODY }, NULL, "{}");
    against("in small pieces", (struct tls_peer_behaviour){ .answer = OK_BODY, .drip_bytes = 7 }, NULL, "{}");
    against("by address",
            (struct tls_peer_behaviour){ .answer = OK_BODY, .names = "DNS:localhost,IP:127.0.0.1" }, NULL,
            "{}");
    against_as("https://127.0.0.1",
               &(struct tls_peer_behaviour){ .answer = OK_BODY, .names = "IP:127.0.0.1" },
               (struct fetch_request){ 0 }, "https://127.0.0.1", true, NULL, "{}");
}

static void certificates(void)
{
    const struct tls_peer_behaviour good = { .answer = OK_BODY };
    struct tls_peer *other = tls_peer_start(&good);
    const struct fetch_request none = { 0 };

    against_as("the system's CAs do not know the server", &good, none, "https://localhost", false,
               "fetch.tls", NULL);
    against_as("another CA alone", &good, (struct fetch_request){ .ca_file = tls_peer_ca(other) },
               "https://localhost", false, "fetch.tls", NULL);
    against_as("a CA file that is not there", &good,
               (struct fetch_request){ .ca_file = "/nonexistent/ca.pem" }, "https://localhost", false,
               "fetch.tls", NULL);
    against_as("a CA file that is empty", &good, (struct fetch_request){ .ca_file = "/dev/null" },
               "https://localhost", false, "fetch.tls", NULL);
    against("a certificate for another host",
            (struct tls_peer_behaviour){ .answer = OK_BODY, .names = "DNS:other" }, "fetch.tls", NULL);
    against("a longer host", (struct tls_peer_behaviour){ .answer = OK_BODY, .names = "DNS:localhost.evil" },
            "fetch.tls", NULL);
    against("a wildcard above", (struct tls_peer_behaviour){ .answer = OK_BODY, .names = "DNS:*" },
            "fetch.tls", NULL);
    against_as("a name for an address",
               &(struct tls_peer_behaviour){ .answer = OK_BODY, .names = "DNS:127.0.0.1" }, none,
               "https://127.0.0.1", true, "fetch.tls", NULL);
    against("an expired certificate", (struct tls_peer_behaviour){ .answer = OK_BODY, .expired = true },
            "fetch.tls", NULL);
    against("TLS 1.1", (struct tls_peer_behaviour){ .answer = OK_BODY, .tls_version_max = TLS1_1_VERSION },
            "fetch.tls", NULL);
    against("TLS 1.2", (struct tls_peer_behaviour){ .answer = OK_BODY, .tls_version_max = TLS1_2_VERSION },
            NULL, "{}");
    against("no TLS at the other end", (struct tls_peer_behaviour){ .answer = OK_BODY, .plain = true },
            "fetch.tls", NULL);
    cases_check(&cases, tls_peer_connections(other) == 0, "nobody asked the other server");
    tls_peer_stop(other);
}

static void statuses(void)
{
    static const int codes[] = { 201, 204, 206, 301, 302, 303, 307, 308,
                                 304, 400, 401, 403, 404, 429, 500, 503 };

    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        char *answer = test_text("HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n%s", codes[i],
                                 codes[i] == 204 || codes[i] == 304 ? 0 : 2,
                                 codes[i] == 204 || codes[i] == 304 ? "" : "{}");
        against(test_text("status %d", codes[i]), (struct tls_peer_behaviour){ .answer = answer },
                "fetch.status", NULL);
    }
    against("500 with more than the limit",
            (struct tls_peer_behaviour){ .answer = "HTTP/1.1 500 X\r\nContent-Length: 900000\r\n\r\n",
                                         .repeat_bytes = 900000 },
            "fetch.status", NULL);
    against("100 and nothing more", (struct tls_peer_behaviour){ .answer = "HTTP/1.1 100 Continue\r\n\r\n" },
            "fetch.status", NULL);
}

/* A redirect is an answer like another one: who it names is not asked. */
static void redirects(void)
{
    struct tls_peer *target = tls_peer_start(&(struct tls_peer_behaviour){ .answer = OK_BODY });
    static const int codes[] = { 301, 302, 303, 307, 308 };

    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        const struct tls_peer_behaviour how = {
            .answer = test_text(
                "HTTP/1.1 %d X\r\nLocation: https://localhost:%u/\r\nRefresh: 0\r\nContent-Length: 0\r\n\r\n",
                codes[i], tls_peer_port(target))
        };
        against_as(test_text("J6: redirect %d", codes[i]), &how, (struct fetch_request){ 0 },
                   "https://localhost", true, "fetch.status", NULL);
    }
    cases_check(&cases, tls_peer_connections(target) == 0, "no redirect was followed");
    tls_peer_stop(target);
}

static void sizes(void)
{
    const struct fetch_request small = { .body_bytes_max = 1000 };
    char *exact = test_text("%s", OK_HEAD "Content-Length: 1000\r\n\r\n");
    char *body = test_kept(calloc(1, 1001));
    memset(body, 'x', 1000);

    against_as("as large as allowed", &(struct tls_peer_behaviour){ .answer = exact, .repeat_bytes = 1000 },
               small, "https://localhost", true, NULL, body);
    against_as("one byte more, announced",
               &(struct tls_peer_behaviour){ .answer = OK_HEAD "Content-Length: 1001\r\n\r\n",
                                             .repeat_bytes = 1001 },
               small, "https://localhost", true, "fetch.size", NULL);
    against_as(
        "one byte more, not announced",
        &(struct tls_peer_behaviour){ .answer = OK_HEAD "Connection: close\r\n\r\n", .repeat_bytes = 1001 },
        small, "https://localhost", true, "fetch.size", NULL);
    against(
        "300 kB without a limit of the caller's",
        (struct tls_peer_behaviour){ .answer = OK_HEAD "Connection: close\r\n\r\n", .repeat_bytes = 300000 },
        "fetch.size", NULL);
    char *headers = test_kept(calloc(1, 200000));
    size_t at = (size_t)sprintf(headers, "HTTP/1.1 200 OK\r\n");
    for (unsigned i = 0; i < 900; i++)
        at += (size_t)sprintf(headers + at, "X-%u: %0100u\r\n", i, i);
    (void)sprintf(headers + at, "Content-Length: 2\r\n\r\n{}");
    against("headers without end", (struct tls_peer_behaviour){ .answer = headers }, "fetch.size", NULL);
    against("a compressed body is not unpacked",
            (struct tls_peer_behaviour){ .answer = OK_HEAD
                                         "Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n\x1f\x8b" },
            NULL, "\x1f\x8b");
}

static void broken_answers(void)
{
    against("the body ends early",
            (struct tls_peer_behaviour){ .answer = OK_HEAD "Content-Length: 10\r\n\r\n{}" }, "fetch.answer",
            NULL);
    against("the last chunk is missing",
            (struct tls_peer_behaviour){ .answer = OK_HEAD "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n" },
            "fetch.answer", NULL);
    against("cut off without a word of TLS",
            (struct tls_peer_behaviour){ .answer = OK_HEAD "Connection: close\r\n\r\n{}", .abrupt = true },
            "fetch.answer", NULL);
    against("a body that ends with the connection",
            (struct tls_peer_behaviour){ .answer = OK_HEAD "Connection: close\r\n\r\n{}" }, "fetch.answer",
            NULL);
    against("no answer at all", (struct tls_peer_behaviour){ .answer = "" }, "fetch.answer", NULL);
    against("no HTTP", (struct tls_peer_behaviour){ .answer = "{\"keys\":[]}\r\n\r\n" }, "fetch.answer",
            NULL);
    against("HTTP/0.9", (struct tls_peer_behaviour){ .answer = "<html>" }, "fetch.answer", NULL);
    against("half a header", (struct tls_peer_behaviour){ .answer = "HTTP/1.1 200 OK\r\nContent-" },
            "fetch.answer", NULL);
}

static void deadlines(void)
{
    const struct fetch_request hurry = { .connect_ms = 400, .total_ms = 500 };

    long from = now_ms();
    against_as("slow drip", &(struct tls_peer_behaviour){ .answer = OK_BODY, .drip_bytes = 1, .drip_ms = 50 },
               hurry, "https://localhost", true, "fetch.time", NULL);
    long slow = now_ms() - from;
    cases_check(&cases, slow < 3000, "a drip that never pauses is still over at the deadline: %ld ms", slow);
    from = now_ms();
    against_as("silence", &(struct tls_peer_behaviour){ .silent = true }, hurry, "https://localhost", true,
               "fetch.time", NULL);
    cases_check(&cases, now_ms() - from < 3000, "silence in the handshake is over at the deadline");
}

static void urls(void)
{
    struct tls_peer *plain = tls_peer_start(&(struct tls_peer_behaviour){ .answer = OK_BODY, .plain = true });
    unsigned port = tls_peer_port(plain);
    char *longest = test_kept(calloc(1, 3000));
    memset(longest, 'a', 2500);
    memcpy(longest, "https://localhost/", 18);
    const char *const wrong[] = {
        NULL,
        "",
        "https://",
        "https:///keys",
        "https://:443/keys",
        "https://?x",
        "localhost",
        "//localhost/keys",
        "https:/localhost/keys",
        "https:localhost/keys",
        "file:///etc/passwd",
        "ftp://localhost/keys",
        "gopher://localhost/",
        "https+x://localhost/",
        "HTTPS://localhost/", /* one spelling is enough */
        " https://localhost/",
        "https://localhost/a b",
        "https://localhost/\r\nX: y",
        "https://user@localhost/",
        "https://user:secret@localhost/",
        "https://localhost/#fragment",
        "https://localhost\\@evil/",
        "https://localhost/\x80",
        longest,
        test_text("http://localhost:%u/keys", port),
    };

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        get(test_text("url %zu", i), &(struct fetch_request){ .url = wrong[i] }, "fetch.url", NULL);
    cases_check(&cases, tls_peer_connections(plain) == 0, "nobody was asked");
    tls_peer_stop(plain);
    get("a port where nobody listens", &(struct fetch_request){ .url = test_text(LOCAL_S, port) },
        "fetch.connect", NULL);
    get("a host that is none", &(struct fetch_request){ .url = "https://nowhere.invalid/" }, "fetch.connect",
        NULL);
    get("a port that is none", &(struct fetch_request){ .url = "https://localhost:99999/" }, "fetch.url",
        NULL);
}

/* What the environment says about proxies is not heard, and the request carries nothing that could name anybody. */
static void environment_and_request(void)
{
    struct tls_peer *proxy = tls_peer_start(&(struct tls_peer_behaviour){ .answer = OK_BODY, .plain = true });
    struct tls_peer *peer = tls_peer_start(&(struct tls_peer_behaviour){ .answer = OK_BODY });
    const char *at = test_text("http://localhost:%u", tls_peer_port(proxy));

    test_must(setenv("https_proxy", at, 1) == 0 && setenv("HTTPS_PROXY", at, 1) == 0 &&
                  setenv("ALL_PROXY", at, 1) == 0,
              "environment");
    get("a proxy in the environment",
        &(struct fetch_request){ .url = test_text(LOCAL_S, tls_peer_port(peer)),
                                 .ca_file = tls_peer_ca(peer) },
        NULL, "{}");
    (void)unsetenv("https_proxy");
    (void)unsetenv("HTTPS_PROXY");
    (void)unsetenv("ALL_PROXY");
    cases_check(&cases, tls_peer_connections(proxy) == 0, "the proxy was not asked");
    char *head = tls_peer_last_request(peer);
    cases_check(&cases, strncmp(head, "GET /keys HTTP/1.1\r\n", 20) == 0, "one GET: %s", head);
    static const char *const unwanted[] = { "Cookie", "Authorization", "Accept-Encoding", "Upgrade",
                                            "Referer" };
    for (size_t i = 0; i < sizeof unwanted / sizeof unwanted[0]; i++)
        cases_check(&cases, !strcasestr(head, unwanted[i]), "no %s in the request: %s", unwanted[i], head);
    free(head);
    tls_peer_stop(peer);
    tls_peer_stop(proxy);
}

static void *one_of_many(void *arg)
{
    const struct fetch_request *request = arg;
    struct att_arena *arena = att_arena_new((size_t)1 << 20);
    struct att_err err = { 0 };
    struct att_span got = { 0 };
    uintptr_t good = 0;

    for (unsigned i = 0; i < 10; i++)
        good += fetch_get(door, request, arena, &got, &err) && att_span_is(got, "{}");
    att_arena_free(arena);
    return (void *)good;
}

static void threads(void)
{
    struct tls_peer *peer = tls_peer_start(&(struct tls_peer_behaviour){ .answer = OK_BODY });
    struct fetch_request request = { .url = test_text(LOCAL_S, tls_peer_port(peer)),
                                     .ca_file = tls_peer_ca(peer) };
    pthread_t all[8];
    uintptr_t good = 0;

    for (size_t i = 0; i < 8; i++)
        test_must(pthread_create(&all[i], NULL, one_of_many, &request) == 0, "thread");
    for (size_t i = 0; i < 8; i++) {
        void *result = NULL;
        test_must(pthread_join(all[i], &result) == 0, "thread");
        good += (uintptr_t)result;
    }
    cases_check(&cases, good == 80, "80 requests of 8 threads: %zu answered", (size_t)good);
    tls_peer_stop(peer);
}

/* -- fetch_ask ------------------------------------------------------------------------------------------------ */

static const char *const wanted[] = { "TCB-Info-Issuer-Chain", "X-Other", NULL };

static void ask(const char *name, const char *answer, unsigned status, const char *body, const char *first,
                unsigned retry_after_s)
{
    struct tls_peer *peer = tls_peer_start(&(struct tls_peer_behaviour){ .answer = answer });
    struct att_arena *arena = att_arena_new((size_t)4 << 20);
    const struct fetch_request request = { .url = test_text(LOCAL_S, tls_peer_port(peer)),
                                           .ca_file = tls_peer_ca(peer),
                                           .wanted = wanted };
    struct fetch_answer got = { .status = 7 };
    struct att_err err = { 0 };

    bool ok = fetch_ask(door, &request, arena, &got, &err);
    cases_check(&cases, ok == (status != 0), "%s: %s", name, ok ? "answered" : err.text);
    cases_check(&cases, ok || got.status == 7, "%s: the output changes only on success", name);
    cases_check(&cases, !ok || (got.status == status && att_span_is(got.body, body)), "%s: %u, %zu bytes",
                name, got.status, got.body.len);
    cases_check(&cases, !ok || (att_span_is(got.wanted[0], first) && got.wanted[1].len == 0),
                "%s: header of %zu bytes", name, got.wanted[0].len);
    cases_check(&cases, !ok || got.retry_after_s == retry_after_s, "%s: Retry-After %u", name,
                got.retry_after_s);
    att_arena_free(arena);
    tls_peer_stop(peer);
}

static void asking(void)
{
    ask("200", OK_BODY, 200, "{}", "", 0);
    ask("200 with the chain", OK_HEAD "tcb-info-issuer-chain:  a%20b \r\nContent-Length: 2\r\n\r\n{}", 200,
        "{}", "a%20b", 0);
    ask("the chain twice",
        OK_HEAD "TCB-Info-Issuer-Chain: a\r\nTCB-Info-Issuer-Chain: b\r\nContent-Length: 2\r\n\r\n{}", 200,
        "{}", "a", 0);
    ask("a longer name", OK_HEAD "TCB-Info-Issuer-Chain2: a\r\nContent-Length: 2\r\n\r\n{}", 200, "{}", "",
        0);
    ask("in 1xx only",
        "HTTP/1.1 103 Early Hints\r\nTCB-Info-Issuer-Chain: a\r\n\r\n" OK_HEAD "Content-Length: 2\r\n\r\n{}",
        200, "{}", "", 0);
    ask("404", "HTTP/1.1 404 X\r\nContent-Length: 4\r\n\r\nnone", 404, "none", "", 0);
    ask("404 without a length", "HTTP/1.1 404 X\r\n\r\nnone", 404, "none", "", 0);
    ask("429", "HTTP/1.1 429 X\r\nRetry-After: 17\r\nContent-Length: 0\r\n\r\n", 429, "", "", 17);
    ask("429, a strange Retry-After", "HTTP/1.1 429 X\r\nRetry-After: soon\r\nContent-Length: 0\r\n\r\n", 429,
        "", "", 0);
    ask("429, a negative one", "HTTP/1.1 429 X\r\nRetry-After: -5\r\nContent-Length: 0\r\n\r\n", 429, "", "",
        0);
    ask("302", "HTTP/1.1 302 X\r\nLocation: https://localhost/\r\nContent-Length: 0\r\n\r\n", 302, "", "", 0);
    ask("200 without a length", OK_HEAD "\r\n{}", 0, NULL, NULL, 0);
    ask("200 cut short", OK_HEAD "Content-Length: 3\r\n\r\n{}", 0, NULL, NULL, 0);
    ask("500 cut short", "HTTP/1.1 500 X\r\nContent-Length: 3\r\n\r\n{}", 0, NULL, NULL, 0);
    ask("100 alone", "HTTP/1.1 100 Continue\r\n\r\n", 0, NULL, NULL, 0);

    struct tls_peer *peer = tls_peer_start(&(struct tls_peer_behaviour){
        .answer = "HTTP/1.1 500 X\r\nContent-Length: 900000\r\n\r\n", .repeat_bytes = 900000 });
    struct att_arena *arena = att_arena_new((size_t)4 << 20);
    struct fetch_request request = { .url = test_text(LOCAL_S, tls_peer_port(peer)),
                                     .ca_file = tls_peer_ca(peer) };
    struct fetch_answer got = { 0 };
    struct att_err err = { 0 };
    cases_check(&cases,
                fetch_ask(door, &request, arena, &got, &err) && got.status == 500 && got.body.len == 4096,
                "a long error: its beginning, %zu bytes: %s", got.body.len, err.text);
    tls_peer_stop(peer);
    att_arena_free(arena);
}

/* Headers of the request, and a proxy that the request names. */
static void request_settings(void)
{
    struct tls_peer *peer = tls_peer_start(&(struct tls_peer_behaviour){ .answer = OK_BODY });
    struct tls_peer *proxy = tls_peer_start(&(struct tls_peer_behaviour){
        .answer = "HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n", .plain = true });
    const char *key[] = { "Ocp-Apim-Subscription-Key: 0123abcd", NULL };
    struct fetch_request request = { .url = test_text(LOCAL_S, tls_peer_port(peer)),
                                     .ca_file = tls_peer_ca(peer),
                                     .headers = key };

    get("a header", &request, NULL, "{}");
    char *head = tls_peer_last_request(peer);
    cases_check(&cases, strstr(head, "\r\nOcp-Apim-Subscription-Key: 0123abcd\r\n"), "is sent: %s", head);
    free(head);
    static const char *const wrong[] = { "no colon", ": no name", "A: b\r\nC: d", "A: b\n", "A: \x80",
                                         "A:\tb",    "" };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        const char *headers[] = { wrong[i], NULL };
        request.headers = headers;
        get(test_text("header %zu", i), &request, "fetch.headers", NULL);
    }
    request.headers = NULL;
    static const char *const proxies[] = { "",        "localhost:1",  "https://localhost:1",
                                           "http://", "http://a@b:1", "socks5://localhost:1" };
    for (size_t i = 0; i < sizeof proxies / sizeof proxies[0]; i++) {
        request.proxy = proxies[i];
        get(test_text("proxy %zu", i), &request, "fetch.proxy", NULL);
    }
    unsigned before = tls_peer_connections(peer);
    request.proxy = test_text("http://localhost:%u", tls_peer_port(proxy));
    get("a proxy that refuses", &request, "fetch.answer", NULL);
    head = tls_peer_last_request(proxy);
    cases_check(&cases, strncmp(head, "CONNECT localhost:", 18) == 0, "the proxy is asked: %s", head);
    cases_check(&cases, tls_peer_connections(peer) == before, "and nobody else");
    free(head);
    tls_peer_stop(peer);
    tls_peer_stop(proxy);
}

/* One POST; `status` 0: refused. */
static void post(const char *name, const char *answer, unsigned status, struct att_span sent)
{
    struct tls_peer *peer = tls_peer_start(&(struct tls_peer_behaviour){ .answer = answer });
    struct att_arena *arena = att_arena_new((size_t)4 << 20);
    const char *const headers[] = { "Content-Type: application/json", NULL };
    struct fetch_request request = { .url = test_text("https://localhost:%u/v1/logs", tls_peer_port(peer)),
                                     .ca_file = tls_peer_ca(peer),
                                     .headers = headers,
                                     .post = sent };
    struct fetch_answer got = { 0 };
    struct att_err err = { 0 };
    bool ok = fetch_post(door, &request, arena, &got, &err);

    cases_check(&cases, ok == (status != 0) && got.status == status, "POST, %s: %u %s", name, got.status,
                err.text);
    cases_check(&cases, !ok || got.body.len <= 4096, "POST, %s: the beginning of a body at most", name);
    char *bodies = tls_peer_bodies(peer), *head = tls_peer_last_request(peer);
    cases_check(&cases, att_span_eq(att_str(bodies), sent), "POST, %s: what was sent, %zu bytes", name,
                strlen(bodies));
    cases_check(&cases,
                strncmp(head, "POST /v1/logs HTTP/1.1\r\n", 24) == 0 && !strstr(head, "Expect") &&
                    strstr(head, "\r\nContent-Type: application/json\r\n"),
                "POST, %s: head %s", name, head);
    free(bodies);
    free(head);
    att_arena_free(arena);
    tls_peer_stop(peer);
}

static void posting(void)
{
    static char large[300001];
    struct att_err err = { 0 };
    struct fetch_answer got = { 0 };

    memset(large, 'x', sizeof large - 1);
    post("200", OK_BODY, 200, att_str("{}"));
    post("nothing to send", OK_BODY, 200, att_str(""));
    post("much to send", OK_BODY, 200, att_str(large));
    post("204", "HTTP/1.1 204 X\r\n\r\n", 204, att_str("{}"));
    post("200 without a length", OK_HEAD "\r\n{}", 200, att_str("{}"));
    post("307", "HTTP/1.1 307 X\r\nLocation: https://localhost/\r\nContent-Length: 0\r\n\r\n", 307,
         att_str("{}"));
    post("503 without a length", "HTTP/1.1 503 X\r\n\r\nlater", 503, att_str("{}"));
    post("no HTTP", "what", 0, att_str("{}"));
    struct tls_peer *peer = tls_peer_start(&(struct tls_peer_behaviour){
        .answer = OK_HEAD "Content-Length: 900000\r\n\r\n", .repeat_bytes = 900000 });
    struct att_arena *arena = att_arena_new((size_t)4 << 20);
    struct fetch_request request = { .url = test_text("https://localhost:%u/", tls_peer_port(peer)),
                                     .ca_file = tls_peer_ca(peer),
                                     .post = att_str("{}") };
    cases_check(&cases,
                fetch_post(door, &request, arena, &got, &err) && got.status == 200 && got.body.len <= 4096,
                "POST, a long answer is not waited for: %zu %s", got.body.len, err.text);
    request.ca_file = NULL;
    cases_check(&cases, !fetch_post(door, &request, arena, &got, &err) && strcmp(err.where, "fetch.tls") == 0,
                "POST to an unknown certificate");
    struct fetch_request none = { .url = "https://localhost/" };
    err = (struct att_err){ 0 };
    cases_check(&cases, !fetch_post(door, &none, arena, &got, &err) && err.code == ATT_INTERNAL,
                "POST of NULL");
    request.ca_file = tls_peer_ca(peer);
    err = (struct att_err){ 0 };
    (void)!fetch_ask(door, &request, arena, &got, &err);
    char *head = tls_peer_last_request(peer);
    cases_check(&cases, strncmp(head, "GET ", 4) == 0, "who asks does not post");
    free(head);
    att_arena_free(arena);
    tls_peer_stop(peer);
}

/* The program itself carries no libcurl: that is what the module is for. */
static void light_program(void)
{
    char *command = test_text("ldd /proc/%d/exe", (int)getpid());
    FILE *f = popen(command, "r");
    char line[512];
    bool curl = false;

    while (f && fgets(line, sizeof line, f))
        curl = curl || strstr(line, "libcurl");
    cases_check(&cases, f && pclose(f) == 0 && !curl, "the loader links no libcurl");
}

int main(void)
{
    struct att_err err = { 0 };

    if (!fetch_open(&door, &err)) {
        cases_check(&cases, false, "open: %s", err.text);
        return cases_report(&cases);
    }
    light_program();
    threads();
    answers();
    certificates();
    statuses();
    redirects();
    sizes();
    broken_answers();
    deadlines();
    urls();
    environment_and_request();
    asking();
    posting();
    request_settings();
    fetch_close(door);
    fetch_close(NULL);
    return cases_report(&cases);
}
