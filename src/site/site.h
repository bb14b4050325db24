/* site/site.h - what this installation knows: subscriptions, groups, providers, policies, roles, principals.
 *
 * The whole of it is in memory; the store is read at start and written on change. Readers (the data plane, on any
 * thread) get references to immutable objects and never wait for the disk. Changes are made by one thread at a time, in
 * a struct site_change: the store's transaction, the new objects and the audit record are committed together, and only
 * then do readers see them. A change begins by comparing the store's generation with that of the memory, so that what
 * another process has committed is seen before a permission is checked or a version compared.
 *
 *     struct site_change *change = NULL;
 *     if (!site_change_begin(site, now, &change, &err))
 *         return false;
 *     bool ok = site_allows(site, who, scope, action, &err) && site_put(change, object, replaces, &err);
 *     ok = ok ? site_change_commit(change, &record, &err) : (site_change_abandon(change), false);
 *
 * Keys are ids in lower case: "/subscriptions/S/resourcegroups/G/providers/microsoft.attestation/attestationproviders/N".
 * Everything of a subscription has a key that begins with the subscription's, so "all below" is a prefix.
 *
 * Ownership: objects are reference counted and never change; site_ref / site_unref. Threads: reading functions from
 * any thread; site_change_* from one thread at a time.
 * Errors: STORE_FAILED, STORE_CONFLICT, OUT_OF_MEMORY.
 */
#ifndef SITE_SITE_H
#define SITE_SITE_H

#include <attest/arena.h>
#include <attest/error.h>

#include "access/access.h"

#include <stdatomic.h>

struct site;
struct store;
struct store_tx;

enum site_kind {
    SITE_SUBSCRIPTION,
    SITE_GROUP,
    SITE_PROVIDER,
    SITE_POLICY,
    SITE_CONNECTION, /* private endpoint connection */
    SITE_ASSIGNMENT, /* role assignment */
    SITE_PRINCIPAL,  /* of the built-in authority */
    SITE_DIAGNOSTIC, /* diagnostic setting: where a provider's records go */
    SITE_KINDS
};

/* What all objects have; the first member of each. Strings live as long as the object. */
struct site_object {
    enum site_kind kind;
    const char *tenant; /* GUID, lower case: the directory that the subscription belongs to */
    const char *key;    /* lower-case id, unique in its kind */
    uint64_t version;   /* of the row */
    int64_t created_unix_s, changed_unix_s;
    const char *created_by, *changed_by; /* principals; "configuration" */
};

struct site_subscription { /* key "/subscriptions/ID" */
    struct site_object o;
    const char *id; /* GUID, lower case */
    const char *name;
    bool registered; /* for Microsoft.Attestation */
};

struct site_group { /* key ".../resourcegroups/NAME" */
    struct site_object o;
    const char *subscription; /* its id */
    const char *name;         /* as it was first written */
    const char *location;
    struct att_span tags; /* JSON object, or empty */
};

struct site_certificate {
    const char *kid;
    const char *attest_uri;
    struct att_span der;
};

struct site_provider { /* key ".../providers/microsoft.attestation/attestationproviders/NAME" */
    struct site_object o;
    const char *subscription, *group; /* id; name as first written */
    const char *name;                 /* as first written; unique in the installation, without case */
    const char *location;
    struct att_span tags;    /* JSON object, or empty */
    bool isolated;           /* trustModel */
    struct att_span signers; /* JSON text {"keys":[...]}; empty unless isolated */
    bool public_network_disabled;
    bool tpm_authentication_disabled;
    /* This provider's certificate for each signing key that was there when it was made. */
    const struct site_certificate *certificates;
    size_t certificate_count;
    /* One slot for who derives something costly (compiled policies, documents): set once by whoever is first, freed
     * with the object. Policies count: a provider whose policy changes becomes a new object of the same version. */
    struct site_attachment *_Atomic *attachment;
};

/* A policy that somebody has set; key PROVIDER-KEY "/policies/TYPE". */
struct site_policy {
    struct site_object o;
    const char *type;      /* "SgxEnclave" */
    struct att_span token; /* the JWS as it was accepted */
    struct att_span text;  /* the policy */
    /* Who signed it: a JWK, members sorted; empty: nobody. */
    struct att_span signer;
};

struct site_connection { /* key PROVIDER-KEY "/privateendpointconnections/NAME" */
    struct site_object o;
    const char *name;
    const char *endpoint_id; /* "" when unknown */
    const char *status;      /* Pending, Approved, Rejected */
    const char *description;
};

struct site_assignment { /* key SCOPE "/providers/microsoft.authorization/roleassignments/NAME" */
    struct site_object o;
    const char *name;           /* GUID */
    const char *scope;          /* lower case */
    const char *role;           /* GUID of a role definition, lower case */
    const char *principal;      /* lower case */
    const char *principal_type; /* User, Group, ServicePrincipal */
    const char *description;    /* "" */
};

enum site_credential_kind { SITE_SECRET, SITE_CERTIFICATE, SITE_UNIX_USER };
struct site_credential {
    enum site_credential_kind kind;
    const char *id;              /* names it when it is removed */
    const char *hash;            /* SITE_SECRET: "scrypt$N$r$p$SALT$HASH" */
    struct att_span certificate; /* SITE_CERTIFICATE: DER */
    uint32_t uid;                /* SITE_UNIX_USER */
    int64_t expires_unix_s;      /* 0: never */
};
struct site_principal { /* key "/subscriptions/HOME/principals/CLIENT-ID" */
    struct site_object o;
    const char *subscription; /* its home: whose owners may change it */
    const char *client_id;    /* GUID, lower case; also its object id; unique in the installation */
    const char *name;
    const struct site_credential *credentials;
    size_t credential_count;
};

enum { SITE_DIAGNOSTIC_LOGS_MAX = 16 };
struct site_diagnostic_log {
    const char *category; /* "Operational"; of a group: "allLogs" */
    bool group;
    bool enabled;
};
/* Key PROVIDER-KEY "/providers/microsoft.insights/diagnosticsettings/NAME". A program that does not know this kind may delete the
 * provider and leave its settings: rows that are not of a provider that is there are not read, and a namesake that is made later
 * is another one (provider_created_unix_s). They go when their key, or that of their provider, is put again. */
struct site_diagnostic {
    struct site_object o;
    const char *name;
    const char *sink;             /* of the server's configuration */
    const char *workspace_id;     /* as it was written */
    const char *destination_type; /* logAnalyticsDestinationType; "" */
    int64_t provider_created_unix_s;
    const struct site_diagnostic_log *logs;
    size_t log_count;
};

/* -- start ------------------------------------------------------------------------------------------------ */

/* Reads everything. The store is borrowed, and used by the thread that makes changes (and by this call). */
ATT_CHECK bool site_open(struct store *store, struct site **ret, struct att_err *err);
/* The same of a store whose rows of policies and of their history are sealed under this key (attest/seal.h); one that is not
 * sealed is a broken row. NULL: none is. */
enum { SITE_ROW_KEY_BYTES = 32 };
ATT_CHECK bool site_open_sealed(struct store *store, const uint8_t *row_key, struct site **ret,
                                struct att_err *err);
/* Seals every such row of a store that has none yet, in a transaction of the caller's. */
ATT_CHECK bool site_seal_rows(struct store *store, struct store_tx *tx, const uint8_t key[SITE_ROW_KEY_BYTES],
                              size_t *ret_count, struct att_err *err);
void site_close(struct site *s); /* NULL is fine; references that are still out stay valid */

/* On the thread of changes: reads again what another process has committed since, if anything. A change does this by
 * itself; a server that only reads calls it on a timer, so that a role removed elsewhere is removed here. */
ATT_CHECK bool site_refresh(struct site *s, struct att_err *err);
/* The store's generation that the memory is of. On the thread of changes. */
uint64_t site_generation(const struct site *s);

/* -- reading, any thread ---------------------------------------------------------------------------------- */

/* A new reference, or NULL. `key` in any case is lower-cased by the caller. */
const void *site_get(struct site *s, enum site_kind kind, const char *key);
/* By its name, without case. */
const struct site_provider *site_provider_by_name(struct site *s, const char *name);
const struct site_principal *site_principal_by_client(struct site *s, const char *client_id);
/* The principal that this unix user is; NULL when there is none or more than one. */
const struct site_principal *site_principal_by_uid(struct site *s, uint32_t uid);
/* References to all objects of a kind whose key is `prefix` or below it ("" is above all), in order of keys. The array
 * is malloc'd; site_list_free drops the references too. */
struct site_list {
    const void **objects;
    size_t count;
};
ATT_CHECK bool site_list(struct site *s, enum site_kind kind, const char *prefix, struct site_list *ret,
                         struct att_err *err);
void site_list_free(struct site_list *list);
const void *site_ref(const void *object);
void site_unref(const void *object); /* NULL is fine */

/* Do the assignments of this principal and its groups allow the action on this resource? The resource is a lower-case
 * id that lies in a subscription of the caller's own tenant, or nothing is allowed. ACCESS_DENIED, which names the action
 * and the scope and does not tell whether the resource exists. */
ATT_CHECK bool site_allows(struct site *s, const struct access_identity *who, const char *resource,
                           const char *action, struct att_err *err);

/* -- changing, one thread at a time ----------------------------------------------------------------------- */

struct site_change;

ATT_CHECK bool site_change_begin(struct site *s, int64_t now_unix_s, struct site_change **ret,
                                 struct att_err *err);
/* Puts an object of the caller's making: it is copied, encoded, written. `replaces` is the version that was read, 0
 * for a new one: STORE_CONFLICT when there is another by now. created_* and version are filled here (created_* are kept
 * from what is replaced), changed_by is the record's. Also refused: PARAMETER_INVALID, NAME_INVALID, UTF8_INVALID,
 * LIMIT_EXCEEDED (forms of fields; the key is that of the fields), SUBSCRIPTION_NOT_FOUND, GROUP_NOT_FOUND,
 * RESOURCE_NOT_FOUND (what it lies in; of an assignment: its scope), NAME_TAKEN (provider names, client ids, unix users),
 * ROLE_ASSIGNMENT_EXISTS, ROLE_UNKNOWN, IMMUTABLE_PROPERTY (the tenant). After a refusal the change can only be
 * abandoned. */
ATT_CHECK bool site_put(struct site_change *c, const void *object, uint64_t replaces, const char *changed_by,
                        struct att_err *err);
ATT_CHECK bool site_delete(struct site_change *c, enum site_kind kind, const char *key, uint64_t replaces,
                           struct att_err *err);
/* An object as this change leaves it so far; borrowed until the change ends; NULL when there is none. */
const void *site_change_get(struct site_change *c, enum site_kind kind, const char *key);

/* -- what happened to policies: kept for ever, in the store alone ------------------------------------------- *
 * Every policy that was ever set, and every reset, with who and when; numbered 1, 2, 3, ... for each provider and type. A
 * provider that is deleted leaves its history; one that is made again under the same id continues it. */

struct site_policy_event {
    uint64_t number; /* set by site_history_put */
    int64_t at_unix_s;
    const char *by;         /* principal */
    bool removed;           /* a reset */
    struct att_span token;  /* the JWS as it was accepted */
    const char *signer;     /* thumbprint of x5c[0], upper-case hex; "" when unsigned or a bare jwk */
    const char *request_id; /* "" when none */
};
/* In a change; number and at_unix_s are filled here. `type_key` in lower case: "sgxenclave". The audit record of the change
 * lists the policy's own row, not these. RESOURCE_NOT_FOUND when the provider is not there (any more), PARAMETER_INVALID,
 * STORE_FAILED (a broken row). After a refusal the change can only be abandoned. */
ATT_CHECK bool site_history_put(struct site_change *c, const struct site_provider *p, const char *type_key,
                                const struct site_policy_event *event, struct att_err *err);
/* Newest first, at most `max`, numbers below `before` (0: from the newest). Fewer when their tokens are long: it stops
 * behind the one that brings them to SITE_HISTORY_BYTES, so the last number of a part is 1 or there is more. STORE_FAILED
 * names a row that is missing or broken. On the thread of changes; not while a change is open. */
enum { SITE_HISTORY_BYTES = 1 << 20 };
ATT_CHECK bool site_history_list(struct site *s, struct att_arena *arena, const struct site_provider *p,
                                 const char *type_key, uint64_t before, size_t max,
                                 struct site_policy_event **ret, size_t *ret_count, struct att_err *err);

/* Tokens that count once, for each provider: true in *ret_new when it was not used before; from then on it is. Part of the
 * change: a change that is abandoned has used nothing. Marks stay: only somebody with a role and a key can make them. */
ATT_CHECK bool site_token_use(struct site_change *c, const struct site_provider *p, const uint8_t sha256[32],
                              bool *ret_new, struct att_err *err);

/* Who did what: goes into the audit trail in the same transaction. Strings are borrowed for the call. */
struct site_record {
    const char *tenant;    /* whose trail; never NULL: "site" when nobody's */
    const char *scope;     /* lower-case id of the resource; "" when the request named none */
    const char *operation; /* "provider.put" */
    const char *action;    /* "Microsoft.Attestation/attestationProviders/write" */
    const char *principal; /* NULL: nobody was recognised */
    const char *issuer;    /* name of the issuer that vouched */
    const char *name;      /* of the caller, for people */
    const char *client;    /* address */
    const char *request_id;
    const char *subject; /* what it was about, where the scope does not say it: "ek=... aik=..."; or NULL */
    const struct att_err *refusal; /* NULL: done */
    const char *via;               /* "rest", "configuration" */
};
/* Writes the record (with SHA-256 of the rows before and after; several records for very many rows), commits, then lets
 * readers see it. The change is over either way. INTERNAL, and nothing is done, when a step of the change was refused or
 * when something would be left below a deleted object (policies, connections and role assignments of a provider, too:
 * its namesake would inherit them). */
ATT_CHECK bool site_change_commit(struct site_change *c, const struct site_record *record,
                                  struct att_err *err);
void site_change_abandon(struct site_change *c); /* NULL is fine */
/* A record of something that is no object of the site, such as a signing key, inside of the caller's transaction. */
struct store_tx;
ATT_CHECK bool site_record_append(struct store_tx *tx, int64_t now_unix_s, const struct site_record *record,
                                  struct att_err *err);
/* A record alone: a refusal. Its own transaction. */
ATT_CHECK bool site_record_refusal(struct site *s, int64_t now_unix_s, const struct site_record *record,
                                   struct att_err *err);

/* -- the audit trail -------------------------------------------------------------------------------------- */

struct site_audit_row {
    uint64_t seq;
    int64_t at_unix_s;
    struct att_span body; /* JSON object */
};
/* On the thread of changes. */
ATT_CHECK bool site_audit_list(struct site *s, struct att_arena *arena, const char *tenant, const char *scope,
                               uint64_t after_seq, size_t max, struct site_audit_row **ret, size_t *ret_count,
                               struct att_err *err);

/* Walks the whole trail: numbers without a gap, each record with the hash of the one before it, and columns that agree
 * with the body. STORE_FAILED names the first record that does not fit. That records were cut off at the end shows only
 * to who has kept the last hash. On the thread of changes. */
struct site_audit_end {
    uint64_t seq;       /* of the last record; 0: there is none */
    uint8_t sha256[32]; /* of its body */
};
ATT_CHECK bool site_audit_verify(struct site *s, struct site_audit_end *ret, struct att_err *err);
/* The same for a store that no site is open on, with a look at each record that fits (`each` may be NULL): `end` is the record's
 * own number and hash. `where` of a record that does not fit begins with "audit.". On the thread of the store. */
typedef bool (*site_audit_fn)(void *ctx, const struct site_audit_row *row, const struct site_audit_end *end,
                              struct att_err *err);
ATT_CHECK bool site_audit_walk(struct store *s, site_audit_fn each, void *ctx, struct site_audit_end *ret,
                               struct att_err *err);

/* -- derived things --------------------------------------------------------------------------------------- */

struct site_attachment {
    void (*free)(struct site_attachment *);
};
/* The provider's attachment; NULL when there is none yet. Borrowed from the provider. */
struct site_attachment *site_attachment_get(const struct site_provider *p);
/* Sets it unless somebody was faster; returns the one that holds (the loser's is freed here). */
struct site_attachment *site_attachment_set(const struct site_provider *p, struct site_attachment *mine);

#endif
