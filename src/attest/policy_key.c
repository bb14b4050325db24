/* Who signed a policy token: the key that its header brings along, and the signature under it. */
#include "attest/policy_parts.h"

#include "base/auto.h"
#include "base/buf.h"
#include "base/err.h"

#include <stdio.h>

/* In x5c, in jwk, or - the same one - in both. */
static bool header_key(const struct att_crypto *c, struct att_arena *a, const struct att_limits *limits,
                       const struct att_jws *jws, struct att_jwk *ret, struct att_err *err)
{
    const struct att_json *m = &jws->members;
    att_json_id jwk_id = att_json_get(m, ATT_JSON_ROOT, "jwk");
    att_json_id x5c_id = att_json_get(m, ATT_JSON_ROOT, "x5c");
    struct att_jwk jwk = { 0 };
    struct att_key *certified = NULL;

    if (jwk_id == ATT_JSON_NONE && x5c_id == ATT_JSON_NONE)
        return att_fail(err, ATT_TOKEN_KEY_UNKNOWN, "token.header", "the signer's key in x5c or jwk",
                        "neither");
    if (jwk_id != ATT_JSON_NONE && !att_jwk_read(c, a, limits, m, jwk_id, "token.header.jwk", &jwk, err))
        return false;
    if (x5c_id != ATT_JSON_NONE &&
        !att_jwk_x5c_key(c, a, limits, m, x5c_id, "token.header", &certified, err)) {
        att_jwk_free(&jwk);
        return false;
    }
    if (jwk.key && certified && !att_jwk_same_key(jwk.key, certified)) {
        att_jwk_free(&jwk);
        att_key_free(certified);
        return att_fail(err, ATT_TOKEN_KEY_INVALID, "token.header.x5c[0]", "the key of jwk", "another");
    }
    if (jwk.key)
        att_key_free(certified);
    else
        jwk.key = certified;
    *ret = jwk;
    return true;
}

bool att_policy_signed(const struct att_crypto *c, struct att_arena *arena, const struct att_limits *limits,
                       const struct att_jws *jws, unsigned rsa_bits_min, struct att_jwk *ret,
                       struct att_err *err)
{
    ATT_AUTO(att_jwk_free) struct att_jwk jwk = { 0 };
    struct att_jws_rules rules = { .rsa_bits_min = rsa_bits_min };
    struct att_shown shown;

    /* Before any key is read: an algorithm that is not taken costs no certificate parsing. */
    if (!att_alg_set(ATT_POLICY_ALGS, &rules.algs, err))
        return false;
    if (!jws->alg_known || !(rules.algs & att_alg_bit(jws->alg)))
        return att_fail(err, ATT_TOKEN_ALGORITHM, "token.header.alg", "one of " ATT_POLICY_ALGS " none",
                        "'%s'", att_shown(&shown, jws->alg_name));
    if (!header_key(c, arena, limits, jws, &jwk, err) || !att_jws_verify(c, jws, &jwk, &rules, err))
        return false;
    *ret = jwk;
    jwk.key = NULL; /* the reference leaves */
    return true;
}

bool att_policy_signer_jwk(struct att_arena *arena, const struct att_jws *jws, struct att_span *ret,
                           struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf text = { 0 };
    ATT_AUTO(att_buf_free) struct att_buf part = { 0 };
    struct att_json_writer w = { .out = &text };
    const struct att_json *m = &jws->members;
    att_json_id x5c = att_json_get(m, ATT_JSON_ROOT, "x5c");
    bool certified = x5c != ATT_JSON_NONE;

    if (!att_json_put_sorted(m, arena, certified ? x5c : att_json_get(m, ATT_JSON_ROOT, "jwk"), &part))
        return att_fail_memory(err, ATT_POLICY_HEADER);
    if (certified) {
        att_jw_object(&w);
        att_jw_key(&w, "alg");
        att_jw_string(&w, jws->alg_name);
        att_jw_key(&w, "kty"); /* the signature was verified under alg, so the key is of its kind */
        att_jw_str(&w, jws->alg == ATT_ES256 || jws->alg == ATT_ES384 ? "EC" : "RSA");
        att_jw_key(&w, "x5c");
        att_jw_raw(&w, att_buf_span(&part));
        att_jw_end_object(&w);
    }
    const struct att_buf *whole = certified ? &text : &part;
    char *copy = whole->failed || part.failed ? NULL : att_arena_dup(arena, att_buf_span(whole));
    if (!copy)
        return att_fail_memory(err, ATT_POLICY_HEADER);
    *ret = att_span_of(copy, whole->len);
    return true;
}

bool att_policy_bad_message(struct att_err *err, const char *message)
{
    struct att_err before;

    if (!err)
        return false;
    before = *err;
    att_err_text(err, "Bad message    Msg:[%s]: %s is %s, expected %s", message, before.where, before.found,
                 before.expected);
    return false;
}
