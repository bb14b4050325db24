/* signer/signer.h - private keys, and all that is ever done with them.
 *
 * A signer opens sealed keys, makes new ones, and signs. Callers name a key by its kid and never see its private half: not
 * when it is made (what comes back is sealed under the key-encryption key), not when it is loaded, not when a certificate is
 * made. There are two forms with one table of functions: "local" keeps the keys in this process (tests, attestctl), "process"
 * keeps them in a child that has no network, no store and few system calls left, and speaks to it over socketpairs.
 *
 *     struct signer *signer = NULL;
 *     struct signer_options options = { .kek = "/etc/attestd/kek" };
 *     if (!signer_open(&options, &signer, &err))            before any thread is started
 *         return false;
 *     struct signer_key fresh;
 *     ok = signer_make(signer, "attestation", "RS256", arena, &fresh, &err)       fresh.sealed goes into the store
 *       && signer_sign(signer, fresh.kid, input, arena, &signature, &err);
 *
 * PURPOSES. A key can do what its purpose allows and nothing else; who asks for more is refused with SIGNER_REFUSED:
 *   attestation          JWS whose header has typ JWT and this alg and kid; certificates of endpoints, self-signed
 *   authority            likewise, of access tokens
 *   aik-authority, aik-authority-test    its own CA certificate, certificates of attestation keys; no JWS
 *
 * The signature is what JWS wants: RSASSA-PKCS1-v1_5 bytes for RS256, raw r||s for ES256.
 *
 * Ownership: results live in the caller's arena, what is passed in is borrowed. Threads: all functions from any thread once
 * it is open; signing does not wait for making or loading.
 * Errors: TOKEN_KEY_UNKNOWN, SIGNER_REFUSED, SEAL_INVALID, KEY_INVALID, CRYPTO_FAILED, SIGNER_FAILED (the process is gone, or the
 * HSM does not answer), OUT_OF_MEMORY.
 */
#ifndef SIGNER_SIGNER_H
#define SIGNER_SIGNER_H

#include <attest/arena.h>
#include <attest/error.h>

struct signer;

enum { SIGNER_KEYS_MAX = 1024, SIGNER_SHARED_BYTES = 32, SIGNER_INPUT_BYTES_MAX = 4 << 20 };

/* A key as it lies in the store. `sealed` is the private half: PKCS#8 under the key-encryption key (attest/seal.h, label
 * "signing-key:PURPOSE:KID"), or, when its first byte is 0x02, the name of a key that lives in an HSM. */
struct signer_key {
    const char *purpose;
    const char *kid;
    const char *alg;
    struct att_span spki;
    struct att_span sealed;
};

enum signer_certificate_kind {
    SIGNER_CERTIFY_ENDPOINT, /* self-signed, of a provider's address: name, uri */
    SIGNER_CERTIFY_AIK_CA,   /* self-signed, of the authority of attestation keys: name = host, test */
    SIGNER_CERTIFY_AIK, /* of an attestation key of a TPM: name (its CN), subject_spki, issuer_der, dates */
};
struct signer_certify {
    enum signer_certificate_kind kind;
    const char *name;
    const char *uri;
    bool test;
    struct att_span subject_spki;
    struct att_span issuer_der;
    int64_t not_before_unix_s, not_after_unix_s;
};

/* Secrets that are made for the process that serves: it seals contexts of TPMs and rows of policies by itself. */
enum signer_shared {
    SIGNER_SHARED_CONTEXT, /* derived from the key-encryption key; nothing is stored */
    SIGNER_SHARED_ROWS,    /* random, sealed; its sealed form is a row of the store */
};

struct signer_ops {
    const char *scheme; /* "local", "process" */
    bool (*sign)(struct signer *s, const char *kid, struct att_span input, struct att_arena *arena,
                 struct att_span *ret, struct att_err *err);
    void (*close)(struct signer *s);
    bool (*make)(struct signer *s, const char *purpose, const char *alg, struct att_arena *arena,
                 struct signer_key *ret, struct att_err *err);
    bool (*load)(struct signer *s, const struct signer_key *key, struct att_err *err);
    void (*forget)(struct signer *s, const char *kid);
    bool (*certify)(struct signer *s, const char *kid, const struct signer_certify *want,
                    struct att_arena *arena, struct att_span *ret_der, struct att_err *err);
    bool (*reseal)(struct signer *s, const struct signer_key *key, struct att_arena *arena,
                   struct att_span *ret_sealed, bool *ret_changed, struct att_err *err);
    bool (*share)(struct signer *s, enum signer_shared which, struct att_span sealed, struct att_arena *arena,
                  uint8_t ret[SIGNER_SHARED_BYTES], struct att_span *ret_sealed, struct att_err *err);
    bool (*alive)(struct signer *s); /* NULL: always */
};
struct signer {
    const struct signer_ops *ops; /* each back end embeds it as its first member */
};

struct signer_options {
    /* Where the key-encryption key is: a path (64 hexadecimal digits), "credential:NAME" (a file of systemd's
     * $CREDENTIALS_DIRECTORY), "pkcs11:LABEL" (an AES key that never leaves its token). */
    const char *kek;
    const char *const *kek_previous; /* NULL-ended or NULL: further ones that may open, never seal */
    const char *pkcs11_module;       /* path of the library; NULL: no HSM */
    const char *pkcs11_token;        /* label */
    const char *pkcs11_pin_file;
    bool keys_in_hsm;  /* new keys are made in the token and stay there */
    bool in_process;   /* the local form: tests, attestctl */
    unsigned channels; /* of the process form: how many sign at the same time; 0: one for each processor */
};
/* Reads the key-encryption key; the process form starts its child, so no thread may be running yet. CONFIG_INVALID,
 * IO_FAILED, SIGNER_FAILED. */
ATT_CHECK bool signer_open(const struct signer_options *options, struct signer **ret, struct att_err *err);
/* First thing in the main() of a program that opens the process form: its child is the same program, and does not come back from
 * here. Does nothing else. */
void signer_role(int argc, char **argv);
/* False: the process is gone, and every request will be answered with SIGNER_FAILED. It does not come back: who serves ends and is
 * started again, with keys that are loaded anew. */
bool signer_alive(struct signer *s);
void signer_close(struct signer *s); /* NULL is fine; wipes the keys, ends the child */

/* A fresh key; it is loaded, too. alg: "RS256" (RSA of 2048 bits) or "ES256". Purpose and strings are in the arena. */
ATT_CHECK bool signer_make(struct signer *s, const char *purpose, const char *alg, struct att_arena *arena,
                           struct signer_key *ret, struct att_err *err);
/* Opens the seal and holds what stands beside it against it: kid, spki, alg and purpose must be the key's. A key that is
 * loaded already is no failure. */
ATT_CHECK bool signer_load(struct signer *s, const struct signer_key *key, struct att_err *err);
void signer_forget(struct signer *s, const char *kid);
/* Signature over `input` - "HEADER.PAYLOAD" of a compact JWS - by the key `kid`, in the arena. */
ATT_CHECK bool signer_sign(struct signer *s, const char *kid, struct att_span input, struct att_arena *arena,
                           struct att_span *ret, struct att_err *err);
/* DER in the arena. For the same key and wish an RSA key gives the same bytes, always. */
ATT_CHECK bool signer_certify(struct signer *s, const char *kid, const struct signer_certify *want,
                              struct att_arena *arena, struct att_span *ret_der, struct att_err *err);
/* The sealed form under the key-encryption key of now; ret_changed false: it was already. */
ATT_CHECK bool signer_reseal(struct signer *s, const struct signer_key *key, struct att_arena *arena,
                             struct att_span *ret_sealed, bool *ret_changed, struct att_err *err);
/* A secret for the caller. `sealed` empty: SIGNER_SHARED_ROWS makes a new one; *ret_sealed is what to store (under the
 * key-encryption key of now), empty for SIGNER_SHARED_CONTEXT. */
ATT_CHECK bool signer_share(struct signer *s, enum signer_shared which, struct att_span sealed,
                            struct att_arena *arena, uint8_t ret[SIGNER_SHARED_BYTES],
                            struct att_span *ret_sealed, struct att_err *err);

#endif
