/* TPM2_MakeCredential without a TPM (Part 1, clause 24; Part 1, annexes B.10.4 and C.6.4 for the seed).
 *
 * A seed goes to the endorsement key. From it come a key for the secret, bound to the name of the object that must be loaded, and
 * one for the HMAC over both. */
#include <openssl/rand.h>

#include "base/auto.h"
#include "base/secret.h"
#include "crypto/encrypt.h"
#include "tpm/read.h"

enum {
    AES_KEY_BYTES_MAX = 32,
    SECRET_BYTES_MAX = TPM_DIGEST_BYTES_MAX,
    ID_OBJECT_BYTES_MAX = 2 + 2 + TPM_DIGEST_BYTES_MAX + 2 + SECRET_BYTES_MAX,
};

static const char where[] = "credential";

/* What must not stay on the stack. */
struct secrets {
    uint8_t seed[TPM_DIGEST_BYTES_MAX];
    uint8_t symmetric[AES_KEY_BYTES_MAX], hmac[TPM_DIGEST_BYTES_MAX];
    uint8_t plain[2 + SECRET_BYTES_MAX];
    struct att_agreement agreement;
};

static void secrets_wipe(struct secrets *s)
{
    att_wipe(s, sizeof *s);
}

static void put_u16(uint8_t *to, size_t value)
{
    to[0] = (uint8_t)(value >> 8);
    to[1] = (uint8_t)value;
}

static void put_u32(uint8_t to[4], size_t value)
{
    put_u16(to, value >> 16);
    put_u16(to + 2, value & 0xffff);
}

static bool library_failed(struct att_err *err)
{
    return att_fail(err, ATT_CRYPTO_FAILED, where, "an answer", "none");
}

/* A label goes with its NUL. */
static struct att_span label_of(const char *text)
{
    return att_span_of(text, strlen(text) + 1);
}

/* KDFa (Part 1, 11.4.10.2): as many bytes as the first block of the HMAC has, or fewer; `u` is its context. */
static bool kdfa(const struct att_crypto *c, enum att_hash h, struct att_span key, const char *label,
                 struct att_span u, uint8_t *ret, size_t len)
{
    uint8_t block[TPM_DIGEST_BYTES_MAX], counter[4], bits[4];
    const struct att_span parts[] = { { counter, 4 }, label_of(label), u, { bits, 4 } };

    put_u32(counter, 1);
    put_u32(bits, len * 8);
    bool ok = len <= att_hash_size(h) && att_hmac(c, h, key, parts, 4, block);
    if (ok)
        memcpy(ret, block, len);
    att_wipe(block, sizeof block);
    return ok;
}

/* KDFe (Part 1, 11.4.10.3), one block: a seed is as long as the digest. */
static bool kdfe(const struct att_crypto *c, enum att_hash h, struct att_span shared, const char *label,
                 struct att_span u, struct att_span v, uint8_t *ret)
{
    static const uint8_t counter[4] = { 0, 0, 0, 1 };
    const struct att_span parts[] = { { counter, 4 }, shared, label_of(label), u, v };

    return att_digest_parts(c, h, parts, 5, ret);
}

static bool usable(const struct tpm_public *ek, struct att_err *err)
{
    const uint32_t parent = TPM_RESTRICTED | TPM_DECRYPT;

    if ((ek->attributes & (parent | TPM_SIGN)) != parent)
        return att_fail(err, ATT_KEY_INVALID, where, "a restricted key that decrypts and does not sign",
                        "attributes 0x%x", (unsigned)ek->attributes);
    if (ek->symmetric != TPM_ALG_AES || ek->symmetric_mode != TPM_ALG_CFB ||
        (ek->symmetric_bits != 128 && ek->symmetric_bits != 192 && ek->symmetric_bits != 256))
        return att_fail(err, ATT_KEY_INVALID, where, "AES in CFB mode as the key's cipher",
                        "algorithm 0x%04x, %u bits, mode 0x%04x", ek->symmetric, ek->symmetric_bits,
                        ek->symmetric_mode);
    if (ek->name_hash == ATT_SHA1)
        return att_fail(err, ATT_KEY_INVALID, where, "a key with SHA-256 or stronger as its nameAlg",
                        "SHA-1");
    return true;
}

/* The seed under an RSA key: OAEP with the key's nameAlg. */
static bool share_rsa(struct att_arena *arena, const struct att_crypto *c, const struct tpm_public *ek,
                      const struct att_key *key, struct secrets *s, struct att_span *ret, struct att_err *err)
{
    struct att_span seed = { s->seed, att_hash_size(ek->name_hash) };

    if (att_key_bits(key) < TPM_RSA_BITS_MIN)
        return att_fail(err, ATT_KEY_INVALID, where, "a key of 2048 bits or more", "%u bits",
                        att_key_bits(key));
    if (RAND_priv_bytes(s->seed, (int)seed.len) != 1)
        return library_failed(err);
    return att_oaep_encrypt(arena, c, key, ek->name_hash, label_of("IDENTITY"), seed, ret, err);
}

static size_t put_sized(uint8_t *to, struct att_span bytes)
{
    put_u16(to, bytes.len);
    memcpy(to + 2, bytes.ptr, bytes.len);
    return 2 + bytes.len;
}

/* The seed from an agreement; what the TPM needs for it is our point. The TPM takes x of its own key as its public area has it. */
static bool share_ecc(struct att_arena *arena, const struct att_crypto *c, const struct tpm_public *ek,
                      const struct att_key *key, struct secrets *s, struct att_span *ret, struct att_err *err)
{
    if (!att_agree(c, key, &s->agreement, err))
        return false;
    size_t field = s->agreement.field_bytes;
    struct att_span x = { s->agreement.point, field }, y = { s->agreement.point + field, field };
    if (!kdfe(c, ek->name_hash, att_span_of(s->agreement.shared, field), "IDENTITY", x, ek->x, s->seed))
        return library_failed(err);
    uint8_t *out = att_arena_alloc(arena, 2 * (2 + field), 1);
    if (!out)
        return att_fail_memory(err, where);
    size_t len = put_sized(out, x);
    len += put_sized(out + len, y);
    *ret = att_span_of(out, len);
    return true;
}

/* TPMS_ID_OBJECT: HMAC, then the encrypted TPM2B of the secret. */
static bool wrap(const struct att_crypto *c, const struct tpm_public *ek, struct att_span name,
                 struct att_span secret, struct secrets *s, uint8_t out[ID_OBJECT_BYTES_MAX], size_t *ret_len)
{
    enum att_hash h = ek->name_hash;
    size_t digest = att_hash_size(h);
    struct att_span seed = { s->seed, digest }, nothing = { NULL, 0 };
    struct att_span symmetric = { s->symmetric, ek->symmetric_bits / 8u }, hmac = { s->hmac, digest };
    uint8_t *sealed = out + 2 + digest;
    size_t plain = put_sized(s->plain, secret);
    const struct att_span covered[] = { { sealed, plain }, name };

    put_u16(out, digest);
    *ret_len = 2 + digest + plain;
    return kdfa(c, h, seed, "STORAGE", name, s->symmetric, symmetric.len) &&
           att_aes_cfb(symmetric, att_span_of(s->plain, plain), sealed) &&
           kdfa(c, h, seed, "INTEGRITY", nothing, s->hmac, digest) &&
           att_hmac(c, h, hmac, covered, 2, out + 2);
}

static bool sized(struct att_arena *arena, struct att_span bytes, struct att_span *ret, struct att_err *err)
{
    uint8_t *out = att_arena_alloc(arena, 2 + bytes.len, 1);

    if (!out)
        return att_fail_memory(err, where);
    *ret = att_span_of(out, put_sized(out, bytes));
    return true;
}

ATT_AUTO_PTR(key_auto, struct att_key, att_key_free)

bool tpm_credential_make(struct att_arena *arena, const struct att_crypto *c, const struct tpm_public *ek,
                         struct att_span name, struct att_span secret, struct att_span *ret_id_object,
                         struct att_span *ret_encrypted_secret, struct att_err *err)
{
    ATT_AUTO(secrets_wipe) struct secrets s = { .seed = { 0 } };
    ATT_AUTO(key_auto) struct att_key *key = NULL;
    uint8_t id[ID_OBJECT_BYTES_MAX];
    struct att_span shared = { 0 }, id_object = { 0 }, encrypted = { 0 };
    size_t len = 0;

    if (!usable(ek, err))
        return false;
    if (secret.len == 0 || secret.len > att_hash_size(ek->name_hash) || name.len == 0 ||
        name.len > TPM_NAME_BYTES_MAX)
        return att_fail(err, ATT_PARAMETER_INVALID, where,
                        "a name, and a secret no longer than nameAlg's digest", "%zu and %zu bytes", name.len,
                        secret.len);
    if (!tpm_public_key(c, ek, &key, err) ||
        !(ek->ecc ? share_ecc : share_rsa)(arena, c, ek, key, &s, &shared, err))
        return false;
    if (!wrap(c, ek, name, secret, &s, id, &len))
        return library_failed(err);
    if (!sized(arena, att_span_of(id, len), &id_object, err) || !sized(arena, shared, &encrypted, err))
        return false;
    *ret_id_object = id_object;
    *ret_encrypted_secret = encrypted;
    return true;
}
