/* layers: crypto codec base */
/* Wycheproof: every ECDSA and RSA verification case against our verify functions. A case agrees when accepted
 * equals "valid". The one `acceptable` form (PKCS#1 v1.5 whose DigestInfo leaves out the NULL) was decided
 * once: refused, since no signer of this field writes it. */
#include "support/cases.h"

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "crypto/core.h"

enum form { FORM_P1363, FORM_DER, FORM_RSA };

static const struct {
    const char *file;
    enum form form;
    enum att_sig_alg alg;
    unsigned tests; /* in the pinned edition: a file that shrank would hide cases */
} files[] = {
    { "ecdsa_secp256r1_sha256_p1363", FORM_P1363, ATT_ES256, 262 },
    { "ecdsa_secp384r1_sha384_p1363", FORM_P1363, ATT_ES384, 280 },
    { "ecdsa_secp521r1_sha512_p1363", FORM_P1363, ATT_ES512, 318 },
    { "ecdsa_secp256r1_sha256", FORM_DER, ATT_ES256, 484 },
    { "ecdsa_secp384r1_sha384", FORM_DER, ATT_ES384, 504 },
    { "rsa_signature_2048_sha256", FORM_RSA, ATT_RS256, 259 },
    { "rsa_signature_2048_sha384", FORM_RSA, ATT_RS384, 258 },
    { "rsa_signature_2048_sha512", FORM_RSA, ATT_RS512, 259 },
    { "rsa_signature_3072_sha256", FORM_RSA, ATT_RS256, 259 },
    { "rsa_signature_4096_sha256", FORM_RSA, ATT_RS256, 258 },
    { "rsa_pss_2048_sha256_mgf1_32", FORM_RSA, ATT_PS256, 108 },
    { "rsa_pss_2048_sha256_mgf1_32_params", FORM_RSA, ATT_PS256, 108 },
    { "rsa_pss_2048_sha384_mgf1_48", FORM_RSA, ATT_PS384, 141 },
    { "rsa_pss_3072_sha256_mgf1_32", FORM_RSA, ATT_PS256, 108 },
    { "rsa_pss_4096_sha384_mgf1_48", FORM_RSA, ATT_PS384, 141 },
    { "rsa_pss_4096_sha512_mgf1_64", FORM_RSA, ATT_PS512, 179 },
};

struct bytes {
    uint8_t *ptr;
    size_t len;
};

static const char *text(struct json_object *o, const char *name)
{
    struct json_object *v = NULL;
    return json_object_object_get_ex(o, name, &v) ? json_object_get_string(v) : NULL;
}

static struct bytes unhex(const char *hex)
{
    struct bytes b = { NULL, hex ? strlen(hex) / 2 : 0 };
    b.ptr = malloc(b.len + 1);
    if (!b.ptr || !hex || !att_hex_read(att_str(hex), b.ptr, b.len))
        abort(); /* the files are pinned: such a thing is a broken checkout */
    return b;
}

static struct att_span span(struct bytes b)
{
    return att_span_of(b.ptr, b.len);
}

static enum att_sig verify(const struct att_crypto *c, const struct att_key *k, size_t file,
                           struct att_span msg, struct att_span sig, struct cases *cases)
{
    static const struct att_scheme der[] = {
        [ATT_ES256] = { ATT_FAMILY_ECDSA, ATT_SHA256 },
        [ATT_ES384] = { ATT_FAMILY_ECDSA, ATT_SHA384 },
    };
    if (files[file].form == FORM_DER)
        return att_scheme_verify_der(c, k, der[files[file].alg], msg, sig);
    enum att_sig got = att_verify(c, k, files[file].alg, msg, sig);
    if (files[file].alg == ATT_ES256 && sig.len == 64) /* the hot path must say the same */
        cases_check(cases, att_verify_p256_raw(c, att_key_point(k).ptr, msg, sig.ptr) == got,
                    "%s: att_verify_p256_raw differs", files[file].file);
    return got;
}

static void run_test(struct cases *cases, const struct att_crypto *c, const struct att_key *k, size_t file,
                     struct json_object *test, unsigned *acceptable)
{
    struct bytes msg = unhex(text(test, "msg"));
    struct bytes sig = unhex(text(test, "sig"));
    const char *result = text(test, "result");
    enum att_sig got = verify(c, k, file, span(msg), span(sig), cases);
    bool want = strcmp(result, "valid") == 0;

    if (strcmp(result, "acceptable") == 0)
        (*acceptable)++;
    /* A bad signature must be called that: FAILED would become "our fault" and a retry. */
    cases_check(cases, want ? got == ATT_SIG_VALID : got == ATT_SIG_INVALID,
                "%s tcId %s (%s): got %d, it is %s", files[file].file, text(test, "tcId"),
                text(test, "comment"), (int)got, result);
    free(msg.ptr);
    free(sig.ptr);
}

/* The same key from its parts must be the same key. */
static void compare_parts(struct cases *cases, const struct att_crypto *c, const struct att_key *k,
                          struct json_object *group, const char *file)
{
    struct json_object *parts = NULL;
    struct att_key *again = NULL;
    struct att_err err = { .code = ATT_OK };

    if (!json_object_object_get_ex(group, "publicKey", &parts))
        return;
    if (att_key_type(k) == ATT_KEY_RSA) {
        struct bytes n = unhex(text(parts, "modulus"));
        struct bytes e = unhex(text(parts, "publicExponent"));
        bool ok = att_key_from_rsa(c, span(n), span(e), &again, &err);
        cases_check(cases,
                    ok && att_span_eq(att_key_rsa_n(again), att_key_rsa_n(k)) &&
                        att_span_eq(att_key_rsa_e(again), att_key_rsa_e(k)),
                    "%s: the key from n and e differs: %s", file, err.text);
        free(n.ptr);
        free(e.ptr);
    } else {
        struct bytes point = unhex(text(parts, "uncompressed"));
        bool ok =
            att_key_from_point(c, att_key_type(k), att_span_of(point.ptr + 1, point.len - 1), &again, &err);
        cases_check(cases, ok && att_span_eq(att_key_point(again), att_key_point(k)),
                    "%s: the key from x||y differs: %s", file, err.text);
        free(point.ptr);
    }
    att_key_free(again);
}

static void run_group(struct cases *cases, const struct att_crypto *c, size_t file, struct json_object *group,
                      unsigned *count, unsigned *acceptable)
{
    struct bytes der = unhex(text(group, "publicKeyDer"));
    struct att_key *k = NULL;
    struct att_err err = { .code = ATT_OK };
    struct json_object *tests = NULL;

    bool ok = att_key_from_spki(c, span(der), &k, &err);
    cases_check(cases, ok, "%s: key: %s", files[file].file, err.text);
    free(der.ptr);
    if (!ok || !json_object_object_get_ex(group, "tests", &tests))
        return;
    compare_parts(cases, c, k, group, files[file].file);
    for (size_t i = 0; i < json_object_array_length(tests); i++, (*count)++)
        run_test(cases, c, k, file, json_object_array_get_idx(tests, i), acceptable);
    att_key_free(k);
}

static void run_file(struct cases *cases, const struct att_crypto *c, size_t file, unsigned *acceptable)
{
    char *path = path_of(vectors_dir(), "wycheproof/%s_test.json", files[file].file);
    struct json_object *root = json_object_from_file(path);
    struct json_object *groups = NULL;
    unsigned count = 0;

    cases_check(cases, root != NULL, "cannot read %s", path);
    free(path);
    if (!root || !json_object_object_get_ex(root, "testGroups", &groups))
        return;
    for (size_t i = 0; i < json_object_array_length(groups); i++)
        run_group(cases, c, file, json_object_array_get_idx(groups, i), &count, acceptable);
    cases_check(cases, count == files[file].tests, "%s: ran %u tests, the edition has %u", files[file].file,
                count, files[file].tests);
    printf("%-40s %u tests\n", files[file].file, count);
    json_object_put(root);
}

int main(void)
{
    struct cases cases = { .name = "wycheproof_ecdsa_rsa" };
    unsigned acceptable = 0;

    if (!vectors_dir()) {
        cases_skip(&cases, "no vectors folder");
        return cases_report(&cases);
    }
    struct att_crypto *c = att_crypto_new();
    if (!c)
        return 1;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        run_file(&cases, c, i, &acceptable);
    cases_check(&cases, acceptable == 5, "%u acceptable cases were decided on, not 5", acceptable);
    att_crypto_free(c);
    return cases_report(&cases);
}
