/* What the tests of the authority share: a site of two tenants, an authority over it, requests in one line, and a scrypt
 * that is counted. Keys and secrets are made anew and mean nothing. */
#ifndef TESTS_UNIT_AUTHORITY_RIG_H
#define TESTS_UNIT_AUTHORITY_RIG_H

#include "authority/authority.h"
#include "base/base64.h"
#include "base/buf.h"
#include "codec/json.h"
#include "keys/keyring.h"
#include "signer/signer.h"
#include "support/signer.h"
#include "support/tokens.h"
#include "unit/site/fixture.h"

#include <attest/jwks.h>
#include <attest/relying.h>

#include <dlfcn.h>
#include <openssl/x509.h>

#define BASE       "https://localhost:8443"
#define RESOURCE   "https://attest.azure.net"
#define CLIENT     "c11e0000-0000-4000-8000-00000000000a" /* of tenant A */
#define CLIENT_2   "c11e0000-0000-4000-8000-00000000000b" /* of tenant A, too */
#define CLIENT_B   "c11e0000-0000-4000-8000-0000000000bb" /* of tenant B */
#define NOBODY     "c11e0000-0000-4000-8000-0000000000ff"
#define JWT_BEARER "urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer"

/* -- scrypt, counted -------------------------------------------------------------------------------------- */

static unsigned scrypt_calls;
static bool scrypt_cheap; /* for tests that count attempts: N becomes 2 */
static bool scrypt_fails;

int EVP_PBE_scrypt(const char *pass, size_t passlen, const unsigned char *salt, size_t saltlen, uint64_t n,
                   uint64_t r, uint64_t p, uint64_t maxmem, unsigned char *key, size_t keylen)
{
    static int (*real)(const char *, size_t, const unsigned char *, size_t, uint64_t, uint64_t, uint64_t,
                       uint64_t, unsigned char *, size_t);

    if (!real) {
        void *found = dlsym(RTLD_NEXT, "EVP_PBE_scrypt");
        memcpy(&real, &found, sizeof real);
    }
    scrypt_calls++;
    if (n != 32768 || r != 8 || p != 1) {
        printf("FAILED: scrypt with other parameters\n");
        exit(1);
    }
    return scrypt_fails ? 0
                        : real(pass, passlen, salt, saltlen, scrypt_cheap ? 2 : n, r, p, maxmem, key, keylen);
}

/* -- the rig ---------------------------------------------------------------------------------------------- */

struct rig {
    struct store *store;
    struct site *site;
    struct town town;
    struct signer *signer;
    struct store *key_store;
    struct keyring *keys;
    const char *kid;
    const char *keys_json;
    struct authority *authority;
    struct att_arena *arena;
    int64_t now;
};

static inline int64_t rig_now(void *ctx)
{
    return ((struct rig *)ctx)->now;
}

static const char *const rig_resources[] = { BASE, "https://attest.azure.net/",
                                             "https://management.azure.com", NULL };

/* Keys as the server has them, in a store of their own. */
static inline void rig_signer(struct rig *r)
{
    static const uint8_t kek[32] = { 5 };
    struct att_err err = { 0 };

    r->signer = test_signer(kek);
    r->key_store = memory_store();
    const struct keyring_options o = {
        .store = r->key_store, .signer = r->signer, .purpose = "authority", .alg = "RS256", .now_unix_s = NOW
    };
    must(keyring_open(&o, &r->keys, &err), &err, "keys");
    const struct keyset *k = keyring_keys(r->keys);
    r->kid = att_arena_dup(r->arena, att_str(k->keys[0].kid));
    keyset_unref(k);
}

/* What relying parties see. */
static inline void rig_published(struct rig *r)
{
    struct att_span json = { 0 };
    struct att_err err = { 0 };

    must(authority_keys(r->authority, r->arena, &json, &err), &err, "a key set");
    r->keys_json = (const char *)json.ptr;
}

static inline void rig_new(struct rig *r)
{
    struct att_err err = { 0 };

    *r = (struct rig){ .store = memory_store(), .arena = att_arena_new(64 << 20), .now = NOW };
    r->site = site_on(r->store);
    build(r->site, &r->town);
    rig_signer(r);
    const struct authority_options options = { .site = r->site,
                                               .signer = r->signer,
                                               .keys = r->keys,
                                               .base_url = BASE,
                                               .resources = rig_resources,
                                               .now_unix_s = rig_now,
                                               .now_ctx = r };
    must(authority_new(&options, &r->authority, &err), &err, "an authority");
    rig_published(r);
}

static inline void rig_free(struct rig *r)
{
    authority_free(r->authority);
    keyring_close(r->keys);
    store_close(r->key_store);
    signer_close(r->signer);
    site_close(r->site);
    store_close(r->store);
    att_arena_free(r->arena);
}

/* A principal with these credentials. */
static inline void rig_principal(struct rig *r, const char *tenant, const char *sub, const char *client_id,
                                 const struct site_credential *credentials, size_t count)
{
    struct a_principal room;

    (void)a_principal(&room, tenant, sub, client_id);
    room.p.credentials = credentials;
    room.p.credential_count = count;
    must_put(r->site, &room.p);
}

static inline const char *rig_secret(struct rig *r, struct site_credential *ret, const char *id)
{
    const char *secret = NULL;
    struct att_err err = { 0 };

    *ret = (struct site_credential){ .kind = SITE_SECRET, .id = id };
    must(authority_secret_new(r->arena, &secret, &ret->hash, &err), &err, "a secret");
    return secret;
}

static inline struct site_credential rig_certificate(EVP_PKEY *key, const char *id)
{
    return (struct site_credential){
        .kind = SITE_CERTIFICATE, .id = id, .hash = "", .certificate = test_certificate(key, "client", 0)
    };
}

static inline struct authority_answer rig_ask(struct rig *r, const char *tenant, const char *form)
{
    struct authority_token_in in = {
        .tenant = tenant, .form = att_str(form), .peer = "192.0.2.7", .trace_id = "trace"
    };
    struct authority_answer answer;

    authority_token(r->authority, r->arena, &in, &answer);
    return answer;
}

/* -- looking at answers ----------------------------------------------------------------------------------- */

static inline bool contains(struct att_span text, const char *part)
{
    return memmem(text.ptr, text.len, part, strlen(part)) != NULL;
}

/* A member of a JSON object as text (strings without quotes); "" when there is none. */
static inline const char *member_of(struct rig *r, struct att_span json, const char *name)
{
    struct att_err err = { 0 };
    struct att_json doc;
    struct att_span text = { 0 };

    if (!att_json_parse(r->arena, json, NULL, &doc, &err))
        return "not JSON";
    att_json_id id = att_json_get(&doc, ATT_JSON_ROOT, name);
    if (id == ATT_JSON_NONE)
        return "";
    if (!att_json_string(&doc, r->arena, id, &text))
        text = att_json_source(&doc, id);
    return att_arena_dup(r->arena, text);
}

static inline bool is(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

/* Every member of the object stands in order of names: as the token's own text has it. */
static inline bool is_sorted(struct rig *r, struct att_span json)
{
    struct att_err err = { 0 };
    struct att_json doc;
    struct att_buf sorted = { 0 };

    bool ok = att_json_parse(r->arena, json, NULL, &doc, &err) &&
              att_json_put_sorted(&doc, r->arena, ATT_JSON_ROOT, &sorted) &&
              att_span_eq(att_buf_span(&sorted), json);
    att_buf_free(&sorted);
    return ok;
}

static inline bool rig_verified(struct rig *r, const char *jwt, struct att_token *ret)
{
    struct att_token_check check = { .size = sizeof check,
                                     .issuer = BASE "/" TENANT_A "/v2.0",
                                     .jwks = att_str(r->keys_json),
                                     .now_unix_s = r->now,
                                     .algs = "RS256" };
    struct att_err err = { 0 };

    return att_token_verify(r->arena, att_str(jwt), &check, ret, &err);
}

#endif
