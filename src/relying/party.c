/* Making the object: options checked, defaults filled in, everything copied. */
#include "relying/party.h"

#include "base/auto.h"
#include "base/err.h"

#include <stdlib.h>

static const char algs_default[] = "RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384";

ATT_AUTO_PTR(party_auto, struct att_relying_party, att_relying_party_free)

/* 0 takes the default. */
static bool period(int64_t *io, int64_t default_s, const char *where, struct att_err *err)
{
    if (*io < 0 || *io > PARTY_PERIOD_MAX_S)
        return att_fail(err, ATT_INTERNAL, where, "0 to 366 days, in seconds", "%lld", (long long)*io);
    *io = *io == 0 ? default_s : *io;
    return true;
}

static bool periods(struct att_relying_options *o, struct att_err *err)
{
    if (!period(&o->max_age_default_s, 3600, "options.max_age_default_s", err) ||
        !period(&o->max_age_min_s, 60, "options.max_age_min_s", err) ||
        !period(&o->max_age_max_s, 86400, "options.max_age_max_s", err) ||
        !period(&o->stale_max_s, 86400, "options.stale_max_s", err) ||
        !period(&o->refetch_min_s, 30, "options.refetch_min_s", err))
        return false;
    if (o->max_age_min_s > o->max_age_max_s)
        return att_fail(err, ATT_INTERNAL, "options.max_age_min_s", "at most max_age_max_s", "%lld",
                        (long long)o->max_age_min_s);
    /* Else keys would end before a new fetch is allowed: an outage by configuration. */
    if (o->refetch_min_s > o->stale_max_s)
        return att_fail(err, ATT_INTERNAL, "options.refetch_min_s", "at most stale_max_s", "%lld",
                        (long long)o->refetch_min_s);
    if (o->skew_s < 0 || o->skew_s > PARTY_SKEW_MAX_S)
        return att_fail(err, ATT_INTERNAL, "options.skew_s", "0 to 600", "%lld", (long long)o->skew_s);
    return true;
}

static bool issuer_usable(const struct att_relying_options *o, size_t i, struct att_err *err)
{
    const struct att_relying_issuer *is = &o->issuers[i];

    if (!is->issuer && !(is->jwks.ptr && o->issuers_count == 1))
        return att_fail(err, ATT_INTERNAL, "options.issuers", "a name for each, or one key set alone",
                        "none for issuer %zu", i);
    if (!is->jwks.ptr && !o->fetch)
        return att_fail(err, ATT_INTERNAL, "options.fetch", "a key set or a way to fetch one", "neither");
    for (size_t k = 0; k < i; k++) {
        if (strcmp(o->issuers[k].issuer, is->issuer) == 0)
            return att_fail(err, ATT_INTERNAL, "options.issuers", "each issuer once", "issuer %zu twice", i);
    }
    return true;
}

static bool options_usable(struct att_relying_party *p, struct att_err *err)
{
    struct att_relying_options *o = &p->options;

    if (o->issuers_count == 0 || o->issuers_count > PARTY_ISSUERS_MAX || !o->issuers)
        return att_fail(err, ATT_INTERNAL, "options.issuers", "1 to 16 issuers", "%zu", o->issuers_count);
    for (size_t i = 0; i < o->issuers_count; i++) {
        if (!issuer_usable(o, i, err))
            return false;
    }
    return periods(o, err) && party_claims_usable(o->claims, o->claims_count, "options.claims", err) &&
           att_alg_set(o->algs ? o->algs : algs_default, &p->rules.algs, err);
}

static bool add_source(struct att_relying_party *p, const struct att_relying_issuer *is, struct att_err *err)
{
    struct party_source *s = &p->sources[p->sources_count];

    if (pthread_cond_init(&s->settled, NULL) != 0)
        return att_fail_memory(err, "options.issuers");
    p->sources_count++; /* from here on _free destroys it */
    if (is->issuer) {
        s->issuer = att_arena_dup(p->arena, att_str(is->issuer));
        if (!s->issuer)
            return att_fail_memory(err, "options.issuers");
    }
    s->at_hand = is->jwks.ptr != NULL;
    /* A wrong name would only be told by the first token. */
    if (!s->at_hand && !relying_issuer_usable(s->issuer, err))
        return false;
    return !s->at_hand || party_keys_new(p, is->jwks, &s->keys, err);
}

static bool copy(struct att_relying_party *p, struct att_err *err)
{
    struct att_relying_options *o = &p->options;

    p->limits = o->limits ? *o->limits : att_limits_default;
    o->limits = &p->limits;
    p->rules.rsa_bits_min = o->rsa_bits_min;
    p->arena = att_arena_new(PARTY_OPTIONS_BYTES_MAX);
    p->crypto = att_crypto_new();
    if (!p->crypto)
        return att_fail(err, ATT_CRYPTO_FAILED, "party", "a working crypto library", "none");
    if (!p->arena || !(p->sources = att_arena_alloc(p->arena, o->issuers_count, sizeof *p->sources)) ||
        (o->audience && !(o->audience = att_arena_dup(p->arena, att_str(o->audience)))))
        return att_fail_memory(err, "options");
    for (size_t i = 0; i < o->issuers_count; i++) {
        if (!add_source(p, &o->issuers[i], err))
            return false;
    }
    o->issuers = NULL; /* the caller's: sources hold what is needed */
    o->algs = NULL;
    return party_claims_copy(p->arena, &o->claims, o->claims_count, err);
}

bool att_relying_party_new(const struct att_relying_options *options, struct att_relying_party **ret,
                           struct att_err *err)
{
    if (options->size != sizeof *options)
        return att_fail(err, ATT_INTERNAL, "options.size", "sizeof(struct att_relying_options)", "%zu",
                        options->size);
    struct att_relying_party *made = calloc(1, sizeof *made);
    if (!made)
        return att_fail_memory(err, "party");
    if (pthread_mutex_init(&made->lock, NULL) != 0) {
        free(made);
        return att_fail_memory(err, "party");
    }
    ATT_AUTO(party_auto) struct att_relying_party *p = made;
    p->options = *options;
    if (!options_usable(p, err) || !copy(p, err))
        return false;
    *ret = ATT_MOVE(p);
    return true;
}

void att_relying_party_free(struct att_relying_party *p)
{
    if (!p)
        return;
    for (size_t i = 0; i < p->sources_count; i++) {
        party_keys_unref(p->sources[i].keys);
        (void)pthread_cond_destroy(&p->sources[i].settled);
    }
    (void)pthread_mutex_destroy(&p->lock);
    att_crypto_free(p->crypto);
    att_arena_free(p->arena);
    free(p);
}

bool att_relying_party_refresh(struct att_relying_party *p, int64_t now_unix_s, struct att_err *err)
{
    bool good = true;

    if (now_unix_s < 0 || now_unix_s > PARTY_NOW_MAX)
        return att_fail(err, ATT_INTERNAL, "now_unix_s", "0 to 2^53", "%lld", (long long)now_unix_s);
    for (size_t i = 0; i < p->sources_count; i++) {
        struct party_keys *keys = NULL;
        good = party_keys_due(p, &p->sources[i], now_unix_s, &keys, err) && good;
        party_keys_unref(keys);
    }
    return good;
}

bool att_relying_party_status(struct att_relying_party *p, size_t issuer, struct att_relying_status *ret)
{
    if (issuer >= p->sources_count)
        return false;
    (void)pthread_mutex_lock(&p->lock);
    const struct party_source *s = &p->sources[issuer];
    *ret = (struct att_relying_status){
        .keys_unix_s = s->keys ? s->keys->fetched_unix_s : 0,
        .fetches = s->fetches,
        .failures = s->failures,
        .last = s->last,
    };
    (void)pthread_mutex_unlock(&p->lock);
    return true;
}
