/* layers: tpm crypto codec base */
/* TPMT_SIGNATURE, read and not checked: what was read is written again and is the input. */
#include "wire.h"

#include "tpm/signature.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint16_t forms[] = { [TPM_RSASSA] = 0x14, [TPM_RSAPSS] = 0x16, [TPM_ECDSA] = 0x18 };
    struct tpm_signature s = { .rsa = { NULL, 77 } };
    struct att_err err = { 0 };

    if (!tpm_signature_read(att_span_of(data, size), "fuzz", ATT_TPM_QUOTE_MALFORMED, &s, &err)) {
        refused(&err, ATT_TPM_QUOTE_MALFORMED);
        must(s.rsa.len == 77);
        return 0;
    }
    struct again w = { data, size, 0 };
    put_number(&w, forms[s.form], 2);
    put_number(&w, tpm_alg_of(s.hash), 2);
    if (s.form == TPM_ECDSA) {
        put_sized(&w, s.r);
        put_sized(&w, s.s);
    } else {
        put_sized(&w, s.rsa);
    }
    put_end(&w);
    must(!tpm_signature_read(att_span_of(data, size - 1), "fuzz", ATT_TPM_QUOTE_MALFORMED, &s, NULL));
    return 0;
}
