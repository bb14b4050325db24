/* Structs to bodies of rows. Every field is held against its form first: what is written can be read again. */
#include "base/base64.h"
#include "base/err.h"
#include "base/timetext.h"
#include "codec/json.h"
#include "codec/utf8.h"
#include "site/row.h"

#include <stdio.h>

struct encoder {
    struct att_json_writer w;
    struct att_arena *arena;
    struct att_err *err;
};

static bool put_fields(struct encoder *e, const struct site_field *fields, const uint8_t *at,
                       const char *where);

static struct att_span text_at(const uint8_t *at)
{
    const char *text = NULL;

    memcpy(&text, at, sizeof text);
    return att_str(text);
}

static struct att_span span_at(const uint8_t *at)
{
    struct att_span s;

    memcpy(&s, at, sizeof s);
    return s;
}

static bool put_string(struct encoder *e, const struct site_field *f, struct att_span text, const char *where)
{
    struct att_shown shown;

    if (!site_form_check(f->form, text, where, e->err))
        return false;
    if (!att_utf8_valid(text)) /* the writer would put other characters in their place */
        return att_fail(e->err, ATT_UTF8_INVALID, where, f->form->what, "\"%s\"", att_shown(&shown, text));
    att_jw_string(&e->w, text);
    return true;
}

static bool put_bytes(struct encoder *e, const struct site_field *f, struct att_span bytes, const char *where)
{
    struct att_buf text = { 0 };

    if (!site_form_check(f->form, bytes, where, e->err))
        return false;
    att_base64url_put(&text, bytes);
    bool made = !text.failed;
    if (made)
        att_jw_string(&e->w, att_buf_span(&text));
    att_buf_free(&text);
    return made || att_fail_memory(e->err, where);
}

/* JSON of the caller goes in as it is, so it is looked at: text that is more than one object could add members. */
static bool put_object(struct encoder *e, const struct site_field *f, struct att_span json, const char *where)
{
    struct att_json doc;

    if (json.len == 0) {
        att_jw_null(&e->w);
        return true;
    }
    if (!site_form_check(f->form, json, where, e->err))
        return false;
    if (!att_json_parse(e->arena, json, NULL, &doc, e->err))
        return att_fail_as(e->err, ATT_PARAMETER_INVALID, where);
    if (att_json_type(&doc, ATT_JSON_ROOT) != ATT_JSON_OBJECT)
        return att_fail(e->err, ATT_PARAMETER_INVALID, where, f->form->what, "JSON of another type");
    att_jw_raw(&e->w, att_json_source(&doc, ATT_JSON_ROOT));
    return true;
}

static bool put_time(struct encoder *e, const uint8_t *at, const char *where)
{
    struct att_time_text room;
    int64_t unix_s = 0;
    int64_t again = 0;

    memcpy(&unix_s, at, sizeof unix_s);
    if (unix_s == 0) {
        att_jw_null(&e->w);
        return true;
    }
    const char *text = att_time_text(&room, unix_s);
    if (!att_time_read(att_str(text), &again) || again != unix_s)
        return att_fail(e->err, ATT_PARAMETER_INVALID, where, "a time in the years 1 to 9999", "%lld s",
                        (long long)unix_s);
    att_jw_str(&e->w, text);
    return true;
}

static bool put_choice(struct encoder *e, const struct site_field *f, const uint8_t *at, const char *where)
{
    unsigned value = 0;
    unsigned count = 0;

    memcpy(&value, at, sizeof value);
    while (f->choices[count])
        count++;
    if (value >= count)
        return att_fail(e->err, ATT_PARAMETER_INVALID, where, "one of the kinds that are known", "%u", value);
    att_jw_str(&e->w, f->choices[value]);
    return true;
}

static bool put_array(struct encoder *e, const struct site_field *f, const uint8_t *object, const char *where)
{
    const uint8_t *elements = NULL;
    size_t count = 0;

    memcpy(&elements, object + f->offset, sizeof elements);
    memcpy(&count, object + f->count_offset, sizeof count);
    if (count > f->count_max)
        return att_fail(e->err, ATT_LIMIT_EXCEEDED, where, "fewer elements", "%zu of at most %zu", count,
                        f->count_max);
    att_jw_array(&e->w);
    for (size_t i = 0; i < count; i++) {
        char place[96];
        (void)snprintf(place, sizeof place, "%.70s[%zu]", where, i);
        if (!put_fields(e, f->fields, elements + i * f->element_bytes, place))
            return false;
    }
    att_jw_end_array(&e->w);
    return true;
}

static bool put_field(struct encoder *e, const struct site_field *f, const uint8_t *object, const char *where)
{
    const uint8_t *at = object + f->offset;
    bool flag = false;
    uint32_t number = 0;

    switch (f->type) {
    case SITE_TEXT:
        return put_string(e, f, text_at(at), where);
    case SITE_TEXT_SPAN:
        return put_string(e, f, span_at(at), where);
    case SITE_BYTES:
        return put_bytes(e, f, span_at(at), where);
    case SITE_OBJECT:
        return put_object(e, f, span_at(at), where);
    case SITE_FLAG:
        memcpy(&flag, at, sizeof flag);
        att_jw_bool(&e->w, flag);
        return true;
    case SITE_NUMBER:
        memcpy(&number, at, sizeof number);
        att_jw_int(&e->w, number);
        return true;
    case SITE_TIME:
        return put_time(e, at, where);
    case SITE_CHOICE:
        return put_choice(e, f, at, where);
    case SITE_ARRAY:
        return put_array(e, f, object, where);
    }
    return att_fail(e->err, ATT_INTERNAL, where, "a type of field", "%d", (int)f->type);
}

static bool put_fields(struct encoder *e, const struct site_field *fields, const uint8_t *at,
                       const char *where)
{
    att_jw_object(&e->w);
    for (const struct site_field *f = fields; f->name; f++) {
        char place[96];
        (void)snprintf(place, sizeof place, "%.60s.%.30s", where, f->name);
        if (f->later && span_at(at + f->offset).len == 0)
            continue;
        att_jw_key(&e->w, f->name);
        if (!put_field(e, f, at, place))
            return false;
    }
    att_jw_end_object(&e->w);
    return true;
}

bool site_fields_encode(const struct site_field *fields, const void *row, const char *where,
                        struct att_arena *arena, struct att_buf *out, struct att_err *err)
{
    struct encoder e = { { .out = out }, arena, err };

    if (!put_fields(&e, fields, row, where))
        return false;
    if (out->failed && out->len < STORE_BODY_BYTES_MAX / 2)
        return att_fail_memory(err, where);
    if (out->failed || out->len > STORE_BODY_BYTES_MAX)
        return att_fail(err, ATT_LIMIT_EXCEEDED, where, "a row of at most 1 MiB", "more");
    return true;
}

bool site_row_encode(const void *object, struct att_arena *arena, struct att_buf *out, struct att_err *err)
{
    const struct site_object *o = object;
    const struct site_row *row = site_rows[o->kind];
    char where[96];

    (void)snprintf(where, sizeof where, "site.%s", row->name);
    return site_fields_encode(row->fields, object, where, arena, out, err);
}
