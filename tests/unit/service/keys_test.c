/* layers: service signer store store/sqlite attest base codec */
/* Signing keys: made once, sealed, published under each address, and never believed beyond their seal. */
#include <attest/jwks.h>
#include <attest/seal.h>

#include "base/buf.h"
#include "base/err.h"
#include "service/internal.h"
#include "signer/certificate.h"
#include "signer/keypair.h"
#include "store/sqlite/sqlite.h"
#include "support/cases.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const uint8_t kek[ATT_SEAL_KEY_BYTES] = { 7, 1 };
static const uint8_t other_kek[ATT_SEAL_KEY_BYTES] = { 7, 2 };

struct fixture {
    char path[64];
    struct att_lib *lib;
    struct att_arena *arena;
};

static int64_t fixed_now(void *ctx)
{
    (void)ctx;
    return 1781524800;
}

static void fixture_new(struct fixture *f)
{
    struct att_err err = { 0 };

    (void)snprintf(f->path, sizeof f->path, "/var/tmp/attestd-keys-XXXXXX");
    int fd = mkstemp(f->path);
    f->arena = att_arena_new(16 << 20);
    if (fd < 0 || !f->arena || !att_lib_new(NULL, &f->lib, &err))
        abort();
    (void)close(fd);
}

static void fixture_free(struct fixture *f)
{
    static const char *const ends[] = { "", "-wal", "-shm" };

    for (size_t i = 0; i < 3; i++) {
        char path[80];
        (void)snprintf(path, sizeof path, "%s%s", f->path, ends[i]);
        (void)unlink(path);
    }
    att_lib_free(f->lib);
    att_arena_free(f->arena);
}

/* One start of a service: what it publishes is copied into the fixture's arena. */
struct start {
    bool ok;
    struct att_err err;
    const char *kid;
    const char *certs;
    const char *openid;
    struct att_span certificate;
    size_t key_count;
};

static struct start start(struct fixture *f, const uint8_t *key, const char *alg, const char *uri)
{
    struct start out = { 0 };
    struct store *store = NULL;
    struct signer *signer = NULL;
    struct service *s = NULL;

    if (!store_sqlite_open(f->path, &store, &out.err) || !signer_local_new(4, &signer, &out.err))
        abort();
    struct service_options options = { .lib = f->lib,
                                       .signer = signer,
                                       .store = store,
                                       .kek = key,
                                       .provider = "default",
                                       .attest_uri = uri,
                                       .alg = alg,
                                       .accepted_tcb = ATT_TCB_DEFAULT,
                                       .now_unix_s = fixed_now };
    out.ok = service_new(&options, &s, &out.err);
    if (out.ok) {
        out.kid = att_arena_dup(f->arena, att_str(s->kid));
        out.certs = att_arena_dup(f->arena, service_certs_json(s));
        out.openid = att_arena_dup(f->arena, service_openid_json(s));
        out.key_count = s->key_count;
        struct att_span der = s->keys[s->key_count - 1].certificate;
        out.certificate = att_span_of(att_arena_dup(f->arena, der), der.len);
        struct att_span signature = { 0 };
        out.ok = signer_sign(signer, s->kid, att_str("input"), f->arena, &signature, &out.err);
    }
    service_free(s);
    signer_close(signer);
    store_close(store);
    return out;
}

static void sql(const struct fixture *f, const char *text)
{
    sqlite3 *db = NULL;

    if (sqlite3_open(f->path, &db) != SQLITE_OK || sqlite3_exec(db, text, NULL, NULL, NULL) != SQLITE_OK) {
        (void)fprintf(stderr, "%s\n", sqlite3_errmsg(db));
        abort();
    }
    sqlite3_close(db);
}

static bool has(struct att_span bytes, const char *text)
{
    return memmem(bytes.ptr, bytes.len, text, strlen(text)) != NULL;
}

static const char here[] = "https://localhost:8443";

static void made_once(struct cases *c, const char *alg)
{
    struct fixture f;

    fixture_new(&f);
    struct start first = start(&f, kek, alg, here), again = start(&f, kek, alg, here);
    cases_check(c, first.ok && again.ok && first.key_count == 1, "%s: starts: %s", alg, first.err.text);
    cases_check(c, first.ok && again.ok && strcmp(first.certs, again.certs) == 0, "%s: the same set again",
                alg);
    cases_check(c, first.ok && strstr(first.openid, alg), "%s: metadata names it", alg);
    fixture_free(&f);
}

static void addresses(struct cases *c)
{
    static const char moved[] = "https://attest.example.org";
    static const char long_uri[] =
        "https://attestation.of.a.department.with.a.name.that.does.not.fit.a.common-name.example.org";
    struct fixture f;

    fixture_new(&f);
    struct start a = start(&f, kek, "ES256", here), b = start(&f, kek, "ES256", moved);
    struct start d = start(&f, kek, "ES256", long_uri);
    cases_check(c, a.ok && b.ok && d.ok, "starts at each address: %s%s%s", a.err.text, b.err.text,
                d.err.text);
    cases_check(c, strcmp(a.kid, b.kid) == 0 && strcmp(a.kid, d.kid) == 0, "the key stays");
    cases_check(c, has(a.certificate, here) && !has(b.certificate, here) && has(b.certificate, moved),
                "the certificate names the address");
    cases_check(c, has(d.certificate, long_uri), "also one that fits no common name");
    cases_check(c, strstr(b.openid, "\"issuer\":\"https://attest.example.org\""), "so does the metadata");
    char *huge = att_arena_alloc(f.arena, 601, 1);
    memset(huge, 'a', 600);
    memcpy(huge, "https://", 8);
    struct start e = start(&f, kek, "ES256", huge);
    cases_check(c, !e.ok && e.err.code == ATT_CONFIG_INVALID, "600 bytes of address: %s", e.err.text);
    fixture_free(&f);
}

static void algorithms(struct cases *c)
{
    struct fixture f;

    fixture_new(&f);
    struct start es = start(&f, kek, "ES256", here), rs = start(&f, kek, "RS256", here);
    struct start es_again = start(&f, kek, "ES256", here);
    cases_check(c, es.ok && rs.ok && es_again.ok && rs.key_count == 2 && es_again.key_count == 2,
                "both are published: %s%s", rs.err.text, es_again.err.text);
    cases_check(c, strcmp(es.kid, es_again.kid) == 0 && strcmp(es.kid, rs.kid) != 0,
                "each signs with its own");
    const char *rsa = strstr(rs.certs, "\"kty\":\"RSA\""), *ec = strstr(rs.certs, "\"kty\":\"EC\"");
    cases_check(c, rsa && ec && rsa < ec, "RS256 stands first");
    cases_check(c, strcmp(rs.certs, es_again.certs) == 0, "the set does not depend on which one signs");
    struct start none = start(&f, kek, "HS256", here);
    cases_check(c, !none.ok && none.err.code == ATT_TOKEN_ALGORITHM, "no key for HS256: %s", none.err.text);
    fixture_free(&f);
}

/* Everything that may be done to the store by who lacks the key-encryption key. */
static void tampering(struct cases *c)
{
    static const struct {
        const char *name, *sql;
        enum att_code code;
    } rows[] = {
        { "the seal's tag",
          "UPDATE signing_keys SET sealed = CAST(substr(sealed, 1, length(sealed) - 16) || zeroblob(16) AS "
          "BLOB)",
          ATT_SEAL_INVALID },
        { "the sealed key cut",
          "UPDATE signing_keys SET sealed = CAST(substr(sealed, 1, length(sealed) - 1) AS BLOB)",
          ATT_SEAL_INVALID },
        { "a row under another name",
          "UPDATE signing_keys SET kid = 'AAAA' WHERE alg = 'ES256'; UPDATE certificates SET kid = 'AAAA' "
          "WHERE kid NOT IN (SELECT kid FROM signing_keys)",
          ATT_SEAL_INVALID },
        { "sealed keys of two rows exchanged",
          "CREATE TEMP TABLE t AS SELECT alg, sealed FROM signing_keys; UPDATE signing_keys SET sealed = "
          "(SELECT sealed FROM t WHERE t.alg != signing_keys.alg)",
          ATT_SEAL_INVALID },
        { "public keys of two rows exchanged",
          "CREATE TEMP TABLE t AS SELECT alg, spki FROM signing_keys; UPDATE signing_keys SET spki = (SELECT "
          "spki FROM t WHERE t.alg != signing_keys.alg)",
          ATT_STORE_FAILED },
        { "certificates of two keys exchanged",
          "CREATE TEMP TABLE t AS SELECT kid, der FROM certificates; UPDATE certificates SET der = (SELECT "
          "der FROM t WHERE t.kid != certificates.kid)",
          ATT_STORE_FAILED },
        { "a certificate that is none", "UPDATE certificates SET der = x'3000'", ATT_STORE_FAILED },
        { "algorithms exchanged",
          "UPDATE signing_keys SET alg = CASE alg WHEN 'RS256' THEN 'ES256' ELSE 'RS256' END",
          ATT_KEY_INVALID },
        { "an algorithm nobody knows", "UPDATE signing_keys SET alg = 'none' WHERE alg = 'ES256'",
          ATT_KEY_INVALID },
        { "an empty public key", "UPDATE signing_keys SET spki = x'00'", ATT_STORE_FAILED },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct fixture f;
        fixture_new(&f);
        bool ready = start(&f, kek, "RS256", here).ok && start(&f, kek, "ES256", here).ok;
        sql(&f, rows[i].sql);
        struct start after = start(&f, kek, "RS256", here);
        cases_check(c, ready && !after.ok && after.err.code == rows[i].code, "%s: %s: %s", rows[i].name,
                    after.ok ? "taken" : att_code_name(after.err.code), after.err.text);
        fixture_free(&f);
    }
}

/* A key of the attacker's own, complete with certificate, but sealed under another key. */
static void foreign_key(struct cases *c)
{
    struct fixture f;
    struct att_err err = { 0 };
    struct store *store = NULL;
    struct signer_keypair pair = { 0 };
    char kid[ATT_KID_SIZE], label[160];

    fixture_new(&f);
    bool ok = start(&f, kek, "RS256", here).ok && store_sqlite_open(f.path, &store, &err) &&
              signer_keypair_new("RS256", f.arena, &pair, &err) && att_kid_of_spki(pair.spki, kid, &err);
    (void)snprintf(label, sizeof label, "signing-key:%s", kid);
    struct store_key row = { .kid = kid, .alg = "RS256", .spki = pair.spki, .created_unix_s = 1 };
    ok = ok && att_seal(f.arena, other_kek, att_str(label), pair.pkcs8, &row.sealed, &err) &&
         store_key_put(store, &row, &err);
    store_close(store);
    struct start after = start(&f, kek, "RS256", here);
    cases_check(c, ok && !after.ok && after.err.code == ATT_SEAL_INVALID,
                "a foreign key is not published: %s", ok ? after.err.text : err.text);
    fixture_free(&f);
}

static void wrong_kek(struct cases *c)
{
    struct fixture f;

    fixture_new(&f);
    struct start first = start(&f, kek, "RS256", here), wrong = start(&f, other_kek, "RS256", here);
    cases_check(c, first.ok && !wrong.ok && wrong.err.code == ATT_SEAL_INVALID,
                "another key-encryption key: %s", wrong.err.text);
    struct start moved = start(&f, other_kek, "RS256", "https://elsewhere.example");
    cases_check(c, !moved.ok && moved.err.code == ATT_SEAL_INVALID, "also at another address: %s",
                moved.err.text);
    struct start right = start(&f, kek, "RS256", here);
    cases_check(c, right.ok && strcmp(right.certs, first.certs) == 0, "nothing was changed by trying");
    fixture_free(&f);
}

/* No file of the store holds what a PKCS#8 key of either kind begins with. */
static void sealed_at_rest(struct cases *c)
{
    static const uint8_t rsa[] = { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01,
                                   0x01, 0x01, 0x05, 0x00, 0x04, 0x82 };
    static const uint8_t ec[] = { 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x04 };
    struct fixture f;
    size_t len = 0;

    fixture_new(&f);
    bool ok = start(&f, kek, "RS256", here).ok && start(&f, kek, "ES256", here).ok;
    uint8_t *bytes = file_read(f.path, &len);
    cases_check(c, ok && bytes && len > 4096 && has(att_span_of(bytes, len), "RS256"), "the store is there");
    cases_check(c, bytes && !memmem(bytes, len, rsa, sizeof rsa) && !memmem(bytes, len, ec, sizeof ec),
                "no private key stands in it");
    free(bytes);
    fixture_free(&f);
}

int main(void)
{
    struct cases c = { .name = "unit_service_keys" };

    made_once(&c, "RS256");
    made_once(&c, "ES256");
    addresses(&c);
    algorithms(&c);
    tampering(&c);
    foreign_key(&c);
    wrong_kek(&c);
    sealed_at_rest(&c);
    return cases_report(&c);
}
