/* attestctl policy diff, and rollback, which shows one first. */
#include "base/auto.h"
#include "base/err.h"
#include "cli/answer.h"
#include "cli/diff.h"
#include "cli/files.h"
#include "cli/policy_past.h"

#include <attest/token.h>

/* -- the two sides ---------------------------------------------------------------------------------------- */

static bool no_memory(struct policy_service *s)
{
    struct att_err err = { 0 };

    att_fail_memory(&err, "diff");
    return remote_fail(&s->r, &err);
}

static bool side_file(struct cli *c, const char *path, struct diff_text *ret, struct att_err *err)
{
    struct att_span file;

    ret->name = path;
    return cli_read(c, "policy", path, &file, err) &&
           att_policy_from_client(c->arena, file, NULL, &ret->text, err);
}

static bool side_event(struct policy_service *s, const char *type, const struct past_event *e,
                       struct diff_text *ret)
{
    ret->name = cli_text(s->r.c->arena, "%s number %lld, %s%s", type, (long long)e->number, e->time,
                         e->removed ? ", reset: the default policy" : "");
    return ret->name ? past_text(s, e, &ret->text) : no_memory(s);
}

static bool side_now(struct policy_service *s, const char *type, struct diff_text *ret)
{
    struct att_err err = { 0 };
    struct att_span token;

    if (!policy_now(s, type, &token))
        return false;
    ret->name = cli_text(s->r.c->arena, "%s now", type);
    if (!ret->name)
        return no_memory(s);
    return policy_text(s->r.c, token, &ret->text, &err) || remote_fail(&s->r, &err);
}

/* A number of the history, or a file. */
static bool side_of(struct policy_service *s, const char *type, const char *operand, struct diff_text *ret)
{
    struct att_err err = { 0 };
    struct past_event e;
    int64_t number = 0;

    if (past_number(operand, &number))
        return past_event(s, type, number, &e) && side_event(s, type, &e, ret);
    return side_file(s->r.c, operand, ret, &err) || remote_fail(&s->r, &err);
}

/* The last two events; what was before the first is nothing. */
static bool last_two(struct policy_service *s, const char *type, struct diff_text side[2])
{
    struct past_page page = { 0 };

    side[0].name = side[1].name = "nothing was set";
    if (!past_page(s, type, 0, &page))
        return false;
    return (page.count < 1 || side_event(s, type, &page.events[0], &side[1])) &&
           (page.count < 2 || side_event(s, type, &page.events[1], &side[0]));
}

static bool sides_remote(struct cli *c, struct policy_service *s, struct diff_text side[2])
{
    const char *type = cli_value(c, "type");
    int64_t number = 0;

    if (!policy_open(c, s))
        return false;
    if (c->operand_count == 0)
        return last_two(s, type, side);
    if (c->operand_count == 2)
        return side_of(s, type, c->operands[0], &side[0]) && side_of(s, type, c->operands[1], &side[1]);
    /* One alone: from what was to what is, from what is to a file that may come. */
    bool was = past_number(c->operands[0], &number);
    return side_of(s, type, c->operands[0], &side[was ? 0 : 1]) && side_now(s, type, &side[was ? 1 : 0]);
}

static void put_sides(struct att_json_writer *w, const struct diff_text side[2], size_t lines,
                      struct att_span text)
{
    att_jw_key(w, "same");
    att_jw_bool(w, lines == 0);
    att_jw_key(w, "from");
    att_jw_str(w, side[0].name);
    att_jw_key(w, "to");
    att_jw_str(w, side[1].name);
    att_jw_key(w, "diff");
    att_jw_string(w, text);
}

/* -- diff ------------------------------------------------------------------------------------------------- */

static bool sides_local(struct cli *c, struct diff_text side[2], struct att_err *err)
{
    if (c->operand_count != 2)
        return att_fail(err, ATT_USAGE, "diff", "two files, or --type TYPE for those of a service", "%zu",
                        c->operand_count);
    return side_file(c, c->operands[0], &side[0], err) && side_file(c, c->operands[1], &side[1], err);
}

static enum cli_exit run_diff(struct cli *c)
{
    ATT_AUTO(att_buf_free) struct att_buf text = { 0 };
    struct policy_service s;
    struct diff_text side[2] = { 0 };
    struct att_err err = { 0 };
    size_t lines = 0;

    if (cli_has(c, "type") && !sides_remote(c, &s, side))
        return s.r.exit;
    if (!cli_has(c, "type") && !sides_local(c, side, &err))
        return cli_refuse(c, &err);
    if (!diff_unified(&side[0], &side[1], &text, &lines, &err))
        return cli_refuse(c, &err);
    if (c->json) {
        struct att_json_writer w = cli_writer(c);
        att_jw_object(&w);
        put_sides(&w, side, lines, att_buf_span(&text));
        att_jw_end_object(&w);
        att_buf_putc(&c->out, '\n');
    } else {
        att_buf_put(&c->out, att_buf_span(&text));
    }
    return lines == 0 ? CLI_YES : CLI_NO;
}

static const struct cli_option options_diff[] = {
    { .name = "type",
      .argument = "TYPE",
      .help = "Compare policies of a service, of this attestation type; else two files." },
    OPTIONS_POLICY_SERVICE,
    { 0 },
};

const struct cli_command cli_policy_diff = {
    .name = "policy diff",
    .operands = "[FROM [TO]]",
    .operands_min = 0,
    .operands_max = 2,
    .summary = "show the lines in which two policies differ",
    .about = "Without --type FROM and TO are files, with the text of a policy or a policy token. With --type "
             "each is a number of the history or a file; a number alone is compared with the policy in "
             "force, and the policy in force with a file alone; without both, the last change is shown.\n\n"
             "Exit status: 0 when they are the same, 1 when they differ. Control characters are shown as "
             "question marks. Texts have at most 10,000 lines; where more than 1,000 lines differ, the part "
             "that differs is shown as replaced whole.",
    .examples = "  attestctl policy diff old.policy new.policy\n"
                "  attestctl policy diff --type SgxEnclave --provider one --group lab\n"
                "  attestctl policy diff --type SgxEnclave 3 5\n"
                "  attestctl policy diff --type SgxEnclave mine.policy\n",
    .options = options_diff,
    .run = run_diff,
};

/* -- rollback --------------------------------------------------------------------------------------------- */

struct rollback {
    struct policy_service s;
    const char *type;
    struct past_event event;
    struct diff_text side[2];
    struct att_buf text;
    size_t lines;
    bool done;
};

static bool compare(struct rollback *b)
{
    struct att_err err = { 0 };

    return side_now(&b->s, b->type, &b->side[0]) && side_event(&b->s, b->type, &b->event, &b->side[1]) &&
           (diff_unified(&b->side[0], &b->side[1], &b->text, &b->lines, &err) || remote_fail(&b->s.r, &err));
}

static enum cli_exit answer_rollback(struct cli *c, const struct rollback *b)
{
    if (c->json) {
        struct att_json_writer w = cli_writer(c);
        att_jw_object(&w);
        att_jw_key(&w, "number");
        att_jw_int(&w, b->event.number);
        put_sides(&w, b->side, b->lines, att_buf_span(&b->text));
        att_jw_key(&w, "done");
        att_jw_bool(&w, b->done);
        att_jw_end_object(&w);
        att_buf_putc(&c->out, '\n');
        return b->done ? CLI_YES : CLI_NO;
    }
    att_buf_put(&c->out, att_buf_span(&b->text));
    if (b->done)
        att_buf_printf(&c->out, "%s the policy of %s again, as it was in number %lld\n",
                       b->event.removed ? "reset" : "set", c->operands[0], (long long)b->event.number);
    else
        att_buf_puts(&c->diagnostics, "nothing was done: --yes does it\n");
    return b->done ? CLI_YES : CLI_NO;
}

static bool is_signed(struct att_span token)
{
    return token.len > 0 && token.ptr[token.len - 1] != '.';
}

static enum cli_exit roll_back(struct cli *c, struct rollback *b, int64_t number)
{
    struct remote_answer a = { 0 };

    if (!policy_open(c, &b->s) || !past_event(&b->s, b->type, number, &b->event) || !compare(b))
        return b->s.r.exit;
    if (cli_has(c, "yes")) {
        struct policy_change change = { .reset = b->event.removed,
                                        .token = b->event.token,
                                        .text = b->side[1].text };
        if (!policy_send(&b->s, b->type, &change, &a)) {
            if (!c->json && a.status != 0 && !cli_has(c, "key") && is_signed(b->event.token))
                att_buf_puts(&c->diagnostics, "  what to do  sign it anew: --key and --cert\n");
            return b->s.r.exit;
        }
        b->done = true;
    }
    return answer_rollback(c, b);
}

static enum cli_exit run_rollback(struct cli *c)
{
    struct rollback b = { .type = c->operands[0] };
    struct att_err err = { 0 };
    struct att_shown shown;
    int64_t number = 0;

    if (!past_number(c->operands[1], &number)) {
        att_fail(&err, ATT_USAGE, "number", "a number of the history (attestctl policy history)", "%s",
                 att_shown(&shown, att_str(c->operands[1])));
        return cli_refuse(c, &err);
    }
    enum cli_exit status = roll_back(c, &b, number);
    att_buf_free(&b.text);
    return status;
}

static const struct cli_option options_rollback[] = {
    OPTIONS_POLICY_SERVICE,
    { .name = "yes", .help = "Do it; else only the difference is shown, and the exit status is 1." },
    OPTIONS_SIGN("cert"),
    { 0 },
};

const struct cli_command cli_policy_rollback = {
    .name = "policy rollback",
    .operands = "TYPE NUMBER",
    .operands_min = 2,
    .operands_max = 2,
    .summary = "set a policy again that was set before",
    .about =
        "Shows the difference between the policy in force and that of NUMBER; with --yes it sends the token "
        "of "
        "NUMBER again, a reset as a reset. It becomes a new event of the history. A token that was signed to "
        "count once, or until a time that is over, is refused by the service; with --key its text is signed "
        "anew, for this provider. An Isolated provider takes it only if its signer is still one of its "
        "policy signers.",
    .examples = "  attestctl policy rollback SgxEnclave 3 --provider one --group lab\n"
                "  attestctl policy rollback SgxEnclave 3 --provider one --group lab --yes\n",
    .options = options_rollback,
    .run = run_rollback,
};
