/* support/signer.h - a signer in this process, over a key-encryption key of the test. Ends the program when it fails. */
#ifndef TESTS_SUPPORT_SIGNER_H
#define TESTS_SUPPORT_SIGNER_H

#include "signer/signer.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

static inline struct signer *test_signer(const uint8_t kek[32])
{
    struct signer *s = NULL;
    struct att_err err = { 0 };
    char path[64];
    int fd = memfd_create("kek", MFD_CLOEXEC);

    for (size_t i = 0; i < 32; i++)
        (void)dprintf(fd, "%02x", (unsigned)kek[i]);
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    const struct signer_options o = { .kek = path, .in_process = true };
    if (fd < 0 || !signer_open(&o, &s, &err)) {
        printf("signer: %s\n", err.text);
        exit(1);
    }
    (void)close(fd);
    return s;
}

#endif
