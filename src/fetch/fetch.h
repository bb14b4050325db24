/* fetch/fetch.h - outbound HTTPS: the only door through which the server asks others.
 *
 * One GET, or one POST: https only, no redirect followed, the certificate checked against the system's CAs or, when a CA file is
 * given, against that file alone; connect, whole request and body are bounded. libcurl comes in a module
 * (lib/attestd/fetch.so beside the program's bin/) that fetch_open loads, so that a server that asks nobody does not
 * carry it.
 *
 *     struct fetch_request request = { .url = "https://login.example/keys", .ca_file = NULL };
 *     if (!fetch_get(fetch, &request, arena, &body, &err)) ...
 *
 * fetch_ask is for who must tell a 404 from a 429: any status is an answer there, and headers of it are given back.
 *
 * No proxy but the one of the request, no .netrc, no cookies, no compression, no HTTP/2, no connection that outlives its request; what an
 * environment variable says about any of these is not heard. Revocation of the certificate is not looked at.
 *
 * The program ignores SIGPIPE (attestd does): a peer that hangs up would end it otherwise.
 * Threads: fetch_get from any thread. Ownership: the body is in the arena.
 * Errors: FETCH_FAILED (where names the step: fetch.url, .connect, .tls, .status, .size, .time, .answer when it broke off),
 * CONFIG_INVALID or IO_FAILED when the module is missing or cannot be loaded, INTERNAL, OUT_OF_MEMORY.
 */
#ifndef FETCH_FETCH_H
#define FETCH_FETCH_H

#include <attest/arena.h>
#include <attest/error.h>

struct fetch;

struct fetch_request {
    const char *url;
    const char *ca_file;   /* NULL: the system's */
    unsigned connect_ms;   /* 0: 2000 */
    unsigned total_ms;     /* 0: 5000 */
    size_t body_bytes_max; /* 0: 256 KiB; headers have 64 KiB of their own */
    /* "Name: value" each, NULL-terminated; NULL: none. Visible ASCII and spaces. */
    const char *const *headers;
    const char *proxy; /* "http://HOST:PORT": asked to CONNECT; NULL: none */
    /* fetch_ask: names of headers of the answer that are wanted, NULL-terminated, at most FETCH_WANTED_MAX. */
    const char *const *wanted;
    struct att_span
        post; /* fetch_post: what is sent, which may be empty but not NULL. Its type is one of `headers` */
};
enum { FETCH_WANTED_MAX = 8 };
struct fetch_answer {
    unsigned status;
    struct att_span body; /* of a status other than 200: its first 4 KiB at most */
    struct att_span
        wanted[FETCH_WANTED_MAX]; /* in the order of the names; empty: not there. Of two, the first */
    unsigned retry_after_s;       /* Retry-After, as seconds or as a date; 0: not said */
};

ATT_CHECK bool fetch_open(struct fetch **ret, struct att_err *err);
/* 200 with a body; every other status is FETCH_FAILED and names it. */
ATT_CHECK bool fetch_get(struct fetch *f, const struct fetch_request *request, struct att_arena *arena,
                         struct att_span *ret_body, struct att_err *err);
/* Any final status is an answer, also a redirect, which is not followed. */
ATT_CHECK bool fetch_ask(struct fetch *f, const struct fetch_request *request, struct att_arena *arena,
                         struct fetch_answer *ret, struct att_err *err);
/* A POST. Any final status is an answer; of its body there is the beginning at most, and it may end with the connection. */
ATT_CHECK bool fetch_post(struct fetch *f, const struct fetch_request *request, struct att_arena *arena,
                          struct fetch_answer *ret, struct att_err *err);
void fetch_close(struct fetch *f); /* NULL is fine */

#endif
