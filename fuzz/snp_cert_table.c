/* layers: evidence/snp base */
/* The certificate table behind a report: whatever it names lies behind its entries and inside it, and more bytes behind
 * change nothing. */
#include <stdlib.h>

#include "evidence/snp/cert_table.h"

static void check(const uint8_t *data, size_t size, const struct snp_cert_table *t)
{
    for (size_t i = 0; i < SNP_TABLE_CERTS; i++) {
        struct att_span c = t->certs[i];
        if (c.len > 0 &&
            (c.ptr < data + SNP_TABLE_ENTRY_BYTES || c.len > size || c.ptr > data + (size - c.len)))
            __builtin_trap();
    }
}

static void padded(const uint8_t *data, size_t size, const struct snp_cert_table *t)
{
    struct snp_cert_table again = { 0 };
    struct att_err err = { 0 };
    uint8_t *longer = calloc(1, size + 64);

    if (!longer)
        abort();
    memcpy(longer, data, size);
    if (!snp_cert_table_parse(att_span_of(longer, size + 64), &again, &err))
        __builtin_trap();
    for (size_t i = 0; i < SNP_TABLE_CERTS; i++)
        if (!att_span_eq(again.certs[i], t->certs[i]))
            __builtin_trap();
    free(longer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct snp_cert_table t = { .certs = { [SNP_TABLE_ARK] = { data, 77 } } };
    struct att_err err = { 0 };

    if (snp_cert_table_parse(att_span_of(data, size), &t, &err)) {
        check(data, size, &t);
        padded(data, size, &t);
    } else if (err.code != ATT_SNP_CERT_TABLE || !err.where[0] || !err.found[0] || !err.expected[0] ||
               t.certs[SNP_TABLE_ARK].len != 77) {
        __builtin_trap();
    }
    return 0;
}
