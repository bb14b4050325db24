/* The stores that this program has. PostgreSQL is a module: store/load knows how it comes in. */
#include "store/backends.h"

#include "store/load/postgres.h"
#include "store/memory/memory.h"
#include "store/sqlite/sqlite.h"

const struct store_backend store_backends[] = {
    { "sqlite", store_sqlite_open, store_sqlite_open_as_is },
    { "postgres", store_postgres_open, store_postgres_open_as_is },
    { "memory", store_memory_open, NULL },
    { 0 },
};
