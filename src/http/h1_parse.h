/* http/h1_parse.h - HTTP/1.1 request framing as a pure function over bytes (RFC 9112), stricter than it must
 * be.
 *
 * Feed it the bytes that are there; the answer depends on the bytes alone, never on how they were cut into
 * reads.
 *
 *     struct h1_head head = { 0 };
 *     while ((status = h1_head_feed(&head, everything_so_far, &limits, &refusal)) == H1_NEED_MORE)
 *         read more behind the same start;
 *
 * Positions are offsets from the start of the request, so the buffer may move between calls. Work is linear
 * in the bytes however small the pieces are.
 */
#ifndef HTTP_H1_PARSE_H
#define HTTP_H1_PARSE_H

#include <attest/error.h>

enum h1_status { H1_NEED_MORE, H1_DONE, H1_BAD };

enum { H1_HEADERS_MAX = 100 };

struct h1_limits {
    size_t target_bytes_max;
    size_t head_bytes_max;   /* request line, headers and the empty line */
    size_t header_count_max; /* at most H1_HEADERS_MAX */
};

/* Why not, and with which status. After any of them the connection must close: where the next request would
 * start is not known. */
struct h1_refusal {
    int status;
    struct att_err err;
};

struct h1_part {
    uint32_t at; /* from the start of the request */
    uint32_t len;
};

struct h1_field {
    struct h1_part name;
    struct h1_part value; /* without the white space around it */
};

struct h1_head {
    /* Progress. */
    size_t scanned;
    size_t line_at;
    unsigned line_count; /* complete lines */
    unsigned seen;       /* bit per row of the table of known headers */
    /* Result. */
    size_t head_bytes; /* the body starts here; 0 until the head is done */
    unsigned minor;    /* HTTP/1.minor */
    struct h1_part method;
    struct h1_part path;
    struct h1_part query;
    struct h1_part host;
    bool has_length;
    uint64_t content_length;
    bool chunked;
    bool close; /* the client asked for it, or speaks HTTP/1.0 */
    bool expect_continue;
    size_t field_count;
    struct h1_field fields[H1_HEADERS_MAX];
};

/* Ready for the next request, without touching the whole table of fields. */
void h1_head_reset(struct h1_head *head);
/* `bytes` begin at the start of the request and hold everything received so far. */
enum h1_status h1_head_feed(struct h1_head *head, struct att_span bytes, const struct h1_limits *limits,
                            struct h1_refusal *refusal);

static inline struct att_span h1_span(const uint8_t *request, struct h1_part part)
{
    return (struct att_span){ request + part.at, part.len };
}

enum h1_chunk_phase {
    H1_CHUNK_SIZE,
    H1_CHUNK_SIZE_LF,
    H1_CHUNK_DATA,
    H1_CHUNK_DATA_CR,
    H1_CHUNK_DATA_LF,
    H1_CHUNK_END_CR,
    H1_CHUNK_END_LF
};

struct h1_body {
    bool chunked;
    enum h1_chunk_phase phase;
    unsigned digits;
    uint64_t left; /* of the body, or of this chunk */
    size_t kept;   /* body bytes so far */
    size_t bytes_max;
};

/* DONE: no body follows. NEED_MORE: one does. BAD: 413, from the head alone. */
enum h1_status h1_body_start(struct h1_body *body, const struct h1_head *head, size_t bytes_max,
                             struct h1_refusal *refusal);
/* Takes bytes from `in` and writes body bytes to `out`; `out` may be at or before `in` in the same buffer.
 * NEED_MORE has used them all; DONE leaves those of the next request. Not called again after DONE or BAD. */
enum h1_status h1_body_feed(struct h1_body *body, const uint8_t *in, size_t len, uint8_t *out,
                            size_t *ret_used, size_t *ret_kept, struct h1_refusal *refusal);

#endif
