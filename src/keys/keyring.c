/* Rows become sets: reading, what the signer takes of it, and the swap. */
#include "keys/keyring.h"

#include "base/auto.h"
#include "base/err.h"
#include "keys/change.h"
#include "keys/internal.h"

#include <stdlib.h>

enum { VIEW_ARENA_BYTES = 16 << 20, LOOK_AGAIN_S = 10 };

static void view_free(struct keyring_view *v)
{
    if (!v)
        return;
    att_arena_free(v->arena);
    free(v);
}

ATT_AUTO_PTR(view_auto, struct keyring_view, view_free)

/* -- what the store has ----------------------------------------------------------------------------------- */

static bool same_text(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

/* What the signer has taken once it need not open again. */
static bool taken_before(const struct keyrow *old, const struct keyrow *row)
{
    return old && same_text(old->alg, row->alg) && att_span_eq(old->spki, row->spki) &&
           att_span_eq(old->sealed, row->sealed);
}

static void refuse(struct keyring_view *v, const struct att_err *why)
{
    if (v->refused++ == 0)
        v->refusal = *why;
}

/* A row that no longer opens, of a key that did: the key is what it was, so it stays, by the old row's word. */
static bool keep_old(const struct keyrow *old, struct keyrow *row, struct att_arena *arena)
{
    if (!old || !att_span_eq(old->spki, row->spki))
        return false;
    row->alg = att_arena_dup(arena, att_str(old->alg));
    const char *sealed = att_arena_dup(arena, old->sealed);
    row->sealed = att_span_of(sealed, old->sealed.len);
    return row->alg && sealed;
}

/* Leaves those that the signer takes. */
static void take_rows(struct keyring *r, struct keyring_view *v)
{
    size_t count = 0;

    for (size_t i = 0; i < v->rows.count; i++) {
        struct keyrow *row = &v->rows.row[i];
        const struct keyrow *old = r->view ? keyrows_find(&r->view->rows, row->kid) : NULL;
        const struct signer_key key = keyrow_key(row);
        struct att_err why = { 0 };
        bool taken = taken_before(old, row) || signer_load(r->options.signer, &key, &why);
        if (!taken) {
            (void)att_fail_as(&why, why.code, "store.signing-key"); /* which row it is about */
            refuse(v, &why);
        }
        if (taken || keep_old(old, row, v->arena))
            v->rows.row[count++] = *row;
    }
    v->rows.count = count;
}

static bool see_order(void *ctx, const struct store_doc *doc, struct att_err *err)
{
    struct keyring *r = ctx;

    (void)err;
    r->view->ordered = r->view->ordered || same_text(doc->id, r->options.purpose);
    return true;
}

static bool read_view(struct keyring *r, struct keyring_view **ret, struct att_err *err)
{
    ATT_AUTO(view_auto) struct keyring_view *v = calloc(1, sizeof *v);

    if (!v)
        return att_fail_memory(err, "keyring");
    v->arena = att_arena_new(VIEW_ARENA_BYTES);
    if (!v->arena)
        return att_fail_memory(err, "keyring");
    if (!keyrows_read(r->options.store, r->options.purpose, v->arena, &v->rows, &v->refused, &v->refusal,
                      err))
        return false;
    take_rows(r, v);
    *ret = ATT_MOVE(v);
    return true;
}

/* -- the swap --------------------------------------------------------------------------------------------- */

static bool publish(struct keyring *r, const struct keyring_view *v, int64_t now, struct att_err *err)
{
    const struct keyset *fresh = NULL;
    const struct keyset *old = r->set;

    if (!keyset_new(&r->options, &v->rows, now, old ? old->number + 1 : 1, &fresh, err))
        return false;
    pthread_mutex_lock(&r->lock);
    r->set = fresh;
    r->refused = v->refused;
    r->refusal = v->refusal;
    pthread_mutex_unlock(&r->lock);
    keyset_unref(old);
    return true;
}

/* Keys that are in no row any more. Whoever had the set before may be signing with them: that ends within the second that lies
 * between two looks. */
static void forget_gone(struct keyring *r)
{
    for (size_t i = 0; r->gone && i < r->gone->rows.count; i++) {
        const char *kid = r->gone->rows.row[i].kid;
        if (!keyrows_find(&r->view->rows, kid))
            signer_forget(r->options.signer, kid);
    }
    view_free(r->gone);
    r->gone = NULL;
}

static void set_view(struct keyring *r, struct keyring_view *v)
{
    forget_gone(r);
    r->gone = r->view;
    r->view = v;
}

static bool same_rows(const struct keyring_view *a, const struct keyring_view *b)
{
    if (!a || a->rows.count != b->rows.count || a->refused != b->refused)
        return false;
    for (size_t i = 0; i < b->rows.count; i++) {
        const struct keyrow *x = &a->rows.row[i], *y = &b->rows.row[i];
        if (!same_text(x->kid, y->kid) || x->activate_unix_s != y->activate_unix_s || !taken_before(x, y))
            return false;
    }
    return true;
}

static bool read_again(struct keyring *r, uint64_t generation, int64_t now, struct att_err *err)
{
    ATT_AUTO(view_auto) struct keyring_view *v = NULL;

    if (!read_view(r, &v, err))
        return false;
    if (!keyrows_newest(&v->rows, r->options.alg))
        return v->refused > 0 ? (*err = v->refusal, false)
                              : att_fail(err, ATT_STORE_FAILED, "store.signing-key",
                                         "a key that signs: the ring goes on with those it has", "none");
    if (!same_rows(r->view, v) && !publish(r, v, now, err))
        return false;
    r->look_again_unix_s = now + LOOK_AGAIN_S;
    set_view(r, ATT_MOVE(v));
    r->generation_known = store_scan(r->options.store, KEY_ORDER_KIND, see_order, r, err);
    r->generation = generation;
    return r->generation_known;
}

bool keyring_refresh(struct keyring *r, int64_t now_unix_s, struct att_err *err)
{
    uint64_t generation = 0;

    if (!store_generation(r->options.store, &generation, err))
        return false;
    bool again = r->view->refused > 0 && now_unix_s >= r->look_again_unix_s;
    if (!r->generation_known || generation != r->generation || again) {
        if (!read_again(r, generation, now_unix_s, err))
            return false;
    } else {
        forget_gone(r);
    }
    return !keyset_outdated(r->set, now_unix_s) || publish(r, r->view, now_unix_s, err);
}

/* -- the start -------------------------------------------------------------------------------------------- */

/* What is there is judged before anything is made: a row with a false algorithm must not cause a new key. */
static bool read_first(struct keyring *r, struct keyring_view **ret, struct att_err *err)
{
    ATT_AUTO(view_auto) struct keyring_view *v = NULL;

    if (!read_view(r, &v, err))
        return false;
    if (v->refused > 0) {
        *err = v->refusal;
        return false;
    }
    *ret = ATT_MOVE(v);
    return true;
}

static bool put_first(struct keyring *r, struct att_arena *arena, const struct signer_key *key,
                      struct store_tx *tx, struct att_err *err)
{
    struct keyrows *rows = att_arena_alloc(arena, 1, sizeof *rows);
    const struct keyrow fresh = { .purpose = r->options.purpose,
                                  .kid = key->kid,
                                  .alg = key->alg,
                                  .made_unix_s = r->options.now_unix_s,
                                  .activate_unix_s = r->options.now_unix_s,
                                  .spki = key->spki,
                                  .sealed = key->sealed };
    struct store_doc doc;

    if (!rows)
        return att_fail_memory(err, "keyring");
    if (!keyrows_read(r->options.store, r->options.purpose, arena, rows, NULL, NULL, err))
        return false;
    return keyrows_newest(rows, r->options.alg) ||
           (keyrow_encode(arena, &fresh, &doc, err) && store_doc_put(tx, &doc, 0, err));
}

/* The pair is made before the transaction begins (RSA takes its time), and forgotten when another process was faster. */
static bool make_first(struct keyring *r, struct att_arena *arena, struct att_err *err)
{
    struct signer_key key = { 0 };
    struct store_tx *tx = NULL;

    if (!signer_make(r->options.signer, r->options.purpose, r->options.alg, arena, &key, err) ||
        !store_begin(r->options.store, &tx, err))
        return false;
    if (!put_first(r, arena, &key, tx, err)) {
        store_rollback(tx);
        return false;
    }
    if (!store_commit(tx, err) || !read_first(r, &r->view, err))
        return false;
    if (!keyrows_find(&r->view->rows, key.kid))
        signer_forget(r->options.signer, key.kid);
    return true;
}

static bool open_ring(struct keyring *r, struct att_err *err)
{
    ATT_AUTO(view_auto) struct keyring_view *v = NULL;

    if (!read_first(r, &v, err))
        return false;
    if (keyrows_newest(&v->rows, r->options.alg)) {
        r->view = ATT_MOVE(v);
        return publish(r, r->view, r->options.now_unix_s, err);
    }
    if (!make_first(r, v->arena, err))
        return false;
    if (!keyrows_newest(&r->view->rows, r->options.alg))
        return att_fail(err, ATT_STORE_FAILED, "store.signing-key", "the key that was just made", "none");
    return publish(r, r->view, r->options.now_unix_s, err);
}

bool keyring_open(const struct keyring_options *options, struct keyring **ret, struct att_err *err)
{
    if (!keyrow_purpose_check(options->purpose, err))
        return false;
    struct keyring *r = calloc(1, sizeof *r);
    if (!r)
        return att_fail_memory(err, "keyring");
    r->options = *options;
    if (pthread_mutex_init(&r->lock, NULL) != 0) {
        free(r);
        return att_fail_memory(err, "keyring");
    }
    if (!open_ring(r, err)) {
        keyring_close(r);
        return false;
    }
    *ret = r;
    return true;
}

void keyring_close(struct keyring *r)
{
    if (!r)
        return;
    keyset_unref(r->set);
    view_free(r->view);
    view_free(r->gone);
    pthread_mutex_destroy(&r->lock);
    free(r);
}

/* -- readers ---------------------------------------------------------------------------------------------- */

const struct keyset *keyring_keys(struct keyring *r)
{
    pthread_mutex_lock(&r->lock);
    const struct keyset *k = keyset_ref(r->set);
    pthread_mutex_unlock(&r->lock);
    return k;
}

void keyring_status(struct keyring *r, int64_t now_unix_s, struct keyring_status *ret)
{
    const struct keyset *k = keyring_keys(r);
    const struct keyset_key *signs = keyset_signing(k, now_unix_s);
    struct keyring_status s = { .signing = 1,
                                .signing_since_unix_s = signs->activate_unix_s,
                                .next_activate_unix_s = KEYSET_NEVER };

    for (size_t i = 0; i < k->count; i++) {
        const struct keyset_key *key = &k->keys[i];
        bool waits = same_text(key->alg, k->alg) && key->activate_unix_s > now_unix_s;
        s.waiting += waits && key != signs;
        s.leaving += !waits && key != signs;
        if (waits && key != signs && key->activate_unix_s < s.next_activate_unix_s)
            s.next_activate_unix_s = key->activate_unix_s;
    }
    keyset_unref(k);
    pthread_mutex_lock(&r->lock);
    s.refused = r->refused;
    s.refusal = r->refusal;
    pthread_mutex_unlock(&r->lock);
    *ret = s;
}
