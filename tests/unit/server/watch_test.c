/* layers: server store base */
/* The thread that waits for others, on a store whose answers are a list. */
#include "server/watch.h"
#include "support/cases.h"

#include <time.h>

static struct cases cases = { .name = "server.watch" };
#define CHECK(ok, ...) cases_check(&cases, ok, __VA_ARGS__)

enum answer { NOTHING, CHANGED, AWAY };

struct fake {
    struct store base;
    const enum answer *answers;
    size_t count;
    atomic_size_t next;
};

static void pause_ms(long ms)
{
    struct timespec t = { .tv_nsec = ms * 1000000 };

    (void)nanosleep(&t, NULL);
}

static bool fake_wait(struct store *s, unsigned ms, bool *ret_changed, struct att_err *err)
{
    struct fake *f = (struct fake *)(void *)s;
    size_t i = atomic_fetch_add(&f->next, 1);

    (void)ms;
    if (i >= f->count) {
        pause_ms(5);
        return true;
    }
    if (f->answers[i] == AWAY) {
        err->code = ATT_STORE_FAILED;
        return false;
    }
    *ret_changed = f->answers[i] == CHANGED;
    return true;
}

static void tell(void *ctx)
{
    atomic_fetch_add((atomic_int *)ctx, 1);
}

static const struct row {
    const char *name;
    enum answer answers[6];
    size_t count;
    int told;
    unsigned long reconnects;
    bool away;
} rows[] = {
    { "nobody commits", { NOTHING, NOTHING, NOTHING }, 3, 0, 0, false },
    { "two commits", { CHANGED, NOTHING, CHANGED }, 3, 2, 0, false },
    { "away, and back: it is read again, whatever was heard",
      { NOTHING, AWAY, AWAY, NOTHING },
      4,
      1,
      1,
      false },
    { "twice", { AWAY, CHANGED, AWAY, NOTHING }, 4, 2, 2, false },
};

static void play(const struct row *row)
{
    struct store_health health;
    struct store_ops ops = { .scheme = "fake", .wait = fake_wait };
    struct fake f = { .base.ops = &ops, .answers = row->answers, .count = row->count };
    atomic_int told = 0;
    struct watch w = { .store = &f.base, .health = &health, .changed = tell, .ctx = &told };
    struct att_err err = { 0 };

    store_health_init(&health, 0, 0);
    if (!watch_start(&w, &err)) {
        CHECK(false, "%s: %s", row->name, err.text);
        return;
    }
    for (int i = 0; i < 400 && atomic_load(&f.next) <= row->count; i++)
        pause_ms(5);
    watch_join(&w);
    CHECK(atomic_load(&told) == row->told && atomic_load(&health.reconnects) == row->reconnects &&
              store_health_away(&health) == row->away,
          "%s: told %d times, %lu reconnects", row->name, atomic_load(&told),
          atomic_load(&health.reconnects));
}

/* The end does not wait for a pause to be over. */
static void ends_while_away(void)
{
    static const enum answer away[] = { AWAY, AWAY, AWAY, AWAY, AWAY, AWAY, AWAY, AWAY };
    struct row row = { .name = "away all the time" };
    struct store_health health;
    struct store_ops ops = { .scheme = "fake", .wait = fake_wait };
    struct fake f = { .base.ops = &ops, .answers = away, .count = 8 };
    atomic_int told = 0;
    struct watch w = { .store = &f.base, .health = &health, .changed = tell, .ctx = &told };
    struct att_err err = { 0 };
    int64_t began = store_health_clock_ms();

    store_health_init(&health, 0, 0);
    CHECK(watch_start(&w, &err), "%s: %s", row.name, err.text);
    for (int i = 0; i < 400 && !store_health_away(&health); i++)
        pause_ms(1);
    watch_end(&w);
    watch_join(&w);
    CHECK(store_health_away(&health) && atomic_load(&told) == 0, "it is known to be away");
    CHECK(store_health_clock_ms() - began < 1000, "and the thread ends at once");
}

static void no_store(void)
{
    struct watch w = { 0 };
    struct att_err err = { 0 };

    CHECK(watch_start(&w, &err), "nothing to wait for");
    watch_end(&w);
    watch_join(&w);
}

int main(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        play(&rows[i]);
    ends_while_away();
    no_store();
    return cases_report(&cases);
}
