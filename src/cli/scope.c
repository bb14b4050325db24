#include "cli/scope.h"

#include "base/auto.h"
#include "base/err.h"

#include <ctype.h>
#include <strings.h>

enum { PATH_BYTES_MAX = 4096 };

#define PROVIDERS "/providers/Microsoft.Attestation/attestationProviders/"

bool path_put(struct att_buf *b, const char *where, const char *name, struct att_err *err)
{
    struct att_shown shown;

    if (name[strspn(name, ".")] == '\0' || strlen(name) > 256)
        return att_fail(err, ATT_USAGE, where, "a name", "%s", att_shown(&shown, att_str(name)));
    for (const unsigned char *p = (const unsigned char *)name; *p; p++)
        if (isalnum(*p) || strchr("-_.~", *p))
            att_buf_putc(b, (char)*p);
        else
            att_buf_printf(b, "%%%02X", *p);
    return true;
}

static bool keep(struct remote *r, const struct att_buf *b, const char **ret, struct att_err *err)
{
    const char *copy = b->failed ? NULL : att_arena_dup(r->c->arena, att_buf_span(b));

    if (!copy)
        return att_fail_memory(err, "scope");
    *ret = copy;
    return true;
}

bool scope_subscription(struct remote *r, const char **ret, struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf b = { .max = PATH_BYTES_MAX };
    const char *id = cli_value(r->c, "subscription");

    if (!id)
        id = r->profile.subscription;
    if (!id)
        return att_fail(err, ATT_USAGE, "subscription", "--subscription GUID here or at login", "none");
    att_buf_puts(&b, "/subscriptions/");
    return path_put(&b, "subscription", id, err) && keep(r, &b, ret, err);
}

bool scope_group(struct remote *r, const char *group, const char **ret, struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf b = { .max = PATH_BYTES_MAX };
    const char *above = NULL;

    if (!group)
        group = r->profile.group;
    if (!group)
        return att_fail(err, ATT_USAGE, "group", "--group NAME here or at login", "none");
    if (!scope_subscription(r, &above, err))
        return false;
    att_buf_puts(&b, above);
    att_buf_puts(&b, "/resourceGroups/");
    return path_put(&b, "group", group, err) && keep(r, &b, ret, err);
}

bool scope_provider(struct remote *r, const char *group, const char *name, const char **ret,
                    struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf b = { .max = PATH_BYTES_MAX };
    const char *above = NULL;

    if (!scope_group(r, group, &above, err))
        return false;
    att_buf_puts(&b, above);
    att_buf_puts(&b, PROVIDERS);
    return path_put(&b, "provider", name, err) && keep(r, &b, ret, err);
}

/* What is given in full is sent in full: it must be a path and nothing else. */
static bool scope_given(struct remote *r, const char *text, const char **ret, struct att_err *err)
{
    static const char good[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~/()";
    struct att_shown shown;

    if (strncasecmp(text, "/subscriptions/", 15) != 0 || text[strspn(text, good)] != '\0' ||
        strstr(text, "//") || strstr(text, "/.") || strlen(text) > PATH_BYTES_MAX / 2)
        return att_fail(err, ATT_USAGE, "scope", "/subscriptions/...", "%s",
                        att_shown(&shown, att_str(text)));
    *ret = att_arena_dup(r->c->arena, att_str(text));
    return *ret || att_fail_memory(err, "scope");
}

bool scope_of(struct remote *r, const char **ret, struct att_err *err)
{
    const char *scope = cli_value(r->c, "scope");
    const char *provider = cli_value(r->c, "provider");
    const char *group = cli_value(r->c, "group");

    if (scope && (provider || group))
        return att_fail(err, ATT_USAGE, "scope", "--scope, or --provider and --group", "both");
    if (scope)
        return scope_given(r, scope, ret, err);
    if (provider)
        return scope_provider(r, group, provider, ret, err);
    return group ? scope_group(r, group, ret, err) : scope_subscription(r, ret, err);
}

bool tags_put(struct cli *c, struct att_json_writer *w, struct att_err *err)
{
    const char *text = NULL;
    struct att_shown shown;

    att_jw_object(w);
    for (size_t n = 0; (text = cli_value_at(c, "tag", n)) != NULL; n++) {
        size_t len = strcspn(text, "=");
        if (len == 0 || text[len] == '\0')
            return att_fail(err, ATT_USAGE, "tag", "NAME=VALUE", "%s", att_shown(&shown, att_str(text)));
        att_jw_key_span(w, att_span_of(text, len));
        att_jw_str(w, text + len + 1);
    }
    att_jw_end_object(w);
    return true;
}

const char *id_name(const char *id)
{
    const char *slash = strrchr(id, '/');

    return slash ? slash + 1 : id;
}

const char *id_group(struct att_arena *arena, const char *id)
{
    const char *at = strcasestr(id, "/resourceGroups/");
    const char *copy = NULL;

    if (at) {
        at += strlen("/resourceGroups/");
        copy = att_arena_dup(arena, att_span_of(at, strcspn(at, "/")));
    }
    return copy ? copy : "";
}
