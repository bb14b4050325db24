/* base/hex.h - hexadecimal, both cases read, lower case written. */
#ifndef BASE_HEX_H
#define BASE_HEX_H

#include <attest/span.h>

struct att_buf;

/* Exactly 2 * len characters into exactly len bytes; false on anything else. */
ATT_CHECK bool att_hex_read(struct att_span text, uint8_t *ret, size_t len);
/* Appends lower-case text. */
void att_hex_put(struct att_buf *b, struct att_span bytes);
/* Writes 2 * len characters and a NUL. */
void att_hex_text(char *ret, struct att_span bytes);

#endif
