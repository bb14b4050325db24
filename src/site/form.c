/* Forms of texts: what may stand in a field. A key is made of fields, so no field holds a slash that is not its own. */
#include "base/err.h"
#include "codec/utf8.h"
#include "site/row.h"

#include <stdarg.h>
#include <stdio.h>

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static bool is_upper(uint8_t c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_lower(uint8_t c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_guid_any_case(struct att_span s)
{
    for (size_t i = 0; i < s.len; i++) {
        uint8_t c = s.ptr[i];
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? c != '-' : !(is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')))
            return false;
    }
    return s.len == 36;
}

static bool has_no_upper(struct att_span s)
{
    for (size_t i = 0; i < s.len; i++)
        if (is_upper(s.ptr[i]))
            return false;
    return true;
}

static bool is_guid(struct att_span s)
{
    return is_guid_any_case(s) && has_no_upper(s);
}

/* What a person may read on one line. */
bool site_is_text(struct att_span s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] < 0x20 || s.ptr[i] == 0x7f)
            return false;
    return att_utf8_valid(s);
}

bool site_is_lower_text(struct att_span s)
{
    return site_is_text(s) && has_no_upper(s);
}

static bool is_flexible_name(struct att_span s)
{
    for (size_t i = 0; i < s.len; i++) {
        uint8_t c = s.ptr[i];
        if (!is_digit(c) && !is_upper(c) && !is_lower(c) && !(c && strchr("-_.()", c)))
            return false;
    }
    /* "." and ".." are no names, and a dot at the end is refused where names become paths. */
    return s.len > 0 && s.ptr[s.len - 1] != '.';
}

static bool is_compact_jws(struct att_span s)
{
    unsigned dots = 0;

    for (size_t i = 0; i < s.len; i++) {
        uint8_t c = s.ptr[i];
        bool alphabet = is_lower(c) || is_upper(c) || is_digit(c) || c == '-' || c == '_';
        if (!alphabet && c != '.')
            return false;
        dots += c == '.';
    }
    return dots == 2;
}

const struct site_form site_form_guid = { "a GUID in lower case", is_guid, 36, 36 };
const struct site_form site_form_guid_any_case = { "a GUID", is_guid_any_case, 36, 36 };
const struct site_form site_form_text = { "text of 1 to 256 bytes without control characters", site_is_text,
                                          1, 256 };
const struct site_form site_form_text_or_empty = { "text of at most 1024 bytes without control characters",
                                                   site_is_text, 0, 1024 };
const struct site_form site_form_principal = { "an identifier of 1 to 256 bytes in lower case",
                                               site_is_lower_text, 1, 256 };
const struct site_form site_form_actor = { "who made the change, 1 to 256 bytes", site_is_text, 1, 256 };
const struct site_form site_form_flexible_name = {
    "1 to 90 letters, digits, hyphens, dots, underscores and parentheses, no dot at the end",
    is_flexible_name, 1, 90
};
const struct site_form site_form_jws = { "a compact JWS of at most 768 KiB", is_compact_jws, 1, 768 * 1024 };

bool site_form_check(const struct site_form *form, struct att_span value, const char *where,
                     struct att_err *err)
{
    struct att_shown shown;

    if (value.len < form->bytes_min || value.len > form->bytes_max)
        return att_fail(err, ATT_PARAMETER_INVALID, where, form->what, "%zu bytes", value.len);
    if (form->fits && !form->fits(value))
        return att_fail(err, ATT_PARAMETER_INVALID, where, form->what, "\"%s\"", att_shown(&shown, value));
    return true;
}

bool site_key_check(const struct site_object *o, struct att_err *err, const char *format, ...)
{
    char want[STORE_ID_BYTES_MAX + 1];
    struct att_shown shown;
    va_list args;

    va_start(args, format);
    int len = vsnprintf(want, sizeof want, format, args);
    va_end(args);
    if (len < 0 || (size_t)len >= sizeof want)
        return att_fail(err, ATT_NAME_INVALID, "site.key", "an id of at most 1024 bytes", "%d bytes", len);
    for (char *c = want; *c; c++)
        if (is_upper((uint8_t)*c))
            *c = (char)(*c - 'A' + 'a');
    if (!o->key || strcmp(o->key, want) != 0)
        return att_fail(err, ATT_NAME_INVALID, "site.key", "the id that the fields make, in lower case",
                        "\"%s\"", att_shown(&shown, att_str(o->key)));
    return true;
}

struct att_span site_key_parent(const char *key, unsigned segments)
{
    size_t len = strlen(key);

    for (; segments > 0 && len > 0; segments--)
        while (len > 0 && key[--len] != '/') {
        }
    return att_span_of(key, len);
}
