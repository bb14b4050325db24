/* layers: evidence/guest base codec */
/* Reports of the paravisor: each field with a wrong value, every length, and what must not be looked at. */
#include "evidence/guest/hcl.h"

#include "base/buf.h"
#include "support/cases.h"

#include <string.h>

static struct cases cases = { .name = "evidence/guest/hcl" };

static const char runtime[] = "{\"keys\":[]}";
enum { RUNTIME_BYTES = sizeof runtime - 1, PADDING = 100 };

struct report {
    uint32_t version, report_size, request_type, status, data_size, data_version, kind, hash_type,
        runtime_bytes;
    uint8_t first, tail; /* of the hardware's report */
    const char *magic;
};

static const struct report snp = { .version = 2,
                                   .report_size = HCL_RUNTIME_AT + RUNTIME_BYTES,
                                   .request_type = 2,
                                   .data_size = HCL_REQUEST_BYTES + RUNTIME_BYTES,
                                   .data_version = 1,
                                   .kind = 2,
                                   .hash_type = 1,
                                   .runtime_bytes = RUNTIME_BYTES,
                                   .first = 3,
                                   .tail = 7,
                                   .magic = "HCLA" };

static void put(struct att_buf *out, const struct report *r)
{
    size_t hw = out->len + HCL_HEAD_BYTES;

    att_buf_puts(out, r->magic);
    att_buf_u32le(out, r->version);
    att_buf_u32le(out, r->report_size);
    att_buf_u32le(out, r->request_type);
    att_buf_u32le(out, r->status);
    att_buf_fill(out, 0xaa, 12); /* reserved: not looked at */
    att_buf_fill(out, 0, HCL_HW_BYTES);
    if (!out->failed) {
        out->ptr[hw] = r->first;
        out->ptr[hw + 0x50] = 0x51;
        out->ptr[hw + 128] = 0x81;
        out->ptr[hw + HCL_HW_BYTES - 1] = r->tail;
    }
    att_buf_u32le(out, r->data_size);
    att_buf_u32le(out, r->data_version);
    att_buf_u32le(out, r->kind);
    att_buf_u32le(out, r->hash_type);
    att_buf_u32le(out, r->runtime_bytes);
    att_buf_puts(out, runtime);
    att_buf_fill(out, 0xee, PADDING);
}

static bool read_one(const struct report *r, struct hcl_report *ret, struct att_buf *bytes,
                     struct att_err *err)
{
    att_buf_clear(bytes);
    put(bytes, r);
    return hcl_read(att_buf_span(bytes), ret, err);
}

static void good(void)
{
    struct att_buf bytes = { 0 };
    struct hcl_report h = { 0 };
    struct att_err err = { 0 };
    struct report r = snp;

    cases_check(&cases, read_one(&r, &h, &bytes, &err), "SNP: %s", err.text);
    cases_check(&cases, h.kind == HCL_SNP && h.version == 2 && h.hw_report.len == HCL_HW_BYTES, "its fields");
    cases_check(&cases, att_span_is(h.runtime, runtime), "runtime claims without the padding");
    cases_check(&cases, h.report_data.len == 64 && h.report_data.ptr[0] == 0x51, "report data of SNP");
    r.version = 1;
    cases_check(&cases, read_one(&r, &h, &bytes, &err) && h.version == 1, "version 1: %s", err.text);
    r = snp;
    r.kind = 4, r.first = 0x81, r.tail = 0;
    cases_check(&cases, read_one(&r, &h, &bytes, &err) && h.kind == HCL_TDX, "TDX: %s", err.text);
    cases_check(&cases, h.hw_report.len == HCL_TDREPORT_BYTES && h.report_data.ptr[0] == 0x81,
                "report data of TDX");
    att_buf_free(&bytes);
}

#define ROW(name, place, member, value)                                                                      \
    {                                                                                                        \
        name, place, offsetof(struct report, member), value                                                  \
    }
static const struct {
    const char *name, *where;
    size_t at;
    uint32_t value;
} wrong[] = {
    ROW("version 0", "hcl.version", version, 0),
    ROW("version 3", "hcl.version", version, 3),
    ROW("a status", "hcl.status", status, 1),
    ROW("data version 0", "hcl.request.version", data_version, 0),
    ROW("data version 2", "hcl.request.version", data_version, 2),
    ROW("a VBS machine", "hcl.request.report_type", kind, 1),
    ROW("a trusted launch", "hcl.request.report_type", kind, 3),
    ROW("type 5", "hcl.request.report_type", kind, 5),
    ROW("E-s: SHA-384", "hcl.request.report_data_hash_type", hash_type, 2),
    ROW("E-s: SHA-512", "hcl.request.report_data_hash_type", hash_type, 3),
    ROW("E-s: no hash", "hcl.request.report_data_hash_type", hash_type, 0),
    ROW("no claims", "hcl.request.variable_data_size", runtime_bytes, 0),
    ROW("claims longer than all", "hcl.request.variable_data_size", runtime_bytes,
        RUNTIME_BYTES + PADDING + 1),
    ROW("claims of 4 GiB", "hcl.request.variable_data_size", runtime_bytes, UINT32_MAX),
    ROW("claims of 4 GiB less 1236", "hcl.request.variable_data_size", runtime_bytes, UINT32_MAX - 1235),
    ROW("claims into the padding", "hcl.request.data_size", runtime_bytes, RUNTIME_BYTES + 1),
    ROW("claims cut", "hcl.request.data_size", runtime_bytes, RUNTIME_BYTES - 1),
    ROW("data_size 0", "hcl.request.data_size", data_size, 0),
    ROW("data_size 19", "hcl.request.data_size", data_size, 19),
    ROW("data_size one more", "hcl.request.data_size", data_size, HCL_REQUEST_BYTES + RUNTIME_BYTES + 1),
    ROW("report_size 0", "hcl.report_size", report_size, 0),
    ROW("report_size one less", "hcl.report_size", report_size, HCL_RUNTIME_AT + RUNTIME_BYTES - 1),
    ROW("report_size of all", "hcl.report_size", report_size, UINT32_MAX),
    ROW("TDX over an SNP report", "hcl.hw_report", kind, 4),
};

static void refused(void)
{
    struct att_buf bytes = { 0 };

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct report r = snp;
        struct hcl_report h = { .version = 77 };
        struct att_err err = { 0 };
        memcpy((uint8_t *)&r + wrong[i].at, &wrong[i].value, sizeof wrong[i].value);
        bool ok = read_one(&r, &h, &bytes, &err);
        cases_check(&cases, !ok && err.code == ATT_HCL_MALFORMED && strcmp(err.where, wrong[i].where) == 0,
                    "%s: %s at %s (%s)", wrong[i].name, att_code_name(err.code), err.where, err.text);
        cases_check(&cases, h.version == 77 && err.found[0] && err.expected[0],
                    "%s: nothing given, reason told", wrong[i].name);
    }
    static const char *const magics[] = { "HCLB", "hcla", "ALCH", "\x81\x01\x01\x01" };
    for (size_t i = 0; i < sizeof magics / sizeof magics[0]; i++) {
        struct report r = snp;
        struct hcl_report h;
        struct att_err err = { 0 };
        r.magic = magics[i];
        cases_check(&cases, !read_one(&r, &h, &bytes, &err) && strcmp(err.where, "hcl.signature") == 0,
                    "magic %zu", i);
    }
    struct report r = snp;
    struct hcl_report h;
    struct att_err err = { 0 };
    r.first = 0x81;
    cases_check(&cases, !read_one(&r, &h, &bytes, &err) && err.code == ATT_HCL_MALFORMED,
                "SNP over a TDREPORT");
    r = snp, err = (struct att_err){ 0 };
    r.kind = 4, r.first = 0x81;
    cases_check(&cases, !read_one(&r, &h, &bytes, &err) && err.code == ATT_HCL_MALFORMED,
                "a TDREPORT with something behind it");
    att_buf_free(&bytes);
}

/* Every length: the whole of the claims must be there, padding need not. */
static void lengths(void)
{
    struct att_buf bytes = { 0 };
    unsigned wrong_ones = 0;

    put(&bytes, &snp);
    for (size_t n = 0; n <= bytes.len; n++) {
        struct hcl_report h;
        struct att_err err = { 0 };
        bool ok = hcl_read(att_span_of(bytes.ptr, n), &h, &err);
        if (ok != (n >= HCL_RUNTIME_AT + RUNTIME_BYTES) || (!ok && err.code != ATT_HCL_MALFORMED))
            wrong_ones++;
    }
    cases_check(&cases, wrong_ones == 0, "%u lengths judged wrongly", wrong_ones);
    att_buf_free(&bytes);
}

int main(void)
{
    good();
    refused();
    lengths();
    return cases_report(&cases);
}
