/* collateral/dcap_tcb_info.h - Intel TCB info, versions 2 and 3: which component versions give which status; for TDX also
 * which modules there are. */
#ifndef COLLATERAL_DCAP_TCB_INFO_H
#define COLLATERAL_DCAP_TCB_INFO_H

#include "collateral/dcap_levels.h"

enum dcap_tee { DCAP_SGX, DCAP_TDX };

struct dcap_tcb_level {
    uint8_t components[16];
    uint16_t pcesvn;
    uint8_t tdx_components[16]; /* TDX; zero elsewhere */
    struct dcap_verdict_of_level verdict;
};

enum { DCAP_TDX_MODULES_MAX = 64 }; /* Intel's files have two */

/* Who signed a TDX module, and what it may be. */
struct dcap_tdx_module {
    uint8_t mrsigner[48];
    uint8_t attributes[8];
};

/* One major version of the module, with levels of its own. */
struct dcap_tdx_module_identity {
    uint8_t version; /* of "TDX_03": 3 */
    struct dcap_tdx_module module;
    const struct dcap_svn_level *levels; /* highest ISVSVN first */
    size_t level_count;
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
    struct dcap_tdx_module tdx_module; /* TDX: of modules without a major version of their own */
    const struct dcap_tdx_module_identity *modules;
    size_t module_count;
};

/* NULL when the document does not name this version. */
const struct dcap_tdx_module_identity *dcap_tdx_module_of(const struct dcap_tcb_info *info, uint8_t version);

/* `body` is the value of "tcbInfo". */
ATT_CHECK bool dcap_tcb_info_read(const struct att_json *j, att_json_id body, struct att_arena *scratch,
                                  struct att_arena *keep, struct dcap_tcb_info *ret, struct att_err *err);

#endif
