/* config/config.h - settings: tables, a file, the command line.
 *
 * The file is INI: one section [attestd], and any number of [issuer NAME], [subscription GUID], [source NAME],
 * [compliance NAME] and [sink NAME]. Unknown names and
 * sections, values out of range, repeated names and sections, lines over 190 bytes, indented lines and comments behind a
 * value are errors that name the line: the INI library would split, cut or override them silently.
 *
 * On the command line a setting of another section is written with dots: issuer.corp.url, subscription.GUID.owner.
 */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include <attest/arena.h>
#include <attest/error.h>

enum {
    CONFIG_LIST_MAX = 64,
    CONFIG_ISSUERS_MAX = 16,
    CONFIG_SUBSCRIPTIONS_MAX = 64,
    CONFIG_SOURCES_MAX = 8,
    CONFIG_COMPLIANCE_MAX = 64,
    CONFIG_SINKS_MAX = 32
};

struct config_list {
    const char *item[CONFIG_LIST_MAX + 1]; /* ends with NULL */
    size_t count;
};

struct config_issuer {
    const char *section; /* NAME */
    const char *url;
    const char *tenant;
    const char *metadata;
    const char *keys;
    const char *ca;
    const char *algorithms;
    struct config_list data_audiences;
    struct config_list control_audiences;
    const char *principal_claim;
    const char *groups_claim;
    unsigned long leeway_s;
};

struct config_subscription {
    const char *section; /* GUID, lower case */
    const char *tenant;
    const char *name;
    const char *owner;
    const char *owner_name;
    const char *owner_secret_hash;
};

struct config_source {
    const char *section; /* NAME */
    const char *kind;
    const char *url;
    const char *ca;
    const char *api_key_file;
    unsigned long per_minute;
};

struct config_compliance {
    const char *section; /* NAME */
    const char *status;
    const char *type;
    const char *id_key_digest; /* hex, lower case; so all of these */
    const char *family_id;
    const char *image_id;
    const char *measurement;
    const char *mrseam;
    unsigned long guest_svn_min;
    const char *uvm_issuer;
    const char *uvm_feed;
    unsigned long uvm_svn_min;
};

struct config_sink {
    const char *section; /* NAME */
    const char *kind;
    const char *path;
    const char *url;
    const char *ca;
    const char *header_file;
    unsigned long rotate_bytes;
    unsigned long keep_files;
};

/* Text that was not given is "", never NULL. */
/* How far clocks may differ: a key is published that much longer than a token that it signed. */
enum { KEY_LEEWAY_S = 300 };

struct config {
    const char *base_url;
    const char *data_dir;
    const char *listen;
    const char *admin_listen;
    const char *tls_certificate;
    const char *tls_key;
    const char *key_encryption_key;
    struct config_list key_encryption_key_previous;
    const char *pkcs11_module;
    const char *pkcs11_token;
    const char *pkcs11_pin_file;
    bool signer_process;
    const char *signing_keys;
    const char *store;
    const char *store_password_file;
    unsigned long store_outage_max_s;
    const char *domain;
    const char *location;
    struct config_list private_networks;
    struct config_list trusted_proxies;
    bool proxy_protocol;
    unsigned long policy_signer_rsa_bits_min;
    bool policy_tokens_fresh_only;
    bool authority;
    unsigned long authority_token_lifetime_s;
    const char *identity_socket;
    unsigned long identity_socket_mode;
    struct config_list data_audiences;
    struct config_list control_audiences;
    unsigned long writes_per_minute;
    unsigned long changes_waiting_max;
    unsigned long changes_of_tenant_max;
    struct config_list collateral_dirs;
    unsigned long collateral_grace_s;
    const char *fetch_proxy;
    unsigned accepted_tcb; /* ATT_TCB_BIT of each */
    struct config_list tpm_aik_roots;
    struct config_list tpm_aik_intermediates;
    unsigned long tpm_aik_lifetime_days;
    struct config_list tpm_ek_roots;
    struct config_list tpm_ek_intermediates;
    bool tpm_other_banks;
    bool tpm_sha1;
    unsigned long tpm_challenge_lifetime_s;
    const char *tpm_boot_hashes;
    const char *signing_algorithm;
    unsigned long key_rotation_days;
    unsigned long key_lead_s;
    unsigned long key_keep_s;
    unsigned long keys_max_age_s;
    unsigned long threads;
    unsigned long connections_max;
    unsigned long connections_per_client_max;
    unsigned long client_requests_per_s;
    unsigned long client_burst;
    unsigned long provider_attestations_per_s;
    unsigned long provider_burst;
    unsigned long overload_ms;
    unsigned long attest_body_bytes_max;
    unsigned long tpm_body_bytes_max;
    unsigned long head_timeout_s;
    unsigned long body_timeout_s;
    unsigned long idle_timeout_s;
    unsigned long drain_timeout_s;
    const char *records_dir; /* "": records_folder says which */
    unsigned long records_retention_days;
    bool records_fail_closed;
    unsigned long records_queue_max;
    struct config_issuer *issuers; /* room for CONFIG_ISSUERS_MAX, in the arena */
    size_t issuer_count;
    struct config_subscription *subscriptions; /* room for CONFIG_SUBSCRIPTIONS_MAX, in the arena */
    size_t subscription_count;
    struct config_source *sources; /* room for CONFIG_SOURCES_MAX */
    size_t source_count;
    struct config_compliance *compliance; /* room for CONFIG_COMPLIANCE_MAX */
    size_t compliance_count;
    struct config_sink *sinks; /* room for CONFIG_SINKS_MAX */
    size_t sink_count;
};

/* Defaults of the tables, no issuers and no subscriptions. Text lives in the arena. */
ATT_CHECK bool config_defaults(struct att_arena *arena, struct config *ret, struct att_err *err);
/* The file's text over what is in `c`. CONFIG_INVALID; where is "NAME:LINE", then the setting. */
ATT_CHECK bool config_read(struct att_arena *arena, const char *file_name, struct att_span text,
                           struct config *c, struct att_err *err);
/* One setting from the command line. */
ATT_CHECK bool config_set(struct att_arena *arena, struct config *c, const char *name, const char *value,
                          struct att_err *err);
/* Settings that are right alone but not together, and sections that lack what they must have. */
ATT_CHECK bool config_consistent(const struct config *c, struct att_err *err);
/* What production needs and is not there: names the first missing setting. */
ATT_CHECK bool config_complete(const struct config *c, struct att_err *err);
/* A commented sample of all tables, to stdout. */
void config_print_sample(void);
/* The tables as rows of a man page, to stdout. */
void config_print_man(void);

#endif
