#include "keys/keyrow.h"

#include <attest/jwks.h>

#include "base/auto.h"
#include "base/base64.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/hex.h"
#include "codec/json.h"

#include <stdio.h>

enum { MEMBERS = 6, KID_DIGEST_BYTES = 32 };

static const char where_row[] = "store.signing-key";

ATT_AUTO_PTR(arena_auto, struct att_arena, att_arena_free)

bool keyrow_purpose_check(const char *purpose, struct att_err *err)
{
    size_t len = strlen(purpose);

    if (len == 0 || len > KEYROW_PURPOSE_BYTES_MAX || strspn(purpose, "abcdefghijklmnopqrstuvwxyz-") != len)
        return att_fail(err, ATT_INTERNAL, "keyring.purpose", "1 to 32 lower-case letters and hyphens",
                        "%zu bytes", len);
    return true;
}

bool keyrow_is_of(const struct store_doc *doc, const char *purpose)
{
    size_t len = strlen(purpose);

    return strcmp(doc->tenant, STORE_TENANT_SITE) == 0 && strncmp(doc->id, purpose, len) == 0 &&
           doc->id[len] == '/';
}

static bool id_of(const char *purpose, const char *kid, char ret[KEYROW_ID_SIZE], struct att_err *err)
{
    ATT_AUTO(arena_auto) struct att_arena *work = att_arena_new(1024);
    char hex[2 * KID_DIGEST_BYTES + 1];
    struct att_span digest = { 0 };

    if (!work)
        return att_fail_memory(err, where_row);
    if (!att_base64_decode(work, ATT_BASE64_STANDARD, att_str(kid), where_row, &digest, err))
        return false;
    if (digest.len != KID_DIGEST_BYTES)
        return att_fail(err, ATT_STORE_FAILED, where_row, "a kid of 32 bytes", "%zu bytes", digest.len);
    att_hex_text(hex, digest);
    (void)snprintf(ret, KEYROW_ID_SIZE, "%s/%s", purpose, hex);
    return true;
}

static void put_bytes(struct att_json_writer *w, struct att_buf *scratch, const char *name,
                      struct att_span bytes)
{
    att_buf_clear(scratch);
    att_base64url_put(scratch, bytes);
    w->out->failed = w->out->failed || scratch->failed;
    att_jw_key(w, name);
    att_jw_string(w, att_buf_span(scratch));
}

static void put_body(struct att_buf *out, const struct keyrow *row)
{
    ATT_AUTO(att_buf_free) struct att_buf scratch = { 0 };
    struct att_json_writer w = { .out = out };

    att_jw_object(&w);
    att_jw_key(&w, "alg");
    att_jw_str(&w, row->alg);
    att_jw_key(&w, "created");
    att_jw_int(&w, row->activate_unix_s);
    att_jw_key(&w, "kid");
    att_jw_str(&w, row->kid);
    att_jw_key(&w, "purpose");
    att_jw_str(&w, row->purpose);
    put_bytes(&w, &scratch, "sealed", row->sealed);
    put_bytes(&w, &scratch, "spki", row->spki);
    att_jw_end_object(&w);
}

bool keyrow_encode(struct att_arena *arena, const struct keyrow *row, struct store_doc *ret,
                   struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf body = { 0 };
    char id[KEYROW_ID_SIZE];

    if (!keyrow_purpose_check(row->purpose, err) || !id_of(row->purpose, row->kid, id, err))
        return false;
    put_body(&body, row);
    char *kept_id = att_arena_dup(arena, att_str(id));
    char *kept_body = body.failed ? NULL : att_arena_dup(arena, att_buf_span(&body));
    if (!kept_id || !kept_body)
        return att_fail_memory(err, where_row);
    *ret = (struct store_doc){ .tenant = STORE_TENANT_SITE,
                               .kind = KEYROW_KIND,
                               .id = kept_id,
                               .changed_unix_s = row->made_unix_s,
                               .body = att_span_of(kept_body, body.len) };
    return true;
}

/* -- reading ---------------------------------------------------------------------------------------------- */

static bool want_text(const struct att_json *j, struct att_arena *a, const char *name, const char **ret,
                      struct att_err *err)
{
    struct att_span text = { 0 };

    if (!att_json_want_string(j, a, ATT_JSON_ROOT, where_row, name, &text, err))
        return false;
    if (text.len == 0 || memchr(text.ptr, '\0', text.len)) /* a C string would end there */
        return att_fail(err, ATT_STORE_FAILED, where_row, "text", "an empty one, or a NUL in it");
    *ret = att_arena_dup(a, text);
    return *ret || att_fail_memory(err, where_row);
}

static bool want_bytes(const struct att_json *j, struct att_arena *a, const char *name, struct att_span *ret,
                       struct att_err *err)
{
    struct att_span text = { 0 };

    return att_json_want_string(j, a, ATT_JSON_ROOT, where_row, name, &text, err) &&
           att_base64_decode(a, ATT_BASE64_STRICT, text, where_row, ret, err);
}

static bool read_body(struct att_arena *a, struct att_span body, struct keyrow *ret, struct att_err *err)
{
    struct att_json j;
    att_json_id created = ATT_JSON_NONE;

    if (!att_json_parse(a, body, NULL, &j, err) || !want_text(&j, a, "alg", &ret->alg, err) ||
        !want_text(&j, a, "kid", &ret->kid, err) || !want_text(&j, a, "purpose", &ret->purpose, err) ||
        !want_bytes(&j, a, "sealed", &ret->sealed, err) || !want_bytes(&j, a, "spki", &ret->spki, err) ||
        !att_json_want(&j, ATT_JSON_ROOT, where_row, "created", ATT_JSON_NUMBER, &created, err))
        return false;
    if (!att_json_i64(&j, created, &ret->activate_unix_s) || ret->activate_unix_s < 0)
        return att_fail(err, ATT_STORE_FAILED, "store.signing-key.created", "seconds since 1970",
                        "another number");
    if (j.nodes[ATT_JSON_ROOT].count != MEMBERS)
        return att_fail(err, ATT_STORE_FAILED, where_row, "the six members of a key", "%u members",
                        (unsigned)j.nodes[ATT_JSON_ROOT].count);
    return true;
}

/* The names that the row has, three times over: in its id, in its body, and by its public key. */
static bool names_agree(const struct store_doc *doc, const struct keyrow *row, struct att_err *err)
{
    char id[KEYROW_ID_SIZE], kid[ATT_KID_SIZE];

    if (!keyrow_is_of(doc, row->purpose))
        return att_fail(err, ATT_STORE_FAILED, "store.signing-key.purpose", "the purpose that its id has",
                        "another");
    if (!keyrow_purpose_check(row->purpose, err) || !att_kid_of_spki(row->spki, kid, err))
        return false;
    if (strcmp(kid, row->kid) != 0)
        return att_fail(err, ATT_STORE_FAILED, "store.signing-key.kid", "the name of the key",
                        "another name");
    if (!id_of(row->purpose, kid, id, err))
        return false;
    return strcmp(id, doc->id) == 0 || att_fail(err, ATT_STORE_FAILED, "store.signing-key.id",
                                                "the id that purpose and kid make", "another");
}

/* When it was made is for people: a row that was rewritten by hand may say anything, but not a time behind its use. */
static int64_t made_of(const struct store_doc *doc, const struct keyrow *row)
{
    bool sensible = doc->changed_unix_s > 0 && doc->changed_unix_s < row->activate_unix_s;

    return sensible ? doc->changed_unix_s : row->activate_unix_s;
}

bool keyrow_decode(struct att_arena *arena, const struct store_doc *doc, struct keyrow *ret,
                   struct att_err *err)
{
    struct keyrow row = { 0 };

    if (!read_body(arena, doc->body, &row, err) || !names_agree(doc, &row, err))
        return att_fail_as(err, ATT_STORE_FAILED, "");
    row.id = att_arena_dup(arena, att_str(doc->id));
    if (!row.id)
        return att_fail_memory(err, where_row);
    row.version = doc->version;
    row.made_unix_s = made_of(doc, &row);
    *ret = row;
    return true;
}

struct signer_key keyrow_key(const struct keyrow *row)
{
    return (struct signer_key){
        .purpose = row->purpose, .kid = row->kid, .alg = row->alg, .spki = row->spki, .sealed = row->sealed
    };
}

/* -- all of a purpose ------------------------------------------------------------------------------------- */

struct reading {
    const char *purpose;
    struct att_arena *arena;
    struct keyrows *rows;
    size_t *bad;
    struct att_err *why;
};

static bool take(void *ctx, const struct store_doc *doc, struct att_err *err)
{
    struct reading *r = ctx;
    struct att_err why = { 0 };

    if (!keyrow_is_of(doc, r->purpose))
        return true;
    if (r->rows->count == KEYSET_KEYS_MAX)
        return att_fail(err, ATT_LIMIT_EXCEEDED, where_row, "at most 256 keys of a purpose", "more");
    if (keyrow_decode(r->arena, doc, &r->rows->row[r->rows->count], &why)) {
        r->rows->count++;
        return true;
    }
    if (!r->bad || why.code == ATT_OUT_OF_MEMORY) {
        *err = why;
        return false;
    }
    if ((*r->bad)++ == 0)
        *r->why = why;
    return true;
}

bool keyrows_read(struct store *store, const char *purpose, struct att_arena *arena, struct keyrows *ret,
                  size_t *bad, struct att_err *ret_why, struct att_err *err)
{
    struct reading r = { .purpose = purpose, .arena = arena, .rows = ret, .bad = bad, .why = ret_why };

    ret->count = 0;
    return store_scan(store, KEYROW_KIND, take, &r, err);
}

const struct keyrow *keyrows_find(const struct keyrows *rows, const char *kid)
{
    for (size_t i = 0; i < rows->count; i++) {
        if (strcmp(rows->row[i].kid, kid) == 0)
            return &rows->row[i];
    }
    return NULL;
}
