/* crypto/fast_key.h - P-384 signatures by keys that come again: precomputed tables, one for each such key.
 *
 * The key of an AMD chip signs every report of that machine, and OpenSSL has no fast P-384: the two point
 * multiplications are nearly the whole cost of judging a report. With multiples of the key's point prepared they cost
 * less than half. A table takes about 142 KiB and as long as three or four plain verifications to make, so keys earn
 * theirs (admission.h says how), and memory is bounded.
 *
 * A key's third good signature is checked with a table, unless many keys compete for the memory or for the time.
 *
 * att_fast_verify gives the answers of att_verify, in every case; only its speed differs. Tables belong to the point
 * (x||y) of a key: whoever has the same point has the same key, whatever the certificate around it.
 *
 * Threads: everything here may be called by any thread at any time, but for _free. No lock is held while points are
 * multiplied or tables are made.
 */
#ifndef CRYPTO_FAST_KEY_H
#define CRYPTO_FAST_KEY_H

#include "crypto/crypto.h"

struct att_fast_keys;

struct att_fast_options {
    size_t bytes_max; /* for all tables, those in use included; 0: 64 MiB; SIZE_MAX: no tables at all */
    /* NULL: a table is made in line, by the call that finds it worth while. Else called by att_fast_verify, with no
     * lock held, each time att_fast_work has got something to do; must not block. */
    void (*work_wanted)(void *ctx);
    void *ctx;
};

struct att_fast_stats {
    size_t tables;       /* now kept */
    size_t bytes;        /* of them, and of those now being made */
    size_t waiting;      /* keys whose table is put off to att_fast_work */
    uint64_t made;       /* tables, ever */
    uint64_t replaced;   /* tables given up for that of another key */
    uint64_t by_table;   /* verifications that used one */
    uint64_t by_openssl; /* verifications that did not */
};

/* `c` is borrowed and outlives the object; options may be NULL. NULL: no memory. */
struct att_fast_keys *att_fast_keys_new(const struct att_crypto *c, const struct att_fast_options *options);
void att_fast_keys_free(struct att_fast_keys *f); /* when no call is under way; NULL is fine */

/* As att_verify. */
enum att_sig att_fast_verify(struct att_fast_keys *f, const struct att_key *k, enum att_sig_alg alg,
                             struct att_span message, struct att_span signature);
/* Makes one table that was put off; false: nothing waits. */
bool att_fast_work(struct att_fast_keys *f);

void att_fast_keys_stats(struct att_fast_keys *f, struct att_fast_stats *ret);

#endif
