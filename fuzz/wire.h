/* What the targets of big-endian structures share: writing one again from what was read. */
#ifndef FUZZ_WIRE_H
#define FUZZ_WIRE_H

#include <attest/error.h>

#include <stdlib.h>

static inline void must(bool ok)
{
    if (!ok)
        __builtin_trap();
}

/* Written bytes are compared with the input as they come. */
struct again {
    const uint8_t *data;
    size_t size, at;
};

static inline void put(struct again *w, struct att_span s)
{
    must(w->size - w->at >= s.len && (s.len == 0 || memcmp(w->data + w->at, s.ptr, s.len) == 0));
    must(s.len == 0 || s.ptr == w->data + w->at); /* inside the input, and there */
    w->at += s.len;
}
static inline void put_number(struct again *w, uint64_t value, size_t bytes)
{
    must(w->size - w->at >= bytes);
    for (size_t i = bytes; i-- > 0;)
        must(w->data[w->at++] == (uint8_t)(value >> (8 * i)));
}
static inline void put_sized(struct again *w, struct att_span s)
{
    put_number(w, s.len, 2);
    put(w, s);
}
static inline void skip(struct again *w, size_t n)
{
    must(w->size - w->at >= n);
    w->at += n;
}
static inline void put_end(const struct again *w)
{
    must(w->at == w->size);
}
static inline void refused(const struct att_err *err, enum att_code code)
{
    must(err->code == code && err->where[0] && err->expected[0] && err->found[0]);
}

#endif
