/* authority/guesses.h - how often somebody may be wrong in a minute.
 *
 * Wrong attempts are counted for each pair of what was tried (a client id) and from where (an address; of IPv6 its /64,
 * which is what one household gets), and in all when a bound is given. The counts are in a table of fixed size: when it
 * is full of live counts the oldest goes, which makes an attacker with thousands of addresses somewhat faster and nobody
 * slower; the bound over all holds for them.
 */
#ifndef AUTHORITY_GUESSES_H
#define AUTHORITY_GUESSES_H

#include <attest/error.h>

enum {
    GUESSES_WINDOW_S = 60,
    GUESSES_OF_PAIR_MAX = 10,
};

struct guesses;

/* `in_all_max` in a window, over all pairs; 0: no such bound. */
ATT_CHECK bool guesses_new(unsigned in_all_max, struct guesses **ret, struct att_err *err);
void guesses_free(struct guesses *g); /* NULL is fine */

/* Counts one; false when there were too many in this minute already (then it is not counted). */
ATT_CHECK bool guesses_take(struct guesses *g, const char *what, const char *peer, int64_t now_unix_s);
/* Counts one, whether or not it was too many. */
void guesses_add(struct guesses *g, const char *what, const char *peer, int64_t now_unix_s);
/* May there be one more? Counts nothing. */
bool guesses_left(struct guesses *g, const char *what, const char *peer, int64_t now_unix_s);

#endif
