/* The public documents of a provider: they belong to the provider object and one set of keys. When the set is another one, whoever
 * asks next makes them anew; others who ask meanwhile make their own and one of them is kept, so that nobody waits. */
#include "base/auto.h"
#include "base/buf.h"
#include "base/err.h"
#include "service/internal.h"

#include <stdlib.h>

enum { DOCS_ARENA_BYTES = 8 << 20 };

void service_docs_unref(struct service_docs *d)
{
    if (!d || atomic_fetch_sub_explicit(&d->refs, 1, memory_order_acq_rel) != 1)
        return;
    att_arena_free(d->arena);
    free(d);
}

ATT_AUTO_PTR(docs_auto, struct service_docs, service_docs_unref)

static bool compose_openid(const char *attest_uri, const char *alg, struct service_docs *d,
                           struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf out = { 0 };

    service_compose_openid(attest_uri, alg, &out);
    const char *copy = out.failed ? NULL : att_arena_dup(d->arena, att_buf_span(&out));
    d->openid_json = att_span_of(copy, out.len);
    return copy || att_fail_memory(err, "provider");
}

static bool compose(struct service *s, const struct keyset *keys, const struct site_provider *p,
                    const char *attest_uri, struct service_docs **ret, struct att_err *err)
{
    ATT_AUTO(docs_auto) struct service_docs *d = calloc(1, sizeof *d);

    if (!d)
        return att_fail_memory(err, "provider");
    atomic_init(&d->refs, 1);
    d->number = keys->number;
    d->arena = att_arena_new(DOCS_ARENA_BYTES);
    if (!d->arena)
        return att_fail_memory(err, "provider");
    if (!service_compose_certs(s, keys, p, attest_uri, d, err) ||
        !compose_openid(attest_uri, keys->alg, d, err))
        return false;
    *ret = ATT_MOVE(d);
    return true;
}

/* A reference to those of this set or a newer one; NULL. */
static struct service_docs *look(struct service_derived *d, uint64_t number)
{
    struct service_docs *found = NULL;

    pthread_mutex_lock(&d->lock);
    if (d->docs && d->docs->number >= number) {
        found = d->docs;
        atomic_fetch_add_explicit(&found->refs, 1, memory_order_relaxed);
    }
    pthread_mutex_unlock(&d->lock);
    return found;
}

/* `mine` takes the place of older ones; it stays the caller's. */
static void keep(struct service_derived *d, struct service_docs *mine)
{
    struct service_docs *old = NULL;

    pthread_mutex_lock(&d->lock);
    if (!d->docs || d->docs->number < mine->number) {
        old = d->docs;
        d->docs = mine;
        atomic_fetch_add_explicit(&mine->refs, 1, memory_order_relaxed);
    }
    pthread_mutex_unlock(&d->lock);
    service_docs_unref(old);
}

static bool get(struct service *s, const struct site_provider *p, const struct keyset *keys,
                struct service_docs **ret, struct att_err *err)
{
    const struct service_derived *derived = NULL;

    if (!service_derive(s, p, &derived, err))
        return false;
    struct service_derived *d = (struct service_derived *)(uintptr_t)derived;
    *ret = look(d, keys->number);
    if (*ret)
        return true;
    if (!compose(s, keys, p, d->attest_uri, ret, err))
        return false;
    keep(d, *ret);
    return true;
}

bool service_docs_get(struct service *s, const struct site_provider *p, struct service_docs **ret,
                      struct att_err *err)
{
    const struct keyset *keys = keyring_keys(s->options.keys);
    bool ok = get(s, p, keys, ret, err);

    keyset_unref(keys);
    return ok;
}

static bool copy_out(struct service *s, const struct site_provider *p, bool certs, struct att_arena *arena,
                     struct att_span *ret, struct att_err *err)
{
    ATT_AUTO(docs_auto) struct service_docs *d = NULL;

    if (!service_docs_get(s, p, &d, err))
        return false;
    struct att_span text = certs ? d->certs_json : d->openid_json;
    const char *copy = att_arena_dup(arena, text);
    if (!copy)
        return att_fail_memory(err, "provider");
    *ret = att_span_of(copy, text.len);
    return true;
}

bool service_certs_json(struct service *s, const struct site_provider *p, struct att_arena *arena,
                        struct att_span *ret, struct att_err *err)
{
    return copy_out(s, p, true, arena, ret, err);
}

bool service_openid_json(struct service *s, const struct site_provider *p, struct att_arena *arena,
                         struct att_span *ret, struct att_err *err)
{
    return copy_out(s, p, false, arena, ret, err);
}
