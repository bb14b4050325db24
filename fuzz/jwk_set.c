/* layers: jose crypto codec base */
/* JWK sets. Every usable key has a thumbprint and is strong enough to be one; every other says why it is refused;
 * the search by kid never answers with a refused key or with one of several. */
#include "jose/jwk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct att_crypto *crypto;

static void require(bool holds)
{
    if (!holds)
        __builtin_trap();
}

static void check_key(struct att_arena *a, const struct att_jwk *k)
{
    struct att_span print = { 0 };
    struct att_err err = { 0 };

    require((k->key == NULL) == (k->refusal != NULL));
    if (k->refusal) {
        require(k->refusal->code == ATT_TOKEN_KEY_INVALID && k->refusal->where[0]);
        return;
    }
    require(!k->has_alg || att_alg_fits(k->alg, att_key_type(k->key)));
    require(att_key_type(k->key) != ATT_KEY_RSA || !att_jwk_roca(att_key_rsa_n(k->key)));
    require(att_jwk_thumbprint(crypto, a, k->key, &print, &err) ? print.len == 43
                                                                : err.code == ATT_OUT_OF_MEMORY);
}

static void check_search(const struct att_jwk_set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        const struct att_jwk *found = NULL;
        struct att_err err = { 0 };
        if (!set->keys[i].has_kid)
            continue;
        if (!att_jwk_set_find(set, &set->keys[i].kid, &found, &err)) {
            require(err.code == ATT_TOKEN_KEY_UNKNOWN || err.code == ATT_TOKEN_KEY_INVALID);
            continue;
        }
        require(found->key && att_span_eq(found->kid, set->keys[i].kid));
        for (size_t k = 0; k < set->count; k++) {
            const struct att_jwk *other = &set->keys[k];
            require(!other->has_kid || !att_span_eq(other->kid, found->kid) ||
                    (other->key && att_jwk_same_key(other->key, found->key)));
        }
    }
    const struct att_jwk *only = NULL;
    struct att_err err = { 0 };
    require(!att_jwk_set_find(set, NULL, &only, &err) || set->count == 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct att_jwk_set set = { 0 };
    struct att_err err = { 0 };

    if (!crypto)
        crypto = att_crypto_new();
    struct att_arena *a = att_arena_new((size_t)8 << 20);
    require(crypto && a);
    if (!att_jwk_set_read(crypto, a, NULL, att_span_of(data, size), &set, &err)) {
        require(err.code != ATT_OK && err.where[0] && err.text[0] && set.count == 0);
    } else {
        require(err.code == ATT_OK && set.count > 0 && set.count <= ATT_JWK_SET_MAX);
        for (size_t i = 0; i < set.count; i++)
            check_key(a, &set.keys[i]);
        check_search(&set);
    }
    att_jwk_set_free(&set);
    att_arena_free(a);
    return 0;
}
