/* layers: evidence/snp evidence/common collateral crypto codec base */
/* Is the leaf this report's? Both put together here field by field, for what no vendor would certify and no maker makes. */
#include <string.h>

#include "evidence/snp/snp.h"
#include "support/cases.h"

static struct cases cases = { .name = "evidence.snp_fit" };

/* A report and a leaf that fit each other. */
struct pair {
    uint8_t chip[SNP_CHIP_ID_BYTES];
    uint8_t hwid[SNP_CHIP_ID_BYTES];
    struct snp_report r;
    struct snp_chain c;
};

static void pair_make(struct pair *p, enum snp_product product, bool cpuid)
{
    size_t len = product == SNP_TURIN ? SNP_CHIP_ID_TURIN_BYTES : SNP_CHIP_ID_BYTES;
    bool fmc = product == SNP_TURIN;

    *p = (struct pair){ .r = { .has_cpuid = cpuid, .product = cpuid ? product : SNP_PRODUCT_UNKNOWN },
                        .c = { .product = product } };
    memset(p->chip, 0x5a, len);
    memset(p->hwid, 0x5a, len);
    p->r.signing_key = SNP_KEY_VCEK;
    p->r.chip_id = att_span_of(p->chip, sizeof p->chip);
    p->r.reported = (struct snp_tcb){
        .has_fmc = fmc, .fmc = fmc ? 1 : 0, .bootloader = 2, .tee = 3, .snp = 4, .microcode = 5
    };
    p->c.leaf = (struct amd_leaf){ .kind = ATT_AMD_VCEK,
                                   .has_fmc = fmc,
                                   .fmc = fmc ? 1 : 0,
                                   .bl = 2,
                                   .tee = 3,
                                   .snp = 4,
                                   .ucode = 5,
                                   .hwid = att_span_of(p->hwid, len) };
}

static void judged(const char *what, const struct pair *p, enum att_code want)
{
    struct att_err err = { 0 };
    bool ok = snp_leaf_fits(&p->r, &p->c, &err);

    cases_check(&cases, ok == (want == ATT_OK) && err.code == want, "%s: %s, not %s", what,
                att_code_name(err.code), att_code_name(want));
}

static void products(void)
{
    struct pair p;

    for (unsigned product = SNP_MILAN; product < SNP_PRODUCT_COUNT; product++) {
        pair_make(&p, (enum snp_product)product, true);
        judged("a report with CPUID", &p, ATT_OK);
        pair_make(&p, (enum snp_product)product, false);
        judged("a report of version 2", &p, product == SNP_TURIN ? ATT_PRODUCT_MISMATCH : ATT_OK);
    }
    /* Version 2 is read in the layout of family 19h. Even one whose versions would agree is none of Turin's. */
    pair_make(&p, SNP_TURIN, false);
    p.r.reported.has_fmc = p.c.leaf.has_fmc = false;
    p.r.reported.fmc = p.c.leaf.fmc = 0;
    judged("version 2 under Turin, without FMC", &p, ATT_PRODUCT_MISMATCH);
    pair_make(&p, SNP_MILAN, true);
    p.r.product = SNP_PRODUCT_UNKNOWN;
    judged("a processor that is not known", &p, ATT_PRODUCT_MISMATCH);
    p.c.product = SNP_PRODUCT_UNKNOWN;
    judged("unknown on both sides is no match", &p, ATT_PRODUCT_MISMATCH);
}

/* FMC is there on Turin and nowhere else: 0 is a version, not its absence. */
static void fmc(void)
{
    struct pair p;

    pair_make(&p, SNP_TURIN, true);
    p.r.reported.fmc = p.c.leaf.fmc = 0;
    judged("FMC 0 on both sides", &p, ATT_OK);
    p.c.leaf.has_fmc = false;
    judged("FMC 0, a certificate without FMC", &p, ATT_TCB_MISMATCH);
    pair_make(&p, SNP_GENOA, true);
    p.c.leaf.has_fmc = true;
    judged("Genoa, a certificate with FMC 0", &p, ATT_TCB_MISMATCH);
}

static void chips(void)
{
    struct pair p;

    pair_make(&p, SNP_TURIN, true);
    p.chip[8] = 1;
    judged("E-r: something behind the eight bytes of Turin", &p, ATT_CHIP_ID_MISMATCH);
    pair_make(&p, SNP_MILAN, true);
    p.chip[63] ^= 1;
    judged("E-r: the last byte of the chip", &p, ATT_CHIP_ID_MISMATCH);
    for (unsigned product = SNP_MILAN; product < SNP_PRODUCT_COUNT; product++) {
        pair_make(&p, (enum snp_product)product, true);
        memset(p.chip, 0, sizeof p.chip);
        memset(p.hwid, 0, sizeof p.hwid);
        judged("E-r: zeros on both sides are nobody", &p, ATT_CHIP_ID_MISMATCH);
    }
    pair_make(&p, SNP_MILAN, true);
    p.c.leaf.hwid = (struct att_span){ 0 };
    memset(p.chip, 0, sizeof p.chip);
    judged("E-r: no hwID", &p, ATT_CHIP_ID_MISMATCH);
    pair_make(&p, SNP_MILAN, true);
    p.c.leaf.kind = ATT_AMD_VLEK;
    judged("E-r: a VLEK under a report of a VCEK", &p, ATT_SNP_SIGNING_KEY);
    p.r.signing_key = SNP_KEY_VLEK;
    judged("E-r: a VLEK and a chip", &p, ATT_CHIP_ID_MISMATCH);
    memset(p.chip, 0, sizeof p.chip);
    judged("a VLEK and no chip", &p, ATT_OK);
}

int main(void)
{
    products();
    fmc();
    chips();
    return cases_report(&cases);
}
