/* collateral/tcb_numbers.h - Intel's list of evaluation sets: which numbers there are, and since when. Spec: PCS API v4, "Get
 * TCB Evaluation Data Numbers". */
#ifndef COLLATERAL_TCB_NUMBERS_H
#define COLLATERAL_TCB_NUMBERS_H

#include <attest/collateral.h>

#include "collateral/dcap_signed.h"

enum { TCB_NUMBERS_MAX = 256 /* Intel's longest list has 3 */ };

struct tcb_numbers {
    enum att_tee tee;
    int64_t issued_unix_s;
    int64_t next_unix_s;
    const struct att_tcb_number *numbers; /* highest first, each once */
    size_t count;                         /* not 0 */
};

extern const struct dcap_signed_kind tcb_numbers_kind;

/* `body` is the value of "tcbEvaluationDataNumbers". COLLATERAL_MALFORMED. */
ATT_CHECK bool tcb_numbers_content(const struct att_json *j, att_json_id body, struct att_arena *scratch,
                                   struct att_arena *keep, struct tcb_numbers *ret, struct att_err *err);

#endif
