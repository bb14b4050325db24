/* makers/sgx.h - evidence of a made-up SGX machine, whole or with exactly one thing broken.
 *
 * For tests, for `attestctl evidence make` and for `attestd --dev`; never linked into the verifier. What is made here
 * verifies under the root of its mk_hardware and under no other.
 *
 * Example: evidence whose quote signature has one wrong bit
 *
 *     struct mk_hardware *hw;
 *     struct mk_sgx_options o;
 *     struct mk_evidence ev = { 0 };
 *
 *     if (!mk_hardware_new(now_unix_s, &hw, &err))
 *         return false;
 *     mk_sgx_defaults(&o, now_unix_s);
 *     o.broken = MK_BREAK_QUOTE_SIGNATURE;
 *     if (!mk_sgx_make(hw, &o, &ev, &err))
 *         return false;
 *     struct att_span quote = mk_item(&ev, MK_QUOTE);   // what to send
 *     enum att_code want = ev.expected_code;            // what a verifier must answer: QUOTE_SIGNATURE_INVALID
 *     mk_evidence_free(&ev);
 *     mk_hardware_free(hw);
 *
 * Ownership: spans and strings in the options are borrowed for the call; the evidence owns its bytes. Keys, serials
 * and signatures are random, so two calls differ there and nowhere else. No clock: every time is an argument.
 * Errors: PARAMETER_INVALID names the option; CRYPTO_FAILED, OUT_OF_MEMORY.
 */
#ifndef MAKERS_SGX_H
#define MAKERS_SGX_H

#include "makers/dcap.h"

/* The report body of the enclave that is attested. */
struct mk_enclave {
    uint8_t mrenclave[32];
    uint8_t mrsigner[32];
    uint16_t product_id;
    uint16_t svn;
    bool debug;
    bool kss; /* the four fields below mean something; set by itself when init-time data is given */
    uint8_t config_id[64];
    uint16_t config_svn;
    uint8_t ext_product_id[16];
    uint8_t family_id[16];
    uint32_t misc_select;
    uint64_t xfrm;
    uint8_t report_data[64]; /* bytes 0..31 are replaced by the hash when runtime data is given */
};

struct mk_sgx_options {
    union {
        struct {
#include "makers/dcap_options.def"
        };
        struct mk_dcap_options dcap; /* the same fields as one thing */
    };
    struct mk_enclave enclave;
};
/* A machine at UpToDate under the processor CA, a quote of version 3, an enclave in release mode with runtime data. */
void mk_sgx_defaults(struct mk_sgx_options *ret, int64_t at_unix_s);

ATT_CHECK bool mk_sgx_make(const struct mk_hardware *hw, const struct mk_sgx_options *options,
                           struct mk_evidence *ret, struct att_err *err);

#endif
