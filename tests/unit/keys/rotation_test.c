/* layers: keys signer store store/memory store/sqlite site access attest base codec */
/* Rotation: by the schedule and by order, by several replicas at once, and as clients that keep keys see it. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "keys/change.h"
#include "keys/keyring.h"
#include "keys/order.h"
#include "site/site.h"
#include "store/memory/memory.h"
#include "store/sqlite/sqlite.h"
#include "support/cases.h"
#include "support/signer.h"

enum { DAY = 86400, MAX_AGE = 3600, LEAD = 2 * MAX_AGE + 60, KEEP = 8 * 3600 + 300, EVERY = 90 * DAY };

static const uint8_t kek[32] = { 7, 1 }, other_kek[32] = { 7, 2 };
static const int64_t start_s = 1781524800;

struct replica {
    struct store *store;
    struct signer *signer;
    struct keyring *ring;
    struct att_err err;
};

static struct keyring_options options_of(const struct replica *r, int64_t now)
{
    return (struct keyring_options){ .store = r->store,
                                     .signer = r->signer,
                                     .purpose = "attestation",
                                     .alg = "ES256",
                                     .schedule = { .rotate_every_s = EVERY, .lead_s = LEAD, .keep_s = KEEP },
                                     .now_unix_s = now };
}

/* Borrows the store. */
static struct replica replica_on(struct store *store, int64_t now)
{
    struct replica r = { .store = store, .signer = test_signer(kek) };
    const struct keyring_options o = options_of(&r, now);

    if (!keyring_open(&o, &r.ring, &r.err)) {
        printf("ring: %s\n", r.err.text);
        exit(1);
    }
    return r;
}

static void replica_end(struct replica *r)
{
    keyring_close(r->ring);
    signer_close(r->signer);
}

static struct store *memory_new(void)
{
    struct store *s = NULL;
    struct att_err err = { 0 };

    if (!store_memory_open("", &s, &err))
        abort();
    return s;
}

static bool tick(struct replica *r, int64_t now)
{
    r->err = (struct att_err){ 0 };
    return keyring_tick(r->ring, now, &r->err);
}

static void signing_at(struct replica *r, int64_t now, char ret[64])
{
    const struct keyset *k = keyring_keys(r->ring);

    (void)snprintf(ret, 64, "%s", keyset_signing(k, now)->kid);
    keyset_unref(k);
}

static bool publishes(struct replica *r, const char *kid)
{
    const struct keyset *k = keyring_keys(r->ring);
    bool found = keyset_find(k, kid) != NULL;

    keyset_unref(k);
    return found;
}

static size_t count_of(struct replica *r)
{
    const struct keyset *k = keyring_keys(r->ring);
    size_t count = k->count;

    keyset_unref(k);
    return count;
}

static bool can_sign(struct replica *r, const char *kid)
{
    struct att_arena *a = att_arena_new(1 << 16);
    struct att_span der = { 0 };
    struct att_err err = { 0 };
    const struct signer_certify want = { .kind = SIGNER_CERTIFY_ENDPOINT, .name = "n", .uri = "https://h" };
    bool ok = signer_certify(r->signer, kid, &want, a, &der, &err);

    att_arena_free(a);
    return ok;
}

static bool one_audit(struct store *s, const char *operation)
{
    struct att_arena *a = att_arena_new(1 << 20);
    struct store_audit *rows = NULL;
    size_t count = 0, found = 0;
    struct att_err err = { 0 };

    if (!store_audit_list(s, a, "site", "", 0, 500, &rows, &count, &err))
        abort();
    for (size_t i = 0; i < count; i++)
        found += memmem(rows[i].body.ptr, rows[i].body.len, operation, strlen(operation)) != NULL;
    att_arena_free(a);
    return found == 1;
}

static void order(struct store *s, int64_t activate_in, const char *retire)
{
    struct att_arena *a = att_arena_new(1 << 16);
    const struct key_order o = { .purpose = "attestation",
                                 .by = "unix:root",
                                 .asked_unix_s = start_s,
                                 .activate_in_s = activate_in,
                                 .retire = retire };
    struct store_tx *tx = NULL;
    struct att_err err = { 0 };

    if (!store_begin(s, &tx, &err) || !key_order_put(tx, a, &o, &err) || !store_commit(tx, &err)) {
        printf("order: %s\n", err.text);
        exit(1);
    }
    att_arena_free(a);
}

static void schedule(struct cases *c)
{
    struct store *store = memory_new();
    struct replica r = replica_on(store, start_s);
    char first[64], second[64];
    int64_t due = start_s + EVERY;

    signing_at(&r, start_s, first);
    cases_check(c, tick(&r, start_s) && count_of(&r) == 1, "nothing is due: %s", r.err.text);
    cases_check(c, tick(&r, due - LEAD - 1) && count_of(&r) == 1, "not one second early");
    cases_check(c, tick(&r, due - LEAD) && count_of(&r) == 2, "the lead before it is due: %s", r.err.text);
    cases_check(c, tick(&r, due - LEAD + 1) && tick(&r, due - 1) && count_of(&r) == 2,
                "one new key, not two");
    signing_at(&r, due - 1, second);
    cases_check(c, strcmp(first, second) == 0, "the first signs until then");
    signing_at(&r, due, second);
    cases_check(c, strcmp(first, second) != 0, "and not a second longer");
    cases_check(c, can_sign(&r, second), "the signer has it");
    cases_check(c, one_audit(store, "key.rotate"), "a record");
    cases_check(c, tick(&r, due + KEEP - 1) && publishes(&r, first),
                "published until its last token is over");
    cases_check(c, tick(&r, due + KEEP) && !publishes(&r, first) && count_of(&r) == 1,
                "J19: a rotated-out key is not published after its removal");
    cases_check(c, one_audit(store, "key.remove"), "a record of that");
    cases_check(c, tick(&r, due + KEEP + 1) && !can_sign(&r, first), "J19: and the signer has forgotten it");
    replica_end(&r);
    r = replica_on(store, due + KEEP + 2);
    cases_check(c, count_of(&r) == 1 && publishes(&r, second), "the same after a restart");
    replica_end(&r);
    store_close(store);
}

/* A server that was off while a key became due still publishes for the whole lead. */
static void late(struct cases *c)
{
    struct store *store = memory_new();
    struct replica r = replica_on(store, start_s);
    char first[64], now_signs[64];
    int64_t back = start_s + 3 * (int64_t)EVERY;

    signing_at(&r, start_s, first);
    cases_check(c, tick(&r, back) && count_of(&r) == 2, "made at once: %s", r.err.text);
    signing_at(&r, back + LEAD - 1, now_signs);
    cases_check(c, strcmp(first, now_signs) == 0, "but nobody has seen it yet");
    signing_at(&r, back + LEAD, now_signs);
    cases_check(c, strcmp(first, now_signs) != 0, "until the lead is over");
    replica_end(&r);
    store_close(store);
}

static void orders(struct cases *c)
{
    struct store *store = memory_new();
    struct replica r = replica_on(store, start_s);
    char first[64], kid[64];

    signing_at(&r, start_s, first);
    order(store, KEY_ORDER_LEAD, NULL);
    cases_check(c, tick(&r, start_s + 5) && count_of(&r) == 2, "carried out: %s", r.err.text);
    cases_check(c, tick(&r, start_s + 6) && count_of(&r) == 2, "once");
    signing_at(&r, start_s + 5 + LEAD - 1, kid);
    cases_check(c, strcmp(kid, first) == 0, "the default is the lead");
    order(store, 0, NULL);
    cases_check(c, tick(&r, start_s + 100) && count_of(&r) == 3, "at once");
    signing_at(&r, start_s + 100, kid);
    cases_check(c, strcmp(kid, first) != 0 && can_sign(&r, kid), "and it signs");
    signing_at(&r, start_s + 99, kid);
    cases_check(c, strcmp(kid, first) == 0, "from then on");
    order(store, 0, kid);
    cases_check(c, tick(&r, start_s + 200) && !publishes(&r, first) && one_audit(store, "key.retire"),
                "J19: an order that retires a key: it is not published from then on: %s", r.err.text);
    (void)tick(&r, start_s + 201);
    cases_check(c, !can_sign(&r, first), "J19: and cannot sign");
    /* Orders within one second: whatever the names of the keys, the last one signs in the end. */
    for (unsigned i = 1; i <= 8; i++) {
        signing_at(&r, start_s + 300 + 10, first);
        order(store, 0, NULL);
        cases_check(c, tick(&r, start_s + 300), "order %u: %s", i, r.err.text);
        signing_at(&r, start_s + 300 + i - 1, kid);
        cases_check(c, strcmp(kid, first) != 0 && can_sign(&r, kid), "key %u signs a second later", i);
        signing_at(&r, start_s + 300 + 10, first);
        cases_check(c, strcmp(kid, first) == 0, "and is the last");
    }
    replica_end(&r);
    store_close(store);
}

/* -- replicas --------------------------------------------------------------------------------------------- */

enum { REPLICAS = 4 };

struct ticker {
    struct replica r;
    pthread_barrier_t *together;
    int64_t now;
    bool ok;
};

static void *ticks(void *ctx)
{
    struct ticker *t = ctx;

    (void)pthread_barrier_wait(t->together);
    t->ok = tick(&t->r, t->now);
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

static void all_tick(struct ticker *t, int64_t now)
{
    pthread_t threads[REPLICAS];
    pthread_barrier_t together;

    if (pthread_barrier_init(&together, NULL, REPLICAS) != 0)
        abort();
    for (size_t i = 0; i < REPLICAS; i++) {
        t[i].together = &together;
        t[i].now = now;
        if (pthread_create(&threads[i], NULL, ticks, &t[i]) != 0)
            abort();
    }
    for (size_t i = 0; i < REPLICAS; i++)
        (void)pthread_join(threads[i], NULL);
    (void)pthread_barrier_destroy(&together);
}

static bool same_sets(struct ticker *t, int64_t now, size_t count)
{
    char kid[64], other[64];
    bool same = true;

    signing_at(&t[0].r, now, kid);
    for (size_t i = 0; i < REPLICAS; i++) {
        signing_at(&t[i].r, now, other);
        same = same && t[i].ok && strcmp(kid, other) == 0 && count_of(&t[i].r) == count &&
               can_sign(&t[i].r, kid);
    }
    return same;
}

/* All find that it is due in the same moment: one key, everywhere. */
static void at_once(struct cases *c)
{
    char path[] = "/var/tmp/attestd-rotate-XXXXXX";
    struct ticker t[REPLICAS] = { 0 };
    struct att_err err = { 0 };
    int fd = mkstemp(path);

    (void)close(fd);
    for (size_t i = 0; i < REPLICAS; i++) {
        struct store *store = NULL;
        if (!store_sqlite_open(path, &store, &err))
            abort();
        t[i].r = replica_on(store, start_s);
    }
    int64_t now = start_s;
    for (int round = 0; round < 3; round++) {
        now += EVERY - LEAD;
        all_tick(t, now);
        for (size_t i = 0; i < REPLICAS; i++)
            t[i].ok = tick(&t[i].r, now + 1);
        cases_check(c, same_sets(t, now + LEAD, 2), "round %d: one new key in four replicas: %s", round,
                    t[0].r.err.text);
        now += LEAD;
        all_tick(t, now + KEEP);
        for (size_t i = 0; i < REPLICAS; i++)
            t[i].ok = tick(&t[i].r, now + KEEP + 1);
        cases_check(c, same_sets(t, now + KEEP, 1), "round %d: the old one goes once: %s", round,
                    t[0].r.err.text);
        now += 0;
    }
    for (size_t i = 0; i < REPLICAS; i++) {
        struct store *store = t[i].r.store;
        replica_end(&t[i].r);
        store_close(store);
    }
    remove_store(path);
}

/* -- rows that are no good -------------------------------------------------------------------------------- */

static void put_row(struct store *store, const struct keyrow *row)
{
    struct att_arena *a = att_arena_new(1 << 20);
    struct store_doc doc, old;
    struct store_tx *tx = NULL;
    struct att_err err = { 0 };
    bool found = false;

    if (!keyrow_encode(a, row, &doc, &err) || !store_begin(store, &tx, &err) ||
        !store_doc_get(tx, a, doc.tenant, doc.kind, doc.id, &old, &found, &err) ||
        !store_doc_put(tx, &doc, found ? old.version : 0, &err) || !store_commit(tx, &err))
        abort();
    att_arena_free(a);
}

/* A key that somebody made under another key-encryption key. */
static struct keyrow stranger(struct att_arena *a, int64_t activate)
{
    struct signer *s = test_signer(other_kek);
    struct signer_key key = { 0 };
    struct att_err err = { 0 };

    if (!signer_make(s, "attestation", "ES256", a, &key, &err))
        abort();
    signer_close(s);
    return (struct keyrow){ .purpose = "attestation",
                            .kid = key.kid,
                            .alg = "ES256",
                            .made_unix_s = start_s,
                            .activate_unix_s = activate,
                            .spki = key.spki,
                            .sealed = key.sealed };
}

static void broken(struct cases *c)
{
    struct att_arena *a = att_arena_new(1 << 20);
    struct store *store = memory_new();
    struct replica r = replica_on(store, start_s);
    struct keyring_status status;
    char first[64], kid[64];

    signing_at(&r, start_s, first);
    struct keyrow forged = stranger(a, start_s + 5);
    put_row(store, &forged);
    cases_check(c, tick(&r, start_s + 10), "a row that does not open is no failure of the rest: %s",
                r.err.text);
    signing_at(&r, start_s + 10, kid);
    keyring_status(r.ring, start_s + 10, &status);
    cases_check(c, strcmp(kid, first) == 0 && !publishes(&r, forged.kid),
                "it neither signs nor is published");
    cases_check(c, status.refused == 1 && status.refusal.code == ATT_SEAL_INVALID, "and is said: %s",
                status.refusal.text);
    cases_check(c, tick(&r, start_s + 10 + KEEP) && publishes(&r, first),
                "it does not end the life of the one that signs");
    struct replica again = { .store = store, .signer = test_signer(kek) };
    const struct keyring_options o = options_of(&again, start_s);
    cases_check(c, !keyring_open(&o, &again.ring, &again.err) && again.err.code == ATT_SEAL_INVALID,
                "nobody starts with it: %s", again.err.text);
    signer_close(again.signer);
    replica_end(&r);
    store_close(store);
    att_arena_free(a);
}

/* Somebody rewrites the row of a key that is in use: it goes on as it was, and it is said. */
static void rewritten(struct cases *c)
{
    struct att_arena *a = att_arena_new(4 << 20);
    struct store *store = memory_new();
    struct replica r = replica_on(store, start_s);
    struct keyrows *rows = calloc(1, sizeof *rows);
    struct keyring_status status;
    struct att_err err = { 0 };
    char first[64];

    signing_at(&r, start_s, first);
    if (!keyrows_read(store, "attestation", a, rows, NULL, NULL, &err) || rows->count != 1)
        abort();
    struct keyrow bad = rows->row[0];
    bad.sealed = att_str("no seal");
    put_row(store, &bad);
    keyring_status(r.ring, start_s, &status);
    cases_check(c, tick(&r, start_s + 1) && publishes(&r, first) && can_sign(&r, first), "goes on: %s",
                r.err.text);
    keyring_status(r.ring, start_s, &status);
    cases_check(c, status.refused == 1, "and is said");
    put_row(store, &rows->row[0]);
    cases_check(c, tick(&r, start_s + 2), "as it was: %s", r.err.text);
    keyring_status(r.ring, start_s, &status);
    cases_check(c, status.refused == 0 && status.signing == 1, "good again");
    struct store_tx *tx = NULL;
    if (!keyrows_read(store, "attestation", a, rows, NULL, NULL, &err) || !store_begin(store, &tx, &err) ||
        !store_doc_delete(tx, "site", KEYROW_KIND, rows->row[0].id, rows->row[0].version, &err) ||
        !store_commit(tx, &err))
        abort();
    cases_check(c, !tick(&r, start_s + 3) && r.err.code == ATT_STORE_FAILED && publishes(&r, first),
                "all rows gone: it goes on with what it has: %s", r.err.text);
    replica_end(&r);
    store_close(store);
    free(rows);
    att_arena_free(a);
}

/* -- orders as rows --------------------------------------------------------------------------------------- */

static void order_rows(struct cases *c)
{
    static const char good[] =
        "{\"activate_in\":-1,\"asked\":5,\"by\":\"unix:root\",\"purpose\":\"attestation\",\"retire\":null}";
    static const struct {
        const char *body;
        bool ok;
    } rows[] = {
        { good, true },
        { "{\"activate_in\":0,\"asked\":5,\"by\":\"u\",\"purpose\":\"attestation\",\"retire\":\"k\"}", true },
        { "{\"activate_in\":-2,\"asked\":5,\"by\":\"u\",\"purpose\":\"attestation\",\"retire\":null}",
          false },
        { "{\"activate_in\":31622401,\"asked\":5,\"by\":\"u\",\"purpose\":\"attestation\",\"retire\":null}",
          false },
        { "{\"activate_in\":\"0\",\"asked\":5,\"by\":\"u\",\"purpose\":\"attestation\",\"retire\":null}",
          false },
        { "{\"activate_in\":0,\"asked\":-5,\"by\":\"u\",\"purpose\":\"attestation\",\"retire\":null}",
          false },
        { "{\"activate_in\":0,\"asked\":5,\"by\":\"\",\"purpose\":\"attestation\",\"retire\":null}", false },
        { "{\"activate_in\":0,\"asked\":5,\"by\":\"u\",\"purpose\":\"authority\",\"retire\":null}", false },
        { "{\"activate_in\":0,\"asked\":5,\"by\":\"u\",\"purpose\":\"attestation\",\"retire\":5}", false },
        { "{\"activate_in\":0,\"asked\":5,\"by\":\"u\",\"purpose\":\"attestation\",\"retire\":\"\"}", false },
        { "{\"activate_in\":0,\"asked\":5,\"by\":\"u\",\"purpose\":\"attestation\"}", false },
        { "{\"activate_in\":0,\"asked\":5,\"by\":\"u\",\"purpose\":\"attestation\",\"retire\":null,\"z\":1}",
          false },
        { "{\"activate_in\":0,\"activate_in\":0,\"asked\":5,\"by\":\"u\",\"purpose\":\"attestation\","
          "\"retire\":null}",
          false },
        { "[]", false },
        { "", false },
    };
    struct att_arena *a = att_arena_new(1 << 20);
    struct key_order o;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct store_doc doc = { .id = "attestation", .body = att_str(rows[i].body) };
        struct att_err err = { 0 };
        bool ok = key_order_decode(a, &doc, &o, &err);
        cases_check(c, ok == rows[i].ok && (ok || err.code == ATT_STORE_FAILED), "%s: %s", rows[i].body,
                    err.text);
    }
    for (size_t len = 0; len < sizeof good - 1; len++) {
        const struct store_doc doc = { .id = "attestation", .body = att_span_of(good, len) };
        struct att_err err = { 0 };
        cases_check(c, !key_order_decode(a, &doc, &o, &err), "cut at %zu", len);
    }
    att_arena_free(a);
}

/* -- a client that keeps keys ----------------------------------------------------------------------------- */

/* Fetches the set when what it has is older than max-age, from whichever replica it meets. */
struct client {
    char kids[KEYSET_KEYS_MAX][64];
    size_t count;
    int64_t fetched_s;
};

static void client_fetch(struct client *k, struct replica *from, int64_t now)
{
    const struct keyset *set = keyring_keys(from->ring);

    k->count = set->count;
    for (size_t i = 0; i < set->count; i++)
        (void)snprintf(k->kids[i], sizeof k->kids[i], "%s", set->keys[i].kid);
    k->fetched_s = now;
    keyset_unref(set);
}

static bool client_knows(struct client *k, const char *kid)
{
    for (size_t i = 0; i < k->count; i++) {
        if (strcmp(k->kids[i], kid) == 0)
            return true;
    }
    return false;
}

enum { TOKENS = 16 };

/* A hundred rotations over two replicas that look at the store at different seconds; clients with caches of different age; tokens
 * that are shown until they expire. Nobody ever meets a kid that is not in the set that they may keep. */
static void caching_clients(struct cases *c)
{
    struct store *store = memory_new();
    struct replica r[2] = { replica_on(store, start_s), replica_on(store, start_s) };
    struct client clients[3] = { 0 };
    struct {
        char kid[64];
        int64_t until_s;
    } tokens[TOKENS] = { 0 };
    unsigned unknown = 0, looked = 0, switches = 0;
    char last[64] = "";
    /* Steps that divide nothing, so that every phase of every period is met. */
    int64_t end = start_s + 100 * (int64_t)EVERY + EVERY / 2;

    for (int64_t now = start_s, step = 0; now < end; step++) {
        /* Close steps around a change, wide ones between. */
        int64_t phase = (now - start_s) % EVERY;
        bool close = phase > EVERY - LEAD - 2 * MAX_AGE || phase < KEEP + MAX_AGE;
        now += close ? 611 : 3 * DAY + 17;
        if (!close && (now - start_s) % EVERY > EVERY - LEAD - 2 * MAX_AGE)
            now = start_s + ((now - start_s) / EVERY + 1) * EVERY - LEAD - 2 * MAX_AGE;
        struct replica *signer = &r[step % 2], *other = &r[(step + 1) % 2];
        (void)tick(signer, now - 1); /* each may be a second behind the other */
        (void)tick(other, now);
        char kid[64];
        signing_at(signer, now, kid);
        switches += last[0] != '\0' && strcmp(last, kid) != 0;
        memcpy(last, kid, sizeof last);
        (void)snprintf(tokens[step % TOKENS].kid, sizeof tokens[0].kid, "%s", kid);
        tokens[step % TOKENS].until_s = now + KEEP - 300;
        for (size_t i = 0; i < 3; i++) {
            if (now >= clients[i].fetched_s + MAX_AGE - (int64_t)i * 900)
                client_fetch(&clients[i], (i + (size_t)step) % 2 ? signer : other, now);
            for (size_t t = 0; t < TOKENS; t++) {
                if (tokens[t].until_s <= now)
                    continue;
                looked++;
                unknown += !client_knows(&clients[i], tokens[t].kid);
            }
        }
    }
    cases_check(c, switches >= 99, "about a hundred rotations: %u", switches);
    cases_check(c, unknown == 0 && looked > 10000, "%u of %u times a client met an unknown kid", unknown,
                looked);
    cases_check(c, count_of(&r[0]) <= 2, "and old keys have gone");
    replica_end(&r[0]);
    replica_end(&r[1]);
    store_close(store);
}

int main(void)
{
    struct cases c = { .name = "unit_keys_rotation" };

    schedule(&c);
    late(&c);
    orders(&c);
    at_once(&c);
    broken(&c);
    rewritten(&c);
    order_rows(&c);
    caching_clients(&c);
    return cases_report(&c);
}
