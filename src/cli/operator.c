#include "cli/operator.h"

#include "base/auto.h"
#include "base/err.h"
#include "cli/answer.h"
#include "cli/files.h"
#include "cli/members.h"
#include "config/store_url.h"
#include "store/backends.h"

#include <stdlib.h>
#include <string.h>

enum { SECRETS_ARENA_BYTES = 64 << 10 };

ATT_AUTO_PTR(arena_auto, struct att_arena, att_arena_free)

bool operator_open(struct cli *c, struct operator* ret, struct att_err *err)
{
    struct operator op = { .c = c, .path = cli_value(c, "config") };
    struct att_span text = { 0 };

    if (!op.path)
        op.path = CLI_CONFIG_DEFAULT;
    const char *name = strrchr(op.path, '/') ? strrchr(op.path, '/') + 1 : op.path;
    if (!cli_read(c, "config", op.path, &text, err) || !config_defaults(c->arena, &op.config, err) ||
        !config_read(c->arena, name, text, &op.config, err) || !config_consistent(&op.config, err))
        return false;
    *ret = op;
    return true;
}

bool operator_store(struct operator* op, struct att_err *err)
{
    ATT_AUTO(arena_auto) struct att_arena *secrets = att_arena_new(SECRETS_ARENA_BYTES);
    const char *url = NULL;

    if (!secrets)
        return att_fail_memory(err, "store");
    return store_url(&op->config, secrets, &url, err) && store_open(url, &op->store, err);
}

/* The unit gives the service its credentials from a folder beside the configuration. */
static const char *kek_of(const struct operator* op, const char *kek)
{
    static const char scheme[] = "credential:";
    const char *slash = strrchr(op->path, '/');

    if (strncmp(kek, scheme, sizeof scheme - 1) != 0 || getenv("CREDENTIALS_DIRECTORY"))
        return kek;
    return cli_text(op->c->arena, "%.*s/credentials/%s", slash ? (int)(slash - op->path) : 1,
                    slash ? op->path : ".", kek + sizeof scheme - 1);
}

bool operator_signer(struct operator* op, struct att_err *err)
{
    struct signer_options options = { .kek = kek_of(op, op->config.key_encryption_key), .in_process = true };

    if (!options.kek)
        return att_fail_memory(err, "key_encryption_key");
    if (options.kek[0] == '\0')
        return att_fail(err, ATT_CONFIG_INVALID, "key_encryption_key", "where the key is", "nothing");
    return signer_open(&options, &op->signer, err);
}

void operator_close(struct operator* op)
{
    store_close(op->store);
    signer_close(op->signer);
    op->store = NULL;
    op->signer = NULL;
}
