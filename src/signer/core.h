/* signer/core.h - the signer itself: keys in this process. The local form is this, and the process form is this in a child.
 * Private to signer. */
#ifndef SIGNER_CORE_H
#define SIGNER_CORE_H

#include "signer/signer.h"

/* Reads the key-encryption keys. */
ATT_CHECK bool core_open(const struct signer_options *options, struct signer **ret, struct att_err *err);

/* What every form checks before anything else, so that a wish is refused the same way by all of them, and none travels that
 * could not be answered. SIGNER_REFUSED. */
ATT_CHECK bool core_key_wellformed(const struct signer_key *key, struct att_err *err);

#endif
