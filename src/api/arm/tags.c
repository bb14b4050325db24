/* Tags: names and values that people give to resources. The limits are ARM's. */
#include "api/arm/internal.h"

#include "base/auto.h"
#include "base/err.h"

enum { TAGS_MAX = 50, TAG_NAME_BYTES_MAX = 512, TAG_VALUE_BYTES_MAX = 256 };

static bool has_any(struct att_span s, const char *of)
{
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] < 0x20 || s.ptr[i] == 0x7f || strchr(of, s.ptr[i]))
            return true;
    }
    return false;
}

static bool tag_check(struct api_call *call, const struct att_json *doc, att_json_id id, struct att_err *err)
{
    struct att_span name = { 0 }, value = { 0 };
    struct att_shown shown;

    if (!att_json_key(doc, call->arena, id, &name))
        return att_fail_memory(err, "tags");
    if (name.len == 0 || name.len > TAG_NAME_BYTES_MAX)
        return att_fail(err, ATT_PARAMETER_INVALID, "tags", "names of 1 to 512 bytes", "%zu bytes", name.len);
    if (has_any(name, "<>%&\\?/"))
        return att_fail(err, ATT_PARAMETER_INVALID, "tags", "names without control characters and <>%&\\?/",
                        "\"%s\"", att_shown(&shown, name));
    if (att_json_type(doc, id) != ATT_JSON_STRING)
        return att_fail(err, ATT_JSON_TYPE, "tags", "strings as values", "another value of \"%s\"",
                        att_shown(&shown, name));
    if (!att_json_string(doc, call->arena, id, &value))
        return att_fail_memory(err, "tags");
    if (value.len > TAG_VALUE_BYTES_MAX)
        return att_fail(err, ATT_PARAMETER_INVALID, "tags", "values of at most 256 bytes", "%zu bytes",
                        value.len);
    return !has_any(value, "") ||
           att_fail(err, ATT_PARAMETER_INVALID, "tags", "values without control characters", "\"%s\"",
                    att_shown(&shown, value));
}

bool arm_member_tags(struct api_call *call, const struct att_json *doc, bool *ret_given, struct att_span *ret,
                     struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf text = { 0 };
    att_json_id id = ATT_JSON_NONE;
    size_t count = 0;

    if (!arm_member(doc, ATT_JSON_ROOT, "", "tags", ATT_JSON_OBJECT, &id, err))
        return false;
    *ret_given = id != ATT_JSON_NONE;
    *ret = (struct att_span){ 0 };
    for (att_json_id at = att_json_first(doc, id); at != ATT_JSON_NONE; at = att_json_next(doc, at)) {
        if (++count > TAGS_MAX)
            return att_fail(err, ATT_LIMIT_EXCEEDED, "tags", "at most 50 tags", "more");
        if (!tag_check(call, doc, at, err))
            return false;
    }
    if (count == 0)
        return true;
    if (!att_json_put_sorted(doc, call->arena, id, &text))
        return att_fail_memory(err, "tags");
    char *copy = att_arena_dup(call->arena, att_buf_span(&text));
    if (!copy)
        return att_fail_memory(err, "tags");
    *ret = att_span_of(copy, text.len);
    return true;
}
