/* One attestation: judge the evidence, compose the token, have it signed. */
#include <attest/token.h>

#include "base/err.h"
#include "service/internal.h"
#include "store/health.h"

#include "supply/supply.h"

#include <openssl/rand.h>

enum { TOKEN_LIFETIME_S = 8 * 3600, TPM_LIFETIME_MIN = 1440, TPM_LIFETIME_MIN_MAX = 525600, JTI_BYTES = 32 };

/* Drafts come from anybody: about 5 ms of work, where a stored policy may take a hundred. */
enum { DRAFT_STEPS_MAX = 1000 * 1000 };

/* What one attestation runs under: the stored policy, or the caller's draft. */
struct judged_by {
    const struct att_policy *policy;
    struct att_policy *draft; /* owned */
    bool is_default;
    struct att_span signer_jwk;
    struct att_collateral
        *collateral; /* a reference, kept as long as the verdict: advisories point into it */
};

static bool type_of(const char *name, enum service_type *ret, struct att_err *err)
{
    for (size_t i = 0; i < SERVICE_TYPE_COUNT; i++) {
        if (strcmp(name, service_types[i].evidence) == 0) {
            *ret = (enum service_type)i;
            return true;
        }
    }
    return att_fail(err, ATT_EVIDENCE_TYPE_UNKNOWN, "attestationType", "a type this service knows", "%s",
                    name);
}

bool service_policy_there(const struct service_policy *stored, struct att_err *err)
{
    return stored->compiled || stored->set ||
           att_fail(err, ATT_POLICY_MISSING, "provider.policies",
                    "a policy for this type, which has no default one: attestctl policy set Tpm FILE",
                    "none was set");
}

static bool stored_policy(const struct service_policy *stored, struct judged_by *ret, struct att_err *err)
{
    if (!service_policy_there(stored, err))
        return false;
    if (!stored->compiled)
        return att_fail(err, ATT_STORE_FAILED, "provider.policies", "a policy that compiles",
                        "a stored one that does not");
    ret->policy = stored->compiled;
    ret->is_default = stored->is_default;
    if (stored->set)
        ret->signer_jwk = stored->set->signer;
    return true;
}

static bool choose_policy(struct service *s, const struct service_policy *stored, struct att_arena *arena,
                          const struct service_attest_in *in, struct judged_by *ret, struct att_err *err)
{
    struct att_span text = { 0 };

    if (!in->has_draft_policy)
        return stored_policy(stored, ret, err);
    if (!att_policy_from_client(arena, in->draft_policy, service_limits(s), &text, err) ||
        !att_policy_compile(text, service_limits(s), &ret->draft, NULL, err))
        return false;
    ret->policy = ret->draft;
    return true;
}

static bool judge(struct service *s, struct att_arena *arena, const struct service_attest_in *in,
                  const struct judged_by *by, struct att_verdict *ret, struct att_err *err)
{
    struct att_attest_in what = {
        .size = sizeof what,
        .evidence_type = in->evidence_type,
        .evidence = in->evidence,
        .cert_chain = in->cert_chain,
        .uvm_endorsements = in->uvm_endorsements,
        .uvm_endorsement_count = in->uvm_endorsement_count,
        .newer_claims = in->newer_claims,
        .collateral_grace_s = s->options.collateral_grace_s,
        .compliance = s->options.compliance,
        .compliance_count = s->options.compliance_count,
        .runtime = in->runtime,
        .init_time = in->init_time,
        .aik_trust = s->options.aik_trust,
        .challenge_given = in->challenge_given,
        .challenge = in->challenge,
        .other_banks_allowed = s->options.other_banks_allowed,
        .sha1_allowed = s->options.sha1_allowed,
        .boot_hashes = s->options.boot_hashes,
        .collateral = by->collateral,
        .now_unix_s = s->options.evidence_time_set ? s->options.evidence_time_unix_s : service_now_unix_s(s),
        .accepted_tcb = atomic_load_explicit(&s->accepted_tcb, memory_order_relaxed),
        .policy = by->policy,
        .policy_steps_max = in->has_draft_policy ? DRAFT_STEPS_MAX : 0,
        .trace = in->explain,
    };
    bool ok = att_attest(s->options.lib, arena, &what, ret);
    /* A report that came without its certificate: it may be one that was asked for before. */
    if (!ok && ret->missing.kind == ATT_ITEM_VCEK && s->options.supply &&
        supply_vcek(s->options.supply, &ret->missing, arena, &what.cert_chain))
        ok = att_attest(s->options.lib, arena, &what, ret);
    if (!ok)
        *err = ret->err;
    return ok;
}

/* What a policy of version 1.1 and later says about the token itself. */
struct shape {
    int64_t lifetime_s;
    bool thumbprint_only; /* of the certificate */
};

/* The one value of a property. True with *ret NULL: the policy says nothing. Two values that differ: nobody knows what is meant. */
static bool property_one(const struct att_verdict *verdict, const char *name, const struct att_value **ret,
                         struct att_err *err)
{
    const struct att_claims *set = &verdict->policy.properties;
    char where[64];

    *ret = NULL;
    for (size_t i = 0; verdict->policy_ran && i < set->count; i++) {
        if (!att_span_is(set->items[i].type, name))
            continue;
        if (*ret && !att_value_eq(*ret, &set->items[i].value)) {
            (void)snprintf(where, sizeof where, "policy.%s", name);
            return att_fail(err, ATT_POLICY_EVALUATION, where, "one value", "two that differ");
        }
        *ret = &set->items[i].value;
    }
    return true;
}

/* A token must not outlive its key's publication. */
static int64_t minutes_max(const struct service *s)
{
    int64_t max = s->options.token_lifetime_max_s / 60;

    return max > 0 && max < TPM_LIFETIME_MIN_MAX ? max : TPM_LIFETIME_MIN_MAX;
}

static bool shape_of(const struct service *s, enum service_type type, const struct att_verdict *verdict,
                     struct shape *ret, struct att_err *err)
{
    const struct att_value *minutes = NULL, *omit = NULL;
    int64_t max = minutes_max(s);
    char expected[64];

    *ret = (struct shape){ .lifetime_s = TOKEN_LIFETIME_S };
    if (type != SERVICE_TPM)
        return true;
    if (!property_one(verdict, "report_validity_in_minutes", &minutes, err) ||
        !property_one(verdict, "omit_x5c", &omit, err))
        return false;
    (void)snprintf(expected, sizeof expected, "a whole number from 1 to %lld", (long long)max);
    if (minutes && (minutes->kind != ATT_CLAIM_INT || minutes->integer < 1 || minutes->integer > max))
        return att_fail(err, ATT_POLICY_EVALUATION, "policy.report_validity_in_minutes", expected,
                        "another value");
    int64_t unless_set = max < TPM_LIFETIME_MIN ? max : TPM_LIFETIME_MIN;
    ret->lifetime_s = (minutes ? minutes->integer : unless_set) * 60;
    ret->thumbprint_only = omit && omit->kind == ATT_CLAIM_BOOL && omit->boolean;
    return true;
}

/* Tokens of TPMs carry their certificate, unless the policy leaves it out: then its thumbprint. */
static void certificate_of(const struct service_docs *docs, const struct shape *shape,
                           struct att_token_in *what)
{
    for (size_t i = 0; docs && i < docs->count; i++) {
        if (!att_span_is(what->kid, docs->certificates[i].kid))
            continue;
        what->certificate = docs->certificates[i].der;
        what->thumbprint_only = shape->thumbprint_only;
    }
}

/* What one token is signed with: taken once, so that header, certificate and signature are of one key. */
struct signing {
    const struct keyset *keys;
    const struct keyset_key *key;
    struct service_docs *docs; /* NULL: the token carries no certificate */
    int64_t now_unix_s;
};

static bool signing_begin(struct service *s, const struct site_provider *p, enum service_type type,
                          const struct service_attest_in *in, struct signing *ret, struct att_err *err)
{
    ret->now_unix_s = service_now_unix_s(s);
    ret->keys = keyring_keys(s->options.keys);
    ret->key = keyset_signing(ret->keys, ret->now_unix_s);
    return type != SERVICE_TPM || in->has_draft_policy || service_docs_get(s, p, &ret->docs, err);
}

static void signing_end(struct signing *with)
{
    service_docs_unref(with->docs);
    keyset_unref(with->keys);
}

static bool token_with(struct service *s, const struct signing *with, const char *issuer,
                       const struct shape *shape, struct att_arena *arena, const struct service_attest_in *in,
                       const struct judged_by *by, const struct att_verdict *verdict, struct att_span *ret,
                       struct att_err *err)
{
    uint8_t jti[JTI_BYTES];
    struct att_span input = { 0 };
    struct att_span signature = { 0 };

    if (RAND_bytes(jti, sizeof jti) != 1)
        return att_fail(err, ATT_CRYPTO_FAILED, "token.jti", "random bytes", "none to be had");
    struct att_token_in what = {
        .size = sizeof what,
        .issuer = att_str(issuer),
        .alg = in->has_draft_policy ? NULL : with->key->alg,
        .kid = att_str(with->key->kid),
        .iat_unix_s = with->now_unix_s,
        .lifetime_s = shape->lifetime_s,
        .jti = att_span_of(jti, sizeof jti),
        .nonce = in->nonce,
        .has_nonce = in->has_nonce,
        .policy_text = att_policy_text(by->policy),
        .policy_is_default = by->is_default,
        .policy_signer_jwk = by->signer_jwk,
        .unsafe_evidence_time = s->options.evidence_time_set,
    };
    certificate_of(with->docs, shape, &what);
    if (!att_token_input(arena, verdict, &what, &input, err))
        return false;
    if (!in->has_draft_policy &&
        !signer_sign(s->options.signer, with->key->kid, input, arena, &signature, err))
        return false;
    return att_token_join(arena, input, signature, ret, err);
}

static bool token_of(struct service *s, const struct site_provider *p, enum service_type type,
                     const char *issuer, const struct shape *shape, struct att_arena *arena,
                     const struct service_attest_in *in, const struct judged_by *by,
                     const struct att_verdict *verdict, struct att_span *ret, struct att_err *err)
{
    struct signing with = { 0 };
    bool ok = signing_begin(s, p, type, in, &with, err) &&
              token_with(s, &with, issuer, shape, arena, in, by, verdict, ret, err);

    signing_end(&with);
    return ok;
}

/* The rules as they went, for a yes and for a no alike. A failure to explain (memory) must not turn a yes into a no: there
 * is no explanation then. */
static struct att_span explained(struct att_arena *arena, const struct service_attest_in *in,
                                 const struct att_verdict *verdict)
{
    struct att_err ignored = { 0 };
    struct att_span json = { 0 };

    if (!in->explain || !verdict->policy_ran ||
        !att_policy_explain_json(&verdict->policy, arena, &json, &ignored))
        return (struct att_span){ 0 };
    return json;
}

/* How good the platform is, today and under the next evaluation set. As above, a failure here is no refusal. */
static struct att_span level_of(struct att_arena *arena, const struct service_attest_in *in,
                                const struct att_verdict *verdict)
{
    struct att_err ignored = { 0 };
    struct att_span json = { 0 };
    bool looked_at = verdict->tcb.evaluation_number > 0;

    if (!in->explain || !looked_at || !att_tcb_json(arena, &verdict->tcb, &json, &ignored))
        return (struct att_span){ 0 };
    return json;
}

/* Nobody but the guest's TPM may read its token. */
static bool delivered(struct service *s, enum service_type type, struct att_arena *arena,
                      const struct att_verdict *verdict, struct att_span *token, struct att_err *err)
{
    return type != SERVICE_AZURE_GUEST || service_guest_seal(s, arena, verdict, *token, token, err);
}

/* The last thing before signing: what was refused leaves its challenge open. */
static bool once(struct service *s, const struct service_attest_in *in, struct att_err *err)
{
    return !in->challenge_given || service_tpm_take(s, in, err);
}

bool service_attest(struct service *s, const struct site_provider *p, struct att_arena *arena,
                    const struct service_attest_in *in, struct service_attest_out *ret, struct att_err *err)
{
    struct service_attest_out out = { 0 };
    enum service_type type = SERVICE_SGX;
    struct att_verdict verdict = { 0 };
    const struct service_derived *d = NULL;
    struct att_span token = { 0 };
    struct shape shape = { 0 };

    const int64_t begun_ns = service_monotonic_ns();

    if (!type_of(in->evidence_type, &type, err))
        return false;
    struct judged_by by = { .collateral = service_collateral_ref(s) };
    /* Policies and keys that nobody has looked at for too long are nobody's word any more. */
    bool ok = store_health_fresh_enough(s->options.store_health, err) && service_derive(s, p, &d, err) &&
              choose_policy(s, &d->policies[type], arena, in, &by, err) &&
              judge(s, arena, in, &by, &verdict, err) && shape_of(s, type, &verdict, &shape, err) &&
              once(s, in, err) &&
              token_of(s, p, type, d->attest_uri, &shape, arena, in, &by, &verdict, &token, err) &&
              delivered(s, type, arena, &verdict, &token, err);
    if (ok)
        out.token = token;
    out.explanation = explained(arena, in, &verdict);
    out.tcb = level_of(arena, in, &verdict);
    if (!ok && err->code == ATT_COLLATERAL_MISSING && s->options.supply &&
        supply_asks(s->options.supply, &verdict.missing))
        out.missing = verdict.missing;
    *ret = out;
    att_policy_free(by.draft);
    att_collateral_free(by.collateral);
    if (verdict.tcb.early.known)
        atomic_fetch_add_explicit(&s->early[type][verdict.tcb.status][verdict.tcb.early.status], 1,
                                  memory_order_relaxed);
    service_count(s, type, ok ? ATT_OK : err->code);
    service_took(s, type, ok ? ATT_OK : err->code, service_monotonic_ns() - begun_ns);
    return ok;
}
