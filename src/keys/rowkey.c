#include "keys/rowkey.h"

#include "base/auto.h"
#include "base/base64.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/secret.h"
#include "codec/json.h"

enum { WORK_BYTES = 4 << 20 };

static const char where_row[] = "store." ROWKEY_KIND;

ATT_AUTO_PTR(arena_auto, struct att_arena, att_arena_free)

static bool decode(struct att_arena *arena, struct att_span body, struct att_span *ret, struct att_err *err)
{
    struct att_json j;
    struct att_span text = { 0 };

    return (att_json_parse(arena, body, NULL, &j, err) &&
            att_json_want_string(&j, arena, ATT_JSON_ROOT, where_row, "sealed", &text, err) &&
            att_base64_decode(arena, ATT_BASE64_STRICT, text, where_row, ret, err) &&
            (j.nodes[ATT_JSON_ROOT].count == 1 ||
             att_fail(err, ATT_STORE_FAILED, where_row, "the one member of such a row", "others")) &&
            (ret->len > 0 || att_fail(err, ATT_STORE_FAILED, where_row, "a sealed key", "nothing"))) ||
           att_fail_as(err, ATT_STORE_FAILED, "");
}

bool rowkey_read(struct store_tx *tx, struct signer *signer, uint8_t ret[SIGNER_SHARED_BYTES],
                 bool *ret_there, struct att_err *err)
{
    ATT_AUTO(arena_auto) struct att_arena *work = att_arena_new(WORK_BYTES);
    struct att_span sealed = { 0 }, same = { 0 };
    struct store_doc doc = { 0 };

    if (!work)
        return att_fail_memory(err, where_row);
    if (!store_doc_get(tx, work, STORE_TENANT_SITE, ROWKEY_KIND, ROWKEY_ID, &doc, ret_there, err))
        return false;
    if (!*ret_there)
        return true;
    if (!decode(work, doc.body, &sealed, err))
        return false;
    if (signer_share(signer, SIGNER_SHARED_ROWS, sealed, work, ret, &same, err))
        return true;
    return err && err->code == ATT_SEAL_INVALID ? att_fail_as(err, ATT_SEAL_INVALID, where_row) : false;
}

/* The body of the row, and the row. */
static bool put(struct store_tx *tx, struct att_span sealed, int64_t now_unix_s, uint64_t replaces,
                struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf text = { 0 }, body = { 0 };
    struct att_json_writer w = { .out = &body };

    att_base64url_put(&text, sealed);
    att_jw_object(&w);
    att_jw_key(&w, "sealed");
    att_jw_string(&w, att_buf_span(&text));
    att_jw_end_object(&w);
    if (text.failed || body.failed)
        return att_fail_memory(err, where_row);
    const struct store_doc doc = { .tenant = STORE_TENANT_SITE,
                                   .kind = ROWKEY_KIND,
                                   .id = ROWKEY_ID,
                                   .changed_unix_s = now_unix_s,
                                   .body = att_buf_span(&body) };
    return store_doc_put(tx, &doc, replaces, err);
}

/* A seal that does not open again would be the end of every sealed row. */
static bool opens_again(struct signer *signer, struct att_span sealed, const uint8_t *key,
                        struct att_arena *work, struct att_err *err)
{
    uint8_t again[SIGNER_SHARED_BYTES] = { 0 };
    struct att_span kept = { 0 };

    bool ok = signer_share(signer, SIGNER_SHARED_ROWS, sealed, work, again, &kept, err);
    bool same = ok && att_span_eq(kept, sealed) &&
                att_secret_eq(att_span_of(again, sizeof again), att_span_of(key, sizeof again));
    att_wipe(again, sizeof again);
    if (!ok)
        return false;
    return same || att_fail(err, ATT_SEAL_INVALID, where_row, "the key that was sealed", "another");
}

bool rowkey_rewrap(struct store_tx *tx, struct signer *signer, int64_t now_unix_s, bool *ret_there,
                   bool *ret_changed, struct att_err *err)
{
    ATT_AUTO(arena_auto) struct att_arena *work = att_arena_new(WORK_BYTES);
    struct att_span sealed = { 0 }, fresh = { 0 };
    uint8_t key[SIGNER_SHARED_BYTES] = { 0 };
    struct store_doc doc = { 0 };

    *ret_changed = false;
    if (!work)
        return att_fail_memory(err, where_row);
    if (!store_doc_get(tx, work, STORE_TENANT_SITE, ROWKEY_KIND, ROWKEY_ID, &doc, ret_there, err))
        return false;
    if (!*ret_there)
        return true;
    bool ok = decode(work, doc.body, &sealed, err) &&
              signer_share(signer, SIGNER_SHARED_ROWS, sealed, work, key, &fresh, err);
    *ret_changed = ok && !att_span_eq(sealed, fresh);
    ok = ok && (!*ret_changed || opens_again(signer, fresh, key, work, err));
    att_wipe(key, sizeof key);
    if (!ok)
        return false;
    return !*ret_changed || put(tx, fresh, now_unix_s, doc.version, err);
}

bool rowkey_make(struct store_tx *tx, struct signer *signer, int64_t now_unix_s,
                 uint8_t ret[SIGNER_SHARED_BYTES], struct att_err *err)
{
    ATT_AUTO(arena_auto) struct att_arena *work = att_arena_new(WORK_BYTES);
    struct att_span sealed = { 0 };

    if (!work)
        return att_fail_memory(err, where_row);
    if (!signer_share(signer, SIGNER_SHARED_ROWS, (struct att_span){ 0 }, work, ret, &sealed, err))
        return false;
    return put(tx, sealed, now_unix_s, 0, err);
}

static bool any_row(void *ctx, const struct store_doc *doc, struct att_err *err)
{
    (void)doc;
    (void)err;
    *(bool *)ctx = true;
    return true;
}

/* Before the first signing key nothing was ever put here by anybody. */
static bool is_fresh(struct store *store, bool *ret, struct att_err *err)
{
    bool any = false;

    if (!store_scan(store, "signing-key", any_row, &any, err) ||
        !store_scan(store, "policy", any_row, &any, err))
        return false;
    *ret = !any;
    return true;
}

bool rowkey_open(struct store *store, struct signer *signer, int64_t now_unix_s,
                 uint8_t ret[SIGNER_SHARED_BYTES], bool *ret_there, struct att_err *err)
{
    struct store_tx *tx = NULL;
    bool there = false, fresh = false;

    if (!store_begin(store, &tx, err))
        return false;
    bool ok = rowkey_read(tx, signer, ret, &there, err) && (there || is_fresh(store, &fresh, err)) &&
              (there || !fresh || rowkey_make(tx, signer, now_unix_s, ret, err));
    if (!ok || there || !fresh) {
        store_rollback(tx);
        *ret_there = there;
        return ok;
    }
    *ret_there = true;
    return store_commit(tx, err);
}
