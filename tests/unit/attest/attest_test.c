/* layers: attest makers codec base */
/* The pipeline: acceptance of levels, floors, times to the second, missing items, claims, policy, memory ceilings. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "codec/json.h"
#include "unit/attest/fixture.h"

struct bench {
    struct mk_hardware *hw;
    struct att_lib *lib;
};

static int setup(void **state)
{
    static struct bench b;

    b.hw = hardware_new();
    b.lib = lib_new(&b.hw, 1, 0);
    *state = &b;
    return 0;
}

static int teardown(void **state)
{
    struct bench *b = *state;

    att_lib_free(b->lib);
    mk_hardware_free(b->hw);
    return 0;
}

/* One attestation of evidence made by `o`, with changes by `edit`; the verdict lives in `arena`. */
typedef void (*edit_fn)(struct att_attest_in *in, const void *arg);

static void attest(struct bench *b, const struct mk_sgx_options *o, struct att_arena *arena, edit_fn edit,
                   const void *arg, struct att_verdict *ret)
{
    struct mk_evidence ev;

    evidence_new(b->hw, o, &ev);
    struct att_collateral *c = collateral_of(b->lib, &ev);
    struct att_attest_in in = in_of(&ev, c);
    if (edit)
        edit(&in, arg);
    bool yes = att_attest(b->lib, arena, &in, ret);
    assert_int_equal(yes, ret->accepted);
    /* What a test looks at later lives in the arena; only advisories are borrowed from the collateral. */
    att_collateral_free(c);
    mk_evidence_free(&ev);
}

static void set_mask(struct att_attest_in *in, const void *arg)
{
    in->accepted_tcb = *(const unsigned *)arg;
}

static void test_mask_decides(void **state)
{
    static const struct {
        enum mk_break at;
        enum att_tcb_status status;
    } rows[] = {
        { MK_BREAK_NONE, ATT_STATUS_UP_TO_DATE },
        { MK_BREAK_TCB_SW_HARDENING, ATT_STATUS_SW_HARDENING_NEEDED },
        { MK_BREAK_TCB_CONFIGURATION, ATT_STATUS_CONFIGURATION_NEEDED },
        { MK_BREAK_TCB_CONFIGURATION_SW_HARDENING, ATT_STATUS_CONFIGURATION_AND_SW_HARDENING_NEEDED },
        { MK_BREAK_TCB_OUT_OF_DATE, ATT_STATUS_OUT_OF_DATE },
        { MK_BREAK_TCB_OUT_OF_DATE_CONFIGURATION, ATT_STATUS_OUT_OF_DATE_CONFIGURATION_NEEDED },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (unsigned mask = 0; mask < 1u << ATT_STATUS_COUNT; mask += 2) {
            struct mk_sgx_options o;
            struct att_verdict v;
            struct att_arena *arena = arena_new();
            if (mask > 2 && (mask & (mask - 1)) != 0 && mask % 30 != 0)
                goto next; /* each single status, and some mixtures */
            mk_sgx_defaults(&o, FIXTURE_NOW);
            o.broken = rows[i].at;
            attest(*state, &o, arena, set_mask, &mask, &v);
            assert_int_equal(v.tcb.status, rows[i].status);
            assert_int_equal(v.accepted, (mask & ATT_TCB_BIT(rows[i].status)) != 0);
            assert_int_equal(v.err.code, v.accepted ? ATT_OK : ATT_TCB_STATUS_NOT_ACCEPTED);
            assert_non_null(att_claims_find(&v.claims, "x-ms-sgx-mrenclave", ATT_ISSUER_SERVICE));
        next:
            att_arena_free(arena);
        }
}

static void test_revoked_never(void **state)
{
    static const enum mk_break rows[] = { MK_BREAK_TCB_LEVEL_REVOKED, MK_BREAK_QE_LEVEL_REVOKED };
    unsigned all = ~0u;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct mk_sgx_options o;
        struct att_verdict v;
        struct att_arena *arena = arena_new();
        mk_sgx_defaults(&o, FIXTURE_NOW);
        o.broken = rows[i];
        attest(*state, &o, arena, set_mask, &all, &v);
        assert_false(v.accepted);
        assert_int_equal(v.err.code, ATT_TCB_REVOKED);
        assert_int_equal(v.tcb.status, ATT_STATUS_REVOKED);
        att_arena_free(arena);
    }
}

static void set_floor(struct att_attest_in *in, const void *arg)
{
    in->evaluation_number_min = *(const uint32_t *)arg;
}

static void test_evaluation_floor(void **state)
{
    for (uint32_t floor = 16; floor <= 18; floor++) {
        struct mk_sgx_options o;
        struct att_verdict v;
        struct att_arena *arena = arena_new();
        mk_sgx_defaults(&o, FIXTURE_NOW);
        o.evaluation_number = 17;
        attest(*state, &o, arena, set_floor, &floor, &v);
        assert_int_equal(v.tcb.evaluation_number, 17);
        assert_int_equal(v.err.code, floor <= 17 ? ATT_OK : ATT_TCB_EVAL_NUMBER_TOO_LOW);
        att_arena_free(arena);
    }
}

static void test_shortfall(void **state)
{
    struct mk_sgx_options o;
    struct att_verdict v;
    struct att_arena *arena = arena_new();
    unsigned mask = ATT_TCB_DEFAULT;

    mk_sgx_defaults(&o, FIXTURE_NOW);
    o.level_count = 3;
    o.levels[0] =
        (struct mk_tcb_level){ .pce_svn = 13, .status = "UpToDate", .date = "2025-01-01T00:00:00Z" };
    o.levels[1] = (struct mk_tcb_level){ .pce_svn = 11,
                                         .status = "OutOfDate",
                                         .date = "2024-01-01T00:00:00Z",
                                         .advisories = "INTEL-SA-00001,INTEL-SA-00002" };
    o.levels[2] =
        (struct mk_tcb_level){ .pce_svn = 5, .status = "OutOfDate", .date = "2023-01-01T00:00:00Z" };
    memset(o.levels[0].components, 9, 16);
    memset(o.levels[1].components, 4, 16);
    memset(o.platform.components, 9, 16);
    o.platform.components[2] = 3;
    o.platform.pce_svn = 12;
    attest(*state, &o, arena, set_mask, &mask, &v);
    assert_int_equal(v.err.code, ATT_TCB_STATUS_NOT_ACCEPTED);
    assert_int_equal(v.tcb.status, ATT_STATUS_OUT_OF_DATE);
    assert_int_equal(v.tcb.next,
                     ATT_STATUS_UP_TO_DATE); /* level 2 is no better: the first has to be reached */
    assert_int_equal(v.tcb.shortfall_count, 2);
    assert_string_equal(v.tcb.shortfall[0].component, "sgxtcbcomp03");
    assert_int_equal(v.tcb.shortfall[0].has, 3);
    assert_int_equal(v.tcb.shortfall[0].needs, 9);
    assert_string_equal(v.tcb.shortfall[1].component, "pcesvn");
    assert_int_equal(v.tcb.shortfall[1].needs, 13);
    assert_non_null(strstr(v.err.text, "sgxtcbcomp03 is 3, needs 9"));
    assert_non_null(strstr(v.err.text, "pcesvn is 12, needs 13"));
    att_arena_free(arena);
}

static void drop_collateral(struct att_attest_in *in, const void *arg)
{
    (void)arg;
    in->collateral = NULL;
}

static void test_missing_items(void **state)
{
    struct bench *b = *state;
    struct mk_sgx_options o;
    struct mk_evidence ev;
    struct att_verdict v;

    mk_sgx_defaults(&o, FIXTURE_NOW);
    evidence_new(b->hw, &o, &ev);
    const struct att_dcap_bundle whole = bundle_of(&ev);
    static const struct {
        size_t offset;
        const char *where;
    } items[] = {
#define ITEM(name) { offsetof(struct att_dcap_bundle, name), "collateral." #name }
        ITEM(tcb_info), ITEM(tcb_info_issuer_chain), ITEM(qe_identity), ITEM(qe_identity_issuer_chain),
        ITEM(pck_crl),  ITEM(pck_crl_issuer_chain),  ITEM(root_ca_crl),
#undef ITEM
    };
    for (size_t i = 0; i < sizeof items / sizeof items[0]; i++) {
        struct att_dcap_bundle less = whole;
        struct att_arena *arena = arena_new();
        *(struct att_span *)(void *)((char *)&less + items[i].offset) = (struct att_span){ 0 };
        struct att_collateral *c = collateral_new(b->lib, &less, 1, ATT_COLLATERAL_SOLE);
        struct att_attest_in in = in_of(&ev, c);
        assert_false(att_attest(b->lib, arena, &in, &v));
        assert_int_equal(v.err.code, ATT_COLLATERAL_MISSING);
        assert_string_equal(v.err.where, items[i].where);
        att_collateral_free(c);
        att_arena_free(arena);
    }
    struct att_arena *arena = arena_new();
    attest(b, &o, arena, drop_collateral, NULL, &v);
    assert_int_equal(v.err.code, ATT_COLLATERAL_MISSING);
    att_arena_free(arena);
    mk_evidence_free(&ev);
}

/* The first and the last second of a window belong to it; the seconds beside them do not. */
static void test_windows_to_the_second(void **state)
{
    struct bench *b = *state;
    struct mk_sgx_options o;
    struct mk_evidence ev;
    struct att_collateral_row rows[4];
    int64_t first = 0, last = INT64_MAX;

    mk_sgx_defaults(&o, FIXTURE_NOW);
    evidence_new(b->hw, &o, &ev);
    struct att_collateral *c = collateral_of(b->lib, &ev);
    assert_int_equal(att_collateral_rows(c, rows, 4), 4);
    for (size_t i = 0; i < 4; i++) {
        first = rows[i].issued_unix_s > first ? rows[i].issued_unix_s : first;
        last = rows[i].next_unix_s < last ? rows[i].next_unix_s : last;
    }
    const struct {
        int64_t now;
        bool yes;
    } at[] = { { first, true }, { last, true }, { first - 1, false }, { last + 1, false },
               { 0, false },    { -1, false },  { INT64_MIN, false }, { INT64_MAX, false } };
    for (size_t i = 0; i < sizeof at / sizeof at[0]; i++) {
        struct att_arena *arena = arena_new();
        struct att_attest_in in = in_of(&ev, c);
        struct att_verdict v;
        in.now_unix_s = at[i].now;
        assert_int_equal(att_attest(b->lib, arena, &in, &v), at[i].yes);
        assert_non_null(strstr(at[i].yes ? "judged at" : v.err.text, "judged at"));
        att_arena_free(arena);
    }
    att_collateral_free(c);
    mk_evidence_free(&ev);
}

static void test_empty_index(void **state)
{
    struct bench *b = *state;
    struct mk_sgx_options o;
    struct mk_evidence ev;
    struct att_verdict v;
    struct att_arena *arena = arena_new();

    mk_sgx_defaults(&o, FIXTURE_NOW);
    evidence_new(b->hw, &o, &ev);
    struct att_collateral *c = collateral_new(b->lib, NULL, 0, ATT_COLLATERAL_INDEXED);
    struct att_attest_in in = in_of(&ev, c);
    assert_false(att_attest(b->lib, arena, &in, &v));
    assert_int_equal(v.err.code, ATT_COLLATERAL_MISSING);
    assert_non_null(strstr(v.err.expected, "FMSPC"));
    att_collateral_free(c);
    mk_evidence_free(&ev);
    att_arena_free(arena);
}

/* The default library knows Intel's key and no other. */
static void test_default_trusts_no_test_root(void **state)
{
    struct bench *b = *state;
    struct mk_sgx_options o;
    struct mk_evidence ev;
    struct att_verdict v;
    struct att_lib *lib = NULL;
    struct att_err err = { 0 };
    struct att_arena *arena = arena_new();

    mk_sgx_defaults(&o, FIXTURE_NOW);
    evidence_new(b->hw, &o, &ev);
    assert_true(att_lib_new(NULL, &lib, &err));
    struct att_collateral *c = collateral_of(lib, &ev);
    struct att_attest_in in = in_of(&ev, c);
    assert_false(att_attest(lib, arena, &in, &v));
    assert_int_equal(v.err.code, ATT_ROOT_UNTRUSTED);
    att_collateral_free(c);
    /* Nor with collateral that another library has checked: the chain in the quote is judged on its own. */
    c = collateral_of(b->lib, &ev);
    in = in_of(&ev, c);
    assert_false(att_attest(lib, arena, &in, &v));
    assert_int_equal(v.err.code, ATT_ROOT_UNTRUSTED);
    att_collateral_free(c);
    att_lib_free(lib);
    mk_evidence_free(&ev);
    att_arena_free(arena);
}

static struct att_span value_of(const struct att_verdict *v, const char *name)
{
    const struct att_claim *c = att_claims_find(&v->claims, name, ATT_ISSUER_SERVICE);

    assert_non_null(c);
    return c->value.text;
}

static void claim_absent(const struct att_verdict *v, const char *name)
{
    assert_null(att_claims_find(&v->claims, name, ATT_ISSUER_SERVICE));
}

static void set_json(struct att_attest_in *in, const void *arg)
{
    (void)arg;
    in->runtime.json = true;
    in->init_time.json = true;
}

static void test_claims_binary(void **state)
{
    struct mk_sgx_options o;
    struct att_verdict v;
    struct att_arena *arena = arena_new();
    static const uint8_t data[] = { 1, 2, 3, 4, 5, 6 };

    mk_sgx_defaults(&o, FIXTURE_NOW);
    o.has_runtime_data = true;
    o.runtime_data = att_span_of(data, sizeof data);
    o.enclave.debug = true;
    o.enclave.product_id = 7;
    o.enclave.svn = 8888;
    attest(*state, &o, arena, NULL, NULL, &v);
    assert_true(v.accepted);
    assert_string_equal(v.attestation_type, "sgx");
    static const char *const ehd[] = { "x-ms-sgx-ehd", "aas-ehd", "maa-ehd", "$aas-ehd", "$maa-ehd" };
    for (size_t i = 0; i < sizeof ehd / sizeof ehd[0]; i++) {
        const struct att_claim *c = att_claims_find(&v.claims, ehd[i], ATT_ISSUER_SERVICE);
        assert_non_null(c);
        assert_true(att_span_is(c->value.text, "AQIDBAUG"));
        assert_int_equal((c->flags & ATT_CLAIM_IN_TOKEN) != 0, ehd[i][0] != '$');
    }
    static const struct {
        const char *name;
        int64_t value;
    } numbers[] = {
        { "x-ms-sgx-product-id", 7 }, { "$product-id", 7 }, { "x-ms-sgx-svn", 8888 }, { "$svn", 8888 }
    };
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        assert_int_equal(att_claims_find(&v.claims, numbers[i].name, ATT_ISSUER_SERVICE)->value.integer,
                         numbers[i].value);
    assert_true(att_claims_find(&v.claims, "x-ms-sgx-is-debuggable", ATT_ISSUER_SERVICE)->value.boolean);
    assert_true(att_claims_find(&v.claims, "$is-debuggable", ATT_ISSUER_SERVICE)->value.boolean);
    assert_true(att_span_is(value_of(&v, "x-ms-attestation-type"), "sgx"));
    assert_true(att_span_is(value_of(&v, "$tee"), "sgx"));
    assert_int_equal(value_of(&v, "x-ms-sgx-mrenclave").len, 64);
    assert_int_equal(value_of(&v, "x-ms-sgx-report-data").len, 128);
    /* Names that the default policy issues, and what belongs to other evidence. */
    static const char *const absent[] = { "is-debuggable",
                                          "product-id",
                                          "svn",
                                          "sgx-mrenclave",
                                          "sgx-mrsigner",
                                          "tee",
                                          "x-ms-runtime",
                                          "x-ms-inittime",
                                          "x-ms-sgx-config-id",
                                          "x-ms-sgx-config-svn",
                                          "x-ms-sgx-isv-family-id",
                                          "x-ms-sgx-isv-extended-product-id" };
    for (size_t i = 0; i < sizeof absent / sizeof absent[0]; i++)
        claim_absent(&v, absent[i]);
    att_arena_free(arena);
}

static void test_claims_json(void **state)
{
    struct mk_sgx_options o;
    struct att_verdict v;
    struct att_arena *arena = arena_new();

    mk_sgx_defaults(&o, FIXTURE_NOW);
    o.has_runtime_data = true;
    o.runtime_data = att_span_of("{ \"b\" : [1, 2],\n \"a\": {\"z\":1,\"y\":\"\\u0041\"} }\0\0", 46);
    o.has_init_time_data = true;
    o.init_time_data = att_str("{\"k\":true}");
    attest(*state, &o, arena, set_json, NULL, &v);
    assert_int_equal(v.err.code, ATT_OK);
    assert_true(att_span_is(value_of(&v, "x-ms-runtime"), "{\"a\":{\"y\":\"A\",\"z\":1},\"b\":[1,2]}"));
    assert_true(att_span_is(value_of(&v, "x-ms-inittime"), "{\"k\":true}"));
    claim_absent(&v, "x-ms-sgx-ehd");
    claim_absent(&v, "maa-ehd");
    assert_int_equal(value_of(&v, "x-ms-sgx-config-id").len, 128); /* init-time data needs KSS */
    assert_int_equal(value_of(&v, "x-ms-sgx-isv-family-id").len, 32);
    att_arena_free(arena);
}

static void test_json_must_be_object(void **state)
{
    static const char *const bad[] = { "",      "[]",        "1", "\"x\"", "null", "{", "{\"a\":1,\"a\":2}",
                                       "{} {}", "{\"a\":01}" };

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct mk_sgx_options o;
        struct att_verdict v;
        struct att_arena *arena = arena_new();
        mk_sgx_defaults(&o, FIXTURE_NOW);
        o.has_runtime_data = true;
        o.runtime_data = att_str(bad[i]);
        attest(*state, &o, arena, set_json, NULL, &v);
        assert_int_equal(v.err.code, ATT_PARAMETER_INVALID);
        assert_memory_equal(v.err.where, "runtimeData.data", strlen("runtimeData.data"));
        att_arena_free(arena);
    }
}

static void add_init_time(struct att_attest_in *in, const void *arg)
{
    in->init_time = (struct att_bound_data){ .present = true, .bytes = att_str(arg) };
}

static void test_init_time_without_kss(void **state)
{
    struct mk_sgx_options o;
    struct att_verdict v;
    struct att_arena *arena = arena_new();

    mk_sgx_defaults(&o, FIXTURE_NOW);
    attest(*state, &o, arena, add_init_time, "anything", &v);
    assert_int_equal(v.err.code, ATT_INIT_TIME_DATA_MISMATCH);
    att_arena_free(arena);
}

static void add_runtime(struct att_attest_in *in, const void *arg)
{
    in->runtime = (struct att_bound_data){ .present = true, .bytes = att_str(arg) };
}

/* Attack list 2, E-a and E-y: given data must match; empty data is data; absent data says nothing. */
static void test_runtime_presence(void **state)
{
    struct mk_sgx_options o;
    struct att_verdict v;
    struct att_arena *arena = arena_new();

    mk_sgx_defaults(&o, FIXTURE_NOW);
    o.has_runtime_data = false;
    attest(*state, &o, arena, NULL, NULL, &v);
    assert_true(v.accepted);
    claim_absent(&v, "x-ms-sgx-ehd");
    attest(*state, &o, arena, add_runtime, "", &v);
    assert_int_equal(v.err.code, ATT_RUNTIME_DATA_MISMATCH);
    o.has_runtime_data = true;
    o.runtime_data = att_str("");
    attest(*state, &o, arena, add_runtime, "", &v);
    assert_true(v.accepted);
    assert_int_equal(value_of(&v, "x-ms-sgx-ehd").len, 0);
    att_arena_free(arena);
}

static void set_type(struct att_attest_in *in, const void *arg)
{
    in->evidence_type = arg;
}

static void set_evidence(struct att_attest_in *in, const void *arg)
{
    in->evidence = att_str(arg);
}

static void test_wrong_type_is_recognised(void **state)
{
    static const struct {
        edit_fn edit;
        const char *arg;
        enum att_code code;
        const char *hint;
    } rows[] = {
        { set_type, "open-enclave", ATT_OE_HEADER_VERSION, "attest it as sgx" },
        { set_type, "pluton", ATT_EVIDENCE_TYPE_UNKNOWN,
          "sgx, open-enclave, tdx, sev-snp, tpm, azure-guest" },
        { set_type, "", ATT_EVIDENCE_TYPE_UNKNOWN, "sgx, open-enclave, tdx, sev-snp" },
        { set_type, "SGX", ATT_EVIDENCE_TYPE_UNKNOWN, "sgx, open-enclave, tdx, sev-snp" },
        { set_evidence, "030002000000000000000000", ATT_QUOTE_VERSION, "hexadecimal" },
        { set_evidence, "AwACAAAAAAAJAA0Ak5pyM_", ATT_QUOTE_VERSION, "base64" },
        { set_evidence, "-----BEGIN CERTIFICATE-----", ATT_QUOTE_VERSION, "PEM" },
        { set_evidence, "{\"quote\":\"\"}", ATT_QUOTE_VERSION, "JSON" },
        { set_evidence, "\x03", ATT_QUOTE_LENGTH, "48 bytes" },
    };
    struct mk_sgx_options o;

    mk_sgx_defaults(&o, FIXTURE_NOW);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct att_verdict v;
        struct att_arena *arena = arena_new();
        attest(*state, &o, arena, rows[i].edit, rows[i].arg, &v);
        assert_int_equal(v.err.code, rows[i].code);
        assert_non_null(strstr(v.err.text, rows[i].hint));
        att_arena_free(arena);
    }
}

static void test_oe_report_to_sgx(void **state)
{
    struct bench *b = *state;
    struct mk_sgx_options o;
    struct mk_evidence ev;
    struct att_verdict v;
    struct att_arena *arena = arena_new();

    mk_sgx_defaults(&o, FIXTURE_NOW);
    evidence_new(b->hw, &o, &ev);
    struct att_attest_in in = in_of(&ev, NULL);
    in.evidence = mk_item(&ev, MK_REPORT);
    assert_false(att_attest(b->lib, arena, &in, &v));
    assert_int_equal(v.err.code, ATT_QUOTE_VERSION);
    assert_non_null(strstr(v.err.text, "open-enclave"));
    mk_evidence_free(&ev);
    att_arena_free(arena);
}

struct with_policy {
    const struct att_policy *policy;
    size_t steps_max;
    uint32_t pinned, min;
};

static void set_policy(struct att_attest_in *in, const void *arg)
{
    const struct with_policy *with = arg;

    in->policy = with->policy;
    in->policy_steps_max = with->steps_max;
    in->evaluation_number_pinned = with->pinned;
    in->evaluation_number_min = with->min;
    in->trace = true;
}

static void test_policy(void **state)
{
    static const struct {
        const char *text;
        enum att_code code;
    } rows[] = {
        { "version= 1.0;\nauthorizationrules\n{\n\t=> permit();\n};\nissuancerules\n{\n};", ATT_OK },
        { "version= 1.0;\nauthorizationrules\n{\n\tc:[type==\"$is-debuggable\", value==true] => "
          "deny();\n\t=> permit();\n};\n"
          "issuancerules\n{\n};",
          ATT_OK },
        { "version= 1.0;\nauthorizationrules\n{\n\tc:[type==\"x-ms-sgx-svn\", value==3] => deny();\n\t=> "
          "permit();\n};\n"
          "issuancerules\n{\n};",
          ATT_POLICY_DENIED },
        { "version= 1.0;\nauthorizationrules\n{\n\tc:[type==\"x-ms-sgx-svn\", value==4] => permit();\n};\n"
          "issuancerules\n{\n};",
          ATT_POLICY_NO_PERMIT },
        { "version=1.1;\nconfigurationrules\n{\n\t=> issueproperty(type=\"x-ms-sgx-tcbidentifier\", "
          "value=\"azuredefault\");\n};\n"
          "authorizationrules\n{\n\t=> permit();\n};\nissuancerules\n{\n};",
          ATT_OK },
        { "version=1.1;\nconfigurationrules\n{\n\t=> issueproperty(type=\"x-ms-sgx-tcbidentifier\", "
          "value=\"17\");\n};\n"
          "authorizationrules\n{\n\t=> permit();\n};\nissuancerules\n{\n};",
          ATT_OK },
        { "version=1.1;\nconfigurationrules\n{\n\t=> issueproperty(type=\"x-ms-sgx-tcbidentifier\", "
          "value=\"18\");\n};\n"
          "authorizationrules\n{\n\t=> permit();\n};\nissuancerules\n{\n};",
          ATT_TCB_EVAL_NUMBER_TOO_LOW },
        /* As a literal it would not compile. */
        { "version=1.2;\nconfigurationrules\n{\n\t=> issueproperty(type=\"x-ms-sgx-tcbidentifier\", "
          "value=AppendString(\"new\", \"est\"));\n};\n"
          "authorizationrules\n{\n\t=> permit();\n};\nissuancerules\n{\n};",
          ATT_POLICY_EVALUATION },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct mk_sgx_options o;
        struct att_verdict v;
        struct att_policy *policy = NULL;
        struct att_err err = { 0 };
        struct att_arena *arena = arena_new();
        need(att_policy_compile(att_str(rows[i].text), NULL, &policy, NULL, &err), rows[i].text, &err);
        mk_sgx_defaults(&o, FIXTURE_NOW);
        o.evaluation_number = 17;
        o.enclave.svn = 3;
        attest(*state, &o, arena, set_policy, &(struct with_policy){ .policy = policy }, &v);
        if (v.err.code != rows[i].code)
            fail_msg("row %zu: %s", i, v.err.text);
        assert_int_equal(v.accepted, rows[i].code == ATT_OK);
        assert_int_equal(v.policy.authorized, rows[i].code == ATT_OK);
        att_policy_free(policy);
        att_arena_free(arena);
    }
}

#define SET_NAMED(tee, value) " => issueproperty(type=\"x-ms-" tee "-tcbidentifier\", value=" value ");"

/* Decision 0020: a policy's number is exactly that evaluation set. The collateral has number 17. */
static void test_policy_pins(void **state)
{
    static const struct {
        const char *rules;
        uint32_t pinned, min;
        enum att_code code;
    } rows[] = {
        { SET_NAMED("sgx", "\"17\""), 0, 0, ATT_OK },
        { SET_NAMED("sgx", "\"17\""), 17, 0, ATT_OK },
        { SET_NAMED("sgx", "\"17\""), 0, 17, ATT_OK },
        { SET_NAMED("sgx", "\"17\""), 0, 18, ATT_TCB_EVAL_NUMBER_TOO_LOW },
        { SET_NAMED("sgx", "\"17\""), 16, 0, ATT_POLICY_EVALUATION },
        { SET_NAMED("sgx", "\"17\""), 18, 0, ATT_POLICY_EVALUATION },
        { SET_NAMED("sgx", "\"16\""), 0, 0, ATT_COLLATERAL_MISSING },
        { SET_NAMED("sgx", "\"18\""), 0, 0, ATT_TCB_EVAL_NUMBER_TOO_LOW },
        { SET_NAMED("sgx", "\"azuredefault\""), 0, 0, ATT_OK },
        { SET_NAMED("sgx", "\"azuredefault\""), 17, 0, ATT_OK }, /* names no number: the caller's stands */
        { SET_NAMED("sgx", "\"azuredefault\""), 18, 0, ATT_TCB_EVAL_NUMBER_TOO_LOW },
        { SET_NAMED("sgx", "\"17\"") SET_NAMED("sgx", "\"17\""), 0, 0, ATT_OK },
        { SET_NAMED("sgx", "\"17\"") SET_NAMED("sgx", "\"18\""), 0, 0, ATT_POLICY_EVALUATION },
        { SET_NAMED("sgx", "\"17\"") SET_NAMED("sgx", "\"azuredefault\""), 0, 0, ATT_POLICY_EVALUATION },
        { SET_NAMED("tdx", "\"99\""), 0, 0, ATT_OK }, /* is about other evidence */
        { SET_NAMED("tdx", "\"99\"") SET_NAMED("sgx", "\"17\""), 0, 0, ATT_OK },
        { SET_NAMED("sgx", "AppendString(\"0\", \"17\")"), 0, 0, ATT_POLICY_EVALUATION },
        { SET_NAMED("sgx", "AppendString(\"1\", \"7\")"), 0, 0, ATT_OK },
        { SET_NAMED("sgx", "AppendString(\"10000\", \"17\")"), 0, 0, ATT_POLICY_EVALUATION },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct att_buf text = { 0 };
        struct mk_sgx_options o;
        struct att_verdict v;
        struct att_policy *policy = NULL;
        struct att_err err = { 0 };
        struct att_arena *arena = arena_new();
        att_buf_printf(&text,
                       "version=1.2;\nconfigurationrules\n{\n%s\n};\nauthorizationrules\n{ => permit(); };",
                       rows[i].rules);
        need(att_policy_compile(att_buf_span(&text), NULL, &policy, NULL, &err), rows[i].rules, &err);
        mk_sgx_defaults(&o, FIXTURE_NOW);
        o.evaluation_number = 17;
        attest(*state, &o, arena, set_policy, &(struct with_policy){ policy, 0, rows[i].pinned, rows[i].min },
               &v);
        if (v.err.code != rows[i].code)
            fail_msg("row %zu: %s", i, v.err.code ? v.err.text : "taken");
        assert_int_equal(v.missing.kind,
                         rows[i].code == ATT_COLLATERAL_MISSING ? ATT_ITEM_TCB_INFO : ATT_ITEM_NONE);
        att_policy_free(policy);
        att_arena_free(arena);
        att_buf_free(&text);
    }
}

/* A caller grants a policy less work than the limits do, never more; too little is a refusal, not a shorter policy. */
static void test_policy_steps(void **state)
{
    static const struct {
        size_t steps_max;
        enum att_code code;
    } rows[] = { { 1, ATT_POLICY_EVALUATION },
                 { 10, ATT_POLICY_EVALUATION },
                 { 100 * 1000, ATT_OK },
                 { 0, ATT_OK },
                 { SIZE_MAX, ATT_OK } };
    struct att_policy *policy = NULL;
    struct att_err err = { 0 };

    need(att_policy_compile(att_policy_default("sgx"), NULL, &policy, NULL, &err), "default", &err);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct mk_sgx_options o;
        struct att_verdict v;
        struct att_arena *arena = arena_new();
        mk_sgx_defaults(&o, FIXTURE_NOW);
        attest(*state, &o, arena, set_policy,
               &(struct with_policy){ .policy = policy, .steps_max = rows[i].steps_max }, &v);
        if (v.err.code != rows[i].code)
            fail_msg("%zu steps: %s", rows[i].steps_max, v.err.text);
        assert_int_equal(v.accepted, rows[i].code == ATT_OK);
        att_arena_free(arena);
    }
    att_policy_free(policy);
}

/* Memory may run out at any point: the answer is then OUT_OF_MEMORY, never a yes and never another reason. */
static void test_arena_ceilings(void **state)
{
    struct bench *b = *state;
    struct mk_sgx_options o;
    struct mk_evidence ev;
    struct att_verdict v;
    bool yes = false;

    mk_sgx_defaults(&o, FIXTURE_NOW);
    o.broken = MK_BREAK_TCB_OUT_OF_DATE;
    evidence_new(b->hw, &o, &ev);
    struct att_collateral *c = collateral_of(b->lib, &ev);
    struct att_attest_in in = in_of(&ev, c);
    in.describe = true;
    for (size_t ceiling = 0; !yes && ceiling < 1u << 20; ceiling += 16) {
        struct att_arena *arena = att_arena_new(ceiling);
        assert_non_null(arena);
        yes = att_attest(b->lib, arena, &in, &v);
        assert_int_equal(v.err.code, yes ? ATT_OK : ATT_OUT_OF_MEMORY);
        att_arena_free(arena);
    }
    assert_true(yes);
    att_collateral_free(c);
    mk_evidence_free(&ev);
}

static void test_describe(void **state)
{
    struct bench *b = *state;
    struct mk_sgx_options o;
    struct mk_evidence ev;
    struct att_json j;
    struct att_span json, text;
    struct att_err err = { 0 };
    struct att_arena *arena = arena_new();

    mk_sgx_defaults(&o, FIXTURE_NOW);
    o.trailing_zeros = 70;
    evidence_new(b->hw, &o, &ev);
    assert_true(att_describe(b->lib, arena, "sgx", mk_item(&ev, MK_QUOTE), &json, &err));
    assert_true(att_json_parse(arena, json, NULL, &j, &err));
    att_json_id pck = att_json_get(&j, ATT_JSON_ROOT, "pck");
    assert_true(att_json_string(&j, arena, att_json_get(&j, pck, "issuer_cn"), &text));
    assert_true(att_span_is(text, "Intel SGX PCK Processor CA"));
    assert_int_equal(att_json_get(&j, pck, "ppid"), ATT_JSON_NONE); /* names one machine */
    int64_t n = 0;
    assert_true(att_json_i64(&j, att_json_get(&j, ATT_JSON_ROOT, "trailing_bytes"), &n));
    assert_int_equal(n, 70);
    assert_false(att_describe(b->lib, arena, "sgx", att_str("x"), &json, &err));
    assert_int_equal(err.code, ATT_QUOTE_LENGTH);
    mk_evidence_free(&ev);
    att_arena_free(arena);
}

/* A caller of another version hands over fewer members: none of those that it lacks may be looked at. */
static void test_size_first(void **state)
{
    struct bench *b = *state;
    struct att_arena *arena = arena_new();
    size_t *small = malloc(sizeof *small);
    const void *in = small;
    struct att_verdict v;

    assert_non_null(small);
    *small = sizeof *small;
    assert_false(att_attest(b->lib, arena, in, &v));
    assert_int_equal(v.err.code, ATT_PARAMETER_INVALID);
    assert_false(v.accepted);
    free(small);
    att_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mask_decides),        cmocka_unit_test(test_revoked_never),
        cmocka_unit_test(test_evaluation_floor),    cmocka_unit_test(test_shortfall),
        cmocka_unit_test(test_missing_items),       cmocka_unit_test(test_windows_to_the_second),
        cmocka_unit_test(test_empty_index),         cmocka_unit_test(test_default_trusts_no_test_root),
        cmocka_unit_test(test_claims_binary),       cmocka_unit_test(test_claims_json),
        cmocka_unit_test(test_json_must_be_object), cmocka_unit_test(test_init_time_without_kss),
        cmocka_unit_test(test_runtime_presence),    cmocka_unit_test(test_wrong_type_is_recognised),
        cmocka_unit_test(test_oe_report_to_sgx),    cmocka_unit_test(test_policy),
        cmocka_unit_test(test_policy_pins),         cmocka_unit_test(test_policy_steps),
        cmocka_unit_test(test_arena_ceilings),      cmocka_unit_test(test_describe),
        cmocka_unit_test(test_size_first),
    };

    return cmocka_run_group_tests_name("attest", tests, setup, teardown);
}
