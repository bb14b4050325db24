/* The order: form, algorithm, issuer - all without asking anybody - then key and signature, then the times, then what
 * the claims say. Before the signature they are anybody's word. */
#include "relying/party.h"

#include "base/auto.h"
#include "base/err.h"

ATT_AUTO_PTR(keys_auto, struct party_keys, party_keys_unref)

static bool usable(const struct att_relying_check *check, struct att_err *err)
{
    if (check->size != sizeof *check)
        return att_fail(err, ATT_INTERNAL, "check.size", "sizeof(struct att_relying_check)", "%zu",
                        check->size);
    if (check->now_unix_s < 0 || check->now_unix_s > PARTY_NOW_MAX)
        return att_fail(err, ATT_INTERNAL, "check.now_unix_s", "0 to 2^53", "%lld",
                        (long long)check->now_unix_s);
    return party_claims_usable(check->claims, check->claims_count, "check.claims", err);
}

/* Each issuer has its own keys: whose token it is decides, before a key is looked for. */
static bool source_of(struct att_relying_party *p, struct att_arena *a, const struct att_json *claims,
                      struct party_source **ret, struct att_err *err)
{
    struct att_span iss = { 0 };
    struct att_shown shown;

    if (!p->sources[0].issuer) { /* any */
        *ret = &p->sources[0];
        return true;
    }
    if (!att_json_want_string(claims, a, ATT_JSON_ROOT, "token.payload", "iss", &iss, err))
        return att_fail_as(err, ATT_TOKEN_ISSUER, "");
    for (size_t i = 0; i < p->sources_count; i++) {
        if (att_span_is(iss, p->sources[i].issuer)) {
            *ret = &p->sources[i];
            return true;
        }
    }
    return att_fail(err, ATT_TOKEN_ISSUER, "token.payload.iss",
                    p->sources_count == 1 ? p->sources[0].issuer : "one of the pinned issuers", "'%s'",
                    att_shown(&shown, iss));
}

static bool signed_by(struct att_relying_party *p, struct party_source *s, struct att_arena *a,
                      const struct att_jws *jws, int64_t now, struct att_token *ret, struct att_err *err)
{
    ATT_AUTO(keys_auto) struct party_keys *keys = NULL;
    const struct att_jwk *key = NULL;

    if (!party_key_for(p, s, jws, now, &keys, &key, err) ||
        !att_jws_verify(p->crypto, jws, key, &p->rules, err) ||
        !att_jwk_thumbprint(p->crypto, a, key->key, &ret->key_thumbprint, err))
        return false;
    ret->signature_valid = true;
    return true;
}

static bool all_fit(struct att_arena *a, const struct att_json *claims,
                    const struct att_required_claim *wanted, size_t count, struct att_err *err)
{
    for (size_t i = 0; i < count; i++) {
        if (!party_require(a, claims, &wanted[i], err))
            return false;
    }
    return true;
}

static bool claims_fit(const struct att_relying_party *p, struct att_arena *a, const struct att_json *claims,
                       const struct att_relying_check *check, struct att_err *err)
{
    const struct att_relying_options *o = &p->options;

    if (!o->allow_unsafe && !party_safe(claims, err))
        return false;
    if (!party_audience(a, claims, o->audience, err) || !party_nonce(a, claims, check->nonce, err))
        return false;
    return all_fit(a, claims, o->claims, o->claims_count, err) &&
           all_fit(a, claims, check->claims, check->claims_count, err);
}

bool att_relying_party_check(struct att_relying_party *p, struct att_arena *arena, struct att_span text,
                             const struct att_relying_check *check, struct att_token *ret,
                             struct att_err *err)
{
    const struct att_token_check times = { .now_unix_s = check->now_unix_s, .leeway_s = p->options.skew_s };
    struct party_source *s = NULL;
    struct att_json claims;
    struct att_jws jws;

    *ret = (struct att_token){ .alg = "" };
    if (!usable(check, err) || !relying_read(arena, text, &p->limits, &jws, &claims, err))
        return false;
    relying_fill(&jws, ret);
    bool unsecured = jws.unsecured && p->options.allow_unsecured;
    if (!unsecured && !att_jws_alg_allowed(&jws, &p->rules, err))
        return false;
    if (!source_of(p, arena, &claims, &s, err))
        return false;
    if (!unsecured && !signed_by(p, s, arena, &jws, check->now_unix_s, ret, err))
        return false;
    return relying_times(&claims, &times, err) && claims_fit(p, arena, &claims, check, err);
}
