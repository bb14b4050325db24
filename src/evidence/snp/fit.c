/* A leaf that holds is not yet the leaf of this report: another chip's, or the same chip's at another firmware level,
 * holds as well. */
#include "base/err.h"
#include "evidence/snp/snp.h"

#include <stdio.h>

static const char *signing_key_name(bool vlek)
{
    return vlek ? "VLEK" : "VCEK";
}

static bool key_fits(const struct snp_report *r, const struct snp_chain *chain, struct att_err *err)
{
    bool reported = r->signing_key == SNP_KEY_VLEK;
    bool leaf = chain->leaf.kind == ATT_AMD_VLEK;

    return reported == leaf || att_fail(err, ATT_SNP_SIGNING_KEY, "sevsnp.report.key_info.signing_key",
                                        signing_key_name(leaf), "%s", signing_key_name(reported));
}

/* Version 2 has no CPUID, and was written by processors of family 19h only. */
static bool product_fits(const struct snp_report *r, const struct snp_chain *chain, struct att_err *err)
{
    const char *certified = snp_product_name(chain->product);

    if (!r->has_cpuid)
        return chain->product != SNP_TURIN ||
               att_fail(err, ATT_PRODUCT_MISMATCH, "sevsnp.chain[0].product_name",
                        "Milan or Genoa, which write version 2", "%s", certified);
    if (r->product == SNP_PRODUCT_UNKNOWN)
        return att_fail(err, ATT_PRODUCT_MISMATCH, "sevsnp.report.cpuid", certified,
                        "family 0x%02x, model 0x%02x: not known here", r->cpuid_family, r->cpuid_model);
    return r->product == chain->product || att_fail(err, ATT_PRODUCT_MISMATCH, "sevsnp.report.cpuid",
                                                    certified, "%s", snp_product_name(r->product));
}

/* Also when the report says that its chip's identity was masked: zeros are nobody's, on either side. */
static bool chip_fits(const struct snp_report *r, const struct snp_chain *chain, struct att_err *err)
{
    uint8_t expected[SNP_CHIP_ID_BYTES] = { 0 };
    struct att_span hwid = chain->leaf.hwid;

    if (chain->leaf.kind == ATT_AMD_VLEK)
        return memcmp(r->chip_id.ptr, expected, SNP_CHIP_ID_BYTES) == 0 ||
               att_fail(err, ATT_CHIP_ID_MISMATCH, "sevsnp.report.chip_id",
                        "zeros: a VLEK is no single chip's", "another value");
    if (hwid.len != SNP_CHIP_ID_BYTES && hwid.len != SNP_CHIP_ID_TURIN_BYTES)
        return att_fail(err, ATT_CHIP_ID_MISMATCH, "sevsnp.chain[0].hwid", "64 or 8 bytes", "%zu", hwid.len);
    if (memcmp(hwid.ptr, expected, hwid.len) == 0)
        return att_fail(err, ATT_CHIP_ID_MISMATCH, "sevsnp.chain[0].hwid", "the identity of a chip", "zeros");
    memcpy(expected, hwid.ptr, hwid.len);
    return memcmp(r->chip_id.ptr, expected, SNP_CHIP_ID_BYTES) == 0 ||
           att_fail(err, ATT_CHIP_ID_MISMATCH, "sevsnp.report.chip_id", "the chip of the certificate",
                    "another chip");
}

/* Equal, not only high enough: the key is derived from exactly these versions. */
static bool tcb_fits(const struct snp_report *r, const struct snp_chain *chain, struct att_err *err)
{
    const struct amd_leaf *leaf = &chain->leaf;
    const struct snp_tcb *t = &r->reported;
    const struct {
        const char *name;
        unsigned reported;
        unsigned certified;
    } rows[] = {
        { "bootloader", t->bootloader, leaf->bl },
        { "tee", t->tee, leaf->tee },
        { "snp", t->snp, leaf->snp },
        { "microcode", t->microcode, leaf->ucode },
        { "fmc", t->fmc, leaf->has_fmc ? leaf->fmc : 0 },
    };
    char where[48], expected[48];

    if (t->has_fmc != leaf->has_fmc)
        return att_fail(err, ATT_TCB_MISMATCH, "sevsnp.chain[0].fmc_spl",
                        t->has_fmc ? "there, as on Turin" : "not there before Turin", "%s",
                        leaf->has_fmc ? "there" : "not there");
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].reported == rows[i].certified)
            continue;
        (void)snprintf(where, sizeof where, "sevsnp.report.tcb.reported.%s", rows[i].name);
        (void)snprintf(expected, sizeof expected, "%u, as the certificate is for", rows[i].certified);
        return att_fail(err, ATT_TCB_MISMATCH, where, expected, "%u", rows[i].reported);
    }
    return true;
}

bool snp_leaf_fits(const struct snp_report *r, const struct snp_chain *chain, struct att_err *err)
{
    return key_fits(r, chain, err) && product_fits(r, chain, err) && chip_fits(r, chain, err) &&
           tcb_fits(r, chain, err);
}
