/* Policy tokens made here: unsecured ones around a text, and what a signer is to sign. */
#include "attest/policy_parts.h"

#include "base/auto.h"
#include "base/base64.h"
#include "base/buf.h"
#include "base/err.h"

ATT_AUTO_PTR(crypto_auto, struct att_crypto, att_crypto_free)

/* base64url of {"alg":"none"}: as clients of this protocol write and compare it. */
static const char unsecured_header[] = "eyJhbGciOiJub25lIn0";

static bool keep(struct att_arena *arena, const struct att_buf *text, struct att_span *ret,
                 struct att_err *err)
{
    char *copy = text->failed ? NULL : att_arena_dup(arena, att_buf_span(text));

    if (!copy)
        return att_fail_memory(err, "policy");
    *ret = att_span_of(copy, text->len);
    return true;
}

bool att_policy_token_wrap(struct att_arena *arena, struct att_span text, struct att_span *ret,
                           struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf payload = { 0 };
    ATT_AUTO(att_buf_free) struct att_buf token = { 0 };

    if (text.len > 0) {
        att_buf_puts(&payload, "{\"AttestationPolicy\":\"");
        att_base64url_put(&payload, text);
        att_buf_puts(&payload, "\"}");
    }
    att_buf_puts(&token, unsecured_header);
    att_buf_putc(&token, '.');
    att_base64url_put(&token, att_buf_span(&payload));
    att_buf_putc(&token, '.');
    token.failed = token.failed || payload.failed;
    return keep(arena, &token, ret, err);
}

/* -- to be signed ---------------------------------------------------------------------------------------------- */

static void put_x5c(struct att_json_writer *w, const struct att_span *chain, size_t count)
{
    att_jw_key(w, "x5c");
    att_jw_array(w);
    for (size_t i = 0; i < count; i++) {
        ATT_AUTO(att_buf_free) struct att_buf text = { 0 };
        att_base64_put(&text, chain[i]);
        att_jw_string(w, att_buf_span(&text));
        w->out->failed = w->out->failed || text.failed;
    }
    att_jw_end_array(w);
}

/* Members that come before, and behind, those of the use: JSON is written with its names in order. */
static void put_when(struct att_json_writer *w, const struct att_policy_token_in *in)
{
    if (in->audience.len > 0) {
        att_jw_key(w, "aud");
        att_jw_string(w, in->audience);
    }
    if (in->exp_unix_s != 0) {
        att_jw_key(w, "exp");
        att_jw_int(w, in->exp_unix_s);
    }
    if (in->iat_unix_s != 0) {
        att_jw_key(w, "iat");
        att_jw_int(w, in->iat_unix_s);
    }
    if (in->jti.len > 0) {
        att_jw_key(w, "jti");
        att_jw_string(w, in->jti);
    }
}

static void put_header(struct att_buf *out, const struct att_policy_token_in *in)
{
    struct att_json_writer w = { .out = out };

    att_jw_object(&w);
    att_jw_key(&w, "alg");
    att_jw_str(&w, in->alg);
    if (in->use == ATT_POLICY_RESET)
        put_when(&w, in);
    put_x5c(&w, in->chain, in->chain_count);
    att_jw_end_object(&w);
}

static void put_payload(struct att_buf *out, const struct att_policy_token_in *in, const char *new_signer_kty)
{
    ATT_AUTO(att_buf_free) struct att_buf value = { 0 };
    struct att_json_writer w = { .out = out };

    if (in->use == ATT_POLICY_RESET)
        return;
    att_jw_object(&w);
    if (in->use == ATT_POLICY_SET) {
        att_base64url_put(&value, in->text);
        att_jw_key(&w, "AttestationPolicy");
        att_jw_string(&w, att_buf_span(&value));
    }
    put_when(&w, in);
    if (in->use == ATT_POLICY_SIGNER) {
        att_jw_key(&w, "policyCertificate");
        att_jw_object(&w);
        att_jw_key(&w, "kty");
        att_jw_str(&w, new_signer_kty);
        put_x5c(&w, in->new_signer, in->new_signer_count);
        att_jw_end_object(&w);
    }
    att_jw_end_object(&w);
    out->failed = out->failed || value.failed;
}

static bool key_type_of(struct att_span der, const char *where, enum att_key_type *ret, struct att_err *err)
{
    ATT_AUTO(crypto_auto) struct att_crypto *c = att_crypto_new();
    struct att_cert *cert = NULL;

    if (!c)
        return att_fail(err, ATT_CRYPTO_FAILED, where, "a working crypto library", "none");
    if (!att_cert_from_der(c, der, NULL, &cert, err))
        return att_fail_as(err, ATT_CERT_MALFORMED, where);
    *ret = att_key_type(att_cert_key(cert));
    att_cert_free(cert);
    return true;
}

/* Signed with what nobody takes, or by a key that cannot: better said here than by the provider. */
static bool signer_fits(const struct att_policy_token_in *in, struct att_err *err)
{
    enum att_key_type type = ATT_KEY_RSA;
    enum att_sig_alg alg = ATT_RS256;
    struct att_shown shown;
    unsigned algs = 0;

    if (!att_alg_set(ATT_POLICY_ALGS, &algs, err))
        return false;
    if (!in->alg || !att_alg_of(att_str(in->alg), &alg) || !(algs & att_alg_bit(alg)))
        return att_fail(err, ATT_TOKEN_ALGORITHM, "token.header.alg", "one of " ATT_POLICY_ALGS, "'%s'",
                        att_shown(&shown, att_str(in->alg)));
    if (in->chain_count == 0 || in->chain_count > ATT_X5C_MAX)
        return att_fail(err, ATT_LIMIT_EXCEEDED, "token.header.x5c", "1 to 10 certificates", "%zu",
                        in->chain_count);
    if (!key_type_of(in->chain[0], "token.header.x5c[0]", &type, err))
        return false;
    return att_alg_fits(alg, type) ||
           att_fail(err, ATT_TOKEN_ALGORITHM, "token.header.alg",
                    "an algorithm for the key of the first certificate", "%s", in->alg);
}

static bool content_fits(const struct att_policy_token_in *in, const char **ret_kty, struct att_err *err)
{
    enum att_key_type type = ATT_KEY_RSA;

    if (in->use == ATT_POLICY_SET && in->text.len == 0)
        return att_fail(err, ATT_INTERNAL, "policy.text", "a policy", "an empty text");
    if (in->use != ATT_POLICY_SIGNER)
        return true;
    if (in->new_signer_count == 0 || in->new_signer_count > ATT_X5C_MAX)
        return att_fail(err, ATT_LIMIT_EXCEEDED, "policyCertificate.x5c", "1 to 10 certificates", "%zu",
                        in->new_signer_count);
    if (!key_type_of(in->new_signer[0], "policyCertificate.x5c[0]", &type, err))
        return false;
    *ret_kty = type == ATT_KEY_RSA ? "RSA" : "EC";
    return true;
}

bool att_policy_token_input(struct att_arena *arena, const struct att_policy_token_in *in,
                            struct att_span *ret, struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf header = { 0 };
    ATT_AUTO(att_buf_free) struct att_buf payload = { 0 };
    ATT_AUTO(att_buf_free) struct att_buf out = { 0 };
    const char *kty = "";

    if (in->size != sizeof *in)
        return att_fail(err, ATT_INTERNAL, "in.size", "sizeof(struct att_policy_token_in)", "another size");
    if (!signer_fits(in, err) || !content_fits(in, &kty, err))
        return false;
    put_header(&header, in);
    put_payload(&payload, in, kty);
    att_base64url_put(&out, att_buf_span(&header));
    att_buf_putc(&out, '.');
    att_base64url_put(&out, att_buf_span(&payload));
    out.failed = out.failed || header.failed || payload.failed;
    return keep(arena, &out, ret, err);
}
