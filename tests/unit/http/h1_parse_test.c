/* Request heads: each row is fed whole, byte by byte, and cut in two at every place; all three must agree. */
#include "http/h1_parse.h"

#include "support/cases.h"

#include <stdio.h>
#include <stdlib.h>

#define HOST     "Host: a.example\r\n"
#define GET      "GET / HTTP/1.1\r\n"
#define END      "\r\n"
#define BYTES(s) (s), sizeof(s) - 1

static const struct h1_limits limits = { .target_bytes_max = 64,
                                         .head_bytes_max = 512,
                                         .header_count_max = 8 };

/* status 0: accepted; 1: more is needed; else the status of the refusal, and where. */
static const struct row {
    const char *name;
    const char *bytes;
    size_t len;
    int status;
    const char *where;
} rows[] = {
    { "simple GET", BYTES(GET HOST END), 0, "" },
    { "no white space behind the colon", BYTES(GET "Host:a\r\n" END), 0, "" },
    { "white space around a value", BYTES(GET "Host: \t a \t\r\n" END), 0, "" },
    { "empty value", BYTES(GET HOST "Accept:\r\n" END), 0, "" },
    { "bytes above 0x7f in a value", BYTES(GET HOST "User-Agent: \xc3\xa4\r\n" END), 0, "" },
    { "host with port", BYTES(GET "Host: localhost:8443\r\n" END), 0, "" },
    { "host IPv6 with port", BYTES(GET "Host: [::1]:8443\r\n" END), 0, "" },
    { "host IPv6", BYTES(GET "Host: [fe80::1]\r\n" END), 0, "" },
    { "Content-Length 0", BYTES(GET HOST "Content-Length: 0\r\n" END), 0, "" },
    { "colon in the last segment", BYTES("POST /policies/SgxEnclave:reset HTTP/1.1\r\n" HOST END), 0, "" },
    { "double slash is the application's", BYTES("GET //a HTTP/1.1\r\n" HOST END), 0, "" },
    { "OPTIONS *", BYTES("OPTIONS * HTTP/1.1\r\n" HOST END), 0, "" },
    { "PUT", BYTES("PUT /a HTTP/1.1\r\n" HOST END), 0, "" },
    { "PATCH", BYTES("PATCH /a HTTP/1.1\r\n" HOST END), 0, "" },
    { "DELETE", BYTES("DELETE /a HTTP/1.1\r\n" HOST END), 0, "" },
    { "HEAD", BYTES("HEAD /a HTTP/1.1\r\n" HOST END), 0, "" },
    { "OPTIONS", BYTES("OPTIONS /a HTTP/1.1\r\n" HOST END), 0, "" },
    { "HTTP/1.0 without Host", BYTES("GET / HTTP/1.0\r\n" END), 0, "" },
    { "connection twice", BYTES(GET HOST "Connection: a\r\nConnection: close\r\n" END), 0, "" },
    { "expect 100-continue", BYTES(GET HOST "Expect: 100-Continue\r\n" END), 0, "" },
    { "chunked in other letters", BYTES(GET HOST "transfer-encoding: CHUNKED\r\n" END), 0, "" },
    { "eight headers", BYTES(GET HOST "A:\r\nB:\r\nC:\r\nD:\r\nE:\r\nF:\r\nG:\r\n" END), 0, "" },

    { "nothing", BYTES(""), 1, "" },
    { "only a CR", BYTES(GET HOST "\r"), 1, "" },
    { "without the empty line", BYTES(GET HOST), 1, "" },

    { "empty line first", BYTES("\r\n" GET HOST END), 400, "http.request-line" },
    { "method alone", BYTES("GET\r\n" HOST END), 400, "http.request-line" },
    { "HTTP/0.9", BYTES("GET /\r\n" HOST END), 400, "http.request-line" },
    { "lower-case method", BYTES("get / HTTP/1.1\r\n" HOST END), 400, "http.method" },
    { "method with a digit", BYTES("GET1 / HTTP/1.1\r\n" HOST END), 400, "http.method" },
    { "method beginning with -", BYTES("-GET / HTTP/1.1\r\n" HOST END), 400, "http.method" },
    { "method of 33 letters", BYTES("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA / HTTP/1.1\r\n" HOST END), 400,
      "http.method" },
    { "method missing", BYTES(" / HTTP/1.1\r\n" HOST END), 400, "http.method" },
    { "garbage", BYTES("\x16\x03\x01\x02\x00\x01\x00"), 400, "http.line" },
    { "tab between the parts", BYTES("GET\t/\tHTTP/1.1\r\n" HOST END), 400, "http.request-line" },
    { "two spaces behind the method", BYTES("GET  / HTTP/1.1\r\n" HOST END), 400, "http.version" },
    { "two spaces behind the target", BYTES("GET /  HTTP/1.1\r\n" HOST END), 400, "http.version" },
    { "space behind the version", BYTES("GET / HTTP/1.1 \r\n" HOST END), 400, "http.version" },
    { "lower-case version", BYTES("GET / http/1.1\r\n" HOST END), 400, "http.version" },
    { "version of two digits", BYTES("GET / HTTP/1.10\r\n" HOST END), 400, "http.version" },
    { "version without a dot", BYTES("GET / HTTP/11x\r\n" HOST END), 400, "http.version" },
    { "HTTP/2 preface", BYTES("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 400, "http.version" },
    { "HTTP/2.0", BYTES("GET / HTTP/2.0\r\n" HOST END), 505, "http.version" },
    { "HTTP/1.2", BYTES("GET / HTTP/1.2\r\n" HOST END), 505, "http.version" },
    { "HTTP/0.9 written out", BYTES("GET / HTTP/0.9\r\n" HOST END), 505, "http.version" },

    { "absolute-form", BYTES("GET http://a.example/ HTTP/1.1\r\n" HOST END), 400, "http.target" },
    { "absolute-form, other authority", BYTES("GET http://b.example/ HTTP/1.1\r\n" HOST END), 400,
      "http.target" },
    { "authority-form", BYTES("CONNECT a.example:443 HTTP/1.1\r\n" HOST END), 400, "http.target" },
    { "* without OPTIONS", BYTES("GET * HTTP/1.1\r\n" HOST END), 400, "http.target" },
    { "target without slash", BYTES("GET a HTTP/1.1\r\n" HOST END), 400, "http.target" },
    { "fragment", BYTES("GET /a#b HTTP/1.1\r\n" HOST END), 400, "http.target" },
    { "tab in the target", BYTES("GET /a\tb HTTP/1.1\r\n" HOST END), 400, "http.target" },
    { "bell in the target", BYTES("GET /a\ab HTTP/1.1\r\n" HOST END), 400, "http.line" },
    { "NUL in the target", BYTES("GET /a\0b HTTP/1.1\r\n" HOST END), 400, "http.line" },
    { "DEL in the target", BYTES("GET /a\x7f HTTP/1.1\r\n" HOST END), 400, "http.line" },
    { "non-ASCII in the target", BYTES("GET /\xc3\xa4 HTTP/1.1\r\n" HOST END), 400, "http.target" },
    { "backslash in the target", BYTES("GET /a\\b HTTP/1.1\r\n" HOST END), 400, "http.target" },
    { "quote in the query", BYTES("GET /a?b=\"c\" HTTP/1.1\r\n" HOST END), 400, "http.target" },
    { "space in the target", BYTES("GET /a b HTTP/1.1\r\n" HOST END), 400, "http.version" },
    { "target of 65 bytes",
      BYTES("GET /aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa HTTP/1.1\r\n" HOST END),
      414, "http.target" },
    { "target of 64 bytes",
      BYTES("GET /aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa HTTP/1.1\r\n" HOST END), 0,
      "" },

    { "Host missing", BYTES(GET END), 400, "http.header.host" },
    { "Host twice", BYTES(GET HOST "Host: b.example\r\n" END), 400, "http.header.host" },
    { "Host twice, equal", BYTES(GET HOST HOST END), 400, "http.header.host" },
    { "Host twice in HTTP/1.0", BYTES("GET / HTTP/1.0\r\n" HOST HOST END), 400, "http.header.host" },
    { "Host empty", BYTES(GET "Host:\r\n" END), 400, "http.header.host" },
    { "Host with a path", BYTES(GET "Host: a.example/b\r\n" END), 400, "http.header.host" },
    { "Host with user", BYTES(GET "Host: u@a.example\r\n" END), 400, "http.header.host" },
    { "Host list", BYTES(GET "Host: a.example, b.example\r\n" END), 400, "http.header.host" },
    { "Host with a trailing dot", BYTES(GET "Host: a.example.\r\n" END), 400, "http.header.host" },
    { "Host with a trailing dot and port", BYTES(GET "Host: a.example.:1\r\n" END), 400, "http.header.host" },
    { "Host with an empty label", BYTES(GET "Host: a..example\r\n" END), 400, "http.header.host" },
    { "Host in Unicode", BYTES(GET "Host: \xc3\xa4.example\r\n" END), 400, "http.header.host" },
    { "Host with percent", BYTES(GET "Host: a%2eexample\r\n" END), 400, "http.header.host" },
    { "Host with an empty port", BYTES(GET "Host: a:\r\n" END), 400, "http.header.host" },
    { "Host with a port of letters", BYTES(GET "Host: a:b\r\n" END), 400, "http.header.host" },
    { "Host with a port of six digits", BYTES(GET "Host: a:123456\r\n" END), 400, "http.header.host" },
    { "Host IPv6 not closed", BYTES(GET "Host: [::1\r\n" END), 400, "http.header.host" },
    { "Host IPv6 with a tail", BYTES(GET "Host: [::1]x\r\n" END), 400, "http.header.host" },
    { "Host IPv6 with zone", BYTES(GET "Host: [fe80::1%25eth0]\r\n" END), 400, "http.header.host" },

    { "length and coding", BYTES(GET HOST "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n" END), 400,
      "http.header.transfer-encoding" },
    { "coding and length", BYTES(GET HOST "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n" END), 400,
      "http.header.transfer-encoding" },
    { "coding and length 0", BYTES(GET HOST "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n" END), 400,
      "http.header.transfer-encoding" },
    { "two lengths", BYTES(GET HOST "Content-Length: 1\r\nContent-Length: 2\r\n" END), 400,
      "http.header.content-length" },
    { "two equal lengths", BYTES(GET HOST "Content-Length: 1\r\ncontent-length: 1\r\n" END), 400,
      "http.header.content-length" },
    { "length list", BYTES(GET HOST "Content-Length: 1, 1\r\n" END), 400, "http.header.content-length" },
    { "length with plus", BYTES(GET HOST "Content-Length: +1\r\n" END), 400, "http.header.content-length" },
    { "length with minus", BYTES(GET HOST "Content-Length: -1\r\n" END), 400, "http.header.content-length" },
    { "length with inner space", BYTES(GET HOST "Content-Length: 1 1\r\n" END), 400,
      "http.header.content-length" },
    { "length in hex", BYTES(GET HOST "Content-Length: 0x10\r\n" END), 400, "http.header.content-length" },
    { "length with a leading zero", BYTES(GET HOST "Content-Length: 010\r\n" END), 400,
      "http.header.content-length" },
    { "length empty", BYTES(GET HOST "Content-Length:\r\n" END), 400, "http.header.content-length" },
    { "length 2^64", BYTES(GET HOST "Content-Length: 18446744073709551616\r\n" END), 400,
      "http.header.content-length" },
    { "length 2^63", BYTES(GET HOST "Content-Length: 9223372036854775808\r\n" END), 400,
      "http.header.content-length" },
    { "length of 30 digits", BYTES(GET HOST "Content-Length: 100000000000000000000000000001\r\n" END), 400,
      "http.header.content-length" },
    { "unknown coding", BYTES(GET HOST "Transfer-Encoding: gzip\r\n" END), 400,
      "http.header.transfer-encoding" },
    { "coding list", BYTES(GET HOST "Transfer-Encoding: gzip, chunked\r\n" END), 400,
      "http.header.transfer-encoding" },
    { "chunked twice in one", BYTES(GET HOST "Transfer-Encoding: chunked, chunked\r\n" END), 400,
      "http.header.transfer-encoding" },
    { "coding twice", BYTES(GET HOST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n" END), 400,
      "http.header.transfer-encoding" },
    { "coding identity", BYTES(GET HOST "Transfer-Encoding: identity\r\n" END), 400,
      "http.header.transfer-encoding" },
    { "coding with a tail", BYTES(GET HOST "Transfer-Encoding: chunked;q=1\r\n" END), 400,
      "http.header.transfer-encoding" },
    { "coding with vertical tab", BYTES(GET HOST "Transfer-Encoding: \vchunked\r\n" END), 400, "http.line" },
    { "coding empty", BYTES(GET HOST "Transfer-Encoding:\r\n" END), 400, "http.header.transfer-encoding" },
    { "coding in HTTP/1.0", BYTES("POST / HTTP/1.0\r\n" HOST "Transfer-Encoding: chunked\r\n" END), 400,
      "http.header.transfer-encoding" },
    { "authorization twice", BYTES(GET HOST "Authorization: a\r\nauthorization: b\r\n" END), 400,
      "http.header.authorization" },
    { "content type twice", BYTES(GET HOST "Content-Type: a\r\nContent-Type: a\r\n" END), 400,
      "http.header.content-type" },
    { "other expectation", BYTES(GET HOST "Expect: 200-ok\r\n" END), 417, "http.header.expect" },

    { "bare LF behind the request line", BYTES("GET / HTTP/1.1\n" HOST END), 400, "http.line" },
    { "bare LF behind a header", BYTES(GET "Host: a\n" END), 400, "http.line" },
    { "bare LF at the end", BYTES(GET HOST "\n"), 400, "http.line" },
    { "bare CR in a value", BYTES(GET HOST "A: b\rc\r\n" END), 400, "http.line" },
    { "CR CR LF", BYTES(GET HOST "A: b\r\r\n" END), 400, "http.line" },
    { "NUL in a value", BYTES(GET HOST "A: b\0c\r\n" END), 400, "http.line" },
    { "NUL in a name", BYTES(GET HOST "A\0: b\r\n" END), 400, "http.line" },
    { "escape in a value", BYTES(GET HOST "A: \x1b[2J\r\n" END), 400, "http.line" },
    { "space before the colon", BYTES(GET HOST "A : b\r\n" END), 400, "http.header" },
    { "tab before the colon", BYTES(GET HOST "A\t: b\r\n" END), 400, "http.header" },
    { "space before the colon of the length", BYTES(GET HOST "Content-Length : 1\r\n" END), 400,
      "http.header" },
    { "empty name", BYTES(GET HOST ": b\r\n" END), 400, "http.header" },
    { "no colon", BYTES(GET HOST "abc\r\n" END), 400, "http.header" },
    { "folded with a space", BYTES(GET HOST "A: b\r\n c\r\n" END), 400, "http.header" },
    { "folded with a tab", BYTES(GET HOST "A: b\r\n\tc\r\n" END), 400, "http.header" },
    { "folded first header", BYTES(GET " " HOST END), 400, "http.header" },
    { "slash in a name", BYTES(GET HOST "A/b: c\r\n" END), 400, "http.header" },
    { "brace in a name", BYTES(GET HOST "A{}: c\r\n" END), 400, "http.header" },
    { "non-ASCII in a name", BYTES(GET HOST "\xc3\xa4: c\r\n" END), 400, "http.header" },
    { "nine headers", BYTES(GET HOST "A:\r\nB:\r\nC:\r\nD:\r\nE:\r\nF:\r\nG:\r\nH:\r\n" END), 431,
      "http.header" },
};

struct outcome {
    enum h1_status status;
    struct h1_head head;
    struct h1_refusal refusal;
};

/* The bytes are given from a block of exactly their size, so that the sanitizer sees a read beyond them. */
static enum h1_status feed(struct outcome *o, struct att_span whole, size_t upto)
{
    uint8_t *copy = malloc(upto + 1);
    if (!copy)
        abort();
    memcpy(copy + 1, whole.ptr, upto);
    o->status = h1_head_feed(&o->head, att_span_of(copy + 1, upto), &limits, &o->refusal);
    free(copy);
    return o->status;
}

static void run(struct outcome *o, struct att_span bytes, size_t first, size_t step)
{
    memset(o, 0, sizeof *o);
    for (size_t upto = first; upto < bytes.len; upto += step)
        if (feed(o, bytes, upto) != H1_NEED_MORE)
            return;
    (void)feed(o, bytes, bytes.len);
}

static bool same(const struct outcome *a, const struct outcome *b)
{
    return a->status == b->status && a->refusal.status == b->refusal.status &&
           strcmp(a->refusal.err.text, b->refusal.err.text) == 0 &&
           (a->status != H1_DONE || memcmp(&a->head, &b->head, sizeof a->head) == 0);
}

static void check_row(struct cases *c, const struct row *row)
{
    static struct outcome whole, cut;
    struct att_span bytes = att_span_of(row->bytes, row->len);
    enum h1_status want = row->status == 0 ? H1_DONE : row->status == 1 ? H1_NEED_MORE : H1_BAD;

    run(&whole, bytes, bytes.len, 1);
    cases_check(c, whole.status == want, "%s: want status %d, got %d (%s)", row->name, row->status,
                whole.refusal.status, whole.refusal.err.text);
    if (want == H1_BAD) {
        cases_check(c,
                    whole.refusal.status == row->status && strcmp(whole.refusal.err.where, row->where) == 0,
                    "%s: want %d at %s, got %d at %s", row->name, row->status, row->where,
                    whole.refusal.status, whole.refusal.err.where);
        cases_check(c, whole.refusal.err.expected[0] && whole.refusal.err.found[0], "%s: no reason given",
                    row->name);
    }
    run(&cut, bytes, 0, 1);
    cases_check(c, same(&whole, &cut), "%s: byte by byte gives another answer: %s", row->name,
                cut.refusal.err.text);
    for (size_t at = 0; at < bytes.len; at++) {
        run(&cut, bytes, at, bytes.len);
        cases_check(c, same(&whole, &cut), "%s: cut at %zu gives another answer: %s", row->name, at,
                    cut.refusal.err.text);
    }
}

static void check_fields(struct cases *c)
{
    static const char text[] = "POST /a/B?x=1?&y HTTP/1.1\r\nHOST: h:1\r\nX-One:  two  three \r\n"
                               "Content-Length: 17\r\nConnection: x , Close\r\n\r\nbody";
    static struct outcome o;
    const uint8_t *at = (const uint8_t *)text;

    run(&o, att_span_of(text, sizeof text - 1), sizeof text, 1);
    cases_check(c, o.status == H1_DONE && o.head.head_bytes == sizeof text - 1 - 4,
                "fields: where the body starts");
    cases_check(c, att_span_is(h1_span(at, o.head.method), "POST"), "fields: method");
    cases_check(c, att_span_is(h1_span(at, o.head.path), "/a/B"), "fields: path");
    cases_check(c, att_span_is(h1_span(at, o.head.query), "x=1?&y"), "fields: query");
    cases_check(c, att_span_is(h1_span(at, o.head.host), "h:1"), "fields: host");
    cases_check(c,
                o.head.field_count == 4 && att_span_is(h1_span(at, o.head.fields[1].name), "X-One") &&
                    att_span_is(h1_span(at, o.head.fields[1].value), "two  three"),
                "fields: name and value");
    cases_check(c, o.head.has_length && o.head.content_length == 17 && !o.head.chunked, "fields: length");
    cases_check(c, o.head.close && o.head.minor == 1, "fields: close");
}

static void check_flags(struct cases *c)
{
    static const struct {
        const char *name, *text;
        bool close, chunked, expect;
    } flags[] = {
        { "1.1 keeps the connection", GET HOST END, false, false, false },
        { "1.0 closes", "GET / HTTP/1.0\r\n" END, true, false, false },
        { "1.0 closes in spite of keep-alive", "GET / HTTP/1.0\r\nConnection: keep-alive\r\n" END, true,
          false, false },
        { "close", GET HOST "Connection: close\r\n" END, true, false, false },
        { "close in a list", GET HOST "Connection: keep-alive,CLOSE\r\n" END, true, false, false },
        { "closed is not close", GET HOST "Connection: closed\r\n" END, false, false, false },
        { "chunked", GET HOST "Transfer-Encoding: chunked\r\n" END, false, true, false },
        { "expect", GET HOST "Expect: 100-continue\r\n" END, false, false, true },
        { "expect means nothing in 1.0", "GET / HTTP/1.0\r\nExpect: 100-continue\r\n" END, true, false,
          false },
    };
    static struct outcome o;

    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        run(&o, att_str(flags[i].text), strlen(flags[i].text), 1);
        cases_check(c,
                    o.status == H1_DONE && o.head.close == flags[i].close &&
                        o.head.chunked == flags[i].chunked && o.head.expect_continue == flags[i].expect,
                    "%s", flags[i].name);
    }
}

/* A head of exactly the limit passes, one byte more does not, wherever that byte is. */
static void check_head_limit(struct cases *c)
{
    static struct outcome o;
    char text[600];

    for (size_t total = 500; total < 530; total++) {
        int at = snprintf(text, sizeof text, GET HOST "A: ");
        memset(text + at, 'x', total - (size_t)at);
        memcpy(text + total - 4, "\r\n\r\n", 4);
        run(&o, att_span_of(text, total), 0, 7);
        enum h1_status want = total <= limits.head_bytes_max ? H1_DONE : H1_BAD;
        cases_check(c, o.status == want && (want == H1_DONE || o.refusal.status == 431),
                    "head of %zu bytes: %d", total, o.refusal.status);
    }
    memset(text, 'A', sizeof text);
    run(&o, att_span_of(text, sizeof text), 0, 1);
    cases_check(c, o.status == H1_BAD && o.refusal.status == 414, "a request line without end: %d",
                o.refusal.status);
}

/* A parser that is used again must not remember. */
static void check_reset(struct cases *c)
{
    static struct outcome o;

    run(&o, att_str("POST /a?b HTTP/1.0\r\nHost: c\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n"), 1,
        1);
    h1_head_reset(&o.head);
    o.refusal = (struct h1_refusal){ 0 };
    (void)feed(&o, att_str(GET HOST END), sizeof(GET HOST END) - 1);
    cases_check(c,
                o.status == H1_DONE && o.head.query.len == 0 && !o.head.has_length && !o.head.close &&
                    o.head.field_count == 1,
                "reset");
}

int main(void)
{
    struct cases c = { .name = "http.h1_parse" };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        check_row(&c, &rows[i]);
    check_fields(&c);
    check_flags(&c);
    check_head_limit(&c);
    check_reset(&c);
    return cases_report(&c);
}
