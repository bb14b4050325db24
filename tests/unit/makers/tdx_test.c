/* layers: makers base */
/* Whole evidence of trust domains over the corners of the options, fields of the TD report by offset, and what is expected of
 * a verifier: by tables written by hand, and for recorded and synthetic domains of others by their own verdicts. */
#include <dirent.h>

#include "makers/hardware.h"
#include "whole.h"

#define AT ((int64_t)1780000000)

static struct cases cases = { .name = "makers.tdx" };

static const char *const tdx_always[] = {
    "header.tee_type=129",
    "header.qe_svn=0",
    "header.pce_svn=0",
    "outer.type=6",
    "outer.length=+0",
    "tcb.id=\"TDX\"",
    "tcb.version=3",
    "tcb.tdxModule.attributesMask=\"FFFFFFFFFFFFFFFF\"",
    "tcb.tcbLevels[0].tcb.tdxtcbcomponents.count=16",
    "qeid.id=\"TD_QE\"",
    "qeid.isvprodid=2",
    "qeid.mrsigner=\"DC9E2A7C6F948F17474E34A7FC43ED030F7C1563F1BABDDF6340C82E0E54A8C5\"",
};
static const char *const tdx_made_here[] = {
    "present.report.bin=no",
    "tcb.tdxModuleIdentities.count=2",
    "tcb.tdxModuleIdentities[0].id=\"TDX_03\"",
    "tcb.tdxModuleIdentities[1].id=\"TDX_01\"",
    "tcb.tdxModuleIdentities[1].tcbLevels[0].tcb.isvsvn=5",
};

static void read_one(struct facts *f, const struct mk_evidence *ev, const struct known_keys *keys,
                     unsigned form, size_t body_bytes, size_t auth_bytes, size_t trailing)
{
    *f = (struct facts){ .keys = keys,
                         .ev = ev,
                         .form = form,
                         .auth_bytes = auth_bytes,
                         .trailing = trailing,
                         .body_bytes = body_bytes };
    facts_read(f);
}

static void check_corner(const struct mk_hardware *hw, const struct mk_tdx_options *o)
{
    struct mk_evidence ev = { 0 };
    struct known_keys keys = { 0 };
    struct facts f;
    struct att_err err = { 0 };
    char label[96], line[96];
    bool platform = o->ca == MK_CA_PLATFORM;

    (void)snprintf(label, sizeof label, "v%u 1.5:%d ca%d auth%u", o->quote_version, o->td.report_15,
                   (int)o->ca, o->qe_auth_bytes);
    if (!mk_tdx_make(hw, o, &ev, &err)) {
        cases_check(&cases, false, "%s is not made: %s", label, err.text);
        return;
    }
    keys_learn(&keys, platform ? NULL : &ev, platform ? &ev : NULL);
    read_one(&f, &ev, &keys, o->quote_version, o->td.report_15 ? 648 : 584, o->qe_auth_bytes,
             o->trailing_zeros);
    CHECK_LINES(label, &f, always);
    CHECK_LINES(label, &f, made_here);
    CHECK_LINES(label, &f, tdx_always);
    CHECK_LINES(label, &f, tdx_made_here);
    (void)snprintf(line, sizeof line, "header.version=%u", o->quote_version);
    cases_check(&cases, has_fact(&f, line), "%s: not %s", label, line);
    if (o->quote_version == 5)
        cases_check(&cases,
                    has_fact(&f, o->td.report_15 ? "descriptor.type=3" : "descriptor.type=2") &&
                        has_fact(&f, "descriptor.size=+0"),
                    "%s: descriptor", label);
    cases_check(&cases, ev.tee == ATT_TEE_TDX && strcmp(ev.expected_tcb_status, "UpToDate") == 0,
                "%s: expected", label);
    att_buf_free(&f.text);
    keys_forget(&keys);
    mk_evidence_free(&ev);
}

static void check_corners(const struct mk_hardware *hw)
{
    static const uint16_t auth[] = { 0, 1, 32, 1000 };
    static const struct {
        unsigned version;
        bool report_15;
    } forms[] = { { 4, false }, { 5, false }, { 5, true } };
    struct mk_tdx_options o;

    mk_tdx_defaults(&o, AT);
    for (size_t i = 0; i < 3; i++)
        for (size_t a = 0; a < 4; a++) {
            o.quote_version = forms[i].version;
            o.td.report_15 = forms[i].report_15;
            o.ca = (i + a) % 2 ? MK_CA_PLATFORM : MK_CA_PROCESSOR;
            o.qe_auth_bytes = auth[a];
            o.trailing_zeros = a == 1 ? 70 : 0;
            check_corner(hw, &o);
        }
}

/* -- fields of the TD report, by the offsets of the structure ------------------------------------------------- */

static void check_bytes(const char *what, struct att_span quote, size_t at, const void *want, size_t len)
{
    cases_check(&cases, at + len <= quote.len && memcmp(quote.ptr + at, want, len) == 0, "%s is not at %zu",
                what, at);
}

static void check_body(const struct mk_hardware *hw)
{
    enum { BODY = 54 };
    static const char init[] = "{\"config\":1}";
    struct mk_evidence ev = { 0 };
    struct mk_tdx_options o;
    struct att_err err = { 0 };
    uint8_t hash[32];

    mk_tdx_defaults(&o, AT);
    struct mk_td *td = &o.td;
    const struct {
        const char *name;
        uint8_t *to;
        size_t at, len;
    } fields[] = {
        { "TEE_TCB_SVN", td->tee_tcb_svn, 0, 16 },
        { "MRSEAM", td->mrseam, 16, 48 },
        { "MRSIGNERSEAM", td->mrsignerseam, 64, 48 },
        { "SEAMATTRIBUTES", td->seam_attributes, 112, 8 },
        { "TDATTRIBUTES", td->td_attributes, 120, 8 },
        { "XFAM", td->xfam, 128, 8 },
        { "MRTD", td->mrtd, 136, 48 },
        { "MRCONFIGID", td->mrconfigid, 184, 48 },
        { "MROWNER", td->mrowner, 232, 48 },
        { "MROWNERCONFIG", td->mrownerconfig, 280, 48 },
        { "RTMR0", td->rtmr[0], 328, 48 },
        { "RTMR1", td->rtmr[1], 376, 48 },
        { "RTMR2", td->rtmr[2], 424, 48 },
        { "RTMR3", td->rtmr[3], 472, 48 },
        { "REPORTDATA", td->report_data, 520, 64 },
        { "TEE_TCB_SVN2", td->tee_tcb_svn2, 584, 16 },
        { "MRSERVICETD", td->mrservicetd, 600, 48 },
    };
    enum { FIELDS = sizeof fields / sizeof fields[0] };

    for (size_t i = 0; i < FIELDS; i++)
        for (size_t b = 0; b < fields[i].len; b++)
            fields[i].to[b] = (uint8_t)(0x10 * i + b + 2); /* first byte even: debug shows */
    td->report_15 = true;
    o.quote_version = 5;
    o.has_runtime_data = false;
    if (!mk_tdx_make(hw, &o, &ev, &err)) {
        cases_check(&cases, false, "body: %s", err.text);
        return;
    }
    for (size_t i = 0; i < FIELDS; i++)
        check_bytes(fields[i].name, mk_item(&ev, MK_QUOTE), BODY + fields[i].at, fields[i].to, fields[i].len);
    mk_evidence_free(&ev);

    o.has_runtime_data = o.has_init_time_data = td->debug = true;
    o.init_time_data = att_str(init);
    if (mk_tdx_make(hw, &o, &ev, &err)) {
        struct att_span q = mk_item(&ev, MK_QUOTE);
        uint8_t attribute = td->td_attributes[0] | 1;
        (void)EVP_Digest(init, sizeof init - 1, hash, NULL, EVP_sha256(), NULL);
        check_bytes("MRCONFIGID, hash", q, BODY + 184, hash, 32);
        check_bytes("MRCONFIGID, tail", q, BODY + 216, td->mrconfigid + 32, 16);
        (void)EVP_Digest(o.runtime_data.ptr, o.runtime_data.len, hash, NULL, EVP_sha256(), NULL);
        check_bytes("REPORTDATA, hash", q, BODY + 520, hash, 32);
        check_bytes("REPORTDATA, tail", q, BODY + 552, td->report_data + 32, 32);
        check_bytes("debug", q, BODY + 120, &attribute, 1);
    }
    mk_evidence_free(&ev);
}

/* -- what a verifier must say, by hand ------------------------------------------------------------------------ */

static const struct {
    const char *name;
    uint8_t svn, version, loader; /* TEE_TCB_SVN [0], [1], [2] */
    uint8_t svn2, version2, loader2;
    const char *platform; /* status of the first level */
    uint16_t qe;
    enum att_code code;
    const char *status;
} verdicts[] = {
    { "all well", 5, 1, 2, 5, 1, 2, "UpToDate", 8, ATT_OK, "UpToDate" },
    { "module newer than known", 13, 1, 5, 13, 1, 5, "UpToDate", 8, ATT_OK, "UpToDate" },
    { "module 3", 3, 3, 2, 3, 3, 2, "SWHardeningNeeded", 8, ATT_OK, "SWHardeningNeeded" },
    { "module 3 old", 2, 3, 2, 2, 3, 2, "UpToDate", 8, ATT_OK, "OutOfDate" },
    { "module 3 below all", 0, 3, 2, 3, 3, 2, "UpToDate", 8, ATT_TCB_NOT_SUPPORTED, NULL },
    { "module 2 unknown", 9, 2, 2, 9, 2, 2, "UpToDate", 8, ATT_TDX_MODULE_MISMATCH, NULL },
    { "E-g: module revoked under a platform that is well", 2, 1, 2, 2, 1, 2, "UpToDate", 8, ATT_TCB_REVOKED,
      "Revoked" },
    { "module below all", 1, 1, 2, 5, 1, 2, "UpToDate", 8, ATT_TCB_NOT_SUPPORTED, NULL },
    { "module 0", 5, 0, 2, 5, 0, 2, "UpToDate", 8, ATT_OK, "UpToDate" },
    { "module 0, component 0 low", 4, 0, 2, 5, 0, 2, "UpToDate", 8, ATT_OK, "OutOfDate" },
    { "loader low", 5, 1, 1, 5, 1, 1, "UpToDate", 8, ATT_OK, "OutOfDate" },
    { "loader below all but one", 5, 1, 0, 5, 1, 0, "UpToDate", 8, ATT_OK, "OutOfDate" },
    { "configuration, module old, nothing newer", 4, 1, 2, 4, 1, 2, "ConfigurationNeeded", 8, ATT_OK,
      "OutOfDateConfigurationNeeded" },
    { "relaunch", 4, 1, 2, 5, 1, 2, "UpToDate", 8, ATT_OK, "TDRelaunchAdvised" },
    { "relaunch with software advice", 3, 1, 2, 6, 1, 3, "SWHardeningNeeded", 8, ATT_OK,
      "TDRelaunchAdvised" },
    { "relaunch with configuration", 4, 1, 2, 5, 1, 2, "ConfigurationAndSWHardeningNeeded", 8, ATT_OK,
      "TDRelaunchAdvisedConfigurationNeeded" },
    { "relaunch to module 3", 4, 1, 2, 3, 3, 2, "UpToDate", 8, ATT_OK, "TDRelaunchAdvised" },
    { "relaunch to module 3, old", 4, 1, 2, 2, 3, 2, "UpToDate", 8, ATT_OK, "OutOfDate" },
    { "relaunch to module 0", 4, 1, 2, 5, 0, 2, "UpToDate", 8, ATT_OK, "TDRelaunchAdvised" },
    { "relaunch to module 0, old", 4, 1, 2, 4, 0, 2, "UpToDate", 8, ATT_OK, "OutOfDate" },
    { "relaunch to an unknown module", 4, 1, 2, 9, 7, 2, "UpToDate", 8, ATT_OK, "OutOfDate" },
    { "relaunch, loader still low", 4, 1, 2, 5, 1, 1, "UpToDate", 8, ATT_OK, "OutOfDate" },
    { "relaunch cures the loader, too", 4, 1, 1, 5, 1, 2, "UpToDate", 8, ATT_OK, "TDRelaunchAdvised" },
    { "no relaunch for a loader alone", 5, 1, 1, 5, 1, 2, "UpToDate", 8, ATT_OK, "OutOfDate" },
    { "no relaunch under an old enclave", 4, 1, 2, 5, 1, 2, "UpToDate", 6, ATT_OK, "OutOfDate" },
    { "no relaunch on an old platform", 4, 1, 2, 5, 1, 2, "OutOfDate", 8, ATT_OK, "OutOfDate" },
    { "no relaunch on a revoked platform", 4, 1, 2, 5, 1, 2, "Revoked", 8, ATT_TCB_REVOKED, "Revoked" },
    { "no relaunch under a revoked enclave", 4, 1, 2, 5, 1, 2, "UpToDate", 5, ATT_TCB_REVOKED, "Revoked" },
    { "old enclave", 5, 1, 2, 5, 1, 2, "ConfigurationNeeded", 6, ATT_OK, "OutOfDateConfigurationNeeded" },
    { "enclave below all", 5, 1, 2, 5, 1, 2, "UpToDate", 3, ATT_QE_SVN_NOT_SUPPORTED, NULL },
};

static bool same_status(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static void check_verdicts(const struct mk_hardware *hw)
{
    for (size_t i = 0; i < sizeof verdicts / sizeof verdicts[0]; i++) {
        struct mk_evidence ev = { 0 };
        struct mk_tdx_options o;
        struct att_err err = { 0 };
        mk_tdx_defaults(&o, AT);
        o.quote_version = 5;
        o.td.report_15 = true;
        memcpy(o.td.tee_tcb_svn, &verdicts[i].svn, 3);
        memcpy(o.td.tee_tcb_svn2, &verdicts[i].svn2, 3);
        o.levels[0].status = verdicts[i].platform;
        o.qe_isv_svn = verdicts[i].qe;
        bool made = mk_tdx_make(hw, &o, &ev, &err);
        cases_check(&cases,
                    made && ev.expected_code == verdicts[i].code && ev.also_code == verdicts[i].code &&
                        same_status(ev.expected_tcb_status, verdicts[i].status),
                    "%s: %s %s %s", verdicts[i].name, err.text, att_code_name(ev.expected_code),
                    ev.expected_tcb_status ? ev.expected_tcb_status : "-");
        mk_evidence_free(&ev);
    }
}

/* -- refused options ------------------------------------------------------------------------------------------ */

static void check_refusals(const struct mk_hardware *hw)
{
    for (int wrong = 0; wrong < 16; wrong++) {
        struct mk_evidence ev = { .at_unix_s = 7 };
        struct mk_tdx_options o;
        struct att_err err = { 0 };
        mk_tdx_defaults(&o, AT);
        o.quote_version = wrong == 0 ? 3 : wrong == 1 ? 6 : 4;
        o.tcb_info_version = wrong == 2 ? 2 : 3;
        o.td.report_15 = wrong == 3;
        o.tdx.module_count = wrong == 4 ? MK_MODULES_MAX + 1 : 2;
        o.tdx.modules[1].level_count = wrong == 5 ? 0 : wrong == 6 ? MK_LEVELS_MAX + 1 : 3;
        o.tdx.modules[0].levels[0].status = wrong == 7 ? "SWHardeningNeeded" : "UpToDate";
        o.tdx.modules[0].levels[0].date = wrong == 8 ? "yesterday" : "2024-11-13T00:00:00Z";
        o.tdx.modules[0].levels[0].advisories = wrong == 9 ? "A\"" : NULL;
        o.broken = wrong == 10   ? MK_BREAK_TDX_QUOTE
                   : wrong == 11 ? MK_BREAK_MODULE_SVN_LOW
                   : wrong == 12 ? MK_BREAK_MODULE_ZERO
                   : wrong == 13 ? MK_BREAK_TDX_COMPONENT_LOW
                   : wrong == 14 ? MK_BREAK_RELAUNCH_ADVISED
                   : wrong == 15 ? MK_BREAK_MODULE_BELOW_ALL
                                 : MK_BREAK_NONE;
        o.td.tee_tcb_svn[0] = wrong == 11 || wrong == 14 ? 4 : 5; /* at the second level already */
        o.td.tee_tcb_svn[1] = wrong == 12 || wrong == 15 ? 0 : 1;
        o.td.tee_tcb_svn[2] = wrong == 13 ? 1 : 2;
        bool made = mk_tdx_make(hw, &o, &ev, &err);
        cases_check(&cases, !made && err.code == ATT_PARAMETER_INVALID && err.text[0] && err.expected[0],
                    "wrong option %d: %s", wrong, att_code_name(err.code));
        cases_check(&cases, ev.at_unix_s == 7 && ev.items[MK_QUOTE].ptr == NULL,
                    "wrong option %d touches the result", wrong);
    }
}

/* -- domains of others ---------------------------------------------------------------------------------------- */

static struct json_object *get(struct json_object *j, const char *name)
{
    struct json_object *v = NULL;

    return j && json_object_object_get_ex(j, name, &v) ? v : NULL;
}

static const char *text(struct json_object *j, const char *name)
{
    struct json_object *v = get(j, name);

    return json_object_is_type(v, json_type_string) ? json_object_get_string(v) : NULL;
}

static bool unhex(const char *digits, uint8_t *to, size_t len)
{
    if (!digits || strlen(digits) != 2 * len)
        return false;
    for (size_t i = 0; i < len; i++)
        to[i] = (uint8_t)strtoul((char[]){ digits[2 * i], digits[2 * i + 1], 0 }, NULL, 16);
    return true;
}

static void svns(struct json_object *list, uint8_t to[16])
{
    for (size_t i = 0; i < 16; i++) {
        struct json_object *v = json_object_array_get_idx(list, i);
        to[i] = (uint8_t)json_object_get_int(json_object_is_type(v, json_type_object) ? get(v, "svn") : v);
    }
}

static size_t svn_levels(struct json_object *list, struct mk_svn_level to[MK_LEVELS_MAX])
{
    size_t count = list ? json_object_array_length(list) : 0;

    for (size_t i = 0; i < count && i < MK_LEVELS_MAX; i++) {
        struct json_object *l = json_object_array_get_idx(list, i);
        to[i] = (struct mk_svn_level){ .isv_svn = (uint16_t)json_object_get_int(get(get(l, "tcb"), "isvsvn")),
                                       .status = text(l, "tcbStatus"),
                                       .date = text(l, "tcbDate") };
    }
    return count;
}

static void take_tcb_info(struct mk_tdx_options *o, struct json_object *info)
{
    struct json_object *list = get(info, "tcbLevels"), *modules = get(info, "tdxModuleIdentities");

    o->level_count = json_object_array_length(list);
    for (size_t i = 0; i < o->level_count && i < MK_LEVELS_MAX; i++) {
        struct json_object *l = json_object_array_get_idx(list, i), *tcb = get(l, "tcb");
        o->levels[i] = (struct mk_tcb_level){ .pce_svn = (uint16_t)json_object_get_int(get(tcb, "pcesvn")),
                                              .status = text(l, "tcbStatus"),
                                              .date = text(l, "tcbDate") };
        svns(get(tcb, "sgxtcbcomponents"), o->levels[i].components);
        svns(get(tcb, "tdxtcbcomponents"), o->levels[i].tdx_components);
    }
    o->tdx.module_count = modules ? json_object_array_length(modules) : 0;
    for (size_t i = 0; i < o->tdx.module_count && i < MK_MODULES_MAX; i++) {
        struct json_object *m = json_object_array_get_idx(modules, i);
        struct mk_tdx_module *to = &o->tdx.modules[i];
        *to = (struct mk_tdx_module){ .version = (uint8_t)strtoul(text(m, "id") + 4, NULL, 16) };
        (void)unhex(text(m, "mrsigner"), to->mrsigner, 48);
        (void)unhex(text(m, "attributes"), to->attributes, 8);
        to->level_count = svn_levels(get(m, "tcbLevels"), to->levels);
    }
}

static bool take_domain(struct mk_tdx_options *o, struct json_object *want, struct json_object *body)
{
    struct json_object *pck = get(want, "pck");
    bool report_15 = get(body, "tee_tcb_svn2") != NULL;

    if (!pck || !get(pck, "tcb"))
        return false;
    svns(get(pck, "tcb"), o->platform.components);
    o->platform.pce_svn = (uint16_t)json_object_get_int(get(pck, "pcesvn"));
    o->quote_version = report_15 ? 5 : 4;
    o->td.report_15 = report_15;
    return unhex(text(body, "tee_tcb_svn"), o->td.tee_tcb_svn, 16) &&
           unhex(text(body, "mrsignerseam"), o->td.mrsignerseam, 48) &&
           unhex(text(body, "seamattributes"), o->td.seam_attributes, 8) &&
           (!report_15 || unhex(text(body, "tee_tcb_svn2"), o->td.tee_tcb_svn2, 16));
}

static uint16_t qe_svn_of(struct json_object *want, const char *dir)
{
    char *path = path_of(dir, "quote.bin");
    size_t len = 0;
    uint8_t *q = file_read(path, &len);
    int version = json_object_get_int(get(want, "quote_version"));
    size_t body = version == 5 ? (len > 54 ? le(q + 50, 4) + 6 : 0) : 584;
    size_t at = 48 + body + 4 + 128 + 6 + 258;
    uint16_t svn = at + 2 <= len ? (uint16_t)le(q + at, 2) : 0;

    free(q);
    free(path);
    return svn;
}

/* The levels of another's domain, judged by mk_expect, against the verdict that came with it. */
static void check_other(const struct mk_hardware *hw, const char *name)
{
    char *dir = path_of(vectors_dir(), "tdx/%s", name);
    char *paths[] = { path_of(dir, "expected.json"), path_of(dir, "tcb_info.json"),
                      path_of(dir, "qe_identity.json") };
    struct json_object *want = json_object_from_file(paths[0]), *info = json_object_from_file(paths[1]),
                       *qe = json_object_from_file(paths[2]), *body = get(want, "body");
    struct mk_tdx_options o;
    struct mk_evidence ev = { 0 };
    struct att_err err = { 0 };
    const char *error = text(want, "expected_error"), *status = text(want, "expected_tcb_status");
    bool by_levels = !error || strcmp(error, "TCB_NOT_SUPPORTED") == 0 || strcmp(error, "TCB_REVOKED") == 0 ||
                     strcmp(error, "TDX_MODULE_MISMATCH") == 0;

    if (status && strcmp(status, "TCB_NOT_SUPPORTED") == 0)
        status = NULL; /* no status: here that is said by the code alone */
    mk_tdx_defaults(&o, AT);
    if (want && info && qe && body && by_levels && take_domain(&o, want, body)) {
        take_tcb_info(&o, get(info, "tcbInfo"));
        o.qe_isv_svn = qe_svn_of(want, dir);
        o.qe_level_count = svn_levels(get(get(qe, "enclaveIdentity"), "tcbLevels"), o.qe_levels);
        if (o.level_count > MK_LEVELS_MAX || o.qe_level_count > MK_LEVELS_MAX) {
            cases_skip(&cases, "%s has more levels than are made here", name);
        } else {
            bool made = mk_tdx_make(hw, &o, &ev, &err);
            cases_check(&cases,
                        made && strcmp(att_code_name(ev.expected_code), error ? error : "OK") == 0 &&
                            same_status(ev.expected_tcb_status, status),
                        "%s: %s: %s %s, by others %s %s", name, err.text, att_code_name(ev.expected_code),
                        ev.expected_tcb_status ? ev.expected_tcb_status : "-", error ? error : "OK",
                        status ? status : "-");
        }
    }
    mk_evidence_free(&ev);
    json_object_put(want);
    json_object_put(info);
    json_object_put(qe);
    for (size_t i = 0; i < 3; i++)
        free(paths[i]);
    free(dir);
}

static void check_others(const struct mk_hardware *hw)
{
    char *dir = path_of(vectors_dir(), "tdx");
    DIR *d = opendir(dir);

    for (struct dirent *e; d && (e = readdir(d)) != NULL;)
        if (e->d_name[0] != '.' && strcmp(e->d_name, "README.md") != 0)
            check_other(hw, e->d_name);
    if (d)
        (void)closedir(d);
    free(dir);
}

/* The reader on recorded evidence, so that maker and reader do not merely agree with each other. */
static void check_recorded(const char *name, unsigned form, size_t body_bytes)
{
    char *dir = path_of(vectors_dir(), "tdx/%s", name);
    struct mk_evidence ev = { 0 };
    struct known_keys keys = { 0 };
    struct facts f;
    size_t section = 48 + (form == 5 ? 6u : 0u) + body_bytes + 4;

    if (!load(&ev, dir)) {
        cases_skip(&cases, "%s is not a whole folder", name);
    } else {
        att_buf_putc(&ev.items[MK_QUOTE], '\0'); /* for strstr; counted as trailing below */
        complete(&ev, section + 584 + 32 + 6);
        keys_learn(&keys, NULL, &ev);
        size_t used = section + le(ev.items[MK_QUOTE].ptr + section - 4, 4);
        read_one(&f, &ev, &keys, form, body_bytes, 32, mk_item(&ev, MK_QUOTE).len - used);
        CHECK_LINES(name, &f, always);
        CHECK_LINES(name, &f, tdx_always);
        att_buf_free(&f.text);
        keys_forget(&keys);
    }
    mk_evidence_free(&ev);
    free(dir);
}

/* A domain like the one that a recorded token speaks of. */
static void check_token(const struct mk_hardware *hw)
{
    char *path = path_of(vectors_dir(), "maa-tokens/tdx-cvm-noruntime/expected.json");
    struct json_object *j = json_object_from_file(path), *claims = get(j, "claims");
    struct mk_evidence ev = { 0 };
    struct mk_tdx_options o;
    struct att_err err = { 0 };

    if (!claims) {
        cases_skip(&cases, "no recorded token of a trust domain");
    } else {
        mk_tdx_defaults(&o, AT);
        o.has_runtime_data = false;
        bool taken = unhex(text(claims, "tdx_tee_tcb_svn"), o.td.tee_tcb_svn, 16) &&
                     unhex(text(claims, "tdx_mrseam"), o.td.mrseam, 48) &&
                     unhex(text(claims, "tdx_mrtd"), o.td.mrtd, 48) &&
                     unhex(text(claims, "tdx_xfam"), o.td.xfam, 8) &&
                     unhex(text(claims, "tdx_report_data"), o.td.report_data, 64);
        bool made = taken && mk_tdx_make(hw, &o, &ev, &err);
        cases_check(&cases,
                    made && ev.expected_code == ATT_OK &&
                        same_status(ev.expected_tcb_status, text(claims, "attester_tcb_status")),
                    "the token's domain: %s", err.text);
        if (made)
            check_bytes("the token's MRTD", mk_item(&ev, MK_QUOTE), 48 + 136, o.td.mrtd, 48);
    }
    mk_evidence_free(&ev);
    json_object_put(j);
    free(path);
}

int main(void)
{
    struct mk_hardware *hw = NULL;
    struct att_err err = { 0 };

    cases_check(&cases, mk_hardware_new(AT, &hw, &err), "hardware is not made: %s", err.text);
    if (!hw)
        return cases_report(&cases);
    check_corners(hw);
    check_body(hw);
    check_verdicts(hw);
    check_refusals(hw);
    if (vectors_dir()) {
        check_others(hw);
        check_recorded("v4-2025", 4, 584);
        check_recorded("v5-td15-google", 5, 648);
        check_recorded("synth-platform-ca", 4, 584);
        check_token(hw);
    } else {
        cases_skip(&cases, "domains of others: no vectors beside this tree");
    }
    mk_hardware_free(hw);
    return cases_report(&cases);
}
