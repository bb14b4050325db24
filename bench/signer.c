/* What it costs to sign by a process: the same signatures, in turn, by the local form and by the one with a child. Wall time: the
 * work is done on both sides of a socket. */
#include "bench.h"

#include "base/base64.h"
#include "base/buf.h"
#include "signer/signer.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { PAYLOAD_BYTES = 2048 };

static double wall_s(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static struct signer *open_form(const char *kek, bool in_process)
{
    const struct signer_options options = { .kek = kek, .in_process = in_process, .channels = 1 };
    struct signer *s = NULL;
    struct att_err err = { 0 };

    bench_must(signer_open(&options, &s, &err), "signer", &err);
    return s;
}

static void input_of(const struct signer_key *key, struct att_buf *ret)
{
    char header[256];
    struct att_buf payload = { 0 };

    (void)snprintf(header, sizeof header, "{\"alg\":\"%s\",\"kid\":\"%s\",\"typ\":\"JWT\"}", key->alg,
                   key->kid);
    att_buf_puts(&payload, "{\"a\":\"");
    att_buf_fill(&payload, 'x', PAYLOAD_BYTES);
    att_buf_puts(&payload, "\"}");
    att_base64url_put(ret, att_str(header));
    att_buf_putc(ret, '.');
    att_base64url_put(ret, att_buf_span(&payload));
    att_buf_free(&payload);
}

static double sign_s(struct signer *s, const char *kid, struct att_span input, int count)
{
    struct att_arena *arena = att_arena_new(1 << 20);
    struct att_span signature = { 0 };
    struct att_err err = { 0 };
    double from = wall_s();

    for (int i = 0; i < count; i++) {
        bench_must(signer_sign(s, kid, input, arena, &signature, &err), "a signature", &err);
        att_arena_reset(arena);
    }
    att_arena_free(arena);
    return (wall_s() - from) / count;
}

static void measure(struct signer *local, struct signer *process, const char *alg, int count)
{
    struct att_arena *arena = att_arena_new(1 << 20);
    struct signer_key key = { 0 };
    struct att_buf input = { 0 };
    struct att_err err = { 0 };
    double ratios[ROUNDS], locals[ROUNDS], processes[ROUNDS];

    bench_must(signer_make(local, "attestation", alg, arena, &key, &err) && signer_load(process, &key, &err),
               "a key", &err);
    input_of(&key, &input);
    for (int i = 0; i < ROUNDS; i++) {
        locals[i] = sign_s(local, key.kid, att_buf_span(&input), count);
        processes[i] = sign_s(process, key.kid, att_buf_span(&input), count);
        ratios[i] = processes[i] / locals[i];
    }
    printf("ratio signer.process_vs_local.%s %.3f\n", alg, bench_median(ratios, ROUNDS));
    printf("us signer.%s local %.1f process %.1f\n", alg, 1e6 * bench_median(locals, ROUNDS),
           1e6 * bench_median(processes, ROUNDS));
    att_buf_free(&input);
    att_arena_free(arena);
}

void bench_signer(void)
{
    char path[] = "/tmp/attestd-bench-kek-XXXXXX";
    int fd = mkstemp(path);

    bench_must(fd >= 0 && dprintf(fd, "%064d", 1) == 64, "a file", NULL);
    (void)close(fd);
    struct signer *local = open_form(path, true), *process = open_form(path, false);
    measure(local, process, "RS256", 100);
    measure(local, process, "ES256", 1000);
    signer_close(local);
    signer_close(process);
    (void)unlink(path);
}
