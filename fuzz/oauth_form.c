/* layers: authority base codec */
/* A token request's form. Properties: the same answer twice; a refusal says why and shows no value; what is accepted has
 * each name once, is UTF-8 without NUL, is never longer than the input, and reads the same when it is written anew. */
#include "authority/form.h"

#include "base/buf.h"
#include "codec/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds)
        __builtin_trap();
}

/* Every byte escaped: another text of the same form. */
static void put_escaped(struct att_buf *b, struct att_span text)
{
    static const char digits[] = "0123456789ABCDEF";

    for (size_t i = 0; i < text.len; i++) {
        att_buf_putc(b, '%');
        att_buf_putc(b, digits[text.ptr[i] >> 4]);
        att_buf_putc(b, digits[text.ptr[i] & 15]);
    }
}

static bool plain(struct att_span text)
{
    return att_utf8_valid(text) && (text.len == 0 || !memchr(text.ptr, '\0', text.len));
}

static void check_taken(const struct form *form, size_t size)
{
    size_t bytes = 0;

    must(form->count <= FORM_PAIRS_MAX);
    for (size_t i = 0; i < form->count; i++) {
        const struct form_pair *p = &form->pairs[i];
        must(p->name.len > 0 && p->name.len <= FORM_NAME_BYTES_MAX && plain(p->name) && plain(p->value));
        bytes += p->name.len + p->value.len;
        for (size_t k = 0; k < i; k++)
            must(!att_span_eq(form->pairs[k].name, p->name));
    }
    must(bytes <= size);
}

static void check_written(struct att_arena *arena, const struct form *form)
{
    struct att_buf text = { 0 };
    struct form again;
    struct att_err err = { 0 };

    for (size_t i = 0; i < form->count; i++) {
        put_escaped(&text, form->pairs[i].name);
        att_buf_putc(&text, '=');
        put_escaped(&text, form->pairs[i].value);
        att_buf_putc(&text, '&');
    }
    if (!text.failed && text.len <= FORM_BYTES_MAX) {
        must(form_parse(arena, att_buf_span(&text), &again, &err) && again.count == form->count);
        for (size_t i = 0; i < form->count; i++)
            must(att_span_eq(again.pairs[i].name, form->pairs[i].name) &&
                 att_span_eq(again.pairs[i].value, form->pairs[i].value));
    }
    att_buf_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct att_arena *arena = att_arena_new(8 << 20);
    struct form form = { .count = 1234 }, twice = { .count = 1234 };
    struct att_err err = { 0 }, err_twice = { 0 };

    must(arena != NULL);
    bool ok = form_parse(arena, att_span_of(data, size), &form, &err);
    must(ok == form_parse(arena, att_span_of(data, size), &twice, &err_twice));
    must(memcmp(&err, &err_twice, sizeof err) == 0);
    if (ok) {
        must(err.code == ATT_OK);
        check_taken(&form, size);
        check_written(arena, &form);
    } else {
        must(form.count == 1234 && err.text[0] && err.where[0] && err.expected[0]);
        must(err.code == ATT_REQUEST_MALFORMED || err.code == ATT_LIMIT_EXCEEDED);
    }
    att_arena_free(arena);
    return 0;
}
