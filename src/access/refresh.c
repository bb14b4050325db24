/* When an issuer is asked for its keys, and by whom: at most one request at a time, at most one in refresh_min_s
 * whatever comes of it. Otherwise anybody with made-up kids could use this server to flood the issuer. */
#include "access/internal.h"

#include "base/auto.h"
#include "base/err.h"

ATT_AUTO_PTR(arena_auto, struct att_arena, att_arena_free)

/* Sums and differences stay far from the ends of int64_t. */
bool access_time_usable(int64_t now, struct att_err *err)
{
    if (now < 0 || now > INT64_C(1) << 53)
        return att_fail(err, ATT_INTERNAL, "check.now_unix_s", "0 to 2^53", "%lld", (long long)now);
    return true;
}

/* Either way: callers read the clock before they come here, so `now` may be a little before what another thread has
 * noted; and a clock that was set back far must not keep keys alive or block refreshes for all the difference. */
static bool within(int64_t since, int64_t now, int64_t seconds)
{
    return now >= since ? now - since < seconds : since - now < seconds;
}

static bool may_ask(const struct access *a, const struct access_source *s, int64_t now)
{
    return s->is.metadata_url && !(s->tried && within(s->tried_unix_s, now, a->options.refresh_min_s));
}

struct access_keys *access_keys_now(struct access_source *s, int64_t now)
{
    struct access_keys *keys = NULL;

    (void)pthread_mutex_lock(&s->lock);
    /* An issuer that cannot be asked for a day gives out no tokens that live so long; what still comes under its old
     * keys may be what it has retired them for. */
    if (!s->is.metadata_url || within(s->keys_unix_s, now, ACCESS_KEYS_LIFE_S))
        keys = access_keys_ref(s->keys);
    (void)pthread_mutex_unlock(&s->lock);
    return keys;
}

bool access_worth_refresh(const struct access *a, struct access_source *s, const struct access_keys *used,
                          enum access_keys_found found, int64_t now)
{
    bool worth = false;

    (void)pthread_mutex_lock(&s->lock);
    /* When somebody else is asking or has just asked, access_refresh gives their answer. */
    bool newer = s->keys != used && within(s->keys_unix_s, now, ACCESS_KEYS_LIFE_S);
    bool old = !within(s->keys_unix_s, now, a->options.keys_max_age_s);
    bool hinted = s->hinted && within(s->hinted_unix_s, now, a->options.refresh_min_s);
    if (found == ACCESS_KEY_UNKNOWN) {
        worth = s->is.metadata_url && (s->refreshing || newer || may_ask(a, s, now));
    } else if (found == ACCESS_KEYS_USED && old && !hinted && !s->refreshing && may_ask(a, s, now)) {
        worth = s->hinted = true;
        s->hinted_unix_s = now;
    }
    (void)pthread_mutex_unlock(&s->lock);
    return worth;
}

static bool get(const struct access *a, const struct access_source *s, struct att_arena *arena,
                const char *url, struct att_span *ret, struct att_err *err)
{
    struct att_span body = { 0 };

    if (!a->options.fetch(a->options.fetch_ctx, url, s->is.ca_file, arena, &body, err))
        return att_fail(err, ATT_FETCH_FAILED, "fetch", "an answer", "none");
    *ret = body;
    return true;
}

static bool fetch_keys(const struct access *a, const struct access_source *s, struct access_keys **ret,
                       struct att_err *err)
{
    ATT_AUTO(arena_auto) struct att_arena *arena = att_arena_new(ACCESS_DOCUMENT_ARENA_BYTES);
    struct att_span metadata = { 0 }, keys = { 0 };
    const char *jwks_uri = NULL;

    if (!arena)
        return att_fail_memory(err, "refresh");
    return get(a, s, arena, s->is.metadata_url, &metadata, err) &&
           access_metadata_read(arena, &s->is, metadata, &jwks_uri, err) &&
           get(a, s, arena, jwks_uri, &keys, err) && access_keys_new(keys, ret, err);
}

/* With the lock: what the last refresh came to. */
static bool outcome(const struct access_source *s, struct att_err *err)
{
    if (s->last.code == ATT_OK)
        return true;
    if (err && err->code == ATT_OK)
        *err = s->last;
    return false;
}

/* With the lock: keys are replaced whole and only by keys; a failure leaves the old ones in use. */
static struct access_keys *settle(struct access_source *s, struct access_keys *fresh,
                                  const struct att_err *why, int64_t now)
{
    struct access_keys *old = NULL;

    s->last = *why;
    s->refreshing = false;
    if (fresh) {
        old = s->keys;
        s->keys = fresh;
        s->keys_unix_s = now;
    }
    (void)pthread_cond_broadcast(&s->refreshed);
    return old;
}

bool access_refresh(struct access *a, size_t issuer, int64_t now, struct att_err *err)
{
    struct access_keys *fresh = NULL;
    struct att_err why = { 0 };

    if (!access_time_usable(now, err))
        return false;
    if (issuer >= a->count)
        return att_fail(err, ATT_INTERNAL, "refresh.issuer", "one that access_token_check named", "%zu",
                        issuer);
    struct access_source *s = &a->sources[issuer];
    if (!s->is.metadata_url)
        return att_fail(err, ATT_CONFIG_INVALID, "refresh.issuer", "an issuer with a metadata_url", "%s",
                        s->is.name);
    (void)pthread_mutex_lock(&s->lock);
    if (s->refreshing || !may_ask(a, s, now)) {
        while (s->refreshing)
            (void)pthread_cond_wait(&s->refreshed, &s->lock);
        bool ok = outcome(s, err);
        (void)pthread_mutex_unlock(&s->lock);
        return ok;
    }
    s->refreshing = s->tried = true;
    s->tried_unix_s = now;
    (void)pthread_mutex_unlock(&s->lock);

    (void)fetch_keys(a, s, &fresh, &why); /* NULL and a reason, or keys and none */

    (void)pthread_mutex_lock(&s->lock);
    struct access_keys *old = settle(s, fresh, &why, now);
    bool ok = outcome(s, err);
    (void)pthread_mutex_unlock(&s->lock);
    access_keys_unref(old);
    return ok;
}
