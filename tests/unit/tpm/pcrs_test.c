/* layers: tpm crypto codec base */
/* Registers against quotes, and which bank counts. */
#include "tpm_made.h"

static struct att_crypto *c;

static int setup(void **state)
{
    (void)state;
    c = att_crypto_new();
    return c ? 0 : -1;
}
static int teardown(void **state)
{
    (void)state;
    att_crypto_free(c);
    return 0;
}

/* A quote of SHA-256 0 and 7, then SHA-1 23: the digest by OpenSSL's streaming, written out by hand. */
static struct tpm_attest quoted(struct tpm_pcrs *values, uint8_t digest[64], enum att_hash hash)
{
    static const char *const names[] = { "SHA1", "SHA256", "SHA384", "SHA512" };
    struct tpm_attest q = { .selections = { { ATT_SHA256, 0x81 }, { ATT_SHA1, 1u << 23 } },
                            .selection_count = 2 };
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();

    *values = (struct tpm_pcrs){ 0 };
    values->bank[ATT_SHA256].pcrs = 0x81;
    values->bank[ATT_SHA1].pcrs = 1u << 23;
    memset(values->bank[ATT_SHA256].value[0], 0x10, 32);
    memset(values->bank[ATT_SHA256].value[7], 0x17, 32);
    memset(values->bank[ATT_SHA1].value[23], 0x23, 20);
    assert_int_equal(EVP_DigestInit(ctx, EVP_get_digestbyname(names[hash])), 1);
    assert_int_equal(EVP_DigestUpdate(ctx, values->bank[ATT_SHA256].value[0], 32), 1);
    assert_int_equal(EVP_DigestUpdate(ctx, values->bank[ATT_SHA256].value[7], 32), 1);
    assert_int_equal(EVP_DigestUpdate(ctx, values->bank[ATT_SHA1].value[23], 20), 1);
    assert_int_equal(EVP_DigestFinal(ctx, digest, NULL), 1);
    EVP_MD_CTX_free(ctx);
    q.pcr_digest = att_span_of(digest, att_hash_size(hash));
    return q;
}

static void right_values(void **state)
{
    (void)state;
    for (unsigned h = 0; h < ATT_HASH_COUNT; h++) {
        struct tpm_pcrs values;
        uint8_t digest[64];
        struct att_err err = { .code = ATT_OK };
        struct tpm_attest q = quoted(&values, digest, (enum att_hash)h);
        if (!tpm_pcrs_quoted(c, &q, (enum att_hash)h, &values, "pcrs", &err))
            fail_msg("%s", err.text);
    }
}

static void wrong_values(void **state)
{
    (void)state;
    enum {
        BIT,
        LAST_BIT,
        ONE_MORE,
        ONE_LESS,
        OTHER_BANK,
        NO_BANK,
        SWAPPED,
        OTHER_HASH,
        SHORT_DIGEST,
        NO_DIGEST,
        OTHER_ORDER
    };
    static const struct {
        const char *name;
        int what;
        enum att_code code;
    } rows[] = {
        { "one bit of a value", BIT, ATT_PCR_DIGEST_MISMATCH },
        { "the last bit of the last value", LAST_BIT, ATT_PCR_DIGEST_MISMATCH },
        { "E-p: a value that was not quoted", ONE_MORE, ATT_PCR_SELECTION },
        { "a quoted value that is missing", ONE_LESS, ATT_PCR_SELECTION },
        { "E-p: values of a bank that was not quoted", OTHER_BANK, ATT_PCR_SELECTION },
        { "a quoted bank without values", NO_BANK, ATT_PCR_SELECTION },
        { "values of two registers swapped", SWAPPED, ATT_PCR_DIGEST_MISMATCH },
        { "the digest by another hash", OTHER_HASH, ATT_PCR_DIGEST_MISMATCH },
        { "half a digest", SHORT_DIGEST, ATT_PCR_DIGEST_MISMATCH },
        { "no digest at all", NO_DIGEST, ATT_PCR_DIGEST_MISMATCH },
        { "the banks in another order", OTHER_ORDER, ATT_PCR_DIGEST_MISMATCH },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct tpm_pcrs v;
        uint8_t digest[64], swap[64];
        struct att_err err = { .code = ATT_OK };
        struct tpm_attest q = quoted(&v, digest, ATT_SHA256);
        struct tpm_selection first = q.selections[0];
        switch (rows[i].what) {
        case BIT:
            v.bank[ATT_SHA256].value[7][0] ^= 1;
            break;
        case LAST_BIT:
            v.bank[ATT_SHA1].value[23][19] ^= 0x80;
            break;
        case ONE_MORE:
            v.bank[ATT_SHA256].pcrs |= 2;
            break;
        case ONE_LESS:
            v.bank[ATT_SHA256].pcrs = 1;
            break;
        case OTHER_BANK:
            v.bank[ATT_SHA512].pcrs = 1;
            break;
        case NO_BANK:
            v.bank[ATT_SHA1].pcrs = 0;
            break;
        case SWAPPED:
            memcpy(swap, v.bank[ATT_SHA256].value[0], 64);
            memcpy(v.bank[ATT_SHA256].value[0], v.bank[ATT_SHA256].value[7], 64);
            memcpy(v.bank[ATT_SHA256].value[7], swap, 64);
            break;
        case OTHER_HASH:
            q = quoted(&v, digest, ATT_SHA384);
            break;
        case SHORT_DIGEST:
            q.pcr_digest.len = 16;
            break;
        case NO_DIGEST:
            q.pcr_digest.len = 0;
            break;
        default:
            q.selections[0] = q.selections[1];
            q.selections[1] = first;
            break;
        }
        if (tpm_pcrs_quoted(c, &q, ATT_SHA256, &v, "pcrs", &err))
            fail_msg("%s", rows[i].name);
        made_check_refusal(&err, rows[i].code);
    }
}

static void banks(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        struct tpm_selection s[3];
        size_t count;
        uint32_t mask;
        bool sha1, good;
        enum att_hash want;
        bool others;
    } rows[] = {
        { "SHA-256", { { ATT_SHA256, 0xff } }, 1, 0xff, false, true, ATT_SHA256, false },
        { "SHA-256 before all others",
          { { ATT_SHA1, 0xff }, { ATT_SHA512, 0xff }, { ATT_SHA256, 0xff } },
          3,
          0xff,
          true,
          true,
          ATT_SHA256,
          true },
        { "SHA-512 before SHA-384",
          { { ATT_SHA384, 1 }, { ATT_SHA512, 1 } },
          2,
          1,
          false,
          true,
          ATT_SHA512,
          true },
        { "SHA-384 before SHA-1",
          { { ATT_SHA1, 1 }, { ATT_SHA384, 1 } },
          2,
          1,
          true,
          true,
          ATT_SHA384,
          true },
        { "E-p: a bank that firmware may not have extended",
          { { ATT_SHA384, 1 }, { ATT_SHA512, 1 } },
          2,
          1,
          true,
          false,
          ATT_SHA1,
          false },
        { "E-p: SHA-256 has not all, SHA-512 has",
          { { ATT_SHA256, 0x7f }, { ATT_SHA512, 0xff } },
          2,
          0xff,
          false,
          false,
          ATT_SHA1,
          false },
        { "the strongest that has all",
          { { ATT_SHA512, 0x0f }, { ATT_SHA256, 0xff } },
          2,
          0xff,
          false,
          true,
          ATT_SHA256,
          false },
        { "E-p: SHA-1 alone", { { ATT_SHA1, 0xffffff } }, 1, 0xff, false, false, ATT_SHA1, false },
        { "SHA-1 alone, allowed", { { ATT_SHA1, 0xffffff } }, 1, 0xff, true, true, ATT_SHA1, false },
        { "E-p: SHA-1 has all, SHA-256 has not",
          { { ATT_SHA1, 0xff }, { ATT_SHA256, 0x7f } },
          2,
          0xff,
          false,
          false,
          ATT_SHA1,
          false },
        { "the same, SHA-1 allowed",
          { { ATT_SHA1, 0xff }, { ATT_SHA256, 0x7f } },
          2,
          0xff,
          true,
          true,
          ATT_SHA1,
          false },
        { "E-p: two halves in two banks",
          { { ATT_SHA256, 0x0f }, { ATT_SHA384, 0xf0 } },
          2,
          0xff,
          true,
          false,
          ATT_SHA1,
          false },
        { "one register missing", { { ATT_SHA256, 0xfeffff } }, 1, 0xffffff, true, false, ATT_SHA1, false },
        { "all registers", { { ATT_SHA256, 0xffffff } }, 1, 0xffffff, false, true, ATT_SHA256, false },
        { "a mask beyond registers",
          { { ATT_SHA256, 0xffffff } },
          1,
          1u << 24,
          true,
          false,
          ATT_SHA1,
          false },
        { "nothing quoted", { { 0 } }, 0, 1, true, false, ATT_SHA1, false },
        { "nothing quoted, nothing asked", { { 0 } }, 0, 0, true, false, ATT_SHA1, false },
        { "E-p: an unused bank, nothing asked", { { ATT_SHA512, 0 } }, 1, 0, true, false, ATT_SHA1, false },
        { "something quoted, nothing asked",
          { { ATT_SHA512, 0 }, { ATT_SHA256, 1 } },
          2,
          0,
          true,
          true,
          ATT_SHA256,
          false },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct tpm_attest q = { .selection_count = rows[i].count };
        enum att_hash got = ATT_HASH_COUNT;
        struct att_err err = { .code = ATT_OK };
        memcpy(q.selections, rows[i].s, sizeof rows[i].s);
        const struct tpm_bank_rules rules = { .others_allowed = rows[i].others,
                                              .sha1_allowed = rows[i].sha1 };
        bool ok = tpm_pcrs_bank(&q, rows[i].mask, &rules, "pcrs", &got, &err);
        if (ok != rows[i].good || (ok && got != rows[i].want))
            fail_msg("%s: %s", rows[i].name, err.text);
        if (!ok) {
            made_check_refusal(&err, ATT_PCR_SELECTION);
            assert_int_equal(got, ATT_HASH_COUNT);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(right_values), cmocka_unit_test(wrong_values),
                                        cmocka_unit_test(banks) };
    return cmocka_run_group_tests_name("tpm/pcrs", tests, setup, teardown);
}
