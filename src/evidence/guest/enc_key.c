/* The key that the answer is sealed to: one that lives in this TPM and nowhere else, as its attestation key certifies. */
#include "base/err.h"
#include "evidence/guest/guest.h"

enum { RSA_BITS_MIN = 2048, ALG_NULL = 0x0010, ALG_RSAES = 0x0015 };

static const char where_pub[] = "guest.TpmInfo.EncKeyPub";

static bool unfit(struct att_err *err, const char *expected, const char *found)
{
    return att_fail(err, ATT_KEY_CERTIFY_INVALID, where_pub, expected, "%s", found);
}

/* Not its authPolicy: whether the key opens in this boot only is the guest's own concern. */
static bool fit(const struct tpm_public *k, struct att_err *err)
{
    static const struct {
        uint32_t bit;
        const char *expected;
    } needed[] = {
        { TPM_DECRYPT, "a key that decrypts" },
        { TPM_FIXED_TPM, "a key that cannot leave its TPM (fixedTPM)" },
        { TPM_FIXED_PARENT, "a key that cannot leave its TPM (fixedParent)" },
        { TPM_SENSITIVE_DATA_ORIGIN, "a key that was made inside its TPM (sensitiveDataOrigin)" },
    };

    if (k->ecc || k->key_bits < RSA_BITS_MIN)
        return unfit(err, "an RSA key of at least 2048 bits", k->ecc ? "an ECC key" : "a shorter one");
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++)
        if (!(k->attributes & needed[i].bit))
            return unfit(err, needed[i].expected, "another key");
    if (k->attributes & TPM_RESTRICTED)
        return unfit(err, "a key that is not restricted: such a one opens keys of its TPM only",
                     "a restricted one");
    return k->scheme == ALG_NULL || k->scheme == ALG_RSAES ||
           unfit(err, "no scheme of its own, or RSAES", "another scheme");
}

static bool name_certified(struct att_ctx *ctx, const struct guest_evidence *ev,
                           const struct tpm_attest *certify, struct att_err *err)
{
    uint8_t name[TPM_NAME_BYTES_MAX];
    size_t len = 0;

    if (!tpm_public_name(ctx->lib->crypto, &ev->enc_key, name, &len))
        return att_fail(err, ATT_CRYPTO_FAILED, where_pub, "a digest", "none");
    return att_span_eq(certify->name, att_span_of(name, len)) ||
           att_fail(err, ATT_KEY_CERTIFY_INVALID, "guest.TpmInfo.EncKeyCertifyInfo", "the name of EncKeyPub",
                    "another name");
}

bool guest_enc_key_read(struct att_ctx *ctx, struct guest_evidence *ev, struct att_err *err)
{
    struct tpm_attest certify;

    if (ev->tpm.enc_pub.len == 0)
        return true;
    if (!tpm_public_read_sized(ev->tpm.enc_pub, where_pub, ATT_GUEST_REQUEST_MALFORMED, &ev->enc_key, err) ||
        !fit(&ev->enc_key, err) ||
        !tpm_attest_read(ev->tpm.enc_certify, TPM_CERTIFY, "guest.TpmInfo.EncKeyCertifyInfo", &certify,
                         err) ||
        !name_certified(ctx, ev, &certify, err))
        return false;
    ev->has_enc_key = true;
    return true;
}
