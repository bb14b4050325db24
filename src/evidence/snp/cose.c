#include "evidence/snp/cose.h"

#include "base/err.h"

enum { COSE_SIGN1_TAG = 18, COSE_SIGN1_ITEMS = 4 };

/* IANA, COSE algorithms: those of RFC 9053 2.1 and RFC 8230 2 that endorsements are signed with. */
static const struct {
    int64_t id;
    enum att_sig_alg alg;
} algorithms[] = {
    { -7, ATT_ES256 }, { -35, ATT_ES384 }, { -37, ATT_PS256 }, { -38, ATT_PS384 }, { -39, ATT_PS512 },
};

/* RFC 9054 2.1 */
static const struct {
    int64_t id;
    enum att_hash hash;
} hashes[] = { { -16, ATT_SHA256 }, { -43, ATT_SHA384 }, { -44, ATT_SHA512 } };

static bool refuse(struct att_err *err, const char *where, const char *expected, const char *found)
{
    return att_fail(err, ATT_CBOR_MALFORMED, where, expected, "%s", found);
}

bool cose_label_take(struct att_cbor *c, const char *where, struct cose_label *ret, struct att_err *err)
{
    struct cose_label label = { 0 };

    if (att_cbor_peek(c) != ATT_CBOR_TEXT) {
        if (!att_cbor_take_int(c, where, &label.number, err))
            return false;
    } else {
        if (!att_cbor_take_text(c, where, &label.text, err))
            return false;
        if (label.text.len == 0)
            return refuse(err, where, "labels that name something", "an empty one");
    }
    *ret = label;
    return true;
}

static bool read_alg(struct att_cbor *c, struct cose_sign1 *ret, struct att_err *err)
{
    int64_t id = 0;

    if (!att_cbor_take_int(c, "protected.alg", &id, err))
        return false;
    for (size_t i = 0; i < sizeof algorithms / sizeof algorithms[0]; i++)
        if (algorithms[i].id == id) {
            ret->alg = algorithms[i].alg;
            return true;
        }
    return att_fail(err, ATT_CBOR_MALFORMED, "protected.alg", "-7, -35, -37, -38 or -39", "%lld",
                    (long long)id);
}

static bool read_crit(struct att_cbor *c, struct cose_sign1 *ret, struct att_err *err)
{
    (void)c;
    (void)ret;
    return refuse(err, "protected.crit", "no label that must be understood", "one");
}

/* A number would be a CoAP format: read past, so that it is none. */
static bool read_content_type(struct att_cbor *c, struct cose_sign1 *ret, struct att_err *err)
{
    if (att_cbor_peek(c) == ATT_CBOR_UINT)
        return att_cbor_skip(c, "protected.content_type", NULL, err);
    return att_cbor_take_text(c, "protected.content_type", &ret->content_type, err);
}

/* COSE_X509 = bstr / [ 2*certs: bstr ] (RFC 9360 2) */
static bool read_x5chain(struct att_cbor *c, struct cose_sign1 *ret, struct att_err *err)
{
    size_t count = 1;

    if (att_cbor_peek(c) == ATT_CBOR_ARRAY) {
        if (!att_cbor_take_array(c, "protected.x5chain", &count, err))
            return false;
        if (count < 2 || count > COSE_X5CHAIN_MAX)
            return att_fail(err, ATT_CBOR_MALFORMED, "protected.x5chain",
                            "one certificate, or an array of 2 to 5", "an array of %zu", count);
    }
    for (size_t i = 0; i < count; i++)
        if (!att_cbor_take_bytes(c, "protected.x5chain", &ret->x5chain[i], err))
            return false;
    ret->x5chain_count = count;
    return true;
}

/* COSE_CertHash = [ hashAlg: (int / tstr), hashValue: bstr ] */
static bool read_x5t(struct att_cbor *c, struct cose_sign1 *ret, struct att_err *err)
{
    size_t count = 0;
    int64_t id = 0;

    if (!att_cbor_take_array(c, "protected.x5t", &count, err))
        return false;
    if (count != 2)
        return att_fail(err, ATT_CBOR_MALFORMED, "protected.x5t", "an algorithm and a hash", "%zu items",
                        count);
    if (!att_cbor_take_int(c, "protected.x5t[0]", &id, err) ||
        !att_cbor_take_bytes(c, "protected.x5t[1]", &ret->x5t, err))
        return false;
    for (size_t i = 0; i < sizeof hashes / sizeof hashes[0]; i++)
        if (hashes[i].id == id) {
            ret->x5t_hash = hashes[i].hash;
            if (ret->x5t.len != att_hash_size(hashes[i].hash))
                return att_fail(err, ATT_CBOR_MALFORMED, "protected.x5t[1]", "a hash of its algorithm's size",
                                "%zu bytes", ret->x5t.len);
            return true;
        }
    return att_fail(err, ATT_CBOR_MALFORMED, "protected.x5t[0]", "-16, -43 or -44", "%lld", (long long)id);
}

/* The labels that are read here, in the protected header only. */
static const struct {
    enum cose_number number;
    bool (*read)(struct att_cbor *, struct cose_sign1 *, struct att_err *);
} labels[] = {
    { COSE_ALG, read_alg },         { COSE_CRIT, read_crit }, { COSE_CONTENT_TYPE, read_content_type },
    { COSE_X5CHAIN, read_x5chain }, { COSE_X5T, read_x5t },
};
enum { LABEL_COUNT = sizeof labels / sizeof labels[0] };

static size_t row_of(const struct cose_label *label)
{
    size_t i = 0;

    while (i < LABEL_COUNT && (label->text.len > 0 || label->number != (int64_t)labels[i].number))
        i++;
    return i;
}

struct header_keys {
    struct att_span keys[ATT_CBOR_KEYS_MAX];
    size_t count;
};

/* RFC 9052 3: the bytes of an encoded map. */
static bool read_protected(struct cose_sign1 *ret, struct header_keys *keys, struct att_err *err)
{
    struct att_cbor c;
    struct cose_label label;
    size_t pairs = 0;
    bool has_alg = false;

    if (!att_cbor_open(ret->protected_header, NULL, "protected", &c, err) ||
        !att_cbor_keys(&c, "protected", keys->keys, &keys->count, err) ||
        !att_cbor_take_map(&c, "protected", &pairs, err))
        return false;
    for (size_t i = 0; i < pairs; i++) {
        if (!cose_label_take(&c, "protected", &label, err))
            return false;
        size_t row = row_of(&label);
        if (row == LABEL_COUNT ? !att_cbor_skip(&c, "protected", NULL, err) : !labels[row].read(&c, ret, err))
            return false;
        has_alg = has_alg || (row < LABEL_COUNT && labels[row].number == COSE_ALG);
    }
    if (!has_alg)
        return refuse(err, "protected.alg", "an algorithm", "none");
    return att_cbor_done(&c, "protected", err);
}

/* Nothing in here is signed. It may not say anything that somebody could take for the protected header's word. */
static bool read_unprotected(struct att_cbor *c, const struct header_keys *protected_keys,
                             struct att_err *err)
{
    struct header_keys own;
    struct cose_label label;
    size_t pairs = 0;

    if (!att_cbor_keys(c, "unprotected", own.keys, &own.count, err) ||
        !att_cbor_take_map(c, "unprotected", &pairs, err))
        return false;
    for (size_t i = 0; i < pairs; i++) {
        if (!cose_label_take(c, "unprotected", &label, err) || !att_cbor_skip(c, "unprotected", NULL, err))
            return false;
        if (row_of(&label) < LABEL_COUNT)
            return att_fail(err, ATT_CBOR_MALFORMED, "unprotected",
                            "alg, crit, type and certificates protected", "label %lld",
                            (long long)label.number);
        for (size_t k = 0; k < protected_keys->count; k++)
            if (att_span_eq(own.keys[i], protected_keys->keys[k]))
                return refuse(err, "unprotected", "no label of the protected header", "one");
    }
    return true;
}

bool cose_sign1_read(struct att_span bytes, struct cose_sign1 *ret, struct att_err *err)
{
    struct cose_sign1 out = { 0 };
    struct header_keys keys;
    struct att_cbor c;
    uint64_t tag = COSE_SIGN1_TAG;
    size_t count = 0;

    if (!att_cbor_open(bytes, NULL, "cose", &c, err))
        return false;
    if (att_cbor_peek(&c) == ATT_CBOR_TAG && !att_cbor_take_tag(&c, "cose.tag", &tag, err))
        return false;
    if (tag != COSE_SIGN1_TAG)
        return att_fail(err, ATT_CBOR_MALFORMED, "cose.tag", "18, or no tag", "%llu",
                        (unsigned long long)tag);
    if (!att_cbor_take_array(&c, "cose", &count, err))
        return false;
    if (count != COSE_SIGN1_ITEMS)
        return att_fail(err, ATT_CBOR_MALFORMED, "cose", "4 items: two headers, payload, signature", "%zu",
                        count);
    if (!att_cbor_take_bytes(&c, "protected", &out.protected_header, err) ||
        !read_protected(&out, &keys, err) || !read_unprotected(&c, &keys, err) ||
        !att_cbor_take_bytes(&c, "payload", &out.payload, err) ||
        !att_cbor_take_bytes(&c, "signature", &out.signature, err) || !att_cbor_done(&c, "cose", err))
        return false;
    *ret = out;
    return true;
}

/* Head of a byte string in its shortest form; at most 5 bytes, because lengths here fit 32 bits. */
static uint8_t *put_bytes(uint8_t *to, struct att_span content)
{
    size_t n = content.len;
    unsigned argument_bytes = n < 24 ? 0 : n <= UINT8_MAX ? 1 : n <= UINT16_MAX ? 2 : 4;
    unsigned info = n < 24 ? (unsigned)n : argument_bytes == 1 ? 24 : argument_bytes == 2 ? 25 : 26;

    *to++ = (uint8_t)(ATT_CBOR_BYTES << 5 | info);
    for (unsigned i = argument_bytes; i > 0; i--)
        *to++ = (uint8_t)(n >> 8 * (i - 1));
    if (n > 0)
        memcpy(to, content.ptr, n);
    return to + n;
}

/* Sig_structure (RFC 9052 4.4): [ "Signature1", protected, external_aad, payload ], nothing external. */
static bool signed_bytes(struct att_arena *arena, const struct cose_sign1 *c, struct att_span *ret)
{
    static const uint8_t start[] = { 0x84, 0x6a, 'S', 'i', 'g', 'n', 'a', 't', 'u', 'r', 'e', '1' };
    enum { HEADS = 5 + 1 + 5 };
    struct att_span none = { 0 };

    if (c->protected_header.len > UINT32_MAX / 4 || c->payload.len > UINT32_MAX / 4)
        return false;
    uint8_t *to = att_arena_alloc(arena, sizeof start + HEADS + c->protected_header.len + c->payload.len, 1);
    if (!to)
        return false;
    uint8_t *end = to;
    memcpy(end, start, sizeof start);
    end = put_bytes(end + sizeof start, c->protected_header);
    end = put_bytes(end, none);
    end = put_bytes(end, c->payload);
    *ret = att_span_of(to, (size_t)(end - to));
    return true;
}

enum att_sig cose_sign1_check(const struct att_crypto *crypto, struct att_arena *arena,
                              const struct cose_sign1 *c, const struct att_key *key)
{
    struct att_span message;

    if (!signed_bytes(arena, c, &message))
        return ATT_SIG_FAILED;
    return att_verify(crypto, key, c->alg, message, c->signature);
}
