/* bench/bench.h - what the parts of the bench share. */
#ifndef BENCH_H
#define BENCH_H

#include <attest/attest.h>

#include "makers/hardware.h"
#include "makers/sgx.h"
#include "makers/tdx.h"

enum { ROUNDS = 9 };

/* Evidence of a made-up machine, and a second set of machines for cold chains. */
struct bench_evidence {
    const char *type; /* "sgx", "tdx" */
    int64_t at_unix_s;
    struct mk_hardware *hardware;
    struct mk_evidence item;
    struct att_buf root_pem;
};

/* Processor seconds of this thread. */
double bench_cpu_s(void);
void bench_must(bool ok, const char *what, const struct att_err *err);
/* Median of `count` values; sorts them. */
double bench_median(double *values, size_t count);

/* The crypto floor, once: 2 fresh P-256 verifies, the hashes, one RS256. */
struct floor;
struct floor *floor_new(const struct bench_evidence *e);
void floor_run(struct floor *f);
void floor_free(struct floor *f);

/* The library path, once: evidence to signed token. */
struct path;
struct path *path_new(const struct bench_evidence *e, size_t chain_cache_entries);
void path_run(struct path *p);
void path_free(struct path *p);

/* The policy language alone; prints its figures. */
void bench_policy(void);

/* A report of SEV-SNP through the library against the check of its signature by OpenSSL; prints its figure. */
void bench_snp(void);

/* SEV-SNP's keys that come again, 10,000 of them in turn; prints its figure. About a minute. */
void bench_crowd(void);

/* Event logs of 10 MB and of as many events as there may be; prints its figures. */
void bench_eventlog(void);

/* Requests of the TPM protocol with logs of 10 MB; prints its figures. */
void bench_tpm(void);

/* Signing by a process against signing in this one; prints its figures. */
void bench_signer(void);

/* The server over TLS keep-alive. */
struct tls_client;
struct tls_server;
struct tls_server *server_start(const char *attestd, const char *data, double *ret_ready_ms);
double server_cpu_s(const struct tls_server *s);
double server_rss_mb(const struct tls_server *s);
int server_port(const struct tls_server *s);
void server_stop(struct tls_server *s);
struct tls_client *client_connect(int port, const char *ca_file);
/* One attestation of this quote; ends the program unless the answer is 200. */
void client_attest(struct tls_client *c, struct att_span quote, struct att_span runtime_data);
void client_close(struct tls_client *c);

#endif
