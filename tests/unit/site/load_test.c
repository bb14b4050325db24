/* layers: site access store/memory store/sqlite store base codec */
/* Starting: a site with a broken, lost or contradictory row does not start and says which; a large one starts fast. */
#include "fixture.h"

#include <malloc.h>
#include <time.h>

static struct cases cases = { .name = "site.load" };

#define WHO          "\"changed_by\":\"x\",\"created_at\":\"2027-01-15T08:00:00Z\",\"created_by\":\"x\","
#define S_A          "/subscriptions/" SUB_A
#define G            S_A "/resourcegroups/one"
#define P            G "/providers/microsoft.attestation/attestationproviders/north"
#define P2           G "/providers/microsoft.attestation/attestationproviders/south"
#define SUBSCRIPTION "{" WHO "\"id\":\"" SUB_A "\",\"name\":\"n\",\"registered\":true}"
#define GROUP        "{" WHO "\"location\":\"l\",\"name\":\"one\",\"subscription\":\"" SUB_A "\",\"tags\":null}"
#define PROVIDER(n)                                                                                          \
    "{\"certificates\":[]," WHO "\"group\":\"one\",\"isolated\":false,\"location\":\"l\",\"name\":\"" n      \
    "\","                                                                                                    \
    "\"public_network_disabled\":false,\"signers\":null,\"subscription\":\"" SUB_A                           \
    "\",\"tags\":null,\"tpm_authentication_disabled\":false}"
#define PRINCIPAL(s)                                                                                         \
    "{\"changed_by\":\"x\",\"client_id\":\"" BOB                                                             \
    "\",\"created_at\":\"2027-01-15T08:00:00Z\",\"created_by\":\"x\","                                       \
    "\"credentials\":[],\"name\":\"n\",\"subscription\":\"" s "\"}"

struct row {
    const char *tenant, *kind, *id, *body;
};
#define ROWS_MAX 6
static const struct {
    const char *name;
    struct row rows[ROWS_MAX];
    const char *kind, *id; /* named by the refusal; NULL: it starts */
} starts[] = {
    { "an empty store", { { 0 } }, NULL, NULL },
    { "one of each",
      { { TENANT_A, "subscription", S_A, SUBSCRIPTION },
        { TENANT_A, "group", G, GROUP },
        { TENANT_A, "provider", P, PROVIDER("North") } },
      NULL,
      NULL },
    { "rows of other kinds are others' business",
      { { "site", "signing-key", "k", "{\"x\":1}" } },
      NULL,
      NULL },
    { "a row that is not JSON",
      { { TENANT_A, "subscription", S_A, SUBSCRIPTION }, { TENANT_A, "group", G, "nonsense" } },
      "group",
      G },
    { "a row that is empty JSON",
      { { TENANT_A, "subscription", S_A, SUBSCRIPTION }, { TENANT_A, "group", G, "{}" } },
      "group",
      G },
    { "a row whose id is another's",
      { { TENANT_A, "subscription", S_A, SUBSCRIPTION }, { TENANT_A, "group", G "x", GROUP } },
      "group",
      G "x" },
    { "a row of no tenant", { { "site", "subscription", S_A, SUBSCRIPTION } }, "subscription", S_A },
    { "a group whose subscription is lost", { { TENANT_A, "group", G, GROUP } }, "group", G },
    { "A4: a group of another tenant than its subscription",
      { { TENANT_A, "subscription", S_A, SUBSCRIPTION }, { TENANT_B, "group", G, GROUP } },
      "group",
      G },
    { "a provider whose group is lost",
      { { TENANT_A, "subscription", S_A, SUBSCRIPTION }, { TENANT_A, "provider", P, PROVIDER("North") } },
      "provider",
      P },
    { "a policy whose provider is lost",
      { { TENANT_A, "subscription", S_A, SUBSCRIPTION },
        { TENANT_A, "group", G, GROUP },
        { TENANT_A, "policy", P "/policies/tpm",
          "{" WHO "\"text\":\"AA\",\"token\":\"a.b.c\",\"type\":\"Tpm\"}" } },
      "policy",
      P "/policies/tpm" },
    { "A4: one subscription of two tenants",
      { { TENANT_A, "subscription", S_A, SUBSCRIPTION }, { TENANT_B, "subscription", S_A, SUBSCRIPTION } },
      "subscription",
      S_A },
    { "two principals with one client id",
      { { TENANT_A, "subscription", S_A, SUBSCRIPTION },
        { TENANT_A, "subscription", "/subscriptions/" SUB_A2,
          "{" WHO "\"id\":\"" SUB_A2 "\",\"name\":\"n\",\"registered\":true}" },
        { TENANT_A, "principal", S_A "/principals/" BOB, PRINCIPAL(SUB_A) },
        { TENANT_A, "principal", "/subscriptions/" SUB_A2 "/principals/" BOB, PRINCIPAL(SUB_A2) } },
      "principal",
      S_A "/principals/" BOB },
    { "two providers with one name",
      { { TENANT_A, "subscription", S_A, SUBSCRIPTION },
        { TENANT_A, "group", G, GROUP },
        { TENANT_A, "group", G "2",
          "{" WHO "\"location\":\"l\",\"name\":\"one2\",\"subscription\":\"" SUB_A "\",\"tags\":null}" },
        { TENANT_A, "provider", P, PROVIDER("North") },
        { TENANT_A, "provider", G "2/providers/microsoft.attestation/attestationproviders/north",
          "{\"certificates\":[]," WHO
          "\"group\":\"one2\",\"isolated\":false,\"location\":\"l\",\"name\":\"NORTH\","
          "\"public_network_disabled\":false,\"signers\":null,\"subscription\":\"" SUB_A
          "\",\"tags\":null,\"tpm_authentication_disabled\":false}" } },
      "provider",
      P },
};

static void put_row(struct store_tx *tx, const struct row *r)
{
    struct att_err err = { 0 };
    struct store_doc doc = {
        .tenant = r->tenant, .kind = r->kind, .id = r->id, .changed_unix_s = NOW, .body = att_str(r->body)
    };

    must(store_doc_put(tx, &doc, 0, &err), &err, r->id);
}

static void start(void)
{
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        struct store *store = memory_store();
        struct store_tx *tx = NULL;
        struct site *s = NULL;
        struct att_err err = { 0 };
        must(store_begin(store, &tx, &err), &err, "a transaction");
        for (size_t k = 0; k < ROWS_MAX && starts[i].rows[k].kind; k++)
            put_row(tx, &starts[i].rows[k]);
        must(store_commit(tx, &err), &err, "a commit");
        bool opened = site_open(store, &s, &err);
        bool named = starts[i].kind && strstr(err.text, starts[i].kind) && strstr(err.text, starts[i].id) &&
                     err.code == ATT_STORE_FAILED && err.where[0] && err.found[0] && !s;
        cases_check(&cases, starts[i].kind ? !opened && named : opened, "%s: %s", starts[i].name,
                    opened ? "started" : err.text);
        /* The transaction of the failed start is over: the store can be used. */
        struct att_err again = { 0 };
        must(store_begin(store, &tx, &again), &again, "a transaction after a failed start");
        store_rollback(tx);
        site_close(s);
        store_close(store);
    }
}

/* A running site meets a row that another process has broken: it goes on with what it has, and changes nothing. */
static void broken_later(void)
{
    struct store *store = memory_store();
    struct site *s = site_on(store);
    struct town t;
    struct store_tx *tx = NULL;
    struct site_change *c = NULL;
    struct att_err err = { 0 };
    static const struct row bad = { TENANT_A, "group", G "9", "{}" };

    build(s, &t);
    const struct site_provider *before = site_get(s, SITE_PROVIDER, t.north.key);
    must(store_begin(store, &tx, &err), &err, "a transaction");
    put_row(tx, &bad);
    must(store_commit(tx, &err), &err, "a commit");
    cases_check(&cases, !site_change_begin(s, NOW, &c, &err) && err.code == ATT_STORE_FAILED,
                "no change begins: %s", err.text);
    err = (struct att_err){ 0 };
    cases_check(&cases, !site_refresh(s, &err) && err.code == ATT_STORE_FAILED, "no refresh: %s", err.text);
    const struct site_provider *after = site_get(s, SITE_PROVIDER, t.north.key);
    cases_check(&cases, before && after == before, "readers keep what they had");
    site_unref(before);
    site_unref(after);
    err = (struct att_err){ 0 };
    must(store_begin(store, &tx, &err) && store_doc_delete(tx, TENANT_A, "group", G "9", 1, &err) &&
             store_commit(tx, &err),
         &err, "repair");
    must(put_one(s, &t.north.p, 1, &err), &err, "then changes go on");
    site_close(s);
    store_close(store);
}

static double seconds(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

enum { PROVIDERS = 10000, ASSIGNMENTS = 20000 };

/* Ten thousand providers with a certificate each and twenty thousand assignments. */
static void fill(struct site *s)
{
    static uint8_t der[1000];
    const struct site_certificate certificate = { "kid-of-the-signing-key",
                                                  "https://attest.example.org/p/provider",
                                                  { der, sizeof der } };
    struct town t;
    struct site_change *c = NULL;
    struct att_err err = { 0 };

    build(s, &t);
    must(site_change_begin(s, NOW, &c, &err), &err, "a change");
    for (unsigned i = 0; i < PROVIDERS; i++) {
        struct a_provider p;
        struct an_assignment a;
        char name[20];
        char principal[40];
        (void)snprintf(name, sizeof name, "large-%u", i);
        (void)snprintf(principal, sizeof principal, "30000000-0000-4000-8000-%012u", i);
        struct site_provider *provider = a_provider(&p, TENANT_A, SUB_A, "One", name);
        provider->certificates = &certificate;
        provider->certificate_count = 1;
        must(site_put(c, provider, 0, ALICE, &err), &err, name);
        must(site_put(c, an_assignment(&a, TENANT_A, p.key, principal, ATTESTATION_READER, 2 * i), 0, ALICE,
                      &err),
             &err, name);
        /* One principal that is everywhere. */
        must(site_put(c, an_assignment(&a, TENANT_A, p.key, BOB, ATTESTATION_CONTRIBUTOR, 2 * i + 1), 0,
                      ALICE, &err),
             &err, name);
    }
    must(site_change_commit(c, &a_record, &err), &err, "30,000 rows in one change");
}

static void large(void)
{
    struct folder f;
    struct att_err err = { 0 };
    struct store *store = sqlite_store(folder_make(&f));
    struct site *s = site_on(store);
    double at = seconds();

    fill(s);
    printf("written in one change: %.2f s\n", seconds() - at);
    site_close(s);

    size_t before = mallinfo2().uordblks + mallinfo2().hblkhd;
    at = seconds();
    s = site_on(store);
    double took = seconds() - at;
    size_t bytes = mallinfo2().uordblks + mallinfo2().hblkhd - before;
    printf("read %d providers and %d assignments: %.3f s, %.1f MiB\n", PROVIDERS, ASSIGNMENTS, took,
           (double)bytes / (1 << 20));
    /* Sanitizers are slower and keep more; the figure itself is in README.md. */
    cases_check(&cases, took < 10, "a large site starts: %.3f s", took);
    cases_check(&cases, bytes < (size_t)100 << 20, "and is small: %zu bytes", bytes);

    struct access_identity who = { .tenant = TENANT_A, .principal = BOB, .name = "" };
    static const char wanted[] = G "/providers/microsoft.attestation/attestationproviders/large-9999";
    unsigned yes = 0;
    at = seconds();
    for (unsigned i = 0; i < 10000; i++)
        yes += site_allows(s, &who, wanted, ATTESTATION_WRITE, &err);
    printf("site_allows, a principal with 10,000 assignments: %.2f us\n", (seconds() - at) * 100);
    cases_check(&cases, yes == 10000, "the one assignment among 10,000 is found");

    at = seconds();
    for (unsigned i = 0; i < 50; i++) {
        struct a_provider p;
        (void)a_provider(&p, TENANT_A, SUB_A, "One", "Extra");
        must(put_one(s, &p.p, i, &err), &err, "a change");
    }
    printf("a change beside 10,000 providers: %.2f ms\n", (seconds() - at) * 20);

    struct store *other = sqlite_store(f.file);
    struct site *second = site_on(other);
    struct a_provider p;
    (void)a_provider(&p, TENANT_A, SUB_A, "One", "Extra");
    must(put_one(s, &p.p, 50, &err), &err, "a change");
    at = seconds();
    must(site_refresh(second, &err), &err, "refresh");
    printf("reading again after another's change: %.3f s\n", seconds() - at);
    const struct site_provider *extra = site_provider_by_name(second, "extra");
    cases_check(&cases, extra && extra->o.version == 51, "another's change is seen");
    site_unref(extra);
    site_close(second);
    store_close(other);
    site_close(s);
    store_close(store);
    folder_remove(&f);
}

int main(void)
{
    start();
    broken_later();
    large();
    return cases_report(&cases);
}
