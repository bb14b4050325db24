/* jmespath/search.h - searching JSON that is already parsed, with work counted against a budget of the caller's.
 *
 * The policy evaluator searches one large document (an event log) many times: it parses it once and has one budget for
 * all of its work.
 */
#ifndef JMESPATH_SEARCH_H
#define JMESPATH_SEARCH_H

#include <attest/jmespath.h>

#include "codec/json.h"

/* As att_jmespath_search. `doc` and its source must outlive the result. *steps_left goes down by what was spent; with
 * too few left: JMESPATH_LIMIT, and *steps_left is 0. */
ATT_CHECK bool jmespath_search_doc(const struct att_jmespath *query, struct att_arena *arena,
                                   const struct att_json *doc, const struct att_limits *limits,
                                   size_t *steps_left, struct att_span *ret_json, struct att_err *err);

#endif
