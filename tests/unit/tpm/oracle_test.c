/* layers: tpm crypto codec base */
/* libtss2-mu as the second opinion. Structures as TPMs make them, then broken by a bit, a byte, a cut: what we take, libtss2 takes
 * to its last byte, with the same fields. What it takes and we refuse is refused for a reason that is listed here; it reads for
 * whoever talks to a TPM, we for whoever must believe one. */
#include "tpm_made.h"

#include "support/cases.h"

#if __has_include(<tss2/tss2_mu.h>)
#include <tss2/tss2_mu.h>

#include "tpm/signature.h"

enum { ROUNDS = 12000 };

static struct cases run = { .name = "unit.tpm.oracle" };
static uint64_t seed = 0x9e3779b97f4a7c15;
static unsigned taken, refused, stricter;

static uint32_t roll(uint32_t below)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(seed >> 33) % below;
}

static bool same(struct att_span ours, const void *theirs, size_t len)
{
    return att_span_eq(ours, att_span_of(theirs, len));
}

static bool known(uint16_t alg)
{
    enum att_hash h;
    return tpm_hash_of(alg, &h);
}

static size_t digest_of(uint16_t alg)
{
    enum att_hash h;
    return tpm_hash_of(alg, &h) ? att_hash_size(h) : SIZE_MAX;
}

/* One change, or two; sometimes none. Numbers that matter come up more often than chance would have it. */
static void mutate(struct wire *w)
{
    static const uint8_t liked[] = { 0,    1,    2,    3,    4,    5,    6,    8,    0x0b,
                                     0x0c, 0x0d, 0x10, 0x12, 0x14, 0x16, 0x18, 0x20, 0x22,
                                     0x23, 0x25, 0x40, 0x42, 0x43, 0x7f, 0x80, 0xff };
    for (uint32_t n = roll(3); n > 0 && w->len > 0; n--) {
        size_t at = roll(2) ? roll((uint32_t)w->len) : roll(w->len < 48 ? (uint32_t)w->len : 48);
        switch (roll(5)) {
        case 0:
            w->bytes[at] ^= (uint8_t)(1u << roll(8));
            break;
        case 1:
            w->len = at;
            break;
        case 2:
            if (w->len < sizeof w->bytes)
                w->bytes[w->len++] = (uint8_t)roll(256);
            break;
        default:
            w->bytes[at] = liked[roll(sizeof liked)];
            break;
        }
    }
}

static void judge(const char *what, bool ours, bool theirs, bool same_fields, bool excused)
{
    taken += ours;
    refused += !ours && !theirs;
    stricter += !ours && theirs;
    if (ours && !(theirs && same_fields))
        cases_check(&run, false, "%s: taken here, and not the same there", what);
    if (!ours && theirs && !excused)
        cases_check(&run, false, "%s: refused here without a reason that is known", what);
}

/* -- TPMS_ATTEST ---------------------------------------------------------------------------------------------- */

static uint32_t mask_of(const TPMS_PCR_SELECTION *s)
{
    uint32_t mask = 0;
    for (size_t i = 0; i < s->sizeofSelect; i++)
        mask |= (uint32_t)s->pcrSelect[i] << (8 * i);
    return mask;
}

static bool quote_excused(const TPMS_QUOTE_INFO *q)
{
    if (q->pcrSelect.count > TPM_SELECTIONS_MAX)
        return true;
    for (uint32_t i = 0; i < q->pcrSelect.count; i++) {
        const TPMS_PCR_SELECTION *s = &q->pcrSelect.pcrSelections[i];
        if (!known(s->hash) || s->sizeofSelect == 0 || mask_of(s) >> TPM_PCRS)
            return true;
        for (uint32_t k = 0; k < i; k++)
            if (q->pcrSelect.pcrSelections[k].hash == s->hash)
                return true;
    }
    return false;
}

static bool attest_excused(const TPMS_ATTEST *t, enum tpm_attest_kind kind)
{
    const TPM2B_NAME *name = &t->attested.certify.name;

    if (t->magic != TPM2_GENERATED_VALUE || t->clockInfo.safe > 1 ||
        t->type != (kind == TPM_QUOTE ? TPM2_ST_ATTEST_QUOTE : TPM2_ST_ATTEST_CERTIFY))
        return true;
    if (kind == TPM_QUOTE)
        return quote_excused(&t->attested.quote);
    return name->size < 2 ||
           (size_t)name->size - 2 != digest_of((uint16_t)(name->name[0] << 8 | name->name[1]));
}

static bool same_attest(const struct tpm_attest *a, const TPMS_ATTEST *t)
{
    bool ok = same(a->qualified_signer, t->qualifiedSigner.name, t->qualifiedSigner.size) &&
              same(a->extra_data, t->extraData.buffer, t->extraData.size) &&
              a->clock_ms == t->clockInfo.clock && a->reset_count == t->clockInfo.resetCount &&
              a->restart_count == t->clockInfo.restartCount && a->safe == t->clockInfo.safe &&
              a->firmware_version == t->firmwareVersion;
    const TPMS_QUOTE_INFO *q = &t->attested.quote;

    if (a->kind == TPM_CERTIFY)
        return ok && same(a->name, t->attested.certify.name.name, t->attested.certify.name.size) &&
               same(a->qualified_name, t->attested.certify.qualifiedName.name,
                    t->attested.certify.qualifiedName.size);
    ok = ok && a->selection_count == q->pcrSelect.count &&
         same(a->pcr_digest, q->pcrDigest.buffer, q->pcrDigest.size);
    for (size_t i = 0; ok && i < a->selection_count; i++)
        ok = tpm_alg_of(a->selections[i].bank) == q->pcrSelect.pcrSelections[i].hash &&
             a->selections[i].pcrs == mask_of(&q->pcrSelect.pcrSelections[i]);
    return ok;
}

static void attests(enum tpm_attest_kind kind, const struct made_attest *made)
{
    for (unsigned i = 0; i < ROUNDS; i++) {
        struct wire w = made_attest(made);
        struct tpm_attest a = { .selection_count = 0 };
        TPMS_ATTEST t;
        size_t offset = 0;
        mutate(&w);
        memset(&t, 0, sizeof t);
        bool ours = tpm_attest_read(wire_span(&w), kind, "quote", &a, NULL);
        bool theirs =
            Tss2_MU_TPMS_ATTEST_Unmarshal(w.bytes, w.len, &offset, &t) == TSS2_RC_SUCCESS && offset == w.len;
        judge("TPMS_ATTEST", ours, theirs, ours && theirs && same_attest(&a, &t),
              theirs && attest_excused(&t, kind));
    }
}

/* -- TPMT_PUBLIC ---------------------------------------------------------------------------------------------- */

static bool sym_excused(uint16_t alg)
{
    return alg != TPM2_ALG_NULL && alg != TPM2_ALG_AES && alg != TPM2_ALG_SM4 && alg != TPM2_ALG_CAMELLIA;
}

static bool scheme_excused(uint16_t alg, bool ecc)
{
    static const uint16_t rsa_schemes[] = { 0x10, 0x14, 0x15, 0x16, 0x17 },
                          ecc_schemes[] = { 0x10, 0x18, 0x19, 0x1a, 0x1b, 0x1c, 0x1d };
    const uint16_t *list = ecc ? ecc_schemes : rsa_schemes;
    for (size_t i = 0; i < (ecc ? 7 : 5); i++)
        if (list[i] == alg)
            return false;
    return true;
}

static bool public_excused(const TPMT_PUBLIC *t)
{
    static const size_t fields[] = { 0, 0, 0, 32, 48, 66 };
    const TPMS_ECC_PARMS *e = &t->parameters.eccDetail;
    const TPMS_RSA_PARMS *r = &t->parameters.rsaDetail;

    if ((t->type != TPM2_ALG_RSA && t->type != TPM2_ALG_ECC) || !known(t->nameAlg) ||
        (t->authPolicy.size != 0 && t->authPolicy.size != digest_of(t->nameAlg)))
        return true;
    if (t->type == TPM2_ALG_RSA)
        return sym_excused(r->symmetric.algorithm) || scheme_excused(r->scheme.scheme, false) ||
               t->unique.rsa.size * 8u != r->keyBits;
    return sym_excused(e->symmetric.algorithm) || scheme_excused(e->scheme.scheme, true) || e->curveID < 3 ||
           e->curveID > 5 || t->unique.ecc.x.size > fields[e->curveID] ||
           t->unique.ecc.y.size > fields[e->curveID] ||
           (e->kdf.scheme != 0x10 && e->kdf.scheme != 7 && (e->kdf.scheme < 0x20 || e->kdf.scheme > 0x22));
}

static bool same_public(const struct tpm_public *p, const TPMT_PUBLIC *t)
{
    const TPMS_ECC_PARMS *e = &t->parameters.eccDetail;
    const TPMS_RSA_PARMS *r = &t->parameters.rsaDetail;
    const TPMT_SYM_DEF_OBJECT *sym = p->ecc ? &e->symmetric : &r->symmetric;
    bool cipher = sym->algorithm != TPM2_ALG_NULL;

    if (p->ecc != (t->type == TPM2_ALG_ECC) || tpm_alg_of(p->name_hash) != t->nameAlg ||
        p->attributes != t->objectAttributes ||
        !same(p->auth_policy, t->authPolicy.buffer, t->authPolicy.size) || p->symmetric != sym->algorithm ||
        (cipher && (p->symmetric_bits != sym->keyBits.sym || p->symmetric_mode != sym->mode.sym)))
        return false;
    if (p->ecc)
        return p->scheme == e->scheme.scheme &&
               (p->scheme == 0x10 || p->scheme_hash == e->scheme.details.ecdsa.hashAlg) &&
               p->curve == e->curveID && same(p->x, t->unique.ecc.x.buffer, t->unique.ecc.x.size) &&
               same(p->y, t->unique.ecc.y.buffer, t->unique.ecc.y.size);
    return p->scheme == r->scheme.scheme &&
           (p->scheme == 0x10 || p->scheme == 0x15 || p->scheme_hash == r->scheme.details.rsassa.hashAlg) &&
           p->key_bits == r->keyBits && p->exponent == (r->exponent ? r->exponent : 65537) &&
           same(p->modulus, t->unique.rsa.buffer, t->unique.rsa.size);
}

static void publics(const struct made_public *made)
{
    for (unsigned i = 0; i < ROUNDS; i++) {
        struct wire w = made_public(made);
        struct tpm_public p = { .ecc = false };
        TPMT_PUBLIC t;
        size_t offset = 0;
        mutate(&w);
        memset(&t, 0, sizeof t);
        bool ours = tpm_public_read(wire_span(&w), "public", ATT_AIK_UNFIT, &p, NULL);
        bool theirs =
            Tss2_MU_TPMT_PUBLIC_Unmarshal(w.bytes, w.len, &offset, &t) == TSS2_RC_SUCCESS && offset == w.len;
        judge("TPMT_PUBLIC", ours, theirs, ours && theirs && same_public(&p, &t),
              theirs && public_excused(&t));
    }
}

/* -- TPMT_SIGNATURE ------------------------------------------------------------------------------------------- */

static bool signature_excused(const TPMT_SIGNATURE *t)
{
    const TPMS_SIGNATURE_ECC *e = &t->signature.ecdsa;

    if (t->sigAlg != TPM2_ALG_RSASSA && t->sigAlg != TPM2_ALG_RSAPSS && t->sigAlg != TPM2_ALG_ECDSA)
        return true;
    return !known(t->signature.any.hashAlg) ||
           (t->sigAlg == TPM2_ALG_ECDSA && (e->signatureR.size > 66 || e->signatureS.size > 66));
}

static bool same_signature(const struct tpm_signature *s, const TPMT_SIGNATURE *t)
{
    static const uint16_t algs[] = { [TPM_RSASSA] = 0x14, [TPM_RSAPSS] = 0x16, [TPM_ECDSA] = 0x18 };
    const TPMS_SIGNATURE_ECC *e = &t->signature.ecdsa;

    if (algs[s->form] != t->sigAlg || tpm_alg_of(s->hash) != t->signature.any.hashAlg)
        return false;
    if (s->form == TPM_ECDSA)
        return same(s->r, e->signatureR.buffer, e->signatureR.size) &&
               same(s->s, e->signatureS.buffer, e->signatureS.size);
    return same(s->rsa, t->signature.rsassa.sig.buffer, t->signature.rsassa.sig.size);
}

static void signatures(uint16_t alg)
{
    for (unsigned i = 0; i < ROUNDS; i++) {
        struct wire w = { .len = 0 };
        struct tpm_signature s = { .form = TPM_RSASSA };
        TPMT_SIGNATURE t;
        size_t offset = 0;
        put_u16(&w, alg);
        put_u16(&w, 0x0b);
        put_filled(&w, 0x77, alg == 0x18 ? 32 : 256);
        if (alg == 0x18)
            put_filled(&w, 0x78, 31);
        mutate(&w);
        memset(&t, 0, sizeof t);
        bool ours = tpm_signature_read(wire_span(&w), "signature", ATT_TPM_QUOTE_MALFORMED, &s, NULL);
        bool theirs = Tss2_MU_TPMT_SIGNATURE_Unmarshal(w.bytes, w.len, &offset, &t) == TSS2_RC_SUCCESS &&
                      offset == w.len;
        judge("TPMT_SIGNATURE", ours, theirs, ours && theirs && same_signature(&s, &t),
              theirs && signature_excused(&t));
    }
}

int main(void)
{
    struct att_crypto *c = att_crypto_new();
    EVP_PKEY *pkey = EVP_EC_gen("P-256");
    struct att_key *ec = key_of(c, pkey), *rsa = NULL;
    struct made_attest quote = a_quote(), certify = a_certify();
    uint8_t n[256] = { 0xc1 };

    n[255] = 1;
    (void)setenv("TSS2_LOG", "all+none", 1); /* it reports every refusal */
    if (!c || !att_key_from_rsa(c, att_span_of(n, sizeof n), att_span_of("\1\0\1", 3), &rsa, NULL))
        return 1;
    attests(TPM_QUOTE, &quote);
    attests(TPM_CERTIFY, &certify);
    const struct made_public made[] = { public_of(rsa, true), public_of(rsa, false), public_of(ec, true),
                                        public_of(ec, false) };
    for (size_t i = 0; i < 4; i++)
        publics(&made[i]);
    signatures(0x14);
    signatures(0x16);
    signatures(0x18);
    cases_check(&run, taken > 20000 && refused > 20000 && stricter > 1000,
                "the breaking breaks: taken %u, refused %u, refused here alone %u", taken, refused, stricter);
    att_key_free(rsa);
    att_key_free(ec);
    EVP_PKEY_free(pkey);
    att_crypto_free(c);
    return cases_report(&run);
}

#else
int main(void)
{
    struct cases run = { .name = "unit.tpm.oracle" };
    cases_skip(&run, "libtss2-mu is not installed");
    return cases_report(&run);
}
#endif
