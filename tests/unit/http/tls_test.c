/* The server over TLS, with certificates made here: versions, ALPN, tickets, reload, goodbyes. */
#include "unit/http/app.h"
#include "unit/http/client.h"

#include "support/cases.h"

#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <signal.h>

#define GET "GET /info HTTP/1.1\r\nHost: localhost\r\n\r\n"

static struct answer a;
static char dir[] = "/tmp/attestd-http-test-XXXXXX";

struct pair {
    char cert[128], key[128];
};

static void must(bool ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "%s failed\n", what);
    abort();
}

/* A self-signed test certificate for this name. */
static struct pair make_pair(const char *name)
{
    struct pair p;
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *cert = X509_new();

    must(key && cert, "making a key");
    X509_NAME *subject = X509_get_subject_name(cert);
    must(X509_set_version(cert, 2) && ASN1_INTEGER_set(X509_get_serialNumber(cert), 1) &&
             X509_gmtime_adj(X509_getm_notBefore(cert), -60) &&
             X509_gmtime_adj(X509_getm_notAfter(cert), 3600) &&
             X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const unsigned char *)name, -1, -1,
                                        0) &&
             X509_set_issuer_name(cert, subject) && X509_set_pubkey(cert, key) &&
             X509_sign(cert, key, EVP_sha256()),
         "making a certificate");
    (void)snprintf(p.cert, sizeof p.cert, "%s/%s.crt", dir, name);
    (void)snprintf(p.key, sizeof p.key, "%s/%s.key", dir, name);
    FILE *f = fopen(p.cert, "w");
    must(f && PEM_write_X509(f, cert) && fclose(f) == 0, "writing a certificate");
    f = fopen(p.key, "w");
    must(f && PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL) && fclose(f) == 0, "writing a key");
    X509_free(cert);
    EVP_PKEY_free(key);
    return p;
}

static void remove_pair(const struct pair *p)
{
    (void)unlink(p->cert);
    (void)unlink(p->key);
}

/* Certificates are not checked: what is tested is the server's side. */
static SSL_CTX *client_ctx(int min, int max)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    must(ctx && SSL_CTX_set_min_proto_version(ctx, min) && SSL_CTX_set_max_proto_version(ctx, max),
         "client context");
    return ctx;
}

static bool speaks(uint16_t port, SSL_CTX *ctx, const char *version)
{
    struct client *c = client_open(port);
    bool ok = client_tls(c, ctx, NULL) && client_ask(c, GET, &a) == 200 && strstr(a.body, version) &&
              strstr(a.body, "\ntest.example\n");
    client_close(c);
    return ok;
}

static bool certificate_is(const struct client *c, const char *name)
{
    char text[64] = "";
    X509 *cert = SSL_get1_peer_certificate(c->ssl);
    bool ok = cert &&
              X509_NAME_get_text_by_NID(X509_get_subject_name(cert), NID_commonName, text, sizeof text) > 0 &&
              strcmp(text, name) == 0;
    X509_free(cert);
    return ok;
}

static void check_versions(struct cases *t, uint16_t port)
{
    static const struct {
        const char *name, *shown;
        int version;
        bool ok;
    } rows[] = {
        { "TLS 1.0", "", TLS1_VERSION, false },
        { "TLS 1.1", "", TLS1_1_VERSION, false },
        { "TLS 1.2", "\nTLSv1.2\n", TLS1_2_VERSION, true },
        { "TLS 1.3", "\nTLSv1.3\n", TLS1_3_VERSION, true },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        SSL_CTX *ctx = client_ctx(rows[i].version, rows[i].version);
        SSL_CTX_set_security_level(ctx, 0); /* else the client itself would refuse the old ones */
        cases_check(t, SSL_CTX_set_cipher_list(ctx, "ALL"), "ciphers");
        cases_check(t, speaks(port, ctx, rows[i].shown) == rows[i].ok, "%s", rows[i].name);
        SSL_CTX_free(ctx);
    }
    SSL_CTX *weak = client_ctx(TLS1_2_VERSION, TLS1_2_VERSION);
    cases_check(t, SSL_CTX_set_cipher_list(weak, "ECDHE+AES:!AESGCM:!AESCCM"), "ciphers");
    cases_check(t, !speaks(port, weak, ""), "CBC suites are refused");
    SSL_CTX_free(weak);
}

static void check_alpn(struct cases *t, uint16_t port)
{
    static const struct {
        const char *name, *offer;
        bool ok, chosen;
    } rows[] = {
        { "http/1.1 alone", "\x08http/1.1", true, true },
        { "h2 and http/1.1", "\x02h2\x08http/1.1", true, true },
        { "h2 alone", "\x02h2", false, false },
        { "http/1.0", "\x08http/1.0", false, false },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        SSL_CTX *ctx = client_ctx(TLS1_2_VERSION, TLS1_3_VERSION);
        (void)SSL_CTX_set_alpn_protos(ctx, (const unsigned char *)rows[i].offer,
                                      (unsigned)strlen(rows[i].offer));
        struct client *c = client_open(port);
        bool ok = client_tls(c, ctx, NULL) && client_ask(c, GET, &a) == 200;
        const unsigned char *got = NULL;
        unsigned len = 0;
        SSL_get0_alpn_selected(c->ssl, &got, &len);
        cases_check(t, ok == rows[i].ok && (len == 8 && memcmp(got, "http/1.1", 8) == 0) == rows[i].chosen,
                    "ALPN %s", rows[i].name);
        client_close(c);
        SSL_CTX_free(ctx);
    }
}

static void check_keep_alive(struct cases *t, uint16_t port, SSL_CTX *ctx)
{
    static char body[60000], text[61000];
    struct client *c = client_open(port);

    cases_check(t, client_tls(c, ctx, NULL), "handshake");
    for (size_t size = 1; size <= sizeof body; size = size * 3 + 1) {
        for (size_t i = 0; i < size; i++)
            body[i] = (char)('a' + (i * 11 + size) % 26);
        int head = snprintf(text, sizeof text,
                            "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: %zu\r\n\r\n", size);
        memcpy(text + head, body, size);
        bool ok = client_send(c, text, (size_t)head + size) && client_answer(c, &a, false) == 200 &&
                  a.body_bytes == size && memcmp(a.body, body, size) == 0;
        cases_check(t, ok, "TLS body of %zu bytes", size);
    }
    for (size_t i = 0; i < sizeof GET - 1; i++)
        (void)client_send(c, &GET[i], 1); /* a record for each byte */
    cases_check(t, client_answer(c, &a, false) == 200, "a request in records of one byte");
    (void)client_say(c, GET GET GET);
    for (int i = 0; i < 3; i++)
        cases_check(t, client_answer(c, &a, false) == 200, "three requests in one record: %d", i);
    /* Several records in one segment: what TLS has read ahead no longer shows on the socket. */
    int on = 1, off = 0;
    for (int round = 0; round < 10; round++) {
        (void)setsockopt(c->fd, IPPROTO_TCP, TCP_CORK, &on, sizeof on);
        for (int i = 0; i < 3; i++)
            (void)client_say(c, GET);
        (void)setsockopt(c->fd, IPPROTO_TCP, TCP_CORK, &off, sizeof off);
        for (int i = 0; i < 3; i++)
            cases_check(t, client_answer(c, &a, false) == 200, "three records at once: %d", i);
    }
    cases_check(t, client_ask(c, "GET / HTTP/1.1\r\n\r\n", &a) == 400 && a.close && client_at_end(c),
                "a refusal ends with close_notify");
    client_close(c);
}

static void check_big(struct cases *t, uint16_t port, SSL_CTX *ctx)
{
    struct client *c = client_open(port);
    size_t total = 0;

    cases_check(t,
                client_tls(c, ctx, NULL) &&
                    client_say(c, "GET /big HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
                "asking for much");
    for (;;) {
        int n = SSL_read(c->ssl, c->bytes, CLIENT_BYTES);
        if (n <= 0)
            break;
        total += (size_t)n;
    }
    cases_check(t, total > APP_BIG_BYTES && total < APP_BIG_BYTES + 500, "%zu bytes of %d", total,
                APP_BIG_BYTES);
    client_close(c);
}

/* The ticket of TLS 1.3 comes behind the handshake, so it is asked for after an answer was read. */
static void check_tickets(struct cases *t, uint16_t port)
{
    static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };

    for (size_t i = 0; i < 2; i++) {
        SSL_CTX *ctx = client_ctx(versions[i], versions[i]);
        struct client *c = client_open(port);
        bool ok = client_tls(c, ctx, NULL) && client_ask(c, GET, &a) == 200;
        SSL_SESSION *session = SSL_get1_session(c->ssl);
        cases_check(t, ok && session && SSL_SESSION_has_ticket(session), "a ticket is given");
        (void)SSL_shutdown(c->ssl); /* OpenSSL does not resume what was not ended properly */
        client_close(c);
        c = client_open(port);
        ok = client_tls(c, ctx, session) && client_ask(c, GET, &a) == 200;
        cases_check(t, ok && SSL_session_reused(c->ssl), "a session is resumed");
        client_close(c);
        SSL_SESSION_free(session);
        SSL_CTX_free(ctx);
    }
}

static void check_reload(struct cases *t, struct http_server *s, SSL_CTX *ctx, const struct pair *one)
{
    struct pair two = make_pair("second");
    uint16_t port = http_server_port(s);
    struct client *before = client_open(port);
    struct att_err err = { 0 };

    cases_check(t, client_tls(before, ctx, NULL) && certificate_is(before, "first"), "the first certificate");
    cases_check(t, !http_server_reload_tls(s, two.cert, one->key, &err) && err.code == ATT_CONFIG_INVALID,
                "reload: a key of another certificate is refused");
    err = (struct att_err){ 0 };
    cases_check(t, !http_server_reload_tls(s, "/nowhere", two.key, &err) && err.code == ATT_CONFIG_INVALID,
                "reload: no file");
    err = (struct att_err){ 0 };
    cases_check(t, !http_server_reload_tls(s, two.key, two.key, &err), "reload: not a certificate");
    struct client *c = client_open(port);
    cases_check(t, client_tls(c, ctx, NULL) && certificate_is(c, "first"),
                "the first one stays after failures");
    client_close(c);

    err = (struct att_err){ 0 };
    cases_check(t, http_server_reload_tls(s, two.cert, two.key, &err), "reload: %s", err.text);
    c = client_open(port);
    cases_check(t, client_tls(c, ctx, NULL) && certificate_is(c, "second") && client_ask(c, GET, &a) == 200,
                "the second certificate");
    client_close(c);
    cases_check(t, client_ask(before, GET, &a) == 200, "a connection of before goes on");
    client_close(before);
    remove_pair(&two);
}

static void check_hostile(struct cases *t, struct http_server *s, SSL_CTX *ctx)
{
    uint16_t port = http_server_port(s);
    struct http_counters n;

    struct client *c = client_open(port);
    (void)client_say(c, GET);
    while (client_receive(c))
        continue;
    cases_check(t, !strstr(c->bytes, "HTTP/1.1"), "plain HTTP is not answered");
    client_close(c);

    /* Cut after the handshake, in the middle of a request, without a goodbye. */
    for (int i = 0; i < 20; i++) {
        c = client_open(port);
        (void)client_tls(c, ctx, NULL);
        for (int k = 0; k < 10; k++)
            (void)client_say(c, "GET /big HTTP/1.1\r\nHost: a\r\n\r\n");
        client_reset(c);
    }
    http_server_counters(s, &n);
    cases_check(t, n.tls_failures > 0, "failed handshakes are counted");
    cases_check(t, speaks(port, ctx, ""), "the next client is served");
}

static void check_deadlines(struct cases *t, const struct pair *one, SSL_CTX *ctx)
{
    struct http_server_options options = {
        .cert_path = one->cert, .key_path = one->key, .handshake_ms = 300, .idle_ms = 300, .head_ms = 300
    };
    struct http_server *s = app_start(options);
    struct client *silent = client_open(http_server_port(s));
    struct client *half = client_open(http_server_port(s));
    struct http_counters n;

    (void)client_say(half, "\x16\x03\x01\x02"); /* the start of a ClientHello */
    cases_check(t, !client_receive(silent) && !client_receive(half), "a handshake that does not end is cut");
    http_server_counters(s, &n);
    cases_check(t, n.timeouts == 2, "%lu timeouts", (unsigned long)n.timeouts);
    struct client *c = client_open(http_server_port(s));
    cases_check(t, client_tls(c, ctx, NULL) && client_ask(c, GET, &a) == 200 && client_at_end(c),
                "an idle connection is closed with close_notify");
    client_close(c);
    c = client_open(http_server_port(s));
    cases_check(t,
                client_tls(c, ctx, NULL) && client_say(c, "GET /") && client_answer(c, &a, false) == 408 &&
                    client_at_end(c),
                "408 over TLS");
    client_close(c);
    client_close(silent);
    client_close(half);
    http_server_stop(s);
}

/* Answered by another thread: version and server name are there still, and what OpenSSL has read ahead is not lost. */
static void check_later(struct cases *t, uint16_t port)
{
    static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };

    for (size_t i = 0; i < 2; i++) {
        SSL_CTX *ctx = client_ctx(versions[i], versions[i]);
        struct client *c = client_open(port);
        int on = 1, off = 0;
        cases_check(t, client_tls(c, ctx, NULL), "later: handshake");
        (void)client_say(c, "GET /later HTTP/1.1\r\nHost: a\r\n\r\n" GET); /* in one record */
        cases_check(t, client_answer(c, &a, false) == 200 && strstr(a.body, "\ntest.example\n"), "later: %s",
                    a.body);
        cases_check(t, client_answer(c, &a, false) == 200, "later: behind it in the record");
        (void)setsockopt(c->fd, IPPROTO_TCP, TCP_CORK, &on, sizeof on);
        (void)client_say(c, "GET /later HTTP/1.1\r\nHost: a\r\n\r\n"); /* in one segment */
        (void)client_say(c, "GET /later HTTP/1.1\r\nHost: a\r\n\r\n");
        (void)client_say(c, GET);
        (void)setsockopt(c->fd, IPPROTO_TCP, TCP_CORK, &off, sizeof off);
        for (int k = 0; k < 3; k++)
            cases_check(t, client_answer(c, &a, false) == 200 && strstr(a.body, "\ntest.example\n"),
                        "later: behind it in the segment: %d", k);
        client_close(c);
        /* Gone in the meantime: with a goodbye, without one, with a reset. */
        for (int k = 0; k < 30; k++) {
            c = client_open(port);
            (void)client_tls(c, ctx, NULL);
            (void)client_say(c, "GET /later HTTP/1.1\r\nHost: a\r\n\r\n" GET);
            if (k % 3 == 0)
                (void)SSL_shutdown(c->ssl);
            if (k % 3 == 1)
                client_reset(c);
            else
                client_close(c);
        }
        cases_check(t, speaks(port, ctx, ""), "later: the next client is served");
        SSL_CTX_free(ctx);
    }
}

/* The PROXY header comes before TLS, maybe in one segment with it, and its time is the handshake's. */
static void check_proxy(struct cases *t, const struct pair *one, SSL_CTX *ctx)
{
    static const char *const trusted[] = { "127.0.0.2", NULL };
    static const char header[] = "PROXY TCP4 192.0.2.1 127.0.0.1 4711 443\r\n";
    struct http_server_options options = { .cert_path = one->cert,
                                           .key_path = one->key,
                                           .handshake_ms = 1500,
                                           .trusted_proxies = trusted,
                                           .proxy_protocol = true };
    struct http_server *s = app_start(options);
    int on = 1, off = 0;

    for (int round = 0; round < 2; round++) {
        struct client *c = client_open_from(http_server_port(s), "127.0.0.2");
        (void)setsockopt(c->fd, IPPROTO_TCP, round ? TCP_CORK : TCP_NODELAY, &on, sizeof on);
        (void)client_say(c, header);
        c->ssl = SSL_new(ctx);
        must(c->ssl && SSL_set_fd(c->ssl, c->fd) == 1, "a TLS client");
        SSL_set_connect_state(c->ssl);
        if (round) { /* the header waits for the ClientHello, which the server answers after the cork is out */
            (void)SSL_set_mode(c->ssl, SSL_MODE_AUTO_RETRY);
            struct timeval moment = { .tv_usec = 1000 }, limit = { .tv_sec = CLIENT_TIMEOUT_S };
            (void)setsockopt(c->fd, SOL_SOCKET, SO_RCVTIMEO, &moment, sizeof moment);
            (void)SSL_do_handshake(c->ssl);
            (void)setsockopt(c->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
            (void)setsockopt(c->fd, IPPROTO_TCP, TCP_CORK, &off, sizeof off);
        }
        cases_check(t, SSL_do_handshake(c->ssl) == 1, "PROXY and TLS, round %d", round);
        cases_check(t,
                    client_ask(c, "GET /client HTTP/1.1\r\nHost: a\r\n\r\n", &a) == 200 &&
                        strstr(a.body, "\n192.0.2.1\n"),
                    "PROXY and TLS, round %d: %s", round, a.body);
        client_close(c);
    }
    struct client *c = client_open_from(http_server_port(s), "127.0.0.2");
    cases_check(t, !client_tls(c, ctx, NULL), "A12: TLS without the header is closed");
    client_close(c);
    c = client_open(http_server_port(s));
    cases_check(t, client_tls(c, ctx, NULL) && client_ask(c, GET, &a) == 200, "others need none");
    client_close(c);

    /* A second for the header leaves half a second for the handshake, not one and a half. */
    struct timespec begin, end;
    c = client_open_from(http_server_port(s), "127.0.0.2");
    (void)clock_gettime(CLOCK_MONOTONIC, &begin);
    sleep_ms(1000);
    (void)client_say(c, header);
    bool cut = !client_receive(c);
    (void)clock_gettime(CLOCK_MONOTONIC, &end);
    long ms = (end.tv_sec - begin.tv_sec) * 1000 + (end.tv_nsec - begin.tv_nsec) / 1000000;
    cases_check(t, cut && ms < 2300, "one deadline for header and handshake: %ld ms", ms);
    client_close(c);
    http_server_stop(s);
}

static void *drain_main(void *arg)
{
    return http_server_drain(arg, 20000) ? arg : NULL;
}

/* One thread: with two, the other one may not have heard of the drain when the first closes its connection. */
static void check_drain(struct cases *t, const struct pair *one, SSL_CTX *ctx)
{
    struct http_server *s =
        app_start((struct http_server_options){ .cert_path = one->cert, .key_path = one->key });
    struct client *idle = client_open(http_server_port(s)), *busy = client_open(http_server_port(s));
    void *whole = NULL;
    pthread_t thread;

    cases_check(t, client_tls(idle, ctx, NULL) && client_ask(idle, GET, &a) == 200, "drain: first request");
    cases_check(t, client_tls(busy, ctx, NULL) && client_say(busy, "GET / HTTP/1.1\r\n"),
                "drain: half a request");
    sleep_ms(100);
    must(pthread_create(&thread, NULL, drain_main, s) == 0, "a thread");
    cases_check(t, client_at_end(idle), "drain: close_notify to the idle one");
    cases_check(t, client_ask(busy, "Host: a\r\n\r\n", &a) == 200 && a.close && client_at_end(busy),
                "drain: answer, then close_notify");
    client_close(idle);
    client_close(busy);
    (void)pthread_join(thread, &whole);
    cases_check(t, whole == s, "drain: everything ended by itself");
    http_server_stop(s);
}

int main(void)
{
    struct cases t = { .name = "http.tls" };

    must(mkdtemp(dir) != NULL, "making a folder");
    struct pair one = make_pair("first");
    SSL_CTX *ctx = client_ctx(TLS1_2_VERSION, TLS1_3_VERSION);
    struct http_server *s =
        app_start((struct http_server_options){ .threads = 2, .cert_path = one.cert, .key_path = one.key });

    /* For this thread only, and after the server's have started: that those survive a broken pipe is their own merit. */
    sigset_t pipe_signal;
    must(sigemptyset(&pipe_signal) == 0 && sigaddset(&pipe_signal, SIGPIPE) == 0 &&
             pthread_sigmask(SIG_BLOCK, &pipe_signal, NULL) == 0,
         "blocking SIGPIPE");

    check_versions(&t, http_server_port(s));
    check_alpn(&t, http_server_port(s));
    check_keep_alive(&t, http_server_port(s), ctx);
    check_big(&t, http_server_port(s), ctx);
    check_tickets(&t, http_server_port(s));
    check_reload(&t, s, ctx, &one);
    check_hostile(&t, s, ctx);
    check_later(&t, http_server_port(s));
    check_drain(&t, &one, ctx);
    http_server_stop(s);
    check_deadlines(&t, &one, ctx);
    check_proxy(&t, &one, ctx);
    SSL_CTX_free(ctx);
    remove_pair(&one);
    (void)rmdir(dir);
    return cases_report(&t);
}
