/* Rules that hold between objects. */
#include "base/err.h"
#include "site/internal.h"

#include <stdio.h>

static bool no_subscription(struct att_err *err)
{
    /* One text for "there is none" and "it is another tenant's". */
    return att_fail(err, ATT_SUBSCRIPTION_NOT_FOUND, "site.subscription", "a subscription of this tenant",
                    "none");
}

/* "/subscriptions/ID" of any key that lies in one. */
static struct att_span subscription_of(const char *key)
{
    static const char head[] = "/subscriptions/";
    size_t len = sizeof head - 1;

    if (strncmp(key, head, len) != 0)
        return (struct att_span){ 0 };
    return att_span_of(key, len + strcspn(key + len, "/"));
}

static bool same_tenant(const struct site_view *v, const struct site_object *o)
{
    const struct site_object *s = site_view_get_span(v, SITE_SUBSCRIPTION, subscription_of(o->key));

    return s && strcmp(s->tenant, o->tenant) == 0;
}

bool site_rule_left_behind(const struct site_view *v, const struct site_object *o)
{
    const struct site_row *row = site_rows[o->kind];

    if (!row->may_be_left)
        return false;
    const struct site_object *p =
        site_view_get_span(v, SITE_PROVIDER, site_key_parent(o->key, row->parent_segments));
    return !p || strcmp(p->tenant, o->tenant) != 0 ||
           p->created_unix_s != ((const struct site_diagnostic *)o)->provider_created_unix_s;
}

bool site_rule_parent(const struct site_view *v, const struct site_object *o, struct att_err *err)
{
    const struct site_row *row = site_rows[o->kind];
    struct att_span parent = site_key_parent(o->key, row->parent_segments);

    if (row->parent_kinds == 0)
        return true;
    if (!same_tenant(v, o))
        return no_subscription(err);
    if (site_rule_left_behind(v, o))
        return att_fail(err, ATT_RESOURCE_NOT_FOUND, "site.parent",
                        "the provider that the object was made for", "none");
    for (unsigned kind = 0; kind < SITE_KINDS; kind++)
        if (row->parent_kinds & 1u << kind && site_view_get_span(v, (enum site_kind)kind, parent))
            return true;
    if (o->kind == SITE_PROVIDER)
        return att_fail(err, ATT_GROUP_NOT_FOUND, "site.group", "the provider's resource group", "none");
    return att_fail(err, ATT_RESOURCE_NOT_FOUND, "site.parent", "what the object lies in", "nothing");
}

static bool only_one(const struct site_view *v, enum site_index_id index, const char *text, uint64_t number,
                     const struct site_object *o, const char *what, struct att_err *err)
{
    const struct site_index *x = &v->index[index];

    for (size_t at = site_index_find(x, text, number); at < x->count; at++) {
        const struct site_entry *e = &x->entries[at];
        if (strcmp(e->text, text) != 0 || e->number != number)
            break;
        if (strcmp(e->object->key, o->key) != 0)
            return att_fail(err, ATT_NAME_TAKEN, what, "one that nobody has in this installation", "in use");
    }
    return true;
}

static bool principal_unique(const struct site_view *v, const struct site_principal *p, struct att_err *err)
{
    if (!only_one(v, SITE_BY_CLIENT, p->client_id, 0, &p->o, "site.principal.client_id", err))
        return false;
    for (size_t i = 0; i < p->credential_count; i++)
        if (p->credentials[i].kind == SITE_UNIX_USER &&
            !only_one(v, SITE_BY_UID, "", p->credentials[i].uid, &p->o, "site.principal.credentials.uid",
                      err))
            return false;
    return true;
}

static bool assignment_unique(const struct site_view *v, const struct site_assignment *a, struct att_err *err)
{
    struct site_assignments i = {
        .index = &v->index[SITE_BY_ASSIGNEE],
        .tenant = a->o.tenant,
        .principal = a->principal,
    };
    const struct site_assignment *b = NULL;

    site_assignments_at(&i, att_str(a->scope));
    while (site_assignments_next(&i, &b))
        if (strcmp(b->scope, a->scope) == 0 && strcmp(b->role, a->role) == 0 &&
            strcmp(b->o.key, a->o.key) != 0)
            return att_fail(err, ATT_ROLE_ASSIGNMENT_EXISTS, "site.assignment",
                            "one assignment for each scope, principal and role", "another, %s", b->name);
    return true;
}

bool site_rule_unique(const struct site_view *v, const struct site_object *o, struct att_err *err)
{
    if (o->kind == SITE_PROVIDER)
        return only_one(v, SITE_BY_NAME, strrchr(o->key, '/') + 1, 0, o, "site.provider.name", err);
    if (o->kind == SITE_PRINCIPAL)
        return principal_unique(v, (const struct site_principal *)o, err);
    if (o->kind == SITE_ASSIGNMENT)
        return assignment_unique(v, (const struct site_assignment *)o, err);
    return true;
}

bool site_rule_childless(const struct site_view *v, const char *key, struct att_err *err)
{
    for (unsigned kind = 0; kind < SITE_KINDS; kind++) {
        size_t first = 0;
        size_t end = 0;
        site_index_below(&v->index[kind], key, &first, &end);
        if (first < end)
            return att_fail(err, ATT_INTERNAL, "site.change",
                            "that what lies below a deleted object is deleted, too", "%zu of kind %s left",
                            end - first, site_rows[kind]->name);
    }
    return true;
}
