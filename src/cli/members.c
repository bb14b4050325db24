#include "cli/members.h"

#include "base/auto.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static const char *text_of(struct members *m, att_json_id id)
{
    struct att_span text;

    if (id == ATT_JSON_NONE || att_json_type(m->doc, id) == ATT_JSON_NULL)
        return NULL;
    if (!att_json_string(m->doc, m->arena, id, &text) || (text.len > 0 && memchr(text.ptr, 0, text.len))) {
        m->failed = true;
        return NULL;
    }
    const char *copy = att_arena_dup(m->arena, text);
    m->failed = m->failed || !copy;
    return copy;
}

const char *member_text(struct members *m, att_json_id object, const char *name)
{
    return text_of(m, att_json_get(m->doc, object, name));
}

const char *member_at(struct members *m, att_json_id object, const char *path)
{
    char name[64];

    for (const char *dot = strchr(path, '.'); dot; dot = strchr(path, '.')) {
        (void)snprintf(name, sizeof name, "%.*s", (int)(dot - path), path);
        object = att_json_get(m->doc, object, name);
        path = dot + 1;
    }
    const char *text = member_text(m, object, path);
    return text ? text : "";
}

void cli_put_plain(struct att_buf *b, const char *text)
{
    for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
        /* C0, DEL, and C1 as UTF-8 (C2 80 to C2 9F) */
        bool c1 = p[0] == 0xc2 && p[1] >= 0x80 && p[1] <= 0x9f;
        att_buf_putc(b, *p < 0x20 || *p == 0x7f || c1 ? '?' : (char)*p);
        p += c1;
    }
}

const char *cli_text(struct att_arena *arena, const char *format, ...)
{
    char *text = NULL;
    va_list args;

    va_start(args, format);
    int n = vasprintf(&text, format, args);
    va_end(args);
    if (n < 0)
        return NULL;
    const char *copy = att_arena_dup(arena, att_span_of(text, (size_t)n));
    free(text);
    return copy;
}
