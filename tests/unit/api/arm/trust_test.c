/* layers: api/arm keys api service signer store store/memory site access http attest base codec */
/* The trust model of a provider: decided by its policy signers when it is made, and by nobody afterwards. */
#include "codec/json.h"
#include "unit/api/arm/rig.h"

static struct cases cases = { .name = "arm.trust" };

#define AAD      RIG_PROVIDERS "/aad"
#define ISOLATED RIG_PROVIDERS "/isolated"

struct certs {
    char *first, *second, *not_ca, *small;
};

static char *body_with(const char *signers)
{
    return textf("{\"location\":\"East US\",\"properties\":{\"policySigningCertificates\":%s}}", signers);
}

static char *set_of(const char *cert)
{
    return textf("{\"keys\":[{\"kty\":\"RSA\",\"alg\":\"RS256\",\"use\":\"sig\",\"x5c\":[\"%s\"]}]}", cert);
}

/* The form in which it is kept. */
static char *set_in_order(const char *cert)
{
    return textf("{\"keys\":[{\"alg\":\"RS256\",\"kty\":\"RSA\",\"use\":\"sig\",\"x5c\":[\"%s\"]}]}", cert);
}

static const char *model_of(struct rig *r, const char *path)
{
    const struct reply got = ask(r, "GET", path, NULL);

    return text_at(&got, "properties.trustModel");
}

static void made(struct rig *r, const struct certs *c)
{
    struct reply got = ask(r, "PUT", AAD, body_with("{\"keys\":[]}"));
    expect(&cases, "no keys", got, 201, "");
    expect_text(&cases, "no keys", &got, "properties.trustModel", "AAD");
    got = ask(r, "PUT", RIG_PROVIDERS "/null", body_with("null"));
    expect_text(&cases, "null is absent", &got, "properties.trustModel", "AAD");

    got = ask(r, "PUT", ISOLATED, body_with(set_of(c->first)));
    expect(&cases, "one key", got, 201, "");
    expect_text(&cases, "one key", &got, "properties.trustModel", "Isolated");
    cases_check(&cases, !strstr(got.body, "x5c"), "certificates are not in the resource: %s", got.body);
    const struct site_provider *p = site_provider_by_name(r->site, "isolated");
    must(p != NULL, "a provider");
    char *kept = textf("%.*s", (int)p->signers.len, (const char *)p->signers.ptr);
    cases_check(&cases, strcmp(kept, set_in_order(c->first)) == 0, "kept: %s", kept);
    cases_check(&cases, p->certificate_count == 1 && strstr(p->certificates[0].attest_uri, "/p/isolated"),
                "%zu certificates of its own", p->certificate_count);
    site_unref(p);
}

static void stays(struct rig *r, const struct certs *c)
{
    char *both = textf("{\"keys\":[{\"kty\":\"RSA\",\"x5c\":[\"%s\"]},{\"kty\":\"RSA\",\"x5c\":[\"%s\"]}]}",
                       c->first, c->second);
    static const char conflict[] = "PropertyChangeNotAllowed";

    expect(&cases, "A17: an AAD provider gets signers by another PUT",
           ask(r, "PUT", AAD, body_with(set_of(c->first))), 409, conflict);
    cases_check(&cases, strcmp(model_of(r, AAD), "AAD") == 0, "A17: it is AAD still: %s", model_of(r, AAD));
    expect(&cases, "A17: a trust model that is named is none that is set",
           ask(r, "PUT", AAD, "{\"location\":\"eastus\",\"properties\":{\"trustModel\":\"Isolated\"}}"), 200,
           "");
    cases_check(&cases, strcmp(model_of(r, AAD), "AAD") == 0, "A17: it is AAD still: %s", model_of(r, AAD));
    expect(&cases, "A17: an isolated provider loses its signers",
           ask(r, "PUT", ISOLATED, body_with("{\"keys\":[]}")), 409, conflict);
    expect(&cases, "A17: it gets others", ask(r, "PUT", ISOLATED, body_with(set_of(c->second))), 409,
           conflict);
    expect(&cases, "A20: it gets one more", ask(r, "PUT", ISOLATED, body_with(both)), 409, conflict);
    expect(&cases, "a broken set is refused as such", ask(r, "PUT", ISOLATED, body_with("{\"keys\":[{}]}")),
           400, "InvalidParameter");
    expect(&cases, "the same signers", ask(r, "PUT", ISOLATED, body_with(set_of(c->first))), 200, "");
    expect(&cases, "none named", ask(r, "PUT", ISOLATED, RIG_PLAIN), 200, "");
    expect(&cases, "PATCH does not know them", ask(r, "PATCH", ISOLATED, body_with("{\"keys\":[]}")), 200,
           "");
    cases_check(&cases, strcmp(model_of(r, ISOLATED), "Isolated") == 0, "it is isolated still: %s",
                model_of(r, ISOLATED));
    expect(&cases, "made anew under its name", ask(r, "DELETE", ISOLATED, NULL), 200, "");
    expect(&cases, "made anew under its name", ask(r, "PUT", ISOLATED, body_with(set_of(c->second))), 201,
           "");
}

static void refused(struct rig *r, const struct certs *c)
{
    const struct {
        const char *name, *signers;
    } rows[] = {
        { "a string", "\"MIIC\"" },
        { "an array", "[]" },
        { "no keys member", "{}" },
        { "keys in another case: a JWK set has exact names", "{\"Keys\":[]}" },
        { "keys is a number", "{\"keys\":1}" },
        { "J10: keys twice", "{\"keys\":[],\"keys\":[]}" },
        { "a key without x5c", "{\"keys\":[{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}]}" },
        { "x5c is empty", "{\"keys\":[{\"kty\":\"RSA\",\"x5c\":[]}]}" },
        { "J22: kty oct", textf("{\"keys\":[{\"kty\":\"oct\",\"x5c\":[\"%s\"]}]}", c->first) },
        { "J22: private members",
          textf("{\"keys\":[{\"kty\":\"RSA\",\"d\":\"AQ\",\"x5c\":[\"%s\"]}]}", c->first) },
        { "J8: CA flag missing", set_of(c->not_ca) },
        { "J5: 1024 bits", set_of(c->small) },
        { "one of two",
          textf("{\"keys\":[{\"kty\":\"RSA\",\"x5c\":[\"%s\"]},{\"kty\":\"RSA\",\"x5c\":[\"%s\"]}]}",
                c->first, c->not_ca) },
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        expect(&cases, rows[i].name, ask(r, "PUT", RIG_PROVIDERS "/refused", body_with(rows[i].signers)), 400,
               "InvalidParameter");
        expect(&cases, "and nothing was made", ask(r, "GET", RIG_PROVIDERS "/refused", NULL), 404,
               "ResourceNotFound");
    }
    struct reply got = ask(r, "PUT", RIG_PROVIDERS "/refused", body_with(set_of(c->not_ca)));
    cases_check(&cases,
                strstr(got.message, "Unable to find issuer certificate CN=attestationsigningcert") != NULL,
                "the text of the manual: %s", got.message);
    expect_text(&cases, "ours", &got, "error.details.0.code", "CERT_CHAIN_INVALID");
    expect_text(&cases, "ours", &got, "error.details.0.target", "keys[0].x5c[0]");
}

int main(void)
{
    EVP_PKEY *key = rsa_new(2048, 65537), *small = rsa_new(1024, 65537);
    struct certs c = { .first = x5c_ca(key, "first"),
                       .second = x5c_ca(key, "second"),
                       .not_ca = x5c_make(&(struct x5c_cert){ .cn = "attestationsigningcert", .key = key }),
                       .small = x5c_ca(small, "small") };
    struct rig r;

    rig_new(&r);
    rig_group(&r, RIG_GROUP);
    made(&r, &c);
    stays(&r, &c);
    refused(&r, &c);
    rig_free(&r);
    EVP_PKEY_free(key);
    EVP_PKEY_free(small);
    return cases_report(&cases);
}
