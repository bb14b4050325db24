/* codec/utf8.h - what is one character of UTF-8 (RFC 3629 4, Unicode table 3-7): no overlong forms, no
 * surrogates, nothing above U+10FFFF. */
#ifndef CODEC_UTF8_H
#define CODEC_UTF8_H

#include <attest/span.h>

/* Bytes of the one well-formed character at the start, 1 to 4; 0 when there is none. */
size_t att_utf8_length(struct att_span text);
/* True when every byte belongs to a well-formed character; the empty text is. */
ATT_CHECK bool att_utf8_valid(struct att_span text);
/* Writes the character (a scalar value: no surrogate, at most U+10FFFF) and gives its length, 1 to 4. */
size_t att_utf8_put(uint8_t ret[4], uint32_t character);

#endif
