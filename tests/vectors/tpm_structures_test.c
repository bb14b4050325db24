/* layers: tpm crypto codec base */
/* What software TPMs and Azure's virtual TPMs have made: quotes, certifications, public areas, certificates of keys. They are read,
 * they verify, names and digests come out as the TPM says; one bit elsewhere, and they do not. */
#include <stdio.h>
#include <stdlib.h>

#include "base/base64.h"
#include "base/hex.h"
#include "codec/json.h"
#include "crypto/pem.h"
#include "support/cases.h"
#include "tpm/tpm.h"
#include "tpm/trust.h"

static struct cases run = { .name = "vectors.tpm_structures" };
static struct att_crypto *crypto;
static struct att_arena *arena;

enum { NOW = 1800000000, STRIDE = 7 }; /* 2027; certificates there start in November 2026 */

static const struct tpm_signature_rules strict = { "quote.signature", ATT_TPM_QUOTE_MALFORMED,
                                                   ATT_TPM_QUOTE_SIGNATURE_INVALID, false };
static const struct tpm_signature_rules with_sha1 = { "quote.signature", ATT_TPM_QUOTE_MALFORMED,
                                                      ATT_TPM_QUOTE_SIGNATURE_INVALID, true };

/* In the arena; an empty span when the file is missing. */
static struct att_span load(const char *folder, const char *name)
{
    char *path = path_of(vectors_dir(), "%s/%s", folder, name);
    size_t len = 0;
    uint8_t *bytes = file_read(path, &len);
    struct att_span s = { 0 };

    if (bytes) {
        s = att_span_of(att_arena_dup(arena, att_span_of(bytes, len)), len);
        if (!s.ptr)
            abort();
    }
    free(bytes);
    free(path);
    return s;
}

static struct att_span load_named(const char *folder, const char *stem, const char *end)
{
    char name[96];

    (void)snprintf(name, sizeof name, "%s%s", stem, end);
    return load(folder, name);
}

static struct att_span load_hex(const char *folder, const char *name)
{
    struct att_span text = load(folder, name);
    uint8_t *bytes = att_arena_alloc(arena, text.len / 2 + 1, 1);

    while (text.len > 0 && text.ptr[text.len - 1] <= ' ')
        text.len--;
    if (!bytes || !att_hex_read(text, bytes, text.len / 2))
        return (struct att_span){ 0 };
    return att_span_of(bytes, text.len / 2);
}

/* A PEM public key. */
static struct att_key *load_pem_key(struct att_span pem)
{
    struct att_reader text = att_reader_of(pem);
    struct att_key *key = NULL;
    uint8_t *der = NULL;
    size_t len = 0;

    if (att_pem_next(&text, "PUBLIC KEY", &der, &len) == ATT_PEM_BLOCK &&
        !att_key_from_spki(crypto, att_span_of(der, len), &key, NULL))
        key = NULL;
    free(der);
    return key;
}

static bool same_key(const struct att_key *a, const struct att_key *b)
{
    return a && b && att_key_type(a) == att_key_type(b) && att_span_eq(att_key_point(a), att_key_point(b)) &&
           att_span_eq(att_key_rsa_n(a), att_key_rsa_n(b)) && att_span_eq(att_key_rsa_e(a), att_key_rsa_e(b));
}

/* Registers as `tpm2_quote -F values` writes them: in the order of the digest. */
static bool values_of(const struct tpm_attest *quote, struct att_span bytes, struct tpm_pcrs *ret)
{
    struct att_reader r = att_reader_of(bytes);

    *ret = (struct tpm_pcrs){ 0 };
    for (size_t i = 0; i < quote->selection_count; i++) {
        const struct tpm_selection *s = &quote->selections[i];
        ret->bank[s->bank].pcrs = s->pcrs;
        for (unsigned n = 0; n < TPM_PCRS; n++) {
            struct att_span v = att_take(&r, s->pcrs >> n & 1 ? att_hash_size(s->bank) : 0);
            if (v.len > 0)
                memcpy(ret->bank[s->bank].value[n], v.ptr, v.len);
        }
    }
    return att_all_read(&r);
}

struct public_row {
    const char *folder, *stem;
    uint32_t attributes;
    uint16_t scheme;
    bool ecc;
};
static const struct public_row publics[] = {
    { "tpm/swtpm-quotes", "ak", 0x50072, 0x14, false },
    { "tpm/swtpm-quotes", "akpss", 0x50072, 0x16, false },
    { "tpm/swtpm-quotes", "akec", 0x50072, 0x18, true },
    { "tpm/swtpm-quotes", "aksha1", 0x50072, 0x14, false },
    { "tpm/swtpm-certify", "ak", 0x50072, 0x14, false },
    { "tpm/vm-uki-nosb", "ak", 0x50072, 0x14, false },
    { "tpm/vm-grub-secureboot", "ak", 0x50072, 0x14, false },
};

static void check_public(const struct public_row *row)
{
    struct tpm_public pub = { 0 };
    struct att_err err = { 0 };
    uint8_t name[TPM_NAME_BYTES_MAX];
    size_t name_len = 0;
    struct att_key *key = NULL;
    struct att_key *pem = load_pem_key(load_named(row->folder, row->stem, ".pem"));
    struct att_span bytes = load_named(row->folder, row->stem, ".tpmt_public");
    bool ok = tpm_public_read(bytes, "aik", ATT_AIK_UNFIT, &pub, &err);

    cases_check(&run, ok, "%s/%s: public area: %s", row->folder, row->stem, err.text);
    if (ok) {
        cases_check(&run,
                    pub.attributes == row->attributes && pub.scheme == row->scheme && pub.ecc == row->ecc,
                    "%s/%s: attributes %x, scheme %x", row->folder, row->stem, pub.attributes, pub.scheme);
        cases_check(&run,
                    tpm_public_name(crypto, &pub, name, &name_len) &&
                        att_span_eq(att_span_of(name, name_len), load_named(row->folder, row->stem, ".name")),
                    "%s/%s: name", row->folder, row->stem);
        cases_check(&run, tpm_public_key(crypto, &pub, &key, &err) && same_key(key, pem), "%s/%s: key",
                    row->folder, row->stem);
    }
    for (size_t n = 0; n < bytes.len; n++)
        if (tpm_public_read(att_span_of(bytes.ptr, n), "aik", ATT_AIK_UNFIT, &pub, &err))
            cases_check(&run, false, "%s/%s: cut to %zu bytes", row->folder, row->stem, n);
    att_key_free(key);
    att_key_free(pem);
}

struct quote_row {
    const char *folder, *key, *stem;
    bool sha1;
    enum att_hash hash;
    size_t selections;
    uint32_t pcrs; /* of the first selection */
};
static const struct quote_row quotes[] = {
    { "tpm/swtpm-quotes", "ak", "quote-ak", false, ATT_SHA256, 1, 0xff },
    { "tpm/swtpm-quotes", "akpss", "quote-akpss", false, ATT_SHA256, 1, 0xff },
    { "tpm/swtpm-quotes", "akec", "quote-akec", false, ATT_SHA256, 1, 0xff },
    { "tpm/swtpm-quotes", "aksha1", "quote-aksha1", true, ATT_SHA1, 1, 0xff },
    { "tpm/vm-uki-nosb", "ak", "quote256", false, ATT_SHA256, 1, 0xffffff },
    { "tpm/vm-uki-nosb", "ak", "quotemix", false, ATT_SHA256, 2, 0xffffff },
    { "tpm/vm-grub-secureboot", "ak", "quote256", false, ATT_SHA256, 1, 0xffffff },
    { "tpm/vm-grub-secureboot", "ak", "quotemix", false, ATT_SHA256, 2, 0xffffff },
};

/* Not one bit of quote or signature may be another. */
static void check_flips(const struct quote_row *row, const struct att_key *key, struct att_span quote,
                        struct att_span signature)
{
    uint8_t bytes[1024];
    unsigned held = 0;

    for (size_t i = 0; i < 8 * quote.len; i += STRIDE) {
        memcpy(bytes, quote.ptr, quote.len);
        bytes[i / 8] ^= (uint8_t)(1u << i % 8);
        held += tpm_signature_verify(crypto, key, signature, att_span_of(bytes, quote.len), &with_sha1, NULL,
                                     NULL);
    }
    for (size_t i = 0; i < 8 * signature.len; i += STRIDE) {
        memcpy(bytes, signature.ptr, signature.len);
        bytes[i / 8] ^= (uint8_t)(1u << i % 8);
        held += tpm_signature_verify(crypto, key, att_span_of(bytes, signature.len), quote, &with_sha1, NULL,
                                     NULL);
    }
    cases_check(&run, held == 0, "%s/%s: %u flipped bits did not matter", row->folder, row->stem, held);
}

static void check_registers(const struct quote_row *row, const struct tpm_attest *a, enum att_hash hash)
{
    struct tpm_pcrs pcrs;
    struct att_err err = { 0 };
    bool fits = values_of(a, load_named(row->folder, row->stem, ".pcrs"), &pcrs);

    cases_check(&run, fits && tpm_pcrs_quoted(crypto, a, hash, &pcrs, "pcrs", &err), "%s/%s: registers: %s",
                row->folder, row->stem, err.text);
    pcrs.bank[a->selections[0].bank].value[7][3] ^= 1;
    cases_check(&run,
                !tpm_pcrs_quoted(crypto, a, hash, &pcrs, "pcrs", &err) && err.code == ATT_PCR_DIGEST_MISMATCH,
                "%s/%s: another register 7", row->folder, row->stem);
}

static void check_quote(const struct quote_row *row)
{
    struct att_span quote = load_named(row->folder, row->stem, ".tpms_attest");
    struct att_span signature = load_named(row->folder, row->stem, ".tpmt_signature");
    struct att_key *key = load_pem_key(load_named(row->folder, row->key, ".pem"));
    struct tpm_attest a = { 0 };
    struct att_err err = { 0 };
    enum att_hash hash = ATT_HASH_COUNT;
    bool ok = tpm_attest_read(quote, TPM_QUOTE, "quote", &a, &err);

    cases_check(&run, ok && key, "%s/%s: quote: %s", row->folder, row->stem, err.text);
    if (ok && key) {
        cases_check(&run, att_span_eq(a.extra_data, load_hex(row->folder, "qualifyingdata.hex")),
                    "%s/%s: extraData", row->folder, row->stem);
        cases_check(&run, a.selection_count == row->selections && a.selections[0].pcrs == row->pcrs,
                    "%s/%s: selections", row->folder, row->stem);
        ok = tpm_signature_verify(crypto, key, signature, quote, row->sha1 ? &with_sha1 : &strict, &hash,
                                  &err);
        cases_check(&run, ok && hash == row->hash, "%s/%s: signature: %s", row->folder, row->stem, err.text);
        cases_check(&run,
                    !row->sha1 ||
                        (!tpm_signature_verify(crypto, key, signature, quote, &strict, NULL, &err) &&
                         err.code == ATT_TPM_QUOTE_SIGNATURE_INVALID),
                    "E-p: %s/%s: SHA-1 signs nothing unless it is allowed", row->folder, row->stem);
        check_registers(row, &a, row->hash);
        check_flips(row, key, quote, signature);
        cases_check(&run, !tpm_attest_read(quote, TPM_CERTIFY, "certify", &a, &err),
                    "%s/%s: is no certification", row->folder, row->stem);
    }
    att_key_free(key);
}

static void check_certify(void)
{
    static const char folder[] = "tpm/swtpm-certify";
    struct att_span bytes = load(folder, "certify.tpms_attest");
    struct att_key *ak = load_pem_key(load(folder, "ak.pem"));
    struct att_key *app = load_pem_key(load(folder, "app.pem"));
    struct att_key *key = NULL;
    struct tpm_attest a = { 0 };
    struct tpm_public pub = { 0 };
    struct att_err err = { 0 };
    uint8_t name[TPM_NAME_BYTES_MAX];
    size_t name_len = 0;
    bool ok = tpm_attest_read(bytes, TPM_CERTIFY, "certify", &a, &err) &&
              tpm_public_read(load(folder, "app.tpmt_public"), "public", ATT_KEY_CERTIFY_INVALID, &pub, &err);

    cases_check(&run, ok && ak, "certify: %s", err.text);
    if (ok && ak) {
        cases_check(&run, att_span_eq(a.extra_data, load_hex(folder, "challenge.hex")),
                    "certify: the challenge");
        cases_check(&run,
                    tpm_public_name(crypto, &pub, name, &name_len) &&
                        att_span_eq(a.name, att_span_of(name, name_len)),
                    "certify: the name is the key's");
        cases_check(
            &run, pub.attributes == 0x40072 && tpm_public_key(crypto, &pub, &key, &err) && same_key(key, app),
            "certify: the key");
        cases_check(&run,
                    tpm_signature_verify(crypto, ak, load(folder, "certify.tpmt_signature"), bytes, &strict,
                                         NULL, &err),
                    "certify: signature: %s", err.text);
    }
    cases_check(&run, !tpm_attest_read(bytes, TPM_QUOTE, "quote", &a, &err), "a certification is no quote");
    att_key_free(ak);
    att_key_free(app);
    att_key_free(key);
}

/* -- Azure's virtual TPMs: quotes with a bare signature ------------------------------------------------------- */

static const char *const guests[] = { "cvm/genoa-hclv2-quote", "cvm/milan-hclv1-quote" };

static struct att_key *jwk_rsa(const struct att_json *doc, att_json_id jwk)
{
    struct att_span n = { 0 }, e = { 0 }, text = { 0 };
    struct att_key *key = NULL;
    struct att_err err = { 0 };

    if (!att_json_string(doc, arena, att_json_get(doc, jwk, "n"), &text) ||
        !att_base64_decode(arena, ATT_BASE64_STRICT, text, "n", &n, &err) ||
        !att_json_string(doc, arena, att_json_get(doc, jwk, "e"), &text) ||
        !att_base64_decode(arena, ATT_BASE64_STRICT, text, "e", &e, &err) ||
        !att_key_from_rsa(crypto, n, e, &key, &err))
        return NULL;
    return key;
}

static struct att_key *guest_ak(const char *folder)
{
    struct att_json doc;
    struct att_span kid = { 0 };
    struct att_span text = load(folder, "runtime-data.json");

    while (text.len > 0 && text.ptr[text.len - 1] == 0)
        text.len--;
    if (!att_json_parse(arena, text, NULL, &doc, NULL))
        return NULL;
    att_json_id keys = att_json_get(&doc, ATT_JSON_ROOT, "keys");
    for (att_json_id at = att_json_first(&doc, keys); at != ATT_JSON_NONE; at = att_json_next(&doc, at)) {
        if (att_json_string(&doc, arena, att_json_get(&doc, at, "kid"), &kid) && att_span_is(kid, "HCLAkPub"))
            return jwk_rsa(&doc, at);
    }
    return NULL;
}

static void check_guest(const char *folder)
{
    struct att_span quote = load(folder, "quote.msg");
    struct att_key *ak = guest_ak(folder);
    struct tpm_attest a = { 0 };
    struct att_err err = { 0 };
    bool ok = tpm_attest_read(quote, TPM_QUOTE, "quote", &a, &err);

    cases_check(&run, ok && ak, "%s: quote and key: %s", folder, err.text);
    if (ok && ak) {
        cases_check(&run, a.selection_count == 1 && a.selections[0].bank == ATT_SHA256 && a.safe,
                    "%s: fields", folder);
        cases_check(&run,
                    att_verify(crypto, ak, ATT_RS256, quote, load(folder, "quote.sig")) == ATT_SIG_VALID,
                    "%s: signature", folder);
    }
    att_key_free(ak);
}

/* -- certificates --------------------------------------------------------------------------------------------- */

static const struct {
    const char *name, *folder, *leaf, *roots, *intermediates;
    enum tpm_cert_kind kind;
    int64_t now;
    bool good;
} certs[] = {
    { "AIK", "tpm/vm-uki-nosb", "aik_cert.der", "../aik-ca.pem", NULL, TPM_CERT_AIK, NOW, true },
    { "AIK", "tpm/vm-grub-secureboot", "aik_cert.der", "../aik-ca.pem", NULL, TPM_CERT_AIK, NOW, true },
    { "AIK before its time", "tpm/vm-uki-nosb", "aik_cert.der", "../aik-ca.pem", NULL, TPM_CERT_AIK,
      1700000000, false },
    { "AIK, other authority", "tpm/vm-uki-nosb", "aik_cert.der", "../untrusted-aik-ca.pem", NULL,
      TPM_CERT_AIK, NOW, false },
    { "AIK as EK", "tpm/vm-uki-nosb", "aik_cert.der", "../aik-ca.pem", NULL, TPM_CERT_EK, NOW, false },
    { "EK", "tpm/swtpm-credential", "ek_rsa_cert.der", "ek-ca-swtpm-localca-rootca-cert.pem",
      "ek-ca-issuercert.pem", TPM_CERT_EK, NOW, true },
    { "EK in the year 9000", "tpm/vm-uki-nosb", "ek_rsa_cert.der", "ek-ca-issuercert.pem", NULL, TPM_CERT_EK,
      221845392000, true },
    { "EK in the year 10000", "tpm/vm-uki-nosb", "ek_rsa_cert.der", "ek-ca-issuercert.pem", NULL, TPM_CERT_EK,
      253402300800, false },
    { "EK, issuer not given", "tpm/swtpm-credential", "ek_rsa_cert.der",
      "ek-ca-swtpm-localca-rootca-cert.pem", NULL, TPM_CERT_EK, NOW, false },
    { "EK, issuer trusted by itself", "tpm/vm-uki-nosb", "ek_rsa_cert.der", "ek-ca-issuercert.pem", NULL,
      TPM_CERT_EK, NOW, true },
    { "EK of another machine's authority", "tpm/vm-uki-nosb", "ek_rsa_cert.der", "../aik-ca.pem", NULL,
      TPM_CERT_EK, NOW, false },
    { "EK as AIK", "tpm/swtpm-credential", "ek_rsa_cert.der", "ek-ca-swtpm-localca-rootca-cert.pem",
      "ek-ca-issuercert.pem", TPM_CERT_AIK, NOW, false },
    { "platform certificate as EK", "tpm/vm-uki-nosb", "platform_cert.der", "ek-ca-issuercert.pem", NULL,
      TPM_CERT_EK, NOW, false },
};

static void check_certs(void)
{
    for (size_t i = 0; i < sizeof certs / sizeof certs[0]; i++) {
        struct att_root root = { .pem = load(certs[i].folder, certs[i].roots), .test_root = true };
        struct att_span more =
            certs[i].intermediates ? load(certs[i].folder, certs[i].intermediates) : (struct att_span){ 0 };
        struct att_tpm_trust *trust = NULL;
        struct tpm_cert_facts facts = { 0 };
        struct att_err err = { 0 };
        bool made = tpm_trust_new(crypto, &att_limits_default, &root, 1, more, &trust, &err);
        bool got =
            made && tpm_trust_check(trust, crypto, &att_limits_default, load(certs[i].folder, certs[i].leaf),
                                    certs[i].kind, "cert", certs[i].now, &facts, &err);
        enum att_code code = certs[i].kind == TPM_CERT_AIK ? ATT_AIK_UNTRUSTED : ATT_EK_UNTRUSTED;
        cases_check(&run, made && got == certs[i].good && facts.test_root == got && (got || err.code == code),
                    "certificate: %s: %s (expected %s, found %s)", certs[i].name, err.text, err.expected,
                    err.found);
        tpm_cert_facts_clear(&facts);
        att_tpm_trust_free(trust);
    }
}

static void check_ek_public(void)
{
    struct tpm_public pub = { 0 };
    struct tpm_cert_facts facts = { 0 };
    struct att_key *key = NULL;
    struct att_err err = { 0 };
    bool ok =
        tpm_public_read_sized(load("tpm/swtpm-credential", "ek.pub"), "ek", ATT_EK_MISMATCH, &pub, &err);

    cases_check(&run, ok, "EK: public area: %s", err.text);
    if (!ok)
        return;
    cases_check(&run,
                pub.symmetric == 6 && pub.symmetric_bits == 128 && pub.symmetric_mode == 0x43 &&
                    (pub.attributes & TPM_DECRYPT) && (pub.attributes & TPM_RESTRICTED),
                "EK: template");
    bool trusted =
        tpm_trust_check(NULL, crypto, &att_limits_default, load("tpm/swtpm-credential", "ek_rsa_cert.der"),
                        TPM_CERT_EK, "cert", NOW, &facts, &err);
    cases_check(&run, !trusted, "EK: nobody is trusted without a set");
    err = (struct att_err){ 0 };
    cases_check(&run, tpm_public_key(crypto, &pub, &key, &err) && same_key(key, facts.key),
                "EK: the certificate's key is the TPM's");
    tpm_cert_facts_clear(&facts);
    att_key_free(key);
}

int main(void)
{
    if (!vectors_dir()) {
        printf("no vectors\n");
        return TEST_SKIPPED;
    }
    crypto = att_crypto_new();
    arena = att_arena_new((size_t)4 << 20);
    for (size_t i = 0; i < sizeof publics / sizeof publics[0]; i++)
        check_public(&publics[i]);
    for (size_t i = 0; i < sizeof quotes / sizeof quotes[0]; i++)
        check_quote(&quotes[i]);
    check_certify();
    for (size_t i = 0; i < sizeof guests / sizeof guests[0]; i++)
        check_guest(guests[i]);
    check_certs();
    check_ek_public();
    att_arena_free(arena);
    att_crypto_free(crypto);
    return cases_report(&run);
}
