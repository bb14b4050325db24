/* server/dev.h - what --dev puts into the data folder at the first start, and nobody else ever uses:
 *
 *   DATA/dev/ca.pem            the CA that clients must trust
 *   DATA/dev/server.pem, server-key.TEST-KEY.pem   certificate for localhost, 127.0.0.1 and ::1
 *   DATA/dev/kek.TEST-KEY      opens the sealed signing keys
 *   DATA/dev/hardware/         synthetic hardware roots and CAs, and collateral/ under them
 */
#ifndef SERVER_DEV_H
#define SERVER_DEV_H

#include <attest/collateral.h>

#include "server/config.h"

struct dev {
    struct att_span root_pem; /* the test hardware root: trusted besides the real ones, and said in tokens */
    const char *collateral_dir; /* of the synthetic hardware, for the time of judgement */
};

/* Fills the settings of `c` that --dev provides (tls_certificate, tls_key, key_encryption_key) unless they
 * are set. `at_unix_s` is the time that evidence is judged at: the synthetic collateral is made to be valid
 * then. */
ATT_CHECK bool dev_prepare(struct att_arena *arena, struct config *c, int64_t now_unix_s, int64_t at_unix_s,
                           struct dev *ret, struct att_err *err);
/* The key-encryption key of a file of 64 hexadecimal digits. */
ATT_CHECK bool kek_load(struct att_arena *arena, const char *path, uint8_t ret[32], struct att_err *err);

#endif
