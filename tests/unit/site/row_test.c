/* layers: site access store/memory store/sqlite store base codec */
/* Bodies of rows: what each kind looks like to the byte, and all that is refused. */
#include "site/row.h"

#include "base/buf.h"
#include "fixture.h"

static struct cases cases = { .name = "site.row" };

#define WHO  "\"changed_by\":\"" ALICE "\","
#define WHEN "\"created_at\":\"2027-01-15T08:00:00Z\",\"created_by\":\"configuration\","
#define KEY_P                                                                                                \
    "/subscriptions/" SUB_A "/resourcegroups/one/providers/microsoft.attestation/attestationproviders/north"
#define SCRYPT "scrypt$16384$8$1$c2FsdA$aGFzaA"

/* As they are in stores by now: a change here is a migration. */
static const struct {
    enum site_kind kind;
    const char *id;
    const char *body;
} golden[] = {
    { SITE_SUBSCRIPTION, "/subscriptions/" SUB_A,
      "{" WHO WHEN "\"id\":\"" SUB_A "\",\"name\":\"Grüße\",\"registered\":true}" },
    { SITE_GROUP, "/subscriptions/" SUB_A "/resourcegroups/one_(1).x-y",
      "{" WHO WHEN "\"location\":\"East US\",\"name\":\"One_(1).x-Y\",\"subscription\":\"" SUB_A
      "\",\"tags\":{\"b\":\"2\", \"a\":\"1\"}}" },
    { SITE_PROVIDER, KEY_P,
      "{\"certificates\":[{\"attest_uri\":\"https://localhost/p/north\",\"der\":\"AAEC\",\"kid\":\"k1\"},"
      "{\"attest_uri\":\"https://localhost/p/north\",\"der\":\"_w\",\"kid\":\"k2\"}]," WHO WHEN
      "\"group\":\"One\",\"isolated\":true,\"location\":\"eastus\",\"name\":\"North\","
      "\"public_network_disabled\":true,\"signers\":{\"keys\":[{\"kty\":\"RSA\"}]},\"subscription\":\"" SUB_A
      "\",\"tags\":null,\"tpm_authentication_disabled\":true}" },
    { SITE_PROVIDER, KEY_P,
      "{\"certificates\":[]," WHO WHEN
      "\"group\":\"One\",\"isolated\":false,\"location\":\"eastus\",\"name\":\"North\","
      "\"public_network_disabled\":false,\"signers\":null,\"subscription\":\"" SUB_A
      "\",\"tags\":{},\"tpm_authentication_disabled\":false}" },
    { SITE_POLICY, KEY_P "/policies/sgxenclave",
      "{" WHO WHEN "\"signer\":{\"kty\":\"EC\"},\"text\":\"dmVyc2lvbj0xLjA7\",\"token\":"
      "\"eyJhbGciOiJub25lIn0.e30.\",\"type\":\"SgxEnclave\"}" },
    { SITE_CONNECTION, KEY_P "/privateendpointconnections/c.1",
      "{" WHO WHEN
      "\"description\":\"Auto-Approved\",\"endpoint_id\":\"\",\"name\":\"C.1\",\"status\":\"Approved\"}" },
    { SITE_ASSIGNMENT,
      KEY_P "/providers/microsoft.authorization/roleassignments/a5519000-0000-4000-8000-00000000000a",
      "{" WHO WHEN
      "\"description\":\"\",\"name\":\"A5519000-0000-4000-8000-00000000000A\",\"principal\":\"" BOB
      "\",\"principal_type\":\"Group\",\"role\":\"" READER "\",\"scope\":\"" KEY_P "\"}" },
    { SITE_PRINCIPAL, "/subscriptions/" SUB_A "/principals/" BOB,
      "{" WHO "\"client_id\":\"" BOB "\"," WHEN
      "\"credentials\":[{\"certificate\":\"\",\"expires\":\"2027-01-15T08:00:00Z\",\"hash\":\"" SCRYPT
      "\",\"id\":\"1\",\"kind\":\"secret\",\"uid\":0},"
      "{\"certificate\":\"AAEC\",\"expires\":null,\"hash\":\"\",\"id\":\"2\",\"kind\":\"certificate\","
      "\"uid\":0},"
      "{\"certificate\":\"\",\"expires\":null,\"hash\":\"\",\"id\":\"3\",\"kind\":\"unix_user\",\"uid\":0},"
      "{\"certificate\":\"\",\"expires\":null,\"hash\":\"\",\"id\":\"4\",\"kind\":\"unix_user\",\"uid\":"
      "4294967295}],"
      "\"name\":\"machine\",\"subscription\":\"" SUB_A "\"}" },
    { SITE_DIAGNOSTIC, KEY_P "/providers/microsoft.insights/diagnosticsettings/to the siem",
      "{" WHO WHEN "\"destination_type\":\"Dedicated\",\"logs\":[{\"category\":\"allLogs\",\"enabled\":true,"
      "\"group\":true},{\"category\":\"AuditEvent\",\"enabled\":false,\"group\":false}],\"name\":\"To the "
      "SIEM\","
      "\"provider_created_at\":\"2027-01-15T08:00:00Z\",\"sink\":\"siem-1\",\"workspace_id\":"
      "\"/x/attestdSinks/siem-1\"}" },
};
enum { GOLDEN = sizeof golden / sizeof golden[0] };

static bool decode(struct att_arena *a, enum site_kind kind, const char *id, struct att_span body,
                   const void **ret, struct att_err *err)
{
    struct store_doc doc = { .tenant = TENANT_A,
                             .kind = site_rows[kind]->name,
                             .id = id,
                             .version = 7,
                             .changed_unix_s = NOW,
                             .body = body };

    *err = (struct att_err){ 0 };
    att_arena_reset(a);
    return site_row_decode(kind, &doc, a, ret, err);
}

static void refused(struct att_arena *a, enum site_kind kind, const char *id, struct att_span body,
                    const char *name)
{
    const void *object = &cases;
    struct att_err err;
    bool got = decode(a, kind, id, body, &object, &err);

    cases_check(&cases,
                !got && err.code != ATT_OK && err.where[0] && err.expected[0] && err.text[0] &&
                    object == &cases,
                "%s: %s: %s at %s: %s", site_rows[kind]->name, name, got ? "taken" : att_code_name(err.code),
                err.where, err.text);
}

static void round_trips(struct att_arena *a)
{
    for (size_t i = 0; i < GOLDEN; i++) {
        const void *object = NULL;
        struct att_err err = { 0 };
        struct att_buf out = { 0 };
        struct att_span body = att_str(golden[i].body);
        bool read = decode(a, golden[i].kind, golden[i].id, body, &object, &err);
        cases_check(&cases, read, "golden row %zu is read: %s", i, err.text);
        bool written = read && site_row_encode(object, a, &out, &err);
        cases_check(&cases, written && att_span_eq(att_buf_span(&out), body),
                    "golden row %zu is written:\n%.*s", i, (int)out.len, (const char *)out.ptr);
        att_buf_free(&out);
    }
}

static void values(struct att_arena *a)
{
    const void *object = NULL;
    struct att_err err;

    must(decode(a, SITE_PROVIDER, KEY_P, att_str(golden[2].body), &object, &err), &err, "a provider");
    const struct site_provider *p = object;
    cases_check(&cases,
                p->o.kind == SITE_PROVIDER && p->o.version == 7 && p->o.changed_unix_s == NOW &&
                    p->o.created_unix_s == NOW && strcmp(p->o.created_by, "configuration") == 0 &&
                    strcmp(p->o.changed_by, ALICE) == 0 && strcmp(p->o.tenant, TENANT_A) == 0 &&
                    strcmp(p->o.key, KEY_P) == 0 && p->isolated && p->public_network_disabled &&
                    p->tpm_authentication_disabled && p->tags.len == 0 &&
                    att_span_is(p->signers, "{\"keys\":[{\"kty\":\"RSA\"}]}") && p->certificate_count == 2 &&
                    p->certificates[1].der.len == 1 && p->certificates[1].der.ptr[0] == 0xff &&
                    strcmp(p->certificates[1].kid, "k2") == 0,
                "each value of a provider is where it belongs");
    must(decode(a, SITE_PRINCIPAL, golden[7].id, att_str(golden[7].body), &object, &err), &err,
         "a principal");
    const struct site_credential *c = ((const struct site_principal *)object)->credentials;
    cases_check(&cases,
                c[0].kind == SITE_SECRET && strcmp(c[0].hash, SCRYPT) == 0 && c[0].expires_unix_s == NOW &&
                    c[1].kind == SITE_CERTIFICATE && c[1].certificate.len == 3 && c[1].expires_unix_s == 0 &&
                    c[2].kind == SITE_UNIX_USER && c[2].uid == 0 && c[3].uid == UINT32_MAX,
                "each value of a credential is where it belongs");
}

/* Every cut, every byte that is no text, every member left out, doubled, of another type. */
static void mutated(struct att_arena *a)
{
    static char text[4096];

    for (size_t i = 0; i < GOLDEN; i++) {
        const char *body = golden[i].body;
        size_t len = strlen(body);
        char name[64];
        for (size_t cut = 0; cut < len; cut++) {
            (void)snprintf(name, sizeof name, "cut at %zu", cut);
            refused(a, golden[i].kind, golden[i].id, att_span_of(body, cut), name);
        }
        for (size_t at = 0; at < len; at++) {
            memcpy(text, body, len);
            text[at] = '\x01';
            (void)snprintf(name, sizeof name, "a control character at %zu", at);
            refused(a, golden[i].kind, golden[i].id, att_span_of(text, len), name);
        }
        (void)snprintf(text, sizeof text, "%s ", body);
        struct att_err err;
        const void *object = NULL;
        cases_check(&cases, decode(a, golden[i].kind, golden[i].id, att_str(text), &object, &err),
                    "white space is no difference");
        (void)snprintf(text, sizeof text, "%s{}", body);
        refused(a, golden[i].kind, golden[i].id, att_str(text), "something behind the object");
        (void)snprintf(text, sizeof text, "[%s]", body);
        refused(a, golden[i].kind, golden[i].id, att_str(text), "an array around the object");
    }
}

/* Replaces the top-level member's value by walking the table: each field once with each wrong thing. */
static void members(struct att_arena *a)
{
    static const char *const wrong[] = { NULL,   "null", "true",        "7",       "-1",
                                         "1e9",  "\"\"", "\"\\u0000\"", "\"\\n\"", "[]",
                                         "[[]]", "[{}]", "{\"keys\":",  "\"\xff\"" };
    static char text[4096];

    for (size_t i = 0; i < GOLDEN; i++) {
        for (const struct site_field *f = site_rows[golden[i].kind]->fields; f->name; f++) {
            char member[64];
            (void)snprintf(member, sizeof member, "\"%s\":", f->name);
            const char *at = strstr(golden[i].body, member);
            const char *next = f[1].name ? NULL : golden[i].body + strlen(golden[i].body) - 1;
            if (f[1].name) {
                char following[64];
                (void)snprintf(following, sizeof following, ",\"%s\":", f[1].name);
                next = at ? strstr(at, following) : NULL;
            }
            cases_check(&cases, at && next, "%s: the table's order is that of the body: %s",
                        site_rows[golden[i].kind]->name, f->name);
            for (size_t w = 0; at && next && w < sizeof wrong / sizeof wrong[0]; w++) {
                bool fits =
                    f->later && !wrong[w]
                        ? true
                        : wrong[w] &&
                              ((f->type == SITE_OBJECT && !f->later && strcmp(wrong[w], "null") == 0) ||
                               (f->type == SITE_TIME && strcmp(wrong[w], "null") == 0) ||
                               (f->type == SITE_FLAG && strcmp(wrong[w], "true") == 0) ||
                               (f->type == SITE_ARRAY && strcmp(wrong[w], "[]") == 0) ||
                               (f->type == SITE_TEXT && strcmp(wrong[w], "\"\"") == 0 &&
                                f->form->bytes_min == 0));
                if (fits) /* right for its type; whether it agrees with the others is asked below */
                    continue;
                if (wrong[w])
                    (void)snprintf(text, sizeof text, "%.*s%s%s%s", (int)(at - golden[i].body),
                                   golden[i].body, member, wrong[w], next);
                else /* left out, with the comma behind it */
                    (void)snprintf(text, sizeof text, "%.*s%s", (int)(at - golden[i].body), golden[i].body,
                                   next + (f[1].name ? 1 : 0));
                char name[96];
                (void)snprintf(name, sizeof name, "%s is %s", f->name, wrong[w] ? wrong[w] : "left out");
                refused(a, golden[i].kind, golden[i].id, att_str(text), name);
            }
            (void)snprintf(text, sizeof text, "{%.*s,%s", (int)(at && next ? next - at : 0), at ? at : "",
                           golden[i].body + 1);
            refused(a, golden[i].kind, golden[i].id, att_str(text), "J10: a member twice");
        }
        (void)snprintf(text, sizeof text, "{\"aaa\":1,%s", golden[i].body + 1);
        refused(a, golden[i].kind, golden[i].id, att_str(text), "a member that no table has");
        (void)snprintf(text, sizeof text, "{\"Changed_by\":\"x\",%s", golden[i].body + 1);
        refused(a, golden[i].kind, golden[i].id, att_str(text), "a member in another case");
    }
}

/* One thing wrong that the type does not show. */
static const struct {
    const char *name;
    size_t golden;
    const char *from, *to;
} wrong[] = {
    { "a subscription's id is not its key's", 0, "\"id\":\"" SUB_A, "\"id\":\"" SUB_B },
    { "a subscription's id in capitals", 0, "\"id\":\"aaaaaaaa", "\"id\":\"AAAAAAAA" },
    { "a name that is not UTF-8", 0, "Grü", "Gr\xfc" },
    { "a group's name is not its key's", 1, "\"name\":\"One_", "\"name\":\"Two_" },
    { "a dot at the end of a group's name", 1, "x-Y", "x-." },
    { "tags with a name twice", 1, "\"b\":\"2\", \"a\"", "\"a\":\"2\", \"a\"" },
    { "a group's subscription is not its key's", 1, "\"subscription\":\"" SUB_A,
      "\"subscription\":\"" SUB_B },
    { "a provider's group is not its key's", 2, "\"group\":\"One\"", "\"group\":\"Two\"" },
    { "A17: an isolated provider without signers", 2, "\"signers\":{\"keys\":[{\"kty\":\"RSA\"}]}",
      "\"signers\":null" },
    { "A17: a provider with signers that is not isolated", 2, "\"isolated\":true", "\"isolated\":false" },
    { "A17: a provider that says it is isolated", 3, "\"isolated\":false", "\"isolated\":true" },
    { "J12: padding in base64url", 2, "\"_w\"", "\"_w==\"" },
    { "J12: trailing bits in base64url", 2, "\"_w\"", "\"_x\"" },
    { "J12: the standard alphabet", 2, "\"_w\"", "\"/w\"" },
    { "an empty certificate", 2, "\"_w\"", "\"\"" },
    { "a certificate with a member more", 2, "\"kid\":\"k2\"", "\"kid\":\"k2\",\"x\":1" },
    { "a certificate without its kid", 2, ",\"kid\":\"k2\"", "" },
    { "a policy's type is not its key's", 4, "\"type\":\"SgxEnclave\"", "\"type\":\"Tpm\"" },
    { "J15: a policy token of five parts", 4, "e30.", "e30..." },
    { "a policy token with a space", 4, "e30.", "e3 ." },
    { "an empty policy", 4, "dmVyc2lvbj0xLjA7", "" },
    { "a status that is none", 5, "Approved\"}", "approved\"}" },
    { "a connection's name is not its key's", 5, "C.1", "C.2" },
    { "an assignment's scope is not its key's", 6, "/north\"}", "/south\"}" },
    { "an assignment's scope in capitals", 6, "/north\"}", "/North\"}" },
    { "an assignment's name is not its key's", 6, "00000A\"", "00000B\"" },
    { "a principal type that is none", 6, "Group", "group" },
    { "a role that is no GUID", 6, READER, "Reader" },
    { "a principal in capitals", 6, "\"principal\":\"b0b", "\"principal\":\"B0B" },
    { "a principal's client id is not its key's", 7, "\"client_id\":\"b0b00000", "\"client_id\":\"b0b00001" },
    { "a credential of an unknown kind", 7, "\"kind\":\"secret\"", "\"kind\":\"password\"" },
    { "a credential of another kind", 7, "\"kind\":\"secret\"", "\"kind\":\"certificate\"" },
    { "a secret that becomes a unix user", 7, "\"kind\":\"secret\"", "\"kind\":\"unix_user\"" },
    { "a secret without a hash", 7, SCRYPT, "" },
    { "a uid of a secret", 7, "\"kind\":\"secret\",\"uid\":0", "\"kind\":\"secret\",\"uid\":1" },
    { "a uid beyond 32 bits", 7, "4294967295", "4294967296" },
    { "a uid below zero", 7, "4294967295", "-1" },
    { "two credentials with one id", 7, "\"id\":\"2\"", "\"id\":\"1\"" },
    { "a setting's name is not its key's", 8, "To the", "To a" },
    { "a setting's name with a slash", 8, "To the SIEM", "a/b" },
    { "a sink in capitals", 8, "\"siem-1\"", "\"SIEM\"" },
    { "a sink without a name", 8, "\"sink\":\"siem-1\"", "\"sink\":\"\"" },
    { "a category without a name", 8, "\"category\":\"allLogs\"", "\"category\":\"\"" },
    { "a setting without what it is of", 8, "\"provider_created_at\":\"2027-01-15T08:00:00Z\",", "" },
    { "an expiry that is no time", 7, "\"expires\":\"2027-01-15T08:00:00Z\"", "\"expires\":\"tomorrow\"" },
    { "an expiry in the year 0", 7, "\"expires\":\"2027", "\"expires\":\"0000" },
    { "never, in another spelling", 7, "\"expires\":\"2027-01-15T08:00:00Z\"",
      "\"expires\":\"1970-01-01T00:00:00Z\"" },
};

static void disagreeing(struct att_arena *a)
{
    static char text[4096];

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        const char *body = golden[wrong[i].golden].body;
        const char *at = strstr(body, wrong[i].from);
        cases_check(&cases, at != NULL, "%s: the row has what is to be broken", wrong[i].name);
        if (!at)
            continue;
        (void)snprintf(text, sizeof text, "%.*s%s%s", (int)(at - body), body, wrong[i].to,
                       at + strlen(wrong[i].from));
        refused(a, golden[wrong[i].golden].kind, golden[wrong[i].golden].id, att_str(text), wrong[i].name);
    }
    for (size_t i = 0; i < GOLDEN; i++) {
        for (unsigned kind = 0; kind < SITE_KINDS; kind++)
            if (kind != golden[i].kind)
                refused(a, (enum site_kind)kind, golden[i].id, att_str(golden[i].body),
                        "a row of another kind");
        (void)snprintf(text, sizeof text, "%s/x", golden[i].id);
        refused(a, golden[i].kind, text, att_str(golden[i].body), "an id with a segment more");
        refused(a, golden[i].kind, "/", att_str(golden[i].body), "an id that is the root");
        refused(a, golden[i].kind, "x", att_str(golden[i].body), "an id without a slash");
    }
    struct store_doc doc = {
        .tenant = "site", .kind = "group", .id = golden[1].id, .version = 1, .body = att_str(golden[1].body)
    };
    const void *object = NULL;
    struct att_err err = { 0 };
    cases_check(&cases,
                !site_row_decode(SITE_GROUP, &doc, a, &object, &err) && err.code == ATT_PARAMETER_INVALID,
                "a tenant that is no GUID");
}

static void too_many(struct att_arena *a)
{
    size_t room = (size_t)1 << 17;
    char *text = malloc(room);
    struct att_err err = { 0 };

    must(text != NULL, &err, "memory");
    for (int count = 128; count <= 129; count++) {
        const void *object = NULL;
        size_t len = (size_t)snprintf(text, room, "{\"certificates\":[");
        for (int i = 0; i < count; i++)
            len += (size_t)snprintf(text + len, room - len,
                                    "%s{\"attest_uri\":\"u\",\"der\":\"AA\",\"kid\":\"k\"}", i ? "," : "");
        (void)snprintf(text + len, room - len, "],%s", strstr(golden[3].body, "\"changed_by\""));
        bool read = decode(a, SITE_PROVIDER, KEY_P, att_str(text), &object, &err);
        cases_check(&cases, read == (count == 128) && (read || err.code == ATT_LIMIT_EXCEEDED),
                    "%d certificates: %s", count, err.text);
    }
    free(text);
}

static void tables(void)
{
    for (unsigned kind = 0; kind < SITE_KINDS; kind++) {
        const struct site_row *row = site_rows[kind];
        for (const struct site_field *f = row->fields; f->name; f++) {
            cases_check(&cases, !f[1].name || strcmp(f->name, f[1].name) < 0, "%s.%s: in order of names",
                        row->name, f->name);
            for (const struct site_field *e = f->fields; e && e->name; e++)
                cases_check(&cases, !e[1].name || strcmp(e->name, e[1].name) < 0,
                            "%s.%s.%s: in order of names", row->name, f->name, e->name);
        }
    }
}

int main(void)
{
    struct att_arena *a = att_arena_new((size_t)16 << 20);

    if (!a)
        return 1;
    round_trips(a);
    values(a);
    mutated(a);
    members(a);
    disagreeing(a);
    too_many(a);
    tables();
    att_arena_free(a);
    return cases_report(&cases);
}
