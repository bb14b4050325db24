/* The chain as PEM, and the certificate table that a host hands out with the report. */
#include "makers/snp_plan.h"

#include "base/err.h"
#include "makers/pki.h"

enum { ENTRY_BYTES = 24, ENTRIES_MAX = 4, PAGE_BYTES = 4096 };

static bool put_leaf_der(const struct mk_snp_plan *p, struct att_buf *out, struct att_err *err)
{
    if (!mk_amd_cert_put(&p->leaf, out, err))
        return false;
    if (p->chain_form == MK_SNP_CHAIN_BAD_DER_LENGTH)
        out->ptr[3]++; /* 30 82 hh ll: a leaf is longer than 255 bytes; ll = 255 wraps to shorter, as wrong */
    if (p->chain_form == MK_SNP_CHAIN_DER_TRAILING)
        att_buf_putc(out, '\0');
    return true;
}

static bool put_certs(const struct mk_snp_plan *p, struct att_buf *out, struct att_err *err)
{
    for (size_t i = 0; i < p->chain_count; i++) {
        ATT_AUTO(att_buf_free) struct att_buf der = { 0 };
        if (p->chain[i] == &p->leaf ? !put_leaf_der(p, &der, err) : !mk_amd_cert_put(p->chain[i], &der, err))
            return false;
        out->failed |= der.failed;
        mk_pem_put(out, att_buf_span(&der));
    }
    return true;
}

static void put_crlf(struct att_buf *out, struct att_span text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '\n')
            att_buf_putc(out, '\r');
        att_buf_putc(out, (char)text.ptr[i]);
    }
}

bool mk_snp_chain_put(const struct mk_snp_plan *p, struct att_buf *out, struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf text = { 0 };

    if (p->chain_form == MK_SNP_CHAIN_ABSENT)
        return true;
    if (p->chain_form == MK_SNP_CHAIN_GARBAGE)
        att_buf_puts(&text, "no certificate is written here\n");
    else if (!put_certs(p, &text, err))
        return false;
    if (p->chain_form == MK_SNP_CHAIN_BAD_BASE64 && !text.failed)
        text.ptr[200] = '*'; /* inside the third line of base64 */
    if (p->chain_form == MK_SNP_CHAIN_TRAILING_NUL) {
        att_buf_puts(&text, "\n \n");
        att_buf_putc(&text, '\0');
    }
    out->failed |= text.failed;
    if (p->chain_form == MK_SNP_CHAIN_CRLF)
        put_crlf(out, att_buf_span(&text));
    else
        att_buf_put(out, att_buf_span(&text));
    return !out->failed || att_fail_memory(err, "makers.snp.chain");
}

/* -- certificate table: AMD 56860, GHCB "SNP Extended Guest Request" ------------------------------------------- */

/* GUIDs stand in the order of their text. */
static const uint8_t guid_vcek[16] = { 0x63, 0xda, 0x75, 0x8d, 0xe6, 0x64, 0x45, 0x64,
                                       0xad, 0xc5, 0xf4, 0xb9, 0x3b, 0xe8, 0xac, 0xcd };
static const uint8_t guid_vlek[16] = { 0xa8, 0x07, 0x4b, 0xc2, 0xa2, 0x5a, 0x48, 0x3e,
                                       0xaa, 0xe6, 0x39, 0xc0, 0x45, 0xa0, 0xb8, 0xa1 };
static const uint8_t guid_ask[16] = { 0x4a, 0xb7, 0xb3, 0x79, 0xbb, 0xac, 0x4f, 0xe4,
                                      0xa0, 0x2f, 0x05, 0xae, 0xf3, 0x27, 0xc7, 0x82 };
static const uint8_t guid_ark[16] = { 0xc0, 0xb4, 0x06, 0xa4, 0xa8, 0x03, 0x49, 0x52,
                                      0x97, 0x43, 0x3f, 0xb6, 0x01, 0x4c, 0xd0, 0xae };
static const uint8_t guid_unknown[16] = { 'T', 'E', 'S', 'T', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 };

struct entry {
    const uint8_t *guid;
    uint32_t offset, length;
};
struct table {
    struct entry entry[ENTRIES_MAX];
    size_t count;
    struct att_buf blobs;
    bool no_end;
};

static bool add(struct table *t, const uint8_t *guid, const struct mk_amd_cert_spec *cert,
                struct att_err *err)
{
    struct entry *e = &t->entry[t->count++];

    *e = (struct entry){ .guid = guid, .offset = (uint32_t)t->blobs.len };
    if (!mk_amd_cert_put(cert, &t->blobs, err))
        return false;
    e->length = (uint32_t)t->blobs.len - e->offset;
    return true;
}

static bool collect(const struct mk_snp_plan *p, struct table *t, struct att_err *err)
{
    enum mk_snp_break broken = p->o.broken;

    if (broken == MK_SNP_BREAK_TABLE_EMPTY)
        return true;
    if (!add(t, p->o.signer == MK_SNP_VLEK ? guid_vlek : guid_vcek, &p->leaf, err) ||
        (broken == MK_SNP_BREAK_TABLE_GUID_UNKNOWN && !add(t, guid_unknown, &p->extra, err)) ||
        (broken == MK_SNP_BREAK_TABLE_GUID_TWICE && !add(t, guid_ask, &p->ca, err)) ||
        !add(t, guid_ask, &p->ca, err) || !add(t, guid_ark, &p->ark, err))
        return false;
    t->no_end = broken == MK_SNP_BREAK_TABLE_NO_END;
    size_t entries = (t->count + (t->no_end ? 0 : 1)) * ENTRY_BYTES;
    for (size_t i = 0; i < t->count; i++)
        t->entry[i].offset += (uint32_t)entries;
    return true;
}

static void spoil_entries(enum mk_snp_break broken, struct table *t)
{
    if (t->count < 2)
        return;
    struct entry *ask = &t->entry[t->count - 2], *ark = &t->entry[t->count - 1];

    switch (broken) {
    case MK_SNP_BREAK_TABLE_OFFSET_OUTSIDE:
        ark->offset += ark->length;
        break;
    case MK_SNP_BREAK_TABLE_OFFSET_HUGE:
        ark->offset = UINT32_MAX;
        break;
    case MK_SNP_BREAK_TABLE_OFFSET_WRAPS:
        ark->offset = UINT32_MAX - 0xfff;
        ark->length = 0x1200; /* the sum is 0x200 */
        break;
    case MK_SNP_BREAK_TABLE_OFFSET_ENTRIES:
        ark->offset = 0;
        break;
    case MK_SNP_BREAK_TABLE_LENGTH_MORE:
        ark->length++;
        break;
    case MK_SNP_BREAK_TABLE_LENGTH_HUGE:
        ark->length = UINT32_MAX;
        break;
    case MK_SNP_BREAK_TABLE_LENGTH_ZERO:
        ark->length = 0;
        break;
    case MK_SNP_BREAK_TABLE_OVERLAP:
        ark->offset = ask->offset;
        ark->length = ask->length;
        break;
    default:
        break; /* a break of another part */
    }
}

static void write_table(const struct table *t, struct att_buf *out)
{
    for (size_t i = 0; i < t->count; i++) {
        att_buf_put(out, att_span_of(t->entry[i].guid, 16));
        att_buf_u32le(out, t->entry[i].offset);
        att_buf_u32le(out, t->entry[i].length);
    }
    if (!t->no_end)
        att_buf_fill(out, 0, ENTRY_BYTES);
    att_buf_put(out, att_buf_span(&t->blobs));
}

bool mk_snp_table_put(const struct mk_snp_plan *p, struct att_buf *out, struct att_err *err)
{
    struct table t = { 0 };
    size_t before = out->len;
    bool ok = collect(p, &t, err);

    if (ok) {
        spoil_entries(p->o.broken, &t);
        write_table(&t, out);
    }
    att_buf_free(&t.blobs);
    if (!ok)
        return false;
    if (out->failed)
        return att_fail_memory(err, "makers.snp.table");
    size_t len = out->len - before;
    if (p->o.broken == MK_SNP_BREAK_TABLE_CUT_ENTRY)
        out->len = before + ENTRY_BYTES - 4;
    if (p->o.broken == MK_SNP_BREAK_TABLE_CUT_LAST)
        out->len--;
    if (p->o.broken == MK_SNP_BREAK_TABLE_PADDED)
        att_buf_fill(out, 0, PAGE_BYTES - len % PAGE_BYTES);
    return !out->failed || att_fail_memory(err, "makers.snp.table");
}
