/* Answers in the making. */
#include "api/arm/internal.h"

#include "base/err.h"
#include "base/timetext.h"

#include <stdarg.h>
#include <stdio.h>

enum { SCRATCH_BYTES = 1 << 20, TEXT_BYTES_MAX = 2048 };

bool arm_out_begin(struct api_call *call, struct arm_out *ret, struct att_err *err)
{
    *ret = (struct arm_out){ .call = call };
    ret->w.out = &ret->text;
    ret->scratch = att_arena_new(SCRATCH_BYTES);
    return ret->scratch || att_fail_memory(err, "answer");
}

void arm_out_end(struct arm_out *out)
{
    att_arena_free(out->scratch);
    out->scratch = NULL;
    att_buf_free(&out->text);
}

bool arm_out_send(struct arm_out *out, int status, struct att_err *err)
{
    return api_answer_buf(out->call, status, &out->text, err);
}

void arm_out_list(struct arm_out *out)
{
    att_jw_object(&out->w);
    att_jw_key(&out->w, "value");
    att_jw_array(&out->w);
}

bool arm_out_list_send(struct arm_out *out, struct att_err *err)
{
    att_jw_end_array(&out->w);
    att_jw_end_object(&out->w);
    return arm_out_send(out, 200, err);
}

void arm_put(struct arm_out *out, const char *name, const char *value)
{
    att_jw_key(&out->w, name);
    att_jw_str(&out->w, value);
}

void arm_putf(struct arm_out *out, const char *name, const char *format, ...)
{
    char text[TEXT_BYTES_MAX];
    va_list args;

    va_start(args, format);
    int len = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    /* Ids are at most 1,024 bytes; half a name would be another one's. */
    out->text.failed = out->text.failed || len < 0 || (size_t)len >= sizeof text;
    arm_put(out, name, text);
}

void arm_put_tags(struct arm_out *out, struct att_span tags)
{
    att_jw_key(&out->w, "tags");
    if (tags.len > 0)
        att_jw_raw(&out->w, tags);
    else
        att_jw_null(&out->w);
}

void arm_put_time(struct arm_out *out, const char *name, int64_t unix_s)
{
    struct att_time_text room;

    arm_put(out, name, att_time_text(&room, unix_s));
}

static int order(const char *key, const char *prefix, size_t len)
{
    int at = strncmp(key, prefix, len);

    if (at != 0)
        return at;
    return key[len] < '/' ? -1 : key[len] > '/';
}

void arm_below(const struct site_list *list, const char *key, size_t *ret_first, size_t *ret_count)
{
    size_t len = strlen(key), low = 0, high = list->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct site_object *o = list->objects[middle];
        if (order(o->key, key, len) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (high = low; high < list->count; high++) {
        const struct site_object *o = list->objects[high];
        if (order(o->key, key, len) != 0)
            break;
    }
    *ret_first = low;
    *ret_count = high - low;
}
