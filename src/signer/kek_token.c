/* A key-encryption key that never leaves its token: what it seals begins with 0x03. */
#include "signer/kek.h"

#include "base/err.h"
#include "base/secret.h"
#include "signer/p11.h"

#include <stdlib.h>

struct kek_token {
    struct kek base;
    struct p11 *token;
    struct p11_object *key;
};

static struct kek_token *token_of(struct kek *k)
{
    return (struct kek_token *)(void *)k;
}

static bool token_seal(struct kek *k, struct att_arena *arena, struct att_span label, struct att_span secret,
                       struct att_span *ret, struct att_err *err)
{
    struct kek_token *t = token_of(k);

    return p11_kek_seal(t->token, t->key, label, secret, arena, ret, err);
}

static bool token_open(struct kek *k, struct att_arena *arena, struct att_span label, struct att_span sealed,
                       struct att_span *ret, struct att_err *err)
{
    struct kek_token *t = token_of(k);

    return p11_kek_unseal(t->token, t->key, label, sealed, arena, ret, err);
}

static bool token_derive(struct kek *k, const char *info, uint8_t ret[32], struct att_err *err)
{
    struct kek_token *t = token_of(k);
    uint8_t root[P11_ROOT_BYTES];

    bool ok = p11_kek_root(t->token, t->key, root, err) && kek_hkdf(root, info, ret, err);
    att_wipe(root, sizeof root);
    return ok;
}

static void token_close(struct kek *k)
{
    struct kek_token *t = token_of(k);

    p11_object_free(t->key);
    p11_close(t->token);
    free(t);
}

static const struct kek_ops token_ops = {
    .scheme = "pkcs11", .seal = token_seal, .open = token_open, .derive = token_derive, .close = token_close
};

bool kek_token_open(const struct signer_options *options, const char *label, struct kek **ret,
                    struct att_err *err)
{
    const struct p11_options where = { .module = options->pkcs11_module,
                                       .token = options->pkcs11_token,
                                       .pin_file = options->pkcs11_pin_file };
    struct kek_token *t = calloc(1, sizeof *t);

    if (!t)
        return att_fail_memory(err, "key_encryption_key");
    t->base.ops = &token_ops;
    if (!p11_open(&where, &t->token, err) || !p11_kek_find(t->token, label, &t->key, err)) {
        token_close(&t->base);
        return false;
    }
    *ret = &t->base;
    return true;
}
