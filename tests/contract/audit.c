#include "contract/backend.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define CHECK(ok, ...) cases_check(&cases, ok, __VA_ARGS__)

static void seq_has_no_gap(void)
{
    struct store *s = open_fresh();
    struct store_audit last = { 0 };
    bool found = true;
    uint64_t seq = 0, want = 0;

    if (!s)
        return;
    struct store_tx *tx = begin(s);
    CHECK(store_audit_last(tx, arena, &last, &found, &step_err) && !found, "a new trail has no last record");
    store_rollback(tx);
    for (int i = 0; i < 30; i++) {
        tx = begin(s);
        bool keep = i % 3 != 1;
        for (int n = 0; n <= i % 4; n++) {
            bool ok = audit(tx, "t", "/a", "{\"x\":1}", &seq);
            want++;
            CHECK(ok && seq == want, "round %d: seq %" PRIu64 ", want %" PRIu64 " %s", i, seq, want,
                  step_err.text);
            CHECK(store_audit_last(tx, arena, &last, &found, &step_err) && found && last.seq == seq,
                  "round %d: it is the last one at once", i);
        }
        if (keep) {
            CHECK(commit(tx), "commit: %s", step_err.text);
            continue;
        }
        store_rollback(tx);
        want -= (uint64_t)(i % 4 + 1);
    }
    tx = begin(s);
    CHECK(store_audit_last(tx, arena, &last, &found, &step_err) && found && last.seq == want &&
              strcmp(last.tenant, "t") == 0 && strcmp(last.scope, "/a") == 0 &&
              last.at_unix_s == 1700000001 && att_span_is(last.body, "{\"x\":1}"),
          "the last record, whole: seq %" PRIu64, last.seq);
    store_rollback(tx);
    store_close(s);
}

static const char *const scopes[] = {
    "",     "/",    "/a",   "/a/b", "/a/b/c",        "/a/bb", "/a/b.c", "/a/b0",
    "/a/B", "/a/%", "/a/_", "/a/x", "/a/b/\xc3\xa9", "/a/'",  "/a/\\",
};
enum { SCOPES = sizeof scopes / sizeof scopes[0] };

static void scopes_cover_what_lies_below(void)
{
    static const struct {
        const char *scope, *want; /* seqs of what is covered: place in `scopes` and one */
    } rows[] = {
        { "", "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 " },
        { "/", "2 " },
        { "/a", "3 4 5 6 7 8 9 10 11 12 13 14 15 " },
        { "/a/", "" },
        { "/a/b", "4 5 13 " },
        { "/a/b/", "" },
        { "/a/b/c", "5 " },
        { "/a/b/c/d", "" },
        { "/a/bb", "6 " },
        { "/a/B", "9 " },
        { "/A", "" },
        { "/a/%", "10 " },
        { "/a/_", "11 " },
        { "/a/'", "14 " },
        { "/a/\\", "15 " },
        { "%", "" },
        { "/%", "" },
        { "_a", "" },
        { "/a/b%", "" },
        { "a", "" },
    };
    struct store *s = open_fresh();

    if (!s)
        return;
    struct store_tx *tx = begin(s);
    bool ok = true;
    for (size_t i = 0; i < SCOPES; i++)
        ok = ok && audit(tx, "t", scopes[i], "{}", NULL);
    CHECK(ok && commit(tx), "records: %s", step_err.text);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct store_audit *found = NULL;
        size_t count = 0;
        char text[256] = "";
        step_err = (struct att_err){ 0 };
        ok = store_audit_list(s, arena, "t", rows[i].scope, 0, 100, &found, &count, &step_err);
        for (size_t k = 0; k < count; k++) {
            size_t len = strlen(text);
            (void)snprintf(text + len, sizeof text - len, "%" PRIu64 " ", found[k].seq);
            ok = ok && strcmp(found[k].scope, scopes[found[k].seq - 1]) == 0;
        }
        CHECK(ok && strcmp(text, rows[i].want) == 0, "\"%s\" covers %s, want %s %s", rows[i].scope, text,
              rows[i].want, step_err.text);
    }
    store_close(s);
}

static void pages_and_tenants(void)
{
    static const struct {
        const char *tenant, *scope;
        uint64_t after;
        size_t max, want_count;
        uint64_t want_first;
    } rows[] = {
        { NULL, "", 0, 100, 40, 1 },      { NULL, "", 0, 7, 7, 1 },         { NULL, "", 7, 7, 7, 8 },
        { NULL, "", 39, 7, 1, 40 },       { NULL, "", 40, 7, 0, 0 },        { NULL, "", 1000, 7, 0, 0 },
        { "t", "", 0, 100, 20, 1 },       { "u", "", 0, 100, 20, 2 },       { "u", "", 2, 3, 3, 4 },
        { "v", "", 0, 100, 0, 0 },        { "T", "", 0, 100, 0, 0 },        { "t", "/p", 0, 100, 10, 1 },
        { "u", "/p", 0, 100, 0, 0 },      { NULL, "", 0, 0, 0, 0 },         { NULL, "", UINT64_MAX, 7, 0, 0 },
        { NULL, "", INT64_MAX, 7, 0, 0 }, { NULL, "", 0, SIZE_MAX, 40, 1 },
    };
    struct store *s = open_fresh();

    if (!s)
        return;
    struct store_tx *tx = begin(s);
    bool ok = true;
    for (int i = 0; i < 40; i++)
        ok = ok && audit(tx, i % 2 ? "u" : "t", i % 4 ? "/q" : "/p/x", "{}", NULL);
    CHECK(ok && commit(tx), "records: %s", step_err.text);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct store_audit *found = NULL;
        size_t count = 99;
        step_err = (struct att_err){ 0 };
        ok = store_audit_list(s, arena, rows[i].tenant, rows[i].scope, rows[i].after, rows[i].max, &found,
                              &count, &step_err);
        for (size_t k = 1; ok && k < count; k++)
            ok = found[k].seq > found[k - 1].seq;
        CHECK(ok && count == rows[i].want_count && (count == 0 || found[0].seq == rows[i].want_first),
              "row %zu: %zu records, want %zu: %s", i, count, rows[i].want_count, step_err.text);
    }
    step_err = (struct att_err){ 0 };
    struct store_audit *found = NULL;
    size_t count = 0;
    CHECK(!store_audit_list(s, arena, "", "", 0, 1, &found, &count, &step_err) &&
              step_err.code == ATT_STORE_FAILED,
          "an empty tenant is not all tenants");
    step_err = (struct att_err){ 0 };
    CHECK(!store_audit_list(s, arena, NULL, "\xff", 0, 1, &found, &count, &step_err) &&
              step_err.code == ATT_STORE_FAILED,
          "a scope that is not UTF-8");
    store_close(s);
}

void audit_suite(void)
{
    seq_has_no_gap();
    scopes_cover_what_lies_below();
    pages_and_tenants();
}
