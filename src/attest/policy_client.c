/* A policy of whoever sends it, for trying it out: nobody is trusted, so nobody is looked up. */
#include <attest/token.h>

#include "attest/policy_parts.h"
#include "base/auto.h"
#include "base/err.h"

ATT_AUTO_PTR(crypto_auto, struct att_crypto, att_crypto_free)

static bool signed_by_its_key(struct att_arena *a, const struct att_limits *limits, const struct att_jws *jws,
                              struct att_err *err)
{
    ATT_AUTO(crypto_auto) struct att_crypto *c = att_crypto_new();
    ATT_AUTO(att_jwk_free) struct att_jwk jwk = { 0 };

    if (!c)
        return att_fail(err, ATT_CRYPTO_FAILED, "policy", "a working crypto library", "none");
    return att_policy_signed(c, a, limits, jws, 0, &jwk, err);
}

bool att_policy_from_client(struct att_arena *arena, struct att_span text_or_token,
                            const struct att_limits *limits, struct att_span *ret_text, struct att_err *err)
{
    struct att_span token = att_policy_bare(text_or_token);
    struct att_jws jws;

    if (!att_policy_is_token(token)) {
        *ret_text = text_or_token;
        return true;
    }
    if (!att_jws_split(arena, token, limits, &jws, err) ||
        (!jws.unsecured && !signed_by_its_key(arena, limits, &jws, err)))
        return att_fail_as(err, ATT_POLICY_TOKEN_INVALID, "policy");
    return att_policy_payload_text(arena, limits, jws.payload, ret_text, err) ||
           att_fail_as(err, ATT_POLICY_TOKEN_INVALID, "");
}
