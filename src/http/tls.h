/* http/tls.h - the certificate that new connections get, replaceable while the server runs. */
#ifndef HTTP_TLS_H
#define HTTP_TLS_H

#include <attest/error.h>

#include <openssl/ssl.h>

struct tls_store;

/* Reads both PEM files. Caller frees with tls_store_free, after the last connection. */
ATT_CHECK bool tls_store_new(const char *cert_path, const char *key_path, struct tls_store **ret,
                             struct att_err *err);
void tls_store_free(struct tls_store *store);
/* The last second of the leaf that new connections get; 0 when it cannot be told. Any thread. */
int64_t tls_store_not_after(struct tls_store *store);
/* On failure the old certificate stays. Any thread. */
ATT_CHECK bool tls_store_reload(struct tls_store *store, const char *cert_path, const char *key_path,
                                struct att_err *err);
/* A server-side session on this socket, which stays the caller's; NULL when memory runs out. Any thread. */
SSL *tls_session_new(struct tls_store *store, int fd);

#endif
