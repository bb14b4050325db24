/* makers/amd_parts.h - the inside of struct mk_amd, and certificates and lists in AMD's form. Private to makers.
 *
 * Certificates are written in DER from plain descriptions, wrong ones too: who is named as issuer and whose key signs are
 * two fields, so that each can be broken alone. OpenSSL signs, and is asked for nothing else: its own writers have no
 * place for what AMD's certificates are (trailerField) or what broken ones must be (an extension twice).
 */
#ifndef MAKERS_AMD_PARTS_H
#define MAKERS_AMD_PARTS_H

#include "base/buf.h"
#include "makers/amd.h"
#include "makers/keys.h"

/* The first MK_AMD_CERT_COUNT keys have a certificate that lives as long as the vendor. */
enum mk_amd_key {
    MK_AMD_KEY_ARK,
    MK_AMD_KEY_ASK,
    MK_AMD_KEY_ASVK,
    MK_AMD_CERT_COUNT,
    MK_AMD_KEY_VCEK = MK_AMD_CERT_COUNT,
    MK_AMD_KEY_VLEK,
    MK_AMD_KEY_COUNT
};

enum { MK_AMD_CN_SIZE = 32, MK_AMD_SERIAL_BYTES = 20, MK_AMD_EXT_BYTES = 96, MK_AMD_EXT_MAX = 20 };

/* One of AMD's extensions: 1.3.6.1.4.1.3704.1.<arc>, and what its OCTET STRING holds. */
struct mk_amd_ext {
    uint8_t arc[2]; /* { 3, 1 } is .3.1; { 2 } is .2 */
    uint8_t value[MK_AMD_EXT_BYTES];
    size_t len;
};
struct mk_amd_ext_list {
    struct mk_amd_ext ext[MK_AMD_EXT_MAX];
    size_t count;
};
void mk_amd_ext_bytes(struct mk_amd_ext_list *list, uint8_t a, uint8_t b, struct att_span value);
void mk_amd_ext_number(struct mk_amd_ext_list *list, uint8_t a, uint8_t b, uint32_t value);
void mk_amd_ext_text(struct mk_amd_ext_list *list, uint8_t a, uint8_t b, const char *text);
/* NULL when it is not there. */
struct mk_amd_ext *mk_amd_ext_find(struct mk_amd_ext_list *list, uint8_t a, uint8_t b);
void mk_amd_ext_drop(struct mk_amd_ext_list *list, uint8_t a, uint8_t b);

/* RSASSA-PSS with SHA-384, MGF1 over it and a salt of 48 is what AMD has; the others are faults. */
enum mk_amd_scheme { MK_AMD_PSS_SHA384, MK_AMD_PSS_SHA384_TRAILER, MK_AMD_PSS_SHA256, MK_AMD_PKCS1_SHA384 };

struct mk_amd_cert_spec {
    X509 *ready; /* borrowed: take this certificate and read no further */
    char subject_cn[MK_AMD_CN_SIZE];
    char issuer_cn[MK_AMD_CN_SIZE];
    EVP_PKEY *subject_key; /* keys borrowed */
    EVP_PKEY *issuer_key;  /* for the authority key identifier of a CA */
    EVP_PKEY *signer;
    enum mk_amd_scheme scheme;
    int64_t not_before, not_after;
    uint8_t serial[MK_AMD_SERIAL_BYTES]; /* all zero: serial 0, as leafs have */
    bool ca;                             /* with a CA's extensions; a leaf has none but AMD's */
    bool root;                           /* no path length, no authority key identifier; signs lists */
    struct mk_amd_ext_list ext;
    bool flip_signature;
};
/* Appends DER. */
ATT_CHECK bool mk_amd_cert_put(const struct mk_amd_cert_spec *spec, struct att_buf *out, struct att_err *err);

struct mk_amd_crl_spec {
    char issuer_cn[MK_AMD_CN_SIZE];
    EVP_PKEY *issuer_key, *signer;
    int64_t this_update, next_update;
    const uint8_t *revoked; /* one serial; NULL: the list is empty */
    bool flip_signature;
    bool garbage;
    size_t drop_tail, extra_tail; /* bytes cut off, zero bytes added */
};
/* Appends DER. */
ATT_CHECK bool mk_amd_crl_put(const struct mk_amd_crl_spec *spec, struct att_buf *out, struct att_err *err);

/* Pieces of both. */
ATT_CHECK bool mk_amd_name_put(const char *cn, struct att_buf *out, struct att_err *err);
ATT_CHECK bool mk_amd_time_put(int64_t unix_s, struct att_buf *out, struct att_err *err);
void mk_amd_serial_put(const uint8_t serial[MK_AMD_SERIAL_BYTES], struct att_buf *out);
/* SHA-1 of the public key, as key identifiers are made (RFC 5280 4.2.1.2, method 1). */
ATT_CHECK bool mk_amd_key_id(EVP_PKEY *key, uint8_t ret[20], struct att_err *err);
void mk_amd_scheme_put(enum mk_amd_scheme scheme, struct att_buf *out);
/* Extension: { oid, [critical,] OCTET STRING { der } }; `oid` is the content of the OBJECT IDENTIFIER. */
void mk_amd_extension_put(struct att_buf *out, struct att_span oid, bool critical, struct att_span der);
/* SEQUENCE { tbs, algorithm, BIT STRING }. */
ATT_CHECK bool mk_amd_signed_put(EVP_PKEY *signer, enum mk_amd_scheme scheme, bool flip, struct att_span tbs,
                                 struct att_buf *out, struct att_err *err);

struct mk_amd {
    enum mk_amd_product product;
    EVP_PKEY *key[MK_AMD_KEY_COUNT];
    X509 *cert[MK_AMD_CERT_COUNT];
    uint8_t serial[MK_AMD_CERT_COUNT][MK_AMD_SERIAL_BYTES];
    int64_t not_before[MK_AMD_CERT_COUNT], not_after[MK_AMD_CERT_COUNT];
};
/* Names of files without their endings: "ark", ... */
const char *mk_amd_key_file(enum mk_amd_key key);
/* "ARK-Milan", "SEV-Milan", "SEV-VLEK-Milan", "SEV-VCEK", "SEV-VLEK". */
void mk_amd_cn(enum mk_amd_product product, enum mk_amd_key key, char ret[MK_AMD_CN_SIZE]);
/* The vendor's certificate as it stands, for a certificate that differs in one thing. */
void mk_amd_cert_spec(const struct mk_amd *amd, enum mk_amd_key which, struct mk_amd_cert_spec *ret);
/* From loaded parts: checks that they belong together, reads serials and dates. */
ATT_CHECK bool mk_amd_adopt(struct mk_amd *amd, struct att_err *err);

#endif
