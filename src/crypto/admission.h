/* crypto/admission.h - which keys are worth a table: how often each was used lately, and what making tables may cost.
 *
 * Uses are counted in a sketch of fixed size (count-min, raised conservatively): an estimate is never below the
 * truth, and nearly always it is the truth. From time to time all counts are halved, so that what was used last week
 * does not keep out what is used today. Knows nothing of keys, memory or locks; the caller has the lock.
 *
 * Costs are counted in verifications. Making a table costs about 3.5 of them and each use of it saves more than half of
 * one, so a key that comes again pays for its table soon. Many keys of which none stands out would pay for tables that
 * are replaced before they are used. Two rules are against that: a table is replaced only for a key that is used
 * clearly more often, and there is one table for every ATT_TABLE_EVERY verifications at most, besides
 * ATT_TABLES_AT_ONCE in advance: 3.6 % of the time in the worst case.
 */
#ifndef CRYPTO_ADMISSION_H
#define CRYPTO_ADMISSION_H

#include <stdbool.h>
#include <stdint.h>

enum {
    ATT_USES_FOR_TABLE = 3, /* a key's third use gives it a table */
    ATT_TABLE_EVERY = 96,   /* verifications */
    ATT_TABLES_AT_ONCE = 128,
    ATT_USES_ROWS = 4,
    ATT_USES_COLUMNS = 1 << 14,
    ATT_USES_HALVED_EVERY = 1 << 18, /* verifications: 26 uses of each of 10,000 keys */
};

/* All zero but for the credit: att_admission_init. */
struct att_admission {
    uint32_t credit; /* in verifications */
    uint32_t since;  /* uses since the counts were halved */
    uint16_t counts[ATT_USES_ROWS][ATT_USES_COLUMNS];
};

/* `a` is zeroed. */
void att_admission_init(struct att_admission *a);
/* One use, of a key with or without table. `id` is a number that differs between keys; some 64 bits of the key will do.
 * Returns what att_admission_uses then says. */
unsigned att_admission_use(struct att_admission *a, uint64_t id);
unsigned att_admission_uses(const struct att_admission *a, uint64_t id);
/* May the one with `candidate` uses take the place of the one with `resident` uses? */
bool att_admission_replaces(unsigned candidate, unsigned resident);
/* May a table be made now? */
bool att_admission_affords(const struct att_admission *a);
/* It is made. Only after att_admission_affords. */
void att_admission_pay(struct att_admission *a);

#endif
