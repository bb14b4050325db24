#include "base/err.h"
#include "makers/plan.h"

const struct mk_break_row mk_breaks[MK_BREAK_COUNT] = {
    [MK_BREAK_NONE] = { .name = "none",
                        .words = "nothing is wrong",
                        .scope = MK_IN_TCB,
                        .sgx = true,
                        .tdx = true },
#define ROW(id_, name_, scope_, version, code, also, words_, ...)                                            \
    [MK_BREAK_##id_] = { .id = MK_BREAK_##id_,                                                               \
                         .name = name_,                                                                      \
                         .words = words_,                                                                    \
                         .scope = MK_IN_##scope_,                                                            \
                         .quote_version = version,                                                           \
                         .expected_code = ATT_##code,                                                        \
                         .also_code = ATT_##also,                                                            \
                         __VA_ARGS__ },
#define X(...) ROW(__VA_ARGS__, .sgx = true, .tdx = true)
#define S(...) ROW(__VA_ARGS__, .sgx = true)
#define T(...) ROW(__VA_ARGS__, .tdx = true)
#define R(...) ROW(__VA_ARGS__, .tdx = true, .td_15 = true)
#include "makers/breaks.def"
#undef R
#undef T
#undef S
#undef X
#undef ROW
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
        mk_break_quote,    mk_break_td,        mk_break_lengths,     mk_break_oe,
        mk_break_chain,    mk_break_extension, mk_break_crl,         mk_break_issuer_chain,
        mk_break_tcb_info, mk_break_modules,   mk_break_qe_identity, mk_break_edges,
    };

    if (p->o.broken == MK_BREAK_NONE || mk_breaks[p->o.broken].scope == MK_IN_TCB)
        return true; /* levels were moved before the plan was made */
    for (size_t i = 0; i < sizeof breakers / sizeof breakers[0]; i++)
        if (breakers[i](p))
            return true;
    return att_fail(err, ATT_PARAMETER_INVALID, "broken", "a break that these options leave room for", "%s",
                    mk_breaks[p->o.broken].name);
}
