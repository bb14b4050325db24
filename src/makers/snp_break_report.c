/* Breaks of the report: bytes before and after signing, the two halves of the signature, and TCB versions. */
#include "makers/snp_plan.h"

/* A byte of the report: what is kept of it, and what is flipped in that. */
struct edit {
    enum mk_snp_break id;
    uint16_t at;
    uint8_t keep, flip;
};

#define B(name) MK_SNP_BREAK_##name

static const struct edit before_signing[] = {
    { B(VERSION_0), MK_SNP_AT_VERSION, 0, 0 },
    { B(VERSION_1), MK_SNP_AT_VERSION, 0, 1 },
    { B(VERSION_6), MK_SNP_AT_VERSION, 0, 6 },
    { B(VERSION_HIGH), MK_SNP_AT_VERSION + 2, 0, 1 },
    { B(KEY_INFO_BIT_5), MK_SNP_AT_KEY_INFO, 0xff, 1 << 5 },
    { B(KEY_INFO_BIT_31), MK_SNP_AT_KEY_INFO + 3, 0xff, 0x80 },
    { B(RESERVED_4C), MK_SNP_AT_RESERVED, 0xff, 1 },
    { B(PLATFORM_INFO_NEW), MK_SNP_AT_PLATFORM_INFO + 2, 0xff, 0x81 },
    { B(POLICY_BIT_17), MK_SNP_AT_POLICY + 2, 0xfd, 0 },
    { B(POLICY_BIT_26), MK_SNP_AT_POLICY + 3, 0xff, 1 << 2 },
    { B(POLICY_BIT_40), MK_SNP_AT_POLICY + 5, 0xff, 1 },
    { B(POLICY_BIT_63), MK_SNP_AT_POLICY + 7, 0xff, 0x80 },
    { B(SIGNATURE_ALGO_0), MK_SNP_AT_SIGNATURE_ALGO, 0, 0 },
    { B(SIGNATURE_ALGO_2), MK_SNP_AT_SIGNATURE_ALGO, 0, 2 },
    { B(SIGNATURE_ALGO_102), MK_SNP_AT_SIGNATURE_ALGO, 0, 2 },
    { B(SIGNATURE_ALGO_102), MK_SNP_AT_SIGNATURE_ALGO + 1, 0, 1 },
    { B(SIGNING_KEY_NONE), MK_SNP_AT_KEY_INFO, 0xe3, 7 << 2 },
    { B(SIGNING_KEY_RESERVED), MK_SNP_AT_KEY_INFO, 0xe3, 2 << 2 },
    { B(VLEK_UNDER_VCEK), MK_SNP_AT_KEY_INFO, 0xe3, 1 << 2 },
    { B(VCEK_UNDER_VLEK), MK_SNP_AT_KEY_INFO, 0xe3, 0 },
    { B(MASK_CHIP_KEY), MK_SNP_AT_KEY_INFO, 0xff, 1 << 1 },
    { B(MASK_CHIP_KEY_ZERO), MK_SNP_AT_KEY_INFO, 0xff, 1 << 1 },
    { B(CHIP_ID_TAIL), MK_SNP_AT_CHIP_ID + 8, 0xff, 1 },
    { B(CHIP_ID_VLEK), MK_SNP_AT_CHIP_ID, 0xff, 1 },
    { B(REPORT_DATA_OTHER), MK_SNP_AT_REPORT_DATA + 31, 0xff, 1 },
    { B(REPORT_DATA_UPPER_FIRST), MK_SNP_AT_REPORT_DATA + 32, 0xff, 1 },
    { B(REPORT_DATA_UPPER_LAST), MK_SNP_AT_REPORT_DATA + 63, 0xff, 1 },
    { B(HOST_DATA_OTHER), MK_SNP_AT_HOST_DATA + 31, 0xff, 1 },
};

static const struct edit after_signing[] = {
    { B(TAIL_FIRST), MK_SNP_AT_TAIL, 0, 1 },
    { B(TAIL_LAST), MK_SNP_REPORT_BYTES - 1, 0, 1 },
    { B(R_PADDING_FIRST), MK_SNP_AT_R + 48, 0, 1 },
    { B(R_PADDING_LAST), MK_SNP_AT_R + 71, 0, 1 },
    { B(S_PADDING_FIRST), MK_SNP_AT_S + 48, 0, 1 },
    { B(S_PADDING_LAST), MK_SNP_AT_S + 71, 0, 1 },
    { B(R_FLIP), MK_SNP_AT_R, 0, 1 },
    { B(S_FLIP), MK_SNP_AT_S, 0, 1 },
    { B(MEASUREMENT_FLIP), MK_SNP_AT_MEASUREMENT, 0, 1 },
    { B(POLICY_DEBUG_FLIP), MK_SNP_AT_POLICY + 2, 0, 1 << 3 },
    { B(GUEST_SVN_FLIP), MK_SNP_AT_GUEST_SVN, 0, 1 },
    { B(VMPL_FLIP), MK_SNP_AT_VMPL, 0, 1 },
    { B(VERSION_FLIP), MK_SNP_AT_VERSION, 0, 1 },
    { B(REPORT_DATA_FLIP), MK_SNP_AT_REPORT_DATA, 0, 1 },
    { B(LAST_SIGNED_FLIP), MK_SNP_SIGNED_BYTES - 1, 0, 1 },
};

static const struct {
    enum mk_snp_break id;
    enum mk_snp_half r, s;
} halves[] = {
    { B(R_ZERO), MK_SNP_HALF_ZERO, MK_SNP_HALF_RIGHT },
    { B(S_ZERO), MK_SNP_HALF_RIGHT, MK_SNP_HALF_ZERO },
    { B(SIGNATURE_ZERO), MK_SNP_HALF_ZERO, MK_SNP_HALF_ZERO },
    { B(MASK_CHIP_KEY_ZERO), MK_SNP_HALF_ZERO, MK_SNP_HALF_ZERO },
    { B(R_ORDER), MK_SNP_HALF_ORDER, MK_SNP_HALF_RIGHT },
    { B(S_ORDER), MK_SNP_HALF_RIGHT, MK_SNP_HALF_ORDER },
    { B(R_ONES), MK_SNP_HALF_ONES, MK_SNP_HALF_RIGHT },
    { B(S_ONES), MK_SNP_HALF_RIGHT, MK_SNP_HALF_ONES },
};

static bool break_tables(struct mk_snp_plan *p)
{
    bool found = false;

    for (size_t i = 0; i < sizeof before_signing / sizeof before_signing[0]; i++) {
        const struct edit *e = &before_signing[i];
        if (e->id != p->o.broken)
            continue;
        p->body[e->at] = (uint8_t)((p->body[e->at] & e->keep) ^ e->flip);
        found = true;
    }
    for (size_t i = 0; i < sizeof after_signing / sizeof after_signing[0]; i++) {
        if (after_signing[i].id != p->o.broken)
            continue;
        p->flip_at = after_signing[i].at;
        p->flip_bits = after_signing[i].flip;
        found = true;
    }
    for (size_t i = 0; i < sizeof halves / sizeof halves[0]; i++) {
        if (halves[i].id != p->o.broken)
            continue;
        p->r = halves[i].r;
        p->s = halves[i].s;
        found = true;
    }
    return found;
}

bool mk_snp_break_report(struct mk_snp_plan *p)
{
    switch (p->o.broken) {
    case B(CUT_ALL):
        p->cut_to = 0;
        return true;
    case B(CUT_BODY):
        p->cut_to = MK_SNP_SIGNED_BYTES - 1;
        return true;
    case B(CUT_LAST):
        p->cut_to = MK_SNP_REPORT_BYTES - 1;
        return true;
    case B(TRAILING):
        p->trailing = 1;
        return true;
    case B(BIG_ENDIAN):
        p->big_endian = true;
        return true;
    case B(MALLEATED_S):
        p->upper_half = true;
        return true;
    case B(OTHER_KEY):
        p->signer = p->amd->key[p->o.signer == MK_SNP_VLEK ? MK_AMD_KEY_VCEK : MK_AMD_KEY_VLEK];
        return true;
    case B(RUNTIME_DATA_LONGER):
        p->runtime_longer = true;
        return true;
    case B(INIT_TIME_DATA_LONGER):
        p->init_time_longer = true;
        return true;
    default:
        return break_tables(p);
    }
}

/* -- TCB versions, CPUID: options that contradict each other -------------------------------------------------- */

enum part { FMC, BOOTLOADER, TEE, SNP, MICROCODE };

static uint8_t *part_of(struct mk_snp_tcb *t, enum part part)
{
    uint8_t *const parts[] = { &t->fmc, &t->bootloader, &t->tee, &t->snp, &t->microcode };
    return parts[part];
}

static void at_least(uint8_t *to, uint8_t floor)
{
    if (*to < floor)
        *to = floor;
}

/* The committed part falls one below the reported one; that is lifted off zero first. */
static bool break_committed(struct mk_snp_options *o, enum part part)
{
    uint8_t *reported = part_of(&o->reported, part);

    at_least(reported, 1);
    at_least(part_of(&o->current, part), *reported);
    *part_of(&o->committed, part) = (uint8_t)(*reported - 1);
    if (part == SNP)
        o->committed.microcode = o->current.microcode = UINT8_MAX;
    return true;
}

static bool break_current(struct mk_snp_options *o, enum part part)
{
    uint8_t current = *part_of(&o->current, part);

    if (current == UINT8_MAX)
        return false;
    *part_of(&o->committed, part) = (uint8_t)(current + 1);
    if (part == SNP)
        o->current.microcode = UINT8_MAX;
    return true;
}

/* A part of the certificate other than the report's: needs room above or below. */
static bool room_above(const struct mk_snp_options *o, enum part part)
{
    struct mk_snp_tcb reported = o->reported;
    return *part_of(&reported, part) < UINT8_MAX;
}

bool mk_snp_break_options(struct mk_snp_options *o, enum mk_amd_product product)
{
    static const uint8_t milan[3] = { 0x19, 0x01, 0x01 }, genoa[3] = { 0x19, 0x11, 0x01 };

    switch (o->broken) {
    case B(COMMITTED_FMC):
        return break_committed(o, FMC);
    case B(COMMITTED_BOOTLOADER):
        return break_committed(o, BOOTLOADER);
    case B(COMMITTED_TEE):
        return break_committed(o, TEE);
    case B(COMMITTED_SNP):
        return break_committed(o, SNP);
    case B(COMMITTED_MICROCODE):
        return break_committed(o, MICROCODE);
    case B(CURRENT_FMC):
        return break_current(o, FMC);
    case B(CURRENT_BOOTLOADER):
        return break_current(o, BOOTLOADER);
    case B(CURRENT_TEE):
        return break_current(o, TEE);
    case B(CURRENT_SNP):
        return break_current(o, SNP);
    case B(CURRENT_MICROCODE):
        return break_current(o, MICROCODE);
    case B(TCB_FMC_OTHER):
        return room_above(o, FMC);
    case B(TCB_BOOTLOADER_OTHER):
        return room_above(o, BOOTLOADER);
    case B(TCB_TEE_OTHER):
        return room_above(o, TEE);
    case B(TCB_SNP_OTHER):
        return room_above(o, SNP);
    case B(TCB_MICROCODE_OTHER):
        return room_above(o, MICROCODE);
    case B(TCB_BELOW):
        return o->reported.microcode > 0;
    case B(EXT_SPL_NEGATIVE): /* needs a number with the top bit set */
        if (o->reported.microcode < 0x80)
            o->reported.microcode = o->committed.microcode = o->current.microcode = 200;
        return true;
    case B(EXT_SPL_TWICE):
        return o->reported.snp > 0;
    case B(CHIP_ID_ZERO): /* a masked one differs from a chip's only when the chip has one */
        o->chip_id[0] |= 1;
        return true;
    case B(CPUID_OTHER):
        memcpy(o->cpuid, product == MK_AMD_GENOA ? milan : genoa, 3);
        return true;
    case B(CPUID_UNKNOWN):
        memcpy(o->cpuid, (const uint8_t[3]){ 0x1b, 0x01, 0x01 }, 3);
        return true;
    default:
        return true;
    }
}

/* Said by the options already. */
static bool is_option(enum mk_snp_break broken)
{
    return (broken >= B(COMMITTED_BOOTLOADER) && broken <= B(CURRENT_FMC)) || broken == B(CPUID_OTHER) ||
           broken == B(CPUID_UNKNOWN);
}

static bool certified(struct mk_snp_plan *p, uint8_t arc, int value)
{
    struct mk_amd_ext_list one = { 0 };
    struct mk_amd_ext *e = mk_amd_ext_find(&p->leaf.ext, 3, arc);

    if (!e)
        return false;
    mk_amd_ext_number(&one, 3, arc, (uint32_t)value);
    *e = one.ext[0];
    return true;
}

bool mk_snp_break_binding(struct mk_snp_plan *p)
{
    const struct mk_snp_tcb *t = &p->o.reported;
    struct mk_amd_ext *hwid = mk_amd_ext_find(&p->leaf.ext, 4, 0);

    switch (p->o.broken) {
    case B(CHIP_ID_OTHER):
        if (hwid)
            hwid->value[hwid->len - 1] ^= 1;
        return hwid != NULL;
    case B(CHIP_ID_ZERO):
        memset(p->body + MK_SNP_AT_CHIP_ID, 0, 64);
        return true;
    case B(TCB_FMC_OTHER):
        return certified(p, 9, t->fmc + 1);
    case B(TCB_BOOTLOADER_OTHER):
        return certified(p, 1, t->bootloader + 1);
    case B(TCB_TEE_OTHER):
        return certified(p, 2, t->tee + 1);
    case B(TCB_SNP_OTHER):
        return certified(p, 3, t->snp + 1);
    case B(TCB_MICROCODE_OTHER):
        return certified(p, 8, t->microcode + 1);
    case B(TCB_BELOW):
        return certified(p, 8, t->microcode - 1);
    default:
        return is_option(p->o.broken);
    }
}
