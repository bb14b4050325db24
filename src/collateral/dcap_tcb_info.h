/* collateral/dcap_tcb_info.h - Intel TCB info, versions 2 and 3: which component versions give which status.
 */
#ifndef COLLATERAL_DCAP_TCB_INFO_H
#define COLLATERAL_DCAP_TCB_INFO_H

#include "collateral/dcap_levels.h"

enum dcap_tee { DCAP_SGX, DCAP_TDX };

struct dcap_tcb_level {
    uint8_t components[16];
    uint16_t pcesvn;
    struct dcap_verdict_of_level verdict;
};

struct dcap_tcb_info {
    enum dcap_tee tee;
    uint32_t version;
    int64_t issued_unix_s;
    int64_t next_unix_s;
    uint8_t fmspc[6];
    uint8_t pceid[2];
    uint32_t evaluation_number;
    const struct dcap_tcb_level *levels; /* best first, see the .c file */
    size_t level_count;
};

/* `body` is the value of "tcbInfo". */
ATT_CHECK bool dcap_tcb_info_read(const struct att_json *j, att_json_id body, struct att_arena *scratch,
                                  struct att_arena *keep, struct dcap_tcb_info *ret, struct att_err *err);

#endif
