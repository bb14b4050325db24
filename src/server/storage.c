/* The store, and the keys in it. */
#include "server/server.h"

#include "base/auto.h"
#include "base/err.h"
#include "config/store_url.h"
#include "keys/rowkey.h"
#include "service/aik_authority.h"
#include "store/backends.h"

enum { SECRETS_ARENA_BYTES = 64 << 10 };

ATT_AUTO_PTR(arena_auto, struct att_arena, att_arena_free)

static bool open_store(struct server *s, struct store **ret, struct att_err *err)
{
    ATT_AUTO(arena_auto) struct att_arena *secrets = att_arena_new(SECRETS_ARENA_BYTES);
    const char *url = NULL;

    if (!secrets)
        return att_fail_memory(err, "store");
    return store_url(&s->options->config, secrets, &url, err) && store_open(url, ret, err);
}

/* Before the first signing key is made: that is how a fresh store is known. */
static bool open_row_key(struct server *s, struct att_err *err)
{
    return rowkey_open(s->store, s->signer, server_clock(NULL), s->row_key, &s->rows_sealed, err);
}

static bool open_keys(struct server *s, const char *purpose, const char *alg, struct keyring **ret,
                      struct att_err *err)
{
    struct keyring_options options = {
        .store = s->store,
        .signer = s->signer,
        .purpose = purpose,
        .alg = alg,
        .schedule = keys_schedule(&s->options->config),
        .now_unix_s = server_clock(NULL),
    };
    return keyring_open(&options, ret, err);
}

/* Of the configured address; with --dev and none there is no port yet, and the host is this one. */
static bool host_of(struct server *s, const char **ret, struct att_err *err)
{
    static const char scheme[] = "https://";
    const char *url = s->options->config.base_url;

    *ret = "localhost";
    if (strncmp(url, scheme, sizeof scheme - 1) != 0)
        return true;
    url += sizeof scheme - 1;
    *ret = att_arena_dup(s->arena, att_span_of(url, strcspn(url, "/")));
    return *ret || att_fail_memory(err, "base_url");
}

static bool open_aik_authority(struct server *s, struct att_err *err)
{
    struct aik_authority_options options = {
        .store = s->store,
        .signer = s->signer,
        .test = s->options->dev,
        .now_unix_s = server_clock(NULL),
    };
    return host_of(s, &options.host, err) && aik_authority_open(&options, &s->aik_authority, err);
}

bool storage_open(struct server *s, struct att_err *err)
{
    const struct config *c = &s->options->config;

    if (!open_store(s, &s->store, err) || !open_row_key(s, err) ||
        !open_keys(s, "attestation", c->signing_algorithm, &s->keys, err))
        return false;
    return (!c->authority || open_keys(s, "authority", "RS256", &s->authority_keys, err)) &&
           open_aik_authority(s, err);
}

bool storage_open_again(struct server *s, struct att_err *err)
{
    bool memory = strcmp(s->options->config.store, "memory:") == 0;

    return (memory || (open_store(s, &s->collateral_store, err) && open_store(s, &s->watch.store, err))) &&
           open_store(s, &s->once_store, err);
}
