#include "access/access.h"

#include "access/internal.h"
#include "base/auto.h"
#include "base/err.h"

#include <stdio.h>
#include <stdlib.h>

enum { REFRESH_MIN_DEFAULT_S = 60, KEYS_MAX_AGE_DEFAULT_S = 3600, CONFIG_ARENA_BYTES = 4 << 20 };

static const char algorithms_default[] = "RS256 PS256 ES256";

ATT_AUTO_PTR(access_auto, struct access, access_free)

static bool options_usable(const struct access_options *o, struct att_err *err)
{
    if (o->issuer_count > ACCESS_ISSUERS_MAX)
        return att_fail(err, ATT_CONFIG_INVALID, "issuers", "at most 32", "%zu", o->issuer_count);
    if (o->refresh_min_s < 0 || o->refresh_min_s > ACCESS_KEYS_LIFE_S || o->keys_max_age_s < 0 ||
        o->keys_max_age_s > ACCESS_KEYS_LIFE_S)
        return att_fail(err, ATT_CONFIG_INVALID, "issuers.refresh", "0 to 86400 seconds", "another number");
    for (size_t i = 0; i < o->issuer_count; i++) {
        if (!access_issuer_usable(o, i, err))
            return false;
    }
    return true;
}

/* NULL stays NULL; a failed copy sticks in *failed. */
static char *copy(struct att_arena *a, const char *text, bool *failed)
{
    char *made = text ? att_arena_dup(a, att_str(text)) : NULL;

    *failed = *failed || (text && !made);
    return made;
}

static const char *const *copy_list(struct att_arena *a, const char *const *list, bool *failed)
{
    size_t count = 0;

    while (list && list[count])
        count++;
    const char **made = att_arena_alloc(a, count + 1, sizeof *made);
    *failed = *failed || !made;
    for (size_t i = 0; made && i < count; i++)
        made[i] = copy(a, list[i], failed);
    return made;
}

static bool copy_issuer(struct att_arena *a, const struct access_issuer *from, struct access_issuer *to)
{
    bool failed = false;

    *to = (struct access_issuer){
        .name = copy(a, from->name, &failed),
        .issuer = copy(a, from->issuer, &failed),
        .tenant = access_text_id(a, att_str(from->tenant)),
        .metadata_url = copy(a, from->metadata_url, &failed),
        .ca_file = copy(a, from->ca_file, &failed),
        .algorithms = copy(a, from->algorithms ? from->algorithms : algorithms_default, &failed),
        .principal_claim = copy(a, from->principal_claim, &failed),
        .groups_claim = copy(a, from->groups_claim ? from->groups_claim : "groups", &failed),
        .leeway_s = from->leeway_s,
    };
    for (size_t i = 0; i < ACCESS_AUDIENCES; i++)
        to->audiences[i] = copy_list(a, from->audiences[i], &failed);
    return !failed && to->tenant;
}

static bool local_keys(const char *name, struct att_span json, struct access_keys **ret, struct att_err *err)
{
    struct access_keys *keys = NULL;
    char where[96];

    (void)snprintf(where, sizeof where, "issuer.%.64s", name);
    if (!access_keys_new(json, &keys, err))
        return att_fail_as(err, ATT_CONFIG_INVALID, where);
    if (keys->count == 0) {
        access_keys_unref(keys);
        (void)att_fail(err, ATT_CONFIG_INVALID, "jwks.keys", "at least one key", "none");
        return att_fail_as(err, ATT_CONFIG_INVALID, where);
    }
    *ret = keys;
    return true;
}

static bool source_new(struct access *a, const struct access_issuer *from, struct att_err *err)
{
    struct access_source *s = &a->sources[a->count];

    if (!copy_issuer(a->arena, from, &s->is))
        return att_fail_memory(err, "issuers");
    if (from->keys_json.ptr && !local_keys(from->name, from->keys_json, &s->keys, err))
        return false;
    if (pthread_mutex_init(&s->lock, NULL) != 0) {
        access_keys_unref(s->keys);
        return att_fail_memory(err, "issuers");
    }
    if (pthread_cond_init(&s->refreshed, NULL) != 0) {
        (void)pthread_mutex_destroy(&s->lock);
        access_keys_unref(s->keys);
        return att_fail_memory(err, "issuers");
    }
    a->count++;
    return true;
}

bool access_new(const struct access_options *options, struct access **ret, struct att_err *err)
{
    if (!options_usable(options, err))
        return false;
    ATT_AUTO(access_auto) struct access *a = calloc(1, sizeof *a);
    if (!a)
        return att_fail_memory(err, "issuers");
    a->options = *options;
    a->options.issuers = NULL;
    if (a->options.refresh_min_s == 0)
        a->options.refresh_min_s = REFRESH_MIN_DEFAULT_S;
    if (a->options.keys_max_age_s == 0)
        a->options.keys_max_age_s = KEYS_MAX_AGE_DEFAULT_S;
    a->arena = att_arena_new(CONFIG_ARENA_BYTES);
    a->sources = calloc(ACCESS_ISSUERS_MAX, sizeof *a->sources);
    if (!a->arena || !a->sources)
        return att_fail_memory(err, "issuers");
    for (size_t i = 0; i < options->issuer_count; i++) {
        if (!source_new(a, &options->issuers[i], err))
            return false;
    }
    *ret = ATT_MOVE(a);
    return true;
}

void access_free(struct access *a)
{
    if (!a)
        return;
    for (size_t i = 0; i < a->count; i++) {
        access_keys_unref(a->sources[i].keys);
        (void)pthread_cond_destroy(&a->sources[i].refreshed);
        (void)pthread_mutex_destroy(&a->sources[i].lock);
    }
    free(a->sources);
    att_arena_free(a->arena);
    free(a);
}

bool access_keys_set(struct access *a, const char *issuer_name, struct att_span keys_json,
                     struct att_err *err)
{
    struct access_keys *keys = NULL;
    struct att_shown shown;
    size_t i = 0;

    while (i < a->count && strcmp(a->sources[i].is.name, issuer_name) != 0)
        i++;
    if (i == a->count || a->sources[i].is.metadata_url)
        return att_fail(err, ATT_CONFIG_INVALID, "issuer", "one with a local key set", "'%s'",
                        att_shown(&shown, att_str(issuer_name)));
    if (!local_keys(a->sources[i].is.name, keys_json, &keys, err))
        return false;
    struct access_source *s = &a->sources[i];
    (void)pthread_mutex_lock(&s->lock);
    struct access_keys *old = s->keys;
    s->keys = keys;
    (void)pthread_mutex_unlock(&s->lock);
    access_keys_unref(old);
    return true;
}
