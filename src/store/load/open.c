#include "base/err.h"
#include "store/backends.h"

enum { SCHEME_BYTES_MAX = 16 };

bool store_open(const char *url, struct store **ret, struct att_err *err)
{
    struct att_shown shown = { 0 };
    const char *colon = strchr(url, ':');

    /* What is behind the scheme may hold a password: it is never shown. */
    if (!colon || colon - url > SCHEME_BYTES_MAX)
        return att_fail(err, ATT_CONFIG_INVALID, "store", "SCHEME:..., as in sqlite:PATH", "no scheme");
    struct att_span scheme = att_span_of(url, (size_t)(colon - url));
    for (const struct store_backend *b = store_backends; b->scheme; b++) {
        if (att_span_is(scheme, b->scheme))
            return b->open(colon + 1, ret, err);
    }
    return att_fail(err, ATT_CONFIG_INVALID, "store",
                    "a store that this program has: memory, sqlite, postgres", "scheme %s",
                    att_shown(&shown, scheme));
}
