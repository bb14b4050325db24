/* layers: attest jose crypto codec base */
/* Files of collateral: written and read again; and everything that is not quite one. */
#include <attest/collateral_bundle.h>
#include <attest/token.h>

#include "support/cases.h"
#include "support/x5c.h"

static struct cases cases = { .name = "attest.bundle" };
static EVP_PKEY *p256, *evil, *rsa;
static char *trusted; /* JWK set: p256 and rsa */

#define ITEM(id)             "{\"body\":\"AQID\",\"chain\":\"PEM\",\"id\":\"" id "\"}"
#define FLOOR(tee, fmspc, n) "{\"fmspc\":\"" fmspc "\",\"number\":" n ",\"tee\":\"" tee "\"}"
#define PAYLOAD(items, created, floors)                                                                      \
    "{\"collateral\":[" items "],\"created\":" created ",\"floors\":[" floors                                \
    "],\"format\":\"attestd-collateral-1\"}"
#define CRL_ITEM ITEM("dcap/root-ca-crl")
#define TWO      ITEM("amd/crl/vcek/Milan") "," CRL_ITEM
#define FLOORS   FLOOR("sgx", "00606a000000", "17") "," FLOOR("tdx", "00606a000000", "3")
#define GOOD     PAYLOAD(TWO, "1781524800", FLOORS)

static char *header_of(EVP_PKEY *key, const char *alg, const char *typ)
{
    return textf("{\"alg\":\"%s\",\"jwk\":{%s},\"typ\":\"%s\"}", alg, jwk_members(key, ""), typ);
}

static char *file_of(EVP_PKEY *key, const char *alg, const char *payload)
{
    return token_of(key, alg, header_of(key, alg, "attestd-collateral"), payload);
}

static bool read_file(struct att_arena *a, const char *file, const char *jwks, struct att_bundle *b,
                      struct att_err *err)
{
    *err = (struct att_err){ 0 };
    *b = (struct att_bundle){ .created_unix_s = 4711 };
    bool ok = att_bundle_read(a, att_str(file), att_str(jwks), NULL, b, err);
    cases_check(&cases, ok == (err->code == ATT_OK), "a refusal has a code");
    cases_check(&cases, ok || (b->created_unix_s == 4711 && !b->items), "the output changes only on success");
    cases_check(&cases, ok || (err->where[0] && err->expected[0] && err->found[0]),
                "a refusal says what and where: %s", err->text);
    return ok;
}

static void expect(const char *name, const char *file, enum att_code code)
{
    struct att_arena *a = att_arena_new((size_t)64 << 20);
    struct att_bundle b;
    struct att_err err;

    (void)read_file(a, file, trusted, &b, &err);
    cases_check(&cases, err.code == code, "%s: wanted %s, got %s: %s", name, att_code_name(code),
                att_code_name(err.code), err.text);
    att_arena_free(a);
}

static void test_read(void)
{
    struct att_arena *a = att_arena_new((size_t)64 << 20);
    struct att_bundle b;
    struct att_err err;

    bool ok = read_file(a, file_of(p256, "ES256", GOOD), trusted, &b, &err);
    cases_check(&cases, ok, "a good file: %s", err.text);
    if (!ok)
        return;
    cases_check(&cases, b.created_unix_s == 1781524800 && b.item_count == 2 && b.floor_count == 2, "counts");
    cases_check(&cases,
                b.items[0].what.kind == ATT_ITEM_AMD_CRL && strcmp(b.items[0].what.product, "Milan") == 0,
                "item 0");
    cases_check(&cases, b.items[1].what.kind == ATT_ITEM_ROOT_CA_CRL, "item 1");
    cases_check(&cases, att_span_is(b.items[0].body, "\1\2\3") && att_span_is(b.items[0].chain, "PEM"),
                "body and chain");
    cases_check(&cases,
                b.floors[1].tee == ATT_TEE_TDX && b.floors[1].evaluation_number == 3 &&
                    b.floors[1].fmspc[1] == 0x60,
                "floor 1");
    att_arena_free(a);
}

static void test_content(void)
{
    static const struct {
        const char *name, *payload;
    } rows[] = {
        { "empty", "" },
        { "no object", "[]" },
        { "no members", "{}" },
        { "another format",
          "{\"collateral\":[],\"created\":1,\"floors\":[],\"format\":\"attestd-collateral-2\"}" },
        { "no format", "{\"collateral\":[],\"created\":1,\"floors\":[]}" },
        { "one member more",
          "{\"collateral\":[],\"created\":1,\"extra\":1,\"floors\":[],\"format\":\"attestd-collateral-1\"}" },
        { "members out of order",
          "{\"created\":1,\"collateral\":[],\"floors\":[],\"format\":\"attestd-collateral-1\"}" },
        { "white space",
          "{\"collateral\":[], \"created\":1,\"floors\":[],\"format\":\"attestd-collateral-1\"}" },
        { "E-m: text behind the object", PAYLOAD("", "1", "") " " },
        { "E-m: another object behind it", PAYLOAD("", "1", "") "{}" },
        { "an escape that need not be one",
          PAYLOAD("{\"body\":\"AQID\",\"chain\":\"P\\u0045M\",\"id\":\"dcap/root-ca-crl\"}", "1", "") },
        { "a member twice", "{\"collateral\":[],\"collateral\":[],\"created\":1,\"floors\":[],\"format\":"
                            "\"attestd-collateral-1\"}" },
        { "a negative time", PAYLOAD("", "-1", "") },
        { "a negative zero", PAYLOAD("", "-0", "") },
        { "a fraction of a time", PAYLOAD("", "1.5", "") },
        { "a time as text", PAYLOAD("", "\"1\"", "") },
        { "items out of order", PAYLOAD(CRL_ITEM "," ITEM("amd/crl/vcek/Milan"), "1", "") },
        { "an item twice", PAYLOAD(CRL_ITEM "," CRL_ITEM, "1", "") },
        { "an item of no name", PAYLOAD(ITEM("dcap/root"), "1", "") },
        { "an item of an empty name", PAYLOAD(ITEM(""), "1", "") },
        { "an item with a NUL in its name", PAYLOAD(ITEM("dcap/root-ca-crl\\u0000"), "1", "") },
        { "an item without a chain", PAYLOAD("{\"body\":\"AQID\",\"id\":\"dcap/root-ca-crl\"}", "1", "") },
        { "an item with a member more",
          PAYLOAD("{\"body\":\"AQID\",\"chain\":\"PEM\",\"id\":\"dcap/root-ca-crl\",\"z\":1}", "1", "") },
        { "a body with padding",
          PAYLOAD("{\"body\":\"AQ==\",\"chain\":\"PEM\",\"id\":\"dcap/root-ca-crl\"}", "1", "") },
        { "a body with bits left over",
          PAYLOAD("{\"body\":\"AR\",\"chain\":\"PEM\",\"id\":\"dcap/root-ca-crl\"}", "1", "") },
        { "an item that is text", PAYLOAD("\"dcap/root-ca-crl\"", "1", "") },
        { "items that are an object",
          "{\"collateral\":{},\"created\":1,\"floors\":[],\"format\":\"attestd-collateral-1\"}" },
        { "a floor with digits in upper case", PAYLOAD("", "1", FLOOR("sgx", "00606A000000", "3")) },
        { "floors out of order",
          PAYLOAD("", "1", FLOOR("tdx", "00606a000000", "3") "," FLOOR("sgx", "00606a000000", "3")) },
        { "a floor twice",
          PAYLOAD("", "1", FLOOR("sgx", "00606a000000", "3") "," FLOOR("sgx", "00606a000000", "4")) },
        { "a floor of 0", PAYLOAD("", "1", FLOOR("sgx", "00606a000000", "0")) },
        { "a floor below 0", PAYLOAD("", "1", FLOOR("sgx", "00606a000000", "-1")) },
        { "a floor of another TEE", PAYLOAD("", "1", FLOOR("sev", "00606a000000", "3")) },
        { "a floor of five bytes", PAYLOAD("", "1", FLOOR("sgx", "00606a0000", "3")) },
        { "a floor with a member more",
          PAYLOAD("", "1", "{\"fmspc\":\"00606a000000\",\"number\":3,\"tee\":\"sgx\",\"z\":1}") },
    };

    expect("nothing in it", file_of(p256, "ES256", PAYLOAD("", "0", "")), ATT_OK);
    expect("by RSA", file_of(rsa, "RS256", GOOD), ATT_OK);
    expect("by RSA with PSS", file_of(rsa, "PS256", GOOD), ATT_OK);
    expect("an empty body",
           file_of(p256, "ES256",
                   PAYLOAD("{\"body\":\"\",\"chain\":\"PEM\",\"id\":\"dcap/root-ca-crl\"}", "1", "")),
           ATT_LIMIT_EXCEEDED);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        expect(rows[i].name, file_of(p256, "ES256", rows[i].payload), ATT_COLLATERAL_BUNDLE_INVALID);
}

static void test_signature(void)
{
    char *good = file_of(p256, "ES256", GOOD);
    const char *members = jwk_members(p256, "");

    expect("a stranger's key", file_of(evil, "ES256", GOOD), ATT_TOKEN_KEY_UNKNOWN);
    expect("a stranger's signature under our key",
           token_of(evil, "ES256", header_of(p256, "ES256", "attestd-collateral"), GOOD),
           ATT_TOKEN_SIGNATURE_INVALID);
    expect("another algorithm than the key's",
           token_of(p256, "ES256", header_of(rsa, "ES256", "attestd-collateral"), GOOD), ATT_TOKEN_ALGORITHM);
    expect("a token of another type", token_of(p256, "ES256", header_of(p256, "ES256", "JWT"), GOOD),
           ATT_COLLATERAL_BUNDLE_INVALID);
    expect("no type", token_of(p256, "ES256", textf("{\"alg\":\"ES256\",\"jwk\":{%s}}", members), GOOD),
           ATT_COLLATERAL_BUNDLE_INVALID);
    expect("no key", token_of(p256, "ES256", "{\"alg\":\"ES256\",\"typ\":\"attestd-collateral\"}", GOOD),
           ATT_COLLATERAL_BUNDLE_INVALID);
    const char *x5c = x5c_ca(p256, "packer");
    expect("by a certificate",
           token_of(p256, "ES256",
                    textf("{\"alg\":\"ES256\",\"typ\":\"attestd-collateral\",\"x5c\":[\"%s\"]}", x5c), GOOD),
           ATT_OK);
    expect("a certificate of a stranger",
           token_of(evil, "ES256",
                    textf("{\"alg\":\"ES256\",\"typ\":\"attestd-collateral\",\"x5c\":[\"%s\"]}",
                          x5c_ca(evil, "packer")),
                    GOOD),
           ATT_TOKEN_KEY_UNKNOWN);
    expect("both a key and a certificate",
           token_of(p256, "ES256",
                    textf("{\"alg\":\"ES256\",\"jwk\":{%s},\"typ\":\"attestd-collateral\",\"x5c\":[\"%s\"]}",
                          members, x5c),
                    GOOD),
           ATT_COLLATERAL_BUNDLE_INVALID);
    expect("unsigned", textf("%s.", signing_input("{\"alg\":\"none\",\"typ\":\"attestd-collateral\"}", GOOD)),
           ATT_TOKEN_UNSECURED);
    expect(
        "an HMAC",
        textf("%s.AAAA",
              signing_input(textf("{\"alg\":\"HS256\",\"jwk\":{%s},\"typ\":\"attestd-collateral\"}", members),
                            GOOD)),
        ATT_TOKEN_ALGORITHM);
    expect("nothing", "", ATT_TOKEN_MALFORMED);
    expect("a line end behind it", textf("%s\n", good), ATT_TOKEN_MALFORMED);

    struct att_arena *a = att_arena_new((size_t)64 << 20);
    struct att_bundle b;
    struct att_err err;
    cases_check(&cases, !read_file(a, good, "{\"keys\":[]}", &b, &err), "nobody is trusted");
    cases_check(&cases, !read_file(a, good, "", &b, &err), "no key set");
    size_t len = strlen(good);
    for (size_t at = 0; at < len; at += 11) {
        char *bad = textf("%s", good);
        bad[at] = bad[at] == 'A' ? 'B' : 'A';
        if (strcmp(bad, good) != 0)
            cases_check(&cases, !read_file(a, bad, trusted, &b, &err), "character %zu changed", at);
        bad[at] = '\0';
        cases_check(&cases, !read_file(a, bad, trusted, &b, &err), "cut at %zu", at);
        att_arena_reset(a);
    }
    att_arena_free(a);
}

static struct att_collateral_item item_of(const char *id, const char *body, const char *chain)
{
    struct att_collateral_item item = { .body = att_str(body), .chain = att_str(chain) };
    struct att_err err = { 0 };

    must(att_item_of_id(id, &item.what, &err), id);
    return item;
}

/* What is written is read again, whatever order it was given in; the same content gives the same bytes. */
static void test_round_trip(void)
{
    struct att_arena *a = att_arena_new((size_t)64 << 20);
    const struct att_collateral_item items[3] = { item_of("dcap/tcb-info/sgx/00606a000000/17", "{\"x\":1}",
                                                          "-----BEGIN\n"),
                                                  item_of("amd/crl/vlek/Turin", "\x30\x80", "line\nline\n"),
                                                  item_of("dcap/pck-crl/platform", "\xff", "c") };
    const struct att_tcb_floor floors[2] = { { ATT_TEE_TDX, { 1 }, 9 }, { ATT_TEE_SGX, { 2 }, 7 } };
    const char *header = header_of(p256, "ES256", "attestd-collateral");
    struct att_span input[2];
    struct att_bundle b;
    struct att_err err = { 0 };

    for (unsigned turn = 0; turn < 2; turn++) {
        const struct att_collateral_item some[3] = { items[turn ? 2 : 0], items[1], items[turn ? 0 : 2] };
        const struct att_tcb_floor turned[2] = { floors[turn], floors[!turn] };
        struct att_bundle in = { 1781524800, some, 3, turned, 2 };
        bool ok = att_bundle_input(a, &in, att_str(header), &input[turn], &err);
        cases_check(&cases, ok, "written: %s", err.text);
        if (!ok)
            return;
    }
    cases_check(&cases, att_span_eq(input[0], input[1]), "the same bytes in any order");
    char *text = textf("%.*s", (int)input[0].len, (const char *)input[0].ptr);
    char *file = join(text, sign_bytes(p256, "ES256", text, NULL));
    bool ok = read_file(a, file, trusted, &b, &err);
    cases_check(&cases, ok, "read again: %s", err.text);
    if (!ok)
        return;
    cases_check(&cases, b.item_count == 3 && b.floor_count == 2 && b.floors[0].tee == ATT_TEE_SGX,
                "all of it");
    char id[ATT_ITEM_ID_SIZE];
    cases_check(&cases,
                strcmp(att_item_id(&b.items[2].what, id), "dcap/tcb-info/sgx/00606a000000/17") == 0 &&
                    att_span_eq(b.items[2].body, items[0].body) &&
                    att_span_eq(b.items[2].chain, items[0].chain),
                "item for item");
    att_arena_free(a);
}

static void expect_input(const char *name, struct att_bundle in, const char *header, enum att_code code)
{
    struct att_arena *a = att_arena_new((size_t)64 << 20);
    struct att_span out = att_str("untouched");
    struct att_err err = { 0 };

    bool ok = att_bundle_input(a, &in, att_str(header), &out, &err);
    cases_check(&cases, !ok && err.code == code && att_span_is(out, "untouched"), "%s: %s", name, err.text);
    att_arena_free(a);
}

static void test_not_written(void)
{
    const char *header = header_of(p256, "ES256", "attestd-collateral");
    struct att_collateral_item crl = item_of("dcap/root-ca-crl", "b", "c");
    struct att_collateral_item twice[2] = { crl, crl }, none = crl, no_body = crl, no_chain = crl,
                               bytes = crl;
    const struct att_tcb_floor zero = { ATT_TEE_SGX, { 1 }, 0 },
                               same[2] = { { ATT_TEE_SGX, { 1 }, 3 }, { ATT_TEE_SGX, { 1 }, 4 } };

    none.what.kind = ATT_ITEM_NONE;
    no_body.body.len = 0;
    no_chain.chain.len = 0;
    bytes.chain = att_str("\xff");
    expect_input("an item twice", (struct att_bundle){ 1, twice, 2, NULL, 0 }, header,
                 ATT_COLLATERAL_BUNDLE_INVALID);
    expect_input("an item of no kind", (struct att_bundle){ 1, &none, 1, NULL, 0 }, header,
                 ATT_COLLATERAL_BUNDLE_INVALID);
    expect_input("an empty body", (struct att_bundle){ 1, &no_body, 1, NULL, 0 }, header,
                 ATT_COLLATERAL_BUNDLE_INVALID);
    expect_input("an empty chain", (struct att_bundle){ 1, &no_chain, 1, NULL, 0 }, header,
                 ATT_COLLATERAL_BUNDLE_INVALID);
    expect_input("a chain that is no text", (struct att_bundle){ 1, &bytes, 1, NULL, 0 }, header,
                 ATT_COLLATERAL_BUNDLE_INVALID);
    expect_input("a floor of 0", (struct att_bundle){ 1, NULL, 0, &zero, 1 }, header,
                 ATT_COLLATERAL_BUNDLE_INVALID);
    expect_input("a floor twice", (struct att_bundle){ 1, NULL, 0, same, 2 }, header,
                 ATT_COLLATERAL_BUNDLE_INVALID);
    expect_input("a header of another type", (struct att_bundle){ 1, NULL, 0, NULL, 0 },
                 header_of(p256, "ES256", "JWT"), ATT_COLLATERAL_BUNDLE_INVALID);
    expect_input("a header that is none", (struct att_bundle){ 1, NULL, 0, NULL, 0 }, "{",
                 ATT_COLLATERAL_BUNDLE_INVALID);
    expect_input("before 1970", (struct att_bundle){ -1, NULL, 0, NULL, 0 }, header, ATT_PARAMETER_INVALID);
}

int main(void)
{
    p256 = ec_new("P-256"), evil = ec_new("P-256"), rsa = rsa_new(2048, 65537);
    trusted = textf("{\"keys\":[%s,%s]}", jwk_of(p256, ""), jwk_of(rsa, ""));
    test_read();
    test_content();
    test_signature();
    test_round_trip();
    test_not_written();
    EVP_PKEY_free(p256);
    EVP_PKEY_free(evil);
    EVP_PKEY_free(rsa);
    return cases_report(&cases);
}
