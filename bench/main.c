/* bench ATTESTD WORKDIR, or bench PART - see README.md. */
#include "bench.h"

#include "signer/signer.h"

#include "makers/folder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PER_ROUND = 500, COLD_PER_ROUND = 100, TLS_PER_ROUND = 2000, RESTARTS = 9 };

double bench_cpu_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

void bench_must(bool ok, const char *what, const struct att_err *err)
{
    if (ok)
        return;
    fprintf(stderr, "%s: %s %s\n", what, err ? att_code_name(err->code) : "failed", err ? err->text : "");
    exit(1);
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double bench_median(double *values, size_t count)
{
    qsort(values, count, sizeof *values, compare);
    return values[count / 2];
}

static void make_sgx(struct bench_evidence *e, const char *hardware_dir, int64_t at)
{
    struct att_err err = { 0 };
    struct mk_sgx_options o;

    *e = (struct bench_evidence){ .type = "sgx", .at_unix_s = at };
    mk_sgx_defaults(&o, at);
    bench_must(mk_hardware_load(hardware_dir, &e->hardware, &err), "hardware", &err);
    bench_must(mk_sgx_make(e->hardware, &o, &e->item, &err), "evidence", &err);
    bench_must(mk_hardware_root_pem(e->hardware, &e->root_pem, &err), "root", &err);
}

static void make_tdx(struct bench_evidence *e)
{
    struct att_err err = { 0 };
    struct mk_tdx_options o;

    *e = (struct bench_evidence){ .type = "tdx", .at_unix_s = (int64_t)time(NULL) };
    mk_tdx_defaults(&o, e->at_unix_s);
    bench_must(mk_hardware_new(e->at_unix_s, &e->hardware, &err), "hardware", &err);
    bench_must(mk_tdx_make(e->hardware, &o, &e->item, &err), "evidence", &err);
    bench_must(mk_hardware_root_pem(e->hardware, &e->root_pem, &err), "root", &err);
}

static void evidence_free(struct bench_evidence *e)
{
    mk_evidence_free(&e->item);
    mk_hardware_free(e->hardware);
    att_buf_free(&e->root_pem);
}

static double time_floor(struct floor *f)
{
    double started = bench_cpu_s();
    for (int i = 0; i < PER_ROUND; i++)
        floor_run(f);
    return (bench_cpu_s() - started) / PER_ROUND;
}

static double time_path(struct path *p, int count)
{
    double started = bench_cpu_s();
    for (int i = 0; i < count; i++)
        path_run(p);
    return (bench_cpu_s() - started) / count;
}

/* A library anew for each: its chain cache has never seen the chain. Only the attestation is timed. */
static double time_cold(const struct bench_evidence *e)
{
    double sum = 0;
    for (int i = 0; i < COLD_PER_ROUND / 10; i++) {
        struct path *p = path_new(e, 1);
        sum += time_path(p, 1);
        path_free(p);
    }
    return sum / (COLD_PER_ROUND / 10);
}

static double time_tls(struct tls_server *s, struct tls_client *c, const struct bench_evidence *e)
{
    double started = server_cpu_s(s);
    for (int i = 0; i < TLS_PER_ROUND; i++)
        client_attest(c, mk_item(&e->item, MK_QUOTE), mk_item(&e->item, MK_RUNTIME_DATA));
    return (server_cpu_s(s) - started) / TLS_PER_ROUND;
}

static void rounds(struct tls_server *server, const char *ca, const struct bench_evidence *e)
{
    struct floor *f = floor_new(e);
    struct path *warm = path_new(e, 0);
    struct tls_client *client = client_connect(server_port(server), ca);
    double library[ROUNDS], tls[ROUNDS], cold[ROUNDS], floors[ROUNDS], paths[ROUNDS], servers[ROUNDS];

    (void)time_floor(f); /* warm up, uncounted */
    (void)time_path(warm, 50);
    (void)time_tls(server, client, e);
    for (int i = 0; i < ROUNDS; i++) {
        double before = time_floor(f);
        paths[i] = time_path(warm, PER_ROUND);
        servers[i] = time_tls(server, client, e);
        double chain = time_cold(e);
        floors[i] = (before + time_floor(f)) / 2; /* on both sides, against drift */
        library[i] = floors[i] / paths[i];
        tls[i] = servers[i] / floors[i];
        cold[i] = floors[i] / chain;
    }
    printf("\n%-40s %10s\n", "processor time", "median us");
    printf("%-40s %10.1f\n", "crypto floor", bench_median(floors, ROUNDS) * 1e6);
    printf("%-40s %10.1f\n", "library, evidence to token", bench_median(paths, ROUNDS) * 1e6);
    printf("%-40s %10.1f\n\n", "server, over TLS keep-alive", bench_median(servers, ROUNDS) * 1e6);
    printf("ratio sgx.library_vs_floor %.3f\n", bench_median(library, ROUNDS));
    printf("ratio sgx.tls_cpu_vs_floor %.3f\n", bench_median(tls, ROUNDS));
    printf("ratio sgx.cold_chain_vs_floor %.3f\n", bench_median(cold, ROUNDS));
    client_close(client);
    path_free(warm);
    floor_free(f);
}

/* The library alone, with a quote of a trust domain. */
static void bench_tdx(void)
{
    struct bench_evidence e;
    double library[ROUNDS], paths[ROUNDS];

    make_tdx(&e);
    struct floor *f = floor_new(&e);
    struct path *p = path_new(&e, 0);
    (void)time_floor(f); /* warm up, uncounted */
    (void)time_path(p, 50);
    for (int i = 0; i < ROUNDS; i++) {
        double before = time_floor(f);
        paths[i] = time_path(p, PER_ROUND);
        library[i] = (before + time_floor(f)) / 2 / paths[i];
    }
    printf("%-40s %10.1f\n", "library, TDX evidence to token", bench_median(paths, ROUNDS) * 1e6);
    printf("ratio tdx.library_vs_floor %.3f\n", bench_median(library, ROUNDS));
    path_free(p);
    floor_free(f);
    evidence_free(&e);
}

/* What needs no server. */
static const struct {
    const char *name;
    void (*run)(void);
} parts[] = {
    { "policy", bench_policy }, { "tdx", bench_tdx },           { "snp", bench_snp },
    { "crowd", bench_crowd },   { "eventlog", bench_eventlog }, { "tpm", bench_tpm },
    { "signer", bench_signer },
};

int main(int argc, char **argv)
{
    struct bench_evidence e;
    char ca[4096], hardware[4096];
    double ready[RESTARTS], first = 0;

    signer_role(argc, argv);
    for (size_t i = 0; argc == 2 && i < sizeof parts / sizeof parts[0]; i++) {
        if (strcmp(argv[1], parts[i].name) == 0) {
            parts[i].run();
            return 0;
        }
    }
    if (argc != 3) {
        fprintf(stderr, "usage: bench ATTESTD WORKDIR | bench policy | bench tdx | bench snp | bench crowd | "
                        "bench eventlog | bench tpm | bench signer\n");
        return 2;
    }
    (void)snprintf(ca, sizeof ca, "%s/dev/ca.pem", argv[2]);
    (void)snprintf(hardware, sizeof hardware, "%s/dev/hardware", argv[2]);
    server_stop(server_start(argv[1], argv[2], &first));
    for (int i = 0; i < RESTARTS - 1; i++)
        server_stop(server_start(argv[1], argv[2], &ready[i]));
    struct tls_server *server = server_start(argv[1], argv[2], &ready[RESTARTS - 1]);
    double idle = server_rss_mb(server);
    make_sgx(&e, hardware, (int64_t)time(NULL));
    rounds(server, ca, &e);
    bench_policy();
    bench_tdx();
    bench_snp();
    bench_crowd();
    bench_eventlog();
    bench_tpm();
    bench_signer();
    printf("figure first_start_to_ready_ms %.1f\n", first);
    printf("figure restart_to_ready_ms %.1f\n", bench_median(ready, RESTARTS));
    printf("figure idle_rss_mb %.1f\n", idle);
    printf("figure loaded_rss_mb %.1f\n", server_rss_mb(server));
    server_stop(server);
    evidence_free(&e);
    return 0;
}
