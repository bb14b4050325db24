#include "cli/principal.h"

#include "base/auto.h"
#include "base/err.h"
#include "cli/answer.h"
#include "cli/files.h"
#include "cli/init.h"
#include "cli/pem.h"
#include "cli/provider.h"
#include "cli/scope.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* Of the principals (id NULL), of one of them, or of something below it. */
static bool path_of(struct remote *r, const char *id, const char *below, const char *credential,
                    const char **ret, struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf b = { 0 };
    const char *scope = NULL;

    if (!scope_subscription(r, &scope, err))
        return false;
    att_buf_puts(&b, scope);
    att_buf_puts(&b, "/providers/Microsoft.Authorization/principals");
    if (id) {
        att_buf_putc(&b, '/');
        if (!path_put(&b, "principal", id, err))
            return false;
        att_buf_puts(&b, below);
    }
    if (credential && !path_put(&b, "credential", credential, err))
        return false;
    att_buf_puts(&b, "?api-version=" VERSION_OWN);
    *ret = b.failed ? NULL : att_arena_dup(r->c->arena, att_buf_span(&b));
    return *ret || att_fail_memory(err, "request");
}

static void show_principal(struct remote *r, struct members *m, att_json_id id)
{
    struct att_buf *b = &r->c->out;
    att_json_id list = att_json_get(m->doc, att_json_get(m->doc, id, "properties"), "credentials");

    cli_put_plain(b, member_at(m, id, "name"));
    att_buf_puts(b, "  ");
    cli_put_plain(b, member_at(m, id, "properties.displayName"));
    att_buf_putc(b, '\n');
    for (att_json_id c = att_json_first(m->doc, list); c != ATT_JSON_NONE; c = att_json_next(m->doc, c)) {
        const char *expires = member_at(m, c, "expires");
        att_buf_puts(b, "  ");
        cli_put_plain(b, member_at(m, c, "type"));
        att_buf_puts(b, " ");
        cli_put_plain(b, member_at(m, c, "id"));
        att_buf_puts(b, expires[0] ? " until " : "");
        cli_put_plain(b, expires);
        att_buf_putc(b, '\n');
    }
}

/* Client ids are GUIDs of version 8 (RFC 9562 5.8): those of other issuers' principals never are. */
static bool new_id(struct cli *c, const char **ret, struct att_err *err)
{
    enum { VERSION_AT = 14 };
    const char *guid = NULL;

    if (!init_guid(c->arena, &guid, err))
        return false;
    char *id = att_arena_dup(c->arena, att_str(guid));
    if (!id)
        return att_fail_memory(err, "id");
    id[VERSION_AT] = '8';
    *ret = id;
    return true;
}

static enum cli_exit run_create(struct cli *c)
{
    ATT_AUTO(att_buf_free) struct att_buf body = { 0 };
    struct att_json_writer w = { .out = &body };
    struct att_err err = { 0 };
    struct remote r;
    struct remote_answer a = { 0 };
    struct remote_request q = { .method = "PUT", .if_none_match = "*" };
    const char *id = cli_value(c, "id");

    if (!remote_open(c, &r))
        return r.exit;
    if ((!id && !new_id(c, &id, &err)) || !path_of(&r, id, "", NULL, &q.path, &err))
        return cli_refuse(c, &err);
    att_jw_object(&w);
    att_jw_key(&w, "properties");
    att_jw_object(&w);
    att_jw_key(&w, "displayName");
    att_jw_str(&w, c->operands[0]);
    att_jw_end_object(&w);
    att_jw_end_object(&w);
    struct att_span sent = att_buf_span(&body);
    q.body = &sent;
    return remote_call(&r, &q, &a) ? answer_change(c, &a, "made principal", id) : r.exit;
}

static enum cli_exit run_list(struct cli *c)
{
    struct att_err err = { 0 };
    struct remote r;
    struct remote_answer a = { 0 };
    struct remote_request q = { 0 };
    const char *id = c->operand_count > 0 ? c->operands[0] : NULL;

    if (!remote_open(c, &r))
        return r.exit;
    if (!path_of(&r, id, "", NULL, &q.path, &err))
        return cli_refuse(c, &err);
    if (!remote_call(&r, &q, &a))
        return r.exit;
    if (c->json || !a.has_doc) {
        remote_put_json(c, &a);
        return CLI_YES;
    }
    struct members m = remote_members(&r, &a);
    if (id) {
        show_principal(&r, &m, ATT_JSON_ROOT);
        return CLI_YES;
    }
    att_json_id list = att_json_get(&a.doc, ATT_JSON_ROOT, "value");
    for (att_json_id p = att_json_first(&a.doc, list); p != ATT_JSON_NONE; p = att_json_next(&a.doc, p))
        show_principal(&r, &m, p);
    return CLI_YES;
}

static enum cli_exit run_delete(struct cli *c)
{
    struct att_err err = { 0 };
    struct remote r;
    const char *path = NULL;

    if (!remote_open(c, &r))
        return r.exit;
    if (!path_of(&r, c->operands[0], "", NULL, &path, &err))
        return cli_refuse(c, &err);
    return run_remove(&r, path, NULL, c->operands[0]);
}

static enum cli_exit run_remove_credential(struct cli *c)
{
    struct att_err err = { 0 };
    struct remote r;
    const char *path = NULL;

    if (!remote_open(c, &r))
        return r.exit;
    if (!path_of(&r, c->operands[0], "/credentials/", c->operands[1], &path, &err))
        return cli_refuse(c, &err);
    return run_remove(&r, path, NULL, c->operands[1]);
}

/* The answer without its secret. */
static void put_credential(struct cli *c, const struct remote_answer *a, bool with_secret)
{
    struct att_json_writer w = cli_writer(c);
    struct att_span name;

    att_jw_object(&w);
    for (att_json_id id = att_json_first(&a->doc, ATT_JSON_ROOT); id != ATT_JSON_NONE;
         id = att_json_next(&a->doc, id)) {
        if (!att_json_key(&a->doc, c->arena, id, &name) || (!with_secret && att_span_is(name, "secret")))
            continue;
        att_jw_key_span(&w, name);
        att_jw_raw(&w, att_json_source(&a->doc, id));
    }
    att_jw_end_object(&w);
    att_buf_putc(&c->out, '\n');
}

static enum cli_exit answer_secret(struct cli *c, struct remote *r, const struct remote_answer *a, int fd)
{
    struct members m = remote_members(r, a);
    struct att_err err = { 0 };
    const char *secret = a->has_doc ? member_at(&m, ATT_JSON_ROOT, "secret") : "";

    if (!secret[0]) {
        att_fail(&err, ATT_SERVICE_UNAVAILABLE, "answer.secret", "the new secret", "none");
        return cli_refuse(c, &err);
    }
    if (fd >= 0 && !cli_file_put("secret-file", fd, secret, &err))
        return cli_refuse(c, &err);
    if (c->json) {
        put_credential(c, a, fd < 0);
        return CLI_YES;
    }
    if (fd < 0)
        att_buf_printf(&c->out, "%s\n", secret);
    att_buf_puts(&c->diagnostics, "added secret ");
    cli_put_plain(&c->diagnostics, member_at(&m, ATT_JSON_ROOT, "id"));
    att_buf_puts(&c->diagnostics, fd < 0 ? "; it is shown this once\n" : "\n");
    return CLI_YES;
}

static enum cli_exit run_add_secret(struct cli *c)
{
    ATT_AUTO(att_buf_free) struct att_buf body = { 0 };
    struct att_json_writer w = { .out = &body };
    struct att_err err = { 0 };
    struct remote r;
    struct remote_answer a = { 0 };
    struct remote_request q = { .method = "POST" };
    const char *file = cli_value(c, "secret-file");
    int fd = -1;

    if (!remote_open(c, &r))
        return r.exit;
    /* The file is made before the secret is: once it was given out, there must be a place for it. */
    if (!path_of(&r, c->operands[0], "/credentials", NULL, &q.path, &err) ||
        (file && !cli_file_new("secret-file", file, &fd, &err)))
        return cli_refuse(c, &err);
    att_jw_object(&w);
    att_jw_key(&w, "type");
    att_jw_str(&w, "secret");
    if (cli_has(c, "expires")) {
        att_jw_key(&w, "expires");
        att_jw_str(&w, cli_value(c, "expires"));
    }
    att_jw_end_object(&w);
    struct att_span sent = att_buf_span(&body);
    q.body = &sent;
    enum cli_exit status = remote_call(&r, &q, &a) ? answer_secret(c, &r, &a, fd) : r.exit;
    if (fd >= 0) {
        (void)close(fd); /* fsync has said what there is to say */
        if (status != CLI_YES)
            (void)unlink(file); /* made above, by us */
    }
    return status;
}

static enum cli_exit run_add_certificate(struct cli *c)
{
    ATT_AUTO(att_buf_free) struct att_buf body = { 0 };
    ATT_AUTO(att_buf_free) struct att_buf key = { 0 };
    struct att_json_writer w = { .out = &body };
    struct att_json_writer k = { .out = &key };
    struct att_json doc;
    struct att_err err = { 0 };
    struct remote r;
    struct remote_answer a = { 0 };
    struct remote_request q = { .method = "POST" };

    if (!remote_open(c, &r))
        return r.exit;
    if (!path_of(&r, c->operands[0], "/credentials", NULL, &q.path, &err) ||
        !pem_put_x5c(c, "certificate", cli_value(c, "certificate"), &k, &err) ||
        !att_json_parse(c->arena, att_buf_span(&key), NULL, &doc, &err))
        return cli_refuse(c, &err);
    att_jw_object(&w);
    att_jw_key(&w, "type");
    att_jw_str(&w, "certificate");
    att_jw_key(&w, "x5c");
    att_jw_raw(&w, att_json_source(&doc, att_json_get(&doc, ATT_JSON_ROOT, "x5c")));
    att_jw_end_object(&w);
    struct att_span sent = att_buf_span(&body);
    q.body = &sent;
    return remote_call(&r, &q, &a) ? answer_change(c, &a, "added a certificate to", c->operands[0]) : r.exit;
}

static enum cli_exit run_add_unix_user(struct cli *c)
{
    struct att_err err = { 0 };
    struct att_shown shown;
    struct remote r;
    struct remote_answer a = { 0 };
    struct remote_request q = { .method = "POST" };
    const char *uid = cli_value(c, "uid");

    if (!remote_open(c, &r))
        return r.exit;
    if (uid[strspn(uid, "0123456789")] != '\0' || strlen(uid) > 10 || strlen(uid) == 0)
        att_fail(&err, ATT_USAGE, "uid", "a number", "%s", att_shown(&shown, att_str(uid)));
    if (err.code != ATT_OK || !path_of(&r, c->operands[0], "/credentials", NULL, &q.path, &err))
        return cli_refuse(c, &err);
    const char *body = cli_text(c->arena, "{\"type\":\"unixUser\",\"uid\":%s}", uid);
    if (!body) {
        att_fail_memory(&err, "request");
        return cli_refuse(c, &err);
    }
    struct att_span sent = att_str(body);
    q.body = &sent;
    return remote_call(&r, &q, &a) ? answer_change(c, &a, "added a unix user to", c->operands[0]) : r.exit;
}

static const struct cli_option options_create[] = {
    { .name = "id",
      .argument = "GUID",
      .help = "Its client id, a GUID of version 8; a random one if not given." },
    OPTION_SUBSCRIPTION,
    { 0 },
};
static const struct cli_option options_plain[] = { OPTION_SUBSCRIPTION, { 0 } };
static const struct cli_option options_secret[] = {
    { .name = "expires", .argument = "TIME", .help = "RFC 3339 with Z; never if not given." },
    { .name = "secret-file",
      .argument = "FILE",
      .help = "Write the secret to this new file, mode 0600, and not to standard output." },
    OPTION_SUBSCRIPTION,
    { 0 },
};
static const struct cli_option options_certificate[] = {
    { .name = "certificate", .argument = "PEM", .required = true, .help = "One certificate; no key." },
    OPTION_SUBSCRIPTION,
    { 0 },
};
static const struct cli_option options_uid[] = {
    { .name = "uid",
      .argument = "NUMBER",
      .required = true,
      .help = "Of the user on the service's machine." },
    OPTION_SUBSCRIPTION,
    { 0 },
};

const struct cli_command cli_principal_create = {
    .name = "principal create",
    .operands = "NAME",
    .operands_min = 1,
    .operands_max = 1,
    .summary = "make a principal of the built-in authority",
    .about = "It has no credential and no role yet: principal add-secret and role assign give them. NAME is "
             "what people "
             "see; everything else goes by its client id.",
    .examples = "  attestctl principal create nightly-build\n",
    .options = options_create,
    .run = run_create,
};
const struct cli_command cli_principal_list = {
    .name = "principal list",
    .summary = "list the principals of a subscription",
    .about = "With their credentials, of which no secret is kept anywhere.",
    .examples = "  attestctl principal list\n",
    .options = options_plain,
    .run = run_list,
};
const struct cli_command cli_principal_show = {
    .name = "principal show",
    .operands = "ID",
    .operands_min = 1,
    .operands_max = 1,
    .summary = "show a principal and its credentials",
    .about = "ID is the client id.",
    .examples = "  attestctl principal show 05403897-9b95-4a8a-b82e-a63e456f3374\n",
    .options = options_plain,
    .run = run_list,
};
const struct cli_command cli_principal_delete = {
    .name = "principal delete",
    .operands = "ID",
    .operands_min = 1,
    .operands_max = 1,
    .summary = "delete a principal and its role assignments",
    .about =
        "Tokens that it has stay valid until they end, but allow nothing any more. It does not ask again.",
    .examples = "  attestctl principal delete 05403897-9b95-4a8a-b82e-a63e456f3374\n",
    .options = options_plain,
    .run = run_delete,
};
const struct cli_command cli_principal_add_secret = {
    .name = "principal add-secret",
    .operands = "ID",
    .operands_min = 1,
    .operands_max = 1,
    .summary = "give a principal a new secret",
    .about = "The service makes it and shows it once. Standard output has the secret alone, unless a file is "
             "named.",
    .examples =
        "  attestctl principal add-secret 05403897-9b95-4a8a-b82e-a63e456f3374 --secret-file secret\n",
    .options = options_secret,
    .run = run_add_secret,
};
const struct cli_command cli_principal_add_certificate = {
    .name = "principal add-certificate",
    .operands = "ID",
    .operands_min = 1,
    .operands_max = 1,
    .summary = "let a principal log in with a certificate's key",
    .about = "RSA from 2048 bits on, or P-256. It ends when the certificate does.",
    .examples =
        "  attestctl principal add-certificate 05403897-9b95-4a8a-b82e-a63e456f3374 --certificate cert.pem\n",
    .options = options_certificate,
    .run = run_add_certificate,
};
const struct cli_command cli_principal_add_unix_user = {
    .name = "principal add-unix-user",
    .operands = "ID",
    .operands_min = 1,
    .operands_max = 1,
    .summary = "make a principal the identity of a user on the service's machine",
    .about = "That user then gets tokens at the managed identity socket, without a secret.",
    .examples = "  attestctl principal add-unix-user 05403897-9b95-4a8a-b82e-a63e456f3374 --uid 1000\n",
    .options = options_uid,
    .run = run_add_unix_user,
};
const struct cli_command cli_principal_remove_credential = {
    .name = "principal remove-credential",
    .operands = "ID CREDENTIAL",
    .operands_min = 2,
    .operands_max = 2,
    .summary = "take a credential away from a principal",
    .about = "CREDENTIAL is the id that principal show lists.",
    .examples = "  attestctl principal remove-credential 05403897-9b95-4a8a-b82e-a63e456f3374 4f6b0d1c\n",
    .options = options_plain,
    .run = run_remove_credential,
};
