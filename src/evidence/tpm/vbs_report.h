/* evidence/tpm/vbs_report.h - the report of a VBS enclave: header, signed statement, signature. Little-endian.
 *
 * Spec: Microsoft Learn, ntenclv.h: VBS_ENCLAVE_REPORT_PKG_HEADER, VBS_ENCLAVE_REPORT, ENCLAVE_IDENTITY,
 * VBS_ENCLAVE_REPORT_VARDATA_HEADER, VBS_ENCLAVE_REPORT_MODULE.
 */
#ifndef EVIDENCE_TPM_VBS_REPORT_H
#define EVIDENCE_TPM_VBS_REPORT_H

#include <attest/error.h>

enum { VBS_DATA_BYTES = 64 };

struct vbs_report {
    struct att_span statement; /* what is signed */
    struct att_span signature;
    struct att_span enclave_data;
    struct att_span owner_id, unique_id, author_id; /* 32 bytes */
    struct att_span family_id, image_id;            /* 16 bytes */
    uint32_t enclave_svn, secure_kernel_svn, platform_svn;
    uint32_t flags; /* 1 full debug, 2 dynamic debug enabled, 4 dynamic debug active */
    uint32_t signing_level;
    size_t module_count; /* beside the primary one */
};
/* VBS_REPORT_MALFORMED. Points into the bytes. */
ATT_CHECK bool vbs_report_read(struct att_span bytes, struct vbs_report *ret, struct att_err *err);

#endif
