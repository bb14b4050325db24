/* examples/files.h - one file as bytes. The examples share it so that each shows its own subject only; libattest
 * itself never opens a file. */
#ifndef EXAMPLES_FILES_H
#define EXAMPLES_FILES_H

#include <attest/span.h>

#include <stdio.h>
#include <stdlib.h>

enum { FILE_BYTES_MAX = 1 << 20, EXIT_NO = 1, EXIT_USAGE = 2, EXIT_TROUBLE = 3 };

/* At most 1 MiB; ends the program when the file cannot be read. The caller frees ret.ptr. */
static inline struct att_span file_read(const char *path)
{
    FILE *file = fopen(path, "rb");
    unsigned char *bytes = malloc(FILE_BYTES_MAX);
    size_t len = file && bytes ? fread(bytes, 1, FILE_BYTES_MAX, file) : 0;

    if (!file || !bytes || ferror(file) || fgetc(file) != EOF) {
        (void)fprintf(stderr, "%s: not a file of at most 1 MiB that can be read\n", path);
        exit(EXIT_TROUBLE);
    }
    (void)fclose(file);
    return att_span_of(bytes, len);
}

/* As file_read, of DIR/NAME. */
static inline struct att_span file_read_in(const char *dir, const char *name)
{
    char path[4096];

    if (snprintf(path, sizeof path, "%s/%s", dir, name) >= (int)sizeof path) {
        (void)fprintf(stderr, "%s: the path is too long\n", dir);
        exit(EXIT_TROUBLE);
    }
    return file_read(path);
}

static inline void file_free(struct att_span bytes)
{
    free((void *)(uintptr_t)bytes.ptr);
}

#endif
