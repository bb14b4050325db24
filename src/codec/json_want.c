/* Readers for members that must be there. Every refusal names the member by its dotted path. */
#include "base/err.h"
#include "base/hex.h"
#include "base/timetext.h"
#include "codec/json.h"

#include <inttypes.h>
#include <stdio.h>

/* "tcbInfo" + "version" -> "tcbInfo.version"; cut like every other text of an error. */
struct path {
    char text[sizeof((struct att_err *)0)->where];
};

static const char *path_of(struct path *room, const char *where, const char *name)
{
    (void)snprintf(room->text, sizeof room->text, "%s%s%s", where, where[0] ? "." : "", name);
    return room->text;
}

static const char *type_name(enum att_json_type type)
{
    static const char *const names[] = {
        [ATT_JSON_NULL] = "null",       [ATT_JSON_BOOL] = "a boolean", [ATT_JSON_NUMBER] = "a number",
        [ATT_JSON_STRING] = "a string", [ATT_JSON_ARRAY] = "an array", [ATT_JSON_OBJECT] = "an object",
    };
    return (size_t)type < sizeof names / sizeof names[0] ? names[type] : "a value";
}

bool att_json_want(const struct att_json *j, att_json_id obj, const char *where, const char *name,
                   enum att_json_type type, att_json_id *ret, struct att_err *err)
{
    struct path path;

    if (obj >= j->count)
        return att_fail(err, ATT_JSON_MISSING, where, "an object", "absent");
    if (att_json_type(j, obj) != ATT_JSON_OBJECT)
        return att_fail(err, ATT_JSON_TYPE, where, "an object", "%s", type_name(att_json_type(j, obj)));
    att_json_id id = att_json_get(j, obj, name);
    if (id == ATT_JSON_NONE)
        return att_fail(err, ATT_JSON_MISSING, path_of(&path, where, name), type_name(type), "absent");
    if (att_json_type(j, id) != type)
        return att_fail(err, ATT_JSON_TYPE, path_of(&path, where, name), type_name(type), "%s",
                        type_name(att_json_type(j, id)));
    *ret = id;
    return true;
}

bool att_json_want_string(const struct att_json *j, struct att_arena *a, att_json_id obj, const char *where,
                          const char *name, struct att_span *ret, struct att_err *err)
{
    att_json_id id = 0;
    struct path path;

    if (!att_json_want(j, obj, where, name, ATT_JSON_STRING, &id, err))
        return false;
    return att_json_string(j, a, id, ret) || att_fail_memory(err, path_of(&path, where, name));
}

bool att_json_want_u32(const struct att_json *j, att_json_id obj, const char *where, const char *name,
                       uint32_t max, uint32_t *ret, struct att_err *err)
{
    att_json_id id = 0;
    int64_t value = 0;
    struct path path;

    if (!att_json_want(j, obj, where, name, ATT_JSON_NUMBER, &id, err))
        return false;
    if (!att_json_i64(j, id, &value) || value < 0 || value > max) {
        struct att_shown shown;
        char expected[64];
        (void)snprintf(expected, sizeof expected, "a whole number from 0 to %" PRIu32, max);
        return att_fail(err, ATT_JSON_RANGE, path_of(&path, where, name), expected, "%s",
                        att_shown(&shown, att_json_source(j, id)));
    }
    *ret = (uint32_t)value;
    return true;
}

bool att_json_want_hex(const struct att_json *j, struct att_arena *a, att_json_id obj, const char *where,
                       const char *name, uint8_t *ret, size_t len, struct att_err *err)
{
    struct att_span text;
    struct path path;

    if (!att_json_want_string(j, a, obj, where, name, &text, err))
        return false;
    if (!att_hex_read(text, ret, len)) {
        struct att_shown shown;
        char expected[64];
        (void)snprintf(expected, sizeof expected, "%zu bytes as %zu hexadecimal digits", len, 2 * len);
        return att_fail(err, ATT_HEX_INVALID, path_of(&path, where, name), expected, "%zu characters \"%s\"",
                        text.len, att_shown(&shown, text));
    }
    return true;
}

bool att_json_want_time(const struct att_json *j, struct att_arena *a, att_json_id obj, const char *where,
                        const char *name, int64_t *ret_unix_s, struct att_err *err)
{
    struct att_span text;
    struct path path;

    if (!att_json_want_string(j, a, obj, where, name, &text, err))
        return false;
    if (!att_time_read(text, ret_unix_s)) {
        struct att_shown shown;
        return att_fail(err, ATT_TIME_INVALID, path_of(&path, where, name), "a time YYYY-MM-DDThh:mm:ssZ",
                        "\"%s\"", att_shown(&shown, text));
    }
    return true;
}
