/* keys/shared_row.h - the secret that the process which serves seals rows with (SIGNER_SHARED_ROWS), as a row of its own.
 *
 * The document: tenant STORE_TENANT_SITE, kind "shared-secret", id "rows"; the body is {"sealed":"..."}, base64url, by the
 * key-encryption key. Whoever needs it first makes it; all replicas have the same. Version 0.1 does not read this kind.
 *
 * Errors: STORE_FAILED (a broken row is one), STORE_CONFLICT, SEAL_INVALID, PKCS11_FAILED, SIGNER_FAILED, OUT_OF_MEMORY.
 */
#ifndef KEYS_SHARED_ROW_H
#define KEYS_SHARED_ROW_H

#include "keys/change.h"

#define SHARED_ROW_KIND "shared-secret"
#define SHARED_ROW_ID   "rows"

struct signer;

/* The secret, made when there is none yet. No transaction may be open on the store. Wipe it. */
ATT_CHECK bool shared_row_open(struct store *store, struct signer *signer, int64_t now_unix_s,
                               uint8_t ret[SIGNER_SHARED_BYTES], struct att_err *err);
/* Seals it under the key-encryption key of now; what was sealed is opened again before it is written. ret_found false: there is
 * none. */
ATT_CHECK bool shared_row_reseal(const struct key_change *c, struct signer *signer, bool *ret_found,
                                 bool *ret_changed, struct att_err *err);

#endif
