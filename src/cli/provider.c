#include "cli/provider.h"

#include "base/auto.h"
#include "base/err.h"
#include "cli/answer.h"
#include "cli/files.h"
#include "cli/pem.h"
#include "cli/scope.h"

static bool request_path(struct remote *r, const char *id, const char *version, const char **ret,
                         struct att_err *err)
{
    *ret = cli_text(r->c->arena, "%s?api-version=%s", id, version);
    return *ret || att_fail_memory(err, "request");
}

static bool provider_path(struct remote *r, const char **ret, struct att_err *err)
{
    const char *id = NULL;

    return scope_provider(r, cli_value(r->c, "group"), r->c->operands[0], &id, err) &&
           request_path(r, id, VERSION_PROVIDERS, ret, err);
}

static void put_line(struct att_buf *b, const char *name, const char *value)
{
    att_buf_printf(b, "%-20s ", name);
    cli_put_plain(b, value);
    att_buf_putc(b, '\n');
}

static void show_provider(struct remote *r, const struct remote_answer *a)
{
    struct members m = remote_members(r, a);
    struct att_buf *b = &r->c->out;
    struct att_span name;

    put_line(b, "name", member_at(&m, ATT_JSON_ROOT, "name"));
    put_line(b, "id", member_at(&m, ATT_JSON_ROOT, "id"));
    put_line(b, "location", member_at(&m, ATT_JSON_ROOT, "location"));
    put_line(b, "url", member_at(&m, ATT_JSON_ROOT, "properties.attestUri"));
    put_line(b, "trust model", member_at(&m, ATT_JSON_ROOT, "properties.trustModel"));
    put_line(b, "status", member_at(&m, ATT_JSON_ROOT, "properties.status"));
    put_line(b, "public network", member_at(&m, ATT_JSON_ROOT, "properties.publicNetworkAccess"));
    put_line(b, "tpm authentication",
             member_at(&m, ATT_JSON_ROOT, "properties.tpmAttestationAuthentication"));
    att_json_id tags = att_json_get(&a->doc, ATT_JSON_ROOT, "tags");
    for (att_json_id t = att_json_first(&a->doc, tags); t != ATT_JSON_NONE; t = att_json_next(&a->doc, t)) {
        struct att_span value;
        if (!att_json_key(&a->doc, r->c->arena, t, &name) ||
            !att_json_string(&a->doc, r->c->arena, t, &value))
            continue;
        const char *text = cli_text(r->c->arena, "%.*s=%.*s", (int)name.len, (const char *)name.ptr,
                                    (int)value.len, (const char *)value.ptr);
        put_line(b, "tag", text ? text : "");
    }
    if (a->etag[0])
        put_line(b, "etag", a->etag);
}

static enum cli_exit answer_provider(struct remote *r, const struct remote_answer *a)
{
    if (r->c->json || !a->has_doc)
        remote_put_json(r->c, a);
    else
        show_provider(r, a);
    return CLI_YES;
}

static bool put_setting(struct cli *c, struct att_json_writer *w, const char *option, const char *member,
                        struct att_err *err)
{
    const char *text = cli_value(c, option);
    struct att_shown shown;

    if (!text)
        return true;
    if (strcmp(text, "enabled") != 0 && strcmp(text, "disabled") != 0)
        return att_fail(err, ATT_USAGE, option, "enabled or disabled", "%s",
                        att_shown(&shown, att_str(text)));
    att_jw_key(w, member);
    att_jw_str(w, text[0] == 'e' ? "Enabled" : "Disabled");
    return true;
}

static bool put_settings(struct cli *c, struct att_json_writer *w, struct att_err *err)
{
    return put_setting(c, w, "public-network", "publicNetworkAccess", err) &&
           put_setting(c, w, "tpm-authentication", "tpmAttestationAuthentication", err);
}

static bool put_signers(struct cli *c, struct att_json_writer *w, struct att_err *err)
{
    const char *path = NULL;

    if (!cli_has(c, "policy-signer"))
        return true;
    att_jw_key(w, "policySigningCertificates");
    att_jw_object(w);
    att_jw_key(w, "keys");
    att_jw_array(w);
    for (size_t n = 0; (path = cli_value_at(c, "policy-signer", n)) != NULL; n++)
        if (!pem_put_x5c(c, "policy-signer", path, w, err))
            return false;
    att_jw_end_array(w);
    att_jw_end_object(w);
    return true;
}

/* Where the group is, is where its providers are, unless said otherwise. */
static bool location_of(struct remote *r, const char **ret)
{
    struct remote_answer a = { 0 };
    struct att_err err = { 0 };
    const char *id = NULL;
    struct remote_request q = { 0 };

    *ret = cli_value(r->c, "location");
    if (*ret)
        return true;
    if (!scope_group(r, cli_value(r->c, "group"), &id, &err) ||
        !request_path(r, id, VERSION_GROUPS, &q.path, &err))
        return remote_fail(r, &err);
    if (!remote_call(r, &q, &a))
        return false;
    struct members m = remote_members(r, &a);
    *ret = a.has_doc ? member_at(&m, ATT_JSON_ROOT, "location") : "";
    return true;
}

static enum cli_exit run_create(struct cli *c)
{
    ATT_AUTO(att_buf_free) struct att_buf body = { 0 };
    struct att_json_writer w = { .out = &body };
    struct att_err err = { 0 };
    struct remote r;
    struct remote_answer a = { 0 };
    const char *location = NULL;
    struct remote_request q = { .method = "PUT",
                                .if_none_match = "*" }; /* what is there is changed by update */

    if (!remote_open(c, &r) || !location_of(&r, &location))
        return r.exit;
    att_jw_object(&w);
    att_jw_key(&w, "location");
    att_jw_str(&w, location);
    att_jw_key(&w, "tags");
    bool ok = tags_put(c, &w, &err);
    att_jw_key(&w, "properties");
    att_jw_object(&w);
    if (!ok || !put_settings(c, &w, &err) || !put_signers(c, &w, &err) || !provider_path(&r, &q.path, &err))
        return cli_refuse(c, &err);
    att_jw_end_object(&w);
    att_jw_end_object(&w);
    struct att_span sent = att_buf_span(&body);
    q.body = &sent;
    return remote_call(&r, &q, &a) ? answer_provider(&r, &a) : r.exit;
}

static enum cli_exit run_show(struct cli *c)
{
    struct att_err err = { 0 };
    struct remote r;
    struct remote_answer a = { 0 };
    struct remote_request q = { 0 };

    if (!remote_open(c, &r))
        return r.exit;
    if (!provider_path(&r, &q.path, &err))
        return cli_refuse(c, &err);
    return remote_call(&r, &q, &a) ? answer_provider(&r, &a) : r.exit;
}

static enum cli_exit run_update(struct cli *c)
{
    ATT_AUTO(att_buf_free) struct att_buf body = { 0 };
    struct att_json_writer w = { .out = &body };
    struct att_err err = { 0 };
    struct remote r;
    struct remote_answer a = { 0 };
    struct remote_request q = { .method = "PATCH", .if_match = cli_value(c, "if-match") };

    if (!remote_open(c, &r))
        return r.exit;
    if (!cli_has(c, "tag") && !cli_has(c, "no-tags") && !cli_has(c, "public-network") &&
        !cli_has(c, "tpm-authentication")) {
        att_fail(&err, ATT_USAGE, "update", "something to change", "nothing");
        return cli_refuse(c, &err);
    }
    att_jw_object(&w);
    if (cli_has(c, "tag") || cli_has(c, "no-tags")) {
        att_jw_key(&w, "tags");
        if (!tags_put(c, &w, &err))
            return cli_refuse(c, &err);
    }
    att_jw_key(&w, "properties");
    att_jw_object(&w);
    if (!put_settings(c, &w, &err) || !provider_path(&r, &q.path, &err))
        return cli_refuse(c, &err);
    att_jw_end_object(&w);
    att_jw_end_object(&w);
    struct att_span sent = att_buf_span(&body);
    q.body = &sent;
    return remote_call(&r, &q, &a) ? answer_provider(&r, &a) : r.exit;
}

static enum cli_exit answer_list(struct remote *r, const struct remote_answer *a)
{
    struct members m = remote_members(r, a);
    struct att_buf *b = &r->c->out;

    if (r->c->json || !a->has_doc) {
        remote_put_json(r->c, a);
        return CLI_YES;
    }
    att_json_id list = att_json_get(&a->doc, ATT_JSON_ROOT, "value");
    for (att_json_id id = att_json_first(&a->doc, list); id != ATT_JSON_NONE;
         id = att_json_next(&a->doc, id)) {
        cli_put_plain(b, member_at(&m, id, "name"));
        att_buf_puts(b, "  group ");
        cli_put_plain(b, id_group(r->c->arena, member_at(&m, id, "id")));
        att_buf_puts(b, "  location ");
        cli_put_plain(b, member_at(&m, id, "location"));
        att_buf_puts(b, "  ");
        cli_put_plain(b, member_at(&m, id, "properties.trustModel"));
        att_buf_puts(b, "  ");
        cli_put_plain(b, member_at(&m, id, "properties.attestUri"));
        att_buf_putc(b, '\n');
    }
    return CLI_YES;
}

static enum cli_exit list_of(struct remote *r, const char *scope, const char *tail)
{
    struct remote_answer a = { 0 };
    struct remote_request q = { .path = cli_text(r->c->arena,
                                                 "%s/providers/Microsoft.Attestation/%s?api-version="
                                                 "%s",
                                                 scope, tail, VERSION_PROVIDERS) };
    struct att_err err = { 0 };

    if (!q.path) {
        att_fail_memory(&err, "request");
        return cli_refuse(r->c, &err);
    }
    return remote_call(r, &q, &a) ? answer_list(r, &a) : r->exit;
}

static enum cli_exit run_list(struct cli *c)
{
    struct att_err err = { 0 };
    struct remote r;
    const char *scope = NULL;
    const char *group = cli_value(c, "group");

    if (!remote_open(c, &r))
        return r.exit;
    /* The profile's group does not count: a list is to show what there is. */
    if (!(group ? scope_group(&r, group, &scope, &err) : scope_subscription(&r, &scope, &err)))
        return cli_refuse(c, &err);
    return list_of(&r, scope, "attestationProviders");
}

static enum cli_exit run_default(struct cli *c)
{
    ATT_AUTO(att_buf_free) struct att_buf path = { 0 };
    struct att_err err = { 0 };
    struct remote r;
    struct remote_answer a = { 0 };
    const char *scope = NULL;

    if (!remote_open(c, &r))
        return r.exit;
    if (!scope_subscription(&r, &scope, &err))
        return cli_refuse(c, &err);
    if (!cli_has(c, "location"))
        return list_of(&r, scope, "defaultProviders");
    att_buf_puts(&path, scope);
    att_buf_puts(&path, "/providers/Microsoft.Attestation/locations/");
    if (!path_put(&path, "location", cli_value(c, "location"), &err))
        return cli_refuse(c, &err);
    att_buf_puts(&path, "/defaultProvider?api-version=" VERSION_PROVIDERS);
    att_buf_putc(&path, '\0');
    struct remote_request q = { .path = (const char *)path.ptr };
    if (path.failed) {
        att_fail_memory(&err, "request");
        return cli_refuse(c, &err);
    }
    return remote_call(&r, &q, &a) ? answer_provider(&r, &a) : r.exit;
}

static enum cli_exit run_delete(struct cli *c)
{
    struct att_err err = { 0 };
    struct remote r;
    const char *path = NULL;

    if (!remote_open(c, &r))
        return r.exit;
    if (!provider_path(&r, &path, &err))
        return cli_refuse(c, &err);
    return run_remove(&r, path, cli_value(c, "if-match"), c->operands[0]);
}

static enum cli_exit run_register(struct cli *c)
{
    struct att_err err = { 0 };
    struct att_span empty = { 0 };
    struct remote r;
    struct remote_answer a = { 0 };
    struct remote_request q = { .method = "POST", .body = &empty };
    const char *scope = NULL;

    if (!remote_open(c, &r))
        return r.exit;
    if (!scope_subscription(&r, &scope, &err))
        return cli_refuse(c, &err);
    q.path = cli_text(c->arena, "%s/providers/Microsoft.Attestation/register?api-version=%s", scope,
                      VERSION_GROUPS);
    if (!q.path) {
        att_fail_memory(&err, "request");
        return cli_refuse(c, &err);
    }
    return remote_call(&r, &q, &a) ? answer_change(c, &a, "registered", "Microsoft.Attestation") : r.exit;
}

#define OPTION_IF_MATCH                                                                                      \
    {                                                                                                        \
        .name = "if-match", .argument = "ETAG", .help = "Only if nobody changed it since, as show said."     \
    }
#define OPTION_PUBLIC_NETWORK                                                                                \
    {                                                                                                        \
        .name = "public-network", .argument = "enabled|disabled",                                            \
        .help = "Whether it answers networks that are not private."                                          \
    }
#define OPTION_TPM                                                                                           \
    {                                                                                                        \
        .name = "tpm-authentication", .argument = "enabled|disabled",                                        \
        .help = "Whether TPM attestation needs a token."                                                     \
    }

static const struct cli_option options_create[] = {
    OPTION_GROUP,
    OPTION_SUBSCRIPTION,
    { .name = "location", .argument = "NAME", .help = "Else that of the group." },
    OPTION_TAG,
    { .name = "policy-signer",
      .argument = "PEM",
      .repeats = true,
      .help = "Makes an Isolated provider, whose policies must be signed: the certificate of a signer, "
              "followed by "
              "its issuers up to a CA." },
    OPTION_PUBLIC_NETWORK,
    OPTION_TPM,
    { 0 },
};
static const struct cli_option options_update[] = {
    OPTION_GROUP,
    OPTION_SUBSCRIPTION,
    OPTION_TAG,
    { .name = "no-tags", .help = "Take all tags away." },
    OPTION_PUBLIC_NETWORK,
    OPTION_TPM,
    OPTION_IF_MATCH,
    { 0 },
};
static const struct cli_option options_delete[] = {
    OPTION_GROUP, OPTION_SUBSCRIPTION, OPTION_IF_MATCH, { 0 }
};
static const struct cli_option options_show[] = { OPTION_GROUP, OPTION_SUBSCRIPTION, { 0 } };
static const struct cli_option options_list[] = {
    { .name = "group", .argument = "NAME", .help = "Only those of this resource group." },
    OPTION_SUBSCRIPTION,
    { 0 },
};
static const struct cli_option options_default[] = {
    { .name = "location", .argument = "NAME", .help = "The default provider there; else all of them." },
    OPTION_SUBSCRIPTION,
    { 0 },
};
static const struct cli_option options_register[] = { OPTION_SUBSCRIPTION, { 0 } };

const struct cli_command cli_provider_create = {
    .name = "provider create",
    .operands = "NAME",
    .operands_min = 1,
    .operands_max = 1,
    .summary = "make an attestation provider",
    .about = "The group must be there and the subscription registered (attestctl provider register). What is "
             "there "
             "already is not touched: the service then refuses.",
    .examples = "  attestctl provider create one --group lab --tag team=red\n",
    .options = options_create,
    .run = run_create,
};
const struct cli_command cli_provider_show = {
    .name = "provider show",
    .operands = "NAME",
    .operands_min = 1,
    .operands_max = 1,
    .summary = "show an attestation provider",
    .about = "Its URL, location, trust model, settings and tags, and the ETag for update --if-match.",
    .examples = "  attestctl provider show one --group lab\n",
    .options = options_show,
    .run = run_show,
};
const struct cli_command cli_provider_list = {
    .name = "provider list",
    .summary = "list the attestation providers of a subscription or a group",
    .about = "One line each. With --json, the answer of the service.",
    .examples = "  attestctl provider list\n",
    .options = options_list,
    .run = run_list,
};
const struct cli_command cli_provider_update = {
    .name = "provider update",
    .operands = "NAME",
    .operands_min = 1,
    .operands_max = 1,
    .summary = "change tags and settings of an attestation provider",
    .about =
        "What is not named stays. Tags are replaced whole. Location and policy signers cannot be changed.",
    .examples = "  attestctl provider update one --group lab --public-network disabled\n",
    .options = options_update,
    .run = run_update,
};
const struct cli_command cli_provider_delete = {
    .name = "provider delete",
    .operands = "NAME",
    .operands_min = 1,
    .operands_max = 1,
    .summary = "delete an attestation provider",
    .about = "With its policies and the roles that were given at it. It does not ask again.",
    .examples = "  attestctl provider delete one --group lab\n",
    .options = options_delete,
    .run = run_delete,
};
const struct cli_command cli_provider_default = {
    .name = "provider default",
    .summary = "show the default providers",
    .about = "Those that everybody may use, one for a location.",
    .examples = "  attestctl provider default\n",
    .options = options_default,
    .run = run_default,
};
const struct cli_command cli_provider_register = {
    .name = "provider register",
    .summary = "register a subscription for attestation",
    .about = "Needed once before the first provider of a subscription can be made. Doing it again changes "
             "nothing.",
    .examples = "  attestctl provider register\n",
    .options = options_register,
    .run = run_register,
};
