#include "service/keyring.h"

#include <attest/jwks.h>

#include "base/auto.h"
#include "base/err.h"
#include "service/keyrow.h"
#include "signer/certificate.h"
#include "signer/signer.h"
#include "store/store.h"

#include <stdio.h>
#include <stdlib.h>

enum { KEY_ARENA_BYTES = 16 << 20, CN_BYTES_MAX = 64, URI_BYTES_MAX = 500 };

/* Like the real service's: a certificate that outlives every token; rotation replaces keys, not certificates.
 */
static const int64_t certificate_not_before = 1556668800; /* 2019-05-01T00:00:00Z */
static const int64_t certificate_not_after = 2556143999;  /* 2050-12-31T23:59:59Z */

/* What keyring_open works with, and what it gives away at the end. */
struct ring {
    struct keyring keys; /* first: its address is the caller's */
    struct att_arena *arena;
    const struct keyring_options *options; /* during keyring_open only */
    struct keyrow rows[KEYRING_KEYS_MAX];
    size_t count;
};

static void ring_free(struct ring *r)
{
    att_arena_free(r->arena); /* wipes the private halves */
    free(r);
}

ATT_AUTO_PTR(ring_auto, struct ring, ring_free)

static bool take_row(void *ctx, const struct store_doc *doc, struct att_err *err)
{
    struct ring *r = ctx;
    const struct keyring_options *o = r->options;

    if (!keyrow_is_of(doc, o->purpose))
        return true;
    if (r->count == KEYRING_KEYS_MAX)
        return att_fail(err, ATT_LIMIT_EXCEEDED, "store.signing-key", "at most 64 keys of a purpose", "more");
    if (!keyrow_decode(r->arena, o->kek, o->purpose, doc, &r->rows[r->count], err))
        return false;
    r->count++;
    return true;
}

static bool load(struct ring *r, struct att_err *err)
{
    r->count = 0;
    return store_scan(r->options->store, KEYROW_KIND, take_row, r, err);
}

static const struct keyrow *first_of(const struct ring *r, const char *alg)
{
    for (size_t i = 0; i < r->count; i++) {
        if (strcmp(r->rows[i].alg, alg) == 0)
            return &r->rows[i];
    }
    return NULL;
}

/* The pair is made before the transaction begins (RSA takes its time), and thrown away when another process was
 * faster: transactions exclude each other, so the look inside of it is the one that counts. */
static bool make_first(struct ring *r, struct att_err *err)
{
    const struct keyring_options *o = r->options;
    struct signer_keypair pair = { 0 };
    struct store_doc doc = { 0 };
    struct store_tx *tx = NULL;
    char kid[ATT_KID_SIZE];

    if (!signer_keypair_new(o->alg, r->arena, &pair, err) || !att_kid_of_spki(pair.spki, kid, err))
        return false;
    const struct keyrow fresh = {
        .kid = kid, .alg = o->alg, .created_unix_s = o->now_unix_s, .spki = pair.spki, .pkcs8 = pair.pkcs8
    };
    if (!keyrow_encode(r->arena, o->kek, o->purpose, &fresh, &doc, err) || !store_begin(o->store, &tx, err))
        return false;
    if (!load(r, err) || (!first_of(r, o->alg) && !store_doc_put(tx, &doc, 0, err))) {
        store_rollback(tx);
        return false;
    }
    return store_commit(tx, err) && load(r, err);
}

/* RS256 first, since some clients take the first key; newest first; then by name, so that all processes agree. */
static int before(const void *left, const void *right)
{
    const struct keyrow *a = left, *b = right;
    bool a_other = strcmp(a->alg, "RS256") != 0, b_other = strcmp(b->alg, "RS256") != 0;

    if (a_other != b_other)
        return a_other ? 1 : -1;
    if (a->created_unix_s != b->created_unix_s)
        return a->created_unix_s > b->created_unix_s ? -1 : 1;
    return strcmp(a->kid, b->kid);
}

/* Does each key fit what its row says of it? A signer knows; this one is thrown away. */
static bool algorithms_fit(const struct ring *r, struct att_err *err)
{
    struct signer *all = NULL;
    bool ok = signer_local_new(KEYRING_KEYS_MAX, &all, err);

    for (size_t i = 0; ok && i < r->count; i++)
        ok = signer_local_add(all, r->rows[i].kid, r->rows[i].alg, r->rows[i].pkcs8, err);
    signer_close(all);
    return ok;
}

static bool use(struct ring *r, struct att_err *err)
{
    const struct keyring_options *o = r->options;

    qsort(r->rows, r->count, sizeof r->rows[0], before);
    if (!algorithms_fit(r, err))
        return false;
    const struct keyrow *signing = first_of(r, o->alg);
    if (!signing)
        return att_fail(err, ATT_STORE_FAILED, "store.signing-key", "the key that was just made", "none");
    for (size_t i = 0; i < r->count; i++) {
        const struct keyrow *row = &r->rows[i];
        r->keys.keys[i] =
            (struct keyring_key){ .kid = row->kid, .alg = row->alg, .spki = row->spki, .pkcs8 = row->pkcs8 };
    }
    r->keys.count = r->count;
    r->keys.kid = signing->kid;
    r->keys.alg = signing->alg;
    return signer_local_add(o->signer, signing->kid, signing->alg, signing->pkcs8, err);
}

bool keyring_open(const struct keyring_options *options, struct keyring **ret, struct att_err *err)
{
    ATT_AUTO(ring_auto) struct ring *r = NULL;

    if (!keyrow_purpose_check(options->purpose, err))
        return false;
    r = calloc(1, sizeof *r);
    if (!r)
        return att_fail_memory(err, "keyring");
    r->options = options;
    r->arena = att_arena_new(KEY_ARENA_BYTES);
    if (!r->arena)
        return att_fail_memory(err, "keyring");
    /* What is there is judged before anything is made: a row with a false algorithm must not cause a new key. */
    if (!load(r, err) || !algorithms_fit(r, err) || (!first_of(r, options->alg) && !make_first(r, err)) ||
        !use(r, err))
        return false;
    r->options = NULL;
    *ret = &ATT_MOVE(r)->keys;
    return true;
}

void keyring_free(struct keyring *r)
{
    if (r)
        ring_free((struct ring *)(void *)r);
}

/* -- certificates ----------------------------------------------------------------------------------------- */

/* Alternative names are read from a configuration text, where a comma would begin another name. */
static bool plain_uri(const char *uri, struct att_err *err)
{
    size_t len = strlen(uri);

    if (len == 0 || len > URI_BYTES_MAX)
        return att_fail(err, ATT_CONFIG_INVALID, "base_url", "1 to 500 bytes", "%zu bytes", len);
    for (const char *c = uri; *c; c++) {
        if (*c <= ' ' || *c >= 0x7f || *c == ',' || *c == ';' || *c == '"')
            return att_fail(err, ATT_CONFIG_INVALID, "base_url", "a plain URL", "the byte 0x%02x",
                            (unsigned)(uint8_t)*c);
    }
    return true;
}

/* Official clients look for the endpoint inside the subject; a CN holds 64 bytes, so a longer one goes into
 * the description. */
bool keyring_certificate(const struct keyring_key *key, const char *name, const char *uri,
                         struct att_arena *arena, struct att_span *ret_der, struct att_err *err)
{
    bool fits = strlen(uri) <= CN_BYTES_MAX;
    char alt[URI_BYTES_MAX + sizeof "URI:"];

    if (!plain_uri(uri, err))
        return false;
    (void)snprintf(alt, sizeof alt, "URI:%s", uri);
    const char *names[] = { alt, NULL };
    const struct signer_certificate want = {
        .common_name = fits ? uri : name,
        .description = fits ? NULL : uri,
        .alt_names = names,
        .not_before_unix_s = certificate_not_before,
        .not_after_unix_s = certificate_not_after,
        .subject_spki = key->spki,
        .issuer_pkcs8 = key->pkcs8,
    };
    return signer_certificate_make(&want, arena, ret_der, err);
}
