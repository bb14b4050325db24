/* layers: makers base */
/* Logs of made-up boots, replayed here in the plainest way: every bank of every record leads to the registers of the TPM that they
 * were written for, in both forms, of both systems. */
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/reader.h"
#include "makers/eventlog.h"
#include "support/cases.h"

static struct cases cases = { .name = "makers.eventlog" };

static void must(bool ok, const struct att_err *err)
{
    if (ok)
        return;
    fprintf(stderr, "a maker failed: %s at %s\n", err->text, err->where);
    exit(2);
}

struct replay {
    uint8_t pcr[MK_HASH_COUNT][MK_PCRS][MK_DIGEST_MAX];
    unsigned records, digests;
};

static void extend(struct replay *r, enum mk_hash h, uint32_t pcr, struct att_span digest)
{
    uint8_t both[2 * MK_DIGEST_MAX];

    memcpy(both, r->pcr[h][pcr], digest.len);
    memcpy(both + digest.len, digest.ptr, digest.len);
    EVP_Digest(both, 2 * digest.len, r->pcr[h][pcr], NULL, mk_hash_md(h), NULL);
}

static enum mk_hash hash_of(uint16_t alg)
{
    for (enum mk_hash h = 0; h < MK_HASH_COUNT; h++)
        if (mk_hash_alg(h) == alg)
            return h;
    return MK_HASH_COUNT;
}

/* One record; the first of an agile log has the old form. */
static bool record(struct att_reader *in, bool agile, struct replay *r)
{
    uint32_t pcr = att_take_u32le(in), type = att_take_u32le(in);
    uint32_t count = agile ? att_take_u32le(in) : 1;

    for (uint32_t i = 0; i < count && !in->failed; i++) {
        enum mk_hash h = agile ? hash_of(att_take_u16le(in)) : MK_SHA1;
        if (h == MK_HASH_COUNT || pcr >= MK_PCRS)
            return false;
        struct att_span digest = att_take(in, mk_hash_size(h));
        if (!in->failed && type != MK_EV_NO_ACTION)
            extend(r, h, pcr, digest);
        r->digests++;
    }
    struct att_span body = att_take(in, att_take_u32le(in));
    if (type == MK_EV_NO_ACTION && body.len == 17)
        for (enum mk_hash h = 0; h < MK_HASH_COUNT; h++)
            r->pcr[h][0][mk_hash_size(h) - 1] = body.ptr[16];
    r->records++;
    return !in->failed;
}

static void check(const char *label, const struct mk_boot *boot, struct mk_tpm *tpm, unsigned banks)
{
    struct mk_boot_logs logs = { 0 };
    struct replay r = { 0 };
    struct att_err err = { 0 };
    bool agile = boot->form == MK_LOG_AGILE, ok = true;
    unsigned wanted = 0;

    mk_tpm_restart(tpm, banks);
    must(mk_boot_run(boot, tpm, &logs, &err), &err);
    struct att_reader in = att_reader_of(att_buf_span(&logs.tcg));
    if (agile)
        ok = record(&in, false, &r);
    while (ok && in.left > 0)
        ok = record(&in, agile, &r);
    cases_check(&cases, ok && att_all_read(&in), "%s: read to its end", label);
    for (enum mk_hash h = 0; h < MK_HASH_COUNT; h++) {
        if (!(agile ? banks & MK_BANK(h) : h == MK_SHA1))
            continue;
        wanted++;
        for (uint32_t i = 0; i < 17; i++)
            if (i != 10) /* IMA's */
                cases_check(&cases, memcmp(r.pcr[h][i], mk_tpm_pcr(tpm, h, i), mk_hash_size(h)) == 0,
                            "%s: PCR %u of bank %d", label, (unsigned)i, (int)h);
    }
    unsigned records = agile ? r.records - 1 : r.records, digests = agile ? r.digests - 1 : r.digests;
    cases_check(&cases, digests == records * wanted, "%s: %u digests in %u records", label, digests, records);
    cases_check(&cases, (logs.ima.len > 0) == (boot->os == MK_OS_LINUX), "%s: list of IMA", label);
    mk_boot_logs_free(&logs);
}

int main(void)
{
    const unsigned sha1 = MK_BANK(MK_SHA1), two = sha1 | MK_BANK(MK_SHA256), four = two | 0xc;
    struct mk_tpm_vendor *vendor = NULL;
    struct mk_tpm *tpm = NULL;
    struct mk_boot boot;
    struct att_err err = { 0 };

    must(mk_tpm_vendor_new(1780000000, &vendor, &err) && mk_tpm_new(vendor, two, &tpm, &err), &err);
    mk_boot_defaults(&boot, MK_OS_LINUX);
    check("Linux", &boot, tpm, two);
    check("Linux, four banks", &boot, tpm, four);
    boot.has_locality = true;
    boot.locality = 3;
    boot.secure_boot = MK_ABSENT;
    check("Linux, from locality 3, without Secure Boot", &boot, tpm, MK_BANK(MK_SHA384));
    boot.form = MK_LOG_SHA1;
    check("Linux, old form", &boot, tpm, sha1);
    mk_boot_defaults(&boot, MK_OS_WINDOWS);
    check("Windows", &boot, tpm, two);
    boot.drtm = boot.second_idks = boot.hibernated = boot.boot_data_only = boot.has_hvci = true;
    check("Windows with everything", &boot, tpm, four);
    boot.form = MK_LOG_SHA1;
    check("Windows, old form", &boot, tpm, two);
    mk_tpm_free(tpm);
    mk_tpm_vendor_free(vendor);
    return cases_report(&cases);
}
