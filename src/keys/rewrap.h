/* keys/rewrap.h - all that a store holds sealed - signing keys, the secret of rows - under the key-encryption key of now.
 *
 * Inside of a transaction of the caller, which commits all of it or nothing. Each row keeps its form and its times: only what
 * is sealed changes, and what the signer has sealed it opens again before the row is written. Rows of all purposes.
 *
 * Errors: SEAL_INVALID, KEY_INVALID, PKCS11_FAILED (a row that does not open: ret->bad names it), STORE_FAILED, LIMIT_EXCEEDED.
 */
#ifndef KEYS_REWRAP_H
#define KEYS_REWRAP_H

#include "keys/change.h"

struct signer;

struct key_rewrap {
    size_t rows;
    size_t changed;
    char bad[KEYROW_ID_SIZE]; /* on failure: the row it was, or empty */
};

/* With a record "key.rewrap" when something changed. The store is the one of the transaction. */
ATT_CHECK bool key_rewrap_all(const struct key_change *c, struct store *store, struct signer *signer,
                              struct key_rewrap *ret, struct att_err *err);

#endif
