/* base/cidr.h - numeric addresses and networks, for lists of who is trusted.
 *
 * An IPv4 address that is mapped into IPv6 (::ffff:a.b.c.d) is the IPv4 address everywhere here, so that a network
 * matches a peer whichever kind of socket it came in on. The other way round no IPv4 address is in an IPv6 network,
 * "::/0" included.
 *
 *     struct att_cidr_list trusted = { 0 };
 *     if (!att_cidr_list_parse(texts, "trusted_proxies", &trusted, &err)) ...
 *     if (att_ip_parse(att_str("10.1.2.3"), &ip) && att_cidr_list_has(&trusted, &ip)) ...
 *     att_cidr_list_free(&trusted);
 *
 * Strict, because two readers of one text must not see two networks: no leading zeros (inet_aton takes 010 for 8), four
 * parts, no zone, no white space, and no bits set behind the prefix.
 */
#ifndef BASE_CIDR_H
#define BASE_CIDR_H

#include <attest/error.h>

struct att_ip {
    uint8_t bytes[16]; /* 4 of them, the rest zero, unless v6 */
    bool v6;
};

enum { ATT_IP_TEXT_SIZE = 46, ATT_CIDR_LIST_MAX = 1024 };

/* "192.0.2.1", "2001:db8::1"; false when it is not one. */
ATT_CHECK bool att_ip_parse(struct att_span text, struct att_ip *ret);
/* From 4 or 16 bytes in network order. */
struct att_ip att_ip_v4(const uint8_t bytes[4]);
struct att_ip att_ip_v6(const uint8_t bytes[16]);
/* Writes it (IPv6 as in RFC 5952) and returns `room`. */
const char *att_ip_text(const struct att_ip *ip, char room[ATT_IP_TEXT_SIZE]);

struct att_cidr {
    struct att_ip net;
    unsigned prefix_bits;
};

/* "10.0.0.0/8", "2001:db8::/32", or an address alone. CONFIG_INVALID at `where`. */
ATT_CHECK bool att_cidr_parse(struct att_span text, const char *where, struct att_cidr *ret,
                              struct att_err *err);
bool att_cidr_has(const struct att_cidr *cidr, const struct att_ip *ip);

struct att_cidr_list {
    struct att_cidr *nets;
    size_t count;
};

/* NULL-terminated texts; NULL is the empty list. The caller frees. CONFIG_INVALID at "where[n]", OUT_OF_MEMORY. */
ATT_CHECK bool att_cidr_list_parse(const char *const *texts, const char *where, struct att_cidr_list *ret,
                                   struct att_err *err);
bool att_cidr_list_has(const struct att_cidr_list *list, const struct att_ip *ip);
void att_cidr_list_free(struct att_cidr_list *list);

#endif
