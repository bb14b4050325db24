#include "cli/apply.h"

#include "base/err.h"
#include "cli/answer.h"
#include "cli/scope.h"

static void show_line(struct att_buf *b, const struct plan_line *line)
{
    att_buf_printf(b, "%c ", (char)line->mark);
    cli_put_plain(b, line->what);
    if (line->field) {
        att_buf_printf(b, " %s: ", line->field);
        cli_put_plain(b, line->from);
        att_buf_puts(b, " -> ");
        cli_put_plain(b, line->to);
    }
    att_buf_putc(b, '\n');
}

static void put_line(struct att_json_writer *w, const struct plan_line *line)
{
    att_jw_object(w);
    att_jw_key(w, "change");
    att_jw_str(w, line->mark == PLAN_CREATE ? "create" : line->mark == PLAN_CHANGE ? "change" : "immutable");
    att_jw_key(w, "what");
    att_jw_str(w, line->what);
    att_jw_key(w, "field");
    att_jw_str(w, line->field);
    att_jw_key(w, "from");
    att_jw_str(w, line->from);
    att_jw_key(w, "to");
    att_jw_str(w, line->to);
    att_jw_end_object(w);
}

/* After a provider was made its answer tells where it is. */
static void note_uri(struct plan *p, const struct plan_step *s, const struct remote_answer *a)
{
    struct members m = remote_members(p->r, a);

    if (s->provider && a->has_doc)
        p->uris[s->provider - p->site->providers] = member_at(&m, ATT_JSON_ROOT, "properties.attestUri");
}

static bool do_step(struct plan *p, const struct plan_step *s, struct remote_answer *a, struct att_err *err)
{
    struct remote_request q = s->request;

    if (s->role.role)
        return role_assign(p->r, &s->role, a, err);
    if (s->policy_type) {
        const char *uri = p->uris[s->provider - p->site->providers];
        return uri && uri[0]
                   ? policy_store(p->r, uri, s->policy_type, s->policy, a, err)
                   : att_fail(err, ATT_SERVICE_UNAVAILABLE, "attestUri", "the URL of a new provider", "none");
    }
    q.body = &s->body;
    if (!remote_send(p->r, &q, a, err))
        return false;
    if (remote_done(a))
        note_uri(p, s, a);
    return true;
}

struct outcome {
    size_t done;
    bool stopped;
    struct remote_answer refusal; /* of the step number `done`; status 0: err says why */
    struct att_err err;
};

static void do_all(struct plan *p, struct outcome *o)
{
    for (; o->done < p->step_count; o->done++) {
        struct remote_answer a = { 0 };
        if (!do_step(p, &p->steps[o->done], &a, &o->err)) {
            o->stopped = true;
            return;
        }
        if (!remote_done(&a)) {
            o->refusal = a;
            o->stopped = true;
            return;
        }
    }
}

static enum cli_exit exit_of(const struct plan *p, const struct outcome *o, bool only_plan)
{
    if (p->immutable || (only_plan && p->line_count > 0))
        return CLI_NO;
    if (!o->stopped)
        return CLI_YES;
    return o->refusal.status ? remote_exit_of(&o->refusal) : cli_exit_of(o->err.code);
}

static void answer_json(struct cli *c, const struct plan *p, const struct outcome *o)
{
    struct att_json_writer w = cli_writer(c);

    att_jw_object(&w);
    att_jw_key(&w, "plan");
    att_jw_array(&w);
    for (size_t i = 0; i < p->line_count; i++)
        put_line(&w, &p->lines[i]);
    att_jw_end_array(&w);
    att_jw_key(&w, "steps");
    att_jw_array(&w);
    for (size_t i = 0; i < p->step_count; i++) {
        att_jw_object(&w);
        att_jw_key(&w, "what");
        att_jw_str(&w, p->steps[i].what);
        att_jw_key(&w, "done");
        att_jw_bool(&w, i < o->done);
        att_jw_end_object(&w);
    }
    att_jw_end_array(&w);
    att_jw_key(&w, "refusal");
    if (o->refusal.status)
        remote_put_refusal(&w, c, &o->refusal);
    else
        att_jw_null(&w);
    att_jw_key(&w, "error");
    cli_put_error(&w, &o->err);
    att_jw_end_object(&w);
    att_buf_putc(&c->out, '\n');
}

static void show_stop(struct cli *c, const struct plan *p, const struct outcome *o)
{
    struct att_buf *b = &c->diagnostics;

    att_buf_puts(b, "attestctl: stopped at ");
    cli_put_plain(b, p->steps[o->done].what);
    att_buf_puts(b, ": ");
    if (o->refusal.status)
        remote_show_refusal(b, c, &o->refusal);
    else
        att_buf_printf(b, "%s: %s\n", att_code_name(o->err.code), o->err.text);
    for (size_t i = 0; i < p->step_count; i++) {
        att_buf_puts(b, i < o->done ? "  done      " : "  not done  ");
        cli_put_plain(b, p->steps[i].what);
        att_buf_putc(b, '\n');
    }
}

static void answer_text(struct cli *c, const struct plan *p, const struct outcome *o)
{
    struct att_buf *b = &c->out;

    for (size_t i = 0; i < p->line_count; i++)
        show_line(b, &p->lines[i]);
    if (p->line_count == 0)
        att_buf_puts(b, "= nothing to do\n");
    if (p->immutable)
        att_buf_puts(&c->diagnostics, "attestctl: lines with ! cannot be changed; nothing was done\n");
    if (o->stopped)
        show_stop(c, p, o);
    else if (o->done > 0)
        att_buf_printf(b, "done: %zu changes\n", o->done);
}

static enum cli_exit run_apply(struct cli *c)
{
    struct site_file site;
    struct remote r;
    struct plan p = { .r = &r, .site = &site };
    struct outcome o = { 0 };
    struct att_err err = { 0 };
    bool only_plan = cli_has(c, "plan");

    if (!site_file_read(c, cli_value(c, "file"), &site, &err))
        return cli_refuse(c, &err);
    if (!remote_open(c, &r))
        return r.exit;
    if (!plan_make(&p, &err))
        return err.code == ATT_OK ? r.exit : cli_refuse(c, &err);
    if (!only_plan && !p.immutable)
        do_all(&p, &o);
    if (c->json)
        answer_json(c, &p, &o);
    else
        answer_text(c, &p, &o);
    return exit_of(&p, &o, only_plan);
}

static const struct cli_option options[] = {
    { .name = "file", .argument = "FILE", .required = true, .help = "What is to be there; -f is the same." },
    { .name = "plan",
      .help = "Only show the difference: exit status 0 when there is none, 1 when there is." },
    OPTION_SUBSCRIPTION,
    { 0 },
};

const struct cli_command cli_apply = {
    .name = "apply",
    .summary = "make groups, providers, policies and roles what a file says",
    .about = "Reads the present state and writes the difference, a line for each: + is to be made, ~ is to "
             "be changed, ! "
             "cannot be changed. Then does it in this order: groups, each provider with its policies, roles. "
             "A line with ! "
             "(a location, an AAD provider that is to be Isolated) ends it with exit status 1 before "
             "anything is done. "
             "Groups and providers are changed only if nobody changed them since they were read. At the "
             "first refusal it "
             "stops and says what was done and what not; nothing is taken back, and the same command again "
             "does the rest. "
             "It never deletes: what the file does not name stays as it is.\n\n"
             "FILE is JSON: {\"groups\":[{\"name\",\"location\",\"tags\"}], "
             "\"providers\":[{\"name\",\"group\",\"location\",\"tags\",\"publicNetworkAccess\","
             "\"tpmAttestationAuthentication\",\"policySigners\":[\"signer.pem\"],"
             "\"policies\":{\"SgxEnclave\":\"one.policy\"}}], "
             "\"roles\":[{\"role\",\"principal\", and one of \"provider\", \"group\", \"scope\"}]}. Files "
             "named in it are "
             "looked for beside it. Without tags, settings or policies, what is there stays. Any other "
             "member is an error. "
             "The signers of a provider that is there are not compared.",
    .examples = "  attestctl apply --file site.json --plan\n  attestctl apply --file site.json\n",
    .options = options,
    .run = run_apply,
};
