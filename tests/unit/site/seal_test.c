/* layers: site access store/memory store/sqlite store base codec */
/* Sealed rows: what the store holds of policies and of their history, and rows that somebody has moved, changed or replaced. */
#include "base/buf.h"
#include "fixture.h"
#include "site/row.h"

#define SECRET_TEXT                                                                                          \
    "version=1.0; authorizationrules{ [type==\"x\", value==\"the-secret-of-this-policy\"] => permit(); };"

static struct cases cases = { .name = "site.seal" };
static const uint8_t key[SITE_ROW_KEY_BYTES] = { 1, 2, 3 }, other_key[SITE_ROW_KEY_BYTES] = { 1, 2, 4 };

static void check(bool ok, const char *name)
{
    cases_check(&cases, ok, "%s", name);
}

static struct site *sealed_site(struct store *store)
{
    struct site *s = NULL;
    struct att_err err = { 0 };

    must(site_open_sealed(store, key, &s, &err), &err, "a sealed site");
    return s;
}

struct seen {
    size_t rows;
    bool secret, sealed;
};

static bool look(void *ctx, const struct store_doc *doc, struct att_err *err)
{
    struct seen *seen = ctx;

    (void)err;
    seen->rows++;
    seen->secret = seen->secret || memmem(doc->body.ptr, doc->body.len, "secret", 6) ||
                   memmem(doc->body.ptr, doc->body.len, "c2VjcmV0", 8) ||
                   memmem(doc->body.ptr, doc->body.len, "e30.e30", 7);
    seen->sealed = seen->sealed || (doc->body.len > 20 && memcmp(doc->body.ptr, "{\"sealed\":\"", 11) == 0);
    return true;
}

static struct seen seen_in(struct store *store, const char *kind)
{
    struct seen seen = { 0 };
    struct att_err err = { 0 };

    must(store_scan(store, kind, look, &seen, &err), &err, "a scan");
    return seen;
}

static void set_policy(struct site *s, const struct site_provider *p, const char *type, uint64_t replaces)
{
    const struct site_policy_event event = {
        .by = ALICE, .token = att_str("e30.e30.AAAA"), .signer = "", .request_id = "r"
    };
    struct site_change *c = NULL;
    struct a_policy room;
    struct att_err err = { 0 };

    struct site_policy *policy = a_policy(&room, p, type);
    policy->text = att_str(SECRET_TEXT);
    must(site_change_begin(s, NOW, &c, &err) && site_put(c, policy, replaces, ALICE, &err) &&
             site_history_put(c, p, type, &event, &err) && site_change_commit(c, &a_record, &err),
         &err, "a policy");
}

static bool policy_is(struct site *s, const struct site_provider *p, const char *type)
{
    struct a_policy room;
    const struct site_policy *got = site_get(s, SITE_POLICY, a_policy(&room, p, type)->o.key);
    bool is = got && att_span_is(got->text, SECRET_TEXT);

    site_unref(got);
    return is;
}

static bool history_is(struct site *s, const struct site_provider *p, const char *type, size_t want)
{
    struct att_arena *a = att_arena_new((size_t)4 << 20);
    struct site_policy_event *events = NULL;
    struct att_err err = { 0 };
    size_t count = 0;
    bool ok = a && site_history_list(s, a, p, type, 0, 10, &events, &count, &err) && count == want &&
              att_span_is(events[0].token, "e30.e30.AAAA");

    att_arena_free(a);
    return ok;
}

/* Replaces the body of a policy's row by another one. */
static void overwrite(struct store *store, const char *tenant, const char *id, struct att_span body)
{
    struct att_arena *a = att_arena_new((size_t)4 << 20);
    struct store_doc doc = { 0 };
    struct store_tx *tx = NULL;
    struct att_err err = { 0 };
    bool found = false;

    must(a && store_begin(store, &tx, &err) &&
             store_doc_get(tx, a, tenant, "policy", id, &doc, &found, &err) && found,
         &err, "the row");
    uint64_t version = doc.version;
    doc.body = body;
    must(store_doc_put(tx, &doc, version, &err) && store_commit(tx, &err), &err, "another body");
    att_arena_free(a);
}

static struct att_span body_of(struct store *store, struct att_arena *a, const char *tenant, const char *id)
{
    struct store_doc doc = { 0 };
    struct store_tx *tx = NULL;
    struct att_err err = { 0 };
    bool found = false;

    must(store_begin(store, &tx, &err) && store_doc_get(tx, a, tenant, "policy", id, &doc, &found, &err) &&
             found,
         &err, "the row");
    store_rollback(tx);
    return doc.body;
}

static bool opens(struct store *store, const uint8_t *with, enum att_code *ret)
{
    struct site *s = NULL;
    struct att_err err = { 0 };
    bool ok = site_open_sealed(store, with, &s, &err);

    *ret = err.code;
    site_close(s);
    return ok;
}

static void test_life(struct store *store, struct town *t)
{
    struct site *s = sealed_site(store);
    enum att_code code = ATT_OK;

    build(s, t);
    set_policy(s, &t->north.p, "sgxenclave", 0);
    set_policy(s, &t->north.p, "sgxenclave", 1);
    set_policy(s, &t->south.p, "tpm", 0);
    check(policy_is(s, &t->north.p, "sgxenclave") && history_is(s, &t->north.p, "sgxenclave", 2),
          "as it was set");
    struct seen policies = seen_in(store, "policy"), events = seen_in(store, SITE_ROW_EVENT);
    check(policies.rows == 2 && policies.sealed && !policies.secret, "rows of policies say nothing");
    check(events.rows == 3 && events.sealed && !events.secret, "rows of history say nothing");
    check(!seen_in(store, "provider").sealed, "other rows are as they were");
    site_close(s);
    s = sealed_site(store);
    check(policy_is(s, &t->north.p, "sgxenclave") && history_is(s, &t->north.p, "sgxenclave", 2),
          "after a start");
    struct att_err err = { 0 };
    must(site_refresh(s, &err), &err, "a refresh");
    check(policy_is(s, &t->south.p, "tpm"), "after a refresh");
    site_close(s);
    check(!opens(store, NULL, &code) && code == ATT_STORE_FAILED, "without the key nothing opens");
    check(!opens(store, other_key, &code) && code != ATT_OK, "with another key neither");
    check(opens(store, key, &code), "with the key it does");
}

static void test_tampering(struct store *store, const struct town *t)
{
    struct att_arena *a = att_arena_new((size_t)8 << 20);
    struct a_policy north, south;
    const char *one = a_policy(&north, &t->north.p, "sgxenclave")->o.key;
    const char *two = a_policy(&south, &t->south.p, "tpm")->o.key;
    struct att_span good = body_of(store, a, TENANT_A, one);
    struct att_buf bad = { 0 };
    enum att_code code = ATT_OK;

    overwrite(store, TENANT_A, one, body_of(store, a, TENANT_A, two));
    check(!opens(store, key, &code), "another policy's row in its place");
    overwrite(store, TENANT_A, one,
              att_str("{\"changed_by\":\"x\",\"created_at\":1,\"created_by\":\"x\",\"text\":\"AA\",\"token\":"
                      "\"e30.e30.AAAA\","
                      "\"type\":\"sgxenclave\"}"));
    check(!opens(store, key, &code), "a policy in the clear: whoever can write the store would set one");
    static const char *const shapes[] = { "{}",
                                          "{\"sealed\":7}",
                                          "{\"sealed\":\"\"}",
                                          "{\"sealed\":\"AA\"}",
                                          "[]",
                                          "{\"sealed\":\"%\"}",
                                          "null",
                                          "{\"Sealed\":\"AAAA\"}" };
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        overwrite(store, TENANT_A, one, att_str(shapes[i]));
        cases_check(&cases, !opens(store, key, &code) && code == ATT_STORE_FAILED, "shape %s", shapes[i]);
    }
    for (size_t at = 11; at + 2 < good.len; at += 41) { /* within the sealed text */
        att_buf_clear(&bad);
        att_buf_put(&bad, good);
        bad.ptr[at] = bad.ptr[at] == 'A' ? 'B' : 'A';
        overwrite(store, TENANT_A, one, att_buf_span(&bad));
        cases_check(&cases, !opens(store, key, &code), "a changed byte at %zu", at);
    }
    overwrite(store, TENANT_A, one, good);
    check(opens(store, key, &code), "as it was");
    att_buf_free(&bad);
    att_arena_free(a);
}

/* A store from before: its rows are sealed once, all of them or none. */
static void test_seal_rows(void)
{
    struct store *store = memory_store();
    struct site *s = site_on(store);
    static struct town t;
    struct store_tx *tx = NULL;
    struct att_err err = { 0 };
    enum att_code code = ATT_OK;
    size_t count = 0;

    build(s, &t);
    set_policy(s, &t.north.p, "sgxenclave", 0);
    set_policy(s, &t.south.p, "tpm", 0);
    site_close(s);
    check(!opens(store, key, &code), "rows in the clear are none with a key");
    must(store_begin(store, &tx, &err) && site_seal_rows(store, tx, key, &count, &err), &err, "sealing");
    store_rollback(tx);
    check(count == 4 && opens(store, NULL, &code) && !opens(store, key, &code),
          "a transaction that is given up changes nothing");
    must(store_begin(store, &tx, &err) && site_seal_rows(store, tx, key, &count, &err) &&
             store_commit(tx, &err),
         &err, "sealing");
    check(count == 4 && !seen_in(store, "policy").secret && !seen_in(store, SITE_ROW_EVENT).secret,
          "four rows");
    s = sealed_site(store);
    check(policy_is(s, &t.north.p, "sgxenclave") && history_is(s, &t.south.p, "tpm", 1), "and they open");
    site_close(s);
    store_close(store);
}

int main(void)
{
    static struct town t;
    struct store *store = memory_store();

    test_life(store, &t);
    test_tampering(store, &t);
    store_close(store);
    test_seal_rows();
    return cases_report(&cases);
}
