/* crypto/asn1.h - the pieces that certificates, keys and revocation lists share, read with codec/der.h.
 *
 * Readers stick: on false the reader has failed and the caller names the field.
 */
#ifndef CRYPTO_ASN1_H
#define CRYPTO_ASN1_H

#include "codec/der.h"
#include "crypto/core.h"

enum {
    ATT_OID_BYTES_MAX = 48,     /* longest met: 14 */
    ATT_EXTENSIONS_MAX = 32,    /* most met: 11 */
    ATT_DER_TAG_CONTEXT = 0xa0, /* [0], constructed */
};

struct att_oid {
    uint8_t bytes[ATT_OID_BYTES_MAX];
    size_t len;
};

/* "2.5.29.19" to content octets; false when it is no OID or too long. */
ATT_CHECK bool att_oid_read(const char *dotted, struct att_oid *ret);
bool att_oid_is(struct att_span content, const char *dotted);

/* Is all of it, to the innermost element, definite-length DER with known tags, at most `depth_max` deep?
 * OpenSSL alone would also take BER. */
ATT_CHECK bool att_asn1_shape(struct att_span der, size_t depth_max);
/* The next element with this tag: content, and the whole of it with tag and length. */
ATT_CHECK bool att_asn1_take(struct att_reader *r, uint8_t tag, struct att_span *ret_whole,
                             struct att_span *ret);
/* Is the next tag this one? Consumes nothing. */
bool att_asn1_peek(const struct att_reader *r, uint8_t tag);
/* INTEGER that is not negative and minimal: big-endian without leading zeros, so empty for 0. */
ATT_CHECK bool att_asn1_natural(struct att_reader *r, struct att_span *ret);
/* BIT STRING of whole bytes. */
ATT_CHECK bool att_asn1_bits(struct att_reader *r, struct att_span *ret);
/* UTCTime YYMMDDhhmmssZ or GeneralizedTime YYYYMMDDhhmmssZ (RFC 5280 4.1.2.5): no other form. */
ATT_CHECK bool att_asn1_time(struct att_reader *r, int64_t *ret_unix_s);
/* Content of a Name; every part of it is looked at. */
ATT_CHECK bool att_asn1_name(struct att_span content);
/* The one common name as printable UTF-8 text; "" when there is none, more than one, or one that is not such
 * text. */
void att_asn1_common_name(struct att_span content, char *ret, size_t size);

struct att_extension {
    struct att_span oid;   /* content octets */
    struct att_span value; /* content of the OCTET STRING */
    bool critical;
};
/* Content of SEQUENCE SIZE (1..) OF Extension; the same OID twice is refused (RFC 5280 4.2). */
ATT_CHECK bool att_asn1_extensions(struct att_span content, struct att_extension ret[ATT_EXTENSIONS_MAX],
                                   size_t *ret_count);

/* AlgorithmIdentifier content of a signature: false for every algorithm that is not taken (SHA-1, MD5, DSA,
 * EdDSA, PSS with other than equal hashes and a salt as long as the hash). */
ATT_CHECK bool att_scheme_read(struct att_span algorithm, struct att_scheme *ret);
/* RSASSA-PSS-params, the whole element. */
ATT_CHECK bool att_pss_params_read(struct att_span params, enum att_hash *ret);

#endif
