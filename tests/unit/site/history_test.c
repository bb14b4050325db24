/* layers: site access store/memory store/sqlite store base codec */
/* What happened to policies, and tokens that count once: numbers, parts of the list, what a change that is abandoned
 * leaves, and rows that somebody has broken. On two back ends. */
#include "base/buf.h"
#include "fixture.h"
#include "site/row.h"

static struct cases cases = { .name = "site.history" };
static const char *on; /* the back end */

static void check(bool ok, const char *name)
{
    cases_check(&cases, ok, "%s: %s", on, name);
}

static void refused(bool ok, struct att_err *err, enum att_code want, const char *where, const char *name)
{
    cases_check(&cases, !ok && err->code == want && strcmp(err->where, where) == 0 && err->text[0],
                "%s: %s: wanted %s at %s, got %s at %s (%s)", on, name, att_code_name(want), where,
                ok ? "success" : att_code_name(err->code), err->where, err->text);
    *err = (struct att_err){ 0 };
}

static struct site_change *begin(struct site *s, int64_t now)
{
    struct site_change *c = NULL;
    struct att_err err = { 0 };

    must(site_change_begin(s, now, &c, &err), &err, "a change");
    return c;
}

#define THUMB "00112233445566778899AABBCCDDEEFF00112233"

static struct site_policy_event event_of(const char *token)
{
    return (struct site_policy_event){
        .by = ALICE, .token = att_str(token), .signer = THUMB, .request_id = "request-7"
    };
}

static bool put_at(struct site *s, int64_t now, const struct site_provider *p, const char *type,
                   const struct site_policy_event *event, struct att_err *err)
{
    struct site_change *c = begin(s, now);

    if (!site_history_put(c, p, type, event, err)) {
        site_change_abandon(c);
        return false;
    }
    return site_change_commit(c, &a_record, err);
}

static void must_happen(struct site *s, const struct site_provider *p, const char *type, const char *token)
{
    struct site_policy_event event = event_of(token);
    struct att_err err = { 0 };

    must(put_at(s, NOW, p, type, &event, &err), &err, "an event");
}

/* Listed numbers and tokens as one line: "3:a.b.c 2:..." */
static const char *listed(struct site *s, const struct site_provider *p, const char *type, uint64_t before,
                          size_t max)
{
    static char line[4096];
    struct att_arena *a = att_arena_new((size_t)8 << 20);
    struct site_policy_event *events = NULL;
    struct att_err err = { 0 };
    size_t count = 0;
    size_t len = 0;

    must(a && site_history_list(s, a, p, type, before, max, &events, &count, &err), &err, "a list");
    line[0] = '\0';
    for (size_t i = 0; i < count; i++)
        len += (size_t)snprintf(line + len, sizeof line - len, "%s%llu:%.*s", i ? " " : "",
                                (unsigned long long)events[i].number, (int)events[i].token.len,
                                (const char *)events[i].token.ptr);
    att_arena_free(a);
    return line;
}

static void is(const char *got, const char *want, const char *name)
{
    cases_check(&cases, strcmp(got, want) == 0, "%s: %s:\n  wanted \"%s\"\n  got    \"%s\"", on, name, want,
                got);
}

static void numbers(struct site *s, struct town *t)
{
    const struct site_provider *north = &t->north.p;
    const struct site_provider *south = &t->south.p;

    is(listed(s, north, "sgxenclave", 0, 50), "", "nothing has happened");
    is(listed(s, north, "sgxenclave", 7, 50), "", "nothing has happened, before a number");
    must_happen(s, north, "sgxenclave", "n.s.1");
    must_happen(s, north, "sgxenclave", "n.s.2");
    must_happen(s, north, "tpm", "n.t.1");
    must_happen(s, south, "sgxenclave", "s.s.1");
    must_happen(s, north, "sgxenclave", "n.s.3");
    is(listed(s, north, "sgxenclave", 0, 50), "3:n.s.3 2:n.s.2 1:n.s.1", "newest first");
    is(listed(s, north, "tpm", 0, 50), "1:n.t.1", "types apart");
    is(listed(s, south, "sgxenclave", 0, 50), "1:s.s.1", "providers apart");
    is(listed(s, &t->away.p, "sgxenclave", 0, 50), "", "a provider without");
}

static void parts(struct site *s, struct town *t)
{
    const struct site_provider *p = &t->north.p;
    static const struct {
        uint64_t before;
        size_t max;
        const char *want;
    } rows[] = {
        { 0, 0, "" },
        { 0, 1, "3:n.s.3" },
        { 0, 2, "3:n.s.3 2:n.s.2" },
        { 3, 2, "2:n.s.2 1:n.s.1" },
        { 2, 2, "1:n.s.1" },
        { 1, 2, "" },
        { 4, 1, "3:n.s.3" },
        { UINT64_MAX, SIZE_MAX, "3:n.s.3 2:n.s.2 1:n.s.1" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char name[64];
        (void)snprintf(name, sizeof name, "before %llu, at most %zu", (unsigned long long)rows[i].before,
                       rows[i].max);
        is(listed(s, p, "sgxenclave", rows[i].before, rows[i].max), rows[i].want, name);
    }
}

static void fields(struct site *s, struct town *t)
{
    struct att_arena *a = att_arena_new((size_t)8 << 20);
    struct site_policy_event *e = NULL;
    struct site_policy_event event = event_of("f.i.1");
    struct att_err err = { 0 };
    size_t count = 0;

    event.number = 99;
    event.at_unix_s = 5;
    must(put_at(s, NOW + 60, &t->away.p, "tdxvm", &event, &err), &err, "an event");
    event = event_of("eyJhbGciOiJub25lIn0..");
    event.removed = true;
    event.signer = "";
    event.request_id = "";
    event.by = "b\xc3\xb6"
               "b@example.org";
    must(put_at(s, NOW + 120, &t->away.p, "tdxvm", &event, &err), &err, "a reset");
    must(site_history_list(s, a, &t->away.p, "tdxvm", 0, 9, &e, &count, &err), &err, "a list");
    check(count == 2 && e[0].number == 2 && e[1].number == 1, "numbers are the store's");
    check(e[1].at_unix_s == NOW + 60 && e[0].at_unix_s == NOW + 120, "times are those of the changes");
    check(strcmp(e[1].by, ALICE) == 0 && strcmp(e[1].signer, THUMB) == 0 &&
              strcmp(e[1].request_id, "request-7") == 0 && !e[1].removed,
          "who, whose key, in which request");
    check(strcmp(e[0].by, "b\xc3\xb6"
                          "b@example.org") == 0 &&
              !e[0].signer[0] && !e[0].request_id[0] && e[0].removed,
          "a reset without signer");
    att_arena_free(a);
}

/* Three in one change have three numbers; a change that ends otherwise leaves none of them. */
static void with_the_change(struct site *s, struct town *t)
{
    struct site_policy_event event = event_of("c.h.1");
    struct att_err err = { 0 };
    const char *type = "openenclave";
    struct site_change *c = begin(s, NOW);

    must(site_history_put(c, &t->south.p, type, &event, &err) &&
             site_history_put(c, &t->south.p, type, &event, &err),
         &err, "two events");
    site_change_abandon(c);
    is(listed(s, &t->south.p, type, 0, 9), "", "an abandoned change leaves nothing");
    c = begin(s, NOW);
    must(site_history_put(c, &t->south.p, type, &event, &err) &&
             site_history_put(c, &t->south.p, type, &event, &err) &&
             site_history_put(c, &t->south.p, type, &event, &err) && site_change_commit(c, &a_record, &err),
         &err, "three events");
    is(listed(s, &t->south.p, type, 0, 9), "3:c.h.1 2:c.h.1 1:c.h.1", "three events in one change");
    c = begin(s, NOW);
    event.token = att_str("not a token");
    bool ok = site_history_put(c, &t->south.p, type, &event, &err);
    refused(ok, &err, ATT_PARAMETER_INVALID, "site.policy-event.token", "no JWS");
    refused(site_change_commit(c, &a_record, &err), &err, ATT_INTERNAL, "site.change",
            "a commit after a refusal");
    is(listed(s, &t->south.p, type, 0, 1), "3:c.h.1", "and nothing of it is there");
    c = begin(s, NOW);
    struct att_arena *a = att_arena_new(1 << 20);
    struct site_policy_event *events = NULL;
    size_t count = 77;
    refused(site_history_list(s, a, &t->south.p, type, 0, 9, &events, &count, &err), &err, ATT_INTERNAL,
            "site.history", "a list while a change is open");
    check(!events && count == 77, "what a refused list leaves alone");
    att_arena_free(a);
    site_change_abandon(c);
}

static void forms(struct site *s, struct town *t)
{
    enum { LONGEST = 768 * 1024 };
    struct site_policy_event event = event_of("a.b.c");
    struct a_provider stranger;
    struct att_err err = { 0 };
    char *token = malloc(LONGEST + 1);
    const struct site_provider *p = &t->south.p;

    must(token != NULL, &err, "memory");
    memset(token, 'A', LONGEST + 1);
    token[1] = token[2] = '.';
    event.token = att_span_of(token, LONGEST);
    must(put_at(s, NOW, p, "longest", &event, &err), &err, "the longest token");
    event.token = att_span_of(token, LONGEST + 1);
    refused(put_at(s, NOW, p, "longest", &event, &err), &err, ATT_PARAMETER_INVALID,
            "site.policy-event.token", "a token that is too long for a row");
    static const char *const tokens[] = { "", "a.b", "a.b.c.d", "a.b.c=", "a.b.c d", "a.b.\xc3\xb6" };
    for (size_t i = 0; i < sizeof tokens / sizeof tokens[0]; i++) {
        event = event_of(tokens[i]);
        refused(put_at(s, NOW, p, "forms", &event, &err), &err, ATT_PARAMETER_INVALID,
                "site.policy-event.token", tokens[i]);
    }
    static const char *const signers[] = { "0", "00112233445566778899aabbccddeeff00112233", THUMB "0",
                                           "0011223344556677889900112233445566778899GG" };
    for (size_t i = 0; i < sizeof signers / sizeof signers[0]; i++) {
        event = event_of("a.b.c");
        event.signer = signers[i];
        refused(put_at(s, NOW, p, "forms", &event, &err), &err, ATT_PARAMETER_INVALID,
                "site.policy-event.signer", signers[i]);
    }
    event = event_of("a.b.c");
    event.by = "";
    refused(put_at(s, NOW, p, "forms", &event, &err), &err, ATT_PARAMETER_INVALID, "site.policy-event.by",
            "nobody");
    event.by = "b\x80";
    refused(put_at(s, NOW, p, "forms", &event, &err), &err, ATT_PARAMETER_INVALID, "site.policy-event.by",
            "a name that is not UTF-8");
    event = event_of("a.b.c");
    event.request_id = "two\nlines";
    refused(put_at(s, NOW, p, "forms", &event, &err), &err, ATT_PARAMETER_INVALID,
            "site.policy-event.request_id", "a request id of two lines");
    event = event_of("a.b.c");
    static const char *const types[] = { "",   "SgxEnclave",  "a/b",
                                         "..", "sgx_enclave", "a23456789012345678901234567890123" };
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        refused(put_at(s, NOW, p, types[i], &event, &err), &err, ATT_PARAMETER_INVALID, "site.history.type",
                types[i]);
    is(listed(s, p, "forms", 0, 9), "", "refused events leave nothing");
    (void)a_provider(&stranger, TENANT_A, SUB_A, "One", "Nowhere");
    refused(put_at(s, NOW, &stranger.p, "tpm", &event, &err), &err, ATT_RESOURCE_NOT_FOUND, "site.history",
            "a provider that is not there");
    (void)a_provider(&stranger, TENANT_B, SUB_A, "One", "North");
    refused(put_at(s, NOW, &stranger.p, "tpm", &event, &err), &err, ATT_RESOURCE_NOT_FOUND, "site.history",
            "a provider of another tenant");
    free(token);
}

/* Long tokens come in parts that a request's memory holds; none is left out between them. */
static void long_parts(struct site *s, struct town *t)
{
    enum { EACH = 400 * 1024, COUNT = 7 };
    struct site_policy_event event = event_of("a.b.c");
    struct att_arena *a = att_arena_new((size_t)8 << 20);
    struct att_err err = { 0 };
    char *token = malloc(EACH);
    uint64_t want = COUNT;
    uint64_t before = 0;
    unsigned rounds = 0;
    bool bounded = true;

    must(token && a, &err, "memory");
    memset(token, 'A', EACH);
    token[1] = token[2] = '.';
    event.token = att_span_of(token, EACH);
    for (unsigned i = 0; i < COUNT; i++)
        must(put_at(s, NOW, &t->south.p, "long", &event, &err), &err, "a long token");
    for (; want > 0 && rounds < COUNT; rounds++) {
        struct site_policy_event *e = NULL;
        size_t count = 0;
        att_arena_reset(a);
        must(site_history_list(s, a, &t->south.p, "long", before, 50, &e, &count, &err), &err, "a part");
        bounded = bounded && count > 0 && (count - 1) * EACH < SITE_HISTORY_BYTES;
        for (size_t i = 0; i < count; i++, want--)
            bounded = bounded && e[i].number == want && att_span_eq(e[i].token, event.token);
        before = want + 1;
    }
    check(bounded && want == 0 && rounds == 3, "long tokens: three parts, nothing left out");
    att_arena_free(a);
    free(token);
}

static void namesake(struct site *s, struct town *t)
{
    struct a_provider room;
    struct site_provider *p = a_provider(&room, TENANT_A, SUB_A, "One-more", "Again");
    struct site_policy_event event = event_of("a.b.c");
    struct att_err err = { 0 };
    static const uint8_t used[32] = { 1 };
    bool is_new = false;

    (void)t;
    must_put(s, p);
    must_happen(s, p, "tpm", "o.l.d");
    struct site_change *c = begin(s, NOW);
    must(site_token_use(c, p, used, &is_new, &err) && site_change_commit(c, &a_record, &err), &err, "a use");
    must(delete_one(s, SITE_PROVIDER, p->o.key, 1, &err), &err, "the provider is deleted");
    is(listed(s, p, "tpm", 0, 9), "1:o.l.d", "a deleted provider leaves its history");
    refused(put_at(s, NOW, p, "tpm", &event, &err), &err, ATT_RESOURCE_NOT_FOUND, "site.history",
            "an event of a deleted provider");
    c = begin(s, NOW);
    refused(site_token_use(c, p, used, &is_new, &err), &err, ATT_RESOURCE_NOT_FOUND, "site.history",
            "a token of a deleted provider");
    site_change_abandon(c);
    must_put(s, p);
    must_happen(s, p, "tpm", "n.e.w");
    is(listed(s, p, "tpm", 0, 9), "2:n.e.w 1:o.l.d", "its namesake continues");
    c = begin(s, NOW);
    must(site_token_use(c, p, used, &is_new, &err), &err, "a use");
    check(!is_new, "a token that was used stays used for the namesake");
    site_change_abandon(c);
}

static bool use(struct site *s, const struct site_provider *p, uint8_t first, uint8_t last, bool keep)
{
    uint8_t sha256[32] = { first };
    struct att_err err = { 0 };
    bool is_new = false;

    sha256[31] = last;
    struct site_change *c = begin(s, NOW);
    must(site_token_use(c, p, sha256, &is_new, &err), &err, "a use");
    if (keep)
        must(site_change_commit(c, &a_record, &err), &err, "a commit");
    else
        site_change_abandon(c);
    return is_new;
}

static void once(struct site *s, struct town *t)
{
    static const uint8_t twice[32] = { 42 };
    struct att_err err = { 0 };
    bool first = false;
    bool second = true;

    check(use(s, &t->north.p, 1, 1, false), "a token is new");
    check(use(s, &t->north.p, 1, 1, true), "it is still, after an abandoned change");
    check(!use(s, &t->north.p, 1, 1, true), "and no longer, after one that counts");
    check(!use(s, &t->north.p, 1, 1, true), "nor ever");
    check(use(s, &t->north.p, 1, 2, true) && use(s, &t->north.p, 2, 1, true), "other tokens are others");
    check(use(s, &t->south.p, 1, 1, true), "for another provider it is new");
    struct site_change *c = begin(s, NOW);
    must(site_token_use(c, &t->north.p, twice, &first, &err) &&
             site_token_use(c, &t->north.p, twice, &second, &err) && site_change_commit(c, &a_record, &err),
         &err, "twice in one change");
    check(first && !second, "twice in one change: once");
}

/* Two sites on one store continue one another, and a reader's cached objects stay what they are. */
static void two_sites(struct store *store, struct site *s, struct town *t)
{
    struct site *other = site_on(store);
    const struct site_provider *before = site_get(s, SITE_PROVIDER, t->north.key);

    must_happen(s, &t->north.p, "two", "o.n.e");
    must_happen(other, &t->north.p, "two", "t.w.o");
    must_happen(s, &t->north.p, "two", "t.h.r");
    is(listed(s, &t->north.p, "two", 0, 9), "3:t.h.r 2:t.w.o 1:o.n.e", "two sites on one store");
    is(listed(other, &t->north.p, "two", 0, 9), "3:t.h.r 2:t.w.o 1:o.n.e", "the other one sees it, too");
    check(use(other, &t->away.p, 9, 9, true) && !use(s, &t->away.p, 9, 9, true),
          "a token that one has used the other refuses");
    const struct site_provider *after = site_get(s, SITE_PROVIDER, t->north.key);
    check(before && before == after, "objects are not made again for history");
    site_unref(before);
    site_unref(after);
    site_close(other);
}

/* -- rows that somebody has changed ------------------------------------------------------------------------ */

static void overwrite(struct store *store, const char *kind, const char *id, const char *body, int64_t at)
{
    struct att_arena *a = att_arena_new((size_t)4 << 20);
    struct store_tx *tx = NULL;
    struct store_doc doc = { 0 };
    struct att_err err = { 0 };
    bool found = false;

    must(a && store_begin(store, &tx, &err), &err, "a transaction");
    must(store_doc_get(tx, a, TENANT_A, kind, id, &doc, &found, &err), &err, id);
    uint64_t version = found ? doc.version : 0;
    doc = (struct store_doc){ .tenant = TENANT_A, .kind = kind, .id = id, .changed_unix_s = at };
    doc.body = att_str(body ? body : "");
    if (body)
        must(store_doc_put(tx, &doc, version, &err), &err, id);
    else
        must(store_doc_delete(tx, TENANT_A, kind, id, version, &err), &err, id);
    must(store_commit(tx, &err), &err, id);
    att_arena_free(a);
}

#define HEAD "{\"at\":\"2027-01-15T08:00:00Z\",\"by\":\"x\","
#define TAIL "\"request_id\":\"\",\"signer\":\"\",\"token\":\"a.b.c\"}"
#define GOOD HEAD "\"number\":2,\"removed\":false," TAIL

/* GOOD itself first: what the others differ from is read. */
static const struct {
    const char *body;
    int64_t at;
    const char *where; /* NULL: it is read */
} broken_events[] = {
    { GOOD, NOW, NULL },
    { GOOD, NOW + 1, "store.site.policy-event.at" },
    { NULL, NOW, "store.site.policy-event" },
    { "{}", NOW, "store.site.policy-event.at" },
    { "[]", NOW, "store.site.policy-event" },
    { "{", NOW, "store.json" },
    { GOOD "x", NOW, "store.json" },
    { HEAD "\"number\":3,\"removed\":false," TAIL, NOW, "store.site.policy-event.number" },
    { HEAD "\"number\":1,\"removed\":false," TAIL, NOW, "store.site.policy-event.number" },
    { HEAD "\"number\":-2,\"removed\":false," TAIL, NOW, "store.site.policy-event.number" },
    { HEAD "\"number\":\"2\",\"removed\":false," TAIL, NOW, "store.site.policy-event.number" },
    { HEAD "\"number\":4294967298,\"removed\":false," TAIL, NOW, "store.site.policy-event.number" },
    { HEAD "\"number\":2,\"removed\":0," TAIL, NOW, "store.site.policy-event.removed" },
    { HEAD "\"number\":2,\"number\":2,\"removed\":false," TAIL, NOW, "store.json" },
    { HEAD "\"more\":1,\"number\":2,\"removed\":false," TAIL, NOW, "store.site.policy-event" },
    { HEAD "\"number\":2,\"removed\":false,\"request_id\":\"\",\"signer\":\"\",\"token\":\"a.b\"}", NOW,
      "store.site.policy-event.token" },
    { HEAD "\"number\":2,\"removed\":false,\"request_id\":\"\",\"signer\":\"ab\",\"token\":\"a.b.c\"}", NOW,
      "store.site.policy-event.signer" },
    { HEAD "\"number\":2,\"removed\":false,\"request_id\":null,\"signer\":\"\",\"token\":\"a.b.c\"}", NOW,
      "store.site.policy-event.request_id" },
    { "{\"at\":\"yesterday\",\"by\":\"x\",\"number\":2,\"removed\":false," TAIL, NOW,
      "store.site.policy-event.at" },
    { "{\"at\":\"2027-01-15T08:00:00Z\",\"by\":\"\",\"number\":2,\"removed\":false," TAIL, NOW,
      "store.site.policy-event.by" },
    { "{\"at\":\"2027-01-15T08:00:00Z\",\"by\":\"a\\u0000b\",\"number\":2,\"removed\":false," TAIL, NOW,
      "store.site.policy-event.by" },
};

static void broken_event(struct store *store, struct site *s, struct town *t)
{
    struct att_arena *a = att_arena_new((size_t)4 << 20);
    char id[KEY_SIZE + 64];
    const struct site_provider *p = &t->north.p;

    for (unsigned i = 0; i < 3; i++)
        must_happen(s, p, "broken", "a.b.c");
    (void)snprintf(id, sizeof id, "%s/policies/broken/history/0000000002", t->north.key);
    for (size_t i = 0; i < sizeof broken_events / sizeof broken_events[0]; i++) {
        struct site_policy_event *e = NULL;
        struct att_err err = { 0 };
        size_t count = 0;
        char name[32];
        (void)snprintf(name, sizeof name, "broken event %zu", i);
        overwrite(store, SITE_ROW_EVENT, id, broken_events[i].body, broken_events[i].at);
        bool ok = site_history_list(s, a, p, "broken", 0, 9, &e, &count, &err);
        if (broken_events[i].where)
            refused(ok, &err, ATT_STORE_FAILED, broken_events[i].where, name);
        else
            check(ok && count == 3, name);
        if (!ok)
            check(!e && site_history_list(s, a, p, "broken", 2, 9, &e, &count, &err) && count == 1,
                  "older ones are read nevertheless");
    }
    att_arena_free(a);
}

static void broken_head(struct store *store, struct site *s, struct town *t)
{
    static const struct {
        const char *body, *where;
    } rows[] = {
        { "{}", "store.site.policy-history.last" },
        { "{\"last\":0}", "store.site.policy-history.last" },
        { "{\"last\":-1}", "store.site.policy-history.last" },
        { "{\"last\":\"2\"}", "store.site.policy-history.last" },
        { "{\"last\":4294967296}", "store.site.policy-history.last" },
        { "{\"last\":2,\"more\":1}", "store.site.policy-history" },
        { "2", "store.site.policy-history" },
    };
    struct att_arena *a = att_arena_new((size_t)4 << 20);
    const struct site_provider *p = &t->north.p;
    struct site_policy_event event = event_of("a.b.c");
    struct site_policy_event *e = NULL;
    struct att_err err = { 0 };
    size_t count = 0;
    char id[KEY_SIZE + 64];

    must_happen(s, p, "head", "f.i.r");
    must_happen(s, p, "head", "s.e.c");
    (void)snprintf(id, sizeof id, "%s/policies/head/history", t->north.key);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        overwrite(store, SITE_ROW_HISTORY, id, rows[i].body, NOW);
        refused(site_history_list(s, a, p, "head", 0, 9, &e, &count, &err), &err, ATT_STORE_FAILED,
                rows[i].where, rows[i].body);
        refused(put_at(s, NOW, p, "head", &event, &err), &err, ATT_STORE_FAILED, rows[i].where, rows[i].body);
    }
    /* A last number that is too small would write over what happened; one that is too large has a gap. */
    overwrite(store, SITE_ROW_HISTORY, id, "{\"last\":1}", NOW);
    refused(put_at(s, NOW, p, "head", &event, &err), &err, ATT_STORE_FAILED, "store.store.version",
            "a head that was put back");
    overwrite(store, SITE_ROW_HISTORY, id, NULL, NOW);
    refused(put_at(s, NOW, p, "head", &event, &err), &err, ATT_STORE_FAILED, "store.store.version",
            "a head that is gone");
    overwrite(store, SITE_ROW_HISTORY, id, "{\"last\":3}", NOW);
    refused(site_history_list(s, a, p, "head", 0, 9, &e, &count, &err), &err, ATT_STORE_FAILED,
            "store.site.policy-event", "a head that names a number that is not there");
    overwrite(store, SITE_ROW_HISTORY, id, "{\"last\":4294967295}", NOW);
    refused(put_at(s, NOW, p, "head", &event, &err), &err, ATT_LIMIT_EXCEEDED, "site.policy-history.last",
            "more than there are numbers");
    overwrite(store, SITE_ROW_HISTORY, id, "{\"last\":2}", NOW);
    is(listed(s, p, "head", 0, 9), "2:s.e.c 1:f.i.r", "put right, it is read");
    att_arena_free(a);
}

/* As it is in stores by now: a change here is a migration. */
static void golden(struct store *store, struct site *s, struct town *t)
{
    struct att_arena *a = att_arena_new((size_t)4 << 20);
    struct store_tx *tx = NULL;
    struct store_doc doc = { 0 };
    struct att_err err = { 0 };
    bool found = false;
    char id[KEY_SIZE + 64];

    must_happen(s, &t->away.p, "golden", "a.b.c");
    (void)snprintf(id, sizeof id, "%s/policies/golden/history/0000000001", t->away.key);
    must(store_begin(store, &tx, &err) &&
             store_doc_get(tx, a, TENANT_A, "policy-event", id, &doc, &found, &err),
         &err, id);
    check(found && att_span_is(doc.body, "{\"at\":\"2027-01-15T08:00:00Z\",\"by\":\"" ALICE
                                         "\",\"number\":1,\"removed\":false,\"request_id\":\"request-7\","
                                         "\"signer\":\"" THUMB "\",\"token\":\"a.b.c\"}"),
          "an event to the byte");
    (void)snprintf(id, sizeof id, "%s/policies/golden/history", t->away.key);
    must(store_doc_get(tx, a, TENANT_A, "policy-history", id, &doc, &found, &err), &err, id);
    check(found && att_span_is(doc.body, "{\"last\":1}"), "the last number to the byte");
    (void)snprintf(id, sizeof id, "%.900s/tokens/01%060d01", t->south.key, 0);
    must(store_doc_get(tx, a, TENANT_A, "policy-token-used", id, &doc, &found, &err), &err, id);
    check(found && att_span_is(doc.body, "{}") && doc.changed_unix_s == NOW, "a used token to the byte");
    store_rollback(tx);
    att_arena_free(a);
}

static void run(struct store *store, const char *name)
{
    struct site *s = site_on(store);
    struct site_audit_end end = { 0 };
    struct att_err err = { 0 };
    struct town t;

    on = name;
    build(s, &t);
    numbers(s, &t);
    parts(s, &t);
    fields(s, &t);
    with_the_change(s, &t);
    forms(s, &t);
    long_parts(s, &t);
    namesake(s, &t);
    once(s, &t);
    two_sites(store, s, &t);
    broken_event(store, s, &t);
    broken_head(store, s, &t);
    golden(store, s, &t);
    check(site_audit_verify(s, &end, &err), "the trail holds");
    site_close(s);
    s = site_on(store);
    is(listed(s, &t.north.p, "sgxenclave", 0, 50), "3:n.s.3 2:n.s.2 1:n.s.1", "after another start");
    check(!use(s, &t.north.p, 1, 1, true), "used tokens stay used after another start");
    site_close(s);
    store_close(store);
}

int main(void)
{
    struct folder f;

    run(memory_store(), "memory");
    run(sqlite_store(folder_make(&f)), "sqlite");
    folder_remove(&f);
    return cases_report(&cases);
}
