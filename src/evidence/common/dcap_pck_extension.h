/* evidence/common/dcap_pck_extension.h - the SGX extension of a PCK certificate, OID 1.2.840.113741.1.13.1: what the
 * machine's processor and its firmware are. Spec: Intel SGX PCK certificate and CRL specification. */
#ifndef EVIDENCE_COMMON_DCAP_PCK_EXTENSION_H
#define EVIDENCE_COMMON_DCAP_PCK_EXTENSION_H

#include <attest/error.h>

#define DCAP_PCK_EXTENSION_OID "1.2.840.113741.1.13.1"

struct dcap_pck_extension {
    uint8_t ppid[16]; /* names one machine: never shown */
    uint8_t components[16];
    uint16_t pcesvn;
    uint8_t cpusvn[16];
    uint8_t pceid[2];
    uint8_t fmspc[6];
    uint8_t sgx_type;     /* 0 standard, 1 scalable, 2 scalable with integrity */
    bool has_instance_id; /* platform CA only, as is the configuration */
    uint8_t instance_id[16];
    bool has_configuration;
    bool dynamic_platform;
    bool cached_keys;
    bool smt_enabled;
};

/* `content` is what the extension's OCTET STRING holds. PCK_EXTENSION_MALFORMED at "<where>.<member>". Members that
 * are not known are passed over; a member that stands twice is refused. */
ATT_CHECK bool dcap_pck_extension_read(struct att_span content, const char *where,
                                       struct dcap_pck_extension *ret, struct att_err *err);

#endif
