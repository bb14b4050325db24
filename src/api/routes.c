#include "api/internal.h"

#include "base/err.h"

#include <stdio.h>
#include <strings.h>

const struct api_route api_routes[] = {
    { .operation = "certs",
      .method = "GET",
      .path = "/certs",
      .permission = API_ANONYMOUS,
      .version_optional = true,
      .handle = api_certs },
    { .operation = "openid",
      .method = "GET",
      .path = "/.well-known/openid-configuration",
      .permission = API_ANONYMOUS,
      .version_optional = true,
      .handle = api_openid },
    { .operation = "attest.sgx",
      .method = "POST",
      .path = "/attest/SgxEnclave",
      .permission = API_ANONYMOUS,
      .attest_body = true,
      .handle = api_attest_sgx },
    { .operation = "attest.open-enclave",
      .method = "POST",
      .path = "/attest/OpenEnclave",
      .permission = API_ANONYMOUS,
      .attest_body = true,
      .handle = api_attest_open_enclave },
    { .operation = "attest.open-enclave",
      .method = "POST",
      .path = "/attest/Tee/OpenEnclave",
      .permission = API_ANONYMOUS,
      .only_2018 = true,
      .attest_body = true,
      .handle = api_attest_open_enclave },
    { 0 },
};

static const struct {
    const char *text;
    enum api_version version;
} versions[] = {
    { "2018-09-01-preview", API_2018_09_01_PREVIEW },
    { "2020-10-01", API_2020_10_01 },
    { "2022-08-01", API_2022_08_01 },
    { "2022-09-01-preview", API_2022_09_01_PREVIEW },
    { "2022-09-01", API_2022_09_01 },
    { "2023-04-01-preview", API_2023_04_01_PREVIEW },
    { "2025-06-01", API_2025_06_01 },
};
static const char versions_known[] =
    "2018-09-01-preview, 2020-10-01, 2022-08-01, 2022-09-01-preview, 2022-09-01, "
    "2023-04-01-preview or 2025-06-01";

bool api_routes_check(const struct api_route *table, struct att_err *err)
{
    for (const struct api_route *r = table; r->method; r++) {
        if (!r->path || r->path[0] != '/' || !r->handle || !r->operation)
            return att_fail(err, ATT_INTERNAL, "api.routes", "operation, path and handler", "a row without");
        if (r->permission == API_PERMISSION_NOT_DECLARED)
            return att_fail(err, ATT_INTERNAL, r->path, "a declared permission", "none");
        for (const struct api_route *other = table; other < r; other++) {
            if (strcasecmp(other->path, r->path) == 0 && strcmp(other->method, r->method) == 0)
                return att_fail(err, ATT_INTERNAL, r->path, "one row for a method", "two");
        }
    }
    return true;
}

/* A trailing slash is taken where a known client sends one (`/certs/`): it makes no other segment. */
static bool path_is(const struct http_path *path, const char *route)
{
    size_t at = 0;

    for (size_t i = 0; i < path->count; i++) {
        if (route[at] != '/')
            return false;
        at++;
        size_t len = strcspn(route + at, "/");
        if (path->segments[i].len != len ||
            strncasecmp((const char *)path->segments[i].ptr, route + at, len) != 0)
            return false;
        at += len;
    }
    return route[at] == '\0' && path->count > 0;
}

static bool method_is(struct att_span sent, const char *method)
{
    return att_span_is(sent, method) || (strcmp(method, "GET") == 0 && att_span_is(sent, "HEAD"));
}

const struct api_route *api_route_of(const struct http_path *path, struct att_span method, char ret_allow[64])
{
    ret_allow[0] = '\0';
    for (const struct api_route *r = api_routes; r->method; r++) {
        if (!path_is(path, r->path))
            continue;
        if (method_is(method, r->method))
            return r;
        (void)snprintf(ret_allow, 64, "%s", strcmp(r->method, "GET") == 0 ? "GET, HEAD" : r->method);
    }
    return NULL;
}

bool api_version_of(const struct api_route *route, struct att_arena *arena, struct att_span query,
                    enum api_version *ret, struct att_err *err)
{
    struct att_shown shown;
    struct att_span text = { 0 };
    bool present = false;

    if (!http_query_get(arena, query, "api-version", &present, &text, err))
        return false;
    if (!present) {
        *ret = API_VERSION_NONE;
        return route->version_optional ||
               att_fail(err, ATT_API_VERSION_MISSING, "api-version", versions_known, "none");
    }
    for (size_t i = 0; i < sizeof versions / sizeof versions[0]; i++) {
        if (!att_span_is(text, versions[i].text))
            continue;
        if (route->only_2018 && versions[i].version != API_2018_09_01_PREVIEW)
            return att_fail(err, ATT_API_VERSION_UNKNOWN, "api-version", "2018-09-01-preview at this path",
                            "%s", versions[i].text);
        *ret = versions[i].version;
        return true;
    }
    if (route->version_optional) { /* clients of later versions may send one that we do not know yet */
        *ret = API_VERSION_NONE;
        return true;
    }
    return att_fail(err, ATT_API_VERSION_UNKNOWN, "api-version", versions_known, "%s",
                    text.len > 0 ? att_shown(&shown, text) : "nothing behind the =");
}
