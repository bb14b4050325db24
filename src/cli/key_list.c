#include "base/timetext.h"
#include "cli/answer.h"
#include "cli/key.h"

#include <string.h>
#include <time.h>

struct shown_key {
    const struct keyrow *row;
    const char *state;
    int64_t until, remove;
};

static struct shown_key look_at(const struct key_desk *d, const struct keyrow *row, int64_t now)
{
    struct shown_key k = { .row = row,
                           .until = keyrows_until(d->rows, row),
                           .remove = keyrows_remove(d->rows, row, (uint32_t)d->config.key_keep_s),
                           .state = "leaving" };

    if (strcmp(row->alg, d->alg) != 0)
        k.state = "unused"; /* of another algorithm than the configured one */
    else if (keyrows_signing(d->rows, d->alg, now) == row)
        k.state = "signing";
    else if (row->activate_unix_s > now)
        k.state = "waiting";
    return k;
}

static void put_time(struct att_json_writer *w, const char *name, int64_t at)
{
    struct att_time_text text;

    att_jw_key(w, name);
    if (at == KEYSET_NEVER)
        att_jw_null(w);
    else
        att_jw_str(w, att_time_text(&text, at));
}

static void put_json(struct att_json_writer *w, const struct shown_key *k)
{
    att_jw_object(w);
    put_time(w, "activates", k->row->activate_unix_s);
    att_jw_key(w, "alg");
    att_jw_str(w, k->row->alg);
    att_jw_key(w, "kid");
    att_jw_str(w, k->row->kid);
    put_time(w, "made", k->row->made_unix_s);
    put_time(w, "removed", k->remove);
    att_jw_key(w, "signs");
    att_jw_bool(w, strcmp(k->state, "signing") == 0);
    att_jw_key(w, "state");
    att_jw_str(w, k->state);
    put_time(w, "until", k->until);
    att_jw_end_object(w);
}

static void put_line(struct att_buf *b, const struct shown_key *k)
{
    struct att_time_text at;

    att_buf_printf(b, "%s  %s  %s  made %s", k->row->kid, k->row->alg, k->state,
                   att_time_text(&at, k->row->made_unix_s));
    att_buf_printf(b, "  activates %s", att_time_text(&at, k->row->activate_unix_s));
    if (k->until != KEYSET_NEVER)
        att_buf_printf(b, "  until %s", att_time_text(&at, k->until));
    if (k->remove != KEYSET_NEVER)
        att_buf_printf(b, "  removed %s", att_time_text(&at, k->remove));
    att_buf_putc(b, '\n');
}

static void list(struct key_desk *d)
{
    struct att_json_writer w = cli_writer(d->c);
    int64_t now = (int64_t)time(NULL);

    if (d->c->json) {
        att_jw_object(&w);
        att_jw_key(&w, "keys");
        att_jw_array(&w);
    }
    for (size_t i = 0; i < d->rows->count; i++) {
        const struct shown_key k = look_at(d, &d->rows->row[i], now);
        if (d->c->json)
            put_json(&w, &k);
        else
            put_line(&d->c->out, &k);
    }
    if (!d->c->json)
        return;
    att_jw_end_array(&w);
    att_jw_key(&w, "purpose");
    att_jw_str(&w, d->purpose);
    att_jw_end_object(&w);
    att_buf_putc(&d->c->out, '\n');
}

static enum cli_exit run_list(struct cli *c)
{
    struct key_desk d;
    struct att_err err = { 0 };
    bool ok = key_desk_open(c, &d, &err);

    if (ok)
        list(&d);
    key_desk_close(&d);
    return ok ? CLI_YES : cli_refuse(c, &err);
}

static const struct cli_option options[] = { OPTION_CONFIG, OPTION_SET, OPTION_PURPOSE, { 0 } };

const struct cli_command cli_key_list = {
    .name = "key list",
    .summary = "list the signing keys of a store and their lives",
    .about =
        "One line for each key: its name, algorithm and state, when it was made, when it begins to sign, "
        "until when, "
        "and when it is removed. A key is waiting (published, not signing yet), signing, leaving (published "
        "until the "
        "last token that it signed has expired) or unused (of another algorithm than the configured one).\n\n"
        "Reads the configuration and the store by itself. Rows are shown as they are; whether a key opens is "
        "what "
        "attestd says (attestd_signing_keys).",
    .examples = "  attestctl key list --config /etc/attestd/attestd.conf\n",
    .options = options,
    .run = run_list,
};
