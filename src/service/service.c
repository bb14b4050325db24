#include "service/internal.h"

#include "base/err.h"

#include <stdlib.h>

enum { SERVICE_ARENA_BYTES = 1 << 20 };

const char *const service_type_names[SERVICE_TYPE_COUNT] = {
    [SERVICE_SGX] = "sgx",
    [SERVICE_OPEN_ENCLAVE] = "open-enclave",
};

static bool policies_compile(struct service *s, struct att_err *err)
{
    for (size_t i = 0; i < SERVICE_TYPE_COUNT; i++) {
        struct att_span text = att_policy_default(service_type_names[i]);
        if (!att_policy_compile(text, att_lib_limits(s->options.lib), &s->policies[i].compiled, NULL, err))
            return false;
        s->policies[i].is_default = true;
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
    s->arena = att_arena_new(SERVICE_ARENA_BYTES);
    if (!s->arena || pthread_mutex_init(&s->collateral_lock, NULL) != 0) {
        att_arena_free(s->arena);
        free(s);
        return att_fail_memory(err, "service");
    }
    if (!policies_compile(s, err) || !service_keys_load(s, err) || !service_metadata_compose(s, err)) {
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
        att_policy_free(s->policies[i].compiled);
    att_collateral_free(s->collateral);
    pthread_mutex_destroy(&s->collateral_lock);
    att_arena_free(s->arena);
    free(s);
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

struct att_span service_certs_json(const struct service *s)
{
    return s->certs_json;
}
struct att_span service_openid_json(const struct service *s)
{
    return s->openid_json;
}
const char *service_attest_uri(const struct service *s)
{
    return s->options.attest_uri;
}
const struct att_limits *service_limits(const struct service *s)
{
    return att_lib_limits(s->options.lib);
}
int64_t service_now_unix_s(const struct service *s)
{
    return s->options.now_unix_s(s->options.now_ctx);
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
                each(ctx, service_type_names[t], (enum att_code)code, count);
        }
    }
}
