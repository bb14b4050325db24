#include "jose/jwk.h"

#include "base/err.h"

#include <stdio.h>

/* A key that cannot be used keeps its kid, so that a token naming it gets the real reason. */
static bool keep_refusal(struct att_arena *a, const struct att_json *doc, att_json_id id,
                         const struct att_err *why, struct att_jwk *ret, struct att_err *err)
{
    struct att_err *kept = att_arena_alloc(a, 1, sizeof *kept);
    att_json_id kid = att_json_get(doc, id, "kid");

    if (!kept)
        return att_fail_memory(err, "jwks");
    *kept = *why;
    *ret = (struct att_jwk){ .refusal = kept };
    if (att_json_type(doc, kid) != ATT_JSON_STRING)
        return true;
    ret->has_kid = att_json_string(doc, a, kid, &ret->kid);
    return ret->has_kid ? true : att_fail_memory(err, "jwks");
}

static bool read_one(const struct att_crypto *c, struct att_arena *a, const struct att_limits *limits,
                     const struct att_json *doc, att_json_id id, struct att_jwk_set *set, struct att_err *err)
{
    struct att_err why = { 0 };
    struct att_jwk *key = &set->keys[set->count];
    char where[32];

    (void)snprintf(where, sizeof where, "jwks.keys[%zu]", set->count);
    if (att_json_type(doc, id) != ATT_JSON_OBJECT)
        return att_fail(err, ATT_TOKEN_KEYS_INVALID, where, "a JSON object", "another JSON value");
    if (!att_jwk_read(c, a, limits, doc, id, where, key, &why)) {
        if (why.code != ATT_TOKEN_KEY_INVALID) { /* memory or the crypto library: no property of the key */
            if (err && err->code == ATT_OK)
                *err = why;
            return false;
        }
        if (!keep_refusal(a, doc, id, &why, key, err))
            return false;
    }
    set->count++;
    return true;
}

static bool read_all(const struct att_crypto *c, struct att_arena *a, const struct att_limits *limits,
                     const struct att_json *doc, att_json_id first, size_t count, struct att_jwk_set *set,
                     struct att_err *err)
{
    if (count == 0 || count > ATT_JWK_SET_MAX)
        return att_fail(err, ATT_TOKEN_KEYS_INVALID, "jwks.keys", "1 to 128 keys", "%zu", count);
    set->keys = att_arena_alloc(a, count, sizeof *set->keys);
    if (!set->keys)
        return att_fail_memory(err, "jwks");
    att_json_id at = first;
    for (size_t i = 0; i < count; i++) {
        if (!read_one(c, a, limits, doc, at, set, err))
            return false;
        at = att_json_next(doc, at);
    }
    return true;
}

bool att_jwk_set_read(const struct att_crypto *c, struct att_arena *a, const struct att_limits *limits,
                      struct att_span json, struct att_jwk_set *ret, struct att_err *err)
{
    const struct att_json_options options = { .limits = limits };
    struct att_jwk_set set = { 0 };
    struct att_json doc;

    if (!att_json_parse(a, json, &options, &doc, err))
        return att_fail_as(err, ATT_TOKEN_KEYS_INVALID, "jwks");
    att_json_id keys = att_json_get(&doc, ATT_JSON_ROOT, "keys");
    bool alone = att_json_get(&doc, ATT_JSON_ROOT, "kty") != ATT_JSON_NONE;
    if (alone == (keys != ATT_JSON_NONE))
        return att_fail(err, ATT_TOKEN_KEYS_INVALID, "jwks",
                        "an object with the member keys, or one key alone", alone ? "both" : "neither");
    if (!alone && att_json_type(&doc, keys) != ATT_JSON_ARRAY)
        return att_fail(err, ATT_TOKEN_KEYS_INVALID, "jwks.keys", "an array", "something else");
    bool read =
        alone ? read_all(c, a, limits, &doc, ATT_JSON_ROOT, 1, &set, err)
              : read_all(c, a, limits, &doc, att_json_first(&doc, keys), doc.nodes[keys].count, &set, err);
    if (!read) {
        att_jwk_set_free(&set);
        return false;
    }
    *ret = set;
    return true;
}

void att_jwk_set_free(struct att_jwk_set *set)
{
    if (!set)
        return;
    for (size_t i = 0; i < set->count; i++)
        att_jwk_free(&set->keys[i]);
    set->count = 0;
}

static bool usable(const struct att_jwk *key, const struct att_jwk **ret, struct att_err *err)
{
    if (key->refusal) {
        if (err && err->code == ATT_OK)
            *err = *key->refusal;
        return false;
    }
    *ret = key;
    return true;
}

/* Two entries of one kid are one key when they would answer alike. */
static bool interchangeable(const struct att_jwk *a, const struct att_jwk *b)
{
    return a->key && b->key && a->has_alg == b->has_alg && (!a->has_alg || a->alg == b->alg) &&
           att_jwk_same_key(a->key, b->key);
}

bool att_jwk_set_find(const struct att_jwk_set *set, const struct att_span *kid, const struct att_jwk **ret,
                      struct att_err *err)
{
    const struct att_jwk *found = NULL;
    struct att_shown shown;

    if (set->count == 1 && (!kid || !set->keys[0].has_kid))
        return usable(&set->keys[0], ret, err);
    if (!kid)
        return att_fail(err, ATT_TOKEN_KEY_UNKNOWN, "token.header.kid", "the kid of one of the keys",
                        "no kid");
    for (size_t i = 0; i < set->count; i++) {
        const struct att_jwk *key = &set->keys[i];
        if (!key->has_kid || !att_span_eq(key->kid, *kid))
            continue;
        if (found && !interchangeable(found, key))
            return att_fail(err, ATT_TOKEN_KEY_UNKNOWN, "token.header.kid", "a kid that means one key",
                            "'%s', under which the key set has several", att_shown(&shown, *kid));
        found = found ? found : key;
    }
    if (!found)
        return att_fail(err, ATT_TOKEN_KEY_UNKNOWN, "token.header.kid", "the kid of one of the keys", "'%s'",
                        att_shown(&shown, *kid));
    return usable(found, ret, err);
}
