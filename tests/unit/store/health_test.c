/* layers: store base */
/* How an installation stands with its store: outage and its bound, on a clock that the test sets back. */
#include "store/health.h"
#include "support/cases.h"

static struct cases cases = { .name = "store.health" };
#define CHECK(ok, ...) cases_check(&cases, ok, __VA_ARGS__)

static void ago(struct store_health *h, int64_t seconds)
{
    atomic_store(&h->fresh_ms, store_health_clock_ms() - 1000 * seconds);
}

static bool fresh(const struct store_health *h, struct att_err *err)
{
    *err = (struct att_err){ 0 };
    return store_health_fresh_enough(h, err);
}

static void bounds(void)
{
    static const struct {
        const char *name;
        uint64_t bound_s;
        int64_t ago_s;
        bool want;
    } rows[] = {
        { "just read", 10, 0, true },
        { "at the bound", 10, 10, true },
        { "a second past it", 10, 11, false },
        { "long past it", 10, 1000000, false },
        { "no bound", 0, 1000000, true },
        { "a look in the future", 10, -100, true },
        { "the default, a day", 86400, 86399, true },
        { "the default, past a day", 86400, 86402, false },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct store_health h;
        struct att_err err;
        store_health_init(&h, rows[i].bound_s, 1700000000);
        ago(&h, rows[i].ago_s);
        bool ok = fresh(&h, &err);
        CHECK(ok == rows[i].want && err.code == (ok ? ATT_OK : ATT_STORE_STALE), "%s: %s", rows[i].name,
              err.text);
    }
}

static void an_outage(void)
{
    struct store_health h;
    struct att_err err;

    store_health_init(&h, 60, 1700000000);
    CHECK(!store_health_away(&h) && !store_health_out(&h) && store_health_outage_s(&h) == 0, "all is well");
    CHECK(!store_health_waited(&h, true), "a wait that says so is no news");
    CHECK(store_health_waited(&h, false) && !store_health_waited(&h, false), "a failed one is, once");
    ago(&h, 30);
    CHECK(store_health_away(&h) && store_health_out(&h) && store_health_outage_s(&h) >= 30 && fresh(&h, &err),
          "30 s without it: %llu", (unsigned long long)store_health_outage_s(&h));
    CHECK(atomic_load(&h.reconnects) == 0 && store_health_waited(&h, true) &&
              atomic_load(&h.reconnects) == 1 && !store_health_away(&h),
          "it is back");

    /* Nobody has read anything yet. */
    store_health_refreshed(&h, STORE_REFRESH_FAILED, 99, 1700000100);
    CHECK(store_health_out(&h) && !store_health_away(&h) && store_health_outage_s(&h) >= 30 &&
              atomic_load(&h.generation) == 0 && atomic_load(&h.fresh_unix_s) == 1700000000,
          "a refresh that failed leaves the memory as old as it was");
    ago(&h, 61);
    CHECK(!fresh(&h, &err), "and does not buy time");
    store_health_refreshed(&h, STORE_REFRESH_READ, 7, 1700000200);
    CHECK(fresh(&h, &err) && !store_health_out(&h) && atomic_load(&h.generation) == 7 &&
              atomic_load(&h.fresh_unix_s) == 1700000200,
          "one that did not fail ends it");
    store_health_refreshed(&h, STORE_REFRESH_SAME, 7, 1700000201);
    CHECK(atomic_load(&h.refreshes_failed) == 1 && atomic_load(&h.refreshes_read) == 1 &&
              atomic_load(&h.refreshes_same) == 1,
          "each is counted by its outcome");
    /* A thread of changes that hangs says nothing at all. */
    ago(&h, 61);
    CHECK(!store_health_out(&h) && !fresh(&h, &err), "nobody has looked, nor said that he could not");
}

static void without_one(void)
{
    struct att_err err;

    CHECK(!store_health_away(NULL) && !store_health_out(NULL) && store_health_outage_s(NULL) == 0 &&
              fresh(NULL, &err),
          "no store that could be away");
}

int main(void)
{
    bounds();
    an_outage();
    without_one();
    return cases_report(&cases);
}
