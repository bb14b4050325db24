/* Breaks of AMD's extensions in the leaf. */
#include "makers/snp_plan.h"

enum { TAG_INTEGER = 0x02, TAG_OCTETS = 0x04 };

#define B(name) MK_SNP_BREAK_##name

static bool set_bytes(struct mk_snp_plan *p, uint8_t a, uint8_t b, struct att_span value)
{
    struct mk_amd_ext *e = mk_amd_ext_find(&p->leaf.ext, a, b);

    if (!e)
        return false;
    memcpy(e->value, value.ptr, value.len);
    e->len = value.len;
    return true;
}

static bool break_missing(struct mk_snp_plan *p)
{
    static const struct {
        enum mk_snp_break id;
        uint8_t a, b;
    } rows[] = {
        { B(EXT_VERSION_MISSING), 1, 0 },    { B(EXT_PRODUCT_MISSING), 2, 0 },
        { B(EXT_BOOTLOADER_MISSING), 3, 1 }, { B(EXT_TEE_MISSING), 3, 2 },
        { B(EXT_SNP_MISSING), 3, 3 },        { B(EXT_MICROCODE_MISSING), 3, 8 },
        { B(EXT_FMC_MISSING), 3, 9 },        { B(EXT_HWID_MISSING), 4, 0 },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].id != p->o.broken)
            continue;
        mk_amd_ext_drop(&p->leaf.ext, rows[i].a, rows[i].b);
        return true;
    }
    return false;
}

static bool break_product(struct mk_snp_plan *p)
{
    static const uint8_t integer[] = { TAG_INTEGER, 1, 1 };
    struct mk_amd_ext *e = mk_amd_ext_find(&p->leaf.ext, 2, 0);
    struct mk_amd_ext_list one = { 0 };

    switch (p->o.broken) {
    case B(EXT_PRODUCT_OTHER):
        mk_amd_ext_text(&one, 2, 0, mk_amd_product_name(mk_snp_other_product(p)));
        break;
    case B(EXT_PRODUCT_LONGER): /* "MilanX" */
        mk_amd_ext_text(&one, 2, 0, mk_amd_product_name(p->amd->product));
        one.ext[0].value[one.ext[0].len++] = 'X';
        one.ext[0].value[1]++;
        break;
    case B(EXT_PRODUCT_TYPE):
        mk_amd_ext_bytes(&one, 2, 0, att_span_of(integer, sizeof integer));
        break;
    default:
        return false;
    }
    *e = one.ext[0];
    return true;
}

static bool break_hwid(struct mk_snp_plan *p)
{
    struct mk_amd_ext_list *list = &p->leaf.ext;
    struct mk_amd_ext *e = mk_amd_ext_find(list, 4, 0);
    uint8_t wrapped[2 + 64] = { TAG_OCTETS };

    if (p->o.broken == B(EXT_HWID_IN_VLEK)) {
        mk_amd_ext_bytes(list, 4, 0, att_span_of(p->o.chip_id, p->amd->product == MK_AMD_TURIN ? 8 : 64));
        return true;
    }
    if (!e || e->len > 64)
        return false;
    wrapped[1] = (uint8_t)(e->len - (p->o.broken == B(EXT_HWID_WRAPPED_SHORT) ? 1 : 0));
    memcpy(wrapped + 2, e->value, e->len);
    switch (p->o.broken) {
    case B(EXT_HWID_SHORT):
        e->len--;
        return true;
    case B(EXT_HWID_LONG):
        e->value[e->len++] = 0;
        return true;
    case B(EXT_HWID_TWICE):
        mk_amd_ext_bytes(list, 4, 0, att_span_of(e->value, e->len));
        list->ext[list->count - 1].value[0] ^= 1;
        return true;
    case B(EXT_HWID_WRAPPED):
    case B(EXT_HWID_WRAPPED_SHORT):
        return set_bytes(p, 4, 0, att_span_of(wrapped, 2 + e->len));
    default:
        return false;
    }
}

static bool break_spl(struct mk_snp_plan *p)
{
    const struct mk_snp_tcb *t = &p->o.reported;
    const uint8_t negative[] = { TAG_INTEGER, 1, t->microcode }, empty[] = { TAG_INTEGER, 0 };
    const uint8_t zero_first[] = { TAG_INTEGER, (uint8_t)(t->snp < 0x80 ? 2 : 3), 0,
                                   t->snp < 0x80 ? t->snp : 0, t->snp };
    const uint8_t octets[] = { TAG_OCTETS, 1, t->bootloader };
    struct mk_amd_ext_list one = { 0 };
    struct mk_amd_ext *e = mk_amd_ext_find(&p->leaf.ext, 3, 1);

    switch (p->o.broken) {
    case B(EXT_VERSION_OTHER):
        return set_bytes(p, 1, 0, att_span_of((const uint8_t[]){ TAG_INTEGER, 1, 2 }, 3));
    case B(EXT_SPL_TWICE):
        mk_amd_ext_number(&p->leaf.ext, 3, 3, t->snp - 1u);
        return true;
    case B(EXT_SPL_LARGE):
        mk_amd_ext_number(&one, 3, 3, 256u + t->snp);
        return set_bytes(p, 3, 3, att_span_of(one.ext[0].value, one.ext[0].len));
    case B(EXT_SPL_NEGATIVE):
        return set_bytes(p, 3, 8, att_span_of(negative, sizeof negative));
    case B(EXT_SPL_LEADING_ZERO):
        return set_bytes(p, 3, 3, att_span_of(zero_first, 2u + zero_first[1]));
    case B(EXT_SPL_EMPTY):
        return set_bytes(p, 3, 2, att_span_of(empty, sizeof empty));
    case B(EXT_SPL_TYPE):
        return set_bytes(p, 3, 1, att_span_of(octets, sizeof octets));
    case B(EXT_SPL_TRAILING):
        e->value[e->len++] = 0;
        return true;
    default:
        return false;
    }
}

bool mk_snp_break_extensions(struct mk_snp_plan *p)
{
    return break_missing(p) || break_product(p) || break_spl(p) || break_hwid(p);
}
