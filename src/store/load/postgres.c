#include "store/load/postgres.h"

#include "module/module.h"
#include "store/backends.h"

bool store_postgres_open(const char *rest, struct store **ret, struct att_err *err)
{
    const struct store_backend *backend = module_load(
        "postgres", "attestd's PostgreSQL module, lib/attestd/postgres.so, and the package libpq5", err);

    return backend && backend->open(rest, ret, err);
}
