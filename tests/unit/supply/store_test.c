/* layers: supply attest makers store/memory store/sqlite store base codec */
/* What is fetched is kept: across restarts, between replicas, and never backwards. */
#include "world.h"

#include "store/memory/memory.h"
#include "store/sqlite/sqlite.h"
#include <unistd.h>

static struct cases cases = { .name = "supply.store" };
static struct lab lab;

#define TCB_ID "dcap/tcb-info/sgx/7e5700000001/current"

static struct store *memory_store(void)
{
    struct store *s = NULL;
    struct att_err err = { 0 };

    must(store_memory_open("", &s, &err), "store", &err);
    return s;
}

static struct store *sqlite_store(const char *path)
{
    struct store *s = NULL;
    struct att_err err = { 0 };

    must(store_sqlite_open(path, &s, &err), "store", &err);
    return s;
}

static void world_on(struct world *w, struct store *store)
{
    world_init(w, &lab);
    w->store = store;
    (void)world_add(w, SUPPLY_PCS, "https://pcs.test");
    world_open(w);
}

/* The service ends and begins again on the same store, at the time it is. */
static void restart(struct world *w)
{
    supply_free(w->supply);
    w->supply = NULL;
    att_collateral_free(w->snapshot);
    w->snapshot = NULL;
    world_open(w);
}

static void restarts(struct store *store, const char *name)
{
    const struct att_collateral_want what = want_sgx();
    struct att_tcb_floor floor = { 0 };
    struct world w;

    world_on(&w, store);
    must(world_want(&w, &what, 2000).good, "the platform's collateral", NULL);
    restart(&w);
    cases_check(&cases, world_attest(&w, NULL) == ATT_OK && w.gets[0] == 8,
                "%s: all is there after a restart, and nobody was asked: %u", name, w.gets[0]);
    cases_check(&cases, supply_floors(w.supply, &floor, 1) == 1 && floor.evaluation_number == 17,
                "%s: a floor of %u", name, floor.evaluation_number);
    w.vendor[0].mode = VENDOR_DOWN;
    world_leap(&w, 31 * DAY);
    restart(&w);
    enum att_code code = world_attest(&w, NULL);
    cases_check(&cases, code != ATT_OK && code != ATT_COLLATERAL_MISSING,
                "%s: what has expired is refused with its own code after a restart, too: %s", name,
                att_code_name(code));
    w.vendor[0].mode = VENDOR_OK;
    world_run(&w, 10 * 60);
    cases_check(&cases, world_attest(&w, NULL) == ATT_OK, "%s: and refreshed", name);
    world_close(&w);
}

static bool drop_items(void *ctx, const struct store_doc *doc, struct att_err *err)
{
    struct store_doc *room = ctx;

    (void)err;
    if (strcmp(doc->id, TCB_ID) == 0)
        room->version = doc->version;
    return true;
}

/* Somebody deletes the row of the item: the floor still stands. */
static void delete_item(struct store *store)
{
    struct store_doc row = { 0 };
    struct store_tx *tx = NULL;
    struct att_err err = { 0 };

    must(store_scan(store, "collateral", drop_items, &row, &err) && row.version > 0 &&
             store_begin(store, &tx, &err) &&
             store_doc_delete(tx, "site", "collateral", TCB_ID, row.version, &err) && store_commit(tx, &err),
         "deleting a row", &err);
}

static void never_backwards(struct store *store, const char *name)
{
    const struct att_collateral_want what = want_sgx();
    static const enum vendor_mode lies[] = { VENDOR_LIE_OLD, VENDOR_LIE_LOW };
    struct world w;

    world_on(&w, store);
    must(world_want(&w, &what, 2000).good, "the platform's collateral", NULL);
    delete_item(store);
    restart(&w);
    cases_check(&cases, world_attest(&w, NULL) == ATT_COLLATERAL_MISSING, "%s: the item is gone", name);
    for (size_t i = 0; i < 2; i++) {
        w.vendor[0].mode = lies[i];
        restart(&w);
        struct answer a = world_want(&w, &what, 2000);
        struct looking l = world_look(&w, TCB_ID);
        cases_check(&cases, !a.good && l.item.last.code == ATT_TCB_EVAL_NUMBER_TOO_LOW,
                    "E-d: %s: %s with the set before the highest one seen is refused after a restart: %s",
                    name, vendor_mode_names[lies[i]], a.err.text);
        cases_check(&cases, world_attest(&w, NULL) == ATT_COLLATERAL_MISSING, "E-d: %s: and not used", name);
    }
    w.vendor[0].mode = VENDOR_OK;
    w.vendor[0].number = 18;
    restart(&w);
    cases_check(&cases, world_want(&w, &what, 2000).good, "%s: the next set is taken", name);
    struct att_tcb_floor floor = { 0 };
    cases_check(&cases, supply_floors(w.supply, &floor, 1) == 1 && floor.evaluation_number == 18,
                "%s: and raises the floor", name);
    world_close(&w);
}

/* -- rows that somebody has changed --------------------------------------------------------------------------- */

static void put_row(struct store *store, const char *kind, const char *id, const char *body)
{
    struct store_tx *tx = NULL;
    struct att_arena *a = att_arena_new(4 << 20);
    struct att_err err = { 0 };
    struct store_doc old = { 0 }, doc = { .tenant = "site", .kind = kind, .id = id, .body = att_str(body) };
    bool found = false;

    must(a && store_begin(store, &tx, &err) && store_doc_get(tx, a, "site", kind, id, &old, &found, &err) &&
             store_doc_put(tx, &doc, found ? old.version : 0, &err) && store_commit(tx, &err),
         "a row", &err);
    att_arena_free(a);
}

static void broken_rows(void)
{
    static const char *const bodies[] = {
        "{}",
        "[]",
        "null",
        "not JSON",
        "{\"body\":\"\",\"chain\":\"\",\"fetched\":1781524800,\"source\":\"x\"}",
        "{\"body\":\"!!\",\"chain\":\"\",\"fetched\":1781524800,\"source\":\"x\"}",
        "{\"body\":\"e30=\",\"chain\":\"\",\"fetched\":\"now\",\"source\":\"x\"}",
        "{\"body\":\"e30=\",\"chain\":\"\",\"fetched\":1781524800,\"source\":7}",
        "{\"body\":\"e30=\",\"chain\":\"e30=\",\"fetched\":1781524800,\"source\":\"x\"}",
    };
    const struct att_collateral_want what = want_sgx();

    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        struct store *store = memory_store();
        struct world w;
        put_row(store, "collateral", TCB_ID, bodies[i]);
        put_row(store, "collateral", "no/such/item", bodies[i]);
        put_row(store, "collateral-floor", "sgx/7e5700000001", bodies[i]);
        put_row(store, "collateral-floor", "else", "{\"number\":5}");
        put_row(store, "collateral-claim", TCB_ID, bodies[i]);
        world_on(&w, store);
        cases_check(&cases, strstr(w.log, "collateral.refused " TCB_ID " store"), "row %zu: refused", i);
        cases_check(&cases, !world_look(&w, TCB_ID).item.held, "row %zu: not held", i);
        cases_check(&cases, world_want(&w, &what, 2000).good && world_attest(&w, NULL) == ATT_OK,
                    "row %zu: fetched all the same", i);
        restart(&w);
        cases_check(&cases, world_attest(&w, NULL) == ATT_OK, "row %zu: and replaced", i);
        world_close(&w);
        store_close(store);
    }
}

/* -- replicas ------------------------------------------------------------------------------------------------- */

static void replicas(const char *path)
{
    const struct att_collateral_want what = want_sgx();
    struct world a, b;
    struct answer waits = { 0 };

    struct store *of_a = sqlite_store(path), *of_b = sqlite_store(path);
    world_on(&a, of_a);
    world_on(&b, of_b);
    must(world_want(&a, &what, 2000).good, "the platform's collateral", NULL);
    world_run(&b, 10);
    cases_check(&cases, world_attest(&b, NULL) == ATT_OK && b.gets[0] == 0,
                "the other one has it, and asked nobody: %u", b.gets[0]);
    cases_check(&cases, world_want(&b, &what, 2000).good, "and says so");
    for (unsigned hours = 0; hours < 49; hours++) { /* both live on, at nearly the same time */
        world_leap(&a, HOUR);
        world_leap(&b, HOUR);
    }
    cases_check(&cases, a.gets[0] + b.gets[0] <= 8 * 3 + 4 && a.gets[0] + b.gets[0] >= 8 * 3,
                "two days: one refresh of each item a day, whoever does it: %u and %u", a.gets[0], b.gets[0]);
    /* A platform that both are asked for at once. */
    struct att_collateral_want other = what;
    other.fmspc[4] = 9;
    a.path = b.path = "fmspc=7e5700000901&";
    supply_want(b.supply, &other, 2000, on_done, &waits);
    struct answer first = world_want(&a, &other, 2000);
    world_run(&b, 1);
    cases_check(&cases, first.good && waits.calls == 1 && waits.good, "a platform that both want");
    struct att_tcb_floor floors[4];
    cases_check(&cases, supply_floors(b.supply, floors, 4) == 2, "floors of both");
    world_close(&a);
    world_close(&b);
    store_close(of_a);
    store_close(of_b);
}

/* -- a store that fails --------------------------------------------------------------------------------------- */

static bool failing;
static const struct store_ops *real_ops;
static struct store_ops ops;

static bool begin_fails(struct store *s, struct store_tx **ret, struct att_err *err)
{
    if (!failing)
        return real_ops->begin(s, ret, err);
    *err = (struct att_err){ .code = ATT_STORE_FAILED, .found = "a broken store" };
    return false;
}

static bool generation_fails(struct store *s, uint64_t *ret, struct att_err *err)
{
    if (!failing)
        return real_ops->generation(s, ret, err);
    *err = (struct att_err){ .code = ATT_STORE_FAILED, .found = "a broken store" };
    return false;
}

static void store_fails(void)
{
    const struct att_collateral_want what = want_sgx();
    struct store *store = memory_store();
    struct world w;

    real_ops = store->ops;
    ops = *real_ops;
    ops.begin = begin_fails;
    ops.generation = generation_fails;
    store->ops = &ops;
    failing = true;
    world_on(&w, store);
    cases_check(&cases, w.snapshots == 1, "starts without its store");
    cases_check(&cases, world_want(&w, &what, 2000).good && world_attest(&w, NULL) == ATT_OK,
                "and works without it");
    const char *at = strstr(w.log, "collateral.store");
    cases_check(&cases, at && !strstr(at + 1, "collateral.store"), "and says so once");
    failing = false;
    world_run(&w, 20);
    restart(&w);
    cases_check(&cases, world_attest(&w, NULL) == ATT_OK && w.gets[0] == 8,
                "what was fetched meanwhile is kept: %u", w.gets[0]);
    world_close(&w);
    store_close(store);
}

/* Whoever makes up a chip makes nobody write: each write is one that all replicas read their site again for. */
static void made_up_chips(void)
{
    struct store *store = memory_store();
    struct att_collateral_want none = {
        .kind = ATT_ITEM_VCEK, .product = "Milan", .chip_id_bytes = 64, .tcb = { 4 }
    };
    struct att_err err = { 0 };
    uint64_t before = 0, after = 0;
    struct world w;

    memset(none.chip_id, 0xff, sizeof none.chip_id);
    world_init(&w, &lab);
    (void)world_add(&w, SUPPLY_KDS, "https://kds.test");
    w.store = store;
    world_open(&w);
    world_run(&w, 5 * 60);
    w.path = "/vcek/v1/Milan/ffff";
    must(store_generation(store, &before, &err), "generation", &err);
    struct answer a = world_want(&w, &none, 2000);
    must(store_generation(store, &after, &err), "generation", &err);
    cases_check(&cases, !a.good && w.gets_of_path == 1, "a made-up chip is asked for: %s", a.err.text);
    cases_check(&cases, before > 0 && after == before, "and leaves the store alone: %llu, %llu",
                (unsigned long long)before, (unsigned long long)after);
    world_close(&w);
    store_close(store);
}

int main(void)
{
    char folder[40], path[64];

    /* A hundred commits, each of them waited for: not on a disk, where there is a choice. */
    (void)snprintf(folder, sizeof folder, "%s/supply-XXXXXX",
                   access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    must(mkdtemp(folder) != NULL, "folder", NULL);
    lab_open(&lab, false);
    for (unsigned i = 0; i < 2; i++) {
        (void)snprintf(path, sizeof path, "%s/restart-%u", folder, i);
        struct store *first = i == 0 ? memory_store() : sqlite_store(path);
        restarts(first, i == 0 ? "memory" : "sqlite");
        store_close(first);
        (void)snprintf(path, sizeof path, "%s/backwards-%u", folder, i);
        struct store *other = i == 0 ? memory_store() : sqlite_store(path);
        never_backwards(other, i == 0 ? "memory" : "sqlite");
        store_close(other);
    }
    broken_rows();
    (void)snprintf(path, sizeof path, "%s/replicas", folder);
    replicas(path);
    store_fails();
    made_up_chips();
    lab_close(&lab);
    char *rm = NULL;
    must(asprintf(&rm, "rm -rf %s", folder) > 0 && system(rm) == 0, "removing the folder", NULL);
    free(rm);
    return cases_report(&cases);
}
