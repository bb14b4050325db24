#include "crypto/admission.h"

enum {
    CREDIT_MAX = ATT_TABLES_AT_ONCE * ATT_TABLE_EVERY,
    COLUMN_SHIFT = 64 - 14, /* the upper bits of a product are the well-mixed ones */
};
_Static_assert(ATT_USES_COLUMNS == 1 << (64 - COLUMN_SHIFT), "columns are picked by that many bits");

static unsigned column(unsigned row, uint64_t id)
{
    static const uint64_t odd[ATT_USES_ROWS] = { 0x9e3779b97f4a7c15U, 0xbf58476d1ce4e5b9U,
                                                 0x94d049bb133111ebU, 0xd6e8feb86659fd93U };
    uint64_t mixed = (id ^ id >> 32) * odd[row];

    return (unsigned)(mixed >> COLUMN_SHIFT);
}

void att_admission_init(struct att_admission *a)
{
    a->credit = CREDIT_MAX;
}

unsigned att_admission_uses(const struct att_admission *a, uint64_t id)
{
    unsigned least = UINT16_MAX;

    for (unsigned row = 0; row < ATT_USES_ROWS; row++) {
        unsigned count = a->counts[row][column(row, id)];
        least = count < least ? count : least;
    }
    return least;
}

static void halve(struct att_admission *a)
{
    for (unsigned row = 0; row < ATT_USES_ROWS; row++)
        for (unsigned i = 0; i < ATT_USES_COLUMNS; i++)
            a->counts[row][i] /= 2;
}

unsigned att_admission_use(struct att_admission *a, uint64_t id)
{
    if (a->credit < CREDIT_MAX)
        a->credit++;
    if (++a->since >= ATT_USES_HALVED_EVERY) {
        a->since = 0;
        halve(a);
    }
    unsigned before = att_admission_uses(a, id);
    if (before == UINT16_MAX)
        return before;
    /* Only the cells that say the least: the others already stand for somebody else as well. */
    for (unsigned row = 0; row < ATT_USES_ROWS; row++) {
        uint16_t *count = &a->counts[row][column(row, id)];
        if (*count == before)
            (*count)++;
    }
    return before + 1;
}

bool att_admission_replaces(unsigned candidate, unsigned resident)
{
    /* Twice as often, and a little more where numbers are small and say little. */
    return candidate >= ATT_USES_FOR_TABLE && candidate > 2 * resident + 2;
}

bool att_admission_affords(const struct att_admission *a)
{
    return a->credit >= ATT_TABLE_EVERY;
}

void att_admission_pay(struct att_admission *a)
{
    a->credit -= ATT_TABLE_EVERY;
}
