/* attestd as a child, and a client that keeps one TLS connection. Loopback only, bounded in count. */
#include "bench.h"

#include "base/base64.h"
#include "base/buf.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct tls_server {
    pid_t pid;
    int port;
};

struct tls_client {
    SSL_CTX *ctx;
    SSL *ssl;
    int fd;
    struct att_buf request;
};

static double wall_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void child(const char *attestd, const char *data, int out)
{
    int null = open("/dev/null", O_WRONLY);
    dup2(out, STDOUT_FILENO);
    dup2(null, STDERR_FILENO);
    execl(attestd, "attestd", "--dev", "--data", data, "--listen", "127.0.0.1:0", "--admin-listen",
          "127.0.0.1:0", "--set", "threads=1", (char *)NULL);
    _exit(127);
}

struct tls_server *server_start(const char *attestd, const char *data, double *ret_ready_ms)
{
    struct tls_server *s = calloc(1, sizeof *s);
    int pipes[2];
    char line[256] = "";
    double started = wall_ms();

    if (pipe(pipes) != 0 || (s->pid = fork()) < 0)
        abort();
    if (s->pid == 0)
        child(attestd, data, pipes[1]);
    close(pipes[1]);
    FILE *out = fdopen(pipes[0], "r");
    if (!fgets(line, sizeof line, out) || strncmp(line, "attestd ready ", 14) != 0) {
        fprintf(stderr, "attestd did not become ready\n");
        exit(1);
    }
    *ret_ready_ms = wall_ms() - started;
    s->port = atoi(strrchr(line, ':') + 1);
    fclose(out);
    return s;
}

int server_port(const struct tls_server *s)
{
    return s->port;
}

static double cpu_of(pid_t pid)
{
    char path[64], text[1024] = "";
    unsigned long user = 0, system = 0;

    (void)snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *f = fopen(path, "r");
    if (!f || !fgets(text, sizeof text, f))
        abort();
    fclose(f);
    if (sscanf(strrchr(text, ')') + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user,
               &system) != 2)
        abort();
    return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

/* With the process that signs for it. */
double server_cpu_s(const struct tls_server *s)
{
    char path[64];
    int signer = 0;

    (void)snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)s->pid, (int)s->pid);
    FILE *f = fopen(path, "r");
    bool has_one = f && fscanf(f, "%d", &signer) == 1;
    if (f)
        fclose(f);
    return cpu_of(s->pid) + (has_one ? cpu_of(signer) : 0);
}

double server_rss_mb(const struct tls_server *s)
{
    char path[64];
    unsigned long size = 0, resident = 0;

    (void)snprintf(path, sizeof path, "/proc/%d/statm", (int)s->pid);
    FILE *f = fopen(path, "r");
    if (!f || fscanf(f, "%lu %lu", &size, &resident) != 2)
        abort();
    fclose(f);
    return (double)resident * (double)sysconf(_SC_PAGESIZE) / 1048576.0;
}

void server_stop(struct tls_server *s)
{
    kill(s->pid, SIGTERM);
    waitpid(s->pid, NULL, 0);
    free(s);
}

struct tls_client *client_connect(int port, const char *ca_file)
{
    struct tls_client *c = calloc(1, sizeof *c);
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    int one = 1;

    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    c->ctx = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_verify(c->ctx, SSL_VERIFY_PEER, NULL);
    c->ssl = SSL_new(c->ctx);
    if (SSL_CTX_load_verify_locations(c->ctx, ca_file, NULL) != 1 ||
        SSL_set1_host(c->ssl, "localhost") != 1 ||
        connect(c->fd, (const struct sockaddr *)&to, sizeof to) != 0 || SSL_set_fd(c->ssl, c->fd) != 1 ||
        SSL_connect(c->ssl) != 1) {
        ERR_print_errors_fp(stderr);
        exit(1);
    }
    return c;
}

static void compose(struct tls_client *c, struct att_span quote, struct att_span runtime)
{
    struct att_buf body = { 0 };

    att_buf_puts(&body, "{\"quote\":\"");
    att_base64url_put(&body, quote);
    att_buf_puts(&body, "\",\"runtimeData\":{\"data\":\"");
    att_base64url_put(&body, runtime);
    att_buf_puts(&body, "\",\"dataType\":\"Binary\"}}");
    att_buf_printf(&c->request,
                   "POST /attest/SgxEnclave?api-version=2022-08-01 HTTP/1.1\r\nHost: "
                   "localhost\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
                   body.len);
    att_buf_put(&c->request, att_buf_span(&body));
    att_buf_free(&body);
}

void client_attest(struct tls_client *c, struct att_span quote, struct att_span runtime)
{
    char answer[16384];
    size_t len = 0, want = 0;

    if (c->request.len == 0)
        compose(c, quote, runtime);
    if (SSL_write(c->ssl, c->request.ptr, (int)c->request.len) != (int)c->request.len)
        abort();
    while (want == 0 || len < want) {
        int got = SSL_read(c->ssl, answer + len, (int)(sizeof answer - 1 - len));
        if (got <= 0)
            abort();
        len += (size_t)got;
        answer[len] = '\0';
        char *end = strstr(answer, "\r\n\r\n");
        char *length = strcasestr(answer, "content-length:");
        if (end && length)
            want = (size_t)(end - answer) + 4 + strtoul(length + 15, NULL, 10);
    }
    if (strncmp(answer, "HTTP/1.1 200", 12) != 0) {
        fprintf(stderr, "%s\n", answer);
        exit(1);
    }
}

void client_close(struct tls_client *c)
{
    SSL_shutdown(c->ssl);
    SSL_free(c->ssl);
    SSL_CTX_free(c->ctx);
    close(c->fd);
    att_buf_free(&c->request);
    free(c);
}
