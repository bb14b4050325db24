/* Paths and queries: decoded once, and what two decoders could read differently is refused. */
#include "http/http.h"

#include "base/err.h"

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

/* Not strncasecmp: that one asks the locale, and stops at a NUL. */
bool http_text_is(struct att_span text, const char *name)
{
    for (size_t i = 0; i < text.len; i++)
        if (name[i] == '\0' || lower(text.ptr[i]) != lower((uint8_t)name[i]))
            return false;
    return name[text.len] == '\0';
}

const struct http_header *http_header_find(const struct http_request *request, const char *name)
{
    for (size_t i = 0; i < request->header_count; i++)
        if (http_text_is(request->headers[i].name, name))
            return &request->headers[i];
    return NULL;
}

static bool bad(struct att_err *err, const char *where, const char *expected, struct att_span found)
{
    struct att_shown room = { 0 };
    const char *shown = found.len > 0 ? att_shown(&room, found) : "nothing";

    return att_fail(err, ATT_REQUEST_MALFORMED, where, expected, "%s", shown);
}

static int hex_of(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Bytes of the UTF-8 sequence at s, or 0: no overlong forms, no surrogates, nothing above U+10FFFF (RFC
 * 3629). */
static size_t utf8_bytes(struct att_span s)
{
    uint8_t c = s.ptr[0];
    size_t n = c < 0x80                ? 1
               : c >= 0xc2 && c < 0xe0 ? 2
               : c >= 0xe0 && c < 0xf0 ? 3
               : c >= 0xf0 && c < 0xf5 ? 4
                                       : 0;

    if (n == 0 || n > s.len)
        return 0;
    for (size_t i = 1; i < n; i++)
        if ((s.ptr[i] & 0xc0) != 0x80)
            return 0;
    if ((c == 0xe0 && s.ptr[1] < 0xa0) || (c == 0xed && s.ptr[1] > 0x9f) || (c == 0xf0 && s.ptr[1] < 0x90) ||
        (c == 0xf4 && s.ptr[1] > 0x8f))
        return 0;
    return n;
}

/* Printable text: UTF-8 without C0, DEL and C1 control characters. */
static bool is_text(struct att_span s)
{
    while (s.len > 0) {
        size_t n = utf8_bytes(s);
        bool control = n == 1 ? s.ptr[0] < 0x20 || s.ptr[0] == 0x7f : s.ptr[0] == 0xc2 && s.ptr[1] < 0xa0;
        if (n == 0 || control)
            return false;
        s = att_span_of(s.ptr + n, s.len - n);
    }
    return true;
}

/* The decoded bytes, in the arena. */
static bool decode(struct att_arena *arena, struct att_span raw, bool plus_is_space, const char *where,
                   struct att_span *ret, struct att_err *err)
{
    uint8_t *out = att_arena_alloc(arena, raw.len + 1, 1);
    size_t len = 0;

    if (!out)
        return att_fail_memory(err, where);
    for (size_t i = 0; i < raw.len; i++) {
        if (raw.ptr[i] != '%') {
            out[len++] = plus_is_space && raw.ptr[i] == '+' ? ' ' : raw.ptr[i];
            continue;
        }
        int high = raw.len - i > 2 ? hex_of(raw.ptr[i + 1]) : -1;
        int low = raw.len - i > 2 ? hex_of(raw.ptr[i + 2]) : -1;
        if (high < 0 || low < 0)
            return bad(err, where, "two hexadecimal digits behind each %", raw);
        out[len++] = (uint8_t)(high << 4 | low);
        i += 2;
    }
    if (!is_text(att_span_of(out, len)))
        return bad(err, where, "UTF-8 without control characters", raw);
    *ret = att_span_of(out, len);
    return true;
}

static bool contains(struct att_span s, const char *any)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] != 0 && strchr(any, s.ptr[i]))
            return true;
    return false;
}

static bool segment_read(struct att_arena *arena, struct att_span raw, bool last, struct att_span *ret,
                         struct att_err *err)
{
    struct att_span s;

    if (raw.len == 0)
        return bad(err, "http.path", "no empty segment", att_str("//"));
    if (!decode(arena, raw, false, "http.path", &s, err))
        return false;
    if (att_span_is(s, ".") || att_span_is(s, ".."))
        return bad(err, "http.path", "no dot segments", raw);
    if (contains(s, "/\\;%"))
        return bad(err, "http.path", "segments without / \\ ; and %, encoded or not", raw);
    if (!last && contains(s, ":"))
        return bad(err, "http.path", "a colon in the last segment only", raw);
    *ret = s;
    return true;
}

bool http_path_split(struct att_arena *arena, struct att_span raw_path, struct http_path *ret,
                     struct att_err *err)
{
    struct http_path path = { 0 };

    if (raw_path.len == 0 || raw_path.ptr[0] != '/')
        return bad(err, "http.path", "a path that begins with /", raw_path);
    struct att_span rest = att_span_of(raw_path.ptr + 1, raw_path.len - 1);
    if (rest.len > 0 && rest.ptr[rest.len - 1] == '/') {
        path.trailing_slash = true;
        rest.len--;
        if (rest.len == 0 || rest.ptr[rest.len - 1] == '/')
            return bad(err, "http.path", "no empty segment", raw_path);
    }
    while (rest.len > 0) {
        const uint8_t *slash = memchr(rest.ptr, '/', rest.len);
        size_t len = slash ? (size_t)(slash - rest.ptr) : rest.len;
        if (path.count == HTTP_PATH_SEGMENTS_MAX)
            return att_fail(err, ATT_REQUEST_MALFORMED, "http.path", "at most 32 segments", "more");
        if (!segment_read(arena, att_span_of(rest.ptr, len), !slash, &path.segments[path.count], err))
            return false;
        path.count++;
        len += slash ? 1 : 0;
        rest = att_span_of(rest.ptr + len, rest.len - len);
    }
    *ret = path;
    return true;
}

bool http_query_get(struct att_arena *arena, struct att_span query, const char *name, bool *ret_present,
                    struct att_span *ret_value, struct att_err *err)
{
    struct att_span value = { 0 };
    bool present = false;

    while (query.len > 0) {
        const uint8_t *amp = memchr(query.ptr, '&', query.len);
        struct att_span pair = att_span_of(query.ptr, amp ? (size_t)(amp - query.ptr) : query.len);
        size_t skip = pair.len + (amp ? 1 : 0);
        query = att_span_of(query.ptr + skip, query.len - skip);

        const uint8_t *equals = pair.len > 0 ? memchr(pair.ptr, '=', pair.len) : NULL;
        size_t name_len = equals ? (size_t)(equals - pair.ptr) : pair.len;
        size_t value_at = equals ? name_len + 1 : name_len;
        struct att_span this_name, this_value;
        if (!decode(arena, att_span_of(pair.ptr, name_len), true, "http.query", &this_name, err) ||
            !decode(arena, att_span_of(pair.ptr + value_at, pair.len - value_at), true, "http.query",
                    &this_value, err))
            return false;
        if (!http_text_is(this_name, name))
            continue;
        if (present)
            return bad(err, "http.query", "the parameter once", this_name);
        present = true;
        value = this_value;
    }
    *ret_present = present;
    *ret_value = value;
    return true;
}
