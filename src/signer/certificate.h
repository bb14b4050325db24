/* signer/certificate.h - certificates that this server issues itself.
 *
 * Three kinds: the self-signed certificate of a provider's token key (official clients read the key from x5c[0]
 * and look for the endpoint in its subject), the CA and server certificate of --dev, and the authority of TPM
 * attestation keys with what it issues. Evidence of hardware is not made here (makers/).
 */
#ifndef SIGNER_CERTIFICATE_H
#define SIGNER_CERTIFICATE_H

#include <attest/arena.h>
#include <attest/error.h>

struct key;

struct signer_certificate {
    const char *common_name;      /* at most 64 bytes (X.520) */
    const char *description;      /* NULL, or a second subject attribute for what does not fit a CN */
    const char *const *alt_names; /* NULL-ended: "URI:https://...", "DNS:localhost", "IP:127.0.0.1" */
    int64_t not_before_unix_s;
    int64_t not_after_unix_s;
    bool ca;
    const char *ext_key_usage; /* NULL, or as OpenSSL writes it: "serverAuth", "2.23.133.8.3" */
    struct att_span subject_spki;
    struct att_span issuer_pkcs8; /* secret: the signing key; or one that is loaded: */
    struct key *issuer_key;       /* (signer/key.h) used instead when not NULL, with its algorithm */
    const char *issuer_alg;       /* "RS256", "ES256" */
    struct att_span issuer_der;   /* empty: self-signed */
};

/* DER in the arena. Serial: 1 when self-signed, else 16 random bytes. */
ATT_CHECK bool signer_certificate_make(const struct signer_certificate *want, struct att_arena *arena,
                                       struct att_span *ret_der, struct att_err *err);
/* CERT_MALFORMED, KEY_INVALID unless the certificate is for this key. */
ATT_CHECK bool signer_certificate_fits(struct att_span der, struct att_span spki, struct att_err *err);

#endif
