/* Enrolment of an attestation key: is the endorsement key a trusted manufacturer's, is the key one that a certificate may call an
 * attestation key, and a secret that only the TPM of both can open. */
#include <attest/tpm.h>

#include "base/auto.h"
#include "base/err.h"
#include "collateral/context.h"
#include "tpm/ek_cert.h"
#include "tpm/tpm.h"
#include "tpm/trust.h"

#include <stdio.h>

enum {
    RSA_BITS_MIN_DEFAULT = 2048,
    SECRET_BYTES_MIN = 16,
    SECRET_BYTES_MAX = 32,
    ALG_NULL = 0x0010,
    ALG_RSASSA = 0x0014,
    ALG_RSAPSS = 0x0016,
    ALG_ECDSA = 0x0018,
};

ATT_AUTO_PTR(cert_auto, struct att_cert, att_cert_free)
ATT_AUTO_PTR(key_auto, struct att_key, att_key_free)

static bool right_size(const struct att_tpm_enroll_in *in, struct att_err *err)
{
    if (in->size != sizeof *in)
        return att_fail(err, ATT_PARAMETER_INVALID, "enroll.size", "sizeof(struct att_tpm_enroll_in)", "%zu",
                        in->size);
    return true;
}

/* -- the endorsement key -------------------------------------------------------------------------------------- */

static bool same_bytes(struct att_span a, struct att_span b)
{
    return a.len > 0 && att_span_eq(a, b); /* what a key does not have is like nothing */
}

static bool same_key(const struct att_key *a, const struct att_key *b)
{
    if (att_key_type(a) != att_key_type(b))
        return false;
    if (att_key_type(a) != ATT_KEY_RSA)
        return same_bytes(att_key_point(a), att_key_point(b));
    return same_bytes(att_key_rsa_n(a), att_key_rsa_n(b)) && same_bytes(att_key_rsa_e(a), att_key_rsa_e(b));
}

/* The public area decides how a credential is made, and comes from whoever asks: its key must be the certificate's. That its
 * attributes are true nobody has signed; a TPM opens no credential that was made for other ones. */
static bool ek_fits(const struct att_lib *lib, const struct att_tpm_enroll_in *in,
                    const struct att_key *certified, struct att_err *err)
{
    const uint32_t wanted =
        TPM_FIXED_TPM | TPM_FIXED_PARENT | TPM_SENSITIVE_DATA_ORIGIN | TPM_RESTRICTED | TPM_DECRYPT;
    ATT_AUTO(key_auto) struct att_key *key = NULL;
    struct tpm_public ek;

    if (!tpm_public_read_sized(in->ek_public, "enroll.ek_public", ATT_EK_MISMATCH, &ek, err))
        return false;
    if (!tpm_public_key(lib->crypto, &ek, &key, err))
        return att_fail_as(err, ATT_EK_MISMATCH, "enroll.ek_public");
    if (!same_key(key, certified))
        return att_fail(err, ATT_EK_MISMATCH, "enroll.ek_public", "the key of the EK certificate", "another");
    if ((ek.attributes & (wanted | TPM_SIGN)) != wanted)
        return att_fail(err, ATT_EK_MISMATCH, "enroll.ek_public.attributes",
                        "a restricted decryption key, made in its TPM and fixed to it", "0x%x",
                        (unsigned)ek.attributes);
    return true;
}

static bool ek_trusted(const struct att_lib *lib, const struct att_tpm_enroll_in *in,
                       struct att_tpm_enroll_facts *f, struct att_err *err)
{
    ATT_AUTO(tpm_cert_facts_clear) struct tpm_cert_facts facts = { .test_root = false };
    ATT_AUTO(cert_auto) struct att_cert *cert = NULL;

    if (!tpm_trust_check(in->ek_trust, lib->crypto, &lib->limits, in->ek_cert, TPM_CERT_EK, "enroll.ek_cert",
                         in->now_unix_s, &facts, err) ||
        !ek_fits(lib, in, facts.key, err))
        return false;
    if (!att_cert_from_der(lib->crypto, in->ek_cert, &lib->limits, &cert, err))
        return att_fail_as(err, ATT_EK_UNTRUSTED, "enroll.ek_cert");
    if (!att_cert_spki_sha256(lib->crypto, cert, f->ek_sha256))
        return att_fail(err, ATT_CRYPTO_FAILED, "enroll.ek_cert", "a digest", "none");
    tpm_ek_manufacturer(cert, f->manufacturer, sizeof f->manufacturer);
    f->test_root = facts.test_root;
    return true;
}

/* -- the attestation key -------------------------------------------------------------------------------------- */

static const struct {
    uint32_t bit;
    bool set;
    const char *expected;
} attributes[] = {
    { TPM_RESTRICTED, true, "restricted: it signs only what its TPM has made" },
    { TPM_SIGN, true, "a signing key" },
    { TPM_DECRYPT, false, "a key that does not decrypt" },
    { TPM_FIXED_TPM, true, "fixedTPM: it cannot leave" },
    { TPM_FIXED_PARENT, true, "fixedParent: it cannot move" },
    { TPM_SENSITIVE_DATA_ORIGIN, true, "sensitiveDataOrigin: its TPM has made it" },
};

static bool attributes_fit(const struct tpm_public *aik, struct att_err *err)
{
    for (size_t i = 0; i < sizeof attributes / sizeof attributes[0]; i++) {
        if (((aik->attributes & attributes[i].bit) != 0) != attributes[i].set)
            return att_fail(err, ATT_AIK_UNFIT, "enroll.aik_public.attributes", attributes[i].expected,
                            "0x%x", (unsigned)aik->attributes);
    }
    return true;
}

/* A key without a fixed scheme signs by whatever it is asked for, SHA-1 among it. */
static bool scheme_fits(const struct tpm_public *aik, struct att_err *err)
{
    enum att_hash hash = ATT_SHA1;
    bool fixed = aik->ecc ? aik->scheme == ALG_ECDSA : aik->scheme == ALG_RSASSA || aik->scheme == ALG_RSAPSS;

    if (!fixed || !tpm_hash_of(aik->scheme_hash, &hash) || hash == ATT_SHA1)
        return att_fail(err, ATT_AIK_UNFIT, "enroll.aik_public.scheme",
                        aik->ecc ? "ECDSA with SHA-256 or stronger"
                                 : "RSASSA or RSAPSS with SHA-256 or stronger",
                        "scheme 0x%04x, hash 0x%04x", aik->scheme, aik->scheme_hash);
    if (aik->symmetric != ALG_NULL)
        return att_fail(err, ATT_AIK_UNFIT, "enroll.aik_public.symmetric", "none, as the key signs", "0x%04x",
                        aik->symmetric);
    if (aik->name_hash == ATT_SHA1) /* the credential is bound to the name */
        return att_fail(err, ATT_AIK_UNFIT, "enroll.aik_public.nameAlg", "SHA-256 or stronger", "SHA-1");
    return true;
}

/* What quotes are later refused for is refused before there is a certificate. */
static bool curve_fits(const struct tpm_public *aik, enum att_key_type type, struct att_err *err)
{
    static const enum att_hash hashes[] = {
        [ATT_KEY_P256] = ATT_SHA256, [ATT_KEY_P384] = ATT_SHA384, [ATT_KEY_P521] = ATT_SHA512
    };
    enum att_hash hash = ATT_SHA1;

    if (aik->ecc && tpm_hash_of(aik->scheme_hash, &hash) && hash != hashes[type])
        return att_fail(err, ATT_AIK_UNFIT, "enroll.aik_public.scheme",
                        "SHA-256 with P-256, SHA-384 with P-384, SHA-512 with P-521", "%s",
                        tpm_hash_name(hash));
    return true;
}

static bool aik_fits(const struct att_lib *lib, struct att_arena *arena, const struct att_tpm_enroll_in *in,
                     struct att_tpm_enroll_facts *f, struct att_err *err)
{
    unsigned bits_min = in->rsa_bits_min ? in->rsa_bits_min : RSA_BITS_MIN_DEFAULT;
    ATT_AUTO(key_auto) struct att_key *key = NULL;
    struct tpm_public aik;
    uint8_t name[TPM_NAME_BYTES_MAX];
    char expected[48];
    size_t len = 0;

    if (!tpm_public_read_sized(in->aik_public, "enroll.aik_public", ATT_AIK_UNFIT, &aik, err) ||
        !attributes_fit(&aik, err) || !scheme_fits(&aik, err))
        return false;
    if (!tpm_public_key(lib->crypto, &aik, &key, err))
        return att_fail_as(err, ATT_AIK_UNFIT, "enroll.aik_public");
    if (!curve_fits(&aik, att_key_type(key), err))
        return false;
    (void)snprintf(expected, sizeof expected, "an RSA key of at least %u bits", bits_min);
    if (!aik.ecc && att_key_bits(key) < bits_min)
        return att_fail(err, ATT_AIK_UNFIT, "enroll.aik_public", expected, "%u bits", att_key_bits(key));
    if (!tpm_public_name(lib->crypto, &aik, name, &len))
        return att_fail(err, ATT_CRYPTO_FAILED, "enroll.aik_public", "a digest", "none");
    char *copy = att_arena_dup(arena, att_span_of(name, len));
    if (!copy)
        return att_fail_memory(err, "enroll.aik_public");
    f->aik_name = att_span_of(copy, len);
    return att_key_spki(arena, key, &f->aik_spki, err);
}

bool att_tpm_enroll_check(const struct att_lib *lib, struct att_arena *arena,
                          const struct att_tpm_enroll_in *in, struct att_tpm_enroll_facts *ret,
                          struct att_err *err)
{
    struct att_tpm_enroll_facts f = { .test_root = false };

    if (!right_size(in, err) || !ek_trusted(lib, in, &f, err) || !aik_fits(lib, arena, in, &f, err))
        return false;
    *ret = f;
    return true;
}

bool att_tpm_credential(const struct att_lib *lib, struct att_arena *arena,
                        const struct att_tpm_enroll_in *in, const struct att_tpm_enroll_facts *facts,
                        struct att_span secret, struct att_tpm_credential *ret, struct att_err *err)
{
    struct att_tpm_credential made = { .id_object = { NULL, 0 } };
    struct tpm_public ek;

    if (!right_size(in, err))
        return false;
    if (secret.len < SECRET_BYTES_MIN || secret.len > SECRET_BYTES_MAX)
        return att_fail(err, ATT_PARAMETER_INVALID, "enroll.secret", "16 to 32 bytes", "%zu", secret.len);
    if (!tpm_public_read_sized(in->ek_public, "enroll.ek_public", ATT_EK_MISMATCH, &ek, err))
        return false;
    if (!tpm_credential_make(arena, lib->crypto, &ek, facts->aik_name, secret, &made.id_object,
                             &made.encrypted_secret, err))
        return att_fail_as(err, ATT_EK_MISMATCH, "enroll.ek_public");
    *ret = made;
    return true;
}
