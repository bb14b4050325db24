#include "base/err.h"
#include "makers/snp_plan.h"

const struct mk_snp_break_row mk_snp_breaks[MK_SNP_BREAK_COUNT] = {
    [MK_SNP_BREAK_NONE] = { MK_SNP_BREAK_NONE, "none", "nothing is wrong", MK_SNP_IN_REPORT, MK_SNP_NEEDS_ANY,
                            ATT_OK, ATT_OK },
#define X(id, name, scope, needs, code, also, words)                                                         \
    [MK_SNP_BREAK_##id] = { MK_SNP_BREAK_##id,    name,       words,     MK_SNP_IN_##scope,                  \
                            MK_SNP_NEEDS_##needs, ATT_##code, ATT_##also },
#include "makers/snp_breaks.def"
#undef X
};

const struct mk_snp_break_row *mk_snp_break_by_name(const char *name)
{
    for (size_t i = 0; i < MK_SNP_BREAK_COUNT; i++)
        if (strcmp(mk_snp_breaks[i].name, name) == 0)
            return &mk_snp_breaks[i];
    return NULL;
}

const char *mk_snp_scope_name(enum mk_snp_scope scope)
{
    static const char *const names[] = {
        [MK_SNP_IN_REPORT] = "report", [MK_SNP_IN_CHAIN] = "chain", [MK_SNP_IN_TABLE] = "table",
        [MK_SNP_IN_CRL] = "crl",       [MK_SNP_IN_DATA] = "data",   [MK_SNP_IN_TIME] = "time",
    };
    return (size_t)scope < sizeof names / sizeof names[0] ? names[scope] : "unknown";
}

bool mk_snp_break_fits(enum mk_snp_break broken, enum mk_amd_product product)
{
    if ((size_t)broken >= MK_SNP_BREAK_COUNT)
        return false;
    enum mk_snp_needs needs = mk_snp_breaks[broken].needs;
    return needs != MK_SNP_NEEDS_TURIN || product == MK_AMD_TURIN;
}

bool mk_snp_plan_break(struct mk_snp_plan *p, struct att_err *err)
{
    static bool (*const breakers[])(struct mk_snp_plan *) = {
        mk_snp_break_report, mk_snp_break_binding,    mk_snp_break_chain, mk_snp_break_issuers,
        mk_snp_break_dates,  mk_snp_break_extensions, mk_snp_break_crl,
    };
    const struct mk_snp_break_row *row = &mk_snp_breaks[p->o.broken];

    if (row->id == MK_SNP_BREAK_NONE || row->scope == MK_SNP_IN_TABLE)
        return true; /* offsets in the table are known when it is written */
    for (size_t i = 0; i < sizeof breakers / sizeof breakers[0]; i++)
        if (breakers[i](p))
            return true;
    return att_fail(err, ATT_PARAMETER_INVALID, "broken", "a break that these options leave room for", "%s",
                    row->name);
}
