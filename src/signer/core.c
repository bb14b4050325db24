#include "signer/core.h"

#include <attest/jwks.h>

#include "base/auto.h"
#include "base/err.h"
#include "base/secret.h"
#include "signer/certify.h"
#include "signer/kek.h"
#include "signer/key.h"
#include "signer/purposes.h"
#include "signer/template.h"

#include <openssl/rand.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

enum {
    ALG_SIZE = 8,
    SPKI_BYTES_MAX = 4096,
    SEALED_BYTES_MAX = 16 << 10,
    WORK_BYTES = 4 << 20, /* a header is 64 KiB at most, and each of its values takes 28 bytes */
    HOMES = 2,
};

static const char shared_label[] = "shared:rows";
static const char context_info[] = "attestd context key v1"; /* version 0.1 derives the same */

/* A loaded key. Counted, so that one that is forgotten ends with the last signature. */
struct held {
    atomic_uint refs;
    char kid[ATT_KID_SIZE];
    char alg[ALG_SIZE];
    const struct purpose *purpose;
    struct key *key;
    size_t spki_len;
    uint8_t spki[SPKI_BYTES_MAX];
};

struct core {
    struct signer base;
    struct keks keks;
    struct key_home *homes[HOMES]; /* [0] has what is sealed; others NULL: there is none */
    struct key_home *makes;        /* where new keys live */
    pthread_rwlock_t lock;         /* of the table, never held while a key works */
    size_t count;
    struct held *held[SIGNER_KEYS_MAX];
};

ATT_AUTO_PTR(arena_auto, struct att_arena, att_arena_free)

static struct core *core_of(struct signer *s)
{
    return (struct core *)(void *)s;
}

/* -- the table -------------------------------------------------------------------------------------------- */

static void held_unref(struct held *h)
{
    if (!h || atomic_fetch_sub(&h->refs, 1) != 1)
        return;
    key_free(h->key);
    free(h);
}

ATT_AUTO_PTR(held_auto, struct held, held_unref)

static size_t place_of(const struct core *c, const char *kid)
{
    size_t i = 0;

    while (i < c->count && strcmp(c->held[i]->kid, kid) != 0)
        i++;
    return i;
}

static bool held_get(struct core *c, const char *kid, struct held **ret, struct att_err *err)
{
    pthread_rwlock_rdlock(&c->lock);
    size_t at = place_of(c, kid);
    struct held *h = at < c->count ? c->held[at] : NULL;
    if (h)
        atomic_fetch_add(&h->refs, 1);
    pthread_rwlock_unlock(&c->lock);
    if (!h)
        return att_fail(err, ATT_TOKEN_KEY_UNKNOWN, "signer.kid", "a key that is loaded", "another one");
    *ret = h;
    return true;
}

/* Takes the key, whatever comes of it. */
static bool held_add(struct core *c, const struct signer_key *row, struct key *key, struct att_err *err)
{
    ATT_AUTO(held_auto) struct held *h = calloc(1, sizeof *h);
    enum { ADDED, THERE, OTHER, FULL } what = ADDED;

    if (!h) {
        key_free(key);
        return att_fail_memory(err, "signer.key");
    }
    atomic_init(&h->refs, 1);
    h->key = key;
    h->purpose = purpose_of(row->purpose);
    memcpy(h->kid, row->kid, strlen(row->kid) + 1);
    memcpy(h->alg, row->alg, strlen(row->alg) + 1);
    memcpy(h->spki, row->spki.ptr, row->spki.len);
    h->spki_len = row->spki.len;

    pthread_rwlock_wrlock(&c->lock);
    size_t at = place_of(c, row->kid);
    if (at < c->count)
        what = c->held[at]->purpose == h->purpose && strcmp(c->held[at]->alg, h->alg) == 0 ? THERE : OTHER;
    else if (c->count == SIGNER_KEYS_MAX)
        what = FULL;
    else
        c->held[c->count++] = ATT_MOVE(h);
    pthread_rwlock_unlock(&c->lock);
    if (what == OTHER)
        return att_fail(err, ATT_SIGNER_REFUSED, "signer.key.purpose", "the one it is loaded for", "another");
    return what != FULL || att_fail(err, ATT_LIMIT_EXCEEDED, "signer.keys", "at most 1024 keys", "more");
}

static void core_forget(struct signer *s, const char *kid)
{
    struct core *c = core_of(s);
    struct held *gone = NULL;

    pthread_rwlock_wrlock(&c->lock);
    size_t at = place_of(c, kid);
    if (at < c->count) {
        gone = c->held[at];
        c->held[at] = c->held[--c->count];
        c->held[c->count] = NULL;
    }
    pthread_rwlock_unlock(&c->lock);
    held_unref(gone);
}

/* -- rows ------------------------------------------------------------------------------------------------- */

bool core_key_wellformed(const struct signer_key *key, struct att_err *err)
{
    if (!key->purpose || !purpose_of(key->purpose))
        return att_fail(err, ATT_SIGNER_REFUSED, "signer.key.purpose", "a known purpose", "another");
    if (!key->alg || strlen(key->alg) >= ALG_SIZE)
        return att_fail(err, ATT_KEY_INVALID, "signer.key.alg", "RS256 or ES256", "another");
    if (!key->kid || strlen(key->kid) != ATT_KID_SIZE - 1)
        return att_fail(err, ATT_KEY_INVALID, "signer.key.kid", "44 characters", "another length");
    if (key->spki.len == 0 || key->spki.len > SPKI_BYTES_MAX)
        return att_fail(err, ATT_KEY_INVALID, "signer.key.spki", "1 to 4096 bytes", "%zu bytes",
                        key->spki.len);
    if (!key->sealed.ptr || key->sealed.len == 0 || key->sealed.len > SEALED_BYTES_MAX)
        return att_fail(err, ATT_SEAL_INVALID, "signer.key.sealed", "1 to 16384 bytes", "%zu bytes",
                        key->sealed.len);
    return true;
}

/* The name is made from the public half: a row under another is not believed. */
static bool name_fits(const struct signer_key *row, struct att_err *err)
{
    char kid[ATT_KID_SIZE];

    if (!att_kid_of_spki(row->spki, kid, err))
        return false;
    return strcmp(kid, row->kid) == 0 ||
           att_fail(err, ATT_KEY_INVALID, "signer.key.kid", "the name of the key", "another name");
}

/* A first byte that is nobody's is for the seal to refuse. NULL: refused. */
static struct key_home *home_of(struct core *c, struct att_span sealed, struct att_err *err)
{
    if (sealed.ptr[0] != KEY_FORM_TOKEN)
        return c->homes[0];
    if (!c->homes[1])
        att_fail(err, ATT_SEAL_INVALID, "signer.key.sealed", "a key that is sealed",
                 "one of a token, and none is configured");
    return c->homes[1];
}

static bool core_load(struct signer *s, const struct signer_key *row, struct att_err *err)
{
    struct core *c = core_of(s);
    struct key *key = NULL;

    if (!core_key_wellformed(row, err))
        return false;
    struct key_home *home = home_of(c, row->sealed, err);
    if (!home || !home->ops->load(home, row, &key, err))
        return false;
    if (!name_fits(row, err)) {
        key_free(key);
        return false;
    }
    return held_add(c, row, key, err);
}

static bool core_make(struct signer *s, const char *purpose, const char *alg, struct att_arena *arena,
                      struct signer_key *ret, struct att_err *err)
{
    struct core *c = core_of(s);
    struct signer_key made = { 0 };
    struct key *key = NULL;

    if (!purpose_of(purpose))
        return att_fail(err, ATT_SIGNER_REFUSED, "signer.key.purpose", "a known purpose", "another");
    if (!c->makes->ops->make(c->makes, purpose, alg, arena, &made, &key, err) ||
        !held_add(c, &made, key, err))
        return false;
    *ret = made;
    return true;
}

static bool core_reseal(struct signer *s, const struct signer_key *row, struct att_arena *arena,
                        struct att_span *ret_sealed, bool *ret_changed, struct att_err *err)
{
    struct core *c = core_of(s);

    if (!core_key_wellformed(row, err) || !name_fits(row, err))
        return false;
    struct key_home *home = home_of(c, row->sealed, err);
    return home && home->ops->reseal(home, row, arena, ret_sealed, ret_changed, err);
}

/* -- using keys ------------------------------------------------------------------------------------------- */

static bool core_sign(struct signer *s, const char *kid, struct att_span input, struct att_arena *arena,
                      struct att_span *ret, struct att_err *err)
{
    ATT_AUTO(held_auto) struct held *h = NULL;
    ATT_AUTO(arena_auto) struct att_arena *work = NULL;

    if (!held_get(core_of(s), kid, &h, err))
        return false;
    if (!h->purpose->jws)
        return att_fail(err, ATT_SIGNER_REFUSED, "signer.sign", "a key that signs tokens", "one of %s",
                        h->purpose->name);
    work = att_arena_new(WORK_BYTES);
    if (!work)
        return att_fail_memory(err, "signer.sign");
    return template_check(input, h->alg, h->kid, work, err) && key_sign(h->key, input, arena, ret, err);
}

static bool core_certify(struct signer *s, const char *kid, const struct signer_certify *want,
                         struct att_arena *arena, struct att_span *ret_der, struct att_err *err)
{
    ATT_AUTO(held_auto) struct held *h = NULL;

    return held_get(core_of(s), kid, &h, err) &&
           certify(h->key, h->purpose, h->alg, att_span_of(h->spki, h->spki_len), want, arena, ret_der, err);
}

/* -- secrets for the caller ------------------------------------------------------------------------------- */

static bool share_fresh(struct core *c, struct att_arena *arena, uint8_t ret[SIGNER_SHARED_BYTES],
                        struct att_span *ret_sealed, struct att_err *err)
{
    if (RAND_priv_bytes(ret, SIGNER_SHARED_BYTES) != 1)
        return att_fail(err, ATT_CRYPTO_FAILED, "signer.share", "random bytes", "none");
    return keks_seal(&c->keks, arena, att_str(shared_label), att_span_of(ret, SIGNER_SHARED_BYTES),
                     ret_sealed, err);
}

static bool share_again(struct core *c, struct att_span sealed, struct att_arena *arena,
                        uint8_t ret[SIGNER_SHARED_BYTES], struct att_span *ret_sealed, struct att_err *err)
{
    ATT_AUTO(arena_auto) struct att_arena *secrets = att_arena_new(SEALED_BYTES_MAX);
    struct att_span secret = { 0 };
    size_t by = 0;

    if (!secrets)
        return att_fail_memory(err, "signer.share");
    if (!keks_unseal(&c->keks, secrets, att_str(shared_label), sealed, &secret, &by, err))
        return false;
    if (secret.len != SIGNER_SHARED_BYTES)
        return att_fail(err, ATT_SEAL_INVALID, "signer.share", "32 bytes", "%zu bytes", secret.len);
    if (by > 0 && !keks_seal(&c->keks, arena, att_str(shared_label), secret, &sealed, err))
        return false;
    memcpy(ret, secret.ptr, SIGNER_SHARED_BYTES);
    *ret_sealed = sealed;
    return true;
}

static bool core_share(struct signer *s, enum signer_shared which, struct att_span sealed,
                       struct att_arena *arena, uint8_t ret[SIGNER_SHARED_BYTES], struct att_span *ret_sealed,
                       struct att_err *err)
{
    struct core *c = core_of(s);
    uint8_t secret[SIGNER_SHARED_BYTES];
    struct att_span kept = { 0 };
    bool ok = false;

    if (sealed.len > SEALED_BYTES_MAX / 4)
        return att_fail(err, ATT_SEAL_INVALID, "signer.share", "a sealed secret of 32 bytes", "%zu bytes",
                        sealed.len);
    if (which == SIGNER_SHARED_CONTEXT && sealed.len == 0)
        ok = keks_derive(&c->keks, context_info, secret, err);
    else if (which == SIGNER_SHARED_ROWS)
        ok = sealed.len == 0 ? share_fresh(c, arena, secret, &kept, err)
                             : share_again(c, sealed, arena, secret, &kept, err);
    else
        ok = att_fail(err, ATT_SIGNER_REFUSED, "signer.share", "a known secret", "another");
    if (ok) {
        memcpy(ret, secret, sizeof secret);
        *ret_sealed = kept;
    }
    att_wipe(secret, sizeof secret);
    return ok;
}

/* -- opening and closing ---------------------------------------------------------------------------------- */

static void core_close(struct signer *s)
{
    struct core *c = core_of(s);

    for (size_t i = 0; i < c->count; i++)
        held_unref(c->held[i]);
    for (size_t i = 0; i < HOMES; i++)
        key_home_close(c->homes[i]);
    keks_close(&c->keks);
    pthread_rwlock_destroy(&c->lock);
    free(c);
}

static const struct signer_ops core_ops = {
    .scheme = "local",
    .sign = core_sign,
    .close = core_close,
    .make = core_make,
    .load = core_load,
    .forget = core_forget,
    .certify = core_certify,
    .reseal = core_reseal,
    .share = core_share,
};

bool core_open(const struct signer_options *options, struct signer **ret, struct att_err *err)
{
    struct core *c = calloc(1, sizeof *c);
    bool in_token =
        options->keys_in_hsm || options->pkcs11_module; /* keys of before the setting changed, too */

    if (!c)
        return att_fail_memory(err, "signer");
    if (pthread_rwlock_init(&c->lock, NULL) != 0) {
        free(c);
        return att_fail_memory(err, "signer");
    }
    c->base.ops = &core_ops;
    if (!keks_open(options, &c->keks, err) || !key_home_software_open(&c->keks, &c->homes[0], err) ||
        (in_token && !key_home_token_open(options, &c->homes[1], err))) {
        core_close(&c->base);
        return false;
    }
    c->makes = c->homes[options->keys_in_hsm ? 1 : 0];
    *ret = &c->base;
    return true;
}
