/* The claim that Windows makes of a platform (NCRYPT_CLAIM_PLATFORM, version 0; ncrypt.h): a head of six numbers, little-endian,
 * then signature, quote and all registers of one bank. */
#include "tpm/read.h"

enum { CLAIM_VERSION = 0 };

static bool bad(struct att_err *err, const char *where, const char *expected, const char *found)
{
    return att_fail(err, ATT_TPM_QUOTE_MALFORMED, where, expected, "%s", found);
}

static bool read_magic(struct att_reader *r, const char *where, struct att_err *err)
{
    struct att_span magic = att_take(r, 4);

    if (att_span_is(magic, "PAD2") || att_span_is(magic, "PADS"))
        return bad(err, where, "a platform claim as NCryptCreateClaim makes it",
                   "the older form of the PCP tool, which is not read here");
    if (!att_span_is(magic, "ALPT"))
        return bad(err, where, "a platform claim (\"ALPT\")", "something else");
    uint32_t version = att_take_u32le(r);
    if (version != CLAIM_VERSION)
        return att_fail(err, ATT_TPM_QUOTE_MALFORMED, where, "version 0", "version %u", (unsigned)version);
    return true;
}

static bool copy_pcrs(struct att_arena *arena, enum att_hash bank, struct att_span values, const char *where,
                      struct tpm_pcrs **ret, struct att_err *err)
{
    size_t size = att_hash_size(bank);
    struct tpm_pcrs *pcrs;

    if (values.len != TPM_PCRS * size)
        return att_fail(err, ATT_TPM_QUOTE_MALFORMED, where, "24 registers of the bank's size", "%zu bytes",
                        values.len);
    pcrs = att_arena_alloc(arena, 1, sizeof *pcrs);
    if (!pcrs)
        return att_fail_memory(err, where);
    for (size_t n = 0; n < TPM_PCRS; n++)
        memcpy(pcrs->bank[bank].value[n], values.ptr + n * size, size);
    pcrs->bank[bank].pcrs = (1u << TPM_PCRS) - 1;
    *ret = pcrs;
    return true;
}

bool tpm_platform_claim_read(struct att_arena *arena, struct att_span bytes, const char *where,
                             struct tpm_platform_claim *ret, struct att_err *err)
{
    struct att_reader r = att_reader_of(bytes);
    struct tpm_platform_claim claim = { .bank = ATT_SHA1 };

    if (!read_magic(&r, where, err))
        return false;
    uint32_t alg = att_take_u32le(&r);
    uint32_t signature_bytes = att_take_u32le(&r);
    uint32_t quote_bytes = att_take_u32le(&r);
    uint32_t pcrs_bytes = att_take_u32le(&r);
    claim.signature = att_take(&r, signature_bytes);
    claim.quote = att_take(&r, quote_bytes);
    struct att_span pcrs = att_take(&r, pcrs_bytes);
    if (!tpm_read_whole(&r, ATT_TPM_QUOTE_MALFORMED, where, "one platform claim and nothing behind it", err))
        return false;
    if (!tpm_hash_of(alg, &claim.bank))
        return att_fail(err, ATT_TPM_QUOTE_MALFORMED, where, "a bank of SHA-1, SHA-256, SHA-384 or SHA-512",
                        "algorithm 0x%x", (unsigned)alg);
    if (!copy_pcrs(arena, claim.bank, pcrs, where, &claim.pcrs, err))
        return false;
    *ret = claim;
    return true;
}
