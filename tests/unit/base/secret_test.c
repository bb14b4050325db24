/* layers: base */
#include "base/secret.h"
#include "support/cases.h"

static struct cases run = { .name = "unit.base.secret" };

int main(void)
{
    uint8_t a[33];
    uint8_t b[33];

    for (unsigned i = 0; i < sizeof a; i++)
        a[i] = b[i] = (uint8_t)(i * 11);
    for (size_t len = 0; len <= sizeof a; len++)
        cases_check(&run, att_secret_eq(att_span_of(a, len), att_span_of(b, len)), "equal, %zu bytes", len);
    for (size_t bit = 0; bit < 8 * sizeof a; bit++) {
        b[bit / 8] ^= (uint8_t)(1u << bit % 8);
        cases_check(&run, !att_secret_eq(att_span_of(a, sizeof a), att_span_of(b, sizeof b)), "bit %zu", bit);
        b[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t len = 0; len < sizeof a; len++)
        cases_check(&run, !att_secret_eq(att_span_of(a, sizeof a), att_span_of(b, len)), "first %zu bytes",
                    len);
    cases_check(&run, att_secret_eq((struct att_span){ 0 }, att_span_of(a, 0)), "nothing equals nothing");
    att_wipe(a, 32);
    bool wiped = a[32] == (uint8_t)(32 * 11);
    for (size_t i = 0; i < 32; i++)
        wiped = wiped && a[i] == 0;
    cases_check(&run, wiped, "wiped, and no further");
    att_wipe(NULL, 0);
    return cases_report(&run);
}
