#include "cli/caret.h"

static bool is_tail(uint8_t byte)
{
    return (byte & 0xc0) == 0x80;
}

void cli_put_caret(struct att_buf *b, struct att_span line, unsigned column)
{
    enum { BEFORE = 60, WIDTH = 100 };
    unsigned first = column > BEFORE ? column - BEFORE : 1;
    unsigned at = 0;

    att_buf_puts(b, "  ");
    for (size_t i = 0; i < line.len && at < first + WIDTH; i++) {
        at += !is_tail(line.ptr[i]);
        if (at < first || at >= first + WIDTH)
            continue;
        att_buf_putc(b, line.ptr[i] < 0x20 || line.ptr[i] == 0x7f ? ' ' : (char)line.ptr[i]);
    }
    att_buf_printf(b, "\n  %*s^\n", (int)(column - first), "");
}
