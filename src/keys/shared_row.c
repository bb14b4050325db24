#include "keys/shared_row.h"

#include "base/auto.h"
#include "base/base64.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/secret.h"
#include "codec/json.h"

enum { WORK_BYTES = 64 << 10 };

static const char where_row[] = "store.shared-secret";

ATT_AUTO_PTR(arena_auto, struct att_arena, att_arena_free)

static bool encode(struct att_arena *arena, struct att_span sealed, int64_t now_unix_s, struct store_doc *ret,
                   struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf body = { 0 };

    att_buf_puts(&body, "{\"sealed\":\"");
    att_base64url_put(&body, sealed);
    att_buf_puts(&body, "\"}");
    char *kept = body.failed ? NULL : att_arena_dup(arena, att_buf_span(&body));
    if (!kept)
        return att_fail_memory(err, where_row);
    *ret = (struct store_doc){ .tenant = STORE_TENANT_SITE,
                               .kind = SHARED_ROW_KIND,
                               .id = SHARED_ROW_ID,
                               .changed_unix_s = now_unix_s,
                               .body = att_span_of(kept, body.len) };
    return true;
}

static bool decode(struct att_arena *arena, const struct store_doc *doc, struct att_span *ret,
                   struct att_err *err)
{
    struct att_json j;
    struct att_span text = { 0 };

    if (!att_json_parse(arena, doc->body, NULL, &j, err) ||
        !att_json_want_string(&j, arena, ATT_JSON_ROOT, where_row, "sealed", &text, err) ||
        !att_base64_decode(arena, ATT_BASE64_STRICT, text, where_row, ret, err))
        return att_fail_as(err, ATT_STORE_FAILED, "");
    if (j.nodes[ATT_JSON_ROOT].count != 1 || ret->len == 0) /* empty would ask the signer for a new one */
        return att_fail(err, ATT_STORE_FAILED, where_row, "one member, not empty", "another form");
    return true;
}

static bool get(struct store_tx *tx, struct att_arena *arena, struct store_doc *ret, bool *ret_found,
                struct att_err *err)
{
    return store_doc_get(tx, arena, STORE_TENANT_SITE, SHARED_ROW_KIND, SHARED_ROW_ID, ret, ret_found, err);
}

/* Inside of a transaction, so that of replicas which start at the same time one makes it. */
static bool open_or_make(struct store_tx *tx, struct signer *signer, struct att_arena *arena,
                         int64_t now_unix_s, uint8_t ret[SIGNER_SHARED_BYTES], bool *ret_made,
                         struct att_err *err)
{
    struct store_doc doc = { 0 };
    struct att_span sealed = { 0 }, kept = { 0 };
    bool found = false;

    if (!get(tx, arena, &doc, &found, err) || (found && !decode(arena, &doc, &sealed, err)) ||
        !signer_share(signer, SIGNER_SHARED_ROWS, sealed, arena, ret, &kept, err))
        return false;
    *ret_made = !found;
    return found || (encode(arena, kept, now_unix_s, &doc, err) && store_doc_put(tx, &doc, 0, err));
}

bool shared_row_open(struct store *store, struct signer *signer, int64_t now_unix_s,
                     uint8_t ret[SIGNER_SHARED_BYTES], struct att_err *err)
{
    ATT_AUTO(arena_auto) struct att_arena *arena = att_arena_new(WORK_BYTES);
    uint8_t secret[SIGNER_SHARED_BYTES] = { 0 };
    struct store_tx *tx = NULL;
    bool made = false;

    if (!arena)
        return att_fail_memory(err, where_row);
    if (!store_begin(store, &tx, err))
        return false;
    bool ok = open_or_make(tx, signer, arena, now_unix_s, secret, &made, err);
    if (ok && made)
        ok = store_commit(tx, err);
    else
        store_rollback(tx);
    if (ok)
        memcpy(ret, secret, sizeof secret);
    att_wipe(secret, sizeof secret);
    return ok;
}

/* What was sealed anew gives the same secret. */
static bool opens_again(struct signer *signer, struct att_span sealed, const uint8_t *secret,
                        struct att_arena *arena, struct att_err *err)
{
    uint8_t again[SIGNER_SHARED_BYTES] = { 0 };
    struct att_span kept = { 0 };

    bool ok = signer_share(signer, SIGNER_SHARED_ROWS, sealed, arena, again, &kept, err);
    bool same = ok && att_span_eq(kept, sealed) &&
                att_secret_eq(att_span_of(again, sizeof again), att_span_of(secret, sizeof again));
    att_wipe(again, sizeof again);
    if (!ok)
        return false;
    return same || att_fail(err, ATT_SEAL_INVALID, "store.shared-secret.sealed", "the secret it was made of",
                            "another");
}

bool shared_row_reseal(const struct key_change *c, struct signer *signer, bool *ret_found, bool *ret_changed,
                       struct att_err *err)
{
    uint8_t secret[SIGNER_SHARED_BYTES] = { 0 };
    struct store_doc doc = { 0 }, fresh = { 0 };
    struct att_span sealed = { 0 }, kept = { 0 };

    *ret_changed = false;
    if (!get(c->tx, c->arena, &doc, ret_found, err))
        return false;
    if (!*ret_found)
        return true;
    if (!decode(c->arena, &doc, &sealed, err))
        return false;
    bool ok = signer_share(signer, SIGNER_SHARED_ROWS, sealed, c->arena, secret, &kept, err);
    if (ok && !att_span_eq(sealed, kept)) {
        ok = opens_again(signer, kept, secret, c->arena, err) &&
             encode(c->arena, kept, doc.changed_unix_s, &fresh, err) &&
             store_doc_put(c->tx, &fresh, doc.version, err);
        *ret_changed = ok;
    }
    att_wipe(secret, sizeof secret);
    return ok;
}
