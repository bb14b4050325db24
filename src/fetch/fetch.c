#include "fetch/fetch.h"

#include "base/err.h"
#include "fetch/module.h"
#include "module/module.h"

#include <stdlib.h>

enum {
    CONNECT_MS_DEFAULT = 2000,
    TOTAL_MS_DEFAULT = 5000,
    BODY_BYTES_DEFAULT = 256 * 1024,
    URL_BYTES_MAX = 2000,
};

struct fetch {
    const struct fetch_module *module;
};

bool fetch_open(struct fetch **ret, struct att_err *err)
{
    const struct fetch_module *module =
        module_load("fetch", "lib/attestd/fetch.so, which comes with attestd, and libcurl", err);

    if (!module)
        return false;
    struct fetch *f = malloc(sizeof *f);
    if (!f)
        return att_fail_memory(err, "fetch");
    *f = (struct fetch){ .module = module };
    *ret = f;
    return true;
}

void fetch_close(struct fetch *f)
{
    free(f);
}

/* Visible ASCII without the characters that readers of URLs disagree on; no user name, no fragment. libcurl is lenient
 * about URLs, and this is where leniency would let one host pass for another. */
static bool url_usable(const char *url)
{
    static const char scheme[] = "https://";
    size_t len = url ? strnlen(url, URL_BYTES_MAX + 1) : 0;

    if (len <= sizeof scheme - 1 || len > URL_BYTES_MAX || strncmp(url, scheme, sizeof scheme - 1) != 0)
        return false;
    for (const char *c = url; *c; c++) {
        if (*c <= 0x20 || *c >= 0x7f || strchr("\\\"<>#@", *c))
            return false;
    }
    return strcspn(url + sizeof scheme - 1, "/?:") > 0;
}

bool fetch_get(struct fetch *f, const struct fetch_request *request, struct att_arena *arena,
               struct att_span *ret_body, struct att_err *err)
{
    struct fetch_request complete = *request;
    struct att_shown shown;

    if (!url_usable(request->url))
        return att_fail(err, ATT_FETCH_FAILED, "fetch.url", "https://HOST[:PORT]/..., at most 2000 bytes",
                        "'%s'", att_shown(&shown, att_str(request->url)));
    if (complete.connect_ms == 0)
        complete.connect_ms = CONNECT_MS_DEFAULT;
    if (complete.total_ms == 0)
        complete.total_ms = TOTAL_MS_DEFAULT;
    if (complete.body_bytes_max == 0)
        complete.body_bytes_max = BODY_BYTES_DEFAULT;
    return f->module->get(&complete, arena, ret_body, err);
}
