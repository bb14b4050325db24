/* torture/torture.h - what a program answers when memory or the crypto library fails under it.
 *
 * A flow is one piece of work whose right answer is known. It runs once in peace; then once for each call in it that
 * can fail, with exactly that call failing; then with that call and all behind it; then with a coin that lets calls
 * fail here and there. Each time it must give the right answer or refuse for a reason of class INTERNAL. What lives
 * longer than one run - a library with its cache, a snapshot, a policy - is used again in peace after each failure
 * and must give the right answer.
 *
 *     static enum torture_answer parse(void *state, struct att_err *err)
 *     {
 *         ...
 *         bool ok = att_thing_parse(..., &thing, err);
 *         torture_rest();                             what follows is the test's own and does not fail
 *         if (!ok)
 *             return TORTURE_REFUSED;
 *         return is_right(thing) ? TORTURE_RIGHT : TORTURE_WRONG;
 *     }
 *
 * One thread. Programs are linked with --wrap (tests/CMakeLists.txt), see README.md for what that reaches.
 */
#ifndef TESTS_TORTURE_TORTURE_H
#define TESTS_TORTURE_TORTURE_H

#include <attest/error.h>

#include "support/cases.h"

enum torture_answer {
    TORTURE_RIGHT,   /* the answer that peace gives */
    TORTURE_REFUSED, /* no answer; err says why */
    TORTURE_WRONG,   /* another answer, or a broken promise; torture_wrong says which */
};

struct torture_flow {
    const char *name;
    enum torture_answer (*run)(void *state, struct att_err *err);
    void (*before)(void *state); /* in peace, before each run; may be NULL */
    void *state;
    bool keeps; /* something outlives a run */
};

/* First thing in main, before OpenSSL allocates. */
void torture_start(void);
void torture_flow(struct cases *c, const struct torture_flow *flow);
/* From here to the end of the run nothing fails. */
void torture_rest(void);
/* TORTURE_WRONG, with a sentence for the report. */
enum torture_answer torture_wrong(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
