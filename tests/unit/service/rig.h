/* tests/unit/service/rig.h - a whole service on a store in memory (or on a file), for tests of this folder. Everything
 * ends the program when it fails: what a test stands on is not what it tests. */
#ifndef TESTS_UNIT_SERVICE_RIG_H
#define TESTS_UNIT_SERVICE_RIG_H

#include <attest/relying.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/base64.h"
#include "codec/json.h"
#include "keys/keyring.h"
#include "service/service.h"
#include "signer/signer.h"
#include "site/site.h"
#include "store/memory/memory.h"
#include "support/signer.h"

#define RIG_NOW          ((int64_t)1781524800) /* 2026-06-15T12:00:00Z */
#define RIG_BASE         "https://localhost:8443"
#define RIG_SUBSCRIPTION "11111111-2222-3333-4444-555555555555"
#define RIG_TENANT       "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"
#define RIG_OWNER        "0f0f0f0f-0000-4000-8000-000000000001"
#define RIG_GROUP_KEY    "/subscriptions/" RIG_SUBSCRIPTION "/resourcegroups/attestd"
#define RIG_PROVIDERS    RIG_GROUP_KEY "/providers/microsoft.attestation/attestationproviders/"
#define RIG_DEFAULT_KEY  RIG_PROVIDERS "default"

static const uint8_t rig_kek[32] = { 1 };

struct rig {
    struct store *store;
    struct site *site;
    struct signer *signer;
    struct keyring *keys;
    struct att_lib *lib; /* the rig's own, or borrowed */
    bool own_lib;
    struct service *service;
    struct att_arena *arena;
    int64_t now_unix_s;
};

/* What a test wants otherwise. */
struct rig_options {
    struct store *store;     /* taken over; NULL: in memory */
    struct att_lib *lib;     /* borrowed; NULL: one without roots */
    const char *alg;         /* NULL: ES256 */
    uint32_t lead_s, keep_s; /* of keys */
    const char *base_url;
    const char *domain;
    const char *location;
    bool evidence_time;
    bool not_installed;
    bool fresh_only;                 /* policy_tokens_fresh_only */
    const uint8_t *context_key;      /* NULL: no TPM */
    struct att_tpm_trust *aik_trust; /* borrowed */
};

static inline void rig_need(bool ok, const char *what, const struct att_err *err)
{
    if (ok)
        return;
    printf("%s: %s\n", what, err ? err->text : "failed");
    exit(1);
}

static inline int64_t rig_now(void *ctx)
{
    return ((struct rig *)ctx)->now_unix_s;
}

static inline bool rig_install(struct rig *r, struct att_err *err)
{
    const struct service_seed seed = {
        .subscription = RIG_SUBSCRIPTION, .tenant = RIG_TENANT, .name = "Test", .owner = RIG_OWNER
    };

    return service_install(r->service, &seed, 1, err);
}

static inline void rig_new(struct rig *r, const struct rig_options *o)
{
    struct att_err err = { 0 };

    *r = (struct rig){ .now_unix_s = RIG_NOW, .store = o->store, .lib = o->lib };
    r->arena = att_arena_new((size_t)64 << 20);
    rig_need(r->arena != NULL, "arena", NULL);
    if (!r->lib) {
        rig_need(att_lib_new(NULL, &r->lib, &err), "lib", &err);
        r->own_lib = true;
    }
    if (!r->store)
        rig_need(store_memory_open("", &r->store, &err), "store", &err);
    rig_need(site_open(r->store, &r->site, &err), "site", &err);
    r->signer = test_signer(rig_kek);
    const struct keyring_options keys = { .store = r->store,
                                          .signer = r->signer,
                                          .purpose = "attestation",
                                          .alg = o->alg ? o->alg : "ES256",
                                          .schedule = { .lead_s = o->lead_s, .keep_s = o->keep_s },
                                          .now_unix_s = RIG_NOW };
    rig_need(keyring_open(&keys, &r->keys, &err), "keyring", &err);
    const struct service_options options = {
        .lib = r->lib,
        .signer = r->signer,
        .site = r->site,
        .keys = r->keys,
        .base_url = o->base_url ? o->base_url : RIG_BASE,
        .domain = o->domain,
        .location = o->location ? o->location : "East US",
        .accepted_tcb = ATT_TCB_DEFAULT,
        .policy_tokens_fresh_only = o->fresh_only,
        .once = o->context_key ? r->store : NULL,
        .context_key = o->context_key,
        .aik_trust = o->aik_trust,
        .evidence_time_set = o->evidence_time,
        .evidence_time_unix_s = RIG_NOW,
        .now_unix_s = rig_now,
        .now_ctx = r,
    };
    rig_need(service_new(&options, &r->service, &err), "service", &err);
    if (!o->not_installed)
        rig_need(rig_install(r, &err), "install", &err);
}

/* All but the store: a process that ends. */
static inline struct store *rig_stop(struct rig *r)
{
    struct store *store = r->store;

    service_free(r->service);
    site_close(r->site);
    keyring_close(r->keys);
    signer_close(r->signer);
    if (r->own_lib)
        att_lib_free(r->lib);
    att_arena_free(r->arena);
    *r = (struct rig){ 0 };
    return store;
}

static inline void rig_free(struct rig *r)
{
    store_close(rig_stop(r));
}

/* -- changes, as the control plane would make them -------------------------------------------------------- */

static inline struct site_change *rig_begin(struct rig *r)
{
    struct site_change *change = NULL;
    struct att_err err = { 0 };

    rig_need(site_change_begin(r->site, r->now_unix_s, &change, &err), "change", &err);
    return change;
}

static inline void rig_commit(struct site_change *change)
{
    const struct site_record record = { .tenant = RIG_TENANT,
                                        .scope = "/subscriptions/" RIG_SUBSCRIPTION,
                                        .operation = "test",
                                        .action = "test",
                                        .principal = RIG_OWNER,
                                        .via = "rest" };
    struct att_err err = { 0 };

    rig_need(site_change_commit(change, &record, &err), "commit", &err);
}

/* `signers`: NULL for an AAD provider. A new one, or a change of the one of this name. */
static inline void rig_provider(struct rig *r, const char *name, const char *signers)
{
    struct site_provider p = {
        .o = { .kind = SITE_PROVIDER, .tenant = RIG_TENANT },
        .subscription = RIG_SUBSCRIPTION,
        .group = "attestd",
        .name = name,
        .location = "East US",
        .isolated = signers != NULL,
        .signers = att_str(signers),
    };
    char key[256];
    const char *uri = NULL;
    struct att_err err = { 0 };

    (void)snprintf(key, sizeof key, RIG_PROVIDERS "%s", name);
    for (char *c = key; *c; c++)
        *c = (char)(*c >= 'A' && *c <= 'Z' ? *c + 32 : *c);
    p.o.key = key;
    rig_need(service_attest_uri(r->service, r->arena, name, p.location, &uri, &err), "attestUri", &err);
    rig_need(service_certificates_make(r->service, r->arena, name, uri, &p.certificates, &p.certificate_count,
                                       &err),
             "certificates", &err);
    struct site_change *change = rig_begin(r);
    const struct site_provider *old = site_change_get(change, SITE_PROVIDER, key);
    rig_need(site_put(change, &p, old ? old->o.version : 0, RIG_OWNER, &err), "provider", &err);
    rig_commit(change);
}

static inline const struct site_provider *rig_ref(struct rig *r, const char *name)
{
    const struct site_provider *p = site_provider_by_name(r->site, name);

    rig_need(p != NULL, name, NULL);
    return p;
}

/* Ends a change by how its step went. */
static inline enum att_code rig_end(struct site_change *change, bool ok, struct att_span token,
                                    struct att_span *ret_token, const struct att_err *err)
{
    if (!ok) {
        site_change_abandon(change);
        return err->code;
    }
    rig_commit(change);
    if (ret_token)
        *ret_token = token;
    return ATT_OK;
}

/* Puts a policy; the code of the refusal, after which nothing was changed. */
static inline enum att_code rig_policy(struct rig *r, const struct site_provider *p, const char *type,
                                       struct att_span body, struct att_span *ret_token, struct att_err *err)
{
    const struct service_sent sent = { .body = body, .by = RIG_OWNER, .request_id = "rig" };
    struct site_change *change = rig_begin(r);
    struct att_span token = { 0 };
    struct att_err none = { 0 };

    err = err ? err : &none;
    return rig_end(change, service_policy_set(r->service, change, p, r->arena, type, &sent, &token, err),
                   token, ret_token, err);
}

static inline enum att_code rig_reset(struct rig *r, const struct site_provider *p, const char *type,
                                      struct att_span body, struct att_span *ret_token, struct att_err *err)
{
    const struct service_sent sent = { .body = body, .by = RIG_OWNER, .request_id = "rig" };
    struct site_change *change = rig_begin(r);
    struct att_span token = { 0 };

    return rig_end(change, service_policy_reset(r->service, change, p, r->arena, type, &sent, &token, err),
                   token, ret_token, err);
}

static inline enum att_code rig_signer(struct rig *r, const struct site_provider *p, bool add,
                                       struct att_span body, struct att_span *ret_token, struct att_err *err)
{
    const struct service_sent sent = { .body = body, .by = RIG_OWNER, .request_id = "rig" };
    struct site_change *change = rig_begin(r);
    struct att_span token = { 0 };

    return rig_end(change, service_signers_change(r->service, change, p, r->arena, add, &sent, &token, err),
                   token, ret_token, err);
}

/* -- tokens ----------------------------------------------------------------------------------------------- */

/* The set of keys of now, until the ring has another one: the ring holds it. */
static inline const struct keyset *rig_keys(struct rig *r)
{
    const struct keyset *k = keyring_keys(r->keys);

    keyset_unref(k);
    return k;
}

/* Checked as a relying party of this provider would: against its own /certs, its issuer, the time. */
static inline bool rig_verify(struct rig *r, const struct site_provider *p, const char *issuer,
                              struct att_span text, struct att_token *ret, struct att_err *err)
{
    struct att_token_check check = { .size = sizeof check, .issuer = issuer, .now_unix_s = r->now_unix_s };

    return service_certs_json(r->service, p, r->arena, &check.jwks, err) &&
           att_token_verify(r->arena, text, &check, ret, err);
}

#endif
