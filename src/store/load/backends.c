/* The stores that this program has. PostgreSQL is a module: store/load knows how it comes in. */
#include "store/backends.h"

#include "store/load/postgres.h"
#include "store/memory/memory.h"
#include "store/sqlite/sqlite.h"

const struct store_backend store_backends[] = {
    { "sqlite", store_sqlite_open },
    { "postgres", store_postgres_open },
    { "memory", store_memory_open },
    { 0 },
};
