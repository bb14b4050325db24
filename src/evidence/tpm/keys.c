/* What binds keys to the TPM: the quote, over the key's text, or a certification by the attestation key. */
#include "base/base64.h"
#include "base/err.h"
#include "evidence/tpm/tpm.h"

bool tpm_binding_expected(const struct att_ctx *ctx, const struct tpm_request *q,
                          uint8_t room[TPM_DIGEST_BYTES_MAX], struct att_span *ret, struct att_err *err)
{
    static const uint8_t zero[1] = { 0 };
    const struct tpm_key *k = &q->key;
    const struct att_span parts[] = { att_json_source(&q->outside.doc, k->jwk), att_span_of(zero, 1),
                                      q->outside.challenge };

    if (k->binding != TPM_BOUND_BY_QUOTE) {
        *ret = q->outside.challenge;
        return true;
    }
    if (!att_digest_parts(ctx->lib->crypto, k->quote_hash, parts, sizeof parts / sizeof parts[0], room))
        return att_fail(err, ATT_CRYPTO_FAILED, k->where, "a digest", "none");
    *ret = att_span_of(room, att_hash_size(k->quote_hash));
    return true;
}

static bool refuse(const struct tpm_key *k, const char *member, const char *expected, const char *found,
                   struct att_err *err)
{
    struct tpm_path path;

    return att_fail(err, ATT_KEY_CERTIFY_INVALID, tpm_path(&path, k->where, member), expected, "%s", found);
}

/* -- is the jwk the key of the public area? ---------------------------------------------------------------- */

/* A text of the jwk. Memory that runs out is told at once: the first failure is what counts. */
static bool member_text(const struct tpm_reading *r, att_json_id jwk, const char *name, struct att_span *ret)
{
    att_json_id id = att_json_get(r->doc, jwk, name);

    if (att_json_type(r->doc, id) != ATT_JSON_STRING)
        return false;
    return att_json_string(r->doc, r->arena, id, ret) || att_fail_memory(r->err, "jwk");
}

static bool member_is(const struct tpm_reading *r, att_json_id jwk, const char *name, const char *want)
{
    struct att_span text = { 0 };

    return member_text(r, jwk, name, &text) && att_span_is(text, want);
}

static struct att_span without_zeros(struct att_span s)
{
    while (s.len > 0 && s.ptr[0] == 0) {
        s.ptr++;
        s.len--;
    }
    return s;
}

/* The same number, big-endian. */
static bool member_number(const struct tpm_reading *r, att_json_id jwk, const char *name,
                          struct att_span want)
{
    struct att_span text = { 0 }, bytes = { 0 };
    struct att_err why = { 0 };

    if (!member_text(r, jwk, name, &text))
        return false;
    if (!att_base64_decode(r->arena, ATT_BASE64_STRICT, text, "jwk", &bytes, &why))
        return why.code == ATT_OUT_OF_MEMORY ? att_fail_memory(r->err, "jwk") : false;
    bytes = without_zeros(bytes);
    return bytes.len > 0 && att_span_eq(bytes, without_zeros(want));
}

static bool rsa_same(const struct tpm_reading *r, att_json_id jwk, const struct tpm_public *pub)
{
    const uint8_t e[4] = { (uint8_t)(pub->exponent >> 24), (uint8_t)(pub->exponent >> 16),
                           (uint8_t)(pub->exponent >> 8), (uint8_t)pub->exponent };

    return member_is(r, jwk, "kty", "RSA") && member_number(r, jwk, "n", pub->modulus) &&
           member_number(r, jwk, "e", att_span_of(e, sizeof e));
}

static bool ecc_same(const struct tpm_reading *r, att_json_id jwk, const struct tpm_public *pub)
{
    static const char *const curves[] = { [3] = "P-256", [4] = "P-384", [5] = "P-521" };

    if (pub->curve >= sizeof curves / sizeof curves[0] || !curves[pub->curve])
        return false;
    return member_is(r, jwk, "kty", "EC") && member_is(r, jwk, "crv", curves[pub->curve]) &&
           member_number(r, jwk, "x", pub->x) && member_number(r, jwk, "y", pub->y);
}

/* -- certification ------------------------------------------------------------------------------------------ */

static bool name_fits(const struct att_ctx *ctx, const struct tpm_key *k, struct att_span certified,
                      struct att_err *err)
{
    uint8_t name[TPM_NAME_BYTES_MAX];
    size_t len = 0;

    if (!tpm_public_name(ctx->lib->crypto, &k->pub, name, &len))
        return att_fail(err, ATT_CRYPTO_FAILED, k->where, "a digest", "none");
    return att_span_eq(certified, att_span_of(name, len)) ||
           refuse(k, "info.tpm_certify.certification.name", "the name of the public area", "another", err);
}

bool tpm_key_certified(const struct att_ctx *ctx, const struct tpm_request *q, const struct tpm_key *k,
                       const struct att_key *aik, struct att_err *err)
{
    const struct tpm_reading r = { ctx->arena, &q->outside.doc, err };
    struct tpm_path path;
    const struct tpm_signature_rules rules = {
        .where = tpm_path(&path, k->where, "info.tpm_certify.signature"),
        .malformed = ATT_KEY_CERTIFY_INVALID,
        .invalid = ATT_KEY_CERTIFY_INVALID,
        .sha1_allowed = ctx->in->sha1_allowed,
    };
    struct tpm_path where;
    struct tpm_attest attest = { 0 };

    if (k->binding != TPM_CERTIFIED)
        return true;
    (void)tpm_path(&where, k->where, "info.tpm_certify.certification");
    if (!tpm_attest_read(k->certification, TPM_CERTIFY, where.text, &attest, err) ||
        !tpm_signature_verify(ctx->lib->crypto, aik, k->signature, k->certification, &rules, NULL, err))
        return false;
    if (attest.extra_data.len == 0 || !att_span_eq(attest.extra_data, q->outside.challenge))
        return refuse(k, "info.tpm_certify.certification.extraData", "the challenge", "something else", err);
    if (!name_fits(ctx, k, attest.name, err))
        return false;
    return (k->pub.ecc ? ecc_same : rsa_same)(&r, k->jwk, &k->pub) ||
           refuse(k, "jwk", "the key of the certified public area", "another", err);
}
