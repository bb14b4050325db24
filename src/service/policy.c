/* Policies of a provider: reading, setting, and the certificates of those who may sign them. */
#include <attest/token.h>

#include "base/auto.h"
#include "base/base64.h"
#include "base/buf.h"
#include "base/err.h"
#include "codec/json.h"
#include "service/policy_token.h"
#include "service/result.h"

#include <openssl/sha.h>
#include <stdio.h>

/* Token and text stand in one row of the store, which takes 1 MiB. */
enum { POLICY_BODY_BYTES_MAX = 512 * 1024, HASH_SIZE = 44 };

bool service_policy_key(struct att_arena *arena, const char *provider_key, const char *type_key,
                        const char **ret, struct att_err *err)
{
    size_t size = strlen(provider_key) + sizeof "/policies/" + strlen(type_key);
    char *key = att_arena_alloc(arena, size, 1);

    if (!key)
        return att_fail_memory(err, "policy");
    (void)snprintf(key, size, "%s/policies/%s", provider_key, type_key);
    *ret = key;
    return true;
}

static const struct service_type_row *row_of(const char *type, struct att_err *err)
{
    for (const struct service_type_row *t = service_types; t->name; t++) {
        if (strcmp(t->name, type) == 0)
            return t;
    }
    (void)att_fail(err, ATT_EVIDENCE_TYPE_UNKNOWN, "attestationType", "a type this service knows", "another");
    return NULL;
}

/* -- reading ---------------------------------------------------------------------------------------------- */

/* Types without a default have an empty policy: clients read x-ms-policy without looking whether it is there. */
static bool default_token(const struct service_type_row *type, struct att_arena *arena, struct att_span *ret,
                          struct att_err *err)
{
    struct att_span text = type->evidence ? att_policy_default(type->evidence) : (struct att_span){ 0 };

    return policy_token_wrap(arena, text, ret, err);
}

bool service_policy_get(struct service *s, const struct site_provider *p, struct att_arena *arena,
                        const char *type, struct att_span *ret_token, struct att_err *err)
{
    const struct service_type_row *row = row_of(type, err);
    struct att_span token = { 0 };
    const char *key = NULL;

    if (!row || !service_policy_key(arena, p->o.key, row->key, &key, err))
        return false;
    const struct site_policy *set = site_get(s->options.site, SITE_POLICY, key);
    bool ok = set || default_token(row, arena, &token, err);
    if (set)
        token = set->token;
    const struct result_member members[] = { { "x-ms-policy", token, false } };
    ok = ok && result_token(s, p, arena, members, 1, ret_token, err);
    site_unref(set);
    return ok;
}

/* -- setting ---------------------------------------------------------------------------------------------- */

/* A policy that may be stored. */
struct accepted {
    struct att_span token;
    struct att_span text;
    struct policy_signer signer;
};

static bool signed_for(const struct service *s, const struct site_provider *p, struct att_arena *arena,
                       const struct policy_signer *signer, struct att_err *err)
{
    bool listed = false;

    if (!p->isolated)
        return true;
    if (!signer->is_signed)
        return att_fail(err, ATT_POLICY_SIGNATURE_REQUIRED, "policy.header.alg",
                        "a signature by one of the provider's policy signers", "none");
    if (!policy_signer_is_listed(arena, signer->certificate, p->signers, service_limits(s), &listed, err))
        return false;
    return listed || att_fail(err, ATT_POLICY_SIGNATURE_REQUIRED, "policy.header.x5c[0]",
                              "the certificate of one of the provider's policy signers", "another");
}

/* Who signed comes before what it says: an Isolated provider does not compile for strangers. */
static bool accept(const struct service *s, const struct site_provider *p, struct att_arena *arena,
                   struct att_span body, struct accepted *ret, struct att_err *err)
{
    const struct att_limits *limits = service_limits(s);
    struct att_policy *compiled = NULL;
    struct accepted a = { 0 };

    if (body.len > POLICY_BODY_BYTES_MAX)
        return att_fail(err, ATT_LIMIT_EXCEEDED, "policy", "at most 524288 bytes", "%zu bytes", body.len);
    if (!att_policy_from_client(arena, body, limits, &a.text, err))
        return false;
    /* Text that is no token comes back as it is; no token holds a text of its own length. */
    if (!att_span_eq(a.text, body))
        a.token = policy_token_bare(body);
    else if (!policy_token_wrap(arena, body, &a.token, err))
        return false;
    if (!policy_token_signer(arena, a.token, limits, &a.signer, err) ||
        !signed_for(s, p, arena, &a.signer, err) || !att_policy_compile(a.text, limits, &compiled, NULL, err))
        return false;
    att_policy_free(compiled);
    *ret = a;
    return true;
}

static bool put(struct site_change *change, const struct site_provider *p, struct att_arena *arena,
                const struct service_type_row *type, const struct accepted *a, const char *changed_by,
                struct att_err *err)
{
    struct site_policy fresh = { .o = { .kind = SITE_POLICY, .tenant = p->o.tenant },
                                 .type = type->name,
                                 .token = a->token,
                                 .text = a->text };

    if (!service_policy_key(arena, p->o.key, type->key, &fresh.o.key, err))
        return false;
    const struct site_policy *old = site_change_get(change, SITE_POLICY, fresh.o.key);
    return site_put(change, &fresh, old ? old->o.version : 0, changed_by, err);
}

/* BASE64URL(SHA256(the token as it is stored)): a client that keeps what it sent can compare. */
static bool token_hash(struct att_span token, struct att_arena *arena, struct att_span *ret,
                       struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf text = { 0 };
    uint8_t digest[SHA256_DIGEST_LENGTH];

    if (!SHA256(token.ptr, token.len, digest))
        return att_fail(err, ATT_CRYPTO_FAILED, "policy", "a digest", "none");
    att_base64url_put(&text, att_span_of(digest, sizeof digest));
    char *copy = text.failed ? NULL : att_arena_dup(arena, att_buf_span(&text));
    if (!copy)
        return att_fail_memory(err, "policy");
    *ret = att_span_of(copy, text.len);
    return true;
}

bool service_policy_set(struct service *s, struct site_change *change, const struct site_provider *p,
                        struct att_arena *arena, const char *type, struct att_span body,
                        const char *changed_by, struct att_span *ret_token, struct att_err *err)
{
    const struct service_type_row *row = row_of(type, err);
    /* The provider as the change sees it: the caller's reference may be older than a PUT that made it Isolated. */
    const struct site_provider *now = site_change_get(change, SITE_PROVIDER, p->o.key);
    struct att_span hash = { 0 };
    struct accepted a = { 0 };

    if (!row)
        return false;
    if (!now)
        return att_fail(err, ATT_RESOURCE_NOT_FOUND, "provider", "a provider that is there",
                        "one that was deleted");
    if (!accept(s, now, arena, body, &a, err) || !token_hash(a.token, arena, &hash, err) ||
        !put(change, now, arena, row, &a, changed_by, err))
        return false;
    const struct result_member members[] = {
        { "x-ms-policy-result", att_str("Updated"), false },
        { "x-ms-policy-signer", a.signer.jwk, true },
        { "x-ms-policy-token-hash", hash, false },
    };
    const struct result_member unsigned_members[] = { members[0], members[2] };
    return a.signer.is_signed ? result_token(s, p, arena, members, 3, ret_token, err)
                              : result_token(s, p, arena, unsigned_members, 2, ret_token, err);
}

/* -- signers ---------------------------------------------------------------------------------------------- */

static bool put_text(struct att_json_writer *w, struct att_arena *arena, const struct att_json *j,
                     att_json_id key, const char *name, const char *otherwise)
{
    att_json_id id = att_json_get(j, key, name);
    struct att_span text = att_str(otherwise);

    if (att_json_type(j, id) == ATT_JSON_STRING && !att_json_string(j, arena, id, &text))
        return false;
    att_jw_key(w, name);
    att_jw_string(w, text);
    return true;
}

/* Of each key what the protocol shows, and nothing else that somebody may have put into it. */
static bool put_signer(struct att_json_writer *w, struct att_arena *arena, const struct att_json *j,
                       att_json_id key)
{
    att_json_id x5c = att_json_get(j, key, "x5c");

    att_jw_object(w);
    if (!put_text(w, arena, j, key, "alg", "RS256") || !put_text(w, arena, j, key, "kty", "RSA"))
        return false;
    att_jw_key(w, "use");
    att_jw_str(w, "sig");
    att_jw_key(w, "x5c");
    att_jw_array(w);
    for (att_json_id at = att_json_first(j, x5c); at != ATT_JSON_NONE; at = att_json_next(j, at)) {
        if (att_json_type(j, at) == ATT_JSON_STRING)
            att_jw_raw(w, att_json_source(j, at));
    }
    att_jw_end_array(w);
    att_jw_end_object(w);
    return true;
}

static bool put_signers(struct att_buf *out, struct att_arena *arena, struct att_span signers,
                        const struct att_limits *limits, struct att_err *err)
{
    const struct att_json_options options = { .limits = limits };
    struct att_json_writer w = { .out = out };
    struct att_json j = { 0 };

    if (signers.len > 0 && !att_json_parse(arena, signers, &options, &j, err))
        return att_fail_as(err, ATT_STORE_FAILED, "provider.signers");
    att_jw_object(&w);
    att_jw_key(&w, "keys");
    att_jw_array(&w);
    att_json_id key = att_json_first(&j, att_json_get(&j, ATT_JSON_ROOT, "keys"));
    for (; key != ATT_JSON_NONE; key = att_json_next(&j, key)) {
        if (!put_signer(&w, arena, &j, key))
            return att_fail_memory(err, "provider.signers");
    }
    att_jw_end_array(&w);
    att_jw_end_object(&w);
    return !out->failed || att_fail_memory(err, "provider.signers");
}

bool service_signers_get(struct service *s, const struct site_provider *p, struct att_arena *arena,
                         struct att_span *ret_token, struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf keys = { 0 };

    if (!put_signers(&keys, arena, p->signers, service_limits(s), err))
        return false;
    const struct result_member members[] = { { "x-ms-policy-certificates", att_buf_span(&keys), true } };
    return result_token(s, p, arena, members, 1, ret_token, err);
}
