/* layers: eventlog crypto base */
/* A log and a list, read and held against the registers: the same answer, or none. */
#include "torture/torture.h"

#include "unit/eventlog/build.h"

static struct cases cases = { .name = "torture.eventlog" };

/* Template "x" with data "one". */
#define RECORD "=10 fe05bcdcdc4928012781a5f1a2a77cbb5398e106 =1 'x' =3 'one' "
#define LINE   "'10' 20 '0000000000000000000000000000000000000000' 20 'ima-ng' 20 'sha1:00' 20 '/file' 0a "

struct scene {
    const char *list;
    enum log_form form;
    bool broken;
    struct att_buf log, lines;
    struct log_registers registers;
};

static void fresh(void *state)
{
    (void)state;
    arena = att_arena_new((size_t)1 << 20);
    env.arena = arena;
    if (!arena)
        exit(2);
}

static bool flow(struct scene *s, struct log_events *set, struct att_err *err)
{
    const struct log_quoted quoted = { .bank = ATT_SHA256, .pcrs = 0xffffff, .value = s->registers.value };

    return log_append(&env, LOG_TCG, att_buf_span(&s->log), "log", set, err) &&
           log_append(&env, s->form, att_buf_span(&s->lines), "list", set, err) &&
           log_matches(&env, set, &quoted, 0xffffff, true, "tpm", err);
}

static enum torture_answer judged(void *state, struct att_err *err)
{
    struct scene *s = state;
    struct log_events set = { 0 };
    bool ok = flow(s, &set, err);

    torture_rest();
    att_arena_free(arena);
    arena = env.arena = NULL;
    if (ok)
        return s->broken ? torture_wrong("another register matches") : TORTURE_RIGHT;
    return s->broken && err->code == ATT_IMA_LOG_MISMATCH ? TORTURE_RIGHT : TORTURE_REFUSED;
}

int main(void)
{
    static struct scene scenes[] = {
        { .list = RECORD RECORD, .form = LOG_IMA },
        { .list = LINE LINE, .form = LOG_IMA_ASCII },
        { .list = RECORD, .form = LOG_IMA, .broken = true },
    };
    static const char *const names[] = { "a list", "a list as text", "another register" };

    torture_start();
    start();
    att_arena_free(arena);
    arena = NULL;
    for (size_t i = 0; i < sizeof scenes / sizeof scenes[0]; i++) {
        struct scene *s = &scenes[i];
        struct log_events set = { 0 };
        struct att_err err = { 0 };
        build(&s->log, HEADER EVENT("7", "4", "a2", "b2", "=0"));
        build(&s->lines, s->list);
        fresh(s);
        if (!log_append(&env, LOG_TCG, att_buf_span(&s->log), "log", &set, &err) ||
            !log_append(&env, s->form, att_buf_span(&s->lines), "list", &set, &err) ||
            !log_replay(&env, &set, ATT_SHA256, 0xffffff, false, &s->registers, &err)) {
            fprintf(stderr, "%s\n", err.text);
            return 2;
        }
        s->registers.value[10][0] ^= s->broken;
        att_arena_free(arena);
        const struct torture_flow f = { .name = names[i], .run = judged, .before = fresh, .state = s };
        torture_flow(&cases, &f);
        att_buf_free(&s->log);
        att_buf_free(&s->lines);
    }
    stop();
    return cases_report(&cases);
}
