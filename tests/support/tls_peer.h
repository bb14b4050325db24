/* tests/support/tls_peer.h - a server on the loopback that answers every request with the same bytes, rightly or wrongly.
 *
 *     struct tls_peer *peer = tls_peer_start(&(struct tls_peer_behaviour){ .answer = "HTTP/1.1 200 OK\r\n\r\n" });
 *     ... GET https://localhost:PORT/ with tls_peer_ca(peer) ...
 *     tls_peer_stop(peer);
 *
 * Its certificate is made for the test by a CA made for the test. One connection at a time, one request per
 * connection; whatever the request is, it is read up to the empty line, and a body as long as Content-Length says. A maker that
 * fails ends the program.
 */
#ifndef TESTS_SUPPORT_TLS_PEER_H
#define TESTS_SUPPORT_TLS_PEER_H

#include <stdbool.h>
#include <stddef.h>

struct tls_peer;

struct tls_peer_behaviour {
    const char *answer;  /* all of it: status line, headers, body */
    size_t repeat_bytes; /* so many more bytes behind it */
    size_t drip_bytes;   /* sent in pieces of this size; 0: at once */
    unsigned drip_ms;    /* with a pause before each */
    const char *names;   /* subjectAltName; NULL: "DNS:localhost" */
    bool expired;        /* the certificate was good until last year */
    bool plain;          /* speaks HTTP without TLS */
    bool silent;         /* accepts, and says nothing, not even a handshake */
    bool abrupt;         /* closes without saying so in TLS */
    int tls_version_max; /* TLS1_1_VERSION, ...; 0: any */
};

struct tls_peer *tls_peer_start(const struct tls_peer_behaviour *behaviour);
unsigned tls_peer_port(const struct tls_peer *p);
const char *tls_peer_ca(const struct tls_peer *p); /* path of a PEM file, gone after the stop */
unsigned tls_peer_connections(struct tls_peer *p);
unsigned tls_peer_requests(struct tls_peer *p);
/* Head of the last request, malloc'd; the caller frees. */
char *tls_peer_last_request(struct tls_peer *p);
/* Bodies of all requests so far, one behind the other, malloc'd with a NUL; the caller frees. */
char *tls_peer_bodies(struct tls_peer *p);
/* From the next request on; borrowed until the stop. */
void tls_peer_answer(struct tls_peer *p, const char *answer);
void tls_peer_stop(struct tls_peer *p);

#endif
