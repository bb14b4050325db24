#include "base/err.h"
#include "evidence/guest/guest.h"

struct signed_by_ak {
    struct att_span message, signature;
    struct tpm_signature_rules rules;
};

/* Clients cut the head off a TPMT_SIGNATURE and send the number alone; the whole structure is taken, too. */
static bool signature_good(const struct att_ctx *ctx, const struct att_key *ak, const struct signed_by_ak *s,
                           struct att_err *err)
{
    enum att_hash hash = ATT_SHA256;

    if (att_key_type(ak) != ATT_KEY_RSA || s->signature.len != (att_key_bits(ak) + 7) / 8) {
        if (!tpm_signature_verify(ctx->lib->crypto, ak, s->signature, s->message, &s->rules, &hash, err))
            return false;
        /* The registers were compared under this hash. */
        return hash == ATT_SHA256 ||
               att_fail(err, s->rules.invalid, s->rules.where, "a signature with SHA-256", "another hash");
    }
    switch (att_verify(ctx->lib->crypto, ak, ATT_RS256, s->message, s->signature)) {
    case ATT_SIG_VALID:
        return true;
    case ATT_SIG_INVALID:
    case ATT_SIG_BAD_KEY:
        return att_fail(err, s->rules.invalid, s->rules.where, "a signature of the attestation key",
                        "another one");
    case ATT_SIG_FAILED:
        break;
    }
    return att_fail(err, ATT_CRYPTO_FAILED, s->rules.where, "an answer", "none");
}

bool guest_signatures(struct att_ctx *ctx, const struct guest_evidence *ev, struct att_err *err)
{
    const struct signed_by_ak rows[] = {
        { ev->tpm.quote,
          ev->tpm.quote_signature,
          { "guest.TpmInfo.PcrSignature", ATT_TPM_QUOTE_MALFORMED, ATT_TPM_QUOTE_SIGNATURE_INVALID, false } },
        { ev->tpm.enc_certify,
          ev->tpm.enc_certify_signature,
          { "guest.TpmInfo.EncKeyCertifyInfoSignature", ATT_KEY_CERTIFY_INVALID, ATT_KEY_CERTIFY_INVALID,
            false } },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].message.len > 0 && !signature_good(ctx, ev->ak, &rows[i], err))
            return false;
    return true;
}

/* Hashes and comparisons first, then the two signatures of the attestation key, then the hardware's chain. Parts may be believed
 * only together: the hardware vouches for the key, the key for registers and for the key that the answer goes to. */
bool guest_verify(struct att_ctx *ctx, struct att_evidence *base, const struct att_collateral *c,
                  struct att_err *err)
{
    struct guest_evidence *ev = (struct guest_evidence *)base; /* first member */

    if (!guest_runtime_bind(ctx, ev, err) || !guest_ak_bind(ctx, ev, err) || !guest_boot_read(ctx, ev, err) ||
        !guest_enc_key_read(ctx, ev, err) || !guest_signatures(ctx, ev, err) ||
        !guest_inner_verify(ev, c, err))
        return false;
    if (ev->has_enc_key)
        ev->base.seal_to = ev->enc_key.whole;
    return true;
}
