/* layers: attest crypto base codec */
/* A policy token as anybody may send it, to a provider with three kinds of signers whose private keys were thrown away when
 * this file was made. The first byte chooses the use, the second the trust model (1) and whether the members of freshness
 * are demanded (2); the rest is the body.
 *
 * Properties: the same answer each time; an Isolated provider takes nothing but what was signed then, byte for byte up to
 * the signature (ECDSA lets everybody write a signature in a second way); what is taken is read as itself when it is read
 * again, has a text when it sets a policy and a key when it is about a signer, and that key can be added and removed; a
 * refusal says why and changes nothing. */
#include <attest/policy_token.h>
#include <attest/signers.h>

#include "base/hex.h"
#include "codec/json.h"
#include "crypto/crypto.h"

static const char signers[] =
    "{\"keys\":[{\"alg\":\"RS256\",\"kty\":\"RSA\",\"use\":\"sig\",\"x5c\":["
    "\"MIICyjCCAbKgAwIBAgIBBzANBgkqhkiG9w"
    "0BAQsFADAeMRwwGgYDVQQDDBNUZXN0IENBIGZvciBmdXp6aW5nMB4XDTIwMDEwMTAwMDAwMFoXDTQ5MTIzMTIzNTk1"
    "OVowHjEcMBoGA1UEAwwTVGVzdCBDQSBmb3IgZnV6emluZzCCASIwDQYJKoZIhvcNAQEBBQADggEPADCCAQoCggEBAN"
    "LFt85x0K5DCrqDzwC5ZAa0EYyGHNMfGuGxzQLRQa7YBDPaw9i2ZVLMSjlbnMgOWLpPeDk/Wh7Gqld+W34lshGp3c1f"
    "EDdVdxZDcP06UpnfmMboH+83rpe4lvW/2/2LSq4oAgN8ry3v5Powbc6cnQ7ICl/Fo8/PxNDJyH2oeGi9ZF8wQ0m0sy"
    "2RUUsB9746W/M4gH1uONxuWDKnfchv9YcuMJ7pv9L5XhJyDMT4uQ98pLRdOOnJ5WneQAhEqSCLnn/nq7i2ESfGoOf2"
    "bmHvUVcC9xi/6D+wpxpKKO5N7YReQfUJIpR5qerx25/aRhMTP6jCaUXfoUI5OdzZoEnkDIECAwEAAaMTMBEwDwYDVR"
    "0TAQH/BAUwAwEB/zANBgkqhkiG9w0BAQsFAAOCAQEAGDsl5BAt5UZc29OwCRa5EHZVzCKxsJNZJszBk8K4xGVC8xqR"
    "lupKvGWdepPFO2T+vcu+iC1nB+nMlPLVg222TIV/k6CuhUB8FJpiCIxn4oDz5pA/K+p9aSFGIkp2O81WicA4ChCLit"
    "W0VDGCKqK5R7i1chKF1loGRIp9FEXIfTUyiJghsbuiB8szjKUd1ISQPIkug8H66neMWihZ5nXfk1S4M7ca4STlfquv"
    "FWlkIX3RWtGBx6yctLEIRNtOvBtXIxRVg4T/rSbhKRS5kegBG9yypFGKoClJUQAXDTclJCsZJA89VHshDSXh1PncrD"
    "hNhaqnhjPrvKJxfoTo+h78VQ==\"]},{\"alg\":\"ES256\",\"kty\":\"EC\",\"use\":\"sig\",\"x5c\":["
    "\"MIIBRTCB7KADAg"
    "ECAgEHMAoGCCqGSM49BAMCMCIxIDAeBgNVBAMMF1Rlc3Qgc2lnbmVyIGZvciBmdXp6aW5nMB4XDTIwMDEwMTAwMDAw"
    "MFoXDTQ5MTIzMTIzNTk1OVowIjEgMB4GA1UEAwwXVGVzdCBzaWduZXIgZm9yIGZ1enppbmcwWTATBgcqhkjOPQIBBg"
    "gqhkjOPQMBBwNCAATibkVLrblONffZZz6GTCNTiJDAuhFL1JP0agaE4H/ZsyU3MzUnJLAogXN/Gr9m+q7cxg/6WmrB"
    "8yj7EI9pzZwfoxMwETAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0gAMEUCIF4Yr+enz6WjkLgX+W8v/NzyLl"
    "Bmw3E6E9bTYBud6pCiAiEApujYz/xFxLJDh58N418CIipLTtYAUU7uR4OeWXqymlU=\"]}]}";
static const char *const signed_inputs[] = {
    "2912ba44e8b13ea34270fb3e91027141dfb6053eeef03f1b7320abb29c0260e9", /* set_RS256 */
    "06fb69a3c53f93ee0bc2a609b4739773b832a26a7d5c83084a0f3f79bc7e88ea", /* set_RS384 */
    "6d6f54501d8fe36b7e03dadda932104d4551062e1e1427c324dc96c2cd549a3f", /* set_RS512 */
    "4b1888bf9478a004cc108a7f39721be8fe40728913e5b0f5683cb1478f7d1180", /* set_PS256 */
    "d3f93b862527b495939f5647576b6a7e4d73936e1cab25febe8b5617574f5500", /* set_ES256 */
    "3e994485c02b08e89946adc8d2c11f9e64e8d5c2583744e8c44dbbd2c261c28b", /* set_ES384_leaf */
    "b31e0a6f47b325214d72e5da6da2bfeadd78929ac4cb83a158bf94d4a6bcfdc9", /* set_ES384_chain */
    "c4d2954c473a00b1ba0807354ccecacaf0ab31610a147cd3f4d7a18420922ce0", /* set_jwk */
    "a58179d0fa073bff1671171f47791c66eacc345f20abf2a82f67379bdae60424", /* set_both */
    "87ba2ce0b30af23dd5f0392b369f2b558a4042977a991c700a7833b49fc60df0", /* set_fresh */
    "2d322a69c3b78d05dcd08df050016bb01032dfeef09dbb1fcbbaf79bd1929da4", /* set_text */
    "0d25ab9e9b16e98d5ed14be7eac4d8cf4a19894f122e55444ea7dd2468f718d1", /* reset_ES256 */
    "5c70642aca2517bf165bb09a57d4276d3a55745395a8bf3396a6177e7ff2618d", /* reset_fresh */
    "a012e27766955eb825561cf7d1c6d674627a769775335b3f8e65b23a26010c96", /* signer_0 */
    "375810c480e57fc8ae4c782b622cde73e5ac2cdd414f58cd924c39065d8559be", /* signer_1 */
    "f1af56924bb9a80a6cd2a9f9cf5aeb5386c0a307b0cd096143285ded91379dfe", /* signer_2 */
    "17994d899eaef8be1993ad9794f0acbb563bec2732cb605ea2ca67a4e9f262f9", /* signer_3 */
};

static void check(bool holds)
{
    if (!holds)
        __builtin_trap();
}

static struct att_crypto *crypto(void)
{
    static struct att_crypto *c; /* made once: a fuzzer runs this a thousand times a second */

    if (!c)
        c = att_crypto_new();
    check(c != NULL);
    return c;
}

static bool signed_then(struct att_span token)
{
    const uint8_t *dot = memrchr(token.ptr, '.', token.len);
    uint8_t digest[32];
    char text[65];

    check(dot != NULL);
    check(att_digest(crypto(), ATT_SHA256, att_span_of(token.ptr, (size_t)(dot - token.ptr)), digest));
    att_hex_text(text, att_span_of(digest, sizeof digest));
    for (size_t i = 0; i < sizeof signed_inputs / sizeof signed_inputs[0]; i++) {
        if (strcmp(text, signed_inputs[i]) == 0)
            return true;
    }
    return false;
}

static bool same(const struct att_policy_token *a, const struct att_policy_token *b)
{
    return att_span_eq(a->token, b->token) && att_span_eq(a->text, b->text) && a->is_signed == b->is_signed &&
           att_span_eq(a->signer_jwk, b->signer_jwk) &&
           att_span_eq(a->signer_certificate, b->signer_certificate) &&
           att_span_eq(a->key_json, b->key_json) && att_span_eq(a->certificate, b->certificate) &&
           strcmp(a->thumbprint, b->thumbprint) == 0 && a->counts_once == b->counts_once &&
           memcmp(a->once_sha256, b->once_sha256, sizeof a->once_sha256) == 0 &&
           a->expires_unix_s == b->expires_unix_s;
}

static void check_signer(struct att_arena *a, const struct att_policy_token *t)
{
    struct att_span more = { 0 }, less = { 0 };
    bool changed = false;

    check(t->key_json.len > 0 && t->certificate.len > 0 && strlen(t->thumbprint) == 40);
    check(att_signers_add(a, att_str(signers), t->key_json, &more, &changed, NULL));
    if (!changed)
        return;
    check(more.len == sizeof signers - 1 + t->key_json.len + 1);
    check(att_signers_remove(a, more, t->key_json, &less, &changed, NULL));
    check(changed && less.len == sizeof signers - 1);
}

static void check_taken(struct att_arena *a, enum att_policy_token_use use,
                        const struct att_policy_token_options *options, const struct att_policy_token *t)
{
    struct att_policy_token again = { .is_signed = false };
    struct att_json doc;

    check(!options->isolated || (t->is_signed && signed_then(t->token)));
    check(t->is_signed || use != ATT_POLICY_SIGNER);
    check((use == ATT_POLICY_SET) == (t->text.len > 0) &&
          (use == ATT_POLICY_SIGNER) == (t->key_json.len > 0));
    check(!t->is_signed || att_json_parse(a, t->signer_jwk, NULL, &doc, NULL));
    check(att_policy_token_read(a, use, t->token, options, &again, NULL));
    check(same(t, &again));
    if (use == ATT_POLICY_SIGNER)
        check_signer(a, t);
}

static void check_refused(const struct att_err *err, const struct att_policy_token *t)
{
    check(err->code != ATT_OK && err->where[0] && err->expected[0] && err->found[0] && err->text[0]);
    for (const char *c = err->text; *c; c++)
        check(*c >= 0x20 && *c < 0x7f);
    check(!t->token.ptr && t->expires_unix_s == 4711);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct att_policy_token first = { .expires_unix_s = 4711 }, second = { .expires_unix_s = 4711 };
    struct att_err one = { 0 }, two = { 0 };

    if (size < 2 || size > 1 << 16)
        return 0;
    const enum att_policy_token_use use = (enum att_policy_token_use)(data[0] % 3);
    const struct att_policy_token_options options = { .size = sizeof options,
                                                      .isolated = data[1] & 1,
                                                      .signers = att_str(signers),
                                                      .now_unix_s = 1800000000,
                                                      .provider_uri = "https://fuzz.example",
                                                      .fresh_only = data[1] & 2 };
    const struct att_span body = att_span_of(data + 2, size - 2);
    struct att_arena *a = att_arena_new(8 << 20);
    check(a != NULL);
    bool taken = att_policy_token_read(a, use, body, &options, &first, &one);
    check(att_policy_token_read(a, use, body, &options, &second, &two) == taken);
    if (taken) {
        check(one.code == ATT_OK && same(&first, &second));
        check_taken(a, use, &options, &first);
    } else {
        check(one.code == two.code && strcmp(one.text, two.text) == 0);
        check_refused(&one, &first);
    }
    att_arena_free(a);
    return 0;
}
