/* collateral/snapshot.h - a snapshot as the verifiers see it: pick what belongs to a platform. */
#ifndef COLLATERAL_SNAPSHOT_H
#define COLLATERAL_SNAPSHOT_H

#include "collateral/amd_crl.h"
#include "collateral/dcap_bundle.h"

struct dcap_wanted {
    enum dcap_tee tee;
    const uint8_t *fmspc; /* 6 bytes */
    const struct att_cert *pck_issuer;
    int64_t now_unix_s;
};

struct dcap_picked {
    const struct dcap_bundle *bundle; /* TCB info, QE identity, root CRL */
    const struct dcap_crl *pck_crl;   /* of the wanted CA; from another bundle when that one has it */
};

/* COLLATERAL_MISSING when nothing fits (a sole bundle always does). What was picked may still carry refusals.
 * Borrowed from the snapshot. `c` may be NULL: there is nothing. */
ATT_CHECK bool att_collateral_pick(const struct att_collateral *c, const struct dcap_wanted *wanted,
                                   struct dcap_picked *ret, struct att_err *err);

/* The newest list of the authority `ark` (same name and key) for that kind of signer. NULL: none is configured, and
 * revocation is not looked at. One that was refused is returned with its refusal: whoever asks fails closed with it. `c` may be NULL. */
const struct amd_crl *att_collateral_amd_crl(const struct att_collateral *c, const struct att_cert *ark,
                                             enum att_amd_signer signer);

#endif
