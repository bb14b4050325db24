/* attest/jmespath.h - JMESPath, a query language for JSON: compile once, search many times.
 *
 * The whole language of the specification (jmespath.org, with the compliance suite's error types) and one function more,
 * which attestation policies use: equals_ignore_case(string, string) -> boolean; a null argument gives false.
 *
 * Example:
 *     struct att_jmespath *query = NULL;
 *     struct att_span found = { 0 };
 *     if (!att_jmespath_compile(att_str("Events[?PcrIndex == `7`].EventSeq | [0]"), NULL, &query, NULL, &err))
 *         return false;                              err.where is "jmespath:COLUMN"
 *     bool ok = att_jmespath_search(query, arena, json, NULL, &found, &err);      compact JSON: 12, "text", null
 *     att_jmespath_free(query);
 *
 * A result is compact JSON text; members stand in the order of the document, or in that of the query where it makes an
 * object; text is UTF-8, escaped only where JSON demands it; a number that comes out as it went in keeps its spelling.
 * Numbers that functions compute are doubles, written without fraction when they have none and are below 2^53.
 * Numbers are compared as decimals, exactly: 1 is 1.0, and 9007199254740993 is not 9007199254740992.
 *
 * Work is counted in steps (limits->jmespath_steps_max), never in wall time, and nesting in levels
 * (limits->jmespath_depth_max): the same query on the same JSON always gets the same answer, or the same refusal.
 *
 * Errors, class POLICY: JMESPATH_SYNTAX, JMESPATH_FUNCTION_UNKNOWN, JMESPATH_ARITY (all found when compiling);
 * JMESPATH_TYPE, JMESPATH_VALUE (when searching; VALUE also for a slice step of 0, found when compiling), JMESPATH_LIMIT.
 * err.where is "jmespath:COLUMN", or "jmespath" for a limit that has no place in the query. What is no JSON: JSON_* at
 * "json". OUT_OF_MEMORY.
 * Ownership: a query keeps its own copy of the text; results live in the arena or are spans of `json`.
 * Threads: a compiled query never changes and is shared. Spec: docs/policy-language.md, "JMESPath".
 */
#ifndef ATTEST_JMESPATH_H
#define ATTEST_JMESPATH_H

#include <attest/arena.h>
#include <attest/error.h>
#include <attest/limits.h>

#ifdef __cplusplus
extern "C" {
#endif

struct att_jmespath;

/* ret_column, in code points from 1, says where a refusal stands; it may be NULL. NULL limits: the defaults. */
ATT_API ATT_CHECK bool att_jmespath_compile(struct att_span text, const struct att_limits *limits,
                                            struct att_jmespath **ret, unsigned *ret_column,
                                            struct att_err *err);
ATT_API void att_jmespath_free(struct att_jmespath *query); /* NULL is fine */

ATT_API ATT_CHECK bool att_jmespath_search(const struct att_jmespath *query, struct att_arena *arena,
                                           struct att_span json, const struct att_limits *limits,
                                           struct att_span *ret_json, struct att_err *err);

#ifdef __cplusplus
}
#endif
#endif
