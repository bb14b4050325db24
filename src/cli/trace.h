/* cli/trace.h - the explanation of a policy's verdict. What comes from claims is escaped and cut by the library. */
#ifndef CLI_TRACE_H
#define CLI_TRACE_H

#include <attest/policy.h>

#include "cli/command.h"
#include "codec/json.h"

/* Two members: "trace", the rules as att_policy_explain_json has them ([] without a trace), and "sentence" (null). */
void cli_trace_json(struct cli *c, struct att_json_writer *w, const struct att_policy_result *result);
/* The sentence, in front of it `label`; then one line a rule, under the name of its section. Nothing without a trace. */
void cli_trace_text(struct att_buf *b, const char *label, const struct att_policy_result *result);

#endif
