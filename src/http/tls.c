#include "http/tls.h"

#include "base/auto.h"
#include "base/err.h"

#include <openssl/err.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

struct tls_store {
    pthread_mutex_t lock; /* guards ctx, for the moment of taking a reference */
    SSL_CTX *ctx;
};

ATT_AUTO_PTR(ssl_ctx_auto, SSL_CTX, SSL_CTX_free)

/* An encrypted key would make OpenSSL ask on the terminal of whoever started the server. */
static int no_password(char *buf, int size, int rwflag, void *ctx)
{
    (void)buf;
    (void)size;
    (void)rwflag;
    (void)ctx;
    return 0;
}

/* RFC 7301: a client that offers protocols, but not ours, is told so; one that offers none speaks HTTP/1.1.
 */
static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_len,
                           const unsigned char *in, unsigned in_len, void *ctx)
{
    static const char ours[] = "http/1.1";

    (void)ssl;
    (void)ctx;
    for (unsigned at = 0; at < in_len;) {
        unsigned len = in[at];
        if (len > in_len - at - 1)
            return SSL_TLSEXT_ERR_ALERT_FATAL;
        if (len == sizeof ours - 1 && memcmp(in + at + 1, ours, len) == 0) {
            *out = in + at + 1;
            *out_len = (unsigned char)len;
            return SSL_TLSEXT_ERR_OK;
        }
        at += 1 + len;
    }
    return SSL_TLSEXT_ERR_ALERT_FATAL;
}

static bool set_options(SSL_CTX *ctx)
{
    static const unsigned char session_context[] = "attestd";

    /* Tickets carry the session, so no memory is held for clients that went away. */
    (void)SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    (void)SSL_CTX_set_options(ctx, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
                                       SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
    (void)SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_read_ahead(ctx, 1); /* a record's header and body in one system call */
    SSL_CTX_set_default_passwd_cb(ctx, no_password);
    SSL_CTX_set_alpn_select_cb(ctx, choose_protocol, NULL);
    return SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) == 1 &&
           SSL_CTX_set_cipher_list(ctx, "ECDHE+AESGCM:ECDHE+CHACHA20") == 1 &&
           SSL_CTX_set_session_id_context(ctx, session_context, sizeof session_context - 1) == 1;
}

static const char *openssl_reason(void)
{
    const char *reason = ERR_reason_error_string(ERR_peek_last_error());
    return reason ? reason : "cannot be read";
}

static bool load(const char *cert_path, const char *key_path, SSL_CTX **ret, struct att_err *err)
{
    ERR_clear_error();
    ATT_AUTO(ssl_ctx_auto) SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    if (!ctx || !set_options(ctx))
        return att_fail(err, ATT_CRYPTO_FAILED, "http.tls", "a TLS context", "none");
    if (SSL_CTX_use_certificate_chain_file(ctx, cert_path) != 1)
        return att_fail(err, ATT_CONFIG_INVALID, "http.tls.certificate",
                        "a PEM certificate chain, leaf first", "%s (%s)", cert_path, openssl_reason());
    if (SSL_CTX_use_PrivateKey_file(ctx, key_path, SSL_FILETYPE_PEM) != 1)
        return att_fail(err, ATT_CONFIG_INVALID, "http.tls.key",
                        "the PEM private key of the certificate, not encrypted", "%s (%s)", key_path,
                        openssl_reason());
    *ret = ATT_MOVE(ctx);
    return true;
}

bool tls_store_new(const char *cert_path, const char *key_path, struct tls_store **ret, struct att_err *err)
{
    struct tls_store *store = calloc(1, sizeof *store);
    if (!store || pthread_mutex_init(&store->lock, NULL) != 0) {
        free(store);
        return att_fail_memory(err, "http.tls");
    }
    if (!load(cert_path, key_path, &store->ctx, err)) {
        tls_store_free(store);
        return false;
    }
    *ret = store;
    return true;
}

void tls_store_free(struct tls_store *store)
{
    if (!store)
        return;
    SSL_CTX_free(store->ctx);
    (void)pthread_mutex_destroy(&store->lock);
    free(store);
}

bool tls_store_reload(struct tls_store *store, const char *cert_path, const char *key_path,
                      struct att_err *err)
{
    SSL_CTX *fresh = NULL;

    if (!load(cert_path, key_path, &fresh, err))
        return false;
    (void)pthread_mutex_lock(&store->lock);
    SSL_CTX *old = store->ctx;
    store->ctx = fresh;
    (void)pthread_mutex_unlock(&store->lock);
    SSL_CTX_free(old); /* open connections hold references of their own */
    return true;
}

int64_t tls_store_not_after(struct tls_store *store)
{
    struct tm end = { 0 };

    (void)pthread_mutex_lock(&store->lock);
    const X509 *leaf = SSL_CTX_get0_certificate(store->ctx);
    bool read = leaf && ASN1_TIME_to_tm(X509_get0_notAfter(leaf), &end) == 1;
    (void)pthread_mutex_unlock(&store->lock);
    return read ? (int64_t)timegm(&end) : 0;
}

SSL *tls_session_new(struct tls_store *store, int fd)
{
    (void)pthread_mutex_lock(&store->lock);
    SSL *ssl = SSL_new(store->ctx);
    (void)pthread_mutex_unlock(&store->lock);
    if (ssl && SSL_set_fd(ssl, fd) != 1) {
        SSL_free(ssl);
        return NULL;
    }
    if (ssl)
        SSL_set_accept_state(ssl);
    return ssl;
}
