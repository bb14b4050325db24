#include "cli/apply.h"

#include "base/auto.h"
#include "base/base64.h"
#include "base/err.h"
#include "cli/pem.h"
#include "cli/provider.h"
#include "cli/scope.h"

#include <attest/policy.h>
#include <attest/token.h>

#include <strings.h>

static bool add_line(struct plan *p, enum plan_mark mark, const char *what, const char *field,
                     const char *from, const char *to, struct att_err *err)
{
    if (p->line_count == PLAN_LINES_MAX)
        return att_fail(err, ATT_LIMIT_EXCEEDED, "file", "at most 8192 changes", "more");
    if (!what || (field && (!from || !to)))
        return att_fail_memory(err, "plan");
    p->lines[p->line_count++] = (struct plan_line){ mark, what, field, from, to };
    p->immutable = p->immutable || mark == PLAN_IMMUTABLE;
    return true;
}

static struct plan_step *add_step(struct plan *p, const char *what, struct att_err *err)
{
    if (p->step_count == PLAN_LINES_MAX) {
        att_fail(err, ATT_LIMIT_EXCEEDED, "file", "at most 8192 changes", "more");
        return NULL;
    }
    struct plan_step *s = &p->steps[p->step_count++];
    *s = (struct plan_step){ .what = what };
    return s;
}

/* True with status 404 too: what is not there is to be made. */
static bool ask(struct plan *p, const char *path, struct remote_answer *ret, struct att_err *err)
{
    struct remote_request q = { .path = path };

    if (!path)
        return att_fail_memory(err, "request");
    if (!remote_send(p->r, &q, ret, err))
        return false;
    if (ret->status != 404 && !remote_done(ret)) {
        p->r->exit = remote_refuse(p->r->c, ret);
        return false;
    }
    return ret->status == 404 || ret->has_doc ||
           att_fail(err, ATT_SERVICE_UNAVAILABLE, "answer", "JSON", "something else");
}

/* "East US" and "eastus" are one place. */
static bool same_place(const char *a, const char *b)
{
    for (;; a++, b++) {
        a += strspn(a, " ");
        b += strspn(b, " ");
        if (strncasecmp(a, b, 1) != 0)
            return false;
        if (*a == '\0')
            return true;
    }
}

static const char *sorted(struct plan *p, const struct att_json *doc, att_json_id id)
{
    ATT_AUTO(att_buf_free) struct att_buf b = { 0 };

    if (id == ATT_JSON_NONE || att_json_type(doc, id) == ATT_JSON_NULL)
        return "{}";
    if (!att_json_put_sorted(doc, p->r->c->arena, id, &b))
        return NULL;
    return att_arena_dup(p->r->c->arena, att_buf_span(&b));
}

static bool keep_body(struct plan *p, struct plan_step *s, const struct att_buf *body, struct att_err *err)
{
    const char *copy = body->failed ? NULL : att_arena_dup(p->r->c->arena, att_buf_span(body));

    if (!copy)
        return att_fail_memory(err, "request");
    s->body = att_span_of(copy, body->len);
    return true;
}

static bool tags_differ(struct plan *p, const char *what, att_json_id wanted, const struct remote_answer *a,
                        bool *ret, struct att_err *err)
{
    *ret = false;
    if (wanted == ATT_JSON_NONE)
        return true;
    const char *to = sorted(p, &p->site->doc, wanted);
    const char *from = sorted(p, &a->doc, att_json_get(&a->doc, ATT_JSON_ROOT, "tags"));
    if (!from || !to)
        return att_fail_memory(err, "tags");
    *ret = strcmp(from, to) != 0;
    return !*ret || add_line(p, PLAN_CHANGE, what, "tags", from, to, err);
}

static void put_tags(struct plan *p, struct att_json_writer *w, att_json_id tags)
{
    if (tags == ATT_JSON_NONE)
        return;
    att_jw_key(w, "tags");
    att_jw_raw(w, att_json_source(&p->site->doc, tags));
}

static bool same_location(struct plan *p, const char *what, const char *wanted, const struct remote_answer *a,
                          struct att_err *err)
{
    struct members m = remote_members(p->r, a);
    const char *present = member_at(&m, ATT_JSON_ROOT, "location");

    return same_place(present, wanted) || add_line(p, PLAN_IMMUTABLE, what, "location", present, wanted, err);
}

static const char *etag_of(struct plan *p, const struct remote_answer *a)
{
    return a->etag[0] ? att_arena_dup(p->r->c->arena, att_str(a->etag)) : NULL;
}

static bool plan_group(struct plan *p, size_t i, struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf body = { 0 };
    struct att_json_writer w = { .out = &body };
    const struct site_group *g = &p->site->groups[i];
    struct att_arena *arena = p->r->c->arena;
    const char *what = cli_text(arena, "group %s", g->name);
    const char *id = NULL;
    struct remote_answer a = { 0 };
    bool tags = false;

    if (!scope_group(p->r, g->name, &id, err))
        return false;
    const char *path = cli_text(arena, "%s?api-version=" VERSION_GROUPS, id);
    if (!ask(p, path, &a, err))
        return false;
    p->new_groups[i] = a.status == 404;
    if (p->new_groups[i]
            ? !add_line(p, PLAN_CREATE, what, NULL, NULL, NULL, err)
            : !same_location(p, what, g->location, &a, err) || !tags_differ(p, what, g->tags, &a, &tags, err))
        return false;
    if (!p->new_groups[i] && !tags)
        return true;
    struct plan_step *s = add_step(p, what, err);
    if (!s)
        return false;
    s->request = (struct remote_request){ .method = p->new_groups[i] ? "PUT" : "PATCH",
                                          .path = path,
                                          .if_match = p->new_groups[i] ? NULL : etag_of(p, &a),
                                          .if_none_match = p->new_groups[i] ? "*" : NULL };
    att_jw_object(&w);
    if (p->new_groups[i]) {
        att_jw_key(&w, "location");
        att_jw_str(&w, g->location);
    }
    put_tags(p, &w, g->tags);
    att_jw_end_object(&w);
    return keep_body(p, s, &body, err);
}

static bool setting_differs(struct plan *p, const char *what, const char *field, const char *wanted,
                            const struct remote_answer *a, bool *changed, struct att_err *err)
{
    struct members m = remote_members(p->r, a);
    const char *path = cli_text(p->r->c->arena, "properties.%s", field);
    const char *present = path ? member_at(&m, ATT_JSON_ROOT, path) : "";

    if (!wanted || strcmp(wanted, present) == 0)
        return true;
    *changed = true;
    return add_line(p, PLAN_CHANGE, what, field, present, wanted, err);
}

/* The trust model is decided when a provider is made; which certificates an Isolated one has, its policies' signatures
 * tell the service, not us. */
static bool same_trust(struct plan *p, const char *what, const struct site_provider *wanted,
                       const struct remote_answer *a, struct att_err *err)
{
    struct members m = remote_members(p->r, a);
    const char *present = member_at(&m, ATT_JSON_ROOT, "properties.trustModel");

    return wanted->signer_count == 0 || strcmp(present, "Isolated") == 0 ||
           add_line(p, PLAN_IMMUTABLE, what, "policySigners", present, "Isolated", err);
}

static bool provider_body(struct plan *p, const struct site_provider *wanted, bool create,
                          struct att_buf *body, struct att_err *err)
{
    struct att_json_writer w = { .out = body };

    att_jw_object(&w);
    if (create) {
        att_jw_key(&w, "location");
        att_jw_str(&w, wanted->location);
    }
    put_tags(p, &w, wanted->tags);
    att_jw_key(&w, "properties");
    att_jw_object(&w);
    if (wanted->public_network) {
        att_jw_key(&w, "publicNetworkAccess");
        att_jw_str(&w, wanted->public_network);
    }
    if (wanted->tpm) {
        att_jw_key(&w, "tpmAttestationAuthentication");
        att_jw_str(&w, wanted->tpm);
    }
    if (create && wanted->signer_count > 0) {
        att_jw_key(&w, "policySigningCertificates");
        att_jw_object(&w);
        att_jw_key(&w, "keys");
        att_jw_array(&w);
        for (size_t i = 0; i < wanted->signer_count; i++)
            if (!pem_put_x5c(p->r->c, "policySigners", wanted->signers[i], &w, err))
                return false;
        att_jw_end_array(&w);
        att_jw_end_object(&w);
    }
    att_jw_end_object(&w);
    att_jw_end_object(&w);
    return true;
}

static const char *hash_of(struct plan *p, struct att_span text)
{
    char hash[44];

    return att_policy_hash(text, hash, NULL) ? att_arena_dup(p->r->c->arena, att_str(hash)) : NULL;
}

static bool plan_policy(struct plan *p, size_t i, size_t n, struct att_err *err)
{
    const struct site_provider *wanted = &p->site->providers[i];
    struct att_arena *arena = p->r->c->arena;
    const char *what = cli_text(arena, "policy %s of provider %s", wanted->policies[n].type, wanted->name);
    struct remote_answer a = { 0 };
    struct att_span plain;
    struct att_span present = { 0 };

    /* A file may hold a signed token; what counts is its text. */
    if (!att_policy_from_client(arena, wanted->policies[n].text, NULL, &plain, err))
        return false;
    if (p->uris[i]) {
        if (!policy_fetch(p->r, p->uris[i], wanted->policies[n].type, &present, &a, err))
            return false;
        if (!remote_done(&a)) {
            p->r->exit = remote_refuse(p->r->c, &a);
            return false;
        }
        if (att_span_eq(present, plain))
            return true;
    }
    if (!(p->uris[i] ? add_line(p, PLAN_CHANGE, what, "hash", hash_of(p, present), hash_of(p, plain), err)
                     : add_line(p, PLAN_CREATE, what, NULL, NULL, NULL, err)))
        return false;
    struct plan_step *s = add_step(p, what, err);
    if (!s)
        return false;
    s->provider = wanted;
    s->policy_type = wanted->policies[n].type;
    s->policy = wanted->policies[n].text;
    return true;
}

static bool plan_provider(struct plan *p, size_t i, struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf body = { 0 };
    const struct site_provider *wanted = &p->site->providers[i];
    struct att_arena *arena = p->r->c->arena;
    const char *what = cli_text(arena, "provider %s", wanted->name);
    const char *id = NULL;
    struct remote_answer a = { 0 };
    bool changed = false;

    if (!scope_provider(p->r, wanted->group, wanted->name, &id, err))
        return false;
    const char *path = cli_text(arena, "%s?api-version=" VERSION_PROVIDERS, id);
    if (!ask(p, path, &a, err))
        return false;
    bool create = a.status == 404;
    if (create) {
        p->provider_created = true;
        if (!add_line(p, PLAN_CREATE, what, NULL, NULL, NULL, err))
            return false;
    } else {
        struct members m = remote_members(p->r, &a);
        p->uris[i] = member_at(&m, ATT_JSON_ROOT, "properties.attestUri");
        if (!same_location(p, what, wanted->location, &a, err) || !same_trust(p, what, wanted, &a, err) ||
            !tags_differ(p, what, wanted->tags, &a, &changed, err) ||
            !setting_differs(p, what, "publicNetworkAccess", wanted->public_network, &a, &changed, err) ||
            !setting_differs(p, what, "tpmAttestationAuthentication", wanted->tpm, &a, &changed, err))
            return false;
    }
    if (create || changed) {
        struct plan_step *s = add_step(p, what, err);
        if (!s || !provider_body(p, wanted, create, &body, err) || !keep_body(p, s, &body, err))
            return false;
        s->provider = wanted;
        s->request = (struct remote_request){ .method = create ? "PUT" : "PATCH",
                                              .path = path,
                                              .if_match = create ? NULL : etag_of(p, &a),
                                              .if_none_match = create ? "*" : NULL };
    }
    for (size_t n = 0; n < wanted->policy_count; n++)
        if (!plan_policy(p, i, n, err))
            return false;
    return true;
}

static bool plan_role(struct plan *p, const struct site_role *wanted, struct att_err *err)
{
    struct role_assignment role = { .scope = wanted->scope, .principal = wanted->principal };
    const struct site_provider *provider =
        wanted->provider ? site_file_provider(p->site, wanted->provider) : NULL;
    struct remote_answer a = { 0 };

    if (provider && !scope_provider(p->r, provider->group, provider->name, &role.scope, err))
        return false;
    if (wanted->group && !scope_group(p->r, wanted->group, &role.scope, err))
        return false;
    if (!role_find(p->r, wanted->role, &role.role, err))
        return false;
    const char *path = cli_text(
        p->r->c->arena, "%s/providers/Microsoft.Authorization/roleAssignments?api-version=" VERSION_ROLES,
        role.scope);
    if (!ask(p, path, &a, err))
        return false;
    struct members m = remote_members(p->r, &a);
    if (a.status != 404 && role_assignment_find(&m, &role))
        return true;
    const char *what =
        cli_text(p->r->c->arena, "role %s to %s at %s", wanted->role, role.principal, role.scope);
    if (!add_line(p, PLAN_CREATE, what, NULL, NULL, NULL, err))
        return false;
    struct plan_step *s = add_step(p, what, err);
    if (!s)
        return false;
    s->role = role;
    return true;
}

/* The first step, but known only when the providers are. */
static bool plan_registration(struct plan *p, struct att_err *err)
{
    const char *scope = NULL;
    struct remote_answer a = { 0 };
    struct att_arena *arena = p->r->c->arena;

    if (!p->provider_created)
        return true;
    if (!scope_subscription(p->r, &scope, err) ||
        !ask(p, cli_text(arena, "%s/providers/Microsoft.Attestation?api-version=" VERSION_GROUPS, scope), &a,
             err))
        return false;
    struct members m = remote_members(p->r, &a);
    if (a.status != 404 && strcmp(member_at(&m, ATT_JSON_ROOT, "registrationState"), "Registered") == 0)
        return true;
    if (!add_line(p, PLAN_CREATE, "registration Microsoft.Attestation", NULL, NULL, NULL, err) ||
        !add_step(p, "registration Microsoft.Attestation", err))
        return false;
    struct plan_line line = p->lines[p->line_count - 1];
    struct plan_step step = p->steps[p->step_count - 1];
    step.request = (struct remote_request){
        .method = "POST",
        .path =
            cli_text(arena, "%s/providers/Microsoft.Attestation/register?api-version=" VERSION_GROUPS, scope)
    };
    memmove(p->lines + 1, p->lines, (p->line_count - 1) * sizeof *p->lines);
    memmove(p->steps + 1, p->steps, (p->step_count - 1) * sizeof *p->steps);
    p->lines[0] = line;
    p->steps[0] = step;
    return step.request.path || att_fail_memory(err, "request");
}

bool plan_make(struct plan *p, struct att_err *err)
{
    struct att_arena *arena = p->r->c->arena;

    p->lines = att_arena_alloc(arena, PLAN_LINES_MAX, sizeof *p->lines);
    p->steps = att_arena_alloc(arena, PLAN_LINES_MAX, sizeof *p->steps);
    p->uris = att_arena_alloc(arena, p->site->provider_count + 1, sizeof *p->uris);
    p->new_groups = att_arena_alloc(arena, p->site->group_count + 1, sizeof *p->new_groups);
    if (!p->lines || !p->steps || !p->uris || !p->new_groups)
        return att_fail_memory(err, "plan");
    for (size_t i = 0; i < p->site->group_count; i++)
        if (!plan_group(p, i, err))
            return false;
    for (size_t i = 0; i < p->site->provider_count; i++)
        if (!plan_provider(p, i, err))
            return false;
    for (size_t i = 0; i < p->site->role_count; i++)
        if (!plan_role(p, &p->site->roles[i], err))
            return false;
    return plan_registration(p, err);
}
