/* layers: site access store codec base */
/* Bodies of rows. The first byte chooses the kind ("0": a subscription), a line up to '\n' is the id, the rest is the body. What is read is
 * written again, and that reads as the same; what is refused says what, where and what would have been right. */
#include "site/row.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TENANT "aaaaaaaa-0000-4000-8000-000000000001"

static void require(bool holds)
{
    if (!holds)
        __builtin_trap();
}

static bool decode(struct att_arena *a, enum site_kind kind, const char *id, struct att_span body,
                   const struct site_object **ret, struct att_err *err)
{
    const struct store_doc doc = { .tenant = TENANT,
                                   .kind = site_rows[kind]->name,
                                   .id = id,
                                   .version = 3,
                                   .changed_unix_s = 5,
                                   .body = body };
    const void *object = NULL;

    if (!site_row_decode(kind, &doc, a, &object, err))
        return false;
    *ret = object;
    return true;
}

/* Every text ends where its string says, in its form; every array is within its limit. */
static void check_fields(const struct site_field *fields, const uint8_t *at)
{
    for (const struct site_field *f = fields; f->name; f++) {
        const uint8_t *elements = NULL;
        const char *text = NULL;
        size_t count = 0;
        if (f->type == SITE_TEXT) {
            memcpy(&text, at + f->offset, sizeof text);
            require(text && strlen(text) >= f->form->bytes_min && strlen(text) <= f->form->bytes_max);
        }
        if (f->type != SITE_ARRAY)
            continue;
        memcpy(&elements, at + f->offset, sizeof elements);
        memcpy(&count, at + f->count_offset, sizeof count);
        require(count <= f->count_max && (count == 0 || elements));
        for (size_t i = 0; i < count; i++)
            check_fields(f->fields, elements + i * f->element_bytes);
    }
}

static void check_object(struct att_arena *a, const struct site_object *o, const char *id)
{
    struct att_buf first = { 0 };
    struct att_buf second = { 0 };
    const struct site_object *again = NULL;
    struct att_err err = { 0 };
    const uint8_t *bytes = (const uint8_t *)o;

    require(strcmp(o->key, id) == 0 && strcmp(o->tenant, TENANT) == 0 && o->version == 3 &&
            o->changed_unix_s == 5);
    for (const char *c = o->key; *c; c++)
        require(!(*c >= 'A' && *c <= 'Z'));
    check_fields(site_rows[o->kind]->fields, bytes);
    require(site_row_encode(o, a, &first, &err));
    require(decode(a, o->kind, id, att_buf_span(&first), &again, &err));
    require(site_row_encode(again, a, &second, &err));
    require(att_span_eq(att_buf_span(&first), att_buf_span(&second)));
    att_buf_free(&first);
    att_buf_free(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *line = size > 0 ? memchr(data + 1, '\n', size - 1) : NULL;
    char id[STORE_ID_BYTES_MAX + 1];
    const struct site_object *o = NULL;
    struct att_err err = { 0 };

    if (!line || (size_t)(line - data - 1) >= sizeof id || memchr(data + 1, '\0', (size_t)(line - data - 1)))
        return 0;
    size_t len = (size_t)(line - data - 1);
    memcpy(id, data + 1, len);
    id[len] = '\0';
    enum site_kind kind = (enum site_kind)((unsigned)data[0] % SITE_KINDS);
    struct att_arena *a = att_arena_new((size_t)64 << 20);
    require(a);
    if (decode(a, kind, id, att_span_of(line + 1, size - len - 2), &o, &err))
        check_object(a, o, id);
    else
        require(err.code != ATT_OK && err.where[0] && err.expected[0] && err.text[0] && !o);
    att_arena_free(a);
    return 0;
}
