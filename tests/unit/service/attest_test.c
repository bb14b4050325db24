/* layers: service keys signer store store/memory site access attest makers base codec */
/* One attestation as a use-case: whose token it is, under which policy, what it says of how it came about, and what is
 * counted. */
#include "unit/attest/fixture.h"

#include "base/buf.h"
#include "support/cases.h"

#include "unit/service/rig.h"
#include <openssl/evp.h>

_Static_assert(FIXTURE_NOW == RIG_NOW, "evidence and service live at the same time");

enum { TODAY_AFTER_S = 90 * 86400 }; /* the clock is this far behind the evidence */

/* A rig with evidence for it. */
struct site_of {
    struct rig rig;
    struct att_lib *lib;
    struct mk_evidence evidence;
    struct att_collateral *collateral;
    const struct site_provider *provider; /* the default one */
};

static void site_new(struct site_of *s, struct mk_hardware *hw, bool trusted, bool evidence_time)
{
    struct mk_sgx_options o;

    mk_sgx_defaults(&o, FIXTURE_NOW);
    evidence_new(hw, &o, &s->evidence);
    s->lib = lib_new(&hw, trusted ? 1 : 0, 0);
    s->collateral = collateral_of(s->lib, &s->evidence);
    rig_new(&s->rig, &(struct rig_options){ .lib = s->lib, .evidence_time = evidence_time });
    s->provider = rig_ref(&s->rig, "default");
}

static void site_free(struct site_of *s)
{
    site_unref(s->provider);
    rig_free(&s->rig);
    att_collateral_free(s->collateral);
    att_lib_free(s->lib);
    mk_evidence_free(&s->evidence);
}

static struct service_attest_in request(const struct site_of *s)
{
    return (struct service_attest_in){ .evidence_type = "sgx", .evidence = mk_item(&s->evidence, MK_QUOTE) };
}

/* The code of the refusal; ATT_OK with the payload of the token, as JSON text. */
static enum att_code attest_at(struct site_of *s, const struct site_provider *p, struct att_arena *a,
                               const struct service_attest_in *in, struct att_span *ret_payload)
{
    struct service_attest_out out = { 0 };
    struct att_err err = { 0 };

    if (!service_attest(s->rig.service, p, a, in, &out, &err))
        return err.code;
    const struct att_span token = out.token;
    const uint8_t *dot = memchr(token.ptr, '.', token.len);
    size_t rest = token.len - (size_t)(dot + 1 - token.ptr);
    const uint8_t *end = memchr(dot + 1, '.', rest);
    need(att_base64_decode(a, ATT_BASE64_STRICT, att_span_of(dot + 1, (size_t)(end - dot) - 1), "payload",
                           ret_payload, &err),
         "payload", &err);
    return ATT_OK;
}

static enum att_code attest(struct site_of *s, struct att_arena *a, const struct service_attest_in *in,
                            struct att_span *ret_payload)
{
    return attest_at(s, s->provider, a, in, ret_payload);
}

static bool member_is(struct att_arena *a, struct att_span json, const char *name, const char *want)
{
    struct att_json doc;
    struct att_err err = { 0 };

    need(att_json_parse(a, json, NULL, &doc, &err), "claims", &err);
    att_json_id id = att_json_get(&doc, ATT_JSON_ROOT, name);
    return want ? att_span_is(att_json_source(&doc, id), want) : id == ATT_JSON_NONE;
}

static void sum(void *ctx, const char *type, enum att_code code, unsigned long count)
{
    unsigned long *counts = ctx;
    if (strcmp(type, "sgx") == 0)
        counts[code] += count;
}

static void unsafe_claims(struct cases *c, struct mk_hardware *hw)
{
    for (int evidence_time = 0; evidence_time < 2; evidence_time++) {
        struct site_of r;
        struct att_arena *a = arena_new();
        struct att_span payload = { 0 };
        char now[24];
        site_new(&r, hw, true, evidence_time);
        service_collateral_set(r.rig.service, r.collateral);
        r.rig.now_unix_s += evidence_time ? TODAY_AFTER_S : 0;
        struct service_attest_in in = request(&r);
        bool ok = attest(&r, a, &in, &payload) == ATT_OK;
        (void)snprintf(now, sizeof now, "%lld", (long long)r.rig.now_unix_s);
        cases_check(c, ok, "evidence time %d: a token", evidence_time);
        cases_check(c,
                    ok &&
                        member_is(a, payload, "x-attestd-unsafe",
                                  evidence_time ? "[\"evidence-time\",\"test-roots\"]" : "[\"test-roots\"]"),
                    "evidence time %d: the token says what is unsafe: %.*s", evidence_time, (int)payload.len,
                    (const char *)payload.ptr);
        cases_check(c, ok && member_is(a, payload, "iat", now) && member_is(a, payload, "nbf", now),
                    "evidence time %d: never the time of the token", evidence_time);
        site_free(&r);
        att_arena_free(a);
    }
}

static void refusals(struct cases *c, struct mk_hardware *hw)
{
    struct site_of r;
    struct att_arena *a = arena_new();
    struct att_span payload = { 0 };
    unsigned long counts[ATT_CODE_COUNT] = { 0 };

    site_new(&r, hw, true, false);
    struct service_attest_in in = request(&r);
    cases_check(c, attest(&r, a, &in, &payload) == ATT_COLLATERAL_MISSING, "before there is collateral");
    service_collateral_set(r.rig.service, r.collateral);
    cases_check(c, attest(&r, a, &in, &payload) == ATT_OK, "after");
    r.rig.now_unix_s += TODAY_AFTER_S;
    enum att_code late = attest(&r, a, &in, &payload);
    cases_check(c, att_code_class(late) == ATT_CLASS_COLLATERAL, "when it is stale: %s", att_code_name(late));
    r.rig.now_unix_s -= TODAY_AFTER_S;
    in.evidence_type = "pluton";
    cases_check(c, attest(&r, a, &in, &payload) == ATT_EVIDENCE_TYPE_UNKNOWN, "a type that is not served");
    in.evidence_type = "SGX";
    cases_check(c, attest(&r, a, &in, &payload) == ATT_EVIDENCE_TYPE_UNKNOWN, "a type in another case");
    service_verdicts(r.rig.service, sum, counts);
    cases_check(c, counts[ATT_OK] == 1 && counts[ATT_COLLATERAL_MISSING] == 1 && counts[late] == 1,
                "each verdict is counted once");
    site_free(&r);
    site_new(&r, hw, false, false);
    service_collateral_set(r.rig.service, r.collateral);
    in = request(&r);
    cases_check(c, attest(&r, a, &in, &payload) == ATT_ROOT_UNTRUSTED, "without the test root");
    site_free(&r);
    att_arena_free(a);
}

static void drafts(struct cases *c, struct mk_hardware *hw)
{
    static const struct {
        const char *name, *text;
        enum att_code code;
    } rows[] = {
        { "permits", "version=1.0; authorizationrules{ => permit(); };", ATT_OK },
        { "denies", "version=1.0; authorizationrules{ => permit(); => deny(); };", ATT_POLICY_DENIED },
        { "permits nothing", "version=1.0; authorizationrules{ };", ATT_POLICY_NO_PERMIT },
        { "no policy", "permit", ATT_POLICY_SYNTAX },
        { "empty", "", ATT_POLICY_SYNTAX },
        { "half a token", "eyJhbGciOiJub25lIn0.e30", ATT_POLICY_TOKEN_INVALID },
    };
    struct site_of r;

    site_new(&r, hw, true, false);
    service_collateral_set(r.rig.service, r.collateral);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct att_arena *a = arena_new();
        struct service_attest_in in = request(&r);
        struct service_attest_out out = { 0 };
        struct att_err err = { 0 };
        in.has_draft_policy = true;
        in.draft_policy = att_str(rows[i].text);
        bool ok = service_attest(r.rig.service, r.provider, a, &in, &out, &err);
        const struct att_span token = out.token;
        cases_check(c, ok == (rows[i].code == ATT_OK) && err.code == rows[i].code, "draft: %s: %s",
                    rows[i].name, att_code_name(err.code));
        /* Only the issuer's key makes a token; a draft's has no signature at all. */
        cases_check(c, ok ? token.ptr[token.len - 1] == '.' : token.len == 0, "draft: %s: signature",
                    rows[i].name);
        att_arena_free(a);
    }
    site_free(&r);
}

/* Whose token it is: each provider's own name, its own policy. */
static void providers(struct cases *c, struct mk_hardware *hw)
{
    struct site_of r;
    struct att_arena *a = arena_new();
    struct service_attest_out out = { 0 };
    struct att_span payload = { 0 };
    struct att_err err = { 0 };
    struct att_token t = { 0 };

    site_new(&r, hw, true, false);
    service_collateral_set(r.rig.service, r.collateral);
    rig_provider(&r.rig, "contoso", NULL);
    const struct site_provider *p = rig_ref(&r.rig, "contoso");
    struct service_attest_in in = request(&r);
    bool ok = service_attest(r.rig.service, p, a, &in, &out, &err);
    cases_check(c, ok && rig_verify(&r.rig, p, RIG_BASE "/p/contoso", out.token, &t, &err),
                "a token of its own: %s", err.text);
    cases_check(c,
                memmem(t.header.ptr, t.header.len, RIG_BASE "/p/contoso/certs",
                       sizeof RIG_BASE "/p/contoso/certs" - 1),
                "jku is its /certs");
    cases_check(c, member_is(a, t.payload, "x-ms-policy", NULL), "under the default policy");
    err = (struct att_err){ 0 };
    cases_check(
        c, !rig_verify(&r.rig, r.provider, RIG_BASE, out.token, &t, &err) && err.code == ATT_TOKEN_ISSUER,
        "is not the default provider's");
    enum att_code code = rig_policy(&r.rig, p, "SgxEnclave",
                                    att_str("version=1.0; authorizationrules{ => permit(); }; issuancerules{ "
                                            "=> issue(type=\"mine\", value=7); };"),
                                    NULL, &err);
    cases_check(c, code == ATT_OK, "a policy of its own: %s", err.text);
    site_unref(p);
    p = rig_ref(&r.rig, "contoso");
    cases_check(c,
                attest_at(&r, p, a, &in, &payload) == ATT_OK && member_is(a, payload, "mine", "7") &&
                    member_is(a, payload, "x-ms-policy", "{\"mine\":7}"),
                "is the one that is used");
    in.evidence_type = "open-enclave";
    cases_check(c, attest_at(&r, p, a, &in, &payload) != ATT_OK, "evidence of another type");
    in.evidence_type = "sgx";
    cases_check(c,
                attest(&r, a, &in, &payload) == ATT_OK && member_is(a, payload, "mine", NULL) &&
                    member_is(a, payload, "product-id", "1"),
                "and nobody else's");
    rig_need(rig_policy(&r.rig, p, "SgxEnclave", att_policy_default("sgx"), NULL, &err) == ATT_OK, "policy",
             &err);
    site_unref(p);
    p = rig_ref(&r.rig, "contoso");
    cases_check(c, attest_at(&r, p, a, &in, &payload) == ATT_OK && member_is(a, payload, "x-ms-policy", NULL),
                "the default text is the default policy, whoever set it");
    site_unref(p);
    site_free(&r);
    att_arena_free(a);
}

static void delete_all(struct rig *r, const char *policy, const char *provider)
{
    struct site_change *change = rig_begin(r);
    struct att_err err = { 0 };
    const struct site_object *o = site_change_get(change, SITE_POLICY, policy);

    rig_need(site_delete(change, SITE_POLICY, policy, o->version, &err), "delete", &err);
    if (provider) {
        o = site_change_get(change, SITE_PROVIDER, provider);
        rig_need(site_delete(change, SITE_PROVIDER, provider, o->version, &err), "delete", &err);
    }
    rig_commit(change);
}

/* What happens between a request's look at its provider and its verdict. */
static void meanwhile(struct cases *c, struct mk_hardware *hw)
{
    static const char deny[] = "version=1.0; authorizationrules{ => deny(); };";
    static const char policy_key[] = RIG_PROVIDERS "contoso/policies/sgxenclave";
    struct site_of r;
    struct att_arena *a = arena_new();
    struct att_span payload = { 0 }, certs = { 0 };
    struct att_err err = { 0 };

    site_new(&r, hw, true, false);
    service_collateral_set(r.rig.service, r.collateral);
    rig_provider(&r.rig, "contoso", NULL);
    struct service_attest_in in = request(&r);

    const struct site_provider *fresh = rig_ref(&r.rig, "contoso"), *used = fresh;
    (void)rig_policy(&r.rig, fresh, "SgxEnclave", att_str(deny), NULL, &err);
    cases_check(c, attest_at(&r, fresh, a, &in, &payload) == ATT_POLICY_DENIED,
                "A16: a policy set before anything was derived counts");
    site_unref(fresh);

    used = rig_ref(&r.rig, "contoso");
    cases_check(c, attest_at(&r, used, a, &in, &payload) == ATT_POLICY_DENIED, "A16: the policy is in use");
    fresh = rig_ref(&r.rig, "contoso");
    delete_all(&r.rig, policy_key, NULL);
    cases_check(c, attest_at(&r, used, a, &in, &payload) == ATT_POLICY_DENIED,
                "A16: who began under a policy ends under it, though it is deleted");
    site_unref(used);
    site_unref(fresh);
    used = rig_ref(&r.rig, "contoso");
    cases_check(c, attest_at(&r, used, a, &in, &payload) == ATT_OK, "A16: who comes later does not");
    site_unref(used);

    used = rig_ref(&r.rig, "contoso");
    (void)rig_policy(&r.rig, used, "SgxEnclave", att_str(deny), NULL, &err);
    site_unref(used);
    fresh = rig_ref(&r.rig, "contoso");
    delete_all(&r.rig, policy_key, RIG_PROVIDERS "contoso");
    cases_check(
        c, attest_at(&r, fresh, a, &in, &payload) == ATT_RESOURCE_NOT_FOUND,
        "A16: of a deleted provider with a policy nothing is derived, least of all the default policy");
    cases_check(
        c, !service_certs_json(r.rig.service, fresh, a, &certs, &err) && err.code == ATT_RESOURCE_NOT_FOUND,
        "A16: nor its documents");
    rig_provider(&r.rig, "contoso", NULL);
    cases_check(c, attest_at(&r, fresh, a, &in, &payload) == ATT_OK,
                "A16: one that was made anew is judged by what it is now");
    site_unref(fresh);
    site_free(&r);
    att_arena_free(a);
}

static void put_text(struct rig *r, const char *key, const char *type, const char *text)
{
    const struct site_policy p = { .o = { .kind = SITE_POLICY, .tenant = RIG_TENANT, .key = key },
                                   .type = type,
                                   .token = att_str("eyJhbGciOiJub25lIn0.e30."),
                                   .text = att_str(text) };
    struct site_change *change = rig_begin(r);
    struct att_err err = { 0 };

    rig_need(site_put(change, &p, 0, RIG_OWNER, &err), "put", &err);
    rig_commit(change);
}

/* A row that says something else than what was once accepted, and certificates that are another's. */
static void broken_rows(struct cases *c, struct mk_hardware *hw)
{
    struct site_of r;
    struct att_arena *a = arena_new();
    struct att_span payload = { 0 }, text = { 0 };
    struct att_err err = { 0 };

    site_new(&r, hw, true, false);
    service_collateral_set(r.rig.service, r.collateral);
    struct service_attest_in in = request(&r);
    put_text(&r.rig, RIG_DEFAULT_KEY "/policies/sgxenclave", "SgxEnclave", "version=9; permit");
    const struct site_provider *p = rig_ref(&r.rig, "default");
    cases_check(c, attest_at(&r, p, a, &in, &payload) == ATT_STORE_FAILED,
                "a stored policy that does not compile never becomes the default one");
    in.has_draft_policy = true;
    in.draft_policy = att_str("version=1.0; authorizationrules{ => permit(); };");
    cases_check(c, attest_at(&r, p, a, &in, &payload) == ATT_OK, "a draft takes its place");
    in = request(&r);
    in.evidence_type = "open-enclave";
    enum att_code other = attest_at(&r, p, a, &in, &payload);
    cases_check(c, att_code_class(other) == ATT_CLASS_EVIDENCE, "other types are judged: %s",
                att_code_name(other));
    cases_check(c,
                service_certs_json(r.rig.service, p, a, &text, &err) &&
                    service_openid_json(r.rig.service, p, a, &text, &err),
                "and its documents are there: %s", err.text);
    site_unref(p);

    for (int broken = 0; broken < 4; broken++) {
        static const char *const names[] = { "none", "of another address", "of another key", "that is none" };
        rig_provider(&r.rig, "contoso", NULL);
        struct site_change *change = rig_begin(&r.rig);
        const struct site_provider *was = site_change_get(change, SITE_PROVIDER, RIG_PROVIDERS "contoso");
        struct site_provider bad = *was;
        struct site_certificate cert = was->certificates[0];
        struct store *store = NULL;
        struct signer *signer = test_signer(rig_kek);
        struct keyring *keys = NULL;
        rig_need(store_memory_open("", &store, &err), "another", &err);
        const struct keyring_options options = {
            .store = store, .signer = signer, .purpose = "attestation", .alg = "ES256"
        };
        rig_need(keyring_open(&options, &keys, &err), "another key", &err);
        const struct keyset *others = keyring_keys(keys);
        const struct signer_certify want = { .kind = SIGNER_CERTIFY_ENDPOINT,
                                             .name = "contoso",
                                             .uri = cert.attest_uri };
        if (broken == 2)
            rig_need(signer_certify(signer, others->keys[0].kid, &want, a, &cert.der, &err), "cert", &err);
        keyset_unref(others);
        if (broken == 1)
            cert.attest_uri = RIG_BASE;
        if (broken == 3)
            cert.der = att_str("0\0");
        bad.attachment = NULL;
        bad.certificates = &cert;
        bad.certificate_count = broken == 0 ? 0 : 1;
        rig_need(site_put(change, &bad, was->o.version, RIG_OWNER, &err), "put", &err);
        rig_commit(change);
        p = rig_ref(&r.rig, "contoso");
        struct att_err why = { 0 };
        char x5c[4096];
        (void)EVP_EncodeBlock((unsigned char *)x5c, cert.der.ptr, (int)cert.der.len);
        cases_check(c,
                    service_certs_json(r.rig.service, p, a, &text, &why) &&
                        (broken != 2 || !memmem(text.ptr, text.len, x5c, strlen(x5c))) &&
                        memmem(text.ptr, text.len, "\"x5c\":[\"MII", 11),
                    "a certificate %s is not published, another is derived: %s", names[broken], why.text);
        in = request(&r);
        cases_check(c, attest_at(&r, p, a, &in, &payload) == ATT_OK, "a certificate %s: tokens go on",
                    names[broken]);
        site_unref(p);
        keyring_close(keys);
        signer_close(signer);
        store_close(store);
    }
    site_free(&r);
    att_arena_free(a);
}

/* Every ceiling of memory is a refusal, never a token cut short. */
static void little_memory(struct cases *c, struct mk_hardware *hw)
{
    struct site_of r;
    unsigned refused = 0, wrong = 0;

    site_new(&r, hw, true, false);
    service_collateral_set(r.rig.service, r.collateral);
    for (size_t bytes = 256; bytes < 256 * 1024; bytes += bytes / 8) {
        struct att_arena *a = att_arena_new(bytes);
        struct service_attest_in in = request(&r);
        struct service_attest_out out = { 0 };
        struct att_err err = { 0 };
        if (service_attest(r.rig.service, r.provider, a, &in, &out, &err)) {
            att_arena_free(a);
            break;
        }
        refused++;
        wrong += err.code != ATT_OUT_OF_MEMORY || out.token.len != 0;
        att_arena_free(a);
    }
    cases_check(c, refused > 10 && wrong == 0, "%u of %u refusals for want of memory are something else",
                wrong, refused);
    site_free(&r);
}

int main(void)
{
    struct cases c = { .name = "unit_service_attest" };
    struct mk_hardware *hw = hardware_new();

    unsafe_claims(&c, hw);
    refusals(&c, hw);
    drafts(&c, hw);
    providers(&c, hw);
    meanwhile(&c, hw);
    broken_rows(&c, hw);
    little_memory(&c, hw);
    mk_hardware_free(hw);
    return cases_report(&c);
}
