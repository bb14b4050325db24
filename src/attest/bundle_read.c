/* A file of collateral, read: who signed it, then what is in it. One spelling is taken, the one that bundle_write.c writes, so
 * nothing can stand in a file that nobody looks at. */
#include "attest/bundle_parts.h"
#include "base/auto.h"
#include "base/base64.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/hex.h"
#include "jose/jws.h"

#include <stdio.h>

ATT_AUTO_PTR(crypto_auto, struct att_crypto, att_crypto_free)

enum { NODES_PER_ITEM = 4, NODES_BESIDE = 16, WHERE_BYTES = 64, RSA_BITS_MIN = 2048 };

struct reading {
    struct att_crypto *crypto;
    struct att_arena *arena;
    struct att_limits limits; /* of the file, not of what is in it */
    size_t body_bytes_max;
    size_t chain_bytes_max;
    struct att_err *err;
};

const char *att_bundle_tee_name(enum att_tee tee)
{
    return tee == ATT_TEE_TDX ? "tdx" : "sgx";
}

int att_bundle_floor_order(const struct att_tcb_floor *a, const struct att_tcb_floor *b)
{
    int by_tee = strcmp(att_bundle_tee_name(a->tee), att_bundle_tee_name(b->tee));

    return by_tee ? by_tee : memcmp(a->fmspc, b->fmspc, sizeof a->fmspc);
}

static bool invalid(struct att_err *err, const char *where, const char *expected, const char *found)
{
    return att_fail(err, ATT_COLLATERAL_BUNDLE_INVALID, where, expected, "%s", found);
}

bool att_bundle_typ(struct att_arena *arena, const struct att_json *header, struct att_err *err)
{
    struct att_span typ;

    if (!att_json_want_string(header, arena, ATT_JSON_ROOT, "", "typ", &typ, err))
        return att_fail_as(err, ATT_COLLATERAL_BUNDLE_INVALID, ATT_BUNDLE_WHERE ".header");
    if (!att_span_is(typ, ATT_BUNDLE_TYP))
        return invalid(err, ATT_BUNDLE_WHERE ".header.typ", ATT_BUNDLE_TYP,
                       att_shown(&(struct att_shown){ 0 }, typ));
    return true;
}

/* -- who ------------------------------------------------------------------------------------------------------- */

/* The key that the header shows, in one of two ways. It is trusted only if it stands in the caller's set, too. */
static bool shown_key(const struct reading *r, const struct att_json *header, struct att_key **ret)
{
    static const char where[] = ATT_BUNDLE_WHERE ".header";
    att_json_id jwk_at = att_json_get(header, ATT_JSON_ROOT, "jwk");
    att_json_id x5c_at = att_json_get(header, ATT_JSON_ROOT, "x5c");
    ATT_AUTO(att_jwk_free) struct att_jwk jwk = { 0 };

    if ((jwk_at == ATT_JSON_NONE) == (x5c_at == ATT_JSON_NONE))
        return invalid(r->err, where, "either jwk or x5c", jwk_at == ATT_JSON_NONE ? "neither" : "both");
    if (x5c_at != ATT_JSON_NONE)
        return att_jwk_x5c_key(r->crypto, r->arena, &r->limits, header, x5c_at, where, ret, r->err);
    if (!att_jwk_read(r->crypto, r->arena, &r->limits, header, jwk_at, where, &jwk, r->err))
        return false;
    *ret = ATT_MOVE(jwk.key);
    return true;
}

static void key_drop(struct att_key **k)
{
    att_key_free(*k);
}

static bool signed_by_trusted(const struct reading *r, const struct att_jws *jws,
                              const struct att_jwk_set *trusted)
{
    ATT_AUTO(key_drop) struct att_key *key = NULL;
    struct att_jws_rules rules = { .rsa_bits_min = RSA_BITS_MIN };

    if (!att_alg_set("RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512", &rules.algs, r->err) ||
        !att_jws_alg_allowed(jws, &rules, r->err) || !att_bundle_typ(r->arena, &jws->members, r->err) ||
        !shown_key(r, &jws->members, &key))
        return false;
    for (size_t i = 0; i < trusted->count; i++)
        if (trusted->keys[i].key && att_jwk_same_key(trusted->keys[i].key, key))
            return att_jws_verify(r->crypto, jws, &trusted->keys[i], &rules, r->err);
    return att_fail(r->err, ATT_TOKEN_KEY_UNKNOWN, ATT_BUNDLE_WHERE ".header", "a key that is trusted",
                    "another one");
}

static bool authenticated(const struct reading *r, struct att_span trusted_jwks, const struct att_jws *jws)
{
    ATT_AUTO(att_jwk_set_free) struct att_jwk_set trusted = { 0 };

    return att_jwk_set_read(r->crypto, r->arena, &r->limits, trusted_jwks, &trusted, r->err) &&
           signed_by_trusted(r, jws, &trusted);
}

/* -- what ------------------------------------------------------------------------------------------------------ */

static bool item_read(const struct reading *r, const struct att_json *j, att_json_id id, const char *where,
                      struct att_collateral_item *ret)
{
    struct att_span name, body;

    if (!att_json_want_string(j, r->arena, id, where, "id", &name, r->err) ||
        !att_json_want_string(j, r->arena, id, where, "body", &body, r->err) ||
        !att_json_want_string(j, r->arena, id, where, "chain", &ret->chain, r->err) ||
        !att_base64_decode(r->arena, ATT_BASE64_STRICT, body, where, &ret->body, r->err))
        return false;
    char *text = att_arena_dup(r->arena, name);
    if (!text)
        return att_fail_memory(r->err, where);
    if (j->nodes[id].count != 3 || name.len >= ATT_ITEM_ID_SIZE || memchr(text, 0, name.len))
        return invalid(r->err, where, "body, chain and id", "something else");
    ret->name = text;
    if (ret->body.len == 0 || ret->body.len > r->body_bytes_max || ret->chain.len == 0 ||
        ret->chain.len > r->chain_bytes_max)
        return att_fail(r->err, ATT_LIMIT_EXCEEDED, where, "a body and a chain within their limits",
                        "%zu and %zu bytes", ret->body.len, ret->chain.len);
    return att_item_of_id(text, &ret->what, r->err);
}

static bool items_read(const struct reading *r, const struct att_json *j, struct att_bundle *b)
{
    att_json_id list;
    char where[WHERE_BYTES];

    if (!att_json_want(j, ATT_JSON_ROOT, "", "collateral", ATT_JSON_ARRAY, &list, r->err))
        return false;
    uint32_t count = j->nodes[list].count;
    if (count > ATT_BUNDLE_ITEMS_MAX)
        return att_fail(r->err, ATT_LIMIT_EXCEEDED, "collateral", "at most ATT_BUNDLE_ITEMS_MAX items", "%u",
                        count);
    struct att_collateral_item *items = att_arena_alloc(r->arena, count ? count : 1, sizeof *items);
    if (!items)
        return att_fail_memory(r->err, "collateral");
    b->items = items;
    for (att_json_id id = att_json_first(j, list); id != ATT_JSON_NONE; id = att_json_next(j, id)) {
        struct att_collateral_item *item = &items[b->item_count];
        (void)snprintf(where, sizeof where, "collateral[%zu]", b->item_count);
        if (!item_read(r, j, id, where, item))
            return false;
        if (b->item_count > 0 && strcmp(items[b->item_count - 1].name, item->name) >= 0)
            return invalid(r->err, where, "items in order of their ids, each once", item->name);
        b->item_count++;
    }
    return true;
}

static bool floor_read(const struct reading *r, const struct att_json *j, att_json_id id, const char *where,
                       struct att_tcb_floor *ret)
{
    struct att_span tee;

    if (!att_json_want_string(j, r->arena, id, where, "tee", &tee, r->err) ||
        !att_json_want_hex(j, r->arena, id, where, "fmspc", ret->fmspc, sizeof ret->fmspc, r->err) ||
        !att_json_want_u32(j, id, where, "number", UINT32_MAX, &ret->evaluation_number, r->err))
        return false;
    ret->tee = att_span_is(tee, "tdx") ? ATT_TEE_TDX : ATT_TEE_SGX;
    if (j->nodes[id].count != 3 || !att_span_is(tee, att_bundle_tee_name(ret->tee)) ||
        ret->evaluation_number == 0)
        return invalid(r->err, where, "fmspc, a number above 0, and sgx or tdx", "something else");
    return true;
}

static bool floors_read(const struct reading *r, const struct att_json *j, struct att_bundle *b)
{
    att_json_id list;
    char where[WHERE_BYTES];

    if (!att_json_want(j, ATT_JSON_ROOT, "", "floors", ATT_JSON_ARRAY, &list, r->err))
        return false;
    uint32_t count = j->nodes[list].count;
    if (count > ATT_BUNDLE_ITEMS_MAX)
        return att_fail(r->err, ATT_LIMIT_EXCEEDED, "floors", "at most ATT_BUNDLE_ITEMS_MAX floors", "%u",
                        count);
    struct att_tcb_floor *all = att_arena_alloc(r->arena, count ? count : 1, sizeof *all);
    if (!all)
        return att_fail_memory(r->err, "floors");
    b->floors = all;
    for (att_json_id id = att_json_first(j, list); id != ATT_JSON_NONE; id = att_json_next(j, id)) {
        (void)snprintf(where, sizeof where, "floors[%zu]", b->floor_count);
        if (!floor_read(r, j, id, where, &all[b->floor_count]))
            return false;
        if (b->floor_count > 0 && att_bundle_floor_order(&all[b->floor_count - 1], &all[b->floor_count]) >= 0)
            return invalid(r->err, where, "floors by TEE and FMSPC, each family once", "another order");
        b->floor_count++;
    }
    return true;
}

/* White space, another order of members, an escape that need not be one, a number or digits in another form: all of it would
 * be another file with the same content. What was read is written, so the writer alone says what the one spelling is. */
static bool one_spelling(const struct reading *r, struct att_span payload, const struct att_bundle *b)
{
    ATT_AUTO(att_buf_free) struct att_buf again = { .max = ATT_BUNDLE_BYTES_MAX };

    if (!att_bundle_payload(r->arena, b, &again, r->err))
        return false;
    if (again.failed && again.out_of_memory)
        return att_fail_memory(r->err, "payload");
    return (!again.failed && att_span_eq(att_buf_span(&again), payload)) ||
           invalid(r->err, "payload", "compact JSON with sorted members", "another spelling");
}

static bool content_read(const struct reading *r, struct att_span payload, struct att_bundle *ret)
{
    const struct att_json_options options = { .limits = &r->limits };
    struct att_json j;
    struct att_span format;

    if (!att_json_parse(r->arena, payload, &options, &j, r->err) ||
        !att_json_want_string(&j, r->arena, ATT_JSON_ROOT, "", "format", &format, r->err))
        return false;
    if (!att_span_is(format, ATT_BUNDLE_FORMAT))
        return invalid(r->err, "format", ATT_BUNDLE_FORMAT, att_shown(&(struct att_shown){ 0 }, format));
    if (j.nodes[ATT_JSON_ROOT].count != 4)
        return invalid(r->err, "payload", "collateral, created, floors and format", "other members");
    if (!att_json_i64(&j, att_json_get(&j, ATT_JSON_ROOT, "created"), &ret->created_unix_s) ||
        ret->created_unix_s < 0)
        return invalid(r->err, "created", "seconds since 1970", "something else");
    return items_read(r, &j, ret) && floors_read(r, &j, ret) && one_spelling(r, payload, ret);
}

/* A bundle is far larger than a token or a document: its own limits bound it. */
static struct att_limits file_limits(const struct att_limits *given)
{
    struct att_limits l = *given;

    l.token_bytes_max = ATT_BUNDLE_BYTES_MAX;
    l.json_nodes_max = (size_t)2 * NODES_PER_ITEM * ATT_BUNDLE_ITEMS_MAX + NODES_BESIDE;
    return l;
}

static struct reading reading_of(struct att_crypto *crypto, struct att_arena *arena,
                                 const struct att_limits *limits, struct att_err *err)
{
    const struct att_limits *given = limits ? limits : &att_limits_default;

    return (struct reading){ .crypto = crypto,
                             .arena = arena,
                             .limits = file_limits(given),
                             .body_bytes_max = given->collateral_bytes_max,
                             .chain_bytes_max = given->cert_chain_bytes_max,
                             .err = err };
}

static bool told(const struct att_err *inner, struct att_err *err)
{
    if (err && err->code == ATT_OK)
        *err = *inner;
    return false;
}

bool att_bundle_content(struct att_arena *arena, struct att_span payload, const struct att_limits *limits,
                        struct att_bundle *ret, struct att_err *err)
{
    struct att_err inner = { 0 };
    const struct reading r = reading_of(NULL, arena, limits, &inner);
    struct att_bundle b = { 0 };

    if (!content_read(&r, payload, &b)) {
        if (inner.code != ATT_LIMIT_EXCEEDED)
            (void)att_fail_as(&inner, ATT_COLLATERAL_BUNDLE_INVALID, ATT_BUNDLE_WHERE);
        return told(&inner, err);
    }
    *ret = b;
    return true;
}

bool att_bundle_read(struct att_arena *arena, struct att_span file, struct att_span trusted_jwks,
                     const struct att_limits *limits, struct att_bundle *ret, struct att_err *err)
{
    ATT_AUTO(crypto_auto) struct att_crypto *crypto = att_crypto_new();
    struct att_err inner = { 0 };
    const struct reading r = reading_of(crypto, arena, limits, &inner);
    struct att_jws jws;

    if (!crypto)
        return att_fail(err, ATT_CRYPTO_FAILED, ATT_BUNDLE_WHERE, "a working crypto library", "none");
    if (file.len > ATT_BUNDLE_BYTES_MAX)
        return att_fail(err, ATT_LIMIT_EXCEEDED, ATT_BUNDLE_WHERE, "at most ATT_BUNDLE_BYTES_MAX bytes",
                        "%zu", file.len);
    if (!att_jws_split(arena, file, &r.limits, &jws, &inner) || !authenticated(&r, trusted_jwks, &jws))
        return told(&inner, err);
    return att_bundle_content(arena, jws.payload, limits, ret, err);
}
