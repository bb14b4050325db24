/* crypto/x509_core.h - what struct att_cert holds, and what certificates and revocation lists have in common.
 */
#ifndef CRYPTO_X509_CORE_H
#define CRYPTO_X509_CORE_H

#include "crypto/asn1.h"
#include "crypto/pem.h"
#include "crypto/x509.h"

enum {
    ATT_SERIAL_BYTES_MAX = 20, /* RFC 5280 4.1.2.2 */
    ATT_COMMON_NAME_MAX = 255,
};

/* SIGNED{}: SEQUENCE { tbs, AlgorithmIdentifier, BIT STRING } (RFC 5280 4.1.1, 5.1.1). */
struct att_signed {
    struct att_span tbs; /* whole element: what the signature covers */
    struct att_span tbs_content;
    struct att_span algorithm; /* content of the outer AlgorithmIdentifier; the inner one must be equal */
    struct att_span signature;
};
ATT_CHECK bool att_signed_read(struct att_span der, struct att_signed *ret);
enum att_sig att_signed_check(const struct att_crypto *c, const struct att_signed *s,
                              const struct att_key *key);

struct att_cert {
    atomic_uint refs;
    struct att_signed outer; /* all spans point into der */
    struct att_span der, subject, issuer, serial, spki;
    int64_t not_before, not_after;
    struct att_key *key;
    struct att_extension extensions[ATT_EXTENSIONS_MAX];
    size_t extension_count;
    bool has_constraints, ca, has_path_len, has_key_usage;
    uint64_t path_len;  /* most intermediates, self-issued ones apart, between this one and the leaf */
    uint16_t key_usage; /* bit n of RFC 5280 4.2.1.3 as 1 << n */
    char common_name[ATT_COMMON_NAME_MAX + 1];
    uint8_t bytes[];
};

enum { ATT_USAGE_DIGITAL_SIGNATURE = 1 << 0, ATT_USAGE_KEY_CERT_SIGN = 1 << 5, ATT_USAGE_CRL_SIGN = 1 << 6 };

ATT_AUTO_PTR(att_cert_auto, struct att_cert, att_cert_free)

bool att_cert_is_self_issued(const struct att_cert *cert);

#endif
