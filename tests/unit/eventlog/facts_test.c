/* layers: eventlog crypto codec base */
/* What decisions are made on: every way in which whoever writes a log, or whoever may extend registers after the firmware and the loader,
 * would like a machine to look better than it is. */
#include "made_events.h"
#include "support/cases.h"

static struct cases run = { .name = "unit.eventlog.facts" };

static struct log_facts facts_of(struct made *m)
{
    struct log_facts f;
    struct att_err err = { 0 };

    struct log_env env = m->env;

    env.arena = att_arena_new((size_t)1 << 20);
    memset(&f, 0xff, sizeof f);
    if (!log_facts_read(&env, &m->set, &m->proven, &f, &err))
        abort();
    att_arena_free(env.arena);
    return f;
}

/* -- Secure Boot ------------------------------------------------------------------------------------------------ */

static void on(struct made *m)
{
    (void)made_add(m, 7, DRIVER_CONFIG, made_secure_boot(m, "01"));
}
static void off(struct made *m)
{
    (void)made_add(m, 7, DRIVER_CONFIG, made_secure_boot(m, "00"));
}
static void end(struct made *m)
{
    made_separator(m, 7);
}
static void spoiled_off(struct made *m)
{
    (void)made_add_as(m, 7, DRIVER_CONFIG, made_secure_boot(m, "01"), made_secure_boot(m, "00"));
}
static void renamed_off(struct made *m)
{
    (void)made_add(m, 7, IPL, made_secure_boot(m, "00"));
}
static void unreadable_off(struct made *m)
{
    (void)made_add_as(m, 7, DRIVER_CONFIG, made_hex(m, "00"), made_secure_boot(m, "00"));
}
static void unreadable_none(struct made *m)
{
    (void)made_add_as(m, 7, IPL, made_hex(m, "00"), made_secure_boot(m, ""));
}
static void data_only(struct made *m)
{
    (void)made_add_as(m, 7, DRIVER_CONFIG, made_secure_boot(m, "01"), made_hex(m, "01"));
}
static void elsewhere(struct made *m)
{
    (void)made_add(m, 1, DRIVER_CONFIG, made_secure_boot(m, "01"));
}
static void boot_variable(struct made *m)
{
    (void)made_add(m, 7, VARIABLE_BOOT, made_secure_boot(m, "01"));
}
static void no_action(struct made *m)
{
    (void)made_add(m, 7, 3, made_secure_boot(m, "01"));
}
static void other_space(struct made *m)
{
    (void)made_add(m, 7, DRIVER_CONFIG, made_variable(m, SECURITY_GUID, "SecureBoot", made_hex(m, "01")));
}
static void two_bytes(struct made *m)
{
    (void)made_add(m, 7, DRIVER_CONFIG, made_secure_boot(m, "0100"));
}
static void no_byte(struct made *m)
{
    (void)made_add(m, 7, DRIVER_CONFIG, made_secure_boot(m, ""));
}
static void value_two(struct made *m)
{
    (void)made_add(m, 7, DRIVER_CONFIG, made_secure_boot(m, "02"));
}
static void behind(struct made *m)
{
    (void)made_add(m, 7, DRIVER_CONFIG, made_join(m, made_secure_boot(m, "01"), made_hex(m, "00")));
}
static void small_letters(struct made *m)
{
    (void)made_add(m, 7, DRIVER_CONFIG, made_variable(m, GLOBAL_GUID, "secureboot", made_hex(m, "01")));
}
static void end_ones(struct made *m)
{
    (void)made_add(m, 7, SEPARATOR, made_hex(m, "ffffffff"));
}
static void end_failed(struct made *m)
{
    (void)made_add(m, 7, SEPARATOR, made_hex(m, "01000000"));
}
static void end_renamed(struct made *m)
{
    (void)made_add(m, 7, IPL, made_hex(m, "00000000"));
}
static void end_spoiled(struct made *m)
{
    (void)made_add_as(m, 7, SEPARATOR, made_hex(m, "12345678"), made_hex(m, "00000000"));
}
static void end_said(struct made *m)
{
    (void)made_add_as(m, 7, SEPARATOR, made_hex(m, "00000000"), made_hex(m, "12345678"));
}
static void end_elsewhere(struct made *m)
{
    made_separator(m, 6);
}
static void ima_off(struct made *m)
{
    (void)made_as_ima(m, 7, made_secure_boot(m, "00"));
}
static void ima_end(struct made *m)
{
    (void)made_as_ima(m, 7, made_hex(m, "00000000"));
}
static void ima_behind(struct made *m)
{
    (void)made_as_ima(m, 7, att_str("measured by Linux, by a policy of its own"));
}
static void unproven(struct made *m)
{
    m->proven.pcrs &= ~(1u << 7);
}
static void other_bank(struct made *m)
{
    m->proven.bank = ATT_SHA384;
}

typedef void step(struct made *m);
static const struct {
    const char *name;
    step *steps[6];
    bool secure_boot;
} boots[] = {
    { "on", { on, end }, true },
    { "on, ended with ones", { on, end_ones }, true },
    { "off", { off, end }, false },
    { "nothing", { 0 }, false },
    { "E-p: no separator at all", { on }, false },
    { "E-p: the separator of another register", { on, end_elsewhere }, false },
    { "E-p: behind the separator", { end, on }, false },
    { "E-p: behind a separator that is called something else", { end_renamed, on, end }, false },
    { "E-p: behind a separator whose body was changed", { end_spoiled, on, end }, false },
    { "E-p: a separator by its body alone", { on, end_said }, false },
    { "E-p: firmware says that it failed", { on, end_failed, end }, false },
    { "E-n: the body changed, digest as it was", { spoiled_off, end }, false },
    { "E-n: the true one spoiled, a made one behind the end", { spoiled_off, end, on }, false },
    { "E-n: the true one renamed, a made one behind the end", { renamed_off, end, on }, false },
    { "E-n: the value alone measured", { data_only, end }, false },
    { "E-n: in another register", { elsewhere, end }, false },
    { "E-n: as a boot variable", { boot_variable, end }, false },
    { "E-n: as an event that extends nothing", { no_action, end }, false },
    { "E-n: in another name space", { other_space, end }, false },
    { "E-n: off first, and made unreadable", { unreadable_off, on, end }, false },
    { "E-n: on first, then off, made unreadable", { on, unreadable_off, end }, false },
    { "E-n: off behind the end, made unreadable", { on, end, unreadable_off }, false },
    { "E-n: without a value first, and made unreadable", { unreadable_none, on, end }, false },
    { "E-n: off first, called something else", { renamed_off, on, end }, false },
    { "E-n: off and its separator shown as records of IMA", { ima_off, ima_end, on, end }, false },
    { "E-n: off shown as a record of IMA", { ima_off, on, end }, false },
    { "E-n: off behind on, shown as a record of IMA", { on, ima_off, end }, false },
    { "E-p: the separator shown as a record of IMA", { ima_end, on, end }, false },
    { "E-n: a record of IMA behind the end", { on, end, ima_behind }, false },
    { "on and off", { on, off, end }, false },
    { "off and on", { off, on, end }, false },
    { "on twice", { on, on, end }, false },
    { "on, and again behind the end", { on, end, on }, false },
    { "on, and off behind the end", { on, end, off }, false },
    { "on, and its name in another name space", { on, other_space, end }, false },
    { "two bytes", { two_bytes, end }, false },
    { "no byte", { no_byte, end }, false },
    { "value 2", { value_two, end }, false },
    { "bytes behind the variable", { behind, end }, false },
    { "its name in small letters", { small_letters, end }, false },
    { "register 7 not proven", { on, end, unproven }, false },
    { "E-p: a bank without digests", { on, end, other_bank }, false },
};

static void check_boots(void)
{
    for (size_t i = 0; i < sizeof boots / sizeof boots[0]; i++) {
        struct made m;
        made_start(&m);
        for (size_t s = 0; s < 6 && boots[i].steps[s]; s++)
            boots[i].steps[s](&m);
        cases_check(&run, facts_of(&m).secure_boot == boots[i].secure_boot, "%s", boots[i].name);
        made_end(&m);
    }
}

/* Every single bit of the one good log. */
static void check_boot_flips(void)
{
    struct made m;
    made_start(&m);
    on(&m);
    uint8_t *body = (uint8_t *)(uintptr_t)m.at[0].body.ptr;
    end(&m);
    for (size_t bit = 0; bit < 8 * m.at[0].body.len; bit++) {
        body[bit / 8] ^= (uint8_t)(1u << bit % 8);
        cases_check(&run, !facts_of(&m).secure_boot, "E-n: bit %zu of the body", bit);
        body[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t bit = 0; bit < 256; bit++) {
        m.digest[0][bit / 8] ^= (uint8_t)(1u << bit % 8);
        cases_check(&run, !facts_of(&m).secure_boot, "bit %zu of the digest", bit);
        m.digest[0][bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t len = 0; len < m.at[0].body.len; len++) {
        struct made cut = m;
        cut.env.limits = &cut.limits;
        cut.set.items = cut.at;
        cut.at[0].body.len = len;
        if (!att_digest(m.crypto, ATT_SHA256, cut.at[0].body, cut.digest[0]))
            abort();
        cut.at[0].digest[ATT_SHA256] = cut.digest[0];
        cases_check(&run, !facts_of(&cut).secure_boot, "cut at %zu", len);
    }
    cases_check(&run, facts_of(&m).secure_boot, "and whole again");
    made_end(&m);
}

/* -- keys ------------------------------------------------------------------------------------------------------- */

static void db(struct made *m, const char *guid, const char *hex)
{
    (void)made_add(m, 7, DRIVER_CONFIG, made_variable(m, guid, "db", made_hex(m, hex)));
}

static void check_keys(void)
{
    static const struct {
        const char *name, *guid, *first, *second, *behind, *want;
    } rows[] = {
        { "one", SECURITY_GUID, "aa", NULL, NULL, "aa" },
        { "the last one counts", SECURITY_GUID, "aa", "bb", NULL, "bb" },
        { "said again behind the end", SECURITY_GUID, "aa", NULL, "aa", "aa" },
        { "E-n: said otherwise behind the end", SECURITY_GUID, "aa", NULL, "bb", NULL },
        { "E-n: only behind the end", SECURITY_GUID, NULL, NULL, "bb", NULL },
        { "in another name space", GLOBAL_GUID, "aa", NULL, NULL, NULL },
        { "empty", SECURITY_GUID, "", NULL, NULL, "" },
        { "none", SECURITY_GUID, NULL, NULL, NULL, NULL },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct made m;
        uint8_t want[32] = { 0 };
        made_start(&m);
        if (rows[i].first)
            db(&m, rows[i].guid, rows[i].first);
        if (rows[i].second)
            db(&m, rows[i].guid, rows[i].second);
        made_separator(&m, 7);
        if (rows[i].behind)
            db(&m, rows[i].guid, rows[i].behind);
        struct log_facts f = facts_of(&m);
        if (rows[i].want && !att_digest(m.crypto, ATT_SHA256, made_hex(&m, rows[i].want), want))
            abort();
        cases_check(&run,
                    f.has_db == (rows[i].want != NULL) && memcmp(f.db, want, 32) == 0 && !f.has_dbx &&
                        !f.has_pk && !f.has_kek,
                    "db: %s", rows[i].name);
        made_end(&m);
    }
}

/* -- Windows ------------------------------------------------------------------------------------------------------ */

enum { BOOTDEBUG = 0x00040001, SAFE = 0x00050005, PE = 0x00050006, CI = 0x00050002, KDEBUG = 0x00050001 };
enum {
    TESTSIGN = 0x00050003,
    VSM = 0x000a0001,
    IOMMU = 0x000a0003,
    MANDATORY = 0x000a0006,
    IDKS = 0x00050023
};
enum { HVCI = 0x000a0007, MODULE = 0x40010003, PATH = 0x00070001, VALIDATED = 0x0007000a };

static struct att_span bools(struct made *m, const char *spec)
{
    static const struct {
        char letter;
        uint32_t id;
    } ids[] = { { 'b', BOOTDEBUG }, { 's', SAFE }, { 'w', PE },    { 'c', CI },       { 'k', KDEBUG },
                { 't', TESTSIGN },  { 'v', VSM },  { 'i', IOMMU }, { 'm', MANDATORY } };
    struct att_span all = { 0 };

    for (; *spec; spec += 2) {
        for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) {
            if (ids[i].letter == spec[0])
                all = made_join(m, all, made_bool(m, ids[i].id, (unsigned)(spec[1] - '0')));
        }
    }
    return all;
}

struct windows_row {
    const char *name;
    const char *first, *second; /* boundaries, "b0c1": letter and value */
    uint32_t first_pcr, second_pcr;
    const char *
        yes; /* letters of what must be so: "B" boot debugging off, "S" not safe mode, "P", "V", "I", "C", "K" debug, "T" */
};
static const struct windows_row windows[] = {
    { "good", "b0s0w0c1k0t0", "b0c1", 13, 12, "BSPC" },
    { "boundary with nothing", "", NULL, 12, 0, "SP" },
    { "BOOTDEBUGGING not there", "c1", NULL, 12, 0, "CSP" },
    { "BOOTDEBUGGING on", "b1", NULL, 12, 0, "SP" },
    { "BOOTDEBUGGING off, then on", "b0", "b1", 12, 13, "SP" },
    { "BOOTDEBUGGING off and on in one boundary", "b0b1", NULL, 12, 0, "SP" },
    { "BOOTDEBUGGING neither", "b2", NULL, 12, 0, "SP" },
    { "BOOTDEBUGGING off and neither", "b0b2", NULL, 12, 0, "SP" },
    { "SAFEMODE on", "s1", NULL, 13, 0, "P" },
    { "SAFEMODE neither", "s7", NULL, 13, 0, "P" },
    { "SAFEMODE off", "s0", NULL, 13, 0, "SP" },
    { "SAFEMODE off, then on", "s0", "s1", 12, 13, "P" },
    { "WINPE on", "w1", NULL, 13, 0, "S" },
    { "CODEINTEGRITY off", "c0", NULL, 13, 0, "SP" },
    { "CODEINTEGRITY on, then off", "c1", "c0", 12, 13, "SP" },
    { "CODEINTEGRITY of value 2", "c2", NULL, 12, 0, "SP" },
    { "kernel debugging", "k1", NULL, 13, 0, "KSP" },
    { "kernel debugging off, then on", "k0", "k1", 13, 12, "KSP" },
    { "kernel debugging neither", "k9", NULL, 13, 0, "KSP" },
    { "test signing", "t1", NULL, 13, 0, "TSP" },
    { "VSM required", "v1", NULL, 12, 0, "VSP" },
    { "VSM mandatory", "m1", NULL, 12, 0, "VSP" },
    { "VSM required, not mandatory", "v1m0", NULL, 12, 0, "SP" },
    { "VSM not required", "v0", NULL, 12, 0, "SP" },
    { "VSM in a register that does not count", "v1", NULL, 13, 0, "SP" },
    { "VSM after a dynamic launch", "v1", NULL, 19, 0, "VSP" },
    { "IOMMU", "i1", NULL, 12, 0, "ISP" },
    { "IOMMU, then not", "i1", "i0", 12, 13, "SP" },
    { "IOMMU after a dynamic launch", "i1", NULL, 20, 0, "ISP" },
    { "E-n: in register 11", "b0c1v1i1", NULL, 11, 0, "SP-" },
    { "E-n: in register 14", "b0c1v1i1", NULL, 14, 0, "SP-" },
    { "E-n: in register 16, which anybody may reset", "b0c1v1i1", NULL, 16, 0, "SP-" },
    { "E-n: in register 23, which anybody may reset", "b0c1v1i1", NULL, 23, 0, "SP-" },
    { "E-n: in register 9, Linux' own", "b0c1v1i1", NULL, 9, 0, "SP-" },
};

static bool wants(const char *yes, char letter)
{
    return strchr(yes, letter) != NULL;
}

static bool is_as(const struct log_facts *f, const char *yes)
{
    return f->boot_debugging_disabled == wants(yes, 'B') && f->not_safe_mode == wants(yes, 'S') &&
           f->not_winpe == wants(yes, 'P') && f->vbs_enabled == wants(yes, 'V') &&
           f->iommu_enabled == wants(yes, 'I') && f->code_integrity == wants(yes, 'C') &&
           f->kernel_debug == wants(yes, 'K') && f->test_signing == wants(yes, 'T') &&
           f->windows == !wants(yes, '-');
}

static void check_windows(void)
{
    for (size_t i = 0; i < sizeof windows / sizeof windows[0]; i++) {
        const struct windows_row *r = &windows[i];
        struct made m;
        made_start(&m);
        (void)made_add(&m, r->first_pcr, TAG, made_boundary(&m, bools(&m, r->first)));
        if (r->second)
            (void)made_add(&m, r->second_pcr, TAG, made_boundary(&m, bools(&m, r->second)));
        struct log_facts f = facts_of(&m);
        cases_check(&run, is_as(&f, r->yes), "Windows: %s", r->name);
        made_end(&m);
    }
}

static void check_nothing_there(void)
{
    struct made m;
    made_start(&m);
    struct log_facts f = facts_of(&m);
    cases_check(&run, is_as(&f, "SP-") && !f.has_idks && f.hvci_policy == 0 && !f.elam_loaded, "no event");
    m.proven.pcrs &= ~(1u << 13);
    f = facts_of(&m);
    cases_check(&run, is_as(&f, "-"), "E-p: what is not there is not known of a register that is not proven");
    made_end(&m);
}

/* One good Windows log, and what is done to one of its events. */
static void good(struct made *m)
{
    (void)made_add(m, 12, TAG, made_boundary(m, bools(m, "b0c1v1i1")));
    (void)made_add(m, 13, TAG, made_boundary(m, bools(m, "b0c1s1k1")));
    made_wbcl(m, 12);
    made_wbcl(m, 13);
    made_wbcl(m, 14);
}

static void check_hiding(void)
{
    struct made m;
    struct log_facts f;

    made_start(&m);
    good(&m);
    f = facts_of(&m);
    cases_check(&run, is_as(&f, "BVICPK"), "before anything is hidden");

    struct log_event kept = m.at[1];
    m.at[1].body = made_boundary(&m, bools(&m, "b0c1s0k0"));
    f = facts_of(&m);
    cases_check(&run, is_as(&f, "KT"), "E-n: a boundary made better: nothing good is left");
    m.at[1].body = made_hex(&m, "00");
    f = facts_of(&m);
    cases_check(&run, is_as(&f, "KT"), "E-n: a boundary made unreadable");
    m.at[1] = kept;
    m.at[1].type = IPL;
    f = facts_of(&m);
    cases_check(&run, is_as(&f, "KT"), "E-n: a boundary called something else");
    m.at[1] = kept;
    m.at[0].type = IPL;
    m.at[1].type = SEPARATOR;
    f = facts_of(&m);
    cases_check(&run, is_as(&f, "-"), "E-n: all of them called something else");
    made_end(&m);
}

/* Whoever asks for the quote chooses its registers, and leaves out the one that says too much. */
static void check_left_out(void)
{
    for (uint32_t left = 12; left <= 13; left++) {
        struct made m;
        made_start(&m);
        (void)made_add(&m, left, TAG, made_boundary(&m, bools(&m, "b0c0s1w1k1t1")));
        (void)made_add(&m, 25 - left, TAG, made_boundary(&m, bools(&m, "b0c1k0t0")));
        m.proven.pcrs &= ~(1u << left);
        struct log_facts f = facts_of(&m);
        cases_check(&run, !f.not_safe_mode && !f.not_winpe && f.kernel_debug && f.test_signing,
                    "E-p: register %u not quoted: what it may say is not taken for unsaid", left);
        cases_check(&run, f.windows && !f.code_integrity && !f.boot_debugging_disabled && !f.elam_loaded,
                    "E-p: register %u not quoted: nothing is praised", left);
        made_end(&m);
    }
}

/* A record of IMA extends the same digest, and has no type that could be compared. */
static void check_hiding_as_ima(void)
{
    struct made m;
    struct log_facts f;

    made_start(&m);
    (void)made_as_ima(&m, 12, made_boundary(&m, bools(&m, "s1w1k1t1")));
    f = facts_of(&m);
    cases_check(&run, is_as(&f, "-"), "E-n: the one boundary as a record of IMA");
    (void)made_add(&m, 12, TAG, made_boundary(&m, bools(&m, "b0c1v1i1")));
    f = facts_of(&m);
    cases_check(&run, is_as(&f, "KT"), "E-n: the first of two boundaries as a record of IMA");
    made_end(&m);
    made_start(&m);
    (void)made_as_ima(&m, 12, att_str("WBCL"));
    (void)made_add(&m, 12, TAG, made_boundary(&m, bools(&m, "b0c1v1i1")));
    f = facts_of(&m);
    cases_check(&run, is_as(&f, "KT"), "E-p: the loader's separator as a record of IMA");
    made_end(&m);
    made_start(&m);
    good(&m);
    (void)made_as_ima(&m, 12, att_str("measured by Linux, by a policy of its own"));
    f = facts_of(&m);
    cases_check(&run, is_as(&f, "BVICPK"), "a record of IMA behind the loader's separator");
    made_end(&m);
}

/* Covered, but no events of Windows: a Linux that measures its command line there hides nothing. */
static void check_linux_neighbours(void)
{
    struct made m;
    made_start(&m);
    (void)made_add(&m, 12, IPL, att_str("c\0o\0n\0s\0o\0l\0e"));
    struct log_facts f = facts_of(&m);
    cases_check(&run, is_as(&f, "SP-"), "a command line in register 12");
    (void)made_add_as(&m, 12, IPL, att_str("credentials.cpio"), att_str("070701"));
    f = facts_of(&m);
    cases_check(&run, is_as(&f, "-"), "something in register 12 of which only a name is shown");
    made_end(&m);
}

static void check_windows_end(void)
{
    static const struct {
        const char *name;
        uint32_t type;
        const char *body, *measured;
        bool ends;
    } rows[] = {
        { "E-p: behind WBCL", SEPARATOR, "WBCL", "WBCL", true },
        { "E-p: behind WBCL that is called something else", IPL, "WBCL", "WBCL", true },
        { "E-p: behind WBCL whose body was changed", SEPARATOR, "LCBW", "WBCL", true },
        { "a separator of another kind ends nothing", SEPARATOR, "LCBW", "LCBW", false },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct made m;
        made_start(&m);
        (void)made_add(&m, 12, TAG, made_boundary(&m, bools(&m, "b0c1")));
        (void)made_add_as(&m, 12, rows[i].type, att_str(rows[i].body), att_str(rows[i].measured));
        (void)made_add(&m, 12, TAG, made_boundary(&m, bools(&m, "v1i1")));
        struct log_facts f = facts_of(&m);
        cases_check(&run, is_as(&f, rows[i].ends ? "BCSP" : "BCSPVI"), "%s", rows[i].name);
        made_end(&m);
    }
}

/* Parts count where they stand directly in a boundary. */
static void check_nesting(void)
{
    struct made m;
    made_start(&m);
    (void)made_add(&m, 12, TAG, bools(&m, "c1v1i1b0"));
    struct log_facts f = facts_of(&m);
    cases_check(&run, is_as(&f, "SP-"), "beside a boundary");
    (void)made_add(&m, 12, TAG, made_boundary(&m, made_item(&m, MODULE, bools(&m, "c1v1i1b0"))));
    f = facts_of(&m);
    cases_check(&run, is_as(&f, "SP"), "deeper in a boundary");
    (void)made_add(&m, 12, TAG, made_boundary(&m, made_item(&m, 0x80000000u | VSM, made_hex(&m, "01"))));
    f = facts_of(&m);
    cases_check(&run, is_as(&f, "SP"), "marked as not measured");
    made_end(&m);
}

/* -- the key of VBS reports --------------------------------------------------------------------------------------- */

static struct att_span key_payload(struct made *m, unsigned algorithm, unsigned bits, const char *e,
                                   const char *n)
{
    struct att_buf b = { 0 };

    att_buf_u32le(&b, algorithm);
    att_buf_u32le(&b, bits);
    att_buf_u32le(&b, (uint32_t)strlen(e) / 2);
    att_buf_u32le(&b, (uint32_t)strlen(n) / 2);
    att_buf_put(&b, made_hex(m, e));
    att_buf_put(&b, made_hex(m, n));
    struct att_span all = made_copy(m, att_buf_span(&b));
    att_buf_free(&b);
    return all;
}

static void check_idks(void)
{
    static const char n1[] = "c0ffee0123456789", n2[] = "c0ffee012345678b";
    static const struct {
        const char *name;
        unsigned algorithm, bits;
        const char *e, *n, *n_again; /* n_again: in a second boundary */
        uint32_t pcr;
        bool want;
    } rows[] = {
        { "one", 1, 64, "010001", n1, NULL, 12, true },
        { "after a dynamic launch", 1, 64, "010001", n1, NULL, 20, true },
        { "the same twice", 1, 64, "010001", n1, n1, 12, true },
        { "two different ones", 1, 64, "010001", n1, n2, 12, false },
        { "of another algorithm", 2, 64, "010001", n1, NULL, 12, false },
        { "not of its length", 1, 128, "010001", n1, NULL, 12, false },
        { "no exponent", 1, 64, "", n1, NULL, 12, false },
        { "no modulus", 1, 0, "010001", "", NULL, 12, false },
        { "an exponent of nine bytes", 1, 64, "010001010001010001", n1, NULL, 12, false },
        { "E-n: in register 23", 1, 64, "010001", n1, NULL, 23, false },
        { "E-n: in register 14", 1, 64, "010001", n1, NULL, 14, false },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct made m;
        made_start(&m);
        struct att_span key = key_payload(&m, rows[i].algorithm, rows[i].bits, rows[i].e, rows[i].n);
        (void)made_add(&m, rows[i].pcr, TAG, made_boundary(&m, made_item(&m, IDKS, key)));
        if (rows[i].n_again)
            (void)made_add(&m, rows[i].pcr, TAG,
                           made_item(&m, IDKS, key_payload(&m, 1, 64, "010001", rows[i].n_again)));
        struct log_facts f = facts_of(&m);
        cases_check(&run,
                    f.has_idks == rows[i].want &&
                        (!f.has_idks || (att_span_eq(f.idks_n, made_hex(&m, n1)) &&
                                         att_span_eq(f.idks_e, made_hex(&m, "010001")))),
                    "IDKS: %s", rows[i].name);
        made_end(&m);
    }
    struct made m;
    made_start(&m);
    struct att_span key = key_payload(&m, 1, 64, "010001", n1);
    for (size_t len = 0; len < key.len; len++) {
        m.set.count = 0;
        (void)made_add(&m, 12, TAG, made_boundary(&m, made_item(&m, IDKS, att_span_of(key.ptr, len))));
        cases_check(&run, !facts_of(&m).has_idks, "IDKS cut at %zu", len);
    }
    m.set.count = 0;
    (void)made_add(&m, 12, TAG,
                   made_boundary(&m, made_item(&m, IDKS, made_join(&m, key, made_hex(&m, "00")))));
    cases_check(&run, !facts_of(&m).has_idks, "IDKS with a byte behind it");
    m.set.count = 0;
    (void)made_add(&m, 12, TAG, made_boundary(&m, bools(&m, "c1")));
    made_wbcl(&m, 12);
    (void)made_add(&m, 12, TAG, made_boundary(&m, made_item(&m, IDKS, key)));
    cases_check(&run, !facts_of(&m).has_idks, "E-p: IDKS that an operating system measured behind WBCL");
    made_end(&m);
}

/* -- HVCI, the early-launch driver -------------------------------------------------------------------------------- */

static struct att_span text16(struct made *m, const char *text, const char *tail_hex)
{
    struct att_buf b = { 0 };

    made_utf16(&b, text);
    att_buf_put(&b, made_hex(m, tail_hex));
    struct att_span all = made_copy(m, att_buf_span(&b));
    att_buf_free(&b);
    return all;
}

static void check_hvci(void)
{
    static const struct {
        const char *name, *text, *tail;
        uint32_t pcr, want;
    } rows[] = {
        { "name and value", "HypervisorEnforcedCodeIntegrityEnable", "000001000000", 12, 1 },
        { "a value of eight bytes", "HypervisorEnforcedCodeIntegrityEnable", "00000300000000000000", 12, 3 },
        { "another name", "HypervisorEnforcedCodeIntegrityDisable", "000001000000", 12, 0 },
        { "a number alone", "", "02000000", 12, 2 },
        { "no value", "HypervisorEnforcedCodeIntegrityEnable", "0000", 12, 0 },
        { "more than 32 bits", "HypervisorEnforcedCodeIntegrityEnable", "00000000000001000000", 12, 0 },
        { "a register that does not count", "HypervisorEnforcedCodeIntegrityEnable", "000001000000", 13, 0 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct made m;
        made_start(&m);
        (void)made_add(&m, rows[i].pcr, TAG,
                       made_boundary(&m, made_item(&m, HVCI, text16(&m, rows[i].text, rows[i].tail))));
        cases_check(&run, facts_of(&m).hvci_policy == rows[i].want, "HVCI: %s", rows[i].name);
        made_end(&m);
    }
}

static void check_elam(void)
{
    static const struct {
        const char *name, *path, *tail;
        unsigned validated;
        bool want;
    } rows[] = {
        { "loaded", "\\Windows\\System32\\Drivers\\WdBoot.sys", "0000", 1, true },
        { "loaded from its other folder", "\\windows\\system32\\drivers\\wd\\WDBOOT.SYS", "0000", 1, true },
        { "not validated", "\\windows\\system32\\drivers\\wdboot.sys", "0000", 0, false },
        { "validated by value 2", "\\windows\\system32\\drivers\\wdboot.sys", "0000", 2, false },
        { "from elsewhere", "\\windows\\temp\\wdboot.sys", "0000", 1, false },
        { "with text behind its NUL", "\\windows\\system32\\drivers\\wdboot.sys", "00004100", 1, false },
        { "with two NULs", "\\windows\\system32\\drivers\\wdboot.sys", "00000000", 1, false },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct made m;
        made_start(&m);
        struct att_span parts = made_join(&m, made_item(&m, PATH, text16(&m, rows[i].path, rows[i].tail)),
                                          made_bool(&m, VALIDATED, rows[i].validated));
        (void)made_add(&m, 13, TAG, made_boundary(&m, made_item(&m, MODULE, parts)));
        cases_check(&run, facts_of(&m).elam_loaded == rows[i].want, "early-launch driver: %s", rows[i].name);
        made_end(&m);
    }
}

int main(void)
{
    check_boots();
    check_boot_flips();
    check_keys();
    check_windows();
    check_nothing_there();
    check_hiding();
    check_hiding_as_ima();
    check_left_out();
    check_linux_neighbours();
    check_windows_end();
    check_nesting();
    check_idks();
    check_hvci();
    check_elam();
    return cases_report(&run);
}
