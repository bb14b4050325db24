/* layers: evidence/common collateral codec base */
/* QE certification data, types 1 to 7, in both of its places: what is read is all that stands behind the six bytes, and of
 * the one type that belongs there. */
#include "evidence/common/dcap_quote.h"
#include "evidence/common/dcap_quote_cert.h"

static void check(const uint8_t *data, size_t size, unsigned type, struct att_span got)
{
    unsigned found = size >= 2 ? data[0] | (unsigned)data[1] << 8 : 0;

    if (size < 6 || found != type || got.len != size - 6 || (got.len > 0 && got.ptr != data + 6))
        __builtin_trap();
}

static void refused(const uint8_t *data, size_t size, const struct att_err *err, struct att_span got)
{
    bool length = size < 6;
    if (!length) {
        uint32_t len = data[2] | (uint32_t)data[3] << 8 | (uint32_t)data[4] << 16 | (uint32_t)data[5] << 24;
        length = len != size - 6;
    }
    if (got.len != 77 || !err->where[0] || !err->text[0] || !err->found[0] ||
        (err->code == ATT_QUOTE_LENGTH) != length)
        __builtin_trap();
    if (!length && err->code != ATT_CERT_DATA_TYPE && err->code != ATT_CERT_DATA_TYPE_UNSUPPORTED)
        __builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct {
        enum dcap_cert_role role;
        unsigned type;
    } roles[] = { { DCAP_CERT_AROUND_QE_REPORT, DCAP_CERT_QE_REPORT },
                  { DCAP_CERT_OF_PLATFORM, DCAP_CERT_PCK_CHAIN } };

    for (unsigned i = 0; i < 2; i++) {
        struct att_span got = { NULL, 77 };
        struct att_err err = { 0 };
        if (dcap_cert_data_read(att_span_of(data, size), roles[i].role, "tdx", &got, &err))
            check(data, size, roles[i].type, got);
        else
            refused(data, size, &err, got);
    }
    return 0;
}
