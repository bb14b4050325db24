/* server/dev_tls.h - the CA and server certificate of --dev. */
#ifndef SERVER_DEV_TLS_H
#define SERVER_DEV_TLS_H

#include <attest/arena.h>
#include <attest/error.h>

/* Makes ca.pem, server.pem and server-key.TEST-KEY.pem in `dir` unless all three are there. The CA's key is
 * thrown away: it can sign nothing else, ever. */
ATT_CHECK bool dev_tls_make(struct att_arena *arena, const char *dir, int64_t now_unix_s,
                            struct att_err *err);

#endif
