/* What decisions need, from bodies that are proven. What stands behind the end of a register may take a good word away, never
 * give one. */
#include "base/err.h"
#include "eventlog/events.h"
#include "eventlog/stand.h"
#include "eventlog/utf16.h"

/* -- the firmware ------------------------------------------------------------------------------------------- */

struct firmware {
    unsigned count[EFI_SECURE_COUNT];
    bool genuine[EFI_SECURE_COUNT]; /* in its own name space, before the end of the register */
    bool contradicted[EFI_SECURE_COUNT];
    struct att_span value[EFI_SECURE_COUNT]; /* the last one before the end */
};

static struct firmware firmware_read(struct stand *s)
{
    struct firmware f = { 0 };

    for (size_t i = 0; i < s->set->count; i++) {
        struct efi_variable v;
        bool before = false;
        if (!stand_secure(s, &s->set->items[i], &v, &before))
            continue;
        enum efi_secure which = efi_secure_name(&v);
        f.count[which]++;
        if (before) {
            f.genuine[which] = efi_secure_genuine(&v, which);
            f.value[which] = v.data;
        } else if (!att_span_eq(f.value[which], v.data)) {
            f.contradicted[which] = true;
        }
    }
    return f;
}

static bool firmware_facts(struct stand *s, struct log_facts *ret, struct att_err *err)
{
    const struct {
        enum efi_secure which;
        bool *has;
        uint8_t *sha256;
    } keys[] = {
        { EFI_PK, &ret->has_pk, ret->pk },
        { EFI_KEK, &ret->has_kek, ret->kek },
        { EFI_DB, &ret->has_db, ret->db },
        { EFI_DBX, &ret->has_dbx, ret->dbx },
    };
    struct firmware f = firmware_read(s);
    struct att_span boot = f.value[EFI_SECURE_BOOT];

    ret->secure_boot =
        f.count[EFI_SECURE_BOOT] == 1 && f.genuine[EFI_SECURE_BOOT] && boot.len == 1 && boot.ptr[0] == 1;
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        *keys[i].has = f.genuine[keys[i].which] && !f.contradicted[keys[i].which];
        if (*keys[i].has && !att_digest(s->env->crypto, ATT_SHA256, f.value[keys[i].which], keys[i].sha256))
            return att_fail(err, ATT_CRYPTO_FAILED, "eventlog.variables", "SHA-256", "nothing");
    }
    return true;
}

/* -- Windows ------------------------------------------------------------------------------------------------ */

/* What was said about one thing, in all boundaries together. */
struct said {
    bool yes, no, unclear;
};
enum thing {
    BOOTDEBUGGING,
    SAFEMODE,
    WINPE,
    IOMMU,
    CODEINTEGRITY,
    KERNELDEBUG,
    TESTSIGNING,
    FLIGHTSIGNING,
    HYPERVISORDEBUG,
    VSM,
    THINGS
};

#define ALL   (PCRS_WINDOWS_STATIC | PCRS_WINDOWS_DYNAMIC)
#define FIRST (1u << 12 | 1u << 19)
/* Which register counts is the rule table's choice. */
static const struct {
    uint32_t id;
    enum thing thing;
    uint32_t pcrs;
} things[] = {
    { SIPA_ID_BOOTDEBUGGING, BOOTDEBUGGING, ALL },
    { SIPA_ID_SAFEMODE, SAFEMODE, ALL },
    { SIPA_ID_WINPE, WINPE, ALL },
    { SIPA_ID_VBS_IOMMU_REQUIRED, IOMMU, ALL },
    { SIPA_ID_CODEINTEGRITY, CODEINTEGRITY, ALL },
    { SIPA_ID_OSKERNELDEBUG, KERNELDEBUG, ALL },
    { SIPA_ID_TESTSIGNING, TESTSIGNING, ALL },
    { SIPA_ID_FLIGHTSIGNING, FLIGHTSIGNING, ALL },
    { SIPA_ID_HYPERVISOR_DEBUG, HYPERVISORDEBUG, ALL },
    { SIPA_ID_VBS_VSM_REQUIRED, VSM, FIRST },
    { SIPA_ID_VBS_MANDATORY_ENFORCEMENT, VSM, FIRST },
};

struct windows {
    bool boundary, elam, hvci_unclear, hvci_there, key_there, key_unclear;
    int64_t hvci;
    struct att_span key_n, key_e;
    struct said said[THINGS];
};

static void bool_add(struct windows *w, uint32_t pcr, const struct sipa_item *item)
{
    for (size_t i = 0; i < sizeof things / sizeof things[0]; i++) {
        struct said *s = &w->said[things[i].thing];
        bool value = false;
        if (things[i].id != item->id || (things[i].pcrs & 1u << pcr) == 0)
            continue;
        if (!sipa_bool(item->data, &value))
            s->unclear = true;
        else if (value)
            s->yes = true;
        else
            s->no = true;
    }
}

static void key_add(struct windows *w, struct att_span payload)
{
    struct att_span n, e;

    if (!sipa_rsa_key(payload, &n, &e) ||
        (w->key_there && (!att_span_eq(n, w->key_n) || !att_span_eq(e, w->key_e)))) {
        w->key_unclear = true;
        return;
    }
    w->key_there = true;
    w->key_n = n;
    w->key_e = e;
}

static void hvci_add(struct windows *w, struct att_span payload)
{
    struct att_span name;
    int64_t value = 0;

    if (sipa_named_value(payload, &name, &value) ? !utf16_is(name, "HypervisorEnforcedCodeIntegrityEnable")
                                                 : !sipa_integer(payload, &value))
        w->hvci_unclear = true;
    if (value < 0 || value > UINT32_MAX || (w->hvci_there && value != w->hvci))
        w->hvci_unclear = true;
    w->hvci_there = true;
    w->hvci = value;
}

/* A module that was loaded and found good, by one of the two paths of the early-launch driver. */
static bool is_elam(const struct sipa_items *s, uint32_t module)
{
    bool validated = false, path = false;

    for (uint32_t i = module + 1; i < s->at[module].end; i = s->at[i].end) {
        struct att_span text;
        bool good = false;
        if (s->at[i].id == SIPA_ID_IMAGEVALIDATED)
            validated = sipa_bool(s->at[i].data, &good) && good;
        if (s->at[i].id == SIPA_ID_FILEPATH)
            path = sipa_string(s->at[i].data, &text) &&
                   (utf16_is_fold(text, "\\windows\\system32\\drivers\\wdboot.sys") ||
                    utf16_is_fold(text, "\\windows\\system32\\drivers\\wd\\wdboot.sys"));
    }
    return validated && path;
}

static void part_add(struct windows *w, uint32_t pcr, const struct sipa_items *s, uint32_t i)
{
    const struct sipa_item *item = &s->at[i];

    bool_add(w, pcr, item);
    if (item->id == SIPA_ID_VSM_IDKS_INFO)
        key_add(w, item->data);
    if (item->id == SIPA_ID_VBS_HVCI_POLICY && (FIRST & 1u << pcr) != 0)
        hvci_add(w, item->data);
    if (item->id == SIPA_ID_LOADEDMODULE_AGGREGATION && is_elam(s, i))
        w->elam = true;
}

static void body_add(struct windows *w, uint32_t pcr, const struct sipa_items *s)
{
    for (uint32_t i = 0; i < s->count; i = s->at[i].end) {
        if (s->at[i].id == SIPA_ID_VSM_IDKS_INFO)
            key_add(w, s->at[i].data);
        if (s->at[i].id != SIPA_ID_TRUSTBOUNDARY)
            continue;
        w->boundary = true;
        for (uint32_t part = i + 1; part < s->at[i].end; part = s->at[part].end)
            part_add(w, pcr, s, part);
    }
}

static bool only_yes(struct said s)
{
    return s.yes && !s.no && !s.unclear;
}

static bool only_no(struct said s)
{
    return s.no && !s.yes && !s.unclear;
}

static bool never_yes(struct said s)
{
    return !s.yes && !s.unclear;
}

static void windows_facts(struct stand *s, struct log_facts *ret)
{
    struct windows w = { 0 };

    for (size_t i = 0; i < s->set->count; i++) {
        const struct log_event *e = &s->set->items[i];
        if (stand_windows(s, e, ALL))
            body_add(&w, e->pcr, &s->items);
    }
    const struct said *said = w.said;
    /* That something is not there, or is said nowhere else otherwise, is known only where all that is there is known. */
    bool whole = !s->hidden && (s->proven->pcrs & PCRS_WINDOWS_STATIC) == PCRS_WINDOWS_STATIC;
    bool doubtful = !whole && w.boundary;
    ret->windows = w.boundary;
    ret->boot_debugging_disabled = whole && only_no(said[BOOTDEBUGGING]);
    ret->not_safe_mode = whole && never_yes(said[SAFEMODE]);
    ret->not_winpe = whole && never_yes(said[WINPE]);
    ret->vbs_enabled = whole && only_yes(said[VSM]);
    ret->iommu_enabled = whole && only_yes(said[IOMMU]);
    ret->code_integrity = whole && only_yes(said[CODEINTEGRITY]);
    ret->elam_loaded = whole && w.elam;
    ret->kernel_debug = doubtful || !never_yes(said[KERNELDEBUG]);
    ret->test_signing = doubtful || !never_yes(said[TESTSIGNING]);
    ret->flight_signing = doubtful || !never_yes(said[FLIGHTSIGNING]);
    ret->hypervisor_debug = doubtful || !never_yes(said[HYPERVISORDEBUG]);
    ret->hvci_policy = whole && w.hvci_there && !w.hvci_unclear ? (uint32_t)w.hvci : 0;
    ret->has_idks = !s->hidden && w.key_there && !w.key_unclear;
    if (ret->has_idks) {
        ret->idks_n = w.key_n;
        ret->idks_e = w.key_e;
    }
}

bool log_facts_read(const struct log_env *env, const struct log_events *set, const struct log_proven *proven,
                    struct log_facts *ret, struct att_err *err)
{
    struct log_facts f = { 0 };
    struct stand s;

    if (!stand_read(env, set, proven, &s, err) || !firmware_facts(&s, &f, err))
        return false;
    windows_facts(&s, &f);
    if (!stand_answered(&s, err))
        return false;
    *ret = f;
    return true;
}
