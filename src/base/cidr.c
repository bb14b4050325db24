#include "base/cidr.h"

#include "base/err.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

static const uint8_t mapped_prefix[12] = { [10] = 0xff, [11] = 0xff }; /* RFC 4291 section 2.5.5.2 */

struct att_ip att_ip_v4(const uint8_t bytes[4])
{
    struct att_ip ip = { 0 };
    memcpy(ip.bytes, bytes, 4);
    return ip;
}

struct att_ip att_ip_v6(const uint8_t bytes[16])
{
    if (memcmp(bytes, mapped_prefix, sizeof mapped_prefix) == 0)
        return att_ip_v4(bytes + sizeof mapped_prefix);
    struct att_ip ip = { .v6 = true };
    memcpy(ip.bytes, bytes, 16);
    return ip;
}

const char *att_ip_text(const struct att_ip *ip, char room[ATT_IP_TEXT_SIZE])
{
    if (!inet_ntop(ip->v6 ? AF_INET6 : AF_INET, ip->bytes, room, ATT_IP_TEXT_SIZE))
        room[0] = '\0'; /* cannot happen: the family is known and the room is enough */
    return room;
}

/* A decimal number without sign or leading zero, at most `max`. */
static bool number_read(struct att_span s, unsigned max, unsigned *ret)
{
    unsigned n = 0;

    if (s.len == 0 || s.len > 3 || (s.len > 1 && s.ptr[0] == '0'))
        return false;
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] < '0' || s.ptr[i] > '9')
            return false;
        n = n * 10 + (unsigned)(s.ptr[i] - '0');
    }
    if (n > max)
        return false;
    *ret = n;
    return true;
}

/* Length up to `c`, or all of it. */
static size_t until(struct att_span s, char c)
{
    const uint8_t *at = s.len > 0 ? memchr(s.ptr, c, s.len) : NULL;
    return at ? (size_t)(at - s.ptr) : s.len;
}

static struct att_span behind(struct att_span s, size_t n)
{
    return att_span_of(s.ptr + n, s.len - n);
}

static bool v4_read(struct att_span s, struct att_ip *ret)
{
    uint8_t bytes[4];

    for (unsigned i = 0; i < 4; i++) {
        size_t len = until(s, '.');
        unsigned n = 0;
        if (!number_read(att_span_of(s.ptr, len), 255, &n) || (len < s.len) != (i < 3))
            return false;
        bytes[i] = (uint8_t)n;
        s = behind(s, len < s.len ? len + 1 : len);
    }
    *ret = att_ip_v4(bytes);
    return true;
}

/* inet_pton is strict in what it takes (no zone, no leading zeros in the IPv4 part), but wants a NUL behind it. */
static bool v6_read(struct att_span s, struct att_ip *ret)
{
    char text[ATT_IP_TEXT_SIZE] = "";
    uint8_t bytes[16];

    if (s.len >= sizeof text || (s.len > 0 && memchr(s.ptr, '\0', s.len)))
        return false;
    memcpy(text, s.ptr, s.len);
    if (inet_pton(AF_INET6, text, bytes) != 1)
        return false;
    *ret = att_ip_v6(bytes);
    return true;
}

bool att_ip_parse(struct att_span text, struct att_ip *ret)
{
    if (text.len == 0)
        return false;
    return until(text, ':') < text.len ? v6_read(text, ret) : v4_read(text, ret);
}

static bool bit_is_set(const struct att_ip *ip, unsigned i)
{
    return (ip->bytes[i / 8] >> (7 - i % 8) & 1) != 0;
}

static bool bad(struct att_err *err, const char *where, const char *expected, struct att_span text)
{
    return att_fail(err, ATT_CONFIG_INVALID, where, expected, "%s",
                    att_shown(&(struct att_shown){ 0 }, text));
}

bool att_cidr_parse(struct att_span text, const char *where, struct att_cidr *ret, struct att_err *err)
{
    size_t slash = until(text, '/');
    struct att_span address = att_span_of(text.ptr, slash);
    struct att_cidr c = { 0 };

    if (!att_ip_parse(address, &c.net))
        return bad(err, where, "a numeric address, or one with /bits", text);
    /* The prefix counts the bits of the address as written: ::ffff:10.0.0.0/104 is 10.0.0.0/8. */
    bool mapped = !c.net.v6 && until(address, ':') < address.len;
    unsigned bits = c.net.v6 ? 128 : 32;
    unsigned skipped = mapped ? 96 : 0;
    unsigned written = bits + skipped;
    if (slash < text.len && !number_read(behind(text, slash + 1), bits + skipped, &written))
        return bad(err, where, c.net.v6 || mapped ? "a prefix of 0 to 128 bits" : "a prefix of 0 to 32 bits",
                   text);
    if (written < skipped)
        return bad(err, where, "a prefix of 96 bits or more for an IPv4 address in IPv6", text);
    c.prefix_bits = written - skipped;
    for (unsigned i = c.prefix_bits; i < bits; i++)
        if (bit_is_set(&c.net, i))
            return bad(err, where, "no bits set behind the prefix", text);
    *ret = c;
    return true;
}

bool att_cidr_has(const struct att_cidr *cidr, const struct att_ip *ip)
{
    unsigned whole = cidr->prefix_bits / 8, rest = cidr->prefix_bits % 8;

    if (cidr->net.v6 != ip->v6 || memcmp(cidr->net.bytes, ip->bytes, whole) != 0)
        return false;
    return rest == 0 || (cidr->net.bytes[whole] ^ ip->bytes[whole]) >> (8 - rest) == 0;
}

bool att_cidr_list_parse(const char *const *texts, const char *where, struct att_cidr_list *ret,
                         struct att_err *err)
{
    struct att_cidr_list list = { 0 };
    size_t count = 0;

    while (texts && texts[count])
        if (++count > ATT_CIDR_LIST_MAX)
            return att_fail(err, ATT_CONFIG_INVALID, where, "at most 1024 networks", "more");
    if (count > 0) {
        list.nets = calloc(count, sizeof *list.nets);
        if (!list.nets)
            return att_fail_memory(err, where);
    }
    for (; list.count < count; list.count++) {
        char place[64];
        (void)snprintf(place, sizeof place, "%s[%zu]", where, list.count);
        if (!att_cidr_parse(att_str(texts[list.count]), place, &list.nets[list.count], err)) {
            att_cidr_list_free(&list);
            return false;
        }
    }
    *ret = list;
    return true;
}

bool att_cidr_list_has(const struct att_cidr_list *list, const struct att_ip *ip)
{
    for (size_t i = 0; i < list->count; i++)
        if (att_cidr_has(&list->nets[i], ip))
            return true;
    return false;
}

void att_cidr_list_free(struct att_cidr_list *list)
{
    free(list->nets);
    *list = (struct att_cidr_list){ 0 };
}
