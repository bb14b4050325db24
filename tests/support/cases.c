#include "support/cases.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void cases_check(struct cases *c, bool ok, const char *format, ...)
{
    va_list args;

    if (ok) {
        c->passed++;
        return;
    }
    c->failed++;
    printf("FAILED %s: ", c->name);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    printf("\n");
}

void cases_skip(struct cases *c, const char *format, ...)
{
    va_list args;

    c->skipped++;
    printf("skipped %s: ", c->name);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    printf("\n");
}

int cases_report(const struct cases *c)
{
    printf("cases %s passed %u failed %u skipped %u\n", c->name, c->passed, c->failed, c->skipped);
    if (c->failed > 0)
        return 1;
    if (c->passed == 0)
        return c->skipped > 0 ? TEST_SKIPPED : 1; /* a suite in which nothing ran has shown nothing */
    return 0;
}

const char *source_dir(void)
{
    const char *dir = getenv("ATTESTD_SOURCE");
    return dir ? dir : ".";
}

const char *vectors_dir(void)
{
    static char *dir;
    const char *given = getenv("ATTESTD_VECTORS");

    if (dir)
        return dir;
    dir = given ? strdup(given) : path_of(source_dir(), "../shared/vectors");
    if (dir && access(dir, R_OK) != 0) {
        free(dir);
        dir = NULL;
    }
    return dir;
}

char *path_of(const char *dir, const char *format, ...)
{
    char *tail = NULL;
    char *whole = NULL;
    va_list args;

    va_start(args, format);
    if (vasprintf(&tail, format, args) < 0)
        abort();
    va_end(args);
    if (asprintf(&whole, "%s/%s", dir, tail) < 0)
        abort();
    free(tail);
    return whole;
}

uint8_t *file_read(const char *path, size_t *ret_len)
{
    FILE *f = fopen(path, "rb");
    if (!f)
        return NULL;
    uint8_t *bytes = NULL;
    size_t len = 0, cap = 0;
    for (;;) {
        if (cap - len < 65536) {
            cap = cap * 2 + 65537;
            bytes = realloc(bytes, cap);
            if (!bytes)
                abort();
        }
        size_t got = fread(bytes + len, 1, cap - len - 1, f);
        if (got == 0)
            break;
        len += got;
    }
    fclose(f);
    bytes[len] = 0;
    *ret_len = len;
    return bytes;
}
