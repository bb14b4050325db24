/* layers: base */
/* A time that is read is written as it was read; and any eight bytes as a time are either out of range or come back. */
#include "base/timetext.h"

#define MUST(x)                                                                                              \
    do {                                                                                                     \
        if (!(x))                                                                                            \
            __builtin_trap();                                                                                \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int64_t first = INT64_C(-62135596800); /* 0001-01-01T00:00:00Z */
    static const int64_t last = INT64_C(253402300799);  /* 9999-12-31T23:59:59Z */
    struct att_time_text room;
    int64_t t = INT64_MIN;

    if (att_time_read(att_span_of(data, size), &t))
        MUST(t >= first && t <= last &&
             att_span_eq(att_str(att_time_text(&room, t)), att_span_of(data, size)));
    else
        MUST(t == INT64_MIN);
    if (size >= sizeof t) {
        int64_t back = 0;
        memcpy(&t, data, sizeof t);
        /* As it is, and folded into the range, which random bytes seldom hit. */
        int64_t folded = first + (int64_t)((uint64_t)t % (uint64_t)(last - first + 1));
        MUST(att_time_read(att_str(att_time_text(&room, t)), &back) == (t >= first && t <= last));
        MUST(att_time_read(att_str(att_time_text(&room, folded)), &back) && back == folded);
    }
    return 0;
}
