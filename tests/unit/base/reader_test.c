/* layers: base */
/* The bounded reader: every read at every remaining length, and that a failure gives nothing and sticks. */
#include "base/reader.h"
#include "support/cases.h"

#include <stdlib.h>

static struct cases run = { .name = "unit.base.reader" };

static uint64_t u8(struct att_reader *r)
{
    return att_take_u8(r);
}
static uint64_t u16le(struct att_reader *r)
{
    return att_take_u16le(r);
}
static uint64_t u32le(struct att_reader *r)
{
    return att_take_u32le(r);
}
static uint64_t u64le(struct att_reader *r)
{
    return att_take_u64le(r);
}
static uint64_t u16be(struct att_reader *r)
{
    return att_take_u16be(r);
}
static uint64_t u32be(struct att_reader *r)
{
    return att_take_u32be(r);
}

static const struct {
    const char *name;
    uint64_t (*take)(struct att_reader *);
    size_t size;
    uint64_t want; /* of the bytes f1 f2 f3 ... */
} rows[] = {
    { "u8", u8, 1, 0xf1 },
    { "u16le", u16le, 2, 0xf2f1 },
    { "u32le", u32le, 4, 0xf4f3f2f1 },
    { "u64le", u64le, 8, UINT64_C(0xf8f7f6f5f4f3f2f1) },
    { "u16be", u16be, 2, 0xf1f2 },
    { "u32be", u32be, 4, 0xf1f2f3f4 },
};

static void check_numbers(void)
{
    static const uint8_t bytes[] = { 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9, 0xfa };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (size_t len = 0; len <= sizeof bytes; len++) {
            uint8_t *exact = malloc(len ? len : 1);
            memcpy(exact, bytes, len);
            struct att_reader r = att_reader_of(att_span_of(exact, len));
            bool fits = len >= rows[i].size;
            uint64_t got = rows[i].take(&r);
            cases_check(&run,
                        got == (fits ? rows[i].want : 0) && r.failed == !fits &&
                            (!fits || r.left == len - rows[i].size),
                        "%s of %zu bytes: %llx", rows[i].name, len, (unsigned long long)got);
            /* Half of what was there must not come out later either. */
            if (!fits)
                cases_check(
                    &run, att_take_u8(&r) == 0 && att_take_rest(&r).len == 0 && r.failed && !att_all_read(&r),
                    "%s of %zu bytes: sticks", rows[i].name, len);
            free(exact);
        }
    }
}

static void check_take(void)
{
    static const char text[] = "abcdef";
    static const size_t too_many[] = { 7, 8, SIZE_MAX / 2, SIZE_MAX - 1, SIZE_MAX };

    for (size_t n = 0; n <= 6; n++) {
        struct att_reader r = att_reader_of(att_str(text));
        struct att_span got = att_take(&r, n);
        cases_check(&run,
                    att_span_eq(got, att_span_of(text, n)) && r.left == 6 - n && att_all_read(&r) == (n == 6),
                    "take %zu", n);
        struct att_span rest = att_take_rest(&r);
        cases_check(&run, att_span_eq(rest, att_span_of(text + n, 6 - n)) && att_all_read(&r),
                    "rest behind %zu", n);
    }
    for (size_t i = 0; i < sizeof too_many / sizeof too_many[0]; i++) {
        struct att_reader r = att_reader_of(att_str(text));
        struct att_span got = att_take(&r, too_many[i]);
        cases_check(&run, got.ptr == NULL && got.len == 0 && r.failed, "take %zu of 6", too_many[i]);
        got = att_take(&r, 1);
        cases_check(&run, got.ptr == NULL && got.len == 0 && r.failed, "take 1 behind a failure");
        got = att_take(&r, 0);
        cases_check(&run, got.ptr == NULL && r.failed, "take 0 behind a failure");
    }
    struct att_reader nothing = att_reader_of((struct att_span){ 0 });
    cases_check(&run, att_all_read(&nothing), "nothing is all read");
    cases_check(&run, att_take(&nothing, 0).len == 0 && !nothing.failed, "nothing of nothing");
    cases_check(&run, att_take_u8(&nothing) == 0 && nothing.failed && !att_all_read(&nothing),
                "a byte of nothing");
}

/* A part gets its own reader: it cannot see behind its end. */
static void check_part(void)
{
    struct att_reader r = att_reader_of(att_str("\x03"
                                                "abcdef"));
    struct att_reader part = att_reader_of(att_take(&r, att_take_u8(&r)));

    cases_check(&run, att_take_u32le(&part) == 0 && part.failed && !r.failed && r.left == 3,
                "a part ends where it ends");
}

int main(void)
{
    check_numbers();
    check_take();
    check_part();
    return cases_report(&run);
}
