/* cli/policy_test_case.h - cases for `policy test`: what goes in, and what is to come out.
 *
 * A file NAME.case is lines "key: value"; a line that begins with white space, "}" or "]" goes on with the value above it;
 * "#" at the start of a line is a comment. What stands before the first "name:" counts for all cases of the file.
 *
 *     policy: ../mine.policy                relative to this file
 *     name: evidence that can be debugged is refused
 *     claims: {"x-ms-sgx-is-debuggable": true}
 *     expect: deny
 *
 *   claims       an object: claims of the service; an array: [{"type","value","issuer"}]
 *   custom       claims of the client
 *   events pcrs  files, as `policy eval` takes them
 *   expect       permit; deny: refused by the rules; error CODE
 *   issues       an object: exactly what the token gets; issues-some: at least that
 *   properties   an object: exactly these
 *
 * A file NAME.json is one case: {"policy" or "policyText", "incoming", "events", "pcrs", "custom", "expected":
 * {"authorized", "claims", "properties", "error"}}, read by cli/policy_case.h. "eventsFrom" names a file of a folder that
 * --events names.
 */
#ifndef CLI_POLICY_TEST_CASE_H
#define CLI_POLICY_TEST_CASE_H

#include "cli/command.h"

struct test_case {
    const char *file; /* as it was found */
    unsigned line;    /* 0 in JSON */
    struct att_span name;
    struct att_span policy;      /* a path */
    struct att_span policy_text; /* or the text itself: ptr is not NULL */
    struct att_span whole;       /* JSON: the file, incoming claims and all */
    struct att_span claims;
    struct att_span custom;
    struct att_span events; /* paths */
    struct att_span pcrs;
    struct att_span events_from; /* JSON: a name in the folder of --events */
    struct att_span expect;      /* "permit", "deny", "error CODE" */
    struct att_span issues;      /* JSON; ptr NULL: not asked for */
    struct att_span issues_some;
    struct att_span properties;
};

enum { TEST_CASES_MAX = 10000 };

/* The list grows in c->arena. */
struct test_cases {
    struct test_case *items;
    size_t count;
    size_t capacity;
};

/* All cases of a file, or of a folder and the folders in it, sorted by name. In a folder these are the files *.case, and
 * *.json with a member "expected". USAGE with FILE:LINE when one cannot be understood. */
ATT_CHECK bool test_cases_find(struct cli *c, const char *path, struct test_cases *to, struct att_err *err);

/* The file NAME in this folder or one below it, in c->arena; NULL when there is none. */
ATT_CHECK bool test_file_find(struct cli *c, const char *folder, struct att_span name, const char **ret,
                              struct att_err *err);

#endif
