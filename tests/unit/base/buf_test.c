/* layers: base */
/* The growable buffer: contents across growth, the ceiling to the byte, failures that stick. */
#include "base/buf.h"
#include "support/cases.h"

#include <stdlib.h>

#ifdef ATT_ARENA_DEBUG
enum { SANITIZED = true };
#else
enum { SANITIZED = false };
#endif
static struct cases run = { .name = "unit.base.buf" };

static void check_growth(void)
{
    struct att_buf b = { 0 };
    bool right = true;

    for (unsigned i = 0; i < 100 * 1000; i++)
        att_buf_putc(&b, (char)(i * 31));
    for (unsigned i = 0; i < 100 * 1000; i++)
        right = right && b.ptr[i] == (uint8_t)(i * 31);
    cases_check(&run, right && !b.failed && b.len == 100 * 1000 && b.cap >= b.len, "growth by bytes");
    att_buf_clear(&b);
    cases_check(&run, b.len == 0 && b.ptr && b.cap >= 100 * 1000, "clear keeps the memory");
    att_buf_free(&b);
    cases_check(&run, b.ptr == NULL && b.len == 0 && b.cap == 0, "freed");
    att_buf_free(&b);
}

static void check_numbers(void)
{
    struct att_buf b = { 0 };

    att_buf_u16le(&b, 0xf1f2);
    att_buf_u32le(&b, 0xf3f4f5f6);
    att_buf_u64le(&b, UINT64_C(0x0102030405060708));
    att_buf_fill(&b, 0xaa, 3);
    att_buf_fill(&b, 0xbb, 0);
    att_buf_puts(&b, "z");
    att_buf_puts(&b, NULL);
    att_buf_put(&b, (struct att_span){ 0 });
    att_buf_printf(&b, "%s-%d", "q", -5);
    att_buf_printf(&b, "%s", "");
    static const char want[] = "\xf2\xf1\xf6\xf5\xf4\xf3\x08\x07\x06\x05\x04\x03\x02\x01\xaa\xaa\xaazq--5";
    cases_check(&run, !b.failed && att_span_eq(att_buf_span(&b), att_span_of(want, sizeof want - 1)),
                "bytes");
    att_buf_free(&b);
}

static void check_ceiling(void)
{
    for (size_t max = 1; max < 1200; max += 7) {
        struct att_buf b = { .max = max };
        for (size_t i = 0; i < max; i++)
            att_buf_putc(&b, 'x');
        bool full = !b.failed && b.len == max;
        att_buf_putc(&b, 'y');
        cases_check(&run, full && b.failed && b.len == max, "ceiling of %zu", max);
        att_buf_put(&b, (struct att_span){ 0 });
        att_buf_puts(&b, "z");
        cases_check(&run, b.failed && b.len == max, "failure sticks");
        att_buf_clear(&b);
        att_buf_putc(&b, 'y');
        cases_check(&run, !b.failed && b.len == 1 && b.ptr[0] == 'y', "clear forgets it");
        att_buf_free(&b);
        cases_check(&run, b.max == max, "the ceiling stays");
    }
    struct att_buf b = { .max = 100 };
    att_buf_puts(&b, "0123456789");
    att_buf_put(&b, att_span_of("", 91)); /* refused before a byte is read */
    cases_check(&run, b.failed && b.len == 10, "one too many at once");
    att_buf_free(&b);
    b = (struct att_buf){ .max = 10 };
    att_buf_printf(&b, "%s", "0123456789"); /* its NUL has no room */
    cases_check(&run, b.failed && b.len == 0, "printf without room for its NUL");
    att_buf_free(&b);
}

/* Sizes near the end of the address space are refused, whatever the ceiling says; nothing wraps. */
static void check_absurd(void)
{
    static const size_t sizes[] = { (size_t)1 << 62, SIZE_MAX / 2, SIZE_MAX / 2 + 2, SIZE_MAX - 300,
                                    SIZE_MAX - 10 };
    static const size_t ceilings[] = { 0, 1000, SIZE_MAX / 2 + 1, SIZE_MAX };

    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        for (size_t k = 0; k < sizeof ceilings / sizeof ceilings[0]; k++) {
            /* The address sanitizer ends the program on such a malloc: with it, only what the ceiling refuses. */
            if (SANITIZED && ceilings[k] > 1000)
                continue;
            struct att_buf b = { .max = ceilings[k] };
            att_buf_puts(&b, "0123456789");
            cases_check(&run, att_buf_room(&b, sizes[i]) == NULL && b.failed && b.len == 10,
                        "%zu bytes, ceiling %zu", sizes[i], ceilings[k]);
            att_buf_free(&b);
        }
    }
    struct att_buf b = { 0 };
    cases_check(&run, att_buf_room(&b, 0) != NULL && !b.failed, "no bytes are no refusal");
    att_buf_free(&b);
}

int main(void)
{
    check_growth();
    check_numbers();
    check_ceiling();
    check_absurd();
    return cases_report(&run);
}
