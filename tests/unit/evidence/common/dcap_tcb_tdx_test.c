/* layers: evidence/common collateral codec base */
/* TDX: components of the module, its identity and levels, relaunch; against the rules of the reference written out by hand.
 * An evaluation is a function of plain structs here: no quote, no signature. */
#include <stdio.h>

#include "evidence/common/dcap_tcb.h"
#include "support/cases.h"

static struct cases cases = { .name = "evidence.dcap_tcb_tdx" };

enum {
    U = ATT_STATUS_UP_TO_DATE,
    S = ATT_STATUS_SW_HARDENING_NEEDED,
    C = ATT_STATUS_CONFIGURATION_NEEDED,
    CS = ATT_STATUS_CONFIGURATION_AND_SW_HARDENING_NEEDED,
    RA = ATT_STATUS_TD_RELAUNCH_ADVISED,
    RC = ATT_STATUS_TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED,
    O = ATT_STATUS_OUT_OF_DATE,
    OC = ATT_STATUS_OUT_OF_DATE_CONFIGURATION_NEEDED,
    R = ATT_STATUS_REVOKED,
    N = ATT_STATUS_UNKNOWN
};

/* One machine and one TCB info, which a row of a test then changes in one place. */
struct world {
    uint8_t components[16];
    uint8_t svn[16], svn2[16];
    uint8_t signer[48];
    uint8_t attributes[8];
    struct dcap_tcb_level levels[3];
    struct dcap_svn_level module_1[3], module_3[1], qe_levels[3];
    struct dcap_tdx_module_identity modules[2];
    struct dcap_tcb_info info;
    struct dcap_qe_identity qe;
    struct dcap_measured m;
};

static const struct att_span platform_ids[] = { { (const uint8_t *)"SA-1", 4 } };
static const struct att_span module_ids[] = { { (const uint8_t *)"SA-2", 4 },
                                              { (const uint8_t *)"SA-1", 4 } };
static const struct att_span qe_ids[] = { { (const uint8_t *)"SA-3", 4 }, { (const uint8_t *)"SA-2", 4 } };

/* SGX components 8 and TDX components {5, 0, 2}: the first level; {3, 0, 1}: the second; SGX 4: the third. */
static void world_make(struct world *w)
{
    *w = (struct world){
        .components = { 8, 8 },
        .svn = { 5, 1, 2 },
        .levels = { { { 8, 8 }, 13, { 5, 0, 2 }, { (enum att_tcb_status)U, 300, NULL, 0 } },
                    { { 8, 8 }, 13, { 3, 0, 1 }, { (enum att_tcb_status)O, 200, platform_ids, 1 } },
                    { { 4, 4 }, 11, { 0, 0, 0 }, { (enum att_tcb_status)R, 100, NULL, 0 } } },
        .module_1 = { { 5, { (enum att_tcb_status)U, 30, NULL, 0 } },
                      { 3, { (enum att_tcb_status)O, 20, module_ids, 2 } },
                      { 2, { (enum att_tcb_status)R, 10, NULL, 0 } } },
        .module_3 = { { 3, { (enum att_tcb_status)U, 30, NULL, 0 } } },
        .qe_levels = { { 8, { (enum att_tcb_status)U, 0, NULL, 0 } },
                       { 6, { (enum att_tcb_status)O, 0, qe_ids, 2 } },
                       { 4, { (enum att_tcb_status)R, 0, NULL, 0 } } },
    };
    w->modules[0] =
        (struct dcap_tdx_module_identity){ .version = 3, .levels = w->module_3, .level_count = 1 };
    w->modules[1] =
        (struct dcap_tdx_module_identity){ .version = 1, .levels = w->module_1, .level_count = 3 };
    w->info = (struct dcap_tcb_info){ .tee = DCAP_TDX,
                                      .version = 3,
                                      .levels = w->levels,
                                      .level_count = 3,
                                      .modules = w->modules,
                                      .module_count = 2 };
    w->qe = (struct dcap_qe_identity){ .id = DCAP_TD_QE, .levels = w->qe_levels, .level_count = 3 };
    w->m = (struct dcap_measured){ .tee = DCAP_TDX,
                                   .components = w->components,
                                   .pcesvn = 13,
                                   .qe_isvsvn = 8,
                                   .td = { .tee_tcb_svn = { w->svn, 16 },
                                           .mrsignerseam = { w->signer, 48 },
                                           .seam_attributes = { w->attributes, 8 } } };
}

static struct att_tcb evaluated(const struct world *w)
{
    static struct att_arena *arena;
    struct att_tcb t = { .evaluation_number = 17 };
    struct att_err err = { 0 };

    arena = arena ? arena : att_arena_new(1 << 20);
    bool ok = dcap_tcb_evaluate(arena, &w->info, &w->qe, &w->m, &t, &err);
    cases_check(&cases, ok && t.evaluation_number == 17, "evaluate: %s", err.text);
    return t;
}

/* E-e: every component counts for itself, and more elsewhere makes up for nothing. Under a module with a version the first
 * two are that module's own matter. */
static void each_component(void)
{
    struct world w;

    for (unsigned version = 0; version < 2; version++)
        for (size_t i = 0; i < 16; i++) {
            world_make(&w);
            for (size_t k = 0; k < 16; k++)
                w.levels[0].tdx_components[k] = w.svn[k] = (uint8_t)(100 + k);
            w.svn[1] = (uint8_t)version;
            w.levels[0].tdx_components[1] = 0;
            const struct dcap_tcb_level *own = dcap_tcb_level_of(&w.info, &w.m);
            cases_check(&cases, own == &w.levels[0], "E-e: version %u: exactly the level", version);
            memset(w.svn, 255, sizeof w.svn);
            w.svn[1] = (uint8_t)version;
            w.svn[i] = i == 1 ? w.svn[1] : (uint8_t)(w.levels[0].tdx_components[i] - 1);
            bool counts = i != 1 && (version == 0 || i >= 2);
            own = dcap_tcb_level_of(&w.info, &w.m);
            cases_check(&cases, (own == &w.levels[0]) == !counts, "E-e: version %u: one less in %zu", version,
                        i);
        }
    world_make(&w);
    w.svn[1] = 0;
    w.levels[0].tdx_components[1] = 1;
    cases_check(&cases, dcap_tcb_level_of(&w.info, &w.m) == &w.levels[1],
                "E-e: version 0: the second component counts, too");
    w.components[1] = 7;
    cases_check(&cases, dcap_tcb_level_of(&w.info, &w.m) == &w.levels[2],
                "E-e: SGX components count under TDX");
}

/* E-j: the status of a domain is that of the level which it reaches in everything, not the SGX level's, and not both. */
static void sgx_and_tdx(void)
{
    struct world w;
    struct att_tcb t;

    world_make(&w);
    w.svn[2] = 1;
    t = evaluated(&w);
    cases_check(&cases,
                t.platform == ATT_STATUS_OUT_OF_DATE && t.status == ATT_STATUS_OUT_OF_DATE &&
                    t.date_unix_s == 200,
                "E-j: SGX up to date, TDX not: %s", att_tcb_status_name(t.status));
    w.m.tee = DCAP_SGX;
    w.info.tee = DCAP_SGX;
    t = evaluated(&w);
    cases_check(&cases, t.status == ATT_STATUS_UP_TO_DATE && t.module == ATT_STATUS_UNKNOWN,
                "E-j: the same machine's enclave: %s", att_tcb_status_name(t.status));
    w.m.tee = DCAP_TDX;
    t = evaluated(&w);
    cases_check(&cases, t.status == ATT_STATUS_UNKNOWN, "E-j: SGX TCB info for a domain: %s",
                att_tcb_status_name(t.status));

    /* The reverse: only a level that is worse in SGX terms is reached in TDX terms. */
    world_make(&w);
    memset(w.levels[0].tdx_components, 9, 16);
    memset(w.levels[1].tdx_components, 9, 16);
    t = evaluated(&w);
    cases_check(&cases, t.platform == ATT_STATUS_REVOKED && t.status == ATT_STATUS_REVOKED,
                "E-j: lowest level: %s", att_tcb_status_name(t.status));
}

/* E-g: the module has to be one that the TCB info names. */
static void module_identity(void)
{
    static const struct {
        const char *name;
        uint8_t version, signer, attribute, wanted_signer, wanted_attribute;
        bool fits;
    } rows[] = {
        { "E-g: named", 1, 0, 0, 0, 0, true },
        { "E-g: another that is named", 3, 0, 0, 0, 0, true },
        { "E-g: a version that is not named", 2, 0, 0, 0, 0, false },
        { "E-g: version 255", 255, 0, 0, 0, 0, false },
        { "E-g: no version", 0, 0, 0, 0, 0, true },
        { "E-g: another signer", 1, 7, 0, 0, 0, false },
        { "E-g: no signer where one is wanted", 1, 0, 0, 7, 0, false },
        { "E-g: the signer that is wanted", 1, 7, 0, 7, 0, true },
        { "E-g: another signer, no version", 0, 7, 0, 0, 0, false },
        { "E-g: SEAM attributes", 1, 0, 1, 0, 0, false },
        { "E-g: SEAM attributes that the document has, too", 1, 0, 1, 0, 1, false },
        { "E-g: SEAM attributes that only the document has", 1, 0, 0, 0, 1, false },
        { "E-g: SEAM attributes, no version", 0, 0, 0x80, 0, 0, false },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (size_t at = 0; at < 48; at++) {
            struct world w;
            struct att_err err = { 0 };
            world_make(&w);
            struct dcap_tdx_module *wanted = rows[i].version == 0   ? &w.info.tdx_module
                                             : rows[i].version == 3 ? &w.modules[0].module
                                                                    : &w.modules[1].module;
            w.svn[1] = rows[i].version;
            w.signer[at] = rows[i].signer;
            w.attributes[at % 8] = rows[i].attribute;
            wanted->mrsigner[at] = rows[i].wanted_signer;
            wanted->attributes[at % 8] = rows[i].wanted_attribute;
            bool ok = dcap_tdx_module_fits(&w.info, &w.m.td, "tdx", &err);
            cases_check(&cases, ok == rows[i].fits && (ok || err.code == ATT_TDX_MODULE_MISMATCH),
                        "%s, byte %zu: %s", rows[i].name, at, err.text);
            cases_check(&cases, ok || (err.where[0] && err.found[0] && err.expected[0]),
                        "%s: says too little", rows[i].name);
            struct att_tcb t = evaluated(&w);
            cases_check(&cases, ok == (t.status != ATT_STATUS_UNKNOWN), "%s: status %s", rows[i].name,
                        att_tcb_status_name(t.status));
        }
}

/* E-i: what the module, the platform and the quoting enclave make together; out of date is never up to date. */
static void combined(void)
{
    static const struct {
        int platform;
        uint8_t module_svn;
        uint16_t qe;
        int want;
    } rows[] = {
        { U, 5, 8, U },   { S, 5, 8, S },  { C, 5, 8, C },   { CS, 5, 8, CS }, { O, 5, 8, O },
        { OC, 5, 8, OC }, { R, 5, 8, R },  { U, 255, 8, U }, { U, 4, 8, O },   { U, 3, 8, O },
        { S, 3, 8, O },   { C, 3, 8, OC }, { CS, 3, 8, OC }, { O, 3, 8, O },   { OC, 3, 8, OC },
        { R, 3, 8, R },   { U, 2, 8, R },  { O, 2, 8, R },   { U, 1, 8, N },   { R, 1, 8, N },
        { U, 0, 8, N },   { U, 5, 7, O },  { U, 5, 6, O },   { CS, 5, 6, OC }, { U, 5, 4, R },
        { U, 5, 3, N },   { U, 3, 6, O },  { CS, 3, 6, OC }, { U, 2, 6, R },   { U, 3, 4, R },
        { R, 5, 6, R },   { OC, 5, 4, R },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct world w;
        world_make(&w);
        w.levels[0].verdict.status = (enum att_tcb_status)rows[i].platform;
        w.svn[0] = rows[i].module_svn;
        w.m.qe_isvsvn = rows[i].qe;
        struct att_tcb t = evaluated(&w);
        cases_check(&cases, (int)t.status == rows[i].want && (int)t.platform == rows[i].platform,
                    "E-i: platform %d, module %u, QE %u: %d, want %d", rows[i].platform, rows[i].module_svn,
                    rows[i].qe, (int)t.status, rows[i].want);
    }
}

struct relaunch_row {
    const char *name;
    bool report_15;
    uint8_t svn0, svn2[3]; /* SVN of the module at launch; the module that runs now */
    int sgx;               /* status of the level without TDX components; the own level is out of date */
    int own;               /* status of the level that is reached with them */
    uint16_t qe;
    int want;
};

static const struct relaunch_row relaunch_rows[] = {
    { "the module that runs is the latest", true, 4, { 5, 1, 2 }, U, O, 8, RA },
    { "newer still", true, 4, { 9, 1, 9 }, U, O, 8, RA },
    { "one of the other version", true, 4, { 3, 3, 2 }, U, O, 8, RA },
    { "software hardening", true, 4, { 5, 1, 2 }, S, O, 8, RA },
    { "configuration of the machine", true, 4, { 5, 1, 2 }, C, O, 8, RC },
    { "configuration and hardening", true, 4, { 5, 1, 2 }, CS, O, 8, RC },
    { "configuration of the level", true, 4, { 5, 1, 2 }, U, OC, 8, RC },
    { "the level reached is not out of date, the module is", true, 4, { 5, 1, 2 }, U, U, 8, RA },
    { "the same with configuration", true, 4, { 5, 1, 2 }, C, C, 8, RC },
    { "no version, components 0 and 2", true, 4, { 5, 0, 2 }, U, O, 8, RA },
    { "no version, component 0 low", true, 4, { 4, 0, 2 }, U, O, 8, O },
    { "no version, component 2 low", true, 4, { 5, 0, 1 }, U, O, 8, O },
    { "TD report 1.0", false, 4, { 5, 1, 2 }, U, O, 8, O },
    { "the module that runs is old, too", true, 4, { 4, 1, 2 }, U, O, 8, O },
    { "its loader is old", true, 4, { 5, 1, 1 }, U, O, 8, O },
    { "its version is not named", true, 4, { 9, 2, 9 }, U, O, 8, O },
    { "other version, too old", true, 4, { 2, 3, 2 }, U, O, 8, O },
    { "the machine itself is out of date", true, 4, { 5, 1, 2 }, O, O, 8, O },
    { "the machine is out of date and misconfigured", true, 4, { 5, 1, 2 }, OC, OC, 8, OC },
    { "the machine is revoked", true, 4, { 5, 1, 2 }, R, R, 8, R },
    { "the module at launch was up to date", true, 5, { 5, 1, 2 }, U, O, 8, O },
    { "the module at launch was revoked", true, 2, { 5, 1, 2 }, U, O, 8, R },
    { "the module at launch is below all", true, 1, { 5, 1, 2 }, U, O, 8, N },
    { "the quoting enclave is out of date", true, 4, { 5, 1, 2 }, U, O, 6, O },
    { "the quoting enclave is out of date, configuration", true, 4, { 5, 1, 2 }, C, OC, 6, OC },
    { "the quoting enclave is revoked", true, 4, { 5, 1, 2 }, U, O, 4, R },
    { "the quoting enclave is below all", true, 4, { 5, 1, 2 }, U, O, 3, N },
};

static void relaunch(void)
{
    for (size_t i = 0; i < sizeof relaunch_rows / sizeof relaunch_rows[0]; i++) {
        const struct relaunch_row *r = &relaunch_rows[i];
        struct world w;
        world_make(&w);
        w.svn[0] = r->svn0;
        w.svn[2] = 1; /* the first level is reached in SGX terms only, the second in all */
        memcpy(w.svn2, r->svn2, 3);
        w.m.qe_isvsvn = r->qe;
        w.m.td.tee_tcb_svn2 = att_span_of(w.svn2, r->report_15 ? 16 : 0);
        w.levels[0].verdict.status = (enum att_tcb_status)r->sgx;
        w.levels[1].verdict.status = (enum att_tcb_status)r->own;
        struct att_tcb t = evaluated(&w);
        cases_check(&cases, (int)t.status == r->want, "relaunch: %s: %d, want %d", r->name, (int)t.status,
                    r->want);
    }
    /* An ISVSVN has two bytes, a report's SVN one: what is out of its reach is not reached, in no byte of it. */
    struct world w;
    world_make(&w);
    w.svn[0] = 4;
    w.svn[2] = 1;
    memcpy(w.svn2, (const uint8_t[]){ 255, 3, 2 }, 3);
    w.m.td.tee_tcb_svn2 = att_span_of(w.svn2, 16);
    cases_check(&cases, (int)evaluated(&w).status == RA, "relaunch: the highest SVN there is");
    w.module_3[0].isvsvn = 256;
    cases_check(&cases, (int)evaluated(&w).status == O, "E-i: relaunch: an ISVSVN of 256");
}

static void shortfall(const char *name, const struct world *w, const char *want, int next)
{
    struct att_tcb t = evaluated(w);
    char text[256];

    dcap_shortfall_text(&t, text, sizeof text);
    cases_check(&cases, strcmp(text, want) == 0 && (int)t.next == next, "shortfall, %s: %s (next %d)", name,
                text, (int)t.next);
}

static void shortfalls(void)
{
    struct world w;
    struct att_tcb t;

    world_make(&w);
    shortfall("at the top", &w, "", N);
    w.svn[0] = 4;
    shortfall("module", &w, "tdxmodule.isvsvn is 4, needs 5", U);
    w.svn[2] = 1;
    shortfall("module and loader", &w, "tdxtcbcomp03 is 1, needs 2; tdxmodule.isvsvn is 4, needs 5", U);
    w.svn[1] = 0;
    shortfall("no version", &w, "tdxtcbcomp01 is 4, needs 5; tdxtcbcomp03 is 1, needs 2", U);
    world_make(&w);
    w.svn[0] = 1;
    w.m.qe_isvsvn = 3;
    shortfall("module and QE below all", &w, "tdxmodule.isvsvn is 1, needs 2; qe.isvsvn is 3, needs 4", R);
    world_make(&w);
    w.components[0] = 3;
    w.m.pcesvn = 10;
    shortfall("below all", &w, "sgxtcbcomp01 is 3, needs 4; pcesvn is 10, needs 11", R);

    world_make(&w);
    w.svn[0] = 3;
    w.svn[2] = 1;
    w.m.qe_isvsvn = 6;
    t = evaluated(&w);
    cases_check(&cases,
                t.advisory_count == 3 && att_span_is(t.advisories[0], "SA-1") &&
                    att_span_is(t.advisories[1], "SA-2") && att_span_is(t.advisories[2], "SA-3"),
                "advisories of level, module, QE: %zu", t.advisory_count);
    cases_check(&cases, t.module == ATT_STATUS_OUT_OF_DATE && t.qe == ATT_STATUS_OUT_OF_DATE,
                "the parts' statuses");
}

int main(void)
{
    each_component();
    sgx_and_tdx();
    module_identity();
    combined();
    relaunch();
    shortfalls();
    return cases_report(&cases);
}
