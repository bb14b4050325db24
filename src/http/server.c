/* Threads, each with a loop and a listening socket of its own; the kernel spreads connections over them. */
#include "http/h1_parse.h"
#include "http/http.h"
#include "http/listener.h"
#include "http/loop.h"
#include "http/peers.h"
#include "http/tls.h"

#include "base/err.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

enum { THREADS_MAX = 64 };

struct worker {
    struct loop loop;
    pthread_t thread;
};

struct http_server {
    struct http_shared shared;
    struct worker *workers;
    unsigned opened;  /* loops that loop_close must free */
    unsigned started; /* threads that must be joined */
    uint16_t port;
    struct listener_file file; /* of a unix socket */
};

#define DEFAULT(field, value)                                                                                \
    do {                                                                                                     \
        if (!(field))                                                                                        \
            (field) = (value);                                                                               \
    } while (0)

static void fill_defaults(struct http_server_options *o)
{
    DEFAULT(o->host, "127.0.0.1");
    DEFAULT(o->threads, 1);
    DEFAULT(o->unix_mode, 0660);
    DEFAULT(o->handshake_ms, 10000);
    DEFAULT(o->head_ms, 10000);
    DEFAULT(o->body_ms, 10000);
    DEFAULT(o->write_ms, 10000);
    DEFAULT(o->rate_bytes_per_s, 4096);
    DEFAULT(o->idle_ms, 120000);
    DEFAULT(o->linger_ms, 2000);
    DEFAULT(o->connections_max, 20000);
    DEFAULT(o->target_bytes_max, 8192);
    DEFAULT(o->head_bytes_max, 32768);
    DEFAULT(o->header_count_max, H1_HEADERS_MAX);
    DEFAULT(o->body_bytes_max, (size_t)1 << 20);
    DEFAULT(o->arena_bytes_max, (size_t)8 << 20);
}

static bool options_check(const struct http_server_options *o, struct att_err *err)
{
    if (!o->app.on_head || !o->app.on_request || !o->app.on_bad)
        return att_fail(err, ATT_CONFIG_INVALID, "http.app", "all three functions", "one is missing");
    if (o->threads > THREADS_MAX)
        return att_fail(err, ATT_CONFIG_INVALID, "http.threads", "1 to 64", "%u", o->threads);
    if (o->header_count_max > H1_HEADERS_MAX)
        return att_fail(err, ATT_CONFIG_INVALID, "http.header_count_max", "1 to 100", "%zu",
                        o->header_count_max);
    if ((o->cert_path == NULL) != (o->key_path == NULL))
        return att_fail(err, ATT_CONFIG_INVALID, "http.tls", "certificate and key, or neither",
                        "one of them");
    if (o->unix_path && o->cert_path)
        return att_fail(err, ATT_CONFIG_INVALID, "http.unix_path", "plain HTTP", "a certificate");
    /* Else everybody is served as if no proxy were there, and the addresses that are logged are wrong. */
    if (o->proxy_protocol && (o->unix_path || !o->trusted_proxies || !o->trusted_proxies[0]))
        return att_fail(err, ATT_CONFIG_INVALID, "http.proxy_protocol",
                        "networks of proxies, and no unix socket",
                        o->unix_path ? "a unix socket" : "no networks");
    return true;
}

static void *thread_main(void *arg)
{
    struct worker *w = arg;
    loop_run(&w->loop);
    return NULL;
}

/* Signals belong to the caller's threads. SIGPIPE with them: OpenSSL writes with write(2), and a peer that
 * has gone must be an error here, not the end of the process. */
static bool thread_start(struct worker *w)
{
    sigset_t all, before;

    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    bool ok = pthread_create(&w->thread, NULL, thread_main, w) == 0;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return ok;
}

/* The socket of the next loop. */
static bool open_listener(struct http_server *s, int *ret_fd, struct att_err *err)
{
    const struct http_server_options *o = &s->shared.options;

    if (!o->unix_path)
        return listener_open(o->host, s->opened == 0, &s->port, ret_fd, err);
    if (s->opened > 0)
        return listener_share(s->workers[0].loop.listen_fd, ret_fd, err);
    return listener_open_unix(o->unix_path, o->unix_mode, &s->file, ret_fd, err);
}

static bool open_loops(struct http_server *s, struct att_err *err)
{
    const struct http_server_options *o = &s->shared.options;

    for (; s->opened < o->threads; s->opened++) {
        int fd = -1;
        if (!open_listener(s, &fd, err) || !loop_open(&s->workers[s->opened].loop, &s->shared, fd, err))
            return false;
    }
    return true;
}

static bool start_threads(struct http_server *s, struct att_err *err)
{
    for (; s->started < s->opened; s->started++)
        if (!thread_start(&s->workers[s->started]))
            return att_fail(err, ATT_IO_FAILED, "http.threads", "a new thread", "none");
    return true;
}

static bool prepare(struct http_server *s, struct att_err *err)
{
    const struct http_server_options *o = &s->shared.options;

    s->workers = calloc(o->threads, sizeof *s->workers);
    if (!s->workers)
        return att_fail_memory(err, "http.threads");
    s->port = o->unix_path ? 0 : o->port;
    return att_cidr_list_parse(o->trusted_proxies, "http.trusted_proxies", &s->shared.trusted, err) &&
           (!o->cert_path || tls_store_new(o->cert_path, o->key_path, &s->shared.tls, err)) &&
           (o->connections_per_client_max == 0 ||
            http_peers_new(o->connections_per_client_max, o->connections_max, &s->shared.peers, err)) &&
           open_loops(s, err) && start_threads(s, err);
}

bool http_server_start(const struct http_server_options *options, struct http_server **ret,
                       struct att_err *err)
{
    struct http_server *s = calloc(1, sizeof *s);
    if (!s)
        return att_fail_memory(err, "http.server");
    s->shared.options = *options;
    fill_defaults(&s->shared.options);
    if (!options_check(&s->shared.options, err) || !prepare(s, err)) {
        http_server_stop(s);
        return false;
    }
    /* The caller's texts were needed until here only. */
    s->shared.options.host = s->shared.options.cert_path = s->shared.options.key_path = NULL;
    s->shared.options.unix_path = NULL;
    s->shared.options.trusted_proxies = NULL;
    *ret = s;
    return true;
}

uint16_t http_server_port(const struct http_server *server)
{
    return server->port;
}

bool http_server_reload_tls(struct http_server *server, const char *cert_path, const char *key_path,
                            struct att_err *err)
{
    if (!server->shared.tls)
        return att_fail(err, ATT_CONFIG_INVALID, "http.tls", "a server with TLS", "a plain one");
    return tls_store_reload(server->shared.tls, cert_path, key_path, err);
}

static void command(struct http_server *s, enum loop_command what)
{
    atomic_store(&s->shared.command, what);
    for (unsigned i = 0; i < s->started; i++)
        loop_wake(&s->workers[i].loop);
    for (unsigned i = 0; i < s->started; i++)
        (void)pthread_join(s->workers[i].thread, NULL); /* they end: both commands do */
    s->started = 0;
}

bool http_server_drain(struct http_server *server, unsigned deadline_ms)
{
    bool whole = true;

    atomic_store(&server->shared.drain_until_ms, loop_now_ms() + deadline_ms);
    command(server, LOOP_DRAIN);
    for (unsigned i = 0; i < server->opened; i++)
        whole = whole && !server->workers[i].loop.cut;
    return whole;
}

void http_server_stop(struct http_server *server)
{
    if (!server)
        return;
    command(server, LOOP_STOP);
    for (unsigned i = 0; i < server->opened; i++)
        loop_close(&server->workers[i].loop);
    listener_remove(&server->file);
    tls_store_free(server->shared.tls);
    http_peers_free(server->shared.peers);
    att_cidr_list_free(&server->shared.trusted);
    free(server->workers);
    free(server);
}

void http_server_counters(const struct http_server *server, struct http_counters *ret)
{
    struct http_counters sum = { 0 };
    uint64_t closed = 0;

    for (unsigned i = 0; i < server->opened; i++) {
        const struct loop_counters *c = &server->workers[i].loop.counters;
        closed += atomic_load_explicit(&c->closed, memory_order_relaxed);
        sum.connections_total += atomic_load_explicit(&c->opened, memory_order_relaxed);
        sum.connections_refused += atomic_load_explicit(&c->refused, memory_order_relaxed);
        sum.requests += atomic_load_explicit(&c->requests, memory_order_relaxed);
        sum.bad_requests += atomic_load_explicit(&c->bad_requests, memory_order_relaxed);
        sum.internal_errors += atomic_load_explicit(&c->internal_errors, memory_order_relaxed);
        sum.timeouts += atomic_load_explicit(&c->timeouts, memory_order_relaxed);
        sum.tls_failures += atomic_load_explicit(&c->tls_failures, memory_order_relaxed);
    }
    sum.tls_not_after_unix_s = server->shared.tls ? tls_store_not_after(server->shared.tls) : 0;
    sum.connections_open = sum.connections_total > closed ? sum.connections_total - closed : 0;
    *ret = sum;
}
