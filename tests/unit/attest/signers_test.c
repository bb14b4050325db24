/* layers: attest jose crypto codec base */
/* Policy signers: which sets are taken, in which form they are kept, and what each refusal says. */
#include <attest/signers.h>

#include "support/cases.h"
#include "support/x5c.h"

#include <ctype.h>

static struct cases cases = { .name = "attest.signers" };

struct keys {
    EVP_PKEY *rsa, *other, *small, *tiny, *p256, *p384;
    char *ca, *other_ca, *leaf, *middle, *ec_ca;
};

static void make_keys(struct keys *k)
{
    k->rsa = rsa_new(2048, 65537);
    k->other = rsa_new(2048, 65537);
    k->small = rsa_new(1024, 65537);
    k->tiny = rsa_new(768, 65537);
    k->p256 = ec_new("P-256");
    k->p384 = ec_new("P-384");
    k->ca = x5c_ca(k->rsa, "signers-ca");
    k->other_ca = x5c_ca(k->other, "other-ca");
    k->leaf = x5c_make(&(struct x5c_cert){ .cn = "leaf",
                                           .issuer_cn = "signers-ca",
                                           .key = k->other,
                                           .signer = k->rsa,
                                           .constraints = "CA:FALSE" });
    k->middle = x5c_make(&(struct x5c_cert){ .cn = "middle",
                                             .issuer_cn = "signers-ca",
                                             .key = k->p256,
                                             .signer = k->rsa,
                                             .constraints = "critical,CA:TRUE" });
    k->ec_ca = x5c_ca(k->p256, "ec-ca");
}

static void free_keys(struct keys *k)
{
    EVP_PKEY_free(k->rsa);
    EVP_PKEY_free(k->other);
    EVP_PKEY_free(k->small);
    EVP_PKEY_free(k->tiny);
    EVP_PKEY_free(k->p256);
    EVP_PKEY_free(k->p384);
}

struct result {
    bool ok;
    char *json;
    size_t count;
    struct att_err err;
};

static struct result read_with(const char *json, const struct att_signers_options *options)
{
    struct att_arena *arena = att_arena_new(16 << 20);
    struct result r = { .count = 4711 };
    struct att_span out = { (const uint8_t *)"untouched", 9 };

    must(arena != NULL, "arena");
    r.ok = att_signers_read(arena, att_str(json), options, &out, &r.count, &r.err);
    r.json = textf("%.*s", (int)out.len, (const char *)out.ptr);
    att_arena_free(arena);
    return r;
}

static struct result read_set(const char *json)
{
    return read_with(json, NULL);
}

static void takes(const char *name, const char *json, size_t count, const char *want)
{
    struct result r = read_set(json);

    cases_check(&cases, r.ok && r.count == count, "%s: %zu keys, %s", name, r.count, r.err.text);
    cases_check(&cases, !want || strcmp(r.json, want) == 0, "%s: kept as %.300s", name, r.json);
}

static void refuses_in(const char *name, const char *json, const struct att_signers_options *options,
                       enum att_code code, const char *where)
{
    struct result r = read_with(json, options);

    cases_check(&cases, !r.ok && r.err.code == code && strcmp(r.err.where, where) == 0,
                "%s: %s at %s, wanted %s at %s: %s", name, att_code_name(r.err.code), r.err.where,
                att_code_name(code), where, r.err.text);
    cases_check(&cases, r.count == 4711 && strcmp(r.json, "untouched") == 0, "%s: outputs were touched",
                name);
}

static void refuses(const char *name, const char *json, enum att_code code, const char *where)
{
    refuses_in(name, json, NULL, code, where);
}

/* {"keys":[{"kty":"RSA",MORE"x5c":[...]}]} */
static char *set_of(const char *members, const char *x5c)
{
    return textf("{\"keys\":[{%s,\"x5c\":[%s]}]}", members, x5c);
}

static char *quoted(const char *text)
{
    return textf("\"%s\"", text);
}

static char *solidus_escaped(const char *text)
{
    char *out = kept(calloc(2, strlen(text) + 1));

    for (char *at = out; *text; text++) {
        if (*text == '/')
            *at++ = '\\';
        *at++ = *text;
    }
    return out;
}

static void good_sets(const struct keys *k)
{
    char *plain =
        textf("{\"keys\":[{\"alg\":\"RS256\",\"kty\":\"RSA\",\"use\":\"sig\",\"x5c\":[\"%s\"]}]}", k->ca);

    takes("no keys", "{\"keys\":[]}", 0, "{\"keys\":[]}");
    takes("as az and PowerShell send it",
          set_of("\"kty\":\"RSA\",\"alg\":\"RS256\",\"use\":\"sig\"", quoted(k->ca)), 1, plain);
    takes("as the JavaScript client sends it", set_of("\"kty\":\"RSA\"", quoted(k->ca)), 1, plain);
    takes("unknown members and a kid are not kept",
          set_of("\"kty\":\"RSA\",\"kid\":\"k\",\"colour\":{\"a\":[1]}", quoted(k->ca)), 1, plain);
    takes("with the key's numbers", set_of(jwk_members(k->rsa, ""), quoted(k->ca)), 1, plain);
    takes("another algorithm is kept", set_of("\"kty\":\"RSA\",\"alg\":\"PS384\"", quoted(k->ca)), 1,
          textf("{\"keys\":[{\"alg\":\"PS384\",\"kty\":\"RSA\",\"use\":\"sig\",\"x5c\":[\"%s\"]}]}", k->ca));
    takes(
        "EC", set_of("\"kty\":\"EC\"", quoted(k->ec_ca)), 1,
        textf("{\"keys\":[{\"alg\":\"ES256\",\"kty\":\"EC\",\"use\":\"sig\",\"x5c\":[\"%s\"]}]}", k->ec_ca));
    takes("P-384", set_of("\"kty\":\"EC\"", quoted(x5c_ca(k->p384, "p384"))), 1, NULL);
    takes("a listed leaf need not be a CA", set_of("\"kty\":\"RSA\"", textf("\"%s\",\"%s\"", k->leaf, k->ca)),
          1, NULL);
    takes(
        "J8: expired: dates are not judged here",
        set_of("\"kty\":\"RSA\"",
               quoted(x5c_make(&(struct x5c_cert){
                   .cn = "old", .key = k->rsa, .constraints = "CA:TRUE", .not_after = "20210101000000Z" }))),
        1, NULL);
    takes("an escaped solidus in base64 is the same text",
          set_of("\"kty\":\"RSA\"", quoted(solidus_escaped(k->ca))), 1, plain);
}

static void one_form(const struct keys *k)
{
    char *a = textf("{\"kty\":\"RSA\",\"x5c\":[\"%s\"]}", k->ca);
    char *b = textf("{\"use\":\"sig\",\"x5c\":[\"%s\"],\"kty\":\"RSA\"}", k->other_ca);
    struct result ab = read_set(textf("{\"keys\":[%s,%s]}", a, b));
    struct result ba = read_set(textf(" { \"keys\" : [ %s , %s ] }", b, a));
    struct result aba = read_set(textf("{\"more\":1,\"keys\":[%s,%s,%s]}", a, b, a));

    cases_check(&cases, ab.ok && ab.count == 2, "two keys: %s", ab.err.text);
    cases_check(&cases, strcmp(ab.json, ba.json) == 0, "the order makes no difference");
    cases_check(&cases, aba.ok && aba.count == 2 && strcmp(ab.json, aba.json) == 0, "twice is once");
    struct result again = read_set(ab.json);
    cases_check(&cases, again.ok && strcmp(ab.json, again.json) == 0, "what is kept is read as itself");
}

static void bad_json(void)
{
    refuses("empty", "", ATT_JSON_SYNTAX, "json");
    refuses("an array", "[]", ATT_JSON_TYPE, "");
    refuses("no keys member", "{}", ATT_JSON_MISSING, "keys");
    refuses("keys of another case: JOSE names are exact", "{\"Keys\":[]}", ATT_JSON_MISSING, "keys");
    refuses("keys is an object", "{\"keys\":{}}", ATT_JSON_TYPE, "keys");
    refuses("keys is null", "{\"keys\":null}", ATT_JSON_TYPE, "keys");
    refuses("J10: keys twice", "{\"keys\":[],\"keys\":[]}", ATT_JSON_DUPLICATE, "json");
    refuses("J10: keys twice, once escaped", "{\"keys\":[],\"\\u006beys\":[]}", ATT_JSON_DUPLICATE, "json");
    refuses("J10: trailing bytes", "{\"keys\":[]}x", ATT_JSON_SYNTAX, "json");
    refuses("a key that is a string", "{\"keys\":[\"k\"]}", ATT_JSON_TYPE, "keys[0]");
    refuses("a key that is null", "{\"keys\":[null]}", ATT_JSON_TYPE, "keys[0]");
    char deep[512] = "{\"keys\":";
    for (int i = 0; i < 200; i++)
        (void)strcat(deep, "[");
    refuses("J10: nested too deep", deep, ATT_JSON_DEPTH, "json");
}

static void bad_x5c(const struct keys *k)
{
    static const char rsa[] = "\"kty\":\"RSA\"";
    size_t len = strlen(k->ca);
    char *cut = textf("%.*s", (int)(len - 8), k->ca);

    refuses("J22: no x5c", textf("{\"keys\":[%s]}", jwk_of(k->rsa, "")), ATT_JSON_MISSING, "keys[0].x5c");
    refuses("x5c is a string", textf("{\"keys\":[{%s,\"x5c\":\"%s\"}]}", rsa, k->ca), ATT_JSON_TYPE,
            "keys[0].x5c");
    refuses("x5c of another case", textf("{\"keys\":[{%s,\"x5C\":[\"%s\"]}]}", rsa, k->ca), ATT_JSON_MISSING,
            "keys[0].x5c");
    refuses("x5c is empty", set_of(rsa, ""), ATT_JSON_MISSING, "keys[0].x5c[0]");
    refuses("a certificate that is a number", set_of(rsa, "1"), ATT_JSON_TYPE, "keys[0].x5c[0]");
    refuses("a certificate that is empty", set_of(rsa, "\"\""), ATT_CERT_MALFORMED,
            "keys[0].x5c[0].certificate");
    refuses("no certificate", set_of(rsa, "\"AAAA\""), ATT_CERT_MALFORMED, "keys[0].x5c[0].certificate");
    refuses("J12: url alphabet", set_of(rsa, "\"MIIB-_AA\""), ATT_BASE64_INVALID, "keys[0].x5c[0]");
    refuses("J12: white space", set_of(rsa, textf("\" %s\"", k->ca)), ATT_BASE64_INVALID, "keys[0].x5c[0]");
    refuses("J12: PEM", set_of(rsa, textf("\"-----BEGIN CERTIFICATE-----%s\"", k->ca)), ATT_BASE64_INVALID,
            "keys[0].x5c[0]");
    refuses("cut", set_of(rsa, quoted(cut)), ATT_CERT_MALFORMED, "keys[0].x5c[0].certificate");
    refuses("J8: huge certificate", set_of(rsa, quoted(textf("%0100000d", 0))), ATT_LIMIT_EXCEEDED,
            "keys[0].x5c[0]");
    refuses("the second key's place is named",
            textf("{\"keys\":[{%s,\"x5c\":[\"%s\"]},{%s,\"x5c\":[\"%s\",7]}]}", rsa, k->ca, rsa, k->ca),
            ATT_JSON_TYPE, "keys[1].x5c[1]");
}

static void bad_chains(const struct keys *k)
{
    static const char rsa[] = "\"kty\":\"RSA\"";
    char *no_constraints = x5c_make(&(struct x5c_cert){ .cn = "attestationsigningcert", .key = k->rsa });
    char *not_ca = x5c_make(
        &(struct x5c_cert){ .cn = "attestationsigningcert", .key = k->rsa, .constraints = "CA:FALSE" });
    char *no_sign = x5c_make(&(struct x5c_cert){
        .cn = "ca", .key = k->rsa, .constraints = "CA:TRUE", .usage = "digitalSignature" });
    char *impostor =
        x5c_make(&(struct x5c_cert){ .cn = "signers-ca", .key = k->other, .constraints = "CA:TRUE" });
    char *below_leaf = x5c_make(
        &(struct x5c_cert){ .cn = "below", .issuer_cn = "leaf", .key = k->p256, .signer = k->other });

    refuses("J8: one certificate without basic constraints", set_of(rsa, quoted(no_constraints)),
            ATT_CERT_CHAIN_INVALID, "keys[0].x5c[0]");
    refuses("J8: CA:FALSE", set_of(rsa, quoted(not_ca)), ATT_CERT_CHAIN_INVALID, "keys[0].x5c[0]");
    refuses("J8: a CA that may not sign certificates", set_of(rsa, quoted(no_sign)), ATT_CERT_CHAIN_INVALID,
            "keys[0].x5c[0]");
    refuses("J8: a leaf alone", set_of(rsa, quoted(k->leaf)), ATT_CERT_CHAIN_INVALID, "keys[0].x5c[0]");
    refuses("J8: wrong order", set_of(rsa, textf("\"%s\",\"%s\"", k->ca, k->leaf)), ATT_CERT_CHAIN_INVALID,
            "keys[0].x5c[0]");
    refuses("J8: the end is another's", set_of(rsa, textf("\"%s\",\"%s\"", k->leaf, k->other_ca)),
            ATT_CERT_CHAIN_INVALID, "keys[0].x5c[0]");
    refuses("J8: the end has the issuer's name and not its key",
            set_of(rsa, textf("\"%s\",\"%s\"", k->leaf, impostor)), ATT_CERT_CHAIN_INVALID, "keys[0].x5c[0]");
    refuses("J8: in between stands no CA",
            set_of("\"kty\":\"EC\"", textf("\"%s\",\"%s\",\"%s\"", below_leaf, k->leaf, k->ca)),
            ATT_CERT_CHAIN_INVALID, "keys[0].x5c[1]");
    char *eleven = textf("\"%s\"", k->ca);
    for (int i = 1; i < 11; i++)
        eleven = textf("%s,\"%s\"", eleven, k->ca);
    refuses("J8: more than 10 certificates", set_of(rsa, eleven), ATT_LIMIT_EXCEEDED, "keys[0].x5c[10]");

    struct result r = read_set(set_of(rsa, quoted(not_ca)));
    cases_check(&cases,
                strstr(r.err.text, "Unable to find issuer certificate CN=attestationsigningcert") != NULL,
                "the text that the manual shows: %s", r.err.text);
    char *strange = x5c_make(&(struct x5c_cert){ .cn = "a\x01\"<b>\xc3\xa4", .key = k->rsa });
    r = read_set(set_of(rsa, quoted(strange)));
    bool printable = !r.ok;
    for (const char *c = r.err.text; *c; c++)
        printable = printable && isprint((unsigned char)*c);
    cases_check(&cases, printable, "a name from a certificate is shown escaped: %s", r.err.text);
}

static void bad_keys(const struct keys *k)
{
    char *ca = quoted(k->ca);
    char *small = quoted(x5c_ca(k->small, "small"));
    char *tiny = quoted(x5c_ca(k->tiny, "tiny"));
    const struct att_signers_options lower = { .size = sizeof lower, .rsa_bits_min = 1024 };
    const struct att_signers_options lowest = { .size = sizeof lowest, .rsa_bits_min = 1 };
    const struct att_signers_options higher = { .size = sizeof higher, .rsa_bits_min = 3072 };
    const struct att_signers_options strange = { .size = 1 };

    refuses("J3: kty of another key", set_of("\"kty\":\"EC\"", ca), ATT_KEY_INVALID, "keys[0].x5c[0]");
    refuses("J3: alg of another key type", set_of("\"kty\":\"RSA\",\"alg\":\"ES256\"", ca), ATT_KEY_INVALID,
            "keys[0].alg");
    refuses("J3: alg of another curve", set_of("\"kty\":\"EC\",\"alg\":\"ES384\"", quoted(k->ec_ca)),
            ATT_KEY_INVALID, "keys[0].alg");
    refuses("J1: alg none", set_of("\"kty\":\"RSA\",\"alg\":\"none\"", ca), ATT_KEY_INVALID, "keys[0].alg");
    refuses("J2: alg HS256", set_of("\"kty\":\"RSA\",\"alg\":\"HS256\"", ca), ATT_KEY_INVALID, "keys[0].alg");
    refuses("alg is a number", set_of("\"kty\":\"RSA\",\"alg\":256", ca), ATT_KEY_INVALID, "keys[0].alg");
    refuses("no kty", set_of("\"alg\":\"RS256\"", ca), ATT_KEY_INVALID, "keys[0].kty");
    refuses("J22: kty oct", set_of("\"kty\":\"oct\"", ca), ATT_KEY_INVALID, "keys[0].kty");
    refuses("J22: a private member", set_of("\"kty\":\"RSA\",\"d\":\"AQAB\"", ca), ATT_KEY_INVALID,
            "keys[0].d");
    refuses("J22: use enc", set_of("\"kty\":\"RSA\",\"use\":\"enc\"", ca), ATT_KEY_INVALID, "keys[0].use");
    refuses("J22: key_ops without verify", set_of("\"kty\":\"RSA\",\"key_ops\":[\"encrypt\"]", ca),
            ATT_KEY_INVALID, "keys[0].key_ops");
    refuses("J22: another key in n", set_of(jwk_members(k->other, ""), ca), ATT_KEY_INVALID,
            "keys[0].x5c[0]");
    refuses("J5: RSA of 1024 bits", set_of("\"kty\":\"RSA\"", small), ATT_KEY_INVALID, "keys[0].x5c[0]");
    refuses_in("J5: RSA of 2048 bits where 3072 are the least", set_of("\"kty\":\"RSA\"", ca), &higher,
               ATT_KEY_INVALID, "keys[0].x5c[0]");
    refuses_in("options of another size", "{\"keys\":[]}", &strange, ATT_INTERNAL, "options.size");
    struct result r = read_with(set_of("\"kty\":\"RSA\"", small), &lower);
    cases_check(&cases, r.ok && r.count == 1, "1024 bits where that is allowed: %s", r.err.text);
    r = read_with(set_of("\"kty\":\"RSA\"", tiny), &lowest);
    cases_check(&cases, !r.ok && r.err.code != ATT_OK, "J5: 768 bits are never allowed");

    char *many = textf("{\"kty\":\"RSA\",\"x5c\":[%s]}", ca);
    char *all = textf("{\"keys\":[%s", many);
    for (int i = 1; i <= ATT_SIGNERS_MAX; i++)
        all = textf("%s,%s", all, many);
    refuses("more than 32 keys", textf("%s]}", all), ATT_LIMIT_EXCEEDED, "keys");
}

/* Every set that is a good one cut short, and every bit of its certificate flipped: never taken as the same. */
static void broken(const struct keys *k)
{
    char *good = set_of("\"kty\":\"EC\"", quoted(k->ec_ca));
    size_t len = strlen(good), taken = 0;
    uint8_t der[2048];

    for (size_t cut = 0; cut < len; cut++)
        taken += read_set(textf("%.*s", (int)cut, good)).ok;
    cases_check(&cases, taken == 0, "%zu truncated sets were taken", taken);

    int der_len = EVP_DecodeBlock(der, (const unsigned char *)k->ec_ca, (int)strlen(k->ec_ca));
    for (const char *c = k->ec_ca + strlen(k->ec_ca); c[-1] == '='; c--)
        der_len--;
    char *signer = read_set(good).json;
    size_t same = 0;
    for (int bit = 0; bit < 8 * der_len; bit++) {
        der[bit / 8] ^= (uint8_t)(1 << bit % 8);
        struct result r = read_set(set_of("\"kty\":\"EC\"", quoted(b64(der, (size_t)der_len))));
        same += r.ok && strcmp(r.json, signer) == 0;
        der[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    cases_check(&cases, same == 0, "%zu flipped certificates are kept as the unflipped one", same);
}

static void little_memory(const struct keys *k)
{
    char *good = set_of("\"kty\":\"RSA\"", textf("\"%s\",\"%s\"", k->leaf, k->ca));
    size_t refused = 0;

    for (size_t room = 64; room < 16384; room += 64) {
        struct att_arena *arena = att_arena_new(room);
        struct att_span out = { 0 };
        struct att_err err = { 0 };
        size_t count = 0;
        if (att_signers_read(arena, att_str(good), NULL, &out, &count, &err)) {
            att_arena_free(arena);
            break;
        }
        cases_check(&cases, err.code == ATT_OUT_OF_MEMORY, "%zu bytes: %s", room, err.text);
        refused++;
        att_arena_free(arena);
    }
    cases_check(&cases, refused > 10, "memory ran out %zu times", refused);
}

int main(void)
{
    struct keys k;

    make_keys(&k);
    good_sets(&k);
    one_form(&k);
    bad_json();
    bad_x5c(&k);
    bad_chains(&k);
    bad_keys(&k);
    broken(&k);
    little_memory(&k);
    free_keys(&k);
    return cases_report(&cases);
}
