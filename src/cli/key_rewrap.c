/* attestctl key rewrap: reads attestd.conf and the store by itself, as who administers the machine. */
#include "cli/key_rewrap.h"
#include "base/auto.h"
#include "base/err.h"
#include "cli/answer.h"
#include "cli/operator.h"
#include "keys/rewrap.h"
#include "signer/signer.h"

#include <time.h>

enum { WORK_BYTES = 64 << 20 };

ATT_AUTO_PTR(arena_auto, struct att_arena, att_arena_free)
ATT_AUTO_PTR(store_auto, struct store, store_close)
ATT_AUTO_PTR(signer_auto, struct signer, signer_close)

/* All of it, or nothing: whatever fails before the commit rolls back, and so does the end of the process. */
static bool rewrap(struct store *store, struct signer *signer, bool dry_run, struct key_rewrap *ret,
                   struct att_err *err)
{
    ATT_AUTO(arena_auto) struct att_arena *arena = att_arena_new(WORK_BYTES);
    char by[OPERATOR_BY_SIZE];
    struct store_tx *tx = NULL;

    if (!arena)
        return att_fail_memory(err, "key.rewrap");
    if (!store_begin(store, &tx, err))
        return false;
    operator_who(by);
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
        att_buf_printf(&c->out, "%zu sealed rows: %zu %s, %zu were already\n", done->rows, done->changed,
                       dry_run ? "would be sealed anew" : "sealed anew", done->rows - done->changed);
        return;
    }
    att_jw_object(&w);
    att_jw_key(&w, "rows");
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

    if (!operator_config(c, &config, &err) || !operator_signer(c, &config, &signer, &err) ||
        !operator_store(&config, &store, &err) || !rewrap(store, signer, dry_run, &done, &err)) {
        if (done.bad[0])
            att_buf_printf(&c->diagnostics, "%s stands in the way; nothing was changed\n", done.bad);
        return cli_refuse(c, &err);
    }
    say(c, &done, dry_run);
    return CLI_YES;
}

static const struct cli_option options[] = {
    OPTION_CONFIG,
    OPTION_SET,
    { .name = "dry-run", .help = "Open and seal every key, then leave the store as it is." },
    { 0 },
};

const struct cli_command cli_key_rewrap = {
    .name = "key rewrap",
    .summary = "seal the private keys anew under another key-encryption key",
    .about =
        "Opens every private key of the store, and the secret that rows are sealed with, by "
        "key_encryption_key or "
        "one of key_encryption_key_previous, and seals those anew that the first had not sealed. All of them "
        "in one "
        "transaction: one that does not open is named, and nothing is changed. Names, public halves and "
        "times of "
        "the keys stay as they are.\n\n"
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
