/* layers: supply attest makers store/memory store base codec */
/* The collateral service with one source and no store: what it asks for, when, and what it does with the answers. */
#include "world.h"

static struct cases cases = { .name = "supply.service" };
static struct lab lab;

#define TCB_ID "dcap/tcb-info/sgx/7e5700000001/current"

static void world_pcs(struct world *w)
{
    world_init(w, &lab);
    (void)world_add(w, SUPPLY_PCS, "https://pcs.test");
    world_open(w);
}

/* With all that the lab's evidence needs. */
static void world_known(struct world *w)
{
    const struct att_collateral_want what = want_sgx();

    world_pcs(w);
    must(world_want(w, &what, 2000).good, "the platform's collateral", NULL);
}

static void first_want(void)
{
    struct att_collateral_want missing, what = want_sgx();
    struct world w;

    world_pcs(&w);
    cases_check(&cases, w.gets[0] == 0, "nothing is known: nobody is asked, %u", w.gets[0]);
    cases_check(&cases, w.snapshots == 1 && world_attest(&w, &missing) == ATT_COLLATERAL_MISSING,
                "nothing is there");
    cases_check(&cases, missing.kind == ATT_ITEM_TCB_INFO && memcmp(missing.fmspc, what.fmspc, 6) == 0,
                "the attestation says what it misses");
    struct answer a = world_want(&w, &missing, 2000);
    cases_check(&cases, a.calls == 1 && a.good, "the item comes: %s", a.err.text);
    enum att_code code = world_attest(&w, NULL);
    cases_check(&cases, code == ATT_OK, "and with it all that the evidence needs: %s", att_code_name(code));
    cases_check(&cases, w.gets[0] == 8, "one GET for each of the eight items of a platform: %u", w.gets[0]);
    static const char *const ids[] = { TCB_ID,
                                       "dcap/tcb-info/sgx/7e5700000001/early",
                                       "dcap/qe-identity/sgx/current",
                                       "dcap/qe-identity/sgx/early",
                                       "dcap/tcb-numbers/sgx",
                                       "dcap/pck-crl/platform",
                                       "dcap/pck-crl/processor",
                                       "dcap/root-ca-crl" };
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
        struct looking l = world_look(&w, ids[i]);
        cases_check(&cases, l.found && l.item.held && l.item.last.code == ATT_OK && l.item.last_status == 200,
                    "%s: held %d, %u %s", ids[i], l.item.held, l.item.last_status, l.item.last.text);
    }
    struct looking l = world_look(&w, ids[0]);
    cases_check(&cases, l.count == 8 && l.ordered && strcmp(l.source, "https://pcs.test") == 0,
                "in order of ids, %u", l.count);
    cases_check(&cases, l.item.facts.evaluation_number == 17, "number %u", l.item.facts.evaluation_number);
    cases_check(&cases, w.snapshots <= 4, "a burst makes few snapshots: %u", w.snapshots);
    a = world_want(&w, &missing, 2000);
    cases_check(&cases, a.calls == 1 && a.good && w.gets[0] == 8, "asked for again: it is here");
    world_close(&w);
}

/* -- an hour with every kind of trouble ------------------------------------------------------------------------ */

/* Whatever a source does, what is held stays usable, and no attestation of a known platform fails. */
static void troubled_hour(enum vendor_mode mode)
{
    const char *name = vendor_mode_names[mode];
    struct att_collateral *before;
    struct world w;
    unsigned failures = 0;

    world_known(&w);
    world_run(&w, DAY - 60); /* a minute before all of it is looked at again */
    w.vendor[0].mode = mode;
    unsigned gets = w.gets[0], snapshots = w.snapshots;
    before = att_collateral_ref(w.snapshot);
    int64_t issued = world_look(&w, TCB_ID).item.facts.issued_unix_s;
    struct supply_counters c0 = world_counters(&w);
    for (unsigned minute = 0; minute < 60; minute += 10) {
        world_run(&w, 10 * 60);
        failures += world_attest(&w, NULL) != ATT_OK;
    }
    struct supply_counters c1 = world_counters(&w);
    struct looking l = world_look(&w, TCB_ID);
    unsigned asked = w.gets[0] - gets;
    if (mode == VENDOR_OK) {
        cases_check(&cases, failures == 0 && w.snapshots > snapshots && l.item.last.code == ATT_OK,
                    "%s: refreshed", name);
    } else {
        cases_check(&cases, failures == 0, "%s: %u attestations failed", name, failures);
        bool some_are_good = mode == VENDOR_LIE_LOW || mode == VENDOR_LIE_OTHER || mode == VENDOR_LIE_CHAIN;
        cases_check(&cases, l.item.facts.issued_unix_s == issued && l.item.facts.evaluation_number == 17,
                    "%s: the TCB info that is held", name);
        cases_check(&cases, some_are_good || (w.snapshot == before && w.snapshots == snapshots),
                    "%s: changed what is held: %u", name, w.snapshots - snapshots);
        cases_check(&cases, l.item.last.code != ATT_OK && l.item.held && l.item.last.found[0], "%s: says why",
                    name);
        cases_check(&cases,
                    c1.refused + c1.failed + c1.throttled > c0.refused + c0.failed + c0.throttled ||
                        mode == VENDOR_GONE || mode == VENDOR_REDIRECT,
                    "%s: is counted", name);
        cases_check(&cases, strstr(w.log, "collateral.refused") || strstr(w.log, "collateral.source"),
                    "%s: is in the log", name);
        cases_check(&cases, asked >= 1 && asked <= 8 * 8, "%s: asked %u times in an hour", name, asked);
    }
    /* And back. */
    w.vendor[0].mode = VENDOR_OK;
    world_run(&w, 3 * HOUR);
    l = world_look(&w, TCB_ID);
    cases_check(&cases, l.item.last.code == ATT_OK && w.snapshots > snapshots, "%s: over within hours: %s",
                name, l.item.last.text);
    att_collateral_free(before);
    world_close(&w);
}

static void troubles(void)
{
    for (unsigned mode = 0; mode < VENDOR_MODE_COUNT; mode++)
        troubled_hour((enum vendor_mode)mode);
}

/* What a want says when there is nothing. */
static void unknown_platform(void)
{
    static const struct {
        enum vendor_mode mode;
        const char *says;
    } rows[] = {
        { VENDOR_DOWN, "connection refused from https://pcs.test" },
        { VENDOR_ERROR, "500 from https://pcs.test: 'Internal error" },
        { VENDOR_THROTTLE, "429 from https://pcs.test" },
        { VENDOR_UNAVAILABLE, "503 from https://pcs.test: 'down for maintenance" },
        { VENDOR_DENIED, "401 from https://pcs.test: 'Access denied" },
        { VENDOR_GONE, "404 from https://pcs.test: 'No cache data" },
        { VENDOR_REDIRECT, "302 from https://pcs.test" },
        { VENDOR_HTML, "" },
        { VENDOR_EMPTY, "an empty answer" },
        { VENDOR_TRUNCATED, "" },
        { VENDOR_HUGE, "1048576" },
        { VENDOR_LIE_SIGNATURE, "" },
        { VENDOR_LIE_OTHER, "" },
        { VENDOR_LIE_CHAIN, "" },
        { VENDOR_EXPIRED, "" },
        { VENDOR_FUTURE, "" },
    };
    const struct att_collateral_want what = want_sgx();

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *name = vendor_mode_names[rows[i].mode];
        struct world w;
        world_pcs(&w);
        w.vendor[0].mode = rows[i].mode;
        struct answer a = world_want(&w, &what, 2000);
        cases_check(&cases, a.calls == 1 && !a.good && a.err.code == ATT_COLLATERAL_MISSING, "%s: %u %s",
                    name, a.calls, a.err.text);
        cases_check(&cases,
                    strstr(a.err.expected, TCB_ID) && strstr(a.err.text, rows[i].says) &&
                        strstr(a.err.text, "asked for again"),
                    "%s: %s", name, a.err.text);
        unsigned gets = w.gets[0];
        a = world_want(&w, &what, 2000);
        cases_check(&cases, a.calls == 1 && !a.good && w.gets[0] == gets,
                    "%s: known at once, nobody is asked", name);
        cases_check(&cases, world_counters(&w).missing == 2 && world_counters(&w).waited == 2, "%s: counted",
                    name);
        cases_check(&cases, w.snapshots == 1, "%s: nothing was taken, or only what goes with it: %u", name,
                    w.snapshots);
        world_close(&w);
    }
}

static void no_source(void)
{
    const struct att_collateral_want what = want_sgx();
    struct world w;

    world_init(&w, &lab);
    world_open(&w);
    struct answer a = { 0 };
    supply_want(w.supply, &what, 2000, on_done, &a);
    cases_check(&cases, a.calls == 1 && !a.good && strstr(a.err.text, "no source"), "no source: %s",
                a.err.text);
    cases_check(&cases, supply_step(w.supply) > HOUR * 1000, "and nothing to do");
    world_close(&w);
}

/* -- time ----------------------------------------------------------------------------------------------------- */

/* Held items come again before their end. */
static void lives(int64_t life_s, int64_t period_s, unsigned fifths)
{
    struct world w;
    unsigned late = 0, failures = 0;

    world_init(&w, &lab);
    world_add(&w, SUPPLY_PCS, "https://pcs.test")->life_s = life_s;
    w.vendor[0].period_s = period_s;
    world_open(&w);
    const struct att_collateral_want what = want_sgx();
    must(world_want(&w, &what, 2000).good, "the platform's collateral", NULL);
    for (unsigned i = 0; i < fifths; i++) {
        world_run(&w, life_s / 5);
        struct looking l = world_look(&w, TCB_ID);
        late += l.item.facts.next_unix_s - w.now_s < (life_s > 4 * DAY ? (int64_t)DAY : life_s / 8);
        failures += world_attest(&w, NULL) != ATT_OK;
    }
    cases_check(&cases, late == 0 && failures == 0, "life of %lld s: %u late, %u failures", (long long)life_s,
                late, failures);
    world_close(&w);
}

static void expiry_without_source(void)
{
    struct world w;
    const struct att_collateral_want what = want_sgx();

    world_known(&w);
    w.vendor[0].mode = VENDOR_DOWN;
    world_run(&w, 25 * DAY);
    struct looking l = world_look(&w, TCB_ID);
    cases_check(&cases, world_attest(&w, NULL) == ATT_OK && l.item.aging, "day 25: good, and aging");
    world_run(&w, 6 * DAY);
    enum att_code code = world_attest(&w, NULL);
    cases_check(&cases,
                code == ATT_TCB_INFO_EXPIRED || code == ATT_CRL_EXPIRED || code == ATT_QE_IDENTITY_EXPIRED,
                "day 31: refused with the item's own code: %s", att_code_name(code));
    struct answer a = world_want(&w, &what, 2000);
    cases_check(&cases, !a.good && a.err.code == ATT_COLLATERAL_MISSING, "and cannot be had: %s", a.err.text);
    w.vendor[0].mode = VENDOR_OK;
    world_run(&w, 10 * 60);
    cases_check(&cases, world_attest(&w, NULL) == ATT_OK,
                "ten minutes after the source is back it is good again");
    world_close(&w);
}

/* -- waiting -------------------------------------------------------------------------------------------------- */

static void single_flight(void)
{
    const struct att_collateral_want what = want_sgx();
    struct answer answers[100] = { { 0 } };
    struct world w;
    unsigned good = 0;

    world_pcs(&w);
    w.path = "/tcb?";
    for (size_t i = 0; i < 100; i++)
        supply_want(w.supply, &what, 2000, on_done, &answers[i]);
    (void)supply_step(w.supply);
    for (size_t i = 0; i < 100; i++)
        good += answers[i].calls == 1 && answers[i].good;
    cases_check(&cases, good == 100, "a hundred wait: %u are served", good);
    cases_check(&cases, w.gets_of_path == 2 && w.gets[0] == 8, "one GET for each item: %u, %u",
                w.gets_of_path, w.gets[0]);
    world_close(&w);
}

static struct answer second;
static void want_during(struct world *w)
{
    const struct att_collateral_want what = want_sgx();

    supply_want(w->supply, &what, 2000, on_done, &second);
}

static void want_in_flight(void)
{
    const struct att_collateral_want what = want_sgx();
    struct world w;

    world_pcs(&w);
    w.during = want_during;
    second = (struct answer){ 0 };
    struct answer a = world_want(&w, &what, 2000);
    cases_check(&cases, a.good && second.calls == 1 && second.good && w.gets[0] == 8,
                "who comes during a GET waits for it");
    world_close(&w);
}

static void budgets(void)
{
    const struct att_collateral_want what = want_sgx();
    struct world w;
    struct answer a = { 0 };

    world_pcs(&w);
    w.vendor[0].mode = VENDOR_STALL;
    w.stall_ms = 5000;
    supply_want(w.supply, &what, 2000, on_done, &a);
    (void)supply_step(w.supply);
    cases_check(&cases, a.calls == 1 && !a.good, "a source that stalls: %s", a.err.text);
    w.vendor[0].mode = VENDOR_OK;
    world_run(&w, 60);
    cases_check(&cases, world_look(&w, TCB_ID).item.held, "the fetch goes on for those who come later");
    a = (struct answer){ 0 };
    supply_want(w.supply, &what, 0, on_done, &a);
    cases_check(&cases, a.calls == 1 && a.good, "no budget, but it is here");
    world_close(&w);

    world_pcs(&w);
    a = (struct answer){ 0 };
    supply_want(w.supply, &what, 0, on_done, &a);
    cases_check(&cases, a.calls == 1 && !a.good && w.gets[0] == 0, "no budget, and it is not");
    a = (struct answer){ 0 };
    supply_want(w.supply, &what, 2000, on_done, &a);
    supply_free(w.supply);
    w.supply = NULL;
    cases_check(&cases, a.calls == 1 && !a.good, "the end answers those who wait: %s", a.err.text);
    world_close(&w);
}

static void crowd(void)
{
    const struct att_collateral_want what = want_sgx();
    static struct answer answers[1100];
    struct world w;
    unsigned refused = 0, waiting = 0;

    world_pcs(&w);
    for (size_t i = 0; i < 1100; i++) {
        answers[i] = (struct answer){ 0 };
        supply_want(w.supply, &what, 2000, on_done, &answers[i]);
        refused += answers[i].calls == 1 && !answers[i].good;
        waiting += answers[i].calls == 0;
    }
    cases_check(&cases, waiting == 1024 && refused == 76, "so many may wait: %u, %u", waiting, refused);
    (void)supply_step(w.supply);
    cases_check(&cases, answers[0].good && answers[1023].good, "and are served");
    world_close(&w);
}

static void negative(void)
{
    struct att_collateral_want what = want_sgx();
    struct world w;

    world_pcs(&w);
    what.fmspc[0] = 0xff;
    w.path = "fmspc=ff";
    for (unsigned i = 0; i < 9 * 6; i++) {
        cases_check(&cases, !world_want(&w, &what, 2000).good, "a platform that nobody knows");
        world_run(&w, 10);
    }
    cases_check(&cases, w.gets_of_path == 1, "is asked for once in ten minutes: %u", w.gets_of_path);
    world_run(&w, 60);
    (void)world_want(&w, &what, 2000);
    cases_check(&cases, w.gets_of_path == 2, "and then once more: %u", w.gets_of_path);
    world_run(&w, DAY);
    cases_check(&cases, w.gets_of_path == 2, "but not by itself: %u", w.gets_of_path);
    cases_check(&cases, !world_look(&w, "dcap/tcb-info/sgx/ff5700000001/current").found, "it is forgotten");
    world_close(&w);
}

int main(void)
{
    lab_open(&lab, false);
    first_want();
    troubles();
    unknown_platform();
    no_source();
    lives((int64_t)30 * DAY, 2 * (int64_t)DAY, 5);
    lives((int64_t)2 * DAY, HOUR, 6);
    lives((int64_t)2 * HOUR, 600, 6);
    expiry_without_source();
    single_flight();
    want_in_flight();
    budgets();
    crowd();
    negative();
    lab_close(&lab);
    return cases_report(&cases);
}
