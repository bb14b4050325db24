/* keys/keyrow.h - a signing key as it stands in the store, and its life as rows say it.
 *
 * The document: tenant STORE_TENANT_SITE, kind "signing-key", id PURPOSE "/" and the digest that the kid is made of in
 * hex (a kid is base64, whose slashes would make ids ambiguous). The body is a JSON object with exactly these members:
 * {"alg","created","kid","purpose","sealed","spki"}. `created` is the moment from which the key signs (activate): for the first
 * key of a store that is when it was made; when a later one was made is the time of the row's change. That is the form of
 * version 0.1, which goes on reading it (docs/decisions/0029).
 *
 * A row is opened by the signer alone (signer_load), which holds kid, spki, alg and purpose against the seal. Here it is only
 * read; what was read is not to be published before the signer has taken it.
 */
#ifndef KEYS_KEYROW_H
#define KEYS_KEYROW_H

#include "keys/keyset.h"
#include "signer/signer.h"
#include "store/store.h"

#define KEYROW_KIND "signing-key"

enum { KEYROW_PURPOSE_BYTES_MAX = 32, KEYROW_ID_SIZE = KEYROW_PURPOSE_BYTES_MAX + 1 + 64 + 1 };

struct keyrow {
    const char *id;
    const char *purpose;
    const char *kid;
    const char *alg;
    int64_t made_unix_s;
    int64_t activate_unix_s;
    struct att_span spki;
    struct att_span sealed;
    uint64_t version; /* of the document */
};
struct keyrows {
    struct keyrow row[KEYSET_KEYS_MAX];
    size_t count;
};

/* 1 to 32 lower-case letters and hyphens: whatever else stands in a label is not part of it. INTERNAL. */
ATT_CHECK bool keyrow_purpose_check(const char *purpose, struct att_err *err);
/* Is this the id of a key of the purpose? */
bool keyrow_is_of(const struct store_doc *doc, const char *purpose);
/* The document of a row, ready for store_doc_put; all of it in the arena. */
ATT_CHECK bool keyrow_encode(struct att_arena *arena, const struct keyrow *row, struct store_doc *ret,
                             struct att_err *err);
/* Strings and bytes in the arena. STORE_FAILED. */
ATT_CHECK bool keyrow_decode(struct att_arena *arena, const struct store_doc *doc, struct keyrow *ret,
                             struct att_err *err);
/* As the signer takes it; borrows from the row. */
struct signer_key keyrow_key(const struct keyrow *row);

/* All rows of a purpose. With `bad` NULL a row that cannot be read is a failure, else it is counted there, and the first
 * reason is left in *ret_why. STORE_FAILED, LIMIT_EXCEEDED. */
ATT_CHECK bool keyrows_read(struct store *store, const char *purpose, struct att_arena *arena,
                            struct keyrows *ret, size_t *bad, struct att_err *ret_why, struct att_err *err);
const struct keyrow *keyrows_find(const struct keyrows *rows, const char *kid);

/* -- life: of rows of one purpose ------------------------------------------------------------------------- */

/* The row that signs at this time, of an algorithm; NULL: there is none of it. */
const struct keyrow *keyrows_signing(const struct keyrows *rows, const char *alg, int64_t now_unix_s);
/* The one that signs last of all, perhaps not yet; NULL. */
const struct keyrow *keyrows_newest(const struct keyrows *rows, const char *alg);
/* When the key behind this one begins to sign; KEYSET_NEVER. */
int64_t keyrows_until(const struct keyrows *rows, const struct keyrow *row);
/* `until` and what tokens need; KEYSET_NEVER. */
int64_t keyrows_remove(const struct keyrows *rows, const struct keyrow *row, uint32_t keep_s);

#endif
