/* eventlog/stand.h - where an event of a kind may stand, since its type is covered by no digest (attack E-n).
 *
 * Whoever writes the log chooses types and may spoil bodies; what he cannot do is change digests of proven registers or their
 * order inside one register. So what counts is found by digests alone: the separator with which firmware ends its part of
 * register 7, and the one ("WBCL") with which Windows' loader ends its part of registers 11 to 14. What stands behind them, an operating
 * system or its administrator may have measured.
 */
#ifndef EVENTLOG_STAND_H
#define EVENTLOG_STAND_H

#include "eventlog/body.h"
#include "eventlog/efi.h"
#include "eventlog/sipa.h"

struct stand {
    const struct log_env *env;
    const struct log_events *set;
    const struct log_proven *proven;
    struct sipa_items items; /* of the body that was asked for last */
    size_t
        firmware_end; /* index of the event that ends register 7; 0: nothing does, nothing is the firmware's */
    size_t windows_end[LOG_PCRS]; /* index, or the number of all events */
    unsigned named;               /* bit enum efi_secure: the firmware measured it, covered */
    /* Somewhere in register 7 the firmware said that Secure Boot is off (that body is always the same, so its digest shows it), and the
     * log does not: then the log's word that it is on is worth nothing. */
    bool off_hidden;
    /* In register 12 or 13 something is not covered, or is not what it says it is: a part of what Windows measured may be
     * hidden, and what is not there proves nothing. */
    bool hidden;
    bool failed; /* of the crypto library, in any of the questions below: what was answered does not count */
};
/* OUT_OF_MEMORY, CRYPTO_FAILED. */
ATT_CHECK bool stand_read(const struct log_env *env, const struct log_events *set,
                          const struct log_proven *proven, struct stand *ret, struct att_err *err);

/* At the end of all questions: CRYPTO_FAILED when one of them was not answered. */
ATT_CHECK bool stand_answered(const struct stand *s, struct att_err *err);

/* Does the event extend one of these registers, and did the quote prove that one? */
bool stand_in(const struct stand *s, const struct log_event *e, uint32_t pcrs);
/* Events of Windows, before the end of their register; `s->items` then holds the body. */
ATT_CHECK bool stand_windows(struct stand *s, const struct log_event *e, uint32_t pcrs);
/* A variable that may be shown; the name of a variable that is covered by its value alone is the log's word. */
ATT_CHECK bool stand_variable(struct stand *s, const struct log_event *e, struct efi_variable *ret);
/* The firmware's own word about how it checks what it starts: wholly covered, in register 7, whether before its end or behind it. */
ATT_CHECK bool stand_secure(struct stand *s, const struct log_event *e, struct efi_variable *ret,
                            bool *ret_before_end);

#endif
