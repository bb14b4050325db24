#include "policy/literal.h"

bool policy_string_read(struct att_arena *arena, struct att_span token, struct att_span *ret)
{
    struct att_span inside = att_span_of(token.ptr + 1, token.len - 2);

    if (inside.len == 0 || !memchr(inside.ptr, '\\', inside.len)) {
        *ret = inside;
        return true;
    }
    uint8_t *out = att_arena_alloc(arena, inside.len, 1);
    if (!out)
        return false;
    size_t n = 0;
    for (size_t i = 0; i < inside.len; i++) {
        if (inside.ptr[i] == '\\' && i + 1 < inside.len &&
            (inside.ptr[i + 1] == '"' || inside.ptr[i + 1] == '\\'))
            i++;
        out[n++] = inside.ptr[i];
    }
    *ret = att_span_of(out, n);
    return true;
}

bool policy_int_read(struct att_span token, int64_t *ret)
{
    bool negative = token.len > 0 && token.ptr[0] == '-';
    int64_t value = 0;

    /* Counted downwards, because the least integer has no positive twin. */
    for (size_t i = negative ? 1 : 0; i < token.len; i++)
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_sub_overflow(value, token.ptr[i] - '0', &value))
            return false;
    if (!negative && __builtin_sub_overflow((int64_t)0, value, &value))
        return false;
    *ret = value;
    return true;
}
