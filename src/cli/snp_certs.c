#include "cli/snp_certs.h"

#include "base/auto.h"
#include "base/base64.h"
#include "base/err.h"
#include "base/reader.h"

#include <string.h>

enum { GUID_BYTES = 16, ENTRIES_MAX = 64 };

/* In the order of their text, as they stand in the table (GHCB, "SNP Extended Guest Request"). */
static const struct {
    uint8_t guid[GUID_BYTES];
    unsigned place; /* in the chain */
} kinds[] = {
    { { 0x63, 0xda, 0x75, 0x8d, 0xe6, 0x64, 0x45, 0x64, 0xad, 0xc5, 0xf4, 0xb9, 0x3b, 0xe8, 0xac, 0xcd }, 0 },
    { { 0xa8, 0x07, 0x4b, 0xc2, 0xa2, 0x5a, 0x48, 0x3e, 0xaa, 0xe6, 0x39, 0xc0, 0x45, 0xa0, 0xb8, 0xa1 }, 0 },
    { { 0x4a, 0xb7, 0xb3, 0x79, 0xbb, 0xac, 0x4f, 0xe4, 0xa0, 0x2f, 0x05, 0xae, 0xf3, 0x27, 0xc7, 0x82 }, 1 },
    { { 0xc0, 0xb4, 0x06, 0xa4, 0xa8, 0x03, 0x49, 0x52, 0x97, 0x43, 0x3f, 0xb6, 0x01, 0x4c, 0xd0, 0xae }, 2 },
};

static void pem_put(struct att_buf *out, struct att_span der)
{
    ATT_AUTO(att_buf_free) struct att_buf text = { 0 };

    att_base64_put(&text, der);
    att_buf_puts(out, "-----BEGIN CERTIFICATE-----\n");
    for (size_t i = 0; i < text.len; i += 64) {
        size_t left = text.len - i;
        att_buf_put(out, att_span_of(text.ptr + i, left < 64 ? left : 64));
        att_buf_putc(out, '\n');
    }
    att_buf_puts(out, "-----END CERTIFICATE-----\n");
    out->failed |= text.failed;
}

static bool bad(struct att_err *err, const char *expected, const char *found)
{
    return att_fail(err, ATT_SNP_CERT_TABLE, "auxblob", expected, "%s", found);
}

/* One entry. `ret_end`: it was the one that ends the table. */
static bool entry_read(struct att_reader *r, struct att_span table, struct att_span chain[3], bool *ret_end,
                       struct att_err *err)
{
    static const uint8_t nobody[GUID_BYTES];
    struct att_span guid = att_take(r, GUID_BYTES);
    uint32_t offset = att_take_u32le(r), len = att_take_u32le(r);

    if (r->failed)
        return bad(err, "an empty entry at the end", "the end of the table");
    *ret_end = memcmp(guid.ptr, nobody, GUID_BYTES) == 0 && offset == 0 && len == 0;
    if (*ret_end)
        return true;
    if (offset > table.len || len > table.len - offset || len == 0)
        return bad(err, "a certificate inside the table", "one outside");
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (memcmp(guid.ptr, kinds[i].guid, GUID_BYTES) != 0)
            continue;
        struct att_span *place = &chain[kinds[i].place];
        if (place->len > 0)
            return bad(err, "one certificate of each kind", "two");
        *place = att_span_of(table.ptr + offset, len);
    }
    return true;
}

bool snp_certs_pem(struct att_span table, struct att_buf *out, bool *ret_whole, struct att_err *err)
{
    struct att_reader r = att_reader_of(table);
    struct att_span chain[3] = { 0 };
    bool end = false;

    for (size_t i = 0; !end; i++) {
        if (i == ENTRIES_MAX)
            return bad(err, "at most 64 entries", "more");
        if (!entry_read(&r, table, chain, &end, err))
            return false;
    }
    bool whole = chain[0].len > 0 && chain[1].len > 0 && chain[2].len > 0;
    for (size_t i = 0; whole && i < 3; i++)
        pem_put(out, chain[i]);
    if (out->failed)
        return att_fail_memory(err, "auxblob");
    *ret_whole = whole;
    return true;
}
