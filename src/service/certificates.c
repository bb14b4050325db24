/* Certificates of providers: one for each signing key.
 *
 * That of an RSA key is derived when it is first needed: the same bytes in every replica, whoever makes it. An ECDSA signature is
 * another one each time, so those certificates are kept in the provider's row, all replicas show the same, and a thumbprint in a
 * token finds its certificate. What an older version has put into a row is used as long as it fits. */
#include "base/err.h"
#include "service/internal.h"
#include "signer/certificate.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    BATCH = 128,                /* providers in one change */
    OTHERS_MAX = 32,            /* certificates kept for other addresses and for keys that are not here */
    PROVIDER_BYTES = 256 * 1024 /* of one provider's new certificates, and of reading them */
};

const struct site_certificate *service_certificate_of(const struct site_provider *p, const char *kid,
                                                      const char *attest_uri)
{
    for (size_t i = 0; i < p->certificate_count; i++) {
        const struct site_certificate *c = &p->certificates[i];
        if (strcmp(c->kid, kid) == 0 && strcmp(c->attest_uri, attest_uri) == 0)
            return c;
    }
    return NULL;
}

static bool derive(const struct service *s, const struct keyset_key *key, const char *name,
                   const char *attest_uri, struct att_arena *arena, struct att_span *ret, struct att_err *err)
{
    const struct signer_certify want = { .kind = SIGNER_CERTIFY_ENDPOINT, .name = name, .uri = attest_uri };

    return signer_certify(s->options.signer, key->kid, &want, arena, ret, err);
}

bool service_certificate_for(const struct service *s, const struct keyset_key *key,
                             const struct site_provider *p, const char *attest_uri, struct att_arena *arena,
                             struct att_span *ret, struct att_err *err)
{
    const struct site_certificate *kept = service_certificate_of(p, key->kid, attest_uri);

    struct att_err why = { 0 };

    /* A row of the store is not believed: a certificate of another key would be published under this one's name. */
    if (!kept || !signer_certificate_fits(kept->der, key->spki, &why))
        return derive(s, key, p->name, attest_uri, arena, ret, err);
    *ret = kept->der;
    return true;
}

static bool make(const struct service *s, const struct keyset_key *key, const char *name,
                 const char *attest_uri, struct att_arena *arena, struct site_certificate *ret,
                 struct att_err *err)
{
    struct site_certificate c = { .attest_uri = att_arena_dup(arena, att_str(attest_uri)),
                                  .kid = att_arena_dup(arena, att_str(key->kid)) };

    if (!c.attest_uri || !c.kid)
        return att_fail_memory(err, "provider.certificates");
    if (!derive(s, key, name, attest_uri, arena, &c.der, err))
        return false;
    *ret = c;
    return true;
}

static bool make_all(const struct service *s, const struct keyset *keys, struct att_arena *arena,
                     const char *name, const char *attest_uri, struct site_certificate *all,
                     struct att_err *err)
{
    for (size_t i = 0; i < keys->count; i++) {
        if (!make(s, &keys->keys[i], name, attest_uri, arena, &all[i], err))
            return false;
    }
    return true;
}

bool service_certificates_make(const struct service *s, struct att_arena *arena, const char *name,
                               const char *attest_uri, const struct site_certificate **ret, size_t *ret_count,
                               struct att_err *err)
{
    const struct keyset *keys = keyring_keys(s->options.keys);
    struct site_certificate *all = att_arena_alloc(arena, keys->count, sizeof *all);
    size_t count = keys->count;
    bool ok = all ? make_all(s, keys, arena, name, attest_uri, all, err)
                  : att_fail_memory(err, "provider.certificates");

    keyset_unref(keys);
    if (!ok)
        return false;
    *ret = all;
    *ret_count = count;
    return true;
}

struct site_provider service_provider_copy(const struct site_provider *p)
{
    struct site_provider copy = *p;

    copy.attachment = NULL;
    return copy;
}

/* -- providers that lack some ----------------------------------------------------------------------------- */

static bool deterministic(const struct keyset_key *key)
{
    return strcmp(key->alg, "RS256") == 0;
}

static bool lacks(const struct keyset *keys, const struct site_provider *p, const char *attest_uri)
{
    for (size_t i = 0; i < keys->count; i++) {
        const struct keyset_key *key = &keys->keys[i];
        if (!deterministic(key) && !service_certificate_of(p, key->kid, attest_uri))
            return true;
    }
    return false;
}

static bool key_is_here(const struct keyset *keys, const char *kid)
{
    return keyset_find(keys, kid) != NULL;
}

/* Other addresses may be another process's, or come back; so their certificates stay, the newest (they stand last). A
 * dev server that takes another port at each start must not make its row grow for ever. */
static size_t keep_old(const struct keyset *keys, const struct site_provider *p, const char *attest_uri,
                       struct site_certificate *ret)
{
    size_t others = 0, count = 0;

    for (size_t i = 0; i < p->certificate_count; i++)
        others += !key_is_here(keys, p->certificates[i].kid) ||
                  strcmp(p->certificates[i].attest_uri, attest_uri) != 0;
    size_t skip = others > OTHERS_MAX ? others - OTHERS_MAX : 0;
    for (size_t i = 0; i < p->certificate_count; i++) {
        const struct site_certificate *c = &p->certificates[i];
        bool other = !key_is_here(keys, c->kid) || strcmp(c->attest_uri, attest_uri) != 0;
        if (other && skip > 0)
            skip--;
        else
            ret[count++] = *c;
    }
    return count;
}

/* The provider's certificates with those that it lacks. */
static bool complete(const struct service *s, const struct keyset *keys, const struct site_provider *p,
                     const char *attest_uri, struct att_arena *arena, struct site_provider *ret,
                     struct att_err *err)
{
    struct site_certificate *all = att_arena_alloc(arena, p->certificate_count + keys->count, sizeof *all);

    if (!all)
        return att_fail_memory(err, "provider.certificates");
    size_t count = keep_old(keys, p, attest_uri, all);
    for (size_t i = 0; i < keys->count; i++) {
        if (deterministic(&keys->keys[i]) || service_certificate_of(p, keys->keys[i].kid, attest_uri))
            continue;
        if (!make(s, &keys->keys[i], p->name, attest_uri, arena, &all[count], err))
            return false;
        count++;
    }
    *ret = service_provider_copy(p);
    ret->certificates = all;
    ret->certificate_count = count;
    return true;
}

/* Providers of one subscription, so that the record lands in the trail of those whom it concerns. */
struct batch {
    const struct keyset *keys;
    struct att_arena *arena;
    struct site_provider providers[BATCH];
    size_t count;
};

/* The certificates were made before the change began; for a provider that is another by now they are made anew. */
static bool put_one(struct service *s, struct site_change *change, struct batch *b,
                    const struct site_provider *made, bool *ret_put, struct att_err *err)
{
    const struct site_provider *now = site_change_get(change, SITE_PROVIDER, made->o.key);
    struct site_provider again;
    char uri[SERVICE_URI_SIZE];

    *ret_put = false;
    if (!now)
        return true;
    if (now->o.version != made->o.version) {
        if (!service_uri_of(s, now->name, now->location, uri, err))
            return false;
        if (!lacks(b->keys, now, uri))
            return true;
        if (!complete(s, b->keys, now, uri, b->arena, &again, err))
            return false;
        made = &again;
    }
    *ret_put = site_put(change, made, now->o.version, "configuration", err);
    return *ret_put;
}

static bool put_all(struct service *s, struct site_change *change, struct batch *b, size_t *ret_put,
                    struct att_err *err)
{
    for (size_t i = 0; i < b->count; i++) {
        bool put = false;
        if (!put_one(s, change, b, &b->providers[i], &put, err))
            return false;
        *ret_put += put;
    }
    return true;
}

static bool commit(struct service *s, struct batch *b, struct att_err *err)
{
    const struct site_provider *first = &b->providers[0];
    struct site_change *change = NULL;
    size_t put = 0;
    char scope[64];

    (void)snprintf(scope, sizeof scope, "/subscriptions/%s", first->subscription);
    if (!site_change_begin(s->options.site, service_now_unix_s(s), &change, err))
        return false;
    bool ok = put_all(s, change, b, &put, err);
    if (!ok || put == 0) {
        site_change_abandon(change);
        return ok;
    }
    const struct site_record record = { .tenant = first->o.tenant,
                                        .scope = scope,
                                        .operation = "provider.certificates",
                                        .action = "Microsoft.Attestation/attestationProviders/write",
                                        .principal = "configuration",
                                        .via = "configuration" };
    return site_change_commit(change, &record, err);
}

/* From list->objects[*at] on: fills a batch with providers of one subscription that lack something. */
static bool collect(struct service *s, const struct site_list *list, size_t *at, struct batch *b,
                    struct att_err *err)
{
    char uri[SERVICE_URI_SIZE];

    for (; *at < list->count && b->count < BATCH; ++*at) {
        const struct site_provider *p = list->objects[*at];
        if (b->count > 0 && strcmp(p->subscription, b->providers[0].subscription) != 0)
            return true;
        if (!service_uri_of(s, p->name, p->location, uri, err))
            return false;
        if (!lacks(b->keys, p, uri))
            continue;
        if (!complete(s, b->keys, p, uri, b->arena, &b->providers[b->count], err))
            return false;
        b->count++;
    }
    return true;
}

static bool renew(struct service *s, const struct site_list *list, struct batch *b, struct att_err *err)
{
    for (size_t at = 0; at < list->count;) {
        b->count = 0;
        att_arena_reset(b->arena);
        if (!collect(s, list, &at, b, err) || (b->count > 0 && !commit(s, b, err)))
            return false;
    }
    return true;
}

bool service_certificates_renew(struct service *s, struct att_err *err)
{
    struct site_list list = { 0 };
    struct batch *b = calloc(1, sizeof *b);
    bool ok = false;

    if (!b)
        return att_fail_memory(err, "provider.certificates");
    b->keys = keyring_keys(s->options.keys);
    b->arena = att_arena_new((size_t)BATCH * PROVIDER_BYTES);
    if (!b->arena)
        (void)att_fail_memory(err, "provider.certificates");
    else if (site_list(s->options.site, SITE_PROVIDER, "", &list, err))
        ok = renew(s, &list, b, err);
    site_list_free(&list);
    att_arena_free(b->arena);
    keyset_unref(b->keys);
    free(b);
    return ok;
}

bool service_keys_changed(struct service *s, struct att_err *err)
{
    return service_certificates_renew(s, err);
}
