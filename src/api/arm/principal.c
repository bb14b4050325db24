/* Principals of the built-in authority: seen and changed where they are at home, and nowhere else. */
#include "api/arm/roles.h"

#include "access/text.h"
#include "authority/authority.h"
#include "base/err.h"

#include <strings.h>

enum { NAME_BYTES_MAX = 256 };

bool principal_key(struct api_call *call, const char **ret, struct att_err *err)
{
    struct att_span id = att_str(api_param(call, "clientId"));
    struct att_buf text = { 0 };
    struct att_shown shown;

    if (!access_text_guid(id))
        return att_fail(err, ATT_PARAMETER_INVALID, "clientId", "a GUID", "\"%s\"", att_shown(&shown, id));
    att_buf_printf(&text, "/subscriptions/%s/principals/", api_param(call, "subscriptionId"));
    att_buf_put(&text, id);
    char *key = text.failed ? NULL : att_arena_dup(call->arena, att_buf_span(&text));
    att_buf_free(&text);
    *ret = key ? api_lower(call->arena, key) : NULL;
    return *ret || att_fail_memory(err, "clientId");
}

bool principal_find(struct api_call *call, const struct site_principal **ret, struct att_err *err)
{
    const char *key = NULL;

    if (!principal_key(call, &key, err))
        return false;
    *ret = site_get(call->site, SITE_PRINCIPAL, key);
    return *ret ||
           att_fail(err, ATT_RESOURCE_NOT_FOUND, "clientId", "a principal of this subscription", "none");
}

/* -- seeing ----------------------------------------------------------------------------------------------- */

static void put_time_or_null(struct arm_out *out, const char *name, int64_t unix_s)
{
    if (unix_s != 0)
        arm_put_time(out, name, unix_s);
    else
        arm_put(out, name, NULL);
}

void principal_credential_members(struct arm_out *out, const struct site_credential *c)
{
    static const char *const types[] = {
        [SITE_SECRET] = "secret", [SITE_CERTIFICATE] = "certificate", [SITE_UNIX_USER] = "unixUser"
    };
    struct authority_certificate certificate;
    struct att_err ignored = { 0 };

    put_time_or_null(out, "expires", c->expires_unix_s);
    arm_put(out, "id", c->id);
    if (c->kind == SITE_CERTIFICATE &&
        authority_certificate_read(out->scratch, c->certificate, &certificate, &ignored))
        arm_put(out, "thumbprint", certificate.thumbprint);
    arm_put(out, "type", types[c->kind]);
    if (c->kind == SITE_UNIX_USER) {
        att_jw_key(&out->w, "uid");
        att_jw_int(&out->w, c->uid);
    }
}

static void put_credentials(struct arm_out *out, const struct site_principal *p)
{
    att_jw_key(&out->w, "credentials");
    att_jw_array(&out->w);
    for (size_t i = 0; i < p->credential_count; i++) {
        att_arena_reset(out->scratch);
        att_jw_object(&out->w);
        principal_credential_members(out, &p->credentials[i]);
        att_jw_end_object(&out->w);
    }
    att_jw_end_array(&out->w);
}

static void put_principal(struct arm_out *out, const struct site_principal *p)
{
    att_jw_object(&out->w);
    arm_putf(out, "id", "/subscriptions/%s/providers/Microsoft.Authorization/principals/%s", p->subscription,
             p->client_id);
    arm_put(out, "name", p->client_id);
    att_jw_key(&out->w, "properties");
    att_jw_object(&out->w);
    arm_put(out, "clientId", p->client_id);
    arm_put(out, "createdBy", p->o.created_by);
    arm_put_time(out, "createdOn", p->o.created_unix_s);
    put_credentials(out, p);
    arm_put(out, "displayName", p->name);
    arm_put(out, "objectId", p->client_id);
    arm_put(out, "tenantId", p->o.tenant);
    arm_put(out, "updatedBy", p->o.changed_by);
    arm_put_time(out, "updatedOn", p->o.changed_unix_s);
    att_jw_end_object(&out->w);
    arm_put(out, "type", "Microsoft.Authorization/principals");
    att_jw_end_object(&out->w);
}

bool principal_answer(struct api_call *call, int status, const struct site_principal *p, struct att_err *err)
{
    struct arm_out out;

    if (!arm_out_begin(call, &out, err))
        return false;
    put_principal(&out, p);
    bool ok = arm_out_send(&out, status, err);
    arm_out_end(&out);
    if (ok)
        api_answer_etag(call, p->o.version);
    return ok;
}

bool principal_get(struct api_call *call, struct att_err *err)
{
    const struct site_principal *p = NULL;

    if (!principal_find(call, &p, err))
        return false;
    bool ok = principal_answer(call, 200, p, err);
    site_unref(p);
    return ok;
}

bool principal_list(struct api_call *call, struct att_err *err)
{
    struct site_list list = { 0 };
    const char *subscription = NULL;
    struct arm_out out;

    if (!service_key_subscription(call->arena, api_param(call, "subscriptionId"), &subscription, err) ||
        !site_list(call->site, SITE_PRINCIPAL, subscription, &list, err))
        return false;
    bool ok = arm_out_begin(call, &out, err);
    if (ok) {
        arm_out_list(&out);
        for (size_t i = 0; i < list.count; i++)
            put_principal(&out, list.objects[i]);
        ok = arm_out_list_send(&out, err);
        arm_out_end(&out);
    }
    site_list_free(&list);
    return ok;
}

/* -- changing --------------------------------------------------------------------------------------------- */

/* An id that roles were given to already is somebody: the user of another issuer, or a principal that was deleted. Whoever
 * could make a principal of this id would take over what was meant for that one - in other subscriptions of the tenant,
 * too. Where it is in use is not said. */
static bool id_is_nobodys(struct api_call *call, const char *client_id, struct att_err *err)
{
    struct site_list list = { 0 };
    bool used = false;

    if (!site_list(call->site, SITE_ASSIGNMENT, "", &list, err))
        return false;
    for (size_t i = 0; i < list.count && !used; i++) {
        const struct site_assignment *a = list.objects[i];
        used = strcmp(a->principal, client_id) == 0 && strcmp(a->o.tenant, call->who.tenant) == 0;
    }
    site_list_free(&list);
    return !used || att_fail(err, ATT_NAME_TAKEN, "clientId", "an id that nobody has", "in use");
}

static bool name_read(struct api_call *call, const char **ret, struct att_err *err)
{
    att_json_id properties = ATT_JSON_NONE;
    struct att_json doc;

    if (!api_body_json(call, &doc, err) ||
        !arm_member(&doc, ATT_JSON_ROOT, "", "properties", ATT_JSON_OBJECT, &properties, err) ||
        !arm_member_text(call, &doc, properties, "properties", "displayName", NAME_BYTES_MAX, ret, err))
        return false;
    return *ret ||
           att_fail(err, ATT_PARAMETER_MISSING, "properties.displayName", "a name for people", "none");
}

static bool write_it(struct api_call *call, const char *key, const char *name,
                     const struct site_principal *old, struct att_err *err)
{
    const char *client_id = strrchr(key, '/') + 1;
    struct site_principal fresh = {
        .o = { .kind = SITE_PRINCIPAL, .tenant = call->who.tenant, .key = key },
        .subscription = api_lower(call->arena, api_param(call, "subscriptionId")),
        .client_id = client_id,
        .name = name,
        .credentials = old ? old->credentials : NULL,
        .credential_count = old ? old->credential_count : 0,
    };

    if (!fresh.subscription)
        return att_fail_memory(err, "subscription");
    if ((!old && !id_is_nobodys(call, client_id, err)) ||
        !site_put(call->change, &fresh, old ? old->o.version : 0, call->changed_by, err))
        return false;
    const struct site_principal *now = site_change_get(call->change, SITE_PRINCIPAL, key);
    return now ? principal_answer(call, old ? 200 : 201, now, err)
               : att_fail(err, ATT_INTERNAL, "principal", "what was put", "nothing");
}

/* Roles are given to ids, whichever issuer of the tenant vouches for them. So that nobody can make a principal here under
 * the id of a person of the identity provider - whose ids are random, of version 4 - ours are of version 8, the one that
 * RFC 9562 (5.8) leaves to an installation's own use. */
static bool id_is_ours(const char *id, struct att_err *err)
{
    struct att_shown shown;

    return id[14] == '8' || att_fail(err, ATT_PARAMETER_INVALID, "clientId",
                                     "a GUID of version 8: xxxxxxxx-xxxx-8xxx-xxxx-xxxxxxxxxxxx", "\"%s\"",
                                     att_shown(&shown, att_str(id)));
}

bool principal_put(struct api_call *call, struct att_err *err)
{
    const char *key = NULL, *name = NULL;

    if (!principal_key(call, &key, err) || !id_is_ours(api_param(call, "clientId"), err) ||
        !name_read(call, &name, err))
        return false;
    const struct site_principal *old = site_get(call->site, SITE_PRINCIPAL, key);
    bool ok = api_precondition(call, old ? old->o.version : 0, err) && write_it(call, key, name, old, err);
    site_unref(old);
    return ok;
}

/* -- deleting --------------------------------------------------------------------------------------------- */

static bool is_of(const void *principal, const struct site_assignment *a)
{
    return strcmp(a->principal, principal) == 0;
}

/* What it was given in its home subscription goes with it. Elsewhere its assignments stay, as those of an id that nobody
 * can take (id_is_nobodys). */
static bool delete_assignments(struct api_call *call, const char *subscription_key, const char *client_id,
                               struct att_err *err)
{
    struct site_list list = { 0 };
    bool ok = true;

    if (!site_list(call->site, SITE_ASSIGNMENT, subscription_key, &list, err))
        return false;
    for (size_t i = 0; i < list.count && ok; i++) {
        const struct site_assignment *a = list.objects[i];
        if (is_of(client_id, a))
            ok = site_delete(call->change, SITE_ASSIGNMENT, a->o.key, a->o.version, err);
    }
    site_list_free(&list);
    return ok;
}

bool principal_delete(struct api_call *call, struct att_err *err)
{
    const char *key = NULL, *subscription = NULL;

    if (!principal_key(call, &key, err) ||
        !service_key_subscription(call->arena, api_param(call, "subscriptionId"), &subscription, err))
        return false;
    const struct site_principal *p = site_get(call->site, SITE_PRINCIPAL, key);
    if (!p) {
        api_answer_empty(call, 204);
        return true;
    }
    bool ok = api_precondition(call, p->o.version, err) &&
              role_owner_left(call, subscription, is_of, p->client_id, err) &&
              delete_assignments(call, subscription, p->client_id, err) &&
              site_delete(call->change, SITE_PRINCIPAL, key, p->o.version, err);
    site_unref(p);
    if (ok)
        api_answer_empty(call, 200);
    return ok;
}
