#include "base/err.h"
#include "makers/plan.h"

const struct mk_break_row mk_breaks[MK_BREAK_COUNT] = {
    [MK_BREAK_NONE] = { MK_BREAK_NONE, "none", "nothing is wrong", MK_IN_TCB, 0, ATT_OK, ATT_OK },
#define X(id, name, scope, version, code, also, words)                                                       \
    [MK_BREAK_##id] = { MK_BREAK_##id, name, words, MK_IN_##scope, version, ATT_##code, ATT_##also },
#include "makers/breaks.def"
#undef X
};

const struct mk_break_row *mk_break_by_name(const char *name)
{
    for (size_t i = 0; i < MK_BREAK_COUNT; i++)
        if (strcmp(mk_breaks[i].name, name) == 0)
            return &mk_breaks[i];
    return NULL;
}

const char *mk_scope_name(enum mk_scope scope)
{
    static const char *const names[] = {
        [MK_IN_QUOTE] = "quote", [MK_IN_REPORT] = "report",         [MK_IN_DATA] = "data",
        [MK_IN_CHAIN] = "chain", [MK_IN_COLLATERAL] = "collateral", [MK_IN_TCB] = "tcb",
        [MK_IN_TIME] = "time",
    };
    return (size_t)scope < sizeof names / sizeof names[0] ? names[scope] : "unknown";
}

bool mk_plan_break(struct mk_plan *p, struct att_err *err)
{
    static bool (*const breakers[])(struct mk_plan *) = {
        mk_break_quote, mk_break_lengths,      mk_break_oe,       mk_break_chain,       mk_break_extension,
        mk_break_crl,   mk_break_issuer_chain, mk_break_tcb_info, mk_break_qe_identity, mk_break_edges,
    };

    if (p->o.broken == MK_BREAK_NONE || mk_breaks[p->o.broken].scope == MK_IN_TCB)
        return true; /* levels were moved before the plan was made */
    for (size_t i = 0; i < sizeof breakers / sizeof breakers[0]; i++)
        if (breakers[i](p))
            return true;
    return att_fail(err, ATT_PARAMETER_INVALID, "broken", "a break that these options leave room for", "%s",
                    mk_breaks[p->o.broken].name);
}
