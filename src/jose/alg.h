/* jose/alg.h - the signature algorithms of JWS that are taken here (RFC 7518 3.1), one row each.
 *
 * Not taken, on purpose: every HS* (a verifier with public keys must never treat one as a shared secret),
 * ES256K, EdDSA. "none" is no algorithm but a property of a token (jws.h, `unsecured`).
 *
 * Which of them a caller accepts is a set, given by the caller, never by the token: bit 1 << enum
 * att_sig_alg.
 */
#ifndef JOSE_ALG_H
#define JOSE_ALG_H

#include "crypto/crypto.h"

/* Exact name, case-sensitive ("rs256" is unknown). */
ATT_CHECK bool att_alg_of(struct att_span name, enum att_sig_alg *ret);
const char *att_alg_name(enum att_sig_alg alg);
/* Every algorithm belongs to one key type, and to one curve. */
bool att_alg_fits(enum att_sig_alg alg, enum att_key_type key);

static inline unsigned att_alg_bit(enum att_sig_alg alg)
{
    return 1u << (unsigned)alg;
}
/* Names with single spaces between: "RS256 ES256". An unknown name, or none at all: TOKEN_ALGORITHM. */
ATT_CHECK bool att_alg_set(const char *names, unsigned *ret, struct att_err *err);

#endif
