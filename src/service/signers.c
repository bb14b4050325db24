/* The certificates of those who may sign a provider's policies: showing them, adding one, removing one. */
#include <attest/policy_token.h>
#include <attest/signers.h>

#include "base/auto.h"
#include "base/buf.h"
#include "base/err.h"
#include "codec/json.h"
#include "service/policy_internal.h"
#include "service/result.h"

/* -- showing ---------------------------------------------------------------------------------------------- */

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

/* -- changing --------------------------------------------------------------------------------------------- */

static bool change_set(struct site_change *change, const struct site_provider *p, struct att_arena *arena,
                       bool add, const struct att_policy_token *token, const struct service_sent *sent,
                       struct att_err *err)
{
    struct site_provider fresh = service_provider_copy(p);
    bool changed = false;

    bool ok = add ? att_signers_add(arena, p->signers, token->key_json, &fresh.signers, &changed, err)
                  : att_signers_remove(arena, p->signers, token->key_json, &fresh.signers, &changed, err);
    return ok && (!changed || site_put(change, &fresh, p->o.version, sent->by, err));
}

bool service_signers_change(struct service *s, struct site_change *change, const struct site_provider *p,
                            struct att_arena *arena, bool add, const struct service_sent *sent,
                            struct att_span *ret_token, struct att_err *err)
{
    const struct site_provider *now = policy_provider_now(change, p, err);
    struct att_policy_token token = { 0 };

    if (!now)
        return false;
    if (!now->isolated)
        return att_fail(err, ATT_POLICY_NOT_ISOLATED, "provider.trustModel", "Isolated", "AAD");
    if (!policy_token_judge(s, change, now, arena, ATT_POLICY_SIGNER, sent->body, &token, err) ||
        !change_set(change, now, arena, add, &token, sent, err))
        return false;
    const struct result_member members[] = {
        { "x-ms-certificate-thumbprint", att_str(token.thumbprint), false },
        { "x-ms-policycertificates-result", att_str(add ? "IsPresent" : "IsAbsent"), false },
    };
    return result_token(s, p, arena, members, 2, ret_token, err);
}
