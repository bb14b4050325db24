/* records/journal.h - the journal: every record in files whose lines are chained by hashes (segment.h). One server at a time writes a
 * folder. */
#ifndef RECORDS_JOURNAL_H
#define RECORDS_JOURNAL_H

#include "records/outlet.h"

/* Fills ops and state of the outlet: locks the folder, finds the end of the chain, cuts off what a crash has left behind it.
 * `lost` counts records that never reached the outlet: the journal says how many there were. */
ATT_CHECK bool journal_open(struct outlet *o, const struct records_options *options, atomic_ullong *lost,
                            struct att_err *err);

#endif
