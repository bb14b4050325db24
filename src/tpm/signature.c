/* TPMT_SIGNATURE (Part 2, 11.3.4) and what it is good for. The structure names padding and hash; both are held against the key
 * and against what the caller allows, never taken because it says so. */
#include "tpm/signature.h"

#include "tpm/read.h"

enum { FIELD_BYTES_MAX = 66 }; /* P-521 */

static const struct {
    uint16_t alg;
    const char *name;
} forms[] = {
    [TPM_RSASSA] = { TPM_ALG_RSASSA, "RSASSA" },
    [TPM_RSAPSS] = { TPM_ALG_RSAPSS, "RSAPSS" },
    [TPM_ECDSA] = { TPM_ALG_ECDSA, "ECDSA" },
};
enum { FORMS = sizeof forms / sizeof forms[0] };

/* One hash for each curve. TPMs can do others, and no attestation key that is met does. */
static const struct {
    enum att_key_type curve;
    enum att_hash hash;
    enum att_sig_alg alg;
    const char *expected;
} curves[] = {
    { ATT_KEY_P256, ATT_SHA256, ATT_ES256, "SHA-256 with P-256" },
    { ATT_KEY_P384, ATT_SHA384, ATT_ES384, "SHA-384 with P-384" },
    { ATT_KEY_P521, ATT_SHA512, ATT_ES512, "SHA-512 with P-521" },
};
enum { CURVES = sizeof curves / sizeof curves[0] };

static bool form_of(uint16_t alg, enum tpm_signature_form *ret)
{
    for (unsigned i = 0; i < FORMS; i++) {
        if (forms[i].alg == alg) {
            *ret = (enum tpm_signature_form)i;
            return true;
        }
    }
    return false;
}

bool tpm_signature_read(struct att_span bytes, const char *where, enum att_code code,
                        struct tpm_signature *ret, struct att_err *err)
{
    struct att_reader r = att_reader_of(bytes);
    struct tpm_signature s = { .form = TPM_RSASSA };
    uint16_t alg = att_take_u16be(&r);
    uint16_t hash = att_take_u16be(&r);

    if (!form_of(alg, &s.form))
        return att_fail(err, code, where, "a signature by RSASSA, RSAPSS or ECDSA", "algorithm 0x%04x", alg);
    if (!tpm_hash_of(hash, &s.hash))
        return att_fail(err, code, where, "SHA-1, SHA-256, SHA-384 or SHA-512", "hash 0x%04x", hash);
    if (s.form == TPM_ECDSA) {
        s.r = tpm_take_sized(&r, FIELD_BYTES_MAX);
        s.s = tpm_take_sized(&r, FIELD_BYTES_MAX);
    } else {
        s.rsa = tpm_take_sized(&r, TPM_RSA_BYTES_MAX);
    }
    if (!tpm_read_whole(&r, code, where, "one TPMT_SIGNATURE and nothing behind it", err))
        return false;
    *ret = s;
    return true;
}

static bool refuse(const struct tpm_signature_rules *rules, struct att_err *err, const char *expected,
                   const char *found)
{
    return att_fail(err, rules->invalid, rules->where, expected, "%s", found);
}

/* Right-aligned into the field's size; false: it does not fit, so it is above the order. */
static bool align(uint8_t *to, size_t size, struct att_span value)
{
    if (value.len > size)
        return false;
    memset(to, 0, size - value.len);
    if (value.len > 0)
        memcpy(to + size - value.len, value.ptr, value.len);
    return true;
}

static enum att_sig ecdsa(const struct att_crypto *c, const struct att_key *key, enum att_sig_alg alg,
                          const struct tpm_signature *s, struct att_span message)
{
    uint8_t raw[2 * FIELD_BYTES_MAX];
    size_t half = att_key_point(key).len / 2;

    if (!align(raw, half, s->r) || !align(raw + half, half, s->s))
        return ATT_SIG_INVALID;
    return att_verify(c, key, alg, message, att_span_of(raw, 2 * half));
}

static bool answer(enum att_sig sig, const struct tpm_signature_rules *rules, struct att_err *err)
{
    switch (sig) {
    case ATT_SIG_VALID:
        return true;
    case ATT_SIG_INVALID:
        return refuse(rules, err, "a signature by this key", "another");
    case ATT_SIG_BAD_KEY:
        return refuse(rules, err, "a key for this kind of signature", "another kind of key");
    case ATT_SIG_FAILED:
        break;
    }
    return att_fail(err, ATT_CRYPTO_FAILED, rules->where, "an answer", "none");
}

static bool ecdsa_holds(const struct att_crypto *c, const struct att_key *key, const struct tpm_signature *s,
                        struct att_span message, const struct tpm_signature_rules *rules, struct att_err *err)
{
    for (size_t i = 0; i < CURVES; i++) {
        if (curves[i].curve != att_key_type(key))
            continue;
        if (curves[i].hash != s->hash)
            return refuse(rules, err, curves[i].expected, tpm_hash_name(s->hash));
        return answer(ecdsa(c, key, curves[i].alg, s, message), rules, err);
    }
    return refuse(rules, err, "an RSA signature, as the key is an RSA key", "ECDSA");
}

static bool rsa_holds(const struct att_crypto *c, const struct att_key *key, const struct tpm_signature *s,
                      struct att_span message, const struct tpm_signature_rules *rules, struct att_err *err)
{
    enum att_rsa_form form = s->form == TPM_RSAPSS ? ATT_RSA_PSS_ANY_SALT : ATT_RSA_PKCS1;

    if (att_key_type(key) != ATT_KEY_RSA)
        return refuse(rules, err, "ECDSA, as the key is an EC key", forms[s->form].name);
    if (att_key_bits(key) < TPM_RSA_BITS_MIN)
        return att_fail(err, rules->invalid, rules->where, "a key of 2048 bits or more", "%u bits",
                        att_key_bits(key));
    return answer(att_verify_rsa(c, key, form, s->hash, message, s->rsa), rules, err);
}

bool tpm_signature_verify(const struct att_crypto *c, const struct att_key *key, struct att_span signature,
                          struct att_span message, const struct tpm_signature_rules *rules,
                          enum att_hash *ret_hash, struct att_err *err)
{
    struct tpm_signature s;

    if (!tpm_signature_read(signature, rules->where, rules->malformed, &s, err))
        return false;
    if (s.hash == ATT_SHA1 && !rules->sha1_allowed)
        return refuse(rules, err, "SHA-256 or stronger", "SHA-1");
    if (!(s.form == TPM_ECDSA ? ecdsa_holds : rsa_holds)(c, key, &s, message, rules, err))
        return false;
    if (ret_hash)
        *ret_hash = s.hash;
    return true;
}
