#include "service/keyrow.h"

#include <attest/jwks.h>
#include <attest/seal.h>

#include "base/auto.h"
#include "base/base64.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/hex.h"
#include "codec/json.h"

#include <stdio.h>

enum { LABEL_SIZE = 128, MEMBERS = 6, KID_DIGEST_BYTES = 32 };

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

static struct att_span label_of(char room[LABEL_SIZE], const char *purpose, const char *kid)
{
    (void)snprintf(room, LABEL_SIZE, "signing-key:%s:%s", purpose, kid);
    return att_str(room);
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

static void put_body(struct att_buf *out, const char *purpose, const struct keyrow *key,
                     struct att_span sealed)
{
    ATT_AUTO(att_buf_free) struct att_buf scratch = { 0 };
    struct att_json_writer w = { .out = out };

    att_jw_object(&w);
    att_jw_key(&w, "alg");
    att_jw_str(&w, key->alg);
    att_jw_key(&w, "created");
    att_jw_int(&w, key->created_unix_s);
    att_jw_key(&w, "kid");
    att_jw_str(&w, key->kid);
    att_jw_key(&w, "purpose");
    att_jw_str(&w, purpose);
    put_bytes(&w, &scratch, "sealed", sealed);
    put_bytes(&w, &scratch, "spki", key->spki);
    att_jw_end_object(&w);
}

bool keyrow_encode(struct att_arena *arena, const uint8_t *kek, const char *purpose, const struct keyrow *key,
                   struct store_doc *ret, struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf body = { 0 };
    char id[KEYROW_ID_SIZE], label[LABEL_SIZE];
    struct att_span sealed = { 0 };

    if (!id_of(purpose, key->kid, id, err) ||
        !att_seal(arena, kek, label_of(label, purpose, key->kid), key->pkcs8, &sealed, err))
        return false;
    put_body(&body, purpose, key, sealed);
    char *kept_id = att_arena_dup(arena, att_str(id));
    char *kept_body = body.failed ? NULL : att_arena_dup(arena, att_buf_span(&body));
    if (!kept_id || !kept_body)
        return att_fail_memory(err, where_row);
    *ret = (struct store_doc){ .tenant = STORE_TENANT_SITE,
                               .kind = KEYROW_KIND,
                               .id = kept_id,
                               .changed_unix_s = key->created_unix_s,
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

static bool read_body(struct att_arena *a, struct att_span body, const char **ret_purpose,
                      struct att_span *ret_sealed, struct keyrow *ret, struct att_err *err)
{
    struct att_json j;
    att_json_id created = ATT_JSON_NONE;

    if (!att_json_parse(a, body, NULL, &j, err) || !want_text(&j, a, "alg", &ret->alg, err) ||
        !want_text(&j, a, "kid", &ret->kid, err) || !want_text(&j, a, "purpose", ret_purpose, err) ||
        !want_bytes(&j, a, "sealed", ret_sealed, err) || !want_bytes(&j, a, "spki", &ret->spki, err) ||
        !att_json_want(&j, ATT_JSON_ROOT, where_row, "created", ATT_JSON_NUMBER, &created, err))
        return false;
    if (!att_json_i64(&j, created, &ret->created_unix_s) || ret->created_unix_s < 0)
        return att_fail(err, ATT_STORE_FAILED, "store.signing-key.created", "seconds since 1970",
                        "another number");
    if (j.nodes[ATT_JSON_ROOT].count != MEMBERS)
        return att_fail(err, ATT_STORE_FAILED, where_row, "the six members of a key", "%u members",
                        (unsigned)j.nodes[ATT_JSON_ROOT].count);
    return true;
}

/* The names that the row has, three times over: in its id, in its body, and by its public key. */
static bool names_agree(const struct store_doc *doc, const char *purpose, const char *row_purpose,
                        const struct keyrow *row, struct att_err *err)
{
    char id[KEYROW_ID_SIZE], kid[ATT_KID_SIZE];

    if (strcmp(row_purpose, purpose) != 0)
        return att_fail(err, ATT_STORE_FAILED, "store.signing-key.purpose", purpose, "another");
    if (!att_kid_of_spki(row->spki, kid, err))
        return false;
    if (strcmp(kid, row->kid) != 0)
        return att_fail(err, ATT_STORE_FAILED, "store.signing-key.kid", "the name of the key",
                        "another name");
    if (!id_of(purpose, kid, id, err))
        return false;
    return strcmp(id, doc->id) == 0 || att_fail(err, ATT_STORE_FAILED, "store.signing-key.id",
                                                "the id that purpose and kid make", "another");
}

bool keyrow_decode(struct att_arena *arena, const uint8_t *kek, const char *purpose,
                   const struct store_doc *doc, struct keyrow *ret, struct att_err *err)
{
    struct keyrow row = { 0 };
    const char *row_purpose = NULL;
    struct att_span sealed = { 0 };
    char label[LABEL_SIZE];

    if (!read_body(arena, doc->body, &row_purpose, &sealed, &row, err))
        return att_fail_as(err, ATT_STORE_FAILED, "");
    /* The seal first: with another key-encryption key nothing else of the row can be judged. */
    if (!att_unseal(arena, kek, label_of(label, purpose, row.kid), sealed, &row.pkcs8, err))
        return att_fail_as(err, ATT_SEAL_INVALID, where_row);
    struct signer_keypair pair = { .pkcs8 = row.pkcs8, .spki = row.spki };
    if (!signer_keypair_fits(&pair, err) || !names_agree(doc, purpose, row_purpose, &row, err))
        return att_fail_as(err, ATT_STORE_FAILED, "");
    *ret = row;
    return true;
}
