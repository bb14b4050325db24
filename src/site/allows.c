/* May this caller do this here? Nothing but assignments is looked at: whether the resource is there makes no difference,
 * neither to the answer nor to the work. */
#include "access/roles.h"
#include "base/err.h"
#include "site/internal.h"

#include <stdio.h>

/* Of the id's first `len` bytes: those in front of its last segment. */
static size_t parent_bytes(const char *id, size_t len)
{
    while (len > 0 && id[--len] != '/') {
    }
    return len;
}

/* Does an assignment of this principal or group allow it? Asked at the resource and at each id above it. */
static bool assigned(const struct site_view *v, const char *tenant, const char *principal,
                     const char *resource, const char *action)
{
    struct site_assignments i = { .index = &v->index[SITE_BY_ASSIGNEE],
                                  .tenant = tenant,
                                  .principal = principal };
    const struct site_assignment *a = NULL;

    for (size_t len = strlen(resource); len > 0; len = parent_bytes(resource, len)) {
        site_assignments_at(&i, att_span_of(resource, len));
        while (site_assignments_next(&i, &a))
            if (access_scope_covers(a->scope, resource) &&
                access_role_allows(access_role_by_guid(att_str(a->role)), action))
                return true;
    }
    return false;
}

/* Is the resource in a subscription of the tenant? */
static bool of_tenant(const struct site_view *v, const char *resource, const char *tenant)
{
    static const char head[] = "/subscriptions/";
    size_t len = sizeof head - 1;

    if (strncmp(resource, head, len) != 0)
        return false;
    len += strcspn(resource + len, "/");
    const struct site_object *s = site_view_get_span(v, SITE_SUBSCRIPTION, att_span_of(resource, len));
    return s && strcmp(s->tenant, tenant) == 0;
}

static bool allowed(const struct site_view *v, const struct access_identity *who, const char *resource,
                    const char *action)
{
    bool role = assigned(v, who->tenant, who->principal, resource, action);

    for (size_t i = 0; i < who->group_count && !role; i++)
        role = assigned(v, who->tenant, who->groups[i], resource, action);
    return of_tenant(v, resource, who->tenant) && role;
}

bool site_allows(struct site *s, const struct access_identity *who, const char *resource, const char *action,
                 struct att_err *err)
{
    bool allows = false;

    if (who->tenant && who->principal && strnlen(resource, STORE_ID_BYTES_MAX + 1) <= STORE_ID_BYTES_MAX) {
        (void)pthread_rwlock_rdlock(&s->lock);
        allows = allowed(&s->view, who, resource, action);
        (void)pthread_rwlock_unlock(&s->lock);
    }
    if (allows)
        return true;
    char expected[192];
    char found[192];
    (void)snprintf(expected, sizeof expected, "a role that allows %.150s", action);
    (void)snprintf(found, sizeof found, "none at %.170s", resource);
    for (char *c = found; *c; c++) /* a path that somebody sent */
        if ((unsigned char)*c < 0x20 || (unsigned char)*c >= 0x7f)
            *c = '?';
    return att_fail(err, ATT_ACCESS_DENIED, "access.role", expected, "%s", found);
}
