#include "evidence/guest/hcl.h"

#include "base/err.h"
#include "base/reader.h"

enum { SNP_REPORT_DATA_AT = 0x50, TD_REPORT_DATA_AT = 128, TDREPORT_TYPE = 0x81 };

static bool bad(struct att_err *err, const char *where, const char *expected, uint32_t found)
{
    return att_fail(err, ATT_HCL_MALFORMED, where, expected, "%u", found);
}

static bool length_good(struct att_span bytes, struct att_err *err)
{
    return bytes.len >= HCL_RUNTIME_AT ||
           att_fail(err, ATT_HCL_MALFORMED, "hcl", "1236 bytes and the runtime claims behind them",
                    "%zu bytes", bytes.len);
}

static bool head_read(struct att_reader *r, struct hcl_report *ret, struct att_err *err)
{
    struct att_shown shown;
    struct att_span magic = att_take(r, 4);

    ret->version = att_take_u32le(r);
    ret->report_size = att_take_u32le(r);
    ret->request_type = att_take_u32le(r);
    ret->status = att_take_u32le(r);
    (void)att_take(r, 12); /* reserved */
    if (!att_span_is(magic, "HCLA"))
        return att_fail(err, ATT_HCL_MALFORMED, "hcl.signature", "HCLA", "%s", att_shown(&shown, magic));
    if (ret->version != 1 && ret->version != 2)
        return bad(err, "hcl.version", "1 or 2", ret->version);
    return ret->status == 0 || bad(err, "hcl.status", "0", ret->status);
}

static bool request_read(struct att_reader *r, struct hcl_report *ret, uint32_t *ret_runtime_bytes,
                         struct att_err *err)
{
    uint32_t kind = 0;

    ret->data_size = att_take_u32le(r);
    ret->data_version = att_take_u32le(r);
    kind = att_take_u32le(r);
    ret->hash_type = att_take_u32le(r);
    *ret_runtime_bytes = att_take_u32le(r);
    if (ret->data_version != 1)
        return bad(err, "hcl.request.version", "1", ret->data_version);
    if (kind != HCL_SNP && kind != HCL_TDX)
        return bad(err, "hcl.request.report_type", "2 (SEV-SNP) or 4 (TDX)", kind);
    if (ret->hash_type != HCL_HASH_SHA256)
        return bad(err, "hcl.request.report_data_hash_type", "1 (SHA-256)", ret->hash_type);
    ret->kind = (enum hcl_kind)kind;
    return true;
}

/* Three lengths say the same; one of them alone would be enough, but who writes them apart has a mistake somewhere. */
static bool sizes_agree(const struct hcl_report *h, uint32_t runtime_bytes, size_t left, struct att_err *err)
{
    if (runtime_bytes == 0 || runtime_bytes > left)
        return att_fail(err, ATT_HCL_MALFORMED, "hcl.request.variable_data_size",
                        "at least 1, and no more than is there", "%u of %zu", runtime_bytes, left);
    if (h->data_size < HCL_REQUEST_BYTES || h->data_size - HCL_REQUEST_BYTES != runtime_bytes)
        return bad(err, "hcl.request.data_size", "20 more than variable_data_size", h->data_size);
    return (h->report_size >= HCL_RUNTIME_AT && h->report_size - HCL_RUNTIME_AT == runtime_bytes) ||
           bad(err, "hcl.report_size", "1236 more than variable_data_size", h->report_size);
}

static bool all_zero(struct att_span s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] != 0)
            return false;
    return true;
}

/* The type stands where nothing signs it; what the report itself begins with must agree. */
static bool hw_read(struct att_span hw, struct hcl_report *ret, struct att_err *err)
{
    static const char where[] = "hcl.hw_report";
    struct att_reader r = att_reader_of(hw);

    if (ret->kind == HCL_SNP) {
        if (hw.ptr[0] == TDREPORT_TYPE)
            return att_fail(err, ATT_HCL_MALFORMED, where, "an SNP report, as report_type says",
                            "a TDREPORT");
        (void)att_take(&r, SNP_REPORT_DATA_AT);
        ret->hw_report = hw;
    } else {
        struct att_span rest = att_span_of(hw.ptr + HCL_TDREPORT_BYTES, hw.len - HCL_TDREPORT_BYTES);
        if (hw.ptr[0] != TDREPORT_TYPE || !all_zero(rest))
            return att_fail(err, ATT_HCL_MALFORMED, where,
                            "a TDREPORT of 1024 bytes and zeros, as report_type says", "something else");
        (void)att_take(&r, TD_REPORT_DATA_AT);
        ret->hw_report = att_span_of(hw.ptr, HCL_TDREPORT_BYTES);
    }
    ret->report_data = att_take(&r, HCL_REPORT_DATA_BYTES);
    return true;
}

bool hcl_read(struct att_span bytes, struct hcl_report *ret, struct att_err *err)
{
    struct att_reader r = att_reader_of(bytes);
    struct hcl_report h = { 0 };
    uint32_t runtime_bytes = 0;

    if (!length_good(bytes, err) || !head_read(&r, &h, err))
        return false;
    struct att_span hw = att_take(&r, HCL_HW_BYTES);
    if (!request_read(&r, &h, &runtime_bytes, err) || !sizes_agree(&h, runtime_bytes, r.left, err) ||
        !hw_read(hw, &h, err))
        return false;
    h.runtime = att_take(&r, runtime_bytes); /* behind it: padding of the NV index, which nothing covers */
    *ret = h;
    return true;
}
