/* layers: attest makers base */
/* A trust domain's quote: every bit of what is signed flipped (report 1.5), one bit of every byte in front of the PCK chain
 * (report 1.0), every truncation: no yes. The chain and what follows it are those of an SGX quote, whose every bit has its
 * turn in bitflip_test.c. */
#include "support/cases.h"
#include "unit/attest/tdx_fixture.h"

static struct cases cases = { .name = "attest.tdx_bitflip" };

struct bench {
    struct att_lib *lib;
    struct att_arena *arena;
    struct mk_evidence ev;
    struct att_collateral *collateral;
    const char *form;
};

static bool accepted(struct bench *b, struct att_span raw, struct att_err *ret_err)
{
    struct att_attest_in in = domain_in(&b->ev, b->collateral);
    struct att_verdict v;

    in.evidence = raw;
    in.runtime.present = false; /* so that a flip in REPORTDATA gets as far as the signature */
    bool yes = att_attest(b->lib, b->arena, &in, &v);
    att_arena_reset(b->arena);
    *ret_err = v.err;
    return yes;
}

static size_t chain_at(struct att_span quote)
{
    static const char mark[] = "-----BEGIN CERTIFICATE-----";
    const uint8_t *at = memmem(quote.ptr, quote.len, mark, sizeof mark - 1);

    need(at != NULL, "a PEM chain", NULL);
    return (size_t)(at - quote.ptr);
}

/* Flips the bits in `mask` of each byte of [from, to), one at a time; a mask of 0 takes bit `at % 8` alone. */
static void flips(struct bench *b, size_t from, size_t to, unsigned mask)
{
    struct att_span raw = mk_item(&b->ev, MK_QUOTE);
    uint8_t *work = malloc(raw.len);
    struct att_err err;

    need(work != NULL, "malloc", NULL);
    memcpy(work, raw.ptr, raw.len);
    need(accepted(b, raw, &err), "the evidence itself", &err);
    for (size_t at = from; at < to; at++)
        for (unsigned bit = 0; bit < 8; bit++) {
            if (!(mask ? mask & 1u << bit : bit == at % 8))
                continue;
            work[at] = (uint8_t)(work[at] ^ 1u << bit);
            bool yes = accepted(b, att_span_of(work, raw.len), &err);
            work[at] = (uint8_t)(work[at] ^ 1u << bit);
            cases_check(&cases, !yes, "%s: byte %zu bit %u accepted", b->form, at, bit);
            cases_check(
                &cases,
                yes || (err.code != ATT_OK && err.text[0] && att_code_class(err.code) != ATT_CLASS_INTERNAL),
                "%s: byte %zu bit %u: %s", b->form, at, bit, err.text);
        }
    free(work);
}

static void cuts(struct bench *b)
{
    struct att_span raw = mk_item(&b->ev, MK_QUOTE);
    struct att_err err;

    for (size_t len = 0; len < raw.len; len++) {
        uint8_t *exact = malloc(len ? len : 1); /* so that a sanitizer sees a read past the end */
        need(exact != NULL, "malloc", NULL);
        memcpy(exact, raw.ptr, len);
        cases_check(&cases, !accepted(b, att_span_of(exact, len), &err) && err.code == ATT_QUOTE_LENGTH,
                    "%s: cut to %zu: %s", b->form, len, err.text);
        free(exact);
    }
}

int main(void)
{
    static const struct {
        const char *form;
        unsigned version;
        bool report_15;
    } forms[] = { { "v4", 4, false }, { "v5 with report 1.0", 5, false }, { "v5 with report 1.5", 5, true } };
    struct mk_hardware *hw = hardware_new();
    struct bench b = { .lib = lib_new(&hw, 1, 0), .arena = arena_new() };

    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        struct mk_tdx_options o;
        mk_tdx_defaults(&o, FIXTURE_NOW);
        o.quote_version = forms[i].version;
        o.td.report_15 = forms[i].report_15;
        domain_new(hw, &o, &b.ev);
        b.form = forms[i].form;
        b.collateral = collateral_of(b.lib, &b.ev);
        cuts(&b);
        if (forms[i].report_15)
            flips(&b, 0, 48 + 6 + 648, 0xff); /* header, descriptor, report */
        else if (forms[i].version == 4)
            flips(&b, 0, chain_at(mk_item(&b.ev, MK_QUOTE)), 0);
        att_collateral_free(b.collateral);
        mk_evidence_free(&b.ev);
    }
    att_arena_free(b.arena);
    att_lib_free(b.lib);
    mk_hardware_free(hw);
    return cases_report(&cases);
}
