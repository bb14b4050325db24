/* service/keyset.h - the signing keys of one purpose as they are at a moment, and their life.
 *
 * A key is MADE (and published from then on), SIGNS from its `activate` on until a newer key does, and STAYS published until the
 * last token that it signed has expired. These moments are written into the key's row, so every replica switches at the same
 * second without being told: which key signs is a question of the time, not of an event. A key that must not count any more
 * (it leaked) is retired at once: it is not published and does not sign.
 *
 *      made            activate                 activate of the next         + longest token + leeway
 *       |--- published, not used ---|--- signs ---------------|--- published, not used ---|  removed
 *
 * The lead - from made to activate - is at least twice the max-age of /certs (so that every client has seen the key before it
 * meets it) plus what a replica may be behind.
 *
 * A set never changes: when the store has other rows, a new set takes its place, whole (keyring_refresh). Who reads holds a
 * reference. `number` tells sets apart: what was derived from an older one is made anew.
 *
 *     const struct keyset *keys = keyset_ref(ring);
 *     const struct keyset_key *k = keyset_signing(keys, now);      NULL: no key may sign now
 *     ... signer_sign(signer, k->kid, ...) ...
 *     keyset_unref(keys);
 *
 * Changes are asked for by rows of kind "key-order" (attestctl key rotate, retire), which any replica carries out in its
 * keyring_tick, or by the schedule. Keys are made by the signer; no replica ever sees a private half.
 *
 * Threads: keyset_* from any thread; keyring_open, _refresh and _tick on the thread of changes (or before there are others).
 * Errors: STORE_FAILED (a broken row is one), SEAL_INVALID, SIGNER_FAILED, CRYPTO_FAILED, OUT_OF_MEMORY.
 */
#ifndef SERVICE_KEYSET_H
#define SERVICE_KEYSET_H

#include <attest/arena.h>
#include <attest/error.h>

struct ring; /* the purpose's keys over time */
struct signer;
struct store;

enum { KEYSET_KEYS_MAX = 256 };

struct keyset_key {
    const char *kid;
    const char *alg;
    struct att_span spki;
    int64_t made_unix_s;
    int64_t activate_unix_s; /* signs from here on */
    int64_t until_unix_s;    /* the next key's activate; INT64_MAX: there is none yet */
    int64_t remove_unix_s;   /* published until here; INT64_MAX */
};

struct keyset {
    uint64_t number;               /* grows with each set of a ring */
    const struct keyset_key *keys; /* published ones: RS256 first, newest first */
    size_t count;
};

struct keyring_schedule {
    uint32_t rotate_every_s; /* 0: only when asked */
    uint32_t lead_s;         /* from made to activate */
    uint32_t
        keep_s; /* from the next key's activate to removal: the longest token's life and the leeway of clocks */
};

struct keyring_options2 {
    struct store *store;
    struct signer *signer;
    const char *purpose; /* as in signer/signer.h */
    const char *alg;
    struct keyring_schedule schedule;
    int64_t now_unix_s;
};

ATT_CHECK bool keyring_start(const struct keyring_options2 *options, struct ring **ret, struct att_err *err);
void keyring_end(struct ring *r); /* NULL is fine */
/* The rows again, if the store's generation says that they may be others. */
ATT_CHECK bool keyring_refresh(struct ring *r, int64_t now_unix_s, struct att_err *err);
/* What is due: orders, the schedule, keys past their time. *ret_changed: there is a new set. */
ATT_CHECK bool keyring_tick(struct ring *r, int64_t now_unix_s, bool *ret_changed, struct att_err *err);

const struct keyset *keyset_ref(struct ring *r);
void keyset_unref(const struct keyset *k); /* NULL is fine */
/* The key that signs at this time: the newest whose activate has come. */
const struct keyset_key *keyset_signing(const struct keyset *k, int64_t now_unix_s);

#endif
