/* layers: attest jose crypto codec base */
/* The samples that were published with the service: signed and unsigned policy tokens, a signer, and the token that adds
 * another one. */
#include <attest/policy_token.h>
#include <attest/signers.h>

#include "support/cases.h"
#include "unit/jose/signing.h"

static struct cases cases = { .name = "vectors.seeds" };
static struct att_arena *arena;

enum { NOW = 1795305600 }; /* 2026-11-22T00:00:00Z */

/* A file without the line's end, in the arena. */
static struct att_span load(const char *dir, const char *name)
{
    char *path = path_of(dir, "seeds/%s", name);
    size_t len = 0;
    uint8_t *bytes = file_read(path, &len);

    must(bytes != NULL, path);
    while (len > 0 && (bytes[len - 1] == '\n' || bytes[len - 1] == '\r'))
        len--;
    char *copy = att_arena_dup(arena, att_span_of(bytes, len));
    must(copy != NULL, "memory");
    free(bytes);
    free(path);
    return att_span_of(copy, len);
}

/* {"keys":[...]} with the certificate of a PEM file, as a control plane sends it. */
static struct att_span signers_of(struct att_span pem)
{
    struct att_span list = { 0 };
    struct att_err err = { 0 };
    BIO *bio = BIO_new_mem_buf(pem.ptr, (int)pem.len);
    X509 *cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    unsigned char *der = NULL;
    size_t count = 0;

    must(cert != NULL, "certificate");
    int len = i2d_X509(cert, &der);
    must(len > 0 && kept(der), "DER");
    const char *set =
        textf("{\"keys\":[{\"kty\":\"RSA\",\"alg\":\"RS256\",\"use\":\"sig\",\"x5c\":[\"%s\"]}]}",
              b64(der, (size_t)len));
    cases_check(&cases, att_signers_read(arena, att_str(set), NULL, &list, &count, &err) && count == 1,
                "policy-signer.pem makes an Isolated provider: %s", err.text);
    X509_free(cert);
    BIO_free(bio);
    return list;
}

static bool read_as(enum att_policy_token_use use, struct att_span body, struct att_span signers, int64_t now,
                    struct att_policy_token *ret, struct att_err *err)
{
    const struct att_policy_token_options options = { .size = sizeof options,
                                                      .isolated = signers.len > 0,
                                                      .signers = signers,
                                                      .now_unix_s = now,
                                                      .provider_uri = "https://provider.example" };

    *ret = (struct att_policy_token){ .is_signed = false };
    *err = (struct att_err){ 0 };
    return att_policy_token_read(arena, use, body, &options, ret, err);
}

static bool contains(struct att_span text, const char *part)
{
    return memmem(text.ptr, text.len, part, strlen(part)) != NULL;
}

static void policies(const char *dir, struct att_span signers)
{
    struct att_span text = load(dir, "policy-sgx.txt");
    struct att_span signed_token = load(dir, "policy-signed.jwt");
    struct att_span unsigned_token = load(dir, "policy-unsigned.jwt");
    struct att_policy_token t;
    struct att_err err;

    cases_check(&cases, read_as(ATT_POLICY_SET, signed_token, signers, NOW, &t, &err) && t.is_signed,
                "policy-signed.jwt on its Isolated provider: %s", err.text);
    cases_check(&cases, att_span_eq(t.token, signed_token), "it is kept as it was sent");
    /* It holds one rule more than the file, before the closing brace, and says it in plain text. */
    cases_check(&cases,
                t.text.len > text.len && memcmp(t.text.ptr, text.ptr, text.len - 2) == 0 &&
                    contains(t.text, "=> issue(type=\"tee-future\", value=c.value);};"),
                "its text");
    cases_check(&cases,
                t.thumbprint[0] && t.signer_certificate.len > 0 && t.expires_unix_s == 0 && !t.counts_once,
                "what it says of itself");
    cases_check(&cases, contains(t.signer_jwk, "{\"alg\":\"RS256\",\"kty\":\"RSA\",\"x5c\":[\"MII"),
                "its signer");
    cases_check(&cases, read_as(ATT_POLICY_SET, signed_token, (struct att_span){ 0 }, NOW, &t, &err),
                "policy-signed.jwt on an AAD provider: %s", err.text);
    cases_check(&cases,
                !read_as(ATT_POLICY_SET, signed_token, signers, INT64_C(4102444800), &t, &err) &&
                    err.code == ATT_CERT_EXPIRED,
                "policy-signed.jwt in 2100: %s", err.text);

    cases_check(&cases,
                !read_as(ATT_POLICY_SET, unsigned_token, signers, NOW, &t, &err) &&
                    err.code == ATT_POLICY_SIGNATURE_REQUIRED,
                "policy-unsigned.jwt on an Isolated provider: %s", err.text);
    cases_check(&cases, read_as(ATT_POLICY_SET, unsigned_token, (struct att_span){ 0 }, NOW, &t, &err),
                "policy-unsigned.jwt on an AAD provider: %s", err.text);
    cases_check(&cases, !t.is_signed && att_span_eq(t.text, text) && att_span_eq(t.token, unsigned_token),
                "its text is policy-sgx.txt");
    cases_check(&cases,
                read_as(ATT_POLICY_SET, text, (struct att_span){ 0 }, NOW, &t, &err) &&
                    att_span_eq(t.text, text),
                "policy-sgx.txt alone: %s", err.text);
}

static void signers(const char *dir, struct att_span first)
{
    struct att_span add = load(dir, "signer-add.jwt"), both = { 0 }, one = { 0 };
    struct att_policy_token t;
    struct att_err err;
    bool changed = false;

    cases_check(&cases, read_as(ATT_POLICY_SIGNER, add, first, NOW, &t, &err), "signer-add.jwt: %s",
                err.text);
    cases_check(&cases, strlen(t.thumbprint) == 40 && t.certificate.len > 0, "what it adds");
    cases_check(&cases, att_signers_add(arena, first, t.key_json, &both, &changed, &err) && changed,
                "added: %s", err.text);
    const struct att_span old =
        att_span_of(first.ptr + strlen("{\"keys\":["), first.len - strlen("{\"keys\":[]}"));
    cases_check(&cases,
                memmem(both.ptr, both.len, old.ptr, old.len) &&
                    memmem(both.ptr, both.len, t.key_json.ptr, t.key_json.len),
                "the list has both");
    cases_check(&cases, both.len == first.len + t.key_json.len + 1, "and nothing else");
    cases_check(&cases,
                att_signers_add(arena, both, t.key_json, &one, &changed, &err) && !changed &&
                    att_span_eq(one, both),
                "adding again changes nothing");
    cases_check(&cases,
                att_signers_remove(arena, both, t.key_json, &one, &changed, &err) && changed &&
                    att_span_eq(one, first),
                "removing gives what there was");
    /* Now that the second one signs for the provider, the token is still the first one's to sign. */
    cases_check(&cases, read_as(ATT_POLICY_SIGNER, add, both, NOW, &t, &err), "again: %s", err.text);
    cases_check(&cases, att_signers_remove(arena, both, one, &one, &changed, &err) == false,
                "a set is no key: %s", err.text);
}

int main(void)
{
    const char *dir = vectors_dir();

    if (!dir) {
        cases_skip(&cases, "no vectors");
        (void)cases_report(&cases);
        return TEST_SKIPPED;
    }
    arena = att_arena_new((size_t)32 << 20);
    must(arena != NULL, "memory");
    struct att_span first = signers_of(load(dir, "policy-signer.pem"));
    policies(dir, first);
    signers(dir, first);
    att_arena_free(arena);
    return cases_report(&cases);
}
