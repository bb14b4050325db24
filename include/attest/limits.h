/* attest/limits.h - every bound that hostile input meets, by name and unit.
 *
 * A NULL limits pointer means att_limits_default. Tests lower them; a deployment may. They bound memory and
 * work, they never change a verdict into "yes": what exceeds a limit is refused and told which one.
 */
#ifndef ATTEST_LIMITS_H
#define ATTEST_LIMITS_H

#include <attest/span.h>

#ifdef __cplusplus
extern "C" {
#endif

struct att_limits {
    size_t quote_bytes_max;        /* one quote, OE header included */
    size_t cert_chain_bytes_max;   /* PEM text of a certificate chain */
    size_t cert_bytes_max;         /* DER of one certificate */
    size_t runtime_data_bytes_max; /* runtime or init-time data, decoded */
    size_t collateral_bytes_max;   /* one TCB info, QE identity or CRL */
    size_t json_depth_max;         /* nesting of one JSON text */
    size_t json_nodes_max;         /* values in one JSON text */
    size_t der_depth_max;          /* nesting that the DER reader follows */
    size_t policy_bytes_max;       /* policy text */
    size_t policy_rules_max;       /* rules in all sections together */
    size_t policy_conditions_max;  /* conditions of one rule */
    size_t policy_steps_max;       /* work of one evaluation: claims compared, values made */
    size_t policy_claims_max;      /* claims an evaluation may hold */
    size_t token_bytes_max;        /* one compact JWS */
    size_t arena_bytes_max;        /* all memory of one attestation */
};

extern ATT_API const struct att_limits att_limits_default;

#ifdef __cplusplus
}
#endif
#endif
