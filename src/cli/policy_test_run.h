/* cli/policy_test_run.h - one case of `policy test`: run, and compared with what it expects. */
#ifndef CLI_POLICY_TEST_RUN_H
#define CLI_POLICY_TEST_RUN_H

#include <attest/policy.h>

#include "cli/policy_test_case.h"

enum { TEST_PATH_BYTES_MAX = 4096 };

struct test_outcome {
    char policy_name[TEST_PATH_BYTES_MAX]; /* the file, or that of the case when the text stands there */
    struct att_policy *policy;             /* NULL when it does not compile */
    bool authorized;
    struct att_policy_result result; /* with its trace; in c->arena, and in the policy */
    struct att_err err;              /* why not authorized */
    struct att_buf differences;      /* lines, for people */
    size_t difference_count;
};

/* False when the case cannot be run at all: a file that is not there, claims that cannot be read. `ret` starts as { 0 }
 * and is freed by the caller in every case. */
ATT_CHECK bool test_case_run(struct cli *c, const struct test_case *t, struct test_outcome *ret,
                             struct att_err *err);
void test_outcome_free(struct test_outcome *o);

#endif
