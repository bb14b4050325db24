/* service/keyrow.h - a signing key as it stands in the store. Private to keyring.c.
 *
 * The document: tenant STORE_TENANT_SITE, kind "signing-key", id PURPOSE "/" and the digest that the kid is made of in
 * hex (a kid is base64, whose slashes would make ids ambiguous). The body is a JSON object with exactly these members:
 * {"alg","created","kid","purpose","sealed","spki"}. The private half is sealed under a label of purpose and kid: a row
 * that is moved to another of either does not open.
 */
#ifndef SERVICE_KEYROW_H
#define SERVICE_KEYROW_H

#include "signer/keypair.h"
#include "store/store.h"

#define KEYROW_KIND "signing-key"

enum { KEYROW_PURPOSE_BYTES_MAX = 32, KEYROW_ID_SIZE = KEYROW_PURPOSE_BYTES_MAX + 1 + 64 + 1 };

struct keyrow {
    const char *kid;
    const char *alg;
    int64_t created_unix_s;
    struct att_span spki;
    struct att_span pkcs8; /* secret */
};

/* 1 to 32 lower-case letters and hyphens: whatever else stands in a label is not part of it. INTERNAL. */
ATT_CHECK bool keyrow_purpose_check(const char *purpose, struct att_err *err);
/* Is this the id of a key of the purpose? */
bool keyrow_is_of(const struct store_doc *doc, const char *purpose);
/* The row of a fresh pair, ready for store_doc_put; all of it in the arena. */
ATT_CHECK bool keyrow_encode(struct att_arena *arena, const uint8_t *kek, const char *purpose,
                             const struct keyrow *key, struct store_doc *ret, struct att_err *err);
/* Reads and opens a row, and holds what stands beside the seal against it: who can write the store but lacks the
 * key-encryption key must not get a key of their own published. SEAL_INVALID, STORE_FAILED. */
ATT_CHECK bool keyrow_decode(struct att_arena *arena, const uint8_t *kek, const char *purpose,
                             const struct store_doc *doc, struct keyrow *ret, struct att_err *err);

#endif
