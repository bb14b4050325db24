/* layers: service signer store store/sqlite attest makers base codec */
/* One attestation as a use-case: what the token says of how it came about, and what is counted. */
#include "unit/attest/fixture.h"

#include "base/base64.h"
#include "base/buf.h"
#include "codec/json.h"
#include "service/service.h"
#include "signer/signer.h"
#include "store/sqlite/sqlite.h"
#include "support/cases.h"

#include <unistd.h>

enum { TODAY_AFTER_S = 90 * 86400 }; /* the clock is this far behind the evidence */

static const uint8_t kek[32] = { 1 };

struct rig {
    char path[64];
    struct att_lib *lib;
    struct store *store;
    struct signer *signer;
    struct service *service;
    struct mk_evidence evidence;
    struct att_collateral *collateral;
    int64_t now_unix_s;
};

static int64_t rig_now(void *ctx)
{
    return ((struct rig *)ctx)->now_unix_s;
}

static void rig_new(struct rig *r, struct mk_hardware *hw, bool trusted, bool evidence_time)
{
    struct mk_sgx_options o;
    struct att_err err = { 0 };

    *r = (struct rig){ .now_unix_s = FIXTURE_NOW };
    mk_sgx_defaults(&o, FIXTURE_NOW);
    evidence_new(hw, &o, &r->evidence);
    r->lib = lib_new(&hw, trusted ? 1 : 0, 0);
    r->collateral = collateral_of(r->lib, &r->evidence);
    (void)snprintf(r->path, sizeof r->path, "/var/tmp/attestd-service-XXXXXX");
    need(mkstemp(r->path) >= 0, "mkstemp", NULL);
    need(store_sqlite_open(r->path, &r->store, &err), "store", &err);
    need(signer_local_new(4, &r->signer, &err), "signer", &err);
    struct service_options options = { .lib = r->lib,
                                       .signer = r->signer,
                                       .store = r->store,
                                       .kek = kek,
                                       .provider = "default",
                                       .attest_uri = "https://localhost:8443",
                                       .alg = "ES256",
                                       .accepted_tcb = ATT_TCB_DEFAULT,
                                       .evidence_time_set = evidence_time,
                                       .evidence_time_unix_s = FIXTURE_NOW,
                                       .now_unix_s = rig_now,
                                       .now_ctx = r };
    need(service_new(&options, &r->service, &err), "service", &err);
}

static void rig_free(struct rig *r)
{
    static const char *const ends[] = { "", "-wal", "-shm" };

    service_free(r->service);
    signer_close(r->signer);
    store_close(r->store);
    att_collateral_free(r->collateral);
    att_lib_free(r->lib);
    mk_evidence_free(&r->evidence);
    for (size_t i = 0; i < 3; i++) {
        char path[80];
        (void)snprintf(path, sizeof path, "%s%s", r->path, ends[i]);
        (void)unlink(path);
    }
}

static struct service_attest_in request(const struct rig *r)
{
    return (struct service_attest_in){ .evidence_type = "sgx", .evidence = mk_item(&r->evidence, MK_QUOTE) };
}

/* The code of the refusal; ATT_OK with the payload of the token, as JSON text. */
static enum att_code attest(struct rig *r, struct att_arena *a, const struct service_attest_in *in,
                            struct att_span *ret_payload)
{
    struct att_span token = { 0 };
    struct att_err err = { 0 };

    if (!service_attest(r->service, a, in, &token, &err))
        return err.code;
    const uint8_t *dot = memchr(token.ptr, '.', token.len);
    size_t rest = token.len - (size_t)(dot + 1 - token.ptr);
    const uint8_t *end = memchr(dot + 1, '.', rest);
    need(att_base64_decode(a, ATT_BASE64_STRICT, att_span_of(dot + 1, (size_t)(end - dot) - 1), "payload",
                           ret_payload, &err),
         "payload", &err);
    return ATT_OK;
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
        struct rig r;
        struct att_arena *a = arena_new();
        struct att_span payload = { 0 };
        char now[24];
        rig_new(&r, hw, true, evidence_time);
        service_collateral_set(r.service, r.collateral);
        r.now_unix_s += evidence_time ? TODAY_AFTER_S : 0;
        struct service_attest_in in = request(&r);
        bool ok = attest(&r, a, &in, &payload) == ATT_OK;
        (void)snprintf(now, sizeof now, "%lld", (long long)r.now_unix_s);
        cases_check(c, ok, "evidence time %d: a token", evidence_time);
        cases_check(c,
                    ok &&
                        member_is(a, payload, "x-attestd-unsafe",
                                  evidence_time ? "[\"evidence-time\",\"test-roots\"]" : "[\"test-roots\"]"),
                    "evidence time %d: the token says what is unsafe: %.*s", evidence_time, (int)payload.len,
                    (const char *)payload.ptr);
        cases_check(c, ok && member_is(a, payload, "iat", now) && member_is(a, payload, "nbf", now),
                    "evidence time %d: never the time of the token", evidence_time);
        rig_free(&r);
        att_arena_free(a);
    }
}

static void refusals(struct cases *c, struct mk_hardware *hw)
{
    struct rig r;
    struct att_arena *a = arena_new();
    struct att_span payload = { 0 };
    unsigned long counts[ATT_CODE_COUNT] = { 0 };

    rig_new(&r, hw, true, false);
    struct service_attest_in in = request(&r);
    cases_check(c, attest(&r, a, &in, &payload) == ATT_COLLATERAL_MISSING, "before there is collateral");
    service_collateral_set(r.service, r.collateral);
    cases_check(c, attest(&r, a, &in, &payload) == ATT_OK, "after");
    r.now_unix_s += TODAY_AFTER_S;
    enum att_code late = attest(&r, a, &in, &payload);
    cases_check(c, att_code_class(late) == ATT_CLASS_COLLATERAL, "when it is stale: %s", att_code_name(late));
    r.now_unix_s -= TODAY_AFTER_S;
    in.evidence_type = "tdx";
    cases_check(c, attest(&r, a, &in, &payload) == ATT_EVIDENCE_TYPE_UNKNOWN, "a type that is not served");
    in.evidence_type = "SGX";
    cases_check(c, attest(&r, a, &in, &payload) == ATT_EVIDENCE_TYPE_UNKNOWN, "a type in another case");
    service_verdicts(r.service, sum, counts);
    cases_check(c, counts[ATT_OK] == 1 && counts[ATT_COLLATERAL_MISSING] == 1 && counts[late] == 1,
                "each verdict is counted once");
    rig_free(&r);
    rig_new(&r, hw, false, false);
    service_collateral_set(r.service, r.collateral);
    in = request(&r);
    cases_check(c, attest(&r, a, &in, &payload) == ATT_ROOT_UNTRUSTED, "without the test root");
    rig_free(&r);
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
    struct rig r;

    rig_new(&r, hw, true, false);
    service_collateral_set(r.service, r.collateral);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct att_arena *a = arena_new();
        struct service_attest_in in = request(&r);
        struct att_span token = { 0 };
        struct att_err err = { 0 };
        in.has_draft_policy = true;
        in.draft_policy = att_str(rows[i].text);
        bool ok = service_attest(r.service, a, &in, &token, &err);
        cases_check(c, ok == (rows[i].code == ATT_OK) && err.code == rows[i].code, "draft: %s: %s",
                    rows[i].name, att_code_name(err.code));
        /* Only the issuer's key makes a token; a draft's has no signature at all. */
        cases_check(c, ok ? token.ptr[token.len - 1] == '.' : token.len == 0, "draft: %s: signature",
                    rows[i].name);
        att_arena_free(a);
    }
    rig_free(&r);
}

/* Every ceiling of memory is a refusal, never a token cut short. */
static void little_memory(struct cases *c, struct mk_hardware *hw)
{
    struct rig r;
    unsigned refused = 0, wrong = 0;

    rig_new(&r, hw, true, false);
    service_collateral_set(r.service, r.collateral);
    for (size_t bytes = 256; bytes < 256 * 1024; bytes += bytes / 8) {
        struct att_arena *a = att_arena_new(bytes);
        struct service_attest_in in = request(&r);
        struct att_span token = { 0 };
        struct att_err err = { 0 };
        if (service_attest(r.service, a, &in, &token, &err)) {
            att_arena_free(a);
            break;
        }
        refused++;
        wrong += err.code != ATT_OUT_OF_MEMORY || token.len != 0;
        att_arena_free(a);
    }
    cases_check(c, refused > 10 && wrong == 0, "%u of %u refusals for want of memory are something else",
                wrong, refused);
    rig_free(&r);
}

int main(void)
{
    struct cases c = { .name = "unit_service_attest" };
    struct mk_hardware *hw = hardware_new();

    unsafe_claims(&c, hw);
    refusals(&c, hw);
    drafts(&c, hw);
    little_memory(&c, hw);
    mk_hardware_free(hw);
    return cases_report(&c);
}
