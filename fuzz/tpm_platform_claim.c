/* layers: tpm crypto codec base */
/* Platform claims of Windows: what was read is written again and is the input. */
#include "wire.h"

#include "tpm/tpm.h"

static void put_u32le(struct again *w, uint64_t v)
{
    for (unsigned i = 0; i < 4; i++)
        put_number(w, v >> (8 * i) & 0xff, 1);
}

static void again(struct att_span in, const struct tpm_platform_claim *claim)
{
    struct again w = { in.ptr, in.len, 4 };
    size_t size = att_hash_size(claim->bank);

    must(memcmp(in.ptr, "ALPT", 4) == 0);
    put_u32le(&w, 0);
    put_u32le(&w, tpm_alg_of(claim->bank));
    put_u32le(&w, claim->signature.len);
    put_u32le(&w, claim->quote.len);
    put_u32le(&w, TPM_PCRS * size);
    put(&w, claim->signature);
    put(&w, claim->quote);
    for (unsigned h = 0; h < ATT_HASH_COUNT; h++)
        must(claim->pcrs->bank[h].pcrs == (h == claim->bank ? 0xffffffu : 0));
    for (size_t n = 0; n < TPM_PCRS; n++)
        for (size_t i = 0; i < size; i++)
            put_number(&w, claim->pcrs->bank[claim->bank].value[n][i], 1);
    put_end(&w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct att_arena *arena;
    struct tpm_platform_claim claim = { .quote = { NULL, 77 } };
    struct att_err err = { 0 };

    if (!arena)
        arena = att_arena_new((size_t)1 << 16);
    if (!arena)
        return 0;
    att_arena_reset(arena);
    if (tpm_platform_claim_read(arena, att_span_of(data, size), "fuzz", &claim, &err)) {
        again(att_span_of(data, size), &claim);
        must(!tpm_platform_claim_read(arena, att_span_of(data, size - 1), "fuzz", &claim, NULL));
    } else {
        refused(&err, ATT_TPM_QUOTE_MALFORMED);
        must(claim.quote.len == 77);
    }
    return 0;
}
