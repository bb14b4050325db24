/* attest/limits.h - every bound that hostile input meets, by name and unit.
 *
 * A NULL limits pointer means att_limits_default. Tests lower them; a deployment may. They bound memory and
 * work, they never change a verdict into "yes": what exceeds a limit is refused (LIMIT_EXCEEDED, or a code of its
 * own) and told which one.
 *
 * Example: quotes of at most 16 KiB
 *     struct att_limits limits = att_limits_default;
 *     limits.quote_bytes_max = 16 * 1024;
 *     struct att_lib_options options = { .size = sizeof options, .limits = &limits };
 *     if (!att_lib_new(&options, &lib, &err)) ...                  copies the limits
 *
 * Units are in the names: bytes, nesting depth, counts. Threads: plain data.
 */
#ifndef ATTEST_LIMITS_H
#define ATTEST_LIMITS_H

#include <attest/span.h>

#ifdef __cplusplus
extern "C" {
#endif

struct att_limits {
    size_t quote_bytes_max;          /* one quote, OE header included */
    size_t cert_chain_bytes_max;     /* PEM text of a certificate chain */
    size_t cert_bytes_max;           /* DER of one certificate */
    size_t runtime_data_bytes_max;   /* runtime or init-time data, decoded */
    size_t collateral_bytes_max;     /* one TCB info, QE identity or CRL */
    size_t json_depth_max;           /* nesting of one JSON text */
    size_t json_nodes_max;           /* values in one JSON text */
    size_t der_depth_max;            /* nesting that the DER reader follows */
    size_t policy_bytes_max;         /* policy text */
    size_t policy_rules_max;         /* rules in all sections together */
    size_t policy_conditions_max;    /* conditions of one rule */
    size_t policy_steps_max;         /* work of one evaluation: claims compared, values made */
    size_t policy_claims_max;        /* claims an evaluation may hold */
    size_t policy_depth_max;         /* calls inside calls in one expression */
    size_t policy_json_bytes_max;    /* one JSON text that a policy function reads or makes */
    size_t policy_json_nodes_max;    /* values in one such text */
    size_t policy_text_bytes_max;    /* texts that functions make and claims keep, in one evaluation */
    size_t policy_work_bytes_max;    /* memory that functions work in, beside the arena of the attestation */
    size_t jmespath_bytes_max;       /* text of one query */
    size_t jmespath_depth_max;       /* nesting of a query, and of the JSON that it reads */
    size_t jmespath_steps_max;       /* work of one search that is not part of a policy's evaluation */
    size_t token_bytes_max;          /* one compact JWS */
    size_t tpm_request_bytes_max;    /* one JWS of the TPM protocol, or one guest's attestation information */
    size_t event_log_bytes_max;      /* all event logs of one attestation, decoded */
    size_t event_log_events_max;     /* events in all of them */
    size_t event_log_json_bytes_max; /* the JSON that policies see of them */
    size_t arena_bytes_max;          /* all memory of one attestation */
};

/* Generous for real evidence, small for a server; the values and why are in src/base/limits.c. */
extern ATT_API const struct att_limits att_limits_default;

#ifdef __cplusplus
}
#endif
#endif
