/* A key object: {"jwk":{...},"info":{...}}. What `info` may hold is a closed list: a form that is not known here binds a key in a
 * way that nobody looked at. */
#include "base/err.h"
#include "evidence/tpm/request.h"

#include <stdio.h>

static bool hash_named(const struct tpm_reading *r, att_json_id info, const char *where, enum att_hash *ret)
{
    static const struct {
        const char *name;
        enum att_hash hash;
    } rows[] = { { "sha-256", ATT_SHA256 }, { "sha-384", ATT_SHA384 }, { "sha-512", ATT_SHA512 } };
    struct att_span name = { 0 };
    struct tpm_path path;

    if (!tpm_want_text(r, info, where, "hash_alg", &name))
        return false;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (!att_span_is(name, rows[i].name))
            continue;
        *ret = rows[i].hash;
        return true;
    }
    return att_fail(r->err, ATT_TPM_REQUEST_MALFORMED, tpm_path(&path, where, "hash_alg"),
                    "sha-256, sha-384 or sha-512", "\"%s\"", att_shown(&(struct att_shown){ 0 }, name));
}

static bool certify_read(const struct tpm_reading *r, att_json_id info, const char *where, struct tpm_key *k)
{
    struct tpm_path path;

    return tpm_want_bytes(r, info, where, "public", TPM_STRUCTURE_BYTES_MAX, &k->public_area) &&
           tpm_want_bytes(r, info, where, "certification", TPM_STRUCTURE_BYTES_MAX, &k->certification) &&
           tpm_want_bytes(r, info, where, "signature", TPM_STRUCTURE_BYTES_MAX, &k->signature) &&
           tpm_public_read(k->public_area, tpm_path(&path, where, "public"), ATT_KEY_CERTIFY_INVALID, &k->pub,
                           r->err);
}

static bool form_read(const struct tpm_reading *r, att_json_id at, const char *where, struct tpm_key *k)
{
    static const char known[] = "tpm_quote or tpm_certify";
    struct att_span name = { 0 };
    struct tpm_path path;

    if (!att_json_key(r->doc, r->arena, at, &name))
        return att_fail_memory(r->err, where);
    if (k->binding != TPM_UNBOUND)
        return att_fail(r->err, ATT_TPM_REQUEST_MALFORMED, where, "one way of binding", "two");
    bool quote = att_span_is(name, "tpm_quote");
    if (!quote && !att_span_is(name, "tpm_certify"))
        return att_fail(r->err, ATT_TPM_REQUEST_MALFORMED, where, known, "\"%s\", which is not taken here",
                        att_shown(&(struct att_shown){ 0 }, name));
    if (att_json_type(r->doc, at) != ATT_JSON_OBJECT)
        return att_fail(r->err, ATT_TPM_REQUEST_MALFORMED,
                        tpm_path(&path, where, quote ? "tpm_quote" : "tpm_certify"), "an object",
                        "another JSON value");
    k->binding = quote ? TPM_BOUND_BY_QUOTE : TPM_CERTIFIED;
    return quote ? hash_named(r, at, tpm_path(&path, where, "tpm_quote"), &k->quote_hash)
                 : certify_read(r, at, tpm_path(&path, where, "tpm_certify"), k);
}

bool tpm_key_read(const struct tpm_reading *r, att_json_id id, const char *where, struct tpm_key *ret)
{
    static const char *const secrets[] = { "d", "p", "q", "dp", "dq", "qi", "oth", "k" };
    struct tpm_key k = { .binding = TPM_UNBOUND };
    struct tpm_path path;
    att_json_id info = 0;

    (void)snprintf(k.where, sizeof k.where, "%s", where);
    if (!tpm_want(r, id, where, "jwk", ATT_JSON_OBJECT, &k.jwk) ||
        !tpm_may(r, id, where, "info", ATT_JSON_OBJECT, &info))
        return false;
    for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++) /* it will be shown to policies */
        if (att_json_get(r->doc, k.jwk, secrets[i]) != ATT_JSON_NONE)
            return att_fail(r->err, ATT_TPM_REQUEST_MALFORMED, tpm_path(&path, where, "jwk"), "a public key",
                            "private members");
    for (att_json_id at = att_json_first(r->doc, info); at != ATT_JSON_NONE; at = att_json_next(r->doc, at))
        if (!form_read(r, at, tpm_path(&path, where, "info"), &k))
            return false;
    *ret = k;
    return true;
}
