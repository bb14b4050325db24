/* layers: tpm crypto codec base */
/* TPMS_ATTEST, as a quote and as a certification: what was read is written again and is the input; one byte less is nothing. */
#include "wire.h"

#include "tpm/tpm.h"

static void quote(struct again *w, const struct tpm_attest *a)
{
    uint32_t banks = 0;

    put_number(w, a->selection_count, 4);
    for (size_t i = 0; i < a->selection_count; i++) {
        const struct tpm_selection *s = &a->selections[i];
        must(s->bank < ATT_HASH_COUNT && !(banks >> s->bank & 1) && s->pcrs >> TPM_PCRS == 0);
        banks |= 1u << s->bank;
        put_number(w, tpm_alg_of(s->bank), 2);
        must(w->size > w->at);
        size_t bytes = w->data[w->at];
        must(bytes >= 1 && bytes <= 4);
        put_number(w, bytes, 1);
        for (size_t b = 0; b < bytes; b++)
            put_number(w, s->pcrs >> (8 * b) & 0xff, 1);
        must(bytes == 4 || s->pcrs >> (8 * bytes) == 0);
    }
    put_sized(w, a->pcr_digest);
}

static void certify(struct again *w, const struct tpm_attest *a)
{
    must(a->selection_count == 0 && a->pcr_digest.len == 0);
    put_sized(w, a->name);
    put_sized(w, a->qualified_name);
}

static void check(struct att_span in, enum tpm_attest_kind kind)
{
    struct tpm_attest a = { .reset_count = 77 };
    struct att_err err = { 0 };

    if (!tpm_attest_read(in, kind, "fuzz", &a, &err)) {
        refused(&err, kind == TPM_QUOTE ? ATT_TPM_QUOTE_MALFORMED : ATT_KEY_CERTIFY_INVALID);
        must(a.reset_count == 77);
        return;
    }
    struct again w = { in.ptr, in.len, 0 };
    put_number(&w, 0xff544347, 4);
    put_number(&w, kind == TPM_QUOTE ? 0x8018 : 0x8017, 2);
    put_sized(&w, a.qualified_signer);
    put_sized(&w, a.extra_data);
    put_number(&w, a.clock_ms, 8);
    put_number(&w, a.reset_count, 4);
    put_number(&w, a.restart_count, 4);
    put_number(&w, a.safe, 1);
    put_number(&w, a.firmware_version, 8);
    (kind == TPM_QUOTE ? quote : certify)(&w, &a);
    put_end(&w);
    must(a.kind == kind && att_span_eq(a.whole, in));
    must(!tpm_attest_read(att_span_of(in.ptr, in.len - 1), kind, "fuzz", &a, NULL));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check(att_span_of(data, size), TPM_QUOTE);
    check(att_span_of(data, size), TPM_CERTIFY);
    return 0;
}
