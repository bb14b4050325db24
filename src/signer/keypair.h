/* signer/keypair.h - a fresh key pair, as PKCS#8 (secret: seal it, wipe it) and SubjectPublicKeyInfo.
 *
 * Both live in the arena, which wipes when it is freed.
 */
#ifndef SIGNER_KEYPAIR_H
#define SIGNER_KEYPAIR_H

#include <attest/arena.h>
#include <attest/error.h>

struct signer_keypair {
    struct att_span pkcs8; /* secret */
    struct att_span spki;
};

/* alg: "RS256" gives RSA-2048, "ES256" gives P-256. */
ATT_CHECK bool signer_keypair_new(const char *alg, struct att_arena *arena, struct signer_keypair *ret,
                                  struct att_err *err);

/* KEY_INVALID unless the private half belongs to the public one: what stands beside a sealed key in a store is only
 * as good as this check. */
ATT_CHECK bool signer_keypair_fits(const struct signer_keypair *pair, struct att_err *err);

#endif
