/* Bodies: by length and chunked, whole, byte by byte, and cut in two at every place. */
#include "http/h1_parse.h"

#include "support/cases.h"

#include <stdlib.h>

#define BYTES(s) (s), sizeof(s) - 1

enum { BODY_MAX = 32 };

/* status 0: accepted; 1: more is needed; else the refusal's. `rest`: bytes left for the next request. */
static const struct row {
    const char *name;
    bool chunked;
    uint64_t length;
    const char *bytes;
    size_t len;
    int status;
    const char *body;
    size_t rest;
} rows[] = {
    { "by length", false, 5, BYTES("hello"), 0, "hello", 0 },
    { "by length, next request behind", false, 5, BYTES("helloGET "), 0, "hello", 4 },
    { "by length, one byte short", false, 5, BYTES("hell"), 1, "hell", 0 },
    { "by length, at the limit", false, 32, BYTES("0123456789abcdef0123456789abcdef"), 0,
      "0123456789abcdef0123456789abcdef", 0 },
    { "by length, over the limit", false, 33, BYTES(""), 413, "", 0 },
    { "by length, far over the limit", false, UINT64_MAX / 2, BYTES(""), 413, "", 0 },

    { "one chunk", true, 0, BYTES("5\r\nhello\r\n0\r\n\r\n"), 0, "hello", 0 },
    { "no chunk", true, 0, BYTES("0\r\n\r\n"), 0, "", 0 },
    { "three chunks, next request behind", true, 0, BYTES("1\r\na\r\n2\r\nbc\r\n3\r\ndef\r\n0\r\n\r\nGET "),
      0, "abcdef", 4 },
    { "hex in both cases", true, 0, BYTES("a\r\n0123456789\r\nB\r\n0123456789a\r\n0\r\n\r\n"), 0,
      "01234567890123456789a", 0 },
    { "leading zeros", true, 0, BYTES("00000001\r\na\r\n000\r\n\r\n"), 0, "a", 0 },
    { "CR LF inside a chunk", true, 0, BYTES("4\r\n\r\n\r\n\r\n0\r\n\r\n"), 0, "\r\n\r\n", 0 },
    { "chunks at the limit", true, 0, BYTES("10\r\n0123456789abcdef\r\n10\r\n0123456789abcdef\r\n0\r\n\r\n"),
      0, "0123456789abcdef0123456789abcdef", 0 },
    { "chunked, cut in the data", true, 0, BYTES("5\r\nhel"), 1, "hel", 0 },
    { "chunked, cut before the last empty line", true, 0, BYTES("1\r\na\r\n0\r\n"), 1, "a", 0 },
    { "chunked, cut before the last LF", true, 0, BYTES("1\r\na\r\n0\r\n\r"), 1, "a", 0 },

    { "chunks one over the limit", true, 0, BYTES("10\r\n0123456789abcdef\r\n11\r\n"), 413,
      "0123456789abcdef", 0 },
    { "chunk over the limit", true, 0, BYTES("21\r\n"), 413, "", 0 },
    { "chunk of 4 GiB", true, 0, BYTES("ffffffff\r\n"), 413, "", 0 },
    { "chunk size of nine digits", true, 0, BYTES("000000001\r\na\r\n"), 400, "", 0 },
    { "chunk size that overflows", true, 0, BYTES("10000000000000001\r\na\r\n"), 400, "", 0 },
    { "chunk extension", true, 0, BYTES("1;a=b\r\na\r\n0\r\n\r\n"), 400, "", 0 },
    { "chunk extension with a space", true, 0, BYTES("1 ;a\r\na\r\n"), 400, "", 0 },
    { "space behind the size", true, 0, BYTES("1 \r\na\r\n"), 400, "", 0 },
    { "space before the size", true, 0, BYTES(" 1\r\na\r\n"), 400, "", 0 },
    { "size with plus", true, 0, BYTES("+1\r\na\r\n"), 400, "", 0 },
    { "size with minus", true, 0, BYTES("-1\r\na\r\n"), 400, "", 0 },
    { "size with 0x", true, 0, BYTES("0x1\r\na\r\n"), 400, "", 0 },
    { "size with an underscore", true, 0, BYTES("1_0\r\na\r\n"), 400, "", 0 },
    { "size missing", true, 0, BYTES("\r\na\r\n"), 400, "", 0 },
    { "size missing on the last chunk", true, 0, BYTES("1\r\na\r\n\r\n\r\n"), 400, "a", 0 },
    { "size with a letter beyond f", true, 0, BYTES("g\r\na\r\n"), 400, "", 0 },
    { "size with a character beside the digits", true, 0, BYTES(":\r\na\r\n"), 400, "", 0 },
    { "bare LF behind the size", true, 0, BYTES("1\na\r\n"), 400, "", 0 },
    { "bare CR behind the size", true, 0, BYTES("1\ra\r\n"), 400, "", 0 },
    { "NUL in the size", true, 0, BYTES("1\0\r\na\r\n"), 400, "", 0 },
    { "data longer than the size", true, 0, BYTES("1\r\nab\r\n0\r\n\r\n"), 400, "a", 0 },
    { "data shorter than the size", true, 0, BYTES("2\r\na\r\n0\r\n\r\n"), 400, "a\r", 0 },
    { "bare LF behind the data", true, 0, BYTES("1\r\na\n0\r\n\r\n"), 400, "a", 0 },
    { "bare CR behind the data", true, 0, BYTES("1\r\na\r0\r\n\r\n"), 400, "a", 0 },
    { "trailer", true, 0, BYTES("1\r\na\r\n0\r\nA: b\r\n\r\n"), 400, "a", 0 },
    { "extension on the last chunk", true, 0, BYTES("1\r\na\r\n0;x\r\n\r\n"), 400, "a", 0 },
    { "bare LF at the end", true, 0, BYTES("0\r\n\n"), 400, "", 0 },
    { "bare CR at the end", true, 0, BYTES("0\r\n\rX"), 400, "", 0 },
};

struct outcome {
    enum h1_status status;
    struct h1_refusal refusal;
    uint8_t body[64];
    size_t body_bytes;
    size_t used;
};

/* In place, as the connection does it: body bytes move to the front of the block they came in. */
static void feed(struct outcome *o, struct h1_body *b, const char *bytes, size_t len)
{
    size_t used = 99, kept = 99;
    uint8_t *block = malloc(len + 1);
    if (!block)
        abort();
    memcpy(block + 1, bytes, len);
    o->status = h1_body_feed(b, block + 1, len, block + 1, &used, &kept, &o->refusal);
    if (used > len || kept > used || o->body_bytes + kept > sizeof o->body)
        abort();
    memcpy(o->body + o->body_bytes, block + 1, kept);
    o->body_bytes += kept;
    o->used += used;
    free(block);
}

static void run(struct outcome *o, const struct row *row, size_t first, size_t step)
{
    struct h1_head head = { .chunked = row->chunked,
                            .has_length = !row->chunked,
                            .content_length = row->length };
    struct h1_body body;
    size_t at = 0;

    *o = (struct outcome){ 0 };
    o->status = h1_body_start(&body, &head, BODY_MAX, &o->refusal);
    while (o->status == H1_NEED_MORE && at < row->len) {
        size_t n = at == 0 ? first : step;
        n = n < row->len - at ? n : row->len - at;
        feed(o, &body, row->bytes + at, n);
        at += n;
        if (n == 0)
            feed(o, &body, row->bytes + at, row->len - at), at = row->len;
    }
    if (o->status == H1_NEED_MORE && o->used != at)
        abort();
}

static bool same(const struct outcome *a, const struct outcome *b)
{
    return a->status == b->status && a->refusal.status == b->refusal.status && a->used == b->used &&
           a->body_bytes == b->body_bytes && memcmp(a->body, b->body, a->body_bytes) == 0 &&
           strcmp(a->refusal.err.text, b->refusal.err.text) == 0;
}

static void check_row(struct cases *c, const struct row *row)
{
    enum h1_status want = row->status == 0 ? H1_DONE : row->status == 1 ? H1_NEED_MORE : H1_BAD;
    struct outcome whole, cut;

    run(&whole, row, row->len, 1);
    cases_check(c, whole.status == want && (want != H1_BAD || whole.refusal.status == row->status),
                "%s: want %d, got status %d (%s)", row->name, row->status, whole.refusal.status,
                whole.refusal.err.text);
    cases_check(c, att_span_is(att_span_of(whole.body, whole.body_bytes), row->body), "%s: body of %zu bytes",
                row->name, whole.body_bytes);
    cases_check(c, want != H1_DONE || row->len - whole.used == row->rest, "%s: %zu bytes used", row->name,
                whole.used);
    run(&cut, row, 1, 1);
    cases_check(c, same(&whole, &cut), "%s: byte by byte gives another answer", row->name);
    for (size_t at = 0; at < row->len; at++) {
        run(&cut, row, at, row->len);
        cases_check(c, same(&whole, &cut), "%s: cut at %zu gives another answer", row->name, at);
    }
}

int main(void)
{
    struct cases c = { .name = "http.h1_body" };
    struct h1_body body;
    struct h1_refusal refusal = { 0 };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        check_row(&c, &rows[i]);
    cases_check(&c, h1_body_start(&body, &(struct h1_head){ 0 }, 0, &refusal) == H1_DONE, "no body");
    cases_check(&c, h1_body_start(&body, &(struct h1_head){ .has_length = true }, 0, &refusal) == H1_DONE,
                "length 0");
    return cases_report(&c);
}
