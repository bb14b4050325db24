/* server/server.h - the parts of a running attestd, and the steps that put them together, for the files of this folder.
 * run.c says in which order. */
#ifndef SERVER_SERVER_H
#define SERVER_SERVER_H

#include <attest/attest.h>
#include <attest/seal.h>

#include "access/access.h"
#include "api/api.h"
#include "http/http.h"
#include "keys/keyring.h"
#include "server/admin.h"
#include "server/background.h"
#include "server/dev.h"
#include "server/options.h"
#include "server/watch.h"
#include "supply/supply_fetch.h"

struct aik_authority;
struct authority;
struct fetch;
struct records;
struct signer;
struct store;

/* What the log knows of a ring; of the thread of changes. */
struct keys_seen {
    uint64_t number;
    size_t refused;
    enum att_code failed;
};

struct server {
    struct options *options;
    struct att_arena *arena;
    struct dev dev;
    struct store *store;
    struct store
        *collateral_store; /* the same, for the thread that fetches collateral; NULL: a store in memory */
    uint8_t row_key[ATT_SEAL_KEY_BYTES]; /* until the site has it */
    bool rows_sealed;
    struct store *once_store; /* the same, for what may happen once; its own when in memory */
    struct store_health store_health;
    struct watch watch; /* has the store once more */
    struct signer *signer;
    struct keyring *keys;                /* of attestation tokens */
    struct keyring *authority_keys;      /* of access tokens; NULL without the authority */
    struct aik_authority *aik_authority; /* the site's own, of attestation keys of TPMs */
    struct att_tpm_trust *aik_trust;
    struct att_tpm_trust *ek_trust; /* NULL: no manufacturer is trusted */
    struct att_boot_hashes boot_hashes;
    uint8_t context_key[ATT_SEAL_KEY_BYTES];
    struct att_lib *lib;
    struct site *site;
    struct service *service;
    struct fetch *fetch;
    struct fetch *collateral_fetch; /* NULL: there is no source */
    struct supply_fetch supply_fetch;
    struct supply *supply;
    struct background background;
    struct fetch *records_fetch; /* NULL: no sink is asked over HTTPS */
    struct records *records;     /* NULL: nothing is recorded */
    struct access *access;
    struct authority *authority;
    const char *authority_issuers[ACCESS_ISSUERS_MAX]; /* their names in `access`: one for each tenant */
    size_t authority_issuer_count;
    struct keys_seen keys_seen, authority_keys_seen; /* keys.c: what was said last */
    struct api *api;
    struct admin admin;
    struct http_server *http;
    struct http_server *admin_http;
    struct http_server *identity_http;
    struct att_arena *reloaded; /* text of the settings that SIGHUP changed */
    const char *base_url;
};

int64_t server_clock(void *ctx);

/* -- signing.c -------------------------------------------------------------------------------------------- */

/* This process is looked into by nobody. */
ATT_CHECK bool memory_closed(struct server *s, struct att_err *err);
/* Before any thread: the signer may be a child. */
ATT_CHECK bool signing_start(struct server *s, struct att_err *err);
ATT_CHECK bool signing_context_key(struct server *s, struct att_err *err);

/* -- storage.c -------------------------------------------------------------------------------------------- */

/* The store, and the keys in it. */
ATT_CHECK bool storage_open(struct server *s, struct att_err *err);
/* The store three times more, for other threads. A store in memory cannot be opened again: collateral is not kept then, and what may
 * happen once has one of its own, as there is no other process that could see it, or commit: there is nothing to wait for. */
ATT_CHECK bool storage_open_again(struct server *s, struct att_err *err);

/* -- collateral.c ----------------------------------------------------------------------------------------- */

/* The collateral service, with what files hold; asks nobody yet. */
ATT_CHECK bool collateral_open(struct server *s, struct att_err *err);
/* From here the service has collateral, and sources are asked. */
ATT_CHECK bool collateral_start(struct server *s, struct att_err *err);
/* Files again; a file that cannot be read leaves everything as it was. */
ATT_CHECK bool collateral_reload(struct server *s, struct att_err *err);
/* The files can be read; what is wrong with an item of them is no failure. */
ATT_CHECK bool collateral_check(struct server *s, struct att_err *err);
/* The table of the compliance sections, in the server's arena. */
ATT_CHECK bool compliance_of(struct server *s, const struct att_compliance_row **ret, size_t *ret_count,
                             struct att_err *err);

/* -- tpm.c ------------------------------------------------------------------------------------------------ */

/* Whose TPMs count, from files and the site's own authority; the key of contexts. After storage_open. */
ATT_CHECK bool tpm_open(struct server *s, struct att_err *err);
/* The files can be used. */
ATT_CHECK bool tpm_check(struct server *s, struct att_err *err);
void tpm_close(struct server *s);

/* -- records.c -------------------------------------------------------------------------------------------- */

/* The journal and the sinks. Before the api, which writes to them. */
ATT_CHECK bool journal_start(struct server *s, struct att_err *err);
/* The files that the sinks need can be read. */
ATT_CHECK bool sinks_check(struct server *s, struct att_err *err);
/* Files of sinks anew. */
ATT_CHECK bool sinks_reload(struct server *s, struct att_err *err);

/* -- listen.c --------------------------------------------------------------------------------------------- */

ATT_CHECK bool listen_check(struct server *s, struct att_err *err);
ATT_CHECK bool listen_service(struct server *s, struct att_err *err);
ATT_CHECK bool listen_admin(struct server *s, struct att_err *err);
/* Nothing when no identity_socket is set. */
ATT_CHECK bool listen_identity(struct server *s, struct att_err *err);

/* -- install.c -------------------------------------------------------------------------------------------- */

/* What the configuration (or --dev) wants to be in the site, and is not there yet. */
ATT_CHECK bool install_site(struct server *s, struct att_err *err);

/* -- identity.c ------------------------------------------------------------------------------------------- */

/* Who may vouch for callers: the configured issuers and the built-in authority. Asks nobody. */
ATT_CHECK bool identity_open(struct server *s, struct att_err *err);
/* The files of the configured issuers can be used. */
ATT_CHECK bool identity_check(struct server *s, struct att_err *err);
/* Key files again. */
ATT_CHECK bool identity_reload(struct server *s, struct att_err *err);
/* api_parts.authorization_uri; ctx is the struct server, tenant may be NULL (no one's in particular). */
bool identity_authorization_uri(void *ctx, struct att_arena *arena, const char *tenant, const char **ret);

/* The authority's keys are others. On the thread of changes. */
ATT_CHECK bool identity_keys_changed(struct server *s, struct att_err *err);

/* -- keys.c ----------------------------------------------------------------------------------------------- */

/* Schedules as the configuration has them. */
struct keyring_schedule keys_schedule(const struct config *c);
/* api_parts.tick: what is due; ctx is the struct server. */
void keys_tick(void *ctx);

/* -- reload.c --------------------------------------------------------------------------------------------- */

/* SIGHUP. */
void server_reload(struct server *s);

#endif
