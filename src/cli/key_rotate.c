#include "base/err.h"
#include "base/timetext.h"
#include "cli/answer.h"
#include "cli/key.h"

#include <string.h>

enum { WAIT_S = 15, WAIT_S_MAX = 3600 };

static bool seconds_of(const struct key_desk *d, int64_t *ret_activate, int64_t *ret_wait,
                       struct att_err *err)
{
    int64_t lead = (int64_t)d->config.key_lead_s;

    if (!key_seconds(d->c, "activate-in", KEY_ORDER_LEAD, KEY_ORDER_ACTIVATE_S_MAX, ret_activate, err) ||
        !key_seconds(d->c, "wait", WAIT_S, WAIT_S_MAX, ret_wait, err))
        return false;
    return *ret_activate == KEY_ORDER_LEAD || *ret_activate >= lead || cli_has(d->c, "force") ||
           att_fail(err, ATT_KEY_STATE, "activate-in",
                    "at least key_lead_s, or --force: relying parties keep the keys that they know", "%lld s",
                    (long long)*ret_activate);
}

static bool put_order(struct key_desk *d, int64_t activate_in_s, struct att_err *err)
{
    struct store_tx *tx = NULL;

    if (!store_begin(d->store, &tx, err))
        return false;
    if (!key_desk_order(d, tx, activate_in_s, NULL, err)) {
        store_rollback(tx);
        return false;
    }
    return store_commit(tx, err);
}

/* The key that was not there before; NULL: somebody has retired it already. */
static const struct keyrow *fresh_of(const struct key_desk *d, const struct keyrows *before)
{
    for (size_t i = 0; i < d->rows->count; i++) {
        if (!keyrows_find(before, d->rows->row[i].kid))
            return &d->rows->row[i];
    }
    return NULL;
}

static void say(struct cli *c, const struct keyrow *fresh)
{
    struct att_json_writer w = cli_writer(c);
    struct att_time_text at;

    if (!c->json) {
        if (fresh)
            att_buf_printf(&c->out, "%s  %s  activates %s\n", fresh->kid, fresh->alg,
                           att_time_text(&at, fresh->activate_unix_s));
        else
            att_buf_puts(&c->out, "ordered\n");
        return;
    }
    att_jw_object(&w);
    att_jw_key(&w, "activates");
    if (fresh)
        att_jw_str(&w, att_time_text(&at, fresh->activate_unix_s));
    else
        att_jw_null(&w);
    att_jw_key(&w, "kid");
    if (fresh)
        att_jw_str(&w, fresh->kid);
    else
        att_jw_null(&w);
    att_jw_end_object(&w);
    att_buf_putc(&c->out, '\n');
}

static bool rotate(struct key_desk *d, struct att_err *err)
{
    struct keyrows *before = att_arena_alloc(d->c->arena, 1, sizeof *before);
    int64_t activate_in_s = 0, wait_s = 0;

    if (!before)
        return att_fail_memory(err, "keys");
    *before = *d->rows;
    if (!seconds_of(d, &activate_in_s, &wait_s, err) || !put_order(d, activate_in_s, err))
        return false;
    if (wait_s > 0 && !key_desk_wait(d, wait_s, err))
        return false;
    say(d->c, fresh_of(d, before));
    return true;
}

static enum cli_exit run_rotate(struct cli *c)
{
    struct key_desk d;
    struct att_err err = { 0 };
    bool ok = key_desk_open(c, &d, &err) && rotate(&d, &err);

    key_desk_close(&d);
    return ok ? CLI_YES : cli_refuse(c, &err);
}

static const struct cli_option options[] = {
    OPTION_CONFIG,
    OPTION_SET,
    OPTION_PURPOSE,
    { .name = "activate-in",
      .argument = "SECONDS",
      .help = "From when the key is made to when it signs; key_lead_s unless given." },
    { .name = "force",
      .help = "Less than key_lead_s: relying parties that keep keys meet one that they do not know." },
    OPTION_WAIT,
    { 0 },
};

const struct cli_command cli_key_rotate = {
    .name = "key rotate",
    .summary = "order a new signing key, which takes over when everybody can know it",
    .about = "Leaves an order in the store. An attestd on this store - any of the replicas - makes the key "
             "and publishes it at "
             "once; it begins to sign after key_lead_s, everywhere at the same second. The key before it "
             "stays published until "
             "its last token has expired. Shows the name of the new key when it has been made; with --wait 0 "
             "it only orders.\n\n"
             "One order at a time. Every change leaves a record in the audit trail of the site.",
    .examples = "  attestctl key rotate --config /etc/attestd/attestd.conf\n"
                "  attestctl key rotate --config /etc/attestd/attestd.conf --activate-in 0 --force\n",
    .options = options,
    .run = run_rotate,
};
