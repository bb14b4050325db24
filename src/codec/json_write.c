/* Writing: one string, and the streaming writer. A writer that is used against the grammar (a name in no
 * object, an end without a beginning, a second value at the top) marks its buffer as failed: no half-right
 * JSON gets out. */
#include "base/buf.h"
#include "base/hex.h"
#include "codec/json_text.h"
#include "codec/utf8.h"

#include <inttypes.h>

static void put_control(struct att_buf *b, uint8_t c)
{
    switch (c) {
    case '\b':
        att_buf_puts(b, "\\b");
        return;
    case '\f':
        att_buf_puts(b, "\\f");
        return;
    case '\n':
        att_buf_puts(b, "\\n");
        return;
    case '\r':
        att_buf_puts(b, "\\r");
        return;
    case '\t':
        att_buf_puts(b, "\\t");
        return;
    default:
        att_buf_printf(b, "\\u%04x", c);
    }
}

void att_json_put_string(struct att_buf *b, struct att_span text)
{
    uint8_t *all = json_plain_run(text.ptr, text.len) == text.len ? att_buf_room(b, text.len + 2) : NULL;
    if (all) { /* as most strings are */
        all[0] = '"';
        if (text.len > 0)
            memcpy(all + 1, text.ptr, text.len);
        all[text.len + 1] = '"';
        b->len += text.len + 2;
        return;
    }
    att_buf_putc(b, '"');
    while (text.len > 0) {
        size_t n = json_plain_run(text.ptr, text.len);
        if (n == 0 && text.ptr[0] >= 0x80)
            n = att_utf8_length(text);
        if (n > 0) {
            att_buf_put(b, att_span_of(text.ptr, n));
        } else {
            uint8_t c = text.ptr[0];
            n = 1;
            if (c >= 0x80) {
                att_buf_puts(b, "\xef\xbf\xbd"); /* U+FFFD, one for each byte that belongs to no character */
            } else if (c < 0x20) {
                put_control(b, c);
            } else {
                att_buf_putc(b, '\\');
                att_buf_putc(b, (char)c);
            }
        }
        text = att_span_of(text.ptr + n, text.len - n);
    }
    att_buf_putc(b, '"');
}

static void new_line(struct att_json_writer *w)
{
    if (!w->pretty)
        return;
    att_buf_putc(w->out, '\n');
    att_buf_fill(w->out, ' ', 2 * (size_t)w->depth);
}

static void misused(struct att_json_writer *w)
{
    w->out->failed = true;
}

/* What stands between the last thing written and a new value or member. */
static void before_item(struct att_json_writer *w)
{
    if (w->after_value)
        att_buf_putc(w->out, ',');
    if (w->depth > 0)
        new_line(w);
}

static void before_value(struct att_json_writer *w)
{
    if (w->after_key) {
        w->after_key = false;
        return;
    }
    if (w->depth == 0 && w->after_value)
        misused(w);
    before_item(w);
}

static void jw_open(struct att_json_writer *w, char bracket)
{
    before_value(w);
    att_buf_putc(w->out, bracket);
    w->depth++;
    w->after_value = false;
}

static void jw_close(struct att_json_writer *w, char bracket)
{
    if (w->depth == 0 || w->after_key) {
        misused(w);
        return;
    }
    w->depth--;
    if (w->after_value)
        new_line(w);
    att_buf_putc(w->out, bracket);
    w->after_value = true;
}

void att_jw_object(struct att_json_writer *w)
{
    jw_open(w, '{');
}
void att_jw_end_object(struct att_json_writer *w)
{
    jw_close(w, '}');
}
void att_jw_array(struct att_json_writer *w)
{
    jw_open(w, '[');
}
void att_jw_end_array(struct att_json_writer *w)
{
    jw_close(w, ']');
}

void att_jw_key_span(struct att_json_writer *w, struct att_span name)
{
    if (w->depth == 0 || w->after_key)
        misused(w);
    before_item(w);
    att_json_put_string(w->out, name);
    att_buf_puts(w->out, w->pretty ? ": " : ":");
    w->after_key = true;
}

void att_jw_key(struct att_json_writer *w, const char *name)
{
    att_jw_key_span(w, att_str(name));
}

void att_jw_string(struct att_json_writer *w, struct att_span text)
{
    before_value(w);
    att_json_put_string(w->out, text);
    w->after_value = true;
}

void att_jw_raw(struct att_json_writer *w, struct att_span json)
{
    if (json.len == 0)
        misused(w);
    before_value(w);
    att_buf_put(w->out, json);
    w->after_value = true;
}

void att_jw_str(struct att_json_writer *w, const char *text)
{
    if (!text)
        att_jw_null(w);
    else
        att_jw_string(w, att_str(text));
}

void att_jw_int(struct att_json_writer *w, int64_t v)
{
    before_value(w);
    att_buf_printf(w->out, "%" PRId64, v);
    w->after_value = true;
}

void att_jw_bool(struct att_json_writer *w, bool v)
{
    att_jw_raw(w, att_str(v ? "true" : "false"));
}
void att_jw_null(struct att_json_writer *w)
{
    att_jw_raw(w, att_str("null"));
}

void att_jw_hex(struct att_json_writer *w, struct att_span bytes)
{
    before_value(w);
    att_buf_putc(w->out, '"');
    att_hex_put(w->out, bytes);
    att_buf_putc(w->out, '"');
    w->after_value = true;
}
