/* layers: tpm crypto codec base */
/* TPMT_PUBLIC: what was read is written again and is the input; with its size in front it is the same; its name is the digest of all
 * of it; its key is one, or is refused as none. */
#include "wire.h"

#include "tpm/tpm.h"

static void rsa(struct again *w, const struct tpm_public *p)
{
    static const uint8_t zero[4] = { 0 };

    put_number(w, p->key_bits, 2);
    must(w->size - w->at >= 4);
    if (memcmp(w->data + w->at, zero, 4) == 0) {
        must(p->exponent == 65537);
        skip(w, 4);
    } else {
        put_number(w, p->exponent, 4);
    }
    must(p->modulus.len * 8 == p->key_bits);
    put_sized(w, p->modulus);
}

static void ecc(struct again *w, const struct tpm_public *p)
{
    if (p->scheme == 0x1a)
        skip(w, 2); /* count of ECDAA */
    put_number(w, p->curve, 2);
    must(w->size - w->at >= 2);
    skip(w, w->data[w->at + 1] == 0x10 ? 2 : 4); /* KDF, and its hash */
    put_sized(w, p->x);
    put_sized(w, p->y);
}

static void again(struct att_span in, const struct tpm_public *p)
{
    struct again w = { in.ptr, in.len, 0 };

    must(att_span_eq(p->whole, in));
    put_number(&w, p->ecc ? 0x23 : 1, 2);
    put_number(&w, tpm_alg_of(p->name_hash), 2);
    put_number(&w, p->attributes, 4);
    put_sized(&w, p->auth_policy);
    put_number(&w, p->symmetric, 2);
    if (p->symmetric != 0x10) {
        put_number(&w, p->symmetric_bits, 2);
        put_number(&w, p->symmetric_mode, 2);
    }
    put_number(&w, p->scheme, 2);
    if (p->scheme != 0x10 && p->scheme != 0x15)
        put_number(&w, p->scheme_hash, 2);
    (p->ecc ? ecc : rsa)(&w, p);
    put_end(&w);
}

static void derived(const struct att_crypto *c, const struct tpm_public *p)
{
    uint8_t name[TPM_NAME_BYTES_MAX], digest[64];
    struct att_key *key = NULL;
    struct att_err err = { 0 };
    size_t len = 0;

    must(tpm_public_name(c, p, name, &len) && att_digest(c, p->name_hash, p->whole, digest));
    must(len == 2 + att_hash_size(p->name_hash) && memcmp(name + 2, digest, len - 2) == 0);
    if (!tpm_public_key(c, p, &key, &err))
        refused(&err, ATT_KEY_INVALID);
    else
        must((att_key_type(key) == ATT_KEY_RSA) == !p->ecc);
    att_key_free(key);
}

static void sized(struct att_span in, bool good)
{
    uint8_t *longer = malloc(in.len + 2);
    struct tpm_public p;

    if (!longer)
        abort();
    longer[0] = (uint8_t)(in.len >> 8);
    longer[1] = (uint8_t)in.len;
    if (in.len > 0)
        memcpy(longer + 2, in.ptr, in.len);
    must(tpm_public_read_sized(att_span_of(longer, in.len + 2), "fuzz", ATT_AIK_UNFIT, &p, NULL) == good);
    longer[1]++;
    must(!tpm_public_read_sized(att_span_of(longer, in.len + 2), "fuzz", ATT_AIK_UNFIT, &p, NULL));
    free(longer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct att_crypto *c;
    struct tpm_public p = { .key_bits = 77 };
    struct att_err err = { 0 };
    struct att_span in = { data, size };

    if (!c)
        c = att_crypto_new();
    if (!c || size > 4096)
        return 0;
    bool good = tpm_public_read(in, "fuzz", ATT_AIK_UNFIT, &p, &err);
    sized(in, good);
    if (!good) {
        refused(&err, ATT_AIK_UNFIT);
        must(p.key_bits == 77);
        return 0;
    }
    again(in, &p);
    derived(c, &p);
    must(!tpm_public_read(att_span_of(data, size - 1), "fuzz", ATT_AIK_UNFIT, &p, NULL));
    return 0;
}
