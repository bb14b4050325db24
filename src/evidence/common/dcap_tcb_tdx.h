/* evidence/common/dcap_tcb_tdx.h - what TDX adds to levels: the module has an identity and levels of its own, and a machine
 * may run a newer module than the one a TD was launched under. */
#ifndef EVIDENCE_COMMON_DCAP_TCB_TDX_H
#define EVIDENCE_COMMON_DCAP_TCB_TDX_H

#include "evidence/common/dcap_tcb.h"

struct dcap_module {
    enum att_tcb_status status; /* UNKNOWN: not one that the TCB info names, or below all its levels */
    const struct dcap_tdx_module_identity *identity; /* NULL: no such, or a module without a version */
    const struct dcap_svn_level *level;              /* NULL: none reached, or no identity */
};

struct dcap_module dcap_module_of(const struct dcap_tcb_info *info, const struct dcap_measured_td *td);

/* First TDX component that counts: a module with a major version has levels of its own for the first two. */
size_t dcap_tdx_components_from(const struct dcap_measured_td *td);

/* `combined`, or what it becomes when only a relaunch of the TD is missing. The caller has made sure that the quoting
 * enclave is up to date. `sgx` is the status of the level without TDX components. */
enum att_tcb_status dcap_relaunch(const struct dcap_tcb_info *info, const struct dcap_measured_td *td,
                                  enum att_tcb_status sgx, enum att_tcb_status module,
                                  enum att_tcb_status combined);

#endif
