/* keys/change.h - steps of changes of keys, inside of a transaction, each with its record in the trail of the site.
 *
 * Shared by the ring (keys/tick.c) and by attestctl, which opens the store itself. Errors: STORE_FAILED, STORE_CONFLICT, KEY_STATE.
 */
#ifndef KEYS_CHANGE_H
#define KEYS_CHANGE_H

#include "keys/keyrow.h"

struct key_change {
    struct store_tx *tx;
    struct att_arena *arena;
    int64_t now_unix_s;
    const char *by;  /* "schedule", "unix:root" */
    const char *via; /* "attestd", "attestctl" */
};

/* A fresh key, with its record "key.rotate". */
ATT_CHECK bool key_change_add(const struct key_change *c, const struct keyrow *fresh, struct att_err *err);
/* A row that goes: "key.remove" past its time, "key.retire" before. */
ATT_CHECK bool key_change_delete(const struct key_change *c, const struct keyrow *row, const char *operation,
                                 struct att_err *err);
/* A key that waits signs from now on: "key.activate". */
ATT_CHECK bool key_change_activate(const struct key_change *c, const struct keyrow *row, struct att_err *err);

#endif
