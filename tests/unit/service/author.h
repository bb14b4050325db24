/* tests/unit/service/author.h - those who sign policies, their tokens, and reading the service's answers. */
#ifndef UNIT_SERVICE_AUTHOR_H
#define UNIT_SERVICE_AUTHOR_H

#include <attest/token.h>

#include "base/buf.h"
#include "signer/certificate.h"
#include "signer/key.h"
#include "signer/keypair.h"
#include "unit/service/rig.h"

#include <openssl/sha.h>

/* -- tokens ----------------------------------------------------------------------------------------------- */

static inline struct att_span b64(struct att_arena *a, struct att_span bytes)
{
    struct att_buf text = { 0 };

    att_base64url_put(&text, bytes);
    struct att_span out = att_span_of(att_arena_dup(a, att_buf_span(&text)), text.len);
    att_buf_free(&text);
    return out;
}

static inline struct att_span joined(struct att_arena *a, struct att_span x, char between, struct att_span y,
                                     char behind)
{
    struct att_buf text = { 0 };

    att_buf_put(&text, x);
    att_buf_putc(&text, between);
    att_buf_put(&text, y);
    if (behind)
        att_buf_putc(&text, behind);
    struct att_span out = att_span_of(att_arena_dup(a, att_buf_span(&text)), text.len);
    att_buf_free(&text);
    return out;
}

/* {"AttestationPolicy": base64url(text)} */
static inline struct att_span payload_of(struct att_arena *a, const char *text)
{
    struct att_buf json = { 0 };

    att_buf_puts(&json, "{\"AttestationPolicy\":\"");
    att_base64url_put(&json, att_str(text));
    att_buf_puts(&json, "\"}");
    struct att_span out = b64(a, att_buf_span(&json));
    att_buf_free(&json);
    return out;
}

static inline struct att_span unsecured(struct att_arena *a, const char *header, const char *text)
{
    return joined(a, b64(a, att_str(header)), '.', payload_of(a, text), '.');
}

/* Somebody who signs policies: a key with a certificate of its own. */
struct author {
    struct key *key;
    struct signer_keypair pair;
    struct att_span der;
    const char *x5c;     /* base64 */
    const char *signers; /* {"keys":[...]} */
    const char *alg;
};

static inline struct author author_new(struct att_arena *a, const char *name, const char *alg)
{
    struct author w = { .alg = alg };
    struct att_err err = { 0 };
    struct att_buf text = { 0 };

    rig_need(signer_keypair_new(alg, a, &w.pair, &err) && key_software_new(alg, w.pair.pkcs8, &w.key, &err),
             "author", &err);
    const struct signer_certificate want = { .common_name = name,
                                             .not_before_unix_s = RIG_NOW - 1,
                                             .not_after_unix_s = RIG_NOW + 86400,
                                             .ca = true,
                                             .subject_spki = w.pair.spki,
                                             .issuer_pkcs8 = w.pair.pkcs8 };
    rig_need(signer_certificate_make(&want, a, &w.der, &err), "certificate", &err);
    att_base64_put(&text, w.der);
    w.x5c = att_arena_dup(a, att_buf_span(&text));
    att_buf_clear(&text);
    att_buf_printf(&text, "{\"keys\":[{\"alg\":\"%s\",\"kty\":\"%s\",\"use\":\"sig\",\"x5c\":[\"%s\"]}]}",
                   alg, alg[0] == 'E' ? "EC" : "RSA", w.x5c);
    w.signers = att_arena_dup(a, att_buf_span(&text));
    att_buf_free(&text);
    return w;
}

static inline struct att_span sign(struct att_arena *a, const struct author *w, const char *header,
                                   struct att_span payload)
{
    struct att_span signature = { 0 }, token = { 0 };
    struct att_err err = { 0 };
    struct att_span input = joined(a, b64(a, att_str(header)), '.', payload, 0);

    rig_need(key_sign(w->key, input, a, &signature, &err) &&
                 att_token_join(a, input, signature, &token, &err),
             "sign", &err);
    return token;
}

static inline const char *header_of(struct att_arena *a, const char *alg, const char *x5c)
{
    struct att_buf text = { 0 };

    att_buf_printf(&text, "{\"alg\":\"%s\",\"x5c\":[\"%s\"]}", alg, x5c);
    const char *out = att_arena_dup(a, att_buf_span(&text));
    att_buf_free(&text);
    return out;
}

static inline struct att_span signed_policy(struct att_arena *a, const struct author *w, const char *text)
{
    return sign(a, w, header_of(a, w->alg, w->x5c), payload_of(a, text));
}

/* -- reading answers -------------------------------------------------------------------------------------- */

/* The payload of an answer, after checking it as a relying party; the empty text when it does not hold. */
static inline const char *answer(struct rig *r, const struct site_provider *p, const char *issuer,
                                 struct att_span token)
{
    struct att_token t = { 0 };
    struct att_err err = { 0 };

    if (!rig_verify(r, p, issuer, token, &t, &err)) {
        printf("%s\n", err.text);
        return "";
    }
    return att_arena_dup(r->arena, t.payload);
}

static inline const char *member(struct rig *r, const char *json, const char *name)
{
    struct att_json j;
    struct att_err err = { 0 };
    struct att_span text = { 0 };

    if (!att_json_parse(r->arena, att_str(json), NULL, &j, &err))
        return "not JSON";
    att_json_id id = att_json_get(&j, ATT_JSON_ROOT, name);
    if (id == ATT_JSON_NONE)
        return "";
    if (!att_json_string(&j, r->arena, id, &text))
        text = att_json_source(&j, id);
    return att_arena_dup(r->arena, text);
}

static inline size_t member_count(struct rig *r, const char *json)
{
    struct att_json j;
    struct att_err err = { 0 };

    return att_json_parse(r->arena, att_str(json), NULL, &j, &err) ? j.nodes[0].count : 0;
}

static inline const char *get(struct rig *r, const struct site_provider *p, const char *issuer,
                              const char *type)
{
    struct att_span token = { 0 };
    struct att_err err = { 0 };

    if (!service_policy_get(r->service, p, r->arena, type, &token, &err)) {
        printf("%s\n", err.text);
        return "";
    }
    return answer(r, p, issuer, token);
}

static inline const char *policy(struct rig *r, const char *type)
{
    const struct site_provider *p = rig_ref(r, "default");
    const char *text = member(r, get(r, p, RIG_BASE, type), "x-ms-policy");

    site_unref(p);
    return text;
}

static inline const char *hash_of(struct att_arena *a, struct att_span token)
{
    uint8_t digest[SHA256_DIGEST_LENGTH];

    (void)SHA256(token.ptr, token.len, digest);
    return (const char *)b64(a, att_span_of(digest, sizeof digest)).ptr;
}

#endif
