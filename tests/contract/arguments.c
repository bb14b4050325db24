#include "contract/backend.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define CHECK(ok, ...) cases_check(&cases, ok, __VA_ARGS__)

/* `n` times 'x', then `tail`; malloc'd. */
static char *long_text(size_t n, const char *tail)
{
    char *text = malloc(n + strlen(tail) + 1);

    if (!text)
        abort();
    memset(text, 'x', n);
    memcpy(text + n, tail, strlen(tail) + 1);
    return text;
}

static bool round_trip(struct store *s, const struct store_doc *doc)
{
    struct store_doc back = { 0 };
    bool found = false;
    struct store_tx *tx = begin(s);
    bool ok = put_doc(tx, doc, 0) && commit(tx);

    if (!ok)
        return false;
    tx = begin(s);
    ok = get(tx, doc->tenant, doc->kind, doc->id, &back, &found) && found &&
         strcmp(back.tenant, doc->tenant) == 0 && strcmp(back.kind, doc->kind) == 0 &&
         strcmp(back.id, doc->id) == 0 && att_span_eq(back.body, doc->body) &&
         back.changed_unix_s == doc->changed_unix_s && back.version == 1;
    store_rollback(tx);
    return ok;
}

static void odd_ids(void)
{
    static const char *const ids[] = {
        "'",
        "\"",
        "\\",
        "%",
        "_",
        "a%",
        "a_",
        "ab",
        "a\\",
        "''; DROP TABLE documents; --",
        "$1",
        "?1",
        ":id",
        "@id",
        " ",
        "a ",
        " a",
        "\n",
        "\x01",
        "\x7f",
        "NULL",
        "null",
        "0",
        "1e1",
        "{}",
        "[a]",
        "caf\xc3\xa9",
        "cafe\xcc\x81",
        "\xf0\x9f\x94\x91",
        "\xef\xbb\xbf",
        "\xe2\x80\xae!",
        "/subscriptions/A/resourceGroups/B",
        "x'41'",
        "\\x41",
        "\\000",
    };
    struct store *s = open_fresh();
    char *longest = long_text(STORE_ID_BYTES_MAX, "");
    char *tenant = long_text(STORE_TENANT_BYTES_MAX, "");
    char *kind = long_text(STORE_KIND_BYTES_MAX, "");

    for (size_t i = 0; s && i < sizeof ids / sizeof ids[0]; i++) {
        struct store_doc doc = { "t'%\\", "k\"_", ids[i], 0, (int64_t)i, att_str(ids[i]) };
        CHECK(round_trip(s, &doc), "id %zu \"%s\" comes back: %s", i, ids[i], step_err.text);
    }
    struct store_doc doc = { tenant, kind, longest, 0, 1, att_str("1") };
    CHECK(s && round_trip(s, &doc), "the longest key comes back: %s", step_err.text);
    free(longest);
    free(tenant);
    free(kind);
    store_close(s);
}

static void bodies_and_times(void)
{
    static const int64_t times[] = { 0, -1, 1, INT64_MIN, INT64_MAX, 253402300799 };
    static const char *const bodies[] = { "0",       " ", "\xf0\x9f\x98\x80", "\\x7b7d",
                                          "\\u0000", "'", "{\"a\":\"\\\\\"}", "\x01\x02\x1f",
                                          "\r\n" };
    struct store *s = open_fresh();
    char *body = long_text(STORE_BODY_BYTES_MAX - 4, "\xf0\x9f\x98\x80");
    char id[32];

    for (size_t i = 0; s && i < sizeof times / sizeof times[0]; i++) {
        (void)snprintf(id, sizeof id, "time %zu", i);
        struct store_doc doc = { "t", "k", id, 0, times[i], att_str("1") };
        CHECK(round_trip(s, &doc), "time %" PRId64 " comes back: %s", times[i], step_err.text);
    }
    for (size_t i = 0; s && i < sizeof bodies / sizeof bodies[0]; i++) {
        (void)snprintf(id, sizeof id, "body %zu", i);
        struct store_doc doc = { "t", "k", id, 0, 1, att_str(bodies[i]) };
        CHECK(round_trip(s, &doc), "body %zu comes back: %s", i, step_err.text);
    }
    struct store_doc doc = { "t", "k", "longest", 0, 1, att_str(body) };
    CHECK(s && round_trip(s, &doc), "a body of 1 MiB comes back: %s", step_err.text);
    doc.id = "part";
    doc.body = att_span_of("abcdef", 3); /* a span: what lies behind it is not taken */
    CHECK(s && round_trip(s, &doc), "a part of a text comes back as that: %s", step_err.text);
    free(body);
    store_close(s);
}

struct call {
    const char *name;
    const char *tenant, *kind, *id;
    struct att_span body;
    enum att_code want;
};

static bool make_call(struct store_tx *tx, const struct call *c, int which)
{
    struct store_doc doc = { c->tenant, c->kind, c->id, 0, 1, c->body };
    struct store_audit row = { 0, c->tenant, c->id, 1, c->body };
    uint64_t seq = 0;
    bool found = false;

    step_err = (struct att_err){ 0 };
    switch (which) {
    case 0:
        return store_doc_put(tx, &doc, 0, &step_err);
    case 1:
        return store_doc_put(tx, &doc, 1, &step_err);
    case 2:
        return store_doc_get(tx, arena, c->tenant, c->kind, c->id, &doc, &found, &step_err);
    case 3:
        return store_doc_delete(tx, c->tenant, c->kind, c->id, 1, &step_err);
    default:
        return store_audit_append(tx, &row, &seq, &step_err);
    }
}

static const char *const call_names[] = { "put new", "put over", "get", "delete", "audit" };

/* Does the argument that is wrong in this row matter to the call? */
static bool matters(const struct call *c, int which)
{
    bool body = c->name[0] == 'b', kind = c->name[0] == 'k', empty_id = strcmp(c->name, "id empty") == 0;

    if (body)
        return which == 0 || which == 1 || which == 4;
    return which != 4 || (!kind && !empty_id); /* a record has no kind, and its scope may be "" */
}

static void refused_arguments(void)
{
    char *tenant = long_text(STORE_TENANT_BYTES_MAX, "y"), *kind = long_text(STORE_KIND_BYTES_MAX, "y");
    char *id = long_text(STORE_ID_BYTES_MAX, "y"), *body = long_text(STORE_BODY_BYTES_MAX, "y");
    const struct att_span one = att_str("1");
    const struct call calls[] = {
        { "tenant empty", "", "k", "a", one, ATT_STORE_FAILED },
        { "tenant missing", NULL, "k", "a", one, ATT_STORE_FAILED },
        { "tenant too long", tenant, "k", "a", one, ATT_LIMIT_EXCEEDED },
        { "tenant not UTF-8", "\xff", "k", "a", one, ATT_STORE_FAILED },
        { "kind empty", "t", "", "a", one, ATT_STORE_FAILED },
        { "kind missing", "t", NULL, "a", one, ATT_STORE_FAILED },
        { "kind too long", "t", kind, "a", one, ATT_LIMIT_EXCEEDED },
        { "kind not UTF-8", "t", "k\xc0\xaf", "a", one, ATT_STORE_FAILED },
        { "id empty", "t", "k", "", one, ATT_STORE_FAILED },
        { "id missing", "t", "k", NULL, one, ATT_STORE_FAILED },
        { "id too long", "t", "k", id, one, ATT_LIMIT_EXCEEDED },
        { "id ends in the middle of a character", "t", "k", "a\xc3", one, ATT_STORE_FAILED },
        { "id with a surrogate", "t", "k", "\xed\xa0\x80", one, ATT_STORE_FAILED },
        { "id above U+10FFFF", "t", "k", "\xf4\x90\x80\x80", one, ATT_STORE_FAILED },
        { "body missing", "t", "k", "a", { NULL, 0 }, ATT_STORE_FAILED },
        { "body empty", "t", "k", "a", att_span_of("x", 0), ATT_STORE_FAILED },
        { "body too long", "t", "k", "a", att_str(body), ATT_LIMIT_EXCEEDED },
        { "body with NUL", "t", "k", "a", att_span_of("a\0b", 3), ATT_STORE_FAILED },
        { "body of NUL", "t", "k", "a", att_span_of("\0", 1), ATT_STORE_FAILED },
        { "body not UTF-8", "t", "k", "a", att_str("{\"\x80\"}"), ATT_STORE_FAILED },
    };
    struct store *s = open_fresh();
    char *before = s && put_alone(s, "a", "1", 0) ? picture(s) : NULL;

    for (size_t i = 0; before && i < sizeof calls / sizeof calls[0]; i++) {
        for (int which = 0; which < 5; which++) {
            if (!matters(&calls[i], which))
                continue;
            struct store_tx *tx = begin(s);
            bool first = put(tx, "t", "k", "first", "1", 0);
            bool ok = make_call(tx, &calls[i], which);
            CHECK(first && !ok && step_err.code == calls[i].want && step_err.expected[0], "%s: %s: %s",
                  call_names[which], calls[i].name, ok ? "taken" : step_err.text);
            CHECK(!commit(tx), "%s: %s: no commit after that", call_names[which], calls[i].name);
        }
    }
    char *after = before ? picture(s) : NULL;
    CHECK(after && strcmp(before, after) == 0, "nothing of all that was written: %s",
          after ? after : "no store");
    step_err = (struct att_err){ 0 };
    CHECK(s && !store_scan(s, "", NULL, NULL, &step_err) && step_err.code == ATT_STORE_FAILED,
          "scan of no kind");
    step_err = (struct att_err){ 0 };
    CHECK(s && !store_scan(s, kind, NULL, NULL, &step_err) && step_err.code == ATT_LIMIT_EXCEEDED,
          "scan of a kind too long");
    free(before);
    free(after);
    free(tenant);
    free(kind);
    free(id);
    free(body);
    store_close(s);
}

/* The caller's memory ends: OUT_OF_MEMORY at every size, nothing else, and the store goes on. */
static void little_memory(void)
{
    struct store *s = open_fresh();
    struct store_doc doc = { .version = 77 };
    struct store_audit *rows = NULL;
    struct att_err err = { 0 };
    size_t count = 77;
    bool found = false, enough = false;
    unsigned refused = 0;

    if (!s)
        return;
    CHECK(put_alone(s, "a", "{\"some\":\"body, longer than a few bytes\"}", 0), "a row");
    for (int i = 0; i < 20; i++)
        CHECK(audit_alone(s, "t", "/scope", "{\"some\":\"body\"}"), "a record");
    for (size_t room = 0; room < 4096 && !enough; room += 16) {
        struct att_arena *small = att_arena_new(room);
        struct store_tx *tx = begin(s);
        err = (struct att_err){ 0 };
        enough = small && store_doc_get(tx, small, "t", "k", "a", &doc, &found, &err);
        if (!enough && (err.code != ATT_OUT_OF_MEMORY || doc.version != 77 || found))
            CHECK(false, "get with %zu bytes: %s", room, err.text);
        refused += !enough;
        store_rollback(tx);
        att_arena_free(small);
    }
    CHECK(enough && refused > 3 && doc.version == 1, "get: refused %u times, then done", refused);
    enough = false;
    refused = 0;
    for (size_t room = 0; room < 16384 && !enough; room += 112) {
        struct att_arena *small = att_arena_new(room);
        err = (struct att_err){ 0 };
        enough = small && store_audit_list(s, small, NULL, "", 0, 100, &rows, &count, &err);
        if (!enough && (err.code != ATT_OUT_OF_MEMORY || rows || count != 77))
            CHECK(false, "list with %zu bytes: %s", room, err.text);
        refused += !enough;
        CHECK(!enough || (count == 20 && rows[19].seq == 20), "list: %zu records", count);
        att_arena_free(small);
    }
    CHECK(enough && refused > 3, "list: refused %u times, then done", refused);
    CHECK(put_alone(s, "a", "2", 1), "the store goes on: %s", step_err.text);
    store_close(s);
}

void arguments_suite(void)
{
    odd_ids();
    bodies_and_times();
    refused_arguments();
    little_memory();
}
