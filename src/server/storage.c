/* The store, and a signer that holds the keys in it. */
#include "server/server.h"

#include "base/auto.h"
#include "base/err.h"
#include "server/store_url.h"
#include "service/keyring.h"
#include "signer/signer.h"
#include "store/backends.h"

enum { SIGNING_KEYS_MAX = 64, SECRETS_ARENA_BYTES = 64 << 10 };

ATT_AUTO_PTR(arena_auto, struct att_arena, att_arena_free)

static bool open_store(struct server *s, struct store **ret, struct att_err *err)
{
    ATT_AUTO(arena_auto) struct att_arena *secrets = att_arena_new(SECRETS_ARENA_BYTES);
    const char *url = NULL;

    if (!secrets)
        return att_fail_memory(err, "store");
    return store_url(&s->options->config, secrets, &url, err) && store_open(url, ret, err);
}

static bool open_keys(struct server *s, const char *purpose, const char *alg, struct keyring **ret,
                      struct att_err *err)
{
    struct keyring_options options = {
        .store = s->store,
        .signer = s->signer,
        .kek = s->kek,
        .purpose = purpose,
        .alg = alg,
        .now_unix_s = server_clock(NULL),
    };
    return keyring_open(&options, ret, err);
}

bool storage_open(struct server *s, struct att_err *err)
{
    const struct config *c = &s->options->config;

    if (!open_store(s, &s->store, err) || !signer_local_new(SIGNING_KEYS_MAX, &s->signer, err) ||
        !open_keys(s, "attestation", c->signing_algorithm, &s->keys, err))
        return false;
    return !c->authority || open_keys(s, "authority", "RS256", &s->authority_keys, err);
}

bool storage_open_again(struct server *s, struct att_err *err)
{
    return strcmp(s->options->config.store, "memory:") == 0 || open_store(s, &s->collateral_store, err);
}
