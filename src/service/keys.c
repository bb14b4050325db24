/* The signing key: the newest of the algorithm in the store, or a fresh one at the first start. The private
 * half is sealed in the store under a label that names its kid, so that a row moved to another kid does not
 * open. */
#include <attest/jwks.h>
#include <attest/seal.h>

#include "base/err.h"
#include "service/internal.h"
#include "signer/certificate.h"
#include "signer/keypair.h"

#include <stdio.h>

enum { KEY_ARENA_BYTES = 256 * 1024, CN_BYTES_MAX = 64, LABEL_BYTES = 160 };

/* Like the real service's: a certificate that outlives every token; rotation replaces keys, not certificates.
 */
static const int64_t certificate_not_before = 1556668800; /* 2019-05-01T00:00:00Z */
static const int64_t certificate_not_after = 2556143999;  /* 2050-12-31T23:59:59Z */

static struct att_span label_of(char room[LABEL_BYTES], const char *kid)
{
    (void)snprintf(room, LABEL_BYTES, "signing-key:%s", kid);
    return att_str(room);
}

static bool remember_kid(struct service *s, const char *kid, struct att_err *err)
{
    s->kid = att_arena_dup(s->arena, att_str(kid));
    return s->kid || att_fail_memory(err, "service.keys");
}

static bool use_stored(struct service *s, struct att_arena *work, const struct store_key *row,
                       struct att_err *err)
{
    char label[LABEL_BYTES];
    struct att_span pkcs8 = { 0 };

    if (!att_unseal(work, s->options.kek, label_of(label, row->kid), row->sealed, &pkcs8, err))
        return att_fail_as(err, ATT_SEAL_INVALID, "store.signing_keys");
    return signer_local_add(s->options.signer, row->kid, row->alg, pkcs8, err) &&
           remember_kid(s, row->kid, err);
}

static bool make_fresh(struct service *s, struct att_arena *work, struct signer_keypair *ret,
                       struct att_err *err)
{
    char label[LABEL_BYTES];
    char kid[ATT_KID_SIZE];
    struct store_key row = { .alg = s->options.alg, .created_unix_s = service_now_unix_s(s) };

    if (!signer_keypair_new(s->options.alg, work, ret, err) || !att_kid_of_spki(ret->spki, kid, err))
        return false;
    row.kid = kid;
    row.spki = ret->spki;
    if (!att_seal(work, s->options.kek, label_of(label, row.kid), ret->pkcs8, &row.sealed, err))
        return false;
    return store_key_put(s->options.store, &row, err) &&
           signer_local_add(s->options.signer, row.kid, row.alg, ret->pkcs8, err) &&
           remember_kid(s, row.kid, err);
}

/* Official clients look for the endpoint inside the subject; a CN holds 64 bytes, so a longer one goes into
 * the description. */
static bool make_certificate(struct service *s, struct att_arena *work, const struct signer_keypair *pair,
                             struct att_err *err)
{
    const char *uri = s->options.attest_uri;
    bool fits = strlen(uri) <= CN_BYTES_MAX;
    char alt[512];

    if (snprintf(alt, sizeof alt, "URI:%s", uri) >= (int)sizeof alt)
        return att_fail(err, ATT_CONFIG_INVALID, "base_url", "at most 500 bytes", "%zu bytes", strlen(uri));
    const char *names[] = { alt, NULL };
    struct signer_certificate want = {
        .common_name = fits ? uri : s->options.provider,
        .description = fits ? NULL : uri,
        .alt_names = names,
        .not_before_unix_s = certificate_not_before,
        .not_after_unix_s = certificate_not_after,
        .subject_spki = pair->spki,
        .issuer_pkcs8 = pair->pkcs8,
    };
    struct att_span der = { 0 };
    if (!signer_certificate_make(&want, work, &der, err))
        return false;
    struct store_certificate row = { s->options.provider, s->kid, uri, der };
    if (!store_certificate_put(s->options.store, &row, err))
        return false;
    char *copy = att_arena_dup(s->arena, der);
    if (!copy)
        return att_fail_memory(err, "service.keys");
    s->certificate = att_span_of(copy, der.len);
    return true;
}

static bool load_certificate(struct service *s, struct att_arena *work, const struct store_key *row,
                             struct att_err *err)
{
    struct att_span der = { 0 };
    bool found = false;
    char label[LABEL_BYTES];

    if (!store_certificate_get(s->options.store, work, s->options.provider, row->kid, s->options.attest_uri,
                               &der, &found, err))
        return false;
    if (found) {
        char *copy = att_arena_dup(s->arena, der);
        if (!copy)
            return att_fail_memory(err, "service.keys");
        s->certificate = att_span_of(copy, der.len);
        return true;
    }
    /* The first start under this base_url: same key, another name in the certificate. */
    struct signer_keypair pair = { .spki = row->spki };
    return att_unseal(work, s->options.kek, label_of(label, row->kid), row->sealed, &pair.pkcs8, err) &&
           make_certificate(s, work, &pair, err);
}

static bool load(struct service *s, struct att_arena *work, struct att_err *err)
{
    struct store_key *rows = NULL;
    size_t count = 0;

    if (!store_key_list(s->options.store, work, &rows, &count, err))
        return false;
    for (size_t i = count; i > 0; i--) {
        if (strcmp(rows[i - 1].alg, s->options.alg) == 0)
            return use_stored(s, work, &rows[i - 1], err) && load_certificate(s, work, &rows[i - 1], err);
    }
    struct signer_keypair pair = { 0 };
    return make_fresh(s, work, &pair, err) && make_certificate(s, work, &pair, err);
}

bool service_keys_load(struct service *s, struct att_err *err)
{
    struct att_arena *work = att_arena_new(KEY_ARENA_BYTES);

    if (!work)
        return att_fail_memory(err, "service.keys");
    bool ok = load(s, work, err);
    att_arena_free(work); /* wipes the private half */
    return ok;
}
