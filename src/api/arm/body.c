/* Members of request bodies. */
#include "api/arm/internal.h"

#include "base/err.h"

#include <stdio.h>

static const char *type_name(enum att_json_type type)
{
    static const char *const names[] = {
        [ATT_JSON_NULL] = "null",       [ATT_JSON_BOOL] = "a boolean", [ATT_JSON_NUMBER] = "a number",
        [ATT_JSON_STRING] = "a string", [ATT_JSON_ARRAY] = "an array", [ATT_JSON_OBJECT] = "an object",
    };
    return names[type];
}

struct place {
    char text[96];
};

static const char *place_of(struct place *room, const char *where, const char *name)
{
    (void)snprintf(room->text, sizeof room->text, "%s%s%s", where, where[0] ? "." : "", name);
    return room->text;
}

bool arm_member(const struct att_json *doc, att_json_id obj, const char *where, const char *name,
                enum att_json_type type, att_json_id *ret, struct att_err *err)
{
    struct place place;
    att_json_id id = att_json_get(doc, obj, name);

    *ret = ATT_JSON_NONE;
    if (id == ATT_JSON_NONE || att_json_type(doc, id) == ATT_JSON_NULL)
        return true;
    if (att_json_type(doc, id) != type)
        return att_fail(err, ATT_JSON_TYPE, place_of(&place, where, name), type_name(type), "%s",
                        type_name(att_json_type(doc, id)));
    *ret = id;
    return true;
}

static bool is_text(struct att_span s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] < 0x20 || s.ptr[i] == 0x7f)
            return false;
    }
    return true;
}

bool arm_member_text(struct api_call *call, const struct att_json *doc, att_json_id obj, const char *where,
                     const char *name, size_t bytes_max, const char **ret, struct att_err *err)
{
    struct place place;
    struct att_shown shown;
    struct att_span text = { 0 };
    att_json_id id = ATT_JSON_NONE;
    char expected[80];

    if (!arm_member(doc, obj, where, name, ATT_JSON_STRING, &id, err))
        return false;
    *ret = NULL;
    if (id == ATT_JSON_NONE)
        return true;
    place_of(&place, where, name);
    if (!att_json_string(doc, call->arena, id, &text))
        return att_fail_memory(err, place.text);
    (void)snprintf(expected, sizeof expected, "1 to %zu bytes without control characters", bytes_max);
    if (text.len == 0 || text.len > bytes_max)
        return att_fail(err, ATT_PARAMETER_INVALID, place.text, expected, "%zu bytes", text.len);
    if (!is_text(text))
        return att_fail(err, ATT_PARAMETER_INVALID, place.text, expected, "\"%s\"", att_shown(&shown, text));
    *ret = att_arena_dup(call->arena, text);
    return *ret != NULL || att_fail_memory(err, place.text);
}

bool arm_member_switch(struct api_call *call, const struct att_json *doc, att_json_id obj, const char *where,
                       const char *name, enum service_switch *ret, struct att_err *err)
{
    struct place place;
    struct att_shown shown;
    struct att_span text = { 0 };
    att_json_id id = ATT_JSON_NONE;

    if (!arm_member(doc, obj, where, name, ATT_JSON_STRING, &id, err))
        return false;
    *ret = SERVICE_AS_IT_IS;
    if (id == ATT_JSON_NONE)
        return true;
    place_of(&place, where, name);
    if (!att_json_string(doc, call->arena, id, &text))
        return att_fail_memory(err, place.text);
    if (att_span_is(text, "Enabled"))
        *ret = SERVICE_ENABLED;
    else if (att_span_is(text, "Disabled"))
        *ret = SERVICE_DISABLED;
    else
        return att_fail(err, ATT_PARAMETER_INVALID, place.text, "Enabled or Disabled", "\"%s\"",
                        att_shown(&shown, text));
    return true;
}
