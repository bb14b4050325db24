/* jmespath/literal.h - what stands between quotes, once and for all searches. */
#ifndef JMESPATH_LITERAL_H
#define JMESPATH_LITERAL_H

#include "jmespath/token.h"
#include "jmespath/value.h"

/* "name": a JSON string. */
ATT_CHECK bool jmes_quoted_name(struct att_arena *arena, const struct jmes_token *token,
                                const struct jmes_complaint *complaint, struct att_span *ret);
/* 'text': \' is a quote, every other backslash stands for itself. */
ATT_CHECK bool jmes_raw_string(struct att_arena *arena, const struct jmes_token *token,
                               const struct jmes_complaint *complaint, struct jmes_value *ret);
/* `json`: \` is a backtick. */
ATT_CHECK bool jmes_json_literal(struct att_arena *arena, const struct jmes_token *token,
                                 const struct att_limits *limits, const struct jmes_complaint *complaint,
                                 struct jmes_value *ret);

#endif
