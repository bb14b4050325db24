#include "http/proxy_header.h"

#include "base/err.h"
#include "base/reader.h"

static const uint8_t v2_signature[12] = { '\r', '\n', '\r', '\n', 0, '\r', '\n', 'Q', 'U', 'I', 'T', '\n' };
static const char v1_signature[] = "PROXY ";
enum { V1_SIGNATURE_BYTES = sizeof v1_signature - 1 };

static enum proxy_status bad(struct att_err *err, const char *where, const char *expected, const char *found)
{
    (void)att_fail(err, ATT_REQUEST_MALFORMED, where, expected, "%s", found);
    return PROXY_BAD;
}

static enum proxy_status too_long(struct att_err *err, const char *where, const char *expected)
{
    (void)att_fail(err, ATT_REQUEST_TOO_LARGE, where, expected, "more");
    return PROXY_BAD;
}

/* -- version 1: one line of text ------------------------------------------------------------------------- */

/* The bytes up to the next space, which is taken too; at the end of the line all that is left. */
static struct att_span take_word(struct att_span *line, bool last)
{
    const uint8_t *space = line->len > 0 ? memchr(line->ptr, ' ', line->len) : NULL;
    size_t len = space ? (size_t)(space - line->ptr) : line->len;
    struct att_span word = att_span_of(line->ptr, len);

    if ((space == NULL) != last)
        return (struct att_span){ 0 }; /* a word too few or too many: empty is refused by all who read it */
    len += space ? 1 : 0;
    *line = att_span_of(line->ptr + len, line->len - len);
    return word;
}

static bool port_read(struct att_span s, uint16_t *ret)
{
    uint32_t n = 0;

    if (s.len == 0 || s.len > 5 || (s.len > 1 && s.ptr[0] == '0'))
        return false;
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] < '0' || s.ptr[i] > '9')
            return false;
        n = n * 10 + (uint32_t)(s.ptr[i] - '0');
    }
    if (n > UINT16_MAX)
        return false;
    *ret = (uint16_t)n;
    return true;
}

/* The address as written, not as it is understood: a mapped one belongs to TCP6. */
static bool address_read(struct att_span s, bool v6, struct att_ip *ret)
{
    bool colon = s.len > 0 && memchr(s.ptr, ':', s.len) != NULL;
    return colon == v6 && att_ip_parse(s, ret);
}

static enum proxy_status v1_line(struct att_span line, struct proxy_header *h, struct att_err *err)
{
    struct att_span unknown = att_span_of(line.ptr, line.len < 7 ? line.len : 7);
    struct att_ip destination;
    uint16_t port;

    /* Section 2.1: with UNKNOWN the receiver must ignore the rest of the line. */
    if (att_span_is(unknown, "UNKNOWN") && (line.len == 7 || line.ptr[7] == ' '))
        return PROXY_DONE;
    struct att_span family = take_word(&line, false);
    bool v6 = att_span_is(family, "TCP6");
    if (!v6 && !att_span_is(family, "TCP4"))
        return bad(err, "http.proxy.family", "TCP4, TCP6 or UNKNOWN", "something else");
    if (!address_read(take_word(&line, false), v6, &h->source) ||
        !address_read(take_word(&line, false), v6, &destination))
        return bad(err, "http.proxy.address", "two addresses of the family", "something else");
    if (!port_read(take_word(&line, false), &h->source_port) || !port_read(take_word(&line, true), &port))
        return bad(err, "http.proxy.port", "two ports, then CR LF", "something else");
    h->has_source = true;
    return PROXY_DONE;
}

/* `bytes` begin with as much of the signature as is there. */
static enum proxy_status v1_read(struct att_span bytes, struct proxy_header *ret, struct att_err *err)
{
    struct proxy_header h = { 0 };
    size_t i = V1_SIGNATURE_BYTES;

    while (i < bytes.len && i < PROXY_V1_BYTES_MAX && bytes.ptr[i] >= 0x20 && bytes.ptr[i] < 0x7f)
        i++;
    if (i + 1 >= PROXY_V1_BYTES_MAX) /* there is no room for the LF any more */
        return too_long(err, "http.proxy", "a line of at most 107 bytes");
    if (i >= bytes.len)
        return PROXY_NEED_MORE;
    if (bytes.ptr[i] != '\r')
        return bad(err, "http.proxy", "printable ASCII and CR LF", "another byte");
    if (i + 1 == bytes.len)
        return PROXY_NEED_MORE;
    if (bytes.ptr[i + 1] != '\n')
        return bad(err, "http.proxy", "LF behind CR", "another byte");
    enum proxy_status status =
        v1_line(att_span_of(bytes.ptr + V1_SIGNATURE_BYTES, i - V1_SIGNATURE_BYTES), &h, err);
    h.bytes = i + 2;
    if (status == PROXY_DONE)
        *ret = h;
    return status;
}

/* -- version 2: binary ----------------------------------------------------------------------------------- */

enum { V2_LOCAL = 0x20, V2_PROXY = 0x21, V2_UNSPEC = 0x00, V2_TCP4 = 0x11, V2_TCP6 = 0x21 };

static struct att_ip take_ip(struct att_reader *r, bool v6)
{
    struct att_span s = att_take(r, v6 ? 16 : 4);
    return !s.ptr ? (struct att_ip){ 0 } : v6 ? att_ip_v6(s.ptr) : att_ip_v4(s.ptr);
}

static enum proxy_status v2_addresses(struct att_reader r, bool v6, struct proxy_header *h,
                                      struct att_err *err)
{
    h->source = take_ip(&r, v6);
    (void)take_ip(&r, v6); /* where the client has connected to; nobody asks */
    h->source_port = att_take_u16be(&r);
    (void)att_take_u16be(&r);
    if (r.failed)
        return bad(err, "http.proxy.address", "two addresses and two ports", "fewer bytes");
    while (!r.failed && r.left > 0) { /* section 2.2.1: type, length, value */
        (void)att_take_u8(&r);
        (void)att_take(&r, att_take_u16be(&r));
    }
    if (r.failed)
        return bad(err, "http.proxy.tlv", "TLVs that fill the header", "one that ends behind it");
    h->has_source = true;
    return PROXY_DONE;
}

static enum proxy_status v2_read(struct att_span bytes, struct proxy_header *ret, struct att_err *err)
{
    struct att_reader r = att_reader_of(bytes);
    struct proxy_header h = { 0 };

    (void)att_take(&r, sizeof v2_signature);
    if (r.left == 0)
        return PROXY_NEED_MORE;
    uint8_t command = att_take_u8(&r);
    if (command != V2_LOCAL && command != V2_PROXY)
        return bad(err, "http.proxy.command", "version 2, LOCAL or PROXY", "something else");
    if (r.left == 0)
        return PROXY_NEED_MORE;
    uint8_t family = att_take_u8(&r);
    if (command == V2_PROXY && family != V2_UNSPEC && family != V2_TCP4 && family != V2_TCP6)
        return bad(err, "http.proxy.family", "TCP over IPv4 or IPv6, or unspecified", "something else");
    if (r.left < 2)
        return PROXY_NEED_MORE;
    size_t rest = att_take_u16be(&r);
    if (rest > PROXY_V2_REST_BYTES_MAX)
        return too_long(err, "http.proxy", "at most 536 bytes behind the first 16");
    if (r.left < rest)
        return PROXY_NEED_MORE;
    h.bytes = PROXY_V2_START_BYTES + rest;
    /* Section 2.2: with LOCAL, and for a family that says nothing, the addresses are passed over. */
    enum proxy_status status = PROXY_DONE;
    if (command == V2_PROXY && family != V2_UNSPEC)
        status = v2_addresses(att_reader_of(att_take(&r, rest)), family == V2_TCP6, &h, err);
    if (status == PROXY_DONE)
        *ret = h;
    return status;
}

static bool begins(struct att_span bytes, const void *signature, size_t len)
{
    size_t n = bytes.len < len ? bytes.len : len;
    return n == 0 || memcmp(bytes.ptr, signature, n) == 0;
}

enum proxy_status proxy_header_read(struct att_span bytes, struct proxy_header *ret, struct att_err *err)
{
    if (begins(bytes, v1_signature, V1_SIGNATURE_BYTES))
        return bytes.len < V1_SIGNATURE_BYTES ? PROXY_NEED_MORE : v1_read(bytes, ret, err);
    if (begins(bytes, v2_signature, sizeof v2_signature))
        return bytes.len < sizeof v2_signature ? PROXY_NEED_MORE : v2_read(bytes, ret, err);
    return bad(err, "http.proxy", "a PROXY header of version 1 or 2", "something else");
}
