/* The head of a request: request line and header fields. A fold over bytes: every verdict depends on the
 * bytes up to the one that decides it, so cutting the input elsewhere cannot change it. */
#include "http/h1_parse.h"
#include "http/http.h"

#include "base/err.h"

#include <limits.h>

enum {
    TCHAR = 1,  /* RFC 9110 section 5.6.2 */
    TARGET = 2, /* what RFC 3986 allows in path and query, '%' included */
    NAME = 4,   /* a registered name in Host; underscores are common in test networks */
    METHOD_BYTES_MAX = 32,
    VERSION_BYTES = 8,
    LENGTH_DIGITS_MAX = 18, /* below 2^63 whatever the digits are */
};

static const uint8_t classes[256] = {
    ['0' ... '9'] = TCHAR | TARGET | NAME,
    ['A' ... 'Z'] = TCHAR | TARGET | NAME,
    ['a' ... 'z'] = TCHAR | TARGET | NAME,
    ['-'] = TCHAR | TARGET | NAME,
    ['.'] = TCHAR | TARGET | NAME,
    ['_'] = TCHAR | TARGET | NAME,
    ['!'] = TCHAR | TARGET,
    ['$'] = TCHAR | TARGET,
    ['%'] = TCHAR | TARGET,
    ['&'] = TCHAR | TARGET,
    ['\''] = TCHAR | TARGET,
    ['*'] = TCHAR | TARGET,
    ['+'] = TCHAR | TARGET,
    ['~'] = TCHAR | TARGET,
    ['#'] = TCHAR,
    ['^'] = TCHAR,
    ['`'] = TCHAR,
    ['|'] = TCHAR,
    ['/'] = TARGET,
    ['?'] = TARGET,
    [':'] = TARGET,
    ['@'] = TARGET,
    ['('] = TARGET,
    [')'] = TARGET,
    [','] = TARGET,
    [';'] = TARGET,
    ['='] = TARGET,
};

static bool is(uint8_t c, unsigned class_)
{
    return (classes[c] & class_) != 0;
}
static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

/* May stand inside a line: all but control characters. Bytes above 0x7f are opaque (obs-text). */
static bool is_plain(uint8_t c)
{
    return (c >= 0x20 && c != 0x7f) || c == '\t';
}

static struct h1_part part_of(const uint8_t *request, struct att_span s)
{
    return (struct h1_part){ (uint32_t)(s.ptr - request), (uint32_t)s.len };
}

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

/* A refusal that shows where, but not the bytes: a line that cannot be read may hold a token. */
static bool bad_byte(struct h1_refusal *r, const char *where, const char *expected, unsigned line,
                     size_t column, uint8_t byte)
{
    r->status = 400;
    return att_fail(&r->err, ATT_REQUEST_MALFORMED, where, expected, "byte 0x%02x, line %u, column %zu", byte,
                    line, column + 1);
}

static bool bad(struct h1_refusal *r, int status, const char *where, const char *expected, const char *found)
{
    r->status = status;
    return att_fail(&r->err, status == 414 || status == 431 ? ATT_REQUEST_TOO_LARGE : ATT_REQUEST_MALFORMED,
                    where, expected, "%s", found[0] ? found : "nothing");
}

/* -- request line ---------------------------------------------------------------------------------------- */

static bool method_read(struct att_span s, struct h1_refusal *r)
{
    if (s.len == 0 || s.len > METHOD_BYTES_MAX)
        return bad(r, 400, "http.method", "1 to 32 upper-case letters", "another length");
    for (size_t i = 0; i < s.len; i++)
        if (!(s.ptr[i] >= 'A' && s.ptr[i] <= 'Z') && !(s.ptr[i] == '-' && i > 0))
            return bad_byte(r, "http.method", "upper-case letters", 1, i, s.ptr[i]);
    return true;
}

static bool version_read(struct h1_head *h, struct att_span method, struct att_span s, struct h1_refusal *r)
{
    if (s.len != VERSION_BYTES || memcmp(s.ptr, "HTTP/", 5) != 0 || !is_digit(s.ptr[5]) || s.ptr[6] != '.' ||
        !is_digit(s.ptr[7]))
        return bad(r, 400, "http.version", "METHOD target HTTP/1.1, one space between each",
                   "something else");
    /* RFC 9113 section 3.4: the line that starts HTTP/2 is a valid HTTP/1 request line on purpose. */
    if (att_span_is(method, "PRI"))
        return bad(r, 400, "http.version", "HTTP/1.1", "the preface of HTTP/2");
    if (s.ptr[5] != '1' || s.ptr[7] > '1')
        return bad(r, 505, "http.version", "HTTP/1.1", "another version");
    h->minor = (unsigned)(s.ptr[7] - '0');
    h->close = h->minor == 0;
    return true;
}

static bool target_read(struct h1_head *h, const uint8_t *request, struct att_span method, struct att_span s,
                        const struct h1_limits *limits, struct h1_refusal *r)
{
    size_t column = (size_t)(s.ptr - request);

    if (s.len > limits->target_bytes_max)
        return bad(r, 414, "http.target", "a shorter path and query", "longer than the limit");
    if (att_span_is(s, "*") && att_span_is(method, "OPTIONS")) {
        h->path = part_of(request, s);
        return true;
    }
    /* absolute-form is for proxies; taking it would need its authority to be weighed against Host. */
    if (s.len == 0 || s.ptr[0] != '/')
        return bad(r, 400, "http.target", "a path that begins with /", "another form of request target");

    size_t query_at = s.len;
    for (size_t i = 0; i < s.len; i++) {
        if (!is(s.ptr[i], TARGET))
            return bad_byte(r, "http.target", "characters of a URI without fragment", 1, column + i,
                            s.ptr[i]);
        if (s.ptr[i] == '?' && query_at == s.len)
            query_at = i;
    }
    h->path = part_of(request, att_span_of(s.ptr, query_at));
    if (query_at < s.len)
        h->query = part_of(request, att_span_of(s.ptr + query_at + 1, s.len - query_at - 1));
    return true;
}

static struct att_span until_space(struct att_span s)
{
    const uint8_t *space = s.len > 0 ? memchr(s.ptr, ' ', s.len) : NULL;
    return att_span_of(s.ptr, space ? (size_t)(space - s.ptr) : s.len);
}

static bool request_line(struct h1_head *h, const uint8_t *request, struct att_span line,
                         const struct h1_limits *limits, struct h1_refusal *r)
{
    struct att_span method = until_space(line);
    if (method.len == line.len)
        return bad(r, 400, "http.request-line", "METHOD target HTTP/1.1", "no space");
    struct att_span rest = att_span_of(line.ptr + method.len + 1, line.len - method.len - 1);
    struct att_span target = until_space(rest);
    if (target.len == rest.len)
        return bad(r, 400, "http.request-line", "METHOD target HTTP/1.1", "one space only");
    struct att_span version = att_span_of(rest.ptr + target.len + 1, rest.len - target.len - 1);

    h->method = part_of(request, method);
    return method_read(method, r) && version_read(h, method, version, r) &&
           target_read(h, request, method, target, limits, r);
}

/* -- headers that steer framing -------------------------------------------------------------------------- */

static bool port_ok(struct att_span s)
{
    if (s.len == 0 || s.len > 5)
        return false;
    for (size_t i = 0; i < s.len; i++)
        if (!is_digit(s.ptr[i]))
            return false;
    return true;
}

/* Length of "[...]", or 0. Only the alphabet is checked: nobody connects to it. */
static size_t ip_literal_bytes(struct att_span s)
{
    for (size_t i = 1; i < s.len; i++) {
        uint8_t c = s.ptr[i];
        if (c == ']')
            return i > 2 ? i + 1 : 0;
        bool hex = is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
        if (!hex && c != ':' && c != '.')
            return 0;
    }
    return 0;
}

/* Length of a name made of labels, or 0. An empty label is refused, so a trailing dot is too: "a.example."
 * and "a.example" would name the same tenant with two spellings. */
static size_t name_bytes(struct att_span s)
{
    size_t i = 0, label = 0;

    for (; i < s.len && is(s.ptr[i], NAME); i++) {
        if (s.ptr[i] == '.' && label == 0)
            return 0;
        label = s.ptr[i] == '.' ? 0 : label + 1;
    }
    return label > 0 ? i : 0;
}

static bool take_host(struct h1_head *h, const uint8_t *request, struct att_span v, struct h1_refusal *r)
{
    size_t len = v.len > 0 && v.ptr[0] == '[' ? ip_literal_bytes(v) : name_bytes(v);
    bool ok = len > 0 && v.len <= 261; /* 255 of a DNS name and a port */

    if (ok && len < v.len)
        ok = v.ptr[len] == ':' && port_ok(att_span_of(v.ptr + len + 1, v.len - len - 1));
    if (!ok)
        return bad(r, 400, "http.header.host", "name, name:port, [address] or [address]:port",
                   "something else");
    h->host = part_of(request, v);
    return true;
}

static bool take_length(struct h1_head *h, const uint8_t *request, struct att_span v, struct h1_refusal *r)
{
    uint64_t n = 0;
    bool ok = v.len > 0 && v.len <= LENGTH_DIGITS_MAX && (v.len == 1 || v.ptr[0] != '0');

    (void)request;
    for (size_t i = 0; ok && i < v.len; i++) {
        ok = is_digit(v.ptr[i]);
        n = n * 10 + (uint64_t)(v.ptr[i] - '0');
    }
    if (!ok)
        return bad(r, 400, "http.header.content-length", "one decimal number, digits only",
                   att_shown(&(struct att_shown){ 0 }, v));
    h->has_length = true;
    h->content_length = n;
    return true;
}

static bool take_coding(struct h1_head *h, const uint8_t *request, struct att_span v, struct h1_refusal *r)
{
    (void)request;
    if (!http_text_is(v, "chunked"))
        return bad(r, 400, "http.header.transfer-encoding", "chunked",
                   att_shown(&(struct att_shown){ 0 }, v));
    h->chunked = true;
    return true;
}

static bool take_connection(struct h1_head *h, const uint8_t *request, struct att_span v,
                            struct h1_refusal *r)
{
    (void)request;
    (void)r; /* unknown options are allowed */
    while (v.len > 0) {
        const uint8_t *comma = memchr(v.ptr, ',', v.len);
        size_t len = comma ? (size_t)(comma - v.ptr) : v.len;
        if (http_text_is(trimmed(att_span_of(v.ptr, len)), "close"))
            h->close = true;
        len += comma ? 1 : 0;
        v = att_span_of(v.ptr + len, v.len - len);
    }
    return true;
}

static bool take_expect(struct h1_head *h, const uint8_t *request, struct att_span v, struct h1_refusal *r)
{
    (void)request;
    if (!http_text_is(v, "100-continue"))
        return bad(r, 417, "http.header.expect", "100-continue", att_shown(&(struct att_shown){ 0 }, v));
    h->expect_continue = h->minor > 0; /* RFC 9110 section 10.1.1: not for HTTP/1.0 */
    return true;
}

/* Rows without a function mean something to the application that two of them would make ambiguous. */
static const struct {
    const char *name;
    const char *where;
    bool once;
    bool (*take)(struct h1_head *, const uint8_t *request, struct att_span value, struct h1_refusal *);
} known[] = {
    { "host", "http.header.host", true, take_host },
    { "content-length", "http.header.content-length", true, take_length },
    { "transfer-encoding", "http.header.transfer-encoding", true, take_coding },
    { "connection", "http.header.connection", false, take_connection },
    { "expect", "http.header.expect", true, take_expect },
    { "authorization", "http.header.authorization", true, NULL },
    { "content-type", "http.header.content-type", true, NULL },
};
enum { KNOWN_COUNT = sizeof known / sizeof known[0] };
_Static_assert(KNOWN_COUNT <= sizeof(unsigned) * CHAR_BIT, "h1_head.seen holds one bit per row");

static bool take_known(struct h1_head *h, const uint8_t *request, struct att_span name, struct att_span value,
                       struct h1_refusal *r)
{
    for (size_t i = 0; i < KNOWN_COUNT; i++) {
        if (!http_text_is(name, known[i].name))
            continue;
        if (known[i].once && (h->seen & 1u << i))
            return bad(r, 400, known[i].where, "the header once", "twice");
        h->seen |= 1u << i;
        return !known[i].take || known[i].take(h, request, value, r);
    }
    return true;
}

/* -- header lines ---------------------------------------------------------------------------------------- */

static bool header_line(struct h1_head *h, const uint8_t *request, struct att_span line,
                        const struct h1_limits *limits, struct h1_refusal *r)
{
    unsigned number = h->line_count + 1;
    size_t at = 0;

    while (at < line.len && is(line.ptr[at], TCHAR))
        at++;
    if (at == 0 && (line.ptr[0] == ' ' || line.ptr[0] == '\t'))
        return bad_byte(r, "http.header", "no folded lines", number, 0, line.ptr[0]);
    if (at == line.len)
        return bad(r, 400, "http.header", "name: value", "a line without a colon");
    if (at == 0 && line.ptr[0] == ':')
        return bad_byte(r, "http.header", "a name before the colon", number, 0, ':');
    if (line.ptr[at] != ':')
        return bad_byte(r, "http.header", "a colon directly behind the name", number, at, line.ptr[at]);
    if (h->field_count >= limits->header_count_max || h->field_count >= H1_HEADERS_MAX)
        return bad(r, 431, "http.header", "fewer header lines", "more than the limit");

    struct att_span name = att_span_of(line.ptr, at);
    struct att_span value = trimmed(att_span_of(line.ptr + at + 1, line.len - at - 1));
    h->fields[h->field_count++] = (struct h1_field){ part_of(request, name), part_of(request, value) };
    return take_known(h, request, name, value, r);
}

static bool head_complete(const struct h1_head *h, struct h1_refusal *r)
{
    if (h->minor > 0 && h->host.len == 0)
        return bad(r, 400, "http.header.host", "one Host header", "none");
    if (h->chunked && h->has_length)
        return bad(r, 400, "http.header.transfer-encoding", "Transfer-Encoding or Content-Length", "both");
    if (h->chunked && h->minor == 0)
        return bad(r, 400, "http.header.transfer-encoding", "Content-Length in HTTP/1.0",
                   "Transfer-Encoding");
    return true;
}

void h1_head_reset(struct h1_head *head)
{
    /* All but the fields, which are read only up to field_count. */
    memset(head, 0, offsetof(struct h1_head, fields));
}

/* One complete line, without its CR LF. */
static enum h1_status take_line(struct h1_head *h, const uint8_t *request, struct att_span line,
                                const struct h1_limits *limits, struct h1_refusal *r)
{
    bool ok;

    if (h->line_count == 0)
        ok = request_line(h, request, line, limits, r);
    else if (line.len > 0)
        ok = header_line(h, request, line, limits, r);
    else if (head_complete(h, r))
        return H1_DONE;
    else
        ok = false;
    h->line_count++;
    return ok ? H1_NEED_MORE : H1_BAD;
}

static bool too_long(const struct h1_head *h, size_t at, const struct h1_limits *limits, struct h1_refusal *r)
{
    if (h->line_count == 0 && at >= limits->target_bytes_max + METHOD_BYTES_MAX + VERSION_BYTES + 4) {
        (void)bad(r, 414, "http.target", "a shorter path and query", "longer than the limit");
        return true;
    }
    if (at >= limits->head_bytes_max || at >= UINT32_MAX) {
        (void)bad(r, 431, "http.header", "a smaller head", "longer than the limit");
        return true;
    }
    return false;
}

enum h1_status h1_head_feed(struct h1_head *h, struct att_span bytes, const struct h1_limits *limits,
                            struct h1_refusal *r)
{
    size_t i = h->scanned;

    for (;;) {
        while (i < bytes.len && is_plain(bytes.ptr[i]) && i < limits->head_bytes_max &&
               (h->line_count > 0 || i < limits->target_bytes_max))
            i++;
        h->scanned = i;
        if (i >= bytes.len)
            return H1_NEED_MORE;
        if (too_long(h, i, limits, r))
            return H1_BAD;
        if (is_plain(bytes.ptr[i])) { /* the last bytes of a long request line */
            i++;
            continue;
        }
        if (bytes.ptr[i] != '\r') {
            (void)bad_byte(r, "http.line", "lines that end in CR LF, no control characters",
                           h->line_count + 1, i - h->line_at, bytes.ptr[i]);
            return H1_BAD;
        }
        if (bytes.len - i < 2)
            return H1_NEED_MORE;
        if (too_long(h, i + 1, limits, r))
            return H1_BAD;
        if (bytes.ptr[i + 1] != '\n') {
            (void)bad_byte(r, "http.line", "LF behind CR", h->line_count + 1, i + 1 - h->line_at,
                           bytes.ptr[i + 1]);
            return H1_BAD;
        }
        struct att_span line = att_span_of(bytes.ptr + h->line_at, i - h->line_at);
        i += 2;
        h->line_at = i;
        h->scanned = i;
        enum h1_status status = take_line(h, bytes.ptr, line, limits, r);
        if (status == H1_DONE)
            h->head_bytes = i;
        if (status != H1_NEED_MORE)
            return status;
    }
}
