/* attestctl key rewrap: reads attestd.conf and the store by itself, as who administers the machine. */
#include "cli/key_rewrap.h"
#include "base/auto.h"
#include "base/err.h"
#include "cli/answer.h"
#include "cli/files.h"
#include "config/config.h"
#include "config/store_url.h"
#include "keys/rewrap.h"
#include "signer/signer.h"
#include "store/backends.h"

#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { WORK_BYTES = 64 << 20, SECRETS_ARENA_BYTES = 64 << 10, BY_SIZE = 64 };

ATT_AUTO_PTR(arena_auto, struct att_arena, att_arena_free)
ATT_AUTO_PTR(store_auto, struct store, store_close)
ATT_AUTO_PTR(signer_auto, struct signer, signer_close)

static bool read_config(struct cli *c, struct config *ret, struct att_err *err)
{
    const char *path = cli_value(c, "config");
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
    if (ret->key_encryption_key[0] == '\0')
        return att_fail(err, ATT_CONFIG_INVALID, "key_encryption_key", "the key of now", "not set");
    return config_consistent(ret, err);
}

static const char *given(const char *text)
{
    return text[0] ? text : NULL;
}

static bool open_signer(const struct config *config, struct signer **ret, struct att_err *err)
{
    const struct signer_options options = {
        .kek = config->key_encryption_key,
        .kek_previous = config->key_encryption_key_previous.item,
        .pkcs11_module = given(config->pkcs11_module),
        .pkcs11_token = given(config->pkcs11_token),
        .pkcs11_pin_file = given(config->pkcs11_pin_file),
        .in_process = true,
    };

    return signer_open(&options, ret, err);
}

static bool open_store(const struct config *config, struct store **ret, struct att_err *err)
{
    ATT_AUTO(arena_auto) struct att_arena *secrets = att_arena_new(SECRETS_ARENA_BYTES);
    const char *url = NULL;

    if (!secrets)
        return att_fail_memory(err, "store");
    if (strncmp(config->store, "memory:", 7) == 0)
        return att_fail(err, ATT_CONFIG_INVALID, "store", "a store that outlives a process", "memory:");
    return store_url(config, secrets, &url, err) && store_open(url, ret, err);
}

static void who(char ret[BY_SIZE])
{
    const struct passwd *p = getpwuid(getuid());

    if (p)
        (void)snprintf(ret, BY_SIZE, "unix:%s", p->pw_name);
    else
        (void)snprintf(ret, BY_SIZE, "unix:%u", (unsigned)getuid());
}

/* All of it, or nothing: whatever fails before the commit rolls back, and so does the end of the process. */
static bool rewrap(struct store *store, struct signer *signer, bool dry_run, struct key_rewrap *ret,
                   struct att_err *err)
{
    ATT_AUTO(arena_auto) struct att_arena *arena = att_arena_new(WORK_BYTES);
    char by[BY_SIZE];
    struct store_tx *tx = NULL;

    if (!arena)
        return att_fail_memory(err, "key.rewrap");
    if (!store_begin(store, &tx, err))
        return false;
    who(by);
    const struct key_change change = {
        .tx = tx, .arena = arena, .now_unix_s = (int64_t)time(NULL), .by = by, .via = "attestctl"
    };
    bool ok = key_rewrap_all(&change, store, signer, ret, err);
    if (ok && !dry_run && ret->changed > 0)
        return store_commit(tx, err);
    store_rollback(tx);
    return ok;
}

static void say(struct cli *c, const struct key_rewrap *done, bool dry_run)
{
    struct att_json_writer w = cli_writer(c);

    if (!c->json) {
        att_buf_printf(&c->out, "%zu signing keys: %zu %s, %zu were already\n", done->rows, done->changed,
                       dry_run ? "would be sealed anew" : "sealed anew", done->rows - done->changed);
        return;
    }
    att_jw_object(&w);
    att_jw_key(&w, "keys");
    att_jw_int(&w, (int64_t)done->rows);
    att_jw_key(&w, "sealed");
    att_jw_int(&w, (int64_t)done->changed);
    att_jw_key(&w, "stored");
    att_jw_bool(&w, !dry_run);
    att_jw_end_object(&w);
    att_buf_putc(&c->out, '\n');
}

static enum cli_exit run_rewrap(struct cli *c)
{
    ATT_AUTO(store_auto) struct store *store = NULL;
    ATT_AUTO(signer_auto) struct signer *signer = NULL;
    struct config config = { 0 };
    struct key_rewrap done = { 0 };
    struct att_err err = { 0 };
    bool dry_run = cli_has(c, "dry-run");

    if (!read_config(c, &config, &err) || !open_signer(&config, &signer, &err) ||
        !open_store(&config, &store, &err) || !rewrap(store, signer, dry_run, &done, &err)) {
        if (done.bad[0])
            att_buf_printf(&c->diagnostics, "the signing key %s stands in the way; nothing was changed\n",
                           done.bad);
        return cli_refuse(c, &err);
    }
    say(c, &done, dry_run);
    return CLI_YES;
}

static const struct cli_option options[] = {
    { .name = "config", .argument = "FILE", .required = true, .help = "The configuration of attestd." },
    { .name = "set",
      .argument = "NAME=VALUE",
      .repeats = true,
      .help = "A setting in place of the file's, as attestd has it." },
    { .name = "dry-run", .help = "Open and seal every key, then leave the store as it is." },
    { 0 },
};

const struct cli_command cli_key_rewrap = {
    .name = "key rewrap",
    .summary = "seal the signing keys anew under another key-encryption key",
    .about =
        "Opens every signing key of the store with key_encryption_key or one of key_encryption_key_previous, "
        "and seals those that the first had not sealed. All of them in one transaction: a key that does not "
        "open is named, and nothing is changed. Names, public halves and times of the keys stay as they "
        "are.\n\n"
        "To change the key: give every replica the new one as key_encryption_key and the old one as "
        "key_encryption_key_previous, and start it again; run this once; then take the old one away. Keys "
        "that live in a token are not sealed: they are looked for only.",
    .examples =
        "  attestctl key rewrap --config /etc/attestd/attestd.conf --dry-run\n"
        "  attestctl key rewrap --config /etc/attestd/attestd.conf --set "
        "key_encryption_key=/etc/attestd/kek.2027 --set key_encryption_key_previous=/etc/attestd/kek\n",
    .options = options,
    .run = run_rewrap,
};
