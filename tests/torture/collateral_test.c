/* layers: collateral crypto codec makers base */
/* Snapshots: items in every form that is taken, good and bad ones side by side. A snapshot that comes out is the one
 * that peace gives, row for row: an item for which memory ran out is not kept as a malformed one. */
#include "torture/torture.h"

#include <stddef.h>

#include "base/base64.h"
#include "base/hex.h"
#include "collateral/dcap_qe_identity.h"
#include "collateral/dcap_tcb_info.h"
#include "makers/snp.h"
#include "unit/attest/fixture.h"
#include "unit/collateral/items_fixture.h"

static struct cases cases = { .name = "torture.collateral" };

enum { ROWS_MAX = 24 };

struct scene {
    const struct att_lib *lib;
    struct att_root root;
    const struct att_dcap_bundle *bundles;
    size_t count;
    const struct att_collateral_item *items;
    size_t item_count;
    const struct att_amd_bundle *amd;
    size_t amd_count;
    size_t right_count;
    struct att_collateral_row right[ROWS_MAX];
    char names[ROWS_MAX][ATT_ITEM_ID_SIZE];
    bool peace_known;
};

static bool row_same(const struct att_collateral_row *a, const struct att_collateral_row *b)
{
    return strcmp(a->bundle, b->bundle) == 0 && strcmp(a->item, b->item) == 0 &&
           strcmp(a->subject, b->subject) == 0 && a->issued_unix_s == b->issued_unix_s &&
           a->next_unix_s == b->next_unix_s && a->refusal.code == b->refusal.code &&
           strcmp(a->refusal.text, b->refusal.text) == 0;
}

static enum torture_answer rows_compared(struct scene *s, const struct att_collateral *c)
{
    struct att_collateral_row rows[ROWS_MAX];
    size_t count = att_collateral_rows(c, rows, ROWS_MAX);

    if (!s->peace_known) {
        memcpy(s->right, rows, sizeof rows);
        s->right_count = count;
        for (size_t i = 0; i < count; i++) { /* the snapshot's names die with it */
            (void)snprintf(s->names[i], sizeof s->names[i], "%s", rows[i].bundle);
            s->right[i].bundle = s->names[i];
        }
        s->peace_known = true;
    }
    if (count != s->right_count)
        return torture_wrong("%zu rows, not %zu", count, s->right_count);
    for (size_t i = 0; i < count; i++)
        if (!row_same(&rows[i], &s->right[i]))
            return torture_wrong("%s of \"%s\": %s", rows[i].item, rows[i].bundle, rows[i].refusal.text);
    return TORTURE_RIGHT;
}

static enum torture_answer snapshot(void *state, struct att_err *err)
{
    struct scene *s = state;
    struct att_collateral *c = NULL;

    bool ok = att_collateral_new(s->lib,
                                 &(struct att_collateral_in){ .size = sizeof(struct att_collateral_in),
                                                              .dcap = s->bundles,
                                                              .dcap_count = s->count,
                                                              .items = s->items,
                                                              .item_count = s->item_count,
                                                              .amd = s->amd,
                                                              .amd_count = s->amd_count },
                                 &c, err);
    torture_rest();
    enum torture_answer answer = ok ? rows_compared(s, c) : TORTURE_REFUSED;
    att_collateral_free(c);
    return answer;
}

struct checked {
    const struct att_lib *lib;
    struct att_collateral_item item;
};

static enum torture_answer item(void *state, struct att_err *err)
{
    const struct checked *k = state;
    struct att_item_facts f;

    if (!att_item_check(k->lib, &k->item, &f, err))
        return TORTURE_REFUSED;
    return f.is.kind == k->item.what.kind && f.test_root ? TORTURE_RIGHT : torture_wrong("other facts");
}

static enum torture_answer library(void *state, struct att_err *err)
{
    struct scene *s = state;
    struct att_lib_options o = {
        .size = sizeof o, .roots = &s->root, .root_count = 1, .chain_cache_entries = 8
    };
    struct att_lib *lib = NULL;

    bool ok = att_lib_new(&o, &lib, err);
    torture_rest();
    att_lib_free(lib);
    if (ok)
        return s->root.test_root ? TORTURE_RIGHT : torture_wrong("took what is no root");
    return !s->root.test_root && err->code == ATT_CERT_MALFORMED ? TORTURE_RIGHT : TORTURE_REFUSED;
}

/* Signed documents of the field have no escapes; a reader that meets them needs memory for each. */
static const char tcb_info_text[] =
    "{\"id\":\"\\u0053GX\",\"version\":2,\"issueDate\":\"2026-06-01T00:00:00\\u005a\","
    "\"nextUpdate\":\"2026-07-01T00:00:00\\u005a\",\"fmspc\":\"\\u00300906ED50000\",\"pceId\":\"000\\u0030\","
    "\"tcbType\":0,\"tcbEvaluationDataNumber\":18,\"tcbLevels\":[{\"tcb\":{\"sgxtcbcomp01svn\":9,"
    "\"sgxtcbcomp02svn\":2,\"sgxtcbcomp03svn\":3,\"sgxtcbcomp04svn\":4,\"sgxtcbcomp05svn\":5,"
    "\"sgxtcbcomp06svn\":6,\"sgxtcbcomp07svn\":7,\"sgxtcbcomp08svn\":8,\"sgxtcbcomp09svn\":9,"
    "\"sgxtcbcomp10svn\":10,\"sgxtcbcomp11svn\":11,\"sgxtcbcomp12svn\":12,\"sgxtcbcomp13svn\":13,"
    "\"sgxtcbcomp14svn\":14,\"sgxtcbcomp15svn\":15,\"sgxtcbcomp16svn\":16,\"pcesvn\":13},"
    "\"tcbDate\":\"2025-01-01T00:00:00\\u005a\",\"tcbStatus\":\"UpTo\\u0044ate\","
    "\"advisoryIDs\":[\"TEST-\\u0053A-1\",\"TEST-SA-2\",\"TEST-\\u0053A-3\"]}]}";

static const char qe_identity_text[] =
    "{\"id\":\"Q\\u0045\",\"version\":2,\"issueDate\":\"2026-06-01T00:00:00\\u005a\","
    "\"nextUpdate\":\"2026-07-01T00:00:00\\u005a\",\"tcbEvaluationDataNumber\":18,"
    "\"miscselect\":\"0000001\\u0046\",\"miscselectMask\":\"\\u0046FFFFFFF\","
    "\"attributes\":\"110000000000000000000000000000\\u00300\","
    "\"attributesMask\":\"FBFFFFFFFFFFFFFF00000000000000\\u00300\","
    "\"mrsigner\":\"\\u0038C4F5775D796503E96137F77C68A829A0056AC8DED70140B081B094490C57BFF\",\"isvprodid\":1,"
    "\"tcbLevels\":[{\"tcb\":{\"isvsvn\":8},\"tcbDate\":\"2025-01-01T00:00:00\\u005a\","
    "\"tcbStatus\":\"UpTo\\u0044ate\",\"advisoryIDs\":[\"TEST-\\u0053A-9\"]}]}";

static enum torture_answer no_arena(struct att_err *err)
{
    torture_rest();
    *err = (struct att_err){ .code = ATT_OUT_OF_MEMORY, .where = "arena", .text = "no arena" };
    return TORTURE_REFUSED;
}

static bool document_read(bool tcb, struct att_arena *scratch, struct att_arena *keep, struct att_err *err,
                          struct dcap_tcb_info *info, struct dcap_qe_identity *qe)
{
    struct att_json j;

    if (!att_json_parse(scratch, att_str(tcb ? tcb_info_text : qe_identity_text), NULL, &j, err))
        return false;
    return tcb ? dcap_tcb_info_read(&j, ATT_JSON_ROOT, scratch, keep, info, err)
               : dcap_qe_identity_read(&j, ATT_JSON_ROOT, scratch, keep, qe, err);
}

static bool verdict_right(const struct dcap_verdict_of_level *v, size_t advisories, const char *first)
{
    return v->status == ATT_STATUS_UP_TO_DATE && v->date_unix_s == 1735689600 &&
           v->advisory_count == advisories && att_span_is(v->advisories[0], first);
}

static enum torture_answer document(void *state, struct att_err *err)
{
    const bool *tcb = state;
    struct dcap_tcb_info info = { 0 };
    struct dcap_qe_identity qe = { 0 };
    enum torture_answer answer = TORTURE_REFUSED;
    struct att_arena *scratch = att_arena_new((size_t)1 << 20), *keep = att_arena_new((size_t)1 << 20);

    if (!scratch || !keep) {
        answer = no_arena(err);
    } else if (document_read(*tcb, scratch, keep, err, &info, &qe)) {
        torture_rest();
        bool right = *tcb ? info.level_count == 1 && info.fmspc[2] == 0x6e &&
                                verdict_right(&info.levels[0].verdict, 3, "TEST-SA-1")
                          : qe.level_count == 1 && qe.id == DCAP_QE && qe.mrsigner[0] == 0x8c &&
                                verdict_right(&qe.levels[0].verdict, 1, "TEST-SA-9");
        answer = right ? TORTURE_RIGHT : torture_wrong("the document reads differently");
    }
    torture_rest();
    att_arena_free(scratch);
    att_arena_free(keep);
    return answer;
}

#define MODULE_TEXT                                                                                          \
    "\"mrsigner\":"                                                                                          \
    "\"0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"             \
    "0000000\\u0030\",\"attributes\":\"000000000000000\\u0030\",\"attributesMask\":"                         \
    "\"FFFFFFFFFFFFFFF\\u0046\""
#define ONE_TEXT        "{\"svn\":1}"
#define FOUR_TEXT       ONE_TEXT "," ONE_TEXT "," ONE_TEXT "," ONE_TEXT
#define COMPONENTS_TEXT "[" FOUR_TEXT "," FOUR_TEXT "," FOUR_TEXT "," FOUR_TEXT "]"
static const char tdx_info_text[] =
    "{\"id\":\"TD\\u0058\",\"version\":3,\"issueDate\":\"2026-06-01T00:00:00Z\","
    "\"nextUpdate\":\"2026-07-01T00:00:00Z\",\"fmspc\":\"00906ed50000\",\"pceId\":\"0000\",\"tcbType\":0,"
    "\"tcbEvaluationDataNumber\":18,\"tdxModule\":{" MODULE_TEXT "},"
    "\"tdxModuleIdentities\":[{\"id\":\"TDX_0\\u0033\"," MODULE_TEXT
    ",\"tcbLevels\":[{\"tcb\":{\"isvsvn\":3},"
    "\"tcbDate\":\"2025-01-01T00:00:00Z\",\"tcbStatus\":\"UpToDat\\u0065\",\"advisoryIDs\":[\"TEST-\\u0053A-"
    "7\"]}]}],"
    "\"tcbLevels\":[{\"tcb\":{\"sgxtcbcomponents\":" COMPONENTS_TEXT ",\"pcesvn\":13,"
    "\"tdxtcbcomponents\":" COMPONENTS_TEXT
    "},\"tcbDate\":\"2025-01-01T00:00:00Z\",\"tcbStatus\":\"UpToDate\"}]}";

static enum torture_answer tdx_document(void *state, struct att_err *err)
{
    struct dcap_tcb_info info = { 0 };
    struct att_json j;
    enum torture_answer answer = TORTURE_REFUSED;
    struct att_arena *scratch = att_arena_new((size_t)1 << 20), *keep = att_arena_new((size_t)1 << 20);

    (void)state;
    if (!scratch || !keep) {
        answer = no_arena(err);
    } else if (att_json_parse(scratch, att_str(tdx_info_text), NULL, &j, err) &&
               dcap_tcb_info_read(&j, ATT_JSON_ROOT, scratch, keep, &info, err)) {
        torture_rest();
        const struct dcap_tdx_module_identity *m = dcap_tdx_module_of(&info, 3);
        bool right = info.level_count == 1 && info.levels[0].tdx_components[15] == 1 && m &&
                     m->level_count == 1 && verdict_right(&m->levels[0].verdict, 1, "TEST-SA-7");
        answer = right ? TORTURE_RIGHT : torture_wrong("the document reads differently");
    }
    torture_rest();
    att_arena_free(scratch);
    att_arena_free(keep);
    return answer;
}

static struct att_buf pem_of(struct att_span der)
{
    struct att_buf b = { 0 };

    att_buf_puts(&b, "-----BEGIN X509 CRL-----\n");
    for (size_t at = 0; at < der.len; at += 48) {
        size_t n = der.len - at < 48 ? der.len - at : 48;
        att_base64_put(&b, att_span_of(der.ptr + at, n));
        att_buf_putc(&b, '\n');
    }
    att_buf_puts(&b, "-----END X509 CRL-----\n");
    return b;
}

int main(void)
{
    torture_start();
    struct mk_hardware *hw = hardware_new();
    struct att_lib *lib = lib_new(&hw, 1, 8);
    struct mk_sgx_options o;
    struct mk_evidence good, older, bad;

    mk_sgx_defaults(&o, FIXTURE_NOW);
    o.broken = MK_BREAK_PCK_IS_REVOKED;
    evidence_new(hw, &o, &good);
    o.broken = MK_BREAK_NONE;
    o.tcb_info_version = 2;
    o.ca = MK_CA_PLATFORM;
    evidence_new(hw, &o, &older);
    o.broken = MK_BREAK_TCB_INFO_SIGNATURE;
    evidence_new(hw, &o, &bad);
    struct att_buf pem = pem_of(mk_item(&good, MK_PCK_CRL)), hex = { 0 };
    att_hex_put(&hex, mk_item(&older, MK_ROOT_CA_CRL));
    struct att_dcap_bundle bundles[] = { bundle_of(&good), bundle_of(&older), bundle_of(&bad) };
    bundles[0].name = "PEM";
    bundles[0].pck_crl = att_buf_span(&pem);
    bundles[1].name = "hexadecimal";
    bundles[1].root_ca_crl = att_buf_span(&hex);
    bundles[2].name = "bad";
    bundles[2].pck_crl = att_str("no revocation list");
    bundles[2].qe_identity = (struct att_span){ 0 };

    struct mk_amd *amd = NULL;
    struct mk_snp_evidence snp = { 0 };
    struct mk_snp_options so;
    struct att_err made = { 0 };
    need(mk_amd_new(MK_AMD_MILAN, MK_AMD_BITS_QUICK, FIXTURE_NOW, &amd, &made), "mk_amd_new", &made);
    mk_snp_defaults(&so, MK_AMD_MILAN, FIXTURE_NOW);
    need(mk_snp_make(amd, &so, &snp, &made), "mk_snp_make", &made);
    const struct att_root ark = { .pem = mk_snp_item(&snp, MK_SNP_ARK), .test_root = true };
    const struct att_lib_options ark_options = { .size = sizeof ark_options, .roots = &ark, .root_count = 1 };
    struct att_lib *amd_lib = NULL;
    need(att_lib_new(&ark_options, &amd_lib, &made), "att_lib_new", &made);
    const struct att_amd_bundle lists[] = {
        { .name = "good", .vcek_crl = mk_snp_item(&snp, MK_SNP_VCEK_CRL), .vcek_chain = ark.pem },
        { .name = "bad", .vlek_crl = mk_item(&good, MK_PCK_CRL), .vlek_chain = ark.pem }
    };
    const struct att_collateral_item items[] = {
        tcb_item(&good, ATT_SET_CURRENT, 0), qe_item(&good, ATT_SET_CURRENT, 0),
        pck_crl_item(&good, false),          root_crl_item(&good),
        tcb_item(&bad, ATT_SET_EARLY, 0),    qe_item(&older, ATT_SET_PINNED, 18),
    };
    struct att_collateral_item vcek = {
        .what = { .kind = ATT_ITEM_VCEK, .product = "Milan", .chip_id_bytes = 64 }
    };
    struct att_span chain = mk_snp_item(&snp, MK_SNP_CHAIN);
    const uint8_t *second = memmem(chain.ptr + 1, chain.len - 1, "-----BEGIN", 10);
    vcek.body = att_span_of(chain.ptr, (size_t)(second - chain.ptr));
    vcek.chain = att_span_of(second, chain.len - vcek.body.len);
    memcpy(vcek.what.chip_id, snp.options.chip_id, 64);
    memcpy(vcek.what.tcb, mk_snp_item(&snp, MK_SNP_REPORT).ptr + 0x180, 8);
    struct checked checks[] = { { lib, items[0] }, { lib, items[3] }, { amd_lib, vcek } };

    struct scene scenes[] = {
        { .lib = lib, .bundles = &bundles[0], .count = 1 },
        { .lib = lib, .bundles = &bundles[1], .count = 1 },
        { .lib = lib, .bundles = &bundles[2], .count = 1 },
        { .root = { .pem = mk_item(&good, MK_ROOT_CA), .test_root = true } },
        { .root = { .pem = att_str("-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n") } },
        { .lib = lib, .items = items, .item_count = sizeof items / sizeof items[0] },
        { .lib = amd_lib, .amd = lists, .amd_count = 2 },
    };
    static bool yes = true, no = false;
    const struct torture_flow flows[] = {
        { "snapshot, CRL as PEM", snapshot, NULL, &scenes[0], false },
        { "snapshot, CRL as hexadecimal", snapshot, NULL, &scenes[1], false },
        { "snapshot, bad items", snapshot, NULL, &scenes[2], false },
        { "library with a root", library, NULL, &scenes[3], false },
        { "library with a bad root", library, NULL, &scenes[4], false },
        { "snapshot of items", snapshot, NULL, &scenes[5], false },
        { "snapshot of AMD's lists", snapshot, NULL, &scenes[6], false },
        { "TCB info as an item", item, NULL, &checks[0], false },
        { "root CRL as an item", item, NULL, &checks[1], false },
        { "VCEK as an item", item, NULL, &checks[2], false },
        { "TCB info with escapes", document, NULL, &yes, false },
        { "QE identity with escapes", document, NULL, &no, false },
        { "TCB info of TDX with escapes", tdx_document, NULL, NULL, false },
    };
    for (size_t i = 0; i < sizeof flows / sizeof flows[0]; i++)
        torture_flow(&cases, &flows[i]);
    cases_check(&cases,
                scenes[2].right_count == 4 && scenes[2].right[0].refusal.code != ATT_OK &&
                    scenes[2].right[1].refusal.code == ATT_COLLATERAL_MISSING &&
                    scenes[2].right[2].refusal.code == ATT_CRL_MALFORMED,
                "bad items are refused in peace");
    for (size_t i = 0; i < 4; i++)
        cases_check(&cases,
                    scenes[0].right[i].refusal.code == ATT_OK && scenes[1].right[i].refusal.code == ATT_OK,
                    "good items are taken in peace: %s %s", scenes[0].right[i].refusal.text,
                    scenes[1].right[i].refusal.text);
    cases_check(&cases,
                scenes[5].right_count == 6 &&
                    scenes[5].right[4].refusal.code == ATT_TCB_INFO_SIGNATURE_INVALID &&
                    scenes[5].right[5].refusal.code == ATT_COLLATERAL_MISMATCH &&
                    scenes[5].right[3].refusal.code == ATT_OK,
                "items in peace");
    cases_check(&cases,
                scenes[6].right_count == 2 && scenes[6].right[0].refusal.code == ATT_OK &&
                    scenes[6].right[1].refusal.code != ATT_OK,
                "AMD's lists in peace");
    att_buf_free(&pem);
    att_buf_free(&hex);
    att_lib_free(amd_lib);
    mk_snp_evidence_free(&snp);
    mk_amd_free(amd);
    mk_evidence_free(&good);
    mk_evidence_free(&older);
    mk_evidence_free(&bad);
    att_lib_free(lib);
    mk_hardware_free(hw);
    return cases_report(&cases);
}
