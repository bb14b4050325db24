/* base/buf.h - growable bytes with a ceiling.
 *
 * A failed append sticks (`failed`), later appends do nothing, so a writer checks once at the end. Starts as
 * { 0 } with the default ceiling; set `max` for another. att_buf_free wipes: a buffer may have held a secret.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <attest/span.h>

#define ATT_BUF_MAX_DEFAULT ((size_t)64 << 20)

struct att_buf {
    uint8_t *ptr;
    size_t len;
    size_t cap;
    size_t max; /* 0: ATT_BUF_MAX_DEFAULT */
    bool failed;
    bool out_of_memory; /* that is why; else the ceiling was reached */
};

/* Room for `n` more bytes at the returned place; the caller fills them and adds to len. NULL when refused. */
uint8_t *att_buf_room(struct att_buf *b, size_t n);
/* `bytes` must not lie inside the buffer: growing moves it. */
void att_buf_put(struct att_buf *b, struct att_span bytes);
void att_buf_puts(struct att_buf *b, const char *text);
void att_buf_putc(struct att_buf *b, char c);
void att_buf_u16le(struct att_buf *b, uint16_t v);
void att_buf_u32le(struct att_buf *b, uint32_t v);
void att_buf_u64le(struct att_buf *b, uint64_t v);
void att_buf_fill(struct att_buf *b, uint8_t value, size_t n);
/* Needs room for a NUL behind the text too, so it may refuse the very last byte below `max`. */
void att_buf_printf(struct att_buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Empties, keeps the memory. */
void att_buf_clear(struct att_buf *b);
void att_buf_free(struct att_buf *b);

static inline struct att_span att_buf_span(const struct att_buf *b)
{
    return (struct att_span){ b->ptr, b->len };
}

#endif
