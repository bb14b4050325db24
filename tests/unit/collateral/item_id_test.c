/* layers: attest base */
/* Names of items: one spelling of each, read back to what it names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <attest/collateral.h>

#include <stdio.h>

#define CHIP64                                                                                               \
    "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"                                       \
    "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f"

static const char *const good[] = {
    "dcap/tcb-info/sgx/00606a000000/current",
    "dcap/tcb-info/tdx/00606a000000/early",
    "dcap/tcb-info/sgx/ffffffffffff/1",
    "dcap/tcb-info/sgx/00606a000000/4294967295",
    "dcap/qe-identity/tdx/current",
    "dcap/qe-identity/sgx/17",
    "dcap/tcb-numbers/sgx",
    "dcap/tcb-numbers/tdx",
    "dcap/pck-crl/platform",
    "dcap/pck-crl/processor",
    "dcap/root-ca-crl",
    "amd/crl/vcek/Milan",
    "amd/crl/vlek/Turin",
    "amd/vcek/Genoa/" CHIP64 "/0300000000001873",
    "amd/vcek/Turin/0001020304050607/0102030400000005",
};

static const char *const bad[] = {
    "",
    "/",
    "dcap",
    "dcap/",
    "dcap/root-ca-crl/",
    "/dcap/root-ca-crl",
    "dcap//root-ca-crl",
    "DCAP/root-ca-crl",
    "dcap/root-ca-crl ",
    "dcap/tcb-info/sgx/00606a000000",
    "dcap/tcb-info/sgx/00606a000000/",
    "dcap/tcb-info/sgx/00606A000000/current",
    "dcap/tcb-info/sgx/00606a00000/current",
    "dcap/tcb-info/sgx/00606a0000000/current",
    "dcap/tcb-info/sgx/00606a00000g/current",
    "dcap/tcb-info/sev/00606a000000/current",
    "dcap/tcb-info/sgx/00606a000000/Current",
    "dcap/tcb-info/sgx/00606a000000/standard",
    "dcap/tcb-info/sgx/00606a000000/0",
    "dcap/tcb-info/sgx/00606a000000/017",
    "dcap/tcb-info/sgx/00606a000000/+17",
    "dcap/tcb-info/sgx/00606a000000/-1",
    "dcap/tcb-info/sgx/00606a000000/4294967296",
    "dcap/tcb-info/sgx/00606a000000/99999999999",
    "dcap/tcb-info/sgx/00606a000000/current/x",
    "dcap/qe-identity/qve/current",
    "dcap/tcb-numbers",
    "dcap/tcb-numbers/sgx/current",
    "dcap/pck-crl",
    "dcap/pck-crl/root",
    "amd/crl/vcek",
    "amd/crl/ark/Milan",
    "amd/crl/vcek/milan",
    "amd/crl/vcek/Rome",
    "amd/crl/vcek/../Milan",
    "amd/vcek/Milan/0001020304050607/0102030400000005",
    "amd/vcek/Turin/" CHIP64 "/0102030400000005",
    "amd/vcek/Genoa/" CHIP64 "/03000000000018",
    "amd/vcek/Genoa/" CHIP64 "/030000000000187300",
    "amd/vcek/Genoa/" CHIP64,
    "intel/root-ca-crl",
};

static void test_round_trip(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct att_collateral_want w;
        struct att_err err = { 0 };
        char again[ATT_ITEM_ID_SIZE], cut[ATT_ITEM_ID_SIZE];
        if (!att_item_of_id(good[i], &w, &err))
            fail_msg("%s: %s", good[i], err.text);
        assert_string_equal(att_item_id(&w, again), good[i]);
        for (size_t n = 0; n < strlen(good[i]);
             n++) { /* what is cut is no name, or the shorter name that it says */
            (void)snprintf(cut, sizeof cut, "%.*s", (int)n, good[i]);
            if (att_item_of_id(cut, &w, &err))
                assert_string_equal(att_item_id(&w, again), cut);
        }
    }
}

static void test_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct att_collateral_want w = { .evaluation_number = 4711 };
        struct att_err err = { 0 };
        if (att_item_of_id(bad[i], &w, &err))
            fail_msg("\"%s\" is taken", bad[i]);
        assert_int_equal(err.code, ATT_PARAMETER_INVALID);
        assert_int_equal(w.evaluation_number, 4711);
    }
}

/* What no name has, and what would not fit. */
static void test_odd_wants(void **state)
{
    struct att_collateral_want w = { .kind = ATT_ITEM_VCEK, .product = "Product", .chip_id_bytes = 255 };
    char id[ATT_ITEM_ID_SIZE];

    (void)state;
    assert_true(strlen(att_item_id(&w, id)) < ATT_ITEM_ID_SIZE - 1);
    memset(w.product, 'x', sizeof w.product); /* no NUL */
    assert_true(strlen(att_item_id(&w, id)) < ATT_ITEM_ID_SIZE - 1);
    w.kind = ATT_ITEM_NONE;
    assert_string_equal(att_item_id(&w, id), "");
    w.kind = ATT_ITEM_KIND_COUNT;
    assert_string_equal(att_item_id(&w, id), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_odd_wants),
    };

    return cmocka_run_group_tests_name("collateral.item_id", tests, NULL, NULL);
}
