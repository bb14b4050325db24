/* signer/key.h - a private key that is loaded, and where private keys live. Private to signer.
 *
 * Both are tables of functions: a key may be an EVP_PKEY in this process, sealed in the store (key_software.c), or an object
 * of a token, of which the store holds the name. core.c cannot tell which.
 *
 * Threads: all functions from any thread. A key that is shared is counted by core.c, not here.
 */
#ifndef SIGNER_KEY_H
#define SIGNER_KEY_H

#include "signer/signer.h"

struct keks;

/* -- a key ------------------------------------------------------------------------------------------------ */

struct key;

struct key_ops {
    /* Over SHA-256 of `input`, in the form of JWS: RSASSA-PKCS1-v1_5 bytes for RS256, raw r||s for ES256. Certificates are
     * signed by it, too (certificate.c makes DER of r||s). */
    bool (*sign)(struct key *k, struct att_span input, struct att_arena *arena, struct att_span *ret,
                 struct att_err *err);
    void (*free)(struct key *k);
};
struct key {
    const struct key_ops *ops; /* each kind embeds it as its first member */
};

ATT_CHECK bool key_sign(struct key *k, struct att_span input, struct att_arena *arena, struct att_span *ret,
                        struct att_err *err);
void key_free(struct key *k); /* NULL is fine */

/* PKCS#8 that is open already. KEY_INVALID unless it fits the algorithm. */
ATT_CHECK bool key_software_new(const char *alg, struct att_span pkcs8, struct key **ret,
                                struct att_err *err);

/* -- where keys live -------------------------------------------------------------------------------------- */

enum { KEY_FORM_SEALED = 0x01, KEY_FORM_TOKEN = 0x02 }; /* first byte of signer_key.sealed */

struct key_home;

struct key_home_ops {
    uint8_t form; /* rows that begin with this byte are its own */
    /* A fresh key of the purpose. All of *ret in the arena; kid by att_kid_of_spki. */
    bool (*make)(struct key_home *h, const char *purpose, const char *alg, struct att_arena *arena,
                 struct signer_key *ret, struct key **ret_key, struct att_err *err);
    /* The key of a row. The private half must be that of row->spki and fit row->alg, and belong to purpose and kid:
     * SEAL_INVALID, KEY_INVALID. core.c has compared kid and spki. */
    bool (*load)(struct key_home *h, const struct signer_key *row, struct key **ret, struct att_err *err);
    /* What to store from now on; false in *ret_changed: what is stored already, and *ret_sealed is row->sealed. */
    bool (*reseal)(struct key_home *h, const struct signer_key *row, struct att_arena *arena,
                   struct att_span *ret_sealed, bool *ret_changed, struct att_err *err);
    void (*close)(struct key_home *h);
};
struct key_home {
    const struct key_home_ops *ops;
};

void key_home_close(struct key_home *h); /* NULL is fine */

/* Keys sealed under `keks`, which is borrowed. */
ATT_CHECK bool key_home_software_open(const struct keks *keks, struct key_home **ret, struct att_err *err);
/* Keys in the token that the options name. */
ATT_CHECK bool key_home_token_open(const struct signer_options *options, struct key_home **ret,
                                   struct att_err *err);

#endif
