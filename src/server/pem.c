#include "server/pem.h"

#include "base/base64.h"
#include "base/buf.h"

enum { LINE_CHARS = 64 };

void pem_put(struct att_buf *b, const char *label, struct att_span der)
{
    struct att_buf text = { 0 };

    att_base64_put(&text, der);
    att_buf_printf(b, "-----BEGIN %s-----\n", label);
    for (size_t at = 0; at < text.len; at += LINE_CHARS) {
        size_t n = text.len - at < LINE_CHARS ? text.len - at : LINE_CHARS;
        att_buf_put(b, att_span_of(text.ptr + at, n));
        att_buf_putc(b, '\n');
    }
    att_buf_printf(b, "-----END %s-----\n", label);
    b->failed = b->failed || text.failed;
    att_buf_free(&text); /* wiped: it may have been a private key */
}
