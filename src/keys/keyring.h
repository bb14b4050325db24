/* keys/keyring.h - the keys of one purpose over time: loaded from the store or made at the first start, and changed when it is due.
 *
 * Changes come from the schedule, or are asked for by rows of kind "key-order" (attestctl key rotate, retire), which any replica
 * carries out in its keyring_tick. Of replicas that do so at the same time one makes the change: transactions exclude each other,
 * and the look inside of one is the one that counts. Keys are made by the signer; no private half ever comes here.
 *
 * A row that the signer does not take - another key-encryption key, a forged row - stands in the way of a start. Later it is left
 * out, said (keyring_status) and looked at again from time to time, while the ring goes on with what it has.
 *
 * Threads: keyring_keys and keyring_status from any thread; the others on the thread of changes (or before there are others).
 * Errors: STORE_FAILED (a broken row is one), SEAL_INVALID, SIGNER_FAILED, CRYPTO_FAILED, KEY_STATE, OUT_OF_MEMORY.
 */
#ifndef KEYS_KEYRING_H
#define KEYS_KEYRING_H

#include "keys/keyset.h"

struct keyring;
struct signer;
struct store;

struct keyring_schedule {
    uint32_t rotate_every_s; /* 0: only when asked */
    uint32_t lead_s;         /* from made to activate */
    /* From the next key's activate to removal: the longest token's life and the leeway of clocks. 0: nothing is removed. */
    uint32_t keep_s;
};

/* Strings are borrowed and outlive the ring. */
struct keyring_options {
    struct store *store;
    struct signer *signer;
    const char *purpose; /* as in signer/signer.h */
    const char *alg;     /* "RS256", "ES256" */
    struct keyring_schedule schedule;
    int64_t now_unix_s;
};

ATT_CHECK bool keyring_open(const struct keyring_options *options, struct keyring **ret, struct att_err *err);
void keyring_close(struct keyring *r); /* NULL is fine; the keys stay in the signer */
/* The rows again, if the store's generation says that they may be others. */
ATT_CHECK bool keyring_refresh(struct keyring *r, int64_t now_unix_s, struct att_err *err);
/* Refreshes, and does what is due: orders, the schedule, keys past their time. After a failure it waits before the next try. */
ATT_CHECK bool keyring_tick(struct keyring *r, int64_t now_unix_s, struct att_err *err);

/* The set of now: a reference. */
const struct keyset *keyring_keys(struct keyring *r);

struct keyring_status {
    size_t waiting; /* published, not signing yet */
    size_t signing; /* 1 */
    size_t leaving; /* published, not signing any more; those of another algorithm, too */
    size_t refused; /* rows that are left out: the signer does not take them, or they cannot be read */
    int64_t signing_since_unix_s;
    int64_t next_activate_unix_s; /* KEYSET_NEVER: none is waiting */
    struct att_err refusal;       /* of the first row that is left out */
};
void keyring_status(struct keyring *r, int64_t now_unix_s, struct keyring_status *ret);

#endif
