/* makers/vendor.h - what a made-up Intel publishes: one item each, as its provisioning service would answer.
 *
 * For fakes of such a service. An item belongs to the same hardware as the evidence of sgx.h and tdx.h, and is good for it when
 * FMSPC and levels are; the defaults are theirs.
 *
 * Example: TCB info of TDX, of evaluation set 18, issued an hour ago
 *
 *     struct mk_vendor_options o;
 *     struct mk_published item = { 0 };
 *
 *     mk_vendor_defaults(&o, ATT_TEE_TDX, now_unix_s);
 *     o.dcap.evaluation_number = 18;
 *     o.issued_unix_s = now_unix_s - 3600;
 *     if (!mk_vendor_tcb_info(hw, &o, &item, &err))
 *         return false;
 *     ... item.body: the answer; item.chain: PEM, what the header TCB-Info-Issuer-Chain carries URL-encoded ...
 *     mk_published_free(&item);
 *
 * Ownership: the options are borrowed for the call, the caller frees what was published. Errors: PARAMETER_INVALID names
 * the option; CRYPTO_FAILED, OUT_OF_MEMORY. Units: seconds since 1970-01-01T00:00:00Z.
 */
#ifndef MAKERS_VENDOR_H
#define MAKERS_VENDOR_H

#include "makers/tdx.h"

#define MK_NUMBERS_MAX 8
struct mk_tcb_number {
    uint32_t number;
    const char *recovery_event_date; /* YYYY-MM-DDThh:mm:ssZ */
    const char *tcb_date;
};

struct mk_vendor_options {
    enum att_tee tee; /* of TCB info, QE identity, numbers */
    /* Read of it: at_unix_s, ca (of the PCK CRL), FMSPC and PCEID, evaluation_number, the levels. */
    struct mk_dcap_options dcap;
    struct mk_tdx_tcb tdx; /* TCB info of TDX */
    int64_t issued_unix_s; /* issueDate, thisUpdate: a day before `at` */
    int64_t next_unix_s;   /* nextUpdate: 29 days behind it */
    struct mk_tcb_number numbers[MK_NUMBERS_MAX];
    size_t number_count;
    const uint8_t *revoked; /* CRLs: a serial of 20 bytes; NULL: none */
    bool other_key;         /* signed by a key that is not the issuer's */
};
void mk_vendor_defaults(struct mk_vendor_options *ret, enum att_tee tee, int64_t at_unix_s);

struct mk_published {
    struct att_buf body;  /* JSON envelope, or DER of a list */
    struct att_buf chain; /* PEM: the issuer, then the root */
};
void mk_published_free(struct mk_published *item); /* also for { 0 } */

ATT_CHECK bool mk_vendor_tcb_info(const struct mk_hardware *hw, const struct mk_vendor_options *o,
                                  struct mk_published *ret, struct att_err *err);
ATT_CHECK bool mk_vendor_qe_identity(const struct mk_hardware *hw, const struct mk_vendor_options *o,
                                     struct mk_published *ret, struct att_err *err);
/* The document that says which evaluation sets there are. */
ATT_CHECK bool mk_vendor_tcb_numbers(const struct mk_hardware *hw, const struct mk_vendor_options *o,
                                     struct mk_published *ret, struct att_err *err);
ATT_CHECK bool mk_vendor_pck_crl(const struct mk_hardware *hw, const struct mk_vendor_options *o,
                                 struct mk_published *ret, struct att_err *err);
/* The chain is the root alone. */
ATT_CHECK bool mk_vendor_root_crl(const struct mk_hardware *hw, const struct mk_vendor_options *o,
                                  struct mk_published *ret, struct att_err *err);

#endif
