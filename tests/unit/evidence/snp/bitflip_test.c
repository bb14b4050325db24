/* layers: attest makers base */
/* Every single bit of a made report flipped, every truncation, with and without a certificate table: no yes. A flip
 * inside the signed range costs a P-384 verification; under sanitizers, which make those many times dearer, every
 * seventh bit is taken, so that every byte and each of the eight bits has its turn. */
#include "support/cases.h"
#include "unit/evidence/snp/fixture.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { STRIDE = 7 };
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
enum { STRIDE = 7 };
#else
enum { STRIDE = 1 };
#endif
#else
enum { STRIDE = 1 };
#endif

enum { REPORT_BYTES = 1184, SIGNED_BYTES = 672 };

static struct cases cases = { .name = "evidence.snp_bitflip" };

struct bench {
    struct att_lib *lib;
    struct att_arena *arena;
    struct mk_snp_evidence ev;
};

static bool accepted(struct bench *b, struct att_span raw, bool own_table, struct att_err *ret_err)
{
    struct att_attest_in in = in_of(&b->ev, NULL);
    struct att_verdict v;

    in.evidence = raw;
    in.runtime.present = false; /* its hash would hide what the signature says of REPORT_DATA */
    in.init_time.present = false;
    if (own_table)
        in.cert_chain = (struct att_span){ 0 };
    bool yes = att_attest(b->lib, b->arena, &in, &v);
    att_arena_reset(b->arena);
    *ret_err = v.err;
    return yes;
}

static void flip_all(struct bench *b)
{
    struct att_span raw = mk_snp_item(&b->ev, MK_SNP_REPORT);
    uint8_t work[REPORT_BYTES];
    struct att_err err;

    need(raw.len == sizeof work, "a report", NULL);
    memcpy(work, raw.ptr, sizeof work);
    need(accepted(b, raw, false, &err), "the report itself", &err);
    for (size_t bit = 0; bit < sizeof work * 8; bit += bit < SIGNED_BYTES * 8 ? STRIDE : 1) {
        work[bit / 8] = (uint8_t)(work[bit / 8] ^ 1u << bit % 8);
        bool yes = accepted(b, att_span_of(work, sizeof work), false, &err);
        work[bit / 8] = (uint8_t)(work[bit / 8] ^ 1u << bit % 8);
        cases_check(&cases, !yes && err.text[0] && att_code_class(err.code) == ATT_CLASS_EVIDENCE,
                    "byte 0x%zx bit %zu: %s", bit / 8, bit % 8, att_code_name(err.code));
    }
}

/* Cut anywhere, neither the report nor the table behind it is what it says; but for the end of a table of which
 * nothing that is missing was named, there is none in these makers' evidence. */
static void cut_all(struct bench *b, enum mk_snp_item item)
{
    struct att_span raw = mk_snp_item(&b->ev, item);
    struct att_err err;

    need(accepted(b, raw, item == MK_SNP_EXT_REPORT, &err), "the evidence itself", &err);
    for (size_t len = 0; len < raw.len; len++) {
        uint8_t *exact = malloc(len ? len : 1); /* so that a sanitizer sees a read past the end */
        need(exact != NULL, "malloc", NULL);
        memcpy(exact, raw.ptr, len);
        bool yes = accepted(b, att_span_of(exact, len), item == MK_SNP_EXT_REPORT, &err);
        enum att_code want = len < REPORT_BYTES + 24 ? ATT_SNP_LENGTH : ATT_SNP_CERT_TABLE;
        if (len == REPORT_BYTES)
            want = ATT_COLLATERAL_MISSING; /* a whole report, and no certificates */
        cases_check(&cases, !yes && err.code == want, "cut to %zu: %s", len, att_code_name(err.code));
        free(exact);
    }
}

int main(void)
{
    struct mk_amd *amd = amd_new(MK_AMD_GENOA);
    struct bench b = { .lib = lib_new(amd), .arena = arena_new() };
    struct mk_snp_options o;

    mk_snp_defaults(&o, MK_AMD_GENOA, FIXTURE_NOW);
    o.version = 5;
    evidence_new(amd, &o, &b.ev);
    flip_all(&b);
    cut_all(&b, MK_SNP_REPORT);
    cut_all(&b, MK_SNP_EXT_REPORT);
    mk_snp_evidence_free(&b.ev);
    att_arena_free(b.arena);
    att_lib_free(b.lib);
    mk_amd_free(amd);
    return cases_report(&cases);
}
