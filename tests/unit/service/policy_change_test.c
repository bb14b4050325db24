/* layers: service keys signer store store/memory site access attest base codec */
/* Resetting policies, changing policy signers, what is remembered of both. */
#include <attest/policy_token.h>

#include "support/cases.h"
#include "unit/service/author.h"

#define DENY           "version=1.0; authorizationrules{ => deny(); };"
#define PERMIT         "version= 1.0;authorizationrules{=> permit();};"
#define UNSIGNED_RESET "eyJhbGciOiJub25lIn0.."

/* A token of `w` with everything that one may say about itself; NULL and 0 leave a member out. */
struct saying {
    enum att_policy_token_use use;
    const char *text;
    const struct author *signer; /* to be added or removed */
    const char *jti, *audience;
    int64_t expires_unix_s;
};

static struct att_span say(struct att_arena *a, const struct author *w, const struct saying *s)
{
    struct att_policy_token_in in = { .size = sizeof in,
                                      .use = s->use,
                                      .alg = w->alg,
                                      .chain = &w->der,
                                      .chain_count = 1,
                                      .text = s->text ? att_str(s->text) : (struct att_span){ 0 },
                                      .new_signer = s->signer ? &s->signer->der : NULL,
                                      .new_signer_count = s->signer ? 1 : 0,
                                      .jti = s->jti ? att_str(s->jti) : (struct att_span){ 0 },
                                      .audience = s->audience ? att_str(s->audience) : (struct att_span){ 0 },
                                      .exp_unix_s = s->expires_unix_s };
    struct att_span input = { 0 }, signature = { 0 }, token = { 0 };
    struct att_err err = { 0 };

    rig_need(att_policy_token_input(a, &in, &input, &err) && key_sign(w->key, input, a, &signature, &err) &&
                 att_token_join(a, input, signature, &token, &err),
             "a token", &err);
    return token;
}

static struct att_span reset_by(struct att_arena *a, const struct author *w)
{
    return say(a, w, &(struct saying){ .use = ATT_POLICY_RESET });
}

static struct att_span names(struct att_arena *a, const struct author *by, const struct author *whom)
{
    return say(a, by, &(struct saying){ .use = ATT_POLICY_SIGNER, .signer = whom });
}

static const char *stored(struct rig *r, const struct site_provider *p, const char *issuer, const char *type)
{
    return member(r, get(r, p, issuer, type), "x-ms-policy");
}

/* -- resets ----------------------------------------------------------------------------------------------- */

static void resets_on_aad(struct cases *c)
{
    struct rig r;
    struct att_span token = { 0 };
    struct att_err err = { 0 };

    rig_new(&r, &(struct rig_options){ 0 });
    const struct site_provider *p = rig_ref(&r, "default");
    const char *before = stored(&r, p, RIG_BASE, "SgxEnclave");
    rig_need(rig_policy(&r, p, "SgxEnclave", att_str(DENY), NULL, &err) == ATT_OK &&
                 rig_policy(&r, p, "OpenEnclave", att_str(DENY), NULL, &err) == ATT_OK,
             "set", &err);
    enum att_code code = rig_reset(&r, p, "SgxEnclave", att_str(UNSIGNED_RESET), &token, &err);
    const char *body = code == ATT_OK ? answer(&r, p, RIG_BASE, token) : err.text;
    cases_check(c,
                code == ATT_OK && member_count(&r, body) == 5 &&
                    strcmp(member(&r, body, "x-ms-policy-result"), "Removed") == 0,
                "a reset says so, and nothing else: %s", body);
    cases_check(c, strcmp(stored(&r, p, RIG_BASE, "SgxEnclave"), before) == 0, "the default is back");
    cases_check(c, strcmp(stored(&r, p, RIG_BASE, "OpenEnclave"), before) != 0, "of this type alone");
    cases_check(c, rig_reset(&r, p, "SgxEnclave", att_str(UNSIGNED_RESET), NULL, &err) == ATT_OK,
                "again, with nothing to reset: %s", err.text);
    static const struct {
        const char *name, *body;
    } wrong[] = {
        { "a policy", "eyJhbGciOiJub25lIn0.eyJBdHRlc3RhdGlvblBvbGljeSI6IiJ9." },
        { "an empty object", "eyJhbGciOiJub25lIn0.e30." },
        { "words", "reset" },
        { "J1: a signature behind none", "eyJhbGciOiJub25lIn0..AAAA" },
        { "J15: five segments", "eyJhbGciOiJub25lIn0...." },
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct att_err why = { 0 };
        code = rig_reset(&r, p, "OpenEnclave", att_str(wrong[i].body), NULL, &why);
        cases_check(c, code != ATT_OK && strcmp(stored(&r, p, RIG_BASE, "OpenEnclave"), before) != 0,
                    "a reset with %s: %s", wrong[i].name, why.text);
    }
    site_unref(p);
    rig_free(&r);
}

static void resets_on_isolated(struct cases *c)
{
    struct rig r;

    rig_new(&r, &(struct rig_options){ 0 });
    struct att_arena *a = r.arena;
    struct author mine = author_new(a, "mine", "RS256"), theirs = author_new(a, "theirs", "RS256");
    struct att_err err = { 0 };
    rig_provider(&r, "isolated", mine.signers);
    const struct site_provider *p = rig_ref(&r, "isolated");
    struct att_span policy = signed_policy(a, &mine, DENY);
    rig_need(rig_policy(&r, p, "SgxEnclave", policy, NULL, &err) == ATT_OK, "set", &err);
    const struct {
        const char *name;
        struct att_span body;
        enum att_code code;
    } rows[] = {
        { "A21: without a signature", att_str(UNSIGNED_RESET), ATT_POLICY_SIGNATURE_REQUIRED },
        { "A21: an empty body", att_str(""), ATT_POLICY_SIGNATURE_REQUIRED },
        { "A21: by a stranger", reset_by(a, &theirs), ATT_POLICY_SIGNER_UNKNOWN },
        { "A21: with the signed policy that is there", policy, ATT_POLICY_TOKEN_INVALID },
        { "by its signer", reset_by(a, &mine), ATT_OK },
        { "and once more", reset_by(a, &mine), ATT_OK },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct att_err why = { 0 };
        enum att_code code = rig_reset(&r, p, "SgxEnclave", rows[i].body, NULL, &why);
        bool there = att_span_is(policy, stored(&r, p, RIG_BASE "/p/isolated", "SgxEnclave"));
        cases_check(c, code == rows[i].code && there == (code != ATT_OK), "reset: %s: %s: %s", rows[i].name,
                    att_code_name(code), why.text);
    }
    site_unref(p);
    key_free(mine.key);
    key_free(theirs.key);
    rig_free(&r);
}

/* -- signers ---------------------------------------------------------------------------------------------- */

static size_t listed(struct rig *r, const char *name)
{
    const struct site_provider *p = rig_ref(r, name);
    struct att_json j;
    struct att_err err = { 0 };

    rig_need(att_json_parse(r->arena, p->signers, NULL, &j, &err), "signers", &err);
    size_t count = j.nodes[att_json_get(&j, ATT_JSON_ROOT, "keys")].count;
    site_unref(p);
    return count;
}

static void changes_of_signers(struct cases *c)
{
    struct rig r;
    struct att_span token = { 0 };

    rig_new(&r, &(struct rig_options){ 0 });
    struct att_arena *a = r.arena;
    struct author first = author_new(a, "first", "RS256"), second = author_new(a, "second", "ES256");
    struct author other = author_new(a, "other", "RS256");
    rig_provider(&r, "isolated", first.signers);
    rig_provider(&r, "neighbour", other.signers);
    const struct site_provider *p = rig_ref(&r, "isolated");
    const struct {
        const char *name;
        bool add;
        struct att_span body;
        enum att_code code;
        size_t left;
    } rows[] = {
        { "A20: by itself", true, names(a, &second, &second), ATT_POLICY_SIGNER_UNKNOWN, 1 },
        { "A9: by a signer of another provider", true, names(a, &other, &second), ATT_POLICY_SIGNER_UNKNOWN,
          1 },
        { "A19: the last one", false, names(a, &first, &first), ATT_POLICY_SIGNER_LAST, 1 },
        { "one that is not there", false, names(a, &first, &second), ATT_OK, 1 },
        { "a second one", true, names(a, &first, &second), ATT_OK, 2 },
        { "it again", true, names(a, &second, &second), ATT_OK, 2 },
        { "a policy in place of a certificate", true, signed_policy(a, &first, DENY),
          ATT_POLICY_SIGNER_MISSING, 2 },
        { "a reset in place of a certificate", true, reset_by(a, &first), ATT_POLICY_TOKEN_INVALID, 2 },
        { "A9: removed by a signer of another provider", false, names(a, &other, &first),
          ATT_POLICY_SIGNER_UNKNOWN, 2 },
        { "the first one, by the second", false, names(a, &second, &first), ATT_OK, 1 },
        { "A22: added back by the removed one", true, names(a, &first, &first), ATT_POLICY_SIGNER_UNKNOWN,
          1 },
        { "A19: the last one, which is the other now", false, names(a, &second, &second),
          ATT_POLICY_SIGNER_LAST, 1 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct att_err why = { 0 };
        enum att_code code = rig_signer(&r, p, rows[i].add, rows[i].body, &token, &why);
        cases_check(c, code == rows[i].code && listed(&r, "isolated") == rows[i].left, "signers: %s: %s: %s",
                    rows[i].name, att_code_name(code), why.text);
        if (code != ATT_OK)
            continue;
        const char *body = answer(&r, p, RIG_BASE "/p/isolated", token);
        cases_check(c,
                    member_count(&r, body) == 6 &&
                        strcmp(member(&r, body, "x-ms-policycertificates-result"),
                               rows[i].add ? "IsPresent" : "IsAbsent") == 0 &&
                        strlen(member(&r, body, "x-ms-certificate-thumbprint")) == 40,
                    "signers: %s: the answer: %s", rows[i].name, body);
    }
    struct att_err err = { 0 };
    cases_check(c,
                rig_policy(&r, p, "SgxEnclave", signed_policy(a, &first, DENY), NULL, &err) ==
                    ATT_POLICY_SIGNER_UNKNOWN,
                "A22: a policy signed by a removed signer: %s", err.text);
    err = (struct att_err){ 0 };
    cases_check(c,
                rig_reset(&r, p, "SgxEnclave", reset_by(a, &first), NULL, &err) == ATT_POLICY_SIGNER_UNKNOWN,
                "A22: a reset signed by a removed signer: %s", err.text);
    err = (struct att_err){ 0 };
    cases_check(c, rig_policy(&r, p, "SgxEnclave", signed_policy(a, &second, DENY), NULL, &err) == ATT_OK,
                "the one that is left signs: %s", err.text);
    site_unref(p);
    p = rig_ref(&r, "default");
    err = (struct att_err){ 0 };
    cases_check(c, rig_signer(&r, p, true, names(a, &first, &second), NULL, &err) == ATT_POLICY_NOT_ISOLATED,
                "an AAD provider has no signers: %s", err.text);
    site_unref(p);
    key_free(first.key);
    key_free(second.key);
    key_free(other.key);
    rig_free(&r);
}

/* -- what counts once, and when ---------------------------------------------------------------------------- */

static void replays(struct cases *c)
{
    struct rig r;

    rig_new(&r, &(struct rig_options){ 0 });
    struct att_arena *a = r.arena;
    struct author w = author_new(a, "w", "ES256"), x = author_new(a, "x", "ES256");
    rig_provider(&r, "isolated", w.signers);
    rig_provider(&r, "sister", w.signers);
    const struct site_provider *p = rig_ref(&r, "isolated"), *q = rig_ref(&r, "sister");
    struct saying once = {
        .use = ATT_POLICY_SET, .text = PERMIT, .jti = "a", .expires_unix_s = RIG_NOW + 60
    };
    struct att_span policy = say(a, &w, &once);
    struct att_err err = { 0 };
    cases_check(c, rig_policy(&r, p, "SgxEnclave", policy, NULL, &err) == ATT_OK, "with a jti: %s", err.text);
    err = (struct att_err){ 0 };
    cases_check(c, rig_policy(&r, p, "SgxEnclave", policy, NULL, &err) == ATT_POLICY_TOKEN_USED,
                "J17: the same policy token again: %s", err.text);
    err = (struct att_err){ 0 };
    cases_check(c, rig_policy(&r, p, "OpenEnclave", policy, NULL, &err) == ATT_POLICY_TOKEN_USED,
                "J17: for another type: %s", err.text);
    err = (struct att_err){ 0 };
    cases_check(c, rig_policy(&r, q, "SgxEnclave", policy, NULL, &err) == ATT_OK,
                "another provider remembers for itself (aud keeps it away): %s", err.text);
    /* A refused change has used nothing. */
    once = (struct saying){ .use = ATT_POLICY_SET, .text = "no policy", .jti = "b" };
    struct att_err ignored = { 0 };
    (void)rig_policy(&r, p, "SgxEnclave", say(a, &w, &once), NULL, &ignored);
    once.text = DENY;
    err = (struct att_err){ 0 };
    cases_check(c, rig_policy(&r, p, "SgxEnclave", say(a, &w, &once), NULL, &err) == ATT_OK,
                "a jti of a refused token is not used up: %s", err.text);
    struct att_span add = say(a, &w, &(struct saying){ .use = ATT_POLICY_SIGNER, .signer = &x, .jti = "c" });
    err = (struct att_err){ 0 };
    cases_check(c,
                rig_signer(&r, p, true, add, NULL, &err) == ATT_OK &&
                    rig_signer(&r, p, false, names(a, &w, &x), NULL, &err) == ATT_OK &&
                    rig_signer(&r, p, true, add, NULL, &err) == ATT_POLICY_TOKEN_USED &&
                    listed(&r, "isolated") == 1,
                "J17: a signer that was removed does not come back by the old token: %s", err.text);
    struct att_span reset = say(a, &w, &(struct saying){ .use = ATT_POLICY_RESET, .jti = "d" });
    err = (struct att_err){ 0 };
    cases_check(c,
                rig_reset(&r, p, "SgxEnclave", reset, NULL, &err) == ATT_OK &&
                    rig_reset(&r, p, "SgxEnclave", reset, NULL, &err) == ATT_POLICY_TOKEN_USED,
                "J17: a reset: %s", err.text);
    site_unref(p);
    site_unref(q);
    key_free(w.key);
    key_free(x.key);
    rig_free(&r);
}

static void times_and_places(struct cases *c)
{
    struct rig r;

    rig_new(&r, &(struct rig_options){ .fresh_only = true });
    struct att_arena *a = r.arena;
    struct author w = author_new(a, "w", "ES256");
    rig_provider(&r, "isolated", w.signers);
    const struct site_provider *p = rig_ref(&r, "isolated");
    const struct {
        const char *name;
        struct saying saying;
        enum att_code code;
    } rows[] = {
        { "J13: no exp", { .jti = "1", .audience = RIG_BASE "/p/isolated" }, ATT_POLICY_TOKEN_STALE },
        { "J13: expired",
          { .jti = "2", .audience = RIG_BASE "/p/isolated", .expires_unix_s = RIG_NOW - 31 },
          ATT_POLICY_TOKEN_STALE },
        { "J14: for another provider",
          { .jti = "3", .audience = RIG_BASE "/p/other", .expires_unix_s = RIG_NOW + 60 },
          ATT_POLICY_TOKEN_AUDIENCE },
        { "J14: for nobody", { .jti = "4", .expires_unix_s = RIG_NOW + 60 }, ATT_POLICY_TOKEN_AUDIENCE },
        { "whole",
          { .jti = "6", .audience = RIG_BASE "/p/isolated", .expires_unix_s = RIG_NOW + 60 },
          ATT_OK },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct saying s = rows[i].saying;
        struct att_err why = { 0 };
        s.use = ATT_POLICY_SET;
        s.text = PERMIT;
        enum att_code code = rig_policy(&r, p, "SgxEnclave", say(a, &w, &s), NULL, &why);
        cases_check(c, code == rows[i].code, "fresh only: %s: %s: %s", rows[i].name, att_code_name(code),
                    why.text);
    }
    struct saying without = { .use = ATT_POLICY_SET,
                              .text = PERMIT,
                              .audience = RIG_BASE "/p/isolated",
                              .expires_unix_s = RIG_NOW + 60 };
    struct att_err why = { 0 };
    cases_check(c, rig_policy(&r, p, "SgxEnclave", say(a, &w, &without), NULL, &why) != ATT_OK,
                "J17: fresh only: no jti: %s", why.text);
    site_unref(p);
    key_free(w.key);
    rig_free(&r);
}

/* -- history ---------------------------------------------------------------------------------------------- */

static const char *history(struct rig *r, const struct site_provider *p, uint64_t before)
{
    struct att_span json = { 0 };
    struct att_err err = { 0 };

    if (!service_policy_history(r->service, p, r->arena, "SgxEnclave", before, &json, &err)) {
        printf("%s\n", err.text);
        return "";
    }
    return att_arena_dup(r->arena, json);
}

static void remembered(struct cases *c)
{
    struct rig r;
    struct att_err err = { 0 };
    char text[256];

    rig_new(&r, &(struct rig_options){ 0 });
    const struct site_provider *p = rig_ref(&r, "default");
    struct author w = author_new(r.arena, "w", "ES256");
    cases_check(c, strcmp(history(&r, p, 0), "{\"value\":[],\"nextBefore\":null}") == 0, "nothing yet: %s",
                history(&r, p, 0));
    for (unsigned i = 0; i < 60; i++) {
        (void)snprintf(text, sizeof text, "version=1.0; authorizationrules{ => permit(); }; // %u", i);
        rig_need(rig_policy(&r, p, "SgxEnclave", att_str(text), NULL, &err) == ATT_OK, "set", &err);
    }
    rig_need(rig_reset(&r, p, "SgxEnclave", att_str(UNSIGNED_RESET), NULL, &err) == ATT_OK &&
                 rig_reset(&r, p, "SgxEnclave", att_str(UNSIGNED_RESET), NULL, &err) == ATT_OK &&
                 rig_policy(&r, p, "SgxEnclave", signed_policy(r.arena, &w, DENY), NULL, &err) == ATT_OK,
             "reset twice, which is one event, and set", &err);
    const char *page = history(&r, p, 0);
    cases_check(c, strncmp(page, "{\"value\":[{\"number\":62,", 23) == 0, "the newest first: %.60s", page);
    cases_check(c,
                strstr(page, "\"number\":61,\"policyHash\":null,") && strstr(page, "\"result\":\"Removed\""),
                "a reset has no hash");
    char hash[44];
    rig_need(att_policy_hash(att_str(DENY), hash, &err), "hash", &err);
    cases_check(c, strstr(page, hash) && strstr(page, "\"principal\":\"" RIG_OWNER "\""),
                "hash and principal");
    cases_check(c, strstr(page, "\"nextBefore\":13}") && !strstr(page, "\"number\":12,"), "50 in a page: %s",
                page + strlen(page) - 24);
    page = history(&r, p, 13);
    cases_check(c,
                strncmp(page, "{\"value\":[{\"number\":12,", 23) == 0 && strstr(page, "\"number\":1,") &&
                    strstr(page, "\"nextBefore\":null}"),
                "the rest: %.60s", page);
    site_unref(p);
    key_free(w.key);
    rig_free(&r);
}

/* Pages end by their bytes, too: five hundred policies of 100 KiB are not one answer. */
static void long_ones(struct cases *c)
{
    struct rig r;
    struct att_err err = { 0 };

    rig_new(&r, &(struct rig_options){ 0 });
    const struct site_provider *p = rig_ref(&r, "default");
    char *text = att_arena_alloc(r.arena, 100 * 1024 + 1, 1);
    memset(text, ' ', 100 * 1024);
    memcpy(text, PERMIT, sizeof PERMIT - 1);
    for (unsigned i = 0; i < 30; i++) {
        text[sizeof PERMIT + i] = '\n';
        rig_need(rig_policy(&r, p, "SgxEnclave", att_str(text), NULL, &err) == ATT_OK, "set", &err);
    }
    const char *page = history(&r, p, 0);
    cases_check(c, strlen(page) > 1 << 20 && strlen(page) < 3 << 20 && !strstr(page, "\"nextBefore\":null"),
                "%zu bytes", strlen(page));
    site_unref(p);
    rig_free(&r);
}

int main(void)
{
    struct cases c = { .name = "unit_service_policy_change" };

    resets_on_aad(&c);
    resets_on_isolated(&c);
    changes_of_signers(&c);
    replays(&c);
    times_and_places(&c);
    remembered(&c);
    long_ones(&c);
    return cases_report(&c);
}
