/* store/load/postgres.h - the PostgreSQL back end without libpq: loads lib/attestd/postgres.so when a store is opened.
 *
 * Errors of its own: CONFIG_INVALID when the module is not installed, IO_FAILED when it cannot be loaded. */
#ifndef STORE_LOAD_POSTGRES_H
#define STORE_LOAD_POSTGRES_H

#include "store/store.h"

/* `rest` is the URL behind "postgres:". */
ATT_CHECK bool store_postgres_open(const char *rest, struct store **ret, struct att_err *err);
ATT_CHECK bool store_postgres_open_as_is(const char *rest, struct store **ret, struct att_err *err);

#endif
