/* attestctl key seal-policies: a store that an earlier version has made gets a key for its policies. */
#include "cli/key_seal.h"
#include "base/err.h"
#include "base/secret.h"
#include "cli/answer.h"
#include "cli/operator.h"
#include "keys/rowkey.h"
#include "site/site.h"

#include <time.h>

static bool seal_in(struct store *store, struct signer *signer, struct store_tx *tx, size_t *ret_count,
                    struct att_err *err)
{
    uint8_t key[SIGNER_SHARED_BYTES];
    bool there = false;

    bool ok = rowkey_read(tx, signer, key, &there, err);
    if (ok && there)
        ok = att_fail(err, ATT_KEY_STATE, "store", "policies in the clear",
                      "policies that are sealed already");
    ok = ok && rowkey_make(tx, signer, (int64_t)time(NULL), key, err) &&
         site_seal_rows(store, tx, key, ret_count, err);
    att_wipe(key, sizeof key);
    return ok;
}

static bool seal(struct cli *c, struct store **ret_store, struct signer **ret_signer, size_t *ret_count,
                 struct att_err *err)
{
    struct config config;
    struct store_tx *tx = NULL;

    if (!operator_config(c, &config, err) || !operator_signer(c, &config, ret_signer, err) ||
        !operator_store(&config, ret_store, err) || !store_begin(*ret_store, &tx, err))
        return false;
    if (seal_in(*ret_store, *ret_signer, tx, ret_count, err))
        return store_commit(tx, err);
    store_rollback(tx);
    return false;
}

static enum cli_exit run_seal(struct cli *c)
{
    struct store *store = NULL;
    struct signer *signer = NULL;
    struct att_err err = { 0 };
    size_t count = 0;

    bool ok = seal(c, &store, &signer, &count, &err);
    store_close(store);
    signer_close(signer);
    if (!ok)
        return cli_refuse(c, &err);
    att_buf_printf(&c->out, "%zu rows are sealed; restart every attestd\n", count);
    return CLI_YES;
}

static const struct cli_option options[] = { OPTION_CONFIG, OPTION_SET, { 0 } };

const struct cli_command cli_key_seal_policies = {
    .name = "key seal-policies",
    .summary = "seal the policies of a store that version 0.1 has made",
    .about = "Gives the store a key, sealed under the key-encryption key, and seals all policies and their "
             "history under it, in one "
             "transaction. Stores that were made by 0.2 or later have this from the start.\n\n"
             "With every attestd stopped: a running one does not know the key and refuses changes, and "
             "version 0.1 cannot read the "
             "store any more.",
    .examples = "attestctl key seal-policies",
    .options = options,
    .run = run_seal,
};
