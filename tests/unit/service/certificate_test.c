/* layers: service access keys signer store store/memory attest base codec */
/* Certificates of the keys that sign tokens: what official clients look at. */
#include "service/keyring.h"
#include "signer/certificate.h"
#include "signer/signer.h"
#include "store/memory/memory.h"
#include "support/cases.h"

#include <openssl/x509v3.h>
#include <stdlib.h>

static struct keyring *ring_new(const char *alg)
{
    static const uint8_t kek[32] = { 7, 1 };
    struct store *store = NULL;
    struct signer *signer = NULL;
    struct keyring *ring = NULL;
    struct att_err err = { 0 };

    if (!store_memory_open("", &store, &err) || !signer_local_new(1, &signer, &err))
        abort();
    const struct keyring_options o = { .store = store,
                                       .signer = signer,
                                       .kek = kek,
                                       .purpose = "attestation",
                                       .alg = alg,
                                       .now_unix_s = 1781524800 };
    if (!keyring_open(&o, &ring, &err))
        abort();
    signer_close(signer); /* the ring has its own copy of what it needs */
    store_close(store);
    return ring;
}

static X509 *x509_of(struct att_span der)
{
    const uint8_t *p = der.ptr;
    X509 *cert = d2i_X509(NULL, &p, (long)der.len);

    if (!cert)
        abort();
    return cert;
}

static bool subject_is(X509 *cert, int nid, const char *want)
{
    char text[600] = "";
    int len = X509_NAME_get_text_by_NID(X509_get_subject_name(cert), nid, text, sizeof text);

    return want ? len == (int)strlen(want) && strcmp(text, want) == 0 : len < 0;
}

static bool alt_name_is(X509 *cert, const char *uri)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
    bool ok = names && sk_GENERAL_NAME_num(names) == 1;
    const GENERAL_NAME *name = ok ? sk_GENERAL_NAME_value(names, 0) : NULL;

    ok = ok && name->type == GEN_URI &&
         att_span_is(att_span_of(ASN1_STRING_get0_data(name->d.uniformResourceIdentifier),
                                 (size_t)ASN1_STRING_length(name->d.uniformResourceIdentifier)),
                     uri);
    GENERAL_NAMES_free(names);
    return ok;
}

static void certificates(struct cases *c, const char *alg)
{
    static const char short_uri[] = "https://localhost:8443/p/contoso";
    static const char exact_uri[] = "https://attestation.eus.attest.example.org/abcdefghijklmnopqrstu";
    static const char long_uri[] = "https://attestation.eus.attest.example.org/abcdefghijklmnopqrstuv";
    struct keyring *ring = ring_new(alg);
    struct att_arena *a = att_arena_new(1 << 20);
    struct att_span der[4] = { { 0 } };
    struct att_err err = { 0 };
    const struct keyring_key *k = &ring->keys[0];
    bool ok = keyring_certificate(k, "contoso", short_uri, a, &der[0], &err) &&
              keyring_certificate(k, "contoso", short_uri, a, &der[1], &err) &&
              keyring_certificate(k, "contoso", exact_uri, a, &der[2], &err) &&
              keyring_certificate(k, "contoso", long_uri, a, &der[3], &err);

    cases_check(c, ok && strlen(exact_uri) == 64, "%s: certificates: %s", alg, err.text);
    /* ECDSA signatures are random; all else is the same bytes. */
    cases_check(c, att_span_eq(der[0], der[1]) == (strcmp(alg, "RS256") == 0), "%s: nothing random in it",
                alg);
    X509 *x[4] = { x509_of(der[0]), x509_of(der[1]), x509_of(der[2]), x509_of(der[3]) };
    cases_check(c, subject_is(x[0], NID_commonName, short_uri) && subject_is(x[0], NID_description, NULL),
                "%s: CN is the address", alg);
    cases_check(c, subject_is(x[2], NID_commonName, exact_uri), "%s: also of 64 bytes", alg);
    cases_check(c, subject_is(x[3], NID_commonName, "contoso") && subject_is(x[3], NID_description, long_uri),
                "%s: with 65 it is the description", alg);
    cases_check(c, alt_name_is(x[0], short_uri) && alt_name_is(x[3], long_uri), "%s: SAN is the address",
                alg);
    struct tm from = { 0 }, to = { 0 };
    cases_check(c,
                ASN1_TIME_to_tm(X509_get0_notBefore(x[0]), &from) == 1 && from.tm_year == 119 &&
                    from.tm_mon == 4 && from.tm_mday == 1 &&
                    ASN1_TIME_to_tm(X509_get0_notAfter(x[0]), &to) == 1 && to.tm_year == 150 &&
                    to.tm_mon == 11 && to.tm_mday == 31,
                "%s: from 2019-05-01 to 2050-12-31", alg);
    cases_check(
        c, X509_verify(x[0], X509_get0_pubkey(x[0])) == 1 && signer_certificate_fits(der[0], k->spki, &err),
        "%s: self-signed by the key", alg);
    for (size_t i = 0; i < 4; i++)
        X509_free(x[i]);
    char huge[600];
    memset(huge, 'a', sizeof huge);
    huge[501] = '\0';
    const char *bad[] = { "",  "https://a,DNS:evil.example", "https://a b", "https://a\n", "https://\xc3\xa4",
                          huge };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct att_err why = { 0 };
        struct att_span none = { 0 };
        bool made = keyring_certificate(k, "contoso", bad[i], a, &none, &why);
        cases_check(c, !made && why.code == ATT_CONFIG_INVALID && none.len == 0, "%s: bad address %zu: %s",
                    alg, i, why.text);
    }
    att_arena_free(a);
    keyring_free(ring);
}

int main(void)
{
    struct cases c = { .name = "unit_service_certificate" };

    certificates(&c, "RS256");
    certificates(&c, "ES256");
    return cases_report(&c);
}
