#include "http/forwarded.h"

#include "base/err.h"

static struct att_span trimmed(struct att_span s)
{
    while (s.len > 0 && (s.ptr[0] == ' ' || s.ptr[0] == '\t')) {
        s.ptr++;
        s.len--;
    }
    while (s.len > 0 && (s.ptr[s.len - 1] == ' ' || s.ptr[s.len - 1] == '\t'))
        s.len--;
    return s;
}

/* ":" and 1 to 5 digits; what the port is does not matter. */
static bool is_port(struct att_span s)
{
    if (s.len < 2 || s.len > 6 || s.ptr[0] != ':')
        return false;
    for (size_t i = 1; i < s.len; i++)
        if (s.ptr[i] < '0' || s.ptr[i] > '9')
            return false;
    return true;
}

static bool entry_read(struct att_span s, struct att_ip *ret)
{
    const uint8_t *colon = s.len > 0 ? memchr(s.ptr, ':', s.len) : NULL;

    if (s.len > 0 && s.ptr[0] == '[') {
        const uint8_t *end = memchr(s.ptr, ']', s.len);
        if (!end || !colon || colon > end)
            return false; /* brackets are for IPv6 */
        size_t inside = (size_t)(end - s.ptr) - 1;
        struct att_span rest = att_span_of(end + 1, s.len - inside - 2);
        return (rest.len == 0 || is_port(rest)) && att_ip_parse(att_span_of(s.ptr + 1, inside), ret);
    }
    if (colon && !memchr(colon + 1, ':', (size_t)(s.ptr + s.len - colon) - 1)) { /* one colon is no IPv6 */
        size_t address = (size_t)(colon - s.ptr);
        return is_port(att_span_of(colon, s.len - address)) && att_ip_parse(att_span_of(s.ptr, address), ret);
    }
    return att_ip_parse(s, ret);
}

static struct att_span take_last(struct att_span *list, bool *ret_more)
{
    const uint8_t *comma = list->len > 0 ? memrchr(list->ptr, ',', list->len) : NULL;
    size_t at = comma ? (size_t)(comma - list->ptr) + 1 : 0;
    struct att_span last = trimmed(att_span_of(list->ptr + at, list->len - at));

    *ret_more = comma != NULL;
    list->len = comma ? at - 1 : 0;
    return last;
}

bool forwarded_client(const struct http_request *request, const struct att_cidr_list *trusted,
                      bool *ret_found, struct att_ip *ret, struct att_err *err)
{
    bool found = false;
    struct att_ip ip = { 0 };

    for (size_t i = request->header_count; i > 0; i--) {
        const struct http_header *h = &request->headers[i - 1];
        struct att_span list = h->value;
        bool more = http_text_is(h->name, "x-forwarded-for");
        while (more && (!found || att_cidr_list_has(trusted, &ip))) {
            struct att_span entry = take_last(&list, &more);
            if (!entry_read(entry, &ip))
                return att_fail(err, ATT_REQUEST_MALFORMED, "http.header.x-forwarded-for",
                                "numeric addresses", "%s",
                                entry.len ? att_shown(&(struct att_shown){ 0 }, entry) : "nothing");
            found = true;
        }
    }
    *ret_found = found;
    if (found)
        *ret = ip;
    return true;
}
