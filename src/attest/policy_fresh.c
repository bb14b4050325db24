/* When and where a policy token counts (RFC 7519 4.1.3 to 4.1.7). A member that is there is held to; one that is missing
 * limits nothing, unless the provider demands it. Integers only: "exp":1.5e9 is a token that two readers read differently. */
#include "attest/policy_parts.h"

#include "base/err.h"
#include "base/timetext.h"

#include <stdio.h>

/* Above, a reader that keeps numbers as doubles sees another number (RFC 8259 6). */
#define SECONDS_MAX ((INT64_C(1) << 53) - 1)
enum { JTI_BYTES_MAX = 256, WHERE_BYTES = 64 };

struct reading {
    const struct att_policy_judge *judge;
    const struct att_json *members;
    const char *where;
};

static const char *where_of(const struct reading *r, const char *name, char room[WHERE_BYTES])
{
    (void)snprintf(room, WHERE_BYTES, "%s.%s", r->where, name);
    return room;
}

static bool missing(const struct reading *r, const char *name, enum att_code code, struct att_err *err)
{
    char where[WHERE_BYTES];

    return att_fail(err, code, where_of(r, name, where), "a member that says when and where the token counts",
                    "not there");
}

static bool demanded(const struct reading *r)
{
    return r->judge->options->isolated && r->judge->options->fresh_only;
}

/* 0 when it is not there. */
static bool seconds(const struct reading *r, const char *name, bool *ret_present, int64_t *ret,
                    struct att_err *err)
{
    att_json_id id = att_json_get(r->members, ATT_JSON_ROOT, name);
    char where[WHERE_BYTES];
    struct att_shown shown;
    int64_t value = 0;

    *ret_present = id != ATT_JSON_NONE;
    if (!*ret_present)
        return true;
    if (!att_json_i64(r->members, id, &value) || value < 0 || value > SECONDS_MAX)
        return att_fail(err, ATT_POLICY_TOKEN_INVALID, where_of(r, name, where),
                        "seconds since 1970, an integer from 0 to 2^53 - 1", "%s",
                        att_shown(&shown, att_json_source(r->members, id)));
    *ret = value;
    return true;
}

static bool stale(const struct reading *r, const char *name, const char *relation, int64_t value,
                  struct att_err *err)
{
    struct att_time_text then, now;
    char where[WHERE_BYTES], expected[96];

    (void)snprintf(expected, sizeof expected, "%s the time of judgement %s", relation,
                   att_time_text(&now, r->judge->options->now_unix_s));
    return att_fail(err, ATT_POLICY_TOKEN_STALE, where_of(r, name, where), expected, "%s (%lld)",
                    att_time_text(&then, value), (long long)value);
}

static bool times(const struct reading *r, int64_t *ret_expires, struct att_err *err)
{
    const int64_t now = r->judge->options->now_unix_s;
    bool has_exp = false, has_nbf = false, has_iat = false;
    int64_t exp = 0, nbf = 0, iat = 0;

    if (!seconds(r, "exp", &has_exp, &exp, err) || !seconds(r, "nbf", &has_nbf, &nbf, err) ||
        !seconds(r, "iat", &has_iat, &iat, err))
        return false;
    if (!has_exp && demanded(r))
        return missing(r, "exp", ATT_POLICY_TOKEN_STALE, err);
    /* "On or after" exp it is over (RFC 7519 4.1.4). */
    if (has_exp && now >= exp + ATT_POLICY_SKEW_S)
        return stale(r, "exp", "after", exp, err);
    if (has_nbf && nbf - ATT_POLICY_SKEW_S > now)
        return stale(r, "nbf", "not after", nbf, err);
    if (has_iat && iat - ATT_POLICY_SKEW_S > now)
        return stale(r, "iat", "not after", iat, err);
    *ret_expires = exp;
    return true;
}

/* *ret: is it this provider's address? */
static bool names_provider(const struct reading *r, att_json_id id, bool *ret, struct att_err *err)
{
    char where[WHERE_BYTES];
    struct att_span text = { 0 };

    if (att_json_type(r->members, id) != ATT_JSON_STRING)
        return att_fail(err, ATT_POLICY_TOKEN_INVALID, where_of(r, "aud", where), "a string, or several",
                        "something else");
    if (!att_json_string(r->members, r->judge->arena, id, &text))
        return att_fail_memory(err, r->where);
    const char *uri = r->judge->options->provider_uri;
    *ret = uri && uri[0] && att_span_is(text, uri);
    return true;
}

static bool audience(const struct reading *r, struct att_err *err)
{
    att_json_id aud = att_json_get(r->members, ATT_JSON_ROOT, "aud");
    const char *uri = r->judge->options->provider_uri;
    bool list = att_json_type(r->members, aud) == ATT_JSON_ARRAY;
    char where[WHERE_BYTES];
    struct att_shown shown;
    bool ours = false;

    if (aud == ATT_JSON_NONE)
        return demanded(r) ? missing(r, "aud", ATT_POLICY_TOKEN_AUDIENCE, err) : true;
    if (!list && !names_provider(r, aud, &ours, err))
        return false;
    for (att_json_id at = list ? att_json_first(r->members, aud) : ATT_JSON_NONE; at != ATT_JSON_NONE;
         at = att_json_next(r->members, at)) {
        bool this_one = false;
        if (!names_provider(r, at, &this_one, err))
            return false;
        ours = ours || this_one;
    }
    return ours ||
           att_fail(err, ATT_POLICY_TOKEN_AUDIENCE, where_of(r, "aud", where), uri && uri[0] ? uri : "nobody",
                    "%s", att_shown(&shown, att_json_source(r->members, aud)));
}

/* A name for one token of one signer for one use: what another signer calls the same is another token. */
static bool once(const struct reading *r, enum att_policy_token_use use, const struct att_key *signer,
                 struct att_span jti, uint8_t ret[32], struct att_err *err)
{
    static const char *const uses[] = {
        [ATT_POLICY_SET] = "set", [ATT_POLICY_RESET] = "reset", [ATT_POLICY_SIGNER] = "signer"
    };
    const struct att_policy_judge *judge = r->judge;
    struct att_span thumbprint = { 0 };

    if (signer && !att_jwk_thumbprint(judge->crypto, judge->arena, signer, &thumbprint, err))
        return false;
    const struct att_span nul = att_span_of("", 1);
    const struct att_span parts[] = { att_str(uses[use]), nul, thumbprint, nul, jti };
    return att_digest_parts(judge->crypto, ATT_SHA256, parts, sizeof parts / sizeof parts[0], ret) ||
           att_fail(err, ATT_CRYPTO_FAILED, r->where, "a digest", "a failure");
}

static bool identity(const struct reading *r, enum att_policy_token_use use, const struct att_key *signer,
                     struct att_policy_token *token, struct att_err *err)
{
    att_json_id id = att_json_get(r->members, ATT_JSON_ROOT, "jti");
    char where[WHERE_BYTES];
    struct att_span jti = { 0 };

    if (id == ATT_JSON_NONE)
        return demanded(r) ? missing(r, "jti", ATT_POLICY_TOKEN_STALE, err) : true;
    where_of(r, "jti", where);
    if (att_json_type(r->members, id) != ATT_JSON_STRING)
        return att_fail(err, ATT_POLICY_TOKEN_INVALID, where, "a string", "something else");
    if (!att_json_string(r->members, r->judge->arena, id, &jti))
        return att_fail_memory(err, where);
    if (jti.len == 0 || jti.len > JTI_BYTES_MAX)
        return att_fail(err, ATT_POLICY_TOKEN_INVALID, where, "1 to 256 bytes", "%zu bytes", jti.len);
    token->counts_once = true;
    return once(r, use, signer, jti, token->once_sha256, err);
}

bool att_policy_counts(const struct att_policy_judge *judge, enum att_policy_token_use use,
                       const struct att_json *members, const char *where, const struct att_key *signer,
                       struct att_policy_token *ret, struct att_err *err)
{
    const struct reading r = { .judge = judge, .members = members, .where = where };

    return times(&r, &ret->expires_unix_s, err) && audience(&r, err) && identity(&r, use, signer, ret, err);
}
