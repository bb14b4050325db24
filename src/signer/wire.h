/* signer/wire.h - the messages between the process form and its child. Private to signer.
 *
 * A message is a head of 8 bytes - u32le bytes of the body, u8 type, u8 status, u16le 0x5347 - and a body, whose parts are
 * u8, u32le, i64le, and text or bytes behind their u32le length. Each type has its largest body and its channel; both are
 * looked at before anything of the body is read. An answer has the type of its request; status 0: done, 1: the body is a
 * struct att_err.
 *
 * Order: HELLO first, once, on channel 0. From then on channel 0 takes everything but SIGN, the others SIGN alone.
 * A message that is not of this form is a bug or an attack: who reads it ends.
 *
 * Threads: no state. Decoding takes memory from the arena it is given.
 */
#ifndef SIGNER_WIRE_H
#define SIGNER_WIRE_H

#include "base/buf.h"
#include "base/reader.h"
#include "signer/signer.h"

enum wire_type {
    WIRE_HELLO = 1, /* options */
    WIRE_MAKE,      /* purpose, alg -> key */
    WIRE_LOAD,      /* key -> */
    WIRE_FORGET,    /* kid -> */
    WIRE_CERTIFY,   /* kid, wish -> DER */
    WIRE_RESEAL,    /* key -> sealed, changed */
    WIRE_SHARE,     /* which, sealed -> secret, sealed */
    WIRE_SIGN,      /* kid, input -> signature */
    WIRE_TYPES
};

enum {
    WIRE_HEAD_BYTES = 8,
    WIRE_CHANNELS_MAX = 65, /* 64 that sign, and channel 0 */
    WIRE_SMALL_BYTES_MAX = 64 << 10,
    WIRE_SIGN_BYTES_MAX = SIGNER_INPUT_BYTES_MAX + 1024,
};

struct wire_head {
    enum wire_type type;
    bool failed; /* of an answer: the body says why */
    uint32_t body_bytes;
};

/* False: no head, or of a body that is larger than its type may be. */
ATT_CHECK bool wire_head_read(const uint8_t bytes[WIRE_HEAD_BYTES], bool answer, struct wire_head *ret);
uint32_t wire_answer_bytes_max(enum wire_type type);
/* May a request of this type come on this channel? */
bool wire_channel_takes(size_t channel, bool greeted, enum wire_type type);

/* A frame begins with room for its head, which is filled when the body is complete. */
void wire_begin(struct att_buf *b);
/* False: memory ran out, or the body is larger than its type may be. */
ATT_CHECK bool wire_end(struct att_buf *b, const struct wire_head *head, bool answer);

void wire_put_text(struct att_buf *b, const char *text); /* NULL is the empty text */
void wire_put_bytes(struct att_buf *b, struct att_span bytes);
void wire_put_key(struct att_buf *b, const struct signer_key *key);
void wire_put_certify(struct att_buf *b, const struct signer_certify *want);
void wire_put_options(struct att_buf *b, const struct signer_options *options);
void wire_put_err(struct att_buf *b, const struct att_err *err);

/* Each sets the reader's `failed` when the part has not its form or memory ran out; what it gives is then NULL or empty. Text is
 * in the arena, bytes are where they came in. */
const char *wire_take_text(struct att_reader *r, struct att_arena *arena);
struct att_span wire_take_bytes(struct att_reader *r);
bool wire_take_bool(struct att_reader *r);
void wire_take_key(struct att_reader *r, struct att_arena *arena, struct signer_key *ret);
void wire_take_certify(struct att_reader *r, struct att_arena *arena, struct signer_certify *ret);
void wire_take_options(struct att_reader *r, struct att_arena *arena, struct signer_options *ret);
/* Never ATT_OK: a failure without a code is one of the signer. */
void wire_take_err(struct att_reader *r, struct att_arena *arena, struct att_err *ret);

/* -- wire_io.c -------------------------------------------------------------------------------------------- */

/* All of it, or false. */
ATT_CHECK bool wire_send(int fd, struct att_span frame);
enum wire_got { WIRE_WHOLE, WIRE_END, WIRE_CUT }; /* WIRE_END: the other side closed before the first byte */
ATT_CHECK enum wire_got wire_receive(int fd, uint8_t *to, size_t len);

#endif
