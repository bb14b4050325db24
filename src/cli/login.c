#include "cli/login.h"

#include "base/err.h"
#include "base/timetext.h"
#include "cli/answer.h"
#include "cli/remote.h"

#include <limits.h>
#include <stdlib.h>

static const char *given(const struct cli *c, const char *option, const char *variable)
{
    const char *text = cli_value(c, option);

    if (!text && variable)
        text = getenv(variable);
    return text && text[0] ? text : NULL;
}

static bool url_of(struct cli *c, const char *where, const char *text, const char **ret, struct att_err *err)
{
    struct att_shown shown;
    size_t len = text ? strlen(text) : 0;

    if (!text)
        return att_fail(err, ATT_USAGE, where, "https://HOST[:PORT][/PATH]", "none");
    while (len > 0 && text[len - 1] == '/')
        len--;
    if (strncmp(text, "https://", 8) != 0 || len <= 8 || strpbrk(text, "?#@\\ \"<>"))
        return att_fail(err, ATT_USAGE, where, "https://HOST[:PORT][/PATH]", "%s",
                        att_shown(&shown, att_str(text)));
    *ret = att_arena_dup(c->arena, att_span_of(text, len));
    return *ret || att_fail_memory(err, where);
}

/* It becomes a part of paths. */
static bool word_of(const char *where, const char *text, struct att_err *err)
{
    static const char good[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    struct att_shown shown;

    if (!text)
        return att_fail(err, ATT_USAGE, where, "one, by option or from the environment", "none");
    return (text[0] != '.' && text[strspn(text, good)] == '\0') ||
           att_fail(err, ATT_USAGE, where, "letters, digits, hyphens", "%s",
                    att_shown(&shown, att_str(text)));
}

/* The profile outlives the folder that we stand in. */
static bool path_of(struct cli *c, const char *where, const char *path, const char **ret, struct att_err *err)
{
    char *full = realpath(path, NULL);
    struct att_shown shown;

    if (!full)
        return att_fail(err, ATT_IO_FAILED, where, "a file that can be read", "%s: %m",
                        att_shown(&shown, att_str(path)));
    *ret = att_arena_dup(c->arena, att_str(full));
    free(full);
    return *ret || att_fail_memory(err, where);
}

static bool from_dev(struct cli *c, struct profile *p, struct att_err *err)
{
    const char *name = cli_value(c, "as");
    const char *file = cli_text(c->arena, "%s/dev/credentials.json", cli_value(c, "dev"));
    struct att_json doc;
    struct members m = { .arena = c->arena, .doc = &doc };
    struct att_span text;
    struct att_shown shown;

    if (!file)
        return att_fail_memory(err, "dev");
    if (!path_of(c, "dev", file, &p->secret_path, err) || !private_read(c, "dev", p->secret_path, &text, err))
        return false;
    if (!att_json_parse(c->arena, text, NULL, &doc, NULL))
        return att_fail(err, ATT_USAGE, "dev", "the credentials.json of attestd --dev", "no JSON");
    p->from = SECRET_DEV;
    p->secret_name = name ? name : "owner";
    if (!url_of(c, "dev", member_text(&m, ATT_JSON_ROOT, "authority"), &p->authority, err))
        return false;
    p->url = p->authority;
    p->tenant = member_text(&m, ATT_JSON_ROOT, "tenant_id");
    p->subscription = member_text(&m, ATT_JSON_ROOT, "subscription_id");
    p->ca = member_text(&m, ATT_JSON_ROOT, "ca");
    att_json_id list = att_json_get(&doc, ATT_JSON_ROOT, "principals");
    for (att_json_id id = att_json_first(&doc, list); id != ATT_JSON_NONE; id = att_json_next(&doc, id))
        if (strcmp(member_at(&m, id, "name"), p->secret_name) == 0)
            p->client_id = member_text(&m, id, "client_id");
    return p->client_id || att_fail(err, ATT_USAGE, "as", "owner, contributor, reader or nobody", "%s",
                                    att_shown(&shown, att_str(p->secret_name)));
}

static bool from_options(struct cli *c, struct profile *p, struct att_err *err)
{
    const char *authority = given(c, "authority", "ATTESTCTL_AUTHORITY");
    const char *ca = given(c, "ca", "ATTESTCTL_CA");
    const char *secret_file = cli_value(c, "secret-file");

    if (!url_of(c, "url", given(c, "url", "ATTESTCTL_URL"), &p->url, err) ||
        !url_of(c, "authority", authority ? authority : p->url, &p->authority, err) ||
        (ca && !path_of(c, "ca", ca, &p->ca, err)))
        return false;
    p->tenant = given(c, "tenant", "ATTESTCTL_TENANT");
    p->client_id = given(c, "client-id", "ATTESTCTL_CLIENT_ID");
    p->from = secret_file ? SECRET_FILE : SECRET_ENVIRONMENT;
    return !secret_file || path_of(c, "secret-file", secret_file, &p->secret_path, err);
}

static bool profile_of(struct cli *c, struct profile *p, struct att_err *err)
{
    static const char *const others[] = { "url", "authority", "tenant", "client-id", "secret-file", "ca" };

    if (cli_has(c, "as") && !cli_has(c, "dev"))
        return att_fail(err, ATT_USAGE, "as", "--dev DATA beside it", "none");
    for (size_t i = 0; cli_has(c, "dev") && i < sizeof others / sizeof others[0]; i++)
        if (cli_has(c, others[i]))
            return att_fail(err, ATT_USAGE, others[i], "none beside --dev", "one");
    if (!(cli_has(c, "dev") ? from_dev(c, p, err) : from_options(c, p, err)))
        return false;
    if (given(c, "subscription", NULL))
        p->subscription = cli_value(c, "subscription");
    p->group = given(c, "group", NULL);
    return word_of("tenant", p->tenant, err) && word_of("client-id", p->client_id, err);
}

/* Nobody knows the number of the only subscription by heart. */
static bool find_subscription(struct remote *r, struct remote_answer *answer, struct att_err *err)
{
    struct remote_request q = { .path = "/subscriptions?api-version=2022-12-01" };

    if (r->profile.subscription)
        return true;
    if (!remote_send(r, &q, answer, err) || !remote_done(answer))
        return false;
    if (!answer->has_doc)
        return true;
    struct members m = remote_members(r, answer);
    att_json_id list = att_json_get(&answer->doc, ATT_JSON_ROOT, "value");
    att_json_id first = att_json_first(&answer->doc, list);
    if (first == ATT_JSON_NONE || att_json_next(&answer->doc, first) != ATT_JSON_NONE)
        return true;
    r->profile.subscription = member_text(&m, first, "subscriptionId");
    return profile_write(&r->profile, err);
}

static void put_line(struct cli *c, const char *name, const char *value)
{
    att_buf_printf(&c->out, "%-13s ", name);
    cli_put_plain(&c->out, value ? value : "none");
    att_buf_putc(&c->out, '\n');
}

static enum cli_exit show(struct cli *c, const struct profile *p)
{
    struct att_json_writer w = cli_writer(c);
    struct att_time_text room;
    const char *names[] = { "url", "authority", "tenant", "client", "subscription", "group" };
    const char *values[] = { p->url, p->authority, p->tenant, p->client_id, p->subscription, p->group };

    if (c->json)
        att_jw_object(&w);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (!c->json) {
            put_line(c, names[i], values[i]);
            continue;
        }
        att_jw_key(&w, names[i]);
        att_jw_str(&w, values[i]);
    }
    if (c->json) {
        att_jw_key(&w, "tokens");
        att_jw_array(&w);
    }
    for (size_t i = 0; i < AUDIENCE_COUNT; i++) {
        const char *until = p->tokens[i].text ? att_time_text(&room, p->tokens[i].expires_unix_s) : NULL;
        if (!c->json) {
            att_buf_printf(&c->out, "%-13s %s for %s\n", "token until", until ? until : "none",
                           audience_names[i]);
            continue;
        }
        att_jw_object(&w);
        att_jw_key(&w, "audience");
        att_jw_str(&w, audience_names[i]);
        att_jw_key(&w, "expires");
        att_jw_str(&w, until);
        att_jw_end_object(&w);
    }
    if (c->json) {
        att_jw_end_array(&w);
        att_jw_end_object(&w);
        att_buf_putc(&c->out, '\n');
    }
    return CLI_YES;
}

static enum cli_exit run_login(struct cli *c)
{
    struct remote r = { .c = c };
    struct remote_answer answer = { 0 };
    struct att_err err = { 0 };
    const char *token = NULL;

    if (cli_has(c, "show"))
        return profile_read(c, &r.profile, &err) ? show(c, &r.profile) : cli_refuse(c, &err);
    bool ok = profile_of(c, &r.profile, &err);
    for (int i = 0; ok && i < AUDIENCE_COUNT; i++)
        ok = remote_token(c, &r.profile, (enum audience)i, &token, &answer, &err);
    if (ok && find_subscription(&r, &answer, &err))
        return show(c, &r.profile);
    return err.code == ATT_OK ? remote_refuse(c, &answer) : cli_refuse(c, &err);
}

static enum cli_exit run_logout(struct cli *c)
{
    struct att_json_writer w = cli_writer(c);
    struct att_err err = { 0 };
    bool was = false;

    if (!profile_remove(&was, &err))
        return cli_refuse(c, &err);
    if (!c->json) {
        att_buf_puts(&c->out, was ? "logged out\n" : "nobody was logged in\n");
        return CLI_YES;
    }
    att_jw_object(&w);
    att_jw_key(&w, "loggedOut");
    att_jw_bool(&w, was);
    att_jw_end_object(&w);
    att_buf_putc(&c->out, '\n');
    return CLI_YES;
}

static const struct cli_option options_login[] = {
    { .name = "url", .argument = "URL", .help = "The service. Else from ATTESTCTL_URL." },
    { .name = "authority",
      .argument = "URL",
      .help =
          "Who gives tokens, without the tenant. Else from ATTESTCTL_AUTHORITY, else the service itself." },
    { .name = "tenant", .argument = "GUID", .help = "Else from ATTESTCTL_TENANT." },
    { .name = "client-id", .argument = "ID", .help = "Else from ATTESTCTL_CLIENT_ID." },
    { .name = "secret-file",
      .argument = "FILE",
      .help = "The client secret, in a file that you alone can read. Else from ATTESTCTL_CLIENT_SECRET." },
    { .name = "ca",
      .argument = "PEM",
      .help = "Trust this CA alone for all connections. Else from ATTESTCTL_CA, else the system's CAs." },
    { .name = "dev",
      .argument = "DATA",
      .help = "Log in to attestd --dev --data DATA on this machine, with what it wrote there." },
    { .name = "as",
      .argument = "NAME",
      .help = "With --dev: owner (if not given), contributor, reader or nobody." },
    { .name = "subscription",
      .argument = "GUID",
      .help = "For commands that name none; else the only one that you can see." },
    { .name = "group", .argument = "NAME", .help = "The resource group for commands that name none." },
    { .name = "show", .help = "Say who is logged in and until when; no token is shown." },
    { 0 },
};

const struct cli_command cli_login = {
    .name = "login",
    .summary = "log in to a service with client credentials",
    .about = "Gets a token for the control plane and one for the data plane from the authority's token "
             "endpoint, which its "
             "discovery document names. What is kept is where the service is, the tokens, and where the "
             "secret was read "
             "from; never the secret. Tokens are renewed when they are about to end, as long as the secret "
             "can still be "
             "read from there.\n\n"
             "The profile is profile.json, mode 0600, in the folder attestctl, mode 0700, of XDG_CONFIG_HOME "
             "or ~/.config. "
             "When others can read either, or a file with a secret, nothing is done: exit status 2.",
    .examples = "  attestctl login --dev data\n"
                "  attestctl login --url https://attest.example.com --tenant "
                "72f988bf-86f1-41af-91ab-2d7cd011db47 --client-id 9279d2e1-9f6b-47fc-8919-adc5c787a6cd "
                "--secret-file secret\n"
                "  attestctl login --show\n",
    .options = options_login,
    .run = run_login,
};

static const struct cli_option no_options[] = { { 0 } };

const struct cli_command cli_logout = {
    .name = "logout",
    .summary = "forget the profile and its tokens",
    .about = "Removes the profile of this user. Tokens that were copied elsewhere stay valid until they end.",
    .examples = "  attestctl logout\n",
    .options = no_options,
    .run = run_logout,
};
