/* Signing keys that live in a token. Their label says what they were made for, so that a row which is moved to another purpose
 * in the store is refused; their CKA_ID, drawn here, is how the store names them. */
#include "signer/p11_internal.h"

#include "base/auto.h"
#include "base/err.h"

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdio.h>

enum {
    DIGEST_BYTES = 32,
    RSA_BITS = 2048,
    RSA_BYTES = RSA_BITS / 8,
    EC_BYTES = 64,
    SEALED_BYTES = 1 + P11_ID_BYTES
};

/* One row for each algorithm that tokens and keys have here. */
static const struct kind {
    const char *alg;
    CK_KEY_TYPE type;
    CK_MECHANISM_TYPE make, sign;
    size_t signature_bytes;
} kinds[] = {
    { "RS256", CKK_RSA, CKM_RSA_PKCS_KEY_PAIR_GEN, CKM_RSA_PKCS, RSA_BYTES },
    { "ES256", CKK_EC, CKM_EC_KEY_PAIR_GEN, CKM_ECDSA, EC_BYTES },
};

static const struct kind *kind_of(const char *alg, struct att_err *err)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(kinds[i].alg, alg) == 0)
            return &kinds[i];
    }
    (void)att_fail(err, ATT_TOKEN_ALGORITHM, "signer.key.alg", "RS256 or ES256", "another");
    return NULL;
}

static bool label_of(const char *purpose, char ret[P11_LABEL_BYTES_MAX + 1], struct att_err *err)
{
    int n = snprintf(ret, P11_LABEL_BYTES_MAX + 1, "attestd:%s", purpose);

    return (n > 0 && n <= P11_LABEL_BYTES_MAX) || att_fail(err, ATT_LIMIT_EXCEEDED, "signer.key.purpose",
                                                           "at most 56 bytes", "%zu", strlen(purpose));
}

/* -- signing ---------------------------------------------------------------------------------------------- */

struct signing {
    struct p11_object *key;
    CK_MECHANISM_TYPE mechanism;
    uint8_t *from, *to;
    size_t from_len, to_len;
};

static CK_RV sign(struct p11_session *s, void *arg, struct att_err *err)
{
    struct signing *w = arg;
    CK_MECHANISM mechanism = { .mechanism = w->mechanism };
    CK_OBJECT_HANDLE key = 0;
    CK_ULONG len = w->to_len;

    CK_RV rv = p11_object_handle(s, w->key, &key, err);
    if (rv == CKR_OK)
        rv = P11_CALL(s, C_SignInit, s->handle, &mechanism, key);
    if (rv == CKR_OK)
        rv = P11_CALL(s, C_Sign, s->handle, w->from, w->from_len, w->to, &len);
    if (rv != CKR_OK || len == w->to_len)
        return rv;
    (void)att_fail(err, ATT_PKCS11_FAILED, "pkcs11.C_Sign", "a signature of the algorithm's size",
                   "%lu bytes", len);
    return CKR_FUNCTION_FAILED;
}

/* What is signed: the digest; for RSA inside a DigestInfo (RFC 8017, section 9.2, note 1: SHA-256). */
static bool digest_of(struct att_span input, CK_KEY_TYPE type, uint8_t *ret, size_t *ret_len)
{
    static const uint8_t info[] = { 0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
                                    0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20 };
    size_t head = type == CKK_RSA ? sizeof info : 0;
    unsigned len = 0;

    memcpy(ret, info, head);
    *ret_len = head + DIGEST_BYTES;
    return EVP_Digest(input.ptr, input.len, ret + head, &len, EVP_sha256(), NULL) == 1 && len == DIGEST_BYTES;
}

bool p11_key_sign(struct p11 *p, struct p11_object *key, struct att_span input, struct att_arena *arena,
                  struct att_span *ret, struct att_err *err)
{
    const struct kind *k = &kinds[key->type == CKK_RSA ? 0 : 1];
    uint8_t digest[64];
    struct signing w = { .key = key, .mechanism = k->sign, .from = digest, .to_len = k->signature_bytes };

    w.to = att_arena_alloc(arena, w.to_len, 1);
    if (!w.to)
        return att_fail_memory(err, "signer.sign");
    if (!digest_of(input, key->type, digest, &w.from_len))
        return att_fail(err, ATT_CRYPTO_FAILED, "signer.sign", "SHA-256", "a failure of the crypto library");
    if (!p11_run(p, sign, &w, err))
        return false;
    *ret = att_span_of(w.to, w.to_len);
    return true;
}

/* The private half is this one's: nothing else in a token shows that. The text is no token and no certificate. */
static bool belongs(struct p11 *p, struct p11_object *key, struct att_span spki, struct att_arena *arena,
                    struct att_err *err)
{
    struct att_span text = att_str("attestd looks whether this key is the one it is said to be");
    struct att_span signature = { 0 };

    return p11_key_sign(p, key, text, arena, &signature, err) &&
           p11_spki_verifies(spki, key->type, text, signature, err);
}

/* -- making ----------------------------------------------------------------------------------------------- */

struct making {
    const struct kind *kind;
    struct p11_object *key;
    struct att_arena *arena;
    struct att_span spki;
};

static CK_RV generate(struct p11_session *s, const struct making *m, CK_OBJECT_HANDLE *ret_public,
                      CK_OBJECT_HANDLE *ret_private)
{
    static uint8_t p256[] = { 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07 };
    struct p11_object *o = m->key;
    CK_MECHANISM mechanism = { .mechanism = m->kind->make };
    CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
    CK_ULONG bits = RSA_BITS;
    uint8_t exponent[] = { 1, 0, 1 };
    CK_ATTRIBUTE public_half[] = {
        { CKA_TOKEN, &yes, sizeof yes },           { CKA_VERIFY, &yes, sizeof yes },
        { CKA_LABEL, o->label, strlen(o->label) }, { CKA_ID, o->id, sizeof o->id },
        { CKA_EC_PARAMS, p256, sizeof p256 },      { CKA_PUBLIC_EXPONENT, exponent, sizeof exponent },
    };
    CK_ULONG public_count = 5;
    CK_ATTRIBUTE private_half[] = {
        { CKA_TOKEN, &yes, sizeof yes },     { CKA_PRIVATE, &yes, sizeof yes },
        { CKA_SENSITIVE, &yes, sizeof yes }, { CKA_EXTRACTABLE, &no, sizeof no },
        { CKA_SIGN, &yes, sizeof yes },      { CKA_LABEL, o->label, strlen(o->label) },
        { CKA_ID, o->id, sizeof o->id },
    };

    if (m->kind->type == CKK_RSA) {
        public_half[4] = (CK_ATTRIBUTE){ CKA_MODULUS_BITS, &bits, sizeof bits };
        public_count = 6;
    }
    return P11_CALL(s, C_GenerateKeyPair, s->handle, &mechanism, public_half, public_count, private_half,
                    sizeof private_half / sizeof private_half[0], ret_public, ret_private);
}

/* Whatever fails after the pair is there takes it away again. */
static CK_RV make(struct p11_session *s, void *arg, struct att_err *err)
{
    struct making *m = arg;
    CK_OBJECT_HANDLE public_key = 0, private_key = 0;

    CK_RV rv = generate(s, m, &public_key, &private_key);
    if (rv != CKR_OK)
        return rv;
    rv = p11_spki_read(s, public_key, m->kind->type, m->arena, &m->spki, err);
    if (rv == CKR_OK)
        return CKR_OK;
    const char *call = s->call;
    (void)s->f->C_DestroyObject(s->handle, public_key); /* the failure that counts is known */
    (void)s->f->C_DestroyObject(s->handle, private_key);
    s->call = call;
    return rv;
}

bool p11_key_make(struct p11 *p, const char *purpose, const char *alg, struct att_arena *arena,
                  struct p11_object **ret, struct att_span *ret_spki, struct att_span *ret_sealed,
                  struct att_err *err)
{
    const struct kind *kind = kind_of(alg, err);
    char label[P11_LABEL_BYTES_MAX + 1];
    uint8_t *sealed = att_arena_alloc(arena, SEALED_BYTES, 1);
    struct making m = { .kind = kind, .arena = arena };

    if (!kind || !label_of(purpose, label, err))
        return false;
    if (!sealed)
        return att_fail_memory(err, "signer.key");
    sealed[0] = P11_LIVES_IN_TOKEN;
    if (RAND_bytes(sealed + 1, P11_ID_BYTES) != 1)
        return att_fail(err, ATT_CRYPTO_FAILED, "signer.key", "random bytes", "none to be had");
    if (!p11_object_new(CKO_PRIVATE_KEY, kind->type, label, sealed + 1, &m.key, err))
        return false;
    if (!p11_run(p, make, &m, err) || !belongs(p, m.key, m.spki, arena, err)) {
        p11_object_free(m.key);
        return false;
    }
    *ret = m.key;
    *ret_spki = m.spki;
    *ret_sealed = att_span_of(sealed, SEALED_BYTES);
    return true;
}

bool p11_key_find(struct p11 *p, const char *purpose, const char *alg, struct att_span spki,
                  struct att_span sealed, struct p11_object **ret, struct att_err *err)
{
    const struct kind *kind = kind_of(alg, err);
    char label[P11_LABEL_BYTES_MAX + 1];
    struct p11_object *key = NULL;

    if (!kind || !label_of(purpose, label, err))
        return false;
    if (sealed.len != SEALED_BYTES || sealed.ptr[0] != P11_LIVES_IN_TOKEN)
        return att_fail(err, ATT_KEY_INVALID, "signer.key.sealed", "the name of a key in a token",
                        "%zu bytes of another form", sealed.len);
    if (!p11_object_new(CKO_PRIVATE_KEY, kind->type, label, sealed.ptr + 1, &key, err))
        return false;
    struct att_arena *work = att_arena_new(4096);
    bool ok = work ? belongs(p, key, spki, work, err) : att_fail_memory(err, "signer.key");
    att_arena_free(work);
    if (!ok) {
        p11_object_free(key);
        return false;
    }
    *ret = key;
    return true;
}
