/* layers: evidence/snp base */
/* SEV-SNP reports: what is accepted is 1184 bytes whose rules hold when they are looked at once more, byte by byte. */
#include "evidence/snp/report.h"

static void same_tcb(const uint8_t *raw, const struct snp_tcb *t, bool turin)
{
    if (t->raw.len != 8 || memcmp(t->raw.ptr, raw, 8) != 0 || t->has_fmc != turin || t->microcode != raw[7])
        __builtin_trap();
    if (t->bootloader != raw[turin ? 1 : 0] || t->tee != raw[turin ? 2 : 1] || t->snp != raw[turin ? 3 : 6] ||
        t->fmc != (turin ? raw[0] : 0))
        __builtin_trap();
}

static void halves_back(const uint8_t *data, const struct snp_report *p)
{
    for (size_t i = 0; i < 48; i++)
        if (p->signature[i] != data[0x2a0 + 47 - i] || p->signature[48 + i] != data[0x2e8 + 47 - i])
            __builtin_trap();
    for (size_t i = 0; i < 24; i++)
        if (data[0x2a0 + 48 + i] || data[0x2e8 + 48 + i])
            __builtin_trap();
    for (size_t i = 0x330; i < 0x4a0; i++)
        if (data[i])
            __builtin_trap();
}

static void check(const uint8_t *data, const struct snp_report *p)
{
    bool turin = p->version >= 3 && data[0x188] == 0x1a;

    if (p->signed_bytes.ptr != data || p->signed_bytes.len != 0x2a0)
        __builtin_trap();
    if (p->version != data[0] || data[0] < 2 || data[0] > 5 || data[1] || data[2] || data[3])
        __builtin_trap();
    if (!(data[0x0a] & 2) || data[0x0b] & 0xfc || data[0x0c] || data[0x0d] || data[0x0e] || data[0x0f])
        __builtin_trap();
    if (data[0x34] != 1 || data[0x48] & 0xe2 || data[0x49] || data[0x4a] || data[0x4b])
        __builtin_trap();
    if (p->report_data.ptr != data + 0x50 || p->measurement.ptr != data + 0x90 ||
        p->host_data.ptr != data + 0xc0 || p->report_id.ptr != data + 0x140 || p->chip_id.ptr != data + 0x1a0)
        __builtin_trap();
    if (p->has_cpuid != (p->version >= 3) || (!p->has_cpuid && p->product != SNP_PRODUCT_UNKNOWN))
        __builtin_trap();
    same_tcb(data + 0x38, &p->current, turin);
    same_tcb(data + 0x180, &p->reported, turin);
    same_tcb(data + 0x1e0, &p->committed, turin);
    same_tcb(data + 0x1f0, &p->launch, turin);
    halves_back(data, p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct snp_report p = { .version = 77 };
    struct att_err err = { 0 };

    if (snp_report_parse(att_span_of(data, size), &p, &err)) {
        if (size != SNP_REPORT_BYTES || err.code != ATT_OK)
            __builtin_trap();
        check(data, &p);
    } else if (err.code == ATT_OK || att_code_class(err.code) != ATT_CLASS_EVIDENCE || !err.where[0] ||
               !err.found[0] || !err.expected[0] || p.version != 77) {
        __builtin_trap();
    }
    return 0;
}
