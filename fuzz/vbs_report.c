/* layers: evidence/tpm base */
/* Reports of VBS enclaves: what is accepted adds up when its sizes are looked at once more, byte by byte. */
#include "evidence/tpm/vbs_report.h"

static uint32_t u32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static void blocks_fill(const uint8_t *data, size_t at, size_t end, size_t modules)
{
    size_t found = 0;

    while (at < end) {
        uint32_t size = u32(data + at + 4);
        if (u32(data + at) == 0 || size < 8 || size > end - at)
            __builtin_trap();
        found += u32(data + at) == 1 ? 1 : 0;
        at += size;
    }
    if (at != end || found != modules)
        __builtin_trap();
}

static void check(const uint8_t *data, size_t size, const struct vbs_report *r)
{
    if (size < 24 + 224 + 1 || u32(data) != size || u32(data + 4) != 1 || u32(data + 8) != 1)
        __builtin_trap();
    if (r->statement.ptr != data + 24 || r->statement.len != u32(data + 12) ||
        u32(data + 24) != r->statement.len || r->signature.ptr != data + 24 + r->statement.len ||
        r->signature.len != u32(data + 16) || 24 + r->statement.len + r->signature.len != size)
        __builtin_trap();
    if (r->enclave_data.ptr != data + 32 || r->owner_id.ptr != data + 96 || r->unique_id.ptr != data + 128 ||
        r->author_id.ptr != data + 160 || r->family_id.ptr != data + 192 || r->image_id.ptr != data + 208)
        __builtin_trap();
    if (r->enclave_svn != u32(data + 224) || r->secure_kernel_svn != u32(data + 228) ||
        r->platform_svn != u32(data + 232) || r->flags != u32(data + 236) ||
        r->signing_level != u32(data + 240))
        __builtin_trap();
    blocks_fill(data, 24 + 224, 24 + r->statement.len, r->module_count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct vbs_report r = { .flags = 77 };
    struct att_err err = { 0 };

    if (vbs_report_read(att_span_of(data, size), &r, &err)) {
        if (err.code != ATT_OK)
            __builtin_trap();
        check(data, size, &r);
    } else if (err.code != ATT_VBS_REPORT_MALFORMED || !err.where[0] || !err.found[0] || !err.expected[0] ||
               r.flags != 77) {
        __builtin_trap();
    }
    return 0;
}
