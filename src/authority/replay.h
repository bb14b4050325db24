/* authority/replay.h - which assertions were used: each counts once while it lives.
 *
 * Only what was signed by a listed certificate gets here, so that a stranger cannot fill the table; one client can fill
 * its own share of it and no more. When there is no room an assertion is refused: forgetting one that still lives would
 * let it be used again.
 */
#ifndef AUTHORITY_REPLAY_H
#define AUTHORITY_REPLAY_H

#include <attest/error.h>

enum { REPLAY_MAX = 16384, REPLAY_OF_CLIENT_MAX = 1024 };

struct replay;

ATT_CHECK bool replay_new(struct replay **ret, struct att_err *err);
void replay_free(struct replay *r); /* NULL is fine */

struct replay_use {
    const char *client_id;
    const char *resource; /* the same assertion may ask once for each */
    struct att_span jti;
    int64_t until_unix_s; /* from then on it is refused anyway */
    int64_t now_unix_s;
};
/* Remembers it. ASSERTION_REPLAYED; THROTTLED when there is no room. */
ATT_CHECK bool replay_take(struct replay *r, const struct replay_use *use, struct att_err *err);

#endif
