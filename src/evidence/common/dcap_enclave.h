/* evidence/common/dcap_enclave.h - the SGX enclave report body, 384 bytes: of the attested enclave, and of the quoting
 * enclave. Spec: Intel SDM vol. 3D, "REPORT"; the KSS fields lie in what older texts call reserved. Reserved bytes are
 * not compared with zero: they are signed, and later CPUs use them. */
#ifndef EVIDENCE_COMMON_DCAP_ENCLAVE_H
#define EVIDENCE_COMMON_DCAP_ENCLAVE_H

#include <attest/span.h>

enum {
    DCAP_ATTRIBUTE_DEBUG = 0x02, /* of the first byte of ATTRIBUTES */
    DCAP_ATTRIBUTE_KSS = 0x80,
};

struct dcap_enclave {
    struct att_span cpusvn; /* 16 */
    uint32_t miscselect;
    struct att_span miscselect_bytes;
    struct att_span ext_prod_id; /* 16, KSS */
    struct att_span attributes;  /* 16 */
    struct att_span mrenclave;   /* 32 */
    struct att_span mrsigner;    /* 32 */
    struct att_span config_id;   /* 64, KSS */
    uint16_t prod_id;
    uint16_t svn;
    uint16_t config_svn;         /* KSS */
    struct att_span family_id;   /* 16, KSS */
    struct att_span report_data; /* 64 */
    bool debug;
    bool kss;
};

/* `body` is 384 bytes, which the caller has made sure of. */
struct dcap_enclave dcap_enclave_read(struct att_span body);

#endif
