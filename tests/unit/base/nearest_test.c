/* layers: base */
#include "base/nearest.h"

#include "support/cases.h"

#include <stdlib.h>
#include <string.h>

static struct cases cases = { .name = "unit/base/nearest" };

static const struct {
    const char *wanted;
    const char *words[4];
    const char *best; /* "": none */
    size_t distance;
} rows[] = {
    { "svn", { "svn" }, "svn", 0 },
    { "SVN", { "svn" }, "svn", 0 },
    { "debugable", { "product", "debuggable" }, "debuggable", 1 },
    { "x-ms-sgx-svm", { "x-ms-sgx-svn", "x-ms-sgx-svx" }, "x-ms-sgx-svn", 1 },  /* the first of two */
    { "x-ms-sgx-svx", { "x-ms-sgx-svnn", "x-ms-sgx-svn" }, "x-ms-sgx-svn", 1 }, /* the closer one */
    { "kitten", { "sitting" }, "sitting", 3 },
    { "abcdef", { "uvwxyz" }, "", 0 },
    { "a", { "b" }, "", 0 }, /* a word has to have something in common */
    { "", { "a", "" }, "", 0 },
    { "ab", { "" }, "", 0 },
    { "abc", { "abcdef" }, "abcdef", 3 }, /* 1 + a third of six */
    { "abc", { "abcdefg" }, "", 0 },
};

static void lengths(void)
{
    for (size_t n = ATT_NEAREST_WORD_MAX - 1; n <= ATT_NEAREST_WORD_MAX + 1; n++) {
        /* From the heap and of the exact size, so that a sanitizer sees a byte too many. */
        char *a = malloc(n);
        char *b = malloc(n);
        memset(a, 'a', n);
        memset(b, 'a', n);
        b[n - 1] = 'b';
        struct att_nearest near = { .wanted = att_span_of(a, n) };
        att_nearest_try(&near, att_span_of(b, n));
        bool want = n <= ATT_NEAREST_WORD_MAX;
        cases_check(&cases, (near.best.len > 0) == want && near.distance == want, "%zu bytes", n);
        free(a);
        free(b);
    }
}

int main(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct att_nearest near = { .wanted = att_str(rows[i].wanted) };
        for (size_t k = 0; k < 4 && rows[i].words[k]; k++)
            att_nearest_try(&near, att_str(rows[i].words[k]));
        cases_check(&cases, att_span_is(near.best, rows[i].best) && near.distance == rows[i].distance,
                    "%s: got %.*s at %zu", rows[i].wanted, (int)near.best.len, (const char *)near.best.ptr,
                    near.distance);
    }
    lengths();
    return cases_report(&cases);
}
