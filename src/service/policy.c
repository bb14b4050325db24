/* Policies of a provider: reading, setting, resetting, and what was set before. */
#include <attest/policy_token.h>

#include "base/auto.h"
#include "base/base64.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/timetext.h"
#include "codec/json.h"
#include "service/policy_internal.h"
#include "service/result.h"

#include <openssl/sha.h>
#include <stdio.h>

/* Token and text stand in one row of the store, which takes 1 MiB. */
enum { POLICY_BODY_BYTES_MAX = 512 * 1024 };

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

const struct service_type_row *policy_type_row(const char *type, struct att_err *err)
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
    struct att_span text = att_policy_default(type->policy);

    return att_policy_token_wrap(arena, text, ret, err);
}

bool service_policy_get(struct service *s, const struct site_provider *p, struct att_arena *arena,
                        const char *type, struct att_span *ret_token, struct att_err *err)
{
    const struct service_type_row *row = policy_type_row(type, err);
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

/* -- what a client has sent ------------------------------------------------------------------------------- */

bool policy_token_judge(const struct service *s, struct site_change *change, const struct site_provider *p,
                        struct att_arena *arena, enum att_policy_token_use use, struct att_span body,
                        struct att_policy_token *ret, struct att_err *err)
{
    char uri[SERVICE_URI_SIZE];
    bool fresh = true;

    if (body.len > POLICY_BODY_BYTES_MAX)
        return att_fail(err, ATT_LIMIT_EXCEEDED, "policy", "at most 524288 bytes", "%zu bytes", body.len);
    if (!service_uri_of(s, p->name, p->location, uri, err))
        return false;
    const struct att_policy_token_options options = {
        .size = sizeof options,
        .limits = service_limits(s),
        .isolated = p->isolated,
        .signers = p->signers,
        .rsa_bits_min = s->options.signer_rsa_bits_min,
        .now_unix_s = service_now_unix_s(s),
        .provider_uri = uri,
        .fresh_only = s->options.policy_tokens_fresh_only,
    };
    if (!att_policy_token_read(arena, use, body, &options, ret, err))
        return false;
    if (ret->counts_once && !site_token_use(change, p, ret->once_sha256, &fresh, err))
        return false;
    return fresh || att_fail(err, ATT_POLICY_TOKEN_USED, "policy.jti",
                             "a token that was not used here before", "one that was");
}

/* The provider as the change sees it: the caller's reference may be older than a PUT that made it Isolated. */
const struct site_provider *policy_provider_now(struct site_change *change, const struct site_provider *p,
                                                struct att_err *err)
{
    const struct site_provider *now = site_change_get(change, SITE_PROVIDER, p->o.key);

    if (!now)
        (void)att_fail(err, ATT_RESOURCE_NOT_FOUND, "provider", "a provider that is there",
                       "one that was deleted");
    return now;
}

static bool remember(struct site_change *change, const struct site_provider *p,
                     const struct service_type_row *type, const struct att_policy_token *token, bool removed,
                     const struct service_sent *sent, struct att_err *err)
{
    const struct site_policy_event event = {
        .by = sent->by,
        .removed = removed,
        .token = token->token,
        .signer = token->is_signed ? token->thumbprint : "",
        .request_id = sent->request_id ? sent->request_id : "",
    };

    return site_history_put(change, p, type->key, &event, err);
}

/* -- setting ---------------------------------------------------------------------------------------------- */

static bool put(struct site_change *change, const struct site_provider *p, struct att_arena *arena,
                const struct service_type_row *type, const struct att_policy_token *token,
                const struct service_sent *sent, struct att_err *err)
{
    struct site_policy fresh = { .o = { .kind = SITE_POLICY, .tenant = p->o.tenant },
                                 .type = type->name,
                                 .token = token->token,
                                 .text = token->text,
                                 .signer = token->signer_jwk };

    if (!service_policy_key(arena, p->o.key, type->key, &fresh.o.key, err))
        return false;
    const struct site_policy *old = site_change_get(change, SITE_POLICY, fresh.o.key);
    return site_put(change, &fresh, old ? old->o.version : 0, sent->by, err) &&
           remember(change, p, type, token, false, sent, err);
}

static bool compiles(const struct service *s, struct att_span text, struct att_err *err)
{
    struct att_policy *compiled = NULL;

    if (!att_policy_compile(text, service_limits(s), &compiled, NULL, err))
        return false;
    att_policy_free(compiled);
    return true;
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
                        struct att_arena *arena, const char *type, const struct service_sent *sent,
                        struct att_span *ret_token, struct att_err *err)
{
    const struct service_type_row *row = policy_type_row(type, err);
    const struct site_provider *now = row ? policy_provider_now(change, p, err) : NULL;
    struct att_policy_token token = { 0 };
    struct att_span hash = { 0 };

    /* Who signed comes before what it says: an Isolated provider does not compile for strangers. */
    if (!now || !policy_token_judge(s, change, now, arena, ATT_POLICY_SET, sent->body, &token, err) ||
        !compiles(s, token.text, err) || !token_hash(token.token, arena, &hash, err) ||
        !put(change, now, arena, row, &token, sent, err))
        return false;
    const struct result_member members[] = {
        { "x-ms-policy-result", att_str("Updated"), false },
        { "x-ms-policy-signer", token.signer_jwk, true },
        { "x-ms-policy-token-hash", hash, false },
    };
    const struct result_member unsigned_members[] = { members[0], members[2] };
    return token.is_signed ? result_token(s, p, arena, members, 3, ret_token, err)
                           : result_token(s, p, arena, unsigned_members, 2, ret_token, err);
}

/* -- resetting -------------------------------------------------------------------------------------------- */

bool service_policy_reset(struct service *s, struct site_change *change, const struct site_provider *p,
                          struct att_arena *arena, const char *type, const struct service_sent *sent,
                          struct att_span *ret_token, struct att_err *err)
{
    const struct result_member members[] = { { "x-ms-policy-result", att_str("Removed"), false } };
    const struct service_type_row *row = policy_type_row(type, err);
    const struct site_provider *now = row ? policy_provider_now(change, p, err) : NULL;
    struct att_policy_token token = { 0 };
    const char *key = NULL;

    if (!now || !policy_token_judge(s, change, now, arena, ATT_POLICY_RESET, sent->body, &token, err) ||
        !service_policy_key(arena, now->o.key, row->key, &key, err))
        return false;
    const struct site_policy *old = site_change_get(change, SITE_POLICY, key);
    if (old && (!site_delete(change, SITE_POLICY, key, old->o.version, err) ||
                !remember(change, now, row, &token, true, sent, err)))
        return false;
    return result_token(s, p, arena, members, 1, ret_token, err);
}
