/* The order: form, algorithm, issuer - all without asking anybody - then the key, the signature, and only
 * then the times, since before the signature they are anybody's word. */
#include "base/auto.h"
#include "base/err.h"
#include "relying/relying.h"

static const char algs_default[] = "RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384";

/* Sums of times stay far from the ends of int64_t. */
#define SECONDS_MAX (INT64_C(1) << 53)
enum { LEEWAY_MAX_S = 24 * 3600 };

ATT_AUTO_PTR(crypto_auto, struct att_crypto, att_crypto_free)

/* Programmer's mistakes, and a server's wrong clock. */
static bool check_usable(const struct att_token_check *check, struct att_err *err)
{
    if (check->size != sizeof *check)
        return att_fail(err, ATT_INTERNAL, "check.size", "sizeof(struct att_token_check)", "%zu",
                        check->size);
    if (check->leeway_s < 0 || check->leeway_s > LEEWAY_MAX_S)
        return att_fail(err, ATT_INTERNAL, "check.leeway_s", "0 to 86400", "%lld",
                        (long long)check->leeway_s);
    if (check->now_unix_s < 0 || check->now_unix_s > SECONDS_MAX)
        return att_fail(err, ATT_INTERNAL, "check.now_unix_s", "0 to 2^53", "%lld",
                        (long long)check->now_unix_s);
    if (!check->issuer && !check->jwks.ptr)
        return att_fail(err, ATT_INTERNAL, "check.issuer", "an issuer or a key set", "neither");
    if (!check->jwks.ptr && !check->fetch && !check->allow_unsecured)
        return att_fail(err, ATT_INTERNAL, "check.fetch", "a key set or a way to fetch one", "neither");
    return true;
}

static bool issuer_is(struct att_arena *a, const struct att_json *claims, const char *expected,
                      struct att_err *err)
{
    struct att_span issuer = { 0 };
    struct att_shown shown;

    if (!expected)
        return true;
    if (!att_json_want_string(claims, a, ATT_JSON_ROOT, "token.payload", "iss", &issuer, err))
        return att_fail_as(err, ATT_TOKEN_ISSUER, "");
    if (!att_span_is(issuer, expected))
        return att_fail(err, ATT_TOKEN_ISSUER, "token.payload.iss", expected, "'%s'",
                        att_shown(&shown, issuer));
    return true;
}

static bool signed_by_issuer(struct att_arena *a, const struct att_jws *jws,
                             const struct att_jws_rules *rules, const struct att_token_check *check,
                             struct att_token *ret, struct att_err *err)
{
    ATT_AUTO(att_jwk_set_free) struct att_jwk_set set = { 0 };
    ATT_AUTO(crypto_auto) struct att_crypto *c = NULL;
    const struct att_jwk *key = NULL;

    if (!check->jwks.ptr && !check->fetch)
        return att_fail(err, ATT_INTERNAL, "check.fetch", "a key set or a way to fetch one", "neither");
    c = att_crypto_new();
    if (!c)
        return att_fail(err, ATT_CRYPTO_FAILED, "token.signature", "a working crypto library", "none");
    if (!relying_keys(c, a, check, &set, err) ||
        !att_jwk_set_find(&set, jws->has_kid ? &jws->kid : NULL, &key, err) ||
        !att_jws_verify(c, jws, key, rules, err) ||
        !att_jwk_thumbprint(c, a, key->key, &ret->key_thumbprint, err))
        return false;
    ret->signature_valid = true;
    return true;
}

bool att_token_verify(struct att_arena *arena, struct att_span text, const struct att_token_check *check,
                      struct att_token *ret, struct att_err *err)
{
    struct att_jws_rules rules = { .rsa_bits_min = check->rsa_bits_min };
    struct att_json claims;
    struct att_jws jws;

    *ret = (struct att_token){ .alg = "" };
    if (!check_usable(check, err) ||
        !att_alg_set(check->algs ? check->algs : algs_default, &rules.algs, err) ||
        !relying_read(arena, text, check->limits, &jws, &claims, err))
        return false;
    relying_fill(&jws, ret);
    bool unsecured = jws.unsecured && check->allow_unsecured;
    if (!unsecured && !att_jws_alg_allowed(&jws, &rules, err))
        return false;
    if (!issuer_is(arena, &claims, check->issuer, err))
        return false;
    if (!unsecured && !signed_by_issuer(arena, &jws, &rules, check, ret, err))
        return false;
    return relying_times(&claims, check, err);
}
