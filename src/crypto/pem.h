/* crypto/pem.h - the blocks of a PEM text (RFC 7468), one after the other. */
#ifndef CRYPTO_PEM_H
#define CRYPTO_PEM_H

#include "base/reader.h"

enum att_pem { ATT_PEM_BLOCK, ATT_PEM_END, ATT_PEM_MALFORMED, ATT_PEM_NO_MEMORY };
/* The next block with this label ("CERTIFICATE"); `text` moves behind it. On BLOCK the caller frees *ret_der.
 * A block with another label, a block that does not end, a NUL inside, base64 that is not canonical:
 * MALFORMED. */
ATT_CHECK enum att_pem att_pem_next(struct att_reader *text, const char *label, uint8_t **ret_der,
                                    size_t *ret_len);
/* Without the NULs that C callers leave at the end. */
struct att_span att_pem_trim(struct att_span text);

#endif
