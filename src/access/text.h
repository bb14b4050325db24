/* access/text.h - ASCII without regard to case, GUIDs, URLs: what the files of this folder share. */
#ifndef ACCESS_TEXT_H
#define ACCESS_TEXT_H

#include <attest/arena.h>

enum { ACCESS_GUID_LEN = 36, ACCESS_URL_BYTES_MAX = 2000 };

static inline uint8_t access_lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 'a' - 'A') : c;
}
/* The same but for ASCII case. */
bool access_text_same(struct att_span a, struct att_span b);
/* 1 to `max` characters, printable ASCII without the space: nothing that two readers could read differently. */
bool access_text_plain(struct att_span text, size_t max);
/* 8-4-4-4-12 hexadecimal digits, either case. */
bool access_text_guid(struct att_span text);
/* A copy in the arena, a GUID in lower case and anything else as it is; NULL when memory runs out. */
char *access_text_id(struct att_arena *a, struct att_span text);
/* https, plain, a host without user name, no fragment. */
bool access_url_https(struct att_span url);
/* Scheme, host and port as written, ignoring case. Both are access_url_https. */
bool access_url_same_origin(struct att_span a, struct att_span b);

#endif
