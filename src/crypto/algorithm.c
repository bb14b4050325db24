/* AlgorithmIdentifiers of signatures. A table: what is not in it is not taken. */
#include "crypto/asn1.h"

static const struct {
    const char *oid;
    struct att_scheme scheme;
} signatures[] = {
    { "1.2.840.10045.4.3.2", { ATT_FAMILY_ECDSA, ATT_SHA256 } }, /* RFC 5758 3.2: no parameters */
    { "1.2.840.10045.4.3.3", { ATT_FAMILY_ECDSA, ATT_SHA384 } },
    { "1.2.840.10045.4.3.4", { ATT_FAMILY_ECDSA, ATT_SHA512 } },
    { "1.2.840.113549.1.1.11", { ATT_FAMILY_PKCS1, ATT_SHA256 } }, /* RFC 4055 5: NULL or nothing */
    { "1.2.840.113549.1.1.12", { ATT_FAMILY_PKCS1, ATT_SHA384 } },
    { "1.2.840.113549.1.1.13", { ATT_FAMILY_PKCS1, ATT_SHA512 } },
};

static const struct {
    const char *oid;
    enum att_hash hash;
} digests[] = {
    { "2.16.840.1.101.3.4.2.1", ATT_SHA256 },
    { "2.16.840.1.101.3.4.2.2", ATT_SHA384 },
    { "2.16.840.1.101.3.4.2.3", ATT_SHA512 },
};

static bool null_or_nothing(struct att_reader *r)
{
    struct att_span nothing;

    if (r->left > 0 && (!att_der_take(r, ATT_DER_NULL, &nothing) || nothing.len != 0))
        return false;
    return att_all_read(r);
}

/* AlgorithmIdentifier of a digest, whole. */
static bool take_digest(struct att_reader *r, enum att_hash *ret)
{
    struct att_span content;
    struct att_span oid;

    if (!att_der_take(r, ATT_DER_SEQUENCE, &content))
        return false;
    struct att_reader in = att_reader_of(content);
    if (!att_der_take(&in, ATT_DER_OID, &oid) || !null_or_nothing(&in))
        return false;
    for (size_t i = 0; i < sizeof digests / sizeof digests[0]; i++) {
        if (att_oid_is(oid, digests[i].oid)) {
            *ret = digests[i].hash;
            return true;
        }
    }
    return false;
}

static bool take_mgf1(struct att_reader *r, enum att_hash *ret)
{
    struct att_span content;
    struct att_span oid;

    if (!att_der_take(r, ATT_DER_SEQUENCE, &content))
        return false;
    struct att_reader in = att_reader_of(content);
    return att_der_take(&in, ATT_DER_OID, &oid) && att_oid_is(oid, "1.2.840.113549.1.1.8") &&
           take_digest(&in, ret) && att_all_read(&in);
}

/* RFC 4055 3.1. Every default there is SHA-1 or its salt of 20, so the first three fields must be present. */
bool att_pss_params_read(struct att_span params, enum att_hash *ret)
{
    struct att_reader whole = att_reader_of(params);
    struct att_span content;
    struct att_span field[4];
    enum att_hash hash = ATT_SHA1;
    enum att_hash mgf = ATT_SHA1;
    uint64_t number = 0;

    if (!att_der_take(&whole, ATT_DER_SEQUENCE, &content) || !att_all_read(&whole))
        return false;
    struct att_reader in = att_reader_of(content);
    for (uint8_t i = 0; i < 3; i++) {
        if (!att_der_take(&in, (uint8_t)(ATT_DER_TAG_CONTEXT + i), &field[i]))
            return false;
    }
    struct att_reader r = att_reader_of(field[0]);
    if (!take_digest(&r, &hash) || !att_all_read(&r))
        return false;
    r = att_reader_of(field[1]);
    if (!take_mgf1(&r, &mgf) || !att_all_read(&r) || mgf != hash)
        return false;
    r = att_reader_of(field[2]);
    if (!att_der_take_uint(&r, ATT_DER_INTEGER, 64, &number) || !att_all_read(&r) ||
        number != att_hash_size(hash))
        return false;
    if (in.left > 0) { /* trailerField: AMD writes the default out */
        if (!att_der_take(&in, ATT_DER_TAG_CONTEXT + 3, &field[3]))
            return false;
        r = att_reader_of(field[3]);
        if (!att_der_take_uint(&r, ATT_DER_INTEGER, 1, &number) || !att_all_read(&r) || number != 1)
            return false;
    }
    if (!att_all_read(&in))
        return false;
    *ret = hash;
    return true;
}

bool att_scheme_read(struct att_span algorithm, struct att_scheme *ret)
{
    struct att_reader in = att_reader_of(algorithm);
    struct att_span oid;
    struct att_scheme scheme = { ATT_FAMILY_PSS, ATT_SHA1 };

    if (!att_der_take(&in, ATT_DER_OID, &oid))
        return false;
    if (att_oid_is(oid, "1.2.840.113549.1.1.10")) {
        if (!att_pss_params_read(att_take_rest(&in), &scheme.hash))
            return false;
        *ret = scheme;
        return true;
    }
    for (size_t i = 0; i < sizeof signatures / sizeof signatures[0]; i++) {
        if (!att_oid_is(oid, signatures[i].oid))
            continue;
        bool ecdsa = signatures[i].scheme.family == ATT_FAMILY_ECDSA;
        if (ecdsa ? !att_all_read(&in) : !null_or_nothing(&in))
            return false;
        *ret = signatures[i].scheme;
        return true;
    }
    return false;
}
