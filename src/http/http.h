/* http/http.h - an HTTP/1.1 server that is strict about framing and holds absolute deadlines.
 *
 * The application gives three functions and gets parsed requests; it never sees sockets, TLS or framing.
 * Whatever is doubtful on the wire is refused here (400 and the connection is closed), before the application
 * hears of it.
 *
 * Example:
 *     struct http_app app = { .ctx = me, .on_head = head, .on_request = request, .on_bad = bad };
 *     struct http_server_options options = { .host = "127.0.0.1", .port = 8443, .threads = 2, .app = app,
 *                                            .cert_path = "cert.pem", .key_path = "key.pem" };
 *     struct http_server *server = NULL;
 *     if (!http_server_start(&options, &server, &err)) ...
 *     ... SIGTERM ...
 *     (void)http_server_drain(server, 30000);
 *     http_server_stop(server);
 *
 * Threads: the callbacks run in the loop threads, several at once, and one that takes longer than about 1 ms
 * holds up every other connection of its loop: see http_answer_later. The http_server_ functions may be called from any one other
 * thread at a time.
 * Ownership: everything in a request is borrowed for the call (or until http_answer_now); what a response points at must live in the
 * request's arena or be static, it is copied before the arena is wiped and freed.
 * Spec: RFC 9110, RFC 9112; src/http/README.md lists where this server is stricter.
 */
#ifndef HTTP_HTTP_H
#define HTTP_HTTP_H

#include <attest/arena.h>
#include <attest/error.h>

/* -- requests -------------------------------------------------------------------------------------------- */

struct http_header {
    struct att_span name; /* requests: as sent; compare without case */
    struct att_span value;
};

/* Who a process was when it connected (SO_PEERCRED). The pid may be another process's by now. */
struct http_local_peer {
    uint32_t uid, gid, pid;
};
struct http_ticket;

struct http_request {
    struct att_arena *arena; /* dies with the request, wiped */
    struct att_span method;  /* upper-case letters and '-': "GET" */
    struct att_span path;    /* as sent, begins with '/'; or "*" of an OPTIONS request */
    struct att_span query;   /* as sent, without the '?' */
    struct att_span host;    /* Host as sent, port included, form checked; empty only with HTTP/1.0 */
    const struct http_header *headers;
    size_t header_count;
    struct att_span body; /* empty in on_head */
    const char *peer;     /* numeric address; an IPv4 address mapped into IPv6 is shown as IPv4; "unix" */
    uint16_t peer_port;
    /* Who asks: the peer, or what a trusted proxy says of its own peer (PROXY header, X-Forwarded-For read from the
     * right past every trusted hop). As `peer`; the peer's own when it is not trusted, whatever headers it sends. */
    const char *client;
    const struct http_local_peer *local; /* a unix socket's other end, as the kernel says; else NULL */
    const char *tls_version;             /* "TLSv1.3"; NULL when the connection is plain */
    const char *tls_server_name;         /* SNI; NULL when there is none */
    struct http_ticket *ticket;          /* for http_answer_later; NULL in on_head */
    /* How long the request has waited at least since its last byte was here: since the loop last asked for what is ready.
     * An overloaded loop shows here first. 0 in on_head. */
    uint32_t waited_us;
};

/* The first header of this name, without case; NULL when there is none. Host, Content-Length,
 * Transfer-Encoding, Content-Type, Authorization and Expect stand at most once in a request that gets this
 * far. */
const struct http_header *http_header_find(const struct http_request *request, const char *name);
/* ASCII letters without case, all else byte for byte. */
bool http_text_is(struct att_span text, const char *name);

enum { HTTP_PATH_SEGMENTS_MAX = 32, HTTP_RESPONSE_HEADERS_MAX = 12 };

struct http_path {
    struct att_span segments[HTTP_PATH_SEGMENTS_MAX]; /* decoded, in the arena; never empty */
    size_t count;                                     /* 0 for "/" */
    bool trailing_slash;                              /* "/certs/"; false for "/" */
};

/* Splits a raw path and decodes each segment once. Refused: an empty segment (`//`), "." and "..", encoded or
 * not; a decoded '/', '\', ';', '%', control character; broken or non-UTF-8 escapes; ':' before the last
 * segment. */
ATT_CHECK bool http_path_split(struct att_arena *arena, struct att_span raw_path, struct http_path *ret,
                               struct att_err *err);
/* The value of a query parameter, decoded ('+' is a space); names are compared after decoding and without
 * case. The whole query is checked: a broken escape anywhere, or the name twice, is refused. */
ATT_CHECK bool http_query_get(struct att_arena *arena, struct att_span query, const char *name,
                              bool *ret_present, struct att_span *ret_value, struct att_err *err);

/* The name a Host header is for: without its port, in lower case, in the arena. Two spellings of one name must not
 * meet two tenants, so it is stricter than the wire. Refused with REQUEST_MALFORMED: an empty label (so also a dot at
 * the end), a label of more than 63 bytes, more than 253 in all, and what is not a letter, digit, '-' or an address in
 * brackets. */
ATT_CHECK bool http_host_name(struct att_arena *arena, struct att_span host, const char **ret,
                              struct att_err *err);

/* -- responses ------------------------------------------------------------------------------------------- */

struct http_response {
    int status;               /* 200 to 599 */
    const char *content_type; /* needed unless the status is 204 or 304 */
    struct att_span body;     /* left out of the answer to HEAD, but counted in its Content-Length */
    /* Not Date, Content-Type, Content-Length, Transfer-Encoding or Connection: those are written here. */
    struct http_header extra[HTTP_RESPONSE_HEADERS_MAX];
    size_t extra_count;
    bool close; /* end the connection after this answer */
};

/* -- answering later -------------------------------------------------------------------------------------- */

/* What cannot be answered at once is put off, in on_request and before any other thread knows of the request:
 *
 *     static void on_request(void *ctx, const struct http_request *request, struct http_response *ret)
 *     {
 *         http_answer_later(request);
 *         pool_give(ctx, request, ret);     another thread: fills *ret, calls http_answer_now(request)
 *     }
 *
 * on_request then leaves *ret alone. Request, response and arena stay where they are until http_answer_now has been
 * called, exactly once, by any thread; it may be faster than the return of on_request. One thread at a time may use
 * them. The answer cannot be put off again.
 * Meanwhile the connection reads nothing and has no deadline: how long that takes is the application's to bound, and
 * so is the number of requests that wait. If the peer goes away that is noticed when the answer is sent, and it is
 * thrown away. http_server_drain waits for such answers within its time; http_server_stop waits until all of them have
 * been given (and sends them no more), so whoever gives them must outlive it. */
void http_answer_later(const struct http_request *request);
/* The response is filled. Neither it nor the request may be touched afterwards. */
void http_answer_now(const struct http_request *request);

/* -- the application ------------------------------------------------------------------------------------- */

struct http_app {
    void *ctx;
    /* The head alone is here. False: answer `ret_refusal` at once (404, 405, 413, ...); the connection then
     * closes if a body would follow. True: at most *ret_body_max bytes of body are read (it starts as
     * body_bytes_max of the options), a longer one is 413. */
    bool (*on_head)(void *ctx, const struct http_request *head, size_t *ret_body_max,
                    struct http_response *ret_refusal);
    void (*on_request)(void *ctx, const struct http_request *request, struct http_response *ret);
    /* Shapes the body of a refusal made here: 400, 408, 413, 414, 417, 431, 500, 505. `ret->status` is
     * already set and the connection closes. `err` says which check, what was found and expected; nothing in
     * it is secret. */
    void (*on_bad)(void *ctx, struct att_arena *arena, int status, const struct att_err *err,
                   struct http_response *ret);
};

/* -- the server ------------------------------------------------------------------------------------------ */

/* Zero means the default in brackets. Times are absolute: bytes that trickle in do not extend them. */
struct http_server_options {
    const char *host;      /* address or name to listen on [127.0.0.1] */
    uint16_t port;         /* 0: the system picks one, see http_server_port */
    unsigned threads;      /* loops, each with its own listening socket [1], at most 64 */
    const char *cert_path; /* PEM chain, leaf first; NULL: plain HTTP */
    const char *key_path;  /* PEM, not encrypted */
    struct http_app app;
    /* A unix socket in place of host and port, at most 107 bytes; plain HTTP. Made with this mode (the umask does not
     * count), removed by http_server_stop. A socket that nobody listens at is replaced, any other file is not. */
    const char *unix_path;
    unsigned unix_mode; /* [0660] */
    /* Peers whose word about their own peer counts: NULL-terminated "10.0.0.0/8", "::1/128", or single addresses. */
    const char *const *trusted_proxies;
    bool
        proxy_protocol; /* connections of trusted proxies begin with a PROXY header (version 1 or 2), or are closed */

    unsigned handshake_ms;     /* PROXY header and TLS handshake together [10000] */
    unsigned head_ms;          /* first byte of a head to its last [10000] */
    unsigned body_ms;          /* body, before the least rate counts [10000] */
    unsigned write_ms;         /* response, before the least rate counts [10000] */
    unsigned rate_bytes_per_s; /* each byte of body, or of response taken, buys 1/rate seconds more [4096] */
    unsigned idle_ms;          /* between requests [120000] */
    unsigned linger_ms; /* how long a closed connection is read, so that the peer gets the answer [2000] */

    size_t connections_max; /* over all threads [20000]; beyond, the longest idle one makes room */
    /* Of these, those of one address (IPv6: of one /64) that is no trusted proxy; beyond, closed [0: no bound of its own] */
    size_t connections_per_client_max;
    size_t target_bytes_max; /* path and query [8192]: 414 */
    size_t head_bytes_max;   /* [32768]: 431 */
    size_t header_count_max; /* [100], at most 100: 431 */
    size_t body_bytes_max;   /* [1 MiB]: 413 */
    size_t arena_bytes_max;  /* memory of one request, its body not counted [8 MiB] */
};

struct http_counters {
    uint64_t connections_open;
    uint64_t connections_total;
    uint64_t connections_refused; /* no room, and nobody idle to make some */
    uint64_t requests;            /* handed to on_request */
    uint64_t bad_requests;        /* refused here, bad PROXY headers included, timeouts not */
    uint64_t internal_errors;     /* answers that could not be made or sent: 500 */
    uint64_t timeouts;            /* handshake, head, body or response not done in time */
    uint64_t tls_failures;
    int64_t tls_not_after_unix_s; /* of the certificate that new connections get; 0: plain HTTP */
};

struct http_server;

/* Listens and starts the threads. Options are copied, the app's ctx must outlive the server. Caller ends it
 * with http_server_stop. Fails with CONFIG_INVALID or IO_FAILED. */
ATT_CHECK bool http_server_start(const struct http_server_options *options, struct http_server **ret,
                                 struct att_err *err);
uint16_t http_server_port(const struct http_server *server); /* 0: a unix socket */
/* Reads certificate and key again, from these paths; connections that come later get them. On failure the old
 * ones stay in use. */
ATT_CHECK bool http_server_reload_tls(struct http_server *server, const char *cert_path, const char *key_path,
                                      struct att_err *err);
/* Stops accepting, closes idle connections (TLS: with close_notify), answers what is in flight, also what was put off,
 * with `Connection: close`, and returns when all are gone (true) or the time is over (false: the rest was cut). */
bool http_server_drain(struct http_server *server, unsigned deadline_ms);
/* Cuts what is left, ends the threads, waits for answers that were put off (not to send them: somebody holds their
 * requests) and frees the server. NULL is fine. */
void http_server_stop(struct http_server *server);
void http_server_counters(const struct http_server *server, struct http_counters *ret);

#endif
