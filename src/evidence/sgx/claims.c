/* Claims of SGX evidence: current names, the deprecated twins that still stand in tokens, and the names beginning with
 * "$" that only policies of 2018 to 2020 know. Those without "$" (is-debuggable, svn, ...) are issued by the default
 * policy, not by the service. */
#include "base/auto.h"
#include "base/base64.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/hex.h"
#include "evidence/sgx/sgx.h"

enum { POLICY_ONLY = 0, TOKEN = ATT_CLAIM_IN_TOKEN };

static bool text_in_arena(struct att_ctx *ctx, struct att_span text, struct att_span *ret,
                          struct att_err *err)
{
    char *copy = att_arena_dup(ctx->arena, text);

    if (!copy)
        return att_fail_memory(err, "claims");
    *ret = att_span_of(copy, text.len);
    return true;
}

static bool hex_twice(struct att_ctx *ctx, struct att_claims *set, const char *name, const char *old,
                      struct att_span bytes, struct att_err *err)
{
    char *hex = att_arena_alloc(ctx->arena, bytes.len * 2 + 1, 1);

    if (!hex)
        return att_fail_memory(err, "claims");
    att_hex_text(hex, bytes);
    return att_claims_add_text(set, name, att_span_of(hex, bytes.len * 2), TOKEN, err) &&
           att_claims_add_text(set, old, att_span_of(hex, bytes.len * 2), POLICY_ONLY, err);
}

static bool common_claims(struct att_claims *set, struct att_err *err)
{
    struct att_span type = att_str(SGX_ATTESTATION_TYPE);

    return att_claims_add_text(set, "x-ms-ver", att_str("1.0"), TOKEN, err) &&
           att_claims_add_text(set, "x-ms-attestation-type", type, TOKEN, err) &&
           att_claims_add_text(set, "$tee", type, POLICY_ONLY, err);
}

static bool body_claims(struct att_ctx *ctx, const struct dcap_enclave *b, struct att_claims *set,
                        struct att_err *err)
{
    return att_claims_add_bool(set, "x-ms-sgx-is-debuggable", b->debug, TOKEN, err) &&
           att_claims_add_bool(set, "$is-debuggable", b->debug, POLICY_ONLY, err) &&
           att_claims_add_int(set, "x-ms-sgx-product-id", b->prod_id, TOKEN, err) &&
           att_claims_add_int(set, "$product-id", b->prod_id, POLICY_ONLY, err) &&
           att_claims_add_int(set, "x-ms-sgx-svn", b->svn, TOKEN, err) &&
           att_claims_add_int(set, "$svn", b->svn, POLICY_ONLY, err) &&
           hex_twice(ctx, set, "x-ms-sgx-mrenclave", "$sgx-mrenclave", b->mrenclave, err) &&
           hex_twice(ctx, set, "x-ms-sgx-mrsigner", "$sgx-mrsigner", b->mrsigner, err) &&
           att_claims_add_hex(set, "x-ms-sgx-report-data", b->report_data, TOKEN, err);
}

/* Key separation and sharing: the fields mean nothing without it. */
static bool kss_claims(const struct dcap_enclave *b, struct att_claims *set, struct att_err *err)
{
    if (!b->kss)
        return true;
    return att_claims_add_hex(set, "x-ms-sgx-config-id", b->config_id, TOKEN, err) &&
           att_claims_add_int(set, "x-ms-sgx-config-svn", b->config_svn, TOKEN, err) &&
           att_claims_add_hex(set, "x-ms-sgx-isv-extended-product-id", b->ext_prod_id, TOKEN, err) &&
           att_claims_add_hex(set, "x-ms-sgx-isv-family-id", b->family_id, TOKEN, err);
}

/* Binary runtime data is echoed under three names; JSON goes to x-ms-runtime and nowhere else. */
static bool held_data_claims(struct att_ctx *ctx, struct att_claims *set, struct att_err *err)
{
    static const struct {
        const char *name;
        unsigned flags;
    } names[] = { { "x-ms-sgx-ehd", TOKEN },
                  { "aas-ehd", TOKEN },
                  { "maa-ehd", TOKEN },
                  { "$aas-ehd", POLICY_ONLY },
                  { "$maa-ehd", POLICY_ONLY } };
    ATT_AUTO(att_buf_free) struct att_buf b = { 0 };
    struct att_span text;

    if (!ctx->runtime->present || ctx->runtime->json)
        return true;
    att_base64url_put(&b, ctx->runtime->bytes);
    if (b.failed)
        return att_fail_memory(err, "claims");
    if (!text_in_arena(ctx, att_buf_span(&b), &text, err))
        return false;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (!att_claims_add_text(set, names[i].name, text, names[i].flags, err))
            return false;
    return true;
}

static bool json_claims(const struct sgx_evidence *ev, struct att_claims *set, struct att_err *err)
{
    if (ev->runtime_json.len > 0 && !att_claims_add_json(set, "x-ms-runtime", ev->runtime_json, TOKEN, err))
        return false;
    return ev->init_time_json.len == 0 ||
           att_claims_add_json(set, "x-ms-inittime", ev->init_time_json, TOKEN, err);
}

/* Seven hashes; all but quotehash were made when the collateral was read. Members in sorted order. */
static bool collateral_json(struct att_ctx *ctx, const struct sgx_evidence *ev, struct att_span *ret,
                            struct att_err *err)
{
    const struct dcap_bundle *c = ev->verification.picked.bundle;
    ATT_AUTO(att_buf_free) struct att_buf b = { 0 };
    uint8_t quote_sha256[32];

    if (!att_digest(ctx->lib->crypto, ATT_SHA256, ev->quote.whole, quote_sha256))
        return att_fail(err, ATT_CRYPTO_FAILED, "claims", "a digest", "none");
    const struct {
        const char *name;
        const uint8_t *hash;
    } rows[] = {
        { "qeidcertshash", c->qe_doc.chain_sha256 },
        { "qeidcrlhash", c->root_crl.pem_sha256 },
        { "qeidhash", c->qe_doc.text_sha256 },
        { "quotehash", quote_sha256 },
        { "tcbinfocertshash", c->tcb_info_doc.chain_sha256 },
        { "tcbinfocrlhash", c->root_crl.pem_sha256 },
        { "tcbinfohash", c->tcb_info_doc.text_sha256 },
    };
    struct att_json_writer w = { .out = &b };
    att_jw_object(&w);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        att_jw_key(&w, rows[i].name);
        att_jw_hex(&w, att_span_of(rows[i].hash, 32));
    }
    att_jw_end_object(&w);
    if (b.failed)
        return att_fail_memory(err, "claims");
    return text_in_arena(ctx, att_buf_span(&b), ret, err);
}

static bool collateral_claims(struct att_ctx *ctx, const struct sgx_evidence *ev, struct att_claims *set,
                              struct att_err *err)
{
    struct att_span json;

    return collateral_json(ctx, ev, &json, err) &&
           att_claims_add_json(set, "x-ms-sgx-collateral", json, TOKEN, err) &&
           att_claims_add_json(set, "maa-attestationcollateral", json, TOKEN, err) &&
           att_claims_add_json(set, "$maa-attestationcollateral", json, POLICY_ONLY, err);
}

bool sgx_claims(struct att_ctx *ctx, const struct att_evidence *base, struct att_claims *set,
                struct att_err *err)
{
    const struct sgx_evidence *ev = (const struct sgx_evidence *)base; /* first member */

    return common_claims(set, err) && body_claims(ctx, &ev->body, set, err) &&
           kss_claims(&ev->body, set, err) && held_data_claims(ctx, set, err) && json_claims(ev, set, err) &&
           collateral_claims(ctx, ev, set, err);
}
