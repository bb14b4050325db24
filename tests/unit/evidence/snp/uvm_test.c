/* layers: evidence/snp evidence/common collateral crypto makers base codec */
/* Endorsements made for tests: whole ones hold in every form and algorithm; each row of makers/uvm_breaks.def spoils one
 * thing, and is refused for that thing. */
#include "base/auto.h"
#include "base/buf.h"
#include "evidence/snp/uvm.h"
#include "makers/uvm.h"
#include "support/cases.h"

#include <attest/attest.h>
#include <stdio.h>
#include <stdlib.h>

enum { SIGNED = 1700000000, YEARS = 3 * 365 * 86400, NOW = SIGNED + YEARS, SVN = 105 };

static struct cases run = { .name = "unit.evidence.uvm" };
static struct att_lib *lib;
static struct att_arena *arena;
static struct mk_uvm_signer *signer; /* ES384 */
static uint8_t measurement[48];
static struct att_compliance_row row = { .status = "s", .evidence_type = "sev-snp" };
static struct att_attest_in in = { .size = sizeof in };

static bool verify_at(struct att_span cose, int64_t now, struct snp_uvm *ret, struct att_err *err)
{
    struct att_ctx ctx = { .lib = lib, .arena = arena, .in = &in, .now_unix_s = now };

    att_arena_reset(arena);
    *err = (struct att_err){ 0 };
    return snp_uvm_verify(&ctx, cose, ret, err);
}

static bool make(const struct mk_uvm_signer *s, struct mk_uvm_options o, struct att_buf *out)
{
    struct att_err err = { 0 };

    o.measurement = measurement;
    o.svn = SVN;
    o.signed_unix_s = SIGNED;
    if (mk_uvm_make(s, &o, out, &err))
        return true;
    cases_check(&run, false, "maker: %s", err.text);
    return false;
}

/* A place, or one below it. */
static bool at_place(const char *where, const char *place)
{
    static const char start[] = "sevsnp.endorsement.";
    size_t n = strlen(place);

    if (strncmp(where, start, sizeof start - 1) != 0)
        return false;
    where += sizeof start - 1;
    return strncmp(where, place, n) == 0 && (where[n] == '\0' || where[n] == '.');
}

static void check_whole(const struct mk_uvm_signer *s, const char *name, struct mk_uvm_options o)
{
    ATT_AUTO(att_buf_free) struct att_buf cose = { 0 };
    struct snp_uvm uvm;
    struct att_err err;

    if (!make(s, o, &cose))
        return;
    bool ok = verify_at(att_buf_span(&cose), NOW, &uvm, &err);
    cases_check(&run, ok, "%s: %s", name, err.text);
    cases_check(&run,
                ok && uvm.svn == SVN && uvm.signed_unix_s == SIGNED &&
                    att_span_is(uvm.issuer, mk_uvm_issuer(s)) && att_span_is(uvm.feed, MK_UVM_FEED) &&
                    memcmp(uvm.measurement, measurement, 48) == 0,
                "%s: what it says", name);
}

static void check_algorithms(void)
{
    static const char *const names[] = { "ES256", "PS256", "PS384", "PS512" };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct mk_uvm_signer *s = NULL;
        struct att_err err = { 0 };
        if (!mk_uvm_signer_new(names[i], &s, &err))
            cases_check(&run, false, "%s: %s", names[i], err.text);
        else
            check_whole(s, names[i], (struct mk_uvm_options){ 0 });
        mk_uvm_signer_free(s);
    }
}

static void check_breaks(void)
{
    for (int b = MK_UVM_WHOLE + 1; b < MK_UVM_BREAK_COUNT; b++) {
        ATT_AUTO(att_buf_free) struct att_buf cose = { 0 };
        const struct mk_uvm_break_row *r = &mk_uvm_breaks[b];
        struct snp_uvm uvm = { .svn = 1 };
        struct att_err err;

        if (!make(signer, (struct mk_uvm_options){ .broken = (enum mk_uvm_break)b }, &cose))
            continue;
        bool ok = verify_at(att_buf_span(&cose), NOW, &uvm, &err);
        cases_check(&run, !ok && err.code == ATT_ENDORSEMENT_INVALID && at_place(err.where, r->where),
                    "%s: wanted %s, got %s at %s (%s)", r->name, r->where, att_code_name(err.code), err.where,
                    err.text);
        cases_check(&run, err.found[0] && err.expected[0], "%s: says too little: %s", r->name, err.text);
        cases_check(&run, uvm.svn == 1 && uvm.issuer.ptr == NULL, "%s: the output is left alone", r->name);
    }
}

static void check_cache(void)
{
    ATT_AUTO(att_buf_free) struct att_buf cose = { 0 };
    ATT_AUTO(att_buf_free) struct att_buf again = { 0 };
    struct snp_uvm uvm;
    struct att_err err;

    if (!make(signer, (struct mk_uvm_options){ 0 }, &cose))
        return;
    struct att_span bytes = att_buf_span(&cose);
    cases_check(&run, verify_at(bytes, NOW, &uvm, &err) && att_chain_cache_count(lib->chains) == 0,
                "whom no row names is not kept");
    row.uvm_issuer = mk_uvm_issuer(signer);
    cases_check(&run, !verify_at(bytes, SIGNED - 1, &uvm, &err), "E-v: too early, judged");
    cases_check(&run, att_chain_cache_count(lib->chains) == 1,
                "what holds of the bytes is kept all the same");
    cases_check(&run, !verify_at(bytes, SIGNED - 1, &uvm, &err) && err.code == ATT_ENDORSEMENT_INVALID,
                "E-v: too early, remembered: %s", err.where);
    att_buf_put(&again, bytes);
    memset(cose.ptr, 0, cose.len);
    cases_check(&run,
                verify_at(att_buf_span(&again), SIGNED, &uvm, &err) && att_span_is(uvm.feed, MK_UVM_FEED) &&
                    att_span_is(uvm.issuer, mk_uvm_issuer(signer)) && uvm.svn == SVN &&
                    memcmp(uvm.measurement, measurement, 48) == 0,
                "remembered, read from other memory");
    cases_check(&run, uvm.feed.ptr > again.ptr && uvm.feed.ptr < again.ptr + again.len,
                "spans of these bytes");
    again.ptr[again.len - 1] ^= 1;
    cases_check(&run,
                !verify_at(att_buf_span(&again), NOW, &uvm, &err) && att_chain_cache_count(lib->chains) == 1,
                "another last byte is another endorsement");
    row.uvm_issuer = NULL;
}

/* Every cut and every single bit of the outer frame: what lies before the signed bytes, between them and behind. */
static void check_cuts(void)
{
    ATT_AUTO(att_buf_free) struct att_buf cose = { 0 };
    struct snp_uvm uvm;
    struct att_err err;
    unsigned wrong = 0;

    if (!make(signer, (struct mk_uvm_options){ .form = MK_UVM_UNTAGGED }, &cose))
        return;
    for (size_t n = 0; n < cose.len; n++) {
        uint8_t *exact = malloc(n ? n : 1); /* the address sanitizer sees one byte too far */
        if (!exact)
            break;
        memcpy(exact, cose.ptr, n);
        if (verify_at(att_span_of(exact, n), NOW, &uvm, &err) || err.code != ATT_ENDORSEMENT_INVALID)
            wrong++;
        free(exact);
    }
    cases_check(&run, wrong == 0, "%u beginnings were not refused", wrong);
    cases_check(&run, !verify_at((struct att_span){ 0 }, NOW, &uvm, &err), "nothing at all");
    att_buf_fill(&cose, 0, 70000);
    cases_check(&run, !verify_at(att_buf_span(&cose), NOW, &uvm, &err) && strstr(err.expected, "65536"),
                "too long");
}

int main(void)
{
    struct att_lib_options options = { .size = sizeof options };
    struct att_err err = { 0 };

    for (size_t i = 0; i < sizeof measurement; i++)
        measurement[i] = (uint8_t)(i * 5 + 1);
    in.compliance = &row, in.compliance_count = 1;
    arena = att_arena_new((size_t)1 << 20);
    if (!arena || !att_lib_new(&options, &lib, &err) || !mk_uvm_signer_new("ES384", &signer, &err))
        return 1;
    check_whole(signer, "tagged", (struct mk_uvm_options){ 0 });
    check_whole(signer, "untagged", (struct mk_uvm_options){ .form = MK_UVM_UNTAGGED });
    check_whole(signer, "claims", (struct mk_uvm_options){ .form = MK_UVM_CWT });
    check_whole(signer, "labels and claims", (struct mk_uvm_options){ .form = MK_UVM_BOTH });
    check_whole(signer, "no thumbprint", (struct mk_uvm_options){ .no_x5t = true });
    check_algorithms();
    check_breaks();
    check_cache();
    check_cuts();
    mk_uvm_signer_free(signer);
    att_lib_free(lib);
    att_arena_free(arena);
    return cases_report(&run);
}
