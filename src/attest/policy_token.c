/* A policy token, judged in this order: form, algorithm, key and signature, who signed, and only then what it says. An
 * Isolated provider looks into the payload of nobody it does not know. */
#include "attest/policy_parts.h"

#include <attest/signers.h>

#include "attest/signer_key.h"
#include "base/auto.h"
#include "base/base64.h"
#include "base/err.h"

#include <stdio.h>

enum { SHA1_BYTES = 20 };

ATT_AUTO_PTR(crypto_auto, struct att_crypto, att_crypto_free)

static const char where_payload[] = "policy.payload";

struct reading {
    struct att_policy_judge judge;
    enum att_policy_token_use use;
    struct att_jws jws;
    struct att_jwk signer; /* no key: unsigned */
    struct att_x5c x5c;
};

static void reading_end(struct reading *r)
{
    att_jwk_free(&r->signer);
    att_x5c_free(&r->x5c);
}

/* -- form ---------------------------------------------------------------------------------------------------- */

static bool malformed(struct att_err *err, const char *found, const char *message)
{
    if (err && err->code != ATT_OK)
        return false;
    att_fail(err, ATT_POLICY_TOKEN_INVALID, "policy", "a compact JWS: three segments with a dot between",
             "%s", found);
    return att_policy_bad_message(err, message);
}

/* "Unknown base64 character: 41 (')') ..." as the manual shows it, in the frame that it shows. */
static void base64_message(struct att_err *err)
{
    char message[sizeof err->text];

    (void)snprintf(message, sizeof message, "%s", err->text);
    att_err_text(err, "Bad message    Msg:[%.512s]", message);
}

/* Where is the segment that is no base64url? The JWS reader says that there is one, in words of its own. */
static bool bad_segment(const struct reading *r, struct att_span token, struct att_err *err)
{
    static const char *const wheres[] = { ATT_POLICY_HEADER, where_payload, "policy.token.signature" };

    for (size_t i = 0; i < 3; i++) {
        const uint8_t *dot = token.len > 0 ? memchr(token.ptr, '.', token.len) : NULL;
        size_t len = dot ? (size_t)(dot - token.ptr) : token.len;
        struct att_span ignored = { 0 };
        if (!att_base64_decode(r->judge.arena, ATT_BASE64_STRICT, att_span_of(token.ptr, len), wheres[i],
                               &ignored, err))
            return false;
        token = dot ? att_span_of(dot + 1, token.len - len - 1) : (struct att_span){ 0 };
    }
    return true;
}

static size_t dots_in(struct att_span token)
{
    size_t dots = 0;

    for (size_t i = 0; i < token.len; i++)
        dots += token.ptr[i] == '.';
    return dots;
}

static bool split(struct reading *r, struct att_span token, struct att_err *err)
{
    struct att_err inner = { 0 };

    if (token.len > r->judge.limits->token_bytes_max)
        return att_fail(err, ATT_LIMIT_EXCEEDED, "policy", "a token within the size limit", "%zu bytes",
                        token.len);
    if (token.len > 0 && token.ptr[0] == '{')
        return malformed(err, "a JSON object", "Malformed JWT: only the compact serialisation is taken");
    switch (dots_in(token)) {
    case 0:
        return malformed(err, "one segment", "Malformed JWT: Could not find first period in the token.");
    case 1:
        return malformed(err, "two segments", "Malformed JWT: Could not find second period in the token.");
    case 2:
        break;
    default:
        return malformed(err, "more than three segments",
                         "Malformed JWT: more than two periods in the token.");
    }
    if (att_jws_split(r->judge.arena, token, r->judge.limits, &r->jws, &inner))
        return true;
    if (inner.code == ATT_TOKEN_MALFORMED && !bad_segment(r, token, err))
        return false;
    if (err && err->code == ATT_OK)
        *err = inner;
    return att_fail_as(err, inner.code == ATT_TOKEN_CRITICAL ? ATT_TOKEN_CRITICAL : ATT_POLICY_TOKEN_INVALID,
                       "policy");
}

/* -- who ----------------------------------------------------------------------------------------------------- */

static bool unsigned_allowed(const struct reading *r, const char *where, const char *found,
                             struct att_err *err)
{
    if (!r->judge.options->isolated && r->use != ATT_POLICY_SIGNER)
        return true;
    return att_fail(err, ATT_POLICY_SIGNATURE_REQUIRED, where,
                    "a token that one of the provider's policy signers has signed", "%s", found);
}

static bool read_chain(struct reading *r, struct att_err *err)
{
    const struct att_json *m = &r->jws.members;

    if (att_json_get(m, ATT_JSON_ROOT, "x5c") == ATT_JSON_NONE)
        return true;
    return att_x5c_read(r->judge.crypto, r->judge.arena, r->judge.limits, m, ATT_JSON_ROOT, ATT_POLICY_HEADER,
                        &r->x5c, err);
}

static bool upper_hex_of(const struct att_policy_judge *judge, struct att_span der, char ret[41],
                         struct att_err *err)
{
    uint8_t digest[SHA1_BYTES];

    if (!att_digest(judge->crypto, ATT_SHA1, der, digest))
        return att_fail(err, ATT_CRYPTO_FAILED, "policy", "a digest", "a failure");
    for (size_t i = 0; i < sizeof digest; i++)
        (void)snprintf(ret + 2 * i, 3, "%02X", digest[i]);
    return true;
}

static bool keep_der(const struct att_policy_judge *judge, const struct att_cert *cert, struct att_span *ret,
                     char ret_thumbprint[41], struct att_err *err)
{
    struct att_span der = att_cert_der(cert);
    char *copy = att_arena_dup(judge->arena, der);

    if (!copy)
        return att_fail_memory(err, "policy");
    *ret = att_span_of(copy, der.len);
    return upper_hex_of(judge, der, ret_thumbprint, err);
}

static bool judge_signer(struct reading *r, struct att_policy_token *t, struct att_err *err)
{
    const struct att_policy_judge *j = &r->judge;
    unsigned rsa_bits_min = att_signer_rsa_bits(j->options->rsa_bits_min);

    if (r->jws.unsecured)
        return unsigned_allowed(r, ATT_POLICY_HEADER ".alg", "none", err);
    if (!att_policy_signed(j->crypto, j->arena, j->limits, &r->jws, rsa_bits_min, &r->signer, err))
        return err ? att_fail_as(err, err->code, "policy") : false;
    if (!read_chain(r, err) || !att_policy_trusts(j, r->signer.key, &r->x5c, err) ||
        !att_policy_signer_jwk(j->arena, &r->jws, &t->signer_jwk, err))
        return false;
    t->is_signed = true;
    return r->x5c.count == 0 || keep_der(j, r->x5c.certs[0], &t->signer_certificate, t->thumbprint, err);
}

/* -- what ---------------------------------------------------------------------------------------------------- */

static bool read_payload(const struct reading *r, struct att_json *ret, struct att_err *err)
{
    const struct att_json_options options = { .limits = r->judge.limits };

    if (!att_json_parse(r->judge.arena, r->jws.payload, &options, ret, err))
        return att_fail_as(err, ATT_POLICY_TOKEN_INVALID, where_payload);
    if (att_json_type(ret, ATT_JSON_ROOT) != ATT_JSON_OBJECT)
        return att_fail(err, ATT_POLICY_TOKEN_INVALID, where_payload, "a JSON object", "another JSON value");
    return true;
}

static bool says_when(const struct reading *r, const struct att_json *members, const char *where,
                      struct att_policy_token *t, struct att_err *err)
{
    return att_policy_counts(&r->judge, r->use, members, where, r->signer.key, t, err);
}

static bool set_of(const struct reading *r, struct att_policy_token *t, struct att_err *err)
{
    struct att_json payload;

    return att_policy_payload_text(r->judge.arena, r->judge.limits, r->jws.payload, &t->text, err) &&
           read_payload(r, &payload, err) && says_when(r, &payload, where_payload, t, err);
}

static bool reset_of(const struct reading *r, struct att_policy_token *t, struct att_err *err)
{
    if (r->jws.payload.len > 0)
        return att_fail(err, ATT_POLICY_TOKEN_INVALID, where_payload, "nothing, as a reset has it",
                        "%zu bytes", r->jws.payload.len);
    return says_when(r, &r->jws.members, ATT_POLICY_HEADER, t, err);
}

/* Under which of its names is the certificate? Twice could be two certificates. */
static bool find_certificate(const struct att_json *payload, att_json_id *ret, char where[48],
                             struct att_err *err)
{
    static const char *const names[] = { "policyCertificate", "maa-policyCertificate",
                                         "aas-policyCertificate", "x-ms-policyCertificate" };
    att_json_id found = ATT_JSON_NONE;

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        att_json_id id = att_json_get(payload, ATT_JSON_ROOT, names[i]);
        if (id == ATT_JSON_NONE)
            continue;
        if (found != ATT_JSON_NONE)
            return att_fail(err, ATT_POLICY_TOKEN_INVALID, where_payload, "one policy signer certificate",
                            "two names of one");
        found = id;
        (void)snprintf(where, 48, "%s.%s", where_payload, names[i]);
    }
    if (found == ATT_JSON_NONE) {
        if (err && err->code != ATT_OK)
            return false;
        att_fail(err, ATT_POLICY_SIGNER_MISSING, where_payload,
                 "policyCertificate (or maa-, aas-, x-ms-policyCertificate)", "none of these members");
        return att_policy_bad_message(err, "Could not find \"maa-policyCertificate\" claim in policy token");
    }
    *ret = found;
    return true;
}

/* A signer that is listed may be named as it stands, whatever is demanded of new ones today: else it could not be removed. */
static bool fit_to_sign(const struct reading *r, const struct att_signer_rules *rules,
                        const struct att_signer_key *key, struct att_err *err)
{
    bool listed = false;

    if (!att_policy_lists(&r->judge, key->x5c.certs[0], &listed, err))
        return false;
    return listed || att_signer_key_check(rules, key, err);
}

static bool signer_of(const struct reading *r, struct att_policy_token *t, struct att_err *err)
{
    ATT_AUTO(att_signer_key_free) struct att_signer_key key = { .x5c = { .count = 0 } };
    const struct att_policy_judge *j = &r->judge;
    const struct att_signer_rules rules = { .crypto = j->crypto,
                                            .arena = j->arena,
                                            .limits = j->limits,
                                            .rsa_bits_min = att_signer_rsa_bits(j->options->rsa_bits_min) };
    att_json_id id = ATT_JSON_NONE;
    struct att_json payload;
    char where[48];

    if (!read_payload(r, &payload, err) || !find_certificate(&payload, &id, where, err))
        return false;
    if (att_json_type(&payload, id) != ATT_JSON_OBJECT)
        return att_fail(err, ATT_POLICY_TOKEN_INVALID, where, "a JSON Web Key", "another JSON value");
    if (att_json_get(&payload, id, "x5c") == ATT_JSON_NONE)
        return att_fail(err, ATT_POLICY_SIGNER_MISSING, where, "a certificate in x5c", "a key without one");
    return att_signer_key_read(&rules, &payload, id, where, &key, err) && fit_to_sign(r, &rules, &key, err) &&
           says_when(r, &payload, where_payload, t, err) &&
           att_signer_key_write(&key, j->arena, &t->key_json, err) &&
           keep_der(j, key.x5c.certs[0], &t->certificate, t->thumbprint, err);
}

static bool says(const struct reading *r, struct att_policy_token *t, struct att_err *err)
{
    switch (r->use) {
    case ATT_POLICY_SET:
        return set_of(r, t, err);
    case ATT_POLICY_RESET:
        return reset_of(r, t, err);
    case ATT_POLICY_SIGNER:
        return signer_of(r, t, err);
    }
    return att_fail(err, ATT_INTERNAL, "policy.use", "set, reset or signer", "%d", (int)r->use);
}

/* -- the whole ----------------------------------------------------------------------------------------------- */

/* What is no token but means one: the text of a policy, and the empty body that some clients reset with. */
static bool stands_for_token(const struct reading *r, struct att_span body, struct att_span bare)
{
    if (r->use == ATT_POLICY_SET)
        return body.len > 0 && !att_policy_is_token(bare);
    return r->use == ATT_POLICY_RESET && bare.len == 0;
}

static bool make_token(const struct reading *r, struct att_span text, struct att_policy_token *t,
                       struct att_err *err)
{
    if (!unsigned_allowed(r, "policy", text.len > 0 ? "a text without a signature" : "an empty body", err))
        return false;
    /* Wrapped, it would be read as a text in JSON quotes: as another one. No policy begins like that. */
    if (text.len > 0 && text.ptr[0] == '"')
        return att_fail(err, ATT_POLICY_TOKEN_INVALID, "policy", "a token, or the text of a policy",
                        "a text that begins with a quotation mark");
    if (!att_policy_token_wrap(r->judge.arena, text, &t->token, err))
        return false;
    t->text = text;
    return true;
}

static bool read_token(struct reading *r, struct att_span bare, struct att_policy_token *t,
                       struct att_err *err)
{
    if (!split(r, bare, err) || !judge_signer(r, t, err) || !says(r, t, err)) {
        if (err && err->code == ATT_BASE64_INVALID)
            base64_message(err);
        return false;
    }
    t->token = bare;
    return true;
}

bool att_policy_token_read(struct att_arena *arena, enum att_policy_token_use use, struct att_span body,
                           const struct att_policy_token_options *options, struct att_policy_token *ret,
                           struct att_err *err)
{
    ATT_AUTO(crypto_auto) struct att_crypto *c = NULL;
    ATT_AUTO(reading_end) struct reading r = { .use = use };
    struct att_span bare = att_policy_bare(body);
    struct att_policy_token token = { .is_signed = false };

    if (!options || options->size != sizeof *options)
        return att_fail(err, ATT_INTERNAL, "options.size", "sizeof(struct att_policy_token_options)",
                        "another size");
    c = att_crypto_new();
    if (!c)
        return att_fail(err, ATT_CRYPTO_FAILED, "policy", "a working crypto library", "none");
    r.judge = (struct att_policy_judge){ .crypto = c,
                                         .arena = arena,
                                         .limits = options->limits ? options->limits : &att_limits_default,
                                         .options = options };
    if (!(stands_for_token(&r, body, bare) ? make_token(&r, use == ATT_POLICY_SET ? body : bare, &token, err)
                                           : read_token(&r, bare, &token, err)))
        return false;
    *ret = token;
    return true;
}
