/* http/h1_write.h - a response as bytes: head and body in one piece, so that they leave in one write. Pure.
 */
#ifndef HTTP_H1_WRITE_H
#define HTTP_H1_WRITE_H

#include "http/http.h"

struct att_buf;

struct http_date {
    char text[32];
};
/* "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 section 5.6.7); no locale. Returns room->text. */
const char *http_date_text(struct http_date *room, int64_t unix_s);

struct h1_reply {
    const char *date;  /* http_date_text() */
    bool without_body; /* the answer to HEAD */
    bool close;        /* says so; the caller then closes */
};

/* Appends to `out`. False, with `out` as it was, when the response cannot be sent: a status that is none, no
 * content type, a header with a name or value that would break out of its line or that is written here, or no
 * memory. */
ATT_CHECK bool h1_write(struct att_buf *out, const struct http_response *response,
                        const struct h1_reply *reply);
/* Never NULL. */
const char *h1_reason(int status);

#endif
