/* base/base64.h - the two kinds of base64url, and the standard alphabet for x5c.
 *
 * STRICT   JOSE segments (RFC 7515): url alphabet, no padding, canonical trailing bits; anything else is
 * refused. LENIENT  request data from the wild: padded or not, url or standard alphabet (RFC 4648 4 and 5),
 * canonical or not. Anything else is refused, and the refusal names the character and its offset. STANDARD
 * RFC 4648 4 with padding (x5c, PEM without lines); canonical.
 */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include <attest/error.h>

struct att_arena;
struct att_buf;

enum att_base64 { ATT_BASE64_STRICT, ATT_BASE64_LENIENT, ATT_BASE64_STANDARD };

/* Decoded bytes in the arena. `where` names the field in the error (BASE64_INVALID). */
ATT_CHECK bool att_base64_decode(struct att_arena *a, enum att_base64 kind, struct att_span text,
                                 const char *where, struct att_span *ret, struct att_err *err);
/* Appends base64url without padding. */
void att_base64url_put(struct att_buf *b, struct att_span bytes);
/* Appends standard base64 with padding. */
void att_base64_put(struct att_buf *b, struct att_span bytes);
/* Characters that att_base64url_put writes. */
static inline size_t att_base64url_size(size_t n)
{
    return n / 3 * 4 + (n % 3 ? n % 3 + 1 : 0);
}

#endif
