/* tests/unit/records/world.h - folders, waiting, and records for the tests of records/. */
#ifndef TESTS_RECORDS_WORLD_H
#define TESTS_RECORDS_WORLD_H

#include "records/records.h"

#include "support/cases.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static struct cases cases;
static int64_t test_now = 1700000000; /* 2023-11-14T22:13:20Z */
static char folder[64];
static struct att_err trouble;
static unsigned troubles;

static inline int64_t now(void *ctx)
{
    (void)ctx;
    return test_now;
}

static inline void on_trouble(void *ctx, const char *sink, const struct att_err *err)
{
    (void)ctx;
    (void)sink;
    trouble = *err;
    __atomic_add_fetch(&troubles, 1, __ATOMIC_SEQ_CST);
}

static inline void must(bool ok, const char *what)
{
    if (ok)
        return;
    perror(what);
    exit(1);
}

static inline void folder_new(void)
{
    (void)snprintf(folder, sizeof folder, "/tmp/records.XXXXXX");
    must(mkdtemp(folder) != NULL, "a folder");
}

static inline void folder_remove(void)
{
    char command[128];

    (void)snprintf(command, sizeof command, "rm -rf '%s'", folder);
    must(system(command) == 0, "removing the folder");
}

/* Names that end so, in the folder. */
static inline unsigned folder_count(const char *ending)
{
    unsigned n = 0;
    DIR *d = opendir(folder);

    must(d != NULL, "the folder");
    for (const struct dirent *e = readdir(d); e; e = readdir(d)) {
        size_t len = strlen(e->d_name), end = strlen(ending);
        n += len >= end && strcmp(e->d_name + len - end, ending) == 0;
    }
    closedir(d);
    return n;
}

static inline char *in_folder(const char *name)
{
    static char rooms[8][160];
    static unsigned next;
    char *room = rooms[next++ % 8];

    (void)snprintf(room, sizeof rooms[0], "%s/%s", folder, name);
    return room;
}

static inline void file_put(const char *name, const void *bytes, size_t len)
{
    FILE *f = fopen(in_folder(name), "wb");

    must(f && fwrite(bytes, 1, len, f) == len && fclose(f) == 0, name);
}

static inline char *file_get(const char *name, size_t *ret_len)
{
    char *text = (char *)file_read(in_folder(name), ret_len);

    must(text != NULL, name);
    return text;
}

static inline unsigned lines_of(const char *text)
{
    unsigned n = 0;

    for (; *text; text++)
        n += *text == '\n';
    return n;
}

static inline void pause_ms(unsigned ms)
{
    const struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000 };

    (void)nanosleep(&t, NULL);
}

static inline int64_t clock_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* Until the condition holds, at most ten seconds. */
#define UNTIL(condition)                                                                                     \
    for (int until_ = 0; until_ < 2000 && !(condition); until_++)                                            \
    pause_ms(5)

static inline struct record record_of(unsigned number, uint32_t sinks)
{
    static char ids[16][24];
    char *id = ids[number % 16];

    (void)snprintf(id, sizeof ids[0], "r-%u", number);
    return (struct record){ .operation = "AttestSgxEnclave",
                            .resource_id = "/subscriptions/s/attestationProviders/lab",
                            .at_unix_us = 1700000000000000 + number,
                            .status = number % 3 ? 200 : 400,
                            .code = number % 3 ? ATT_OK : ATT_QUOTE_VERSION,
                            .client = "192.0.2.1",
                            .method = "POST",
                            .uri = "https://localhost:443/attest/SgxEnclave?api-version=2022-08-01",
                            .traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                            .request_id = id,
                            .sinks = sinks };
}

static inline void push_some(struct records *r, unsigned from, unsigned to, uint32_t sinks)
{
    struct att_err err = { 0 };

    for (unsigned i = from; i < to; i++) {
        struct record one = record_of(i, sinks);
        cases_check(&cases, records_push(r, &one, &err), "push %u: %s", i, err.text);
    }
}

static inline struct records *open_with(const struct records_options *options)
{
    struct records_options o = *options;
    struct records *r = NULL;
    struct att_err err = { 0 };

    o.now_unix_s = now;
    o.on_trouble = on_trouble;
    o.location = "here";
    o.instance = "host:1";
    cases_check(&cases, records_open(&o, &r, &err), "open: %s", err.text);
    return r;
}

/* A refusal at `where`. */
static inline void open_refused(const char *name, const struct records_options *options, enum att_code code,
                                const char *where)
{
    struct records *r = NULL;
    struct att_err err = { 0 };
    bool ok = records_open(options, &r, &err);

    cases_check(&cases,
                !ok && !r && err.code == code && strcmp(err.where, where) == 0 && err.found[0] &&
                    err.expected[0],
                "%s: %s at %s (%s)", name, att_code_name(err.code), err.where, err.text);
    records_close(r);
}

#endif
