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

enum { KEY_ARENA_BYTES = 2 << 20, CN_BYTES_MAX = 64, LABEL_BYTES = 160 };

/* Like the real service's: a certificate that outlives every token; rotation replaces keys, not certificates.
 */
static const int64_t certificate_not_before = 1556668800; /* 2019-05-01T00:00:00Z */
static const int64_t certificate_not_after = 2556143999;  /* 2050-12-31T23:59:59Z */

static struct att_span label_of(char room[LABEL_BYTES], const char *kid)
{
    (void)snprintf(room, LABEL_BYTES, "signing-key:%s", kid);
    return att_str(room);
}

/* The private half of a row, after checking that what stands beside it in the row belongs to it: who can write the
 * store but lacks the key-encryption key must not get a key of their own published. */
static bool unsealed(struct service *s, struct att_arena *work, const struct store_key *row,
                     struct att_span *ret, struct att_err *err)
{
    struct signer_keypair pair = { .spki = row->spki };
    char label[LABEL_BYTES], kid[ATT_KID_SIZE];

    if (!att_unseal(work, s->options.kek, label_of(label, row->kid), row->sealed, &pair.pkcs8, err))
        return att_fail_as(err, ATT_SEAL_INVALID, "store.signing_keys");
    if (!signer_keypair_fits(&pair, err) || !att_kid_of_spki(row->spki, kid, err))
        return att_fail_as(err, ATT_STORE_FAILED, "store.signing_keys");
    if (strcmp(kid, row->kid) != 0)
        return att_fail(err, ATT_STORE_FAILED, "store.signing_keys.kid", "the name of the key",
                        "another name");
    *ret = pair.pkcs8;
    return true;
}

/* Another process may start on the same empty store: one key gets in, and both use that. */
static bool make_fresh(struct service *s, struct att_arena *work, struct att_err *err)
{
    char label[LABEL_BYTES];
    char kid[ATT_KID_SIZE];
    struct signer_keypair pair = { 0 };
    struct store_key row = { .alg = s->options.alg, .created_unix_s = service_now_unix_s(s) };
    bool put = false;

    if (!signer_keypair_new(s->options.alg, work, &pair, err) || !att_kid_of_spki(pair.spki, kid, err))
        return false;
    row.kid = kid;
    row.spki = pair.spki;
    return att_seal(work, s->options.kek, label_of(label, row.kid), pair.pkcs8, &row.sealed, err) &&
           store_key_put_first(s->options.store, &row, &put, err);
}

/* Official clients look for the endpoint inside the subject; a CN holds 64 bytes, so a longer one goes into
 * the description. */
static bool make_certificate(struct service *s, struct att_arena *work, const struct store_key *row,
                             struct att_span pkcs8, struct att_span *ret_der, struct att_err *err)
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
        .subject_spki = row->spki,
        .issuer_pkcs8 = pkcs8,
    };
    struct store_certificate stored = { .provider = s->options.provider, .kid = row->kid, .attest_uri = uri };
    if (!signer_certificate_make(&want, work, &stored.der, err) ||
        !store_certificate_put(s->options.store, &stored, err))
        return false;
    *ret_der = stored.der;
    return true;
}

static bool certificate_of(struct service *s, struct att_arena *work, const struct store_key *row,
                           struct att_span pkcs8, struct att_span *ret_der, struct att_err *err)
{
    bool found = false;

    if (!store_certificate_get(s->options.store, work, s->options.provider, row->kid, s->options.attest_uri,
                               ret_der, &found, err))
        return false;
    if (!found) /* the first start under this base_url: same key, another name in the certificate */
        return make_certificate(s, work, row, pkcs8, ret_der, err);
    return signer_certificate_fits(*ret_der, row->spki, err) ||
           att_fail_as(err, ATT_STORE_FAILED, "store.certificates");
}

static bool publish(struct service *s, struct att_arena *work, const struct store_key *row,
                    struct att_span pkcs8, struct att_err *err)
{
    struct att_span der = { 0 };

    if (s->key_count == SERVICE_KEYS_MAX)
        return att_fail(err, ATT_LIMIT_EXCEEDED, "store.signing_keys", "at most 64 keys", "more");
    if (!certificate_of(s, work, row, pkcs8, &der, err))
        return false;
    char *kid = att_arena_dup(s->arena, att_str(row->kid));
    char *alg = att_arena_dup(s->arena, att_str(row->alg));
    char *copy = att_arena_dup(s->arena, der);
    if (!kid || !alg || !copy)
        return att_fail_memory(err, "service.keys");
    s->keys[s->key_count++] =
        (struct service_key){ .kid = kid, .alg = alg, .certificate = att_span_of(copy, der.len) };
    return true;
}

/* Publishes a key, and signs with it when it is the newest of the service's algorithm. */
static bool take(struct service *s, struct att_arena *work, const struct store_key *row, struct att_err *err)
{
    struct att_span pkcs8 = { 0 };

    if (!unsealed(s, work, row, &pkcs8, err) || !publish(s, work, row, pkcs8, err))
        return false;
    if (s->kid || strcmp(row->alg, s->options.alg) != 0)
        return true;
    s->kid = s->keys[s->key_count - 1].kid;
    return signer_local_add(s->options.signer, row->kid, row->alg, pkcs8, err);
}

/* Every key of the store, so that what was signed before a change of algorithm can still be checked. RS256 first:
 * some clients take the first key. */
static bool take_all(struct service *s, struct att_arena *work, const struct store_key *rows, size_t count,
                     struct att_err *err)
{
    for (int others = 0; others < 2; others++) {
        for (size_t i = count; i > 0; i--) {
            if ((strcmp(rows[i - 1].alg, "RS256") != 0) == others && !take(s, work, &rows[i - 1], err))
                return false;
        }
    }
    return true;
}

static bool has_algorithm(const struct store_key *rows, size_t count, const char *alg)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(rows[i].alg, alg) == 0)
            return true;
    }
    return false;
}

static bool load(struct service *s, struct att_arena *work, struct att_err *err)
{
    struct store_key *rows = NULL;
    size_t count = 0;

    if (!store_key_list(s->options.store, work, &rows, &count, err))
        return false;
    if (!has_algorithm(rows, count, s->options.alg) &&
        (!make_fresh(s, work, err) || !store_key_list(s->options.store, work, &rows, &count, err)))
        return false;
    return take_all(s, work, rows, count, err) &&
           (s->kid ||
            att_fail(err, ATT_STORE_FAILED, "store.signing_keys", "the key that was just made", "none"));
}

bool service_keys_load(struct service *s, struct att_err *err)
{
    struct att_arena *work = att_arena_new(KEY_ARENA_BYTES);

    if (!work)
        return att_fail_memory(err, "service.keys");
    bool ok = load(s, work, err);
    att_arena_free(work); /* wipes the private halves */
    return ok;
}
