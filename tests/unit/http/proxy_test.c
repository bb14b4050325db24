/* Behind proxies: whose word counts about who asks. The server listens on 127.0.0.1; peers come from other addresses of
 * the loopback network, some of which are trusted. */
#include "unit/http/app.h"
#include "unit/http/client.h"

#include "support/cases.h"

#include <netinet/tcp.h>

#define HOST "Host: localhost\r\n"
#define END  "\r\n"
#define GET  "GET /client HTTP/1.1\r\n" HOST END

static struct answer a; /* too large for the stack of a sanitizer build */

static const char *const trusted[] = { "127.0.0.2", "10.0.0.0/8", "2001:db8:1::/48", NULL };

static struct http_counters counters_of(const struct http_server *s)
{
    struct http_counters n;
    http_server_counters(s, &n);
    return n;
}

/* The application was told this peer and this client. */
static bool told(const char *peer, const char *client)
{
    char *line = strchr(a.body, '\n');
    size_t len = strlen(peer);
    size_t client_len = strlen(client);

    return line && strncmp(a.body, peer, len) == 0 && a.body[len] == ' ' &&
           strncmp(line + 1, client, client_len) == 0 && line[1 + client_len] == '\n';
}

/* -- X-Forwarded-For ------------------------------------------------------------------------------------------ */

/* want NULL: refused with 400 when a trusted proxy says so. */
static const struct {
    const char *name, *headers, *want;
} forwarded[] = {
    { "no header", "", "127.0.0.2" },
    { "one address", "X-Forwarded-For: 192.0.2.1\r\n", "192.0.2.1" },
    { "any case", "x-FORWARDED-for: 192.0.2.1\r\n", "192.0.2.1" },
    { "the rightmost that is not trusted", "X-Forwarded-For: 198.51.100.9, 192.0.2.1\r\n", "192.0.2.1" },
    { "past a trusted one", "X-Forwarded-For: 198.51.100.9, 192.0.2.1, 10.1.2.3\r\n", "192.0.2.1" },
    { "past two trusted ones", "X-Forwarded-For: 192.0.2.1,10.1.2.3,10.1.2.4\r\n", "192.0.2.1" },
    { "not past an untrusted one", "X-Forwarded-For: 192.0.2.1, 11.0.0.1, 10.1.2.4\r\n", "11.0.0.1" },
    { "two lines", "X-Forwarded-For: 198.51.100.9\r\nX-Forwarded-For: 192.0.2.1\r\n", "192.0.2.1" },
    { "two lines, the last trusted", "X-Forwarded-For: 192.0.2.1\r\nA: b\r\nX-Forwarded-For: 10.1.2.3\r\n",
      "192.0.2.1" },
    { "two lines, in any case", "X-Forwarded-For: 192.0.2.1\r\nx-forwarded-for: 10.1.2.3\r\n", "192.0.2.1" },
    { "all are trusted: the leftmost", "X-Forwarded-For: 10.0.0.9, 10.1.2.3\r\n", "10.0.0.9" },
    { "white space", "X-Forwarded-For: \t 198.51.100.9 \t,\t 192.0.2.1 \r\n", "192.0.2.1" },
    { "IPv6", "X-Forwarded-For: 2001:DB8:2::1\r\n", "2001:db8:2::1" },
    { "IPv6 past a trusted one", "X-Forwarded-For: 2001:db8:2::1, 2001:db8:1::7\r\n", "2001:db8:2::1" },
    { "IPv4 in IPv6", "X-Forwarded-For: ::ffff:192.0.2.1\r\n", "192.0.2.1" },
    { "a trusted IPv4 in IPv6", "X-Forwarded-For: 192.0.2.1, ::ffff:10.1.2.3\r\n", "192.0.2.1" },
    { "with a port", "X-Forwarded-For: 192.0.2.1:4711\r\n", "192.0.2.1" },
    { "past a trusted one with a port", "X-Forwarded-For: 192.0.2.1, 10.1.2.3:80\r\n", "192.0.2.1" },
    { "IPv6 in brackets", "X-Forwarded-For: [2001:db8:2::1]\r\n", "2001:db8:2::1" },
    { "IPv6 in brackets with a port", "X-Forwarded-For: [2001:db8:2::1]:4711\r\n", "2001:db8:2::1" },
    { "the client's own words do not matter", "X-Forwarded-For: unknown, <script>, 127.0.0.2, 192.0.2.1\r\n",
      "192.0.2.1" },
    { "nor do empty ones", "X-Forwarded-For: ,, 192.0.2.1\r\n", "192.0.2.1" },
    { "nor does an earlier line", "X-Forwarded-For: \"\r\nX-Forwarded-For: 192.0.2.1\r\n", "192.0.2.1" },
    { "A12: other headers say nothing",
      "X-Real-IP: 192.0.2.1\r\nForwarded: for=192.0.2.1\r\nX-Client-IP: 192.0.2.1\r\n"
      "X-Forwarded-Host: other\r\nX-Forwarded: 192.0.2.1\r\nX-Forwarded-For-Real: 192.0.2.1\r\n",
      "127.0.0.2" },

    { "A12: a word", "X-Forwarded-For: unknown\r\n", NULL },
    { "A12: a name", "X-Forwarded-For: client.example\r\n", NULL },
    { "A12: an obfuscated one", "X-Forwarded-For: _hidden\r\n", NULL },
    { "A12: empty", "X-Forwarded-For:\r\n", NULL },
    { "A12: a comma", "X-Forwarded-For: ,\r\n", NULL },
    { "A12: empty last", "X-Forwarded-For: 192.0.2.1,\r\n", NULL },
    { "A12: empty last line", "X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-For:\r\n", NULL },
    { "A12: a word behind a trusted one", "X-Forwarded-For: unknown, 10.1.2.3\r\n", NULL },
    { "A12: a leading zero", "X-Forwarded-For: 192.0.2.01\r\n", NULL },
    { "A12: three parts", "X-Forwarded-For: 192.0.2\r\n", NULL },
    { "A12: a number", "X-Forwarded-For: 3221225985\r\n", NULL },
    { "A12: a network", "X-Forwarded-For: 192.0.2.0/24\r\n", NULL },
    { "A12: a space for a comma", "X-Forwarded-For: 192.0.2.1 10.1.2.3\r\n", NULL },
    { "A12: a semicolon for a comma", "X-Forwarded-For: 192.0.2.1; 10.1.2.3\r\n", NULL },
    { "A12: quotes", "X-Forwarded-For: \"192.0.2.1\"\r\n", NULL },
    { "A12: a zone", "X-Forwarded-For: fe80::1%eth0\r\n", NULL },
    { "A12: a port without digits", "X-Forwarded-For: 192.0.2.1:\r\n", NULL },
    { "A12: a port of letters", "X-Forwarded-For: 192.0.2.1:http\r\n", NULL },
    { "A12: a port of six digits", "X-Forwarded-For: 192.0.2.1:123456\r\n", NULL },
    { "A12: IPv4 in brackets", "X-Forwarded-For: [192.0.2.1]\r\n", NULL },
    { "A12: brackets without an end", "X-Forwarded-For: [2001:db8::1\r\n", NULL },
    { "A12: an end without brackets", "X-Forwarded-For: 2001:db8::1]\r\n", NULL },
    { "A12: text behind the brackets", "X-Forwarded-For: [2001:db8::1]x\r\n", NULL },
    { "A12: nothing in brackets", "X-Forwarded-For: []\r\n", NULL },
    { "A12: a colon behind the brackets", "X-Forwarded-For: [::1]:\r\n", NULL },
    { "A12: unix", "X-Forwarded-For: unix\r\n", NULL },
    { "A12: not ASCII", "X-Forwarded-For: \xef\xbc\x91.2.3.4\r\n", NULL },
};

static int ask_with(struct client *c, const char *headers)
{
    char text[1024];
    (void)snprintf(text, sizeof text, "GET /client HTTP/1.1\r\n" HOST "%s" END, headers);
    return client_ask(c, text, &a);
}

static void check_forwarded(struct cases *t)
{
    struct http_server *s =
        app_start((struct http_server_options){ .threads = 2, .trusted_proxies = trusted });

    for (size_t i = 0; i < sizeof forwarded / sizeof forwarded[0]; i++) {
        struct client *proxy = client_open_from(http_server_port(s), "127.0.0.2");
        struct client *other = client_open_from(http_server_port(s), "127.0.0.3");
        int status = ask_with(proxy, forwarded[i].headers);
        if (forwarded[i].want)
            cases_check(t, status == 200 && told("127.0.0.2", forwarded[i].want), "%s: %d %s",
                        forwarded[i].name, status, a.body);
        else
            cases_check(t,
                        status == 400 && a.close && strcmp(a.body, "http.header.x-forwarded-for") == 0 &&
                            client_at_end(proxy),
                        "%s: %d %s", forwarded[i].name, status, a.body);
        status = ask_with(other, forwarded[i].headers);
        cases_check(t, status == 200 && told("127.0.0.3", "127.0.0.3"),
                    "A12: from a peer that is not trusted, %s: %d %s", forwarded[i].name, status, a.body);
        client_close(proxy);
        client_close(other);
    }
    /* One connection of a proxy carries many clients: what one request says does not count for the next. */
    struct client *c = client_open_from(http_server_port(s), "127.0.0.2");
    (void)client_say(c, "POST /client HTTP/1.1\r\n" HOST
                        "X-Forwarded-For: 192.0.2.1\r\nContent-Length: 2\r\n" END "ab");
    (void)client_say(c, GET "GET /client HTTP/1.1\r\n" HOST "X-Forwarded-For: 192.0.2.2\r\n" END);
    cases_check(t, client_answer(c, &a, false) == 200 && told("127.0.0.2", "192.0.2.1"), "A12: first: %s",
                a.body);
    cases_check(t, client_answer(c, &a, false) == 200 && told("127.0.0.2", "127.0.0.2"), "A12: second: %s",
                a.body);
    cases_check(t, client_answer(c, &a, false) == 200 && told("127.0.0.2", "192.0.2.2"), "A12: third: %s",
                a.body);
    client_close(c);

    /* A long list, as many as fit into a head: read in a moment, trusted hop by trusted hop. */
    static char many[32000];
    size_t at =
        (size_t)snprintf(many, sizeof many, "GET /client HTTP/1.1\r\n" HOST "X-Forwarded-For: 192.0.2.1");
    while (at < 31900)
        at += (size_t)snprintf(many + at, sizeof many - at, ",10.0.0.1");
    (void)snprintf(many + at, sizeof many - at, "\r\n" END);
    c = client_open_from(http_server_port(s), "127.0.0.2");
    cases_check(t, client_ask(c, many, &a) == 200 && told("127.0.0.2", "192.0.2.1"), "a long list: %s",
                a.body);
    client_close(c);
    http_server_stop(s);
}

/* Nobody is trusted unless somebody is named. */
static void check_nobody(struct cases *t)
{
    struct http_server *s = app_start((struct http_server_options){ .threads = 1 });
    struct client *c = client_open(http_server_port(s));

    cases_check(t, ask_with(c, "X-Forwarded-For: 192.0.2.1\r\n") == 200 && told("127.0.0.1", "127.0.0.1"),
                "A12: no trusted proxies: %s", a.body);
    cases_check(t, ask_with(c, "X-Forwarded-For: unknown\r\n") == 200 && told("127.0.0.1", "127.0.0.1"),
                "A12: no trusted proxies, a word: %s", a.body);
    client_close(c);
    http_server_stop(s);
}

/* A peer that comes in over an IPv6 socket with an IPv4 address is the IPv4 peer. */
static void check_mapped(struct cases *t)
{
    static const char *const v4[] = { "127.0.0.0/8", NULL };
    struct sockaddr_in6 any = { .sin6_family = AF_INET6 };
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool has_v6 = fd >= 0 && bind(fd, (struct sockaddr *)&any, sizeof any) == 0;

    if (fd >= 0)
        (void)close(fd);
    if (!has_v6) {
        cases_skip(t, "mapped peers: this machine has no IPv6");
        return;
    }
    struct http_server *s = app_start((struct http_server_options){ .host = "::", .trusted_proxies = v4 });
    struct client *c = client_open(http_server_port(s));

    cases_check(t, ask_with(c, "X-Forwarded-For: 192.0.2.1\r\n") == 200 && told("127.0.0.1", "192.0.2.1"),
                "a mapped peer is trusted: %s", a.body);
    client_close(c);
    http_server_stop(s);
}

/* -- PROXY headers -------------------------------------------------------------------------------------------- */

#define V2 "\r\n\r\n\0\r\nQUIT\n"

/* want NULL: the connection is closed without a word. */
static const struct {
    const char *name, *bytes;
    size_t len;
    const char *want;
} headers[] = {
#define ROW(name, text, want)                                                                                \
    {                                                                                                        \
        name, text, sizeof text - 1, want                                                                    \
    }
    ROW("v1 TCP4", "PROXY TCP4 192.0.2.1 127.0.0.1 4711 443\r\n", "192.0.2.1"),
    ROW("v1 TCP6", "PROXY TCP6 2001:db8:2::1 ::1 4711 443\r\n", "2001:db8:2::1"),
    ROW("v1 UNKNOWN", "PROXY UNKNOWN\r\n", "127.0.0.2"),
    ROW("v2 TCP4", V2 "\x21\x11\x00\x0c\xc0\x00\x02\x01\x7f\x00\x00\x01\x12\x67\x01\xbb", "192.0.2.1"),
    ROW("v2 TCP4 with a TLV",
        V2 "\x21\x11\x00\x10\xc0\x00\x02\x01\x7f\x00\x00\x01\x12\x67\x01\xbb\x04\x00\x01x", "192.0.2.1"),
    ROW("v2 LOCAL", V2 "\x20\x00\x00\x00", "127.0.0.2"),
    ROW("v2 LOCAL with bytes",
        V2 "\x20\x00\x00\x03"
           "GET",
        "127.0.0.2"),

    ROW("A12: no header", "GET /client HTTP/1.1\r\n" HOST END, NULL),
    ROW("A12: an empty line", "\r\nGET /client HTTP/1.1\r\n" HOST END, NULL),
    ROW("A12: v1 with a bad address", "PROXY TCP4 192.0.2.256 127.0.0.1 4711 443\r\n", NULL),
    ROW("A12: v1 with LF", "PROXY TCP4 192.0.2.1 127.0.0.1 4711 443\n", NULL),
    ROW("A12: v2 of a datagram", V2 "\x21\x12\x00\x0c\xc0\x00\x02\x01\x7f\x00\x00\x01\x12\x67\x01\xbb", NULL),
    ROW("A12: v2 too long", V2 "\x21\x11\x02\x19", NULL),
    ROW("A12: v3", V2 "\x31\x11\x00\x0c\xc0\x00\x02\x01\x7f\x00\x00\x01\x12\x67\x01\xbb", NULL),
#undef ROW
};

static void check_headers(struct cases *t, struct http_server *s)
{
    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++)
        for (int drip = 0; drip < 2; drip++) {
            struct client *c = client_open_from(http_server_port(s), "127.0.0.2");
            (void)setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
            for (size_t at = 0; drip && at < headers[i].len; at++) {
                (void)client_send(c, headers[i].bytes + at, 1);
                if (at % 4 == 0)
                    sleep_ms(1);
            }
            if (!drip)
                (void)client_send(c, headers[i].bytes, headers[i].len);
            (void)client_say(c, GET GET);
            int status = client_answer(c, &a, false);
            if (headers[i].want) {
                cases_check(t, status == 200 && told("127.0.0.2", headers[i].want), "%s: %d %s",
                            headers[i].name, status, a.body);
                status = client_answer(c, &a, false);
                cases_check(t, status == 200 && told("127.0.0.2", headers[i].want), "%s, next: %d %s",
                            headers[i].name, status, a.body);
            } else
                cases_check(t, status == 0 && c->len == 0, "%s: %d %s", headers[i].name, status, a.head);
            client_close(c);
        }
}

/* The header names a proxy of ours, whose own word then counts; or a client, whose does not. */
static void check_both(struct cases *t, struct http_server *s)
{
    static const struct {
        const char *name, *text, *want;
    } rows[] = {
        { "a trusted source", "PROXY TCP4 10.1.2.3 127.0.0.1 1 2\r\n", "192.0.2.1" },
        { "A12: a source that is not trusted", "PROXY TCP4 198.51.100.9 127.0.0.1 1 2\r\n", "198.51.100.9" },
        { "UNKNOWN: the peer is trusted", "PROXY UNKNOWN\r\n", "192.0.2.1" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct client *c = client_open_from(http_server_port(s), "127.0.0.2");
        (void)client_say(c, rows[i].text);
        int status = ask_with(c, "X-Forwarded-For: 192.0.2.1\r\n");
        cases_check(t, status == 200 && told("127.0.0.2", rows[i].want), "%s: %d %s", rows[i].name, status,
                    a.body);
        client_close(c);
    }
}

/* From others no header is looked for: it is a bad request line, as it always was. */
static void check_untrusted(struct cases *t, struct http_server *s)
{
    struct client *c = client_open_from(http_server_port(s), "127.0.0.3");

    cases_check(t, client_ask(c, GET, &a) == 200 && told("127.0.0.3", "127.0.0.3"),
                "A12: without a header: %s", a.body);
    cases_check(t, client_ask(c, "PROXY TCP4 192.0.2.1 127.0.0.1 1 2\r\n" GET, &a) == 400 && client_at_end(c),
                "A12: a header in the middle");
    client_close(c);
    c = client_open_from(http_server_port(s), "127.0.0.3");
    cases_check(t, client_ask(c, "PROXY TCP4 192.0.2.1 127.0.0.1 1 2\r\n" GET, &a) == 400 && client_at_end(c),
                "A12: a header of version 1");
    client_close(c);
    c = client_open_from(http_server_port(s), "127.0.0.3");
    (void)client_send(c, headers[3].bytes, headers[3].len);
    (void)client_say(c, GET);
    cases_check(t, client_answer(c, &a, false) == 400 && client_at_end(c), "A12: a header of version 2");
    client_close(c);
    /* And a second one from a trusted proxy is a request line, too. */
    c = client_open_from(http_server_port(s), "127.0.0.2");
    (void)client_say(c, "PROXY TCP4 192.0.2.1 127.0.0.1 1 2\r\nPROXY TCP4 192.0.2.2 127.0.0.1 1 2\r\n" GET);
    cases_check(t, client_answer(c, &a, false) == 400 && client_at_end(c), "A12: two headers");
    client_close(c);
}

/* Nothing, half a header, or one that never ends: closed when the time for the handshake is over. */
static void check_late(struct cases *t)
{
    static const char *const rows[] = { "", "PRO", "PROXY UNKNOWN xxxx", "\r\n\r\n" };
    struct http_server *s = app_start((struct http_server_options){
        .handshake_ms = 400, .idle_ms = 60000, .trusted_proxies = trusted, .proxy_protocol = true });

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct client *c = client_open_from(http_server_port(s), "127.0.0.2");
        struct timespec begin, end;
        (void)client_say(c, rows[i]);
        (void)clock_gettime(CLOCK_MONOTONIC, &begin);
        bool closed = !client_receive(c);
        (void)clock_gettime(CLOCK_MONOTONIC, &end);
        long ms = (end.tv_sec - begin.tv_sec) * 1000 + (end.tv_nsec - begin.tv_nsec) / 1000000;
        cases_check(t, closed && ms >= 300 && ms < 5000, "late, row %zu: %ld ms", i, ms);
        client_close(c);
    }
    struct client *c = client_open_from(http_server_port(s), "127.0.0.2");
    bool dropped = false;
    for (int i = 0; i < 40 && !dropped; i++) { /* for two seconds; no byte moves the deadline */
        dropped = !client_send(c, i < 14 ? &"PROXY UNKNOWN "[i] : "x", 1);
        sleep_ms(50);
    }
    cases_check(t, dropped, "a header that drips");
    client_close(c);
    WAIT_UNTIL(counters_of(s).connections_open == 0);
    cases_check(t, counters_of(s).timeouts == 5 && counters_of(s).bad_requests == 0, "%lu timeouts, %lu bad",
                (unsigned long)counters_of(s).timeouts, (unsigned long)counters_of(s).bad_requests);
    /* In time: then the idle time counts, not the handshake's. */
    c = client_open_from(http_server_port(s), "127.0.0.2");
    (void)client_say(c, "PROXY UNKNOWN\r\n");
    sleep_ms(800);
    cases_check(t, client_ask(c, GET, &a) == 200, "the deadline ends with the header");
    client_close(c);
    http_server_stop(s);
}

static void check_gone(struct cases *t, struct http_server *s)
{
    for (int i = 0; i < 20; i++) {
        struct client *c = client_open_from(http_server_port(s), "127.0.0.2");
        (void)client_send(c, "PROXY UNKNOWN", (size_t)i % 14);
        if (i % 2)
            client_reset(c);
        else
            client_close(c);
    }
    WAIT_UNTIL(counters_of(s).connections_open == 0);
    cases_check(t, counters_of(s).connections_open == 0,
                "peers that go in the middle of a header are forgotten");
}

static void check_options(struct cases *t)
{
    static const char *const none[] = { NULL };
    static const char *const bad[] = { "127.0.0.1", "10.0.0.0/33", NULL };
    const struct {
        const char *name, *where;
        struct http_server_options options;
    } rows[] = {
        { "PROXY headers and no networks", "http.proxy_protocol", { .proxy_protocol = true } },
        { "PROXY headers and an empty list",
          "http.proxy_protocol",
          { .proxy_protocol = true, .trusted_proxies = none } },
        { "a network that is none", "http.trusted_proxies[1]", { .trusted_proxies = bad } },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct http_server_options options = rows[i].options;
        struct http_server *s = NULL;
        struct att_err err = { 0 };
        options.app = (struct http_app){ .on_head = app_head, .on_request = app_request, .on_bad = app_bad };
        bool ok = http_server_start(&options, &s, &err);
        cases_check(t, !ok && !s && err.code == ATT_CONFIG_INVALID && strcmp(err.where, rows[i].where) == 0,
                    "start, %s: %s", rows[i].name, err.text);
    }
}

int main(void)
{
    struct cases t = { .name = "http.proxy" };

    check_forwarded(&t);
    check_nobody(&t);
    check_mapped(&t);
    struct http_server *s = app_start(
        (struct http_server_options){ .threads = 2, .trusted_proxies = trusted, .proxy_protocol = true });
    check_headers(&t, s);
    check_both(&t, s);
    check_untrusted(&t, s);
    check_gone(&t, s);
    http_server_stop(s);
    check_late(&t);
    check_options(&t);
    return cases_report(&t);
}
