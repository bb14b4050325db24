#include "store/load/postgres.h"

#include "module/module.h"
#include "store/backends.h"

static const struct store_backend *loaded(struct att_err *err)
{
    return module_load("postgres",
                       "attestd's PostgreSQL module, lib/attestd/postgres.so, and the package libpq5", err);
}

bool store_postgres_open(const char *rest, struct store **ret, struct att_err *err)
{
    const struct store_backend *backend = loaded(err);

    return backend && backend->open(rest, ret, err);
}

bool store_postgres_open_as_is(const char *rest, struct store **ret, struct att_err *err)
{
    const struct store_backend *backend = loaded(err);

    return backend && backend->open_as_is(rest, ret, err);
}
