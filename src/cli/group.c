#include "base/auto.h"
#include "base/err.h"
#include "cli/answer.h"
#include "cli/provider.h"
#include "cli/scope.h"

static bool group_path(struct remote *r, const char **ret, struct att_err *err)
{
    const char *id = NULL;

    if (!scope_group(r, r->c->operands[0], &id, err))
        return false;
    *ret = cli_text(r->c->arena, "%s?api-version=%s", id, VERSION_GROUPS);
    return *ret || att_fail_memory(err, "request");
}

static enum cli_exit run_create(struct cli *c)
{
    ATT_AUTO(att_buf_free) struct att_buf body = { 0 };
    struct att_json_writer w = { .out = &body };
    struct att_err err = { 0 };
    struct remote r;
    struct remote_answer a = { 0 };
    struct remote_request q = { .method = "PUT", .if_none_match = "*" };

    if (!remote_open(c, &r))
        return r.exit;
    att_jw_object(&w);
    att_jw_key(&w, "location");
    att_jw_str(&w, cli_value(c, "location"));
    att_jw_key(&w, "tags");
    if (!tags_put(c, &w, &err) || !group_path(&r, &q.path, &err))
        return cli_refuse(c, &err);
    att_jw_end_object(&w);
    struct att_span sent = att_buf_span(&body);
    q.body = &sent;
    return remote_call(&r, &q, &a) ? answer_change(c, &a, "made group", c->operands[0]) : r.exit;
}

static enum cli_exit run_list(struct cli *c)
{
    struct att_err err = { 0 };
    struct remote r;
    struct remote_answer a = { 0 };
    struct remote_request q = { 0 };
    const char *scope = NULL;

    if (!remote_open(c, &r))
        return r.exit;
    if (!scope_subscription(&r, &scope, &err))
        return cli_refuse(c, &err);
    q.path = cli_text(c->arena, "%s/resourceGroups?api-version=%s", scope, VERSION_GROUPS);
    if (!q.path) {
        att_fail_memory(&err, "request");
        return cli_refuse(c, &err);
    }
    if (!remote_call(&r, &q, &a))
        return r.exit;
    if (c->json || !a.has_doc) {
        remote_put_json(c, &a);
        return CLI_YES;
    }
    struct members m = remote_members(&r, &a);
    att_json_id list = att_json_get(&a.doc, ATT_JSON_ROOT, "value");
    for (att_json_id id = att_json_first(&a.doc, list); id != ATT_JSON_NONE; id = att_json_next(&a.doc, id)) {
        cli_put_plain(&c->out, member_at(&m, id, "name"));
        att_buf_puts(&c->out, "  location ");
        cli_put_plain(&c->out, member_at(&m, id, "location"));
        att_buf_putc(&c->out, '\n');
    }
    return CLI_YES;
}

static enum cli_exit run_delete(struct cli *c)
{
    struct att_err err = { 0 };
    struct remote r;
    const char *path = NULL;

    if (!remote_open(c, &r))
        return r.exit;
    if (!group_path(&r, &path, &err))
        return cli_refuse(c, &err);
    return run_remove(&r, path, NULL, c->operands[0]);
}

static const struct cli_option options_create[] = {
    { .name = "location", .argument = "NAME", .required = true, .help = "Where it is." },
    OPTION_TAG,
    OPTION_SUBSCRIPTION,
    { 0 },
};
static const struct cli_option options_subscription[] = { OPTION_SUBSCRIPTION, { 0 } };

const struct cli_command cli_group_create = {
    .name = "group create",
    .operands = "NAME",
    .operands_min = 1,
    .operands_max = 1,
    .summary = "make a resource group",
    .about = "What is there already is not touched: the service then refuses.",
    .examples = "  attestctl group create lab --location local\n",
    .options = options_create,
    .run = run_create,
};
const struct cli_command cli_group_list = {
    .name = "group list",
    .summary = "list the resource groups of a subscription",
    .about = "One line each. With --json, the answer of the service.",
    .examples = "  attestctl group list\n",
    .options = options_subscription,
    .run = run_list,
};
const struct cli_command cli_group_delete = {
    .name = "group delete",
    .operands = "NAME",
    .operands_min = 1,
    .operands_max = 1,
    .summary = "delete a resource group and all that is in it",
    .about = "All its providers with their policies and roles, or nothing. It does not ask again.",
    .examples = "  attestctl group delete lab\n",
    .options = options_subscription,
    .run = run_delete,
};
