/* eventlog/utf16.h - UTF-16, little endian, as firmware and Windows write it. */
#ifndef EVENTLOG_UTF16_H
#define EVENTLOG_UTF16_H

#include <attest/span.h>

struct att_buf;

/* Whole characters, no surrogate alone, no NUL. The empty text is. */
ATT_CHECK bool utf16_valid(struct att_span text);
/* Appends a valid text as UTF-8. */
void utf16_put(struct att_buf *b, struct att_span text);
/* Is it this ASCII text, letter for letter? */
bool utf16_is(struct att_span text, const char *ascii);
/* The same, whatever the case of ASCII letters. */
bool utf16_is_fold(struct att_span text, const char *ascii);

#endif
