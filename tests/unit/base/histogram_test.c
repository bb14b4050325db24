/* Where a time is counted, to the nanosecond; many threads at once lose nothing. */
#include "base/histogram.h"

#include "support/cases.h"

#include <pthread.h>
#include <stdlib.h>

static struct cases cases = { .name = "base.histogram" };

static unsigned long count_of(const struct att_histogram *h, size_t step)
{
    return atomic_load(&h->counts[step]);
}

static void in_step(const char *name, int64_t ns, size_t step)
{
    struct att_histogram h = { 0 };
    unsigned long all = 0;

    att_histogram_add(&h, ns);
    for (size_t i = 0; i <= ATT_HISTOGRAM_STEPS; i++)
        all += count_of(&h, i);
    cases_check(&cases, count_of(&h, step) == 1 && all == 1, "%s: %lld ns are not in step %zu", name,
                (long long)ns, step);
    cases_check(&cases, atomic_load(&h.sum_ns) == (ns < 0 ? 0 : (uint64_t)ns), "%s: the sum", name);
}

static void steps(void)
{
    for (size_t i = 0; i < ATT_HISTOGRAM_STEPS; i++) {
        int64_t end = (int64_t)att_histogram_steps_us[i] * 1000;
        cases_check(&cases, i == 0 || att_histogram_steps_us[i] > att_histogram_steps_us[i - 1],
                    "step %zu goes up", i);
        in_step("just below an end", end - 1, i);
        in_step("at an end", end, i);
        in_step("just above an end", end + 1, i + 1);
    }
    in_step("nothing", 0, 0);
    in_step("a clock that went back", -1, 0);
    in_step("far back", INT64_MIN, 0);
    in_step("for ever", INT64_MAX, ATT_HISTOGRAM_STEPS);
    cases_check(&cases,
                att_histogram_steps_us[0] == 250 &&
                    att_histogram_steps_us[ATT_HISTOGRAM_STEPS - 1] == 10000000,
                "from a quarter of a millisecond to ten seconds");
}

static struct att_histogram shared;
enum { THREADS = 4, ROUNDS = 20000 };

static void *add_many(void *arg)
{
    for (int i = 0; i < ROUNDS; i++)
        att_histogram_add(&shared, (int64_t)(size_t)arg * 1000000);
    return NULL;
}

static void threads(void)
{
    pthread_t all[THREADS];
    unsigned long sum = 0;

    for (size_t i = 0; i < THREADS; i++) {
        if (pthread_create(&all[i], NULL, add_many, (void *)(i + 1)) != 0)
            abort();
    }
    for (size_t i = 0; i < THREADS; i++)
        (void)pthread_join(all[i], NULL);
    for (size_t i = 0; i <= ATT_HISTOGRAM_STEPS; i++)
        sum += count_of(&shared, i);
    cases_check(&cases, sum == THREADS * ROUNDS, "%lu of %d", sum, THREADS * ROUNDS);
    cases_check(&cases, atomic_load(&shared.sum_ns) == (uint64_t)ROUNDS * (1 + 2 + 3 + 4) * 1000000,
                "the sum");
}

int main(void)
{
    steps();
    threads();
    return cases_report(&cases);
}
