/* signer/certify.h - the certificates that keys of this service sign, from a few fields. Private to signer.
 *
 * Whatever is not a field of the wish is fixed here: usages, lifetimes of what is self-signed, serial numbers.
 */
#ifndef SIGNER_CERTIFY_H
#define SIGNER_CERTIFY_H

#include "signer/key.h"
#include "signer/purposes.h"

/* SIGNER_REFUSED: not for this purpose, or a field that has not the form of its kind; CERT_MALFORMED, KEY_INVALID of
 * issuer_der and subject_spki. */
ATT_CHECK bool certify(struct key *key, const struct purpose *purpose, const char *alg, struct att_span spki,
                       const struct signer_certify *want, struct att_arena *arena, struct att_span *ret_der,
                       struct att_err *err);

#endif
