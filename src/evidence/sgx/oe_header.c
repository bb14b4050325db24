/* The header of an Open Enclave report: u32 version 1, u32 type 2 (remote), u64 size of the quote behind it.
 * Evidence in the later form (version 2 and 3 headers, custom claims) is not taken: what the service does with it is
 * not documented. */
#include "base/err.h"
#include "base/reader.h"
#include "evidence/sgx/sgx.h"

enum { OE_VERSION = 1, OE_REMOTE = 2 };

/* A bare quote begins with version and key type: 03 00 02 00. */
static const char *what_it_is(struct att_span raw, uint32_t version)
{
    if (version == 0x00020003 || version == 0x00020004 || version == 0x00020005)
        return "a bare quote, without an Open Enclave header; attest it as sgx";
    if (version == 2 || version == 3)
        return "a later Open Enclave evidence header";
    const char *form = dcap_recognised(raw);
    return form ? form : "no Open Enclave report header";
}

bool sgx_oe_parse(struct att_ctx *ctx, struct att_span raw, struct att_evidence **ret, struct att_err *err)
{
    struct att_reader r = att_reader_of(raw);
    uint32_t version = att_take_u32le(&r);
    uint32_t type = att_take_u32le(&r);
    uint64_t size = att_take_u64le(&r);

    if (raw.len >= 4 && version != OE_VERSION)
        return att_fail(err, ATT_OE_HEADER_VERSION, "oe.header.version", "1 (oe_get_report, remote)",
                        "%u: %s", version, what_it_is(raw, version));
    if (r.failed)
        return att_fail(err, ATT_OE_REPORT_SIZE, "oe.header", "16 bytes", "%zu", raw.len);
    if (type != OE_REMOTE)
        return att_fail(err, ATT_OE_REPORT_TYPE, "oe.header.type", "2 (remote)", "%u%s", type,
                        type == 1 ? " (local: only the same machine can check it)" : "");
    if (size != r.left)
        return att_fail(err, ATT_OE_REPORT_SIZE, "oe.header.size", "the number of bytes behind the header",
                        "%llu, with %zu bytes behind it", (unsigned long long)size, r.left);
    return sgx_parse(ctx, att_take_rest(&r), ret, err);
}
