#include "signer/wire.h"

#include "base/err.h"

enum { MAGIC = 0x5347, TEXT_BYTES_MAX = 4096, PREVIOUS_MAX = 64 };

static const struct {
    uint32_t request_bytes_max;
    uint32_t answer_bytes_max;
} rules[WIRE_TYPES] = {
    [WIRE_HELLO] = { WIRE_SMALL_BYTES_MAX, WIRE_SMALL_BYTES_MAX },
    [WIRE_MAKE] = { 1024, WIRE_SMALL_BYTES_MAX },
    [WIRE_LOAD] = { WIRE_SMALL_BYTES_MAX, WIRE_SMALL_BYTES_MAX },
    [WIRE_FORGET] = { 1024, WIRE_SMALL_BYTES_MAX },
    [WIRE_CERTIFY] = { WIRE_SMALL_BYTES_MAX, WIRE_SMALL_BYTES_MAX },
    [WIRE_RESEAL] = { WIRE_SMALL_BYTES_MAX, WIRE_SMALL_BYTES_MAX },
    [WIRE_SHARE] = { WIRE_SMALL_BYTES_MAX, WIRE_SMALL_BYTES_MAX },
    [WIRE_SIGN] = { WIRE_SIGN_BYTES_MAX, 4096 },
};

static bool size_ok(enum wire_type type, bool answer, size_t bytes)
{
    return bytes <= (answer ? rules[type].answer_bytes_max : rules[type].request_bytes_max);
}

uint32_t wire_answer_bytes_max(enum wire_type type)
{
    return rules[type].answer_bytes_max;
}

bool wire_head_read(const uint8_t bytes[WIRE_HEAD_BYTES], bool answer, struct wire_head *ret)
{
    struct att_reader r = att_reader_of(att_span_of(bytes, WIRE_HEAD_BYTES));
    uint32_t size = att_take_u32le(&r);
    uint8_t type = att_take_u8(&r), status = att_take_u8(&r);

    if (att_take_u16le(&r) != MAGIC || type < WIRE_HELLO || type >= WIRE_TYPES || status > (answer ? 1 : 0) ||
        !size_ok((enum wire_type)type, answer, size))
        return false;
    *ret = (struct wire_head){ .type = (enum wire_type)type, .failed = status == 1, .body_bytes = size };
    return true;
}

bool wire_channel_takes(size_t channel, bool greeted, enum wire_type type)
{
    if (!greeted)
        return channel == 0 && type == WIRE_HELLO;
    return channel == 0 ? type != WIRE_HELLO && type != WIRE_SIGN : type == WIRE_SIGN;
}

/* -- writing ---------------------------------------------------------------------------------------------- */

void wire_begin(struct att_buf *b)
{
    att_buf_clear(b);
    att_buf_fill(b, 0, WIRE_HEAD_BYTES);
}

bool wire_end(struct att_buf *b, const struct wire_head *head, bool answer)
{
    struct att_buf front = { 0 };

    if (b->failed || b->len < WIRE_HEAD_BYTES || !size_ok(head->type, answer, b->len - WIRE_HEAD_BYTES))
        return false;
    att_buf_u32le(&front, (uint32_t)(b->len - WIRE_HEAD_BYTES));
    att_buf_putc(&front, (char)head->type);
    att_buf_putc(&front, head->failed ? 1 : 0);
    att_buf_u16le(&front, MAGIC);
    bool ok = !front.failed;
    if (ok)
        memcpy(b->ptr, front.ptr, WIRE_HEAD_BYTES);
    att_buf_free(&front);
    return ok;
}

void wire_put_bytes(struct att_buf *b, struct att_span bytes)
{
    att_buf_u32le(b, (uint32_t)bytes.len);
    att_buf_put(b, bytes);
}

void wire_put_text(struct att_buf *b, const char *text)
{
    struct att_span bytes = att_str(text);

    b->failed = b->failed || bytes.len > TEXT_BYTES_MAX; /* or the other side would end */
    wire_put_bytes(b, bytes);
}

static void put_bool(struct att_buf *b, bool v)
{
    att_buf_putc(b, v ? 1 : 0);
}

void wire_put_key(struct att_buf *b, const struct signer_key *key)
{
    wire_put_text(b, key->purpose);
    wire_put_text(b, key->kid);
    wire_put_text(b, key->alg);
    wire_put_bytes(b, key->spki);
    wire_put_bytes(b, key->sealed);
}

void wire_put_certify(struct att_buf *b, const struct signer_certify *want)
{
    att_buf_u32le(b, (uint32_t)want->kind);
    wire_put_text(b, want->name);
    wire_put_text(b, want->uri);
    put_bool(b, want->test);
    wire_put_bytes(b, want->subject_spki);
    wire_put_bytes(b, want->issuer_der);
    att_buf_u64le(b, (uint64_t)want->not_before_unix_s);
    att_buf_u64le(b, (uint64_t)want->not_after_unix_s);
}

void wire_put_options(struct att_buf *b, const struct signer_options *options)
{
    uint32_t previous = 0;

    while (options->kek_previous && options->kek_previous[previous])
        previous++;
    b->failed = b->failed || previous > PREVIOUS_MAX;
    wire_put_text(b, options->kek);
    att_buf_u32le(b, previous);
    for (uint32_t i = 0; i < previous; i++)
        wire_put_text(b, options->kek_previous[i]);
    wire_put_text(b, options->pkcs11_module);
    wire_put_text(b, options->pkcs11_token);
    wire_put_text(b, options->pkcs11_pin_file);
    put_bool(b, options->keys_in_hsm);
}

void wire_put_err(struct att_buf *b, const struct att_err *err)
{
    att_buf_u32le(b, (uint32_t)err->code);
    wire_put_text(b, err->where);
    wire_put_text(b, err->found);
    wire_put_text(b, err->expected);
    wire_put_text(b, err->text);
}

/* -- reading ---------------------------------------------------------------------------------------------- */

struct att_span wire_take_bytes(struct att_reader *r)
{
    return att_take(r, att_take_u32le(r));
}

const char *wire_take_text(struct att_reader *r, struct att_arena *arena)
{
    struct att_span text = wire_take_bytes(r);

    /* A C string would end at a NUL. */
    if (r->failed || text.len > TEXT_BYTES_MAX || (text.len > 0 && memchr(text.ptr, '\0', text.len))) {
        r->failed = true;
        return "";
    }
    const char *copy = att_arena_dup(arena, text);
    r->failed = r->failed || !copy;
    return copy ? copy : "";
}

/* Absent and empty are one for a setting. */
static const char *take_setting(struct att_reader *r, struct att_arena *arena)
{
    const char *text = wire_take_text(r, arena);

    return text[0] ? text : NULL;
}

bool wire_take_bool(struct att_reader *r)
{
    uint8_t v = att_take_u8(r);

    r->failed = r->failed || v > 1;
    return v == 1;
}

void wire_take_key(struct att_reader *r, struct att_arena *arena, struct signer_key *ret)
{
    ret->purpose = wire_take_text(r, arena);
    ret->kid = wire_take_text(r, arena);
    ret->alg = wire_take_text(r, arena);
    ret->spki = wire_take_bytes(r);
    ret->sealed = wire_take_bytes(r);
}

void wire_take_certify(struct att_reader *r, struct att_arena *arena, struct signer_certify *ret)
{
    ret->kind = (enum signer_certificate_kind)att_take_u32le(r); /* which there are is certify.c's to say */
    ret->name = wire_take_text(r, arena);
    ret->uri = wire_take_text(r, arena);
    ret->test = wire_take_bool(r);
    ret->subject_spki = wire_take_bytes(r);
    ret->issuer_der = wire_take_bytes(r);
    ret->not_before_unix_s = (int64_t)att_take_u64le(r);
    ret->not_after_unix_s = (int64_t)att_take_u64le(r);
}

void wire_take_options(struct att_reader *r, struct att_arena *arena, struct signer_options *ret)
{
    ret->kek = take_setting(r, arena);
    uint32_t previous = att_take_u32le(r);
    r->failed = r->failed || previous > PREVIOUS_MAX;
    if (r->failed)
        return;
    const char **list = att_arena_alloc(arena, previous + 1, sizeof *list);
    r->failed = !list;
    for (uint32_t i = 0; !r->failed && i < previous; i++)
        list[i] = wire_take_text(r, arena);
    ret->kek_previous = list;
    ret->pkcs11_module = take_setting(r, arena);
    ret->pkcs11_token = take_setting(r, arena);
    ret->pkcs11_pin_file = take_setting(r, arena);
    ret->keys_in_hsm = wire_take_bool(r);
}

static void take_into(struct att_reader *r, struct att_arena *arena, char *to, size_t size)
{
    const char *text = wire_take_text(r, arena);
    size_t len = strlen(text);

    if (len >= size) {
        r->failed = true;
        return;
    }
    memcpy(to, text, len + 1);
}

void wire_take_err(struct att_reader *r, struct att_arena *arena, struct att_err *ret)
{
    struct att_err e = { 0 };
    uint32_t code = att_take_u32le(r);

    take_into(r, arena, e.where, sizeof e.where);
    take_into(r, arena, e.found, sizeof e.found);
    take_into(r, arena, e.expected, sizeof e.expected);
    take_into(r, arena, e.text, sizeof e.text);
    if (r->failed || code == ATT_OK || code >= ATT_CODE_COUNT) {
        r->failed = true;
        e = (struct att_err){ 0 };
        att_fail(&e, ATT_SIGNER_FAILED, "signer", "an answer of its form", "another");
        *ret = e;
        return;
    }
    e.code = (enum att_code)code;
    *ret = e;
}
