/* fetch/fetch.h - outbound HTTPS: the only door through which the server asks others.
 *
 * One GET: https only, no redirect followed, the certificate checked against the system's CAs or, when a CA file is
 * given, against that file alone; connect, whole request and body are bounded. libcurl comes in a module
 * (lib/attestd/fetch.so beside the program's bin/) that fetch_open loads, so that a server that asks nobody does not
 * carry it.
 *
 * Threads: fetch_get from any thread. Ownership: the body is in the arena.
 * Errors: FETCH_FAILED (where names the step: url, connect, tls, status, size, time), IO_FAILED when the module cannot be loaded.
 */
#ifndef FETCH_FETCH_H
#define FETCH_FETCH_H

#include <attest/arena.h>
#include <attest/error.h>

struct fetch;

struct fetch_request {
    const char *url;
    const char *ca_file; /* NULL: the system's */
    unsigned connect_ms; /* 0: 2000 */
    unsigned total_ms;   /* 0: 5000 */
    size_t body_bytes_max; /* 0: 256 KiB */
};

ATT_CHECK bool fetch_open(struct fetch **ret, struct att_err *err);
/* 200 with a body; every other status is FETCH_FAILED and names it. */
ATT_CHECK bool fetch_get(struct fetch *f, const struct fetch_request *request, struct att_arena *arena,
                         struct att_span *ret_body, struct att_err *err);
void fetch_close(struct fetch *f); /* NULL is fine */

#endif
