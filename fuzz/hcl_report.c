/* layers: evidence/guest base codec */
/* Reports of Azure's paravisor. Properties: the same answer twice; a refusal says why and changes nothing; what is taken lies inside
 * the input, in order, and the sizes agree. */
#include "evidence/guest/hcl.h"

#include <string.h>

static void check(bool holds)
{
    if (!holds)
        __builtin_trap();
}

static void check_taken(const struct hcl_report *h, const uint8_t *data, size_t size)
{
    size_t hw = h->kind == HCL_SNP ? HCL_HW_BYTES : HCL_TDREPORT_BYTES;

    check(h->kind == HCL_SNP || h->kind == HCL_TDX);
    check(h->hw_report.ptr == data + HCL_HEAD_BYTES && h->hw_report.len == hw);
    check(h->report_data.len == HCL_REPORT_DATA_BYTES && h->report_data.ptr > h->hw_report.ptr &&
          h->report_data.ptr + HCL_REPORT_DATA_BYTES <= h->hw_report.ptr + hw);
    check(h->runtime.ptr == data + HCL_RUNTIME_AT && h->runtime.len > 0 &&
          h->runtime.len <= size - HCL_RUNTIME_AT && h->report_size == HCL_RUNTIME_AT + h->runtime.len &&
          h->data_size == HCL_REQUEST_BYTES + h->runtime.len && h->hash_type == HCL_HASH_SHA256);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hcl_report first, again;
    struct att_err err = { 0 }, err_again = { 0 };

    memset(&first, 0x5a, sizeof first);
    memset(&again, 0x5a, sizeof again);
    bool ok = hcl_read(att_span_of(data, size), &first, &err);
    check(ok == hcl_read(att_span_of(data, size), &again, &err_again));
    check(memcmp(&err, &err_again, sizeof err) == 0);
    if (ok) {
        check(err.code == ATT_OK);
        check_taken(&first, data, size);
    } else {
        check(err.code == ATT_HCL_MALFORMED && err.where[0] && err.found[0] && err.expected[0]);
        check(memcmp(&first, &again, sizeof first) == 0 && first.version == 0x5a5a5a5a);
    }
    return 0;
}
