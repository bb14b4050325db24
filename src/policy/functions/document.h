/* policy/functions/document.h - JSON text that a function gets, parsed. */
#ifndef POLICY_FUNCTIONS_DOCUMENT_H
#define POLICY_FUNCTIONS_DOCUMENT_H

#include "codec/json.h"
#include "policy/functions/function.h"

/* The argument's text as a document: from the cache of the evaluation, or parsed and paid for. Valid until the next
 * call. False when the run stopped; text that is no JSON stops it. */
ATT_CHECK bool policy_document_of(const struct policy_call *call, unsigned argument, struct att_json *ret);

#endif
