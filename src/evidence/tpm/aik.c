/* Whose key is it? The certificate is held against aik_pub before anything depends on whether it is trusted: a certificate of
 * another key says nothing about this TPM, and must never be taken for none. */
#include "base/err.h"
#include "evidence/tpm/tpm.h"
#include "tpm/trust.h"

static bool absent(const struct att_ctx *ctx, const char *where, struct att_err *err)
{
    return !ctx->require_valid_aik ||
           att_fail(err, ATT_AIK_UNTRUSTED, where, "a certificate of a trusted authority", "none");
}

static bool same_key(const struct tpm_cert_facts *facts, const struct att_key *aik, const char *where,
                     struct att_err *err)
{
    return att_jwk_same_key(facts->key, aik) ||
           att_fail(err, ATT_AIK_MISMATCH, where, "the certificate of aik_pub", "that of another key");
}

/* `why`: what the trust set said, if not yes. A certificate that could not even be read is no certificate of this key. */
static bool judged(const struct att_ctx *ctx, const struct tpm_cert_facts *facts, const struct att_err *why,
                   const struct att_key *aik, const char *where, struct att_err *err)
{
    if (facts->key && !same_key(facts, aik, where, err))
        return false;
    if (why->code == ATT_OK)
        return true;
    if (facts->key && why->code == ATT_AIK_UNTRUSTED && !ctx->require_valid_aik)
        return true;
    if (err && err->code == ATT_OK)
        *err = *why;
    return false;
}

bool tpm_aik_check(const struct att_ctx *ctx, const struct tpm_attestation *a, const struct att_key *aik,
                   bool *ret_valid, bool *ret_test_root, struct att_err *err)
{
    struct tpm_cert_facts facts = { 0 };
    struct tpm_path path;
    struct att_err why = { 0 };

    (void)tpm_path(&path, a->where, "aik_cert");
    if (a->aik_cert.len == 0)
        return absent(ctx, path.text, err);
    bool trusted = tpm_trust_check(ctx->in->aik_trust, ctx->lib->crypto, &ctx->lib->limits, a->aik_cert,
                                   TPM_CERT_AIK, path.text, ctx->now_unix_s, &facts, &why);
    bool ok = judged(ctx, &facts, &why, aik, path.text, err) && (!trusted || facts.key);
    if (ok) {
        *ret_valid = trusted;
        *ret_test_root = trusted && facts.test_root;
    }
    tpm_cert_facts_clear(&facts);
    return ok;
}
