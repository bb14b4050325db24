/* attestctl collateral show: what is held, where it is from, how old it is. */
#include "base/auto.h"
#include "base/err.h"
#include "base/timetext.h"
#include "cli/answer.h"
#include "cli/collateral.h"
#include "cli/members.h"

#include <stdio.h>

ATT_AUTO_PTR(lib_free, struct att_lib, att_lib_free)

/* What somebody has to look at, in a word; NULL: nothing. */
static const char *state_of(const struct coll_item *i, int64_t now)
{
    bool refused = strcmp(i->code, att_code_name(ATT_OK)) != 0;

    if (!i->held)
        return "missing";
    if (i->next_unix_s != 0 && i->next_unix_s < now)
        return "expired";
    if (i->issued_unix_s == 0 && refused)
        return "unusable";
    if (i->aging)
        return "aging";
    return refused ? "refresh failed" : NULL;
}

static void put_age(struct att_buf *b, int64_t seconds)
{
    if (seconds < 0)
        att_buf_puts(b, "-");
    else if (seconds < 2 * 3600)
        att_buf_printf(b, "%lld min", (long long)seconds / 60);
    else if (seconds < 2 * 86400)
        att_buf_printf(b, "%lld h", (long long)seconds / 3600);
    else
        att_buf_printf(b, "%lld d", (long long)seconds / 86400);
}

static void put_line(struct cli *c, const struct coll_item *i, int64_t now)
{
    struct att_time_text next;
    const char *state = state_of(i, now);

    cli_put_plain(&c->out, i->id);
    att_buf_puts(&c->out, "\n    ");
    if (i->evaluation_number)
        att_buf_printf(&c->out, "evaluation number %lld, ", (long long)i->evaluation_number);
    if (i->held) {
        att_buf_puts(&c->out, "issued ");
        put_age(&c->out, i->issued_unix_s ? now - i->issued_unix_s : -1);
        att_buf_printf(&c->out, " ago, next update %s, ",
                       i->next_unix_s ? att_time_text(&next, i->next_unix_s) : "unknown");
    }
    att_buf_puts(&c->out, "from ");
    cli_put_plain(&c->out, i->source[0] ? i->source : "nowhere");
    att_buf_putc(&c->out, '\n');
    if (!state)
        return;
    att_buf_printf(&c->out, "    %s", state);
    if (strcmp(i->code, att_code_name(ATT_OK)) != 0) {
        att_buf_printf(&c->out, ": %s: ", i->code);
        cli_put_plain(&c->out, i->found);
    }
    if (i->http_status && i->http_status != 200)
        att_buf_printf(&c->out, " (HTTP %lld)", (long long)i->http_status);
    att_buf_putc(&c->out, '\n');
}

static void put_member(struct att_json_writer *w, const char *name, const char *text)
{
    att_jw_key(w, name);
    att_jw_str(w, text && text[0] ? text : NULL);
}

static void put_time(struct att_json_writer *w, const char *name, int64_t unix_s)
{
    struct att_time_text text;

    put_member(w, name, unix_s ? att_time_text(&text, unix_s) : NULL);
}

static void put_json(struct cli *c, const struct coll_list *list, size_t troubled)
{
    struct att_json_writer w = cli_writer(c);

    att_jw_object(&w);
    att_jw_key(&w, "items");
    att_jw_array(&w);
    for (size_t n = 0; n < list->count; n++) {
        const struct coll_item *i = &list->items[n];
        att_jw_object(&w);
        put_member(&w, "id", i->id);
        put_member(&w, "source", i->source);
        put_member(&w, "state", state_of(i, list->now_unix_s) ? state_of(i, list->now_unix_s) : "good");
        att_jw_key(&w, "evaluation_number");
        att_jw_int(&w, i->evaluation_number);
        att_jw_key(&w, "age_s");
        if (i->issued_unix_s)
            att_jw_int(&w, list->now_unix_s - i->issued_unix_s);
        else
            att_jw_null(&w);
        put_time(&w, "issued", i->issued_unix_s);
        put_time(&w, "next_update", i->next_unix_s);
        put_time(&w, "fetched", i->fetched_unix_s);
        put_member(&w, "last", i->code);
        put_member(&w, "found", i->found);
        att_jw_end_object(&w);
    }
    att_jw_end_array(&w);
    att_jw_key(&w, "troubled");
    att_jw_int(&w, (int64_t)troubled);
    att_jw_end_object(&w);
    att_buf_putc(&c->out, '\n');
}

static bool read_list(struct cli *c, struct coll_list *ret, struct att_err *err)
{
    ATT_AUTO(lib_free) struct att_lib *lib = NULL;

    if (!cli_has(c, "bundle"))
        return coll_read_admin(c, cli_value(c, "admin"), false, ret, err);
    return coll_lib(c, &lib, err) && coll_read_bundle(c, lib, cli_value(c, "bundle"), ret, err);
}

static enum cli_exit run_show(struct cli *c)
{
    struct coll_list list = { 0 };
    struct att_err err = { 0 };
    size_t troubled = 0;

    if (!read_list(c, &list, &err))
        return cli_refuse(c, &err);
    for (size_t i = 0; i < list.count; i++)
        troubled += state_of(&list.items[i], list.now_unix_s) != NULL;
    if (c->json) {
        put_json(c, &list, troubled);
    } else {
        for (size_t i = 0; i < list.count; i++)
            put_line(c, &list.items[i], list.now_unix_s);
        att_buf_printf(&c->out, "%zu items, %zu of them to be looked at\n", list.count, troubled);
    }
    return troubled ? CLI_NO : CLI_YES;
}

static const struct cli_option options[] = {
    { .name = "admin",
      .argument = "URL",
      .help = "Admin listener of the attestd that is asked; " COLL_ADMIN_DEFAULT " if not given." },
    { .name = "bundle", .argument = "FILE", .help = "A file of `collateral export`, in place of a server." },
    { .name = "trust",
      .argument = "FILE",
      .help = "With --bundle: the certificate (PEM) or JWK set of who packed it." },
    { .name = "trust-root",
      .argument = "PEM",
      .repeats = true,
      .help = "With --bundle: trust the key of this certificate as a vendor's root, too. For tests." },
    { .name = "at", .argument = "TIME", .help = "With --bundle: judge ages at this time instead of now." },
    { 0 },
};

const struct cli_command cli_collateral_show = {
    .name = "collateral show",
    .summary = "each item of collateral: source, age, next update",
    .about =
        "Shows what a running attestd holds, or what a bundle file has. An item is to be looked at when it "
        "is missing, cannot be used, is past its next update, is past 80 % of its life (it should have "
        "been fetched anew long ago), or when the last try to fetch it failed. The exit status is 1 when "
        "there is one.",
    .examples = "  attestctl collateral show\n"
                "  attestctl collateral show --bundle site.bundle --trust packer.pem\n",
    .options = options,
    .run = run_show,
};
