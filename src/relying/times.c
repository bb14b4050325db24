/* When a token counts (RFC 7519 4.1.4 to 4.1.6). Integers only: "exp":1.5e9 or "exp":"1500000000" is a token
 * that two readers would read differently. */
#include "relying/relying.h"

#include "base/err.h"
#include "base/timetext.h"

#include <stdio.h>

/* Above, a reader that keeps numbers as doubles sees another number (RFC 8259 6). */
#define SECONDS_MAX ((INT64_C(1) << 53) - 1)

static bool time_claim(const struct att_json *claims, const char *name, bool *ret_present, int64_t *ret,
                       struct att_err *err)
{
    att_json_id id = att_json_get(claims, ATT_JSON_ROOT, name);
    struct att_shown shown;
    char where[32];
    int64_t value = 0;

    *ret_present = id != ATT_JSON_NONE;
    if (!*ret_present)
        return true;
    (void)snprintf(where, sizeof where, "token.payload.%s", name);
    if (!att_json_i64(claims, id, &value) || value < 0 || value > SECONDS_MAX)
        return att_fail(err, ATT_TOKEN_CLAIM, where, "seconds since 1970, an integer from 0 to 2^53 - 1",
                        "%s", att_shown(&shown, att_json_source(claims, id)));
    *ret = value;
    return true;
}

static bool refuse(enum att_code code, const char *where, int64_t seconds,
                   const struct att_token_check *check, struct att_err *err)
{
    struct att_time_text then, now;
    char expected[128];

    (void)snprintf(expected, sizeof expected, "%s the time of judgement %s, %lld s leeway",
                   code == ATT_TOKEN_EXPIRED ? "after" : "not after", att_time_text(&now, check->now_unix_s),
                   (long long)check->leeway_s);
    return att_fail(err, code, where, expected, "%s (%lld)", att_time_text(&then, seconds),
                    (long long)seconds);
}

bool relying_times(const struct att_json *claims, const struct att_token_check *check, struct att_err *err)
{
    bool has_exp = false, has_nbf = false, has_iat = false;
    int64_t exp = 0, nbf = 0, iat = 0;

    if (!time_claim(claims, "exp", &has_exp, &exp, err) || !time_claim(claims, "nbf", &has_nbf, &nbf, err) ||
        !time_claim(claims, "iat", &has_iat, &iat, err))
        return false;
    if (!has_exp)
        return att_fail(err, ATT_TOKEN_CLAIM, "token.payload.exp", "an end of validity", "no exp");
    /* `now` and the leeway are bounded by the caller's check, so the sums fit. "On or after" exp it is over.
     */
    if (check->now_unix_s >= exp + check->leeway_s)
        return refuse(ATT_TOKEN_EXPIRED, "token.payload.exp", exp, check, err);
    if (has_nbf && nbf > check->now_unix_s + check->leeway_s)
        return refuse(ATT_TOKEN_NOT_YET_VALID, "token.payload.nbf", nbf, check, err);
    if (has_iat && iat > check->now_unix_s + check->leeway_s)
        return refuse(ATT_TOKEN_NOT_YET_VALID, "token.payload.iat", iat, check, err);
    return true;
}
