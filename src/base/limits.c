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
    /* A step is 2 to 5 ns: a claim looked at, 64 bytes compared, 4 bytes of JSON read; `bench policy` prints what a policy of
     * 15 searches over a log of 2,000 events takes: a fourteenth of this. Policies made to use it up end within 100 ms. */
    .policy_steps_max = (size_t)16 * 1000 * 1000,
    .policy_claims_max = (size_t)10 * 1000,
    .policy_depth_max = 64,
    .policy_json_bytes_max = (size_t)16 << 20,
    .policy_json_nodes_max = (size_t)500 * 1000,       /* event_log_events_max records of IMA have 460,000 */
    .policy_text_bytes_max = (size_t)4 * 1024 * 1024,  /* eight times that log; within arena_bytes_max */
    .policy_work_bytes_max = (size_t)64 * 1024 * 1024, /* that log needs 1 MiB */
    .jmespath_bytes_max = (size_t)64 * 1024,           /* the longest published query: 0.4 kB */
    .jmespath_depth_max = 64,
    .jmespath_steps_max = (size_t)20 * 1000 * 1000,
    .token_bytes_max = (size_t)1024 * 1024,
    .tpm_request_bytes_max = (size_t)24 << 20, /* a log of 10 MB, twice in base64 */
    .event_log_bytes_max = (size_t)12
                           << 20, /* firmware: 15 to 50 kB; an IMA list of a busy machine: some MB */
    .event_log_events_max =
        (size_t)64 * 1024, /* an extension of a register costs half a microsecond in each bank */
    .event_log_json_bytes_max = (size_t)16 << 20,
    .arena_bytes_max = (size_t)56 << 20,
};
