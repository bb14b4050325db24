/* keys/keyset.h - the signing keys of one purpose as they are at a moment.
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
 * The oldest key of an algorithm signs before its own moment, too: there is nothing else, and a clock that is behind must not
 * be a reason to refuse or to make another key.
 *
 * A set never changes: when the store has other rows, a new set takes its place, whole (keys/keyring.h). Who reads holds a
 * reference. `number` tells sets apart: what was derived from an older one is made anew. Sets hold public things only.
 *
 *     const struct keyset *keys = keyring_keys(ring);
 *     const struct keyset_key *k = keyset_signing(keys, now);
 *     ... signer_sign(signer, k->kid, ...) ...
 *     keyset_unref(keys);
 *
 * Threads: all functions from any thread.
 */
#ifndef KEYS_KEYSET_H
#define KEYS_KEYSET_H

#include <attest/arena.h>
#include <attest/error.h>

enum { KEYSET_KEYS_MAX = 256 };

#define KEYSET_NEVER INT64_MAX

struct keyset_key {
    const char *kid;
    const char *alg;
    struct att_span spki;
    int64_t made_unix_s;
    int64_t activate_unix_s; /* signs from here on */
    int64_t until_unix_s;    /* the next key's activate; KEYSET_NEVER: there is none yet */
    int64_t remove_unix_s;   /* published until here; KEYSET_NEVER */
};

struct keyset {
    uint64_t number; /* grows with each set of a ring */
    const char *alg; /* of what is signed */
    const struct keyset_key
        *keys; /* published ones: RS256 first, then the one that signs, then newest first */
    size_t count;
};

const struct keyset *keyset_ref(const struct keyset *k);
void keyset_unref(const struct keyset *k); /* NULL is fine */
/* The key that signs at this time: the newest whose activate has come. Never NULL: a ring has no set without a key. */
const struct keyset_key *keyset_signing(const struct keyset *k, int64_t now_unix_s);
/* By its name, or NULL. */
const struct keyset_key *keyset_find(const struct keyset *k, const char *kid);

#endif
