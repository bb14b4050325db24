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
    uint32_t evaluation_number; /* exactly this one; 0: the current set */
};

struct dcap_picked {
    const struct dcap_bundle *bundle; /* TCB info, QE identity, root CRL */
    const struct dcap_crl *pck_crl;   /* of the wanted CA; from another bundle when that one has it */
};

/* COLLATERAL_MISSING when nothing fits (a sole bundle does, but for its evaluation set), with what is missing;
 * TCB_EVAL_NUMBER_TOO_LOW when there are only sets below the wanted number, or below the highest that was ever current.
 * What was picked may still carry refusals. Borrowed from the snapshot. `c` may be NULL: there is nothing. */
ATT_CHECK bool att_collateral_pick(const struct att_collateral *c, const struct dcap_wanted *wanted,
                                   struct dcap_picked *ret, struct att_collateral_want *ret_missing,
                                   struct att_err *err);

/* The first part of what was picked that is not there, in the order in which a verifier asks for them; kind NONE: all are. */
struct att_collateral_want att_collateral_absent(const struct dcap_wanted *wanted,
                                                 const struct dcap_picked *picked);

/* The newest early set of this platform with a number above `above`; NULL: there is none. For foresight, never for a
 * verdict. It may carry refusals. `c` may be NULL. */
const struct dcap_bundle *att_collateral_early(const struct att_collateral *c,
                                               const struct dcap_wanted *wanted, uint32_t above);

/* The newest list of the authority `ark` (same name and key) for that kind of signer. NULL: none is configured, and
 * revocation is not looked at. One that was refused is returned with its refusal when there is no usable one: whoever asks
 * fails closed with it. So is one whose issuer could not be read, for whoever it may have been meant. `c` may be NULL. */
const struct amd_crl *att_collateral_amd_crl(const struct att_collateral *c, const struct att_cert *ark,
                                             enum att_amd_signer signer);

/* May an item whose window ended at `to` still be used at `now`? Under grace `age` keeps the longest time past the end. */
static inline bool att_collateral_fresh(int64_t to, int64_t now, uint32_t grace_s, uint32_t *age)
{
    if (now <= to)
        return true;
    uint64_t past = (uint64_t)now - (uint64_t)to; /* cannot wrap: now is the greater one */
    if (past > grace_s)
        return false;
    if (past > *age)
        *age = (uint32_t)past;
    return true;
}

#endif
