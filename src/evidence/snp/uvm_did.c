/* did:x509 (version 0) in the one form that endorsements use: a CA by the SHA-256 of its certificate, and what it must have
 * certified the signer for. */
#include "base/err.h"
#include "evidence/snp/uvm_parts.h"

#define DID_START "did:x509:0:sha256:"
#define DID_USAGE "::eku:"

enum { FINGERPRINT_CHARACTERS = 43 };

static bool take_literal(struct att_span *rest, const char *literal)
{
    size_t n = strlen(literal);

    if (rest->len < n || memcmp(rest->ptr, literal, n) != 0)
        return false;
    *rest = att_span_of(rest->ptr + n, rest->len - n);
    return true;
}

/* Digits and dots; whether they are an OID, its reader knows. Other policies would follow a "::". */
static bool read_usage(struct att_span text, char ret[UVM_USAGE_MAX + 1])
{
    if (text.len == 0 || text.len > UVM_USAGE_MAX)
        return false;
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] != '.' && (text.ptr[i] < '0' || text.ptr[i] > '9'))
            return false;
    memcpy(ret, text.ptr, text.len);
    ret[text.len] = '\0';
    return true;
}

static int value_of(uint8_t c)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const char *at = c ? strchr(alphabet, c) : NULL;

    return at ? (int)(at - alphabet) : -1;
}

/* 43 characters of base64url are 258 bits: the last two must be zero, or one fingerprint had four spellings. */
static bool read_fingerprint(struct att_span text, uint8_t ret[32])
{
    uint32_t bits = 0;
    unsigned held = 0;
    size_t n = 0;

    for (size_t i = 0; i < text.len; i++) {
        int value = value_of(text.ptr[i]);
        if (value < 0)
            return false;
        bits = (bits << 6 | (unsigned)value) & 0xfff;
        held += 6;
        if (held >= 8) {
            held -= 8;
            ret[n++] = (uint8_t)(bits >> held);
        }
    }
    return (bits & 3) == 0;
}

bool uvm_did_read(struct att_span did, struct uvm_did *ret, struct att_err *err)
{
    struct att_shown shown;
    struct att_span rest = did;
    struct uvm_did out = { 0 };

    if (take_literal(&rest, DID_START) && rest.len > FINGERPRINT_CHARACTERS &&
        read_fingerprint(att_span_of(rest.ptr, FINGERPRINT_CHARACTERS), out.ca_sha256)) {
        rest = att_span_of(rest.ptr + FINGERPRINT_CHARACTERS, rest.len - FINGERPRINT_CHARACTERS);
        if (take_literal(&rest, DID_USAGE) && read_usage(rest, out.usage)) {
            *ret = out;
            return true;
        }
    }
    return att_fail(err, ATT_ENDORSEMENT_INVALID, "protected.iss", DID_START "FINGERPRINT" DID_USAGE "OID",
                    "%s", att_shown(&shown, did));
}

bool uvm_did_holds(const struct att_crypto *crypto, const struct uvm_did *did, struct att_cert *const *chain,
                   size_t count, struct att_err *err)
{
    bool found = false;

    for (size_t i = 1; i < count; i++) {
        uint8_t digest[32];
        if (!att_digest(crypto, ATT_SHA256, att_cert_der(chain[i]), digest))
            return att_fail(err, ATT_CRYPTO_FAILED, "sevsnp.endorsement.protected.iss", "a digest", "none");
        found = found || memcmp(digest, did->ca_sha256, sizeof digest) == 0;
    }
    if (!found)
        return att_fail(err, ATT_ENDORSEMENT_INVALID, "protected.iss",
                        "the fingerprint of a certificate above the signer's", "another");
    if (!att_cert_has_usage(chain[0], did->usage))
        return att_fail(err, ATT_ENDORSEMENT_INVALID, "protected.x5chain[0].extendedKeyUsage",
                        "the usage that the issuer's name states", "not among its usages");
    return true;
}
