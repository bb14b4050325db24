/* supply/supply_fetch.h - sources asked over HTTPS: the real supply_get_fn.
 *
 *     struct supply_fetch by = { .fetch = fetch, .proxy = NULL };
 *     struct supply_options options = { ..., .get = supply_fetch, .get_ctx = &by };
 *
 * Any thread. The subscription key goes to PCS alone, in its header, and nowhere else.
 */
#ifndef SUPPLY_SUPPLY_FETCH_H
#define SUPPLY_SUPPLY_FETCH_H

#include "supply/supply.h"

struct supply_fetch {
    struct fetch *fetch;
    const char *proxy;   /* "http://HOST:PORT"; NULL: none */
    unsigned connect_ms; /* 0: 3000 */
    unsigned total_ms;   /* 0: 10000 */
};

bool supply_fetch(void *ctx, const struct supply_source *source, const char *path, struct att_arena *arena,
                  struct supply_answer *ret, struct att_err *err);

#endif
