/* layers: attest makers base */
/* Snapshots of single items: what finds what, which evaluation set gives the verdict, and what is missing when none does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "items_fixture.h"
#include "unit/attest/tdx_fixture.h"

enum { DAY = 86400, SETS = 5, FIRST = 16, ITEMS_MAX = 16 };

/* One machine and its collateral under the numbers 16 to 20. Up to 18 it is up to date, under 19 and 20 out of date. */
struct scene {
    struct mk_hardware *hw;
    struct att_lib *lib;
    struct mk_evidence ev[SETS];
};

static const struct mk_evidence *of(const struct scene *s, uint32_t number)
{
    return &s->ev[number - FIRST];
}

static int scene_make(void **state)
{
    static struct scene s;
    struct mk_sgx_options o;

    s.hw = hardware_new();
    s.lib = lib_new(&s.hw, 1, 0);
    for (uint32_t i = 0; i < SETS; i++) {
        mk_sgx_defaults(&o, FIXTURE_NOW);
        o.evaluation_number = FIRST + i;
        if (i >= 3) {
            o.levels[1] = o.levels[0];
            o.levels[0].components[2]++;
            o.levels[1].status = "OutOfDate";
            o.level_count = 2;
        }
        evidence_new(s.hw, &o, &s.ev[i]);
    }
    *state = &s;
    return 0;
}

static int scene_free(void **state)
{
    struct scene *s = *state;

    for (size_t i = 0; i < SETS; i++)
        mk_evidence_free(&s->ev[i]);
    att_lib_free(s->lib);
    mk_hardware_free(s->hw);
    return 0;
}

struct items {
    struct att_collateral_item list[ITEMS_MAX];
    size_t count;
    const struct att_tcb_floor *floors;
    size_t floor_count;
};

static void put(struct items *it, struct att_collateral_item item)
{
    assert_true(it->count < ITEMS_MAX);
    it->list[it->count++] = item;
}

static void put_set(struct items *it, const struct scene *s, uint32_t number, enum att_tcb_set set)
{
    uint32_t named = set == ATT_SET_PINNED ? number : 0;

    put(it, tcb_item(of(s, number), set, named));
    put(it, qe_item(of(s, number), set, named));
}

static void put_lists(struct items *it, const struct scene *s)
{
    put(it, pck_crl_item(of(s, 17), false));
    put(it, root_crl_item(of(s, 17)));
}

static struct att_collateral *snapshot_of(const struct scene *s, const struct items *it)
{
    struct att_collateral_in in = { .size = sizeof in,
                                    .items = it->list,
                                    .item_count = it->count,
                                    .floors = it->floors,
                                    .floor_count = it->floor_count };
    struct att_collateral *c = NULL;
    struct att_err err = { 0 };

    need(att_collateral_new(s->lib, &in, &c, &err), "att_collateral_new", &err);
    return c;
}

struct asked {
    uint32_t pinned, min, grace_s;
    int64_t at; /* 0: FIXTURE_NOW */
    unsigned accepted;
};

/* Of the verdict only plain members are looked at. */
static struct att_verdict judge_with(const struct scene *s, const struct att_collateral *c, struct asked how)
{
    struct att_arena *arena = arena_new();
    struct att_attest_in in = in_of(of(s, 17), c);
    struct att_verdict v;

    in.evaluation_number_pinned = how.pinned;
    in.evaluation_number_min = how.min;
    in.collateral_grace_s = how.grace_s;
    in.now_unix_s = how.at ? how.at : FIXTURE_NOW;
    in.accepted_tcb = how.accepted ? how.accepted : in.accepted_tcb;
    bool yes = att_attest(s->lib, arena, &in, &v);
    assert_int_equal(yes, v.accepted);
    if (v.err.code != ATT_COLLATERAL_MISSING)
        assert_int_equal(v.missing.kind, ATT_ITEM_NONE);
    att_arena_free(arena);
    return v;
}

static struct att_verdict judge(const struct scene *s, const struct items *it, struct asked how)
{
    struct att_collateral *c = snapshot_of(s, it);
    struct att_verdict v = judge_with(s, c, how);

    att_collateral_free(c);
    return v;
}

static void missing_is(const struct att_verdict *v, const char *id)
{
    char room[ATT_ITEM_ID_SIZE];

    if (v->err.code != ATT_COLLATERAL_MISSING || strcmp(att_item_id(&v->missing, room), id) != 0)
        fail_msg("wanted %s missing, got %s; %s", id, room, v->err.text);
}

static void code_is(const struct att_verdict *v, enum att_code code, uint32_t number)
{
    if (v->err.code != code || (code == ATT_OK && v->tcb.evaluation_number != number))
        fail_msg("wanted %s (%u), got %s of %u: %s", att_code_name(code), number, att_code_name(v->err.code),
                 v->tcb.evaluation_number, v->err.text);
}

/* Items in any order make what a bundle makes. */
static void test_items_find_each_other(void **state)
{
    const struct scene *s = *state;

    for (size_t turn = 0; turn < 4; turn++) {
        struct items it = { .count = 0 };
        struct items turned = { .count = 4 };
        put_set(&it, s, 17, ATT_SET_CURRENT);
        put_lists(&it, s);
        for (size_t i = 0; i < 4; i++)
            turned.list[(i + turn) % 4] = it.list[i];
        struct att_verdict v = judge(s, &turned, (struct asked){ 0 });
        code_is(&v, ATT_OK, 17);
        assert_true(v.test_root);
        assert_false(v.tcb.early.known);
    }
}

/* E-t: each item that is not there is a refusal which names it, and never "not looked at". */
static void test_missing_companion(void **state)
{
    static const char *const ids[] = { "dcap/tcb-info/sgx/7e5700000001/current",
                                       "dcap/qe-identity/sgx/current", "dcap/pck-crl/processor",
                                       "dcap/root-ca-crl" };
    const struct scene *s = *state;

    for (size_t gone = 0; gone < 4; gone++) {
        struct items it = { .count = 0 }, rest = { .count = 0 };
        put_set(&it, s, 17, ATT_SET_CURRENT);
        put_lists(&it, s);
        for (size_t i = 0; i < 4; i++)
            if (i != gone)
                put(&rest, it.list[i]);
        struct att_verdict v = judge(s, &rest, (struct asked){ 0 });
        missing_is(&v, ids[gone]);
        assert_false(v.accepted);
    }
    struct items none = { .count = 0 };
    struct att_verdict v = judge(s, &none, (struct asked){ 0 });
    missing_is(&v, ids[0]);
    v = judge_with(s, NULL, (struct asked){ 0 });
    missing_is(&v, ids[0]);
}

/* E-u: the list of another CA, and a list that the other CA's name is written on, are no list of this one. */
static void test_crl_of_other_ca(void **state)
{
    const struct scene *s = *state;
    struct mk_sgx_options o;
    struct mk_evidence platform;
    struct items it = { .count = 0 };

    mk_sgx_defaults(&o, FIXTURE_NOW);
    o.ca = MK_CA_PLATFORM;
    evidence_new(s->hw, &o, &platform);
    put_set(&it, s, 17, ATT_SET_CURRENT);
    put(&it, root_crl_item(of(s, 17)));
    put(&it, pck_crl_item(&platform, true));
    struct att_verdict v = judge(s, &it, (struct asked){ 0 });
    missing_is(&v, "dcap/pck-crl/processor");
    it.list[3].what.platform_ca = false; /* taken for what it is not: it is no list at all */
    v = judge(s, &it, (struct asked){ 0 });
    missing_is(&v, "dcap/pck-crl/processor");
    it.list[3].chain = mk_item(of(s, 17), MK_PCK_CRL_ISSUER_CHAIN);
    v = judge(s, &it, (struct asked){ 0 });
    missing_is(&v, "dcap/pck-crl/processor");
    put(&it, pck_crl_item(of(s, 17), false)); /* the right one beside it */
    v = judge(s, &it, (struct asked){ 0 });
    code_is(&v, ATT_OK, 17);
    mk_evidence_free(&platform);
}

static void test_current_pinned_early(void **state)
{
    static const struct {
        uint32_t pinned;
        enum att_code code;
        uint32_t number;
        enum att_tcb_status status;
        const char *missing;
    } rows[] = {
        { 0, ATT_OK, 18, ATT_STATUS_UP_TO_DATE, NULL },
        { 18, ATT_OK, 18, ATT_STATUS_UP_TO_DATE, NULL },
        { 16, ATT_OK, 16, ATT_STATUS_UP_TO_DATE, NULL },
        { 17, ATT_COLLATERAL_MISSING, 0, ATT_STATUS_UNKNOWN, "dcap/tcb-info/sgx/7e5700000001/17" },
        { 15, ATT_COLLATERAL_MISSING, 0, ATT_STATUS_UNKNOWN, "dcap/tcb-info/sgx/7e5700000001/15" },
        /* an early set is for foresight alone */
        { 19, ATT_TCB_EVAL_NUMBER_TOO_LOW, 0, ATT_STATUS_UNKNOWN, NULL },
        { 20, ATT_TCB_EVAL_NUMBER_TOO_LOW, 0, ATT_STATUS_UNKNOWN, NULL },
        { UINT32_MAX, ATT_TCB_EVAL_NUMBER_TOO_LOW, 0, ATT_STATUS_UNKNOWN, NULL },
    };
    const struct scene *s = *state;
    struct items it = { .count = 0 };

    put_set(&it, s, 19, ATT_SET_EARLY);
    put_set(&it, s, 16, ATT_SET_PINNED);
    put_set(&it, s, 18, ATT_SET_CURRENT);
    put_lists(&it, s);
    struct att_collateral *c = snapshot_of(s, &it);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct att_verdict v = judge_with(s, c, (struct asked){ .pinned = rows[i].pinned });
        code_is(&v, rows[i].code, rows[i].number);
        assert_int_equal(v.tcb.status, rows[i].status);
        if (rows[i].missing)
            missing_is(&v, rows[i].missing);
        assert_int_equal(v.tcb.early.known, rows[i].code == ATT_OK);
    }
    /* the caller's own floor is under everything */
    struct att_verdict v = judge_with(s, c, (struct asked){ .pinned = 16, .min = 17 });
    code_is(&v, ATT_TCB_EVAL_NUMBER_TOO_LOW, 0);
    assert_false(v.accepted);
    att_collateral_free(c);
}

/* Nothing but an early set, or a pinned one nobody asked for: no verdict. */
static void test_no_current_set(void **state)
{
    const struct scene *s = *state;

    for (enum att_tcb_set set = ATT_SET_EARLY; set <= ATT_SET_PINNED; set++) {
        struct items it = { .count = 0 };
        put_set(&it, s, 17, set);
        put_lists(&it, s);
        struct att_verdict v = judge(s, &it, (struct asked){ 0 });
        missing_is(&v, "dcap/tcb-info/sgx/7e5700000001/current");
        v = judge(s, &it, (struct asked){ .pinned = 17 });
        if (set == ATT_SET_PINNED)
            code_is(&v, ATT_OK, 17);
        else
            missing_is(&v, "dcap/tcb-info/sgx/7e5700000001/17");
    }
}

/* A QE identity that lags behind: fine for the current set (its number is the verdict's), not for who pins. */
static void test_qe_identity_lags(void **state)
{
    const struct scene *s = *state;
    struct items it = { .count = 0 };

    put(&it, tcb_item(of(s, 18), ATT_SET_CURRENT, 0));
    put(&it, qe_item(of(s, 17), ATT_SET_CURRENT, 0));
    put_lists(&it, s);
    struct att_verdict v = judge(s, &it, (struct asked){ 0 });
    code_is(&v, ATT_OK, 17);
    v = judge(s, &it, (struct asked){ .pinned = 18 });
    missing_is(&v, "dcap/qe-identity/sgx/18");
    put(&it, qe_item(of(s, 18), ATT_SET_PINNED, 18));
    v = judge(s, &it, (struct asked){ .pinned = 18 });
    code_is(&v, ATT_OK, 18);
    v = judge(s, &it, (struct asked){ 0 });
    code_is(&v, ATT_OK, 17);
    /* the QE identity of a pinned set has its number, or is none */
    struct items other = { .count = 0 };
    put(&other, tcb_item(of(s, 16), ATT_SET_PINNED, 16));
    put(&other, qe_item(of(s, 17), ATT_SET_PINNED, 17));
    put_lists(&other, s);
    v = judge(s, &other, (struct asked){ .pinned = 16 });
    missing_is(&v, "dcap/qe-identity/sgx/16");
}

/* E-d: an old TCB info, well signed and inside its window, alone: below the highest number that was current. */
static void test_floor(void **state)
{
    const struct scene *s = *state;
    struct att_tcb_floor floors[] = { { ATT_TEE_TDX, { 0x7e, 0x57, 0, 0, 0, 1 }, 99 },
                                      { ATT_TEE_SGX, { 0x7e, 0x57, 0, 0, 0, 2 }, 99 },
                                      { ATT_TEE_SGX, { 0x7e, 0x57, 0, 0, 0, 1 }, 18 },
                                      { ATT_TEE_SGX, { 0x7e, 0x57, 0, 0, 0, 1 }, 3 } };
    struct items it = { .floors = floors, .floor_count = 4 };

    put_set(&it, s, 17, ATT_SET_CURRENT);
    put_lists(&it, s);
    struct att_verdict v = judge(s, &it, (struct asked){ 0 });
    code_is(&v, ATT_TCB_EVAL_NUMBER_TOO_LOW, 0);
    v = judge(s, &it, (struct asked){ .pinned = 17 }); /* asked for by its number */
    code_is(&v, ATT_OK, 17);
    put_set(&it, s, 18, ATT_SET_CURRENT);
    v = judge(s, &it, (struct asked){ 0 });
    code_is(&v, ATT_OK, 18);
    floors[2].evaluation_number = 17;
    it.count -= 2;
    v = judge(s, &it, (struct asked){ 0 });
    code_is(&v, ATT_OK, 17);

    struct att_dcap_bundle b = bundle_of(of(s, 17)); /* and of a sole bundle, too */
    floors[2].evaluation_number = 18;
    for (int use = ATT_COLLATERAL_INDEXED; use <= ATT_COLLATERAL_SOLE; use++) {
        struct att_collateral_in in = { .size = sizeof in,
                                        .dcap = &b,
                                        .dcap_count = 1,
                                        .floors = floors,
                                        .floor_count = 4,
                                        .use = (enum att_collateral_use)use };
        struct att_collateral *c = NULL;
        struct att_err err = { 0 };
        need(att_collateral_new(s->lib, &in, &c, &err), "att_collateral_new", &err);
        v = judge_with(s, c, (struct asked){ 0 });
        code_is(&v, ATT_TCB_EVAL_NUMBER_TOO_LOW, 0);
        att_collateral_free(c);
    }
}

static void test_sole(void **state)
{
    static const struct {
        enum att_tcb_set set;
        uint32_t pinned;
        enum att_code code;
    } rows[] = {
        { ATT_SET_CURRENT, 0, ATT_OK },
        { ATT_SET_CURRENT, 17, ATT_OK },
        { ATT_SET_CURRENT, 18, ATT_TCB_EVAL_NUMBER_TOO_LOW },
        { ATT_SET_CURRENT, 16, ATT_COLLATERAL_MISSING },
        { ATT_SET_PINNED, 17, ATT_OK },
        { ATT_SET_PINNED, 0, ATT_COLLATERAL_MISSING },
        { ATT_SET_EARLY, 0, ATT_COLLATERAL_MISSING },
        { ATT_SET_EARLY, 17, ATT_COLLATERAL_MISSING },
    };
    const struct scene *s = *state;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct att_dcap_bundle b = bundle_of(of(s, 17));
        b.set = rows[i].set;
        struct att_collateral *c = collateral_new(s->lib, &b, 1, ATT_COLLATERAL_SOLE);
        struct att_verdict v = judge_with(s, c, (struct asked){ .pinned = rows[i].pinned });
        code_is(&v, rows[i].code, 17);
        att_collateral_free(c);
    }
    /* a QE identity below the pinned number */
    struct att_dcap_bundle b = bundle_of(of(s, 18));
    b.qe_identity = mk_item(of(s, 17), MK_QE_IDENTITY);
    struct att_collateral *c = collateral_new(s->lib, &b, 1, ATT_COLLATERAL_SOLE);
    struct att_verdict v = judge_with(s, c, (struct asked){ .pinned = 18 });
    code_is(&v, ATT_TCB_EVAL_NUMBER_TOO_LOW, 0);
    att_collateral_free(c);
}

/* What the next set will say is told, and changes nothing. */
static void test_foresight(void **state)
{
    const struct scene *s = *state;
    struct items it = { .count = 0 };

    put_set(&it, s, 17, ATT_SET_CURRENT);
    put_lists(&it, s);
    put_set(&it, s, 19, ATT_SET_EARLY);
    struct att_collateral *c = snapshot_of(s, &it);
    struct att_arena *arena = arena_new();
    struct att_attest_in in = in_of(of(s, 17), c);
    struct att_verdict v;
    in.accepted_tcb = ATT_TCB_BIT(ATT_STATUS_UP_TO_DATE);
    assert_true(att_attest(s->lib, arena, &in, &v));
    assert_int_equal(v.tcb.status, ATT_STATUS_UP_TO_DATE);
    assert_int_equal(v.tcb.evaluation_number, 17);
    assert_true(v.tcb.early.known);
    assert_int_equal(v.tcb.early.evaluation_number, 19);
    assert_int_equal(v.tcb.early.status, ATT_STATUS_OUT_OF_DATE);
    assert_int_equal(v.tcb.early.next, ATT_STATUS_UP_TO_DATE);
    assert_true(v.tcb.early.shortfall_count > 0);
    assert_true(v.tcb.early.shortfall[0].has < v.tcb.early.shortfall[0].needs);
    att_arena_free(arena);
    att_collateral_free(c);

    /* a platform that is refused for its level today is told, too */
    struct items bad = { .count = 0 };
    put_set(&bad, s, 19, ATT_SET_CURRENT);
    put_lists(&bad, s);
    put_set(&bad, s, 20, ATT_SET_EARLY);
    v = judge(s, &bad, (struct asked){ .accepted = ATT_TCB_BIT(ATT_STATUS_UP_TO_DATE) });
    code_is(&v, ATT_TCB_STATUS_NOT_ACCEPTED, 0);
    assert_true(v.tcb.early.known);
    assert_int_equal(v.tcb.early.evaluation_number, 20);
}

/* An early set that could not give a verdict itself, or is no later one, is no foresight. */
static void test_no_foresight(void **state)
{
    const struct scene *s = *state;
    struct mk_sgx_options o;
    struct mk_evidence late, forged;

    mk_sgx_defaults(&o, FIXTURE_NOW + 40 * DAY); /* issued in the future */
    o.evaluation_number = 20;
    evidence_new(s->hw, &o, &late);
    mk_sgx_defaults(&o, FIXTURE_NOW);
    o.evaluation_number = 20;
    o.broken = MK_BREAK_TCB_INFO_SIGNATURE;
    evidence_new(s->hw, &o, &forged);
    const struct {
        const char *name;
        struct att_collateral_item tcb, qe;
    } rows[] = {
        { "the same number", tcb_item(of(s, 17), ATT_SET_EARLY, 0), qe_item(of(s, 17), ATT_SET_EARLY, 0) },
        { "a lower number", tcb_item(of(s, 16), ATT_SET_EARLY, 0), qe_item(of(s, 16), ATT_SET_EARLY, 0) },
        { "a QE identity of a lower number", tcb_item(of(s, 19), ATT_SET_EARLY, 0),
          qe_item(of(s, 17), ATT_SET_EARLY, 0) },
        { "no QE identity", tcb_item(of(s, 19), ATT_SET_EARLY, 0), qe_item(of(s, 19), ATT_SET_PINNED, 19) },
        { "not yet valid", tcb_item(&late, ATT_SET_EARLY, 0), qe_item(&late, ATT_SET_EARLY, 0) },
        { "forged", tcb_item(&forged, ATT_SET_EARLY, 0), qe_item(&forged, ATT_SET_EARLY, 0) },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct items it = { .count = 0 };
        put_set(&it, s, 17, ATT_SET_CURRENT);
        put_lists(&it, s);
        put(&it, rows[i].tcb);
        put(&it, rows[i].qe);
        struct att_verdict v = judge(s, &it, (struct asked){ 0 });
        code_is(&v, ATT_OK, 17);
        if (v.tcb.early.known)
            fail_msg("foresight from %s", rows[i].name);
    }
    mk_evidence_free(&late);
    mk_evidence_free(&forged);
}

static int64_t soonest_end(const struct att_collateral *c, int64_t *ret_latest)
{
    struct att_collateral_row rows[8];
    size_t count = att_collateral_rows(c, rows, 8);
    int64_t soonest = INT64_MAX;

    *ret_latest = 0;
    for (size_t i = 0; i < count; i++) {
        soonest = rows[i].next_unix_s < soonest ? rows[i].next_unix_s : soonest;
        *ret_latest = rows[i].next_unix_s > *ret_latest ? rows[i].next_unix_s : *ret_latest;
    }
    return soonest;
}

/* E-v at the second: the last second of a window is inside, the next one is not, and grace is counted from there. */
static void test_grace(void **state)
{
    const struct scene *s = *state;
    struct items it = { .count = 0 };
    int64_t latest;

    put_set(&it, s, 17, ATT_SET_CURRENT);
    put_lists(&it, s);
    struct att_collateral *c = snapshot_of(s, &it);
    const int64_t end = soonest_end(c, &latest);
    const struct {
        int64_t past;
        uint32_t grace_s;
        bool good;
        uint32_t age_s;
    } rows[] = {
        { 0, 0, true, 0 },       { 1, 0, false, 0 },     { 1, 1, true, 1 },       { 2, 1, false, 0 },
        { 100, 100, true, 100 }, { 101, 100, false, 0 }, { 60, 86400, true, 60 }, { 86401, 86400, false, 0 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct att_verdict v =
            judge_with(s, c, (struct asked){ .at = end + rows[i].past, .grace_s = rows[i].grace_s });
        if (v.accepted != rows[i].good || v.collateral_age_s != rows[i].age_s)
            fail_msg("row %zu: age %u, %s", i, v.collateral_age_s, v.err.text);
        if (!rows[i].good)
            assert_int_equal(att_code_class(v.err.code), ATT_CLASS_COLLATERAL);
    }
    /* all items past their end: the age is the oldest one's */
    struct att_verdict v = judge_with(s, c, (struct asked){ .at = latest + 5, .grace_s = UINT32_MAX });
    code_is(&v, ATT_OK, 17);
    assert_int_equal(v.collateral_age_s, latest + 5 - end);
    /* certificates have no grace: theirs end in 2040 */
    v = judge_with(s, c, (struct asked){ .at = INT64_C(2208988801), .grace_s = UINT32_MAX });
    assert_int_equal(v.err.code, ATT_PCK_CERT_EXPIRED);
    /* nothing is valid before it is issued, grace or not */
    v = judge_with(s, c, (struct asked){ .at = FIXTURE_NOW - 3 * DAY, .grace_s = UINT32_MAX });
    assert_false(v.accepted);
    att_collateral_free(c);
}

static void test_rows(void **state)
{
    const struct scene *s = *state;
    struct items it = { .count = 0 };
    struct att_collateral_row rows[8];

    put_set(&it, s, 18, ATT_SET_EARLY);
    it.list[0].name = "a name";
    put(&it, tcb_item(of(s, 17), ATT_SET_PINNED, 16)); /* taken for another number */
    put_lists(&it, s);
    put(&it, (struct att_collateral_item){ .what = { .kind = ATT_ITEM_TCB_NUMBERS } });
    put(&it, (struct att_collateral_item){ .what = { .kind = ATT_ITEM_VCEK } });
    put(&it, (struct att_collateral_item){ .what = { .kind = ATT_ITEM_NONE } });
    struct att_collateral *c = snapshot_of(s, &it);
    assert_int_equal(att_collateral_rows(c, rows, 8), 5);
    assert_string_equal(rows[0].item, "tcb_info");
    assert_string_equal(rows[0].bundle, "a name");
    assert_string_equal(rows[0].subject, "SGX 7e5700000001");
    assert_int_equal(rows[0].set, ATT_SET_EARLY);
    assert_int_equal(rows[0].evaluation_number, 18);
    assert_string_equal(rows[1].item, "qe_identity");
    assert_string_equal(rows[1].bundle, "dcap/qe-identity/sgx/early");
    assert_int_equal(rows[1].evaluation_number, 18);
    assert_int_equal(rows[2].refusal.code, ATT_COLLATERAL_MISMATCH);
    assert_string_equal(rows[3].item, "pck_crl");
    assert_string_equal(rows[4].item, "root_ca_crl");
    assert_string_equal(rows[4].subject, "Intel SGX Root CA");
    att_collateral_free(c);
}

static bool check(const struct scene *s, struct att_collateral_item item, struct att_item_facts *f,
                  struct att_err *err)
{
    *err = (struct att_err){ 0 };
    return att_item_check(s->lib, &item, f, err);
}

/* E-m: text behind an item, and every item cut or turned, is no item. */
static void test_item_check(void **state)
{
    const struct scene *s = *state;
    const struct att_collateral_item items[] = { tcb_item(of(s, 17), ATT_SET_PINNED, 17),
                                                 qe_item(of(s, 17), ATT_SET_CURRENT, 0),
                                                 pck_crl_item(of(s, 17), false), root_crl_item(of(s, 17)) };

    for (size_t i = 0; i < 4; i++) {
        struct att_item_facts f = { 0 };
        struct att_err err;
        if (!check(s, items[i], &f, &err))
            fail_msg("item %zu: %s", i, err.text);
        assert_true(f.test_root && f.issued_unix_s <= FIXTURE_NOW && f.next_unix_s > FIXTURE_NOW);
        assert_int_equal(f.is.kind, items[i].what.kind);
        assert_int_equal(f.evaluation_number, i < 2 ? 17 : 0);

        uint8_t *copy = malloc(items[i].body.len + 1);
        assert_non_null(copy);
        memcpy(copy, items[i].body.ptr, items[i].body.len);
        struct att_collateral_item bad = items[i];
        copy[items[i].body.len] = 'x'; /* E-m */
        bad.body = att_span_of(copy, items[i].body.len + 1);
        assert_false(check(s, bad, &f, &err));
        assert_int_equal(att_code_class(err.code), ATT_CLASS_COLLATERAL);
        size_t step = items[i].body.len / 97 + 1;
        for (size_t at = 0; at < items[i].body.len; at += step) {
            bad.body = att_span_of(copy, at);
            assert_false(check(s, bad, &f, &err));
            copy[at] ^= 4;
            bad.body = att_span_of(copy, items[i].body.len);
            if (check(s, bad, &f, &err))
                fail_msg("item %zu passes with byte %zu changed", i, at);
            copy[at] ^= 4;
        }
        bad = items[i];
        bad.chain = att_str("no chain");
        assert_false(check(s, bad, &f, &err));
        bad.chain = (struct att_span){ 0 };
        assert_false(check(s, bad, &f, &err));
        free(copy);
    }
}

/* A good item that is another one than it was taken for. */
static void test_item_mismatch(void **state)
{
    const struct scene *s = *state;
    struct att_collateral_item items[8] = {
        tcb_item(of(s, 17), ATT_SET_PINNED, 18),  tcb_item(of(s, 17), ATT_SET_CURRENT, 0),
        tcb_item(of(s, 17), ATT_SET_CURRENT, 0),  qe_item(of(s, 17), ATT_SET_CURRENT, 0),
        qe_item(of(s, 17), ATT_SET_PINNED, 16),   pck_crl_item(of(s, 17), true),
        tcb_item(of(s, 17), ATT_SET_CURRENT, 99), pck_crl_item(of(s, 17), false)
    };
    struct att_item_facts f = { .evaluation_number = 4711 };
    struct att_err err;

    items[1].what.fmspc[5] ^= 1;
    items[2].what.tee = ATT_TEE_TDX;
    items[3].what.tee = ATT_TEE_TDX;
    for (size_t i = 0; i < 6; i++) {
        assert_false(check(s, items[i], &f, &err));
        if (err.code != ATT_COLLATERAL_MISMATCH)
            fail_msg("item %zu: %s", i, err.text);
        assert_int_equal(f.evaluation_number, 4711);
    }
    assert_true(check(s, items[6], &f, &err)); /* a current set has no number of its own */
    items[7].what.kind = ATT_ITEM_NONE;
    assert_false(check(s, items[7], &f, &err));
    assert_int_equal(err.code, ATT_PARAMETER_INVALID);
    items[7].what.kind = ATT_ITEM_KIND_COUNT;
    assert_false(check(s, items[7], &f, &err));
    items[7].what.kind = ATT_ITEM_ROOT_CA_CRL; /* a list of another kind */
    assert_false(check(s, items[7], &f, &err));
    assert_int_equal(err.code, ATT_CRL_ISSUER_MISMATCH);
}

/* Items of a root that nobody trusts. */
static void test_item_of_stranger(void **state)
{
    const struct scene *s = *state;
    struct att_lib *lib = lib_new(NULL, 0, 0);
    const struct att_collateral_item items[] = { tcb_item(of(s, 17), ATT_SET_CURRENT, 0),
                                                 qe_item(of(s, 17), ATT_SET_CURRENT, 0),
                                                 pck_crl_item(of(s, 17), false), root_crl_item(of(s, 17)) };
    static const enum att_code codes[] = { ATT_TCB_SIGNING_CHAIN_INVALID, ATT_TCB_SIGNING_CHAIN_INVALID,
                                           ATT_CRL_ISSUER_MISMATCH, ATT_CRL_ISSUER_MISMATCH };

    for (size_t i = 0; i < 4; i++) {
        struct att_item_facts f;
        struct att_err err = { 0 };
        assert_false(att_item_check(lib, &items[i], &f, &err));
        assert_int_equal(err.code, codes[i]);
    }
    att_lib_free(lib);
}

/* The root alone is a chain of the root's list; the CA of another list is not. */
static void test_root_crl_chains(void **state)
{
    const struct scene *s = *state;
    struct att_collateral_item item = root_crl_item(of(s, 17));
    struct att_item_facts f;
    struct att_err err;

    item.chain = mk_item(of(s, 17), MK_ROOT_CA);
    assert_true(check(s, item, &f, &err));
    item.chain = mk_item(of(s, 17), MK_PCK_CRL_ISSUER_CHAIN);
    assert_true(check(s, item, &f, &err));
    item.chain = mk_item(of(s, 17), MK_PCK_CHAIN);
    assert_true(check(s, item, &f, &err));
    item.body = mk_item(of(s, 17), MK_PCK_CRL);
    assert_false(check(s, item, &f, &err));
    assert_int_equal(err.code, ATT_CRL_ISSUER_MISMATCH);
}

/* Two roots of one name, both trusted: the lists of the one are none of the other, whichever are newer. */
static void test_two_roots(void **state)
{
    const struct scene *s = *state;
    struct mk_hardware *hw[2] = { s->hw, hardware_new() };
    struct att_lib *lib = lib_new(hw, 2, 0);
    struct scene both = *s;
    struct mk_sgx_options o;
    struct mk_evidence foreign;

    both.lib = lib;
    mk_sgx_defaults(&o, FIXTURE_NOW + DAY);
    evidence_new(hw[1], &o, &foreign);
    struct items it = { .count = 0 };
    put_set(&it, s, 17, ATT_SET_CURRENT);
    put(&it, root_crl_item(&foreign));
    put(&it, pck_crl_item(&foreign, false));
    put(&it, qe_item(&foreign, ATT_SET_CURRENT, 0)); /* newer, and not this root's */
    struct att_verdict v = judge(&both, &it, (struct asked){ .at = FIXTURE_NOW + DAY });
    missing_is(&v, "dcap/root-ca-crl");
    put_lists(&it, s);
    v = judge(&both, &it, (struct asked){ .at = FIXTURE_NOW + DAY });
    code_is(&v, ATT_OK, 17);
    mk_evidence_free(&foreign);
    att_lib_free(lib);
    mk_hardware_free(hw[1]);
}

/* E-w: of SGX and TDX each takes its own, though the other's is newer. */
static void test_two_tees(void **state)
{
    const struct scene *s = *state;
    struct mk_tdx_options o;
    struct mk_evidence td;
    struct items it = { .count = 0 };

    mk_tdx_defaults(&o, FIXTURE_NOW + DAY);
    domain_new(s->hw, &o, &td);
    struct att_collateral_item of_td[2] = { tcb_item(&td, ATT_SET_CURRENT, 0),
                                            qe_item(&td, ATT_SET_CURRENT, 0) };
    of_td[0].what.tee = of_td[1].what.tee = ATT_TEE_TDX;
    put_set(&it, s, 17, ATT_SET_CURRENT);
    put_lists(&it, s);
    put(&it, of_td[0]);
    put(&it, of_td[1]);
    struct att_verdict v = judge(s, &it, (struct asked){ .at = FIXTURE_NOW + DAY });
    code_is(&v, ATT_OK, 17);
    mk_evidence_free(&td);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_items_find_each_other),
        { "E-t: an item that is not there is never one that was not looked at", test_missing_companion, NULL,
          NULL, NULL },
        { "E-u: a list of another CA", test_crl_of_other_ca, NULL, NULL, NULL },
        cmocka_unit_test(test_current_pinned_early),
        cmocka_unit_test(test_no_current_set),
        cmocka_unit_test(test_qe_identity_lags),
        { "E-d: an old TCB info, well signed, below what was current", test_floor, NULL, NULL, NULL },
        cmocka_unit_test(test_sole),
        cmocka_unit_test(test_foresight),
        cmocka_unit_test(test_no_foresight),
        { "E-v: the second before, at and after the end of a window", test_grace, NULL, NULL, NULL },
        cmocka_unit_test(test_rows),
        { "E-m: text behind an item; items cut and changed", test_item_check, NULL, NULL, NULL },
        cmocka_unit_test(test_item_mismatch),
        cmocka_unit_test(test_item_of_stranger),
        cmocka_unit_test(test_root_crl_chains),
        cmocka_unit_test(test_two_roots),
        { "E-w: items of SGX and TDX side by side", test_two_tees, NULL, NULL, NULL },
    };

    return cmocka_run_group_tests_name("collateral.items", tests, scene_make, scene_free);
}
