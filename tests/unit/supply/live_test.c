/* layers: supply attest makers store/memory store fetch base codec */
/* The service as it runs: its threads, the real clock, HTTPS to a program that plays the vendors. */
#include "world.h"

#include "fetch/fetch.h"
#include "makers/folder.h"
#include "supply/supply_fetch.h"
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static struct cases cases = { .name = "supply.live" };

struct live {
    char folder[64], ca[128], url[128];
    pid_t pid;
    struct fetch *fetch;
    struct att_lib *lib;
    pthread_mutex_t lock;
    pthread_cond_t cond;
    struct att_collateral *snapshot;
    struct supply *supply;
};

static int64_t unix_now(void *ctx)
{
    (void)ctx;
    return (int64_t)time(NULL);
}

static int64_t elapsed(void *ctx)
{
    struct timespec t;

    (void)ctx;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void changed(void *ctx, struct att_collateral *snapshot)
{
    struct live *l = ctx;

    (void)pthread_mutex_lock(&l->lock);
    att_collateral_free(l->snapshot);
    l->snapshot = att_collateral_ref(snapshot);
    (void)pthread_mutex_unlock(&l->lock);
}

static void start_vendor(struct live *l)
{
    const char *build = getenv("ATTESTD_BUILD");
    char *program = path_of(build ? build : "build/release", "tests/fake_vendor");
    int out[2];
    char line[256] = "";

    (void)snprintf(l->ca, sizeof l->ca, "%s/ca.pem", l->folder);
    must(pipe(out) == 0, "pipe", NULL);
    l->pid = fork();
    must(l->pid >= 0, "fork", NULL);
    if (l->pid == 0) {
        (void)dup2(out[1], STDOUT_FILENO);
        (void)close(out[0]);
        (void)execl(program, program, "--hardware", l->folder, "--ca", l->ca, (char *)NULL);
        _exit(127);
    }
    (void)close(out[1]);
    FILE *f = fdopen(out[0], "r");
    must(f && fgets(line, sizeof line, f) && sscanf(line, "fake_vendor ready %127s", l->url) == 1, program,
         NULL);
    (void)fclose(f);
    free(program);
}

static void control(struct live *l, const char *query)
{
    struct att_arena *arena = att_arena_new(1 << 20);
    char url[256];
    struct att_span body;
    struct att_err err = { 0 };

    (void)snprintf(url, sizeof url, "%s/control?%s", l->url, query);
    const struct fetch_request request = { .url = url, .ca_file = l->ca };
    must(arena && fetch_get(l->fetch, &request, arena, &body, &err), "control", &err);
    att_arena_free(arena);
}

static void open_live(struct live *l)
{
    struct att_buf pem = { 0 }, ark = { 0 };
    struct mk_hardware *hw = NULL;
    struct mk_amd *amd = NULL;
    char amd_folder[80];
    struct att_err err = { 0 };

    *l = (struct live){ .folder = "/tmp/supply-live-XXXXXX" };
    must(pthread_mutex_init(&l->lock, NULL) == 0 && pthread_cond_init(&l->cond, NULL) == 0, "locks", NULL);
    must(mkdtemp(l->folder) && mk_hardware_open(l->folder, unix_now(NULL), &hw, &err) &&
             mk_hardware_root_pem(hw, &pem, &err),
         "hardware", &err);
    (void)snprintf(amd_folder, sizeof amd_folder, "%s/amd", l->folder);
    must(mk_amd_open(amd_folder, MK_AMD_MILAN, unix_now(NULL), &amd, &err) && mk_amd_ark_pem(amd, &ark, &err),
         "AMD", &err);
    const struct att_root roots[2] = { { .pem = att_buf_span(&pem), .test_root = true },
                                       { .pem = att_buf_span(&ark), .test_root = true } };
    const struct att_lib_options options = { .size = sizeof options, .roots = roots, .root_count = 2 };
    must(att_lib_new(&options, &l->lib, &err) && fetch_open(&l->fetch, &err), "library", &err);
    att_buf_free(&pem);
    att_buf_free(&ark);
    mk_hardware_free(hw);
    mk_amd_free(amd);
    start_vendor(l);
}

static void close_live(struct live *l)
{
    char *rm = NULL;

    (void)kill(l->pid, SIGTERM);
    (void)waitpid(l->pid, NULL, 0);
    fetch_close(l->fetch);
    att_lib_free(l->lib);
    must(asprintf(&rm, "rm -rf %s", l->folder) > 0 && system(rm) == 0, "removing the folder", NULL);
    free(rm);
}

static void begin(struct live *l, struct supply_fetch *by)
{
    const struct supply_source sources[] = {
        { .kind = SUPPLY_PCS, .url = "https://localhost:1", .ca_file = l->ca, .api_key = "never-shown" },
        { .kind = SUPPLY_PCCS, .url = l->url, .ca_file = l->ca, .per_minute = 6000 },
        { .kind = SUPPLY_KDS, .url = l->url, .ca_file = l->ca, .per_minute = 600 },
    };
    const struct supply_options options = { .lib = l->lib,
                                            .sources = sources,
                                            .source_count = 3,
                                            .get = supply_fetch,
                                            .get_ctx = by,
                                            .now_unix_s = unix_now,
                                            .elapsed_ms = elapsed,
                                            .changed = changed,
                                            .ctx = l };
    struct att_err err = { 0 };

    must(supply_new(&options, &l->supply, &err) && supply_start(l->supply, &err), "supply", &err);
}

struct waiting {
    struct live *l;
    bool over, good;
    struct att_err err;
};

static void on_answer(void *ctx, const struct att_err *err)
{
    struct waiting *w = ctx;

    (void)pthread_mutex_lock(&w->l->lock);
    w->over = true;
    w->good = !err;
    w->err = err ? *err : (struct att_err){ 0 };
    (void)pthread_cond_broadcast(&w->l->cond);
    (void)pthread_mutex_unlock(&w->l->lock);
}

static struct waiting ask(struct live *l, const struct att_collateral_want *what, unsigned budget_ms,
                          int64_t *ret_ms)
{
    struct waiting w = { .l = l };
    int64_t before = elapsed(NULL);

    supply_want(l->supply, what, budget_ms, on_answer, &w);
    (void)pthread_mutex_lock(&l->lock);
    while (!w.over)
        (void)pthread_cond_wait(&l->cond, &l->lock);
    (void)pthread_mutex_unlock(&l->lock);
    *ret_ms = elapsed(NULL) - before;
    return w;
}

/* Threads that want, look and count, while items come in and snapshots are made. */
static void *one_of_many(void *arg)
{
    struct live *l = arg;
    struct supply_counters counters;
    uintptr_t good = 0;
    int64_t ms;

    for (uint8_t i = 0; i < 4; i++) {
        struct att_collateral_want what = want_sgx();
        what.fmspc[2] = i;
        good += ask(l, &what, 20 * 1000, &ms).good;
        struct looking look = { .id = "" };
        supply_each(l->supply, look_each, &look);
        supply_counters(l->supply, &counters);
        good += look.ordered && counters.snapshots > 0;
    }
    return (void *)good;
}

static void crowd(struct live *l)
{
    pthread_t all[4];
    uintptr_t good = 0;

    for (size_t i = 0; i < 4; i++)
        must(pthread_create(&all[i], NULL, one_of_many, l) == 0, "thread", NULL);
    for (size_t i = 0; i < 4; i++) {
        void *result = NULL;
        must(pthread_join(all[i], &result) == 0, "thread", NULL);
        good += (uintptr_t)result;
    }
    cases_check(&cases, good == 32, "four threads: %zu of 32", (size_t)good);
}

static void end(struct live *l)
{
    supply_free(l->supply);
    l->supply = NULL;
    att_collateral_free(l->snapshot);
    l->snapshot = NULL;
}

int main(void)
{
    static const enum att_tee tees[] = { ATT_TEE_SGX, ATT_TEE_TDX };
    struct live l;
    int64_t ms = 0;

    open_live(&l);
    struct supply_fetch by = { .fetch = l.fetch, .total_ms = 1500 };
    begin(&l, &by);
    for (size_t i = 0; i < 2; i++) {
        struct att_collateral_want what = want_tcb(tees[i], ATT_SET_CURRENT, 0);
        struct waiting w = ask(&l, &what, 20 * 1000, &ms);
        cases_check(&cases, w.good && l.snapshot,
                    "TEE %zu: in %lld ms, although the first source is down: %s", i, (long long)ms,
                    w.err.text);
        what = want_tcb(tees[i], ATT_SET_PINNED, 16);
        w = ask(&l, &what, 20 * 1000, &ms);
        cases_check(&cases, w.good, "TEE %zu: a pinned set: %s", i, w.err.text);
    }
    struct att_collateral_want chip = { .kind = ATT_ITEM_VCEK,
                                        .product = "Milan",
                                        .chip_id = { 1, 2, 3 },
                                        .chip_id_bytes = 64,
                                        .tcb = { 4, 0, 0, 0, 0, 0, 24, 219 } };
    struct att_arena *arena = att_arena_new(1 << 20);
    struct att_span pem;
    struct waiting of_chip = ask(&l, &chip, 20 * 1000, &ms);
    cases_check(&cases, of_chip.good && arena && supply_vcek(l.supply, &chip, arena, &pem), "a VCEK: %s",
                of_chip.err.text);
    att_arena_free(arena);
    crowd(&l);
    struct att_collateral_want other = want_sgx();
    other.fmspc[3] = 1;
    control(&l, "mode=throttle&retry_after=30");
    struct waiting w = ask(&l, &other, 5000, &ms);
    cases_check(&cases,
                !w.good && strstr(w.err.text, "429 from https://localhost:") &&
                    !strstr(w.err.text, "never-shown"),
                "throttled: %s", w.err.text);
    end(&l);

    /* A source that says nothing: who waits is answered in time, and the end does not take longer than a request. */
    control(&l, "mode=stall");
    begin(&l, &by);
    w = ask(&l, &other, 300, &ms);
    cases_check(&cases, !w.good && ms >= 300 && ms < 1400, "a budget of 300 ms is over after %lld ms",
                (long long)ms);
    int64_t before = elapsed(NULL);
    end(&l);
    cases_check(&cases, elapsed(NULL) - before < 5000, "ends");
    close_live(&l);
    return cases_report(&cases);
}
