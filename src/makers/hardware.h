/* makers/hardware.h - one made-up vendor and one made-up machine: root, CAs, TCB signer, PCK and attestation keys.
 *
 * The certificates carry the vendor's production names, because verifiers match on names; what tells them apart is the
 * key, and the serial, which begins with 54 45 53 54 ("TEST"). Immutable once made: share it between threads.
 *
 * Certificates are valid 2020-01-01 to 2040-01-01, or around `at_unix_s` where that lies outside.
 */
#ifndef MAKERS_HARDWARE_H
#define MAKERS_HARDWARE_H

#include <attest/error.h>

struct att_buf;
struct mk_hardware;

/* Fresh random keys. The caller frees. */
ATT_CHECK bool mk_hardware_new(int64_t at_unix_s, struct mk_hardware **ret, struct att_err *err);
void mk_hardware_free(struct mk_hardware *hw); /* NULL is fine */
/* Appends the root certificate as PEM: what a relying party of this hardware must be told to trust. */
ATT_CHECK bool mk_hardware_root_pem(const struct mk_hardware *hw, struct att_buf *out, struct att_err *err);
/* Can evidence be made for this time under these certificates? */
bool mk_hardware_covers(const struct mk_hardware *hw, int64_t at_unix_s);

#endif
