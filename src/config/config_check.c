/* Settings against each other. */
#include "config/config_table.h"

#include "base/err.h"

#include <stdio.h>
#include <string.h>

/* Names the first row of a section that must be given and is not: "issuer.corp.url". */
static bool rows_given(const void *section, enum config_section which, const char *parameter,
                       enum config_required required, struct att_err *err)
{
    const struct config_table *table = &config_tables[which];
    char where[96];

    for (size_t i = 0; i < table->count; i++) {
        const struct config_row *row = &table->rows[i];
        if (row->required != required || config_text(section, row)[0] != '\0')
            continue;
        (void)snprintf(where, sizeof where, "%s%s%s%s%s", parameter ? table->name : "", parameter ? "." : "",
                       parameter ? parameter : "", parameter ? "." : "", row->name);
        return att_fail(err, ATT_CONFIG_INVALID, where, row->help,
                        required == CONFIG_PRODUCTION ? "not set (or start with --dev)" : "not set");
    }
    return true;
}

static bool issuer_good(const struct config_issuer *i, struct att_err *err)
{
    char where[96];

    if (!rows_given(i, CONFIG_ISSUER, i->section, CONFIG_ALWAYS, err))
        return false;
    (void)snprintf(where, sizeof where, "issuer.%s.keys", i->section);
    if (i->keys[0] && i->metadata[0])
        return att_fail(err, ATT_CONFIG_INVALID, where, "keys or metadata", "both");
    (void)snprintf(where, sizeof where, "issuer.%s.ca", i->section);
    if (i->keys[0] && i->ca[0])
        return att_fail(err, ATT_CONFIG_INVALID, where, "keys or ca", "both: with keys nothing is fetched");
    return true;
}

static bool subscription_good(const struct config *c, const struct config_subscription *s,
                              struct att_err *err)
{
    char where[96];

    if (!rows_given(s, CONFIG_SUBSCRIPTION, s->section, CONFIG_ALWAYS, err))
        return false;
    if (s->owner_secret_hash[0] == '\0')
        return true;
    (void)snprintf(where, sizeof where, "subscription.%s.owner_secret_hash", s->section);
    if (!c->authority)
        return att_fail(err, ATT_CONFIG_INVALID, where, "authority = on beside it", "authority is off");
    if (strlen(s->owner) != 36 || strspn(s->owner, "0123456789abcdef-") != 36)
        return att_fail(err, ATT_CONFIG_INVALID, where, "an owner that is a GUID", "another owner");
    return true;
}

static bool source_good(const struct config_source *s, struct att_err *err)
{
    char where[96];
    size_t len = strlen(s->url);

    if (!rows_given(s, CONFIG_SOURCE, s->section, CONFIG_ALWAYS, err))
        return false;
    (void)snprintf(where, sizeof where, "source.%s.url", s->section);
    if (strchr(s->url, '?'))
        return att_fail(err, ATT_CONFIG_INVALID, where, "a place that a path can be put behind", "a query");
    return s->url[len - 1] != '/' || att_fail(err, ATT_CONFIG_INVALID, where, "no slash at its end", "one");
}

/* As the fetching takes it: found now, not when the first item is wanted. Not shown, as a password may be in it. */
static bool proxy_good(const char *url, struct att_err *err)
{
    static const char scheme[] = "http://";
    const char *at = url + sizeof scheme - 1;

    if (url[0] == '\0')
        return true;
    bool good = strncmp(url, scheme, sizeof scheme - 1) == 0 && strcspn(at, "/?:") > 0;
    for (at = url; *at; at++)
        good = good && (unsigned char)*at > ' ' && (unsigned char)*at <= '~' && !strchr("\\\"<>#@", *at);
    return good || att_fail(err, ATT_CONFIG_INVALID, "fetch_proxy", "http://HOST:PORT", "another form");
}

/* A section that asks for nothing would call every machine compliant; the library takes it for none. */
static bool compliance_good(const struct config_compliance *s, struct att_err *err)
{
    bool snp = strcmp(s->type, "sev-snp") == 0;
    bool of_snp = s->id_key_digest[0] || s->family_id[0] || s->image_id[0] || s->uvm_issuer[0] ||
                  s->uvm_feed[0] || s->guest_svn_min || s->uvm_svn_min;
    char where[96];

    if (!rows_given(s, CONFIG_COMPLIANCE, s->section, CONFIG_ALWAYS, err))
        return false;
    (void)snprintf(where, sizeof where, "compliance.%s", s->section);
    if (snp ? s->mrseam[0] != '\0' : of_snp)
        return att_fail(err, ATT_CONFIG_INVALID, where, "conditions for its type", "some of another type");
    if ((s->uvm_feed[0] || s->uvm_svn_min) && !s->uvm_issuer[0])
        return att_fail(err, ATT_CONFIG_INVALID, where, "uvm_issuer beside uvm_feed and uvm_svn_min", "none");
    if (!s->id_key_digest[0] && !s->measurement[0] && !s->mrseam[0] && !s->uvm_issuer[0])
        return att_fail(err, ATT_CONFIG_INVALID, where,
                        "an id_key_digest, measurement, mrseam or uvm_issuer: what the machine is known by",
                        "none");
    return true;
}

/* What a kind must have, and what means nothing to it. */
static bool sink_good(const struct config_sink *s, struct att_err *err)
{
    static const struct {
        const char *kind;
        bool path, socket, url;
    } kinds[] = {
        { "file", true, false, false }, { "syslog", false, true, false },  { "journal", false, true, false },
        { "otlp", false, false, true }, { "webhook", false, false, true },
    };
    char where[96];

    if (!rows_given(s, CONFIG_SINK, s->section, CONFIG_ALWAYS, err))
        return false;
    (void)snprintf(where, sizeof where, "sink.%s", s->section);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(s->kind, kinds[i].kind) != 0)
            continue;
        if (kinds[i].path && !s->path[0])
            return att_fail(err, ATT_CONFIG_INVALID, where, "a path beside kind = file", "none");
        if (kinds[i].url != (s->url[0] != '\0'))
            return att_fail(err, ATT_CONFIG_INVALID, where,
                            "a url for otlp and webhook, and for no other kind",
                            kinds[i].url ? "none" : "one");
        if (s->path[0] && !kinds[i].path && !kinds[i].socket)
            return att_fail(err, ATT_CONFIG_INVALID, where, "a path for file, syslog and journal only",
                            "one");
        if (!kinds[i].url && (s->ca[0] || s->header_file[0]))
            return att_fail(err, ATT_CONFIG_INVALID, where, "ca and header_file for otlp and webhook only",
                            "another kind");
    }
    return s->path[0] == '\0' || s->path[0] == '/' ||
           att_fail(err, ATT_CONFIG_INVALID, where, "an absolute path", "another");
}

static bool records_good(const struct config *c, struct att_err *err)
{
    if (c->records_fail_closed && !c->records_dir[0] && !c->data_dir[0])
        return att_fail(err, ATT_CONFIG_INVALID, "records_fail_closed", "records_dir or data_dir beside it",
                        "neither");
    for (size_t i = 0; i < c->sink_count; i++) {
        if (!sink_good(&c->sinks[i], err))
            return false;
    }
    return true;
}

static bool collateral_good(const struct config *c, struct att_err *err)
{
    if (!proxy_good(c->fetch_proxy, err))
        return false;
    for (size_t i = 0; i < c->source_count; i++) {
        if (!source_good(&c->sources[i], err))
            return false;
    }
    for (size_t i = 0; i < c->compliance_count; i++) {
        if (!compliance_good(&c->compliance[i], err))
            return false;
    }
    return true;
}

static bool in_token(const char *key)
{
    return strncmp(key, "pkcs11:", 7) == 0;
}

/* A token is half named, or not named at all where one is needed. */
static bool token_good(const struct config *c, struct att_err *err)
{
    bool needed = in_token(c->key_encryption_key) || strcmp(c->signing_keys, "token") == 0;
    bool named = c->pkcs11_token[0] || c->pkcs11_pin_file[0];

    for (size_t i = 0; i < c->key_encryption_key_previous.count; i++)
        needed = needed || in_token(c->key_encryption_key_previous.item[i]);
    if (!c->pkcs11_module[0])
        return !(needed || named) || att_fail(err, ATT_CONFIG_INVALID, "pkcs11_module",
                                              "a library: other settings speak of a token", "none");
    return c->pkcs11_token[0] ||
           att_fail(err, ATT_CONFIG_INVALID, "pkcs11_token", "a label beside pkcs11_module", "none");
}

/* Who has fetched the keys may use them for max_age; a client that asked just before the new key was there, and a proxy in
 * between that did, make it twice. A minute for replicas that are behind. */
static bool keys_good(const struct config *c, struct att_err *err)
{
    unsigned long lead = 2 * c->keys_max_age_s + 60;
    unsigned long keep = c->authority_token_lifetime_s + KEY_LEEWAY_S;

    if (c->key_lead_s < lead)
        return att_fail(err, ATT_CONFIG_INVALID, "key_lead_s", "at least twice keys_max_age_s and a minute",
                        "%lu s where %lu are needed", c->key_lead_s, lead);
    if (c->key_rotation_days > 0 && c->key_lead_s > c->key_rotation_days * 86400)
        return att_fail(err, ATT_CONFIG_INVALID, "key_lead_s", "no longer than key_rotation_days", "%lu s",
                        c->key_lead_s);
    return c->key_keep_s >= keep ||
           att_fail(err, ATT_CONFIG_INVALID, "key_keep_s",
                    "at least authority_token_lifetime_s and five minutes", "%lu s", c->key_keep_s);
}

bool config_consistent(const struct config *c, struct att_err *err)
{
    bool postgres = strncmp(c->store, "postgres", 8) == 0;

    if (c->proxy_protocol && c->trusted_proxies.count == 0)
        return att_fail(err, ATT_CONFIG_INVALID, "proxy_protocol", "trusted_proxies beside it", "none");
    if (c->identity_socket[0] && !c->authority)
        return att_fail(err, ATT_CONFIG_INVALID, "identity_socket", "authority = on beside it",
                        "authority is off");
    if (!token_good(c, err))
        return false;
    if (c->store_password_file[0] && !postgres)
        return att_fail(err, ATT_CONFIG_INVALID, "store_password_file", "a postgres: store", "another store");
    if (c->data_audiences.count == 0)
        return att_fail(err, ATT_CONFIG_INVALID, "data_audiences", "at least one", "none");
    if (c->control_audiences.count == 0)
        return att_fail(err, ATT_CONFIG_INVALID, "control_audiences", "at least one", "none");
    for (size_t i = 0; i < c->issuer_count; i++) {
        if (!issuer_good(&c->issuers[i], err))
            return false;
    }
    for (size_t i = 0; i < c->subscription_count; i++) {
        if (!subscription_good(c, &c->subscriptions[i], err))
            return false;
    }
    return keys_good(c, err) && records_good(c, err) && collateral_good(c, err);
}

bool config_complete(const struct config *c, struct att_err *err)
{
    struct config needed = *c;

    if (c->store[0] && needed.data_dir[0] == '\0')
        needed.data_dir = "-"; /* rows are elsewhere: nothing is written to a data folder */
    if (!rows_given(&needed, CONFIG_ATTESTD, NULL, CONFIG_PRODUCTION, err))
        return false;
    if (c->issuer_count == 0 && !c->authority)
        return att_fail(err, ATT_CONFIG_INVALID, "issuer",
                        "a section [issuer NAME], or authority = on: who vouches for callers",
                        "not set (or start with --dev)");
    if (c->subscription_count == 0)
        return att_fail(err, ATT_CONFIG_INVALID, "subscription",
                        "a section [subscription GUID]: whom the default provider belongs to",
                        "not set (or start with --dev)");
    return config_consistent(c, err);
}
