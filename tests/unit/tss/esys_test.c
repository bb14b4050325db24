/* layers: tss tpm crypto base codec */
/* The module against a TPM in software; what comes out of it is read by tpm/, which shares no code with libtss2. */
#include "tss/tss.h"

#include "base/err.h"
#include "support/cases.h"
#include "support/swtpm.h"
#include "tpm/tpm.h"

#include <stdio.h>
#include <stdlib.h>

static struct cases c = { .name = "tss" };
static struct att_crypto *crypto;
static struct att_arena *arena;
static struct swtpm machine;

static struct tss *opened(const struct swtpm *m)
{
    struct att_err err = { 0 };
    struct tss *t = NULL;

    if (!tss_open(m->tcti, &t, &err)) {
        (void)fprintf(stderr, "%s\n", err.text);
        abort();
    }
    return t;
}

/* Nothing of ours may be left in the TPM: a second connection counts. */
static void check_empty(const char *what)
{
    struct tss *t = opened(&machine);
    struct att_err err = { 0 };
    size_t count = 99;

    bool ok = t->ops->transients(t, &count, &err);
    cases_check(&c, ok && count == 0, "%s: %zu objects or sessions left in the TPM %s", what, count,
                err.text);
    tss_close(t);
}

static void refused(bool done, const struct att_err *err, const char *mention, const char *what)
{
    cases_check(&c, !done && err->code != ATT_OK && strstr(err->text, mention),
                "%s: want a refusal with \"%s\", got %s", what, mention, done ? "success" : err->text);
}

static struct tpm_public public_of(struct att_span sized, const char *what)
{
    struct tpm_public p = { 0 };
    struct att_err err = { 0 };

    cases_check(&c, tpm_public_read_sized(sized, "key", ATT_KEY_INVALID, &p, &err), "%s: %s", what, err.text);
    return p;
}

static struct tss_key made(struct tss *t, enum tss_key_use use, enum tss_key_type type)
{
    struct att_err err = { 0 };
    struct tss_key key = { 0 };

    cases_check(&c, t->ops->create(t, use, type, arena, &key, &err), "a key is made: %s", err.text);
    return key;
}

/* -- keys --------------------------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    enum tss_key_use use;
    enum tss_key_type type;
    uint32_t restricted;
    uint16_t scheme;
} kinds[] = {
    { "AIK, RSA", TSS_USE_AIK, TSS_RSA_2048, TPM_RESTRICTED, 0x0014 },
    { "AIK, P-256", TSS_USE_AIK, TSS_ECC_P256, TPM_RESTRICTED, 0x0018 },
    { "request key, RSA", TSS_USE_REQUEST, TSS_RSA_2048, 0, 0x0016 },
    { "request key, P-256", TSS_USE_REQUEST, TSS_ECC_P256, 0, 0x0018 },
};

static struct att_span longer(struct att_span from)
{
    uint8_t *copy = att_arena_alloc(arena, 1, from.len + 1);

    if (!copy)
        abort();
    memcpy(copy, from.ptr, from.len);
    return att_span_of(copy, from.len + 1);
}

static void test_attributes(struct tss *t)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        struct tss_key key = made(t, kinds[i].use, kinds[i].type);
        struct tpm_public p = public_of(key.public_area, kinds[i].name);
        struct tss_public numbers = { 0 };
        struct att_err err = { 0 };
        uint32_t want = TPM_FIXED_TPM | TPM_FIXED_PARENT | TPM_SENSITIVE_DATA_ORIGIN | TPM_USER_WITH_AUTH |
                        TPM_NO_DA | TPM_SIGN | kinds[i].restricted;
        cases_check(&c, p.attributes == want, "%s: attributes 0x%08x, want 0x%08x", kinds[i].name,
                    p.attributes, want);
        cases_check(&c, p.scheme == kinds[i].scheme && p.scheme_hash == 0x000b && p.name_hash == ATT_SHA256,
                    "%s: scheme 0x%04x", kinds[i].name, p.scheme);
        cases_check(&c, p.ecc == (kinds[i].type == TSS_ECC_P256), "%s: type", kinds[i].name);
        bool read = t->ops->public_read(key.public_area, arena, &numbers, &err);
        cases_check(&c,
                    read && att_span_eq(numbers.area, p.whole) && numbers.ecc == p.ecc &&
                        (p.ecc ? numbers.x.len == 32 && numbers.y.len == 32
                               : att_span_eq(numbers.n, p.modulus) && numbers.e.len == 3),
                    "%s: its numbers", kinds[i].name);
        err = (struct att_err){ 0 };
        read = t->ops->public_read(longer(key.public_area), arena, &numbers, &err);
        refused(read, &err, "TPM2B_PUBLIC", "a byte behind a public area");
        for (size_t cut = 0; cut < key.public_area.len; cut += 7) {
            err = (struct att_err){ 0 };
            read = t->ops->public_read(att_span_of(key.public_area.ptr, cut), arena, &numbers, &err);
            refused(read, &err, "TPM2B_PUBLIC", "a public area that ends early");
        }
    }
}

/* The standard templates: what other software makes of the same seed is the same key. */
static void test_endorsement(struct tss *t)
{
    static const uint32_t want = TPM_FIXED_TPM | TPM_FIXED_PARENT | TPM_SENSITIVE_DATA_ORIGIN |
                                 TPM_ADMIN_WITH_POLICY | TPM_RESTRICTED | TPM_DECRYPT;
    for (int type = TSS_RSA_2048; type <= TSS_ECC_P256; type++) {
        struct att_span first = { 0 }, second = { 0 };
        struct att_err err = { 0 };
        bool done = t->ops->ek_public(t, (enum tss_key_type)type, arena, &first, &err) &&
                    t->ops->ek_public(t, (enum tss_key_type)type, arena, &second, &err);
        cases_check(&c, done && att_span_eq(first, second), "the EK is the same each time: %s", err.text);
        struct tpm_public p = public_of(first, "EK");
        cases_check(&c, p.attributes == want && p.auth_policy.len == 32 && p.auth_policy.ptr[0] == 0x83,
                    "EK: template");
    }
}

static void load_refused(struct tss *t, struct tss_key key, const char *mention, const char *what)
{
    struct att_err err = { 0 };
    tss_loaded loaded = 0;

    refused(t->ops->load(t, &key, &loaded, &err), &err, mention, what);
}

static struct att_span bent(struct att_span from, size_t at)
{
    uint8_t *copy = (uint8_t *)att_arena_dup(arena, from);

    if (!copy)
        abort();
    copy[at] ^= 1;
    return att_span_of(copy, from.len);
}

static void test_blobs(void)
{
    struct tss *t = opened(&machine);
    struct tss_key key = made(t, TSS_USE_AIK, TSS_ECC_P256);
    struct att_err err = { 0 };
    struct swtpm other;
    tss_loaded loaded = 0;

    tss_close(t);
    struct tss *again = opened(&machine);

    cases_check(&c, again->ops->load(again, &key, &loaded, &err), "a new connection loads the blobs: %s",
                err.text);
    load_refused(again, (struct tss_key){ key.public_area, bent(key.private_area, key.private_area.len - 1) },
                 "integrity", "private area, last byte");
    load_refused(again, (struct tss_key){ bent(key.public_area, 9), key.private_area }, "tpm.load",
                 "public area, an attribute");
    load_refused(again,
                 (struct tss_key){ key.public_area, { key.private_area.ptr, key.private_area.len - 1 } },
                 "TPM2B_PRIVATE", "private area cut");
    load_refused(again,
                 (struct tss_key){ { key.public_area.ptr, key.public_area.len - 1 }, key.private_area },
                 "TPM2B_PUBLIC", "public area cut");
    load_refused(again, (struct tss_key){ longer(key.public_area), key.private_area }, "TPM2B_PUBLIC",
                 "a byte behind the public area");
    load_refused(again, (struct tss_key){ key.public_area, longer(key.private_area) }, "TPM2B_PRIVATE",
                 "a byte behind the private area");
    load_refused(again, (struct tss_key){ { 0 }, { 0 } }, "TPM2B_PUBLIC", "nothing");
    load_refused(again, (struct tss_key){ key.private_area, key.private_area }, "TPM2B_PUBLIC",
                 "the wrong one");
    tss_close(again);
    if (!swtpm_start(&other))
        abort();
    again = opened(&other);
    load_refused(again, key, "integrity", "on another TPM");
    tss_close(again);
    swtpm_stop(&other);
    check_empty("blobs");
}

/* -- credentials -------------------------------------------------------------------------------------------- */

struct credential {
    struct att_span id, secret;
};

static struct credential credential_for(struct tss *t, enum tss_key_type ek, struct att_span name,
                                        struct att_span secret)
{
    struct credential out = { 0 };
    struct att_err err = { 0 };
    struct att_span area = { 0 };

    bool done = t->ops->ek_public(t, ek, arena, &area, &err);
    struct tpm_public p = public_of(area, "EK");
    done = done && tpm_credential_make(arena, crypto, &p, name, secret, &out.id, &out.secret, &err);
    cases_check(&c, done, "a credential is made: %s", err.text);
    return out;
}

static void activate_refused(struct tss *t, tss_loaded aik, enum tss_key_type ek, struct credential cred,
                             const char *mention, const char *what)
{
    struct att_err err = { 0 };
    struct att_span got = { 0 };

    refused(t->ops->activate(t, aik, ek, cred.id, cred.secret, arena, &got, &err), &err, mention, what);
    cases_check(&c, got.len == 0, "%s: nothing comes out", what);
}

static void test_credentials(void)
{
    static const char secret[] = "sixteen bytes or thirty-two.....";
    struct att_span want = att_span_of(secret, 32);

    for (int ek = TSS_RSA_2048; ek <= TSS_ECC_P256; ek++) {
        struct tss *t = opened(&machine); /* which has room for root, EK and AIK */
        struct tss_key key = made(t, TSS_USE_AIK, TSS_ECC_P256);
        struct tpm_public aik = public_of(key.public_area, "AIK");
        uint8_t name[TPM_NAME_BYTES_MAX];
        size_t len = 0;
        struct att_err err = { 0 };
        struct att_span got = { 0 };
        tss_loaded loaded = 0;
        if (!tpm_public_name(crypto, &aik, name, &len) || !t->ops->load(t, &key, &loaded, &err))
            abort();
        struct credential cred = credential_for(t, (enum tss_key_type)ek, att_span_of(name, len), want);
        bool done =
            t->ops->activate(t, loaded, (enum tss_key_type)ek, cred.id, cred.secret, arena, &got, &err);
        cases_check(&c, done && att_span_eq(got, want), "the TPM opens a credential: %s", err.text);
        activate_refused(t, loaded, ek == TSS_RSA_2048 ? TSS_ECC_P256 : TSS_RSA_2048, cred, "tpm.activate",
                         "for the other EK");
        activate_refused(t, loaded, (enum tss_key_type)ek,
                         (struct credential){ bent(cred.id, cred.id.len - 1), cred.secret }, "integrity",
                         "credential, last byte");
        activate_refused(t, loaded, (enum tss_key_type)ek,
                         (struct credential){ { cred.id.ptr, cred.id.len - 1 }, cred.secret },
                         "TPM2B_ID_OBJECT", "cut");
        activate_refused(t, loaded, (enum tss_key_type)ek,
                         (struct credential){ cred.id, { cred.secret.ptr, 5 } }, "TPM2B_ENCRYPTED_SECRET",
                         "secret cut");
        activate_refused(t, loaded, (enum tss_key_type)ek,
                         (struct credential){ longer(cred.id), cred.secret }, "TPM2B_ID_OBJECT",
                         "a byte behind the credential");
        activate_refused(t, loaded, (enum tss_key_type)ek,
                         (struct credential){ cred.id, longer(cred.secret) }, "TPM2B_ENCRYPTED_SECRET",
                         "a byte behind the secret");
        name[len - 1] ^= 1;
        cred = credential_for(t, (enum tss_key_type)ek, att_span_of(name, len), want);
        activate_refused(t, loaded, (enum tss_key_type)ek, cred, "integrity", "for another key");
        tss_close(t);
    }
    check_empty("credentials");
}

/* -- registers ---------------------------------------------------------------------------------------------- */

static const uint8_t zeros[32];

static void test_registers(struct tss *t)
{
    static const struct tss_selection pcr14 = { TSS_SHA256, 1 << 14 };
    struct tss_values before = { 0 }, event = { 0 }, after = { 0 };
    struct att_err err = { 0 };
    struct tss_banks banks = { 0 };
    uint8_t digest[32], next[32];

    cases_check(&c, t->ops->banks(t, &banks, &err) && banks.count > 0, "banks: %s", err.text);
    bool done = t->ops->pcr_read(t, &pcr14, 1, &before, &err) &&
                t->ops->pcr_event(t, 14, att_str("hello"), &event, &err) &&
                t->ops->pcr_read(t, &pcr14, 1, &after, &err);
    cases_check(
        &c, done && before.count == 1 && after.count == 1 && memcmp(before.item[0].digest, zeros, 32) == 0,
        "PCR 14 is at its reset value: %s", err.text);
    cases_check(&c, event.count == banks.count, "one digest a bank: %zu of %zu", event.count, banks.count);
    if (!att_digest(crypto, ATT_SHA256, att_str("hello"), digest))
        abort();
    const struct tss_value *sha256 = NULL;
    for (size_t i = 0; i < event.count; i++)
        if (event.item[i].alg == TSS_SHA256)
            sha256 = &event.item[i];
    cases_check(&c, sha256 && memcmp(sha256->digest, digest, 32) == 0, "the digest that goes into a log");
    const struct att_span parts[] = { { zeros, 32 }, { digest, 32 } };
    if (!att_digest_parts(crypto, ATT_SHA256, parts, 2, next))
        abort();
    cases_check(&c, memcmp(after.item[0].digest, next, 32) == 0, "the register is extended with it");
    refused(t->ops->pcr_event(t, 24, att_str("x"), &event, &err), &err, "24", "a register that is none");
    static uint8_t large[TSS_EVENT_BYTES_MAX + 1];
    err = (struct att_err){ 0 };
    refused(t->ops->pcr_event(t, 1, att_span_of(large, sizeof large), &event, &err), &err, "1024",
            "a large event");
    err = (struct att_err){ 0 };
    refused(t->ops->pcr_read(t, &(struct tss_selection){ 0x0012, 1 }, 1, &after, &err), &err, "tpm.pcrs",
            "a bank that is none");
}

/* -- quotes and certificates -------------------------------------------------------------------------------- */

static enum att_hash hash_of(uint16_t alg)
{
    enum att_hash h = ATT_SHA256;

    if (!tpm_hash_of(alg, &h))
        abort();
    return h;
}

static void check_quote(struct tss *t, tss_loaded aik, const struct tpm_public *pub,
                        const struct tss_selection *s, size_t count, const char *what)
{
    static const struct tpm_signature_rules rules = { .where = "signature",
                                                      .malformed = ATT_TPM_QUOTE_MALFORMED,
                                                      .invalid = ATT_TPM_QUOTE_SIGNATURE_INVALID };
    struct tss_attested q = { 0 };
    struct tss_values values = { 0 };
    struct tpm_attest read = { 0 };
    struct tpm_pcrs pcrs = { 0 };
    struct att_key *key = NULL;
    enum att_hash hash = ATT_SHA1;
    struct att_err err = { 0 };

    bool done = t->ops->quote(t, aik, s, count, att_str("a nonce"), arena, &q, &err) &&
                t->ops->pcr_read(t, s, count, &values, &err) && tpm_public_key(crypto, pub, &key, &err) &&
                tpm_attest_read(q.attest, TPM_QUOTE, "quote", &read, &err) &&
                tpm_signature_verify(crypto, key, q.signature, q.attest, &rules, &hash, &err);
    cases_check(&c, done && hash == ATT_SHA256 && q.hash == TSS_SHA256, "%s: verifies: %s", what, err.text);
    cases_check(&c, att_span_is(read.extra_data, "a nonce") && att_span_eq(read.pcr_digest, q.pcr_digest),
                "%s: says what was asked", what);
    for (size_t i = 0; i < values.count; i++) {
        const struct tss_value *v = &values.item[i];
        struct tpm_bank *b = &pcrs.bank[hash_of(v->alg)];
        b->pcrs |= 1u << v->pcr;
        memcpy(b->value[v->pcr], v->digest, v->len);
    }
    cases_check(&c, tpm_pcrs_quoted(crypto, &read, hash, &pcrs, "pcrs", &err),
                "%s: the values are the quoted ones: %s", what, err.text);
    bool bad = tpm_signature_verify(crypto, key, q.signature, bent(q.attest, 50), &rules, NULL, &err);
    cases_check(&c, !bad && err.code == ATT_TPM_QUOTE_SIGNATURE_INVALID, "%s: another quote does not verify",
                what);
    att_key_free(key);
}

static void test_quotes(void)
{
    static const struct tss_selection all[] = { { TSS_SHA256, 0xffffff } };
    static const struct tss_selection two[] = { { TSS_SHA1, 0xff }, { TSS_SHA256, 0x804081 } };
    struct tss *t = opened(&machine);

    for (int type = TSS_RSA_2048; type <= TSS_ECC_P256; type++) {
        struct tss_key key = made(t, TSS_USE_AIK, (enum tss_key_type)type);
        struct tss_key app = made(t, TSS_USE_REQUEST, TSS_ECC_P256);
        struct tpm_public pub = public_of(key.public_area, "AIK"),
                          certified = public_of(app.public_area, "key");
        struct tss_attested cert = { 0 };
        struct tpm_attest read = { 0 };
        struct att_err err = { 0 };
        uint8_t name[TPM_NAME_BYTES_MAX], long_data[TSS_QUALIFYING_BYTES_MAX + 1] = { 0 };
        size_t len = 0;
        tss_loaded aik = 0, loaded = 0;
        if (!t->ops->load(t, &key, &aik, &err))
            abort();
        check_quote(t, aik, &pub, all, 1, "24 registers");
        check_quote(t, aik, &pub, two, 2, "two banks");
        refused(t->ops->quote(t, aik, all, 1, att_span_of(long_data, sizeof long_data), arena, &cert, &err),
                &err, "64", "a long nonce");
        err = (struct att_err){ 0 };
        bool done = t->ops->load(t, &app, &loaded, &err) &&
                    t->ops->certify(t, aik, loaded, att_str("challenge"), arena, &cert, &err) &&
                    tpm_attest_read(cert.attest, TPM_CERTIFY, "certificate", &read, &err) &&
                    tpm_public_name(crypto, &certified, name, &len);
        cases_check(&c,
                    done && att_span_eq(read.name, att_span_of(name, len)) &&
                        att_span_is(read.extra_data, "challenge"),
                    "a key is certified: %s", err.text);
        /* What could sign anything could sign a quote: the TPM must not let it. */
        struct att_span signature = { 0 };
        err = (struct att_err){ 0 };
        refused(t->ops->sign(t, aik, (enum tss_key_type)type, name, arena, &signature, &err), &err,
                "tpm.sign", "a restricted key signs what it is given");
        tss_close(t);
        t = opened(&machine);
    }
    tss_close(t);
    check_empty("quotes");
}

static void test_signatures(void)
{
    static const char message[] = "a request";
    struct tss *t = opened(&machine);

    for (int type = TSS_RSA_2048; type <= TSS_ECC_P256; type++) {
        struct tss_key app = made(t, TSS_USE_REQUEST, (enum tss_key_type)type);
        struct tpm_public pub = public_of(app.public_area, "key");
        enum att_sig_alg alg = type == TSS_ECC_P256 ? ATT_ES256 : ATT_PS256;
        struct att_key *key = NULL;
        struct att_span signature = { 0 };
        struct att_err err = { 0 };
        uint8_t digest[32];
        tss_loaded loaded = 0;
        bool done = att_digest(crypto, ATT_SHA256, att_str(message), digest) &&
                    t->ops->load(t, &app, &loaded, &err) &&
                    t->ops->sign(t, loaded, (enum tss_key_type)type, digest, arena, &signature, &err) &&
                    tpm_public_key(crypto, &pub, &key, &err);
        cases_check(&c, done && att_verify(crypto, key, alg, att_str(message), signature) == ATT_SIG_VALID,
                    "a request key signs as JOSE wants it: %s", err.text);
        att_key_free(key);
    }
    tss_close(t);
    check_empty("signatures");
}

static void test_nothing_there(struct tss *t)
{
    struct att_span found = att_str("x");
    struct att_err err = { 0 };
    struct tss *none = NULL;

    cases_check(&c, t->ops->nv_read(t, TSS_NV_EK_RSA, arena, &found, &err) && found.len == 0,
                "no certificate: %s", err.text);
    found = att_str("x");
    cases_check(&c, t->ops->ek_chain(t, arena, &found, &err) && found.len == 0, "no chain: %s", err.text);
    refused(tss_open("swtpm:path=/nonexistent", &none, &err), &err, "tpm.connect", "no TPM");
    err = (struct att_err){ 0 };
    refused(tss_open("no-such-tcti", &none, &err), &err, "tpm.connect", "no such way");
    cases_check(&c, none == NULL, "no connection");
    tss_close(NULL);
}

int main(void)
{
    crypto = att_crypto_new();
    arena = att_arena_new(8 << 20);
    if (!crypto || !arena)
        abort();
    if (!swtpm_start(&machine)) {
        cases_skip(&c, "swtpm is not installed (scripts/install-deps check)");
        (void)cases_report(&c);
        return TEST_SKIPPED;
    }
    struct tss *t = opened(&machine);
    test_registers(t);
    test_attributes(t);
    test_endorsement(t);
    test_nothing_there(t);
    tss_close(t);
    check_empty("keys");
    test_blobs();
    test_credentials();
    test_quotes();
    test_signatures();
    swtpm_stop(&machine);
    att_arena_free(arena);
    att_crypto_free(crypto);
    return cases_report(&c);
}
