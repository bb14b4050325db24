#include "base/buf.h"

#include "base/secret.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

uint8_t *att_buf_room(struct att_buf *b, size_t n)
{
    size_t max = b->max ? b->max : ATT_BUF_MAX_DEFAULT;

    if (b->failed || b->len > max || n > max - b->len) {
        b->failed = true;
        return NULL;
    }
    if (b->ptr && n <= b->cap - b->len)
        return b->ptr + b->len;

    size_t want = b->cap ? b->cap : 256;
    while (want - b->len < n)
        want = want > max / 2 ? max : want * 2; /* ends: max - len has room for n, as seen above */
    uint8_t *grown = malloc(want);
    if (!grown) {
        b->failed = b->out_of_memory = true;
        return NULL;
    }
    /* Not realloc: the old block may hold a secret and must be wiped. */
    if (b->len > 0)
        memcpy(grown, b->ptr, b->len);
    if (b->ptr)
        att_wipe(b->ptr, b->cap);
    free(b->ptr);
    b->ptr = grown;
    b->cap = want;
    return b->ptr + b->len;
}

void att_buf_put(struct att_buf *b, struct att_span bytes)
{
    if (bytes.len == 0)
        return;
    uint8_t *to = att_buf_room(b, bytes.len);
    if (!to)
        return;
    memcpy(to, bytes.ptr, bytes.len);
    b->len += bytes.len;
}

void att_buf_puts(struct att_buf *b, const char *text)
{
    att_buf_put(b, att_str(text));
}

void att_buf_putc(struct att_buf *b, char c)
{
    att_buf_put(b, att_span_of(&c, 1));
}

void att_buf_u16le(struct att_buf *b, uint16_t v)
{
    uint8_t bytes[2] = { (uint8_t)v, (uint8_t)(v >> 8) };
    att_buf_put(b, att_span_of(bytes, sizeof bytes));
}

void att_buf_u32le(struct att_buf *b, uint32_t v)
{
    att_buf_u16le(b, (uint16_t)v);
    att_buf_u16le(b, (uint16_t)(v >> 16));
}

void att_buf_u64le(struct att_buf *b, uint64_t v)
{
    att_buf_u32le(b, (uint32_t)v);
    att_buf_u32le(b, (uint32_t)(v >> 32));
}

void att_buf_fill(struct att_buf *b, uint8_t value, size_t n)
{
    if (n == 0)
        return;
    uint8_t *to = att_buf_room(b, n);
    if (!to)
        return;
    memset(to, value, n);
    b->len += n;
}

void att_buf_printf(struct att_buf *b, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    int need = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (need < 0) {
        b->failed = true;
        return;
    }
    uint8_t *to = att_buf_room(b, (size_t)need + 1);
    if (!to)
        return;
    va_start(args, format);
    (void)vsnprintf((char *)to, (size_t)need + 1, format, args); /* measured just above */
    va_end(args);
    b->len += (size_t)need;
}

void att_buf_clear(struct att_buf *b)
{
    b->len = 0;
    b->failed = b->out_of_memory = false;
}

void att_buf_free(struct att_buf *b)
{
    if (b->ptr)
        att_wipe(b->ptr, b->cap);
    free(b->ptr);
    *b = (struct att_buf){ .max = b->max };
}
