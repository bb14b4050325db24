#include "evidence/tpm/vbs_report.h"

#include "base/err.h"
#include "base/reader.h"

enum {
    HEADER_BYTES = 24,
    FIXED_BYTES = 224, /* of the statement */
    BLOCK_HEADER_BYTES = 8,
    BLOCK_MODULE = 1,
    MODULE_FIXED_BYTES = 32 + 32 + 16 + 16 + 4,
    SCHEME_SHA256_RSA_PSS_SHA256 = 1,
};

struct header {
    uint32_t package_size, version, scheme, statement_size, signature_size;
};

static bool malformed(struct att_err *err, const char *where, const char *expected, uint64_t found)
{
    return att_fail(err, ATT_VBS_REPORT_MALFORMED, where, expected, "%llu", (unsigned long long)found);
}

static bool header_read(struct att_reader *r, size_t len, struct header *ret, struct att_err *err)
{
    ret->package_size = att_take_u32le(r);
    ret->version = att_take_u32le(r);
    ret->scheme = att_take_u32le(r);
    ret->statement_size = att_take_u32le(r);
    ret->signature_size = att_take_u32le(r);
    (void)att_take_u32le(r); /* reserved */
    if (r->failed)
        return malformed(err, "vbs.header", "24 bytes", len);
    if (ret->package_size != len)
        return malformed(err, "vbs.header.packageSize", "the length of the report", ret->package_size);
    if (ret->version != 1)
        return malformed(err, "vbs.header.version", "1", ret->version);
    if (ret->scheme != SCHEME_SHA256_RSA_PSS_SHA256)
        return malformed(err, "vbs.header.signatureScheme", "1: RSA-PSS with SHA-256", ret->scheme);
    if ((uint64_t)HEADER_BYTES + ret->statement_size + ret->signature_size != len)
        return malformed(err, "vbs.header.signedStatementSize",
                         "with signatureSize and the header, all of the report", ret->statement_size);
    return true;
}

static void identity_read(struct att_reader *r, struct vbs_report *ret)
{
    ret->owner_id = att_take(r, 32);
    ret->unique_id = att_take(r, 32);
    ret->author_id = att_take(r, 32);
    ret->family_id = att_take(r, 16);
    ret->image_id = att_take(r, 16);
    ret->enclave_svn = att_take_u32le(r);
    ret->secure_kernel_svn = att_take_u32le(r);
    ret->platform_svn = att_take_u32le(r);
    ret->flags = att_take_u32le(r);
    ret->signing_level = att_take_u32le(r);
    (void)att_take_u32le(r); /* reserved: the type of the enclave */
}

/* The name is UTF-16 and ends in its one NUL. */
static bool module_good(struct att_span body)
{
    if (body.len < MODULE_FIXED_BYTES + 2 || body.len % 2 != 0)
        return false;
    return body.ptr[body.len - 1] == 0 && body.ptr[body.len - 2] == 0;
}

static bool blocks_read(struct att_reader *r, size_t *ret_modules, struct att_err *err)
{
    while (!r->failed && r->left > 0) {
        uint32_t type = att_take_u32le(r);
        uint32_t size = att_take_u32le(r);
        if (r->failed || size < BLOCK_HEADER_BYTES || size - BLOCK_HEADER_BYTES > r->left)
            return malformed(err, "vbs.statement.block.size", "8 or more, and inside the statement", size);
        struct att_span body = att_take(r, size - BLOCK_HEADER_BYTES);
        if (type == 0)
            return malformed(err, "vbs.statement.block.type", "not 0", type);
        if (type != BLOCK_MODULE)
            continue;
        if (!module_good(body))
            return malformed(err, "vbs.statement.block.module", "an identity and a name that ends in NUL",
                             body.len);
        *ret_modules += 1;
    }
    return true;
}

static bool statement_read(struct att_span statement, struct vbs_report *ret, struct att_err *err)
{
    struct att_reader r = att_reader_of(statement);
    uint32_t size = att_take_u32le(&r);
    uint32_t version = att_take_u32le(&r);

    ret->enclave_data = att_take(&r, VBS_DATA_BYTES);
    identity_read(&r, ret);
    if (r.failed)
        return malformed(err, "vbs.statement", "224 bytes or more", statement.len);
    if (size != statement.len)
        return malformed(err, "vbs.statement.reportSize", "signedStatementSize of the header", size);
    if (version != 1)
        return malformed(err, "vbs.statement.reportVersion", "1", version);
    return blocks_read(&r, &ret->module_count, err);
}

bool vbs_report_read(struct att_span bytes, struct vbs_report *ret, struct att_err *err)
{
    struct att_reader r = att_reader_of(bytes);
    struct vbs_report report = { 0 };
    struct header h = { 0 };

    if (!header_read(&r, bytes.len, &h, err))
        return false;
    report.statement = att_take(&r, h.statement_size);
    report.signature = att_take(&r, h.signature_size);
    if (!att_all_read(&r))
        return malformed(err, "vbs", "a report without anything behind it", r.left);
    if (report.signature.len == 0)
        return malformed(err, "vbs.header.signatureSize", "more than 0", 0);
    if (!statement_read(report.statement, &report, err))
        return false;
    *ret = report;
    return true;
}
