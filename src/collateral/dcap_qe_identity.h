/* collateral/dcap_qe_identity.h - Intel QE identity, version 2: which quoting enclave may sign, and how good
 * it is. */
#ifndef COLLATERAL_DCAP_QE_IDENTITY_H
#define COLLATERAL_DCAP_QE_IDENTITY_H

#include "collateral/dcap_levels.h"

enum dcap_qe_id { DCAP_QE, DCAP_TD_QE, DCAP_QVE, DCAP_QE_OTHER };

struct dcap_qe_identity {
    enum dcap_qe_id id;
    int64_t issued_unix_s;
    int64_t next_unix_s;
    uint32_t evaluation_number;
    uint32_t miscselect;
    uint32_t miscselect_mask;
    uint8_t attributes[16];
    uint8_t attributes_mask[16];
    uint8_t mrsigner[32];
    uint16_t isvprodid;
    const struct dcap_svn_level *levels; /* highest ISVSVN first */
    size_t level_count;
};

/* "QE", "TD_QE", "QVE", "other" */
const char *dcap_qe_id_name(enum dcap_qe_id id);
/* `body` is the value of "enclaveIdentity". */
ATT_CHECK bool dcap_qe_identity_read(const struct att_json *j, att_json_id body, struct att_arena *scratch,
                                     struct att_arena *keep, struct dcap_qe_identity *ret,
                                     struct att_err *err);

#endif
