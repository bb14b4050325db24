/* The body of a request: by length, or in chunks (RFC 9112 section 7.1). Chunk extensions and trailers are
 * refused: nobody here reads them, and they are where two parsers most easily disagree. */
#include "http/h1_parse.h"

#include "base/err.h"

#include <stdio.h>

enum { CHUNK_DIGITS_MAX = 8 };

static enum h1_status too_large(struct h1_refusal *r, uint64_t found, size_t max)
{
    char expected[48];

    (void)snprintf(expected, sizeof expected, "at most %zu bytes", max);
    r->status = 413;
    (void)att_fail(&r->err, ATT_REQUEST_TOO_LARGE, "http.body", expected, "%llu bytes",
                   (unsigned long long)found);
    return H1_BAD;
}

static enum h1_status bad_chunk(struct h1_refusal *r, const char *where, const char *expected, uint8_t found)
{
    r->status = 400;
    (void)att_fail(&r->err, ATT_REQUEST_MALFORMED, where, expected, "byte 0x%02x", found);
    return H1_BAD;
}

enum h1_status h1_body_start(struct h1_body *b, const struct h1_head *head, size_t bytes_max,
                             struct h1_refusal *r)
{
    if (head->has_length && head->content_length > bytes_max)
        return too_large(r, head->content_length, bytes_max);
    *b = (struct h1_body){ .chunked = head->chunked, .left = head->content_length, .bytes_max = bytes_max };
    if (head->chunked)
        b->left = 0;
    return head->chunked || b->left > 0 ? H1_NEED_MORE : H1_DONE;
}

static int hex_of(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static enum h1_status size_byte(struct h1_body *b, uint8_t c, struct h1_refusal *r)
{
    int digit = hex_of(c);

    if (digit < 0) {
        if (c != '\r' || b->digits == 0)
            return bad_chunk(r, "http.chunk.size", "hexadecimal digits, no extension", c);
        b->phase = H1_CHUNK_SIZE_LF;
        return H1_NEED_MORE;
    }
    if (b->digits == CHUNK_DIGITS_MAX)
        return bad_chunk(r, "http.chunk.size", "at most 8 digits", c);
    b->digits++;
    b->left = b->left << 4 | (unsigned)digit;
    return H1_NEED_MORE;
}

static enum h1_status size_end(struct h1_body *b, struct h1_refusal *r)
{
    if (b->left > b->bytes_max - b->kept)
        return too_large(r, b->kept + b->left, b->bytes_max);
    b->phase = b->left > 0 ? H1_CHUNK_DATA : H1_CHUNK_END_CR;
    return H1_NEED_MORE;
}

/* The one byte that may stand in each of these phases, and the phase behind it. */
static const struct {
    uint8_t byte;
    enum h1_chunk_phase next;
    const char *where;
    const char *expected;
} fixed[] = {
    [H1_CHUNK_SIZE_LF] = { '\n', H1_CHUNK_DATA, "http.chunk.size", "LF behind CR" },
    [H1_CHUNK_DATA_CR] = { '\r', H1_CHUNK_DATA_LF, "http.chunk.data", "CR LF behind the chunk" },
    [H1_CHUNK_DATA_LF] = { '\n', H1_CHUNK_SIZE, "http.chunk.data", "CR LF behind the chunk" },
    [H1_CHUNK_END_CR] = { '\r', H1_CHUNK_END_LF, "http.chunk.trailer", "an empty line, no trailers" },
    [H1_CHUNK_END_LF] = { '\n', H1_CHUNK_END_LF, "http.chunk.trailer", "LF behind CR" },
};

static enum h1_status framing_byte(struct h1_body *b, uint8_t c, struct h1_refusal *r)
{
    enum h1_chunk_phase phase = b->phase;

    if (phase == H1_CHUNK_SIZE)
        return size_byte(b, c, r);
    if (c != fixed[phase].byte)
        return bad_chunk(r, fixed[phase].where, fixed[phase].expected, c);
    if (phase == H1_CHUNK_SIZE_LF)
        return size_end(b, r);
    if (phase == H1_CHUNK_END_LF)
        return H1_DONE;
    b->phase = fixed[phase].next;
    b->digits = 0;
    return H1_NEED_MORE;
}

static size_t take_data(struct h1_body *b, const uint8_t *in, size_t len, uint8_t *out)
{
    size_t n = len < b->left ? len : (size_t)b->left;

    if (n > 0 && out != in)
        memmove(out, in, n);
    b->left -= n;
    b->kept += n;
    return n;
}

enum h1_status h1_body_feed(struct h1_body *b, const uint8_t *in, size_t len, uint8_t *out, size_t *ret_used,
                            size_t *ret_kept, struct h1_refusal *r)
{
    size_t used = 0, kept = 0;
    enum h1_status status = H1_NEED_MORE;

    if (!b->chunked) {
        used = kept = take_data(b, in, len, out);
        status = b->left == 0 ? H1_DONE : H1_NEED_MORE;
    }
    while (b->chunked && status == H1_NEED_MORE && used < len) {
        if (b->phase != H1_CHUNK_DATA) {
            status = framing_byte(b, in[used++], r);
            continue;
        }
        size_t n = take_data(b, in + used, len - used, out + kept);
        used += n;
        kept += n;
        if (b->left == 0)
            b->phase = H1_CHUNK_DATA_CR;
    }
    *ret_used = used;
    *ret_kept = kept;
    return status;
}
