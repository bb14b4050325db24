/* store/memory/memory.h - a store that lives as long as its handle: tests, and trying things out.
 *
 * Transactions are real ones: what is rolled back leaves no trace. Each open gives a new, empty store. */
#ifndef STORE_MEMORY_MEMORY_H
#define STORE_MEMORY_MEMORY_H

#include "store/store.h"

/* `rest` must be empty: the URL is "memory:". CONFIG_INVALID, OUT_OF_MEMORY. */
ATT_CHECK bool store_memory_open(const char *rest, struct store **ret, struct att_err *err);

#endif
