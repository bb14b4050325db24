/* The side of the server: puts a wish on a free channel and waits for its answer. Nothing here ever sees a private key or a
 * key-encryption key. */
#include "signer/process.h"

#include "base/auto.h"
#include "base/err.h"
#include "signer/child.h"
#include "signer/core.h"
#include "signer/wire.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    ANSWER_TIMEOUT_S = 60, /* an RSA key takes a second, a token its time; who takes longer does not answer */
    CLOSE_TRIES = 200,     /* of 10 ms */
    WORK_BYTES = 256 << 10,
};

struct process {
    struct signer base;
    pid_t pid; /* 0: waited for */
    size_t count;
    atomic_bool broken; /* a channel failed: what the others would say cannot be trusted to be in step */
    pthread_mutex_t lock;
    pthread_cond_t freed;
    int fds[WIRE_CHANNELS_MAX];
    bool busy[WIRE_CHANNELS_MAX];
};

ATT_AUTO_PTR(arena_auto, struct att_arena, att_arena_free)

static struct process *process_of(struct signer *s)
{
    return (struct process *)(void *)s;
}

static bool gone(struct att_err *err)
{
    return att_fail(err, ATT_SIGNER_FAILED, "signer", "an answer of the process that signs", "none");
}

/* -- channels --------------------------------------------------------------------------------------------- */

/* Channel 0 is for everything but signing: a key that is being made holds up no signature. */
static size_t channel_find(const struct process *p, bool signing)
{
    size_t from = signing ? 1 : 0, to = signing ? p->count : 1;

    for (size_t i = from; i < to; i++) {
        if (!p->busy[i])
            return i;
    }
    return p->count;
}

static size_t channel_take(struct process *p, bool signing)
{
    pthread_mutex_lock(&p->lock);
    size_t at = channel_find(p, signing);
    while (at == p->count) {
        pthread_cond_wait(&p->freed, &p->lock);
        at = channel_find(p, signing);
    }
    p->busy[at] = true;
    pthread_mutex_unlock(&p->lock);
    return at;
}

static void channel_give(struct process *p, size_t at)
{
    pthread_mutex_lock(&p->lock);
    p->busy[at] = false;
    pthread_cond_broadcast(&p->freed); /* waiters are of two kinds */
    pthread_mutex_unlock(&p->lock);
}

/* -- one request ------------------------------------------------------------------------------------------ */

static bool exchange(struct process *p, int fd, enum wire_type type, struct att_span frame, uint8_t *room,
                     struct wire_head *ret)
{
    uint8_t bytes[WIRE_HEAD_BYTES];

    return !atomic_load(&p->broken) && wire_send(fd, frame) &&
           wire_receive(fd, bytes, sizeof bytes) == WIRE_WHOLE && wire_head_read(bytes, true, ret) &&
           ret->type == type && wire_receive(fd, room, ret->body_bytes) == WIRE_WHOLE;
}

/* A child that hangs, or is out of step, sends no signal to anybody: it is ended, and its end is what the server hears of. Else this
 * process would go on serving refusals for ever. */
static void break_off(struct process *p)
{
    atomic_store(&p->broken, true);
    pthread_mutex_lock(&p->lock);
    if (p->pid > 0)
        (void)kill(p->pid, SIGKILL); /* ours, and not waited for: the number is nobody else's */
    pthread_mutex_unlock(&p->lock);
}

/* Sends what is in `frame`. *ret reads the answer, which is in `work`. Memory for the answer is taken first: nothing but the
 * channel itself may break it. */
static bool ask(struct process *p, enum wire_type type, struct att_buf *frame, struct att_arena *work,
                struct att_reader *ret, struct att_err *err)
{
    const struct wire_head wish = { .type = type };
    struct wire_head head = { 0 };
    struct att_err said = { 0 };
    uint8_t *room = work ? att_arena_alloc(work, wire_answer_bytes_max(type), 1) : NULL;

    if (!room || frame->out_of_memory)
        return att_fail_memory(err, "signer");
    if (!wire_end(frame, &wish, false))
        return att_fail(err, ATT_SIGNER_REFUSED, "signer", "a request of at most its size", "a larger one");
    size_t at = channel_take(p, type == WIRE_SIGN);
    bool ok = exchange(p, p->fds[at], type, att_buf_span(frame), room, &head);
    if (!ok)
        break_off(p);
    channel_give(p, at);
    if (!ok)
        return gone(err);
    *ret = att_reader_of(att_span_of(room, head.body_bytes));
    if (!head.failed)
        return true;
    wire_take_err(ret, work, &said);
    if (err && err->code == ATT_OK)
        *err = said;
    return false;
}

/* After the last part of an answer was read. */
static bool whole(const struct att_reader *r, struct att_err *err)
{
    return att_all_read(r) || att_fail(err, ATT_SIGNER_FAILED, "signer", "an answer of its form", "another");
}

static bool copy(struct att_arena *arena, struct att_span from, struct att_span *ret, struct att_err *err)
{
    const char *to = att_arena_dup(arena, from);

    if (!to)
        return att_fail_memory(err, "signer");
    *ret = att_span_of(to, from.len);
    return true;
}

/* -- the functions ---------------------------------------------------------------------------------------- */

static bool process_sign(struct signer *s, const char *kid, struct att_span input, struct att_arena *arena,
                         struct att_span *ret, struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf frame = { 0 };
    ATT_AUTO(arena_auto) struct att_arena *work = att_arena_new(WORK_BYTES);
    struct att_reader r = { 0 };

    if (input.len > SIGNER_INPUT_BYTES_MAX)
        return att_fail(err, ATT_SIGNER_REFUSED, "signer.input", "at most 4 MiB", "more");
    wire_begin(&frame);
    wire_put_text(&frame, kid);
    wire_put_bytes(&frame, input);
    if (!ask(process_of(s), WIRE_SIGN, &frame, work, &r, err))
        return false;
    struct att_span signature = wire_take_bytes(&r);
    return whole(&r, err) && copy(arena, signature, ret, err);
}

static bool process_make(struct signer *s, const char *purpose, const char *alg, struct att_arena *arena,
                         struct signer_key *ret, struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf frame = { 0 };
    ATT_AUTO(arena_auto) struct att_arena *work = att_arena_new(WORK_BYTES);
    struct att_reader r = { 0 };
    struct signer_key made = { 0 };

    wire_begin(&frame);
    wire_put_text(&frame, purpose);
    wire_put_text(&frame, alg);
    if (!ask(process_of(s), WIRE_MAKE, &frame, work, &r, err))
        return false;
    wire_take_key(&r, arena, &made);
    if (!whole(&r, err) || !copy(arena, made.spki, &made.spki, err) ||
        !copy(arena, made.sealed, &made.sealed, err))
        return false;
    *ret = made;
    return true;
}

static bool process_load(struct signer *s, const struct signer_key *key, struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf frame = { 0 };
    ATT_AUTO(arena_auto) struct att_arena *work = att_arena_new(WORK_BYTES);
    struct att_reader r = { 0 };

    if (!core_key_wellformed(key, err))
        return false;
    wire_begin(&frame);
    wire_put_key(&frame, key);
    return ask(process_of(s), WIRE_LOAD, &frame, work, &r, err) && whole(&r, err);
}

static void process_forget(struct signer *s, const char *kid)
{
    ATT_AUTO(att_buf_free) struct att_buf frame = { 0 };
    ATT_AUTO(arena_auto) struct att_arena *work = att_arena_new(WORK_BYTES);
    struct att_reader r = { 0 };
    struct att_err err = { 0 };

    wire_begin(&frame);
    wire_put_text(&frame, kid);
    /* A signer that does not answer has forgotten everything. */
    (void)!ask(process_of(s), WIRE_FORGET, &frame, work, &r, &err);
}

static bool process_certify(struct signer *s, const char *kid, const struct signer_certify *want,
                            struct att_arena *arena, struct att_span *ret_der, struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf frame = { 0 };
    ATT_AUTO(arena_auto) struct att_arena *work = att_arena_new(WORK_BYTES);
    struct att_reader r = { 0 };

    wire_begin(&frame);
    wire_put_text(&frame, kid);
    wire_put_certify(&frame, want);
    if (!ask(process_of(s), WIRE_CERTIFY, &frame, work, &r, err))
        return false;
    struct att_span der = wire_take_bytes(&r);
    return whole(&r, err) && copy(arena, der, ret_der, err);
}

static bool process_reseal(struct signer *s, const struct signer_key *key, struct att_arena *arena,
                           struct att_span *ret_sealed, bool *ret_changed, struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf frame = { 0 };
    ATT_AUTO(arena_auto) struct att_arena *work = att_arena_new(WORK_BYTES);
    struct att_reader r = { 0 };

    if (!core_key_wellformed(key, err))
        return false;
    wire_begin(&frame);
    wire_put_key(&frame, key);
    if (!ask(process_of(s), WIRE_RESEAL, &frame, work, &r, err))
        return false;
    bool changed = wire_take_bool(&r);
    struct att_span sealed = wire_take_bytes(&r);
    if (!whole(&r, err) || !copy(arena, sealed, ret_sealed, err))
        return false;
    *ret_changed = changed;
    return true;
}

static bool process_share(struct signer *s, enum signer_shared which, struct att_span sealed,
                          struct att_arena *arena, uint8_t ret[SIGNER_SHARED_BYTES],
                          struct att_span *ret_sealed, struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf frame = { 0 };
    ATT_AUTO(arena_auto) struct att_arena *work = att_arena_new(WORK_BYTES);
    struct att_reader r = { 0 };
    struct att_span kept = { 0 };

    wire_begin(&frame);
    att_buf_u32le(&frame, (uint32_t)which);
    wire_put_bytes(&frame, sealed);
    if (!ask(process_of(s), WIRE_SHARE, &frame, work, &r, err))
        return false;
    struct att_span secret = wire_take_bytes(&r);
    struct att_span stored = wire_take_bytes(&r);
    if (!whole(&r, err) || !copy(arena, stored, &kept, err))
        return false;
    if (secret.len != SIGNER_SHARED_BYTES)
        return gone(err);
    memcpy(ret, secret.ptr, SIGNER_SHARED_BYTES);
    *ret_sealed = kept.len > 0 ? kept : (struct att_span){ 0 };
    return true;
}

/* -- opening and closing ---------------------------------------------------------------------------------- */

static bool process_alive(struct signer *s)
{
    struct process *p = process_of(s);

    pthread_mutex_lock(&p->lock);
    if (p->pid > 0 && waitpid(p->pid, NULL, WNOHANG) != 0) {
        p->pid = 0;
        atomic_store(&p->broken, true);
    }
    pthread_mutex_unlock(&p->lock);
    return !atomic_load(&p->broken);
}

/* It ends when its channels do; who does not is ended. */
static void process_close(struct signer *s)
{
    struct process *p = process_of(s);
    const struct timespec nap = { .tv_nsec = 10 * 1000 * 1000 };

    for (size_t i = 0; i < p->count; i++)
        (void)close(p->fds[i]); /* nothing is lost */
    for (int i = 0; p->pid > 0 && i < CLOSE_TRIES; i++) {
        if (waitpid(p->pid, NULL, WNOHANG) != 0)
            p->pid = 0;
        else
            (void)nanosleep(&nap, NULL); /* cut short: the next turn looks sooner */
    }
    if (p->pid > 0) {
        (void)kill(p->pid, SIGKILL); /* ours, and not waited for: the number is nobody else's */
        (void)waitpid(p->pid, NULL, 0);
    }
    pthread_cond_destroy(&p->freed);
    pthread_mutex_destroy(&p->lock);
    free(p);
}

static const struct signer_ops process_ops = {
    .scheme = "process",
    .sign = process_sign,
    .close = process_close,
    .make = process_make,
    .load = process_load,
    .forget = process_forget,
    .certify = process_certify,
    .reseal = process_reseal,
    .share = process_share,
    .alive = process_alive,
};

static size_t channels_wanted(const struct signer_options *options)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    size_t signing = options->channels > 0 ? options->channels : processors > 0 ? (size_t)processors : 1;

    return 1 + (signing < WIRE_CHANNELS_MAX ? signing : WIRE_CHANNELS_MAX - 1);
}

static bool bound_waits(const struct process *p, struct att_err *err)
{
    const struct timeval limit = { .tv_sec = ANSWER_TIMEOUT_S };

    for (size_t i = 0; i < p->count; i++) {
        if (setsockopt(p->fds[i], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) != 0 ||
            setsockopt(p->fds[i], SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) != 0)
            return att_fail(err, ATT_SIGNER_FAILED, "signer.channel", "a limit of time", "%m");
    }
    return true;
}

static bool say_hello(struct process *p, const struct signer_options *options, struct att_err *err)
{
    ATT_AUTO(att_buf_free) struct att_buf frame = { 0 };
    ATT_AUTO(arena_auto) struct att_arena *work = att_arena_new(WORK_BYTES);
    struct att_reader r = { 0 };

    wire_begin(&frame);
    wire_put_options(&frame, options);
    return ask(p, WIRE_HELLO, &frame, work, &r, err) && whole(&r, err);
}

bool process_open(const struct signer_options *options, struct signer **ret, struct att_err *err)
{
    struct process *p = calloc(1, sizeof *p);

    if (!p)
        return att_fail_memory(err, "signer");
    if (pthread_mutex_init(&p->lock, NULL) != 0 || pthread_cond_init(&p->freed, NULL) != 0) {
        free(p);
        return att_fail_memory(err, "signer");
    }
    p->base.ops = &process_ops;
    size_t wanted = channels_wanted(options);
    if (!child_spawn(options, wanted, p->fds, &p->pid, err)) {
        process_close(&p->base);
        return false;
    }
    p->count = wanted;
    if (!bound_waits(p, err) || !say_hello(p, options, err)) {
        process_close(&p->base);
        return false;
    }
    *ret = &p->base;
    return true;
}
