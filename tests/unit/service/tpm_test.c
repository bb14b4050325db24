/* layers: service keys signer store store/memory site access attest makers base codec */
/* The TPM protocol as a use-case: a challenge is answered once, by this provider, in time, in any replica; what is refused leaves it
 * open; what the policy says of the token is done. */
#include <attest/tpm.h>

#include "base/base64.h"
#include "makers/tpm_request.h"
#include "store/health.h"
#include "support/cases.h"
#include "unit/service/rig.h"

#include <openssl/sha.h>

static struct cases cases = { .name = "service.tpm" };

static const uint8_t key[32] = { 7 };

#define PERMIT                                                                                               \
    "version=1.2; authorizationrules { [type==\"aikValidated\", value==true] => permit(); }; "               \
    "issuancerules { c:[type==\"secureBootEnabled\"] => issue(type=\"secure\", value=c.value); };"

struct world {
    struct rig rig;
    struct att_lib *lib;
    struct att_tpm_trust *trust;
    struct mk_tpm_vendor *vendor;
    struct mk_tpm *tpm;
    const struct site_provider *p;
};

static void world_new(struct world *w)
{
    struct att_err err = { 0 };
    struct att_buf pem = { 0 };

    *w = (struct world){ .p = NULL };
    rig_need(att_lib_new(NULL, &w->lib, &err) && mk_tpm_vendor_new(RIG_NOW, &w->vendor, &err) &&
                 mk_tpm_new(w->vendor, MK_BANK(MK_SHA256), &w->tpm, &err) &&
                 mk_tpm_aik_ca_pem(w->vendor, &pem, &err),
             "made-up TPM", &err);
    const struct att_root root = { .pem = att_buf_span(&pem) };
    const struct att_tpm_trust_in in = { .size = sizeof in, .roots = &root, .root_count = 1 };
    rig_need(att_tpm_trust_new(w->lib, &in, &w->trust, &err), "trust", &err);
    att_buf_free(&pem);
    const struct rig_options options = { .lib = w->lib, .context_key = key, .aik_trust = w->trust };
    rig_new(&w->rig, &options);
    rig_provider(&w->rig, "other", NULL);
    w->p = rig_ref(&w->rig, "default");
}

static void world_free(struct world *w)
{
    site_unref(w->p);
    rig_free(&w->rig);
    mk_tpm_free(w->tpm);
    mk_tpm_vendor_free(w->vendor);
    att_tpm_trust_free(w->trust);
    att_lib_free(w->lib);
}

/* A new policy makes a new provider object. */
static void policy(struct world *w, const char *name, const char *text)
{
    struct att_err err = { 0 };
    const struct site_provider *p = rig_ref(&w->rig, name);

    rig_need(rig_policy(&w->rig, p, "Tpm", att_str(text), NULL, &err) == ATT_OK, text, &err);
    site_unref(p);
    site_unref(w->p);
    w->p = rig_ref(&w->rig, "default");
}

struct question {
    struct att_span challenge; /* decoded */
    const char *context;
};

static struct question ask(struct world *w, struct service *s)
{
    struct att_span challenge = { 0 }, context = { 0 };
    struct question q = { 0 };
    struct att_err err = { 0 };

    rig_need(
        service_tpm_challenge(s, w->p, w->rig.arena, &challenge, &context, &err) &&
            att_base64_decode(w->rig.arena, ATT_BASE64_STRICT, challenge, "challenge", &q.challenge, &err),
        "challenge", &err);
    q.context = att_arena_dup(w->rig.arena, context);
    return q;
}

static struct att_span answer(struct world *w, const struct question *q, enum mk_tpm_break broken)
{
    struct mk_request_options o;
    struct mk_request_evidence ev = { 0 };
    struct att_err err = { 0 };

    mk_request_defaults(&o, MK_OS_LINUX, RIG_NOW);
    o.challenge = q->challenge;
    o.service_context = q->context;
    o.rp_data = "Ym9vdA";
    o.broken = broken;
    rig_need(mk_request_make(w->tpm, &o, &ev, &err), "request", &err);
    struct att_span jws = mk_request_item(&ev, MK_REQUEST_JWS);
    struct att_span copy = att_span_of(att_arena_dup(w->rig.arena, jws), jws.len);
    mk_request_evidence_free(&ev);
    return copy;
}

static enum att_code attest(struct world *w, struct service *s, const struct site_provider *p,
                            struct att_span jws, struct att_span *ret_token)
{
    struct service_attest_out out = { 0 };
    struct att_err err = { 0 };
    bool ok = service_tpm_attest(s, p, w->rig.arena, jws, false, &out, &err);

    if (ok != (err.code == ATT_OK) || ok != (out.token.len > 0))
        return ATT_INTERNAL;
    if (ret_token)
        *ret_token = out.token;
    return err.code;
}

/* Logs are large: what is read of a request for its context alone takes nothing of the room that it is judged in. */
static void check_room(struct world *w)
{
    static const char head[] = "{\"alg\":\"PS256\",\"typ\":\"attReqV2\"}";
    struct att_arena *room = att_arena_new((size_t)256 << 10);
    struct att_buf payload = { 0 }, jws = { 0 };
    struct service_attest_out out = { 0 };
    struct att_err err = { 0 };

    att_buf_puts(&payload, "{\"att_type\":\"basic\",\"att_data\":{\"challenge\":\"AAAA\","
                           "\"service_context\":\"AAAA\",\"logs\":\"");
    att_buf_fill(&payload, 'A', (size_t)1 << 20);
    att_buf_puts(&payload, "\"}}");
    att_base64url_put(&jws, att_str(head));
    att_buf_putc(&jws, '.');
    att_base64url_put(&jws, att_buf_span(&payload));
    att_buf_puts(&jws, ".AAAA");
    rig_need(room && !jws.failed, "request", &err);
    cases_check(&cases,
                !service_tpm_attest(w->rig.service, w->p, room, att_buf_span(&jws), false, &out, &err) &&
                    err.code == ATT_TPM_CONTEXT_INVALID,
                "a large request in a small arena, its context: %s", att_code_name(err.code));
    att_buf_free(&payload);
    att_buf_free(&jws);
    att_arena_free(room);
}

static void check_missing(struct world *w)
{
    struct att_span challenge = { 0 }, context = { 0 };
    struct att_err err = { 0 };

    cases_check(&cases,
                !service_tpm_challenge(w->rig.service, w->p, w->rig.arena, &challenge, &context, &err) &&
                    err.code == ATT_POLICY_MISSING && challenge.len == 0,
                "without a policy: %s", att_code_name(err.code));
}

static const struct att_json *claims_of(struct world *w, struct att_span token, struct att_token *ret)
{
    struct att_err err = { 0 };

    rig_need(rig_verify(&w->rig, w->p, RIG_BASE, token, ret, &err), "token", &err);
    struct att_json *doc = att_arena_alloc(w->rig.arena, 1, sizeof *doc);
    rig_need(att_json_parse(w->rig.arena, ret->payload, NULL, doc, &err), "claims", &err);
    return doc;
}

static bool claim_is(const struct att_json *doc, const char *name, const char *source)
{
    return att_span_is(att_json_source(doc, att_json_get(doc, ATT_JSON_ROOT, name)), source);
}

static int64_t lifetime(const struct att_json *doc)
{
    int64_t iat = 0, exp = 0;

    if (!att_json_i64(doc, att_json_get(doc, ATT_JSON_ROOT, "iat"), &iat) ||
        !att_json_i64(doc, att_json_get(doc, ATT_JSON_ROOT, "exp"), &exp))
        return -1;
    return exp - iat;
}

static void check_once(struct world *w)
{
    struct service *s = w->rig.service;
    struct question q = ask(w, s);
    struct att_span good = answer(w, &q, MK_TPM_BREAK_NONE), token = { 0 };
    struct att_token read;
    const struct site_provider *other = rig_ref(&w->rig, "other");

    cases_check(&cases, attest(w, s, other, good, NULL) == ATT_TPM_CONTEXT_INVALID, "at another provider");
    cases_check(&cases, attest(w, s, w->p, answer(w, &q, MK_TPM_BREAK_JWS_SIGNATURE), NULL) != ATT_OK,
                "a broken answer");
    enum att_code code = attest(w, s, w->p, good, &token);
    cases_check(&cases, code == ATT_OK, "the good answer, after a broken one: %s", att_code_name(code));
    if (code == ATT_OK) {
        const struct att_json *doc = claims_of(w, token, &read);
        cases_check(&cases,
                    claim_is(doc, "x-ms-attestation-type", "\"tpm\"") &&
                        claim_is(doc, "rp_data", "\"Ym9vdA\"") && claim_is(doc, "nonce", "\"Ym9vdA\"") &&
                        claim_is(doc, "secure", "true"),
                    "claims: %.*s", (int)read.payload.len, (const char *)read.payload.ptr);
        cases_check(&cases, lifetime(doc) == 86400, "a day, not %lld s", (long long)lifetime(doc));
    }
    cases_check(&cases, attest(w, s, w->p, good, NULL) == ATT_TPM_CHALLENGE_USED, "E-z: the same once more");
    cases_check(&cases, attest(w, s, w->p, answer(w, &q, MK_TPM_BREAK_NONE), NULL) == ATT_TPM_CHALLENGE_USED,
                "another answer to the same challenge");
    site_unref(other);
}

static void check_time(struct world *w)
{
    struct service *s = w->rig.service;
    struct question q = ask(w, s);
    struct att_span good = answer(w, &q, MK_TPM_BREAK_NONE);

    w->rig.now_unix_s += 300;
    cases_check(&cases, attest(w, s, w->p, good, NULL) == ATT_TPM_CONTEXT_EXPIRED, "after five minutes");
    w->rig.now_unix_s -= 1;
    cases_check(&cases, attest(w, s, w->p, good, NULL) == ATT_OK, "in the last second");
    /* What was used is remembered for as long as the context would open. */
    cases_check(&cases, attest(w, s, w->p, good, NULL) == ATT_TPM_CHALLENGE_USED, "used in the last second");
    w->rig.now_unix_s = RIG_NOW;
}

/* E-b, E-c: what the context holds counts, not what the request says. */
static void check_swap(struct world *w)
{
    struct service *s = w->rig.service;
    struct question a = ask(w, s), b = ask(w, s);
    struct question mixed = { .challenge = a.challenge, .context = b.context };

    cases_check(&cases,
                attest(w, s, w->p, answer(w, &mixed, MK_TPM_BREAK_NONE), NULL) == ATT_TPM_CHALLENGE_MISMATCH,
                "E-c: one challenge with the context of another");
    mixed.context = "@SERVICE_CONTEXT@";
    cases_check(&cases,
                attest(w, s, w->p, answer(w, &mixed, MK_TPM_BREAK_NONE), NULL) == ATT_TPM_CONTEXT_INVALID,
                "E-b: a context of one's own");
}

/* How replicas made from here on stand with their store; NULL: nobody looks. */
static struct store_health *health;

static struct service *replica(struct world *w, struct store *once)
{
    struct service *s = NULL;
    struct att_err err = { 0 };
    const struct service_options options = { .lib = w->lib,
                                             .signer = w->rig.signer,
                                             .site = w->rig.site,
                                             .keys = w->rig.keys,
                                             .base_url = RIG_BASE,
                                             .location = "East US",
                                             .accepted_tcb = ATT_TCB_DEFAULT,
                                             .once = once,
                                             .store_health = health,
                                             .context_key = key,
                                             .aik_trust = w->trust,
                                             .now_unix_s = rig_now,
                                             .now_ctx = &w->rig };

    rig_need(service_new(&options, &s, &err), "replica", &err);
    return s;
}

static void check_replicas(struct world *w)
{
    struct service *second = replica(w, w->rig.store);
    struct question q = ask(w, w->rig.service);
    struct att_span good = answer(w, &q, MK_TPM_BREAK_NONE);

    cases_check(&cases, attest(w, second, w->p, good, NULL) == ATT_OK, "asked here, answered there");
    cases_check(&cases, attest(w, w->rig.service, w->p, good, NULL) == ATT_TPM_CHALLENGE_USED,
                "answered there, and here once more");
    service_free(second);
}

/* A store that is known to be away is not asked; past the bound nothing is attested, even with a store that answers. */
static void check_health(struct world *w)
{
    struct store_health h;

    store_health_init(&h, 60, RIG_NOW);
    health = &h;
    struct service *s = replica(w, w->rig.store);
    struct question q = ask(w, s);
    struct att_span good = answer(w, &q, MK_TPM_BREAK_NONE);

    cases_check(&cases, store_health_waited(&h, false) && service_store_away(s), "the store is away");
    cases_check(&cases, attest(w, s, w->p, good, NULL) == ATT_STORE_FAILED,
                "nobody knows whether it is the first time");
    cases_check(&cases, store_health_waited(&h, true) && !service_store_away(s), "it is back");
    atomic_store(&h.fresh_ms, store_health_clock_ms() - 62000);
    cases_check(&cases, attest(w, s, w->p, good, NULL) == ATT_STORE_STALE, "what is known is too old");
    store_health_refreshed(&h, STORE_REFRESH_SAME, 1, RIG_NOW);
    cases_check(&cases, attest(w, s, w->p, good, NULL) == ATT_OK, "the challenge is still open: a token");
    service_free(s);
    health = NULL;
}

/* A replica whose clock is ahead forgets what was used; one that is behind must not take it again. */
static void check_clocks(struct world *w)
{
    struct service *s = w->rig.service;
    struct question q = ask(w, s), later;
    struct att_span good = answer(w, &q, MK_TPM_BREAK_NONE);

    cases_check(&cases, attest(w, s, w->p, good, NULL) == ATT_OK, "used");
    w->rig.now_unix_s = RIG_NOW + 300 + 590;
    for (int i = 0; i < 3; i++) { /* each call forgets */
        later = ask(w, s);
        cases_check(&cases, attest(w, s, w->p, answer(w, &later, MK_TPM_BREAK_NONE), NULL) == ATT_OK,
                    "ahead");
    }
    w->rig.now_unix_s = RIG_NOW + 299;
    cases_check(&cases, attest(w, s, w->p, good, NULL) == ATT_TPM_CHALLENGE_USED,
                "E-z: used, forgotten by a clock that is ten minutes ahead");
    w->rig.now_unix_s = RIG_NOW;
}

/* A store that cannot say whether it was the first time: no token. */
static bool forgetful(struct store *s, const char *space, const char *id, int64_t until, int64_t now,
                      bool *ret_first, struct att_err *err)
{
    (void)s, (void)space, (void)id, (void)until, (void)now;
    *ret_first = true; /* whatever is left behind must not count */
    if (err && err->code == ATT_OK)
        err->code = ATT_STORE_FAILED;
    return false;
}

static void check_store(struct world *w)
{
    struct store_ops ops = *w->rig.store->ops;
    ops.once = forgetful;
    struct store broken = { .ops = &ops };
    struct service *without = replica(w, NULL), *failing = replica(w, &broken);
    struct question q = ask(w, w->rig.service);
    struct att_span good = answer(w, &q, MK_TPM_BREAK_NONE);
    struct att_span challenge = { 0 }, context = { 0 };
    struct att_err err = { 0 };

    cases_check(&cases, attest(w, failing, w->p, good, NULL) == ATT_STORE_FAILED, "a store that fails");
    cases_check(&cases, attest(w, without, w->p, good, NULL) == ATT_SERVICE_UNAVAILABLE, "no store");
    cases_check(&cases,
                !service_tpm_challenge(without, w->p, w->rig.arena, &challenge, &context, &err) &&
                    err.code == ATT_SERVICE_UNAVAILABLE,
                "no store: no challenge");
    cases_check(&cases, attest(w, w->rig.service, w->p, good, NULL) == ATT_OK, "the challenge is still open");
    service_free(without);
    service_free(failing);
}

static bool header_has(struct world *w, struct att_span token, const char *name)
{
    const uint8_t *dot = memchr(token.ptr, '.', token.len);
    struct att_span header = { 0 };
    struct att_json doc;
    struct att_err err = { 0 };

    rig_need(dot &&
                 att_base64_decode(w->rig.arena, ATT_BASE64_STRICT,
                                   att_span_of(token.ptr, (size_t)(dot - token.ptr)), "header", &header,
                                   &err) &&
                 att_json_parse(w->rig.arena, header, NULL, &doc, &err),
             "header", &err);
    return att_json_get(&doc, ATT_JSON_ROOT, name) != ATT_JSON_NONE;
}

/* What configuration and issuance say of the token itself. */
static void check_properties(struct world *w)
{
    static const struct {
        const char *text;
        int64_t seconds;
        bool x5c, x5t;
    } rows[] = {
        { PERMIT, 86400, true, false },
        { "version=1.1; authorizationrules { => permit(); }; "
          "issuancerules { => issueproperty(type=\"report_validity_in_minutes\", value=5); "
          "=> issueproperty(type=\"omit_x5c\", value=true); };",
          300, false, true },
        { "version=1.1; authorizationrules { => permit(); }; "
          "issuancerules { => issueproperty(type=\"report_validity_in_minutes\", value=525600); "
          "=> issueproperty(type=\"omit_x5c\", value=false); };",
          31536000, true, false },
    };
    struct service *s = w->rig.service;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct att_token read;
        struct att_span token = { 0 };
        policy(w, "default", rows[i].text);
        struct question q = ask(w, s);
        enum att_code code = attest(w, s, w->p, answer(w, &q, MK_TPM_BREAK_NONE), &token);
        cases_check(&cases, code == ATT_OK, "properties %zu: %s", i, att_code_name(code));
        if (code != ATT_OK)
            continue;
        const struct att_json *doc = claims_of(w, token, &read);
        cases_check(&cases, lifetime(doc) == rows[i].seconds, "properties %zu: %lld s", i,
                    (long long)lifetime(doc));
        cases_check(&cases,
                    header_has(w, token, "x5c") == rows[i].x5c && header_has(w, token, "x5t") == rows[i].x5t,
                    "properties %zu: certificate in the header", i);
    }
}

/* Rules that contradict each other about the token: no token, and the challenge is not used up. */
static void check_contradiction(struct world *w)
{
    static const char *const rows[] = {
        ("=> issueproperty(type=\"report_validity_in_minutes\", value=5); "
         "=> issueproperty(type=\"report_validity_in_minutes\", value=525600);"),
        "=> issueproperty(type=\"omit_x5c\", value=true); => issueproperty(type=\"omit_x5c\", value=false);",
        "c:[type==\"aikValidated\"] => issueproperty(type=\"omit_x5c\", value=\"true\");",
    };
    struct service *s = w->rig.service;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[512];
        struct att_err err = { 0 };
        policy(w, "default", PERMIT);
        struct question q = ask(w, s);
        struct att_span good = answer(w, &q, MK_TPM_BREAK_NONE);
        (void)snprintf(text, sizeof text,
                       "version=1.1; authorizationrules { => permit(); }; issuancerules { %s };", rows[i]);
        const struct site_provider *p = rig_ref(&w->rig, "default");
        enum att_code set = rig_policy(&w->rig, p, "Tpm", att_str(text), NULL, &err);
        site_unref(p);
        site_unref(w->p);
        w->p = rig_ref(&w->rig, "default");
        enum att_code code = set == ATT_OK ? attest(w, s, w->p, good, NULL) : set;
        cases_check(&cases, att_code_class(code) == ATT_CLASS_POLICY, "contradiction %zu: %s", i,
                    att_code_name(code));
        policy(w, "default", PERMIT);
        cases_check(&cases, attest(w, s, w->p, good, NULL) == ATT_OK, "contradiction %zu: then a good policy",
                    i);
    }
}

/* A policy that denies leaves the challenge open, too: what was refused was not answered. */
static void check_denied(struct world *w)
{
    struct service *s = w->rig.service;

    policy(w, "default", "version=1.0; authorizationrules { => deny(); }; issuancerules { };");
    struct question q = ask(w, s);
    struct att_span good = answer(w, &q, MK_TPM_BREAK_NONE);
    cases_check(&cases, attest(w, s, w->p, good, NULL) == ATT_POLICY_DENIED, "denied");
    policy(w, "default", PERMIT);
    cases_check(&cases, attest(w, s, w->p, good, NULL) == ATT_OK, "permitted afterwards");
}

int main(void)
{
    struct world w;

    world_new(&w);
    check_room(&w);
    check_missing(&w);
    policy(&w, "default", PERMIT);
    policy(&w, "other", PERMIT);
    check_once(&w);
    check_time(&w);
    check_swap(&w);
    check_replicas(&w);
    check_health(&w);
    check_clocks(&w);
    check_store(&w);
    check_properties(&w);
    check_contradiction(&w);
    check_denied(&w);
    world_free(&w);
    return cases_report(&cases);
}
