/* layers: crypto codec base */
/* Wycheproof's P-384 cases by prepared tables: the answer of every case is the published one and that of att_verify. */
#include "support/cases.h"

#include <json-c/json.h>
#include <openssl/bn.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "crypto/crypto.h"
#include "crypto/fast_key.h"
#include "crypto/p384.h"

static const struct {
    const char *file;
    bool der;
    unsigned tests, keyed; /* in the pinned edition; of these, what is r and s of some form */
} files[] = {
    { "ecdsa_secp384r1_sha384_p1363", false, 280, 280 },
    { "ecdsa_secp384r1_sha384", true, 504, 276 },
};

static struct cases cases = { .name = "wycheproof_p384_table" };
static struct att_crypto *c;
static struct att_p384 *p384;

static const char *text(struct json_object *o, const char *name)
{
    struct json_object *v = NULL;
    return json_object_object_get_ex(o, name, &v) ? json_object_get_string(v) : "";
}

/* The files are pinned: what is not hexadecimal is a broken checkout. */
static struct att_span unhex(const char *hex)
{
    size_t len = strlen(hex) / 2;
    uint8_t *bytes = malloc(len + 1);
    if (!bytes || !att_hex_read(att_str(hex), bytes, len))
        abort();
    return att_span_of(bytes, len);
}

static void drop(struct att_span s)
{
    free((void *)(uintptr_t)s.ptr);
}

/* r||s of a DER signature, of 48 bytes each; false when they are none. What OpenSSL's lenient reader takes is enough:
 * att_verify and the table get the same numbers. */
static bool raw_of(struct att_span der, uint8_t raw[96])
{
    const uint8_t *p = der.ptr;
    ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &p, (long)der.len);
    bool ok = sig && !BN_is_negative(ECDSA_SIG_get0_r(sig)) && !BN_is_negative(ECDSA_SIG_get0_s(sig)) &&
              BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw, 48) == 48 &&
              BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw + 48, 48) == 48;
    ECDSA_SIG_free(sig);
    ERR_clear_error();
    return ok;
}

struct group {
    struct att_key *key;
    struct att_p384_table *table;
    struct att_fast_keys *fast;
};

static void compare(const struct group *g, const char *name, struct att_span msg, struct att_span raw,
                    const char *want)
{
    uint8_t digest[48];
    enum att_sig plain = att_verify(c, g->key, ATT_ES384, msg, raw);
    enum att_sig fast = att_fast_verify(g->fast, g->key, ATT_ES384, msg, raw);

    cases_check(&cases, fast == plain, "%s: fast %d, plain %d", name, (int)fast, (int)plain);
    if (want)
        cases_check(&cases, (strcmp(want, "valid") == 0 ? ATT_SIG_VALID : ATT_SIG_INVALID) == fast,
                    "%s: %d, it is %s", name, (int)fast, want);
    if (raw.len != 96)
        return;
    cases_check(&cases, att_digest(c, ATT_SHA384, msg, digest), "no digest");
    enum att_sig table = att_p384_verify(p384, g->table, digest, raw.ptr);
    cases_check(&cases, table == plain, "%s: by table %d, plain %d", name, (int)table, (int)plain);
    cases_check(&cases, ERR_peek_error() == 0, "%s: something is left in OpenSSL's error queue", name);
}

static void run_test(const struct group *g, size_t file, struct json_object *test, unsigned *keyed)
{
    struct att_span msg = unhex(text(test, "msg"));
    struct att_span sig = unhex(text(test, "sig"));
    uint8_t raw[96];
    char name[96];

    (void)snprintf(name, sizeof name, "%s tcId %s", files[file].file, text(test, "tcId"));
    if (!files[file].der) {
        compare(g, name, msg, sig, text(test, "result"));
        (*keyed)++;
    } else if (raw_of(sig, raw)) { /* other DER than ours is invalid there, and the same numbers here */
        compare(g, name, msg, att_span_of(raw, 96),
                strcmp(text(test, "result"), "valid") == 0 ? "valid" : NULL);
        (*keyed)++;
    }
    drop(msg);
    drop(sig);
}

static void run_group(size_t file, struct json_object *group, unsigned *count, unsigned *keyed)
{
    struct json_object *tests = NULL;
    struct att_span der = unhex(text(group, "publicKeyDer"));
    struct group g = { .key = NULL };
    struct att_err err = { .code = ATT_OK };

    bool ok = att_key_from_spki(c, der, &g.key, &err);
    cases_check(&cases, ok, "%s: key: %s", files[file].file, err.text);
    drop(der);
    if (!ok || !json_object_object_get_ex(group, "tests", &tests))
        return;
    g.table = att_p384_table_new(p384, att_key_point(g.key).ptr);
    g.fast = att_fast_keys_new(c, NULL);
    if (!g.table || !g.fast)
        abort();
    for (size_t i = 0; i < json_object_array_length(tests); i++, (*count)++)
        run_test(&g, file, json_object_array_get_idx(tests, i), keyed);
    att_fast_keys_free(g.fast);
    att_p384_table_free(g.table);
    att_key_free(g.key);
}

static void run_file(size_t file)
{
    char *path = path_of(vectors_dir(), "wycheproof/%s_test.json", files[file].file);
    struct json_object *root = json_object_from_file(path);
    struct json_object *groups = NULL;
    unsigned count = 0, keyed = 0;

    cases_check(&cases, root != NULL, "cannot read %s", path);
    free(path);
    if (!root || !json_object_object_get_ex(root, "testGroups", &groups))
        return;
    for (size_t i = 0; i < json_object_array_length(groups); i++)
        run_group(file, json_object_array_get_idx(groups, i), &count, &keyed);
    cases_check(&cases, count == files[file].tests, "%s: ran %u tests, the edition has %u", files[file].file,
                count, files[file].tests);
    cases_check(&cases, keyed == files[file].keyed, "%s: %u signatures were compared, not %u",
                files[file].file, keyed, files[file].keyed);
    printf("%-40s %u tests, %u compared\n", files[file].file, count, keyed);
    json_object_put(root);
}

int main(void)
{
    if (!vectors_dir()) {
        cases_skip(&cases, "no vectors folder");
        return cases_report(&cases);
    }
    c = att_crypto_new();
    p384 = att_p384_new();
    if (!c || !p384)
        return 1;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
        run_file(i);
    att_p384_free(p384);
    att_crypto_free(c);
    return cases_report(&cases);
}
