/* A key set as it was published, cut into its keys. */
#include "access/internal.h"

#include "base/auto.h"
#include "base/buf.h"
#include "base/err.h"
#include "codec/json.h"

#include <stdlib.h>

ATT_AUTO_PTR(arena_auto, struct att_arena, att_arena_free)
ATT_AUTO_PTR(keys_auto, struct access_keys, access_keys_unref)

/* Room for the text twice and the table of keys. */
enum { KEYS_ARENA_BYTES = 3 * ACCESS_DOCUMENT_BYTES_MAX };

struct access_keys *access_keys_ref(struct access_keys *k)
{
    if (k)
        atomic_fetch_add(&k->refs, 1);
    return k;
}

void access_keys_unref(struct access_keys *k)
{
    if (!k || atomic_fetch_sub(&k->refs, 1) != 1)
        return;
    att_arena_free(k->arena);
    free(k);
}

/* Anything that is no JWK object with a textual kid keeps its place without a name, so that a set of one key stays one
 * of one key, and is refused by whoever reads it. */
static bool cut(struct access_keys *k, const struct att_json *doc, att_json_id id, struct att_err *err)
{
    struct access_key *key = &k->keys[k->count];
    att_json_id kid = att_json_get(doc, id, "kid");
    struct att_span name = { 0 };

    key->json = att_json_source(doc, id);
    if (att_json_type(doc, kid) == ATT_JSON_STRING) {
        if (!att_json_string(doc, k->arena, kid, &name))
            return att_fail_memory(err, "jwks");
        key->has_kid = true;
        key->kid = name;
    }
    k->count++;
    return true;
}

/* The array of keys, or one key alone. */
static bool list_of(const struct att_json *doc, att_json_id *ret_first, size_t *ret_count,
                    struct att_err *err)
{
    att_json_id keys = att_json_get(doc, ATT_JSON_ROOT, "keys");
    bool alone = att_json_get(doc, ATT_JSON_ROOT, "kty") != ATT_JSON_NONE;

    if (alone == (keys != ATT_JSON_NONE))
        return att_fail(err, ATT_TOKEN_KEYS_INVALID, "jwks",
                        "an object with the member keys, or one key alone", alone ? "both" : "neither");
    if (!alone && att_json_type(doc, keys) != ATT_JSON_ARRAY)
        return att_fail(err, ATT_TOKEN_KEYS_INVALID, "jwks.keys", "an array", "another JSON value");
    *ret_first = alone ? ATT_JSON_ROOT : att_json_first(doc, keys);
    *ret_count = alone ? 1 : doc->nodes[keys].count;
    return true;
}

static bool cut_all(struct access_keys *k, struct att_err *err)
{
    ATT_AUTO(arena_auto) struct att_arena *scratch = att_arena_new(ACCESS_DOCUMENT_ARENA_BYTES);
    att_json_id at = ATT_JSON_NONE;
    struct att_json doc;
    size_t count = 0;

    if (!scratch)
        return att_fail_memory(err, "jwks");
    if (!att_json_parse(scratch, k->json, NULL, &doc, err))
        return att_fail_as(err, ATT_TOKEN_KEYS_INVALID, "jwks");
    if (!list_of(&doc, &at, &count, err))
        return false;
    if (count > ACCESS_KEYS_MAX)
        return att_fail(err, ATT_TOKEN_KEYS_INVALID, "jwks.keys", "at most 128 keys", "%zu", count);
    k->keys = att_arena_alloc(k->arena, count ? count : 1, sizeof *k->keys);
    if (!k->keys)
        return att_fail_memory(err, "jwks");
    for (size_t i = 0; i < count; i++) {
        if (!cut(k, &doc, at, err))
            return false;
        at = att_json_next(&doc, at);
    }
    return true;
}

bool access_keys_new(struct att_span json, struct access_keys **ret, struct att_err *err)
{
    if (json.len > ACCESS_DOCUMENT_BYTES_MAX)
        return att_fail(err, ATT_TOKEN_KEYS_INVALID, "jwks", "at most 256 KiB", "%zu bytes", json.len);
    ATT_AUTO(keys_auto) struct access_keys *k = calloc(1, sizeof *k);
    if (!k)
        return att_fail_memory(err, "jwks");
    atomic_init(&k->refs, 1);
    k->arena = att_arena_new(KEYS_ARENA_BYTES);
    const char *copy = k->arena ? att_arena_dup(k->arena, json) : NULL;
    if (!copy)
        return att_fail_memory(err, "jwks");
    k->json = att_span_of(copy, json.len);
    if (!cut_all(k, err))
        return false;
    *ret = ATT_MOVE(k);
    return true;
}

/* The library's reader takes any key when it is the only one and either side has no name. */
static bool nameless(const struct access_keys *k, struct att_span kid)
{
    return k->count == 1 && (kid.len == 0 || !k->keys[0].has_kid);
}

bool access_keys_for(const struct access_keys *k, struct att_arena *a, struct att_span kid, bool *ret_found,
                     struct att_span *ret_json, struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf out = { 0 };
    size_t found = 0;

    att_buf_puts(&out, "{\"keys\":[");
    for (size_t i = 0; i < k->count; i++) {
        bool named = kid.len > 0 && k->keys[i].has_kid && att_span_eq(k->keys[i].kid, kid);
        if (!named && !nameless(k, kid))
            continue;
        att_buf_puts(&out, found++ > 0 ? "," : "");
        att_buf_put(&out, k->keys[i].json);
    }
    att_buf_puts(&out, "]}");
    const char *copy = out.failed ? NULL : att_arena_dup(a, att_buf_span(&out));
    if (!copy)
        return att_fail_memory(err, "jwks");
    *ret_found = found > 0;
    *ret_json = att_span_of(copy, out.len);
    return true;
}
