/* client/https.h - one request over HTTPS.
 *
 * https only (but plain_loopback), no redirect followed, the server's certificate always checked: against the system's CAs or, when a CA
 * file is given, against that file alone. Time and size are bounded.
 *
 * Example:
 *     struct client_request r = { .url = "https://localhost:8443/certs", .ca_file = "ca.pem" };
 *     struct client_response answer = { 0 };
 *     if (!client_send(&r, &answer, &err)) ...      no answer at all: SERVICE_UNAVAILABLE
 *     if (answer.status != 200) ...
 *     client_response_free(&answer);
 *
 * One thread at a time may make the first call (libcurl sets itself up then).
 */
#ifndef CLIENT_HTTPS_H
#define CLIENT_HTTPS_H

#include <attest/error.h>

#include "base/buf.h"

enum {
    CLIENT_CONNECT_MS_DEFAULT = 10 * 1000,
    CLIENT_TOTAL_MS_DEFAULT = 30 * 1000,
    CLIENT_BODY_BYTES_DEFAULT = 1 << 20,
};

struct client_request {
    const char *url;
    const char *ca_file;         /* PEM; NULL: the system's CAs */
    bool plain_loopback;         /* http:// and a loopback address: nothing else is taken then */
    const char *method;          /* GET, POST, PUT, PATCH or DELETE; NULL: POST with a body, else GET */
    const char *bearer;          /* a token for Authorization; wiped from our memory afterwards */
    const char *if_match;        /* an ETag, with its quotes */
    const char *if_none_match;   /* the same, or "*" */
    const char *explain;         /* "1": x-attestd-explain */
    const char *content_type;    /* of the body */
    const struct att_span *body; /* may be empty; not with GET */
    long connect_ms_max;         /* 0: defaults */
    long total_ms_max;
    size_t body_bytes_max;
};

struct client_response {
    long status;
    char content_type[96];
    char etag[96];       /* with its quotes; empty when there was none, or a longer one */
    int64_t date_unix_s; /* its clock, of the header Date; 0 when there was none */
    struct att_buf body;
};

/* True when an answer came, whatever its status. USAGE for a URL that is not https, a method that is none of ours, a
 * header's value with anything but visible ASCII, or a CA file that cannot be read; SERVICE_UNAVAILABLE for everything
 * that kept an answer from coming. The path is sent as it is written: dot segments are not resolved. */
ATT_CHECK bool client_send(const struct client_request *request, struct client_response *ret,
                           struct att_err *err);
void client_response_free(struct client_response *r);

#endif
