/* layers: site access store/memory store/sqlite store base codec */
/* The audit trail: what a record says, the chain of hashes, and what becomes of one who tampers. */
#include "base/hex.h"
#include "codec/json.h"
#include "fixture.h"

#include <openssl/evp.h>
#include <sqlite3.h>

static struct cases cases = { .name = "site.audit" };

static struct site_audit_row *trail(struct site *s, struct att_arena *a, const char *tenant,
                                    const char *scope, size_t *ret_count)
{
    struct site_audit_row *rows = NULL;
    struct att_err err = { 0 };

    must(site_audit_list(s, a, tenant, scope, 0, 100000, &rows, ret_count, &err), &err, "the trail");
    return rows;
}

/* The hash as somebody else would compute it. */
static void sha256_hex(struct att_span body, char ret[65])
{
    uint8_t digest[32];

    if (EVP_Digest(body.ptr, body.len, digest, NULL, EVP_sha256(), NULL) != 1)
        exit(1);
    for (size_t i = 0; i < sizeof digest; i++)
        (void)snprintf(ret + 2 * i, 3, "%02x", digest[i]);
}

static void body_is(struct att_span body, const char *want, const char *name)
{
    cases_check(&cases, att_span_is(body, want), "%s:\n  wanted %s\n  got    %.*s", name, want, (int)body.len,
                (const char *)body.ptr);
}

/* Whole records, to the byte: others read them. */
static void golden(void)
{
    struct store *store = memory_store();
    struct site *s = site_on(store);
    struct att_arena *a = att_arena_new((size_t)8 << 20);
    struct a_subscription room;
    struct att_err err = { 0 };
    struct att_err why = { .code = ATT_ACCESS_DENIED, .where = "access.role", .found = "none at \"x\"" };
    struct site_record refused = a_record;
    size_t count = 0;
    char hash[65];
    char body_hash[65];
    char want[2048];
    static const char row[] =
        "{\"changed_by\":\"" ALICE "\",\"created_at\":\"2027-01-15T08:00:00Z\",\"created_by\":\"" ALICE
        "\",\"id\":\"" SUB_A "\",\"name\":\"Test subscription\",\"registered\":false}";

    must_put(s, a_subscription(&room, TENANT_A, SUB_A));
    refused.refusal = &why;
    refused.principal = NULL;
    refused.issuer = NULL;
    refused.tenant = "site";
    refused.scope = "";
    must(site_record_refusal(s, NOW + 1, &refused, &err), &err, "a refusal");
    struct site_audit_row *rows = trail(s, a, NULL, "", &count);
    cases_check(&cases, count == 2 && rows[0].seq == 1 && rows[1].seq == 2 && rows[0].at_unix_s == NOW,
                "two records");
    sha256_hex(att_str(row), body_hash);
    (void)snprintf(
        want, sizeof want,
        "{\"action\":\"" PROVIDER_WRITE "\",\"at\":\"2027-01-15T08:00:00Z\",\"changes\":[{\"after\":\"%s\","
        "\"before\":null,\"id\":\"/subscriptions/" SUB_A "\",\"kind\":\"subscription\"}],"
        "\"client\":\"192.0.2.1\",\"issuer\":\"test\",\"name\":\"alice@example.org\","
        "\"operation\":\"test.put\",\"outcome\":\"done\",\"part\":1,\"parts\":1,\"prev\":null,"
        "\"principal\":\"" ALICE "\",\"refusal\":null,\"request_id\":\"request-1\","
        "\"scope\":\"/subscriptions/" SUB_A "\",\"seq\":1,\"tenant\":\"" TENANT_A "\",\"via\":\"rest\"}",
        body_hash);
    body_is(rows[0].body, want, "a change");
    sha256_hex(rows[0].body, hash);
    (void)snprintf(
        want, sizeof want,
        "{\"action\":\"" PROVIDER_WRITE "\",\"at\":\"2027-01-15T08:00:01Z\",\"changes\":[],"
        "\"client\":\"192.0.2.1\",\"issuer\":null,\"name\":\"alice@example.org\","
        "\"operation\":\"test.put\",\"outcome\":\"refused\",\"part\":1,\"parts\":1,\"prev\":\"%s\","
        "\"principal\":null,\"refusal\":{\"code\":\"ACCESS_DENIED\",\"found\":\"none at \\\"x\\\"\","
        "\"where\":\"access.role\"},\"request_id\":\"request-1\","
        "\"scope\":\"\",\"seq\":2,\"tenant\":\"site\",\"via\":\"rest\"}",
        hash);
    body_is(rows[1].body, want, "a refusal");
    att_arena_free(a);
    site_close(s);
    store_close(store);
}

/* before and after of each change are the hashes of the bodies that were stored, and follow one another. */
static void hashes(void)
{
    struct store *store = memory_store();
    struct site *s = site_on(store);
    struct att_arena *a = att_arena_new((size_t)8 << 20);
    struct a_subscription room;
    struct att_err err = { 0 };
    size_t count = 0;
    char after[65] = "";

    const void *o = a_subscription(&room, TENANT_A, SUB_A);
    for (uint64_t v = 0; v < 4; v++) {
        room.s.registered = v % 2 == 1;
        must(put_one(s, o, v, &err), &err, "a change");
    }
    must(delete_one(s, SITE_SUBSCRIPTION, room.key, 4, &err), &err, "a delete");
    struct site_audit_row *rows = trail(s, a, NULL, "", &count);
    for (size_t i = 0; i < count; i++) {
        struct att_json j;
        struct att_span before = { 0 };
        struct att_span next = { 0 };
        must(att_json_parse(a, rows[i].body, NULL, &j, &err), &err, "a record");
        att_json_id change = att_json_first(&j, att_json_get(&j, ATT_JSON_ROOT, "changes"));
        bool has_before = att_json_string(&j, a, att_json_get(&j, change, "before"), &before);
        bool has_after = att_json_string(&j, a, att_json_get(&j, change, "after"), &next);
        cases_check(&cases,
                    has_before == (i > 0) && (i == 0 || att_span_is(before, after)) && has_after == (i < 4),
                    "record %zu: before is the last one's after", i + 1);
        (void)snprintf(after, sizeof after, "%.*s", (int)next.len, (const char *)next.ptr);
    }
    cases_check(&cases, count == 5, "five records");
    att_arena_free(a);
    site_close(s);
    store_close(store);
}

/* A23: a trail is listed by tenant and by what lies below a scope. */
static void listed(void)
{
    struct store *store = memory_store();
    struct site *s = site_on(store);
    struct att_arena *a = att_arena_new((size_t)8 << 20);
    struct att_err err = { 0 };
    struct site_record record = a_record;
    static const char *const scopes[] = { "/subscriptions/" SUB_A "/resourcegroups/one",
                                          "/subscriptions/" SUB_A "/resourcegroups/one/providers/x/y/z",
                                          "/subscriptions/" SUB_A "/resourcegroups/one-more" };
    size_t count = 0;

    for (size_t i = 0; i < 3; i++) {
        record.scope = scopes[i];
        record.tenant = i == 1 ? TENANT_B : TENANT_A;
        must(site_record_refusal(s, NOW, &record, &err), &err, "a record");
    }
    (void)trail(s, a, NULL, scopes[0], &count);
    cases_check(&cases, count == 2, "A23: a scope and what is below it, not what begins alike");
    (void)trail(s, a, TENANT_A, "", &count);
    cases_check(&cases, count == 2, "A23: one tenant's records");
    (void)trail(s, a, TENANT_A, scopes[1], &count);
    cases_check(&cases, count == 0, "A23: another tenant's record at the same scope");
    att_arena_free(a);
    site_close(s);
    store_close(store);
}

/* What a refused request named must not keep its refusal out of the trail. */
static void hostile(void)
{
    struct store *store = memory_store();
    struct site *s = site_on(store);
    struct att_arena *a = att_arena_new((size_t)8 << 20);
    struct att_err err = { 0 };
    struct site_audit_end end = { 0 };
    struct att_err why = { .code = ATT_NAME_INVALID, .where = "x", .found = "y" };
    struct site_record record = a_record;
    static char text[100000];
    size_t count = 0;

    record.refusal = &why;
    memset(text, 'x', sizeof text - 1);
    text[0] = '/';
    record.scope = text;
    record.name = text;
    record.request_id = text;
    must(site_record_refusal(s, NOW, &record, &err), &err, "a long path");
    record.scope = "/\xff\xfe\n\x01";
    record.name = "\xff\xff";
    record.client = "\"},{\"";
    must(site_record_refusal(s, NOW, &record, &err), &err, "a path that is not UTF-8");
    for (size_t i = 0; i + 2 < sizeof text; i += 2)
        memcpy(text + i, "\xc3\xbc", 2);
    record.scope = text + 1; /* begins inside a character, and ends inside one when cut */
    must(site_record_refusal(s, NOW, &record, &err), &err, "a path cut inside a character");
    record.scope = text;
    record.name = text + 1;
    must(site_record_refusal(s, NOW, &record, &err), &err, "a long path of two-byte characters");
    struct site_audit_row *rows = trail(s, a, NULL, "", &count);
    bool small = count == 4;
    for (size_t i = 0; i < count; i++) {
        struct att_json j;
        small = small && rows[i].body.len < 8192 && att_json_parse(a, rows[i].body, NULL, &j, &err);
    }
    cases_check(&cases, small, "A28: what a caller chose is cut, and every record is JSON");
    cases_check(&cases, site_audit_verify(s, &end, &err) && end.seq == 4, "the chain holds: %s", err.text);
    att_arena_free(a);
    site_close(s);
    store_close(store);
}

/* A change of many objects leaves several records, and none is left out. */
static void in_parts(void)
{
    struct store *store = memory_store();
    struct site *s = site_on(store);
    struct att_arena *a = att_arena_new((size_t)64 << 20);
    struct town t;
    struct att_err err = { 0 };
    struct site_change *c = NULL;
    struct site_audit_end end = { 0 };
    size_t count = 0;
    size_t first = 0;
    size_t changes = 0;

    build(s, &t);
    struct a_policy policy;
    must_put(s, a_policy(&policy, &t.north.p, "Tpm"));
    struct site_audit_row *with_policy = trail(s, a, NULL, "", &first);
    struct att_json of_policy;
    must(att_json_parse(a, with_policy[first - 1].body, NULL, &of_policy, &err), &err, "a record");
    cases_check(&cases, of_policy.nodes[att_json_get(&of_policy, ATT_JSON_ROOT, "changes")].count == 1,
                "a policy's record names the policy, not the provider whose row is as it was");

    must(site_change_begin(s, NOW, &c, &err), &err, "a change");
    for (unsigned i = 0; i < 1201; i++) {
        struct a_provider room;
        char name[20];
        (void)snprintf(name, sizeof name, "many-%u", i);
        must(site_put(c, a_provider(&room, TENANT_A, SUB_A, "One", name), 0, ALICE, &err), &err, name);
    }
    must(site_change_commit(c, &a_record, &err), &err, "1201 providers at once");
    struct site_audit_row *rows = trail(s, a, NULL, "", &count);
    for (size_t i = first; i < count; i++) {
        struct att_json j;
        must(att_json_parse(a, rows[i].body, NULL, &j, &err), &err, "a record");
        changes += j.nodes[att_json_get(&j, ATT_JSON_ROOT, "changes")].count;
    }
    cases_check(&cases, count - first == 3 && changes == 1201, "1201 changes in %zu records: %zu",
                count - first, changes);
    cases_check(&cases, site_audit_verify(s, &end, &err) && end.seq == count, "the chain holds: %s",
                err.text);
    att_arena_free(a);
    site_close(s);
    store_close(store);
}

/* -- tampering, in the file ------------------------------------------------------------------------------- */

static const struct {
    const char *name, *sql;
    bool changes; /* false: the chain still holds */
    const char *where;
} tampers[] = {
    { "nothing", "SELECT 1", false, "" },
    { "a record's body", "UPDATE audit SET body = replace(body, 'request-1', 'request-2') WHERE seq = 5",
      true, "audit.6" },
    { "the first record's body",
      "UPDATE audit SET body = replace(body, 'request-1', 'request-2') WHERE seq = 1", true, "audit.2" },
    { "one space in a body", "UPDATE audit SET body = replace(body, '\"part\"', ' \"part\"') WHERE seq = 5",
      true, "audit.6" },
    { "a tenant", "UPDATE audit SET tenant = '" TENANT_B "' WHERE seq = 5", true, "audit.5" },
    { "a scope", "UPDATE audit SET scope = '/elsewhere' WHERE seq = 5", true, "audit.5" },
    { "a time", "UPDATE audit SET at_unix_s = at_unix_s + 1 WHERE seq = 5", true, "audit.5" },
    { "a removed record", "DELETE FROM audit WHERE seq = 5", true, "audit.6" },
    { "a removed beginning", "DELETE FROM audit WHERE seq < 5", true, "audit.5" },
    { "a removed record, its successors moved up",
      "DELETE FROM audit WHERE seq = 5; UPDATE audit SET seq = seq - 1 WHERE seq > 5", true, "audit.5" },
    { "two bodies swapped",
      "UPDATE audit SET body = CASE seq WHEN 5 THEN (SELECT body FROM audit WHERE seq = 6) ELSE (SELECT body "
      "FROM audit "
      "WHERE seq = 5) END WHERE seq IN (5, 6)",
      true, "audit.5" },
    { "a body that is not JSON", "UPDATE audit SET body = 'x' WHERE seq = 5", true, "audit.5" },
    { "an added record",
      "INSERT INTO audit SELECT seq + 1, tenant, scope, at_unix_s, body FROM audit ORDER BY seq DESC LIMIT 1",
      true, "audit.12" },
};

static void tampered(void)
{
    for (size_t i = 0; i < sizeof tampers / sizeof tampers[0]; i++) {
        struct folder f;
        struct store *store = sqlite_store(folder_make(&f));
        struct site *s = site_on(store);
        struct town t;
        struct site_audit_end end = { 0 };
        struct att_err err = { 0 };
        sqlite3 *db = NULL;
        char *why = NULL;

        build(s, &t);
        bool before = site_audit_verify(s, &end, &err) && end.seq == 11;
        bool done = sqlite3_open(f.file, &db) == SQLITE_OK &&
                    sqlite3_exec(db, "DROP TRIGGER audit_is_not_changed", NULL, NULL, NULL) == SQLITE_OK &&
                    sqlite3_exec(db, "DROP TRIGGER audit_is_not_removed", NULL, NULL, NULL) == SQLITE_OK &&
                    sqlite3_exec(db, tampers[i].sql, NULL, NULL, &why) == SQLITE_OK;
        if (!done)
            printf("sqlite: %s\n", why ? why : "no database");
        sqlite3_free(why);
        (void)sqlite3_close(db);
        end.seq = 77;
        bool holds = site_audit_verify(s, &end, &err);
        cases_check(&cases,
                    before && done && holds != tampers[i].changes &&
                        (holds || (err.code == ATT_STORE_FAILED && end.seq == 77 &&
                                   strncmp(err.where, tampers[i].where, strlen(tampers[i].where)) == 0)),
                    "tampering: %s: %s at %s: %s", tampers[i].name, holds ? "not noticed" : "noticed",
                    err.where, err.text);
        site_close(s);
        store_close(store);
        folder_remove(&f);
    }
}

int main(void)
{
    golden();
    hashes();
    listed();
    hostile();
    in_parts();
    tampered();
    return cases_report(&cases);
}
