/* What is derived from a provider: made at its first use by whichever thread comes first, kept in its attachment. What depends on
 * the set of keys, too, is in docs.c: policies stay when keys change. */
#include "base/auto.h"
#include "base/buf.h"
#include "base/err.h"
#include "service/internal.h"

#include <stdlib.h>

enum { KEY_BYTES_MAX = 2048, ATTEMPTS = 8 };

ATT_AUTO_PTR(arena_auto, struct att_arena, att_arena_free)

static void derived_free(struct site_attachment *a)
{
    struct service_derived *d = (struct service_derived *)(void *)a;

    for (size_t i = 0; i < SERVICE_TYPE_COUNT; i++) {
        att_policy_free(d->policies[i].own);
        site_unref(d->policies[i].set);
    }
    service_docs_unref(d->docs);
    pthread_mutex_destroy(&d->lock);
    free(d);
}

static void derived_drop(struct service_derived *d)
{
    derived_free(&d->base);
}

ATT_AUTO_PTR(derived_auto, struct service_derived, derived_drop)

/* -- policies --------------------------------------------------------------------------------------------- */

/* What was set is the policy, or nothing is: a stored text that does not compile (any more) is never answered with the
 * default. It stands in the way of attestations only; relying parties still get their keys. */
static bool compile(struct service *s, enum service_type type, const struct site_policy *set,
                    struct service_policy *ret, struct att_err *err)
{
    const struct att_policy *fallback = s->defaults[type];
    struct att_err why = { 0 };

    att_policy_free(ret->own);
    site_unref(ret->set);
    *ret = (struct service_policy){ .compiled = fallback, .is_default = true, .set = site_ref(set) };
    if (!set || (fallback && att_span_eq(set->text, att_policy_text(fallback))))
        return true;
    ret->compiled = NULL;
    ret->is_default = false;
    if (att_policy_compile(set->text, service_limits(s), &ret->own, NULL, &why)) {
        ret->compiled = ret->own;
        return true;
    }
    if (att_code_class(why.code) == ATT_CLASS_POLICY)
        return true;
    if (err && err->code == ATT_OK)
        *err = why;
    return false;
}

static bool read_policies(struct service *s, const struct site_provider *p, struct att_arena *work,
                          struct service_derived *d, struct att_err *err)
{
    for (size_t i = 0; i < SERVICE_TYPE_COUNT; i++) {
        const char *key = NULL;
        if (!service_policy_key(work, p->o.key, service_types[i].key, &key, err))
            return false;
        const struct site_policy *set = site_get(s->options.site, SITE_POLICY, key);
        bool ok = compile(s, (enum service_type)i, set, &d->policies[i], err);
        site_unref(set);
        if (!ok)
            return false;
    }
    return true;
}

/* The policies of a provider that is there. Every change of one makes a new provider object, so when the object is the
 * same before and after, what was read between belongs together, and "none was set" is not "it was just deleted". */
static bool take_policies(struct service *s, const struct site_provider *p, struct service_derived *d,
                          struct att_err *err)
{
    ATT_AUTO(arena_auto)
    struct att_arena *work = att_arena_new(ATTEMPTS * SERVICE_TYPE_COUNT * KEY_BYTES_MAX);

    if (!work)
        return att_fail_memory(err, "provider.policies");
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        const struct site_provider *before = site_get(s->options.site, SITE_PROVIDER, p->o.key);
        if (!before)
            return att_fail(err, ATT_RESOURCE_NOT_FOUND, "provider", "a provider that is there",
                            "one that was deleted");
        bool ok = read_policies(s, p, work, d, err);
        service_sinks(s, p->o.key, d->records.sinks);
        const struct site_provider *after = site_get(s->options.site, SITE_PROVIDER, p->o.key);
        bool same = before == after;
        site_unref(before);
        site_unref(after);
        if (!ok || same)
            return ok;
    }
    return att_fail(err, ATT_SERVICE_UNAVAILABLE, "provider.policies",
                    "a provider that stays the same for a moment", "one that changes all the time");
}

/* As records name it: in the case in which it was written, with a NUL. */
static void put_resource_id(const struct site_provider *p, struct att_buf *out)
{
    const char *const parts[] = { "/subscriptions/",
                                  p->subscription,
                                  "/resourceGroups/",
                                  p->group,
                                  "/providers/Microsoft.Attestation/attestationProviders/",
                                  p->name };

    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
        att_buf_put(out, att_str(parts[i]));
    att_buf_put(out, att_span_of("", 1));
}

/* A struct with its texts behind it. */
static bool compose(struct service *s, const struct site_provider *p, struct service_derived **ret,
                    struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf texts = { 0 };
    char uri[SERVICE_URI_SIZE];

    if (!service_uri_of(s, p->name, p->location, uri, err))
        return false;
    att_buf_put(&texts, att_span_of(uri, strlen(uri) + 1));
    put_resource_id(p, &texts);
    struct service_derived *d = texts.failed ? NULL : malloc(sizeof *d + texts.len);
    if (!d)
        return att_fail_memory(err, "provider");
    char *behind = (char *)(d + 1);
    memcpy(behind, texts.ptr, texts.len);
    *d = (struct service_derived){ .base = { .free = derived_free },
                                   .attest_uri = behind,
                                   .records = { .resource_id = behind + strlen(uri) + 1 } };
    if (pthread_mutex_init(&d->lock, NULL) != 0) {
        free(d);
        return att_fail_memory(err, "provider");
    }
    *ret = d;
    return true;
}

bool service_derive(struct service *s, const struct site_provider *p, const struct service_derived **ret,
                    struct att_err *err)
{
    struct site_attachment *a = site_attachment_get(p);

    if (!a) {
        ATT_AUTO(derived_auto) struct service_derived *d = NULL;
        if (!compose(s, p, &d, err) || !take_policies(s, p, d, err))
            return false;
        a = site_attachment_set(p, &ATT_MOVE(d)->base);
    }
    *ret = (const struct service_derived *)(void *)a;
    return true;
}

bool service_record_facts(struct service *s, const struct site_provider *p,
                          const struct service_record_facts **ret, struct att_err *err)
{
    const struct service_derived *d = NULL;

    if (!service_derive(s, p, &d, err))
        return false;
    *ret = &d->records;
    return true;
}
