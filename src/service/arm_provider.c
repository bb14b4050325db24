/* Attestation providers. */
#include "service/arm_internal.h"

#include "base/err.h"

#include <attest/signers.h>

bool service_no_provider(const char *name, const char *group, struct att_err *err)
{
    struct att_shown shown_name, shown_group;

    if (!err || err->code != ATT_OK)
        return false;
    att_shown(&shown_name, att_str(name));
    att_shown(&shown_group, att_str(group));
    att_fail(err, ATT_RESOURCE_NOT_FOUND, "attestationProvider", "a resource of this group", "\"%s\"",
             shown_name.text);
    att_err_text(err,
                 "The Resource 'Microsoft.Attestation/attestationProviders/%s' under resource group '%s' was "
                 "not found.",
                 shown_name.text, shown_group.text);
    return false;
}

static bool not_registered(const char *subscription, struct att_err *err)
{
    if (!err || err->code != ATT_OK)
        return false;
    att_fail(err, ATT_SUBSCRIPTION_NOT_REGISTERED, "subscription.Microsoft.Attestation",
             "a subscription that is registered", "\"%s\"", subscription);
    att_err_text(
        err,
        "The subscription is not registered to use namespace 'Microsoft.Attestation'. Register it with POST "
        "/subscriptions/%s/providers/Microsoft.Attestation/register.",
        subscription);
    return false;
}

bool service_same_location(struct att_arena *arena, const char *a, const char *b)
{
    const char *x = NULL, *y = NULL;
    struct att_err ignored = { 0 };

    return service_location_of(arena, att_str(a), &x, &ignored) &&
           service_location_of(arena, att_str(b), &y, &ignored) && strcmp(x, y) == 0;
}

bool arm_refuse_default(struct att_err *err)
{
    return att_fail(err, ATT_RESOURCE_IN_USE, "attestationProvider",
                    "another provider than the default one, which the installation needs",
                    "\"" SERVICE_DEFAULT_PROVIDER "\"");
}

/* The set in the one form that is kept; empty when there is no key in it. */
static bool read_signers(struct service *s, struct att_arena *arena, struct att_span sent,
                         struct att_span *ret, struct att_err *err)
{
    const struct att_signers_options options = { .size = sizeof options,
                                                 .limits = service_limits(s),
                                                 .rsa_bits_min = s->options.signer_rsa_bits_min };
    struct att_span kept = { 0 };
    size_t count = 0;

    if (!att_signers_read(arena, sent, &options, &kept, &count, err))
        return false;
    *ret = count > 0 ? kept : (struct att_span){ 0 };
    return true;
}

static bool turned_off(enum service_switch wanted, bool is_off)
{
    return wanted == SERVICE_AS_IT_IS ? is_off : wanted == SERVICE_DISABLED;
}

/* Other signers would be another trust model, or another owner of the policies: the certificates that stand there
 * decide about that, through the data plane, and not whoever may write the resource (A17). */
static bool signers_unchanged(struct service *s, struct att_arena *arena,
                              const struct service_provider_in *in, const struct site_provider *old,
                              struct att_err *err)
{
    struct att_span signers = { 0 };

    if (!in->signers_given)
        return true;
    if (!read_signers(s, arena, in->signers, &signers, err))
        return false;
    if (att_span_eq(signers, old->signers))
        return true;
    return att_fail(err, ATT_IMMUTABLE_PROPERTY, "properties.policySigningCertificates",
                    old->isolated ? "the certificates that the provider was made with, or none named"
                                  : "none: the trust model of a provider is decided when it is made",
                    signers.len == 0 ? "no certificate" : "other certificates");
}

static bool change_provider(struct service *s, struct site_change *change, struct att_arena *arena,
                            const struct service_provider_in *in, const struct site_provider *old,
                            const char *changed_by, struct att_err *err)
{
    struct site_provider p = *old;
    struct att_shown shown;

    if (in->location && !service_same_location(arena, in->location, old->location))
        return att_fail(err, ATT_IMMUTABLE_PROPERTY, "location", old->location, "\"%s\"",
                        att_shown(&shown, att_str(in->location)));
    if (!signers_unchanged(s, arena, in, old, err))
        return false;
    if (in->tags_given)
        p.tags = in->tags;
    p.public_network_disabled = turned_off(in->public_network, old->public_network_disabled);
    p.tpm_authentication_disabled = turned_off(in->tpm_authentication, old->tpm_authentication_disabled);
    p.attachment = NULL;
    return site_put(change, &p, old->o.version, changed_by, err);
}

/* What must be there before a provider can be made. That its name is nobody else's, site_put sees. */
static bool place_for(struct site_change *change, struct att_arena *arena,
                      const struct service_provider_in *in, const struct site_subscription **ret_subscription,
                      const struct site_group **ret_group, struct att_err *err)
{
    const char *subscription_key = NULL, *group_key = NULL;

    if (!service_key_subscription(arena, in->subscription, &subscription_key, err) ||
        !service_key_group(arena, in->subscription, in->group, &group_key, err))
        return false;
    *ret_subscription = site_change_get(change, SITE_SUBSCRIPTION, subscription_key);
    if (!*ret_subscription)
        return att_fail(err, ATT_SUBSCRIPTION_NOT_FOUND, "subscription", "a subscription", "none");
    if (!(*ret_subscription)->registered)
        return not_registered((*ret_subscription)->id, err);
    *ret_group = site_change_get(change, SITE_GROUP, group_key);
    if (!*ret_group)
        return service_no_group(in->group, err);
    return true;
}

static bool make_provider(struct service *s, struct site_change *change, struct att_arena *arena,
                          const struct service_provider_in *in, const char *key, const char *changed_by,
                          struct att_err *err)
{
    const struct site_subscription *subscription = NULL;
    const struct site_group *group = NULL;
    const char *uri = NULL, *place = NULL;

    if (!service_provider_name_check(in->name, err))
        return false;
    if (!in->location)
        return att_fail(err, ATT_PARAMETER_MISSING, "location", "a location", "none");
    if (!service_location_of(arena, att_str(in->location), &place, err) ||
        !place_for(change, arena, in, &subscription, &group, err) || !subscription || !group)
        return false;
    struct site_provider p = {
        .o = { .kind = SITE_PROVIDER, .tenant = subscription->o.tenant, .key = key },
        .subscription = subscription->id,
        .group = group->name,
        .name = in->name,
        .location = in->location,
        .tags = in->tags,
        .public_network_disabled = turned_off(in->public_network, false),
        .tpm_authentication_disabled = turned_off(in->tpm_authentication, false),
    };
    if (in->signers_given && !read_signers(s, arena, in->signers, &p.signers, err))
        return false;
    p.isolated = p.signers.len > 0;
    return service_attest_uri(s, arena, in->name, in->location, &uri, err) &&
           service_certificates_make(s, arena, in->name, uri, &p.certificates, &p.certificate_count, err) &&
           site_put(change, &p, 0, changed_by, err);
}

bool service_provider_put(struct service *s, struct site_change *change, struct att_arena *arena,
                          const struct service_provider_in *in, const char *changed_by, bool *ret_created,
                          const struct site_provider **ret, struct att_err *err)
{
    const char *key = NULL;

    if (!service_key_provider(arena, in->subscription, in->group, in->name, &key, err))
        return false;
    const struct site_provider *old = site_change_get(change, SITE_PROVIDER, key);
    if (old ? !change_provider(s, change, arena, in, old, changed_by, err)
            : !make_provider(s, change, arena, in, key, changed_by, err))
        return false;
    *ret = site_change_get(change, SITE_PROVIDER, key);
    *ret_created = !old;
    return true;
}

bool service_provider_delete(struct service *s, struct site_change *change, const char *key,
                             bool *ret_deleted, struct att_err *err)
{
    const struct site_provider *p = site_change_get(change, SITE_PROVIDER, key);

    if (!p) {
        *ret_deleted = false;
        return true;
    }
    if (service_is_default(p->name))
        return arm_refuse_default(err);
    uint64_t version = p->o.version;
    if (!arm_delete_parts(s, change, key, err) || !site_delete(change, SITE_PROVIDER, key, version, err))
        return false;
    *ret_deleted = true;
    return true;
}
