/* attest/span.h - a borrowed run of bytes.
 *
 * A span never owns what it points at: whoever made the bytes frees them, and a span is good for as long as
 * they are. Text is a span too (UTF-8, no terminating NUL counted). An empty span may have a NULL pointer, so
 * "absent" is never expressed by length 0: functions that need to tell absent from empty say how.
 *
 * Example:
 *     struct att_span quote = att_span_of(buffer, buffer_bytes);
 *     struct att_span type = att_str("sgx");
 *
 * To print one: printf("%.*s", (int)s.len, (const char *)s.ptr). Threads: plain data.
 */
#ifndef ATTEST_SPAN_H
#define ATTEST_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Marks what libattest.so exports; everything else is hidden. */
#define ATT_API __attribute__((visibility("default")))
/* Marks what can fail: the compiler refuses a result that nobody looks at. */
#define ATT_CHECK __attribute__((warn_unused_result))

struct att_span {
    const uint8_t *ptr;
    size_t len;
};

/* Bytes at `ptr`, borrowed. */
static inline struct att_span att_span_of(const void *ptr, size_t len)
{
    struct att_span s;
    s.ptr = (const uint8_t *)ptr;
    s.len = len;
    return s;
}

/* A C string without its NUL, borrowed. NULL gives the empty span. */
static inline struct att_span att_str(const char *text)
{
    return att_span_of(text, text ? strlen(text) : 0);
}

/* Byte for byte. Not constant time: for public values only (a secret needs CRYPTO_memcmp or the like). */
static inline bool att_span_eq(struct att_span a, struct att_span b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

/* The same text? */
static inline bool att_span_is(struct att_span a, const char *text)
{
    return att_span_eq(a, att_str(text));
}

#ifdef __cplusplus
}
#endif
#endif
