/* tests/unit/supply/world.h - the service, made-up vendors and a clock that the test moves: an hour passes in a millisecond. */
#ifndef TESTS_UNIT_SUPPLY_WORLD_H
#define TESTS_UNIT_SUPPLY_WORLD_H

#include "supply/supply.h"
#include "support/cases.h"
#include "support/vendor.h"

#include "makers/sgx.h"
#include <attest/attest.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

enum { WORLD_NOW = 1781524800, DAY = 24 * 3600, HOUR = 3600, SOURCES = 3, LOG_SIZE = 64 * 1024 };

/* The machines of all worlds of a program: keys are made once. */
struct lab {
    struct mk_hardware *hw;
    struct mk_amd *milan;
    struct att_lib *lib;
    struct mk_evidence evidence; /* SGX, of the default machine, under the Processor CA */
};

struct world {
    const struct lab *lab;
    int64_t now_s, now_ms;
    struct vendor vendor[SOURCES]; /* by index of the source */
    unsigned gets[SOURCES];
    unsigned gets_of_path; /* with `path` in it */
    const char *path;
    int64_t stall_ms;
    void (*during)(struct world *); /* called once, inside the next GET */
    struct supply_source sources[SOURCES];
    size_t source_count;
    struct store *store;
    struct att_collateral *snapshot;
    unsigned snapshots;
    struct supply *supply;
    char log[LOG_SIZE]; /* "event item source code\n" */
    size_t log_len;
};

static inline void must(bool ok, const char *what, const struct att_err *err)
{
    if (ok)
        return;
    printf("%s: %s\n", what, err ? err->text : "failed");
    exit(1);
}

static inline void lab_open(struct lab *l, bool amd)
{
    struct att_buf pem[2] = { { 0 } };
    struct att_err err = { 0 };
    struct mk_sgx_options o;

    *l = (struct lab){ 0 };
    must(mk_hardware_new(WORLD_NOW, &l->hw, &err) && mk_hardware_root_pem(l->hw, &pem[0], &err), "hardware",
         &err);
    must(!amd || (mk_amd_new(MK_AMD_MILAN, MK_AMD_BITS_QUICK, WORLD_NOW, &l->milan, &err) &&
                  mk_amd_ark_pem(l->milan, &pem[1], &err)),
         "AMD", &err);
    const struct att_root roots[2] = { { .pem = att_buf_span(&pem[0]), .test_root = true },
                                       { .pem = att_buf_span(&pem[1]), .test_root = true } };
    const struct att_lib_options options = { .size = sizeof options,
                                             .roots = roots,
                                             .root_count = amd ? 2 : 1 };
    must(att_lib_new(&options, &l->lib, &err), "library", &err);
    att_buf_free(&pem[0]);
    att_buf_free(&pem[1]);
    mk_sgx_defaults(&o, WORLD_NOW);
    must(mk_sgx_make(l->hw, &o, &l->evidence, &err), "evidence", &err);
}

static inline void lab_close(struct lab *l)
{
    mk_evidence_free(&l->evidence);
    att_lib_free(l->lib);
    mk_hardware_free(l->hw);
    mk_amd_free(l->milan);
}

static inline int64_t world_now_s(void *ctx)
{
    const struct world *w = ctx;
    return w->now_s;
}
static inline int64_t world_now_ms(void *ctx)
{
    const struct world *w = ctx;
    return w->now_ms;
}

static inline void world_pass(struct world *w, int64_t ms)
{
    int64_t before = w->now_ms / 1000;

    w->now_ms += ms;
    w->now_s += w->now_ms / 1000 - before;
}

static inline size_t world_source(const struct world *w, const struct supply_source *source)
{
    size_t i = 0;

    while (i < w->source_count && strcmp(w->sources[i].url, source->url) != 0)
        i++;
    must(i < w->source_count, "a source that was configured", NULL);
    return i;
}

static inline bool world_get(void *ctx, const struct supply_source *source, const char *path,
                             struct att_arena *arena, struct supply_answer *ret, struct att_err *err)
{
    struct world *w = ctx;
    size_t i = world_source(w, source);
    struct vendor_answer a;

    w->gets[i]++;
    w->gets_of_path += w->path && strstr(path, w->path);
    if (w->during) {
        void (*during)(struct world *) = w->during;
        w->during = NULL;
        during(w);
    }
    world_pass(w, w->vendor[i].mode == VENDOR_STALL ? w->stall_ms : 20);
    vendor_answer(&w->vendor[i], path, w->now_s, &a);
    if (a.status == 0) {
        *err = (struct att_err){ .code = ATT_FETCH_FAILED };
        (void)snprintf(err->where, sizeof err->where, "fetch.connect");
        (void)snprintf(err->found, sizeof err->found, "connection refused from %s", source->url);
        (void)snprintf(err->text, sizeof err->text, "no answer");
        return false;
    }
    *ret = (struct supply_answer){ .status = a.status, .body = a.body, .retry_after_s = a.retry_after_s };
    if (a.chain_header) {
        char *header = vendor_percent(a.chain);
        const char *copy = att_arena_dup(arena, att_str(header));
        must(copy != NULL, "arena", NULL);
        ret->issuer_chain = att_str(copy);
        free(header);
    }
    return true;
}

static inline void world_changed(void *ctx, struct att_collateral *snapshot)
{
    struct world *w = ctx;

    att_collateral_free(w->snapshot);
    w->snapshot = att_collateral_ref(snapshot);
    w->snapshots++;
}

static inline void world_event(void *ctx, const char *event, const char *item, const char *source,
                               const struct att_err *why)
{
    struct world *w = ctx;
    size_t room = LOG_SIZE - w->log_len;
    int n = snprintf(w->log + w->log_len, room, "%s %s %s %s\n", event, item, source,
                     why ? att_code_name(why->code) : "OK");

    if (n > 0 && (size_t)n < room)
        w->log_len += (size_t)n;
}

/* A world with one PCS, whose vendor answers well. More sources: world_add before world_open. */
static inline void world_init(struct world *w, const struct lab *lab)
{
    *w = (struct world){ .lab = lab, .now_s = WORLD_NOW, .now_ms = 1000 * 1000, .stall_ms = 10 * 1000 };
}

static inline struct vendor *world_add(struct world *w, enum supply_source_kind kind, const char *url)
{
    size_t i = w->source_count++;
    const struct mk_amd *amd[MK_AMD_PRODUCT_COUNT] = { w->lab->milan };

    w->sources[i] = (struct supply_source){ .kind = kind, .url = url };
    vendor_init(&w->vendor[i], kind == SUPPLY_KDS ? NULL : w->lab->hw, kind == SUPPLY_KDS ? amd : NULL);
    return &w->vendor[i];
}

static inline struct supply_options world_options(struct world *w)
{
    return (struct supply_options){ .lib = w->lab->lib,
                                    .store = w->store,
                                    .sources = w->sources,
                                    .source_count = w->source_count,
                                    .get = world_get,
                                    .get_ctx = w,
                                    .now_unix_s = world_now_s,
                                    .elapsed_ms = world_now_ms,
                                    .clock_ctx = w,
                                    .changed = world_changed,
                                    .event = world_event,
                                    .ctx = w };
}

static inline void world_open(struct world *w)
{
    struct supply_options o = world_options(w);
    struct att_err err = { 0 };

    must(supply_new(&o, &w->supply, &err), "supply_new", &err);
    (void)supply_step(w->supply);
}

static inline void world_close(struct world *w)
{
    supply_free(w->supply);
    w->supply = NULL;
    att_collateral_free(w->snapshot);
    w->snapshot = NULL;
    for (size_t i = 0; i < w->source_count; i++)
        vendor_free(&w->vendor[i]);
}

static inline void world_mode(struct world *w, enum vendor_mode mode)
{
    for (size_t i = 0; i < w->source_count; i++)
        w->vendor[i].mode = mode;
}

/* Lets time pass: each step, then as long as there is nothing to do. */
static inline void world_run(struct world *w, int64_t seconds)
{
    int64_t until = w->now_ms + seconds * 1000;
    while (w->now_ms < until) {
        int64_t idle = supply_step(w->supply);
        int64_t left = until - w->now_ms;
        if (left > 0)
            world_pass(w, idle < left ? (idle > 0 ? idle : 1) : left);
    }
    (void)supply_step(w->supply);
}

/* Time passes, and nothing is done before its end: cheap. */
static inline void world_leap(struct world *w, int64_t seconds)
{
    world_pass(w, seconds * 1000);
    (void)supply_step(w->supply);
}

/* -- wants ---------------------------------------------------------------------------------------------------- */

struct answer {
    unsigned calls;
    bool good;
    struct att_err err;
};

static inline void on_done(void *ctx, const struct att_err *err)
{
    struct answer *a = ctx;

    a->calls++;
    a->good = !err;
    a->err = err ? *err : (struct att_err){ 0 };
}

static const uint8_t world_fmspc[6] = { 0x7e, 0x57, 0, 0, 0, 1 };

static inline struct att_collateral_want want_tcb(enum att_tee tee, enum att_tcb_set set, uint32_t number)
{
    struct att_collateral_want what = {
        .kind = ATT_ITEM_TCB_INFO, .tee = tee, .set = set, .evaluation_number = number
    };

    memcpy(what.fmspc, world_fmspc, sizeof what.fmspc);
    return what;
}

static inline struct att_collateral_want want_sgx(void)
{
    return want_tcb(ATT_TEE_SGX, ATT_SET_CURRENT, 0);
}

/* Asks and lets the time of the budget pass. */
static inline struct answer world_want(struct world *w, const struct att_collateral_want *what,
                                       unsigned budget_ms)
{
    struct answer a = { 0 };

    supply_want(w->supply, what, budget_ms, on_done, &a);
    if (a.calls == 0)
        (void)supply_step(w->supply);
    if (a.calls == 0) {
        world_pass(w, budget_ms);
        (void)supply_step(w->supply);
    }
    return a;
}

/* Attests the lab's evidence with the snapshot, now. */
static inline enum att_code world_attest(const struct world *w, struct att_collateral_want *ret_missing)
{
    struct att_arena *arena = att_arena_new(att_limits_default.arena_bytes_max);
    const struct mk_evidence *ev = &w->lab->evidence;
    struct att_verdict verdict = { 0 };
    const struct att_attest_in in = {
        .size = sizeof in,
        .evidence_type = "sgx",
        .evidence = mk_item(ev, MK_QUOTE),
        .runtime = { .present = true, .bytes = mk_item(ev, MK_RUNTIME_DATA) },
        .collateral = w->snapshot,
        .now_unix_s = w->now_s,
        .accepted_tcb = ATT_TCB_ANY_BUT_REVOKED,
    };

    must(arena != NULL, "arena", NULL);
    enum att_code code = att_attest(w->lab->lib, arena, &in, &verdict) ? ATT_OK : verdict.err.code;
    if (ret_missing)
        *ret_missing = verdict.missing;
    att_arena_free(arena);
    return code;
}

/* -- looking -------------------------------------------------------------------------------------------------- */

struct looking {
    const char *id;
    struct supply_item item;
    char source[256];
    bool found;
    unsigned count, held;
    bool ordered;
    char last[ATT_ITEM_ID_SIZE];
};

static inline void look_each(void *ctx, const struct supply_item *item)
{
    struct looking *l = ctx;

    l->ordered = l->count == 0 ? true : l->ordered && strcmp(l->last, item->id) < 0;
    memcpy(l->last, item->id, sizeof l->last);
    l->count++;
    l->held += item->held;
    if (!l->id || strcmp(l->id, item->id) != 0)
        return;
    l->found = true;
    l->item = *item;
    l->item.body = l->item.chain = (struct att_span){ 0 };
    (void)snprintf(l->source, sizeof l->source, "%s", item->source);
}

static inline struct looking world_look(const struct world *w, const char *id)
{
    struct looking l = { .id = id };

    supply_each(w->supply, look_each, &l);
    return l;
}

static inline struct supply_counters world_counters(const struct world *w)
{
    struct supply_counters c;

    supply_counters(w->supply, &c);
    return c;
}

#endif
