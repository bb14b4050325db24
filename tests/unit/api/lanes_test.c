/* layers: api http access site service authority records store signer supply base codec */
/* Ticks of a lane: every second, sooner when asked, never closer than a tenth of a second. */
#include "api/internal.h"
#include "support/cases.h"

#include <time.h>

static struct cases cases = { .name = "api.lanes" };
#define CHECK(ok, ...) cases_check(&cases, ok, __VA_ARGS__)

static void pause_ms(long ms)
{
    struct timespec t = { .tv_nsec = ms * 1000000 };

    (void)nanosleep(&t, NULL);
}

static void count(void *ctx)
{
    atomic_fetch_add((atomic_int *)ctx, 1);
}

int main(void)
{
    atomic_int ticks = 0;
    struct lane_options options = {
        .name = "test", .waiting_max = 1, .of_tenant_max = 1, .tick = count, .tick_ctx = &ticks
    };
    struct lane *l = NULL;
    struct att_err err = { 0 };

    if (!lane_new(&options, &l, &err)) {
        CHECK(false, "a lane: %s", err.text);
        return cases_report(&cases);
    }
    pause_ms(50);
    CHECK(atomic_load(&ticks) == 0, "none before its time: %d", atomic_load(&ticks));
    lane_tick_soon(l);
    for (int i = 0; i < 200 && atomic_load(&ticks) == 0; i++)
        pause_ms(2);
    CHECK(atomic_load(&ticks) == 1, "one that is asked for: %d", atomic_load(&ticks));
    for (int i = 0; i < 50; i++) {
        lane_tick_soon(l);
        pause_ms(5);
    }
    /* 250 ms or more on a busy machine: never more than one in 100. */
    CHECK(atomic_load(&ticks) >= 2 && atomic_load(&ticks) <= 12, "asked for fifty times: %d",
          atomic_load(&ticks));
    int before = atomic_load(&ticks);
    for (int i = 0; i < 400 && atomic_load(&ticks) == before; i++)
        pause_ms(5);
    CHECK(atomic_load(&ticks) > before, "and by itself");
    lane_free(l);
    return cases_report(&cases);
}
