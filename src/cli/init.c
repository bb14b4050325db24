#include "cli/init.h"

#include "base/auto.h"
#include "base/err.h"
#include "cli/answer.h"
#include "cli/files.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LINE_BYTES_MAX = 190 }; /* attestd.conf(5) */

/* Where the Debian package has it (packaging/attestd.service). */
#define SYSTEM_DIR   "/etc/attestd"
#define SYSTEM_DATA  "/var/lib/attestd"
#define SYSTEM_GROUP "attestd"
#define SYSTEM_KEK   "credential:kek"

/* What the command line says, completed. */
struct wishes {
    const char *base_url, *tls_certificate, *tls_key, *store, *domain, *listen, *admin_listen;
    const char *subscription, *tenant;
    const char *issuer, *keys; /* NULL with the authority */
    const char *owner, *owner_name;
    const char *secret, *secret_hash; /* with the authority */
};

/* -- checking --------------------------------------------------------------------------------------------- */

static bool refuse(struct att_err *err, const char *option, const char *expected, const char *found)
{
    struct att_shown shown;
    return att_fail(err, ATT_USAGE, option, expected, "%s", att_shown(&shown, att_str(found)));
}

static bool given(const struct cli *c, const char *option, const char **ret, struct att_err *err)
{
    *ret = cli_value(c, option);
    if (*ret)
        return true;
    char text[96];
    (void)snprintf(text, sizeof text, "--%s is missing", option);
    att_fail(err, ATT_USAGE, option, "a value", "nothing");
    att_err_text(err, "%s", text);
    return false;
}

/* The forms that attestd will look at again; here so that nothing is written that it would not take. */
static bool url_good(const char *option, const char *url, struct att_err *err)
{
    size_t len = strlen(url);

    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)url[i] <= ' ' || (unsigned char)url[i] > '~' || strchr("\\\"<>`{}|^#@", url[i]))
            return refuse(err, option, "https://HOST...", url);
    }
    return (len > 8 && strncmp(url, "https://", 8) == 0) || refuse(err, option, "https://HOST...", url);
}

static bool guid_good(const char *option, const char *text, struct att_err *err)
{
    size_t len = strlen(text);
    bool good = len == 36;

    for (size_t i = 0; good && i < len; i++) {
        bool hyphen = i == 8 || i == 13 || i == 18 || i == 23;
        good = hyphen ? text[i] == '-' : strchr("0123456789abcdefABCDEF", text[i]) != NULL;
    }
    return good || refuse(err, option, "a GUID: 8-4-4-4-12 hexadecimal digits", text);
}

static bool owner_good(const char *text, struct att_err *err)
{
    for (const char *at = text; *at; at++) {
        if ((unsigned char)*at <= ' ' || (unsigned char)*at > '~' || *at == '/')
            return refuse(err, "owner", "an object id, without spaces", text);
    }
    return text[0] || refuse(err, "owner", "an object id", "nothing");
}

/* The absolute path of a file that is there. */
static bool path_of(struct cli *c, const char *option, const char **ret, struct att_err *err)
{
    char room[PATH_MAX];

    if (!cli_is_readable(c, option, err))
        return false;
    if (!realpath(*ret, room))
        return att_fail(err, ATT_IO_FAILED, option, "a file that can be read", "%m");
    *ret = att_arena_dup(c->arena, att_str(room));
    return *ret || att_fail_memory(err, option);
}

/* -- reading the command line ----------------------------------------------------------------------------- */

static bool read_guid(struct cli *c, const char *option, const char **ret, struct att_err *err)
{
    *ret = cli_value(c, option);
    return *ret ? guid_good(option, *ret, err) : init_guid(c->arena, ret, err);
}

static bool read_issuer(struct cli *c, struct wishes *w, struct att_err *err)
{
    if (!given(c, "issuer", &w->issuer, err) || !url_good("issuer", w->issuer, err) ||
        !given(c, "tenant", &w->tenant, err) || !guid_good("tenant", w->tenant, err) ||
        !given(c, "owner", &w->owner, err) || !owner_good(w->owner, err))
        return false;
    if (cli_value(c, "owner-name"))
        return refuse(err, "owner-name", "--authority beside it", "--issuer");
    w->keys = cli_value(c, "issuer-keys");
    return !w->keys || path_of(c, "issuer-keys", &w->keys, err);
}

static bool read_authority(struct cli *c, struct wishes *w, struct att_err *err)
{
    static const char *const others[] = { "issuer", "issuer-keys", "owner" };

    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (cli_value(c, others[i]))
            return refuse(err, others[i], "an issuer or the built-in authority", "--authority");
    }
    w->owner_name = cli_value(c, "owner-name") ? cli_value(c, "owner-name") : "owner";
    return read_guid(c, "tenant", &w->tenant, err) && init_principal_guid(c->arena, &w->owner, err) &&
           init_secret(c->arena, &w->secret, &w->secret_hash, err);
}

static bool read_wishes(struct cli *c, struct wishes *ret, struct att_err *err)
{
    struct wishes w = { .store = cli_value(c, "store"),
                        .domain = cli_value(c, "domain"),
                        .listen = cli_value(c, "listen"),
                        .admin_listen = cli_value(c, "admin-listen") };

    if (!given(c, "base-url", &w.base_url, err) || !url_good("base-url", w.base_url, err) ||
        !given(c, "tls-certificate", &w.tls_certificate, err) ||
        !path_of(c, "tls-certificate", &w.tls_certificate, err) || !given(c, "tls-key", &w.tls_key, err) ||
        !path_of(c, "tls-key", &w.tls_key, err))
        return false;
    if (w.base_url[strlen(w.base_url) - 1] == '/' || strchr(w.base_url, '?'))
        return refuse(err, "base-url", "https://HOST[:PORT] without a slash at its end", w.base_url);
    if (w.store && (strcasestr(w.store, "password") || !strchr(w.store, ':')))
        return att_fail(err, ATT_USAGE, "store", "sqlite:PATH or postgres:CONNINFO, without a password",
                        "another form");
    if (!read_guid(c, "subscription", &w.subscription, err))
        return false;
    bool ok = cli_has(c, "authority") ? read_authority(c, &w, err) : read_issuer(c, &w, err);
    if (ok)
        *ret = w;
    return ok;
}

/* -- the file --------------------------------------------------------------------------------------------- */

struct writing {
    struct att_buf *out;
    struct att_err *err;
    bool ok;
};

/* What attestd would cut or refuse is not written. */
static void put(struct writing *w, const char *name, const char *value)
{
    size_t len = value ? strlen(value) : 0;

    if (!w->ok || !value)
        return;
    for (size_t i = 0; i < len; i++) {
        bool comment = value[i] == ';' && (i == 0 || value[i - 1] == ' ');
        if ((unsigned char)value[i] < ' ' || value[i] == 0x7f || comment) {
            w->ok = refuse(w->err, name, "text without control characters and \" ;\"", value);
            return;
        }
    }
    if (len == 0 || value[0] == ' ' || value[len - 1] == ' ')
        w->ok = refuse(w->err, name, "text that neither begins nor ends with a space", value);
    else if (strlen(name) + 3 + len > LINE_BYTES_MAX)
        w->ok = att_fail(w->err, ATT_USAGE, name, "a shorter one: a line has at most 190 bytes", "%zu bytes",
                         len);
    else
        att_buf_printf(w->out, "%s = %s\n", name, value);
}

static bool compose(const struct wishes *from, const struct init_plan *plan, struct att_buf *out,
                    struct att_err *err)
{
    struct writing w = { .out = out, .err = err, .ok = true };

    att_buf_puts(out, "# Written by attestctl init; attestd.conf(5) has all settings.\n[attestd]\n");
    put(&w, "base_url", from->base_url);
    put(&w, "data_dir", plan->data_path);
    put(&w, "tls_certificate", from->tls_certificate);
    put(&w, "tls_key", from->tls_key);
    put(&w, "key_encryption_key", plan->kek_dir ? SYSTEM_KEK : plan->kek_path);
    put(&w, "listen", from->listen);
    put(&w, "admin_listen", from->admin_listen);
    put(&w, "store", from->store);
    put(&w, "domain", from->domain);
    put(&w, "authority", from->issuer ? NULL : "on");
    if (from->issuer) {
        att_buf_puts(out, "\n[issuer main]\n");
        put(&w, "url", from->issuer);
        put(&w, "tenant", from->tenant);
        put(&w, "keys", from->keys);
    }
    att_buf_printf(out, "\n# Read when this subscription is made, at the first start.\n[subscription %s]\n",
                   from->subscription);
    put(&w, "tenant", from->tenant);
    put(&w, "owner", from->owner);
    put(&w, "owner_name", from->owner_name);
    put(&w, "owner_secret_hash", from->secret_hash);
    if (w.ok && out->failed)
        return att_fail_memory(err, "init");
    return w.ok;
}

static bool join(struct cli *c, const char *dir, const char *name, const char **ret, struct att_err *err)
{
    size_t size = strlen(dir) + strlen(name) + 2;
    char *path = att_arena_alloc(c->arena, size, 1);

    if (!path)
        return att_fail_memory(err, "dir");
    (void)snprintf(path, size, "%s/%s", dir, name);
    *ret = path;
    return true;
}

/* DIR may not be there yet: then what is above it has to be. */
static bool absolute(struct cli *c, const char *dir, const char **ret, struct att_err *err)
{
    char room[PATH_MAX], above[PATH_MAX];
    size_t len = strlen(dir);

    while (len > 1 && dir[len - 1] == '/')
        len--;
    if (len == 0 || len >= sizeof above)
        return refuse(err, "dir", "a folder", dir);
    memcpy(above, dir, len);
    above[len] = '\0';
    if (realpath(above, room)) {
        *ret = att_arena_dup(c->arena, att_str(room));
        return *ret || att_fail_memory(err, "dir");
    }
    bool fresh = errno == ENOENT;
    char *slash = strrchr(above, '/');
    const char *name = slash ? slash + 1 : above;
    struct att_shown shown;
    name = att_arena_dup(c->arena, att_str(name));
    if (!name)
        return att_fail_memory(err, "dir");
    if (slash)
        *(slash == above ? slash + 1 : slash) = '\0';
    if (!fresh || !realpath(slash ? above : ".", room))
        return att_fail(err, ATT_IO_FAILED, "dir", "a folder, or a new one in a folder", "%s: %m",
                        att_shown(&shown, att_str(dir)));
    return join(c, strcmp(room, "/") == 0 ? "" : room, name, ret, err);
}

/* As the package's unit has it: data where systemd makes the folder, the key as a credential that root alone can read. */
static bool plan_system(struct cli *c, struct init_plan *ret, struct att_err *err)
{
    const char *dir = cli_value(c, "dir") ? cli_value(c, "dir") : SYSTEM_DIR;

    ret->data_path = SYSTEM_DATA;
    ret->data_made_elsewhere = true;
    ret->group = geteuid() == 0 ? SYSTEM_GROUP : NULL;
    return absolute(c, dir, &ret->dir, err) && join(c, ret->dir, "credentials", &ret->kek_dir, err) &&
           join(c, ret->kek_dir, "kek", &ret->kek_path, err);
}

static bool plan_beside(struct cli *c, struct init_plan *ret, struct att_err *err)
{
    const char *dir = NULL;

    return given(c, "dir", &dir, err) && absolute(c, dir, &ret->dir, err) &&
           join(c, ret->dir, "data", &ret->data_path, err) && join(c, ret->dir, "kek", &ret->kek_path, err);
}

static bool plan_files(struct cli *c, struct init_plan *ret, struct att_err *err)
{
    const char *kek = NULL;

    if (!(cli_has(c, "system") ? plan_system(c, ret, err) : plan_beside(c, ret, err)) ||
        !join(c, ret->dir, "attestd.conf", &ret->conf_path, err) || !init_kek(c->arena, &kek, err))
        return false;
    ret->kek = att_str(kek);
    return true;
}

/* -- the answer ------------------------------------------------------------------------------------------- */

static void answer_json(struct cli *c, const struct wishes *w, const struct init_plan *plan)
{
    struct att_json_writer out = cli_writer(c);
    const char *const members[][2] = {
        { "configuration", plan->conf_path },
        { "data_dir", plan->data_path },
        { "key_encryption_key", plan->kek_path },
        { "subscription_id", w->subscription },
        { "tenant_id", w->tenant },
        { "owner", w->owner },
        { "client_secret", w->secret },
    };

    att_jw_object(&out);
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        att_jw_key(&out, members[i][0]);
        att_jw_str(&out, members[i][1]); /* client_secret is null when there is an issuer */
    }
    att_jw_end_object(&out);
    att_buf_putc(&c->out, '\n');
}

static void answer_text(struct cli *c, const struct wishes *w, const struct init_plan *plan)
{
    att_buf_printf(&c->out, "made %s\n  subscription   %s\n  tenant         %s\n  owner          %s\n",
                   plan->conf_path, w->subscription, w->tenant, w->owner);
    if (w->secret)
        att_buf_printf(
            &c->out,
            "  client secret  %s\n  It is not kept anywhere and not shown again: put it into a safe place "
            "now.\n",
            w->secret);
    if (cli_has(c, "system")) {
        att_buf_printf(
            &c->out,
            "next\n  1. Put a copy of %s where the back-ups of %s are not: without it they are worth "
            "nothing.\n"
            "  2. Let group " SYSTEM_GROUP " read the TLS key: chgrp " SYSTEM_GROUP " %s && chmod 0640 %s\n"
            "  3. Look at listen, [source NAME] and accepted_tcb in %s.\n"
            "  4. systemctl enable --now attestd && attestctl doctor\n",
            plan->kek_path, plan->data_path, w->tls_key, w->tls_key, plan->conf_path);
        return;
    }
    att_buf_printf(
        &c->out,
        "next\n  1. Put a copy of %s where the back-ups of %s are not: without it they are worth nothing.\n"
        "  2. Give the service's user these files; look at listen, collateral_dirs and accepted_tcb.\n"
        "  3. attestd --config %s --check-config, then without --check-config.\n",
        plan->kek_path, plan->data_path, plan->conf_path);
}

static enum cli_exit run_init(struct cli *c)
{
    ATT_AUTO(att_buf_free) struct att_buf text = { 0 };
    struct init_plan plan = { 0 };
    struct wishes w = { 0 };
    struct att_err err = { 0 };

    if (!read_wishes(c, &w, &err) || !plan_files(c, &plan, &err) || !compose(&w, &plan, &text, &err))
        return cli_refuse(c, &err);
    plan.conf = att_buf_span(&text);
    if (!init_write(&plan, &err))
        return cli_refuse(c, &err);
    if (c->json)
        answer_json(c, &w, &plan);
    else
        answer_text(c, &w, &plan);
    return CLI_YES;
}

static const struct cli_option options[] = {
    { .name = "dir",
      .argument = "DIR",
      .help = "Where attestd.conf, data and kek are made. Nothing that is there is overwritten." },
    { .name = "system",
      .help = "For the service of the Debian package: " SYSTEM_DIR
              "/attestd.conf, readable by group " SYSTEM_GROUP ", the key in " SYSTEM_DIR
              "/credentials, data in " SYSTEM_DATA "." },
    { .name = "base-url",
      .argument = "URL",
      .help = "Where clients will find the service: https://HOST[:PORT]. It is the issuer of every token." },
    { .name = "tls-certificate",
      .argument = "FILE",
      .help = "PEM: the server's certificate, then its issuers." },
    { .name = "tls-key", .argument = "FILE", .help = "PEM: the certificate's private key." },
    { .name = "issuer",
      .argument = "URL",
      .help = "The OpenID Connect issuer of your callers' tokens, exactly as their iss has it." },
    { .name = "issuer-keys",
      .argument = "FILE",
      .help = "Its JWK set; without it attestd asks the issuer's discovery document." },
    { .name = "tenant",
      .argument = "GUID",
      .help = "The tenant of its principals. With --authority a random one if not given." },
    { .name = "owner",
      .argument = "PRINCIPAL",
      .help = "Object id of the principal that becomes the first Owner, as its tokens name it." },
    { .name = "authority",
      .help = "In place of an issuer: attestd's built-in authority. Its first principal and secret are made "
              "here; the secret is printed once, the configuration has its hash." },
    { .name = "owner-name", .argument = "NAME", .help = "With --authority: the name of that principal." },
    { .name = "subscription", .argument = "GUID", .help = "The first subscription; random if not given." },
    { .name = "store",
      .argument = "URL",
      .help = "sqlite:PATH or postgres:CONNINFO; SQLite in the data folder if not given." },
    { .name = "listen",
      .argument = "HOST:PORT",
      .help = "Where the service listens; 127.0.0.1:8443 if not given." },
    { .name = "admin-listen",
      .argument = "HOST:PORT",
      .help = "Where health and metrics are; 127.0.0.1:8444 if not given." },
    { .name = "domain",
      .argument = "DOMAIN",
      .help = "Providers get host names of their own below it; below the base URL if not given." },
    { 0 },
};

const struct cli_command cli_init = {
    .name = "init",
    .summary = "make the configuration of a new attestd, with its first Owner",
    .about =
        "Writes DIR/attestd.conf, an empty DIR/data and a key-encryption key DIR/kek, mode 0600. It asks "
        "nobody and starts nothing: attestd makes the subscription, its Owner and the default provider at "
        "its first start.\n\n"
        "Callers are vouched for by an OpenID Connect issuer (--issuer, --tenant, --owner) or by the "
        "built-in authority (--authority).",
    .examples =
        "  attestctl init --dir /etc/attestd --base-url https://attest.example.org "
        "--tls-certificate tls.pem --tls-key tls.key --authority\n"
        "  attestctl init --dir /etc/attestd --base-url https://attest.example.org "
        "--tls-certificate tls.pem --tls-key tls.key --issuer https://login.example.org/v2.0 "
        "--tenant 11111111-1111-4111-8111-111111111111 --owner 22222222-2222-4222-8222-222222222222\n",
    .options = options,
    .run = run_init,
};
