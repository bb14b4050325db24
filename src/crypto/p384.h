/* crypto/p384.h - ECDSA with P-384, and a prepared table for each of the two points that are multiplied.
 *
 * A verification computes u1*G + u2*Q. OpenSSL multiplies a group's generator fast once its multiples were prepared
 * (EC_GROUP_precompute_mult) and every other point slowly; so G and the key's point Q each get a group of which they
 * are the generator. Only public values are computed with: nothing here has to take constant time.
 */
#ifndef CRYPTO_P384_H
#define CRYPTO_P384_H

#include "crypto/crypto.h"

enum { ATT_P384_BYTES = 48 }; /* an element of the field, a scalar, a SHA-384 */

struct att_p384;       /* G: one for all keys */
struct att_p384_table; /* Q: one for each key, about 137 KiB */

/* Both take milliseconds. NULL: OpenSSL cannot (memory). Immutable once made: shared by threads. */
struct att_p384 *att_p384_new(void);
void att_p384_free(struct att_p384 *p);
/* NULL as well when the point is not on the curve. */
struct att_p384_table *att_p384_table_new(const struct att_p384 *p, const uint8_t xy[2 * ATT_P384_BYTES]);
void att_p384_table_free(struct att_p384_table *t);

/* SEC 1, 4.1.4. `signature` is r||s. VALID, INVALID or FAILED. Leaves OpenSSL's error queue empty. */
enum att_sig att_p384_verify(const struct att_p384 *p, const struct att_p384_table *t,
                             const uint8_t digest[ATT_P384_BYTES],
                             const uint8_t signature[2 * ATT_P384_BYTES]);

#endif
