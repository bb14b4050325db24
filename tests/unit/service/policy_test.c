/* layers: service keys signer store store/memory site access attest base codec */
/* Policies: what is given back, what is taken, and who may set them. */
#include "support/cases.h"
#include "unit/service/author.h"

#define DENY   "version=1.0; authorizationrules{ => deny(); };"
#define PERMIT "version= 1.0;authorizationrules{=> permit();};"

/* -- cases ------------------------------------------------------------------------------------------------ */

static void defaults(struct cases *c)
{
    struct rig r;
    struct att_span token = { 0 }, text = { 0 };
    struct att_err err = { 0 };

    rig_new(&r, &(struct rig_options){ .alg = "RS256" });
    rig_provider(&r, "contoso", NULL);
    const struct site_provider *p = rig_ref(&r, "contoso");
    const char *body = get(&r, p, RIG_BASE "/p/contoso", "SgxEnclave");
    cases_check(c,
                member_count(&r, body) == 5 && strcmp(member(&r, body, "iat"), "1781524800") == 0 &&
                    strcmp(member(&r, body, "nbf"), "1781524800") == 0 &&
                    strcmp(member(&r, body, "exp"), "1781528400") == 0 &&
                    strcmp(member(&r, body, "iss"), RIG_BASE "/p/contoso") == 0,
                "an answer is good for an hour, and has no jti: %s", body);
    const char *jws = member(&r, body, "x-ms-policy");
    cases_check(c,
                strncmp(jws, "eyJhbGciOiJub25lIn0.", 20) == 0 &&
                    att_policy_from_client(r.arena, att_str(jws), NULL, &text, &err) &&
                    att_span_eq(text, att_policy_default("sgx")),
                "the default text in an unsecured token");
    rig_need(service_policy_get(r.service, p, r.arena, "OpenEnclave", &token, &err), "get", &err);
    struct att_token t = { 0 };
    cases_check(c, rig_verify(&r, p, RIG_BASE "/p/contoso", token, &t, &err), "it verifies: %s", err.text);
    char header[256];
    (void)snprintf(header, sizeof header,
                   "{\"alg\":\"RS256\",\"jku\":\"" RIG_BASE
                   "/p/contoso/certs\",\"kid\":\"%s\",\"typ\":\"JWT\"}",
                   rig_keys(&r)->keys[0].kid);
    cases_check(c, att_span_is(t.header, header), "header: %.*s", (int)t.header.len,
                (const char *)t.header.ptr);
    err = (struct att_err){ 0 };
    cases_check(c, !rig_verify(&r, p, RIG_BASE, token, &t, &err) && err.code == ATT_TOKEN_ISSUER,
                "and is nobody else's");
    site_unref(p);
    static const char *const empty[] = { "Tpm", "KeyGuard", "Pluton" };
    for (size_t i = 0; i < sizeof empty / sizeof empty[0]; i++)
        cases_check(c, strcmp(policy(&r, empty[i]), "eyJhbGciOiJub25lIn0..") == 0,
                    "%s: no policy yet: the empty one", empty[i]);
    err = (struct att_err){ 0 };
    p = rig_ref(&r, "default");
    cases_check(c,
                !service_policy_get(r.service, p, r.arena, "sgxenclave", &token, &err) &&
                    err.code == ATT_EVIDENCE_TYPE_UNKNOWN,
                "a name that is not one of the table");
    site_unref(p);
    rig_free(&r);
}

static void taken(struct cases *c)
{
    struct rig r;
    struct att_span token = { 0 };
    struct att_err err = { 0 };

    rig_new(&r, &(struct rig_options){ 0 });
    const struct site_provider *p = rig_ref(&r, "default");
    struct att_span jws = unsecured(r.arena, "{\"alg\":\"none\"}", DENY);
    struct att_span spaced = unsecured(r.arena, "{ \"typ\": \"JWT\", \"alg\": \"none\" }", DENY);
    char quoted[512], padded[512];
    (void)snprintf(quoted, sizeof quoted, "\"%s\"", (const char *)jws.ptr);
    (void)snprintf(padded, sizeof padded, "\r\n %s \n", (const char *)jws.ptr);
    const struct {
        const char *name;
        struct att_span body, stored;
    } rows[] = {
        { "a token", jws, jws },
        { "a token in quotes", att_str(quoted), jws },
        { "white space around it", att_str(padded), jws },
        { "another header", spaced, spaced },
        { "plain text", att_str(DENY), jws },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        enum att_code code = rig_policy(&r, p, "SgxEnclave", rows[i].body, &token, &err);
        const char *body = code == ATT_OK ? answer(&r, p, RIG_BASE, token) : err.text;
        cases_check(
            c,
            code == ATT_OK && member_count(&r, body) == 6 &&
                strcmp(member(&r, body, "x-ms-policy-result"), "Updated") == 0 &&
                strcmp(member(&r, body, "x-ms-policy-token-hash"), hash_of(r.arena, rows[i].stored)) == 0,
            "%s is taken: %s", rows[i].name, body);
        cases_check(c, att_span_is(rows[i].stored, policy(&r, "SgxEnclave")), "%s: and given back",
                    rows[i].name);
    }
    cases_check(c, strcmp(policy(&r, "OpenEnclave"), policy(&r, "SgxEnclave")) != 0, "each type has its own");
    cases_check(c,
                rig_policy(&r, p, "Tpm", att_str(PERMIT), NULL, &err) == ATT_OK &&
                    att_span_is(unsecured(r.arena, "{\"alg\":\"none\"}", PERMIT), policy(&r, "Tpm")),
                "a policy for evidence that is not judged here yet: %s", err.text);
    const struct site_policy *row = site_get(r.site, SITE_POLICY, RIG_DEFAULT_KEY "/policies/sgxenclave");
    cases_check(c,
                row && row->o.version == 5 && strcmp(row->o.changed_by, RIG_OWNER) == 0 &&
                    att_span_is(row->text, DENY),
                "five changes of one row");
    site_unref(row);
    site_unref(p);
    rig_free(&r);
}

static struct att_span many_bytes(struct att_arena *a, size_t len)
{
    char *text = att_arena_alloc(a, len, 1);

    memset(text, ' ', len);
    memcpy(text, PERMIT, sizeof PERMIT - 1);
    return att_span_of(text, len);
}

static void refused(struct cases *c)
{
    struct rig r;
    struct att_span untouched = att_str("untouched");

    rig_new(&r, &(struct rig_options){ 0 });
    struct att_arena *a = r.arena;
    const struct site_provider *p = rig_ref(&r, "default");
    struct author w = author_new(a, "author", "ES256"), rsa = author_new(a, "rsa author", "RS256");
    struct author another = author_new(a, "x", "ES256");
    struct att_span good = signed_policy(a, &w, DENY);
    struct att_span bent = att_span_of(att_arena_dup(a, good), good.len);
    uint8_t *at = (uint8_t *)(uintptr_t)bent.ptr + bent.len - 8;
    *at = *at == 'A' ? 'B' : 'A';
    struct att_span cut = att_span_of(good.ptr, good.len - 2);
    char *other_key = att_arena_dup(a, att_str(header_of(a, "ES256", w.x5c)));
    const struct {
        const char *name;
        struct att_span body;
        enum att_code code;
    } rows[] = {
        { "nothing", att_str(""), ATT_POLICY_TOKEN_INVALID },
        { "not a policy", att_str("permit everything"), ATT_POLICY_SYNTAX },
        { "a syntax error", att_str("version=1.0; authorizationrules{ => permit() };"), ATT_POLICY_SYNTAX },
        { "version 1.3", att_str("version=1.3; authorizationrules{ => permit(); };"), ATT_POLICY_VERSION },
        { "a syntax error in a token", unsecured(a, "{\"alg\":\"none\"}", "version=1.0"), ATT_POLICY_SYNTAX },
        { "an empty payload, which is a reset", att_str("eyJhbGciOiJub25lIn0.."), ATT_POLICY_TOKEN_INVALID },
        { "two segments", att_str("eyJhbGciOiJub25lIn0.e30"), ATT_POLICY_TOKEN_INVALID },
        { "J15: JSON serialisation", att_str("{\"payload\":\"\",\"signatures\":[]}"),
          ATT_POLICY_TOKEN_INVALID },
        { "J1: alg None", unsecured(a, "{\"alg\":\"None\"}", DENY), ATT_TOKEN_ALGORITHM },
        { "J2: HS256", unsecured(a, "{\"alg\":\"HS256\"}", DENY), ATT_TOKEN_ALGORITHM },
        { "J1: alg none with a signature",
          joined(a, unsecured(a, "{\"alg\":\"none\"}", DENY), 'A', att_str("AA"), 0),
          ATT_POLICY_TOKEN_INVALID },
        { "J4: a signature bent", bent, ATT_TOKEN_SIGNATURE_INVALID },
        { "J4: a signature cut", cut, ATT_TOKEN_SIGNATURE_INVALID },
        { "J8: signed by another than the certificate's",
          sign(a, &rsa, header_of(a, "RS256", w.x5c), payload_of(a, DENY)), ATT_TOKEN_ALGORITHM },
        { "J8: signed by another of the same kind", sign(a, &another, other_key, payload_of(a, DENY)),
          ATT_TOKEN_SIGNATURE_INVALID },
        { "J10: alg twice", unsecured(a, "{\"alg\":\"none\",\"alg\":\"none\"}", DENY),
          ATT_POLICY_TOKEN_INVALID },
        { "J11: crit", unsecured(a, "{\"alg\":\"none\",\"crit\":[]}", DENY), ATT_TOKEN_CRITICAL },
        { "a policy of 120 KiB and a byte", many_bytes(a, 120 * 1024 + 1), ATT_POLICY_LIMIT },
        { "a body of 512 KiB and a byte", many_bytes(a, 512 * 1024 + 1), ATT_LIMIT_EXCEEDED },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct att_err err = { 0 };
        struct att_span token = untouched;
        enum att_code code = rig_policy(&r, p, "SgxEnclave", rows[i].body, &token, &err);
        cases_check(c, code == rows[i].code && att_span_eq(token, untouched), "%s: %s: %s", rows[i].name,
                    att_code_name(code), err.text);
    }
    struct att_span longest = many_bytes(a, 120 * 1024);
    struct att_err err = { 0 };
    cases_check(c, rig_policy(&r, p, "SgxEnclave", longest, NULL, &err) == ATT_OK, "a policy of 120 KiB: %s",
                err.text);
    unsigned taken_cut = 0;
    for (size_t len = 0; len < good.len; len++)
        taken_cut += rig_policy(&r, p, "OpenEnclave", att_span_of(good.ptr, len), NULL, NULL) == ATT_OK;
    cases_check(c, taken_cut == 0, "a signed token cut anywhere: %u taken", taken_cut);
    cases_check(c, rig_policy(&r, p, "OpenEnclave", good, NULL, &err) == ATT_OK, "and whole it is: %s",
                err.text);
    site_unref(p);
    key_free(w.key);
    key_free(rsa.key);
    key_free(another.key);
    rig_free(&r);
}

static void signed_on_aad(struct cases *c, const char *alg, const char *kty)
{
    struct rig r;
    struct att_span token = { 0 };
    struct att_err err = { 0 };

    rig_new(&r, &(struct rig_options){ 0 });
    const struct site_provider *p = rig_ref(&r, "default");
    struct author w = author_new(r.arena, "author", alg);
    struct att_span jws = signed_policy(r.arena, &w, DENY);
    enum att_code code = rig_policy(&r, p, "SgxEnclave", jws, &token, &err);
    const char *body = code == ATT_OK ? answer(&r, p, RIG_BASE, token) : err.text;
    char want[2048];
    (void)snprintf(want, sizeof want, "{\"alg\":\"%s\",\"kty\":\"%s\",\"x5c\":[\"%s\"]}", alg, kty, w.x5c);
    cases_check(c, strcmp(member(&r, body, "x-ms-policy-signer"), want) == 0,
                "%s: the answer names the signer: %s", alg, body);
    cases_check(c,
                strcmp(member(&r, body, "x-ms-policy-token-hash"), hash_of(r.arena, jws)) == 0 &&
                    att_span_is(jws, policy(&r, "SgxEnclave")),
                "%s: the token is kept as it came", alg);
    const char *names[] = { "\"exp\"",
                            "\"iat\"",
                            "\"iss\"",
                            "\"nbf\"",
                            "\"x-ms-policy-result\"",
                            "\"x-ms-policy-signer\"",
                            "\"x-ms-policy-token-hash\"" };
    const char *at = body;
    for (size_t i = 0; at && i < 7; i++)
        at = strstr(at, names[i]);
    cases_check(c, at && member_count(&r, body) == 7, "%s: members in order", alg);
    site_unref(p);
    key_free(w.key);
    rig_free(&r);
}

static void isolated(struct cases *c)
{
    struct rig r;

    rig_new(&r, &(struct rig_options){ 0 });
    struct att_arena *a = r.arena;
    struct author mine = author_new(a, "mine", "RS256"), second = author_new(a, "second", "ES256");
    struct author theirs = author_new(a, "theirs", "RS256");
    /* The same name, another key; and the same key under another certificate. */
    struct author twin = author_new(a, "mine", "RS256"), reissued = mine;
    const struct signer_certificate again = { .common_name = "mine",
                                              .not_before_unix_s = RIG_NOW - 2,
                                              .not_after_unix_s = RIG_NOW + 86400,
                                              .ca = true,
                                              .subject_spki = mine.pair.spki,
                                              .issuer_pkcs8 = mine.pair.pkcs8 };
    struct att_err err = { 0 };
    rig_need(signer_certificate_make(&again, a, &reissued.der, &err), "again", &err);
    struct att_buf text = { 0 };
    att_base64_put(&text, reissued.der);
    reissued.x5c = att_arena_dup(a, att_buf_span(&text));
    att_buf_clear(&text);
    att_buf_printf(
        &text,
        "{\"keys\":[{\"alg\":\"RS256\",\"kty\":\"RSA\",\"x5c\":[\"%s\"]},{\"alg\":\"ES256\",\"d\":\"SECRET\","
        "\"kty\":\"EC\",\"x5c\":[\"%s\"]}]}",
        mine.x5c, second.x5c);
    const char *both = att_arena_dup(a, att_buf_span(&text));
    att_buf_clear(&text);
    rig_provider(&r, "isolated", both);
    rig_provider(&r, "other", theirs.signers);
    const struct site_provider *p = rig_ref(&r, "isolated");

    att_buf_printf(&text, "{\"alg\":\"RS256\",\"x5c\":[\"%s\",\"%s\"]}", theirs.x5c, mine.x5c);
    const char *led_by_theirs = att_arena_dup(a, att_buf_span(&text));
    att_buf_free(&text);
    const struct {
        const char *name;
        struct att_span body;
        enum att_code code;
    } rows[] = {
        { "A18: unsigned", unsecured(a, "{\"alg\":\"none\"}", PERMIT), ATT_POLICY_SIGNATURE_REQUIRED },
        { "A18: plain text", att_str(PERMIT), ATT_POLICY_SIGNATURE_REQUIRED },
        { "A18: unsigned, with a listed certificate",
          unsecured(a, att_arena_dup(a, att_str(header_of(a, "none", mine.x5c))), PERMIT),
          ATT_POLICY_SIGNATURE_REQUIRED },
        { "A9: signed by a signer of another provider", signed_policy(a, &theirs, PERMIT),
          ATT_POLICY_SIGNER_UNKNOWN },
        { "A9: another's certificate first, ours behind",
          sign(a, &theirs, led_by_theirs, payload_of(a, PERMIT)), ATT_CERT_CHAIN_INVALID },
        { "a namesake", signed_policy(a, &twin, PERMIT), ATT_POLICY_SIGNER_UNKNOWN },
        { "a listed certificate, another's signature",
          sign(a, &theirs, header_of(a, "RS256", mine.x5c), payload_of(a, PERMIT)),
          ATT_TOKEN_SIGNATURE_INVALID },
        { "another certificate of a listed key", signed_policy(a, &reissued, PERMIT), ATT_OK },
        { "signed, but no policy", signed_policy(a, &mine, "permit"), ATT_POLICY_SYNTAX },
        { "unsigned and no policy: who signs comes first", att_str("permit"), ATT_POLICY_SIGNATURE_REQUIRED },
        { "signed by the first signer", signed_policy(a, &mine, PERMIT), ATT_OK },
        { "signed by the second one", signed_policy(a, &second, DENY), ATT_OK },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct att_err why = { 0 };
        enum att_code code = rig_policy(&r, p, "SgxEnclave", rows[i].body, NULL, &why);
        cases_check(c, code == rows[i].code, "%s: %s: %s", rows[i].name, att_code_name(code), why.text);
    }
    struct att_span token = { 0 };
    rig_need(service_signers_get(r.service, p, a, &token, &err), "signers", &err);
    char want[4096];
    (void)snprintf(
        want, sizeof want,
        "{\"keys\":[{\"alg\":\"RS256\",\"kty\":\"RSA\",\"use\":\"sig\",\"x5c\":[\"%s\"]},{\"alg\":\"ES256\","
        "\"kty\":\"EC\",\"use\":\"sig\",\"x5c\":[\"%s\"]}]}",
        mine.x5c, second.x5c);
    const char *body = answer(&r, p, RIG_BASE "/p/isolated", token);
    cases_check(
        c, member_count(&r, body) == 5 && strcmp(member(&r, body, "x-ms-policy-certificates"), want) == 0,
        "J22: the signers, and of each only what is public: %s", body);
    site_unref(p);
    p = rig_ref(&r, "default");
    rig_need(service_signers_get(r.service, p, a, &token, &err), "signers", &err);
    body = answer(&r, p, RIG_BASE, token);
    cases_check(c, strcmp(member(&r, body, "x-ms-policy-certificates"), "{\"keys\":[]}") == 0,
                "an AAD provider has none: %s", body);
    site_unref(p);
    key_free(mine.key);
    key_free(second.key);
    key_free(theirs.key);
    key_free(twin.key);
    rig_free(&r);
}

/* What stands in the store as signers is not what the API would have put there. */
static void odd_signers(struct cases *c)
{
    static const char *const rows[] = { "{}",
                                        "{\"keys\":[]}",
                                        "{\"keys\":5}",
                                        "{\"keys\":[1,null,[]]}",
                                        "{\"keys\":[{\"x5c\":[]}]}",
                                        "{\"keys\":[{\"x5c\":\"\"}]}",
                                        "{\"keys\":[{\"x5c\":[1]}]}",
                                        "{\"keys\":[{\"x5c\":[\"\"]}]}" };
    struct rig r;

    rig_new(&r, &(struct rig_options){ 0 });
    struct author w = author_new(r.arena, "w", "ES256");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        rig_provider(&r, "odd", rows[i]);
        const struct site_provider *p = rig_ref(&r, "odd");
        struct att_err err = { 0 };
        enum att_code code = rig_policy(&r, p, "SgxEnclave", signed_policy(r.arena, &w, PERMIT), NULL, &err);
        /* An empty set knows nobody; what is no set is our trouble. */
        cases_check(c, code == (i == 1 ? ATT_POLICY_SIGNER_UNKNOWN : ATT_INTERNAL), "A18: signers %s: %s",
                    rows[i], err.text);
        site_unref(p);
    }
    key_free(w.key);
    rig_free(&r);
}

static void delete_provider(struct rig *r, const char *key)
{
    struct site_change *change = rig_begin(r);
    struct att_err err = { 0 };
    const struct site_provider *p = site_change_get(change, SITE_PROVIDER, key);

    rig_need(site_delete(change, SITE_PROVIDER, key, p->o.version, &err), "delete", &err);
    rig_commit(change);
}

/* The caller's reference was taken before the change began. */
static void stale(struct cases *c)
{
    struct rig r;
    struct att_err err = { 0 };

    rig_new(&r, &(struct rig_options){ 0 });
    struct author w = author_new(r.arena, "w", "ES256");
    rig_provider(&r, "contoso", NULL);
    const struct site_provider *old = rig_ref(&r, "contoso");
    delete_provider(&r, RIG_PROVIDERS "contoso");
    enum att_code code = rig_policy(&r, old, "SgxEnclave", att_str(PERMIT), NULL, &err);
    cases_check(c,
                code == ATT_RESOURCE_NOT_FOUND &&
                    !site_get(r.site, SITE_POLICY, RIG_PROVIDERS "contoso/policies/sgxenclave"),
                "A16: a policy for a provider that was deleted: %s", err.text);
    rig_provider(&r, "contoso", w.signers);
    err = (struct att_err){ 0 };
    code = rig_policy(&r, old, "SgxEnclave", att_str(PERMIT), NULL, &err);
    cases_check(c, code == ATT_POLICY_SIGNATURE_REQUIRED, "A17: one that is Isolated by now: %s", err.text);
    site_unref(old);
    old = rig_ref(&r, "contoso");
    rig_provider(&r, "contoso", NULL);
    err = (struct att_err){ 0 };
    code = rig_policy(&r, old, "SgxEnclave", att_str(PERMIT), NULL, &err);
    cases_check(c, code == ATT_OK, "A17: the row counts, not the reference, in this direction too: %s",
                err.text);
    site_unref(old);
    key_free(w.key);
    rig_free(&r);
}

/* A change that is abandoned, and one that comes at a stale version. */
static void abandoned(struct cases *c)
{
    struct rig r;
    struct att_span token = { 0 };
    struct att_err err = { 0 };

    rig_new(&r, &(struct rig_options){ 0 });
    const struct site_provider *p = rig_ref(&r, "default");
    struct site_change *change = rig_begin(&r);
    const struct service_sent sent = { .body = att_str(DENY), .by = RIG_OWNER, .request_id = "" };
    bool ok = service_policy_set(r.service, change, p, r.arena, "SgxEnclave", &sent, &token, &err);
    site_change_abandon(change);
    cases_check(c,
                ok && strstr(policy(&r, "SgxEnclave"), "eyJhbGciOiJub25lIn0.") &&
                    !site_get(r.site, SITE_POLICY, RIG_DEFAULT_KEY "/policies/sgxenclave"),
                "what was not committed is not there");
    site_unref(p);
    rig_free(&r);
}

/* OUT_OF_MEMORY; CRYPTO_FAILED from a signer that had no room for its signature. Never a word against the caller. */
static bool is_our_trouble(const struct att_err *err)
{
    return err->code == ATT_OUT_OF_MEMORY || err->code == ATT_CRYPTO_FAILED;
}

/* Every ceiling of memory is a refusal, never an answer cut short. */
static void little_memory(struct cases *c)
{
    struct rig r;
    unsigned tried = 0, wrong = 0;

    rig_new(&r, &(struct rig_options){ 0 });
    struct author w = author_new(r.arena, "w", "ES256");
    rig_provider(&r, "isolated", w.signers);
    struct att_span jws = signed_policy(r.arena, &w, DENY);
    const struct service_sent sent = { .body = jws, .by = RIG_OWNER, .request_id = "" };
    const struct site_provider *p = rig_ref(&r, "isolated");
    bool done = false;
    for (size_t bytes = 16; !done && bytes < 1 << 20; bytes += 16 + bytes / 16) {
        struct att_arena *a = att_arena_new(bytes);
        struct site_change *change = rig_begin(&r);
        struct att_span token = { 0 };
        struct att_err err = { 0 };
        done = service_policy_set(r.service, change, p, a, "SgxEnclave", &sent, &token, &err);
        site_change_abandon(change);
        tried++;
        wrong += !done && (!is_our_trouble(&err) || token.len > 0);
        att_arena_free(a);
    }
    cases_check(c, done && tried > 10 && wrong == 0,
                "%u of %u refusals for want of memory are something else", wrong, tried);
    for (size_t bytes = 16; bytes < 4096; bytes += 64) {
        struct att_arena *a = att_arena_new(bytes);
        struct att_span token = { 0 };
        struct att_err err = { 0 };
        bool got = service_policy_get(r.service, p, a, "SgxEnclave", &token, &err);
        bool signers = service_signers_get(r.service, p, a, &token, &err);
        wrong += (!got || !signers) && !is_our_trouble(&err);
        att_arena_free(a);
    }
    cases_check(c, wrong == 0, "likewise for reading");
    site_unref(p);
    key_free(w.key);
    rig_free(&r);
}

int main(void)
{
    struct cases c = { .name = "unit_service_policy" };

    defaults(&c);
    taken(&c);
    refused(&c);
    signed_on_aad(&c, "RS256", "RSA");
    signed_on_aad(&c, "ES256", "EC");
    isolated(&c);
    odd_signers(&c);
    stale(&c);
    abandoned(&c);
    little_memory(&c);
    return cases_report(&c);
}
