/* When an issuer is asked for its keys, and by whom: one request at a time, at most one in refetch_min_s whatever comes
 * of it. Otherwise anybody with made-up kids could use this service to flood the issuer.
 *
 * `now` is the caller's: threads read their clocks before they come here, so it may be a little before what another one
 * has noted. */
#include "relying/party.h"

#include "base/auto.h"
#include "base/err.h"

#include <stdlib.h>

ATT_AUTO_PTR(arena_auto, struct att_arena, att_arena_free)
ATT_AUTO_PTR(keys_auto, struct party_keys, party_keys_unref)

/* Two documents of collateral_bytes_max as trees; memory is taken as it is needed. */
enum { DOCUMENTS_ARENA_BYTES = 16 << 20 };

void party_keys_unref(struct party_keys *k)
{
    if (!k || atomic_fetch_sub(&k->refs, 1) != 1)
        return;
    att_jwk_set_free(&k->set);
    att_arena_free(k->arena);
    free(k);
}

bool party_keys_new(const struct att_relying_party *p, struct att_span json, struct party_keys **ret,
                    struct att_err *err)
{
    ATT_AUTO(keys_auto) struct party_keys *k = calloc(1, sizeof *k);

    if (!k)
        return att_fail_memory(err, "jwks");
    atomic_init(&k->refs, 1);
    k->arena = att_arena_new(DOCUMENTS_ARENA_BYTES);
    const char *copy = k->arena ? att_arena_dup(k->arena, json) : NULL; /* kids point into it */
    if (!copy)
        return att_fail_memory(err, "jwks");
    if (!att_jwk_set_read(p->crypto, k->arena, &p->limits, att_span_of(copy, json.len), &k->set, err))
        return false;
    *ret = ATT_MOVE(k);
    return true;
}

/* Either way: a clock that was set back far must not keep keys alive, nor block fetches, for all the difference. */
static bool within(int64_t since, int64_t now, int64_t seconds)
{
    return now >= since ? now - since < seconds : since - now < seconds;
}

/* With a reference; NULL when there are none, or none that still count. */
static struct party_keys *current(struct att_relying_party *p, const struct party_source *s, int64_t now,
                                  bool *ret_fresh)
{
    (void)pthread_mutex_lock(&p->lock);
    struct party_keys *k = s->keys;
    if (k && !s->at_hand && !within(k->fetched_unix_s, now, p->options.stale_max_s))
        k = NULL;
    if (k)
        atomic_fetch_add(&k->refs, 1);
    *ret_fresh = k && (s->at_hand || within(k->fetched_unix_s, now, k->fresh_s));
    (void)pthread_mutex_unlock(&p->lock);
    return k;
}

/* What the callback reported for either document: the smaller one. -1: nothing. */
struct told {
    const struct att_relying_options *options;
    int64_t max_age_s;
};

static bool fetch_one(void *ctx, const char *url, struct att_arena *arena, struct att_span *ret_body,
                      struct att_err *err)
{
    struct told *told = ctx;
    int64_t max_age_s = -1;

    if (!told->options->fetch(told->options->fetch_ctx, url, arena, ret_body, &max_age_s, err))
        return false;
    if (max_age_s >= 0 && (told->max_age_s < 0 || max_age_s < told->max_age_s))
        told->max_age_s = max_age_s;
    return true;
}

static int64_t fresh_for(const struct att_relying_options *o, int64_t told_s)
{
    int64_t s = told_s < 0 ? o->max_age_default_s : told_s;

    s = s < o->max_age_min_s ? o->max_age_min_s : s;
    return s > o->max_age_max_s ? o->max_age_max_s : s;
}

static bool fetch_keys(const struct att_relying_party *p, const struct party_source *s, int64_t now,
                       struct party_keys **ret, struct att_err *err)
{
    struct told told = { .options = &p->options, .max_age_s = -1 };
    const struct att_token_check ask = {
        .issuer = s->issuer, .fetch = fetch_one, .fetch_ctx = &told, .limits = &p->limits
    };
    ATT_AUTO(arena_auto) struct att_arena *a = att_arena_new(DOCUMENTS_ARENA_BYTES);
    struct att_span json = { 0 };

    if (!a)
        return att_fail_memory(err, "jwks");
    if (!relying_fetch(a, &ask, &json, err) || !party_keys_new(p, json, ret, err))
        return false;
    (*ret)->fetched_unix_s = now;
    (*ret)->fresh_s = fresh_for(&p->options, told.max_age_s);
    return true;
}

/* With the lock: keys are replaced whole and only by keys; a failure leaves the old ones in use. */
static struct party_keys *settle(struct party_source *s, struct party_keys *fresh, const struct att_err *why)
{
    struct party_keys *old = fresh ? s->keys : NULL;

    s->last = *why;
    s->failures += fresh ? 0 : 1;
    s->keys = fresh ? fresh : s->keys;
    s->fetching = false;
    (void)pthread_cond_broadcast(&s->settled);
    return old;
}

/* Fetches when that is allowed now. Somebody else is at it: waits for them only when `wait`. */
static void renew(struct att_relying_party *p, struct party_source *s, int64_t now, bool wait)
{
    struct party_keys *fresh = NULL;
    struct att_err why = { 0 };

    (void)pthread_mutex_lock(&p->lock);
    bool others = s->fetching;
    bool mine =
        !others && !s->at_hand && !(s->tried && within(s->tried_unix_s, now, p->options.refetch_min_s));
    while (others && wait && s->fetching)
        (void)pthread_cond_wait(&s->settled, &p->lock);
    if (mine) {
        s->fetching = s->tried = true;
        s->tried_unix_s = now;
        s->fetches++;
    }
    (void)pthread_mutex_unlock(&p->lock);
    if (!mine)
        return;

    (void)fetch_keys(p, s, now, &fresh, &why); /* NULL and a reason, or keys and none */

    (void)pthread_mutex_lock(&p->lock);
    struct party_keys *old = settle(s, fresh, &why);
    (void)pthread_mutex_unlock(&p->lock);
    party_keys_unref(old);
}

static bool no_keys(struct att_relying_party *p, const struct party_source *s, struct att_err *err)
{
    (void)pthread_mutex_lock(&p->lock);
    if (err && err->code == ATT_OK)
        *err = s->last;
    (void)pthread_mutex_unlock(&p->lock);
    /* The last fetch was good, but long ago. */
    return att_fail(err, ATT_TOKEN_KEYS_INVALID, "jwks", "keys that were fetched within stale_max_s",
                    "older ones");
}

bool party_keys_due(struct att_relying_party *p, struct party_source *s, int64_t now, struct party_keys **ret,
                    struct att_err *err)
{
    bool fresh = false;
    struct party_keys *keys = current(p, s, now, &fresh);

    if (!fresh) {
        renew(p, s, now, keys == NULL);
        party_keys_unref(keys);
        keys = current(p, s, now, &fresh);
    }
    if (!keys)
        return no_keys(p, s, err);
    *ret = keys;
    return true;
}

static bool fail_with(const struct att_err *why, struct att_err *err)
{
    if (err && err->code == ATT_OK)
        *err = *why;
    return false;
}

bool party_key_for(struct att_relying_party *p, struct party_source *s, const struct att_jws *jws,
                   int64_t now, struct party_keys **ret_keys, const struct att_jwk **ret_key,
                   struct att_err *err)
{
    const struct att_span *kid = jws->has_kid ? &jws->kid : NULL;
    ATT_AUTO(keys_auto) struct party_keys *keys = NULL;
    struct att_err why = { 0 };
    bool fresh = false;

    if (!party_keys_due(p, s, now, &keys, err))
        return false;
    if (!att_jwk_set_find(&keys->set, kid, ret_key, &why)) {
        if (why.code != ATT_TOKEN_KEY_UNKNOWN)
            return fail_with(&why, err);
        renew(p, s, now, true);
        party_keys_unref(keys);
        keys = current(p, s, now, &fresh);
        if (!keys)
            return no_keys(p, s, err);
        if (!att_jwk_set_find(&keys->set, kid, ret_key, err))
            return false;
    }
    *ret_keys = ATT_MOVE(keys);
    return true;
}
