/* layers: evidence/common collateral codec base */
/* Levels and their combination, against the table of the reference written out by hand. */
#include "evidence/common/dcap_tcb.h"
#include "support/cases.h"

static struct cases cases = { .name = "evidence.dcap_tcb" };

enum {
    U = ATT_STATUS_UP_TO_DATE,
    S = ATT_STATUS_SW_HARDENING_NEEDED,
    C = ATT_STATUS_CONFIGURATION_NEEDED,
    CS = ATT_STATUS_CONFIGURATION_AND_SW_HARDENING_NEEDED,
    O = ATT_STATUS_OUT_OF_DATE,
    OC = ATT_STATUS_OUT_OF_DATE_CONFIGURATION_NEEDED,
    R = ATT_STATUS_REVOKED,
    N = ATT_STATUS_UNKNOWN
};

static void joins(void)
{
    static const struct {
        int platform, part, want;
    } rows[] = {
        { U, U, U },  { S, U, S },  { C, U, C }, { CS, U, CS }, { O, U, O },   { OC, U, OC }, { R, U, R },
        { N, U, N },  { U, O, O },  { S, O, O }, { C, O, OC },  { CS, O, OC }, { O, O, O },   { OC, O, OC },
        { R, O, R },  { N, O, N },  { U, R, R }, { S, R, R },   { C, R, R },   { CS, R, R },  { O, R, R },
        { OC, R, R }, { R, R, R },  { N, R, N }, { U, N, N },   { S, N, N },   { C, N, N },   { CS, N, N },
        { O, N, N },  { OC, N, N }, { R, N, N }, { N, N, N },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int got =
            (int)dcap_status_join((enum att_tcb_status)rows[i].platform, (enum att_tcb_status)rows[i].part);
        cases_check(&cases, got == rows[i].want, "join %d %d: %d, want %d", rows[i].platform, rows[i].part,
                    got, rows[i].want);
    }
}

/* Every component counts for itself (attack list 2, E-e). */
static void each_component(void)
{
    struct dcap_tcb_level levels[2] = { { .pcesvn = 13, .verdict = { .status = ATT_STATUS_UP_TO_DATE } },
                                        { .verdict = { .status = ATT_STATUS_OUT_OF_DATE } } };
    const struct dcap_tcb_info info = { .levels = levels, .level_count = 2 };
    const struct dcap_tcb_info top_only = { .levels = levels, .level_count = 1 };
    uint8_t comps[16];

    for (size_t i = 0; i < 16; i++)
        levels[0].components[i] = (uint8_t)(i + 200);
    for (size_t i = 0; i <= 16; i++) {
        memcpy(comps, levels[0].components, 16);
        struct dcap_measured p = { .components = comps, .pcesvn = 13 };
        cases_check(&cases, dcap_tcb_level_of(&info, &p) == &levels[0], "exactly the level");
        if (i < 16)
            comps[i]--;
        else
            p.pcesvn--;
        cases_check(&cases, dcap_tcb_level_of(&info, &p) == &levels[1], "one less in %zu", i);
        cases_check(&cases, dcap_tcb_level_of(&top_only, &p) == NULL, "below all by %zu", i);
        /* More elsewhere makes up for nothing. */
        for (size_t k = 0; k < 16; k++)
            comps[k] = k == i ? comps[k] : 255;
        if (i < 16) {
            p.pcesvn = 65535;
            cases_check(&cases, dcap_tcb_level_of(&info, &p) == &levels[1], "255 except %zu", i);
        }
    }
}

static void filled(void)
{
    static const struct att_span platform_ids[] = { { (const uint8_t *)"SA-1", 4 },
                                                    { (const uint8_t *)"SA-2", 4 } };
    static const struct att_span qe_ids[] = { { (const uint8_t *)"SA-2", 4 },
                                              { (const uint8_t *)"SA-3", 4 } };
    const struct dcap_tcb_level levels[] = {
        { .components = { 5 }, .pcesvn = 13, .verdict = { .status = ATT_STATUS_UP_TO_DATE } },
        { .components = { 4 }, .pcesvn = 12, .verdict = { .status = ATT_STATUS_SW_HARDENING_NEEDED } },
        { .components = { 1 }, .pcesvn = 5, .verdict = { ATT_STATUS_OUT_OF_DATE, 77, platform_ids, 2 } },
    };
    const struct dcap_svn_level qe_levels[] = {
        { 8, { .status = ATT_STATUS_UP_TO_DATE } },
        { 6, { ATT_STATUS_OUT_OF_DATE, 88, qe_ids, 2 } },
    };
    const struct dcap_tcb_info info = { .levels = levels, .level_count = 3 };
    const struct dcap_qe_identity qe = { .levels = qe_levels, .level_count = 2 };
    const uint8_t comps[16] = { 3 };
    const struct dcap_measured p = { .components = comps, .pcesvn = 12, .qe_isvsvn = 7 };
    const uint8_t none[16] = { 0 };
    const struct dcap_measured too_old = { .components = none, .pcesvn = 4, .qe_isvsvn = 5 };
    struct att_arena *a = att_arena_new(1 << 16);
    struct att_err err = { 0 };
    struct att_tcb t = { 0 };
    char text[128];

    bool ok = dcap_tcb_evaluate(a, &info, &qe, &p, &t, &err);
    cases_check(&cases,
                ok && t.status == ATT_STATUS_OUT_OF_DATE && t.qe == ATT_STATUS_OUT_OF_DATE &&
                    t.date_unix_s == 77,
                "fill: %s", err.text);
    cases_check(&cases,
                t.advisory_count == 3 && att_span_is(t.advisories[0], "SA-1") &&
                    att_span_is(t.advisories[2], "SA-3"),
                "advisories: union in order");
    dcap_shortfall_text(&t, text, sizeof text);
    /* The next better status is SWHardeningNeeded: component 1 must be 4, PCESVN is enough already. */
    cases_check(&cases,
                strcmp(text, "sgxtcbcomp01 is 3, needs 4; qe.isvsvn is 7, needs 8") == 0 &&
                    t.next == ATT_STATUS_SW_HARDENING_NEEDED,
                "shortfall: %s", text);
    dcap_shortfall_text(&t, text, 30); /* whole items or none */
    cases_check(&cases, strcmp(text, "sgxtcbcomp01 is 3, needs 4") == 0, "cut shortfall: %s", text);

    t = (struct att_tcb){ 0 };
    ok = dcap_tcb_evaluate(a, &info, &qe, &too_old, &t, &err);
    dcap_shortfall_text(&t, text, sizeof text);
    cases_check(
        &cases,
        ok && t.status == ATT_STATUS_UNKNOWN && t.platform == ATT_STATUS_UNKNOWN &&
            t.qe == ATT_STATUS_UNKNOWN &&
            strcmp(text, "sgxtcbcomp01 is 0, needs 1; pcesvn is 4, needs 5; qe.isvsvn is 5, needs 6") == 0,
        "below all: %s", text);
    att_arena_free(a);
}

int main(void)
{
    joins();
    each_component();
    filled();
    return cases_report(&cases);
}
