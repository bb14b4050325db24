/* One bearer token. The payload is read twice: before the signature for `iss` alone, which only chooses whose keys and
 * rules to apply, and afterwards, from what att_token_verify has verified, for everything else. */
#include "access/internal.h"

#include "base/auto.h"
#include "base/err.h"
#include "codec/json.h"

ATT_AUTO_PTR(keys_auto, struct access_keys, access_keys_unref)

/* What bounds the reading of one token and of the keys of its kid. */
static struct att_limits limits_of_check(void)
{
    struct att_limits limits = att_limits_default;

    limits.token_bytes_max = ACCESS_TOKEN_BYTES_MAX;
    return limits;
}

static bool find_source(struct access *a, struct att_arena *arena, const struct att_token *token,
                        struct access_source **ret, struct att_err *err)
{
    struct att_span iss = { 0 };
    struct att_shown shown;
    struct att_json doc;

    if (!att_json_parse(arena, token->payload, NULL, &doc, err))
        return att_fail_as(err, ATT_TOKEN_MALFORMED, "token.payload");
    if (!att_json_want_string(&doc, arena, ATT_JSON_ROOT, "token.payload", "iss", &iss, err))
        return att_fail_as(err, ATT_ACCESS_ISSUER_UNKNOWN, "");
    for (size_t i = 0; i < a->count; i++) {
        if (att_span_is(iss, a->sources[i].is.issuer)) {
            *ret = &a->sources[i];
            return true;
        }
    }
    return att_fail(err, ATT_ACCESS_ISSUER_UNKNOWN, "token.payload.iss", "a configured issuer", "'%s'",
                    att_shown(&shown, iss));
}

/* Algorithm, key, signature, issuer, times. */
static bool verify(struct att_arena *arena, const struct access_check *in, const struct access_issuer *issuer,
                   const struct access_keys *keys, struct att_span kid, struct att_token *ret,
                   enum access_keys_found *ret_found, struct att_err *err)
{
    const struct att_limits limits = limits_of_check();
    struct att_token_check check = { .size = sizeof check,
                                     .issuer = issuer->issuer,
                                     .jwks = att_str("{\"keys\":[]}"),
                                     .now_unix_s = in->now_unix_s,
                                     .leeway_s = issuer->leeway_s,
                                     .algs = issuer->algorithms,
                                     .limits = &limits };
    struct att_err why = { 0 };
    struct att_shown shown;
    bool found = false;

    if (keys && !access_keys_for(keys, arena, kid, &found, &check.jwks, err))
        return false;
    bool good = att_token_verify(arena, in->token, &check, ret, &why);
    /* Without a key at hand the library still looks at form, algorithm and issuer first, and then misses the keys. */
    if (why.code == ATT_TOKEN_KEY_UNKNOWN || (!found && why.code == ATT_TOKEN_KEYS_INVALID))
        *ret_found = ACCESS_KEY_UNKNOWN;
    else if (good || why.code == ATT_TOKEN_SIGNATURE_INVALID)
        *ret_found = ACCESS_KEYS_USED;
    if (good)
        return true;
    if (*ret_found == ACCESS_KEY_UNKNOWN && !found)
        return att_fail(err, ATT_TOKEN_KEY_UNKNOWN, "token.header.kid",
                        keys ? "the kid of one of the issuer's keys"
                             : "keys of the issuer, and there are none",
                        "'%s'", att_shown(&shown, kid));
    if (err && err->code == ATT_OK)
        *err = why;
    return false;
}

bool access_token_check(struct access *a, struct att_arena *arena, const struct access_check *in,
                        struct access_identity *ret, size_t *ret_refresh, struct att_err *err)
{
    const struct att_limits limits = limits_of_check();
    struct att_token unverified = { 0 }, token = { 0 };
    struct access_source *source = NULL;
    enum access_keys_found found = ACCESS_KEYS_NOT_USED;

    *ret_refresh = ACCESS_NO_REFRESH;
    if (in->token.len == 0)
        return att_fail(err, ATT_ACCESS_TOKEN_MISSING, "token", "a bearer token", "none");
    if ((unsigned)in->audience >= ACCESS_AUDIENCES)
        return att_fail(err, ATT_INTERNAL, "check.audience", "one of the planes", "another");
    if (!access_time_usable(in->now_unix_s, err) ||
        !att_token_decode(arena, in->token, &limits, &unverified, err) ||
        !find_source(a, arena, &unverified, &source, err) || !source)
        return false;
    ATT_AUTO(keys_auto) struct access_keys *keys = access_keys_now(source, in->now_unix_s);
    bool good = verify(arena, in, &source->is, keys, unverified.kid, &token, &found, err);
    if (access_worth_refresh(a, source, keys, found, in->now_unix_s))
        *ret_refresh = (size_t)(source - a->sources);
    if (!good)
        return false;
    return access_header_read(arena, token.header, err) &&
           access_claims_read(arena, &source->is, in->audience, token.payload, ret, err);
}
