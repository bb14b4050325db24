#include "service/internal.h"

#include "base/err.h"
#include "store/health.h"

#include <stdlib.h>
#include <time.h>

static bool compile_defaults(struct service *s, struct att_err *err)
{
    for (size_t i = 0; i < SERVICE_TYPE_COUNT; i++) {
        struct att_span text = att_policy_default(service_types[i].evidence);
        if (text.len == 0) /* tpm: nothing is attested before there is a policy */
            continue;
        if (!att_policy_compile(text, service_limits(s), &s->defaults[i], NULL, err))
            return false;
    }
    return true;
}

bool service_new(const struct service_options *options, struct service **ret, struct att_err *err)
{
    struct service *s = calloc(1, sizeof *s);

    if (!s)
        return att_fail_memory(err, "service");
    s->options = *options;
    atomic_init(&s->accepted_tcb, options->accepted_tcb);
    if (pthread_mutex_init(&s->collateral_lock, NULL) != 0 || pthread_mutex_init(&s->once_lock, NULL) != 0) {
        free(s);
        return att_fail_memory(err, "service");
    }
    if (!compile_defaults(s, err)) {
        service_free(s);
        return false;
    }
    *ret = s;
    return true;
}

void service_free(struct service *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < SERVICE_TYPE_COUNT; i++)
        att_policy_free(s->defaults[i]);
    att_collateral_free(s->collateral);
    pthread_mutex_destroy(&s->collateral_lock);
    pthread_mutex_destroy(&s->once_lock);
    free(s);
}

bool service_store_away(const struct service *s)
{
    return store_health_away(s->options.store_health);
}

void service_collateral_set(struct service *s, struct att_collateral *c)
{
    struct att_collateral *mine = att_collateral_ref(c);

    pthread_mutex_lock(&s->collateral_lock);
    struct att_collateral *old = s->collateral;
    s->collateral = mine;
    pthread_mutex_unlock(&s->collateral_lock);
    att_collateral_free(old);
}

struct att_collateral *service_collateral_ref(struct service *s)
{
    pthread_mutex_lock(&s->collateral_lock);
    struct att_collateral *c = s->collateral ? att_collateral_ref(s->collateral) : NULL;
    pthread_mutex_unlock(&s->collateral_lock);
    return c;
}

void service_accept_tcb(struct service *s, unsigned accepted_tcb)
{
    atomic_store_explicit(&s->accepted_tcb, accepted_tcb, memory_order_relaxed);
}

struct site *service_site(const struct service *s)
{
    return s->options.site;
}
const char *service_base_url(const struct service *s)
{
    return s->options.base_url;
}
const char *service_location(const struct service *s)
{
    return s->options.location;
}
const struct att_limits *service_limits(const struct service *s)
{
    return att_lib_limits(s->options.lib);
}
int64_t service_now_unix_s(const struct service *s)
{
    return s->options.now_unix_s(s->options.now_ctx);
}

void service_count(struct service *s, enum service_type type, enum att_code code)
{
    atomic_fetch_add_explicit(&s->verdicts[type][code], 1, memory_order_relaxed);
}

void service_verdicts(const struct service *s,
                      void (*each)(void *ctx, const char *evidence_type, enum att_code code,
                                   unsigned long count),
                      void *ctx)
{
    for (size_t t = 0; t < SERVICE_TYPE_COUNT; t++) {
        for (size_t code = 0; code < ATT_CODE_COUNT; code++) {
            unsigned long count = atomic_load_explicit(&s->verdicts[t][code], memory_order_relaxed);
            if (count > 0)
                each(ctx, service_types[t].evidence, (enum att_code)code, count);
        }
    }
}

int64_t service_monotonic_ns(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t); /* cannot fail for this clock */
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static enum service_outcome outcome_of(enum att_code code)
{
    if (code == ATT_OK)
        return SERVICE_TOKEN;
    return att_code_class(code) == ATT_CLASS_INTERNAL ? SERVICE_FAULT : SERVICE_REFUSED;
}

void service_took(struct service *s, enum service_type type, enum att_code code, int64_t took_ns)
{
    att_histogram_add(&s->took[type][outcome_of(code)], took_ns);
}

static bool occurred(const struct att_histogram *h)
{
    for (size_t i = 0; i <= ATT_HISTOGRAM_STEPS; i++) {
        if (atomic_load_explicit(&h->counts[i], memory_order_relaxed) > 0)
            return true;
    }
    return false;
}

void service_durations(const struct service *s,
                       void (*each)(void *ctx, const char *evidence_type, enum service_outcome outcome,
                                    const struct att_histogram *took),
                       void *ctx)
{
    for (size_t t = 0; t < SERVICE_TYPE_COUNT; t++) {
        for (unsigned o = 0; o < SERVICE_OUTCOMES; o++) {
            if (occurred(&s->took[t][o]))
                each(ctx, service_types[t].evidence, (enum service_outcome)o, &s->took[t][o]);
        }
    }
}

void service_early_verdicts(const struct service *s,
                            void (*each)(void *ctx, const char *evidence_type, enum att_tcb_status status,
                                         enum att_tcb_status early, unsigned long count),
                            void *ctx)
{
    for (size_t t = 0; t < SERVICE_TYPE_COUNT; t++) {
        for (size_t now = 0; now < ATT_STATUS_COUNT; now++) {
            for (size_t early = 0; early < ATT_STATUS_COUNT; early++) {
                unsigned long n = atomic_load_explicit(&s->early[t][now][early], memory_order_relaxed);
                if (n > 0)
                    each(ctx, service_types[t].evidence, (enum att_tcb_status)now, (enum att_tcb_status)early,
                         n);
            }
        }
    }
}

void service_key_tables(const struct service *s, size_t *ret_count, size_t *ret_bytes)
{
    att_lib_key_tables(s->options.lib, ret_count, ret_bytes);
}
