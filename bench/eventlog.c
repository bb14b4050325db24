/* Event logs as large as they come: read, replayed, held against the registers of one bank - against the hashes that this cannot do
 * without, made by OpenSSL one after the other. */
#include "bench.h"

#include "base/buf.h"
#include "eventlog/log.h"

#include <malloc.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LOG_ROUNDS = 9, RECORDS_MAX = 65535, DATA_BYTES = 300, REGISTERS = 0xffffff };

struct shape {
    const char *name;
    enum log_form form;
    unsigned banks; /* TCG: that many of the four */
    size_t body_bytes;
    size_t log_bytes;
};

/* A log of firmware with bodies as they are; the most events there may be, in all banks; a list of a busy machine. */
static const struct shape shapes[] = {
    { "firmware, 10 MB", LOG_TCG, 2, DATA_BYTES, (size_t)10 * 1000 * 1000 },
    { "firmware, 65,535 events in 4 banks", LOG_TCG, 4, 0, (size_t)12 << 20 },
    { "IMA, 10 MB", LOG_IMA, 0, DATA_BYTES, (size_t)10 * 1000 * 1000 },
    { "IMA, 65,535 records", LOG_IMA, 0, 120, (size_t)12 << 20 },
};
enum { SHAPES = sizeof shapes / sizeof shapes[0] };

static const struct {
    uint16_t id, bytes;
} algorithms[] = { { 0x0b, 32 }, { 0x04, 20 }, { 0x0c, 48 }, { 0x0d, 64 } };

static void header_put(struct att_buf *b, unsigned banks)
{
    att_buf_u32le(b, 0);
    att_buf_u32le(b, 3);
    att_buf_fill(b, 0, 20);
    att_buf_u32le(b, 29 + 4 * banks);
    att_buf_put(b, att_span_of("Spec ID Event03\0\0\0\0\0\0\2\0\2", 24));
    att_buf_u32le(b, banks);
    for (unsigned i = 0; i < banks; i++) {
        att_buf_u16le(b, algorithms[i].id);
        att_buf_u16le(b, algorithms[i].bytes);
    }
    att_buf_fill(b, 0, 1);
}

static void event_put(struct att_buf *b, const struct shape *s, uint32_t n)
{
    att_buf_u32le(b, n % 16);
    att_buf_u32le(b, 6);
    att_buf_u32le(b, s->banks);
    for (unsigned i = 0; i < s->banks; i++) {
        att_buf_u16le(b, algorithms[i].id);
        att_buf_u32le(b, n);
        att_buf_fill(b, 0x5a, algorithms[i].bytes - 4u);
    }
    att_buf_u32le(b, (uint32_t)s->body_bytes);
    att_buf_fill(b, (uint8_t)n, s->body_bytes);
}

static void record_put(struct att_buf *b, const struct shape *s, uint32_t n)
{
    uint8_t data[DATA_BYTES], digest[20];

    memset(data, (int)(n & 0xff), sizeof data);
    memcpy(data, &n, sizeof n);
    bench_must(EVP_Digest(data, s->body_bytes, digest, NULL, EVP_sha1(), NULL) == 1, "SHA-1", NULL);
    att_buf_u32le(b, 10);
    att_buf_put(b, att_span_of(digest, sizeof digest));
    att_buf_u32le(b, 6);
    att_buf_puts(b, "custom");
    att_buf_u32le(b, (uint32_t)s->body_bytes);
    att_buf_put(b, att_span_of(data, s->body_bytes));
}

static void log_make(const struct shape *s, struct att_buf *b)
{
    size_t unit = s->body_bytes + 200;

    if (s->form == LOG_TCG)
        header_put(b, s->banks);
    for (uint32_t n = 0; n < RECORDS_MAX && b->len + unit < s->log_bytes; n++) {
        if (s->form == LOG_TCG)
            event_put(b, s, n);
        else
            record_put(b, s, n);
    }
    bench_must(!b->failed, "log", NULL);
}

struct judged {
    struct log_env env;
    struct log_events set;
    struct log_registers registers;
};

/* What the library does with one log: the figure. The quoted values are those of a replay that was made before. */
static void judge(struct judged *j, const struct shape *s, struct att_span log)
{
    struct att_err err = { 0 };
    const struct log_quoted quoted = { .bank = ATT_SHA256, .pcrs = REGISTERS, .value = j->registers.value };

    j->set = (struct log_events){ 0 };
    bench_must(log_append(&j->env, s->form, log, "log", &j->set, &err), "read", &err);
    bench_must(log_matches(&j->env, &j->set, &quoted, REGISTERS, false, "tpm", &err), "match", &err);
}

/* The same hashes by themselves. */
static void hashes(const struct judged *j, EVP_MD *sha1, EVP_MD *sha256)
{
    uint8_t out[32], extended[64] = { 0 };
    bool ok = true;

    for (size_t i = 0; i < j->set.count; i++) {
        const struct log_event *e = &j->set.items[i];
        if (e->ima)
            ok = ok && EVP_Digest(e->body.ptr, e->body.len, out, NULL, sha1, NULL) == 1 &&
                 EVP_Digest(e->body.ptr, e->body.len, out, NULL, sha256, NULL) == 1;
        if (e->extends)
            ok = ok && EVP_Digest(extended, sizeof extended, extended, NULL, sha256, NULL) == 1;
    }
    bench_must(ok, "hashes", NULL);
}

static double held_mb(void)
{
    struct mallinfo2 m = mallinfo2();
    return (double)(m.uordblks + m.hblkhd) / 1e6;
}

static void shape_run(const struct shape *s, EVP_MD *sha1, EVP_MD *sha256, double *ret_ratio, double *ret_ms,
                      double *ret_mb)
{
    struct judged j = { .env = { .limits = &att_limits_default } };
    struct att_err err = { 0 };
    struct att_buf log = { 0 };
    double ratio[LOG_ROUNDS], ms[LOG_ROUNDS];
    double before = held_mb();

    log_make(s, &log);
    j.env.crypto = att_crypto_new();
    j.env.arena = att_arena_new(att_limits_default.arena_bytes_max);
    bench_must(j.env.crypto && j.env.arena &&
                   log_append(&j.env, s->form, att_buf_span(&log), "log", &j.set, &err),
               "read", &err);
    *ret_mb = held_mb() - before;
    bench_must(log_replay(&j.env, &j.set, ATT_SHA256, REGISTERS, false, &j.registers, &err), "replay", &err);
    for (int i = 0; i < LOG_ROUNDS; i++) {
        att_arena_reset(j.env.arena);
        double t0 = bench_cpu_s();
        judge(&j, s, att_buf_span(&log));
        double t1 = bench_cpu_s();
        hashes(&j, sha1, sha256);
        double t2 = bench_cpu_s();
        ms[i] = (t1 - t0) * 1e3;
        ratio[i] = (t2 - t1) / (t1 - t0);
    }
    *ret_ratio = bench_median(ratio, LOG_ROUNDS);
    *ret_ms = bench_median(ms, LOG_ROUNDS);
    printf("%-40s %10.1f ms %8.1f MB %8zu events\n", s->name, *ret_ms, *ret_mb, j.set.count);
    att_buf_free(&log);
    att_arena_free(j.env.arena);
    att_crypto_free((struct att_crypto *)(uintptr_t)j.env.crypto);
}

void bench_eventlog(void)
{
    EVP_MD *sha1 = EVP_MD_fetch(NULL, "SHA1", NULL);
    EVP_MD *sha256 = EVP_MD_fetch(NULL, "SHA2-256", NULL);
    double ratio[SHAPES], worst_ms = 0, worst_mb = 0;

    bench_must(sha1 && sha256, "OpenSSL", NULL);
    for (size_t i = 0; i < SHAPES; i++) {
        double ms = 0, mb = 0;
        shape_run(&shapes[i], sha1, sha256, &ratio[i], &ms, &mb);
        worst_ms = ms > worst_ms ? ms : worst_ms;
        worst_mb = mb > worst_mb ? mb : worst_mb;
    }
    printf("ratio eventlog.replay_vs_hash %.3f\n", ratio[0]);
    printf("ratio eventlog.ima_vs_hash %.3f\n", ratio[2]);
    printf("figure eventlog_slowest_ms %.1f\n", worst_ms);
    printf("figure eventlog_largest_mb %.1f\n", worst_mb);
    EVP_MD_free(sha1);
    EVP_MD_free(sha256);
}
