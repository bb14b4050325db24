/* layers: api/arm keys api service signer store store/memory store/sqlite site access authority http attest relying base codec */
/* The authority's paths: which there are, what their answers carry, and that nobody's secret gets into the log. */
#include "api/internal.h"
#include "support/tokens.h" /* here too: the build looks for it */
#include "unit/authority/rig.h"

static struct cases cases = { .name = "api.authority" };

static const struct api_route *const tables[] = { api_authority_routes, NULL };

static struct {
    unsigned count;
    struct att_err last;
    const char *operation;
} logged;

static void on_refusal(void *ctx, const char *request_id, const char *operation, const struct att_err *err)
{
    (void)ctx;
    logged.count++;
    logged.last = *err;
    logged.operation = operation;
    cases_check(&cases, is(request_id, "test-id"), "the request's id");
}

struct asking {
    struct rig *rig;
    const char *method, *path, *query, *body;
    const struct http_header *headers;
    size_t header_count;
    const struct http_local_peer *local;
    bool no_authority;
    bool machine; /* as if on its socket, without a peer */
};

struct reply {
    int status; /* 0: not found; -1: another method; -2: another refusal */
    struct att_err err;
    struct att_span body;
    struct http_response answer;
    const struct api_route *route;
};

static const char *header_of(const struct reply *reply, const char *name)
{
    for (size_t i = 0; i < reply->answer.extra_count; i++) {
        if (http_text_is(reply->answer.extra[i].name, name))
            return test_text("%.*s", (int)reply->answer.extra[i].value.len,
                             (const char *)reply->answer.extra[i].value.ptr);
    }
    return "";
}

static struct reply ask(const struct asking *a)
{
    struct reply reply = { 0 };
    struct api api = { .options = { .tables = tables, .on_refusal = on_refusal } };
    const struct api_where where = { .machine = a->local != NULL || a->machine };
    const struct http_request http = { .arena = a->rig->arena,
                                       .method = att_str(a->method),
                                       .path = att_str(a->path),
                                       .query = att_str(a->query),
                                       .headers = a->headers,
                                       .header_count = a->header_count,
                                       .body = att_str(a->body),
                                       .client = "192.0.2.9",
                                       .local = a->local };
    struct api_call call = { .api = &api,
                             .options = &api.options,
                             .site = a->rig->site,
                             .authority = a->no_authority ? NULL : a->rig->authority,
                             .http = &http,
                             .arena = a->rig->arena,
                             .answer = &reply.answer,
                             .now_unix_s = NOW,
                             .request_id = "test-id" };
    struct api_place place;
    char allow[API_ALLOW_SIZE];

    if (!api_place_of(&http, &place, &reply.err))
        return reply;
    reply.route = call.route = api_match(&api, &place, &where, http.method, &call, allow);
    if (!call.route) {
        reply.status = allow[0] ? -1 : 0;
        return reply;
    }
    if (call.route->handle(&call, &reply.err)) {
        reply.status = reply.answer.status;
        reply.body = reply.answer.body;
    } else {
        reply.status = reply.err.code == ATT_NOT_FOUND ? 0 : -2;
    }
    return reply;
}

static struct reply get(struct rig *r, const char *path)
{
    return ask(&(struct asking){ .rig = r, .method = "GET", .path = path });
}

static void check_documents(struct rig *r)
{
    static const struct {
        const char *path;
        int status;
    } rows[] = {
        { "/" TENANT_A "/v2.0/.well-known/openid-configuration", 200 },
        { "/" TENANT_A "/.well-known/openid-configuration", 200 },
        { "/AAAAAAAA-0000-4000-8000-000000000001/V2.0/.Well-Known/OpenID-Configuration", 200 },
        { "/" TENANT_A "/discovery/v2.0/keys", 200 },
        { "/adfs/.well-known/openid-configuration", 200 },
        { "/ADFS/.well-known/openid-configuration", 200 },
        { "/adfs/discovery/keys", 200 },
        { "/cccccccc-0000-4000-8000-000000000001/v2.0/.well-known/openid-configuration", 0 },
        { "/common/v2.0/.well-known/openid-configuration", 0 },
        { "/organizations/discovery/v2.0/keys", 0 },
        { "/subscriptions/.well-known/openid-configuration", 0 },
        { "/p/.well-known/openid-configuration", 0 },
        { "/" TENANT_A "x/v2.0/.well-known/openid-configuration", 0 },
        { "/aaaaaaaa000040008000000000000001/v2.0/.well-known/openid-configuration", 0 },
        { "/.well-known/openid-configuration", 0 },
        { "/adfs/v2.0/.well-known/openid-configuration", 0 },
        { "/adfs/discovery/v2.0/keys", 0 },
        { "/" TENANT_A "/oauth2/v2.0/authorize", 0 },
        { "/" TENANT_A "/oauth2/v2.0/token", -1 },
        { "/metadata/identity/oauth2/token", 0 },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct reply got = get(r, rows[i].path);
        cases_check(&cases, got.status == rows[i].status, "GET %s: %d", rows[i].path, got.status);
        struct reply off =
            ask(&(struct asking){ .rig = r, .method = "GET", .path = rows[i].path, .no_authority = true });
        cases_check(&cases, off.status <= 0, "GET %s without an authority: %d", rows[i].path, off.status);
    }
    struct reply got = get(r, "/AAAAAAAA-0000-4000-8000-000000000001/v2.0/.well-known/openid-configuration");
    cases_check(&cases, is(member_of(r, got.body, "issuer"), BASE "/" TENANT_A "/v2.0"),
                "issuer in lower case: %s", member_of(r, got.body, "issuer"));
    got = get(r, "/adfs/.well-known/openid-configuration");
    cases_check(&cases, is(member_of(r, got.body, "token_endpoint"), BASE "/adfs/oauth2/v2.0/token"),
                "what az asks for");
    got = get(r, "/" TENANT_B "/discovery/v2.0/keys");
    cases_check(&cases, att_span_is(got.body, r->keys_json), "the key set");
}

static struct reply post(struct rig *r, const char *path, const char *query, const char *body,
                         const struct http_header *h, size_t n)
{
    return ask(&(struct asking){ .rig = r,
                                 .method = "POST",
                                 .path = path,
                                 .query = query,
                                 .body = body,
                                 .headers = h,
                                 .header_count = n });
}

static void check_tokens(struct rig *r)
{
    static const char *const paths[] = { "/" TENANT_A "/oauth2/v2.0/token", "/" TENANT_A "/oauth2/token",
                                         "/adfs/oauth2/v2.0/token", "/adfs/oauth2/token",
                                         "/ADFS/OAuth2/v2.0/Token" };
    struct site_credential c;
    const char *secret = rig_secret(r, &c, "one");
    const char *form = test_text("grant_type=client_credentials&client_id=" CLIENT
                                 "&client_secret=%s&scope=https://attest.azure.net/.default",
                                 secret);
    const char *wrong = "grant_type=client_credentials&client_id=" CLIENT
                        "&client_secret=hush-hush&scope=https://attest.azure.net/.default";

    rig_principal(r, TENANT_A, SUB_A, CLIENT, &c, 1);
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        struct reply got = post(r, paths[i], "client-request-id=1&api-version=9", form, NULL, 0);
        cases_check(&cases, got.status == 200 && is(member_of(r, got.body, "token_type"), "Bearer"),
                    "POST %s: %d", paths[i], got.status);
        cases_check(&cases,
                    is(header_of(&got, "Cache-Control"), "no-store") &&
                        is(header_of(&got, "Pragma"), "no-cache"),
                    "nobody keeps it");
        cases_check(&cases,
                    got.route->lane == API_LANE_IDENTITY && got.route->access == API_ANYONE &&
                        got.route->body_bytes_max == 65536,
                    "%s: its row", paths[i]);
    }
    cases_check(&cases, logged.count == 0, "nothing refused yet");
    struct reply got = post(r, paths[0], "", wrong, NULL, 0);
    cases_check(&cases,
                got.status == 401 && is(member_of(r, got.body, "error"), "invalid_client") &&
                    is(member_of(r, got.body, "trace_id"), "test-id"),
                "refused: %d", got.status);
    cases_check(&cases,
                logged.count == 1 && logged.last.code == ATT_SECRET_INVALID &&
                    is(logged.operation, "authority.token"),
                "told to the operator");
    cases_check(&cases,
                strstr(logged.last.found, CLIENT) && !strstr(logged.last.text, "hush") &&
                    !contains(got.body, "hush"),
                "who, and no secret: %s", logged.last.text);
    cases_check(&cases, header_of(&got, "WWW-Authenticate")[0] == '\0', "no challenge for a form");
    cases_check(
        &cases,
        post(r, "/cccccccc-0000-4000-8000-000000000001/oauth2/v2.0/token", "", form, NULL, 0).status == 400,
        "no such tenant");
    cases_check(&cases, post(r, "/common/oauth2/v2.0/token", "", form, NULL, 0).status == 0,
                "a tenant that is no GUID");
    cases_check(&cases, get(r, paths[0]).status == -1, "GET of a token");

    const struct http_header basic = { att_str("Authorization"), att_str("basic YTpi") };
    const struct http_header bearer = { att_str("Authorization"), att_str("Bearer YTpi") };
    got = post(r, paths[0], "", "grant_type=client_credentials&scope=https://attest.azure.net/.default",
               &basic, 1);
    cases_check(&cases, got.status == 401 && strncmp(header_of(&got, "WWW-Authenticate"), "Basic", 5) == 0,
                "Basic, wrong: a challenge");
    cases_check(&cases, post(r, paths[0], "", form, &bearer, 1).status == 200,
                "another scheme is not looked at");
    cases_check(&cases, post(r, paths[0], "", form, &basic, 1).status == 400,
                "Basic and a secret in the form");
    for (int i = 0; i < 12; i++)
        got = post(r, paths[0], "", wrong, NULL, 0);
    cases_check(&cases, got.status == 429 && is(header_of(&got, "Retry-After"), "60"), "too many: %d",
                got.status);
}

static void check_machine(struct rig *r)
{
    static const char path[] = "/metadata/identity/oauth2/token",
                      query[] = "api-version=2018-02-01&resource=https%3A%2F%2Fattest.azure.net";
    const struct http_header metadata = { att_str("Metadata"), att_str("true") };
    const struct http_header other = { att_str("Metadata"), att_str("1") };
    const struct http_local_peer peer = { .uid = 1000, .gid = 1000, .pid = 42 };
    const struct http_local_peer stranger = { .uid = 1234 };
    struct site_credential c = { .kind = SITE_UNIX_USER, .id = "u", .hash = "", .uid = 1000 };
    struct asking good = { .rig = r,
                           .method = "GET",
                           .path = path,
                           .query = query,
                           .headers = &metadata,
                           .header_count = 1,
                           .local = &peer };
    struct asking a = good;

    rig_principal(r, TENANT_A, SUB_A2, CLIENT_2, &c, 1);
    struct reply got = ask(&good);
    cases_check(&cases, got.status == 200 && is(member_of(r, got.body, "client_id"), CLIENT_2),
                "a machine's token: %d", got.status);
    cases_check(&cases, is(header_of(&got, "Cache-Control"), "no-store"), "nobody keeps it");
    a.header_count = 0;
    cases_check(&cases, ask(&a).status == -2, "without the header Metadata");
    a = good;
    a.headers = &other;
    cases_check(&cases, ask(&a).status == -2, "with another value");
    a = good;
    a.query = "";
    cases_check(&cases, ask(&a).status == 400, "without a resource");
    a.query = "resource=https%3A%2F%2Fattest.azure.net&resource=x";
    cases_check(&cases, ask(&a).status == -2, "a resource twice");
    a.query = "resource=https%3A%2F%2Fattest.azure.net&client_id=" CLIENT;
    cases_check(&cases, ask(&a).status == 400, "another's client id");
    a = good;
    a.local = &stranger;
    logged.count = 0;
    cases_check(&cases, ask(&a).status == 400 && logged.count == 1,
                "another user, and the operator hears of it");
    a = good;
    a.local = NULL;
    cases_check(&cases, ask(&a).status == 0, "not on the network");
    a.machine = true;
    cases_check(&cases, ask(&a).status == 0, "not for a peer that the kernel does not name");
    a = good;
    a.no_authority = true;
    cases_check(&cases, ask(&a).status == 0, "not without an authority");
    a = good;
    a.method = "POST";
    cases_check(&cases, ask(&a).status == -1, "POST");
    cases_check(&cases, get(r, path).status == 0, "its path is none elsewhere");
    a = good;
    a.path = "/" TENANT_A "/oauth2/v2.0/token";
    a.method = "POST";
    cases_check(&cases, ask(&a).status == 0, "and nothing else is on its socket");
}

static void check_table(void)
{
    struct att_err err = { 0 };

    cases_check(&cases, api_routes_check(tables, &err), "the table may be served: %s", err.text);
    for (const struct api_route *r = api_authority_routes; r->method; r++)
        cases_check(&cases, r->plane == API_AUTHORITY && r->access == API_ANYONE && !r->change,
                    "%s: anyone, no change", r->path);
}

int main(void)
{
    struct rig r;

    rig_new(&r);
    check_table();
    check_documents(&r);
    check_tokens(&r);
    check_machine(&r);
    rig_free(&r);
    return cases_report(&cases);
}
