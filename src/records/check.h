/* records/check.h - a journal read again: does its chain hold, and what is in it.
 *
 * Found are a changed byte, lines that are missing, added or in another order, a segment that is gone, half a line at the end of
 * one. Not found without `expect`: that lines were cut off at the very end, or that the last line was changed - nothing stands
 * behind it yet - or that all was written anew: no key is in this. Who keeps number and hash of a last line elsewhere finds
 * these too.
 *
 * Reads only; a server may be writing: what it adds meanwhile may show as half a line.
 */
#ifndef RECORDS_CHECK_H
#define RECORDS_CHECK_H

#include <attest/error.h>

struct records_check {
    uint64_t expect_seq; /* 0: nothing is expected */
    const char *expect_hash;
    /* Each line, without its end, after its place in the chain was checked; may be NULL. */
    bool (*each)(void *ctx, uint64_t seq, struct att_span line, struct att_err *err);
    void *ctx;
};

struct records_checked {
    uint64_t first_seq, last_seq; /* 0: there is none */
    char last_hash[65];
    uint64_t segments;
    uint64_t removed_to; /* what retention has removed ends with this number; 0: nothing */
    bool unreadable;     /* false was given because something could not be read, not because it is wrong */
    uint64_t begun, repaired, lost, cut_lines; /* what the journal says about itself */
};

/* True: the chain holds. False: `ret` says how far it did, and err which segment and line did not. IO_FAILED. */
ATT_CHECK bool records_check(const char *dir, const struct records_check *check, struct records_checked *ret,
                             struct att_err *err);

#endif
