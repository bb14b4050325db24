/* layers: attest jose crypto codec base */
/* Tokens made for sending and signers added and removed: what is written is read as what was meant. */
#include <attest/token.h>

#include "unit/attest/policy_tokens.h"

struct cases cases = { .name = "attest.policy_write" };

static struct att_arena *arena;
static EVP_PKEY *rsa, *p256, *p384;

static struct att_span der_of(EVP_PKEY *key)
{
    return cert_of(key, "written");
}

static char *certificate(EVP_PKEY *key)
{
    struct att_span der = der_of(key);

    return b64(der.ptr, der.len);
}

/* -- wrapping ------------------------------------------------------------------------------------------------- */

static void wrap(void)
{
    struct att_span token = { 0 };
    struct att_err err = { 0 };

    cases_check(&cases,
                att_policy_token_wrap(arena, att_str(""), &token, &err) &&
                    att_span_is(token, "eyJhbGciOiJub25lIn0.."),
                "the empty policy");
    for (size_t len = 1; len < 40; len++) {
        char text[64] = { 0 };
        memset(text, 'v', len);
        cases_check(&cases, att_policy_token_wrap(arena, att_str(text), &token, &err), "%zu bytes", len);
        struct answer a = takes("wrapped", &(struct ask){ .use = ATT_POLICY_SET }, text_of(token));
        cases_check(&cases, strcmp(a.text, text) == 0 && att_span_is(token, a.token), "%zu bytes: %s", len,
                    a.text);
    }
}

/* -- signing -------------------------------------------------------------------------------------------------- */

static char *made(const struct att_policy_token_in *in, EVP_PKEY *key)
{
    struct att_span input = { 0 }, token = { 0 };
    struct att_err err = { 0 };

    bool ok = att_policy_token_input(arena, in, &input, &err);
    cases_check(&cases, ok, "input: %s", err.text);
    if (!ok)
        return textf("%s", "");
    ok = att_token_join(arena, input, sign_bytes(key, in->alg, text_of(input), NULL), &token, &err);
    cases_check(&cases, ok, "join: %s", err.text);
    return text_of(token);
}

static void sign(void)
{
    const struct {
        EVP_PKEY *key;
        const char *alg;
    } rows[] = { { rsa, "RS256" }, { rsa, "RS384" },  { rsa, "RS512" },
                 { rsa, "PS256" }, { p256, "ES256" }, { p384, "ES384" } };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct att_span own = der_of(rows[i].key), fresh = der_of(p256);
        struct att_policy_token_in in = { .size = sizeof in,
                                          .alg = rows[i].alg,
                                          .chain = &own,
                                          .chain_count = 1,
                                          .text = att_str(POLICY),
                                          .new_signer = &fresh,
                                          .new_signer_count = 1 };
        struct ask how = { .signers = list_of(kept_key(rows[i].key, b64(own.ptr, own.len)), NULL) };
        struct answer a = takes(rows[i].alg, &how, made(&in, rows[i].key));
        cases_check(&cases, strcmp(a.text, POLICY) == 0 && !a.t.counts_once, "%s: the policy", rows[i].alg);
        cases_check(&cases, a.t.signer_certificate.len == own.len, "%s: the signer", rows[i].alg);
        how.fresh_only = true;
        in.jti = att_str("n\"1");
        in.audience = att_str(PROVIDER);
        in.iat_unix_s = NOW - 1;
        in.exp_unix_s = NOW + 600;
        a = takes("with all it may say", &how, made(&in, rows[i].key));
        cases_check(&cases, a.t.counts_once && a.t.expires_unix_s == NOW + 600, "%s: when", rows[i].alg);
        in.use = how.use = ATT_POLICY_RESET;
        a = takes("a reset with all it may say", &how, made(&in, rows[i].key));
        cases_check(&cases, a.t.counts_once && a.t.expires_unix_s == NOW + 600, "%s: when", rows[i].alg);
        in.use = how.use = ATT_POLICY_SIGNER;
        a = takes("a signer", &how, made(&in, rows[i].key));
        cases_check(&cases, strcmp(a.key, kept_key(p256, b64(fresh.ptr, fresh.len))) == 0, "%s: the new one",
                    a.key);
    }
    struct att_span own = der_of(p256);
    const struct att_policy_token_in in = {
        .size = sizeof in, .use = ATT_POLICY_RESET, .alg = "ES256", .chain = &own, .chain_count = 1
    };
    struct att_span input = { 0 };
    struct att_err err = { 0 };
    cases_check(
        &cases,
        att_policy_token_input(arena, &in, &input, &err) &&
            att_span_is(input, textf("%s.", b64url_text(textf("{\"alg\":\"ES256\",%s}",
                                                              x5c_of(b64(own.ptr, own.len), NULL, NULL))))),
        "a reset as the official clients write it");
}

static void sign_wrong(void)
{
    struct att_span chain[11], junk = att_str("no certificate");
    for (size_t i = 0; i < 11; i++)
        chain[i] = der_of(p256);
    const struct att_policy_token_in good = { .size = sizeof good,
                                              .alg = "ES256",
                                              .chain = chain,
                                              .chain_count = 1,
                                              .text = att_str(POLICY),
                                              .new_signer = chain,
                                              .new_signer_count = 1 };
    struct att_policy_token_in in[12];
    for (size_t i = 0; i < 12; i++)
        in[i] = good;
    in[0].size = 1;
    in[1].alg = NULL;
    in[2].alg = "none";
    in[3].alg = "PS512";
    in[4].alg = "ES384";
    in[5].alg = "RS256";
    in[6].chain_count = 0;
    in[7].chain_count = 11;
    in[8].chain = &junk;
    in[9].text = att_str("");
    in[10].use = ATT_POLICY_SIGNER, in[10].new_signer_count = 0;
    in[11].use = ATT_POLICY_SIGNER, in[11].new_signer = &junk;
    static const enum att_code codes[] = { ATT_INTERNAL,        ATT_TOKEN_ALGORITHM, ATT_TOKEN_ALGORITHM,
                                           ATT_TOKEN_ALGORITHM, ATT_TOKEN_ALGORITHM, ATT_TOKEN_ALGORITHM,
                                           ATT_LIMIT_EXCEEDED,  ATT_LIMIT_EXCEEDED,  ATT_CERT_MALFORMED,
                                           ATT_INTERNAL,        ATT_LIMIT_EXCEEDED,  ATT_CERT_MALFORMED };
    for (size_t i = 0; i < 12; i++) {
        struct att_span input = { 0 };
        struct att_err err = { 0 };
        cases_check(&cases,
                    !att_policy_token_input(arena, &in[i], &input, &err) && err.code == codes[i] &&
                        !input.ptr,
                    "row %zu: %s", i, err.text);
    }
}

/* -- lists ---------------------------------------------------------------------------------------------------- */

static struct att_span changed(bool add, struct att_span kept_set, const char *key, bool want)
{
    struct att_span set = { 0 };
    struct att_err err = { 0 };
    bool did = !want;

    bool ok = add ? att_signers_add(arena, kept_set, att_str(key), &set, &did, &err)
                  : att_signers_remove(arena, kept_set, att_str(key), &set, &did, &err);
    cases_check(&cases, ok && did == want, "%s: %s", add ? "add" : "remove", err.text);
    return set;
}

static void lists(void)
{
    char *one = kept_key(rsa, certificate(rsa)), *two = kept_key(p256, certificate(p256));
    struct att_span a = changed(true, att_str(""), one, true), b = changed(true, att_str(""), two, true);

    cases_check(&cases, att_span_is(a, list_of(one, NULL)), "one is added to nobody: %s", text_of(a));
    cases_check(&cases, att_span_eq(changed(true, a, one, false), a), "a second time changes nothing");
    struct att_span ab = changed(true, a, two, true), ba = changed(true, b, one, true);
    cases_check(&cases, att_span_eq(ab, ba) && ab.len == a.len + strlen(two) + 1,
                "the order makes no difference");
    cases_check(&cases, att_span_eq(changed(false, ab, two, true), a), "one is taken away");
    cases_check(&cases, att_span_eq(changed(false, ab, one, true), b), "the other is taken away");
    cases_check(&cases, att_span_eq(changed(false, a, two, false), a), "who is not there is not taken away");
    cases_check(&cases, att_span_is(changed(false, att_str(""), two, false), "{\"keys\":[]}"),
                "nor from nobody");

    struct att_span out = { 0 };
    struct att_err err = { 0 };
    bool did = true;
    cases_check(&cases,
                !att_signers_remove(arena, a, att_str(one), &out, &did, &err) &&
                    err.code == ATT_POLICY_SIGNER_LAST && did && !out.ptr,
                "A19: the last one: %s", err.text);

    /* The same certificate under another algorithm, or with its chain, is the same signer; its key in another one is not. */
    struct att_span renewed_der = cert_of(rsa, "renewed");
    char *renewed = kept_key(rsa, b64(renewed_der.ptr, renewed_der.len));
    char *exact = strstr(one, "\"x5c\":[\"");
    char *longer = textf("{\"alg\":\"PS256\",\"kty\":\"RSA\",\"use\":\"sig\",%.*s,\"%s\"]}",
                         (int)strlen(exact) - 2, exact, certificate(p256));
    cases_check(&cases, att_span_eq(changed(true, a, longer, false), a), "a signer is its first certificate");
    struct att_span both = changed(true, a, renewed, true);
    cases_check(&cases, att_span_is(changed(false, both, longer, true), list_of(renewed, NULL)),
                "removed by its first certificate");
    err = (struct att_err){ 0 };
    cases_check(&cases,
                !att_signers_remove(arena, att_str(list_of(one, longer)), att_str(one), &out, &did, &err) &&
                    err.code == ATT_POLICY_SIGNER_LAST,
                "A19: the last one, listed twice: %s", err.text);
}

static void full(void)
{
    struct att_span set = att_str("");
    char *keys[ATT_SIGNERS_MAX + 1];
    struct att_err err = { 0 };
    struct att_span out = { 0 };
    bool did = false;

    for (size_t i = 0; i <= ATT_SIGNERS_MAX; i++)
        keys[i] = kept_key(p256, certificate(p256)); /* a certificate is signed anew each time */
    for (size_t i = 0; i < ATT_SIGNERS_MAX; i++)
        set = changed(true, set, keys[i], true);
    cases_check(&cases,
                !att_signers_add(arena, set, att_str(keys[ATT_SIGNERS_MAX]), &out, &did, &err) &&
                    err.code == ATT_LIMIT_EXCEEDED && !out.ptr,
                "32 are enough: %s", err.text);
    cases_check(&cases, att_span_eq(changed(true, set, keys[7], false), set), "one of them is still there");
    set = changed(false, set, keys[3], true);
    set = changed(true, set, keys[ATT_SIGNERS_MAX], true);
    struct ask how = { .signers = text_of(set) };
    (void)takes("any of 32 signs", &how,
                token_of(p256, "ES256", header_of("ES256", textf("\"jwk\":%s", jwk_of(p256, ""))),
                         payload_of(POLICY, "")));
    how.signers = text_of(set);
    struct att_span more = att_str(textf("%.*s,%s]}", (int)strlen(how.signers) - 2, how.signers, keys[3]));
    how.signers = text_of(more);
    (void)refuses("33 in the store are our fault, and trust nobody", &how,
                  token_of(p256, "ES256", header_of("ES256", textf("\"jwk\":%s", jwk_of(p256, ""))),
                           payload_of(POLICY, "")),
                  ATT_INTERNAL, "provider.signers");
    err = (struct att_err){ 0 };
    cases_check(
        &cases,
        !att_signers_remove(arena, more, att_str(kept_key(rsa, certificate(rsa))), &out, &did, &err) &&
            err.code == ATT_LIMIT_EXCEEDED,
        "nor are they written: %s", err.text);
}

static void broken(void)
{
    char *one = kept_key(p256, certificate(p256));
    const struct {
        const char *set, *key;
    } rows[] = { { "{", one },
                 { "[]", one },
                 { "{}", one },
                 { "{\"keys\":{}}", one },
                 { "{\"keys\":[7]}", one },
                 { "{\"keys\":[{}]}", one },
                 { "{\"keys\":[{\"x5c\":[]}]}", one },
                 { "{\"keys\":[{\"x5c\":[7]}]}", one },
                 { "{\"keys\":[]}", "" },
                 { "{\"keys\":[]}", "{}" },
                 { "{\"keys\":[]}", "{\"x5c\":[null]}" },
                 { "{\"keys\":[]}", "[]" } };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct att_span out = { 0 };
        struct att_err add = { 0 }, take = { 0 };
        bool did = true;
        cases_check(
            &cases,
            !att_signers_add(arena, att_str(rows[i].set), att_str(rows[i].key), &out, &did, &add) &&
                !att_signers_remove(arena, att_str(rows[i].set), att_str(rows[i].key), &out, &did, &take) &&
                add.code != ATT_OK && take.code != ATT_OK && did && !out.ptr,
            "row %zu: %s; %s", i, add.text, take.text);
    }
    for (size_t room = 0; room < 2048; room += 16) {
        struct att_arena *small = att_arena_new(room);
        struct att_span out = { 0 };
        struct att_err err = { 0 };
        bool did = false;
        bool ok = att_signers_add(small, att_str(list_of(one, NULL)),
                                  att_str(kept_key(rsa, certificate(rsa))), &out, &did, &err);
        cases_check(&cases, ok || err.code == ATT_OUT_OF_MEMORY, "%zu bytes: %s", room, err.text);
        att_arena_free(small);
    }
}

int main(void)
{
    arena = att_arena_new((size_t)64 << 20);
    must(arena != NULL, "arena");
    rsa = rsa_new(2048, 65537);
    p256 = ec_new("P-256");
    p384 = ec_new("P-384");
    wrap();
    sign();
    sign_wrong();
    lists();
    full();
    broken();
    EVP_PKEY_free(rsa), EVP_PKEY_free(p256), EVP_PKEY_free(p384);
    att_arena_free(arena);
    return cases_report(&cases);
}
