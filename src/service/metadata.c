/* The two public documents: composed once, since they change only with the keys. */
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

static bool keep(struct service *s, struct att_buf *text, struct att_span *ret, struct att_err *err)
{
    char *copy = text->failed ? NULL : att_arena_dup(s->arena, att_buf_span(text));

    if (!copy)
        return att_fail_memory(err, "service.metadata");
    *ret = att_span_of(copy, text->len);
    return true;
}

static void put_uri(struct att_json_writer *w, const char *key, const char *base, const char *path)
{
    struct att_buf text = { 0 };

    att_buf_printf(&text, "%s%s", base, path);
    att_jw_key(w, key);
    att_jw_string(w, att_buf_span(&text));
    att_buf_free(&text);
}

static bool compose_openid(struct service *s, struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf text = { 0 };
    struct att_json_writer w = { .out = &text };
    const char *base = s->options.attest_uri;

    att_jw_object(&w);
    att_jw_key(&w, "claims_supported");
    att_jw_array(&w);
    for (size_t i = 0; i < sizeof claims_supported / sizeof claims_supported[0]; i++)
        att_jw_str(&w, claims_supported[i]);
    att_jw_end_array(&w);
    att_jw_key(&w, "id_token_signing_alg_values_supported");
    att_jw_array(&w);
    att_jw_str(&w, s->options.alg);
    att_jw_end_array(&w);
    att_jw_key(&w, "issuer");
    att_jw_str(&w, base);
    put_uri(&w, "jwks_uri", base, "/certs");
    att_jw_key(&w, "response_types_supported");
    att_jw_array(&w);
    att_jw_str(&w, "token");
    att_jw_str(&w, "none");
    att_jw_end_array(&w);
    put_uri(&w, "revocation_endpoint", base, "/revoke");
    att_jw_end_object(&w);
    return keep(s, &text, &s->openid_json, err);
}

static bool compose_certs(struct service *s, struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf text = { 0 };

    att_buf_puts(&text, "{\"keys\":[");
    for (size_t i = 0; i < s->key_count; i++) {
        const struct service_key *k = &s->keys[i];
        struct att_span jwk = { 0 };
        if (!att_jwk_of_certificate(s->arena, k->certificate, k->alg, att_str(k->kid), &jwk, err))
            return false;
        att_buf_puts(&text, i > 0 ? "," : "");
        att_buf_put(&text, jwk);
    }
    att_buf_puts(&text, "]}");
    return keep(s, &text, &s->certs_json, err);
}

bool service_metadata_compose(struct service *s, struct att_err *err)
{
    return compose_openid(s, err) && compose_certs(s, err);
}
