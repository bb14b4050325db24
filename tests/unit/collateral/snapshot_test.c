/* layers: attest makers base */
/* What a snapshot picks, what it lists, what it keeps to itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "unit/attest/fixture.h"

enum { DAY = 86400 };

static void code_of(const struct att_lib *lib, const struct mk_evidence *ev, const struct att_collateral *c,
                    struct att_verdict *ret)
{
    struct att_arena *arena = arena_new();
    struct att_attest_in in = in_of(ev, c);

    bool yes = att_attest(lib, arena, &in, ret);
    assert_int_equal(yes, ret->accepted);
    att_arena_free(arena); /* of the verdict only plain members are looked at */
}

/* Attack list 2, E-d: an old TCB info, well signed and still inside its window, lies beside the new one. */
static void test_newest_tcb_info_wins(void **state)
{
    struct mk_hardware *hw = hardware_new();
    struct att_lib *lib = lib_new(&hw, 1, 0);
    struct mk_sgx_options o;
    struct mk_evidence old, new;
    struct att_verdict v;

    (void)state;
    mk_sgx_defaults(&o, FIXTURE_NOW - DAY);
    evidence_new(hw, &o, &old);
    mk_sgx_defaults(&o, FIXTURE_NOW);
    o.broken = MK_BREAK_TCB_OUT_OF_DATE;
    evidence_new(hw, &o, &new);
    for (unsigned order = 0; order < 2; order++) {
        const struct att_dcap_bundle b[2] = { bundle_of(order ? &old : &new),
                                              bundle_of(order ? &new : &old) };
        struct att_collateral *c = collateral_new(lib, b, 2, ATT_COLLATERAL_INDEXED);
        code_of(lib, &new, c, &v);
        assert_int_equal(v.tcb.status, ATT_STATUS_OUT_OF_DATE);
        att_collateral_free(c);
    }
    mk_evidence_free(&old);
    mk_evidence_free(&new);
    att_lib_free(lib);
    mk_hardware_free(hw);
}

/* The CRL of the platform CA comes from another machine's bundle. */
static void test_crl_from_other_bundle(void **state)
{
    struct mk_hardware *hw = hardware_new();
    struct att_lib *lib = lib_new(&hw, 1, 0);
    struct mk_sgx_options o;
    struct mk_evidence platform, processor;
    struct att_verdict v;

    (void)state;
    mk_sgx_defaults(&o, FIXTURE_NOW);
    o.ca = MK_CA_PROCESSOR;
    evidence_new(hw, &o, &processor);
    o.ca = MK_CA_PLATFORM;
    o.platform.fmspc[0] ^= 1;
    evidence_new(hw, &o, &platform);

    struct att_dcap_bundle b[2] = { bundle_of(&processor), bundle_of(&platform) };
    b[1].pck_crl = (struct att_span){ 0 };
    struct att_collateral *c = collateral_new(lib, b, 2, ATT_COLLATERAL_INDEXED);
    code_of(lib, &processor, c, &v);
    assert_int_equal(v.err.code, ATT_OK);
    code_of(lib, &platform, c, &v);
    assert_int_equal(v.err.code, ATT_COLLATERAL_MISSING); /* the processor CA's list says nothing about it */
    att_collateral_free(c);

    b[1].pck_crl = mk_item(&processor, MK_PCK_CRL); /* E-u: nor does it when it stands in the right place */
    c = collateral_new(lib, b, 2, ATT_COLLATERAL_INDEXED);
    code_of(lib, &platform, c, &v);
    assert_int_equal(v.err.code, ATT_CRL_ISSUER_MISMATCH);
    att_collateral_free(c);

    b[0].pck_crl = mk_item(&platform, MK_PCK_CRL);
    b[0].pck_crl_issuer_chain = mk_item(&platform, MK_PCK_CRL_ISSUER_CHAIN);
    c = collateral_new(lib, b, 2, ATT_COLLATERAL_INDEXED);
    code_of(lib, &platform, c, &v);
    assert_int_equal(v.err.code, ATT_OK);
    att_collateral_free(c);
    mk_evidence_free(&platform);
    mk_evidence_free(&processor);
    att_lib_free(lib);
    mk_hardware_free(hw);
}

/* Two trusted roots with the same names: collateral of the one says nothing about machines of the other. */
static void test_other_trusted_root(void **state)
{
    struct mk_hardware *hw[2] = { hardware_new(), hardware_new() };
    struct att_lib *lib = lib_new(hw, 2, 0);
    struct mk_sgx_options o;
    struct mk_evidence a, b;
    struct att_verdict v;

    (void)state;
    mk_sgx_defaults(&o, FIXTURE_NOW);
    evidence_new(hw[0], &o, &a);
    evidence_new(hw[1], &o, &b);
    struct att_collateral *c = collateral_of(lib, &b);
    code_of(lib, &a, c, &v);
    assert_int_equal(v.err.code, ATT_CRL_ISSUER_MISMATCH);
    att_collateral_free(c);

    /* Each item alone from the other root. */
    const struct att_dcap_bundle own = bundle_of(&a), other = bundle_of(&b);
    struct att_dcap_bundle mixed = own;
    mixed.root_ca_crl = other.root_ca_crl;
    c = collateral_new(lib, &mixed, 1, ATT_COLLATERAL_SOLE);
    code_of(lib, &a, c, &v);
    assert_int_equal(v.err.code, ATT_CRL_SIGNATURE_INVALID);
    att_collateral_free(c);
    mixed = own;
    mixed.pck_crl = other.pck_crl;
    mixed.pck_crl_issuer_chain = other.pck_crl_issuer_chain;
    c = collateral_new(lib, &mixed, 1, ATT_COLLATERAL_SOLE);
    code_of(lib, &a, c, &v);
    assert_int_equal(v.err.code, ATT_CRL_ISSUER_MISMATCH);
    att_collateral_free(c);
    mixed = own;
    mixed.tcb_info = other.tcb_info;
    mixed.tcb_info_issuer_chain = other.tcb_info_issuer_chain;
    c = collateral_new(lib, &mixed, 1, ATT_COLLATERAL_SOLE);
    code_of(lib, &a, c, &v);
    assert_false(v.accepted);
    assert_int_equal(att_code_class(v.err.code), ATT_CLASS_COLLATERAL);
    att_collateral_free(c);
    mixed = own;
    mixed.qe_identity = other.qe_identity;
    mixed.qe_identity_issuer_chain = other.qe_identity_issuer_chain;
    c = collateral_new(lib, &mixed, 1, ATT_COLLATERAL_SOLE);
    code_of(lib, &a, c, &v);
    assert_int_equal(v.err.code, ATT_CRL_ISSUER_MISMATCH);
    att_collateral_free(c);
    mk_evidence_free(&a);
    mk_evidence_free(&b);
    att_lib_free(lib);
    mk_hardware_free(hw[0]);
    mk_hardware_free(hw[1]);
}

static void test_rows(void **state)
{
    struct mk_hardware *hw = hardware_new();
    struct att_lib *lib = lib_new(&hw, 1, 0);
    struct mk_sgx_options o;
    struct mk_evidence ev;
    struct att_collateral_row rows[4];

    (void)state;
    mk_sgx_defaults(&o, FIXTURE_NOW);
    o.broken = MK_BREAK_QE_IDENTITY_SIGNATURE;
    evidence_new(hw, &o, &ev);
    struct att_collateral *c = collateral_of(lib, &ev);
    assert_int_equal(att_collateral_rows(c, rows, 0), 4);
    assert_int_equal(att_collateral_rows(c, rows, 4), 4);
    assert_string_equal(rows[0].item, "tcb_info");
    assert_memory_equal(rows[0].subject, "SGX ", 4);
    assert_true(rows[0].issued_unix_s < FIXTURE_NOW && rows[0].next_unix_s > FIXTURE_NOW);
    assert_int_equal(rows[0].refusal.code, ATT_OK);
    assert_string_equal(rows[1].item, "qe_identity");
    assert_int_equal(rows[1].refusal.code, ATT_QE_IDENTITY_SIGNATURE_INVALID);
    assert_string_equal(rows[2].item, "pck_crl");
    assert_string_equal(rows[2].subject, "Intel SGX PCK Processor CA");
    assert_string_equal(rows[3].item, "root_ca_crl");
    assert_string_equal(rows[3].bundle, "made");
    att_collateral_free(c);
    mk_evidence_free(&ev);
    att_lib_free(lib);
    mk_hardware_free(hw);
}

static void test_misuse(void **state)
{
    struct att_lib *lib = lib_new(NULL, 0, 0);
    struct att_collateral *c = NULL;
    struct att_err err = { 0 };
    const struct att_dcap_bundle b[2] = { { 0 } };
    struct att_lib_options options = { .size = 1 };
    struct att_lib *none = NULL;
    static const struct att_root no_pem = { .pem = { (const uint8_t *)"no pem", 6 } };

    (void)state;
    assert_false(att_collateral_new(lib,
                                    &(struct att_collateral_in){ .size = sizeof(struct att_collateral_in),
                                                                 .dcap = b,
                                                                 .dcap_count = 2,
                                                                 .use = ATT_COLLATERAL_SOLE },
                                    &c, &err));
    assert_int_equal(err.code, ATT_PARAMETER_INVALID);
    err.code = ATT_OK;
    assert_false(att_collateral_new(lib,
                                    &(struct att_collateral_in){ .size = sizeof(struct att_collateral_in),
                                                                 .dcap = b,
                                                                 .dcap_count = 0,
                                                                 .use = ATT_COLLATERAL_SOLE },
                                    &c, &err));
    assert_null(c);
    err.code = ATT_OK;
    assert_false(att_lib_new(&options, &none, &err));
    assert_int_equal(err.code, ATT_PARAMETER_INVALID);
    err.code = ATT_OK;
    options = (struct att_lib_options){ .size = sizeof options, .roots = &no_pem, .root_count = 1 };
    assert_false(att_lib_new(&options, &none, &err));
    assert_int_equal(err.code, ATT_CERT_MALFORMED);
    assert_null(none);
    att_collateral_free(NULL);
    att_lib_free(NULL);
    att_lib_free(lib);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_newest_tcb_info_wins),
        cmocka_unit_test(test_crl_from_other_bundle),
        cmocka_unit_test(test_other_trusted_root),
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_misuse),
    };

    return cmocka_run_group_tests_name("collateral.snapshot", tests, NULL, NULL);
}
