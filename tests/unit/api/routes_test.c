/* layers: api keys http access site service authority base codec */
#include "api/internal.h"

#include "support/cases.h"

#include <stdio.h>

static bool handler(struct api_call *call, struct att_err *err)
{
    (void)call;
    (void)err;
    return true;
}

#define GOOD                                                                                                 \
    {                                                                                                        \
        .operation = "a", .method = "GET", .path = "/a", .access = API_ANYONE, .handle = handler             \
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
            { .operation = "b", .method = "POST", .path = "/a", .access = API_ANYONE, .handle = handler } } },
        { "a row without a permission",
          false,
          { GOOD, { .operation = "b", .method = "GET", .path = "/b", .handle = handler } } },
        { "an action that is not named",
          false,
          { { .operation = "a", .method = "GET", .path = "/a", .access = API_ACTION, .handle = handler } } },
        { "an empty action",
          false,
          { { .operation = "a",
              .method = "GET",
              .path = "/a",
              .access = API_ACTION,
              .action = "",
              .handle = handler } } },
        { "a control-plane row without versions",
          false,
          { { .operation = "a",
              .method = "GET",
              .path = "/a",
              .plane = API_CONTROL,
              .access = API_ACTION,
              .action = "x/read",
              .handle = handler } } },
        { "a change on the loop",
          false,
          { { .operation = "a",
              .method = "PUT",
              .path = "/a",
              .access = API_ACTION,
              .action = "x/write",
              .change = true,
              .handle = handler } } },
        { "a change for anyone",
          false,
          { { .operation = "a",
              .method = "PUT",
              .path = "/a",
              .access = API_ANYONE,
              .lane = API_LANE_CHANGES,
              .change = true,
              .handle = handler } } },
        { "a change with its action",
          true,
          { { .operation = "a",
              .method = "PUT",
              .path = "/a",
              .access = API_ACTION,
              .action = "x/write",
              .lane = API_LANE_CHANGES,
              .change = true,
              .handle = handler } } },
        { "two patterns that differ in the names of parameters alone",
          false,
          { { .operation = "a", .method = "GET", .path = "/a/{b}", .access = API_ANYONE, .handle = handler },
            { .operation = "b",
              .method = "GET",
              .path = "/A/{c}",
              .access = API_ANYONE,
              .handle = handler } } },
        { "two patterns that differ in the word behind the parameter",
          true,
          { { .operation = "a",
              .method = "GET",
              .path = "/a/{b}:x",
              .access = API_ANYONE,
              .handle = handler },
            { .operation = "b",
              .method = "GET",
              .path = "/A/{c}:y",
              .access = API_ANYONE,
              .handle = handler } } },
        { "two patterns with one word behind the parameter",
          false,
          { { .operation = "a",
              .method = "GET",
              .path = "/a/{b}:x",
              .access = API_ANYONE,
              .handle = handler },
            { .operation = "b",
              .method = "GET",
              .path = "/A/{c}:X",
              .access = API_ANYONE,
              .handle = handler } } },
        { "a parameter and a word",
          true,
          { { .operation = "a", .method = "GET", .path = "/a/{b}", .access = API_ANYONE, .handle = handler },
            { .operation = "b",
              .method = "GET",
              .path = "/a/b",
              .access = API_ANYONE,
              .handle = handler } } },
        { "no handler",
          false,
          { { .operation = "a", .method = "GET", .path = "/a", .access = API_ANYONE } } },
        { "no path",
          false,
          { { .operation = "a", .method = "GET", .access = API_ANYONE, .handle = handler } } },
        { "a path without its slash",
          false,
          { { .operation = "a", .method = "GET", .path = "a", .access = API_ANYONE, .handle = handler } } },
        { "no operation",
          false,
          { { .method = "GET", .path = "/a", .access = API_ANYONE, .handle = handler } } },
        { "the same path and method twice", false, { GOOD, GOOD } },
        { "the same path in another case",
          false,
          { GOOD,
            { .operation = "b", .method = "GET", .path = "/A", .access = API_ANYONE, .handle = handler } } },
    };
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        struct att_err err = { 0 };
        const struct api_route *const served[] = { tables[i].rows, NULL };
        bool ok = api_routes_check(served, &err);
        cases_check(c, ok == tables[i].good && ok == (err.code == ATT_OK), "table: %s: %s", tables[i].name,
                    err.text);
    }
    struct att_err err = { 0 };
    const struct api_route *const data[] = { api_data_routes, NULL };
    cases_check(c, api_routes_check(data, &err), "the data plane's table: %s", err.text);
}

static const struct api_route *const data_tables[] = { api_data_routes, NULL };
static const struct api data_api = { .options.tables = data_tables };

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
        { "GET", "/", "endpoint", "" },
        { "POST", "/", NULL, "GET, HEAD" },
        { "GET", "/certs/certs", NULL, "" },
        { "POST", "/policies/SgxEnclave:reset", "policy.reset", "" },
        { "POST", "/POLICIES/sgxenclave:RESET", "policy.reset", "" },
        { "POST", "/policies/SgxEnclave%3Areset/", "policy.reset", "" },
        { "POST", "/policies/SgxEnclave", NULL, "GET, HEAD, PUT" },
        { "POST", "/policies/:reset", NULL, "GET, HEAD, PUT" },
        { "PUT", "/certificates:add", NULL, "POST" },
        { "POST", "/certificates:add", "signers.add", "" },
        { "POST", "/certificates:remove", "signers.remove", "" },
        { "POST", "/certificates", NULL, "GET, HEAD" },
        { "GET", "/policies/SgxEnclave/history", "policy.history", "" },
        { "GET", "/policies/history", "policy.get", "" },
        { "GET", "/.well-known", NULL, "" },
        { "POST", "/TPM/Credential", "tpm.credential", "" },
        { "POST", "/tpm/certificate/", "tpm.certificate", "" },
        { "GET", "/tpm/certificate", NULL, "POST" },
        { "POST", "/tpm/authority", NULL, "GET, HEAD" },
        { "GET", "/tpm", NULL, "" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct att_err err = { 0 };
        char allow[API_ALLOW_SIZE] = "?";
        struct att_arena *a = att_arena_new(1 << 16);
        struct http_request http = { .arena = a, .path = att_str(rows[i].path) };
        struct api_place place;
        const struct api_where where = { 0 };
        const struct api_route *route = NULL;
        if (api_place_of(&http, &place, &err))
            route = api_match(&data_api, &place, &where, att_str(rows[i].method), NULL, allow);
        bool same = route ? rows[i].operation && strcmp(route->operation, rows[i].operation) == 0
                          : rows[i].operation == NULL;
        cases_check(c, same && (route || strcmp(allow, rows[i].allow) == 0), "route: %s %s: %s, Allow \"%s\"",
                    rows[i].method, rows[i].path, route ? route->operation : "none", allow);
        att_arena_free(a);
    }
}

/* Patterns with parameters: which row is taken, and what the parameters are. */
static void patterns(struct cases *c)
{
    static const struct api_route table[] = {
        { .operation = "tenant", .method = "GET", .path = "/{tenant}/keys", .plane = API_AUTHORITY },
        { .operation = "sub", .method = "GET", .path = "/subscriptions/{s}", .plane = API_CONTROL },
        { .operation = "ns",
          .method = "GET",
          .path = "/subscriptions/{s}/providers/{ns}",
          .plane = API_CONTROL },
        { .operation = "own",
          .method = "GET",
          .path = "/subscriptions/{s}/providers/Own",
          .plane = API_CONTROL },
        { .operation = "role",
          .method = "GET",
          .path = "/{scope*}/providers/Auth/roles/{r}",
          .plane = API_CONTROL },
        { .operation = "exists", .method = "HEAD", .path = "/subscriptions/{s}", .plane = API_CONTROL },
        { .operation = "data", .method = "GET", .path = "/policies/{t}" },
        { .operation = "reset", .method = "GET", .path = "/policies/{t}:reset" },
        { 0 },
    };
    static const struct api_route *const tables_[] = { table, NULL };
    static const struct api api = { .options.tables = tables_ };
    static const struct {
        const char *method, *path, *operation, *param, *value;
    } rows[] = {
        { "GET", "/subscriptions/1", "sub", "s", "1" },
        { "GET", "/SUBSCRIPTIONS/A%20b", "sub", "s", "A b" },
        { "HEAD", "/subscriptions/1", "exists", "s", "1" },
        { "GET", "/subscriptions/1/providers/x", "ns", "ns", "x" },
        { "GET", "/subscriptions/1/providers/own", "own", "s", "1" },
        { "GET", "/subscriptions/1/providers/Auth/roles/9", "role", "scope", "/subscriptions/1" },
        { "GET", "/a/b/c/providers/auth/ROLES/9/", "role", "scope", "/a/b/c" },
        { "GET", "/a/b/c/providers/auth/roles/9", "role", "r", "9" },
        { "GET", "/providers/auth/roles/9", NULL, NULL, NULL },
        { "GET", "/t/keys", "tenant", "tenant", "t" },
        { "GET", "/policies/SgxEnclave", "data", "t", "SgxEnclave" },
        { "GET", "/p/mine/policies/SgxEnclave", "data", "t", "SgxEnclave" },
        { "GET", "/policies/SgxEnclave:reset", "reset", "t", "SgxEnclave" },
        { "GET", "/policies/a:b:RESET", "reset", "t", "a:b" },
        { "GET", "/policies/:reset", "data", "t", ":reset" },
        { "GET", "/policies/SgxEnclave:resetx", "data", "t", "SgxEnclave:resetx" },
        { "GET", "/p/mine/subscriptions/1", NULL, NULL, NULL },
        { "GET", "/p/mine", NULL, NULL, NULL },
        { "GET", "//subscriptions/1", "sub", "s", "1" },
        { "GET", "//policies/SgxEnclave", NULL, NULL, NULL },
        { "GET", "///subscriptions/1", NULL, NULL, NULL },
        { "GET", "/subscriptions//1", "sub", "s", "1" },
        { "GET", "/subscriptions/1/providers//own", "own", "s", "1" },
        { "GET", "//subscriptions//1", NULL, NULL, NULL },
        { "GET", "/subscriptions/1/providers//own//", NULL, NULL, NULL },
        { "GET", "/subscriptions/1//", "sub", "s", "1" },
        { "GET", "/policies//SgxEnclave", NULL, NULL, NULL },
        { "GET", "/t//keys", NULL, NULL, NULL },
        { "GET", "/subscriptions/%2f/1", NULL, NULL, NULL },
        { "GET", "/subscriptions/1%2fx", NULL, NULL, NULL },
        { "GET", "/subscriptions/..", NULL, NULL, NULL },
        { "GET", "/subscriptions/%2e%2e/providers/x", NULL, NULL, NULL },
        { "GET", "/subscriptions/1;x=1", NULL, NULL, NULL },
        { "PATCH", "/subscriptions/1", NULL, NULL, NULL },
        { "TRACE", "/subscriptions/1", NULL, NULL, NULL },
        { "OPTIONS", "/subscriptions/1", NULL, NULL, NULL },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct att_err err = { 0 };
        char allow[API_ALLOW_SIZE];
        struct att_arena *a = att_arena_new(1 << 16);
        struct http_request http = { .arena = a, .path = att_str(rows[i].path) };
        struct api_call call = { .arena = a };
        struct api_place place;
        const struct api_route *route = NULL;
        if (api_place_of(&http, &place, &err)) {
            const struct api_where where = { .data_only = place.provider_name != NULL };
            route = api_match(&api, &place, &where, att_str(rows[i].method), &call, allow);
        }
        bool same = route ? rows[i].operation && strcmp(route->operation, rows[i].operation) == 0 &&
                                strcmp(api_param(&call, rows[i].param), rows[i].value) == 0
                          : rows[i].operation == NULL;
        cases_check(c, same, "A10: pattern: %s %s: %s, %s = %s", rows[i].method, rows[i].path,
                    route ? route->operation : "none", rows[i].param ? rows[i].param : "-",
                    rows[i].param ? api_param(&call, rows[i].param) : "-");
        att_arena_free(a);
    }
}

static void throttle(struct cases *c)
{
    struct att_err err = { 0 };
    struct throttle *t = NULL;
    unsigned left = 0, taken = 0;

    cases_check(c, throttle_new(3, &t, &err), "throttle: made");
    while (taken < 10 && throttle_take(t, "one", 1000, &left))
        taken++;
    cases_check(c, taken == 3 && left == 0, "throttle: %u of 3 taken, %u left", taken, left);
    cases_check(c, throttle_take(t, "two", 1000, &left) && left == 2,
                "A28: another subscription has its own: %u left", left);
    cases_check(c, !throttle_take(t, "one", 990, &left), "throttle: a clock that goes back gives nothing");
    cases_check(c, !throttle_take(t, "one", 1009, &left), "throttle: not yet");
    cases_check(c, throttle_take(t, "one", 1030, &left), "throttle: one more after 20 s");
    for (taken = 0; taken < 10 && throttle_take(t, "one", 100000, &left);)
        taken++;
    cases_check(c, taken == 3, "throttle: never more than a minute's: %u", taken);
    throttle_free(t);
}

static void versions(struct cases *c)
{
    static const struct api_route needs = GOOD;
    static const struct api_route optional = { .version_optional = true, .method = "GET" };
    static const struct api_route control = { .method = "GET",
                                              .plane = API_CONTROL,
                                              .versions = "2020-10-01 2021-06-01" };
    static const struct api_route authority = { .method = "POST", .plane = API_AUTHORITY };
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
        { &control, "api-version=2021-06-01", ATT_OK, API_VERSION_NONE },
        { &control, "api-version=2020-10-01", ATT_OK, API_VERSION_NONE },
        { &control, "api-version=2022-08-01", ATT_API_VERSION_UNKNOWN, API_VERSION_NONE },
        { &control, "api-version=2020-10-01%202021-06-01", ATT_API_VERSION_UNKNOWN, API_VERSION_NONE },
        { &control, "api-version=2021-06-0", ATT_API_VERSION_UNKNOWN, API_VERSION_NONE },
        { &control, "", ATT_API_VERSION_MISSING, API_VERSION_NONE },
        { &control, "api-version=2021-06-01&api-version=2021-06-01", ATT_REQUEST_MALFORMED,
          API_VERSION_NONE },
        { &authority, "api-version=&api-version=&a=%zz", ATT_OK, API_VERSION_NONE },
        { &optional, "api-version=2022-08-01", ATT_OK, API_2022_08_01 },
        { &optional, "api-version=2031-01-01", ATT_OK, API_VERSION_NONE },
        { &optional, "api-version=1&api-version=1", ATT_REQUEST_MALFORMED, API_VERSION_NONE },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct att_arena *a = att_arena_new(1 << 16);
        struct att_err err = { 0 };
        enum api_version version = API_VERSION_NONE;
        const char *text = NULL;
        bool ok = api_version_of(rows[i].route, a, att_str(rows[i].query), &version, &text, &err);
        cases_check(c,
                    ok == (rows[i].code == ATT_OK) && err.code == rows[i].code && version == rows[i].version,
                    "A14: version: \"%s\": %s, %d", rows[i].query, att_code_name(err.code), (int)version);
        bool tells = err.code != ATT_API_VERSION_MISSING || strstr(err.expected, "2022-08-01") ||
                     strstr(err.expected, "2021-06-01");
        cases_check(c, tells && (ok || (err.found[0] && err.expected[0])), "A14: version: \"%s\": says %s",
                    rows[i].query, err.text);
        att_arena_free(a);
    }
}

int main(void)
{
    struct cases c = { .name = "unit_api_routes" };

    tables(&c);
    matching(&c);
    patterns(&c);
    versions(&c);
    throttle(&c);
    return cases_report(&c);
}
