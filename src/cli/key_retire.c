#include "base/err.h"
#include "cli/answer.h"
#include "cli/key.h"

#include <string.h>
#include <time.h>

enum { WAIT_S = 15, WAIT_S_MAX = 3600 };

/* What a transaction has done, or ordered. */
struct retired {
    const struct keyrow *successor; /* signs from now on; NULL: nothing else changes */
    bool ordered;
};

static bool may_go(const struct key_desk *d, struct att_err *err)
{
    return cli_has(d->c, "force") ||
           att_fail(err, ATT_KEY_STATE, "kid", "a key that does not sign now, or --force",
                    "the one that signs: another must take its place at once");
}

/* A key that waits takes its place; keys that have left do not come back. */
static const struct keyrow *successor_of(const struct key_desk *d, const struct keyrow *row, int64_t now)
{
    const struct keyrow *newest = keyrows_newest(d->rows, d->alg);

    return newest && newest != row && newest->activate_unix_s > now ? newest : NULL;
}

static bool retire_in(struct key_desk *d, const struct key_change *change, struct retired *ret,
                      struct att_err *err)
{
    const char *kid = d->c->operands[0];

    if (!key_desk_read(d, err))
        return false;
    const struct keyrow *row = keyrows_find(d->rows, kid);
    struct att_shown shown;
    if (!row)
        return att_fail(err, ATT_KEY_STATE, "kid", "a key of attestctl key list", "%s",
                        att_shown(&shown, att_str(kid)));
    if (keyrows_signing(d->rows, d->alg, change->now_unix_s) != row)
        return key_change_delete(change, row, "key.retire", err);
    if (!may_go(d, err))
        return false;
    ret->successor = successor_of(d, row, change->now_unix_s);
    if (ret->successor)
        return key_change_activate(change, ret->successor, err) &&
               key_change_delete(change, row, "key.retire", err);
    ret->ordered = true;
    return key_desk_order(d, change->tx, 0, row->kid, err);
}

static bool retire(struct key_desk *d, struct retired *ret, struct att_err *err)
{
    struct key_change change = {
        .arena = d->c->arena, .now_unix_s = (int64_t)time(NULL), .by = d->by, .via = "attestctl"
    };

    if (!store_begin(d->store, &change.tx, err))
        return false;
    if (!retire_in(d, &change, ret, err)) {
        store_rollback(change.tx);
        return false;
    }
    return store_commit(change.tx, err);
}

static const char *signing_now(const struct key_desk *d)
{
    const struct keyrow *row = keyrows_signing(d->rows, d->alg, (int64_t)time(NULL));

    return row ? row->kid : "";
}

static void say(struct key_desk *d)
{
    struct cli *c = d->c;
    struct att_json_writer w = cli_writer(c);

    if (!c->json) {
        att_buf_printf(&c->out, "retired %s; %s signs\n", c->operands[0], signing_now(d));
        att_buf_puts(&c->out,
                     "Tokens that it signed fail from now on, wherever the keys are asked for again.\n");
        return;
    }
    att_jw_object(&w);
    att_jw_key(&w, "retired");
    att_jw_str(&w, c->operands[0]);
    att_jw_key(&w, "signing");
    att_jw_str(&w, signing_now(d));
    att_jw_end_object(&w);
    att_buf_putc(&c->out, '\n');
}

static enum cli_exit run_retire(struct cli *c)
{
    struct key_desk d;
    struct att_err err = { 0 };
    struct retired done = { 0 };
    int64_t wait_s = 0;

    bool ok = key_desk_open(c, &d, &err) && key_seconds(c, "wait", WAIT_S, WAIT_S_MAX, &wait_s, &err) &&
              retire(&d, &done, &err) &&
              (done.ordered ? key_desk_wait(&d, wait_s, &err) : key_desk_read(&d, &err));
    if (ok)
        say(&d);
    key_desk_close(&d);
    return ok ? CLI_YES : cli_refuse(c, &err);
}

static const struct cli_option options[] = {
    OPTION_CONFIG,
    OPTION_SET,
    OPTION_PURPOSE,
    { .name = "force",
      .help = "Also the key that signs: one that waits, or else a new one, signs from now on." },
    OPTION_WAIT,
    { 0 },
};

const struct cli_command cli_key_retire = {
    .name = "key retire",
    .operands = "KID",
    .operands_min = 1,
    .operands_max = 1,
    .summary = "take a signing key away at once, because it must not count any more",
    .about = "The key is not published any more and signs nothing, in every replica within about a second. "
             "Tokens that it signed "
             "fail at relying parties as soon as they ask for the keys again - which may take as long as "
             "they keep them "
             "(keys_max_age_s). To replace a key in good order use attestctl key rotate.\n\n"
             "The key that signs now is refused without --force. With it the newest key that waits signs "
             "from now on; if there "
             "is none, an attestd makes one, and the old key goes in the same step.",
    .examples = "  attestctl key retire --config /etc/attestd/attestd.conf --force KID\n",
    .options = options,
    .run = run_retire,
};
