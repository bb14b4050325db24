/* tests/unit/access/attacks.h - the two issuers that the tests of attacks attack. Issuer A has the keys r1 (RSA), p1 (RSA, for
 * PS256 only) and e1 (P-256); issuer B has keys of the same names and takes RS256 only. `evil` keys are nobody's. */
#ifndef TESTS_UNIT_ACCESS_ATTACKS_H
#define TESTS_UNIT_ACCESS_ATTACKS_H

#include "unit/access/harness.h"

static EVP_PKEY *rsa, *pss, *ec, *evil_rsa, *evil_ec, *b_rsa, *b_ec;
static struct access *access_;

#define H(alg, kid) "{\"alg\":\"" alg "\",\"kid\":\"" kid "\",\"typ\":\"JWT\"}"

/* Header with one more member. */
HARNESS char *header_more(const char *alg, const char *kid, const char *more)
{
    return test_text("{\"alg\":\"%s\",\"kid\":\"%s\",%s}", alg, kid, more);
}

HARNESS char *good(void)
{
    return test_token(ec, "ES256", H("ES256", "e1"), good_claims(""));
}

HARNESS char *keys_a(void)
{
    return test_text("{\"keys\":[%s,%s,%s]}", test_jwk(rsa, "r1", "\"use\":\"sig\","),
                     test_jwk(pss, "p1", "\"alg\":\"PS256\","), test_jwk(ec, "e1", ""));
}

HARNESS void set_up(void)
{
    rsa = test_key_rsa(2048, 65537);
    pss = test_key_rsa(2048, 65537);
    ec = test_key_ec("P-256");
    evil_rsa = test_key_rsa(2048, 65537);
    evil_ec = test_key_ec("P-256");
    b_rsa = test_key_rsa(2048, 65537);
    b_ec = test_key_ec("P-256");
    struct access_issuer issuers[] = { issuer_with(keys_a()), issuer_with("") };
    issuers[1].name = "b";
    issuers[1].issuer = ISSUER_B;
    issuers[1].tenant = TENANT_B;
    issuers[1].algorithms = "RS256";
    issuers[1].keys_json =
        att_str(test_text("{\"keys\":[%s,%s]}", test_jwk(b_rsa, "r1", ""), test_jwk(b_ec, "e1", "")));
    access_ = access_with(issuers, 2);
}

/* One issuer with this key set; the caller frees. */
HARNESS struct access *with_keys(const char *keys_json)
{
    const struct access_issuer issuer = issuer_with(keys_json);
    return access_with(&issuer, 1);
}

HARNESS void expect_keys(const char *name, const char *keys_json, const char *token, enum att_code want)
{
    struct access *a = with_keys(keys_json);
    expect(a, name, token, want);
    access_free(a);
}

#endif
