/* layers: evidence/common collateral codec base */
/* Intel quotes: every part lies where the lengths say, and together they are the whole input. */
#include "evidence/common/dcap_enclave.h"
#include "evidence/common/dcap_quote.h"

static void in_order(const uint8_t **at, struct att_span s)
{
    if (s.len > 0 && s.ptr < *at)
        __builtin_trap();
    if (s.len > 0)
        *at = s.ptr + s.len;
}

static void check(const uint8_t *data, size_t size, const struct dcap_quote *q)
{
    const uint8_t *at = data;
    const uint8_t *end = data + size - q->trailing_bytes;

    if (q->signed_bytes.ptr != data || q->body.ptr + q->body.len != data + q->signed_bytes.len)
        __builtin_trap();
    if (q->tee != DCAP_SGX || q->body.len != DCAP_ENCLAVE_BODY_BYTES)
        __builtin_trap();
    if (q->signature.len != 64 || q->att_key.len != 64 || q->qe_report.len != 384 ||
        q->qe_signature.len != 64)
        __builtin_trap();
    in_order(&at, q->signed_bytes);
    in_order(&at, q->signature);
    in_order(&at, q->att_key);
    in_order(&at, q->qe_report);
    in_order(&at, q->qe_signature);
    in_order(&at, q->qe_auth);
    in_order(&at, q->pck_chain);
    /* Nothing is left unread between the chain and what trails the section. */
    if (q->pck_chain.len > 0 && at != end)
        __builtin_trap();
    size_t headers = q->version == 3 ? 4 + 2 + 6 : 4 + 6 + 2 + 6;
    if (q->signed_bytes.len + 64 + 64 + 384 + 64 + q->qe_auth.len + q->pck_chain.len + headers +
            q->trailing_bytes !=
        size)
        __builtin_trap();
    if (dcap_enclave_read(q->body).report_data.len != 64)
        __builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct dcap_quote_wanted wanted = { DCAP_SGX, "sgx", (size_t)64 * 1024 };
    struct dcap_quote q = { .version = 77 };
    struct att_err err = { 0 };

    if (dcap_quote_parse(att_span_of(data, size), &wanted, &q, &err))
        check(data, size, &q);
    else if (err.code == ATT_OK || !err.where[0] || !err.text[0] || q.version != 77)
        __builtin_trap();
    return 0;
}
