/* layers: evidence/tpm evidence/common evidence collateral claims jose tpm eventlog crypto makers codec base */
/* One quote with its logs, put together here: what no request of a maker has. Banks that say different things; counters at the
 * end of their range. */
#include <attest/tpm.h>

#include <stdio.h>
#include <stdlib.h>

#include "collateral/context.h"
#include "evidence/tpm/tpm.h"
#include "makers/eventlog.h"
#include "support/cases.h"

#define AT ((int64_t)1780000000)

static struct cases cases = { .name = "evidence.tpm_attestation" };

static void must(bool ok, const struct att_err *err)
{
    if (ok)
        return;
    fprintf(stderr, "the fixture failed: %s at %s\n", err->text, err->where);
    exit(2);
}

struct machine {
    struct mk_tpm_vendor *vendor;
    struct mk_tpm *tpm;
    struct att_lib *lib;
    struct att_key *aik;
};

static void open_machine(struct machine *m)
{
    const struct att_lib_options options = { .size = sizeof options };
    struct att_err err = { 0 };
    struct att_buf area = { 0 };
    struct tpm_public pub;

    must(mk_tpm_vendor_new(AT, &m->vendor, &err), &err);
    must(mk_tpm_new(m->vendor, MK_BANK(MK_SHA1) | MK_BANK(MK_SHA256), &m->tpm, &err), &err);
    must(att_lib_new(&options, &m->lib, &err), &err);
    must(mk_tpm_public(m->tpm, MK_TPM_AIK_EC, &area, &err), &err);
    must(tpm_public_read(att_buf_span(&area), "aik", ATT_TPM_QUOTE_MALFORMED, &pub, &err), &err);
    must(tpm_public_key(m->lib->crypto, &pub, &m->aik, &err), &err);
    att_buf_free(&area);
}

/* What is different from a plain attestation of both banks. */
struct variant {
    const char *name;
    unsigned extended; /* banks in which register 5 holds one more event than the log has */
    unsigned quoted;
    bool whole_bank; /* values of all registers come along, as in form 1 */
    uint32_t mask;
    enum att_code want;
    uint32_t proven;
};

static void values(struct machine *m, const struct variant *v, uint32_t pcrs, struct tpm_pcrs *ret)
{
    for (unsigned h = 0; h < 2; h++) {
        struct tpm_bank *bank = &ret->bank[h == 0 ? ATT_SHA1 : ATT_SHA256];
        if (!(v->quoted & MK_BANK(h)))
            continue;
        bank->pcrs = v->whole_bank ? 0xffffff : pcrs;
        for (unsigned n = 0; n < TPM_PCRS; n++)
            memcpy(bank->value[n], mk_tpm_pcr(m->tpm, (enum mk_hash)h, n), mk_hash_size((enum mk_hash)h));
    }
}

static void run(struct machine *m, const struct variant *v)
{
    static const uint8_t more[64] = { 1 };
    const uint32_t pcrs = 0x7fff;
    struct mk_tpm_selection selections[2];
    struct mk_boot boot;
    struct mk_boot_logs logs = { 0 };
    struct att_buf quote = { 0 }, signature = { 0 };
    struct att_err err = { 0 };
    struct tpm_pcrs pcr_values = { 0 };
    size_t count = 0;

    mk_boot_defaults(&boot, MK_OS_WINDOWS);
    mk_tpm_restart(m->tpm, 0);
    must(mk_boot_run(&boot, m->tpm, &logs, &err), &err);
    for (unsigned h = 0; h < 2; h++) {
        if (v->extended & MK_BANK(h))
            must(mk_tpm_extend(m->tpm, (enum mk_hash)h, 5, more, &err), &err);
        if (v->quoted & MK_BANK(h))
            selections[count++] = (struct mk_tpm_selection){ (enum mk_hash)h, pcrs };
    }
    must(mk_tpm_quote(m->tpm, MK_TPM_AIK_EC, att_str("asked"), selections, count, &quote, &signature, &err),
         &err);
    values(m, v, pcrs, &pcr_values);
    const struct tpm_attestation a = {
        .present = true,
        .where = "tpm.current",
        .logs = { { LOG_TCG, att_buf_span(&logs.tcg) } },
        .log_count = 1,
        .quote = att_buf_span(&quote),
        .signature = att_buf_span(&signature),
        .pcrs = &pcr_values,
        .pcrs_whole_bank = v->whole_bank,
    };
    const struct att_attest_in in = { .size = sizeof in };
    const struct att_ctx ctx = {
        .lib = m->lib, .arena = att_arena_new((size_t)16 << 20), .in = &in, .required_pcr_mask = v->mask
    };
    const struct att_span asked = att_str("asked");
    struct tpm_state s = { 0 };
    bool ok = tpm_attestation_verify(&ctx, &a, m->aik, &asked, &s, &err);
    cases_check(&cases, ok == (v->want == ATT_OK) && err.code == v->want, "%s: %s at %s (%s)", v->name,
                att_code_name(err.code), err.where, err.text);
    cases_check(&cases, !ok || (s.proven.bank == ATT_SHA256 && s.proven.pcrs == v->proven),
                "%s: proven 0x%06x", v->name, (unsigned)s.proven.pcrs);
    att_arena_free(ctx.arena);
    mk_boot_logs_free(&logs);
    att_buf_free(&quote);
    att_buf_free(&signature);
}

static void banks(struct machine *m)
{
    enum { ONE = MK_BANK(MK_SHA1), TWO = MK_BANK(MK_SHA256), BOTH = ONE | TWO };
    static const struct variant rows[] = {
        { "both banks", 0, BOTH, false, 0x7fff, ATT_OK, 0x7fff },
        { "one bank", 0, TWO, false, 0x7fff, ATT_OK, 0x7fff },
        { "whole banks, of which not all is quoted", 0, TWO, true, 0x7fff, ATT_OK, 0x7fff },
        { "E-p: the log says another thing to the bank that does not count", ONE, BOTH, false, 0x7fff,
          ATT_EVENT_LOG_REPLAY_MISMATCH, 0 },
        { "E-p: which is not quoted", ONE, TWO, false, 0x7fff, ATT_OK, 0x7fff },
        { "E-p: in a register that nobody asks for", ONE, BOTH, false, 0x1f, ATT_OK, 0x7fff },
        { "the log says another thing to the bank that counts", TWO, BOTH, false, 0x7fff,
          ATT_EVENT_LOG_REPLAY_MISMATCH, 0 },
        { "in a register that nobody asks for", TWO, BOTH, false, 0x1f, ATT_OK, 0x7fff & ~(1u << 5) },
        { "a register that is not quoted", 0, TWO, false, 0xffff, ATT_PCR_SELECTION, 0 },
        { "no register asked for", 0, TWO, false, 0, ATT_OK, 0x7fff },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        run(m, &rows[i]);
}

static void counters(void)
{
    static const struct {
        const char *name;
        struct tpm_attest boot, now;
        bool ordered;
    } rows[] = {
        { "the same moment",
          { .clock_ms = 5, .reset_count = 7, .restart_count = 1 },
          { .clock_ms = 5, .reset_count = 7, .restart_count = 1 },
          true },
        { "one reset later",
          { .clock_ms = 5, .reset_count = 7, .restart_count = 9 },
          { .clock_ms = 6, .reset_count = 8, .restart_count = 0 },
          true },
        { "one restart later",
          { .reset_count = 7, .restart_count = 1 },
          { .reset_count = 7, .restart_count = 2 },
          true },
        { "one reset earlier", { .reset_count = 8 }, { .reset_count = 7 }, false },
        { "one restart earlier",
          { .reset_count = 7, .restart_count = 2 },
          { .reset_count = 7, .restart_count = 1 },
          false },
        { "the clock went back",
          { .clock_ms = 6, .reset_count = 7 },
          { .clock_ms = 5, .reset_count = 8 },
          false },
        { "across the end of the range, which the offset moves",
          { .reset_count = UINT32_MAX },
          { .reset_count = 0 },
          true },
        { "back across the end of the range", { .reset_count = 0 }, { .reset_count = UINT32_MAX }, false },
        { "restarts across the end of the range",
          { .restart_count = UINT32_MAX },
          { .restart_count = 1 },
          true },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct att_err err = { 0 };
        bool ok = tpm_boot_before(&rows[i].boot, &rows[i].now, &err);
        cases_check(&cases, ok == rows[i].ordered && err.code == (ok ? ATT_OK : ATT_TPM_BOOT_ORDER), "%s: %s",
                    rows[i].name, att_code_name(err.code));
    }
}

int main(void)
{
    struct machine m = { 0 };

    open_machine(&m);
    banks(&m);
    counters();
    att_key_free(m.aik);
    att_lib_free(m.lib);
    mk_tpm_free(m.tpm);
    mk_tpm_vendor_free(m.vendor);
    return cases_report(&cases);
}
