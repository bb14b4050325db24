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
    HEADER_BYTES_MAX = 2000,
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
static bool url_usable(const char *url, const char *scheme)
{
    size_t len = url ? strnlen(url, URL_BYTES_MAX + 1) : 0, scheme_len = strlen(scheme);

    if (len <= scheme_len || len > URL_BYTES_MAX || strncmp(url, scheme, scheme_len) != 0)
        return false;
    for (const char *c = url; *c; c++) {
        if (*c <= 0x20 || *c >= 0x7f || strchr("\\\"<>#@", *c))
            return false;
    }
    return strcspn(url + scheme_len, "/?:") > 0;
}

/* One line each: what stands in it comes from settings, and a line break would begin another header. */
static bool headers_usable(const char *const *headers)
{
    for (; headers && *headers; headers++) {
        const char *colon = strchr(*headers, ':');
        if (!colon || colon == *headers || strlen(*headers) > HEADER_BYTES_MAX)
            return false;
        for (const char *c = *headers; *c; c++) {
            if (*c < 0x20 || *c >= 0x7f)
                return false;
        }
    }
    return true;
}

static size_t count_of(const char *const *list)
{
    size_t n = 0;

    while (list && list[n])
        n++;
    return n;
}

static bool request_usable(const struct fetch_request *request, struct att_err *err)
{
    struct att_shown shown;

    if (!url_usable(request->url, "https://"))
        return att_fail(err, ATT_FETCH_FAILED, "fetch.url", "https://HOST[:PORT]/..., at most 2000 bytes",
                        "'%s'", att_shown(&shown, att_str(request->url)));
    if (request->proxy && !url_usable(request->proxy, "http://"))
        return att_fail(err, ATT_FETCH_FAILED, "fetch.proxy", "http://HOST[:PORT], at most 2000 bytes",
                        "'%s'", att_shown(&shown, att_str(request->proxy)));
    if (!headers_usable(request->headers)) /* may hold a key: not shown */
        return att_fail(err, ATT_FETCH_FAILED, "fetch.headers", "'Name: value' in printable ASCII",
                        "another text");
    if (count_of(request->wanted) > FETCH_WANTED_MAX)
        return att_fail(err, ATT_INTERNAL, "fetch.wanted", "at most 8 names", "%zu",
                        count_of(request->wanted));
    return true;
}

static bool get(struct fetch *f, const struct fetch_request *request, bool any_status,
                struct att_arena *arena, struct fetch_answer *ret, struct att_err *err)
{
    struct fetch_request complete = *request;

    if (!request_usable(request, err))
        return false;
    if (complete.connect_ms == 0)
        complete.connect_ms = CONNECT_MS_DEFAULT;
    if (complete.total_ms == 0)
        complete.total_ms = TOTAL_MS_DEFAULT;
    if (complete.body_bytes_max == 0)
        complete.body_bytes_max = BODY_BYTES_DEFAULT;
    return f->module->get(&complete, any_status, arena, ret, err);
}

bool fetch_get(struct fetch *f, const struct fetch_request *request, struct att_arena *arena,
               struct att_span *ret_body, struct att_err *err)
{
    struct fetch_request plain = *request;
    struct fetch_answer answer = { 0 };

    plain.post = (struct att_span){ 0 };
    if (!get(f, &plain, false, arena, &answer, err))
        return false;
    *ret_body = answer.body;
    return true;
}

bool fetch_ask(struct fetch *f, const struct fetch_request *request, struct att_arena *arena,
               struct fetch_answer *ret, struct att_err *err)
{
    struct fetch_request plain = *request;
    struct fetch_answer answer = { 0 };

    plain.post = (struct att_span){ 0 };
    if (!get(f, &plain, true, arena, &answer, err))
        return false;
    *ret = answer;
    return true;
}

bool fetch_post(struct fetch *f, const struct fetch_request *request, struct att_arena *arena,
                struct fetch_answer *ret, struct att_err *err)
{
    struct fetch_answer answer = { 0 };

    if (!request->post.ptr)
        return att_fail(err, ATT_INTERNAL, "fetch.post", "bytes to send", "none");
    if (!get(f, request, true, arena, &answer, err))
        return false;
    *ret = answer;
    return true;
}
