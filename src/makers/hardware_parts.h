/* makers/hardware_parts.h - the inside of struct mk_hardware. Private to makers. */
#ifndef MAKERS_HARDWARE_PARTS_H
#define MAKERS_HARDWARE_PARTS_H

#include "makers/hardware.h"
#include "makers/pki.h"

/* The first MK_CERT_COUNT keys have a certificate that lives as long as the vendor. */
enum mk_key {
    MK_KEY_ROOT,
    MK_KEY_PROCESSOR_CA,
    MK_KEY_PLATFORM_CA,
    MK_KEY_TCB_SIGNING,
    MK_CERT_COUNT,
    MK_KEY_PCK = MK_CERT_COUNT,
    MK_KEY_ATTESTATION,
    MK_KEY_COUNT
};

#define MK_CN_ROOT         "Intel SGX Root CA"
#define MK_CN_PROCESSOR_CA "Intel SGX PCK Processor CA"
#define MK_CN_PLATFORM_CA  "Intel SGX PCK Platform CA"
#define MK_CN_TCB_SIGNING  "Intel SGX TCB Signing"
#define MK_CN_PCK          "Intel SGX PCK Certificate"

struct mk_hardware {
    EVP_PKEY *key[MK_KEY_COUNT];
    X509 *cert[MK_CERT_COUNT];
    int64_t not_before[MK_CERT_COUNT], not_after[MK_CERT_COUNT];
    EVP_PKEY *stranger; /* signs where the right key should have; never saved */
};

/* Names of files without their endings: "root_ca", ... */
const char *mk_key_file(enum mk_key key);
/* Description of the vendor's certificate as it stands, for a certificate that differs in one thing. */
ATT_CHECK bool mk_hardware_cert_spec(const struct mk_hardware *hw, enum mk_key which,
                                     struct mk_cert_spec *ret, struct att_err *err);
/* From loaded parts: checks that they belong together, reads the dates, makes the stranger. */
ATT_CHECK bool mk_hardware_adopt(struct mk_hardware *hw, struct att_err *err);

#endif
