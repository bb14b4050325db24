/* service/aik_authority.h - the site's own authority for attestation keys of TPMs.
 *
 * A key of the keyring's purpose "aik-authority" and one self-signed certificate for each such key, made at the first need and
 * kept in the store: the same after a restart, and in all replicas. Its key lives in the signer, which makes certificates of
 * attestation keys with it and nothing else: no token. It is not rotated (docs/decisions/0029).
 *
 * The certificate is a document: tenant STORE_TENANT_SITE, kind "aik-authority", id PURPOSE "/" SHA-256 of the key in hex, body
 * {"certificate"}. It is public and not sealed, so it is held against the key and its own signature when it is read.
 *
 * Threads: read-only after it was opened. Ownership: caller frees.
 * Errors: STORE_FAILED (a broken row is one), SEAL_INVALID, CRYPTO_FAILED, OUT_OF_MEMORY.
 */
#ifndef SERVICE_AIK_AUTHORITY_H
#define SERVICE_AIK_AUTHORITY_H

#include <attest/arena.h>
#include <attest/error.h>

struct signer;
struct store;

struct aik_authority {
    struct att_span certificate; /* DER, of the key that issues */
    struct att_span pem;         /* of all its keys, also earlier ones: what is trusted */
    bool test;                   /* its machines may be made up */
};

struct aik_authority_options {
    struct store *store;
    struct signer *signer; /* outlives the authority */
    const char *host;      /* of the service, for the name in the certificate */
    /* --dev, where anybody can make a TPM up: a key of its own, so that what it signed is worth nothing once the same store is
     * used in earnest. */
    bool test;
    int64_t now_unix_s;
};
ATT_CHECK bool aik_authority_open(const struct aik_authority_options *options, struct aik_authority **ret,
                                  struct att_err *err);
void aik_authority_free(struct aik_authority *a); /* NULL is fine; wipes */

/* A certificate for an attestation key: DER in the arena. Extended key usage 2.23.133.8.3, key usage digitalSignature, no CA; the
 * subject is a CN made of the key's name, and there is no alternative name: which machine it is stands in the audit trail, so
 * that who sees the certificate does not learn it. Valid from five minutes before `now_unix_s` on. */
struct aik_request {
    struct att_span spki; /* DER */
    struct att_span name; /* TPM2B_NAME's content */
    int64_t now_unix_s;
    uint32_t life_days;
};
ATT_CHECK bool aik_authority_issue(const struct aik_authority *a, const struct aik_request *request,
                                   struct att_arena *arena, struct att_span *ret_der, struct att_err *err);

#endif
