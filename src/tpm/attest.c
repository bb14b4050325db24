/* TPMS_ATTEST (Part 2, 10.12.12): a quote of registers, or a key that another key of the same TPM has certified. */
#include <stdio.h>

#include "tpm/read.h"

enum { GENERATED_VALUE = 0xff544347, ATTEST_CERTIFY = 0x8017, ATTEST_QUOTE = 0x8018 };
enum { SELECT_BYTES_MAX = 4, HASH_NAME_BYTES = 2 };

static const struct {
    uint16_t type;
    const char *expected;
    enum att_code code;
} kinds[] = {
    [TPM_QUOTE] = { ATTEST_QUOTE, "a quote (0x8018)", ATT_TPM_QUOTE_MALFORMED },
    [TPM_CERTIFY] = { ATTEST_CERTIFY, "a certification of a key (0x8017)", ATT_KEY_CERTIFY_INVALID },
};

static bool bad(struct att_err *err, const char *where, const char *field, const char *expected,
                unsigned found)
{
    char place[64];

    (void)snprintf(place, sizeof place, "%s.%s", where, field);
    return att_fail(err, ATT_TPM_QUOTE_MALFORMED, place, expected, "0x%x", found);
}

/* A short one is found when the whole structure has been read. */
static uint32_t take_mask(struct att_reader *r, size_t bytes)
{
    struct att_span select = att_take(r, bytes);
    uint32_t mask = 0;

    for (size_t i = 0; i < select.len; i++)
        mask |= (uint32_t)select.ptr[i] << (8 * i);
    return mask;
}

/* A bank twice would let two sets of values count for one register. A bank with no register selected is what a TPM makes of a
 * bank that it does not have: it adds nothing to the digest. */
static bool read_selection(struct att_reader *r, struct tpm_attest *a, const char *where, struct att_err *err)
{
    struct tpm_selection *s = &a->selections[a->selection_count];
    uint16_t alg = att_take_u16be(r);
    uint8_t bytes = att_take_u8(r);

    if (r->failed)
        return bad(err, where, "pcrSelect", "as many selections as are announced", 0);
    if (!tpm_hash_of(alg, &s->bank))
        return bad(err, where, "pcrSelect.hash", "SHA-1, SHA-256, SHA-384 or SHA-512", alg);
    for (size_t i = 0; i < a->selection_count; i++) {
        if (a->selections[i].bank == s->bank)
            return bad(err, where, "pcrSelect.hash", "each bank once", alg);
    }
    if (bytes < 1 || bytes > SELECT_BYTES_MAX)
        return bad(err, where, "pcrSelect.sizeofSelect", "1 to 4", bytes);
    s->pcrs = take_mask(r, bytes);
    if (s->pcrs >> TPM_PCRS)
        return bad(err, where, "pcrSelect.pcrSelect", "registers 0 to 23", s->pcrs);
    a->selection_count++;
    return true;
}

static bool read_quote(struct att_reader *r, struct tpm_attest *a, const char *where, struct att_err *err)
{
    uint32_t count = att_take_u32be(r);

    if (count > TPM_SELECTIONS_MAX)
        return bad(err, where, "pcrSelect.count", "at most 8 selections", count);
    for (uint32_t i = 0; i < count; i++) {
        if (!read_selection(r, a, where, err))
            return false;
    }
    a->pcr_digest = tpm_take_sized(r, TPM_DIGEST_BYTES_MAX);
    return true;
}

static bool read_certify(struct att_reader *r, struct tpm_attest *a, const char *where, struct att_err *err)
{
    enum att_hash hash = ATT_SHA1;

    a->name = tpm_take_sized(r, TPM_NAME_BYTES_MAX);
    a->qualified_name = tpm_take_sized(r, TPM_NAME_BYTES_MAX);
    struct att_reader name = att_reader_of(a->name);
    uint16_t alg = att_take_u16be(&name);
    if (!r->failed && (!tpm_hash_of(alg, &hash) || name.left != att_hash_size(hash)))
        return bad(err, where, "attested.name", "the name of a key: nameAlg and a digest of its size", alg);
    return true;
}

static bool read_all(struct att_span bytes, enum tpm_attest_kind kind, const char *where,
                     struct tpm_attest *ret, struct att_err *err)
{
    struct att_reader r = att_reader_of(bytes);
    struct tpm_attest a = { .kind = kind, .whole = bytes };

    uint32_t magic = att_take_u32be(&r);
    uint16_t type = att_take_u16be(&r);
    if (magic != GENERATED_VALUE) /* restricted keys sign nothing else that starts with it */
        return bad(err, where, "magic", "0xff544347: made inside a TPM", magic);
    if (r.failed || type != kinds[kind].type)
        return bad(err, where, "type", kinds[kind].expected, type);
    a.qualified_signer = tpm_take_sized(&r, TPM_NAME_BYTES_MAX);
    a.extra_data = tpm_take_sized(&r, TPM_NAME_BYTES_MAX); /* TPM2B_DATA: as large as a TPMT_HA */
    a.clock_ms = tpm_take_u64(&r);
    a.reset_count = att_take_u32be(&r);
    a.restart_count = att_take_u32be(&r);
    uint8_t safe = att_take_u8(&r);
    a.firmware_version = tpm_take_u64(&r);
    if (safe > 1)
        return bad(err, where, "clockInfo.safe", "0 or 1", safe);
    a.safe = safe == 1;
    if (!(kind == TPM_QUOTE ? read_quote : read_certify)(&r, &a, where, err))
        return false;
    if (!tpm_read_whole(&r, ATT_TPM_QUOTE_MALFORMED, where, "one TPMS_ATTEST and nothing behind it", err))
        return false;
    *ret = a;
    return true;
}

bool tpm_attest_read(struct att_span bytes, enum tpm_attest_kind kind, const char *where,
                     struct tpm_attest *ret, struct att_err *err)
{
    return read_all(bytes, kind, where, ret, err) || att_fail_as(err, kinds[kind].code, "");
}
