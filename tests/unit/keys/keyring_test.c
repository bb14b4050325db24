/* layers: service access keys signer store store/memory store/sqlite attest base codec */
/* Signing keys: made once, also when two start at once; sealed; never believed beyond their seal. */
#include <attest/jwks.h>
#include <attest/seal.h>

#include "base/base64.h"
#include "base/buf.h"
#include "keys/keyring.h"
#include "keys/keyrow.h"
#include "signer/signer.h"
#include "store/memory/memory.h"
#include "store/sqlite/sqlite.h"
#include "store/store.h"
#include "support/cases.h"
#include "support/signer.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const uint8_t kek[ATT_SEAL_KEY_BYTES] = { 7, 1 };
static const uint8_t other_kek[ATT_SEAL_KEY_BYTES] = { 7, 2 };
static const int64_t now = 1781524800;

static struct store *memory_new(void)
{
    struct store *s = NULL;
    struct att_err err = { 0 };

    if (!store_memory_open("", &s, &err))
        abort();
    return s;
}

/* One start; `ring` is NULL when it was refused. */
struct start {
    struct keyring *ring;
    const struct keyset *set;
    const char *kid; /* of the one that signs */
    struct signer *signer;
    struct att_err err;
};

static struct start start_at(struct store *store, const uint8_t *key, const char *purpose, const char *alg,
                             int64_t at)
{
    struct start out = { .signer = test_signer(key) };
    const struct keyring_options o = {
        .store = store, .signer = out.signer, .purpose = purpose, .alg = alg, .now_unix_s = at
    };
    if (!keyring_open(&o, &out.ring, &out.err))
        return out;
    out.set = keyring_keys(out.ring);
    out.kid = keyset_signing(out.set, at)->kid;
    return out;
}

static struct start start(struct store *store, const char *alg)
{
    return start_at(store, kek, "attestation", alg, now);
}

static void stop(struct start *s)
{
    keyset_unref(s->set);
    keyring_close(s->ring);
    signer_close(s->signer);
}

static bool same_rings(const struct start *left, const struct start *right)
{
    const struct keyset *a = left->set, *b = right->set;
    bool same = a && b && a->count == b->count;

    for (size_t i = 0; same && i < a->count; i++)
        same = strcmp(a->keys[i].kid, b->keys[i].kid) == 0 && strcmp(a->keys[i].alg, b->keys[i].alg) == 0 &&
               att_span_eq(a->keys[i].spki, b->keys[i].spki);
    return same;
}

/* What a signer signs: a header with this key, and something. */
static struct att_span jws_input(struct att_arena *a, const char *alg, const char *kid)
{
    struct att_buf header = { 0 }, out = { 0 };

    att_buf_printf(&header, "{\"alg\":\"%s\",\"kid\":\"%s\",\"typ\":\"JWT\"}", alg, kid);
    att_base64url_put(&out, att_buf_span(&header));
    att_buf_puts(&out, ".e30");
    const char *copy = att_arena_dup(a, att_buf_span(&out));
    att_buf_free(&header);
    att_buf_free(&out);
    return att_str(copy);
}

static void made_once(struct cases *c, const char *alg)
{
    struct store *store = memory_new();
    struct start first = start(store, alg), again = start(store, alg);
    struct att_arena *a = att_arena_new(1 << 20);
    struct att_span signature = { 0 };
    struct att_err err = { 0 };

    cases_check(c, first.ring && first.set->count == 1, "%s: a key is made: %s", alg, first.err.text);
    cases_check(c, same_rings(&first, &again), "%s: the same one at the next start", alg);
    cases_check(
        c, first.ring && strcmp(first.kid, first.set->keys[0].kid) == 0 && strcmp(first.set->alg, alg) == 0,
        "%s: it is the one that signs", alg);
    cases_check(c,
                again.ring &&
                    signer_sign(again.signer, again.kid, jws_input(a, alg, again.kid), a, &signature, &err),
                "%s: it is in the signer", alg);
    stop(&first);
    stop(&again);
    att_arena_free(a);
    store_close(store);
}

static void order(struct cases *c)
{
    struct store *store = memory_new();
    struct start es = start_at(store, kek, "attestation", "ES256", now + 10);
    struct start rs = start_at(store, kek, "attestation", "RS256", now);
    struct start again = start_at(store, kek, "attestation", "ES256", now + 20);
    struct start other = start_at(store, kek, "authority", "RS256", now);
    struct start none = start(store, "HS256");

    cases_check(c, es.ring && rs.ring && rs.set->count == 2 && strcmp(rs.set->keys[0].alg, "RS256") == 0,
                "RS256 stands first although it is older");
    cases_check(c, same_rings(&rs, &again), "the ring does not depend on which one signs");
    cases_check(c, again.ring && strcmp(again.kid, es.kid) == 0 && strcmp(rs.kid, es.kid) != 0,
                "each signs with its own");
    cases_check(c, other.ring && other.set->count == 1 && strcmp(other.kid, rs.kid) != 0,
                "another purpose has another key: %s", other.err.text);
    cases_check(c, !none.ring && none.err.code == ATT_TOKEN_ALGORITHM, "no key for HS256: %s", none.err.text);
    static const char *const purposes[] = { "",    "Attestation", "a/b",
                                            "a:b", "a b",         "abcdefghijklmnopqrstuvwxyzabcdefg" };
    for (size_t i = 0; i < sizeof purposes / sizeof purposes[0]; i++) {
        struct start s = start_at(store, kek, purposes[i], "ES256", now);
        cases_check(c, !s.ring && s.err.code == ATT_INTERNAL, "a purpose '%s': %s", purposes[i], s.err.text);
        stop(&s);
    }
    stop(&es);
    stop(&rs);
    stop(&again);
    stop(&other);
    stop(&none);
    store_close(store);
}

/* -- what may be done to the store by who lacks the key-encryption key ------------------------------------ */

struct row {
    char id[128];
    char body[8192];
};
struct rows {
    struct row of[4];
    size_t count;
};

static bool take(void *ctx, const struct store_doc *doc, struct att_err *err)
{
    struct rows *all = ctx;

    (void)err;
    if (all->count == 4 || doc->body.len >= sizeof all->of[0].body)
        abort();
    struct row *r = &all->of[all->count++];
    (void)snprintf(r->id, sizeof r->id, "%s", doc->id);
    (void)snprintf(r->body, sizeof r->body, "%.*s", (int)doc->body.len, (const char *)doc->body.ptr);
    return true;
}

static void read_rows(struct store *store, struct rows *ret)
{
    struct att_err err = { 0 };

    *ret = (struct rows){ .count = 0 };
    if (!store_scan(store, "signing-key", take, ret, &err))
        abort();
}

static void write_row(struct store *store, const char *id, const char *body)
{
    struct att_arena *a = att_arena_new(1 << 20);
    struct store_doc old = { 0 };
    const struct store_doc doc = {
        .tenant = STORE_TENANT_SITE, .kind = "signing-key", .id = id, .body = att_str(body)
    };
    struct store_tx *tx = NULL;
    struct att_err err = { 0 };
    bool found = false;

    if (!store_begin(store, &tx, &err) ||
        !store_doc_get(tx, a, doc.tenant, doc.kind, id, &old, &found, &err) ||
        !store_doc_put(tx, &doc, found ? old.version : 0, &err) || !store_commit(tx, &err)) {
        (void)fprintf(stderr, "%s\n", err.text);
        abort();
    }
    att_arena_free(a);
}

static void delete_row(struct store *store, const char *id)
{
    struct store_tx *tx = NULL;
    struct att_err err = { 0 };

    if (!store_begin(store, &tx, &err) ||
        !store_doc_delete(tx, STORE_TENANT_SITE, "signing-key", id, 1, &err) || !store_commit(tx, &err))
        abort();
}

/* The member's text in a body: from behind its opening quote to before the closing one. */
static char *value_of(char *body, const char *name, size_t *ret_len)
{
    char quoted[32];

    (void)snprintf(quoted, sizeof quoted, "\"%s\":\"", name);
    char *at = strstr(body, quoted);
    if (!at)
        abort();
    at += strlen(quoted);
    *ret_len = strcspn(at, "\"");
    return at;
}

static void set_value(char *body, const char *name, const char *value)
{
    char rest[8192];
    size_t len = 0;
    char *at = value_of(body, name, &len);

    (void)snprintf(rest, sizeof rest, "%s%s", value, at + len);
    memcpy(at, rest, strlen(rest) + 1);
}

static void swap_values(struct rows *r, const char *name)
{
    char left[4096], right[4096];
    size_t len = 0;

    char *at = value_of(r->of[0].body, name, &len);
    (void)snprintf(left, sizeof left, "%.*s", (int)len, at);
    at = value_of(r->of[1].body, name, &len);
    (void)snprintf(right, sizeof right, "%.*s", (int)len, at);
    set_value(r->of[0].body, name, right);
    set_value(r->of[1].body, name, left);
}

static void replace_text(char *body, const char *from, const char *to)
{
    char rest[8192];
    char *at = strstr(body, from);

    if (!at)
        abort();
    (void)snprintf(rest, sizeof rest, "%s%s", to, at + strlen(from));
    memcpy(at, rest, strlen(rest) + 1);
}

static void flip_sealed(struct rows *r)
{
    size_t len = 0;
    char *at = value_of(r->of[0].body, "sealed", &len);

    at[40] = at[40] == 'A' ? 'B' : 'A';
}
static void cut_sealed(struct rows *r)
{
    size_t len = 0;
    char *at = value_of(r->of[0].body, "sealed", &len);
    char text[4096];

    (void)snprintf(text, sizeof text, "%.*sA", (int)(len - 5), at); /* still base64 */
    set_value(r->of[0].body, "sealed", text);
}
static void empty_sealed(struct rows *r)
{
    set_value(r->of[0].body, "sealed", "");
}
static void padded_sealed(struct rows *r)
{
    replace_text(r->of[0].body, "\",\"spki\"", "=\",\"spki\"");
}
static void swap_sealed(struct rows *r)
{
    swap_values(r, "sealed");
}
static void swap_spki(struct rows *r)
{
    swap_values(r, "spki");
}
static void swap_alg(struct rows *r)
{
    swap_values(r, "alg");
}
static void swap_kid(struct rows *r)
{
    swap_values(r, "kid");
}
static void swap_ids(struct rows *r)
{
    char id[128];

    memcpy(id, r->of[0].id, sizeof id);
    memcpy(r->of[0].id, r->of[1].id, sizeof id);
    memcpy(r->of[1].id, id, sizeof id);
}
static void alg_unknown(struct rows *r)
{
    set_value(r->of[0].body, "alg", "none");
}
static void alg_none_of_rs256(struct rows *r)
{
    set_value(strstr(r->of[0].body, "RS256") ? r->of[0].body : r->of[1].body, "alg", "none");
}
static void alg_with_nul(struct rows *r)
{
    set_value(r->of[0].body, "alg", "RS256\\u0000");
}
static void empty_spki(struct rows *r)
{
    set_value(r->of[0].body, "spki", "AA");
}
static void purpose_other(struct rows *r)
{
    set_value(r->of[0].body, "purpose", "authority");
}
static void no_object(struct rows *r)
{
    (void)snprintf(r->of[0].body, sizeof r->of[0].body, "[]");
}
static void member_more(struct rows *r)
{
    replace_text(r->of[0].body, "{", "{\"a\":1,");
}
static void member_less(struct rows *r)
{
    replace_text(r->of[0].body, "\"created\":1781524800,", "");
}
static void member_twice(struct rows *r)
{
    replace_text(r->of[0].body, "{", "{\"alg\":\"RS256\",");
}
static void created_text(struct rows *r)
{
    replace_text(r->of[0].body, "1781524800", "\"1781524800\"");
}
static void created_negative(struct rows *r)
{
    replace_text(r->of[0].body, "1781524800", "-1");
}
static void created_fraction(struct rows *r)
{
    replace_text(r->of[0].body, "1781524800", "1.5");
}

static void tampering(struct cases *c)
{
    static const struct {
        const char *name;
        void (*change)(struct rows *);
        enum att_code code;
    } rows[] = {
        { "one character of the seal", flip_sealed, ATT_SEAL_INVALID },
        { "the sealed key cut", cut_sealed, ATT_SEAL_INVALID },
        { "nothing sealed", empty_sealed, ATT_SEAL_INVALID },
        { "base64 with padding", padded_sealed, ATT_STORE_FAILED },
        { "sealed keys of two rows exchanged", swap_sealed, ATT_SEAL_INVALID },
        { "names of two rows exchanged", swap_kid, ATT_STORE_FAILED },
        { "bodies of two rows exchanged", swap_ids, ATT_STORE_FAILED },
        { "public keys of two rows exchanged", swap_spki, ATT_STORE_FAILED },
        { "algorithms exchanged", swap_alg, ATT_KEY_INVALID },
        { "an algorithm nobody knows", alg_unknown, ATT_KEY_INVALID },
        { "so that there is no key of the wanted one", alg_none_of_rs256, ATT_KEY_INVALID },
        { "an algorithm with a NUL behind it", alg_with_nul, ATT_STORE_FAILED },
        { "an empty public key", empty_spki, ATT_STORE_FAILED },
        { "another purpose in the body", purpose_other, ATT_STORE_FAILED },
        { "no object", no_object, ATT_STORE_FAILED },
        { "a member too many", member_more, ATT_STORE_FAILED },
        { "a member too few", member_less, ATT_STORE_FAILED },
        { "a member twice", member_twice, ATT_STORE_FAILED },
        { "a time that is text", created_text, ATT_STORE_FAILED },
        { "a time before 1970", created_negative, ATT_STORE_FAILED },
        { "a time with a fraction", created_fraction, ATT_STORE_FAILED },
    };
    struct store *store = memory_new();
    struct start rs = start(store, "RS256"), es = start(store, "ES256");
    struct rows good, bad;

    cases_check(c, rs.ring && es.ring, "two keys to begin with");
    read_rows(store, &good);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bad = good;
        rows[i].change(&bad);
        for (size_t k = 0; k < 2; k++)
            write_row(store, bad.of[k].id, bad.of[k].body);
        struct start after = start(store, "RS256");
        cases_check(c, !after.ring && after.err.code == rows[i].code, "%s: %s: %s", rows[i].name,
                    after.ring ? "taken" : att_code_name(after.err.code), after.err.text);
        read_rows(store, &bad);
        cases_check(c, bad.count == 2, "%s: nothing was written", rows[i].name);
        stop(&after);
    }
    for (size_t k = 0; k < 2; k++)
        write_row(store, good.of[k].id, good.of[k].body);
    struct start after = start(store, "RS256");
    cases_check(c, same_rings(&after, &es), "and as they were they are taken again");
    stop(&after);
    stop(&rs);
    stop(&es);
    store_close(store);
}

/* A key of another purpose, moved: to sign attestations with the authority's, or the reverse. */
static void moved_purpose(struct cases *c)
{
    struct store *store = memory_new();
    struct start a = start_at(store, kek, "authority", "ES256", now);
    struct rows rows;
    char id[128];

    read_rows(store, &rows);
    (void)snprintf(id, sizeof id, "attestation/%s", strchr(rows.of[0].id, '/') + 1);
    write_row(store, id, rows.of[0].body);
    struct start under = start(store, "ES256");
    cases_check(c, a.ring && !under.ring && under.err.code == ATT_STORE_FAILED, "moved by its id: %s",
                under.err.text);
    purpose_other(&rows);
    set_value(rows.of[0].body, "purpose", "attestation");
    write_row(store, id, rows.of[0].body);
    struct start whole = start(store, "ES256");
    cases_check(c, !whole.ring && whole.err.code == ATT_SEAL_INVALID, "moved by id and body: %s",
                whole.err.text);
    stop(&a);
    stop(&under);
    stop(&whole);
    store_close(store);
}

/* A key of the attacker's own, complete, but sealed under another key. */
static void foreign_key(struct cases *c)
{
    struct store *theirs = memory_new(), *ours = memory_new();
    struct start a = start_at(theirs, other_kek, "attestation", "RS256", now + 1000);
    struct start b = start(ours, "RS256");
    struct rows rows;

    read_rows(theirs, &rows);
    write_row(ours, rows.of[0].id, rows.of[0].body);
    struct start after = start(ours, "RS256");
    cases_check(c, a.ring && b.ring && !after.ring && after.err.code == ATT_SEAL_INVALID,
                "a foreign key is not taken: %s", after.err.text);
    delete_row(ours, rows.of[0].id);
    struct start right = start(ours, "RS256");
    cases_check(c, same_rings(&right, &b), "without it all is as before");
    struct start wrong = start_at(ours, other_kek, "attestation", "RS256", now);
    cases_check(c, !wrong.ring && wrong.err.code == ATT_SEAL_INVALID, "another key-encryption key: %s",
                wrong.err.text);
    struct start es = start_at(ours, other_kek, "attestation", "ES256", now);
    cases_check(c, !es.ring && es.err.code == ATT_SEAL_INVALID,
                "also when it would have to make another key: %s", es.err.text);
    read_rows(ours, &rows);
    cases_check(c, rows.count == 1, "nothing was written by trying");
    stop(&a);
    stop(&b);
    stop(&after);
    stop(&right);
    stop(&wrong);
    stop(&es);
    store_close(theirs);
    store_close(ours);
}

/* One key more in the store, sealed under our key: a history of rotations. */
static void add_key(struct store *store, struct signer *signer, struct att_arena *a, int64_t at, char ret[64])
{
    struct signer_key key = { 0 };
    struct store_tx *tx = NULL;
    struct store_doc doc;
    struct att_err err = { 0 };

    if (!signer_make(signer, "attestation", "ES256", a, &key, &err))
        abort();
    const struct keyrow row = { .purpose = "attestation",
                                .kid = key.kid,
                                .alg = "ES256",
                                .made_unix_s = at,
                                .activate_unix_s = at,
                                .spki = key.spki,
                                .sealed = key.sealed };
    if (!keyrow_encode(a, &row, &doc, &err) || !store_begin(store, &tx, &err) ||
        !store_doc_put(tx, &doc, 0, &err) || !store_commit(tx, &err))
        abort();
    (void)snprintf(ret, 64, "%s", key.kid);
}

static void too_many(struct cases *c)
{
    struct att_arena *a = att_arena_new(8 << 20);
    struct store *store = memory_new();
    struct signer *signer = test_signer(kek);
    char newest[64] = "";

    for (unsigned made = 0; made < KEYSET_KEYS_MAX; made++)
        add_key(store, signer, a, now + made, newest);
    struct start s = start_at(store, kek, "attestation", "ES256", now + KEYSET_KEYS_MAX);
    cases_check(c, s.ring && s.set->count == KEYSET_KEYS_MAX, "256 keys: %s", s.err.text);
    cases_check(c, s.ring && strcmp(s.kid, newest) == 0, "the newest signs");
    cases_check(c, s.ring && strcmp(s.set->keys[0].kid, newest) == 0, "and stands first");
    stop(&s);
    add_key(store, signer, a, now, newest);
    s = start(store, "ES256");
    cases_check(c, !s.ring && s.err.code == ATT_LIMIT_EXCEEDED, "257 keys: %s", s.err.text);
    stop(&s);
    signer_close(signer);
    store_close(store);
    att_arena_free(a);
}

/* -- two processes ---------------------------------------------------------------------------------------- */

enum { STARTERS = 4, ROUNDS = 6 };

struct starter {
    const char *path;
    pthread_barrier_t *together;
    struct start out;
    struct store *store;
};

static void *starts(void *ctx)
{
    struct starter *s = ctx;
    struct att_err err = { 0 };

    if (!store_sqlite_open(s->path, &s->store, &err))
        abort();
    (void)pthread_barrier_wait(s->together);
    s->out = start(s->store, "ES256");
    return NULL;
}

static void remove_store(const char *path)
{
    static const char *const ends[] = { "", "-wal", "-shm", "-open" };

    for (size_t i = 0; i < 4; i++) {
        char name[96];
        (void)snprintf(name, sizeof name, "%s%s", path, ends[i]);
        (void)unlink(name);
    }
}

static void race(struct cases *c)
{
    for (int round = 0; round < ROUNDS; round++) {
        char path[] = "/var/tmp/attestd-race-XXXXXX";
        struct starter s[STARTERS] = { 0 };
        pthread_t threads[STARTERS];
        pthread_barrier_t together;
        int fd = mkstemp(path);
        if (fd < 0 || pthread_barrier_init(&together, NULL, STARTERS) != 0)
            abort();
        (void)close(fd);
        for (size_t i = 0; i < STARTERS; i++) {
            s[i] = (struct starter){ .path = path, .together = &together };
            if (pthread_create(&threads[i], NULL, starts, &s[i]) != 0)
                abort();
        }
        bool same = true;
        for (size_t i = 0; i < STARTERS; i++) {
            (void)pthread_join(threads[i], NULL);
            same = same && s[i].out.ring && s[i].out.set->count == 1;
        }
        for (size_t i = 0; same && i < STARTERS; i++)
            same = same_rings(&s[0].out, &s[i].out);
        cases_check(c, same, "round %d: four that start at once use one key: %s", round, s[0].out.err.text);
        for (size_t i = 0; i < STARTERS; i++) {
            stop(&s[i].out);
            store_close(s[i].store);
        }
        (void)pthread_barrier_destroy(&together);
        remove_store(path);
    }
}

static struct {
    char kid[128];
    struct att_span pkcs8;
} opened[4];
static size_t opened_count;
static struct att_arena *private_halves;

/* This test has the key-encryption key. */
static bool unseal(void *ctx, const struct store_doc *doc, struct att_err *err)
{
    struct keyrow row;
    char label[128];

    (void)ctx;
    if (opened_count == 4 || !keyrow_decode(private_halves, doc, &row, err))
        return false;
    (void)snprintf(label, sizeof label, "signing-key:%s:%s", row.purpose, row.kid);
    (void)snprintf(opened[opened_count].kid, sizeof opened[0].kid, "%s", row.kid);
    return att_unseal(private_halves, kek, att_str(label), row.sealed, &opened[opened_count++].pkcs8, err);
}

static struct att_span pkcs8_of(const char *kid)
{
    for (size_t i = 0; i < opened_count; i++) {
        if (strcmp(opened[i].kid, kid) == 0)
            return opened[i].pkcs8;
    }
    abort();
}

/* No file of the store holds what a PKCS#8 key of either kind begins with, in any of the codes of the row. */
static void sealed_at_rest(struct cases *c)
{
    char path[] = "/var/tmp/attestd-rest-XXXXXX";
    struct store *store = NULL;
    struct att_err err = { 0 };
    struct att_buf text = { 0 };
    size_t len = 0;
    int fd = mkstemp(path);

    if (fd < 0 || !store_sqlite_open(path, &store, &err))
        abort();
    (void)close(fd);
    struct start rs = start(store, "RS256"), es = start(store, "ES256");
    if (!store_scan(store, "signing-key", unseal, NULL, &err))
        abort();
    store_close(store);
    uint8_t *bytes = file_read(path, &len);
    cases_check(c, rs.ring && es.ring && bytes && memmem(bytes, len, "RS256", 5), "the store is there");
    for (size_t i = 0; bytes && es.ring && i < es.set->count; i++) {
        const struct keyset_key *k = &es.set->keys[i];
        att_buf_clear(&text);
        att_base64url_put(&text, k->spki);
        cases_check(c, memmem(bytes, len, text.ptr, 40), "%s: the public half stands in it", k->alg);
        struct att_span pkcs8 = pkcs8_of(k->kid);
        att_buf_clear(&text);
        att_base64url_put(&text, pkcs8);
        bool plain = memmem(bytes, len, pkcs8.ptr, 32) || memmem(bytes, len, text.ptr, 40) ||
                     memmem(bytes, len, pkcs8.ptr + pkcs8.len - 24, 24);
        cases_check(c, !plain, "%s: the private half does not", k->alg);
    }
    free(bytes);
    att_buf_free(&text);
    stop(&rs);
    stop(&es);
    remove_store(path);
}

int main(void)
{
    struct cases c = { .name = "unit_keys_keyring" };

    private_halves = att_arena_new(1 << 20);
    made_once(&c, "RS256");
    made_once(&c, "ES256");
    order(&c);
    tampering(&c);
    moved_purpose(&c);
    foreign_key(&c);
    too_many(&c);
    race(&c);
    sealed_at_rest(&c);
    att_arena_free(private_halves);
    return cases_report(&c);
}
