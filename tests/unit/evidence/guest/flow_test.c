/* layers: attest makers codec base */
/* Guests with hardware evidence and without: what is accepted, and what each wrong part alone is refused for. */
#include "support/cases.h"
#include "unit/evidence/guest/fixture.h"

static struct cases cases = { .name = "evidence/guest/flow" };
static struct world world;

typedef void (*change_fn)(struct guest *g);

/* -- wrong parts --------------------------------------------------------------------------------------------------- */

static void flip(struct guest *g, enum guest_part part, size_t at)
{
    g->part[part].ptr[at] ^= 1;
}
static void runtime_flipped(struct guest *g)
{
    flip(g, RUNTIME, g->part[RUNTIME].len - 10);
}
static void runtime_longer(struct guest *g)
{
    att_buf_putc(&g->part[RUNTIME], ' ');
}
static void runtime_of_another(struct guest *g)
{
    att_buf_clear(&g->part[RUNTIME]);
    att_buf_puts(&g->part[RUNTIME], "{\"keys\":[]}");
}
/* The attacker's own TPM key, with a quote and a certification that it made. */
static void another_ak(struct guest *g)
{
    att_buf_clear(&g->part[AIK_PUB]);
    att_buf_clear(&g->part[AIK_CERT]);
    public_make(&world, MK_TPM_AIK_2, &g->part[AIK_PUB]);
    quote_make(&world, g->pcrs, MK_TPM_AIK_2, g);
    enc_make(&world, MK_TPM_ENC, MK_TPM_AIK_2, g);
}
static void another_cert(struct guest *g)
{
    struct att_err err = { 0 };

    att_buf_clear(&g->part[AIK_CERT]);
    need(mk_tpm_cert(world.tpm, MK_TPM_AIK_2, FIXTURE_NOW, &g->part[AIK_CERT], &err), "mk_tpm_cert", &err);
}
static void cert_cut(struct guest *g)
{
    g->part[AIK_CERT].len -= 1;
}
static void cert_with_tail(struct guest *g)
{
    att_buf_putc(&g->part[AIK_CERT], 1);
}
static void cert_padded(struct guest *g)
{
    att_buf_fill(&g->part[AIK_CERT], 0, 700);
}
static void no_cert(struct guest *g)
{
    att_buf_clear(&g->part[AIK_CERT]);
}
static void cert_of_stranger(struct guest *g)
{
    struct mk_tpm_cert_spec spec = { .stranger = true,
                                     .not_before = FIXTURE_NOW - 10,
                                     .not_after = FIXTURE_NOW + 10 };
    struct att_err err = { 0 };

    att_buf_clear(&g->part[AIK_CERT]);
    need(mk_tpm_key(world.tpm, MK_TPM_AIK, &spec.key, &err) &&
             mk_tpm_cert_der(world.vendor, &spec, &g->part[AIK_CERT], &err),
         "mk_tpm_cert_der", &err);
}
static void quote_flipped(struct guest *g)
{
    flip(g, PCR_QUOTE, 60); /* in extraData */
}
static void quote_cut(struct guest *g)
{
    g->part[PCR_QUOTE].len--;
}
static void quote_longer(struct guest *g)
{
    att_buf_putc(&g->part[PCR_QUOTE], 0);
}
static void quote_not_of_tpm(struct guest *g)
{
    flip(g, PCR_QUOTE, 0);
}
static void quote_is_certify(struct guest *g)
{
    att_buf_clear(&g->part[PCR_QUOTE]);
    att_buf_put(&g->part[PCR_QUOTE], att_buf_span(&g->part[ENC_CERTIFY]));
}
static void signature_flipped(struct guest *g)
{
    flip(g, PCR_SIGNATURE, 200);
}
static void signature_zero(struct guest *g)
{
    memset(g->part[PCR_SIGNATURE].ptr, 0, g->part[PCR_SIGNATURE].len);
}
static void signature_cut(struct guest *g)
{
    g->part[PCR_SIGNATURE].len--;
}
static void signature_of_certify(struct guest *g)
{
    att_buf_clear(&g->part[PCR_SIGNATURE]);
    att_buf_put(&g->part[PCR_SIGNATURE], att_buf_span(&g->part[ENC_SIGNATURE]));
}
static void quote_by_another(struct guest *g)
{
    quote_make(&world, g->pcrs, MK_TPM_AIK_2, g);
}
static void quote_of_few(struct guest *g)
{
    quote_make(&world, 0x7f, MK_TPM_AIK, g);
}
static void value_wrong(struct guest *g)
{
    g->value[7][31] ^= 1;
}
static void value_missing(struct guest *g)
{
    g->pcrs &= ~(1u << 3);
}
static void value_besides(struct guest *g)
{
    g->pcrs |= 1u << 9;
}
static void log_flipped(struct guest *g)
{
    flip(g, LOGS, 110); /* in the first digest */
}
static void log_cut(struct guest *g)
{
    g->part[LOGS].len -= 1;
}
/* Its registers are no longer those of the quote. */
static void log_of_another_boot(struct guest *g)
{
    struct guest_spec s = { .isolation = "TrustedLaunch" };
    struct mk_boot boot;

    mk_boot_defaults(&boot, MK_OS_LINUX);
    boot.secure_boot = MK_FALSE;
    boot.no_ima = true;
    s.boot = &boot;
    att_buf_clear(&g->part[LOGS]);
    boot_make(&world, &s, g);
}
static void enc_flipped(struct guest *g)
{
    flip(g, ENC_PUB, g->part[ENC_PUB].len - 100); /* in the modulus */
}
static void enc_cut(struct guest *g)
{
    g->part[ENC_PUB].len--;
}
/* The same key under another policy: another object, which nobody certified. */
static void enc_uncertified(struct guest *g)
{
    struct att_err err = { 0 };

    need(mk_tpm_extend_data(world.tpm, 16, att_str("later"), &err), "mk_tpm_extend_data", &err);
    need(mk_tpm_extend_data(world.tpm, 0, att_str("later"), &err), "mk_tpm_extend_data", &err);
    att_buf_clear(&g->part[ENC_PUB]);
    public_make(&world, MK_TPM_ENC, &g->part[ENC_PUB]);
}
static void enc_signs(struct guest *g)
{
    enc_make(&world, MK_TPM_APP, MK_TPM_AIK, g);
}
static void enc_is_ek(struct guest *g)
{
    enc_make(&world, MK_TPM_EK, MK_TPM_AIK, g);
}
static void enc_is_ec(struct guest *g)
{
    enc_make(&world, MK_TPM_APP_EC, MK_TPM_AIK, g);
}
static void enc_by_another(struct guest *g)
{
    enc_make(&world, MK_TPM_ENC, MK_TPM_AIK_2, g);
}
static void certify_flipped(struct guest *g)
{
    flip(g, ENC_CERTIFY, g->part[ENC_CERTIFY].len - 5); /* in the qualified name */
}
static void certify_signature_flipped(struct guest *g)
{
    flip(g, ENC_SIGNATURE, 17);
}
static void certify_is_quote(struct guest *g)
{
    att_buf_clear(&g->part[ENC_CERTIFY]);
    att_buf_put(&g->part[ENC_CERTIFY], att_buf_span(&g->part[PCR_QUOTE]));
}
/* Signed anew, as by a processor that was asked at this level. */
static void report_at(struct guest *g, uint32_t vmpl)
{
    struct guest_spec spec = { .isolation = "SevSnp" };
    struct mk_snp_options o;

    mk_snp_defaults(&o, MK_AMD_GENOA, FIXTURE_NOW);
    o.vmpl = vmpl;
    spec.snp = &o;
    att_buf_clear(&g->part[REPORT]);
    att_buf_clear(&g->part[CHAIN]);
    snp_make(&world, &spec, g);
}
static void report_of_level_1(struct guest *g)
{
    report_at(g, 1);
}
static void report_of_host(struct guest *g)
{
    report_at(g, UINT32_MAX);
}
static void report_flipped(struct guest *g)
{
    flip(g, REPORT, 0x90); /* MEASUREMENT */
}
static void report_data_half(struct guest *g)
{
    flip(g, REPORT, 0x50 + 40);
}
static void report_data_other(struct guest *g)
{
    flip(g, REPORT, 0x50);
}
static void report_cut(struct guest *g)
{
    g->part[REPORT].len--;
}
static void td_report_data(struct guest *g)
{
    flip(g, REPORT, 48 + 520);
}
static void td_report_data_half(struct guest *g)
{
    flip(g, REPORT, 48 + 520 + 50);
}
static void td_mrtd(struct guest *g)
{
    flip(g, REPORT, 48 + 136);
}
static void chain_gone(struct guest *g)
{
    att_buf_clear(&g->part[CHAIN]);
}
static void says_launch(struct guest *g)
{
    g->isolation = "TrustedLaunch";
}
static void says_tdx(struct guest *g)
{
    g->isolation = "Tdx";
}
static void says_nothing(struct guest *g)
{
    g->isolation = NULL;
}
static void says_vbs(struct guest *g)
{
    g->isolation = "Vbs";
}
static void no_log(struct guest *g)
{
    att_buf_clear(&g->part[LOGS]);
}
static void whole_signature(struct guest *g)
{
    static const uint8_t head[SIGNATURE_HEAD] = { 0x00, 0x14, 0x00, 0x0b, 0x01, 0x00 };
    struct att_buf whole = { 0 };

    att_buf_put(&whole, att_span_of(head, sizeof head));
    att_buf_put(&whole, att_buf_span(&g->part[PCR_SIGNATURE]));
    att_buf_free(&g->part[PCR_SIGNATURE]);
    g->part[PCR_SIGNATURE] = whole;
}
static void same(struct guest *g)
{
    (void)g;
}

struct row {
    const char *name;
    const char *isolation;
    change_fn change;
    enum att_code want;
};
static const struct row rows[] = {
    { "SNP", "SevSnp", same, ATT_OK },
    { "TDX", "Tdx", same, ATT_OK },
    { "trusted launch", "TrustedLaunch", same, ATT_OK },
    { "SNP without a certificate", "SevSnp", no_cert, ATT_OK },
    { "SNP, the certificate in a padded index", "SevSnp", cert_padded, ATT_OK },
    { "SNP, a certificate of an unknown authority", "SevSnp", cert_of_stranger, ATT_OK },
    { "trusted launch, padded", "TrustedLaunch", cert_padded, ATT_OK },
    { "SNP without a log", "SevSnp", no_log, ATT_OK },
    { "SNP, the whole TPMT_SIGNATURE", "SevSnp", whole_signature, ATT_OK },
    { "says nothing of isolation, but has a certificate", "SevSnp", says_nothing, ATT_OK },

    { "E-s: runtime claims changed", "SevSnp", runtime_flipped, ATT_HCL_RUNTIME_HASH_MISMATCH },
    { "E-s: runtime claims longer by a blank", "SevSnp", runtime_longer, ATT_HCL_RUNTIME_HASH_MISMATCH },
    { "E-s: runtime claims of nobody", "SevSnp", runtime_of_another, ATT_HCL_RUNTIME_HASH_MISMATCH },
    { "E-s: report data of something else", "SevSnp", report_data_other, ATT_HCL_RUNTIME_HASH_MISMATCH },
    { "E-s: second half of the report data", "SevSnp", report_data_half, ATT_HCL_RUNTIME_HASH_MISMATCH },
    { "E-s: TDX, runtime claims changed", "Tdx", runtime_flipped, ATT_HCL_RUNTIME_HASH_MISMATCH },
    { "E-s: TDX, report data of something else", "Tdx", td_report_data, ATT_HCL_RUNTIME_HASH_MISMATCH },
    { "E-s: TDX, second half of the report data", "Tdx", td_report_data_half, ATT_HCL_RUNTIME_HASH_MISMATCH },
    { "E-s: AK of another TPM, with its own quote", "SevSnp", another_ak, ATT_AK_MISMATCH },
    { "E-s: TDX, AK of another TPM", "Tdx", another_ak, ATT_AK_MISMATCH },
    { "E-s: certificate of another AK", "SevSnp", another_cert, ATT_AIK_MISMATCH },
    { "E-s: trusted launch, certificate of another AK", "TrustedLaunch", another_cert, ATT_AIK_MISMATCH },

    { "certificate cut", "SevSnp", cert_cut, ATT_CERT_MALFORMED },
    { "certificate with a tail", "SevSnp", cert_with_tail, ATT_CERT_MALFORMED },
    { "trusted launch, certificate cut", "TrustedLaunch", cert_cut, ATT_AIK_UNTRUSTED },
    { "trusted launch without a certificate", "TrustedLaunch", no_cert, ATT_AIK_UNTRUSTED },
    { "trusted launch, unknown authority", "TrustedLaunch", cert_of_stranger, ATT_AIK_UNTRUSTED },
    { "trusted launch, AK without certificate", "TrustedLaunch", another_ak, ATT_AIK_UNTRUSTED },
    { "nothing of isolation, no certificate", NULL, no_cert, ATT_AIK_UNTRUSTED },

    { "quote changed", "SevSnp", quote_flipped, ATT_TPM_QUOTE_SIGNATURE_INVALID },
    { "quote cut", "SevSnp", quote_cut, ATT_TPM_QUOTE_MALFORMED },
    { "quote with a tail", "SevSnp", quote_longer, ATT_TPM_QUOTE_MALFORMED },
    { "quote without the TPM's mark", "SevSnp", quote_not_of_tpm, ATT_TPM_QUOTE_MALFORMED },
    { "a certification for a quote", "SevSnp", quote_is_certify, ATT_TPM_QUOTE_MALFORMED },
    { "signature changed", "SevSnp", signature_flipped, ATT_TPM_QUOTE_SIGNATURE_INVALID },
    { "signature zero", "SevSnp", signature_zero, ATT_TPM_QUOTE_SIGNATURE_INVALID },
    { "signature cut", "SevSnp", signature_cut, ATT_TPM_QUOTE_MALFORMED },
    { "signature over something else", "SevSnp", signature_of_certify, ATT_TPM_QUOTE_SIGNATURE_INVALID },
    { "quote by another key", "SevSnp", quote_by_another, ATT_TPM_QUOTE_SIGNATURE_INVALID },
    { "trusted launch, quote by another key", "TrustedLaunch", quote_by_another,
      ATT_TPM_QUOTE_SIGNATURE_INVALID },
    { "quote without PCR 7", "SevSnp", quote_of_few, ATT_PCR_SELECTION },
    { "a register's value", "SevSnp", value_wrong, ATT_PCR_DIGEST_MISMATCH },
    { "a value missing", "SevSnp", value_missing, ATT_PCR_SELECTION },
    { "a value besides", "SevSnp", value_besides, ATT_PCR_SELECTION },
    { "log cut", "SevSnp", log_cut, ATT_EVENT_LOG_MALFORMED },
    { "log changed", "SevSnp", log_flipped, ATT_EVENT_LOG_REPLAY_MISMATCH },
    { "log of another boot", "SevSnp", log_of_another_boot, ATT_EVENT_LOG_REPLAY_MISMATCH },
    { "trusted launch, log of another boot", "TrustedLaunch", log_of_another_boot,
      ATT_EVENT_LOG_REPLAY_MISMATCH },

    { "answer key changed", "SevSnp", enc_flipped, ATT_KEY_CERTIFY_INVALID },
    { "answer key cut", "SevSnp", enc_cut, ATT_GUEST_REQUEST_MALFORMED },
    { "answer key under another policy", "SevSnp", enc_uncertified, ATT_KEY_CERTIFY_INVALID },
    { "answer key that signs", "SevSnp", enc_signs, ATT_KEY_CERTIFY_INVALID },
    { "answer key restricted", "SevSnp", enc_is_ek, ATT_KEY_CERTIFY_INVALID },
    { "answer key ECC", "SevSnp", enc_is_ec, ATT_KEY_CERTIFY_INVALID },
    { "answer key certified by another", "SevSnp", enc_by_another, ATT_KEY_CERTIFY_INVALID },
    { "certification changed", "SevSnp", certify_flipped, ATT_KEY_CERTIFY_INVALID },
    { "certification's signature", "SevSnp", certify_signature_flipped, ATT_KEY_CERTIFY_INVALID },
    { "a quote for a certification", "SevSnp", certify_is_quote, ATT_KEY_CERTIFY_INVALID },

    { "E-s: a report that the guest asked for, not its paravisor", "SevSnp", report_of_level_1,
      ATT_HCL_MALFORMED },
    { "E-s: a report that the host asked for", "SevSnp", report_of_host, ATT_HCL_MALFORMED },
    { "SNP report changed", "SevSnp", report_flipped, ATT_SNP_SIGNATURE_INVALID },
    { "SNP report cut", "SevSnp", report_cut, ATT_SNP_LENGTH },
    { "SNP chain gone", "SevSnp", chain_gone, ATT_COLLATERAL_MISSING },
    { "TDX quote changed", "Tdx", td_mrtd, ATT_QUOTE_SIGNATURE_INVALID },
    { "an SNP report called TDX", "SevSnp", says_tdx, ATT_ATTESTATION_KEY_TYPE },
    { "isolation that is not known", "SevSnp", says_vbs, ATT_GUEST_REQUEST_MALFORMED },
    { "a launch may not borrow the hardware's word", "SevSnp", says_launch, ATT_OK },
};

static bool judge(const struct guest *g, const struct att_attest_in *given, struct att_arena *arena,
                  struct att_verdict *ret)
{
    struct att_collateral *c = guest_collateral(&world, g);
    struct att_attest_in in = *given;

    in.collateral = c;
    bool ok = att_attest(world.lib, arena, &in, ret);
    att_collateral_free(c);
    return ok;
}

static const struct att_claim *claim(const struct att_verdict *v, const char *name)
{
    return att_claims_find(&v->claims, name, ATT_ISSUER_SERVICE);
}

static bool is_true(const struct att_verdict *v, const char *name)
{
    const struct att_claim *c = claim(v, name);

    return c && c->value.kind == ATT_CLAIM_BOOL && c->value.boolean;
}

static void check_accepted(const struct row *r, const struct guest *g, const struct att_verdict *v)
{
    bool log = g->part[LOGS].len > 0;
    bool inside = g->isolation && strcmp(g->isolation, "TrustedLaunch") != 0;

    cases_check(&cases, v->test_root, "%s: made for tests", r->name);
    cases_check(&cases, v->seal_to.len > 0 && v->tcb.status == ATT_STATUS_UP_TO_DATE, "%s: key and level",
                r->name);
    cases_check(&cases, is_true(v, "secureboot") == log, "%s: secureboot", r->name);
    cases_check(&cases, is_true(v, "x-ms-azurevm-debuggersdisabled") == log, "%s: debuggersdisabled",
                r->name);
    cases_check(&cases, (claim(v, "x-ms-isolation-tee") != NULL) == inside, "%s: x-ms-isolation-tee",
                r->name);
    cases_check(&cases, (claim(v, "x-ms-azurevm-vmid") != NULL) == inside, "%s: vmid", r->name);
    cases_check(&cases,
                !inside || att_span_is(claim(v, "x-ms-azurevm-vmid")->value.text,
                                       "70F5CE9A-2BDC-4B6B-8401-E9B964D3AEB7"),
                "%s: vmid in upper case", r->name);
}

static void run(const struct row *r)
{
    struct guest_spec spec = { .isolation = r->isolation };
    struct att_arena *arena = att_arena_new(att_limits_default.arena_bytes_max);
    struct att_buf json = { 0 };
    struct att_verdict v;
    struct guest g;

    guest_new(&world, &spec, &g);
    r->change(&g);
    guest_json(&g, &json);
    struct att_attest_in in = guest_in(&world, att_buf_span(&json));
    bool ok = judge(&g, &in, arena, &v);
    cases_check(&cases, ok == (r->want == ATT_OK) && v.err.code == r->want, "%s: %s at %s (%s), wanted %s",
                r->name, att_code_name(v.err.code), v.err.where, v.err.text, att_code_name(r->want));
    if (ok)
        check_accepted(r, &g, &v);
    else
        cases_check(&cases,
                    v.err.where[0] && v.err.found[0] && v.err.expected[0] && v.claims.count == 0 &&
                        v.seal_to.len == 0,
                    "%s: the refusal says too little, or too much was given", r->name);
    att_buf_free(&json);
    guest_free(&g);
    att_arena_free(arena);
}

int main(void)
{
    world_new(&world);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        run(&rows[i]);
    world_free(&world);
    return cases_report(&cases);
}
