/* The key-encryption key, the store, the keys in it, and the end of the audit trail - or all of it. */
#include "base/auto.h"
#include "base/base64.h"
#include "base/err.h"
#include "base/timetext.h"
#include "cli/doctor.h"
#include "cli/members.h"
#include "codec/json.h"
#include "config/store_url.h"
#include "signer/signer.h"
#include "store/backends.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    SECRETS_ARENA_BYTES = 64 << 10,
    WORK_ARENA_BYTES = 32 << 20,
    SCHEMA_WANTED = 2,
    TRAIL_PART = 16,
    DIGEST_BYTES = 32,
    OLD_KEY_DAYS = 400,
    DAY_S = 86400,
};

ATT_AUTO_PTR(arena_auto, struct att_arena, att_arena_free)
ATT_AUTO_PTR(store_auto, struct store, store_close)

/* -- the key-encryption key ------------------------------------------------------------------------------- */

/* Where systemd takes a credential from, when this is not the service: credentials/NAME beside the configuration. */
static const char *kek_path(struct doctor *d, const char *kek)
{
    static const char scheme[] = "credential:";
    const char *slash = strrchr(d->path, '/');
    int folder = slash ? (int)(slash - d->path) : 1;

    if (strncmp(kek, scheme, sizeof scheme - 1) != 0 || getenv("CREDENTIALS_DIRECTORY"))
        return kek;
    return cli_text(d->c->arena, "%.*s/credentials/%s", folder, slash ? d->path : ".",
                    kek + sizeof scheme - 1);
}

static const char *given(const char *text)
{
    return text[0] ? text : NULL;
}

void doctor_kek(struct doctor *d)
{
    static const char check[] = "key_encryption_key";
    const struct config *c = &d->config;
    const char *previous[CONFIG_LIST_MAX + 1] = { 0 };
    struct signer_options options = {
        .kek = kek_path(d, c->key_encryption_key),
        .kek_previous = previous,
        .pkcs11_module = given(c->pkcs11_module),
        .pkcs11_token = given(c->pkcs11_token),
        .pkcs11_pin_file = given(c->pkcs11_pin_file),
        .in_process = true,
    };
    struct att_err err = { 0 };
    struct stat st;

    if (!options.kek || options.kek[0] == '\0') {
        doctor_found(d, check, DOCTOR_BAD, "not set");
        doctor_advice(d, "attestctl init makes one; set key_encryption_key in %s", d->path);
        return;
    }
    for (size_t i = 0; i < c->key_encryption_key_previous.count; i++)
        previous[i] = kek_path(d, c->key_encryption_key_previous.item[i]);
    bool file = options.kek[0] == '/' || options.kek[0] == '.';
    bool credential = options.kek != c->key_encryption_key; /* else `files` looked at it */
    if (credential && stat(options.kek, &st) == 0 && (st.st_mode & 077) != 0) {
        doctor_found(d, check, DOCTOR_BAD, "%s has mode %04o: others can reach it", options.kek,
                     (unsigned)(st.st_mode & 07777));
        doctor_advice(d, "chmod 0600 %s; if others had it, attestctl key rewrap to a new one", options.kek);
    }
    if (signer_open(&options, &d->signer, &err)) {
        doctor_found(d, check, DOCTOR_OK, "%s", options.kek);
        return;
    }
    bool closed = file && access(options.kek, R_OK) != 0 && errno == EACCES;
    doctor_failed(d, check, closed ? DOCTOR_UNKNOWN : DOCTOR_BAD, &err);
    doctor_advice(d,
                  closed ? "run as root"
                         : "put %s back from the place where the copy of it is: without it the keys in "
                           "the store are lost",
                  options.kek);
}

/* -- keys ------------------------------------------------------------------------------------------------- */

struct keys {
    struct doctor *d;
    struct att_arena *arena;
    size_t count, opened;
    int64_t newest_unix_s;
    struct att_err why; /* of the first that does not open */
    char which[96];
};

static bool bytes_of(struct keys *k, const struct att_json *j, const char *name, struct att_span *ret,
                     struct att_err *err)
{
    struct att_span text = { 0 };

    return att_json_want_string(j, k->arena, ATT_JSON_ROOT, "store.signing-key", name, &text, err) &&
           att_base64_decode(k->arena, ATT_BASE64_STRICT, text, name, ret, err);
}

static bool key_opens(struct keys *k, const struct store_doc *doc, struct att_err *err)
{
    struct signer_key key = { 0 };
    struct att_json j;
    int64_t created = 0;

    if (!att_json_parse(k->arena, doc->body, NULL, &j, err))
        return false;
    struct members m = { .arena = k->arena, .doc = &j };
    key.purpose = member_text(&m, ATT_JSON_ROOT, "purpose");
    key.kid = member_text(&m, ATT_JSON_ROOT, "kid");
    key.alg = member_text(&m, ATT_JSON_ROOT, "alg");
    if (m.failed || !key.purpose || !key.kid || !key.alg)
        return att_fail(err, ATT_STORE_FAILED, "store.signing-key", "purpose, kid and alg", "one is missing");
    if (!bytes_of(k, &j, "spki", &key.spki, err) || !bytes_of(k, &j, "sealed", &key.sealed, err))
        return false;
    if (att_json_i64(&j, att_json_get(&j, ATT_JSON_ROOT, "created"), &created) && created > k->newest_unix_s)
        k->newest_unix_s = created;
    return signer_load(k->d->signer, &key, err);
}

static bool examine_key(void *ctx, const struct store_doc *doc, struct att_err *err)
{
    struct keys *k = ctx;
    struct att_err why = { 0 };

    (void)err; /* a key that does not open does not end the walk */
    k->count++;
    if (key_opens(k, doc, &why)) {
        k->opened++;
    } else if (k->why.code == ATT_OK) {
        k->why = why;
        (void)snprintf(k->which, sizeof k->which, "%.90s", doc->id);
    }
    return true;
}

static void examine_keys(struct doctor *d, struct store *store)
{
    static const char check[] = "signing keys";
    ATT_AUTO(arena_auto) struct att_arena *arena = att_arena_new(WORK_ARENA_BYTES);
    struct keys k = { .d = d, .arena = arena };
    struct att_err err = { 0 };

    if (!arena)
        return;
    if (!d->signer) {
        doctor_found(d, check, DOCTOR_UNKNOWN, "not tried: the key-encryption key is not at hand");
        doctor_advice(d, "mend key_encryption_key first");
    } else if (!store_scan(store, "signing-key", examine_key, &k, &err)) {
        doctor_failed(d, check, DOCTOR_BAD, &err);
    } else if (k.count == 0) {
        doctor_found(d, check, DOCTOR_BAD, "there is none yet");
        doctor_advice(d, "start the service: it makes its keys at the first start");
    } else if (k.opened < k.count) {
        doctor_found(d, check, DOCTOR_BAD, "%zu of %zu do not open: %s: %s: %s", k.count - k.opened, k.count,
                     k.which, att_code_name(k.why.code), k.why.found);
        doctor_advice(d, k.opened == 0
                             ? "this key-encryption key is not the one of this store: put the right one back"
                             : "restore that row from a backup, or attestctl key retire it");
    } else {
        int64_t days = (d->now_unix_s - k.newest_unix_s) / DAY_S;
        doctor_found(d, check, days > OLD_KEY_DAYS ? DOCTOR_WARN : DOCTOR_OK,
                     "%zu, all open; the newest is %lld days old", k.count, (long long)days);
        if (days > OLD_KEY_DAYS)
            doctor_advice(d, "attestctl key rotate");
    }
}

/* -- the audit trail -------------------------------------------------------------------------------------- */

struct trail {
    uint64_t seq;
    uint8_t digest[DIGEST_BYTES];
    bool follows; /* `digest` is of the record before */
};

static bool record_fits(struct trail *t, struct att_arena *arena, const struct store_audit *r,
                        struct att_err *err)
{
    uint8_t prev[DIGEST_BYTES];
    struct att_json j;
    int64_t seq = 0;
    char where[48];

    (void)snprintf(where, sizeof where, "audit.%llu", (unsigned long long)r->seq);
    if (t->follows && r->seq != t->seq + 1)
        return att_fail(err, ATT_STORE_FAILED, where, "numbers without a gap", "it follows %llu",
                        (unsigned long long)t->seq);
    if (!att_json_parse(arena, r->body, NULL, &j, err))
        return att_fail_as(err, ATT_STORE_FAILED, where);
    if (!att_json_i64(&j, att_json_get(&j, ATT_JSON_ROOT, "seq"), &seq) || (uint64_t)seq != r->seq)
        return att_fail(err, ATT_STORE_FAILED, where, "its own number in the body", "another");
    if (t->follows) {
        if (!att_json_want_hex(&j, arena, ATT_JSON_ROOT, where, "prev", prev, sizeof prev, err))
            return false;
        if (memcmp(prev, t->digest, sizeof prev) != 0)
            return att_fail(err, ATT_STORE_FAILED, where, "the hash of the record before this one",
                            "another");
    }
    t->follows = true;
    t->seq = r->seq;
    return EVP_Digest(r->body.ptr, r->body.len, t->digest, NULL, EVP_sha256(), NULL) == 1 ||
           att_fail(err, ATT_CRYPTO_FAILED, where, "a digest", "none");
}

/* From the record behind `after` to the end. */
static bool trail_fits(struct store *store, uint64_t after, uint64_t *ret_seen, struct att_err *err)
{
    ATT_AUTO(arena_auto) struct att_arena *arena = att_arena_new(WORK_ARENA_BYTES);
    struct trail t = { .seq = after, .follows = false };
    struct store_audit *records = NULL;
    size_t count = 1;
    bool ok = arena || att_fail_memory(err, "audit");

    *ret_seen = 0;
    while (ok && count > 0) {
        att_arena_reset(arena);
        ok = store_audit_list(store, arena, NULL, "", t.seq, TRAIL_PART, &records, &count, err);
        for (size_t i = 0; ok && i < count; i++, ++*ret_seen)
            ok = record_fits(&t, arena, &records[i], err);
    }
    return ok;
}

static void examine_trail(struct doctor *d, struct store *store, uint64_t last)
{
    static const char check[] = "audit trail";
    bool deep = cli_has(d->c, "deep");
    struct att_err err = { 0 };
    uint64_t seen = 0;

    if (last == 0) {
        doctor_found(d, check, DOCTOR_OK, "empty");
        return;
    }
    if (!trail_fits(store, deep || last < 2 ? 0 : last - 2, &seen, &err)) {
        doctor_failed(d, check, DOCTOR_BAD, &err);
        doctor_advice(
            d, "somebody changed it, or a backup was put back: attestctl audit verify says from where on");
    } else if (deep && seen < last) {
        doctor_found(d, check, DOCTOR_BAD, "%llu records, the last is number %llu", (unsigned long long)seen,
                     (unsigned long long)last);
        doctor_advice(d, "records are missing: attestctl audit verify says from where on");
    } else {
        doctor_found(d, check, DOCTOR_OK, "%llu records, %s", (unsigned long long)last,
                     deep ? "all follow each other" : "the last two follow each other (--deep: all)");
    }
}

/* -- the store -------------------------------------------------------------------------------------------- */

/* A change that is taken back. ret_last: of the audit trail. */
static bool try_change(struct store *store, uint64_t *ret_last, struct att_err *err)
{
    ATT_AUTO(arena_auto) struct att_arena *arena = att_arena_new(WORK_ARENA_BYTES);
    const struct store_doc probe = {
        .tenant = STORE_TENANT_SITE, .kind = "doctor", .id = "probe", .body = att_str("{}")
    };
    struct store_audit last = { 0 };
    struct store_tx *tx = NULL;
    bool found = false;

    if (!arena)
        return att_fail_memory(err, "store");
    if (!store_begin(store, &tx, err))
        return false;
    bool ok = store_doc_put(tx, &probe, 0, err) && store_audit_last(tx, arena, &last, &found, err);
    store_rollback(tx);
    if (ok)
        *ret_last = found ? last.seq : 0;
    return ok;
}

/* SQLite would make a new one, and a file that is not there is what is to be told. */
static bool file_there(struct doctor *d, const char *url)
{
    static const char scheme[] = "sqlite:";
    struct stat st;

    if (strncmp(url, scheme, sizeof scheme - 1) != 0 || stat(url + sizeof scheme - 1, &st) == 0)
        return true;
    bool closed = errno == EACCES;
    doctor_found(d, "store", closed ? DOCTOR_UNKNOWN : DOCTOR_BAD, "%s: %s", url, strerror(errno));
    doctor_advice(d, closed ? "run as root" : "start the service: it makes its store at the first start");
    return false;
}

static bool open_store(struct doctor *d, struct store **ret)
{
    ATT_AUTO(arena_auto) struct att_arena *secrets = att_arena_new(SECRETS_ARENA_BYTES);
    struct att_err err = { 0 };
    const char *url = NULL;

    if (!secrets)
        return false;
    if (strcmp(d->config.store, "memory:") == 0) {
        doctor_found(d, "store", DOCTOR_WARN, "in memory: everything is lost when the service ends");
        doctor_advice(d, "take store out of %s, or set sqlite:PATH or postgres:CONNINFO", d->path);
        return false;
    }
    if (!store_url(&d->config, secrets, &url, &err)) {
        doctor_failed(d, "store", DOCTOR_BAD, &err);
        doctor_advice(d, "mend %s", err.where);
        return false;
    }
    if (!file_there(d, url))
        return false;
    if (store_open_as_is(url, ret, &err))
        return true;
    doctor_failed(d, "store", DOCTOR_BAD, &err);
    if (strcmp(err.where, "store.schema") == 0)
        doctor_advice(d, "start this release's attestd: it makes and changes the tables, nobody else does");
    else
        doctor_advice(
            d,
            strncmp(url, "postgres", 8) == 0
                ? "can this machine reach it: psql with the same words as %s?"
                : "is the file whole, and does it belong to the service's user? See store and data_dir",
            "store");
    return false;
}

void doctor_store(struct doctor *d)
{
    ATT_AUTO(store_auto) struct store *store = NULL;
    struct att_err err = { 0 };
    uint64_t generation = 0, last = 0;

    if (!open_store(d, &store))
        return;
    unsigned schema = store_schema_version(store);
    if (schema != SCHEMA_WANTED) {
        doctor_found(d, "store schema", DOCTOR_BAD, "version %u; this program knows %d", schema,
                     SCHEMA_WANTED);
        doctor_advice(d, "use the attestctl of the attestd that runs");
    }
    if (!store_generation(store, &generation, &err)) {
        doctor_failed(d, "store", DOCTOR_BAD, &err);
        return;
    }
    doctor_found(d, "store", DOCTOR_OK, "%s, schema %u, generation %llu", store->ops->scheme, schema,
                 (unsigned long long)generation);
    if (try_change(store, &last, &err)) {
        doctor_found(d, "store changes", DOCTOR_OK, "one was begun and taken back");
        examine_trail(d, store, last);
    } else {
        doctor_failed(d, "store changes", DOCTOR_BAD, &err);
        doctor_advice(d, "is the disk full, or the database a standby? Attesting goes on, changes do not");
    }
    examine_keys(d, store);
}
