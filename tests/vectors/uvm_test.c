/* layers: evidence/snp evidence/common collateral crypto base codec */
/* A real endorsement of a utility VM against the report it was sent with: it holds, for that measurement; a bit more, less or other
 * in what its signer signed, and it does not. What is not signed - the time stamp in the unprotected header - changes
 * nothing. */
#include <attest/attest.h>

#include "evidence/common/compliance.h"
#include "evidence/snp/uvm.h"
#include "support/cases.h"

#include <stdio.h>
#include <stdlib.h>

#define ISSUER "did:x509:0:sha256:I__iuL25oXEVFdTP_aBLx_eT1RPHbCQ_ECBQfYZpt9s::eku:1.3.6.1.4.1.311.76.59.1.2"

enum {
    NOW = 1790000000,         /* the signer's certificate ended years ago */
    SIGNED = 1675834943,      /* as the endorsement says */
    PROTECTED_END = 5075,     /* tag, array, head, 5070 bytes */
    UNPROTECTED_START = 5100, /* well inside the time stamp */
    UNPROTECTED_END = 10302,
    MEASUREMENT_AT = 0x90,
    STRIDE = 17,
};

static struct cases run = { .name = "vectors.uvm" };
static struct att_lib *lib;
static struct att_arena *arena;
static struct att_attest_in in = { .size = sizeof in };

static bool verify_at(struct att_span cose, int64_t now, struct snp_uvm *ret, struct att_err *err)
{
    struct att_ctx ctx = { .lib = lib, .arena = arena, .in = &in, .now_unix_s = now };

    att_arena_reset(arena);
    *err = (struct att_err){ 0 };
    return snp_uvm_verify(&ctx, cose, ret, err);
}

static void check_good(struct att_span cose, struct att_span measurement)
{
    struct snp_uvm uvm;
    struct att_err err;
    bool ok = verify_at(cose, NOW, &uvm, &err);

    cases_check(&run, ok, "the endorsement holds: %s", err.text);
    if (!ok)
        return;
    cases_check(&run, att_span_eq(measurement, att_span_of(uvm.measurement, sizeof uvm.measurement)),
                "it is for the report's measurement");
    cases_check(&run, uvm.svn == 22 && uvm.signed_unix_s == SIGNED, "SVN and time of signing");
    cases_check(&run, att_span_is(uvm.issuer, ISSUER) && att_span_is(uvm.feed, "ContainerPlat-AMD-UVM"),
                "issuer and feed");
    cases_check(&run, verify_at(cose, SIGNED, &uvm, &err), "in the second it was signed");
    cases_check(&run, !verify_at(cose, SIGNED - 1, &uvm, &err) && err.code == ATT_ENDORSEMENT_INVALID,
                "E-v: not before it was signed");
}

static void check_status(struct att_span cose, struct att_span measurement)
{
    const struct att_compliance_row rows[] = { { .status = "azure-compliant-uvm",
                                                 .evidence_type = "sev-snp",
                                                 .uvm_issuer = ISSUER,
                                                 .uvm_feed = "ContainerPlat-AMD-UVM",
                                                 .uvm_svn_min = 22 } };
    struct att_ctx ctx = { .lib = lib, .arena = arena, .in = &in, .now_unix_s = NOW };
    struct snp_uvm uvm;
    struct att_err err;

    in.compliance = rows, in.compliance_count = 1;
    size_t before = att_chain_cache_count(lib->chains);
    for (int i = 0; i < 2; i++) { /* judged, then remembered */
        bool ok = verify_at(cose, NOW, &uvm, &err);
        const struct att_compliance_uvm found = { uvm.issuer, uvm.feed, uvm.svn,
                                                  att_span_of(uvm.measurement, sizeof uvm.measurement) };
        const struct att_compliance_facts facts = {
            .evidence_type = "sev-snp", .measurement = measurement, .uvm = &found, .uvm_count = 1
        };
        const char *status = ok ? att_compliance_status(&ctx, &facts) : NULL;
        cases_check(&run, status && strcmp(status, "azure-compliant-uvm") == 0, "status, time %d", i + 1);
        cases_check(&run, att_chain_cache_count(lib->chains) == before + 1, "it is kept once");
    }
    in.compliance = NULL, in.compliance_count = 0;
}

static void check_flips(struct att_span cose)
{
    uint8_t *copy = malloc(cose.len);
    struct snp_uvm uvm;
    struct att_err err;
    unsigned wrong = 0, tried = 0, changed = 0;

    for (size_t i = 0; copy && i < cose.len; i++) {
        bool signed_part = i < PROTECTED_END || i >= UNPROTECTED_END;
        if (i > 8 && i < cose.len - 600 && i % (signed_part ? STRIDE : 40 * STRIDE) != 0)
            continue;
        if (!signed_part && i < UNPROTECTED_START)
            continue;
        memcpy(copy, cose.ptr, cose.len);
        copy[i] ^= (uint8_t)(1u << i / STRIDE % 8);
        bool holds = verify_at(att_span_of(copy, cose.len), NOW, &uvm, &err);
        tried++;
        if (signed_part && (holds || err.code != ATT_ENDORSEMENT_INVALID)) {
            wrong++;
            fprintf(stderr, "byte %zu: %s %s\n", i, att_code_name(err.code), err.where);
        }
        if (!signed_part && !holds)
            changed++;
    }
    cases_check(&run, copy && tried > 600 && wrong == 0, "%u of %u flips were not refused", wrong, tried);
    cases_check(&run, changed == 0, "%u flips in what nobody signed changed the outcome", changed);
    free(copy);
}

static void check_cuts(struct att_span cose)
{
    uint8_t *longer = calloc(1, cose.len + 1);
    struct snp_uvm uvm;
    struct att_err err;
    unsigned wrong = 0;

    for (size_t n = 0; n < cose.len; n++)
        if (verify_at(att_span_of(cose.ptr, n), NOW, &uvm, &err) || err.code != ATT_ENDORSEMENT_INVALID)
            wrong++;
    cases_check(&run, wrong == 0, "%u beginnings of it were not refused", wrong);
    if (longer)
        memcpy(longer, cose.ptr, cose.len);
    cases_check(&run,
                longer && !verify_at(att_span_of(longer, cose.len + 1), NOW, &uvm, &err) &&
                    err.code == ATT_ENDORSEMENT_INVALID,
                "E-m: a byte behind it");
    free(longer);
}

int main(void)
{
    struct att_lib_options options = { .size = sizeof options };
    const char *dir = vectors_dir();
    size_t cose_len = 0, report_len = 0;
    struct att_err err = { 0 };

    if (!dir)
        return TEST_SKIPPED;
    char *cose_path = path_of(dir, "sevsnp/milan-v2-aci-uvm-runtime/uvm-endorsement.cose");
    char *report_path = path_of(dir, "sevsnp/milan-v2-aci-uvm-runtime/report.bin");
    uint8_t *cose = file_read(cose_path, &cose_len);
    uint8_t *report = file_read(report_path, &report_len);
    if (!cose || !report || report_len < 1184) {
        cases_skip(&run, "sevsnp/milan-v2-aci-uvm-runtime is not there");
    } else if (att_lib_new(&options, &lib, &err) && (arena = att_arena_new((size_t)1 << 20)) != NULL) {
        struct att_span bytes = att_span_of(cose, cose_len);
        struct att_span measurement = att_span_of(report + MEASUREMENT_AT, SNP_UVM_MEASUREMENT_BYTES);
        check_good(bytes, measurement);
        check_flips(bytes);
        check_cuts(bytes);
        check_status(bytes, measurement);
    }
    att_arena_free(arena);
    att_lib_free(lib);
    free(cose);
    free(report);
    free(cose_path);
    free(report_path);
    return cases_report(&run);
}
