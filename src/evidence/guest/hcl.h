/* evidence/guest/hcl.h - the report of Azure's paravisor (HCL), as a guest reads it from NV index 0x01400001 of its vTPM.
 *
 * Little-endian; a head, the hardware's report, what was asked for, runtime claims as JSON, then padding. Head and request are
 * covered by no signature: only the hardware's report is, and through its report data the runtime claims.
 */
#ifndef EVIDENCE_GUEST_HCL_H
#define EVIDENCE_GUEST_HCL_H

#include <attest/error.h>

enum {
    HCL_HEAD_BYTES = 32,
    HCL_HW_BYTES = 1184,
    HCL_REQUEST_BYTES = 20,
    HCL_RUNTIME_AT = HCL_HEAD_BYTES + HCL_HW_BYTES + HCL_REQUEST_BYTES,
    HCL_TDREPORT_BYTES = 1024,
    HCL_REPORT_DATA_BYTES = 64,
    HCL_HASH_BYTES = 32,
};
enum hcl_kind { HCL_SNP = 2, HCL_TDX = 4 }; /* report_type */
enum { HCL_HASH_SHA256 = 1 };

struct hcl_report {
    uint32_t version; /* 1, 2 */
    uint32_t report_size;
    uint32_t request_type;
    uint32_t status;
    uint32_t data_size;
    uint32_t data_version;
    enum hcl_kind kind;
    uint32_t hash_type;          /* 1: SHA-256 */
    struct att_span hw_report;   /* SNP: its 1184 bytes; TDX: the TDREPORT, 1024 */
    struct att_span report_data; /* 64, inside of it */
    struct att_span runtime;     /* the claims as they were hashed */
};

/* HCL_MALFORMED. */
ATT_CHECK bool hcl_read(struct att_span bytes, struct hcl_report *ret, struct att_err *err);

#endif
