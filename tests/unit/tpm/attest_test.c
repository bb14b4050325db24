/* layers: tpm crypto codec base */
/* TPMS_ATTEST: quotes and certifications, one field wrong at a time, and cut at every byte. */
#include "tpm_made.h"

static void quote_fields(void **state)
{
    (void)state;
    struct made_attest o = a_quote();
    struct wire w = made_attest(&o);
    struct tpm_attest a;
    struct att_err err = { .code = ATT_OK };

    assert_true(tpm_attest_read(wire_span(&w), TPM_QUOTE, "quote", &a, &err));
    assert_int_equal(a.kind, TPM_QUOTE);
    assert_true(att_span_eq(a.whole, wire_span(&w)));
    assert_int_equal(a.qualified_signer.len, 34);
    assert_int_equal(a.extra_data.len, 32);
    assert_int_equal(a.extra_data.ptr[0], 0xb2);
    assert_true(a.clock_ms == 0x0102030405060708 && a.firmware_version == 0x2022112233445566);
    assert_int_equal(a.reset_count, 7);
    assert_int_equal(a.restart_count, 9);
    assert_true(a.safe);
    assert_int_equal(a.selection_count, 2);
    assert_true(a.selections[0].bank == ATT_SHA256 && a.selections[0].pcrs == 0xff00ff);
    assert_true(a.selections[1].bank == ATT_SHA1 && a.selections[1].pcrs == 0xff);
    assert_int_equal(a.pcr_digest.len, 32);
    assert_int_equal(a.pcr_digest.ptr[0], 0xe5);
}

static void certify_fields(void **state)
{
    (void)state;
    struct made_attest o = a_certify();
    struct wire w = made_attest(&o);
    struct tpm_attest a;
    struct att_err err = { .code = ATT_OK };

    assert_true(tpm_attest_read(wire_span(&w), TPM_CERTIFY, "certify", &a, &err));
    assert_int_equal(a.name.len, 34);
    assert_int_equal(a.name.ptr[1], 0x0b);
    assert_int_equal(a.qualified_name.len, 34);
    assert_int_equal(a.extra_data.len, 16);
    assert_int_equal(a.selection_count, 0);
}

struct row {
    const char *name;
    struct made_attest made;
    bool good;
};

static void check(const struct row *row, enum tpm_attest_kind kind, enum att_code code)
{
    struct wire w = made_attest(&row->made);
    struct tpm_attest a = { .reset_count = 77 };
    struct att_err err = { .code = ATT_OK };
    bool got = tpm_attest_read(wire_span(&w), kind, "quote", &a, &err);

    if (got != row->good)
        fail_msg("%s: %s", row->name, err.text);
    if (got)
        return;
    made_check_refusal(&err, code);
    assert_int_equal(a.reset_count, 77); /* outputs change only on success */
}

static void quotes(void **state)
{
    (void)state;
    struct row rows[] = {
        { "as made", a_quote(), true },
        { "not made inside a TPM", a_quote(), false },
        { "magic of zero", a_quote(), false },
        { "a certification's type", a_quote(), false },
        { "a time's type", a_quote(), false },
        { "no signer", a_quote(), true },
        { "a signer of 66 bytes", a_quote(), true },
        { "a signer of 67 bytes", a_quote(), false },
        { "no extra data", a_quote(), true },
        { "extra data of 66 bytes", a_quote(), true },
        { "extra data of 67 bytes", a_quote(), false },
        { "not safe", a_quote(), true },
        { "safe is neither 0 nor 1", a_quote(), false },
        { "digest of 64 bytes", a_quote(), true },
        { "digest of 65 bytes", a_quote(), false },
        { "nothing selected", a_quote(), true },
        { "E-p: the same bank twice", a_quote(), false },
        { "E-p: the same bank twice, another between", a_quote(), false },
        { "an unknown bank", a_quote(), false },
        { "the bank NULL", a_quote(), false },
        { "a select of one byte", a_quote(), true },
        { "a select of four bytes", a_quote(), true },
        { "a select of no byte", a_quote(), false },
        { "a select of five bytes", a_quote(), false },
        { "register 24", a_quote(), false },
        { "register 31", a_quote(), false },
        { "no register of a bank", a_quote(), true },
        { "four banks", a_quote(), true },
        { "nine selections", a_quote(), false },
        { "E-k: 2^32 - 1 selections", a_quote(), false },
    };
    size_t i = 1;
    rows[i++].made.magic = 0xff544346;
    rows[i++].made.magic = 0;
    rows[i++].made.type = 0x8017;
    rows[i++].made.type = 0x8019;
    rows[i++].made.signer_len = 0;
    rows[i++].made.signer_len = 66;
    rows[i++].made.signer_len = 67;
    rows[i++].made.extra_len = 0;
    rows[i++].made.extra_len = 66;
    rows[i++].made.extra_len = 67;
    rows[i++].made.safe = 0;
    rows[i++].made.safe = 2;
    rows[i++].made.digest_len = 64;
    rows[i++].made.digest_len = 65;
    rows[i++].made.selection_count = 0;
    rows[i++].made.selections[1].alg = 0x0b;
    rows[i].made.selections[2] = (struct made_selection){ 0x0b, 3, 1 };
    rows[i++].made.selection_count = 3;
    rows[i++].made.selections[1].alg = 0x12; /* SM3 */
    rows[i++].made.selections[1].alg = 0x10;
    rows[i++].made.selections[1].size = 1;
    rows[i++].made.selections[1].size = 4;
    rows[i++].made.selections[1].size = 0;
    rows[i++].made.selections[1].size = 5;
    rows[i++].made.selections[1] = (struct made_selection){ 0x04, 4, 1u << 24 };
    rows[i++].made.selections[1] = (struct made_selection){ 0x04, 4, 1u << 31 };
    rows[i++].made.selections[1].pcrs = 0;
    rows[i].made.selections[2] = (struct made_selection){ 0x0c, 3, 1 };
    rows[i].made.selections[3] = (struct made_selection){ 0x0d, 3, 1 };
    rows[i++].made.selection_count = 4;
    rows[i++].made.selection_count = 9;
    rows[i++].made.selection_count = UINT32_MAX;
    assert_int_equal(i, sizeof rows / sizeof rows[0]);
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
        check(&rows[i], TPM_QUOTE, ATT_TPM_QUOTE_MALFORMED);
}

static void certifications(void **state)
{
    (void)state;
    struct row rows[] = {
        { "as made", a_certify(), true },
        { "a quote's type", a_certify(), false },
        { "not made inside a TPM", a_certify(), false },
        { "a name by SHA-384", a_certify(), true },
        { "a name by SHA-384 of 32 bytes", a_certify(), false },
        { "a name by nothing known", a_certify(), false },
        { "a name without a digest", a_certify(), false },
        { "a name one byte short", a_certify(), false },
        { "a name one byte long", a_certify(), false },
        { "a name of 67 bytes", a_certify(), false },
    };
    size_t i = 1;
    rows[i++].made.type = 0x8018;
    rows[i++].made.magic = 0x544347ff;
    rows[i].made.name_alg = 0x0c;
    rows[i++].made.name_len = 48;
    rows[i++].made.name_alg = 0x0c;
    rows[i++].made.name_alg = 0x4000; /* a handle is no name of a key */
    rows[i++].made.name_len = 0;
    rows[i++].made.name_len = 31;
    rows[i++].made.name_len = 33;
    rows[i++].made.name_len = 65;
    assert_int_equal(i, sizeof rows / sizeof rows[0]);
    for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
        check(&rows[i], TPM_CERTIFY, ATT_KEY_CERTIFY_INVALID);
}

/* Every truncation, in memory of its own so that a sanitizer sees a byte too many; and one byte more. */
static void cuts(void **state)
{
    (void)state;
    const struct made_attest made[] = { a_quote(), a_certify() };
    for (size_t k = 0; k < 2; k++) {
        struct wire w = made_attest(&made[k]);
        enum tpm_attest_kind kind = k == 0 ? TPM_QUOTE : TPM_CERTIFY;
        struct tpm_attest a;
        for (size_t n = 0; n < w.len; n++) {
            struct att_err err = { .code = ATT_OK };
            uint8_t *exact = malloc(n + !n);
            assert_non_null(exact);
            memcpy(exact, w.bytes, n);
            assert_false(tpm_attest_read(att_span_of(exact, n), kind, "quote", &a, &err));
            made_check_refusal(&err, k == 0 ? ATT_TPM_QUOTE_MALFORMED : ATT_KEY_CERTIFY_INVALID);
            free(exact);
        }
        put_number(&w, 0, 1);
        assert_false(tpm_attest_read(wire_span(&w), kind, "quote", &a, NULL));
        assert_false(tpm_attest_read(att_span_of(NULL, 0), kind, "quote", &a, NULL));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quote_fields),   cmocka_unit_test(certify_fields), cmocka_unit_test(quotes),
        cmocka_unit_test(certifications), cmocka_unit_test(cuts),
    };
    return cmocka_run_group_tests_name("tpm/attest", tests, NULL, NULL);
}
