/* layers: collateral crypto codec base */
/* TCB info and QE identity as JSON: one valid text each, then one edit per row. */
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "collateral/dcap_qe_identity.h"
#include "collateral/dcap_signed.h"
#include "collateral/dcap_tcb_info.h"
#include "support/cases.h"

static struct cases cases = { .name = "collateral.documents" };

#define COMPS16(a)                                                                                           \
    "[{\"svn\":" a                                                                                           \
    "},{\"svn\":2},{\"svn\":3},{\"svn\":4},{\"svn\":5},{\"svn\":6},{\"svn\":7},{\"svn\":8},{\"svn\":9},"     \
    "{\"svn\":10},{\"svn\":11},{\"svn\":12},{\"svn\":13},{\"svn\":14},{\"svn\":15},{\"svn\":16}]"
#define LEVEL(a, pcesvn, status)                                                                             \
    "{\"tcb\":{\"sgxtcbcomponents\":" COMPS16(a) ",\"pcesvn\":" pcesvn                                       \
                                                 "},\"tcbDate\":\"2025-01-01T00:00:00Z\","                   \
                                                 "\"tcbStatus\":\"" status                                   \
                                                 "\",\"advisoryIDs\":[\"INTEL-SA-1\"]}"
#define TCB_HEAD                                                                                             \
    "{\"id\":\"SGX\",\"version\":3,\"issueDate\":\"2026-06-01T00:00:00Z\",\"nextUpdate\":\"2026-07-01T00:"   \
    "00:00Z\","                                                                                              \
    "\"fmspc\":\"00906ED50000\",\"pceId\":\"0000\",\"tcbType\":0,\"tcbEvaluationDataNumber\":18,"            \
    "\"tcbLevels\":["
static const char tcb_info[] = TCB_HEAD LEVEL("1", "10", "OutOfDate") "," LEVEL(
    "9", "13", "UpToDate") "," LEVEL("9", "12", "SWHardeningNeeded") "]}";

/* -- TDX -- */
#define COMPS_WITH(name, a, last)                                                                            \
    "\"" name "\":[{\"svn\":" a                                                                              \
    "},{\"svn\":0},{\"svn\":2},{\"svn\":0},{\"svn\":0},{\"svn\":0},{\"svn\":0},{\"svn\":0},{\"svn\":0},"     \
    "{\"svn\":0},{\"svn\":0},{\"svn\":0},{\"svn\":0},{\"svn\":0},{\"svn\":0},{\"svn\":" last "}]"
#define TDX_LEVEL(a, status)                                                                                 \
    "{\"tcb\":{" COMPS_WITH("sgxtcbcomponents", "8", "21") "," COMPS_WITH(                                   \
        "tdxtcbcomponents", a,                                                                               \
        "22") ",\"pcesvn\":13},\"tcbDate\":\"2025-01-01T00:00:00Z\",\"tcbStatus\":\"" status "\"}"
#define ZEROS48 "000000000000000000000000000000000000000000000000"
#define MODULE                                                                                               \
    "\"mrsigner\":\"" ZEROS48 ZEROS48                                                                        \
    "\",\"attributes\":\"00000000000000A5\",\"attributesMask\":\"FFFFFFFFFFFFFFFF\""
#define SVN_LEVEL(svn, status)                                                                               \
    "{\"tcb\":{\"isvsvn\":" svn "},\"tcbDate\":\"2025-01-01T00:00:00Z\",\"tcbStatus\":\"" status "\"}"
#define IDENTITY(id, levels) "{\"id\":\"" id "\"," MODULE ",\"tcbLevels\":[" levels "]}"
#define TDX_HEAD                                                                                             \
    "{\"id\":\"TDX\",\"version\":3,\"issueDate\":\"2026-06-01T00:00:00Z\",\"nextUpdate\":\"2026-07-01T00:"   \
    "00:00Z\","                                                                                              \
    "\"fmspc\":\"00906ED50000\",\"pceId\":\"0000\",\"tcbType\":0,\"tcbEvaluationDataNumber\":18,"
/* Neither the levels of the platform nor those of a module are in order. */
static const char tdx_info[] = TDX_HEAD
    "\"tdxModule\":{" MODULE
    "},\"tdxModuleIdentities\":[" IDENTITY("TDX_03", SVN_LEVEL("3", "UpToDate")) "," IDENTITY(
        "tdx_1F",
        SVN_LEVEL("2", "OutOfDate") "," SVN_LEVEL(
            "5", "UpToDate")) "],\"tcbLevels\":[" TDX_LEVEL("3", "OutOfDate") "," TDX_LEVEL("5",
                                                                                            "UpToDate") "]}";

static const char qe_identity[] =
    "{\"id\":\"QE\",\"version\":2,\"issueDate\":\"2026-06-01T00:00:00Z\",\"nextUpdate\":\"2026-07-01T00:00:"
    "00Z\","
    "\"tcbEvaluationDataNumber\":18,\"miscselect\":\"0000001F\",\"miscselectMask\":\"FFFFFFFF\","
    "\"attributes\":\"11000000000000000000000000000000\",\"attributesMask\":"
    "\"FBFFFFFFFFFFFFFF0000000000000000\","
    "\"mrsigner\":\"8C4F5775D796503E96137F77C68A829A0056AC8DED70140B081B094490C57BFF\",\"isvprodid\":1,"
    "\"tcbLevels\":[{\"tcb\":{\"isvsvn\":4},\"tcbDate\":\"2022-01-01T00:00:00Z\",\"tcbStatus\":\"Revoked\"},"
    "{\"tcb\":{\"isvsvn\":8},\"tcbDate\":\"2025-01-01T00:00:00Z\",\"tcbStatus\":\"UpToDate\"}]}";

struct row {
    const char *from; /* NULL: unchanged */
    const char *to;
    enum att_code want;
};

static const struct row tcb_rows[] = {
    { NULL, NULL, ATT_OK },
    { "\"id\":\"SGX\",", "", ATT_TCB_INFO_MALFORMED },
    { "\"SGX\"", "\"TDX\"", ATT_TCB_INFO_MISMATCH }, /* without what makes it one */
    { "\"SGX\"", "\"sgx\"", ATT_TCB_INFO_MISMATCH },
    { "\"SGX\"", "7", ATT_TCB_INFO_MALFORMED },
    { "\"version\":3", "\"version\":4", ATT_TCB_INFO_MISMATCH },
    { "\"version\":3", "\"version\":2", ATT_TCB_INFO_MALFORMED }, /* the levels are of the other form */
    { "\"version\":3", "\"version\":3.0", ATT_TCB_INFO_MALFORMED },
    { "\"version\":3", "\"version\":\"3\"", ATT_TCB_INFO_MALFORMED },
    { "2026-06-01T00:00:00Z", "2026-16-01T00:00:00Z", ATT_TCB_INFO_MALFORMED },
    { "2026-06-01T00:00:00Z", "2026-06-01T00:00:00+00:00", ATT_TCB_INFO_MALFORMED },
    { "2026-06-01T00:00:00Z", "2026-08-01T00:00:00Z", ATT_TCB_INFO_MALFORMED }, /* after nextUpdate */
    { "2026-07-01T00:00:00Z", "2026-06-01T00:00:00Z", ATT_OK },                 /* a window of one second */
    { "00906ED50000", "00906ed50000", ATT_OK },
    { "00906ED50000", "00906ED5000", ATT_TCB_INFO_MALFORMED },
    { "00906ED50000", "00906ED5000g", ATT_TCB_INFO_MALFORMED },
    { "\"pceId\":\"0000\"", "\"pceId\":\"00000\"", ATT_TCB_INFO_MALFORMED },
    { "\"tcbType\":0", "\"tcbType\":1", ATT_TCB_INFO_MALFORMED },
    { "DataNumber\":18", "DataNumber\":-18", ATT_TCB_INFO_MALFORMED },
    { "DataNumber\":18", "DataNumber\":4294967296", ATT_TCB_INFO_MALFORMED },
    { "DataNumber\":18", "DataNumber\":4294967295", ATT_OK },
    { "\"svn\":16", "\"svn\":256", ATT_TCB_INFO_MALFORMED },
    { "\"svn\":16", "\"svn\":255", ATT_OK },
    { ",{\"svn\":16}", "", ATT_TCB_INFO_MALFORMED },
    { ",{\"svn\":16}", ",{\"svn\":16},{\"svn\":17}", ATT_TCB_INFO_MALFORMED },
    { "{\"svn\":16}", "16", ATT_TCB_INFO_MALFORMED },
    { "\"pcesvn\":13", "\"pcesvn\":65536", ATT_TCB_INFO_MALFORMED },
    { "\"pcesvn\":13", "\"pcesvn\":12", ATT_TCB_INFO_MALFORMED }, /* two equal levels */
    { "\"OutOfDate\"", "\"outOfDate\"", ATT_TCB_INFO_MALFORMED },
    { "\"OutOfDate\"", "\"\"", ATT_TCB_INFO_MALFORMED },
    { "\"OutOfDate\"", "\"TDRelaunchAdvised\"", ATT_TCB_INFO_MALFORMED },
    { "\"OutOfDate\"", "\"TDRelaunchAdvisedConfigurationNeeded\"", ATT_TCB_INFO_MALFORMED },
    { "\"OutOfDate\"", "null", ATT_TCB_INFO_MALFORMED },
    { "[\"INTEL-SA-1\"]", "[]", ATT_OK },
    { "[\"INTEL-SA-1\"]", "\"INTEL-SA-1\"", ATT_TCB_INFO_MALFORMED },
    { "[\"INTEL-SA-1\"]", "[1]", ATT_TCB_INFO_MALFORMED },
    { "\"tcbLevels\":[", "\"tcbLevels\":[],\"other\":[", ATT_TCB_INFO_MALFORMED },
    { "\"tcbLevels\":[", "\"tcbLevels\":[1,", ATT_TCB_INFO_MALFORMED },
    { "\"tcbLevels\"", "\"tcbLevel\"", ATT_TCB_INFO_MALFORMED },
};

static const struct row tdx_rows[] = {
    { NULL, NULL, ATT_OK },
    /* E-e: exactly 16 of each kind; lists of unequal length never meet */
    { "{\"svn\":22}", "{\"svn\":22},{\"svn\":0}", ATT_TCB_INFO_MALFORMED },
    { ",{\"svn\":22}", "", ATT_TCB_INFO_MALFORMED },
    { "{\"svn\":21}", "{\"svn\":21},{\"svn\":0}", ATT_TCB_INFO_MALFORMED },
    { ",{\"svn\":21}", "", ATT_TCB_INFO_MALFORMED },
    { "\"tdxtcbcomponents\"", "\"tdxtcbcomponent\"", ATT_TCB_INFO_MALFORMED },
    { "\"tdxtcbcomponents\"", "\"tdxtcbcomponents\":[],\"other\"", ATT_TCB_INFO_MALFORMED },
    { "\"sgxtcbcomponents\"", "\"other\"", ATT_TCB_INFO_MALFORMED },
    { "{\"svn\":22}", "{\"svn\":256}", ATT_TCB_INFO_MALFORMED },
    { "{\"svn\":22}", "{\"svn\":-1}", ATT_TCB_INFO_MALFORMED },
    { "{\"svn\":22}", "{\"svn\":255}", ATT_OK },
    { "{\"svn\":22}", "22", ATT_TCB_INFO_MALFORMED },
    /* E-f: two levels that differ in nothing */
    { "\"tdxtcbcomponents\":[{\"svn\":3}", "\"tdxtcbcomponents\":[{\"svn\":5}", ATT_TCB_INFO_MALFORMED },
    { "\"tdxtcbcomponents\":[{\"svn\":3}", "\"tdxtcbcomponents\":[{\"svn\":6}", ATT_OK },
    { "\"TDX\"", "\"SGX\"", ATT_TCB_INFO_MALFORMED }, /* equal without their TDX components */
    { "\"version\":3", "\"version\":2", ATT_TCB_INFO_MALFORMED },
    { "\"tdxModule\":", "\"tdxmodule\":", ATT_TCB_INFO_MALFORMED },
    { "\"tdxModule\":{", "\"tdxModule\":[],\"other\":{", ATT_TCB_INFO_MALFORMED },
    { "\"tdxModuleIdentities\":", "\"other\":", ATT_OK },
    { "\"tdxModuleIdentities\":[", "\"tdxModuleIdentities\":{},\"other\":[", ATT_TCB_INFO_MALFORMED },
    { "\"tdxModuleIdentities\":[", "\"tdxModuleIdentities\":[],\"other\":[", ATT_OK },
    { "\"tdxModuleIdentities\":[", "\"tdxModuleIdentities\":[1,", ATT_TCB_INFO_MALFORMED },
    { "\"tdxModuleIdentities\":[", "\"tdxModuleIdentities\":null,\"other\":[", ATT_TCB_INFO_MALFORMED },
    { "tdx_1F", "TDX_03", ATT_TCB_INFO_MALFORMED },
    { "tdx_1F", "Tdx_03", ATT_TCB_INFO_MALFORMED },
    { "tdx_1F", "TDX_1", ATT_OK }, /* no module's name: read, and left out */
    { "tdx_1F", "TDX_0x", ATT_OK },
    { "tdx_1F", "TDY_1F", ATT_OK },
    { "tdx_1F", "", ATT_OK },
    { "\"tdx_1F\"", "31", ATT_TCB_INFO_MALFORMED },
    { "\"mrsigner\":\"00", "\"mrsigner\":\"", ATT_TCB_INFO_MALFORMED },
    { "\"mrsigner\":\"00", "\"mrsigner\":\"0g", ATT_TCB_INFO_MALFORMED },
    { "\"attributes\":\"00", "\"attributes\":\"0000", ATT_TCB_INFO_MALFORMED },
    { "\"attributesMask\":\"FF", "\"attributesMask\":\"", ATT_TCB_INFO_MALFORMED },
    { "\"isvsvn\":5", "\"isvsvn\":2", ATT_TCB_INFO_MALFORMED },
    { "\"isvsvn\":5", "\"isvsvn\":65536", ATT_TCB_INFO_MALFORMED },
    { "\"isvsvn\":5", "\"isvsvn\":65535", ATT_OK },
    { "\"isvsvn\":3", "\"isvsvn\":3.0", ATT_TCB_INFO_MALFORMED },
    { "\"UpToDate\"", "\"SWHardeningNeeded\"", ATT_TCB_INFO_MALFORMED }, /* of a module */
    { "\"UpToDate\"", "\"TDRelaunchAdvised\"", ATT_TCB_INFO_MALFORMED }, /* a result, */
    { "\"OutOfDate\"},{\"tcb\":{\"sgx", "\"TDRelaunchAdvised\"},{\"tcb\":{\"sgx",
      ATT_TCB_INFO_MALFORMED }, /* never a document's */
};

static const struct row qe_rows[] = {
    { NULL, NULL, ATT_OK },
    { "\"QE\"", "\"TD_QE\"", ATT_OK },
    { "\"QE\"", "\"ANY\"", ATT_OK }, /* judged with the quote: QE_IDENTITY_MISMATCH */
    { "\"QE\"", "1", ATT_QE_IDENTITY_MALFORMED },
    { "\"version\":2", "\"version\":1", ATT_QE_IDENTITY_MALFORMED },
    { "\"0000001F\"", "\"00001F\"", ATT_QE_IDENTITY_MALFORMED },
    { "miscselectMask", "miscselectmask", ATT_QE_IDENTITY_MALFORMED },
    { "FBFF", "FB", ATT_QE_IDENTITY_MALFORMED },
    { "8C4F", "8C4", ATT_QE_IDENTITY_MALFORMED },
    { "\"isvprodid\":1", "\"isvprodid\":65536", ATT_QE_IDENTITY_MALFORMED },
    { "\"isvsvn\":8", "\"isvsvn\":65536", ATT_QE_IDENTITY_MALFORMED },
    { "\"isvsvn\":8", "\"isvsvn\":4", ATT_QE_IDENTITY_MALFORMED },
    { "UpToDate", "SWHardeningNeeded", ATT_QE_IDENTITY_MALFORMED },
    { "2026-07-01T00:00:00Z", "2026-05-01T00:00:00Z", ATT_QE_IDENTITY_MALFORMED },
    { "\"tcbLevels\":[", "\"tcbLevels\":{},\"other\":[", ATT_QE_IDENTITY_MALFORMED },
};

/* `text` with the first `from` replaced; malloc'd. */
static char *edited(const char *text, const struct row *r)
{
    const char *at = r->from ? strstr(text, r->from) : NULL;
    char *out = NULL;

    if (r->from && !at) {
        printf("no %s in the text\n", r->from);
        exit(1);
    }
    if (asprintf(&out, "%.*s%s%s", (int)(at ? at - text : 0), text, at ? r->to : "",
                 at ? at + strlen(r->from) : text) < 0)
        abort();
    return out;
}

static void tcb_row(const struct row *r)
{
    struct att_arena *scratch = att_arena_new(1 << 20), *keep = att_arena_new(1 << 20);
    char *text = edited(tcb_info, r);
    struct dcap_tcb_info info = { .version = 99 };
    struct att_err err = { 0 };
    struct att_json j;

    bool ok = att_json_parse(scratch, att_str(text), NULL, &j, &err) &&
              dcap_tcb_info_read(&j, ATT_JSON_ROOT, scratch, keep, &info, &err);
    att_arena_free(scratch); /* nothing may live there */
    cases_check(&cases, ok == (r->want == ATT_OK) && err.code == r->want, "tcb_info %s -> %s: %s (%s)",
                r->from ? r->from : "", r->to ? r->to : "", att_code_name(err.code), err.text);
    cases_check(&cases, ok || info.version == 99, "tcb_info %s: output changed on failure",
                r->from ? r->from : "");
    if (ok && !r->from) {
        /* The file stands in another order: the best level is first all the same. */
        cases_check(&cases,
                    info.level_count == 3 && info.levels[0].pcesvn == 13 && info.levels[1].pcesvn == 12 &&
                        info.levels[2].pcesvn == 10,
                    "levels are not sorted");
        cases_check(&cases,
                    info.levels[2].verdict.status == ATT_STATUS_OUT_OF_DATE &&
                        info.levels[2].verdict.advisory_count == 1 &&
                        att_span_is(info.levels[2].verdict.advisories[0], "INTEL-SA-1"),
                    "verdict of a level");
        cases_check(&cases,
                    info.fmspc[1] == 0x90 && info.evaluation_number == 18 && info.issued_unix_s == 1780272000,
                    "plain members");
    }
    free(text);
    att_arena_free(keep);
}

static void tdx_right(const struct dcap_tcb_info *info)
{
    const struct dcap_tdx_module_identity *m = dcap_tdx_module_of(info, 0x1f);

    /* E-f: both lists stand in another order; the best is first all the same */
    cases_check(&cases,
                info->tee == DCAP_TDX && info->level_count == 2 && info->levels[0].tdx_components[0] == 5 &&
                    info->levels[1].tdx_components[0] == 3 && info->levels[0].tdx_components[15] == 22 &&
                    info->levels[0].components[15] == 21,
                "TDX levels");
    cases_check(&cases, info->module_count == 2 && info->tdx_module.attributes[7] == 0xa5, "TDX modules");
    cases_check(&cases,
                m && m->level_count == 2 && m->levels[0].isvsvn == 5 && m->levels[1].isvsvn == 2 &&
                    m->levels[1].verdict.status == ATT_STATUS_OUT_OF_DATE,
                "E-f: levels of a module");
    cases_check(&cases,
                dcap_tdx_module_of(info, 3) && !dcap_tdx_module_of(info, 0) && !dcap_tdx_module_of(info, 1),
                "a module by its version");
}

static void tdx_row(const struct row *r)
{
    struct att_arena *scratch = att_arena_new(1 << 20), *keep = att_arena_new(1 << 20);
    char *text = edited(tdx_info, r);
    struct dcap_tcb_info info = { .version = 99 };
    struct att_err err = { 0 };
    struct att_json j;

    bool ok = att_json_parse(scratch, att_str(text), NULL, &j, &err) &&
              dcap_tcb_info_read(&j, ATT_JSON_ROOT, scratch, keep, &info, &err);
    att_arena_free(scratch);
    cases_check(&cases, ok == (r->want == ATT_OK) && err.code == r->want, "tdx %s -> %s: %s (%s)",
                r->from ? r->from : "", r->to ? r->to : "", att_code_name(err.code), err.text);
    cases_check(&cases, ok || info.version == 99, "tdx %s: output changed on failure",
                r->from ? r->from : "");
    if (ok && !r->from)
        tdx_right(&info);
    if (ok && r->to && strncmp(r->to, "TD", 2) == 0)
        cases_check(&cases, info.module_count == 1, "tdx %s: a name that is no module's", r->to);
    free(text);
    att_arena_free(keep);
}

static void qe_row(const struct row *r)
{
    struct att_arena *scratch = att_arena_new(1 << 20), *keep = att_arena_new(1 << 20);
    char *text = edited(qe_identity, r);
    struct dcap_qe_identity q = { .isvprodid = 99 };
    struct att_err err = { 0 };
    struct att_json j;

    bool ok = att_json_parse(scratch, att_str(text), NULL, &j, &err) &&
              dcap_qe_identity_read(&j, ATT_JSON_ROOT, scratch, keep, &q, &err);
    att_arena_free(scratch);
    cases_check(&cases, ok == (r->want == ATT_OK) && err.code == r->want, "qe_identity %s -> %s: %s (%s)",
                r->from ? r->from : "", r->to ? r->to : "", att_code_name(err.code), err.text);
    cases_check(&cases, ok || q.isvprodid == 99, "qe_identity %s: output changed on failure",
                r->from ? r->from : "");
    if (ok && !r->from)
        cases_check(&cases,
                    q.miscselect == 0x1f && q.level_count == 2 && q.levels[0].isvsvn == 8 &&
                        q.levels[1].verdict.status == ATT_STATUS_REVOKED && q.mrsigner[0] == 0x8c &&
                        q.attributes_mask[0] == 0xfb,
                    "qe_identity members");
    free(text);
    att_arena_free(keep);
}

static void version_2(void)
{
    struct att_arena *a = att_arena_new(1 << 20);
    struct att_buf b = { 0 };
    struct dcap_tcb_info info = { 0 };
    struct att_err err = { 0 };
    struct att_json j;

    att_buf_puts(
        &b, "{\"version\":2,\"issueDate\":\"2026-06-01T00:00:00Z\",\"nextUpdate\":\"2026-07-01T00:00:00Z\","
            "\"fmspc\":\"00906ED50000\",\"pceId\":\"0000\",\"tcbType\":0,\"tcbEvaluationDataNumber\":18,"
            "\"tcbLevels\":[{\"tcb\":{\"pcesvn\":13");
    for (unsigned i = 16; i >= 1; i--)
        att_buf_printf(&b, ",\"sgxtcbcomp%02usvn\":%u", i, i);
    att_buf_puts(&b, "},\"tcbDate\":\"2025-01-01T00:00:00Z\",\"tcbStatus\":\"UpToDate\"}]}");
    bool ok = att_json_parse(a, att_buf_span(&b), NULL, &j, &err) &&
              dcap_tcb_info_read(&j, ATT_JSON_ROOT, a, a, &info, &err);
    cases_check(&cases,
                ok && info.tee == DCAP_SGX && info.levels[0].components[0] == 1 &&
                    info.levels[0].components[15] == 16,
                "version 2: %s", err.text);
    att_buf_free(&b);
    att_arena_free(a);
}

static void envelopes(void)
{
    static const struct dcap_signed_kind kind = { "tcbInfo", "collateral.tcb_info", ATT_TCB_INFO_MALFORMED,
                                                  ATT_TCB_INFO_SIGNATURE_INVALID };
#define SIG                                                                                                  \
    "0000000000000000000000000000000000000000000000000000000000000000"                                       \
    "0000000000000000000000000000000000000000000000000000000000000000"
    static const struct {
        const char *text;
        const char *signed_bytes; /* NULL: refused */
    } rows[] = {
        { "{\"tcbInfo\":{\"a\": 1 },\"signature\":\"" SIG "\"}", "{\"a\": 1 }" },
        { " {\"signature\":\"" SIG "\" , \"tcbInfo\" : {} } ", "{}" },
        { "{\"tcb\\u0049nfo\":{},\"signature\":\"" SIG "\"}", "{}" },
        { "{\"tcbInfo\":{},\"signature\":\"" SIG "\",\"more\":1}", NULL },
        { "{\"tcbInfo\":{},\"tcb\\u0049nfo\":{},\"signature\":\"" SIG "\"}", NULL },
        { "{\"tcbInfo\":[],\"signature\":\"" SIG "\"}", NULL },
        { "{\"tcbInfo\":{},\"signature\":\"" SIG "00\"}", NULL },
        { "{\"tcbInfo\":{},\"signature\":0}", NULL },
        { "{\"tcbInfo\":{}}", NULL },
        { "{\"signature\":\"" SIG "\"}", NULL },
        { "{\"tcbInfo\":{},\"signature\":\"" SIG "\"}x", NULL },
        { "[]", NULL },
        { "", NULL },
        { "{\"tcbInfo\":{\"a\":[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]},\"signature\":\"" SIG "\"}", NULL },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct att_arena *a = att_arena_new(1 << 20);
        struct dcap_signed d;
        struct att_err err = { 0 };
        bool ok = dcap_signed_read(&kind, a, att_str(rows[i].text), &att_limits_default, &d, &err);
        cases_check(&cases, ok == (rows[i].signed_bytes != NULL), "envelope %s: %s", rows[i].text, err.text);
        if (ok && rows[i].signed_bytes)
            cases_check(&cases, att_span_is(d.signed_bytes, rows[i].signed_bytes),
                        "envelope %s: signed bytes", rows[i].text);
        if (!ok)
            cases_check(&cases,
                        err.code == ATT_TCB_INFO_MALFORMED &&
                            strncmp(err.where, kind.where, strlen(kind.where)) == 0,
                        "envelope %s: %s at %s", rows[i].text, att_code_name(err.code), err.where);
        att_arena_free(a);
    }
}

int main(void)
{
    for (size_t i = 0; i < sizeof tcb_rows / sizeof tcb_rows[0]; i++)
        tcb_row(&tcb_rows[i]);
    for (size_t i = 0; i < sizeof tdx_rows / sizeof tdx_rows[0]; i++)
        tdx_row(&tdx_rows[i]);
    for (size_t i = 0; i < sizeof qe_rows / sizeof qe_rows[0]; i++)
        qe_row(&qe_rows[i]);
    version_2();
    envelopes();
    return cases_report(&cases);
}
