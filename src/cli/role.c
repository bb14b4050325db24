#include "cli/role.h"

#include "base/auto.h"
#include "base/err.h"
#include "cli/answer.h"
#include "cli/init.h"
#include "cli/provider.h"
#include "cli/scope.h"

#include <strings.h>

#define AUTHORIZATION "/providers/Microsoft.Authorization/"

/* A refusal was said by remote_call already: then err is still empty. */
static enum cli_exit failed(struct remote *r, const struct att_err *err)
{
    return err->code == ATT_OK ? r->exit : cli_refuse(r->c, err);
}

static bool ask(struct remote *r, const char *path, struct remote_answer *ret, struct att_err *err)
{
    struct remote_request q = { .path = path };

    if (!path)
        return att_fail_memory(err, "request");
    return remote_call(r, &q, ret);
}

bool role_find(struct remote *r, const char *wanted, const char **ret, struct att_err *err)
{
    struct remote_answer a = { 0 };
    struct att_shown shown;

    if (!ask(r, AUTHORIZATION "roleDefinitions?api-version=" VERSION_ROLES, &a, err))
        return false;
    struct members m = remote_members(r, &a);
    att_json_id list = a.has_doc ? att_json_get(&a.doc, ATT_JSON_ROOT, "value") : ATT_JSON_NONE;
    for (att_json_id id = att_json_first(&a.doc, list); id != ATT_JSON_NONE; id = att_json_next(&a.doc, id)) {
        const char *name = member_at(&m, id, "name");
        if (strcasecmp(name, wanted) == 0 ||
            strcasecmp(member_at(&m, id, "properties.roleName"), wanted) == 0) {
            *ret = name;
            return true;
        }
    }
    return att_fail(err, ATT_USAGE, "role", "a role that attestctl role definitions lists", "%s",
                    att_shown(&shown, att_str(wanted)));
}

const char *role_assignment_find(struct members *m, const struct role_assignment *wanted)
{
    att_json_id list = att_json_get(m->doc, ATT_JSON_ROOT, "value");

    for (att_json_id id = att_json_first(m->doc, list); id != ATT_JSON_NONE; id = att_json_next(m->doc, id))
        if (strcasecmp(id_name(member_at(m, id, "properties.roleDefinitionId")), wanted->role) == 0 &&
            strcasecmp(member_at(m, id, "properties.principalId"), wanted->principal) == 0 &&
            strcasecmp(member_at(m, id, "properties.scope"), wanted->scope) == 0)
            return member_at(m, id, "name");
    return NULL;
}

bool role_assign(struct remote *r, const struct role_assignment *wanted, struct remote_answer *ret,
                 struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf body = { 0 };
    struct att_json_writer w = { .out = &body };
    struct remote_request q = { .method = "PUT" };
    const char *name = NULL;

    if (!init_guid(r->c->arena, &name, err))
        return false;
    q.path = cli_text(r->c->arena, "%s" AUTHORIZATION "roleAssignments/%s?api-version=" VERSION_ROLES,
                      wanted->scope, name);
    const char *definition =
        cli_text(r->c->arena, "%s" AUTHORIZATION "roleDefinitions/%s", wanted->scope, wanted->role);
    if (!q.path || !definition)
        return att_fail_memory(err, "request");
    att_jw_object(&w);
    att_jw_key(&w, "properties");
    att_jw_object(&w);
    att_jw_key(&w, "roleDefinitionId");
    att_jw_str(&w, definition);
    att_jw_key(&w, "principalId");
    att_jw_str(&w, wanted->principal);
    att_jw_end_object(&w);
    att_jw_end_object(&w);
    struct att_span sent = att_buf_span(&body);
    q.body = &sent;
    return remote_send(r, &q, ret, err);
}

static enum cli_exit run_assign(struct cli *c)
{
    struct role_assignment wanted = { .principal = cli_value(c, "principal") };
    struct att_err err = { 0 };
    struct remote r;
    struct remote_answer a = { 0 };

    if (!remote_open(c, &r))
        return r.exit;
    if (!scope_of(&r, &wanted.scope, &err) || !role_find(&r, c->operands[0], &wanted.role, &err))
        return failed(&r, &err);
    if (!role_assign(&r, &wanted, &a, &err))
        return cli_refuse(c, &err);
    return remote_done(&a) ? answer_change(c, &a, "assigned", c->operands[0]) : remote_refuse(c, &a);
}

static bool list_assignments(struct remote *r, const char *scope, struct remote_answer *ret,
                             struct att_err *err)
{
    return ask(r,
               cli_text(r->c->arena, "%s" AUTHORIZATION "roleAssignments?api-version=" VERSION_ROLES, scope),
               ret, err);
}

static void show_assignment(struct remote *r, struct members *m, struct members *roles, att_json_id id)
{
    struct att_buf *b = &r->c->out;
    const char *role = id_name(member_at(m, id, "properties.roleDefinitionId"));
    att_json_id list = att_json_get(roles->doc, ATT_JSON_ROOT, "value");

    for (att_json_id d = att_json_first(roles->doc, list); d != ATT_JSON_NONE;
         d = att_json_next(roles->doc, d))
        if (strcasecmp(member_at(roles, d, "name"), role) == 0) {
            role = member_at(roles, d, "properties.roleName");
            break;
        }
    cli_put_plain(b, member_at(m, id, "name"));
    att_buf_puts(b, "  ");
    cli_put_plain(b, role);
    att_buf_puts(b, "  to ");
    cli_put_plain(b, member_at(m, id, "properties.principalId"));
    att_buf_puts(b, "  at ");
    cli_put_plain(b, member_at(m, id, "properties.scope"));
    att_buf_putc(b, '\n');
}

static enum cli_exit run_list(struct cli *c)
{
    struct att_err err = { 0 };
    struct remote r;
    struct remote_answer a = { 0 };
    struct remote_answer definitions = { 0 };
    const char *scope = NULL;
    const char *principal = cli_value(c, "principal");

    if (!remote_open(c, &r))
        return r.exit;
    if (!scope_of(&r, &scope, &err) || !list_assignments(&r, scope, &a, &err))
        return failed(&r, &err);
    if (c->json && !principal) {
        remote_put_json(c, &a);
        return CLI_YES;
    }
    if (!ask(&r, AUTHORIZATION "roleDefinitions?api-version=" VERSION_ROLES, &definitions, &err))
        return failed(&r, &err);
    struct members m = remote_members(&r, &a);
    struct members roles = remote_members(&r, &definitions);
    struct att_json_writer w = cli_writer(c);
    if (c->json) {
        att_jw_object(&w);
        att_jw_key(&w, "value");
        att_jw_array(&w);
    }
    att_json_id list = att_json_get(&a.doc, ATT_JSON_ROOT, "value");
    for (att_json_id id = att_json_first(&a.doc, list); id != ATT_JSON_NONE; id = att_json_next(&a.doc, id)) {
        if (principal && strcasecmp(member_at(&m, id, "properties.principalId"), principal) != 0)
            continue;
        if (c->json)
            att_jw_raw(&w, att_json_source(&a.doc, id));
        else
            show_assignment(&r, &m, &roles, id);
    }
    if (c->json) {
        att_jw_end_array(&w);
        att_jw_end_object(&w);
        att_buf_putc(&c->out, '\n');
    }
    return CLI_YES;
}

static enum cli_exit run_role_remove(struct cli *c)
{
    struct role_assignment wanted = { .principal = cli_value(c, "principal") };
    struct att_err err = { 0 };
    struct remote r;
    struct remote_answer a = { 0 };

    if (!remote_open(c, &r))
        return r.exit;
    if (!scope_of(&r, &wanted.scope, &err) || !role_find(&r, c->operands[0], &wanted.role, &err) ||
        !list_assignments(&r, wanted.scope, &a, &err))
        return failed(&r, &err);
    struct members m = remote_members(&r, &a);
    const char *name = role_assignment_find(&m, &wanted);
    if (!name) {
        struct remote_answer none = { .status = 204 };
        return answer_change(c, &none, "was not there:", c->operands[0]);
    }
    const char *path = cli_text(c->arena, "%s" AUTHORIZATION "roleAssignments/%s?api-version=" VERSION_ROLES,
                                wanted.scope, name);
    if (!path) {
        att_fail_memory(&err, "request");
        return cli_refuse(c, &err);
    }
    return run_remove(&r, path, NULL, c->operands[0]);
}

static enum cli_exit run_definitions(struct cli *c)
{
    struct att_err err = { 0 };
    struct remote r;
    struct remote_answer a = { 0 };

    if (!remote_open(c, &r))
        return r.exit;
    if (!ask(&r, AUTHORIZATION "roleDefinitions?api-version=" VERSION_ROLES, &a, &err))
        return failed(&r, &err);
    if (c->json) {
        remote_put_json(c, &a);
        return CLI_YES;
    }
    struct members m = remote_members(&r, &a);
    att_json_id list = att_json_get(&a.doc, ATT_JSON_ROOT, "value");
    for (att_json_id id = att_json_first(&a.doc, list); id != ATT_JSON_NONE; id = att_json_next(&a.doc, id)) {
        cli_put_plain(&c->out, member_at(&m, id, "name"));
        att_buf_puts(&c->out, "  ");
        cli_put_plain(&c->out, member_at(&m, id, "properties.roleName"));
        att_buf_puts(&c->out, ": ");
        cli_put_plain(&c->out, member_at(&m, id, "properties.description"));
        att_buf_putc(&c->out, '\n');
    }
    return CLI_YES;
}

static const struct cli_option options_assign[] = {
    { .name = "principal",
      .argument = "ID",
      .required = true,
      .help = "The object id of a principal or a group, as tokens carry it." },
    OPTIONS_SCOPE,
    { 0 },
};
static const struct cli_option options_list[] = {
    { .name = "principal", .argument = "ID", .help = "Only what this one has itself." },
    OPTIONS_SCOPE,
    { 0 },
};
static const struct cli_option no_options[] = { { 0 } };

const struct cli_command cli_role_assign = {
    .name = "role assign",
    .operands = "ROLE",
    .operands_min = 1,
    .operands_max = 1,
    .summary = "give a role to a principal or a group",
    .about = "At a scope and for all below it; at the subscription if no scope is named. ROLE is a name or a "
             "GUID.",
    .examples =
        "  attestctl role assign \"Attestation Reader\" --principal 05403897-9b95-4a8a-b82e-a63e456f3374 "
        "--provider one --group lab\n",
    .options = options_assign,
    .run = run_assign,
};
const struct cli_command cli_role_list = {
    .name = "role list",
    .summary = "list role assignments",
    .about = "Those at the scope, above it and below it.",
    .examples = "  attestctl role list --group lab\n",
    .options = options_list,
    .run = run_list,
};
const struct cli_command cli_role_remove = {
    .name = "role remove",
    .operands = "ROLE",
    .operands_min = 1,
    .operands_max = 1,
    .summary = "take a role away",
    .about = "The assignment of this role to this principal at exactly this scope. What was not there is no "
             "failure.",
    .examples =
        "  attestctl role remove \"Attestation Reader\" --principal 05403897-9b95-4a8a-b82e-a63e456f3374\n",
    .options = options_assign,
    .run = run_role_remove,
};
const struct cli_command cli_role_definitions = {
    .name = "role definitions",
    .summary = "list the roles that there are",
    .about = "With --json, the actions that each allows.",
    .examples = "  attestctl role definitions\n",
    .options = no_options,
    .run = run_definitions,
};
