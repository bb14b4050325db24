/* crypto/x509.h - certificates, chains at a given time, revocation lists. For hardware and signer chains, not for
 * web sites: no names of hosts, no clock, no network, pinned root KEYS instead of root certificates.
 *
 * A struct att_cert is parsed once and immutable. A chain is an ordered list, leaf first.
 */
#ifndef CRYPTO_X509_H
#define CRYPTO_X509_H

#include <attest/limits.h>

#include "crypto/crypto.h"

struct att_cert; /* reference counted, immutable */
struct att_crl;  /* reference counted, immutable */

/* One DER certificate, version 3, and nothing behind it. CERT_MALFORMED. A signature algorithm that is not taken is no
 * reason to refuse here: such a certificate is signed by nobody (att_cert_signed_by), and says so later. */
ATT_CHECK bool att_cert_from_der(const struct att_crypto *c, struct att_span der,
                                 const struct att_limits *limits, struct att_cert **ret, struct att_err *err);
/* All certificates of a PEM text, in order; text outside the blocks, NUL at the end and CRLF are tolerated; more than
 * `max` or none at all is CERT_MALFORMED. On success the caller owns one reference of each ret[0..*ret_count). */
ATT_CHECK bool att_certs_from_pem(const struct att_crypto *c, struct att_span pem,
                                  const struct att_limits *limits, struct att_cert **ret, size_t max,
                                  size_t *ret_count, struct att_err *err);
struct att_cert *att_cert_ref(struct att_cert *cert);
void att_cert_free(struct att_cert *cert);

struct att_span att_cert_der(const struct att_cert *cert);
struct att_span att_cert_subject(const struct att_cert *cert); /* raw DER of the name */
struct att_span att_cert_issuer(const struct att_cert *cert);
struct att_span att_cert_serial(const struct att_cert *cert); /* big-endian, no leading zeros; empty: zero */
const char *att_cert_subject_cn(const struct att_cert *cert); /* "" when there is none */
int64_t att_cert_not_before(const struct att_cert *cert);     /* seconds since 1970 */
int64_t att_cert_not_after(const struct att_cert *cert);
const struct att_key *att_cert_key(const struct att_cert *cert);
/* CA:TRUE and key usage keyCertSign (when a key usage is there at all). */
bool att_cert_is_ca(const struct att_cert *cert);
/* Key usage digitalSignature (when a key usage is there at all). */
bool att_cert_may_sign(const struct att_cert *cert);
/* Does the extended key usage name this OID ("1.2.3")? False when there is no such extension, or one that is no list of
 * OIDs. anyExtendedKeyUsage stands for itself alone. */
bool att_cert_has_usage(const struct att_cert *cert, const char *oid);
/* Is the signature on it RSASSA-PSS with this hash? Says nothing about whether it holds. */
bool att_cert_signed_with_pss(const struct att_cert *cert, enum att_hash hash);
/* Content of the extension's OCTET STRING; false when absent. Twice in one certificate is refused when parsing. */
bool att_cert_extension(const struct att_cert *cert, const char *oid, struct att_span *ret);

/* Is `cert` signed by `issuer`'s key, and does its issuer name equal issuer's subject byte for byte? BAD_KEY when the
 * algorithm is not taken (ECDSA, RSA PKCS#1 v1.5 and PSS with SHA-256, -384, -512 are) or does not fit the key. */
enum att_sig att_cert_signed_by(const struct att_crypto *c, const struct att_cert *cert,
                                const struct att_cert *issuer);

/* Which roots are trusted: by public key. */
struct att_pinned_key {
    struct att_span spki_sha256; /* 32 bytes: SHA-256 of the DER SubjectPublicKeyInfo */
    bool test_root;              /* made for tests: tokens say so */
};
/* SHA-256 of the certificate's SubjectPublicKeyInfo. */
ATT_CHECK bool att_cert_spki_sha256(const struct att_crypto *c, const struct att_cert *cert, uint8_t ret[32]);

enum att_chain_fault {
    ATT_CHAIN_OK,
    ATT_CHAIN_LINK,     /* not signed by, or not issued under the name of, the next certificate (the root: its
                             own); a serial number of zero; a chain of none or of more than 10 */
    ATT_CHAIN_NOT_CA,   /* an issuer is no CA, or its path length does not allow this chain */
    ATT_CHAIN_CRITICAL, /* a critical extension that is not understood */
    ATT_CHAIN_ROOT,     /* the last key is not pinned */
    ATT_CHAIN_CRYPTO,   /* the crypto library failed */
};
/* Signatures and structure of a whole chain, leaf first, root last (self-signed); no time, no revocation: those are
 * judged per request. The answer depends on the arguments alone and may be cached by their content. Critical extensions listed in `known_critical` (NULL-ended OIDs) besides
 * basicConstraints and keyUsage are taken as understood by the caller. A chain of one is a pinned key's self-signed
 * certificate and need not be a CA. `ret_at`, the index of the certificate at fault, is
 * set on a fault only, `ret_test_root` on OK only. */
enum att_chain_fault att_chain_check(const struct att_crypto *c, struct att_cert *const *chain, size_t count,
                                     const struct att_pinned_key *roots, size_t root_count,
                                     const char *const *known_critical, size_t *ret_at, bool *ret_test_root);
/* The same of certificates that need not end in a root: each is issued by the next, whoever issued the last. Never
 * ATT_CHAIN_ROOT. */
enum att_chain_fault att_chain_links(const struct att_crypto *c, struct att_cert *const *chain, size_t count,
                                     const char *const *known_critical, size_t *ret_at);

/* DER, hex of DER in ASCII, or PEM; version 2 with nextUpdate, complete and for one issuer (no delta, no issuing
 * distribution point). CRL_MALFORMED. Entries are sorted for look-up. */
ATT_CHECK bool att_crl_parse(const struct att_crypto *c, struct att_span bytes,
                             const struct att_limits *limits, struct att_crl **ret, struct att_err *err);
struct att_crl *att_crl_ref(struct att_crl *crl);
void att_crl_free(struct att_crl *crl);
struct att_span att_crl_der(const struct att_crl *crl);
struct att_span att_crl_issuer(const struct att_crl *crl);
int64_t att_crl_this_update(const struct att_crl *crl);
int64_t att_crl_next_update(const struct att_crl *crl);
size_t att_crl_entries(const struct att_crl *crl);
bool att_crl_has_number_and_aki(const struct att_crl *crl);
/* As att_cert_signed_by; BAD_KEY also when the issuer has a key usage without cRLSign. */
enum att_sig att_crl_signed_by(const struct att_crypto *c, const struct att_crl *crl,
                               const struct att_cert *issuer);
/* Serial as att_cert_serial gives it. */
bool att_crl_revokes(const struct att_crl *crl, struct att_span serial);

#endif
