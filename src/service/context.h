/* service/context.h - what a client carries between two requests, so that no server has to remember it: sealed, for one purpose
 * and one provider, for a time. Any replica with the same key-encryption key opens it.
 *
 * Form: base64url of {"ProtectedContext":base64url(sealed),"ProtectionKeyName":hex}, as clients of the TPM protocol have seen it;
 * opaque to them. It is authenticated as a whole; provider and purpose are in the seal's label.
 */
#ifndef SERVICE_CONTEXT_H
#define SERVICE_CONTEXT_H

#include "service/service.h"

enum { CONTEXT_ID_SIZE = 33 };

struct context_opened {
    struct att_span content;  /* in the arena */
    char id[CONTEXT_ID_SIZE]; /* hex; random, for service_once */
    int64_t expires_unix_s;
};

/* `purpose`: "tpm-challenge". INTERNAL when this service has no key for contexts. */
ATT_CHECK bool context_seal(const struct service *s, struct att_arena *arena, const char *purpose,
                            const struct site_provider *p, struct att_span content, uint32_t life_s,
                            struct att_span *ret_text, struct att_err *err);
/* TPM_CONTEXT_INVALID: not made here, for another provider or purpose, or changed; TPM_CONTEXT_EXPIRED. */
ATT_CHECK bool context_open(const struct service *s, struct att_arena *arena, const char *purpose,
                            const struct site_provider *p, struct att_span text, struct context_opened *ret,
                            struct att_err *err);
/* The first to come with this id, of all replicas? It is remembered until ten minutes after `until`, by which the clocks of
 * replicas may differ. STORE_FAILED: not known, so no. Any thread. */
ATT_CHECK bool service_once(struct service *s, const char *space, const char *id, int64_t until_unix_s,
                            bool *ret_first, struct att_err *err);

#endif
