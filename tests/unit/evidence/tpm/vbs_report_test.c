/* layers: evidence/tpm codec base */
/* Reports of VBS enclaves, put together here field by field: every size wrong in turn, every truncation, every type of block. */
#include <string.h>

#include "base/buf.h"
#include "evidence/tpm/vbs_report.h"
#include "support/cases.h"

static struct cases cases = { .name = "evidence.vbs_report" };

enum { HEADER = 24, FIXED = 224, MODULE = 8 + 100 + 4, SIGNATURE = 256 };

/* Numbers that differ, so that a field read at another's place shows. */
static void put_identity(struct att_buf *b)
{
    static const struct {
        uint8_t value;
        size_t len;
    } ids[] = { { 0x10, 32 }, { 0x11, 32 }, { 0x12, 32 }, { 0x13, 16 }, { 0x14, 16 } };

    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++)
        att_buf_fill(b, ids[i].value, ids[i].len);
    for (uint32_t i = 1; i <= 6; i++)
        att_buf_u32le(b, i);
}

static void put_module(struct att_buf *b)
{
    att_buf_u32le(b, 1);
    att_buf_u32le(b, MODULE);
    att_buf_fill(b, 0x20, 100);
    att_buf_u16le(b, 'm');
    att_buf_u16le(b, 0);
}

static struct att_buf report(unsigned modules)
{
    struct att_buf b = { 0 };
    uint32_t statement = (uint32_t)(FIXED + modules * MODULE);

    att_buf_u32le(&b, HEADER + statement + SIGNATURE);
    att_buf_u32le(&b, 1);
    att_buf_u32le(&b, 1);
    att_buf_u32le(&b, statement);
    att_buf_u32le(&b, SIGNATURE);
    att_buf_u32le(&b, 0);
    att_buf_u32le(&b, statement);
    att_buf_u32le(&b, 1);
    att_buf_fill(&b, 0x0f, 64);
    put_identity(&b);
    for (unsigned i = 0; i < modules; i++)
        put_module(&b);
    att_buf_fill(&b, 0xee, SIGNATURE);
    return b;
}

static bool all_are(struct att_span s, uint8_t value, size_t len)
{
    bool same = s.len == len;

    for (size_t i = 0; same && i < len; i++)
        same = s.ptr[i] == value;
    return same;
}

static void fields(void)
{
    for (unsigned modules = 0; modules < 3; modules++) {
        struct att_buf b = report(modules);
        struct vbs_report r = { 0 };
        struct att_err err = { 0 };
        bool ok = vbs_report_read(att_buf_span(&b), &r, &err);

        cases_check(&cases, ok && r.module_count == modules, "%u modules: %s", modules, err.text);
        cases_check(&cases,
                    r.statement.ptr == b.ptr + HEADER && r.statement.len == FIXED + modules * MODULE &&
                        all_are(r.signature, 0xee, SIGNATURE),
                    "%u modules: what is signed, and the signature", modules);
        cases_check(&cases,
                    all_are(r.enclave_data, 0x0f, 64) && all_are(r.owner_id, 0x10, 32) &&
                        all_are(r.unique_id, 0x11, 32) && all_are(r.author_id, 0x12, 32) &&
                        all_are(r.family_id, 0x13, 16) && all_are(r.image_id, 0x14, 16),
                    "%u modules: identity", modules);
        cases_check(&cases,
                    r.enclave_svn == 1 && r.secure_kernel_svn == 2 && r.platform_svn == 3 && r.flags == 4 &&
                        r.signing_level == 5,
                    "%u modules: numbers", modules);
        att_buf_free(&b);
    }
}

static void refused(const char *name, struct att_span bytes, const char *where)
{
    struct vbs_report r = { .flags = 77 };
    struct att_err err = { 0 };
    bool ok = vbs_report_read(bytes, &r, &err);

    cases_check(&cases,
                !ok && err.code == ATT_VBS_REPORT_MALFORMED && (!where || strcmp(err.where, where) == 0) &&
                    err.found[0] && err.expected[0] && r.flags == 77,
                "%s: %s at %s", name, err.text, err.where);
}

/* One u32 set to another value. */
static void wrong_numbers(void)
{
    static const struct {
        const char *name;
        size_t at;
        uint32_t value;
        const char *where;
    } rows[] = {
        { "package a byte longer", 0, HEADER + FIXED + MODULE + SIGNATURE + 1, "vbs.header.packageSize" },
        { "package size 0", 0, 0, "vbs.header.packageSize" },
        { "package version 0", 4, 0, "vbs.header.version" },
        { "package version 2", 4, 2, "vbs.header.version" },
        { "scheme 0", 8, 0, "vbs.header.signatureScheme" },
        { "scheme 2", 8, 2, "vbs.header.signatureScheme" },
        { "statement a byte longer", 12, FIXED + MODULE + 1, "vbs.header.signedStatementSize" },
        { "E-k: statement of 4 GiB", 12, UINT32_MAX, "vbs.header.signedStatementSize" },
        { "E-k: signature of 4 GiB", 16, UINT32_MAX, "vbs.header.signedStatementSize" },
        { "report a byte longer", 24, FIXED + MODULE + 1, "vbs.statement.reportSize" },
        { "report a byte shorter", 24, FIXED + MODULE - 1, "vbs.statement.reportSize" },
        { "report version 2", 28, 2, "vbs.statement.reportVersion" },
        { "block of type 0", HEADER + FIXED, 0, "vbs.statement.block.type" },
        { "block of 7 bytes", HEADER + FIXED + 4, 7, "vbs.statement.block.size" },
        { "block of no bytes", HEADER + FIXED + 4, 0, "vbs.statement.block.size" },
        { "block a byte longer", HEADER + FIXED + 4, MODULE + 1, "vbs.statement.block.size" },
        { "E-k: block of 4 GiB", HEADER + FIXED + 4, UINT32_MAX, "vbs.statement.block.size" },
        { "block 2 bytes shorter", HEADER + FIXED + 4, MODULE - 2, "vbs.statement.block.module" },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct att_buf b = report(1);
        for (unsigned k = 0; k < 4; k++)
            b.ptr[rows[i].at + k] = (uint8_t)(rows[i].value >> 8 * k);
        refused(rows[i].name, att_buf_span(&b), rows[i].where);
        att_buf_free(&b);
    }
}

/* The two sizes agree with each other, and not with what is there. */
static void moved_border(void)
{
    struct att_buf b = report(0);

    b.ptr[12] += 1; /* the statement takes the first byte of the signature */
    b.ptr[16] -= 1; /* 256 - 1: */
    b.ptr[16] = 0xff, b.ptr[17] = 0;
    refused("a border moved by a byte", att_buf_span(&b), "vbs.statement.reportSize");
    b.ptr[12] = FIXED - 1;
    b.ptr[16] = 1, b.ptr[17] = 1;
    refused("a border moved the other way", att_buf_span(&b), "vbs.statement");
    att_buf_free(&b);
    b = report(0);
    b.len -= SIGNATURE;
    b.ptr[0] = HEADER + FIXED, b.ptr[1] = 0;
    b.ptr[16] = 0, b.ptr[17] = 0;
    refused("no signature", att_buf_span(&b), "vbs.header.signatureSize");
    att_buf_free(&b);
}

/* A kind of block that is not known is passed over: it is signed with the rest. */
static void unknown_block(void)
{
    struct att_buf b = report(1);
    struct vbs_report r = { 0 };
    struct att_err err = { 0 };

    b.ptr[HEADER + FIXED] = 9;
    cases_check(&cases, vbs_report_read(att_buf_span(&b), &r, &err) && r.module_count == 0,
                "block of type 9: %s", err.text);
    att_buf_free(&b);
}

static void lengths(void)
{
    struct att_buf b = report(2);

    for (size_t i = 0; i < b.len; i++)
        refused("truncated", att_span_of(b.ptr, i), NULL);
    att_buf_putc(&b, 0);
    refused("a byte behind", att_buf_span(&b), "vbs.header.packageSize");
    att_buf_free(&b);
}

int main(void)
{
    fields();
    wrong_numbers();
    moved_border();
    unknown_block();
    lengths();
    return cases_report(&cases);
}
