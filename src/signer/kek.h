/* signer/kek.h - key-encryption keys: what seals private keys and secrets, and opens them again. Private to signer.
 *
 * A key-encryption key is a table of functions, so that one may be 32 bytes in this process (kek_bytes.c) and another may
 * never leave its token. A set holds the one of now, which seals, and older ones, which may only open.
 *
 * What is sealed begins with a byte that says how: 0x01 is attest/seal.h. 0x02 is no sealed thing but the name of a key in a
 * token (key.h); a kek that seals in another way takes a byte of its own, from 0x03 on.
 *
 * Threads: all functions from any thread once the set is open.
 * Errors: SEAL_INVALID (wrong key, wrong label, changed bytes: not told apart), CRYPTO_FAILED, PKCS11_FAILED, OUT_OF_MEMORY.
 */
#ifndef SIGNER_KEK_H
#define SIGNER_KEK_H

#include "signer/signer.h"

struct kek;

struct kek_ops {
    const char *scheme;
    bool (*seal)(struct kek *k, struct att_arena *arena, struct att_span label, struct att_span secret,
                 struct att_span *ret, struct att_err *err);
    bool (*open)(struct kek *k, struct att_arena *arena, struct att_span label, struct att_span sealed,
                 struct att_span *ret, struct att_err *err);
    /* A key of 32 bytes for the use that `info` names; the same, always. */
    bool (*derive)(struct kek *k, const char *info, uint8_t ret[32], struct att_err *err);
    void (*close)(struct kek *k); /* wipes */
};
struct kek {
    const struct kek_ops *ops; /* each kind embeds it as its first member */
};

/* Reads or finds the key that `where` names (signer_options.kek). A kind of kek is a row of the table in kek.c. CONFIG_INVALID,
 * IO_FAILED. */
ATT_CHECK bool kek_open(const struct signer_options *options, const char *where, struct kek **ret,
                        struct att_err *err);
void kek_close(struct kek *k); /* NULL is fine */

/* The kind of files and credentials: 64 hexadecimal digits, white space of line ends behind them. */
ATT_CHECK bool kek_file_open(const struct signer_options *options, const char *path, struct kek **ret,
                             struct att_err *err);
ATT_CHECK bool kek_credential_open(const struct signer_options *options, const char *name, struct kek **ret,
                                   struct att_err *err);
/* The kind of tokens: the label of an AES key (p11.h). */
ATT_CHECK bool kek_token_open(const struct signer_options *options, const char *label, struct kek **ret,
                              struct att_err *err);
/* HKDF with SHA-256 (RFC 5869), no salt: what kinds derive with, from 32 bytes that nobody can guess. */
ATT_CHECK bool kek_hkdf(const uint8_t root[32], const char *info, uint8_t ret[32], struct att_err *err);

/* -- the set ---------------------------------------------------------------------------------------------- */

enum { KEKS_MAX = 9 }; /* the one of now, and eight before it */

struct keks {
    struct kek *of[KEKS_MAX]; /* [0] seals */
    size_t count;
};

ATT_CHECK bool keks_open(const struct signer_options *options, struct keks *ret, struct att_err *err);
void keks_close(struct keks *k);
ATT_CHECK bool keks_seal(const struct keks *k, struct att_arena *arena, struct att_span label,
                         struct att_span secret, struct att_span *ret, struct att_err *err);
/* By whichever opens it; *ret_by is its place, 0 the one of now. */
ATT_CHECK bool keks_unseal(const struct keks *k, struct att_arena *arena, struct att_span label,
                           struct att_span sealed, struct att_span *ret, size_t *ret_by, struct att_err *err);
/* Of the one of now. */
ATT_CHECK bool keks_derive(const struct keks *k, const char *info, uint8_t ret[32], struct att_err *err);

#endif
