/* layers: tpm crypto codec base */
/* Platform claims of Windows. */
#include "tpm_made.h"

static struct att_arena *arena;

static int setup(void **state)
{
    (void)state;
    arena = att_arena_new((size_t)1 << 20);
    return arena ? 0 : -1;
}
static int teardown(void **state)
{
    (void)state;
    att_arena_free(arena);
    return 0;
}

struct made_claim {
    const char *magic;
    uint32_t version, alg, signature, quote, pcrs; /* as announced; 0: as it is */
    size_t pcr_bytes;
};

static void put_u32le(struct wire *w, uint32_t v)
{
    for (unsigned i = 0; i < 4; i++)
        put_number(w, v >> (8 * i) & 0xff, 1);
}

static struct wire made(const struct made_claim *o)
{
    struct wire w = { .len = 0 };
    put(&w, att_span_of(o->magic, 4));
    put_u32le(&w, o->version);
    put_u32le(&w, o->alg);
    put_u32le(&w, o->signature ? o->signature : 10);
    put_u32le(&w, o->quote ? o->quote : 20);
    put_u32le(&w, o->pcrs ? o->pcrs : (uint32_t)o->pcr_bytes);
    for (size_t i = 0; i < 30 + o->pcr_bytes; i++)
        put_number(&w, i % 251, 1);
    return w;
}

static void rows(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        struct made_claim made;
        bool good;
    } table[] = {
        { "SHA-256", { "ALPT", 0, 0x0b, 0, 0, 0, 768 }, true },
        { "SHA-1", { "ALPT", 0, 0x04, 0, 0, 0, 480 }, true },
        { "SHA-512", { "ALPT", 0, 0x0d, 0, 0, 0, 1536 }, true },
        { "magic in the other order", { "TPLA", 0, 0x0b, 0, 0, 0, 768 }, false },
        { "the PCP tool's", { "PAD2", 0, 0x0b, 0, 0, 0, 768 }, false },
        { "the PCP tool's, short", { "PADS", 0, 0x0b, 0, 0, 0, 768 }, false },
        { "version 1", { "ALPT", 1, 0x0b, 0, 0, 0, 768 }, false },
        { "SM3", { "ALPT", 0, 0x12, 0, 0, 0, 768 }, false },
        { "no bank", { "ALPT", 0, 0x10, 0, 0, 0, 768 }, false },
        { "a number above 16 bits that ends like SHA-256's", { "ALPT", 0, 0x1000b, 0, 0, 0, 768 }, false },
        { "E-p: registers of another bank's size", { "ALPT", 0, 0x0b, 0, 0, 0, 480 }, false },
        { "23 registers", { "ALPT", 0, 0x0b, 0, 0, 0, 736 }, false },
        { "25 registers", { "ALPT", 0, 0x0b, 0, 0, 0, 800 }, false },
        { "E-k: a signature longer than all", { "ALPT", 0, 0x0b, 0xffffffff, 0, 0, 768 }, false },
        { "E-k: a quote longer than all", { "ALPT", 0, 0x0b, 0, 0xffffffff, 0, 768 }, false },
        { "a signature one longer", { "ALPT", 0, 0x0b, 11, 0, 0, 768 }, false },
        { "registers one fewer", { "ALPT", 0, 0x0b, 0, 0, 767, 768 }, false },
        { "registers one more", { "ALPT", 0, 0x0b, 0, 0, 769, 768 }, false },
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct wire w = made(&table[i].made);
        struct tpm_platform_claim claim = { .bank = ATT_HASH_COUNT };
        struct att_err err = { .code = ATT_OK };
        bool got = tpm_platform_claim_read(arena, wire_span(&w), "claim", &claim, &err);
        if (got != table[i].good)
            fail_msg("%s: %s", table[i].name, err.text);
        if (!got) {
            made_check_refusal(&err, ATT_TPM_QUOTE_MALFORMED);
            assert_int_equal(claim.bank, ATT_HASH_COUNT);
        }
    }
}

static void fields(void **state)
{
    (void)state;
    struct made_claim o = { "ALPT", 0, 0x0b, 0, 0, 0, 768 };
    struct wire w = made(&o);
    struct tpm_platform_claim claim;
    struct att_err err = { .code = ATT_OK };

    assert_true(tpm_platform_claim_read(arena, wire_span(&w), "claim", &claim, &err));
    assert_int_equal(claim.bank, ATT_SHA256);
    assert_true(att_span_eq(claim.signature, att_span_of(w.bytes + 24, 10)));
    assert_true(att_span_eq(claim.quote, att_span_of(w.bytes + 34, 20)));
    assert_int_equal(claim.pcrs->bank[ATT_SHA256].pcrs, 0xffffff);
    assert_int_equal(claim.pcrs->bank[ATT_SHA1].pcrs, 0);
    for (size_t n = 0; n < 24; n++)
        assert_memory_equal(claim.pcrs->bank[ATT_SHA256].value[n], w.bytes + 54 + 32 * n, 32);
    for (size_t n = 0; n < w.len; n++) {
        err = (struct att_err){ .code = ATT_OK };
        assert_false(tpm_platform_claim_read(arena, att_span_of(w.bytes, n), "claim", &claim, &err));
        made_check_refusal(&err, ATT_TPM_QUOTE_MALFORMED);
    }
    put_number(&w, 0, 1);
    assert_false(tpm_platform_claim_read(arena, wire_span(&w), "claim", &claim, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(rows), cmocka_unit_test(fields) };
    return cmocka_run_group_tests_name("tpm/platform_claim", tests, setup, teardown);
}
