#include "evidence/guest/verifier.h"

#include "evidence/guest/guest.h"

const struct att_verifier guest_verifier = {
    .name = GUEST_EVIDENCE_TYPE,
    .attestation_type = GUEST_ATTESTATION_TYPE,
    .parse = guest_parse,
    .verify = guest_verify,
    .claims = guest_claims,
    .describe = guest_describe,
    .destroy = guest_destroy,
};
