#include "access/text.h"

bool access_text_same(struct att_span a, struct att_span b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++) {
        if (access_lower(a.ptr[i]) != access_lower(b.ptr[i]))
            return false;
    }
    return true;
}

bool access_text_plain(struct att_span text, size_t max)
{
    if (text.len == 0 || text.len > max)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] <= 0x20 || text.ptr[i] >= 0x7f)
            return false;
    }
    return true;
}

bool access_text_guid(struct att_span text)
{
    if (text.len != ACCESS_GUID_LEN)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = access_lower(text.ptr[i]);
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        bool digit = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
        if (dash ? c != '-' : !digit)
            return false;
    }
    return true;
}

char *access_text_id(struct att_arena *a, struct att_span text)
{
    size_t fold = access_text_guid(text) ? text.len : 0;
    char *copy = att_arena_dup(a, text);

    for (size_t i = 0; copy && i < fold; i++)
        copy[i] = (char)access_lower((uint8_t)copy[i]);
    return copy;
}

static const char scheme[] = "https://";
enum { SCHEME_LEN = sizeof scheme - 1 };

/* Behind "https://" up to the first byte that ends an authority (RFC 3986 3.2). */
static struct att_span authority_of(struct att_span url)
{
    size_t end = SCHEME_LEN;

    while (end < url.len && url.ptr[end] != '/' && url.ptr[end] != '?')
        end++;
    return att_span_of(url.ptr + SCHEME_LEN, end - SCHEME_LEN);
}

bool access_url_https(struct att_span url)
{
    if (!access_text_plain(url, ACCESS_URL_BYTES_MAX) || url.len <= SCHEME_LEN ||
        memcmp(url.ptr, scheme, SCHEME_LEN) != 0)
        return false;
    /* Characters on which readers of URLs disagree, and the fragment. */
    for (size_t i = 0; i < url.len; i++) {
        if (strchr("\\\"<>#@", url.ptr[i]))
            return false;
    }
    return authority_of(url).len > 0;
}

bool access_url_same_origin(struct att_span a, struct att_span b)
{
    return access_text_same(authority_of(a), authority_of(b));
}
