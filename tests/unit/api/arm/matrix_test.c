/* layers: api/arm keys api http access site service authority store store/memory signer attest base codec */
/* Who may do what: every route, called by every role at every scope with every kind of token, over HTTP on loopback.
 *
 * What is expected stands in matrix.txt, written by hand from the roles' documentation and not from the route tables. A
 * route without a row there fails, and so does a row without a route. A caller who is allowed may still get 400, 404 or
 * 412 - bodies are broken and tags are wrong on purpose, so that nothing changes - but never 401 or 403. */
#include "api/arm/arm.h"
#include "api/arm/roles.h"
#include "api/call.h"
#include "authority/authority.h"
#include "keys/keyring.h"
#include "signer/signer.h"
#include "store/memory/memory.h"
#include "support/cases.h"
#include "support/signer.h"
#include "support/tokens.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define NOW                1800000000
#define TENANT             "11111111-1111-4111-8111-111111111111"
#define TENANT_2           "22222222-2222-4222-8222-222222222222"
#define SUB                "aaaaaaaa-0000-4000-8000-000000000001"
#define SUB_OTHER          "aaaaaaaa-0000-4000-8000-000000000002" /* same tenant */
#define SUB_FOREIGN        "aaaaaaaa-0000-4000-8000-000000000003" /* the other tenant's */
#define GROUP_KEY(g)       "/subscriptions/" SUB "/resourcegroups/" g
#define PROVIDER_KEY(g, p) GROUP_KEY(g) "/providers/microsoft.attestation/attestationproviders/" p

enum { ROWS_MAX = 128 };

/* -- axes ------------------------------------------------------------------------------------------------- */

static const struct {
    char letter;
    const char *name;
    const char *guid;
} roles[] = {
    { 'O', "Owner", "8e3af657-a8ff-443c-a75c-2fe8c4bcb635" },
    { 'C', "Contributor", "b24988ac-6180-42a0-ab88-20f7382dd24c" },
    { 'R', "Reader", "acdd72a7-3385-48ef-bd42-f606fba81ae7" },
    { 'c', "Attestation Contributor", "bbf86eb8-f7b4-4cce-96e4-18cddf81d86e" },
    { 'r', "Attestation Reader", "fd1bd22b-8476-40bc-a0bc-69b95687b9f3" },
    { '-', "no role", NULL },
};
enum { ROLES = sizeof roles / sizeof roles[0] };

/* Where the role was assigned, and whether that covers something at the level of the row. */
enum level { LEVEL_ROOT, LEVEL_SUBSCRIPTION, LEVEL_GROUP, LEVEL_PROVIDER };
static const struct {
    const char *name;
    const char *scope;
    enum level covers; /* this level and deeper; LEVEL_ROOT: nothing of what is asked */
    const char *tenant;
} scopes[] = {
    { "the subscription", "/subscriptions/" SUB, LEVEL_SUBSCRIPTION, TENANT },
    { "the group", GROUP_KEY("g1"), LEVEL_GROUP, TENANT },
    { "the provider", PROVIDER_KEY("g1", "prov1"), LEVEL_PROVIDER, TENANT },
    { "A8 another group whose name begins the same", GROUP_KEY("g10"), LEVEL_ROOT, TENANT },
    { "A7 another provider", PROVIDER_KEY("g1", "prov10"), LEVEL_ROOT, TENANT },
    { "another subscription", "/subscriptions/" SUB_OTHER, LEVEL_ROOT, TENANT },
    { "A4 another tenant", "/subscriptions/" SUB_FOREIGN, LEVEL_ROOT, TENANT_2 },
};
enum { SCOPES = sizeof scopes / sizeof scopes[0] };

enum state { GOOD, NONE, EXPIRED, OTHER_ISSUER, OTHER_AUDIENCE, OTHER_KEY, STATES };
static const char *const state_names[STATES] = {
    "a good token",      "A1 no token",         "A2 an expired token",
    "A3 another issuer", "A5 another audience", "a forged signature",
};

/* -- the file --------------------------------------------------------------------------------------------- */

struct row {
    char operation[64], method[8], target[512], allowed[16];
    enum level level;
    bool seen;
};

static struct row rows[ROWS_MAX];
static size_t row_count;

static enum level level_of(const char *text)
{
    if (strcmp(text, "subscription") == 0)
        return LEVEL_SUBSCRIPTION;
    if (strcmp(text, "group") == 0)
        return LEVEL_GROUP;
    return strcmp(text, "provider") == 0 ? LEVEL_PROVIDER : LEVEL_ROOT;
}

static void expand(const char *from, char *to, size_t size)
{
    static const struct {
        const char *name, *value;
    } names[] = {
        { "$S", "/subscriptions/" SUB },
        { "$G", "/subscriptions/" SUB "/resourceGroups/g1" },
        { "$P", "/subscriptions/" SUB
                "/resourceGroups/g1/providers/Microsoft.Attestation/attestationProviders/prov1" },
        { "$D", "/p/prov1" },
        { "$T", "/" TENANT },
        { "$1", "00000000-0000-4000-8000-00000000dead" },
    };
    size_t len = 0;

    for (; *from && len + 1 < size; from++) {
        const char *value = NULL;
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
            if (strncmp(from, names[i].name, 2) == 0)
                value = names[i].value;
        }
        if (value) {
            len += (size_t)snprintf(to + len, size - len, "%s", value);
            from++;
        } else {
            to[len++] = *from;
        }
    }
    to[len] = '\0';
}

static void read_rows(void)
{
    char *path = path_of(source_dir(), "tests/unit/api/arm/matrix.txt");
    FILE *f = fopen(path, "r");
    char line[1024], target[512], level[32];

    test_must(f != NULL, path);
    while (fgets(line, sizeof line, f)) {
        struct row *r = &rows[row_count];
        if (line[0] == '#' || line[0] == '\n')
            continue;
        test_must(row_count < ROWS_MAX, "rows");
        test_must(
            sscanf(line, "%63s %7s %511s %31s %15s", r->operation, r->method, target, level, r->allowed) == 5,
            line);
        r->level = level_of(level);
        expand(target, r->target, sizeof r->target);
        row_count++;
    }
    (void)fclose(f);
    free(path);
}

/* -- a whole service -------------------------------------------------------------------------------------- */

static const struct api_route *const tables[] = { api_data_routes, api_arm_routes, api_arm_role_routes,
                                                  api_authority_routes, NULL };

struct rig {
    struct store *store;
    struct signer *signer;
    struct keyring *keys, *authority_keys;
    struct att_lib *lib;
    struct site *site;
    struct service *service;
    struct access *access;
    struct authority *authority;
    struct api *api;
    struct http_server *http;
    EVP_PKEY *key, *forger;
    char *token[SCOPES][ROLES][2][STATES]; /* [.][.][plane][.] */
};

static int64_t now(void *ctx)
{
    (void)ctx;
    return NOW;
}

static void must(bool ok, const struct att_err *err)
{
    if (!ok)
        (void)fprintf(stderr, "matrix: %s\n", err->text);
    test_must(ok, "setting up");
}

static char *principal_of(size_t scope, size_t role)
{
    return test_text("dddddddd-0000-4000-8000-0000000000%zu%zu", scope, role);
}

static void put(struct rig *r, const void *object)
{
    struct att_err err = { 0 };
    struct site_change *change = NULL;
    const struct site_object *o = object;
    struct site_record record = { .tenant = o->tenant,
                                  .scope = o->key,
                                  .operation = "test",
                                  .action = "test",
                                  .via = "test",
                                  .client = "",
                                  .request_id = "" };

    must(site_change_begin(r->site, NOW, &change, &err) && site_put(change, object, 0, "test", &err) &&
             site_change_commit(change, &record, &err),
         &err);
}

static void put_group(struct rig *r, const char *name)
{
    char *key = test_text("/subscriptions/" SUB "/resourcegroups/%s", name);
    struct site_group g = { .o = { .kind = SITE_GROUP, .tenant = TENANT, .key = key },
                            .subscription = SUB,
                            .name = name,
                            .location = "eastus" };
    put(r, &g);
}

static void put_provider(struct rig *r, const char *group, const char *name)
{
    char *key = test_text("/subscriptions/" SUB "/resourcegroups/%s/providers/microsoft.attestation/"
                          "attestationproviders/%s",
                          group, name);
    struct site_provider p = { .o = { .kind = SITE_PROVIDER, .tenant = TENANT, .key = key },
                               .subscription = SUB,
                               .group = group,
                               .name = name,
                               .location = "eastus" };
    put(r, &p);
}

static void put_assignment(struct rig *r, size_t scope, size_t role)
{
    char *name = test_text("eeeeeeee-0000-4000-8000-0000000000%zu%zu", scope, role);
    char *key =
        test_text("%s/providers/microsoft.authorization/roleassignments/%s", scopes[scope].scope, name);
    struct site_assignment a = { .o = { .kind = SITE_ASSIGNMENT, .tenant = scopes[scope].tenant, .key = key },
                                 .name = name,
                                 .scope = scopes[scope].scope,
                                 .role = roles[role].guid,
                                 .principal = principal_of(scope, role),
                                 .principal_type = "ServicePrincipal",
                                 .description = "" };
    put(r, &a);
}

static char *token_of(struct rig *r, size_t scope, size_t role, bool control, enum state state)
{
    bool foreign = strcmp(scopes[scope].tenant, TENANT_2) == 0;
    const char *audience = control ? "https://management.azure.com/" : "https://attest.azure.net";

    if (state == NONE)
        return NULL;
    if (state == OTHER_AUDIENCE)
        audience = control ? "https://attest.azure.net" : "https://management.azure.com";
    char *payload =
        test_text("{\"iss\":\"https://%s.example/\",\"aud\":\"%s\",\"oid\":\"%s\",\"tid\":\"%s\",\"iat\":%d,"
                  "\"nbf\":%d,\"exp\":%d}",
                  state == OTHER_ISSUER ? "nobody"
                  : foreign             ? "second"
                                        : "first",
                  audience, principal_of(scope, role), scopes[scope].tenant, NOW - 7200, NOW - 7200,
                  state == EXPIRED ? NOW - 3600 : NOW + 3600);
    return test_token(state == OTHER_KEY ? r->forger : r->key, "ES256",
                      "{\"alg\":\"ES256\",\"kid\":\"k\",\"typ\":\"JWT\"}", payload);
}

static void make_access(struct rig *r)
{
    static const char *const control[] = { "https://management.azure.com", NULL };
    static const char *const data[] = { "https://attest.azure.net", NULL };
    struct att_err err = { 0 };
    char *set = test_jwks1(r->key, "k");
    struct access_issuer issuers[] = {
        { .name = "first",
          .issuer = "https://first.example/",
          .tenant = TENANT,
          .keys_json = att_str(set),
          .audiences = { control, data } },
        { .name = "second",
          .issuer = "https://second.example/",
          .tenant = TENANT_2,
          .keys_json = att_str(set),
          .audiences = { control, data } },
    };
    struct access_options options = { .issuers = issuers, .issuer_count = 2 };

    must(access_new(&options, &r->access, &err), &err);
}

static bool no_uri(void *ctx, struct att_arena *arena, const char *tenant, const char **ret)
{
    (void)ctx;
    (void)arena;
    (void)tenant;
    *ret = "https://login.example/" TENANT;
    return true;
}

static void make_service(struct rig *r)
{
    static const uint8_t kek[32] = { 7 };
    static const struct service_seed seeds[] = {
        { .subscription = SUB, .tenant = TENANT, .name = "first", .owner = "root" },
        { .subscription = SUB_OTHER, .tenant = TENANT, .name = "other", .owner = "root" },
        { .subscription = SUB_FOREIGN, .tenant = TENANT_2, .name = "foreign", .owner = "root2" },
    };
    struct att_err err = { 0 };
    struct att_lib_options lib = { .size = sizeof lib };
    struct keyring_options keys = { .purpose = "attestation", .alg = "ES256", .now_unix_s = NOW };

    must(store_memory_open("", &r->store, &err) && att_lib_new(&lib, &r->lib, &err), &err);
    keys.store = r->store;
    r->signer = test_signer(kek);
    keys.signer = r->signer;
    must(keyring_open(&keys, &r->keys, &err), &err);
    keys.purpose = "authority";
    keys.alg = "RS256";
    must(keyring_open(&keys, &r->authority_keys, &err) && site_open(r->store, &r->site, &err), &err);
    struct service_options service = { .lib = r->lib,
                                       .signer = r->signer,
                                       .site = r->site,
                                       .keys = r->keys,
                                       .base_url = "http://127.0.0.1",
                                       .location = "local",
                                       .accepted_tcb = ATT_TCB_DEFAULT,
                                       .now_unix_s = now };
    must(service_new(&service, &r->service, &err) && service_install(r->service, seeds, 3, &err), &err);
    static const char *const resources[] = { "https://management.azure.com", "https://attest.azure.net",
                                             NULL };
    struct authority_options authority = { .site = r->site,
                                           .signer = r->signer,
                                           .keys = r->authority_keys,
                                           .base_url = "http://127.0.0.1",
                                           .resources = resources,
                                           .now_unix_s = now };
    must(authority_new(&authority, &r->authority, &err), &err);
}

static void rig_new(struct rig *r)
{
    struct att_err err = { 0 };

    r->key = test_key_ec("P-256");
    r->forger = test_key_ec("P-256");
    make_service(r);
    make_access(r);
    put_group(r, "g1");
    put_group(r, "g10");
    put_provider(r, "g1", "prov1");
    put_provider(r, "g1", "prov10");
    for (size_t s = 0; s < SCOPES; s++) {
        for (size_t o = 0; o < ROLES; o++) {
            if (roles[o].guid)
                put_assignment(r, s, o);
            for (int plane = 0; plane < 2; plane++) {
                for (enum state t = 0; t < STATES; t++)
                    r->token[s][o][plane][t] = token_of(r, s, o, plane == 1, t);
            }
        }
    }
    struct api_options api = {
        .attest_body_bytes_max = 1 << 20, .version = "test", .tables = tables, .writes_per_minute = 10000000
    };
    struct api_parts parts = { .service = r->service,
                               .access = r->access,
                               .authority = r->authority,
                               .data_audience = "https://attest.azure.net",
                               .authorization_uri = no_uri };
    must(api_new(&api, &r->api, &err), &err);
    struct http_server_options http = { .host = "127.0.0.1", .threads = 1, .app = api_app(r->api) };
    must(http_server_start(&http, &r->http, &err) && api_serve(r->api, &parts, &err), &err);
}

static void rig_free(struct rig *r)
{
    (void)http_server_drain(r->http, 5000);
    http_server_stop(r->http);
    api_free(r->api);
    authority_free(r->authority);
    access_free(r->access);
    service_free(r->service);
    site_close(r->site);
    keyring_close(r->keys);
    keyring_close(r->authority_keys);
    signer_close(r->signer);
    att_lib_free(r->lib);
    store_close(r->store);
}

/* -- a client --------------------------------------------------------------------------------------------- */

struct client {
    int fd;
    uint16_t port;
    char text[1 << 20];
};

static bool connected(struct client *c)
{
    struct sockaddr_in to = { .sin_family = AF_INET,
                              .sin_port = htons(c->port),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int one = 1;

    if (c->fd >= 0)
        return true;
    c->fd = socket(AF_INET, SOCK_STREAM, 0);
    (void)setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return connect(c->fd, (struct sockaddr *)&to, sizeof to) == 0;
}

static bool takes_body(const struct row *r)
{
    bool post =
        strcmp(r->method, "POST") == 0 &&
        (strstr(r->target, "/attest/") || strstr(r->target, "/credentials") || strstr(r->target, "/token"));

    return post || strcmp(r->method, "PUT") == 0 || strcmp(r->method, "PATCH") == 0;
}

/* The status; the answer stays in c->text. 0: no answer. */
static int ask(struct client *c, const struct row *r, const char *token)
{
    size_t have = 0, want = 0;
    char *head = test_text("%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\nIf-Match: \"0\"\r\n%s%s%s%s\r\n", r->method,
                           r->target, token ? "Authorization: Bearer " : "", token ? token : "",
                           token ? "\r\n" : "", takes_body(r) ? "Content-Length: 1\r\n" : "");
    char *bytes = test_text("%s%s", head, strstr(head, "Content-Length") ? "{" : "");

    c->text[0] = '\0';
    if (!connected(c) || write(c->fd, bytes, strlen(bytes)) != (ssize_t)strlen(bytes))
        return 0;
    while (want == 0 || have < want) {
        ssize_t n = read(c->fd, c->text + have, sizeof c->text - 1 - have);
        if (n <= 0)
            break;
        have += (size_t)n;
        c->text[have] = '\0';
        const char *body = strstr(c->text, "\r\n\r\n");
        const char *length = body ? strcasestr(c->text, "\r\ncontent-length:") : NULL;
        if (body)
            want = (size_t)(body + 4 - c->text) +
                   (length && strcmp(r->method, "HEAD") != 0 ? strtoul(length + 17, NULL, 10) : 0);
    }
    if (strcasestr(c->text, "\r\nconnection: close")) {
        (void)close(c->fd);
        c->fd = -1;
    }
    return have > 12 ? atoi(c->text + 9) : 0;
}

/* -- the cells -------------------------------------------------------------------------------------------- */

static bool data_plane(const struct row *r)
{
    return strncmp(r->target, "/p/", 3) == 0;
}

static bool expected(const struct row *r, size_t scope, size_t role, enum state state)
{
    if (strcmp(r->allowed, "anyone") == 0)
        return true;
    if (state != GOOD)
        return false;
    if (strcmp(r->allowed, "caller") == 0)
        return true;
    return roles[role].guid && strchr(r->allowed, roles[role].letter) && scopes[scope].covers != LEVEL_ROOT &&
           scopes[scope].covers <= r->level;
}

static void cell(struct cases *c, struct client *client, struct rig *rig, const struct row *r, size_t scope,
                 size_t role, enum state state)
{
    bool data = data_plane(r);
    int status = ask(client, r, rig->token[scope][role][data ? 0 : 1][state]);
    bool allowed = status != 0 && status != 401 && status != 403;
    bool want = expected(r, scope, role, state);
    bool right = want ? allowed : status == (state != GOOD || data ? 401 : 403);

    /* The challenge goes with a missing or bad token, and not with a missing role. */
    bool challenge = strcasestr(client->text, "\r\nwww-authenticate: bearer authorization_uri=\"") != NULL;
    bool told = want || challenge == (state != GOOD);
    bool names = want || state != GOOD || strcmp(r->method, "HEAD") == 0 || strstr(r->target, "=2018-09") ||
                 strstr(client->text, "Microsoft.") != NULL;
    cases_check(c, right && told && names, "%s: %s %s: %s at %s, %s: status %d, %s%s%s", r->operation,
                r->method, r->target, roles[role].name, scopes[scope].name, state_names[state], status,
                want ? "wanted yes" : "wanted no", told ? "" : ", challenge wrong",
                names ? "" : ", the action is not named");
}

static void all_cells(struct cases *c, struct client *client, struct rig *rig)
{
    for (size_t i = 0; i < row_count; i++) {
        for (size_t s = 0; s < SCOPES; s++) {
            for (size_t o = 0; o < ROLES; o++) {
                for (enum state t = 0; t < STATES; t++)
                    cell(c, client, rig, &rows[i], s, o, t);
            }
        }
    }
}

static void all_routes_have_rows(struct cases *c)
{
    for (const struct api_route *const *t = tables; *t; t++) {
        for (const struct api_route *r = *t; r->method; r++) {
            bool found =
                r->machine_only; /* no bearer token there: the kernel says who asks (tests/unit/api) */
            for (size_t i = 0; i < row_count; i++) {
                if (strcmp(rows[i].operation, r->operation) == 0 && strcmp(rows[i].method, r->method) == 0)
                    found = rows[i].seen = true;
            }
            cases_check(c, found, "%s %s (%s) has no row in matrix.txt", r->method, r->path, r->operation);
        }
    }
    for (size_t i = 0; i < row_count; i++)
        cases_check(c, rows[i].seen, "matrix.txt: %s %s is no route", rows[i].operation, rows[i].method);
}

static void nothing_changed(struct cases *c, struct rig *r)
{
    static const char *const providers[] = { PROVIDER_KEY("g1", "prov1"), PROVIDER_KEY("g1", "prov10") };

    for (size_t i = 0; i < 2; i++) {
        const void *p = site_get(r->site, SITE_PROVIDER, providers[i]);
        cases_check(c, p != NULL, "a cell that must not change anything deleted %s", providers[i]);
        site_unref(p);
    }
}

/* The clock stands still here: of all these refusals a minute's worth left records, 600 of the first tenant's callers and
 * of strangers; the second's made fewer. */
static void records_are_bounded(struct cases *c, struct rig *r)
{
    struct att_arena *arena = att_arena_new((size_t)256 << 20);
    struct site_audit_row *some = NULL;
    struct att_err err = { 0 };
    size_t count = 0, refused = 0;
    uint64_t after = 0;

    do {
        must(site_audit_list(r->site, arena, NULL, "", after, 1000, &some, &count, &err), &err);
        for (size_t i = 0; i < count; i++)
            refused += memmem(some[i].body.ptr, some[i].body.len, "\"refused\"", 9) != NULL;
        after = count > 0 ? some[count - 1].seq : after;
    } while (count > 0);
    cases_check(c, refused > 2 * 600 && refused <= 3 * 600, "A28: %zu refusals were recorded", refused);
    att_arena_free(arena);
}

int main(void)
{
    static struct rig rig;
    static struct client client = { .fd = -1 };
    struct cases c = { .name = "access_matrix" };

    read_rows();
    rig_new(&rig);
    client.port = http_server_port(rig.http);
    all_routes_have_rows(&c);
    all_cells(&c, &client, &rig);
    nothing_changed(&c, &rig);
    if (client.fd >= 0)
        (void)close(client.fd);
    (void)http_server_drain(rig.http, 5000); /* the thread of changes has nothing more to do */
    records_are_bounded(&c, &rig);
    rig_free(&rig);
    return cases_report(&c);
}
