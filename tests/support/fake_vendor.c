/* fake_vendor - Intel's PCS, a PCCS and AMD's KDS in one program, over TLS on the loopback, for tests of whole servers.
 *
 *     fake_vendor --hardware DIR [--now UNIX_S] [--ca FILE] [--port N] [--log FILE]
 *
 *   --hardware DIR  made-up hardware (DATA/dev/hardware of an attestd --dev, so that it trusts what is served here); DIR/amd/PRODUCT
 *                   gives AMD's part, as far as it is there
 *   --now UNIX_S    the time of the vendors' clocks; without: now
 *   --ca FILE       where to write the certificate that clients must trust; without: fake_vendor.pem in DIR
 *   --port N        without: a free one
 *   --log FILE      where to write the path of each request, one a line
 *
 * Says "fake_vendor ready https://localhost:PORT" on stdout and serves until it is ended. Paths are those of vendor.h.
 *
 *     GET or POST /control?mode=MODE[&retry_after=S][&number=N][&early=N][&life=S][&only=TEXT]
 *
 * changes how it answers from now on, and says so: {"mode":"ok","requests":8,"number":17}. MODE: a name of VENDOR_MODES in vendor.h. `only`:
 * only for paths with this text, all others are answered well; without it, for all. What is not given stays.
 */
#include "support/tokens.h"
#include "support/vendor.h"

#include "makers/folder.h"

#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <arpa/inet.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { HEAD_BYTES_MAX = 8192, TEXT_SIZE = 200, STALL_S = 60, CONNECTION_S = 10, YEAR_S = 365 * 24 * 3600 };

static struct vendor vendor;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of vendor, and of what follows */
static enum vendor_mode mode;
static char only[TEXT_SIZE];
static unsigned requests;
static FILE *requests_log; /* NULL: none */
static int64_t offset_s;   /* of the vendors' clocks */

static int64_t now_s(void)
{
    return (int64_t)time(NULL) + offset_s;
}

static void need(bool ok, const char *what, const struct att_err *err)
{
    if (ok)
        return;
    fprintf(stderr, "fake_vendor: %s: %s\n", what, err && err->code ? err->text : "failed");
    exit(2);
}

/* -- certificate ---------------------------------------------------------------------------------------------- */

static void extension(X509 *cert, int nid, const char *value)
{
    X509V3_CTX ctx;

    X509V3_set_ctx(&ctx, cert, cert, NULL, NULL, 0);
    X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    need(e && X509_add_ext(cert, e, -1) == 1, value, NULL);
    X509_EXTENSION_free(e);
}

static SSL_CTX *tls_new(const char *ca_path)
{
    EVP_PKEY *key = test_key_ec("P-256");
    X509 *cert = X509_new();

    need(cert && X509_set_version(cert, 2) && ASN1_INTEGER_set(X509_get_serialNumber(cert), 1) &&
             X509_gmtime_adj(X509_getm_notBefore(cert), -(long)YEAR_S) &&
             X509_gmtime_adj(X509_getm_notAfter(cert), (long)YEAR_S) &&
             X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_UTF8,
                                        (const unsigned char *)"fake vendor", -1, -1, 0) &&
             X509_set_issuer_name(cert, X509_get_subject_name(cert)) && X509_set_pubkey(cert, key),
         "certificate", NULL);
    extension(cert, NID_basic_constraints, "critical,CA:TRUE");
    extension(cert, NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1");
    need(X509_sign(cert, key, EVP_sha256()) > 0, "certificate", NULL);
    FILE *f = fopen(ca_path, "w");
    need(f && PEM_write_X509(f, cert) == 1 && fclose(f) == 0, ca_path, NULL);
    SSL_CTX *tls = SSL_CTX_new(TLS_server_method());
    need(tls && SSL_CTX_use_certificate(tls, cert) == 1 && SSL_CTX_use_PrivateKey(tls, key) == 1, "TLS",
         NULL);
    X509_free(cert);
    return tls;
}

/* -- answers -------------------------------------------------------------------------------------------------- */

/* "GET /path HTTP/1.1" */
static bool read_path(SSL *tls, char path[HEAD_BYTES_MAX])
{
    char head[HEAD_BYTES_MAX];
    size_t len = 0;

    while (len + 1 < sizeof head && SSL_read(tls, &head[len], 1) == 1) {
        head[++len] = '\0';
        if (len >= 4 && strcmp(head + len - 4, "\r\n\r\n") == 0)
            return sscanf(head, "%*15[A-Z] %8000s HTTP/1.1", path) == 1;
    }
    return false;
}

static void write_all(SSL *tls, const void *bytes, size_t len)
{
    if (len > 0)
        (void)SSL_write(tls, bytes, (int)len); /* blocking: all of it, or the connection is gone */
}

static void send_answer(SSL *tls, const struct vendor_answer *a)
{
    char *head = NULL, *chain = a->chain_header ? vendor_percent(a->chain) : NULL, wait[48] = "", date[48];
    const time_t now = (time_t)now_s();
    struct tm parts;

    if (a->retry_after_s > 0)
        (void)snprintf(wait, sizeof wait, "Retry-After: %u\r\n", a->retry_after_s);
    (void)strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&now, &parts));
    int len = asprintf(
        &head, "HTTP/1.1 %u X\r\nDate: %s\r\nContent-Length: %zu\r\nConnection: close\r\n%s%s%s%s%s\r\n",
        a->status, date, a->body.len, wait, chain ? a->chain_header : "", chain ? ": " : "",
        chain ? chain : "", chain ? "\r\n" : "");
    if (len > 0) {
        write_all(tls, head, (size_t)len);
        write_all(tls, a->body.ptr, a->body.len);
    }
    free(head);
    free(chain);
}

static void set_number(const char *query, const char *name, int64_t *value)
{
    const char *at = strstr(query, name);

    if (at && at > query && (at[-1] == '?' || at[-1] == '&'))
        *value = strtoll(at + strlen(name), NULL, 10);
}

static void set_u32(const char *query, const char *name, uint32_t *value)
{
    int64_t v = *value;

    set_number(query, name, &v);
    *value = (uint32_t)v;
}

static bool set_mode(const char *query)
{
    const char *at = strstr(query, "mode="), *part = strstr(query, "only=");
    char name[TEXT_SIZE] = "";

    if (!at)
        return true;
    (void)snprintf(name, sizeof name, "%.*s", (int)strcspn(at + 5, "&"), at + 5);
    if (vendor_mode_of(name) == VENDOR_MODE_COUNT)
        return false;
    mode = vendor_mode_of(name);
    only[0] = '\0';
    if (part)
        (void)snprintf(only, sizeof only, "%.*s", (int)strcspn(part + 5, "&"), part + 5);
    return true;
}

static void control(SSL *tls, const char *path)
{
    char text[TEXT_SIZE];

    (void)pthread_mutex_lock(&lock);
    bool ok = set_mode(path);
    set_u32(path, "number=", &vendor.number);
    set_u32(path, "early=", &vendor.early_number);
    set_u32(path, "retry_after=", &vendor.retry_after_s);
    set_number(path, "life=", &vendor.life_s);
    (void)snprintf(text, sizeof text, "{\"mode\":\"%s\",\"requests\":%u,\"number\":%u}\n",
                   vendor_mode_names[mode], requests, vendor.number);
    (void)pthread_mutex_unlock(&lock);
    const struct vendor_answer a = { .status = ok ? 200 : 400,
                                     .body = att_str(ok ? text : "no such mode: see vendor.h\n") };
    send_answer(tls, &a);
}

/* A stall ends when somebody says so. */
static void stall(void)
{
    for (unsigned i = 0; i < STALL_S * 10; i++) {
        (void)pthread_mutex_lock(&lock);
        bool over = mode != VENDOR_STALL;
        (void)pthread_mutex_unlock(&lock);
        if (over)
            return;
        (void)usleep(100 * 1000);
    }
}

static void serve(SSL *tls)
{
    char path[HEAD_BYTES_MAX];
    struct vendor_answer a;

    if (SSL_accept(tls) != 1 || !read_path(tls, path))
        return;
    if (strncmp(path, "/control", 8) == 0) {
        control(tls, path);
        return;
    }
    (void)pthread_mutex_lock(&lock);
    requests++;
    if (requests_log) {
        (void)fprintf(requests_log, "%s\n", path);
        (void)fflush(requests_log);
    }
    vendor.mode = only[0] && !strstr(path, only) ? VENDOR_OK : mode;
    bool stalls = vendor.mode == VENDOR_STALL;
    vendor_answer(&vendor, path, now_s(), &a);
    (void)pthread_mutex_unlock(&lock);
    if (stalls)
        stall();
    if (a.status == 0)
        return;
    send_answer(tls, &a);
    (void)SSL_shutdown(tls);
}

struct connection {
    SSL *tls;
    int fd;
};

static void *run(void *arg)
{
    struct connection *c = arg;

    serve(c->tls);
    SSL_free(c->tls);
    (void)close(c->fd);
    free(c);
    return NULL;
}

static void accept_one(SSL_CTX *tls, int listener)
{
    const struct timeval limit = { .tv_sec = CONNECTION_S };
    struct connection *c = calloc(1, sizeof *c);
    pthread_t thread;

    need(c != NULL, "memory", NULL);
    c->fd = accept(listener, NULL, NULL);
    c->tls = c->fd >= 0 ? SSL_new(tls) : NULL;
    if (!c->tls || SSL_set_fd(c->tls, c->fd) != 1) {
        free(c);
        return;
    }
    (void)setsockopt(c->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    (void)setsockopt(c->fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    need(pthread_create(&thread, NULL, run, c) == 0, "thread", NULL);
    (void)pthread_detach(thread);
}

/* -- start ---------------------------------------------------------------------------------------------------- */

struct settings {
    const char *hardware, *ca, *now, *port, *log;
};

static const char usage[] =
    "usage: fake_vendor --hardware DIR [--now UNIX_S] [--ca FILE] [--port N] [--log FILE]";

static void read_arguments(int argc, char **argv, struct settings *ret)
{
    for (int i = 1; i < argc; i += 2) {
        const char *name = argv[i], *value = i + 1 < argc ? argv[i + 1] : NULL;
        const char **to = strcmp(name, "--hardware") == 0 ? &ret->hardware
                          : strcmp(name, "--ca") == 0     ? &ret->ca
                          : strcmp(name, "--now") == 0    ? &ret->now
                          : strcmp(name, "--port") == 0   ? &ret->port
                          : strcmp(name, "--log") == 0    ? &ret->log
                                                          : NULL;
        need(to && value, usage, NULL);
        *to = value;
    }
    need(ret->hardware != NULL, usage, NULL);
}

static void load(const char *dir)
{
    const struct mk_amd *amd[MK_AMD_PRODUCT_COUNT] = { NULL };
    struct mk_hardware *hw = NULL;
    struct att_err err = { 0 };

    need(mk_hardware_load(dir, &hw, &err), dir, &err);
    const char *amd_dir = test_text("%s/amd", dir);
    for (unsigned p = 0; p < MK_AMD_PRODUCT_COUNT; p++) {
        const char *name = mk_amd_product_name((enum mk_amd_product)p);
        struct mk_amd *one = NULL;
        err = (struct att_err){ 0 };
        if (access(test_text("%s/%s", amd_dir, name), R_OK) != 0)
            continue;
        need(mk_amd_load(amd_dir, (enum mk_amd_product)p, &one, &err), name, &err);
        amd[p] = one;
    }
    vendor_init(&vendor, hw, amd);
    vendor.period_s = 60; /* a scenario cannot wait a day for something new */
}

static int listen_on(const char *port)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    at.sin_port = htons((uint16_t)(port ? strtoul(port, NULL, 10) : 0));
    need(fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof at) == 0 && listen(fd, 64) == 0 &&
             getsockname(fd, (struct sockaddr *)&at, &len) == 0,
         "listening on the loopback", NULL);
    printf("fake_vendor ready https://localhost:%u\n", ntohs(at.sin_port));
    (void)fflush(stdout);
    return fd;
}

int main(int argc, char **argv)
{
    struct settings settings = { 0 };

    read_arguments(argc, argv, &settings);
    (void)signal(SIGPIPE, SIG_IGN);
    if (settings.now)
        offset_s = strtoll(settings.now, NULL, 10) - (int64_t)time(NULL);
    if (settings.log) {
        requests_log = fopen(settings.log, "a");
        need(requests_log != NULL, settings.log, NULL);
    }
    load(settings.hardware);
    SSL_CTX *tls = tls_new(settings.ca ? settings.ca : test_text("%s/fake_vendor.pem", settings.hardware));
    int listener = listen_on(settings.port);
    for (;;)
        accept_one(tls, listener);
}
