/* Bodies of rows to structs: exactly the fields of the kind's table, each in its form. */
#include "base/base64.h"
#include "base/err.h"
#include "codec/json.h"
#include "site/row.h"

#include <stdio.h>

struct decoder {
    struct att_json json;
    struct att_arena *arena;
    struct att_err *err;
};

static bool want_fields(const struct decoder *d, const struct site_field *fields, att_json_id from,
                        uint8_t *ret, const char *where);

struct place {
    char text[96];
};

static const char *place_of(struct place *room, const char *where, const char *name)
{
    (void)snprintf(room->text, sizeof room->text, "%.60s.%.30s", where, name);
    return room->text;
}

static bool want_string(const struct decoder *d, const struct site_field *f, att_json_id from, uint8_t *ret,
                        const char *where)
{
    struct place place;
    struct att_span text = { 0 };

    if (!att_json_want_string(&d->json, d->arena, from, where, f->name, &text, d->err) ||
        !site_form_check(f->form, text, place_of(&place, where, f->name), d->err))
        return false;
    if (f->type == SITE_TEXT_SPAN) {
        memcpy(ret + f->offset, &text, sizeof text);
        return true;
    }
    if (text.len > 0 && memchr(text.ptr, '\0', text.len)) /* a C string would end there */
        return att_fail(d->err, ATT_PARAMETER_INVALID, place_of(&place, where, f->name), f->form->what,
                        "a NUL in the text");
    const char *copy = att_arena_dup(d->arena, text);
    if (!copy)
        return att_fail_memory(d->err, place_of(&place, where, f->name));
    memcpy(ret + f->offset, &copy, sizeof copy);
    return true;
}

static bool want_bytes(const struct decoder *d, const struct site_field *f, att_json_id from, uint8_t *ret,
                       const char *where)
{
    struct place place;
    struct att_span text = { 0 };
    struct att_span bytes = { 0 };

    (void)place_of(&place, where, f->name);
    if (!att_json_want_string(&d->json, d->arena, from, where, f->name, &text, d->err) ||
        !att_base64_decode(d->arena, ATT_BASE64_STRICT, text, place.text, &bytes, d->err) ||
        !site_form_check(f->form, bytes, place.text, d->err))
        return false;
    memcpy(ret + f->offset, &bytes, sizeof bytes);
    return true;
}

static bool want_object(const struct decoder *d, const struct site_field *f, att_json_id from, uint8_t *ret,
                        const char *where)
{
    struct place place;
    att_json_id id = att_json_get(&d->json, from, f->name);

    /* One spelling for the empty span, which ret, zeroed, is already. */
    if (f->later ? id == ATT_JSON_NONE : id != ATT_JSON_NONE && att_json_type(&d->json, id) == ATT_JSON_NULL)
        return true;
    if (!att_json_want(&d->json, from, where, f->name, ATT_JSON_OBJECT, &id, d->err))
        return false;
    struct att_span source = att_json_source(&d->json, id);
    if (!site_form_check(f->form, source, place_of(&place, where, f->name), d->err))
        return false;
    memcpy(ret + f->offset, &source, sizeof source);
    return true;
}

static bool want_time(const struct decoder *d, const struct site_field *f, att_json_id from, uint8_t *ret,
                      const char *where)
{
    struct place place;
    int64_t unix_s = 0;
    att_json_id id = att_json_get(&d->json, from, f->name);

    if (id != ATT_JSON_NONE && att_json_type(&d->json, id) == ATT_JSON_NULL)
        return true;
    if (!att_json_want_time(&d->json, d->arena, from, where, f->name, &unix_s, d->err))
        return false;
    if (unix_s == 0) /* has another spelling: null */
        return att_fail(d->err, ATT_PARAMETER_INVALID, place_of(&place, where, f->name),
                        "null for the time 0, or another time", "1970-01-01T00:00:00Z");
    memcpy(ret + f->offset, &unix_s, sizeof unix_s);
    return true;
}

static bool want_choice(const struct decoder *d, const struct site_field *f, att_json_id from, uint8_t *ret,
                        const char *where)
{
    struct place place;
    struct att_shown shown;
    struct att_span text = { 0 };

    if (!att_json_want_string(&d->json, d->arena, from, where, f->name, &text, d->err))
        return false;
    for (unsigned i = 0; f->choices[i]; i++) {
        if (!att_span_is(text, f->choices[i]))
            continue;
        memcpy(ret + f->offset, &i, sizeof i);
        return true;
    }
    return att_fail(d->err, ATT_PARAMETER_INVALID, place_of(&place, where, f->name),
                    "one of the kinds that are known", "\"%s\"", att_shown(&shown, text));
}

static bool want_array(const struct decoder *d, const struct site_field *f, att_json_id from, uint8_t *ret,
                       const char *where)
{
    struct place place;
    att_json_id id = 0;

    (void)place_of(&place, where, f->name);
    if (!att_json_want(&d->json, from, where, f->name, ATT_JSON_ARRAY, &id, d->err))
        return false;
    size_t count = d->json.nodes[id].count;
    if (count > f->count_max)
        return att_fail(d->err, ATT_LIMIT_EXCEEDED, place.text, "fewer elements", "%zu of at most %zu", count,
                        f->count_max);
    if (count == 0)
        return true;
    uint8_t *elements = att_arena_alloc(d->arena, count, f->element_bytes);
    if (!elements)
        return att_fail_memory(d->err, place.text);
    att_json_id each = att_json_first(&d->json, id);
    for (size_t i = 0; i < count; i++, each = att_json_next(&d->json, each)) {
        struct place element;
        (void)snprintf(element.text, sizeof element.text, "%.80s[%zu]", place.text, i);
        if (!want_fields(d, f->fields, each, elements + i * f->element_bytes, element.text))
            return false;
    }
    memcpy(ret + f->offset, &elements, sizeof elements);
    memcpy(ret + f->count_offset, &count, sizeof count);
    return true;
}

static bool want_field(const struct decoder *d, const struct site_field *f, att_json_id from, uint8_t *ret,
                       const char *where)
{
    att_json_id id = 0;
    uint32_t number = 0;

    switch (f->type) {
    case SITE_TEXT:
    case SITE_TEXT_SPAN:
        return want_string(d, f, from, ret, where);
    case SITE_BYTES:
        return want_bytes(d, f, from, ret, where);
    case SITE_OBJECT:
        return want_object(d, f, from, ret, where);
    case SITE_FLAG:
        if (!att_json_want(&d->json, from, where, f->name, ATT_JSON_BOOL, &id, d->err))
            return false;
        bool flag = att_json_true(&d->json, id);
        memcpy(ret + f->offset, &flag, sizeof flag);
        return true;
    case SITE_NUMBER:
        if (!att_json_want_u32(&d->json, from, where, f->name, UINT32_MAX, &number, d->err))
            return false;
        memcpy(ret + f->offset, &number, sizeof number);
        return true;
    case SITE_TIME:
        return want_time(d, f, from, ret, where);
    case SITE_CHOICE:
        return want_choice(d, f, from, ret, where);
    case SITE_ARRAY:
        return want_array(d, f, from, ret, where);
    }
    return att_fail(d->err, ATT_INTERNAL, where, "a type of field", "%d", (int)f->type);
}

/* No member that the table does not have: it would be lost at the next change. */
static bool nothing_else(const struct decoder *d, const struct site_field *fields, att_json_id from,
                         const char *where)
{
    for (att_json_id id = att_json_first(&d->json, from); id != ATT_JSON_NONE;
         id = att_json_next(&d->json, id)) {
        struct att_shown shown;
        struct att_span name = { 0 };
        const struct site_field *f = fields;
        if (!att_json_key(&d->json, d->arena, id, &name))
            return att_fail_memory(d->err, where);
        while (f->name && !att_span_is(name, f->name))
            f++;
        if (!f->name)
            return att_fail(d->err, ATT_PARAMETER_INVALID, where, "only the members of this kind of row",
                            "\"%s\", too", att_shown(&shown, name));
    }
    return true;
}

static bool want_fields(const struct decoder *d, const struct site_field *fields, att_json_id from,
                        uint8_t *ret, const char *where)
{
    for (const struct site_field *f = fields; f->name; f++)
        if (!want_field(d, f, from, ret, where))
            return false;
    return nothing_else(d, fields, from, where);
}

bool site_fields_decode(const struct site_field *fields, struct att_span body, const char *where,
                        struct att_arena *arena, void *ret, struct att_err *err)
{
    struct decoder d = { .arena = arena, .err = err };

    if (body.len > STORE_BODY_BYTES_MAX)
        return att_fail(err, ATT_LIMIT_EXCEEDED, where, "a row of at most 1 MiB", "%zu bytes", body.len);
    return att_json_parse(arena, body, NULL, &d.json, err) &&
           want_fields(&d, fields, ATT_JSON_ROOT, ret, where);
}

bool site_row_decode(enum site_kind kind, const struct store_doc *doc, struct att_arena *arena,
                     const void **ret, struct att_err *err)
{
    const struct site_row *row = site_rows[kind];
    struct place place;
    struct place where;

    (void)snprintf(where.text, sizeof where.text, "site.%s", row->name);
    if (!site_form_check(&site_form_guid, att_str(doc->tenant), place_of(&place, where.text, "tenant"), err))
        return false;
    uint8_t *object = att_arena_alloc(arena, 1, row->bytes);
    const char *tenant = att_arena_dup(arena, att_str(doc->tenant));
    const char *key = att_arena_dup(arena, att_str(doc->id));
    if (!object || !tenant || !key)
        return att_fail_memory(err, where.text);
    struct site_object o = {
        .kind = kind,
        .tenant = tenant,
        .key = key,
        .version = doc->version,
        .changed_unix_s = doc->changed_unix_s,
    };
    memcpy(object, &o, sizeof o);
    if (!site_fields_decode(row->fields, doc->body, where.text, arena, object, err) ||
        !row->check(object, err))
        return false;
    *ret = object;
    return true;
}

bool site_row_broken(const char *kind, const char *id, struct att_err *err)
{
    struct att_err inner = err ? *err : (struct att_err){ 0 };

    att_fail_as(err, ATT_STORE_FAILED, "store");
    if (!err || err->code != ATT_STORE_FAILED)
        return false;
    (void)snprintf(err->found, sizeof err->found, "%.60s, in %s %.110s", inner.found, kind, id);
    att_err_text(err, "the store could not do it: the row of kind %s with id %.300s cannot be used: %.200s",
                 kind, id, inner.text);
    return false;
}
