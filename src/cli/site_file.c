#include "cli/site_file.h"

#include "base/err.h"
#include "cli/files.h"

#include <stdio.h>
#include <strings.h>

struct reading {
    struct cli *c;
    struct members m;
    const char *folder;
    struct site_file *s;
    struct att_err *err;
};

static bool only(struct reading *r, att_json_id object, const char *where, const char *const *known)
{
    struct att_span name;
    struct att_shown shown;

    if (att_json_type(&r->s->doc, object) != ATT_JSON_OBJECT)
        return att_fail(r->err, ATT_USAGE, where, "an object", "something else");
    for (att_json_id id = att_json_first(&r->s->doc, object); id != ATT_JSON_NONE;
         id = att_json_next(&r->s->doc, id)) {
        size_t i = 0;
        if (!att_json_key(&r->s->doc, r->c->arena, id, &name))
            return att_fail_memory(r->err, where);
        while (known[i] && !att_span_is(name, known[i]))
            i++;
        if (!known[i])
            return att_fail(r->err, ATT_USAGE, where, "members that attestctl apply --help names", "%s",
                            att_shown(&shown, name));
    }
    return true;
}

static bool text(struct reading *r, att_json_id object, const char *where, const char *name, bool required,
                 const char **ret)
{
    const char *value = member_text(&r->m, object, name);

    if (r->m.failed || (required && (!value || !value[0])))
        return att_fail(r->err, ATT_USAGE, where, name, "%s", r->m.failed ? "no text" : "none");
    *ret = value;
    return true;
}

static bool setting(struct reading *r, att_json_id object, const char *where, const char *name,
                    const char **ret)
{
    struct att_shown shown;

    if (!text(r, object, where, name, false, ret))
        return false;
    return !*ret || strcmp(*ret, "Enabled") == 0 || strcmp(*ret, "Disabled") == 0 ||
           att_fail(r->err, ATT_USAGE, where, "Enabled or Disabled", "%s", att_shown(&shown, att_str(*ret)));
}

static bool tags(struct reading *r, att_json_id object, const char *where, att_json_id *ret)
{
    att_json_id id = att_json_get(&r->s->doc, object, "tags");

    for (att_json_id t = att_json_first(&r->s->doc, id); t != ATT_JSON_NONE; t = att_json_next(&r->s->doc, t))
        if (att_json_type(&r->s->doc, t) != ATT_JSON_STRING)
            return att_fail(r->err, ATT_USAGE, where, "tags whose values are texts", "another value");
    if (id != ATT_JSON_NONE && att_json_type(&r->s->doc, id) != ATT_JSON_OBJECT)
        return att_fail(r->err, ATT_USAGE, where, "tags, an object", "something else");
    *ret = id;
    return true;
}

static bool beside(struct reading *r, const char *where, att_json_id id, const char **ret)
{
    struct att_span name;

    if (!att_json_string(&r->s->doc, r->c->arena, id, &name) || name.len == 0 ||
        memchr(name.ptr, '\0', name.len))
        return att_fail(r->err, ATT_USAGE, where, "the name of a file", "something else");
    *ret = name.ptr[0] == '/'
               ? att_arena_dup(r->c->arena, name)
               : cli_text(r->c->arena, "%s/%.*s", r->folder, (int)name.len, (const char *)name.ptr);
    return *ret || att_fail_memory(r->err, where);
}

static bool group_row(struct reading *r, att_json_id id, const char *where, size_t i)
{
    static const char *const known[] = { "name", "location", "tags", NULL };
    struct site_group *g = &r->s->groups[i];

    if (!only(r, id, where, known) || !text(r, id, where, "name", true, &g->name) ||
        !text(r, id, where, "location", true, &g->location) || !tags(r, id, where, &g->tags))
        return false;
    for (size_t j = 0; j < i; j++)
        if (strcasecmp(r->s->groups[j].name, g->name) == 0)
            return att_fail(r->err, ATT_USAGE, where, "each group once", "a name twice");
    return true;
}

static bool provider_files(struct reading *r, att_json_id id, const char *where, struct site_provider *p)
{
    const struct att_json *doc = &r->s->doc;
    att_json_id signers = att_json_get(doc, id, "policySigners");
    att_json_id policies = att_json_get(doc, id, "policies");
    const char *path = NULL;
    struct att_span name;

    if ((signers != ATT_JSON_NONE && att_json_type(doc, signers) != ATT_JSON_ARRAY) ||
        (policies != ATT_JSON_NONE && att_json_type(doc, policies) != ATT_JSON_OBJECT))
        return att_fail(r->err, ATT_USAGE, where, "policySigners, an array; policies, an object",
                        "something else");
    for (att_json_id f = att_json_first(doc, signers); f != ATT_JSON_NONE; f = att_json_next(doc, f)) {
        if (p->signer_count == SITE_SIGNERS_MAX)
            return att_fail(r->err, ATT_LIMIT_EXCEEDED, where, "at most 32 policySigners", "more");
        if (!beside(r, where, f, &p->signers[p->signer_count]) ||
            !cli_read(r->c, where, p->signers[p->signer_count], &name, r->err))
            return false;
        p->signer_count++;
    }
    for (att_json_id f = att_json_first(doc, policies); f != ATT_JSON_NONE; f = att_json_next(doc, f)) {
        if (p->policy_count == SITE_POLICIES_MAX)
            return att_fail(r->err, ATT_LIMIT_EXCEEDED, where, "at most 16 policies", "more");
        if (!att_json_key(doc, r->c->arena, f, &name) || !beside(r, where, f, &path) ||
            !cli_read(r->c, where, path, &p->policies[p->policy_count].text, r->err))
            return r->err->code != ATT_OK ? false : att_fail_memory(r->err, where);
        p->policies[p->policy_count].type = att_arena_dup(r->c->arena, name);
        if (!p->policies[p->policy_count].type)
            return att_fail_memory(r->err, where);
        p->policy_count++;
    }
    return true;
}

static bool provider_row(struct reading *r, att_json_id id, const char *where, size_t i)
{
    static const char *const known[] = { "name",
                                         "group",
                                         "location",
                                         "tags",
                                         "publicNetworkAccess",
                                         "tpmAttestationAuthentication",
                                         "policySigners",
                                         "policies",
                                         NULL };
    struct site_provider *p = &r->s->providers[i];

    if (!only(r, id, where, known) || !text(r, id, where, "name", true, &p->name) ||
        !text(r, id, where, "group", true, &p->group) ||
        !text(r, id, where, "location", true, &p->location) || !tags(r, id, where, &p->tags) ||
        !setting(r, id, where, "publicNetworkAccess", &p->public_network) ||
        !setting(r, id, where, "tpmAttestationAuthentication", &p->tpm) || !provider_files(r, id, where, p))
        return false;
    for (size_t j = 0; j < i; j++)
        if (strcasecmp(r->s->providers[j].name, p->name) == 0)
            return att_fail(r->err, ATT_USAGE, where, "each provider once", "a name twice");
    return true;
}

static bool role_row(struct reading *r, att_json_id id, const char *where, size_t i)
{
    static const char *const known[] = { "role", "principal", "provider", "group", "scope", NULL };
    struct site_role *role = &r->s->roles[i];

    if (!only(r, id, where, known) || !text(r, id, where, "role", true, &role->role) ||
        !text(r, id, where, "principal", true, &role->principal) ||
        !text(r, id, where, "provider", false, &role->provider) ||
        !text(r, id, where, "group", false, &role->group) ||
        !text(r, id, where, "scope", false, &role->scope))
        return false;
    if (!role->provider + !role->group + !role->scope != 2)
        return att_fail(r->err, ATT_USAGE, where, "one of provider, group, scope", "none or several");
    if (role->scope && strncasecmp(role->scope, "/subscriptions/", 15) != 0)
        return att_fail(r->err, ATT_USAGE, where, "a scope that begins with /subscriptions/", "another");
    if (role->scope && (strpbrk(role->scope, "?#% ") || strstr(role->scope, "/.")))
        return att_fail(r->err, ATT_USAGE, where, "a scope that is a path alone", "another");
    return !role->provider || site_file_provider(r->s, role->provider) ||
           att_fail(r->err, ATT_USAGE, where, "a provider of this file", "another; name its scope instead");
}

/* Rows in the order of the file. */
static bool section(struct reading *r, const char *name, size_t size, void **ret_rows, size_t *ret_count,
                    bool (*row)(struct reading *, att_json_id, const char *, size_t))
{
    const struct att_json *doc = &r->s->doc;
    att_json_id list = att_json_get(doc, ATT_JSON_ROOT, name);
    char where[64];
    size_t count = 0;

    if (list == ATT_JSON_NONE)
        return true;
    if (att_json_type(doc, list) != ATT_JSON_ARRAY)
        return att_fail(r->err, ATT_USAGE, name, "an array", "something else");
    for (att_json_id id = att_json_first(doc, list); id != ATT_JSON_NONE; id = att_json_next(doc, id))
        count++;
    if (count > SITE_ROWS_MAX)
        return att_fail(r->err, ATT_LIMIT_EXCEEDED, name, "at most 1000", "%zu", count);
    *ret_rows = att_arena_alloc(r->c->arena, count + 1, size);
    if (!*ret_rows)
        return att_fail_memory(r->err, name);
    for (att_json_id id = att_json_first(doc, list); id != ATT_JSON_NONE; id = att_json_next(doc, id)) {
        (void)snprintf(where, sizeof where, "%s[%zu]", name, *ret_count);
        if (!row(r, id, where, *ret_count))
            return false;
        (*ret_count)++;
    }
    return true;
}

const struct site_provider *site_file_provider(const struct site_file *s, const char *name)
{
    for (size_t i = 0; i < s->provider_count; i++)
        if (strcasecmp(s->providers[i].name, name) == 0)
            return &s->providers[i];
    return NULL;
}

bool site_file_read(struct cli *c, const char *path, struct site_file *ret, struct att_err *err)
{
    static const char *const known[] = { "groups", "providers", "roles", NULL };
    struct reading r = { .c = c, .m = { .arena = c->arena, .doc = &ret->doc }, .s = ret, .err = err };
    const char *slash = strrchr(path, '/');
    struct att_span source;

    *ret = (struct site_file){ 0 };
    r.folder = slash ? att_arena_dup(c->arena, att_span_of(path, (size_t)(slash - path))) : ".";
    if (!r.folder)
        return att_fail_memory(err, "file");
    if (!cli_read(c, "file", path, &source, err) || !att_json_parse(c->arena, source, NULL, &ret->doc, err) ||
        !only(&r, ATT_JSON_ROOT, "file", known))
        return false;
    if (!section(&r, "groups", sizeof *ret->groups, (void **)&ret->groups, &ret->group_count, group_row) ||
        !section(&r, "providers", sizeof *ret->providers, (void **)&ret->providers, &ret->provider_count,
                 provider_row))
        return false;
    return section(&r, "roles", sizeof *ret->roles, (void **)&ret->roles, &ret->role_count, role_row);
}
