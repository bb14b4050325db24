/* The host a request is for, as a key to look providers up by: two spellings of one host must not become two keys,
 * nor one spelling two hosts. */
#include "http/http.h"

#include "base/err.h"

enum { HOST_BYTES_MAX = 253, LABEL_BYTES_MAX = 63, PORT_DIGITS_MAX = 5 }; /* RFC 1035 section 2.3.4 */

static bool bad(struct att_err *err, const char *expected, struct att_span host)
{
    return att_fail(err, ATT_REQUEST_MALFORMED, "http.header.host", expected, "%s",
                    host.len > 0 ? att_shown(&(struct att_shown){ 0 }, host) : "nothing");
}

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

/* Length of "[...]" with nothing but hexadecimal digits, ':' and '.' in it, or 0. */
static size_t literal_bytes(struct att_span s)
{
    for (size_t i = 1; i < s.len; i++) {
        uint8_t c = lower(s.ptr[i]);
        if (c == ']')
            return i > 2 ? i + 1 : 0;
        if (!is_digit(c) && !(c >= 'a' && c <= 'f') && c != ':' && c != '.')
            return 0;
    }
    return 0;
}

/* Length of labels of letters, digits and '-', each with one byte at least, or 0. */
static size_t name_bytes(struct att_span s)
{
    size_t i = 0, label = 0;

    for (; i < s.len && s.ptr[i] != ':'; i++) {
        uint8_t c = lower(s.ptr[i]);
        bool dot = c == '.';
        if (dot ? label == 0 : !is_digit(c) && !(c >= 'a' && c <= 'z') && c != '-')
            return 0;
        label = dot ? 0 : label + 1;
        if (label > LABEL_BYTES_MAX)
            return 0;
    }
    return label > 0 ? i : 0;
}

/* Nothing, or ":" and a port. */
static bool is_port(struct att_span s)
{
    if (s.len == 0)
        return true;
    if (s.ptr[0] != ':' || s.len < 2 || s.len > 1 + PORT_DIGITS_MAX)
        return false;
    for (size_t i = 1; i < s.len; i++)
        if (!is_digit(s.ptr[i]))
            return false;
    return true;
}

bool http_host_name(struct att_arena *arena, struct att_span host, const char **ret, struct att_err *err)
{
    size_t len = host.len > 0 && host.ptr[0] == '[' ? literal_bytes(host) : name_bytes(host);

    if (len == 0)
        return bad(err, "labels of letters, digits and '-', or an address in brackets", host);
    if (len > HOST_BYTES_MAX)
        return bad(err, "a name of at most 253 bytes", host);
    if (!is_port(att_span_of(host.ptr + len, host.len - len)))
        return bad(err, "a port of 1 to 5 digits behind the name, or none", host);
    char *name = att_arena_dup(arena, att_span_of(host.ptr, len));
    if (!name)
        return att_fail_memory(err, "http.header.host");
    for (size_t i = 0; i < len; i++)
        name[i] = (char)lower((uint8_t)name[i]);
    *ret = name;
    return true;
}
