/* The PROXY header, both versions: every cut, every length, and the fields one by one. */
#include "http/proxy_header.h"

#include "support/cases.h"

#include <stdio.h>
#include <stdlib.h>

static struct cases run = { .name = "http.proxy_header" };

static const char *const status_names[] = { "NEED_MORE", "DONE", "BAD" };

/* want: "address port" as understood, "none" for LOCAL and UNKNOWN, NULL: refused. Every row is whole. */
static const struct {
    const char *name, *line, *want;
} v1[] = {
    { "TCP4", "PROXY TCP4 192.0.2.1 198.51.100.2 4711 443\r\n", "192.0.2.1 4711" },
    { "TCP6", "PROXY TCP6 2001:db8::1 ::1 0 65535\r\n", "2001:db8::1 0" },
    { "TCP6, mapped", "PROXY TCP6 ::ffff:192.0.2.1 ::ffff:192.0.2.2 1 2\r\n", "192.0.2.1 1" },
    { "the longest TCP6",
      "PROXY TCP6 ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 "
      "65535\r\n",
      "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535" },
    { "UNKNOWN", "PROXY UNKNOWN\r\n", "none" },
    { "UNKNOWN with addresses", "PROXY UNKNOWN ffff::1 ffff::2 65535 65535\r\n", "none" },
    { "UNKNOWN with anything", "PROXY UNKNOWN  ~~ 1 \r\n", "none" },
    { "UNKNOWN of 107 bytes",
      "PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 "
      "65535\r\n",
      "none" },

    { "lower case", "proxy TCP4 192.0.2.1 198.51.100.2 1 2\r\n", NULL },
    { "lower-case family", "PROXY tcp4 192.0.2.1 198.51.100.2 1 2\r\n", NULL },
    { "another family", "PROXY UDP4 192.0.2.1 198.51.100.2 1 2\r\n", NULL },
    { "UNKNOWN and a letter", "PROXY UNKNOWNX 192.0.2.1 198.51.100.2 1 2\r\n", NULL },
    { "TCP4 alone", "PROXY TCP4\r\n", NULL },
    { "nothing", "PROXY \r\n", NULL },
    { "no space", "PROXY\r\n", NULL },
    { "two spaces first", "PROXY  TCP4 192.0.2.1 198.51.100.2 1 2\r\n", NULL },
    { "two spaces inside", "PROXY TCP4 192.0.2.1  198.51.100.2 1 2\r\n", NULL },
    { "a space last", "PROXY TCP4 192.0.2.1 198.51.100.2 1 2 \r\n", NULL },
    { "a tab", "PROXY TCP4\t192.0.2.1 198.51.100.2 1 2\r\n", NULL },
    { "a word too many", "PROXY TCP4 192.0.2.1 198.51.100.2 1 2 3\r\n", NULL },
    { "a word too few", "PROXY TCP4 192.0.2.1 198.51.100.2 1\r\n", NULL },
    { "no ports", "PROXY TCP4 192.0.2.1 198.51.100.2\r\n", NULL },
    { "IPv6 as TCP4", "PROXY TCP4 ::1 ::2 1 2\r\n", NULL },
    { "IPv4 as TCP6", "PROXY TCP6 192.0.2.1 198.51.100.2 1 2\r\n", NULL },
    { "mapped as TCP4", "PROXY TCP4 ::ffff:192.0.2.1 ::ffff:192.0.2.2 1 2\r\n", NULL },
    { "families mixed", "PROXY TCP6 ::1 192.0.2.1 1 2\r\n", NULL },
    { "a leading zero", "PROXY TCP4 192.0.2.01 198.51.100.2 1 2\r\n", NULL },
    { "a name", "PROXY TCP4 localhost 198.51.100.2 1 2\r\n", NULL },
    { "brackets", "PROXY TCP6 [::1] [::2] 1 2\r\n", NULL },
    { "a zone", "PROXY TCP6 fe80::1%eth0 ::2 1 2\r\n", NULL },
    { "a bad second address", "PROXY TCP4 192.0.2.1 198.51.100.256 1 2\r\n", NULL },
    { "a port of 65536", "PROXY TCP4 192.0.2.1 198.51.100.2 65536 2\r\n", NULL },
    { "a second port of 65536", "PROXY TCP4 192.0.2.1 198.51.100.2 1 65536\r\n", NULL },
    { "a port with a zero", "PROXY TCP4 192.0.2.1 198.51.100.2 01 2\r\n", NULL },
    { "a port with a sign", "PROXY TCP4 192.0.2.1 198.51.100.2 +1 2\r\n", NULL },
    { "a port that wraps", "PROXY TCP4 192.0.2.1 198.51.100.2 4294967297 2\r\n", NULL },
    { "an empty port", "PROXY TCP4 192.0.2.1 198.51.100.2 1 \r\n", NULL },
    { "only LF", "PROXY TCP4 192.0.2.1 198.51.100.2 1 2\n", NULL },
    { "CR and more", "PROXY TCP4 192.0.2.1 198.51.100.2 1 2\rx", NULL },
    { "CR twice", "PROXY TCP4 192.0.2.1 198.51.100.2 1 2\r\r\n", NULL },
    { "an escape", "PROXY TCP4 192.0.2.1\x1b 198.51.100.2 1 2\r\n", NULL },
    { "not ASCII", "PROXY UNKNOWN \xc3\xa4\r\n", NULL },
    { "DEL", "PROXY UNKNOWN \x7f\r\n", NULL },
    { "108 bytes",
      "PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 "
      "655350\r\n",
      NULL },
    { "a request", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", NULL },
    { "a request with a P", "PUT / HTTP/1.1\r\nHost: a\r\n\r\n", NULL },
    { "a TLS handshake", "\x16\x03\x01\x02", NULL },
};

/* Feeds it whole, byte by byte and with bytes behind it; every prefix of an accepted header must want more. */
static void check_header(const char *name, struct att_span all, const char *want)
{
    struct proxy_header got = { .bytes = 7777 };
    struct att_err err = { 0 };
    enum proxy_status status = proxy_header_read(all, &got, &err);
    char text[ATT_IP_TEXT_SIZE + 8] = "none", room[ATT_IP_TEXT_SIZE];

    if (status == PROXY_DONE && got.has_source)
        (void)snprintf(text, sizeof text, "%s %u", att_ip_text(&got.source, room), got.source_port);
    if (want)
        cases_check(&run, status == PROXY_DONE && got.bytes == all.len && strcmp(text, want) == 0,
                    "%s: %s %s %s", name, status_names[status], text, err.text);
    else
        cases_check(&run, status == PROXY_BAD && got.bytes == 7777 && err.code != ATT_OK && err.expected[0],
                    "%s: %s", name, status_names[status]);

    bool decided = false, same = true;
    for (size_t len = 0; len <= all.len; len++) {
        struct proxy_header cut = { .bytes = 7777 };
        uint8_t *exact = malloc(len ? len : 1);
        memcpy(exact, all.ptr, len);
        enum proxy_status now = proxy_header_read(att_span_of(exact, len), &cut, NULL);
        free(exact);
        same = same && (decided ? now == status : now == PROXY_NEED_MORE || now == status);
        same = same && (now == PROXY_DONE ? len == all.len : cut.bytes == 7777);
        decided = decided || now != PROXY_NEED_MORE;
    }
    cases_check(&run, same && decided, "%s: cut elsewhere it is something else", name);

    uint8_t *more = malloc(all.len + 100);
    memcpy(more, all.ptr, all.len);
    for (unsigned fill = 0; fill < 256; fill += 15) {
        struct proxy_header behind = { 0 };
        memset(more + all.len, (int)fill, 100);
        enum proxy_status now = proxy_header_read(att_span_of(more, all.len + 100), &behind, NULL);
        same = same && now == status && (now != PROXY_DONE || behind.bytes == all.len);
    }
    cases_check(&run, same, "%s: with bytes behind it is something else", name);
    free(more);
}

/* -- version 2 ------------------------------------------------------------------------------------------------ */

struct maker {
    uint8_t bytes[1024];
    size_t len;
};

static void put(struct maker *m, const void *bytes, size_t len)
{
    memcpy(m->bytes + m->len, bytes, len);
    m->len += len;
}

/* Signature, command, family and a length; then the caller puts what follows. */
static struct maker v2_start(uint8_t command, uint8_t family, size_t rest)
{
    struct maker m = { .len = 0 };
    uint8_t fields[4] = { command, family, (uint8_t)(rest >> 8), (uint8_t)rest };
    put(&m, "\r\n\r\n\0\r\nQUIT\n", 12);
    put(&m, fields, sizeof fields);
    return m;
}

static const uint8_t v4_block[12] = { 192, 0, 2, 1, 198, 51, 100, 2, 0x12, 0x67, 0x01, 0xbb };
static const uint8_t v6_block[36] = {
    0x20, 0x01, 0x0d, 0xb8, [15] = 1, [31] = 2, [32] = 0xff, 0xff, 0x01, 0xbb
};

static void check_v2(const char *name, struct maker m, const char *want)
{
    check_header(name, att_span_of(m.bytes, m.len), want);
}

static struct maker v2_tcp4(size_t tlv_bytes, const void *tlvs)
{
    struct maker m = v2_start(0x21, 0x11, sizeof v4_block + tlv_bytes);
    put(&m, v4_block, sizeof v4_block);
    put(&m, tlvs, tlv_bytes);
    return m;
}

static void check_v2_forms(void)
{
    uint8_t fill[600] = { 0x04 }; /* NOOP, with a length to be set */
    struct maker m = v2_start(0x21, 0x21, sizeof v6_block);
    put(&m, v6_block, sizeof v6_block);
    check_v2("v2 TCP6", m, "2001:db8::1 65535");
    memset(m.bytes + 16, 0, 16);
    m.bytes[16 + 10] = m.bytes[16 + 11] = 0xff;
    m.bytes[16 + 12] = 10;
    check_v2("v2 TCP6, mapped", m, "10.0.0.0 65535");
    check_v2("v2 TCP4", v2_tcp4(0, ""), "192.0.2.1 4711");
    check_v2("v2 TCP4 with a TLV", v2_tcp4(5, "\x01\x00\x02h2"), "192.0.2.1 4711");
    check_v2("v2 TCP4 with two TLVs, one empty",
             v2_tcp4(8, "\x04\x00\x00\x02\x00\x02"
                        "ab"),
             "192.0.2.1 4711");
    fill[1] = (uint8_t)((536 - 12 - 3) >> 8);
    fill[2] = (uint8_t)(536 - 12 - 3);
    check_v2("v2 of 16 + 536 bytes", v2_tcp4(536 - 12, fill), "192.0.2.1 4711");
    check_v2("v2 LOCAL", v2_start(0x20, 0x00, 0), "none");
    m = v2_start(0x20, 0x11, sizeof v4_block);
    put(&m, v4_block, sizeof v4_block);
    check_v2("v2 LOCAL with addresses", m, "none");
    m = v2_start(0x20, 0xff, 3);
    put(&m, "\xff\xff\xff", 3);
    check_v2("v2 LOCAL with anything", m, "none");
    check_v2("v2 unspecified", v2_start(0x21, 0x00, 0), "none");
    m = v2_start(0x21, 0x00, 2);
    put(&m, "\x01\xff", 2);
    check_v2("v2 unspecified with anything", m, "none");

    check_v2("v2 of 16 + 537 bytes", v2_start(0x21, 0x11, 537), NULL);
    check_v2("v2 of 16 + 65535 bytes", v2_start(0x21, 0x11, 65535), NULL);
    check_v2("v2 LOCAL of 16 + 537 bytes", v2_start(0x20, 0x00, 537), NULL);
    check_v2("v2 TLV behind the end", v2_tcp4(5, "\x01\x00\x03h2"), NULL);
    check_v2("v2 TLV of 65535 bytes", v2_tcp4(3, "\x01\xff\xff"), NULL);
    check_v2("v2 TLV without a length", v2_tcp4(1, "\x01"), NULL);
    check_v2("v2 TLV with half a length", v2_tcp4(2, "\x01\x00"), NULL);
    for (unsigned command = 0; command < 256; command++)
        if (command != 0x20 && command != 0x21) {
            m = v2_start((uint8_t)command, 0x11, sizeof v4_block);
            put(&m, v4_block, sizeof v4_block);
            check_v2("v2 with another version or command", m, NULL);
        }
    for (unsigned family = 1; family < 256; family++)
        if (family != 0x11 && family != 0x21) {
            m = v2_start(0x21, (uint8_t)family, 36);
            put(&m, v6_block, 36);
            check_v2("v2 with another family", m, NULL);
        }
    for (size_t len = 0; len < 36; len++) {
        if (len < 12) {
            m = v2_start(0x21, 0x11, len);
            put(&m, v4_block, len);
            check_v2("v2 TCP4 that is too short", m, NULL);
        }
        m = v2_start(0x21, 0x21, len);
        put(&m, v6_block, len);
        check_v2("v2 TCP6 that is too short", m, NULL);
    }
}

/* A signature with one bit turned is none: of version 2, of version 1. */
static void check_signatures(void)
{
    static const char line[] = "PROXY TCP4 192.0.2.1 198.51.100.2 4711 443\r\n";
    unsigned accepted = 0;

    for (unsigned bit = 0; bit < 12 * 8; bit++) {
        struct maker m = v2_tcp4(0, "");
        struct proxy_header h;
        m.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        accepted += proxy_header_read(att_span_of(m.bytes, m.len), &h, NULL) != PROXY_BAD;
    }
    for (unsigned bit = 0; bit < 6 * 8; bit++) {
        uint8_t copy[sizeof line];
        struct proxy_header h;
        memcpy(copy, line, sizeof line);
        copy[bit / 8] ^= (uint8_t)(1u << bit % 8);
        accepted += proxy_header_read(att_span_of(copy, sizeof line - 1), &h, NULL) != PROXY_BAD;
    }
    cases_check(&run, accepted == 0, "%u broken signatures were accepted", accepted);
}

/* A line without an end is given up at 107 bytes, however it comes. */
static void check_endless(void)
{
    uint8_t bytes[300];
    struct proxy_header h;
    size_t first_bad = 0;

    memset(bytes, 'x', sizeof bytes);
    memcpy(bytes, "PROXY UNKNOWN ", 14);
    for (size_t len = 0; len <= sizeof bytes && first_bad == 0; len++)
        if (proxy_header_read(att_span_of(bytes, len), &h, NULL) == PROXY_BAD)
            first_bad = len;
    cases_check(&run, first_bad > 0 && first_bad <= 107, "an endless line is refused at %zu bytes",
                first_bad);
    cases_check(&run, proxy_header_read((struct att_span){ 0 }, &h, NULL) == PROXY_NEED_MORE,
                "no bytes at all");
}

int main(void)
{
    for (size_t i = 0; i < sizeof v1 / sizeof v1[0]; i++)
        check_header(v1[i].name, att_str(v1[i].line), v1[i].want);
    check_v2_forms();
    check_signatures();
    check_endless();
    return cases_report(&run);
}
