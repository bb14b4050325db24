/* tests/unit/api/arm/rig.h - a control plane without sockets, tokens and threads: a request goes from its path to the
 * route's handler as the pipeline takes it there (route, permission, change, record), the caller is what the test says.
 *
 *     struct rig r;
 *     rig_new(&r);
 *     struct reply got = ask(&r, "PUT", RIG_GROUP, "{\"location\":\"East US\"}");
 *     ... got.status, got.code, text_at(&got, "properties.provisioningState") ...
 *     rig_free(&r);
 *
 * Texts live until the program ends. */
#ifndef TESTS_UNIT_API_ARM_RIG_H
#define TESTS_UNIT_API_ARM_RIG_H

#include "access/roles.h"
#include "api/arm/arm.h"
#include "api/internal.h"
#include "keys/keyring.h"
#include "service/arm.h"
#include "service/service.h"
#include "signer/signer.h"
#include "store/memory/memory.h"
#include "support/cases.h"
#include "support/signer.h"
#include "support/x5c.h"

#include <attest/attest.h>
#include <attest/seal.h>

#define RIG_TENANT       "aaaaaaaa-0000-4000-8000-000000000001"
#define RIG_OTHER_TENANT "bbbbbbbb-0000-4000-8000-000000000001"
#define RIG_SUB_ID       "aaaaaaaa-1111-4000-8000-000000000001"
#define RIG_SUB2_ID      "aaaaaaaa-2222-4000-8000-000000000001"
#define RIG_FOREIGN_ID   "bbbbbbbb-1111-4000-8000-000000000001"
#define RIG_OWNER        "a11ce000-0000-8000-8000-000000000001"
#define RIG_FOREIGNER    "f0e16e00-0000-4000-8000-000000000001"
#define RIG_SUB          "/subscriptions/" RIG_SUB_ID
#define RIG_SUB2         "/subscriptions/" RIG_SUB2_ID
#define RIG_FOREIGN      "/subscriptions/" RIG_FOREIGN_ID
#define RIG_GROUP        RIG_SUB "/resourceGroups/Lab"
#define RIG_TYPE         "/providers/Microsoft.Attestation/attestationProviders"
#define RIG_PROVIDERS    RIG_GROUP RIG_TYPE

struct rig {
    struct store *store;
    struct site *site;
    struct signer *signer;
    struct keyring *keys;
    struct att_lib *lib;
    struct service *service;
    struct api api;
    const struct api_route *tables[2];
    struct access_identity who;
    const char *if_match, *if_none_match; /* of the next request */
    size_t arena_bytes;
    const struct api_route *route; /* of the last request */
};

static const struct access_identity rig_owner = {
    .issuer_name = "test", .tenant = RIG_TENANT, .principal = RIG_OWNER, .name = "owner"
};

TEST_HELPER int64_t rig_now(void *ctx)
{
    (void)ctx;
    return 1800000000;
}

/* Two sinks, "siem" and "archive"; what must not be told is in no answer. */
TEST_HELPER int rig_sink(void *ctx, const char *name)
{
    (void)ctx;
    return strcmp(name, "archive") == 0 ? 0 : strcmp(name, "siem") == 0 ? 5 : -1;
}

TEST_HELPER const char *rig_sink_names(void *ctx, struct att_arena *arena)
{
    (void)ctx;
    return att_arena_dup(arena, att_str("archive, siem"));
}

TEST_HELPER void rig_must(bool ok, const char *what, const struct att_err *err)
{
    must(ok, textf("%s: %s", what, err->text));
}

TEST_HELPER void rig_new(struct rig *r)
{
    static const uint8_t kek[ATT_SEAL_KEY_BYTES] = { 1 };
    static const struct service_seed seeds[] = {
        { RIG_SUB_ID, RIG_TENANT, "First", RIG_OWNER },
        { RIG_SUB2_ID, RIG_TENANT, "Second", RIG_OWNER },
        { RIG_FOREIGN_ID, RIG_OTHER_TENANT, "Foreign", RIG_FOREIGNER },
    };
    struct att_err err = { 0 };

    *r = (struct rig){ .who = rig_owner, .arena_bytes = 32 << 20 };
    r->tables[0] = api_arm_routes;
    r->api.options.tables = r->tables;
    r->api.options.version = "test";
    rig_must(store_memory_open("", &r->store, &err), "store", &err);
    rig_must(site_open(r->store, &r->site, &err), "site", &err);
    r->signer = test_signer(kek);
    const struct keyring_options keys = { .store = r->store,
                                          .signer = r->signer,
                                          .purpose = "attestation",
                                          .alg = "ES256",
                                          .now_unix_s = 1800000000 };
    rig_must(keyring_open(&keys, &r->keys, &err), "keys", &err);
    rig_must(att_lib_new(NULL, &r->lib, &err), "library", &err);
    const struct service_options options = { .lib = r->lib,
                                             .signer = r->signer,
                                             .site = r->site,
                                             .keys = r->keys,
                                             .base_url = "https://attest.test",
                                             .location = "East US",
                                             .sink = rig_sink,
                                             .sink_names = rig_sink_names,
                                             .now_unix_s = rig_now };
    rig_must(service_new(&options, &r->service, &err), "service", &err);
    rig_must(service_install(r->service, seeds, 3, &err), "install", &err);
}

TEST_HELPER void rig_free(struct rig *r)
{
    service_free(r->service);
    att_lib_free(r->lib);
    keyring_close(r->keys);
    signer_close(r->signer);
    site_close(r->site);
    store_close(r->store);
}

/* -- asking ------------------------------------------------------------------------------------------------- */

struct reply {
    int status;
    const char *code;    /* error.code; "" */
    const char *message; /* error.message; "" */
    const char *body;
    const char *etag, *location; /* "" */
    enum att_code why;
};

TEST_HELPER const char *rig_header(const struct http_response *answer, const char *name)
{
    for (size_t i = 0; i < answer->extra_count; i++) {
        if (http_text_is(answer->extra[i].name, name))
            return textf("%.*s", (int)answer->extra[i].value.len, (const char *)answer->extra[i].value.ptr);
    }
    return "";
}

TEST_HELPER bool rig_change(struct rig *r, struct api_call *call, struct att_err *err)
{
    const struct site_record record = { .tenant = RIG_TENANT,
                                        .scope = call->resource,
                                        .operation = call->route->operation,
                                        .action = call->route->action,
                                        .principal = call->who.principal,
                                        .via = "rest" };

    if (!site_change_begin(r->site, call->now_unix_s, &call->change, err))
        return false;
    if (site_allows(r->site, &call->who, call->resource, call->route->action, err) &&
        call->route->handle(call, err))
        return site_change_commit(call->change, &record, err);
    site_change_abandon(call->change);
    return false;
}

TEST_HELPER bool rig_run(struct rig *r, struct api_call *call, struct att_err *err)
{
    struct api_place place = { 0 };
    const struct api_where where = { 0 };
    char allow[API_ALLOW_SIZE];

    if (!api_place_of(call->http, &place, err))
        return false;
    call->route = api_match(&r->api, &place, &where, call->http->method, call, allow);
    r->route = call->route;
    if (!call->route) {
        err->code = allow[0] ? ATT_METHOD_NOT_ALLOWED : ATT_NOT_FOUND;
        return false;
    }
    if (call->route->change)
        return rig_change(r, call, err);
    return (call->route->access != API_ACTION ||
            site_allows(r->site, &call->who, call->resource, call->route->action, err)) &&
           call->route->handle(call, err);
}

TEST_HELPER const char *json_text(const char *json, const char *path, bool *ret_there);

/* `target` may have a query. `body` NULL: none. */
TEST_HELPER struct reply ask_bytes(struct rig *r, const char *method, const char *target,
                                   struct att_span body)
{
    struct att_arena *arena = att_arena_new(r->arena_bytes);
    struct http_response answer = { 0 };
    struct http_header headers[2];
    struct att_err err = { 0 };
    size_t path_len = strcspn(target, "?"), header_count = 0;

    must(arena != NULL, "arena");
    if (r->if_match)
        headers[header_count++] = (struct http_header){ att_str("If-Match"), att_str(r->if_match) };
    if (r->if_none_match)
        headers[header_count++] = (struct http_header){ att_str("If-None-Match"), att_str(r->if_none_match) };
    const struct http_request http = { .arena = arena,
                                       .method = att_str(method),
                                       .path = att_span_of(target, path_len),
                                       .query = att_str(target + path_len + (target[path_len] == '?')),
                                       .headers = headers,
                                       .header_count = header_count,
                                       .body = body,
                                       .peer = "192.0.2.1",
                                       .client = "192.0.2.1" };
    struct api_call call = { .api = &r->api,
                             .options = &r->api.options,
                             .service = r->service,
                             .site = r->site,
                             .http = &http,
                             .arena = arena,
                             .answer = &answer,
                             .who = r->who,
                             .changed_by = r->who.principal,
                             .now_unix_s = 1800000000,
                             .request_id = "test" };
    call.resource = api_lower(arena, textf("%.*s", (int)path_len, target));
    bool ok = rig_run(r, &call, &err);
    if (!ok && call.route)
        api_answer_error(&call, &err, true);
    r->if_match = r->if_none_match = NULL;
    struct reply reply = { .status = answer.status, .code = "", .message = "", .why = err.code };
    reply.body = textf("%.*s", (int)answer.body.len, (const char *)answer.body.ptr);
    reply.etag = rig_header(&answer, "ETag");
    reply.location = rig_header(&answer, "Location");
    if (!ok) {
        reply.code = json_text(reply.body, "error.code", NULL);
        reply.message = json_text(reply.body, "error.message", NULL);
    }
    att_arena_free(arena);
    return reply;
}

TEST_HELPER struct reply ask(struct rig *r, const char *method, const char *target, const char *body)
{
    return ask_bytes(r, method, target, att_str(body));
}

/* -- looking at answers --------------------------------------------------------------------------------------- */

/* The value at a dotted path with numbers for elements ("value.0.name"), strings unescaped, others as written; "" when
 * there is none. */
TEST_HELPER const char *json_text(const char *json, const char *path, bool *ret_there)
{
    struct att_arena *arena = att_arena_new(256 << 20);
    const struct att_limits limits = { .json_depth_max = 64, .json_nodes_max = 4000000 };
    const struct att_json_options options = { .limits = &limits };
    struct att_json doc;
    struct att_err err = { 0 };
    struct att_span text = { 0 };

    must(arena != NULL, "arena");
    must(json[0] == '\0' || att_json_parse(arena, att_str(json), &options, &doc, &err),
         "the answer is no JSON");
    att_json_id at = json[0] ? ATT_JSON_ROOT : ATT_JSON_NONE;
    while (*path && at != ATT_JSON_NONE) {
        char *name = textf("%.*s", (int)strcspn(path, "."), path);
        path += strlen(name) + (path[strlen(name)] == '.');
        if (att_json_type(&doc, at) == ATT_JSON_ARRAY) {
            at = att_json_first(&doc, at);
            for (long n = strtol(name, NULL, 10); n > 0 && at != ATT_JSON_NONE; n--)
                at = att_json_next(&doc, at);
        } else {
            at = att_json_get(&doc, at, name);
        }
    }
    if (ret_there)
        *ret_there = at != ATT_JSON_NONE;
    if (at != ATT_JSON_NONE && !att_json_string(&doc, arena, at, &text))
        text = att_json_source(&doc, at);
    char *copy = textf("%.*s", (int)text.len, (const char *)text.ptr);
    att_arena_free(arena);
    return copy;
}

TEST_HELPER const char *text_at(const struct reply *reply, const char *path)
{
    return json_text(reply->body, path, NULL);
}

TEST_HELPER bool has_at(const struct reply *reply, const char *path)
{
    bool there = false;

    (void)json_text(reply->body, path, &there);
    return there;
}

/* Elements of the array `value`; -1 when there is none. */
TEST_HELPER int value_count(const struct reply *reply)
{
    struct att_arena *arena = att_arena_new(512 << 20);
    const struct att_limits limits = { .json_depth_max = 64, .json_nodes_max = 4000000 };
    const struct att_json_options options = { .limits = &limits };
    struct att_json doc;
    int count = -1;

    must(arena != NULL, "arena");
    if (att_json_parse(arena, att_str(reply->body), &options, &doc, NULL)) {
        att_json_id id = att_json_get(&doc, ATT_JSON_ROOT, "value");
        if (att_json_type(&doc, id) == ATT_JSON_ARRAY)
            count = (int)doc.nodes[id].count;
    }
    att_arena_free(arena);
    return count;
}

TEST_HELPER void expect(struct cases *c, const char *name, struct reply got, int status, const char *code)
{
    cases_check(c, got.status == status && strcmp(got.code, code) == 0, "%s: %d %s, wanted %d %s (%s: %s)",
                name, got.status, got.code, status, code, att_code_name(got.why), got.message);
}

TEST_HELPER void expect_why(struct cases *c, const char *name, struct reply got, enum att_code why)
{
    cases_check(c, got.status >= 400 && got.why == why, "%s: %d %s, wanted %s: %s", name, got.status,
                att_code_name(got.why), att_code_name(why), got.message);
}

TEST_HELPER void expect_text(struct cases *c, const char *name, const struct reply *got, const char *path,
                             const char *want)
{
    const char *text = text_at(got, path);

    cases_check(c, has_at(got, path) && strcmp(text, want) == 0, "%s: %s is \"%s\", wanted \"%s\"", name,
                path, text, want);
}

/* -- things to begin with ------------------------------------------------------------------------------------- */

#define RIG_PLAIN "{\"location\":\"East US\",\"properties\":{}}"

TEST_HELPER void rig_group(struct rig *r, const char *path)
{
    struct reply got = ask(r, "PUT", path, "{\"location\":\"East US\"}");

    must(got.status == 201, textf("group %s: %d %s", path, got.status, got.message));
}

TEST_HELPER void rig_provider(struct rig *r, const char *path)
{
    struct reply got = ask(r, "PUT", path, RIG_PLAIN);

    must(got.status == 201, textf("provider %s: %d %s", path, got.status, got.message));
}

TEST_HELPER struct access_identity rig_who(const char *principal)
{
    struct access_identity who = rig_owner;

    who.principal = principal;
    return who;
}

/* Puts an assignment past the routes of roles, which are another table. */
TEST_HELPER void rig_assign(struct rig *r, const char *scope, const char *principal, const char *role_name)
{
    static unsigned number;
    const struct access_role *role = access_role_by_name(role_name);
    char *name = textf("a5519000-0000-4000-8000-%012u", ++number);
    char *lower = textf("%s", scope);
    struct site_change *change = NULL;
    struct att_err err = { 0 };

    for (char *c = lower; *c; c++)
        *c = (char)(*c >= 'A' && *c <= 'Z' ? *c | 0x20 : *c);
    must(role != NULL, role_name);
    const struct site_assignment a = {
        .o = { .kind = SITE_ASSIGNMENT,
               .tenant = RIG_TENANT,
               .key = textf("%s/providers/microsoft.authorization/roleassignments/%s", lower, name) },
        .name = name,
        .scope = lower,
        .role = role->guid,
        .principal = principal,
        .principal_type = "User",
        .description = "",
    };
    const struct site_record record = {
        .tenant = RIG_TENANT, .scope = lower, .operation = "test", .via = "rest"
    };
    rig_must(site_change_begin(r->site, 1800000000, &change, &err), "change", &err);
    rig_must(site_put(change, &a, 0, "test", &err), "assignment", &err);
    rig_must(site_change_commit(change, &record, &err), "commit", &err);
}

#endif
