#include "base/err.h"
#include "store/backends.h"

enum { SCHEME_BYTES_MAX = 16 };

static bool find(const char *url, const struct store_backend **ret, const char **ret_rest,
                 struct att_err *err)
{
    struct att_shown shown = { 0 };
    const char *colon = strchr(url, ':');

    /* What is behind the scheme may hold a password: it is never shown. */
    if (!colon || colon - url > SCHEME_BYTES_MAX)
        return att_fail(err, ATT_CONFIG_INVALID, "store", "SCHEME:..., as in sqlite:PATH", "no scheme");
    struct att_span scheme = att_span_of(url, (size_t)(colon - url));
    for (const struct store_backend *b = store_backends; b->scheme; b++) {
        if (!att_span_is(scheme, b->scheme))
            continue;
        *ret = b;
        *ret_rest = colon + 1;
        return true;
    }
    return att_fail(err, ATT_CONFIG_INVALID, "store",
                    "a store that this program has: memory, sqlite, postgres", "scheme %s",
                    att_shown(&shown, scheme));
}

bool store_open(const char *url, struct store **ret, struct att_err *err)
{
    const struct store_backend *b = NULL;
    const char *rest = NULL;

    return find(url, &b, &rest, err) && b->open(rest, ret, err);
}

bool store_open_as_is(const char *url, struct store **ret, struct att_err *err)
{
    const struct store_backend *b = NULL;
    const char *rest = NULL;

    return find(url, &b, &rest, err) && (b->open_as_is ? b->open_as_is : b->open)(rest, ret, err);
}
