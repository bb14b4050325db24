#include "support/tls_peer.h"

#include "support/tokens.h"

#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <arpa/inet.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { HEAD_BYTES_MAX = 8192, DAY_S = 24 * 3600, YEAR_S = 365 * DAY_S };

struct tls_peer {
    struct tls_peer_behaviour how;
    SSL_CTX *tls;
    int listener;
    unsigned port;
    char ca_path[64];
    pthread_t thread;
    atomic_bool stopping;
    atomic_uint connections, requests;
    pthread_mutex_t lock;
    char head[HEAD_BYTES_MAX]; /* of the last request, under the lock; so the rest */
    char *bodies;
    size_t bodies_len;
    const char *answer;
};

/* A connection with TLS or without. */
struct wire {
    int fd;
    SSL *tls; /* NULL: plain */
};

/* -- certificates --------------------------------------------------------------------------------------------- */

static void add_extension(X509 *cert, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX ctx;

    X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
    X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    test_must(ext && X509_add_ext(cert, ext, -1) == 1, value);
    X509_EXTENSION_free(ext);
}

static X509 *certificate(EVP_PKEY *key, const char *cn, X509 *issuer, EVP_PKEY *issuer_key,
                         const struct tls_peer_behaviour *how)
{
    X509 *cert = X509_new();
    long until = issuer && how->expired ? -YEAR_S : DAY_S;

    test_must(cert && X509_set_version(cert, 2) &&
                  ASN1_INTEGER_set(X509_get_serialNumber(cert), issuer ? 2 : 1) &&
                  X509_gmtime_adj(X509_getm_notBefore(cert), -2L * YEAR_S) &&
                  X509_gmtime_adj(X509_getm_notAfter(cert), until) &&
                  X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_UTF8,
                                             (const unsigned char *)cn, -1, -1, 0) &&
                  X509_set_issuer_name(cert, X509_get_subject_name(issuer ? issuer : cert)) &&
                  X509_set_pubkey(cert, key),
              "certificate");
    add_extension(cert, issuer ? issuer : cert, NID_basic_constraints,
                  issuer ? "CA:FALSE" : "critical,CA:TRUE");
    if (issuer)
        add_extension(cert, issuer, NID_subject_alt_name, how->names ? how->names : "DNS:localhost");
    test_must(X509_sign(cert, issuer_key, EVP_sha256()) > 0, "certificate");
    return cert;
}

static void make_certificates(struct tls_peer *p)
{
    EVP_PKEY *ca_key = test_key_ec("P-256"), *key = test_key_ec("P-256");
    X509 *ca = certificate(ca_key, "test CA", NULL, ca_key, &p->how);
    X509 *leaf = certificate(key, "test server", ca, ca_key, &p->how);

    (void)snprintf(p->ca_path, sizeof p->ca_path, P_tmpdir "/tls-peer-XXXXXX");
    int fd = mkstemp(p->ca_path);
    FILE *f = fd >= 0 ? fdopen(fd, "w") : NULL;
    test_must(f && PEM_write_X509(f, ca) == 1 && fclose(f) == 0, "writing the CA's certificate");

    p->tls = SSL_CTX_new(TLS_server_method());
    test_must(p->tls && SSL_CTX_use_certificate(p->tls, leaf) == 1 &&
                  SSL_CTX_use_PrivateKey(p->tls, key) == 1,
              "TLS context");
    if (p->how.tls_version_max) {
        SSL_CTX_set_security_level(p->tls,
                                   0); /* else OpenSSL itself would refuse to speak the old versions */
        test_must(SSL_CTX_set_min_proto_version(p->tls, TLS1_VERSION) == 1 &&
                      SSL_CTX_set_max_proto_version(p->tls, p->how.tls_version_max) == 1,
                  "TLS version");
    }
    X509_free(ca);
    X509_free(leaf);
}

/* -- serving -------------------------------------------------------------------------------------------------- */

static bool wire_read(const struct wire *w, char *byte)
{
    return (w->tls ? SSL_read(w->tls, byte, 1) : (int)read(w->fd, byte, 1)) == 1;
}

static bool wire_write(const struct wire *w, const char *bytes, size_t len)
{
    while (len > 0) {
        int done = w->tls ? SSL_write(w->tls, bytes, (int)len) : (int)send(w->fd, bytes, len, MSG_NOSIGNAL);
        if (done <= 0)
            return false;
        bytes += done;
        len -= (size_t)done;
    }
    return true;
}

static bool read_head(struct tls_peer *p, const struct wire *w)
{
    char head[HEAD_BYTES_MAX];
    size_t len = 0;

    while (len + 1 < sizeof head && wire_read(w, &head[len])) {
        head[++len] = '\0';
        if (len >= 4 && strcmp(head + len - 4, "\r\n\r\n") == 0) {
            (void)pthread_mutex_lock(&p->lock);
            memcpy(p->head, head, len + 1);
            (void)pthread_mutex_unlock(&p->lock);
            atomic_fetch_add(&p->requests, 1);
            return true;
        }
    }
    return false;
}

/* As long as the head says; what comes is kept also when it ends early. */
static void read_body(struct tls_peer *p, const struct wire *w)
{
    const char *says = strcasestr(p->head, "\r\nContent-Length:");
    size_t len = says ? strtoul(says + strlen("\r\nContent-Length:"), NULL, 10) : 0, at = 0;

    if (len == 0)
        return;
    char *body = malloc(len);
    test_must(body != NULL, "memory");
    while (at < len && wire_read(w, &body[at]))
        at++;
    (void)pthread_mutex_lock(&p->lock);
    p->bodies = realloc(p->bodies, p->bodies_len + at + 1);
    test_must(p->bodies != NULL, "memory");
    memcpy(p->bodies + p->bodies_len, body, at);
    p->bodies_len += at;
    p->bodies[p->bodies_len] = '\0';
    (void)pthread_mutex_unlock(&p->lock);
    free(body);
}

static void send_answer(struct tls_peer *p, const struct wire *w)
{
    (void)pthread_mutex_lock(&p->lock);
    const char *answer = p->answer ? p->answer : p->how.answer ? p->how.answer : "";
    (void)pthread_mutex_unlock(&p->lock);
    size_t head_bytes = strlen(answer), len = head_bytes + p->how.repeat_bytes;
    size_t piece = p->how.drip_bytes ? p->how.drip_bytes : len;
    char *all = malloc(len + 1);

    test_must(all != NULL, "memory");
    memcpy(all, answer, head_bytes);
    memset(all + head_bytes, 'x', p->how.repeat_bytes);
    for (size_t at = 0; at < len && !atomic_load(&p->stopping); at += piece) {
        if (p->how.drip_ms > 0)
            (void)usleep(p->how.drip_ms * 1000);
        if (!wire_write(w, all + at, len - at < piece ? len - at : piece))
            break;
    }
    free(all);
}

static void serve(struct tls_peer *p, int fd)
{
    struct wire w = { .fd = fd };
    char byte = 0;

    if (p->how.silent) {
        while (!atomic_load(&p->stopping) && recv(fd, &byte, 1, 0) != 0)
            continue;
        return;
    }
    if (!p->how.plain) {
        w.tls = SSL_new(p->tls);
        test_must(w.tls && SSL_set_fd(w.tls, fd) == 1, "TLS connection");
    }
    if ((!w.tls || SSL_accept(w.tls) == 1) && read_head(p, &w)) {
        read_body(p, &w);
        send_answer(p, &w);
        if (w.tls && !p->how.abrupt)
            (void)SSL_shutdown(w.tls);
    }
    SSL_free(w.tls);
}

static void *run(void *arg)
{
    struct tls_peer *p = arg;

    while (!atomic_load(&p->stopping)) {
        int fd = accept(p->listener, NULL, NULL);
        if (fd < 0)
            continue;
        const struct timeval limit = { .tv_usec = 200 * 1000 };
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
        atomic_fetch_add(&p->connections, 1);
        serve(p, fd);
        (void)close(fd);
    }
    return NULL;
}

static void listen_on_loopback(struct tls_peer *p)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof at;

    p->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    test_must(p->listener >= 0 && bind(p->listener, (struct sockaddr *)&at, sizeof at) == 0 &&
                  listen(p->listener, 16) == 0 && getsockname(p->listener, (struct sockaddr *)&at, &len) == 0,
              "listening on the loopback");
    p->port = ntohs(at.sin_port);
}

struct tls_peer *tls_peer_start(const struct tls_peer_behaviour *behaviour)
{
    struct tls_peer *p = calloc(1, sizeof *p);

    test_must(p != NULL, "memory");
    p->how = *behaviour;
    (void)signal(SIGPIPE, SIG_IGN); /* as attestd does */
    test_must(pthread_mutex_init(&p->lock, NULL) == 0, "mutex");
    make_certificates(p);
    listen_on_loopback(p);
    test_must(pthread_create(&p->thread, NULL, run, p) == 0, "thread");
    return p;
}

unsigned tls_peer_port(const struct tls_peer *p)
{
    return p->port;
}

const char *tls_peer_ca(const struct tls_peer *p)
{
    return p->ca_path;
}

unsigned tls_peer_connections(struct tls_peer *p)
{
    return atomic_load(&p->connections);
}

unsigned tls_peer_requests(struct tls_peer *p)
{
    return atomic_load(&p->requests);
}

char *tls_peer_last_request(struct tls_peer *p)
{
    (void)pthread_mutex_lock(&p->lock);
    char *copy = strdup(p->head);
    (void)pthread_mutex_unlock(&p->lock);
    test_must(copy != NULL, "memory");
    return copy;
}

char *tls_peer_bodies(struct tls_peer *p)
{
    (void)pthread_mutex_lock(&p->lock);
    char *copy = strdup(p->bodies ? p->bodies : "");
    (void)pthread_mutex_unlock(&p->lock);
    test_must(copy != NULL, "memory");
    return copy;
}

void tls_peer_answer(struct tls_peer *p, const char *answer)
{
    (void)pthread_mutex_lock(&p->lock);
    p->answer = answer;
    (void)pthread_mutex_unlock(&p->lock);
}

void tls_peer_stop(struct tls_peer *p)
{
    if (!p)
        return;
    atomic_store(&p->stopping, true);
    (void)shutdown(p->listener, SHUT_RDWR); /* wakes accept */
    (void)pthread_join(p->thread, NULL);
    (void)close(p->listener);
    (void)unlink(p->ca_path);
    free(p->bodies);
    SSL_CTX_free(p->tls);
    (void)pthread_mutex_destroy(&p->lock);
    free(p);
}
