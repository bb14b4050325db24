/* The JWK set of the authority: made when it is first asked for, and anew when the set of keys is another one. */
#include "authority/internal.h"

#include "base/auto.h"
#include "base/buf.h"
#include "base/err.h"
#include "signer/signer.h"

#include <attest/jwks.h>
#include <stdlib.h>

enum { KEYS_ARENA_BYTES = 8 << 20 };

ATT_AUTO_PTR(arena_auto, struct att_arena, att_arena_free)

/* Each with a certificate: clients look for x5c. The same in all replicas, since the keys are RSA keys. */
static bool put_key(struct authority *a, const struct keyset_key *key, struct att_arena *work,
                    struct att_buf *out, struct att_err *err)
{
    const struct signer_certify want = { .kind = SIGNER_CERTIFY_ENDPOINT,
                                         .name = "authority",
                                         .uri = a->options.base_url };
    struct att_span der = { 0 }, jwk = { 0 };

    if (!signer_certify(a->options.signer, key->kid, &want, work, &der, err) ||
        !att_jwk_of_certificate(work, der, key->alg, att_str(key->kid), &jwk, err))
        return false;
    att_buf_put(out, jwk);
    return true;
}

static bool compose(struct authority *a, const struct keyset *keys, struct att_buf *out, struct att_err *err)
{
    ATT_AUTO(arena_auto) struct att_arena *work = att_arena_new(KEYS_ARENA_BYTES);

    if (!work)
        return att_fail_memory(err, "authority.keys");
    att_buf_puts(out, "{\"keys\":[");
    for (size_t i = 0; i < keys->count; i++) {
        att_buf_puts(out, i > 0 ? "," : "");
        if (!put_key(a, &keys->keys[i], work, out, err))
            return false;
    }
    att_buf_puts(out, "]}");
    return !out->failed || att_fail_memory(err, "authority.keys");
}

/* False: there is none of this set or a newer one. */
static bool look(struct authority *a, uint64_t number, struct att_arena *arena, const char **ret)
{
    bool found = false;

    pthread_mutex_lock(&a->keys_lock);
    found = a->keys_json && a->keys_number >= number;
    if (found)
        *ret = att_arena_dup(arena, att_str(a->keys_json));
    pthread_mutex_unlock(&a->keys_lock);
    return found;
}

static void keep(struct authority *a, uint64_t number, const char *json)
{
    char *mine = strdup(json);

    pthread_mutex_lock(&a->keys_lock);
    if (mine && (!a->keys_json || a->keys_number < number)) {
        char *old = a->keys_json;
        a->keys_json = mine;
        a->keys_number = number;
        mine = old;
    }
    pthread_mutex_unlock(&a->keys_lock);
    free(mine);
}

static bool make(struct authority *a, const struct keyset *keys, struct att_arena *arena, const char **ret,
                 struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf out = { 0 };

    if (!compose(a, keys, &out, err))
        return false;
    *ret = att_arena_dup(arena, att_buf_span(&out));
    if (!*ret)
        return att_fail_memory(err, "authority.keys");
    keep(a, keys->number, *ret);
    return true;
}

bool authority_keys(struct authority *a, struct att_arena *arena, struct att_span *ret_json,
                    struct att_err *err)
{
    const struct keyset *keys = keyring_keys(a->options.keys);
    const char *json = NULL;
    bool ok = look(a, keys->number, arena, &json) || make(a, keys, arena, &json, err);

    keyset_unref(keys);
    if (ok && !json)
        return att_fail_memory(err, "authority.keys");
    if (ok)
        *ret_json = att_str(json);
    return ok;
}
