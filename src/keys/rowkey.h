/* keys/rowkey.h - the key that rows of policies are sealed under (site_open_sealed).
 *
 * Random, made at the first start of a fresh store; a document of tenant STORE_TENANT_SITE, kind "sealing-key", id "rows", body
 * {"sealed"}: sealed by the signer under the key-encryption key, so that a new one of those re-seals this row and no other. A
 * store that an earlier version has filled has none, and its rows stay in the clear until rowkey_make is asked for.
 *
 * Errors: STORE_FAILED (a broken row is one), SEAL_INVALID, SIGNER_FAILED, OUT_OF_MEMORY.
 */
#ifndef KEYS_ROWKEY_H
#define KEYS_ROWKEY_H

#include "signer/signer.h"
#include "store/store.h"

#define ROWKEY_KIND "sealing-key"
#define ROWKEY_ID   "rows"

/* The store's key; made now when the store is fresh: it has no signing key yet. *ret_there false: rows are in the clear. */
ATT_CHECK bool rowkey_open(struct store *store, struct signer *signer, int64_t now_unix_s,
                           uint8_t ret[SIGNER_SHARED_BYTES], bool *ret_there, struct att_err *err);
/* In a transaction: reads it, *ret_there false when there is none. */
ATT_CHECK bool rowkey_read(struct store_tx *tx, struct signer *signer, uint8_t ret[SIGNER_SHARED_BYTES],
                           bool *ret_there, struct att_err *err);
/* In a transaction: makes and writes it. STORE_CONFLICT when there is one. */
ATT_CHECK bool rowkey_make(struct store_tx *tx, struct signer *signer, int64_t now_unix_s,
                           uint8_t ret[SIGNER_SHARED_BYTES], struct att_err *err);
/* In a transaction: seals it anew under the key-encryption key of now. *ret_there, *ret_changed as they say. */
ATT_CHECK bool rowkey_rewrap(struct store_tx *tx, struct signer *signer, int64_t now_unix_s, bool *ret_there,
                             bool *ret_changed, struct att_err *err);

#endif
