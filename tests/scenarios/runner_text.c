/* Variables, ${...} and files. */
#include "runner.h"

#include "base/auto.h"
#include "base/base64.h"
#include "base/buf.h"
#include "base/hex.h"
#include "codec/json.h"
#include "support/cases.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

struct att_span var_get(const struct story *s, const char *name, bool *ret_found)
{
    for (size_t i = 0; i < VARS_MAX && s->vars[i].name; i++) {
        if (strcmp(s->vars[i].name, name) == 0) {
            *ret_found = true;
            return s->vars[i].value;
        }
    }
    *ret_found = false;
    return (struct att_span){ 0 };
}

bool var_set(struct story *s, const char *name, struct att_span value)
{
    for (size_t i = 0; i < VARS_MAX; i++) {
        if (s->vars[i].name && strcmp(s->vars[i].name, name) != 0)
            continue;
        char *copy = att_arena_dup(s->arena, value);
        s->vars[i].name = att_arena_dup(s->arena, att_str(name));
        s->vars[i].value = att_span_of(copy, value.len);
        return (copy && s->vars[i].name) || fault(s, "memory");
    }
    return fault(s, "too many variables");
}

void var_number(struct story *s, const char *name, long long value)
{
    char text[24];

    (void)snprintf(text, sizeof text, "%lld", value);
    (void)var_set(s, name, att_str(text));
}

char *word(char **at)
{
    char *start = *at;
    size_t len = strcspn(start, " ");

    *at = start + len;
    if (start[len] == ' ') {
        start[len] = '\0';
        (*at)++;
    }
    while (**at == ' ')
        (*at)++;
    return start;
}

struct att_span file_span(struct story *s, const char *path, bool *ret_found)
{
    size_t len = 0;
    uint8_t *bytes = file_read(path, &len);
    char *copy = bytes ? att_arena_dup(s->arena, att_span_of(bytes, len)) : NULL;

    free(bytes);
    *ret_found = copy != NULL;
    return att_span_of(copy, copy ? len : 0);
}

void keep_untold(struct story *s, struct att_span secret)
{
    enum { PIECE = 40 };

    if (secret.len >= PIECE && s->untold_count < UNTOLD_MAX)
        s->untold[s->untold_count++] = att_span_of(secret.ptr + (secret.len - PIECE) / 2, PIECE);
}

/* The text of a file as the inside of a JSON string. */
static void put_json_inside(struct att_buf *out, struct att_span text)
{
    struct att_buf quoted = { 0 };

    att_json_put_string(&quoted, text);
    if (!quoted.failed)
        att_buf_put(out, att_span_of(quoted.ptr + 1, quoted.len - 2));
    att_buf_free(&quoted);
}

static void put_standard(struct att_buf *out, struct att_span bytes, bool url)
{
    size_t from = out->len;

    att_base64_put(out, bytes);
    for (size_t i = from; url && i < out->len; i++)
        out->ptr[i] = out->ptr[i] == '+' ? '-' : out->ptr[i] == '/' ? '_' : out->ptr[i];
}

/* "FILE" or "FILE:OFFSET:LENGTH" */
static bool piece_of(struct story *s, char *what, struct att_span *ret)
{
    char *offset = strchr(what, ':');
    char *length = offset ? strchr(offset + 1, ':') : NULL;
    bool found = false;

    if (length)
        *offset = '\0';
    *ret = file_span(s, what, &found);
    if (!found)
        return fault(s, "no file %s", what);
    if (!length)
        return true;
    size_t at = strtoul(offset + 1, NULL, 10), len = strtoul(length + 1, NULL, 10);
    if (at > ret->len || len > ret->len - at)
        return fault(s, "%s has no bytes %zu to %zu", what, at, at + len);
    *ret = att_span_of(ret->ptr + at, len);
    return true;
}

static bool put_file(struct story *s, const char *form, char *what, struct att_buf *out)
{
    struct att_span bytes = { 0 };
    size_t from = out->len;

    if (!piece_of(s, what, &bytes))
        return false;
    if (strcmp(form, "file") == 0) {
        att_buf_put(out, bytes);
        return true;
    }
    if (strcmp(form, "json") == 0)
        put_json_inside(out, bytes);
    else if (strcmp(form, "hex") == 0)
        att_hex_put(out, bytes);
    else if (strcmp(form, "b64url") == 0)
        att_base64url_put(out, bytes);
    else if (strcmp(form, "b64urlpad") == 0 || strcmp(form, "b64") == 0)
        put_standard(out, bytes, form[3] == 'u');
    else if (strcmp(form, "le") == 0)
        att_buf_printf(out, "%u", bytes.len == 2 ? bytes.ptr[0] + bytes.ptr[1] * 256u : 0);
    else
        return fault(s, "no form ${%s:...}", form);
    /* Measurements and counts are public; whole evidence is what a log has no use for. */
    if (bytes.len > 256) {
        char *copy = att_arena_dup(s->arena, att_span_of(out->ptr + from, out->len - from));
        keep_untold(s, att_span_of(copy, copy ? out->len - from : 0));
    }
    return true;
}

/* ${name}, ${name+28800}, ${repeat:1000:[}, ${b64url:FILE} */
static bool put_inner(struct story *s, char *inner, struct att_buf *out)
{
    char *colon = strchr(inner, ':');
    char *plus = strchr(inner, '+');
    bool found = false;

    if (colon) {
        *colon = '\0';
        if (strcmp(inner, "repeat") != 0)
            return put_file(s, inner, colon + 1, out);
        char *text = NULL;
        unsigned long count = strtoul(colon + 1, &text, 10);
        for (unsigned long i = 0; i < count && *text == ':'; i++)
            att_buf_puts(out, text + 1);
        return true;
    }
    if (plus)
        *plus = '\0';
    struct att_span value = var_get(s, inner, &found);
    if (!found)
        return fault(s, "no variable %s", inner);
    if (plus)
        att_buf_printf(out, "%lld", strtoll((const char *)value.ptr, NULL, 10) + strtoll(plus + 1, NULL, 10));
    else
        att_buf_put(out, value);
    return true;
}

static size_t put_escape(struct att_buf *out, struct att_span rest)
{
    uint8_t byte = 0;

    if (rest.len >= 4 && rest.ptr[1] == 'x' && att_hex_read(att_span_of(rest.ptr + 2, 2), &byte, 1)) {
        att_buf_putc(out, (char)byte);
        return 4;
    }
    char c = rest.len > 1 ? (char)rest.ptr[1] : '\\';
    att_buf_putc(out, (char)(c == 'r' ? '\r' : c == 'n' ? '\n' : c == 't' ? '\t' : c));
    return 2;
}

static bool replace(struct story *s, struct att_span text, struct att_buf *out)
{
    for (size_t i = 0; i < text.len;) {
        const uint8_t *at = text.ptr + i;
        bool opens = i + 1 < text.len && at[0] == '$' && at[1] == '{';
        const uint8_t *end = opens ? memchr(at, '}', text.len - i) : NULL;
        if (!end) {
            att_buf_putc(out, (char)at[0]);
            i++;
            continue;
        }
        char *inner = att_arena_dup(s->arena, att_span_of(at + 2, (size_t)(end - at) - 2));
        if (!inner || !put_inner(s, inner, out))
            return fault(s, "memory");
        i += (size_t)(end - at) + 1;
    }
    return true;
}

static bool keep_buf(struct story *s, const struct att_buf *text, struct att_span *ret)
{
    char *copy = text->failed ? NULL : att_arena_dup(s->arena, att_buf_span(text));

    *ret = att_span_of(copy, copy ? text->len : 0);
    return copy || fault(s, "memory");
}

bool expand(struct story *s, struct att_span text, bool escapes, struct att_span *ret)
{
    ATT_AUTO(att_buf_free) struct att_buf out = { 0 };
    ATT_AUTO(att_buf_free) struct att_buf plain = { 0 };

    if (!replace(s, text, &out))
        return false;
    if (!escapes)
        return keep_buf(s, &out, ret);
    for (size_t i = 0; i < out.len;) {
        if (out.ptr[i] == '\\') {
            i += put_escape(&plain, att_span_of(out.ptr + i, out.len - i));
        } else {
            att_buf_putc(&plain, (char)out.ptr[i]);
            i++;
        }
    }
    return keep_buf(s, &plain, ret);
}
