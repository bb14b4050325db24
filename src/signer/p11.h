/* signer/p11.h - a token of PKCS#11: the key-encryption key in it, and signing keys that live in it. Private to signer.
 *
 *     const struct p11_options options = { .module = "/usr/lib/softhsm/libsofthsm2.so", .token = "attestd",
 *                                          .pin_file = "/etc/attestd/pin" };
 *     struct p11 *token = NULL;
 *     struct p11_object *kek = NULL;
 *     ok = p11_open(&options, &token, &err)
 *       && p11_kek_find(token, "attestd-kek", &kek, &err)
 *       && p11_kek_seal(token, kek, label, secret, arena, &sealed, &err);
 *
 * What is sealed here: version byte 0x03, 12 bytes of nonce, ciphertext, 16 bytes of tag; AES-256-GCM inside the token. Version
 * and label are authenticated. The version byte tells it from what a key of a file sealed (0x01, attest/seal.h) and from the
 * name of a key that lives in the token (0x02, then its 16 bytes of CKA_ID).
 *
 * Ownership: results live in the caller's arena; objects are freed before their token. Threads: all functions from any thread;
 * at most P11_SESSIONS_MAX work at the same time, the others wait. A process that forks opens its token afterwards.
 * Errors: PKCS11_FAILED (the text has the CKR_ name, never the PIN), CONFIG_INVALID, IO_FAILED, SEAL_INVALID, KEY_INVALID,
 * OUT_OF_MEMORY.
 * Spec: OASIS PKCS #11 v2.40.
 */
#ifndef SIGNER_P11_H
#define SIGNER_P11_H

#include <attest/arena.h>
#include <attest/error.h>

struct p11;
struct p11_object;

enum {
    P11_LABEL_BYTES_MAX = 64,
    P11_PIN_BYTES_MAX = 256,
    P11_SESSIONS_MAX = 16,
    P11_SECRET_BYTES_MAX = 64 << 10,
    P11_ID_BYTES = 16,
    P11_ROOT_BYTES = 32,
    P11_SEALED_BY_TOKEN = 0x03,
    P11_LIVES_IN_TOKEN = 0x02,
};

struct p11_options {
    const char *module;   /* path of the library, absolute */
    const char *token;    /* its label */
    const char *pin_file; /* first line: the PIN. NULL: the token wants none */
};

/* Loads the module, finds the one token with the label, logs in. */
ATT_CHECK bool p11_open(const struct p11_options *options, struct p11 **ret, struct att_err *err);
void p11_close(struct p11 *p); /* NULL is fine */
void p11_object_free(struct p11_object *o);

/* The one AES key of 256 bits with the label; refused when it could leave the token. */
ATT_CHECK bool p11_kek_find(struct p11 *p, const char *label, struct p11_object **ret, struct att_err *err);
ATT_CHECK bool p11_kek_seal(struct p11 *p, struct p11_object *kek, struct att_span label,
                            struct att_span secret, struct att_arena *arena, struct att_span *ret,
                            struct att_err *err);
/* SEAL_INVALID for another key, another label, changed bytes. */
ATT_CHECK bool p11_kek_unseal(struct p11 *p, struct p11_object *kek, struct att_span label,
                              struct att_span sealed, struct att_arena *arena, struct att_span *ret,
                              struct att_err *err);
/* Bytes that everyone with this key can have and nobody else can guess: to derive further keys from. Always the same. */
ATT_CHECK bool p11_kek_root(struct p11 *p, struct p11_object *kek, uint8_t ret[P11_ROOT_BYTES],
                            struct att_err *err);

/* A fresh pair that stays in the token. alg: "RS256" or "ES256". *ret_sealed is what names it in the store. */
ATT_CHECK bool p11_key_make(struct p11 *p, const char *purpose, const char *alg, struct att_arena *arena,
                            struct p11_object **ret, struct att_span *ret_spki, struct att_span *ret_sealed,
                            struct att_err *err);
/* The key that `sealed` names: made for this purpose, and the private half of spki (it signs, to show that).
 * KEY_INVALID otherwise. */
ATT_CHECK bool p11_key_find(struct p11 *p, const char *purpose, const char *alg, struct att_span spki,
                            struct att_span sealed, struct p11_object **ret, struct att_err *err);
/* The signature that JWS wants: 256 bytes, or r and s. Only the digest of `input` goes to the token. */
ATT_CHECK bool p11_key_sign(struct p11 *p, struct p11_object *key, struct att_span input,
                            struct att_arena *arena, struct att_span *ret, struct att_err *err);

#endif
