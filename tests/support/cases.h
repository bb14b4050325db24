/* tests/support/cases.h - what data-driven tests share: where the vectors are, reading files, counting cases.
 *
 * `make check` adds up the lines "cases NAME passed P failed F skipped S" that tests print through
 * cases_report().
 */
#ifndef TESTS_SUPPORT_CASES_H
#define TESTS_SUPPORT_CASES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TEST_SKIPPED = 77 };

struct cases {
    const char *name;
    unsigned passed, failed, skipped;
};

/* One case: prints its name and the reason when it failed. */
void cases_check(struct cases *c, bool ok, const char *format, ...) __attribute__((format(printf, 3, 4)));
void cases_skip(struct cases *c, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Prints the closing line; gives the exit status of the program (0, or 1 when a case failed or none ran). */
int cases_report(const struct cases *c);

/* The vectors folder: $ATTESTD_VECTORS, or ../shared/vectors beside the source tree; NULL when there is none.
 */
const char *vectors_dir(void);
/* The source tree ($ATTESTD_SOURCE, set by ctest; else the current folder). */
const char *source_dir(void);
/* malloc'd path "dir/format..."; the caller frees. */
char *path_of(const char *dir, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Whole file, malloc'd with a NUL behind it; NULL when it cannot be read. The caller frees. */
uint8_t *file_read(const char *path, size_t *ret_len);

#endif
