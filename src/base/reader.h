/* base/reader.h - the one reader for everything binary.
 *
 * It compares with what is left before it touches anything. A failed read sticks: later reads give zero and
 * empty, so one check at the end of a group is enough; a length that steers a loop or an allocation is
 * checked at once. A length-prefixed part gets its own reader over att_take(), and every reader ends with
 * att_all_read().
 */
#ifndef BASE_READER_H
#define BASE_READER_H

#include <attest/span.h>

struct att_reader {
    const uint8_t *cur;
    size_t left;
    bool failed;
};

static inline struct att_reader att_reader_of(struct att_span s)
{
    return (struct att_reader){ s.ptr, s.len, false };
}

static inline struct att_span att_take(struct att_reader *r, size_t n)
{
    if (r->failed || n > r->left) {
        r->failed = true;
        return (struct att_span){ 0 };
    }
    struct att_span out = { r->cur, n };
    if (n > 0) {
        r->cur += n;
        r->left -= n;
    }
    return out;
}

static inline uint8_t att_take_u8(struct att_reader *r)
{
    struct att_span s = att_take(r, 1);
    return s.ptr ? s.ptr[0] : 0;
}

static inline uint16_t att_take_u16le(struct att_reader *r)
{
    struct att_span s = att_take(r, 2);
    if (!s.ptr)
        return 0;
    return (uint16_t)((unsigned)s.ptr[0] | (unsigned)s.ptr[1] << 8);
}

static inline uint32_t att_take_u32le(struct att_reader *r)
{
    struct att_span s = att_take(r, 4);
    if (!s.ptr)
        return 0;
    return (uint32_t)s.ptr[0] | (uint32_t)s.ptr[1] << 8 | (uint32_t)s.ptr[2] << 16 | (uint32_t)s.ptr[3] << 24;
}

static inline uint64_t att_take_u64le(struct att_reader *r)
{
    struct att_reader eight =
        att_reader_of(att_take(r, 8)); /* whole or not at all: no half of a number gets out */
    uint64_t lo = att_take_u32le(&eight);
    uint64_t hi = att_take_u32le(&eight);
    return lo | hi << 32;
}

static inline uint16_t att_take_u16be(struct att_reader *r)
{
    struct att_span s = att_take(r, 2);
    if (!s.ptr)
        return 0;
    return (uint16_t)((unsigned)s.ptr[0] << 8 | (unsigned)s.ptr[1]);
}

static inline uint32_t att_take_u32be(struct att_reader *r)
{
    struct att_reader four = att_reader_of(att_take(r, 4));
    uint32_t hi = att_take_u16be(&four);
    uint32_t lo = att_take_u16be(&four);
    return hi << 16 | lo;
}

/* Everything that is left, as one span. */
static inline struct att_span att_take_rest(struct att_reader *r)
{
    return att_take(r, r->left);
}

/* True when nothing failed and nothing is left over. */
static inline bool att_all_read(const struct att_reader *r)
{
    return !r->failed && r->left == 0;
}

#endif
