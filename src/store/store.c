#include "store/store.h"

bool store_key_put(struct store *s, const struct store_key *row, struct att_err *err)
{
    return s->ops->key_put(s, row, err);
}

bool store_key_put_first(struct store *s, const struct store_key *row, bool *ret_put, struct att_err *err)
{
    return s->ops->key_put_first(s, row, ret_put, err);
}

bool store_key_list(struct store *s, struct att_arena *arena, struct store_key **ret, size_t *ret_count,
                    struct att_err *err)
{
    return s->ops->key_list(s, arena, ret, ret_count, err);
}

bool store_certificate_put(struct store *s, const struct store_certificate *row, struct att_err *err)
{
    return s->ops->certificate_put(s, row, err);
}

bool store_certificate_get(struct store *s, struct att_arena *arena, const char *provider, const char *kid,
                           const char *attest_uri, struct att_span *ret_der, bool *ret_found,
                           struct att_err *err)
{
    return s->ops->certificate_get(s, arena, provider, kid, attest_uri, ret_der, ret_found, err);
}

unsigned store_schema_version(struct store *s)
{
    return s->ops->schema_version(s);
}

void store_close(struct store *s)
{
    if (s)
        s->ops->close(s);
}
