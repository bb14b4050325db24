/* Signing keys while the server runs: rotation, and what follows from it. */
#include "server/server.h"

#include "server/log.h"

#include <stdio.h>

enum { DAY_S = 86400 };

struct keyring_schedule keys_schedule(const struct config *c)
{
    return (struct keyring_schedule){ .rotate_every_s = (uint32_t)(c->key_rotation_days * DAY_S),
                                      .lead_s = (uint32_t)c->key_lead_s,
                                      .keep_s = (uint32_t)c->key_keep_s };
}

/* A failure is said once, not every second. */
static void say_failure(struct keys_seen *seen, const char *event, const struct att_err *err)
{
    if (seen->failed != err->code)
        log_refusal(LOG_LEVEL_WARN, event, err);
    seen->failed = err->code;
}

static void say_set(const char *purpose, const struct keyset *keys)
{
    const struct keyset_key *signs = keyset_signing(keys, server_clock(NULL));
    char published[24];

    (void)snprintf(published, sizeof published, "%zu", keys->count);
    log_event(LOG_LEVEL_INFO, "keys.changed", "purpose", purpose, "signing", signs->kid, "published",
              published, (const char *)NULL);
}

static void say_refused(struct keys_seen *seen, struct keyring *ring)
{
    struct keyring_status status;

    keyring_status(ring, server_clock(NULL), &status);
    if (status.refused > 0 && status.refused != seen->refused)
        log_refusal(LOG_LEVEL_ERROR, "keys.refused", &status.refusal);
    seen->refused = status.refused;
}

/* True: there is another set, and what follows from it is to be done. */
static bool tick(struct keyring *ring, const char *purpose, struct keys_seen *seen)
{
    struct att_err err = { 0 };

    if (keyring_tick(ring, server_clock(NULL), &err))
        seen->failed = ATT_OK;
    else
        say_failure(seen, "keys.tick", &err);
    say_refused(seen, ring);
    const struct keyset *keys = keyring_keys(ring);
    bool other = keys->number != seen->number;
    if (other && seen->number > 0)
        say_set(purpose, keys);
    seen->number = keys->number;
    keyset_unref(keys);
    return other;
}

void keys_tick(void *ctx)
{
    struct server *s = ctx;
    struct att_err err = { 0 };

    if (tick(s->keys, "attestation", &s->keys_seen) && !service_keys_changed(s->service, &err)) {
        say_failure(&s->keys_seen, "keys.certificates", &err);
        s->keys_seen.number = 0; /* again at the next tick */
    }
    err = (struct att_err){ 0 };
    if (s->authority_keys && tick(s->authority_keys, "authority", &s->authority_keys_seen) &&
        !identity_keys_changed(s, &err)) {
        say_failure(&s->authority_keys_seen, "keys.authority", &err);
        s->authority_keys_seen.number = 0;
    }
}
