/* policy/work.h - what functions work in during one evaluation: memory, JSON documents that are already parsed, queries
 * that are already compiled. Nothing of it exists before the first function needs it. Each arena has a ceiling of half of
 * limits->policy_work_bytes_max; queries take little.
 */
#ifndef POLICY_WORK_H
#define POLICY_WORK_H

#include <attest/arena.h>
#include <attest/limits.h>

#include "codec/json.h"

struct att_jmespath;

enum { POLICY_DOCUMENTS = 8, POLICY_QUERIES = 32 };

/* A document is known by where its text stands, not by what it says: claims and literals never move while an evaluation
 * lasts. Texts in passing memory do, so they are never remembered. */
struct policy_document {
    struct att_span text;
    struct att_json json;
};

struct policy_made_query {
    struct att_span text;
    struct att_jmespath *query;
};

struct policy_work {
    size_t half_bytes;
    struct att_arena *passing;        /* emptied before each rule */
    struct att_arena *document_nodes; /* emptied when there are as many documents as are kept */
    struct att_arena *query_texts;    /* the same with queries */
    struct policy_document documents[POLICY_DOCUMENTS];
    unsigned document_count;
    struct policy_made_query queries[POLICY_QUERIES];
    unsigned query_count;
};

struct policy_work policy_work_of(const struct att_limits *limits);
void policy_work_next_rule(struct policy_work *w);
void policy_work_end(struct policy_work *w);

/* The arena that dies with the rule; NULL when memory runs out. */
struct att_arena *policy_work_passing(struct policy_work *w);
/* For one more document (query): forgets those that are there when there is no place for another. NULL as above. */
struct att_arena *policy_work_document_room(struct policy_work *w);
struct att_arena *policy_work_query_room(struct policy_work *w);

#endif
