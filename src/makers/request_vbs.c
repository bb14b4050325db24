/* Reports of VBS enclaves: ntenclv.h, VBS_ENCLAVE_REPORT_PKG_HEADER and VBS_ENCLAVE_REPORT. Little-endian. */
#include "base/err.h"
#include "makers/request_parts.h"

enum {
    HEADER_BYTES = 24,
    SIGNATURE_BYTES = 256,
    MODULE = 1,
    MODULE_FIXED = 8 + 32 + 32 + 16 + 16 + 4,
    AT_FLAGS = HEADER_BYTES + 212,
    FLIP = 0x01,
};

static void put_module(const struct mk_made *m, const struct mk_vbs_module *module, struct att_buf *out)
{
    const struct mk_vbs_enclave *e = &m->o->enclave;
    uint32_t size = (uint32_t)(MODULE_FIXED + 2 * (strlen(module->name) + 1));

    if (m->broken == MK_TPM_BREAK_VBS_BLOCK_SHORT)
        size = 4;
    if (m->broken == MK_TPM_BREAK_VBS_BLOCK_LONG)
        size++;
    att_buf_u32le(out, m->broken == MK_TPM_BREAK_VBS_BLOCK_TYPE ? 0 : MODULE);
    att_buf_u32le(out, size);
    att_buf_put(out, att_span_of(e->unique_id, 32));
    att_buf_put(out, att_span_of(e->author_id, 32));
    att_buf_put(out, att_span_of(e->family_id, 16));
    att_buf_put(out, att_span_of(e->image_id, 16));
    att_buf_u32le(out, module->svn);
    for (const char *c = module->name; *c; c++)
        att_buf_u16le(out, (uint8_t)*c);
    att_buf_u16le(out, 0);
}

static void put_statement(const struct mk_made *m, const uint8_t data[64], struct att_buf *out)
{
    const struct mk_vbs_enclave *e = &m->o->enclave;
    size_t size = 224;

    for (size_t i = 0; i < e->module_count; i++)
        size += MODULE_FIXED + 2 * (strlen(e->modules[i].name) + 1);
    att_buf_u32le(out, (uint32_t)size - (m->broken == MK_TPM_BREAK_VBS_SIZE ? 1 : 0));
    att_buf_u32le(out, m->broken == MK_TPM_BREAK_VBS_VERSION ? 2 : 1);
    att_buf_put(out, att_span_of(data, 64));
    att_buf_put(out, att_span_of(e->owner_id, 32));
    att_buf_put(out, att_span_of(e->unique_id, 32));
    att_buf_put(out, att_span_of(e->author_id, 32));
    att_buf_put(out, att_span_of(e->family_id, 16));
    att_buf_put(out, att_span_of(e->image_id, 16));
    att_buf_u32le(out, e->svn);
    att_buf_u32le(out, e->secure_kernel_svn);
    att_buf_u32le(out, e->platform_svn);
    att_buf_u32le(out, e->flags);
    att_buf_u32le(out, e->signing_level);
    att_buf_u32le(out, 0);
    for (size_t i = 0; i < e->module_count; i++)
        put_module(m, &e->modules[i], out);
}

static void put_header(const struct mk_made *m, size_t statement, struct att_buf *out)
{
    att_buf_u32le(out, (uint32_t)(HEADER_BYTES + statement + SIGNATURE_BYTES));
    att_buf_u32le(out, m->broken == MK_TPM_BREAK_VBS_PACKAGE_VERSION ? 2 : 1);
    att_buf_u32le(out, m->broken == MK_TPM_BREAK_VBS_SCHEME ? 2 : 1);
    att_buf_u32le(out, (uint32_t)statement);
    att_buf_u32le(out, SIGNATURE_BYTES);
    att_buf_u32le(out, 0);
}

static void spoil(const struct mk_made *m, struct att_buf *report)
{
    if (m->broken == MK_TPM_BREAK_VBS_SIGNATURE)
        report->ptr[report->len - 1] ^= FLIP;
    if (m->broken == MK_TPM_BREAK_VBS_FLIP)
        report->ptr[AT_FLAGS] ^= FLIP;
    if (m->broken == MK_TPM_BREAK_VBS_CUT)
        report->len--;
    if (m->broken == MK_TPM_BREAK_VBS_TRAILING)
        att_buf_putc(report, 0);
    if (m->broken == MK_TPM_BREAK_VBS_EMPTY)
        report->len = 0;
}

static enum mk_tpm_key signer(const struct mk_made *m)
{
    bool stranger = m->broken == MK_TPM_BREAK_VBS_OTHER_KEY || m->broken == MK_TPM_BREAK_VBS_IDKS_FORGED;
    return stranger ? MK_TPM_STRANGER : MK_TPM_IDKS;
}

bool mk_vbs_report(struct mk_made *m, struct att_span report_signed, struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf statement = { 0 };
    uint8_t data[MK_DIGEST_MAX];

    if (m->broken == MK_TPM_BREAK_VBS_DATA)
        report_signed = att_str("{}");
    if (!mk_hash(MK_SHA512, report_signed, data, err))
        return false;
    put_statement(m, data, &statement);
    put_header(m, statement.len, &m->report);
    att_buf_put(&m->report, att_buf_span(&statement));
    /* As CNG signs: PSS with a salt as long as the hash, which is what PS256 asks for too. */
    if (!mk_tpm_written(&statement, err) ||
        !mk_tpm_sign_jose(m->tpm, signer(m), att_buf_span(&statement), &m->report, err))
        return false;
    spoil(m, &m->report);
    return mk_tpm_written(&m->report, err);
}
