/* cli/trace.h - which rules of a policy fired, and why the others did not. */
#ifndef CLI_TRACE_H
#define CLI_TRACE_H

#include <attest/policy.h>

#include "codec/json.h"

/* [{"section","line","outcome","condition","rule","reason"}] */
void cli_trace_json(struct att_json_writer *w, const struct att_policy_result *result);
/* One line a rule, and its reason below it. */
void cli_trace_text(struct att_buf *b, const struct att_policy_result *result);

#endif
