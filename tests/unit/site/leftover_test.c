/* layers: site access store/memory store/sqlite store base codec */
/* A program beside this one that does not know diagnostic settings: it deletes a provider and leaves them, and makes another one of
 * that name. Nothing of that may keep the site from being read, and nobody inherits a setting. */
#include "fixture.h"

static struct cases cases = { .name = "site.leftover" };

#define SETTING(of) of "/providers/microsoft.insights/diagnosticsettings/s"
#define NORTH                                                                                                \
    "/subscriptions/" SUB_A "/resourcegroups/one/providers/microsoft.attestation/attestationproviders/north"

static const struct site_diagnostic_log line = { "allLogs", true, true };

static bool put_setting(struct site *s, const char *provider, const char *key, struct att_err *err)
{
    const struct site_provider *p = site_get(s, SITE_PROVIDER, provider);
    const struct site_diagnostic d = {
        .o = { .kind = SITE_DIAGNOSTIC, .tenant = TENANT_A, .key = key },
        .name = "s",
        .sink = "siem",
        .workspace_id = "/x/attestdSinks/siem",
        .destination_type = "",
        .provider_created_unix_s = p ? p->o.created_unix_s : NOW,
        .logs = &line,
        .log_count = 1,
    };
    bool ok = put_one(s, &d, 0, err);

    site_unref(p);
    return ok;
}

/* As the older program does it: the provider's row and nothing else. */
static void delete_beside(struct store *store, const char *key, uint64_t version)
{
    struct store_tx *tx = NULL;
    struct att_err err = { 0 };

    must(store_begin(store, &tx, &err) && store_doc_delete(tx, TENANT_A, "provider", key, version, &err) &&
             store_commit(tx, &err),
         &err, "a deletion beside");
}

static bool each(void *ctx, const struct store_doc *doc, struct att_err *err)
{
    (void)doc;
    (void)err;
    ++*(unsigned *)ctx;
    return true;
}

static unsigned rows(struct store *store)
{
    struct att_err err = { 0 };
    unsigned n = 0;

    must(store_scan(store, "diagnostic", each, &n, &err), &err, "a scan");
    return n;
}

static bool has(struct site *s, const char *key)
{
    const void *o = site_get(s, SITE_DIAGNOSTIC, key);

    site_unref(o);
    return o != NULL;
}

static void check(bool ok, const char *what)
{
    cases_check(&cases, ok, "%s", what);
}

/* The row of a provider that was made at another time, as another program writes it. */
static void namesake_beside(struct store *store, struct site *s, int64_t created)
{
    struct site_change *c = NULL;
    struct a_provider room;
    struct att_err err = { 0 };
    struct site *other = NULL;

    (void)s;
    must(site_open(store, &other, &err) && site_change_begin(other, created, &c, &err) &&
             site_put(c, a_provider(&room, TENANT_A, SUB_A, "One", "North"), 0, ALICE, &err) &&
             site_change_commit(c, &a_record, &err),
         &err, "a namesake");
    site_close(other);
}

static void left(void)
{
    struct store *store = memory_store();
    struct site *s = site_on(store), *fresh = NULL;
    struct town t;
    struct att_err err = { 0 };

    build(s, &t);
    must(put_setting(s, NORTH, SETTING(NORTH), &err), &err, "a setting");
    check(has(s, SETTING(NORTH)) && rows(store) == 1, "the setting is there");
    delete_beside(store, NORTH, 1);
    must(site_refresh(s, &err), &err, "a refresh with a row that nobody owns");
    check(!has(s, SETTING(NORTH)) && rows(store) == 1, "the row is not read, and stays for now");
    must(site_open(store, &fresh, &err), &err, "a start with a row that nobody owns");
    check(!has(fresh, SETTING(NORTH)), "nor is it read at a start");
    site_close(fresh);

    struct a_provider room;
    must_put(s, a_provider(&room, TENANT_A, SUB_A, "One", "North"));
    check(!has(s, SETTING(NORTH)) && rows(store) == 0,
          "A16: a namesake, even of the same second, inherits nothing");
    must(put_setting(s, NORTH, SETTING(NORTH), &err), &err, "a setting of its own");
    check(has(s, SETTING(NORTH)) && rows(store) == 1, "and has its own");
    site_close(s);
    store_close(store);
}

/* The other program makes the namesake, too: the row names the provider that it was made for. */
static void left_with_namesake(void)
{
    struct store *store = memory_store();
    struct site *s = site_on(store);
    struct town t;
    struct store_tx *tx = NULL;
    struct att_err err = { 0 };
    struct store_doc doc;
    bool found = false;
    struct att_arena *arena = att_arena_new(1 << 20);

    build(s, &t);
    must(put_setting(s, NORTH, SETTING(NORTH), &err), &err, "a setting");
    delete_beside(store, NORTH, 1);
    /* What our own program would have swept: the row is put back behind its back. */
    must(store_begin(store, &tx, &err) &&
             store_doc_get(tx, arena, TENANT_A, "diagnostic", SETTING(NORTH), &doc, &found, &err),
         &err, "the row");
    store_rollback(tx);
    namesake_beside(store, s, NOW + 1);
    must(store_begin(store, &tx, &err) && store_doc_put(tx, &doc, 0, &err) && store_commit(tx, &err), &err,
         "the row again");
    must(site_refresh(s, &err), &err, "a refresh");
    const struct site_provider *p = site_get(s, SITE_PROVIDER, NORTH);
    check(p != NULL && p->o.created_unix_s == NOW + 1, "the namesake is there");
    site_unref(p);
    check(found && !has(s, SETTING(NORTH)) && rows(store) == 1, "A16: a namesake inherits no setting");
    must(put_setting(s, NORTH, SETTING(NORTH), &err), &err, "a setting under the same key");
    check(has(s, SETTING(NORTH)) && rows(store) == 1, "takes the place of the row that was left");
    att_arena_free(arena);
    site_close(s);
    store_close(store);
}

/* Our own changes leave nothing. */
static void own(void)
{
    struct store *store = memory_store();
    struct site *s = site_on(store);
    struct town t;
    struct att_err err = { 0 };

    build(s, &t);
    const struct site_provider *before = site_get(s, SITE_PROVIDER, NORTH);
    must(put_setting(s, NORTH, SETTING(NORTH), &err), &err, "a setting");
    const struct site_provider *after = site_get(s, SITE_PROVIDER, NORTH);
    check(before && after && before != after && before->o.version == after->o.version,
          "a setting makes the provider a new object of the same version");
    site_unref(before);
    site_unref(after);
    cases_check(&cases, !delete_one(s, SITE_PROVIDER, NORTH, 1, &err) && err.code == ATT_INTERNAL,
                "a provider does not go without its settings: %s", err.text);
    err = (struct att_err){ 0 };
    must(delete_one(s, SITE_DIAGNOSTIC, SETTING(NORTH), 1, &err) &&
             delete_one(s, SITE_PROVIDER, NORTH, 1, &err),
         &err, "with them it goes");
    cases_check(&cases, !put_setting(s, NORTH, SETTING(NORTH), &err) && err.code == ATT_RESOURCE_NOT_FOUND,
                "a setting of no provider: %s", err.text);
    site_close(s);
    store_close(store);
}

int main(void)
{
    left();
    left_with_namesake();
    own();
    return cases_report(&cases);
}
