/* What is fetched, in the store: so that a restart has it, and every replica what one has fetched.
 *
 * Rows of the tenant "site": kind "collateral" and "collateral-vcek", id of the item, {"body","chain","fetched","source"} with
 * body and chain in base64; "collateral-floor", id "sgx/00606a000000", {"number"}; "collateral-claim", id of the item,
 * {"until"}: who writes it asks the source, the others wait for what comes of it. VCEKs have a kind of their own
 * because there are many: they are read at the start, and later one by one. Rows are input: one is checked as the answer of a
 * source is, and tells nothing about itself that the check does not. */
#include "supply/internal.h"

#include "base/base64.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/hex.h"
#include "codec/json.h"
#include "store/store.h"

#include <stdio.h>

#define KIND_ITEM  "collateral"
#define KIND_VCEK  "collateral-vcek"
#define KIND_FLOOR "collateral-floor"
#define KIND_CLAIM "collateral-claim"
enum { SOURCE_BYTES_MAX = 300, FLOOR_ID_SIZE = 32 };

static const char *kind_of(const struct supply_entry *e)
{
    return e->what.kind == ATT_ITEM_VCEK ? KIND_VCEK : KIND_ITEM;
}

/* The service goes on without its store. Said when it begins to ail and when it is well again, not each time. */
static void store_failed(struct supply *s, const struct att_err *err)
{
    if (!s->store_ailing)
        supply_event(s, "collateral.store", "", "store", err);
    s->store_ailing = true;
}

static void store_worked(struct supply *s)
{
    if (s->store_ailing)
        supply_event(s, "collateral.store", "", "store", NULL);
    s->store_ailing = false;
}

/* -- bodies of rows ------------------------------------------------------------------------------------------- */

static bool put_base64(struct att_json_writer *w, const char *name, struct att_span bytes)
{
    ATT_AUTO(att_buf_free) struct att_buf text = { 0 };

    att_base64_put(&text, bytes);
    att_jw_key(w, name);
    att_jw_string(w, att_buf_span(&text));
    return !text.failed;
}

static bool item_encode(const struct supply_entry *e, struct att_buf *out, struct att_err *err)
{
    struct att_json_writer w = { .out = out };

    att_jw_object(&w);
    bool ok = put_base64(&w, "body", supply_blob_span(e->got.body)) &&
              put_base64(&w, "chain", supply_blob_span(e->got.chain));
    att_jw_key(&w, "fetched");
    att_jw_int(&w, e->got.fetched_unix_s);
    att_jw_key(&w, "source");
    att_jw_str(&w, (const char *)e->got.source->bytes);
    att_jw_end_object(&w);
    return (ok && !out->failed) || att_fail_memory(err, "collateral.row");
}

static bool want_base64(const struct att_json *j, struct att_arena *a, const char *name, struct att_span *ret,
                        struct att_err *err)
{
    struct att_span text;

    return att_json_want_string(j, a, ATT_JSON_ROOT, "collateral.row", name, &text, err) &&
           att_base64_decode(a, ATT_BASE64_STANDARD, text, "collateral.row", ret, err);
}

static bool item_decode(struct att_arena *a, struct att_span row, struct supply_candidate *ret,
                        struct att_err *err)
{
    struct supply_candidate c = { .stored = true };
    struct att_json j;
    struct att_span source;

    if (!att_json_parse(a, row, NULL, &j, err) || !want_base64(&j, a, "body", &c.body, err) ||
        !want_base64(&j, a, "chain", &c.chain, err) ||
        !att_json_want_string(&j, a, ATT_JSON_ROOT, "collateral.row", "source", &source, err))
        return false;
    if (source.len > SOURCE_BYTES_MAX ||
        !att_json_i64(&j, att_json_get(&j, ATT_JSON_ROOT, "fetched"), &c.fetched_unix_s))
        return att_fail(err, ATT_STORE_FAILED, "collateral.row", "a time, and a source of at most 300 bytes",
                        "none");
    c.source = att_arena_dup(a, source);
    if (!c.source)
        return att_fail_memory(err, "collateral.row");
    *ret = c;
    return true;
}

static bool number_decode(struct att_arena *a, struct att_span row, const char *name, int64_t max,
                          int64_t *ret)
{
    struct att_err unused = { 0 };
    struct att_json j;
    int64_t number = 0;

    if (!att_json_parse(a, row, NULL, &j, &unused) ||
        !att_json_i64(&j, att_json_get(&j, ATT_JSON_ROOT, name), &number) || number < 0 || number > max)
        return false;
    *ret = number;
    return true;
}

/* -- reading -------------------------------------------------------------------------------------------------- */

/* A row becomes what is held, if it is good and not worse. */
static void adopt(struct supply *s, struct att_arena *a, struct supply_entry *e, const struct store_doc *doc)
{
    struct supply_candidate c;
    struct att_err err = { 0 };

    e->row_version = doc->version;
    if (!item_decode(a, doc->body, &c, &err)) {
        supply_event(s, "collateral.refused", e->id, "store", &err);
        return;
    }
    enum supply_taken taken = supply_take(s, e, &c, &err);
    if (taken == SUPPLY_REFUSED) {
        supply_event(s, "collateral.refused", e->id, "store", &err);
        return;
    }
    supply_lock(s);
    if (e->planned)
        e->next_ms = supply_due_ms(s, e);
    if (supply_usable(s, e, supply_now_s(s))) {
        e->last = (struct att_err){ 0 };
        e->not_before_ms = 0;
        e->failures = 0;
        e->tries += e->wanted;
        e->wanted = false;
    }
    supply_unlock(s);
}

struct reading {
    struct supply *s;
    struct att_arena *arena;
};

static bool read_item(void *ctx, const struct store_doc *doc, struct att_err *err)
{
    const struct reading *r = ctx;
    struct supply *s = r->s;
    struct att_collateral_want what;
    struct att_err bad = { 0 };

    (void)err;
    att_arena_reset(r->arena);
    if (strcmp(doc->tenant, STORE_TENANT_SITE) != 0)
        return true;
    if (!att_item_of_id(doc->id, &what, &bad)) {
        supply_event(s, "collateral.refused", doc->id, "store", &bad);
        return true;
    }
    supply_lock(s);
    bool room = what.kind != ATT_ITEM_VCEK || s->vcek_count < SUPPLY_VCEKS_MAX;
    struct supply_entry *e = room ? supply_entry_of(s, &what) : NULL;
    bool known = !e || e->busy || e->row_version == doc->version;
    supply_unlock(s);
    if (!known)
        adopt(s, r->arena, e, doc);
    return true;
}

/* "sgx/00606a000000" */
static bool floor_of_id(const char *id, enum att_tee *ret_tee, uint8_t ret_fmspc[6])
{
    if (strncmp(id, "sgx/", 4) != 0 && strncmp(id, "tdx/", 4) != 0)
        return false;
    *ret_tee = id[0] == 's' ? ATT_TEE_SGX : ATT_TEE_TDX;
    return att_hex_read(att_str(id + 4), ret_fmspc, 6);
}

static bool read_floor(void *ctx, const struct store_doc *doc, struct att_err *err)
{
    const struct reading *r = ctx;
    enum att_tee tee;
    uint8_t fmspc[6];
    int64_t number = 0;

    (void)err;
    att_arena_reset(r->arena);
    if (strcmp(doc->tenant, STORE_TENANT_SITE) != 0)
        return true;
    if (!floor_of_id(doc->id, &tee, fmspc) ||
        !number_decode(r->arena, doc->body, "number", UINT32_MAX, &number)) {
        struct att_err bad = { 0 };
        att_fail(&bad, ATT_STORE_FAILED, "collateral.floor", "a floor", "a row that is none");
        supply_event(r->s, "collateral.refused", doc->id, "store", &bad);
        return true;
    }
    supply_lock(r->s);
    uint32_t before = supply_floor_of(
        r->s, &(struct att_collateral_want){
                  .tee = tee, .fmspc = { fmspc[0], fmspc[1], fmspc[2], fmspc[3], fmspc[4], fmspc[5] } });
    bool ok = supply_floor_raise(r->s, tee, fmspc, (uint32_t)number);
    if (ok && before < (uint32_t)number)
        supply_mark_dirty(r->s);
    supply_unlock(r->s);
    return ok || att_fail_memory(err, "collateral.floor");
}

static bool scan(struct supply *s, bool vceks, struct att_err *err)
{
    ATT_AUTO(supply_arena_auto) struct att_arena *arena = att_arena_new(SUPPLY_ARENA_BYTES);
    struct reading r = { .s = s, .arena = arena };

    /* Floors first: rows below them are refused. */
    return (arena || att_fail_memory(err, "collateral")) &&
           store_scan(s->options.store, KIND_FLOOR, read_floor, &r, err) &&
           store_scan(s->options.store, KIND_ITEM, read_item, &r, err) &&
           (!vceks || store_scan(s->options.store, KIND_VCEK, read_item, &r, err));
}

/* The generation first: what is written while we read is read once more. */
static bool read_all(struct supply *s, bool vceks)
{
    struct att_err err = { 0 };
    uint64_t generation = 0;

    if (!store_generation(s->options.store, &generation, &err)) {
        store_failed(s, &err);
        return false;
    }
    if (s->loaded && generation == s->generation) {
        store_worked(s);
        return true;
    }
    if (!scan(s, vceks, &err)) {
        store_failed(s, &err);
        return false;
    }
    s->generation = generation;
    store_worked(s);
    supply_lock(s);
    supply_plan(s);
    supply_unlock(s);
    return true;
}

void supply_rows_load(struct supply *s)
{
    if (!s->options.store)
        s->loaded = true;
    else
        s->loaded = read_all(s, true);
    s->poll_ms = supply_now_ms(s) + SUPPLY_STORE_POLL_MS;
}

static void save_unsaved(struct supply *s)
{
    for (size_t i = 0; !s->store_ailing; i++) {
        supply_lock(s); /* the table may grow meanwhile; one that it moves past is saved at the next poll */
        struct supply_entry *e = i < s->entry_count ? s->entries[i] : NULL;
        bool due = e && e->unsaved && !e->busy && e->got.body;
        supply_unlock(s);
        if (!e)
            return;
        if (due)
            supply_rows_save(s, e);
    }
}

void supply_rows_poll(struct supply *s)
{
    int64_t now = supply_now_ms(s);

    if (!s->options.store || now < s->poll_ms)
        return;
    if (s->loaded)
        (void)read_all(s, false); /* what fails is said, and tried again */
    else
        s->loaded = read_all(s, true);
    save_unsaved(s);
    s->poll_ms = supply_now_ms(s) + SUPPLY_STORE_POLL_MS;
}

/* -- writing -------------------------------------------------------------------------------------------------- */

static bool get(struct store_tx *tx, struct att_arena *a, const char *kind, const char *id,
                struct store_doc *ret, bool *ret_found, struct att_err *err)
{
    return store_doc_get(tx, a, STORE_TENANT_SITE, kind, id, ret, ret_found, err);
}

static bool put(struct store_tx *tx, const char *kind, const char *id, uint64_t replaces,
                struct att_span body, int64_t now_unix_s, struct att_err *err)
{
    const struct store_doc doc = {
        .tenant = STORE_TENANT_SITE, .kind = kind, .id = id, .changed_unix_s = now_unix_s, .body = body
    };

    return store_doc_put(tx, &doc, replaces, err);
}

static bool claim_put(struct supply *s, struct store_tx *tx, const char *id, uint64_t replaces,
                      struct att_err *err)
{
    char body[48];
    int64_t now = supply_now_s(s);

    (void)snprintf(body, sizeof body, "{\"until\":%lld}", (long long)(now + SUPPLY_CLAIM_S));
    return put(tx, KIND_CLAIM, id, replaces, att_str(body), now, err);
}

/* Somebody else's, and not over. One that reaches further than any claim does is none: a clock was wrong. */
static bool claimed(struct supply *s, struct att_arena *a, const struct store_doc *claim)
{
    int64_t now = supply_now_s(s), until = 0;

    return number_decode(a, claim->body, "until", INT64_MAX, &until) && until > now &&
           until <= now + SUPPLY_CLAIM_S;
}

static bool claim_in(struct supply *s, struct store_tx *tx, struct att_arena *a, struct supply_entry *e,
                     enum supply_claim *ret, struct att_err *err)
{
    struct store_doc row, claim;
    bool found = false, found_claim = false;

    if (!get(tx, a, kind_of(e), e->id, &row, &found, err) ||
        !get(tx, a, KIND_CLAIM, e->id, &claim, &found_claim, err))
        return false;
    if (found && row.version != e->row_version) {
        adopt(s, a, e, &row);
        supply_lock(s);
        bool fresh = supply_usable(s, e, supply_now_s(s)) && supply_due_ms(s, e) > supply_now_ms(s);
        supply_unlock(s);
        if (fresh) {
            *ret = SUPPLY_CLAIM_ADOPTED;
            return true;
        }
    }
    if (found_claim && claimed(s, a, &claim)) {
        *ret = SUPPLY_CLAIM_OTHERS;
        return true;
    }
    *ret = SUPPLY_CLAIM_MINE;
    /* VCEKs are asked for by whoever sends evidence, of chips that there are or not: each claim is a write that every replica
     * sees and reads its site again for. To ask twice for one that two replicas lack at once is cheaper. */
    return e->what.kind == ATT_ITEM_VCEK || claim_put(s, tx, e->id, found_claim ? claim.version : 0, err);
}

enum supply_claim supply_rows_claim(struct supply *s, struct supply_entry *e)
{
    ATT_AUTO(supply_arena_auto) struct att_arena *arena = NULL;
    enum supply_claim ret = SUPPLY_CLAIM_MINE;
    struct store_tx *tx = NULL;
    struct att_err err = { 0 };

    if (!s->options.store || s->store_ailing) /* the next poll finds out whether it is well again */
        return SUPPLY_CLAIM_MINE;
    arena = att_arena_new(SUPPLY_ARENA_BYTES);
    if (!arena || !store_begin(s->options.store, &tx, &err)) {
        store_failed(s, &err);
        return SUPPLY_CLAIM_MINE;
    }
    bool ok = claim_in(s, tx, arena, e, &ret, &err);
    if (ok && ret == SUPPLY_CLAIM_MINE)
        ok = store_commit(tx, &err);
    else
        store_rollback(tx);
    if (!ok) {
        store_failed(s, &err);
        return SUPPLY_CLAIM_MINE;
    }
    return ret;
}

/* In one transaction with the item: a floor is never behind what was once used. */
static bool floor_put(struct supply *s, struct store_tx *tx, struct att_arena *a,
                      const struct supply_entry *e, struct att_err *err)
{
    char id[FLOOR_ID_SIZE], body[48];
    char hex[2 * sizeof e->what.fmspc + 1];
    struct store_doc row;
    bool found = false;
    int64_t stored = 0;

    if (e->what.kind != ATT_ITEM_TCB_INFO || e->what.set != ATT_SET_CURRENT)
        return true;
    att_hex_text(hex, att_span_of(e->what.fmspc, sizeof e->what.fmspc));
    (void)snprintf(id, sizeof id, "%s/%s", e->what.tee == ATT_TEE_TDX ? "tdx" : "sgx", hex);
    if (!get(tx, a, KIND_FLOOR, id, &row, &found, err))
        return false;
    uint32_t floor = supply_floor_of(s, &e->what);
    if (found && number_decode(a, row.body, "number", UINT32_MAX, &stored) && stored >= floor)
        return true;
    (void)snprintf(body, sizeof body, "{\"number\":%u}", floor);
    return put(tx, KIND_FLOOR, id, found ? row.version : 0, att_str(body), supply_now_s(s), err);
}

static bool claim_end(struct store_tx *tx, struct att_arena *a, const char *id, struct att_err *err)
{
    struct store_doc claim;
    bool found = false;

    return get(tx, a, KIND_CLAIM, id, &claim, &found, err) &&
           (!found || store_doc_delete(tx, STORE_TENANT_SITE, KIND_CLAIM, id, claim.version, err));
}

/* Ours replaces the row, unless another replica was faster and has a better one: then that is ours. */
static bool save_in(struct supply *s, struct store_tx *tx, struct att_arena *a, struct supply_entry *e,
                    struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf body = { .max = STORE_BODY_BYTES_MAX };
    struct store_doc row;
    bool found = false;

    if (!get(tx, a, kind_of(e), e->id, &row, &found, err))
        return false;
    if (found && row.version != e->row_version)
        adopt(s, a, e, &row); /* the better one of the two is held now */
    if (!item_encode(e, &body, err) ||
        !put(tx, kind_of(e), e->id, found ? row.version : 0, att_buf_span(&body), supply_now_s(s), err) ||
        !floor_put(s, tx, a, e, err) || !claim_end(tx, a, e->id, err))
        return false;
    e->row_version = found ? row.version + 1 : 1;
    return true;
}

void supply_rows_save(struct supply *s, struct supply_entry *e)
{
    ATT_AUTO(supply_arena_auto) struct att_arena *arena = NULL;
    struct store_tx *tx = NULL;
    struct att_err err = { 0 };

    if (!s->options.store || s->store_ailing)
        return;
    arena = att_arena_new(SUPPLY_ARENA_BYTES);
    if (!arena || !store_begin(s->options.store, &tx, &err)) {
        store_failed(s, &err);
        return;
    }
    uint64_t version = e->row_version;
    bool ok = save_in(s, tx, arena, e, &err);
    if (ok) {
        ok = store_commit(tx, &err);
    } else {
        store_rollback(tx);
    }
    if (!ok) {
        e->row_version = version;
        store_failed(s, &err);
        return;
    }
    e->unsaved = false;
}

/* Deletes the row, if there is one. */
static void forget(struct supply *s, const char *kind, const char *id)
{
    ATT_AUTO(supply_arena_auto) struct att_arena *arena = NULL;
    struct store_tx *tx = NULL;
    struct att_err err = { 0 };
    struct store_doc row;
    bool found = false;

    if (!s->options.store || s->store_ailing)
        return;
    arena = att_arena_new(SUPPLY_ARENA_BYTES);
    if (!arena || !store_begin(s->options.store, &tx, &err)) {
        store_failed(s, &err);
        return;
    }
    bool ok = get(tx, arena, kind, id, &row, &found, &err) &&
              (!found || store_doc_delete(tx, STORE_TENANT_SITE, kind, id, row.version, &err));
    if (ok && found)
        ok = store_commit(tx, &err);
    else
        store_rollback(tx);
    if (!ok)
        store_failed(s, &err);
}

void supply_rows_forget(struct supply *s, const char *id)
{
    forget(s, KIND_VCEK, id);
}

void supply_rows_release(struct supply *s, const char *id)
{
    forget(s, KIND_CLAIM, id);
}
