/* store/backends.h - a store from its URL, as the setting `store` has it:
 *
 *   memory:                       nothing survives the process
 *   sqlite:PATH                   one machine
 *   postgres:CONNINFO             shared; a libpq connection string or postgres://... URL
 *
 * The PostgreSQL back end is a module (lib/attestd/postgres.so beside the program's bin/), loaded when it is asked for:
 * libpq pulls two dozen libraries into the process.
 */
#ifndef STORE_BACKENDS_H
#define STORE_BACKENDS_H

#include "store/store.h"

struct store_backend {
    const char *scheme;
    /* `rest` is the URL behind "SCHEME:". */
    bool (*open)(const char *rest, struct store **ret, struct att_err *err);
    /* Nothing is made and no schema changed: STORE_FAILED at store.schema when it is not this program's. NULL: as open. */
    bool (*open_as_is)(const char *rest, struct store **ret, struct att_err *err);
};

/* Ends with an empty row; the in store/load. */
extern const struct store_backend store_backends[];

/* In store/load. CONFIG_INVALID when no back end has the scheme. */
ATT_CHECK bool store_open(const char *url, struct store **ret, struct att_err *err);
/* For whoever looks at a store that a service has made. One of an older schema stays so: its attestd may still run. */
ATT_CHECK bool store_open_as_is(const char *url, struct store **ret, struct att_err *err);

#endif
