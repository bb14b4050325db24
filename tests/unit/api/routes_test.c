/* layers: api http service base codec */
#include "api/internal.h"

#include "support/cases.h"

#include <stdio.h>

static void handler(struct api_call *call)
{
    (void)call;
}

#define GOOD                                                                                                 \
    {                                                                                                        \
        .operation = "a", .method = "GET", .path = "/a", .permission = API_ANONYMOUS, .handle = handler      \
    }

static void tables(struct cases *c)
{
    static const struct {
        const char *name;
        bool good;
        struct api_route rows[3];
    } tables[] = {
        { "one row", true, { GOOD } },
        { "two methods of one path",
          true,
          { GOOD,
            { .operation = "b",
              .method = "POST",
              .path = "/a",
              .permission = API_ANONYMOUS,
              .handle = handler } } },
        { "a row without a permission",
          false,
          { GOOD, { .operation = "b", .method = "GET", .path = "/b", .handle = handler } } },
        { "no handler",
          false,
          { { .operation = "a", .method = "GET", .path = "/a", .permission = API_ANONYMOUS } } },
        { "no path",
          false,
          { { .operation = "a", .method = "GET", .permission = API_ANONYMOUS, .handle = handler } } },
        { "a path without its slash",
          false,
          { { .operation = "a",
              .method = "GET",
              .path = "a",
              .permission = API_ANONYMOUS,
              .handle = handler } } },
        { "no operation",
          false,
          { { .method = "GET", .path = "/a", .permission = API_ANONYMOUS, .handle = handler } } },
        { "the same path and method twice", false, { GOOD, GOOD } },
        { "the same path in another case",
          false,
          { GOOD,
            { .operation = "b",
              .method = "GET",
              .path = "/A",
              .permission = API_ANONYMOUS,
              .handle = handler } } },
    };
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        struct att_err err = { 0 };
        bool ok = api_routes_check(tables[i].rows, &err);
        cases_check(c, ok == tables[i].good && ok == (err.code == ATT_OK), "table: %s: %s", tables[i].name,
                    err.text);
    }
    struct att_err err = { 0 };
    cases_check(c, api_routes_check(api_routes, &err), "the table that is served: %s", err.text);
}

static void matching(struct cases *c)
{
    static const struct {
        const char *method, *path, *operation, *allow;
    } rows[] = {
        { "POST", "/attest/SgxEnclave", "attest.sgx", "" },
        { "POST", "/ATTEST/sgxenclave", "attest.sgx", "" },
        { "POST", "/attest/SgxEnclave/", "attest.sgx", "" },
        { "POST", "/attest/OpenEnclave", "attest.open-enclave", "" },
        { "POST", "/attest/Tee/OpenEnclave", "attest.open-enclave", "" },
        { "GET", "/certs", "certs", "" },
        { "HEAD", "/certs/", "certs", "" },
        { "GET", "/.well-known/openid-configuration", "openid", "" },
        { "GET", "/attest/SgxEnclave", NULL, "POST" },
        { "HEAD", "/attest/SgxEnclave", NULL, "POST" },
        { "POST", "/certs", NULL, "GET, HEAD" },
        { "get", "/certs", NULL, "GET, HEAD" },
        { "GETX", "/certs", NULL, "GET, HEAD" },
        { "POST", "/attest/Tee/SgxEnclave", NULL, "" },
        { "POST", "/attest", NULL, "" },
        { "POST", "/attest/SgxEnclav", NULL, "" },
        { "POST", "/attest/SgxEnclaveX", NULL, "" },
        { "POST", "/attest/SgxEnclave/x", NULL, "" },
        { "POST", "/x/attest/SgxEnclave", NULL, "" },
        { "GET", "/", NULL, "" },
        { "GET", "/certs/certs", NULL, "" },
        { "GET", "/.well-known", NULL, "" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct att_arena *a = att_arena_new(1 << 16);
        struct att_err err = { 0 };
        struct http_path path;
        char allow[64] = "?";
        const struct api_route *route = NULL;
        if (http_path_split(a, att_str(rows[i].path), &path, &err))
            route = api_route_of(&path, att_str(rows[i].method), allow);
        bool same = route ? rows[i].operation && strcmp(route->operation, rows[i].operation) == 0
                          : rows[i].operation == NULL;
        cases_check(c, same && strcmp(allow, rows[i].allow) == 0, "route: %s %s: %s, Allow \"%s\"",
                    rows[i].method, rows[i].path, route ? route->operation : "none", allow);
        att_arena_free(a);
    }
}

static void versions(struct cases *c)
{
    static const struct api_route needs = GOOD;
    static const struct api_route optional = { .version_optional = true, .method = "GET" };
    static const struct api_route oldest = { .only_2018 = true, .method = "POST" };
    static const struct {
        const struct api_route *route;
        const char *query;
        enum att_code code;
        enum api_version version;
    } rows[] = {
        { &needs, "api-version=2018-09-01-preview", ATT_OK, API_2018_09_01_PREVIEW },
        { &needs, "api-version=2020-10-01", ATT_OK, API_2020_10_01 },
        { &needs, "api-version=2022-08-01", ATT_OK, API_2022_08_01 },
        { &needs, "api-version=2022-09-01-preview", ATT_OK, API_2022_09_01_PREVIEW },
        { &needs, "api-version=2022-09-01", ATT_OK, API_2022_09_01 },
        { &needs, "api-version=2023-04-01-preview", ATT_OK, API_2023_04_01_PREVIEW },
        { &needs, "api-version=2025-06-01", ATT_OK, API_2025_06_01 },
        { &needs, "x=1&API-Version=2022%2d08-01&y", ATT_OK, API_2022_08_01 },
        { &needs, "", ATT_API_VERSION_MISSING, API_VERSION_NONE },
        { &needs, "apiversion=2022-08-01", ATT_API_VERSION_MISSING, API_VERSION_NONE },
        { &needs, "api-version", ATT_API_VERSION_UNKNOWN, API_VERSION_NONE },
        { &needs, "api-version=", ATT_API_VERSION_UNKNOWN, API_VERSION_NONE },
        { &needs, "api-version=2022-08-0", ATT_API_VERSION_UNKNOWN, API_VERSION_NONE },
        { &needs, "api-version=2022-08-011", ATT_API_VERSION_UNKNOWN, API_VERSION_NONE },
        { &needs, "api-version=2022-08-01-preview", ATT_API_VERSION_UNKNOWN, API_VERSION_NONE },
        { &needs, "api-version=2022-09-01-Preview", ATT_API_VERSION_UNKNOWN, API_VERSION_NONE },
        { &needs, "api-version=+2022-08-01", ATT_API_VERSION_UNKNOWN, API_VERSION_NONE },
        { &needs, "api-version=2026-03-11-preview", ATT_API_VERSION_UNKNOWN, API_VERSION_NONE },
        { &needs, "api-version=2022-08-01&api-version=2022-08-01", ATT_REQUEST_MALFORMED, API_VERSION_NONE },
        { &needs, "api-version=2022-08-01&x=%zz", ATT_REQUEST_MALFORMED, API_VERSION_NONE },
        { &needs, "api-version=2022-08-01%00", ATT_REQUEST_MALFORMED, API_VERSION_NONE },
        { &oldest, "api-version=2018-09-01-preview", ATT_OK, API_2018_09_01_PREVIEW },
        { &oldest, "api-version=2020-10-01", ATT_API_VERSION_UNKNOWN, API_VERSION_NONE },
        { &oldest, "", ATT_API_VERSION_MISSING, API_VERSION_NONE },
        { &optional, "", ATT_OK, API_VERSION_NONE },
        { &optional, "api-version=2022-08-01", ATT_OK, API_2022_08_01 },
        { &optional, "api-version=2031-01-01", ATT_OK, API_VERSION_NONE },
        { &optional, "api-version=1&api-version=1", ATT_REQUEST_MALFORMED, API_VERSION_NONE },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct att_arena *a = att_arena_new(1 << 16);
        struct att_err err = { 0 };
        enum api_version version = API_VERSION_NONE;
        bool ok = api_version_of(rows[i].route, a, att_str(rows[i].query), &version, &err);
        cases_check(c,
                    ok == (rows[i].code == ATT_OK) && err.code == rows[i].code && version == rows[i].version,
                    "version: \"%s\": %s, %d", rows[i].query, att_code_name(err.code), (int)version);
        bool tells = err.code != ATT_API_VERSION_MISSING || strstr(err.expected, "2022-08-01");
        cases_check(c, tells && (ok || (err.found[0] && err.expected[0])), "version: \"%s\": says %s",
                    rows[i].query, err.text);
        att_arena_free(a);
    }
}

int main(void)
{
    struct cases c = { .name = "unit_api_routes" };

    tables(&c);
    matching(&c);
    versions(&c);
    return cases_report(&c);
}
