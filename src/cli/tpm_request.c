#include "cli/tpm_request.h"

#include "base/auto.h"
#include "base/base64.h"
#include "base/err.h"
#include "cli/tpm_key.h"

#include <openssl/evp.h>

enum { SHA256_BYTES = 32, CUSTOM_MAX = 16 };

struct request {
    const struct tpm_state *state;
    const struct tpm_challenge *challenge;
    struct tpm_shot shot;
    struct tpm_key key;
    struct tss_public aik;
    struct tss_attested certificate; /* likewise */
};

static void request_free(struct request *r)
{
    tpm_key_free(&r->key);
}

bool tpm_request_options(struct cli *c, struct att_err *err)
{
    const char *rp_data = cli_value(c, "rp-data"), *text = NULL;
    struct tpm_shot shot;
    struct att_span bytes;
    struct att_shown shown;
    size_t i = 0;

    if (rp_data && !att_base64_decode(c->arena, ATT_BASE64_LENIENT, att_str(rp_data), "rp-data", &bytes, err))
        return false;
    for (; (text = cli_value_at(c, "custom", i)) != NULL; i++) {
        const char *equals = strchr(text, '=');
        if (!equals || equals == text)
            return att_fail(err, ATT_USAGE, "custom", "NAME=VALUE", "'%s'", att_shown(&shown, att_str(text)));
    }
    if (i > CUSTOM_MAX)
        return att_fail(err, ATT_USAGE, "custom", "at most 16", "%zu", i);
    return tpm_shot_options(c, &shot, err);
}

/* -- binding -------------------------------------------------------------------------------------------------- */

/* A key in software is bound by the quote: SHA-256 of its JWK as sent, a zero byte, and the challenge. One in the TPM is
 * certified, and quote and certificate are over the challenge itself. */
static bool qualifying_of(const struct request *r, uint8_t room[SHA256_BYTES], struct att_span *ret,
                          struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf bound = { 0 };

    *ret = r->challenge->bytes;
    if (r->key.in_tpm)
        return true;
    att_buf_put(&bound, r->key.jwk);
    att_buf_putc(&bound, '\0');
    att_buf_put(&bound, r->challenge->bytes);
    if (bound.failed || EVP_Q_digest(NULL, "SHA2-256", NULL, bound.ptr, bound.len, room, NULL) != 1)
        return att_fail(err, ATT_CRYPTO_FAILED, "request", "a digest", "a failure of the crypto library");
    *ret = att_span_of(room, SHA256_BYTES);
    return true;
}

static bool take(struct cli *c, struct tss *tpm, struct request *r, struct att_err *err)
{
    uint8_t room[SHA256_BYTES];
    struct att_span qualifying = { 0 };
    tss_loaded aik = 0;

    return tpm_shot_options(c, &r->shot, err) &&
           tpm->ops->public_read(r->state->aik.public_area, c->arena, &r->aik, err) &&
           tpm->ops->load(tpm, &r->state->aik, &aik, err) &&
           tpm_key_make(c, cli_value(c, "key"), tpm, &r->key, err) &&
           qualifying_of(r, room, &qualifying, err) &&
           (!r->key.in_tpm ||
            tpm->ops->certify(tpm, aik, r->key.loaded, qualifying, c->arena, &r->certificate, err)) &&
           tpm_shot_take(c, tpm, aik, qualifying, &r->shot, err);
}

/* -- the payload ---------------------------------------------------------------------------------------------- */

static void put_bytes(struct att_json_writer *w, const char *name, struct att_span bytes)
{
    att_jw_key(w, name);
    tpm_put_base64url(w, bytes);
}

static void put_text(struct att_json_writer *w, const char *name, struct att_span text)
{
    att_jw_key(w, name);
    att_jw_string(w, text);
}

static void put_log(struct att_json_writer *w, const char *type, struct att_span log)
{
    if (log.len == 0)
        return;
    att_jw_object(w);
    put_text(w, "type", att_str(type));
    put_bytes(w, "log", log);
    att_jw_end_object(w);
}

static void put_attestation(struct att_json_writer *w, const struct request *r)
{
    att_jw_object(w);
    att_jw_key(w, "logs");
    att_jw_array(w);
    put_log(w, "TCG", r->shot.event_log);
    put_log(w, "IMA", r->shot.ima_log);
    att_jw_end_array(w);
    if (r->state->has_certificate)
        put_bytes(w, "aik_cert", r->state->certificate);
    att_jw_key(w, "aik_pub");
    tpm_key_put_jwk(w, &r->aik);
    att_jw_key(w, "pcrs");
    tpm_shot_put_pcrs(&r->shot, w);
    put_bytes(w, "quote", r->shot.quote.attest);
    put_bytes(w, "signature", r->shot.quote.signature);
    att_jw_end_object(w);
}

static void put_key(struct att_json_writer *w, const struct request *r)
{
    att_jw_object(w);
    att_jw_key(w, "jwk");
    att_jw_raw(w, r->key.jwk);
    att_jw_key(w, "info");
    att_jw_object(w);
    att_jw_key(w, r->key.in_tpm ? "tpm_certify" : "tpm_quote");
    att_jw_object(w);
    if (r->key.in_tpm) {
        put_bytes(w, "public", r->key.numbers.area);
        put_bytes(w, "certification", r->certificate.attest);
        put_bytes(w, "signature", r->certificate.signature);
    } else {
        put_text(w, "hash_alg", att_str("sha-256"));
    }
    att_jw_end_object(w);
    att_jw_end_object(w);
    att_jw_end_object(w);
}

static void put_custom(const struct cli *c, struct att_json_writer *w)
{
    const char *text = NULL;

    if (!cli_has(c, "custom"))
        return;
    att_jw_key(w, "custom_claims");
    att_jw_array(w);
    for (size_t i = 0; (text = cli_value_at(c, "custom", i)) != NULL; i++) {
        const char *equals = strchr(text, '=');
        att_jw_object(w);
        put_text(w, "name", att_span_of(text, (size_t)(equals - text)));
        put_text(w, "value", att_str(equals + 1));
        put_text(w, "value_type", att_str("string"));
        att_jw_end_object(w);
    }
    att_jw_end_array(w);
}

static void put_payload(const struct cli *c, const struct request *r, struct att_json_writer *w)
{
    static const char *const given[][2] = { { "rp_id", "rp-id" }, { "rp_data", "rp-data" } };

    att_jw_object(w);
    put_text(w, "att_type", att_str("basic"));
    att_jw_key(w, "att_data");
    att_jw_object(w);
    for (size_t i = 0; i < 2; i++)
        if (cli_has(c, given[i][1]))
            put_text(w, given[i][0], att_str(cli_value(c, given[i][1])));
    put_text(w, "challenge", r->challenge->text);
    att_jw_key(w, "tpm_att_data");
    att_jw_object(w);
    att_jw_key(w, "current_attestation");
    put_attestation(w, r);
    att_jw_end_object(w);
    att_jw_key(w, "request_key");
    put_key(w, r);
    put_custom(c, w);
    put_text(w, "service_context", r->challenge->service_context);
    att_jw_end_object(w);
    att_jw_end_object(w);
}

/* -- the JWS -------------------------------------------------------------------------------------------------- */

static bool sign(struct cli *c, struct tss *tpm, const struct request *r, struct att_buf *jws,
                 struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf payload = { 0 };
    ATT_AUTO(att_buf_free) struct att_buf header = { 0 };
    struct att_json_writer w = { .out = &payload };
    struct att_span signature;

    att_buf_printf(&header, "{\"alg\":\"%s\",\"typ\":\"attReqV2\"}", r->key.alg);
    put_payload(c, r, &w);
    att_base64url_put(jws, att_buf_span(&header));
    att_buf_putc(jws, '.');
    att_base64url_put(jws, att_buf_span(&payload));
    if (payload.failed || header.failed || jws->failed)
        return att_fail(err, ATT_LIMIT_EXCEEDED, "request", "at most 64 MiB", "more");
    if (!tpm_key_sign(c, &r->key, tpm, att_buf_span(jws), &signature, err))
        return false;
    att_buf_putc(jws, '.');
    att_base64url_put(jws, signature);
    return !jws->failed || att_fail_memory(err, "request");
}

bool tpm_request_make(struct cli *c, struct tss *tpm, const struct tpm_state *state,
                      const struct tpm_challenge *challenge, struct att_span *ret, struct att_err *err)
{
    ATT_AUTO(request_free) struct request r = { .state = state, .challenge = challenge };
    ATT_AUTO(att_buf_free) struct att_buf jws = { 0 };

    if (!take(c, tpm, &r, err) || !sign(c, tpm, &r, &jws, err))
        return false;
    char *copy = att_arena_dup(c->arena, att_buf_span(&jws));
    *ret = att_span_of(copy, jws.len);
    return copy || att_fail_memory(err, "request");
}
