/* Registers: do these values make the quoted digest, and which bank counts? */
#include <stdio.h>

#include "tpm/read.h"

static const struct tpm_selection *selection_of(const struct tpm_attest *quote, enum att_hash bank)
{
    for (size_t i = 0; i < quote->selection_count; i++) {
        if (quote->selections[i].bank == bank)
            return &quote->selections[i];
    }
    return NULL;
}

/* Values that nobody quoted must not come along: what is here counts as quoted from now on. */
static bool same_registers(const struct tpm_attest *quote, const struct tpm_pcrs *values, const char *where,
                           struct att_err *err)
{
    for (unsigned h = 0; h < ATT_HASH_COUNT; h++) {
        const struct tpm_selection *s = selection_of(quote, (enum att_hash)h);
        uint32_t quoted = s ? s->pcrs : 0;
        uint32_t given = values->bank[h].pcrs;
        char expected[64];
        if (quoted == given)
            continue;
        (void)snprintf(expected, sizeof expected, "the values of the quoted registers of %s (0x%06x)",
                       tpm_hash_name((enum att_hash)h), (unsigned)quoted);
        return att_fail(err, ATT_PCR_SELECTION, where, expected, "values of 0x%06x", (unsigned)given);
    }
    return true;
}

static size_t collect(const struct tpm_attest *quote, const struct tpm_pcrs *values, struct att_span *ret)
{
    size_t count = 0;

    for (size_t i = 0; i < quote->selection_count; i++) {
        const struct tpm_selection *s = &quote->selections[i];
        for (unsigned n = 0; n < TPM_PCRS; n++) {
            if (s->pcrs >> n & 1)
                ret[count++] = att_span_of(values->bank[s->bank].value[n], att_hash_size(s->bank));
        }
    }
    return count;
}

bool tpm_pcrs_quoted(const struct att_crypto *c, const struct tpm_attest *quote, enum att_hash digest_hash,
                     const struct tpm_pcrs *values, const char *where, struct att_err *err)
{
    struct att_span parts[TPM_SELECTIONS_MAX * TPM_PCRS];
    uint8_t digest[TPM_DIGEST_BYTES_MAX];

    if (!same_registers(quote, values, where, err))
        return false;
    size_t count = collect(quote, values, parts);
    if (!att_digest_parts(c, digest_hash, parts, count, digest))
        return att_fail(err, ATT_CRYPTO_FAILED, where, "a digest", "none");
    if (!att_span_eq(quote->pcr_digest, att_span_of(digest, att_hash_size(digest_hash))))
        return att_fail(err, ATT_PCR_DIGEST_MISMATCH, where, "values that make the quoted digest", "others");
    return true;
}

/* A bank of which no register was quoted says nothing, also to a mask that asks for nothing. */
static bool has_all(const struct tpm_selection *s, uint32_t mask)
{
    return s && s->pcrs != 0 && (s->pcrs & mask) == mask;
}

/* SHA-256 is the one bank that all firmware of TPM 2.0 extends. Of another one nobody else knows whether firmware did: if it did not,
 * whoever runs the machine writes what he likes into it, and a log to go with it. */
bool tpm_pcrs_bank(const struct tpm_attest *quote, uint32_t mask, const struct tpm_bank_rules *rules,
                   const char *where, enum att_hash *ret, struct att_err *err)
{
    const struct {
        enum att_hash bank;
        bool allowed;
    } rows[] = {
        { ATT_SHA256, true },
        { ATT_SHA512, rules->others_allowed },
        { ATT_SHA384, rules->others_allowed },
        { ATT_SHA1, rules->sha1_allowed },
    };
    const char *found = "no such bank";
    char expected[64];

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (!has_all(selection_of(quote, rows[i].bank), mask))
            continue;
        if (rows[i].allowed) {
            *ret = rows[i].bank;
            return true;
        }
        found = rows[i].bank == ATT_SHA1 ? "SHA-1, which does not count here"
                                         : "another bank, which does not count here";
    }
    (void)snprintf(expected, sizeof expected, "all registers of 0x%06x in the bank of SHA-256",
                   (unsigned)mask);
    return att_fail(err, ATT_PCR_SELECTION, where, expected, "%s", found);
}
