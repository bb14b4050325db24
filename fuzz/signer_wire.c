/* layers: signer base */
/* Messages of the signer: a head, then each kind of part read from the same body. What is taken whole is written again to the same
 * bytes; no text has a NUL; an error that was read is one. The first byte chooses what is read. */
#include "signer/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        __builtin_trap();
}

static void head(struct att_span s, bool answer)
{
    struct wire_head h;
    struct att_buf b = { 0 };

    if (s.len < WIRE_HEAD_BYTES || !wire_head_read(s.ptr, answer, &h))
        return;
    require(h.type >= WIRE_HELLO && h.type < WIRE_TYPES && (answer || !h.failed));
    require(h.body_bytes <= WIRE_SIGN_BYTES_MAX);
    wire_begin(&b);
    att_buf_fill(&b, 0, h.body_bytes);
    require(wire_end(&b, &h, answer) && memcmp(b.ptr, s.ptr, WIRE_HEAD_BYTES) == 0);
    att_buf_free(&b);
    require(!wire_channel_takes(1, false, h.type) &&
            wire_channel_takes(0, false, h.type) == (h.type == WIRE_HELLO));
}

static void same(const struct att_buf *b, size_t skip, const struct att_reader *r, struct att_span body)
{
    if (att_all_read(r) && !b->failed)
        require(att_span_eq(att_span_of(b->ptr + skip, b->len - skip), body));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct att_arena *a = att_arena_new((size_t)8 << 20);
    struct att_span body = att_span_of(data + (size > 0), size - (size > 0));
    struct att_reader r = att_reader_of(body);
    struct att_buf b = { 0 };
    struct signer_key key = { 0 };
    struct signer_certify want = { 0 };
    struct signer_options options = { 0 };
    struct att_err err = { 0 };

    require(a);
    switch (size > 0 ? data[0] % 6 : 0) {
    case 0:
    case 1:
        head(body, data && size > 0 && data[0] % 6 == 1);
        break;
    case 2:
        wire_take_key(&r, a, &key);
        require(key.purpose && key.kid && key.alg);
        wire_put_key(&b, &key);
        same(&b, 0, &r, body);
        break;
    case 3:
        wire_take_certify(&r, a, &want);
        require(want.name && want.uri);
        wire_put_certify(&b, &want);
        same(&b, 0, &r, body);
        break;
    case 4:
        wire_take_options(&r, a, &options);
        if (att_all_read(&r)) {
            wire_put_options(&b, &options);
            same(&b, 0, &r, body);
        }
        break;
    case 5:
        wire_take_err(&r, a, &err);
        require(err.code != ATT_OK && err.code < ATT_CODE_COUNT);
        wire_put_err(&b, &err);
        same(&b, 0, &r, body);
        break;
    }
    att_buf_free(&b);
    att_arena_free(a);
    return 0;
}
