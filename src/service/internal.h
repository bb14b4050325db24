/* service/internal.h - what the files of this folder share; nobody else includes it. */
#ifndef SERVICE_INTERNAL_H
#define SERVICE_INTERNAL_H

#include "service/service.h"
#include "signer/signer.h"
#include "store/store.h"

#include <pthread.h>
#include <stdatomic.h>

enum service_type { SERVICE_SGX, SERVICE_OPEN_ENCLAVE, SERVICE_TYPE_COUNT };

struct service_policy {
    struct att_policy *compiled;
    bool is_default;
};

/* A key that /certs publishes, with this provider's certificate for it. */
struct service_key {
    const char *kid;
    const char *alg;
    struct att_span certificate; /* DER */
};
enum { SERVICE_KEYS_MAX = 64 };

struct service {
    struct service_options options;
    atomic_uint accepted_tcb;                  /* begins as that of the options; a reload changes it */
    struct att_arena *arena;                   /* what lives as long as the service */
    struct service_key keys[SERVICE_KEYS_MAX]; /* RS256 first, newest first */
    size_t key_count;
    const char *kid; /* of the one that signs */
    struct att_span certs_json;
    struct att_span openid_json;
    struct service_policy policies[SERVICE_TYPE_COUNT];
    pthread_mutex_t collateral_lock; /* held for a reference count, never for work */
    struct att_collateral *collateral;
    atomic_ulong verdicts[SERVICE_TYPE_COUNT][ATT_CODE_COUNT];
};

/* "sgx", "open-enclave"; NULL ends. */
extern const char *const service_type_names[SERVICE_TYPE_COUNT];

/* Loads the newest key of the algorithm into the signer, after making one if there is none; fills kid and keys. */
ATT_CHECK bool service_keys_load(struct service *s, struct att_err *err);
/* Fills certs_json and openid_json. */
ATT_CHECK bool service_metadata_compose(struct service *s, struct att_err *err);

#endif
