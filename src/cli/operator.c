#include "cli/operator.h"

#include "base/auto.h"
#include "base/err.h"
#include "cli/files.h"
#include "cli/members.h"
#include "config/store_url.h"
#include "store/backends.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SECRETS_ARENA_BYTES = 64 << 10 };

ATT_AUTO_PTR(arena_auto, struct att_arena, att_arena_free)

static const char *path_of(const struct cli *c)
{
    const char *path = cli_value(c, "config");

    return path ? path : OPERATOR_CONFIG;
}

bool operator_config(struct cli *c, struct config *ret, struct att_err *err)
{
    const char *path = path_of(c);
    struct att_span text = { 0 };

    if (!cli_read(c, "config", path, &text, err) || !config_defaults(c->arena, ret, err) ||
        !config_read(c->arena, path, text, ret, err))
        return false;
    for (size_t i = 0; cli_value_at(c, "set", i); i++) {
        const char *pair = cli_value_at(c, "set", i);
        const char *equals = strchr(pair, '=');
        if (!equals)
            return att_fail(err, ATT_USAGE, "set", "NAME=VALUE", "no =");
        const char *name = att_arena_dup(c->arena, att_span_of(pair, (size_t)(equals - pair)));
        if (!name)
            return att_fail_memory(err, "set");
        if (!config_set(c->arena, ret, name, equals + 1, err))
            return false;
    }
    return config_consistent(ret, err);
}

static const char sqlite[] = "sqlite:";

static bool open_store(const struct config *config, bool make, struct store **ret, struct att_err *err)
{
    ATT_AUTO(arena_auto) struct att_arena *secrets = att_arena_new(SECRETS_ARENA_BYTES);
    const char *url = NULL;

    if (!secrets)
        return att_fail_memory(err, "store");
    if (strncmp(config->store, "memory:", 7) == 0)
        return att_fail(err, ATT_CONFIG_INVALID, "store", "a store that outlives a process", "memory:");
    if (!store_url(config, secrets, &url, err))
        return false;
    /* Opening would make an empty one, of another user than the service's. */
    if (!make && strncmp(url, sqlite, sizeof sqlite - 1) == 0 && access(url + sizeof sqlite - 1, F_OK) != 0)
        return att_fail(err, ATT_IO_FAILED, "store", "the store of attestd", "%s", strerror(errno));
    return (make ? store_open : store_open_as_is)(url, ret, err);
}

bool operator_store(const struct config *config, struct store **ret, struct att_err *err)
{
    return open_store(config, false, ret, err);
}

bool operator_store_new(const struct config *config, struct store **ret, struct att_err *err)
{
    return open_store(config, true, ret, err);
}

bool operator_store_give(const struct config *config, struct att_err *err)
{
    ATT_AUTO(arena_auto) struct att_arena *secrets = att_arena_new(SECRETS_ARENA_BYTES);
    static const char *const ends[] = { "", "-open" }; /* the file, and its lock (store/sqlite) */
    const char *url = NULL;
    char path[PATH_MAX], folder[PATH_MAX];
    struct stat st;

    if (!secrets)
        return att_fail_memory(err, "store");
    if (geteuid() != 0)
        return true;
    if (!store_url(config, secrets, &url, err))
        return false;
    if (strncmp(url, sqlite, sizeof sqlite - 1) != 0)
        return true;
    (void)snprintf(folder, sizeof folder, "%s", url + sizeof sqlite - 1);
    if (stat(dirname(folder), &st) != 0)
        return att_fail(err, ATT_IO_FAILED, "store", "the folder of the store", "%m");
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        (void)snprintf(path, sizeof path, "%s%s", url + sizeof sqlite - 1, ends[i]);
        if (chown(path, st.st_uid, st.st_gid) != 0 && errno != ENOENT)
            return att_fail(err, ATT_IO_FAILED, "store", "a file of the service's user", "%m");
    }
    return true;
}

/* The unit gives the service its credentials from a folder beside the configuration. */
static const char *kek_of(struct cli *c, const char *kek)
{
    static const char scheme[] = "credential:";
    const char *path = path_of(c), *slash = strrchr(path, '/');

    if (strncmp(kek, scheme, sizeof scheme - 1) != 0 || getenv("CREDENTIALS_DIRECTORY"))
        return kek;
    return cli_text(c->arena, "%.*s/credentials/%s", slash ? (int)(slash - path) : 1, slash ? path : ".",
                    kek + sizeof scheme - 1);
}

static const char *given(const char *text)
{
    return text[0] ? text : NULL;
}

bool operator_signer(struct cli *c, const struct config *config, struct signer **ret, struct att_err *err)
{
    const struct signer_options options = {
        .kek = kek_of(c, config->key_encryption_key),
        .kek_previous = config->key_encryption_key_previous.item,
        .pkcs11_module = given(config->pkcs11_module),
        .pkcs11_token = given(config->pkcs11_token),
        .pkcs11_pin_file = given(config->pkcs11_pin_file),
        .in_process = true,
    };

    if (!options.kek)
        return att_fail_memory(err, "key_encryption_key");
    if (options.kek[0] == '\0')
        return att_fail(err, ATT_CONFIG_INVALID, "key_encryption_key", "where the key is", "nothing");
    return signer_open(&options, ret, err);
}

void operator_who(char ret[OPERATOR_BY_SIZE])
{
    const struct passwd *p = getpwuid(getuid());

    if (p)
        (void)snprintf(ret, OPERATOR_BY_SIZE, "unix:%s", p->pw_name);
    else
        (void)snprintf(ret, OPERATOR_BY_SIZE, "unix:%u", (unsigned)getuid());
}
