/* cli/answer.h - how attestctl says what it found. */
#ifndef CLI_ANSWER_H
#define CLI_ANSWER_H

#include <attest/claims.h>

#include "cli/command.h"
#include "codec/json.h"

/* The exit status that a failure of this code means: REQUEST 2, INTERNAL 3, all else 1. */
enum cli_exit cli_exit_of(enum att_code code);
/* {"code","class","where","found","expected","message"}; null for ATT_OK. */
void cli_put_error(struct att_json_writer *w, const struct att_err *err);
/* The same inside a verdict on evidence, where what is wrong with the input's form (classes request and token) is
 * the evidence's fault: its four classes are evidence, collateral, policy, internal. */
void cli_put_refusal(struct att_json_writer *w, const struct att_err *err);
/* The failure of a whole command, to stderr or, with --json, as {"error":{...}} to stdout. */
enum cli_exit cli_refuse(struct cli *c, const struct att_err *err);
/* The lines that explain a failure to people: place, found, expected, what to do. */
void cli_put_reason(struct att_buf *b, const struct att_err *err, const char *indent);

/* Claims as one JSON object: a type with several values becomes an array, order kept. Claims without any of
 * `flags` are left out; 0 takes all. */
void cli_put_claims(struct att_json_writer *w, const struct att_claims *set, unsigned flags);
void cli_put_value(struct att_json_writer *w, const struct att_value *v);
/* One JSON value of a document, through a writer that may indent. Depth is bounded by the reader's limit. */
ATT_CHECK bool cli_put_json(struct att_json_writer *w, struct att_arena *a, const struct att_json *doc,
                            att_json_id id);
/* A whole JSON text; what is no JSON is written as a string with everything unprintable escaped. */
void cli_put_text(struct att_json_writer *w, struct att_arena *a, struct att_span json);
/* Starts the one JSON object of an answer, or readable output: indented unless --json was given. */
struct att_json_writer cli_writer(struct cli *c);

#endif
