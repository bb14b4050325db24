/* authority/secret.h - client secrets: "scrypt$32768$8$1$SALT$HASH" (RFC 7914; salt and hash in base64url).
 *
 * A secret is the first characters of its salt's text and 256 random bits. The first part is no secret: it says which
 * credential the rest should be tried against, so that one scrypt is enough however many secrets a principal has.
 */
#ifndef AUTHORITY_SECRET_H
#define AUTHORITY_SECRET_H

#include <attest/error.h>

/* Does the secret begin as one made with this hash does? In time that depends on the lengths only. */
bool secret_selects(const char *hash, struct att_span secret);
/* What a check costs, and no more: for those who name no credential. */
void secret_waste(struct att_span secret);

#endif
