/* The two public documents of a provider. */
#include <attest/jwks.h>

#include "base/auto.h"
#include "base/buf.h"
#include "base/err.h"
#include "codec/json.h"
#include "service/internal.h"

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

static bool put_key(struct service *s, const struct keyset_key *key, const struct site_provider *p,
                    const char *attest_uri, struct service_docs *d, struct att_buf *out, struct att_err *err)
{
    struct service_docs_certificate *c = &d->certificates[d->count];
    struct att_span der = { 0 }, jwk = { 0 };

    if (!service_certificate_for(s, key, p, attest_uri, d->arena, &der, err) ||
        !att_jwk_of_certificate(d->arena, der, key->alg, att_str(key->kid), &jwk, err))
        return false;
    const char *copy = att_arena_dup(d->arena, der);
    c->kid = att_arena_dup(d->arena, att_str(key->kid));
    c->der = att_span_of(copy, der.len);
    d->count++;
    att_buf_put(out, jwk);
    return (c->kid && copy) || att_fail_memory(err, "provider.certificates");
}

bool service_compose_certs(struct service *s, const struct keyset *keys, const struct site_provider *p,
                           const char *attest_uri, struct service_docs *d, struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf out = { 0 };

    d->certificates = att_arena_alloc(d->arena, keys->count, sizeof *d->certificates);
    if (!d->certificates)
        return att_fail_memory(err, "provider.certificates");
    att_buf_puts(&out, "{\"keys\":[");
    for (size_t i = 0; i < keys->count; i++) {
        att_buf_puts(&out, i > 0 ? "," : "");
        if (!put_key(s, &keys->keys[i], p, attest_uri, d, &out, err))
            return false;
    }
    att_buf_puts(&out, "]}");
    const char *copy = out.failed ? NULL : att_arena_dup(d->arena, att_buf_span(&out));
    d->certs_json = att_span_of(copy, out.len);
    return copy || att_fail_memory(err, "provider.certificates");
}
