/* Whether to believe a request. Cheap checks come first; the order is also that of the README. */
#include "base/err.h"
#include "base/hex.h"
#include "evidence/tpm/tpm.h"

/* An empty challenge matches nothing, not even an empty one. */
static bool challenge_answered(const struct att_ctx *ctx, const struct tpm_request *q, struct att_err *err)
{
    static const char where[] = "tpm.challenge";
    struct att_span got = q->outside.challenge;

    if (got.len == 0)
        return att_fail(err, ATT_TPM_CHALLENGE_MISMATCH, where, "a challenge", "none");
    if (!ctx->in->challenge_given)
        return true;
    return (ctx->in->challenge.len > 0 && att_span_eq(got, ctx->in->challenge)) ||
           att_fail(err, ATT_TPM_CHALLENGE_MISMATCH, where, "the challenge that was sent out",
                    "another of %zu bytes", got.len);
}

static bool key_read(const struct att_ctx *ctx, const struct tpm_request *q, att_json_id jwk,
                     const char *where, struct att_jwk *ret, struct att_err *err)
{
    return att_jwk_read(ctx->lib->crypto, ctx->arena, &ctx->lib->limits, &q->outside.doc, jwk, where, ret,
                        err) ||
           att_fail_as(err, ATT_TPM_REQUEST_MALFORMED, "");
}

/* Does who sent it hold the key that it is about? */
static bool request_signed(const struct att_ctx *ctx, struct tpm_evidence *ev, struct att_err *err)
{
    static const struct att_jws_rules rules = { .algs = 1u << ATT_PS256 | 1u << ATT_ES256 };
    const struct tpm_request *q = &ev->request;
    struct tpm_path path;

    return key_read(ctx, q, q->key.jwk, tpm_path(&path, q->key.where, "jwk"), &ev->signer, err) &&
           (att_jws_verify(ctx->lib->crypto, &q->outside.jws, &ev->signer, &rules, err) ||
            att_fail_as(err, ATT_TPM_REQUEST_SIGNATURE_INVALID, ""));
}

static bool aik_good(const struct att_ctx *ctx, struct tpm_evidence *ev, struct att_err *err)
{
    const struct tpm_request *q = &ev->request;
    struct tpm_path path;

    return key_read(ctx, q, q->current.aik_pub, tpm_path(&path, q->current.where, "aik_pub"), &ev->aik,
                    err) &&
           tpm_aik_check(ctx, &q->current, ev->aik.key, &ev->aik_validated, &ev->base.test_root, err);
}

static bool current_good(const struct att_ctx *ctx, struct tpm_evidence *ev, struct att_err *err)
{
    uint8_t room[TPM_DIGEST_BYTES_MAX];
    struct att_span extra_data = { 0 };

    return tpm_binding_expected(ctx, &ev->request, room, &extra_data, err) &&
           tpm_attestation_verify(ctx, &ev->request.current, ev->aik.key, &extra_data, &ev->current, err);
}

/* -- the attestation of the start --------------------------------------------------------------------------- */

/* One key, one TPM: else the registers of one machine could explain those of another. */
static bool boot_key_same(const struct att_ctx *ctx, const struct tpm_evidence *ev, struct att_err *err)
{
    const struct tpm_request *q = &ev->request;
    bool valid = false, test_root = false;
    struct att_jwk aik = { 0 };
    struct tpm_path path;

    (void)tpm_path(&path, q->boot.where, "aik_pub");
    if (!key_read(ctx, q, q->boot.aik_pub, path.text, &aik, err))
        return false;
    bool ok = att_jwk_same_key(aik.key, ev->aik.key) ||
              att_fail(err, ATT_AIK_MISMATCH, path.text, "the key of the current attestation", "another");
    att_jwk_free(&aik);
    return ok &&
           (q->boot.aik_cert.len == 0 || tpm_aik_check(ctx, &q->boot, ev->aik.key, &valid, &test_root, err));
}

/* A TPM adds an offset of its own to the counters when an ordinary key signs: the difference means something, also across the
 * end of the range; the numbers alone do not. */
static bool counted_up(uint32_t from, uint32_t to)
{
    return to - from <= INT32_MAX;
}

bool tpm_boot_before(const struct tpm_attest *boot, const struct tpm_attest *now, struct att_err *err)
{
    bool ordered =
        boot->clock_ms <= now->clock_ms && counted_up(boot->reset_count, now->reset_count) &&
        (boot->reset_count != now->reset_count || counted_up(boot->restart_count, now->restart_count));

    return ordered || att_fail(err, ATT_TPM_BOOT_ORDER, "tpm.boot.quote.clockInfo",
                               "counters that are not ahead of the current attestation's", "later ones");
}

/* It cannot contain this challenge: it was made before. */
static bool boot_good(const struct att_ctx *ctx, struct tpm_evidence *ev, struct att_err *err)
{
    if (!ev->request.boot.present)
        return true;
    return boot_key_same(ctx, ev, err) &&
           tpm_attestation_verify(ctx, &ev->request.boot, ev->aik.key, NULL, &ev->boot, err) &&
           tpm_boot_before(&ev->boot.quote, &ev->current.quote, err);
}

/* -- all ---------------------------------------------------------------------------------------------------- */

static bool keys_certified(const struct att_ctx *ctx, const struct tpm_evidence *ev, struct att_err *err)
{
    const struct tpm_request *q = &ev->request;

    if (!tpm_key_certified(ctx, q, &q->key, ev->aik.key, err))
        return false;
    for (size_t i = 0; i < q->other_key_count; i++)
        if (!tpm_key_certified(ctx, q, &q->other_keys[i], ev->aik.key, err))
            return false;
    return true;
}

static bool enclave_good(const struct att_ctx *ctx, struct tpm_evidence *ev, struct att_err *err)
{
    if (!ev->request.outside.vbs)
        return true;
    if (!tpm_enclave_signed(ctx, &ev->request.report, &ev->current.facts, err))
        return false;
    ev->enclave_verified = true;
    ev->base.attestation_type = VBS_ATTESTATION_TYPE;
    return true;
}

/* There are no published levels of TPMs: what is verified is up to date, and what is good enough is for the policy to say. */
bool tpm_verify(struct att_ctx *ctx, struct att_evidence *base, const struct att_collateral *c,
                struct att_err *err)
{
    struct tpm_evidence *ev = (struct tpm_evidence *)base; /* first member */

    (void)c;
    if (!challenge_answered(ctx, &ev->request, err) || !tpm_enclave_data(ctx, &ev->request, err) ||
        !request_signed(ctx, ev, err) || !aik_good(ctx, ev, err) || !current_good(ctx, ev, err) ||
        !boot_good(ctx, ev, err) || !keys_certified(ctx, ev, err) || !enclave_good(ctx, ev, err))
        return false;
    base->tcb.status = ATT_STATUS_UP_TO_DATE;
    base->tcb.platform = ATT_STATUS_UP_TO_DATE;
    return true;
}
