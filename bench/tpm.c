/* A whole request of the TPM protocol with a log of 10 MB, through the library - base64 twice, JSON, signatures, replay, claims - against
 * the hashes that this cannot do without: that of what is signed, and those of the log. */
#include "bench.h"

#include "base/base64.h"
#include "base/buf.h"
#include "makers/eventlog.h"
#include "makers/tpm_request.h"

#include <attest/tpm.h>
#include <malloc.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AT        ((int64_t)1780000000)
#define CHALLENGE "a challenge of thirty-two bytes."

enum {
    TPM_ROUNDS = 9,
    BODY_BYTES = 300,
    MASK = 0x7fff,
    EVENT_BYTES = BODY_BYTES + 74,
    RECORD_BYTES = BODY_BYTES + 38
};
enum { LOG_BYTES = 10 * 1000 * 1000 };

struct machine {
    struct mk_tpm_vendor *vendor;
    struct mk_tpm *tpm;
    struct att_lib *lib;
    struct att_tpm_trust *trust;
    struct att_policy *policy;
    struct att_arena *arena;
    EVP_MD *sha1, *sha256;
};

struct request {
    const char *name;
    bool ima;
    uint32_t pcrs; /* in which the events are, a mask: one or many */
    struct att_buf log, jws;
    size_t events;
};

static void log_make(struct machine *m, struct request *r)
{
    uint8_t body[BODY_BYTES];
    struct mk_log log;
    struct att_err err = { 0 };

    mk_tpm_restart(m->tpm, MK_BANK(MK_SHA1) | MK_BANK(MK_SHA256));
    mk_log_begin(&log, m->tpm, MK_LOG_AGILE);
    for (uint32_t n = 0; r->log.len + log.bytes.len + EVENT_BYTES < LOG_BYTES; n++, r->events++) {
        memset(body, (int)(n & 0xff), sizeof body);
        memcpy(body, &n, sizeof n);
        if (r->ima) {
            bench_must(mk_ima_record(&r->log, m->tpm, "custom", att_span_of(body, sizeof body), false, &err),
                       "record", &err);
            continue;
        }
        uint32_t pcr = n % 15;
        while (!(r->pcrs >> pcr & 1))
            pcr = (pcr + 1) % 15;
        mk_log_event(&log, pcr, MK_EV_EVENT_TAG, att_span_of(body, sizeof body));
    }
    bench_must(mk_log_end(&log, &err), "log", &err);
    if (!r->ima)
        att_buf_put(&r->log, att_buf_span(&log.bytes));
    att_buf_free(&log.bytes);
}

static void member(struct att_buf *b, const char *name, struct att_span bytes)
{
    att_buf_printf(b, "\"%s\":\"", name);
    att_base64url_put(b, bytes);
    att_buf_puts(b, "\",");
}

static void pcrs_put(const struct machine *m, struct att_buf *b)
{
    att_buf_puts(b, "\"pcrs\":[{\"algorithm\":11,\"values\":[");
    for (uint32_t n = 0; n < 15; n++) {
        att_buf_printf(b, "%s{\"index\":%u,\"digest\":\"", n ? "," : "", (unsigned)n);
        att_base64url_put(b, att_span_of(mk_tpm_pcr(m->tpm, MK_SHA256, n), 32));
        att_buf_puts(b, "\"}");
    }
    att_buf_puts(b, "]}],");
}

static void payload_put(struct machine *m, const struct request *r, struct att_span jwk, struct att_buf *b)
{
    const struct mk_tpm_selection all = { MK_SHA256, MASK };
    struct att_buf bound = { 0 }, quote = { 0 }, signature = { 0 }, cert = { 0 };
    uint8_t extra[MK_DIGEST_MAX];
    struct att_err err = { 0 };

    att_buf_put(&bound, jwk);
    att_buf_putc(&bound, 0);
    att_buf_puts(&bound, CHALLENGE);
    bench_must(
        mk_hash(MK_SHA256, att_buf_span(&bound), extra, &err) &&
            mk_tpm_quote(m->tpm, MK_TPM_AIK, att_span_of(extra, 32), &all, 1, &quote, &signature, &err) &&
            mk_tpm_cert(m->tpm, MK_TPM_AIK, AT, &cert, &err),
        "quote", &err);
    att_buf_puts(b, "{\"att_type\":\"basic\",\"att_data\":{");
    member(b, "challenge", att_str(CHALLENGE));
    att_buf_printf(b, "\"tpm_att_data\":{\"current_attestation\":{\"logs\":[{\"type\":\"%s\",\"log\":\"",
                   r->ima ? "IMA" : "TCG");
    att_base64url_put(b, att_buf_span(&r->log));
    att_buf_puts(b, "\"}],");
    member(b, "aik_cert", att_buf_span(&cert));
    pcrs_put(m, b);
    member(b, "quote", att_buf_span(&quote));
    member(b, "signature", att_buf_span(&signature));
    att_buf_puts(b, "\"aik_pub\":");
    bench_must(mk_tpm_jwk(m->tpm, MK_TPM_AIK, b, &err), "AIK", &err);
    att_buf_puts(b, "}},\"request_key\":{\"info\":{\"tpm_quote\":{\"hash_alg\":\"sha-256\"}},\"jwk\":");
    att_buf_put(b, jwk);
    att_buf_puts(b, "}}}");
    att_buf_free(&bound);
    att_buf_free(&quote);
    att_buf_free(&signature);
    att_buf_free(&cert);
}

static void request_make(struct machine *m, struct request *r)
{
    struct att_buf jwk = { 0 }, payload = { 0 }, signature = { 0 };
    struct att_err err = { 0 };

    log_make(m, r);
    bench_must(mk_tpm_jwk(m->tpm, MK_TPM_OUTSIDE, &jwk, &err), "key", &err);
    payload_put(m, r, att_buf_span(&jwk), &payload);
    att_base64url_put(&r->jws, att_str("{\"alg\":\"PS256\",\"typ\":\"attReqV2\"}"));
    att_buf_putc(&r->jws, '.');
    att_base64url_put(&r->jws, att_buf_span(&payload));
    bench_must(!payload.failed && !r->jws.failed &&
                   mk_tpm_sign_jose(m->tpm, MK_TPM_OUTSIDE, att_buf_span(&r->jws), &signature, &err),
               "request", &err);
    att_buf_putc(&r->jws, '.');
    att_base64url_put(&r->jws, att_buf_span(&signature));
    att_buf_free(&jwk);
    att_buf_free(&payload);
    att_buf_free(&signature);
}

static void machine_new(struct machine *m)
{
    const struct att_lib_options options = { .size = sizeof options };
    static const char policy[] =
        "version=1.2;configurationrules{=>issueproperty(type=\"required_pcr_mask\",value=32767);};"
        "authorizationrules{[type==\"aikValidated\",value==true]=>permit();};issuancerules{};";
    struct att_err err = { 0 };
    struct att_buf pem = { 0 };

    bench_must(mk_tpm_vendor_new(AT, &m->vendor, &err) &&
                   mk_tpm_new(m->vendor, MK_BANK(MK_SHA1) | MK_BANK(MK_SHA256), &m->tpm, &err) &&
                   att_lib_new(&options, &m->lib, &err) && mk_tpm_aik_ca_pem(m->vendor, &pem, &err) &&
                   att_policy_compile(att_str(policy), NULL, &m->policy, NULL, &err),
               "machine", &err);
    const struct att_root root = { .pem = att_buf_span(&pem), .test_root = true };
    const struct att_tpm_trust_in in = { .size = sizeof in, .roots = &root, .root_count = 1 };
    bench_must(att_tpm_trust_new(m->lib, &in, &m->trust, &err), "trust", &err);
    m->sha1 = EVP_MD_fetch(NULL, "SHA1", NULL);
    m->sha256 = EVP_MD_fetch(NULL, "SHA2-256", NULL);
    bench_must(m->sha1 && m->sha256, "OpenSSL", NULL);
    att_buf_free(&pem);
}

static void machine_free(struct machine *m)
{
    EVP_MD_free(m->sha1);
    EVP_MD_free(m->sha256);
    att_tpm_trust_free(m->trust);
    att_policy_free(m->policy);
    att_lib_free(m->lib);
    mk_tpm_free(m->tpm);
    mk_tpm_vendor_free(m->vendor);
}

static void judge(struct machine *m, const struct request *r)
{
    struct att_verdict verdict;
    const struct att_attest_in in = {
        .size = sizeof in,
        .evidence_type = "tpm",
        .evidence = att_buf_span(&r->jws),
        .aik_trust = m->trust,
        .challenge_given = true,
        .challenge = att_str(CHALLENGE),
        .now_unix_s = AT,
        .accepted_tcb = ATT_TCB_DEFAULT,
        .policy = m->policy,
    };

    bench_must(att_attest(m->lib, m->arena, &in, &verdict), "attest", &verdict.err);
}

/* What was signed, once; the log's data (of IMA by SHA-1 too), and an extension of each event. */
static void hashes(const struct machine *m, const struct request *r)
{
    uint8_t out[32], extended[64] = { 0 };
    const uint8_t *log = r->log.ptr;
    bool ok = EVP_Digest(r->jws.ptr, r->jws.len, out, NULL, m->sha256, NULL) == 1;

    for (size_t i = 0; i < r->events; i++) {
        const uint8_t *body = log + i * RECORD_BYTES; /* whichever: as many bytes */
        if (r->ima)
            ok = ok && EVP_Digest(body, BODY_BYTES, out, NULL, m->sha1, NULL) == 1 &&
                 EVP_Digest(body, BODY_BYTES, out, NULL, m->sha256, NULL) == 1;
        ok = ok && EVP_Digest(extended, sizeof extended, extended, NULL, m->sha256, NULL) == 1;
    }
    bench_must(ok, "hashes", NULL);
}

static double held_mb(void)
{
    struct mallinfo2 m = mallinfo2();
    return (double)(m.uordblks + m.hblkhd) / 1e6;
}

static double request_run(struct machine *m, struct request *r, double *ret_ms, double *ret_mb)
{
    double ratio[TPM_ROUNDS], ms[TPM_ROUNDS];

    request_make(m, r);
    double before = held_mb() - (double)r->jws.len / 1e6;
    m->arena = att_arena_new(att_limits_default.arena_bytes_max);
    bench_must(m->arena != NULL, "arena", NULL);
    judge(m, r);
    *ret_mb = held_mb() - before; /* with the request itself */
    for (int i = 0; i < TPM_ROUNDS; i++) {
        att_arena_reset(m->arena);
        double t0 = bench_cpu_s();
        judge(m, r);
        double t1 = bench_cpu_s();
        hashes(m, r);
        double t2 = bench_cpu_s();
        ms[i] = (t1 - t0) * 1e3;
        ratio[i] = (t2 - t1) / (t1 - t0);
    }
    *ret_ms = bench_median(ms, TPM_ROUNDS);
    printf("%-40s %10.1f ms %8.1f MB %8zu events\n", r->name, *ret_ms, *ret_mb, r->events);
    att_arena_free(m->arena);
    att_buf_free(&r->log);
    att_buf_free(&r->jws);
    return bench_median(ratio, TPM_ROUNDS);
}

void bench_tpm(void)
{
    struct request requests[] = {
        { .name = "request, firmware's log of 10 MB", .pcrs = MASK },
        { .name = "request, all of it in register 12", .pcrs = 1u << 12 },
        { .name = "request, IMA list of 10 MB", .ima = true },
    };
    enum { COUNT = sizeof requests / sizeof requests[0] };
    struct machine m = { .vendor = NULL };
    double worst_ms = 0, worst_mb = 0, worst_ratio = 0;

    machine_new(&m);
    for (size_t i = 0; i < COUNT; i++) {
        double ms = 0, mb = 0, ratio = request_run(&m, &requests[i], &ms, &mb);
        worst_ratio = i == 0 || ratio < worst_ratio ? ratio : worst_ratio;
        worst_ms = ms > worst_ms ? ms : worst_ms;
        worst_mb = mb > worst_mb ? mb : worst_mb;
    }
    printf("ratio tpm.request_vs_hash %.3f\n", worst_ratio);
    printf("figure tpm_request_slowest_ms %.1f\n", worst_ms);
    printf("figure tpm_request_largest_mb %.1f\n", worst_mb);
    machine_free(&m);
}
