/* layers: http base */
/* A stream of HTTP/1.1 requests. Properties: the same answer whole, byte by byte and in uneven pieces; no more is used
 * than is there; a refusal says why; and what is accepted, written out again from its parts, is read back the same. */
#include "http/h1_parse.h"
#include "http/http.h"

#include "base/buf.h"

#include <stdlib.h>

static const struct h1_limits limits = { .target_bytes_max = 1024,
                                         .head_bytes_max = 4096,
                                         .header_count_max = 20 };
enum { BODY_BYTES_MAX = 2048 };

struct outcome {
    enum h1_status status;
    struct h1_head head;
    struct h1_refusal refusal;
    struct h1_body body;
    uint8_t bytes[BODY_BYTES_MAX];
    size_t used;
};

static void check(bool holds)
{
    if (!holds)
        __builtin_trap();
}

/* Piece sizes: 0 gives everything at once, else a pattern that starts with this number. */
static size_t piece(size_t pattern, size_t at, size_t left)
{
    size_t n = pattern == 0 ? left : 1 + (pattern * 31 + at * 7) % pattern;
    return n < left ? n : left;
}

static void read_body(struct outcome *o, struct att_span all, size_t pattern)
{
    o->status = h1_body_start(&o->body, &o->head, BODY_BYTES_MAX, &o->refusal);
    while (o->status == H1_NEED_MORE && o->used < all.len) {
        size_t used = 0, kept = 0, before = o->body.kept;
        size_t n = piece(pattern, o->used, all.len - o->used);
        o->status =
            h1_body_feed(&o->body, all.ptr + o->used, n, o->bytes + before, &used, &kept, &o->refusal);
        check(used <= n && kept <= used && o->body.kept == before + kept && o->body.kept <= BODY_BYTES_MAX);
        check(o->status != H1_NEED_MORE || used == n);
        o->used += used;
    }
}

static void read_request(struct outcome *o, struct att_span all, size_t pattern)
{
    size_t have = 0;

    memset(o, 0, sizeof *o);
    do {
        have += piece(pattern, have, all.len - have);
        o->status = h1_head_feed(&o->head, att_span_of(all.ptr, have), &limits, &o->refusal);
    } while (o->status == H1_NEED_MORE && have < all.len);
    if (o->status != H1_DONE)
        return;
    check(o->head.head_bytes <= have && o->head.head_bytes <= limits.head_bytes_max);
    o->used = o->head.head_bytes;
    read_body(o, all, pattern);
}

static void check_same(const struct outcome *a, const struct outcome *b)
{
    check(a->status == b->status && a->used == b->used && a->body.kept == b->body.kept);
    check(memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0);
    check(a->refusal.status == b->refusal.status &&
          memcmp(&a->refusal.err, &b->refusal.err, sizeof a->refusal.err) == 0);
    check(memcmp(&a->head, &b->head, sizeof a->head) == 0);
}

static void check_refusal(const struct outcome *o)
{
    const struct att_err *e = &o->refusal.err;

    check((o->status == H1_BAD) == (e->code != ATT_OK));
    if (o->status == H1_BAD)
        check(o->refusal.status >= 400 && o->refusal.status <= 505 && e->where[0] && e->found[0] &&
              e->expected[0]);
}

static bool frames(struct att_span name)
{
    return http_text_is(name, "content-length") || http_text_is(name, "transfer-encoding");
}

/* Written in the plainest form: what the parts mean must not depend on how they were spelled. */
static void write_again(struct att_buf *out, const struct outcome *o, const uint8_t *at)
{
    const struct h1_head *h = &o->head;

    att_buf_put(out, h1_span(at, h->method));
    att_buf_putc(out, ' ');
    att_buf_put(out, h1_span(at, h->path));
    if (h->query.at) {
        att_buf_putc(out, '?');
        att_buf_put(out, h1_span(at, h->query));
    }
    att_buf_printf(out, " HTTP/1.%u\r\n", h->minor);
    for (size_t i = 0; i < h->field_count; i++) {
        if (frames(h1_span(at, h->fields[i].name)))
            continue;
        att_buf_put(out, h1_span(at, h->fields[i].name));
        att_buf_putc(out, ':');
        att_buf_put(out, h1_span(at, h->fields[i].value));
        att_buf_puts(out, "\r\n");
    }
    att_buf_printf(out, "Content-Length:%zu\r\n\r\n", o->body.kept);
    att_buf_put(out, att_span_of(o->bytes, o->body.kept));
}

static void check_again(const struct outcome *o, const uint8_t *at)
{
    static struct outcome again;
    struct att_buf out = { 0 };

    write_again(&out, o, at);
    /* The same header may have become one more, and its length longer: then the limits may say no. */
    bool near =
        o->head.field_count >= limits.header_count_max || o->head.head_bytes + 32 > limits.head_bytes_max;
    read_request(&again, att_buf_span(&out), 0);
    if (!near) {
        check(again.status == H1_DONE && again.used == out.len);
        check(att_span_eq(h1_span(at, o->head.method), h1_span(out.ptr, again.head.method)));
        check(att_span_eq(h1_span(at, o->head.path), h1_span(out.ptr, again.head.path)));
        check(att_span_eq(h1_span(at, o->head.query), h1_span(out.ptr, again.head.query)));
        check(att_span_eq(h1_span(at, o->head.host), h1_span(out.ptr, again.head.host)));
        check(o->head.close == again.head.close && o->head.expect_continue == again.head.expect_continue);
        check(o->body.kept == again.body.kept && memcmp(o->bytes, again.bytes, o->body.kept) == 0);
    }
    att_buf_free(&out);
}

/* What the helpers let through keeps no trace of what they refuse. */
static void check_helpers(const struct outcome *o, const uint8_t *at)
{
    struct att_arena *arena = att_arena_new(1 << 16);
    struct http_path path;
    struct att_span value;
    bool present = false;

    if (!arena)
        return;
    if (http_path_split(arena, h1_span(at, o->head.path), &path, NULL))
        for (size_t i = 0; i < path.count; i++) {
            struct att_span s = path.segments[i];
            check(s.len > 0 && !att_span_is(s, ".") && !att_span_is(s, ".."));
            for (size_t k = 0; k < s.len; k++)
                check(s.ptr[k] >= 0x20 && s.ptr[k] != '/' && s.ptr[k] != '\\' && s.ptr[k] != ';' &&
                      s.ptr[k] != '%' && (s.ptr[k] != ':' || i + 1 == path.count));
        }
    if (http_query_get(arena, h1_span(at, o->head.query), "api-version", &present, &value, NULL) && present)
        for (size_t k = 0; k < value.len; k++)
            check(value.ptr[k] >= 0x20);
    att_arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct outcome whole, cut;
    struct att_span rest = att_span_of(data, size);

    if (size > 1 << 16)
        return 0;
    for (unsigned requests = 0; requests < 8; requests++) {
        read_request(&whole, rest, 0);
        check(whole.used <= rest.len);
        check_refusal(&whole);
        for (size_t pattern = 1; pattern < 40; pattern += 19) {
            read_request(&cut, rest, pattern);
            check_same(&whole, &cut);
        }
        if (whole.status != H1_DONE)
            return 0;
        check_again(&whole, rest.ptr);
        check_helpers(&whole, rest.ptr);
        rest = att_span_of(rest.ptr + whole.used, rest.len - whole.used);
    }
    return 0;
}
