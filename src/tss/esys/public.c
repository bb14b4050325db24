/* The numbers of a public key. */
#include "tss/esys/esys.h"

static bool copy(struct att_arena *arena, const uint8_t *bytes, size_t size, size_t len, struct att_span *ret,
                 struct att_err *err)
{
    uint8_t *room = att_arena_alloc(arena, 1, len);

    if (!room)
        return att_fail_memory(err, "tpm.public");
    memcpy(room + len - size, bytes, size); /* TPMs leave out zeros in front */
    *ret = att_span_of(room, len);
    return true;
}

static bool read_rsa(const TPMT_PUBLIC *p, struct att_arena *arena, struct tss_public *ret,
                     struct att_err *err)
{
    uint32_t e = p->parameters.rsaDetail.exponent ? p->parameters.rsaDetail.exponent : 65537;
    const uint8_t bytes[4] = { (uint8_t)(e >> 24), (uint8_t)(e >> 16), (uint8_t)(e >> 8), (uint8_t)e };
    size_t zeros = 0;

    while (zeros < 3 && bytes[zeros] == 0)
        zeros++;
    return copy(arena, p->unique.rsa.buffer, p->unique.rsa.size, p->unique.rsa.size, &ret->n, err) &&
           copy(arena, bytes + zeros, 4 - zeros, 4 - zeros, &ret->e, err);
}

bool esys_public_read(struct att_span public_area, struct att_arena *arena, struct tss_public *ret,
                      struct att_err *err)
{
    struct tss_public out = { 0 };
    TPM2B_PUBLIC read = { 0 };
    const TPMT_PUBLIC *p = &read.publicArea;
    size_t at = 0;

    if (Tss2_MU_TPM2B_PUBLIC_Unmarshal(public_area.ptr, public_area.len, &at, &read) != TSS2_RC_SUCCESS ||
        at != public_area.len || at < 2)
        return att_fail(err, ATT_KEY_INVALID, "tpm.public", "a TPM2B_PUBLIC", "%zu other bytes",
                        public_area.len);
    out.area = att_span_of(public_area.ptr + 2, public_area.len - 2);
    out.ecc = p->type == TPM2_ALG_ECC;
    if (p->type == TPM2_ALG_RSA && p->unique.rsa.size == 256) {
        if (!read_rsa(p, arena, &out, err))
            return false;
    } else if (out.ecc && p->parameters.eccDetail.curveID == TPM2_ECC_NIST_P256 &&
               p->unique.ecc.x.size <= 32 && p->unique.ecc.y.size <= 32) {
        if (!copy(arena, p->unique.ecc.x.buffer, p->unique.ecc.x.size, 32, &out.x, err) ||
            !copy(arena, p->unique.ecc.y.buffer, p->unique.ecc.y.size, 32, &out.y, err))
            return false;
    } else {
        return att_fail(err, ATT_KEY_INVALID, "tpm.public", "RSA of 2048 bits, or P-256", "another key");
    }
    *ret = out;
    return true;
}
