#include <attest/limits.h>

const struct att_limits att_limits_default = {
    .quote_bytes_max = (size_t)64 * 1024,         /* real quotes: 4.6 to 8 kB */
    .cert_chain_bytes_max = (size_t)32 * 1024,    /* real PCK chains: 3.6 kB */
    .cert_bytes_max = (size_t)8 * 1024,           /* real PCK certificates: 1.2 kB */
    .runtime_data_bytes_max = (size_t)512 * 1024, /* a set of keys is a few kB */
    .collateral_bytes_max = (size_t)256 * 1024,   /* real TCB info: 3 to 20 kB */
    .json_depth_max = 64,
    .json_nodes_max = (size_t)100 * 1000,
    .der_depth_max = 8,
    .policy_bytes_max = (size_t)120 * 1024,
    .policy_rules_max = 1000,
    .policy_conditions_max = 100,
    .policy_steps_max = (size_t)1500 * 1000, /* about 5 ms */
    .policy_claims_max = (size_t)10 * 1000,
    .policy_depth_max = 64,
    .policy_json_bytes_max = (size_t)16 << 20,
    .policy_json_nodes_max = (size_t)1000 * 1000,
    .policy_text_bytes_max = (size_t)4 << 20,
    .policy_work_bytes_max = (size_t)64 << 20,
    .jmespath_bytes_max = (size_t)64 * 1024, /* the longest published query: 0.4 kB */
    .jmespath_depth_max = 64,
    .jmespath_steps_max = (size_t)20 * 1000 * 1000,
    .token_bytes_max = (size_t)1024 * 1024,
    .arena_bytes_max = (size_t)16 << 20,
};
