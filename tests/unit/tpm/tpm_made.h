/* Structures of TPMs for tests, written field by field: what is there is what a test puts there, right or wrong. */
#ifndef TESTS_UNIT_TPM_TPM_MADE_H
#define TESTS_UNIT_TPM_TPM_MADE_H

#include "unit/crypto/made.h"

#include "tpm/tpm.h"

struct wire {
    uint8_t bytes[2048];
    size_t len;
};

static inline struct att_span wire_span(const struct wire *w)
{
    return att_span_of(w->bytes, w->len);
}
static inline void put(struct wire *w, struct att_span s)
{
    assert_true(w->len + s.len <= sizeof w->bytes);
    if (s.len > 0)
        memcpy(w->bytes + w->len, s.ptr, s.len);
    w->len += s.len;
}
static inline void put_number(struct wire *w, uint64_t value, size_t bytes)
{
    for (size_t i = bytes; i-- > 0;)
        put(w, att_span_of(&(uint8_t){ (uint8_t)(value >> (8 * i)) }, 1));
}
static inline void put_u16(struct wire *w, unsigned value)
{
    put_number(w, value, 2);
}
static inline void put_sized(struct wire *w, struct att_span s)
{
    put_u16(w, (unsigned)s.len);
    put(w, s);
}
/* `len` times the same byte, behind its length. */
static inline void put_filled(struct wire *w, uint8_t byte, size_t len)
{
    put_u16(w, (unsigned)len);
    for (size_t i = 0; i < len; i++)
        put_number(w, byte, 1);
}

struct made_selection {
    uint16_t alg;
    uint8_t size;
    uint32_t pcrs; /* little-endian, as many bytes as `size` */
};
/* Fields that are zero are filled in as a TPM would; `no_...` leaves them wrong. */
struct made_attest {
    uint32_t magic;
    uint16_t type;
    size_t signer_len, extra_len, digest_len;
    uint8_t safe;
    struct made_selection selections[10];
    uint32_t selection_count; /* as announced; as many are written as are there up to 10 */
    bool certify;
    uint16_t name_alg;
    size_t name_len; /* behind the algorithm */
};

static inline struct wire made_attest(const struct made_attest *o)
{
    struct wire w = { .len = 0 };

    put_number(&w, o->magic, 4);
    put_u16(&w, o->type);
    put_filled(&w, 0xa1, o->signer_len);
    put_filled(&w, 0xb2, o->extra_len);
    put_number(&w, 0x0102030405060708, 8);
    put_number(&w, 7, 4);
    put_number(&w, 9, 4);
    put_number(&w, o->safe, 1);
    put_number(&w, 0x2022112233445566, 8);
    if (o->certify) {
        put_u16(&w, (unsigned)(2 + o->name_len));
        put_u16(&w, o->name_alg);
        for (size_t i = 0; i < o->name_len; i++)
            put_number(&w, 0xc3, 1);
        put_filled(&w, 0xd4, 34);
        return w;
    }
    put_number(&w, o->selection_count, 4);
    for (uint32_t i = 0; i < o->selection_count && i < 10; i++) {
        put_u16(&w, o->selections[i].alg);
        put_number(&w, o->selections[i].size, 1);
        for (unsigned b = 0; b < o->selections[i].size; b++)
            put_number(&w, b < 4 ? o->selections[i].pcrs >> (8 * b) : 0, 1);
    }
    put_filled(&w, 0xe5, o->digest_len);
    return w;
}

static inline struct made_attest a_quote(void)
{
    return (struct made_attest){ .magic = 0xff544347,
                                 .type = 0x8018,
                                 .signer_len = 34,
                                 .extra_len = 32,
                                 .digest_len = 32,
                                 .safe = 1,
                                 .selections = { { 0x0b, 3, 0xff00ff }, { 0x04, 3, 0x0000ff } },
                                 .selection_count = 2 };
}
static inline struct made_attest a_certify(void)
{
    return (struct made_attest){ .magic = 0xff544347,
                                 .type = 0x8017,
                                 .signer_len = 34,
                                 .extra_len = 16,
                                 .safe = 1,
                                 .certify = true,
                                 .name_alg = 0x0b,
                                 .name_len = 32 };
}

struct made_public {
    uint16_t type, name_alg;
    uint32_t attributes;
    size_t policy_len;
    uint16_t symmetric, symmetric_bits, symmetric_mode;
    uint16_t scheme, scheme_hash; /* scheme 0x10 has none */
    uint16_t key_bits;
    uint32_t exponent;
    struct att_span n;
    uint16_t curve, kdf;
    struct att_span x, y;
};

static inline struct wire made_public(const struct made_public *o)
{
    struct wire w = { .len = 0 };

    put_u16(&w, o->type);
    put_u16(&w, o->name_alg);
    put_number(&w, o->attributes, 4);
    put_filled(&w, 0xf6, o->policy_len);
    put_u16(&w, o->symmetric);
    if (o->symmetric != 0x10) {
        put_u16(&w, o->symmetric_bits);
        put_u16(&w, o->symmetric_mode);
    }
    put_u16(&w, o->scheme);
    if (o->scheme != 0x10 && o->scheme != 0x15)
        put_u16(&w, o->scheme_hash);
    if (o->scheme == 0x1a)
        put_u16(&w, 1);
    if (o->type == 0x0023) {
        put_u16(&w, o->curve);
        put_u16(&w, o->kdf);
        if (o->kdf != 0x10)
            put_u16(&w, 0x0b);
        put_sized(&w, o->x);
        put_sized(&w, o->y);
        return w;
    }
    put_u16(&w, o->key_bits);
    put_number(&w, o->exponent, 4);
    put_sized(&w, o->n);
    return w;
}

static inline struct wire made_sized(const struct wire *w)
{
    struct wire out = { .len = 0 };
    put_sized(&out, wire_span(w));
    return out;
}

enum { AIK_ATTRIBUTES = 0x50072, EK_ATTRIBUTES = 0x300b2 };

/* A public area for this key: an attestation key, or (`ek`) one that takes credentials. */
static inline struct made_public public_of(const struct att_key *key, bool ek)
{
    struct made_public o = { .type = 0x0001,
                             .name_alg = 0x0b,
                             .attributes = ek ? EK_ATTRIBUTES : AIK_ATTRIBUTES,
                             .policy_len = ek ? 32 : 0,
                             .symmetric = ek ? 6 : 0x10,
                             .symmetric_bits = 128,
                             .symmetric_mode = 0x43,
                             .scheme = ek ? 0x10 : 0x14,
                             .scheme_hash = 0x0b,
                             .kdf = 0x10 };

    if (att_key_type(key) == ATT_KEY_RSA) {
        o.n = att_key_rsa_n(key);
        o.key_bits = (uint16_t)att_key_bits(key);
        return o;
    }
    static const uint16_t curves[] = { [ATT_KEY_P256] = 3, [ATT_KEY_P384] = 4, [ATT_KEY_P521] = 5 };
    struct att_span point = att_key_point(key);
    o.type = 0x0023;
    o.curve = curves[att_key_type(key)];
    if (!ek)
        o.scheme = 0x18;
    o.x = att_span_of(point.ptr, point.len / 2);
    o.y = att_span_of(point.ptr + point.len / 2, point.len / 2);
    return o;
}

static inline struct att_key *key_of(const struct att_crypto *c, EVP_PKEY *pkey)
{
    uint8_t *der = NULL;
    int len = i2d_PUBKEY(pkey, &der);
    struct att_key *key = NULL;
    struct att_err err = { .code = ATT_OK };

    assert_true(len > 0);
    if (!att_key_from_spki(c, att_span_of(der, (size_t)len), &key, &err))
        fail_msg("%s", err.text);
    OPENSSL_free(der);
    return key;
}

#endif
