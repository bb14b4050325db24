/* layers: attest makers base */
/* One library, one snapshot each, many threads: three machines share a cache of two entries, so that entries are
 * evicted while others work with them. To be run under the thread and address sanitizers as well. */
#include <pthread.h>

#include "support/cases.h"
#include "unit/attest/fixture.h"

enum { MACHINES = 3, THREADS = 4, ROUNDS = 60 };

struct shared {
    struct att_lib *lib;
    struct mk_evidence good[MACHINES];
    struct mk_evidence bad[MACHINES];
    struct att_collateral *collateral[MACHINES];
};

struct worker {
    pthread_t thread;
    const struct shared *shared;
    unsigned number;
    unsigned wrong;
};

static void *work(void *arg)
{
    struct worker *w = arg;
    struct att_arena *arena = arena_new();

    for (unsigned round = 0; round < ROUNDS; round++) {
        unsigned m = (round + w->number) % MACHINES;
        struct att_collateral *c = att_collateral_ref(w->shared->collateral[m]);
        struct att_attest_in in = in_of(&w->shared->good[m], c);
        struct att_verdict v;
        w->wrong += !att_attest(w->shared->lib, arena, &in, &v);
        att_arena_reset(arena);
        in = in_of(&w->shared->bad[m], c);
        w->wrong += att_attest(w->shared->lib, arena, &in, &v) || v.err.code != ATT_QUOTE_SIGNATURE_INVALID;
        att_arena_reset(arena);
        att_collateral_free(c);
    }
    att_arena_free(arena);
    return NULL;
}

int main(void)
{
    struct cases cases = { .name = "attest.threads" };
    struct mk_hardware *hw[MACHINES];
    struct worker workers[THREADS] = { { 0 } };
    struct shared s;

    for (unsigned i = 0; i < MACHINES; i++)
        hw[i] = hardware_new();
    s.lib = lib_new(hw, MACHINES, 2);
    for (unsigned i = 0; i < MACHINES; i++) {
        struct mk_sgx_options o;
        mk_sgx_defaults(&o, FIXTURE_NOW);
        evidence_new(hw[i], &o, &s.good[i]);
        s.collateral[i] = collateral_of(s.lib, &s.good[i]);
        o.broken = MK_BREAK_QUOTE_SIGNATURE;
        evidence_new(hw[i], &o, &s.bad[i]);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        workers[i].shared = &s;
        workers[i].number = i;
        need(pthread_create(&workers[i].thread, NULL, work, &workers[i]) == 0, "pthread_create", NULL);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        (void)pthread_join(workers[i].thread, NULL);
        cases_check(&cases, workers[i].wrong == 0, "thread %u: %u wrong answers of %u", i, workers[i].wrong,
                    2 * ROUNDS);
    }
    for (unsigned i = 0; i < MACHINES; i++) {
        att_collateral_free(s.collateral[i]);
        mk_evidence_free(&s.good[i]);
        mk_evidence_free(&s.bad[i]);
    }
    att_lib_free(s.lib);
    for (unsigned i = 0; i < MACHINES; i++)
        mk_hardware_free(hw[i]);
    return cases_report(&cases);
}
