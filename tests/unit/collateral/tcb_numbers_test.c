/* layers: attest makers codec crypto base */
/* Intel's list of evaluation numbers: its form, and as an item under its signature. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "makers/hardware_parts.h"
#include "makers/keys.h"
#include "unit/attest/fixture.h"

#define HEAD "\"version\":1,\"issueDate\":\"2026-06-01T00:00:00Z\",\"nextUpdate\":\"2026-07-01T00:00:00Z\""
#define ROW(n, day)                                                                                          \
    "{\"tcbEvaluationDataNumber\":" n ",\"tcbRecoveryEventDate\":\"2025-05-" day                             \
    "T00:00:00Z\",\"tcbDate\":\"2025-06-" day "T00:00:00Z\"}"
#define LIST(rows) "{\"id\":\"SGX\"," HEAD ",\"tcbEvalNumbers\":[" rows "]}"
#define SIGNATURE                                                                                            \
    "000000000000000000000000000000000000000000000000000000000000000100000000000000000000000000000000000000" \
    "00"                                                                                                     \
    "000000000000000000000001"

static struct att_buf envelope(const char *body, const char *signature)
{
    struct att_buf b = { 0 };

    att_buf_printf(&b, "{\"tcbEvaluationDataNumbers\":%s,\"signature\":\"%s\"}", body, signature);
    need(!b.failed, "memory", NULL);
    return b;
}

static bool read_body(struct att_arena *arena, const char *body, const struct att_tcb_number **rows,
                      size_t *count, struct att_err *err)
{
    struct att_buf b = envelope(body, SIGNATURE);

    *err = (struct att_err){ 0 };
    bool ok = att_tcb_numbers_read(arena, att_buf_span(&b), rows, count, err);
    att_buf_free(&b);
    return ok;
}

static void test_highest_first(void **state)
{
    struct att_arena *arena = arena_new();
    const struct att_tcb_number *rows = NULL;
    struct att_err err;
    size_t count = 0;

    (void)state;
    if (!read_body(arena, LIST(ROW("17", "12") "," ROW("19", "14") "," ROW("18", "13")), &rows, &count, &err))
        fail_msg("%s", err.text);
    assert_int_equal(count, 3);
    for (uint32_t i = 0; i < 3; i++)
        assert_int_equal(rows[i].number, 19 - i);
    assert_int_equal(rows[0].recovery_event_unix_s, 1747180800); /* 2025-05-14 */
    assert_int_equal(rows[0].tcb_date_unix_s, 1749859200);       /* 2025-06-14 */
    att_arena_free(arena);
}

static void test_malformed(void **state)
{
    static const struct {
        const char *name, *body;
    } rows[] = {
        { "no list", "{\"id\":\"SGX\"," HEAD "}" },
        { "an empty list", LIST("") },
        { "a list that is none", "{\"id\":\"SGX\"," HEAD ",\"tcbEvalNumbers\":{}}" },
        { "a number twice", LIST(ROW("18", "13") "," ROW("18", "14")) },
        { "a number twice, far apart", LIST(ROW("18", "13") "," ROW("17", "13") "," ROW("18", "14")) },
        { "the number 0", LIST(ROW("0", "13")) },
        { "a negative number", LIST(ROW("-1", "13")) },
        { "a number beyond 32 bits", LIST(ROW("4294967296", "13")) },
        { "a fraction", LIST(ROW("18.5", "13")) },
        { "a number as text", LIST(ROW("\"18\"", "13")) },
        { "a day that is none", LIST(ROW("18", "32")) },
        { "a row that is no object", LIST("18") },
        { "a row without dates", LIST("{\"tcbEvaluationDataNumber\":18}") },
        { "another TEE", "{\"id\":\"SEV\"," HEAD ",\"tcbEvalNumbers\":[" ROW("18", "13") "]}" },
        { "TEE in small letters", "{\"id\":\"sgx\"," HEAD ",\"tcbEvalNumbers\":[" ROW("18", "13") "]}" },
        { "no TEE", "{" HEAD ",\"tcbEvalNumbers\":[" ROW("18", "13") "]}" },
        { "version 2", "{\"id\":\"SGX\",\"version\":2,\"issueDate\":\"2026-06-01T00:00:00Z\",\"nextUpdate\":"
                       "\"2026-07-01T00:00:00Z\","
                       "\"tcbEvalNumbers\":[" ROW("18", "13") "]}" },
        { "next before issued", "{\"id\":\"SGX\",\"version\":1,\"issueDate\":\"2026-06-02T00:00:00Z\","
                                "\"nextUpdate\":\"2026-06-01T00:00:00Z\","
                                "\"tcbEvalNumbers\":[" ROW("18", "13") "]}" },
        { "the list twice", "{\"id\":\"SGX\"," HEAD ",\"tcbEvalNumbers\":[" ROW(
                                "18", "13") "],\"tcbEvalNumbers\":[" ROW("19", "13") "]}" },
    };
    struct att_arena *arena = arena_new();

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct att_tcb_number *out = NULL;
        struct att_err err;
        size_t count = 4711;
        if (read_body(arena, rows[i].body, &out, &count, &err))
            fail_msg("%s is taken", rows[i].name);
        if (err.code != ATT_COLLATERAL_MALFORMED || count != 4711 || out)
            fail_msg("%s: %s", rows[i].name, err.text);
    }
    att_arena_free(arena);
}

static void test_count_max(void **state)
{
    struct att_arena *arena = arena_new();
    const struct att_tcb_number *rows = NULL;
    struct att_err err = { 0 };

    (void)state;
    for (unsigned n = 256; n <= 257; n++) {
        struct att_buf b = { 0 };
        size_t count = 0;
        att_buf_puts(&b, "{\"tcbEvaluationDataNumbers\":{\"id\":\"TDX\"," HEAD ",\"tcbEvalNumbers\":[");
        for (unsigned i = 1; i <= n; i++)
            att_buf_printf(
                &b,
                "%s{\"tcbEvaluationDataNumber\":%u,\"tcbRecoveryEventDate\":\"2025-05-01T00:00:00Z\","
                "\"tcbDate\":\"2025-05-01T00:00:00Z\"}",
                i > 1 ? "," : "", i);
        att_buf_puts(&b, "]},\"signature\":\"" SIGNATURE "\"}");
        assert_int_equal(att_tcb_numbers_read(arena, att_buf_span(&b), &rows, &count, &err), n == 256);
        assert_int_equal(count, n == 256 ? 256 : 0);
        att_buf_free(&b);
    }
    att_arena_free(arena);
}

static struct att_buf signed_list(EVP_PKEY *key, const char *body)
{
    static const char digits[] = "0123456789abcdef";
    uint8_t sig[64];
    char hex[129] = "";
    struct att_err err = { 0 };

    need(mk_sign_raw(key, att_str(body), MK_SIGNATURE_ANY, sig, &err), "mk_sign_raw", &err);
    for (size_t i = 0; i < 64; i++) {
        hex[2 * i] = digits[sig[i] >> 4];
        hex[2 * i + 1] = digits[sig[i] & 15];
    }
    return envelope(body, hex);
}

static void test_item(void **state)
{
    static const char body[] = LIST(ROW("18", "13") "," ROW("19", "14"));
    struct mk_hardware *hw = hardware_new();
    struct att_lib *lib = lib_new(&hw, 1, 0), *stranger = lib_new(NULL, 0, 0);
    struct mk_sgx_options o;
    struct mk_evidence ev;
    struct att_item_facts f = { 0 };
    struct att_err err = { 0 };

    (void)state;
    mk_sgx_defaults(&o, FIXTURE_NOW);
    evidence_new(hw, &o, &ev);
    struct att_buf good = signed_list(hw->key[MK_KEY_TCB_SIGNING], body);
    struct att_buf forged = signed_list(hw->key[MK_KEY_ATTESTATION], body);
    struct att_collateral_item item = { .what = { .kind = ATT_ITEM_TCB_NUMBERS },
                                        .body = att_buf_span(&good),
                                        .chain = mk_item(&ev, MK_TCB_INFO_ISSUER_CHAIN) };
    if (!att_item_check(lib, &item, &f, &err))
        fail_msg("%s", err.text);
    assert_int_equal(f.evaluation_number, 19);
    assert_int_equal(f.issued_unix_s, 1780272000);
    assert_true(f.test_root);
    for (size_t at = 0; at < good.len; at += 3) {
        struct att_item_facts none = { 0 };
        good.ptr[at] ^= 1;
        if (att_item_check(lib, &item, &none, &err))
            fail_msg("passes with byte %zu changed", at);
        good.ptr[at] ^= 1;
        struct att_collateral_item cut = item;
        cut.body.len = at;
        assert_false(att_item_check(lib, &cut, &none, &err));
    }
    err.code = ATT_OK;
    assert_false(att_item_check(stranger, &item, &f, &err));
    assert_int_equal(err.code, ATT_TCB_SIGNING_CHAIN_INVALID);
    err.code = ATT_OK;
    item.what.tee = ATT_TEE_TDX;
    assert_false(att_item_check(lib, &item, &f, &err));
    assert_int_equal(err.code, ATT_COLLATERAL_MISMATCH);
    err.code = ATT_OK;
    item.what.tee = ATT_TEE_SGX;
    item.body = att_buf_span(&forged);
    assert_false(att_item_check(lib, &item, &f, &err));
    assert_int_equal(err.code, ATT_COLLATERAL_MALFORMED);
    att_buf_free(&good);
    att_buf_free(&forged);
    mk_evidence_free(&ev);
    att_lib_free(lib);
    att_lib_free(stranger);
    mk_hardware_free(hw);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_highest_first),
        cmocka_unit_test(test_malformed),
        cmocka_unit_test(test_count_max),
        cmocka_unit_test(test_item),
    };

    return cmocka_run_group_tests_name("collateral.tcb_numbers", tests, NULL, NULL);
}
