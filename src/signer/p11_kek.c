/* The key-encryption key in a token. */
#include "signer/p11_internal.h"

#include "base/err.h"
#include "base/secret.h"

#include <openssl/rand.h>

enum { NONCE_BYTES = 12, TAG_BYTES = 16, HEAD_BYTES = 1 + NONCE_BYTES, AAD_BYTES_MAX = 256, KEY_BYTES = 32 };

/* One call of C_Encrypt or C_Decrypt. */
struct job {
    struct p11_object *kek;
    CK_MECHANISM_TYPE mechanism;
    uint8_t *nonce; /* GCM only; some tokens insist on their own and write it here */
    uint8_t aad[AAD_BYTES_MAX];
    size_t aad_len;
    uint8_t *from, *to;
    size_t from_len, to_room;
    CK_ULONG to_len;
    CK_RV said; /* by C_Decrypt */
};

static CK_RV length_is_256(struct p11_session *s, void *arg, struct att_err *err)
{
    struct p11_object *kek = arg;
    CK_OBJECT_HANDLE key = 0;
    CK_ULONG len = 0;
    CK_ATTRIBUTE want[] = { { CKA_VALUE_LEN, &len, sizeof len } };

    CK_RV rv = p11_object_handle(s, kek, &key, err);
    if (rv == CKR_OK)
        rv = P11_CALL(s, C_GetAttributeValue, s->handle, key, want, 1);
    if (rv != CKR_OK || len == KEY_BYTES)
        return rv;
    (void)att_fail(err, ATT_PKCS11_FAILED, "pkcs11.key", "an AES key of 256 bits", "%lu", 8 * len);
    return CKR_FUNCTION_FAILED;
}

bool p11_kek_find(struct p11 *p, const char *label, struct p11_object **ret, struct att_err *err)
{
    struct p11_object *kek = NULL;

    if (!p11_object_new(CKO_SECRET_KEY, CKK_AES, label, NULL, &kek, err))
        return false;
    if (!p11_run(p, length_is_256, kek, err)) {
        p11_object_free(kek);
        return false;
    }
    *ret = kek;
    return true;
}

static CK_MECHANISM mechanism_of(struct job *j, CK_GCM_PARAMS *gcm)
{
    if (j->mechanism != CKM_AES_GCM)
        return (CK_MECHANISM){ .mechanism = j->mechanism };
    *gcm = (CK_GCM_PARAMS){ .pIv = j->nonce,
                            .ulIvLen = NONCE_BYTES,
                            .ulIvBits = 8 * NONCE_BYTES,
                            .pAAD = j->aad,
                            .ulAADLen = j->aad_len,
                            .ulTagBits = 8 * TAG_BYTES };
    return (CK_MECHANISM){ .mechanism = CKM_AES_GCM, .pParameter = gcm, .ulParameterLen = sizeof *gcm };
}

static CK_RV encrypt(struct p11_session *s, void *arg, struct att_err *err)
{
    struct job *j = arg;
    CK_OBJECT_HANDLE key = 0;
    CK_GCM_PARAMS gcm;
    CK_MECHANISM mechanism = mechanism_of(j, &gcm);

    j->to_len = j->to_room;
    CK_RV rv = p11_object_handle(s, j->kek, &key, err);
    if (rv == CKR_OK)
        rv = P11_CALL(s, C_EncryptInit, s->handle, &mechanism, key);
    if (rv == CKR_OK)
        rv = P11_CALL(s, C_Encrypt, s->handle, j->from, j->from_len, j->to, &j->to_len);
    return rv;
}

static CK_RV decrypt(struct p11_session *s, void *arg, struct att_err *err)
{
    struct job *j = arg;
    CK_OBJECT_HANDLE key = 0;
    CK_GCM_PARAMS gcm;
    CK_MECHANISM mechanism = mechanism_of(j, &gcm);

    j->to_len = j->to_room;
    CK_RV rv = p11_object_handle(s, j->kek, &key, err);
    if (rv == CKR_OK)
        rv = P11_CALL(s, C_DecryptInit, s->handle, &mechanism, key);
    if (rv != CKR_OK)
        return rv;
    rv = P11_CALL(s, C_Decrypt, s->handle, j->from, j->from_len, j->to, &j->to_len);
    j->said = rv;
    return rv;
}

/* Was it the tag? Some tokens have no better word for that than CKR_GENERAL_ERROR, which stands for every trouble: then one that
 * still works with the key has refused the bytes. */
static bool tag_refused(struct p11 *p, const struct job *j)
{
    uint8_t root[P11_ROOT_BYTES];
    struct att_err why = { 0 };

    if (j->said == CKR_ENCRYPTED_DATA_INVALID || j->said == CKR_ENCRYPTED_DATA_LEN_RANGE)
        return true;
    if (j->said != CKR_GENERAL_ERROR)
        return false;
    bool works = p11_kek_root(p, j->kek, root, &why);
    att_wipe(root, sizeof root);
    return works;
}

static bool decrypt_all(struct p11 *p, struct job *j, struct att_err *err)
{
    struct att_err why = { 0 };

    if (p11_run(p, decrypt, j, &why))
        return true;
    if (tag_refused(p, j))
        return att_fail(err, ATT_SEAL_INVALID, "seal", "the key and label it was sealed with",
                        "other ones, or a change");
    if (err && err->code == ATT_OK)
        *err = why;
    return false;
}

/* Version and label, as attest/seal.h has them. */
static bool set_aad(struct job *j, struct att_span label, struct att_err *err)
{
    if (label.len > AAD_BYTES_MAX - 1)
        return att_fail(err, ATT_LIMIT_EXCEEDED, "seal", "a label of at most 255 bytes", "%zu", label.len);
    j->aad[0] = P11_SEALED_BY_TOKEN;
    if (label.len > 0)
        memcpy(j->aad + 1, label.ptr, label.len);
    j->aad_len = 1 + label.len;
    return true;
}

bool p11_kek_seal(struct p11 *p, struct p11_object *kek, struct att_span label, struct att_span secret,
                  struct att_arena *arena, struct att_span *ret, struct att_err *err)
{
    if (secret.len > P11_SECRET_BYTES_MAX)
        return att_fail(err, ATT_LIMIT_EXCEEDED, "seal", "at most 65536 bytes", "%zu", secret.len);
    size_t size = HEAD_BYTES + secret.len + TAG_BYTES;
    uint8_t *out = att_arena_alloc(arena, size, 1);
    char *copy = att_arena_dup(arena, secret); /* the API has no const */
    if (!out || !copy)
        return att_fail_memory(err, "seal");
    struct job j = { .kek = kek,
                     .mechanism = CKM_AES_GCM,
                     .nonce = out + 1,
                     .from = (uint8_t *)copy,
                     .from_len = secret.len,
                     .to = out + HEAD_BYTES,
                     .to_room = secret.len + TAG_BYTES };
    out[0] = P11_SEALED_BY_TOKEN;
    if (RAND_bytes(j.nonce, NONCE_BYTES) != 1)
        return att_fail(err, ATT_CRYPTO_FAILED, "seal", "random bytes", "none to be had");
    bool ok = set_aad(&j, label, err) && p11_run(p, encrypt, &j, err);
    att_wipe(copy, secret.len);
    if (!ok)
        return false;
    if (j.to_len != secret.len + TAG_BYTES)
        return att_fail(err, ATT_PKCS11_FAILED, "pkcs11.C_Encrypt", "ciphertext and a tag of 16 bytes",
                        "%lu bytes for %zu", j.to_len, secret.len);
    *ret = att_span_of(out, size);
    return true;
}

bool p11_kek_unseal(struct p11 *p, struct p11_object *kek, struct att_span label, struct att_span sealed,
                    struct att_arena *arena, struct att_span *ret, struct att_err *err)
{
    if (sealed.len < HEAD_BYTES + TAG_BYTES || sealed.len > P11_SECRET_BYTES_MAX + HEAD_BYTES + TAG_BYTES ||
        sealed.ptr[0] != P11_SEALED_BY_TOKEN)
        return att_fail(err, ATT_SEAL_INVALID, "seal", "version 3, nonce, ciphertext and tag",
                        "%zu bytes of another form", sealed.len);
    size_t len = sealed.len - HEAD_BYTES;
    uint8_t *copy = (uint8_t *)att_arena_dup(arena, sealed);
    uint8_t *out = att_arena_alloc(arena, len, 1); /* with room for the tag: some tokens want it */
    if (!copy || !out)
        return att_fail_memory(err, "seal");
    struct job j = { .kek = kek,
                     .mechanism = CKM_AES_GCM,
                     .nonce = copy + 1,
                     .from = copy + HEAD_BYTES,
                     .from_len = len,
                     .to = out,
                     .to_room = len };
    if (!set_aad(&j, label, err))
        return false;
    bool ok = decrypt_all(p, &j, err);
    if (ok && j.to_len != len - TAG_BYTES)
        ok = att_fail(err, ATT_PKCS11_FAILED, "pkcs11.C_Decrypt", "what was sealed", "%lu bytes", j.to_len);
    if (!ok) {
        att_wipe(out, len);
        return false;
    }
    *ret = att_span_of(out, j.to_len);
    return true;
}

/* Two fixed blocks through the bare cipher. To whom the key is unknown a block cipher's outputs are random bytes, unless they
 * have seen it work on the same block. GCM works on the block of zeros and on nonce || counter, and its counter of a secret
 * of P11_SECRET_BYTES_MAX ends near 4100: blocks that end in ff ff ff fe and ff ff ff ff never occur there. */
bool p11_kek_root(struct p11 *p, struct p11_object *kek, uint8_t ret[P11_ROOT_BYTES], struct att_err *err)
{
    uint8_t blocks[P11_ROOT_BYTES] = "attestd root\xff\xff\xff\xfe"
                                     "attestd root\xff\xff\xff\xff";
    uint8_t out[P11_ROOT_BYTES + TAG_BYTES];
    struct job j = { .kek = kek,
                     .mechanism = CKM_AES_ECB,
                     .from = blocks,
                     .from_len = sizeof blocks,
                     .to = out,
                     .to_room = sizeof out };

    _Static_assert(P11_SECRET_BYTES_MAX / 16 + 2 < 0xfffffffe, "counters of GCM stay below the blocks' ends");
    bool ok = p11_run(p, encrypt, &j, err);
    if (ok && j.to_len != P11_ROOT_BYTES)
        ok = att_fail(err, ATT_PKCS11_FAILED, "pkcs11.C_Encrypt", "32 bytes", "%lu", j.to_len);
    if (ok)
        memcpy(ret, out, P11_ROOT_BYTES);
    att_wipe(out, sizeof out);
    return ok;
}
