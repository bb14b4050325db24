/* What keys sign: quotes, certificates of other keys, requests. */
#include "base/auto.h"
#include "tss/esys/esys.h"

static void attest_free(TPM2B_ATTEST **p)
{
    Esys_Free(*p);
}
static void signature_free(TPMT_SIGNATURE **p)
{
    Esys_Free(*p);
}

static bool qualifying_of(struct att_span from, TPM2B_DATA *ret, struct att_err *err)
{
    if (from.len > sizeof ret->buffer || from.len > TSS_QUALIFYING_BYTES_MAX)
        return att_fail(err, ATT_LIMIT_EXCEEDED, "tpm.qualifying", "at most 64 bytes", "%zu", from.len);
    *ret = (TPM2B_DATA){ .size = (UINT16)from.len };
    if (from.len > 0)
        memcpy(ret->buffer, from.ptr, from.len);
    return true;
}

static uint16_t hash_of(const TPMT_SIGNATURE *s)
{
    return s->sigAlg == TPM2_ALG_ECDSA    ? s->signature.ecdsa.hash
           : s->sigAlg == TPM2_ALG_RSAPSS ? s->signature.rsapss.hash
                                          : s->signature.rsassa.hash;
}

/* Structure and signature into the arena; of a quote also what was signed about the registers. */
static bool copy_out(const TPM2B_ATTEST *attest, const TPMT_SIGNATURE *signature, struct att_arena *arena,
                     struct tss_attested *ret, struct att_err *err)
{
    TPMS_ATTEST read = { 0 };
    size_t at = 0, len = 0;
    uint8_t *room = att_arena_alloc(arena, 1, sizeof *signature);
    char *copy = att_arena_dup(arena, att_span_of(attest->attestationData, attest->size));
    char *digest = NULL;

    if (!room || !copy)
        return att_fail_memory(err, "tpm.attest");
    if (!esys_ok(Tss2_MU_TPMT_SIGNATURE_Marshal(signature, room, sizeof *signature, &len), "tpm.signature",
                 err) ||
        !esys_ok(Tss2_MU_TPMS_ATTEST_Unmarshal(attest->attestationData, attest->size, &at, &read),
                 "tpm.attest", err))
        return false;
    const TPM2B_DIGEST *pcrs = &read.attested.quote.pcrDigest;
    struct att_span pcr_digest = { 0 };
    if (read.type == TPM2_ST_ATTEST_QUOTE) {
        digest = att_arena_dup(arena, att_span_of(pcrs->buffer, pcrs->size));
        if (!digest)
            return att_fail_memory(err, "tpm.attest");
        pcr_digest = att_span_of(digest, pcrs->size);
    }
    *ret = (struct tss_attested){ .attest = att_span_of(copy, attest->size),
                                  .signature = att_span_of(room, len),
                                  .pcr_digest = pcr_digest,
                                  .hash = hash_of(signature) };
    return true;
}

bool esys_quote(struct tss *base, tss_loaded aik, const struct tss_selection *selections, size_t count,
                struct att_span qualifying, struct att_arena *arena, struct tss_attested *ret,
                struct att_err *err)
{
    static const TPMT_SIG_SCHEME own = { .scheme = TPM2_ALG_NULL };
    struct connection *t = connection_of(base);
    ATT_AUTO(attest_free) TPM2B_ATTEST *attest = NULL;
    ATT_AUTO(signature_free) TPMT_SIGNATURE *signature = NULL;
    TPML_PCR_SELECTION wanted = { 0 };
    TPM2B_DATA data;

    if (count > TSS_SELECTIONS_MAX)
        return att_fail(err, ATT_LIMIT_EXCEEDED, "tpm.quote", "at most 4 banks", "%zu", count);
    for (size_t i = 0; i < count; i++)
        esys_put_selection(&wanted, &selections[i]);
    return qualifying_of(qualifying, &data, err) &&
           esys_ok(Esys_Quote(t->esys, aik, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, &data, &own,
                              &wanted, &attest, &signature),
                   "tpm.quote", err) &&
           copy_out(attest, signature, arena, ret, err);
}

bool esys_certify(struct tss *base, tss_loaded aik, tss_loaded key, struct att_span qualifying,
                  struct att_arena *arena, struct tss_attested *ret, struct att_err *err)
{
    static const TPMT_SIG_SCHEME own = { .scheme = TPM2_ALG_NULL };
    struct connection *t = connection_of(base);
    ATT_AUTO(attest_free) TPM2B_ATTEST *attest = NULL;
    ATT_AUTO(signature_free) TPMT_SIGNATURE *signature = NULL;
    TPM2B_DATA data;

    return qualifying_of(qualifying, &data, err) &&
           esys_ok(Esys_Certify(t->esys, key, aik, ESYS_TR_PASSWORD, ESYS_TR_PASSWORD, ESYS_TR_NONE, &data,
                                &own, &attest, &signature),
                   "tpm.certify", err) &&
           copy_out(attest, signature, arena, ret, err);
}

/* A number of a signature at the end of its half; TPMs leave out zeros in front. */
static bool put_half(uint8_t *room, const TPM2B_ECC_PARAMETER *number)
{
    if (number->size > 32)
        return false;
    memcpy(room + 32 - number->size, number->buffer, number->size);
    return true;
}

static bool raw_of(const TPMT_SIGNATURE *s, enum tss_key_type type, struct att_arena *arena,
                   struct att_span *ret, struct att_err *err)
{
    const TPM2B_PUBLIC_KEY_RSA *rsa = &s->signature.rsapss.sig;
    size_t len = type == TSS_ECC_P256 ? 64 : 256;
    uint8_t *room = att_arena_alloc(arena, 1, len);

    if (!room)
        return att_fail_memory(err, "tpm.sign");
    bool fits = type == TSS_ECC_P256
                    ? s->sigAlg == TPM2_ALG_ECDSA && put_half(room, &s->signature.ecdsa.signatureR) &&
                          put_half(room + 32, &s->signature.ecdsa.signatureS)
                    : s->sigAlg == TPM2_ALG_RSAPSS && rsa->size == len;
    if (!fits)
        return att_fail(err, ATT_IO_FAILED, "tpm.sign", "a signature of the key's scheme", "another one");
    if (type == TSS_RSA_2048)
        memcpy(room, rsa->buffer, len);
    *ret = att_span_of(room, len);
    return true;
}

bool esys_sign(struct tss *base, tss_loaded key, enum tss_key_type type, const uint8_t sha256[32],
               struct att_arena *arena, struct att_span *ret, struct att_err *err)
{
    static const TPMT_SIG_SCHEME own = { .scheme = TPM2_ALG_NULL };
    /* An unrestricted key needs no proof that the TPM itself has hashed. */
    static const TPMT_TK_HASHCHECK no_proof = { .tag = TPM2_ST_HASHCHECK, .hierarchy = TPM2_RH_NULL };
    struct connection *t = connection_of(base);
    ATT_AUTO(signature_free) TPMT_SIGNATURE *signature = NULL;
    TPM2B_DIGEST digest = { .size = 32 };

    memcpy(digest.buffer, sha256, 32);
    return esys_ok(Esys_Sign(t->esys, key, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, &digest, &own,
                             &no_proof, &signature),
                   "tpm.sign", err) &&
           raw_of(signature, type, arena, ret, err);
}
