/* Claims of a verified request. What logs say counts only as far as the quote proves it. */
#include "base/auto.h"
#include "base/base64.h"
#include "base/buf.h"
#include "base/err.h"
#include "evidence/tpm/tpm.h"

enum { POLICY_ONLY = 0, TOKEN = ATT_CLAIM_IN_TOKEN };

/* -- names -------------------------------------------------------------------------------------------------- */

bool tpm_claim_name_taken(struct att_span name)
{
    static const char *const names[] = {
        "aikValidated",
        "aikPubHash",
        "tpmVersion",
        "secureBootEnabled",
        "iommuEnabled",
        "bootDebuggingDisabled",
        "notSafeMode",
        "notWinPE",
        "vbsEnabled",
        "vbsReportPresent",
        "vsmReportPresent",
        "enclaveAuthorId",
        "enclaveImageId",
        "enclaveOwnerId",
        "enclaveFamilyId",
        "enclaveSvn",
        "enclavePlatformSvn",
        "enclaveFlags",
        "events",
        "bootEvents",
        "pcrs",
        "rp_data",
        "nonce",
        "cnf",
        "iss",
        "iat",
        "exp",
        "nbf",
        "jti",
    };
    static const char *const prefixes[] = { "x-ms-", "x-attestd-" };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (att_span_is(name, names[i]))
            return true;
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
        size_t len = strlen(prefixes[i]);
        if (name.len >= len && memcmp(name.ptr, prefixes[i], len) == 0)
            return true;
    }
    return false;
}

/* -- the TPM and its logs ----------------------------------------------------------------------------------- */

static bool base64_of(struct att_arena *arena, struct att_span bytes, bool url, struct att_span *ret,
                      struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf b = { 0 };

    (url ? att_base64url_put : att_base64_put)(&b, bytes);
    char *copy = b.failed ? NULL : att_arena_dup(arena, att_buf_span(&b));
    if (!copy)
        return att_fail_memory(err, "claims");
    *ret = att_span_of(copy, b.len);
    return true;
}

static bool aik_claims(const struct att_ctx *ctx, const struct tpm_evidence *ev, struct att_claims *set,
                       struct att_err *err)
{
    struct att_span der = { 0 }, text = { 0 };
    uint8_t hash[32];

    if (!att_key_spki(ctx->arena, ev->aik.key, &der, err))
        return false;
    if (!att_digest(ctx->lib->crypto, ATT_SHA256, der, hash))
        return att_fail(err, ATT_CRYPTO_FAILED, "claims", "a digest", "none");
    return base64_of(ctx->arena, att_span_of(hash, sizeof hash), false, &text, err) &&
           att_claims_add_bool(set, "aikValidated", ev->aik_validated, POLICY_ONLY, err) &&
           att_claims_add_text(set, "aikPubHash", text, POLICY_ONLY, err) &&
           att_claims_add_int(set, "tpmVersion", 2, POLICY_ONLY, err);
}

static bool boot_claims(const struct tpm_state *s, struct att_claims *set, struct att_err *err)
{
    const struct log_facts *f = &s->facts;
    const struct {
        const char *name;
        bool value;
    } rows[] = {
        { "secureBootEnabled", f->secure_boot },
        { "iommuEnabled", f->iommu_enabled },
        { "bootDebuggingDisabled", f->boot_debugging_disabled },
        { "notSafeMode", f->not_safe_mode },
        { "notWinPE", f->not_winpe },
        { "vbsEnabled", f->vbs_enabled },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (!att_claims_add_bool(set, rows[i].name, rows[i].value, POLICY_ONLY, err))
            return false;
    return true;
}

/* -- the enclave -------------------------------------------------------------------------------------------- */

static bool enclave_claims(const struct att_ctx *ctx, const struct tpm_evidence *ev, struct att_claims *set,
                           struct att_err *err)
{
    const struct vbs_report *r = &ev->request.report;
    const struct {
        const char *name;
        struct att_span id;
    } ids[] = {
        { "enclaveAuthorId", r->author_id },
        { "enclaveImageId", r->image_id },
        { "enclaveOwnerId", r->owner_id },
        { "enclaveFamilyId", r->family_id },
    };
    struct att_span text = { 0 };

    /* Two names for one thing: policies of 2020 know the first, those of 2022 the second. */
    if (!att_claims_add_bool(set, "vbsReportPresent", ev->enclave_verified, POLICY_ONLY, err) ||
        !att_claims_add_bool(set, "vsmReportPresent", ev->enclave_verified, POLICY_ONLY, err))
        return false;
    if (!ev->enclave_verified)
        return true;
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++)
        if (!base64_of(ctx->arena, ids[i].id, true, &text, err) ||
            !att_claims_add_text(set, ids[i].name, text, POLICY_ONLY, err))
            return false;
    return att_claims_add_int(set, "enclaveSvn", r->enclave_svn, POLICY_ONLY, err) &&
           att_claims_add_int(set, "enclavePlatformSvn", r->platform_svn, POLICY_ONLY, err) &&
           att_claims_add_int(set, "enclaveFlags", r->flags, POLICY_ONLY, err);
}

/* -- what is costly, for policies that look at it ----------------------------------------------------------- */

static bool events_claim(const struct att_ctx *ctx, const struct tpm_state *s, const char *name,
                         struct att_claims *set, struct att_err *err)
{
    const struct log_env env = { ctx->lib->crypto, ctx->arena, &ctx->lib->limits };
    struct att_span json = { 0 };

    return log_events_json(&env, &s->events, &s->proven, &json, err) &&
           att_claims_add_text(set, name, json, POLICY_ONLY, err);
}

static bool costly_claims(const struct att_ctx *ctx, const struct tpm_evidence *ev, struct att_claims *set,
                          struct att_err *err)
{
    struct att_span json = { 0 };

    if (ctx->wanted & ATT_WANT_EVENTS && !events_claim(ctx, &ev->current, "events", set, err))
        return false;
    if (ctx->wanted & ATT_WANT_BOOT_EVENTS && ev->request.boot.present &&
        !events_claim(ctx, &ev->boot, "bootEvents", set, err))
        return false;
    if (!(ctx->wanted & ATT_WANT_PCRS))
        return true;
    return tpm_pcrs_json(ctx->arena, ev->request.current.pcrs, &json, err) &&
           att_claims_add_text(set, "pcrs", json, ATT_CLAIM_READ_ONLY, err);
}

/* -- keys --------------------------------------------------------------------------------------------------- */

/* The same name twice: a text, which policies read, and an object, which stands in the token. */
static bool key_claims(const struct att_ctx *ctx, const struct tpm_request *q, struct att_claims *set,
                       struct att_err *err)
{
    static const char request_key[] = "x-ms-tpm-request-key";
    struct att_span json = { 0 };

    if (q->outside.version == 1)
        return true;
    if (!tpm_key_json(ctx->arena, &q->outside.doc, &q->key, &json, err) ||
        !att_claims_add_text(set, request_key, json, POLICY_ONLY, err) ||
        !att_claims_add_json(set, request_key, json, TOKEN, err))
        return false;
    return q->other_key_count == 0 ||
           (tpm_other_keys_json(ctx->arena, q, &json, err) &&
            att_claims_add_text(set, "x-ms-tpm-other-keys", json, POLICY_ONLY, err));
}

/* The quote of the older form is over the challenge alone: without an enclave that vouches for it, its key is anybody's, and a
 * token must not say that it belongs to this machine. */
static bool cnf_claim(const struct att_ctx *ctx, const struct tpm_evidence *ev, struct att_claims *set,
                      struct att_err *err)
{
    struct att_span json = { 0 };

    if (ev->request.outside.version == 1 && !ev->enclave_verified)
        return true;
    return tpm_cnf_json(ctx->arena, &ev->signer, &json, err) &&
           att_claims_add_json(set, "cnf", json, TOKEN, err);
}

/* -- all ---------------------------------------------------------------------------------------------------- */

static bool token_claims(const struct tpm_evidence *ev, struct att_claims *set, struct att_err *err)
{
    const char *type = ev->enclave_verified ? VBS_ATTESTATION_TYPE : TPM_ATTESTATION_TYPE;
    const struct tpm_request *q = &ev->request;

    if (!att_claims_add_text(set, "x-ms-ver", att_str("1.0"), TOKEN, err) ||
        !att_claims_add_text(set, "x-ms-attestation-type", att_str(type), TOKEN, err))
        return false;
    return !q->has_rp_data || (att_claims_add_text(set, "rp_data", q->rp_data, TOKEN, err) &&
                               att_claims_add_text(set, "nonce", q->rp_data, TOKEN, err));
}

static bool custom_claims(const struct tpm_request *q, struct att_claims *set, struct att_err *err)
{
    for (size_t i = 0; i < q->custom_count; i++) {
        const struct att_claim claim = {
            .type = q->custom[i].name,
            .value = q->custom[i].value,
            .issuer = ATT_ISSUER_CUSTOM,
        };
        if (!att_claims_add(set, &claim, err))
            return false;
    }
    return true;
}

bool tpm_claims(struct att_ctx *ctx, const struct att_evidence *base, struct att_claims *set,
                struct att_err *err)
{
    const struct tpm_evidence *ev = (const struct tpm_evidence *)base; /* first member */

    return token_claims(ev, set, err) && aik_claims(ctx, ev, set, err) &&
           boot_claims(&ev->current, set, err) && enclave_claims(ctx, ev, set, err) &&
           key_claims(ctx, &ev->request, set, err) && cnf_claim(ctx, ev, set, err) &&
           costly_claims(ctx, ev, set, err) && custom_claims(&ev->request, set, err);
}
