/* Keys that live in a token: the store has their names. */
#include "signer/key.h"

#include <attest/jwks.h>

#include "base/auto.h"
#include "base/err.h"
#include "signer/p11.h"

#include <stdlib.h>

struct home {
    struct key_home base;
    struct p11 *token;
};

struct token_key {
    struct key base;
    struct p11 *token; /* of the home, which is closed after the last key */
    struct p11_object *object;
};

static struct p11 *token_of(struct key_home *h)
{
    return ((struct home *)(void *)h)->token;
}

static bool token_sign(struct key *k, struct att_span input, struct att_arena *arena, struct att_span *ret,
                       struct att_err *err)
{
    struct token_key *t = (struct token_key *)(void *)k;

    return p11_key_sign(t->token, t->object, input, arena, ret, err);
}

static void token_free(struct key *k)
{
    p11_object_free(((struct token_key *)(void *)k)->object);
    free(k);
}

static const struct key_ops token_ops = { .sign = token_sign, .free = token_free };

/* Takes the object, whatever comes of it. */
static bool wrap(struct p11 *token, struct p11_object *object, struct key **ret, struct att_err *err)
{
    struct token_key *t = calloc(1, sizeof *t);

    if (!t) {
        p11_object_free(object);
        return att_fail_memory(err, "signer.key");
    }
    *t = (struct token_key){ .base.ops = &token_ops, .token = token, .object = object };
    *ret = &t->base;
    return true;
}

static bool describe(const char *purpose, const char *alg, struct att_span spki, struct att_span sealed,
                     struct att_arena *arena, struct signer_key *ret, struct att_err *err)
{
    char kid[ATT_KID_SIZE];

    if (!att_kid_of_spki(spki, kid, err))
        return false;
    *ret = (struct signer_key){ .purpose = att_arena_dup(arena, att_str(purpose)),
                                .kid = att_arena_dup(arena, att_str(kid)),
                                .alg = att_arena_dup(arena, att_str(alg)),
                                .spki = spki,
                                .sealed = sealed };
    return (ret->purpose && ret->kid && ret->alg) || att_fail_memory(err, "signer.key");
}

/* What the store does not keep afterwards stays in the token as a key that nobody names: a token may lack the right to
 * destroy keys, and a name that was stored and lost again must not cost the key. */
static bool home_make(struct key_home *h, const char *purpose, const char *alg, struct att_arena *arena,
                      struct signer_key *ret, struct key **ret_key, struct att_err *err)
{
    struct p11_object *object = NULL;
    struct att_span spki = { 0 }, sealed = { 0 };
    struct signer_key made = { 0 };

    if (!p11_key_make(token_of(h), purpose, alg, arena, &object, &spki, &sealed, err))
        return false;
    if (!describe(purpose, alg, spki, sealed, arena, &made, err)) {
        p11_object_free(object);
        return false;
    }
    if (!wrap(token_of(h), object, ret_key, err))
        return false;
    *ret = made;
    return true;
}

static bool home_load(struct key_home *h, const struct signer_key *row, struct key **ret, struct att_err *err)
{
    struct p11_object *object = NULL;

    return p11_key_find(token_of(h), row->purpose, row->alg, row->spki, row->sealed, &object, err) &&
           wrap(token_of(h), object, ret, err);
}

/* Nothing is sealed; but a key that is gone is no key that is "sealed already". */
static bool home_reseal(struct key_home *h, const struct signer_key *row, struct att_arena *arena,
                        struct att_span *ret_sealed, bool *ret_changed, struct att_err *err)
{
    struct p11_object *object = NULL;

    (void)arena;
    if (!p11_key_find(token_of(h), row->purpose, row->alg, row->spki, row->sealed, &object, err))
        return false;
    p11_object_free(object);
    *ret_sealed = row->sealed;
    *ret_changed = false;
    return true;
}

static void home_close(struct key_home *h)
{
    p11_close(token_of(h));
    free(h);
}

static const struct key_home_ops home_ops = {
    .form = KEY_FORM_TOKEN, .make = home_make, .load = home_load, .reseal = home_reseal, .close = home_close
};

bool key_home_token_open(const struct signer_options *options, struct key_home **ret, struct att_err *err)
{
    const struct p11_options where = { .module = options->pkcs11_module,
                                       .token = options->pkcs11_token,
                                       .pin_file = options->pkcs11_pin_file };
    struct home *h = calloc(1, sizeof *h);

    if (!h)
        return att_fail_memory(err, "signer");
    h->base.ops = &home_ops;
    if (!p11_open(&where, &h->token, err)) {
        free(h);
        return false;
    }
    *ret = &h->base;
    return true;
}
