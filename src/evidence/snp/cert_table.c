#include "evidence/snp/cert_table.h"

#include "base/err.h"
#include "base/reader.h"

#include <stdio.h>

enum { GUID_BYTES = 16 };

struct entry {
    struct att_span guid;
    uint32_t offset;
    uint32_t length;
};

/* In the order in which they are written as text (RFC 4122). */
static const struct {
    const char *name;
    uint8_t guid[GUID_BYTES];
} known[SNP_TABLE_CERTS] = {
    [SNP_TABLE_VCEK] = { "VCEK",
                         { 0x63, 0xda, 0x75, 0x8d, 0xe6, 0x64, 0x45, 0x64, 0xad, 0xc5, 0xf4, 0xb9, 0x3b, 0xe8,
                           0xac, 0xcd } },
    [SNP_TABLE_VLEK] = { "VLEK",
                         { 0xa8, 0x07, 0x4b, 0xc2, 0xa2, 0x5a, 0x48, 0x3e, 0xaa, 0xe6, 0x39, 0xc0, 0x45, 0xa0,
                           0xb8, 0xa1 } },
    [SNP_TABLE_ASK] = { "ASK or ASVK",
                        { 0x4a, 0xb7, 0xb3, 0x79, 0xbb, 0xac, 0x4f, 0xe4, 0xa0, 0x2f, 0x05, 0xae, 0xf3, 0x27,
                          0xc7, 0x82 } },
    [SNP_TABLE_ARK] = { "ARK",
                        { 0xc0, 0xb4, 0x06, 0xa4, 0xa8, 0x03, 0x49, 0x52, 0x97, 0x43, 0x3f, 0xb6, 0x01, 0x4c,
                          0xd0, 0xae } },
};

static struct entry entry_take(struct att_reader *r)
{
    struct entry e = { 0 };

    e.guid = att_take(r, GUID_BYTES);
    e.offset = att_take_u32le(r);
    e.length = att_take_u32le(r);
    return e;
}

static bool is_end(const struct entry *e)
{
    static const uint8_t zero[GUID_BYTES] = { 0 };

    return memcmp(e->guid.ptr, zero, GUID_BYTES) == 0 && e->offset == 0 && e->length == 0;
}

/* How many entries stand before the one of zeros: only then is it known where certificates may begin. */
static bool entries_count(struct att_span bytes, size_t *ret, struct att_err *err)
{
    struct att_reader r = att_reader_of(bytes);

    for (size_t n = 0; n <= SNP_TABLE_ENTRIES_MAX; n++) {
        struct entry e = entry_take(&r);
        if (r.failed)
            return att_fail(err, ATT_SNP_CERT_TABLE, "sevsnp.cert_table", "a last entry of 24 zero bytes",
                            "%zu bytes without one", bytes.len);
        if (is_end(&e)) {
            *ret = n;
            return true;
        }
    }
    return att_fail(err, ATT_SNP_CERT_TABLE, "sevsnp.cert_table", "32 entries at most", "more");
}

static bool entry_store(const struct entry *e, struct att_span bytes, const char *where,
                        struct snp_cert_table *t, struct att_err *err)
{
    for (size_t i = 0; i < SNP_TABLE_CERTS; i++) {
        if (memcmp(e->guid.ptr, known[i].guid, GUID_BYTES) != 0)
            continue;
        if (t->certs[i].len > 0)
            return att_fail(err, ATT_SNP_CERT_TABLE, where, "each kind of certificate once", "a second %s",
                            known[i].name);
        t->certs[i] = att_span_of(bytes.ptr + e->offset, e->length);
    }
    return true;
}

bool snp_cert_table_parse(struct att_span bytes, struct snp_cert_table *ret, struct att_err *err)
{
    struct att_reader r = att_reader_of(bytes);
    struct snp_cert_table t = { 0 };
    char where[40];
    size_t count = 0;

    if (!entries_count(bytes, &count, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        struct entry e = entry_take(&r);
        (void)snprintf(where, sizeof where, "sevsnp.cert_table[%zu]", i);
        if (e.offset < (count + 1) * SNP_TABLE_ENTRY_BYTES || e.offset > bytes.len)
            return att_fail(err, ATT_SNP_CERT_TABLE, where, "an offset behind the entries, within the table",
                            "%u of %zu bytes", e.offset, bytes.len);
        if (e.length == 0 || e.length > bytes.len - e.offset)
            return att_fail(err, ATT_SNP_CERT_TABLE, where, "a certificate within the table",
                            "%u bytes at %u of %zu", e.length, e.offset, bytes.len);
        if (!entry_store(&e, bytes, where, &t, err))
            return false;
    }
    *ret = t;
    return true;
}
