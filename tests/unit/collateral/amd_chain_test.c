/* layers: collateral crypto codec base */
/* Issuers of AMD's: which chains are one. Keys on P-256 stand for RSA ones: the rules are the same, and made sooner. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "collateral/amd_chain.h"
#include "support/x5c.h"

#define CA "critical,CA:TRUE"

static EVP_PKEY *ark_key, *ask_key, *other_key;

static char *pem(const struct x5c_cert *spec)
{
    const char *der = x5c_make(spec);
    char *out = textf("-----BEGIN CERTIFICATE-----\n");

    for (size_t at = 0; at < strlen(der); at += 64)
        out = textf("%s%.64s\n", out, der + at);
    return textf("%s-----END CERTIFICATE-----\n", out);
}

static char *ark(void)
{
    return pem(&(struct x5c_cert){ .cn = "ARK-Milan", .key = ark_key, .constraints = CA });
}

static char *issued(const char *cn, EVP_PKEY *signer, const char *constraints, const char *usage)
{
    return pem(&(struct x5c_cert){ .cn = cn,
                                   .issuer_cn = "ARK-Milan",
                                   .key = ask_key,
                                   .signer = signer,
                                   .constraints = constraints,
                                   .usage = usage });
}

static void test_chains(void **state)
{
    static const struct amd_chain_kind kind = { "chain", ATT_VCEK_CHAIN_MALFORMED,
                                                ATT_VCEK_CHAIN_SIGNATURE_INVALID, ATT_ROOT_UNTRUSTED };
    char *root = ark();
    const struct {
        const char *name, *chain;
        enum att_code code;
    } rows[] = {
        { "ARK alone", root, ATT_OK },
        { "ASK and ARK", textf("%s%s", issued("SEV-Milan", ark_key, CA, NULL), root), ATT_OK },
        { "ASVK and ARK", textf("%s%s", issued("SEV-VLEK-Milan", ark_key, CA, NULL), root), ATT_OK },
        { "an ASK that is no CA", textf("%s%s", issued("SEV-Milan", ark_key, NULL, NULL), root),
          ATT_VCEK_CHAIN_SIGNATURE_INVALID },
        { "an ASK that says it is none",
          textf("%s%s", issued("SEV-Milan", ark_key, "critical,CA:FALSE", NULL), root),
          ATT_VCEK_CHAIN_SIGNATURE_INVALID },
        { "an ASK that may not sign certificates",
          textf("%s%s", issued("SEV-Milan", ark_key, CA, "critical,digitalSignature"), root),
          ATT_VCEK_CHAIN_SIGNATURE_INVALID },
        { "an ASK of another signer", textf("%s%s", issued("SEV-Milan", other_key, CA, NULL), root),
          ATT_VCEK_CHAIN_SIGNATURE_INVALID },
        { "an ASK of another product", textf("%s%s", issued("SEV-Genoa", ark_key, CA, NULL), root),
          ATT_VCEK_CHAIN_MALFORMED },
        { "an ASK of a longer name", textf("%s%s", issued("SEV-Milan2", ark_key, CA, NULL), root),
          ATT_VCEK_CHAIN_MALFORMED },
        { "a leaf instead of an ASK", textf("%s%s", issued("SEV-VCEK", ark_key, CA, NULL), root),
          ATT_VCEK_CHAIN_MALFORMED },
        { "ARK first", textf("%s%s", root, issued("SEV-Milan", ark_key, CA, NULL)),
          ATT_VCEK_CHAIN_MALFORMED },
        { "ASK alone", issued("SEV-Milan", ark_key, CA, NULL), ATT_VCEK_CHAIN_MALFORMED },
        { "three", textf("%s%s%s", issued("SEV-Milan", ark_key, CA, NULL), root, root),
          ATT_VCEK_CHAIN_MALFORMED },
        { "another key under the name",
          pem(&(struct x5c_cert){ .cn = "ARK-Milan", .key = other_key, .constraints = CA }),
          ATT_ROOT_UNTRUSTED },
        { "our key under another product's name: a pinned key is trusted whatever it calls itself",
          pem(&(struct x5c_cert){ .cn = "ARK-Genoa", .key = ark_key, .constraints = CA }), ATT_OK },
        { "our key under a name of no ARK",
          pem(&(struct x5c_cert){ .cn = "Intel SGX Root CA", .key = ark_key, .constraints = CA }),
          ATT_VCEK_CHAIN_MALFORMED },
        { "a name without a product",
          pem(&(struct x5c_cert){ .cn = "ARK-", .key = ark_key, .constraints = CA }),
          ATT_VCEK_CHAIN_MALFORMED },
        { "a product of eight letters",
          pem(&(struct x5c_cert){ .cn = "ARK-Venice88", .key = ark_key, .constraints = CA }),
          ATT_VCEK_CHAIN_MALFORMED },
        { "a product that is a path: it would be part of an item's name",
          pem(&(struct x5c_cert){ .cn = "ARK-../up", .key = ark_key, .constraints = CA }),
          ATT_VCEK_CHAIN_MALFORMED },
        { "nothing", "", ATT_VCEK_CHAIN_MALFORMED },
    };
    const struct att_root pinned = { .pem = att_str(root), .test_root = true };
    struct att_lib_options options = { .size = sizeof options, .roots = &pinned, .root_count = 1 };
    struct att_lib *lib = NULL;
    struct att_err err = { 0 };

    (void)state;
    assert_true(att_lib_new(&options, &lib, &err));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct amd_chain c = { 0 };
        err = (struct att_err){ 0 };
        bool ok = amd_chain_read(lib, &kind, att_str(rows[i].chain), &c, &err);
        if (err.code != rows[i].code || ok != (rows[i].code == ATT_OK))
            fail_msg("%s: %s", rows[i].name, ok ? "taken" : err.text);
        if (ok) {
            assert_true(c.test_root && c.ark);
            assert_string_equal(c.product, i == 14 ? "Genoa" : "Milan");
        } else {
            assert_null(c.ark);
        }
        amd_chain_clear(&c);
    }
    att_lib_free(lib);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_chains) };

    ark_key = ec_new("P-256"), ask_key = ec_new("P-256"), other_key = ec_new("P-256");
    int status = cmocka_run_group_tests_name("collateral.amd_chain", tests, NULL, NULL);
    EVP_PKEY_free(ark_key);
    EVP_PKEY_free(ask_key);
    EVP_PKEY_free(other_key);
    return status;
}
