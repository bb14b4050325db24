#include "authority/form.h"

#include "base/err.h"
#include "base/hex.h"
#include "codec/utf8.h"

static bool malformed(struct att_err *err, const char *expected, const char *found)
{
    return att_fail(err, ATT_REQUEST_MALFORMED, "form", expected, "%s", found);
}

bool form_decode(struct att_arena *arena, struct att_span text, struct att_span *ret, struct att_err *err)
{
    char *to = att_arena_alloc(arena, text.len + 1, 1);
    size_t len = 0;

    if (!to)
        return att_fail_memory(err, "form");
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.ptr[i];
        if (c == '%') {
            if (text.len - i < 3 || !att_hex_read(att_span_of(text.ptr + i + 1, 2), &c, 1))
                return malformed(err, "two hexadecimal digits behind every %", "something else");
            i += 2;
        } else if (c == '+') {
            c = ' ';
        }
        if (c == '\0')
            return malformed(err, "text without NUL", "a NUL");
        to[len++] = (char)c;
    }
    if (!att_utf8_valid(att_span_of(to, len)))
        return malformed(err, "UTF-8", "other bytes");
    *ret = att_span_of(to, len);
    return true;
}

static bool known(const struct form *form, struct att_span name)
{
    for (size_t i = 0; i < form->count; i++) {
        if (att_span_eq(form->pairs[i].name, name))
            return true;
    }
    return false;
}

static bool add(struct att_arena *arena, struct att_span part, struct form *form, struct att_err *err)
{
    const uint8_t *sign = memchr(part.ptr, '=', part.len);
    size_t name_len = sign ? (size_t)(sign - part.ptr) : part.len;
    struct att_shown shown;
    struct form_pair pair;

    if (form->count == FORM_PAIRS_MAX)
        return att_fail(err, ATT_LIMIT_EXCEEDED, "form", "at most 64 parameters", "more");
    if (!form_decode(arena, att_span_of(part.ptr, name_len), &pair.name, err) ||
        !form_decode(arena, sign ? att_span_of(sign + 1, part.len - name_len - 1) : att_span_of(NULL, 0),
                     &pair.value, err))
        return false;
    if (pair.name.len == 0 || pair.name.len > FORM_NAME_BYTES_MAX)
        return malformed(err, "names of 1 to 64 bytes",
                         pair.name.len == 0 ? "a parameter without a name" : "a longer one");
    if (known(form, pair.name))
        return att_fail(err, ATT_REQUEST_MALFORMED, "form", "each parameter once", "'%s' twice",
                        att_shown(&shown, pair.name));
    form->pairs[form->count++] = pair;
    return true;
}

bool form_parse(struct att_arena *arena, struct att_span text, struct form *ret, struct att_err *err)
{
    size_t at = 0;

    if (text.len > FORM_BYTES_MAX)
        return att_fail(err, ATT_LIMIT_EXCEEDED, "form", "at most 65536 bytes", "%zu", text.len);
    struct form *form = att_arena_alloc(arena, 1, sizeof *form);
    if (!form)
        return att_fail_memory(err, "form");
    while (at < text.len) {
        const uint8_t *end = memchr(text.ptr + at, '&', text.len - at);
        size_t len = end ? (size_t)(end - text.ptr) - at : text.len - at;
        /* "a=1&&b=2": nothing between two ampersands is nothing at all. */
        if (len > 0 && !add(arena, att_span_of(text.ptr + at, len), form, err))
            return false;
        at += len + 1;
    }
    *ret = *form;
    return true;
}

struct att_span form_get(const struct form *form, const char *name)
{
    for (size_t i = 0; i < form->count; i++) {
        if (att_span_is(form->pairs[i].name, name))
            return form->pairs[i].value;
    }
    return (struct att_span){ 0 };
}
