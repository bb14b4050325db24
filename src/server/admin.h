/* server/admin.h - the admin listener: /healthz, /readyz, /metrics, /collateral. Plain HTTP, meant for loopback; it shows
 * counts and names of collateral, never evidence, tokens or keys. */
#ifndef SERVER_ADMIN_H
#define SERVER_ADMIN_H

#include "api/api.h"
#include "http/http.h"
#include "keys/keyring.h"
#include "server/counters.h"
#include "service/service.h"
#include "store/health.h"

#include <stdatomic.h>

struct admin {
    const char *version;
    _Atomic(struct service *) service;              /* NULL until ready */
    _Atomic(struct supply *) supply;                /* likewise */
    _Atomic(struct store_health *) store_health;    /* likewise */
    _Atomic(struct keyring *) keys, authority_keys; /* likewise; the second NULL without the authority */
    _Atomic(struct records *) records;              /* likewise; NULL too when nothing is recorded */
    _Atomic(struct http_server *)
        server;                /* the service's listener, for its counters; NULL until it listens */
    _Atomic(struct api *) api; /* likewise, for its meters */
    atomic_bool draining;
    struct counters counters;
};

struct http_app admin_app(struct admin *admin);

#endif
