/* The two public documents of a provider. */
#include <attest/jwks.h>

#include "base/auto.h"
#include "base/buf.h"
#include "base/err.h"
#include "codec/json.h"
#include "service/internal.h"
#include "signer/certificate.h"

enum { CERTS_ARENA_BYTES = 2 << 20 };

ATT_AUTO_PTR(arena_auto, struct att_arena, att_arena_free)

static const char *const claims_supported[] = {
    "is-debuggable",
    "sgx-mrsigner",
    "sgx-mrenclave",
    "product-id",
    "svn",
    "tee",
    "cnf",
    "nonce",
    "x-ms-ver",
    "x-ms-attestation-type",
    "x-ms-inittime",
    "x-ms-policy-hash",
    "x-ms-policy-signer",
    "x-ms-runtime",
    "x-ms-sgx-collateral",
    "x-ms-sgx-config-id",
    "x-ms-sgx-config-svn",
    "x-ms-sgx-ehd",
    "x-ms-sgx-is-debuggable",
    "x-ms-sgx-isv-extended-product-id",
    "x-ms-sgx-isv-family-id",
    "x-ms-sgx-mrenclave",
    "x-ms-sgx-mrsigner",
    "x-ms-sgx-product-id",
    "x-ms-sgx-report-data",
    "x-ms-sgx-svn",
};

static void put_uri(struct att_json_writer *w, const char *key, const char *base, const char *path)
{
    struct att_buf text = { 0 };

    att_buf_printf(&text, "%s%s", base, path);
    w->out->failed = w->out->failed || text.failed;
    att_jw_key(w, key);
    att_jw_string(w, att_buf_span(&text));
    att_buf_free(&text);
}

void service_compose_openid(const char *attest_uri, const char *alg, struct att_buf *out)
{
    struct att_json_writer w = { .out = out };

    att_jw_object(&w);
    att_jw_key(&w, "claims_supported");
    att_jw_array(&w);
    for (size_t i = 0; i < sizeof claims_supported / sizeof claims_supported[0]; i++)
        att_jw_str(&w, claims_supported[i]);
    att_jw_end_array(&w);
    att_jw_key(&w, "id_token_signing_alg_values_supported");
    att_jw_array(&w);
    att_jw_str(&w, alg);
    att_jw_end_array(&w);
    att_jw_key(&w, "issuer");
    att_jw_str(&w, attest_uri);
    put_uri(&w, "jwks_uri", attest_uri, "/certs");
    att_jw_key(&w, "response_types_supported");
    att_jw_array(&w);
    att_jw_str(&w, "token");
    att_jw_str(&w, "none");
    att_jw_end_array(&w);
    put_uri(&w, "revocation_endpoint", attest_uri, "/revoke");
    att_jw_end_object(&w);
}

static bool put_key(const struct keyring_key *key, const struct site_provider *p, const char *attest_uri,
                    struct att_arena *work, struct att_buf *out, struct att_err *err)
{
    const struct site_certificate *c = service_certificate_of(p, key->kid, attest_uri);
    struct att_span jwk = { 0 };

    if (!c)
        return att_fail(err, ATT_STORE_FAILED, "provider.certificates",
                        "a certificate of each key for the provider's address", "none");
    /* A row of the store is not believed: a certificate of another key would be published under this one's name. */
    if (!signer_certificate_fits(c->der, key->spki, err) ||
        !att_jwk_of_certificate(work, c->der, key->alg, att_str(key->kid), &jwk, err))
        return att_fail_as(err, ATT_STORE_FAILED, "provider.certificates");
    att_buf_put(out, jwk);
    return true;
}

bool service_compose_certs(const struct keyring *keys, const struct site_provider *p, const char *attest_uri,
                           struct att_buf *out, struct att_err *err)
{
    ATT_AUTO(arena_auto) struct att_arena *work = att_arena_new(CERTS_ARENA_BYTES);

    if (!work)
        return att_fail_memory(err, "provider.certificates");
    att_buf_puts(out, "{\"keys\":[");
    for (size_t i = 0; i < keys->count; i++) {
        att_buf_puts(out, i > 0 ? "," : "");
        if (!put_key(&keys->keys[i], p, attest_uri, work, out, err))
            return false;
    }
    att_buf_puts(out, "]}");
    return true;
}
