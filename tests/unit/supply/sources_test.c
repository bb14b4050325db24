/* layers: supply attest makers store/memory store base codec */
/* Several sources, AMD's with its rate, and files. */
#include "supply/internal.h"
#include "world.h"

#include "base/err.h"
#include "makers/snp.h"
#include "store/memory/memory.h"

static struct cases cases = { .name = "supply.sources" };
static struct lab lab;

#define TCB_ID "dcap/tcb-info/sgx/7e5700000001/current"

/* -- several -------------------------------------------------------------------------------------------------- */

static void second_source(void)
{
    const struct att_collateral_want what = want_sgx();

    for (unsigned mode = VENDOR_OK + 1; mode < VENDOR_MODE_COUNT; mode++) {
        const char *name = vendor_mode_names[mode];
        struct world w;
        world_init(&w, &lab);
        (void)world_add(&w, SUPPLY_PCS, "https://first.test");
        (void)world_add(&w, SUPPLY_PCCS, "https://second.test");
        w.vendor[0].mode = (enum vendor_mode)mode;
        world_open(&w);
        struct answer a = world_want(&w, &what, 30 * 1000);
        struct looking l = world_look(&w, TCB_ID);
        bool taken = mode == VENDOR_LIE_LOW || mode == VENDOR_LIE_OLD; /* nothing newer has been seen yet */
        cases_check(&cases, a.good && world_attest(&w, NULL) == ATT_OK, "%s: the second source has it: %s",
                    name, a.err.text);
        cases_check(&cases, strcmp(l.source, taken ? "https://first.test" : "https://second.test") == 0,
                    "%s: from %s", name, l.source);
        world_close(&w);
    }
}

/* E-d across sources: one that lags behind does not take back what another one has given. */
static void lagging_source(void)
{
    const struct att_collateral_want what = want_sgx();
    struct world w;

    world_init(&w, &lab);
    (void)world_add(&w, SUPPLY_PCS, "https://first.test");
    world_add(&w, SUPPLY_PCCS, "https://second.test")->number = 16;
    w.vendor[1].mode = VENDOR_LIE_OLD;
    world_open(&w);
    must(world_want(&w, &what, 2000).good, "collateral", NULL);
    w.vendor[0].mode = VENDOR_DOWN;
    world_run(&w, 2 * DAY);
    struct looking l = world_look(&w, TCB_ID);
    cases_check(
        &cases, l.item.facts.evaluation_number == 17 && l.item.last.code == ATT_TCB_EVAL_NUMBER_TOO_LOW,
        "E-d: a second source that lags behind: %u, %s", l.item.facts.evaluation_number, l.item.last.text);
    cases_check(&cases, world_attest(&w, NULL) == ATT_OK, "E-d: and what is held is used on");
    world_close(&w);
}

static void sets(void)
{
    struct world w;

    world_init(&w, &lab);
    (void)world_add(&w, SUPPLY_PCS, "https://pcs.test");
    world_open(&w);
    for (uint32_t number = 14; number < 20; number++) {
        struct att_collateral_want what = want_tcb(ATT_TEE_TDX, ATT_SET_PINNED, number);
        struct answer a = world_want(&w, &what, 2000);
        cases_check(&cases, a.good == (number >= 15 && number <= 18), "pinned %u: %s", number, a.err.text);
        world_run(&w, 60);
    }
    cases_check(&cases, supply_floors(w.supply, NULL, 0) == 0, "a pinned set raises no floor");
    struct att_collateral_want what = want_tcb(ATT_TEE_TDX, ATT_SET_EARLY, 0);
    cases_check(&cases, world_want(&w, &what, 2000).good && supply_floors(w.supply, NULL, 0) == 0,
                "nor does an early one");
    what = want_tcb(ATT_TEE_TDX, ATT_SET_CURRENT, 0);
    cases_check(&cases, world_want(&w, &what, 2000).good && supply_floors(w.supply, NULL, 0) == 1,
                "the current one does");
    /* The day on which the early set becomes the current one. */
    w.vendor[0].number = 18;
    w.vendor[0].early_number = 19;
    world_run(&w, DAY + HOUR);
    struct looking l = world_look(&w, "dcap/tcb-info/tdx/7e5700000001/current");
    cases_check(&cases, l.item.facts.evaluation_number == 18, "a promotion is seen within a day: %u",
                l.item.facts.evaluation_number);
    l = world_look(&w, "dcap/qe-identity/tdx/current");
    cases_check(&cases, l.item.facts.evaluation_number == 18, "of the quoting enclave, too");
    world_close(&w);
}

/* -- AMD ------------------------------------------------------------------------------------------------------ */

static struct att_collateral_want chip(uint8_t number)
{
    struct att_collateral_want what = {
        .kind = ATT_ITEM_VCEK, .product = "Milan", .chip_id_bytes = 64, .tcb = { 4, 0, 0, 0, 0, 0, 24, 219 }
    };

    memset(what.chip_id, number, sizeof what.chip_id);
    return what;
}

static void kds(struct world *w)
{
    world_init(w, &lab);
    (void)world_add(w, SUPPLY_KDS, "https://kds.test");
    world_open(w);
}

static void vcek(void)
{
    struct att_arena *arena = att_arena_new(1 << 20);
    struct att_collateral_want what = chip(7);
    struct att_span pem = { 0 };
    struct world w;

    kds(&w);
    world_run(&w, 5 * 60); /* lists of the products first; Genoa and Turin have none here */
    struct looking l = world_look(&w, "amd/crl/vcek/Milan");
    cases_check(&cases, l.item.held && world_look(&w, "amd/crl/vlek/Milan").item.held, "lists: %s",
                l.item.last.text);
    cases_check(&cases, arena && !supply_vcek(w.supply, &what, arena, &pem), "no VCEK yet");
    w.path = "/vcek/v1/Milan/0707";
    struct answer a = world_want(&w, &what, 2000);
    cases_check(&cases, a.good && w.gets_of_path == 1, "a VCEK: %s", a.err.text);
    cases_check(&cases,
                supply_vcek(w.supply, &what, arena, &pem) &&
                    strncmp((const char *)pem.ptr, "-----BEGIN CERTIFICATE-----\n", 28) == 0,
                "its chain");
    unsigned certs = 0;
    for (const char *at = (const char *)pem.ptr; (at = strstr(at, "-----BEGIN")); at++)
        certs++;
    cases_check(&cases, certs == 3, "leaf, ASK, ARK: %u", certs);
    w.vendor[0].mode = VENDOR_DOWN;
    for (unsigned i = 0; i < 30; i++)
        world_leap(&w, DAY);
    cases_check(&cases, w.gets_of_path == 1 && supply_vcek(w.supply, &what, arena, &pem),
                "a VCEK is for ever: it is not fetched twice");
    att_arena_free(arena);
    world_close(&w);
}

/* Six in a minute, whatever is asked; a chip that there is not is not asked for again for an hour. */
static void kds_rate(void)
{
    struct world w;
    struct answer a[20] = { { 0 } };

    kds(&w);
    world_run(&w, 10 * 60);
    unsigned gets = w.gets[0];
    for (uint8_t i = 0; i < 20; i++) {
        struct att_collateral_want what = chip((uint8_t)(i + 1));
        supply_want(w.supply, &what, 5 * 60 * 1000, on_done, &a[i]);
    }
    int64_t before = w.now_ms;
    for (unsigned minute = 0; minute < 4; minute++)
        world_run(&w, 60);
    unsigned good = 0;
    for (size_t i = 0; i < 20; i++)
        good += a[i].good;
    cases_check(&cases, good == 20 && w.gets[0] - gets <= 3 + 4 * 6, "20 chips in %lld s: %u, by %u requests",
                (long long)(w.now_ms - before) / 1000, good, w.gets[0] - gets);

    struct att_collateral_want none = chip(0xff);
    w.path = "/vcek/v1/Milan/ffff";
    for (unsigned i = 0; i < 58; i++) {
        (void)world_want(&w, &none, 2000);
        world_run(&w, 58);
    }
    cases_check(&cases, w.gets_of_path == 1, "a chip that there is not: asked for %u times in an hour",
                w.gets_of_path);

    w.vendor[0].mode = VENDOR_THROTTLE;
    w.vendor[0].retry_after_s = 300;
    gets = w.gets[0];
    for (uint8_t i = 100; i < 110; i++) {
        struct att_collateral_want what = chip(i);
        struct answer one = world_want(&w, &what, 2000);
        cases_check(&cases, !one.good && strstr(one.err.text, "429"), "told to wait: %s", one.err.text);
        world_run(&w, 20);
    }
    cases_check(&cases, w.gets[0] - gets == 1, "429 with Retry-After: %u requests meanwhile",
                w.gets[0] - gets - 1);
    w.vendor[0].mode = VENDOR_OK;
    world_run(&w, 400);
    struct att_collateral_want what = chip(109);
    cases_check(&cases, world_want(&w, &what, 2000).good, "and goes on when that is over");
    world_close(&w);
}

/* Strangers ask for chips that there are not, faster than KDS may be asked. What is here already is kept fresh all the same. */
static void kds_strangers(void)
{
    struct world w;
    struct answer a[360] = { { 0 } };

    kds(&w);
    world_run(&w, 10 * 60);
    int64_t before = world_look(&w, "amd/crl/vcek/Milan").item.fetched_unix_s;
    cases_check(&cases, before > 0, "a list is here");
    world_run(&w, DAY - 20 * 60);
    for (unsigned i = 0; i < 360; i++) {
        struct att_collateral_want none = chip(0xff);
        none.tcb[7] = (uint8_t)(i & 0xff);
        none.tcb[6] = (uint8_t)(i >> 8);
        supply_want(w.supply, &none, 2000, on_done, &a[i]);
        world_run(&w, 5);
    }
    struct looking l = world_look(&w, "amd/crl/vcek/Milan");
    cases_check(&cases, l.item.fetched_unix_s > before,
                "a flood of made-up chips keeps no list from being refreshed");
    cases_check(&cases, l.count < 360, "nor does it stay in memory: %u items", l.count);
    world_close(&w);
}

/* -- files ---------------------------------------------------------------------------------------------------- */

static struct att_dcap_bundle bundle(void)
{
    const struct mk_evidence *ev = &lab.evidence;

    return (struct att_dcap_bundle){
        .name = "folder",
        .tcb_info = mk_item(ev, MK_TCB_INFO),
        .tcb_info_issuer_chain = mk_item(ev, MK_TCB_INFO_ISSUER_CHAIN),
        .qe_identity = mk_item(ev, MK_QE_IDENTITY),
        .qe_identity_issuer_chain = mk_item(ev, MK_QE_IDENTITY_ISSUER_CHAIN),
        .pck_crl = mk_item(ev, MK_PCK_CRL),
        .pck_crl_issuer_chain = mk_item(ev, MK_PCK_CRL_ISSUER_CHAIN),
        .root_ca_crl = mk_item(ev, MK_ROOT_CA_CRL),
    };
}

static void open_with(struct world *w, const struct att_dcap_bundle *b, size_t count)
{
    struct supply_options o = world_options(w);
    struct att_err err = { 0 };

    o.dcap = b;
    o.dcap_count = count;
    must(supply_new(&o, &w->supply, &err), "supply_new", &err);
    (void)supply_step(w->supply);
}

static void files(void)
{
    const struct att_dcap_bundle b = bundle();
    struct world w;
    struct att_err err = { 0 };

    world_init(&w, &lab);
    open_with(&w, &b, 1);
    cases_check(&cases, world_attest(&w, NULL) == ATT_OK, "files alone: no source, no store");
    struct looking l = world_look(&w, TCB_ID);
    cases_check(&cases, l.held == 4 && l.found && strcmp(l.source, "file") == 0 && l.item.fetched_unix_s == 0,
                "are listed: %u", l.held);
    struct supply_options none = { 0 };
    cases_check(&cases,
                supply_files(w.supply, &none, &err) && world_attest(&w, NULL) == ATT_COLLATERAL_MISSING,
                "files that are gone");
    l = world_look(&w, TCB_ID);
    cases_check(&cases, !l.item.held, "are listed no more");
    struct supply_options again = { .dcap = &b, .dcap_count = 1 };
    cases_check(&cases, supply_files(w.supply, &again, &err) && world_attest(&w, NULL) == ATT_OK, "and back");
    world_close(&w);

    world_init(&w, &lab);
    (void)world_add(&w, SUPPLY_PCS, "https://pcs.test");
    open_with(&w, &b, 1);
    world_run(&w, 60);
    l = world_look(&w, TCB_ID);
    cases_check(&cases, w.gets[0] == 8 && strcmp(l.source, "https://pcs.test") == 0,
                "with a source, the platforms of files are kept fresh: %u from %s", w.gets[0], l.source);
    for (unsigned i = 0; i < 8; i++)
        world_leap(&w, 5 * DAY);
    cases_check(&cases, world_attest(&w, NULL) == ATT_OK, "also when the files have expired");
    world_close(&w);
}

/* E-d: floors that come with a bundle. */
static void floors_of_files(void)
{
    struct att_tcb_floor floor = { .tee = ATT_TEE_SGX, .evaluation_number = 18 };
    const struct att_collateral_want what = want_sgx();
    struct world w;
    struct att_err err = { 0 };

    memcpy(floor.fmspc, world_fmspc, sizeof floor.fmspc);
    world_init(&w, &lab);
    (void)world_add(&w, SUPPLY_PCS, "https://pcs.test");
    world_open(&w);
    must(world_want(&w, &what, 2000).good && world_attest(&w, NULL) == ATT_OK, "collateral", NULL);
    const struct supply_options files = { .floors = &floor, .floor_count = 1 }, none = { 0 };
    cases_check(&cases, supply_files(w.supply, &files, &err) && world_attest(&w, NULL) != ATT_OK,
                "E-d: a floor of a file above what is held");
    cases_check(&cases, supply_files(w.supply, &none, &err) && world_attest(&w, NULL) != ATT_OK,
                "E-d: it stays when the file is gone");
    w.vendor[0].number = 18;
    world_run(&w, DAY + HOUR);
    cases_check(&cases, world_attest(&w, NULL) == ATT_OK, "the set of the floor is good");
    supply_stop(w.supply);
    struct answer a = { 0 };
    struct att_collateral_want other = what;
    other.fmspc[1] = 1;
    supply_want(w.supply, &other, 2000, on_done, &a);
    cases_check(&cases, a.calls == 1 && !a.good && world_look(&w, TCB_ID).item.held,
                "after the stop: no more fetches, the rest still answers");
    world_close(&w);
}

/* -- hosts ---------------------------------------------------------------------------------------------------- */

static void hosts(void)
{
    struct supply_host h;
    struct att_err why = { 0 };
    const struct supply_source is = { .kind = SUPPLY_KDS, .url = "https://kds.test" };
    int64_t now = 0;

    att_fail(&why, ATT_FETCH_FAILED, "fetch.connect", "an answer", "none");
    supply_host_init(&h, &is, now);
    unsigned asked = 0;
    for (; now < 10 * 60 * 1000; now += 100) {
        if (supply_host_ready_ms(&h, now) > now)
            continue;
        supply_host_spend(&h, now);
        asked++;
    }
    cases_check(&cases, asked >= 60 && asked <= 63, "six a minute: %u in ten", asked);
    int64_t longest = 0;
    for (unsigned i = 0; i < 40; i++) {
        supply_host_failed(&h, now, 0, 0, &why);
        int64_t pause = supply_host_ready_ms(&h, now) - now;
        cases_check(&cases, pause >= longest && pause <= HOST_PAUSE_MAX_MS, "pause %u: %lld ms", i,
                    (long long)pause);
        longest = pause;
    }
    cases_check(&cases, longest == HOST_PAUSE_MAX_MS, "five minutes at the most");
    supply_host_good(&h);
    cases_check(&cases, supply_host_ready_ms(&h, now) == now, "and none after a good answer");
    supply_host_throttled(&h, now, 0, UINT32_MAX, 429, &why);
    cases_check(&cases, h.closed_until_ms - now == HOST_THROTTLED_MAX_MS,
                "a Retry-After of a century is an hour");
    uint64_t a = 1, b = 1;
    for (unsigned i = 0; i < 1000; i++) {
        int64_t j = supply_jitter(1000, supply_random(&a));
        if (j < 500 || j > 1000 || supply_random(&b) == 0)
            cases_check(&cases, false, "jitter of %lld", (long long)j);
    }
    cases_check(&cases, a == b, "the same seed, the same times");
}

static void chains(void)
{
    static const struct {
        const char *header;
        const char *want; /* NULL: refused */
    } rows[] = {
        { "", "" },        { "abc", "abc" },    { "a%20b%0Ac", "a b\nc" }, { "a%2Bb+c", "a+b+c" },
        { "%", NULL },     { "%2", NULL },      { "%zz", NULL },           { "a%00b", NULL },
        { "a%7Fb", NULL }, { "a%C3%A4", NULL }, { "\xc3\xa4", NULL },      { "%0a", "\n" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct att_arena *arena = att_arena_new(1 << 20);
        struct att_span got = { 0 };
        struct att_err err = { 0 };
        bool ok = supply_chain_decode(arena, att_str(rows[i].header), &got, &err);
        cases_check(&cases,
                    ok == (rows[i].want != NULL) && (!ok || att_span_is(got, rows[i].want)) &&
                        (ok || err.code == ATT_COLLATERAL_MALFORMED),
                    "header '%s'", rows[i].header);
        att_arena_free(arena);
    }
}

/* -- paths ---------------------------------------------------------------------------------------------------- */

static void paths(void)
{
    static const struct {
        enum supply_source_kind kind;
        bool root_only, elsewhere;
        const char *id, *path; /* path NULL: not served */
    } rows[] = {
        { SUPPLY_PCS, false, false, "dcap/tcb-info/sgx/00606a000000/current",
          "/sgx/certification/v4/tcb?fmspc=00606a000000" },
        { SUPPLY_PCS, false, false, "dcap/tcb-info/tdx/00606a000000/early",
          "/tdx/certification/v4/tcb?fmspc=00606a000000&update=early" },
        { SUPPLY_PCCS, false, false, "dcap/tcb-info/tdx/00606a000000/17",
          "/tdx/certification/v4/tcb?fmspc=00606a000000&tcbEvaluationDataNumber=17" },
        { SUPPLY_PCS, false, false, "dcap/qe-identity/tdx/current", "/tdx/certification/v4/qe/identity" },
        { SUPPLY_PCS, false, false, "dcap/qe-identity/sgx/early",
          "/sgx/certification/v4/qe/identity?update=early" },
        { SUPPLY_PCS, false, false, "dcap/qe-identity/sgx/19",
          "/sgx/certification/v4/qe/identity?tcbEvaluationDataNumber=19" },
        { SUPPLY_PCS, false, false, "dcap/tcb-numbers/tdx",
          "/tdx/certification/v4/tcbevaluationdatanumbers" },
        { SUPPLY_PCS, false, false, "dcap/pck-crl/platform",
          "/sgx/certification/v4/pckcrl?ca=platform&encoding=der" },
        { SUPPLY_PCS, false, false, "dcap/pck-crl/processor",
          "/sgx/certification/v4/pckcrl?ca=processor&encoding=der" },
        { SUPPLY_PCCS, false, false, "dcap/root-ca-crl", "/sgx/certification/v4/rootcacrl" },
        { SUPPLY_PCS, false, true, "dcap/root-ca-crl", NULL },
        { SUPPLY_PCS, true, false, "dcap/root-ca-crl", "/IntelSGXRootCA.der" },
        { SUPPLY_PCS, true, false, "dcap/pck-crl/platform", NULL },
        { SUPPLY_PCS, false, false, "amd/crl/vcek/Milan", NULL },
        { SUPPLY_KDS, false, false, "dcap/root-ca-crl", NULL },
        { SUPPLY_KDS, false, false, "amd/crl/vcek/Milan", "/vcek/v1/Milan/crl" },
        { SUPPLY_KDS, false, false, "amd/crl/vlek/Turin", "/vlek/v1/Turin/crl" },
        { SUPPLY_KDS, false, false, "amd/vcek/Turin/0102030405060708/0102030405060708",
          "/vcek/v1/Turin/0102030405060708?fmcSPL=01&blSPL=02&teeSPL=03&snpSPL=04&ucodeSPL=08" },
        { SUPPLY_KDS, false, false,
          "amd/vcek/Genoa/"
          "00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
          "000000"
          "0000000000000000000000aa/0900000000001adb",
          "/vcek/v1/Genoa/"
          "00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
          "000000"
          "0000000000000000000000aa?blSPL=09&teeSPL=00&snpSPL=26&ucodeSPL=219" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct supply_host h = { .is = { .kind = rows[i].kind },
                                       .root_crl_only = rows[i].root_only,
                                       .elsewhere_root_crl = rows[i].elsewhere };
        struct att_collateral_want what;
        struct att_err err = { 0 };
        char path[SUPPLY_PATH_SIZE] = "";
        must(att_item_of_id(rows[i].id, &what, &err), rows[i].id, &err);
        bool served = supply_path(&h, &what, path);
        cases_check(&cases, served == (rows[i].path != NULL) && (!served || strcmp(path, rows[i].path) == 0),
                    "%s: %s", rows[i].id, path);
    }
    struct att_collateral_want odd = { .kind = ATT_ITEM_AMD_CRL, .product = "../../x" };
    char path[SUPPLY_PATH_SIZE];
    cases_check(&cases, !supply_path(&(struct supply_host){ .is = { .kind = SUPPLY_KDS } }, &odd, path),
                "a product that is none makes no path");
}

int main(void)
{
    lab_open(&lab, true);
    hosts();
    paths();
    chains();
    second_source();
    lagging_source();
    sets();
    vcek();
    kds_rate();
    kds_strangers();
    files();
    floors_of_files();
    lab_close(&lab);
    return cases_report(&cases);
}
